package analyze

import (
	"testing"

	"costscope/tracefmt"
)

// The runs of T-H4, in cents: accepted, superseded and loop cost of each.
func TestTH4(t *testing.T) {
	x, s := &SpendQuality{}, Student{}
	for _, r := range []struct {
		accepted, superseded, loop float64
		outcome                    tracefmt.Outcome
	}{{70, 20, 10, tracefmt.OutcomeSuccess}, {50, 0, 0, tracefmt.OutcomeSuccess}, {40, 40, 0, tracefmt.OutcomeFailure}, {30, 0, 0, tracefmt.OutcomeUnknown}} {
		each := r.loop / 4 // of six calls, the first two are a fair try: they belong to what was accepted
		tries := []try{{id: "a", cost: int64(cents(r.accepted - 2*each))}}
		if r.superseded > 0 {
			tries = append(tries, try{id: "b", cost: int64(cents(r.superseded)), bad: true}, try{id: "c", retryOf: "b"})
		}
		for i := 0; i < 6 && r.loop > 0; i++ {
			id := string(rune('t' + i))
			tries = append(tries, try{id: "ask" + id}, try{id: id, kind: tracefmt.KindTool, tool: tracefmt.Sym(8 + i%2), cost: int64(cents(each))})
		}
		run := runOf(r.outcome, tries...)
		for i := range run.Calls {
			if c := &run.Calls[i]; c.Kind == tracefmt.KindTool {
				c.Fingerprints[2], c.Fingerprints[3] = 7, uint64(c.Tool)
			}
		}
		x.add(s.Study(run), nil)
	}
	r := x.result()
	want := [SpendClasses]tracefmt.USD{SpendProductive: cents(120), SpendSuperseded: cents(20), SpendLoop: cents(10), SpendFailed: cents(80), SpendUnknown: cents(30)}
	if r.Cost != want || r.Total != cents(260) {
		t.Errorf("%+v", r)
	}
}

func TestEveryDollarHasOneSpendClass(t *testing.T) {
	runs := randomRuns(tracefmt.NewNames(), 41, 200)
	x := &SpendQuality{}
	for _, run := range runs {
		x.add(new(Student).Study(run), nil)
	}
	r := x.result()
	sum, share := tracefmt.USD(0), 0.0
	for c, usd := range r.Cost {
		sum += usd
		share += r.Share(SpendClass(c))
	}
	if sum != r.Total || sum != knownCost(runs) {
		t.Errorf("classes %d, total %d, calls %d", sum, r.Total, knownCost(runs))
	}
	near(t, "shares", share, 1)
	for _, c := range []SpendClass{SpendProductive, SpendSuperseded, SpendFailed, SpendUnknown, SpendInFlight} {
		if r.Cost[c] == 0 || r.Calls[c] == 0 {
			t.Errorf("nothing is %s", c)
		}
	}
}

func TestSpendQualityMerges(t *testing.T) {
	mergesInAnyOrder(t, randomRuns(tracefmt.NewNames(), 42, 100), func() *SpendQuality { return &SpendQuality{} },
		func(x *SpendQuality) any { return x.result() })
}

func BenchmarkSpendQuality(b *testing.B) {
	x := &SpendQuality{}
	benchAdd(b, benchRuns(tracefmt.NewNames(), 100), func(st *Study) { x.add(st, nil) })
}

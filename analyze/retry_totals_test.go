package analyze

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"costscope/tracefmt"
)

func TestTB2(t *testing.T) {
	run := runOf(tracefmt.OutcomeSuccess,
		try{id: "o1", kind: tracefmt.KindChain, bad: true},
		try{id: "i1", up: 1, cost: 5, bad: true},
		try{id: "i2", up: 1, cost: 5, retryOf: "i1"},
		try{id: "o2", kind: tracefmt.KindChain, retryOf: "o1"},
		try{id: "j", up: 4, cost: 5},
	)
	var s Student
	var r RetryTotals
	r.add(s.Study(run), nil)
	if r.Cost != 15 || r.RetryCost != 10 || r.Wasted != 10 || r.Attempts != 3 || r.Operations() != 1 || r.Kinds[0].Cost != 10 || r.Confidences[0].Cost != 10 {
		t.Errorf("%+v", r)
	}
	near(t, "call amplification", r.CallAmplification(), 3)
	near(t, "cost amplification", r.CostAmplification(), 3)
}

func TestTB4(t *testing.T) {
	a, b := RetryTotals{Cost: 10, RetryCost: 9}, RetryTotals{Cost: 10, RetryCost: 1}
	a.merge(&b)
	near(t, "ratio of sums", a.CostAmplification(), 2)
}

func TestTotalsOfB1(t *testing.T) {
	var s Student
	var r RetryTotals
	run := specRunOf(specB1...)
	run.Outcome = tracefmt.OutcomeSuccess
	r.add(s.Study(run), nil)
	if r.Cost != 85600 || r.RetryCost != 49000 || r.Wasted != 18700 || r.Chains != 3 || r.Rescued != 3 || r.Resamples() != (RetrySum{1, 1950}) {
		t.Errorf("%+v", r)
	}
	if r.Kinds != [4]RetrySum{{1, 6000}, {1, 12000}, {1, 30000}, {1, 1000}} || r.Confidences != [4]RetrySum{{}, {3, 37000}, {}, {1, 12000}} {
		t.Errorf("kinds %v, confidences %v", r.Kinds, r.Confidences)
	}
	if p := r.PerRescue(); p.USD != 16333 {
		t.Errorf("per rescue %v", p)
	}
}

// randomRetries makes runs in which everything of sections B and C happens.
func randomRetries(rng *rand.Rand) *tracefmt.Run {
	var list []retrySpec
	at, stuck := 0.0, rng.IntN(3) == 0
	pick := func(s string) string { return string(s[rng.IntN(len(s))]) }
	for i := range 5 + rng.IntN(60) {
		x := retrySpec{id: fmt.Sprint("c", i), from: at, to: at + 0.1 + rng.Float64(), bad: rng.IntN(3) == 0, cost: rng.Int64N(1000), agent: tracefmt.Sym(1 + rng.IntN(2))}
		if rng.IntN(2) == 0 {
			x.model, x.prompt, x.tail, x.in, x.out = tracefmt.Sym(1+rng.IntN(2)), pick("ABC"), pick("ab"), 100+rng.Int64N(50), 5
			x.sample = int32(rng.IntN(5) / 4)
		} else {
			x.tool, x.args, x.result = tracefmt.Sym(11+rng.IntN(2)), pick("PQ"), pick("xy")
			if stuck {
				x.tool, x.args, x.result, x.bad, x.agent = 11, "P", "x", false, 1
			}
			x.flags = tracefmt.FlagReadOnly * tracefmt.Flags(rng.IntN(2))
		}
		list = append(list, x)
		at = x.to + rng.Float64() - 0.2
	}
	run := specRunOf(list...)
	run.Outcome = tracefmt.Outcome(rng.IntN(4))
	for i := range run.Calls {
		c := &run.Calls[i]
		switch rng.IntN(12) {
		case 0:
			if i > 0 {
				c.RetryOf = run.Calls[rng.IntN(i)].ID
			}
		case 1:
			c.Attempt = int32(1 + rng.IntN(4))
		case 2:
			c.Kind, c.IsCall, c.Counted, c.State, c.Cost = tracefmt.KindAgent, false, false, tracefmt.CostNone, 0
		case 3:
			c.State, c.Cost = tracefmt.CostUnpriced, 0
		case 4:
			c.Flags |= tracefmt.FlagAsked
		}
		if i > 0 && rng.IntN(3) == 0 {
			c.Up = int32(rng.IntN(i))
		}
	}
	return run
}

// collected are all collectors of sections B and C over some runs.
type collected struct {
	Retry    RetryTotals
	Loops    LoopTotals
	Wastes   WasteTotals
	Warnings WarningTotals
	Attempts Attempts
}

func (c *collected) add(st *Study, in []bool) {
	c.Retry.add(st, in)
	c.Loops.add(st, in)
	c.Wastes.add(st, in)
	c.Warnings.add(st, in)
	c.Attempts.add(st, in)
}

func (c *collected) merge(o *collected) {
	c.Retry.merge(&o.Retry)
	c.Loops.merge(&o.Loops)
	c.Wastes.merge(&o.Wastes)
	c.Warnings.merge(&o.Warnings)
	c.Attempts.merge(&o.Attempts)
}

func collect(runs []*tracefmt.Run) *collected {
	var s Student
	c := &collected{Warnings: WarningTotals{Budget: 5000}}
	for _, run := range runs {
		c.add(s.Study(run), nil)
	}
	return c
}

func TestCollectorsMergeInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	var runs []*tracefmt.Run
	for range 60 {
		runs = append(runs, randomRetries(rng))
	}
	want := collect(runs)
	for range 20 {
		rng.Shuffle(len(runs), func(i, k int) { runs[i], runs[k] = runs[k], runs[i] })
		cut := rng.IntN(len(runs))
		a, b := collect(runs[:cut]), collect(runs[cut:])
		b.merge(a)
		if !reflect.DeepEqual(b, want) {
			t.Fatalf("%+v\nwant %+v", b, want)
		}
	}
	if want.Retry.Chains < 100 || want.Loops.Loops < 3 || want.Wastes.classes[wasteRedundant].Count == 0 || want.Retry.Hedges().Count == 0 || want.Warnings.Warned == 0 {
		t.Errorf("too little happens: %+v", want)
	}
}

// TestCollectorsAddUp checks what must hold whatever the trace says, in the whole and in parts of it.
func TestCollectorsAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	var s Student
	for range 400 {
		run := randomRetries(rng)
		st := s.Study(run)
		in := make([]bool, len(run.Calls))
		out := make([]bool, len(run.Calls))
		for i := range in {
			in[i] = rng.IntN(2) == 0
			out[i] = !in[i]
		}
		all, part, rest := collected{}, collected{}, collected{}
		all.add(st, nil)
		part.add(st, in)
		rest.add(st, out)
		total := tracefmt.USD(0)
		for i := range run.Calls {
			if contributes(&run.Calls[i]) {
				total += run.Calls[i].Cost
			}
		}
		checkSums(t, &all, total)
		if part.Retry.Cost+rest.Retry.Cost != total || part.Retry.RetryCost+rest.Retry.RetryCost != all.Retry.RetryCost || part.Retry.Wasted+rest.Retry.Wasted != all.Retry.Wasted ||
			part.Retry.Chains+rest.Retry.Chains != all.Retry.Chains || part.Loops.Waste+rest.Loops.Waste != all.Loops.Waste {
			t.Fatalf("two halves %+v and %+v are not the whole %+v", part, rest, all)
		}
		checkAggregate(t, run, &all.Retry)
	}
}

func checkSums(t *testing.T, c *collected, total tracefmt.USD) {
	t.Helper()
	r, w := &c.Retry, c.Wastes.result()
	kinds, sure, links, sureLinks := tracefmt.USD(0), tracefmt.USD(0), int64(0), int64(0)
	for k := range r.Kinds {
		kinds, sure = kinds+r.Kinds[k].Cost, sure+r.Confidences[k].Cost
		links, sureLinks = links+r.Kinds[k].Count, sureLinks+r.Confidences[k].Count
	}
	if r.Cost != total || kinds != r.RetryCost || sure != r.RetryCost || links != sureLinks || r.Wasted > total || r.RetryCost > total {
		t.Fatalf("total %d: %+v", total, r)
	}
	if w.Useful.Cost+w.Superseded.Cost+w.Loop.Cost+w.Redundant.Cost != total || w.Superseded.Cost < r.Wasted || c.Loops.Waste > c.Loops.Cost {
		t.Fatalf("total %d: %+v %+v", total, w, c.Loops)
	}
	rows, ended, sum := c.Attempts.result(), int64(0), tracefmt.USD(0)
	for i, row := range rows.Rows {
		sum += row.Cost
		ended += row.Ended
		if row.Accepted > row.Ended || row.Success > row.Accepted || row.Ended > row.Operations || i > 0 && rows.Caps[i-1].Saved != total-sum+row.Cost {
			t.Fatalf("%+v", rows)
		}
	}
	if sum != total || len(rows.Rows) > 0 && rows.Rows[0].Operations != ended {
		t.Fatalf("total %d: %+v", total, rows)
	}
}

// checkAggregate compares with what the cells say.
func checkAggregate(t *testing.T, run *tracefmt.Run, r *RetryTotals) {
	t.Helper()
	table, err := sumOf([]*tracefmt.Run{run}).Rollup(tracefmt.NewNames(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	s := &table.Total
	if s.RetryCost != r.RetryCost || s.Wasted != r.Wasted || s.Chains != r.Chains || s.Retries != r.Repeats || s.Rescued != r.Rescued || s.LostTries != r.Lost || s.Calls != r.Attempts {
		t.Fatalf("cells %+v, totals %+v", s.Summary, r)
	}
}

// Three operations: one accepted at once, one at its third attempt, one never; the run succeeded.
func TestAttempts(t *testing.T) {
	run := runOf(tracefmt.OutcomeSuccess,
		try{id: "a", cost: 100},
		try{id: "b1", cost: 10, bad: true}, try{id: "b2", cost: 20, bad: true, retryOf: "b1"}, try{id: "b3", cost: 40, retryOf: "b2"},
		try{id: "c1", cost: 1, bad: true}, try{id: "c2", cost: 2, bad: true, retryOf: "c1"},
	)
	var s Student
	var a Attempts
	a.add(s.Study(run), nil)
	r := a.result()
	want := []AttemptRow{
		{Number: 1, Operations: 3, Ended: 1, Accepted: 1, AcceptRate: 1.0 / 3, Success: 1, RunSuccess: 1, Cost: 111},
		{Number: 2, Operations: 2, Ended: 1, AcceptRate: 0, Cost: 22},
		{Number: 3, Operations: 1, Ended: 1, Accepted: 1, AcceptRate: 1, Success: 1, RunSuccess: 1, Cost: 40},
	}
	if len(r.Rows) != 3 || r.Rows[0] != want[0] || r.Rows[1].Cost != 22 || r.Rows[1].Accepted != 0 || r.Rows[1].RunSuccess == r.Rows[1].RunSuccess || r.Rows[2] != want[2] {
		t.Errorf("%+v", r.Rows)
	}
	if len(r.Caps) != 2 || r.Caps[0].Saved != 62 || r.Caps[0].Lost != 1 || r.Caps[1].Saved != 40 || r.Caps[1].PerLost.USD != 40 {
		t.Errorf("%+v", r.Caps)
	}
	near(t, "saved share", r.Caps[0].SavedShare, 62.0/173)
}

// TestAttemptsThatLeftNoCalls keep their numbers.
func TestAttemptsThatLeftNoCalls(t *testing.T) {
	run := runOf(tracefmt.OutcomeSuccess, try{id: "a", cost: 7, attempt: 3})
	var s Student
	var a Attempts
	a.add(s.Study(run), nil)
	if r := a.result(); len(r.Rows) != 3 || r.Rows[2].Cost != 7 || r.Rows[2].Accepted != 1 || r.Rows[0].Operations != 1 || r.Caps[1].Lost != 1 {
		t.Errorf("%+v", r)
	}
}

// TestStatedLinksAreFoundAgain: what convert writes is read back as the same chains.
func TestStatedLinksAreFoundAgain(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	inferred := 0
	for range 1500 {
		run := randomRetries(rng)
		before := linksOf(run)
		var s Student
		st := s.Study(run)
		for _, ch := range st.Chains {
			for _, l := range ch.Links {
				inferred += b2i(l.Confidence > tracefmt.ConfidenceExplicit)
			}
		}
		st.StateLinks()
		if after := linksOf(run); !reflect.DeepEqual(after, before) {
			t.Fatalf("%q\nread back as\n%q", before, after)
		}
	}
	if inferred < 1000 {
		t.Errorf("only %d inferred links", inferred)
	}
}

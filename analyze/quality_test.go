package analyze

import (
	"testing"

	"costscope/tracefmt"
)

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

package analyze

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A costLaw is how runs of a simulated workflow cost, with the mean that intervals from pilots should hold.
type costLaw struct {
	name string
	mean float64
	draw func(r *rand.Rand) float64
}

func lognormal(sigma float64) func(r *rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return math.Exp(sigma * r.NormFloat64()) }
}

var costLaws = []costLaw{
	{"exponential", 1, func(r *rand.Rand) float64 { return r.ExpFloat64() }},
	{"lognormal, sigma 1", math.Exp(0.5), lognormal(1)},
	{"lognormal, sigma 1.5", math.Exp(1.125), lognormal(1.5)},
	{"one run in ten twenty times as dear", 0.9 + 0.1*20, func(r *rand.Rand) float64 { // retry storms
		if x := r.ExpFloat64(); r.Float64() >= 0.1 {
			return x
		} else {
			return 20 * x
		}
	}},
	{"Pareto, index 2.5", 2.5 / 1.5, func(r *rand.Rand) float64 { return math.Pow(1-r.Float64(), -1/2.5) }},
}

// coverage is how many of so many pilots of n runs have an interval that holds the mean, in percent.
func (l *costLaw) coverage(t *testing.T, n, pilots int) float64 {
	r := rand.New(rand.NewPCG(2026, uint64(n)))
	held := 0
	x := make([]float64, n)
	for range pilots {
		for i := range x {
			x[i] = l.draw(r)
		}
		if in := MeanInterval(t.Context(), x); in.OK && in.Low <= l.mean && l.mean <= in.High {
			held++
		}
	}
	return 100 * float64(held) / float64(pilots)
}

// TestIntervalsCoverAsStated simulates pilots and counts how many of their intervals hold the truth. The forecast states the range over all
// laws; a count of 400 is off by some three percent.
func TestIntervalsCoverAsStated(t *testing.T) {
	const pilots, off = 400, 3
	if testing.Short() {
		t.Skip("-short: nothing is simulated")
	}
	for _, n := range []int{10, 30, 100} {
		stated := simulatedCoverage(n)
		least, most := 100.0, 0.0
		for i := range costLaws {
			got := costLaws[i].coverage(t, n, pilots)
			t.Logf("%d runs, %s: %.1f %%", n, costLaws[i].name, got)
			least, most = min(least, got), max(most, got)
		}
		if math.Abs(least-float64(stated[0])) > off || math.Abs(most-float64(stated[1])) > off {
			t.Errorf("%d runs: %.1f to %.1f %% of the intervals hold the mean, %d to %d are stated", n, least, most, stated[0], stated[1])
		}
	}
	for n, want := range map[int]int{9: 0, 10: 70, 29: 70, 30: 85, 99: 85, 100: 90, 100_000: 90} {
		if c := simulatedCoverage(n); (c == nil) != (want == 0) || c != nil && c[0] != want {
			t.Errorf("%d runs: %v, want %d", n, c, want)
		}
	}
}

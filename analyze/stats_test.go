package analyze

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTN3(t *testing.T) {
	for i, p := range benjaminiHochberg([]float64{0.001, 0.012, 0.014, 0.04, 0.2}) {
		near(t, "adjusted", p, []float64{0.005, 0.07 / 3, 0.07 / 3, 0.05, 0.2}[i])
	}
	for i, p := range benjaminiHochberg([]float64{0.2, 0.014, 0.001, 0.04, 0.012}) {
		near(t, "adjusted in another order", p, []float64{0.2, 0.07 / 3, 0.005, 0.05, 0.07 / 3}[i])
	}
	if p := benjaminiHochberg([]float64{0.9, 0.8, 1}); slices.Max(p) > 1 {
		t.Errorf("%v", p)
	}
}

func TestMedianAndSlopes(t *testing.T) {
	near(t, "odd", medianOf([]float64{3, 1, 2}), 2)
	near(t, "even", medianOf([]float64{4, 1, 2, 3}), 2.5)
	x, y := []float64{1, 2, 3, 4}, []float64{2000, 3000, 4500, 6500}
	near(t, "Theil-Sen", theilSen(x, y), 1500) // 1000 1250 1500 1500 1750 2000
	near(t, "an outlier hardly moves it", theilSen([]float64{1, 2, 3, 4, 5}, []float64{1, 2, 3, 4, 900}), 1)
	if v := []float64{medianOf(nil), theilSen([]float64{1, 1}, []float64{2, 3}), spearman([]float64{1, 1}, []float64{2, 3})}; slices.ContainsFunc(v, func(x float64) bool { return !math.IsNaN(x) }) {
		t.Errorf("what is not defined: %v", v)
	}
}

func TestSpearman(t *testing.T) {
	if r := averageRanks([]float64{10, 30, 20, 20}); !slices.Equal(r, []float64{1, 4, 2.5, 2.5}) {
		t.Errorf("ranks %v", r)
	}
	near(t, "rising", spearman([]float64{1, 2, 3}, []float64{1, 10, 1000}), 1)
	near(t, "falling", spearman([]float64{1, 2, 3}, []float64{9, 5, 1}), -1)
	near(t, "by hand", spearman([]float64{1, 2, 3, 4, 5}, []float64{2, 1, 4, 3, 5}), 0.8)         // 1 - 6*4/(5*24)
	near(t, "ties", spearman([]float64{1, 2, 3, 4}, []float64{1, 2, 2, 3}), 4.5/math.Sqrt(5*4.5)) // ranks 1 2.5 2.5 4
}

func TestMannKendallTies(t *testing.T) {
	s, variance, z := mannKendall([]float64{1, 2, 2, 3})
	near(t, "variance", variance, (4.*3*13-2*1*9)/18)
	near(t, "z", z, 4/math.Sqrt((4.*3*13-2*1*9)/18))
	if s != 5 {
		t.Errorf("S %d", s)
	}
	if _, _, z := mannKendall([]float64{5, 5, 5}); z != 0 {
		t.Errorf("equal values have Z %g", z)
	}
}

// The shift found by counting is the median of all differences.
func TestHodgesLehmannOfManyPairs(t *testing.T) {
	gen := rand.New(rand.NewPCG(5, 6))
	for _, scale := range []float64{1, 1e6, 1e-3} {
		var a, b, all []float64
		for range 300 + gen.IntN(2) {
			a = append(a, math.Round(gen.ExpFloat64()*100)*scale)
		}
		for range 301 {
			b = append(b, math.Round(gen.ExpFloat64()*130)*scale)
		}
		for _, x := range a {
			for _, y := range b {
				all = append(all, y-x)
			}
		}
		want := medianOf(all)
		if got := hodgesLehmann(a, b); math.Abs(got-want) > 1e-9*scale {
			t.Errorf("shift %g, want %g", got, want)
		}
	}
	near(t, "few", hodgesLehmann([]float64{1, 2}, []float64{5}), 3.5)
}

func TestLogMean(t *testing.T) {
	near(t, "T-G2", logMean(96.525, 30.80), 57.538061570)
	near(t, "the other way", logMean(30.80, 96.525), 57.538061570)
	near(t, "equal", logMean(7, 7), 7)
	near(t, "nearly equal", logMean(1, 1+1e-9), 1+0.5e-9)
	near(t, "L of 4 and 1", logMean(4, 1), 3/math.Log(4))
}

package analyze

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// pilot is the sample of T-L1, in cents.
var pilot = []float64{8, 9, 9, 10, 11, 12, 12, 13, 14, 14, 15, 16, 17, 18, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 30, 32, 34, 36, 40, 44, 48, 55, 62,
	70, 85, 110, 150, 240, 420, 1184}

func floats(x []int64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = float64(x[i])
	}
	return out
}

func TestTO1(t *testing.T) {
	s := splitMix(1)
	for _, want := range []uint64{0x910a2dec89025cc1, 0xbeeb8da1658eec67, 0xf893a2eefb32555e} {
		if got := s.next(); got != want {
			t.Errorf("drawn %x, want %x", got, want)
		}
	}
	s = splitMix(1)
	for i, want := range []int{5, 7, 9, 4, 4, 7, 8, 5, 2, 7} {
		if got := s.index(10); got != want {
			t.Errorf("index %d is %d, want %d", i, got, want)
		}
	}
}

func nearInterval(t *testing.T, what string, got Interval, low, high, tolerance float64) {
	t.Helper()
	if !got.OK || math.Abs(got.Low-low) > tolerance*math.Abs(low) || math.Abs(got.High-high) > tolerance*math.Abs(high) {
		t.Errorf("%s: %v, want %.12g .. %.12g", what, got, low, high)
	}
}

func TestTO2(t *testing.T) {
	x := floats(milli)
	nearInterval(t, "mean", BootstrapMean(context.Background(), x), 22.6, 157.15, 1e-9)
	scratch := make([]float64, len(x))
	median := func(draw []int32) float64 {
		for i, d := range draw {
			scratch[i] = x[d]
		}
		return medianOf(scratch)
	}
	nearInterval(t, "median", Bootstrap(context.Background(), len(x), 21, median), 15, 32.5, 1e-9)
	nearInterval(t, "mean of T-L1", BootstrapMean(context.Background(), pilot), 31.625, 145.85, 1e-9)
}

func TestTO3(t *testing.T) {
	nearInterval(t, "T-F1", MeanInterval(context.Background(), floats(milli)), 28.000062325, 9512.295899631, 1e-6)
	nearInterval(t, "T-L1", MeanInterval(context.Background(), pilot), 35.473197581, 758.801965837, 1e-6)
}

func TestNoIntervalWithoutASample(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	for what, got := range map[string]Interval{
		"nine values":      MeanInterval(ctx, pilot[:9]),
		"nothing but zero": MeanInterval(ctx, make([]float64, 20)),
		"nine of a ratio":  BootstrapRatio(ctx, pilot[:9], pilot[:9]),
	} {
		if got.OK {
			t.Errorf("%s: %v", what, got)
		}
	}
	same := slices.Repeat([]float64{7}, 12)
	if got := MeanInterval(ctx, same); got != (Interval{7, 7, true}) {
		t.Errorf("equal values: %v", got)
	}
	cancel()
	if MeanInterval(ctx, pilot).OK || BootstrapMean(ctx, pilot).OK || !math.IsNaN(permute(ctx, pilot, pilot, shuffleLimit)) || !math.IsNaN(SignFlipTest(ctx, pilot)) {
		t.Error("cancelled work has no result")
	}
}

func TestRatioInterval(t *testing.T) {
	// One success in 20 runs: in many of the samples drawn there is none.
	cost, success := slices.Repeat([]float64{1}, 20), make([]float64, 20)
	success[3] = 1
	got := BootstrapRatio(context.Background(), cost, success)
	if !got.OK || !math.IsInf(got.High, 1) || got.Low < 4 || got.Low > 10 {
		t.Errorf("got %v", got)
	}
	// All runs succeed: a success costs the mean.
	for i := range success {
		success[i] = 1
	}
	if a, b := BootstrapRatio(context.Background(), floats(milli), success), BootstrapMean(context.Background(), floats(milli)); a != b {
		t.Errorf("%v and %v", a, b)
	}
}

// A sample above the limit has the interval that the normal law gives it.
func TestLargeSamplesAreBounded(t *testing.T) {
	gen, n, limit := rand.New(rand.NewPCG(1, 2)), 20_000, 2_000
	x := make([]float64, n)
	for i := range x {
		x[i] = 10 + gen.NormFloat64()
	}
	m, half := mean(x), 1.96/math.Sqrt(float64(n))
	longest := 0
	stat := func(draw []int32) (sum float64) {
		longest = max(longest, len(draw))
		for _, i := range draw {
			sum += x[i]
		}
		return sum / float64(len(draw))
	}
	for what, got := range map[string]Interval{"percentile": bootstrap(context.Background(), n, limit, m, stat), "studentised": meanInterval(context.Background(), x, limit)} {
		if math.Abs(got.Low-(m-half)) > 0.1*half || math.Abs(got.High-(m+half)) > 0.1*half {
			t.Errorf("%s: %v, want %g +- %g", what, got, m, half)
		}
	}
	if longest != limit {
		t.Errorf("%d values drawn at once", longest)
	}
	if narrow(3, math.Inf(1), 0.5) != math.Inf(1) || narrow(3, 5, 0.5) != 4 || narrow(math.Inf(1), 5, 0.5) != 5 {
		t.Error("what is infinite stays")
	}
}

func TestPermutationTest(t *testing.T) {
	ctx := context.Background()
	near(t, "T-N2", permute(ctx, []float64{1, 2, 3, 4}, []float64{3, 5, 6, 8}, shuffleLimit), 6./70)
	near(t, "T-N2 the other way", permute(ctx, []float64{3, 5, 6, 8}, []float64{1, 2, 3, 4}, shuffleLimit), 6./70)
	near(t, "equal values", permute(ctx, []float64{2, 2, 2}, []float64{2, 2}, shuffleLimit), 1)
	if p := permute(ctx, nil, []float64{1}, shuffleLimit); !math.IsNaN(p) {
		t.Errorf("an empty side: %g", p)
	}
	// 30 and 30 values without overlap: no random arrangement is as extreme.
	a, b := make([]float64, 30), make([]float64, 30)
	for i := range a {
		a[i], b[i] = float64(i), float64(100+i)
	}
	near(t, "random arrangements", permute(ctx, a, b, shuffleLimit), 1./10_000)
	near(t, "random arrangements of the same", permute(ctx, a, a, shuffleLimit), 1)
}

// Near the limits the three ways agree: counting all, drawing some, the normal law.
func TestPermutationWaysAgree(t *testing.T) {
	ctx, gen := context.Background(), rand.New(rand.NewPCG(3, 4))
	var a, b []float64
	for range 40 {
		a, b = append(a, gen.NormFloat64()), append(b, gen.NormFloat64()+0.4)
	}
	all := append(slices.Clone(a), b...)
	center(all)
	normal := normalP(sum(all[:40]), 40.*40/80/79*sumSquares(all))
	if drawn := permute(ctx, a, b, shuffleLimit); math.Abs(drawn-normal) > 0.02 {
		t.Errorf("drawn %g, normal %g", drawn, normal)
	}
	if exact, drawn := SignFlipTest(ctx, a[:14]), SignFlipTest(ctx, append(slices.Clone(a[:14]), 0)); math.Abs(exact-drawn) > 0.02 {
		t.Errorf("a pair without a difference changes nothing: %g, %g", exact, drawn)
	}
}

func TestSignFlip(t *testing.T) {
	ctx := context.Background()
	near(t, "three pairs", SignFlipTest(ctx, []float64{1, 2, 3}), 2./8)
	near(t, "by hand", SignFlipTest(ctx, []float64{1, -2, 3}), 6./8) // |sums|: 6 2 4 0 | 0 4 2 6, seen 2
	near(t, "twenty pairs of one sign", SignFlipTest(ctx, slices.Repeat([]float64{1}, 20)), 1./10_000)
	if p := SignFlipTest(ctx, nil); !math.IsNaN(p) {
		t.Errorf("no pairs: %g", p)
	}
}

// Amounts in pico-dollars are whole numbers; ties between arrangements must count as ties.
func TestTiesCountAsTies(t *testing.T) {
	a, b := []float64{0.1, 0.2, 0.3}, []float64{0.1, 0.2, 0.3}
	near(t, "no difference", permute(context.Background(), a, b, shuffleLimit), 1)
	near(t, "as in whole numbers", permute(context.Background(), []float64{0.1, 0.2, 0.3, 0.4}, []float64{0.3, 0.5, 0.6, 0.8}, shuffleLimit), 6./70)
}

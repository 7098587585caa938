package analyze

import (
	"context"
	"math"
	"math/bits"
	"slices"
)

// Resampling (analysis-spec O) is deterministic: one generator, seeded 1, draws in a stated order. It is bounded too. From a sample of more
// than drawLimit values each of the replicates of a bootstrap draws drawLimit of them, and the interval is narrowed by sqrt(drawLimit/n), as
// the error of a mean is; a test of more than shuffleLimit values uses the normal law that its permutations follow there.
const (
	replicates   = 2000
	permutations = 9999
	exactLimit   = 20_000 // arrangements that a two-sample test counts one by one
	exactPairs   = 14
	drawLimit    = 100_000
	shuffleLimit = 20_000
	minSample    = 10 // values that an interval, and each side of a test, needs
)

// A splitMix is the SplitMix64 generator; its value is the seed.
type splitMix uint64

func (s *splitMix) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// index is a number from 0 to n-1. n must be positive.
func (s *splitMix) index(n int) int {
	hi, _ := bits.Mul64(s.next(), uint64(n))
	return int(hi)
}

// An Interval holds the true value with 95 % confidence. High may be infinite.
type Interval struct {
	Low, High float64
	OK        bool // there is an interval; else the sample is too small, or the work was cancelled
}

// Bootstrap is the percentile interval of a statistic of n values (O.2). The statistic gets the indexes drawn, in order, and must not keep
// them; it may be infinite, not NaN. whole is the statistic of all the values; it matters for more than drawLimit of them only.
func Bootstrap(ctx context.Context, n int, whole float64, stat func(draw []int32) float64) Interval {
	return bootstrap(ctx, n, drawLimit, whole, stat)
}

func bootstrap(ctx context.Context, n, limit int, whole float64, stat func(draw []int32) float64) Interval {
	if n < minSample || n > math.MaxInt32 {
		return Interval{}
	}
	draw, got, gen := make([]int32, min(n, limit)), make([]float64, replicates), splitMix(1)
	for b := range got {
		if ctx.Err() != nil {
			return Interval{}
		}
		for i := range draw {
			draw[i] = int32(gen.index(n))
		}
		got[b] = stat(draw)
	}
	low, high := middle95(got)
	shrink := math.Sqrt(float64(len(draw)) / float64(n))
	return Interval{narrow(whole, low, shrink), narrow(whole, high, shrink), true}
}

// narrow moves an end of an interval that smaller samples gave towards the statistic of all the values.
func narrow(whole, end, shrink float64) float64 {
	if shrink == 1 || math.IsInf(end, 0) || math.IsInf(whole, 0) {
		return end
	}
	return whole + (end-whole)*shrink
}

// middle95 sorts the values and returns their nearest-rank quantiles 0.025 and 0.975.
func middle95(x []float64) (low, high float64) {
	slices.Sort(x)
	n := int64(len(x))
	return x[rankOf(25, 1000, n)-1], x[rankOf(975, 1000, n)-1]
}

// BootstrapMean is the percentile interval of a mean.
func BootstrapMean(ctx context.Context, x []float64) Interval {
	return Bootstrap(ctx, len(x), mean(x), func(draw []int32) float64 {
		sum := 0.0
		for _, i := range draw {
			sum += x[i]
		}
		return sum / float64(len(draw))
	})
}

// BootstrapRatio is the percentile interval of sum(a)/sum(b), each pair drawn together: the cost of the runs drawn over their successes. It
// is infinite where the b drawn add up to 0.
func BootstrapRatio(ctx context.Context, a, b []float64) Interval {
	over := func(a, b float64) float64 {
		if b == 0 {
			return math.Inf(1)
		}
		return a / b
	}
	return Bootstrap(ctx, len(a), over(sum(a), sum(b)), func(draw []int32) float64 {
		sa, sb := 0.0, 0.0
		for _, i := range draw {
			sa, sb = sa+a[i], sb+b[i]
		}
		return over(sa, sb)
	})
}

// MeanInterval is the interval of the mean of costs: a studentised bootstrap on the log scale (O.3). It needs a positive mean and ten values.
func MeanInterval(ctx context.Context, x []float64) Interval { return meanInterval(ctx, x, drawLimit) }

func meanInterval(ctx context.Context, x []float64, limit int) Interval {
	n, m := len(x), mean(x)
	if n < minSample || m <= 0 || math.IsInf(m, 0) {
		return Interval{}
	}
	off, squares := make([]float64, n), 0.0
	for i := range x {
		off[i] = x[i] - m
		squares += off[i] * off[i]
	}
	se := math.Sqrt(squares / float64(n-1) / float64(n))
	if se == 0 {
		return Interval{m, m, true}
	}
	t := studentise(ctx, off, m, limit)
	if ctx.Err() != nil {
		return Interval{}
	}
	if len(t) == 0 {
		return Interval{m, m, true}
	}
	low, high := middle95(t)
	return Interval{m * math.Exp(-high*se/m), m * math.Exp(-low*se/m), true}
}

// studentise draws the t of O.3 from values given by their distance from the mean m. The t of a large sample has the law that the t of a
// larger one has: above the limit nothing needs to be narrowed.
func studentise(ctx context.Context, off []float64, m float64, limit int) []float64 {
	gen, n := splitMix(1), min(len(off), limit)
	out := make([]float64, 0, replicates)
	for range replicates {
		if ctx.Err() != nil {
			return nil
		}
		first := off[gen.index(len(off))]
		sum, squares, same := first, first*first, true
		for range n - 1 {
			d := off[gen.index(len(off))]
			sum, squares, same = sum+d, squares+d*d, same && d == first
		}
		mean := m + sum/float64(n)
		spread := (squares - sum*sum/float64(n)) / float64(n-1) / float64(n)
		if same || mean <= 0 || spread <= 0 {
			continue
		}
		out = append(out, (math.Log(mean)-math.Log(m))/(math.Sqrt(spread)/mean))
	}
	return out
}

// A testBudget is how many values the tests of one answer may shuffle. Tests that come after it is spent use the normal law from fewShuffled
// values on, so the most important go first.
type testBudget int

const (
	testWork    = 50_000
	fewShuffled = 200
)

func (left *testBudget) permutation(ctx context.Context, a, b []float64) float64 {
	n, limit := len(a)+len(b), min(shuffleLimit, max(int(*left), fewShuffled))
	if n <= limit {
		*left -= testBudget(n)
	}
	return permute(ctx, a, b, limit)
}

func permute(ctx context.Context, a, b []float64, limit int) float64 {
	n0, n := len(a), len(a)+len(b)
	if n0 == 0 || n0 == n {
		return math.NaN()
	}
	all := append(slices.Clone(a), b...)
	center(all)
	t := tester{seen: sum(all[:n0]), slack: slack(all)}
	if choose(n, n0) <= exactLimit {
		t.combine(all, n0, 0)
		return float64(t.hits) / float64(t.tried)
	}
	if n > limit {
		return normalP(t.seen, float64(n0)*float64(n-n0)/float64(n)/float64(n-1)*sumSquares(all))
	}
	gen := splitMix(1)
	for range permutations {
		if ctx.Err() != nil {
			return math.NaN()
		}
		for i := n - 1; i > 0; i-- {
			j := gen.index(i + 1)
			all[i], all[j] = all[j], all[i]
		}
		t.try(sum(all[:n0]))
	}
	return float64(1+t.hits) / float64(1+t.tried)
}

// SignFlipTest is the two-sided p of the mean of paired differences (O.5). It is NaN without any, or where the work was cancelled.
func SignFlipTest(ctx context.Context, diff []float64) float64 {
	n := len(diff)
	if n == 0 {
		return math.NaN()
	}
	t := tester{seen: sum(diff), slack: slack(diff)}
	switch {
	case n > shuffleLimit:
		return normalP(t.seen, sumSquares(diff))
	case n <= exactPairs:
		for signs := range uint64(1) << n {
			t.try(flipped(diff, func(i int) bool { return signs>>i&1 != 0 }))
		}
		return float64(t.hits) / float64(t.tried)
	}
	gen := splitMix(1)
	for range permutations {
		if ctx.Err() != nil {
			return math.NaN()
		}
		t.try(flipped(diff, func(int) bool { return gen.next()>>63 != 0 }))
	}
	return float64(1+t.hits) / float64(1+t.tried)
}

// flipped is the sum with some signs changed.
func flipped(diff []float64, minus func(i int) bool) (sum float64) {
	for i, d := range diff {
		if minus(i) {
			d = -d
		}
		sum += d
	}
	return sum
}

// A tester counts the arrangements whose sum is at least as far from 0 as the one seen. With all values centred on their mean, the sum of the
// first sample orders arrangements as the difference of the means does.
type tester struct {
	seen, slack float64 // slack: what rounding may take from a sum
	hits, tried int
}

func (t *tester) try(sum float64) {
	t.tried++
	if math.Abs(sum) >= math.Abs(t.seen)-t.slack {
		t.hits++
	}
}

// combine tries every choice of k of the values, added to sum.
func (t *tester) combine(x []float64, k int, sum float64) {
	if k == 0 {
		t.try(sum)
		return
	}
	for i := 0; i+k <= len(x); i++ {
		t.combine(x[i+1:], k-1, sum+x[i])
	}
}

// slack is far above the rounding errors of a sum of the values and far below the distance of two sums of amounts that differ.
func slack(x []float64) (s float64) {
	for _, v := range x {
		s += math.Abs(v)
	}
	return s * 1e-12
}

// normalP is the two-sided p of a sum of the given variance.
func normalP(sum, variance float64) float64 {
	if variance == 0 {
		return 1
	}
	return math.Erfc(math.Abs(sum) / math.Sqrt(2*variance))
}

// choose is n over k, or anything above exactLimit where it exceeds that.
func choose(n, k int) int {
	k, c := min(k, n-k), 1
	for i := range k {
		if c = c * (n - i) / (i + 1); c > exactLimit {
			return c
		}
	}
	return c
}

// center takes the mean from the values.
func center(x []float64) {
	m := mean(x)
	for i := range x {
		x[i] -= m
	}
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

func sumSquares(x []float64) (s float64) {
	for _, v := range x {
		s += v * v
	}
	return s
}

// mean is NaN without values.
func mean(x []float64) float64 { return sum(x) / float64(len(x)) }

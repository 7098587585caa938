package analyze

import (
	"context"
	"math"
	"math/big"
	"math/bits"
	"slices"

	"costscope/tracefmt"
)

// A Tail is how the costs of runs (or calls) are spread, from the exact values (analysis-spec F). Means are rounded to the pico-dollar.
type Tail struct {
	N                       int
	Sum                     tracefmt.USD
	Overflow                bool // Sum exceeds what USD holds; nothing but N, the percentiles and Max is right then
	Mean, Median            tracefmt.USD
	P50, P90, P95, P99, Max tracefmt.USD
	MeanWithoutTop          tracefmt.USD // 0 for fewer than two
	Gini                    float64      // NaN when the sum is 0
	Top1, Top5, Top10       Share
	K80                     int     // smallest number of runs that make up 80 % of the cost
	EffectiveN              float64 // NaN when the sum is 0
	MedianInterval          [2]tracefmt.USD
	HasMedianInterval       bool     // from ten values on
	MeanInterval            Interval // dollars; see AddMeanInterval
	Index, IndexError       float64  // tail index; NaN where it is not shown
	Capped                  bool     // a budget per run seems to cut the tail near Max
	Lorenz                  []float64
}

// A Share is the part of the cost that the K dearest make up.
type Share struct {
	K     int
	Share float64 // NaN when the sum is 0
}

// lorenzSteps is the number of steps of a Lorenz curve: Lorenz[i] is the part of the cost that the cheapest i % of the runs make up.
const lorenzSteps = 100

// NewTail looks at the values; it sorts them in place.
func NewTail(costs []tracefmt.USD) Tail {
	slices.Sort(costs)
	n := len(costs)
	t := Tail{N: n, Gini: math.NaN(), EffectiveN: math.NaN(), Index: math.NaN(), IndexError: math.NaN()}
	if n == 0 {
		t.Top1.Share, t.Top5.Share, t.Top10.Share = math.NaN(), math.NaN(), math.NaN()
		return t
	}
	ok := true
	for _, x := range costs {
		var fits bool
		t.Sum, fits = t.Sum.Add(x)
		ok = ok && fits
	}
	t.Overflow = !ok
	t.P50, t.P90, t.P95, t.P99 = Percentile(costs, 50, 100), Percentile(costs, 90, 100), Percentile(costs, 95, 100), Percentile(costs, 99, 100)
	t.Max = costs[n-1]
	t.Mean, t.Median = divRound(t.Sum, int64(n)), median(costs)
	if n > 1 {
		t.MeanWithoutTop = divRound(t.Sum-t.Max, int64(n-1))
	}
	t.concentrate(costs)
	if l := medianRank(n); n >= 10 && l >= 1 {
		t.MedianInterval, t.HasMedianInterval = [2]tracefmt.USD{costs[l-1], costs[n-l]}, true
	}
	t.Capped = capped(costs)
	if !t.Capped {
		t.Index, t.IndexError = hill(costs)
	}
	return t
}

// AddMeanInterval sets the interval of the mean, from the values in any order. It costs 2,000 samples of them, so that only what shows
// the interval asks for it.
func (t *Tail) AddMeanInterval(ctx context.Context, costs []tracefmt.USD) {
	t.MeanInterval = MeanInterval(ctx, ascending(costs))
}

// ascending are the amounts in dollars, sorted: what is drawn from them depends on their order.
func ascending(costs []tracefmt.USD) []float64 {
	out := make([]float64, len(costs))
	for i, x := range costs {
		out[i] = x.Float()
	}
	slices.Sort(out)
	return out
}

// MeanOverMedian says how far the mean misleads; NaN when the median is 0.
func (t *Tail) MeanOverMedian() float64 { return ratio(int64(t.Mean), int64(t.Median)) }

// P95OverP50 is the spread of the upper half; NaN when the median is 0.
func (t *Tail) P95OverP50() float64 { return ratio(int64(t.P95), int64(t.P50)) }

// ratio is a/b; NaN when b is 0.
func ratio(a, b int64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// Percentile is the exact nearest rank num/den of ascending values; there must be at least one.
func Percentile(sorted []tracefmt.USD, num, den int64) tracefmt.USD {
	return sorted[rankOf(num, den, int64(len(sorted)))-1]
}

func median(sorted []tracefmt.USD) tracefmt.USD {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	low, high := sorted[n/2-1], sorted[n/2]
	return low + (high-low+1)/2 // halves round up
}

// divRound is a/n to the nearest pico-dollar, halves away from zero. n must be positive.
func divRound(a tracefmt.USD, n int64) tracefmt.USD {
	q, r := int64(a)/n, int64(a)%n
	switch {
	case r > 0 && r >= n-r:
		q++
	case r < 0 && -r >= n+r:
		q--
	}
	return tracefmt.USD(q)
}

// concentrate settles what says how much of the cost lies in few runs.
func (t *Tail) concentrate(costs []tracefmt.USD) {
	n := len(costs)
	t.Top1, t.Top5, t.Top10 = t.top(costs, 1), t.top(costs, 5), t.top(costs, 10)
	if t.Sum <= 0 || t.Overflow {
		return
	}
	squares := 0.0
	for _, x := range costs {
		squares += float64(x) * float64(x)
	}
	t.EffectiveN = float64(t.Sum) * float64(t.Sum) / squares
	t.Gini = gini(costs, t.Sum)
	t.Lorenz = lorenz(costs, t.Sum)
	need := t.Sum - t.Sum/5
	for sum := tracefmt.USD(0); sum < need; t.K80++ {
		sum += costs[n-1-t.K80]
	}
}

func (t *Tail) top(costs []tracefmt.USD, percent int64) Share {
	k := int(rankOf(percent, 100, int64(len(costs))))
	sum := tracefmt.USD(0)
	for _, x := range costs[len(costs)-k:] {
		sum, _ = sum.Add(x)
	}
	return Share{k, ratio(int64(sum), int64(t.Sum))}
}

// gini is (2*sum(i*x_i) - (n+1)*sum) / (n*sum), the numerator exact.
func gini(sorted []tracefmt.USD, sum tracefmt.USD) float64 {
	var hi, lo uint64
	for i, x := range sorted {
		h, l := bits.Mul64(uint64(i+1), uint64(max(x, 0)))
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	top := new(big.Int).SetUint64(hi)
	top.Lsh(top, 64).Add(top, new(big.Int).SetUint64(lo)).Lsh(top, 1)
	n := big.NewInt(int64(len(sorted)))
	s := big.NewInt(int64(sum))
	top.Sub(top, new(big.Int).Mul(new(big.Int).Add(n, big.NewInt(1)), s))
	g, _ := new(big.Rat).SetFrac(top, n.Mul(n, s)).Float64()
	return g
}

// lorenz is the curve at every percent, straight between the runs.
func lorenz(sorted []tracefmt.USD, sum tracefmt.USD) []float64 {
	out := make([]float64, lorenzSteps+1)
	n, j, below := len(sorted), 0, tracefmt.USD(0)
	for i := range out {
		for ; j < i*n/lorenzSteps; j++ {
			below += sorted[j]
		}
		out[i] = float64(below) / float64(sum)
		if part := i * n % lorenzSteps; part > 0 {
			out[i] += float64(sorted[j]) * float64(part) / lorenzSteps / float64(sum)
		}
	}
	return out
}

// medianRank is the largest l with P(Binomial(n, 1/2) < l) <= 0.025; 0 when there is none.
func medianRank(n int) int {
	l := max(0, int(float64(n)/2-math.Sqrt(float64(n))))
	for l > 0 && binomialBelow(n, l) > 0.025 {
		l--
	}
	for l < n && binomialBelow(n, l+1) <= 0.025 {
		l++
	}
	return l
}

// binomialBelow is P(Binomial(n, 1/2) < l).
func binomialBelow(n, l int) float64 {
	k := l - 1
	if k < 0 {
		return 0
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	p := math.Exp(lg(n) - lg(k) - lg(n-k) - float64(n)*math.Ln2)
	sum := 0.0
	for ; k >= 0 && p > sum*1e-18; k-- {
		sum += p
		p *= float64(k) / float64(n-k+1)
	}
	return sum
}

// capped says whether values pile up below the largest, as they do under a budget per run (F.7).
func capped(sorted []tracefmt.USD) bool {
	n := len(sorted)
	top := sorted[n-1]
	if n < 100 || top <= 0 {
		return false
	}
	from := func(x tracefmt.USD) int { i, _ := slices.BinarySearch(sorted, x); return i }
	at90, at80 := from(top-top/10), from(top-top/5)
	a, b := n-at90, at90-at80
	return a >= 3 && 100*a >= n && a > 2*b
}

// hill is the tail index and its error, from 200 values on (F.7).
func hill(sorted []tracefmt.USD) (index, err float64) {
	n := len(sorted)
	k := max(50, (n+9)/10)
	if n < 200 || sorted[n-1-k] <= 0 {
		return math.NaN(), math.NaN()
	}
	base, sum := float64(sorted[n-1-k]), 0.0
	for _, x := range sorted[n-k:] {
		sum += math.Log(float64(x) / base)
	}
	if sum == 0 {
		return math.NaN(), math.NaN()
	}
	index = float64(k) / sum
	return index, index / math.Sqrt(float64(k))
}

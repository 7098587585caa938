package analyze

import (
	"cmp"
	"math"
	"slices"
)

// medianOf is the median, the mean of the two middle values of an even number; NaN without any. It sorts x.
func medianOf(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	if n == 0 {
		return math.NaN()
	}
	if n%2 == 1 {
		return x[n/2]
	}
	return (x[n/2-1] + x[n/2]) / 2
}

// theilSen is the median of the slopes of all pairs of points whose x differ; NaN without any. Its work grows with the square of the points:
// callers give 120 at most.
func theilSen(x, y []float64) float64 {
	var all []float64
	for i := range x {
		for j := i + 1; j < len(x); j++ {
			if x[i] != x[j] {
				all = append(all, (y[j]-y[i])/(x[j]-x[i]))
			}
		}
	}
	return medianOf(all)
}

// spearman is the rank correlation, equal values sharing the average of their ranks; NaN where one side does not vary.
func spearman(x, y []float64) float64 {
	rx, ry := averageRanks(x), averageRanks(y)
	center(rx)
	center(ry)
	dot := 0.0
	for i := range rx {
		dot += rx[i] * ry[i]
	}
	scale := math.Sqrt(sumSquares(rx) * sumSquares(ry))
	if scale == 0 {
		return math.NaN()
	}
	return dot / scale
}

// averageRanks are the ranks from 1; equal values share their average.
func averageRanks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	ranks := make([]float64, len(x))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+1+to) / 2
		}
		from = to
	}
	return ranks
}

// mannKendall tests values in order for a trend (analysis-spec E): S counts rising pairs minus falling ones. The variance allows for equal
// values; Z is 0 where they do not vary.
func mannKendall(x []float64) (s int, variance, z float64) {
	for j := range x {
		for i := range j {
			s += cmp.Compare(x[j], x[i])
		}
	}
	term := func(n float64) float64 { return n * (n - 1) * (2*n + 5) }
	total := term(float64(len(x)))
	sorted := slices.Sorted(slices.Values(x))
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to] == sorted[from] {
			to++
		}
		total -= term(float64(to - from))
		from = to
	}
	variance = total / 18
	if s != 0 && variance > 0 {
		z = float64(s-cmp.Compare(s, 0)) / math.Sqrt(variance)
	}
	return s, variance, z
}

// hodgesLehmann is the median of all differences after - before. It sorts both and finds it without forming them all.
func hodgesLehmann(before, after []float64) float64 {
	pairs := len(before) * len(after)
	if pairs == 0 {
		return math.NaN()
	}
	if pairs <= 1<<16 {
		all := make([]float64, 0, pairs)
		for _, a := range after {
			for _, b := range before {
				all = append(all, a-b)
			}
		}
		return medianOf(all)
	}
	slices.Sort(before)
	slices.Sort(after)
	return (kthDifference(before, after, (pairs+1)/2) + kthDifference(before, after, pairs/2+1)) / 2
}

// kthDifference is the k-th smallest (from 1) of all differences of the sorted values: the range of the answer is halved until one float is
// left.
func kthDifference(before, after []float64, k int) float64 {
	low, high := floatOrder(after[0]-before[len(before)-1]), floatOrder(after[len(after)-1]-before[0])
	for low < high {
		mid := low&high + (low^high)>>1 // rounded down, without overflow
		if differencesUpTo(before, after, floatAt(mid)) >= k {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return floatAt(high)
}

// floatOrder numbers the floats in ascending order; floatAt is its inverse.
func floatOrder(x float64) int64 {
	n := int64(math.Float64bits(x))
	if n < 0 {
		n = math.MinInt64 - n
	}
	return n
}

func floatAt(n int64) float64 {
	if n < 0 {
		n = math.MinInt64 - n
	}
	return math.Float64frombits(uint64(n))
}

// differencesUpTo counts the pairs of sorted values with after - before <= d.
func differencesUpTo(before, after []float64, d float64) (n int) {
	j := 0
	for _, a := range after {
		for j < len(before) && a-before[j] > d {
			j++
		}
		n += len(before) - j
	}
	return n
}

// benjaminiHochberg adjusts p values for being several; in the order given.
func benjaminiHochberg(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	out, low := make([]float64, len(p)), 1.0
	for rank := len(p); rank > 0; rank-- {
		i := order[rank-1]
		low = min(low, p[i]*float64(len(p))/float64(rank))
		out[i] = low
	}
	return out
}

// logMean is the logarithmic mean L(a, b) = (a-b)/ln(a/b) of positive numbers (analysis-spec G.6); L(a, a) = a.
func logMean(a, b float64) float64 {
	if a == b {
		return a
	}
	if a <= 0 || b <= 0 {
		return 0
	}
	if r := (a - b) / b; math.Abs(r) < 0.5 {
		return (a - b) / math.Log1p(r)
	}
	return (a - b) / math.Log(a/b)
}

package tui

import (
	"math"
	"slices"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A spread is what the shape lens shows of a set of costs, of runs or of calls (analysis-spec F).
type spread struct {
	unit   string
	groups []group // ascending, none empty
	n      int64
	sum    int64
	exact  bool // every group is one cost
	max    int64
}

// A group is n costs of a narrow range; low to high, high excluded.
type group struct{ low, high, n, sum int64 }

// ofRuns takes the cost of every run.
func ofRuns(runs []analyze.RunCost) *spread {
	costs := make([]int64, len(runs))
	for i, r := range runs {
		costs[i] = int64(r.Cost)
	}
	slices.Sort(costs)
	s := &spread{unit: "run", n: int64(len(costs)), exact: true}
	for i := 0; i < len(costs); {
		j := i + 1
		for j < len(costs) && costs[j] == costs[i] {
			j++
		}
		s.put(group{costs[i], costs[i] + 1, int64(j - i), costs[i] * int64(j-i)})
		i = j
	}
	return s
}

// ofCalls takes the calls of a row whose cost is known.
func ofCalls(r *analyze.Row) *spread {
	s := &spread{unit: "call", n: r.Costs.N()}
	r.Costs.Each(func(low, high, n, sum int64) { s.put(group{low, high, n, sum}) })
	if len(s.groups) > 0 {
		s.max = int64(r.Max)
	}
	return s
}

func (s *spread) put(g group) {
	s.groups = append(s.groups, g)
	s.sum += g.sum
	s.max = g.high - 1
}

// quantile is the cost of rank ceil(num/den * n): exact for runs, within 0.8% for calls.
func (s *spread) quantile(num, den int64) int64 {
	rank := max(1, (s.n*num+den-1)/den)
	for _, g := range s.groups {
		if rank -= g.n; rank <= 0 {
			return min(g.sum/g.n, s.max)
		}
	}
	return s.max
}

// median is the mean of the two middle costs where their number is even.
func (s *spread) median() int64 {
	lo := s.quantile(1, 2)
	if s.n%2 == 1 || s.n == 0 {
		return lo
	}
	hi := s.rank(s.n/2 + 1)
	return lo + (hi-lo)/2
}

func (s *spread) rank(k int64) int64 {
	for _, g := range s.groups {
		if k -= g.n; k <= 0 {
			return min(g.sum/g.n, s.max)
		}
	}
	return s.max
}

func (s *spread) mean() float64 { return float64(s.sum) / float64(s.n) }

// top is the part of the sum that the k = max(1, ceil(n*num/den)) dearest make up.
func (s *spread) top(num, den int64) (part float64, k int64) {
	k = max(1, (s.n*num+den-1)/den)
	left, sum := k, 0.0
	for i := len(s.groups) - 1; i >= 0 && left > 0; i-- {
		g := s.groups[i]
		take := min(left, g.n)
		sum += float64(g.sum) * float64(take) / float64(g.n)
		left -= take
	}
	return sum / float64(s.sum), k
}

// most80 is the smallest number of them that makes up 80% of the sum.
func (s *spread) most80() int64 {
	want := 0.8 * float64(s.sum)
	k := int64(0)
	for i := len(s.groups) - 1; i >= 0; i-- {
		g := s.groups[i]
		if want > float64(g.sum) {
			want -= float64(g.sum)
			k += g.n
			continue
		}
		return k + int64(math.Ceil(want/(float64(g.sum)/float64(g.n))-1e-9))
	}
	return k
}

// gini is 0 where all cost the same and near 1 where one costs everything; NaN where nothing costs anything.
func (s *spread) gini() float64 {
	if s.sum == 0 || s.n == 0 {
		return math.NaN()
	}
	weighted, rank := 0.0, 0.0
	for _, g := range s.groups {
		n := float64(g.n)
		weighted += float64(g.sum) * (rank + (n+1)/2)
		rank += n
	}
	n := float64(s.n)
	return 2*weighted/(n*float64(s.sum)) - (n+1)/n
}

// lorenz is the curve in at most a few hundred points.
func (s *spread) lorenz() []share {
	if s.sum == 0 {
		return nil
	}
	var out []share
	n, sum, last := int64(0), int64(0), -1.0
	for i, g := range s.groups {
		n += g.n
		sum += g.sum
		x := float64(n) / float64(s.n)
		if x-last >= 0.004 || i == len(s.groups)-1 {
			out = append(out, share{x, float64(sum) / float64(s.sum)})
			last = x
		}
	}
	return out
}

// A bar is what lies between two edges: costs from low up to, not including, high.
type bar struct{ low, high, n, sum int64 }

// perDecade is how many bars a factor of ten may be cut into.
var perDecade = [...]int{20, 10, 5, 4, 3, 2, 1}

// barsOf puts the costs into at most most logarithmic bars, as fine as they come. No group lies across an edge, so every bar is exact.
func (s *spread) barsOf(most int) []bar {
	if len(s.groups) == 0 || most < 1 {
		return nil
	}
	i := 0
	var out []bar
	for ; i < len(s.groups) && s.groups[i].low < 1; i++ { // costs of nothing have no logarithm
		if len(out) == 0 {
			out = append(out, bar{low: 0, high: 1})
		}
		out[0].n += s.groups[i].n
		out[0].sum += s.groups[i].sum
	}
	rest := s.groups[i:]
	if len(rest) == 0 {
		return out
	}
	edges := s.edges(rest[0].low, rest[len(rest)-1].low, most-len(out))
	first := len(out)
	for k := 0; k+1 < len(edges); k++ {
		out = append(out, bar{low: edges[k], high: edges[k+1]})
	}
	at := first
	for _, g := range rest {
		for at < len(out)-1 && g.low >= out[at].high {
			at++
		}
		out[at].n += g.n
		out[at].sum += g.sum
	}
	return out
}

// edges go from at most low to above high; for calls each is the smallest value of a bucket.
func (s *spread) edges(low, high int64, most int) []int64 {
	for _, per := range perDecade {
		from := int(math.Floor(math.Log10(float64(low)) * float64(per)))
		for s.edge(from, per) > low {
			from--
		}
		var e []int64
		for i := from; len(e) <= most+1; i++ {
			x := s.edge(i, per)
			if len(e) > 0 && x <= e[len(e)-1] {
				continue // finer than the buckets
			}
			if x <= low && len(e) > 0 {
				e[0] = x
				continue
			}
			e = append(e, x)
			if x > high {
				break
			}
		}
		if len(e)-1 <= most {
			return e
		}
	}
	return []int64{low, math.MaxInt64}
}

func (s *spread) edge(i, per int) int64 {
	x := math.Round(math.Pow(10, float64(i)/float64(per)))
	if x >= math.MaxInt64 {
		return math.MaxInt64
	}
	if s.exact {
		return int64(x)
	}
	return analyze.BucketLow(analyze.Bucket(int64(x)))
}

// find is the bar that x lies in; -1 for none.
func find(bars []bar, x int64) int {
	for i, b := range bars {
		if x >= b.low && x < b.high {
			return i
		}
	}
	return -1
}

func usd(x float64) tracefmt.USD { return tracefmt.USD(math.Round(x)) }

package tui

import (
	"context"
	"math"
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A spread is what the shape lens shows of a set of costs, of runs or of calls (analysis-spec F).
type spread struct {
	unit    string
	groups  []group // ascending, none empty
	tail    analyze.Tail
	n, sum  int64
	partial int64 // of these runs, those that cost at least as much: a call of theirs has an unknown cost
	unknown int64 // runs of which no cost is known: they are left out
	exact   bool  // every cost is known by itself; else only sums of narrow ranges, and quantiles are within 0.8%
}

// A group is n costs of a narrow range; low to high, high excluded.
type group struct{ low, high, n, sum int64 }

// ofRuns takes the cost of every run.
func ofRuns(runs []analyze.RunCost) *spread {
	x := analyze.NewRunSpread(runs)
	costs := x.Costs
	s := &spread{unit: "run", partial: x.Partial, unknown: x.Unknown, n: int64(x.N), exact: true, tail: x.Tail}
	for i := 0; i < len(costs); {
		j := i + 1
		for j < len(costs) && costs[j] == costs[i] {
			j++
		}
		x, n := int64(costs[i]), int64(j-i)
		s.groups = append(s.groups, group{x, x + 1, n, x * n})
		i = j
	}
	s.sum = int64(s.tail.Sum)
	return s
}

// ofManyRuns takes runs that nobody could fetch one by one.
func ofManyRuns(r *analyze.ManyRuns) *spread {
	s := ofCosts("run", &r.Costs, int64(r.Max))
	s.partial, s.unknown = r.Partial, r.Unknown
	return s
}

// gaps says which runs are not in it, and which are not in full, behind a text; "" where all are.
func (s *spread) gaps() string {
	text := ""
	if s.partial > 0 {
		text += " · ≥ " + count(s.partial) + " known in part"
	}
	if s.unknown > 0 {
		text += " · " + count(s.unknown) + " of unknown cost left out"
	}
	return text
}

// gapsIn is gaps in w columns, in fewer words where they do not fit.
func (s *spread) gapsIn(w int) string {
	text := s.gaps()
	if width(text) > w {
		text = strings.NewReplacer("known in part", "in part", " of unknown cost left out", " unknown").Replace(text)
	}
	return text
}

// amount is one of its amounts, which is a lower bound where costs are known in part.
func (s *spread) amount(x tracefmt.USD) string { return least(s.partial > 0) + money(x) }

// ofCalls takes the calls of a row whose cost is known.
func ofCalls(r *analyze.Row) *spread { return ofCosts("call", &r.Costs, int64(r.Max)) }

func ofCosts(unit string, costs *analyze.Hist, most int64) *spread {
	s := &spread{unit: unit, n: costs.N(), sum: costs.Sum()}
	costs.Each(func(low, high, n, sum int64) { s.groups = append(s.groups, group{low, high, n, sum}) })
	s.tail = s.estimate(most)
	return s
}

// A manyRunner tells how the costs of very many runs are spread; nil where RunCosts can tell them.
type manyRunner interface {
	ManyRuns(ctx context.Context, q analyze.Query) (*analyze.ManyRuns, error)
}

// runSpread asks for the costs of the runs, or where they are too many, for how they are spread.
func runSpread(ctx context.Context, src Source, q analyze.Query) (*spread, error) {
	if x, ok := src.(manyRunner); ok {
		if many, err := x.ManyRuns(ctx, q); err != nil || many != nil {
			if err != nil {
				return nil, err
			}
			return ofManyRuns(many), nil
		}
	}
	runs, err := src.RunCosts(ctx, q)
	return ofRuns(runs), err
}

// estimate reads off the histogram what analyze.NewTail reads off the costs themselves.
func (s *spread) estimate(most int64) analyze.Tail {
	nan := math.NaN()
	t := analyze.Tail{N: int(s.n), Sum: tracefmt.USD(s.sum), Gini: nan, EffectiveN: nan, Index: nan, IndexError: nan, Max: tracefmt.USD(most)}
	if s.n == 0 {
		return t
	}
	t.Mean = tracefmt.USD(s.sum / s.n)
	at := func(num, den int64) tracefmt.USD { return tracefmt.USD(min(s.rank((s.n*num+den-1)/den), most)) }
	t.P50, t.P90, t.P95, t.P99 = at(1, 2), at(9, 10), at(19, 20), at(99, 100)
	t.Median = t.P50
	if s.n > 1 {
		t.MeanWithoutTop = tracefmt.USD((s.sum - most) / (s.n - 1))
	}
	t.Top1, t.Top5, t.Top10 = s.top(1), s.top(5), s.top(10)
	t.K80, t.Gini, t.Lorenz = s.most80(), s.gini(), s.lorenz()
	return t
}

// rank is the cost of rank k, counted from 1.
func (s *spread) rank(k int64) int64 {
	k = max(1, k)
	for _, g := range s.groups {
		if k -= g.n; k <= 0 {
			return g.sum / g.n
		}
	}
	return 0
}

// top is the part of the sum that the dearest percent of them make up.
func (s *spread) top(percent int64) analyze.Share {
	k := max(1, (s.n*percent+99)/100)
	left, sum := k, 0.0
	for i := len(s.groups) - 1; i >= 0 && left > 0; i-- {
		g := s.groups[i]
		take := min(left, g.n)
		sum += float64(g.sum) * float64(take) / float64(g.n)
		left -= take
	}
	return analyze.Share{K: int(k), Share: sum / float64(s.sum)}
}

// most80 is the smallest number of them that makes up 80% of the sum.
func (s *spread) most80() int {
	want := 0.8 * float64(s.sum)
	k := int64(0)
	for i := len(s.groups) - 1; i >= 0; i-- {
		g := s.groups[i]
		if want > float64(g.sum) {
			want -= float64(g.sum)
			k += g.n
			continue
		}
		return int(k + int64(math.Ceil(want/(float64(g.sum)/float64(g.n))-1e-9)))
	}
	return int(k)
}

// gini is 0 where all cost the same and near 1 where one costs everything; NaN where nothing costs anything.
func (s *spread) gini() float64 {
	if s.sum == 0 {
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

// lorenz is the part of the sum that the cheapest i% make up, for i from 0 to 100.
func (s *spread) lorenz() []float64 {
	if s.sum == 0 {
		return nil
	}
	out := make([]float64, 101)
	n, sum, at := 0.0, 0.0, 0
	for i := range out {
		want := float64(s.n) * float64(i) / 100
		for at < len(s.groups) && n+float64(s.groups[at].n) <= want {
			n += float64(s.groups[at].n)
			sum += float64(s.groups[at].sum)
			at++
		}
		part := 0.0
		if at < len(s.groups) {
			part = float64(s.groups[at].sum) * (want - n) / float64(s.groups[at].n)
		}
		out[i] = (sum + part) / float64(s.sum)
	}
	return out
}

// A bar is what lies between two edges: costs from low up to, not including, high.
type bar struct{ low, high, n, sum int64 }

// perDecade is how many bars a factor of ten may be cut into.
var perDecade = [...]int{20, 15, 12, 10, 8, 6, 5, 4, 3, 2, 1}

// barsOf puts the costs into at most most logarithmic bars, as fine as their number allows to see a form. No group lies across an edge, so
// every bar is exact.
func (s *spread) barsOf(most int) []bar {
	if len(s.groups) == 0 || most < 1 {
		return nil
	}
	most = min(most, max(12, int(2*math.Sqrt(float64(s.n)))))
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
	gap := min(1, len(out)) // nothing has no place on a log scale: it stands apart
	edges := s.edges(rest[0].low, rest[len(rest)-1].low, most-len(out)-gap)
	if gap > 0 && edges[0] > 1 {
		out = append(out, bar{low: 1, high: edges[0]})
	}
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

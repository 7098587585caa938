package analyze

import (
	"cmp"
	"context"
	"math"
	"math/big"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A Comparison explains the change of spend from one side to the other (analysis-spec N). Volume, mix and unit of a path add up to its change
// exactly, those of the paths to the totals.
type Comparison struct {
	Old      Dollars      `json:"old_usd"`
	New      Dollars      `json:"new_usd"`
	Change   Dollars      `json:"change_usd"`
	Volume   Dollars      `json:"volume_usd"`
	Mix      Dollars      `json:"mix_usd"`
	Unit     Dollars      `json:"unit_usd"`
	OldRuns  int64        `json:"old_runs"`
	NewRuns  int64        `json:"new_runs"`
	Paths    []PathChange `json:"paths"` // largest change first
	Drivers  []Driver     `json:"drivers"`
	Tested   int          `json:"tested"`   // paths whose unit cost could be tested
	Overflow bool         `json:"overflow"` // a sum exceeds what USD holds: the amounts are wrong
}

// A PathChange is the change of one path.
type PathChange struct {
	Path        []string `json:"path"`
	Old         Dollars  `json:"old_usd"`
	New         Dollars  `json:"new_usd"`
	Change      Dollars  `json:"change_usd"`
	Volume      Dollars  `json:"volume_usd"` // more or fewer runs in all
	Mix         Dollars  `json:"mix_usd"`    // a larger or smaller part of them
	Unit        Dollars  `json:"unit_usd"`   // dearer or cheaper runs
	OldRuns     int64    `json:"old_runs"`
	NewRuns     int64    `json:"new_runs"`
	OldMean     Amount   `json:"old_mean_usd"` // cost per run
	NewMean     Amount   `json:"new_mean_usd"`
	P           Fraction `json:"p"` // of no difference of the means; NaN: not testable
	PAdjusted   Fraction `json:"p_adjusted"`
	Paired      bool     `json:"paired"` // by task
	Significant bool     `json:"significant"`
	Why         string   `json:"why,omitempty"`  // it is not testable
	OldPartial  bool     `json:"old_incomplete"` // calls of unknown cost are not in it
	NewPartial  bool     `json:"new_incomplete"`
	OldUnknown  bool     `json:"-"` // it has calls, but the cost of none is known
	NewUnknown  bool     `json:"-"`
	IsNew       bool     `json:"new"`
	Retired     bool     `json:"retired"`
	Drivers     []Driver `json:"drivers,omitempty"` // of Unit; they add up to it
}

// significantP is the adjusted p below which a difference is called a change.
const significantP = 0.05

// A Side is one side of a comparison.
type Side struct {
	Runs  int64 // all; a run may have calls in several paths
	Paths []PathCost
}

// CompareSides explains the change from old to new. The paths of a side must not contain one another. When the context is done the tests that
// are left are not made.
func CompareSides(ctx context.Context, old, new Side) *Comparison {
	pairs := match(old.Paths, new.Paths)
	c := &Comparison{OldRuns: old.Runs, NewRuns: new.Runs, Paths: make([]PathChange, 0, len(pairs))}
	c.total(pairs)
	tests := make(map[string]pathPair, len(pairs))
	for _, p := range pairs {
		c.Paths = append(c.Paths, c.path(p))
		tests[joinPath(p.path)] = p
	}
	slices.SortStableFunc(c.Paths, func(x, y PathChange) int { return cmp.Compare(y.Change.size(), x.Change.size()) })
	c.test(ctx, tests)
	c.Drivers = driversOf(pairs, old.Runs, new.Runs)
	return c
}

func joinPath(path []string) string { return strings.Join(path, "\x00") }

// size is the amount without its sign.
func (d Dollars) size() Dollars { return max(d, -d) }

func (c *Comparison) total(pairs []pathPair) {
	ok := true
	for _, p := range pairs {
		ok = c.Old.add(p.old.Cost) && c.New.add(p.new.Cost) && ok
	}
	c.Change, c.Overflow = c.New-c.Old, !ok
}

func (d *Dollars) add(x tracefmt.USD) bool {
	sum, ok := tracefmt.USD(*d).Add(x)
	*d = Dollars(sum)
	return ok
}

// path splits the change of one path and adds it to the totals.
func (c *Comparison) path(p pathPair) PathChange {
	x := PathChange{
		Path: p.path, Old: Dollars(p.old.Cost), New: Dollars(p.new.Cost), Change: Dollars(p.new.Cost - p.old.Cost),
		OldRuns: p.old.Runs, NewRuns: p.new.Runs, OldMean: quotient(p.old.Cost, 1, p.old.Runs), NewMean: quotient(p.new.Cost, 1, p.new.Runs),
		P: Fraction(math.NaN()), PAdjusted: Fraction(math.NaN()),
		IsNew: p.old.Runs == 0, Retired: p.new.Runs == 0, OldPartial: p.old.Missing > 0, NewPartial: p.new.Missing > 0,
		OldUnknown: p.old.unknown(), NewUnknown: p.new.unknown(),
	}
	x.OldMean.Known, x.NewMean.Known = x.OldMean.Known && !x.OldUnknown, x.NewMean.Known && !x.NewUnknown
	s := c.shapley(p)
	x.Mix, x.Unit, x.Volume = Dollars(s[0]), Dollars(s[1]), Dollars(s[2])
	c.Mix, c.Unit, c.Volume = c.Mix+x.Mix, c.Unit+x.Unit, c.Volume+x.Volume
	if !x.IsNew && !x.Retired && !x.OldUnknown && !x.NewUnknown {
		x.Drivers = unitDrivers(p, tracefmt.USD(x.Unit))
	}
	return x
}

// unknown: no call here has a known cost, and some cost something.
func (p *PathCost) unknown() bool { return p.Known == 0 && p.Missing > 0 }

// shapley is the split of N, exact, rounded so that the parts add up: mix, unit and volume.
func (c *Comparison) shapley(p pathPair) [3]tracefmt.USD {
	v0, v1 := whole(c.OldRuns), whole(c.NewRuns)
	x0, x1 := part(p.old.Runs, c.OldRuns), part(p.new.Runs, c.NewRuns)
	u0, u1 := part(int64(p.old.Cost), p.old.Runs), part(int64(p.new.Cost), p.new.Runs)
	if p.old.Runs == 0 {
		u0 = u1
	}
	if p.new.Runs == 0 {
		u1 = u0
	}
	parts := [3]*big.Rat{effect(x0, x1, v0, v1, u0, u1), effect(u0, u1, v0, v1, x0, x1), effect(v0, v1, x0, x1, u0, u1)}
	out, ok := roundParts(parts, p.new.Cost-p.old.Cost)
	c.Overflow = c.Overflow || !ok
	return out
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// part is a/n; 0 where n is 0.
func part(a, n int64) *big.Rat {
	if n == 0 {
		return new(big.Rat)
	}
	return big.NewRat(a, n)
}

// effect is that of the first of three factors: (a1-a0) * [(b0*c0 + b1*c1)/3 + (b0*c1 + b1*c0)/6].
func effect(a0, a1, b0, b1, c0, c1 *big.Rat) *big.Rat {
	mul := func(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }
	same := new(big.Rat).Add(mul(b0, c0), mul(b1, c1))
	cross := new(big.Rat).Add(mul(b0, c1), mul(b1, c0))
	sum := same.Add(same.Mul(same, big.NewRat(1, 3)), cross.Mul(cross, big.NewRat(1, 6)))
	return sum.Mul(sum, new(big.Rat).Sub(a1, a0))
}

// roundParts rounds three parts of an amount down, and gives what is left one by one to the largest remainders, ties to the first
// (analysis-spec A.5). ok: USD holds them.
func roundParts(parts [3]*big.Rat, total tracefmt.USD) (out [3]tracefmt.USD, ok bool) {
	var rest [3]*big.Rat
	left := total
	ok = true
	for i, p := range parts {
		q := new(big.Int).Div(p.Num(), p.Denom())
		out[i], ok = tracefmt.USD(q.Int64()), ok && q.IsInt64()
		rest[i] = new(big.Rat).Sub(p, new(big.Rat).SetInt(q))
		left -= out[i]
	}
	order := []int{0, 1, 2}
	slices.SortStableFunc(order, func(x, y int) int { return rest[y].Cmp(rest[x]) })
	for k := 0; left > 0 && k < len(order); k, left = k+1, left-1 {
		out[order[k]]++
	}
	out[0] += left // a cost that no run is stated for
	return out, ok
}

// unitDrivers divides the unit effect of a path over the factors of what a run costs there.
func unitDrivers(p pathPair, unit tracefmt.USD) []Driver {
	rise := perRun(p.new.Cost, p.new) - perRun(p.old.Cost, p.old)
	if unit == 0 || rise == 0 {
		return nil
	}
	runs := float64(unit) / rise // that the rise was paid for
	d := driving{change: unit, old: *p.old, new: *p.new}
	llm := perRun(p.new.LLM.Cost, p.new) - perRun(p.old.LLM.Cost, p.old)
	other := rise - llm
	f0, ok0 := factors(p.old.Runs, &p.old.LLM)
	f1, ok1 := factors(p.new.Runs, &p.new.LLM)
	if ok0 && ok1 {
		a, b := f0, f1
		a[driverRuns], b[driverRuns] = 1, 1
		d.product(&a, &b, runs, mixOfModels(p.old.Models, p.new.Models))
	} else {
		other = rise
	}
	if p.new.Cost != p.new.LLM.Cost || p.old.Cost != p.old.LLM.Cost || !ok0 || !ok1 {
		d.whole[driverOther] = tracefmt.USD(math.Round(other * runs))
	}
	list := d.list(p.old.LLM, p.new.LLM)
	return slices.DeleteFunc(list, func(x Driver) bool { return x.Factor == driverNames[driverRuns] })
}

func perRun(usd tracefmt.USD, p *PathCost) float64 { return float64(usd) / float64(p.Runs) }

// test finds which changes of unit cost are more than chance; the largest changes first.
func (c *Comparison) test(ctx context.Context, pairs map[string]pathPair) {
	budget := testBudget(testWork)
	var tested []int
	var ps []float64
	for i := range c.Paths {
		x := &c.Paths[i]
		p := x.test(ctx, pairs[joinPath(x.Path)], minSample, &budget)
		if math.IsNaN(p) {
			x.Why = cmp.Or(x.Why, "not tested: interrupted")
			continue
		}
		x.P = Fraction(p)
		tested, ps = append(tested, i), append(ps, p)
	}
	for k, p := range benjaminiHochberg(ps) {
		x := &c.Paths[tested[k]]
		x.PAdjusted, x.Significant = Fraction(p), p < significantP
	}
	c.Tested = len(tested)
}

// test is the p of one path; NaN where it is not testable.
func (x *PathChange) test(ctx context.Context, p pathPair, need int, budget *testBudget) float64 {
	if diff, ok := taskDifferences(p.old.Sample, p.new.Sample); ok && len(diff) >= need {
		x.Paired = true
		return SignFlipTest(ctx, diff)
	}
	if len(p.old.Sample) < need || len(p.new.Sample) < need {
		x.Why = "not testable: fewer than ten runs on a side"
		return math.NaN()
	}
	return budget.permutation(ctx, sampleCosts(p.old.Sample), sampleCosts(p.new.Sample))
}

// sampleCosts are the costs in ascending order: what a random test says must not depend on the order of the runs.
func sampleCosts(list []RunSample) []float64 {
	out := make([]float64, len(list))
	for i := range list {
		out[i] = list[i].Cost.Float()
	}
	slices.Sort(out)
	return out
}

// taskDifferences are the differences of the mean cost of each task; ok where both sides have the same tasks and no run without one.
func taskDifferences(old, new []RunSample) (diff []float64, ok bool) {
	a, okA := taskMeans(old)
	b, okB := taskMeans(new)
	if !okA || !okB || len(a) != len(b) {
		return nil, false
	}
	for i := range a {
		if a[i].task != b[i].task {
			return nil, false
		}
		diff = append(diff, b[i].mean-a[i].mean)
	}
	return diff, len(diff) > 0
}

func (x RunSample) compare(y RunSample) int {
	return cmp.Or(cmp.Compare(x.Task, y.Task), cmp.Compare(x.Cost, y.Cost))
}

type taskMean struct {
	task string
	mean float64
}

// taskMeans are the mean costs by task, in their order; ok where every run states one.
func taskMeans(list []RunSample) (out []taskMean, ok bool) {
	sorted := slices.SortedFunc(slices.Values(list), RunSample.compare)
	for from := 0; from < len(sorted); {
		to, sum := from, 0.0
		for ; to < len(sorted) && sorted[to].Task == sorted[from].Task; to++ {
			sum += sorted[to].Cost.Float()
		}
		if sorted[from].Task == "" {
			return nil, false
		}
		out = append(out, taskMean{sorted[from].Task, sum / float64(to-from)})
		from = to
	}
	return out, true
}

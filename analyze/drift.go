package analyze

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"time"

	"costscope/tracefmt"
)

// fewRuns is how many runs a period needs to take part in a trend.
const fewRuns = 5

// maxPeriods is how many periods a trend looks at, the latest.
const maxPeriods = 120

// A driftKey is what first-turn prompts are compared within. A run's calls of an agent count where its first one stands.
type driftKey struct {
	workflow, agent, version tracefmt.Sym
	week                     int32 // Mondays since 1970; NoDay where no start is known
}

// A driftGroup is the first-turn prompts of one key.
type driftGroup struct {
	key    driftKey
	from   int64                        // the earliest start; 0 where none is known
	first  []int64                      // tokens of each first-turn prompt
	peaks  []int64                      // tokens of the largest prompt of each run
	parts  [tracefmt.ContextParts]int64 // tokens of the prompts' parts, where stated
	tagged int64                        // prompts that state their parts
	priced int64                        // tokens of the prompts whose cost is known
	paid   tracefmt.USD                 // what these cost, without output
	over   bool                         // paid exceeds what USD holds
}

// A drifts collects how large the agents' prompts are from run to run (analysis-spec E).
type drifts struct {
	days   dayClock
	groups map[driftKey]*driftGroup
	touch  []*driftGroup // of the run at hand, each with a peak at its end
}

func newDrifts(tz *time.Location) *drifts {
	return &drifts{days: newDayClock(tz), groups: map[driftKey]*driftGroup{}}
}

// add counts a run's threads whose first turn is in the scope.
func (d *drifts) add(st *Study, in []bool) {
	d.touch = d.touch[:0]
	for k := range st.Threads {
		first, peak := st.promptsOf(&st.Threads[k], in)
		if first < 0 {
			continue
		}
		c := &st.Run.Calls[first]
		g := d.groupOf(c)
		g.count(c)
		last := &g.peaks[len(g.peaks)-1]
		*last = max(*last, peak)
	}
}

// promptsOf is the call of a thread's first turn, -1 where it is out of scope or its prompt is not known, and the size of the thread's
// largest prompt.
func (st *Study) promptsOf(t *Thread, in []bool) (first int32, peak int64) {
	first = -1
	for _, i := range t.Calls {
		c, p := &st.Run.Calls[i], &st.Places[i]
		if p.Turn == 0 || in != nil && !in[i] || !contributes(c) || c.Has&tracefmt.HasInput == 0 || c.Usage.Input <= 0 || !st.standsForTurn(i) {
			continue
		}
		if p.Turn == 1 && first < 0 {
			first = i
		}
		peak = max(peak, promptTokens(c))
	}
	return first, peak
}

// standsForTurn says that the call is the attempt whose prompt is that of its turn: the accepted one, else the base.
func (st *Study) standsForTurn(i int32) bool {
	if st.Places[i].Chain < 0 {
		return true
	}
	ch := &st.Chains[st.Places[i].Chain]
	if ch.Accepted >= 0 {
		return ch.Accepted == i
	}
	return ch.Base == i
}

// promptTokens is the size of promptOf without its cost.
func promptTokens(c *tracefmt.Call) int64 {
	u := &c.Usage
	return max(u.Input, max(u.CacheRead, 0)+max(u.CacheWrite, 0))
}

// groupOf is where the run's calls of the agent count; the first to ask adds the run's peak.
func (d *drifts) groupOf(c *tracefmt.Call) *driftGroup {
	for _, g := range d.touch {
		if g.key.workflow == c.Workflow && g.key.agent == c.Agent {
			return g
		}
	}
	k := driftKey{c.Workflow, c.Agent, c.Version, NoDay}
	if c.Has&tracefmt.HasStart != 0 {
		k.week = weekOf(d.days.day(c.Start))
	}
	g := d.group(k)
	g.peaks = append(g.peaks, 0)
	d.touch = append(d.touch, g)
	return g
}

func (d *drifts) group(k driftKey) *driftGroup {
	g := d.groups[k]
	if g == nil {
		g = &driftGroup{key: k}
		d.groups[k] = g
	}
	return g
}

// weekOf is the number of the week, from Monday, that a day is in.
func weekOf(day int32) int32 { return int32(math.Floor(float64(day+3) / 7)) }

// weekName is the ISO name of a week.
func weekName(week int32) string {
	y, w := time.Unix(int64(week)*7*86400, 0).UTC().ISOWeek() // the Thursday of the week
	return fmt.Sprintf("%d-W%02d", y, w)
}

// count adds a first-turn prompt.
func (g *driftGroup) count(c *tracefmt.Call) {
	if c.Has&tracefmt.HasStart != 0 && (g.from == 0 || c.Start < g.from) {
		g.from = c.Start
	}
	p := promptOf(c)
	g.first = append(g.first, p.size())
	if c.Context != nil {
		g.tagged++
		for i, n := range c.Context {
			g.parts[i] += n
		}
	}
	if known(c) {
		g.priced += p.size()
		g.pay(p.input(), false)
	}
}

func (g *driftGroup) pay(usd tracefmt.USD, over bool) {
	sum, ok := g.paid.Add(usd)
	g.paid, g.over = sum, g.over || over || !ok
}

// join adds the prompts of another group, of whatever key.
func (g *driftGroup) join(o *driftGroup) {
	if o.from != 0 && (g.from == 0 || o.from < g.from) {
		g.from = o.from
	}
	g.first, g.peaks = append(g.first, o.first...), append(g.peaks, o.peaks...)
	for i, n := range o.parts {
		g.parts[i] += n
	}
	g.tagged, g.priced = g.tagged+o.tagged, g.priced+o.priced
	g.pay(o.paid, o.over)
}

// merge joins what was collected of other runs.
func (d *drifts) merge(o *drifts) {
	for k, g := range o.groups {
		d.group(k).join(g)
	}
}

// A Drift is how the first-turn prompt of an agent changed over time.
type Drift struct {
	Workflow string      `json:"workflow"`
	Agent    string      `json:"agent"`
	Weeks    DriftSeries `json:"weeks"`
	Versions DriftSeries `json:"versions"`
	Steps    []DriftStep `json:"steps"` // at the boundaries between versions
}

// A DriftSeries is an agent's prompts by period. First and last are those among the periods that are not hollow; with fewer than two of them
// nothing is compared.
type DriftSeries struct {
	Periods     []DriftPeriod `json:"periods"`
	Drift       Fraction      `json:"drift"` // median of the last period over that of the first
	PeakDrift   Fraction      `json:"peak_drift"`
	Slope       Fraction      `json:"tokens_per_period"` // Theil-Sen
	Trend       Fraction      `json:"trend_per_period"`  // growth: 0.25 is 25 %
	S           int           `json:"mann_kendall_s"`
	Z           float64       `json:"mann_kendall_z"`
	Verdict     Verdict       `json:"verdict"`
	Parts       []DriftPart   `json:"attribution"`        // where the change of the mean comes from, largest first; they add up to ExtraTokens
	Untold      bool          `json:"components_missing"` // the first or last period has prompts that do not state their parts
	ExtraTokens Fraction      `json:"extra_tokens"`       // mean of the last period minus that of the first
	Prompts     int64         `json:"prompts"`            // first-turn prompts of the last period
	Cost        Amount        `json:"cost_usd"`           // of the extra tokens of these, at what their input cost
}

// A Verdict says whether a series has a trend.
type Verdict string

// The verdicts.
const (
	VerdictTrend  Verdict = "trend"
	VerdictNone   Verdict = "no trend"
	VerdictTooFew Verdict = "too few periods"
)

// A trend needs so many periods, and a Mann-Kendall Z at least so far from 0.
const (
	enoughPeriods = 6
	confidentZ    = 1.96
)

// A DriftPeriod is the prompts of a week or of a version.
type DriftPeriod struct {
	Name       string  `json:"period"`
	Runs       int64   `json:"runs"`
	Prompts    int64   `json:"prompts"`
	Median     float64 `json:"median_tokens"` // first-turn prompt
	P95        float64 `json:"p95_tokens"`
	PeakMedian float64 `json:"peak_median_tokens"` // largest prompt of a run
	PeakP95    float64 `json:"peak_p95_tokens"`
	Hollow     bool    `json:"hollow"` // fewer than five runs: left out of the trend

	order int64
	group *driftGroup
}

// A DriftPart is a part of the prompt, and what it adds to the mean.
type DriftPart struct {
	Name   string   `json:"component"`
	Tokens float64  `json:"tokens"`
	Share  Fraction `json:"share"` // of the change; NaN where nothing changed
}

// A DriftStep is the change of the first-turn prompt from one version to the next.
type DriftStep struct {
	Before        string   `json:"before"`
	After         string   `json:"after"`
	MedianBefore  float64  `json:"median_before_tokens"`
	MedianAfter   float64  `json:"median_after_tokens"`
	PromptsBefore int64    `json:"prompts_before"`
	PromptsAfter  int64    `json:"prompts_after"`
	Shift         Fraction `json:"shift_tokens"` // Hodges-Lehmann
	P             Fraction `json:"p"`            // permutation test; NaN when it was cancelled
}

// result describes every agent that has two periods, costliest change first.
func (d *drifts) result(ctx context.Context, names *tracefmt.Names) []Drift {
	type agent struct{ workflow, agent tracefmt.Sym }
	all := map[agent][]*driftGroup{}
	for k, g := range d.groups {
		a := agent{k.workflow, k.agent}
		all[a] = append(all[a], g)
	}
	var out []Drift
	for a, groups := range all {
		x := Drift{
			Workflow: names.Name(a.workflow), Agent: names.Name(a.agent),
			Weeks: series(weekPeriods(groups), true), Versions: series(versionPeriods(groups, names), false),
		}
		if max(len(x.Weeks.Periods), len(x.Versions.Periods)) > 1 {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(x, y Drift) int {
		return cmp.Or(cmp.Compare(y.weight(), x.weight()), cmp.Compare(x.Workflow, y.Workflow), cmp.Compare(x.Agent, y.Agent))
	})
	budget := testBudget(testWork)
	for i := range out {
		out[i].Steps = versionSteps(ctx, out[i].Versions.Periods, &budget)
		forgetGroups(out[i].Weeks.Periods)
		forgetGroups(out[i].Versions.Periods)
	}
	return out
}

// forgetGroups lets go of what the periods were made from.
func forgetGroups(list []DriftPeriod) {
	for i := range list {
		list[i].group = nil
	}
}

// weight is the money that the change concerns, in either direction.
func (x *Drift) weight() float64 {
	return max(math.Abs(x.Weeks.Cost.USD.Float()), math.Abs(x.Versions.Cost.USD.Float()))
}

func weekPeriods(groups []*driftGroup) []DriftPeriod {
	return periods(groups, func(g *driftGroup) (int64, string, bool) {
		return int64(g.key.week), weekName(g.key.week), g.key.week != NoDay
	}, func(p *DriftPeriod) int64 { return p.order })
}

// versionPeriods are the versions by their first use.
func versionPeriods(groups []*driftGroup, names *tracefmt.Names) []DriftPeriod {
	return periods(groups, func(g *driftGroup) (int64, string, bool) {
		return int64(g.key.version), names.Name(g.key.version), g.key.version != 0
	}, func(p *DriftPeriod) int64 { return p.group.from })
}

// periods joins groups of the same period and puts them in order.
func periods(groups []*driftGroup, of func(*driftGroup) (int64, string, bool), at func(*DriftPeriod) int64) []DriftPeriod {
	found := map[int64]*DriftPeriod{}
	for _, g := range groups {
		n, name, ok := of(g)
		if !ok {
			continue
		}
		if found[n] == nil {
			found[n] = &DriftPeriod{Name: name, order: n, group: &driftGroup{}}
		}
		found[n].group.join(g)
	}
	out := make([]DriftPeriod, 0, len(found))
	for p := range maps.Values(found) {
		p.describe()
		out = append(out, *p)
	}
	slices.SortFunc(out, func(x, y DriftPeriod) int { return cmp.Or(cmp.Compare(at(&x), at(&y)), cmp.Compare(x.Name, y.Name)) })
	return out
}

func (p *DriftPeriod) describe() {
	p.Runs, p.Prompts = int64(len(p.group.peaks)), int64(len(p.group.first))
	p.Hollow = p.Runs < fewRuns
	p.Median, p.P95 = medianAndP95(p.group.first)
	p.PeakMedian, p.PeakP95 = medianAndP95(p.group.peaks)
}

// medianAndP95 sorts the counts and returns their median and nearest-rank p95; there must be at least one.
func medianAndP95(x []int64) (median, p95 float64) {
	slices.Sort(x)
	n := len(x)
	return (float64(x[(n-1)/2]) + float64(x[n/2])) / 2, float64(x[rankOf(95, 100, int64(n))-1])
}

// series compares the periods. Weeks count as time passed, so that one without runs is a gap; versions follow one another.
func series(list []DriftPeriod, weeks bool) DriftSeries {
	nan := Fraction(math.NaN())
	s := DriftSeries{Periods: list, Drift: nan, PeakDrift: nan, Slope: nan, Trend: nan, ExtraTokens: nan, Verdict: VerdictTooFew, Parts: []DriftPart{}}
	var solid []DriftPeriod
	for i := range list {
		if !list[i].Hollow {
			solid = append(solid, list[i])
		}
	}
	if len(solid) < 2 {
		return s
	}
	first, last := &solid[0], &solid[len(solid)-1]
	s.Drift, s.PeakDrift = Fraction(last.Median/first.Median), Fraction(last.PeakMedian/first.PeakMedian)
	s.trend(solid[max(0, len(solid)-maxPeriods):], weeks)
	s.attribute(first.group, last.group)
	return s
}

// trend looks at the medians.
func (s *DriftSeries) trend(solid []DriftPeriod, weeks bool) {
	var x, tokens, logs []float64
	for i := range solid {
		at := float64(i)
		if weeks {
			at = float64(solid[i].order)
		}
		x, tokens, logs = append(x, at), append(tokens, solid[i].Median), append(logs, math.Log(solid[i].Median))
	}
	s.Slope, s.Trend = Fraction(theilSen(x, tokens)), Fraction(math.Expm1(theilSen(x, logs)))
	s.S, _, s.Z = mannKendall(tokens)
	switch {
	case len(solid) < enoughPeriods:
	case math.Abs(s.Z) >= confidentZ:
		s.Verdict = VerdictTrend
	default:
		s.Verdict = VerdictNone
	}
}

// attribute divides the change of the mean prompt by its parts. What no part covers is untagged, and takes part like one.
func (s *DriftSeries) attribute(first, last *driftGroup) {
	n0, n1 := int64(len(first.first)), int64(len(last.first))
	s.Prompts = n1
	s.Untold = first.tagged < n0 || last.tagged < n1
	before, after := first.total(), last.total()
	s.ExtraTokens = Fraction(perPrompt(after, n1) - perPrompt(before, n0))
	rest0, rest1 := before, after
	for i, name := range tracefmt.ContextNames {
		rest0, rest1 = rest0-first.parts[i], rest1-last.parts[i]
		s.part(name, perPrompt(last.parts[i], n1)-perPrompt(first.parts[i], n0))
	}
	s.part("untagged", perPrompt(rest1, n1)-perPrompt(rest0, n0))
	slices.SortFunc(s.Parts, func(x, y DriftPart) int {
		return cmp.Or(cmp.Compare(math.Abs(y.Tokens), math.Abs(x.Tokens)), cmp.Compare(x.Name, y.Name))
	})
	s.Cost = extraCost(before, n0, after, n1, last)
}

func (g *driftGroup) total() (sum int64) {
	for _, p := range g.first {
		sum += p
	}
	return sum
}

func perPrompt(tokens, n int64) float64 { return float64(tokens) / float64(n) }

func (s *DriftSeries) part(name string, tokens float64) {
	if tokens == 0 {
		return
	}
	share := math.NaN()
	if s.ExtraTokens != 0 {
		share = tokens / float64(s.ExtraTokens)
	}
	s.Parts = append(s.Parts, DriftPart{name, tokens, Fraction(share)})
}

// extraCost is (after/n1 - before/n0) tokens for each of n1 prompts, at what an input token of the last period cost: the cached share at
// the price of a cache read, and so on. It is unknown where no prompt of that period has a known cost.
func extraCost(before, n0, after, n1 int64, last *driftGroup) Amount {
	if last.priced == 0 || last.over {
		return Amount{}
	}
	tokens := new(big.Int).Mul(big.NewInt(after), big.NewInt(n0))
	tokens.Sub(tokens, new(big.Int).Mul(big.NewInt(before), big.NewInt(n1)))
	tokens.Mul(tokens, big.NewInt(int64(last.paid)))
	return amountOf(new(big.Rat).SetFrac(tokens, new(big.Int).Mul(big.NewInt(n0), big.NewInt(last.priced))))
}

// versionSteps compares each version with the next, where both have enough runs.
func versionSteps(ctx context.Context, list []DriftPeriod, budget *testBudget) []DriftStep {
	out := []DriftStep{}
	for i := 1; i < len(list); i++ {
		a, b := &list[i-1], &list[i]
		if a.Hollow || b.Hollow {
			continue
		}
		before, after := tokenFloats(a.group.first), tokenFloats(b.group.first)
		out = append(out, DriftStep{
			Before: a.Name, After: b.Name, MedianBefore: a.Median, MedianAfter: b.Median, PromptsBefore: a.Prompts, PromptsAfter: b.Prompts,
			Shift: Fraction(hodgesLehmann(before, after)), P: Fraction(budget.permutation(ctx, before, after)),
		})
	}
	return out
}

func tokenFloats(x []int64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

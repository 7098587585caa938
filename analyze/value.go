package analyze

import (
	"cmp"
	"context"
	"math"
	"slices"

	"costscope/tracefmt"
)

// unitUSD is the unit of value that a run states in dollars.
const unitUSD = "usd"

// A ValueReport compares flows by what they cost and what they are good for (analysis-spec J).
type ValueReport struct {
	Flows      []Flow         // by cost, dearest first
	ByScore    bool           // Quality is the mean score of runs; else the rate of success
	Frontier   []FrontierStep // flows that no other dominates, by rising cost per run
	Hull       []FrontierStep // of these, the ones that no mix of two others beats
	Values     []UnitValue
	MoreValues bool // units beyond maxUnits are left out
}

// A Flow is the runs of a workflow, or of one version, feature or model of it.
type Flow struct {
	Workflow, Part            string
	Runs                      int64 // finished ones
	Success, Failure, Unknown int64
	Cost, MeanCost            tracefmt.USD
	Priced                    bool    // some of Cost is known; else Cost, MeanCost and Standing mean nothing
	Quality                   float64 // NaN where it is not known
	PerSuccess                Amount
	Values                    []UnitValue
	Standing                  Standing
	DominatedBy               int     // index in Flows; -1 for none
	Agreement                 float64 // part of the resamples in which it is dominated; NaN without resamples
	OnHull                    bool
}

// A Standing is where a flow is beside the others.
type Standing uint8

const (
	StandingUnknown           Standing = iota // its quality or its cost is not known
	StandingFrontier                          // none is as good and as cheap
	StandingPossiblyDominated                 // another is, but chance may explain it
	StandingDominated                         // another is, in 95 % of the resamples
)

var standingNames = [...]string{"unknown", "frontier", "possibly dominated", "dominated"}

func (s Standing) String() string { return standingNames[s] }

// dominatedAt is the part of the resamples that must agree.
const dominatedAt = 0.95

// A UnitValue is what runs were worth in one unit. Units are never added together.
type UnitValue struct {
	Unit    string
	Amount  float64
	Runs    int64        // that state it
	Cost    tracefmt.USD // of all finished runs of the flows in which runs state it
	PerUSD  float64      // amount for a dollar; NaN where nothing was spent
	PerUnit Amount       // cost of one unit
	rest    float64      // what Amount lacks by rounding
	priced  bool         // some of Cost is known
}

// A FrontierStep is a flow of a frontier, with what an additional success costs over the flow before it.
type FrontierStep struct {
	Flow  int     // index in Flows
	Extra float64 // USD per success, or per point of mean score, above the flow before; NaN for the first
}

// maxUnits bounds the units of value that are told apart.
const maxUnits = 50

// flowKey tells flows apart.
type flowKey struct{ workflow, part tracefmt.Sym }

func (r *RunRow) flow(by Dim) flowKey {
	switch by {
	case DimVersion:
		return flowKey{r.Workflow, r.Version}
	case DimFeature:
		return flowKey{r.Workflow, r.Feature}
	case DimModel:
		return flowKey{r.Workflow, r.Model}
	}
	return flowKey{workflow: r.Workflow}
}

// value compares the flows of the runs: by workflow, or by workflow and version, feature or model.
func (x *Runs) value(ctx context.Context, names *tracefmt.Names, by Dim) ValueReport {
	rows := slices.DeleteFunc(slices.Clone(x.Rows()), func(r RunRow) bool { return r.Outcome == tracefmt.OutcomeInFlight })
	g := groupFlows(rows, names, by)
	r := ValueReport{Flows: g.flows}
	r.ByScore = g.scored > g.judged
	points := make([]flowPoint, len(r.Flows))
	for i, sum := range g.sums {
		points[i] = sum.point(r.ByScore)
		r.Flows[i].Quality = points[i].quality
		if !r.Flows[i].Priced {
			points[i].quality = math.NaN() // it takes no part
		}
	}
	r.compare(ctx, rows, g.at, points)
	x.worth(&r, names, by)
	return r
}

// A flowSum is what decides where a flow stands.
type flowSum struct {
	cost, score        float64
	runs, s, f, scored int64
	partial            int64 // runs with calls of unknown cost
}

// A flowRun is a run as it is drawn.
type flowRun struct {
	cost, score  float64
	flow         int32
	s, f, scored int8
}

func flowRunOf(r *RunRow, flow int32) flowRun {
	n := flowRun{cost: float64(r.Cost), flow: flow, s: int8(b2i(r.Outcome == tracefmt.OutcomeSuccess)), f: int8(b2i(r.Outcome == tracefmt.OutcomeFailure))}
	if r.HasScore && !math.IsNaN(r.Score) {
		n.score, n.scored = r.Score, 1
	}
	return n
}

func (n *flowSum) add(r *flowRun) {
	n.cost += r.cost
	n.score += r.score
	n.runs++
	n.s += int64(r.s)
	n.f += int64(r.f)
	n.scored += int64(r.scored)
}

// A flowPoint is a flow between cost and quality.
type flowPoint struct{ cost, quality float64 }

func (n *flowSum) point(byScore bool) flowPoint {
	p := flowPoint{n.cost / float64(n.runs) / 1e12, ratio(n.s, n.s+n.f)}
	if byScore {
		p.quality = n.score / float64(n.scored)
	}
	return p
}

type flowGroups struct {
	flows          []Flow
	sums           []flowSum
	at             []int32 // flow of each run
	judged, scored int     // flows with known outcomes, and with scores
}

// groupFlows adds runs up by flow.
func groupFlows(rows []RunRow, names *tracefmt.Names, by Dim) (g flowGroups) {
	keys, index := []flowKey(nil), map[flowKey]int32{}
	g.at = make([]int32, len(rows))
	for i := range rows {
		k := rows[i].flow(by)
		n, ok := index[k]
		if !ok {
			n = int32(len(keys))
			index[k], keys = n, append(keys, k)
			g.flows, g.sums = append(g.flows, Flow{Workflow: names.Name(k.workflow), Part: names.Name(k.part)}), append(g.sums, flowSum{})
		}
		g.at[i] = n
		f := &g.flows[n]
		f.Cost, _ = f.Cost.Add(rows[i].Cost)
		one := flowRunOf(&rows[i], n)
		g.sums[n].add(&one)
		g.sums[n].partial += int64(b2i(rows[i].Incomplete))
	}
	g.order()
	for i := range g.flows {
		f, n := &g.flows[i], &g.sums[i]
		f.Runs, f.Success, f.Failure, f.Unknown = n.runs, n.s, n.f, n.runs-n.s-n.f
		f.MeanCost, f.Priced = divRound(f.Cost, n.runs), f.Cost != 0 || n.partial == 0
		if f.Priced {
			f.PerSuccess = perSuccess(f.Cost, n.s, n.f, f.Unknown)
		}
		g.judged += b2i(n.s+n.f > 0)
		g.scored += b2i(n.scored > 0)
	}
	return g
}

// order puts the dearest flow first, equal ones by name.
func (g *flowGroups) order() {
	order := make([]int, len(g.flows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &g.flows[a], &g.flows[b]
		return cmp.Or(cmp.Compare(y.Cost, x.Cost), cmp.Compare(x.Workflow, y.Workflow), cmp.Compare(x.Part, y.Part))
	})
	flows, sums, to := make([]Flow, len(order)), make([]flowSum, len(order)), make([]int32, len(order))
	for n, i := range order {
		flows[n], sums[n], to[i] = g.flows[i], g.sums[i], int32(n)
	}
	for i := range g.at {
		g.at[i] = to[g.at[i]]
	}
	g.flows, g.sums = flows, sums
}

// compare finds the frontiers, and how sure it is that flows are dominated.
func (r *ValueReport) compare(ctx context.Context, rows []RunRow, at []int32, points []flowPoint) {
	by := dominators(points)
	var frontier []int
	var resamples int64
	hits := make([]int64, len(points))
	if slices.Max(append([]int{-1}, by...)) >= 0 {
		resamples = resampleDominance(ctx, rows, at, points, hits, r.ByScore)
	}
	for i := range r.Flows {
		f := &r.Flows[i]
		f.DominatedBy, f.Agreement = by[i], ratio(hits[i], resamples)
		switch {
		case math.IsNaN(points[i].quality):
		case by[i] < 0:
			f.Standing = StandingFrontier
			frontier = append(frontier, i)
		case f.Agreement >= dominatedAt:
			f.Standing = StandingDominated
		default:
			f.Standing = StandingPossiblyDominated
		}
	}
	slices.SortStableFunc(frontier, func(a, b int) int { return cmp.Compare(points[a].cost, points[b].cost) })
	r.Frontier, r.Hull = frontierSteps(points, frontier), frontierSteps(points, hull(points, frontier))
	for _, s := range r.Hull {
		r.Flows[s.Flow].OnHull = true
	}
}

// dominators gives each point another one that costs no more, is no worse, and is better in one: the best of them, the cheapest where
// several are; -1 where there is none. Points of unknown quality take no part.
func dominators(points []flowPoint) []int {
	out, order := make([]int, len(points)), make([]int, 0, len(points))
	for i := range points {
		out[i] = -1
		if !math.IsNaN(points[i].quality) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(points[a].cost, points[b].cost), cmp.Compare(points[b].quality, points[a].quality))
	})
	best := -1 // of the points before: the best, the cheapest of those
	for _, i := range order {
		p := points[i]
		if best >= 0 && points[best].quality >= p.quality && points[best] != p {
			out[i] = best
		}
		if best < 0 || p.quality > points[best].quality {
			best = i
		}
	}
	return out
}

// hull is the upper concave hull of points of a frontier, which rise in both.
func hull(points []flowPoint, frontier []int) (on []int) {
	for _, i := range frontier {
		for len(on) > 1 && below(points[on[len(on)-2]], points[on[len(on)-1]], points[i]) {
			on = on[:len(on)-1]
		}
		on = append(on, i)
	}
	return on
}

// below says that b lies under the line from a to c.
func below(a, b, c flowPoint) bool {
	return (b.quality-a.quality)*(c.cost-a.cost) < (c.quality-a.quality)*(b.cost-a.cost)
}

func frontierSteps(points []flowPoint, list []int) []FrontierStep {
	out := make([]FrontierStep, len(list))
	for n, i := range list {
		out[n] = FrontierStep{i, math.NaN()}
		if n > 0 {
			a, b := points[list[n-1]], points[i]
			if b.quality > a.quality {
				out[n].Extra = (b.cost - a.cost) / (b.quality - a.quality)
			}
		}
	}
	return out
}

// resampleDominance counts in how many resamples of the runs each flow is dominated. Of more than runDraws runs each resample draws
// runDraws; its points are moved towards those of all runs as much as larger resamples would lie nearer to them.
func resampleDominance(ctx context.Context, rows []RunRow, at []int32, whole []flowPoint, hits []int64, byScore bool) (resamples int64) {
	runs := make([]flowRun, len(rows))
	for i := range rows {
		runs[i] = flowRunOf(&rows[i], at[i])
	}
	sums, points := make([]flowSum, len(hits)), make([]flowPoint, len(hits))
	shrink := math.Sqrt(min(1, runDraws/float64(len(rows))))
	bootstrap(ctx, len(rows), runDraws, 0, func(draw []int32) float64 {
		clear(sums)
		for _, i := range draw {
			sums[runs[i].flow].add(&runs[i])
		}
		for i := range sums {
			points[i] = sums[i].point(byScore).near(whole[i], shrink)
			if math.IsNaN(whole[i].quality) {
				points[i].quality = whole[i].quality
			}
		}
		for i, by := range dominators(points) {
			hits[i] += int64(b2i(by >= 0))
		}
		resamples++
		return 0
	})
	return resamples
}

// near moves a point towards another; at 1 it stays.
func (p flowPoint) near(to flowPoint, at float64) flowPoint {
	if at == 1 {
		return p
	}
	return flowPoint{to.cost + (p.cost-to.cost)*at, to.quality + (p.quality-to.quality)*at}
}

// worth adds up what runs were worth: for each flow and for all.
func (x *Runs) worth(r *ValueReport, names *tracefmt.Names, by Dim) {
	index := map[flowKey]int{} // by name: numbers of names differ from one reading to the next
	key := func(f flowKey) [2]string { return [2]string{names.Name(f.workflow), names.Name(f.part)} }
	byName := map[[2]string]int{}
	for i, f := range r.Flows {
		byName[[2]string{f.Workflow, f.Part}] = i
	}
	for i := range x.values { // sorted: sums of floats do not depend on the order of reading
		v := &x.values[i]
		if v.run.Outcome == tracefmt.OutcomeInFlight {
			continue
		}
		k := v.run.flow(by)
		n, ok := index[k]
		if !ok {
			n = byName[key(k)]
			index[k] = n
		}
		f := &r.Flows[n]
		f.Values = addValue(f.Values, v.unit, v.amount, f.Cost)
		f.Values[len(f.Values)-1].priced = f.Priced
	}
	for i := range r.Flows {
		for k := range r.Flows[i].Values {
			v := &r.Flows[i].Values[k]
			r.Values = mergeValue(r.Values, v)
			v.settle()
		}
	}
	slices.SortFunc(r.Values, func(a, b UnitValue) int { return cmp.Compare(a.Unit, b.Unit) })
	if r.MoreValues = len(r.Values) > maxUnits; r.MoreValues {
		r.Values = r.Values[:maxUnits]
	}
	for i := range r.Values {
		r.Values[i].settle()
	}
}

// addValue adds what one run was worth. Values come by unit.
func addValue(list []UnitValue, unit string, amount float64, cost tracefmt.USD) []UnitValue {
	if n := len(list); n == 0 || list[n-1].Unit != unit {
		list = append(list, UnitValue{Unit: unit, Cost: cost})
	}
	v := &list[len(list)-1]
	v.plus(amount)
	v.Runs++
	return list
}

// plus adds an amount, keeping what rounding loses (Neumaier).
func (v *UnitValue) plus(x float64) {
	sum := v.Amount + x
	if math.Abs(v.Amount) >= math.Abs(x) {
		v.rest += v.Amount - sum + x
	} else {
		v.rest += x - sum + v.Amount
	}
	v.Amount = sum
}

func mergeValue(list []UnitValue, v *UnitValue) []UnitValue {
	for i := range list {
		if to := &list[i]; to.Unit == v.Unit {
			to.plus(v.Amount)
			to.rest += v.rest
			to.priced = to.priced || v.priced
			to.Runs += v.Runs
			to.Cost, _ = to.Cost.Add(v.Cost)
			return list
		}
	}
	return append(list, *v)
}

// settle sets what follows from amount and cost.
func (v *UnitValue) settle() {
	v.Amount, v.rest = v.Amount+v.rest, 0
	v.PerUSD = math.NaN()
	if v.Cost > 0 {
		v.PerUSD = v.Amount / v.Cost.Float()
	}
	if per := float64(v.Cost) / v.Amount; v.priced && v.Amount > 0 && per < math.MaxInt64 {
		v.PerUnit = Amount{tracefmt.USD(math.Round(per)), true}
	}
}

package analyze

import (
	"cmp"
	"math"
	"slices"

	"costscope/tracefmt"
)

// Accuracy is how cost goes with quality (analysis-spec K.1), over finished runs.
type Accuracy struct {
	FailureRatio float64 // mean cost of a failure over that of a success; NaN where one is missing
	Scored       int64   // runs with a score
	Rho          float64 // rank correlation of cost and score; NaN for fewer than minScored runs, or where one does not vary
	Quintiles    []Quintile
}

// A Quintile is a fifth of the runs by score, lowest first. Runs of the same score are in the same one, so that one may be larger, and others
// may be missing.
type Quintile struct {
	Fifth         int // 1 to 5
	Runs          int64
	Low, High     float64 // scores
	Cost, Mean    tracefmt.USD
	Success, Fail int64
}

// minScored is how many runs quintiles and correlations need.
const minScored = 10

// NewAccuracy looks at runs in the order of Runs.Rows.
func NewAccuracy(rows []RunRow) Accuracy {
	a := Accuracy{FailureRatio: NewOutcomes(runCosts(rows)).FailureRatio, Rho: math.NaN()}
	var scored []RunRow
	for _, r := range rows {
		if r.HasScore && r.Outcome != tracefmt.OutcomeInFlight && !math.IsNaN(r.Score) {
			scored = append(scored, r)
		}
	}
	if a.Scored = int64(len(scored)); a.Scored < minScored {
		return a
	}
	costs, scores := make([]float64, len(scored)), make([]float64, len(scored))
	for i, r := range scored {
		costs[i], scores[i] = float64(r.Cost), r.Score
	}
	a.Rho = spearman(costs, scores)
	a.Quintiles = quintiles(scored)
	return a
}

// quintiles sorts the runs by score.
func quintiles(scored []RunRow) (list []Quintile) {
	slices.SortStableFunc(scored, func(a, b RunRow) int { return cmp.Compare(a.Score, b.Score) })
	n := len(scored)
	for from := 0; from < n; {
		to := from + 1
		for to < n && scored[to].Score == scored[from].Score {
			to++
		}
		// The middle of the ranks from+1 to to is (from+to+1)/2: its fifth is that of (from+to)/2 counted from 0.
		fifth := 1 + min(4, 5*(from+to)/(2*n))
		if len(list) == 0 || list[len(list)-1].Fifth != fifth {
			list = append(list, Quintile{Fifth: fifth, Low: scored[from].Score})
		}
		list[len(list)-1].add(scored[from:to])
		from = to
	}
	for i := range list {
		list[i].Mean = divRound(list[i].Cost, list[i].Runs)
	}
	return list
}

func (q *Quintile) add(rows []RunRow) {
	for _, r := range rows {
		q.Runs++
		q.Cost, _ = q.Cost.Add(r.Cost)
		q.Success += int64(b2i(r.Outcome == tracefmt.OutcomeSuccess))
		q.Fail += int64(b2i(r.Outcome == tracefmt.OutcomeFailure))
		q.High = r.Score
	}
}

// A SuccessChange is why the cost per success changed between two periods (analysis-spec K.2). The effects add up to the change, the ratios
// multiply to that of the costs per success. Amounts are USD.
type SuccessChange struct {
	Before, After               float64 // cost per success
	CostEffect, AccuracyEffect  float64 // of the mean cost of a run; of the rate of success
	CostRatio, AccuracyRatio    float64
	MeanBefore, MeanAfter       float64 // cost of a run
	SuccessBefore, SuccessAfter float64 // rate among runs of known outcome
	RunsBefore, RunsAfter       int64
	OK                          bool // both periods have successes and cost
}

// NewSuccessChange compares two periods; unknown outcomes succeed as often as known ones.
func NewSuccessChange(before, after *Outcomes) SuccessChange {
	c0, p0, n0 := before.rates()
	c1, p1, n1 := after.rates()
	c := successChange(c0, p0, c1, p1)
	c.RunsBefore, c.RunsAfter = n0, n1
	return c
}

// rates are the mean cost of a finished run, the rate of success and the number of finished runs.
func (o *Outcomes) rates() (mean, success float64, runs int64) {
	runs = o.Success + o.Failure + o.Unknown
	return o.Cost.Float() / float64(runs), ratio(o.Success, o.Success+o.Failure), runs
}

func successChange(c0, p0, c1, p1 float64) SuccessChange {
	c := SuccessChange{MeanBefore: c0, MeanAfter: c1, SuccessBefore: p0, SuccessAfter: p1}
	c.OK = c0 > 0 && p0 > 0 && c1 > 0 && p1 > 0
	if !c.OK {
		return c
	}
	c.Before, c.After = c0/p0, c1/p1
	l := logMean(c.After, c.Before)
	c.CostEffect, c.AccuracyEffect = l*math.Log(c1/c0), -l*math.Log(p1/p0)
	c.CostRatio, c.AccuracyRatio = c1/c0, p0/p1
	return c
}

// A HalfChange compares the later half of the runs with the earlier one, by when they began.
type HalfChange struct {
	Split   int64 // UTC nanoseconds: when the first run of the later half began
	Success SuccessChange
	Cost    MixChange // of the mean cost of a run, in USD
	Quality MixChange // of the rate of success
	OK      bool      // there are minScored runs on both sides
}

// NewHalfChange looks at the finished runs whose start is known, the mix being that of flows (see Runs.value). Runs that begin at the same
// time are in the same half.
func NewHalfChange(rows []RunRow, names *tracefmt.Names, by Dim) (c HalfChange) {
	timed := slices.DeleteFunc(slices.Clone(rows), func(r RunRow) bool { return r.Start == 0 || r.Outcome == tracefmt.OutcomeInFlight })
	slices.SortStableFunc(timed, func(a, b RunRow) int { return cmp.Compare(a.Start, b.Start) })
	n := len(timed) / 2
	for n > 0 && timed[n].Start == timed[n-1].Start {
		n--
	}
	if c.OK = n >= minScored; !c.OK {
		return c
	}
	c.Split = timed[n].Start
	before, after := NewOutcomes(runCosts(timed[:n])), NewOutcomes(runCosts(timed[n:]))
	c.Success = NewSuccessChange(&before, &after)
	c.Cost = NewMixChange(mixGroups(timed[:n], timed[n:], names, by, func(r *RunRow) (float64, bool) { return r.Cost.Float(), true }))
	c.Quality = NewMixChange(mixGroups(timed[:n], timed[n:], names, by, func(r *RunRow) (float64, bool) {
		return float64(b2i(r.Outcome == tracefmt.OutcomeSuccess)), r.Outcome != tracefmt.OutcomeUnknown
	}))
	return c
}

// mixGroups adds up the runs of two periods by flow, flows by name; what has no value is left out.
func mixGroups(before, after []RunRow, names *tracefmt.Names, by Dim, value func(*RunRow) (float64, bool)) (list []MixGroup) {
	index := map[flowKey]int{}
	add := func(rows []RunRow, to func(*MixGroup) (*int64, *float64)) {
		for i := range rows {
			v, ok := value(&rows[i])
			if !ok {
				continue
			}
			k := rows[i].flow(by)
			n, known := index[k]
			if !known {
				n = len(list)
				index[k] = n
				list = append(list, MixGroup{Name: flowName(names.Name(k.workflow), names.Name(k.part))})
			}
			runs, sum := to(&list[n])
			*runs++
			*sum += v
		}
	}
	add(before, func(g *MixGroup) (*int64, *float64) { return &g.RunsBefore, &g.SumBefore })
	add(after, func(g *MixGroup) (*int64, *float64) { return &g.RunsAfter, &g.SumAfter })
	slices.SortFunc(list, func(a, b MixGroup) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func flowName(workflow, part string) string {
	if part == "" {
		return workflow
	}
	return workflow + " / " + part
}

// A MixGroup is a part of the runs of two periods: a path, a class of tasks, a version.
type MixGroup struct {
	Name                  string
	RunsBefore, RunsAfter int64
	SumBefore, SumAfter   float64 // of what the mean is of
}

// A MixChange tells a change of a mean apart into a change of the mix of groups and a change within the groups (analysis-spec K.3). Mix and
// Rate add up to Change.
type MixChange struct {
	Before, After, Change float64
	Mix, Rate             float64
	RateFirst             bool // the mix of work changed so much that the mean misleads: show Rate first, and say so
}

// NewMixChange compares two periods. A group that one of them lacks counts with the mean of the other: its coming or going is mix.
func NewMixChange(groups []MixGroup) MixChange {
	var n0, n1 int64
	var c MixChange
	for _, g := range groups {
		n0, n1 = n0+g.RunsBefore, n1+g.RunsAfter
		c.Before, c.After = c.Before+g.SumBefore, c.After+g.SumAfter
	}
	c.Before, c.After = c.Before/float64(n0), c.After/float64(n1)
	c.Change = c.After - c.Before
	for _, g := range groups {
		s0, s1 := ratio(g.RunsBefore, n0), ratio(g.RunsAfter, n1)
		r0, r1 := g.SumBefore/float64(g.RunsBefore), g.SumAfter/float64(g.RunsAfter)
		switch {
		case g.RunsBefore == 0 && g.RunsAfter == 0:
			continue
		case g.RunsBefore == 0:
			r0 = r1
		case g.RunsAfter == 0:
			r1 = r0
		}
		c.Mix += (s1 - s0) * (r0 + r1) / 2
		c.Rate += (s0 + s1) / 2 * (r1 - r0)
	}
	c.RateFirst = c.Change*c.Rate < 0 || math.Abs(c.Mix) > math.Abs(c.Rate)
	return c
}

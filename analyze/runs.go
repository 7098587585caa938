package analyze

import (
	"cmp"
	"context"
	"math"
	"slices"

	"costscope/tracefmt"
)

// A RunRow is what analyses over runs need of one run within a scope.
type RunRow struct {
	Cost                              tracefmt.USD // of its calls in scope
	Score                             float64
	Start                             int64        // of its first call in scope that has one; 0: not known
	Task                              uint64       // hash of what the run was to solve; 0: not stated
	Workflow, Version, Feature, Model tracefmt.Sym // Model is the one that cost most
	Outcome                           tracefmt.Outcome
	HasScore, Incomplete              bool // Incomplete: a call has an unknown cost, Cost is a lower bound
}

// compare orders rows by all that they say: whatever the order in which runs were read, sorted rows are the same.
func (a *RunRow) compare(b *RunRow) int {
	return cmp.Or(cmp.Compare(a.Cost, b.Cost), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Task, b.Task), cmp.Compare(a.Score, b.Score),
		cmp.Compare(b2i(a.HasScore), b2i(b.HasScore)), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Model, b.Model), cmp.Compare(b2i(a.Incomplete), b2i(b.Incomplete)))
}

// Runs keeps a row for each run with calls in scope.
type Runs struct {
	rows   []RunRow
	values []valueRow
	sorted bool
	models modelCosts // of the run at hand
}

// A valueRow is what one run was worth in one unit.
type valueRow struct {
	unit   string
	amount float64
	run    RunRow // what says which flow it belongs to
}

// modelCosts are what the models of a run cost.
type modelCosts []modelCost

type modelCost struct {
	model tracefmt.Sym
	cost  tracefmt.USD
}

// add keeps a run. One without any calls counts, one whose calls are all outside the scope does not.
func (x *Runs) add(st *Study, in []bool) {
	run := st.Run
	row := RunRow{Workflow: run.Workflow, Version: run.Version, Feature: run.Feature, Outcome: run.Outcome, HasScore: run.HasScore, Score: run.Score}
	x.models = x.models[:0]
	empty, matched := true, false
	for i := range run.Calls {
		c := &run.Calls[i]
		if !contributes(c) {
			continue
		}
		empty = false
		if in != nil && !in[i] {
			continue
		}
		matched = true
		row.Incomplete = row.Incomplete || missing(c)
		if c.Has&tracefmt.HasStart != 0 && (row.Start == 0 || c.Start < row.Start) {
			row.Start = c.Start
		}
		if known(c) {
			row.Cost, _ = row.Cost.Add(c.Cost)
			x.models.add(c.Model, c.Cost)
		}
	}
	if !empty && !matched {
		return
	}
	row.Model = x.models.dearest()
	x.facts(&row, run.Facts)
	x.rows, x.sorted = append(x.rows, row), false
}

// facts takes what the run says about itself.
func (x *Runs) facts(row *RunRow, f *tracefmt.RunFacts) {
	if f == nil {
		return
	}
	row.Task = hashText(f.Task)
	for _, v := range f.Values {
		x.values = append(x.values, valueRow{v.Unit, v.Amount, *row})
	}
	if f.ValueUSD != nil {
		x.values = append(x.values, valueRow{unitUSD, *f.ValueUSD, *row})
	}
}

func (x *modelCosts) add(y tracefmt.Sym, cost tracefmt.USD) {
	if y == 0 {
		return
	}
	for i := range *x {
		if m := &(*x)[i]; m.model == y {
			m.cost, _ = m.cost.Add(cost)
			return
		}
	}
	*x = append(*x, modelCost{y, cost})
}

// dearest is the model that cost most, the first of several that cost the same; 0 for none.
func (x modelCosts) dearest() (y tracefmt.Sym) {
	most := tracefmt.USD(-1)
	for _, m := range x {
		if m.cost > most {
			y, most = m.model, m.cost
		}
	}
	return y
}

// hashText is FNV-1a; 0 for no text.
func hashText(s string) uint64 {
	if s == "" {
		return 0
	}
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return max(h, 1)
}

// merge adds the runs of o.
func (x *Runs) merge(o *Runs) {
	x.rows, x.values, x.sorted = append(x.rows, o.rows...), append(x.values, o.values...), false
}

// Rows are the runs, by cost.
func (x *Runs) Rows() []RunRow {
	if !x.sorted {
		slices.SortFunc(x.rows, func(a, b RunRow) int { return a.compare(&b) })
		slices.SortFunc(x.values, func(a, b valueRow) int {
			return cmp.Or(cmp.Compare(a.unit, b.unit), cmp.Compare(a.amount, b.amount), a.run.compare(&b.run))
		})
		x.sorted = true
	}
	return x.rows
}

// RunCosts are the rows for NewOutcomes.
func runCosts(rows []RunRow) []RunCost {
	list := make([]RunCost, len(rows))
	for i := range rows {
		list[i] = RunCost{Cost: rows[i].Cost, Outcome: rows[i].Outcome, Incomplete: rows[i].Incomplete}
	}
	return list
}

// A SuccessCost is what a success costs, and how sure that is (analysis-spec H).
type SuccessCost struct {
	Outcomes
	Interval   Interval // of PerSuccess, in pico-dollars; High is infinite where resamples hold no success
	OverTasks  bool     // tasks were drawn, not runs: some have several runs
	Indicative bool     // fewer than ten successes
	Tasks      int64    // tasks with finished runs; runs without a task are none
	Solved     int64    // of these, tasks with a success
	PerTask    Amount   // cost of the runs of all tasks per task solved
	Incomplete int64    // finished runs with calls of unknown cost
}

// successes is the cost per success of the runs.
func (x *Runs) successes(ctx context.Context) SuccessCost { return successCost(ctx, x.Rows()) }

func successCost(ctx context.Context, rows []RunRow) SuccessCost {
	r := SuccessCost{Outcomes: NewOutcomes(runCosts(rows))}
	r.Indicative = r.Success < indicativeBelow
	units := make([]unitRuns, 0, len(rows))
	for i := range rows {
		if rows[i].Outcome != tracefmt.OutcomeInFlight {
			units = append(units, unitOf(&rows[i]))
			r.Incomplete += int64(b2i(rows[i].Incomplete))
		}
	}
	tasks, alone := tasksOf(units)
	r.perTask(tasks)
	if r.OverTasks = len(tasks) > 0 && len(tasks)+alone < len(units); r.OverTasks {
		units = append(tasks, taskless(units)...)
	}
	r.Interval = bootstrap(ctx, len(units), runDraws, unitCost(units, nil), func(draw []int32) float64 { return unitCost(units, draw) })
	return r
}

// indicativeBelow is how many successes an interval needs to be more than indicative.
const indicativeBelow = 10

// runDraws bounds what a replicate draws of many runs: the intervals of each screen must be there in a moment.
const runDraws = 20_000

// A unitRuns is what is drawn: a run, or all runs of a task.
type unitRuns struct {
	cost    float64
	s, f, u int32
	task    uint64
}

func unitOf(r *RunRow) unitRuns {
	n := unitRuns{cost: float64(r.Cost), task: r.Task}
	switch r.Outcome {
	case tracefmt.OutcomeSuccess:
		n.s = 1
	case tracefmt.OutcomeFailure:
		n.f = 1
	default:
		n.u = 1
	}
	return n
}

// tasksOf adds up the runs of each task, tasks by cost; alone is the number of runs without one.
func tasksOf(runs []unitRuns) (tasks []unitRuns, alone int) {
	sorted := slices.Clone(runs)
	slices.SortStableFunc(sorted, func(a, b unitRuns) int { return cmp.Compare(a.task, b.task) })
	for _, r := range sorted {
		switch n := len(tasks) - 1; {
		case r.task == 0:
			alone++
		case n >= 0 && tasks[n].task == r.task:
			t := &tasks[n]
			t.cost, t.s, t.f, t.u = t.cost+r.cost, t.s+r.s, t.f+r.f, t.u+r.u
		default:
			tasks = append(tasks, r)
		}
	}
	slices.SortStableFunc(tasks, func(a, b unitRuns) int { return cmp.Compare(a.cost, b.cost) })
	return tasks, alone
}

func taskless(runs []unitRuns) (list []unitRuns) {
	for _, r := range runs {
		if r.task == 0 {
			list = append(list, r)
		}
	}
	return list
}

// unitCost is the cost per success of the units drawn, of all without a draw; infinite without a success.
func unitCost(units []unitRuns, draw []int32) float64 {
	var cost float64
	var s, f, u int64
	count := func(n *unitRuns) { cost, s, f, u = cost+n.cost, s+int64(n.s), f+int64(n.f), u+int64(n.u) }
	for _, i := range draw {
		count(&units[i])
	}
	if draw == nil {
		for i := range units {
			count(&units[i])
		}
	}
	if s == 0 {
		return math.Inf(1)
	}
	return cost * float64(s+f) / (float64(s) * float64(s+f+u))
}

func (r *SuccessCost) perTask(tasks []unitRuns) {
	cost := tracefmt.USD(0)
	for _, t := range tasks {
		r.Tasks++
		r.Solved += int64(b2i(t.s > 0))
		cost, _ = cost.Add(tracefmt.USD(t.cost))
	}
	r.PerTask = quotient(cost, 1, r.Solved)
}

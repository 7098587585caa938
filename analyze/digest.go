package analyze

import (
	"context"
	"sync"

	"costscope/tracefmt"
)

// A Digest is what the analysis says of the runs of a scope, beyond what their cells add up to: it reads every run once. Digests of
// different runs merge in any order.
type Digest struct {
	m       *Matcher
	source  func(uint32) string
	whole   bool // every call is in the scope
	student *Student
	in      []bool
	names   *tracefmt.Names

	paths   *pathSums
	factors *Factors
	drifts  *drifts
	retries RetryTotals
	tries   Attempts
	chains  topChains
	loops   LoopTotals
	waste   WasteTotals
	warned  WarningTotals
	context *Context
	spend   SpendQuality
	runs    Runs
	load    *Load
	agents  *Agents
}

// NewDigest returns an empty digest of what q is about. sourceName gives the path of a source.
func NewDigest(q Query, names *tracefmt.Names, cfg Config, sourceName func(uint32) string) *Digest {
	return &Digest{
		m: q.Compile(names, cfg), source: sourceName, whole: len(q.Where) == 0 && q.Since == 0 && q.Until == 0, student: NewStudent(cfg), names: names,
		paths: newPathSums(q, names, cfg, sourceName), factors: NewFactors(names, nil), drifts: newDrifts(cfg.TZ), load: NewLoad(), context: NewContext(),
		agents: NewAgents(names),
	}
}

// Add reads a run.
func (d *Digest) Add(run *tracefmt.Run) {
	in, some := d.scope(run)
	if !some {
		return
	}
	st := d.student.Study(run)
	d.paths.add(st, in)
	d.factors.add(st, in)
	d.drifts.add(st, in)
	d.retries.add(st, in)
	d.tries.add(st, in)
	d.chains.add(st, in)
	d.loops.add(st, in)
	d.waste.add(st, in)
	d.warned.add(st, in)
	d.context.add(st, in)
	d.spend.add(st, in)
	d.runs.add(st, in)
	d.load.add(st, in)
	d.agents.add(st, in)
}

// scope tells which calls of a run are asked for, nil for all, and whether any is.
func (d *Digest) scope(run *tracefmt.Run) (in []bool, some bool) {
	if d.whole {
		return nil, len(run.Calls) > 0
	}
	d.m.Enter(run, d.source)
	d.in = append(d.in[:0], make([]bool, len(run.Calls))...)
	for i := range run.Calls {
		c := &run.Calls[i]
		d.in[i] = contributes(c) && d.m.Match(run, i, d.m.sourceOf(c, d.source))
		some = some || d.in[i]
	}
	return d.in, some
}

// Merge joins what o read.
func (d *Digest) Merge(o *Digest) {
	d.paths.merge(o.paths)
	d.factors.merge(o.factors)
	d.drifts.merge(o.drifts)
	d.retries.merge(&o.retries)
	d.tries.merge(&o.tries)
	d.chains.merge(&o.chains)
	d.loops.merge(&o.loops)
	d.waste.merge(&o.waste)
	d.warned.merge(&o.warned)
	d.context.merge(o.context)
	d.spend.merge(&o.spend)
	d.runs.merge(&o.runs)
	d.load.merge(o.load)
	d.agents.merge(o.agents)
}

// An Analysis is what a Digest comes to.
type Analysis struct {
	Retries  RetryTotals
	Tries    AttemptReport
	Chains   []TopChain // the most wasteful
	Loops    LoopTotals
	Waste    WasteReport
	Warned   WarningTotals
	Context  ContextReport
	Factors  FactorReport
	Spend    SpendReport
	Success  SuccessCost
	Caps     CapCurve
	Accuracy Accuracy
	Value    ValueReport // of workflows
	Models   ValueReport // of the models of each workflow
	Load     LoadReport
	Agents   AgentReport
	Drifts   []Drift
	Flags    []Flag

	names *tracefmt.Names
}

// Names resolves the names in the analysis.
func (a *Analysis) Names() *tracefmt.Names { return a.names }

// PromptsByTurn is how large prompts are by the number of their turn.
func (d *Digest) PromptsByTurn() []TurnRow { return d.context.byTurn.result() }

// Result sums up. t is the table of the same scope. It stops where ctx ends.
func (d *Digest) Result(ctx context.Context, t *Table) *Analysis {
	rows := d.runs.Rows()
	a := &Analysis{
		Retries: d.retries, Tries: d.tries.result(), Chains: d.chains.result(), Loops: d.loops, Waste: d.waste.result(), Warned: d.warned,
		Context: d.context.result(), names: d.names,
		Factors: d.factors.result(), Spend: d.spend.result(), Agents: d.agents.result(),
	}
	var wg sync.WaitGroup // each of these sorts or draws many values
	wg.Go(func() { a.Success, a.Caps, a.Accuracy = d.runs.successes(ctx), NewCapCurve(rows), NewAccuracy(rows) })
	wg.Go(func() { a.Value = d.runs.value(ctx, d.names, DimWorkflow) })
	wg.Go(func() { a.Models = d.runs.value(ctx, d.names, DimModel) })
	wg.Go(func() { a.Load = d.load.result(d.names) })
	wg.Go(func() { a.Drifts = d.drifts.result(ctx, d.names) })
	wg.Wait()
	a.Flags = Flags(t, d.paths.of(), &DefaultLimits, "high")
	a.Flags = append(a.Flags, a.more(t, &DefaultLimits)...)
	SortFlags(a.Flags)
	return a
}

// more are the flags that no single row of the table can raise: flows that others dominate, prompts that drift.
func (a *Analysis) more(t *Table, l *FlagLimits) (list []Flag) {
	for _, f := range a.Models.Flows {
		if f.DominatedBy < 0 || a.Models.Flows[f.DominatedBy].Workflow != f.Workflow || // other work is no yardstick
			ratio(int64(f.Cost), int64(t.Total.Cost)) < l.MinShare {
			continue
		}
		flows := [2]Flow{f, a.Models.Flows[f.DominatedBy]}
		list = append(list, Flag{Rule: "dominated", Path: []string{f.name()}, Value: f.Quality, Limit: flows[1].Quality, USD: f.Cost, Sample: f.Runs, Of: "runs",
			Confidence: f.Standing.String(), Why: dominatedWhy(&flows), by: []Dimension{{Dim: DimWorkflow}, {Dim: DimModel}}, flows: &flows})
	}
	for i := range a.Drifts {
		d := &a.Drifts[i]
		s := &d.Weeks
		if v := float64(d.Versions.Drift); !(float64(s.Drift) >= l.Drift) && v >= l.Drift {
			s = &d.Versions
		}
		if !(float64(s.Drift) >= l.Drift) {
			continue
		}
		list = append(list, Flag{Rule: "drift", Path: []string{d.Workflow, d.Agent}, Value: float64(s.Drift), Limit: l.Drift, USD: s.Cost.USD, Sample: s.Prompts,
			Of: "first prompts", Confidence: string(s.Verdict), Why: "its first prompt has grown by " + Times(float64(s.Drift)),
			by: []Dimension{{Dim: DimWorkflow}, {Dim: DimAgent}}})
	}
	return list
}

// dominatedWhy says by what a flow is dominated.
func dominatedWhy(flows *[2]Flow) string {
	f, by := &flows[0], &flows[1]
	return "as good for " + Money(by.MeanCost) + " a run, not " + Money(f.MeanCost) + ": " + by.name() + ", " + Percent(by.Quality) + " against " + Percent(f.Quality)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/spf13/cobra"
)

const checkLong = `Compare traces with the limits and budgets of a file (YAML, TOML or JSON): a gate for continuous
integration. A limit says how much a metric of a scope may be:

  limits:
    - {metric: total, max: 25.00, workflow: support-bot}
    - {metric: p95_cost_per_run, max: 0.80}
    - {metric: waste_share, max: 0.15, agent: executor, optional: true}
    - {metric: projected_total, max: 3000, runs: 100k}
    - {metric: growth, max: 0.10}
  budgets:
    - {name: support team, scope: {feature: refunds}, usd: 3000, period: 720h, start: 2026-09-01}
  baseline: last-release.jsonl

Metrics: total, projected_total, cost_per_run, cost_per_success, p95_cost_per_run (USD); waste_share,
cost_amplification, context_factor, post_warning_share, growth (ratios). With high: true the high end
of the 95 % interval of projected_total, cost_per_success or post_warning_share is what may be at most max.
Scopes: any dimension of --by. A period is 30m, 720h, 7d, 4w, or minute, hour, day, week, month.
growth is how much dearer a run is than in the baseline; it fails only if that is significant.
A budget fails when a period of it is overspent, or when it burns too fast as the trace ends.

A limit without enough data, or over calls of unknown cost, does not pass: it is insufficient.

Exit codes: 0 every limit holds · 1 a limit fails · 2 not enough data for a limit that is not
optional · 3 nothing could be read · 4 wrong usage, also a file with a mistake.`

// checkFlags is as typed.
type checkFlags struct {
	budget, maxCost, baseline, junit string

	file budgetFile
}

func checkCommand(a *app, c *cobra.Command) func([]string) error {
	var f checkFlags
	s := c.Flags()
	s.StringVar(&f.budget, "budget", "", "`FILE` of limits and budgets: YAML, TOML or JSON")
	s.StringVar(&f.maxCost, "max-cost", "", "the total may be at most `USD`; needs no file")
	s.StringVar(&f.baseline, "baseline", "", "`TRACE` that growth is measured against (default: the file's)")
	s.StringVar(&f.junit, "junit", "", "write the results as JUnit XML to `FILE`, too")
	return onTraces(f.check, func(a *app, j *job) error { return a.check(j, &f) })(a, c)
}

// check settles the flags and reads the file.
func (f *checkFlags) check(j *job) error {
	if f.budget == "" && f.maxCost == "" {
		return wrongUsage("for instance: costscope check traces.jsonl --max-cost 25, or --budget budget.yaml", "check needs --budget FILE or --max-cost USD")
	}
	if f.junit == "-" {
		return wrongUsage("", "--junit needs a file: results go to standard output")
	}
	if f.budget != "" {
		file, err := readBudgetFile(f.budget, j.zone)
		if err != nil {
			return wrongUsage("what it may hold: costscope check --help", "--budget: %w", err)
		}
		f.file = *file
	}
	if f.maxCost != "" {
		max, err := tracefmt.ParseUSD([]byte(f.maxCost))
		if err != nil || max < 0 {
			return wrongUsage("for instance --max-cost 25, or 0.50", "--max-cost: %q is no amount of dollars", f.maxCost)
		}
		f.file.limits = append(f.file.limits, analyze.Limit{Metric: "total", Max: max.Float()})
	}
	if f.baseline != "" {
		f.file.baseline = f.baseline
	}
	if f.file.baseline == "" && slices.ContainsFunc(f.file.limits, isGrowth) {
		return wrongUsage("add baseline: TRACE to the file, or --baseline TRACE", "growth needs a trace to compare with")
	}
	return nil
}

func isGrowth(l analyze.Limit) bool { return l.Metric == "growth" }

// check measures every limit and says how the gate comes out.
func (a *app) check(j *job, f *checkFlags) error {
	if err := j.inputs.refuseOutput(j.out); err != nil {
		return err
	}
	if err := j.inputs.refuseOutput(f.junit); err != nil {
		return err
	}
	if f.baseline != "" && !j.quiet && !slices.ContainsFunc(f.file.limits, isGrowth) {
		fmt.Fprintln(a.err, "costscope: --baseline is for limits on growth, and there is none: it is not read")
	}
	before, err := a.baselines(j, f)
	if err != nil {
		return err
	}
	s, err := a.read(j)
	if err != nil {
		return err
	}
	defer s.Close()
	m := measurer{ctx: a.ctx, store: s, job: j, before: before, facts: map[string]*scopeFacts{}}
	r := analyze.GateReport{Gate: analyze.Check(f.file.limits, m.measure), Subject: j.subject(), Unpriced: []analyze.UnpricedModel{}, Prices: j.priceInfo()}
	for i := range f.file.budgets {
		m.budget(&f.file.budgets[i], &r.Gate)
	}
	if all := m.of(nil); all != nil {
		for _, u := range all.table.Unpriced {
			r.Unpriced = append(r.Unpriced, analyze.UnpricedModel(u))
		}
	}
	if err := errors.Join(m.err, a.ctx.Err()); err != nil {
		return err
	}
	if f.junit != "" {
		if err := a.write(f.junit, r.WriteJUnit); err != nil {
			return err
		}
	}
	if err := a.write(j.out, func(w io.Writer) error { return j.print(w, &r) }); err != nil {
		return err
	}
	return gateFailure(&r)
}

// gateFailure is nil for a gate that passes.
func gateFailure(r *analyze.GateReport) error {
	switch r.ExitCode() {
	case exitDone:
		return nil
	case exitFails:
		return &failure{exitFails, errors.New("check: " + r.Summary()), ""}
	}
	return &failure{exitTooLittle, errors.New("check: " + r.Summary()), "a limit with optional: true may lack data"}
}

// scoped is the job's question narrowed to a scope.
func (j *job) scoped(scope analyze.Scope) (analyze.Query, error) {
	q := analyze.Query{Where: slices.Clone(j.query.Where), Since: j.query.Since, Until: j.query.Until}
	for dim, value := range scope {
		p, err := analyze.ParsePred(dim + "=" + value)
		if err != nil {
			return q, err
		}
		q.Where = append(q.Where, p)
	}
	slices.SortFunc(q.Where[len(j.query.Where):], func(x, y analyze.Pred) int { return strings.Compare(x.String(), y.String()) })
	return q, nil
}

// A side is what growth is measured from: the cost of each run in a scope.
type side struct {
	samples []analyze.RunSample
	partial bool // calls of unknown cost are not in them
}

// baselines measures the baseline in the scope of each limit on growth, by the scope's text. Conditions on time are those of the trace that
// is checked, not the baseline's.
func (a *app) baselines(j *job, f *checkFlags) (map[string]side, error) {
	if f.file.baseline == "" || !slices.ContainsFunc(f.file.limits, isGrowth) {
		return nil, nil
	}
	b := *j
	b.inputs, b.traceFlags.store = inputs{args: []string{f.file.baseline}}, ""
	b.query.Since, b.query.Until = 0, 0
	if err := a.find(&b.inputs, ""); err != nil {
		return nil, err
	}
	s, err := a.read(&b)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	m := measurer{ctx: a.ctx, store: s, job: &b, facts: map[string]*scopeFacts{}}
	out := map[string]side{}
	for i := range f.file.limits {
		if l := &f.file.limits[i]; isGrowth(*l) {
			out[l.Scope.String()] = m.side(l.Scope)
		}
	}
	return out, m.err
}

// A measurer answers what limits ask, each scope once. The first error stays in err.
type measurer struct {
	ctx    context.Context
	store  *openedStore
	job    *job
	before map[string]side
	facts  map[string]*scopeFacts
	err    error
}

// scopeFacts is what is known of a scope.
type scopeFacts struct {
	query   analyze.Query
	table   *analyze.Table
	runs    []analyze.RunCost
	tail    analyze.Tail // of finished runs
	partial int64        // finished runs with calls of unknown cost
	survey  *analyze.Survey
}

// of is the facts of a scope; nil after an error.
func (m *measurer) of(scope analyze.Scope) *scopeFacts {
	key := scope.String()
	if f := m.facts[key]; f != nil || m.err != nil {
		return f
	}
	var f scopeFacts
	if f.query, m.err = m.job.scoped(scope); m.err != nil {
		return nil
	}
	if f.table, m.err = m.store.Rollup(m.ctx, f.query); m.err != nil {
		return nil
	}
	if f.runs, m.err = m.store.RunCosts(m.ctx, f.query); m.err != nil {
		return nil
	}
	f.finish()
	m.facts[key] = &f
	return &f
}

// finish adds up the finished runs.
func (f *scopeFacts) finish() {
	var costs []tracefmt.USD
	for _, r := range f.runs {
		if r.Outcome == tracefmt.OutcomeInFlight {
			continue
		}
		costs = append(costs, r.Cost)
		if r.Incomplete {
			f.partial++
		}
	}
	f.tail = analyze.NewTail(costs)
}

// surveyed reads the runs of a scope.
func (m *measurer) surveyed(f *scopeFacts) *analyze.Survey {
	if f.survey == nil && m.err == nil {
		f.survey, m.err = m.store.Survey(m.ctx, f.query)
	}
	return f.survey
}

// side is what growth is measured from.
func (m *measurer) side(scope analyze.Scope) (out side) {
	f := m.of(scope)
	if f == nil {
		return out
	}
	if s := m.surveyed(f); s != nil {
		out = side{s.Samples(), f.table.Total.Incomplete()}
	}
	return out
}

// measure finds what a limit is judged by.
func (m *measurer) measure(l *analyze.Limit) (x analyze.Measured) {
	f := m.of(l.Scope)
	if f == nil {
		return analyze.Measured{Value: math.NaN(), Explanation: "not measured"}
	}
	switch l.Metric {
	case "total":
		return analyze.MeasureTotal(&f.table.Total.Summary)
	case "waste_share":
		return analyze.MeasureWaste(&f.table.Total.Summary)
	case "cost_amplification":
		return analyze.MeasureAmplification(&f.table.Total.Summary)
	case "cost_per_run":
		return analyze.MeasurePerRun(&f.tail, f.partial)
	case "p95_cost_per_run":
		return analyze.MeasureP95(&f.tail, f.partial)
	case "cost_per_success":
		return m.perSuccess(l, f)
	case "projected_total":
		c := analyze.NewForecast(m.ctx, f.runs, l.Runs, nil)
		x = c.Measured()
		x.Partial = f.partial > 0
		return x
	case "growth":
		was, is := m.before[l.Scope.String()], m.side(l.Scope)
		x = analyze.MeasureGrowth(m.ctx, was.samples, is.samples)
		x.Partial = was.partial || is.partial
		return x
	}
	return m.surveyedMetric(l, f)
}

// surveyedMetric measures what needs the runs themselves.
func (m *measurer) surveyedMetric(l *analyze.Limit, f *scopeFacts) analyze.Measured {
	s := m.surveyed(f)
	if s == nil {
		return analyze.Measured{Value: math.NaN(), Explanation: "not measured"}
	}
	if l.Metric == "context_factor" {
		return analyze.Measured{Value: s.Prompts.ContextFactor(), High: math.NaN(), Sample: s.Prompts.Calls, Partial: s.Prompts.Partial, Explanation: "no model call cost anything"}
	}
	return s.MeasureAfterWarning(m.ctx, f.table.Total.Incomplete())
}

// perSuccess measures what a success costs, and its interval where the limit asks for that.
func (m *measurer) perSuccess(l *analyze.Limit, f *scopeFacts) analyze.Measured {
	o := analyze.NewOutcomes(f.runs)
	x := analyze.MeasurePerSuccess(&o, f.partial)
	if !l.High {
		return x
	}
	digest, err := m.store.Digest(m.ctx, f.query, nil)
	if err != nil {
		m.err = err
		return x
	}
	x.AddInterval(&digest.Result(m.ctx, f.table).Success)
	return x
}

// budget adds how a budget stands at the end of the trace.
func (m *measurer) budget(b *datedBudget, g *analyze.Gate) {
	f := m.of(b.Scope)
	if f == nil {
		return
	}
	spend, err := m.store.spending(m.ctx, m.job, f.query)
	if err != nil {
		m.err = err
		return
	}
	first, last, err := m.store.span(m.ctx, m.job)
	if err != nil {
		m.err = err
		return
	}
	state := spend.state(b, first, last)
	r := b.Judge(&state, f.table.Total.Calls, f.table.Total.Incomplete())
	if at, most := spend.dearest(b, first); r.Result != analyze.ResultFail && most > b.Amount {
		r.Result, r.Value = analyze.ResultFail, analyze.Fraction(most.Float())
		r.Why = analyze.Money(most) + " of " + analyze.Money(b.Amount) + " were spent in the period from " + time.Unix(0, at).In(m.job.zone).Format("2006-01-02 15:04")
	}
	r.Optional = b.optional
	g.Budgets = append(g.Budgets, state)
	g.Add(r)
}

// A spending is what was spent when.
type spending struct {
	costs   []timedCost  // by time
	untimed tracefmt.USD // of calls without a start
}

type timedCost struct {
	at  int64
	sum tracefmt.USD // of this and all before
}

// spending adds up the calls of a question by when they start.
func (s *openedStore) spending(ctx context.Context, j *job, q analyze.Query) (x spending, err error) {
	match := q.Compile(s.Names(), s.config)
	source := s.shown(j)
	err = s.Each(ctx, func(r *tracefmt.Run) error {
		match.Enter(r, source)
		for i := range r.Calls {
			c := &r.Calls[i]
			if !c.Counted || c.Cost == 0 || !match.Match(r, i, source(c.Src.Source)) {
				continue
			}
			if c.Record.State(tracefmt.HasStart) {
				x.costs = append(x.costs, timedCost{c.Start, c.Cost})
			} else {
				x.untimed, _ = x.untimed.Add(c.Cost)
			}
		}
		return ctx.Err()
	})
	slices.SortFunc(x.costs, func(a, b timedCost) int { return int(min(max(a.at-b.at, -1), 1)) })
	sum := tracefmt.USD(0)
	for i := range x.costs {
		sum, _ = sum.Add(x.costs[i].sum)
		x.costs[i].sum = sum
	}
	return x, err
}

// until is what was spent before t.
func (x *spending) until(t int64) tracefmt.USD {
	n, _ := slices.BinarySearchFunc(x.costs, t, func(c timedCost, t int64) int { return int(min(max(c.at-t, -1), 1)) })
	if n == 0 {
		return 0
	}
	return x.costs[n-1].sum
}

// begin is when the first period of a budget does, in a trace that begins at first.
func (b *datedBudget) begin(first int64) int64 {
	if b.start.IsZero() {
		return first
	}
	return b.start.UnixNano()
}

// dearest is the period in which most was spent.
func (x *spending) dearest(b *datedBudget, first int64) (at int64, most tracefmt.USD) {
	from, period := b.begin(first), int64(b.Period)
	for _, c := range x.costs {
		if c.at < from {
			continue
		}
		start := from + (c.at-from)/period*period
		if sum := x.until(c.at+1) - x.until(start); sum > most {
			at, most = start, sum
		}
	}
	return at, most
}

// state is how a budget stands when the trace ends: in the period that holds that moment, at the pace of its last day.
func (x *spending) state(b *datedBudget, first, last int64) analyze.BudgetState {
	from := b.begin(first)
	if p := int64(b.Period); last > from {
		from += (last - from) / p * p
	}
	elapsed := max(time.Duration(last-from), time.Second)
	since := func(t int64) tracefmt.USD { return x.until(last+1) - x.until(t) }
	spent, _ := since(from).Add(x.untimed)
	window := min(24*time.Hour, max(elapsed, time.Minute))
	return b.State(elapsed, spent, window, func(d time.Duration) tracefmt.USD { return since(last - int64(d) + 1) })
}

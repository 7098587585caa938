package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/spf13/cobra"
)

const forecastLong = `Project the finished runs of a pilot to a number of runs in production: the expected cost with its
interval, how far the pilot can be trusted, and why. Never the median times the runs: a few dear
runs carry the bill. A pilot that is too small gets an interval and the reasons, no single number.

Production may differ from the pilot. What you expect is typed (--retry-factor, --context-factor,
--price-factor) or, with --measured, taken from the trace: prompts that have grown from week to
week go on growing for --weeks, and work gets dearer at --load times the pilot's load if it did so
within the pilot. A factor for the context is capped at the model's window.

With --budget the runs are those of one period: the forecast says when its budget is spent.`

// forecastFlags is as typed.
type forecastFlags struct {
	runs, budget, start   string
	retry, context, price float64
	measured              bool
	weeks, load           float64

	typed  func(string) bool
	n      int64
	limit  *analyze.Budget
	starts time.Time
}

func forecastCommand(a *app, c *cobra.Command) func([]string) error {
	f := forecastFlags{typed: func(name string) bool { return c.Flags().Changed(name) }}
	s := c.Flags()
	s.StringVar(&f.runs, "runs", "", "`N` runs in production: 100000, 100k or 2M")
	s.Float64Var(&f.retry, "retry-factor", 1, "assume that retries make runs `X` times as dear")
	s.Float64Var(&f.context, "context-factor", 1, "assume that larger contexts make runs `X` times as dear")
	s.Float64Var(&f.price, "price-factor", 1, "assume that prices are `X` times as high")
	s.BoolVar(&f.measured, "measured", false, "measure the factors that are not typed")
	s.Float64Var(&f.weeks, "weeks", 4, "with --measured: prompts go on growing for `N` weeks")
	s.Float64Var(&f.load, "load", 0, "with --measured: production has `X` times the load of the pilot")
	s.StringVar(&f.budget, "budget", "", "say when `USD/PERIOD` is spent, as in 3000/30d; the runs are those of one period")
	s.StringVar(&f.start, "start", "", "with --budget: the period begins at `TIME` (default: now)")
	return onTraces(func(j *job) error { return f.check(j, a.now()) }, func(a *app, j *job) error { return a.forecast(j, &f) })(a, c)
}

// check settles the flags.
func (f *forecastFlags) check(j *job, now time.Time) (err error) {
	if f.runs == "" {
		return wrongUsage("for instance: costscope forecast pilot.jsonl --runs 100000", "forecast needs --runs N, the runs in production")
	}
	if f.n, err = parseRuns(f.runs); err != nil {
		return wrongUsage("write 100000, 100k or 2M", "--runs: %w", err)
	}
	for _, x := range []struct {
		name  string
		value float64
	}{{"retry-factor", f.retry}, {"context-factor", f.context}, {"price-factor", f.price}, {"weeks", f.weeks}, {"load", f.load}} {
		if f.typed(x.name) && !(x.value > 0 && x.value <= 1e6) {
			return wrongUsage("", "--%s must be above 0, and at most a million", x.name)
		}
	}
	for _, name := range []string{"weeks", "load"} {
		if f.typed(name) && !f.measured {
			return wrongUsage("", "--%s says how far --measured looks ahead: add it", name)
		}
	}
	return f.checkBudget(j, now)
}

func (f *forecastFlags) checkBudget(j *job, now time.Time) error {
	if f.budget == "" {
		if f.start != "" {
			return wrongUsage("", "--start says when the period of --budget begins: add it")
		}
		return nil
	}
	usd, period, ok := strings.Cut(f.budget, "/")
	amount, err := tracefmt.ParseUSD([]byte(strings.TrimPrefix(usd, "$")))
	if !ok || err != nil || amount <= 0 {
		return wrongUsage("write USD/PERIOD, for instance 3000/30d or 50/24h", "--budget: %q is no budget", f.budget)
	}
	b := analyze.Budget{Amount: amount}
	if b.Period, err = analyze.ParsePeriod(period); err != nil {
		return wrongUsage("write USD/PERIOD, for instance 3000/30d or 50/24h", "--budget: %w", err)
	}
	f.limit, f.starts = &b, now.In(j.zone).Truncate(time.Second)
	if f.start != "" {
		ns, err := analyze.ParseTime(f.start, now, j.zone)
		if err != nil {
			return wrongUsage("", "--start: %w", err)
		}
		f.starts = time.Unix(0, ns).In(j.zone)
	}
	return nil
}

// parseRuns reads a number of runs: 100000, 100k, 2M.
func parseRuns(s string) (int64, error) {
	scale := 1.0
	digits := strings.ReplaceAll(s, ",", "")
	for letter, x := range map[string]float64{"k": 1e3, "K": 1e3, "M": 1e6} {
		if rest, ok := strings.CutSuffix(digits, letter); ok {
			digits, scale = rest, x
			break
		}
	}
	v, err := strconv.ParseFloat(digits, 64)
	if n := v * scale; err == nil && n >= 1 && n <= 1e12 && n == math.Trunc(n) {
		return int64(n), nil
	}
	return 0, fmt.Errorf("%q is no number of runs", s)
}

// forecast projects the runs of a trace.
func (a *app) forecast(j *job, f *forecastFlags) error {
	s, err := a.readFor(j)
	if err != nil {
		return err
	}
	defer s.Close()
	pilot, err := s.RunCosts(a.ctx, j.query)
	if err != nil {
		return err
	}
	factors, err := s.factors(a, j, f)
	if err != nil {
		return err
	}
	r := analyze.NewForecastReport(analyze.NewForecast(a.ctx, pilot, f.n, factors), j.subject(), j.zone)
	r.Prices = j.priceInfo()
	if err := a.ctx.Err(); err != nil {
		return err
	}
	if f.limit != nil {
		r.Cross(f.limit, f.starts)
	}
	return a.write(j.out, func(w io.Writer) error { return j.print(w, r) })
}

// A printed result knows the three forms of output.
type printed interface {
	WriteText(io.Writer) error
	WriteJSON(io.Writer) error
	WriteMarkdown(io.Writer) error
}

// print writes a result in the form that was asked for.
func (j *job) print(w io.Writer, r printed) error {
	switch {
	case j.json:
		return r.WriteJSON(w)
	case j.markdown:
		return r.WriteMarkdown(w)
	}
	return r.WriteText(w)
}

// subject says which calls of which traces a result is about.
func (j *job) subject() string {
	if of := j.conditions(); of != "" {
		return j.title() + " · only " + of
	}
	return j.title()
}

// conditions are those of the question, in words.
func (j *job) conditions() string {
	q := j.query
	q.By = nil
	return q.String()
}

// factors are those typed, and those measured where asked for.
func (s *openedStore) factors(a *app, j *job, f *forecastFlags) ([]analyze.ScenarioFactor, error) {
	list := []analyze.ScenarioFactor{
		{Name: "retries", Value: f.retry, Origin: analyze.OriginAssumed}, {Name: "context", Value: f.context, Origin: analyze.OriginAssumed},
		{Name: "price", Value: f.price, Origin: analyze.OriginAssumed},
	}
	for i, flag := range []string{"retry-factor", "context-factor", "price-factor"} {
		if !f.typed(flag) {
			list[i].Value, list[i].Origin = 1, analyze.OriginNone
		}
	}
	if !f.measured && !f.typed("context-factor") {
		return list, nil
	}
	survey, err := s.Survey(a.ctx, j.query)
	if err != nil {
		return nil, err
	}
	p := &survey.Prompts
	if f.typed("context-factor") {
		list[1] = analyze.ContextFactor(f.context, analyze.OriginAssumed, p.Largest, p.Window)
	}
	if !f.measured || f.typed("context-factor") && f.typed("retry-factor") {
		return list, nil
	}
	by := j.query
	by.By = []analyze.Dimension{{Dim: analyze.DimWorkflow}, {Dim: analyze.DimAgent}}
	table, err := s.Rollup(a.ctx, by)
	if err != nil {
		return nil, err
	}
	digest, err := s.Digest(a.ctx, j.query, nil)
	if err != nil {
		return nil, err
	}
	deep := digest.Result(a.ctx, table)
	if !f.typed("retry-factor") {
		list[0] = analyze.LoadFactor(&deep.Load, f.load)
	}
	if !f.typed("context-factor") {
		list[1] = analyze.GrowthFactor(deep.Drifts, table, f.weeks, p)
	}
	return list, nil
}

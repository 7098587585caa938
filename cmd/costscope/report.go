package main

import (
	"context"
	"errors"
	"io"
	"math"

	"costscope/analyze"
	"costscope/tracefmt"
	"costscope/tui"
)

const reportLong = `Print where the money went: the totals, the paths by cost, retries, the spread over runs,
outcomes. Text is for people, --json for programs, --markdown for a review. What is not known is
said beside the sums and is null in JSON.

With --what-if the same calls are priced three times: as the trace states it, by the price book, and
as they would have been. Levers, separated by semicolons, apply in this order: retries<=N,
context<=TOKENS, cache=5m or cache=1h, model=NAME or model=OLD->NEW, prices=FILE, batch.`

// reportTraces prints the summary.
func (a *app) reportTraces(j *job) error {
	s, err := a.readFor(j)
	if err != nil {
		return err
	}
	defer s.Close()
	return a.printReport(j, s)
}

// A reported is what a report can be made of: traces, or an engine.
type reported interface {
	tui.Source
	reportInput(ctx context.Context, j *job) (analyze.ReportInput, error)
}

// printReport asks for the report that is wanted, and writes it.
func (a *app) printReport(j *job, s reported) error {
	r, err := answer(a.ctx, j, s)
	if err != nil {
		return err
	}
	if r, ok := r.(*analyze.Report); ok {
		a.noneLeft(j, s.Status(), r.Totals.Calls)
	}
	return a.write(j.out, func(w io.Writer) error { return j.print(w, r) })
}

func answer(ctx context.Context, j *job, s reported) (printed, error) {
	if j.scenario.Any() {
		return whatIf(ctx, s, j)
	}
	in, err := s.reportInput(ctx, j)
	if err != nil {
		return nil, err
	}
	return analyze.NewReport(in), nil
}

// whatIf prices the calls as they would have been.
func whatIf(ctx context.Context, s tui.Source, j *job) (printed, error) {
	r, err := s.WhatIf(ctx, j.query, j.scenario, nil)
	if err != nil {
		if errors.Is(err, analyze.ErrNoModel) {
			err = wrongUsage("costscope prices lists the models", "--what-if: %w", err)
		}
		return nil, err
	}
	return analyze.NewWhatIfReport(analyze.ReportInput{Version: version(), Status: s.Status(), Query: j.query, TZ: j.zone}, r), nil
}

// span is the earliest start and the latest end of the calls that match; 0, 0 where none has a time.
func (s *openedStore) span(ctx context.Context, j *job) (first, last int64, err error) {
	if !narrows(j.query) {
		first, last, ok, err := s.Span(ctx)
		if !ok {
			return 0, 0, err
		}
		return first, last, err
	}
	match := j.query.Compile(s.Names(), s.config)
	first, last = math.MaxInt64, math.MinInt64
	source := s.shown(j)
	err = s.Each(ctx, func(r *tracefmt.Run) error {
		match.Span(r, source, &first, &last)
		return ctx.Err()
	})
	if first > last {
		return 0, 0, err
	}
	return first, last, err
}

// shown gives the paths of sources as people see them.
func (s *openedStore) shown(j *job) func(uint32) string {
	return func(source uint32) string { return j.inputs.shown(s.SourcePath(source)) }
}

// narrows tells that q leaves calls out.
func narrows(q analyze.Query) bool { return len(q.Where) > 0 || q.Since != 0 || q.Until != 0 }

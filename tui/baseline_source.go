package tui

import (
	"context"
	"errors"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A shifted source answers for other times than it is asked about. It names every method, so that none is ever forgotten.
type shifted struct {
	src   Source
	shift func(context.Context, analyze.Query) (analyze.Query, error)
}

func (s *shifted) Status() analyze.Status   { return s.src.Status() }
func (s *shifted) Changed() <-chan struct{} { return s.src.Changed() }
func (s *shifted) Since(since int64) int64  { return sinceOf(s.src, since) }

func (s *shifted) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	q, err := s.shift(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.src.Rollup(ctx, q)
}

func (s *shifted) RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error) {
	q, err := s.shift(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.src.RunCosts(ctx, q)
}

func (s *shifted) Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error) {
	q, err := s.shift(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.src.Digest(ctx, q, progress)
}

func (s *shifted) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	q, err := s.shift(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.src.Survey(ctx, q)
}

func (s *shifted) WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, progress func(done, of int64)) (*analyze.WhatIfResult, error) {
	q, err := s.shift(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.src.WhatIf(ctx, q, sc, progress)
}

func (s *shifted) Span(ctx context.Context) (first, last int64, ok bool, err error) {
	return s.src.Span(ctx)
}

func (s *shifted) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, start, n int) (analyze.CallPage, error) {
	q, err := s.shift(ctx, q)
	if err != nil {
		return analyze.CallPage{}, err
	}
	return s.src.Calls(ctx, q, by, desc, start, n)
}

func (s *shifted) Call(ctx context.Context, ref analyze.CallRef) (analyze.CallRow, error) {
	return s.src.Call(ctx, ref)
}

func (s *shifted) Run(ctx context.Context, q analyze.Query, ref analyze.RunRef) (*analyze.RunView, error) {
	q, err := s.shift(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.src.Run(ctx, q, ref)
}

func (s *shifted) Marks(ctx context.Context) (analyze.Marks, error) { return s.src.Marks(ctx) }

func (s *shifted) SetMarks(ctx context.Context, change func(*analyze.Marks)) error {
	return s.src.SetMarks(ctx, change)
}

func (s *shifted) Raw(ctx context.Context, src tracefmt.SourceRef) ([]byte, string, int64, error) {
	return s.src.Raw(ctx, src)
}

// anyTime: a time range is about the trace that is explored; another trace is of another time.
func anyTime(_ context.Context, q analyze.Query) (analyze.Query, error) {
	q.Since, q.Until = 0, 0
	return q, nil
}

// from keeps what starts at a moment or later.
func from(at int64) func(context.Context, analyze.Query) (analyze.Query, error) {
	return func(_ context.Context, q analyze.Query) (analyze.Query, error) {
		q.Since = max(q.Since, at)
		return q, nil
	}
}

// until keeps what starts before a moment.
func until(at int64) func(context.Context, analyze.Query) (analyze.Query, error) {
	return func(_ context.Context, q analyze.Query) (analyze.Query, error) {
		if q.Until == 0 || q.Until > at {
			q.Until = at
		}
		return q, nil
	}
}

// previous is the time of equal length before a range. One that does not end ends with the last call.
func previous(src Source) func(context.Context, analyze.Query) (analyze.Query, error) {
	return func(ctx context.Context, q analyze.Query) (analyze.Query, error) {
		if q.Since == 0 {
			return q, errors.New("the time range does not begin anywhere: nothing is before it")
		}
		end := q.Until
		q.Since = sinceOf(src, q.Since)
		if end == 0 {
			last, err := src.Calls(ctx, analyze.Query{Since: q.Since}, analyze.ByTime, true, 0, 1)
			if err != nil {
				return q, err
			}
			if end = q.Since + 1; len(last.Rows) > 0 {
				end = last.Rows[0].Start + 1
			}
		}
		q.Since, q.Until = max(1, q.Since-(end-q.Since)), q.Since
		return q, nil
	}
}

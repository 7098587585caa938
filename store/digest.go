package store

import (
	"context"
	"sync/atomic"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Digest analyses the runs of a scope: all workers read, what they find is joined. progress, which may be nil, is told by several
// goroutines how many of all runs were read.
func (s *Bolt) Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error) {
	return collect(ctx, s, func() *analyze.Digest { return analyze.NewDigest(q, s.names, s.config(), s.path) }, s.counting(progress))
}

// counting tells progress, which may be nil, now and then how many of all runs were read; what it returns is called after every run.
func (s *Bolt) counting(progress func(done, of int64)) func() {
	if progress == nil {
		return nil
	}
	var done atomic.Int64
	return func() {
		if n := done.Add(1); n%256 == 0 {
			progress(n, int64(s.rows()))
		}
	}
}

// Digest analyses the runs of a scope. It is over before there is any progress to tell.
func (m *Mem) Digest(ctx context.Context, q analyze.Query, _ func(done, of int64)) (*analyze.Digest, error) {
	return collect(ctx, m, func() *analyze.Digest { return analyze.NewDigest(q, m.names, m.config(), m.path) }, nil)
}

// Survey reads the runs of a scope once, with all workers.
func (s *Bolt) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	return collect(ctx, s, func() *analyze.Survey { return analyze.NewSurvey(q, s.names, s.config(), s.path) }, nil)
}

// Survey reads the runs of a scope once.
func (m *Mem) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	return collect(ctx, m, func() *analyze.Survey { return analyze.NewSurvey(q, m.names, m.config(), m.path) }, nil)
}

// WhatIf prices the calls of a scope as they would have been in a scenario: all workers read. progress, which may be nil, is told by several
// goroutines how many of all runs were read. The error names a model that no price book knows.
func (s *Bolt) WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, progress func(done, of int64)) (*analyze.WhatIfResult, error) {
	w, err := analyze.NewWhatIf(q, sc, s.opt.Prices, s.names, s.config(), s.path)
	if err != nil {
		return nil, err
	}
	return whatIf(ctx, s, w, s.counting(progress))
}

// WhatIf prices the calls of a scope as they would have been in a scenario.
func (m *Mem) WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, _ func(done, of int64)) (*analyze.WhatIfResult, error) {
	w, err := analyze.NewWhatIf(q, sc, m.opt.Prices, m.names, m.config(), m.path)
	if err != nil {
		return nil, err
	}
	return whatIf(ctx, m, w, nil)
}

func whatIf(ctx context.Context, s runs, w *analyze.WhatIf, read func()) (*analyze.WhatIfResult, error) {
	all, err := collect(ctx, s, w.Fresh, read)
	if err != nil {
		return nil, err
	}
	return all.Result(), nil
}

// A collector takes in runs; collectors of different runs merge in any order.
type collector[T any] interface {
	Add(run *tracefmt.Run)
	Merge(o T)
}

// collect gives every worker a collector of its own, and joins them. read, which may be nil, is called after every run.
func collect[T collector[T]](ctx context.Context, s runs, fresh func() T, read func()) (T, error) {
	parts := make([]T, s.workers())
	for i := range parts {
		parts[i] = fresh()
	}
	err := s.each(ctx, func(worker int, _ uint32, run *tracefmt.Run) error {
		parts[worker].Add(run)
		if read != nil {
			read()
		}
		return nil
	})
	if err != nil {
		var none T
		return none, err
	}
	for _, p := range parts[1:] {
		parts[0].Merge(p)
	}
	return parts[0], nil
}

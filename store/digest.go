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
	return digest(ctx, s, q, s.names, s.config(), int64(s.rows()), progress)
}

// Digest analyses the runs of a scope.
func (m *Mem) Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error) {
	return digest(ctx, m, q, m.names, m.config(), 0, nil)
}

func digest(ctx context.Context, s runs, q analyze.Query, names *tracefmt.Names, cfg analyze.Config, of int64, progress func(done, of int64)) (*analyze.Digest, error) {
	parts := make([]*analyze.Digest, s.workers())
	for i := range parts {
		parts[i] = analyze.NewDigest(q, names, cfg, s.path)
	}
	var done atomic.Int64
	err := s.each(ctx, func(worker int, _ uint32, run *tracefmt.Run) error {
		parts[worker].Add(run)
		if n := done.Add(1); progress != nil && n%256 == 0 {
			progress(n, of)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, d := range parts[1:] {
		parts[0].Merge(d)
	}
	return parts[0], nil
}

package store

import (
	"context"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Digest analyses the runs of a scope: all workers read, what they find is joined.
func (s *Bolt) Digest(ctx context.Context, q analyze.Query) (*analyze.Digest, error) {
	return digest(ctx, s, q, s.names, s.config())
}

// Digest analyses the runs of a scope.
func (m *Mem) Digest(ctx context.Context, q analyze.Query) (*analyze.Digest, error) {
	return digest(ctx, m, q, m.names, m.config())
}

func digest(ctx context.Context, s runs, q analyze.Query, names *tracefmt.Names, cfg analyze.Config) (*analyze.Digest, error) {
	parts := make([]*analyze.Digest, s.workers())
	for i := range parts {
		parts[i] = analyze.NewDigest(q, names, cfg, s.path)
	}
	err := s.each(ctx, func(worker int, _ uint32, run *tracefmt.Run) error {
		parts[worker].Add(run)
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

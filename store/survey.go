package store

import (
	"context"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Survey reads the runs of a scope once, with all workers.
func (s *Bolt) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	return survey(ctx, s, q, s.names, s.config())
}

// Survey reads the runs of a scope once.
func (m *Mem) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	return survey(ctx, m, q, m.names, m.config())
}

func survey(ctx context.Context, s runs, q analyze.Query, names *tracefmt.Names, cfg analyze.Config) (*analyze.Survey, error) {
	parts := make([]*analyze.Survey, s.workers())
	for i := range parts {
		parts[i] = analyze.NewSurvey(q, names, cfg, s.path)
	}
	err := s.each(ctx, func(worker int, _ uint32, run *tracefmt.Run) error {
		parts[worker].Add(run)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range parts[1:] {
		parts[0].Merge(p)
	}
	return parts[0], nil
}

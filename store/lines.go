package store

import (
	"context"
	"slices"

	"costscope/tracefmt"
)

// Lines are the lines in their files, from 1, at which records begin; 0 where that cannot be told. Each file is read once.
func (s *Bolt) Lines(ctx context.Context, refs []tracefmt.SourceRef) ([]int64, error) {
	return linesOf(ctx, refs, func(source uint32) string {
		if s.retired(source) {
			return ""
		}
		return s.SourcePath(source)
	})
}

// Lines are the lines in their files, from 1, at which records begin; 0 where that cannot be told.
func (m *Mem) Lines(ctx context.Context, refs []tracefmt.SourceRef) ([]int64, error) {
	return linesOf(ctx, refs, m.path)
}

// linesOf asks each source for all its lines at once; path is "" where a source cannot be read again.
func linesOf(ctx context.Context, refs []tracefmt.SourceRef, path func(uint32) string) ([]int64, error) {
	offsets := map[uint32][]int64{}
	for _, r := range refs {
		offsets[r.Source] = append(offsets[r.Source], r.Offset)
	}
	found := map[uint32]map[int64]int64{}
	for source, list := range offsets {
		slices.Sort(list)
		found[source] = map[int64]int64{}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		lines, err := tracefmt.LinesAt(path(source), list)
		if err != nil {
			continue // the file is gone or was changed: its lines are not known
		}
		for i, n := range lines {
			found[source][list[i]] = n
		}
	}
	out := make([]int64, len(refs))
	for i, r := range refs {
		out[i] = found[r.Source][r.Offset]
	}
	return out, nil
}

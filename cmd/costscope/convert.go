package main

import (
	"context"
	"io"
	"slices"
	"strconv"

	"costscope/analyze"
	"costscope/tracefmt"
)

const convertLong = `Write every call as one line of costscope JSONL, run by run, with the computed cost and the
price row that gave it. Reading the output gives the same report. --where, --since and --until
choose calls.`

// fitsConvert refuses what convert cannot do.
func fitsConvert(j *job) error {
	if j.markdown {
		return wrongUsage("", "convert writes costscope JSONL, not --markdown")
	}
	return nil
}

// convertTraces writes costscope JSONL.
func (a *app) convertTraces(j *job) error {
	s, err := a.readFor(j)
	if err != nil {
		return err
	}
	defer s.Close()
	return a.write(j.out, func(w io.Writer) error {
		return s.convert(a.ctx, j, w)
	})
}

// convert writes the matching calls and the facts of their runs.
func (s *openedStore) convert(ctx context.Context, j *job, w io.Writer) error {
	lines, err := s.lines(ctx, j.inputs.shown)
	if err != nil {
		return err
	}
	match := j.query.Compile(s.Names(), s.config)
	student := analyze.NewStudent(s.config)
	part := narrows(j.query)
	var b []byte
	return s.Each(ctx, func(r *tracefmt.Run) error {
		b = b[:0]
		match.Enter(r, func(source uint32) string { return lines[source].path })
		student.Study(r).StateLinks()
		for i := range r.Calls {
			c := &r.Calls[i]
			if from := lines[c.Src.Source]; match.Match(r, i, from.path) {
				b = tracefmt.AppendCall(b, s.Names(), c, tracefmt.Origin{Source: from.at(c.Src.Offset), Part: part})
			}
		}
		if len(b) > 0 || !part { // a run may hold no call
			for _, m := range r.Marks {
				b = tracefmt.AppendMark(b, s.Names(), m)
			}
			b = tracefmt.AppendRun(b, s.Names(), r)
		}
		_, err := w.Write(b)
		return err
	})
}

// A sourceLines knows the lines of a source's records.
type sourceLines struct {
	path    string
	offsets []int64 // ascending
	lines   []int64
}

// lines finds the line of every record, source by source. A source that is gone keeps its name without lines.
func (s *openedStore) lines(ctx context.Context, shown func(string) string) (map[uint32]*sourceLines, error) {
	all := map[uint32]*sourceLines{}
	err := s.Each(ctx, func(r *tracefmt.Run) error {
		for i := range r.Calls {
			src := r.Calls[i].Src
			l := all[src.Source]
			if l == nil {
				l = &sourceLines{path: shown(s.SourcePath(src.Source))}
				all[src.Source] = l
			}
			l.offsets = append(l.offsets, src.Offset)
		}
		return ctx.Err()
	})
	for n, l := range all {
		slices.Sort(l.offsets)
		l.offsets = slices.Compact(l.offsets)
		if found, err := tracefmt.LinesAt(s.SourcePath(n), l.offsets); err == nil {
			l.lines = found
		}
	}
	return all, err
}

// at is "file:line".
func (l *sourceLines) at(offset int64) string {
	i, ok := slices.BinarySearch(l.offsets, offset)
	if !ok || i >= len(l.lines) {
		return l.path
	}
	return l.path + ":" + strconv.FormatInt(l.lines[i], 10)
}

// readFor is read for a command that writes a result, which must not replace what it is made from.
func (a *app) readFor(j *job) (*openedStore, error) {
	if err := j.inputs.refuseOutput(j.out); err != nil {
		return nil, err
	}
	return a.read(j)
}

// refuseOutput keeps a result from replacing a trace that it is made from.
func (in *inputs) refuseOutput(path string) error {
	if path == "" {
		return nil
	}
	for _, f := range in.files {
		if sameFile(f, path) {
			return wrongUsage("", "-o %s would replace a trace that is being read", path)
		}
	}
	return nil
}

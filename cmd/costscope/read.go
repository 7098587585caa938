package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"costscope/analyze"
)

// read opens the job's store and reads into it what is new in its sources.
func (a *app) read(j *job) (*openedStore, error) {
	s, err := a.openStore(j)
	if err != nil {
		return nil, err
	}
	if j.traceFlags.follow {
		return s, a.readOnUntilEnd(j, s)
	}
	p := a.progress(j.quiet)
	err = s.Load(a.ctx, append(j.inputs.files, s.emptied(j)...), nil, p.show)
	p.done()
	if err = a.loaded(j, s, err); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	a.notes(j, s.Status())
	return s, nil
}

// emptied are files that the search for traces passed over though the store has read calls from them: they hold none any more.
func (s *openedStore) emptied(j *job) (files []string) {
	sources := map[string]bool{}
	for n := range s.Status().Sources {
		sources[s.SourcePath(uint32(n))] = true
	}
	for _, g := range j.inputs.ignored {
		if path, err := filepath.Abs(g.Path); err == nil && sources[path] {
			files = append(files, path)
		}
	}
	return files
}

// loaded judges how loading ended.
func (a *app) loaded(j *job, s *openedStore, err error) error {
	st := s.Status()
	switch {
	case a.ctx.Err() != nil:
		return interrupted(s, st)
	case err != nil && !errors.Is(err, context.Canceled):
		return err
	case countCalls(st) == 0 && !statesSums(st):
		return j.inputs.nothing(tried(st))
	}
	return nil
}

// interrupted says what an interrupt leaves behind.
func interrupted(s *openedStore, st analyze.Status) error {
	f := &failure{code: exitInterrupted, err: errors.New("interrupted; nothing was kept")}
	if !s.temporary {
		f.err = fmt.Errorf("interrupted; %s calls are kept in %s", analyze.Count(countCalls(st)), s.path)
		f.hint = "the same command goes on from there"
	}
	return f
}

func countCalls(st analyze.Status) (n int64) {
	for _, src := range st.Sources {
		n += src.Calls
	}
	return n
}

// statesSums tells that runs are there whose cost or tokens are stated in all, though none of their calls is.
func statesSums(st analyze.Status) bool {
	for _, src := range st.Sources {
		for _, c := range src.Caveats {
			if c.Kind == analyze.CaveatRest {
				return true
			}
		}
	}
	return false
}

// tried is, for each source without calls, why it has none.
func tried(st analyze.Status) []string {
	var lines []string
	for _, src := range st.Sources {
		if src.Calls > 0 {
			continue
		}
		why := src.Note
		switch {
		case why != "":
		case src.Skipped > 0:
			why = fmt.Sprintf("read as %s; it holds no call, and %s cannot be read", src.Format, count(src.Skipped, "value"))
			if i := slices.IndexFunc(st.Skips, func(k analyze.Skip) bool { return k.Path == src.Path }); i >= 0 {
				why += fmt.Sprintf(": line %d: %s", st.Skips[i].Line, st.Skips[i].Reason)
			}
		case src.Format == "":
			why = "no known trace format"
		default:
			why = "read as " + src.Format + "; it holds no call"
			for _, w := range st.Warnings {
				if text, ok := strings.CutPrefix(w, src.Path+": mapping: "); ok {
					why += "; " + text
				}
			}
		}
		lines = append(lines, src.Path+": "+why)
	}
	return lines
}

// notes says on standard error what the results leave out.
func (a *app) notes(j *job, st analyze.Status) {
	if j.quiet {
		return
	}
	for _, m := range j.inputs.leftOut() {
		fmt.Fprintln(a.err, "costscope: "+printable(m)+" (left out)")
	}
	named := map[string]bool{}
	for _, arg := range j.inputs.args {
		named[arg] = true
	}
	for _, src := range st.Sources {
		if src.Calls == 0 && named[src.Path] {
			fmt.Fprintln(a.err, "costscope: "+printable(tried(analyze.Status{Sources: []analyze.Source{src}})[0])+" (left out)")
		}
	}
}

// noneLeft says on standard error that the conditions leave no call: a sum of nothing looks like a cost of nothing.
func (a *app) noneLeft(j *job, st analyze.Status, left int64) {
	if left > 0 || j.quiet || !narrows(j.query) {
		return
	}
	fmt.Fprintf(a.err, "costscope: none of the %s holds %s\n", count(countCalls(st), "call"), printable(j.conditions()))
	for _, p := range j.query.Where {
		if p.Dimension.Dim == analyze.DimTag && p.Measure == analyze.MeasureNone && !strings.Contains(strings.Join(j.where, " "), p.Dimension.String()) {
			fmt.Fprintf(a.err, "%q is no field and was taken for a tag; fields: %s\n", printable(p.Dimension.Tag), strings.Join(analyze.Fields(), ", "))
		}
	}
}

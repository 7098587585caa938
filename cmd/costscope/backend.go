package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// An openedStore is the store of a job. It knows sources by their full paths, so that it can be opened from anywhere; people see them
// as they typed them.
type openedStore struct {
	*store.Bolt
	path      string // of its file
	temporary bool   // it goes when the program ends
	typed     map[string]string
	config    analyze.Config
}

// openStore opens the store of a job. Where the usual one cannot be had, a temporary one does, unless what is read must be kept.
func (a *app) openStore(j *job) (*openedStore, error) {
	s := &openedStore{typed: map[string]string{}, config: analyze.Config{Mode: j.mode, TZ: j.zone}}
	for i, f := range j.inputs.files {
		if abs, err := filepath.Abs(f); err == nil {
			j.inputs.files[i] = abs
			s.typed[abs] = j.inputs.name(f)
		}
	}
	chosen, err := j.storePath()
	if err == nil && chosen != "" {
		s.path = chosen
		s.Bolt, err = store.Open(j.storeOptions(chosen))
	}
	if err != nil && (j.keep || chosen == j.traceFlags.store || chosen == j.inputs.store) {
		return nil, err
	}
	if s.Bolt != nil && err == nil {
		return s, nil
	}
	if err != nil && !j.quiet {
		fmt.Fprintf(a.err, "costscope: %s\ncostscope: what is read now is not kept\n", printable(err.Error()))
	}
	return s, a.openTemporary(j, s)
}

func (a *app) openTemporary(j *job, s *openedStore) error {
	dir, err := a.tempDir()
	if err != nil {
		return err
	}
	s.path, s.temporary = filepath.Join(dir, "store.db"), true
	s.Bolt, err = store.Open(j.storeOptions(s.path))
	return err
}

func (j *job) storeOptions(path string) store.Options {
	return store.Options{Path: path, Prices: j.book, Mode: j.mode, TZ: j.zone, Format: j.format}
}

// storePath is where the job's store is kept; "" for standard input, which has no place to be found again. It goes by what was typed, not
// by what was found, so that a folder keeps its store when files are added to it.
func (j *job) storePath() (string, error) {
	switch {
	case j.inputs.store != "":
		return j.inputs.store, nil
	case j.traceFlags.store != "":
		return j.traceFlags.store, nil
	case j.inputs.stdin != "":
		return "", nil
	}
	var set []string
	for _, arg := range j.inputs.args {
		abs, err := filepath.Abs(arg)
		if err != nil {
			return "", err
		}
		set = append(set, abs)
	}
	slices.Sort(set)
	set = slices.Compact(set)
	if j.format != tracefmt.FormatNone { // the same bytes read another way
		set = append(set, string(filepath.Separator)+"--format="+j.traceFlags.format)
	}
	return store.DefaultPath(set)
}

// shown is a source as the person typed it.
func (s *openedStore) shown(path string) string {
	if t, ok := s.typed[path]; ok {
		return t
	}
	return path
}

// Load reads what is new in the files.
func (s *openedStore) Load(ctx context.Context, files []string, progress func(analyze.Status)) error {
	if progress == nil {
		return s.Bolt.Load(ctx, files, nil, nil)
	}
	return s.Bolt.Load(ctx, files, nil, func(st analyze.Status) { progress(s.rename(st)) })
}

// Status is what the store holds and does.
func (s *openedStore) Status() analyze.Status { return s.rename(s.Bolt.Status()) }

func (s *openedStore) rename(st analyze.Status) analyze.Status {
	st.Sources, st.Skips = slices.Clone(st.Sources), slices.Clone(st.Skips)
	for i := range st.Sources {
		src := &st.Sources[i]
		src.Note = strings.TrimPrefix(src.Note, src.Path+": ")
		src.Path = s.shown(src.Path)
	}
	for i := range st.Skips {
		st.Skips[i].Path = s.shown(st.Skips[i].Path)
	}
	st.Warnings = slices.Clone(st.Warnings)
	for i, w := range st.Warnings {
		if path, text, ok := strings.Cut(w, ": "); ok {
			st.Warnings[i] = s.shown(path) + ": " + text
		}
	}
	return st
}

// Calls is a page of calls.
func (s *openedStore) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	p, err := s.Bolt.Calls(ctx, q, by, desc, from, n)
	for i := range p.Rows {
		p.Rows[i].Source = s.shown(p.Rows[i].Source)
	}
	return p, err
}

// Call finds one call again.
func (s *openedStore) Call(ctx context.Context, ref analyze.CallRef) (analyze.CallRow, error) {
	row, err := s.Bolt.Call(ctx, ref)
	row.Source = s.shown(row.Source)
	return row, err
}

// Raw reads the bytes of a record.
func (s *openedStore) Raw(ctx context.Context, src tracefmt.SourceRef) ([]byte, string, int64, error) {
	raw, file, line, err := s.Bolt.Raw(ctx, src)
	return raw, s.shown(file), line, err
}

// errNoExplorer stands where the explorer is to be.
var errNoExplorer = errors.New("the explorer is not merged")

// explore runs the explorer over a store until the person leaves it.
func (a *app) explore(j *job, s *openedStore) error { return errNoExplorer }

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"costscope/analyze"
	"costscope/tui"
)

// readBaseline settles --baseline of the explorer.
func (j *job) readBaseline(now time.Time) error {
	text := strings.TrimSpace(j.baseline)
	switch word, at, _ := strings.Cut(text, " "); {
	case !tui.IsPeriod(text):
		return nil
	case word == "previous" && j.query.Since == 0:
		return wrongUsage("for instance --since 7d --baseline previous", "--baseline previous is the time before --since: add it")
	case word == "before":
		if _, err := analyze.ParseTime(at, now, j.zone); err != nil {
			return wrongUsage("for instance --baseline 'before 2026-09-15'", "--baseline: %w", err)
		}
	}
	return nil
}

// findBaseline fails where the trace of --baseline is not there.
func (a *app) findBaseline(j *job) error {
	if j.baseline == "" || tui.IsPeriod(j.baseline) {
		return nil
	}
	in, err := a.baselineInputs(j, j.baseline)
	if err != nil {
		return err
	}
	return a.find(&in, "")
}

// baselineInputs names the trace to compare with, read as the job's own.
func (a *app) baselineInputs(j *job, path string) (inputs, error) {
	if path == "-" || isPipe(path) {
		return inputs{}, wrongUsage("write it to a file first", "a baseline is read more than once: %s is no file", path)
	}
	path = a.underHome(path)
	in := inputs{args: []string{path}}
	if !isStore(path) {
		in.own = j.own
	}
	return in, nil
}

// baselines are the traces that the explorer compares with. They stay open while it runs.
type baselines struct {
	app  *app
	job  *job
	own  *openedStore // what is explored
	mu   sync.Mutex
	open map[string]*openedStore
}

// Open reads a trace. One that was opened before is read on from where it was.
func (b *baselines) Open(ctx context.Context, path string, progress func(analyze.Status)) (tui.Source, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	src, err := b.read(ctx, path, progress)
	if err == nil {
		return src, nil
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return nil, errors.New(first)
}

func (b *baselines) read(ctx context.Context, path string, progress func(analyze.Status)) (tui.Source, error) {
	j := *b.job
	j.traceFlags.store, j.traceFlags.follow, j.keep, j.quiet = "", false, false, true
	var err error
	if j.inputs, err = b.app.baselineInputs(b.job, path); err != nil {
		return nil, err
	}
	if err = b.app.find(&j.inputs, ""); err != nil {
		return nil, err
	}
	file, err := j.storePath()
	if err != nil {
		return nil, err
	}
	if file == b.own.path || sameFile(file, b.own.path) {
		return b.own.Bolt, nil
	}
	s := b.open[file]
	if s == nil {
		if s, err = b.app.openStore(&j); err != nil {
			return nil, err
		}
		b.open[file] = s
	}
	if err = s.Load(ctx, append(j.inputs.files, s.emptied(&j)...), nil, progress); err != nil {
		return nil, err
	}
	if st := s.Status(); countCalls(st) == 0 && !statesSums(st) {
		return nil, fmt.Errorf("no call could be read from %s", path)
	}
	return s.Bolt, nil
}

// close waits for what is being read, which the explorer has called off, and closes everything.
func (b *baselines) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, s := range b.open {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

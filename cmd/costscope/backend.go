package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
	"costscope/tui"
)

// An openedStore is the store of a job. It knows sources by their full paths, so that it can be opened from anywhere.
type openedStore struct {
	*store.Bolt
	path      string // of its file
	temporary bool   // it goes when the program ends
	why       string // it is temporary
	config    analyze.Config
	notice    string // for the explorer: why this is not the usual store
}

// openStore opens the store of a job. Where the usual one cannot be had, a temporary one does, unless what is read must be kept.
func (a *app) openStore(j *job) (*openedStore, error) {
	s := &openedStore{config: analyze.Config{Mode: j.mode, TZ: j.zone}}
	path, err := j.storePath()
	if err == nil && path == "" {
		s.why = "standard input has no place to be found again; use --store FILE"
		return s, a.openTemporary(j, s)
	}
	if err == nil {
		s.path = path
		s.Bolt, err = store.Open(j.storeOptions(path))
	}
	if errors.Is(err, store.ErrCorrupt) && j.inputs.store == "" && a.putAside(path, err) {
		s.Bolt, err = store.Open(j.storeOptions(path))
	}
	if err == nil {
		return s, nil
	}
	if j.keep || j.traceFlags.store != "" || j.inputs.store != "" {
		return nil, err
	}
	if !j.quiet {
		fmt.Fprintf(a.err, "costscope: %s\ncostscope: what is read now is not kept\n", printable(err.Error()))
	}
	s.why = err.Error()
	s.notice = "the usual store cannot be used, what is read now is not kept: " + err.Error()
	if errors.Is(err, store.ErrInUse) {
		s.notice = "open in another costscope, too: what is read here is not kept"
	}
	return s, a.openTemporary(j, s)
}

// putAside asks, where there is somebody to ask, whether a damaged store may be made anew, and moves it out of the way.
func (a *app) putAside(path string, err error) bool {
	if terminalOf(a.in) == nil || terminalOf(a.err) == nil {
		return false
	}
	aside := path + ".damaged"
	fmt.Fprintf(a.err, "costscope: %s\nKeep it as %s and read the traces again? [Y/n] ", printable(err.Error()), printable(filepath.Base(aside)))
	if !a.agrees() {
		return false
	}
	if err := os.Rename(path, aside); err != nil {
		fmt.Fprintf(a.err, "costscope: %s\n", printable(err.Error()))
		return false
	}
	return true
}

// agrees reads the answer to a question: enter is yes.
func (a *app) agrees() bool {
	line := make(chan string, 1)
	go func() {
		text, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil {
			text = "no"
		}
		line <- text
	}()
	select {
	case text := <-line:
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "", "y", "yes":
			return true
		}
	case <-a.ctx.Done():
	}
	return false
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
	return store.Options{Path: path, Prices: j.book, Mode: j.mode, TZ: j.zone, Format: j.format, Outcomes: j.inputs.verdicts, PerRun: j.limits.PerRun, Show: j.inputs.shown, Map: j.own}
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
	for _, path := range j.inputs.verdicts {
		set = append(set, string(filepath.Separator)+"--outcomes="+path)
	}
	if j.mapping != "" {
		abs, err := filepath.Abs(j.mapping)
		if err != nil {
			return "", err
		}
		set = append(set, string(filepath.Separator)+"--map="+abs)
	}
	slices.Sort(set)
	set = slices.Compact(set)
	if j.format != tracefmt.FormatNone { // the same bytes read another way
		set = append(set, string(filepath.Separator)+"--format="+j.traceFlags.format)
	}
	return store.DefaultPath(set)
}

// screenOptions are those that hold for whatever is explored.
func (a *app) screenOptions(j *job) tui.Options {
	o := tui.Options{Title: j.title(), By: j.query.By, Query: j.query, Theme: j.theme, NoColor: j.noColor || a.getenv("NO_COLOR") != "",
		Mouse: j.mouse, Out: a.out, Now: a.now, Zone: j.zone, Prices: j.book, OpenPrices: ownPrices, Hints: true}
	o.Query.By = nil
	o.Resume = !narrows(j.query) && j.by == defaultBy
	return o
}

// keysFor takes the keys from the terminal itself where standard input is a trace, or nothing.
func (a *app) keysFor(o *tui.Options) error {
	if terminalOf(a.in) != nil {
		return nil
	}
	tty, err := a.terminal()
	if err != nil {
		return err
	}
	o.In = tty
	return nil
}

// explore runs the explorer over a store until the person leaves it.
func (a *app) explore(j *job, s *openedStore) error {
	o := a.screenOptions(j)
	o.Notice, o.Unkept, o.Export = s.notice, s.why, a.exporter(j, s)
	if j.traceFlags.follow {
		o.Following, o.Limits, o.Alerted = true, j.limits, a.raiser(j)
	}
	if err := a.keysFor(&o); err != nil {
		return err
	}
	before := baselines{app: a, job: j, own: s, open: map[string]*openedStore{}}
	o.Baseline, o.OpenBaseline = j.baseline, before.Open
	return errors.Join(tui.Run(a.ctx, s.Bolt, o), before.close())
}

// title is "checkout.jsonl +2".
func (j *job) title() string {
	first := j.inputs.args[0]
	if first != "-" {
		first = filepath.Base(first)
	}
	if n := len(j.inputs.args) - 1; n > 0 {
		return fmt.Sprintf("%s +%d", first, n)
	}
	return first
}

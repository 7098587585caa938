package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

const openLong = `Explore traces in the terminal: where the money goes, by path, and the calls behind every
number. What was read is kept, so a second open reads only what is new. Press ? for the keys.
Without a terminal on standard output, or with TERM=dumb, the report is printed instead.`

// grace is how long the explorer waits before its first screen for traces that are read at once, or turn out to be none.
const grace = 40 * time.Millisecond

// graceFor is no time where the store holds calls already: there is something to show.
func graceFor(s *openedStore) time.Duration {
	if countCalls(s.Status()) > 0 {
		return 0
	}
	return grace
}

// openTraces explores.
func (a *app) openTraces(j *job) error {
	if a.reportsInstead(j) {
		return a.reportTraces(j)
	}
	if err := a.findBaseline(j); err != nil {
		return err
	}
	s, err := a.openStore(j)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(a.ctx)
	end := make(chan error, 1)
	go func() { end <- s.readOn(ctx, j) }()
	select {
	case err = <-end:
		end <- err
		err = a.loaded(j, s, err)
	case <-time.After(graceFor(s)):
	}
	if err == nil {
		err = a.explore(j, s)
	}
	return errors.Join(a.leave(j, s, stop, end, err), s.Close())
}

// readOn reads what there is, and with --follow what comes.
func (s *openedStore) readOn(ctx context.Context, j *job) (err error) {
	defer func() {
		if p := recover(); p != nil { // the explorer goes on and tells; the terminal is restored when it ends
			err = fmt.Errorf("internal error: %v\n%s", p, debug.Stack())
		}
	}()
	if j.traceFlags.follow {
		return s.follow(ctx, j, nil)
	}
	return s.Load(ctx, j.inputs.files, nil, nil)
}

// leave stops reading and says how exploring ended.
func (a *app) leave(j *job, s *openedStore, stop func(), end chan error, err error) error {
	stop()
	loaded := <-end
	switch {
	case a.ctx.Err() != nil:
		return interrupted(s, s.Status())
	case err != nil:
		return err
	case errors.Is(loaded, context.Canceled):
		return nil // left before everything was read; the next open goes on
	}
	return a.loaded(j, s, loaded)
}

// reportsInstead says that there is no terminal to explore in, and tells the person so.
func (a *app) reportsInstead(j *job) bool {
	why := a.noScreen(j)
	if why != "" && !j.quiet {
		fmt.Fprintln(a.err, "costscope: "+why+": printing the report instead of opening the explorer")
		if j.baseline != "" {
			fmt.Fprintln(a.err, "costscope: --baseline is for the explorer: costscope diff OLD NEW prints the comparison")
		}
	}
	return why != ""
}

// noScreen says why there is no terminal to explore in; "" when there is one.
func (a *app) noScreen(j *job) string {
	switch {
	case j.json || j.markdown || j.out != "":
		return "an output flag is set"
	case terminalOf(a.out) == nil:
		return "standard output is no terminal"
	case a.getenv("TERM") == "dumb":
		return "TERM=dumb"
	}
	return ""
}

// terminal is where keys come from when standard input is a trace.
func (a *app) terminal() (*os.File, error) {
	t, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("there is no terminal to read keys from: %w", err)
	}
	a.later(func() { t.Close() })
	return t, nil
}

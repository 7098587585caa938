package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"costscope/analyze"

	"golang.org/x/term"
)

// A progress is one line on the terminal that is rewritten while traces are read, and gone afterwards.
type progress struct {
	w     io.Writer // nil: standard error is no terminal, or --quiet
	width int
	now   func() time.Time
	next  time.Time // not before
	shown bool
}

const progressEvery = 100 * time.Millisecond

func (a *app) progress(quiet bool) *progress {
	p := &progress{now: a.now}
	t := terminalOf(a.err)
	if t == nil || quiet {
		return p
	}
	p.w, p.width = t, 80
	if w, _, err := term.GetSize(int(t.Fd())); err == nil && w > 0 {
		p.width = w
	}
	return p
}

// show rewrites the line, at most ten times a second.
func (p *progress) show(s analyze.Status) {
	if p.w == nil || p.now().Before(p.next) {
		return
	}
	p.next, p.shown = p.now().Add(progressEvery), true
	line := []rune(progressLine(s))
	if len(line) > p.width-1 {
		line = line[:max(0, p.width-1)]
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", string(line))
}

// done erases the line.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// progressLine is "reading traces.jsonl 43% · 310,422 calls".
func progressLine(s analyze.Status) string {
	var calls int64
	name := ""
	for _, src := range s.Sources {
		calls += src.Calls
		if src.Size > src.Bytes || name == "" {
			name = src.Path
		}
	}
	var b strings.Builder
	b.WriteString("reading " + printable(filepath.Base(name)))
	if s.Size > 0 {
		fmt.Fprintf(&b, " %d%%", min(100, s.Done*100/s.Size))
	}
	fmt.Fprintf(&b, " · %s calls", analyze.Count(calls))
	return b.String()
}

package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
)

// TestBaselinesOpen: another trace is opened once and kept; the trace explored is itself; what cannot be read is told in one line.
func TestBaselinesOpen(t *testing.T) {
	ownCache(t)
	own, old := (world{runs: 20, tokens: 1000, price: 2e-6, seed: 1}).write(t), (world{runs: 30, tokens: 900, price: 2e-6, seed: 2}).write(t)
	a := &app{ctx: context.Background(), now: time.Now}
	defer a.cleanup()
	j := &job{traceFlags: traceFlags{by: defaultBy, cost: "auto", theme: "auto", quiet: true}, inputs: inputs{args: []string{own}}}
	if err := errors.Join(j.check(nil, time.Now()), a.find(&j.inputs, "")); err != nil {
		t.Fatal(err)
	}
	s, err := a.read(j)
	if err != nil {
		t.Fatal(err)
	}
	b := baselines{app: a, job: j, own: s, open: map[string]*openedStore{}}
	ctx := context.Background()
	src, err := b.Open(ctx, old, func(analyze.Status) {})
	if err != nil {
		t.Fatal(err)
	}
	if table, err := src.Rollup(ctx, analyze.Query{}); err != nil || table.Total.Runs != 30 {
		t.Errorf("%+v %v", table, err)
	}
	if again, err := b.Open(ctx, old, nil); err != nil || again != src || len(b.open) != 1 {
		t.Errorf("opened again it is another: %v", err)
	}
	if same, err := b.Open(ctx, own, nil); err != nil || same != any(s.Bolt) {
		t.Errorf("the trace explored is not itself: %v", err)
	}
	for _, bad := range []string{filepath.Join(t.TempDir(), "nosuch.jsonl"), "-"} {
		if _, err := b.Open(ctx, bad, nil); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	gone, stop := context.WithCancel(ctx)
	stop()
	third := (world{runs: 5, tokens: 900, price: 2e-6, seed: 3}).write(t)
	if _, err := b.Open(gone, third, nil); err == nil {
		t.Errorf("called off, and yet it was read")
	}
	if err := errors.Join(b.close(), s.Close()); err != nil {
		t.Error(err)
	}
}

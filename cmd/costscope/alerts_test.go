//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTailAlerts: alerts without a terminal, as lines, as JSON and to a hook, as the trace grows; ctrl+c is no failure.
func TestTailAlerts(t *testing.T) {
	ownCache(t)
	dir := t.TempDir()
	trace, heard := put(t, "t.jsonl", good("c1")+"\n"), filepath.Join(dir, "heard")
	hook := filepath.Join(dir, "hook")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\n{ printf '%s|%s\\n' \"$1\" \"$2\"; cat; } >>'"+heard+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for n, more := range [][]string{nil, {"--json"}} {
		var out, errs syncBuffer
		cmd, _ := child(append([]string{"tail", "--alerts", "--budget", "1", "--run-budget", "0.40", "--hook", hook, "--store", filepath.Join(dir, fmt.Sprint(n, ".db")), trace}, more...)...)
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return strings.Contains(errs.String(), "alerts follow") })
		if out.String() != "" {
			t.Errorf("alerts before anything happened: %s", out.String())
		}
		appendTo(t, trace, good("c2"))
		waitFor(t, func() bool { return strings.Contains(out.String(), "run-budget") })
		appendTo(t, trace, good("c3"), good("c4"))
		waitFor(t, func() bool { return strings.Contains(out.String(), "budget-spent") })
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, errs.String())
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if n == 1 {
			var x struct{ Rule, Text, Key, Cost string }
			if err := json.Unmarshal([]byte(lines[0]), &x); err != nil || x.Rule != "run-budget" || x.Key != "r" || x.Cost != "0.5" {
				t.Errorf("%v, %+v in %s", err, x, lines[0])
			}
		} else if !strings.HasSuffix(lines[0], "run-budget: w: run r has cost $0.50, more than $0.40") {
			t.Errorf("%q", lines)
		}
		os.Remove(trace)
		appendTo(t, trace, good("c1"))
	}
	got, err := os.ReadFile(heard)
	if err != nil || !strings.HasPrefix(string(got), "run-budget|w: run r has cost $0.50, more than $0.40\n{\"at\":") {
		t.Errorf("%v, the hook heard %s", err, got)
	}
	for _, args := range [][]string{{"--budget", "x"}, {"--budget", "5/fortnight"}, {"--run-budget", "1/day"}, {"--hook", "no-such-program"}} {
		if got := cli(t, append([]string{"tail", trace}, args...)...); got.code != exitUsage || !strings.Contains(got.errors, args[0]) {
			t.Errorf("%v: exit code %d, %s", args, got.code, got.errors)
		}
	}
}

// TestTailLoop: an agent reads the same page again and again, appended call by call. The fourth time it is told as a loop, once, with what
// the three repeats cost: three model calls of $0.25.
func TestTailLoop(t *testing.T) {
	ownCache(t)
	trace := put(t, "t.jsonl", good("c1")+"\n")
	var out, errs syncBuffer
	cmd, _ := child("tail", "--alerts", "--json", trace)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return strings.Contains(errs.String(), "alerts follow") })
	for n := range 7 {
		ask := fmt.Sprintf(`{"trace_id":"r","span_id":"m%d","operation":"chat","workflow":"w","agent":"a","model":"m","start":"2026-02-03T10:01:%02dZ","duration_ms":500,"cost_usd":0.25}`, n, 2*n)
		do := fmt.Sprintf(`{"trace_id":"r","span_id":"t%d","operation":"execute_tool","workflow":"w","agent":"a","tool":"read","start":"2026-02-03T10:01:%02dZ","duration_ms":100,"args_fp":"page 1","result_fp":"nothing"}`, n, 2*n+1)
		appendTo(t, trace, ask, do)
		if n < 3 && out.String() != "" {
			t.Errorf("told after %d calls: %s", n+1, out.String())
		}
		time.Sleep(300 * time.Millisecond)
		if n == 3 {
			waitFor(t, func() bool { return out.String() != "" })
		}
	}
	cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, errs.String())
	}
	var x struct {
		Rule, Text, Key, Cost string
		Value, Limit          float64
	}
	if err := json.Unmarshal([]byte(out.String()), &x); err != nil || x.Rule != "loop" || x.Key != "r t3" || x.Cost != "0.75" || x.Value != 4 || x.Limit != 4 ||
		x.Text != "a: run r goes round in a loop: read, 4 times; repeats cost $0.75" {
		t.Errorf("%v, %s", err, out.String())
	}
}

func appendTo(t *testing.T, path string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strings.Join(lines, "\n") + "\n"); err != nil {
		t.Fatal(err)
	}
}

// syncBuffer takes what a process prints while the test looks.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

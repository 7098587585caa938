package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/store"
)

// clockAt is a clock that stands at a time until it is set.
type clockAt struct{ ns atomic.Int64 }

func (c *clockAt) now() time.Time  { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clockAt) set(text string) { c.ns.Store(at(text).UnixNano()) }
func at(text string) (when time.Time) {
	when, _ = time.Parse(time.TimeOnly, text)
	return when.AddDate(2026, 0, 0)
}

// followFrom follows a file that holds lines already, by a clock.
func followFrom(t *testing.T, c *clockAt, lines ...string) *followed {
	t.Helper()
	f := &followed{t: t, path: filepath.Join(t.TempDir(), "t.jsonl"), end: make(chan error, 1)}
	f.write(lines...)
	var err error
	if f.s, err = store.Open(store.Options{Path: filepath.Join(t.TempDir(), "s.db"), Now: c.now}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	caught := make(chan bool)
	go func() {
		f.end <- f.s.Follow(ctx, store.Following{Files: func() []string { return []string{f.path} }, Caught: func() { close(caught) }})
	}()
	<-caught
	return f
}

func (f *followed) write(lines ...string) {
	f.t.Helper()
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(strings.Join(append(lines, ""), "\n")); err != nil {
		f.t.Fatal(err)
	}
}

// add appends lines and waits until they are read.
func (f *followed) add(lines ...string) analyze.Status {
	f.t.Helper()
	f.write(lines...)
	info, err := os.Stat(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	f.await(info.Size())
	return f.s.Status()
}

// asks and does are a call of a model and one of a tool that it asked for, at a second of 10:00.
func asks(run string, second int) string {
	return fmt.Sprintf(`{"trace_id":%q,"span_id":"m%d","operation":"chat","workflow":"w","agent":"a","model":"m","start":"2026-01-01T10:00:%02dZ","duration_ms":500,"cost_usd":0.25}`, run, second, second)
}

func does(run string, second int, tool, result string) string {
	return fmt.Sprintf(`{"trace_id":%q,"span_id":"t%d","operation":"execute_tool","workflow":"w","agent":"a","tool":%q,"start":"2026-01-01T10:00:%02dZ","duration_ms":100,"args_fp":"same","result_fp":%q}`, run, second, tool, second, result)
}

// TestLoopsAsTheyHappen: search and open, three times with the same results, is a loop of two (analysis-spec C.2) from the sixth tool call on;
// the repeats are four model calls of $0.25. It goes on under the same name, and what happens in other runs is not told again.
func TestLoopsAsTheyHappen(t *testing.T) {
	c := &clockAt{}
	c.set("10:01:00")
	var before []string // four times the same is a loop, too, but it was there before
	for n := range 4 {
		before = append(before, asks("old", 2*n), does("old", 2*n+1, "read", "same"))
	}
	f := followFrom(t, c, before...)
	defer f.close()
	step := func(n int) []string {
		tool := []string{"search", "open"}[n%2]
		return []string{asks("r", 2*n), does("r", 2*n+1, tool, "of "+tool)}
	}
	for n := range 5 {
		if st := f.add(step(n)...); len(st.Loops) != 0 {
			t.Fatalf("%d tool calls: %+v", n+1, st.Loops)
		}
	}
	st := f.add(step(5)...)
	if len(st.Loops) != 1 {
		t.Fatalf("6 tool calls: %+v", st.Loops)
	}
	want := analyze.LiveLoop{Run: "r", Workflow: "w", Agent: "a", Warn: "t11", Cycle: []string{"search", "open"}, Repeats: 3, Need: 3, Waste: 1_000_000_000_000}
	got := st.Loops[0]
	if len(got.Calls) != 12 {
		t.Errorf("calls %v", got.Calls)
	}
	if got.Calls = nil; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	f.add(asks("other", 30), does("other", 31, "search", "x"))
	f.add(step(6)...)
	if st = f.add(step(7)...); len(st.Loops) != 1 || st.Loops[0].Warn != "t11" || st.Loops[0].Repeats != 4 || st.Loops[0].Waste != 1_500_000_000_000 {
		t.Errorf("8 tool calls: %+v", st.Loops)
	}
}

// TestRunsInFlight: a run without an outcome is in flight for five minutes after its last call, also where it was there before; one that
// says how it ended is not.
func TestRunsInFlight(t *testing.T) {
	c := &clockAt{}
	c.set("10:05:10")
	f := followFrom(t, c, asks("before", 20), asks("long ago", 1))
	defer f.close()
	flying := func(st analyze.Status) (list []string) {
		for _, r := range st.Flying {
			list = append(list, r.Run+" "+r.Cost.String())
		}
		slices.Sort(list)
		return list
	}
	check := func(when string, st analyze.Status, want ...string) {
		t.Helper()
		if got := flying(st); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	check("at first", f.s.Status(), "before 0.25")
	check("one begins", f.add(asks("r", 40)), "before 0.25", "r 0.25")
	check("and goes on", f.add(asks("r", 50)), "before 0.25", "r 0.5")
	c.set("10:05:30")
	check("the first is silent", f.s.Status(), "r 0.5")
	check("it ends", f.add(`{"type":"run","trace_id":"r","outcome":{"success":true}}`))
	c.set("10:06:00")
	check("an old one goes on", f.add(asks("old", 30)))
	c.set("10:01:30")
	check("a clock goes ahead", f.add(strings.Replace(asks("ahead", 1), "10:00:01", "23:00:01", 1)), "ahead 0.25", "before 0.25")
	for _, r := range f.s.Status().Flying {
		if r.Run == "ahead" && !r.Last.Equal(at("10:01:30")) {
			t.Errorf("the run ahead is in flight until %v", r.Last)
		}
	}
}

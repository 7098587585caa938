//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"costscope/store"
)

// TestSoak runs for as long as COSTSCOPE_SOAK says (10m): a writer at 1,000 lines a second, at 5,000 in the middle third, then a quiet
// time. A load --follow is measured from outside, the lag from within: from the write of a line to the status that holds it.
func TestSoak(t *testing.T) {
	d, err := time.ParseDuration(os.Getenv("COSTSCOPE_SOAK"))
	if err != nil {
		t.Skip("COSTSCOPE_SOAK=10m runs it")
	}
	ownCache(t)
	dir := t.TempDir()
	trace, db := filepath.Join(dir, "t.jsonl"), filepath.Join(dir, "followed.db")
	w, err := os.Create(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd, errs := child("load", "--follow", "--store", db, trace)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lag := newLagMeter(t, trace)
	quiet := d / 10
	written := 0
	for part, rate := range []int{1000, 5000, 1000} {
		began, before, n := time.Now(), usage(t, cmd.Process.Pid), 0
		for end := began.Add((d - quiet) / 3); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			due := int(time.Since(began).Seconds()*float64(rate)) - n
			var b bytes.Buffer
			for range due {
				soakLine(&b, written)
				written++
				n++
			}
			w.Write(b.Bytes())
			lag.wrote(int64(b.Len()))
		}
		after := usage(t, cmd.Process.Pid)
		report(t, fmt.Sprintf("part %d, %d lines/s (%d lines)", part+1, n/int(time.Since(began).Seconds()), n), before, after, db, trace)
		t.Logf("  lag: %s", lag.take())
	}
	time.Sleep(2 * time.Second)
	before := usage(t, cmd.Process.Pid)
	time.Sleep(quiet)
	report(t, "quiet", before, usage(t, cmd.Process.Pid), db, trace)
	cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, errs)
	}
	lag.stop()
	once := filepath.Join(dir, "once.db")
	loadInto(t, once, []string{trace})
	t.Logf("%d lines, %d bytes; store followed %d bytes, loaded at once %d bytes", written, sizeOf(t, trace), sizeOf(t, db), sizeOf(t, once))
	same(t, "followed", heldBy(t, db), heldBy(t, once))
}

// soakLine is a call of one of twenty runs that go side by side and end after some forty calls.
func soakLine(b *bytes.Buffer, n int) {
	run := n/800*20 + n*7%20
	fmt.Fprintf(b, `{"trace_id":"trace-%08x-%04x","span_id":"span-%012x","operation":"chat","workflow":"w%d","agent":"a%d","model":"gpt-5-mini","start":%d,"duration_ms":%d,"input_tokens":%d,"output_tokens":%d}`+"\n",
		run*7919, run, n, run%3, n%7, time.Now().UnixMilli(), 5+n%900, 100+n*31%9000, n*17%900)
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// processUse is what a process has used.
type processUse struct {
	at       time.Time
	cpu      time.Duration
	rss, top int64 // bytes
}

func usage(t *testing.T, pid int) (u processUse) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	u.at, u.cpu = time.Now(), time.Duration(user+system)*10*time.Millisecond
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, l := range strings.Split(string(status), "\n") {
		var kb int64
		if n, _ := fmt.Sscanf(l, "VmRSS: %d", &kb); n == 1 {
			u.rss = kb << 10
		}
		if n, _ := fmt.Sscanf(l, "VmHWM: %d", &kb); n == 1 {
			u.top = kb << 10
		}
	}
	return u
}

func report(t *testing.T, name string, a, b processUse, db, trace string) {
	t.Logf("%s: CPU %.2f %% of a core, RSS %.1f MB (peak %.1f), store %.2f MB for %.1f MB", name, 100*float64(b.cpu-a.cpu)/float64(b.at.Sub(a.at)),
		float64(b.rss)/1e6, float64(b.top)/1e6, float64(sizeOf(t, db))/1e6, float64(sizeOf(t, trace))/1e6)
}

// A lagMeter follows the trace in a store of its own and measures how long what is written takes to be told.
type lagMeter struct {
	mu    sync.Mutex
	total int64
	marks []lagMark
	lags  []time.Duration
	stop  func()
}

type lagMark struct {
	offset int64
	at     time.Time
}

func newLagMeter(t *testing.T, trace string) *lagMeter {
	s, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "lag.db")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	end, m := make(chan error, 1), &lagMeter{}
	go func() { end <- s.Follow(ctx, store.Following{Files: func() []string { return []string{trace} }}) }()
	go func() {
		for ctx.Err() == nil {
			<-s.Changed()
			if src := s.Status().Sources; len(src) > 0 {
				m.seen(src[0].Bytes)
			}
		}
	}()
	m.stop = func() {
		cancel()
		if err := <-end; err != nil {
			t.Error(err)
		}
		s.Close()
	}
	return m
}

func (m *lagMeter) wrote(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total += n; n > 0 {
		m.marks = append(m.marks, lagMark{m.total, time.Now()})
	}
}

func (m *lagMeter) seen(offset int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.marks) > 0 && m.marks[0].offset <= offset {
		m.lags = append(m.lags, time.Since(m.marks[0].at))
		m.marks = m.marks[1:]
	}
}

func (m *lagMeter) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.Sort(m.lags)
	n := len(m.lags)
	if n == 0 {
		return "nothing was seen"
	}
	text := fmt.Sprintf("p50 %v, p99 %v, max %v of %d writes", m.lags[n/2].Round(time.Millisecond), m.lags[n*99/100].Round(time.Millisecond), m.lags[n-1].Round(time.Millisecond), n)
	m.lags = nil
	return text
}

package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"costscope/analyze"
	"costscope/store"
)

// flatTrace writes costscope JSONL as a busy gateway would: runs interleaved, prompts that grow, a retry here and there.
func flatTrace(tb testing.TB, calls int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "flat.jsonl")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriter(f)
	r := rand.New(rand.NewPCG(1, 1))
	type live struct{ id, left, seq, ctx int }
	var runs [64]live
	next := 0
	for n := range calls {
		l := &runs[r.IntN(len(runs))]
		if l.left == 0 {
			next++
			*l = live{id: next, left: 1 + r.IntN(30), ctx: 900}
		}
		l.left--
		l.seq++
		l.ctx += 400
		fmt.Fprintf(w, `{"trace_id":"run-%012x","span_id":"c%08x","start":"2026-01-%02dT10:%02d:%02d.%03dZ","operation":"chat","workflow":"w%d","agent":"a%d","model":"gpt-5-mini","input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":%d,"duration_ms":%d,"cost_usd":0.%06d,"status":"ok","attempt":1}`+"\n",
			l.id*2654435761, n, 1+n*28/calls, n/60%60, n%60, n%1000, l.id%8, l.seq%3, l.ctx, l.ctx/2, 20+r.IntN(900), 300+r.IntN(9000), r.IntN(90000))
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func loadInto(tb testing.TB, path string, files ...string) *store.Bolt {
	tb.Helper()
	s, err := store.Open(store.Options{Path: path})
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Load(context.Background(), files, nil, nil); err != nil {
		tb.Fatal(err)
	}
	return s
}

// BenchmarkLoadFlat reads, prices, sums and stores 200,000 calls.
func BenchmarkLoadFlat(b *testing.B) {
	const calls = 200_000
	path := flatTrace(b, calls)
	fi, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(fi.Size())
	b.ReportAllocs()
	for b.Loop() {
		db := filepath.Join(b.TempDir(), "s.db")
		loadInto(b, db, path).Close()
		kept, err := os.Stat(db)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(kept.Size())/calls, "store-B/call")
	}
	b.ReportMetric(float64(b.N)*calls/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkQueries asks a store of 200,000 calls what the screens ask.
func BenchmarkQueries(b *testing.B) {
	s := loadInto(b, filepath.Join(b.TempDir(), "s.db"), flatTrace(b, 200_000))
	defer s.Close()
	ctx := context.Background()
	ask := func(by string, where ...string) analyze.Query {
		dims, err := analyze.ParseBy(by)
		if err != nil {
			b.Fatal(err)
		}
		q := analyze.Query{By: dims}
		for _, w := range where {
			p, err := analyze.ParsePred(w)
			if err != nil {
				b.Fatal(err)
			}
			q.Where = append(q.Where, p)
		}
		return q
	}
	b.Run("rollup", func(b *testing.B) {
		for b.Loop() {
			s.Rollup(ctx, ask("workflow,agent,step"))
		}
	})
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			s.Rollup(ctx, ask("agent", "cost>0.01"))
		}
	})
	b.Run("run costs", func(b *testing.B) {
		for b.Loop() {
			s.RunCosts(ctx, ask("workflow"))
		}
	})
	b.Run("calls by cost", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++ // another question each time: nothing is remembered
			s.Calls(ctx, ask("workflow", fmt.Sprintf("input>%d", n)), analyze.ByCost, true, 0, 50)
		}
	})
}

// BenchmarkOpen opens a stored trace that has not changed: what a second look costs.
func BenchmarkOpen(b *testing.B) {
	path, db := flatTrace(b, 200_000), filepath.Join(b.TempDir(), "s.db")
	loadInto(b, db, path).Close()
	b.ReportAllocs()
	for b.Loop() {
		loadInto(b, db, path).Close()
	}
}

// A load allocates for names, ids and new runs, not for each call: what it allocates per call is bounded here, so that a slip is seen
// in a test and not on a user's machine.
func TestLoadAllocatesLittlePerCall(t *testing.T) {
	const calls = 60_000
	path := flatTrace(t, calls)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := loadInto(t, filepath.Join(t.TempDir(), "s.db"), path)
	runtime.ReadMemStats(&after)
	s.Close()
	if n := float64(after.Mallocs-before.Mallocs) / calls; n > 1.5 {
		t.Errorf("%.2f allocations a call", n)
	}
	if n := float64(after.TotalAlloc-before.TotalAlloc) / calls; n > 2500 {
		t.Errorf("%.0f bytes allocated a call", n)
	}
}

package sample

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"testing"
	"time"
)

func TestSameSeedSameBytes(t *testing.T) {
	a, ta := generate(t, "production", 7, 200)
	b, tb := generate(t, "production", 7, 200)
	c, _ := generate(t, "production", 8, 200)
	if !bytes.Equal(a, b) || ta.Cost != tb.Cost {
		t.Error("the same seed gave different traces")
	}
	if bytes.Equal(a, c) {
		t.Error("two seeds gave the same trace")
	}
}

// Where a machine rounds differently or a generator changes, the first numbers show it.
func TestGeneratorNumbers(t *testing.T) {
	r := rng(1)
	for i, want := range []uint64{0x910a2dec89025cc1, 0xbeeb8da1658eec67, 0xf893a2eefb32555e} {
		if got := r.next(); got != want {
			t.Errorf("number %d is %#x, want %#x", i, got, want)
		}
	}
	for _, c := range []struct{ n, x, want int64 }{{1000, 0, 1000}, {1000, 1024, 2000}, {1000, -1024, 500}, {1000, 512, 1414}, {1000, 2048 + 512, 5656}, {3, -99999, 0}} {
		if got := scale(c.n, c.x); got != c.want {
			t.Errorf("scale(%d, %d) = %d, want %d", c.n, c.x, got, c.want)
		}
	}
}

func TestDistributions(t *testing.T) {
	r := rng(3)
	var logs, big []int64
	for range 20_000 {
		logs = append(logs, r.lognormal(1000, 1024))
		big = append(big, r.pareto(10, 1_000_000, 1000))
	}
	slices.Sort(logs)
	slices.Sort(big)
	// the median of a lognormal is its median, its 84th percentile e times that; a Pareto with exponent 1 halves with every doubling
	for _, c := range []struct{ got, want int64 }{{logs[10_000], 1000}, {logs[16_827], 2718}, {big[10_000], 20}, {big[18_000], 100}} {
		if math.Abs(float64(c.got-c.want)) > 0.05*float64(c.want) {
			t.Errorf("quantile %d, want about %d", c.got, c.want)
		}
	}
}

func TestLinesAreInTheOrderOfTheLog(t *testing.T) {
	for _, s := range Scenarios {
		trace, truth := generate(t, s.Name, 5, 300)
		all := parse(t, trace)
		if int64(len(all)) != truth.Lines {
			t.Errorf("%s: %d lines, said to be %d", s.Name, len(all), truth.Lines)
		}
		var last time.Time
		live, most, mixed := map[string]bool{}, 0, 0
		for i, e := range all {
			if e.Type == "run" {
				delete(live, e.Trace)
				continue
			}
			at := e.Start
			if e.Duration != nil {
				at = e.end()
			}
			if at.Before(last) {
				t.Fatalf("%s: line %d comes %v too late", s.Name, i+1, last.Sub(at))
			}
			last = at
			live[e.Trace] = true
			most = max(most, len(live))
			if i > 0 && all[i-1].Trace != e.Trace && all[i-1].Type != "run" {
				mixed++
			}
		}
		if s.Days > 7 && (most < 2 || mixed == 0) {
			t.Errorf("%s: runs do not overlap", s.Name)
		}
	}
}

// The runs that are kept in memory are those under way, however many there are in all.
func TestMemoryIsBounded(t *testing.T) {
	sc, _ := find("production")
	g := newGenerator(io.Discard, sc, 1)
	if err := g.all(10_000); err != nil {
		t.Fatal(err)
	}
	if peak := len(g.spare); peak > 200 || len(g.live) > 0 {
		t.Errorf("%d runs were kept at once, %d at the end", peak, len(g.live))
	}
}

func TestTruthIsWhatTheFileSays(t *testing.T) {
	for _, s := range Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			trace, truth := generate(t, s.Name, 11, 400)
			all := parse(t, trace)
			var got Truth
			got.CallsByKind = map[string]int64{}
			for i := range all {
				if e := &all[i]; e.Type != "run" && !e.encloses() {
					addEntry(t, &got, e)
				}
			}
			for _, c := range []struct {
				name      string
				got, want any
			}{
				{"cost", got.Cost, truth.Cost}, {"recorded", got.Recorded, truth.Recorded}, {"computed", got.Computed, truth.Computed},
				{"mismatches", got.Mismatches, truth.Mismatches}, {"calls", got.Calls, truth.Calls}, {"failed", got.Failed, truth.Failed},
				{"errors", got.Errors, truth.Errors}, {"unbilled", got.Unbilled, truth.Unbilled}, {"no usage", got.NoUsage, truth.NoUsage},
				{"unfinished", got.Unfinished, truth.Unfinished}, {"unpriced", got.Unpriced, truth.Unpriced},
				{"unpriced tokens", got.UnpricedTokens, truth.UnpricedTokens}, {"tokens", got.Tokens, truth.Tokens},
			} {
				if c.got != c.want {
					t.Errorf("%s: the file says %v, the truth %v", c.name, c.got, c.want)
				}
			}
			if !maps.Equal(got.CallsByKind, truth.CallsByKind) {
				t.Errorf("kinds: the file says %v, the truth %v", got.CallsByKind, truth.CallsByKind)
			}
			compareBills(t, all, truth)
			compareRuns(t, byRun(t, all), truth)
		})
	}
}

func compareBills(t *testing.T, all []entry, truth Truth) {
	for _, c := range []struct {
		name string
		key  func(*entry) string
		want map[string]Bill
	}{
		{"workflow", func(e *entry) string { return e.Workflow }, truth.Workflows},
		{"feature", func(e *entry) string { return e.Feature }, truth.Features},
		{"version", func(e *entry) string { return e.Workflow + "/" + e.Version }, truth.Versions},
		{"agent", func(e *entry) string { return e.Workflow + "/" + e.Agent }, truth.Agents},
		{"role", func(e *entry) string { return e.Role }, truth.Roles},
		{"model", (*entry).model, truth.Models},
		{"day", func(e *entry) string { return e.Start.Format(time.DateOnly) }, truth.Days},
	} {
		bills := map[string]Bill{}
		for i := range all {
			if e := &all[i]; e.Type != "run" && !e.encloses() {
				count(bills, c.key(e), e.cost(t))
			}
		}
		if !maps.Equal(bills, c.want) {
			t.Errorf("%s: the file says %v, the truth %v", c.name, bills, c.want)
		}
	}
}

func addEntry(t *testing.T, g *Truth, e *entry) {
	c := e.cost(t)
	list, priced := e.list(t)
	g.Calls++
	g.Cost += c
	kind := map[string]string{"chat": "llm", "embeddings": "embedding", "execute_tool": "tool", "retrieval": "retriever", "human_review": "human"}[e.Op]
	if e.Kind != "" {
		kind = e.Kind
	}
	g.CallsByKind[kind]++
	if e.Cost != "" {
		g.Recorded += c
		if priced && math.Abs(float64(c-list)) > float64(c)/100 {
			g.Mismatches++
		}
	} else {
		g.Computed += c
	}
	if e.Status == "error" {
		g.Errors++
	}
	if e.failed() {
		g.Failed++
	}
	model := e.model() != ""
	switch {
	case e.Duration == nil:
		g.Unfinished++
	case model && e.Input == nil && e.failed():
		g.Unbilled++
	case model && e.Input == nil:
		g.NoUsage++
	case model && e.Cost == "" && !priced:
		g.Unpriced++
		g.UnpricedTokens += *e.Input + e.Output
	}
	if e.Input != nil {
		g.Tokens.Input += *e.Input
	}
	g.Tokens.CacheRead += e.Read
	g.Tokens.CacheWrite += e.Write
	g.Tokens.CacheWrite1h += e.Write1h
	g.Tokens.Output += e.Output
	g.Tokens.Reasoning += e.Reason
}

func compareRuns(t *testing.T, runs map[string]*trial, truth Truth) {
	outcomes, values := map[string]Bill{}, map[string]float64{}
	for _, r := range runs {
		outcome := "unknown"
		switch {
		case r.own != nil && r.own.Outcome.Success:
			outcome = "success"
		case r.own != nil:
			outcome = "failure"
		case r.open:
			outcome = "in_flight"
		}
		count(outcomes, outcome, r.cost)
		if r.own != nil {
			for _, v := range r.own.Outcome.Values {
				values[v.Unit] += v.Amount
			}
		}
	}
	if int64(len(runs)) != truth.Runs || !maps.Equal(outcomes, truth.Outcomes) {
		t.Errorf("%d runs %v; the truth is %d, %v", len(runs), outcomes, truth.Runs, truth.Outcomes)
	}
	for unit, want := range truth.Values {
		if math.Abs(values[unit]-want) > 1e-6*want {
			t.Errorf("%s: the file says %g, the truth %g", unit, values[unit], want)
		}
	}
}

func TestPartsSumToThePrompt(t *testing.T) {
	trace, _ := generate(t, DemoName, 3, 200)
	seen := 0
	for _, e := range parse(t, trace) {
		if e.Context == nil {
			continue
		}
		seen++
		var sum int64
		for _, n := range e.Context {
			sum += n
		}
		if sum != *e.Input {
			t.Fatalf("%s/%s: parts sum to %d of %d tokens", e.Trace, e.Span, sum, *e.Input)
		}
		if e.Read+e.Write > *e.Input || e.Write1h > e.Write || e.Reason > e.Output || *e.Input >= 200_000 {
			t.Fatalf("%s/%s: impossible counts %+v", e.Trace, e.Span, e)
		}
	}
	if seen == 0 {
		t.Error("no call states what its prompt is made of")
	}
}

func TestTruthIsJSON(t *testing.T) {
	_, truth := generate(t, "pilot", 1, 0)
	b, err := json.Marshal(truth)
	if err != nil {
		t.Fatal(err)
	}
	var back Truth
	if err := json.Unmarshal(b, &back); err != nil || back.Cost != truth.Cost || back.Tokens != truth.Tokens {
		t.Errorf("%v: read back as %+v", err, back)
	}
}

func TestWrongQuestions(t *testing.T) {
	if _, err := Generate(io.Discard, "nonesuch", 1, 1); !errors.Is(err, ErrUnknownScenario) {
		t.Errorf("unknown scenario: %v", err)
	}
	if _, err := Generate(io.Discard, DemoName, 1, -1); err == nil {
		t.Error("a negative number of runs was taken")
	}
	if _, err := Generate(failing{}, DemoName, 1, 500); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that fails: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func BenchmarkGenerate(b *testing.B) {
	var lines int64
	var n counter
	for b.Loop() {
		truth, err := Generate(&n, DemoName, DemoSeed, 1000)
		if err != nil {
			b.Fatal(err)
		}
		lines += truth.Lines
	}
	b.SetBytes(int64(n) / int64(b.N))
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

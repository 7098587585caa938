// Package storetest holds what every store must do. It compares a store with the reference on random traces that are split, shuffled,
// repeated and read in steps.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// A Trace is lines of costscope JSONL whose sum is known.
type Trace struct{ Lines []string }

// Random makes a trace of some runs: several agents and models, retries, failures, stated and computed and unknown costs, spans that
// enclose others, repeated and completed lines, run records, times missing here and there.
func Random(r *rand.Rand, runs int) Trace {
	var t Trace
	for n := range runs {
		id := fmt.Sprintf("run-%d-%x", n, r.Uint32())
		start := int64(1_770_000_000_000) + r.Int64N(5*86_400_000)
		root := r.IntN(2) == 0
		if root {
			t.add(map[string]any{"trace_id": id, "span_id": "root", "operation": "invoke_workflow", "workflow": pick(r, workflows), "start": start, "duration_ms": 1e6})
		}
		calls := 1 + r.IntN(12)
		for i := range calls {
			t.add(call(r, id, i, start+int64(i)*5_000, root)...)
		}
		if r.IntN(3) > 0 {
			rec := map[string]any{"type": "run", "trace_id": id, "outcome": map[string]any{"success": r.IntN(4) > 0}}
			if !root {
				rec["workflow"] = pick(r, workflows)
			}
			t.add(rec)
		}
	}
	return t
}

var (
	workflows = []string{"support", "triage", "review"}
	agents    = []string{"planner", "executor", "validator", "é monitor"}
	models    = []string{"gpt-5-mini", "claude-sonnet-4-5", "nobody-9"}
)

func pick(r *rand.Rand, s []string) string { return s[r.IntN(len(s))] }

// call makes the lines of one call: usually one; sometimes a start line and an end line, or the same line twice.
func call(r *rand.Rand, run string, i int, start int64, root bool) []map[string]any {
	c := map[string]any{"trace_id": run, "span_id": fmt.Sprintf("c%d", i), "agent": pick(r, agents), "start": start, "duration_ms": 10 + r.IntN(4000)}
	switch {
	case root:
		c["parent_span_id"] = "root"
	case i > 0 && r.IntN(2) == 0:
		c["parent_span_id"] = fmt.Sprintf("c%d", r.IntN(i))
	}
	switch r.IntN(6) {
	case 0:
		c["operation"], c["tool"] = "execute_tool", pick(r, []string{"search", "fetch"})
	case 1:
		c["operation"], c["cost_usd"] = "human_review", float64(r.IntN(500))/100
	default:
		c["operation"], c["model"] = "chat", pick(r, models)
		c["input_tokens"], c["output_tokens"] = 100+r.IntN(50_000), r.IntN(3000)
		c["cache_read_input_tokens"] = r.IntN(100)
	}
	if r.IntN(12) == 0 {
		c["workflow"] = pick(r, workflows) // a step that another workflow did
	}
	if r.IntN(8) == 0 {
		c["cost_usd"] = float64(r.IntN(90_000)) / 1e6
	}
	if r.IntN(7) == 0 {
		c["status"], c["error_type"] = "error", "timeout"
	}
	if r.IntN(20) == 0 {
		delete(c, "input_tokens")
		delete(c, "output_tokens")
	}
	if i > 0 && r.IntN(6) == 0 {
		c["retry_of"], c["attempt"] = fmt.Sprintf("c%d", i-1), 2
	}
	switch r.IntN(8) {
	case 0:
		return []map[string]any{c, c}
	case 1:
		begun := map[string]any{"trace_id": run, "span_id": c["span_id"], "operation": c["operation"], "start": start}
		return []map[string]any{begun, c}
	}
	return []map[string]any{c}
}

func (t *Trace) add(records ...map[string]any) {
	for _, r := range records {
		b, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		t.Lines = append(t.Lines, string(b))
	}
}

// Files writes the lines to k files in a new folder, a line to any of them, and returns the paths.
func (t Trace) Files(tb testing.TB, r *rand.Rand, k int) []string {
	parts := make([]strings.Builder, k)
	for _, l := range t.Lines {
		parts[r.IntN(k)].WriteString(l + "\n")
	}
	dir := tb.TempDir()
	var paths []string
	for i := range parts {
		if parts[i].Len() == 0 {
			continue
		}
		p := filepath.Join(dir, fmt.Sprintf("part-%d.jsonl", i))
		if err := os.WriteFile(p, []byte(parts[i].String()), 0o600); err != nil {
			tb.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

// queries are the questions that stores are compared by.
func queries(t *testing.T) []analyze.Query {
	var qs []analyze.Query
	for _, by := range []string{"workflow,agent,step", "agent,model", "kind,status,outcome", "day,provider", "run", "tool,agent"} {
		for _, where := range []string{"", "agent=planner", "!status=error", "cost>0.01", "run.cost=0.005..0.02", "retry_kind=plain_retry|fallback_model"} {
			dims, err := analyze.ParseBy(by)
			if err != nil {
				t.Fatal(err)
			}
			q := analyze.Query{By: dims}
			if where != "" {
				p, err := analyze.ParsePred(where)
				if err != nil {
					t.Fatal(err)
				}
				q.Where = append(q.Where, p)
			}
			qs = append(qs, q)
		}
	}
	return qs
}

// Answers is everything that a store says about its calls, as text, but for the names of its sources.
func Answers(t *testing.T, s store.Store) string {
	t.Helper()
	ctx := context.Background()
	var out strings.Builder
	for _, q := range queries(t) {
		table, err := s.Rollup(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		CheckSums(t, table)
		fmt.Fprintf(&out, "== %s\n%s\n", q.String(), tableText(table))
	}
	first, last, ok, err := s.Span(ctx)
	fmt.Fprintln(&out, "span", first, last, ok, err)
	for _, where := range []string{"", "workflow=support", "!workflow=triage", "outcome=success", "agent=planner", "cost>0.02", "agent=planner|executor", "run.cost>=0.01", "!run.cost=0.01..0.03", "attempt>=2", "retry_kind=none"} {
		q := analyze.Query{}
		if where != "" {
			p, err := analyze.ParsePred(where)
			if err != nil {
				t.Fatal(err)
			}
			q.Where = append(q.Where, p)
		}
		costs := map[string]int{}
		list, err := s.RunCosts(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			costs[fmt.Sprint(c.Cost, c.Outcome, c.Incomplete)]++
		}
		fmt.Fprintln(&out, "runs", where, costs)
	}
	page, err := s.Calls(ctx, analyze.Query{}, analyze.ByCost, true, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for _, r := range page.Rows {
		calls[fmt.Sprint(r.Run, r.ID, r.Agent, r.Workflow, r.Model, r.Cost, r.State, r.Usage, r.Status, r.Outcome)]++
	}
	fmt.Fprintln(&out, "calls", page.Total, calls)
	runViews(t, s, &out)
	return out.String()
}

// runViews writes every run in full. Each is the same by its number and by its id, and what its agents spent adds up to it.
func runViews(t *testing.T, s store.Store, out *strings.Builder) {
	t.Helper()
	ctx := context.Background()
	costs, err := s.RunCosts(ctx, analyze.Query{})
	if err != nil {
		t.Fatal(err)
	}
	views := map[string]int{}
	for _, c := range costs {
		v, err := s.Run(ctx, analyze.Query{}, analyze.RunRef{Number: c.Run, ByNumber: true})
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Run(ctx, analyze.Query{}, analyze.RunRef{ID: v.ID})
		if err != nil || again.Number != c.Run || again.Row.Cost != c.Cost || v.ScopeCost != c.Cost {
			t.Fatalf("run %q costs %d, in full %d (%v)", v.ID, c.Cost, v.ScopeCost, err)
		}
		own := tracefmt.USD(0)
		text := fmt.Sprint(v.ID, v.Outcome, v.Timed, v.MaxPrompt, len(v.Calls), len(v.Chains), len(v.Lines))
		for _, n := range v.Tree {
			own += n.Own.Cost
			text += fmt.Sprint(n.Agent, n.Instance, n.Depth, n.Own, n.All, n.Turns, n.MaxPrompt, n.Failed, n.Retries)
		}
		if own != v.Row.Cost {
			t.Errorf("run %q costs %d, its agents spent %d", v.ID, v.Row.Cost, own)
		}
		views[text]++
	}
	fmt.Fprintln(out, "run views", views)
	if _, err := s.Run(ctx, analyze.Query{}, analyze.RunRef{ID: "no run has this id"}); !errors.Is(err, store.ErrNoRun) {
		t.Errorf("a run that is not there: %v", err)
	}
}

// tableText is a table as text, histograms included.
func tableText(t *analyze.Table) string {
	var b strings.Builder
	for _, r := range append([]analyze.Row{t.Total}, t.Rows...) {
		h := r.Costs
		r.Costs = analyze.Hist{}
		fmt.Fprintf(&b, "%+v %x\n", r, h.AppendTo(nil))
	}
	return b.String()
}

// CheckSums fails when the rows of a level do not add up to what is above them.
func CheckSums(t *testing.T, table *analyze.Table) {
	t.Helper()
	for depth := 1; depth <= len(table.By); depth++ {
		var cost, own, calls, input int64
		for _, r := range table.Rows {
			if len(r.Path) == depth {
				cost, calls, input = cost+int64(r.Cost), calls+r.Calls, input+r.Input
			}
			if len(r.Path) <= depth {
				own += int64(r.Own)
			}
		}
		if cost != int64(table.Total.Cost) || calls != table.Total.Calls || input != table.Total.Input {
			t.Errorf("level %d: rows have %d pico-dollars, %d calls, %d input tokens; the total is %d, %d, %d", depth, cost, calls, input,
				table.Total.Cost, table.Total.Calls, table.Total.Input)
		}
	}
}

// Same fails when two stores do not say the same.
func Same(t *testing.T, what string, got, want store.Store) {
	t.Helper()
	g, w := strings.Split(Answers(t, got), "\n"), strings.Split(Answers(t, want), "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			t.Fatalf("%s: line %d\n got %s\nwant %s", what, i, g[min(i, len(g)-1)], w[i])
		}
	}
}

// Run holds the store that open makes against the reference.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	ctx := context.Background()
	load := func(t *testing.T, s store.Store, files ...string) {
		t.Helper()
		if err := s.Load(ctx, files, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	shapes := []func(r *rand.Rand, runs int) Trace{Random, Claude, OTLP}
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 3))
		trace := shapes[seed%3](r, 5+r.IntN(60))
		files := trace.Files(t, r, 1+r.IntN(4))
		ref := store.NewMem(store.Options{})
		load(t, ref, files...)
		if page, err := ref.Calls(ctx, analyze.Query{}, analyze.ByCost, true, 0, 1); err != nil || page.Total < 10 {
			t.Errorf("trace %d has %d calls (%v)", seed, page.Total, err)
		}
		t.Run(fmt.Sprintf("at once %d", seed), func(t *testing.T) {
			s := open(t)
			defer s.Close()
			load(t, s, files...)
			Same(t, "one load", s, ref)
			load(t, s, files...)
			Same(t, "a second load", s, ref)
		})
		t.Run(fmt.Sprintf("file by file, last first %d", seed), func(t *testing.T) {
			s := open(t)
			defer s.Close()
			for i := range files {
				load(t, s, files[len(files)-1-i])
			}
			Same(t, "any order", s, ref)
		})
		t.Run(fmt.Sprintf("growing %d", seed), func(t *testing.T) {
			s := open(t)
			defer s.Close()
			grow(t, r, files, func(paths []string) { load(t, s, paths...) }, s, ref)
		})
	}
}

// grow writes the files anew in random steps, cut anywhere, and loads after each.
func grow(t *testing.T, r *rand.Rand, files []string, load func([]string), s, ref store.Store) {
	whole := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		whole[f] = b
		os.WriteFile(f, b[:r.IntN(len(b))], 0o600)
	}
	for range 4 {
		load(files)
		for _, f := range files {
			have, _ := os.ReadFile(f)
			n := len(have) + r.IntN(len(whole[f])-len(have)+1)
			os.WriteFile(f, whole[f][:n], 0o600)
		}
	}
	for _, f := range files {
		os.WriteFile(f, whole[f], 0o600)
	}
	load(files)
	Same(t, "grown", s, ref)
}

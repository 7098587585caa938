package analyze

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"costscope/tracefmt"
)

var update = flag.Bool("update", false, "write the expected outputs anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not as expected:\n%s", name, got)
	}
}

// smallReport is a report over four runs: two workflows, a retry, a model without a price, a call without usage, a hostile name.
func smallReport(t *testing.T) *Report {
	t.Helper()
	names := tracefmt.NewNames()
	type call struct {
		agent, step, model string
		state              tracefmt.CostState
		cost               tracefmt.USD
		in, out            int64
		bad                bool
		retryOf            string
	}
	const c, u, n = tracefmt.CostComputed, tracefmt.CostUnpriced, tracefmt.CostNoUsage
	plans := []struct {
		workflow string
		outcome  tracefmt.Outcome
		calls    []call
	}{
		{"support", tracefmt.OutcomeSuccess, []call{{"planner", "plan", "large", c, 20e9, 1000, 200, false, ""}, {"executor", "draft", "large", c, 310e9, 9000, 900, true, ""}, {"executor", "draft", "small", c, 12e9, 9000, 800, false, "1"}}},
		{"support", tracefmt.OutcomeFailure, []call{{"planner", "plan", "large", c, 25e9, 1100, 210, false, ""}, {"executor", "draft", "large", n, 0, 0, 0, true, ""}}},
		{"support", tracefmt.OutcomeUnknown, []call{{"planner", "plan", "large", c, 18e9, 900, 180, false, ""}}},
		{"nightly\x1b[2J", tracefmt.OutcomeInFlight, []call{{"crawler", "", "homemade|v1", u, 0, 5000, 70, false, ""}, {"crawler", "", "small", c, 1234567, 50, 5, false, ""}, {"crawler", "fetch", "small", n, 0, 0, 0, false, ""}}},
	}
	a := NewAggregate(Config{})
	var runs []RunCost
	for i, p := range plans {
		run := &tracefmt.Run{ID: string(rune('a' + i)), Workflow: names.Sym(p.workflow), Outcome: p.outcome}
		cost := tracefmt.USD(0)
		for k, x := range p.calls {
			rec := &tracefmt.Record{ID: string(rune('0' + k)), RetryOf: x.retryOf, Start: int64(i+1) * 3600e9, Has: tracefmt.HasStart, Usage: tracefmt.Usage{Input: x.in, Output: x.out}}
			if x.state != n {
				rec.Has |= tracefmt.HasInput | tracefmt.HasOutput
			}
			call := tracefmt.Call{Record: rec, Kind: tracefmt.KindLLM, Workflow: run.Workflow, Agent: names.Sym(x.agent), Step: names.Sym(x.step), Model: names.Sym(x.model), Up: -1, Counted: true, IsCall: true, State: x.state, Cost: x.cost}
			if x.bad {
				call.Status = tracefmt.StatusError
			}
			cost += x.cost
			run.Calls = append(run.Calls, call)
		}
		a.Add(run)
		runs = append(runs, RunCost{Run: uint32(i), Cost: cost, Outcome: p.outcome})
	}
	q := Query{By: DefaultBy()}
	table, err := a.Rollup(names, q)
	if err != nil {
		t.Fatal(err)
	}
	return NewReport(ReportInput{
		Version: "test", Query: q, Table: table, Runs: runs, First: 3600e9, Last: 4*3600e9 + 5e9,
		Status: Status{
			PricesAsOf: "2026-01-01", PriceBook: "built-in", SkipCount: 2, Warnings: []string{"a.jsonl: clock runs backwards"},
			Sources: []Source{{Path: "a.jsonl", Format: "costscope", Bytes: 812, Records: 9, Calls: 8, Skipped: 2}},
			Skips:   []Skip{{"a.jsonl", 3, "not valid JSON"}, {"a.jsonl", 7, "a token count must be a whole number"}},
		},
	})
}

func TestReportForms(t *testing.T) {
	r := smallReport(t)
	for name, write := range map[string]func(*Report, *bytes.Buffer) error{
		"report.json": func(r *Report, b *bytes.Buffer) error { return r.WriteJSON(b) },
		"report.txt":  func(r *Report, b *bytes.Buffer) error { return r.WriteText(b) },
		"report.md":   func(r *Report, b *bytes.Buffer) error { return r.WriteMarkdown(b) },
	} {
		var b bytes.Buffer
		if err := write(r, &b); err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(b.Bytes(), 0x1b) >= 0 {
			t.Errorf("%s lets an escape of a trace through", name)
		}
		golden(t, name, b.Bytes())
	}
}

// What --json promises: names of members, null for unknown, sums that agree.
func TestReportJSON(t *testing.T) {
	var b bytes.Buffer
	if err := smallReport(t).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Totals map[string]any
		Rows   []map[string]any
		By     []string
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Totals["cost_pico"] != "385001234567" || doc.Totals["cost_usd"] != 0.385001234567 {
		t.Errorf("cost %v %v", doc.Totals["cost_pico"], doc.Totals["cost_usd"])
	}
	for _, name := range strings.Fields("recorded_usd computed_usd estimated_usd price_mismatches runs workflows agents threads calls llm_calls tool_calls " +
		"human_calls other_calls failed_calls unpriced_calls unpriced_tokens unpriced_models calls_without_usage input_tokens cache_read_tokens " +
		"cache_write_tokens cache_write_1h_tokens output_tokens reasoning_tokens unattributed_tokens first last") {
		if _, ok := doc.Totals[name]; !ok {
			t.Errorf("totals lack %s", name)
		}
	}
	var sum float64
	for _, r := range doc.Rows {
		if path := r["path"].([]any); len(path) == 1 {
			sum += r["cost_usd"].(float64)
		}
	}
	if math.Abs(sum-0.385001234567) > 1e-15 || !slices.Equal(doc.By, []string{"workflow", "agent", "step"}) {
		t.Errorf("workflows cost %v", sum)
	}
}

func TestAllUnknownIsNotZero(t *testing.T) {
	table := &Table{Threads: -1}
	table.Total.Calls, table.Total.LLM, table.Total.Unpriced = 1, 1, 1
	var b bytes.Buffer
	r := NewReport(ReportInput{Table: table})
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"cost_usd": null`, `"cost_pico": null`, `"threads": null`, `"first": null`, `"as_of": null`, `"sources": []`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %s", want)
		}
	}
	if strings.Contains(b.String(), `"distribution"`) {
		t.Error("no run, no distribution")
	}
}

// What a table of another program does not record is left open, and said to be.
func TestNotRecordedIsLeftOpen(t *testing.T) {
	table := &Table{Rows: []Row{{Path: []string{"desk"}, Summary: Summary{Calls: 2, LLM: 2}}}}
	in := ReportInput{Table: table, Status: Status{Table: "otel_traces", NotRecorded: []string{"attempts", "outcomes"}}}
	r := NewReport(in)
	if r.Retries != nil || r.Outcomes != nil || r.Rows[0].Wasted != nil || !math.IsNaN(float64(r.Rows[0].RetryRatio)) {
		t.Errorf("%+v", r)
	}
	if line := r.retryLine(); line != "not recorded in otel_traces" {
		t.Errorf("retries: %q", line)
	}
	if w := "attempts and outcomes are not recorded in otel_traces"; !slices.Equal(r.Warnings, []string{w}) || !slices.Contains(r.page().notes, w) {
		t.Errorf("warnings %q, notes %q", r.Warnings, r.page().notes)
	}
	in.Runs = []RunCost{{Outcome: tracefmt.OutcomeFailure}} // some spans state how the run ended
	table.Total.Summary = Summary{Calls: 2, Retries: 1}
	if r := NewReport(in); r.Outcomes == nil || r.Outcomes.Failure != 1 || r.Retries == nil {
		t.Error("what some calls state is left out")
	}
}

func TestMoney(t *testing.T) {
	for v, want := range map[tracefmt.USD]string{
		0: "$0.00", 1: "<$0.000001", 999999: "<$0.000001", 1e6: "$0.000001", 98e8: "$0.0098", 9825e5: "$0.000983", 41e10: "$0.41", 4e9: "$0.004",
		825e8: "$0.0825", 171e9: "$0.171", 996e9: "$0.996", 9996e8: "$1.00", 8124e11: "$812.40", 123456e10: "$1,234.56", -5e11: "-$0.50",
		1234567890e9: "$1,234,567.89", math.MaxInt64: "$9,223,372.04", math.MinInt64: "-$9,223,372.04", 10049e8: "$1.00", 1005e9: "$1.01",
	} {
		if got := Money(v); got != want {
			t.Errorf("%d is %s, want %s", v, got, want)
		}
	}
}

func TestFormats(t *testing.T) {
	nan := math.NaN()
	for got, want := range map[string]string{
		Count(0): "0", Count(999): "999", Count(1000): "1,000", Count(-1234567): "-1,234,567", Percent(0.618): "61.8%", Percent(nan): "-", Percent(0): "0.0%",
		Percent(0.0001): "<0.1%", Percent(0.9999): ">99.9%", Percent(1): "100.0%", Times(3.571): "3.57x", Times(123.4): "123x", Tokens(812): "812",
		Tokens(12345): "12.3k", Tokens(999999): "1.00M", Tokens(4560000): "4.56M", Tokens(1e15): "1000T", Bytes(999): "999 B", Bytes(1800000000): "1.80 GB",
		Duration(250 * time.Millisecond): "250ms", Duration(1500 * time.Millisecond): "1.5s", Duration(123 * time.Second): "2m03s",
		Duration(65 * time.Minute): "1h05m", Duration(76 * time.Hour): "3d04h", Duration(59999 * time.Millisecond): "59.9s",
		Clean("a\x1b[2Jb\u202ec\xff"): "a\ufffd[2Jb\ufffdc\ufffd", Clean("plain ▸ ü"): "plain ▸ ü", AtLeast("$1", true): "at least $1", MoneyOr(Amount{}): "-",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package analyze

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// foreign is what a report over a table of spans is made of: the sums know nothing of attempts, the runs may show some. Each run is three
// calls of 1, 2 and 4 cents; in runs with a failure the first one failed and the second asks the same model the same.
func foreign(runs int, failures bool) ReportInput {
	names := tracefmt.NewNames()
	desk, model := names.Sym("desk"), names.Sym("large")
	d := NewDigest(Query{By: DefaultBy()}, names, Config{}, func(uint32) string { return "" })
	in := ReportInput{Query: Query{By: []Dimension{{Dim: DimWorkflow}}}, Status: Status{Table: "otel_traces", NotRecorded: []string{"attempts", "outcomes"}}}
	row := Row{Path: []string{"desk"}}
	for i := range runs {
		run := &tracefmt.Run{ID: string(rune('a' + i)), Workflow: desk}
		for k, x := range []retrySpec{{id: "1", from: 1, to: 2, prompt: "p", tail: "p", bad: failures, cost: 1e10}, {id: "2", from: 3, to: 4, prompt: "p", tail: "p", cost: 2e10}, {id: "3", from: 5, to: 6, prompt: "q", tail: "q", cost: 4e10}} {
			if x.model, x.in, x.out = model, 100, 10; k == 1 && !failures {
				x.prompt, x.tail = "r", "r"
			}
			run.Calls = append(run.Calls, x.call())
			row.Add(&run.Calls[k])
		}
		d.Add(run)
		row.Runs, row.Unknown = row.Runs+1, row.Unknown+1
		in.Runs = append(in.Runs, RunCost{Run: uint32(i), Cost: 7e10, Outcome: tracefmt.OutcomeUnknown})
	}
	in.Table = &Table{By: in.Query.By, Rows: []Row{row}, Total: row, Workflows: 1, Agents: 1, Threads: -1}
	in.Deep = d.Result(context.Background(), in.Table)
	return in
}

// texts are the report in all its forms: text, markdown, JSON and the CSV of its table.
func texts(t *testing.T, in ReportInput) (text, markdown, json, csv string) {
	t.Helper()
	r, b := NewReport(in), [4]bytes.Buffer{}
	for i, f := range []func() error{func() error { return r.WriteText(&b[0]) }, func() error { return r.WriteMarkdown(&b[1]) }, func() error { return r.WriteJSON(&b[2]) }, func() error { return NewTableExport(in).WriteCSV(&b[3]) }} {
		if err := f(); err != nil {
			t.Fatal(i, err)
		}
	}
	return b[0].String(), b[1].String(), b[2].String(), b[3].String()
}

func holds(t *testing.T, what, s string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s, p) {
			t.Errorf("%s lacks %q:\n%s", what, p, s)
		}
	}
}

func TestNothingRecordedIsNoZero(t *testing.T) {
	text, markdown, json, csv := texts(t, foreign(2, false))
	holds(t, "text", text, "retries       not recorded in otel_traces\n", "per success   unknown: outcomes are not recorded in otel_traces · 2 runs\n", "retries: not recorded in otel_traces  ",
		"attempts and outcomes are not recorded in otel_traces")
	holds(t, "markdown", markdown, `| **retries** | not recorded in otel\_traces |`, `unknown: outcomes are not recorded in otel\_traces`)
	holds(t, "JSON", json, `"retries": null`, `"outcomes": null`, `"wasted_usd": null`, `"retry_ratio": null`, `"success_runs": null`, `"failure_runs": null`, `"unknown_runs": 2`, `"superseded_usd": null`, `"productive_usd": null`)
	for _, no := range []string{`"success_runs": 0`, `"retries": 0`, `"successes_kept"`, `"retry_ratio": 0`} {
		if strings.Contains(json, no) {
			t.Errorf("JSON has %s:\n%s", no, json)
		}
	}
	if want := ",0,0,0,,,"; !strings.Contains(csv, want) || !strings.Contains(csv, ",,,,2,0\r\n") {
		t.Errorf("CSV:\n%s", csv)
	}
}

// What runs show of attempts is told, as a lower bound: 2 of 6 calls were tried again, the failed ones cost a cent each of 14.
func TestInferredRetriesAreALowerBound(t *testing.T) {
	text, _, json, csv := texts(t, foreign(2, true))
	holds(t, "text", text, "retries       at least 2 further attempts among 6 calls · at least $0.02 wasted (14.3% of cost) · ", "inferred: 2 ", "seen in the calls read: attempts are not recorded in otel_traces\n")
	holds(t, "JSON", json, `"chains": 2`, `"lower_bound": true`, `"wasted_usd": 0.02`)
	if !strings.Contains(csv, ",2,0,0,,,") {
		t.Errorf("the sums know of no retries, but the CSV does:\n%s", csv)
	}
}

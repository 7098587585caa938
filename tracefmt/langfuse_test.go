package tracefmt

import (
	"reflect"
	"testing"
)

// TestExpectedLangfuse are the rows of the right values. The OTLP file of the same runs is read by the OTLP reader.
func TestExpectedLangfuse(t *testing.T) {
	checkExports(t, []exportRow{
		{[]string{"langfuse/agno.trace-download.json"},
			sums{traces: 1, spans: 6, calls: 2, input: 826, output: 245, cost: "0.000270899999", tools: 1, noRead: 2, noReasoning: 2}, "0.000982199999"},
		{[]string{"langfuse/openai-agents.trace-download.json"},
			sums{traces: 1, spans: 5, calls: 2, input: 140, output: 44, cost: "0.000632", tools: 1}, ""},
		{[]string{"langfuse/observations.batch-export.jsonl"},
			sums{traces: 7, spans: 52, calls: 14, input: 2916, output: 938, cost: "0.004301449997", tools: 9, noRead: 9, noReasoning: 9}, ""},
		{[]string{"langfuse/observations.api-page.json"},
			sums{traces: 1, spans: 9, calls: 2, input: 168, output: 66, cost: "0.000234", tools: 1}, ""},
		{[]string{"langfuse/support-refund.blob-observations.jsonl", "langfuse/support-refund.blob-traces.jsonl", "langfuse/support-refund.blob-scores.jsonl"},
			sums{traces: 2, spans: 40, calls: 20, failed: 5, input: 55956, read: 25266, output: 3628, reasoning: 1504, cost: "0.04069315", tools: 4, toolsFailed: 2, embeddings: 2, noUsage: 5, noRead: 7, noReasoning: 7}, "0.04069315"},
	})
}

// TestLangfuseSumsByTrace are the sums of the batch export by the name of the trace.
func TestLangfuseSumsByTrace(t *testing.T) {
	names, recs := readExports(t, 1, "langfuse/observations.batch-export.jsonl")
	type sum struct {
		in, out int64
		cost    string
	}
	got := map[string]sum{}
	for _, run := range assembleAll(names, recs) {
		var in, out int64
		var cost USD
		for _, c := range run.Calls {
			if c.Counted {
				in, out, cost = in+c.Usage.Input, out+c.Usage.Output, cost+c.Cost
			}
		}
		got[names.Name(run.Workflow)] = sum{in, out, cost.String()}
	}
	want := map[string]sum{"Agent.run": {826, 245, "0.000270899999"}, "crewai-index-trace": {190, 164, "0.0001269"}, "Agent workflow": {140, 44, "0.000632"},
		"joke-generator": {1315, 209, "0.000322649999"}, "agent": {215, 125, "0.0017875"}, "LangGraph": {168, 66, "0.000234"}, "ai.generateText": {62, 85, "0.000927499999"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestLangfuseRunFacts joins the three files of a blob storage export, in any order.
func TestLangfuseRunFacts(t *testing.T) {
	for _, files := range [][]string{{"observations", "traces", "scores"}, {"scores", "traces", "observations"}} {
		for i := range files {
			files[i] = "langfuse/support-refund.blob-" + files[i] + ".jsonl"
		}
		names, recs := readExports(t, 1, files...)
		runs := assembleAll(names, recs)
		for id, want := range map[string]struct {
			outcome Outcome
			cost    string
			score   float64
			user    string
		}{
			"21561d5f3e1b632eb1a4e15da102b65d": {OutcomeSuccess, "0.01866985", 0.92, "user-7"},
			"53758a6aa6b1862866c359264f549f1e": {OutcomeFailure, "0.0220233", 0.1, "user-8"},
		} {
			run := runs[id]
			var cost USD
			agents := map[string]int{}
			for _, c := range run.Calls {
				if c.State == CostRecorded {
					cost += c.Cost
				}
				if c.Kind == KindLLM {
					agents[names.Name(c.Agent)]++
				}
			}
			if run.Outcome != want.outcome || cost.String() != want.cost || names.Name(run.User) != want.user || names.Name(run.Workflow) != "support-refund" ||
				names.Name(run.Feature) != "refunds" || names.Name(run.Tags) != "feature=refunds\x1ftier=gold" || run.Facts == nil || run.Facts.Scores[0] != (Value{"answer_quality", want.score}) {
				t.Errorf("%s: outcome %v, cost %s, %+v, tags %q", id, run.Outcome, cost, run.Facts, names.Name(run.Tags))
			}
			if agents["planner"] != 1 || agents["researcher"] != 2 || agents["executor"] < 4 || agents["guardrail"] != 1 || agents["evaluator"] != 1 {
				t.Errorf("agents %v", agents)
			}
		}
	}
}

// TestLangfuseTableAndLinesAreTheSame: the table holds the first 22 rows.
func TestLangfuseTableAndLinesAreTheSame(t *testing.T) {
	names, recs := readExports(t, 1, "langfuse/observations.batch-export.jsonl", "langfuse/observations.batch-export.csv")
	if len(recs) != 52+22 {
		t.Fatalf("%d records", len(recs))
	}
	sameRecords(t, names, recs[52:], recs[:22])
}

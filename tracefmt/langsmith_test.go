package tracefmt

import "testing"

func TestExpectedLangSmith(t *testing.T) {
	want := sums{traces: 2, spans: 38, calls: 20, failed: 5, input: 55956, read: 25266, output: 3628, reasoning: 1504, cost: "0.04069315", tools: 4, toolsFailed: 2, noUsage: 5}
	ingest := want
	ingest.cost, ingest.spans = "", 76
	checkExports(t, []exportRow{
		{[]string{"langsmith/support-refund.cli-run-export.jsonl"}, want, "0.12207945"},
		{[]string{"langsmith/support-refund.sdk-runs.jsonl"}, want, "0.12207945"},
		{[]string{"langsmith/support-refund.ingest-batches.jsonl"}, ingest, ""},
		{[]string{"langsmith/real-langgraph-partial.cli-runs.jsonl"},
			sums{traces: 1, spans: 3, calls: 1, input: 516, output: 61, cost: "0.0006568", tools: 1, noRead: 1, noReasoning: 1}, "0.0013136"},
		{[]string{"langsmith/langsmith_py_wrap_openai_reasoning.ingest-batch.jsonl"},
			sums{traces: 1, spans: 2, calls: 1, input: 43, output: 2497, reasoning: 1408}, ""},
	})
}

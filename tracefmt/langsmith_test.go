package tracefmt

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

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

// TestLangSmithRuns: what the two runs of the example cost, who worked in them and how they ended, in each of the shapes.
func TestLangSmithRuns(t *testing.T) {
	for _, shape := range []string{"cli-run-export", "sdk-runs", "ingest-batches"} {
		names, recs := readExports(t, 1, "langsmith/support-refund."+shape+".jsonl")
		runs := assembleAll(names, recs)
		for id, want := range map[string]struct {
			outcome Outcome
			cost    string
			session string
			user    string
		}{
			"01a20fda-fe35-7000-8000-033a7ecff5ab": {OutcomeSuccess, "0.01866985", "sess-100", "user-7"},
			"01a20fdb-029e-7000-8000-0232c3d09a0b": {OutcomeFailure, "0.0220233", "sess-101", "user-8"},
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
			if shape == "ingest-batches" {
				want.cost = "0"
			}
			if run.Outcome != want.outcome || cost.String() != want.cost || names.Name(run.Session) != want.session || names.Name(run.User) != want.user ||
				names.Name(run.Feature) != "refunds" || names.Name(run.Workflow) != "support-refund" {
				t.Errorf("%s: %s: outcome %v, cost %s, session %q, user %q, workflow %q", shape, id, run.Outcome, cost, names.Name(run.Session), names.Name(run.User), names.Name(run.Workflow))
			}
			if agents["planner"] != 1 || agents["researcher"] != 2 || agents["executor"] != 5 || agents["output_guardrail"] != 1 || agents["answer_quality"] != 1 {
				t.Errorf("%s: %s: agents %v", shape, id, agents)
			}
			for _, c := range run.Calls {
				if c.Kind == KindLLM && c.Status == StatusOK && shape != "cli-run-export" && !strings.Contains(names.Name(c.Model), "-2025-") {
					t.Errorf("%s: model %q", shape, names.Name(c.Model))
				}
			}
		}
	}
}

const smithRun = `{"id":"c","trace_id":"t","parent_run_id":"r","name":"ChatX","run_type":"llm","start_time":"2026-01-02T03:04:05","end_time":"2026-01-02T03:04:06","status":"success",`

// TestLangSmithCounts are hand-checked readings of one model call's counts, wherever they stand.
func TestLangSmithCounts(t *testing.T) {
	const meta = `{"input_tokens":100,"output_tokens":20,"total_tokens":120,"input_token_details":{"cache_read":40,"audio":0},"output_token_details":{"reasoning":7}}`
	for name, c := range map[string]struct{ members, want string }{
		"outputs":                    {`"outputs":{"usage_metadata":` + meta + `}`, "100 40 ? ? 20 7"},
		"generations":                {`"outputs":{"generations":[[{"text":"x","message":{"lc":1,"kwargs":{"content":"x","usage_metadata":` + meta + `}}}]]}`, "100 40 ? ? 20 7"},
		"outputs as text":            {`"outputs":"{\"usage_metadata\":{\"input_tokens\":5,\"output_tokens\":2}}"`, "5 ? ? ? 2 ?"},
		"a traced function's answer": {`"outputs":{"output":{"content":"x","usage_metadata":` + meta + `}}`, "100 40 ? ? 20 7"},
		"metadata":                   {`"extra":{"metadata":{"usage_metadata":` + meta + `}}`, "100 40 ? ? 20 7"},
		"metadata of the CLI":        {`"custom_metadata":{"usage_metadata":` + meta + `},"token_usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}`, "100 40 ? ? 20 7"},
		"llm_output":                 {`"outputs":{"generations":[[{"text":"x"}]],"llm_output":{"token_usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":null}}}`, "9 4 ? ? 3 ?"},
		"own members":                {`"prompt_tokens":"9","completion_tokens":3,"total_tokens":12,"prompt_token_details":{"cache_read":4},"completion_token_details":{"reasoning":1}`, "9 4 ? ? 3 1"},
		"a raw answer of OpenAI":     {`"outputs":{"model":"gpt-5","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}`, "9 4 ? ? 3 2"},
		"a raw answer of Anthropic":  {`"outputs":{"model":"claude","usage":{"input_tokens":9,"output_tokens":3,"cache_read_input_tokens":4,"cache_creation_input_tokens":2}}`, "15 4 2 ? 3 ?"},
		"never both":                 {`"prompt_tokens":100,"completion_tokens":20,"outputs":{"usage_metadata":` + meta + `,"usage":{"prompt_tokens":100,"completion_tokens":20}}`, "100 40 ? ? 20 7"},
		"cache writes by lifetime":   {`"outputs":{"usage_metadata":{"input_tokens":100,"output_tokens":20,"input_token_details":{"cache_read":40,"cache_creation":0,"ephemeral_5m_input_tokens":6,"ephemeral_1h_input_tokens":3}}}`, "100 40 9 3 20 ?"},
		"names with a service tier":  {`"outputs":{"usage_metadata":{"input_tokens":100,"output_tokens":20,"input_token_details":{"flex":60,"flex_cache_read":40},"output_token_details":{"flex":13,"flex_reasoning":7}}}`, "100 40 ? ? 20 7"},
		"0 is none":                  {`"prompt_tokens":0,"completion_tokens":0,"total_tokens":0`, "? ? ? ? ? ?"},
		"null":                       {`"token_usage":null,"prompt_tokens":null`, "? ? ? ? ? ?"},
	} {
		_, recs, warned := exportRecords(t, FormatLangSmith, smithRun+c.members+`}`)
		if len(recs) != 1 || exportCounts(&recs[0]) != c.want || len(warned) != 0 || recs[0].Kind != KindLLM || recs[0].Status != StatusOK {
			t.Errorf("%s: %s, want %s; %d records, warned %q", name, exportCounts(&recs[0]), c.want, len(recs), warned)
		}
	}
}

func TestLangSmithCosts(t *testing.T) {
	for members, want := range map[string]string{
		`"total_cost":"0.000982500","prompt_cost":"0.0003025"`:                               "0.0009825",
		`"costs":{"prompt_cost":0.1,"completion_cost":0.2,"total_cost":0.3}`:                 "0.3",
		`"costs":{"prompt_cost":"0.1","completion_cost":"0.02","total_cost":null}`:           "0.12",
		`"outputs":{"usage_metadata":{"input_tokens":1,"output_tokens":1,"total_cost":0.5}}`: "0.5",
		`"total_cost":null,"costs":{"total_cost":null}`:                                      "?",
		`"total_cost":0`: "?",
	} {
		_, recs, _ := exportRecords(t, FormatLangSmith, smithRun+members+`}`)
		if got := exportCost(&recs[0]); got != want {
			t.Errorf("%s: %s, want %s", members, got, want)
		}
	}
}

// TestLangSmithSumsOfChains: chains and tools repeat what the calls below them used. A chain's answer may hold a usage, too.
func TestLangSmithSumsOfChains(t *testing.T) {
	sum := `"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"total_cost":"0.25","outputs":{"usage":{"prompt_tokens":100,"completion_tokens":20}},"start_time":"2026-01-02T03:04:00Z","end_time":"2026-01-02T03:04:09Z"}`
	lines := []string{
		smithRun + `"prompt_tokens":100,"completion_tokens":20,"total_cost":"0.25"}`,
		`{"id":"a","trace_id":"t","parent_run_id":"t","name":"refund_tool","run_type":"tool",` + sum,
		`{"id":"r","trace_id":"t","parent_run_id":"a","name":"RunnableSequence","run_type":"chain",` + sum,
		`{"id":"t","trace_id":"t","parent_run_id":null,"name":"refunds","run_type":"chain",` + sum,
		`{"id":"w","trace_id":"t","parent_run_id":"t","name":"web_search","run_type":"tool","prompt_tokens":0,"completion_tokens":0,"total_cost":null,"start_time":"2026-01-02T03:04:00Z","end_time":"2026-01-02T03:04:09Z","outputs":{"usage_metadata":{"total_cost":0.01}}}`,
	}
	names, recs, _ := exportRecords(t, FormatLangSmith, lines...)
	rnd := rand.New(rand.NewPCG(3, 3))
	for range 10 {
		rnd.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
		run := exportRun(t, names, recs)
		var in int64
		var cost USD
		for _, c := range run.Calls {
			if c.Counted {
				in, cost = in+c.Usage.Input, cost+c.Cost
			}
		}
		if in != 100 || cost.String() != "0.26" || names.Name(run.Workflow) != "refunds" {
			t.Fatalf("input %d, cost %s, workflow %q", in, cost, names.Name(run.Workflow))
		}
	}
	names, recs, _ = exportRecords(t, FormatLangSmith, lines[3]) // a list of roots: their sums are all that is known
	if run := exportRun(t, names, recs); !run.Calls[0].Counted || run.Calls[0].Cost.String() != "0.25" {
		t.Errorf("a root alone: %+v", run.Calls[0])
	}
}

// TestLangSmithPlaces finds trace and parent where they are not stated as such.
func TestLangSmithPlaces(t *testing.T) {
	const order = `"dotted_order":"20260102T030405000000Zt.20260102T030405000001Za.20260102T030405000002Zc"`
	for members, want := range map[string]string{
		`"trace_id":"t","parent_run_id":"a"`:        "t a",
		order:                                       "t a",
		order + `,"parent_run_id":"b"`:              "t b",
		`"trace_id":"t","parent_run_ids":["t","a"]`: "t a",
		`"parent_run_ids":["t","a"]`:                "t a",
		`"dotted_order":"20260102T030405000000Zc"`:  "c ",
		`"parent_run_id":"a"`:                       "a a",
		`"parent_run_id":null`:                      "c ",
		`"dotted_order":"nonsense","trace_id":"t"`:  "t ",
	} {
		_, recs, _ := exportRecords(t, FormatLangSmith, `{"id":"c","run_type":"llm","name":"x",`+members+`}`)
		if got := recs[0].Run + " " + recs[0].Parent; got != want {
			t.Errorf("%s: %q, want %q", members, got, want)
		}
	}
	_, recs, _ := exportRecords(t, FormatLangSmith, `{"id":"t","run_type":"chain","name":"x","child_runs":[{"id":"a","run_type":"tool","name":"y","parent_run_id":"t","child_runs":[{"id":"b","run_type":"llm","name":"z","parent_run_id":"a"}]}]}`)
	if len(recs) != 3 || recs[2].ID != "b" || recs[2].Run != "t" || recs[1].Run != "t" {
		t.Errorf("nested runs: %+v", recs)
	}
}

// TestLangSmithBatches: posts and patches of a run come in any order, and times are text or milliseconds.
func TestLangSmithBatches(t *testing.T) {
	batches := []string{
		`{"post":[{"id":"t","trace_id":"t","name":"flow","run_type":"chain","start_time":"2026-01-02T03:04:05Z","session_name":"shop","tags":["feature:f"],"extra":{"metadata":{"session_id":"s"}}},
			{"id":"c","trace_id":"t","parent_run_id":"t","name":"ChatX","run_type":"llm","start_time":1767323046000,"inputs":{"messages":[{"role":"user","content":"hi"}]},"extra":{"metadata":{"ls_model_name":"gpt-5","ls_provider":"openai"}}}],"patch":[]}`,
		`{"post":[],"patch":[{"id":"c","trace_id":"t","parent_run_id":"t","end_time":1767323047000,"error":null,"outputs":{"model":"gpt-5-2025-08-07","usage_metadata":{"input_tokens":10,"output_tokens":2}}},
			{"id":"t","dotted_order":"20260102T030405000000Zt","end_time":"2026-01-02T03:04:09.000000+00:00","error":"ValueError: no\nTraceback (most recent call last):\n  File","outputs":{"output":{"usage_metadata":{"input_tokens":10,"output_tokens":2}}}}]}`,
	}
	for _, order := range [][]string{batches, {batches[1], batches[0]}} {
		names, recs, _ := exportRecords(t, FormatLangSmith, order...)
		run := exportRun(t, names, recs)
		if len(run.Calls) != 2 || run.Outcome != OutcomeFailure || names.Name(run.Workflow) != "flow" || names.Name(run.Session) != "s" || names.Name(run.Feature) != "f" {
			t.Fatalf("%d calls, outcome %v, workflow %q, feature %q", len(run.Calls), run.Outcome, names.Name(run.Workflow), names.Name(run.Feature))
		}
		root, call := run.Calls[0], run.Calls[1]
		if root.Counted && exportCounts(root.Record) != "? ? ? ? ? ?" || names.Name(root.Error) != "ValueError: no" {
			t.Errorf("root %+v, error %q", root.Record, names.Name(root.Error))
		}
		if call.Kind != KindLLM || exportCounts(call.Record) != "10 ? ? ? 2 ?" || call.Start != at("2026-01-02T03:04:06Z") || call.End != at("2026-01-02T03:04:07Z") ||
			names.Name(call.Record.Model) != "gpt-5-2025-08-07" || names.Name(call.RequestModel) != "gpt-5" || names.Name(call.Provider) != "openai" || call.Status != StatusOK || !call.Counted {
			t.Errorf("call %+v", call.Record)
		}
	}
}

// TestLangSmithAgents: the nearest chain that is neither root nor of the framework; in a graph its node.
func TestLangSmithAgents(t *testing.T) {
	run := func(id, parent, kind, name, node string) string {
		return `{"id":"` + id + `","trace_id":"t","parent_run_id":"` + parent + `","run_type":"` + kind + `","name":"` + name + `","start_time":"2026-01-02T03:04:05Z","end_time":"2026-01-02T03:04:06Z","extra":{"metadata":{` + node + `}}}`
	}
	names, recs, _ := exportRecords(t, FormatLangSmith,
		run("t", "", "chain", "flow", ""),
		run("a", "t", "chain", "planner", ""), run("b", "a", "chain", "RunnableSequence", ""), run("c", "b", "llm", "ChatX", ""),
		run("d", "t", "chain", "writer", `"langgraph_node":"writer"`), run("e", "d", "chain", "call_model", `"langgraph_node":"writer"`), run("f", "e", "llm", "ChatX", `"langgraph_node":"writer"`),
		run("g", "t", "llm", "ChatX", `"langgraph_node":"model","lc_agent_name":"critic"`),
		run("h", "t", "prompt", "ChatPromptTemplate", ""))
	want := map[string]string{"c": "planner", "f": "writer", "g": "critic", "h": "flow"}
	for _, c := range exportRun(t, names, recs).Calls {
		if w, ok := want[c.ID]; ok && names.Name(c.Agent) != w {
			t.Errorf("%s: agent %q, want %q", c.ID, names.Name(c.Agent), w)
		}
		if c.ID == "h" && c.Kind != KindChain {
			t.Errorf("a prompt is %v", c.Kind)
		}
	}
}

// TestLangSmithFeedback: averages are scores; one named like a verdict decides where it is clear.
func TestLangSmithFeedback(t *testing.T) {
	for stats, want := range map[string]Outcome{
		`{"resolved":{"n":1,"avg":1.0,"values":{}},"tone":{"n":2,"avg":0.5}}`:              OutcomeSuccess,
		`{"resolved":{"n":1,"avg":0},"tone":{"n":2,"avg":0.5}}`:                            OutcomeFailure,
		`{"correct":{"n":1,"avg":null,"values":{"incorrect":1}},"tone":{"n":2,"avg":0.5}}`: OutcomeFailure,
		`{"resolved":{"n":2,"avg":0.5},"tone":{"n":2,"avg":0.5}}`:                          OutcomeUnknown,
	} {
		names, recs, _ := exportRecords(t, FormatLangSmith, `{"id":"t","trace_id":"t","run_type":"chain","name":"x","start_time":"2026-01-02T03:04:05Z","end_time":"2026-01-02T03:04:06Z","feedback_stats":`+stats+`}`)
		run := exportRun(t, names, recs)
		if run.Outcome != want || run.Facts == nil || !slices.Contains(run.Facts.Scores, Value{"tone", 0.5}) {
			t.Errorf("%s: %v, %+v", stats, run.Outcome, run.Facts)
		}
	}
}

func TestLangSmithStatus(t *testing.T) {
	for members, want := range map[string]Status{
		`"status":"success","end_time":"2026-01-02T03:04:06Z"`:           StatusOK,
		`"status":"error","end_time":"2026-01-02T03:04:06Z","error":"x"`: StatusError,
		`"end_time":"2026-01-02T03:04:06Z","error":"x"`:                  StatusError,
		`"end_time":"2026-01-02T03:04:06Z","error":null`:                 StatusOK,
		`"end_time":"2026-01-02T03:04:06Z"`:                              StatusUnset,
		`"status":"pending","end_time":null,"error":null`:                StatusUnfinished,
	} {
		_, recs, _ := exportRecords(t, FormatLangSmith, `{"id":"c","trace_id":"t","run_type":"tool","name":"x","start_time":"2026-01-02T03:04:05Z",`+members+`}`)
		if recs[0].Status != want {
			t.Errorf("%s: %v, want %v", members, recs[0].Status, want)
		}
	}
}

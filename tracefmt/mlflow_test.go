package tracefmt

import (
	"strings"
	"testing"
)

func TestExpectedMLflow(t *testing.T) {
	b, n, r := readAll(t, shared(t, "traces", "mlflow", "traces.jsonl"), ReadOptions{})
	if r.Format() != FormatMLflow || b.BadCount != 0 || len(b.Warnings) != 0 {
		t.Fatalf("format %d, bad %v, warnings %v", r.Format(), b.Bad, b.Warnings)
	}
	runs := runsOf(b, n)
	want := gathered{runs: 1, llm: 3, failed: 1, input: 6330, read: 2304, output: 750, tools: 1, noUsage: 1, cost: "0.0088905", models: "gpt-5 gpt-5-mini"}
	if got := gather(n, runs); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	run := runs["tr-00000000000000000000000000000abc"]
	if n.Name(run.Workflow) != "support_refund" || n.Name(run.Session) != "sess-100" || n.Name(run.User) != "user-7" || n.Name(run.Feature) != "refunds" || run.Outcome != OutcomeSuccess || run.Score != 1 {
		t.Errorf("workflow %q, session %q, user %q, feature %q, %v, score %v", n.Name(run.Workflow), n.Name(run.Session), n.Name(run.User), n.Name(run.Feature), run.Outcome, run.Score)
	}
	for id, want := range map[string]string{"0000000000000003": "planner/Completions", "0000000000000007": "executor/issue_refund"} {
		if c := callByID(t, run, id); n.Name(c.Agent)+"/"+n.Name(c.Step) != want {
			t.Errorf("%s: %s/%s", id, n.Name(c.Agent), n.Name(c.Step))
		}
	}
}

const (
	mlflowV2 = `{"info":{"request_id":"tr-2","experiment_id":"1","timestamp_ms":1764000000250,"execution_time_ms":900,"status":"ERROR","request_metadata":{"mlflow.trace.session":"s","mlflow.trace.user":"u","mlflow.traceInputs":"{}"},` +
		`"tags":{"mlflow.traceName":"qa","team":"core"},"assessments":[{"assessment_name":"correct","feedback":{"value":"no"},"span_id":"0x0000000000000001","valid":true},{"assessment_name":"pass","feedback":{"value":true},"valid":false},` +
		`{"assessment_name":"tone","feedback":{"value":0.25}},{"assessment_name":"wanted","expectation":{"value":"x"}}]},` +
		`"data":{"spans":[{"name":"qa","context":{"span_id":"0x0000000000000001","trace_id":"0x00000000000000000000000000000abc"},"parent_id":null,"start_time":1764000000250000000,"end_time":1764000001150000000,"status_code":"ERROR","status_message":"boom",` +
		`"attributes":{"mlflow.traceRequestId":"\"tr-2\"","mlflow.spanType":"CHAIN"},"events":[]},` +
		`{"name":"Completions_1","context":{"span_id":"0x0000000000000002","trace_id":"0x00000000000000000000000000000abc"},"parent_id":"0x0000000000000001","start_time":1764000000350000000,"end_time":1764000001050000000,"status_code":"OK","status_message":"",` +
		`"attributes":{"mlflow.traceRequestId":"\"tr-2\"","mlflow.spanType":"\"CHAT_MODEL\"","mlflow.spanInputs":"{\"model\": \"gpt-5\", \"messages\": [{\"role\": \"user\", \"content\": \"hi \\\"you\\\"\"}]}",` +
		`"mlflow.spanOutputs":"{\"model\": \"gpt-5-2025-08-07\", \"usage\": {\"prompt_tokens\": 100, \"completion_tokens\": 20, \"total_tokens\": 120, \"prompt_tokens_details\": {\"cached_tokens\": 40}}}"},"events":[]}]}}`
	mlflowClaude = `{"trace_id":"tr-3","state":"OK","request_time":1764000000250,"trace_metadata":{"mlflow.trace.tokenUsage":"{\"input_tokens\": 99999, \"output_tokens\": 9}"},"tags":{},"spans":[{"trace_id":"AAAAAAAAAAAAAAAAAAAKvA==","span_id":"AAAAAAAAAAE=","parent_span_id":null,"name":"Messages.create",` +
		`"start_time_unix_nano":1764000000250000000,"end_time_unix_nano":1764000001250000000,"status":{"code":"STATUS_CODE_OK","message":""},"attributes":{"mlflow.spanType":"\"CHAT_MODEL\"","mlflow.message.format":"\"anthropic\"","mlflow.llm.model":"\"claude-sonnet-4-5\"","mlflow.llm.provider":"\"anthropic\"",` +
		`"mlflow.chat.tokenUsage":"{\"input_tokens\": 3000, \"output_tokens\": 50, \"total_tokens\": 3050, \"cache_read_input_tokens\": 1000, \"cache_creation_input_tokens\": 500}","mlflow.llm.cost":"{\"input_cost\": 0.0111, \"output_cost\": 0.00075, \"total_cost\": 0.01185}"}}]}`
)

func TestMLflowShapes(t *testing.T) {
	for name, c := range map[string]struct {
		value string
		want  []string
	}{
		"version 2": {mlflowV2, []string{
			`run error workflow="qa" user="u" session="s" tags="team=core" start=1764000000250000000`,
			`chain error name="qa" error="boom" start=1764000000250000000 end=1764000001150000000`,
			`llm ok name="Completions_1" model="gpt-5-2025-08-07" start=1764000000350000000 end=1764000001050000000 in=100 read=40 out=20`,
			`run unset name="correct" outcome=failure`, `run unset name="tone" score=0.25`}},
		"a row of search_traces, with Anthropic's own counts": {mlflowClaude, []string{
			`run ok start=1764000000250000000`,
			`llm ok name="Messages.create" model="claude-sonnet-4-5" provider="anthropic" start=1764000000250000000 end=1764000001250000000 in=4500 read=1000 write=500 out=50 cost=0.01185`}},
		"the artifact of a trace": {mlflowV2[strings.Index(mlflowV2, `{"spans"`) : len(mlflowV2)-1], []string{
			`run unset`, `chain error name="qa" error="boom" start=1764000000250000000 end=1764000001150000000`,
			`llm ok name="Completions_1" model="gpt-5-2025-08-07" start=1764000000350000000 end=1764000001050000000 in=100 read=40 out=20`}},
	} {
		p, _ := peekAt([]byte(c.value))
		if !sniffMLflow(&p) || sniffOTLP(&p) || sniffAnyAgent(&p) {
			t.Errorf("%s: mlflow %v, otlp %v, any-agent %v", name, sniffMLflow(&p), sniffOTLP(&p), sniffAnyAgent(&p))
		}
		b, n, warned := decodeValues(t, FormatMLflow, c.value)
		if len(b.Records) != len(c.want) || len(warned) != 0 {
			t.Fatalf("%s: %d records, warned %q", name, len(b.Records), warned)
		}
		for i, want := range c.want {
			if got := say(n, b.Records[i]); got != want {
				t.Errorf("%s:\n got %s\nwant %s", name, got, want)
			}
			if r := &b.Records[i]; r.Run != b.Records[0].Run || !strings.HasPrefix(r.Run, "tr-") {
				t.Errorf("%s: record %d is of run %q", name, i, r.Run)
			}
		}
	}
}

// TestMLflowTable: the table of search_traces holds each trace as JSON text.
func TestMLflowTable(t *testing.T) {
	csv := "trace_id,trace,state,trace_metadata\n" + `tr-2,"` + strings.ReplaceAll(mlflowV2, `"`, `""`) + `",ERROR,{}` + "\n"
	b, n, r := readAll(t, write(t, "traces.csv", csv), ReadOptions{})
	if r.Format() != FormatMLflow || len(b.Records) != 5 {
		t.Fatalf("format %d, %d records, bad %v", r.Format(), len(b.Records), b.Bad)
	}
	want := gathered{runs: 1, llm: 1, input: 100, read: 40, output: 20, cost: "0.00028", models: "gpt-5-2025-08-07"}
	if got := gather(n, runsOf(b, n)); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if run := runsOf(b, n)["tr-2"]; run.Outcome != OutcomeFailure || len(run.Facts.Scores) != 1 || run.Facts.Scores[0] != (Value{"tone", 0.25}) {
		t.Errorf("%v, %+v", run.Outcome, run.Facts)
	}
}

package tracefmt

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestExpectedOpenAIAgents(t *testing.T) {
	want := gathered{runs: 2, llm: 5, failed: 1, input: 2740, read: 1792, output: 265, tools: 2, toolsFailed: 1, unpriced: 4, noUsage: 1, cost: "0"}
	for _, f := range []string{"support-refund.items.jsonl", "support-refund.ingest-bodies.jsonl"} {
		b, n, r := readAll(t, shared(t, "traces", "openai-agents", f), ReadOptions{})
		if r.Format() != FormatOpenAIAgents || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: format %d, bad %v, warnings %v", f, r.Format(), b.Bad, b.Warnings)
		}
		runs := runsOf(b, n)
		if got := gather(n, runs); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", f, got, want)
		}
		run := runs["trace_e3ee270b4343490fb6bbd23830d239d4"]
		if n.Name(run.Workflow) != "support-refund" || n.Name(run.Session) != "sess-100" || n.Name(run.User) != "user-7" || n.Name(run.Feature) != "refunds" || run.Outcome != OutcomeSuccess {
			t.Errorf("workflow %q, session %q, user %q, feature %q, %v", n.Name(run.Workflow), n.Name(run.Session), n.Name(run.User), n.Name(run.Feature), run.Outcome)
		}
		for id, want := range map[string]string{"span_547afc2aa88140e488364da8": "triage_agent/response 402 61", "span_f91ed0f51d244d539872796c": "refund_agent/response 902 120",
			"span_3d0986173de7422db169e3b4": "refund_agent/search_orders 0 0", "span_fb371076617b4a848ddff7ee": "triage_agent/handoff to refund_agent 0 0"} {
			if got := agentsCall(n, callByID(t, run, id)); got != want {
				t.Errorf("%s: %s, want %s", id, got, want)
			}
		}
		if runs["trace_7fded1f60d8a414d9b95143bede8debc"].Outcome != OutcomeFailure {
			t.Error("the second run did not fail")
		}
	}
}

func agentsCall(n *Names, c Call) string {
	return fmt.Sprintf("%s/%s %d %d", n.Name(c.Agent), n.Name(c.Step), c.Usage.Input, c.Usage.Output)
}

// agentsTurn is a turn with two answers, of which the first failed, in the order that an exporter sends them.
var agentsTurn = []string{
	`{"object":"trace.span","id":"r1","trace_id":"t","parent_id":"turn","started_at":"2025-11-24T16:00:00Z","ended_at":"2025-11-24T16:00:01Z","span_data":{"type":"response"},"error":{"message":"429","data":{}}}`,
	`{"object":"trace.span","id":"r2","trace_id":"t","parent_id":"turn","started_at":"2025-11-24T16:00:02Z","ended_at":"2025-11-24T16:00:03Z","span_data":{"type":"response","response_id":"resp_1"},"error":null}`,
	`{"object":"trace.span","id":"turn","trace_id":"t","parent_id":"a","started_at":"2025-11-24T16:00:00Z","ended_at":"2025-11-24T16:00:04Z","span_data":{"type":"turn","turn":1,"agent_name":"triage","usage":{"input_tokens":100,"output_tokens":9,"cached_input_tokens":64,"cache_write_input_tokens":0}},"error":null}`,
	`{"object":"trace.span","id":"a","trace_id":"t","parent_id":null,"started_at":"2025-11-24T16:00:00Z","ended_at":"2025-11-24T16:00:05Z","span_data":{"type":"agent","name":"triage"},"error":null}`,
}

func TestOpenAIAgentsTurns(t *testing.T) {
	want := gathered{runs: 1, llm: 2, failed: 1, input: 100, read: 64, output: 9, unpriced: 1, noUsage: 1, cost: "0"}
	lines := append(append([]string(nil), agentsTurn...), agentsTurn...) // batches are sent again
	for range 10 {
		b, n, _ := decodeValues(t, FormatOpenAIAgents, lines...)
		run := runsOf(b, n)["t"]
		if got := gather(n, map[string]*Run{"t": run}); got != want {
			t.Fatalf("\n got %+v\nwant %+v", got, want)
		}
		if c := callByID(t, run, "r2"); c.Usage.Input != 100 || n.Name(c.Agent) != "triage" {
			t.Fatalf("the answer that succeeded has %d tokens, agent %q", c.Usage.Input, n.Name(c.Agent))
		}
		rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	}
}

// TestOpenAIAgentsLostAnswer: a turn whose answer is not there keeps its counts; an answer with counts of its own needs none.
func TestOpenAIAgentsLostAnswer(t *testing.T) {
	b, n, _ := decodeValues(t, FormatOpenAIAgents, agentsTurn[2], agentsTurn[3])
	if got := gather(n, runsOf(b, n)); got.input != 100 || got.output != 9 || got.llm != 1 {
		t.Errorf("got %+v", got)
	}
	own := `{"object":"trace.span","id":"r3","trace_id":"t","parent_id":"turn","started_at":"2025-11-24T16:00:02Z","ended_at":"2025-11-24T16:00:03Z","span_data":{"type":"generation","model":"gpt-5-mini","usage":{"input_tokens":70,"output_tokens":9,"details":{"input_tokens_details":{"cached_tokens":10},"output_tokens_details":{"reasoning_tokens":4}}},"input":[{"role":"user","content":"hello"}]}}`
	b, n, _ = decodeValues(t, FormatOpenAIAgents, agentsTurn[2], own)
	want := gathered{runs: 1, llm: 1, input: 70, read: 10, output: 9, reasoning: 4, cost: "0.00003325", models: "gpt-5-mini"}
	if got := gather(n, runsOf(b, n)); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestOpenAIAgentsKinds(t *testing.T) {
	span := func(data, more string) string {
		return `{"object":"trace.span","id":"s","trace_id":"t","parent_id":"p","started_at":"2025-11-24T16:00:00Z","ended_at":"2025-11-24T16:00:01Z","span_data":` + data + more + `}`
	}
	const when = ` start=1764000000000000000 end=1764000001000000000`
	for value, want := range map[string]string{
		span(`{"type":"guardrail","name":"no_pii","triggered":true}`, ``):                                                          `guardrail ok name="no_pii" agent="guardrail" tags="triggered=true"` + when,
		span(`{"type":"handoff","from_agent":"a","to_agent":"b"}`, ``):                                                             `chain ok name="handoff to b" agent="a"` + when,
		span(`{"type":"function","name":"pay","input":"{}","output":"no"}`, `,"error":{"message":"boom","data":null}`):             `tool error name="pay" tool="pay" error="boom"` + when,
		span(`{"type":"mcp_tools","server":"files","result":["read"]}`, ``):                                                        `chain ok name="mcp_tools" tags="server=files"` + when,
		span(`{"type":"custom","name":"load orders","data":{"n":3}}`, `,"error":null`):                                             `chain ok name="load orders"` + when,
		span(`{"type":"response","response":{"model":"gpt-5","usage":{"input_tokens":5,"output_tokens":2,"total_tokens":7}}}`, ``): `llm ok name="response" step="response" model="gpt-5"` + when + ` in=5 out=2`,
		`{"object":"trace","id":"t","workflow_name":"refunds","group_id":null,"metadata":null}`:                                    `run unset workflow="refunds"`,
	} {
		b, n, _ := decodeValues(t, FormatOpenAIAgents, value)
		if got := say(n, b.Records[0]); got != want {
			t.Errorf("%s:\n got %s\nwant %s", value, got, want)
		}
	}
}

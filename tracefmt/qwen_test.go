package tracefmt

import (
	"fmt"
	"strings"
	"testing"
)

// qwenLineOf writes a line of a session, so many seconds after ten o'clock.
func qwenLineOf(second int, kind, rest string) string {
	return fmt.Sprintf(`{"uuid":"u%d%s","parentUuid":null,"sessionId":"s-1","timestamp":"2026-01-01T10:00:%02dZ","type":"%s","cwd":"/src/shop","version":"0.18.1",%s}`, second, kind[:1], second, kind, rest)
}

func qwenEventOf(second int, rest string) string {
	return qwenLineOf(second, "system", fmt.Sprintf(`"subtype":"ui_telemetry","systemPayload":{"uiEvent":{"event.timestamp":"2026-01-01T10:00:%02dZ",%s}}`, second, rest))
}

var qwenLines = []string{
	qwenLineOf(0, "user", `"message":{"role":"user","parts":[{"text":"go"}]}`),
	qwenEventOf(2, `"event.name":"qwen-code.api_error","model":"coder-model","error":"Rate limit","error_type":"rate_limit","status_code":429,"duration_ms":1000,"prompt_id":"s-1########0"`),
	qwenEventOf(5, `"event.name":"qwen-code.api_response","model":"coder-model","status_code":200,"duration_ms":2000,"input_token_count":500,"output_token_count":30,"cached_content_token_count":100,"thoughts_token_count":10,"total_token_count":530,"prompt_id":"s-1########0"`),
	qwenLineOf(6, "assistant", `"model":"coder-model","message":{"role":"model","parts":[{"functionCall":{"id":"call_1","name":"ls","args":{}}},{"functionCall":{"id":"call_2","name":"task","args":{}}}]},"usageMetadata":{"promptTokenCount":500,"candidatesTokenCount":30,"thoughtsTokenCount":10,"totalTokenCount":530,"cachedContentTokenCount":100}`),
	qwenEventOf(8, `"event.name":"qwen-code.tool_call","function_name":"ls","duration_ms":1000,"status":"error","success":false,"error_type":"invalid_tool_params"`),
	qwenLineOf(8, "tool_result", `"message":{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"ls","response":{"error":"no"}}}]},"toolCallResult":{"callId":"call_1","status":"error","errorType":"invalid_tool_params"}`),
	// a helper's call and tool stand in the telemetry only
	qwenEventOf(9, `"event.name":"qwen-code.api_response","model":"coder-model","status_code":200,"duration_ms":500,"input_token_count":70,"output_token_count":5,"cached_content_token_count":0,"thoughts_token_count":0,"total_token_count":75,"prompt_id":"s-1#reviewer-x1y2z3#0"`),
	qwenEventOf(10, `"event.name":"qwen-code.tool_call","function_name":"grep","duration_ms":10,"status":"success","success":true,"prompt_id":"s-1#reviewer-x1y2z3#0"`),
	qwenLineOf(12, "tool_result", `"message":{"role":"user","parts":[{"functionResponse":{"id":"call_2","name":"task","response":{"output":"ok"}}}]}`),
	// an answer whose usage only the telemetry knows
	qwenEventOf(14, `"event.name":"qwen-code.api_response","model":"coder-model","status_code":200,"duration_ms":500,"input_token_count":600,"output_token_count":7,"total_token_count":607`),
	qwenLineOf(15, "assistant", `"model":"coder-model","message":{"role":"model","parts":[{"functionCall":{"id":"call_1","name":"ls","args":{}}}]}`),
	qwenLineOf(16, "system", `"subtype":"chat_compression","systemPayload":{"info":{"originalTokenCount":9000,"newTokenCount":100}}`),
}

func TestQwenTellsThingsTwice(t *testing.T) {
	want := callSums{calls: 4, failed: 1, tools: 4, badTools: 1, usage: Usage{Input: 1170, CacheRead: 100, Output: 42, Reasoning: 10}}
	for name, lines := range map[string][]string{"as written": qwenLines, "in another order, twice": shuffled(qwenLines)} {
		b, names, r := readText(t, "t.jsonl", strings.Join(lines, "\n"))
		if r.Format() != FormatQwen || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: %s %v %v", name, Formats[r.Format()].Name, b.Bad, b.Warnings)
		}
		run := runsOf(b, names)["s-1"]
		got := callSumsOf(map[string]*Run{"": run}, nil)
		if got.cost = 0; got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
		calls := map[string]*Call{}
		for i := range run.Calls {
			calls[run.Calls[i].ID] = &run.Calls[i]
		}
		if c := calls["u6a"]; c.Start != at("2026-01-01T10:00:03Z") || c.End != at("2026-01-01T10:00:05Z") || c.Usage.Output != 30 {
			t.Errorf("%s: answer %d %d %+v", name, c.Start, c.End, c.Usage)
		}
		if c := calls["u6a/0"]; c.Status != StatusError || names.Name(c.Error) != "invalid_tool_params" || c.Start != at("2026-01-01T10:00:07Z") || c.End != at("2026-01-01T10:00:08Z") {
			t.Errorf("%s: tool %+v", name, c.Record)
		}
		if c := calls["u15a/0"]; c.Status != StatusUnfinished {
			t.Errorf("%s: the second call_1 has no end: %v", name, c.Status)
		}
		if c := calls[qwenTelemetry+"u9s"]; names.Name(c.Agent) != "reviewer" || names.Name(c.Instance) != "reviewer-x1y2z3" {
			t.Errorf("%s: helper %q", name, names.Name(c.Agent))
		}
		if c := calls[qwenTelemetry+"u2s"]; names.Name(c.Error) != "429" || c.Has&HasUsage != 0 {
			t.Errorf("%s: failed call %+v", name, c.Record)
		}
		if len(run.Marks) != 2 || run.Marks[1].Event != EventCompact || run.Marks[1].Usage.Input != 9000 {
			t.Errorf("%s: marks %v", name, run.Marks)
		}
		if names.Name(run.Workflow) != "shop" {
			t.Errorf("%s: workflow %q", name, names.Name(run.Workflow))
		}
	}
}

func TestQwenWithoutTelemetryStartsAtThePrompt(t *testing.T) {
	b, names, _ := readText(t, "t.jsonl", qwenLines[0]+"\n"+qwenLines[3])
	run := runsOf(b, names)["s-1"]
	for i := range run.Calls {
		if c := &run.Calls[i]; c.Kind == KindLLM && (c.Start != at("2026-01-01T10:00:00Z") || c.End != at("2026-01-01T10:00:06Z") || c.Status != StatusOK) {
			t.Errorf("%+v", c.Record)
		}
	}
}

// TestQwenIsNotClaude checks that the lines of either are never taken for the other's.
func TestQwenIsNotClaude(t *testing.T) {
	for _, l := range qwenLines {
		if p, _ := peekAt([]byte(l)); !sniffQwen(&p) || sniffClaude(&p) {
			t.Errorf("qwen %v claude %v: %s", sniffQwen(&p), sniffClaude(&p), l)
		}
	}
	for _, l := range []string{
		`{"parentUuid":null,"isSidechain":false,"cwd":"/src","sessionId":"s","version":"2.0.50","type":"user","message":{"role":"user","content":"hi {\"parts\":1}"},"uuid":"u","timestamp":"2026-01-01T10:00:00Z"}`,
		`{"parentUuid":"u","sessionId":"s","type":"assistant","message":{"model":"claude-sonnet-4-5","id":"msg_1","content":[],"usage":{"input_tokens":1}},"uuid":"v","timestamp":"2026-01-01T10:00:00Z"}`,
		`{"parentUuid":"u","sessionId":"s","type":"system","subtype":"compact_boundary","uuid":"w","timestamp":"2026-01-01T10:00:00Z"}`,
	} {
		if p, _ := peekAt([]byte(l)); sniffQwen(&p) || !sniffClaude(&p) {
			t.Errorf("qwen %v claude %v: %s", sniffQwen(&p), sniffClaude(&p), l)
		}
	}
}

func TestExpectedQwen(t *testing.T) {
	b, names, r := readAll(t, shared(t, "traces", "qwen-code", "session-0.18.jsonl"), ReadOptions{})
	if r.Format() != FormatQwen || b.BadCount != 0 || len(b.Warnings) != 0 || b.Lines != 8 {
		t.Fatalf("%s bad %v warnings %v", Formats[r.Format()].Name, b.Bad, b.Warnings)
	}
	runs := runsOf(b, names)
	got := callSumsOf(runs, nil)
	if got.cost = 0; len(runs) != 1 || got != (callSums{calls: 2, tools: 1, badTools: 1, usage: Usage{Input: 1100, CacheRead: 50, Output: 25}}) {
		t.Errorf("%d runs: %+v", len(runs), got)
	}
	for i, run := range runs["69f0814a-8bfc-4c8e-93d3-05757f17b96f"].Calls {
		if run.Kind == KindLLM && (run.End-run.Start != []int64{47e6, 0, 13e6}[i]) {
			t.Errorf("call %d took %d ns", i, run.End-run.Start)
		}
	}
}

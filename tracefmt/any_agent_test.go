package tracefmt

import "testing"

func TestExpectedAnyAgent(t *testing.T) {
	for f, want := range map[string]gathered{
		"openai_trace.json":    {runs: 1, llm: 3, input: 1020, output: 76, tools: 2, cost: "0.0001248", models: "mistral/mistral-small-latest"},
		"langchain_trace.json": {runs: 1, llm: 4, input: 1262, output: 125, tools: 2, cost: "0.0001637", models: "mistral/mistral-small-latest"},
		"agno_trace.json":      {runs: 1, llm: 3, input: 1396, output: 74, tools: 2, cost: "0.0001618", models: "mistral/mistral-small-latest"},
	} {
		b, n, r := readAll(t, shared(t, "traces", "any-agent", f), ReadOptions{})
		if r.Format() != FormatAnyAgent || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: format %d, bad %v, warnings %v", f, r.Format(), b.Bad, b.Warnings)
		}
		if got := gather(n, runsOf(b, n)); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", f, got, want)
		}
		for i := range b.Records {
			c := &b.Records[i]
			if c.Kind == KindLLM && (c.Has&(HasCacheRead|HasReasoning) != 0 || c.Parent == "") || c.Kind == KindTool && c.Fingerprints[2]|c.Fingerprints[3] == 0 {
				t.Errorf("%s: %s", f, say(n, *c))
			}
		}
	}
}

const anyAgentDoc = `{"spans":[{"name":"call_llm gpt-5","kind":"internal","parent":{"trace_id":340282366920938463463374607431768211455,"span_id":18446744073709551615},"start_time":1758026593210770000,"end_time":1758026593449611000,` +
	`"status":{"status_code":"error","description":"late"},"context":{"trace_id":340282366920938463463374607431768211455,"span_id":9295669169508793927},"attributes":{"gen_ai.operation.name":"call_llm","gen_ai.request.model":"gpt-5",` +
	`"gen_ai.usage.input_tokens":269,"gen_ai.usage.output_tokens":16,"gen_ai.usage.input_cost":2.69e-05,"gen_ai.usage.output_cost":4.8e-06},"links":[],"events":[],"resource":{"attributes":{"service.name":"lab"}}},` +
	`{"name":"invoke_agent [any_agent]","kind":"internal","parent":{"trace_id":null,"span_id":null},"start_time":1758026593210000000,"end_time":null,"status":{"status_code":"unset","description":null},` +
	`"context":{"trace_id":340282366920938463463374607431768211455,"span_id":18446744073709551615},"attributes":{"gen_ai.operation.name":"invoke_agent","gen_ai.agent.name":"any_agent"}}],"final_output":"2025"}`

func TestAnyAgentDocument(t *testing.T) {
	b, n, warned := decodeValues(t, FormatAnyAgent, anyAgentDoc)
	if len(b.Records) != 2 || len(warned) != 0 {
		t.Fatalf("%d records, warned %q", len(b.Records), warned)
	}
	for i, want := range []string{
		`llm error name="call_llm" asked="gpt-5" service="lab" error="late" start=1758026593210770000 end=1758026593449611000 in=269 out=16 cost=0.0000317`,
		`agent unset name="[any_agent]" agent="any_agent" start=1758026593210000000`,
	} {
		if got := say(n, b.Records[i]); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	if r := &b.Records[0]; r.Run != "340282366920938463463374607431768211455" || r.ID != "9295669169508793927" || r.Parent != "18446744073709551615" || b.Records[1].Parent != "" {
		t.Errorf("run %q id %q parent %q, root under %q", r.Run, r.ID, r.Parent, b.Records[1].Parent)
	}
	d := NewDecoder(NewNames(), nil)
	d.Format = FormatAnyAgent
	if err := d.Decode([]byte(`{"final_output":"x"}`), SourceRef{}); err != errNoSpan {
		t.Errorf("without spans: %v", err)
	}
}

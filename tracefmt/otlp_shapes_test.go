package tracefmt

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// say writes what a record states, for tests to compare.
func say(n *Names, r Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Kind, r.Status)
	for _, f := range []struct {
		name string
		sym  Sym
	}{{"name", r.Name}, {"workflow", r.Workflow}, {"agent", r.Agent}, {"instance", r.Instance}, {"step", r.Step}, {"tool", r.Tool}, {"model", r.Model}, {"asked", r.RequestModel},
		{"provider", r.Provider}, {"service", r.Service}, {"feature", r.Feature}, {"version", r.Version}, {"user", r.User}, {"session", r.Session}, {"error", r.Error}, {"tags", r.Tags}} {
		if f.sym != 0 {
			fmt.Fprintf(&b, " %s=%q", f.name, strings.ReplaceAll(n.Name(f.sym), "\x1f", "|"))
		}
	}
	for _, f := range []struct {
		name string
		has  Fields
		n    int64
	}{{"start", HasStart, r.Start}, {"end", HasEnd, r.End}, {"in", HasInput, r.Usage.Input}, {"read", HasCacheRead, r.Usage.CacheRead}, {"write", HasCacheWrite, r.Usage.CacheWrite},
		{"write1h", HasCacheWrite1h, r.Usage.CacheWrite1h}, {"out", HasOutput, r.Usage.Output}, {"reasoning", HasReasoning, r.Usage.Reasoning}, {"rest", HasUnattributed, r.Usage.Unattributed}} {
		if r.Has&f.has != 0 {
			fmt.Fprintf(&b, " %s=%d", f.name, f.n)
		}
	}
	if r.Has&HasCost != 0 {
		fmt.Fprintf(&b, " cost=%s", r.Recorded)
	}
	if r.Has&HasScore != 0 {
		fmt.Fprintf(&b, " score=%g", r.Score)
	}
	if r.Has&HasOutcome != 0 {
		fmt.Fprintf(&b, " outcome=%s", r.Outcome)
	}
	if r.Attempt != 0 {
		fmt.Fprintf(&b, " attempt=%d", r.Attempt)
	}
	if r.Flags&FlagPlaceholder != 0 {
		b.WriteString(" placeholder")
	}
	return b.String()
}

// flat is a span per line with the given flat attributes.
func flat(attrs string) string {
	return `{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"work","startTimeUnixNano":"10","endTimeUnixNano":"20","attributes":{` + attrs + `}}`
}

func decodeOne(t *testing.T, n *Names, value string) (recs []Record, warned []string, err error) {
	t.Helper()
	d := NewDecoder(n, func(w Warning) { warned = append(warned, w.Text) })
	d.Format = FormatOTLP
	in := []byte(value)
	err = d.Decode(in, SourceRef{})
	if string(in) != value {
		t.Fatal("the decoder changed its input")
	}
	return d.Out, warned, err
}

// TestFlavours has one span per habit of an instrumentation.
func TestFlavours(t *testing.T) {
	for name, c := range map[string]struct{ attrs, want string }{
		"two spellings of one count": {`"gen_ai.operation.name":"chat","gen_ai.usage.prompt_tokens":100,"gen_ai.usage.input_tokens":100,"gen_ai.usage.completion_tokens":9,"gen_ai.usage.output_tokens":0`,
			`llm unset name="work" start=10 end=20 in=100 out=9`},
		"text counts, doubles, null": {`"gen_ai.operation.name":"chat","gen_ai.usage.input_tokens":"94179","gen_ai.usage.output_tokens":12.0,"gen_ai.usage.reasoning_tokens":null`,
			`llm unset name="work" start=10 end=20 in=94179 out=12`},
		"anthropic with the cache beside the input": {`"gen_ai.operation.name":"chat","gen_ai.usage.input_tokens":134,"gen_ai.usage.cache_read_input_tokens":150,"gen_ai.usage.cache_creation_input_tokens":50,"gen_ai.usage.output_tokens":5`,
			`llm unset name="work" start=10 end=20 in=334 read=150 write=50 out=5`},
		"total proves that the cache is beside": {`"gen_ai.operation.name":"chat","gen_ai.usage.input_tokens":1000,"gen_ai.usage.cache_read_tokens":300,"gen_ai.usage.output_tokens":50,"gen_ai.usage.total_tokens":1350`,
			`llm unset name="work" start=10 end=20 in=1300 read=300 out=50`},
		"total proves that reasoning is beside": {`"gen_ai.operation.name":"chat","gen_ai.usage.input_tokens":179,"gen_ai.usage.output_tokens":35,"gen_ai.usage.reasoning_tokens":64,"gen_ai.usage.total_tokens":278`,
			`llm unset name="work" start=10 end=20 in=179 out=99 reasoning=64`},
		"total proves that reasoning is inside": {`"gen_ai.operation.name":"chat","gen_ai.usage.input_tokens":6,"gen_ai.usage.output_tokens":2055,"gen_ai.usage.reasoning_tokens":1104,"gen_ai.usage.total_tokens":2061`,
			`llm unset name="work" start=10 end=20 in=6 out=2055 reasoning=1104`},
		"lost thinking tokens": {`"openinference.span.kind":"LLM","llm.token_count.prompt":5,"llm.token_count.completion":845,"llm.token_count.total":2023`,
			`llm unset name="work" start=10 end=20 in=5 out=845 rest=1173`},
		"openlit": {`"gen_ai.operation.name":"chat","gen_ai.system":"Bedrock","gen_ai.request.model":"m","gen_ai.usage.cost":0.000151,"telemetry.sdk.name":"openlit"`,
			`llm unset name="work" asked="m" provider="aws.bedrock" start=10 end=20 cost=0.000151`},
		"pydantic tool": {`"gen_ai.tool.name":"lookup","gen_ai.tool.call.id":"c1"`, `tool unset name="work" tool="lookup" start=10 end=20`},
		"pydantic model": {`"gen_ai.operation.name":"chat","agent_name":"guide","operation.cost":0.0025,"logfire.level_num":17,"gen_ai.usage.details.cache_read_tokens":3,"gen_ai.usage.input_tokens":9`,
			`llm error name="work" agent="guide" start=10 end=20 in=9 read=3 cost=0.0025`},
		"logfire placeholder":     {`"gen_ai.operation.name":"chat","logfire.span_type":"pending_span"`, `llm unset name="work" start=10 placeholder`},
		"aggregates are no usage": {`"gen_ai.operation.name":"invoke_agent","gen_ai.aggregated_usage.input_tokens":500,"gen_ai.agent.name":"a","gen_ai.agent.id":"i1"`, `agent unset name="work" agent="a" instance="i1" start=10 end=20`},
		"vercel outer":            {`"ai.operationId":"ai.generateText","ai.model.id":"m","ai.usage.promptTokens":4`, `chain unset name="work" asked="m" start=10 end=20 in=4`},
		"vercel inner, anthropic": {`"ai.operationId":"ai.generateText.doGenerate","ai.model.provider":"anthropic.messages","ai.telemetry.functionId":"answer","ai.usage.inputTokens":400,"ai.usage.outputTokens":6,"ai.usage.totalTokens":406,"ai.response.providerMetadata":"{\"anthropic\":{\"usage\":{\"input_tokens\":400,\"cache_read_input_tokens\":300,\"cache_creation_input_tokens\":20,\"cache_creation\":{\"x\":1}}}}"`,
			`llm unset name="work" step="answer" provider="anthropic" start=10 end=20 in=720 read=300 write=20 out=6`},
		"vercel inner, openai":     {`"ai.operationId":"ai.streamText.doStream","ai.usage.inputTokens":400,"ai.usage.outputTokens":60,"ai.response.providerMetadata":"{\"openai\":{\"cachedPromptTokens\":128,\"reasoningTokens\":32}}"`, `llm unset name="work" start=10 end=20 in=400 read=128 out=60 reasoning=32`},
		"vercel embedding":         {`"ai.operationId":"ai.embed.doEmbed","ai.usage.tokens":9,"ai.telemetry.metadata.userId":"u1","ai.telemetry.metadata.tags":["b","a","b"],"ai.telemetry.metadata.plan":"gold"`, `embedding unset name="work" user="u1" tags="a=|b=|plan=gold" start=10 end=20 in=9`},
		"langfuse generation":      {`"langfuse.observation.type":"generation","langfuse.observation.model.name":"gpt-5-mini","langfuse.observation.usage_details":"{\"input\":1356,\"output\":61,\"total\":2441,\"input_cached_tokens\":1024,\"output_reasoning_tokens\":0}","langfuse.observation.cost_details":"{\"input\":0.001,\"output\":0.0005}","langfuse.trace.name":"refund"`, `llm unset name="work" workflow="refund" model="gpt-5-mini" start=10 end=20 in=2380 read=1024 out=61 reasoning=0 cost=0.0015`},
		"langfuse without a total": {`"langfuse.observation.type":"generation","langfuse.observation.usage_details":"{\"input\":100,\"output\":84,\"input_cached_tokens\":24,\"input_audio_tokens\":3,\"output_reasoning_tokens\":256,\"input_cache_creation_5m\":5,\"input_cache_creation_1h\":7}"`, `llm unset name="work" start=10 end=20 in=139 read=24 write=12 write1h=7 out=340 reasoning=256`},
		"langfuse inside keys":     {`"langfuse.observation.type":"generation","langfuse.observation.usage_details":{"input":100,"output":84,"prompt_details.cache_read":24,"completion_details.reasoning":50}`, `llm unset name="work" start=10 end=20 in=100 read=24 out=84 reasoning=50`},
		"langfuse failed":          {`"langfuse.observation.type":"generation","langfuse.observation.level":"ERROR","langfuse.observation.status_message":"429 slow down","langfuse.observation.cost_details":"{\"input\":0,\"output\":0}"`, `llm error name="work" error="429 slow down" start=10 end=20`},
		"langfuse embedding":       {`"langfuse.observation.type":"generation","langfuse.observation.model.name":"text-embedding-3-small"`, `embedding unset name="work" model="text-embedding-3-small" start=10 end=20`},
		"langfuse span is no kind": {`"langfuse.observation.type":"span","gen_ai.operation.name":"chat"`, `llm unset name="work" start=10 end=20`},
		"traceloop workflow":       {`"traceloop.span.kind":"workflow","traceloop.entity.name":"refund","traceloop.workflow.name":"other"`, `chain unset name="work" workflow="refund" start=10 end=20`},
		"traceloop agent":          {`"traceloop.span.kind":"agent","traceloop.entity.name":"planner","traceloop.workflow.name":"planner"`, `agent unset name="work" agent="planner" start=10 end=20`},
		"traceloop task":           {`"traceloop.span.kind":"task","traceloop.entity.name":"guard","traceloop.workflow.name":"refund","traceloop.association.properties.session_id":"s1","traceloop.association.properties.env":"prod"`, `chain unset name="work" workflow="refund" step="guard" session="s1" tags="env=prod" start=10 end=20`},
		"a hint beside an agent":   {`"llm.request.type":"chat","gen_ai.agent.name":"planner","traceloop.workflow.name":"planner"`, `llm unset name="work" agent="planner" start=10 end=20`},
		"google adk":               {`"gen_ai.operation.name":"generate_content","gen_ai.usage.input_tokens":900,"gen_ai.usage.output_tokens":40,"gcp.vertex.agent.llm_response":"{\"content\":{\"parts\":[{\"text\":\"}{\"}]},\"usage_metadata\":{\"prompt_token_count\":900,\"cached_content_token_count\":512,\"candidates_token_count\":40,\"thoughts_token_count\":60,\"total_token_count\":1000}}"`, `llm unset name="work" start=10 end=20 in=900 read=512 out=100 reasoning=60`},
		"genkit":                   {`"genkit:metadata:subtype":"model","genkit:name":"googleai/gemini-3","genkit:output":"{\"message\":{},\"usage\":{\"inputTokens\":10,\"outputTokens\":30,\"thoughtsTokens\":20,\"totalTokens\":40}}"`, `llm unset name="work" asked="googleai/gemini-3" start=10 end=20 in=10 out=30 reasoning=20`},
		"openinference cost":       {`"openinference.span.kind":"LLM","llm.cost.prompt":0.002,"llm.cost.completion":0.0005`, `llm unset name="work" start=10 end=20 cost=0.0025`},
		"openinference metadata":   {`"openinference.span.kind":"GUARDRAIL","metadata":"{\"feature\":\"refunds\",\"region\":\"eu\",\"deep\":{\"a\":1},\"ms\":12345,\"tier\":3,\"job\":\"f9f77d1a-437f-4d11-8e1d-2f0b4b9a1c11\",\"langgraph_node\":\"check\"}","tag.tags":["tier:gold"]`, `guardrail unset name="work" agent="guardrail" step="check" feature="refunds" tags="region=eu|tier=gold" start=10 end=20`},
		"embedding total":          {`"openinference.span.kind":"EMBEDDING","llm.token_count.total":7,"embedding.model_name":"e"`, `embedding unset name="work" model="e" start=10 end=20 in=7`},
		"nested attributes":        {`"llm":{"token_count":{"prompt":7,"completion":2},"model_name":"m"},"openinference":{"span":{"kind":"LLM"}}`, `llm unset name="work" model="m" start=10 end=20 in=7 out=2`},
		"any case":                 {`"openinference.span.kind":"Retriever","langsmith.span.kind":"llm"`, `retriever unset name="work" start=10 end=20`},
		"http status":              {`"gen_ai.operation.name":"chat","http.response.status_code":503`, `llm error name="work" start=10 end=20`},
		"outcome and attempt":      {`"gen_ai.operation.name":"invoke_workflow","workflow.name":"w","workflow.outcome":"failure","retry.attempt":"2"`, `chain unset name="work" workflow="w" start=10 end=20 outcome=failure attempt=2`},
	} {
		t.Run(name, func(t *testing.T) {
			n := NewNames()
			recs, _, err := decodeOne(t, n, flat(c.attrs))
			if err != nil || len(recs) != 1 {
				t.Fatalf("%d records, error %v", len(recs), err)
			}
			if got := say(n, recs[0]); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestBadCountsLeaveTheSpan(t *testing.T) {
	for _, attrs := range []string{`"gen_ai.usage.input_tokens":-1`, `"gen_ai.usage.input_tokens":1.5`, `"gen_ai.usage.input_tokens":"1e30"`, `"langfuse.observation.usage_details":"{\"input\":5,\"output\":-3}"`} {
		n := NewNames()
		recs, warned, err := decodeOne(t, n, flat(`"gen_ai.operation.name":"chat","gen_ai.usage.output_tokens":5,`+attrs))
		if err != nil || len(recs) != 1 || len(warned) != 1 || recs[0].Has&HasUsage != 0 {
			t.Errorf("%s: %d records, warnings %q, error %v", attrs, len(recs), warned, err)
		}
	}
}

func TestSpanShapes(t *testing.T) {
	read := func(name string) [][]byte {
		b, err := os.ReadFile(filepath.Join("testdata", "otlp", name))
		if err != nil {
			t.Fatal(err)
		}
		return jsonValues(t, b)
	}
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	console := read("console.json")
	cases := []struct{ name, value, parent, want string }{
		{"python console, child", string(console[0]), "00f067aa0ba902b8",
			`llm error name="chat" asked="gpt-5-mini" provider="openai" service="desk" version="1.2.0" error="openai.RateLimitError" start=1767607200250000000 end=1767607201500001000 in=120 out=7`},
		{"late resource, base64, Long", string(read("late-resource.jsonl")[0]), "",
			`llm ok name="chat" service="late" start=1767213394692522639 end=1767225602084000001 in=1210 out=340`},
		{"snake case", `{"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"` + trace + `","span_id":"` + span + `","name":"x","start_time_unix_nano":5,"attributes":[{"key":"llm.model_name","value":{"string_value":"m"}}],"status":{"code":2,"message":"no"}}]}]}]}`, "",
			`unknown error name="x" model="m" error="no" start=5`},
		{"javascript readable span", `{"spanContext":{"traceId":"` + trace + `","spanId":"` + span + `"},"parentSpanContext":{"spanId":"00f067aa0ba902b8"},"name":"x","startTime":[1767607200,250000000],"endTime":[1767607201,5],"status":{"code":1},"attributes":{"gen_ai.operation.name":"chat"},"resource":{"attributes":{"service.name":"js"}}}`, "00f067aa0ba902b8",
			`llm ok name="x" service="js" start=1767607200250000000 end=1767607201000000005`},
		{"phoenix span", `{"id":"U3","name":"x","context":{"trace_id":"` + trace + `","span_id":"` + span + `"},"span_kind":"TOOL","parent_id":null,"start_time":"2026-01-05T12:00:00.25+02:00","end_time":null,"status_code":"ERROR","status_message":"late","attributes":{"tool.name":"find"}}`, "",
			`tool error name="x" tool="find" error="late" start=1767607200250000000`},
		{"dataframe row", `{"context.trace_id":"` + trace + `","context.span_id":"` + span + `","name":"x","attributes.llm.token_count.prompt":4,"attributes.openinference.span.kind":"LLM"}`, "",
			`llm unset name="x" in=4`},
		{"upper case, zero end", `{"traceId":"` + strings.ToUpper(trace) + `","spanId":"` + strings.ToUpper(span) + `","parentSpanId":"0000000000000000","name":"x","startTimeUnixNano":"7","endTimeUnixNano":"0","attributes":null,"status":null}`, "",
			`unknown unset name="x" start=7`},
		{"an array of envelopes", `[{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"scopeSpans":[{"spans":[{"traceId":"` + trace + `","spanId":"` + span + `","name":"x"}]}]}]},{"resourceMetrics":[{"x":[1,{}]}]},{"resourceSpans":null}]`, "",
			`unknown unset name="x" service="a"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := NewNames()
			recs, _, err := decodeOne(t, n, c.value)
			if err != nil || len(recs) != 1 {
				t.Fatalf("%d records, error %v", len(recs), err)
			}
			r := recs[0]
			if r.Run != trace || r.ID != span || r.Parent != c.parent {
				t.Errorf("ids %s %s %q", r.Run, r.ID, r.Parent)
			}
			if got := say(n, r); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDecimalIDsStay(t *testing.T) {
	recs, _, err := decodeOne(t, NewNames(), `{"traceId":224118873245239999999999999999999999991,"spanId":9876543210987654321,"name":"x"}`)
	if err != nil || recs[0].Run != "224118873245239999999999999999999999991" || recs[0].ID != "9876543210987654321" {
		t.Errorf("%+v %v", recs, err)
	}
}

func TestSpansWithoutIDsAreSkipped(t *testing.T) {
	recs, warned, err := decodeOne(t, NewNames(), `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a","spanId":"00f067aa0ba902b7"},{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7"},{"traceId":"00000000000000000000000000000000","spanId":"00f067aa0ba902b7"}]}]}]}`)
	if err != nil || len(recs) != 1 || len(warned) != 2 {
		t.Errorf("%d records, warnings %q, error %v", len(recs), warned, err)
	}
}

func TestMalformedOTLP(t *testing.T) {
	for _, v := range []string{``, `{}`, `7`, `[1]`, `{"resourceSpans":{}}`, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"a"`, `{"resourceSpans":[]} x`, `{"name":"x"}`,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7"}]}}]}`} {
		if recs, _, err := decodeOne(t, NewNames(), v); err == nil || len(recs) != 0 {
			t.Errorf("%q: %d records, error %v", v, len(recs), err)
		}
	}
}

func TestEvaluations(t *testing.T) {
	n := NewNames()
	recs, _, err := decodeOne(t, n, `{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"x","startTimeUnixNano":"5","attributes":{"evaluations.0.evaluation.name":"resolved","evaluations.0.evaluation.score":0.25,"evaluations.0.evaluation.label":"Fail","trace.annotations.1.annotation.name":"tone","trace.annotations.1.annotation.score":"0.5","annotations.2.annotation.label":"nameless"}}`)
	if err != nil || len(recs) != 3 {
		t.Fatalf("%d records, error %v", len(recs), err)
	}
	if got, want := say(n, recs[1]), `run unset name="resolved" start=5 score=0.25 outcome=failure`; got != want || recs[1].Parent != "00f067aa0ba902b7" {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got, want := say(n, recs[2]), `run unset name="tone" start=5 score=0.5`; got != want || recs[2].Parent != "" {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestEvaluationEvents(t *testing.T) {
	n := NewNames()
	recs, _, err := decodeOne(t, n, `{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"x","startTimeUnixNano":1.5e1,"events":[7,{"name":"other"},{"name":"gen_ai.evaluation.result","attributes":{"gen_ai.evaluation.name":"pass","gen_ai.evaluation.score.value":true}},{"attributes":[{"key":"gen_ai.evaluation.name","value":{"stringValue":"tone"}},{"key":"gen_ai.evaluation.score.label","value":{"stringValue":"fine"}}],"name":"gen_ai.evaluation.result"}]}`)
	if err != nil || len(recs) != 3 {
		t.Fatalf("%d records, error %v", len(recs), err)
	}
	for i, want := range []string{`unknown unset name="x" start=15`, `run unset name="pass" start=15 score=1 outcome=success`, `run unset name="tone" start=15`} {
		if got := say(n, recs[i]); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestSniffOTLP(t *testing.T) {
	for _, c := range []struct {
		keys string
		want bool
	}{{"resourceSpans=[", true}, {"resourceLogs=[", true}, {"resourceMetrics=[", true}, {"resource_spans=[", true}, {"traceId=a spanId=b startTimeUnixNano=1", true}, {"traceId=a spanId=b", false},
		{"spanContext={ attributes={", true}, {"context={ kind=SpanKind.CLIENT", true}, {"context={ kind=x", false}, {"context={ span_kind=LLM status_code=OK", true}, {"trace_id=a operation=chat", false}} {
		keys := map[string]string{}
		for _, kv := range strings.Fields(c.keys) {
			k, v, _ := strings.Cut(kv, "=")
			keys[k] = v
		}
		if got := sniffOTLP(&peek{keys: keys}); got != c.want {
			t.Errorf("%s: %v", c.keys, got)
		}
	}
}

func TestCleanSpanName(t *testing.T) {
	for in, want := range map[string]string{
		"invoke_agent planner": "planner", "invoke_workflow support-refund": "support-refund", "planner.agent": "planner", "support-refund.workflow": "support-refund",
		"agent.f9f77d1a-437f-4d11-8e1d-2f0b4b9a1c11": "agent", "run 4bf92f3577b34da6a3ce929d0e0e4736 again": "run again", "agent run": "agent run", "agent planner": "planner",
		"invoke_agent f9f77d1a-437f-4d11-8e1d-2f0b4b9a1c11": "invoke_agent", "execute_tool find_3fa9c1d2": "find", "deadbeef": "deadbeef", "chat": "chat", "f9f77d1a-437f-4d11-8e1d-2f0b4b9a1c11": "f9f77d1a-437f-4d11-8e1d-2f0b4b9a1c11", "facade-decade-effaced": "facade-decade-effaced", "": "",
	} {
		if got := string(cleanSpanName([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTagsHoldNoIDs(t *testing.T) {
	var set tagSet
	for _, tag := range [][2]string{{"commit", "3fa9c1d2"}, {"job", "f9f77d1a-437f-4d11-8e1d-2f0b4b9a1c11"}, {"run", "run 3fa9c1d2 of 4bf92f3577b34da6a3ce"}, {"ms", "12345"}, {"tier", "1234"}, {"", "team:core"}} {
		set.addOTLPTag([]byte(tag[0]), []byte(tag[1]))
	}
	if got := string(set.join()); got != "commit=3fa9c1d2\x1fteam=core\x1ftier=1234" {
		t.Errorf("%q", got)
	}
}

// TestAttrTable keeps the table free of doubles and of ranks that tie.
func TestAttrTable(t *testing.T) {
	if len(attrRules) != len(attrTable) {
		t.Errorf("%d names in %d rows", len(attrRules), len(attrTable))
	}
	seen := map[attrRule]string{}
	for _, a := range attrTable {
		if a.slot >= slotMoney || a.slot == slotVersion {
			continue
		}
		key := attrRule{a.slot, a.rank}
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have the same rank", a.name, other)
		}
		seen[key] = a.name
	}
}

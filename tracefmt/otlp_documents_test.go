package tracefmt

import (
	"strings"
	"testing"
)

// spanDocuments are the shapes that spans are downloaded and stored in, one of each.
var spanDocuments = []struct {
	name, file, text string
	want             []string
}{
	{"a page of Phoenix's API", "page.json", `{"data":[{"id":"U3","name":"ChatCompletion","context":{"trace_id":"ab","span_id":"1"},"span_kind":"LLM","parent_id":null,"start_time":"2025-11-24T16:00:00+00:00","end_time":"2025-11-24T16:00:01+00:00","status_code":"OK","status_message":"",` +
		`"attributes":{"llm":{"model_name":"gpt-5","token_count":{"prompt":100,"completion":20,"prompt_details":{"cache_read":40}}},"annotations.0.annotation.name":"correct","annotations.0.annotation.label":"correct","annotations.0.annotation.score":1},"events":[]}],"next_cursor":null}`,
		[]string{`llm ok name="ChatCompletion" model="gpt-5" start=1764000000000000000 end=1764000001000000000 in=100 read=40 out=20`, `run unset name="correct" start=1764000000000000000 score=1 outcome=success`}},
	{"a dataframe of spans as JSON", "frame.jsonl", `{"name":"find","span_kind":"TOOL","parent_id":"2","start_time":1764000000250,"end_time":1764000001000,"status_code":"ERROR","status_message":"late","events":[],"context.span_id":"1","context.trace_id":"ab","attributes.tool.name":"find","attributes.llm.token_count":null,"attributes.session":{"id":"s"}}` + "\n",
		[]string{`tool error name="find" tool="find" session="s" error="late" start=1764000000250000000 end=1764000001000000000`}},
	{"a dataframe of spans as a table", "frame.csv", "context.span_id,name,span_kind,parent_id,start_time,end_time,status_code,status_message,events,context.trace_id,attributes.llm.model_name,attributes.llm.token_count.prompt,attributes.llm.token_count.completion,attributes.llm.cost.total,attributes.input.value\n" +
		"1,chat,LLM,,2025-11-24 16:00:00+00:00,2025-11-24 16:00:01.5+00:00,OK,,[],ab,gpt-5,100.0,20.0,0.0003,\"{\"\"messages\"\": [{\"\"role\"\": \"\"user\"\", \"\"content\"\": \"\"hi\nyou\"\"}]}\"\n",
		[]string{`llm ok name="chat" model="gpt-5" start=1764000000000000000 end=1764000001500000000 in=100 out=20 cost=0.0003`}},
	{"a table with the row numbers that pandas writes", "numbered.csv", ",name,span_kind,start_time,status_code,context.span_id,context.trace_id,attributes.llm.token_count.prompt\n" +
		"0,chat,LLM,2025-11-24T16:00:00Z,UNSET,1,ab,100\n1,chat,LLM,2025-11-24T16:00:02Z,UNSET,2,ab,\n",
		[]string{`llm unset name="chat" start=1764000000000000000 in=100`, `llm unset name="chat" start=1764000002000000000`}},
	{"a readable span of the JavaScript SDK, with its private names", "js.jsonl", `{"_spanContext":{"traceId":"ab","spanId":"1","traceFlags":1},"parentSpanContext":{"traceId":"ab","spanId":"2"},"name":"chat gpt-5","startTime":[1764000000,250000000],"endTime":[1764000001,0],"status":{"code":2,"message":"no"},"attributes":{"gen_ai.operation.name":"chat","gen_ai.request.model":"gpt-5"},"_duration":[0,750000000],"resource":{"_rawAttributes":[["service.name","js"]]}}` + "\n",
		[]string{`llm error name="chat" asked="gpt-5" error="no" start=1764000000250000000 end=1764000001000000000`}},
	{"what JavaScript's console exporter shows, as JSON", "js-console.json", `{"resource":{"attributes":{"service.name":"js"}},"traceId":"ab","parentId":"2","name":"chat gpt-5","id":"1","kind":2,"timestamp":1764000000250000,"duration":750000.5,"attributes":{"gen_ai.operation.name":"chat","gen_ai.request.model":"gpt-5","gen_ai.usage.input_tokens":7},"status":{"code":0},"events":[],"links":[]}`,
		[]string{`llm unset name="chat" asked="gpt-5" service="js" start=1764000000250000000 end=1764000001000000500 in=7`}},
	{"what Python's console exporter prints", "console.json", "{\n    \"name\": \"chat\",\n    \"context\": {\n        \"trace_id\": \"0xAB\",\n        \"span_id\": \"0x01\",\n        \"trace_state\": \"[]\"\n    },\n    \"kind\": \"SpanKind.CLIENT\",\n    \"parent_id\": null,\n    \"start_time\": \"2025-11-24T16:00:00.250000Z\",\n    \"end_time\": \"2025-11-24T16:00:01Z\",\n    \"status\": {\"status_code\": \"ERROR\", \"description\": \"RateLimit\"},\n    \"attributes\": {\"gen_ai.operation.name\": \"chat\", \"gen_ai.usage.input_tokens\": 7},\n    \"events\": [], \"links\": [],\n    \"resource\": {\"attributes\": {\"service.name\": \"py\"}, \"schema_url\": \"\"}\n}\n",
		[]string{`llm error name="chat" service="py" error="RateLimit" start=1764000000250000000 end=1764000001000000000 in=7`}},
	{"a trace of AgentOps", "agentops.json", `{"trace_id":"ab","project_id":"p","tags":["x"],"spans":[{"span_id":"1","parent_span_id":"2","span_name":"openai.chat.completion","span_kind":"Client","start_time":"2025-11-24T16:00:00Z","end_time":"2025-11-24T16:00:01Z","duration":1000000000,"status_code":"OK","status_message":"",` +
		`"attributes":{"gen_ai":{"request":{"model":"gpt-5"},"usage":{"prompt_tokens":"100","completion_tokens":"20","total_tokens":"120","cache_read_input_tokens":"0"}},"agentops":{"span":{"kind":"llm"}}},"resource_attributes":{"service.name":"agentops"}},` +
		`{"span_id":"2","parent_span_id":null,"span_name":"planner.agent","span_kind":"Internal","start_time":"2025-11-24T16:00:00Z","end_time":"2025-11-24T16:00:02Z","status_code":"UNSET","span_attributes":{"agentops":{"span":{"kind":"agent"}},"agent":{"name":"planner"}}}]}`,
		[]string{`llm ok name="openai.chat.completion" asked="gpt-5" service="agentops" start=1764000000000000000 end=1764000001000000000 in=100 read=0 out=20`,
			`agent unset name="planner" agent="planner" start=1764000000000000000 end=1764000002000000000`}},
	{"a trace of Genkit's local store", "genkit.json", `{"traceId":"ab","displayName":"menu","startTime":1764000000000.5,"endTime":1764000002000,"spans":{"1":{"spanId":"1","traceId":"ab","parentSpanId":"2","startTime":1764000000250.25,"endTime":1764000001000,"displayName":"googleai/gemini-2.5-flash","spanKind":"INTERNAL","status":{"code":0},` +
		`"attributes":{"genkit:type":"action","genkit:metadata:subtype":"model","genkit:name":"googleai/gemini-2.5-flash","genkit:output":"{\"usage\":{\"inputTokens\":100,\"outputTokens\":50,\"thoughtsTokens\":30,\"totalTokens\":150}}"}},` +
		`"2":{"spanId":"2","traceId":"ab","startTime":1764000000000.5,"endTime":1764000002000,"displayName":"menu","attributes":{"genkit:metadata:subtype":"flow","genkit:name":"menu"}}}}`,
		[]string{`llm unset name="googleai/gemini-2.5-flash" asked="googleai/gemini-2.5-flash" start=1764000000250250000 end=1764000001000000000 in=100 out=50 reasoning=30`,
			`chain unset name="menu" start=1764000000000500000 end=1764000002000000000`}},
	{"a trace of Tempo", "tempo.json", `{"batches":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[{"traceId":"AAAAAAAAAAAAAAAAAAAKvA==","spanId":"AAAAAAAAAAE=","name":"chat","startTimeUnixNano":"1764000000000000000","endTimeUnixNano":"1764000001000000000","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"7"}}],"status":{"code":"STATUS_CODE_ERROR"}}]}]}]}`,
		[]string{`llm error name="chat" service="shop" start=1764000000000000000 end=1764000001000000000 in=7`}},
	{"Google ADK, with the cached part and the thoughts in a text", "adk.jsonl", `{"traceId":"ab","spanId":"1","parentSpanId":"2","name":"call_llm","startTimeUnixNano":"1764000000000000000","endTimeUnixNano":"1764000001000000000","attributes":[{"key":"gen_ai.system","value":{"stringValue":"gcp.vertex.agent"}},{"key":"gen_ai.request.model","value":{"stringValue":"gemini-2.5-flash"}},` +
		`{"key":"gcp.vertex.agent.session_id","value":{"stringValue":"s1"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"100"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"20"}},{"key":"gcp.vertex.agent.llm_response","value":{"stringValue":"{\"content\":{},\"usage_metadata\":{\"candidates_token_count\":20,\"prompt_token_count\":100,\"cached_content_token_count\":60,\"thoughts_token_count\":30,\"total_token_count\":150}}"}}]}` + "\n",
		[]string{`llm unset name="call_llm" asked="gemini-2.5-flash" provider="gcp.vertex.agent" session="s1" start=1764000000000000000 end=1764000001000000000 in=100 read=60 out=50 reasoning=30`}},
	{"a pending span of Logfire", "logfire.jsonl", `{"traceId":"ab","spanId":"9","parentSpanId":"1","name":"chat gpt-5","startTimeUnixNano":"1764000000000000000","endTimeUnixNano":"1764000000000000000","attributes":{"logfire.span_type":"pending_span","logfire.pending_parent_id":"0000","gen_ai.operation.name":"chat","gen_ai.request.model":"gpt-5"}}` + "\n",
		[]string{`llm unset name="chat" asked="gpt-5" start=1764000000000000000 placeholder`}},
	{"MLflow's spans on their way through OpenTelemetry", "mlflow-otlp.jsonl", `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"ab","spanId":"1","name":"Completions","startTimeUnixNano":"1764000000000000000","endTimeUnixNano":"1764000001000000000","attributes":[{"key":"mlflow.spanType","value":{"stringValue":"\"CHAT_MODEL\""}},{"key":"mlflow.llm.model","value":{"stringValue":"\"gpt-5\""}},` +
		`{"key":"mlflow.chat.tokenUsage","value":{"stringValue":"{\"input_tokens\": 10, \"output_tokens\": 3, \"total_tokens\": 13}"}}]}]}]}]}` + "\n",
		[]string{`llm unset name="Completions" model="gpt-5" start=1764000000000000000 end=1764000001000000000 in=10 out=3`}},
}

func TestSpanDocuments(t *testing.T) {
	for _, c := range spanDocuments {
		b, n, r := readAll(t, write(t, c.file, c.text), ReadOptions{})
		if r.Format() != FormatOTLP || len(b.Records) != len(c.want) || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Errorf("%s: %s, %d records, bad %v, warnings %v", c.name, Formats[r.Format()].Name, len(b.Records), b.Bad, b.Warnings)
			continue
		}
		for i, want := range c.want {
			if got := say(n, b.Records[i]); got != want {
				t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
			}
			if r := &b.Records[i]; r.Kind != KindRun && (r.ID == "" || r.Run != "ab" && !strings.HasSuffix(r.Run, "abc")) {
				t.Errorf("%s: run %q id %q", c.name, r.Run, r.ID)
			}
		}
	}
}

// TestSpanDocumentsAreOTLPAlone: no other format takes them for its own.
func TestSpanDocumentsAreOTLPAlone(t *testing.T) {
	for _, c := range spanDocuments {
		if strings.HasSuffix(c.file, ".csv") {
			continue
		}
		p, ok := peekAt([]byte(c.text))
		if !ok {
			t.Fatalf("%s: no object", c.name)
		}
		for i := range Formats[1:] {
			if f := &Formats[i+1]; f.sniff(&p) != (i+1 == int(FormatOTLP)) {
				t.Errorf("%s: %s says %v", c.name, f.Name, f.sniff(&p))
			}
		}
	}
}

func TestSharedOTLPIsReadWhole(t *testing.T) {
	for _, e := range expected {
		for _, f := range e.files {
			b, n, r := readAll(t, shared(t, "traces", f), ReadOptions{})
			runs := map[string][]Record{}
			for _, rec := range b.Records {
				runs[rec.Run] = append(runs[rec.Run], rec)
			}
			if got := sumUp(n, runs); got != e.want || r.Format() != FormatOTLP || b.BadCount != 0 {
				t.Errorf("%s: %s, bad %v\n got %+v\nwant %+v", f, Formats[r.Format()].Name, b.Bad, got, e.want)
			}
		}
	}
}

// TestSpansAsTable writes the spans of a sample as the table that a dataframe makes of them: they come to the same.
func TestSpansAsTable(t *testing.T) {
	data := sharedFile(t, "openinference/support-refund.phoenix-spans.jsonl")
	header, rows := "context.trace_id,context.span_id,parent_id,name,span_kind,start_time,end_time,status_code", []string(nil)
	keys := []string{"llm.model_name", "llm.token_count.prompt", "llm.token_count.completion", "llm.token_count.prompt_details.cache_read", "llm.token_count.completion_details.reasoning"}
	for _, k := range keys {
		header += ",attributes." + k
	}
	for _, v := range jsonValues(t, data) {
		rows = append(rows, tableRow(t, v, keys))
	}
	path := write(t, "spans.csv", header+"\n"+strings.Join(rows, "\n")+"\n")
	b, n, r := readAll(t, path, ReadOptions{})
	runs := map[string][]Record{}
	for _, rec := range b.Records {
		runs[rec.Run] = append(runs[rec.Run], rec)
	}
	want := expected[6].want
	if got := sumUp(n, runs); got != want || r.Format() != FormatOTLP {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// tableRow is a Phoenix span as a row: its ids, names and times, and the attributes of those names.
func tableRow(t *testing.T, span []byte, attrs []string) string {
	t.Helper()
	cells := map[string]string{}
	var s scanner
	var walk func(prefix string)
	walk = func(prefix string) {
		for s.object(); s.next(); {
			key := prefix + string(s.key())
			if c := s.kind(); c == '{' && (key == "context" || key == "attributes") {
				walk(key + ".")
			} else {
				cells[key] = string(s.str())
			}
		}
	}
	s.reset(span)
	walk("")
	if s.err != nil {
		t.Fatal(s.err)
	}
	var row []string
	for _, k := range []string{"context.trace_id", "context.span_id", "parent_id", "name", "span_kind", "start_time", "end_time", "status_code"} {
		row = append(row, `"`+cells[k]+`"`)
	}
	for _, k := range attrs {
		row = append(row, cells["attributes."+k])
	}
	return strings.Join(row, ",")
}

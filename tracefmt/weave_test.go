package tracefmt

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestExpectedWeave(t *testing.T) {
	b, n, r := readAll(t, shared(t, "traces", "weave", "calls-export.jsonl"), ReadOptions{})
	if r.Format() != FormatWeave || b.BadCount != 0 || len(b.Warnings) != 0 {
		t.Fatalf("format %d, bad %v, warnings %v", r.Format(), b.Bad, b.Warnings)
	}
	runs := runsOf(b, n)
	want := gathered{runs: 1, llm: 3, failed: 1, input: 6330, output: 750, noUsage: 1, cost: "0.0114825", models: "gpt-5 gpt-5-2025-08-07 gpt-5-mini-2025-08-07"}
	if got := gather(n, runs); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	run := runs["wv-trace-1"]
	if n.Name(run.Workflow) != "support_refund" || n.Name(run.User) != "user-7" || n.Name(run.Feature) != "refunds" || run.Outcome != OutcomeSuccess {
		t.Errorf("workflow %q, user %q, feature %q, %v", n.Name(run.Workflow), n.Name(run.User), n.Name(run.Feature), run.Outcome)
	}
	for id, want := range map[string]string{"c2": "planner", "c4": "executor", "c5": "executor"} {
		if c := callByID(t, run, id); n.Name(c.Step) != want {
			t.Errorf("%s: step %q, want %q", id, n.Name(c.Step), want)
		}
	}
	if c := callByID(t, run, "c4"); n.Name(c.Error) != "RateLimitError: 429" {
		t.Errorf("error %q", n.Name(c.Error))
	}
}

func weaveLine(id, parent, op, more string) string {
	if parent != "null" {
		parent = `"` + parent + `"`
	}
	return `{"id":"` + id + `","project_id":"e/p","op_name":"weave:///e/p/op/` + op + `:x1","trace_id":"t","parent_id":` + parent + `,"started_at":"2025-11-24T16:00:00Z","ended_at":"2025-11-24T16:00:01Z",` + more + `}`
}

// weaveRun is a leaf that used two models, one of them an embedding, below a chain that repeats their sum.
var weaveRun = []string{
	weaveLine("root", "null", "answer", `"summary":{"usage":{"gpt-5":{"requests":1,"prompt_tokens":100,"completion_tokens":10,"total_tokens":110},"text-embedding-3-small":{"requests":1,"prompt_tokens":8,"total_tokens":8}}}`),
	weaveLine("mid", "root", "search", `"summary":{"usage":{"gpt-5":{"requests":1,"prompt_tokens":100,"completion_tokens":10,"total_tokens":110},"text-embedding-3-small":{"requests":1,"prompt_tokens":8,"total_tokens":8}}}`),
	weaveLine("leaf", "mid", "rag", `"summary":{"usage":{"gpt-5":{"requests":1,"prompt_tokens":100,"completion_tokens":10,"total_tokens":110},"text-embedding-3-small":{"requests":1,"prompt_tokens":8,"total_tokens":8}},`+
		`"weave":{"status":"success","costs":{"gpt-5":{"prompt_tokens_total_cost":0.000125,"completion_tokens_total_cost":0.0001,"prompt_token_cost":0.00000125},"text-embedding-3-small":{"prompt_tokens_total_cost":null}}}}`),
}

func TestWeaveSeveralModels(t *testing.T) {
	want := gathered{runs: 1, llm: 1, embeddings: 1, input: 100, output: 10, embedded: 8, cost: "0.00022516", models: "gpt-5"}
	lines := append(append([]string(nil), weaveRun...), weaveRun...)
	for range 10 {
		b, n, _ := decodeValues(t, FormatWeave, lines...)
		if got := gather(n, runsOf(b, n)); got != want {
			t.Fatalf("\n got %+v\nwant %+v", got, want)
		}
		rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	}
	b, n, _ := decodeValues(t, FormatWeave, weaveRun[0], weaveRun[2]) // the call between is not there
	if got := gather(n, runsOf(b, n)); got != want {
		t.Errorf("an orphan:\n got %+v\nwant %+v", got, want)
	}
	b, n, _ = decodeValues(t, FormatWeave, weaveRun[0]) // nor any other: the sum is all that is known
	want.cost = "0.00022516"
	if got := gather(n, runsOf(b, n)); got != want {
		t.Errorf("the root alone:\n got %+v\nwant %+v", got, want)
	}
}

// TestWeaveCalls has one call per habit of an integration.
func TestWeaveCalls(t *testing.T) {
	const when = ` start=1764000000000000000 end=1764000001000000000`
	for line, want := range map[string]string{
		weaveLine("1", "null", "anthropic.Messages.create", `"exception":null,"summary":{"usage":{"claude-sonnet-4-5":{"requests":1,"input_tokens":3000,"output_tokens":50,"cache_read_input_tokens":1000,"cache_creation_input_tokens":0}}}`):                                                          `llm ok name="anthropic.Messages.create" model="claude-sonnet-4-5"` + when + ` in=4000 read=1000 write=0 out=50`,
		weaveLine("2", "null", "openai.responses.create", `"summary":{"usage":{"gpt-5":{"requests":1,"prompt_tokens":0,"input_tokens":500,"completion_tokens":0,"output_tokens":70,"total_tokens":570,"input_tokens_details":{"cached_tokens":300},"output_tokens_details":{"reasoning_tokens":40}}}}`): `llm ok name="openai.responses.create" model="gpt-5"` + when + ` in=500 read=300 out=70 reasoning=40`,
		weaveLine("3", "null", "litellm.completion", `"summary":"{\"usage\": {\"claude-sonnet-4-5\": {\"prompt_tokens\": 900, \"completion_tokens\": 5, \"cache_read_input_tokens\": 100}}}"`):                                                                                                          `llm ok name="litellm.completion" model="claude-sonnet-4-5"` + when + ` in=900 read=100 out=5`,
		weaveLine("4", "null", "pay", `"exception":"{\"type\": \"Timeout\", \"message\": \"late\"}","attributes":{"weave":{"kind":"tool"},"agent":"teller","plan":"pro"},"summary":{"weave":{"status":"error"}}`):                                                                                       `tool error name="pay" agent="teller" tool="pay" error="Timeout" tags="plan=pro"` + when,
		weaveLine("5", "null", "openai.chat.completions.create", `"exception":"RateLimitError","summary":{"usage":{"gpt-5":{"requests":1}}}`):                                                                                                                                                           `llm error name="openai.chat.completions.create" model="gpt-5" error="RateLimitError"` + when,
		weaveLine("6", "null", "google.genai.models.Models.generate_content", `"summary":{"usage":{"gemini-2.5-pro":{"requests":1,"prompt_tokens":50,"completion_tokens":20,"thoughts_tokens":30,"total_tokens":100}}}`):                                                                                `llm ok name="google.genai.models.Models.generate_content" model="gemini-2.5-pro"` + when + ` in=50 out=50 reasoning=30`,
	} {
		b, n, warned := decodeValues(t, FormatWeave, line)
		if len(b.Records) != 1 || len(warned) != 0 {
			t.Fatalf("%s: %d records, warned %q", line, len(b.Records), warned)
		}
		if got := say(n, b.Records[0]); got != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got, want)
		}
	}
	d := NewDecoder(NewNames(), nil)
	d.Format = FormatWeave
	if err := d.Decode([]byte(weaveLine("7", "null", "x", `"deleted_at":"2025-11-25T00:00:00Z"`)), SourceRef{}); err != skipError("a call that was deleted") {
		t.Errorf("a deleted call: %v", err)
	}
}

// TestWeaveTables: the summary as one cell, and as a column for every fact.
func TestWeaveTables(t *testing.T) {
	want := `llm ok name="openai.chat.completions.create" model="gpt-4.1" feature="refunds" start=1764000000000000000 end=1764000001000000000 in=500 read=300 out=70 cost=0.0012`
	for name, csv := range map[string]string{
		"cells": "id,op_name,trace_id,parent_id,started_at,ended_at,summary,attributes\n" +
			`c1,weave:///e/p/op/openai.chat.completions.create:x,t,,2025-11-24 16:00:00+00:00,2025-11-24T16:00:01Z,"{""usage"":{""gpt-4.1"":{""prompt_tokens"":500,""completion_tokens"":70,""prompt_tokens_details"":{""cached_tokens"":300}}},` +
			`""weave"":{""costs"":{""gpt-4.1"":{""prompt_tokens_total_cost"":0.001,""completion_tokens_total_cost"":0.0002}}}}","{""feature"":""refunds""}"` + "\n",
		"columns": "id,op_name,trace_id,parent_id,started_at,ended_at,summary.usage.gpt-4.1.prompt_tokens,summary.usage.gpt-4.1.completion_tokens,summary.usage.gpt-4.1.prompt_tokens_details.cached_tokens,summary.usage.o3.prompt_tokens," +
			"summary.weave.costs.gpt-4.1.prompt_tokens_total_cost,summary.weave.costs.gpt-4.1.completion_tokens_total_cost,summary.weave.status,attributes.feature,attributes.weave.client_version\n" +
			"c1,weave:///e/p/op/openai.chat.completions.create:x,t,,2025-11-24T16:00:00Z,2025-11-24T16:00:01Z,500,70,300,,0.001,0.0002,success,refunds,0.52\n",
	} {
		b, n, r := readAll(t, write(t, "calls.csv", csv), ReadOptions{})
		if r.Format() != FormatWeave || len(b.Records) != 1 {
			t.Fatalf("%s: format %d, %d records, bad %v", name, r.Format(), len(b.Records), b.Bad)
		}
		if got := say(n, b.Records[0]); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// TestWeaveManyModels: of a call with very many models the first hundred count.
func TestWeaveManyModels(t *testing.T) {
	var usage strings.Builder
	for i := range 300 {
		usage.WriteString(`"m` + strings.Repeat("x", i) + `":{"prompt_tokens":1},`)
	}
	b, _, _ := decodeValues(t, FormatWeave, weaveLine("1", "null", "x", `"summary":{"usage":{`+strings.TrimSuffix(usage.String(), ",")+`}}`))
	if len(b.Records) != 1+101 {
		t.Errorf("%d records", len(b.Records))
	}
}

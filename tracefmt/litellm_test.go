package tracefmt

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gathered is what a file comes to when its runs are assembled with the built-in prices.
type gathered struct {
	runs, llm, failed, embeddings, hits   int
	input, read, write, output, reasoning int64
	embedded                              int64
	cost                                  string
	tools, toolsFailed                    int
	unpriced, noUsage                     int
	models                                string
}

func gather(n *Names, runs map[string]*Run) (g gathered) {
	var cost USD
	models := map[string]bool{}
	g.runs = len(runs)
	for _, run := range runs {
		for i := range run.Calls {
			c := &run.Calls[i]
			if c.State == CostRecorded || c.State == CostComputed {
				cost += c.Cost
			}
			if c.Counted && c.Kind != KindEmbedding {
				g.input += c.Usage.Input
				g.read += c.Usage.CacheRead
				g.write += c.Usage.CacheWrite
				g.output += c.Usage.Output
				g.reasoning += c.Usage.Reasoning
			}
			if !c.IsCall {
				continue
			}
			g.unpriced += btoi(c.State == CostUnpriced)
			switch {
			case c.Kind == KindEmbedding:
				g.embeddings++
				g.embedded += c.Usage.Input
			case c.Kind == KindTool:
				g.tools++
				g.toolsFailed += btoi(c.Status == StatusError)
			case c.Flags&FlagGatewayHit != 0:
				g.hits++
			default:
				g.llm++
				g.failed += btoi(c.Status == StatusError)
				g.noUsage += btoi(c.State == CostNoUsage)
				if c.Model != 0 {
					models[n.Name(c.Model)] = true
				}
			}
		}
	}
	g.cost = cost.String()
	var names []string
	for m := range models {
		names = append(names, m)
	}
	slices.Sort(names)
	g.models = strings.Join(names, " ")
	return g
}

// decodeValues reads values as a format, in the order given.
func decodeValues(t testing.TB, format uint8, values ...string) (*Batch, *Names, []string) {
	t.Helper()
	var warned []string
	n := NewNames()
	d := NewDecoder(n, func(w Warning) { warned = append(warned, w.Text) })
	d.Format = format
	for i, v := range values {
		if err := d.Decode([]byte(v), SourceRef{Offset: int64(i), Length: int64(len(v))}); err != nil {
			t.Fatalf("value %d: %v", i, err)
		}
	}
	return &Batch{Records: d.Out}, n, warned
}

func TestExpectedLiteLLM(t *testing.T) {
	want := gathered{runs: 6, llm: 7, failed: 3, embeddings: 1, hits: 1, input: 67810, read: 54304, write: 8000, output: 1074, reasoning: 192, embedded: 42,
		cost: "0.06705184", noUsage: 3, models: "claude-sonnet-4-5 gpt-4o gpt-5 gpt-5-mini"}
	var both Batch
	for _, f := range []string{"standard-logging-payload.jsonl", "spend-logs.jsonl"} {
		b, n, r := readAll(t, shared(t, "traces", "litellm", f), ReadOptions{})
		if r.Format() != FormatLiteLLM || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: format %d, bad %v, warnings %v", f, r.Format(), b.Bad, b.Warnings)
		}
		if got := gather(n, runsOf(b, n)); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", f, got, want)
		}
		runs := runsOf(b, n)
		if got := liteChains(runs["bdd640fb-0667-4ad1-9c80-317fa3b1799d"]); got != "1 | 2<1 plain_retry | 3<2 plain_retry" {
			t.Errorf("%s: retries %s", f, got)
		}
		if got := liteChains(runs["23b8c1e9-3924-46de-beb1-3b9046685257"]); got != "1 | 0<1 fallback_model" {
			t.Errorf("%s: fallback %s", f, got)
		}
		both.Records = append(both.Records, b.Records...)
	}
}

// liteChains writes the attempts of a run's calls: each with its number, the number of the attempt before, and the kind.
func liteChains(run *Run) string {
	attempt := map[string]int32{}
	var parts []string
	for i := range run.Calls {
		c := &run.Calls[i]
		attempt[c.ID] = c.Attempt
		s := string(rune('0' + c.Attempt))
		if c.RetryOf != "" {
			s += "<" + string(rune('0'+attempt[c.RetryOf])) + " " + c.RetryKind.String()
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " | ")
}

// TestLiteLLMBothLogs: a payload and its row of spend are one call.
func TestLiteLLMBothLogs(t *testing.T) {
	var both strings.Builder
	for _, f := range []string{"standard-logging-payload.jsonl", "spend-logs.jsonl"} {
		b := string(sharedFile(t, filepath.Join("litellm", f)))
		_, rest, _ := strings.Cut(b, "\n") // the first rows are two calls
		both.WriteString(rest)
	}
	b, n, _ := readAll(t, write(t, "both.jsonl", both.String()), ReadOptions{})
	want := gathered{runs: 5, llm: 6, failed: 3, embeddings: 1, hits: 1, input: 67800, read: 54304, write: 8000, output: 1054, reasoning: 192, embedded: 42,
		cost: "0.06682684", noUsage: 3, models: "claude-sonnet-4-5 gpt-5 gpt-5-mini"}
	if got := gather(n, runsOf(b, n)); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

// Lines of one failed and repeated request, a fallback, and what old versions write.
const (
	litePayload = `{"id":"c1","trace_id":"t1","call_type":"acompletion","status":"success","startTime":1764000000.5,"endTime":1764000001.25,"model":"gpt-5","model_group":"big","custom_llm_provider":"openai",` +
		`"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"response_cost":0.0012,"cache_hit":null,"end_user":"u1","messages":[{"role":"user","content":"what is the price of a call, and why?"}],` +
		`"request_tags":["feature:refunds","tier:gold","User-Agent: curl"],"metadata":{"user_api_key_alias":"shop","user_api_key_team_alias":"support","attempted_retries":0,"usage_object":{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,` +
		`"prompt_tokens_details":{"cached_tokens":400,"cache_creation_token_details":{"ephemeral_1h_input_tokens":60}},"cache_creation_input_tokens":100,"completion_tokens_details":{"reasoning_tokens":30}},` +
		`"spend_logs_metadata":{"agent":"executor","plan":"pro"},"requester_metadata":{"session_id":"s1","trace_name":"checkout"}}}`
	liteSpend = `{"request_id":"c1","session_id":"t1","call_type":"acompletion","cache_hit":"False","startTime":"2025-11-24 16:00:00.500000","endTime":"2025-11-24 16:00:01.250000","model":"gpt-5","model_group":"big","custom_llm_provider":"openai",` +
		`"spend":0.0012,"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"user":"","end_user":"u1","status":"success","request_tags":"[\"feature:refunds\", \"tier:gold\"]","messages":"{}",` +
		`"metadata":"{\"user_api_key_alias\": \"shop\", \"attempted_retries\": null, \"usage_object\": {\"prompt_tokens_details\": {\"cached_tokens\": 400}, \"cache_creation_input_tokens\": 100}, \"spend_logs_metadata\": {\"agent\": \"executor\"}}"}`
)

func TestLiteLLMPayload(t *testing.T) {
	b, n, warned := decodeValues(t, FormatLiteLLM, litePayload)
	want := `llm ok name="acompletion" workflow="checkout" agent="executor" model="gpt-5" asked="big" provider="openai" feature="refunds" user="u1" session="s1" ` +
		`tags="User-Agent=curl|plan=pro|team=support|tier=gold" start=1764000000500000000 end=1764000001250000000 in=1000 read=400 write=100 write1h=60 out=50 reasoning=30 cost=0.0012 attempt=1`
	if got := say(n, b.Records[0]); got != want || len(warned) != 0 {
		t.Errorf("\n got %s\nwant %s\nwarned %q", got, want, warned)
	}
	if r := &b.Records[0]; r.Run != "t1" || r.ID != "c1" || r.Flags != FlagGlobal || r.Fingerprints[0] == 0 || r.Fingerprints[1] == 0 {
		t.Errorf("run %q id %q flags %b fingerprints %v", r.Run, r.ID, r.Flags, r.Fingerprints)
	}
}

func TestLiteLLMSpendRow(t *testing.T) {
	b, n, warned := decodeValues(t, FormatLiteLLM, liteSpend, `{"data":[`+liteSpend+`],"total":1}`)
	want := `llm ok name="acompletion" workflow="shop" agent="executor" model="gpt-5" asked="big" provider="openai" feature="refunds" user="u1" ` +
		`tags="tier=gold" start=1764000000500000000 end=1764000001250000000 in=1000 read=400 write=100 out=50 cost=0.0012`
	for i := range b.Records {
		if got := say(n, b.Records[i]); got != want || len(warned) != 0 || b.Records[i].Fingerprints[0] != 0 {
			t.Errorf("\n got %s\nwant %s\nwarned %q", got, want, warned)
		}
	}
	if len(b.Records) != 2 {
		t.Errorf("%d records", len(b.Records))
	}
}

// TestLiteLLMCSV reads the table of spend as a database exports it.
func TestLiteLLMCSV(t *testing.T) {
	csv := "request_id,call_type,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,metadata,cache_hit,request_tags,session_id,status\n" +
		`c1,acompletion,0.0012,1050,1000,50,2025-11-24 16:00:00.5,2025-11-24 16:00:01.25,gpt-5,"{""attempted_retries"": 1, ""usage_object"": {""prompt_tokens_details"": {""cached_tokens"": 400}}}",False,"[""feature:refunds""]",t1,success` + "\n" +
		`c0,acompletion,0,0,0,0,2025-11-24 16:00:00.1,2025-11-24 16:00:00.2,gpt-5,"{""attempted_retries"": 0, ""error_information"": {""error_class"": ""RateLimitError""}}",,[],t1,failure` + "\n"
	b, n, r := readAll(t, write(t, "spend.csv", csv), ReadOptions{})
	if r.Format() != FormatLiteLLM || len(b.Records) != 2 {
		t.Fatalf("format %d, %d records, bad %v", r.Format(), len(b.Records), b.Bad)
	}
	if got, want := say(n, b.Records[0]), `llm ok name="acompletion" model="gpt-5" feature="refunds" start=1764000000500000000 end=1764000001250000000 in=1000 read=400 out=50 cost=0.0012 attempt=2`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got, want := say(n, b.Records[1]), `llm error name="acompletion" model="gpt-5" error="RateLimitError" start=1764000000100000000 end=1764000000200000000 attempt=1`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := liteChains(runsOf(b, n)["t1"]); got != "1 | 2<1 plain_retry" {
		t.Errorf("attempts %s", got)
	}
}

func liteLine(id, start, model, more string) string {
	return `{"id":"` + id + `","trace_id":"t","call_type":"completion","startTime":"2025-11-24 16:00:` + start + `","model":"` + model + `","response_cost":0,` + more + `}`
}

// TestLiteLLMAttempts: two requests of one trace at the same time, one with retries in the group that it fell back to.
func TestLiteLLMAttempts(t *testing.T) {
	meta := func(retries, fallbacks, group string) string {
		return `"metadata":{"attempted_retries":` + retries + `,"attempted_fallbacks":` + fallbacks + `,"original_model_group":"` + group + `"}`
	}
	lines := []string{
		liteLine("a1", "01", "gpt-5", `"status":"failure",`+meta("0", "0", "big")),
		liteLine("b1", "02", "gpt-5-mini", `"status":"failure",`+meta("0", "0", "small")),
		liteLine("a2", "03", "gpt-5", `"status":"failure",`+meta("1", "0", "big")),
		liteLine("b2", "04", "gpt-5-mini", `"status":"success","prompt_tokens":7,"completion_tokens":1,`+meta("1", "0", "small")),
		liteLine("a3", "05", "claude", `"status":"failure",`+meta("0", "1", "big")),
		liteLine("a4", "06", "claude", `"status":"success","prompt_tokens":7,"completion_tokens":1,`+meta("1", "1", "big")),
		liteLine("c3", "07", "gpt-5", `"status":"success","prompt_tokens":7,"completion_tokens":1,`+meta("2", "0", "lost")),
	}
	want := "a2<a1 plain_retry,b2<b1 plain_retry,a3<a2 fallback_model,a4<a3 plain_retry"
	for range 10 {
		b, n, _ := decodeValues(t, FormatLiteLLM, lines...)
		var got []string
		for _, c := range runsOf(b, n)["t"].Calls {
			if c.RetryOf != "" {
				got = append(got, c.ID+"<"+c.RetryOf+" "+c.RetryKind.String())
			}
		}
		if strings.Join(got, ",") != want {
			t.Fatalf("got %s", strings.Join(got, ","))
		}
		rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	}
}

// TestLiteLLMHits: cached answers carry the id of the first one and the time; each counts once, in whichever log.
func TestLiteLLMHits(t *testing.T) {
	hit := func(key, id, start string) string {
		return `{"` + key + `":"` + id + `","call_type":"acompletion","cache_hit":"True","spend":0,"response_cost":0,"saved_cache_cost":0.0004,"startTime":` + start + `,"status":"success","model":"gpt-5","prompt_tokens":1480,"completion_tokens":24,"total_tokens":1504}`
	}
	b, n, _ := decodeValues(t, FormatLiteLLM,
		`{"id":"x","call_type":"acompletion","response_cost":0.001,"status":"success","model":"gpt-5","startTime":1764000000.5,"prompt_tokens":1480,"completion_tokens":24}`,
		hit("id", "x_cache_hit1764000025.7512", "1764000025.250499"), hit("request_id", "x_cache_hit1764000025.7519", `"2025-11-24 16:00:25.250"`),
		hit("id", "x_cache_hit1764000026.2", "1764000026.1"))
	got := gather(n, runsOf(b, n))
	want := gathered{runs: 3, llm: 1, hits: 2, input: 1480, output: 24, cost: "0.001", models: "gpt-5"}
	if got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if tags := n.Name(b.Records[1].Tags); tags != "saved_cache_cost=0.0004" {
		t.Errorf("tags %q", tags)
	}
}

// TestLiteLLMOtherCalls: what no model did is no model call unless it cost something; zeros of unknown use are unknown.
func TestLiteLLMOtherCalls(t *testing.T) {
	for line, want := range map[string]string{
		`{"id":"1","call_type":"alist_files","response_cost":0,"status":"success","startTime":1764000000,"endTime":1764000001,"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`:                          `chain ok name="alist_files" start=1764000000000000000 end=1764000001000000000`,
		`{"id":"2","call_type":"aretrieve_batch","response_cost":0.5,"status":"success","startTime":1764000000,"endTime":1764000001,"prompt_tokens":10,"completion_tokens":20,"total_tokens":30,"model":"gpt-5"}`: `llm ok name="aretrieve_batch" model="gpt-5" start=1764000000000000000 end=1764000001000000000 in=10 out=20 cost=0.5`,
		`{"id":"3","call_type":"pass_through_endpoint","response_cost":0,"status":"success","startTime":1764000000,"prompt_tokens":0,"completion_tokens":0}`:                                                      `llm ok name="pass_through_endpoint" start=1764000000000000000`,
		`{"id":"4","call_type":"aimage_generation","response_cost":0.04,"status":"success","startTime":1764000000,"prompt_tokens":0,"completion_tokens":0,"model":"dall-e-3"}`:                                    `llm ok name="aimage_generation" model="dall-e-3" start=1764000000000000000 cost=0.04`,
		`{"request_id":"5","call_type":"call_mcp_tool","spend":0.01,"status":"success","startTime":1764000000,"mcp_namespaced_tool_name":"zap/send"}`:                                                             `tool ok name="call_mcp_tool" tool="zap/send" start=1764000000000000000 cost=0.01`,
		`{"request_id":"6","call_type":"atext_completion","spend":0,"startTime":1764000000,"endTime":1764000001,"error_str":"boom","prompt_tokens":0,"completion_tokens":0,"model":"","model_group":"g"}`:         `llm error name="atext_completion" asked="g" error="boom" start=1764000000000000000 end=1764000001000000000`,
	} {
		b, n, warned := decodeValues(t, FormatLiteLLM, line)
		if got := say(n, b.Records[0]); got != want || len(warned) != 0 {
			t.Errorf("%s:\n got %s\nwant %s\nwarned %q", line, got, want, warned)
		}
	}
}

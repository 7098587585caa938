package tracefmt

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// Each decoder has a fuzz target: the bytes are the content of a source of its format, which go all the way that a real file goes.

func FuzzOTLP(f *testing.F)           { fuzzDecoder(f, FormatOTLP) }
func FuzzAnthropic(f *testing.F)      { fuzzDecoder(f, FormatAnthropic) }
func FuzzOpenAI(f *testing.F)         { fuzzDecoder(f, FormatOpenAI) }
func FuzzCodex(f *testing.F)          { fuzzDecoder(f, FormatCodex) }
func FuzzCopilot(f *testing.F)        { fuzzDecoder(f, FormatCopilot) }
func FuzzPi(f *testing.F)             { fuzzDecoder(f, FormatPi) }
func FuzzGeminiCLI(f *testing.F)      { fuzzDecoder(f, FormatGeminiCLI) }
func FuzzQwen(f *testing.F)           { fuzzDecoder(f, FormatQwen) }
func FuzzGemini(f *testing.F)         { fuzzDecoder(f, FormatGemini) }
func FuzzOpenCode(f *testing.F)       { fuzzDecoder(f, FormatOpenCode) }
func FuzzCline(f *testing.F)          { fuzzDecoder(f, FormatCline) }
func FuzzAider(f *testing.F)          { fuzzDecoder(f, FormatAider) }
func FuzzAiderChat(f *testing.F)      { fuzzDecoder(f, FormatAiderChat) }
func FuzzAiderBench(f *testing.F)     { fuzzDecoder(f, FormatAiderBench) }
func FuzzOpenHands(f *testing.F)      { fuzzDecoder(f, FormatOpenHands) }
func FuzzOpenHandsLog(f *testing.F)   { fuzzDecoder(f, FormatOpenHandsLog) }
func FuzzOpenHandsIndex(f *testing.F) { fuzzDecoder(f, FormatOpenHandsIndex) }
func FuzzSWEAgent(f *testing.F)       { fuzzDecoder(f, FormatSWEAgent) }
func FuzzMiniSWE(f *testing.F)        { fuzzDecoder(f, FormatMiniSWE) }
func FuzzMoatless(f *testing.F)       { fuzzDecoder(f, FormatMoatless) }
func FuzzAutoCodeRover(f *testing.F)  { fuzzDecoder(f, FormatAutoCodeRover) }
func FuzzTau(f *testing.F)            { fuzzDecoder(f, FormatTau) }
func FuzzTau2(f *testing.F)           { fuzzDecoder(f, FormatTau2) }
func FuzzTerminalBench(f *testing.F)  { fuzzDecoder(f, FormatTerminalBench) }
func FuzzLangfuse(f *testing.F)       { fuzzDecoder(f, FormatLangfuse) }
func FuzzLangSmith(f *testing.F)      { fuzzDecoder(f, FormatLangSmith) }
func FuzzLiteLLM(f *testing.F)        { fuzzDecoder(f, FormatLiteLLM) }
func FuzzOpenAIAgents(f *testing.F)   { fuzzDecoder(f, FormatOpenAIAgents) }
func FuzzAnyAgent(f *testing.F)       { fuzzDecoder(f, FormatAnyAgent) }
func FuzzMLflow(f *testing.F)         { fuzzDecoder(f, FormatMLflow) }
func FuzzWeave(f *testing.F)          { fuzzDecoder(f, FormatWeave) }
func FuzzHelicone(f *testing.F)       { fuzzDecoder(f, FormatHelicone) }
func FuzzOpenRouter(f *testing.F)     { fuzzDecoder(f, FormatOpenRouter) }
func FuzzBedrock(f *testing.F)        { fuzzDecoder(f, FormatBedrock) }
func FuzzCloudflare(f *testing.F)     { fuzzDecoder(f, FormatCloudflare) }
func FuzzKong(f *testing.F)           { fuzzDecoder(f, FormatKong) }
func FuzzPortkey(f *testing.F)        { fuzzDecoder(f, FormatPortkey) }
func FuzzOpenAIUsage(f *testing.F)    { fuzzDecoder(f, FormatOpenAIUsage) }
func FuzzCrewAI(f *testing.F)         { fuzzDecoder(f, FormatCrewAI) }
func FuzzAutoGen(f *testing.F)        { fuzzDecoder(f, FormatAutoGen) }
func FuzzFlat(f *testing.F)           { fuzzDecoder(f, FormatFlat) }
func FuzzOutcomes(f *testing.F)       { fuzzDecoder(f, FormatOutcomes) }
func FuzzHAL(f *testing.F)            { fuzzDecoder(f, FormatHAL) }

// fuzzTargets is the target of each decoder.
var fuzzTargets = map[uint8]func(*testing.F){
	FormatCostscope: FuzzCostscope, FormatClaude: FuzzClaude, FormatOTLP: FuzzOTLP, FormatAnthropic: FuzzAnthropic, FormatOpenAI: FuzzOpenAI,
	FormatCodex: FuzzCodex, FormatCopilot: FuzzCopilot, FormatPi: FuzzPi, FormatGeminiCLI: FuzzGeminiCLI, FormatQwen: FuzzQwen, FormatGemini: FuzzGemini,
	FormatOpenCode: FuzzOpenCode, FormatCline: FuzzCline, FormatAider: FuzzAider, FormatAiderChat: FuzzAiderChat, FormatAiderBench: FuzzAiderBench,
	FormatOpenHands: FuzzOpenHands, FormatOpenHandsLog: FuzzOpenHandsLog, FormatOpenHandsIndex: FuzzOpenHandsIndex, FormatSWEAgent: FuzzSWEAgent,
	FormatMiniSWE: FuzzMiniSWE, FormatMoatless: FuzzMoatless, FormatAutoCodeRover: FuzzAutoCodeRover, FormatTau: FuzzTau, FormatTau2: FuzzTau2,
	FormatTerminalBench: FuzzTerminalBench, FormatLangfuse: FuzzLangfuse, FormatLangSmith: FuzzLangSmith, FormatLiteLLM: FuzzLiteLLM,
	FormatOpenAIAgents: FuzzOpenAIAgents, FormatAnyAgent: FuzzAnyAgent, FormatMLflow: FuzzMLflow, FormatWeave: FuzzWeave, FormatHelicone: FuzzHelicone,
	FormatOpenRouter: FuzzOpenRouter, FormatBedrock: FuzzBedrock, FormatCloudflare: FuzzCloudflare, FormatKong: FuzzKong, FormatPortkey: FuzzPortkey,
	FormatOpenAIUsage: FuzzOpenAIUsage, FormatCrewAI: FuzzCrewAI, FormatAutoGen: FuzzAutoGen, FormatFlat: FuzzFlat, FormatOutcomes: FuzzOutcomes,
	FormatHAL: FuzzHAL, FormatClaudeStream: FuzzClaudeStream, FormatMapped: FuzzMapped,
}

func TestEveryDecoderIsFuzzed(t *testing.T) {
	for n := range Formats {
		if Formats[n].decode != nil && fuzzTargets[uint8(n)] == nil {
			t.Errorf("the decoder of %s has no fuzz target", Formats[n].Name)
		}
	}
}

// fuzzPaths are the names of sources of formats that look at them.
var fuzzPaths = map[uint8]string{
	FormatClaude: "u/.claude/projects/-home-u-shop/s.jsonl", FormatCline: "u/tasks/17/ui_messages.json", FormatAiderChat: "u/shop/.aider.chat.history.md",
	FormatGeminiCLI: "u/.gemini/tmp/shop/chats/session-1.jsonl", FormatTau: "u/tool-calling-gpt-4o-0.0_range_0--1_user-gpt-4o-mini-llm_0904.json",
	FormatTerminalBench: "u/20250923_droid_claude-4-sonnet/results.json", FormatCopilot: "u/session-state/s/events.jsonl", FormatOutcomes: "u/a__b-1/report.json",
	FormatOpenHands: "u/out/output.jsonl", FormatOpenHandsLog: "u/c/a__b-1/1.json", FormatOpenHandsIndex: "u/x/M-1/instance_results/bench.json",
	FormatSWEAgent: "u/gpt4__SWE-bench_Lite__default__t-0.00__p-0.95__c-2.00__install-1/a__b-1.traj", FormatMiniSWE: "u/m/a__b-1/a__b-1.traj.json",
	FormatMoatless: "u/e/n.json", FormatHAL: "u/r_UPLOAD.json", FormatAutoCodeRover: "u/applicable_patch/django__django-1_2024-04-06_12-00-00/cost.json",
}

// fuzzSeeds are contents of our own, by format.
func fuzzSeeds(format uint8) (seeds []string) {
	for _, doc := range agentDocs {
		if doc.format == format {
			seeds = append(seeds, doc.text)
		}
	}
	seeds = append(seeds, agentLogSeeds()[format]...)
	switch format {
	case FormatCostscope:
		return ownFiles("costscope/all-fields.jsonl")
	case FormatClaude:
		return ownFiles("claude/projects/-home-ada-src-shop/s-shop.jsonl", "claude/projects/-home-ada-src-shop/s-shop/subagents/agent-ag1.jsonl")
	case FormatOTLP:
		return append(ownFiles("otlp/console.json", "otlp/late-resource.jsonl"), smallSeeds[format]...)
	case FormatCodex:
		return codexSeeds()
	case FormatCopilot:
		return copilotSeeds()
	case FormatPi:
		return []string{piParent + "\n" + strings.Join(piFirst, "\n"), piBranch + "\n" + strings.Join(piSecond, "\n")}
	case FormatGeminiCLI:
		return []string{geminiCLIDoc, strings.Join(geminiCLILines, "\n")}
	case FormatQwen:
		return []string{strings.Join(qwenLines, "\n")}
	case FormatTau:
		return []string{tauRun}
	case FormatTau2:
		return []string{tau2Two}
	case FormatTerminalBench:
		return []string{tbRun, tbTrial + "\n" + tbOther, tbMeta}
	case FormatLiteLLM:
		return []string{litePayload, liteSpend}
	case FormatOpenAIAgents:
		return []string{strings.Join(agentsTurn, "\n")}
	case FormatAnyAgent:
		return []string{anyAgentDoc}
	case FormatMLflow:
		return []string{mlflowV2, mlflowClaude}
	case FormatWeave:
		return []string{strings.Join(weaveRun, "\n")}
	case FormatHAL:
		return halSeeds()
	}
	return append(seeds, smallSeeds[format]...)
}

// firstSeeds are the first lines of the first seeds, by format.
var firstSeeds = sync.OnceValue(func() (lines [256][]byte) {
	for format := range lines {
		if seeds := fuzzSeeds(uint8(format)); len(seeds) > 0 {
			lines[format], _, _ = bytes.Cut([]byte(seeds[0]), newline)
		}
	}
	return lines
})

// ownFiles are the contents of files in testdata.
func ownFiles(paths ...string) (texts []string) {
	for _, p := range paths {
		b, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(p)))
		if err != nil {
			panic(err)
		}
		texts = append(texts, string(b))
	}
	return texts
}

// smallSeeds are seeds of formats whose tests have no text to share.
var smallSeeds = map[uint8][]string{
	FormatOTLP: {
		flat(`"langfuse.observation.usage_details":"{\"input\":1,\"total\":9}","metadata":"{\"tags\":[\"a:b\"]}","evaluations.0.evaluation.name":"pass","llm":{"cost":{"total":1}}`),
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","eventName":"gen_ai.evaluation.result","attributes":[{"key":"gen_ai.evaluation.name","value":{"stringValue":"pass"}},{"key":"gen_ai.evaluation.score.value","value":{"boolValue":true}}]}]}]}]}`,
	},
	FormatAnthropic: {
		`{"type":"message","id":"m","model":"claude-sonnet-4-5","usage":{"input_tokens":5,"cache_read_input_tokens":7,"cache_creation":{"ephemeral_1h_input_tokens":3},"output_tokens":2}}`,
		`{"custom_id":"a","result":{"type":"succeeded","message":{"type":"message","id":"m","model":"x","usage":{"input_tokens":5,"output_tokens":2}}}}`,
	},
	FormatOpenAI: {
		`{"id":"c","object":"chat.completion","created":1770000000,"model":"gpt-5","usage":{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}}`,
		`{"id":"r","object":"response","created_at":1770000000,"model":"gpt-5","usage":{"input_tokens":9,"output_tokens":3,"input_tokens_details":{"cached_tokens":4}},"output":[]}`,
		`{"custom_id":"a","response":{"status_code":200,"body":{"id":"c","object":"chat.completion","model":"gpt-5","usage":{"prompt_tokens":1,"completion_tokens":1}}}}`,
		`{"object":"list","model":"text-embedding-3-small","data":[],"usage":{"prompt_tokens":8,"total_tokens":8}}`,
	},
	FormatGemini: {
		`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":40,"candidatesTokenCount":10,"thoughtsTokenCount":5,"toolUsePromptTokenCount":7,"totalTokenCount":122},"modelVersion":"gemini-2.5-flash","responseId":"a"}`,
		`{"key":"r1","response":{"candidates":[],"usage_metadata":{"prompt_token_count":9,"candidates_token_count":2},"model_version":"gemini-2.5-pro"}}` + "\n" + `{"key":"b","error":{"code":429,"message":"quota"}}`,
	},
	FormatLangfuse: {
		`{"id":"o","traceId":"t","type":"GENERATION","parentObservationId":"p","name":"backend.x.chat.start-1","startTime":"2026-01-02T03:04:05Z","endTime":null,"model":"m","usageDetails":{"input":"1","input_cached_tokens":2,"input_cache_creation_1h":3,"output":4,"total":10},"costDetails":"{\"total\":0.5}","usage":{"input":1,"unit":"TOKENS"},"traceTags":["feature:x"],"metadata":"{\"attributes\":{\"tool.name\":\"x\"}}","input":"[{\"role\":\"user\",\"content\":\"hi\"}]","good":[1,"True"]}`,
		`{"trace":{"id":"t","name":"x","bookmarked":false,"observations":[{"id":"o","type":"SPAN"}],"scores":[{"id":"s","traceId":"t","name":"correct","value":1,"stringValue":"True"}]},"observations":[{"id":"o","type":"EVENT","startTime":1767323045000}]}`,
		`{"data":[{"id":"s","trace_id":"t","name":"x","value":"0.5","data_type":"NUMERIC","observation_id":null}],"meta":{}}`,
		"id,traceId,type,model,usageDetails,totalCost\no,t,GENERATION,m,\"{\"\"input\"\":3,\"\"output\"\":1}\",0.5\n",
	},
	FormatLangSmith: {
		`{"id":"c","trace_id":"t","run_type":"llm","name":"x","dotted_order":"20260102T030405000000Zt.20260102T030405000000Zc","start_time":1767323046000,"end_time":"2026-01-02T03:04:06","outputs":{"generations":[[{"message":{"kwargs":{"usage_metadata":{"input_tokens":5,"output_tokens":2,"input_token_details":{"cache_read":9,"ephemeral_1h_input_tokens":1}}}}}]]},"feedback_stats":{"resolved":{"n":1,"avg":1}},"total_cost":"0.5","error":null}`,
		`{"post":[{"id":"c","run_type":"tool","parent_run_id":"t","child_runs":[{"id":"d"}]}],"patch":[{"id":"c","parent_run_ids":["t","a"],"outputs":"{\"usage\":{\"input_tokens\":1,\"cache_read_input_tokens\":3}}"}]}`,
	},
	FormatHelicone: {
		`{"request_id":"q","request_created_at":"2026-01-02 03:04:05.250","response_created_at":"2026-01-02T03:04:07Z","response_status":200,"request_model":"gpt-5","response_model":"gpt-5-mini","provider":"OPENAI","delay_ms":900,"prompt_tokens":90,"prompt_cache_read_tokens":40,"prompt_cache_write_tokens":5,"completion_tokens":12,"reasoning_tokens":3,"cost":0.25,"request_properties":{"Helicone-Session-Id":"s","Helicone-Session-Path":"/a/b","agent":"x"},"request_user_id":"u","response_body":{"usage":{"prompt_tokens":90,"completion_tokens":12}}}`,
		`{"request_id":"p","request_created_at":"2026-01-02 03:04:05","response_status":500,"request_model":"m","provider":"ANTHROPIC","total_tokens":0,"costUSD":"0","cache_reference_id":"q"}`,
	},
	FormatOpenRouter: {
		`{"data":{"id":"gen-1-a","upstream_id":"c-1","total_cost":0.5,"cache_discount":0.125,"upstream_inference_cost":0.25,"created_at":"2026-01-02T03:04:05+00:00","model":"a/b","streamed":true,"cancelled":true,"provider_name":"A","generation_time":90,"native_tokens_prompt":70,"native_tokens_completion":9,"native_tokens_reasoning":2,"native_tokens_cached":30,"tokens_prompt":60,"tokens_completion":8,"usage":0.5,"is_byok":true,"session_id":"s","provider_responses":[{"provider_name":"B","status":429},{"provider_name":"A","status":200,"latency":5}]}}`,
	},
	FormatBedrock: {
		`{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-01-02T03:04:05Z","region":"eu-west-1","requestId":"q","operation":"Converse","modelId":"arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0","input":{"inputTokenCount":12,"cacheReadInputTokenCount":520,"cacheWriteInputTokenCount":80,"inputBodyJson":{"messages":[]}},"output":{"outputTokenCount":6,"outputBodyJson":{"stopReason":"x","metrics":{"latencyMs":21},"usage":{"inputTokens":12,"outputTokens":6}}},"requestMetadata":{"agent":"x","session":"s"}}`,
		`{"schemaType":"ModelInvocationLog","timestamp":"2026-01-02T03:04:06Z","requestId":"p","operation":"InvokeModel","modelId":"m","errorCode":"ThrottlingException","input":{},"output":{}}`,
	},
	FormatCloudflare: {
		`{"id":"01","created_at":"2026-01-02T03:04:05.250Z","provider":"openai","model":"gpt-5","duration":18,"status_code":429,"success":false,"cached":false,"tokens_in":0,"tokens_out":0,"cost":0,"step":0,"metadata":"{\"agent\":\"x\",\"user\":\"u\"}"}` + "\n" +
			`{"id":"02","created_at":"2026-01-02T03:04:06Z","provider":"a","model":"m","duration":65,"status_code":200,"success":true,"cached":true,"tokens_in":51,"tokens_out":4,"cost":0.5,"step":1,"metadata":"{\"agent\":\"x\"}"}`,
	},
	FormatKong: {
		`{"started_at":1770000000250,"latencies":{"request":43},"request":{"method":"POST","uri":"/x","headers":{"x-agent":"a"}},"response":{"status":200},"service":{"name":"s"},"consumer":{"username":"u"},"ai":{"proxy":{"usage":{"prompt_tokens":51,"completion_tokens":4,"cost":0.25},"meta":{"request_model":"gpt-5","response_model":"m","provider_name":"openai","llm_latency":41},"cache":{"cache_status":"Hit"}}},"tries":[{"code":503},{"ip":"192.0.2.2"}]}`,
	},
	FormatPortkey: {
		`{"id":"k1","trace_id":"t","created_at":"2026-01-02T03:04:05Z","ai_org":"openai","ai_model":"gpt-5","response_status_code":429,"is_success":false,"req_units":0,"res_units":0,"cost":0,"cost_currency":"USD","response_time":12,"retry_success_count":0,"last_used_option_index":0,"metadata":{"agent":"x","_user":"u"}}` + "\n" +
			`{"id":"k2","trace_id":"t","created_at":"2026-01-02T03:04:06Z","ai_org":"a","ai_model":"m","response_status_code":200,"is_success":true,"req_units":51,"res_units":4,"cost":25,"cost_currency":"USD","response_time":65,"cache_status":"HIT","retry_success_count":2,"last_used_option_index":1}`,
	},
	FormatOpenAIUsage: {
		`{"object":"page","data":[{"object":"bucket","start_time":1770000000,"end_time":1770003600,"results":[{"object":"organization.usage.completions.result","input_tokens":255,"output_tokens":15,"input_cached_tokens":107,"num_model_requests":9,"project_id":"p","model":"gpt-5-mini","batch":true},{"object":"organization.usage.embeddings.result","input_tokens":5,"num_model_requests":1,"model":"e"}]}],"has_more":false}`,
		`{"object":"page","data":[{"object":"bucket","start_time":1770000000,"end_time":1770086400,"results":[{"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"},"line_item":"x","project_id":null}]}]}`,
	},
	FormatCrewAI: {
		`{"timestamp":"2026-01-02T03:04:05Z","crew":"c","task":"t","agent":"a","token_usage":{"total_tokens":155,"prompt_tokens":121,"cached_prompt_tokens":20,"completion_tokens":34,"successful_requests":3}}` + "\n" +
			`{"crew":"c","token_usage":{"total_tokens":9,"prompt_tokens":5,"completion_tokens":4,"successful_requests":0}}`,
	},
	FormatAutoGen: {
		`{"type":"LLMCall","messages":[{"role":"system","content":"x"}],"response":{"id":"chatcmpl-1","model":"gpt-5","usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}},"prompt_tokens":12,"completion_tokens":3,"agent_id":"planner/default"}` + "\n" +
			`{"type":"ToolCall","tool_name":"x","arguments":{"a":1},"result":"timeout","agent_id":"r/default"}` + "\n" + `{"type":"LLMStreamEnd","response":{"content":"ok"},"prompt_tokens":23,"completion_tokens":6,"agent_id":"r/default"}`,
	},
	FormatFlat: {
		`{"run_id":"r","call_id":"c","model":"gpt-5","timestamp":"2026-01-02T03:04:05Z","prompt_tokens":90,"cached_tokens":30,"completion_tokens":12,"reasoning_tokens":2,"total_tokens":102,"cost_usd":"0.25","status":"ok","agent":"a","attempt":2}`,
		"Run ID;Model;Date;Prompt Tokens;Completion Tokens;Cost (USD)\nr;m;2026-01-02;9;3;\"0.5\"\nr;m;2026-01-03;8;;\n",
		"model\tinput_tokens\toutput_tokens\tduration_s\nm\t1,200\t7\t1.5\n",
	},
	FormatOutcomes: {
		`{"run_id":"r1","success":true}` + "\n" + `{"run_id":"r2","success":false,"trial":3}`, `{"a":{"success":true},"b":{"success":false,"score":0.25}}`,
		`{"patch_is_None":false,"resolved":false,"tests_status":{}}`, `{"resolved_ids":["a"],"unresolved_ids":["b"],"error_ids":[],"empty_patch_ids":["c"]}`,
		`{"run_id":"r","task_id":"t","workflow":"w","agent":"g","model":"m","exit_status":"Submitted","resolved":true,"stated_cost_usd":0.3012558000000001}`,
		"task_id,passed,score\na,yes,0.5\nb,no,\n",
	},
}

// samplesOf are the samples of ../shared by format; none where the folder is not there.
var samplesOf = sync.OnceValue(func() map[uint8][]string {
	paths := map[uint8][]string{}
	filepath.WalkDir(filepath.Join("..", "..", "shared", "traces"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if format, err := Detect(path); err == nil && len(paths[format]) < 8 {
			paths[format] = append(paths[format], path)
		}
		return nil
	})
	return paths
})

// smallSample is the source at path with some of its lines and the first elements of its arrays, strings cut.
func smallSample(path string) []byte {
	s, err := openSource(path, nil)
	if err != nil {
		return nil
	}
	defer s.close()
	data, _ := io.ReadAll(io.LimitReader(s, 4<<20))
	data = bytes.TrimPrefix(data, bom)
	if len(data) == 0 || data[0] != '{' && data[0] != '[' {
		cut := data[:min(len(data), 4<<10)]
		return cut[:bytes.LastIndexByte(cut, '\n')+1]
	}
	var values [][]byte
	in := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		var out bytes.Buffer
		if shrink(in, jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))) != nil {
			break
		}
		values = append(values, out.Bytes())
	}
	var small []byte
	for i := 0; i < len(values) && len(small) < 6<<10; i += 1 + i/3*len(values)/30 {
		small = append(small, values[i]...)
	}
	return small
}

// shrink copies the next value of in, cut small.
func shrink(in *jsontext.Decoder, out *jsontext.Encoder) error {
	v, err := in.ReadToken()
	if err != nil {
		return err
	}
	kind := v.Kind()
	if s := v.String(); kind == '"' && len(s) > 80 && (len(s) > 2000 || s[0] != '{' && s[0] != '[') {
		v = jsontext.String(s[:80])
	}
	if err := out.WriteToken(v); err != nil || kind != '{' && kind != '[' {
		return err
	}
	for n := 0; in.PeekKind() != kind+2; n++ {
		if kind == '[' && n >= 4 {
			err = in.SkipValue()
		} else {
			err = shrink(in, out) // of an object: a name or a value
		}
		if err != nil {
			return err
		}
	}
	return shrink(in, out) // the closing bracket
}

// fuzzDecoder feeds sources of a format with any content.
func fuzzDecoder(f *testing.F, format uint8) {
	for _, s := range fuzzSeeds(format) {
		f.Add([]byte(s))
	}
	if !slices.Contains(os.Args, "-test.fuzzworker") { // a worker is sent what to look at
		for _, path := range samplesOf()[format] {
			if small := smallSample(path); len(small) <= 16<<10 {
				f.Add(small)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkSource(t, format, data) })
}

// fuzzMost is the size of the largest content that is looked at.
const fuzzMost = 256 << 10

// checkSource reads data as a file of that format and checks what holds whatever it is: sound records, the same from a worker that read
// other sources before and however the file is cut into chunks, sound runs, the same for the records in any order, and no more than that
// when a copy of the file is loaded, too.
func checkSource(t *testing.T, format uint8, data []byte) {
	if len(data) > fuzzMost {
		return
	}
	in := fuzzInput{names: NewNames(), format: format, path: cmp.Or(fuzzPaths[format], "u/work/s.jsonl")}
	whole, rest, ok := in.read(t, in.decoder(in.path), data, 0, len(data)+512)
	if !ok {
		return
	}
	used := in.decoder(in.path)
	used.Head = "other"
	used.Decode(firstSeeds()[format], SourceRef{})
	used.Out = nil
	parts, restOfParts, _ := in.read(t, used, data, 0, len(data)/3+1)
	if !reflect.DeepEqual(whole, parts) || rest != restOfParts {
		t.Fatalf("%q: in chunks of %d by a used worker: %+v and %d, want %+v and %d", data, len(data)/3+1, parts, restOfParts, whole, rest)
	}
	for i := range whole.Records {
		checkRecord(t, &whole.Records[i])
	}
	once := in.settle(t, whole.Records)
	if !repeated(whole.Records) { // Merge may keep either of contradicting lines
		turned := slices.Clone(whole.Records)
		slices.Reverse(turned)
		if got := in.settle(t, turned); got != once {
			t.Fatalf("%q: turned round %+v, want %+v", data, got, once)
		}
	}
	again, _, _ := in.read(t, in.decoder("copy/"+in.path), data, 1, len(data)+512)
	if twice := in.settle(t, slices.Concat(whole.Records, again.Records)); twice.tokens > once.tokens || twice.cost > once.cost || twice.calls > once.calls {
		t.Fatalf("%q: with a copy %+v, want %+v", data, twice, once)
	}
}

// A fuzzInput is a format and the names of one check.
type fuzzInput struct {
	names  *Names
	format uint8
	path   string
}

func (in *fuzzInput) decoder(path string) *Decoder {
	d := NewDecoder(in.names, nil)
	d.Format, d.Path = in.format, path
	return d
}

// read reads a file in memory to its end; ok is false for what is no file of values at all.
func (in *fuzzInput) read(t *testing.T, d *Decoder, data []byte, number uint32, chunk int) (b *Batch, rest [3]int64, ok bool) {
	r := &Reader{src: &source{path: d.Path, size: int64(len(data)), kind: "memory", in: bytes.NewReader(data)}, source: number, format: in.format, chunk: chunk, limit: maxValue}
	if r.start(ReadOptions{}) != nil {
		return nil, rest, false
	}
	b = &Batch{}
	var c Chunk
	for {
		if err := r.Next(&c); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if d.DecodeChunk(&c, b); !bytes.Equal(c.Data, data[c.Offset:][:len(c.Data)]) {
			t.Fatalf("%q: the decoder changed its input", data)
		}
	}
	rest[0], rest[1], rest[2] = r.Rest()
	return b, rest, true
}

// checkRecord checks that parts are no larger than their wholes and that nothing is negative.
func checkRecord(t *testing.T, r *Record) {
	u := &r.Usage
	if r.Kind == KindMark {
		return
	}
	kept := r.Format == FormatCostscope || r.Format == FormatFlat || r.Format == FormatMiniSWE // more reasoning than output is kept as stated
	if u.Uncached() < 0 || u.CacheRead < 0 || u.CacheWrite < 0 || u.CacheWrite1h < 0 || u.CacheWrite1h > u.CacheWrite || u.Output < 0 || u.Reasoning < 0 ||
		u.Reasoning > u.Output && !kept || u.Unattributed < 0 || r.Recorded < 0 || r.Attempt < 0 {
		t.Fatalf("impossible: %+v", r)
	}
	if r.Run == "" || r.ID == "" && r.Kind != KindRun {
		t.Fatalf("without a run or an id: %+v", r)
	}
}

// fuzzSums are what runs come to.
type fuzzSums struct {
	calls  int
	tokens int64
	cost   float64 // pico-dollars: the largest ones would not add up
	list   string
}

// settle assembles the runs of recs, checks each call and adds up what counts. Verdicts are given to the runs that they name.
func (in *fuzzInput) settle(t *testing.T, recs []Record) (sums fuzzSums) {
	a := &Assembler{Names: in.names, Book: BuiltinPrices(), PathOf: func(uint32) string { return in.path }}
	a.Order = func(x, y SourceRef) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Offset, y.Offset))
	}
	verdicts := map[string][]*Record{}
	var own []Record
	for i := range recs {
		if r := &recs[i]; r.Flags&FlagVerdict != 0 {
			verdicts[r.Run] = append(verdicts[r.Run], r)
		} else {
			own = append(own, *r)
		}
	}
	runs := home(own)
	for key := range verdicts {
		runs[key] = append(runs[key], Record{Run: key, ID: "c", Kind: KindLLM, Format: in.format})
	}
	a.Verdicts = func(key string) []*Record { return verdicts[key] }
	for _, id := range slices.Sorted(maps.Keys(runs)) {
		run := a.Assemble(a.Merge(runs[id]))
		for i := range run.Calls {
			in.count(t, &run.Calls[i], &sums)
		}
		sums.list += fmt.Sprintf("%q %v %v %g: %s\n", id, run.Outcome, run.HasScore, run.Score, callList(in.names, run))
	}
	return sums
}

func (in *fuzzInput) count(t *testing.T, c *Call, sums *fuzzSums) {
	checkRecord(t, c.Record)
	if c.Record.State(HasStart|HasEnd) && c.End-c.Start < 0 {
		t.Fatalf("ends before it starts: %+v", c.Record)
	}
	if c.Cost < 0 || c.Computed < 0 {
		t.Fatalf("costs %s, computed %s: %+v", c.Cost, c.Computed, c.Record)
	}
	if out := AppendCall(nil, in.names, c, Origin{}); !wholeValue(bytes.TrimSpace(out)) || bytes.Count(out, newline) != 1 {
		t.Fatalf("written as %q", out)
	}
	if c.Counted {
		sums.tokens += c.Usage.Input + c.Usage.Output
		sums.cost += float64(c.Cost)
	}
	if c.IsCall {
		sums.calls++
	}
}

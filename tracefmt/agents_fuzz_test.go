package tracefmt

import (
	"fmt"
	"strings"
	"testing"
)

// agentDocs are documents of our own, one or more per format of agent benchmarks; the tests of each format look at them one by one.
var agentDocs = []struct {
	format uint8
	path   string
	text   string
}{
	{FormatOpenHands, "out/output.jsonl", `{"instance_id":"a__b-1","instruction":"fix","metadata":{"agent_class":"CodeActAgent","llm_config":{"model":"m"},"dataset":"org__Bench-test"},` +
		`"history":[{"id":1,"timestamp":"2025-04-30T16:00:00.5","source":"user","action":"message"},` +
		`{"id":2,"timestamp":"2025-04-30T16:00:10","source":"agent","action":"run","tool_call_metadata":{"function_name":"execute_bash","tool_call_id":"t1","model_response":{"id":"chatcmpl-0123456789abcdef","created":1746000008}},"args":{"command":"ls","thought":"x"}},` +
		`{"id":3,"timestamp":"2025-04-30T16:00:11","source":"agent","cause":2,"observation":"run","content":"no","extras":{"metadata":{"exit_code":2}},"success":false}],` +
		`"metrics":{"accumulated_cost":0.3,"costs":[{"model":"m","cost":0.1,"timestamp":1746000010.0},{"model":"m","cost":0.2,"timestamp":1746000020.0}],` +
		`"response_latencies":[{"model":"m","latency":2.0,"response_id":"chatcmpl-0123456789abcdef"},{"model":"m","latency":3.5,"response_id":"chatcmpl-0123456789abcde0"},{"model":"m","latency":1,"response_id":"chatcmpl-0123456789abcde1"}],` +
		`"token_usages":[{"model":"m","prompt_tokens":100,"completion_tokens":10,"cache_read_tokens":40,"cache_write_tokens":5,"response_id":"chatcmpl-0123456789abcdef"},{"model":"m","prompt_tokens":200,"completion_tokens":20,"response_id":"chatcmpl-0123456789abcde0"}]},` +
		`"error":"AgentStuck: no way out. More","test_result":{"git_patch":"d","report":{"resolved":true}}}`},
	{FormatOpenHands, "out/output.jsonl", `{"issue":{"owner":"o","repo":"r","number":7},"instruction":"x","history":[[{"action":"run","command":"ls"},{"observation":"run","exit_code":1,"content":""}]],"metrics":{"accumulated_cost":0.5,"costs":[0.2,0.3]},"success":false}`},
	{FormatOpenHands, "out/output.jsonl", `{"instance_id":"s-1","instruction":"i","history":[{"id":"e1","timestamp":"2026-01-02T03:04:05","source":"agent","kind":"ActionEvent","tool_name":"terminal","tool_call_id":"c1","llm_response_id":"resp_0123456789abcdef","action":{"command":"ls"}},{"id":"e2","timestamp":"2026-01-02T03:04:06","kind":"ObservationEvent","tool_name":"terminal","tool_call_id":"c1","action_id":"e1","observation":{"is_error":true}}],"metrics":{"model_name":"x","accumulated_cost":1.5,"accumulated_token_usage":{"prompt_tokens":900,"completion_tokens":30},"costs":[],"token_usages":[]}}`},
	{FormatOpenHands, "out/output.jsonl", `{"instance_id":"none","history":null,"metrics":null,"error":null,"test_result":{}}`},
	{FormatOpenHandsLog, "c/a__b-1/1.json", `{"messages":[{"role":"system","content":"ssssssss"},{"content":"uuuu","role":"user"},{"role":"tool","content":"tttt"}],"tools":[{"f":1}],"kwargs":{"extra_body":{"metadata":{"session_id":"conv-1","tags":["agent:Agent"]}}},"response":{"id":"chatcmpl-00112233445566","model":"m","usage":{"prompt_tokens":50,"completion_tokens":4,"total_tokens":54,"prompt_tokens_details":{"cached_tokens":20}}},"cost":0.01,"timestamp":1757015036.5,"latency_sec":1.5}`},
	{FormatOpenHandsLog, "p/base_state.json", `{"id":"conv-1","agent":{"llm":{"model":"m"}},"persistence_dir":"p","execution_status":"idle","stats":{"usage_to_metrics":{"agent":{"model_name":"v/m","accumulated_cost":0.5,"accumulated_token_usage":{"prompt_tokens":80,"completion_tokens":9}},"condenser":{"model_name":"v/m","accumulated_cost":0.25,"accumulated_token_usage":{"prompt_tokens":30,"completion_tokens":1}}}}}`},
	{FormatOpenHandsIndex, "x/M-1/instance_results/bench.json", `{"a-1":{"cost":0.25,"resolved":true},"a-2":{"cost":null,"resolved":false},"a-3":{"cost":0.0,"resolved":null},"a-4":{"cost":0.123456789012345,"resolved":false}}`},
	{FormatSWEAgent, "runs/gpt4__SWE-bench_Lite__default__t-0.00__p-0.95__c-2.00__install-1/a__b-1.traj", `{"environment":"swe_main","trajectory":[{"action":"ls -a\n","observation":"x","response":"r1"},{"action":"","observation":"","response":"r2"},{"action":"submit","observation":"d","response":"r3"}],"history":[],"info":{"exit_status":"submitted (exit_cost)","model_stats":{"total_cost":70.5,"instance_cost":1.5,"tokens_sent":1000,"tokens_received":50,"api_calls":5}}}`},
	{FormatSWEAgent, "b/default__gpt-4o__t-0.00__p-1.00__c-3.00___lite_dev/i-1/i-1.traj", `{"trajectory":[{"action":"ls","observation":"","response":"r","execution_time":0.25},{"action":"exit_cost","observation":"","response":"Exit"}],"info":{"exit_status":null,"model_stats":{"instance_cost":0,"tokens_sent":0,"tokens_received":0,"api_calls":1}},"replay_config":"{\"agent\":{\"model\":{\"name\":\"gpt-4o-2024\"}},\"problem_statement\":{\"id\":\"task-9\"}}","environment":"main"}`},
	{FormatMiniSWE, "batch/a__b-1/a__b-1.traj.json", `{"info":{"exit_status":"Submitted","model_stats":{"instance_cost":0.9,"api_calls":3},"mini_version":"1.15.0","config":{"agent":{"format_error_template":"Please always provide EXACTLY ONE action"},"model":{"model_name":"asked"}}},"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},` +
		`{"role":"assistant","content":"no action","extra":{"response":{"id":"gen-1763511117-aaaa","created":1763511117,"model":"m","usage":{"prompt_tokens":10,"completion_tokens":5,"cost":0.25,"prompt_tokens_details":{"cached_tokens":4}}}}},` +
		`{"role":"user","content":"Please always provide EXACTLY ONE action in triple backticks"},` +
		`{"role":"assistant","content":"again","extra":{"response":{"id":"gen-1763511120-bbbb","created":1763511120,"model":"m","usage":{"prompt_tokens":20,"completion_tokens":6}}}},` +
		`{"role":"user","content":"<returncode>3</returncode>\n<output>EXACTLY ONE</output>"},` +
		`{"role":"assistant","content":"end","extra":{"response":{"id":"gen-1763511130-cccc","created":1763511130,"model":"m","usage":{"prompt_tokens":30,"completion_tokens":7,"cost":0.1}}}},` +
		`{"role":"user","content":"diff"}],"trajectory_format":"mini-swe-agent-1","instance_id":"a__b-1"}`},
	{FormatMiniSWE, "b/t.traj.json", `{"trajectory_format":"mini-swe-agent-1.1","info":{"model_stats":{"instance_cost":0.5},"config":{"model":{"model_name":"asked"}}},"messages":[{"role":"user","content":"Say EXACTLY what","extra":{"interrupt_type":"FormatError","n_actions":0}},` +
		`{"object":"response","id":"resp_0123456789abcdef","created_at":1769000000,"model":"m","usage":{"input_tokens":9,"output_tokens":2,"input_tokens_details":{"cached_tokens":3}},"output":[],"extra":{"cost":0.5,"timestamp":1769000004.5,"actions":[{"command":"a"},{"command":"b"}]}},` +
		`{"type":"function_call_output","call_id":"1","output":"x","extra":{"returncode":0,"timestamp":1769000005.5}},{"type":"function_call_output","call_id":"2","output":"y","extra":{"returncode":-1,"exception_info":"timeout","timestamp":1769000006.5}},{"role":"user","content":"a word of the user"},{"role":"exit","content":"","extra":{"exit_status":"Submitted"}}]}`},
	{FormatMiniSWE, "b/bare.traj.json", `{"role":"assistant","content":"x"}`},
	{FormatMiniSWE, "b/bare.traj.json", `{"role":"user","content":"<returncode>1</returncode>"}`},
	{FormatMoatless, "e/t.json", `{"name":"AgenticLoop","initial_message":"m","transitions":[{"name":"Search","actions":[{"action":{"q":1},"completion_cost":0.01},{"action":{"q":2},"completion_cost":0.02,"input_tokens":10,"output_tokens":2}],"state":{"model":"gpt-4o"}},{"name":"Finished","state":{"model":"other"},"actions":[]}],"info":{"instance_id":"a-1","evaluation_name":"ev","status":"rejected","total_cost":0.01,"resolved":false}}`},
	{FormatMoatless, "e/a-2/trajectory.json", `{"max_iterations":3,"agent":{"completion":{"model":"deepseek/chat"}},"root":{"node_id":0,"completions":{},"children":[{"node_id":1,"action_steps":[{"action":{"action_args_class":"x.y.ViewCodeArgs","f":1},"observation":{"expect_correction":true},"completion":{"model":"m","attempts":[{"start_time":1738000000000,"end_time":1738000001000,"usage":{"prompt_tokens":0,"completion_tokens":0,"completion_cost":0},"success":false,"failure_reason":"boom"},{"start_time":1738000001000,"end_time":1738000002500,"usage":{"prompt_tokens":100,"cache_read_tokens":60,"cache_write_tokens":10,"completion_tokens":7,"completion_cost":0.5},"success":true}]}}],"children":[]}]}}`},
	{FormatMoatless, "e/n.json", `{"metadata":{"instance_id":"a-3"},"max_iterations":3,"nodes":[{"node_id":1,"action":{"action_args_class":"x.FindClassArguments"},"completions":{"build_action":{"model":"claude-3-5-sonnet-20241022","response":{"id":"msg_01aaaabbbbccccdd","usage":{"cache_creation_input_tokens":70,"cache_read_input_tokens":30,"input_tokens":5,"output_tokens":9}},"usage":{"completion_cost":0.01,"completion_tokens":9,"prompt_tokens":75,"cached_tokens":30}}}}]}`},
	{FormatAutoCodeRover, "applicable_patch/django__django-1_2024-04-06_12-00-00/cost.json", `{"commit":"abc","start_epoch":1712404800.5,"end_epoch":1712404900.5,"elapsed_seconds":100,"model":"gpt-4-0125-preview","input_cost_per_token":1e-05,"output_cost_per_token":1e-05,"total_input_tokens":1000,"total_output_tokens":100,"total_cost":0.013}`},
}

// agentDecoder is a decoder for one document of agentDocs.
func agentDecoder(format uint8, path string) *Decoder {
	d := NewDecoder(NewNames(), func(Warning) {})
	d.Format, d.Path, d.Head = format, path, "head"
	return d
}

// agentRuns decodes documents and assembles what they tell.
func agentRuns(t *testing.T, format uint8, path string, docs ...string) (map[string]*Run, *Names) {
	t.Helper()
	d := agentDecoder(format, path)
	for i, doc := range docs {
		if err := d.Decode([]byte(doc), SourceRef{0, int64(i) << 20, int64(len(doc))}); err != nil {
			t.Fatal(err)
		}
	}
	return runsOf(&Batch{Records: d.Out}, d.names.all), d.names.all
}

// BenchmarkDecodeAgents reads documents of ordinary size: mostly text that no number depends on.
func BenchmarkDecodeAgents(b *testing.B) {
	filler := strings.Repeat(`Some words of an answer, a \"quoted\" one,\n    and indented code = f(x)\n`, 60)
	openHands, mini, swe := `{"id":9,"observation":"run","cause":2,"timestamp":"2025-04-30T16:00:12","content":"`+filler+`","extras":{"metadata":{"exit_code":0}}},`,
		`{"role":"assistant","content":"`+filler[:len(filler)/4]+`","extra":{"response":{"id":"gen-1763511117-x%d","created":1763511117,"model":"m","choices":[{"message":{"content":"`+filler[:len(filler)/4]+`"}}],"usage":{"prompt_tokens":10,"completion_tokens":5,"cost":0.25}}}},{"role":"user","content":"<returncode>0</returncode>`+filler[:len(filler)/2]+`"},`,
		`{"action":"ls","observation":"`+filler+`","response":"`+filler[:len(filler)/4]+`"},`
	var minis strings.Builder
	for i := range 60 {
		fmt.Fprintf(&minis, mini, i)
	}
	for _, c := range []struct {
		name   string
		format uint8
		text   string
	}{
		{"openhands", FormatOpenHands, strings.Replace(agentDocs[0].text, `"history":[`, `"history":[`+strings.Repeat(openHands, 60), 1)},
		{"mini", FormatMiniSWE, strings.Replace(agentDocs[9].text, `"messages":[`, `"messages":[`+minis.String(), 1)},
		{"swe", FormatSWEAgent, strings.Replace(agentDocs[7].text, `"trajectory":[`, `"trajectory":[`+strings.Repeat(swe, 40), 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := agentDecoder(c.format, "x/y.json")
			text := []byte(c.text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				d.Out = d.Out[:0]
				if err := d.Decode(text, SourceRef{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package tracefmt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// halCalls are calls as Weave keeps them: c1 wraps c2, which used the same; c3 failed; c4 used its cache.
const halCalls = `{"id":"0195aaaa-0000-7000-8000-000000000001","trace_id":"t1","parent_id":null,"op_name":"weave:///e/p/op/litellm.completion:abc","started_at":"2025-01-02T10:00:00+00:00","ended_at":"2025-01-02T10:00:05+00:00","attributes":{"weave_task_id":"task-1"},"inputs":{"messages":[{"role":"user","content":"x"}]},"output":null,"exception":null,"summary":{"usage":{"gpt-4o-2024-08-06":{"prompt_tokens":1000,"completion_tokens":100,"requests":1}}},"weave_task_id":"task-1"},
{"id":"0195aaaa-0000-7000-8000-000000000002","trace_id":"t1","parent_id":"0195aaaa-0000-7000-8000-000000000001","op_name":"weave:///e/p/op/openai.chat.completions.create:abc","started_at":"2025-01-02T10:00:01+00:00","ended_at":"2025-01-02T10:00:04+00:00","attributes":{"weave_task_id":"task-1"},"summary":{"usage":{"gpt-4o-2024-08-06":{"prompt_tokens":1000,"completion_tokens":100,"requests":1,"prompt_tokens_details":{"cached_tokens":400}}}},"weave_task_id":"task-1"},
{"id":"0195aaaa-0000-7000-8000-000000000003","trace_id":"t2","op_name":"weave:///e/p/op/openai.chat.completions.create:abc","started_at":"2025-01-02T10:00:06+00:00","ended_at":"2025-01-02T10:00:07+00:00","exception":"RateLimitError: 429","summary":{"usage":{"gpt-4o-2024-08-06":{"requests":1}}},"weave_task_id":"task-1"},
{"id":"0195aaaa-0000-7000-8000-000000000004","trace_id":"t3","parent_id":"not-here","op_name":"weave:///e/p/op/anthropic.Messages.create:abc","started_at":"2025-01-02T11:00:00+00:00","ended_at":"2025-01-02T11:00:02+00:00","summary":{"usage":{"claude-3-7-sonnet-20250219":{"input_tokens":10,"cache_read_input_tokens":200,"cache_creation_input_tokens":30,"output_tokens":7}}},"weave_task_id":"task-2"}`

func halDocument(calls string) string {
	return `{"config":{"agent_name":"Generalist (o3)","benchmark_name":"swebench_verified_mini","date":"2025-01-02","run_id":"mini_1735","agent_args":{"model_name":"o3"},"run_command":"hal-eval"},
"results":{"accuracy":0.5,"successful_tasks":["task-1"],"failed_tasks":["task-2"],"total_cost":1.5,"latencies":{"task-1":{"total_time":7},"task-2":{"total_time":2},"task-3":{"total_time":2}}},
"raw_eval_results":{"task-1":{"reward":1.0},"task-2":{"reward":0.25},"total_instances":50},
"raw_logging_results":` + calls + `,
"total_usage":{"gpt-4o-2024-08-06":{"prompt_tokens":2000,"completion_tokens":200,"cache_creation_input_tokens":0,"cache_read_input_tokens":400},"claude-3-7-sonnet-20250219":{"prompt_tokens":210,"completion_tokens":7,"cache_creation_input_tokens":30,"cache_read_input_tokens":200}},"total_cost":1.5,"git_info":{"commit":"x"}}`
}

// halRuns reads documents and lists their runs, one per line.
func halRuns(t *testing.T, docs ...string) string {
	t.Helper()
	names := NewNames()
	d := NewDecoder(names, func(w Warning) { t.Error(w.Text) })
	d.Format, d.Path = FormatHAL, "out/other_UPLOAD.json"
	for i, doc := range docs {
		if err := d.Decode([]byte(doc), SourceRef{Source: uint32(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	for id, run := range runsOf(&Batch{Records: d.Out}, names) {
		score := "-"
		if run.HasScore {
			score = fmt.Sprint(run.Score)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %s", id, names.Name(run.Workflow), run.Outcome, score, streamSums(names, run)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestHALCalls(t *testing.T) {
	// c2: 600 fresh * 2.5 + 400 cached * 1.25 + 100 * 10 = 3000 millionths. c4: 10*3 + 200*0.3 + 30*3.75 + 7*15 = 307.5 millionths. c3
	// has no usage: unknown, not 0. The stated total of 1.5 is none of a run's.
	want := `mini_1735/task-1 swebench_verified_mini success 1: cost 0.003 fresh 600 read 400 written 0 out 100 calls 2map[Generalist (o3):2] low 0 tools 0 failed 0 unknown 1
mini_1735/task-2 swebench_verified_mini failure 0.25: cost 0.0003075 fresh 10 read 200 written 30 out 7 calls 1map[Generalist (o3):1] low 0 tools 0 failed 0 unknown 0
mini_1735/task-3 swebench_verified_mini unknown -: cost 0 fresh 0 read 0 written 0 out 0 calls 0map[] low 0 tools 0 failed 0 unknown 0`
	doc := halDocument("[" + halCalls + "]")
	if got := halRuns(t, doc); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := halRuns(t, doc, doc); got != want {
		t.Errorf("two copies: got\n%s\nwant\n%s", got, want)
	}
}

func TestHALCallsByTask(t *testing.T) {
	doc := halDocument(`{"task-1":{"messages":[{"role":"user","content":"x"}],"call_metadata":[
{"usage":{"prompt_tokens":1000,"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":400}},"started_at":"2025-01-02T10:00:00+00:00","ended_at":"2025-01-02T10:00:05+00:00"},
{"usage":{"prompt_tokens":1000,"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":400}},"started_at":"2025-01-02T10:00:01+00:00","ended_at":"2025-01-02T10:00:04+00:00"},
{"usage":{"prompt_tokens":5,"completion_tokens":1},"started_at":null,"ended_at":null},
{"usage":{"prompt_tokens":5,"completion_tokens":1},"started_at":null,"ended_at":null}],"model":"gpt-4o-2024-08-06","call_count":4}}`)
	// The first wraps the second; the last two are two calls. 3000 + 2*(5*2.5 + 10) = 3045 millionths.
	want := "mini_1735/task-1 swebench_verified_mini success 1: cost 0.003045 fresh 610 read 400 written 0 out 102 calls 3map[Generalist (o3):3] low 0 tools 0 failed 0 unknown 0"
	for _, got := range []string{halRuns(t, doc), halRuns(t, doc, doc)} {
		if first, _, _ := strings.Cut(got, "\n"); first != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestHALWithoutCalls(t *testing.T) {
	got := halRuns(t, halDocument("[]"))
	want := "mini_1735 swebench_verified_mini unknown -: cost 1.5 fresh 1610 read 600 written 30 out 207 calls 0map[] low 0 tools 0 failed 0 unknown 0"
	if first, _, _ := strings.Cut(got, "\n"); first != want || strings.Count(got, "cost 0 ") != 3 {
		t.Errorf("got\n%s\nwant\n%s\nand three runs at no cost", got, want)
	}
}

// TestHALFailedCalls: the sums count where the calls say nothing.
func TestHALFailedCalls(t *testing.T) {
	got := halRuns(t, halDocument(`[{"id":"1","started_at":"2025-01-02T10:00:00+00:00","exception":"boom","summary":{},"weave_task_id":"task-1"}]`))
	for _, want := range []string{"mini_1735 swebench_verified_mini unknown -: cost 1.5 ", "calls 1map[Generalist (o3):1]"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestHALReports(t *testing.T) {
	got := halRuns(t, `{"config":{"agent_name":"a","benchmark_name":"b"},"results":{"accuracy":1},"raw_eval_results":{"total_instances":2,"resolved_ids":["x-1"],"unresolved_ids":["x-2"],"error_ids":["x-3"]},"raw_logging_results":null}`)
	for _, want := range []string{"other/x-1 b success", "other/x-2 b failure", "other/x-3 b failure"} {
		if !strings.Contains(got, want) || strings.Count(got, "\n") != 2 {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestHALIsDetected(t *testing.T) {
	for text, want := range map[string]bool{
		halDocument("[" + halCalls + "]"):                                                  true,
		`{"results":{"a":1},"config":{"x":1},"raw_logging_results":[`:                      true,
		`{"config":{"agent_name":"a","benchmark_name":"b"},"results":{"latencies":{"t":{"`: true,
		`{"config":{"model":"a"},"results":{"latencies":1}}`:                               false,
		`{"raw_eval_results":{}}`:                                                          false,
	} {
		p, _ := peekAt([]byte(text))
		if got := formatOf(&p) == FormatHAL; got != want {
			t.Errorf("%.60s: HAL's is %v", text, got)
		}
	}
}

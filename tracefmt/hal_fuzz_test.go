package tracefmt

import (
	"fmt"
	"strings"
	"testing"
)

// halSeeds are documents of both forms, and odd ones.
func halSeeds() []string {
	return []string{
		halDocument("[" + halCalls + "]"),
		halDocument(`{"task-1":{"call_metadata":[{"usage":{"inputTokens":10,"cacheReadInputTokens":4,"outputTokens":1},"started_at":"2025-01-02T10:00:00","ended_at":"2025-01-02T10:00:05"}],"model":"m"}}`),
		halDocument("[]"),
		`{"config":{},"results":{"successful_tasks":[1,"x"]},"raw_eval_results":{"x":true,"y":[{"score":1}],"z":{"reward":"no"}},"raw_logging_results":[{"weave_task_id":"x","summary":{"usage":[{"m":{"prompt_tokens":1}},{"n":{"output_tokens":2}}]}},null]}`,
	}
}

func BenchmarkDecodeHAL(b *testing.B) {
	filler := strings.Repeat(`Some words of a prompt, a \"quoted\" one,\n    and indented code = f(x)\n`, 50)
	var calls []string
	for i := range 300 {
		calls = append(calls, fmt.Sprintf(`{"id":"0195aaaa-0000-7000-8000-%012d","trace_id":"t","op_name":"weave:///e/p/op/openai.chat.completions.create:abc","started_at":"2025-01-02T10:00:00+00:00","ended_at":"2025-01-02T10:00:05+00:00","attributes":{"weave_task_id":"task-%d"},"inputs":{"messages":[{"role":"user","content":"%s"}]},"output":{"choices":[{"message":{"content":"%s"}}]},"exception":null,"summary":{"usage":{"gpt-4o-2024-08-06":{"prompt_tokens":1000,"completion_tokens":100}}},"weave_task_id":"task-%d"}`,
			i, i%9, filler, filler[:len(filler)/4], i%9))
	}
	text := []byte(halDocument("[" + strings.Join(calls, ",") + "]"))
	benchmarkText(b, Chunk{Data: text, Format: FormatHAL, Values: []Span{{To: len(text)}}})
}

package tracefmt

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// benchValues decodes lines over and over.
func benchValues(b *testing.B, format uint8, lines [][]byte) {
	b.Helper()
	d := NewDecoder(NewNames(), nil)
	d.Format = format
	n := 0
	for _, l := range lines {
		n += len(l)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, l := range lines {
			if err := d.Decode(l, SourceRef{}); err != nil {
				b.Fatal(err)
			}
		}
		d.Out = d.Out[:0]
	}
}

// promptText is a prompt as it stands in a JSON text inside a JSON string.
func promptText(words int) string {
	return `[{\"role\":\"system\",\"content\":\"` + strings.Repeat(`the budget \\\"of\\\" a run \\n const x = 1 `, words) + `\"},{\"role\":\"user\",\"content\":\"go on\"}]`
}

func langfuseLines(words int) (lines [][]byte) {
	for i := range 64 {
		var b bytes.Buffer
		fmt.Fprintf(&b, `{"id":"%016x","traceId":"%032x","startTime":"2026-01-02T03:04:05.%03dZ","endTime":"2026-01-02T03:04:06.000Z","projectId":"p","parentObservationId":"00d3f40ee8e3b716","type":"GENERATION","environment":"default","name":"chat gpt-5","level":"DEFAULT","statusMessage":null,"version":null,"createdAt":"2026-01-02T03:04:07.000Z","updatedAt":"2026-01-02T03:04:07.000Z",`, i+1, i%8+1, i)
		fmt.Fprintf(&b, `"input":"%s","output":"{\"role\":\"assistant\",\"content\":\"done\"}","metadata":{"attributes":{"gen_ai.operation.name":"chat","gen_ai.system":"openai"}},"model":"gpt-5","usageDetails":{"input":%d,"input_cached_tokens":%d,"output":%d,"total":%d},"costDetails":{"input":0.1,"total":0.25},"inputCost":0.1,"outputCost":0.15,"totalCost":0.25,"inputUsage":1,"outputUsage":2,"totalUsage":3,"traceName":"help","traceTags":["a","feature:b"],"userId":"u","toolCalls":[],"comments":[]}`, promptText(words), 1000+i, 50, 20, 1070+i)
		lines = append(lines, b.Bytes())
	}
	return lines
}

func langSmithLines(words int) (lines [][]byte) {
	for i := range 64 {
		lines = append(lines, fmt.Appendf(nil, `{"id":"01a20fda-fe35-7000-8000-%012x","name":"ChatX","start_time":"2026-01-02T03:04:05.000001","run_type":"llm","end_time":"2026-01-02T03:04:06.000001","extra":{"metadata":{"feature":"refunds","user_id":"u","session_id":"s","ls_model_name":"gpt-5","ls_provider":"openai"},"runtime":{"sdk":"langsmith-py"}},"error":null,"serialized":null,"events":[],"inputs":{"messages":"%s"},"outputs":{"model":"gpt-5-2025-08-07","choices":[{"message":{"content":"done"}}],"usage_metadata":{"input_tokens":%d,"output_tokens":20,"total_tokens":%d,"input_token_details":{"cache_read":50},"output_token_details":{"reasoning":7}}},"parent_run_id":"01a20fda-fe35-7000-8000-00000000ffff","tags":[],"status":"success","prompt_tokens":%d,"completion_tokens":20,"total_cost":"0.0125","trace_id":"01a20fda-fe35-7000-8000-00000000ffff","dotted_order":"20260102T030405000000Z01a20fda-fe35-7000-8000-00000000ffff.20260102T030405000001Z01a20fda-fe35-7000-8000-000000000001"}`,
			i, promptText(words), 1000+i, 1020+i, 1000+i))
	}
	return lines
}

func BenchmarkDecodeLangfuse(b *testing.B)      { benchValues(b, FormatLangfuse, langfuseLines(100)) }
func BenchmarkDecodeLangfuseSmall(b *testing.B) { benchValues(b, FormatLangfuse, langfuseLines(1)) }
func BenchmarkDecodeLangSmith(b *testing.B)     { benchValues(b, FormatLangSmith, langSmithLines(100)) }
func BenchmarkDecodeLangSmithSmall(b *testing.B) {
	benchValues(b, FormatLangSmith, langSmithLines(1))
}

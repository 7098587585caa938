package tracefmt

import (
	"bytes"
	"reflect"
	"testing"
)

// FuzzExports feeds the readers of Langfuse and LangSmith anything: no panic, no negative count, the same for a decoder that has read
// other values before, and what they accept can be assembled, priced and written.
func FuzzExports(f *testing.F) {
	for i, v := range [...]string{
		`{"id":"o","traceId":"t","type":"GENERATION","parentObservationId":"p","name":"backend.x.chat.start-1","startTime":"2026-01-02T03:04:05Z","endTime":null,"model":"m","usageDetails":{"input":"1","input_cached_tokens":2,"input_cache_creation_1h":3,"output":4,"total":10},"costDetails":"{\"total\":0.5}","usage":{"input":1,"unit":"TOKENS"},"traceTags":["feature:x"],"metadata":"{\"attributes\":{\"tool.name\":\"x\"}}","input":"[{\"role\":\"user\",\"content\":\"hi\"}]","good":[1,"True"]}`,
		`{"trace":{"id":"t","name":"x","bookmarked":false,"observations":[{"id":"o","type":"SPAN"}],"scores":[{"id":"s","traceId":"t","name":"correct","value":1,"stringValue":"True"}]},"observations":[{"id":"o","type":"EVENT","startTime":1767323045000}]}`,
		`{"data":[{"id":"s","trace_id":"t","name":"x","value":"0.5","data_type":"NUMERIC","observation_id":null}],"meta":{}}`,
		`{"id":"c","trace_id":"t","run_type":"llm","name":"x","dotted_order":"20260102T030405000000Zt.20260102T030405000000Zc","start_time":1767323046000,"end_time":"2026-01-02T03:04:06","outputs":{"generations":[[{"message":{"kwargs":{"usage_metadata":{"input_tokens":5,"output_tokens":2,"input_token_details":{"cache_read":9,"ephemeral_1h_input_tokens":1}}}}}]]},"feedback_stats":{"resolved":{"n":1,"avg":1}},"total_cost":"0.5","error":null}`,
		`{"post":[{"id":"c","run_type":"tool","parent_run_id":"t","child_runs":[{"id":"d"}]}],"patch":[{"id":"c","parent_run_ids":["t","a"],"outputs":"{\"usage\":{\"input_tokens\":1,\"cache_read_input_tokens\":3}}"}]}`,
	} {
		f.Add([]byte(v), uint8(i/3))
	}
	warm := [...]string{`{"id":"q","traceId":"u","type":"SPAN","environment":"prod","usageDetails":{"input":3},"scores":[{"id":"z","traceId":"u","name":"n","value":2}]}`, `{"id":"q","trace_id":"u","run_type":"llm","prompt_tokens":4,"tags":["x"]}`}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		names := NewNames()
		cold, used := NewDecoder(names, func(Warning) {}), NewDecoder(names, func(Warning) {})
		cold.Format = [...]uint8{FormatLangfuse, FormatLangSmith}[which%2]
		used.Format = cold.Format
		for _, v := range warm {
			used.Decode([]byte(v), SourceRef{})
		}
		used.Out = nil
		err, again := cold.Decode(b, SourceRef{}), used.Decode(b, SourceRef{})
		if (err == nil) != (again == nil) || !reflect.DeepEqual(cold.Out, used.Out) && len(cold.Out)+len(used.Out) > 0 {
			t.Fatalf("%q: %v %+v, after other values %v %+v", b, err, cold.Out, again, used.Out)
		}
		for i := range cold.Out {
			r := &cold.Out[i]
			u := r.Usage
			if u.Uncached() < 0 || u.CacheRead < 0 || u.CacheWrite < 0 || u.CacheWrite1h > u.CacheWrite || u.Output < 0 || u.Reasoning < 0 || r.Recorded < 0 || r.State(HasStart|HasEnd) && r.End < r.Start || r.Run == "" {
				t.Fatalf("%s: %+v", b, r)
			}
		}
		for _, run := range assembleAll(names, cold.Out) {
			for i := range run.Calls {
				if out := AppendCall(nil, names, &run.Calls[i], Origin{}); !wholeValue(bytes.TrimSpace(out)) || bytes.Count(out, newline) != 1 {
					t.Fatalf("written as %q", out)
				}
			}
		}
	})
}

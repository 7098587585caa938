package tracefmt

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestCaseA4 checks that an agent's span repeats the sum of its children, and counts only where no child has usage.
func TestCaseA4(t *testing.T) {
	b, names, _ := readAll(t, shared(t, "cases", "a4-agent-roll-up.jsonl"), ReadOptions{})
	runs := runsOf(b, names)
	for id, want := range map[string]Usage{"T1": {Input: 7000, Output: 800}, "T2": {Input: 1000, Output: 100}} {
		var u Usage
		for _, c := range runs[id].Calls {
			if c.Counted {
				u.Input += c.Usage.Input
				u.Output += c.Usage.Output
			}
		}
		if u != want {
			t.Errorf("%s: %+v, want %+v", id, u, want)
		}
	}
}

// TestCaseA5 reads the same physical call in three dialects.
func TestCaseA5(t *testing.T) {
	for file, format := range map[string]uint8{"anthropic": FormatAnthropic, "openai": FormatOpenAI, "costscope": FormatCostscope} {
		b, names, r := readAll(t, shared(t, "cases", "a5-cached-inside-or-beside", file+".jsonl"), ReadOptions{})
		if r.Format() != format || len(b.Records) != 1 || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: format %d, %d records, bad %v, warnings %v", file, r.Format(), len(b.Records), b.Bad, b.Warnings)
		}
		rec := b.Records[0]
		if u := rec.Usage; u.Uncached() != 1000 || u.CacheRead != 9000 || u.Output != 100 || !rec.State(HasInput|HasCacheRead|HasOutput) {
			t.Errorf("%s: %+v", file, u)
		}
		if names.Name(rec.Model) != "acme-large" || rec.Kind != KindLLM || rec.Status != StatusOK || rec.Flags != 0 {
			t.Errorf("%s: %+v", file, rec)
		}
		if file == "openai" && (rec.Start != at("2026-02-03T10:00:00Z") || rec.Has&HasEnd != 0) {
			t.Errorf("created is the start: %d", rec.Start)
		}
	}
}

// TestCases reads the cases whose point is the price: here only what was used, by call.
func TestCases(t *testing.T) {
	for file, want := range map[string]string{
		"a6-long-context-tier": "c1 200000 190000 1000, c2 200001 190000 1000, c3 150000 0 60000",
		"a8-unknown-model":     "c1 1000000 0 1000000, c2 1000000 0 0, c3 500000 0 0",
		"a9-stranger-s-price":  "c1 1000000 0 0, c2 1000000 0 0, c3 1000000 0 0",
	} {
		b, _, _ := readAll(t, shared(t, "cases", file+".jsonl"), ReadOptions{})
		var got []string
		for _, r := range b.Records {
			got = append(got, r.ID+" "+itoa(r.Usage.Input)+" "+itoa(r.Usage.CacheRead)+" "+itoa(r.Usage.Output))
		}
		if s := strings.Join(got, ", "); s != want || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Errorf("%s: %s, want %s; bad %v warnings %v", file, s, want, b.Bad, b.Warnings)
		}
	}
}

func itoa(n int64) string { return string(USD(n * 1e12).Append(nil)) }

// TestRawAnswers reads hand-written answers of the providers.
func TestRawAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		text  string
		kind  Kind
		state Status
		err   string
		want  Usage
		flags Flags
		id    string
	}{
		"anthropic with split": {`{"id":"m","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"{\"usage\":{}}"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_creation_input_tokens":300,"cache_read_input_tokens":20,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":5,"service_tier":"standard"}}`,
			KindLLM, StatusOK, "", Usage{Input: 330, CacheRead: 20, CacheWrite: 300, CacheWrite1h: 200, Output: 5}, 0, "m"},
		"anthropic without split": {`{"id":"m","type":"message","model":"claude-x","usage":{"input_tokens":10,"cache_creation_input_tokens":300,"output_tokens":5}}`,
			KindLLM, StatusOK, "", Usage{Input: 310, CacheWrite: 300, Output: 5}, FlagWriteSplitGuess, "m"},
		"anthropic batch": {`{"custom_id":"job-1","result":{"type":"succeeded","message":{"id":"m","type":"message","model":"c","usage":{"input_tokens":10,"output_tokens":5}}}}`,
			KindLLM, StatusOK, "", Usage{Input: 10, Output: 5}, FlagBatch, "m"},
		"anthropic batch error": {`{"custom_id":"job-2","result":{"type":"errored","error":{"type":"overloaded_error","message":"busy"}}}`,
			KindLLM, StatusError, "overloaded_error", Usage{}, FlagBatch, "job-2"},
		"openai responses": {`{"id":"resp_1","object":"response","created_at":1764000004,"status":"completed","error":null,"incomplete_details":null,"model":"gpt-5","output":[{"type":"message"}],"usage":{"input_tokens":75,"input_tokens_details":{"cached_tokens":32},"output_tokens":1186,"output_tokens_details":{"reasoning_tokens":1024},"total_tokens":1261}}`,
			KindLLM, StatusOK, "", Usage{Input: 75, CacheRead: 32, Output: 1186, Reasoning: 1024}, 0, "resp_1"},
		"openai incomplete": {`{"id":"resp_2","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"gpt-5","usage":{"input_tokens":7,"output_tokens":3,"total_tokens":10}}`,
			KindLLM, StatusError, "max_output_tokens", Usage{Input: 7, Output: 3}, 0, "resp_2"},
		"openai chat": {`{"id":"chatcmpl-2","object":"chat.completion","created":1764000004,"model":"gpt-4.1","service_tier":"default","choices":[{"message":{"role":"assistant","content":"x"}}],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":4}}}`,
			KindLLM, StatusOK, "", Usage{Input: 19, Output: 10, Reasoning: 4}, 0, "chatcmpl-2"},
		"openai batch": {`{"id":"b1","custom_id":"task-1","response":{"status_code":200,"request_id":"q","body":{"id":"chatcmpl-9","object":"chat.completion","created":1764000004,"model":"gpt-4.1","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29}}},"error":null}`,
			KindLLM, StatusOK, "", Usage{Input: 19, Output: 10}, FlagBatch, "chatcmpl-9"},
		"openai batch error": {`{"custom_id":"task-2","response":{"status_code":429,"body":{"error":{"message":"slow down","type":"rate_limit_error","code":null}}}}`,
			KindLLM, StatusError, "rate_limit_error", Usage{}, FlagBatch, "task-2"},
	} {
		b, names, r := readAll(t, write(t, "raw.jsonl", tc.text+"\n"), ReadOptions{})
		if len(b.Records) != 1 || b.BadCount != 0 {
			t.Errorf("%s: format %s, %d records, bad %v, skipped %v", name, Formats[r.Format()].Name, len(b.Records), b.Bad, b.Skipped)
			continue
		}
		rec := b.Records[0]
		if rec.Usage != tc.want || rec.Kind != tc.kind || rec.Status != tc.state || names.Name(rec.Error) != tc.err || rec.Flags != tc.flags || rec.ID != tc.id || rec.Run != tc.id {
			t.Errorf("%s: %+v error %q", name, rec, names.Name(rec.Error))
		}
	}
}

// TestMixedFormats counts values of another format by reason, not line by line.
func TestMixedFormats(t *testing.T) {
	other := `{"id":"m","type":"message","model":"c","usage":{"input_tokens":1,"output_tokens":1}}` + "\n"
	b, _, r := readAll(t, write(t, "mixed.jsonl", line("a")+"\n"+line("b")+"\n"+line("c")+"\n"+strings.Repeat(other, 2)+`{"type":"note","trace_id":"x"}`+"\n"), ReadOptions{})
	if r.Format() != FormatCostscope || ids(b) != "a b c" || b.BadCount != 0 || b.Values != 6 {
		t.Fatalf("read %q, bad %v", ids(b), b.Bad)
	}
	if len(b.Skipped) != 2 || b.Skipped[0].Count != 2 || b.Skipped[0].Line != 4 || !strings.Contains(b.Skipped[0].Text, "Anthropic") || b.Skipped[1].Line != 6 {
		t.Errorf("skipped %+v", b.Skipped)
	}
}

// TestOtherToolsAreNotMistaken checks that traces of other tools are never read as one of the formats of this file's decoders.
func TestOtherToolsAreNotMistaken(t *testing.T) {
	own := map[string]uint8{"costscope": FormatCostscope, "openai-batch": FormatOpenAI}
	root := shared(t, "traces")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		folder, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
		format, err := Detect(path)
		switch format {
		case FormatCostscope, FormatAnthropic, FormatOpenAI:
			if own[folder] != format {
				t.Errorf("%s was read as %s", rel, Formats[format].Name)
			}
		case FormatNone:
			if _, mine := own[folder]; mine {
				t.Errorf("%s: %v", rel, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

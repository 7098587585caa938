package tracefmt

import (
	"slices"
	"testing"
)

// readText reads a trace that stands in the test.
func readText(t testing.TB, name, content string) (*Batch, *Names, *Reader) {
	t.Helper()
	return readAll(t, write(t, name, content), ReadOptions{})
}

// callSums are what the calls of runs add up to.
type callSums struct {
	calls, failed, tools, badTools int
	usage                          Usage
	cost, recorded                 USD
}

func callSumsOf(runs map[string]*Run, of func(*Call) bool) (s callSums) {
	for _, run := range runs {
		for i := range run.Calls {
			c := &run.Calls[i]
			if of != nil && !of(c) {
				continue
			}
			switch {
			case c.Kind == KindTool:
				s.tools++
				if c.Status == StatusError {
					s.badTools++
				}
			case c.Kind == KindLLM:
				s.calls++
				if c.Status == StatusError {
					s.failed++
				}
			}
			if c.Record.Has&HasCost != 0 {
				s.recorded += c.Record.Recorded
			}
			if c.Counted {
				for k, n := range c.Usage.counts() {
					*s.usage.counts()[k] += *n
				}
				s.cost += c.Cost
			}
		}
	}
	return s
}

// stories are traces of one line or more with what they add up to.
func checkStories(t *testing.T, format uint8, stories map[string]struct {
	text string
	want callSums
}) {
	t.Helper()
	for name, story := range stories {
		b, names, r := readText(t, "t.jsonl", story.text)
		if r.Format() != format || b.BadCount != 0 {
			t.Errorf("%s: format %s, bad %v", name, Formats[r.Format()].Name, b.Bad)
			continue
		}
		got := callSumsOf(runsOf(b, names), nil)
		got.cost = 0
		if got != story.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, story.want)
		}
	}
}

type traceStory = struct {
	text string
	want callSums
}

func TestGeminiAnswers(t *testing.T) {
	checkStories(t, FormatGemini, map[string]traceStory{
		"thoughts are beside the output, tool prompts beside the input": {
			`{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":40,"candidatesTokenCount":10,"thoughtsTokenCount":5,"toolUsePromptTokenCount":7,"totalTokenCount":122},"modelVersion":"gemini-2.5-flash","responseId":"a"}`,
			callSums{calls: 1, usage: Usage{Input: 107, CacheRead: 40, Output: 15, Reasoning: 5}}},
		"snake case, no total": {
			`{"candidates":[{"finish_reason":"FinishReason.STOP"}],"usage_metadata":{"prompt_token_count":100,"candidates_token_count":10,"thoughts_token_count":5,"cached_content_token_count":null},"model_version":"gemini-2.5-pro","response_id":"b"}`,
			callSums{calls: 1, usage: Usage{Input: 100, Output: 15, Reasoning: 5}}},
		"a total that has thoughts in the output": {
			`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":10,"thoughtsTokenCount":5,"totalTokenCount":110},"modelVersion":"gemini-2.5-pro","responseId":"c"}`,
			callSums{calls: 1, usage: Usage{Input: 100, Output: 10, Reasoning: 5}}},
		"no candidates: all of the output was thoughts": {
			`{"candidates":[{"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":100,"thoughtsTokenCount":50,"totalTokenCount":150},"modelVersion":"gemini-2.5-pro","responseId":"d"}`,
			callSums{calls: 1, usage: Usage{Input: 100, Output: 50, Reasoning: 50}}},
		"a refused prompt fails and is billed": {
			`{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"gemini-2.5-pro","responseId":"e"}`,
			callSums{calls: 1, failed: 1, usage: Usage{Input: 9}}},
		"an answer that was cut for its content fails": {
			`{"candidates":[{"finishReason":"RECITATION"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":11},"modelVersion":"gemini-2.5-pro","responseId":"e"}`,
			callSums{calls: 1, failed: 1, usage: Usage{Input: 9, Output: 2}}},
		"parts of one streamed answer count once": {
			`[{"candidates":[{"content":{}}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"g","responseId":"f"},
			{"candidates":[{"content":{}}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"totalTokenCount":13},"modelVersion":"g","responseId":"f"},
			{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":6,"thoughtsTokenCount":3,"totalTokenCount":18},"modelVersion":"g","responseId":"f"}]`,
			callSums{calls: 1, usage: Usage{Input: 9, Output: 9, Reasoning: 3}}},
		"without an id a value counts once, however often it stands there": {
			`{"candidates":[{"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":6}}` + "\n" +
				`{"candidates":[{"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":6}}` + "\n" +
				`{"candidates":[{"index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":7}}`,
			callSums{calls: 2, usage: Usage{Input: 18, Output: 13}}},
	})
}

func TestGeminiBatches(t *testing.T) {
	for name, text := range map[string]string{
		"key":       `{"key":"r1","response":{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":10,"totalTokenCount":110},"modelVersion":"gemini-2.5-flash","responseId":"x"}}`,
		"custom_id": `{"custom_id":"r1","response":{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":10,"totalTokenCount":110},"modelVersion":"gemini-2.5-flash","responseId":"x"}}`,
		"vertex":    `{"status":"","processed_time":"2026-01-01T00:00:00Z","request":{"contents":[{"candidates":[]}]},"response":{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":10,"totalTokenCount":110},"modelVersion":"gemini-2.5-flash","createTime":"2026-01-01T00:00:00Z","responseId":"x"}}`,
	} {
		b, names, r := readText(t, "t.jsonl", text)
		if r.Format() != FormatGemini || len(b.Records) != 1 {
			t.Fatalf("%s: %s, %d records", name, Formats[r.Format()].Name, len(b.Records))
		}
		rec := b.Records[0]
		if rec.Flags&FlagBatch == 0 || rec.ID != "x" || rec.Usage.Input != 100 || names.Name(rec.Model) != "gemini-2.5-flash" || rec.Status != StatusOK {
			t.Errorf("%s: %+v", name, rec)
		}
	}
	b, _, _ := readText(t, "t.jsonl", `{"custom_id":"r1","response":{"status_code":200,"body":{"id":"c","object":"chat.completion","model":"gpt-5","usage":{"prompt_tokens":1,"completion_tokens":1}}}}`)
	if len(b.Records) != 1 || b.Records[0].Format != FormatOpenAI {
		t.Errorf("OpenAI's batch: %+v", b.Records)
	}
	b, _, _ = readText(t, "t.jsonl", `{"key":"a","response":{"candidates":[],"usageMetadata":{"promptTokenCount":1},"modelVersion":"g"}}`+"\n"+`{"key":"b","error":{"code":429,"message":"quota"}}`+"\n"+`{"key":"c"}`)
	if len(b.Records) != 2 || b.Records[1].Status != StatusError || b.Records[1].Has&HasUsage != 0 || len(b.Skipped) != 1 {
		t.Errorf("a failed line: %+v, skipped %v", b.Records, b.Skipped)
	}
}

// shuffled gives the same values in another order, each twice.
func shuffled(lines []string) []string {
	out := append(slices.Clone(lines), lines...)
	for i := range out {
		k := (i*7 + 3) % len(out)
		out[i], out[k] = out[k], out[i]
	}
	return out
}

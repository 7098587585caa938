package tracefmt

import (
	"path/filepath"
	"strings"
	"testing"
)

const geminiCLIDoc = `{
  "sessionId": "s-1", "projectHash": "0123456789abcdef", "startTime": "2026-01-01T10:00:00Z", "lastUpdated": "2026-01-01T10:00:09Z",
  "messages": [
    {"id": "u1", "timestamp": "2026-01-01T10:00:00Z", "type": "user", "content": "do it"},
    {"id": "m1", "timestamp": "2026-01-01T10:00:04Z", "type": "gemini", "content": "", "model": "gemini-2.5-flash",
     "tokens": {"input": 100, "output": 10, "cached": 40, "thoughts": 5, "tool": 3, "total": 118},
     "toolCalls": [
       {"id": "t1", "name": "read_file", "args": {"p": "x"}, "status": "success", "timestamp": "2026-01-01T10:00:05Z"},
       {"id": "t2", "name": "run_shell_command", "args": {}, "status": "error", "timestamp": "2026-01-01T10:00:06Z"},
       {"id": "t3", "name": "edit", "args": {}, "status": "cancelled", "timestamp": "2026-01-01T10:00:06Z"},
       {"id": "t4", "name": "edit", "args": {}, "status": "executing", "timestamp": "2026-01-01T10:00:06Z"}]},
    {"id": "m2", "timestamp": "2026-01-01T10:00:09Z", "type": "gemini", "content": "done", "model": "gemini-2.5-flash",
     "tokens": {"input": 0, "output": 0, "cached": 0, "thoughts": 0, "tool": 0, "total": 0}},
    {"id": "m3", "timestamp": "2026-01-01T10:00:10Z", "type": "gemini", "content": "more", "tokens": null},
    {"id": "i1", "timestamp": "2026-01-01T10:00:11Z", "type": "info", "content": "Request cancelled."},
    {"id": "e1", "timestamp": "2026-01-01T10:00:12Z", "type": "error", "content": "[API Error: quota\nexceeded]"}
  ]
}`

// geminiCLILines is the same session as its first messages stand in the newer form.
var geminiCLILines = []string{
	`{"sessionId":"s-1","projectHash":"0123456789abcdef","startTime":"2026-01-01T10:00:00Z","lastUpdated":"2026-01-01T10:00:00Z","kind":"main"}`,
	`{"id":"u1","timestamp":"2026-01-01T10:00:00Z","type":"user","content":[{"text":"do it"}]}`,
	`{"$set":{"lastUpdated":"2026-01-01T10:00:00Z"}}`,
	`{"id":"m1","timestamp":"2026-01-01T10:00:04Z","type":"gemini","content":"","model":"gemini-2.5-flash","tokens":{"input":100,"output":10,"cached":40,"thoughts":5,"tool":3,"total":118}}`,
	`{"$set":{"lastUpdated":"2026-01-01T10:00:04Z"}}`,
	`{"id":"m1","timestamp":"2026-01-01T10:00:04Z","type":"gemini","content":"","model":"gemini-2.5-flash","tokens":{"input":100,"output":10,"cached":40,"thoughts":5,"tool":3,"total":118},"toolCalls":[{"id":"t1","name":"read_file","args":{"p":"x"},"status":"success","timestamp":"2026-01-01T10:00:05Z"}]}`,
	`{"id":"m4","timestamp":"2026-01-01T10:00:20Z","type":"gemini","content":"x","model":"gemini-3-pro-preview","tokens":{"input":50,"output":7,"cached":0,"thoughts":0,"tool":0,"total":57}}`,
}

func TestGeminiCLIDocument(t *testing.T) {
	b, names, r := readText(t, "session-1.json", geminiCLIDoc)
	if r.Format() != FormatGeminiCLI || b.BadCount != 0 || len(b.Warnings) != 0 {
		t.Fatalf("format %d, bad %v, warnings %v", r.Format(), b.Bad, b.Warnings)
	}
	run := runsOf(b, names)["s-1"]
	got := callSumsOf(map[string]*Run{"": run}, nil)
	got.cost = 0
	if want := (callSums{calls: 2, tools: 4, badTools: 2, usage: Usage{Input: 103, CacheRead: 40, Output: 15, Reasoning: 5}}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	byID := map[string]*Call{}
	for i := range run.Calls {
		byID[run.Calls[i].ID] = &run.Calls[i]
	}
	if c := byID["m1"]; c.Start != at("2026-01-01T10:00:00Z") || c.End != at("2026-01-01T10:00:04Z") || c.State != CostComputed {
		t.Errorf("m1 %d %d %v", c.Start, c.End, c.State)
	}
	if c := byID["m2"]; c.Start != at("2026-01-01T10:00:06Z") || c.State != CostNoUsage {
		t.Errorf("m2 %d %v: tokens that are all 0 are unknown", c.Start, c.State)
	}
	if c := byID["m1/t4"]; c.Status != StatusUnfinished {
		t.Errorf("t4 %v", c.Status)
	}
	if names.Name(run.Workflow) != "project 01234567" || names.Name(run.Tags) != "project=0123456789abcdef" || run.Outcome == OutcomeSuccess {
		t.Errorf("run %q %q %v", names.Name(run.Workflow), names.Name(run.Tags), run.Outcome)
	}
	var events []Event
	for _, m := range run.Marks {
		events = append(events, m.Event)
	}
	if len(events) != 3 || events[0] != EventPrompt || events[1] != EventAbort || events[2] != EventAPIError || names.Name(run.Marks[2].Error) != "[API Error: quota" {
		t.Errorf("marks %v %q", events, names.Name(run.Marks[len(run.Marks)-1].Error))
	}
}

// TestGeminiCLIFormsAreOneSession loads both forms of a session, in any order, each value twice.
func TestGeminiCLIFormsAreOneSession(t *testing.T) {
	want := Usage{Input: 153, CacheRead: 40, Output: 22, Reasoning: 5}
	header := geminiCLILines[0] + "\n"
	b, names, r := readText(t, "s.jsonl", header+strings.Join(shuffled(geminiCLILines[1:]), "\n")+"\n")
	if r.Format() != FormatGeminiCLI {
		t.Fatal(Formats[r.Format()].Name)
	}
	got := callSumsOf(runsOf(b, names), nil)
	if got.calls != 2 || got.tools != 1 || got.usage != want {
		t.Errorf("lines: %+v", got)
	}
	d := NewDecoder(names, nil)
	d.Format, d.Out = FormatGeminiCLI, b.Records
	if err := d.Decode([]byte(geminiCLIDoc), SourceRef{}); err != nil {
		t.Fatal(err)
	}
	b.Records = d.Out
	runs := runsOf(b, names)
	if got = callSumsOf(runs, nil); len(runs) != 1 || got.calls != 3 || got.tools != 4 || got.usage != want {
		t.Errorf("both: %d runs, %+v", len(runs), got)
	}
}

func TestGeminiCLISubagents(t *testing.T) {
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Format, d.Path = FormatGeminiCLI, "/home/u/.gemini/tmp/shop/chats/s-1/sub-9.jsonl"
	head, ok := geminiCLIHead([]byte(`{"sessionId":"sub-9","projectHash":"x","kind":"subagent","startTime":"2026-01-01T10:00:00Z"}` + "\n"))
	if !ok {
		t.Fatal("no head")
	}
	d.Head = head
	if err := d.Decode([]byte(geminiCLILines[6]), SourceRef{}); err != nil {
		t.Fatal(err)
	}
	r := d.Out[0]
	if r.Run != "s-1" || names.Name(r.Agent) != "subagent" || names.Name(r.Instance) != "sub-9" || names.Name(r.Workflow) != "shop" {
		t.Errorf("%+v", r)
	}
}

func TestExpectedGeminiCLI(t *testing.T) {
	for _, want := range []struct {
		file string
		run  string
		callSums
		cost string
	}{
		{"session-json-13-messages.json", "f7633853", callSums{calls: 11, tools: 9, usage: Usage{Input: 131375, CacheRead: 113854, Output: 717 + 1095, Reasoning: 1095}}, "0.013202"},
		{"session-json-3-messages.json", "f7633853", callSums{calls: 2, tools: 1, usage: Usage{Input: 24557, CacheRead: 14378, Output: 156 + 204, Reasoning: 204}}, "0.004385"},
		{"session-json-warning-only.json", "29eb990e", callSums{}, "0.000000"},
		{"session-jsonl-2026-04.jsonl", "0ab84937", callSums{calls: 6, tools: 12, usage: Usage{Input: 202586, CacheRead: 48951, Output: 2152 + 2141, Reasoning: 2141}}, "0.069871"},
	} {
		b, names, r := readAll(t, shared(t, "traces", "gemini-cli", want.file), ReadOptions{})
		if r.Format() != FormatGeminiCLI || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: format %d bad %v warnings %v", want.file, r.Format(), b.Bad, b.Warnings)
		}
		runs := runsOf(b, names)
		for id := range runs {
			if !strings.HasPrefix(id, want.run) || len(runs) != 1 {
				t.Errorf("%s: run %s of %d", want.file, id, len(runs))
			}
		}
		got := callSumsOf(runs, nil)
		cost := got.cost
		if got.cost = 0; got != want.callSums {
			t.Errorf("%s:\n got %+v\nwant %+v", want.file, got, want.callSums)
		}
		flash := callSumsOf(runs, func(c *Call) bool { return strings.Contains(names.Name(c.Model), "flash") })
		if cost != flash.cost && want.run != "0ab84937" { // which has one call of gemini-3.1-pro-preview, for which the list names no price
			t.Errorf("%s: $%s of other models", want.file, micros(cost-flash.cost))
		}
		if s := micros(flash.cost); s != want.cost {
			t.Errorf("%s: $%s, want %s", want.file, s, want.cost)
		}
	}
	both, names, _ := readAll(t, shared(t, "traces", "gemini-cli", "session-json-3-messages.json"), ReadOptions{})
	d := NewDecoder(names, nil)
	r, err := OpenReader(shared(t, "traces", "gemini-cli", "session-json-13-messages.json"), ReadOptions{Source: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for c := new(Chunk); r.Next(c) == nil; {
		d.DecodeChunk(c, both)
	}
	if got := callSumsOf(runsOf(both, names), nil); got.calls != 11 || got.usage.Input != 131375 || got.tools != 9 {
		t.Errorf("two snapshots of one session: %+v", got)
	}
}

// micros writes an amount with six decimals, rounded half up.
func micros(u USD) string {
	s := (u + 500_000) / 1_000_000 * 1_000_000
	text := s.String()
	if !strings.Contains(text, ".") {
		text += "."
	}
	for len(text)-strings.IndexByte(text, '.') < 7 {
		text += "0"
	}
	return text
}

func TestGeminiCLIProject(t *testing.T) {
	d := NewDecoder(NewNames(), nil)
	for path, want := range map[string]string{
		filepath.Join("/h", ".gemini", "tmp", "shop", "chats", "session-1.json"):                                                             "shop",
		filepath.Join("/h", ".gemini", "tmp", "9da8b3dfb8655182ac1f0e66601c367e34f8d18447a29759eeba4d7e45dc60ea", "chats", "session-1.json"): "project abcdef01",
		"session-1.json": "project abcdef01",
	} {
		d.Path = path
		if got := d.names.all.Name(d.geminiProject(&geminiCLISession{project: []byte("abcdef0123")})); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

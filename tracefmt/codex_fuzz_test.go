package tracefmt

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// FuzzSessions reads any text as lines of Codex and Copilot CLI sessions: no panic, no part larger than its whole, and the same calls when
// the records come in another order.
func FuzzSessions(f *testing.F) {
	f.Add([]byte(codexLines(codexFirst, `10:00:01.000 turn_context {"model":"m","turn_id":"019cb000-0000-7000-8000-000000000000"}`, "10:00:05.000 "+reading(100, 40, 10, 100, 40, 10),
		"10:00:09.000 "+reading(400, 240, 40, 160, 100, 10), `10:00:10.000 compacted {}`, `10:00:11.000 event_msg {"type":"turn_aborted","reason":"interrupted"}`)), false)
	f.Add([]byte(codexLines(strings.Replace(codexFirst, `"cwd"`, `"forked_from_id":"p","source":{"subagent":{"thread_spawn":{"parent_thread_id":"p"}}},"cwd"`, 1),
		`10:00:02.000 response_item {"type":"function_call","name":"x","arguments":"{}","call_id":"a"}`,
		`10:00:03.000 response_item {"type":"function_call_output","call_id":"a","output":"Exit code: 1\nOutput:\n"}`, "10:00:03.001 "+reading(100, 40, 10))), false)
	f.Add([]byte(events(copilotFirst, copilotMessage("10:00:05.000", "a", "m", 10), shutdown("10:01:00.000", "m 1000 400 30"), shutdown("10:02:00.000", "m 1500 400 30"),
		`10:02:01.000 assistant.usage {"model":"m","inputTokens":100,"outputTokens":9,"duration":2000,"apiCallId":"x"}`)), true)
	f.Add([]byte(events(copilotFirst, `10:00:06.000 tool.execution_start {"toolCallId":"t","toolName":"x","arguments":{}}`, `10:00:07.000 abort {}`,
		`10:00:06.000 subagent.started {"toolCallId":"t","agentName":"explore"}`)), true)
	f.Fuzz(func(t *testing.T, text []byte, copilot bool) {
		names := NewNames()
		d := NewDecoder(names, func(Warning) {})
		d.Path, d.Format, d.Head = "s.jsonl", FormatCodex, ""
		if copilot {
			d.Format = FormatCopilot
		}
		d.Head, _ = Formats[d.Format].head(text)
		var b Batch
		d.DecodeChunk(&Chunk{Data: text, Format: d.Format, Head: d.Head}, &b)
		turned := slices.Clone(b.Records)
		slices.Reverse(turned)
		a := &Assembler{Names: names, Order: func(x, y SourceRef) int { return int(x.Offset - y.Offset) }}
		list := func(recs []Record) string {
			recs = a.Merge(recs)
			for i := range recs { // of one session, as a store keeps them
				recs[i].Run = "s"
			}
			run := a.Assemble(recs)
			for i := range run.Calls {
				c := &run.Calls[i]
				u := c.Usage
				if u.Uncached() < 0 || u.CacheRead < 0 || u.Output < 0 || u.Reasoning < 0 || c.Record.State(HasStart|HasEnd) && c.End < c.Start {
					t.Fatalf("%s: %+v", text, c.Record)
				}
				if out := AppendCall(nil, names, c, Origin{}); !wholeValue(bytes.TrimSpace(out)) {
					t.Fatalf("written as %q", out)
				}
			}
			return callList(names, run)
		}
		want := list(slices.Clone(b.Records))
		if repeated(b.Records) {
			return // Merge may keep either of contradicting lines
		}
		if got := list(turned); got != want {
			t.Fatalf("%s\nin order   %s\nturned round %s", text, want, got)
		}
	})
}

// repeated tells whether an id stands in more than one record.
func repeated(recs []Record) bool {
	seen := map[string]bool{}
	for i := range recs {
		id := recs[i].ID
		if seen[id] {
			return true
		}
		seen[id] = true
	}
	return false
}

package tracefmt

import (
	"bytes"
	"testing"
)

// agentLogSeeds are values of the formats of agents' own logs.
func agentLogSeeds() map[uint8][]string {
	seeds := map[uint8][]string{
		FormatOpenCode: {openCodeExport(), `{"type":"step_finish","sessionID":"s","part":{"messageID":"m","type":"step-finish","cost":1,"tokens":{"input":1,"output":2}}}`},
		FormatCline: {clineEntryText(1, "api_req_started", clineText(clineUsed)), clineEntryText(2, "error_retry", clineText(`{"attempt":3,"failed":true}`)),
			clineEntryText(3, "tool", clineText(`{"tool":"readFile"}`)), clineEntryText(4, "condense_context", `,"contextCondense":{"cost":0.25,"prevContextTokens":9}`),
			clineEntryText(5, "deleted_api_reqs", clineText(clineUsed)), `{"model_usage":[{"ts":1760000001000,"model_id":"m"}]}`,
			clineEntryText(6, "api_req_retry_delayed", clineText("Retry attempt 12"))},
		FormatAider: {`{"event":"launched","properties":{},"user_id":"u","time":1770000000}
{"event":"message_send_starting","properties":{},"user_id":"u","time":1770000001}
{"event":"message_send","properties":{"main_model":"m","prompt_tokens":7,"completion_tokens":1,"cost":0.5,"total_cost":9},"user_id":"u","time":1770000002}
{"event":"exit","properties":{"reason":"x"},"user_id":"u","time":1770000003}`},
		FormatAiderChat:  {aiderChatText},
		FormatAiderBench: {`{"instance_id":"a","model_patch":"p","all_results":[{"model":"x","cost":1,"test_outcome":false},{"model":"y","cost":2}],"resolved":true}`},
	}
	for _, f := range openCodeTree {
		seeds[FormatOpenCode] = append(seeds[FormatOpenCode], f.text)
	}
	return seeds
}

// FuzzAgentLogs feeds the decoders of agents' own logs anything: no panic, sound numbers, and what they give can be assembled and written.
func FuzzAgentLogs(f *testing.F) {
	for format, values := range agentLogSeeds() {
		for _, v := range values {
			f.Add([]byte(v), format)
		}
	}
	formats := []uint8{FormatOpenCode, FormatCline, FormatAider, FormatAiderChat, FormatAiderBench}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		format := which
		if !bytes.Contains(formats, []byte{which}) {
			format = formats[int(which)%len(formats)]
		}
		names := NewNames()
		d := NewDecoder(names, func(Warning) {})
		d.Format, d.Path = format, "tasks/17/ui_messages.json"
		if p, ok := peekAt(b); ok {
			Formats[format].sniff(&p)
		}
		d.Head, _ = clineHead(b)
		if d.Decode(b, SourceRef{}) != nil {
			return
		}
		runs := map[string][]Record{}
		for i := range d.Out {
			r := &d.Out[i]
			u := r.Usage
			if u.Uncached() < 0 || u.CacheRead < 0 || u.CacheWrite < 0 || u.Output < 0 || u.Reasoning < 0 || r.Recorded < 0 || r.State(HasStart|HasEnd) && r.End < r.Start || r.Attempt < 0 {
				t.Fatalf("%s: %+v", b, r)
			}
			runs[r.Run] = append(runs[r.Run], *r)
		}
		a := &Assembler{Names: names, Book: BuiltinPrices()}
		for _, recs := range runs {
			for _, c := range a.Assemble(a.Merge(recs)).Calls {
				if c.Record.State(HasStart|HasEnd) && c.End < c.Start {
					t.Fatalf("%s: ends before it starts: %+v", b, c.Record)
				}
				if out := AppendCall(nil, names, &c, Origin{}); !wholeValue(bytes.TrimSpace(out)) || bytes.Count(out, newline) != 1 {
					t.Fatalf("written as %q", out)
				}
			}
		}
	})
}

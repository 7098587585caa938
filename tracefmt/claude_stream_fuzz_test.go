package tracefmt

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// FuzzClaudeStream reads any text as the output of a run: no panic, no part larger than its whole, no cost below 0, and the same calls
// when the records come in another order.
func FuzzClaudeStream(f *testing.F) {
	result := `result success - "is_error":false,"total_cost_usd":0.5,"usage":{"input_tokens":10,"output_tokens":5},"modelUsage":{` + modelUsage(haiku+"[1m]", 12, 1001, 101, 60, "0.5") + `}`
	f.Add([]byte(streamLines("s", `system init - "cwd":"/w/api","claude_code_version":"2.1.6"`, "answer msg_1 - "+haiku+" 10 1000 100 1", result, "answer msg_2 - x 10 1000 100 1", result)))
	f.Add([]byte(streamLines("s", "calls msg_1 - "+haiku+" 10 0 0 1 toolu_1 Task Explore", "answer msg_2 toolu_1 "+haiku+" 20 0 0 2",
		`gives toolu_1 - true {"agentId":"a1","usage":{"input_tokens":30,"cache_read_input_tokens":30,"output_tokens":9}}`, `result error_max_turns - "is_error":true,"cost_usd":1,"total_cost":2,"permission_denials":[{"tool_use_id":"toolu_1"}]`)))
	f.Add([]byte(streamLines("s", "begins msg_1 - m 10 1000 100 1", "ends msg_1 - 70", `system api_retry - "attempt":1,"error_status":529`, `system compact_boundary - "compact_metadata":{"trigger":"auto","pre_tokens":5}`)))
	book, err := ReadPrices(strings.NewReader(`{"as_of":"2026-01-01","currency":"USD","unit":"per 1,000,000 tokens","source":"test","providers":[{"id":"p","model_match":{"contains":"claude"},
		"models":[{"id":"m","match":{"contains":"claude"},"prices":[{"input":{"base":1},"cache_read":{"base":0.5},"output":{"base":10}}]}]}]}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		names := NewNames()
		d := NewDecoder(names, func(Warning) {})
		d.Path, d.Format = "s.jsonl", FormatClaudeStream
		var b Batch
		d.DecodeChunk(&Chunk{Data: text, Format: FormatClaudeStream}, &b)
		turned := slices.Clone(b.Records)
		slices.Reverse(turned)
		a := &Assembler{Names: names, Book: book, Order: func(x, y SourceRef) int { return cmp.Compare(x.Offset, y.Offset) }}
		list := func(recs []Record) string {
			for i := range recs { // of one session, as a store keeps them
				recs[i].Run = "s"
			}
			run := a.Assemble(a.Merge(recs))
			checkStream(t, names, run, text)
			return callList(names, run) + streamSums(names, run)
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

func checkStream(t *testing.T, names *Names, run *Run, text []byte) {
	for i := range run.Calls {
		c := &run.Calls[i]
		u := c.Usage
		if u.Uncached() < 0 || u.CacheRead < 0 || u.CacheWrite1h > u.CacheWrite || u.Output < 0 || c.Cost < 0 || c.Record.State(HasStart|HasEnd) && c.End < c.Start {
			t.Fatalf("%s: %+v", text, c.Record)
		}
		if out := AppendCall(nil, names, c, Origin{}); !wholeValue(bytes.TrimSpace(out)) || bytes.Count(out, newline) != 1 {
			t.Fatalf("written as %q", out)
		}
	}
}

// streamBench is a stream in the proportions of real ones: most bytes are results of tools.
func streamBench() []byte {
	filler := strings.Repeat(`Some words of a file, a \"quoted\" one,\n    and indented code = f(x)\n`, 50)
	var b strings.Builder
	for i := range 200 {
		b.WriteString(streamLines("s-1", fmt.Sprintf("calls msg_%d - %s 4 50000 900 %d toolu_%d Read -", i, haiku, i, i),
			fmt.Sprintf(`gives toolu_%d - false {"type":"text","file":{"filePath":"x.go","content":"%s"}}`, i, filler)))
	}
	return []byte(b.String())
}

func BenchmarkDecodeClaudeStream(b *testing.B) {
	benchmarkText(b, Chunk{Data: streamBench(), Format: FormatClaudeStream})
}

// benchmarkText decodes a chunk again and again.
func benchmarkText(b *testing.B, c Chunk) {
	d := NewDecoder(NewNames(), nil)
	d.Path = "s.json"
	var batch Batch
	b.SetBytes(int64(len(c.Data)))
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		d.DecodeChunk(&c, &batch)
	}
	if len(batch.Records) == 0 || batch.BadCount != 0 {
		b.Fatalf("%d records, bad %v", len(batch.Records), batch.Bad)
	}
}

func BenchmarkAssembleClaudeStream(b *testing.B) {
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Path = "s.jsonl"
	var batch Batch
	d.DecodeChunk(&Chunk{Data: streamBench(), Format: FormatClaudeStream}, &batch)
	a := &Assembler{Names: names}
	recs := make([]Record, len(batch.Records))
	b.ReportAllocs()
	for b.Loop() {
		copy(recs, batch.Records)
		if run := a.Assemble(a.Merge(recs)); len(run.Calls) != 400 { // 200 answers with a tool each
			b.Fatal(len(run.Calls))
		}
	}
}

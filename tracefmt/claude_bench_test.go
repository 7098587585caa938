package tracefmt

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// claudeBenchLines are lines in the proportions of real logs: most bytes are the text of tool results, given twice, full of escapes.
func claudeBenchLines() []claudeFile {
	r := rand.New(rand.NewPCG(7, 7))
	words := []string{"planner", "return null", `\n    `, "the", `span(\"`, "SELECT * FROM calls", `\\`, "größe", `error`, `budget\t`}
	text := func(n int) string {
		var b strings.Builder
		for b.Len() < n {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteByte(' ')
		}
		return b.String()
	}
	var b strings.Builder
	for i := range 200 {
		head := fmt.Sprintf(`{"parentUuid":"p-%d","isSidechain":false,"userType":"external","cwd":"/home/u/src/api","sessionId":"s-1","version":"2.0.50","gitBranch":"main",`, i)
		tail := fmt.Sprintf(`,"uuid":"u-%d","timestamp":"2026-02-03T10:%02d:%02d.500Z"}`+"\n", i, i/60, i%60)
		block := fmt.Sprintf(`{"type":"text","text":"%s"}`, text(350))
		if i%2 == 0 {
			block = fmt.Sprintf(`{"type":"tool_use","id":"toolu_%d","name":"Read","input":{"file_path":"/home/u/src/api/main.go"}}`, i/4)
		}
		fmt.Fprintf(&b, `%s"message":{"model":"claude-sonnet-4-5-20250929","id":"msg_%d","type":"message","role":"assistant","content":[%s],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":4,"cache_creation_input_tokens":900,"cache_read_input_tokens":50000,"cache_creation":{"ephemeral_5m_input_tokens":900,"ephemeral_1h_input_tokens":0},"output_tokens":%d,"service_tier":"standard"}},"requestId":"req_%d","type":"assistant"%s`, head, i/2, block, i, i/2, tail)
		if i%2 == 0 {
			body := text(200 + int(r.ExpFloat64()*4000))
			fmt.Fprintf(&b, `%s"type":"user","message":{"role":"user","content":[{"tool_use_id":"toolu_%d","type":"tool_result","content":"%s"}]},"toolUseResult":{"type":"text","file":{"filePath":"x.go","content":"%s","numLines":12,"startLine":1}}%s`, head, i/4, body, body, tail)
		}
	}
	return []claudeFile{{path: "bench.jsonl", data: []byte(b.String())}}
}

func BenchmarkDecodeClaude(b *testing.B) {
	f := claudeBenchLines()[0]
	d := NewDecoder(NewNames(), nil)
	d.Format, d.Path = FormatClaude, f.path
	lines := strings.Split(strings.TrimSpace(string(f.data)), "\n")
	values := make([][]byte, len(lines))
	for i, l := range lines {
		values[i] = []byte(l)
	}
	b.SetBytes(int64(len(f.data)))
	b.ReportAllocs()
	for b.Loop() {
		d.Out = d.Out[:0]
		for _, v := range values {
			if err := d.Decode(v, SourceRef{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkAssembleClaude(b *testing.B) {
	g := claudeBenchLines()[0]
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Format, d.Path = FormatClaude, g.path
	for line := range strings.Lines(string(g.data)) {
		if err := d.Decode([]byte(strings.TrimSpace(line)), SourceRef{}); err != nil {
			b.Fatal(err)
		}
	}
	a := &Assembler{Names: names}
	recs := make([]Record, len(d.Out))
	b.ReportAllocs()
	for b.Loop() {
		copy(recs, d.Out)
		if run := a.Assemble(a.Merge(recs)); len(run.Calls) != 150 { // 100 answers of two lines, every other with a tool
			b.Fatal(len(run.Calls))
		}
	}
}

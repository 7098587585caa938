package tracefmt

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzSpanDocuments feeds the readers of LiteLLM, OpenAI Agents, any-agent, MLflow and Weave anything: no panic, no impossible count, the
// same each time, and what they accept can be assembled and written.
func FuzzSpanDocuments(f *testing.F) {
	formats := []uint8{FormatLiteLLM, FormatOpenAIAgents, FormatAnyAgent, FormatMLflow, FormatWeave}
	for _, s := range slices.Concat([]string{litePayload, liteSpend, anyAgentDoc, mlflowV2, mlflowClaude}, agentsTurn, weaveRun) {
		for i := range formats {
			f.Add([]byte(s), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, which uint8) {
		names := NewNames()
		d := NewDecoder(names, func(Warning) {})
		d.Format = formats[int(which)%len(formats)]
		before := bytes.Clone(in)
		err := d.Decode(in, SourceRef{})
		if !bytes.Equal(in, before) {
			t.Fatal("the decoder changed its input")
		}
		if err != nil {
			return
		}
		first := slices.Clone(d.Out)
		d.Out = nil
		if err := d.Decode(in, SourceRef{}); err != nil || len(d.Out) != len(first) {
			t.Fatalf("the second time: %v, %d records, %d before", err, len(d.Out), len(first))
		}
		runs := map[string][]Record{}
		for i, r := range d.Out {
			if say(names, r) != say(names, first[i]) || r.ID != first[i].ID || r.Run != first[i].Run {
				t.Fatalf("not the same the second time: %s, %s", say(names, r), say(names, first[i]))
			}
			u := r.Usage
			if u.Input < 0 || u.Output < 0 || u.Uncached() < 0 || u.Reasoning > u.Output || u.CacheWrite1h > u.CacheWrite || r.Recorded < 0 || r.Run == "" {
				t.Fatalf("impossible: %+v", r)
			}
			runs[r.Run] = append(runs[r.Run], r)
		}
		for _, recs := range runs {
			a := Assembler{Names: names, Book: BuiltinPrices()}
			run := a.Assemble(a.Merge(recs))
			for i := range run.Calls {
				if out := AppendCall(nil, names, &run.Calls[i], Origin{}); !wholeValue(bytes.TrimSpace(out)) || bytes.Count(out, newline) != 1 {
					t.Fatalf("written as %q", out)
				}
			}
		}
	})
}

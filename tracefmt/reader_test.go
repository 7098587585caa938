package tracefmt

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// shared names a file of the folder of examples beside the project; the test is skipped where it is missing.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(root); err != nil {
		t.Skip("../shared is not there")
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// readAll reads a source to its end.
func readAll(t testing.TB, path string, o ReadOptions) (*Batch, *Names, *Reader) {
	t.Helper()
	r, err := OpenReader(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Path = path
	var b Batch
	var c Chunk
	for {
		err := r.Next(&c)
		if errors.Is(err, io.EOF) {
			return &b, names, r
		}
		if err != nil {
			t.Fatal(err)
		}
		d.DecodeChunk(&c, &b)
	}
}

// write puts content into a file of the test's own.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runsOf assembles what was read, run by run.
func runsOf(b *Batch, names *Names) map[string]*Run {
	groups := map[string][]Record{}
	for _, r := range b.Records {
		groups[r.Run] = append(groups[r.Run], r)
	}
	runs := map[string]*Run{}
	for id, recs := range groups {
		a := &Assembler{Names: names, Book: BuiltinPrices()}
		runs[id] = a.Assemble(a.Merge(recs))
	}
	return runs
}

func TestSupportRefund(t *testing.T) {
	b, names, _ := readAll(t, shared(t, "traces", "costscope", "support-refund.jsonl"), ReadOptions{})
	if b.Lines != 35 || b.Values != 35 || b.BadCount != 0 || len(b.Skipped) != 0 || len(b.Warnings) != 0 {
		t.Fatalf("lines %d values %d bad %v skipped %v warnings %v", b.Lines, b.Values, b.Bad, b.Skipped, b.Warnings)
	}
	var chat, failed int
	var u Usage
	var cost USD
	for _, run := range runsOf(b, names) {
		for i := range run.Calls {
			c := &run.Calls[i]
			if c.RequestModel|c.Record.Model == 0 || c.Kind == KindEmbedding {
				continue
			}
			chat++
			if c.Status == StatusError {
				failed++
			}
			u.Input += c.Usage.Input
			u.CacheRead += c.Usage.CacheRead
			u.Output += c.Usage.Output
			u.Reasoning += c.Usage.Reasoning
			cost += c.Recorded
		}
	}
	if chat != 21 || failed != 5 || u != (Usage{Input: 56768, CacheRead: 25266, Output: 3685, Reasoning: 1504}) {
		t.Errorf("chat %d failed %d usage %+v", chat, failed, u)
	}
	if cost.String() != "0.04069315" {
		t.Errorf("cost %s", cost)
	}
	runs := runsOf(b, names)
	for id, want := range map[string]Outcome{"run-1001": OutcomeSuccess, "run-1002": OutcomeFailure, "run-1003": OutcomeSuccess} {
		if runs[id].Outcome != want {
			t.Errorf("%s ended %v, want %v", id, runs[id].Outcome, want)
		}
	}
}

package analyze

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costscope/sample"
	"costscope/tracefmt"
)

// readRuns reads a file and does something with each of its runs, in the order of their first lines.
func readRuns(t *testing.T, path string, names *tracefmt.Names, do func(*tracefmt.Run)) {
	t.Helper()
	r, err := tracefmt.OpenReader(path, tracefmt.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := tracefmt.NewDecoder(names, nil)
	d.Path = path
	var c tracefmt.Chunk
	var b tracefmt.Batch
	for err == nil {
		if err = r.Next(&c); err == nil {
			d.DecodeChunk(&c, &b)
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(path, err)
	}
	runs, order := map[string][]tracefmt.Record{}, []string(nil)
	for _, rec := range b.Records {
		if runs[rec.Run] == nil {
			order = append(order, rec.Run)
		}
		runs[rec.Run] = append(runs[rec.Run], rec)
	}
	a := tracefmt.Assembler{Names: names, Book: tracefmt.BuiltinPrices()}
	for _, id := range order {
		do(a.Assemble(a.Merge(runs[id])))
	}
}

// TestSampleGrowth finds exactly the growth that samples were made with.
func TestSampleGrowth(t *testing.T) {
	for _, scenario := range []string{sample.DemoName, "retry-storm", "agent-sprawl"} {
		var text bytes.Buffer
		truth, err := sample.Generate(&text, scenario, 3, 200)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "sample.jsonl")
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		x, s := NewContext(), NewStudent(Config{})
		readRuns(t, path, tracefmt.NewNames(), func(run *tracefmt.Run) { x.add(s.Study(run), nil) })
		r := x.result()
		got := sample.Growth{Threads: r.Threads, Turns: r.Turns, PromptTokens: r.Prompt, FlatTokens: r.Flat, Resets: r.Resets, MaxPrompt: r.MaxPrompt}
		if got != truth.Growth {
			t.Errorf("%s: growth is %+v, meant %+v", scenario, got, truth.Growth)
		}
		if r.Carry.Total() != r.GrowthUSD()+r.OtherGrowthUSD {
			t.Errorf("%s: the blocks do not add up", scenario)
		}
	}
}

// TestContextOfTraces looks at real agents: their contexts grow and are compacted, and all sums are the growth cost.
func TestContextOfTraces(t *testing.T) {
	for _, folder := range []string{"claude-code", "codex"} {
		dir := filepath.Join("..", "..", "shared", "traces", folder)
		if _, err := os.Stat(dir); err != nil {
			t.Skip("../shared is not there")
		}
		names, x, s := tracefmt.NewNames(), NewContext(), NewStudent(Config{})
		filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".jsonl") {
				readRuns(t, path, names, func(run *tracefmt.Run) { x.add(s.Study(run), nil) })
			}
			return err
		})
		r := x.result()
		growth := r.GrowthUSD() + r.OtherGrowthUSD
		if growth <= 0 || r.Carry.Total() != growth || r.Composition.Total() != growth || r.HitRate() > 1 || r.ResendRatio() > 1 || r.Compactions == 0 {
			t.Errorf("%s: %+v", folder, r)
		}
		t.Logf("%s: %d threads, %d turns, growth %v of %v, factor %.2f, saving %v, exponent %.2f, peak %.1f, largest %d, resets %d", folder, r.Threads, r.Turns,
			growth, r.TotalUSD(), r.Factor(), r.SavingUSD, r.Exponent, r.PeakGrowth, r.MaxPrompt, r.Resets)
		t.Logf("re-sent %.3f hit %.3f", r.ResendRatio(), r.HitRate())
		for _, c := range r.Carry.Ranked(names) {
			t.Logf("  %s %s: %d blocks, %d tokens, sent %d times, %v", c.Kind, names.Name(c.Tool), c.Blocks, c.Tokens, c.Sends, c.USD)
		}
		for i, b := range r.Breaks.Sums {
			t.Logf("  break %s: %+v", BreakCause(i), b)
		}
		for _, b := range r.Breaks.Top[:min(6, len(r.Breaks.Top))] {
			t.Logf("  %+v", b)
		}
	}
}

package sample

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"costscope/tracefmt"
)

// TestReaderAgrees reads the shipped trace as a user's is read, and must find every pico-dollar.
func TestReaderAgrees(t *testing.T) {
	_, truth := generate(t, DemoName, DemoSeed, 0)
	names := tracefmt.NewNames()
	runs := readShipped(t, names)
	a := tracefmt.Assembler{Names: names, Book: tracefmt.BuiltinPrices()}
	got := newTruth()
	outcomes := map[string]int64{}
	for _, recs := range runs {
		run := a.Assemble(a.Merge(recs))
		outcomes[run.Outcome.String()]++
		for i := range run.Calls {
			addCall(got, names, &run.Calls[i])
		}
	}
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"runs", int64(len(runs)), truth.Runs}, {"cost", got.Cost, truth.Cost}, {"calls", got.Calls, truth.Calls},
		{"mismatches", got.Mismatches, truth.Mismatches}, {"unpriced", got.Unpriced, truth.Unpriced}, {"tokens", got.Tokens, truth.Tokens},
		{"errors", got.Errors, truth.Errors}, {"unfinished", got.Unfinished, truth.Unfinished},
	} {
		if c.got != c.want {
			t.Errorf("%s: the reader says %v, the truth is %v", c.name, c.got, c.want)
		}
	}
	for name, bills := range map[string][2]map[string]Bill{"agents": {got.Agents, truth.Agents}, "models": {got.Models, truth.Models},
		"features": {got.Features, truth.Features}, "versions": {got.Versions, truth.Versions}, "roles": {got.Roles, truth.Roles}} {
		if !maps.Equal(bills[0], bills[1]) {
			t.Errorf("%s: the reader says %v, the truth is %v", name, bills[0], bills[1])
		}
	}
	for name, want := range truth.Outcomes {
		if outcomes[name] != want.Count {
			t.Errorf("%s: the reader says %d runs, the truth is %d", name, outcomes[name], want.Count)
		}
	}
}

// readShipped returns the records of the shipped trace by run.
func readShipped(t *testing.T, names *tracefmt.Names) map[string][]tracefmt.Record {
	path := filepath.Join(t.TempDir(), "demo.jsonl.gz")
	if err := os.WriteFile(path, Demo(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := tracefmt.OpenReader(path, tracefmt.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := tracefmt.NewDecoder(names, nil)
	var c tracefmt.Chunk
	var b tracefmt.Batch
	for err == nil {
		if err = r.Next(&c); err == nil {
			d.DecodeChunk(&c, &b)
		}
	}
	if !errors.Is(err, io.EOF) || len(b.Bad) > 0 || len(b.Warnings) > 0 {
		t.Fatalf("%v; bad lines %v, warnings %v", err, b.Bad, b.Warnings)
	}
	runs := map[string][]tracefmt.Record{}
	for _, rec := range b.Records {
		runs[rec.Run] = append(runs[rec.Run], rec)
	}
	return runs
}

func addCall(got *Truth, names *tracefmt.Names, c *tracefmt.Call) {
	got.Cost += c.Cost
	if !c.IsCall {
		return
	}
	got.Calls++
	if c.Mismatch {
		got.Mismatches++
	}
	switch c.Status {
	case tracefmt.StatusError:
		got.Errors++
	case tracefmt.StatusUnfinished:
		got.Unfinished++
	}
	if c.State == tracefmt.CostUnpriced {
		got.Unpriced++
	}
	k, u := &got.Tokens, c.Usage
	*k = Tokens{k.Input + u.Input, k.CacheRead + u.CacheRead, k.CacheWrite + u.CacheWrite, k.CacheWrite1h + u.CacheWrite1h, k.Output + u.Output,
		k.Reasoning + u.Reasoning}
	workflow := names.Name(c.Workflow)
	count(got.Agents, workflow+"/"+names.Name(c.Agent), c.Cost)
	count(got.Versions, workflow+"/"+names.Name(c.Version), c.Cost)
	count(got.Features, names.Name(c.Feature), c.Cost)
	count(got.Models, names.Name(c.Model), c.Cost)
	count(got.Roles, names.Name(c.Role), c.Cost)
}

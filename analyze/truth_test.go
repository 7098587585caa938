package analyze

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"costscope/sample"
	"costscope/tracefmt"
)

// generated reads a trace whose truth is known, run by run.
func generated(t *testing.T, scenario string, seed uint64, runs int) ([]*tracefmt.Run, sample.Truth) {
	t.Helper()
	var trace bytes.Buffer
	truth, err := sample.Generate(&trace, scenario, seed, runs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "t.jsonl")
	if err := os.WriteFile(path, trace.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := tracefmt.OpenReader(path, tracefmt.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names := tracefmt.NewNames()
	d, byRun := tracefmt.NewDecoder(names, nil), map[string][]tracefmt.Record{}
	var order []string
	var c tracefmt.Chunk
	for err == nil {
		var b tracefmt.Batch
		if err = r.Next(&c); err != nil {
			break
		}
		d.DecodeChunk(&c, &b)
		for _, rec := range b.Records {
			if byRun[rec.Run] == nil {
				order = append(order, rec.Run)
			}
			byRun[rec.Run] = append(byRun[rec.Run], rec)
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	var list []*tracefmt.Run
	for _, id := range order {
		a := tracefmt.Assembler{Names: names, Book: tracefmt.BuiltinPrices()} // one each: it reuses the run it returns
		list = append(list, a.Assemble(a.Merge(byRun[id])))
	}
	return list, truth
}

// forget takes from calls what a trace may lack.
func forget(runs []*tracefmt.Run, change func(c *tracefmt.Call)) {
	for _, run := range runs {
		for i := range run.Calls {
			change(&run.Calls[i])
		}
	}
}

func unlink(c *tracefmt.Call) { c.RetryOf, c.RetryKind, c.Attempt = "", 0, 0 }

func unprint(c *tracefmt.Call) { c.Fingerprints = [4]uint64{} }

// pairsOf are the links of runs as (run, from, to).
func pairsOf(runs []*tracefmt.Run) map[[2]string]Link {
	pairs := map[[2]string]Link{}
	for _, run := range runs {
		for _, ch := range chainsOf(run) {
			for n, i := range ch.Calls[1:] {
				pairs[[2]string{run.ID, run.Calls[ch.Calls[n]].ID + ">" + run.Calls[i].ID}] = ch.Links[n+1]
			}
		}
	}
	return pairs
}

// TestTruthIsFound: retries, loops and redundant calls are those that the generator meant, though less than half of the retries are stated.
func TestTruthIsFound(t *testing.T) {
	for i, s := range sample.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			runs, truth := generated(t, s.Name, 40+uint64(i), 300)
			isTruth(t, collect(runs), &truth)
			stated := pairsOf(runs)
			forget(runs, unlink)
			isTruth(t, collect(runs), &truth)
			if found := pairsOf(runs); len(found) != len(stated) {
				t.Errorf("%d links, with the stated ones %d", len(found), len(stated))
			}
		})
	}
}

func isTruth(t *testing.T, c *collected, truth *sample.Truth) {
	t.Helper()
	r, want := &c.Retry, &truth.Retries
	if r.Chains != want.Chains || r.Chains-r.Accepted != want.Failed || r.Repeats != want.Attempts-want.Chains || r.RetryCost != want.Retry || r.Wasted != want.Wasted {
		t.Errorf("retries %+v, meant %+v", r, want)
	}
	for k := range r.Kinds {
		if b := want.ByKind[tracefmt.RetryKind(k+1).String()]; r.Kinds[k].Count != b.Count || r.Kinds[k].Cost != b.Cost {
			t.Errorf("%v: %+v, meant %+v", tracefmt.RetryKind(k+1), r.Kinds[k], b)
		}
	}
	if l := &c.Loops; l.Loops != truth.Loops.Count || l.Cost != truth.Loops.Cost || l.Waste != truth.Loops.Waste {
		t.Errorf("loops %+v, meant %+v", l, truth.Loops)
	}
	if w := c.Wastes.result(); w.Redundant.Count != truth.Redundant.Count || w.Redundant.Cost != truth.Redundant.Cost {
		t.Errorf("redundant %+v, meant %+v", w.Redundant, truth.Redundant)
	}
}

// TestRetriesWithoutFingerprints: what is found then is right in most cases and of low confidence; the rest is missed, not invented.
func TestRetriesWithoutFingerprints(t *testing.T) {
	runs, _ := generated(t, "retry-storm", 5, 400)
	truth := pairsOf(runs)
	forget(runs, unlink)
	with := pairsOf(runs)
	forget(runs, unprint)
	without := pairsOf(runs)
	for _, x := range []struct {
		name              string
		found             map[[2]string]Link
		precision, recall float64
	}{{"with fingerprints", with, 1, 1}, {"without", without, 1, 0.28}} {
		right, models, rightModels := 0, 0, 0
		for pair, l := range x.found {
			_, ok := truth[pair]
			right += b2i(ok)
			if l.Kind != tracefmt.RetryTool {
				models++
				rightModels += b2i(ok)
			}
		}
		precision, recall := float64(right)/float64(len(x.found)), float64(right)/float64(len(truth))
		t.Logf("%s: %d links found of %d, precision %.3f, recall %.3f; of model calls %d, right %d", x.name, len(x.found), len(truth), precision, recall, models, rightModels)
		if precision < x.precision || recall < x.recall {
			t.Errorf("%s: precision %.3f, recall %.3f", x.name, precision, recall)
		}
	}
}

package analyze

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"costscope/sample"
	"costscope/tracefmt"
)

// playScenario returns the runs of a generated trace, and what is true of them.
func playScenario(t *testing.T, name string, runs int) ([]*tracefmt.Run, *tracefmt.Names, sample.Truth) {
	t.Helper()
	var trace bytes.Buffer
	truth, err := sample.Generate(&trace, name, 7, runs)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	if err := os.WriteFile(path, trace.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := tracefmt.OpenReader(path, tracefmt.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names := tracefmt.NewNames()
	d := tracefmt.NewDecoder(names, nil)
	var c tracefmt.Chunk
	var b tracefmt.Batch
	for err == nil {
		if err = r.Next(&c); err == nil {
			d.DecodeChunk(&c, &b)
		}
	}
	if !errors.Is(err, io.EOF) || len(b.Bad) > 0 {
		t.Fatal(err, b.Bad)
	}
	return assembleAll(names, b.Records), names, truth
}

func assembleAll(names *tracefmt.Names, recs []tracefmt.Record) (list []*tracefmt.Run) {
	byRun, order := map[string][]tracefmt.Record{}, []string(nil)
	for _, rec := range recs {
		if byRun[rec.Run] == nil {
			order = append(order, rec.Run)
		}
		byRun[rec.Run] = append(byRun[rec.Run], rec)
	}
	for _, id := range order {
		a := tracefmt.Assembler{Names: names, Book: tracefmt.BuiltinPrices()}
		run := *a.Assemble(a.Merge(byRun[id]))
		run.Calls = slices.Clone(run.Calls)
		list = append(list, &run)
	}
	return list
}

// A sampled trace says how much each thing cost in truth.
func TestSumsAreTheTruth(t *testing.T) {
	runs, names, truth := playScenario(t, "load-spike", 400)
	factors, spend, rows, load := NewFactors(names, nil), &SpendQuality{}, &Runs{}, NewLoad()
	var s Student
	for _, run := range runs {
		st := s.Study(run)
		factors.add(st, nil)
		spend.add(st, nil)
		rows.add(st, nil)
		load.add(st, nil)
	}
	f, q, l, o := factors.result(), spend.result(), load.result(names), rows.successes(t.Context())
	if f.Total != truth.Cost || q.Total != truth.Cost || l.Cost != truth.Cost || f.Calls != truth.Calls || l.Calls != truth.Calls {
		t.Errorf("factors %d, quality %d, load %d, truth %d", f.Total, q.Total, l.Cost, truth.Cost)
	}
	useful := q.Cost[SpendProductive] + q.Cost[SpendSuperseded] + q.Cost[SpendLoop] + q.Cost[SpendRedundant]
	for _, x := range []struct {
		outcome string
		runs    int64
		cost    tracefmt.USD
	}{{"success", o.Success, useful}, {"failure", o.Failure, q.Cost[SpendFailed]}, {"unknown", o.Unknown, q.Cost[SpendUnknown]},
		{"in_flight", o.InFlight, q.Cost[SpendInFlight]}} {
		if want := truth.Outcomes[x.outcome]; x.runs != want.Count || x.cost != want.Cost {
			t.Errorf("%s: %d runs of %d, want %+v", x.outcome, x.runs, x.cost, want)
		}
	}
	for _, r := range f.Roles {
		if bill := truth.Roles[r.Role.String()]; r.Cost != bill.Cost || r.Calls != bill.Count || r.Inferred != 0 {
			t.Errorf("%+v, want %+v", r, bill)
		}
	}
	values := rows.value(t.Context(), names, DimWorkflow).Values
	if len(values) != len(truth.Values) {
		t.Errorf("values %+v, want %v", values, truth.Values)
	}
	for _, v := range values {
		near(t, v.Unit, v.Amount, truth.Values[v.Unit])
	}
	if at := time.Unix(0, l.Dearest.From).UTC().Format(time.RFC3339); at != "2026-08-26T14:00:00Z" || len(truth.Events) != 1 {
		t.Errorf("the dearest hour is %s, events %+v", at, truth.Events)
	}
}

// Answers get worse while costs stay: what changes the cost per success most is accuracy.
func TestAccuracyDrops(t *testing.T) {
	runs, _, _ := playScenario(t, "accuracy-drop", 400)
	rows := slices.SortedFunc(slices.Values(collectRuns(runs...).Rows()), func(a, b RunRow) int { return cmp.Compare(a.Start, b.Start) })
	before, after := NewOutcomes(runCosts(rows[:200])), NewOutcomes(runCosts(rows[200:]))
	rate := func(o *Outcomes) float64 { return ratio(o.Success, o.Success+o.Failure) }
	dearer, cost := ratio(int64(after.PerSuccess.USD), int64(before.PerSuccess.USD)), ratio(int64(after.Cost), int64(before.Cost))
	if rate(&after) > rate(&before)-0.1 || dearer < 1 || math.Log(dearer) < 2*math.Abs(math.Log(cost)) {
		t.Errorf("%.3f of the runs succeed, then %.3f; a success costs %.3f times as much, a run %.3f", rate(&before), rate(&after), dearer, cost)
	}
}

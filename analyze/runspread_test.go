package analyze

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// halfKnown is five runs: $1, $3, at least $2, one that costs nothing, and one of which nothing is known.
func halfKnown() []RunCost {
	const usd = 1e12
	return []RunCost{{Cost: 1 * usd}, {Incomplete: true}, {Cost: 3 * usd}, {Cost: 2 * usd, Incomplete: true}, {}}
}

func TestRunsOfUnknownCostAreInNoStatistic(t *testing.T) {
	s := NewRunSpread(halfKnown())
	if s.N != 4 || s.Partial != 1 || s.Unknown != 1 {
		t.Fatalf("%d runs, %d of them in part, %d unknown", s.N, s.Partial, s.Unknown)
	}
	// 0 1 2 3: mean and median 1.5; Gini = 2*(1*0+2*1+3*2+4*3)/(4*6) - 5/4 = 5/12; the dearest is half of all; 2+3 of 6 make 80%.
	if s.Mean != 15e11 || s.Median != 15e11 || s.P50 != 1e12 || s.Max != 3e12 || math.Abs(s.Gini-5.0/12) > 1e-12 || s.Top1.Share != 0.5 || s.K80 != 2 {
		t.Errorf("%+v", s.Tail)
	}
	if got := s.gaps(); got != "1 run with unknown costs, at least · 1 run of unknown cost, left out" {
		t.Errorf("%q", got)
	}
}

func TestReportTellsWhatItsDistributionLeavesOut(t *testing.T) {
	total := Row{}
	total.Calls = 5
	total.Costs.Add(1e12)
	in := ReportInput{Table: &Table{Total: total}, Runs: halfKnown()}
	var b bytes.Buffer
	if err := NewReport(in).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Distribution map[string]any }
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"n": 4.0, "mean_usd": 1.5, "median_usd": 1.5, "max_usd": 3.0, "incomplete": 1.0, "unknown": 1.0} {
		if got := doc.Distribution[name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for name, write := range map[string]func(*Report) error{
		"text": func(r *Report) error { return r.WriteText(&b) }, "markdown": func(r *Report) error { return r.WriteMarkdown(&b) },
	} {
		b.Reset()
		if err := write(NewReport(in)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "n = 4 · 1 run with unknown costs, at least · 1 run of unknown cost, left out") {
			t.Errorf("%s does not tell:\n%s", name, b.String())
		}
	}
}

func TestNoDistributionOfUnknownCostsAlone(t *testing.T) {
	total := Row{}
	total.Calls = 2
	total.Costs.Add(0) // a call that costs nothing, beside one of unknown cost
	r := NewReport(ReportInput{Table: &Table{Total: total}, Runs: []RunCost{{Incomplete: true}}})
	if d := r.Distribution; d.N != 0 || d.Mean != nil || d.Median != nil || d.Max != nil || d.Unknown != 1 {
		t.Errorf("%+v", d)
	}
	if got := r.runLine(); got != "1 run of unknown cost, left out" {
		t.Errorf("%q", got)
	}
}

func TestConditionOnCostOfARunThatIsUnknown(t *testing.T) {
	names := tracefmt.NewNames()
	for _, where := range []string{"run.cost<1", "run.cost=0..1", "run.cost>=0"} {
		preds, err := ParsePreds(where)
		if err != nil {
			t.Fatal(err)
		}
		run := focusRun(names)
		run.Calls = run.Calls[1:] // an unpriced call and a tool
		q := Query{Where: preds}
		if _, ok := q.Compile(names, Config{}).RunCost(run, nil); ok {
			t.Errorf("%s keeps a run of unknown cost", where)
		}
	}
}

package analyze

import (
	"math"
	"slices"
	"testing"

	"costscope/tracefmt"
)

// try is a call of a test run: attempts are told apart by what is set.
type try struct {
	id, retryOf string
	attempt     int32
	up          int32 // index + 1
	kind        tracefmt.Kind
	model, tool tracefmt.Sym
	cost        int64
	bad         bool
	unknown     bool // no usage
}

func runOf(outcome tracefmt.Outcome, tries ...try) *tracefmt.Run {
	run := &tracefmt.Run{ID: "r", Workflow: 1, Outcome: outcome}
	for i, x := range tries {
		kind := x.kind
		if kind == tracefmt.KindUnknown {
			kind = tracefmt.KindLLM
		}
		rec := &tracefmt.Record{Run: "r", ID: x.id, RetryOf: x.retryOf, Attempt: x.attempt, Tool: x.tool, Start: int64(i) * 1e9, Has: tracefmt.HasStart}
		c := tracefmt.Call{
			Record: rec, Kind: kind, Model: x.model, Workflow: 1, Agent: 2, Up: x.up - 1, IsCall: !kind.Encloses(), Counted: !kind.Encloses(),
			Cost: tracefmt.USD(x.cost), Status: tracefmt.StatusOK,
		}
		if x.bad {
			c.Status = tracefmt.StatusError
		}
		switch {
		case x.unknown:
			c.State = tracefmt.CostNoUsage
		case c.IsCall:
			c.State = tracefmt.CostComputed
		}
		run.Calls = append(run.Calls, c)
	}
	return run
}

// chainsAre compares the indexes of the calls of each chain.
func chainsAre(t *testing.T, run *tracefmt.Run, want ...[]int32) []Chain {
	t.Helper()
	got := chainsOf(run)
	same := len(got) == len(want)
	for i := 0; same && i < len(got); i++ {
		same = slices.Equal(got[i].Calls, want[i])
	}
	if !same {
		t.Fatalf("chains %+v, want %v", got, want)
	}
	return got
}

func TestChainByName(t *testing.T) {
	c := chainsAre(t, runOf(0,
		try{id: "c1", model: 1, cost: 3000, bad: true},
		try{id: "x", model: 1, cost: 7},
		try{id: "c2", model: 1, cost: 6000, bad: true, retryOf: "c1"},
		try{id: "c3", model: 2, cost: 30000, retryOf: "c2"},
	), []int32{0, 2, 3})[0]
	if c.Total != 39000 || c.BaseCost != 3000 || c.RetryCost != 36000 || c.Wasted != 9000 || c.Accepted != 3 || c.Base != 0 || c.Truncated {
		t.Errorf("%+v", c)
	}
	if !slices.Equal(kindsOf(&c), []tracefmt.RetryKind{0, tracefmt.RetryPlain, tracefmt.RetryFallback}) {
		t.Errorf("links %v", c.Links)
	}
}

func TestSiblingsOfOneRootStandInARow(t *testing.T) {
	chainsAre(t, runOf(0,
		try{id: "root", bad: true},
		try{id: "third", attempt: 3, retryOf: "root"},
		try{id: "second", attempt: 2, retryOf: "root", bad: true},
	), []int32{0, 2, 1})
}

func TestChainWithoutItsRootIsTruncated(t *testing.T) {
	c := chainsAre(t, runOf(0, try{id: "a", retryOf: "gone", cost: 4, bad: true}, try{id: "b", retryOf: "gone", cost: 5}, try{id: "c"}), []int32{0, 1})[0]
	if !c.Truncated || c.Wasted != 4 || c.RetryCost != 5 {
		t.Errorf("%+v", c)
	}
}

func TestCycleIsCutAtTheEarliest(t *testing.T) {
	chainsAre(t, runOf(0, try{id: "a", retryOf: "c"}, try{id: "b", retryOf: "a"}, try{id: "c", retryOf: "b"}), []int32{0, 1, 2})
	chainsAre(t, runOf(0, try{id: "a", retryOf: "a"}))
}

func TestChainByNumber(t *testing.T) {
	chainsAre(t, runOf(0,
		try{id: "1", kind: tracefmt.KindTool, tool: 5, attempt: 1, bad: true},
		try{id: "2", kind: tracefmt.KindTool, tool: 6, attempt: 1},
		try{id: "3", kind: tracefmt.KindTool, tool: 5, attempt: 2},
		try{id: "4", kind: tracefmt.KindTool, tool: 5, attempt: 1, bad: true},
		try{id: "5", kind: tracefmt.KindTool, tool: 5, attempt: 2, bad: true},
		try{id: "6", kind: tracefmt.KindTool, tool: 5, attempt: 2},
	), []int32{0, 2}, []int32{3, 4}, []int32{5})
}

func TestFailedChainWastesAll(t *testing.T) {
	run := runOf(0, try{id: "a", cost: 0, bad: true}, try{id: "b", retryOf: "a", cost: 8, bad: true}, try{id: "c", retryOf: "b", cost: 9, bad: true})
	c := chainsOf(run)[0]
	if c.Accepted != -1 || c.Wasted != 17 || c.Base != 1 || c.RetryCost != 9 {
		t.Errorf("%+v", c)
	}
	table, err := sumOf([]*tracefmt.Run{run}).Rollup(tracefmt.NewNames(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	if s := &table.Total; s.Wasted != 17 || s.RetryCost != 9 || s.Retries != 2 || s.Rescued != 0 {
		t.Errorf("%+v", s.Summary)
	}
}

func TestB2(t *testing.T) {
	a := NewAggregate(Config{})
	run := runOf(tracefmt.OutcomeSuccess,
		try{id: "o1", kind: tracefmt.KindChain, bad: true},
		try{id: "i1", up: 1, cost: 5, bad: true},
		try{id: "i2", up: 1, cost: 5, retryOf: "i1"},
		try{id: "o2", kind: tracefmt.KindChain, retryOf: "o1"},
		try{id: "j", up: 4, cost: 5},
	)
	a.Add(run)
	table, err := a.Rollup(tracefmt.NewNames(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	s := &table.Total.Summary
	if s.Cost != 15 || s.RetryCost != 10 || s.Wasted != 10 || s.Calls != 3 || s.Operations() != 1 {
		t.Errorf("%+v", s)
	}
	rep := retryReport(&table.Total)
	near(t, "call amplification", float64(rep.CallAmplification), 3)
	near(t, "cost amplification", float64(rep.CostAmplification), 3)
	a.Sub(run)
	if a.Cells() != 0 {
		t.Error("taking the run back leaves a cell")
	}
}

func TestB4(t *testing.T) {
	row := Row{Summary: Summary{Cost: 20, RetryCost: 10}}
	near(t, "ratio of sums", float64(retryReport(&row).CostAmplification), 2)
}

// One attempt was billed, one timed out without usage, one was accepted.
func TestFailedAttemptsAreCountedOnce(t *testing.T) {
	const large, first, last = 2, 82_500_000_000, 88_500_000_000
	run := runOf(tracefmt.OutcomeSuccess,
		try{id: "t1", model: large, attempt: 1, cost: first, bad: true},
		try{id: "t2", model: large, attempt: 2, retryOf: "t1", bad: true, unknown: true},
		try{id: "t3", model: large, attempt: 3, retryOf: "t2", cost: last},
	)
	a := NewAggregate(Config{})
	a.Add(run)
	table, err := a.Rollup(tracefmt.NewNames(), Query{By: DefaultBy()})
	if err != nil {
		t.Fatal(err)
	}
	rep := NewReport(ReportInput{Table: table, Runs: []RunCost{{Cost: first + last, Outcome: run.Outcome}}})
	if *rep.Retries.Wasted != first || rep.Retries.Chains != 1 || rep.Retries.Operations != 1 || rep.Retries.Attempts != 3 {
		t.Errorf("%+v", rep.Retries)
	}
	near(t, "waste share", float64(rep.Retries.WasteShare), 82.5/171)
	near(t, "rescue rate", float64(rep.Retries.RescueRate), 1)
	if *rep.Outcomes.PerSuccess != first+last || rep.Totals.NoUsage != 1 || rep.Totals.LowerBound || rep.Retries.ByKind["plain_retry"] != 2 {
		t.Errorf("%+v %+v", rep.Outcomes, rep.Totals)
	}
	if math.Round(float64(rep.Retries.WasteShare)*1000) != 482 {
		t.Errorf("waste share %v is not 48.2%%", rep.Retries.WasteShare)
	}
}

func kindsOf(ch *Chain) (kinds []tracefmt.RetryKind) {
	for _, l := range ch.Links {
		kinds = append(kinds, l.Kind)
	}
	return kinds
}

// chainsOf are the chains of a run, by their first attempt. What is in it is not overwritten.
func chainsOf(run *tracefmt.Run) []Chain {
	var s Student
	return s.link(run).Chains
}

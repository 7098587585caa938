package analyze

import (
	"context"
	"math"
	"testing"

	"costscope/tracefmt"
)

func TestTJ1(t *testing.T) {
	names := tracefmt.NewNames()
	var runs []*tracefmt.Run
	for _, hours := range []float64{5, 7.5, 0} {
		run := costRun(20*tracefmt.Dollar, tracefmt.OutcomeSuccess)
		run.Workflow = names.Sym("w")
		if hours > 0 {
			run.Facts = &tracefmt.RunFacts{Values: []tracefmt.Value{{Unit: "hours saved", Amount: hours}, {Unit: "errors avoided", Amount: 1}}}
		} else {
			run.Calls[0].Cost = 10 * tracefmt.Dollar
		}
		runs = append(runs, run)
	}
	r := collectRuns(runs...).value(context.Background(), names, DimWorkflow)
	want := []UnitValue{
		{"errors avoided", 2, 2, 50 * tracefmt.Dollar, 0.04, Amount{25 * tracefmt.Dollar, true}, 0, true},
		{"hours saved", 12.5, 2, 50 * tracefmt.Dollar, 0.25, Amount{4 * tracefmt.Dollar, true}, 0, true},
	}
	for i := range want {
		if r.Values[i] != want[i] || r.Flows[0].Values[i] != want[i] {
			t.Errorf("%+v, want %+v", r.Values[i], want[i])
		}
	}
}

// Hours are only saved by flow a: what b cost is no part of their price.
func TestValueIsComparedWithTheFlowsThatHaveIt(t *testing.T) {
	names := tracefmt.NewNames()
	a, b := costRun(8*tracefmt.Dollar, tracefmt.OutcomeSuccess), costRun(100*tracefmt.Dollar, tracefmt.OutcomeSuccess)
	a.Workflow, b.Workflow = names.Sym("a"), names.Sym("b")
	usd := 30.0
	a.Facts = &tracefmt.RunFacts{Values: []tracefmt.Value{{Unit: "hours", Amount: 2}}, ValueUSD: &usd}
	r := collectRuns(a, b).value(context.Background(), names, DimWorkflow)
	if len(r.Values) != 2 || r.Values[0].PerUnit.USD != 4*tracefmt.Dollar || r.Values[1].Unit != "usd" || r.Values[1].PerUSD != 3.75 {
		t.Errorf("%+v", r.Values)
	}
	if r.Flows[0].Workflow != "b" || r.Flows[0].Values != nil {
		t.Errorf("%+v", r.Flows)
	}
}

func TestTJ2(t *testing.T) {
	names := tracefmt.NewNames()
	points := map[string]struct {
		cost    float64 // USD
		quality int64   // percent
	}{"A": {0.10, 70}, "B": {0.20, 80}, "C": {0.25, 78}, "D": {0.50, 90}, "E": {0.60, 90}, "F": {0.30, 82}}
	x, s := &Runs{}, Student{}
	for name, p := range points {
		for i := range int64(100) {
			o := tracefmt.OutcomeFailure
			if i < p.quality {
				o = tracefmt.OutcomeSuccess
			}
			run := costRun(cents(p.cost*100), o)
			run.Workflow = names.Sym(name)
			x.add(s.Study(run), nil)
		}
	}
	r := x.value(context.Background(), names, DimWorkflow)
	path := func(list []FrontierStep) (s string) {
		for _, step := range list {
			s += r.Flows[step.Flow].Workflow
		}
		return s
	}
	if path(r.Frontier) != "ABFD" || path(r.Hull) != "ABD" {
		t.Errorf("frontier %s, hull %s", path(r.Frontier), path(r.Hull))
	}
	near(t, "A to B", r.Frontier[1].Extra, 1)
	near(t, "B to F", r.Frontier[2].Extra, 5)
	near(t, "F to D", r.Frontier[3].Extra, 2.5)
	near(t, "B to D", r.Hull[2].Extra, 3)
	if !math.IsNaN(r.Frontier[0].Extra) {
		t.Error("the cheapest flow is no step from another")
	}
	for _, f := range r.Flows {
		by := map[string]string{"C": "B", "E": "D"}[f.Workflow]
		if by == "" && (f.DominatedBy != -1 || f.Standing != StandingFrontier) || by != "" && r.Flows[f.DominatedBy].Workflow != by {
			t.Errorf("%+v", f)
		}
		switch f.Workflow {
		case "A":
			near(t, "cost per success", f.PerSuccess.USD.Float(), 0.142857142857)
		case "D":
			near(t, "cost per success", f.PerSuccess.USD.Float(), 0.555555555556)
		case "C":
			// It costs more in every resample, and is worse than B in most, but not better than A: F and D cost more.
			if f.Standing != StandingPossiblyDominated || f.Agreement < 0.5 || f.Agreement > 0.95 {
				t.Errorf("%+v", f)
			}
		}
	}
}

func TestClearlyDominated(t *testing.T) {
	names := tracefmt.NewNames()
	x, s := &Runs{}, Student{}
	for i := range 60 {
		good, bad := costRun(cents(10), tracefmt.OutcomeSuccess), costRun(cents(20), tracefmt.OutcomeFailure)
		if i%10 == 0 {
			good.Outcome, bad.Outcome = bad.Outcome, good.Outcome
		}
		good.Workflow, bad.Workflow = names.Sym("good"), names.Sym("bad")
		x.add(s.Study(good), nil)
		x.add(s.Study(bad), nil)
	}
	r := x.value(context.Background(), names, DimWorkflow)
	if f := r.Flows[0]; f.Workflow != "bad" || f.Standing != StandingDominated || f.Agreement < 0.999 {
		t.Errorf("%+v", f)
	}
	// By model they are one flow each.
	if r := x.value(context.Background(), names, DimModel); len(r.Flows) != 2 {
		t.Errorf("%+v", r.Flows)
	}
}

func TestEqualFlowsDoNotDominate(t *testing.T) {
	nan := math.NaN()
	got := dominators([]flowPoint{{1, 0.5}, {1, 0.5}, {1, 0.4}, {2, 0.5}, {3, nan}, {0.5, 0.1}})
	want := []int{-1, -1, 0, 0, -1, -1}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("dominators %v, want %v", got, want)
			break
		}
	}
}

// Of 40,000 runs half are drawn. The flow that is worse by what chance explains stays possibly dominated, the other one is.
func TestManyRunsAreResampledInPart(t *testing.T) {
	names := tracefmt.NewNames()
	a, b, c := names.Sym("a"), names.Sym("b"), names.Sym("c")
	x := &Runs{}
	for i := range 40_000 {
		row := RunRow{Cost: 10, Workflow: a, Outcome: tracefmt.OutcomeSuccess}
		switch {
		case i%4 == 1:
			row.Workflow, row.Cost = b, 11
		case i%4 == 3:
			row.Workflow, row.Cost = c, 11
		}
		if i/4%10 == 0 || row.Workflow == b && i/4%10 == 1 || row.Workflow == c && i/4%500 == 1 {
			row.Outcome = tracefmt.OutcomeFailure // 10 % of a, 20 % of b, 10.2 % of c
		}
		x.rows = append(x.rows, row)
	}
	r := x.value(context.Background(), names, DimWorkflow)
	want := map[string]Standing{"a": StandingFrontier, "b": StandingDominated, "c": StandingPossiblyDominated}
	for _, f := range r.Flows {
		if f.Standing != want[f.Workflow] {
			t.Errorf("%+v", f)
		}
	}
}

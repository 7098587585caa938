package analyze

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"costscope/tracefmt"
)

// surveyed runs a survey over runs in the order given.
func surveyed(q Query, names *tracefmt.Names, runs []*tracefmt.Run) *Survey {
	s := NewSurvey(q, names, Config{}, nil)
	for _, r := range runs {
		s.Add(r)
	}
	return s
}

// surveyRuns are invented runs of two agents.
func surveyRuns(names *tracefmt.Names, n int) (runs []*tracefmt.Run) {
	gen := rand.New(rand.NewPCG(31, 32))
	agents := []tracefmt.Sym{names.Sym("planner"), names.Sym("executor")}
	for i := range n {
		r := &tracefmt.Run{ID: string(rune('a' + i)), Workflow: names.Sym("w"), Outcome: tracefmt.OutcomeSuccess}
		for range 1 + gen.IntN(5) {
			size := 100 + gen.Int64N(900)
			c := tracefmt.Call{Record: &tracefmt.Record{}, Kind: tracefmt.KindLLM, Up: -1, IsCall: true, Counted: true, State: tracefmt.CostRecorded,
				Workflow: r.Workflow, Agent: agents[gen.IntN(2)], Cost: tracefmt.USD(gen.Int64N(1e9))}
			c.Usage.Input, c.Usage.Output, c.Has = size, 10, tracefmt.HasUsage
			r.Calls = append(r.Calls, c)
		}
		runs = append(runs, r)
	}
	return runs
}

func TestSurveyMergesInAnyOrder(t *testing.T) {
	names := tracefmt.NewNames()
	runs := surveyRuns(names, 30)
	q := Query{By: []Dimension{{Dim: DimAgent}}}
	want := surveyed(q, names, runs)
	total := tracefmt.USD(0)
	for _, r := range runs {
		for i := range r.Calls {
			total += r.Calls[i].Cost
		}
	}
	if got := want.Side(); got.Runs != 30 || len(got.Paths) != 2 || got.Paths[0].Cost+got.Paths[1].Cost != total || want.Prompts.Cost != total ||
		want.Prompts.Flat+want.Prompts.Growth != total || len(want.Samples()) != 30 {
		t.Fatalf("%d runs, paths %v, prompts %+v, want a total of %v", got.Runs, got.Paths, want.Prompts, total)
	}
	gen := rand.New(rand.NewPCG(33, 34))
	for range 10 {
		gen.Shuffle(len(runs), func(i, k int) { runs[i], runs[k] = runs[k], runs[i] })
		at := gen.IntN(len(runs))
		got, other := surveyed(q, names, runs[:at]), surveyed(q, names, runs[at:])
		got.Merge(other)
		if !reflect.DeepEqual(got.Side(), want.Side()) || !reflect.DeepEqual(got.Samples(), want.Samples()) || got.Prompts != want.Prompts || got.Warned != want.Warned {
			t.Fatalf("split at %d:\n got %+v\nwant %+v", at, got.Side(), want.Side())
		}
	}
}

func TestSurveyLooksAtItsScopeOnly(t *testing.T) {
	names := tracefmt.NewNames()
	runs := surveyRuns(names, 30)
	p, err := ParsePred("agent=planner")
	if err != nil {
		t.Fatal(err)
	}
	all, part := surveyed(Query{By: []Dimension{{Dim: DimAgent}}}, names, runs), surveyed(Query{Where: []Pred{p}}, names, runs)
	planner := all.Side().Paths[1]
	if planner.Path[0] != "planner" || part.Runs != planner.Runs || part.Prompts.Cost != planner.Cost || !reflect.DeepEqual(part.Samples(), planner.Sample) || part.Runs == 30 {
		t.Errorf("%+v, want %+v", part.Side(), planner)
	}
}

// TestContextFactorOfTD1 is the table of T-D1, in micro-dollars.
func TestContextFactorOfTD1(t *testing.T) {
	const micro = 1_000_000
	p := PromptTotals{Flat: 36_000*micro + 18_000*micro, Growth: 33_000 * micro}
	if got := p.ContextFactor(); math.Abs(got-1.611111111) > 1e-9 {
		t.Errorf("%v", got)
	}
	if got := (&PromptTotals{}).ContextFactor(); !math.IsNaN(got) {
		t.Errorf("without cost: %v", got)
	}
}

func TestRunsThatHaveNotEndedAreNoSample(t *testing.T) {
	names := tracefmt.NewNames()
	runs := surveyRuns(names, 12)
	runs[3].Outcome = tracefmt.OutcomeInFlight
	if s := surveyed(Query{}, names, runs); len(s.Samples()) != 11 || s.Runs != 12 {
		t.Errorf("%d samples of %d runs", len(s.Samples()), s.Runs)
	}
}

package analyze

import (
	"context"
	"fmt"
	"math"
	"testing"

	"costscope/tracefmt"
)

// costRun is a run of one call.
func costRun(cost tracefmt.USD, o tracefmt.Outcome) *tracefmt.Run {
	return runOf(o, try{id: "a", cost: int64(cost), model: 1})
}

// runsH1 are the runs of T-H1.
func runsH1() (list []*tracefmt.Run) {
	outcomes := map[byte]tracefmt.Outcome{'S': tracefmt.OutcomeSuccess, 'F': tracefmt.OutcomeFailure, 'U': tracefmt.OutcomeUnknown}
	for i, x := range []float64{10, 12, 15, 20, 22, 30, 35, 60, 95, 301} {
		list = append(list, costRun(cents(x), outcomes["SSSFSFUFSU"[i]]))
	}
	return list
}

func collectRuns(runs ...*tracefmt.Run) *Runs {
	x, s := &Runs{}, Student{}
	for _, run := range runs {
		x.add(s.Study(run), nil)
	}
	return x
}

func TestTH1(t *testing.T) {
	r := collectRuns(runsH1()...).successes(context.Background())
	if r.PerSuccess != (Amount{cents(96), true}) || r.Low != (Amount{857142857143, true}) || r.High != (Amount{cents(120), true}) {
		t.Errorf("%+v", r.Outcomes)
	}
	near(t, "failure cost ratio", r.FailureRatio, 1.190476190)
	near(t, "interval, low", r.Interval.Low/1e10, 29.2)
	near(t, "interval, high", r.Interval.High/1e10, 296.1)
	if !r.Interval.OK || !r.Indicative || r.OverTasks || r.Tasks != 0 || r.PerTask.Known {
		t.Errorf("%+v", r)
	}
}

func TestTH2(t *testing.T) {
	for _, c := range []struct {
		n    int
		cost float64
		want float64
	}{{7, 140, 57.444249867}, {30, 600, 210.451322335}} {
		x := &Runs{}
		for range c.n {
			x.add(new(Student).Study(costRun(cents(c.cost/float64(c.n)), tracefmt.OutcomeFailure)), nil)
		}
		r := x.successes(context.Background())
		if r.PerSuccess.Known || !r.AtLeast.Known || r.Interval.OK && !math.IsInf(r.Interval.High, 1) {
			t.Errorf("%d failures: %+v", c.n, r)
		}
		near(t, "at least", r.AtLeast.USD.Float()*100, c.want)
	}
}

// Four tasks of three runs each: 4 dollars a run. Two tasks are solved: 48/2.
func TestTasksAreDrawnWhereTheyRepeat(t *testing.T) {
	var runs []*tracefmt.Run
	for i := range 12 {
		o := tracefmt.OutcomeFailure
		if i < 4 {
			o = tracefmt.OutcomeSuccess
		}
		run := costRun(cents(400), o)
		run.Facts = &tracefmt.RunFacts{Task: fmt.Sprint("task", i/3)}
		runs = append(runs, run)
	}
	r := collectRuns(runs...).successes(context.Background())
	if r.Tasks != 4 || r.Solved != 2 || r.PerTask != (Amount{cents(2400), true}) || !r.OverTasks || r.PerSuccess != (Amount{cents(1200), true}) {
		t.Errorf("%+v", r)
	}
	if r.Interval.OK {
		t.Error("four tasks are too few for an interval")
	}
	for i, run := range runs {
		run.Facts.Task = fmt.Sprint("task", i)
	}
	r = collectRuns(runs...).successes(context.Background())
	if r.OverTasks || !r.Interval.OK || r.Tasks != 12 || r.Solved != 4 {
		t.Errorf("every run a task: %+v", r)
	}
}

func TestTH3(t *testing.T) {
	c := NewCapCurve(collectRuns(runsH1()...).Rows())
	if c.Runs != 8 || c.Success != 5 || c.Spend != cents(264) {
		t.Errorf("%+v", c)
	}
	for _, x := range []struct {
		cap, spend float64
		kept       int64
	}{{20, 137, 3}, {30, 169, 4}, {60, 229, 4}, {100, 264, 5}} {
		if got := c.At(cents(x.cap)); got != (CapPoint{cents(x.cap), cents(x.spend), x.kept}) {
			t.Errorf("cap %v: %+v", x.cap, got)
		}
	}
	near(t, "area", c.Area(cents(100)), 0.4325)
	if c.Keep95.Cap != cents(95) || len(c.Points) != 5 || c.Points[4] != (CapPoint{cents(95), cents(264), 5}) {
		t.Errorf("%+v, points %+v", c.Keep95, c.Points)
	}
	if c := NewCapCurve(nil); c.Points != nil || !math.IsNaN(c.Area(5)) {
		t.Errorf("no runs: %+v", c)
	}
}

func TestRunsMerge(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 31, 120)
	for i, run := range runs {
		run.HasScore, run.Score = i%3 > 0, float64(i%7)/7
		run.Facts = &tracefmt.RunFacts{Task: fmt.Sprint(i % 30), Values: []tracefmt.Value{{Unit: "hours", Amount: 0.1 * float64(i)}}}
	}
	mergesInAnyOrder(t, runs, func() *Runs { return &Runs{} }, func(x *Runs) any {
		ctx := context.Background()
		return []any{x.successes(ctx), NewCapCurve(x.Rows()), NewAccuracy(x.Rows()), x.value(ctx, names, DimWorkflow), x.value(ctx, names, DimModel)}
	})
}

func TestRunsOfAScope(t *testing.T) {
	run := runOf(tracefmt.OutcomeSuccess, try{id: "a", cost: 5}, try{id: "b", cost: 7, unknown: true}, try{id: "c", cost: 9})
	x := &Runs{}
	st := new(Student).Study(run)
	x.add(st, []bool{true, false, false})
	x.add(st, []bool{false, false, false})
	x.add(st, nil)
	x.add(new(Student).Study(&tracefmt.Run{Outcome: tracefmt.OutcomeFailure}), []bool{})
	rows := x.Rows()
	if len(rows) != 3 || rows[0].Cost != 0 || rows[1].Cost != 5 || rows[1].Incomplete || rows[2].Cost != 14 || !rows[2].Incomplete {
		t.Errorf("%+v", rows)
	}
}

func manyRuns(n int) *Runs {
	x := &Runs{}
	gen := splitMix(3)
	for i := range n {
		x.rows = append(x.rows, RunRow{Cost: tracefmt.USD(gen.index(1e12)), Outcome: tracefmt.Outcome(gen.index(3)), Workflow: tracefmt.Sym(gen.index(3)),
			Model: tracefmt.Sym(gen.index(5)), Score: float64(gen.index(100)), HasScore: true, Start: int64(1 + i)})
	}
	x.Rows()
	return x
}

func BenchmarkSuccesses(b *testing.B) {
	x := manyRuns(66_000)
	for b.Loop() {
		x.successes(b.Context())
	}
}

func BenchmarkFlows(b *testing.B) {
	x, names := manyRuns(66_000), tracefmt.NewNames()
	for b.Loop() {
		x.value(b.Context(), names, DimModel)
	}
}

func BenchmarkRuns(b *testing.B) {
	x := &Runs{}
	benchAdd(b, benchRuns(tracefmt.NewNames(), 100), func(st *Study) {
		if len(x.rows) > 1<<16 {
			x.rows = x.rows[:0]
		}
		x.add(st, nil)
	})
}

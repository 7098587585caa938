package analyze

import (
	"math"
	"testing"

	"costscope/tracefmt"
)

func TestTK1(t *testing.T) {
	before := Outcomes{Success: 70, Failure: 30, Cost: 28 * tracefmt.Dollar}
	after := Outcomes{Success: 50, Failure: 50, Cost: 35 * tracefmt.Dollar}
	c := NewSuccessChange(&before, &after)
	if !c.OK || c.RunsBefore != 100 || c.RunsAfter != 100 {
		t.Errorf("%+v", c)
	}
	near(t, "before", c.Before, 0.40)
	near(t, "after", c.After, 0.70)
	near(t, "cost effect", c.CostEffect, 0.119623261)
	near(t, "accuracy effect", c.AccuracyEffect, 0.180376739)
	near(t, "sum", c.CostEffect+c.AccuracyEffect, 0.3)
	near(t, "cost ratio", c.CostRatio, 1.25)
	near(t, "accuracy ratio", c.AccuracyRatio, 1.4)
	if c := NewSuccessChange(&Outcomes{}, &after); c.OK || c.CostEffect != 0 {
		t.Errorf("nothing before: %+v", c)
	}
}

func TestTK2(t *testing.T) {
	c := NewMixChange([]MixGroup{{"easy", 80, 40, 8, 3.2}, {"hard", 20, 60, 20, 54}})
	near(t, "before", c.Before, 0.28)
	near(t, "after", c.After, 0.572)
	near(t, "change", c.Change, 0.292)
	near(t, "mix", c.Mix, 0.344)
	near(t, "rate", c.Rate, -0.052)
	if !c.RateFirst {
		t.Error("every class got cheaper: that comes first")
	}
}

func TestMixOfNewGroups(t *testing.T) {
	// half of the runs after are of a kind that costs 3 instead of 1: all of the change is mix
	c := NewMixChange([]MixGroup{{"old", 10, 5, 10, 5}, {"new", 0, 5, 0, 15}, {"none", 0, 0, 0, 0}})
	near(t, "mix", c.Mix, 1)
	near(t, "rate", c.Rate, 0)
	near(t, "change", c.Change, 1)
	if c := NewMixChange([]MixGroup{{"a", 10, 10, 10, 20}}); c.RateFirst || c.Mix != 0 {
		t.Errorf("one group: %+v", c)
	}
}

func TestQuintiles(t *testing.T) {
	var rows []RunRow
	for i := range 20 {
		rows = append(rows, RunRow{Cost: tracefmt.USD(100 - i), HasScore: true, Score: float64(i)})
	}
	rows = append(rows, RunRow{Cost: 1e6}, RunRow{Cost: 1e6, HasScore: true, Score: 99, Outcome: tracefmt.OutcomeInFlight})
	a := NewAccuracy(rows)
	near(t, "rho", a.Rho, -1)
	if a.Scored != 20 || len(a.Quintiles) != 5 {
		t.Fatalf("%+v", a)
	}
	if q := a.Quintiles[1]; q.Fifth != 2 || q.Runs != 4 || q.Low != 4 || q.High != 7 || q.Cost != 96+95+94+93 || q.Mean != 95 {
		t.Errorf("%+v", q) // 94.5 is rounded away from zero
	}
}

// Nine failures of score 0 and a success of score 1: the middle of the nine is the third fifth.
func TestQuintilesKeepEqualScoresTogether(t *testing.T) {
	var rows []RunRow
	for range 9 {
		rows = append(rows, RunRow{Cost: 4, HasScore: true, Outcome: tracefmt.OutcomeFailure})
	}
	rows = append(rows, RunRow{Cost: 2, HasScore: true, Score: 1, Outcome: tracefmt.OutcomeSuccess})
	a := NewAccuracy(rows)
	if len(a.Quintiles) != 2 || a.Quintiles[0].Fifth != 3 || a.Quintiles[0].Fail != 9 || a.Quintiles[1].Fifth != 5 || a.Quintiles[1].Success != 1 {
		t.Errorf("%+v", a.Quintiles)
	}
	near(t, "failure ratio", a.FailureRatio, 2)
	if a := NewAccuracy(rows[:9]); a.Quintiles != nil || !math.IsNaN(a.Rho) {
		t.Errorf("nine runs: %+v", a)
	}
}

// The cost per success doubles: runs cost as much, half as many succeed.
func TestHalves(t *testing.T) {
	var rows []RunRow
	for i := range 40 {
		r := RunRow{Cost: cents(10), Start: int64(1 + i), Outcome: tracefmt.OutcomeSuccess, Workflow: 1}
		if i >= 20 && i%2 == 0 {
			r.Outcome = tracefmt.OutcomeFailure
		}
		rows = append(rows, r)
	}
	rows = append(rows, RunRow{Cost: cents(1e6)}, RunRow{Cost: cents(1e6), Start: 99, Outcome: tracefmt.OutcomeInFlight})
	c := NewHalfChange(rows, tracefmt.NewNames(), DimWorkflow)
	if !c.OK || c.Split != 21 || c.Success.RunsBefore != 20 || c.Success.RunsAfter != 20 {
		t.Fatalf("%+v", c)
	}
	near(t, "accuracy effect", c.Success.AccuracyEffect, 0.1)
	near(t, "cost effect", c.Success.CostEffect, 0)
	near(t, "quality", c.Quality.Change, -0.5)
	near(t, "rate", c.Quality.Rate, -0.5)
	if c.Cost.Change != 0 || c.Cost.RateFirst {
		t.Errorf("%+v", c.Cost)
	}
	if c := NewHalfChange(rows[:19], tracefmt.NewNames(), DimWorkflow); c.OK {
		t.Errorf("nine and ten runs: %+v", c)
	}
	for i := range rows {
		rows[i].Start = 5
	}
	if c := NewHalfChange(rows, tracefmt.NewNames(), DimWorkflow); c.OK {
		t.Errorf("all at once: %+v", c)
	}
}

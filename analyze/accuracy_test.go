package analyze

import (
	"math"
	"testing"

	"costscope/tracefmt"
)

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

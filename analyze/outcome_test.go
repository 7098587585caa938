package analyze

import (
	"math"
	"testing"

	"costscope/tracefmt"
)

func cents(x float64) tracefmt.USD { return tracefmt.USD(math.Round(x * 1e10)) }

func TestH1(t *testing.T) {
	var runs []RunCost
	for i, x := range []float64{10, 12, 15, 20, 22, 30, 35, 60, 95, 301} {
		o := map[byte]tracefmt.Outcome{'S': tracefmt.OutcomeSuccess, 'F': tracefmt.OutcomeFailure, 'U': tracefmt.OutcomeUnknown}["SSSFSFUFSU"[i]]
		runs = append(runs, RunCost{Cost: cents(x), Outcome: o})
	}
	o := NewOutcomes(runs)
	if o.Success != 5 || o.Failure != 3 || o.Unknown != 2 || o.Cost != cents(600) {
		t.Errorf("%+v", o)
	}
	if o.PerSuccess != (Amount{cents(96), true}) {
		t.Errorf("per success %v", o.PerSuccess)
	}
	if o.Low != (Amount{857142857143, true}) || o.High != (Amount{cents(120), true}) {
		t.Errorf("bounds %v %v", o.Low, o.High)
	}
	near(t, "failure cost ratio", o.FailureRatio, (110./3)/30.8)
	if o.AtLeast.Known || o.LeadWithBounds() {
		t.Error("with successes seen and a fifth unknown, the point leads")
	}
	known := NewOutcomes(append(append([]RunCost(nil), runs[:6]...), runs[7], runs[8]))
	if known.PerSuccess != (Amount{cents(52.8), true}) || known.Low.Known {
		t.Errorf("known runs only: %v, bounds %v", known.PerSuccess, known.Low)
	}
}

func TestH2(t *testing.T) {
	for _, c := range []struct {
		n    int
		cost float64
		want float64
	}{{7, 140, 57.444249867}, {30, 600, 210.451322335}} {
		runs := make([]RunCost, c.n)
		for i := range runs {
			runs[i] = RunCost{Cost: cents(c.cost / float64(c.n)), Outcome: tracefmt.OutcomeFailure}
		}
		o := NewOutcomes(runs)
		if o.PerSuccess.Known || !o.AtLeast.Known {
			t.Errorf("%d failures: %+v", c.n, o)
		}
		near(t, "at least", o.AtLeast.USD.Float()*100, c.want)
	}
}

func TestRunsInFlightStandApart(t *testing.T) {
	o := NewOutcomes([]RunCost{{Cost: 5, Outcome: tracefmt.OutcomeInFlight}, {Cost: 8, Outcome: tracefmt.OutcomeSuccess}, {Cost: 4}})
	if o.InFlight != 1 || o.InFlightUSD != 5 || o.Cost != 12 || o.PerSuccess != (Amount{6, true}) || !o.LeadWithBounds() {
		t.Errorf("%+v", o)
	}
}

func TestTA3(t *testing.T) {
	parts := []Part{{Name: "T", Weight: 1}, {Name: "C", Weight: 1}, {Name: "R", Weight: 1}}
	Split(100, parts)
	if parts[0].Amount != 33 || parts[1].Amount != 34 || parts[2].Amount != 33 {
		t.Errorf("%v", parts)
	}
	parts = []Part{{Name: "a", Weight: 1}, {Name: "b", Weight: 1}, {Name: "c", Weight: 198}}
	Split(100, parts)
	if parts[0].Amount != 1 || parts[1].Amount != 0 || parts[2].Amount != 99 {
		t.Errorf("%v", parts)
	}
	Split(-100, parts)
	if parts[0].Amount != -1 || parts[1].Amount != 0 || parts[2].Amount != -99 {
		t.Errorf("%v", parts)
	}
	none := []Part{{Name: "b"}, {Name: "a"}}
	Split(7, none)
	if none[0].Amount != 0 || none[1].Amount != 7 {
		t.Errorf("%v", none)
	}
}

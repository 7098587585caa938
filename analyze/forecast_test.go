package analyze

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"costscope/tracefmt"
)

func pilotRuns(cents ...float64) (out []RunCost) {
	for i, c := range cents {
		out = append(out, RunCost{Run: uint32(i), Cost: tracefmt.USD(c * 1e10)})
	}
	return out
}

func TestTL1(t *testing.T) {
	runs := pilotRuns(pilot...)
	slices.Reverse(runs) // the order of the runs does not matter
	f := NewForecast(context.Background(), runs, 100_000, nil)
	for what, v := range map[string][2]float64{
		"expected": {float64(f.Expected), 76_100}, "low of O.2": {float64(f.Percentile[0]), 31_625}, "high of O.2": {float64(f.Percentile[1]), 145_850},
		"top run": {float64(f.TopShare), 0.388961892}, "without it": {float64(f.WithoutTop), 47_692.307692}, "beyond": {float64(f.BeyondPilot), 2439.024390},
		"mean": {f.Mean.USD.Float(), 0.761}, "median": {f.Median.USD.Float(), 0.235},
	} {
		if math.Abs(v[0]-v[1]) > 1e-8*v[1] {
			t.Errorf("%s is %.10g, want %.10g", what, v[0], v[1])
		}
	}
	nearInterval(t, "interval", Interval{float64(f.Low), float64(f.High), true}, 35_473.197581, 758_801.965837, 1e-6)
	if math.Abs(float64(f.HighOverLow)-21.39) > 0.005 || f.Grade != GradeTooSmall || f.Pilot != 40 {
		t.Errorf("high/low %g, %s", f.HighOverLow, f.Grade)
	}
	if len(f.Reasons) != 3 || !strings.Contains(f.Reasons[0], "dearest run") || !strings.Contains(f.Reasons[1], "interval") || !strings.Contains(f.Reasons[2], "not bound") {
		t.Errorf("reasons %q", f.Reasons)
	}
	f = NewForecast(context.Background(), runs, 100_000, []ScenarioFactor{{Name: "retries", Value: 1.2, Origin: OriginMeasured}, {Name: "context", Value: 1.5, Origin: OriginAssumed}})
	near(t, "scenario", float64(f.Expected), 136_980)
	near(t, "without the factors", float64(f.Unscaled), 76_100)
	near(t, "its low end", float64(f.Low), 1.8*35_473.1975808)
}

func TestGrades(t *testing.T) {
	even := func(n int) (out []RunCost) { // costs from 10 to 49 cents
		for i := range n {
			out = append(out, pilotRuns(float64(10+i%40))...)
		}
		return out
	}
	for _, x := range []struct {
		runs    []RunCost
		grade   Grade
		reasons string
	}{
		{even(120), GradeUsable, ""},
		{even(60), GradeIndicative, "60 runs: 100 are needed to be usable"},
		{even(20), GradeTooSmall, "20 runs: 30 are needed to be indicative|intervals from fewer than 30 runs cover less than they claim"},
		{even(9), GradeTooSmall, "9 runs: 30 are needed to be indicative|fewer than ten runs: no interval"},
		{pilotRuns(make([]float64, 40)...), GradeTooSmall, "no interval: the pilot cost nothing, or the work was interrupted"},
		{nil, GradeTooSmall, "0 runs: 30 are needed to be indicative|fewer than ten runs: no interval"},
	} {
		f := NewForecast(context.Background(), x.runs, 1000, nil)
		if got := strings.Join(f.Reasons, "|"); f.Grade != x.grade || got != x.reasons {
			t.Errorf("%d runs: %s, %s", len(x.runs), f.Grade, got)
		}
		asJSON(t, f)
	}
	runs := even(120)
	runs[3].Outcome, runs[4].Incomplete = tracefmt.OutcomeInFlight, true
	runs[5] = RunCost{Incomplete: true}
	f := NewForecast(context.Background(), runs, 1000, nil)
	if f.Pilot != 118 || len(f.Reasons) != 3 || !strings.Contains(f.Reasons[0], "1 run of the pilot") || f.Reasons[1] != "1 run of unknown cost left out" {
		t.Errorf("%d runs, %q", f.Pilot, f.Reasons)
	}
}

func TestEachLimitLowersTheGrade(t *testing.T) {
	for _, x := range []struct {
		pilot       int
		top, spread Fraction
		want        Grade
		reasons     int
	}{
		{100, 0.10, 2, GradeUsable, 0}, {99, 0.10, 2, GradeIndicative, 1}, {100, 0.11, 2, GradeIndicative, 1}, {100, 0.10, 2.1, GradeIndicative, 1},
		{30, 0.25, 4, GradeIndicative, 3}, {29, 0.25, 4, GradeTooSmall, 1}, {30, 0.26, 4, GradeTooSmall, 1}, {30, 0.25, 4.1, GradeTooSmall, 1},
		{500, 0.01, Fraction(math.NaN()), GradeTooSmall, 0},
	} {
		f := Forecast{Pilot: x.pilot, TopShare: x.top, HighOverLow: x.spread}
		if f.judge(); f.Grade != x.want || len(f.Reasons) != x.reasons {
			t.Errorf("%+v: %s, %q", x, f.Grade, f.Reasons)
		}
	}
}

func TestCappedPilotIsNamed(t *testing.T) {
	f := NewForecast(context.Background(), pilotRuns(append(slices.Repeat([]float64{10}, 180), slices.Repeat([]float64{100}, 20)...)...), 1000, nil)
	if !slices.ContainsFunc(f.Reasons, func(s string) bool { return strings.Contains(s, "capped near $1") }) {
		t.Errorf("%q", f.Reasons)
	}
	var tail []float64 // index 1.5
	for i := range 400 {
		tail = append(tail, math.Round(10*math.Pow((float64(i)+0.5)/400, -1/1.5)))
	}
	f = NewForecast(context.Background(), pilotRuns(tail...), 1000, nil)
	if !slices.ContainsFunc(f.Reasons, func(s string) bool { return strings.Contains(s, "variance is not finite") }) {
		t.Errorf("%q", f.Reasons)
	}
}

func TestContextFactorIsCapped(t *testing.T) {
	if f := ContextFactor(3, OriginAssumed, 100_000, 200_000); f.Value != 2 || f.Note == "" {
		t.Errorf("%+v", f)
	}
	if f := ContextFactor(1.5, OriginMeasured, 100_000, 200_000); f.Value != 1.5 || f.Note != "" {
		t.Errorf("%+v", f)
	}
	if f := ContextFactor(3, OriginAssumed, 100_000, 0); f.Value != 3 {
		t.Errorf("%+v", f)
	}
	if f := ContextFactor(3, OriginAssumed, 300_000, 200_000); f.Value != 1 {
		t.Errorf("%+v", f)
	}
}

func TestMeasuredFactors(t *testing.T) {
	s := DriftSeries{Verdict: VerdictTrend, Trend: 0.1}
	f := s.MeasuredContext(2, 0.5, 1000, 200_000)
	near(t, "two weeks of 10 %, half of the cost", f.Value, 1.105)
	if f.Origin != OriginMeasured {
		t.Errorf("%+v", f)
	}
	near(t, "no further than the window", s.MeasuredContext(100, 0.5, 100_000, 200_000).Value, 1.5)
	s.Verdict = VerdictNone
	if f := s.MeasuredContext(2, 0.5, 1000, 0); f != (ScenarioFactor{"context", 1, OriginNone, ""}) {
		t.Errorf("%+v", f)
	}
	near(t, "ten times the load at elasticity 1.3", MeasuredLoad(1.3, 10).Value, math.Pow(10, 0.3))
	if f := MeasuredLoad(math.NaN(), 10); f != (ScenarioFactor{"retries", 1, OriginNone, ""}) {
		t.Errorf("%+v", f)
	}
}

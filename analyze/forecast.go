package analyze

import (
	"context"
	"fmt"
	"math"
	"slices"

	"costscope/tracefmt"
)

// A Forecast projects a pilot to production (analysis-spec L). Its money is in dollars as floating point: production may cost more than
// tracefmt.USD holds.
type Forecast struct {
	Runs        int64            `json:"runs"`       // of production
	Pilot       int              `json:"pilot_runs"` // finished runs of the pilot
	Expected    Fraction         `json:"expected_usd"`
	Low         Fraction         `json:"low_usd"` // the interval holds the expected cost with 95 % confidence; NaN from fewer than ten runs
	High        Fraction         `json:"high_usd"`
	Grade       Grade            `json:"grade"`
	Reasons     []string         `json:"reasons"` // why the grade is no better, and what else to know
	Factors     []ScenarioFactor `json:"factors"` // Expected, Low, High and WithoutTop contain them
	BeyondPilot Fraction         `json:"beyond_pilot"`
	WithoutTop  Fraction         `json:"without_top_run_usd"`
	Unscaled    Fraction         `json:"without_factors_usd"` // Expected without the factors
	Mean        Amount           `json:"mean_usd"`            // cost of a pilot run
	Median      Amount           `json:"median_usd"`
	TopShare    Fraction         `json:"top_run_share"`
	HighOverLow Fraction         `json:"high_over_low"`
	Coverage    *[2]int          `json:"simulated_coverage_percent"` // how many of 100 such intervals held the truth on simulated pilots of this size; nil without an interval
	Percentile  [2]Fraction      `json:"percentile_interval_usd"`    // the plain bootstrap (O.2), for comparison
}

// A Grade says what a forecast is good for.
type Grade string

// The grades.
const (
	GradeUsable     Grade = "usable"
	GradeIndicative Grade = "indicative"
	GradeTooSmall   Grade = "too small" // show the interval and the reasons, no single number
)

// An Origin says where a factor comes from.
type Origin string

// The origins.
const (
	OriginMeasured Origin = "measured"
	OriginAssumed  Origin = "assumed" // typed by the user
	OriginNone     Origin = "none"    // the factor is 1
)

// A ScenarioFactor is what production costs more (or less) than the pilot by: "retries", "context", "price".
type ScenarioFactor struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Origin Origin  `json:"origin"`
	Note   string  `json:"note,omitempty"`
}

// ContextFactor is how much larger prompts get, capped at what the model's window takes: largest are the tokens of the largest prompt of the
// pilot. A window of 0 is not known and caps nothing.
func ContextFactor(value float64, origin Origin, largest, window int64) ScenarioFactor {
	f := ScenarioFactor{Name: "context", Value: value, Origin: origin}
	if limit := ratio(window, largest); window > 0 && value > limit {
		f.Value = max(limit, 1)
		f.Note = fmt.Sprintf("capped: the window of %s tokens is %s the largest prompt", Count(window), Times(limit))
	}
	return f
}

// MeasuredContext is what prompts that go on growing as they did cost more, after so many periods of the series: only the part of the cost
// that is input grows. It is 1 where the series shows no trend.
func (s *DriftSeries) MeasuredContext(periods, inputShare float64, largest, window int64) ScenarioFactor {
	if s.Verdict != VerdictTrend || math.IsNaN(inputShare) {
		return ScenarioFactor{Name: "context", Value: 1, Origin: OriginNone}
	}
	f := ContextFactor(math.Pow(1+float64(s.Trend), periods), OriginMeasured, largest, window)
	f.Value = 1 + inputShare*(f.Value-1)
	return f
}

// MeasuredLoad is what a unit of work costs more at so many times the load, by the elasticity of spend (analysis-spec I.3). It is 1 where the
// load did not vary enough to tell.
func MeasuredLoad(elasticity, times float64) ScenarioFactor {
	if math.IsNaN(elasticity) || times <= 0 {
		return ScenarioFactor{Name: "retries", Value: 1, Origin: OriginNone}
	}
	return ScenarioFactor{Name: "retries", Value: math.Pow(times, elasticity-1), Origin: OriginMeasured}
}

// The limits of the grades: at least so many runs, the top run at most this part of the cost, and the interval at most so wide.
var grades = [...]struct {
	grade    Grade
	runs     int
	topShare float64
	width    float64
}{{GradeUsable, 100, 0.10, 2}, {GradeIndicative, 30, 0.25, 4}}

// NewForecast projects runs of a pilot to a number of runs. Runs in flight, and runs of unknown cost, do not count.
func NewForecast(ctx context.Context, pilot []RunCost, runs int64, factors []ScenarioFactor) Forecast {
	finished := slices.DeleteFunc(slices.Clone(pilot), func(r RunCost) bool { return r.Outcome == tracefmt.OutcomeInFlight })
	s := NewRunSpread(finished)
	f := forecastOf(ctx, s.Costs, runs, factors)
	if s.Partial > 0 {
		f.because("%s of the pilot with calls of unknown cost: the forecast is a lower bound", plural(s.Partial, "run"))
	}
	if s.Unknown > 0 {
		f.because("%s of unknown cost left out", plural(s.Unknown, "run"))
	}
	if flying := int64(len(pilot) - len(finished)); flying > 0 {
		f.because("%s in flight left out", plural(flying, "run"))
	}
	return f
}

// forecastOf projects the costs of finished runs; it sorts them.
func forecastOf(ctx context.Context, costs []tracefmt.USD, runs int64, factors []ScenarioFactor) Forecast {
	t := NewTail(costs)
	x := ascending(costs)
	scale, n := 1.0, float64(runs)
	for _, f := range factors {
		scale *= f.Value
	}
	f := Forecast{
		Runs: runs, Pilot: t.N, Factors: append([]ScenarioFactor{}, factors...), Reasons: []string{},
		Mean: Amount{t.Mean, t.N > 0}, Median: Amount{t.Median, t.N > 0},
		BeyondPilot: Fraction(n / float64(t.N+1)), TopShare: Fraction(ratio(int64(t.Max), int64(t.Sum))), WithoutTop: Fraction(math.NaN()),
		Unscaled: Fraction(n * mean(x)), Expected: Fraction(n * mean(x) * scale),
	}
	if t.N > 1 {
		f.WithoutTop = Fraction(n * mean(x[:t.N-1]) * scale)
	}
	f.intervals(ctx, x, n*scale)
	f.judge()
	f.name(&t)
	return f
}

// intervals sets both intervals.
func (f *Forecast) intervals(ctx context.Context, x []float64, scale float64) {
	nan := Fraction(math.NaN())
	f.Low, f.High, f.HighOverLow, f.Percentile = nan, nan, nan, [2]Fraction{nan, nan}
	if in := MeanInterval(ctx, x); in.OK {
		f.Low, f.High, f.HighOverLow = Fraction(in.Low*scale), Fraction(in.High*scale), Fraction(in.High/in.Low)
		f.Coverage = simulatedCoverage(len(x))
	}
	if in := BootstrapMean(ctx, x); in.OK {
		f.Percentile = [2]Fraction{Fraction(in.Low * scale), Fraction(in.High * scale)}
	}
}

// covers is how many of 100 intervals from so many runs held the mean of what they were drawn from, over laws of cost from an exponential to
// one run in ten that is twenty times as dear (TestIntervalsCoverAsStated simulates it). A dear tail that the pilot has not met is in no
// interval, however narrow: the fewer runs, the likelier.
var covers = [...]struct {
	runs int
	held [2]int
}{{100, [2]int{90, 95}}, {30, [2]int{85, 95}}, {minSample, [2]int{70, 95}}}

func simulatedCoverage(n int) *[2]int {
	for i := range covers {
		if n >= covers[i].runs {
			return &covers[i].held
		}
	}
	return nil
}

// judge sets the grade, and says what keeps it from being the best.
func (f *Forecast) judge() {
	f.Grade = GradeTooSmall
	for _, g := range slices.Backward(grades[:]) {
		if f.Pilot >= g.runs && float64(f.TopShare) <= g.topShare && float64(f.HighOverLow) <= g.width {
			f.Grade = g.grade
		}
	}
	if f.Grade == GradeUsable {
		return
	}
	g := grades[0]
	if f.Grade == GradeTooSmall {
		g = grades[1]
	}
	if f.Pilot < g.runs {
		f.because("%d runs: %d are needed to be %s", f.Pilot, g.runs, g.grade)
	}
	if float64(f.TopShare) > g.topShare {
		f.because("the dearest run is %s of the cost: above %s", Percent(float64(f.TopShare)), Percent(g.topShare))
	}
	if float64(f.HighOverLow) > g.width {
		f.because("the interval's high end is %s its low end: above %s", Times(float64(f.HighOverLow)), Times(g.width))
	}
}

func (f *Forecast) because(format string, args ...any) {
	f.Reasons = append(f.Reasons, fmt.Sprintf(format, args...))
}

// name adds what the sample is known to be weak in.
func (f *Forecast) name(t *Tail) {
	if f.Pilot < minSample {
		f.because("fewer than ten runs: no interval")
	} else if math.IsNaN(float64(f.HighOverLow)) {
		f.because("no interval: the pilot cost nothing, or the work was interrupted")
	} else if f.Pilot < 30 {
		f.because("intervals from fewer than 30 runs cover less than they claim")
	}
	if float64(f.HighOverLow) > 10 {
		f.because("this sample does not bound the cost from above")
	}
	if t.Capped {
		f.because("the cost per run seems capped near %s", Money(t.Max))
	}
	switch {
	case t.Index <= 1:
		f.because("tail index %.2f: the mean is not finite", t.Index)
	case t.Index < 2:
		f.because("tail index %.2f: the variance is not finite, intervals are unreliable", t.Index)
	}
	if t.Overflow {
		f.because("the costs of the pilot exceed what costscope can add up (9.2 million USD)")
	}
}

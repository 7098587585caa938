package analyze

import (
	"cmp"
	"context"
	"math"
	"slices"

	"costscope/tracefmt"
)

// A failedRun is what a failed run cost, and what of it came after a warning.
type failedRun struct{ after, cost tracefmt.USD }

// What a gate's limits are judged by, from the answers that hold it. Limits on context_factor and post_warning_share take theirs from the
// sections that measure them.

// MeasureTotal is the cost of a scope: a lower bound where some of it is not known.
func MeasureTotal(s *Summary) Measured {
	m := ofSummary(s, s.Cost.Float())
	m.Bound = m.Partial && s.CostKnown()
	return m
}

// MeasureWaste is the part of the cost that went into attempts that were not accepted.
func MeasureWaste(s *Summary) Measured { return ofSummary(s, s.WasteShare()) }

// MeasureAmplification is how many times the cost is what it had been without retries.
func MeasureAmplification(s *Summary) Measured {
	return ofSummary(s, ratio(int64(s.Cost), int64(s.Cost-s.RetryCost)))
}

func ofSummary(s *Summary, value float64) Measured {
	m := Measured{Value: value, High: math.NaN(), Sample: s.Calls, Partial: s.Incomplete()}
	switch {
	case s.Overflow():
		m.Value, m.Explanation = math.NaN(), "the sums exceed what costscope can hold"
	case !s.CostKnown():
		m.Value, m.Explanation = math.NaN(), "no cost is known"
	case math.IsNaN(value):
		m.Explanation = "nothing was spent"
	}
	return m
}

// MeasurePerRun is the mean cost of a run. partial is the number of runs with calls of unknown cost.
func MeasurePerRun(t *Tail, partial int64) Measured { return ofTail(t, t.Mean.Float(), partial) }

// MeasureP95 is what one run in twenty costs more than.
func MeasureP95(t *Tail, partial int64) Measured { return ofTail(t, t.P95.Float(), partial) }

func ofTail(t *Tail, value float64, partial int64) Measured {
	m := Measured{Value: value, High: math.NaN(), Sample: int64(t.N), Partial: partial > 0}
	switch {
	case t.Overflow:
		m.Value, m.Explanation = math.NaN(), "the sums exceed what costscope can hold"
	case t.N == 0:
		m.Value, m.Explanation = math.NaN(), "no run has ended"
	case t.Max == 0 && t.Sum == 0 && partial > 0:
		m.Value, m.Explanation = math.NaN(), "no cost is known"
	}
	return m
}

// MeasurePerSuccess is what a success costs. Without any, it is what it costs at least; that holds for any number of runs.
func MeasurePerSuccess(o *Outcomes, partial int64) Measured {
	m := Measured{Value: math.NaN(), High: math.NaN(), Sample: o.Success, Partial: partial > 0, Explanation: "no outcome is known"}
	switch {
	case o.Cost == 0 && partial > 0:
		m.Explanation = "no cost is known"
	case o.PerSuccess.Known:
		m.Value = o.PerSuccess.USD.Float()
	case o.AtLeast.Known:
		m.Value, m.Bound = o.AtLeast.USD.Float(), true
	}
	return m
}

// AddInterval adds the high end of the interval to what a success costs.
func (m *Measured) AddInterval(c *SuccessCost) {
	m.NoHigh = "too few runs for an interval"
	if c.Interval.OK {
		m.High = c.Interval.High / 1e12
	}
}

// MeasureAfterWarning is the part of the cost of failed runs that was spent after a warning, with the interval of the runs.
func (s *Survey) MeasureAfterWarning(ctx context.Context, partial bool) Measured {
	m := Measured{Value: s.Warned.Share(), High: math.NaN(), Sample: s.Warned.Runs, Partial: partial, Explanation: "failed runs cost nothing",
		NoHigh: "an interval needs ten failed runs that cost something"}
	a, b := make([]float64, len(s.failed)), make([]float64, len(s.failed))
	slices.SortFunc(s.failed, func(x, y failedRun) int { return cmp.Or(cmp.Compare(x.cost, y.cost), cmp.Compare(x.after, y.after)) })
	for i, r := range s.failed {
		a[i], b[i] = r.after.Float(), r.cost.Float()
	}
	if in := BootstrapRatio(ctx, a, b); in.OK && !math.IsNaN(m.Value) {
		m.High = in.High
	}
	return m
}

// Measured is the projected cost, for a limit on it.
func (f *Forecast) Measured() Measured {
	return Measured{Value: float64(f.Expected), High: float64(f.High), Sample: int64(f.Pilot), Explanation: "the pilot does not tell"}
}

// MeasureGrowth is how much dearer a run became than in the baseline: 0.10 is 10 %. It may be chance where the test of N does not call it a
// change.
func MeasureGrowth(ctx context.Context, baseline, now []RunSample) Measured {
	pair := pathPair{nil, &PathCost{Sample: baseline}, &PathCost{Sample: now}}
	before, after := mean(sampleCosts(baseline)), mean(sampleCosts(now))
	m := Measured{Value: after/before - 1, High: math.NaN(), Sample: int64(min(len(baseline), len(now))), Explanation: "the baseline's runs cost nothing"}
	if math.IsInf(m.Value, 0) {
		m.Value = math.NaN()
	}
	budget := testBudget(testWork)
	var x PathChange
	p := x.test(ctx, pair, minSample, &budget)
	m.Chance = !(p < significantP)
	if m.Sample >= minSample && math.IsNaN(p) {
		m.Value, m.Explanation = math.NaN(), "the test was interrupted"
	}
	return m
}

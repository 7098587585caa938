package analyze

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"costscope/tracefmt"
)

// A Scope narrows a budget or a limit: a value for each dimension, by the dimension's name. Empty is everything.
type Scope map[string]string

// String is "everything", or conditions as --where takes them.
func (s Scope) String() string {
	if len(s) == 0 {
		return "everything"
	}
	parts := make([]string, 0, len(s))
	for _, dim := range slices.Sorted(maps.Keys(s)) {
		parts = append(parts, dim+"="+s[dim])
	}
	return strings.Join(parts, " ")
}

// A Budget is what a scope may cost in a period.
type Budget struct {
	Name   string
	Scope  Scope
	Amount tracefmt.USD
	Period time.Duration
}

// BurnRate is how fast the budget is spent: 1 is exactly on budget. It is NaN for a budget of nothing.
func (b *Budget) BurnRate(spent tracefmt.USD, window time.Duration) float64 {
	return burnRate(spent, window, b.Amount, b.Period)
}

// burnRate is how many times faster than the budget of a period allows money was spent within a window.
func burnRate(spent tracefmt.USD, window time.Duration, budget tracefmt.USD, period time.Duration) float64 {
	return ratio(int64(spent), int64(budget)) * ratio(int64(period), int64(window))
}

// alertPairs are the windows that must both burn faster than the rate (analysis-spec M).
var alertPairs = [...]struct {
	long, short time.Duration
	rate        float64
}{
	{time.Hour, 5 * time.Minute, 14.4},
	{6 * time.Hour, 30 * time.Minute, 6},
	{72 * time.Hour, 6 * time.Hour, 1},
}

// A BudgetState is how a budget stands at a moment of its period.
type BudgetState struct {
	Name         string   `json:"name"`
	Scope        string   `json:"scope"`
	Budget       Dollars  `json:"budget_usd"`
	Spent        Dollars  `json:"spent_usd"`
	ElapsedHours Fraction `json:"elapsed_hours"`
	PeriodHours  Fraction `json:"period_hours"`
	WindowHours  Fraction `json:"window_hours"` // that the current rate is taken from
	Burn         Fraction `json:"burn_rate"`
	WindowShare  Fraction `json:"window_share"` // part of the budget spent in the window
	WholeHours   Fraction `json:"whole_hours"`  // in which the whole budget goes at the current rate; NaN when nothing is spent
	Projected    Fraction `json:"projected_usd"`
	StraightLine Fraction `json:"straight_line_usd"` // at the mean rate of the period so far
	Exhausted    Fraction `json:"exhausted_hours"`   // hours from the period's start to when the budget is spent; NaN when that is never
	Over         bool     `json:"over"`              // more is spent than the budget
	Alerts       []Alert  `json:"alerts"`            // those that fire
}

// An Alert fires when both windows burn faster than the rate.
type Alert struct {
	LongHours  Fraction `json:"long_hours"`
	ShortHours Fraction `json:"short_hours"`
	Rate       Fraction `json:"rate"`
	LongBurn   Fraction `json:"long_burn_rate"`
	ShortBurn  Fraction `json:"short_burn_rate"`
}

// State tells how the budget stands: elapsed since the period began, spent in that time, the window that the current rate is taken from, and
// last, which says what was spent in the time before now.
func (b *Budget) State(elapsed time.Duration, spent tracefmt.USD, window time.Duration, last func(time.Duration) tracefmt.USD) BudgetState {
	recent := last(window)
	rate, left := recent.Float()/window.Hours(), max(b.Period-elapsed, 0)
	s := BudgetState{
		Name: b.Name, Scope: b.Scope.String(), Budget: Dollars(b.Amount), Spent: Dollars(spent), ElapsedHours: Fraction(elapsed.Hours()),
		PeriodHours: Fraction(b.Period.Hours()), WindowHours: Fraction(window.Hours()), Burn: Fraction(b.BurnRate(recent, window)),
		WindowShare: Fraction(ratio(int64(recent), int64(b.Amount))), WholeHours: Fraction(math.NaN()), Exhausted: Fraction(math.NaN()),
		Projected: Fraction(spent.Float() + rate*left.Hours()), StraightLine: Fraction(spent.Float() * ratio(int64(b.Period), int64(elapsed))),
		Over: spent > b.Amount, Alerts: []Alert{},
	}
	if rate > 0 {
		s.WholeHours = Fraction(b.Amount.Float() / rate)
		s.Exhausted = Fraction(elapsed.Hours() + max(0, (b.Amount-spent).Float()/rate))
	}
	for _, p := range alertPairs {
		long, short := b.BurnRate(last(p.long), p.long), b.BurnRate(last(p.short), p.short)
		if long > p.rate && short > p.rate {
			s.Alerts = append(s.Alerts, Alert{Fraction(p.long.Hours()), Fraction(p.short.Hours()), Fraction(p.rate), Fraction(long), Fraction(short)})
		}
	}
	return s
}

// A Metric is what a limit may be set on. The sample of growth is that of its smaller side.
type Metric struct {
	Name    string
	Money   bool   // Max is in dollars; else a ratio
	Sample  string // what its sample counts
	Minimum int64  // of the sample
	High    bool   // it has an interval, of which a limit may take the high end
}

// Metrics are those of a budget file. A ratio of sums of the scope is exact for it and needs one case; what stands for more than was seen
// needs a sample: ten, as for an interval, and for a p95 the twenty below which it is the maximum.
var Metrics = [...]Metric{
	{"total", true, "call", 1, false},
	{"projected_total", true, "run", minSample, true},
	{"cost_per_run", true, "run", minSample, false},
	{"cost_per_success", true, "successful run", minSample, true},
	{"p95_cost_per_run", true, "run", 20, false},
	{"waste_share", false, "call", 1, false},
	{"cost_amplification", false, "call", 1, false},
	{"context_factor", false, "LLM call", 1, false},
	{"post_warning_share", false, "failed run", 1, true},
	{"growth", false, "run", minSample, false},
}

// FindMetric finds a metric by name; the error names all there are.
func FindMetric(name string) (*Metric, error) {
	names := make([]string, 0, len(Metrics))
	for i := range Metrics {
		if Metrics[i].Name == name {
			return &Metrics[i], nil
		}
		names = append(names, Metrics[i].Name)
	}
	return nil, fmt.Errorf("no metric is called %q; there are %s", name, strings.Join(names, ", "))
}

// A Limit is the most that a metric of a scope may be.
type Limit struct {
	Metric   string
	Scope    Scope
	Max      float64 // dollars or a ratio
	Optional bool    // not enough data does not fail the gate
	High     bool    // the high end of the metric's interval counts, not its value
	Runs     int64   // of production; for projected_total
}

// A Measured is a metric of a scope as it was found.
type Measured struct {
	Value       float64 // dollars or a ratio; NaN where it is not known
	High        float64 // of its interval; NaN where there is none
	Sample      int64
	Partial     bool   // calls of unknown cost are not in Value
	Bound       bool   // Value is a lower bound that holds however small the sample is
	Chance      bool   // a change that may be chance; for growth
	Explanation string // of an unknown value
	NoHigh      string // why there is no High
}

// How a limit or a gate comes out.
const (
	ResultPass         = "pass"
	ResultFail         = "fail"
	ResultInsufficient = "insufficient"
)

// A LimitResult is how a limit came out.
type LimitResult struct {
	Metric   string   `json:"metric"`
	Scope    string   `json:"scope"`
	Value    Fraction `json:"value"`
	Max      float64  `json:"max"`
	Result   string   `json:"result"`
	Sample   int64    `json:"sample"`
	Why      string   `json:"why"`
	Optional bool     `json:"optional"`
}

// Judge compares what was measured with the limit.
func (l *Limit) Judge(m Measured) LimitResult {
	r := LimitResult{Metric: l.Metric, Scope: l.Scope.String(), Value: Fraction(m.Value), Max: l.Max, Sample: m.Sample, Optional: l.Optional}
	if l.High && !m.Bound {
		r.Value = Fraction(m.High)
		m.Explanation = cmp.Or(m.NoHigh, m.Explanation)
	}
	metric, err := FindMetric(l.Metric)
	if err != nil {
		r.Result, r.Why = ResultInsufficient, err.Error()
		return r
	}
	r.Result, r.Why = metric.judge(float64(r.Value), l.Max, m)
	if l.High && !m.Bound && !math.IsNaN(m.High) {
		r.Why += " (high end of the 95 % interval of " + metric.text(m.Value) + ")"
	}
	return r
}

// judge is the verdict and the reason for it.
func (k *Metric) judge(value, limit float64, m Measured) (result, why string) {
	over := value > limit
	switch {
	case over && m.Bound:
		return ResultFail, "at least " + k.text(value) + ", above " + k.text(limit)
	case m.Sample < k.Minimum:
		return ResultInsufficient, fmt.Sprintf("%s: %s needed", plural(m.Sample, k.Sample), Count(k.Minimum))
	case math.IsNaN(value) && m.Explanation != "":
		return ResultInsufficient, m.Explanation
	case math.IsNaN(value):
		return ResultInsufficient, "not known"
	case over && m.Chance:
		return ResultPass, k.text(value) + " is above " + k.text(limit) + ", but may be chance"
	case over:
		return ResultFail, k.text(value) + " is above " + k.text(limit)
	case m.Partial:
		return ResultInsufficient, "incomplete: " + k.text(value) + " is within " + k.text(limit) + ", but calls of unknown cost are not in it"
	case m.Bound:
		return ResultInsufficient, "at least " + k.text(value)
	}
	return ResultPass, k.text(value) + " is within " + k.text(limit)
}

// text writes a value as people read it.
func (k *Metric) text(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "no bound"
	case !k.Money:
		return fmt.Sprintf("%.3g", v)
	case math.Abs(v) > 9e6:
		return "$" + Count(int64(math.Round(v)))
	}
	return Money(tracefmt.USD(math.Round(v * 1e12)))
}

// A Gate is a list of limits: it passes when every one does. Insufficient data fails it unless the limit is optional.
type Gate struct {
	Result  string        `json:"result"`
	Limits  []LimitResult `json:"limits"`
	Budgets []BudgetState `json:"budgets,omitempty"`
}

// Check judges every limit by what measure finds for it.
func Check(limits []Limit, measure func(*Limit) Measured) Gate {
	g := Gate{Result: ResultPass, Limits: make([]LimitResult, 0, len(limits))}
	for i := range limits {
		r := limits[i].Judge(measure(&limits[i]))
		g.Limits = append(g.Limits, r)
		switch {
		case r.Result == ResultFail:
			g.Result = ResultFail
		case r.Result == ResultInsufficient && !r.Optional && g.Result == ResultPass:
			g.Result = ResultInsufficient
		}
	}
	return g
}

// ExitCode is 0 for pass, 1 for fail and 2 for insufficient.
func (g *Gate) ExitCode() int {
	return slices.Index([]string{ResultPass, ResultFail, ResultInsufficient}, g.Result)
}

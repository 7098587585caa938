package analyze

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// A ForecastReport is a forecast to be shown. A pilot that is too small for one number has none: its single amounts are not known.
type ForecastReport struct {
	Forecast
	Budget *Crossing `json:"budget"` // nil: none was asked for
	Prices PriceInfo `json:"prices"`

	Subject string         `json:"-"` // what the pilot is
	Zone    *time.Location `json:"-"`
}

// NewForecastReport takes the single numbers out of a forecast that is too small for them.
func NewForecastReport(f Forecast, subject string, zone *time.Location) *ForecastReport {
	if f.Grade == GradeTooSmall {
		nan := Fraction(math.NaN())
		f.Expected, f.Unscaled, f.WithoutTop = nan, nan, nan
	}
	return &ForecastReport{Forecast: f, Subject: subject, Zone: zone}
}

// A Crossing is when production at the forecast's pace has spent a budget. A time that lies behind the period's end, or is not known, is nil.
type Crossing struct {
	USD      Dollars    `json:"budget_usd"`
	Hours    Fraction   `json:"period_hours"` // in which the runs take place
	Start    time.Time  `json:"start"`
	Expected *time.Time `json:"expected"`
	Earliest *time.Time `json:"earliest"` // at the high end of the interval
	Latest   *time.Time `json:"latest"`   // at the low end
}

// Cross finds when the budget is spent if its period begins at start and the forecast's runs are spread evenly over it.
func (r *ForecastReport) Cross(b *Budget, start time.Time) {
	at := func(cost Fraction) *time.Time {
		part := b.Amount.Float() / float64(cost)
		if !(part <= 1) {
			return nil
		}
		t := start.Add(time.Duration(part * float64(b.Period))).Truncate(time.Second)
		return &t
	}
	r.Budget = &Crossing{Dollars(b.Amount), Fraction(b.Period.Hours()), start, at(r.Expected), at(r.High), at(r.Low)}
}

// WriteJSON writes the forecast as one JSON object (contract, section 2).
func (r *ForecastReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteText writes the forecast for people.
func (r *ForecastReport) WriteText(w io.Writer) error { return r.page().writeText(w) }

// WriteMarkdown writes the forecast for a document.
func (r *ForecastReport) WriteMarkdown(w io.Writer) error { return r.page().writeMarkdown(w) }

func (r *ForecastReport) page() *page {
	p := &page{title: "costscope forecast", under: Clean(r.Subject)}
	fact := func(name, text string) {
		if text != "" {
			p.facts = append(p.facts, [2]string{name, text})
		}
	}
	fact("production", r.costText())
	fact("grade", string(r.Grade))
	for i, why := range r.Reasons {
		fact(r.reasonTitle(i), why)
	}
	fact("pilot", join(plural(int64(r.Pilot), "finished run"), "mean "+MoneyOr(r.Mean), "median "+MoneyOr(r.Median), share(float64(r.TopShare), "of cost in the dearest run")))
	fact("beyond it", r.beyondText())
	fact("factors", r.factorText())
	for _, f := range r.Factors {
		if f.Note != "" {
			fact("", f.Name+": "+f.Note)
		}
	}
	fact("budget", r.budgetText())
	p.drawn = r.picture()
	if c := r.Coverage; c != nil {
		p.notes = append(p.notes, fmt.Sprintf("95 %% is what the interval is made for: on simulated pilots of this size, most with heavy tails, %d to %d of 100 such intervals held the truth", c[0], c[1]))
	}
	return p
}

// reasonTitle is what stands before reason i: the best grade has reservations, no reasons.
func (r *ForecastReport) reasonTitle(i int) string {
	switch {
	case i > 0:
		return ""
	case r.Grade == GradeUsable:
		return "but"
	}
	return "because"
}

// periodText is a time in whole days where it is one.
func periodText(d time.Duration) string {
	if days := d / (24 * time.Hour); d == days*24*time.Hour && days > 0 {
		return plural(int64(days), "day")
	}
	return Duration(d)
}

// costText is the forecast itself.
func (r *ForecastReport) costText() string {
	interval := ""
	if r.Low == r.Low {
		interval = "between " + usdText(float64(r.Low)) + " and " + usdText(float64(r.High)) + " (95 % interval)"
	}
	switch {
	case r.Grade != GradeTooSmall:
		return join(plural(r.Runs, "run")+" cost "+usdText(float64(r.Expected)), interval)
	case interval == "":
		return plural(r.Runs, "run") + ": the pilot is too small to tell"
	}
	return join(plural(r.Runs, "run")+" cost "+interval, "too small a pilot for one number")
}

func (r *ForecastReport) beyondText() string {
	if r.Pilot == 0 {
		return ""
	}
	without := ""
	if r.WithoutTop == r.WithoutTop {
		without = "without the pilot's dearest run the forecast were " + usdText(float64(r.WithoutTop))
	}
	return join("expect "+plural(int64(math.Round(float64(r.BeyondPilot))), "run")+" dearer than the dearest of the pilot", without)
}

// factorText names every factor with where it comes from.
func (r *ForecastReport) factorText() string {
	var parts []string
	for _, f := range r.Factors {
		if f.Origin == OriginNone {
			parts = append(parts, f.Name+" 1x")
			continue
		}
		parts = append(parts, f.Name+" "+Times(f.Value)+" "+string(f.Origin))
	}
	return strings.Join(parts, " · ")
}

func (r *ForecastReport) budgetText() string {
	b := r.Budget
	if b == nil {
		return ""
	}
	text := usdText(float64(b.USD)/1e12) + " for " + periodText(time.Duration(float64(b.Hours)*float64(time.Hour))) + " from " + r.date(b.Start)
	switch {
	case b.Expected != nil:
		text = join(text, "spent on "+r.date(*b.Expected))
	case r.Expected == r.Expected:
		text = join(text, "not spent within it")
	}
	switch {
	case r.High != r.High:
		return join(text, "no interval")
	case b.Earliest == nil:
		return join(text, "not even at the interval's high end")
	case b.Latest == nil:
		return join(text, "at the earliest on "+r.date(*b.Earliest), "at the interval's low end not")
	}
	return join(text, "between "+r.date(*b.Earliest)+" and "+r.date(*b.Latest))
}

// date is a time in the zone of the report, to the minute.
func (r *ForecastReport) date(t time.Time) string {
	if r.Zone != nil {
		t = t.In(r.Zone)
	}
	return t.Format("2006-01-02 15:04")
}

// usdText is an amount in dollars, which USD may not hold.
func usdText(v float64) string {
	if math.IsNaN(v) {
		return Unknown
	}
	return Metrics[0].text(v)
}

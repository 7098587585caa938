package analyze

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"costscope/tracefmt"
)

// A SpendLimit is money per period (analysis-spec M).
type SpendLimit struct {
	USD    tracefmt.USD  // 0: no budget
	Period time.Duration // 0: in all
}

// ParseSpendLimit reads "20", "20/day" or "3000/720h"; see ParsePeriod.
func ParseSpendLimit(s string) (b SpendLimit, err error) {
	usd, period, has := strings.Cut(s, "/")
	usd = strings.TrimPrefix(strings.TrimSpace(usd), "$")
	if b.USD, err = tracefmt.ParseUSD([]byte(usd)); err != nil || b.USD <= 0 {
		return b, fmt.Errorf("%q is no amount of dollars above 0", usd)
	}
	if !has {
		return b, nil
	}
	b.Period, err = ParsePeriod(period)
	return b, err
}

func (b SpendLimit) String() string {
	for _, p := range periodNames {
		if p.d == b.Period {
			return Money(b.USD) + "/" + p.name
		}
	}
	if b.Period == 0 {
		return Money(b.USD)
	}
	return Money(b.USD) + " per " + Duration(b.Period)
}

// Burn is how many times faster than the budget allows money was spent within a window; 1 is exactly on budget.
func (b SpendLimit) Burn(spent tracefmt.USD, window time.Duration) float64 {
	return burnRate(spent, window, b.USD, b.Period)
}

// Lasts is how long the budget lasts when spent is gone and the rate of the window goes on; false where nothing is being spent.
func (b SpendLimit) Lasts(spent, within tracefmt.USD, window time.Duration) (time.Duration, bool) {
	if within <= 0 {
		return 0, false
	}
	d := float64(max(0, b.USD-spent)) / float64(within) * float64(window)
	if d >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(d), true
}

// Projected is what will be spent in all when the rate of the window goes on for the time that is left of the period.
func (b SpendLimit) Projected(spent, within tracefmt.USD, window, left time.Duration) tracefmt.USD {
	return spent + tracefmt.USD(math.Round(float64(within)*float64(left)/float64(window)))
}

// StraightLine is what the period comes to when it goes on as it began.
func (b SpendLimit) StraightLine(spent tracefmt.USD, elapsed time.Duration) tracefmt.USD {
	return tracefmt.USD(math.Round(float64(spent) * float64(b.Period) / float64(elapsed)))
}

// A Sample is the state of a live trace at a moment.
type Sample struct {
	At            time.Time
	Spent         tracefmt.USD
	Calls, Failed int64
	Over          []RunOver  // runs past the limit that was asked for, as far as they were heard of lately
	Loops         []LiveLoop // that went on lately
}

// RunOver is a run that has cost more than it should.
type RunOver struct {
	Run      string
	Workflow string
	Cost     tracefmt.USD
}

// A History keeps samples, fewer the older they are: one a second for ten minutes, one a minute for half a day, one per ten minutes
// for four days, one an hour for a year.
type History struct{ samples []Sample }

var keptFor = []struct{ age, apart time.Duration }{
	{10 * time.Minute, time.Second}, {12 * time.Hour, time.Minute}, {96 * time.Hour, 10 * time.Minute}, {400 * 24 * time.Hour, time.Hour},
}

// Add takes a sample in. One that is not later than the last one takes its place: clocks may be set back.
func (h *History) Add(s Sample) {
	for len(h.samples) > 0 && !h.samples[len(h.samples)-1].At.Before(s.At) {
		h.samples = h.samples[:len(h.samples)-1]
	}
	h.samples = append(h.samples, s)
	if len(h.samples)%64 == 0 {
		h.thin(s.At)
	}
}

// thin drops what is closer together than its age deserves. The first one of each stretch stays.
func (h *History) thin(now time.Time) {
	kept := h.samples[:0]
	for i, s := range h.samples {
		age, apart := now.Sub(s.At), time.Duration(-1)
		for _, k := range keptFor {
			if age <= k.age {
				apart = k.apart
				break
			}
		}
		last := i == len(h.samples)-1
		if apart >= 0 && (last || len(kept) == 0 || s.At.Truncate(apart) != kept[len(kept)-1].At.Truncate(apart)) {
			kept = append(kept, s)
		}
	}
	clear(h.samples[len(kept):])
	h.samples = kept
}

// since is the difference between the last sample and the one that was current a window ago. Where the history is shorter than the
// window it is all there is: a new trace has spent nothing before.
func (h *History) since(window time.Duration) (d Sample) {
	if len(h.samples) == 0 {
		return d
	}
	last := h.samples[len(h.samples)-1]
	at := last.At.Add(-window)
	i, found := slices.BinarySearchFunc(h.samples, at, func(s Sample, t time.Time) int { return s.At.Compare(t) })
	if !found && i > 0 {
		i--
	}
	first := h.samples[i]
	return Sample{At: last.At, Spent: last.Spent - first.Spent, Calls: last.Calls - first.Calls, Failed: last.Failed - first.Failed}
}

// Limits are what a live trace is held against.
type Limits struct {
	Budget SpendLimit
	PerRun tracefmt.USD // 0: none
}

// An Alarm says that something is wrong now.
type Alarm struct {
	At    time.Time `json:"at"`
	Rule  string    `json:"rule"`           // budget-burn, budget-spent, budget-nearly-spent, retry-storm, loop, run-budget
	Key   string    `json:"key,omitempty"`  // of what, where a rule may hold for several: a run, a loop
	Text  string    `json:"text"`           // for people
	Value float64   `json:"value"`          // what was measured
	Limit float64   `json:"limit"`          // and what it exceeds
	Cost  string    `json:"cost,omitempty"` // USD, exact
}

const (
	nearlySpent  = 0.8 // of a budget without a period
	stormWindow  = 5 * time.Minute
	stormCalls   = 20  // in the window; fewer tell nothing
	stormShare   = 0.5 // of them failed
	quietTime    = 5 * time.Minute
	recentWindow = 5 * time.Minute // the rate now, where the time left is told
)

// Alarms turns samples into alerts. A condition that goes on is told once; it may be told again when it was over for five minutes.
type Alarms struct {
	Limits  Limits
	History History
	held    map[string]time.Time // when each condition held last
}

// alertRules find what is wrong as of the last sample.
var alertRules = []func(*Alarms, *Sample) []Alarm{(*Alarms).overBudget, (*Alarms).burning, (*Alarms).failing, (*Alarms).looping, (*Alarms).runsOver}

// Take adds a sample and returns what is wrong now and was not before.
func (a *Alarms) Take(s Sample) (news []Alarm) {
	a.History.Add(s)
	if a.held == nil {
		a.held = map[string]time.Time{}
	}
	for _, rule := range alertRules {
		for _, x := range rule(a, &s) {
			key := x.Rule + "\x00" + x.Key
			was, before := a.held[key]
			a.held[key] = s.At
			if !before || s.At.Sub(was) >= quietTime && x.Key == "" {
				x.At = s.At
				news = append(news, x)
			}
		}
	}
	return news
}

// spentNow is what counts against the budget: within the last period, or in all.
func (a *Alarms) spentNow(s *Sample) tracefmt.USD {
	if a.Limits.Budget.Period == 0 {
		return s.Spent
	}
	return a.History.since(a.Limits.Budget.Period).Spent
}

// overBudget: the budget of the last period is spent, or most of one that has no period.
func (a *Alarms) overBudget(s *Sample) []Alarm {
	b := a.Limits.Budget
	if b.USD == 0 {
		return nil
	}
	spent := a.spentNow(s)
	share := float64(spent) / float64(b.USD)
	x := Alarm{Rule: "budget-spent", Value: share, Limit: 1, Cost: spent.String()}
	switch {
	case share >= 1:
		x.Text = fmt.Sprintf("the budget of %s is spent: %s", b, Money(spent))
	case share >= nearlySpent && b.Period == 0:
		x.Rule, x.Limit = "budget-nearly-spent", nearlySpent
		x.Text = fmt.Sprintf("%s of the budget of %s is spent%s", Percent(share), b, a.lastsText(spent))
	default:
		return nil
	}
	return []Alarm{x}
}

func (a *Alarms) lastsText(spent tracefmt.USD) string {
	left, ok := a.Limits.Budget.Lasts(spent, a.History.since(recentWindow).Spent, recentWindow)
	if !ok || spent >= a.Limits.Budget.USD {
		return ""
	}
	return "; at this rate the rest lasts " + Duration(left)
}

// burning: both windows of a pair burn faster than allowed. The fastest pair is told.
func (a *Alarms) burning(s *Sample) []Alarm {
	b := a.Limits.Budget
	if b.USD == 0 || b.Period == 0 {
		return nil
	}
	for _, p := range alertPairs {
		long, short := b.Burn(a.History.since(p.long).Spent, p.long), b.Burn(a.History.since(p.short).Spent, p.short)
		if long > p.rate && short > p.rate {
			return []Alarm{{Rule: "budget-burn", Value: long, Limit: p.rate, Cost: a.spentNow(s).String(),
				Text: fmt.Sprintf("burning %s at %s the rate: %s in %s%s", b, Times(long), Money(a.History.since(p.long).Spent), Duration(p.long), a.lastsText(a.spentNow(s)))}}
		}
	}
	return nil
}

// failing: most calls of the last minutes failed.
func (a *Alarms) failing(*Sample) []Alarm {
	d := a.History.since(stormWindow)
	if d.Calls < stormCalls || float64(d.Failed) < stormShare*float64(d.Calls) {
		return nil
	}
	share := float64(d.Failed) / float64(d.Calls)
	return []Alarm{{Rule: "retry-storm", Value: share, Limit: stormShare, Cost: d.Spent.String(),
		Text: fmt.Sprintf("%s of the last %s calls failed", Percent(share), Count(d.Calls))}}
}

// runsOver: runs that have cost more than a run should.
func (a *Alarms) runsOver(s *Sample) (list []Alarm) {
	limit := a.Limits.PerRun
	for _, r := range s.Over {
		if limit > 0 && r.Cost > limit {
			of := cmp.Or(Clean(r.Workflow), "run")
			list = append(list, Alarm{Rule: "run-budget", Key: r.Run, Value: float64(r.Cost) / 1e12, Limit: float64(limit) / 1e12, Cost: r.Cost.String(),
				Text: fmt.Sprintf("%s: run %s has cost %s, more than %s", of, Clean(r.Run), Money(r.Cost), Money(limit))})
		}
	}
	return list
}

// BudgetPace is how a budget stands.
type BudgetPace struct {
	Budget SpendLimit
	Spent  tracefmt.USD
	Lasts  time.Duration // at the rate of the last minutes
	Known  bool          // Lasts is
}

// State is how the budget stands as of the last sample; false without one.
func (a *Alarms) State() (st BudgetPace, ok bool) {
	if a == nil || a.Limits.Budget.USD == 0 || len(a.History.samples) == 0 {
		return st, false
	}
	st.Budget = a.Limits.Budget
	st.Spent = a.spentNow(&a.History.samples[len(a.History.samples)-1])
	st.Lasts, st.Known = st.Budget.Lasts(st.Spent, a.History.since(recentWindow).Spent, recentWindow)
	return st, true
}

// SampleOf is the state of a live trace as a sample.
func SampleOf(st *Status, now time.Time) Sample {
	s := Sample{At: now, Spent: st.Spent, Failed: st.Failed, Over: st.Over, Loops: st.Loops}
	for i := range st.Sources {
		s.Calls += st.Sources[i].Calls
	}
	return s
}

// Seed tells what was spent before now, by the times of the calls, for limits that look back.
func Seed(ctx context.Context, l Limits, now Sample, rollup func(context.Context, Query) (*Table, error)) (samples []Sample, err error) {
	for _, w := range l.seedWindows() {
		s := Sample{At: now.At.Add(-w), Spent: now.Spent, Calls: now.Calls, Failed: now.Failed}
		t, err := rollup(ctx, Query{Since: s.At.UnixNano()})
		if err != nil {
			return nil, err
		}
		s.Spent, s.Calls, s.Failed = s.Spent-t.Total.Cost, s.Calls-t.Total.Calls, s.Failed-t.Total.Failed
		samples = append(samples, s)
	}
	return samples, nil
}

// seedWindows are the times before now for which a History needs to know what was spent, the longest first.
func (l Limits) seedWindows() (w []time.Duration) {
	if l.Budget.Period == 0 {
		return nil
	}
	w = append(w, l.Budget.Period)
	for _, p := range alertPairs {
		w = append(w, p.long, p.short)
	}
	slices.Sort(w)
	w = slices.Compact(w)
	slices.Reverse(w)
	return w
}

package analyze

import (
	"math"
	"strings"
	"testing"
	"time"

	"costscope/tracefmt"
)

const usdOne = tracefmt.USD(1e12)

func month() *Budget {
	return &Budget{Name: "support team", Scope: Scope{"feature": "refunds"}, Amount: 3000 * usdOne, Period: 720 * time.Hour}
}

// steady is a spend of so much in the last hour, and nothing before.
func steady(lastHour tracefmt.USD) func(time.Duration) tracefmt.USD {
	return func(w time.Duration) tracefmt.USD {
		return tracefmt.USD(float64(lastHour) * min(1, w.Hours()))
	}
}

func TestTM1(t *testing.T) {
	b := month()
	near(t, "burn", b.BurnRate(60*usdOne, time.Hour), 14.4)
	s := b.State(10*time.Hour, 60*usdOne, time.Hour, steady(60*usdOne))
	near(t, "burn", float64(s.Burn), 14.4)
	near(t, "share", float64(s.WindowShare), 0.02)
	near(t, "whole budget", float64(s.WholeHours), 50)
	if len(s.Alerts) != 0 {
		t.Errorf("14.4 is not above 14.4: %v", s.Alerts)
	}
}

func TestTM2(t *testing.T) {
	s := month().State(240*time.Hour, 1350*usdOne, 24*time.Hour, func(w time.Duration) tracefmt.USD { return tracefmt.USD(7.5e12 * w.Hours()) })
	for what, v := range map[string][2]float64{
		"burn": {float64(s.Burn), 1.8}, "projected": {float64(s.Projected), 4950}, "straight line": {float64(s.StraightLine), 4050},
		"exhausted": {float64(s.Exhausted), 460},
	} {
		near(t, what, v[0], v[1])
	}
	if len(s.Alerts) != 1 || s.Alerts[0].LongHours != 72 || s.Over || s.Scope != "feature=refunds" {
		t.Errorf("%+v", s)
	}
}

func TestAlertsNeedBothWindows(t *testing.T) {
	b, now := month(), 240*time.Hour
	count := func(last func(time.Duration) tracefmt.USD) int {
		return len(b.State(now, 100*usdOne, time.Hour, last).Alerts)
	}
	if n := count(steady(61 * usdOne)); n != 1 {
		t.Errorf("61 dollars in the last hour: %d alerts", n) // 14.64 over 1 h and 5 min, 2.4 over 6 h
	}
	stopped := func(w time.Duration) tracefmt.USD {
		if w <= 5*time.Minute {
			return 0
		}
		return steady(61 * usdOne)(w)
	}
	if n := count(stopped); n != 0 {
		t.Errorf("the spending has stopped: %d alerts", n)
	}
	s := b.State(now, 3001*usdOne, time.Hour, func(time.Duration) tracefmt.USD { return 0 })
	if !s.Over || !math.IsNaN(float64(s.Exhausted)) || s.Projected != 3001 {
		t.Errorf("%+v", s)
	}
	if s = b.State(now, 3001*usdOne, time.Hour, steady(usdOne)); s.Exhausted != 240 {
		t.Errorf("a spent budget is exhausted now: %v", s.Exhausted)
	}
	if empty := (&Budget{Period: time.Hour}).State(0, 0, time.Hour, steady(1)); !math.IsNaN(float64(empty.Burn)) || !math.IsNaN(float64(empty.StraightLine)) {
		t.Errorf("a budget of nothing: %+v", empty)
	}
	asJSON(t, s)
}

func TestLimits(t *testing.T) {
	nan := math.NaN()
	for _, x := range []struct {
		limit  Limit
		found  Measured
		result string
		why    string
	}{
		{Limit{Metric: "total", Max: 25}, Measured{Value: 24.5, Sample: 3}, ResultPass, "$24.50 is within $25.00"},
		{Limit{Metric: "total", Max: 25}, Measured{Value: 25, Sample: 3}, ResultPass, "within"},
		{Limit{Metric: "total", Max: 25}, Measured{Value: 25.5, Sample: 3}, ResultFail, "$25.50 is above $25.00"},
		{Limit{Metric: "total", Max: 25}, Measured{}, ResultInsufficient, "0 calls: 1 needed"},
		{Limit{Metric: "total", Max: 25}, Measured{Value: 24.5, Sample: 3, Partial: true}, ResultInsufficient, "incomplete: $24.50 is within $25.00, but calls of unknown cost are not in it"},
		{Limit{Metric: "total", Max: 25}, Measured{Value: 25.5, Sample: 3, Partial: true}, ResultFail, "above"},
		{Limit{Metric: "cost_per_run", Max: 1}, Measured{Value: 2, Sample: 9}, ResultInsufficient, "9 runs: 10 needed"},
		{Limit{Metric: "cost_per_run", Max: 1}, Measured{Value: 2, Sample: 10}, ResultFail, "above"},
		{Limit{Metric: "p95_cost_per_run", Max: 1}, Measured{Value: 2, Sample: 19}, ResultInsufficient, "20 needed"},
		{Limit{Metric: "cost_per_success", Max: 1}, Measured{Value: 2, Bound: true}, ResultFail, "at least $2.00, above $1.00"},
		{Limit{Metric: "cost_per_success", Max: 3}, Measured{Value: 2, Bound: true}, ResultInsufficient, "0 successful runs: 10 needed"},
		{Limit{Metric: "cost_per_success", Max: 3}, Measured{Value: 2, Bound: true, Sample: 10}, ResultInsufficient, "at least $2.00"},
		{Limit{Metric: "projected_total", Max: 100, High: true}, Measured{Value: 60, High: 180, Sample: 40}, ResultFail, "$180.00 is above"},
		{Limit{Metric: "projected_total", Max: 100}, Measured{Value: 60, High: 180, Sample: 40}, ResultPass, "within"},
		{Limit{Metric: "projected_total", Max: 100, High: true}, Measured{Value: 60, High: math.Inf(1), Sample: 40}, ResultFail, "no bound"},
		{Limit{Metric: "growth", Max: 0.1}, Measured{Value: 0.4, Sample: 12, Chance: true}, ResultPass, "may be chance"},
		{Limit{Metric: "growth", Max: 0.1}, Measured{Value: 0.4, Sample: 12}, ResultFail, "0.4 is above 0.1"},
		{Limit{Metric: "waste_share", Max: 0.1}, Measured{Value: nan, Sample: 5, Explanation: "nothing was spent"}, ResultInsufficient, "nothing was spent"},
		{Limit{Metric: "waste_share", Max: 0.1}, Measured{Value: nan, Sample: 5}, ResultInsufficient, "not known"},
		{Limit{Metric: "wastage", Max: 0.1}, Measured{Value: 1, Sample: 5}, ResultInsufficient, "there are total, projected_total"},
	} {
		if r := x.limit.Judge(x.found); r.Result != x.result || !strings.Contains(r.Why, x.why) {
			t.Errorf("%+v of %+v: %s, %s", x.limit, x.found, r.Result, r.Why)
		}
	}
}

func TestGate(t *testing.T) {
	found := map[string]Measured{"total": {Value: 10, Sample: 5}, "cost_per_run": {Value: 2, Sample: 5}}
	gate := func(limits ...Limit) (string, int) {
		g := Check(limits, func(l *Limit) Measured { return found[l.Metric] })
		return g.Result, g.ExitCode()
	}
	pass, fail := Limit{Metric: "total", Max: 11}, Limit{Metric: "total", Max: 9, Optional: true}
	few, optional := Limit{Metric: "cost_per_run", Max: 9}, Limit{Metric: "cost_per_run", Max: 9, Optional: true}
	for _, x := range []struct {
		limits []Limit
		result string
		code   int
	}{
		{nil, ResultPass, 0}, {[]Limit{pass, pass}, ResultPass, 0}, {[]Limit{pass, fail}, ResultFail, 1}, {[]Limit{pass, few}, ResultInsufficient, 2},
		{[]Limit{pass, optional}, ResultPass, 0}, {[]Limit{few, fail}, ResultFail, 1}, {[]Limit{fail, few}, ResultFail, 1},
	} {
		if result, code := gate(x.limits...); result != x.result || code != x.code {
			t.Errorf("%+v: %s, %d", x.limits, result, code)
		}
	}
	g := Check([]Limit{pass}, func(*Limit) Measured { return found["total"] })
	want := `{"result":"pass","limits":[{"metric":"total","scope":"everything","value":10,"max":11,"result":"pass","sample":5,"why":"$10.00 is within $11.00","optional":false}]}`
	if got := asJSON(t, g); got != want {
		t.Errorf("%s", got)
	}
	if s := (Scope{"workflow": "w", "agent": "a"}).String(); s != "agent=a workflow=w" {
		t.Error(s)
	}
}

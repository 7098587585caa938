package analyze

import (
	"context"
	"math"
	"testing"
)

// TestModelMix: the tokens of two models, at 1 and 5 pico-dollars each, move from 3:1 to 1:3. The cost per token goes from 2 to 4, all of it the
// mix. Where the price of the first doubles, too, K.3 says of the mix: (0.25-0.75) x 1.5 + (0.75-0.25) x 5 = 1.75.
func TestModelMix(t *testing.T) {
	old := []ModelCost{{"a", 300, 300}, {"b", 100, 500}}
	moved := []ModelCost{{"a", 100, 100}, {"b", 300, 1500}}
	if got := mixOfModels(old, moved); got != 2 {
		t.Errorf("mix %v, wanted 2", got)
	}
	dearer := []ModelCost{{"a", 100, 200}, {"b", 300, 1500}}
	if got := mixOfModels(old, dearer); got != 1.75 {
		t.Errorf("mix %v, wanted 1.75", got)
	}
	// A new model has no price before: all it adds is mix. 2 per token of a, then a quarter of c at 10: (0.75-1)x2 + 0.25x10.
	if got := mixOfModels([]ModelCost{{"a", 100, 200}}, []ModelCost{{"a", 75, 150}, {"c", 25, 250}}); got != 2 {
		t.Errorf("mix %v, wanted 2", got)
	}
	if got := mixOfModels(nil, moved); got != 0 {
		t.Errorf("without models there is no mix, got %v", got)
	}
}

// TestDriversTellTheMixFromThePrice: ten runs of 40 tokens each on both sides. Models move as above, at 2 and then 4 pico-dollars a token: the
// whole change of 800 is the mix, and cost per token has no effect.
func TestDriversTellTheMixFromThePrice(t *testing.T) {
	old := PathCost{Path: []string{"p"}, Runs: 10, Cost: 800, LLM: Effort{10, 10, 400, 800}, Models: []ModelCost{{"a", 300, 300}, {"b", 100, 500}}}
	new := PathCost{Path: []string{"p"}, Runs: 10, Cost: 1600, LLM: Effort{10, 10, 400, 1600}, Models: []ModelCost{{"a", 100, 100}, {"b", 300, 1500}}}
	c := comparePaths(context.Background(), []PathCost{old}, []PathCost{new})
	for _, list := range [][]Driver{c.Drivers, c.Paths[0].Drivers} {
		for _, d := range list {
			want, ratio := Dollars(0), 1.0
			if d.Factor == "model mix" {
				want, ratio = 800, 2
			}
			if d.Effect != want || math.Abs(float64(d.Ratio)-ratio) > 1e-12 {
				t.Errorf("%s: %d, %v; wanted %d, %v", d.Factor, d.Effect, d.Ratio, want, ratio)
			}
		}
	}
}

// TestUnknownCostHasNoDrivers: of a path without any known cost after, no factor tells.
func TestUnknownCostHasNoDrivers(t *testing.T) {
	old := PathCost{Path: []string{"p"}, Runs: 10, Cost: 800, LLM: Effort{10, 10, 400, 800}, Known: 10}
	new := PathCost{Path: []string{"p"}, Runs: 10, LLM: Effort{10, 10, 400, 0}, Missing: 10}
	c := comparePaths(context.Background(), []PathCost{old}, []PathCost{new})
	x := c.Paths[0]
	if !x.NewUnknown || !x.NewPartial || x.OldUnknown || x.NewMean.Known || len(x.Drivers) != 0 || x.Signed(x.Change) != "?" || x.After() != "?" {
		t.Errorf("%+v", x)
	}
	for _, d := range c.Drivers {
		if d.Factor != "other cost" && d.Effect != 0 {
			t.Errorf("%s is said to be worth %d", d.Factor, d.Effect)
		}
	}
}

// TestAfterWarningHasAnInterval: twelve failed runs of 100 each, 25 of it after a warning: every resample says a quarter.
func TestAfterWarningHasAnInterval(t *testing.T) {
	s := &Survey{Warned: WarningTotals{Runs: 12, Warned: 12, Cost: 1200, After: 300}}
	for range 12 {
		s.failed = append(s.failed, failedRun{25, 100})
	}
	if m := s.MeasureAfterWarning(context.Background(), false); m.Value != 0.25 || m.High != 0.25 || m.Sample != 12 {
		t.Errorf("%+v", m)
	}
	s.failed[0] = failedRun{100, 100}
	if m := s.MeasureAfterWarning(context.Background(), false); !(m.High > 0.3 && m.High <= 1) {
		t.Errorf("one run of twelve spent all after its warning: high end %v", m.High)
	}
	s.failed = s.failed[:9]
	if m := s.MeasureAfterWarning(context.Background(), false); !math.IsNaN(m.High) {
		t.Errorf("nine runs have an interval up to %v", m.High)
	}
	l := Limit{Metric: "post_warning_share", Max: 0.5, High: true}
	if r := l.Judge(s.MeasureAfterWarning(context.Background(), false)); r.Result != ResultInsufficient || r.Why != "an interval needs ten failed runs that cost something" {
		t.Errorf("%+v", r)
	}
}

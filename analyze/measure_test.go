package analyze

import (
	"context"
	"math"
	"testing"

	"costscope/tracefmt"
)

func TestMeasuresOfCalls(t *testing.T) {
	var s Summary
	add := func(cost tracefmt.USD, state tracefmt.CostState) {
		s.Add(&tracefmt.Call{Record: &tracefmt.Record{}, Kind: tracefmt.KindLLM, IsCall: true, Counted: true, State: state, Cost: cost})
	}
	limit := Limit{Metric: "total", Max: 5}
	if r := limit.Judge(MeasureTotal(&s)); r.Result != ResultInsufficient {
		t.Errorf("without calls: %+v", r)
	}
	add(0, tracefmt.CostUnpriced)
	if r := limit.Judge(MeasureTotal(&s)); r.Result != ResultInsufficient || r.Why != "no cost is known" {
		t.Errorf("no cost is known: %+v", r)
	}
	add(4e12, tracefmt.CostComputed)
	s.RetryCost, s.Wasted = 3e12, 1e12
	if r := limit.Judge(MeasureTotal(&s)); r.Result != ResultInsufficient || r.Value != 4 || r.Sample != 2 {
		t.Errorf("a call is unpriced: %+v", r)
	}
	add(2e12, tracefmt.CostComputed)
	if r := limit.Judge(MeasureTotal(&s)); r.Result != ResultFail {
		t.Errorf("six dollars are above five: %+v", r)
	}
	near(t, "waste", MeasureWaste(&s).Value, 1./6)
	near(t, "amplification", MeasureAmplification(&s).Value, 2)
	add(math.MaxInt64, tracefmt.CostComputed)
	if m := MeasureTotal(&s); !math.IsNaN(m.Value) || m.Bound {
		t.Errorf("an overflow: %+v", m)
	}
}

func TestMeasuresOfRuns(t *testing.T) {
	tail := NewTail(usd(milli))
	near(t, "mean", MeasurePerRun(&tail, 0).Value, 0.075)
	if m := MeasureP95(&tail, 1); m.Value != 0.25 || m.Sample != 20 || !m.Partial {
		t.Errorf("%+v", m)
	}
	var runs []RunCost
	for range 7 {
		runs = append(runs, RunCost{Cost: 20e12, Outcome: tracefmt.OutcomeFailure})
	}
	o := NewOutcomes(runs)
	limit := Limit{Metric: "cost_per_success", Max: 50}
	if r := limit.Judge(MeasurePerSuccess(&o, 0)); r.Result != ResultFail || math.Abs(float64(r.Value)-57.444249867) > 1e-6 {
		t.Errorf("a success costs at least 57.44: %+v", r) // T-H2
	}
	o = NewOutcomes(nil)
	if r := limit.Judge(MeasurePerSuccess(&o, 0)); r.Result != ResultInsufficient {
		t.Errorf("%+v", r)
	}
	o = NewOutcomes([]RunCost{{Outcome: tracefmt.OutcomeSuccess, Incomplete: true}})
	nothing, none := NewTail([]tracefmt.USD{0}), NewTail(nil)
	for name, m := range map[string]Measured{"success": MeasurePerSuccess(&o, 1), "mean": MeasurePerRun(&nothing, 1), "p95": MeasureP95(&nothing, 1), "no run": MeasurePerRun(&none, 0)} {
		if !math.IsNaN(m.Value) {
			t.Errorf("%s: %v; the only cost is not known", name, m.Value)
		}
	}
	if m := MeasurePerRun(&nothing, 0); m.Value != 0 {
		t.Errorf("a run that cost nothing: %v", m.Value)
	}
	f := NewForecast(context.Background(), pilotRuns(pilot...), 100_000, nil)
	high := Limit{Metric: "projected_total", Max: 100_000, High: true}
	if r := high.Judge(f.Measured()); r.Result != ResultFail {
		t.Errorf("%+v", r)
	}
}

func TestGrowthOnlyWhereSignificant(t *testing.T) {
	ctx, limit := context.Background(), Limit{Metric: "growth", Max: 0.1}
	var old, dearer, noisy []RunSample
	for i := range 20 {
		cost := tracefmt.USD(10+i%3) * 1e12
		old, dearer, noisy = append(old, RunSample{Cost: cost}), append(dearer, RunSample{Cost: cost * 3 / 2}), append(noisy, RunSample{Cost: cost})
	}
	noisy[7].Cost *= 20 // one run in twenty
	for _, x := range []struct {
		now    []RunSample
		result string
	}{{dearer, ResultFail}, {noisy, ResultPass}, {old, ResultPass}, {dearer[:9], ResultInsufficient}, {nil, ResultInsufficient}} {
		if r := limit.Judge(MeasureGrowth(ctx, old, x.now)); r.Result != x.result {
			t.Errorf("%+v", r)
		}
	}
	near(t, "growth", MeasureGrowth(ctx, old, dearer).Value, 0.5)
	if r := limit.Judge(MeasureGrowth(ctx, make([]RunSample, 12), dearer)); r.Result != ResultInsufficient {
		t.Errorf("from nothing: %+v", r)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if r := limit.Judge(MeasureGrowth(done, old, dearer)); r.Result != ResultInsufficient {
		t.Errorf("interrupted: %+v", r)
	}
}

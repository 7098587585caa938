package analyze

import (
	"context"
	"math"
	"slices"
	"testing"

	"costscope/tracefmt"
)

func usd(milli []int64) []tracefmt.USD {
	out := make([]tracefmt.USD, len(milli))
	for i, x := range milli {
		out[i] = tracefmt.USD(x) * 1e9
	}
	return out
}

// near compares to a relative 1e-9, the tolerance of the specification.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

func TestTF1(t *testing.T) {
	d := NewTail(usd(milli))
	for what, v := range map[string][2]tracefmt.USD{
		"sum": {d.Sum, 1500e9}, "mean": {d.Mean, 75e9}, "median": {d.Median, 21e9}, "p50": {d.P50, 20e9}, "p90": {d.P90, 90e9}, "p95": {d.P95, 250e9},
		"p99": {d.P99, 775e9}, "max": {d.Max, 775e9}, "low": {d.MedianInterval[0], 15e9}, "high": {d.MedianInterval[1], 35e9},
		"mean without the top run": {d.MeanWithoutTop, 38157894737},
	} {
		if v[0] != v[1] {
			t.Errorf("%s is %d, want %d", what, v[0], v[1])
		}
	}
	near(t, "mean/median", d.MeanOverMedian(), 75./21)
	near(t, "p95/p50", d.P95OverP50(), 12.5)
	near(t, "Gini", d.Gini, 1.05080/1.5)
	near(t, "effective runs", d.EffectiveN, 1500.*1500/682626)
	near(t, "top 1%", d.Top1.Share, 775./1500)
	near(t, "top 5%", d.Top5.Share, 775./1500)
	near(t, "top 10%", d.Top10.Share, 1025./1500)
	near(t, "Lorenz at 50%", d.Lorenz[50], 145./1500)
	near(t, "Lorenz at 80%", d.Lorenz[80], 325./1500)
	near(t, "Lorenz at 90%", d.Lorenz[90], 475./1500)
	near(t, "Lorenz at 95%", d.Lorenz[95], 725./1500)
	near(t, "Lorenz at 52%", d.Lorenz[52], (145+0.4*22)/1500)
	if d.Top1.K != 1 || d.Top5.K != 1 || d.Top10.K != 2 || d.K80 != 5 || medianRank(20) != 6 || !d.HasMedianInterval {
		t.Errorf("k %d %d %d, k80 %d, rank %d", d.Top1.K, d.Top5.K, d.Top10.K, d.K80, medianRank(20))
	}
	if !math.IsNaN(d.Index) || d.Capped {
		t.Error("twenty runs have no tail index and no cap")
	}
}

func TestTF3(t *testing.T) {
	near(t, "Gini of four equal runs", NewTail(usd([]int64{5, 5, 5, 5})).Gini, 0)
	near(t, "Gini of one dear run", NewTail(usd([]int64{0, 0, 0, 8})).Gini, 0.75)
	near(t, "Gini of one run", NewTail(usd([]int64{3})).Gini, 0)
	if g := NewTail(usd([]int64{0, 0})).Gini; !math.IsNaN(g) {
		t.Errorf("Gini without cost is %g", g)
	}
}

func TestTF4(t *testing.T) {
	var a, b []int64
	for range 180 {
		a, b = append(a, 500), append(b, 500)
	}
	a, b = append(a, 2600, 2600), append(b, 2600, 2600)
	for i := range int64(18) {
		a, b = append(a, 3050-50*(i%3/2)), append(b, 1200+100*i)
	}
	if d := NewTail(usd(a)); !d.Capped || !math.IsNaN(d.Index) || d.Max != 3050e9 {
		t.Errorf("capped %v, index %g", d.Capped, d.Index)
	}
	if d := NewTail(usd(b)); d.Capped {
		t.Error("a spread tail is not capped")
	}
}

func TestTailIndex(t *testing.T) {
	// 1000 values at the quantiles of a Pareto distribution of index 2.
	var x []tracefmt.USD
	for i := range 1000 {
		x = append(x, tracefmt.USD(1e9/math.Sqrt((float64(i)+0.5)/1000)))
	}
	d := NewTail(x)
	if d.Index < 1.9 || d.Index > 2.1 {
		t.Errorf("index %g", d.Index)
	}
	near(t, "error", d.IndexError, d.Index/10)
	// By hand: 150 runs of 1 and 50 of 2: k = 50, every one 2/1: index 1/ln 2.
	var y []int64
	for i := range 200 {
		y = append(y, 1+int64(i/150))
	}
	costs := usd(y)
	if index, _ := hill(costs); math.Abs(index-1/math.Ln2) > 1e-9 {
		t.Errorf("index %g", index)
	}
}

func TestOverflowIsSaid(t *testing.T) {
	if d := NewTail([]tracefmt.USD{math.MaxInt64, math.MaxInt64}); !d.Overflow {
		t.Error("a sum beyond 9.2 million dollars must be marked")
	}
	c := tracefmt.Call{Record: &tracefmt.Record{}, Kind: tracefmt.KindTool, IsCall: true, Counted: true, State: tracefmt.CostRecorded, Cost: math.MaxInt64 - 3}
	var s Summary
	s.Add(&c)
	s.Add(&c)
	s.Add(&c)
	if !s.Overflow() {
		t.Error("three times 9.2 million dollars are marked")
	}
	s.Sub(&c)
	s.Sub(&c)
	var one Summary
	one.Add(&c)
	if s.Overflow() || !s.Equal(&one) {
		t.Errorf("taking back restores the sums: %+v", s)
	}
}

func TestMaxAfterTakingBack(t *testing.T) {
	call := func(x tracefmt.USD) *tracefmt.Call {
		return &tracefmt.Call{Record: &tracefmt.Record{}, IsCall: true, Counted: true, State: tracefmt.CostComputed, Cost: x}
	}
	var s Summary
	for _, x := range []tracefmt.USD{5e9, 7e9, 1000e9, 1001e9} {
		s.Add(call(x))
	}
	s.Sub(call(1001e9)) // one value is left in the top bucket: its sum tells
	if s.Max != 1000e9 || s.MaxStale {
		t.Errorf("max %d stale %v", s.Max, s.MaxStale)
	}
	s.Add(call(1002e9))
	s.Add(call(1001e9))
	s.Sub(call(1002e9)) // two values are left in it
	if !s.MaxStale {
		t.Error("the dearest call is gone and nothing tells the next")
	}
	s.Add(call(1001e9))
	if !s.MaxStale {
		t.Error("a cheaper call settles nothing")
	}
	s.Add(call(1002e9))
	if s.Max != 1002e9 || s.MaxStale {
		t.Errorf("max %d stale %v", s.Max, s.MaxStale)
	}
	s.Add(call(1002e9)) // again three in the top bucket
	s.Sub(call(1002e9))
	s.Sub(call(1002e9))
	var exact, bound Summary
	exact.Add(call(1002e9))
	bound.Merge(&s)
	if bound.Merge(&exact); bound.Max != 1002e9 || bound.MaxStale || !s.MaxStale {
		t.Errorf("a summary that knows settles one that does not: %d %v", bound.Max, bound.MaxStale)
	}
}

func TestTF6(t *testing.T) {
	costs := usd(milli)
	d := NewTail(costs)
	slices.Reverse(costs)
	d.AddMeanInterval(context.Background(), costs)
	nearInterval(t, "T-F1", d.MeanInterval, 0.028000062325, 9.512295899631, 1e-6)
	few := NewTail(usd(milli[:9]))
	if few.AddMeanInterval(context.Background(), usd(milli[:9])); few.MeanInterval.OK || few.HasMedianInterval {
		t.Error("nine runs have no interval")
	}
}

package analyze

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"costscope/tracefmt"
)

func llmPath(name string, runs, operations, attempts, tokens int64, cost tracefmt.USD) PathCost {
	return PathCost{Path: []string{name}, Runs: runs, Cost: cost, LLM: Effort{operations, attempts, tokens, cost}}
}

func TestTG2(t *testing.T) {
	old := []PathCost{llmPath("a", 1000, 4000, 4400, 8_800_000, 30.80e12)}
	new := []PathCost{llmPath("a", 1500, 7500, 9750, 29_250_000, 96.525e12)}
	near(t, "L", logMean(96.525, 30.80), 57.538061570)
	got, back := driversOf(match(old, new), 0, 0), driversOf(match(new, old), 0, 0)
	want := []struct{ ratio, effect float64 }{{1.5, 23.329676}, {1.25, 12.839247}, {1.3 / 1.1, 9.611968}, {1.5, 23.329676}, {3.3 / 3.5, -3.385568}}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	sum, product := Dollars(0), 1.0
	for i, w := range want {
		near(t, got[i].Factor, float64(got[i].Ratio), w.ratio)
		if math.Abs(tracefmt.USD(got[i].Effect).Float()-w.effect) > 1e-6 {
			t.Errorf("%s: effect %v, want %g", got[i].Factor, got[i].Effect, w.effect)
		}
		if d := got[i].Effect + back[i].Effect; d < -2 || d > 2 {
			t.Errorf("%s: the other way %v", got[i].Factor, back[i].Effect)
		}
		sum, product = sum+got[i].Effect, product*float64(got[i].Ratio)
	}
	if sum != 65.725e12 {
		t.Errorf("sum %v", sum)
	}
	near(t, "the ratios multiply", product, 96.525/30.80)
}

func TestDriversOfPathsThatComeAndGo(t *testing.T) {
	old := []PathCost{llmPath("gone", 3, 3, 3, 30, 5), llmPath("stays", 10, 20, 20, 2000, 4000), llmPath("free", 1, 1, 1, 10, 0)}
	new := []PathCost{llmPath("stays", 20, 40, 40, 4000, 8000), llmPath("here", 2, 2, 2, 9, 7), llmPath("free", 1, 1, 1, 10, 60)}
	tool := PathCost{Path: []string{"tool"}, Runs: 4, Cost: 100}
	old = append(old, tool)
	tool.Cost = 250
	new = append(new, tool)
	effects := map[string]Dollars{}
	for _, d := range driversOf(match(old, new), 0, 0) {
		effects[d.Factor] = d.Effect
	}
	want := map[string]Dollars{"runs": 4000, "operations per run": 0, "attempts per operation": 0, "tokens per attempt": 0, "cost per token": 60,
		"new paths": 7, "retired paths": -5, "other cost": 150}
	if !reflect.DeepEqual(effects, want) {
		t.Errorf("%v, want %v", effects, want)
	}
}

// randomPaths is one side of a comparison.
func randomPaths(gen *rand.Rand) []PathCost {
	var out []PathCost
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if gen.IntN(4) == 0 {
			continue
		}
		runs := 1 + gen.Int64N(50)
		ops := runs + gen.Int64N(100)
		attempts := ops + gen.Int64N(60)
		p := llmPath(name, runs, ops, attempts, gen.Int64N(3)*(attempts+gen.Int64N(1e6)), tracefmt.USD(gen.Int64N(4)*gen.Int64N(1e14)))
		p.Cost += tracefmt.USD(gen.Int64N(2) * gen.Int64N(1e13))
		for range runs {
			p.Sample = append(p.Sample, RunSample{Cost: tracefmt.USD(gen.Int64N(1e12))})
		}
		out = append(out, p)
	}
	return out
}

func TestDriversAddUp(t *testing.T) {
	gen := rand.New(rand.NewPCG(9, 10))
	for range 300 {
		old, new := randomPaths(gen), randomPaths(gen)
		change := Dollars(0)
		for _, p := range new {
			change += Dollars(p.Cost)
		}
		for _, p := range old {
			change -= Dollars(p.Cost)
		}
		want := driversOf(match(old, new), 0, 0)
		sum := Dollars(0)
		for _, d := range want {
			sum += d.Effect
		}
		if sum != change {
			t.Fatalf("effects %v add up to %v, not to %v", want, sum, change)
		}
		gen.Shuffle(len(old), func(i, j int) { old[i], old[j] = old[j], old[i] })
		if got := driversOf(match(old, new), 0, 0); len(got) != len(want) || got[0].Effect != want[0].Effect {
			t.Fatalf("in another order %v, want %v", got, want)
		}
	}
}

func TestEffortCountsAttemptsOfOperations(t *testing.T) {
	call := func(id, retryOf string, kind tracefmt.Kind, cost tracefmt.USD) tracefmt.Call {
		return tracefmt.Call{
			Record: &tracefmt.Record{ID: id, RetryOf: retryOf, Has: tracefmt.HasInput | tracefmt.HasOutput, Usage: tracefmt.Usage{Input: 100, CacheRead: 40, Output: 7}},
			Kind:   kind, Up: -1, IsCall: true, Counted: true, State: tracefmt.CostComputed, Cost: cost,
		}
	}
	calls := []tracefmt.Call{call("a", "", tracefmt.KindLLM, 5), call("b", "a", tracefmt.KindLLM, 6), call("c", "", tracefmt.KindTool, 9), call("d", "", tracefmt.KindLLM, 0)}
	calls[3].State = tracefmt.CostUnpriced
	st := studyOf(calls...)
	if e := st.effort(nil); e != (Effort{2, 3, 321, 11}) {
		t.Errorf("%+v", e)
	}
	if e := st.effort([]bool{true, false, true, false}); e != (Effort{1, 1, 107, 5}) {
		t.Errorf("in scope %+v", e)
	}
}

package analyze

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"costscope/tracefmt"
)

func pathOf(name string, runs, cents int64) PathCost {
	return PathCost{Path: []string{name}, Runs: runs, Cost: tracefmt.USD(runs*cents) * 1e10}
}

func TestTN1(t *testing.T) {
	old := []PathCost{pathOf("a", 80, 10), pathOf("b", 15, 50), pathOf("d", 5, 200)}
	new := []PathCost{pathOf("a", 90, 12), pathOf("b", 45, 60), pathOf("c", 15, 100)}
	c := comparePaths(context.Background(), old, new)
	if c.Old != 25.5e12 || c.New != 52.8e12 || c.Change != 27.3e12 || c.OldRuns != 100 || c.NewRuns != 150 || c.Overflow {
		t.Errorf("totals %+v", c)
	}
	for _, w := range []struct {
		name              string
		volume, mix, unit float64
		new, retired      bool
	}{
		{"b", 6.25, 10.375, 2.875, false, false}, {"c", 2.5, 12.5, 0, true, false}, {"d", 2.5, -12.5, 0, false, true},
		{"a", 23. / 6, -8.3 / 3, 5.2 / 3, false, false},
	} {
		x := c.find(t, w.name)
		for what, v := range map[string][2]float64{"volume": {float64(x.Volume), w.volume}, "mix": {float64(x.Mix), w.mix}, "unit": {float64(x.Unit), w.unit}} {
			if math.Abs(v[0]/1e12-v[1]) > 1e-6 {
				t.Errorf("%s of %s is %g, want %g", what, w.name, v[0]/1e12, v[1])
			}
		}
		if x.IsNew != w.new || x.Retired != w.retired {
			t.Errorf("%s is new %v, retired %v", w.name, x.IsNew, x.Retired)
		}
	}
	near(t, "volume", float64(c.Volume), 90.5e12/6)
	if c.Paths[0].Path[0] != "b" || c.Paths[3].Path[0] != "a" {
		t.Errorf("order %v", c.Paths)
	}
	if c.Paths[0].Why == "" || c.Tested != 0 {
		t.Error("without samples nothing is testable")
	}
}

func (c *Comparison) find(t *testing.T, name string) PathChange {
	t.Helper()
	for _, x := range c.Paths {
		if x.Path[0] == name {
			return x
		}
	}
	t.Fatalf("no path %s", name)
	return PathChange{}
}

func samples(costs ...int64) (out []RunSample) {
	for _, x := range costs {
		out = append(out, RunSample{Cost: tracefmt.USD(x) * 1e12})
	}
	return out
}

func TestTN2(t *testing.T) {
	pair := pathPair{nil, &PathCost{Sample: samples(4, 3, 2, 1)}, &PathCost{Sample: samples(3, 5, 6, 8)}}
	budget := testBudget(testWork)
	var x PathChange
	near(t, "p", x.test(context.Background(), pair, 4, &budget), 6./70)
	if p := x.test(context.Background(), pair, minSample, &budget); !math.IsNaN(p) || x.Why == "" {
		t.Errorf("four runs a side are too few, p %g", p)
	}
}

func TestPairedByTask(t *testing.T) {
	var old, new []RunSample
	for i := range 12 {
		task := string(rune('a' + i))
		old = append(old, RunSample{task, tracefmt.USD(i*i) * 1e12})
		new = append([]RunSample{{task, tracefmt.USD(i*i)*1e12 + 1e11}}, new...)
	}
	a, b := pathOf("x", 12, 1), pathOf("x", 12, 2)
	a.Sample, b.Sample = old, new
	x := comparePaths(context.Background(), []PathCost{a}, []PathCost{b}).Paths[0]
	near(t, "all twelve differences point one way", float64(x.P), 2./4096)
	if !x.Paired || !x.Significant || x.PAdjusted != x.P {
		t.Errorf("%+v", x)
	}
	// A second run of a task: the mean of the task counts. A task that one side lacks: not paired.
	if diff, ok := taskDifferences(append(old, RunSample{"a", 2e12}), new); !ok || len(diff) != 12 || math.Abs(diff[0]+0.9) > 1e-12 {
		t.Errorf("%v %v", diff, ok)
	}
	if _, ok := taskDifferences(old[1:], new); ok {
		t.Error("tasks differ")
	}
	if _, ok := taskDifferences(samples(1, 2), samples(1, 2)); ok {
		t.Error("no tasks are stated")
	}
}

func TestComparisonAddsUp(t *testing.T) {
	gen := rand.New(rand.NewPCG(11, 12))
	for range 25 {
		old, new := randomPaths(gen), randomPaths(gen)
		want := comparePaths(context.Background(), old, new)
		var sum PathChange
		for _, x := range want.Paths {
			if x.Volume+x.Mix+x.Unit != x.Change {
				t.Fatalf("%s: %v + %v + %v is not %v", x.Path, x.Volume, x.Mix, x.Unit, x.Change)
			}
			parts := Dollars(0)
			for _, d := range x.Drivers {
				parts += d.Effect
			}
			if len(x.Drivers) > 0 && parts != x.Unit {
				t.Fatalf("%s: drivers %v add up to %v, not %v", x.Path, x.Drivers, parts, x.Unit)
			}
			sum.Volume, sum.Mix, sum.Unit, sum.Change = sum.Volume+x.Volume, sum.Mix+x.Mix, sum.Unit+x.Unit, sum.Change+x.Change
		}
		if sum.Change != want.Change || sum.Volume != want.Volume || sum.Mix != want.Mix || sum.Unit != want.Unit || want.New-want.Old != want.Change {
			t.Fatalf("totals %+v", want)
		}
		gen.Shuffle(len(old), func(i, j int) { old[i], old[j] = old[j], old[i] })
		for _, p := range new {
			gen.Shuffle(len(p.Sample), func(i, j int) { p.Sample[i], p.Sample[j] = p.Sample[j], p.Sample[i] })
		}
		if a, b := asJSON(t, want), asJSON(t, comparePaths(context.Background(), old, new)); a != b {
			t.Fatalf("in another order\n%s\n%s", b, a)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestUnitDrivers(t *testing.T) {
	// A run makes 2 operations on both sides, 1 and 2 attempts at each, of 100 tokens at 1 each; a tool costs 50 a run, then 150.
	old := PathCost{Path: []string{"p"}, Runs: 10, Cost: 10 * 250, LLM: Effort{20, 20, 2000, 2000}}
	new := PathCost{Path: []string{"p"}, Runs: 10, Cost: 10 * 550, LLM: Effort{20, 40, 4000, 4000}}
	x := comparePaths(context.Background(), []PathCost{old}, []PathCost{new}).Paths[0]
	want := map[string]Dollars{"operations per run": 0, "attempts per operation": 2000, "tokens per attempt": 0, "cost per token": 0, "other cost": 1000}
	got := map[string]Dollars{}
	for _, d := range x.Drivers {
		got[d.Factor] = d.Effect
	}
	if !reflect.DeepEqual(got, want) || x.Unit != 3000 {
		t.Errorf("unit %d: %v, want %v", x.Unit, got, want)
	}
}

func TestComparisonWithNothing(t *testing.T) {
	some := []PathCost{pathOf("a", 3, 7)}
	c := comparePaths(context.Background(), nil, some)
	if c.Change != 21e10 || c.Volume+c.Mix != c.Change || c.Unit != 0 || !c.Paths[0].IsNew || c.Paths[0].OldMean.Known {
		t.Errorf("%+v", c)
	}
	if c = comparePaths(context.Background(), some, nil); c.Change != -21e10 || !c.Paths[0].Retired {
		t.Errorf("%+v", c)
	}
	if c = comparePaths(context.Background(), nil, nil); c.Change != 0 || len(c.Paths) != 0 || asJSON(t, c.Paths) != "[]" {
		t.Errorf("%+v", c)
	}
	lost := []PathCost{{Path: []string{"a"}, Cost: 5}, pathOf("b", 2, 1)}
	if c = comparePaths(context.Background(), some, lost); c.Volume+c.Mix+c.Unit != c.Change {
		t.Errorf("a cost without runs: %+v", c)
	}
	huge := []PathCost{{Path: []string{"a"}, Runs: 1, Cost: math.MaxInt64}, {Path: []string{"b"}, Runs: 1, Cost: 1}}
	if !comparePaths(context.Background(), huge, nil).Overflow {
		t.Error("an overflow is said")
	}
}

// comparePaths explains the change between sides of which every run has calls in one path only.
func comparePaths(ctx context.Context, old, new []PathCost) *Comparison {
	side := func(paths []PathCost) Side {
		s := Side{Paths: paths}
		for i := range paths {
			s.Runs += paths[i].Runs
		}
		return s
	}
	return CompareSides(ctx, side(old), side(new))
}

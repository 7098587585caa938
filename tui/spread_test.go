package tui

import (
	"testing"

	"costscope/analyze"
)

func TestShapeLeavesRunsOfUnknownCostOut(t *testing.T) {
	const usd = 1e12
	sp := ofRuns([]analyze.RunCost{{Cost: 1 * usd}, {Incomplete: true}, {Cost: 3 * usd}, {Cost: 2 * usd, Incomplete: true}, {}})
	if sp.n != 4 || sp.sum != 6*usd {
		t.Fatalf("%d runs, %d", sp.n, sp.sum)
	}
	if got := sp.gaps(); got != " · ≥ 1 known in part · 1 of unknown cost left out" {
		t.Errorf("%q", got)
	}
	for i, want := range []string{"≥$6.00", "≥$1.50", "≥$1.50"} {
		if f := factsOf(sp)[i]; f.text != want {
			t.Errorf("%s is %s, want %s", f.name, f.text, want)
		}
	}
	if bars := sp.barsOf(72); bars[0].n != 1 {
		t.Errorf("%d runs cost nothing, want the one that is known to", bars[0].n)
	}
}

func TestShapeOfUnknownCostsHasNoChart(t *testing.T) {
	src := newFake(fakeShape{runs: 60, seed: 5})
	p := play(t, src, 120, 40)
	p.press("/").typing("nightly").press("enter")
	p.sees("no run with a known cost here", "of unknown cost left out").seesNot("$0–$0.000000000001", "as $0")
}

package tui

import (
	"strings"
	"testing"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
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
	if got := sp.gapsIn(30); got != " · ≥ 1 in part · 1 unknown" {
		t.Errorf("%q in few columns", got)
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

// The dearest runs behind a place of the Lorenz curve make up the share that stands there.
func TestLorenzCurveOpensTheDearestRuns(t *testing.T) {
	p := play(t, small(), 120, 40).press("z")
	s := p.a.top().(*zoom).l.(*shape)
	sp := s.data.runs
	p.times(8, "]").press("j")
	f, ok := s.chosenFact()
	if !ok || !strings.HasPrefix(f.name, "from ▲ up") {
		t.Fatalf("the cursor is on %q", f.name)
	}
	n, sum := sp.from(f.from)
	if p.sees("▌ "+f.name, percent(sum, sp.sum)).press("enter"); len(p.a.table().rows) != int(n) || int64(p.a.table().table.Total.Cost) != sum {
		t.Errorf("%d runs of %s are behind %d of %s", len(p.a.table().rows), money(p.a.table().table.Total.Cost), n, moneyInt(sum))
	}
	p.press("esc")
	p.send(tea.MouseMsg{Action: tea.MouseActionPress, Button: tea.MouseButtonLeft, X: s.curve.x + curveLeft + (s.curve.w-curveLeft-1)*9/10, Y: s.curve.y + 2})
	k, part := len(p.a.table().rows), 0.1*float64(sp.n)
	if float64(k) < part-2 || float64(k) > part+2 {
		t.Errorf("nine tenths to the right stand %d runs of %d", k, sp.n)
	}
}

package tui

import (
	"slices"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// hold keeps commands back, as a source that takes its time does; what it returns carries them out.
func (p *player) hold(m tea.Msg) (answer func()) {
	_, cmd := p.a.Update(m)
	p.a.View()
	return func() { p.run(cmd) }
}

func TestKeysSentTogetherAllCount(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("jj9z")})
	p.sees("▸ nightly-report", "by cost, dearest first", "call 1 of")
	p = play(t, small(), 120, 40).press("j", "enter")
	p.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("j"), Alt: true}) // escape, then j
	p.sees("▌ nightly-report").seesNot("▸ checkout")
	p.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("/check")})
	p.sees("/ check▏", "1 of 3 rows")
	p.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("out\r\n"), Paste: true})
	p.sees("/ checkout▏", "1 of 3 rows").press("esc")
	p.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("qq"), Paste: true})
	p.sees("pasted text does nothing")
}

func TestWhatIsPressedWhileAListIsReadIsNotLost(t *testing.T) {
	p := play(t, small(), 120, 40).press("enter", "enter")
	answer := p.hold(keyMsg("enter")) // the calls of a step
	p.sees("looking for calls").press("j", "enter").sees("opens as soon as it is read")
	answer()
	p.sees("call 2 of", "Σ computed")

	p = play(t, small(), 120, 40).press("enter", "enter")
	answer = p.hold(keyMsg("enter"))
	p.press("enter", "G") // another key calls it off, and moves
	answer()
	p.seesNot("Σ computed")
	if c := p.a.top().(*zoom).l.(*calls); c.cur.at != c.cur.n-1 || c.cur.n < 2 {
		t.Errorf("the cursor is at %d of %d", c.cur.at, c.cur.n)
	}

	p = play(t, small(), 120, 40)
	answer = p.hold(keyMsg("enter"))
	p.press("j", "enter")
	answer()
	want := rowName(p.a.stack[1].(*paths).order[1])
	if len(p.a.stack) != 3 || !strings.HasSuffix(strings.Join(p.a.top().where().names, " "), want) {
		t.Errorf("%q was to be opened: %q", want, p.a.top().where().names)
	}
}

func TestZoomTakesThePaneAlong(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("9")
	asked := len(f.asked)
	p.press("z").sees("by cost, dearest first", "call 1 of")
	if len(f.asked) != asked {
		t.Errorf("asked again: %q", f.asked[asked:])
	}
	answer := p.hold(keyMsg("esc"))
	p.sees("by cost, dearest first", "$").seesNot("looking for calls")
	answer()
}

func TestCursorComesBackWhenItsRowDoes(t *testing.T) {
	p := play(t, small(), 120, 40).press("j").sees("▌ checkout")
	p.press("/").typing("night").sees("▌ nightly-report").press("esc").sees("▌ checkout")
	p.press("x").seesNot("▌ checkout").press("backspace").sees("▌ checkout")
	p.press("x", "j", "backspace").seesNot("▌ checkout") // moved on: that is where it stays
}

func TestFooterNamesWhatWorksHere(t *testing.T) {
	p := play(t, small(), 120, 40).sees("q quit")
	p.press("enter").sees("esc back", "Q quit").seesNot("q quit")
	p.press("b").sees("enter takes it · esc leaves").seesNot("/ filter").press("esc")
	p.press("z").sees("] bar", "u runs/calls").seesNot("z zoom").press("esc")
	p.press("9", "z", "enter").sees("J next", "K previous", "y copy", "lines 1 to ")
	p.press("?").seesNot("? help")
}

// A mark stands where its percentile lies, whatever its neighbours need.
func TestMarksDoNotHideEachOther(t *testing.T) {
	s := &shape{data: &shapeData{}}
	for i := range int64(20) {
		s.bins = append(s.bins, bar{low: i * 10, high: i*10 + 10, n: 1})
	}
	for _, c := range []struct {
		p50, p95, p99 int64
		want          string
	}{
		{10, 100, 150, " ▴p50     ▴p95 ▴p99 "},
		{10, 150, 160, " ▴p50       p95▴▴p99"},
		{10, 10, 190, " ▴p50 p95       p99▴"},
	} {
		sp := &spread{}
		sp.tail.P50, sp.tail.P95, sp.tail.P99 = usd(c.p50), usd(c.p95), usd(c.p99)
		g := newGrid(20, 1)
		s.bar = -1
		s.marks(g, sp, 0, 20, 0, 1)
		if got := g.text()[0]; strings.TrimRight(got, " ") != strings.TrimRight(c.want, " ") {
			t.Errorf("%v: %q, not %q", c, got, c.want)
		}
	}
}

func TestNothingStandsApartOnALogScale(t *testing.T) {
	bars := ofRuns(costs(0, 0, 2e9, 3e9, 5e10)).barsOf(40)
	if bars[0] != (bar{0, 1, 2, 0}) || bars[1].n != 0 || bars[1].high != bars[2].low || bars[2].n == 0 {
		t.Errorf("%v", bars[:3])
	}
}

func TestExactMoney(t *testing.T) {
	for pico, want := range map[int64]string{27e11: "$2.70", 1e12: "$1.00", 490986e6: "$0.490986", 1: "$0.000000000001", 0: "$0.00"} {
		if got := exact(usd(pico)); got != want {
			t.Errorf("%d: %s, not %s", pico, got, want)
		}
	}
	for pico, want := range map[int64]string{501187: "$0.000000501", 63: "$0.000000000063", 2e12: "$2.00"} {
		if got := edgeText(pico); got != want {
			t.Errorf("%d: %s, not %s", pico, got, want)
		}
	}
}

func usd(pico int64) tracefmt.USD { return tracefmt.USD(pico) }

func costs(pico ...int64) []analyze.RunCost {
	var l []analyze.RunCost
	for _, p := range pico {
		l = append(l, analyze.RunCost{Cost: usd(p)})
	}
	return l
}

// Runs whose calls have no price cost nobody knows what, not nothing.
func TestShapeOfUnknownCosts(t *testing.T) {
	p := play(t, small(), 120, 40).press("j", "j").sees("▌ nightly-report", "no run with a known cost here").seesNot("$0.00")
	p.press("z", "u").sees("no call with a known cost here").seesNot("$0.00")
	play(t, small(), 120, 40, func(o *Options) { o.By = []analyze.Dimension{{Dim: analyze.DimKind}} }).sees("money ≥$")
}

func TestChartSaysThatItIsOfTheRowBefore(t *testing.T) {
	p := play(t, small(), 120, 40).sees("support-bot · cost per run · mean")
	answer := p.hold(keyMsg("j"))
	p.sees("▌ checkout", "support-bot · cost per run · adding up checkout …").seesNot("is of spend")
	answer()
	p.sees("checkout · cost per run · mean").press("k").sees("support-bot · cost per run · mean")
}

// What has nothing to show yet looks for news more often.
func TestFirstDataAreShownSoon(t *testing.T) {
	f := small()
	all := f.runs
	f.runs, f.status.Loading = nil, true
	p := play(t, f, 120, 40)
	if got := p.a.every(); got != refreshFirst {
		t.Errorf("nothing to see: every %s", got)
	}
	f.runs = all
	p.press("R").sees("Σ 3 rows")
	if got := p.a.every(); got != refreshEvery {
		t.Errorf("rows to see: every %s", got)
	}
}

func TestClicksOnBars(t *testing.T) {
	p := play(t, small(), 120, 40)
	s := p.a.chart().(*shape)
	i := slices.IndexFunc(s.bins, func(b bar) bool { return b.n > 1 })
	x := s.at[1] + i*s.barW
	click := tea.MouseMsg{X: x, Y: 30, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
	p.send(click)
	if s.bar != i {
		t.Fatalf("bar %d was chosen, not %d", s.bar, i)
	}
	p.send(click)
	p.sees("▸ support-bot ▸ runs $", "run / calls")
}

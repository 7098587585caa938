package tui

import (
	"math"

	tea "github.com/charmbracelet/bubbletea"
)

// A curve is where the Lorenz curve stands, with its axes; a point of it parts the cheap runs, or calls, from the dear ones.
type curve struct{ x, y, w, h int }

// curveLeft is the columns of the labels and the axis before the curve.
const curveLeft = 5

// at is the part of the runs, the cheapest first, that lies to the left of a point.
func (c curve) at(x, y int) (part float64, ok bool) {
	n := c.w - curveLeft
	x -= c.x + curveLeft
	if n < 2 || x < 0 || x >= n || y < c.y || y >= c.y+c.h {
		return 0, false
	}
	return float64(x) / float64(n-1), true
}

// lines draws the curve, and on the axis where the chosen bar begins.
func (c curve) lines(t *shape, sp *spread) []string {
	lines := lorenzChart(sp.tail.Lorenz, c.w, c.h+2)
	if b, ok := t.stretch(); ok && len(lines) > c.h {
		n, _ := sp.from(b.low)
		axis := []rune(lines[c.h])
		if at := curveLeft + int(math.Round(float64(sp.n-n)/float64(sp.n)*float64(c.w-curveLeft-1))); at < len(axis) {
			axis[at] = '▲'
		}
		lines[c.h] = string(axis)
	}
	return lines
}

// drawCurve colours the curve, and the place of the chosen bar, apart from its axes.
func drawCurve(out *pen, s string) {
	for _, r := range s {
		role := roleDim
		switch {
		case braille(r):
			role = roleSpend
		case r == '▲':
			role = roleBrush
		}
		out.put(role, string(r))
	}
}

// from counts and adds up what costs at least low.
func (s *spread) from(low int64) (n, sum int64) {
	for i := len(s.groups) - 1; i >= 0 && s.groups[i].low >= low; i-- {
		n, sum = n+s.groups[i].n, sum+s.groups[i].sum
	}
	return n, sum
}

// upward is the share of spend of the chosen bar and all dearer ones.
func (t *shape) upward(sp *spread) (f shapeFact, ok bool) {
	b, ok := t.stretch()
	if !ok || b.low < 1 {
		return f, false
	}
	n, sum := sp.from(b.low)
	return shapeFact{"from ▲ up (" + count(n) + ")", percent(sum, sp.sum), b.low}, true
}

// openTop opens the dearest of them, but for a part.
func (t *shape) openTop(a *App, but float64) tea.Cmd {
	sp := t.spread(a)
	low := sp.fromTop(max(1, int64(math.Ceil((1-but)*float64(sp.n)))))
	return t.openCosts(a, bar{low: low, high: math.MaxInt64}.pred(a.look.perCall), spanOfCosts(low, math.MaxInt64))
}

package tui

import (
	"math"
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A timeline is the chart of spend over time with a cursor over its columns.
type timeline struct {
	cols     []loadColumn // as last drawn
	at, from int          // the chosen column, -1 for none; the one on which a brush began
	brushOn  bool
	focused  bool // it was moved over last, so enter opens a column and no line
	x0, w    int  // where the first column begins, and how wide all of them are
	line     int  // the first line of the chart, and how many there are
	rows     int
}

func newTimeline() *timeline { return &timeline{at: -1} }

// mostColumnW is how wide a column of the chart gets.
const mostColumnW = 8

// begins is where a column begins: together they take the whole width, so some are wider than others by one.
func (t *timeline) begins(i int) int { return t.x0 + i*t.w/len(t.cols) }

// span is where a column begins and how many cells of it are drawn: wide columns stand apart.
func (t *timeline) span(i int) (x, ink int) {
	x = t.begins(i)
	ink = t.begins(i+1) - x
	if t.w >= 3*len(t.cols) {
		ink--
	}
	return x, ink
}

// columnAt is the column over which x lies; they end where it is too far right.
func (t *timeline) columnAt(x int) int { return ((x-t.x0+1)*len(t.cols) - 1) / t.w }

// mark is what a drawing of the timeline depends on.
func (t *timeline) mark() (m [3]int) {
	if t != nil {
		m = [...]int{t.at, t.from, b2i(t.brushOn)<<1 | b2i(t.focused)}
	}
	return m
}

// stretch is the chosen columns in one; ok is false where none is chosen.
func (t *timeline) stretch() (c loadColumn, ok bool) {
	if t.at < 0 || t.at >= len(t.cols) {
		return c, false
	}
	low, high := t.at, t.at
	if t.brushOn {
		low, high = min(t.at, t.from), min(max(t.at, t.from), len(t.cols)-1)
	}
	c = loadColumn{start: t.cols[low].start, end: t.cols[high].end}
	busy := 0.0
	for _, x := range t.cols[low : high+1] {
		c.spend, c.calls, c.bins = c.spend+x.spend, c.calls+x.calls, c.bins+x.bins
		c.spike = c.spike || x.spike
		busy += x.busy * float64(x.bins)
	}
	c.busy = busy / float64(c.bins)
	return c, true
}

func (t *timeline) inStretch(i int) bool {
	return i == t.at || t.brushOn && i >= min(t.from, t.at) && i <= max(t.from, t.at)
}

// The lens as a chart.

func (t *insight) picked() bool   { _, ok := t.time.stretch(); return ok }
func (t *insight) brush()         { t.time.from, t.time.brushOn = t.time.at, true }
func (t *insight) brushing() bool { return t.time != nil && t.time.brushOn && t.picked() }
func (t *insight) drop()          { t.time.brushOn = false }

func (t *insight) brushed() []analyze.Pred {
	c, ok := t.time.stretch()
	if !ok {
		return nil
	}
	return append(slices.Clone(t.lead), c.pred())
}

// pred is the condition that a call begins in a column.
func (c loadColumn) pred() analyze.Pred { return analyze.During([][2]int64{{c.start, c.end}}) }

// moveBar moves over the hours of the grid where the cursor is in it, else over the columns, past those without calls or spend.
func (t *insight) moveBar(by int) {
	x := t.time
	if d, ok := t.door(); ok && len(d.cells) > 0 && !x.focused {
		t.moveCell(d, by)
		return
	}
	x.focused = true
	i := x.at
	if i < 0 && by < 0 {
		i = len(x.cols)
	}
	for i += by; i >= 0 && i < len(x.cols); i += by {
		if x.cols[i].spend > 0 || x.cols[i].calls > 0 {
			x.at = i
			return
		}
	}
}

// moveCell moves over the cells of a line that hold money.
func (t *insight) moveCell(d door, by int) {
	i := t.cell
	if i < 0 && by < 0 {
		i = len(d.cells)
	}
	for i += by; i >= 0 && i < len(d.cells); i += by {
		if d.cells[i] != nil {
			t.cell = i
			return
		}
	}
}

// door is the line under the cursor.
func (t *insight) door() (door, bool) {
	if t.cur < 0 || t.cur >= len(t.doors) {
		return door{}, false
	}
	return t.doors[t.cur], true
}

func (t *insight) cannotOpenBar(*App) string {
	if !t.picked() {
		return "choose a column first: [ and ]"
	}
	return ""
}

// openBar shows the calls that begin in the chosen columns.
func (t *insight) openBar(a *App) tea.Cmd {
	c, _ := t.time.stretch()
	to := t.data.s.with(c.pred(), false).called("calls of " + a.predText(c.pred()))
	return a.push(newZoom(lensNamed("calls"), to))
}

func (t *insight) clickBar(a *App, x, y int) tea.Cmd {
	l := t.time
	if l == nil || l.w == 0 || x < l.x0 {
		return nil
	}
	i := l.columnAt(x)
	switch {
	case i >= len(l.cols):
	case i == l.at:
		return t.openBar(a)
	default:
		l.at, l.focused = i, true
	}
	return nil
}

// chosenColumn says what the chosen columns hold.
func (p *insightPen) chosenColumn(t *timeline, l *analyze.LoadReport) bool {
	c, ok := t.stretch()
	if !ok {
		return false
	}
	text := "▲ " + p.fromTo(c.start, c.end) + ": " + moneyInt(c.spend) + ", " + percent(c.spend, int64(l.Cost)) + " · " + count(c.calls) + plural(int(c.calls), " call begins", " calls begin") +
		" · " + number(c.busy) + " at once"
	if c.spike {
		text += " · a spike"
	}
	if p.a.look.log {
		text = roomFor(text, " · log heights", p.max-2)
	}
	p.gap(2).put(roleBrush, cut(text, p.max-2)).end()
	return true
}

// heights labels the axis of amounts at the left of a chart: the most at its top, and what half the height is.
func heights(g *grid, least, most int64, rows int, log bool) {
	g.put(0, 0, roleDim, padLeft(axisText(float64(most)), axisW-1)+"┤")
	for line := 1; line < rows; line++ {
		g.put(axisW-1, line, roleRule, "│")
	}
	if mid := rows / 2; rows >= 4 {
		v := float64(most) * float64(rows-mid) / float64(rows)
		if log && least > 0 {
			share := float64(rows-mid) / float64(rows)
			v = float64(least) * math.Exp(share*(logOf(most, least)+1)-1)
		}
		g.put(0, mid, roleDim, padLeft(axisText(v), axisW-1)+"┤")
	}
}

// axisW is how wide the labels of an axis of amounts are, with its line.
const axisW = 10

func axisText(pico float64) string { return cut(edgeText(int64(pico)), axisW-1) }

// axisRoom is the columns at the left of a chart: narrow screens have none for labels.
func (p *insightPen) axisRoom() int {
	if p.max < 60 {
		return 2
	}
	return axisW
}

// brushLine marks the chosen columns below the chart.
func (t *timeline) brushLine(g *grid, line int) {
	for i := range t.cols {
		if t.inStretch(i) && t.at >= 0 {
			sign := "━"
			if i == t.at || i == t.from && t.brushOn {
				sign = "▲"
			}
			x, ink := t.span(i)
			g.put(x, line, roleBrush, strings.Repeat(sign, ink))
		}
	}
}

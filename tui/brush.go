package tui

import (
	"math"
	"slices"
	"strings"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A brush is a stretch of bars, columns or rows that is being chosen: moving extends it, v or enter makes a filter of it.

// A brusher has something that a brush can go over.
type brusher interface {
	brush()                  // begins one where the cursor is
	brushing() bool          // whether there is one
	brushed() []analyze.Pred // what it stands for: the conditions that lead to its scope, and last the range itself
	drop()
}

// A charter is a chart with a cursor over its bars.
type charter interface {
	brusher
	moveBar(by int)
	cannotOpenBar(a *App) string
	openBar(a *App) tea.Cmd
	picked() bool // a bar is chosen
}

// chart is the chart that can be seen, in the pane or on the whole screen.
func (a *App) chart() charter {
	var l lens
	switch s := a.top().(type) {
	case *paths:
		l = s.pane
	case *zoom:
		l = s.l
	}
	switch c := l.(type) {
	case *shape:
		return c
	case *insight:
		if c.time != nil {
			return c
		}
	}
	return nil
}

// brusher is what a brush goes over: the one that has one, else the chart where a bar is chosen or nothing else can be, else the rows.
func (a *App) brusher() brusher {
	c, t := a.chart(), a.table()
	switch {
	case t != nil && t.brushing():
		return t
	case c != nil && (t == nil || c.brushing() || c.picked()):
		return c
	case t != nil:
		return t
	}
	return nil
}

// brushes says whether a stretch is being chosen.
func (a *App) brushes() bool {
	b := a.brusher()
	return b != nil && b.brushing()
}

func cannotBrush(a *App) string {
	switch b := a.brusher().(type) {
	case nil:
		return "a range is chosen in a table, or in lens 1, shape, or 5, load"
	case *paths:
		return needsRow(a)
	case *shape:
		if len(b.bins) == 0 {
			return "there are no bars here"
		}
	case *insight:
		if len(b.time.cols) == 0 {
			return "there are no columns here"
		}
	}
	return ""
}

// beginBrush begins a range; without a chosen bar at the first one.
func (a *App) beginBrush() tea.Cmd {
	b := a.brusher()
	if c, ok := b.(charter); ok && !c.picked() {
		c.moveBar(1)
	}
	b.brush()
	return nil
}

// brushKeys take the place of the other keys while a range is being chosen; those that move still do.
var brushKeys = []action{
	{"v enter", "keep only the range", "keep only this", nil, func(a *App) tea.Cmd { return a.applyBrush(false) }},
	{"x", "leave the range out", "leave this out", nil, func(a *App) tea.Cmd { return a.applyBrush(true) }},
	{"esc backspace q", "drop the range", "drop the range", nil, (*App).dropBrush},
}

// brushMoves are the keys that extend a range.
const brushMoves = " j down k up pgdown pgup ctrl+f ctrl+b ctrl+d ctrl+u g home G end [ ] h left l right L "

// brushKey does what a key means while a range is being chosen; done is false for those that mean what they always do. These give the
// range up unless they extend it.
func (a *App) brushKey(k string) (cmd tea.Cmd, done bool) {
	if !a.brushes() {
		return nil, false
	}
	for i := range brushKeys {
		if slices.Contains(strings.Fields(brushKeys[i].keys), k) {
			return brushKeys[i].do(a), true
		}
	}
	if !strings.Contains(brushMoves, " "+k+" ") {
		a.dropBrush()
	}
	return nil, false
}

func (a *App) dropBrush() tea.Cmd {
	a.brusher().drop()
	return nil
}

// applyBrush makes a filter of the range, or of everything else. In a table the filter is set there; a full screen and the table from
// which it was opened both follow.
func (a *App) applyBrush(not bool) tea.Cmd {
	b := a.brusher()
	preds := slices.Clone(b.brushed())
	b.drop()
	if len(preds) == 0 {
		return a.refuse("nothing is in the range")
	}
	preds[len(preds)-1].Not = not
	if a.table() == nil {
		preds = preds[len(preds)-1:] // its scope is the lens's
	}
	s := a.top().where()
	for _, p := range preds {
		s = s.with(p, true)
	}
	return a.rescope(s.tied(len(preds)))
}

// rowPreds are the conditions that lead from the scope of a table to that of the lens in its pane; none where its row is all there is.
func (p *paths) rowPreds() []analyze.Pred {
	if r := p.row(); r != nil && p.table != nil && len(p.table.Rows) > 1 {
		return []analyze.Pred{{Dimension: p.dim, Op: analyze.OpEqual, Text: rowName(r)}}
	}
	return nil
}

// Rows of a table.

func (p *paths) brush() {
	p.anchor, p.anchorAt = p.key, p.cur.at
	p.brushOn, p.held = true, true
}
func (p *paths) brushing() bool { return p.brushOn }
func (p *paths) drop()          { p.brushOn = false }

// brushRange is the rows of the brush, [from, to); none where its first row is gone.
func (p *paths) brushRange() (from, to int) {
	if !p.brushOn || p.anchorAt < 0 || p.row() == nil {
		return 0, 0
	}
	return min(p.anchorAt, p.cur.at), max(p.anchorAt, p.cur.at) + 1
}

func (p *paths) brushed() []analyze.Pred {
	from, to := p.brushRange()
	var names []string
	for _, r := range p.rows[from:to] {
		names = append(names, rowName(r))
	}
	if len(names) == 0 {
		return nil
	}
	return []analyze.Pred{analyze.AnyOf(p.dim, names)}
}

// brushSum adds the rows of the brush up.
func (p *paths) brushSum() (sum analyze.Row, n int) {
	from, to := p.brushRange()
	sum.Runs = -1
	for _, r := range p.rows[from:to] {
		s := r.Summary
		if to-from > manyRows {
			s.Costs = analyze.Hist{}
		}
		sum.Summary.Merge(&s)
	}
	return sum, to - from
}

// Bars of the shape.

func (t *shape) picked() bool { _, ok := t.chosen(); return ok }
func (t *shape) brush()       { t.from, t.brushOn = t.bar, true }
func (t *shape) brushing() bool {
	return t.brushOn && t.from >= 0 && t.from < len(t.bins) && t.picked()
}
func (t *shape) drop() { t.brushOn = false }

// stretch is the bars of the brush added up, or the chosen bar; ok is false where there is none.
func (t *shape) stretch() (b bar, ok bool) {
	b, ok = t.chosen()
	if !ok || !t.brushing() {
		return b, ok
	}
	low, high := min(t.from, t.bar), max(t.from, t.bar)
	b = bar{low: t.bins[low].low, high: t.bins[high].high}
	for _, x := range t.bins[low : high+1] {
		b.n, b.sum = b.n+x.n, b.sum+x.sum
	}
	return b, true
}

// inStretch says whether a bar belongs to what is chosen.
func (t *shape) inStretch(i int) bool {
	return i == t.bar || t.brushing() && i >= min(t.from, t.bar) && i <= max(t.from, t.bar)
}

// pred is the condition that the cost of a run, or of a call, lies in a bar.
func (b bar) pred(perCall bool) analyze.Pred {
	m := analyze.MeasureRunCost
	if perCall {
		m = analyze.MeasureCost
	}
	return analyze.Between(m, b.low, b.high)
}

func (t *shape) brushed() []analyze.Pred {
	b, ok := t.stretch()
	if !ok {
		return nil
	}
	return append(slices.Clone(t.lead), b.pred(t.perCall))
}

// What filters are called.

// predText is a condition as a person would say it.
func (a *App) predText(p analyze.Pred) string {
	text, not := "", ""
	switch {
	case p.Op == analyze.OpAny && p.Measure == analyze.MeasureNone:
		text = namesText(p)
	case p.Measure == analyze.MeasureTime && p.Op == analyze.OpAny:
		text = a.timesText(p.Spans())
	case p.Op == analyze.OpAny && (p.Measure == analyze.MeasureRunCost || p.Measure == analyze.MeasureCost):
		text = costsText(p)
	default:
		return clean(p.String())
	}
	if p.Not {
		not = "not "
	}
	return not + text
}

// namesText is some names of a dimension: the names themselves where they are few.
func namesText(p analyze.Pred) string {
	names := p.Names()
	if len(names) == 2 && width(names[0]+names[1]) <= 24 {
		return dimName(p.Dimension) + " " + shown(names[0]) + " or " + shown(names[1])
	}
	return count(int64(len(names))) + " " + dimName(p.Dimension) + "s"
}

func costsText(p analyze.Pred) string {
	what := "cost per call "
	if p.Measure == analyze.MeasureRunCost {
		what = "cost per run "
	}
	var parts []string
	for _, s := range p.Spans() {
		parts = append(parts, spanOfCosts(s[0], s[1]))
	}
	return what + strings.Join(parts, " or ")
}

// spanOfCosts is a range of costs: $0.10 to $1, the end not included.
func spanOfCosts(low, high int64) string {
	switch {
	case high == low+1:
		return edgeText(low)
	case low == math.MinInt64 && high == math.MaxInt64:
		return "any"
	case high == math.MaxInt64:
		return "from " + edgeText(low)
	case low == math.MinInt64:
		return "below " + edgeText(high)
	}
	return edgeText(low) + " to " + edgeText(high)
}

// timesText is stretches of time: the same hours on several days are said once.
func (a *App) timesText(list [][2]int64) string {
	at := func(ns int64) time.Time { return time.Unix(0, ns).In(a.opt.Zone) }
	open := func(s [2]int64) bool { return s[0] == math.MinInt64 || s[1] == math.MaxInt64 }
	if len(list) == 0 {
		return "no time"
	}
	clock := func(s [2]int64) string { return at(s[0]).Format("15:04") + "-" + at(s[1]).Format("15:04") }
	same := !slices.ContainsFunc(list, func(s [2]int64) bool { return open(s) || clock(s) != clock(list[0]) })
	switch {
	case len(list) > 1 && same:
		return clock(list[0]) + " on " + itoa(len(list)) + " days"
	case len(list) > 1:
		return itoa(len(list)) + " stretches of time"
	case list[0][0] == math.MinInt64:
		return a.timeRange(0, list[0][1])
	case list[0][1] == math.MaxInt64:
		return a.timeRange(list[0][0], 0)
	}
	return a.timeRange(list[0][0], list[0][1])
}

// brushTotal is the line that adds up the rows of the brush.
func (p *paths) brushTotal(a *App, out *pen, l rowLayout) {
	sum, n := p.brushSum()
	c := cellOf{row: &sum, total: &p.table.Total, m: a.look.measure, sum: a.look.measure.of(&sum), lacks: a.lacks()}
	out.put(roleBrush, "▲ ").left(roleBrush, "range: "+count(int64(n))+plural(n, " row", " rows"), l.name)
	p.drawCells(out, l, p.texts(c), c)
	out.end()
}

// rescopeZoom shows the lens that fills the screen for another scope. Where it shows a row of the table below, the filters that were set or
// taken back are so in that table, too: going back keeps them.
func (a *App) rescopeZoom(z *zoom, s scope) tea.Cmd {
	n := newZoom(z.kind, s)
	a.remember()
	z.leave()
	stack := slices.Clone(a.stack[:len(a.stack)-1])
	if below, ok := stack[len(stack)-1].(*paths); ok && below == z.of {
		below.leave()
		n.of = below.copyFor(below.following(z.s, s))
		stack[len(stack)-1] = n.of
	}
	a.stack = append(stack, n)
	return n.load(a)
}

// following is the table's scope once that of its row, seen through a lens, changed from was to is. What comes before a condition on the
// cost of runs decides what these cost, so the row goes before it there.
func (p *paths) following(was, is scope) scope {
	s := p.s
	if len(is.extra) < len(was.extra) {
		if len(s.extra) > 0 {
			s = s.without()
		}
		return s
	}
	for _, x := range is.extra[len(was.extra):] {
		lead := p.rowPreds()
		if x.Measure != analyze.MeasureRunCost {
			lead = nil
		}
		for _, l := range append(lead, x) {
			s = s.with(l, true)
		}
		s = s.tied(1 + len(lead))
	}
	return s
}

package tui

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// shape is lens 1: how the costs of a scope are spread over its runs or calls.
type shape struct {
	asker
	s       scope
	key     string
	again   bool
	data    *shapeData
	old     bool                  // data is of the row before; the answer for this one is on its way
	seen    map[string]*shapeData // answers of this state of the data
	bar     int                   // the chosen bar, -1 for none
	fact    int                   // the chosen one of facts, -1 for none
	facts   []shapeFact           // as last drawn
	from    int                   // the bar on which a brush began
	brushOn bool
	perCall bool           // as last drawn
	lead    []analyze.Pred // what leads from the table's scope to this one
	bins    []bar          // as last drawn
	cutOf   cutOf          // what bins are of
	at      [2]int         // columns where the two charts begin
	barW    int
	curve   curve // as last drawn
	drawn   drawing
}

// cutOf is what bars are cut from, and into how many at most.
type cutOf struct {
	of   *spread
	most int
}

// shapeData is the answer for one scope.
type shapeData struct {
	s           scope
	at          time.Time // when it came
	total       analyze.Row
	runs, calls *spread
}

// A drawing is kept as long as nothing that it shows has changed.
type drawing struct {
	of        *shapeData
	w, h      int
	zoom, old bool
	bar, from int
	fact      int
	brush     bool
	style     int
	theme     *Theme
	lines     []string
}

// keptAnswers bounds the answers that a lens keeps while the data stay the same.
const keptAnswers = 64

func (t *shape) about(a *App, s scope, fresh bool) tea.Cmd {
	key := s.id()
	if fresh {
		clear(t.seen)
	}
	if key == t.key && !fresh {
		return nil
	}
	if key == t.key && t.busy {
		t.again = true
		return nil
	}
	moved, first := key != t.key, t.key == ""
	t.s, t.key, t.err = s, key, nil
	if moved {
		t.good = time.Time{}
		t.bar, t.fact = -1, -1
	}
	if d := t.seen[key]; d != nil {
		t.leave()
		t.data, t.old, t.good = d, false, d.at
		return nil
	}
	t.old = t.old || moved && t.data != nil
	if moved && !first {
		return t.later(a, t.pause())
	}
	return t.request(a)
}

func (t *shape) due(a *App, d due) tea.Cmd {
	if !t.isDue(d) {
		return nil
	}
	return t.request(a)
}

func (t *shape) request(a *App) tea.Cmd {
	t.again = false
	src, s := a.src, t.s
	return t.ask(func(ctx context.Context) (any, error) {
		runs, err := runSpread(ctx, src, s.by())
		if err != nil {
			return nil, err
		}
		table, err := src.Rollup(ctx, s.by())
		if err != nil {
			return nil, err
		}
		if table.Total.Overflow() {
			runs = ofRuns(nil) // nothing adds up
		}
		return &shapeData{s: s, total: table.Total, runs: runs, calls: ofCalls(&table.Total)}, nil
	})
}

func (t *shape) take(a *App, r reply) tea.Cmd {
	if !t.took(r) {
		return nil
	}
	if t.old = false; r.err == nil {
		t.data = r.ans.(*shapeData)
		t.data.at = r.at
		if t.seen == nil || len(t.seen) >= keptAnswers {
			t.seen = map[string]*shapeData{}
		}
		t.seen[t.key] = t.data
	}
	if t.again {
		return t.request(a)
	}
	return nil
}

func (t *shape) spread(a *App) *spread {
	if a.look.perCall {
		return t.data.calls
	}
	return t.data.runs
}

// moveBar moves the chosen bar past empty ones.
func (t *shape) moveBar(by int) {
	if len(t.bins) == 0 {
		return
	}
	i := t.bar
	if i < 0 && by < 0 {
		i = len(t.bins)
	}
	for i += by; i >= 0 && i < len(t.bins); i += by {
		if t.bins[i].n > 0 {
			t.bar, t.fact = i, -1
			return
		}
	}
}

// click chooses a bar where the chart fills the screen.
func (t *shape) click(a *App, x, y int) tea.Cmd {
	if share, ok := t.curve.at(x, y); ok {
		return t.openTop(a, share)
	}
	return t.clickBar(a, x, y)
}

// clickBar chooses the bar at column x of either chart; a click on the chosen one opens it.
func (t *shape) clickBar(a *App, x, y int) tea.Cmd {
	for _, from := range t.at {
		if t.barW == 0 || x < from {
			continue
		}
		i := (x - from) / t.barW
		switch {
		case i >= len(t.bins) || t.bins[i].n == 0:
		case i == t.bar:
			return t.open(a)
		default:
			t.bar = i
			return nil
		}
	}
	return nil
}

func (t *shape) chosen() (bar, bool) {
	if t.bar < 0 || t.bar >= len(t.bins) || t.data == nil {
		return bar{}, false
	}
	return t.bins[t.bar], true
}

func (t *shape) cannotOpenBar(*App) string {
	if !t.picked() {
		return "choose a bar first: [ and ]"
	}
	return ""
}

// openBar shows what is behind the chosen bar: the calls, or the runs, that cost as much.
func (t *shape) openBar(a *App) tea.Cmd {
	b, _ := t.chosen()
	return t.openCosts(a, b.pred(a.look.perCall), b.text())
}

// openCosts shows the calls, or the runs, whose cost meets a condition.
func (t *shape) openCosts(a *App, p analyze.Pred, text string) tea.Cmd {
	s := t.data.s.with(p, false)
	if !a.look.perCall {
		return a.push(newPaths(s.called("runs "+text), analyze.Dimension{Dim: analyze.DimRun}))
	}
	return a.push(newZoom(lensNamed("calls"), s.called("calls "+text)))
}

func (b bar) text() string {
	if b.high <= 1 {
		return "$0"
	}
	return edgeText(b.low) + " to " + edgeText(b.high)
}

// Drawing.

func (t *shape) view(a *App, w, h int, zoom bool) []string {
	if t.data == nil || t.failed() {
		return t.nothing(a, w, h)
	}
	return a.kept(&t.asker, w, h, func(h int) []string { return t.show(a, w, h, zoom) })
}

// show draws the answer.
func (t *shape) show(a *App, w, h int, zoom bool) []string {
	if t.drawn.is(t, a, w, h, zoom) {
		return t.drawn.lines
	}
	out := newPen(a.theme, w)
	t.draw(a, out, h, zoom)
	lines := out.fit(h)
	t.drawn = drawing{t.data, w, h, zoom, t.old, t.bar, t.from, t.fact, t.brushOn, a.look.serial, a.theme, lines}
	return lines
}

func (d *drawing) is(t *shape, a *App, w, h int, zoom bool) bool {
	return d.of == t.data && d.w == w && d.h == h && d.zoom == zoom && d.old == t.old && d.bar == t.bar && d.from == t.from && d.fact == t.fact && d.brush == t.brushOn && d.style == a.look.serial && d.theme == a.theme && d.lines != nil
}

func (t *shape) nothing(a *App, w, h int) []string {
	out := newPen(a.theme, w)
	if t.failed() {
		a.troubled(out, t.err)
	} else {
		out.gap(2).line(roleDim, "adding up "+cmp.Or(clean(strings.Join(t.s.names, " ▸ ")), "everything")+" …")
	}
	return out.fit(h)
}

func (t *shape) draw(a *App, out *pen, h int, zoom bool) {
	sp := t.spread(a)
	t.perCall = a.look.perCall
	t.title(a, out, sp, zoom)
	if sp.n == 0 {
		t.bins = nil
		out.end()
		for _, l := range lines(noCost(sp.unit, &t.data.total)+sp.gaps(), max(1, out.max-4)) {
			out.gap(2).line(roleDim, l)
		}
		return
	}
	charts, below := h-1, 0
	t.cutBars(sp, out.max)
	facts := factsOf(sp)
	if f, ok := t.upward(sp); ok {
		facts[0] = f // the total stands in the line above everything, too
	}
	t.facts, t.curve = facts, curve{}
	if zoom {
		charts, below = t.share(h-1, len(facts), out.max)
	}
	t.histograms(a, out, sp, charts)
	if below > 0 {
		t.below(out, sp, facts, below)
	}
}

// share divides the lines of a full screen between the charts and what stands below them.
func (t *shape) share(h, facts, w int) (charts, below int) {
	const least = 8
	most := max(18, h/2)
	below = (facts+1)/2 + 1
	if w >= 100 {
		below = max(below, h-most)
	}
	if below = min(below, h-least); below < 3 {
		below = 0
	}
	return h - below, below
}

// title says in one line what the charts show.
func (t *shape) title(a *App, out *pen, sp *spread, zoom bool) {
	out.gap(2).put(roleTitle, a.heading(t.data.s, zoom)).put(roleText, " · cost per "+sp.unit)
	if t.old {
		out.put(roleDim, " · adding up "+lastName(t.s)+" …")
	}
	if sp.n == 0 || t.old {
		out.end()
		return
	}
	tail := &sp.tail
	if sp.n == 1 {
		out.put(roleDim, " · ").put(roleText, "one "+sp.unit+", "+sp.amount(tail.Max)).end()
		return
	}
	parts := []string{"mean " + sp.amount(tail.Mean) + meanAgainst(tail)}
	what := "top 1% of " + sp.unit + "s"
	if sp.n < 100 {
		what = "dearest " + sp.unit
	} else if out.max >= 110 {
		what += " (" + count(int64(tail.Top1.K)) + ")"
	}
	parts = append(parts, what+" = "+percentOf(tail.Top1.Share)+" of spend")
	if out.max >= 100 {
		parts = append(parts, "Gini "+fixed2(tail.Gini))
	}
	for _, p := range parts {
		if out.col+3+width(p) <= out.max {
			out.put(roleDim, " · ").put(roleText, p)
		}
	}
	out.end()
}

func meanAgainst(t *analyze.Tail) string {
	if t.Median <= 0 {
		return ", median " + money(t.Median)
	}
	return " is " + times(t.MeanOverMedian()) + " the median " + money(t.Median)
}

func lastName(s scope) string {
	if len(s.names) == 0 {
		return "everything"
	}
	return s.names[len(s.names)-1]
}

func fixed2(x float64) string {
	if math.IsNaN(x) {
		return unknown
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// The two charts stand side by side.
const chartsLeft, chartsApart = 2, 4

func chartWidth(max int) int { return (max - chartsLeft - chartsApart) / 2 }

// cutBars makes the bars, as many as fit.
func (t *shape) cutBars(sp *spread, max int) {
	if cut := (cutOf{sp, min(chartWidth(max), 72)}); t.bins == nil || t.cutOf != cut {
		t.bins, t.cutOf = sp.barsOf(cut.most), cut
	}
	if t.bar >= len(t.bins) {
		t.bar = -1
	}
}

// histograms draws two charts side by side: how many there are, and how much money they are.
func (t *shape) histograms(a *App, out *pen, sp *spread, h int) {
	const left, between = chartsLeft, chartsApart
	w := chartWidth(out.max)
	if w < 6 || h < 2 {
		return
	}
	barW := max(1, w/max(1, len(t.bins)))
	barW = min(barW, 6)
	heads := h >= 5
	rows := h - 2
	counts, sums, most := make([]int64, len(t.bins)), make([]int64, len(t.bins)), [2]int64{}
	for i, b := range t.bins {
		counts[i], sums[i] = b.n, b.sum
		most[0], most[1] = max(most[0], b.n), max(most[1], b.sum)
	}
	if heads {
		rows--
		t.heads(out, sp, most, a.look.log, left, w, between)
	}
	grid := newGrid(left+2*w+between, rows+2)
	for side, values := range [...][]int64{counts, sums} {
		x0 := left + side*(w+between)
		t.at[side], t.barW = x0, barW
		r := roleBar
		if side == 1 {
			r = roleSpend
		}
		columnsChart(values, most[side], rows, inkOf(barW), a.look.log, func(line, i int, s string) {
			role := r
			if t.inStretch(i) {
				role = roleBrush
			}
			grid.put(x0+i*barW, line, role, s)
		})
		t.axis(grid, x0, w, rows, barW)
		t.marks(grid, sp, x0, w, rows+1, barW)
	}
	grid.write(out)
}

// inkOf is how many columns of a bar are drawn: wide bars stand apart.
func inkOf(barW int) int {
	if barW < 3 {
		return barW
	}
	return barW - 1
}

// roomFor adds more to a text if both fit into w columns.
func roomFor(text, more string, w int) string {
	if width(text)+width(more) > w {
		return text
	}
	return text + more
}

// heads names the two charts and how high they are, or says what the chosen bar holds.
func (t *shape) heads(out *pen, sp *spread, most [2]int64, log bool, left, w, between int) {
	l := count(sp.n) + " " + plural(int(sp.n), sp.unit, sp.unit+"s")
	r := "their money " + least(t.data.total.Incomplete()) + moneyInt(sp.sum)
	if all := t.data.total.Calls; !sp.exact && all > sp.n {
		l = roomFor(count(sp.n)+" of "+count(all)+" calls", ", the others of unknown cost", w)
	}
	l += sp.gapsIn(w - width(l))
	if log {
		l, r = l+" · log heights", r+" · log heights"
	}
	if len(t.bins) > 1 {
		l, r = roomFor(l, " · tallest bar "+count(most[0]), w), roomFor(r, " · tallest bar "+moneyInt(most[1]), w)
	}
	role := roleHead
	if b, ok := t.stretch(); ok {
		role = roleBrush
		l = "▲ " + b.text() + ": " + count(b.n) + " " + plural(int(b.n), sp.unit, sp.unit+"s") + ", " + percent(b.n, sp.n)
		r = moneyInt(b.sum) + ", " + percent(b.sum, sp.sum) + " of spend"
		if log {
			r = roomFor(r, " · log heights", w)
		}
	}
	out.gap(left).left(role, l, w).gap(between).left(role, r, w).end()
}

// axis labels the edges of bars: nothing, the powers of ten, where the scale begins, and what lies in the middle of a long stretch.
func (t *shape) axis(g *grid, x0, w, line, barW int) {
	n := min(len(t.bins)*barW, w)
	g.put(x0, line, roleRule, strings.Repeat("─", n))
	free := newGaps(x0, x0+w)
	label := func(i int, text string) {
		if x := x0 + i*barW; free.take(x, x+width(text), 1) {
			g.put(x, line, roleDim, text)
		}
	}
	first := 0
	if len(t.bins) > 0 && t.bins[0].high <= 1 {
		first = min(2, len(t.bins)-1)
		label(0, map[bool]string{true: "$0", false: "0"}[barW > 1 || len(t.bins) < 2])
	}
	for i := range t.bins {
		if t.bins[i].low > 1 && isDecade(t.bins[i].low) {
			label(i, decadeText(t.bins[i].low))
		}
	}
	if first < len(t.bins) && t.bins[first].low > 1 {
		label(first, decadeText(t.bins[first].low))
	}
	for i := first; i < len(t.bins); i++ {
		if x, text := x0+i*barW, decadeText(t.bins[i].low); t.bins[i].low > 1 && free.clear(x-longStretch/2, x+longStretch/2) {
			label(i, text)
		}
	}
}

// longStretch is how many columns of an axis are not left without a label.
const longStretch = 28

// gaps are the columns of a line, some of them taken.
type gaps struct {
	from  int
	taken []bool
}

func newGaps(from, to int) *gaps { return &gaps{from, make([]bool, max(0, to-from))} }

// clear says that all columns from x to y, y excluded, lie within the line and none is taken.
func (s *gaps) clear(x, y int) bool {
	if x < s.from || y > s.from+len(s.taken) {
		return false
	}
	return !slices.Contains(s.taken[x-s.from:y-s.from], true)
}

// take takes the columns from x to y if they are free, and so are as many beside them as apart says.
func (s *gaps) take(x, y, apart int) bool {
	if !s.clear(x, y) || !s.clear(max(s.from, x-apart), min(y+apart, s.from+len(s.taken))) {
		return false
	}
	for i := x; i < y; i++ {
		s.taken[i-s.from] = true
	}
	return true
}

// isDecade says that x is a power of ten, or the edge of the bucket that holds one.
func isDecade(x int64) bool {
	if x < 1 {
		return false
	}
	d := math.Round(math.Log10(float64(x)))
	return math.Abs(float64(x)/math.Pow(10, d)-1) < 0.012
}

func decadeText(x int64) string {
	if isDecade(x) {
		x = int64(math.Pow(10, math.Round(math.Log10(float64(x)))))
	}
	return strings.TrimSuffix(edgeText(x), ".00")
}

// edgeText is an edge of a bar; those too small for an amount of money are told with three digits.
func edgeText(pico int64) string {
	if pico <= 0 || pico >= 1e6 {
		return moneyInt(pico)
	}
	unit := int64(1)
	for pico/unit >= 1000 {
		unit *= 10
	}
	return "$" + tracefmt.USD((pico+unit/2)/unit*unit).String()
}

// marks points at the median, the high percentiles and the chosen bar. The signs stand where they belong; a label stands to the right of
// its sign, else to the left, else nowhere.
func (t *shape) marks(g *grid, sp *spread, x0, w, line, barW int) {
	at := map[int]string{} // labels by column
	var order []int
	for _, m := range [...]struct {
		label string
		at    tracefmt.USD
	}{{"p50", sp.tail.P50}, {"p95", sp.tail.P95}, {"p99", sp.tail.P99}} {
		i := find(t.bins, int64(m.at))
		if i < 0 {
			continue
		}
		x := x0 + i*barW
		if at[x] == "" {
			order = append(order, x)
			at[x] = m.label
		} else {
			at[x] += " " + m.label
		}
	}
	free := newGaps(x0, x0+w)
	for _, x := range order {
		free.take(x, x+1, 0)
		g.put(x, line, roleMark, "▴")
	}
	for _, x := range order {
		label := at[x]
		n := width(label)
		switch {
		case free.take(x+1, x+1+n, 0):
			g.put(x+1, line, roleMark, label)
		case free.take(x-n, x, 0):
			g.put(x-n, line, roleMark, label)
		}
	}
	for i := range t.bins {
		if t.brushing() && t.inStretch(i) {
			g.put(x0+i*barW, line, roleBrush, strings.Repeat("━", barW))
		}
	}
	if t.brushing() {
		g.put(x0+t.from*barW, line, roleBrush, "▲")
	}
	if t.picked() {
		g.put(x0+t.bar*barW, line, roleBrush, "▲")
	}
}

// below draws the facts and, where there is room, the Lorenz curve.
func (t *shape) below(out *pen, sp *spread, facts []shapeFact, h int) {
	title := "distribution over " + count(sp.n) + " " + plural(int(sp.n), sp.unit, sp.unit+"s") + sp.gaps()
	if !sp.exact {
		title += " · percentiles within 0.8%"
	}
	out.rule(title)
	h--
	factW, curveW := out.max-2, 0
	if out.max >= 100 && h >= 6 && sp.sum > 0 {
		curveW = min(60, out.max-66)
		factW = out.max - curveW - 4
	}
	cols := min(max(1, factW/30), max(1, (len(facts)+h-1)/h))
	cols = max(cols, min(2, factW/26))
	per := (len(facts) + cols - 1) / cols
	lorenz := make([]string, h)
	if curveW > 0 {
		t.curve = curve{x: out.max - curveW, y: len(out.list) + 1, w: curveW, h: h - 3}
		lorenz = append([]string{cut("Lorenz: share of spend by the cheapest "+sp.unit+"s", curveW)}, t.curve.lines(t, sp)...)
	}
	colW := factW / cols
	for i := range h {
		for c := range cols {
			k := c*per + i
			out.to(c * colW)
			if i >= per || k >= len(facts) {
				continue
			}
			mark, r := "  ", roleDim
			if k == t.fact {
				mark, r = "▌ ", roleBrush
			}
			out.put(roleMark, mark).left(r, facts[k].name, 17).right(roleText, facts[k].text, min(14, colW-19))
		}
		if curveW > 0 {
			out.to(out.max - curveW)
			drawCurve(out, lorenz[i])
		}
		out.end()
	}
}

func fixed1(x float64) string {
	if math.IsNaN(x) {
		return unknown
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

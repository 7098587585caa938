package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// An insight is a lens that shows what the analysis says of a scope. Which part of it, and how, its draw function says; everything else
// is the same for all of them: they ask the same question, and each answer is asked for once.
type insight struct {
	asker
	draw   func(p *insightPen, h int) // writes as many lines as it likes; the first h show in the pane
	why    *change                    // asks and opens otherwise; nil: as all do
	s      scope
	key    string
	again  bool
	share  *progress // of what is read for the question at hand
	data   *insightData
	around *around // of a single run; nil where the lens does not compare runs
	old    bool    // data is of the row before; the answer for this one is on its way

	time *timeline      // of lens 5, else nil
	lead []analyze.Pred // what leads from the table's scope to this one
	cell int            // the chosen cell of the line under the cursor, -1 for the whole line

	cur, top int
	free     bool   // the lines were scrolled away from the cursor
	doors    []door // of the lines last drawn
	drawn    insightDrawing
}

// insightData is the answer for one scope. It is not changed any more.
type insightData struct {
	s     scope
	at    time.Time // when it came
	table *analyze.Table
	deep  *analyze.Analysis

	before *analyze.Table // of a change: the side before, and why
	change *compared
	causes *compared // of the same change, by all levels below
}

// A door is a line behind which calls or runs stand.
type door struct {
	line  int
	to    scope
	runs  bool     // opens the list of runs, not of calls
	call  string   // of a run: where the cursor is to be
	cells []*scope // what the cells of the line open, nil for empty ones
}

// insightDrawing is kept as long as nothing that it shows has changed.
type insightDrawing struct {
	of          *insightData
	w, h        int
	zoom, old   bool
	cur, serial int
	cell        int
	time        [3]int
	theme       *Theme
	lines       []string
}

// An insightPen is a pen with what there is to draw.
type insightPen struct {
	*pen
	a    *App
	l    *insight
	data *insightData
	zoom bool

	sections []int // lines at which a part begins that a blank line may stand before
}

// section begins a part of a pane; where there is room a blank line divides it from what is above.
func (p *insightPen) section() {
	if !p.zoom {
		p.sections = append(p.sections, len(p.list))
	}
}

// spread puts blank lines between the sections if all of it still fits into h lines.
func (p *insightPen) spread(h int) {
	if len(p.list)+len(p.sections) > h {
		return
	}
	for _, at := range slices.Backward(p.sections) {
		p.list = slices.Insert(p.list, at, "")
		for i := range p.l.doors {
			p.l.doors[i].line += b2i(p.l.doors[i].line >= at)
		}
	}
}

// row begins a line that can be opened: it leads to the calls, or the runs, of a scope.
func (p *insightPen) row(to scope, runs bool) {
	p.l.doors = append(p.l.doors, door{line: len(p.list), to: to, runs: runs})
	if p.zoom && len(p.l.doors)-1 == p.l.cur && !p.l.onChart() {
		p.sel = true
		p.put(roleMark, "▌ ")
		return
	}
	p.gap(2)
}

func (t *insight) about(a *App, s scope, fresh bool) tea.Cmd {
	cmd := t.turnTo(a, s, fresh)
	return tea.Batch(cmd, t.around.look(a, s, fresh))
}

func (t *insight) leave() {
	t.asker.leave()
	if t.around != nil {
		t.around.leave()
	}
}

// turnTo asks about another scope, or about the same one anew.
func (t *insight) turnTo(a *App, s scope, fresh bool) tea.Cmd {
	key := s.id()
	if t.why != nil {
		key = t.why.keyOf(a, s)
	}
	if fresh {
		a.insights = nil
	}
	switch {
	case key == t.key && !fresh:
		return nil
	case key == t.key && t.busy:
		t.again = true
		return nil
	}
	moved, first := key != t.key, t.key == ""
	t.s, t.key, t.err = s, key, nil
	if moved {
		t.good = time.Time{}
		t.cur, t.top, t.free, t.cell = 0, 0, true, -1 // it begins at its top, wherever its first door is
		if t.time != nil {
			t.time = newTimeline()
		}
	}
	if d := a.insights[key]; d != nil {
		t.asker.leave()
		t.data, t.old, t.good = d, false, d.at
		return nil
	}
	t.old = t.old || moved && t.data != nil
	if moved && !first {
		return t.later(a, t.pause())
	}
	return t.request(a)
}

func (t *insight) due(a *App, d due) tea.Cmd {
	if !t.isDue(d) {
		return nil
	}
	return t.request(a)
}

func (t *insight) request(a *App) tea.Cmd {
	t.again = false
	src, s, by, share := a.src, t.s, a.opt.By, &progress{rows: a.weighed != nil}
	t.share = share
	if t.why != nil {
		return t.why.request(a)
	}
	return tea.Batch(t.ask(func(ctx context.Context) (any, error) {
		q := s.by(by...)
		if err := readable(ctx, src, q); err != nil {
			return nil, err
		}
		table, err := src.Rollup(ctx, q)
		if err != nil {
			return nil, err
		}
		digest, err := src.Digest(ctx, q, share.note)
		if err != nil {
			return nil, err
		}
		return &insightData{s: s, table: table, deep: digest.Result(ctx, table)}, ctx.Err()
	}), a.wait(refreshEvery, analysingMsg{&t.asker}))
}

// analysingMsg draws the progress of a long analysis anew.
type analysingMsg struct{ of *asker }

// analysing keeps the progress moving as long as the question is not answered.
func (a *App) analysing(m analysingMsg) tea.Cmd {
	if !m.of.busy {
		return nil
	}
	return a.wait(refreshEvery, m)
}

// soFar is how far the analysis is; nothing while there is nothing to tell.
func (t *insight) soFar() string {
	if t.share == nil || !t.busy {
		return ""
	}
	return t.share.text()
}

// A progress is how much was read of what a question reads. rows: what it counts are rows, and told.
type progress struct {
	rows     bool
	done, of atomic.Int64
}

func (s *progress) note(done, of int64) {
	s.of.Store(of)
	s.done.Store(done)
}

func (s *progress) text() string {
	done, of := s.done.Load(), s.of.Load()
	percent := 100 * done / max(of, 1)
	if percent == 0 {
		return ""
	}
	text := " " + itoa(int(min(percent, 99))) + "%"
	if s.rows {
		text += " · " + count(done) + " of " + count(of) + " rows"
	}
	return text
}

func (t *insight) take(a *App, r reply) tea.Cmd {
	if t.around.take(r) {
		t.drawn = insightDrawing{} // drawn anew, with them
		return nil
	}
	if !t.took(r) {
		return nil
	}
	if t.old = false; r.err == nil {
		t.data = r.ans.(*insightData)
		t.data.at = r.at
		if a.insights == nil || len(a.insights) >= keptAnswers {
			a.insights = map[string]*insightData{}
		}
		a.insights[t.key] = t.data
	}
	if t.again {
		return t.request(a)
	}
	return nil
}

func (t *insight) view(a *App, w, h int, zoom bool) []string {
	if t.data == nil || t.failed() {
		return t.nothing(a, w, h)
	}
	return a.kept(&t.asker, w, h, func(h int) []string { return t.show(a, w, h, zoom) })
}

// show draws the answer.
func (t *insight) show(a *App, w, h int, zoom bool) []string {
	d := &t.drawn
	if d.of != t.data || d.w != w || d.h != h || d.zoom != zoom || d.old != t.old || d.cur != t.cur || d.cell != t.cell || d.time != t.time.mark() || d.serial != a.look.serial || d.theme != a.theme {
		t.doors = t.doors[:0]
		p := &insightPen{pen: newPen(a.theme, w), a: a, l: t, data: t.data, zoom: zoom}
		p.gap(2).put(roleTitle, a.heading(t.data.s, zoom))
		if t.old {
			p.put(roleDim, " · adding up "+lastName(t.s)+" …")
		}
		t.draw(p, h)
		p.spread(h)
		t.drawn = insightDrawing{t.data, w, h, zoom, t.old, t.cur, a.look.serial, t.cell, t.time.mark(), a.theme, p.list}
	}
	return t.window(w, h)
}

// window is the part of the lines that fits, with the cursor in it unless it was scrolled away.
func (t *insight) window(w, h int) []string {
	t.cur = max(0, min(t.cur, len(t.doors)-1))
	if !t.drawn.zoom {
		t.top = 0
	} else if at, ok := t.at(t.cur); ok && !t.free {
		t.top = min(max(t.top, at-h+2), at)
		if t.cur == 0 && at < h {
			t.top = 0
		}
	}
	t.top = max(0, min(t.top, len(t.drawn.lines)-h))
	lines := slices.Clone(t.drawn.lines[t.top:min(len(t.drawn.lines), t.top+h)])
	for len(lines) < h {
		lines = append(lines, "")
	}
	return lines
}

// at is the line of a door.
func (t *insight) at(n int) (line int, ok bool) {
	if n < 0 || n >= len(t.doors) {
		return 0, false
	}
	return t.doors[n].line, true
}

func (t *insight) nothing(a *App, w, h int) []string {
	out := newPen(a.theme, w)
	if t.failed() {
		a.troubled(out, t.err)
	} else {
		out.gap(2).line(roleDim, "analysing "+cmp.Or(clean(strings.Join(t.s.names, " ▸ ")), "everything")+" …"+t.soFar())
	}
	return out.fit(h)
}

// move moves the cursor over the lines that can be opened, and scrolls where the next of them is out of sight.
func (t *insight) move(a *App, by int) tea.Cmd {
	if t.onChart() {
		t.time.focused = false
		if by > 0 {
			by-- // onto the line
		}
	}
	step := 1
	if by < 0 {
		step, by = -1, -by
	}
	for range min(by, len(t.drawn.lines)+len(t.doors)) {
		t.moveOne(step)
	}
	return nil
}

func (t *insight) moveOne(step int) {
	h, last := t.drawn.h, max(0, len(t.drawn.lines)-t.drawn.h)
	at, ok := t.at(t.cur + step)
	if here, some := t.at(t.cur); some && step > 0 && here >= t.top+h {
		ok = false // the cursor itself comes into sight first
	}
	if ok && (at >= t.top && at < t.top+h || t.top+step < 0 || t.top+step > last) {
		t.cur, t.free, t.cell = t.cur+step, false, -1
		return
	}
	if t.top+step >= 0 && t.top+step <= last {
		t.top, t.free = t.top+step, true
	}
}

// summary says which lines are in sight, where that is not all of them.
func (t *insight) summary(*App) string {
	n, end := len(t.drawn.lines), min(len(t.drawn.lines), t.top+t.drawn.h)
	if t.data == nil || t.failed() || !t.drawn.zoom || n <= t.drawn.h {
		return ""
	}
	return "lines " + itoa(t.top+1) + " to " + itoa(end) + " of " + itoa(n)
}

func (t *insight) page() int { return max(1, t.drawn.h-2) }

// onChart says that the cursor is in the chart, not on a line.
func (t *insight) onChart() bool { return t.time != nil && t.time.focused }

func (t *insight) cannotOpen(a *App) string {
	if t.onChart() {
		return t.cannotOpenBar(a)
	}
	if t.cur >= len(t.doors) {
		return "nothing to open here"
	}
	return ""
}

// open shows the calls, the run or the runs behind the line of the cursor.
func (t *insight) open(a *App) tea.Cmd {
	if t.onChart() {
		return t.openBar(a)
	}
	d := t.doors[t.cur]
	if t.why != nil {
		return t.why.enter(a, d)
	}
	if t.cell >= 0 && t.cell < len(d.cells) && d.cells[t.cell] != nil {
		d.to = *d.cells[t.cell]
	}
	if id, ok := d.to.run(); ok {
		return a.push(newRunView(d.to, id, d.call))
	}
	if d.runs {
		return a.push(newPaths(d.to, analyze.Dimension{Dim: analyze.DimRun}))
	}
	return a.push(newZoom(lensNamed("calls"), d.to))
}

// click puts the cursor on the line, or the column of the chart, and opens it when it is there already.
func (t *insight) click(a *App, x, y int) tea.Cmd {
	if l := t.time; l != nil && t.top+y >= l.line && t.top+y < l.line+l.rows {
		return t.clickBar(a, x, y)
	}
	if t.chosen(y) {
		return t.open(a)
	}
	return nil
}

// chosen puts the cursor on the line, and says whether it was there already.
func (t *insight) chosen(y int) bool {
	n := slices.IndexFunc(t.doors, func(d door) bool { return d.line == t.top+y })
	if n < 0 || n == t.cur && !t.onChart() {
		return n >= 0
	}
	t.cur, t.cell = n, -1
	if t.time != nil {
		t.time.focused = false
	}
	return false
}

// into is the scope of a path below that of the lens. What its own path has fixed already is not said again.
func (p *insightPen) into(path []string, dims ...analyze.Dimension) scope {
	s := p.data.s
	for i := range min(len(path), len(dims)) {
		if !s.used(dims[i]) {
			s = s.in(dims[i], path[i])
		}
	}
	return s
}

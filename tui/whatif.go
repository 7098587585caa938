package tui

import (
	"context"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A whatIf is the screen of a scenario: levers to set, and what the calls of a scope cost as recorded, by the price book and under the
// scenario. It moves and scrolls as a lens does; its first doors are the levers, the others lead to calls.
type whatIf struct {
	insight
	dim   analyze.Dimension
	total *analyze.Row // of the scope, where it is known
	res   *analyze.WhatIfResult
	book  asker // of the reading of a price book
	stale bool  // the numbers are of other levers
}

func cannotWhatIf(a *App) string {
	if _, ok := a.top().(*whatIf); ok {
		return "this is what-if · enter sets a lever"
	}
	return needsLensed(a)
}

// whatIf opens the screen for what is visible, by the rows of its table.
func (a *App) whatIf() tea.Cmd {
	t := &whatIf{dim: analyze.Dimension{Dim: analyze.DimModel}, total: a.scopeTotal()}
	t.s = a.top().where()
	if p := a.table(); p != nil {
		t.dim = p.dim
	} else {
		for _, d := range a.opt.By {
			if !t.s.used(d) {
				t.dim = d
				break
			}
		}
	}
	t.free = true // it begins at its top
	return a.push(t)
}

func (t *whatIf) where() scope          { return t.s }
func (t *whatIf) load(a *App) tea.Cmd   { return t.request(a) }
func (t *whatIf) relook(*App) tea.Cmd   { return nil }
func (t *whatIf) due(*App, due) tea.Cmd { return nil }
func (t *whatIf) leave()                { t.asker.leave(); t.book.leave() }
func (t *whatIf) copied(a *App) (s, w string) {
	if !a.scenario.Any() {
		return "", "nothing: no lever is set"
	}
	return "--what-if '" + a.scenario.String() + "'", "the scenario for costscope report"
}

// request prices the calls of the scope; a question that is on its way is called off where the levers are others.
func (t *whatIf) request(a *App) tea.Cmd {
	if t.busy && !t.stale {
		t.again = true
		return nil
	}
	t.again, t.stale = false, false
	src, q, sc, share := a.src, t.s.by(t.dim), a.scenario, &progress{rows: a.weighed != nil}
	t.share = share
	return tea.Batch(t.ask(func(ctx context.Context) (any, error) {
		return src.WhatIf(ctx, q, sc, share.note)
	}), a.wait(refreshEvery, analysingMsg{&t.asker}))
}

// turned asks anew after a lever was set.
func (t *whatIf) turned(a *App) tea.Cmd {
	t.stale = true
	a.look.serial++
	return t.request(a)
}

func (t *whatIf) take(a *App, r reply) tea.Cmd {
	if t.book.took(r) {
		return t.tookBook(a, r)
	}
	if !t.took(r) {
		return nil
	}
	a.look.serial++
	if r.err == nil {
		t.res = r.ans.(*analyze.WhatIfResult)
	}
	if t.again {
		return t.request(a)
	}
	return nil
}

func (t *whatIf) summary(*App) string {
	if t.res == nil || t.res.Overflow || t.res.Total.Compared == 0 {
		return ""
	}
	c := t.res.Total.Cells()
	return "what-if " + c[3] + " " + c[4]
}

func (t *whatIf) view(a *App, w, h int) []string {
	return a.kept(&t.asker, w, h, func(h int) []string { return t.picture(a, w, h) })
}

func (t *whatIf) picture(a *App, w, h int) []string {
	d := &t.drawn
	if d.w != w || d.h != h || d.cur != t.cur || d.serial != a.look.serial || d.theme != a.theme || t.busy {
		t.doors = t.doors[:0]
		p := &insightPen{pen: newPen(a.theme, w), a: a, l: &t.insight, zoom: true}
		t.write(p, h)
		t.drawn = insightDrawing{w: w, h: h, zoom: true, cur: t.cur, serial: a.look.serial, theme: a.theme, lines: p.list}
	}
	return t.window(w, h)
}

func (t *whatIf) cannotOpen(a *App) string {
	if t.cur >= len(analyze.Levers()) {
		return t.insight.cannotOpen(a)
	}
	return ""
}

// open sets a lever, or shows the calls of a row.
func (t *whatIf) open(a *App) tea.Cmd {
	if l := analyze.Levers(); t.cur < len(l) {
		return t.edit(a, l[t.cur])
	}
	return t.insight.open(a)
}

func (t *whatIf) click(a *App, _, y int) tea.Cmd {
	if t.chosen(y) {
		return t.open(a)
	}
	return nil
}

// write draws the levers, the table, and what the numbers take for granted.
func (t *whatIf) write(p *insightPen, _ int) {
	p.gap(2).put(roleTitle, "what if · "+t.name())
	switch {
	case t.busy:
		p.put(roleDim, " · pricing …"+t.soFar())
	case !p.a.scenario.Any():
		p.put(roleDim, " · enter sets a lever")
	}
	p.end()
	t.levers(p)
	p.end()
	switch {
	case t.res == nil && t.failed():
		p.a.troubled(p.pen, t.err)
		return
	case t.res == nil:
		p.gap(2).line(roleDim, "pricing every call …")
		return
	case t.res.Overflow:
		p.gap(2).line(roleFail, "✗ a sum is too large to show")
		return
	case t.res.Total.Calls == 0:
		p.gap(2).line(roleDim, "no call here costs anything · esc back")
		return
	}
	t.table(p)
	p.end()
	for _, s := range t.res.Gaps() {
		p.say(roleWarn, 2, "? "+s)
	}
	for _, s := range t.res.Assumptions() {
		p.note(2, "assumed: "+s)
	}
}

func (t *whatIf) name() string {
	if len(t.s.names) == 0 {
		return "all calls"
	}
	return lastName(t.s)
}

// levers draws every lever with its setting and its effect.
func (t *whatIf) levers(p *insightPen) {
	s := sheet{cols: []sheetCol{{head: "lever"}, {head: "set to", left: true, r: roleKey}, {head: "calls", rank: 2, r: roleDim},
		{head: "alone", rank: 1, r: roleSpend}, {head: "in order", r: roleSpend}}}
	for _, l := range analyze.Levers() {
		row := sheetRow{cells: []string{l.String(), "as it was", "", "", ""}, to: &t.s, r: roleDim}
		if v := p.a.scenario.Value(l); v != "" {
			row.cells[1], row.r = cut(clean(v), max(14, p.max-52)), roleName
			t.effect(l, &row)
		}
		s.add(row)
	}
	joint := sheetRow{cells: []string{"together", "", "", "", unknown}, r: roleTitle}
	if t.res != nil && t.res.Total.Compared > 0 && !t.res.Overflow {
		joint.cells[4] = t.res.Total.Cells()[3]
	}
	s.add(joint)
	s.write(p, true)
}

// effect fills in what a lever changes, as far as the answer is for this setting.
func (t *whatIf) effect(l analyze.Lever, row *sheetRow) {
	row.cells[2], row.cells[3], row.cells[4] = "…", "…", "…"
	if t.res == nil || t.busy || t.err != nil {
		return
	}
	for i := range t.res.Levers {
		if e := &t.res.Levers[i]; e.Lever == l {
			c := e.Cells()
			copy(row.cells[2:], c[:])
			row.under = e.Says
		}
	}
}

// mostWhatIfRows bounds what is drawn; all of it is in the sum, and in costscope report --what-if --json.
const mostWhatIfRows = 400

// table draws the three sides for every row, beside what they come to.
func (t *whatIf) table(p *insightPen) {
	s := sheet{cols: []sheetCol{{head: dimName(t.dim)}, {head: "recorded", rank: 3, r: roleDim}, {head: "book", rank: 1, r: roleText},
		{head: "what-if", r: roleSpend}, {head: "change", r: roleText}, {head: "%", rank: 2, r: roleText}, {head: "unknown", rank: 4, r: roleWarn}}}
	s.add(t.row(&t.res.Total, "total"))
	rows := t.res.Rows
	for i := range rows[:min(len(rows), mostWhatIfRows)] {
		r := t.row(&rows[i], shown(rows[i].Path[0]))
		to := t.s.in(t.dim, rows[i].Path[0])
		r.to = &to
		s.add(r)
		s.most = max(s.most, int64(rows[i].Book), int64(rows[i].If))
	}
	s.write(p, true)
	if more := len(rows) - mostWhatIfRows; more > 0 {
		p.note(2, "and "+itoa(more)+" rows more, which cost less")
	}
	p.note(2, "█ what-if · ░ saved against the book · ▓ on top of it")
}

func (t *whatIf) row(r *analyze.WhatIfRow, name string) sheetRow {
	c := r.Cells()
	row := sheetRow{cells: append([]string{name}, c[:]...), r: roleName}
	for i, s := range row.cells {
		row.cells[i] = ourSign(s)
	}
	if len(r.Path) == 0 {
		row.r = roleTitle
		return row
	}
	under := min(r.If, r.Book)
	row.bar = []barPart{{int64(under), roleBar, "█"}, {int64(r.Book - under), roleDim, "░"}, {int64(r.If - under), roleWaste, "▓"}}
	return row
}

package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// paths is the table: one level of the path, a row for each name, and under it a lens on the row of the cursor.
type paths struct {
	asker
	s    scope
	dim  analyze.Dimension
	next *analyze.Dimension // what opening a row shows; nil at the deepest level

	arrangement                  // as shown
	arranging   asker            // for the next one
	wanted      ordering         // the last that was asked for
	latest      *analyze.Table   // the last answer
	news        bool             // it is not shown yet
	cells       map[int][]string // texts of the rows, made when first seen
	vs          versus           // the baseline's side
	nameW       int

	cur      window
	key      string  // name under the cursor
	held     bool    // the cursor was put on a row by a person, or by coming back
	want     int     // lines to move once there are rows
	home     string  // the name that the cursor was on before a filter hid it; it goes back there
	match    matcher // of names
	anchor   string  // name on which a brush began
	anchorAt int     // its row; -1 where that is gone
	brushOn  bool
	pane     lens
	kind     int // index in lenses of pane
	bodyW    int
	paneAt   int                     // line of the body where the pane begins
	drawn    int                     // look.serial at which cells were made
	marked   map[string]analyze.Mark // of the rows, by name
}

// A matcher keeps names that contain a text, in any case; "!" in front turns it around.
type matcher struct {
	text string
	not  bool
}

func newMatcher(s string) matcher {
	text, not := strings.CutPrefix(s, "!")
	return matcher{strings.ToLower(text), not && text != ""}
}

func (m matcher) keeps(name string) bool {
	return m.text == "" || strings.Contains(strings.ToLower(name), m.text) != m.not
}

func (m matcher) String() string {
	if m.not {
		return "!" + m.text
	}
	return m.text
}

// enoughRows is how many rows a table asks for: nobody scrolls further, and each row has to come from where the calls are.
const enoughRows = 500

func newPaths(s scope, d analyze.Dimension) *paths { return &paths{s: s, dim: d} }

func (p *paths) where() scope { return p.s }

func (p *paths) load(a *App) tea.Cmd {
	p.next = a.nextDim(p)
	src, q := a.src, p.s.by(p.dim)
	q.Most = enoughRows
	return tea.Batch(p.ask(func(ctx context.Context) (any, error) { return src.Rollup(ctx, q) }), p.vs.load(a, p))
}

// nextDim is the first level that the path has not gone through.
func (a *App) nextDim(p *paths) *analyze.Dimension {
	if p.dim.Dim == analyze.DimRun {
		return nil // a run opens by itself
	}
	for i, d := range a.opt.By {
		if d != p.dim && !p.s.used(d) {
			return &a.opt.By[i]
		}
	}
	return nil
}

func (p *paths) take(a *App, r reply) tea.Cmd {
	if cmd, mine := p.vs.take(a, p, r); mine {
		return cmd
	}
	if p.arranging.took(r) {
		return p.arranged(a, r.ans.(*arrangement))
	}
	if !p.took(r) {
		if p.pane == nil {
			return nil
		}
		return p.pane.take(a, r)
	}
	if r.err != nil {
		return nil
	}
	p.latest, p.news = r.ans.(*analyze.Table), true
	p.vs.fresh(p)
	return p.arrange(a)
}

func (p *paths) due(a *App, d due) tea.Cmd {
	if p.pane == nil {
		return nil
	}
	return p.pane.due(a, d)
}

func (p *paths) leave() {
	p.asker.leave()
	p.vs.leave()
	p.arranging.leave()
	p.wanted = p.of
	if p.pane != nil {
		p.pane.leave()
	}
}

func (p *paths) relook(a *App) tea.Cmd {
	return tea.Batch(p.arrange(a), p.aim(a, false))
}

// keepCursor puts the cursor on the row that it was on; once a filter that hides this row is gone, it goes back there.
func (p *paths) keepCursor() {
	i := -1
	if p.home != "" {
		i = p.find(p.home)
	}
	if i >= 0 {
		p.key, p.home = p.home, ""
	} else if i = p.find(p.key); i < 0 && p.home == "" {
		p.home = p.key
	}
	switch {
	case !p.held:
		p.cur.at, p.cur.top, p.home = 0, 0, ""
	case i >= 0:
		p.cur.top += i - p.cur.at
		p.cur.at = i
	}
	p.cur.resize(len(p.rows), p.cur.rows)
	p.key = p.keyAt(p.cur.at)
}

// maxName is how wide the column of names may become.
const maxName = 48

// rowName is what a row is called in the trace.
func rowName(r *analyze.Row) string {
	if len(r.Path) == 0 {
		return ""
	}
	return r.Path[len(r.Path)-1]
}

// label is how a row is called on screen; a run in flight is marked.
func (p *paths) label(a *App, name string) string {
	if p.dim.Dim == analyze.DimRun && a.flying[name] != nil {
		return flightMark + shown(name)
	}
	return shown(name)
}

func (p *paths) keyAt(i int) string {
	if i < 0 || i >= len(p.rows) {
		return p.key
	}
	return rowName(p.rows[i])
}

func (p *paths) find(key string) int {
	return slices.IndexFunc(p.rows, func(r *analyze.Row) bool { return rowName(r) == key })
}

// sortColumn is the column that rows are sorted by; nil for the name.
func (a *App) sortColumn() *column {
	for i := range columns {
		if columns[i].id == a.look.sort {
			return &columns[i]
		}
	}
	return nil
}

// cell is the texts of row i, made when it is first seen.
func (p *paths) cell(a *App, i int) []string {
	if p.cells[i] == nil {
		p.cells[i] = p.texts(p.vs.see(cellOf{row: p.rows[i], total: &p.table.Total, m: a.look.measure, sum: p.sums[i]}))
	}
	return p.cells[i]
}

func (p *paths) texts(c cellOf) []string {
	t := make([]string, len(columns))
	for k := range columns {
		t[k] = columns[k].text(c)
	}
	return t
}

// The cursor.

func (p *paths) move(a *App, by int) tea.Cmd {
	if p.table == nil {
		p.want = addMoves(p.want, by)
		return nil
	}
	p.cur.move(by)
	p.held, p.home = true, ""
	p.key = p.keyAt(p.cur.at)
	return p.aim(a, false)
}

func (p *paths) page() int { return max(1, p.cur.rows-1) }

func (p *paths) row() *analyze.Row {
	if p.cur.at < len(p.rows) {
		return p.rows[p.cur.at]
	}
	return nil
}

// under is the scope of the row under the cursor.
func (p *paths) under() (scope, bool) {
	r := p.row()
	if r == nil {
		return p.s, false
	}
	return p.s.in(p.dim, rowName(r)), true
}

// aim turns the lens of the pane to the row under the cursor.
func (p *paths) aim(a *App, fresh bool) tea.Cmd {
	if p.pane == nil || p.kind != a.look.lens {
		if p.pane != nil {
			p.pane.leave()
		}
		p.kind, p.pane = a.look.lens, lenses[a.look.lens].make()
	}
	s, ok := p.under()
	if !ok {
		p.pane.leave()
		return nil
	}
	switch l := p.pane.(type) {
	case *shape:
		l.lead = p.rowPreds()
	case *insight:
		l.lead = p.rowPreds()
	}
	return p.pane.about(a, s, fresh)
}

func (p *paths) cannotOpen(a *App) string {
	if p.row() == nil && (p.table != nil || p.err != nil) {
		return "there is no row to open"
	}
	return ""
}

// open goes into the row under the cursor: to the run, to the next level, or from the deepest to its calls.
func (p *paths) open(a *App) tea.Cmd {
	s, ok := p.under()
	if !ok {
		return a.openSoon(p)
	}
	p.held = true
	if p.dim.Dim == analyze.DimRun {
		return a.push(newRunView(p.s, rowName(p.row()), ""))
	}
	if p.next == nil {
		return p.zoom(a, lensNamed("calls"))
	}
	return a.push(newPaths(s, *p.next))
}

// Filters.

func (p *paths) search(a *App, text string) tea.Cmd {
	p.match = newMatcher(text)
	return p.arrange(a)
}

func (p *paths) searched() string { return p.match.String() }

// copyFor is the same table for another scope. It shows the old rows until the new ones are there.
func (p *paths) copyFor(s scope) *paths {
	n := *p
	n.s, n.asker, n.arranging, n.wanted, n.pane, n.vs, n.brushOn = s, asker{}, asker{}, p.of, nil, versus{}, false
	return &n
}

func (p *paths) click(a *App, x, y int) tea.Cmd {
	i := p.cur.top + y - 1
	switch {
	case y >= p.paneAt:
		if c, ok := p.pane.(interface {
			clickBar(a *App, x, y int) tea.Cmd
		}); ok {
			return c.clickBar(a, x, y)
		}
		return nil
	case y < 1 || i >= p.cur.end():
		return nil
	case i == p.cur.at && p.held:
		return p.open(a)
	}
	return p.move(a, i-p.cur.at)
}

func (p *paths) copied(a *App) (string, string) {
	s, ok := p.under()
	if !ok {
		return "", ""
	}
	return strings.Join(s.names, " > "), "path"
}

// Drawing.

func (p *paths) summary(a *App) string {
	switch {
	case p.table == nil && p.err != nil:
		return ""
	case p.table == nil:
		return "reading"
	}
	n := count(int64(len(p.rows))) + plural(len(p.rows), " row", " rows")
	if groups := p.table.Groups(); int64(len(p.rows)) != groups {
		n = count(int64(len(p.rows))) + " of " + count(groups) + " rows"
	}
	if p.table.Left > 0 {
		n = "the dearest " + n
	}
	return n
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// split divides h lines between table and pane. A short table leaves its space to the pane; the pane is left out where it would be too low
// to say anything.
func split(h, rows int) (table, pane int) {
	if h < 11 {
		return h, 0
	}
	pane = min(max(h*2/5, 5), 14)
	if spare := h - pane - (rows + 3); spare > 0 {
		pane = min(pane+spare, h*3/4)
	}
	return h - pane, pane
}

func (p *paths) view(a *App, w, h int) []string {
	return a.kept(&p.asker, w, h, func(h int) []string { return p.show(a, w, h) })
}

// show draws the table and its pane.
func (p *paths) show(a *App, w, h int) []string {
	out := newPen(a.theme, w)
	th, ph := split(h, len(p.rows))
	p.bodyW, p.paneAt = w, th
	p.drawTable(a, out, th)
	if ph > 0 {
		a.lensBar(out)
		if p.pane == nil || len(p.rows) == 0 {
			out.add(make([]string, ph-1)...)
		} else {
			out.add(p.pane.view(a, w, ph-1, false)...)
		}
	}
	return out.fit(h)
}

// drawTable draws head, rows and the line that adds up, h lines in all.
func (p *paths) drawTable(a *App, out *pen, h int) {
	if p.failed() {
		out.end()
		a.troubled(out, p.err)
		out.list = out.list[:min(len(out.list), h)]
		for len(out.list) < h {
			out.end()
		}
		return
	}
	if why := p.empty(a); why != "" {
		for _, l := range append([]string{""}, wrap(why, max(1, out.max-4))...) {
			if len(out.list) < h {
				out.gap(2).line(roleDim, l)
			}
		}
		for len(out.list) < h {
			out.end()
		}
		return
	}
	if p.table != nil && (p.drawn != a.look.serial || p.vs.half != a.status.Loading) {
		p.freshCells(a)
	}
	lay := p.layout(a, out.max)
	p.cur.resize(len(p.rows), h-2)
	p.head(a, out, lay)
	lay.points = p.points(a, lay)
	for i := p.cur.top; i < p.cur.end(); i++ {
		p.drawRow(a, out, lay, i)
	}
	p.total(a, out, lay)
	for len(out.list) < h {
		out.end()
	}
}

// outOfSearch says what to do where nothing is found.
func (a *App) outOfSearch() string {
	f, ok := a.over.(*prompt)
	switch {
	case !ok:
		return " · / changes it · backspace takes it back"
	case f.comp != nil && len(f.comp.list) > 0:
		return " · as a condition: tab completes it · esc leaves"
	}
	return " · esc leaves"
}

// empty says why there are no rows.
func (p *paths) empty(a *App) string {
	switch {
	case p.table == nil:
		return "reading the first calls …"
	case len(p.rows) > 0:
		return ""
	case len(p.table.Rows) > 0:
		return "no name contains \"" + clean(p.match.text) + "\"" + a.outOfSearch()
	case len(p.s.extra) > 0:
		return "no call meets the filters · backspace takes the last one back"
	case a.status.Loading:
		return "reading, no call so far …"
	case a.status.Err != nil:
		return "✗ " + clean(a.status.Err.Error())
	case len(a.stack) > 1:
		return "no calls here · esc goes back"
	case len(a.opt.Query.Where) > 0 || a.opt.Query.Since != 0 || a.opt.Query.Until != 0:
		return "no call meets --where, --since and --until of the command line · q quits"
	case a.opt.Following:
		return "no calls yet: what is written to the trace appears here"
	}
	return "no calls here"
}

// rowLayout is which columns are shown, and how wide the two are that take what is left.
type rowLayout struct {
	cols      []int         // indices in columns
	widths    []int         // of all columns
	points    []pointColumn // of all columns
	name, bar int
}

// layout drops whole columns, the least important first.
func (p *paths) layout(a *App, w int) rowLayout {
	const mark, minName, minBar = 2, 14, 8
	nameW := max(minName, min(max(p.nameW, width(p.heading())+1), w/3))
	space := w - mark - nameW
	show := make([]bool, len(columns))
	bar := false
	for _, k := range columnOrder(a) {
		need := minBar + 2
		if k >= 0 {
			need = p.columnWidth(a, k) + 1
		}
		if need > space {
			break
		}
		space -= need
		if k < 0 {
			bar = true
			continue
		}
		show[k] = true
	}
	l := rowLayout{name: nameW, widths: make([]int, len(columns))}
	for k, on := range show {
		if on {
			l.cols = append(l.cols, k)
			l.widths[k] = p.columnWidth(a, k)
		}
	}
	if bar {
		l.bar = min(minBar+space, 40)
		space -= l.bar - minBar
	}
	if !bar || space > 0 {
		l.name += min(space, max(0, p.nameW-l.name))
	}
	return l
}

// points are where the points of the amounts in sight, and of their sum, stand.
func (p *paths) points(a *App, l rowLayout) []pointColumn {
	at := make([]pointColumn, len(columns))
	total := p.texts(p.vs.see(cellOf{row: &p.table.Total, total: &p.table.Total, m: a.look.measure}))
	for _, k := range l.cols {
		at[k].see(total[k])
		for i := p.cur.top; i < p.cur.end(); i++ {
			at[k].see(p.cell(a, i)[k])
		}
		at[k].fit(l.widths[k])
	}
	return at
}

// columnWidth is the width of a column: sums of large traces take more than usual.
func (p *paths) columnWidth(a *App, k int) int {
	c := &columns[k]
	if p.table == nil || !c.sums {
		return c.width
	}
	t := p.vs.see(cellOf{row: &p.table.Total, total: &p.table.Total, m: a.look.measure})
	return max(c.width, width(c.text(t)))
}

// columnOrder is the columns wanted, the most important first; -1 is the bar.
func columnOrder(a *App) []int {
	var order []int
	for k := range columns {
		c := &columns[k]
		if c.wanted(a) {
			order = append(order, k)
		}
	}
	if !a.look.hidden[barColumn] {
		order = append(order, -1)
	}
	rank := func(k int) int {
		if k < 0 {
			return barRank
		}
		return columns[k].rank
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(rank(x), rank(y)) })
	return order
}

func (a *App) sortMark(id string) string {
	if a.look.sort != id {
		return ""
	}
	if a.look.up {
		return "▴"
	}
	return "▾"
}

func (p *paths) head(a *App, out *pen, l rowLayout) {
	out.gap(2).left(headRole(a, nameColumn), p.heading()+a.sortMark(nameColumn), l.name)
	for _, k := range l.cols {
		c := &columns[k]
		out.gap(1).right(headRole(a, c.id), c.head(a.look.measure)+a.sortMark(c.id), l.widths[k])
	}
	out.end()
}

// heading names the rows and, after a slash, what opening one shows.
func (p *paths) heading() string {
	switch {
	case p.dim.Dim == analyze.DimRun:
		return dimName(p.dim) + " / calls"
	case p.next == nil:
		return dimName(p.dim)
	}
	return dimName(p.dim) + " / " + dimName(*p.next)
}

func headRole(a *App, id string) role {
	if a.look.sort == id {
		return roleTitle
	}
	return roleHead
}

func (p *paths) drawRow(a *App, out *pen, l rowLayout, i int) {
	cells := p.cell(a, i)
	mark, r := "  ", roleMark
	if from, to := p.brushRange(); i >= from && i < to {
		mark, r = "┃ ", roleBrush
	}
	if i == p.cur.at {
		out.sel, mark = true, "▌ "
	}
	out.put(r, mark)
	p.drawName(a, out, p.rows[i], l.name)
	p.drawCells(out, l, cells, p.vs.see(cellOf{row: p.rows[i], total: &p.table.Total, m: a.look.measure}))
	if l.bar > 0 {
		out.gap(2)
		p.drawBar(a, out, l.bar, p.rows[i])
	}
	out.end()
}

// drawName writes the name of a row and, at the end of its column, what is marked there.
func (p *paths) drawName(a *App, out *pen, r *analyze.Row, w int) {
	mark := p.markOf(r)
	if mark != "" {
		mark = " " + mark
	}
	out.left(roleName, p.label(a, rowName(r)), w-width(mark)).put(roleKey, mark)
}

func (p *paths) drawCells(out *pen, l rowLayout, cells []string, c cellOf) {
	for _, k := range l.cols {
		col := &columns[k]
		r := roleText
		if col.role != nil {
			r = col.role(c)
		}
		if cells[k] == unknown || cells[k] == none {
			r = roleDim
		}
		out.gap(1).right(r, l.points[k].put(cells[k]), l.widths[k])
	}
}

// drawBar draws the measure of a row in proportion to the largest: wasted ▒, then useful █.
func (p *paths) drawBar(a *App, out *pen, w int, r *analyze.Row) {
	v := a.look.measure.of(r)
	waste := int64(0)
	switch a.look.measure {
	case byCost:
		waste = int64(r.Wasted)
	case byWasted:
		waste = v
	}
	full, part := barCells(v, p.most, w)
	wasted := 0
	if v > 0 && waste > 0 {
		wasted = min(int(float64(waste)/float64(v)*float64(full)+0.5), full)
	}
	out.put(roleWaste, strings.Repeat("▒", wasted)).put(roleBar, strings.Repeat("█", full-wasted)).put(roleBar, part)
}

// total is the line that adds up: the rows shown, against everything in the scope.
func (p *paths) total(a *App, out *pen, l rowLayout) {
	all := int64(len(p.rows)) == p.table.Groups()
	if p.brushing() {
		p.brushTotal(a, out, l)
		return
	}
	out.put(roleRule, "  ")
	if all {
		out.left(roleDim, "Σ "+count(int64(len(p.rows)))+plural(len(p.rows), " row", " rows"), l.name)
		c := p.vs.see(cellOf{row: &p.table.Total, total: &p.table.Total, m: a.look.measure, sum: a.look.measure.of(&p.table.Total)})
		p.drawCells(out, l, p.texts(c), c)
		out.end()
		return
	}
	c := p.vs.see(cellOf{row: &p.part, total: &p.table.Total, m: a.look.measure, sum: a.look.measure.of(&p.part)})
	out.left(roleDim, "Σ "+count(int64(len(p.rows)))+" of "+count(p.table.Groups())+" rows", l.name)
	p.drawCells(out, l, p.texts(c), c)
	out.end()
}

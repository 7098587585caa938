package tui

import (
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// can is the visible screen, or the lens that fills it, as something with an ability.
func can[T any](a *App) (T, bool) {
	if z, ok := a.top().(*zoom); ok {
		if t, ok := z.l.(T); ok {
			return t, true
		}
	}
	t, ok := a.top().(T)
	return t, ok
}

// needs refuses with why where the visible screen has no such ability.
func needs[T any](why string) func(*App) string {
	return func(a *App) string {
		if _, ok := can[T](a); !ok {
			return why
		}
		return ""
	}
}

func (a *App) table() *paths {
	p, _ := a.top().(*paths)
	return p
}

func (a *App) zoomed() bool {
	_, ok := a.top().(*zoom)
	return ok
}

// Why something cannot be done.

func needsTable(a *App) string {
	if a.table() == nil {
		return "only in a table · esc goes back"
	}
	return ""
}

func needsRow(a *App) string {
	if why := needsTable(a); why != "" {
		return why
	}
	if a.table().row() == nil {
		return "there is no row under the cursor"
	}
	return ""
}

// needsNamed: there is a name under the cursor that can be a condition.
func needsNamed(a *App) string {
	if t, ok := a.top().(*icicle); ok {
		_, why := t.named()
		return why
	}
	return needsRow(a)
}

// needsMeasured: what is shown follows the measure.
func needsMeasured(a *App) string {
	if inIcicle(a) {
		return ""
	}
	return needsTable(a)
}

func needsShape(a *App) string {
	t := a.table()
	_, ok := a.chart().(*shape)
	switch {
	case !ok:
		return "only with lens 1, shape"
	case t != nil && t.row() == nil:
		return "there is no row under the cursor"
	}
	return ""
}

func needsBars(a *App) string {
	bars := 0
	switch c := a.chart().(type) {
	case nil:
		return "only with lens 1, shape, or 5, load"
	case *shape:
		bars = len(c.bins)
	case *insight:
		bars = len(c.time.cols)
	}
	switch t := a.table(); {
	case t != nil && t.row() == nil:
		return "there is no row under the cursor"
	case bars == 0:
		return "there are no bars here"
	}
	return ""
}

func cannotSort(a *App) string {
	if t := a.table(); t != nil && t.row() == nil {
		return "there are no rows to sort"
	}
	return needs[sorter]("nothing to sort here")(a)
}

func cannotOpen(a *App) string {
	if here, _ := a.toRead(); here != nil {
		return ""
	}
	o, ok := can[opener](a)
	if !ok {
		return "nothing to open here"
	}
	return o.cannotOpen(a)
}

func cannotBack(a *App) string {
	if !a.nothingBack() || a.newcomer() {
		return ""
	}
	return "this is the top · q quits"
}

func cannotGoLeft(a *App) string {
	if _, ok := can[sider](a); ok {
		return ""
	}
	if a.zoomed() && needsBars(a) == "" {
		return ""
	}
	return cannotBack(a)
}

func cannotOpenBar(a *App) string {
	if _, pane := a.toRead(); pane != nil {
		return ""
	}
	if t, ok := a.top().(*icicle); ok {
		return t.cannotSeeCalls(a)
	}
	if why := needsBars(a); why != "" {
		return why
	}
	return a.chart().cannotOpenBar(a)
}

func cannotGoRight(a *App) string {
	if _, ok := can[sider](a); ok {
		return ""
	}
	if a.zoomed() && needsBars(a) == "" {
		return ""
	}
	return cannotOpen(a)
}

func cannotFilter(a *App) string {
	if _, ok := can[searcher](a); ok || a.zoomed() {
		return ""
	}
	return "nothing to filter here"
}

func cannotUnfilter(a *App) string {
	if s, ok := can[searcher](a); ok && s.searched() != "" {
		return ""
	}
	if t, ok := a.top().(*icicle); ok && len(t.focus) > 0 {
		return ""
	}
	if needsLensed(a) == "" && len(a.top().where().extra) > 0 {
		return ""
	}
	return "no filter was set here"
}

func needsLensed(a *App) string {
	if a.table() == nil && !a.zoomed() && !inIcicle(a) {
		return "lenses look at tables · esc goes back"
	}
	return ""
}

func cannotZoom(a *App) string {
	if a.zoomed() {
		return ""
	}
	return needsRow(a)
}

func cannotSwap(a *App) string {
	if a.prev == nil {
		return "there is no view before this one"
	}
	return ""
}

func cannotTheme(a *App) string {
	if !a.theme.Colour() {
		return "no colours here (NO_COLOR, --no-color or a terminal without)"
	}
	return ""
}

func alreadyHelp(a *App) string {
	if _, ok := a.top().(*helpPage); ok {
		return "this is the help · esc goes back"
	}
	return ""
}

// Moving.

func by(n int) func(*App) tea.Cmd { return moves(n, func(mover) int { return 1 }) }

func pages(n int) func(*App) tea.Cmd { return moves(n, mover.page) }

func halfPages(n int) func(*App) tea.Cmd {
	return moves(n, func(m mover) int { return max(1, m.page()/2) })
}

// moves moves by n times a length, and says so where there is no further to go.
func moves(n int, length func(mover) int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		m, _ := can[mover](a)
		e, ok := m.(edged)
		before := [2]int{}
		if ok {
			before = e.place()
		}
		cmd := m.move(a, n*length(m))
		if ok && e.place() == before {
			a.say(map[bool]string{true: "this is the end", false: "this is the beginning"}[n > 0])
		}
		return cmd
	}
}

// An edged mover can tell where it is: the cursor, and the first line in sight.
type edged interface{ place() [2]int }

func (p *paths) place() [2]int    { return [2]int{p.cur.at + p.want, p.cur.top} }
func (l *calls) place() [2]int    { return [2]int{l.cur.at + l.want, l.cur.top} }
func (t *insight) place() [2]int  { return [2]int{t.cur, t.top} }
func (d *detail) place() [2]int   { return [2]int{d.cur.at, d.cur.top} }
func (p *helpPage) place() [2]int { return [2]int{p.at, p.lines.top} }

func (a *App) open() tea.Cmd {
	if here, _ := a.toRead(); here != nil {
		return a.agree(here)
	}
	o, _ := can[opener](a)
	return o.open(a)
}

// openSoon remembers that the row under the cursor of o is wanted, which is not there yet.
func (a *App) openSoon(o opener) tea.Cmd {
	a.opening = o
	return a.say("opens as soon as it is read … · any other key calls it off")
}

// opened opens what was wanted of o, if it is still wanted and can be opened now.
func (a *App) opened(o opener, here bool) tea.Cmd {
	if a.opening != any(o) {
		return nil
	}
	a.opening = nil
	if why := o.cannotOpen(a); why != "" {
		return a.refuse(why)
	}
	if !here {
		return a.openSoon(o)
	}
	a.note = ""
	return o.open(a)
}

func (a *App) openBar() tea.Cmd {
	if _, pane := a.toRead(); pane != nil {
		return a.agree(pane)
	}
	if t, ok := a.top().(*icicle); ok {
		return t.seeCalls(a)
	}
	return a.chart().openBar(a)
}

func (a *App) moveBar(by int) tea.Cmd {
	c, t := a.chart(), a.table()
	rows := t != nil && t.brushing()
	if rows { // bars were meant, not rows
		t.drop()
	}
	c.moveBar(by)
	if rows && c.picked() {
		c.brush()
	}
	return nil
}

func (a *App) goRight() tea.Cmd {
	if s, ok := can[sider](a); ok {
		return s.side(a, 1)
	}
	if a.zoomed() && needsBars(a) == "" {
		return a.moveBar(1)
	}
	return a.open()
}

func (a *App) goLeft() tea.Cmd {
	if s, ok := can[sider](a); ok {
		return s.side(a, -1)
	}
	if a.zoomed() && needsBars(a) == "" {
		return a.moveBar(-1)
	}
	return a.back()
}

// back takes the search or the focus on this screen back, else goes to the screen before.
func (a *App) back() tea.Cmd {
	if s, ok := can[searcher](a); ok && s.searched() != "" {
		return s.search(a, "")
	}
	if t, ok := a.top().(*icicle); ok && t.unwind() {
		return nil
	}
	if len(a.stack) == 1 {
		return a.unhint()
	}
	return a.pop()
}

func (a *App) quitOrBack() tea.Cmd {
	if len(a.stack) > 1 {
		return a.pop()
	}
	return a.quit()
}

func (a *App) sibling(by int) tea.Cmd {
	s, _ := can[sibling](a)
	return s.step(a, by)
}

// Filters.

// conditions reads text as conditions; ok is false where it is part of a name.
func conditions(text string) (preds []analyze.Pred, err error, ok bool) {
	rest := strings.TrimPrefix(text, "!")
	if !strings.ContainsAny(rest, "=~<>") {
		return nil, nil, false
	}
	preds, err = analyze.ParsePreds(text)
	return preds, err, true
}

// filter opens the prompt: part of a name where there are names, conditions where calls are shown.
func (a *App) filter() tea.Cmd {
	s, names := can[searcher](a)
	calls := needsLensed(a) == ""
	was := ""
	if names {
		was = s.searched()
	}
	p := newPrompt("/ ", was)
	p.hint = filterHint(names, calls)
	look := func(a *App, text string) tea.Cmd {
		if !names {
			return nil
		}
		return s.search(a, text)
	}
	p.live = func(a *App, text string) tea.Cmd {
		if _, _, ok := conditions(text); ok && calls {
			return look(a, "")
		}
		return look(a, text)
	}
	p.stop = func(a *App) tea.Cmd { return look(a, was) }
	p.done = func(a *App, text string) (string, tea.Cmd) {
		preds, err, ok := conditions(text)
		switch h, help := a.top().(*helpPage); {
		case help && text != "" && h.cannotOpen(a) == "":
			a.over = nil
			return "", h.open(a)
		case names && (!ok || !calls):
			return "", look(a, text)
		case text == "":
			return "", nil
		case !ok:
			return "write conditions such as model~sonnet or cost>0.1", nil
		case err != nil:
			return err.Error(), nil
		}
		a.over = nil
		p.forget()
		return "", tea.Batch(a.narrow(preds...), a.keepFilter(preds))
	}
	a.over = p
	if h, help := a.top().(*helpPage); help {
		p.aside = h.aside
	}
	if !calls {
		return nil
	}
	p.comp = newCompletion(a.top().where())
	return p.comp.refresh(a, was)
}

func filterHint(names, calls bool) string {
	switch {
	case !calls:
		return "part of a line · ↑↓ choose · enter does it"
	case names:
		return "part of a name, !part, or conditions: model~sonnet cost>0.1 · tab lists"
	}
	return "conditions: model~sonnet cost>0.1 · tab lists"
}

// narrow adds conditions that a person set to what is visible.
func (a *App) narrow(preds ...analyze.Pred) tea.Cmd {
	s := a.top().where()
	for _, p := range preds {
		s = s.with(p, true)
	}
	return a.rescope(s)
}

func (a *App) unfilter() tea.Cmd {
	if s, ok := can[searcher](a); ok && s.searched() != "" {
		return s.search(a, "")
	}
	if t, ok := a.top().(*icicle); ok && t.unwind() {
		return nil
	}
	return a.rescope(a.top().where().without())
}

// rescope shows the visible screen for another scope; "-" goes back to it as it was.
func (a *App) rescope(s scope) tea.Cmd {
	var n screen
	switch top := a.top().(type) {
	case *paths:
		n = top.copyFor(s)
	case *icicle:
		n = top.copyFor(s)
	case *zoom:
		return a.rescopeZoom(top, s)
	default:
		return nil
	}
	a.remember()
	a.top().leave()
	a.stack = append(slices.Clone(a.stack[:len(a.stack)-1]), n)
	return n.load(a)
}

func (a *App) focus() tea.Cmd { return a.byRow(false) }

func (a *App) exclude() tea.Cmd { return a.byRow(true) }

func (a *App) byRow(not bool) tea.Cmd {
	if t, ok := a.top().(*icicle); ok {
		p, _ := t.named()
		p.Not = not
		a.say(map[bool]string{true: "only", false: "without"}[!not] + " " + a.predText(analyze.Pred{Dimension: p.Dimension, Text: p.Text}) + ", on every path · backspace takes it back")
		return a.narrow(p)
	}
	p := a.table()
	return a.narrow(analyze.Pred{Dimension: p.dim, Op: analyze.OpEqual, Text: rowName(p.row()), Not: not})
}

// Arranging.

func (a *App) nextSort() tea.Cmd { s, _ := can[sorter](a); return s.nextSort(a) }
func (a *App) turnSort() tea.Cmd { s, _ := can[sorter](a); return s.turnSort(a) }

// nextSort goes through the columns that are shown, then the name.
func (p *paths) nextSort(a *App) tea.Cmd {
	ids := []string{nameColumn}
	for _, k := range p.layout(a, max(p.bodyW, minW)).cols {
		if columns[k].key != nil {
			ids = append(ids, columns[k].id)
		}
	}
	at := 0
	for i, id := range ids {
		if id == a.look.sort {
			at = i
		}
	}
	a.look.sort, a.look.up = ids[(at+1)%len(ids)], false
	return a.relook()
}

func (p *paths) turnSort(a *App) tea.Cmd {
	a.look.up = !a.look.up
	return a.relook()
}

func (a *App) nextMeasure() tea.Cmd { return a.measureBy((a.look.measure + 1) % measureCount) }

func (a *App) measureBy(m measure) tea.Cmd {
	a.look.measure = m
	a.look.sort, a.look.up = "measure", false
	a.say("shares, sums and bars are of " + measureNames[a.look.measure])
	return a.relook()
}

func (a *App) chooseColumns() tea.Cmd {
	p := &picker{title: "columns", keys: "↑↓ choose · enter on/off · esc leaves · what does not fit goes, last first"}
	ids := []string{}
	for i := range columns {
		if columns[i].id != "measure" && (a.base.on || !columns[i].base) {
			ids = append(ids, columns[i].id)
		}
	}
	ids = append(ids, barColumn)
	fill := func() {
		p.items = p.items[:0]
		for _, id := range ids {
			mark := "●"
			if a.look.hidden[id] {
				mark = "○"
			}
			p.items = append(p.items, pickItem{name: id, about: aboutColumn(&a.status, id), mark: mark})
		}
	}
	fill()
	p.cur.n = len(p.items)
	p.pick = func(a *App, i int) tea.Cmd {
		a.look.hidden[ids[i]] = !a.look.hidden[ids[i]]
		fill()
		return a.relook()
	}
	a.over = p
	return nil
}

// columnAbout says what the columns mean.
var columnAbout = map[string]string{
	"share": "part of the measure in this scope", "sum": "shares added up from the top", "cost": "what counts; ≥ where calls have no price or no token counts",
	"calls": "calls of models, tools, people", "failed": "✗ failed calls of all", "retry": "↻ attempts after the first, of all calls",
	"wasted": "cost of attempts that failed", "p50": "median cost of a call", "p99": "cost that 1 call in 100 exceeds", "max": "dearest call",
	"top1%": "part of the cost of the dearest 1% of calls", "tokens": "input and output", "cached": "part of the input read from a cache",
	"runs": "distinct runs with a call here", "$/success": "cost of finished runs, failed ones too, per success", "bar": "█ useful and ▒ wasted",
}

// groupBy lets a person choose what the rows are.
func (a *App) groupBy() tea.Cmd {
	table := a.table()
	p := &picker{title: "group by", keys: pickerKeys}
	var dims []analyze.Dimension
	for d := analyze.DimWorkflow; d < analyze.DimTag; d++ {
		dim := analyze.Dimension{Dim: d}
		it := pickItem{name: dimName(dim)}
		if dim == table.dim {
			it.mark, p.cur.at = "●", len(dims)
		}
		if table.s.used(dim) {
			it.about = "fixed by the path"
		}
		dims = append(dims, dim)
		p.items = append(p.items, it)
	}
	dims = append(dims, analyze.Dimension{Dim: analyze.DimTag})
	p.items = append(p.items, pickItem{name: "tag …", about: "a tag by its name"})
	p.cur.n = len(p.items)
	p.pick = func(a *App, i int) tea.Cmd {
		a.over = nil
		if dims[i].Dim == analyze.DimTag {
			return a.askTag(table)
		}
		return a.regroup(table, dims[i])
	}
	a.over = p
	return nil
}

func (a *App) askTag(table *paths) tea.Cmd {
	p := newPrompt("tag: ", "")
	p.hint = "name of a tag · enter takes it · esc leaves"
	p.live = func(*App, string) tea.Cmd { return nil }
	p.stop = p.cancel
	p.done = func(a *App, text string) (string, tea.Cmd) {
		d, err := analyze.ParseDimension("tag:" + strings.TrimSpace(text))
		if err != nil {
			return "type the name of a tag", nil
		}
		a.over = nil
		return "", a.regroup(table, d)
	}
	a.over = p
	return nil
}

func (p *prompt) cancel(*App) tea.Cmd { return nil }

func (a *App) regroup(table *paths, d analyze.Dimension) tea.Cmd {
	if d == table.dim {
		return nil
	}
	a.remember()
	table.leave()
	n := newPaths(table.s, d)
	a.stack = append(append([]screen(nil), a.stack[:len(a.stack)-1]...), n)
	return n.load(a)
}

// Lenses.

// lensKey shows a lens in the pane, or lets it fill the screen when it is there already, or comes from the icicle.
func (a *App) lensKey(i int) tea.Cmd {
	if off := lenses[i].off; off != nil && off(a) != "" {
		return a.refuse(off(a))
	}
	if t, ok := a.top().(*icicle); ok {
		if why := t.cannotSeeCalls(a); why != "" {
			return a.refuse(why)
		}
		a.look.lens = i
		return t.lens(a, i)
	}
	if r := a.inRun(); r != nil {
		return r.lens(a, i)
	}
	if z, ok := a.top().(*zoom); ok {
		if z.kind == i {
			return a.pop()
		}
		z.leave()
		n := newZoom(i, z.s)
		n.of, a.look.lens = z.of, i
		a.stack = append(append([]screen(nil), a.stack[:len(a.stack)-1]...), n)
		return n.load(a)
	}
	if a.look.lens == i {
		if why := cannotZoom(a); why != "" {
			return a.refuse(why)
		}
		return a.zoom()
	}
	a.look.lens = i
	return a.relook()
}

func (a *App) nextLens(by int) tea.Cmd {
	i := (a.look.lens + by + len(lenses)) % len(lenses)
	if off := lenses[i].off; off != nil && off(a) != "" {
		i = (i + by + len(lenses)) % len(lenses)
	}
	return a.lensKey(i)
}

func (a *App) zoom() tea.Cmd {
	if a.zoomed() {
		return a.pop()
	}
	return a.table().zoom(a, a.look.lens)
}

// zoom lets a lens on the row under the cursor fill the screen. The pane's goes there with all that it knows.
func (p *paths) zoom(a *App, kind int) tea.Cmd {
	s, _ := p.under()
	p.held = true
	if lenses[kind].name == "change" {
		return a.push(newWhy(p.s, p.dim))
	}
	z := newZoom(kind, s)
	z.of = p
	if z.total = p.row(); p.pane != nil && p.kind == kind {
		z.l, p.pane = p.pane, nil
	}
	a.remember()
	a.stack = append(slices.Clone(a.stack), z)
	return z.l.about(a, s, false)
}

func (a *App) switchUnit() tea.Cmd {
	a.look.perCall = !a.look.perCall
	a.chart().(*shape).bar = -1
	return a.relook()
}

func (a *App) switchLog() tea.Cmd {
	a.look.log = !a.look.log
	return a.relook()
}

// The rest.

func (a *App) yank() tea.Cmd {
	c, _ := can[copier](a)
	text, what := c.copied(a)
	if text == "" {
		return a.refuse("nothing to copy here")
	}
	a.say("copied the " + what + ": " + clean(text))
	return copyText(a.opt.Out, text)
}

func (a *App) reload() tea.Cmd {
	a.say("asked again")
	return tea.Batch(a.askStatus(), a.top().load(a))
}

func (a *App) turnTheme() tea.Cmd {
	a.theme = newTheme(!a.theme.dark, a.profile)
	a.say(a.theme.name + " theme")
	return a.relook()
}

func (a *App) help() tea.Cmd { return a.push(&helpPage{s: a.top().where()}) }

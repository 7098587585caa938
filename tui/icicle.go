package tui

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// icicle is the money of a scope as one picture: a row for each level of the path, all runs folded into one, as wide as the measure.
type icicle struct {
	asker
	s     scope
	m     measure // that data was made for
	lacks lacking
	of    string // id of the scope that data is of
	data  *analyze.Icicle

	at    string       // id of the cell of the cursor
	focus []icicleRoot // what fills the width; the last one is in view
	match matcher
	found icicleFound
	plan  iciclePlan // where the cells are
	drawn icicleDrawing
	top   int // first level in sight
}

// An icicleRoot is a cell that was given the whole width.
type icicleRoot struct {
	id   string // of its node
	cell string // of the cell itself
	rest bool
	from int
}

// icicleFound is what a search came to.
type icicleFound struct {
	of    *analyze.Icicle
	text  string
	hit   map[int32]bool // nodes of which the name matches
	below map[int32]bool // these and the nodes above them
	n     int64
	sum   icicleSum // a match within a match counts once
}

// An icicleSum is the measure of several nodes added up.
type icicleSum struct {
	nodes, value  int64
	known, unsure bool // of some the cost is known; of some it is not, or not all
}

func (s *icicleSum) add(x *analyze.IcicleNode) {
	s.nodes++
	s.value += x.Value
	s.known = s.known || !costUnknown(x.Row)
	s.unsure = s.unsure || x.Row.Incomplete()
}

// text is the sum in words; what is not known, or not all, says so.
func (s *icicleSum) text(m measure) string {
	switch {
	case m == byTokens || m == byCalls:
		return count(s.value)
	case m == byWasted:
		return moneyInt(s.value)
	case !s.known:
		return "?"
	}
	return least(s.unsure) + moneyInt(s.value)
}

// icicleDrawing is kept as long as nothing that it shows has changed.
type icicleDrawing struct {
	of     *analyze.Icicle
	w, h   int
	at     string
	focus  string
	text   string
	serial int
	theme  *Theme
	lines  []string
}

// newIcicle looks at a scope, with the cursor on the row of the table that it came from.
func newIcicle(s scope, m measure, at string) *icicle { return &icicle{s: s, m: m, at: at} }

func (t *icicle) where() scope { return t.s }

func (t *icicle) load(a *App) tea.Cmd {
	src, s, m := a.src, t.s, a.look.measure
	id := s.id()
	dims, fold := analyze.IcicleBy(a.opt.By, s.used)
	return t.ask(func(ctx context.Context) (any, error) {
		table, err := src.Rollup(ctx, s.by(dims...))
		if err != nil {
			return nil, err
		}
		return icicleAnswer{analyze.NewIcicle(table, fold, m.of), m, id}, ctx.Err()
	})
}

// icicleAnswer is the tree by one measure.
type icicleAnswer struct {
	ic *analyze.Icicle
	m  measure
	of string // id of the scope
}

func (t *icicle) take(a *App, r reply) tea.Cmd {
	if !t.took(r) {
		return nil
	}
	if r.err != nil {
		return nil
	}
	ans := r.ans.(icicleAnswer)
	t.data, t.m, t.of, t.lacks = ans.ic, ans.m, ans.of, a.lacks()
	t.find()
	return nil
}

func (t *icicle) due(*App, due) tea.Cmd { return nil }
func (t *icicle) leave()                { t.asker.leave() }

// relook asks again where another measure is wanted: the parts are to be put in another order.
func (t *icicle) relook(a *App) tea.Cmd {
	if t.m == a.look.measure || t.data == nil {
		return nil
	}
	return t.load(a)
}

func (t *icicle) summary(a *App) string {
	if t.data == nil {
		return map[bool]string{true: "", false: "reading"}[t.err != nil]
	}
	return count(int64(t.data.Paths)) + plural(t.data.Paths, " path", " paths")
}

// Ids: a node is known by the names that lead to it, whatever its number becomes.

const (
	idSep  = "\x00"
	idRest = "\x01" // ends the id of the cell that stands for what is too narrow
)

// idStep leads from a node to one below it. Names may hold anything.
func idStep(by int32, name string) string { return string('a'+rune(by)) + strconv.Quote(name) + idSep }

func (t *icicle) id(n int32) string {
	var b strings.Builder
	for _, k := range t.data.Path(n) {
		x := &t.data.Nodes[k]
		b.WriteString(idStep(x.By, x.Name))
	}
	return b.String()
}

// node is the node with an id; ok is false where there is none any more: then it is the nearest above.
func (t *icicle) node(id string) (n int32, ok bool) {
	for id != "" {
		step, rest, _ := strings.Cut(id, idSep)
		next := int32(-1)
		name, _ := strconv.Unquote(step[1:])
		for _, k := range t.data.Nodes[n].Kids {
			if x := &t.data.Nodes[k]; rune('a'+x.By) == rune(step[0]) && x.Name == name {
				next = k
				break
			}
		}
		if next < 0 {
			return n, false
		}
		n, id = next, rest
	}
	return n, true
}

// scopeOf is where the calls of a node are.
func (t *icicle) scopeOf(n int32) scope {
	s := t.s
	for _, k := range t.data.Path(n) {
		x := &t.data.Nodes[k]
		if last := int32(len(t.data.By) - 1); t.data.Fold && x.By == last { // a tool's calls name no model
			s = s.with(analyze.Pred{Dimension: t.data.By[last-1], Op: analyze.OpEqual, Text: analyze.None}, false)
		}
		s = s.in(t.data.By[x.By], x.Name)
	}
	return s
}

// names are those of a path, as people see them.
func (t *icicle) names(n int32) []string {
	out := slices.Clone(t.s.names)
	for _, k := range t.data.Path(n) {
		out = append(out, shown(t.data.Nodes[k].Name))
	}
	return out
}

// Moving.

// move goes over the levels: down to the dearest part, up to the whole.
func (t *icicle) move(a *App, by int) tea.Cmd {
	for ; by > 0; by-- {
		c := t.plan.child(t.cell())
		if c < 0 {
			break
		}
		t.at = t.plan.cells[c].id
	}
	for ; by < 0; by++ {
		c := t.cell()
		if c < 0 || t.plan.cells[c].up < 0 {
			break
		}
		t.at = t.plan.cells[t.plan.cells[c].up].id
	}
	return nil
}

func (t *icicle) page() int { return 2 }

// side goes along the level.
func (t *icicle) side(a *App, by int) tea.Cmd {
	if c := t.plan.beside(t.cell(), by); c >= 0 {
		t.at = t.plan.cells[c].id
	}
	return nil
}

// cell is the cell of the cursor, -1 before anything is drawn.
func (t *icicle) cell() int {
	if t.data == nil || t.plan.w == 0 {
		return -1
	}
	t.layout(t.plan.w)
	return t.plan.find(t)
}

// chosen is the cell of the cursor and what it stands for.
func (t *icicle) chosen() *icicleCell {
	if c := t.cell(); c >= 0 {
		return &t.plan.cells[c]
	}
	return nil
}

// What can be done with the cell.

func (t *icicle) cannotOpen(*App) string {
	c := t.chosen()
	switch {
	case c == nil:
		return "there is nothing to focus on"
	case c.up < 0:
		return "this fills the width already · esc goes back"
	case c.rest && c.sum.value == 0:
		return "nothing of this has a " + measureNames[t.m] + " to draw · m measures something else"
	}
	return ""
}

// open gives the cell the whole width.
func (t *icicle) open(a *App) tea.Cmd {
	c := t.chosen()
	t.focus = append(t.focus[:len(t.focus):len(t.focus)], icicleRoot{t.id(c.node), c.id, c.rest, c.from})
	t.layout(t.plan.w)
	t.at = t.plan.cells[0].id
	return nil
}

// unwind takes back the last focus; false where there is none.
func (t *icicle) unwind() bool {
	if len(t.focus) == 0 {
		return false
	}
	last := len(t.focus) - 1
	t.at = t.focus[last].cell
	t.focus = t.focus[:last]
	return true
}

func (t *icicle) cannotSeeCalls(*App) string {
	switch c := t.chosen(); {
	case c == nil:
		return "there is no call to open"
	case c.rest:
		return "several paths · enter spreads them out"
	}
	return ""
}

// seeCalls opens the calls behind the cell.
func (t *icicle) seeCalls(a *App) tea.Cmd { return t.lens(a, lensNamed("calls")) }

// lens shows a lens on the cell.
func (t *icicle) lens(a *App, kind int) tea.Cmd {
	c := t.chosen()
	z := newZoom(kind, t.scopeOf(c.node))
	z.total = t.data.Nodes[c.node].Row
	return a.push(z)
}

// named is the name of the cell as a condition, for focus and exclude; why says what is in the way.
func (t *icicle) named() (p analyze.Pred, why string) {
	c := t.chosen()
	switch {
	case c == nil:
		return p, "there is nothing under the cursor"
	case c.rest:
		return p, "several names · enter spreads them out"
	case c.node == 0:
		return p, "this is everything in view"
	}
	x := &t.data.Nodes[c.node]
	if t.data.Fold && x.Rest && int(x.By) == len(t.data.By)-1 {
		return p, "these calls name neither a model nor a tool"
	}
	return analyze.Pred{Dimension: t.data.By[x.By], Op: analyze.OpEqual, Text: x.Name}, ""
}

// copyFor is the same picture of another scope. It shows the old one until the new one is there.
func (t *icicle) copyFor(s scope) *icicle {
	n := *t
	n.s, n.asker, n.focus = s, asker{}, nil // what had the focus may be gone
	return &n
}

func (t *icicle) copied(*App) (text, what string) {
	c := t.chosen()
	if c == nil {
		return "", ""
	}
	return strings.Join(t.names(c.node), " > "), "path"
}

func (t *icicle) click(a *App, x, y int) tea.Cmd {
	c := t.plan.hit(t, x, y)
	switch {
	case c < 0:
	case t.plan.cells[c].id != t.at:
		t.at = t.plan.cells[c].id
	case t.cannotOpen(a) == "":
		return t.open(a)
	}
	return nil
}

// Searching.

func (t *icicle) search(_ *App, text string) tea.Cmd {
	t.match = newMatcher(text)
	t.find()
	return nil
}

func (t *icicle) searched() string { return t.match.String() }

// find adds up the nodes of which the name matches.
func (t *icicle) find() {
	t.found = icicleFound{of: t.data, text: t.match.String()}
	if t.data == nil || t.match.text == "" {
		return
	}
	t.found.hit, t.found.below = map[int32]bool{}, map[int32]bool{}
	within := make([]bool, len(t.data.Nodes)) // a match, or below one
	keeps := map[string]bool{}                // names repeat
	t.data.Each(func(n int32) {
		x := &t.data.Nodes[n]
		within[n] = n > 0 && within[x.Up]
		if n == 0 || x.Rest {
			return
		}
		keep, ok := keeps[x.Name]
		if !ok {
			keep = t.match.keeps(x.Name)
			keeps[x.Name] = keep
		}
		if !keep {
			return
		}
		t.found.hit[n] = true
		for k := n; k > 0 && !t.found.below[k]; k = t.data.Nodes[k].Up {
			t.found.below[k] = true
		}
		t.found.n++
		if !within[n] {
			t.found.sum.add(x)
			within[n] = true
		}
	})
}

// showIcicle opens the picture of the scope, or goes back from it.
func (a *App) showIcicle() tea.Cmd {
	if _, ok := a.top().(*icicle); ok {
		return a.pop()
	}
	s, at := a.top().where(), ""
	if p := a.table(); p != nil {
		if r := p.row(); r != nil && a.firstLevel(s) == p.dim {
			at = idStep(0, rowName(r))
		}
	}
	return a.push(newIcicle(s, a.look.measure, at))
}

// firstLevel is the first level that a scope has not gone through.
func (a *App) firstLevel(s scope) analyze.Dimension {
	dims, _ := analyze.IcicleBy(a.opt.By, s.used)
	if len(dims) == 0 {
		return analyze.Dimension{}
	}
	return dims[0]
}

func cannotIcicle(a *App) string {
	if _, ok := a.top().(*icicle); ok {
		return ""
	}
	if a.table() == nil && !a.zoomed() {
		return "the icicle is of a table or a lens · esc goes back"
	}
	return ""
}

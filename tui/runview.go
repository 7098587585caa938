package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// runView is one run: its calls as a waterfall over time, or its agents below those that they worked for.
type runView struct {
	asker
	ordering asker // for the order of the runs
	from     scope // that it was opened from: J and K go through its runs
	s        scope // of the run
	ref      analyze.RunRef

	data  *analyze.RunView
	again bool // ask anew once the answer is there

	most   int64   // cost of the dearest call
	lines  []int32 // indexes in view.Calls, as shown
	cur    window  // over lines
	call   string  // id under the cursor
	want   int     // lines to move once there are any
	byCost bool
	up     bool    // turned around
	match  matcher // of what lines say
	tree   bool
	nodes  window // over view.Tree
	rowAt  int    // line of the body where rows begin

	list  []analyze.RunCost // the runs of from, dearest first; nil until known
	place int               // of the run in list; -1: not there
}

// newRunView is the run called id, with the cursor on a call; "" for the first.
func newRunView(from scope, id, call string) *runView {
	from = from.outOfRun()
	return &runView{from: from, s: from.in(analyze.Dimension{Dim: analyze.DimRun}, id), ref: analyze.RunRef{ID: id}, call: call, place: -1}
}

// run is the id of the run that the last step of the path leads to.
func (s scope) run() (id string, ok bool) {
	run := analyze.Dimension{Dim: analyze.DimRun}
	if n := len(s.dims); n == 0 || s.dims[n-1] != run {
		return "", false
	}
	for _, p := range s.query.Where {
		if p.Dimension == run && p.Op == analyze.OpEqual && !p.Not {
			id = p.Text
		}
	}
	return id, true
}

// outOfRun is the scope without the run that its path has fixed.
func (s scope) outOfRun() scope {
	run := analyze.Dimension{Dim: analyze.DimRun}
	at := slices.Index(s.dims, run)
	if at < 0 {
		return s
	}
	s.query.Where = slices.DeleteFunc(slices.Clone(s.query.Where), func(p analyze.Pred) bool { return p.Dimension == run && p.Op == analyze.OpEqual && !p.Not })
	if len(s.names) == len(s.dims) {
		s.names = slices.Delete(slices.Clone(s.names), at, at+1)
	}
	s.dims = slices.Delete(slices.Clone(s.dims), at, at+1)
	return s
}

func (r *runView) where() scope { return r.s }

func (r *runView) load(a *App) tea.Cmd {
	if r.busy {
		r.again = true
		return nil
	}
	src, q, ref := a.src, r.from.query, r.ref
	cmds := []tea.Cmd{r.ask(func(ctx context.Context) (any, error) { return src.Run(ctx, q, ref) })}
	if !r.ordering.busy {
		q.Most = enoughRows
		cmds = append(cmds, r.ordering.ask(func(ctx context.Context) (any, error) {
			list, err := src.RunCosts(ctx, q)
			return dearestRuns(list), err
		}))
	}
	return tea.Batch(cmds...)
}

// dearestRuns puts runs in order.
func dearestRuns(list []analyze.RunCost) []analyze.RunCost {
	slices.SortFunc(list, func(x, y analyze.RunCost) int {
		return cmp.Or(cmp.Compare(y.Cost, x.Cost), cmp.Compare(x.Run, y.Run))
	})
	return list
}

func (r *runView) take(a *App, m reply) tea.Cmd {
	switch {
	case r.took(m):
		if m.err == nil {
			r.show(m.ans.(*analyze.RunView))
			r.point(a)
		}
		if r.again {
			r.again = false
			return r.load(a)
		}
	case r.ordering.took(m) && m.err == nil:
		r.list = m.ans.([]analyze.RunCost)
		r.find()
	}
	return nil
}

// show takes a run; the cursor stays on its call.
func (r *runView) show(v *analyze.RunView) {
	r.data, r.most = v, 0
	for i := range v.Calls {
		r.most = max(r.most, int64(v.Calls[i].Cost))
	}
	r.s = r.from.in(analyze.Dimension{Dim: analyze.DimRun}, v.ID)
	r.ref = analyze.RunRef{ID: v.ID}
	r.find()
	r.arrange()
	if r.want != 0 {
		r.cur.move(r.want)
		r.want, r.call = 0, r.under()
	}
	r.nodes.resize(len(v.Tree), r.nodes.rows)
}

// point puts the cursor of the table that the run was opened from on it, so that going back ends there.
func (r *runView) point(a *App) {
	i := slices.IndexFunc(a.stack, func(s screen) bool { return s == screen(r) })
	if i < 1 {
		return
	}
	if p, ok := a.stack[i-1].(*paths); ok && p.dim.Dim == analyze.DimRun && p.find(r.data.ID) >= 0 {
		p.key, p.held, p.home = r.data.ID, true, ""
		p.keepCursor()
	}
}

// find looks for the run in the order of the runs.
func (r *runView) find() {
	r.place = -1
	if r.data != nil {
		r.place = slices.IndexFunc(r.list, func(x analyze.RunCost) bool { return x.Run == r.data.Number })
	}
}

// arrange filters and sorts the lines.
func (r *runView) arrange() {
	r.lines = r.lines[:0]
	calls := r.data.Calls
	for _, i := range sequence(r.data) {
		if (calls[i].IsCall || !r.byCost) && (r.match.text == "" || r.match.keeps(searchText(&calls[i]))) {
			r.lines = append(r.lines, i)
		}
	}
	if r.byCost {
		slices.SortStableFunc(r.lines, func(x, y int32) int { return compareCosts(&calls[x], &calls[y]) })
	}
	if r.up {
		slices.Reverse(r.lines)
	}
	r.cur.resize(len(r.lines), max(r.cur.rows, 1))
	if at := slices.IndexFunc(r.lines, func(i int32) bool { return calls[i].ID == r.call }); at >= 0 && r.call != "" {
		r.cur.move(at - r.cur.at)
	}
	r.call = r.under()
}

// sequence is the order in which things happened. Where no time is stated, each stands below what it is part of, as the source has them.
func sequence(v *analyze.RunView) []int32 {
	order := make([]int32, 0, len(v.Calls))
	below := map[int32][]int32{}
	for i := range v.Calls {
		up := v.Calls[i].Up
		if v.Timed > 0 {
			up = -1
		}
		below[up] = append(below[up], int32(i))
	}
	var walk func(up int32)
	walk = func(up int32) {
		for _, i := range below[up] {
			order = append(order, i)
			walk(i)
		}
	}
	walk(-1)
	return order
}

// compareCosts puts the dearest first and unknown costs last.
func compareCosts(x, y *analyze.RunCall) int {
	return cmp.Or(b2i(costKnown(&y.CallRow))-b2i(costKnown(&x.CallRow)), cmp.Compare(y.Cost, x.Cost))
}

func costKnown(r *analyze.CallRow) bool {
	return r.State == tracefmt.CostRecorded || r.State == tracefmt.CostComputed
}

func searchText(c *analyze.RunCall) string {
	return strings.Join([]string{c.ID, c.Agent, c.Step, c.Tool, c.Model, c.Kind.String(), c.Error}, "\n")
}

// under is the id of the call under the cursor.
func (r *runView) under() string {
	if c := r.line(r.cur.at); c != nil {
		return c.ID
	}
	return ""
}

// line is the call of a line; nil where there is none.
func (r *runView) line(i int) *analyze.RunCall {
	if r.data == nil || i < 0 || i >= len(r.lines) {
		return nil
	}
	return &r.data.Calls[r.lines[i]]
}

func (r *runView) due(*App, due) tea.Cmd { return nil }

func (r *runView) leave() {
	r.asker.leave()
	r.ordering.leave()
	r.again = false
}

func (r *runView) relook(*App) tea.Cmd { return nil }

func (r *runView) move(_ *App, by int) tea.Cmd {
	switch {
	case r.data == nil:
		r.want = addMoves(r.want, by)
	case r.tree:
		r.nodes.move(by)
	default:
		r.cur.move(by)
		r.call = r.under()
	}
	return nil
}

func (r *runView) page() int {
	if r.tree {
		return max(1, r.nodes.rows-1)
	}
	return max(1, r.cur.rows-1)
}

func (r *runView) cannotOpen(*App) string {
	switch {
	case r.data == nil && r.err == nil:
		return "reading the run …"
	case r.data == nil:
		return "nothing to open here"
	case r.tree && len(r.data.Tree) == 0, !r.tree && r.line(r.cur.at) == nil:
		return "nothing to open here"
	}
	return ""
}

// open shows the call under the cursor; an agent leads to its first call.
func (r *runView) open(a *App) tea.Cmd {
	if r.tree {
		r.tree, r.match, r.byCost, r.up = false, matcher{}, false, false
		r.call = r.data.Calls[r.data.Tree[r.nodes.at].First].ID
		r.arrange()
		return nil
	}
	c := r.line(r.cur.at)
	r.call = c.ID
	d := newDetail(r.s, c.CallRow, r)
	d.run = r.data
	return a.push(d)
}

// current and position are for the detail of a call that was opened here.
func (r *runView) current() (analyze.CallRow, bool) {
	c := r.line(r.cur.at)
	if c == nil {
		return analyze.CallRow{}, false
	}
	return c.CallRow, true
}

func (r *runView) position() (at, reach, all int, known bool) {
	return r.cur.at, r.cur.n, r.cur.n, r.data != nil
}

// step goes to the next run of the scope by cost, or the one before.
func (r *runView) step(a *App, by int) tea.Cmd {
	switch {
	case r.list == nil && r.ordering.busy:
		return a.refuse("still looking for the other runs · try again in a moment")
	case r.place < 0:
		return a.refuse("this run is not among those of the scope that it was opened from")
	case r.place+by < 0:
		return a.refuse("this is the dearest run here")
	case r.place+by >= len(r.list):
		return a.refuse("this is the last run here, by cost")
	}
	r.place += by
	r.ref = analyze.RunRef{Number: r.list[r.place].Run, ByNumber: true}
	r.call, r.cur.at, r.cur.top, r.nodes.at, r.nodes.top = "", 0, 0, 0, 0
	r.asker.leave()
	return r.load(a)
}

func (r *runView) nextSort(a *App) tea.Cmd {
	r.byCost, r.up = !r.byCost, false
	return r.resort()
}

func (r *runView) turnSort(a *App) tea.Cmd {
	r.up = !r.up
	return r.resort()
}

func (r *runView) resort() tea.Cmd {
	if r.data != nil && !r.tree {
		r.arrange()
	}
	return nil
}

func (r *runView) search(_ *App, text string) tea.Cmd {
	r.match = newMatcher(text)
	if r.data != nil {
		r.arrange()
	}
	return nil
}

func (r *runView) searched() string { return r.match.String() }

// turn shows the agents instead of the calls, and back.
func (r *runView) turn(*App) tea.Cmd {
	r.tree = !r.tree
	if c := r.line(r.cur.at); r.tree && c != nil && c.Node >= 0 {
		r.nodes.at = int(c.Node)
	}
	return nil
}

func (r *runView) click(a *App, _, y int) tea.Cmd {
	w := &r.cur
	if r.tree {
		w = &r.nodes
	}
	i := w.top + y - r.rowAt
	switch {
	case r.data == nil || y < r.rowAt || i >= w.end():
		return nil
	case i == w.at:
		return r.open(a)
	}
	return r.move(a, i-w.at)
}

func (r *runView) copied(*App) (string, string) { return r.ref.ID, "run id" }

func (r *runView) summary(*App) string {
	if r.data == nil {
		return ""
	}
	if r.tree {
		return "agent " + count(int64(r.nodes.at+1)) + " of " + count(int64(r.nodes.n))
	}
	if r.cur.n == 0 {
		return "0 lines"
	}
	return "line " + count(int64(r.cur.at+1)) + " of " + count(int64(r.cur.n))
}

// What leads to a run, and from there.

// A runner knows of which run the thing under the cursor is part.
type runner interface {
	runAt(a *App) (run, call string, from scope, ok bool)
}

// A callList is what a call was opened from: it knows the calls before and after.
type callList interface {
	mover
	where() scope
	current() (row analyze.CallRow, ok bool)    // under its cursor; not ok while it is read
	position() (at, reach, all int, known bool) // of the cursor, among those that it can show, and all there are
}

func (l *calls) where() scope { return l.s }

func (l *calls) current() (analyze.CallRow, bool) {
	row, ok := l.rows[l.cur.at]
	return row, ok
}

func (l *calls) position() (at, reach, all int, known bool) { return l.cur.at, l.cur.n, l.all, l.known }

func (l *calls) runAt(*App) (run, call string, from scope, ok bool) {
	row, ok := l.rows[l.cur.at]
	return row.Run, row.ID, l.s, ok
}

func (d *detail) runAt(*App) (run, call string, from scope, ok bool) {
	return d.row.Run, d.row.ID, d.list.where(), true
}

func cannotRun(a *App) string {
	if t := a.table(); t != nil && t.dim.Dim == analyze.DimRun {
		return needsRow(a)
	}
	if _, ok := can[runner](a); !ok {
		return "only where a call or a run is under the cursor"
	}
	return ""
}

// toRun shows the run of the call under the cursor. Where that is the screen below, it goes back there.
func (a *App) toRun() tea.Cmd {
	if t := a.table(); t != nil {
		return t.open(a)
	}
	x, _ := can[runner](a)
	run, call, from, ok := x.runAt(a)
	if !ok {
		return a.refuse("reading the call …")
	}
	if n := len(a.stack); n > 1 {
		if r, ok := a.stack[n-2].(*runView); ok && r.data != nil && r.data.ID == run {
			return a.pop()
		}
	}
	return a.push(newRunView(from, run, call))
}

func (a *App) inRun() *runView {
	r, _ := a.top().(*runView)
	return r
}

func needsRun(a *App) string {
	if a.inRun() == nil {
		return "only in a run · enter opens one where runs are listed, r that of a call"
	}
	return ""
}

// cannotLens is why no lens can be chosen: a table, a lens and a run have them.
func cannotLens(a *App) string {
	if a.inRun() != nil {
		return ""
	}
	return needsLensed(a)
}

// lens lets a lens on the run fill the screen.
func (r *runView) lens(a *App, i int) tea.Cmd {
	a.look.lens = i
	z := newZoom(i, r.s)
	if r.data != nil {
		z.total = &r.data.Row
	}
	return a.push(z)
}

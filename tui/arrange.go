package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// An ordering is what an arrangement depends on.
type ordering struct {
	table  *analyze.Table
	before *analyze.Table // of the baseline's side
	why    *analyze.ComparisonReport
	sort   string
	up     bool
	m      measure
	match  matcher
}

// An arrangement is the rows of a table in order, and what those that the search keeps come to.
type arrangement struct {
	of    ordering
	table *analyze.Table
	order []*analyze.Row // all rows
	rows  []*analyze.Row // those that are shown
	sums  []int64        // running sums of the measure
	part  analyze.Row    // the rows shown added up, where they are not all
	old   analyze.Row    // the side before of these
	most  int64          // largest measure of the rows shown
	names int            // columns of the longest name
}

// rowsAtOnce is how many rows are put in order at once. More would keep the next key waiting: they are arranged off the loop.
const rowsAtOnce = 5_000

// arrange puts the rows in order, if that is not done or being done. The old order stays until the new one is there.
func (p *paths) arrange(a *App) tea.Cmd {
	o := ordering{p.latest, p.vs.table, p.vs.why, a.look.sort, a.look.up, a.look.measure, p.match}
	if p.latest == nil || o == p.wanted {
		return nil
	}
	p.wanted, p.vs.lacks = o, a.lacks()
	made, vs, col := p.arrangement, p.vs, a.sortColumn()
	if len(p.latest.Rows) <= rowsAtOnce {
		p.arranging.leave()
		return p.arranged(a, o.arrange(&made, &vs, col))
	}
	return p.arranging.ask(func(ctx context.Context) (any, error) { return o.arrange(&made, &vs, col), ctx.Err() })
}

// arranged takes a new order in and keeps the cursor on its row, wherever that row went.
func (p *paths) arranged(a *App, made *arrangement) tea.Cmd {
	p.arrangement, p.vs.part = *made, made.old
	p.freshCells(a)
	p.keepCursor()
	if p.brushOn {
		p.anchorAt = p.find(p.anchor)
	}
	if by := p.want; by != 0 && len(p.rows) > 0 {
		p.want, p.held = 0, true
		p.cur.move(by)
		p.key = p.keyAt(p.cur.at)
	}
	if !p.news {
		return p.aim(a, false)
	}
	p.news = false
	return tea.Batch(p.aim(a, true), a.opened(p, p.row() != nil))
}

// arrange makes what o asks for. What was made before is used as far as it goes; vs and col are of o.
func (o ordering) arrange(made *arrangement, vs *versus, col *column) *arrangement {
	x := &arrangement{of: o, table: o.table, order: made.order, part: analyze.Row{Runs: -1}}
	if was := made.of; !was.sameOrder(o) {
		x.order = o.inOrder(vs, col)
	}
	x.rows = x.order
	if o.match.text != "" {
		x.rows = nil
		for _, r := range x.order {
			if o.match.keeps(rowName(r)) {
				x.rows = append(x.rows, r)
			}
		}
	}
	x.measure(vs)
	return x
}

// sameOrder says that two orderings differ in the search at most.
func (o ordering) sameOrder(x ordering) bool {
	o.match = x.match
	return o == x
}

// inOrder sorts all rows. What is not known comes last either way.
func (o ordering) inOrder(vs *versus, col *column) []*analyze.Row {
	sign := -1
	if o.up {
		sign = 1
	}
	keyed := make([]sortKey, len(o.table.Rows))
	for i := range o.table.Rows {
		k := &keyed[i]
		if k.row = &o.table.Rows[i]; col != nil {
			k.v, k.known = col.key(vs.see(cellOf{row: k.row, total: &o.table.Total, m: o.m}))
		}
	}
	slices.SortFunc(keyed, func(x, y sortKey) int {
		switch {
		case col == nil:
			return -sign * strings.Compare(rowName(x.row), rowName(y.row))
		case x.known != y.known && x.known:
			return -1
		case x.known != y.known:
			return 1
		case x.v != y.v: // names are far away in memory: only where they decide
			return sign * cmp.Compare(x.v, y.v)
		}
		return strings.Compare(rowName(x.row), rowName(y.row))
	})
	order := make([]*analyze.Row, len(keyed))
	for i := range keyed {
		order[i] = keyed[i].row
	}
	return order
}

type sortKey struct {
	row   *analyze.Row
	v     int64
	known bool
}

// measure adds the rows shown up.
func (x *arrangement) measure(vs *versus) {
	x.sums = make([]int64, len(x.rows))
	sum, some := int64(0), int64(len(x.rows)) < x.table.Groups()
	if some && vs.table != nil {
		x.old = vs.sumOf(x.rows)
	}
	for i, r := range x.rows {
		v := x.of.m.of(r)
		sum += v
		x.sums[i] = sum
		x.most = max(x.most, v)
		if x.names < maxName {
			x.names = min(maxName, max(x.names, width(shown(rowName(r)))))
		}
		if some {
			x.addPart(r)
		}
	}
}

// manyRows is from where on the rows shown are added up without their histograms, which would take too long.
const manyRows = 20_000

// addPart adds a row to what the rows shown come to. Runs that rows share would count twice, so nothing about runs is added up.
func (x *arrangement) addPart(r *analyze.Row) {
	sum := r.Summary
	if len(x.rows) > manyRows {
		sum.Costs = analyze.Hist{}
	}
	x.part.Summary.Merge(&sum)
}

// freshCells makes what is drawn of the rows anew: their texts, and how wide their names are with what stands beside them.
func (p *paths) freshCells(a *App) {
	p.cells, p.drawn, p.vs.half, p.vs.lacks = map[int][]string{}, a.look.serial, a.status.Loading, a.lacks()
	p.marked = a.marks.Below(p.s.dims, p.s.path, p.dim)
	p.nameW = p.names
	for name, x := range p.marked {
		p.nameW = min(maxName, max(p.nameW, width(p.label(a, name))+width(glyphs(x))))
	}
	if p.dim.Dim == analyze.DimRun {
		for name := range a.flying {
			p.nameW = min(maxName, max(p.nameW, width(p.label(a, name))))
		}
	}
}

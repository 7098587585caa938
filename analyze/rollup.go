package analyze

import (
	"cmp"
	"errors"
	"slices"

	"costscope/tracefmt"
)

// ErrNeedsScan is returned for a query that cells cannot answer.
var ErrNeedsScan = errors.New("this question needs the calls themselves")

// Rollup answers a query from the cells: a row for every prefix of every path, parents before their children, dearest first (equal costs:
// more calls first, then by name). Runs are exact: a run counts once in every group that one of its calls is in.
func (a *Aggregate) Rollup(names *tracefmt.Names, q Query) (*Table, error) {
	if q.NeedsScan() {
		return nil, ErrNeedsScan
	}
	f := newFolder(q.By, names)
	f.threads = -1
	if len(q.Where) == 0 {
		f.threads = a.Threads
	}
	m := q.Compile(names, a.cfg)
	leaves := make([]int32, len(a.cells))
	path := make([]uint32, len(q.By))
	for n, c := range a.cells {
		if c == nil || !m.matchCell(&c.key) {
			leaves[n] = -1
			continue
		}
		for i, d := range q.By {
			path[i] = cellValue(&c.key, d.Dim)
		}
		leaves[n] = f.leafOf(path)
	}
	a.sumLeaves(f, leaves)
	a.countRuns(f, leaves)
	return f.table(), nil
}

// sumLeaves adds up the cells of each leaf. Cells are many and their histograms long, so a leaf's histogram is built in one piece.
func (a *Aggregate) sumLeaves(f *folder, leaves []int32) {
	order := make([]int32, 0, len(leaves))
	for n, leaf := range leaves {
		if leaf >= 0 {
			order = append(order, int32(n))
		}
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Or(cmp.Compare(leaves[x], leaves[y]), cmp.Compare(x, y)) })
	var sum histSum
	for i, n := range order {
		f.addCell(leaves[n], a.cells[n], &sum)
		if i+1 == len(order) || leaves[order[i+1]] != leaves[n] {
			f.nodes[leaves[n]].row.Costs = sum.take()
		}
	}
}

func (f *folder) addCell(leaf int32, c *cell, costs *histSum) {
	row := &f.nodes[leaf].row
	row.combine(&c.sum, 1)
	row.raise(&c.sum, costs.n)
	costs.add(&c.sum.Costs)
	if c.key.Outcome != tracefmt.OutcomeInFlight {
		row.wraps += plus((*int64)(&row.FinishedUSD), int64(c.sum.Cost))
	}
	f.note(c.key.Workflow, c.key.Agent, c.key.Model, c.sum.Unpriced, c.sum.UnpricedTokens)
}

// countRuns counts the runs of each group: those of all sets of cells that have one in the group.
func (a *Aggregate) countRuns(f *folder, leaves []int32) {
	a.sets.each(func(set []byte, runs int64) {
		f.epoch++
		eachCell(set, func(n uint32) {
			if leaves[n] >= 0 {
				f.run(leaves[n], runs, a.cells[n].key.Outcome)
			}
		})
	})
}

// A Scan answers a query by reading calls. It is what Rollup cannot do: groups by run, user, session, source or tag, conditions on
// numbers and on times.
type Scan struct {
	f      *folder
	m      *Matcher
	by     []Dimension
	source func(uint32) string
	agg    *Aggregate // its day clock and keys; it holds nothing
	study  *Student
	path   []uint32
	leaves []int32
}

// NewScan returns a scan for q. sourceName gives the path of a source.
func NewScan(q Query, names *tracefmt.Names, cfg Config, sourceName func(uint32) string) *Scan {
	return &Scan{
		f: newFolder(q.By, names), m: q.Compile(names, cfg), by: q.By, source: sourceName, agg: NewAggregate(cfg), study: NewStudent(cfg), path: make([]uint32, len(q.By)),
	}
}

// Add reads the calls of one run. It returns what those that match cost, and whether any does.
func (s *Scan) Add(run *tracefmt.Run) (cost tracefmt.USD, matched bool) {
	st := s.study.link(run)
	s.m.Enter(run, s.source)
	s.f.epoch++
	s.agg.seen = s.agg.seen[:0]
	s.leaves = append(s.leaves[:0], make([]int32, len(run.Calls))...)
	for i := range run.Calls {
		c := &run.Calls[i]
		s.leaves[i] = -1
		if !contributes(c) {
			continue
		}
		if sum, ok := s.call(run, i, &s.leaves[i]); ok {
			matched = true
			cost, _ = cost.Add(c.Cost)
			if m := st.Places[i].Mark; m != 0 {
				sum.repeat(c, m, 1)
			}
		}
	}
	s.chains(st)
	if !matched {
		matched = s.empty(run)
	}
	s.f.threads += int64(len(s.agg.seen))
	return cost, matched
}

// call counts one call, if it matches.
func (s *Scan) call(run *tracefmt.Run, i int, leaf *int32) (*Summary, bool) {
	c := &run.Calls[i]
	k := keyOf(run, c, &s.agg.days)
	if !s.m.match(&k, run, i, s.m.sourceOf(c, s.source)) {
		return nil, false
	}
	for i, d := range s.by {
		s.path[i] = s.value(&k, c, run, d)
	}
	*leaf = s.f.leafOf(s.path)
	row := &s.f.nodes[*leaf].row
	row.Add(c)
	if run.Outcome != tracefmt.OutcomeInFlight {
		row.wraps += plus((*int64)(&row.FinishedUSD), int64(c.Cost))
	}
	s.f.run(*leaf, 1, run.Outcome)
	unpriced, tokens := int64(0), int64(0)
	if c.Counted && c.State == tracefmt.CostUnpriced {
		unpriced, tokens = 1, c.Usage.Input+c.Usage.Output
	}
	s.f.note(k.Workflow, k.Agent, k.Model, unpriced, tokens)
	if t := (thread{c.Agent, c.Instance}); c.IsCall && !seenLast(s.agg.seen, t) {
		s.agg.seen = append(s.agg.seen, t)
	}
	return &row.Summary, true
}

// chains counts the run's chains in the group of each one's first call, where that matches.
func (s *Scan) chains(st *Study) {
	run := st.Run
	for k := range st.Chains {
		ch := &st.Chains[k]
		if i := ch.firstCall(run); i >= 0 && s.leaves[i] >= 0 {
			s.f.nodes[s.leaves[i]].row.chain(ch, run.Outcome, 1)
		}
	}
}

// empty counts a run without calls.
func (s *Scan) empty(run *tracefmt.Run) bool {
	for i := range run.Calls {
		if contributes(&run.Calls[i]) {
			return false
		}
	}
	k, none := emptyCall(run, &s.agg.days)
	if !s.m.matchCall(&k, &none, run, -1, "") {
		return false
	}
	for i, d := range s.by {
		s.path[i] = s.value(&k, &none, run, d)
	}
	s.f.run(s.f.leafOf(s.path), 1, run.Outcome)
	s.f.note(k.Workflow, k.Agent, k.Model, 0, 0)
	return true
}

// value is the number of the call's group in a dimension.
func (s *Scan) value(k *CellKey, c *tracefmt.Call, run *tracefmt.Run, d Dimension) uint32 {
	switch d.Dim {
	case DimRun:
		return s.f.texts.number(run.ID)
	case DimUser:
		return uint32(c.User)
	case DimSession:
		return uint32(c.Session)
	case DimSource:
		if s.source == nil {
			return 0
		}
		return s.f.texts.number(s.source(c.Src.Source))
	case DimTag:
		return s.f.texts.number(s.m.tag(c, run, d.Tag))
	}
	return cellValue(k, d.Dim)
}

// groupOf is the group of call i of the run that was entered; -1 for one that is out of scope.
func (s *Scan) groupOf(run *tracefmt.Run, i int) int32 {
	c := &run.Calls[i]
	if !contributes(c) {
		return -1
	}
	k := keyOf(run, c, &s.agg.days)
	if !s.m.match(&k, run, i, s.m.sourceOf(c, s.source)) {
		return -1
	}
	for i, d := range s.by {
		s.path[i] = s.value(&k, c, run, d)
	}
	return s.f.leafOf(s.path)
}

// pathOf is the names that lead to a group.
func (s *Scan) pathOf(group int32) (path []string) {
	for at := group; at != 0; at = s.f.nodes[at].up {
		path = append(path, s.f.label(s.by[s.f.nodes[at].depth-1], s.f.nodes[at].value))
	}
	slices.Reverse(path)
	return path
}

// adopt makes sure that s has all groups of o, a scan of the same query, and tells which they are.
func (s *Scan) adopt(o *Scan) []int32 {
	to := make([]int32, len(o.f.nodes))
	for i, n := range o.f.nodes[1:] {
		to[i+1] = s.f.childOf(to[n.up], s.translate(n.value, o, n.depth), n.depth)
	}
	return to
}

// translate gives the number that s has for a value of o: texts without a Sym are numbered as they come.
func (s *Scan) translate(value uint32, o *Scan, depth int) uint32 {
	switch s.by[depth-1].Dim {
	case DimRun, DimSource, DimTag:
		if value > 0 {
			return s.f.texts.number(o.f.texts.texts[value-1])
		}
	}
	return value
}

// Table is the answer so far. The scan must not go on after it.
func (s *Scan) Table() *Table { return s.f.table() }

package analyze

import (
	"cmp"
	"slices"

	"costscope/tracefmt"
)

// A folder groups calls by the dimensions of a query: a tree with a node for every prefix of every path.
type folder struct {
	by      []Dimension
	names   *tracefmt.Names
	texts   textTable // values of dimensions that have no Sym
	index   map[step]int32
	nodes   []*node
	epoch   int64
	threads int64

	workflows, agents map[tracefmt.Sym]struct{}
	unpriced          map[tracefmt.Sym]*Unpriced
	path              []uint32 // of the leaf asked for last
	leaf              int32
}

// A step leads from a node to the one below it that has the value.
type step struct {
	up    int32
	value uint32
}

type node struct {
	step
	depth int
	row   Row
	seen  int64 // the last run that was counted
}

// A textTable numbers texts from 1; 0 is none.
type textTable struct {
	index map[string]uint32
	texts []string
}

func (t *textTable) number(s string) uint32 {
	if s == "" {
		return 0
	}
	n, ok := t.index[s]
	if !ok {
		if t.index == nil {
			t.index = map[string]uint32{}
		}
		t.texts = append(t.texts, s)
		n = uint32(len(t.texts))
		t.index[s] = n
	}
	return n
}

func newFolder(by []Dimension, names *tracefmt.Names) *folder {
	return &folder{
		by: by, names: names, index: map[step]int32{}, nodes: []*node{{}}, leaf: -1,
		workflows: map[tracefmt.Sym]struct{}{}, agents: map[tracefmt.Sym]struct{}{}, unpriced: map[tracefmt.Sym]*Unpriced{},
	}
}

// leafOf returns the node of a whole path.
func (f *folder) leafOf(path []uint32) int32 {
	if f.leaf >= 0 && slices.Equal(path, f.path) {
		return f.leaf
	}
	at := int32(0)
	for depth, v := range path {
		at = f.childOf(at, v, depth+1)
	}
	f.path, f.leaf = append(f.path[:0], path...), at
	return at
}

// childOf returns the node below another that has the value.
func (f *folder) childOf(up int32, v uint32, depth int) int32 {
	s := step{up, v}
	at, ok := f.index[s]
	if !ok {
		at = int32(len(f.nodes))
		f.index[s] = at
		f.nodes = append(f.nodes, &node{step: s, depth: depth})
	}
	return at
}

// run counts n runs in a leaf and all groups above it, unless they were counted under the same epoch.
func (f *folder) run(leaf int32, n int64, o tracefmt.Outcome) {
	for at := leaf; ; at = f.nodes[at].up {
		x := f.nodes[at]
		if x.seen == f.epoch {
			return
		}
		x.seen = f.epoch
		x.row.Runs += n
		switch o {
		case tracefmt.OutcomeSuccess:
			x.row.Success += n
		case tracefmt.OutcomeFailure:
			x.row.Failure += n
		case tracefmt.OutcomeInFlight:
			x.row.InFlight += n
		default:
			x.row.Unknown += n
		}
		if at == 0 {
			return
		}
	}
}

// note keeps what a table says about its calls beside the rows.
func (f *folder) note(workflow, agent, model tracefmt.Sym, unpriced, tokens int64) {
	if workflow != 0 {
		f.workflows[workflow] = struct{}{}
	}
	if agent != 0 {
		f.agents[agent] = struct{}{}
	}
	if unpriced == 0 {
		return
	}
	u := f.unpriced[model]
	if u == nil {
		u = &Unpriced{Model: f.symName(model)}
		f.unpriced[model] = u
	}
	u.Calls += unpriced
	u.Tokens += tokens
}

// table sums the leaves up and puts the groups in order.
func (f *folder) table() *Table {
	kids := make([][]int32, len(f.nodes))
	for i := len(f.nodes) - 1; i > 0; i-- { // a node comes after the one above it
		f.close(f.nodes[i], f.nodes[f.nodes[i].up])
		kids[f.nodes[i].up] = append(kids[f.nodes[i].up], int32(i))
	}
	t := &Table{By: f.by, Total: f.nodes[0].row, Workflows: int64(len(f.workflows)), Agents: int64(len(f.agents)), Threads: f.threads}
	if len(f.by) == 0 {
		t.Total.Own = t.Total.Cost
	}
	t.Rows = make([]Row, 0, len(f.nodes)-1)
	f.emit(t, kids, 0)
	for _, u := range f.unpriced {
		t.Unpriced = append(t.Unpriced, *u)
	}
	slices.SortFunc(t.Unpriced, func(x, y Unpriced) int {
		return cmp.Or(cmp.Compare(y.Calls, x.Calls), cmp.Compare(y.Tokens, x.Tokens), cmp.Compare(x.Model, y.Model))
	})
	return t
}

// close adds a group to the one above it.
func (f *folder) close(x, up *node) {
	if x.depth == len(f.by) {
		x.row.Own = x.row.Cost
	}
	up.row.Merge(&x.row.Summary)
	up.row.wraps += plus((*int64)(&up.row.FinishedUSD), int64(x.row.FinishedUSD))
	if f.isNone(x) {
		up.row.wraps += plus((*int64)(&up.row.Own), int64(x.row.Own))
	}
}

func (f *folder) isNone(x *node) bool {
	d := f.by[x.depth-1]
	switch d.Dim {
	case DimDay:
		return int32(x.value) == NoDay
	case DimKind, DimStatus, DimOutcome:
		return false
	}
	return x.value == 0
}

// emit appends the groups below a node, dearest first, each before its own groups.
func (f *folder) emit(t *Table, kids [][]int32, at int32) {
	below := kids[at]
	path := f.nodes[at].row.Path
	for _, i := range below {
		x := f.nodes[i]
		x.row.Path = append(slices.Clip(path), f.label(f.by[x.depth-1], x.value))
	}
	slices.SortFunc(below, func(i, k int32) int {
		x, y := &f.nodes[i].row, &f.nodes[k].row
		return cmp.Or(cmp.Compare(y.Cost, x.Cost), cmp.Compare(y.Calls, x.Calls), cmp.Compare(last(x.Path), last(y.Path)), cmp.Compare(i, k))
	})
	for _, i := range below {
		t.Rows = append(t.Rows, f.nodes[i].row)
		f.emit(t, kids, i)
	}
}

func last(path []string) string { return path[len(path)-1] }

// label is the name of a value for people.
func (f *folder) label(d Dimension, v uint32) string {
	switch d.Dim {
	case DimKind:
		return tracefmt.Kind(v).String()
	case DimStatus:
		return tracefmt.Status(v).String()
	case DimOutcome:
		return tracefmt.Outcome(v).String()
	case DimDay:
		return dayName(int32(v))
	case DimRun, DimSource, DimTag:
		if v == 0 {
			return None
		}
		return f.texts.texts[v-1]
	}
	return f.symName(tracefmt.Sym(v))
}

func (f *folder) symName(y tracefmt.Sym) string {
	if s := f.names.Name(y); s != "" {
		return s
	}
	return None
}

// cellValue is the value of a cell in a dimension. A status that is not set is shown as ok.
func cellValue(k *CellKey, d Dim) uint32 {
	switch d {
	case DimWorkflow:
		return uint32(k.Workflow)
	case DimFeature:
		return uint32(k.Feature)
	case DimVersion:
		return uint32(k.Version)
	case DimAgent:
		return uint32(k.Agent)
	case DimRole:
		return uint32(k.Role)
	case DimStep:
		return uint32(k.Step)
	case DimKind:
		return uint32(k.Kind)
	case DimModel:
		return uint32(k.Model)
	case DimProvider:
		return uint32(k.Provider)
	case DimTool:
		return uint32(k.Tool)
	case DimStatus:
		return uint32(shownStatus(k.Status))
	case DimOutcome:
		return uint32(k.Outcome)
	case DimDay:
		return uint32(k.Day)
	}
	return 0
}

func shownStatus(s tracefmt.Status) tracefmt.Status {
	if s == tracefmt.StatusUnset {
		return tracefmt.StatusOK
	}
	return s
}

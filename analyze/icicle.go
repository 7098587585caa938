package analyze

import (
	"cmp"
	"slices"
)

// An Icicle is a Table as a tree of parts: below each node the groups that its measure divides into, largest first. A node's parts add up
// to it exactly.
type Icicle struct {
	By    []Dimension // of the table
	Fold  bool        // the last two dimensions, model and tool, are one level
	Nodes []IcicleNode

	Levels, Paths int // below everything, as far as any node goes; and the nodes there
}

// An IcicleNode is a group of calls. Node 0 is everything; a node comes before those below it.
type IcicleNode struct {
	Row   *Row
	Name  string
	By    int32 // index in Icicle.By of the dimension that the name is of; -1 for everything
	Up    int32
	Depth int32   // 0 is everything
	Kids  []int32 // largest first, the own part last
	Value int64   // its measure
	Own   int64   // the part of Value that names nothing on the next level; all of it where there is none
	Rest  bool    // it is the own part of the node above
}

// IcicleBy is what to ask for an icicle: the dimensions that are not fixed yet, and below them what did the work. fold says that the last
// two, model and tool, are to be one level: a call is the work of a model, else of a tool.
func IcicleBy(by []Dimension, fixed func(Dimension) bool) (dims []Dimension, fold bool) {
	for _, d := range by {
		if !fixed(d) {
			dims = append(dims, d)
		}
	}
	asked := len(dims)
	for _, d := range [...]Dimension{{Dim: DimModel}, {Dim: DimTool}} {
		if !fixed(d) && !slices.Contains(dims, d) {
			dims = append(dims, d)
		}
	}
	return dims, len(dims) == asked+2
}

// NewIcicle makes the tree of a table, its parts by a measure of their rows that is a sum.
func NewIcicle(t *Table, fold bool, of func(*Row) int64) *Icicle {
	ic := &Icicle{By: t.By, Fold: fold, Nodes: make([]IcicleNode, 1, len(t.Rows)+1)}
	ic.Nodes[0] = IcicleNode{Row: &t.Total, By: -1, Value: of(&t.Total)}
	above := make([]int32, len(t.By)+1) // the node of each prefix of the path at hand; -1 where it has none
	for i := range t.Rows {
		r := &t.Rows[i]
		by := len(r.Path) - 1
		above[by+1] = ic.add(r, above[by], by, of)
	}
	for i := len(ic.Nodes) - 1; i >= 0; i-- {
		ic.close(int32(i))
	}
	ic.Paths = -1
	ic.Each(func(n int32) {
		ic.Levels = max(ic.Levels, int(ic.Nodes[n].Depth))
		ic.Paths++
	})
	return ic
}

// add puts a row below a node, and says where rows below the row go: -1 where they are told by it.
func (ic *Icicle) add(r *Row, up int32, by int, of func(*Row) int64) int32 {
	if up < 0 {
		return -1
	}
	last := len(ic.By) - 1
	name, none := r.Path[by], r.Path[by] == None
	if none && ic.Fold && by == last-1 {
		return up // its tools stand in its place
	}
	if none && r.Calls == 0 && of(r) == 0 {
		return -1 // runs without a call have no own part
	}
	n := int32(len(ic.Nodes))
	ic.Nodes = append(ic.Nodes, IcicleNode{Row: r, Name: name, By: int32(by), Up: up, Depth: ic.Nodes[up].Depth + 1, Value: of(r), Rest: none})
	ic.Nodes[up].Kids = append(ic.Nodes[up].Kids, n)
	if ic.Fold && by >= last-1 {
		return -1
	}
	return n
}

// close puts the nodes below a node in order; those below them are closed.
func (ic *Icicle) close(i int32) {
	x := &ic.Nodes[i]
	x.Own = x.Value
	if !slices.ContainsFunc(x.Kids, func(k int32) bool { return !ic.Nodes[k].Rest || len(ic.Nodes[k].Kids) > 0 }) {
		x.Kids = nil // nothing below says any more of it
		return
	}
	slices.SortFunc(x.Kids, func(a, b int32) int {
		p, q := &ic.Nodes[a], &ic.Nodes[b]
		if p.Rest != q.Rest {
			return map[bool]int{true: 1, false: -1}[p.Rest]
		}
		return cmp.Or(cmp.Compare(q.Value, p.Value), cmp.Compare(q.Row.Calls, p.Row.Calls), cmp.Compare(p.Name, q.Name), cmp.Compare(p.By, q.By))
	})
	x.Own = 0
	if k := &ic.Nodes[x.Kids[len(x.Kids)-1]]; k.Rest {
		x.Own = k.Value
	}
}

// Path is the nodes from the first below everything down to n.
func (ic *Icicle) Path(n int32) []int32 {
	var p []int32
	for ; n > 0; n = ic.Nodes[n].Up {
		p = append(p, n)
	}
	slices.Reverse(p)
	return p
}

// Each visits the nodes, parents before their children.
func (ic *Icicle) Each(do func(n int32)) {
	stack := []int32{0}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], ic.Nodes[n].Kids...)
		do(n)
	}
}

package tui

import (
	"math"
	"strconv"
	"strings"

	"costscope/analyze"
)

// An iciclePlan says where the cells of an icicle are. It is made once for data, width and focus.
type iciclePlan struct {
	of     *analyze.Icicle
	w      int
	focus  string
	cells  []icicleCell // level by level, from left to right
	levels [][2]int     // from and to in cells
	index  map[string]int
	frame  icicleFrame
}

// An icicleFrame is where on the screen the levels in sight were drawn.
type icicleFrame struct{ y, lines, shown, gutter int }

// An icicleCell is a node, or all parts of one that are too narrow to draw.
type icicleCell struct {
	id      string
	node    int32 // of a rest: the node that it is a part of
	rest    bool
	from, n int // of a rest: which of the node's kids
	sum     icicleSum
	up      int // index of the cell above, -1 for none
	level   int
	x, w    int
}

// A cell takes at least minIcicle columns. What stands for the rest takes two: it must not be overlooked.
const (
	minIcicle = 3
	minRest   = 2
)

// layout puts the cells into w columns, unless they are there already.
func (t *icicle) layout(w int) {
	p := &t.plan
	key := t.focusKey()
	if t.data == nil || p.of == t.data && p.w == w && p.focus == key {
		return
	}
	t.plan = iciclePlan{of: t.data, w: w, focus: key, index: map[string]int{}, frame: p.frame}
	root := icicleCell{node: 0, up: -1, w: w}
	if len(t.focus) > 0 {
		f := t.focus[len(t.focus)-1]
		n, _ := t.node(f.id)
		root.node = n
		if kids := t.data.Nodes[n].Kids; f.rest && f.from < len(kids) {
			root.rest, root.from, root.n = true, f.from, len(kids)-f.from
		}
	}
	t.place(&root)
	for from := 0; from < len(t.plan.cells); {
		to := len(t.plan.cells)
		t.plan.levels = append(t.plan.levels, [2]int{from, to})
		for ; from < to; from++ {
			t.divide(from)
		}
	}
}

func (t *icicle) focusKey() string {
	var b strings.Builder
	for _, f := range t.focus {
		b.WriteString(f.id)
		b.WriteString(strconv.Itoa(f.from))
		b.WriteByte('\n')
	}
	return b.String()
}

// place adds a cell and says what it comes to.
func (t *icicle) place(c *icicleCell) {
	x := &t.data.Nodes[c.node]
	c.id = t.id(c.node)
	if !c.rest {
		c.sum.add(x)
	} else {
		c.id += idRest + strconv.Itoa(c.from)
		c.sum = t.sumOf(x.Kids[c.from : c.from+c.n])
	}
	t.plan.index[c.id] = len(t.plan.cells)
	t.plan.cells = append(t.plan.cells, *c)
}

func (t *icicle) sumOf(nodes []int32) (s icicleSum) {
	for _, k := range nodes {
		s.add(&t.data.Nodes[k])
	}
	return s
}

// divide gives the columns of a cell to its parts: the named ones, what is too narrow, its own part.
func (t *icicle) divide(up int) {
	c := t.plan.cells[up]
	if c.rest && up > 0 {
		return
	}
	first := c.from
	kids := t.data.Nodes[c.node].Kids[first:]
	named := len(kids)
	own, hasOwn := int64(0), false
	if named > 0 {
		if x := &t.data.Nodes[kids[named-1]]; x.Rest {
			named, own, hasOwn = named-1, x.Value, true
		}
	}
	values := make([]int64, named)
	for i := range values {
		values[i] = t.data.Nodes[kids[i]].Value
	}
	widths, rest, ownW := icicleWidths(values, own, hasOwn, c.w)
	x := c.x
	put := func(k icicleCell) {
		k.up, k.level, k.x = up, c.level+1, x
		x += k.w
		t.place(&k)
	}
	for i, w := range widths {
		put(icicleCell{node: kids[i], w: w})
	}
	if rest > 0 {
		n := named - len(widths)
		if hasOwn && ownW == 0 {
			n++
		}
		put(icicleCell{node: c.node, rest: true, from: first + len(widths), n: n, w: rest})
	}
	if ownW > 0 {
		put(icicleCell{node: kids[named], w: ownW})
	}
}

// icicleWidths divides w columns between the named parts of a cell, largest first, and its own part. As many of the named ones are drawn as
// are wide enough; rest is what all others get together. Nothing is left out: where there are others, rest is more than 0.
func icicleWidths(values []int64, own int64, hasOwn bool, w int) (widths []int, rest, ownW int) {
	total := float64(max(0, own))
	for _, v := range values {
		total += float64(max(0, v))
	}
	if total == 0 {
		return nil, 0, 0
	}
	if ownW = int(math.Round(float64(max(0, own)) / total * float64(w))); ownW < minIcicle {
		ownW = 0
	}
	x, sum := 0, 0.0
	for _, v := range values {
		sum += float64(max(0, v))
		to := min(int(math.Round(sum/total*float64(w))), w-ownW)
		if to-x < minIcicle {
			break
		}
		widths = append(widths, to-x)
		x = to
	}
	others := len(values) - len(widths)
	if hasOwn && ownW == 0 {
		others++
	}
	return settleRest(values, widths, w-x-ownW, others, ownW)
}

// settleRest sees to it that left, the columns behind the parts drawn, hold the others: they take some from the widest where they are too
// few. A single one is drawn as what it is.
func settleRest(values []int64, widths []int, left, others, ownW int) ([]int, int, int) {
	if others == 0 {
		if n := len(widths) - 1; n >= 0 {
			widths[n] += left
			return widths, 0, ownW
		}
		return widths, 0, ownW + left
	}
	switch need := minRest - left; {
	case need <= 0:
	case len(widths) > 0 && widths[0] >= ownW && widths[0]-need >= minIcicle:
		widths[0] -= need
		left = minRest
	case ownW-need >= minIcicle:
		ownW -= need
		left = minRest
	}
	for left < minRest && len(widths) > 0 {
		left += widths[len(widths)-1]
		widths = widths[:len(widths)-1]
		others++
	}
	if left < minRest { // the own part takes all
		left += ownW
		ownW = 0
		others++
	}
	switch n := len(widths); {
	case others > 1:
	case n < len(values):
		return append(widths, left), 0, ownW
	default:
		return widths, 0, left
	}
	return widths, left, ownW
}

// find is the cell of the cursor: the one with its id, what stands for that, or the nearest above.
func (p *iciclePlan) find(t *icicle) int {
	if c, ok := p.index[t.at]; ok {
		return c
	}
	id, _, _ := strings.Cut(t.at, idRest)
	n, _ := t.node(id)
	below := int32(-1)
	for {
		if r := p.restOf(t.data, n, below); r >= 0 {
			return r
		}
		if c, ok := p.index[t.id(n)]; ok {
			return c
		}
		if n == 0 {
			return 0
		}
		below, n = n, t.data.Nodes[n].Up
	}
}

// restOf is the cell that stands for node k below n among others; -1 for none.
func (p *iciclePlan) restOf(ic *analyze.Icicle, n, k int32) int {
	for i := range p.cells {
		c := &p.cells[i]
		if !c.rest || c.node != n || k < 0 {
			continue
		}
		for _, x := range ic.Nodes[n].Kids[c.from : c.from+c.n] {
			if x == k {
				return i
			}
		}
	}
	return -1
}

// child is the first cell below c; -1 for none.
func (p *iciclePlan) child(c int) int {
	if c < 0 || p.cells[c].level+1 >= len(p.levels) {
		return -1
	}
	l := p.levels[p.cells[c].level+1]
	for i := l[0]; i < l[1]; i++ {
		if p.cells[i].up == c {
			return i
		}
	}
	return -1
}

// beside is the cell by cells to the right of c on its level, or as far as there are any.
func (p *iciclePlan) beside(c, by int) int {
	if c < 0 {
		return -1
	}
	l := p.levels[p.cells[c].level]
	return min(max(c+by, l[0]), l[1]-1)
}

// hit is the cell at a place of the screen; -1 for none.
func (p *iciclePlan) hit(t *icicle, x, y int) int {
	f := &p.frame
	if f.lines == 0 || y < f.y {
		return -1
	}
	level := t.top + (y-f.y)/f.lines
	if level >= min(len(p.levels), t.top+f.shown) {
		return -1
	}
	for i := p.levels[level][0]; i < p.levels[level][1]; i++ {
		if c := &p.cells[i]; x-f.gutter >= c.x && x-f.gutter < c.x+c.w {
			return i
		}
	}
	return -1
}

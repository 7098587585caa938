package tui

import (
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"
)

// explain says in words what the cell of the cursor is, as far as the lines up to h reach.
func (t *icicle) explain(out *pen, c *icicleCell, h int) {
	if h-len(out.list) > 4 {
		out.rule("under the cursor")
	}
	names := t.names(c.node)
	if c.rest {
		names = append(names, t.restName(c))
	}
	if len(names) == 0 {
		names = []string{lastName(t.s)}
	}
	out.put(roleMark, "▌ ").put(roleTitle, tailOf(strings.Join(names, " ▸ "), out.max-2)).end()
	facts := t.facts(c)
	if t.match.text != "" {
		facts = append([]piece{t.searchFact()}, facts...)
	}
	flow(out, facts, h)
	if h-len(out.list) >= 4 {
		t.parts(out, c, h)
	}
}

// flow writes pieces side by side over as many lines as there are up to h.
func flow(out *pen, facts []piece, h int) {
	out.gap(2)
	for i, f := range facts {
		if i > 0 && out.col > 2 {
			if out.col+3+width(f.s) > out.max {
				out.end()
				if len(out.list) >= h {
					return
				}
				out.gap(2)
			} else {
				out.put(roleDim, " · ")
			}
		}
		out.put(f.r, f.s)
	}
	out.end()
}

// searchFact is what all names come to that are looked for.
func (t *icicle) searchFact() piece {
	f := &t.found
	if f.n == 0 {
		return piece{roleWarn, "no name contains \"" + clean(t.match.text) + "\""}
	}
	v := f.sum.text(t.m)
	return piece{roleFilter, "◆ " + count(f.n) + plural(int(f.n), " match", " matches") + " " + v + " " + partOf(f.sum.value, t.data.Nodes[0].Value, v)}
}

// facts are the numbers of a cell.
func (t *icicle) facts(c *icicleCell) []piece {
	x := &t.data.Nodes[c.node]
	f := []piece{{roleSpend, "total " + t.valueText(c)}}
	if !c.rest {
		f = append(f, t.ownFact(x))
	}
	if whole := &t.data.Nodes[0]; c.node != 0 || c.rest {
		f = append(f, piece{roleText, partOf(c.sum.value, whole.Value, t.valueText(c)) + " of " + lastName(t.s)})
		up := x.Up
		if c.rest {
			up = c.node
		}
		if above := &t.data.Nodes[up]; up != 0 {
			f = append(f, piece{roleText, partOf(c.sum.value, above.Value, t.valueText(c)) + " of " + shown(above.Name)})
		}
	}
	if c.rest {
		return append(f, piece{roleDim, "too narrow to draw · enter spreads them out"})
	}
	return append(f, rowFacts(x.Row, t.m, t.lacks)...)
}

// ownFact is what no part of a node holds.
func (t *icicle) ownFact(x *analyze.IcicleNode) piece {
	switch {
	case len(x.Kids) == 0:
		return piece{roleDim, "all of it its own"}
	case !t.data.Nodes[x.Kids[len(x.Kids)-1]].Rest:
		return piece{roleDim, "own none"}
	}
	own := t.rowValue(t.data.Nodes[x.Kids[len(x.Kids)-1]].Row)
	return piece{roleText, "own " + own + " " + partOf(x.Own, x.Value, own)}
}

// rowFacts are what the calls of a row tell beside its measure.
func rowFacts(r *analyze.Row, m measure, lacks lacking) []piece {
	var f []piece
	if m != byCost {
		f = append(f, piece{roleSpend, "cost " + atLeast(r)})
	}
	f = append(f, piece{roleText, count(r.Calls) + plural(int(r.Calls), " call", " calls")}, piece{roleText, count(r.Runs) + plural(int(r.Runs), " run", " runs")})
	failed := piece{roleDim, "✗ none failed"}
	if r.Failed > 0 {
		failed = piece{roleFail, "✗ " + count(r.Failed) + " failed " + percent(r.Failed, r.Calls)}
	}
	f = append(f, failed)
	if m != byWasted && r.Wasted > 0 {
		f = append(f, piece{roleWaste, "wasted " + money(r.Wasted) + " " + percent(int64(r.Wasted), int64(r.Cost))})
	} else if m != byWasted && lacks.noTries(r) {
		f = append(f, piece{roleDim, "wasted " + unknown + " not recorded"})
	} else if m != byWasted {
		f = append(f, piece{roleDim, "wasted none"})
	}
	if n := r.Costs.N(); n > 0 {
		p99, _ := quantile(r, 99, 100)
		f = append(f, piece{roleText, "a call costs " + money(tracefmt.USD(r.Costs.Sum()/n)) + " on average"}, piece{roleText, "p99 " + moneyInt(p99)})
	}
	if r.Unpriced > 0 {
		f = append(f, piece{roleWarn, "? " + count(r.Unpriced) + " unpriced"})
	} else {
		f = append(f, piece{roleDim, "0 unpriced"})
	}
	if none := r.NoUsage - r.Unbilled; none > 0 {
		f = append(f, piece{roleWarn, "– " + count(none) + " without usage"})
	}
	return f
}

// parts lists what a cell is made of, the largest first, as far as the lines up to h reach.
func (t *icicle) parts(out *pen, c *icicleCell, h int) {
	kids := t.data.Nodes[c.node].Kids
	if c.rest {
		kids = kids[c.from : c.from+c.n]
	}
	if len(kids) == 0 {
		return
	}
	out.rule("its parts")
	room := h - len(out.list)
	show := min(len(kids), room)
	if show < len(kids) {
		show--
	}
	nameW, valueW := 0, 0
	var at pointColumn
	for _, k := range kids[:show] {
		nameW = max(nameW, width(t.partName(k)))
		at.see(t.rowValue(t.data.Nodes[k].Row))
	}
	for _, k := range kids[:show] {
		valueW = max(valueW, width(at.put(t.rowValue(t.data.Nodes[k].Row))))
	}
	nameW = min(nameW, out.max/3)
	for _, k := range kids[:show] {
		x := &t.data.Nodes[k]
		value := t.rowValue(x.Row)
		out.gap(2).left(roleName, t.partName(k), nameW).gap(2).right(roleSpend, at.put(value), valueW).gap(2).right(roleText, partOf(x.Value, c.sum.value, value), 6)
		if calls := count(x.Row.Calls) + " calls"; out.max >= 70 {
			out.right(roleDim, calls, 18).gap(2)
			n, part := barCells(x.Value, c.sum.value, min(out.max-out.col-2, mostBarW))
			out.put(roleBar, strings.Repeat("█", n)+part)
		}
		out.end()
	}
	if more := len(kids) - show; more > 0 {
		rest := t.sumOf(kids[show:])
		out.gap(2).line(roleDim, "… "+count(int64(more))+" more "+rest.text(t.m))
	}
}

func (t *icicle) partName(k int32) string {
	x := &t.data.Nodes[k]
	if x.Rest {
		return "own (" + dimName(t.data.By[x.By]) + " not named)"
	}
	return shown(x.Name)
}

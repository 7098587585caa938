package tui

import (
	"strings"

	"costscope/analyze"
)

// view draws the levels, and below them what the cell of the cursor is.
func (t *icicle) view(a *App, w, h int) []string {
	if t.failed() {
		out := newPen(a.theme, w)
		out.end()
		a.troubled(out, t.err)
		return out.fit(h)
	}
	return a.kept(&t.asker, w, h, func(h int) []string { return t.show(a, w, h) })
}

// show draws the answer.
func (t *icicle) show(a *App, w, h int) []string {
	if why := t.nothing(); why != "" {
		out := newPen(a.theme, w)
		out.end()
		for _, l := range wrap(why, max(1, w-4)) {
			out.gap(2).line(roleDim, l)
		}
		return out.fit(h)
	}
	d := icicleDrawing{of: t.data, w: w, h: h, at: t.at, focus: t.focusKey(), text: t.found.text, serial: a.look.serial, theme: a.theme}
	if now := t.drawn; now.is(&d) {
		return now.lines
	}
	t.layout(w - t.gutter(w))
	out := newPen(a.theme, w)
	at := t.plan.find(t)
	t.title(out)
	t.frame(w, h-1, at)
	for level := t.top; level < t.top+t.plan.frame.shown; level++ {
		for line := range t.plan.frame.lines {
			t.drawLevel(out, level, line, at)
		}
	}
	t.explain(out, &t.plan.cells[at], h)
	d.lines = out.fit(h)
	t.drawn = d
	return d.lines
}

func (d *icicleDrawing) is(o *icicleDrawing) bool {
	return d.lines != nil && d.of == o.of && d.w == o.w && d.h == o.h && d.at == o.at && d.focus == o.focus && d.text == o.text && d.serial == o.serial && d.theme == o.theme
}

// nothing says why there is no picture; "" where there is one.
func (t *icicle) nothing() string {
	switch {
	case t.data == nil:
		return "adding up the paths of " + lastName(t.s) + " …"
	case t.data.Nodes[0].Row.Overflow():
		return "a sum is too large to show"
	case t.data.Nodes[0].Value > 0:
		return ""
	case t.data.Nodes[0].Row.Calls == 0 && len(t.s.extra) > 0:
		return "no call meets the filters · backspace takes the last one back"
	case t.data.Nodes[0].Row.Calls == 0:
		return "no calls here · esc goes back"
	case t.m == byCost && costUnknown(t.data.Nodes[0].Row):
		return "no call with a known cost here: there is nothing to make a width of · m measures tokens or calls instead"
	}
	return "nothing here has a " + measureNames[t.m] + " to make a width of · m measures something else"
}

// gutter is how wide the names of the levels stand at the left; 0 where there is no room.
func (t *icicle) gutter(w int) int {
	if w < 70 {
		return 0
	}
	n := 0
	for d := range t.data.Levels + 1 {
		n = max(n, width(t.levelName(d)))
	}
	return min(n, w/6) + 2
}

// levelName is what the names at a depth are.
func (t *icicle) levelName(depth int) string {
	by := t.data.By
	switch {
	case depth == 0:
		return "all"
	case t.data.Fold && depth == len(by)-1:
		return dimName(by[depth-1]) + " / " + dimName(by[depth])
	}
	return dimName(by[depth-1])
}

// title says what the width is, and what was given all of it.
func (t *icicle) title(out *pen) {
	out.gap(2).put(roleTitle, "width is "+measureNames[t.m])
	if t.busy {
		out.put(roleDim, " · adding up …")
	}
	if len(t.focus) == 0 {
		text := " · arrows move, enter gives a cell the whole width · ░ own: names nothing below"
		if out.col+width(text) > out.max {
			text = " · enter gives a cell the whole width · ░ own: nothing below"
		}
		out.put(roleDim, text).end()
		return
	}
	root := &t.plan.cells[0]
	names := append([]string{lastName(t.s)}, t.names(root.node)[len(t.s.names):]...)
	if root.rest {
		names = append(names, t.restName(root))
	}
	out.put(roleDim, " · focus ").put(roleFilter, tailOf(strings.Join(names, " ▸ "), out.max-out.col)).end()
}

// tailOf shortens s to w columns from its beginning.
func tailOf(s string, w int) string {
	if width(s) <= w {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && width(string(r))+1 > w {
		r = r[1:]
	}
	return "…" + string(r)
}

// frame chooses how high levels are, and which are in sight.
func (t *icicle) frame(w, h, at int) {
	levels := len(t.plan.levels)
	below := 2
	switch {
	case h >= 30:
		below = 12
	case h >= 16:
		below = 5
	case h >= 10:
		below = 3
	}
	lines := min(max((h-below)/levels, 1), 4)
	if h < 30 {
		lines = min(lines, 3)
	}
	shown := min(levels, max(1, (h-below)/lines))
	level := t.plan.cells[at].level
	t.top = max(0, min(max(min(t.top, level), level-shown+1), levels-shown))
	t.plan.frame = icicleFrame{y: 1, lines: lines, shown: shown, gutter: w - t.plan.w}
}

// drawLevel draws one of the lines of a level.
func (t *icicle) drawLevel(out *pen, level, line, at int) {
	if g := t.plan.frame.gutter; g > 0 {
		name := ""
		if line == 0 {
			name = t.levelName(t.depth(level))
		}
		out.gap(1).left(roleDim, name, g-1)
	}
	span := t.plan.levels[level]
	for i := span[0]; i < span[1]; i++ {
		c := &t.plan.cells[i]
		out.to(t.plan.frame.gutter + c.x)
		t.drawCell(out, c, line, i == at, i%2 == 1)
		if i+1 == span[1] || t.plan.cells[i+1].x > c.x+c.w {
			out.put(roleRule, "▏")
		}
	}
	out.end()
}

// depth is the depth of a level's nodes.
func (t *icicle) depth(level int) int {
	root := &t.plan.cells[0]
	d := int(t.data.Nodes[root.node].Depth) + level
	if root.rest && level == 0 {
		d++ // it stands for parts
	}
	return d
}

// drawCell draws one of the lines of a cell.
func (t *icicle) drawCell(out *pen, c *icicleCell, line int, cursor, odd bool) {
	x := &t.data.Nodes[c.node]
	r, edge, fill := roleCell, "▏", " "
	switch own := x.Rest && !c.rest; {
	case cursor:
		r, edge = roleCellCursor, "▌"
	case t.hits(c) > 0:
		r = roleCellHit
	case own:
		r = roleCellOwn
	case c.rest:
		r = roleCellRest
	case odd:
		r = roleCellOdd
	}
	if x.Rest && !c.rest {
		fill = "░"
	}
	out.edge(r, edge)
	text, room := cut(t.cellText(c, line), c.w-1), c.w-1
	if last := t.plan.frame.lines - 1; line == last && last > 1 {
		out.edge(r, strings.Repeat(map[bool]string{true: "▄", false: "▁"}[cursor], room))
		return
	}
	if text != "" && width(text) < room && fill != " " {
		text += " "
	}
	out.put(r, text).put(r, strings.Repeat(fill, max(0, room-width(text))))
}

// cellText is what a line of a cell says.
func (t *icicle) cellText(c *icicleCell, line int) string {
	name, room := t.cellName(c), c.w-1
	value := t.valueText(c)
	switch {
	case room < 3 && line > 0:
		return ""
	case room < 3 && c.rest:
		return "…"
	case room < 3 && value == "?":
		return value
	case room < 3:
		return ""
	case t.plan.frame.lines == 1:
		if width(name)+1+width(value) <= room {
			return name + " " + value
		}
		return name
	case line == 0:
		return name
	case line == 1 && width(value) <= room:
		if share := partOf(c.sum.value, t.data.Nodes[0].Value, value); width(value)+2+width(share) <= room {
			return value + "  " + share
		}
		return value
	}
	return ""
}

// cellName is the name of a cell, with a sign where it is looked for.
func (t *icicle) cellName(c *icicleCell) string {
	name := t.restName(c)
	switch x := &t.data.Nodes[c.node]; {
	case c.rest:
	case c.node == 0:
		name = lastName(t.s)
	case x.Rest:
		name = "own"
	default:
		name = shown(x.Name)
	}
	if t.hits(c) > 0 {
		name = "◆ " + name
	}
	return name
}

func (t *icicle) restName(c *icicleCell) string { return "… " + count(int64(c.n)) + " more" }

// hits is how many of the nodes that a cell stands for are looked for. Of a rest, those below its parts count, too: they are not drawn.
func (t *icicle) hits(c *icicleCell) int {
	if len(t.found.hit) == 0 {
		return 0
	}
	if !c.rest {
		return b2i(t.found.hit[c.node])
	}
	n := 0
	for _, k := range t.data.Nodes[c.node].Kids[c.from : c.from+c.n] {
		n += b2i(t.found.below[k])
	}
	return n
}

// valueText is the measure of a cell.
func (t *icicle) valueText(c *icicleCell) string {
	if !c.rest {
		return t.rowValue(t.data.Nodes[c.node].Row)
	}
	return c.sum.text(t.m)
}

// partOf is a part of a whole; what is not known has none.
func partOf(part, whole int64, text string) string {
	if text == "?" || text == none {
		return text
	}
	return percent(part, whole)
}

func (t *icicle) rowValue(r *analyze.Row) string {
	return measureText(cellOf{row: r, m: t.m, lacks: t.lacks})
}

package tui

import (
	"costscope/analyze"
)

// A promptChart is the prompts of one thread turn by turn, against what other threads have at the same turn, and the window of the model.
type promptChart struct {
	line *analyze.PromptLine
	band []analyze.TurnRow // of other threads; nil for none
	mark int32             // a turn to point at; 0 for none
	w, h int               // of the chart with its labels; the columns have h-2 lines
}

// A promptColumn is one turn of a chart, or some that follow each other where there is no room for each.
type promptColumn struct {
	from, to       int32 // turns
	prompt, read   int64 // of the largest prompt
	median, p95    int64 // of the others
	reset, compact bool
	marked, twice  bool
}

const promptLabelW = 8 // of the axis at the left

// mostTurnW is how wide a turn may become.
const mostTurnW = 6

// columns are as many as fit, and how wide they are together.
func (c *promptChart) columns() (list []promptColumn, w int) {
	turns := c.line.Turns
	room := c.w - promptLabelW
	if len(turns) == 0 || room < 4 {
		return nil, 0
	}
	last := int(turns[len(turns)-1].Turn)
	per := (last + room - 1) / room
	list = make([]promptColumn, (last+per-1)/per)
	for i := range list {
		list[i].from, list[i].to = int32(i*per+1), int32((i+1)*per)
	}
	for _, t := range turns {
		x := &list[int(t.Turn-1)/per]
		if t.Prompt >= x.prompt {
			x.prompt, x.read = t.Prompt, t.Read
		}
		x.reset, x.compact = x.reset || t.Reset, x.compact || t.Compacted
		x.marked = x.marked || t.Turn == c.mark
		x.twice = x.twice || t.Turn == c.line.Doubled.Turn
	}
	for _, r := range c.band {
		for turn := r.From; turn <= min(r.To, last) && r.Turns > 0; turn++ {
			x := &list[(turn-1)/per]
			x.median, x.p95 = max(x.median, r.Median), max(x.p95, r.P95)
		}
	}
	return list, min(room, mostTurnW*len(list))
}

// scale is the number of tokens at the top, and whether the window is within it: one that is much larger would leave nothing to see.
func (c *promptChart) scale(list []promptColumn) (top int64, window bool) {
	for _, x := range list {
		top = max(top, x.prompt, x.p95)
	}
	if size := c.line.Window(); size > 0 && size <= 3*top {
		return max(top, size), true
	}
	return top, false
}

// grid draws the chart; nil where there is no room for it.
func (c *promptChart) grid() *grid {
	list, w := c.columns()
	rows := c.h - 2
	if list == nil || rows < 2 {
		return nil
	}
	top, window := c.scale(list)
	g := newGrid(c.w, c.h)
	c.axis(g, rows, top)
	if window {
		c.window(g, rows, top)
	}
	free, step := newGaps(promptLabelW, g.w), turnStep(list[len(list)-1].to, w)
	for i := range list {
		x := &list[i]
		at, next := promptLabelW+i*w/len(list), promptLabelW+(i+1)*w/len(list)
		ink := next - at
		if w >= 3*len(list) {
			ink-- // a gap between the turns
		}
		c.column(g, x, at, ink, rows, top)
		c.marks(g, x, at, rows)
		turn := x.to / step * step
		if i == 0 {
			turn = x.from
		}
		if text := itoa(int(turn)); turn >= x.from && free.clear(at, at+len(text)) {
			free.take(at, min(at+len(text)+2, g.w), 0)
			g.put(at, rows+1, roleDim, text)
		}
	}
	if window {
		c.nameWindow(g, rows, top)
	}
	return g
}

// turnStep is the turns between two labels: a round number that leaves room for them.
func turnStep(last int32, w int) int32 {
	for unit := int32(1); ; unit *= 10 {
		for _, step := range [...]int32{unit, 2 * unit, 5 * unit} {
			if step >= last || int(step)*w/int(last) >= len(itoa(int(last)))+2 {
				return step
			}
		}
	}
}

func (c *promptChart) axis(g *grid, rows int, top int64) {
	g.put(0, 0, roleDim, padLeft(short(top), promptLabelW-1))
	if rows >= 5 {
		g.put(0, (rows-1)/2, roleDim, padLeft(short(int64(float64(top)*(1-(float64((rows-1)/2)+0.5)/float64(rows)))), promptLabelW-1))
	}
	g.put(0, rows-1, roleDim, padLeft("0", promptLabelW-1))
	g.put(0, rows+1, roleDim, padLeft("turn", promptLabelW-1))
}

// windowLine is the line of the chart at which the window is.
func (c *promptChart) windowLine(rows int, top int64) int {
	return rows - 1 - (height(c.line.Window(), top, rows*8)-1)/8
}

// window draws how much the model can hold.
func (c *promptChart) window(g *grid, rows int, top int64) {
	for x := promptLabelW; x < g.w; x++ {
		g.put(x, c.windowLine(rows, top), roleFail, "┈")
	}
}

// nameWindow writes at the end of that line how much it is, where no column reaches so far.
func (c *promptChart) nameWindow(g *grid, rows int, top int64) {
	label, y := " window "+short(c.line.Window()), c.windowLine(rows, top)
	from := g.w - len(label)
	if from <= promptLabelW {
		return
	}
	for x := from; x < g.w; x++ {
		if g.cells[y][x].c != '┈' {
			return
		}
	}
	g.put(from, y, roleFail, label)
}

// column draws the prompt, its cached part below, and marks for the others.
func (c *promptChart) column(g *grid, x *promptColumn, at, ink, rows int, top int64) {
	put := func(e int, look role, sign string) { // at the height of e eighths
		if y := rows - 1 - (e-1)/8; e > 0 {
			for i := range ink {
				g.put(at+i, y, look, sign)
			}
		}
	}
	e := height(x.prompt, top, rows*8)
	cached := int(float64(height(x.read, top, rows*8))/8 + 0.5)
	for line := range rows {
		cell := min(max(e-line*8, 0), 8)
		switch {
		case cell == 0:
		case line < cached:
			put(line*8+8, roleGood, "▒")
		default:
			put(line*8+8, roleBar, lowerBlocks[cell])
		}
	}
	for _, other := range [...]struct {
		tokens       int64
		look         role
		sign, within string // within: of the column
	}{{x.median, roleKey, "─", "░"}, {x.p95, roleWarn, "═", "▓"}} {
		at := height(other.tokens, top, rows*8)
		if at > 0 && (at-1)/8 < e/8 {
			other.sign = other.within
		}
		put(at, other.look, other.sign)
	}
}

// marks are what happened at a turn, below its column: the one pointed at, the first twice as large, a context that shrank.
func (c *promptChart) marks(g *grid, x *promptColumn, at, rows int) {
	switch {
	case x.marked:
		g.put(at, rows, roleMark, "▲")
	case x.twice:
		g.put(at, rows, roleWarn, "×")
	case x.compact:
		g.put(at, rows, roleWarn, "⇊")
	case x.reset:
		g.put(at, rows, roleWarn, "↓")
	}
}

// legend says what is drawn, as far as it is.
func (c *promptChart) legend() string {
	list, _ := c.columns()
	text := "█ prompt"
	per, reads, resets := int32(1), false, false
	for _, x := range list {
		per, reads, resets = x.to-x.from+1, reads || x.read > 0, resets || x.reset
	}
	if reads {
		text += " · ▒ read from a cache"
	}
	if len(c.band) > 0 {
		text += " · ─ median and ═ p95 of all threads here (░ ▓ within a column)" + c.bandSize()
	}
	if c.mark > 0 {
		text += " · ▲ this turn"
	}
	if c.line.Doubled.Turn > 0 {
		text += " · × twice the first"
	}
	if resets {
		text += " · ↓ reset · ⇊ compacted"
	}
	if per > 1 {
		text += " · each column is " + itoa(int(per)) + " turns, the largest drawn"
	}
	return text + c.windowText(list)
}

// bandSize is how many threads came to the first turn and to the last one drawn.
func (c *promptChart) bandSize() string {
	last := c.line.Turns[len(c.line.Turns)-1].Turn
	for _, r := range c.band {
		if int(last) >= r.From && int(last) <= r.To {
			return ": " + count(c.band[0].Turns) + " at turn 1, " + count(r.Turns) + " at turn " + itoa(int(last))
		}
	}
	return ": " + count(c.band[0].Turns) + " at turn 1, none at turn " + itoa(int(last))
}

// windowText says how large the window is, and whether the chart has it.
func (c *promptChart) windowText(list []promptColumn) string {
	size := c.line.Window()
	if size == 0 {
		return " · window not known: the price book has none for this model"
	}
	text := "window " + short(size) + ": " + percent(c.line.Peak, size) + " used at most"
	if _, drawn := c.scale(list); !drawn {
		return " · " + text + ", too far up to be drawn"
	}
	return " · ┈ " + text
}

// doubledText says when the prompt doubled, and why; part is the name of what grew most.
func doubledText(d *analyze.Doubling, turns int, part string) string {
	if d.Turn == 0 {
		if turns < 2 {
			return "a single turn: nothing has grown"
		}
		return "no prompt is twice the first"
	}
	text := "× doubled at turn " + itoa(int(d.Turn)) + ": " + short(d.From) + " → " + short(d.To) + " tokens"
	if d.Tokens == 0 {
		return text + ", nothing tells by what"
	}
	about := "~"
	if d.Stated {
		about = ""
	}
	return text + ", most of it " + part + ", " + about + short(d.Tokens)
}

// partName is the part that grew most, with its tool.
func partName(d *analyze.Doubling, tool string) string {
	if d.Tool == 0 {
		return cleanPart(d.Part)
	}
	return cleanPart(d.Part) + ": " + shown(tool)
}

// cleanPart is a part of a prompt in words.
func cleanPart(s string) string {
	if s == "untagged" {
		return "parts without a name"
	}
	return clean(s)
}

// promptSpark is a line of columns, one for each turn or some of them, at most w.
func promptSpark(l *analyze.PromptLine, w int) string {
	c := promptChart{line: l, w: promptLabelW + max(w, 4), h: 4}
	list, _ := c.columns()
	s := ""
	for _, x := range list {
		s += lowerBlocks[height(x.prompt, l.Peak, 8)]
	}
	return s
}

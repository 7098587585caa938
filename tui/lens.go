package tui

import (
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A lens answers one question about a scope.
type lens interface {
	about(a *App, s scope, fresh bool) tea.Cmd // the scope to look at; fresh: its calls may have changed
	take(a *App, r reply) tea.Cmd
	due(a *App, d due) tea.Cmd
	leave()
	view(a *App, w, h int, zoom bool) []string // exactly h lines of at most w columns
}

// A lensKind is one row of the table of lenses.
type lensKind struct {
	key  string
	name string
	asks string // the question that it answers, for the help page
	make func() lens
	off  func(*App) string // why it cannot be had now, "" when it can; nil: it always can
}

// lenses is every lens. The bar, the keys and the help page are made from it.
var lenses = []lensKind{
	{"1", "shape", "which paths and which tail dominate?", func() lens { return &shape{} }, nil},
	{"2", "retries", "what do failures cost?", newRetries, nil},
	{"3", "context", "how does the window grow, and what does it cost?", newContext, nil},
	{"4", "agents", "who spends, and on what role?", newAgents, nil},
	{"5", "load", "where does spend spike?", newLoad, nil},
	{"6", "outcomes", "what does a success cost, and which flows are efficient?", newOutcomes, nil},
	{"7", "multiplier", "what turned the cheap call into the bill?", newMultiplier, nil},
	{"8", "flags", "where should I look first?", newFlags, nil},
	{"9", "calls", "which calls?", func() lens { return &calls{} }, nil},
	{"0", "change", "why does it cost more or less than the baseline?", newChange, needsBaseline},
}

// lensNamed is the index of the lens called name.
func lensNamed(name string) int {
	for i := range lenses {
		if lenses[i].name == name {
			return i
		}
	}
	return 0
}

// lensBar draws the names of the lenses on a rule; the one in use stands out by its brackets too. Where they do not fit, the others' names
// are cut.
func (a *App) lensBar(out *pen) {
	most, gap := a.lensRoom(out.max - 3)
	out.put(roleRule, "──")
	for i := range lenses {
		l := &lenses[i]
		if l.off != nil && l.off(a) != "" {
			continue
		}
		if i == a.look.lens {
			out.put(roleRule, "[").put(roleTitle, l.key+" "+l.name).put(roleRule, "]")
			continue
		}
		if i == 0 || i-1 != a.look.lens || gap > 0 {
			out.put(roleRule, " ")
		}
		out.put(roleKey, l.key)
		if most > 0 {
			out.put(roleDim, " "+l.name[:min(len(l.name), most)])
		}
		if gap > 0 {
			out.put(roleRule, " ")
		}
	}
	if gap == 0 {
		out.put(roleRule, " ")
	}
	hint := "z fills the screen"
	switch a.chart().(type) {
	case *shape:
		hint = "[ ] bar · o opens it · v range · u runs/calls · z fills the screen"
	case *insight:
		hint = "[ ] column · o opens it · v range · z fills the screen"
	}
	if room := out.max - out.col - width(hint) - 4; room >= 2 {
		out.put(roleRule, strings.Repeat("─", room)).put(roleDim, " "+hint+" ")
	}
	out.rule("")
}

// lensRoom is how long names in the bar can be, and the blanks after each, for it to take up to w columns.
func (a *App) lensRoom(w int) (most, gap int) {
	for most, gap = 10, 1; most > 0; most-- {
		need := 2
		for i := range lenses {
			name := min(len(lenses[i].name), most)
			if lenses[i].off != nil && lenses[i].off(a) != "" {
				continue
			}
			if i == a.look.lens {
				name = len(lenses[i].name) + 1
			}
			need += 3 + name + gap
		}
		if need <= w {
			break
		}
		if gap == 1 {
			most, gap = 11, 0
		}
	}
	return most, gap
}

// heading begins what a lens says: with the row that it is about or, where that stands in the line above, with the lens.
func (a *App) heading(s scope, zoomed bool) string {
	z, ok := a.top().(*zoom)
	if !zoomed || !ok {
		return cut(lastName(s), max(16, a.w/3))
	}
	return "[" + lenses[z.kind].key + " " + lenses[z.kind].name + "]"
}

// zoom is a lens that fills the screen.
type zoom struct {
	s     scope
	kind  int
	l     lens
	total *analyze.Row // of s, where it was opened from a row: known before the lens answers
	of    *paths       // the table of which it shows the row under the cursor; nil where it was opened by another door
}

func newZoom(kind int, s scope) *zoom { return &zoom{s: s, kind: kind, l: lenses[kind].make()} }

func (z *zoom) where() scope                   { return z.s }
func (z *zoom) load(a *App) tea.Cmd            { return z.l.about(a, z.s, true) }
func (z *zoom) take(a *App, r reply) tea.Cmd   { return z.l.take(a, r) }
func (z *zoom) due(a *App, d due) tea.Cmd      { return z.l.due(a, d) }
func (z *zoom) leave()                         { z.l.leave() }
func (z *zoom) relook(a *App) tea.Cmd          { return z.l.about(a, z.s, false) }
func (z *zoom) view(a *App, w, h int) []string { return z.l.view(a, w, h, true) }

func (z *zoom) summary(a *App) string {
	if s, ok := z.l.(interface{ summary(*App) string }); ok {
		return s.summary(a)
	}
	return ""
}

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
	key   string
	name  string
	short string // of the name, where there is little room
	asks  string // the question that it answers, for the help page
	make  func() lens
	off   func(*App) string // why it cannot be had now, "" when it can; nil: it always can
}

// lenses is every lens. The bar, the keys and the help page are made from it.
var lenses = []lensKind{
	{"1", "shape", "shape", "which paths and which tail dominate?", func() lens { return &shape{} }, nil},
	{"2", "retries", "retry", "what do failures cost?", newRetries, nil},
	{"3", "context", "ctx", "how does the window grow, and what does it cost?", newContext, nil},
	{"4", "agents", "agent", "who spends, and on what role?", newAgents, nil},
	{"5", "load", "load", "where does spend spike?", newLoad, nil},
	{"6", "outcomes", "outc", "what does a success cost, and which flows are efficient?", newOutcomes, nil},
	{"7", "multiplier", "mult", "what turned the cheap call into the bill?", newMultiplier, nil},
	{"8", "flags", "flags", "where should I look first?", newFlags, nil},
	{"9", "calls", "calls", "which calls?", func() lens { return &calls{} }, nil},
	{"0", "change", "diff", "why does it cost more or less than the baseline?", newChange, needsBaseline},
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

// lensBar draws the names of the lenses on a rule; the one in use stands out by its brackets too. Where they do not fit, the others'
// names are shortened, or left out.
func (a *App) lensBar(out *pen) {
	style := a.lensStyle(out.max - 3)
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
		if i == 0 || i-1 != a.look.lens || style.gap > 0 {
			out.put(roleRule, " ")
		}
		out.put(roleKey, l.key)
		out.put(roleDim, style.text(l))
		if style.gap > 0 {
			out.put(roleRule, " ")
		}
	}
	if style.gap == 0 {
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

// A lensStyle is how the bar names lenses that are not in use: what stands behind the key, and the blanks after that.
type lensStyle struct {
	text func(*lensKind) string
	gap  int
}

var (
	fullName  = func(l *lensKind) string { return " " + l.name }
	shortName = func(l *lensKind) string { return " " + l.short }
	noName    = func(*lensKind) string { return "" }

	lensStyles = [...]lensStyle{{fullName, 1}, {fullName, 0}, {shortName, 1}, {shortName, 0}, {noName, 1}, {noName, 0}}
)

// lensStyle is the first style in which the bar takes up to w columns.
func (a *App) lensStyle(w int) lensStyle {
	for _, s := range lensStyles {
		need := 2
		for i := range lenses {
			l := &lenses[i]
			switch {
			case l.off != nil && l.off(a) != "":
			case i == a.look.lens:
				need += 4 + len(l.name)
			default:
				need += 2 + len(s.text(l)) + s.gap
			}
		}
		if need <= w {
			return s
		}
	}
	return lensStyles[len(lensStyles)-1]
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

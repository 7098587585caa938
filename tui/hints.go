package tui

import (
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// hints are what a newcomer is told, until it was done once.
var hints = []struct {
	name, text string
	keys       string
}{
	{"open", "enter opens a row", "enter l right"},
	{"lens", "1-9 change the question", "1 2 3 4 5 6 7 8 9 tab"},
	{"help", "? help, : finds anything", "? :"},
}

// newcomer says that hints are wanted: the store was never explored before.
func (a *App) newcomer() bool { return a.opt.Hints && a.marks.known && a.hint() != "" }

// hint is what was not done yet.
func (a *App) hint() string {
	var text []string
	for _, h := range hints {
		if !slices.Contains(a.marks.Used, h.name) {
			text = append(text, h.text)
		}
	}
	return strings.Join(text, " · ")
}

// learnt notes that a key was used.
func (a *App) learnt(key string) tea.Cmd {
	for _, h := range hints {
		if slices.Contains(strings.Fields(h.keys), key) {
			return a.use(h.name)
		}
	}
	return nil
}

// unhint takes all hints off.
func (a *App) unhint() tea.Cmd {
	return a.use(hintNames()...)
}

func hintNames() []string {
	names := make([]string, len(hints))
	for i, h := range hints {
		names[i] = h.name
	}
	return names
}

// use writes down that hints did their work.
func (a *App) use(names ...string) tea.Cmd {
	if !a.newcomer() {
		return nil
	}
	a.marks.Used = append(slices.Clip(a.marks.Used), names...)
	return a.keepMarks(usedChange(names))
}

func usedChange(names []string) func(*analyze.Marks) {
	return func(m *analyze.Marks) {
		for _, n := range names {
			if !slices.Contains(m.Used, n) {
				m.Used = append(m.Used, n)
			}
		}
	}
}

// below is what stands under the screen, above the status line: hints, the note on the path under the cursor.
func (a *App) below(most int) []string {
	if most < 1 {
		return nil
	}
	lines := a.noteLines(most)
	if a.newcomer() && len(lines) < most {
		out := newPen(a.theme, a.w)
		out.gap(1).put(roleGood, "✦ "+a.hint()).put(roleDim, " · esc hides this").end()
		lines = append(lines, out.list...)
	}
	return lines
}

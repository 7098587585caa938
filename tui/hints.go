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
	off        func(*App) string // why it cannot be done on this screen
}{
	{"open", "enter opens a row", "enter l right", needsTable},
	{"lens", "1-9 change the question", "1 2 3 4 5 6 7 8 9 tab", cannotLens},
	{"help", "? help · : find", "? :", alreadyHelp},
}

// newcomer says that hints are wanted: the store was never explored before.
func (a *App) newcomer() bool {
	return a.opt.Hints && a.marks.known && slices.ContainsFunc(hintNames(), func(name string) bool { return !slices.Contains(a.marks.Used, name) })
}

// hint is what was not done yet and can be done here.
func (a *App) hint() string {
	var text []string
	for _, h := range hints {
		if !slices.Contains(a.marks.Used, h.name) && h.off(a) == "" {
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

// nothingBack says that there is no screen and no search to go back from: esc hides the hints.
func (a *App) nothingBack() bool {
	s, ok := can[searcher](a)
	return len(a.stack) == 1 && !(ok && s.searched() != "")
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
	if hint := a.hint(); hint != "" && a.newcomer() && len(lines) < most {
		out := newPen(a.theme, a.w)
		text, end := hint, when(a.nothingBack(), " · esc hides it")
		for cut := strings.LastIndex(text, " · "); cut > 0 && 3+width(text+end) > a.w; cut = strings.LastIndex(text, " · ") {
			text = text[:cut]
		}
		out.gap(1).put(roleGood, "✦ "+text).put(roleDim, end).end()
		lines = append(lines, out.list...)
	}
	return lines
}

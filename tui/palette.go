package tui

import (
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// palette lets a person find anything by its name.
func (a *App) palette() tea.Cmd {
	a.over = newFinder("find", slices.Concat(lensEntries(), markEntries(a), filterEntries(a), actionEntries(), dimEntries(), columnEntries(a)))
	return nil
}

// actionEntries do what the keys do, moves last. The numbers of lenses have entries of their own.
func actionEntries() []entry {
	var list []entry
	moves := slices.IndexFunc(actions, func(x action) bool { return x.keys == "enter" }) // they stand before it
	for _, x := range slices.Concat(actions[moves:], actions[:moves]) {
		if x.keys == lensKeys() || x.foot == "find" {
			continue
		}
		key := strings.Fields(x.keys)[0]
		list = append(list, entry{name: x.name, key: keyLabel(key), kind: "key", about: x.foot, word: x.foot, off: x.off, run: func(a *App) tea.Cmd { return a.key(key, nil) }})
	}
	return list
}

func lensEntries() []entry {
	var list []entry
	for i := range lenses {
		l := &lenses[i]
		off := func(a *App) string {
			if why := needsLensed(a); why != "" {
				return why
			}
			if l.off != nil && l.off(a) != "" {
				return l.off(a)
			}
			if a.look.lens != i && !a.zoomed() {
				return ""
			}
			if z, ok := a.top().(*zoom); ok && z.kind == i {
				return "this is the lens"
			}
			return cannotZoom(a)
		}
		list = append(list, entry{name: "lens " + l.name, key: l.key, kind: "lens", about: l.asks, off: off, run: func(a *App) tea.Cmd { return a.lensKey(i) }})
	}
	return list
}

func dimEntries() []entry {
	var list []entry
	for d := analyze.DimWorkflow; d < analyze.DimTag; d++ {
		dim := analyze.Dimension{Dim: d}
		off := func(a *App) string {
			switch why := needsTable(a); {
			case why != "":
				return why
			case a.table().dim == dim:
				return "the rows are that already"
			}
			return ""
		}
		list = append(list, entry{name: "group by " + dimName(dim), kind: "rows", off: off, run: func(a *App) tea.Cmd { return a.regroup(a.table(), dim) }})
	}
	return list
}

// columnEntries sort by columns, and show and hide them; measures are what shares and bars are made of.
func columnEntries(a *App) []entry {
	var list []entry
	for i := range columns {
		c := &columns[i]
		if c.id == "measure" {
			continue
		}
		if c.key != nil {
			list = append(list, entry{name: "sort by " + c.id, kind: "sort", about: aboutColumn(&a.status, c.id), off: needsTable, run: func(a *App) tea.Cmd {
				a.look.sort, a.look.up, a.look.hidden[c.id] = c.id, false, false
				return a.relook()
			}})
		}
		verb := "hide column "
		if a.look.hidden[c.id] {
			verb = "show column "
		}
		list = append(list, entry{name: verb + c.id, kind: "column", about: aboutColumn(&a.status, c.id), off: needsTable, run: func(a *App) tea.Cmd {
			a.look.hidden[c.id] = !a.look.hidden[c.id]
			return a.relook()
		}})
	}
	for m, name := range measureNames {
		list = append(list, entry{name: "measure " + name, kind: "measure", about: "shares, sums and bars are of it", off: needsTable, run: func(a *App) tea.Cmd { return a.measureBy(measure(m)) }})
	}
	return list
}

// Filters that were set by hand.

const keptFilters = 10

// filterEntries set a filter again.
func filterEntries(a *App) []entry {
	var list []entry
	for _, text := range a.marks.Filters {
		preds, err := analyze.ParsePreds(text)
		if err != nil {
			continue
		}
		list = append(list, entry{name: clean(text), kind: "filter", about: "set before", off: needsLensed, run: func(a *App) tea.Cmd { return a.narrow(preds...) }})
	}
	return list
}

// keepFilter remembers conditions that were typed.
func (a *App) keepFilter(preds []analyze.Pred) tea.Cmd {
	parts := make([]string, len(preds))
	for i, p := range preds {
		parts[i] = p.String()
	}
	text := strings.Join(parts, " ")
	change := func(m *analyze.Marks) {
		rest := slices.DeleteFunc(slices.Clone(m.Filters), func(f string) bool { return f == text })
		m.Filters = append([]string{text}, rest[:min(len(rest), keptFilters-1)]...)
	}
	change(&a.marks.Marks)
	return a.keepMarks(change)
}

package tui

import (
	"context"
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// marking is what a person left with the store, as far as it is known here. Changes show at once and are written behind the screen.
type marking struct {
	analyze.Marks
	known bool                    // the store has answered
	byKey map[string]analyze.Mark // List by the keys of the paths
}

// Messages about marks.
type (
	marksMsg struct {
		m   analyze.Marks
		err error
	}
	unmarkedMsg struct{ err error } // a change was not written
)

// A pointer is a screen or a lens with a path under its cursor.
type pointer interface {
	pointed(a *App) (scope, bool)
}

func (a *App) askMarks() tea.Cmd {
	src := a.src
	return func() tea.Msg {
		m, err := src.Marks(context.Background())
		return marksMsg{m, err}
	}
}

// tookMarks takes in what the store has. What was marked here before that goes before it.
func (a *App) tookMarks(m marksMsg) tea.Cmd {
	if m.err != nil {
		return a.refuse("flags and notes cannot be read: " + clean(m.err.Error()))
	}
	for _, x := range a.marks.List {
		m.m.Set(x)
	}
	a.marks = marking{Marks: m.m, known: true}
	a.marks.index()
	return tea.Batch(a.relook(), a.resume())
}

// keepMarks writes a change of the marks.
func (a *App) keepMarks(change func(*analyze.Marks)) tea.Cmd {
	src := a.src
	return func() tea.Msg {
		if err := src.SetMarks(context.Background(), change); err != nil {
			return unmarkedMsg{err}
		}
		return nil
	}
}

// path is the path under the cursor: that of a row, a finding or a call, else that of the lens.
func (a *App) path() (scope, bool) {
	if p, ok := can[pointer](a); ok {
		return p.pointed(a)
	}
	if z, ok := a.top().(*zoom); ok {
		return z.s, len(z.s.dims) > 0
	}
	return scope{}, false
}

func cannotMark(a *App) string {
	if _, ok := can[pointer](a); !ok && !a.zoomed() {
		return "flags and notes belong to paths and calls · esc goes back"
	}
	if _, ok := a.path(); !ok {
		return "no path is under the cursor: flags and notes belong to one"
	}
	return ""
}

// mark is what was left at a path.
func (a *App) mark(s scope) analyze.Mark {
	if x, ok := a.marks.byKey[analyze.MarkKey(s.dims, s.path)]; ok {
		return x
	}
	return analyze.Mark{By: slices.Clone(s.dims), Path: slices.Clone(s.path)}
}

// index is made anew with every change.
func (m *marking) index() {
	m.byKey = make(map[string]analyze.Mark, len(m.List))
	for _, x := range m.List {
		m.byKey[x.Key()] = x
	}
}

// unkept says behind a note why it goes with the explorer.
func (a *App) unkept() string {
	if a.opt.Unkept == "" {
		return ""
	}
	return " · not kept: " + clean(a.opt.Unkept)
}

func (a *App) setMark(x analyze.Mark) tea.Cmd {
	a.marks.Set(x)
	a.marks.index()
	return tea.Batch(a.keepMarks(func(m *analyze.Marks) { m.Set(x) }), a.relook())
}

// flag flags the path under the cursor, or takes the flag off.
func (a *App) flag() tea.Cmd {
	s, _ := a.path()
	x := a.mark(s)
	x.Flagged = !x.Flagged
	what := "⚑ flagged "
	if !x.Flagged {
		what = "no flag any more: "
	}
	a.say(what + strings.Join(pathNames(x), " ▸ ") + a.unkept())
	return a.setMark(x)
}

// editNote lets a person write what is to be remembered of the path.
func (a *App) editNote() tea.Cmd {
	s, _ := a.path()
	x := a.mark(s)
	p := newPrompt("✎ ", x.Note)
	p.hint = "note on " + lastOf(pathNames(x)) + when(x.Note != "", ", empty takes it off") + " · enter keeps it · esc leaves"
	p.in.CharLimit = mostNote
	p.live = func(*App, string) tea.Cmd { return nil }
	p.stop = p.cancel
	p.done = func(a *App, text string) (string, tea.Cmd) {
		x.Note = strings.TrimSpace(text)
		a.say(map[bool]string{true: "✎ noted", false: "no note"}[x.Note != ""] + " on " + strings.Join(pathNames(x), " ▸ ") + a.unkept())
		return "", a.setMark(x)
	}
	a.over = p
	return nil
}

// mostNote is how many characters a note has at most: it is shown in full.
const mostNote = 400

// pathNames are the names of a marked path as people see them.
func pathNames(x analyze.Mark) []string {
	names := make([]string, len(x.Path))
	for i, n := range x.Path {
		names[i] = shown(n)
	}
	return names
}

func lastOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// glyphs stand for a mark in a row.
func glyphs(x analyze.Mark) string {
	return when(x.Flagged, "⚑") + when(x.Note != "", "✎")
}

// markFact counts what is marked.
func (a *App) markFact() []fact {
	flags, notes := len(a.marks.Flagged()), 0
	for _, x := range a.marks.List {
		if x.Note != "" {
			notes++
		}
	}
	var text, short []string
	if flags > 0 {
		text, short = append(text, "⚑ "+itoa(flags)+" flagged"), append(short, "⚑ "+itoa(flags))
	}
	if notes > 0 {
		text, short = append(text, "✎ "+itoa(notes)+plural(notes, " note", " notes")), append(short, "✎ "+itoa(notes))
	}
	if len(text) == 0 {
		return nil
	}
	return []fact{newFact(roleKey, strings.Join(text, " · "), strings.Join(short, " "))}
}

// noteLines is the note on the path under the cursor, in full where most lines hold it.
func (a *App) noteLines(most int) []string {
	s, ok := a.path()
	if !ok || len(a.marks.List) == 0 {
		return nil
	}
	note := a.mark(s).Note
	if note == "" {
		return nil
	}
	text := wrap(clean(note), a.w-5)
	if len(text) > most {
		text = append(text[:most-1], strings.TrimSpace(text[most-1])+" …")
	}
	out := newPen(a.theme, a.w)
	for i, l := range text {
		out.gap(2).put(roleKey, map[bool]string{true: "✎ ", false: "  "}[i == 0]).line(roleText, strings.TrimSpace(l))
	}
	return out.list
}

// The paths under the cursors.

func (p *paths) pointed(*App) (scope, bool) { return p.under() }

func (t *insight) pointed(*App) (scope, bool) {
	s := t.s
	if t.cur < len(t.doors) && !t.free {
		s = t.doors[t.cur].to
	}
	return s, len(s.dims) > 0
}

func (l *calls) pointed(a *App) (scope, bool) {
	row, ok := l.rows[l.cur.at]
	if !ok {
		return l.s, len(l.s.dims) > 0
	}
	s := callPath(a, l.s, &row)
	return s, len(s.dims) > 0
}

func (d *detail) pointed(a *App) (scope, bool) {
	s := scope{query: a.opt.Query}
	if d.list != nil {
		s = d.list.where()
	}
	s = callPath(a, s, &d.row)
	return s, len(s.dims) > 0
}

// callPath is the path of a call in the scope s: through all levels that one drills through.
func callPath(a *App, s scope, r *analyze.CallRow) scope {
	for _, d := range a.opt.By {
		if name, ok := callName(r, d.Dim); ok && !s.used(d) {
			s = s.in(d, name)
		}
	}
	return s
}

// callName is the name of a call in a dimension; false where the call alone does not tell.
func callName(r *analyze.CallRow, d analyze.Dim) (string, bool) {
	switch d {
	case analyze.DimWorkflow:
		return r.Workflow, true
	case analyze.DimFeature:
		return r.Feature, true
	case analyze.DimVersion:
		return r.Version, true
	case analyze.DimAgent:
		return r.Agent, true
	case analyze.DimRole:
		return r.Role, true
	case analyze.DimStep:
		return r.Step, true
	case analyze.DimModel:
		return r.Model, true
	case analyze.DimProvider:
		return r.Provider, true
	case analyze.DimTool:
		return r.Tool, true
	case analyze.DimKind:
		return r.Kind.String(), true
	case analyze.DimRun:
		return r.Run, true
	case analyze.DimUser:
		return r.User, true
	case analyze.DimSession:
		return r.Session, true
	}
	return "", false
}

// Going to marked paths.

func cannotList(a *App) string {
	if len(a.marks.List) == 0 {
		return "no path is marked · space flags the one under the cursor, N notes"
	}
	return ""
}

// listMarks lets a person choose among all marked paths.
func (a *App) listMarks() tea.Cmd {
	a.over = newFinder("marked paths", markEntries(a))
	return nil
}

// markEntries go to the marked paths.
func markEntries(a *App) []entry {
	var list []entry
	for _, x := range a.marks.List {
		e := entry{name: glyphs(x) + " " + strings.Join(pathNames(x), " ▸ "), kind: "marked", about: clean(x.Note)}
		e.run = func(a *App) tea.Cmd { return a.goTo(x) }
		list = append(list, e)
	}
	return list
}

// goTo shows a marked path: the tables on the way there, the cursor on its row.
func (a *App) goTo(x analyze.Mark) tea.Cmd {
	var levels []analyze.Level
	for i := range min(len(x.By), len(x.Path)) {
		levels = append(levels, analyze.Level{By: x.By[i], Row: &x.Path[i]})
	}
	return a.visit(visit{spot: analyze.Spot{Levels: levels}, said: "marked: " + strings.Join(pathNames(x), " ▸ ")})
}

// markOf is the mark of a row, where the screen looked the marks of its rows up.
func (p *paths) markOf(r *analyze.Row) string { return glyphs(p.marked[rowName(r)]) }

// callMark is the mark of a call's path.
func (l *calls) callMark(a *App, r *analyze.CallRow) string {
	if len(a.marks.List) == 0 {
		return ""
	}
	g := []rune(glyphs(a.mark(callPath(a, l.s, r))))
	return string(g[:min(len(g), 1)])
}

// sameScope says that two scopes went through the same names in the same order.
func sameScope(x, y scope) bool {
	return slices.Equal(x.dims, y.dims) && slices.Equal(x.path, y.path)
}

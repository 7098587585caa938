package tui

import (
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// helpPage lists the keys, the lenses and the columns from their tables.
type helpPage struct {
	s     scope
	cur   window
	match matcher
}

// A helpLine is a line of the help page: a title, or a key and its meaning.
type helpLine struct{ title, key, text string }

func helpLines(st *analyze.Status) []helpLine {
	l := []helpLine{{title: "keys"}}
	for i := range actions {
		l = append(l, helpLine{key: keyLabel(actions[i].keys), text: actions[i].name})
	}
	l = append(l, helpLine{title: "lenses"})
	for i := range lenses {
		l = append(l, helpLine{key: lenses[i].key + " " + lenses[i].name, text: lenses[i].asks})
	}
	l = append(l, helpLine{title: "conditions"})
	for _, c := range analyze.ConditionHelp {
		l = append(l, helpLine{key: c[0], text: c[1]})
	}
	l = append(l, helpLine{title: "columns"})
	for i := range columns {
		if about := columnAbout[columns[i].id]; about != "" {
			l = append(l, helpLine{key: columns[i].id, text: about})
		}
	}
	l = append(l, helpLine{title: "signs"})
	for _, s := range signs {
		l = append(l, helpLine{key: s[0], text: s[1]})
	}
	return append(l, sourceLines(st)...)
}

// sourceLines list what was read and what was not.
func sourceLines(st *analyze.Status) []helpLine {
	var l []helpLine
	if len(st.Sources) > 0 {
		l = append(l, helpLine{title: "sources"})
	}
	for i := range st.Sources {
		s := &st.Sources[i]
		text := s.Format + " · " + count(s.Calls) + " calls · " + analyze.Bytes(s.Bytes)
		for _, x := range [...]struct {
			n    int64
			what string
		}{{s.Skipped, "unreadable"}, {s.Duplicates, "duplicates"}, {s.Pending, "bytes of an unfinished line"}} {
			if x.n > 0 {
				text += " · " + count(x.n) + " " + x.what
			}
		}
		if s.Note != "" {
			text += " · " + s.Note
		}
		l = append(l, helpLine{key: clean(s.Path), text: clean(text)})
	}
	if len(st.Warnings) > 0 {
		l = append(l, helpLine{title: "warnings"})
	}
	for _, w := range st.Warnings {
		l = append(l, helpLine{key: "!", text: clean(w)})
	}
	if len(st.Skips) > 0 {
		l = append(l, helpLine{title: "unreadable lines"})
	}
	for _, s := range st.Skips {
		l = append(l, helpLine{key: clean(s.Path) + ":" + count(s.Line), text: clean(s.Reason)})
	}
	if more := st.SkipCount - int64(len(st.Skips)); more > 0 && len(st.Skips) > 0 {
		l = append(l, helpLine{key: "…", text: count(more) + " more"})
	}
	return l
}

// signs are what stands for states.
var signs = [][2]string{
	{"▌", "the cursor"}, {"▾ ▴", "sorted by this column, largest or smallest first"}, {"█ ▒", "useful and wasted spend"},
	{"✗", "failed"}, {"↻", "a retry"}, {"?", "no price is known: the cost is unknown, not 0"}, {"–", "not stated, unknown"},
	{"≥", "at least: calls without a price or token counts are not in it"}, {"·", "none"}, {"▲", "the chosen bar"}, {"▴p50", "where a percentile lies"},
	{"◌ ●", "reading; following the end of the trace"},
}

func (p *helpPage) where() scope                { return p.s }
func (p *helpPage) load(*App) tea.Cmd           { return nil }
func (p *helpPage) take(*App, reply) tea.Cmd    { return nil }
func (p *helpPage) due(*App, due) tea.Cmd       { return nil }
func (p *helpPage) leave()                      {}
func (p *helpPage) relook(*App) tea.Cmd         { return nil }
func (p *helpPage) summary(*App) string         { return "help" + p.cur.more() }
func (p *helpPage) page() int                   { return max(1, p.cur.rows-1) }
func (p *helpPage) searched() string            { return p.match.String() }
func (p *helpPage) move(_ *App, by int) tea.Cmd { p.cur.scroll(by); return nil }

func (p *helpPage) search(_ *App, text string) tea.Cmd {
	p.match = newMatcher(text)
	p.cur.top, p.cur.at = 0, 0
	return nil
}

// found are the lines that hold what is looked for.
func (p *helpPage) found(st *analyze.Status) []helpLine {
	var out []helpLine
	for _, l := range helpLines(st) {
		if l.title != "" && p.match.text == "" || l.title == "" && p.match.keeps(l.key+" "+l.text) {
			out = append(out, l)
		}
	}
	return out
}

func (p *helpPage) view(a *App, w, h int) []string {
	text := newPen(a.theme, w)
	for _, l := range p.found(&a.status) {
		if l.title != "" {
			text.rule(l.title)
			continue
		}
		keyW := 14
		if n := width(l.key); n > keyW { // a path: as wide as it needs, within reason
			keyW = min(n, w/2)
		}
		for i, part := range wrap(l.text, max(10, w-keyW-4)) {
			key := ""
			if i == 0 {
				key = l.key
			}
			text.gap(2).left(roleKey, key, keyW).gap(1).line(roleText, strings.TrimSpace(part))
		}
	}
	if len(text.list) == 0 {
		text.gap(2).line(roleDim, "no key or word here contains \""+clean(p.match.text)+"\" · esc shows all")
	}
	p.cur.resize(len(text.list), h)
	p.cur.at = p.cur.top
	out := newPen(a.theme, w)
	out.add(text.list[p.cur.top:p.cur.end()]...)
	return out.fit(h)
}

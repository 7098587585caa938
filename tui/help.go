package tui

import (
	"strings"
	"unicode"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// helpPage lists the keys, the lenses and the columns from their tables, and does what is picked.
type helpPage struct {
	s     scope
	match matcher
	at    int    // of the lines found, the one under the cursor
	lines window // of the text
	drawn helpDrawing

	list    []helpLine // that hold of, in this version of the data
	of      string
	version uint64
}

// helpDrawing is kept as long as nothing that it shows has changed.
type helpDrawing struct {
	w, at   int
	match   string
	version uint64 // of the data
	theme   *Theme
	text    []string
	from    int // lines of the cursor
	to      int
}

// A helpLine is a line of the help page: a title, or a key and its meaning. does is the key that is pressed when it is picked.
type helpLine struct{ title, key, text, does string }

func helpLines(st *analyze.Status) []helpLine {
	l := []helpLine{{title: "keys"}}
	for i := range actions {
		l = append(l, helpLine{key: keyLabel(actions[i].keys), text: actions[i].name, does: picks(&actions[i])})
	}
	l = append(l, helpLine{title: "lenses"})
	for i := range lenses {
		l = append(l, helpLine{key: lenses[i].key + " " + lenses[i].name, text: lenses[i].asks, does: lenses[i].key})
	}
	l = append(l, helpLine{title: "conditions"})
	for _, c := range analyze.ConditionHelp {
		l = append(l, helpLine{key: c[0], text: c[1]})
	}
	l = append(l, helpLine{title: "columns"})
	for i := range columns {
		if about := aboutColumn(st, columns[i].id); about != "" {
			l = append(l, helpLine{key: columns[i].id, text: about})
		}
	}
	l = append(l, helpLine{title: "signs"})
	for _, s := range signs {
		l = append(l, helpLine{key: s[0], text: s[1]})
	}
	return append(l, sourceLines(st)...)
}

// picks is the key that an action is picked by. Of the keys of the lenses each has a line of its own.
func picks(x *action) string {
	if x.keys == lensKeys() {
		return ""
	}
	return strings.Fields(x.keys)[0]
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
	{"⚑ ✎", "flagged; with a note, which is shown under the screen while the cursor is there"},
	{"↓ ⇊", "the context shrank before this turn; it was compacted"}, {"@", "a person's work"}, {"×", "the first prompt that is twice the first of its thread"},
	{"◌ ●", "reading; following the end of the trace"},
	{"◌", "at a run and its calls: in flight, nothing says how it ended and it had a call in the last " + analyze.Duration(analyze.InFlightFor)},
}

func (p *helpPage) where() scope             { return p.s }
func (p *helpPage) load(*App) tea.Cmd        { return nil }
func (p *helpPage) take(*App, reply) tea.Cmd { return nil }
func (p *helpPage) due(*App, due) tea.Cmd    { return nil }
func (p *helpPage) leave()                   {}
func (p *helpPage) relook(*App) tea.Cmd      { return nil }
func (p *helpPage) summary(*App) string      { return "help" + p.lines.more() }
func (p *helpPage) page() int                { return max(1, p.lines.rows-1) }
func (p *helpPage) searched() string         { return p.match.String() }

// move moves the cursor over what is not a title.
func (p *helpPage) move(a *App, by int) tea.Cmd {
	list, step := p.found(&a.status), 1
	if by < 0 {
		by, step = -by, -1
	}
	for at := p.at + step; by > 0 && at >= 0 && at < len(list); at += step {
		if list[at].title == "" {
			p.at = at
			by--
		}
	}
	return nil
}

func (p *helpPage) search(_ *App, text string) tea.Cmd {
	p.match = newMatcher(text)
	p.at = 0
	return nil
}

// picked is the line under the cursor.
func (p *helpPage) picked(a *App) helpLine {
	list := p.found(&a.status)
	p.at = min(p.at, max(0, len(list)-1))
	if p.at < len(list) && list[p.at].title != "" {
		p.at++ // the first line is a title
	}
	if p.at >= len(list) {
		return helpLine{}
	}
	return list[p.at]
}

func (p *helpPage) cannotOpen(a *App) string {
	if p.picked(a).does == "" {
		return "this line is not a key that could be pressed"
	}
	return ""
}

// open goes back to the screen that help was asked from, and does there what was picked.
func (p *helpPage) open(a *App) tea.Cmd {
	key := p.picked(a).does
	back := a.pop()
	return tea.Batch(back, a.key(key, nil))
}

// aside moves the cursor while the page is narrowed.
func (p *helpPage) aside(a *App, k string) bool {
	by := map[string]int{"up": -1, "down": 1, "pgup": -p.page(), "pgdown": p.page()}[k]
	p.move(a, by)
	return by != 0
}

// typing narrows the page by what is typed, where a letter has nothing to do here.
func (a *App) typing(k string, text []rune) (tea.Cmd, bool) {
	_, help := a.top().(*helpPage)
	if !help || len(text) != 1 || len(k) != 1 || !unicode.IsLetter(text[0]) && !unicode.IsDigit(text[0]) {
		return nil, false
	}
	a.filter()
	return a.over.key(a, k, text), true
}

// found are the lines that hold what is looked for.
func (p *helpPage) found(st *analyze.Status) []helpLine {
	if p.list != nil && p.of == p.match.text && p.version == st.Version {
		return p.list
	}
	out := []helpLine{}
	for _, l := range helpLines(st) {
		if l.title != "" && p.match.text == "" || l.title == "" && p.match.keeps(l.key+" "+l.text) {
			out = append(out, l)
		}
	}
	p.list, p.of, p.version = out, p.match.text, st.Version
	return out
}

func (p *helpPage) view(a *App, w, h int) []string {
	p.picked(a)
	if d := &p.drawn; d.text == nil || d.w != w || d.at != p.at || d.match != p.match.text || d.version != a.status.Version || d.theme != a.theme {
		p.draw(a, w)
	}
	d := &p.drawn
	p.lines.resize(len(d.text), h)
	p.lines.top = min(d.from, max(p.lines.top, d.to-h))
	p.lines.at = p.lines.top
	p.lines.resize(len(d.text), h)
	out := newPen(a.theme, w)
	out.add(d.text[p.lines.top:p.lines.end()]...)
	return out.fit(h)
}

// draw writes all lines.
func (p *helpPage) draw(a *App, w int) {
	text := newPen(a.theme, w)
	from, to := 0, 0
	list := p.found(&a.status)
	keyW := keyWidth(list, w)
	for n, l := range list {
		if l.title != "" {
			keyW = keyWidth(list[n+1:], w)
			text.rule(l.title)
			continue
		}
		if n == p.at {
			from = len(text.list)
		}
		l.draw(text, n == p.at, keyW)
		if n == p.at {
			to = len(text.list)
		}
	}
	if len(text.list) == 0 {
		text.gap(2).line(roleDim, "no key or word here contains \""+clean(p.match.text)+"\" · esc shows all")
	}
	if from == 1 {
		from = 0 // with its title
	}
	p.drawn = helpDrawing{w, p.at, p.match.text, a.status.Version, a.theme, text.list, from, to}
}

// keyWidth is how wide the keys of a part of the page stand, up to its end: as the longest of them, within reason.
func keyWidth(list []helpLine, w int) int {
	n := 14
	for i := range list {
		if list[i].title != "" {
			break
		}
		if k := width(list[i].key); k <= max(14, w/3) {
			n = max(n, k)
		}
	}
	return n
}

func (l *helpLine) draw(out *pen, here bool, keyW int) {
	if n := width(l.key); n > keyW { // a long path: as wide as it needs
		keyW = min(n, out.max/2)
	}
	for i, part := range wrap(l.text, max(10, out.max-keyW-4)) {
		key, mark := "", "  "
		if i == 0 {
			key = l.key
		}
		if here {
			out.sel, mark = true, map[bool]string{true: "▌ ", false: "  "}[i == 0]
		}
		out.put(roleMark, mark).left(roleKey, key, keyW).gap(1).line(roleText, strings.TrimSpace(part))
	}
}

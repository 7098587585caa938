package tui

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
)

// A finder is a list to choose from by typing part of a name.
type finder struct {
	*prompt
	title string
	all   []entry
	found []int // indices in all, the best first
	cur   window
}

// An entry is one thing to choose. off says why it cannot be done now; nil: it always can.
type entry struct {
	name, key, kind string
	about           string // in passing, and looked through
	word            string // what it is called in short, which goes before what others say of it
	off             func(a *App) string
	run             func(a *App) tea.Cmd
}

func (e *entry) cannot(a *App) string {
	if e.off == nil {
		return ""
	}
	return e.off(a)
}

func newFinder(title string, all []entry) *finder {
	f := &finder{prompt: newPrompt(": ", ""), title: title, all: all}
	f.hint = "type part of a name · ↑↓ choose · enter does it · esc leaves"
	f.find()
	return f
}

// find looks for what was typed.
func (f *finder) find() {
	terms := strings.Fields(strings.ToLower(f.in.Value()))
	type hit struct{ i, score int }
	var hits []hit
	for i := range f.all {
		if score := f.all[i].score(terms); score > 0 {
			hits = append(hits, hit{i, score})
		}
	}
	if len(terms) > 0 { // of two that fit alike the shorter one is meant
		slices.SortStableFunc(hits, func(x, y hit) int {
			return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(len(f.all[x.i].name), len(f.all[y.i].name)))
		})
	}
	f.found = f.found[:0]
	for _, h := range hits {
		f.found = append(f.found, h.i)
	}
	f.cur = window{n: len(f.found), rows: f.cur.rows}
}

// score says how well an entry fits all terms; 0: not at all.
func (e *entry) score(terms []string) int {
	total := 1
	for _, t := range terms {
		s := 2 * fuzzy(e.name, t)
		if t == strings.ToLower(e.key) {
			s = max(s, 2*fitsWhole)
		}
		if fit := fuzzy(e.word, t); fit >= fitsHead {
			s = max(s, 2*fit+1)
		}
		if s = max(s, inWords(e.kind, t), inWords(e.about, t)); s == 0 {
			return 0
		}
		total += s
	}
	return total
}

// How well a term fits a text.
const (
	fitsNot     = iota
	fitsLoosely // its letters come in this order
	fitsInside
	fitsHead // of a word
	fitsWhole
)

// inWords looks for a term at the heads of words.
func inWords(text, term string) int {
	if fit := fuzzy(text, term); fit >= fitsHead {
		return fitsLoosely
	}
	return fitsNot
}

// fuzzy says how well a term fits a text in any case.
func fuzzy(text, term string) int {
	text = strings.ToLower(text)
	best := fitsNot
	for from := 0; ; {
		i := strings.Index(text[from:], term)
		if i < 0 {
			break
		}
		i += from
		end := i + len(term)
		head := i == 0 || !isWord(text[i-1])
		switch {
		case head && (end == len(text) || !isWord(text[end])):
			return fitsWhole
		case head:
			best = max(best, fitsHead)
		default:
			best = max(best, fitsInside)
		}
		from = end
	}
	if best == fitsNot && len(term) > 1 && inOrder(text, term) {
		return fitsLoosely
	}
	return best
}

func isWord(b byte) bool { return b >= 0x80 || unicode.IsLetter(rune(b)) || unicode.IsDigit(rune(b)) }

// inOrder says that the letters of a term come in this order, the first of them at the head of a word.
func inOrder(text, term string) bool {
	for i := range text {
		if text[i] != term[0] || i > 0 && isWord(text[i-1]) {
			continue
		}
		rest := term
		for _, r := range text[i:] {
			if rest != "" && strings.HasPrefix(rest, string(r)) {
				rest = rest[len(string(r)):]
			}
		}
		if rest == "" {
			return true
		}
	}
	return false
}

func (f *finder) key(a *App, k string, text []rune) tea.Cmd {
	switch k {
	case "esc", "ctrl+c":
		a.over = nil
	case "enter":
		return f.choose(a)
	default:
		if !f.cur.typingKey(k) && f.edit(k, text) {
			f.find()
		}
	}
	return nil
}

// choose does what is under the cursor, or says why that cannot be done.
func (f *finder) choose(a *App) tea.Cmd {
	if len(f.found) == 0 {
		return nil
	}
	e := f.all[f.found[f.cur.at]]
	a.over = nil
	if why := e.cannot(a); why != "" {
		return a.refuse(why)
	}
	return e.run(a)
}

func (f *finder) overlay(a *App, w, most int) []string {
	out := newPen(a.theme, w)
	title := f.title + " · " + itoa(len(f.found))
	if len(f.found) < len(f.all) {
		title += " of " + itoa(len(f.all))
	}
	out.rule(title)
	if len(f.found) == 0 {
		out.gap(2).line(roleDim, "nothing is called like that · esc leaves")
		return out.fit(min(len(out.list), most))
	}
	f.cur.resize(len(f.found), max(1, min(most-1, max(8, most*2/3))))
	for i := f.cur.top; i < f.cur.end(); i++ {
		f.draw(a, out, &f.all[f.found[i]], i == f.cur.at)
	}
	return out.fit(min(len(out.list), most))
}

// draw writes an entry: its kind, its name, and behind it its key or why it cannot be done.
func (f *finder) draw(a *App, out *pen, e *entry, here bool) {
	mark, name := "  ", roleName
	if here {
		out.sel, mark = true, "▌ "
	}
	why := e.cannot(a)
	if why != "" {
		name = roleDim
	}
	out.put(roleMark, mark).left(roleDim, e.kind, 9)
	nameW, keyW := f.widths()
	out.left(name, e.name, min(max(nameW, 20), out.max*45/100)).gap(1).left(roleKey, e.key, keyW).gap(1)
	if why != "" {
		out.put(roleWarn, "! "+why)
	} else {
		out.put(roleDim, e.about)
	}
	out.end()
}

// widths are those of the names and keys found.
func (f *finder) widths() (name, key int) {
	for _, i := range f.found {
		name, key = max(name, width(f.all[i].name)), max(key, width(f.all[i].key))
	}
	return name, key
}

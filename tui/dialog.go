package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
)

// A dialog takes the keys while it is open. It lies over the last lines of the body, takes the line of the keys, or does both.
type dialog interface {
	key(a *App, k string, text []rune) tea.Cmd
}

// What only some dialogs can do.
type (
	answered interface { // waits for an answer
		take(a *App, r reply)
	}
	covering interface { // lies over the last lines of the body; says which keys work in it
		lines(a *App, w, most int) []string // at most most lines of at most w columns
		overlays() (keys string)
	}
	overlaid interface { // lies over the last lines of the body, beside the line that is typed into
		overlay(a *App, w, most int) []string
	}
	typed interface { // takes the line of the keys
		line(a *App, w int) []string
	}
)

// A picker is a list to choose from.
type picker struct {
	title string
	items []pickItem
	cur   window
	pick  func(a *App, i int) tea.Cmd // closes the dialog itself, if it should close
	keys  string
	typed string // the beginning of a name, as far as it was typed
}

// pickerKeys are the keys of a picker that closes with what is taken.
const pickerKeys = "↑↓ or letters choose · enter takes it · esc leaves"

type pickItem struct {
	name, about string
	mark        string // in front: "●" for what is chosen
}

func (p *picker) overlays() string { return p.keys }

func (p *picker) key(a *App, k string, text []rune) tea.Cmd {
	if p.goesOn(text) {
		return nil
	}
	p.typed = ""
	switch k {
	case "esc", "q", "h", "left":
		a.over = nil
	case "enter", "l", "right", "space":
		return p.pick(a, p.cur.at)
	case "j", "down", "tab":
		p.cur.move(1)
	case "k", "up":
		p.cur.move(-1)
	case "g", "home":
		p.cur.move(-p.cur.n)
	case "G", "end":
		p.cur.move(p.cur.n)
	case "pgdown":
		p.cur.move(p.cur.rows)
	case "pgup":
		p.cur.move(-p.cur.rows)
	case "ctrl+c", "Q":
		a.over = nil
		return a.quit()
	default:
		return p.byLetter(text)
	}
	return nil
}

// byLetter jumps to the next item that begins with the letter typed.
func (p *picker) byLetter(text []rune) tea.Cmd {
	if len(text) == 1 && p.jump(string(text), 1) {
		p.typed = string(text)
	}
	return nil
}

// goesOn says whether a letter goes on with the name that was begun; it then is no other key.
func (p *picker) goesOn(text []rune) bool {
	if p.typed == "" || len(text) != 1 || !p.jump(p.typed+string(text), 0) {
		return false
	}
	p.typed += string(text)
	return true
}

// jump goes to the first item at or after from, counted from the cursor, that begins with text.
func (p *picker) jump(text string, from int) bool {
	for n := range p.items {
		i := (p.cur.at + from + n) % len(p.items)
		if strings.HasPrefix(strings.ToLower(p.items[i].name), strings.ToLower(text)) {
			p.cur.move(i - p.cur.at)
			return true
		}
	}
	return false
}

func (p *picker) lines(a *App, w, most int) []string {
	out := newPen(a.theme, w)
	out.rule(p.title)
	p.cur.resize(len(p.items), max(1, min(len(p.items), most-1)))
	nameW := 14
	for _, it := range p.items {
		nameW = min(max(nameW, width(it.name)), max(14, w/2))
	}
	for i := p.cur.top; i < p.cur.end(); i++ {
		it := p.items[i]
		mark := "  "
		if i == p.cur.at {
			out.sel, mark = true, "▌ "
		}
		out.put(roleMark, mark).left(roleGood, it.mark, 2).left(roleName, it.name, nameW).gap(1).put(roleDim, it.about)
		out.end()
	}
	return out.fit(min(len(out.list), most))
}

// A prompt is a line to type into.
type prompt struct {
	label string
	hint  string
	in    textinput.Model // the text and its cursor
	err   string
	live  func(a *App, s string) tea.Cmd // with every change
	done  func(a *App, s string) (err string, cmd tea.Cmd)
	stop  func(a *App) tea.Cmd        // given up
	comp  *completion                 // nil: nothing is offered
	aside func(a *App, k string) bool // takes keys that do not edit; may be nil
}

func newPrompt(label, text string) *prompt {
	p := &prompt{label: label, in: textinput.New()}
	p.in.Focus()
	p.in.SetValue(text)
	p.in.CursorEnd()
	return p
}

func (p *prompt) key(a *App, k string, text []rune) tea.Cmd {
	if p.comp != nil {
		if cmd, ok := p.comp.key(a, p, k); ok {
			return cmd
		}
	}
	switch k {
	case "esc", "ctrl+c":
		a.over = nil
		p.forget()
		return p.stop(a)
	case "enter":
		err, cmd := p.done(a, p.in.Value())
		if p.err = err; err == "" && a.over == dialog(p) {
			a.over = nil
			p.forget()
		}
		return cmd
	}
	if p.aside != nil && p.aside(a, k) {
		return nil
	}
	if p.edit(k, text) {
		p.err = ""
		live := p.live(a, p.in.Value())
		if p.comp != nil {
			live = tea.Batch(live, p.comp.refresh(a, p.in.Value()))
		}
		return live
	}
	return nil
}

// forget ends what was asked for the prompt.
func (p *prompt) forget() {
	if p.comp != nil {
		p.comp.leave()
	}
}

func (p *prompt) take(_ *App, r reply) {
	if p.comp != nil {
		p.comp.take(r)
	}
}

func (p *prompt) overlay(a *App, w, most int) []string {
	if p.comp == nil {
		return nil
	}
	return p.comp.overlay(a, p, w, most)
}

// edit moves the cursor or changes the text, and says whether the text is another one.
func (p *prompt) edit(k string, text []rune) bool {
	m, ok := editKey(k, text)
	if !ok {
		return false
	}
	before := p.in.Value()
	p.in, _ = p.in.Update(m)
	return p.in.Value() != before
}

// line is the prompt itself, the cursor as ▏, and what is wrong or can be typed behind it.
func (p *prompt) line(a *App, w int) []string {
	out := newPen(a.theme, w)
	typed := []rune(p.in.Value())
	at := min(p.in.Position(), len(typed))
	before, after := clean(string(typed[:at])), clean(string(typed[at:]))
	room := max(4, w-width(p.label)-4)
	for width(before) > room {
		before = string([]rune(before)[1:])
	}
	out.put(roleKey, " "+p.label).put(roleText, before).put(roleMark, "▏").put(roleText, after)
	if p.err != "" {
		out.put(roleFail, "  ✗ "+clean(p.err))
	} else if p.comp != nil && p.comp.visible(p) {
		out.put(roleDim, "  "+fitParts("tab takes · enter sets the filter · esc leaves", w-out.col-2))
	} else {
		out.put(roleDim, "  "+fitParts(p.hint, w-out.col-2))
	}
	out.end()
	return out.fit(1)
}

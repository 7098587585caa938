package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
)

// A dialog takes the keys while it is open. It lies over the last lines of the body or takes the line of the keys.
type dialog interface {
	key(a *App, k string, text []rune) tea.Cmd
	lines(a *App, w, most int) []string // at most most lines of at most w columns
}

// An overlay is a dialog that lies over the body; the others take the line of the keys.
type overlay interface {
	dialog
	overlays() (keys string) // that work in it
}

// A picker is a list to choose from.
type picker struct {
	title string
	items []pickItem
	cur   window
	pick  func(a *App, i int) tea.Cmd // closes the dialog itself, if it should close
	keys  string
}

type pickItem struct {
	name, about string
	mark        string // in front: "●" for what is chosen
}

func (p *picker) overlays() string { return p.keys }

func (p *picker) key(a *App, k string, text []rune) tea.Cmd {
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
	if len(text) != 1 {
		return nil
	}
	for n := 1; n <= len(p.items); n++ {
		i := (p.cur.at + n) % len(p.items)
		if strings.HasPrefix(strings.ToLower(p.items[i].name), strings.ToLower(string(text))) {
			p.cur.move(i - p.cur.at)
			return nil
		}
	}
	return nil
}

func (p *picker) lines(a *App, w, most int) []string {
	out := newPen(a.theme, w)
	out.rule(p.title)
	p.cur.resize(len(p.items), max(1, min(len(p.items), most-1)))
	for i := p.cur.top; i < p.cur.end(); i++ {
		it := p.items[i]
		mark := "  "
		if i == p.cur.at {
			out.sel, mark = true, "▌ "
		}
		out.put(roleMark, mark).left(roleGood, it.mark, 2).left(roleName, it.name, 14).gap(1).put(roleDim, it.about)
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
	stop  func(a *App) tea.Cmd // given up
}

func newPrompt(label, text string) *prompt {
	p := &prompt{label: label, in: textinput.New()}
	p.in.Focus()
	p.in.SetValue(text)
	p.in.CursorEnd()
	return p
}

func (p *prompt) key(a *App, k string, text []rune) tea.Cmd {
	switch k {
	case "esc", "ctrl+c":
		a.over = nil
		return p.stop(a)
	case "enter":
		err, cmd := p.done(a, p.in.Value())
		if p.err = err; err == "" && a.over == dialog(p) {
			a.over = nil
		}
		return cmd
	}
	if p.edit(k, text) {
		p.err = ""
		return p.live(a, p.in.Value())
	}
	return nil
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

// lines is the prompt itself, the cursor as ▏, and what is wrong or can be typed behind it.
func (p *prompt) lines(a *App, w, most int) []string {
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
	} else {
		out.put(roleDim, "  "+p.hint)
	}
	out.end()
	return out.fit(1)
}

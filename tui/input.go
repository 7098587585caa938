package tui

import (
	"io"
	"os"
	"slices"
	"strconv"
	"unicode"

	"costscope/analyze"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"
)

// pasted is the name of the key that pasted text counts as.
const pasted = "pasted text"

// keys takes what a terminal sent as one message. Fast typing, a held key or a slow line put several keys into one: each of them counts.
// Escape and the next key look like alt and that key.
func (a *App) keys(m tea.KeyMsg) tea.Cmd {
	if m.Type != tea.KeyRunes || m.Paste || len(m.Runes) == 1 && !m.Alt {
		return a.key(keyOf(m))
	}
	var cmds []tea.Cmd
	if m.Alt {
		cmds = append(cmds, a.key("esc", nil))
	}
	for _, r := range m.Runes {
		name := string(r)
		if r == ' ' {
			name = "space"
		}
		cmds = append(cmds, a.key(name, []rune{r}))
	}
	return tea.Batch(cmds...)
}

// keyOf is the name of a key as the tables know it, and the text that it types.
func keyOf(m tea.KeyMsg) (string, []rune) {
	if m.Type == tea.KeyRunes {
		if m.Paste {
			return pasted, m.Runes
		}
		return string(m.Runes), m.Runes
	}
	if m.Type == tea.KeySpace {
		return "space", []rune{' '}
	}
	return m.String(), nil
}

// editKeys are the keys that work on a line of text, beside those that type.
var editKeys = map[string]tea.KeyType{
	"left": tea.KeyLeft, "ctrl+b": tea.KeyLeft, "right": tea.KeyRight, "ctrl+f": tea.KeyRight,
	"home": tea.KeyHome, "ctrl+a": tea.KeyHome, "end": tea.KeyEnd, "ctrl+e": tea.KeyEnd,
	"backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "ctrl+d": tea.KeyDelete,
	"ctrl+u": tea.KeyCtrlU, "ctrl+k": tea.KeyCtrlK, "ctrl+w": tea.KeyCtrlW,
}

// editKey is the message of a key that edits a line; control characters of a paste are left out.
func editKey(k string, text []rune) (tea.KeyMsg, bool) {
	if t, ok := editKeys[k]; ok {
		return tea.KeyMsg{Type: t}, true
	}
	text = slices.DeleteFunc(slices.Clone(text), unicode.IsControl)
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: text}, len(text) > 0
}

// wheelLines is how far the wheel moves: in the icicle, where a step down is a whole level, by one.
func (a *App) wheelLines() int {
	if inIcicle(a) {
		return 1
	}
	return 3
}

// mouse moves with the wheel and chooses with a click.
func (a *App) mouse(m tea.MouseMsg) tea.Cmd {
	if a.over != nil || a.w < minW || a.h < minH {
		return nil
	}
	if mv, ok := can[mover](a); ok {
		switch m.Button {
		case tea.MouseButtonWheelDown:
			return mv.move(a, a.wheelLines())
		case tea.MouseButtonWheelUp:
			return mv.move(a, -a.wheelLines())
		}
	}
	if c, ok := can[clicker](a); ok && m.Button == tea.MouseButtonLeft && m.Action == tea.MouseActionPress {
		return c.click(a, m.X, m.Y-1)
	}
	return nil
}

// copyText gives text to the terminal's clipboard (OSC 52).
func copyText(out io.Writer, text string) tea.Cmd {
	return func() tea.Msg {
		if out == nil {
			out = os.Stdout
		}
		_, _ = io.WriteString(out, copySequence(text, env)) // one write: it must not mix with a frame
		return nil
	}
}

// copySequence is what the terminal is sent. Screen passes on what is wrapped for it. tmux takes the plain sequence where set-clipboard is
// on, and passes the wrapped one on where allow-passthrough is; which of them is set cannot be known.
func copySequence(text string, env func(string) string) string {
	s := osc52.New(text)
	switch {
	case env("TMUX") != "":
		return s.String() + s.Tmux().String()
	case env("STY") != "":
		return s.Screen().String()
	}
	return s.String()
}

func env(name string) string { return os.Getenv(name) }

func itoa(n int) string { return strconv.Itoa(n) }

func dimName(d analyze.Dimension) string { return clean(d.String()) }

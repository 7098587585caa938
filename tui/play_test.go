package tui

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A player presses keys and looks at the screen. Commands run at once, on the test's goroutine; pauses pass without waiting.
type player struct {
	t   *testing.T
	a   *App
	now time.Time
}

func play(t *testing.T, src Source, w, h int, change ...func(*Options)) *player {
	t.Helper()
	p := &player{t: t, now: time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC)}
	o := Options{Title: "traces.jsonl", Theme: "dark", Profile: &asciiProfile, Out: io.Discard, Now: func() time.Time { return p.now }}
	for _, c := range change {
		c(&o)
	}
	p.a = New(src, o)
	p.a.wait = func(_ time.Duration, m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }
	p.send(tea.WindowSizeMsg{Width: w, Height: h})
	p.run(p.a.askStatus())
	p.run(p.a.top().load(p.a))
	p.run(p.a.askMarks())
	return p
}

func coloured(o *Options) { o.Profile = &trueColour }

func (p *player) send(m tea.Msg) {
	_, cmd := p.a.Update(m)
	p.a.View() // as bubbletea does after every message
	p.run(cmd)
}

// run carries out a command and what follows from it. Ticks are the only commands that would wait; they come back as messages.
func (p *player) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch m := cmd().(type) {
	case nil, beatMsg: // tests send the beats of a followed trace themselves
	case tea.BatchMsg:
		for _, c := range m {
			p.run(c)
		}
	case tea.QuitMsg:
		p.a.note = "QUIT"
	case tickMsg: // time stands still in tests
		p.a.refresh.waiting = false
	default:
		p.send(m)
	}
}

var keyTypes = map[string]tea.KeyType{
	"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight,
	"pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "backspace": tea.KeyBackspace, "space": tea.KeySpace, "ctrl+c": tea.KeyCtrlC, "home": tea.KeyHome,
	"end": tea.KeyEnd, "ctrl+d": tea.KeyCtrlD, "ctrl+u": tea.KeyCtrlU, "shift+tab": tea.KeyShiftTab, "ctrl+f": tea.KeyCtrlF, "ctrl+b": tea.KeyCtrlB,
	"delete": tea.KeyDelete, "ctrl+w": tea.KeyCtrlW, "ctrl+a": tea.KeyCtrlA, "ctrl+e": tea.KeyCtrlE,
}

func keyMsg(k string) tea.KeyMsg {
	if t, ok := keyTypes[k]; ok {
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

// press presses keys, one after the other.
func (p *player) press(keys ...string) *player {
	p.t.Helper()
	for _, k := range keys {
		p.send(keyMsg(k))
	}
	return p
}

// typing types text, key by key.
func (p *player) typing(s string) *player {
	for _, r := range s {
		p.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	return p
}

func (p *player) screen() string { return ansi.Strip(p.a.View()) }

// sees fails unless every text is on the screen.
func (p *player) sees(texts ...string) *player {
	p.t.Helper()
	s := p.screen()
	for _, x := range texts {
		if !strings.Contains(s, x) {
			p.t.Errorf("the screen does not show %q:\n%s", x, s)
		}
	}
	return p
}

func (p *player) seesNot(texts ...string) *player {
	p.t.Helper()
	s := p.screen()
	for _, x := range texts {
		if strings.Contains(s, x) {
			p.t.Errorf("the screen shows %q:\n%s", x, s)
		}
	}
	return p
}

// golden compares the frame, colours and all, with testdata/NAME.golden.
func (p *player) golden(name string) *player {
	p.t.Helper()
	file := filepath.Join("testdata", name+".golden")
	got := strings.ReplaceAll(p.a.View(), "\x1b", "␛") + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			p.t.Fatal(err)
		}
		return p
	}
	want, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatal(err)
	}
	if got != string(want) {
		p.t.Errorf("%s is not what it was (run with -update if it should be):\n%s\nwanted:\n%s", file, p.screen(), strings.ReplaceAll(string(want), "␛", "\x1b"))
	}
	return p
}

// fits fails unless the frame has exactly h lines of at most w columns.
func (p *player) fits(what string) {
	p.t.Helper()
	lines := strings.Split(p.a.View(), "\n")
	if len(lines) != p.a.h {
		p.t.Errorf("%s at %dx%d: %d lines", what, p.a.w, p.a.h, len(lines))
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); n > p.a.w {
			p.t.Errorf("%s at %dx%d: line %d is %d wide: %q", what, p.a.w, p.a.h, i, n, ansi.Strip(l))
		}
	}
}

package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// A real program on a real (emulated) terminal: rows appear while loading, data that arrive are shown, keys act, quitting ends it.
func TestProgram(t *testing.T) {
	f := small()
	f.change = make(chan struct{}, 1)
	all := f.runs
	f.runs = f.runs[:20]
	f.status.Loading, f.status.Done, f.status.Size = true, 10, 100

	em := vt.NewSafeEmulator(100, 30)
	go func() { _, _ = io.Copy(io.Discard, em) }()
	a := New(f, Options{Title: "traces.jsonl", Theme: "dark", Profile: &trueColour})
	p := tea.NewProgram(a, tea.WithAltScreen(), tea.WithFPS(framesPerSecond), tea.WithInput(nil), tea.WithOutput(em))
	done := make(chan error, 1)
	go func() { _, err := p.Run(); done <- err }()
	p.Send(tea.WindowSizeMsg{Width: 100, Height: 30})
	sees := func(texts ...string) {
		t.Helper()
		var s string
		for range 1000 {
			s = ansi.Strip(em.Render())
			if containsAll(s, texts) {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("never saw %q:\n%s", texts, s)
	}
	sees("reading traces.jsonl 10%", "▌ checkout")
	p.Send(keyMsg("j"))
	sees("▌ support-bot")

	f.mu.Lock()
	f.runs = all
	f.status.Loading = false
	f.mu.Unlock()
	f.change <- struct{}{}
	sees("≥$133.08  3,450 calls", "▌ support-bot", " 3 rows · ? 99 ") // now the dearest, and loading is over
	p.Send(keyMsg("enter"))
	sees("▸ support-bot", "▌ executor")
	p.Send(keyMsg("Q"))
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func containsAll(s string, texts []string) bool {
	for _, x := range texts {
		if !strings.Contains(s, x) {
			return false
		}
	}
	return true
}

// TestPanicRestoresTheTerminal: a fault of ours ends the explorer with an error, off the alternate screen and with the cursor shown.
func TestPanicRestoresTheTerminal(t *testing.T) {
	var out syncBuffer
	f := small()
	err := Run(t.Context(), panicking{f}, Options{Title: "t", Theme: "dark", Profile: &trueColour, In: strings.NewReader(""), Out: &out})
	if !errors.Is(err, tea.ErrProgramPanic) {
		t.Errorf("ends with %v, want that it panicked", err)
	}
	s := out.String()
	on, off := strings.LastIndex(s, "\x1b[?1049h"), strings.LastIndex(s, "\x1b[?1049l")
	hidden, shown := strings.LastIndex(s, "\x1b[?25l"), strings.LastIndex(s, "\x1b[?25h")
	if off < on || shown < hidden {
		t.Errorf("the terminal is left in another state: %q", s)
	}
}

// panicking is a source that fails in the worst way.
type panicking struct{ *fake }

func (panicking) Rollup(context.Context, analyze.Query) (*analyze.Table, error) { panic("a fault") }

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

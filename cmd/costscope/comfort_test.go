package main

import (
	"strings"
	"testing"
	"time"
)

// Flags, notes and the last place are there again when the explorer is opened again; what is copied comes to the terminal's clipboard,
// here that of tmux; conditions on the command line are a place of their own.
func TestComfortInATerminal(t *testing.T) {
	dir := t.TempDir()
	bin := buildBinary(t, dir)
	p := openPane(t, dir, "cd "+dir+"; "+bin+" sample --demo -o demo.jsonl; "+bin+" demo.jsonl; clear; "+bin+" demo.jsonl; clear; "+bin+" demo.jsonl --where agent=executor"+afterwards)
	p.tmux("set-option", "-s", "set-clipboard", "on")
	p.settles("support-bot", "enter opens a row")
	p.press("Space")
	p.sees("⚑ flagged support-bot")
	p.press("N", "l", "o", "o", "k", "Enter")
	p.sees("✎ look")
	p.press("y")
	p.buffer("support-bot")
	p.press("Enter")
	p.sees("▸ support-bot", "executor")
	p.press("Q")
	p.settles("back where you were", "▸ support-bot", "▌ executor")
	p.press("Escape")
	p.sees("⚑✎", "✎ look", "▌ support-bot")
	p.press("Q")
	if s := p.settles("agent=executor"); strings.Contains(s, "back where you were") {
		t.Errorf("the place before goes before the conditions typed:\n%s", s)
	}
	p.press("Q")
	p.sees("left with 0")
	p.restored()
}

// buffer waits until tmux has a text in its clipboard.
func (p *pane) buffer(want string) {
	p.t.Helper()
	got := ""
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got, _ = p.try("show-buffer"); strings.TrimSpace(got) == want {
			return
		}
	}
	p.t.Errorf("the clipboard has %q, not %q", got, want)
}

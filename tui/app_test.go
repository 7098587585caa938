package tui

import "testing"

func TestFirst(t *testing.T) {
	p := play(t, newFake(fakeShape{7, 300}), 120, 40)
	t.Log("\n" + p.screen())
	p.press("enter")
	t.Log("\n" + p.screen())
	p.press("enter", "enter")
	t.Log("\n" + p.screen())
	p.press("enter")
	t.Log("\n" + p.screen())
	p.press("esc", "esc", "esc", "z")
	t.Log("\n" + p.screen())
}

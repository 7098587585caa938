package tui

import (
	"errors"
	"strings"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// aged says that the last question of k failed, and what it answered before is still shown.
func (k *asker) aged() bool { return k.err != nil && !k.good.IsZero() }

// question is what a screen or a lens that embeds an asker asks.
func (k *asker) question() *asker { return k }

// kept draws what k answered last. Where the question failed since, that is dimmed, above the reason and the age of what is shown.
func (a *App) kept(k *asker, w, h int, draw func(h int) []string) []string {
	if !k.aged() {
		return draw(h)
	}
	out := newPen(a.theme, w)
	for _, l := range draw(h - 1) {
		out.line(roleDim, ansi.Strip(l))
	}
	a.ageLine(out, k)
	return out.fit(h)
}

// ageLine is the reason and the age; of the reason as much as there is room for.
func (a *App) ageLine(out *pen, k *asker) {
	role, lead, then := roleFail, "✗ ", "R asks again"
	var m *muchToRead
	if errors.As(k.err, &m) {
		role, lead, then = roleKey, "◌ there is more by now: ", a.agreeKey()+" reads it"
	}
	if k.busy {
		then = "asking again …"
	}
	tail := " · as of " + k.good.In(a.opt.Zone).Format("15:04:05") + ", " + ageText(a.opt.Now().Sub(k.good)) + " · " + then
	out.gap(2).put(role, cut(lead+strings.TrimPrefix(clean(k.err.Error()), a.opt.Title+": "), max(8, out.max-4-width(tail)))).put(roleWarn, tail).end()
}

// ageText is how long ago something was, in whole seconds as long as they are few.
func ageText(d time.Duration) string {
	switch {
	case d < time.Second:
		return "just now"
	case d < time.Minute:
		return itoa(int(d/time.Second)) + " s ago"
	}
	return analyze.Duration(d) + " ago"
}

// aging says that something old is shown, of which the age must go on.
func (a *App) aging() bool {
	switch s := a.top().(type) {
	case *zoom:
		return isAged(s.l)
	case *paths:
		return s.aged() || isAged(s.pane)
	default:
		return isAged(s)
	}
}

func isAged(s any) bool {
	q, ok := s.(interface{ question() *asker })
	return ok && q.question().aged()
}

// beat keeps time for what changes although nothing happens.
func (a *App) beat() tea.Cmd {
	if a.pulse.due {
		return nil
	}
	a.pulse.due = true
	return a.wait(beatEvery, beatMsg{})
}

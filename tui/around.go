package tui

import (
	"context"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// around is what a lens on a single run knows of the other runs of the scope that it was opened from.
type around struct {
	asker
	key  string            // of that scope; "" where the lens is not on a run
	rows []analyze.TurnRow // prompts by turn; nil until known
}

// look asks for the runs around a run, where the lens fills the screen: the pane has no room to show them.
func (x *around) look(a *App, s scope, fresh bool) tea.Cmd {
	if x == nil {
		return nil
	}
	if _, ok := s.run(); !ok || !a.zoomed() {
		x.asker.leave()
		x.key, x.rows = "", nil
		return nil
	}
	outer := s.outOfRun()
	key := outer.id()
	if key == x.key && (x.busy || x.rows != nil && !fresh) {
		return nil
	}
	if key != x.key {
		x.rows = nil
	}
	x.key = key
	if d := a.insights[key]; d != nil {
		x.asker.leave()
		x.rows = d.deep.Context.ByTurn
		return nil
	}
	src, q := a.src, outer.by(a.opt.By...)
	return x.ask(func(ctx context.Context) (any, error) {
		d, err := src.Digest(ctx, q, nil)
		if err != nil {
			return nil, err
		}
		return d.PromptsByTurn(), nil
	})
}

// take keeps an answer; it says whether r was one.
func (x *around) take(r reply) bool {
	if x == nil || !x.took(r) {
		return false
	}
	if r.err == nil {
		x.rows = r.ans.([]analyze.TurnRow)
	}
	return true
}

// band is what the chart of prompts compares a thread with: the threads of the scope, of a single run those of the runs around it. waits:
// they are still being added up.
func (t *insight) band(c *analyze.ContextReport) (rows []analyze.TurnRow, waits bool) {
	if t.around == nil || t.around.key == "" {
		return c.ByTurn, false
	}
	return t.around.rows, t.around.busy && t.around.rows == nil
}

package tui

import (
	"context"
	"reflect"
	"slices"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// Where the explorer was left is kept with the store, so that the next one goes on there.

// saveAfter is how long one must stay for a place to be written.
const saveAfter = 2 * time.Second

type saveMsg struct{ seq uint64 }

// placing is what is known about places.
type placing struct {
	asker      // for the tables on the way to a place
	ready bool // places are saved from now on
	saved analyze.Spot
	seq   uint64 // of the last change
	keyed bool   // a key was pressed: nobody is taken elsewhere any more
}

// spot is where one is.
func (a *App) spot() analyze.Spot {
	l := &a.look
	s := analyze.Spot{Lens: lenses[l.lens].name, Sort: l.sort, Up: l.up, Measure: measureNames[l.measure], PerCall: l.perCall, Log: l.log}
	at := scope{query: a.opt.Query}
	for _, x := range a.stack {
		switch x := x.(type) {
		case *paths:
			filters, ok := x.s.since(at)
			if !ok {
				return s
			}
			level := analyze.Level{By: x.dim, Filters: filters, Search: x.match.String()}
			at = x.s
			if x.held {
				level.Row, at = &x.key, x.s.in(x.dim, x.key)
			}
			s.Levels = append(s.Levels, level)
		case *zoom:
			filters, ok := x.s.since(at)
			if ok && len(filters) == 0 {
				s.Zoom = lenses[x.kind].name
			}
			return s
		default:
			return s
		}
	}
	return s
}

// since are the filters set since the scope before; false where more than that was done.
func (s scope) since(before scope) ([]analyze.Pred, bool) {
	n := len(before.extra)
	same := sameScope(s, before) && len(s.names) == len(before.names) && s.query.Since == before.query.Since && s.query.Until == before.query.Until
	if !same || len(s.extra) < n || !slices.Equal(s.extra[:n], before.extra) {
		return nil, false
	}
	return slices.Clone(s.extra[n:]), true
}

// tables are the screens that lead to a place, the last one visible.
func (a *App) tables(levels []analyze.Level) []screen {
	var stack []screen
	s := scope{query: a.opt.Query}
	for _, l := range levels {
		for _, f := range l.Filters {
			s = s.with(f, true)
		}
		p := newPaths(s, l.By)
		p.match = newMatcher(l.Search)
		if l.Row != nil {
			p.key, p.held = *l.Row, true
			s = s.in(l.By, *l.Row)
		}
		stack = append(stack, p)
	}
	return stack
}

// A visit is a place to go to, and what is said there.
type visit struct {
	spot analyze.Spot
	look bool // lens, order and measure are those of the place, too
	said string
}

// there is the answer: how much of the way is still there.
type there struct {
	visit
	levels int    // of the place that can be shown
	lost   string // the first name that is gone
}

// visit looks whether a place is still there, beside the loop, and goes there, or as near as possible.
func (a *App) visit(v visit) tea.Cmd {
	src, base := a.src, scope{query: a.opt.Query}
	return a.place.ask(func(ctx context.Context) (any, error) { return lookFor(ctx, src, base, v) })
}

// lookFor goes the way of a place as far as its rows exist.
func lookFor(ctx context.Context, src Source, s scope, v visit) (there, error) {
	t := there{visit: v}
	for i, l := range v.spot.Levels {
		for _, f := range l.Filters {
			s = s.with(f, true)
		}
		table, err := src.Rollup(ctx, s.by(l.By))
		if err != nil || table.Total.Calls == 0 {
			return t, err
		}
		if t.levels = i + 1; l.Row == nil {
			break
		}
		if !slices.ContainsFunc(table.Rows, func(r analyze.Row) bool { return rowName(&r) == *l.Row }) {
			t.lost = shown(*l.Row)
			break
		}
		s = s.in(l.By, *l.Row)
	}
	return t, nil
}

// arrive shows a place.
func (a *App) arrive(r reply) tea.Cmd {
	if !a.place.took(r) {
		return nil
	}
	t, _ := r.ans.(there)
	switch {
	case r.err != nil:
		return a.refuse(clean(r.err.Error()))
	case !t.look && (t.lost != "" || t.levels < len(t.spot.Levels)):
		return a.refuse("not here any more, or not under these conditions: " + t.lost)
	case t.levels == 0:
		a.place.ready = true
		return nil
	}
	levels := slices.Clone(t.spot.Levels[:t.levels])
	if t.lost != "" {
		levels[t.levels-1].Row = nil
	}
	a.leaveAll()
	a.remember()
	a.stack = a.tables(levels)
	if t.look {
		a.takeLook(t.spot)
		a.place.ready = true
	}
	if t.lost == "" && t.levels == len(t.spot.Levels) {
		a.zoomThere(t.spot.Zoom)
	}
	a.look.serial++
	a.say(t.said)
	if t.lost != "" {
		a.say("back near where you were: " + t.lost + " is gone · esc to the top")
	}
	a.place.saved = a.spot()
	return a.top().load(a)
}

func (a *App) leaveAll() {
	for _, s := range a.stack {
		s.leave()
	}
}

// zoomThere lets a lens fill the screen over the row of the last table.
func (a *App) zoomThere(lens string) {
	p := a.table()
	if p != nil && p.held && lenses[lensNamed(lens)].name == lens {
		a.stack = append(a.stack, newZoom(lensNamed(lens), p.s.in(p.dim, p.key)))
	}
}

// takeLook shows things as they were shown; what no longer exists stays as it is.
func (a *App) takeLook(s analyze.Spot) {
	l := &a.look
	for i := range lenses {
		if lenses[i].name == s.Lens {
			l.lens = i
		}
	}
	for m, name := range measureNames {
		if name == s.Measure {
			l.measure = measure(m)
		}
	}
	known := s.Sort == nameColumn || slices.ContainsFunc(columns, func(c column) bool { return c.id == s.Sort && c.key != nil })
	if known {
		l.sort, l.up = s.Sort, s.Up
	}
	l.perCall, l.log = s.PerCall, s.Log
}

// resume goes on where the explorer was left, unless someone went on already.
func (a *App) resume() tea.Cmd {
	last := a.marks.Last
	if !a.opt.Resume {
		return nil
	}
	if last == nil || a.place.keyed || reflect.DeepEqual(*last, a.spot()) {
		a.place.ready, a.place.saved = true, a.spot()
		return nil
	}
	return a.visit(visit{spot: *last, look: true, said: "back where you were · esc to the top"})
}

// touched is told of every key: nobody is taken elsewhere while at work.
func (a *App) touched() {
	a.place.keyed = true
	if a.place.busy {
		a.place.leave()
		a.place.ready = true
	}
}

// saveSoon has the place written once one stays there.
func (a *App) saveSoon() tea.Cmd {
	if !a.opt.Resume || !a.place.ready {
		return nil
	}
	now := a.spot()
	if reflect.DeepEqual(now, a.place.saved) {
		return nil
	}
	a.place.saved = now
	a.place.seq++
	return a.wait(saveAfter, saveMsg{a.place.seq})
}

func (a *App) save(m saveMsg) tea.Cmd {
	if m.seq != a.place.seq {
		return nil
	}
	return a.keepMarks(a.lastChange())
}

// lastChange writes the place down.
func (a *App) lastChange() func(*analyze.Marks) {
	s := a.spot()
	return func(m *analyze.Marks) { m.Last = &s }
}

// leave ends, after it has written down where one was. A newcomer is none any more.
func (a *App) leave() tea.Cmd {
	var changes []func(*analyze.Marks)
	if a.opt.Resume && a.place.ready {
		changes = append(changes, a.lastChange())
	}
	if a.newcomer() {
		changes = append(changes, usedChange(hintNames()))
	}
	src := a.src
	return func() tea.Msg {
		if len(changes) > 0 {
			_ = src.SetMarks(context.Background(), func(m *analyze.Marks) { // nobody is left to be told
				for _, c := range changes {
					c(m)
				}
			})
		}
		return tea.Quit()
	}
}

package tui

import (
	"slices"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A screen fills the space between the top line and the footer.
type screen interface {
	where() scope
	load(a *App) tea.Cmd // asks anew; the old answer stays until the new one is there
	take(a *App, r reply) tea.Cmd
	due(a *App, d due) tea.Cmd
	leave() // cancels what was asked
	relook(a *App) tea.Cmd
	view(a *App, w, h int) []string // exactly h lines of at most w columns
	summary(a *App) (left string)   // what the status line says about the screen
}

// What only some screens can do; an action that needs one says so where it is missing.
type (
	mover interface { // has a cursor that moves over lines
		move(a *App, by int) tea.Cmd
		page() int
	}
	opener interface { // something under the cursor can be opened
		open(a *App) tea.Cmd
		cannotOpen(a *App) string
	}
	sorter interface {
		nextSort(a *App) tea.Cmd
		turnSort(a *App) tea.Cmd
	}
	searcher interface { // takes a text to look for; live while it is typed
		search(a *App, text string) tea.Cmd
		searched() string
	}
	sider interface { // has a cursor that moves sideways
		side(a *App, by int) tea.Cmd
	}
	sibling interface { // previous or next of the same kind
		step(a *App, by int) tea.Cmd
	}
	copier interface {
		copied(a *App) (text, what string)
	}
	clicker interface { // took a click at line y of the body
		click(a *App, x, y int) tea.Cmd
	}
)

// A scope is where one is: what was drilled through, and the filters set on the way.
type scope struct {
	query analyze.Query // all conditions: the start's, the path's, the filters'
	names []string      // of the path, as shown
	path  []string      // the same as they stand in the trace, for each of dims
	dims  []analyze.Dimension
	extra []analyze.Pred // of the query's conditions those that a person set
	ties  []tie
}

// A tie makes one filter of the n of extra before end.
type tie struct{ end, n int }

// in is the scope of one row of s.
func (s scope) in(d analyze.Dimension, name string) scope {
	s = s.with(analyze.Pred{Dimension: d, Op: analyze.OpEqual, Text: name}, false)
	s.names = append(s.names[:len(s.names):len(s.names)], shown(name))
	s.path = append(s.path[:len(s.path):len(s.path)], name)
	s.dims = append(s.dims[:len(s.dims):len(s.dims)], d)
	return s
}

// with adds a condition.
func (s scope) with(p analyze.Pred, extra bool) scope {
	w := s.query.Where
	s.query.Where = append(w[:len(w):len(w)], p)
	if extra {
		s.extra = append(s.extra[:len(s.extra):len(s.extra)], p)
	}
	return s
}

// called is the scope with one more name in the path, of something that is no row.
func (s scope) called(name string) scope {
	s.names = append(s.names[:len(s.names):len(s.names)], name)
	return s
}

// tied is the scope whose last n filters are one to a person: they are taken back together.
func (s scope) tied(n int) scope {
	s.ties = append(s.ties[:len(s.ties):len(s.ties)], tie{len(s.extra), n})
	return s
}

// without takes the last filter back that a person set.
func (s scope) without() scope {
	n := 1
	if k := len(s.ties) - 1; k >= 0 && s.ties[k].end == len(s.extra) {
		n, s.ties = s.ties[k].n, s.ties[:k]
	}
	for range n {
		s = s.withoutLast()
	}
	return s
}

func (s scope) withoutLast() scope {
	last := s.extra[len(s.extra)-1]
	s.extra = s.extra[:len(s.extra)-1]
	for i := len(s.query.Where) - 1; i >= 0; i-- {
		if s.query.Where[i] == last {
			s.query.Where = slices.Delete(slices.Clone(s.query.Where), i, i+1)
			break
		}
	}
	return s
}

// by is the question for the rows of dimension d in the scope.
func (s scope) by(d ...analyze.Dimension) analyze.Query {
	q := s.query
	q.By = d
	return q
}

// used says whether the path went through d already.
func (s scope) used(d analyze.Dimension) bool {
	for _, x := range s.dims {
		if x == d {
			return true
		}
	}
	return false
}

// shown is a name as people see it.
func shown(name string) string {
	if name == "" {
		return analyze.None
	}
	return clean(name)
}

package tui

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A Weigher is a source of which some questions read so much that a person is asked first.
type Weigher interface {
	// Weigh is what a question would read; nil where that is little. whole: the question is about the runs themselves, as a Digest is.
	Weigh(ctx context.Context, q analyze.Query, whole bool) (*analyze.Weight, error)
}

// A Slider is a source of which the questions that begin at some moment begin later as time goes on.
type Slider interface {
	Since(since int64) int64 // where a question that begins at since begins now
}

// muchToRead is why a question was not asked: it waits for a person to agree.
type muchToRead struct {
	of string // which question
	w  analyze.Weight
}

func (m *muchToRead) Error() string {
	text := "this adds up " + count(m.w.Rows) + " rows"
	if m.w.Bytes > 0 {
		text = "this reads " + count(m.w.Rows) + " rows, about " + sizeText(m.w.Bytes)
	}
	if m.w.Takes > 0 {
		text += ", and takes about " + analyze.Duration(m.w.Takes.Round(time.Second))
	}
	return text
}

// sizeText is a number of bytes in few digits.
func sizeText(n int64) string {
	unit := 0
	x := float64(n)
	for ; x >= 1000 && unit < 4; unit++ {
		x /= 1000
	}
	digits := 0
	if unit > 0 && x < 10 {
		digits = 1
	}
	return strconv.FormatFloat(x, 'f', digits, 64) + " " + [...]string{"B", "kB", "MB", "GB", "TB"}[unit]
}

// A weighed source weighs questions before it asks them. Those that read little, and those that a person agreed to, are asked, until the
// data change.
type weighed struct {
	Source
	by     Weigher
	mu     sync.Mutex
	agreed map[string]bool
}

// weigh is nil where q can be asked.
func (s *weighed) weigh(ctx context.Context, q analyze.Query, whole bool) error {
	q.By = nil // however it is grouped
	runs := "runs " + q.String()
	sums := "sums " + analyze.Query{Since: q.Since, Until: q.Until}.String() // who agreed to sums agreed to those of their parts
	if s.may(runs) || !whole && s.may(sums) {
		return nil
	}
	w, err := s.by.Weigh(ctx, q, whole)
	switch {
	case err != nil:
		return err
	case w != nil && w.Bytes == 0:
		return &muchToRead{sums, *w}
	case w != nil:
		return &muchToRead{runs, *w}
	case whole:
		s.agree(runs)
	}
	return nil
}

func (s *weighed) may(of string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agreed[of]
}

func (s *weighed) agree(of string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agreed[of] = true
}

// forget takes what was agreed to back: it was about other data.
func (s *weighed) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.agreed)
}

// Since is where a question that begins at since begins now.
func (s *weighed) Since(since int64) int64 { return sinceOf(s.Source, since) }

func sinceOf(src Source, since int64) int64 {
	if s, ok := src.(Slider); ok {
		return s.Since(since)
	}
	return since
}

// readable is nil where the runs of a question can be read: for who has more to ask before that.
func readable(ctx context.Context, src Source, q analyze.Query) error {
	if s, ok := src.(*weighed); ok {
		return s.weigh(ctx, q, true)
	}
	return nil
}

func (s *weighed) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	if err := s.weigh(ctx, q, false); err != nil {
		return nil, err
	}
	return s.Source.Rollup(ctx, q)
}

func (s *weighed) RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error) {
	if err := s.weigh(ctx, q, false); err != nil {
		return nil, err
	}
	return s.Source.RunCosts(ctx, q)
}

func (s *weighed) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	if err := s.weigh(ctx, q, false); err != nil {
		return analyze.CallPage{}, err
	}
	return s.Source.Calls(ctx, q, by, desc, from, n)
}

func (s *weighed) Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error) {
	if err := s.weigh(ctx, q, true); err != nil {
		return nil, err
	}
	return s.Source.Digest(ctx, q, progress)
}

func (s *weighed) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	if err := s.weigh(ctx, q, true); err != nil {
		return nil, err
	}
	return s.Source.Survey(ctx, q)
}

func (s *weighed) WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, progress func(done, of int64)) (*analyze.WhatIfResult, error) {
	if err := s.weigh(ctx, q, true); err != nil {
		return nil, err
	}
	return s.Source.WhatIf(ctx, q, sc, progress)
}

// toRead is the question that waits on the screen itself, and the one in the pane below a table.
func (a *App) toRead() (here, pane *muchToRead) {
	switch s := a.top().(type) {
	case *zoom:
		here = waiting(s.l)
	case *paths:
		if here = waiting(s); here == nil {
			pane = waiting(s.pane)
		}
		if errors.As(s.vs.err, &pane) {
			return here, pane
		}
	default:
		here = waiting(s)
	}
	return here, pane
}

// waiting is the question of a screen or a lens that waits for a person; nil for none.
func waiting(s any) (m *muchToRead) {
	if q, ok := s.(interface{ question() *asker }); ok && !q.question().busy {
		errors.As(q.question().err, &m)
	}
	return m
}

// agreeKey is the key that asks what waits: below a table enter opens the row.
func (a *App) agreeKey() string {
	if here, _ := a.toRead(); here == nil {
		return "o"
	}
	return "enter"
}

// agree asks what waited.
func (a *App) agree(m *muchToRead) tea.Cmd {
	if a.weighed == nil {
		return nil
	}
	a.weighed.agree(m.of)
	lens := any(nil)
	switch s := a.top().(type) {
	case *zoom:
		lens = s.l
	case *paths:
		lens = s.pane
	}
	if r, ok := lens.(interface{ request(*App) tea.Cmd }); ok && waiting(lens) == m {
		return r.request(a)
	}
	return a.top().load(a)
}

// troubled says why there is no answer, and what can be done.
func (a *App) troubled(out *pen, err error) {
	role, lead, then := roleFail, "✗ ", "R asks again"
	var m *muchToRead
	if errors.As(err, &m) {
		role, lead = roleKey, "◌ "
		then = a.agreeKey() + map[bool]string{true: " reads them", false: " adds them up"}[m.w.Bytes > 0] + " · t narrows the time"
	}
	for _, l := range wrap(lead+clean(strings.TrimSpace(err.Error()))+" · "+then, max(1, out.max-4)) {
		out.gap(2).line(role, l)
	}
}

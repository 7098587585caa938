package tui

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A baseline is what the trace is compared with: another trace, or an earlier time of the same one.
type baseline struct {
	asker          // reads another trace
	reading string // what is read
	far     *atomic.Pointer[analyze.Status]

	name   string // as people see it; "" for none
	src    Source // answers for the side before; nil for none
	whole  Source // what the explorer asked before the baseline took a part of the trace away; nil for none
	since  int64  // where that part begins
	static bool   // the side before never changes
	serial int    // grows with every baseline
	on     bool   // it is shown

	sort string // what the look was without it
	lens int
}

// An OpenBaseline reads the trace at path, which a person typed, and returns a source for it that stays open as long as the explorer runs.
// progress may be told how far reading is. It gives up when ctx ends.
type OpenBaseline func(ctx context.Context, path string, progress func(analyze.Status)) (Source, error)

// IsPeriod says whether a baseline is a time of the same trace: "previous", "before" and a time.
func IsPeriod(text string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return word == "previous" || word == "before"
}

// baselineKey sets a baseline, or stops reading one, or shows and hides it.
func (a *App) baselineKey() tea.Cmd {
	switch b := &a.base; {
	case b.busy:
		b.leave()
		return a.say("stopped reading " + b.reading)
	case b.src == nil:
		return a.askBaseline()
	case b.on:
		return a.hideBaseline()
	}
	return a.showBaseline()
}

// askBaseline opens the prompt for a baseline.
func (a *App) askBaseline() tea.Cmd {
	p := newPrompt("baseline: ", "")
	p.hint = "a trace, folder or store, or: before 2026-09-15 · previous · esc leaves"
	p.live = func(*App, string) tea.Cmd { return nil }
	p.stop = p.cancel
	p.done = func(a *App, text string) (string, tea.Cmd) {
		text = strings.TrimSpace(text)
		if text == "" {
			return "name what to compare with", nil
		}
		cmd, err := a.compareWith(text)
		if err != nil {
			return err.Error(), nil
		}
		a.over = nil
		return "", cmd
	}
	a.over = p
	return nil
}

// compareWith makes what a person typed the baseline.
func (a *App) compareWith(text string) (tea.Cmd, error) {
	switch {
	case IsPeriod(text):
		next, err := a.period(strings.Fields(text))
		if err != nil {
			return nil, err
		}
		return a.setBaseline(next), nil
	case a.opt.OpenBaseline == nil:
		return nil, errors.New("other traces cannot be opened here")
	}
	b, open, far := &a.base, a.opt.OpenBaseline, &atomic.Pointer[analyze.Status]{}
	b.reading, b.far = text, far
	return tea.Batch(b.ask(func(ctx context.Context) (any, error) {
		return open(ctx, text, func(s analyze.Status) { far.Store(&s) })
	}), a.wait(refreshEvery, analysingMsg{&b.asker})), nil
}

// period makes a time of the trace itself the baseline.
func (a *App) period(words []string) (b baseline, err error) {
	own := a.src
	if a.base.whole != nil {
		own = a.base.whole
	}
	if words[0] == "previous" {
		if len(words) > 1 {
			return b, errors.New("previous stands alone")
		}
		if a.top().where().query.Since == 0 {
			return b, errors.New("previous needs a time range that begins somewhere: open with --since, or write before 2026-09-15")
		}
		return baseline{name: "previous", src: &shifted{own, previous(own)}}, nil
	}
	if len(words) == 1 {
		return b, errors.New("before what? write before 2026-09-15, or before 7d")
	}
	at, err := analyze.ParseTime(strings.Join(words[1:], " "), a.opt.Now(), a.opt.Zone)
	if err != nil {
		return b, err
	}
	b = baseline{since: at, whole: own, src: &shifted{own, until(at)}}
	b.name = "before " + a.moment(at)
	return b, nil
}

// moment is a time as short as it can be said.
func (a *App) moment(ns int64) string {
	t := time.Unix(0, ns).In(a.opt.Zone)
	if t.Equal(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())) {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04")
}

// take is told of answers: another trace is open.
func (b *baseline) take(a *App, r reply) tea.Cmd {
	if !b.took(r) {
		return nil
	}
	if r.err != nil {
		return a.refuse("no baseline: " + clean(r.err.Error()))
	}
	return a.setBaseline(baseline{name: filepath.Base(b.reading), src: &shifted{r.ans.(Source), anyTime}, static: true})
}

// setBaseline takes another baseline and shows it.
func (a *App) setBaseline(next baseline) tea.Cmd {
	if a.base.on {
		a.withoutBaseline()
	}
	next.asker, next.serial = a.base.asker, a.base.serial+1
	a.base = next
	return a.showBaseline()
}

// showBaseline compares everything with the baseline.
func (a *App) showBaseline() tea.Cmd {
	b := &a.base
	b.on, b.sort, b.lens = true, a.look.sort, a.look.lens
	if b.whole != nil {
		a.src = &shifted{b.whole, from(b.since)}
	}
	a.look.sort, a.look.up, a.look.lens = "change", false, lensNamed("change")
	a.say("against " + clean(b.name) + " · B hides it · D takes another · 0 says why")
	return a.baselineTurned()
}

func (a *App) hideBaseline() tea.Cmd {
	a.withoutBaseline()
	a.say("without the baseline · B shows it again")
	return a.baselineTurned()
}

// withoutBaseline makes the look what it was.
func (a *App) withoutBaseline() {
	b := &a.base
	b.on = false
	if b.whole != nil {
		a.src = b.whole
	}
	if c := a.sortColumn(); c != nil && c.base {
		a.look.sort = b.sort
	}
	if a.look.lens == lensNamed("change") {
		a.look.lens = b.lens
	}
	for len(a.stack) > 1 && a.explaining() {
		a.top().leave()
		a.stack = a.stack[:len(a.stack)-1]
	}
	a.prev = nil
}

// explaining: the visible screen is the explanation of a change.
func (a *App) explaining() bool {
	z, ok := a.top().(*zoom)
	return ok && lenses[z.kind].name == "change"
}

// baselineTurned asks everything that is visible again.
func (a *App) baselineTurned() tea.Cmd {
	a.look.serial++
	a.insights = nil
	var cmds []tea.Cmd
	for _, s := range a.stack {
		if p, ok := s.(*paths); ok {
			cmds = append(cmds, p.vs.forget(a, p))
		}
	}
	return tea.Batch(append(cmds, a.top().load(a))...)
}

// needsBaseline refuses what needs a baseline.
func needsBaseline(a *App) string {
	if !a.base.on {
		return "no baseline to compare with · B sets one"
	}
	return ""
}

// text is how the top line names the comparison.
func (b *baseline) text(a *App) string {
	switch {
	case !b.on:
		return ""
	case b.whole != nil:
		return "from " + a.moment(b.since) + " vs before"
	}
	return "vs " + clean(b.name)
}

// facts are how far reading a baseline is.
func (b *baseline) facts() []fact {
	if !b.busy {
		return nil
	}
	text, far := "reading the baseline "+clean(b.reading), ""
	if s := b.far.Load(); s != nil && s.Size > 0 {
		far = " " + itoa(int(min(s.Done*100/s.Size, 100))) + "%"
	}
	return []fact{newFact(roleKey, "◌ "+text+far+" · B stops it", "◌ baseline"+far+" · B stops")}
}

// firstBaseline is the one that the explorer was started with.
func (a *App) firstBaseline() tea.Cmd {
	if a.opt.Baseline == "" {
		return nil
	}
	cmd, err := a.compareWith(a.opt.Baseline)
	if err != nil {
		return a.refuse("no baseline: " + clean(err.Error()))
	}
	return cmd
}

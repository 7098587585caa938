// Package tui is the explorer: a scope (a path and its filters) seen through a lens (a question). It asks a Source and draws what it
// answers; reading happens in commands, the event loop only thinks. Whatever text comes from a trace is made harmless before it is drawn.
package tui

import (
	"slices"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"
)

// An App is the explorer's state. It is used by one goroutine.
type App struct {
	src     Source
	weighed *weighed // src, or what is below it; nil where nothing is weighed
	opt     Options
	theme   *Theme
	profile termenv.Profile
	w, h    int
	status  analyze.Status

	stack []screen // the last one is visible
	prev  []screen // the view before, for "-"
	over  dialog   // what lies over the screen; nil for nothing
	note  string   // of the moment; the next key clears it
	bad   bool     // the note is about something that could not be done

	look     look
	scenario analyze.Scenario // of what-if
	refresh  clock
	insights map[string]*insightData // answers of this state of the data, by scope
	pulse    pulse
	alarms   alarms
	marks    marking
	place    placing
	base     baseline                    // what everything is compared with
	flying   map[string]*analyze.LiveRun // runs in flight
	paused   bool                        // of a followed trace: what is on the screen stays
	wait     func(time.Duration, tea.Msg) tea.Cmd
	leaving  bool // the way out was asked for while loading
	opening  any  // what opens its row as soon as that is there; the next key calls it off
}

// look is how things are shown; it stays while scopes change.
type look struct {
	measure measure
	sort    string // id of a column
	up      bool   // smallest first
	hidden  map[string]bool
	lens    int // index in lenses
	perCall bool
	log     bool
	serial  int // grows with every change, so that drawings know that they are old
}

// clock spaces refreshes.
type clock struct {
	last    time.Time
	waiting bool
	slowest time.Duration // answer since the last refresh
}

// Refreshes are at least refreshEvery apart, and take at most a fifth of the time where answers are slow; never more than refreshMost.
// As long as there is nothing to see yet, refreshFirst apart.
const (
	refreshFirst = 20 * time.Millisecond
	refreshEvery = 250 * time.Millisecond
	refreshMost  = 5 * time.Second
)

func (c *clock) pause(every time.Duration) time.Duration {
	return min(max(every, 5*c.slowest), refreshMost)
}

// Messages of the source and the clock.
type (
	changedMsg struct{}
	tickMsg    struct{}
	statusMsg  struct{ s analyze.Status }
)

// New returns an explorer of src.
func New(src Source, o Options) *App {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if len(o.By) == 0 {
		o.By = []analyze.Dimension{{Dim: analyze.DimWorkflow}, {Dim: analyze.DimAgent}, {Dim: analyze.DimStep}}
	}
	a := &App{src: src, opt: o, profile: profileOf(o), wait: after, look: look{sort: "measure", hidden: map[string]bool{}}}
	if w, ok := src.(Weigher); ok {
		a.weighed = &weighed{Source: src, by: w, agreed: map[string]bool{}}
		a.src = a.weighed
	}
	a.theme = newTheme(darkBackground(o.Theme, env), a.profile)
	a.note, a.bad = clean(o.Notice), o.Notice != ""
	a.stack = []screen{newPaths(scope{query: o.Query}, o.By[0])}
	return a
}

// Init asks for the first rows and begins to listen.
func (a *App) Init() tea.Cmd {
	return tea.Batch(a.askStatus(), a.top().load(a), a.askMarks(), a.listen(), a.firstBaseline())
}

// Update takes one message. It never reads or waits.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch m := msg.(type) {
	case tea.WindowSizeMsg:
		a.w, a.h = m.Width, m.Height
		a.look.serial++
		return a, a.top().load(a)
	case tea.KeyMsg:
		a.touched()
		return a, tea.Batch(a.keys(m), a.saveSoon())
	case tea.MouseMsg:
		return a, a.mouse(m)
	case reply:
		return a, a.take(m)
	case due:
		return a, a.top().due(a, m)
	case statusMsg:
		a.takeStatus(m.s)
		return a, tea.Batch(a.whileLoading(), a.alive())
	case marksMsg:
		return a, a.tookMarks(m)
	case unmarkedMsg:
		return a, a.refuse("not kept: " + clean(m.err.Error()))
	case saveMsg:
		return a, a.save(m)
	case spanMsg:
		a.spanned(m)
		return a, nil
	case seedMsg:
		a.seeded(m)
		return a, nil
	case beatMsg:
		a.pulse.due = false
		return a, a.askStatus()
	case changedMsg:
		if a.weighed != nil {
			a.weighed.forget()
		}
		return a, tea.Batch(a.listen(), a.changed())
	case analysingMsg:
		return a, a.analysing(m)
	case tickMsg:
		a.refresh.waiting = false
		return a, a.changed()
	case tea.QuitMsg:
		return a, nil
	}
	return a, nil
}

func (a *App) top() screen { return a.stack[len(a.stack)-1] }

// take hands an answer to the screens: one that was left has moved on and drops it.
func (a *App) take(r reply) tea.Cmd {
	a.refresh.slowest = max(a.refresh.slowest, r.took)
	r.at = a.opt.Now()
	cmds := []tea.Cmd{a.arrive(r), a.base.take(a, r)}
	if d, ok := a.over.(answered); ok {
		d.take(a, r)
	}
	for _, s := range a.stack {
		cmds = append(cmds, s.take(a, r))
	}
	if a.aging() {
		cmds = append(cmds, a.beat())
	}
	return tea.Batch(cmds...)
}

// listen waits for the source to say that it changed.
func (a *App) listen() tea.Cmd {
	ch := a.src.Changed()
	if ch == nil {
		return nil
	}
	return func() tea.Msg {
		if _, ok := <-ch; !ok {
			return nil
		}
		return changedMsg{}
	}
}

func (a *App) askStatus() tea.Cmd {
	src := a.src
	return func() tea.Msg { return statusMsg{src.Status()} }
}

// changed asks the visible screen to ask again, at most four times a second.
func (a *App) changed() tea.Cmd {
	if a.refresh.waiting || a.paused {
		return nil
	}
	now := a.opt.Now()
	pause := a.refresh.pause(a.every())
	if wait := pause - now.Sub(a.refresh.last); wait > 0 && wait <= pause {
		return a.tick(wait)
	}
	a.refresh.last, a.refresh.slowest = now, 0
	return tea.Batch(a.askStatus(), a.top().load(a))
}

func (a *App) tick(wait time.Duration) tea.Cmd {
	a.refresh.waiting = true
	return a.wait(wait, tickMsg{})
}

// whileLoading keeps the progress line moving although the source may be silent.
func (a *App) whileLoading() tea.Cmd {
	if !a.status.Loading || a.refresh.waiting {
		return nil
	}
	return a.tick(a.every())
}

// every is how long data may be old.
func (a *App) every() time.Duration {
	if t := a.table(); t != nil && t.err == nil && (t.table == nil || t.table.Total.Calls == 0) && a.status.Loading {
		return refreshFirst
	}
	return refreshEvery
}

// push shows s on top of what is there.
func (a *App) push(s screen) tea.Cmd {
	a.remember()
	a.stack = append(slices.Clone(a.stack), s)
	return s.load(a)
}

// pop goes back to the screen before, which finds its cursor where it was.
func (a *App) pop() tea.Cmd {
	a.remember()
	top := a.top()
	top.leave()
	a.stack = a.stack[:len(a.stack)-1]
	if z, ok := top.(*zoom); ok {
		a.giveBack(z)
	}
	return a.top().load(a)
}

// giveBack puts the lens that filled the screen into the pane below, which shows what it last showed until there is news.
func (a *App) giveBack(z *zoom) {
	if t := a.table(); t != nil && t.pane == nil && z.kind == a.look.lens {
		t.pane, t.kind = z.l, z.kind
	}
}

func (a *App) remember() { a.prev = slices.Clone(a.stack) }

// swap goes to the view before this one.
func (a *App) swap() tea.Cmd {
	a.top().leave()
	a.stack, a.prev = a.prev, slices.Clone(a.stack)
	return a.top().load(a)
}

// say shows a note until the next key.
func (a *App) say(s string) tea.Cmd {
	a.note, a.bad = s, false
	return nil
}

// refuse says why something cannot be done.
func (a *App) refuse(s string) tea.Cmd {
	a.note, a.bad = s, true
	return nil
}

// quit leaves; while loading it asks once.
func (a *App) quit() tea.Cmd {
	if a.status.Loading && !a.leaving {
		a.leaving = true
		key := "q"
		if len(a.stack) > 1 {
			key = "Q" // q goes back here
		}
		return a.say("still reading · " + key + " again quits and keeps what was read · any other key stays")
	}
	a.leaveAll()
	a.base.leave()
	return a.leave()
}

// relook is called after a change of look: what is shown is arranged anew.
func (a *App) relook() tea.Cmd {
	a.look.serial++
	return a.top().relook(a)
}

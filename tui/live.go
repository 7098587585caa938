package tui

import (
	"context"
	"slices"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// A pulse is how the money of a followed trace runs: what had been spent at some moments, oldest first.
type pulse struct {
	beats []beat
	due   bool // the next beat is on its way
}

type beat struct {
	at    time.Time
	spent tracefmt.USD
}

// beatMsg asks for the state of a followed trace, so that its age is right although nothing happens.
type beatMsg struct{}

const (
	beatEvery = time.Second
	rateOver  = time.Minute     // the rate now is that of the last minute
	rateFrom  = 5 * time.Second // a shorter time tells no rate
)

// note takes in what is spent by now.
func (p *pulse) note(now time.Time, spent tracefmt.USD) {
	p.beats = append(p.beats, beat{now, spent})
	for len(p.beats) > 2 && now.Sub(p.beats[1].at) >= rateOver {
		p.beats = p.beats[1:]
	}
}

// perHour is the rate at which money is spent now; false where too little was seen.
func (p *pulse) perHour() (tracefmt.USD, bool) {
	if len(p.beats) < 2 {
		return 0, false
	}
	first, last := p.beats[0], p.beats[len(p.beats)-1]
	d := last.at.Sub(first.at)
	if d < rateFrom {
		return 0, false
	}
	return tracefmt.USD(float64(max(0, last.spent-first.spent)) / d.Hours()), true
}

// alive keeps the beat of a followed trace going, and of what is shown though it is old.
func (a *App) alive() tea.Cmd {
	switch {
	case a.status.Live && !a.status.Loading && !a.status.Unsummed:
		a.pulse.note(a.opt.Now(), a.status.Spent)
		return tea.Batch(a.hold(), a.beat())
	case a.status.Live && !a.status.Loading || a.aging():
		return a.beat()
	}
	return nil
}

// alarms hold a followed trace against its limits.
type alarms struct {
	analyze.Alarms
	asked, ready bool // what was spent before was asked for, and is known
	told         int
}

// seedMsg is what was spent before the trace was followed.
type seedMsg []analyze.Sample

// hold takes the state in and shows what is wrong: on the status line, until a key.
func (a *App) hold() tea.Cmd {
	sample := analyze.SampleOf(&a.status, a.opt.Now())
	if !a.alarms.asked {
		a.alarms.asked, a.alarms.Limits = true, a.opt.Limits
		src, limits := a.src, a.opt.Limits
		return func() tea.Msg {
			seed, _ := analyze.Seed(context.Background(), limits, sample, src.Rollup) // without it the trace begins now
			return seedMsg(append(seed, sample))
		}
	}
	if !a.alarms.ready {
		return nil
	}
	news := a.alarms.Take(sample)
	if len(news) == 0 {
		return nil
	}
	a.alarms.told += len(news)
	text := news[0].Text
	if n := len(news) - 1; n > 0 {
		text += " · and " + itoa(n) + " more"
	}
	tell := a.opt.Alerted
	return tea.Batch(a.refuse("▲ "+text), func() tea.Msg {
		if tell != nil {
			tell(news)
		}
		return nil
	})
}

func (a *App) seeded(m seedMsg) {
	for _, s := range m {
		a.alarms.History.Add(s)
	}
	a.alarms.ready = true
}

// takeStatus takes in the state of the source.
func (a *App) takeStatus(st analyze.Status) {
	if a.opt.Notice != "" {
		st.Warnings = append([]string{a.opt.Notice}, st.Warnings...)
	}
	if w := st.Unrecorded(); w != "" {
		st.Warnings = append(slices.Clip(st.Warnings), w)
	}
	a.status = st
	a.flights()
}

// flights notes which runs are in flight, unless the screen stands still.
func (a *App) flights() {
	if a.paused {
		return
	}
	a.flying = nil
	for i := range a.status.Flying {
		if r := &a.status.Flying[i]; r.InFlight(a.opt.Now()) {
			if a.flying == nil {
				a.flying = make(map[string]*analyze.LiveRun, len(a.status.Flying))
			}
			a.flying[r.Run] = r
		}
	}
}

// flightMark stands before a run in flight.
const flightMark = "◌ "

// flightFacts are how many runs are in flight, and what they have cost so far.
func (a *App) flightFacts() []fact {
	if len(a.flying) == 0 {
		return nil
	}
	var cost tracefmt.USD
	partly := false
	for _, r := range a.flying {
		cost, _ = cost.Add(r.Cost)
		partly = partly || r.Incomplete
	}
	spent := least(partly) + money(cost)
	n := count(int64(len(a.flying)))
	return []fact{newFact(roleKey, flightMark+n+plural(len(a.flying), " run", " runs")+" in flight, "+spent, flightMark+n+" "+spent)}
}

// alertFacts are how the budget stands and how often there was an alert.
func (a *App) alertFacts() (f []fact) {
	if st, ok := a.alarms.State(); ok {
		r := roleDim
		text, short := money(st.Spent)+" of "+st.Budget.String(), percent(int64(st.Spent), int64(st.Budget.USD))+" of budget"
		if st.Spent >= st.Budget.USD {
			r, text, short = roleFail, text+", spent", "budget spent"
		} else if st.Known {
			text += ", lasts " + analyze.Duration(st.Lasts)
		}
		f = append(f, newFact(r, text, short))
	}
	if n := a.alarms.told; n > 0 {
		f = append(f, newFact(roleFail, "▲ "+itoa(n)+plural(n, " alert", " alerts"), "▲ "+itoa(n)))
	}
	return f
}

// liveFacts are how a followed trace is doing; none for others.
func (a *App) liveFacts() []fact {
	if !a.status.Live || a.status.Loading {
		return nil
	}
	return append(append([]fact{a.liveFact()}, a.alertFacts()...), a.flightFacts()...)
}

// liveRule is the line above the status line.
func (a *App) liveRule(out *pen) {
	if f := a.liveFacts(); len(f) > 0 {
		out.put(roleRule, "── ")
		writeFacts(out, fitting(f, a.w-out.col-4))
		out.put(roleRule, " ")
	}
	out.rule("")
}

// liveFact is how a followed trace is doing: how long ago something came, the rate now, and what it makes of an hour and a day.
func (a *App) liveFact() fact {
	text := "following"
	if !a.status.Heard.IsZero() {
		text = "last just now"
		if age := a.opt.Now().Sub(a.status.Heard).Truncate(time.Second); age > 0 {
			text = "last " + analyze.Duration(age) + " ago"
		}
	}
	short := text
	if rate, ok := a.pulse.perHour(); ok {
		short += " · " + money(rate) + "/h"
		text += " · now " + money(rate) + "/h, " + money(24*min(rate, 1<<58)) + "/day"
	}
	return newFact(roleGood, text, short)
}

// pause stops the screen while reading goes on, and lets it go on.
func (a *App) pause() tea.Cmd {
	a.paused = !a.paused
	if a.paused {
		return a.say("the screen stands still; reading goes on · F follows again")
	}
	return tea.Batch(a.askStatus(), a.top().load(a))
}

func cannotPause(a *App) string {
	if !a.status.Live {
		return "nothing is followed; costscope tail TRACE follows"
	}
	return ""
}

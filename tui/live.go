package tui

import (
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

// alive keeps the beat of a followed trace going.
func (a *App) alive() tea.Cmd {
	if !a.status.Live || a.status.Loading {
		return nil
	}
	a.pulse.note(a.opt.Now(), a.status.Spent)
	if a.pulse.due {
		return nil
	}
	a.pulse.due = true
	return a.wait(beatEvery, beatMsg{})
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

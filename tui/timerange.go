package tui

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// timeWords read what people write for a stretch of time. Ages count back from the end of the data, which of a followed trace is now;
// hours are those of the days in view.
type timeWords struct {
	now, first, last time.Time // in the zone of the explorer; first and last are those of the data in view
}

// whenHint is what can be typed.
const whenHint = "last 2h, 24h, today, 2026-09-01..2026-09-03, 09:00-12:00"

var errWhen = errors.New("no time: write last 2h, 24h, 7d, today, 2026-09-01, 2026-09-01..2026-09-03, 2026-09-01 09:00..12:00 or 09:00-12:00")

// mostDays bounds the days of which hours are taken.
const mostDays = 1000

// stretches are the stretches of time, [from, to), that a text means. math.MinInt64 and math.MaxInt64 stand for no begin and no end.
func (w timeWords) stretches(text string) ([][2]int64, error) {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	if age, ok := ageOf(text); ok {
		end := w.last.Add(1) // the last call begins within it
		return [][2]int64{{end.Add(-age).UnixNano(), end.UnixNano()}}, nil
	}
	switch text {
	case "today":
		return w.days(w.now, w.now)
	case "yesterday":
		return w.days(w.now.AddDate(0, 0, -1), w.now.AddDate(0, 0, -1))
	}
	from, to, ok := strings.Cut(text, "..")
	if !ok {
		if a, b, isHours := strings.Cut(text, "-"); isHours && strings.Contains(a, ":") && strings.Contains(b, ":") && len(text) < 14 {
			return w.hours(a, b)
		}
		to = from
	}
	return w.between(strings.TrimSpace(from), strings.TrimSpace(to), ok)
}

// ageOf reads 2h, 90m, 7d, with or without "last".
func ageOf(text string) (time.Duration, bool) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "last "), " ", "")
	d, ok := analyze.ParseAge(text)
	return d, ok && d > 0
}

func (w timeWords) days(from, to time.Time) ([][2]int64, error) {
	return [][2]int64{{midnight(from).UnixNano(), midnight(to).AddDate(0, 0, 1).UnixNano()}}, nil
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// between reads two ends of a range; one that is left out is open. A date as the end means that whole day.
func (w timeWords) between(from, to string, isRange bool) ([][2]int64, error) {
	s := [2]int64{math.MinInt64, math.MaxInt64}
	begin, day, err := w.point(from, w.last)
	switch {
	case from == "" && (to == "" || !isRange):
		return nil, errWhen
	case from != "" && err != nil:
		return nil, err
	case from != "":
		s[0] = begin.UnixNano()
	}
	if !isRange && !day {
		return nil, errWhen // one moment
	}
	if to != "" {
		near := w.last
		if from != "" {
			near = begin
		}
		end, day, err := w.point(to, near)
		if err != nil {
			return nil, err
		}
		if day {
			end = end.AddDate(0, 0, 1)
		}
		s[1] = end.UnixNano()
	}
	if s[0] >= s[1] {
		return nil, errors.New("the begin is not before the end: no call can match")
	}
	return [][2]int64{s}, nil
}

// point reads a date, a date with a time, or a time on the day of near.
func (w timeWords) point(s string, near time.Time) (at time.Time, day bool, err error) {
	zone := w.now.Location()
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return t, true, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02t15:04", "2006-01-02 15:04:05", "2006-01-02t15:04:05", "2006-01-02t15:04:05z07:00"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, false, nil
		}
	}
	if h, m, ok := clockOf(s); ok {
		return onDay(near, h, m), false, nil
	}
	return at, false, errWhen
}

// clockOf reads 9:00, 09:00 and 24:00.
func clockOf(s string) (hour, minute int, ok bool) {
	h, m, found := strings.Cut(strings.TrimSpace(s), ":")
	hour, errH := strconv.Atoi(h)
	minute, errM := strconv.Atoi(m)
	ok = found && errH == nil && errM == nil && len(m) == 2 && hour >= 0 && minute >= 0 && minute < 60 && hour*60+minute <= 24*60
	return hour, minute, ok
}

func onDay(d time.Time, hour, minute int) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, d.Location())
}

// hours are the same hours on every day in view. An end that is not after the begin is on the next day.
func (w timeWords) hours(from, to string) (list [][2]int64, err error) {
	fh, fm, ok := clockOf(from)
	th, tm, ok2 := clockOf(to)
	if !ok || !ok2 {
		return nil, errWhen
	}
	next := 0
	if th*60+tm <= fh*60+fm {
		next = 1
	}
	for d := midnight(w.first).AddDate(0, 0, -next); !d.After(w.last); d = d.AddDate(0, 0, 1) {
		from, to := onDay(d, fh, fm), onDay(d.AddDate(0, 0, next), th, tm)
		if to.After(w.first) && !from.After(w.last) {
			list = append(list, [2]int64{from.UnixNano(), to.UnixNano()})
		}
		if len(list) > mostDays {
			return nil, errors.New("more than " + itoa(mostDays) + " days are in view: name the days first, such as 2026-09-01..2026-09-03")
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no call in view begins between " + from + " and " + to)
	}
	return list, nil
}

// The prompt.

// spanMsg says from when to when the calls are, for the prompt that asked.
type spanMsg struct {
	to          *whenPrompt
	first, last int64
	ok          bool
	err         error
}

// A whenPrompt asks for a stretch of time.
type whenPrompt struct {
	*prompt
	when  timeWords
	known bool
	why   string // there is nothing to choose from
}

func cannotTime(a *App) string {
	if _, ok := a.top().(*helpPage); ok || needsLensed(a) != "" {
		return "a stretch of time is chosen in a table or a lens · esc goes back"
	}
	return ""
}

// askTime asks for a stretch of time, with the span of the data as a hint once that is known.
func (a *App) askTime() tea.Cmd {
	p := &whenPrompt{prompt: newPrompt("t ", ""), why: "the span of the calls is being looked up: once more"}
	p.hint = whenHint
	p.when.now = a.opt.Now().In(a.opt.Zone)
	p.live = func(*App, string) tea.Cmd { return nil }
	p.stop = p.cancel
	p.done = p.chosen
	a.over = p.prompt
	src := a.src
	return func() tea.Msg {
		first, last, ok, err := src.Span(context.Background())
		return spanMsg{p, first, last, ok, err}
	}
}

// spanned takes the span of the data to the prompt; that of the stretch in view is what counts.
func (a *App) spanned(m spanMsg) {
	p := m.to
	switch {
	case m.err != nil:
		p.why = clean(m.err.Error())
	case !m.ok:
		p.why = "no call says when it began: there is nothing to choose from"
	default:
		p.known = true
		first, last := a.inView(m.first, m.last)
		p.when.first, p.when.last = time.Unix(0, first).In(a.opt.Zone), time.Unix(0, last).In(a.opt.Zone)
		span := "calls: " + a.timeRange(first, last) + p.when.first.Format(" MST")
		if p.hint = whenHint + " · " + span; width(p.hint) > a.w-5 {
			p.hint = span + " · " + whenHint // the last of it goes where there is no room
		}
		return
	}
	p.hint = p.why
}

// inView is the span of the data within the stretches of time that are chosen already.
func (a *App) inView(first, last int64) (int64, int64) {
	q := a.top().where().query
	first = max(first, sinceOf(a.src, q.Since))
	if q.Until != 0 {
		last = min(last, q.Until-1)
	}
	for _, p := range q.Where {
		if s := p.Spans(); p.Measure == analyze.MeasureTime && p.Op == analyze.OpAny && !p.Not && len(s) > 0 {
			first = max(first, s[0][0])
			last = min(last, s[len(s)-1][1]-1)
		}
	}
	return first, max(first, last)
}

func (p *whenPrompt) chosen(a *App, text string) (string, tea.Cmd) {
	switch {
	case strings.TrimSpace(text) == "":
		return "", nil
	case !p.known:
		return p.why, nil
	}
	list, err := p.when.stretches(text)
	if err != nil {
		return err.Error(), nil
	}
	a.over = nil
	return "", a.narrow(analyze.During(slices.Clone(list)))
}

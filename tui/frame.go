package tui

import (
	"strings"
	"time"

	"costscope/analyze"
)

// The smallest terminal in which the explorer can be used.
const (
	minW = 40
	minH = 10
)

// View draws everything: the top line, the screen, what lies over it, the footer. Every line is at most as wide as the terminal, and
// there are exactly as many as it has.
func (a *App) View() string {
	if a.w < 1 || a.h < 1 {
		return ""
	}
	if a.w < minW || a.h < minH {
		return a.tooSmall()
	}
	foot := a.footer()
	body := a.h - 1 - len(foot)
	lines := make([]string, 0, a.h)
	lines = append(lines, a.topLine())
	lines = append(lines, a.top().view(a, a.w, body)...)
	if p, ok := a.over.(*picker); ok {
		over := p.lines(a, a.w, body)
		lines = append(lines[:len(lines)-len(over)], over...)
	}
	lines = append(lines, foot...)
	return strings.Join(lines, "\n")
}

func (a *App) tooSmall() string {
	out := newPen(a.theme, a.w)
	text := "costscope needs 40x10, this is " + itoa(a.w) + "x" + itoa(a.h) + " · q quits"
	for _, l := range wrap(text, a.w) {
		out.line(roleDim, l)
	}
	return strings.Join(out.fit(a.h), "\n")
}

// topLine says where one is, under which filters, and what that costs.
func (a *App) topLine() string {
	out := newPen(a.theme, a.w)
	right, rightW := a.totals()
	room := a.w - rightW - 2
	s := a.top().where()
	crumbs := a.crumbs(s, room-11)
	out.put(roleTitle, "costscope").gap(2)
	for i, c := range crumbs {
		if i > 0 {
			out.put(roleDim, " ▸ ")
		}
		r := roleText
		if i == len(crumbs)-1 {
			r = roleName
		}
		out.put(r, c)
	}
	if f := a.filterText(); f != "" && out.col+4 < room {
		out.gap(3).put(roleFilter, cut(f, room-out.col))
	}
	out.to(a.w - rightW)
	for _, p := range right {
		out.put(p.r, p.s)
	}
	out.end()
	return out.list[0]
}

type piece struct {
	r role
	s string
}

// totals are the money and the calls of the scope, and whether more is coming.
func (a *App) totals() ([]piece, int) {
	var p []piece
	if t := a.scopeTotal(); t != nil {
		p = append(p, piece{roleSpend, atLeast(t)})
		if a.w >= 60 {
			p = append(p, piece{roleDim, "  " + count(t.Calls) + plural(int(t.Calls), " call", " calls")})
		}
	}
	switch {
	case a.status.Loading:
		p = append(p, piece{roleKey, "  ◌ reading"})
	case a.status.Live:
		p = append(p, piece{roleGood, "  ● live"})
	}
	w := 0
	for _, x := range p {
		w += width(x.s)
	}
	return p, w
}

// scopeTotal is the row of everything in the scope of the visible screen, where it is known.
func (a *App) scopeTotal() *analyze.Row {
	switch s := a.top().(type) {
	case *paths:
		if s.table != nil && s.err == nil {
			return &s.table.Total
		}
	case *zoom:
		switch l := s.l.(type) {
		case *shape:
			if l.data != nil {
				return &l.data.total
			}
		case *calls:
			return l.total
		}
	}
	return nil
}

// crumbs are the sources and the names of the path, shortened from the left until they fit.
func (a *App) crumbs(s scope, w int) []string {
	c := append([]string{clean(a.opt.Title)}, s.names...)
	total := func() int {
		n := 3 * (len(c) - 1)
		for _, x := range c {
			n += width(x)
		}
		return n
	}
	if total() > w {
		c[0] = cut(c[0], 16)
	}
	for len(c) > 2 && total() > w {
		c = append([]string{"…"}, c[2:]...)
		if len(c) <= 2 {
			break
		}
	}
	if over := total() - w; over > 0 {
		last := len(c) - 1
		c[last] = cut(c[last], max(6, width(c[last])-over))
	}
	return c
}

// filterText is every condition that is not the path: those of the command line and those set on the way.
func (a *App) filterText() string {
	s := a.top().where()
	var f []string
	for _, p := range a.opt.Query.Where {
		f = append(f, predText(p))
	}
	if q := a.opt.Query; q.Since != 0 || q.Until != 0 {
		f = append(f, a.timeRange(q.Since, q.Until))
	}
	for _, p := range s.extra {
		f = append(f, predText(p))
	}
	if x, ok := can[searcher](a); ok && x.searched() != "" {
		f = append(f, "\""+clean(x.searched())+"\"")
	}
	return strings.Join(f, " · ")
}

func (a *App) timeRange(since, until int64) string {
	at := func(ns int64) string {
		if ns == 0 {
			return "…"
		}
		return time.Unix(0, ns).In(a.opt.Zone).Format("2006-01-02 15:04")
	}
	return at(since) + " to " + at(until)
}

// predText is a condition as a person would say it.
func predText(p analyze.Pred) string { return clean(p.String()) }

// footer is the state of things and, below, the keys that work now or what is being typed.
func (a *App) footer() []string {
	out := newPen(a.theme, a.w)
	if a.h >= 20 {
		out.rule("")
	}
	a.statusLine(out)
	if p, ok := a.over.(*prompt); ok {
		out.add(p.lines(a, a.w, 1)...)
		return out.list
	}
	a.keyLine(out)
	return out.list
}

// statusLine: the note of the moment, else progress, else what is shown and what is missing from it.
func (a *App) statusLine(out *pen) {
	out.gap(1)
	switch {
	case a.note != "" && a.bad:
		out.put(roleWarn, "! "+a.note)
	case a.note != "":
		out.put(roleKey, a.note)
	default:
		a.facts(out)
	}
	out.end()
}

func (a *App) facts(out *pen) {
	var f []piece
	if s := a.top().summary(a); s != "" {
		f = append(f, piece{roleText, s})
	}
	if a.status.Loading {
		f = append(f, piece{roleKey, a.progress()})
	} else if a.status.Err != nil {
		f = append(f, piece{roleFail, "✗ reading stopped: " + clean(a.status.Err.Error())})
	}
	f = append(f, a.missing()...)
	if a.status.PricesAsOf != "" {
		f = append(f, piece{roleDim, "prices of " + clean(a.status.PricesAsOf)})
	}
	if a.filterText() == "" {
		f = append(f, piece{roleDim, "no filter"})
	} else if a.w < 100 {
		f = append(f, piece{roleFilter, a.filterText()})
	}
	for i, x := range f {
		sep := ""
		if i > 0 {
			sep = " · "
		}
		if out.col+width(sep)+width(x.s) > a.w-1 && i > 0 {
			out.put(roleDim, " …")
			return
		}
		out.put(roleDim, sep).put(x.r, x.s)
	}
}

// progress is how far reading has come.
func (a *App) progress() string {
	s := &a.status
	name := clean(a.opt.Title)
	if s.Size > 0 {
		name += " " + itoa(int(min(s.Done*100/s.Size, 100))) + "%"
	}
	text := "reading " + name
	var calls int64
	for i := range s.Sources {
		calls += s.Sources[i].Calls
	}
	text += " · " + count(calls) + plural(int(calls), " call", " calls")
	if p, ok := a.stack[0].(*paths); ok && p.table != nil {
		text += " · " + money(p.table.Total.Cost) + " so far"
	}
	return text
}

// missing counts what the totals do not hold: calls without a price or usage, lines that could not be read.
func (a *App) missing() []piece {
	var f []piece
	if t := a.scopeTotal(); t != nil {
		switch {
		case t.Unpriced > 0:
			f = append(f, piece{roleWarn, "? " + count(t.Unpriced) + plural(int(t.Unpriced), " call", " calls") + " unpriced"})
		case t.Calls > 0:
			f = append(f, piece{roleDim, "all priced"})
		}
		if t.NoUsage > 0 {
			f = append(f, piece{roleWarn, "– " + count(t.NoUsage) + " without usage"})
		}
	}
	if n := a.status.SkipCount; n > 0 {
		f = append(f, piece{roleWarn, "✗ " + count(n) + plural(int(n), " unreadable line", " unreadable lines")})
	} else {
		f = append(f, piece{roleDim, "0 unreadable lines"})
	}
	return f
}

// keyLine is the keys that work now.
func (a *App) keyLine(out *pen) {
	out.gap(1)
	help := "? help"
	for i := range actions {
		x := &actions[i]
		if x.foot == "" || x.foot == "help" || x.off != nil && x.off(a) != "" {
			continue
		}
		text := keyLabel(strings.Fields(x.keys)[0])
		if out.col+width(text)+1+width(x.foot)+2+len(help) > a.w-1 {
			break
		}
		out.put(roleKey, text).put(roleDim, " "+x.foot+"  ")
	}
	out.put(roleKey, "?").put(roleDim, " help").end()
}

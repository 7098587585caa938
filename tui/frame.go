package tui

import (
	"cmp"
	"slices"
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
	body := a.h - 1 - len(a.footer())
	lines := make([]string, 0, a.h)
	lines = append(lines, a.topLine())
	below := a.below(body / 4)
	lines = append(append(lines, a.top().view(a, a.w, body-len(below))...), below...)
	if o, ok := a.over.(overlaid); ok {
		over := o.overlay(a, a.w, body)
		lines = append(lines[:len(lines)-len(over)], over...)
	}
	if p, ok := a.over.(covering); ok {
		over := p.lines(a, a.w, body)
		lines = append(lines[:len(lines)-len(over)], over...)
	}
	lines = append(lines, a.footer()...) // after the screen: what can be opened is known once it is drawn
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
	case a.paused:
		p = append(p, piece{roleWarn, "  ❚❚ paused"})
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
		switch {
		case s.table == nil || s.failed():
		default:
			return &s.table.Total
		}
	case *runView:
		if s.data != nil {
			return &s.data.Row
		}
	case *zoom:
		switch l := s.l.(type) {
		case *shape:
			if l.data != nil && l.data.s.id() == s.s.id() {
				return &l.data.total
			}
		case *calls:
			if l.total != nil {
				return l.total
			}
		case *change:
			if l.data != nil && l.data.s.id() == s.s.id() {
				return &l.data.table.Total
			}
		case *insight:
			if l.data != nil && l.data.s.id() == s.s.id() {
				return &l.data.table.Total
			}
		}
		return s.total
	case *whatIf:
		return s.total
	case *icicle:
		if s.data != nil && !s.failed() && s.of == s.s.id() {
			return s.data.Nodes[0].Row
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
	for _, most := range [...]int{32, 20, 14} {
		for i := range c {
			if total() > w && i < len(c)-1 {
				c[i] = cut(c[i], most)
			}
		}
	}
	for len(c) > 2 && total() > w {
		c = append([]string{"…"}, c[2:]...)
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
		f = append(f, a.predText(p))
	}
	if q := s.query; q.Since != 0 || q.Until != 0 {
		f = append(f, a.rangeText(q.Since, q.Until))
	}
	for _, p := range s.extra {
		f = append(f, a.predText(p))
	}
	if against := a.base.text(a); against != "" {
		f = append(f, against)
	}
	if x, ok := can[searcher](a); ok && x.searched() != "" {
		f = append(f, "\""+clean(x.searched())+"\"")
	}
	return strings.Join(f, " · ")
}

// rangeText is the time range of a question. One that moves along has a name, too.
func (a *App) rangeText(since, until int64) string {
	text := a.timeRange(sinceOf(a.src, since), until)
	if a.opt.Window != "" && since == a.opt.Query.Since && until == 0 {
		return a.opt.Window + ", " + text
	}
	return text
}

func (a *App) timeRange(since, until int64) string {
	at := func(ns int64, day bool) string {
		if ns == 0 {
			return "…"
		}
		t := time.Unix(0, ns).In(a.opt.Zone)
		layout := "15:04"
		if t.Second() != 0 || t.Nanosecond() != 0 {
			layout = "15:04:05"
		}
		if day {
			layout = "2006-01-02 " + layout
		}
		return t.Format(layout)
	}
	from, to := time.Unix(0, since).In(a.opt.Zone), time.Unix(0, until).In(a.opt.Zone)
	sameDay := since != 0 && until != 0 && from.Format(time.DateOnly) == to.Format(time.DateOnly)
	return at(since, true) + " to " + at(until, !sameDay)
}

// footer is the state of things and, below, the keys that work now or what is being typed.
func (a *App) footer() []string {
	out := newPen(a.theme, a.w)
	if a.h >= ruledH {
		a.liveRule(out)
	}
	a.statusLine(out)
	if p, ok := a.over.(typed); ok {
		out.add(p.line(a, a.w)...)
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

// A fact is a part of the status line. short is for narrow terminals.
type fact struct {
	r           role
	text, short string
	spare       bool // said elsewhere on the screen, too
	date        bool // the date of the prices, which stands wherever money does
}

// ruledH is the height from which there is a rule above the status line. While live it says how things go on.
const ruledH = 20

// facts writes what is shown and what is missing.
func (a *App) facts(out *pen) {
	writeFacts(out, fitting(a.factList(), a.w-1-out.col))
}

// fitting is as much as there is room for: the last of it is put in fewer words first, and then left out.
func fitting(f []fact, room int) []fact {
	for i := len(f) - 1; i > 0 && factWidth(f) > room; i-- {
		f[i].text = cmp.Or(f[i].short, f[i].text)
	}
	if keep := 4; len(f) > keep && factWidth(f[:keep]) > room {
		f[0].text = cmp.Or(f[0].short, f[0].text)
	}
	for len(f) > 1 && factWidth(f) > room {
		last := len(f) - 1
		if spare := slices.IndexFunc(f, func(x fact) bool { return x.spare }); f[last].date && spare >= 0 {
			if rest := slices.Delete(slices.Clone(f), spare, spare+1); factWidth(rest) <= room {
				f = rest
				break
			}
		}
		f = f[:last]
	}
	return f
}

func writeFacts(out *pen, f []fact) {
	for i, x := range f {
		if i > 0 {
			out.put(roleDim, " · ")
		}
		out.put(x.r, x.text)
	}
}

func factWidth(f []fact) int {
	n := 0
	for i := range f {
		n += width(f[i].text) + 3
	}
	return n - 3
}

func newFact(r role, text, short string) fact { return fact{r: r, text: text, short: short} }

// factList is in order of weight, but for the summary: the table says the same, so it makes room for the date of the prices.
func (a *App) factList() []fact {
	var f []fact
	if a.status.Loading {
		f = append(f, newFact(roleKey, a.progress(clean(a.opt.Title)), a.progress("")))
	} else if a.status.Err != nil {
		f = append(f, newFact(roleFail, "✗ reading stopped: "+clean(a.status.Err.Error()), ""))
	}
	if a.h < ruledH {
		f = append(f, a.liveFacts()...)
	}
	if r := a.status.Repricing; r != nil && !a.status.Loading {
		f = append(f, newFact(roleKey, clean(r.Text(a.status.PricesAsOf)), "re-priced: was "+money(r.Was)+", now "+money(r.Now)))
	}
	f = append(f, a.base.facts()...)
	if s := a.top().summary(a); s != "" {
		f = append(f, fact{r: roleText, text: s, spare: true})
	}
	f = append(append(f, a.missing()...), a.markFact()...)
	if d := clean(a.status.PricesAsOf); d != "" {
		f = append(f, fact{r: roleDim, text: "prices of " + d, short: "prices " + d, date: true})
	}
	if a.status.SkipCount == 0 {
		f = append(f, newFact(roleDim, "0 unreadable lines", "0 unreadable"))
	}
	if filters := a.filterText(); filters == "" {
		f = append(f, newFact(roleDim, "no filter", ""))
	} else if a.w < 100 {
		f = append(f, newFact(roleFilter, filters, ""))
	}
	return f
}

// progress is how far reading has come.
func (a *App) progress(name string) string {
	s := &a.status
	text := "reading"
	if name != "" {
		text += " " + name
	}
	if s.Size > 0 {
		text += " " + itoa(int(min(s.Done*100/s.Size, 100))) + "%"
	}
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
func (a *App) missing() []fact {
	var f []fact
	if t := a.scopeTotal(); t != nil {
		switch n := count(t.Unpriced); {
		case t.Overflow():
			f = append(f, newFact(roleFail, "✗ a sum is too large to show", "✗ overflow"))
		case t.Unpriced > 0:
			f = append(f, newFact(roleWarn, "? "+n+plural(int(t.Unpriced), " call", " calls")+" unpriced", "? "+n+" unpriced"))
		case t.Calls > 0 && !t.Incomplete():
			f = append(f, newFact(roleDim, "all "+count(t.Calls)+plural(int(t.Calls), " call", " calls")+" priced", "all priced"))
		}
		if none := t.NoUsage - t.Unbilled; none > 0 { // failed calls without usage cost nothing
			f = append(f, newFact(roleWarn, "– "+count(none)+" without usage", "– "+count(none)+" no usage"))
		}
	}
	if n := len(a.status.Warnings); n > 0 {
		f = append(f, newFact(roleWarn, "! "+itoa(n)+plural(n, " warning", " warnings")+" (?)", "! "+itoa(n)+plural(n, " warning", " warnings")))
	}
	if n := count(a.status.SkipCount); a.status.SkipCount > 0 {
		f = append(f, newFact(roleWarn, "✗ "+n+plural(int(a.status.SkipCount), " unreadable line", " unreadable lines"), "✗ "+n+" unreadable"))
	}
	return f
}

// keyLine is the keys that work now.
func (a *App) keyLine(out *pen) {
	out.gap(1)
	if p, ok := a.over.(covering); ok {
		out.line(roleDim, p.overlays())
		return
	}
	for _, x := range a.footKeys(a.w - 1 - out.col - len("? help")) {
		out.put(roleKey, x.footKey()).put(roleDim, " "+x.foot+"  ")
	}
	if alreadyHelp(a) == "" {
		out.put(roleKey, "?").put(roleDim, " help")
	}
	out.end()
}

// footKeys are the keys that have room in the footer, in the order of the table; spare ones follow where all others are there.
func (a *App) footKeys(room int) (list []*action) {
	keys := actions
	if a.brushes() {
		keys = brushKeys
	}
	var spare []*action
	for i := range keys {
		switch x := &keys[i]; {
		case x.foot == "help" || !x.inFoot(a):
		case slices.Contains(footSpare, x.foot):
			spare = append(spare, x)
		case x.footWidth() > room:
			return list
		default:
			list, room = append(list, x), room-x.footWidth()
		}
	}
	for _, word := range footSpare {
		i := slices.IndexFunc(spare, func(x *action) bool { return x.foot == word })
		if i >= 0 && spare[i].footWidth() <= room {
			list, room = append(list, spare[i]), room-spare[i].footWidth()
		}
	}
	return list
}

func (x *action) footKey() string { return keyLabel(strings.Fields(x.keys)[0]) }

func (x *action) footWidth() int { return width(x.footKey()) + 1 + width(x.foot) + 2 }

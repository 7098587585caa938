package tui

import (
	"cmp"

	"costscope/analyze"
)

// member is the call within its run; nil until the run is known.
func (d *detail) member() *analyze.RunCall {
	if d.run == nil {
		return nil
	}
	for i := range d.run.Calls {
		if c := &d.run.Calls[i]; c.ID == d.row.ID {
			return c
		}
	}
	return nil
}

// chain is the attempts at the operation that the call is one of; nothing where it was not tried again.
func (d *detail) chain(out *pen) {
	c := d.member()
	if c == nil || c.Chain < 0 {
		return
	}
	ch := &d.run.Chains[c.Chain]
	out.rule("its chain")
	title := itoa(ch.Tries) + plural(ch.Tries, " attempt", " attempts") + " for " + amountOf(ch.Total, ch.Unknown) + " · wasted " + amountOf(ch.Wasted, ch.WastedUnknown) + " · " + chainEnd(&ch.TopChain)
	for _, l := range lines(title, max(1, out.max-4)) {
		out.gap(2).line(roleText, l)
	}
	w := chainWidths(out.max - 2)
	for i := range ch.Attempts {
		a := &ch.Attempts[i]
		if last := len(ch.Attempts) - 1; i == last && ch.Tries > len(ch.Attempts) {
			out.gap(2).line(roleDim, "┆ "+itoa(ch.Tries-len(ch.Attempts))+" more")
		}
		d.attempt(out, a, a.Call == d.row.ID, w)
	}
}

// chainWidths are the columns of an attempt: what was tried, its cost, why it was not the last, and how it is linked.
func chainWidths(w int) [4]int {
	const sign, cost = 6, 11
	room := w - sign - cost - 3
	what := min(room/3, 28)
	if room < 50 {
		return [4]int{what, cost, room - what, 0}
	}
	return [4]int{what, cost, (room - what) / 3, room - what - (room-what)/3}
}

func (d *detail) attempt(out *pen, a *analyze.ChainAttempt, here bool, w [4]int) {
	look := roleFail
	if a.Accepted {
		look = roleGood
	} else if !a.Failed {
		look = roleRetry
	}
	if here {
		out.sel = true
		out.put(roleMark, "▌ ")
	} else {
		out.gap(2)
	}
	names := d.run.Names()
	out.right(roleText, itoa(a.Number), 3).gap(1).left(look, attemptSign(a), 2)
	out.left(roleName, shown(cmp.Or(names.Name(a.What), a.Kind.String())), w[0]).gap(1).right(roleSpend, amountOf(a.Cost, a.Unknown), w[1])
	out.gap(1).left(look, attemptCause(a, names.Name(a.Error)), w[2])
	if w[3] > 0 && a.Link.Confidence > 0 {
		text := kindTexts[a.Link.Kind].name + ", " + sureText(a.Link.Confidence)
		if a.Link.ArgsChanged {
			text += ", other arguments"
		}
		out.gap(1).left(roleRetry, text, w[3])
	}
	out.end()
}

const turnChartH = 8

// turn is where the call stands in the context of its thread; nothing for calls without a prompt.
func (d *detail) turn(out *pen) {
	c := d.member()
	if c == nil || c.Turn == 0 || c.Line < 0 {
		return
	}
	l := &d.run.Lines[c.Line]
	out.rule("its turn in the context")
	last := l.Turns[len(l.Turns)-1].Turn
	text := "turn " + itoa(int(c.Turn)) + " of " + itoa(int(max(last, c.Turn))) + " · " + shown(d.run.Names().Name(l.Agent))
	if c.Prompt > 0 {
		text += " · " + contextText(c.Prompt, priceWindow(&c.CallRow)) + sinceText(l, c)
	} else {
		text += " · how large its prompt is, nothing tells"
	}
	say := func(look role, s string) {
		for _, x := range lines(s, max(1, out.max-4)) {
			out.gap(2).line(look, x)
		}
	}
	say(roleText, text)
	say(roleWarn, doubledText(&l.Doubled, len(l.Turns), partName(&l.Doubled, d.run.Names().Name(l.Doubled.Tool))))
	chart := promptChart{line: l, mark: c.Turn, w: min(out.max-4, 120), h: turnChartH}
	g := chart.grid()
	if g == nil || len(l.Turns) < 2 {
		return
	}
	g.write(out)
	say(roleDim, chart.legend())
}

func priceWindow(r *analyze.CallRow) int64 {
	if r.Price == nil {
		return 0
	}
	return r.Price.Window
}

// sinceText is how much larger the prompt is than that of the turn before, and that the context shrank.
func sinceText(l *analyze.PromptLine, c *analyze.RunCall) string {
	before := int64(-1)
	for _, t := range l.Turns {
		if t.Turn < c.Turn {
			before = t.Prompt
		}
	}
	switch {
	case before < 0:
		return ""
	case c.Compacted:
		return " · compacted from " + short(before)
	case c.Reset:
		return " · shrunk from " + short(before)
	case c.Prompt < before:
		return " · " + short(before-c.Prompt) + " less than the turn before"
	}
	return " · " + short(c.Prompt-before) + " more than the turn before"
}

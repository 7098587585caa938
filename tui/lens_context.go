package tui

import (
	"cmp"
	"math"
	"slices"

	"costscope/analyze"
	"costscope/tracefmt"
)

// newContext is lens 3: how the window grows, and what that costs.
func newContext() lens { return &insight{draw: drawContext, around: &around{}} }

// roomyPane is how high a pane must be for a chart.
const roomyPane = 24

func drawContext(p *insightPen, h int) {
	c := &p.data.deep.Context
	p.put(roleText, " · how does the window grow, and what does it cost?")
	switch {
	case c.Overflow():
		p.put(roleFail, " · a sum is too large to show").end()
		return
	case c.Turns == 0:
		p.end()
		p.note(2, "n/a: no model call here states how many tokens its prompt has")
		if p.zoom {
			p.drifts(p.data.deep.Drifts)
		}
		return
	}
	p.end()
	p.growthHeadline(c)
	p.promptSizes(c)
	p.cacheLine(c)
	if p.zoom || h >= roomyPane {
		p.promptsByTurn(c, h)
	} else {
		p.promptThread(c, true)
	}
	p.composition(&c.Composition, h >= roomyPane)
	p.carrySums(&c.Carry)
	p.grownThreads(c, h)
	if !p.zoom {
		return
	}
	p.carryBlocks(&c.Carry)
	p.lostCaches(&c.Breaks)
	p.drifts(p.data.deep.Drifts)
	p.end()
	p.note(2, "A thread is one agent at work in one run; a turn is a model call of it, all attempts counted once. Growth is what prompts cost beyond the size of their thread's first one, each token at the price of the call that sent it.")
}

// grownUSD is what growth cost, further attempts included.
func grownUSD(c *analyze.ContextReport) tracefmt.USD { return c.GrowthUSD() + c.OtherGrowthUSD }

// growthBound marks amounts as lower bounds where turns are of unknown cost.
func growthBound(c *analyze.ContextReport) string { return least(c.Unpriced > 0) }

func (p *insightPen) growthHeadline(c *analyze.ContextReport) {
	sample := count(c.Turns) + plural(int(c.Turns), " turn", " turns") + " of " + count(c.Threads) + plural(int(c.Threads), " thread", " threads")
	if c.Unpriced == c.Turns || c.TotalUSD() == 0 {
		p.note(2, "cost n/a: the cost of no turn here is known (n = "+sample+")")
		return
	}
	if grownUSD(c) == 0 && c.Unpriced > 0 {
		p.note(2, "growth cost n/a: "+count(c.Unpriced)+" turns are of unknown cost, and the others have not grown (n = "+sample+")")
		return
	}
	text := "growth costs " + growthBound(c) + money(grownUSD(c)) + ", " + percent(int64(grownUSD(c)), int64(c.TotalUSD())) + " of what model calls cost"
	if f := c.Factor(); f == f {
		text += ": turns cost " + times(f) + " what they would if prompts stayed as they began"
	}
	p.say(roleSpend, 2, text+" (n = "+sample+")")
}

// promptSizes is how far prompts grow.
func (p *insightPen) promptSizes(c *analyze.ContextReport) {
	text := "prompts grow to " + times(c.PeakGrowth) + " their first (median), " + times(c.PeakGrowthP95) + " (p95); the largest: " + largest(c.MaxPrompt) + " tokens"
	switch {
	case c.Exponents > 0 && p.zoom:
		text += " · twice the turns, " + times(math.Pow(2, c.Exponent)) + " the prompt tokens (median of " + count(c.Exponents) + " with four or more)"
	case p.zoom:
		text += " · prompt tokens by turns n/a: no thread has four turns"
	}
	if c.Resets > 0 {
		text += " · " + count(c.Resets) + plural(int(c.Resets), " reset", " resets")
		if c.Compactions > 0 {
			text += ", " + count(c.Compactions) + " of them compacted"
		}
	}
	p.say(roleText, 2, text)
}

// cacheLine is what of the re-sent tokens came from a cache, and what that saved.
func (p *insightPen) cacheLine(c *analyze.ContextReport) {
	if c.Resent == 0 {
		p.note(2, "no prompt was sent again: threads have a single turn")
		return
	}
	text := percentOf(c.HitRate()) + " of " + short(c.Resent) + " re-sent tokens read from a cache"
	switch {
	case c.Read+c.Write == 0:
		text = "no cache: " + short(c.Resent) + " tokens were sent and paid for again, " + percentOf(c.ResendRatio()) + " of all prompt tokens"
	case c.SavingUnknown > 0:
		text += ", saving n/a for " + count(c.SavingUnknown) + plural(int(c.SavingUnknown), " turn", " turns")
	case c.SavingUSD < 0:
		text += ", which cost " + money(-c.SavingUSD) + " more than no cache"
	case c.Unpriced < c.Turns:
		text += ", saved " + growthBound(c) + money(c.SavingUSD)
	}
	if b := c.Breaks.Total(); b.Breaks > 0 {
		text += " · " + count(b.Breaks) + plural(int(b.Breaks), " lost cache", " lost caches") + ", penalty " + penalty(b)
	}
	p.say(roleText, 2, text)
}

// penalty is what lost caches cost, as far as known.
func penalty(b analyze.BreakSum) string {
	if b.Unknown == b.Breaks {
		return unknown
	}
	return least(b.Unknown > 0) + money(b.Penalty)
}

// partLooks are how the parts of prompts look in a bar, the dearest first.
var partLooks = [...]struct {
	r    role
	sign string
}{{roleBar, "█"}, {roleKey, "▓"}, {roleRetry, "▒"}, {roleWarn, "░"}, {roleWaste, "≡"}, {roleFilter, "="}, {roleGood, "+"}, {roleString, "×"}, {roleNumber, "o"}}

// composition divides growth by the parts of prompts; they add up to it.
func (p *insightPen) composition(x *analyze.Composition, roomy bool) {
	if x.Tagged == 0 {
		if p.zoom {
			p.note(2, "what it grew in n/a: none of "+count(x.Prompts)+" grown prompts states its parts (instructions, history, tools, …)")
		}
		return
	}
	if x.Total() == 0 {
		return
	}
	var parts []share
	for i, part := range x.Parts() {
		look := partLooks[min(i, len(partLooks)-1)]
		if part.Name == "untagged" {
			look.r, look.sign = roleDim, "·"
		}
		parts = append(parts, share{name: analyze.Spaced(part.Name), usd: part.Amount, r: look.r, sign: look.sign})
	}
	if p.zoom {
		p.end()
		p.rule("what it grew in: " + count(x.Tagged) + " of " + count(x.Prompts) + " grown prompts state their parts")
	} else if roomy {
		p.note(2, "what it grew in:")
	}
	p.stack(parts, x.Total())
}

// Rows of the ledgers: in the pane, and on the whole screen.
const fewRows, mostRows = 3, 15

func (p *insightPen) rowsShown(n int) int {
	if p.zoom {
		return min(n, mostRows)
	}
	return min(n, fewRows)
}

// carried is a block, or those of a tool, by name.
func (p *insightPen) carried(k analyze.BlockKind, tool tracefmt.Sym) string {
	if tool == 0 {
		return k.String()
	}
	return k.String() + ": " + p.name(tool)
}

// carrySums is what was carried along in the context, by kind and tool.
func (p *insightPen) carrySums(x *analyze.Carry) {
	list := x.Ranked(p.data.deep.Names())
	if len(list) == 0 {
		return
	}
	if p.zoom {
		p.end()
		p.rule("what was carried along, and what that cost over its life")
	}
	total, estimated := x.Total(), false
	s := sheet{cols: []sheetCol{{head: "carried", r: roleName}, {head: "cost", r: roleSpend}, {head: "share", rank: 1}, {head: "first sent", rank: 4, r: roleDim}, {head: "blocks", rank: 2}, {head: "tokens", rank: 3}, {head: "sent again", rank: 5}}}
	n := p.rowsShown(len(list))
	for _, c := range list[:n] {
		s.most = max(s.most, int64(c.USD))
		tokens := short(c.Tokens)
		if c.Estimated > 0 {
			tokens, estimated = "~"+tokens, true
		}
		if !p.zoom {
			tokens += " tokens"
		}
		r := sheetRow{cells: []string{p.carried(c.Kind, c.Tool), p.growthUSD(c.USD), percent(int64(c.USD), int64(total)), p.growthUSD(c.Birth), count(c.Blocks), tokens, short(c.Resent)},
			bar: []barPart{{int64(c.Birth), roleBar, "█"}, {int64(c.USD - c.Birth), roleWaste, "▒"}}}
		if c.Tool != 0 {
			to := p.into([]string{p.data.deep.Names().Name(c.Tool)}, analyze.Dimension{Dim: analyze.DimTool})
			r.to = &to
		}
		s.add(r)
	}
	if !p.zoom { // no heads there: only what explains itself
		for i := range s.rows {
			c := s.rows[i].cells
			s.rows[i].cells = []string{c[0], c[1], c[2] + " of growth", c[5]}
		}
		s.cols = []sheetCol{s.cols[0], s.cols[1], s.cols[2], s.cols[5]}
	}
	s.write(p, p.zoom)
	if !p.zoom {
		return
	}
	if n < len(list) {
		p.note(2, "and "+itoa(len(list)-n)+" more; all of them cost "+p.growthUSD(total))
	}
	text := "█ sent the first time, ▒ sent again with later prompts; all add up to the growth cost."
	if estimated {
		text += " ~ sizes are shares of what was added at once."
	}
	p.note(2, text)
}

// growthUSD is an amount of growth; unknown where it is only nothing because turns are of unknown cost.
func (p *insightPen) growthUSD(usd tracefmt.USD) string {
	c := &p.data.deep.Context
	if c.Unpriced > 0 && usd == 0 {
		return unknown
	}
	return money(usd)
}

func (p *insightPen) runAgent(run string, agent tracefmt.Sym) string {
	return shown(run) + " · " + p.name(agent)
}

// grownThreads are the threads whose growth cost most.
func (p *insightPen) grownThreads(c *analyze.ContextReport, h int) {
	if p.zoom {
		p.end()
		p.rule("the threads whose growth cost most")
	} else if h < len(p.list)+3 {
		return
	}
	if len(c.Top) == 0 {
		if p.zoom {
			p.note(2, "none: no growth here has a known cost")
		}
		return
	}
	s := sheet{most: int64(c.Top[0].USD), cols: []sheetCol{{head: "thread", r: roleName}, {head: "growth cost", r: roleSpend}, {head: "turns", rank: 1}, {head: "first prompt", rank: 3}, {head: "largest", rank: 2}, {head: "grown", rank: 4, r: roleWarn}}}
	n := p.rowsShown(len(c.Top))
	for _, t := range c.Top[:n] {
		to := p.runDoor(t.Run)
		s.add(sheetRow{to: &to, bar: []barPart{{v: int64(t.USD), r: roleBar}}, cells: []string{p.runAgent(t.Run, t.Agent), money(t.USD), count(t.Turns) + plural(int(t.Turns), " turn", " turns"),
			short(t.First), "to " + short(t.Peak), times(float64(t.Peak) / float64(max(t.First, 1)))}})
	}
	p.section()
	s.write(p, true)
}

// carryBlocks are the single blocks that cost most over their life.
func (p *insightPen) carryBlocks(x *analyze.Carry) {
	if len(x.Top) == 0 {
		return
	}
	p.end()
	p.rule("the blocks that cost most over their life")
	s := sheet{cols: []sheetCol{{head: "block", r: roleName}, {head: "cost", r: roleSpend}, {head: "tokens", rank: 2}, {head: "sent", rank: 1}, {head: "from turn", rank: 4}, {head: "run", rank: 3, left: true, r: roleDim}}}
	for _, b := range x.Top[:p.rowsShown(len(x.Top))] {
		to := p.runDoor(b.Run)
		tokens := short(b.Tokens)
		if b.Estimated {
			tokens = "~" + tokens
		}
		s.add(sheetRow{to: &to, cells: []string{p.carried(b.Kind, b.Tool), p.growthUSD(b.USD), tokens, count(b.Sends) + plural(int(b.Sends), " time", " times"), itoa(int(b.Turn)), p.runAgent(b.Run, b.Agent)}})
	}
	s.write(p, true)
}

// lostCaches are turns that paid again for what should have been in a cache: by cause, and the dearest.
func (p *insightPen) lostCaches(x *analyze.Breaks) {
	p.end()
	p.rule("lost caches")
	total := x.Total()
	if total.Breaks == 0 {
		p.note(2, "none: no turn paid again for what a cache should have held")
		return
	}
	s := sheet{most: int64(total.Penalty), cols: []sheetCol{{head: "because of", r: roleName}, {head: "penalty", r: roleWaste}, {head: "turns", rank: 1}, {head: "tokens lost", rank: 2}}}
	for _, k := range causesRanked(x) {
		if b := x.Sums[k]; b.Breaks > 0 {
			s.add(sheetRow{cells: []string{causeText(k), penalty(b), count(b.Breaks), short(b.Lost)}, bar: []barPart{{v: int64(b.Penalty), r: roleWaste}}})
		}
	}
	s.write(p, true)
	p.note(2, "penalty: what these tokens cost above the price of a cache read. The dearest:")
	t := sheet{cols: []sheetCol{{head: "turn", r: roleName}, {head: "penalty", r: roleWaste}, {head: "tokens lost", rank: 2}, {head: "after", rank: 3}, {head: "because of", rank: 1, left: true}}}
	for _, b := range x.Top[:min(len(x.Top), 8)] {
		to, gap := p.runDoor(b.Run), unknown
		if b.Gap >= 0 {
			gap = elapsed(int64(b.Gap))
		}
		t.add(sheetRow{to: &to, cells: []string{p.runAgent(b.Run, b.Agent) + " · turn " + itoa(int(b.Turn)), moneyOr(b.Penalty), short(b.Lost), gap, causeText(b.Cause)}})
	}
	t.write(p, true)
}

// causesRanked is the causes, dearest first; what nothing tells of stands last.
func causesRanked(x *analyze.Breaks) (list []analyze.BreakCause) {
	for k := range x.Sums {
		list = append(list, analyze.BreakCause(k))
	}
	slices.SortStableFunc(list, func(a, b analyze.BreakCause) int {
		return cmp.Or(b2i(a == analyze.BreakUnknown)-b2i(b == analyze.BreakUnknown), cmp.Compare(x.Sums[b].Penalty, x.Sums[a].Penalty))
	})
	return list
}

func causeText(c analyze.BreakCause) string {
	if c == analyze.BreakUnknown {
		return "n/a: nothing tells"
	}
	return c.String()
}

// drifts is how each agent's first prompt changed over weeks and versions.
func (p *insightPen) drifts(list []analyze.Drift) {
	p.end()
	p.rule("first prompts over time: the standing context of each agent")
	s := sheet{cols: []sheetCol{{head: "agent", r: roleName}, {head: "by", rank: 2, left: true, r: roleDim}, {head: "median", left: true, r: roleBar}, {head: "tokens", rank: 1}, {head: "drift", r: roleWarn}, {head: "costs more", rank: 4, r: roleSpend},
		{head: "prompts", rank: 5}, {head: "trend", rank: 3, left: true, r: roleDim}}}
	for i := range list {
		d := &list[i]
		for _, x := range []struct {
			by string
			of *analyze.DriftSeries
		}{{"week", &d.Weeks}, {"version", &d.Versions}} {
			if len(x.of.Periods) < 2 || len(s.rows) >= mostRows {
				continue
			}
			spark, ends := sparkline(x.of.Periods)
			s.add(sheetRow{to: p.agentDoor(d.Workflow, d.Agent), cells: []string{p.agentName(d.Workflow, d.Agent), x.by, spark, ends, times(float64(x.of.Drift)), moneyOr(x.of.Cost), orNone(x.of.Prompts), string(x.of.Verdict)}})
		}
	}
	if len(s.rows) == 0 {
		p.note(2, "n/a: that takes calls of two weeks, or of two versions of a workflow")
		return
	}
	s.write(p, true)
	p.note(2, "each column a week (or version), its height from 0; · fewer than 5 runs, left out. drift: the last median over the first. costs more: the extra tokens of the last period's prompts.")
}

// sparkPeriods is how many periods a line of columns shows: the last ones.
const sparkPeriods = 16

// sparkline draws the medians, and says the first and the last of those that count.
func sparkline(list []analyze.DriftPeriod) (spark, ends string) {
	most, first, last := 0.0, math.NaN(), math.NaN()
	for _, x := range list {
		if x.Hollow {
			continue
		}
		if most = max(most, x.Median); first != first {
			first = x.Median
		}
		last = x.Median
	}
	for _, x := range list[max(0, len(list)-sparkPeriods):] {
		if x.Hollow {
			spark += none
			continue
		}
		spark += lowerBlocks[height(int64(math.Round(x.Median)), int64(math.Round(most)), 8)]
	}
	if first != first {
		return spark, unknown
	}
	return spark, tokensText(first) + " to " + tokensText(last)
}

// charted is the thread that the chart shows: the one whose growth cost most, else the one with the largest prompt; why says so.
func charted(c *analyze.ContextReport) (l *analyze.PromptLine, why string) {
	if len(c.Top) > 0 {
		return &c.Top[0].Line, "its growth cost most"
	}
	return &c.Peak, "the largest prompt"
}

// promptThread is the thread of the chart, and when its prompt doubled: a line that opens its run at that turn. spark: with its turns in a line.
func (p *insightPen) promptThread(c *analyze.ContextReport, spark bool) {
	l, why := charted(c)
	if len(l.Turns) == 0 {
		return
	}
	text := p.runAgent(l.Run, l.Agent) + ": " + short(l.Turns[0].Prompt) + " to " + short(l.Peak) + " tokens in " + itoa(len(l.Turns)) + plural(len(l.Turns), " turn", " turns")
	p.row(p.runDoor(l.Run), false)
	p.l.doors[len(p.l.doors)-1].call = l.Doubled.ID
	p.put(roleName, roomFor(text, ", "+why, p.max-p.col))
	if room := p.max - p.col - 3; spark && room >= 8 {
		p.put(roleDim, " ").put(roleBar, promptSpark(l, min(room, 40)))
	}
	p.end()
	d := &l.Doubled
	p.say(roleWarn, 4, doubledText(d, len(l.Turns), partName(d, p.data.deep.Names().Name(d.Tool))))
}

// promptsByTurn is a thread against the others: how large prompts are by their turn, and how much of them is cached.
func (p *insightPen) promptsByTurn(c *analyze.ContextReport, h int) {
	p.end()
	p.rule("prompt tokens by turn")
	p.promptThread(c, false)
	l, _ := charted(c)
	band, waits := p.l.band(c)
	chart := promptChart{line: l, band: band, w: min(p.max-4, 240), h: max(6, min(18, h/3))}
	g := chart.grid()
	if g == nil || len(l.Turns) < 2 {
		p.note(2, "no chart: the thread has a single turn, or there is no room")
		return
	}
	g.write(p.pen)
	p.note(2, chart.legend()+when(waits, " · adding up the runs around it …"))
}

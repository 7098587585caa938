package tui

import (
	"cmp"
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"
)

// newRetries is lens 2: what failures cost.
func newRetries() lens { return &insight{draw: drawRetries} }

func drawRetries(p *insightPen, h int) {
	d := p.data.deep
	r := &d.Retries
	p.put(roleText, " · what do failures cost?")
	switch {
	case r.Overflow() || d.Tries.Overflow || d.Waste.Overflow:
		p.put(roleFail, " · a sum is too large to show").end()
		return
	case r.Attempts == 0:
		p.end()
		p.note(2, "no calls here")
		return
	}
	p.end()
	p.triesNote()
	if p.noTries() {
		p.triesOpen()
		return
	}
	p.retryHeadline(r)
	if p.zoom && len(d.Chains) > 0 && d.Chains[0].Wasted > 0 {
		p.worst(&d.Chains[0])
	}
	if r.Chains > 0 {
		p.retryKinds(r)
		p.successByAttempt(&d.Tries)
	}
	if !p.zoom {
		p.worstChains(d.Chains, h)
		return
	}
	p.sureness(r)
	p.noRetries(r)
	p.wasteClasses(&d.Waste, &d.Loops)
	p.attemptTable(&d.Tries)
	p.ladders(d.Chains)
	p.end()
	p.note(2, "A chain is one operation and all attempts at it; it counts where its first attempt is, as a whole, with the calls inside its attempts; its line opens all calls of its run. Retry cost is that of all attempts but the first that was billed; wasted is that of all attempts but the accepted one.")
}

// lowerBound marks amounts to which calls of unknown cost are missing.
func (p *insightPen) lowerBound() string {
	return bound(&p.data.table.Total)
}

// retryHeadline is amplification, waste and rescues.
func (p *insightPen) retryHeadline(r *analyze.RetryTotals) {
	if r.Chains == 0 && r.Repeats == 0 {
		p.say(roleGood, 2, "✓ nothing was tried again, as far as the trace tells: "+count(r.Attempts)+plural(int(r.Attempts), " call", " calls"))
		return
	}
	text := p.triesBound() + count(r.Repeats) + " retries of " + count(r.Chains) + " of " + count(r.Operations()) + " operations: " + times(r.CallAmplification()) + " the calls"
	if r.Cost > 0 {
		text += ", " + times(r.CostAmplification()) + " the cost"
	}
	if r.Lost > 0 {
		text += " · " + count(r.Lost) + " more are only mentioned: no cost known"
	}
	p.say(roleText, 2, text)
	switch {
	case r.Cost == 0:
		p.note(2, "cost n/a: no call here has a known cost")
	case r.Wasted == 0:
		p.say(roleText, 2, "nothing wasted, as far as costs are known: no attempt that was not accepted has one")
	default:
		p.say(roleWaste, 2, "wasted "+cmp.Or(p.triesBound(), p.lowerBound())+money(r.Wasted)+", "+p.triesBound()+percentOf(r.WasteShare())+" of "+p.lowerBound()+money(r.Cost)+": attempts that were not accepted")
	}
	p.rescues(r)
}

// rescues is what became of the operations that were retried.
func (p *insightPen) rescues(r *analyze.RetryTotals) {
	o := &p.data.deep.Success
	switch {
	case r.Chains == 0:
		return
	case o.Success+o.Failure == 0:
		p.note(2, "accepted in the end: "+count(r.Accepted)+" of "+count(r.Chains)+" · rescue rate n/a: "+cmp.Or(when(p.noEnds(), "outcomes are "+p.notIn()), "no run says whether it succeeded"))
		return
	}
	text := "rescued " + percentOf(r.RescueRate()) + ": " + count(r.Rescued) + " of " + count(r.Chains) + " accepted in a successful run"
	if per := r.PerRescue(); per.Known && r.RetryCost > 0 {
		text += ", for " + p.lowerBound() + money(per.USD) + " each"
	}
	p.say(roleText, 2, text)
}

// kindTexts are the kinds of retries in words.
var kindTexts = [...]struct{ name, means string }{
	tracefmt.RetryNone:     {"kind not stated", "the trace links them without saying how they differ"},
	tracefmt.RetryPlain:    {"plain retry", "the same request again"},
	tracefmt.RetryPrompt:   {"prompt adjustment", "the same question, asked in another way"},
	tracefmt.RetryFallback: {"fallback model", "another model was asked"},
	tracefmt.RetryTool:     {"tool again", "a tool was called again"},
}

// retryKinds divides the retry cost by kind; what has no kind stands last, so that the lines add up.
func (p *insightPen) retryKinds(r *analyze.RetryTotals) {
	s := sheet{cols: []sheetCol{{head: "kind", r: roleName}, {head: "attempts", rank: 1}, {head: "retry cost", r: roleSpend}, {head: "share", rank: 2}, {head: "what it is", rank: 3, flex: true, r: roleDim}}}
	var links int64
	for _, c := range r.Confidences {
		links += c.Count
	}
	rest := analyze.RetrySum{Count: links, Cost: r.RetryCost}
	line := func(k tracefmt.RetryKind, x analyze.RetrySum) {
		if x.Count == 0 && x.Cost == 0 {
			return
		}
		usd, share := p.lowerBound()+money(x.Cost), percent(int64(x.Cost), int64(r.RetryCost))
		if r.Cost == 0 {
			usd = unknown
		} else if x.Cost == 0 {
			usd, share = none, none // nothing to pay is known
		}
		means := kindTexts[k].means
		if k == tracefmt.RetryTool && r.ArgsChanged > 0 {
			means += ", " + count(r.ArgsChanged) + plural(int(r.ArgsChanged), " time", " times") + " with other arguments"
		}
		s.most = max(s.most, int64(x.Cost))
		s.add(sheetRow{to: p.retryDoor(k, x.Cost), cells: []string{kindTexts[k].name, count(x.Count), usd, share, means}, bar: []barPart{{v: int64(x.Cost), r: roleRetry}}})
	}
	for k, x := range r.Kinds {
		line(tracefmt.RetryKind(k+1), x)
		rest.Count, rest.Cost = rest.Count-x.Count, rest.Cost-x.Cost
	}
	line(tracefmt.RetryNone, rest)
	p.section()
	s.write(p, true)
}

// successByAttempt is a line: how often the first, second, third attempt is accepted.
func (p *insightPen) successByAttempt(t *analyze.AttemptReport) {
	if p.zoom || len(t.Rows) < 2 {
		return
	}
	var parts []string
	for _, x := range t.Rows[:min(len(t.Rows), 4)] {
		parts = append(parts, attemptName(t, x.Number)+": "+percentOf(x.AcceptRate)+" of "+count(x.Operations))
	}
	p.note(2, fitParts("accepted at attempt "+strings.Join(parts, " · "), p.max-3))
}

// attemptName is an attempt number; the last one may stand for all from there on.
func attemptName(t *analyze.AttemptReport, n int) string {
	if n == t.Most() {
		return itoa(n) + "+"
	}
	return itoa(n)
}

// worstChains are the chains in the pane: a line each, as many as there is room for.
func (p *insightPen) worstChains(list []analyze.TopChain, h int) {
	if len(list) == 0 {
		return
	}
	p.section()
	s := sheet{cols: []sheetCol{{head: "run and agent", r: roleName}, {head: "wasted", r: roleWaste}, {head: "its attempts", rank: 1, flex: true}}}
	for i := range list[:min(len(list), max(3, h-len(p.list)-len(p.sections)-1))] {
		c := &list[i]
		to := p.runDoor(c.Run)
		s.add(sheetRow{to: &to, call: firstTry(c), cells: []string{shown(c.Run) + " " + p.chainAgent(c), amountOf(c.Wasted, c.WastedUnknown), p.steps(c)}})
	}
	s.write(p, true)
}

// runDoor leads to the calls of a run.
func (p *insightPen) runDoor(run string) scope {
	return p.into([]string{run}, analyze.Dimension{Dim: analyze.DimRun})
}

func (p *insightPen) name(s tracefmt.Sym) string { return shown(p.data.deep.Names().Name(s)) }

func (p *insightPen) chainAgent(c *analyze.TopChain) string {
	n := p.data.deep.Names()
	return p.agentName(n.Name(c.Workflow), n.Name(c.Agent))
}

// amountOf is a sum to which missing calls of unknown cost belong.
func amountOf(usd tracefmt.USD, missing int64) string {
	switch {
	case missing > 0 && usd == 0:
		return unknown
	case missing == 0 && usd == 0:
		return none // nothing to pay is known
	}
	return least(missing > 0) + money(usd)
}

// steps is a ladder in one line.
func (p *insightPen) steps(c *analyze.TopChain) string {
	var parts []string
	for i := range c.Attempts[:min(len(c.Attempts), 4)] {
		a := &c.Attempts[i]
		parts = append(parts, attemptSign(a)+" "+amountOf(a.Cost, a.Unknown)+" "+p.cause(a))
	}
	if more := c.Tries - len(parts); more > 0 {
		parts = append(parts, "and "+itoa(more)+" more")
	}
	return strings.Join(parts, " → ")
}

func attemptSign(a *analyze.ChainAttempt) string {
	switch {
	case a.Accepted:
		return "✓"
	case a.Failed:
		return "✗"
	}
	return "↻" // replaced without having failed
}

// cause is why an attempt was not the last.
func (p *insightPen) cause(a *analyze.ChainAttempt) string {
	return attemptCause(a, p.data.deep.Names().Name(a.Error))
}

// attemptCause is why an attempt was not the last; err is what the trace says of it.
func attemptCause(a *analyze.ChainAttempt, err string) string {
	switch {
	case a.Error != 0:
		return shown(err)
	case a.Unusable:
		return "unusable output"
	case a.Failed:
		return "failed"
	case a.Accepted:
		return "accepted"
	}
	return "replaced"
}

// In the full screen.

// sureness says how the links between attempts are known.
func (p *insightPen) sureness(r *analyze.RetryTotals) {
	var parts []string
	for k, x := range r.Confidences {
		if x.Count == 0 {
			continue
		}
		text := sureText(tracefmt.Confidence(k+1)) + " " + count(x.Count)
		if x.Cost > 0 {
			text += " (" + p.lowerBound() + money(x.Cost) + ")"
		}
		parts = append(parts, text)
	}
	if len(parts) > 0 {
		p.note(2, "how sure it is that these are retries: "+strings.Join(parts, " · "))
	}
}

// sureText is how sure a link is.
func sureText(c tracefmt.Confidence) string {
	if c == tracefmt.ConfidenceExplicit {
		return "stated"
	}
	return c.String()
}

// noRetries are calls that look like retries: they are in none of the numbers above.
func (p *insightPen) noRetries(r *analyze.RetryTotals) {
	for _, x := range []struct {
		sum  analyze.RetrySum
		text string
	}{
		{r.Hedges(), "hedges that lost: sent twice at once, no retry"},
		{r.Resamples(), "further samples of one request: no retry"},
		{r.Regenerates(), "asked again by a person: no retry"},
	} {
		if x.sum.Count > 0 {
			p.note(2, count(x.sum.Count)+" "+x.text+" · "+p.known(x.sum.Cost))
		}
	}
}

// wasteClasses divides the scope's cost by what it was wasted on; the parts add up to it.
func (p *insightPen) wasteClasses(w *analyze.WasteReport, l *analyze.LoopTotals) {
	useful := "not wasted"
	if p.a.lacks().tries {
		useful = "not known to be wasted"
	}
	parts := []share{
		{useful, w.Useful.Cost, roleBar, "█", "", p.wasteDoor("none")}, {"superseded attempts", w.Superseded.Cost, roleRetry, "▓", "", p.wasteDoor("superseded")},
		{"loops", w.Loop.Cost, roleWaste, "≡", "", p.wasteDoor("loop")}, {"redundant reads", w.Redundant.Cost, roleWarn, "=", "", p.wasteDoor("redundant")},
	}
	total := tracefmt.USD(0)
	for _, x := range parts {
		total += x.usd
	}
	if total == 0 {
		return
	}
	p.end()
	p.rule("where the money went")
	p.stack(parts, total)
	if l.Loops > 0 && !l.Overflow() {
		p.note(2, count(l.Loops)+plural(int(l.Loops), " loop", " loops")+" in "+count(l.Runs)+plural(int(l.Runs), " run", " runs")+": the same again and again")
	}
}

// attemptTable is success by attempt, and what a limit on attempts would have done.
func (p *insightPen) attemptTable(t *analyze.AttemptReport) {
	p.end()
	p.rule("success by attempt, and what a limit on attempts would have done")
	if len(t.Rows) < 2 {
		p.note(2, "n/a: no operation has a second attempt here")
		return
	}
	s := sheet{most: 1e6, cols: []sheetCol{{head: "attempt", r: roleName}, {head: "operations", rank: 1}, {head: "accepted"}, {head: "runs succeeded", rank: 5}, {head: "cost", rank: 2, r: roleSpend},
		{head: "limit saves", rank: 3, r: roleGood}, {head: "and loses", rank: 4, r: roleFail}}}
	for i, x := range t.Rows {
		saves, loses := none, none
		if i < len(t.Caps) {
			saves, loses = p.capTexts(&t.Caps[i])
		}
		rate := int64(0)
		if x.Operations > 0 {
			rate = int64(float64(x.Accepted) / float64(x.Operations) * 1e6)
		}
		s.add(sheetRow{to: p.attemptDoor(t, x.Number), bar: []barPart{{rate, roleGood, "█"}, {1e6 - rate, roleFail, "░"}}, cells: []string{attemptName(t, x.Number), count(x.Operations), percentOf(x.AcceptRate), percentOf(x.RunSuccess),
			p.known(x.Cost), saves, loses}})
	}
	s.write(p, true)
	p.note(2, "operations: that came to this attempt, of which accepted: █. limit saves: what all later attempts cost; loses: successful runs with an operation accepted only later, "+
		"taken to need every operation. +n?: the same in runs of unknown outcome."+p.nestedCalls(t))
}

// nestedCalls says why there are fewer operations here than in the heading: calls inside an attempt are part of it.
func (p *insightPen) nestedCalls(t *analyze.AttemptReport) string {
	inside := p.data.deep.Retries.Operations() - t.Rows[0].Operations
	if inside <= 0 {
		return ""
	}
	return " Not among them: " + count(inside) + plural(int(inside), " operation", " operations") + " inside others' attempts."
}

// known is an amount; unknown where no cost in the scope is known.
func (p *insightPen) known(usd tracefmt.USD) string {
	if p.data.deep.Retries.Cost == 0 && p.lowerBound() != "" {
		return unknown
	}
	return p.lowerBound() + money(usd)
}

func (p *insightPen) capTexts(c *analyze.RetryCap) (saves, loses string) {
	saves, loses = p.known(c.Saved), count(c.Lost)+plural(int(c.Lost), " success", " successes")
	if p.noEnds() {
		return saves, unknown
	}
	if c.LostUnknown > 0 {
		loses += " +" + count(c.LostUnknown) + "?"
	}
	return saves, loses
}

// How many attempts a ladder shows: of the chain under the cursor all that are kept.
const shortLadder = 5

// ladders are the chains that wasted most, with their attempts.
func (p *insightPen) ladders(list []analyze.TopChain) {
	p.end()
	p.rule("the chains that wasted most")
	if len(list) == 0 {
		p.note(2, "none: no operation was tried again")
		return
	}
	s := sheet{cols: []sheetCol{{head: "run, and its attempts", r: roleText}, {head: "cost", r: roleSpend}, {head: "wasted", rank: 2, r: roleWaste}, {head: "what became of it", rank: 1, left: true},
		{head: "kind", rank: 3, left: true, r: roleRetry}, {head: "sure", rank: 4, left: true, r: roleDim}}}
	for i := range list {
		c := &list[i]
		to := p.runDoor(c.Run)
		s.add(sheetRow{to: &to, call: firstTry(c), r: roleName, cells: []string{shown(c.Run) + " · " + p.chainAgent(c), amountOf(c.Total, c.Unknown), amountOf(c.Wasted, c.WastedUnknown), chainEnd(c), "", ""}})
		p.ladder(&s, c, len(p.l.doors)+i == p.l.cur)
	}
	s.write(p, true)
}

// worst is the chain that wasted most, in a line that opens its run.
func (p *insightPen) worst(c *analyze.TopChain) {
	p.row(p.runDoor(c.Run), false)
	p.l.doors[len(p.l.doors)-1].call = firstTry(c)
	p.put(roleText, "the worst chain wasted ").put(roleWaste, amountOf(c.Wasted, c.WastedUnknown))
	p.line(roleText, fitParts(" · "+shown(c.Run)+" · "+p.chainAgent(c)+" · "+chainEnd(c), p.max-p.col))
}

// firstTry is the id of a chain's first attempt.
func firstTry(c *analyze.TopChain) string {
	if len(c.Attempts) == 0 {
		return ""
	}
	return c.Attempts[0].Call
}

func chainEnd(c *analyze.TopChain) string {
	text := "✗ given up after " + itoa(c.Tries)
	if c.Accepted {
		text = "✓ accepted after " + itoa(c.Tries)
	}
	if c.Lost > 0 {
		text += ", " + itoa(int(c.Lost)) + " not in the trace"
	}
	return text + " · " + outcomeText(c.Outcome)
}

func outcomeText(o tracefmt.Outcome) string {
	switch o {
	case tracefmt.OutcomeSuccess:
		return "run succeeded"
	case tracefmt.OutcomeFailure:
		return "run failed"
	case tracefmt.OutcomeInFlight:
		return "run in flight"
	}
	return "outcome n/a"
}

// ladder adds the attempts of a chain: all, or the first ones and the last.
func (p *insightPen) ladder(s *sheet, c *analyze.TopChain, all bool) {
	last := len(c.Attempts) - 1
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if !all && i >= shortLadder-1 && i < last {
			continue
		}
		if i > 0 && i == last {
			shownSoFar := last
			if !all {
				shownSoFar = min(last, shortLadder-1)
			}
			if skipped := c.Tries - 1 - shownSoFar; skipped > 0 {
				s.add(sheetRow{r: roleDim, cells: []string{"  ┆ " + itoa(skipped) + " more", "", "", "", "", ""}})
			}
		}
		s.add(p.rung(a, i == last))
	}
}

func (p *insightPen) rung(a *analyze.ChainAttempt, last bool) sheetRow {
	branch := "  ├ "
	if last {
		branch = "  └ "
	}
	wasted, r, kind, sure := amountOf(a.Cost, a.Unknown), roleFail, "", ""
	if a.Accepted {
		wasted, r = none, roleGood
	} else if !a.Failed {
		r = roleRetry
	}
	if a.Link.Confidence > 0 {
		kind, sure = kindTexts[a.Link.Kind].name, sureText(a.Link.Confidence)
	}
	if a.Link.ArgsChanged {
		kind += ", other arguments"
	}
	what := cmp.Or(p.data.deep.Names().Name(a.What), a.Kind.String())
	return sheetRow{r: r, cells: []string{branch + itoa(a.Number) + " " + attemptSign(a) + " " + shown(what), amountOf(a.Cost, a.Unknown), wasted, p.cause(a), kind, sure}}
}

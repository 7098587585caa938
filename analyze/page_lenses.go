package analyze

import (
	"fmt"

	"costscope/tracefmt"
)

// This file is what lenses 2 to 6 of the explorer show in pictures, as tables in words: for pipes, screen readers and documents.

// How much of a list is printed; JSON has all.
const (
	maxChains    = 5
	maxAttempts  = 5 // of a chain: the first ones and the last
	maxTreeNodes = 30
)

// least is a sum to which calls of unknown cost may be missing.
func least(usd tracefmt.USD, missing int64) string {
	if missing > 0 && usd == 0 {
		return Unknown
	}
	return LowerBound(Money(usd), missing > 0)
}

// chainGrid is the chains that wasted most, with their attempts below them.
func (r *Report) chainGrid() grid {
	g := grid{title: "the chains that wasted most, attempt by attempt", head: []string{"run, and its attempts", "what became of it", "kind", "cost", "wasted"}, text: 3}
	list := r.deep.Chains
	for i := range list {
		if i == maxChains {
			g.more = fmt.Sprintf("and %s; --json has all that are kept", plural(int64(len(list)-i), "more chain"))
			break
		}
		c := &list[i]
		g.line(0, Clean(c.Run)+": "+pathText([]string{r.deep.names.Name(c.Workflow), r.deep.names.Name(c.Agent)}), c.end(), "", least(c.Total, c.Unknown), least(c.Wasted, c.WastedUnknown))
		for n := range c.Attempts {
			switch last := len(c.Attempts) - 1; {
			case n < maxAttempts-1 || n == last:
				r.attemptLine(&g, &c.Attempts[n])
			case n == maxAttempts-1:
				g.line(1, fmt.Sprintf("%d more attempts", c.Tries-maxAttempts), "", "", "", "")
			}
		}
	}
	return g
}

// line appends a row at a depth.
func (g *grid) line(depth int, cells ...string) {
	g.depth = append(g.depth, depth)
	g.rows = append(g.rows, cells)
}

func (r *Report) attemptLine(g *grid, a *ChainAttempt) {
	wasted, kind := least(a.Cost, a.Unknown), ""
	if a.Accepted {
		wasted = ""
	}
	if a.Link.Confidence > 0 {
		kind = Spaced(a.Link.Kind.String()) + ", " + sureness(a.Link.Confidence)
	}
	g.line(1, fmt.Sprintf("attempt %d: %s", a.Number, Clean(a.what(r.deep.names))), Clean(a.end(r.deep.names)), kind, least(a.Cost, a.Unknown), wasted)
}

// sureness is how a link between attempts is known.
func sureness(c tracefmt.Confidence) string {
	if c == tracefmt.ConfidenceExplicit {
		return "stated"
	}
	return c.String()
}

// end says what became of a chain.
func (c *TopChain) end() string {
	text := fmt.Sprintf("given up after %d", c.Tries)
	if c.Accepted {
		text = fmt.Sprintf("accepted after %d", c.Tries)
	}
	if c.Lost > 0 {
		text += fmt.Sprintf(" and %d not in the trace", c.Lost)
	}
	return text + ", run: " + Spaced(c.Outcome.String())
}

// what is what an attempt called.
func (a *ChainAttempt) what(names *tracefmt.Names) string {
	if name := names.Name(a.What); name != "" {
		return name
	}
	return a.Kind.String()
}

// end says what became of an attempt.
func (a *ChainAttempt) end(names *tracefmt.Names) string {
	switch {
	case a.Accepted:
		return "accepted"
	case a.Error != 0:
		return "failed: " + names.Name(a.Error)
	case a.Unusable:
		return "unusable output"
	case a.Failed:
		return "failed"
	}
	return "replaced"
}

// evenly picks at most k of n places, with both ends.
func evenly(n, k int) (list []int) {
	for i := range min(n, k) {
		list = append(list, i*(n-1)/max(1, min(n, k)-1))
	}
	return list
}

// turnGrid is how large prompts are by the number of their turn.
func (r *Report) turnGrid() grid {
	g := grid{title: "prompt tokens by turn", head: []string{"turn", "prompts", "median", "p95", "cached", "resets"}}
	c := &r.deep.Context
	if c.Overflow() || len(c.ByTurn) < 2 {
		return g
	}
	for _, at := range evenly(len(c.ByTurn), maxSectionRows) {
		t := &c.ByTurn[at]
		name, median, p95 := fmt.Sprint(t.From), Unknown, Unknown
		if t.To > t.From {
			name += fmt.Sprintf(" to %d", t.To)
		}
		if t.Turns > 0 {
			median, p95 = Tokens(t.Median), Tokens(t.P95)
		}
		g.rows = append(g.rows, []string{name, Count(t.Turns), median, p95, Percent(t.Cached), Count(t.Resets)})
	}
	if n := len(c.ByTurn); n > maxSectionRows {
		g.more = fmt.Sprintf("%d of %d rows; --json has all", maxSectionRows, n)
	}
	return g
}

// roleGrid divides the cost among the roles; the rows add up to the total.
func (r *Report) roleGrid() grid {
	f := &r.deep.Factors
	g := grid{title: "by role", head: []string{"", "cost", "share", "calls", "role by name only"}}
	if f.Overflow || f.Total == 0 {
		return g
	}
	rest, calls, executor := f.Total, f.Calls, tracefmt.USD(0)
	for _, x := range f.Roles {
		rest, calls = rest-x.Cost, calls-x.Calls
		if x.Role == RoleExecutor {
			executor = x.Cost
		}
		g.rows = append(g.rows, []string{x.Role.String(), Money(x.Cost), Percent(ratio(int64(x.Cost), int64(f.Total))), Count(x.Calls), Count(x.Inferred)})
	}
	if rest != 0 || calls != 0 {
		g.rows = append(g.rows, []string{"people, error handling", Money(rest), Percent(ratio(int64(rest), int64(f.Total))), Count(calls), ""})
	}
	if executor > 0 {
		if per := usdOf(float64(f.Total-executor) / float64(executor) * 1e12); per.Known {
			g.more = "beside each executor dollar: " + Money(per.USD)
		}
	}
	return g
}

// agentGrid is what each agent spent.
func (r *Report) agentGrid() grid {
	a := &r.deep.Agents
	g := grid{title: "agents", head: []string{"agent", "role", "cost", "share", "calls", "tools", "retry", "mean prompt", "largest", "runs"}, text: 2}
	if a.Overflow || len(a.Agents) < 2 {
		return g
	}
	for i := range a.Agents {
		x := &a.Agents[i]
		share, largest := Percent(ratio(int64(x.Cost), int64(a.Total))), Unknown
		if x.Unknown > 0 && x.Unknown == x.Calls {
			share = Unknown
		}
		retry := Percent(ratio(x.Retries, x.Calls))
		if x.Retries == 0 && r.lacks.NoTries(&r.total.Summary) {
			retry = Unknown
		}
		if x.MaxPrompt > 0 {
			largest = Tokens(x.MaxPrompt)
		}
		g.row(len(a.Agents), pathText([]string{x.Workflow, x.Agent}), x.roleText(), least(x.Cost, x.Unknown), share, Count(x.Calls), Count(x.Tools),
			retry, number3(x.MeanPrompt), largest, Count(x.Runs))
	}
	return g
}

// roleText is what an agent is for.
func (a *AgentRow) roleText() string {
	switch {
	case 2*a.People > a.Calls:
		return "people"
	case 2*a.Recovery > a.Calls:
		return "error handling"
	case a.Inferred:
		return a.Role.String() + ", by name"
	}
	return a.Role.String()
}

// treeGrid is who works for whom: what agents spent themselves adds up to the total.
func (r *Report) treeGrid() grid {
	a := &r.deep.Agents
	g := grid{title: "who works for whom", head: []string{"agent, and those that work for it", "with those below", "own", "own calls"}}
	if a.Overflow || !a.Nested {
		return g
	}
	for i := range a.Tree {
		if i == maxTreeNodes {
			g.more = fmt.Sprintf("and %s; --json has all", plural(int64(len(a.Tree)-i), "more agent"))
			break
		}
		n := &a.Tree[i]
		name := []string{n.Workflow, n.Agent}
		g.line(n.Depth, pathText(name[min(n.Depth, 1):]), least(n.All.Cost, n.All.Unknown), least(n.Own.Cost, n.Own.Unknown), Count(n.Own.Calls))
	}
	return g
}

// capGrid is the curve of budgets for a run: what is kept against what is spent.
func (r *Report) capGrid() grid {
	c := &r.deep.Caps
	g := grid{title: "a budget for each run: successes kept against money spent", head: []string{"budget for a run", "successes kept", "of successes", "spent", "of spend"}}
	if c.Overflow || c.Success == 0 || len(c.Points) < 2 {
		return g
	}
	for _, at := range evenly(len(c.Points), maxSectionRows) {
		x := &c.Points[at]
		g.rows = append(g.rows, []string{Money(x.Cap), Count(x.Kept), Percent(ratio(x.Kept, c.Success)), Money(x.Spend), Percent(ratio(int64(x.Spend), int64(c.Spend)))})
	}
	g.more = "a run over its budget counts as failed at that cost; n = " + plural(c.Runs, "run") + " of known outcome"
	return g
}

// hourGrid is the money by hour of the day and calls at once.
func (r *Report) hourGrid() grid {
	l := &r.deep.Load
	g := grid{title: "money by hour of the day and calls at once", head: []string{"calls at once"}}
	const hours = 3 // in a column
	for h := 0; h < 24; h += hours {
		g.head = append(g.head, fmt.Sprintf("%d-%dh", h, h+hours))
	}
	if l.Overflow || l.NoEnd == l.Calls {
		return g
	}
	for _, b := range l.ByHour(r.tz) {
		row := []string{fmt.Sprintf("%g to %g", b.Low, b.High)}
		for h := 0; h < 24; h += hours {
			sum := tracefmt.USD(0)
			for _, x := range b.Hours[h : h+hours] {
				sum += x
			}
			row = append(row, Money(sum))
		}
		g.rows = append(g.rows, row)
	}
	return g
}

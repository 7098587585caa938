package tui

import (
	"math"
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"
)

// newAgents is lens 4: who spends, and on what role.
func newAgents() lens { return &insight{draw: drawAgents} }

// roleLooks are how the roles of agents look in a bar.
var roleLooks = [analyze.Roles]struct {
	r    role
	sign string
}{
	analyze.RoleExecutor: {roleBar, "█"}, analyze.RolePlanner: {roleKey, "▓"}, analyze.RoleValidator: {roleRetry, "▒"}, analyze.RoleMonitor: {roleFilter, "░"},
}

func drawAgents(p *insightPen, h int) {
	d := p.data.deep
	p.put(roleText, " · who spends, and on what role?")
	switch {
	case d.Agents.Overflow || d.Factors.Overflow:
		p.put(roleFail, " · a sum is too large to show").end()
		return
	case len(d.Agents.Agents) == 0:
		p.end()
		p.note(2, "no calls here")
		return
	}
	p.end()
	p.agentRoles(&d.Factors)
	p.agentTable(&d.Agents)
	if p.zoom {
		p.note(2, "retry: attempts after the first, of all calls. prompt: input tokens of a model call, mean and largest. ~ the role is taken from the agent's name: it is not stated.")
	}
	if p.zoom || d.Agents.Nested {
		p.end()
		p.delegation(&d.Agents)
	}
}

// agentRoles divides the cost among the roles; what has none stands last. The parts add up to the total.
func (p *insightPen) agentRoles(f *analyze.FactorReport) {
	if f.Total == 0 {
		p.note(2, noCost("call", &p.data.table.Total))
		return
	}
	var parts []share
	rest, executor, guessed := f.Total, tracefmt.USD(0), false
	for _, r := range f.Roles {
		rest -= r.Cost
		if r.Role == analyze.RoleExecutor {
			executor = r.Cost
		}
		s := share{name: r.Role.String(), usd: r.Cost, r: roleLooks[r.Role].r, sign: roleLooks[r.Role].sign,
			to: p.dutyDoor(r.Role.String(), r.Role.String())}
		if r.Inferred > 0 {
			s.more, guessed = " ~", true
		}
		parts = append(parts, s)
	}
	parts = append(parts, share{name: "people, error handling", usd: rest - f.Rest, r: roleDim, sign: "·", to: p.dutyDoor("none", "people, error handling")}, share{name: "of whole runs, not of calls", usd: f.Rest, r: roleDim, sign: "="})
	p.stack(parts, f.Total)
	text := "overhead n/a: no call of an executor has a known cost"
	if executor > 0 {
		text = "overhead: for each $1 of executors, " + overhead(f.Total, executor) + " is spent on all else"
	}
	if guessed && !p.zoom {
		text += " · ~ by name, not stated"
	}
	p.say(roleText, 2, text)
}

// overhead is what is spent beside a dollar for executors.
func overhead(total, executor tracefmt.USD) string {
	x := float64(total-executor) / float64(executor)
	if x >= 1e6 {
		return unknown
	}
	return money(tracefmt.USD(math.Round(x * 1e12)))
}

// agentName is an agent below the scope.
func (p *insightPen) agentName(workflow, agent string) string {
	if p.data.s.used(analyze.Dimension{Dim: analyze.DimWorkflow}) {
		return shown(agent)
	}
	return shown(workflow) + " ▸ " + shown(agent)
}

func (p *insightPen) agentDoor(workflow, agent string) *scope {
	s := p.into([]string{workflow, agent}, analyze.Dimension{Dim: analyze.DimWorkflow}, analyze.Dimension{Dim: analyze.DimAgent})
	return &s
}

func (p *insightPen) agentTable(r *analyze.AgentReport) {
	s := sheet{cols: []sheetCol{
		{head: "agent", r: roleName}, {head: "cost", r: roleSpend}, {head: "share", rank: 1}, {head: "role", rank: 4, left: true, r: roleDim}, {head: "calls", rank: 2}, {head: "tools", rank: 6},
		{head: "retry", rank: 3, r: roleRetry}, {head: "prompt", rank: 5}, {head: "largest", rank: 7}, {head: "runs", rank: 8, r: roleDim},
	}}
	for _, a := range r.Agents {
		s.most = max(s.most, int64(a.Cost))
		look, role := agentRole(&a)
		retry := ratio(a.Retries, a.Calls, "")
		if a.Retries == 0 && p.a.lacks().tries {
			retry = unknown
		}
		s.add(sheetRow{to: p.agentDoor(a.Workflow, a.Agent), bar: []barPart{{v: int64(a.Cost), r: look}}, cells: []string{
			p.agentName(a.Workflow, a.Agent), agentCost(a.Cost, a.Unknown, a.Calls), agentShare(&a, r.Total), role, count(a.Calls), orNone(a.Tools), retry,
			tokensText(a.MeanPrompt), largest(a.MaxPrompt), count(a.Runs)}})
	}
	s.write(p, true)
}

// agentRole is what an agent is for, in words, and how that looks.
func agentRole(a *analyze.AgentRow) (role, string) {
	switch {
	case 2*a.People > a.Calls:
		return roleDim, "people"
	case 2*a.Recovery > a.Calls:
		return roleDim, "error handling"
	case a.Inferred:
		return roleLooks[a.Role].r, a.Role.String() + " ~"
	}
	return roleLooks[a.Role].r, a.Role.String()
}

// agentCost is a cost of calls, some of which may be of unknown cost.
func agentCost(c tracefmt.USD, missing, calls int64) string {
	if missing > 0 && missing == calls {
		return "?"
	}
	return least(missing > 0) + money(c)
}

func agentShare(a *analyze.AgentRow, total tracefmt.USD) string {
	if a.Unknown > 0 && a.Unknown == a.Calls {
		return "?"
	}
	return percent(int64(a.Cost), int64(total))
}

func orNone(n int64) string {
	if n == 0 {
		return none
	}
	return count(n)
}

func tokensText(x float64) string {
	if math.IsNaN(x) {
		return unknown
	}
	return short(int64(math.Round(x)))
}

func largest(n int64) string {
	if n == 0 {
		return unknown
	}
	return short(n)
}

// nodeShare is the part of all cost that an agent and those below it make up.
func nodeShare(c *analyze.AgentCost, total tracefmt.USD) string {
	if c.Unknown > 0 && c.Unknown == c.Calls {
		return "?"
	}
	return percent(int64(c.Cost), int64(total))
}

// mostNodes bounds the lines of the tree.
const mostNodes = 60

// delegation is the tree of who worked for whom.
func (p *insightPen) delegation(r *analyze.AgentReport) {
	p.rule("who works for whom")
	if !r.Nested {
		p.note(2, "no agent works for another here: no call of one stands below a call of another, or the trace does not say so")
		return
	}
	s := sheet{most: int64(r.Total), cols: []sheetCol{{head: "agent", r: roleName}, {head: "with those below", r: roleSpend}, {head: "share", rank: 3}, {head: "own", rank: 1, r: roleSpend}, {head: "calls", rank: 2}}}
	var all analyze.AgentCost
	for i, n := range r.Tree {
		all.Calls, all.Unknown = all.Calls+n.Own.Calls, all.Unknown+n.Own.Unknown
		if i >= mostNodes {
			continue
		}
		name := p.agentName(n.Workflow, n.Agent)
		if n.Depth > 0 {
			name = strings.Repeat("  ", n.Depth-1) + "└ " + shown(n.Agent)
		}
		own := agentCost(n.Own.Cost, n.Own.Unknown, n.Own.Calls)
		if n.Own == (analyze.AgentCost{}) {
			own = none
		}
		s.add(sheetRow{to: p.agentDoor(n.Workflow, n.Agent), cells: []string{name, agentCost(n.All.Cost, n.All.Unknown, n.All.Calls), nodeShare(&n.All, r.Total), own, orNone(n.Own.Calls)},
			bar: []barPart{{int64(n.Own.Cost), roleBar, "█"}, {int64(n.All.Cost - n.Own.Cost), roleDim, "░"}}})
	}
	s.write(p, true)
	if more := len(r.Tree) - mostNodes; more > 0 {
		p.note(2, "and "+itoa(more)+" more agents below others")
	}
	text := "█ own calls, ░ those of the agents below. Own costs add up to " + agentCost(r.Total, all.Unknown, all.Calls) + "."
	if p.zoom {
		text += " A line opens all calls of the agent, for whomever it worked."
	}
	p.note(2, text)
}

package tui

import (
	"strings"

	"costscope/analyze"
)

// newMultiplier is lens 7: what turned the cheap call into the bill.
func newMultiplier() lens { return &insight{draw: drawMultiplier} }

// factorRoles are the colours of the steps of the waterfall.
var factorRoles = map[analyze.Factor]role{
	analyze.FactorRetries: roleRetry, analyze.FactorTools: roleBar, analyze.FactorContext: roleWarn, analyze.FactorAgents: roleKey,
	analyze.FactorErrors: roleFail, analyze.FactorHuman: roleString,
}

// drawMultiplier draws the waterfall from the base to the bill: every step begins where the one before ends.
func drawMultiplier(p *insightPen, h int) {
	f := &p.data.deep.Factors
	p.put(roleText, " · from one cheap call to the bill")
	switch {
	case f.Overflow:
		p.put(roleFail, " · a sum is too large to show").end()
		return
	case f.Total == 0:
		p.end()
		p.note(2, "no call with a known cost here")
		return
	case f.Overall == f.Overall:
		p.put(roleDim, " · ").put(roleSpend, least(f.Unknown > 0)+money(f.Total)).put(roleText, " is "+times(f.Overall)+" the base")
	}
	p.end()
	name, sum := 19, 11
	bar := p.max - 2 - name - sum - 10 - 12 - 4
	p.gap(2).left(roleHead, "", name).right(roleHead, "fair share", sum).right(roleHead, "multiple", 10).right(roleHead, "without", 12)
	if bar >= 12 {
		p.gap(2).put(roleHead, "from base to bill")
	}
	p.end()
	at := int64(0)
	step := func(to *scope, r role, label, usd, multiple, without string, v int64) {
		p.row(*to, false)
		p.left(roleName, label, name).right(roleSpend, usd, sum).right(roleText, multiple, 10).right(roleDim, without, 12)
		if bar >= 12 {
			from := int(float64(at) / float64(f.Total) * float64(bar))
			n, part := barCells(v, int64(f.Total), bar)
			p.gap(2+from).put(r, strings.Repeat("█", n)+part)
		}
		p.end()
		at += v
	}
	bill := p.data.s.called("bill")
	step(p.baseDoor(f), roleGood, "base", money(f.Base), "", "", int64(f.Base))
	for _, s := range f.Ranked() {
		if s.Share == 0 {
			continue
		}
		step(p.factorDoor(&s), factorRoles[s.Factor], s.Factor.String(), money(s.Share), times(s.Multiple), "-"+money(s.Saving), int64(s.Share))
		if p.zoom {
			for _, part := range s.Parts {
				p.row(*p.partDoor(s.Factor, part), false)
				p.gap(2).left(roleDim, analyze.Spaced(part.Name), name-2).right(roleDim, money(part.USD), sum).end()
			}
		}
	}
	at = 0
	step(&bill, roleSpend, "bill", money(f.Total), times(f.Overall), "", int64(f.Total))
	if !p.zoom {
		return
	}
	p.end()
	if f.Unknown > 0 {
		p.note(2, "≥ "+count(f.Unknown)+plural(int(f.Unknown), " call of unknown cost is", " calls of unknown cost are")+" in no sum.")
	}
	p.note(2, "fair share: each part of a call's cost is divided equally among the multipliers that it needed; base and shares add up to the bill.")
	p.note(2, "multiple: base times all multiples is the bill. without: what would not be spent without this one alone; these overlap. A line opens the calls that needed the multiplier: all of their cost, or with context growth a part of it, would not be spent without.")
	p.end()
	p.rule("by role of the agent")
	for _, r := range f.Roles {
		p.row(*p.dutyDoor(r.Role.String(), r.Role.String()), false)
		p.left(roleName, r.Role.String(), name).right(roleSpend, money(r.Cost), sum).right(roleDim, count(r.Calls)+plural(int(r.Calls), " call", " calls"), 16)
		if r.Inferred > 0 {
			p.put(roleDim, "  "+count(r.Inferred)+" by name, not stated")
		}
		p.end()
	}
}

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
		p.note(2, noCost("call", &p.data.table.Total))
		return
	case f.Overall == f.Overall:
		p.put(roleDim, " · ").put(roleSpend, least(f.Unknown > 0)+money(f.Total)).put(roleText, " is "+times(f.Overall)+" the base")
	}
	p.end()
	p.waterfall(p.billSteps(f), int64(f.Total))
	p.factorNote()
	if !p.zoom {
		return
	}
	p.end()
	if f.Unknown > 0 {
		p.note(2, "≥ "+count(f.Unknown)+plural(int(f.Unknown), " call of unknown cost is", " calls of unknown cost are")+" in no sum.")
	}
	p.note(2, "fair share: each part of a call's cost is divided equally among the multipliers that it needed; base and shares add up to the bill.")
	p.note(2, "multiple: base times all multiples is the bill. without it: what would not be spent without this one alone; these overlap. A line opens the calls that needed the multiplier: all of their cost, or with context growth a part of it, would not be spent without it.")
	p.end()
	p.rule("by role of the agent")
	roles := sheet{cols: []sheetCol{{head: "role", r: roleName}, {head: "cost", r: roleSpend}, {head: "calls", r: roleText}, {flex: true, r: roleDim}}}
	for _, r := range f.Roles {
		roles.add(sheetRow{to: p.dutyDoor(r.Role.String(), r.Role.String()), cells: []string{r.Role.String(), money(r.Cost), count(r.Calls), when(r.Inferred > 0, count(r.Inferred)+" by name, not stated")}})
	}
	roles.write(p, true)
}

// A billStep is one line of the waterfall; without a bar it is a part of the step above.
type billStep struct {
	to                            *scope // what it opens
	r                             role
	label, usd, multiple, without string
	from, v                       int64
}

// billSteps lead from the base to the bill: every step begins where the one before ends.
func (p *insightPen) billSteps(f *analyze.FactorReport) []billStep {
	bill := p.data.s.called("bill")
	list := []billStep{{to: p.baseDoor(f), r: roleGood, label: "base", usd: money(f.Base), v: int64(f.Base)}}
	at := int64(f.Base)
	for _, s := range f.Ranked() {
		if s.Share == 0 {
			continue
		}
		list = append(list, billStep{p.factorDoor(&s), factorRoles[s.Factor], s.Factor.String(), money(s.Share), times(s.Multiple), "-" + money(s.Saving), at, int64(s.Share)})
		at += int64(s.Share)
		if !p.zoom {
			continue
		}
		for _, part := range s.Parts {
			list = append(list, billStep{to: p.partDoor(s.Factor, part), label: "  " + analyze.Spaced(part.Name), usd: money(part.USD)})
		}
	}
	return append(list, billStep{to: &bill, r: roleSpend, label: "bill", usd: least(f.Unknown > 0) + money(f.Total), multiple: times(f.Overall), v: int64(f.Total)})
}

func (p *insightPen) waterfall(list []billStep, total int64) {
	const name, sum, multiple, without = 19, 11, 10, 14
	var usd, saved pointColumn
	for _, s := range list {
		usd.see(s.usd)
		saved.see(s.without)
	}
	usd.fit(sum)
	saved.fit(without - 1)
	bar := p.max - 2 - name - sum - multiple - without - 4
	p.gap(2).left(roleHead, "", name).right(roleHead, "fair share", sum).right(roleHead, "multiple", multiple).right(roleHead, "without it", without)
	if bar >= minBarW {
		p.gap(2).put(roleHead, "from base to bill")
	}
	p.end()
	for _, s := range list {
		look, money := roleName, roleSpend
		if s.v == 0 {
			look, money = roleDim, roleDim
		}
		p.row(*s.to, false)
		p.left(look, s.label, name).right(money, usd.put(s.usd), sum).right(roleText, s.multiple, multiple).right(roleDim, saved.put(s.without), without)
		if bar >= minBarW && s.v > 0 {
			from := int(float64(s.from) / float64(total) * float64(bar))
			n, part := barCells(s.v, total, bar)
			p.gap(2+from).put(s.r, strings.Repeat("█", n)+part)
		}
		p.end()
	}
}

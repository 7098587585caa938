package tui

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"
)

// newOutcomes is lens 6: what a success costs.
func newOutcomes() lens { return &insight{draw: drawOutcomes} }

func drawOutcomes(p *insightPen, h int) {
	d := p.data.deep
	p.put(roleText, " · what does a success cost?")
	if d.Spend.Overflow {
		p.put(roleFail, " · a sum is too large to show").end()
		return
	}
	p.end()
	p.perSuccess(&d.Success)
	p.endsNote()
	p.spendQuality(&d.Spend)
	p.byOutcome(&d.Success, d.Accuracy.FailureRatio)
	p.capSentence(&d.Caps)
	p.values(&d.Value)
	if !p.zoom {
		p.flowTable(flowsOf(d))
		return
	}
	p.capTable(&d.Caps)
	p.pareto(flowsOf(d), h)
	p.quintiles(&d.Accuracy)
	p.end()
	p.note(2, "Failed runs are part of what a success costs; runs in flight are not. Runs of unknown outcome are taken to succeed as often as the others.")
}

// perSuccess is the headline: the cost of a success, how sure that is, and what the unknown outcomes may change.
func (p *insightPen) perSuccess(s *analyze.SuccessCost) {
	finished := s.Success + s.Failure + s.Unknown
	known := count(s.Success) + plural(int(s.Success), " success", " successes") + " in " + count(s.Success+s.Failure) + " runs of known outcome"
	switch {
	case finished == 0:
		p.note(2, "n/a: no run is finished here")
		return
	case p.noEnds():
		p.note(2, unknown+" outcomes are "+p.notIn()+", and none of "+count(finished)+plural(int(finished), " run", " runs")+" states one: what a success costs is not known.")
		p.note(2, recordEnds)
		return
	case s.Success+s.Failure == 0:
		p.note(2, "n/a: none of "+count(finished)+plural(int(finished), " run says", " runs say")+" whether it succeeded; record outcomes, or read them from a file beside the traces")
		return
	case s.Success == 0:
		text := "no success in " + count(s.Failure) + plural(int(s.Failure), " run", " runs") + " of known outcome: n/a"
		if s.AtLeast.Known {
			text = "no success in " + count(s.Failure) + " runs: one costs at least " + money(s.AtLeast.USD) + " (95% sure)"
		}
		p.say(roleFail, 2, text)
		return
	case s.LeadWithBounds() && s.Low.Known && s.High.Known:
		p.say(roleSpend, 2, "a success costs between "+atLeastOf(s, money(s.Low.USD))+" and "+money(s.High.USD)+": too many outcomes are unknown for one number")
	default:
		p.say(roleSpend, 2, "a success costs "+atLeastOf(s, moneyOr(s.PerSuccess))+interval(s))
	}
	p.note(2, known+hedges(s))
}

// atLeastOf marks a lower bound: calls of some runs are of unknown cost.
func atLeastOf(s *analyze.SuccessCost, text string) string {
	return least(s.Incomplete > 0) + text
}

func interval(s *analyze.SuccessCost) string {
	i := s.Interval
	switch {
	case !i.OK:
		return " · no interval: too few runs"
	case math.IsInf(i.High, 0) || i.High >= math.MaxInt64:
		return " · 95% interval from " + money(tracefmt.USD(i.Low)) + ", without an upper end"
	}
	return " · 95% interval " + money(tracefmt.USD(math.Round(i.Low))) + " to " + money(tracefmt.USD(math.Round(i.High)))
}

// hedges is what the number does not know.
func hedges(s *analyze.SuccessCost) (text string) {
	if s.Indicative {
		text += " · fewer than 10: only indicative"
	}
	if s.Unknown > 0 && s.Low.Known && s.High.Known {
		text += " · " + count(s.Unknown) + " of unknown outcome: " + money(s.Low.USD) + " if all of them succeeded, " + money(s.High.USD) + " if none did"
	}
	if s.Incomplete > 0 {
		text += " · ≥ " + count(s.Incomplete) + plural(int(s.Incomplete), " run holds", " runs hold") + " calls of unknown cost"
	}
	if s.Tasks > 0 && s.PerTask.Known {
		text += " · " + money(s.PerTask.USD) + " for each of " + count(s.Solved) + " tasks solved, of " + count(s.Tasks)
	}
	return text
}

// spendLooks are how the classes of spend look in a bar.
var spendLooks = [analyze.SpendClasses]struct {
	r    role
	sign string
}{
	analyze.SpendProductive: {roleGood, "█"}, analyze.SpendSuperseded: {roleRetry, "▓"}, analyze.SpendLoop: {roleWaste, "≡"}, analyze.SpendRedundant: {roleWarn, "="},
	analyze.SpendFailed: {roleFail, "▒"}, analyze.SpendUnknown: {roleDim, "?"}, analyze.SpendInFlight: {roleKey, "░"},
}

// spendQuality is what became of the money; the parts add up to the total.
func (p *insightPen) spendQuality(s *analyze.SpendReport) {
	if s.Total == 0 {
		p.note(2, noCost("call", &p.data.table.Total))
		return
	}
	if p.zoom {
		p.end()
		p.rule("where the money went")
	}
	var parts []share
	for c := range analyze.SpendClasses {
		parts = append(parts, share{name: c.String(), usd: s.Cost[c], r: spendLooks[c].r, sign: spendLooks[c].sign, to: p.spendDoor(c)})
	}
	p.stack(parts, s.Total)
}

// byOutcome lists the runs by how they ended.
func (p *insightPen) byOutcome(o *analyze.SuccessCost, ratio float64) {
	s := sheet{cols: []sheetCol{{head: "ended in", r: roleName}, {head: "runs", rank: 1}, {head: "cost", r: roleSpend}, {head: "per run", rank: 2, r: roleSpend}, {head: "", rank: 3, flex: true, r: roleDim}}}
	unknown := o.Cost - o.SuccessUSD - o.FailureUSD
	for _, x := range []struct {
		sign string
		of   tracefmt.Outcome
		r    role
		n    int64
		usd  tracefmt.USD
	}{
		{"✓ success", tracefmt.OutcomeSuccess, roleGood, o.Success, o.SuccessUSD}, {"✗ failure", tracefmt.OutcomeFailure, roleFail, o.Failure, o.FailureUSD},
		{"? unknown", tracefmt.OutcomeUnknown, roleDim, o.Unknown, unknown}, {"… in flight", tracefmt.OutcomeInFlight, roleKey, o.InFlight, o.InFlightUSD},
	} {
		if x.n == 0 {
			continue
		}
		about := ""
		if x.of == tracefmt.OutcomeFailure && !math.IsNaN(ratio) {
			about = times(ratio) + " a successful run"
		}
		to := p.into([]string{x.of.String()}, analyze.Dimension{Dim: analyze.DimOutcome})
		s.most = max(s.most, int64(x.usd))
		cost, each := money(x.usd), money(x.usd/tracefmt.USD(x.n))
		if costUnknown(&p.data.table.Total) {
			cost, each = "?", "?"
		}
		s.add(sheetRow{to: &to, runs: true, r: x.r, bar: []barPart{{v: int64(x.usd), r: x.r}}, cells: []string{x.sign, count(x.n), cost, each, about}})
	}
	if p.zoom {
		p.end()
		p.rule("runs by how they ended")
	}
	p.section()
	s.write(p, true)
}

// capSentence says what a budget for each run would do.
func (p *insightPen) capSentence(c *analyze.CapCurve) {
	k := c.Keep95
	if c.Overflow || k.Cap == 0 || c.Success < 10 || k.Spend >= c.Spend {
		return
	}
	p.say(roleText, 2, "a budget of "+money(k.Cap)+" a run would have kept "+count(k.Kept)+" of "+count(c.Success)+" successes and spent "+money(k.Spend)+" instead of "+
		money(c.Spend)+", "+percent(int64(c.Spend-k.Spend), int64(c.Spend))+" less")
}

// values is what the money bought, unit by unit.
func (p *insightPen) values(v *analyze.ValueReport) {
	if len(v.Values) == 0 {
		if p.zoom {
			p.end()
			p.rule("value")
			p.note(2, "n/a: no run states what it was worth (hours saved, errors avoided, …)")
		}
		return
	}
	if p.zoom {
		p.end()
		p.rule("value density: what the money bought")
	}
	p.section()
	s := sheet{cols: []sheetCol{{head: "unit", r: roleName}, {head: "amount"}, {head: "for a dollar", rank: 1}, {head: "cost of one", r: roleSpend}, {head: "runs that state it", rank: 2, r: roleDim}}}
	for _, x := range v.Values {
		s.add(sheetRow{cells: []string{shown(x.Unit), number(x.Amount), number(x.PerUSD), moneyOr(x.PerUnit), count(x.Runs)}})
	}
	s.write(p, true)
}

// Flows.

// flowsOf are the flows to compare: workflows, or the models of one.
func flowsOf(d *analyze.Analysis) *analyze.ValueReport {
	if len(d.Value.Flows) > 1 {
		return &d.Value
	}
	return &d.Models
}

var standingLooks = map[analyze.Standing]struct {
	r    role
	sign string
}{
	analyze.StandingFrontier: {roleGood, "✓"}, analyze.StandingDominated: {roleFail, "✗"}, analyze.StandingPossiblyDominated: {roleWarn, "~"}, analyze.StandingUnknown: {roleDim, "?"},
}

func (p *insightPen) flowTable(v *analyze.ValueReport) {
	if len(v.Flows) == 0 {
		p.note(2, "n/a: no run is finished here")
		return
	}
	p.section()
	quality := "succeed"
	if v.ByScore {
		quality = "mean score"
	}
	s := sheet{cols: []sheetCol{{head: "flow", r: roleName}, {head: "runs", rank: 3}, {head: "cost per run", r: roleSpend}, {head: quality, rank: 1}, {head: "$/success", rank: 4, r: roleSpend},
		{head: "standing", rank: 2, flex: true, r: roleDim}}}
	for i := range v.Flows {
		f := &v.Flows[i]
		r := sheetRow{to: p.flowDoor(f, v == &p.data.deep.Models), runs: true, cells: []string{standingLooks[f.Standing].sign + flowSign(i, p.zoom) + p.flowLabel(f), count(f.Runs), moneyOr(analyze.Amount{USD: f.MeanCost, Known: f.Priced}), qualityText(f.Quality, v.ByScore),
			moneyOr(f.PerSuccess), p.standing(v, f)}}
		r.r = standingLooks[f.Standing].r
		s.add(r)
	}
	s.write(p, true)
}

// flowSign is the letter of a flow in the scatter.
func flowSign(i int, zoom bool) string {
	if !zoom || i >= 26 {
		return " "
	}
	return " " + string(rune('a'+i)) + " "
}

func (p *insightPen) flowLabel(f *analyze.Flow) string {
	if f.Part == "" {
		return shown(f.Workflow)
	}
	return p.agentName(f.Workflow, f.Part)
}

func qualityText(q float64, byScore bool) string {
	if byScore {
		return fixed2(q)
	}
	return percentOf(q)
}

func (p *insightPen) standing(v *analyze.ValueReport, f *analyze.Flow) string {
	switch {
	case !f.Priced:
		return "cost unknown"
	case f.Standing == analyze.StandingUnknown:
		return "quality unknown"
	case f.DominatedBy >= 0:
		text := f.Standing.String() + " by " + p.flowLabel(&v.Flows[f.DominatedBy])
		switch {
		case math.IsNaN(f.Agreement):
		case p.max < 130: // the note below says of what
			text += " (" + percentOf(f.Agreement) + ")"
		default:
			text += " in " + percentOf(f.Agreement) + " of resamples"
		}
		return text
	}
	return "frontier: none is as good and as cheap"
}

// pareto is the flows as a list and between cost and quality.
func (p *insightPen) pareto(v *analyze.ValueReport, h int) {
	p.end()
	p.rule("flows between cost and quality")
	p.flowTable(v)
	if len(v.Flows) < 2 {
		p.note(2, "one flow only: nothing to compare it with")
		return
	}
	p.scatter(v, h)
}

// scatter draws each flow by its letter: cost per run to the right, quality upwards.
func (p *insightPen) scatter(v *analyze.ValueReport, h int) {
	w, rows := min(p.max-14, 72), min(max(h/4, 5), 10)
	lowC, highC, lowQ, highQ := math.Inf(1), 0.0, math.Inf(1), math.Inf(-1)
	for _, f := range v.Flows {
		if q := f.Quality; !math.IsNaN(q) && f.MeanCost > 0 {
			c := f.MeanCost.Float()
			lowC, highC, lowQ, highQ = min(lowC, c), max(highC, c), min(lowQ, q), max(highQ, q)
		}
	}
	if w < 20 || highC == 0 || lowC == highC && lowQ == highQ {
		return
	}
	g := newGrid(12+w+1, rows+2)
	place := func(x, low, high float64, n int) int {
		if high <= low {
			return n / 2
		}
		return int(math.Round((x - low) / (high - low) * float64(n-1)))
	}
	for i := range rows {
		g.put(11, i, roleRule, "│")
	}
	for i := range v.Flows[:min(26, len(v.Flows))] {
		f := &v.Flows[i]
		if math.IsNaN(f.Quality) || f.MeanCost <= 0 {
			continue
		}
		x := 12 + place(math.Log(f.MeanCost.Float()), math.Log(lowC), math.Log(highC), w)
		y := rows - 1 - place(f.Quality, lowQ, highQ, rows)
		for x < 12+w-1 && g.cells[y][x].c != 0 {
			x++ // two at one place stand side by side
		}
		g.put(x, y, standingLooks[f.Standing].r, string(rune('a'+i)))
	}
	g.put(2, 0, roleDim, padLeft(qualityText(highQ, v.ByScore), 8))
	if lowQ != highQ {
		g.put(2, rows-1, roleDim, padLeft(qualityText(lowQ, v.ByScore), 8))
	}
	g.put(11, rows, roleRule, "└"+strings.Repeat("─", w))
	low, high := money(tracefmt.USD(math.Round(lowC*1e12))), money(tracefmt.USD(math.Round(highC*1e12)))
	g.put(12, rows+1, roleDim, low+" a run")
	if lowC != highC {
		g.put(12+w-len(high)-len(" a run, log"), rows+1, roleDim, high+" a run, log")
	}
	g.write(p.pen)
	p.note(2, "up and to the left is better. ✓ frontier: no other is as good and as cheap. ✗ dominated: another is, in 95% of the resamples; ~ possibly: chance may explain it.")
}

// Quality.

// quintiles is cost by quality.
func (p *insightPen) quintiles(a *analyze.Accuracy) {
	p.end()
	p.rule("cost by quality: fifths of the runs by score")
	if len(a.Quintiles) == 0 {
		p.note(2, "n/a: "+count(a.Scored)+plural(int(a.Scored), " run has", " runs have")+" a score, it takes 10")
		return
	}
	s := sheet{cols: []sheetCol{{head: "fifth", r: roleName}, {head: "scores", rank: 1, r: roleDim}, {head: "runs", rank: 2}, {head: "cost per run", r: roleSpend}, {head: "✓", rank: 3, r: roleGood}, {head: "✗", rank: 4, r: roleFail}}}
	names := [...]string{"worst", "second", "third", "fourth", "best"}
	for _, q := range a.Quintiles {
		won, lost := count(q.Success), count(q.Fail)
		if p.noEnds() {
			won, lost = unknown, unknown
		}
		s.most = max(s.most, int64(q.Mean))
		s.add(sheetRow{to: p.scoreDoor(&q), runs: true, bar: []barPart{{v: int64(q.Mean), r: roleSpend}}, cells: []string{names[min(max(q.Fifth-1, 0), 4)], fixed2(q.Low) + " to " + fixed2(q.High), count(q.Runs), money(q.Mean), won, lost}})
	}
	s.write(p, true)
	if !math.IsNaN(a.Rho) {
		p.note(2, "rank correlation of cost and score "+fixed2(a.Rho)+", n = "+count(a.Scored)+": "+correlation(a.Rho))
	}
}

func correlation(rho float64) string {
	switch {
	case rho > 0.3:
		return "dearer runs are better"
	case rho < -0.3:
		return "dearer runs are worse"
	}
	return "money and quality hardly go together"
}

// mostCaps bounds the lines of the cap curve.
const mostCaps = 10

// capTable is the budget curve: what is kept against what is spent.
func (p *insightPen) capTable(c *analyze.CapCurve) {
	p.end()
	p.rule("a budget for each run: successes kept against money spent")
	if c.Overflow || len(c.Points) == 0 || c.Success == 0 {
		p.note(2, cmp.Or(when(p.noEnds(), "n/a: outcomes are "+p.notIn()), "n/a: no success here to keep"))
		return
	}
	s := sheet{most: 1000, cols: []sheetCol{{head: "budget a run", r: roleSpend}, {head: "kept", rank: 1, r: roleGood}, {head: "of successes", rank: 3, r: roleGood}, {head: "spent", r: roleSpend}, {head: "of spend", rank: 2, r: roleSpend}}}
	var at pointColumn
	steps := capSteps(len(c.Points))
	for _, i := range steps {
		at.see(money(c.Points[i].Cap))
	}
	for _, i := range steps {
		x := c.Points[i]
		kept, spent := x.Kept*1000/c.Success, int64(float64(x.Spend)/float64(max(c.Spend, 1))*1000)
		low, high := min(kept, spent), max(kept, spent)
		bar := []barPart{{low, roleGood, "█"}, {high - low, roleGood, "▒"}}
		if spent > kept {
			bar[1] = barPart{high - low, roleFail, "░"}
		}
		s.add(sheetRow{to: p.overBudget(c, x.Cap), runs: true, r: roleSpend, bar: bar, cells: []string{padLeft(at.put(money(x.Cap)), 12), count(x.Kept), percent(x.Kept, c.Success), money(x.Spend), percent(int64(x.Spend), int64(c.Spend))}})
	}
	s.write(p, true)
	p.note(2, "█ both · ▒ more of the successes kept than of the money spent · ░ the other way round. A run over its budget counts as failed at that cost; n = "+count(c.Runs)+" runs of known outcome. A line opens the runs over its budget.")
}

// overBudget is the runs of known outcome that cost more; nil where there is none.
func (p *insightPen) overBudget(c *analyze.CapCurve, limit tracefmt.USD) *scope {
	if c.Over(limit) == 0 {
		return nil
	}
	s := p.data.s
	for _, o := range [...]tracefmt.Outcome{tracefmt.OutcomeUnknown, tracefmt.OutcomeInFlight} {
		s = s.with(analyze.Pred{Dimension: analyze.Dimension{Dim: analyze.DimOutcome}, Op: analyze.OpEqual, Text: o.String(), Not: true}, false)
	}
	s = s.with(analyze.Between(analyze.MeasureRunCost, int64(limit)+1, math.MaxInt64), false).called("runs over " + money(limit))
	return &s
}

// capSteps picks points of a curve, evenly, with both ends.
func capSteps(n int) (list []int) {
	k := min(n, mostCaps)
	for i := range k {
		list = append(list, i*(n-1)/max(1, k-1))
	}
	return slices.Compact(list)
}

package analyze

import (
	"fmt"
	"math"
	"strings"

	"costscope/tracefmt"
)

// maxSectionRows bounds the rows of a section in text; JSON has them all.
const maxSectionRows = 10

// loadLine answers where spend spikes under load.
func (r *Report) loadLine() string {
	if r.deep == nil || r.Totals.Cost == nil || r.deep.Load.Calls == 0 {
		return ""
	}
	l := &r.deep.Load
	spikes := "no spike"
	if n := len(l.Spikes); n > 0 {
		top := &l.Spikes[0]
		for i := range l.Spikes {
			if l.Spikes[i].Excess > top.Excess {
				top = &l.Spikes[i]
			}
		}
		spikes = fmt.Sprintf("%s, the dearest at %s: %s, %s above the usual", plural(int64(n), "spike"), day(*r.moment(top.From)), Money(top.Cost), Money(top.Excess))
		if len(top.Paths) > 0 {
			spikes += ", most of it " + pathText(top.Paths[0].names())
		}
	}
	if l.NoEnd == l.Calls {
		return join(spikes, "no call states its end, so that nothing tells how many ran at once", gap(l.Untimed, "call", "without a time left out"))
	}
	return join(spikes, fmt.Sprintf("at most %s at once", plural(int64(l.Peak), "call")), elasticityText(l), gap(l.Untimed, "call", "without a time left out"))
}

func elasticityText(l *LoadReport) string {
	switch e := float64(l.Elasticity); {
	case !l.Varied || math.IsNaN(e):
		return "not enough variation to tell whether cost grows faster than load"
	case e > 1.1:
		return fmt.Sprintf("cost grows faster than load (elasticity %.2f)", e)
	case e < 0.9:
		return fmt.Sprintf("cost grows slower than load (elasticity %.2f)", e)
	default:
		return fmt.Sprintf("cost grows in proportion to load (elasticity %.2f)", e)
	}
}

func (p *SpikePath) names() []string { return []string{p.Workflow, p.Agent, p.What} }

// pathText is a path for people.
func pathText(path []string) string {
	var names []string
	for _, n := range path {
		if n == "" {
			n = None
		}
		names = append(names, n)
	}
	return Clean(strings.Join(names, " ▸ "))
}

// moment is a time in the zone of the report.
func (r *Report) moment(ns int64) *string {
	in := ReportInput{TZ: r.tz}
	return in.moment(max(ns, 1))
}

// flowLine answers which flows are efficient and which wasteful.
func (r *Report) flowLine() string {
	if r.deep == nil || r.Totals.Cost == nil {
		return ""
	}
	q := &r.deep.Spend
	good, bad := q.Share(SpendProductive), q.Share(SpendSuperseded)+q.Share(SpendLoop)+q.Share(SpendRedundant)
	parts := join(share(good, "of cost productive"), share(bad, "wasted inside successes"), share(q.Share(SpendFailed), "in failed runs"),
		share(q.Share(SpendUnknown), "of unknown outcome"), share(q.Share(SpendInFlight), "in flight"))
	best, worst := r.deep.Value.extremes()
	if best != nil && worst != nil && best != worst {
		parts = join(parts, fmt.Sprintf("cheapest success %s (%s), dearest %s (%s)", Clean(best.name()), Money(best.PerSuccess.USD), Clean(worst.name()), Money(worst.PerSuccess.USD)))
	}
	return parts
}

func share(v float64, what string) string {
	if math.IsNaN(v) || v == 0 {
		return ""
	}
	return Percent(v) + " " + what
}

// extremes are the flows with the cheapest and the dearest success; nil where fewer than one is known.
func (v *ValueReport) extremes() (best, worst *Flow) {
	for i := range v.Flows {
		f := &v.Flows[i]
		if !f.PerSuccess.Known {
			continue
		}
		if best == nil || f.PerSuccess.USD < best.PerSuccess.USD {
			best = f
		}
		if worst == nil || f.PerSuccess.USD > worst.PerSuccess.USD {
			worst = f
		}
	}
	return best, worst
}

// accuracyLine answers what happens to cost when accuracy drops.
func (r *Report) accuracyLine() string {
	if r.deep == nil || r.Totals.Cost == nil {
		return ""
	}
	a, o := &r.deep.Accuracy, &r.deep.Success
	drop := ""
	if p := ratio(o.Success, o.Success+o.Failure); o.Success > 0 && p > 0.1 { // C/s with p-0.1 instead of p, mean costs as they are
		s, f := ratio(int64(o.SuccessUSD), o.Success), ratio(int64(o.FailureUSD), o.Failure)
		if f == f {
			less := p - 0.1
			drop = fmt.Sprintf("at a success rate of %s instead of %s a success would cost %s", Percent(less), Percent(p), Money(tracefmt.USD(s+f*(1-less)/less)))
		}
	}
	failing := ""
	if f := float64(a.FailureRatio); f == f {
		failing = "a failure costs " + Times(f) + " a success"
	}
	scores := ""
	if len(a.Quintiles) > 1 {
		low, high := a.Quintiles[0], a.Quintiles[len(a.Quintiles)-1]
		scores = fmt.Sprintf("worst fifth by score %s a run, best %s (rank correlation %.2f, n = %s)", Money(low.Mean), Money(high.Mean), float64(a.Rho), Count(a.Scored))
	}
	return join(failing, drop, scores)
}

// multiplierLine says what turned the cheap call into the bill.
func (r *Report) multiplierLine() string {
	if r.deep == nil || r.Totals.Cost == nil || r.deep.Factors.Overflow || r.deep.Factors.Total == 0 {
		return ""
	}
	f := &r.deep.Factors
	text := "base " + Money(f.Base)
	if x := f.Overall; x == x {
		text = Times(x) + " the base of " + Money(f.Base)
	}
	parts := ""
	for i, s := range f.Ranked() {
		if i < 3 && s.Share > 0 {
			parts = join(parts, s.Factor.String()+" "+Money(s.Share))
		}
	}
	return join(text, parts)
}

// sections are the analyses, each as a table.
func (r *Report) sections() []grid {
	if r.deep == nil || r.Totals.Cost == nil {
		return nil
	}
	var list []grid
	for _, make := range []func() grid{r.flagGrid, r.multiplierGrid, r.qualityGrid, r.tryGrid, r.chainGrid, r.wasteGrid, r.turnGrid, r.partGrid, r.carryGrid, r.breakGrid,
		r.roleGrid, r.agentGrid, r.treeGrid, r.spikeGrid, r.tercileGrid, r.hourGrid, r.flowGrid, r.capGrid, r.scoreGrid, r.valueGrid, r.driftGrid} {
		if g := make(); len(g.rows) > 0 {
			list = append(list, g)
		}
	}
	return list
}

// row appends a row, up to the bound of sections.
func (g *grid) row(of int, cells ...string) {
	switch {
	case len(g.rows) < maxSectionRows:
		g.rows = append(g.rows, cells)
	case g.more == "":
		g.more = fmt.Sprintf("and %s; --json has all", plural(int64(of-maxSectionRows), "more row"))
	}
}

func (r *Report) flagGrid() grid {
	g := grid{title: "where to look first", head: []string{"path", "why", "concerns", "sample", "confidence"}, text: 2}
	list := FoldFlags(r.deep.Flags)
	for _, f := range list {
		usd := Money(f.USD)
		if f.Rule == "unpriced" {
			usd = Unknown
		}
		g.row(len(list), pathText(f.Path), Clean(f.Why), usd, plural(f.Sample, strings.TrimSuffix(f.Of, "s")), Clean(f.Confidence))
	}
	return g
}

func (r *Report) multiplierGrid() grid {
	f := &r.deep.Factors
	g := grid{title: "what multiplied the cost", head: []string{"", "fair share", "multiple", "without it (overlaps)"}}
	if f.Overflow || f.Total == 0 {
		return g
	}
	g.row(9, "base: first attempts, first turns, executors", Money(f.Base), "", "")
	for _, s := range f.Ranked() {
		if s.Share != 0 {
			g.row(9, s.Factor.String(), Money(s.Share), Times(s.Multiple), "-"+Money(s.Saving))
		}
	}
	if r.noTries() {
		g.row(9, "retries: "+r.lacks.notIn(), Unknown, Unknown, Unknown)
	}
	g.row(9, "total", Money(f.Total), Times(f.Overall), "")
	return g
}

func (r *Report) qualityGrid() grid {
	q := &r.deep.Spend
	g := grid{title: "what became of the money", head: []string{"", "cost", "share", "calls"}}
	if q.Overflow || q.Total == 0 {
		return g
	}
	for c := range SpendClasses {
		if q.Cost[c] != 0 || q.Calls[c] != 0 {
			g.row(9, c.String(), Money(q.Cost[c]), Percent(q.Share(c)), Count(q.Calls[c]))
		}
	}
	return g
}

func (r *Report) spikeGrid() grid {
	g := grid{title: "spikes", head: []string{"from", "to", "cost", "above the usual", "most of it"}}
	list := r.deep.Load.Spikes
	for i := range list {
		most := ""
		if len(list[i].Paths) > 0 {
			most = pathText(list[i].Paths[0].names())
		}
		g.row(len(list), day(*r.moment(list[i].From)), day(*r.moment(list[i].To)), Money(list[i].Cost), Money(list[i].Excess), most)
	}
	return g
}

func (r *Report) tercileGrid() grid {
	l := &r.deep.Load
	g := grid{title: "by how much runs at once", head: []string{"calls at once", "runs", "cost per run", "attempts per operation", "tokens per attempt", "unbilled failures"}}
	if !l.Varied {
		return g
	}
	for _, t := range l.Terciles {
		attempts := Times(t.AttemptsPerOperation)
		if r.noTries() {
			attempts = Unknown
		}
		g.row(3, fmt.Sprintf("%.3g to %.3g", t.Low, t.High), Count(t.Runs), MoneyOr(t.CostPerRun), attempts, number3(t.TokensPerAttempt), Percent(t.UnbilledShare))
	}
	return g
}

// number3 is a count that need not be whole.
func number3(v float64) string {
	if math.IsNaN(v) {
		return Unknown
	}
	return Tokens(int64(math.Round(v)))
}

func (r *Report) flowGrid() grid {
	v := &r.deep.Value
	g := grid{title: "flows by cost and quality", head: []string{"", "runs", "cost per run", "quality", "cost per success", "standing"}}
	if len(v.Flows) < 2 {
		return g
	}
	for i := range v.Flows {
		f := &v.Flows[i]
		standing := f.Standing.String()
		if f.DominatedBy >= 0 {
			standing += " by " + v.Flows[f.DominatedBy].name()
		}
		g.row(len(v.Flows), Clean(f.name()), Count(f.Runs), MoneyOr(Amount{f.MeanCost, f.Priced}), Percent(f.Quality), MoneyOr(f.PerSuccess), Clean(standing))
	}
	return g
}

func (r *Report) scoreGrid() grid {
	g := grid{title: "cost by score", head: []string{"fifth", "scores", "runs", "cost per run", "succeeded", "failed"}}
	for _, q := range r.deep.Accuracy.Quintiles {
		succeeded, failed := Count(q.Success), Count(q.Fail)
		if r.noEnds() {
			succeeded, failed = Unknown, Unknown
		}
		g.row(5, fmt.Sprint(q.Fifth), fmt.Sprintf("%.3g to %.3g", q.Low, q.High), Count(q.Runs), Money(q.Mean), succeeded, failed)
	}
	return g
}

func (r *Report) valueGrid() grid {
	g := grid{title: "value", head: []string{"unit", "amount", "runs", "for a dollar", "cost of one"}}
	list := r.deep.Value.Values
	for _, v := range list {
		g.row(len(list), Clean(v.Unit), fmt.Sprintf("%.4g", v.Amount), Count(v.Runs), fmt.Sprintf("%.3g", v.PerUSD), MoneyOr(v.PerUnit))
	}
	return g
}

func (r *Report) driftGrid() grid {
	g := grid{title: "first prompts over time", head: []string{"agent", "from", "to", "median tokens", "drift", "trend per period", "cost of it"}}
	for i := range r.deep.Drifts {
		d := &r.deep.Drifts[i]
		for _, s := range []*DriftSeries{&d.Weeks, &d.Versions} {
			first, last, ok := s.ends()
			if !ok {
				continue
			}
			trend := Percent(float64(s.Trend)) + ", " + string(s.Verdict)
			g.row(2*len(r.deep.Drifts), pathText([]string{d.Workflow, d.Agent}), Clean(first.Name), Clean(last.Name), number3(first.Median)+" to "+number3(last.Median), Times(float64(s.Drift)),
				trend, MoneyOr(s.Cost))
		}
	}
	return g
}

// ends are the first and the last period that have enough runs; ok where they differ.
func (s *DriftSeries) ends() (first, last *DriftPeriod, ok bool) {
	for i := range s.Periods {
		if p := &s.Periods[i]; !p.Hollow {
			if first == nil {
				first = p
			}
			last = p
		}
	}
	return first, last, first != last
}

func (r *Report) tryGrid() grid {
	g := grid{title: "success by attempt, and what a limit on attempts would do", head: []string{"attempt", "operations", "accepted", "runs succeeded", "cost", "limit here saves", "and loses"}}
	t := &r.deep.Tries
	if len(t.Rows) < 2 || t.Overflow {
		return g
	}
	for i, x := range t.Rows {
		saves, loses := "", ""
		if i < len(t.Caps) {
			c := &t.Caps[i]
			saves, loses = Money(c.Saved), plural(c.Lost, "success")
			if c.Lost != 1 {
				loses = Count(c.Lost) + " successes"
			}
			if r.noEnds() {
				loses = Unknown
			}
		}
		number := fmt.Sprint(x.Number)
		if x.Number == maxTry {
			number += " and more"
		}
		g.row(maxTry, number, Count(x.Operations), Percent(x.AcceptRate), Percent(x.RunSuccess), Money(x.Cost), saves, loses)
	}
	return g
}

func (r *Report) wasteGrid() grid {
	g := grid{title: "wasted, whatever became of the run", head: []string{"", "calls", "cost", ""}, text: 1}
	line := func(name string, s RetrySum, what string) {
		if s.Count > 0 {
			g.rows = append(g.rows, []string{name, Count(s.Count), Money(s.Cost), what})
		}
	}
	w, l, x := &r.deep.Waste, &r.deep.Loops, &r.deep.Retries
	if w.Overflow || l.Overflow() || x.Overflow() {
		return g
	}
	line("superseded", w.Superseded, "attempts that were not accepted, and hedges that lost")
	line("loops", w.Loop, plural(l.Loops, "loop")+" in "+plural(l.Runs, "run"))
	line("redundant", w.Redundant, "read again what was known")
	line("polling", l.Polls, "equal calls that waited for something: no waste")
	line("further samples", x.Resamples(), "best of several: no retry")
	line("asked again by a person", x.Regenerates(), "no retry")
	if n := &r.deep.Warned; n.Warned > 0 && !n.Overflow() {
		g.rows = append(g.rows, []string{"after the first warning", "", Money(n.After), Percent(n.Share()) + " of what failed runs cost"})
	}
	return g
}

// contextLine says what growing contexts cost.
func (r *Report) contextLine() string {
	if r.deep == nil || r.Totals.Cost == nil || r.deep.Context.Overflow() || r.deep.Context.Turns == 0 {
		return ""
	}
	c := &r.deep.Context
	cost := Money(c.GrowthUSD()) + " for context beyond the first prompt of each thread (" + Percent(ratio(int64(c.GrowthUSD()), int64(c.InputUSD))) + " of input cost)"
	factor := ""
	if f := c.Factor(); f == f {
		factor = Times(f) + " dearer than flat"
	}
	peak := ""
	if p := c.PeakGrowth; p == p {
		peak = "prompts grow to " + Times(p) + " their first (median of " + plural(c.Threads, "thread") + ")"
	}
	cache := ""
	if h := c.HitRate(); c.Read > 0 && h == h {
		cache = Percent(h) + " of re-sent tokens read from a cache"
		if c.SavingUnknown == 0 {
			cache += ", saved " + Money(c.SavingUSD)
		}
	}
	breaks := ""
	if b := c.Breaks.Total(); b.Breaks > 0 {
		breaks = plural(b.Breaks, "lost cache")
		if b.Unknown < b.Breaks {
			breaks += ", penalty " + Money(b.Penalty)
		}
	}
	return join(cost, factor, peak, cache, breaks, gap(c.Resets, "reset", ""))
}

func (r *Report) partGrid() grid {
	c := &r.deep.Context
	g := grid{title: "what the context grew in", head: []string{"", "cost", "share"}}
	if c.Overflow() || c.Composition.Tagged == 0 {
		return g
	}
	for _, p := range c.Composition.Parts() {
		if p.Amount != 0 {
			g.row(9, p.Name, Money(p.Amount), Percent(ratio(int64(p.Amount), int64(c.Composition.Total()))))
		}
	}
	return g
}

func (r *Report) carryGrid() grid {
	c := &r.deep.Context
	g := grid{title: "what was carried along in the context, and what it cost over its life", head: []string{"", "cost", "share of growth", "blocks", "tokens", "sizes"}}
	if c.Overflow() {
		return g
	}
	list := c.Carry.Ranked(r.deep.names)
	for _, s := range list {
		name := s.Kind.String()
		if tool := r.deep.names.Name(s.Tool); tool != "" {
			name += ": " + tool
		}
		sizes := "from growth"
		if s.Estimated > 0 {
			sizes = "estimated"
		}
		g.row(len(list), Clean(name), Money(s.USD), Percent(ratio(int64(s.USD), int64(c.Carry.Total()))), Count(s.Blocks), Tokens(s.Tokens), sizes)
	}
	return g
}

func (r *Report) breakGrid() grid {
	c := &r.deep.Context
	g := grid{title: "lost caches, by cause", head: []string{"cause", "calls", "tokens lost", "penalty"}}
	if c.Overflow() {
		return g
	}
	for k, s := range c.Breaks.Sums {
		if s.Breaks > 0 {
			penalty := Money(s.Penalty)
			if s.Unknown == s.Breaks {
				penalty = Unknown
			}
			g.row(9, BreakCause(k).String(), Count(s.Breaks), Tokens(s.Lost), penalty)
		}
	}
	return g
}

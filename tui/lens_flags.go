package tui

import (
	"math"
	"strings"

	"costscope/analyze"
)

// newFlags is lens 8: where to look first.
func newFlags() lens { return &insight{draw: drawFlags} }

// flagTexts says what a rule means, and what to do about it.
var flagTexts = map[string]struct {
	r    role
	sign string
	hint string
}{
	"dominates_spend":    {roleSpend, "$", "a saving here counts more than anywhere else: open its dearest calls first."},
	"waste":              {roleWaste, "▒", "attempts whose result was thrown away: lens 2 shows the chains, and why they were repeated."},
	"cost_amplification": {roleRetry, "↻", "the cost with all attempts over the cost of one attempt for each operation; lens 2 shows the chains."},
	"retries":            {roleRetry, "↻", "how often an operation is tried again; lens 2 shows the chains by kind and error."},
	"context_growth":     {roleWarn, "▴", "prompts that carry what went before: shorten or summarise the history; lens 3 shows it turn by turn."},
	"loop":               {roleWaste, "↺", "the agent asks for the same again and again: a limit on repeats stops that."},
	"failure_cost_ratio": {roleFail, "✗", "failing runs go on for long before they fail: a budget for each run stops them; lens 6 shows what it would keep."},
	"heavy_tail":         {roleWarn, "▴", "few runs make the bill: a mean misleads here; lens 1 shows the distribution."},
	"unpriced":           {roleWarn, "?", "the price book has no price for the model: the true cost is higher than any total here."},
	"dominated":          {roleGood, "↓", "another flow is as good and cheaper; lens 6 compares them."},
	"drift":              {roleWarn, "▴", "the standing prompt grows from release to release; lens 3 shows it by week and version."},
}

func drawFlags(p *insightPen, h int) {
	list := analyze.TellingFlags(p.data.deep.Flags, &p.data.table.Total)
	total := &p.data.table.Total
	if len(list) == 0 {
		p.end()
		p.say(roleGood, 2, "✓ nothing to flag: no path with 5% of the cost or more is past a limit")
		p.flagNote()
		if p.zoom {
			p.end()
			p.flagLimits()
		}
		return
	}
	p.put(roleText, " · where to look first: "+count(int64(len(list)))+plural(len(list), " finding", " findings"))
	p.put(roleDim, ", most money first; they overlap").end()
	if p.max < 90 {
		for i := range list {
			p.flagNarrow(&list[i])
		}
	} else {
		p.flagTable(list)
	}
	p.flagNote()
	if !p.zoom {
		return
	}
	p.end()
	p.note(2, "concerns: the money that the finding is about, of "+money(total.Cost)+" here. The findings overlap: they do not add up. A finding that holds for a longer path with four fifths of the money stands there only.")
	p.flagLimits()
}

// flagLimits says where findings begin.
func (p *insightPen) flagLimits() {
	l := &analyze.DefaultLimits
	p.note(2, "flagged from: "+strings.Join([]string{
		percentOf(l.Dominates) + " of the cost", percentOf(l.Waste) + " wasted", times(l.Amplification) + " by retrying", percentOf(l.Retries) + " further attempts (severe: " + percentOf(l.SevereRetries) + ")",
		percentOf(l.Growth) + " of input is growth", times(l.FailureRatio) + " for a failure", percentOf(l.Top5) + " in the dearest 5% of runs", times(l.Drift) + " prompt drift",
	}, " · ")+"; paths with less than "+percentOf(l.MinShare)+" of the cost are left out.")
}

func flagMoney(f *analyze.Flag) string {
	if f.Rule == "unpriced" {
		return "?"
	}
	return money(f.USD)
}

func flagSample(f *analyze.Flag) string {
	of := f.Of
	if f.Sample == 1 {
		of = strings.TrimSuffix(of, "s")
	}
	return count(f.Sample) + " " + of
}

// flagTable has a line for each finding; below the one under the cursor stands what it means.
func (p *insightPen) flagTable(list []analyze.Flag) {
	s := sheet{most: int64(p.data.table.Total.Cost), cols: []sheetCol{
		{head: "path", r: roleName}, {head: "concerns", r: roleSpend}, {head: " ", left: true, r: roleWarn}, {head: "finding", flex: true, r: roleText},
		{head: "sample", rank: 2, r: roleDim}, {head: "confidence", rank: 1, left: true, r: roleDim},
	}}
	for i := range list {
		f := &list[i]
		to, runs := p.flagDoor(f)
		r := sheetRow{to: &to, runs: runs, bar: []barPart{{v: int64(f.USD), r: flagTexts[f.Rule].r}},
			cells: []string{p.flagPath(f) + p.flagMark(f), flagMoney(f), flagTexts[f.Rule].sign, clean(f.Why), flagSample(f), f.Confidence}}
		s.add(r)
	}
	if at := p.l.cur; p.zoom && at < len(list) {
		hint := "└ " + flagHint(&list[at])
		if w, _ := s.widths(p.max - 2); width(s.rows[at].cells[3]) > w[3] {
			hint = "└ " + clean(list[at].Why) + " · " + flagHint(&list[at])
		}
		s.rows[at].under = []string{hint}
	}
	s.write(p, true)
}

// flagNarrow takes two lines for a finding, three under the cursor.
func (p *insightPen) flagNarrow(f *analyze.Flag) {
	to, runs := p.flagDoor(f)
	p.row(to, runs)
	p.right(roleSpend, flagMoney(f), 10).gap(2).put(flagTexts[f.Rule].r, flagTexts[f.Rule].sign+" ").put(roleName, p.flagPath(f)).put(roleKey, p.flagMark(f)).end()
	why := clean(f.Why) + " · " + flagSample(f)
	if f.Confidence != "exact" {
		why += " · " + f.Confidence
	}
	p.note(16, why)
	if p.zoom && len(p.l.doors)-1 == p.l.cur {
		p.note(4, "└ "+flagHint(f))
	}
}

func flagHint(f *analyze.Flag) string {
	hint := analyze.Spaced(f.Rule)
	if !math.IsNaN(f.Limit) && f.Limit > 0 && f.Rule != "dominated" {
		hint += " (" + flagValue(f, f.Value) + ", flagged from " + flagValue(f, f.Limit) + ")"
	}
	return hint + ": " + flagTexts[f.Rule].hint
}

// flagValue prints a value of a rule: most are shares, some are multiples.
func flagValue(f *analyze.Flag, v float64) string {
	switch f.Rule {
	case "cost_amplification", "failure_cost_ratio", "drift":
		return times(v)
	}
	return percentOf(v)
}

// flagPath is the path of a finding below the scope.
func (p *insightPen) flagPath(f *analyze.Flag) string {
	to, _ := p.flagDoor(f)
	names := to.names[len(p.data.s.names):]
	if len(names) == 0 {
		return "all of it"
	}
	return strings.Join(names, " ▸ ")
}

// flagMark is what a person left at the path of a finding.
func (p *insightPen) flagMark(f *analyze.Flag) string {
	to, _ := p.flagDoor(f)
	if g := glyphs(p.a.mark(to)); g != "" {
		return " " + g
	}
	return ""
}

// flagDoor is the scope that a finding is about, and whether it is about its runs.
func (p *insightPen) flagDoor(f *analyze.Flag) (to scope, runs bool) {
	runs = f.Of == "runs"
	switch f.Rule {
	case "dominated":
		for _, x := range p.data.deep.Models.Flows {
			if len(f.Path) == 1 && flowName(&x) == f.Path[0] {
				return *p.flowDoor(&x, true), runs
			}
		}
		return p.data.s, runs
	case "drift":
		return p.into(f.Path, analyze.Dimension{Dim: analyze.DimWorkflow}, analyze.Dimension{Dim: analyze.DimAgent}), runs
	}
	return p.into(f.Path, p.a.opt.By...), runs
}

// flowName is a flow as findings name it.
func flowName(f *analyze.Flow) string {
	name := f.Workflow
	if name == "" {
		name = analyze.None
	}
	if f.Part != "" {
		name += " " + f.Part
	}
	return name
}

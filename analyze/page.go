package analyze

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"costscope/tracefmt"
)

// A page is a report in words: text.go and markdown.go only set it. Text from traces in it is clean.
type page struct {
	title string
	under string // what it is about
	facts [][2]string
	drawn []string // a picture, line by line
	grids []grid
	notes []string // what is not known, and where the prices come from
}

// A grid is a table. The first column is text, the others are numbers.
type grid struct {
	title string
	head  []string
	rows  [][]string
	text  int   // columns from the left that are text
	left  bool  // all are: none is set to the right
	depth []int // of each row, for indenting; nil: flat
	more  string
}

// maxGridRows bounds the rows that are printed; JSON has them all.
const maxGridRows = 200

func (r *Report) page() page {
	p := page{title: "costscope", under: r.subject()}
	for _, f := range [...]struct {
		name string
		text func() string
	}{
		{"total cost", r.costLine}, {"per success", r.successLine}, {"under load", r.loadLine}, {"flows", r.flowLine}, {"if it fails", r.accuracyLine},
		{"multiplier", r.multiplierLine}, {"context", r.contextLine}, {"cost per run", r.runLine}, {"tail", r.tailLine}, {"retries", r.retryLine}, {"calls", r.callLine}, {"tokens", r.tokenLine},
	} {
		if s := f.text(); s != "" {
			p.facts = append(p.facts, [2]string{f.name, s})
		}
	}
	if g := r.topPaths(); len(g.rows) > 0 {
		p.grids = append(p.grids, g)
	}
	if len(r.Rows) > 0 {
		p.grids = append(p.grids, r.tree())
	}
	p.grids = append(p.grids, r.sections()...)
	p.notes = r.notes()
	return p
}

// join puts the parts that say something in one line.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

func (r *Report) subject() string {
	var from string
	switch len(r.Sources) {
	case 0:
	case 1:
		from = Clean(r.Sources[0].Path)
	default:
		from = fmt.Sprintf("%s and %d more", Clean(r.Sources[0].Path), len(r.Sources)-1)
	}
	times := ""
	if r.Totals.First != nil && r.Totals.Last != nil {
		times = day(*r.Totals.First) + " to " + day(*r.Totals.Last)
		if d := time.Duration(r.Totals.lastNS - r.Totals.firstNS); d >= 0 {
			times += " (" + Duration(d) + ")"
		}
	}
	filter := ""
	if r.queryOf != "" {
		filter = "only " + Clean(r.queryOf)
	}
	return join(from, plural(r.Totals.Runs, "run"), plural(r.Totals.Calls, "call"), times, filter)
}

// day is a time of a report to the minute.
func day(s string) string {
	return strings.Replace(s[:min(len(s), 16)], "T", " ", 1)
}

// tooLarge stands in the place of sums that left the range of USD.
const tooLarge = "too large to add up: more than $9.2 million"

func (r *Report) costLine() string {
	t := &r.Totals
	if r.total.Overflow() {
		return tooLarge
	}
	if t.Cost == nil {
		return "unknown: " + join(gap(t.Unpriced, "call", "without a price"), gap(t.NoUsage-t.Unbilled, "model call", "without token counts"))
	}
	parts := ""
	for _, p := range []struct {
		name string
		v    *Dollars
	}{{"recorded", t.Recorded}, {"computed", t.Computed}, {"estimated", t.Estimated}} {
		if *p.v != 0 && *p.v != *t.Cost {
			parts = join(parts, amount(p.v)+" "+p.name)
		} else if *p.v != 0 {
			parts = p.name
		}
	}
	return join(AtLeast(amount(t.Cost), t.LowerBound), parts, gap(t.Unpriced, "call", "without a price"), gap(t.NoUsage-t.Unbilled, "model call", "without token counts"))
}

// gap names what is missing; "" for none.
func gap(n int64, noun, what string) string {
	if n == 0 {
		return ""
	}
	return strings.TrimSuffix(plural(n, noun)+" "+what, " ")
}

func (r *Report) successLine() string {
	o := &r.outcomes
	finished := o.Success + o.Failure + o.Unknown
	if r.Totals.Cost == nil || finished+o.InFlight == 0 {
		return ""
	}
	count := fmt.Sprintf("%s succeeded, %s failed", Count(o.Success), Count(o.Failure))
	if o.Unknown > 0 {
		count += fmt.Sprintf(", %s unknown", Count(o.Unknown))
	}
	flight := ""
	if o.InFlight > 0 {
		flight = plural(o.InFlight, "run") + " in flight (" + Money(o.InFlightUSD) + ", not in it)"
	}
	bounds := ""
	if o.Low.Known && o.High.Known {
		bounds = "between " + Money(o.Low.USD) + " and " + Money(o.High.USD)
	}
	point := "unknown: no outcome is stated"
	if r.noEnds() {
		point, count = "unknown: outcomes are "+r.lacks.notIn(), plural(finished, "run")
	}
	switch {
	case o.PerSuccess.Known:
		point = AtLeast(Money(o.PerSuccess.USD), r.Totals.LowerBound)
	case o.AtLeast.Known:
		point = "at least " + Money(o.AtLeast.USD) + ", no run succeeded"
	}
	if bounds != "" && o.LeadWithBounds() {
		point, bounds = bounds, "point "+point
	}
	few := ""
	if o.PerSuccess.Known && o.Success < 10 {
		few = "indicative only"
	}
	failing := ""
	if f := float64(o.FailureRatio); f == f && r.deep == nil { // else the line on accuracy says it
		failing = "a failure costs " + Times(f) + " a success"
	}
	return join(point, bounds, count, flight, failing, few)
}

func (r *Report) runLine() string {
	d := &r.spread
	if r.Distribution == nil {
		return ""
	}
	if d.N == 0 {
		return d.gaps()
	}
	mean := "mean " + Money(d.Mean)
	if m := d.MeanOverMedian(); m == m && d.N > 1 {
		mean += " is " + Times(m) + " the median " + Money(d.Median)
	}
	without := ""
	if d.N > 1 {
		without = "without the top run " + Money(d.MeanWithoutTop)
	}
	return join(mean, "p95 "+Money(d.P95), "p99 "+Money(d.P99), "max "+Money(d.Max), without, "n = "+Count(int64(d.N)),
		d.gaps())
}

func (r *Report) tailLine() string {
	d := &r.spread
	if r.Distribution == nil || d.K80 == 0 || d.N < 2 {
		return ""
	}
	top := func(p string, s Share) string {
		return fmt.Sprintf("top %s of runs (%s) = %s", p, Count(int64(s.K)), Percent(s.Share))
	}
	capped := ""
	if d.Capped {
		capped = "capped near " + Money(d.Max)
	}
	heavy := ""
	switch {
	case d.Index <= 1:
		heavy = "tail so heavy that no mean is reliable"
	case d.Index < 2:
		heavy = "tail so heavy that intervals are unreliable"
	}
	return join(top("1%", d.Top1)+" of cost", top("10%", d.Top10), fmt.Sprintf("80%% of cost in %s of %s", Count(int64(d.K80)), plural(int64(d.N), "run")),
		fmt.Sprintf("Gini %.2f", d.Gini), capped, heavy)
}

func (r *Report) retryLine() string {
	t := r.Retries
	if t == nil {
		return r.lacks.notIn()
	}
	lost := ""
	if t.LostTries > 0 {
		lost = plural(t.LostTries, "earlier attempt") + " known only from notes"
	}
	unseen := ""
	if t.LowerBound {
		unseen = gap(t.blind, "model call", "say too little to see retries")
	}
	if t.Chains == 0 {
		return join("none found", lost, unseen)
	}
	var kinds []string
	for k := tracefmt.RetryPlain; k <= tracefmt.RetryTool; k++ {
		if n := t.ByKind[k.String()]; n > 0 {
			kinds = append(kinds, Spaced(k.String())+" "+Count(n))
		}
	}
	if t.wasInferred {
		return r.inferredLine(kinds, lost, unseen)
	}
	cost := ""
	if t.Wasted != nil {
		cost = fmt.Sprintf("%s wasted (%s of cost)", amount(t.Wasted), Percent(float64(t.WasteShare)))
	}
	return join(plural(t.Attempts, "attempt")+" at "+plural(t.Operations, "operation"), cost, strings.Join(kinds, ", "), t.sure(), lost, unseen)
}

// sure is how many links are not stated, by confidence.
func (t *RetryReport) sure() string {
	var parts []string
	for c := tracefmt.ConfidenceHigh; c <= tracefmt.ConfidenceLow; c++ {
		if n := t.ByConfidence[c.String()]; n > 0 {
			parts = append(parts, Count(n)+" "+c.String())
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "inferred: " + strings.Join(parts, ", ")
}

func (r *Report) callLine() string {
	t := &r.Totals
	var kinds []string
	for _, k := range []struct {
		n    int64
		name string
	}{{t.LLM, "model"}, {t.Tools, "tool"}, {t.Human, "human"}, {t.Other, "other"}} {
		if k.n > 0 {
			kinds = append(kinds, Count(k.n)+" "+k.name)
		}
	}
	return join(strings.Join(kinds, ", "), Count(t.Failed)+" failed", plural(t.Workflows, "workflow"), plural(t.Agents, "agent"))
}

func (r *Report) tokenLine() string {
	t := &r.Totals
	if t.Input == nil {
		return "unknown"
	}
	cached := ""
	if *t.CacheRead+*t.CacheWrite > 0 {
		cached = fmt.Sprintf(" (%s read from cache, %s written)", Tokens(*t.CacheRead), Tokens(*t.CacheWrite))
	}
	reasoning := ""
	if *t.Reasoning > 0 {
		reasoning = " (" + Tokens(*t.Reasoning) + " reasoning)"
	}
	return join("in "+Tokens(*t.Input)+cached, "out "+Tokens(*t.Output)+reasoning)
}

// topPaths are the five dearest whole paths, where the tree is too long to see them at once.
func (r *Report) topPaths() grid {
	g := grid{title: "dearest paths", head: []string{"path", "cost", "share", "calls", "wasted", "p50", "max"}}
	if len(r.Rows) <= 12 || len(r.By) < 2 {
		return g
	}
	var deep []*ReportRow
	for i := range r.Rows {
		if row := &r.Rows[i]; len(row.Path) == len(r.By) && row.Cost != nil {
			deep = append(deep, row)
		}
	}
	slices.SortStableFunc(deep, func(x, y *ReportRow) int { return int(min(max(*y.Cost-*x.Cost, -1), 1)) })
	for _, row := range deep[:min(5, len(deep))] {
		g.rows = append(g.rows, []string{
			Clean(strings.Join(row.Path, " ▸ ")), amount(row.Cost), Percent(float64(row.Share)), Count(row.Calls), amount(row.Wasted), amount(row.P50), amount(row.Max),
		})
	}
	return g
}

func amount(d *Dollars) string {
	if d == nil {
		return Unknown
	}
	return Money(tracefmt.USD(*d))
}

// tree is the table of all groups.
func (r *Report) tree() grid {
	g := grid{
		title: "by " + Clean(strings.Join(r.By, ", ")),
		head:  []string{"", "cost", "share", "calls", "runs", "failed", "retry", "wasted", "p50", "p95", "max", "top 1%", "$/success"},
	}
	for i := range r.Rows {
		if i == maxGridRows {
			g.more = fmt.Sprintf("and %s; --json has all", plural(int64(len(r.Rows)-i), "more row"))
			break
		}
		row := &r.Rows[i]
		cost := LowerBound(amount(row.Cost), row.LowerBound && row.Cost != nil)
		g.depth = append(g.depth, len(row.Path)-1)
		g.rows = append(g.rows, []string{
			Clean(last(row.Path)), cost, Percent(float64(row.Share)), Count(row.Calls), Count(row.Runs), Count(row.Failed), Percent(float64(row.RetryRatio)),
			amount(row.Wasted), amount(row.P50), amount(row.P95), amount(row.Max), Percent(float64(row.Top1)), amount(row.CostPerSuccess),
		})
	}
	return g
}

// notes say what is not known and what the numbers rest on.
func (r *Report) notes() []string {
	var n []string
	for i, u := range r.Totals.unpriced {
		if i == 10 {
			n = append(n, fmt.Sprintf("%d more models without a price", len(r.Totals.unpriced)-i))
			break
		}
		n = append(n, fmt.Sprintf("no price for %s: %s, %s tokens", Clean(u.Model), plural(u.Calls, "call"), Tokens(u.Tokens)))
	}
	if t := &r.Totals; t.NoUsage > t.Unbilled {
		n = append(n, gap(t.NoUsage-t.Unbilled, "model call", "without token counts: cost unknown"))
	}
	if r.Totals.Unbilled > 0 {
		n = append(n, gap(r.Totals.Unbilled, "failed model call", "without token counts: taken as not billed"))
	}
	if r.skips > 0 {
		note := plural(r.skips, "value") + " could not be read"
		if len(r.Skipped) > 0 {
			s := &r.Skipped[0]
			note += fmt.Sprintf("; the first: %s:%d: %s", Clean(s.Path), s.Line, Clean(s.Reason))
		}
		n = append(n, note)
	}
	for _, w := range r.warnings {
		n = append(n, Clean(w))
	}
	return append(n, r.Prices.notes()...)
}

// notes says which prices the numbers come from.
func (i *PriceInfo) notes() (n []string) {
	if i.AsOf != nil {
		source := ""
		if i.Source != nil {
			source = " (" + Clean(*i.Source) + ")"
		}
		n = append(n, "prices as of "+Clean(*i.AsOf)+source)
	}
	if i.Repriced != nil {
		n = append(n, i.Repriced.text)
	}
	return n
}

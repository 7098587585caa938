package tui

import (
	"context"
	"math"
	"slices"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A versus is what a table knows of the side before: first what its rows cost, then, as that takes reading every run, why it changed.
type versus struct {
	ask  asker // for the rows before
	deep asker // for the reasons
	more bool  // the rows changed while the reasons were looked for
	half bool  // the side after is still being read: what is not there yet may come

	lacks lacking // of the side after

	plain *analyze.Table // of the side after, without the rows that are gone
	table *analyze.Table // of the side before; nil: not known yet, or no baseline
	rows  map[string]*analyze.Row
	part  analyze.Row // those of the rows shown added up, where they are not all

	why  *analyze.ComparisonReport
	of   map[string]*analyze.PathChange // of why, by name
	past keptSurvey
	err  error
}

// A keptSurvey is a survey of a side that does not change.
type keptSurvey struct {
	serial int
	of     string
	survey *analyze.Survey
}

// compared is an answer about both sides.
type compared struct {
	report *analyze.ComparisonReport
	past   keptSurvey
}

// load asks for the side before, if there is one.
func (v *versus) load(a *App, p *paths) tea.Cmd {
	if !a.base.on {
		return nil
	}
	src, q := a.base.src, p.s.by(p.dim)
	return v.ask.ask(func(ctx context.Context) (any, error) { return src.Rollup(ctx, q) })
}

// take takes answers about the side before in; mine says that r is one.
func (v *versus) take(a *App, p *paths, r reply) (cmd tea.Cmd, mine bool) {
	switch {
	case v.ask.took(r):
		if v.err = r.err; r.err != nil {
			return nil, true
		}
		v.table = r.ans.(*analyze.Table)
		v.rows = make(map[string]*analyze.Row, len(v.table.Rows))
		for i := range v.table.Rows {
			v.rows[rowName(&v.table.Rows[i])] = &v.table.Rows[i]
		}
		v.join(p)
		return tea.Batch(v.explain(a, p), p.arrange(a)), true
	case v.deep.took(r):
		if v.err = r.err; r.err == nil {
			v.explained(r.ans.(*compared))
			cmd = p.arrange(a)
		}
		if v.more {
			cmd = tea.Batch(cmd, v.explain(a, p))
		}
		return cmd, true
	}
	return nil, false
}

// explain asks why the rows changed.
func (v *versus) explain(a *App, p *paths) tea.Cmd {
	if v.more = v.deep.busy; v.more {
		return nil
	}
	compare := a.compare(p.s.by(p.dim), v.past)
	return v.deep.ask(func(ctx context.Context) (any, error) { return compare(ctx) })
}

func (v *versus) explained(c *compared) {
	v.why, v.past = c.report, c.past
	v.of = make(map[string]*analyze.PathChange, len(c.report.Paths))
	for i := range c.report.Paths {
		if x := &c.report.Paths[i]; len(x.Path) == 1 {
			v.of[x.Path[0]] = x
		}
	}
}

// compare is the question why what q is about changed. past is what is known of the side before.
func (a *App) compare(q analyze.Query, past keptSurvey) func(context.Context) (*compared, error) {
	now, base := a.src, &a.base
	src, serial, static := base.src, base.serial, base.static
	return func(ctx context.Context) (*compared, error) {
		if key := q.String(); past.serial != serial || past.of != key || !static {
			survey, err := src.Survey(ctx, q)
			if err != nil {
				return nil, err
			}
			past = keptSurvey{serial, key, survey}
		}
		survey, err := now.Survey(ctx, q)
		if err != nil {
			return nil, err
		}
		return &compared{analyze.NewComparisonReport(ctx, past.survey, survey), past}, ctx.Err()
	}
}

// join adds the rows that only the side before has.
func (v *versus) join(p *paths) {
	if v.table == nil || p.latest == nil {
		return
	}
	if v.plain == nil {
		v.plain = p.latest
	}
	here := make(map[string]bool, len(v.plain.Rows))
	for i := range v.plain.Rows {
		here[rowName(&v.plain.Rows[i])] = true
	}
	t := *v.plain
	t.Rows = slices.Clone(t.Rows)
	for i := range v.table.Rows {
		if r := &v.table.Rows[i]; !here[rowName(r)] {
			t.Rows = append(t.Rows, analyze.Row{Path: r.Path})
		}
	}
	p.latest = &t
}

// fresh tells that the table has another answer.
func (v *versus) fresh(p *paths) {
	v.plain = p.latest
	v.join(p)
}

// forget drops what is known: there is another baseline, or none.
func (v *versus) forget(a *App, p *paths) tea.Cmd {
	v.leave()
	if v.plain != nil {
		p.latest = v.plain
	}
	past := v.past
	*v = versus{ask: v.ask, deep: v.deep, past: past}
	return p.arrange(a)
}

func (v *versus) leave() {
	v.ask.leave()
	v.deep.leave()
}

// see adds the side before to what a cell may look at.
func (v *versus) see(c cellOf) cellOf {
	if c.lacks = v.lacks; v.table == nil {
		return c
	}
	c.base, c.half = true, v.half
	switch {
	case c.row.Runs < 0:
		c.old = &v.part
	case c.row == c.total:
		if c.old = &v.table.Total; v.why != nil {
			c.why = v.why.Whole()
		}
	default:
		c.old, c.why = v.rows[rowName(c.row)], v.of[rowName(c.row)]
	}
	return c
}

// sumOf adds up the side before of the rows shown.
func (v *versus) sumOf(rows []*analyze.Row) analyze.Row {
	sum := analyze.Row{Runs: -1}
	for _, r := range rows {
		if old := v.rows[rowName(r)]; old != nil {
			sum.Summary.Merge(&old.Summary)
		}
	}
	return sum
}

// The columns of a comparison.

func init() {
	columns = append([]column{
		{id: "before", base: true, sums: true, width: 11, rank: 0, head: fixed("before"), text: beforeText, key: beforeKey, role: always(roleDim)},
		{id: "after", base: true, sums: true, width: 11, rank: 0, head: fixed("after"), text: afterText, key: afterKey, role: always(roleSpend)},
		{id: "change", base: true, sums: true, width: 11, rank: 0, head: fixed("change"), text: changeText, key: changeKey, role: changeRole},
		{id: "change%", base: true, width: 8, rank: 0, head: fixed("%"), text: growthText, key: growthKey, role: changeRole},
		{id: "per run", base: true, width: 7, rank: 0, head: fixed("per run"), text: signText, key: signKey, role: signRole},
	}, columns...)
	for id, about := range map[string]string{
		"before": "cost in the baseline", "after": "cost now", "change": "after less before; sorted by size", "change%": "change in percent",
		"per run": "did a run get dearer (▲) or cheaper (▼) for sure?",
	} {
		columnAbout[id] = about
	}
}

// wanted says whether a column has a place on the screen: a comparison has its own, and repeats no other.
func (c *column) wanted(a *App) bool {
	switch {
	case a.look.hidden[c.id] || c.skip != nil && c.skip(a.look.measure) || c.base && !a.base.on:
		return false
	case a.base.on && c.id == "measure":
		return a.look.measure != byCost
	}
	return !a.base.on || c.id != "cost"
}

// oldCost and newCost are those of a cell; nothing on a side that lacks the row.
func oldCost(c cellOf) int64 {
	if c.old == nil {
		return 0
	}
	return int64(c.old.Cost)
}

func beforeText(c cellOf) string {
	switch {
	case !c.base:
		return "…"
	case c.old == nil || c.old.Calls == 0:
		return none
	}
	return atLeast(c.old)
}

func beforeKey(c cellOf) (int64, bool) { return oldCost(c), c.base }

func afterText(c cellOf) string {
	if c.row.Calls == 0 {
		return none
	}
	return atLeast(c.row)
}

func afterKey(c cellOf) (int64, bool) { return int64(c.row.Cost), true }

// unsure: calls of unknown cost, on either side, are not in the change.
func unsure(c cellOf) bool { return c.row.Incomplete() || c.old != nil && c.old.Incomplete() }

// changeUnknown: on a side no cost is known though there are calls.
func changeUnknown(c cellOf) bool {
	return c.row.Calls > 0 && costUnknown(c.row) || c.old != nil && c.old.Calls > 0 && costUnknown(c.old)
}

func changeText(c cellOf) string {
	switch {
	case !c.base:
		return "…"
	case c.row.Overflow() || c.old != nil && c.old.Overflow():
		return "overflow"
	case changeUnknown(c):
		return "?"
	case unsure(c):
		return "~" + analyze.SignedMoney(analyze.Dollars(int64(c.row.Cost)-oldCost(c)))
	}
	return analyze.SignedMoney(analyze.Dollars(int64(c.row.Cost) - oldCost(c)))
}

// changeKey sorts by the size of a change, whichever way it goes.
func changeKey(c cellOf) (int64, bool) {
	d := int64(c.row.Cost) - oldCost(c)
	return max(d, -d), c.base && !changeUnknown(c)
}

func growthText(c cellOf) string {
	switch {
	case !c.base:
		return "…"
	case c.old == nil || c.old.Calls == 0:
		return "new"
	case c.row.Calls == 0 && c.half:
		return "reading"
	case c.row.Calls == 0:
		return "gone"
	case changeUnknown(c):
		return "?"
	}
	return analyze.SignedPercent(growthOf(c))
}

// growthOf is the change as a part of the cost before; NaN where that was nothing.
func growthOf(c cellOf) float64 {
	if oldCost(c) == 0 {
		return math.NaN()
	}
	return float64(int64(c.row.Cost)-oldCost(c)) / float64(oldCost(c))
}

func growthKey(c cellOf) (int64, bool) {
	g := growthOf(c)
	if !c.base || math.IsNaN(g) {
		return 0, false
	}
	return int64(max(min(g, 1e6), -1e6) * 1e12), true
}

func changeRole(c cellOf) role {
	switch d := int64(c.row.Cost) - oldCost(c); {
	case !c.base || d == 0 || changeUnknown(c):
		return roleDim
	case d > 0:
		return roleWaste
	}
	return roleGood
}

// A verdict is what a test says of the cost of a run.
type verdict struct {
	text string
	r    role
	rank int64 // to sort by
}

var (
	verdictDearer  = verdict{"▲ sig", roleFail, 6}
	verdictCheaper = verdict{"▼ sig", roleGood, 5}
	verdictNew     = verdict{"new", roleWarn, 4}
	verdictGone    = verdict{"gone", roleWarn, 3}
	verdictChance  = verdict{"· n.s.", roleDim, 2}
	verdictFew     = verdict{"? few", roleDim, 1}
	verdictWait    = verdict{"…", roleDim, 0}
)

// verdictOn says what the test of a change says; nil: not known yet.
func verdictOn(x *analyze.PathChange) verdict {
	switch {
	case x == nil:
		return verdictWait
	case x.IsNew:
		return verdictNew
	case x.Retired:
		return verdictGone
	case math.IsNaN(float64(x.PAdjusted)):
		return verdictFew
	case !x.Significant:
		return verdictChance
	case x.NewMean.USD > x.OldMean.USD:
		return verdictDearer
	}
	return verdictCheaper
}

func verdictOf(c cellOf) verdict {
	switch {
	case c.row.Runs < 0:
		return verdict{none, roleDim, 0} // rows share runs: there is no test of some of them
	case c.base && (c.old == nil || c.old.Calls == 0):
		return verdictNew
	case c.base && c.row.Calls == 0 && c.half:
		return verdictWait
	case c.base && c.row.Calls == 0:
		return verdictGone
	}
	return verdictOn(c.why)
}

func signText(c cellOf) string       { return verdictOf(c).text }
func signKey(c cellOf) (int64, bool) { return verdictOf(c).rank, true }
func signRole(c cellOf) role         { return verdictOf(c).r }

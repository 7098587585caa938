package tui

import (
	"math"

	"costscope/analyze"
)

// A measure is what shares, sums and bars are made of.
type measure uint8

const (
	byCost measure = iota
	byTokens
	byCalls
	byWasted
	measureCount
)

var measureNames = [measureCount]string{"cost", "tokens", "calls", "wasted"}

// of is the measure of a row.
func (m measure) of(r *analyze.Row) int64 {
	switch m {
	case byTokens:
		return r.Input + r.Output
	case byCalls:
		return r.Calls
	case byWasted:
		return int64(r.Wasted)
	}
	return int64(r.Cost)
}

// A column is one fact about each row. The lowest rank is dropped last as the terminal narrows.
type column struct {
	id    string
	width int
	rank  int
	head  func(m measure) string
	text  func(c cellOf) string
	key   func(c cellOf) (v int64, known bool) // to sort by; unknown goes last. nil: not to be sorted by
	role  func(c cellOf) role
	skip  func(m measure) bool // repeats the measure's column
	sums  bool                 // the total is the widest
	base  bool                 // only beside a baseline
}

// cellOf is what a cell may look at.
type cellOf struct {
	row   *analyze.Row
	total *analyze.Row
	m     measure
	sum   int64 // measure of this row and all rows above
	lacks lacking

	base bool                // the side before is known
	half bool                // this side is still being read
	old  *analyze.Row        // there; nil: it lacks this row
	why  *analyze.PathChange // nil: not known yet
}

// columns of the table of paths, from left to right, between the name and the bar.
var columns = []column{
	{id: "measure", sums: true, width: 11, rank: 0, head: func(m measure) string { return measureNames[m] }, text: measureText,
		key: func(c cellOf) (int64, bool) { return c.m.of(c.row), true }, role: measureRole},
	{id: "share", width: 7, rank: 1, head: fixed("share"), text: shareText},
	{id: "sum", width: 7, rank: 6, head: fixed("sum"), text: func(c cellOf) string { return percent(c.sum, c.m.of(c.total)) }, role: always(roleDim)},
	{id: "cost", sums: true, width: 11, rank: 2, head: fixed("cost"), text: func(c cellOf) string { return costCell(c.row) },
		key: func(c cellOf) (int64, bool) { return int64(c.row.Cost), true }, role: always(roleSpend), skip: is(byCost)},
	{id: "calls", sums: true, width: 11, rank: 3, head: fixed("calls"), text: func(c cellOf) string { return count(c.row.Calls) },
		key: func(c cellOf) (int64, bool) { return c.row.Calls, true }, skip: is(byCalls)},
	{id: "failed", width: 8, rank: 8, head: fixed("failed"), text: func(c cellOf) string { return ratio(c.row.Failed, c.row.Calls, "✗") },
		key: ratioKey(func(r *analyze.Row) (int64, int64) { return r.Failed, r.Calls }), role: failedRole},
	{id: "retry", width: 8, rank: 7, head: fixed("retry"), text: retryCell, key: retryKey, role: retryRole},
	{id: "wasted", sums: true, width: 10, rank: 5, head: fixed("wasted"), text: wastedText,
		key: func(c cellOf) (int64, bool) { return int64(c.row.Wasted), !c.lacks.noTries(c.row) }, role: wasteRole, skip: is(byWasted)},
	{id: "p50", width: 10, rank: 10, head: fixed("p50/call"), text: quantileText(1, 2), key: quantileKey(1, 2)},
	{id: "p99", width: 10, rank: 9, head: fixed("p99/call"), text: quantileText(99, 100), key: quantileKey(99, 100)},
	{id: "max", width: 10, rank: 11, head: fixed("max/call"), text: maxText, key: func(c cellOf) (int64, bool) { return int64(c.row.Max), c.row.Costs.N() > 0 }},
	{id: "top1%", width: 7, rank: 12, head: fixed("top1%"), text: func(c cellOf) string { return percentOf(topShare(c.row)) }, key: topKey},
	{id: "tokens", width: 8, rank: 13, head: fixed("tokens"), text: func(c cellOf) string { return short(c.row.Input + c.row.Output) },
		key: func(c cellOf) (int64, bool) { return c.row.Input + c.row.Output, true }, skip: is(byTokens)},
	{id: "cached", width: 7, rank: 15, head: fixed("cached"), text: func(c cellOf) string { return percent(c.row.CacheRead, c.row.Input) },
		key: ratioKey(func(r *analyze.Row) (int64, int64) { return r.CacheRead, r.Input })},
	{id: "runs", sums: true, width: 9, rank: 16, head: fixed("runs"), text: runsText,
		key: func(c cellOf) (int64, bool) { return c.row.Runs, true }},
	{id: "$/success", width: 10, rank: 14, head: fixed("$/success"), text: successText, key: successKey},
}

// nameColumn and barColumn stand at the two ends and take the space that is left.
const (
	nameColumn = "name"
	barColumn  = "bar"
	barRank    = 4
)

func fixed(s string) func(measure) string { return func(measure) string { return s } }
func always(r role) func(cellOf) role     { return func(cellOf) role { return r } }
func is(m measure) func(measure) bool     { return func(x measure) bool { return x == m } }

func measureText(c cellOf) string {
	switch c.m {
	case byTokens:
		return count(c.m.of(c.row))
	case byCalls:
		return count(c.row.Calls)
	case byWasted:
		return wastedText(c)
	}
	return costCell(c.row)
}

// runsText is unknown for a part of the rows: a run may be in several of them.
func runsText(c cellOf) string {
	if c.row.Runs < 0 {
		return unknown
	}
	return count(c.row.Runs)
}

// retryCell and retryKey are further attempts of all calls: unknown where the table does not record them.
func retryCell(c cellOf) string {
	if c.lacks.noTries(c.row) {
		return unknown
	}
	return ratio(c.row.Retries, c.row.Calls, "↻")
}

func retryKey(c cellOf) (int64, bool) {
	if c.lacks.noTries(c.row) {
		return 0, false
	}
	return ratioKey(func(r *analyze.Row) (int64, int64) { return r.Retries, r.Calls })(c)
}

func wastedText(c cellOf) string {
	if c.lacks.noTries(c.row) {
		return unknown
	}
	if c.row.Wasted == 0 {
		return none
	}
	return least(c.row.Incomplete()) + money(c.row.Wasted)
}

// shareText is the row's part of the measure; of a cost that is not known nobody knows it.
func shareText(c cellOf) string {
	if text := costCell(c.row); c.m == byCost && costUnknown(c.row) {
		return text
	}
	return percent(c.m.of(c.row), c.m.of(c.total))
}

// costUnknown: no call of the row has a known cost.
func costUnknown(r *analyze.Row) bool { return !r.CostKnown() }

func measureRole(c cellOf) role {
	switch c.m {
	case byCost:
		return roleSpend
	case byWasted:
		return roleWaste
	}
	return roleText
}

// atLeast is the cost of a row; "≥" where calls without a price, or without token counts, are not in it, "?" where none of its calls has one.
func atLeast(r *analyze.Row) string {
	switch {
	case r.Overflow():
		return "overflow"
	case costUnknown(r):
		return "?"
	}
	return least(r.Incomplete()) + money(r.Cost)
}

// costCell is the cost of a row among others; nothing where it is of tools and people that state none.
func costCell(r *analyze.Row) string {
	if costUnknown(r) && !r.Overflow() && !r.Incomplete() {
		return none
	}
	return atLeast(r)
}

// noCost says why there is no money to show, and what to do about it.
func noCost(unit string, t *analyze.Row) string {
	text := "no " + unit + " with a known cost here"
	switch none := t.NoUsage - t.Unbilled; {
	case t.Unpriced > 0:
		text += ": no price for " + count(t.Unpriced) + plural(int(t.Unpriced), " call", " calls") + " · --prices FILE adds one"
	case none > 0:
		text += ": " + count(none) + plural(int(none), " call states", " calls state") + " neither tokens nor cost"
	}
	return text
}

// ratio prints part of whole after a glyph that says what it is; nothing is a dim dot.
func ratio(part, whole int64, glyph string) string {
	if part == 0 {
		return none
	}
	return glyph + percent(part, whole)
}

func ratioKey(of func(*analyze.Row) (int64, int64)) func(cellOf) (int64, bool) {
	return func(c cellOf) (int64, bool) {
		part, whole := of(c.row)
		if whole == 0 {
			return 0, false
		}
		return int64(float64(part) / float64(whole) * 1e12), true
	}
}

func failedRole(c cellOf) role {
	if c.row.Failed == 0 {
		return roleDim
	}
	return roleFail
}

func retryRole(c cellOf) role {
	if c.row.Retries == 0 {
		return roleDim
	}
	return roleRetry
}

func wasteRole(c cellOf) role {
	if c.row.Wasted == 0 {
		return roleDim
	}
	return roleWaste
}

func quantileText(num, den int64) func(cellOf) string {
	return func(c cellOf) string {
		if v, ok := quantile(c.row, num, den); ok {
			return moneyInt(v)
		}
		return unknown
	}
}

func quantileKey(num, den int64) func(cellOf) (int64, bool) {
	return func(c cellOf) (int64, bool) { return quantile(c.row, num, den) }
}

func quantile(r *analyze.Row, num, den int64) (int64, bool) {
	if r.Costs.N() == 0 {
		return 0, false
	}
	return r.Costs.Percentile(num, den, int64(r.Max)), true
}

func maxText(c cellOf) string {
	if c.row.Costs.N() == 0 {
		return unknown
	}
	return money(c.row.Max)
}

// topShare is the part of the cost that the dearest hundredth of the calls makes up.
func topShare(r *analyze.Row) float64 {
	n := r.Costs.N()
	if n == 0 {
		return math.NaN()
	}
	return r.Costs.TopShare((n + 99) / 100)
}

func topKey(c cellOf) (int64, bool) {
	x := topShare(c.row)
	if math.IsNaN(x) {
		return 0, false
	}
	return int64(x * 1e12), true
}

func successText(c cellOf) string {
	v, ok := successKey(c)
	if !ok {
		return unknown
	}
	return least(c.row.Incomplete()) + moneyInt(v)
}

// successKey is what a success costs: of the finished runs, with those that failed.
func successKey(c cellOf) (int64, bool) {
	if c.row.Success == 0 || costUnknown(c.row) {
		return 0, false
	}
	v := c.row.CostPerSuccess()
	return int64(v.USD), v.Known
}

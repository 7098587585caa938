package analyze

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"costscope/tracefmt"
)

// A ComparisonReport is a comparison to be shown. Drivers come by effect, the largest first.
type ComparisonReport struct {
	Comparison
	Growth      Fraction    `json:"growth"`   // of the cost per run: 0.10 is 10 % dearer
	GrowthP     Fraction    `json:"growth_p"` // of no difference between the runs' costs; NaN: not testable
	Significant bool        `json:"growth_significant"`
	GrowthWhy   string      `json:"growth_why,omitempty"` // it is not testable
	OldPartial  bool        `json:"old_incomplete"`       // calls of unknown cost are not in it
	NewPartial  bool        `json:"new_incomplete"`
	Conditions  []Condition `json:"conditions"`
	Prices      PriceInfo   `json:"prices"`

	OldSubject string   `json:"-"`
	NewSubject string   `json:"-"`
	By         []string `json:"by"`
}

// NewComparisonReport compares two surveys that group by the same dimensions.
func NewComparisonReport(ctx context.Context, old, new *Survey) *ComparisonReport {
	r := &ComparisonReport{Comparison: *CompareSides(ctx, old.Side(), new.Side()), Conditions: []Condition{}, By: []string{}}
	byEffect := func(x, y Driver) int { return cmp.Compare(y.Effect.size(), x.Effect.size()) }
	slices.SortStableFunc(r.Drivers, byEffect)
	for i := range r.Paths {
		slices.SortStableFunc(r.Paths[i].Drivers, byEffect)
	}
	for i := range r.Paths {
		r.OldPartial, r.NewPartial = r.OldPartial || r.Paths[i].OldPartial, r.NewPartial || r.Paths[i].NewPartial
	}
	for _, d := range old.scan.by {
		r.By = append(r.By, d.String())
	}
	before, after := ratio(int64(r.Old), r.OldRuns), ratio(int64(r.New), r.NewRuns)
	r.Growth = Fraction(after/before - 1)
	if r.Old == 0 || r.Overflow {
		r.Growth = Fraction(math.NaN())
	}
	var x PathChange
	budget := testBudget(testWork)
	p := x.test(ctx, pathPair{nil, &PathCost{Sample: old.Samples()}, &PathCost{Sample: new.Samples()}}, minSample, &budget)
	r.GrowthP, r.Significant, r.GrowthWhy = Fraction(p), p < significantP, x.Why
	return r
}

// OldMean is what a run cost before.
func (c *Comparison) OldMean() Amount { return quotient(tracefmt.USD(c.Old), 1, c.OldRuns) }

// NewMean is what a run costs after.
func (c *Comparison) NewMean() Amount { return quotient(tracefmt.USD(c.New), 1, c.NewRuns) }

// Whole is the change of everything as that of a path, without drivers.
func (r *ComparisonReport) Whole() *PathChange {
	x := &PathChange{Old: r.Old, New: r.New, OldUnknown: r.OldPartial, NewUnknown: r.NewPartial, Change: r.Change, Volume: r.Volume, Mix: r.Mix, Unit: r.Unit, OldRuns: r.OldRuns, NewRuns: r.NewRuns,
		OldMean: r.OldMean(), NewMean: r.NewMean(), P: r.GrowthP, PAdjusted: r.GrowthP, Significant: r.Significant, Why: r.GrowthWhy,
		OldPartial: r.OldPartial, NewPartial: r.NewPartial, IsNew: r.OldRuns == 0, Retired: r.NewRuns == 0}
	for i := range r.Paths { // one path with a known cost makes it known
		p := &r.Paths[i]
		x.OldUnknown, x.NewUnknown = x.OldUnknown && (p.IsNew || p.OldUnknown), x.NewUnknown && (p.Retired || p.NewUnknown)
	}
	return x
}

// Before is the cost of the old side: Unknown where the path is not there, "?" where nothing is known of its cost.
func (x *PathChange) Before() string { return costText(x.Old, x.IsNew, x.OldUnknown, x.OldPartial) }

// After is the cost of the new side.
func (x *PathChange) After() string { return costText(x.New, x.Retired, x.NewUnknown, x.NewPartial) }

func costText(d Dollars, absent, unknown, partial bool) string {
	switch {
	case absent:
		return Unknown
	case unknown:
		return "?"
	}
	return LowerBound(Money(tracefmt.USD(d)), partial)
}

// Signed is an amount of the change: "?" where the cost of a side is not known, with "~" where not all of it is.
func (x *PathChange) Signed(d Dollars) string {
	switch {
	case x.OldUnknown || x.NewUnknown:
		return "?"
	case x.OldPartial || x.NewPartial:
		return "~" + SignedMoney(d)
	}
	return SignedMoney(d)
}

// A Condition is what a person does not want to happen.
type Condition struct {
	Text  string   `json:"condition"`
	Value Fraction `json:"value"` // NaN: not known
	Holds bool     `json:"holds"`
	Known bool     `json:"known"` // false: calls of unknown cost could decide it

	name  string
	op    string
	limit float64
}

// A conditionName is what conditions can compare.
type conditionName struct {
	name  string
	exact bool // calls of unknown cost do not matter
	value func(*ComparisonReport) float64
}

// conditionNames are what conditions compare, in the order of the help.
var conditionNames = []conditionName{
	{"growth", false, func(r *ComparisonReport) float64 { return float64(r.Growth) }},
	{"total_growth", false, func(r *ComparisonReport) float64 { return ratio(int64(r.Change), int64(r.Old)) }},
	{"change", false, func(r *ComparisonReport) float64 { return tracefmt.USD(r.Change).Float() }},
	{"volume", false, func(r *ComparisonReport) float64 { return tracefmt.USD(r.Volume).Float() }},
	{"mix", false, func(r *ComparisonReport) float64 { return tracefmt.USD(r.Mix).Float() }},
	{"unit", false, func(r *ComparisonReport) float64 { return tracefmt.USD(r.Unit).Float() }},
	{"new", true, func(r *ComparisonReport) float64 { return r.count(func(x *PathChange) bool { return x.IsNew }) }},
	{"retired", true, func(r *ComparisonReport) float64 { return r.count(func(x *PathChange) bool { return x.Retired }) }},
	{"dearer", false, func(r *ComparisonReport) float64 {
		return r.count(func(x *PathChange) bool { return x.Significant && x.NewMean.USD > x.OldMean.USD })
	}},
}

func (r *ComparisonReport) count(is func(*PathChange) bool) (n float64) {
	for i := range r.Paths {
		n += float64(b2i(is(&r.Paths[i])))
	}
	return n
}

// ParseCondition reads NAME>NUMBER, also with >=, < and <=.
func ParseCondition(s string) (Condition, error) {
	c := Condition{Text: strings.TrimSpace(s), Value: Fraction(math.NaN())}
	at := strings.IndexAny(s, "<>")
	if at < 0 {
		return c, fmt.Errorf("%q is no condition; write NAME>NUMBER, as in growth>0.10", s)
	}
	end := at + 1
	if strings.HasPrefix(s[end:], "=") {
		end++
	}
	var err error
	c.name, c.op = strings.TrimSpace(s[:at]), s[at:end]
	number := strings.TrimPrefix(strings.TrimSpace(s[end:]), "$")
	if c.limit, err = strconv.ParseFloat(number, 64); err != nil || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return c, fmt.Errorf("%q: %q is no number", s, number)
	}
	var names []string
	for _, n := range conditionNames {
		if n.name == c.name {
			return c, nil
		}
		names = append(names, n.name)
	}
	return c, fmt.Errorf("%q: nothing is called %q; there are %s", s, c.name, strings.Join(names, ", "))
}

// Judge answers conditions.
func (r *ComparisonReport) Judge(list []Condition) {
	for _, c := range list {
		i := slices.IndexFunc(conditionNames, func(n conditionName) bool { return n.name == c.name })
		v := conditionNames[i].value(r)
		c.Value, c.Known = Fraction(v), !math.IsNaN(v) && (conditionNames[i].exact || !r.OldPartial && !r.NewPartial)
		switch c.op {
		case ">":
			c.Holds = v > c.limit
		case ">=":
			c.Holds = v >= c.limit
		case "<":
			c.Holds = v < c.limit
		case "<=":
			c.Holds = v <= c.limit
		}
		r.Conditions = append(r.Conditions, c)
	}
}

// WriteJSON writes the comparison as one JSON object (contract, section 2).
func (r *ComparisonReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteText writes the comparison for people.
func (r *ComparisonReport) WriteText(w io.Writer) error { return r.page().writeText(w) }

// WriteMarkdown writes the comparison for a pull request.
func (r *ComparisonReport) WriteMarkdown(w io.Writer) error { return r.page().writeMarkdown(w) }

func (r *ComparisonReport) page() *page {
	p := &page{title: "costscope diff", under: Clean(r.OldSubject + " → " + r.NewSubject)}
	for _, f := range [][2]string{
		{"cost", r.changeText()}, {"per run", r.growthText()}, {"because", r.causeText()}, {"divided", r.splitText()}, {"paths", r.pathsText()},
	} {
		if f[1] != "" {
			p.facts = append(p.facts, f)
		}
	}
	for _, c := range r.Conditions {
		p.facts = append(p.facts, [2]string{"condition", c.text()})
	}
	if r.Overflow {
		p.notes = append(p.notes, "the sums exceed what costscope can add up: the amounts are wrong")
		return p
	}
	if g := r.driverGrid(); len(g.rows) > 0 {
		p.grids = append(p.grids, g)
	}
	if g := r.pathGrid(); len(g.rows) > 0 {
		p.grids = append(p.grids, g)
		p.notes = append(p.notes, "volume: more or fewer runs in all · mix: another part of them takes the path · unit cost: a run costs another amount there")
	} else if g.more != "" {
		p.notes = append(p.notes, g.more)
	}
	return r.missing(p)
}

// missing notes what the sums do not hold.
func (r *ComparisonReport) missing(p *page) *page {
	if r.OldPartial {
		p.notes = append(p.notes, "before: calls of unknown cost are not in it")
	}
	if r.NewPartial {
		p.notes = append(p.notes, "after: calls of unknown cost are not in it")
	}
	return p
}

// SignedMoney is an amount with its sign.
func SignedMoney(d Dollars) string {
	if d > 0 {
		return "+" + Money(tracefmt.USD(d))
	}
	return Money(tracefmt.USD(d))
}

// SignedPercent is a change; Unknown where it is not known.
func SignedPercent(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return Unknown
	case v < 0:
		return "-" + Percent(-v)
	case v > 0:
		return "+" + Percent(v)
	}
	return Percent(v)
}

func (r *ComparisonReport) changeText() string {
	if r.Overflow {
		return "too large to add up"
	}
	all := r.Whole()
	text := all.Before() + " → " + all.After() + ": " + all.Signed(r.Change)
	if r.Old != 0 {
		text += " (" + SignedPercent(ratio(int64(r.Change), int64(r.Old))) + ")"
	}
	return join(text, Count(r.OldRuns)+" → "+plural(r.NewRuns, "run"))
}

func (r *ComparisonReport) growthText() string {
	if r.OldRuns == 0 || r.NewRuns == 0 || r.Overflow {
		return ""
	}
	sure := "may be chance"
	switch p := float64(r.GrowthP); {
	case math.IsNaN(p):
		sure = "not testable: fewer than ten runs on a side"
	case r.Significant:
		sure = "significant"
	case r.Growth == 0:
		sure = "no change"
	}
	if p := float64(r.GrowthP); !math.IsNaN(p) {
		sure += " (p " + PText(p) + ")"
	}
	return join(MoneyOr(r.OldMean())+" → "+MoneyOr(r.NewMean())+": "+SignedPercent(float64(r.Growth)), sure)
}

// PText is a p as people read it.
func PText(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// causeText names the three largest drivers.
func (r *ComparisonReport) causeText() string {
	var parts []string
	for _, d := range r.Drivers {
		if len(parts) < 3 && d.Effect != 0 && !r.Overflow {
			parts = append(parts, d.Text()+" "+SignedMoney(d.Effect)+inBrackets(r.Where(&d)))
		}
	}
	return strings.Join(parts, " · ")
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// Where names the path that most of a driver's effect comes from, if one does; of new and retired paths the largest.
func (r *ComparisonReport) Where(d *Driver) string {
	best, most := -1, Dollars(0)
	for i := range r.Paths {
		if v := r.Paths[i].part(d.Factor); (v > 0) == (d.Effect > 0) && v.size() > most {
			best, most = i, v.size()
		}
	}
	if best < 0 || most < d.Effect.size()/2 && d.Factor != driverNames[driverNew] && d.Factor != driverNames[driverRetired] || len(r.Paths) == 1 {
		return ""
	}
	path := pathText(r.Paths[best].Path)
	switch {
	case most >= d.Effect.size():
		return path
	case most >= d.Effect.size()/2:
		return "most in " + path
	}
	return "largest: " + path
}

// part is what a path adds to the effect of a factor.
func (x *PathChange) part(factor string) Dollars {
	switch {
	case factor == driverNames[driverNew] && x.IsNew, factor == driverNames[driverRetired] && x.Retired:
		return x.Change
	}
	for _, d := range x.Drivers {
		if d.Factor == factor {
			return d.Effect
		}
	}
	return 0
}

// Text is a driver with its ratio: "attempts per operation 1.25x".
func (d *Driver) Text() string {
	if math.IsNaN(float64(d.Ratio)) {
		return d.Factor
	}
	return d.Factor + " " + Times(float64(d.Ratio))
}

func (r *ComparisonReport) splitText() string {
	if r.Overflow {
		return ""
	}
	return "volume " + SignedMoney(r.Volume) + " · mix " + SignedMoney(r.Mix) + " · unit cost " + SignedMoney(r.Unit)
}

func (r *ComparisonReport) pathsText() string {
	counts := func(n float64, what string) string {
		if n == 0 {
			return ""
		}
		return Count(int64(n)) + " " + what
	}
	return join(plural(int64(len(r.Paths)), "path"), counts(r.count(func(x *PathChange) bool { return x.IsNew }), "new"),
		counts(r.count(func(x *PathChange) bool { return x.Retired }), "retired"),
		fmt.Sprintf("%s of %s tested unit costs changed significantly", Count(int64(r.count(func(x *PathChange) bool { return x.Significant }))), Count(int64(r.Tested))))
}

func (r *ComparisonReport) driverGrid() grid {
	g := grid{title: "drivers", head: []string{"", "", "effect", "ratio"}, text: 2}
	for _, d := range r.Drivers {
		g.rows = append(g.rows, []string{d.Factor, d.About(), SignedMoney(d.Effect), Times(float64(d.Ratio))})
	}
	return g
}

// maxDiffRows bounds the paths that are printed; JSON has them all.
const maxDiffRows = 50

func (r *ComparisonReport) pathGrid() grid {
	g := grid{title: "by " + Clean(strings.Join(r.By, ", ")), head: []string{"", "before", "after", "change", "volume", "mix", "unit cost", "runs", "per run", "cause"}}
	same := int64(0)
	for i := range r.Paths {
		x := &r.Paths[i]
		if x.same() {
			same++
			continue
		}
		if len(g.rows) == maxDiffRows {
			g.more = r.restText(r.Paths[i:])
			return g
		}
		g.rows = append(g.rows, []string{
			pathText(x.Path), x.Before(), x.After(), x.Signed(x.Change), x.Signed(x.Volume), x.Signed(x.Mix), x.Signed(x.Unit),
			Count(x.OldRuns) + " → " + Count(x.NewRuns), MoneyOr(x.OldMean) + " → " + MoneyOr(x.NewMean), x.causeText(),
		})
	}
	if same > 0 {
		g.more = "and " + plural(same, "path") + " without a change"
	}
	return g
}

// same tells that nothing changed in a path.
func (x *PathChange) same() bool {
	return !x.OldPartial && !x.NewPartial && x.Old == x.New && x.Volume == 0 && x.Mix == 0 && x.Unit == 0 && !x.IsNew && !x.Retired && (x.OldRuns == x.NewRuns || x.Old == 0)
}

func (r *ComparisonReport) restText(rest []PathChange) string {
	sum := Dollars(0)
	for i := range rest {
		sum.add(tracefmt.USD(rest[i].Change))
	}
	return "and " + plural(int64(len(rest)), "more path") + ": " + SignedMoney(sum) + " in all; --json has them"
}

// causeText says what a path's change is: new, retired, dearer by its largest driver, or chance.
func (x *PathChange) causeText() string {
	switch {
	case x.IsNew:
		return "new"
	case x.Retired:
		return "retired"
	case x.Unit == 0:
		return ""
	}
	cause := ""
	if len(x.Drivers) > 0 {
		cause = x.Drivers[0].Text()
	}
	switch {
	case math.IsNaN(float64(x.PAdjusted)):
		return join(cause, "not testable")
	case x.Significant:
		return join(cause, "significant")
	}
	return join(cause, "may be chance")
}

func (c *Condition) text() string {
	value := "not known"
	if v := float64(c.Value); !math.IsNaN(v) {
		value = strconv.FormatFloat(v, 'g', 4, 64)
	}
	switch {
	case c.Holds:
		return c.Text + " holds: " + value
	case !c.Known:
		return c.Text + " cannot be told: " + value + ", and calls of unknown cost are not in it"
	}
	return c.Text + " does not hold: " + value
}

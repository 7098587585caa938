package tui

import (
	"context"
	"math"
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A change is lens 0: why a scope costs more or less than in the baseline. Below a table it tells of the row under the cursor what the table
// knows already; on the full screen it asks about the whole scope of the table, and its rows lead down.
type change struct {
	insight
	dim analyze.Dimension // of the rows on the full screen
}

func newChange() lens {
	c := &change{}
	c.insight = insight{draw: c.drawWhy, why: c}
	return c
}

// newWhy is the lens on the full screen.
func newWhy(s scope, dim analyze.Dimension) *zoom {
	z := newZoom(lensNamed("change"), s)
	z.l.(*change).dim = dim
	return z
}

// lowestDims are what the rows are where the path has gone through every level.
var lowestDims = []analyze.Dimension{{Dim: analyze.DimModel}, {Dim: analyze.DimTool}, {Dim: analyze.DimStatus}}

// levelBelow is the first dimension that the path has not gone through.
func (a *App) levelBelow(s scope) (analyze.Dimension, bool) {
	for _, d := range append(slices.Clip(a.opt.By), lowestDims...) {
		if !s.used(d) {
			return d, true
		}
	}
	return analyze.Dimension{}, false
}

func (c *change) about(a *App, s scope, fresh bool) tea.Cmd {
	if a.table() != nil {
		return nil // the table knows
	}
	if c.dim == (analyze.Dimension{}) {
		c.dim, _ = a.levelBelow(s)
	}
	return c.insight.about(a, s, fresh)
}

// keyOf tells answers apart from those of other lenses and other baselines.
func (c *change) keyOf(a *App, s scope) string {
	return "change " + itoa(a.base.serial) + " " + dimName(c.dim) + " " + s.id()
}

// request asks about both sides.
func (c *change) request(a *App) tea.Cmd {
	if why := needsBaseline(a); why != "" {
		return a.refuse(why)
	}
	s, q := c.s, c.s.by(c.dim)
	var rows, causes keptSurvey
	if c.data != nil && c.data.s.id() == s.id() {
		rows, causes = c.data.change.past, c.data.causes.past
	}
	now, before := a.src, a.base.src
	byRows, byLevels := a.compare(q, rows), a.compare(c.levels(a, s), causes)
	return c.ask(func(ctx context.Context) (any, error) {
		d := &insightData{s: s}
		var err error
		if d.table, err = now.Rollup(ctx, q); err != nil {
			return nil, err
		}
		if d.before, err = before.Rollup(ctx, q); err != nil {
			return nil, err
		}
		if d.change, err = byRows(ctx); err != nil {
			return nil, err
		}
		d.causes, err = byLevels(ctx)
		return d, err
	})
}

// levels is the question by everything below: what drives a change is told where it is, such as a new step in an old workflow.
func (c *change) levels(a *App, s scope) analyze.Query {
	dims := []analyze.Dimension{c.dim}
	for _, d := range a.opt.By {
		if d != c.dim && !s.used(d) {
			dims = append(dims, d)
		}
	}
	return s.by(dims...)
}

// enter goes down: to the explanation of a row, and from the deepest to its calls.
func (c *change) enter(a *App, d door) tea.Cmd {
	if dim, ok := a.levelBelow(d.to); ok && !d.runs {
		return a.push(newWhy(d.to, dim))
	}
	return a.push(newZoom(lensNamed("calls"), d.to))
}

func (c *change) view(a *App, w, h int, zoom bool) []string {
	if zoom {
		return c.insight.view(a, w, h, true)
	}
	p := &insightPen{pen: newPen(a.theme, w), a: a, l: &c.insight}
	if t := a.table(); t != nil {
		c.drawRow(p, t, h)
	}
	return p.fit(h)
}

func (c *change) summary(a *App) string {
	if c.data == nil || c.data.change == nil {
		return ""
	}
	n := len(c.data.change.report.Paths)
	return count(int64(n)) + plural(n, " row", " rows")
}

// drawRow explains the row under the cursor in the pane.
func (c *change) drawRow(p *insightPen, t *paths, h int) {
	r := t.row()
	if r == nil {
		return
	}
	p.gap(2).put(roleTitle, shown(rowName(r)))
	v := &t.vs
	x := v.of[rowName(r)]
	switch {
	case v.err != nil:
		p.end()
		p.a.troubled(p.pen, v.err)
		return
	case v.why == nil:
		p.put(roleDim, " · comparing the runs of both sides …").end()
		return
	case x == nil:
		p.put(roleDim, " · nothing here has a cost on either side").end()
		return
	}
	cell := v.see(cellOf{row: r, total: &t.table.Total})
	p.put(roleText, " · "+beforeText(cell)+" → "+afterText(cell)+": ").put(changeRole(cell), changeText(cell)).
		put(roleDim, " · "+runsChange(x.OldRuns, x.NewRuns)).end()
	if sign := verdictOn(x); sign != verdictNew && sign != verdictGone {
		p.gap(2).put(roleText, "a run "+meanChange(x)).put(sign.r, " "+sign.text).put(roleDim, pOf(x)).end()
	}
	if x.OldUnknown || x.NewUnknown {
		p.note(2, "? no price or no token counts: what it costs is not known on one side, nor what the change is")
	} else {
		p.parts(x)
	}
	if r := v.why; len(r.Paths) > 1 {
		p.gap(2).put(roleHead, "all rows").put(roleText, "  "+analyze.SignedMoney(r.Change)+" = volume "+analyze.SignedMoney(r.Volume)+
			" + mix "+analyze.SignedMoney(r.Mix)+" + unit cost "+analyze.SignedMoney(r.Unit)).end()
	}
	if unsure(cell) && !changeUnknown(cell) {
		p.note(2, "~ calls of unknown cost are not in it")
	}
	if len(x.Drivers) > 0 && !changeUnknown(cell) && len(p.list)+len(x.Drivers)+3 <= h {
		p.end()
		c.drivers(p, "unit cost, because of", nil, x.Drivers, x.Unit)
	}
}

func runsChange(old, new int64) string {
	return count(old) + " → " + count(new) + plural(int(new), " run", " runs")
}

// meanChange is what a run costs before and after.
func meanChange(x *analyze.PathChange) string {
	return analyze.MoneyOr(x.OldMean) + " → " + analyze.MoneyOr(x.NewMean)
}

// pOf is how sure it is that a run costs something else now.
func pOf(x *analyze.PathChange) string {
	if p := float64(x.PAdjusted); !math.IsNaN(p) {
		return " (p " + analyze.PText(p) + ")"
	}
	if x.Why != "" {
		return " " + x.Why
	}
	return ""
}

// parts draws volume, mix and unit cost of a change, which add up to it, with what each means here.
func (p *insightPen) parts(x *analyze.PathChange) {
	most := largestOf(x.Volume, x.Mix, x.Unit, x.Change)
	for _, l := range []struct {
		name string
		usd  analyze.Dollars
		says string
	}{
		{"volume", x.Volume, volumeText(x)}, {"mix", x.Mix, mixText(x)}, {"unit cost", x.Unit, unitText(x)}, {"= change", x.Change, ""},
	} {
		p.signed(l.name, l.usd, most, l.says)
	}
}

// signed draws an amount with its bar: what was added █, what was saved ░.
func (p *insightPen) signed(name string, usd analyze.Dollars, most int64, says string) {
	const nameW, usdW, barW = 10, 12, 16
	r, sign := roleWaste, "█"
	if usd < 0 {
		r, sign = roleGood, "░"
	} else if usd == 0 {
		r = roleDim
	}
	p.gap(2).left(roleName, name, nameW).right(r, analyze.SignedMoney(usd), usdW).gap(2)
	at := p.col
	if p.max >= 70 {
		p.bar([]barPart{{max(int64(usd), -int64(usd)), r, sign}}, most, barW).to(at + barW + 2)
	}
	p.put(roleDim, says).end()
}

func volumeText(x *analyze.PathChange) string {
	switch {
	case x.Volume > 0:
		return "more runs in all"
	case x.Volume < 0:
		return "fewer runs in all"
	}
	return "as many runs in all"
}

func mixText(x *analyze.PathChange) string {
	switch {
	case x.IsNew:
		return "new: no run went here before"
	case x.Retired:
		return "gone: no run goes here any more"
	case x.Mix > 0:
		return "a larger part of the runs goes here"
	case x.Mix < 0:
		return "a smaller part of the runs goes here"
	}
	return "the same part of the runs goes here"
}

// unitText names what makes a run dearer or cheaper, the largest first.
func unitText(x *analyze.PathChange) string {
	var parts []string
	for _, d := range x.Drivers {
		if len(parts) < 2 && d.Effect != 0 {
			parts = append(parts, d.Text()+" "+analyze.SignedMoney(d.Effect))
		}
	}
	text := strings.Join(parts, " · ")
	switch {
	case x.IsNew, x.Retired:
		return "no run on the other side to compare with"
	case x.Unit == 0:
		return "a run costs the same here"
	case text != "":
		return text
	case x.Unit > 0:
		return "a run is dearer here"
	}
	return "a run is cheaper here"
}

// drawWhy draws the full screen: the change, its three parts, what drives it, and the rows.
func (c *change) drawWhy(p *insightPen, h int) {
	r := p.data.change.report
	cell := cellOf{row: &p.data.table.Total, total: &p.data.table.Total, base: true, old: &p.data.before.Total}
	p.put(roleText, " · why it changed against "+clean(p.a.base.name)).end()
	if r.Overflow {
		p.note(2, "the sums exceed what can be added up")
		return
	}
	p.gap(2).put(roleSpend, beforeText(cell)+" → "+afterText(cell)+": ").put(changeRole(cell), changeText(cell))
	if g := growthText(cell); g != "new" && g != "gone" {
		p.put(changeRole(cell), " ("+g+")")
	}
	p.put(roleDim, " · "+runsChange(r.OldRuns, r.NewRuns)).end()
	all := r.Whole()
	sign := verdictOn(all)
	p.gap(2).put(roleText, "a run "+meanChange(all)+": "+analyze.SignedPercent(float64(r.Growth))).put(sign.r, " "+sign.text).put(roleDim, pOf(all)).end()
	p.end()
	c.split(p, r)
	if causes := p.data.causes.report; len(causes.Drivers) > 0 {
		c.drivers(p, "because of", causes, causes.Drivers, r.Change)
		p.end()
	}
	c.rows(p, r)
	if unsure(cell) {
		p.end()
		p.note(2, "~ ? calls of unknown cost are not in it, on one side or both; what is known of them is in the sums.")
	}
}

// split draws what the change is the sum of.
func (c *change) split(p *insightPen, r *analyze.ComparisonReport) {
	p.gap(2).put(roleHead, "divided by "+dimName(c.dim)).end()
	most := largestOf(r.Volume, r.Mix, r.Unit, r.Change)
	p.signed("volume", r.Volume, most, runsChange(r.OldRuns, r.NewRuns)+" in all")
	p.signed("mix", r.Mix, most, "runs move to other rows; new, gone")
	p.signed("unit cost", r.Unit, most, "a run costs more or less in a row")
	p.signed("= change", r.Change, most, "")
	p.end()
}

func largestOf(list ...analyze.Dollars) int64 {
	most := int64(1)
	for _, v := range list {
		most = max(most, int64(v), -int64(v))
	}
	return most
}

// drivers draws what a cost is a product of, how each factor moved, what that is worth, and where in a comparison; the effects add up to sum.
func (c *change) drivers(p *insightPen, title string, of *analyze.ComparisonReport, list []analyze.Driver, sum analyze.Dollars) {
	most := largestOf(sum)
	for _, d := range list {
		most = max(most, largestOf(d.Effect))
	}
	s := sheet{cols: []sheetCol{{head: title}, {head: "effect"}, {head: "ratio", r: roleDim}, {head: "which is", left: true, r: roleDim, rank: 1},
		{head: "", flex: true, r: roleText, rank: 2}}, most: most}
	for i := range list {
		d, where := &list[i], ""
		if of != nil {
			where = of.Where(d)
		}
		s.add(sheetRow{cells: []string{d.Factor, analyze.SignedMoney(d.Effect), ratioText(d.Ratio), d.About(), where}, bar: []barPart{signedBar(d.Effect)}})
	}
	s.add(sheetRow{cells: []string{"= together", analyze.SignedMoney(sum), "", "", ""}, r: roleHead, bar: []barPart{signedBar(sum)}})
	s.write(p, true)
}

func ratioText(f analyze.Fraction) string {
	if math.IsNaN(float64(f)) {
		return ""
	}
	return times(float64(f))
}

// signedBar is the bar of an amount: added █, saved ░.
func signedBar(v analyze.Dollars) barPart {
	if v < 0 {
		return barPart{-int64(v), roleGood, "░"}
	}
	return barPart{int64(v), roleWaste, "█"}
}

// rows draws every row of both sides, the largest change first.
func (c *change) rows(p *insightPen, r *analyze.ComparisonReport) {
	s := sheet{cols: []sheetCol{
		{head: dimName(c.dim)}, {head: "before", rank: 6, r: roleDim}, {head: "after", rank: 5, r: roleSpend}, {head: "change", r: roleText}, {head: "volume", rank: 2}, {head: "mix", rank: 3},
		{head: "unit cost", rank: 1}, {head: "runs", rank: 8, r: roleDim}, {head: "cost of a run", rank: 7, r: roleDim}, {head: "per run", left: true}, {head: "p", rank: 9, r: roleDim},
		{head: "mostly by", flex: true, rank: 10, r: roleDim},
	}}
	for i := range r.Paths {
		x := &r.Paths[i]
		to := p.data.s.in(c.dim, x.Path[0])
		s.add(sheetRow{to: &to, cells: append(changeCells(shown(x.Path[0]), x), mostlyBy(x))})
	}
	s.add(sheetRow{r: roleHead, cells: append(changeCells("Σ", r.Whole()), "")})
	s.write(p, true)
}

// changeCells are a change as the cells of a row.
func changeCells(name string, x *analyze.PathChange) []string {
	old, new := x.Before(), x.After()
	switch {
	case x.IsNew:
		old = none
	case x.Retired:
		new = none
	}
	p := unknown
	if v := float64(x.PAdjusted); !math.IsNaN(v) {
		p = analyze.PText(v)
	}
	return []string{name, old, new, x.Signed(x.Change), x.Signed(x.Volume), x.Signed(x.Mix), x.Signed(x.Unit),
		count(x.OldRuns) + " → " + count(x.NewRuns), meanChange(x), verdictOn(x).text, p}
}

// mostlyBy names the largest of the things that make up a change.
func mostlyBy(x *analyze.PathChange) string {
	switch {
	case x.IsNew:
		return "new"
	case x.Retired:
		return "gone"
	case x.Change == 0 || x.OldUnknown || x.NewUnknown:
		return ""
	case largestOf(x.Volume) >= largestOf(x.Mix, x.Unit):
		return "volume"
	case largestOf(x.Mix) >= largestOf(x.Unit):
		return "mix"
	case len(x.Drivers) > 0:
		return x.Drivers[0].Text()
	}
	return "unit cost"
}

package tui

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// newLoad is lens 5: where spend spikes, and whether it grows with load.
func newLoad() lens { return &insight{draw: drawLoad, time: newTimeline(), cell: -1} }

func drawLoad(p *insightPen, h int) {
	l := &p.data.deep.Load
	p.put(roleText, " · where does spend spike?")
	switch {
	case l.Overflow:
		p.put(roleFail, " · a sum is too large to show").end()
		return
	case len(l.Bins) == 0:
		p.end()
		p.say(roleWarn, 2, "n/a: no call here says when it began: "+p.known(l.UntimedUSD)+" of "+count(l.Untimed)+plural(int(l.Untimed), " call", " calls")+" has no place in time")
		return
	}
	if t := &p.data.table.Total; costUnknown(t) {
		p.end()
		p.note(2, noCost("call", t))
		p.atOnce(l)
		return
	}
	p.spikeCount(l)
	p.loadChart(l, h)
	p.spikes(l)
	p.elasticity(l)
	if len(l.Terciles) > 0 {
		p.terciles(l)
	}
	p.untimed(l)
	if p.zoom {
		p.end()
		p.hours(l)
		p.end()
		p.note(2, "A call's cost is spread evenly over the time that it took, so the columns add up to "+money(l.Cost)+". A spike opens the calls that begin in it; some of its money may be of calls that began before.")
	}
}

// spikeCount ends the heading: how many spikes there are, in how much; the score of the dearest where it fits.
func (p *insightPen) spikeCount(l *analyze.LoadReport) {
	among := " in " + count(int64(len(l.Bins))) + plural(len(l.Bins), " stretch", " stretches") + " of " + spanText(l.Width)
	text, more := "no spike"+among, ""
	switch n := len(l.Spikes); {
	case n > 0:
		text = "▲ " + itoa(n) + plural(n, " spike", " spikes") + among
	case tooFew(l):
		text = "too few to tell" + strings.Replace(among, " in ", ": ", 1)
	case l.Dearest.Score <= spikeScore:
		more = ": the dearest scores " + fixed2(l.Dearest.Score) + ", a spike above " + number(spikeScore)
	}
	p.put(roleDim, " · ").put(roleText, text)
	if !p.zoom && p.col+width(more) <= p.max { // on the whole screen a line below says it
		p.put(roleText, more)
	}
	p.end()
}

// spikeScore is the robust z-score above which a stretch is a spike.
const spikeScore = 3.5

// tooFew says that nothing could stand out: a spike needs 8 stretches with spend.
func tooFew(l *analyze.LoadReport) bool { return stretchesWithSpend(l) < 8 }

func stretchesWithSpend(l *analyze.LoadReport) (n int) {
	for _, b := range l.Bins {
		n += b2i(b.Spend > 0)
	}
	return n
}

// untimed says what has no place in time.
func (p *insightPen) untimed(l *analyze.LoadReport) {
	if l.Untimed > 0 {
		p.say(roleWarn, 2, count(l.Untimed)+plural(int(l.Untimed), " call does", " calls do")+" not say when: "+money(l.UntimedUSD)+" is not in the picture")
	}
}

// The chart.

// A loadColumn is the bins that one column of the chart shows.
type loadColumn struct {
	start, end int64
	spend      int64
	busy       float64 // mean calls at once
	bins       int
	calls      int64 // that begin in it
	spike      bool
}

// loadColumns merges bins so that they fit into w columns: spend adds up.
func loadColumns(l *analyze.LoadReport, w int) (cols []loadColumn, per int) {
	per = max(1, (len(l.Bins)+w-1)/max(w, 1))
	for i, b := range l.Bins {
		if i%per == 0 {
			cols = append(cols, loadColumn{start: b.Start, end: b.Start + int64(per)*l.Width})
		}
		c := &cols[len(cols)-1]
		c.spend += int64(b.Spend)
		c.busy += b.Concurrency
		c.bins++
		c.calls += b.Calls
		for _, s := range l.Spikes {
			c.spike = c.spike || b.Start >= s.From && b.Start < s.To
		}
	}
	for i := range cols {
		cols[i].busy /= float64(cols[i].bins)
	}
	return cols, per
}

// loadRows is how many lines the two charts take.
func (p *insightPen) loadRows(h int) (spend, busy int) {
	switch {
	case !p.zoom:
		return min(max(h-7-min(3, max(1, len(p.data.deep.Load.Spikes))), 2), max(8, h/3)), 1
	case h < 20:
		return max(2, min(5, h-7)), 1
	}
	return min(18, h/3), 3 + b2i(h >= 50)
}

func (p *insightPen) loadChart(l *analyze.LoadReport, h int) {
	x0 := p.axisRoom()
	room := p.max - x0 - 2
	cols, per := loadColumns(l, room)
	t, log := p.l.time, p.a.look.log
	w := min(room, mostColumnW*len(cols))
	rows, busyRows := p.loadRows(h)
	most, busiest := int64(0), 0.0
	spend, busy := make([]int64, len(cols)), make([]int64, len(cols))
	for i, c := range cols {
		spend[i] = c.spend
		most, busiest = max(most, c.spend), max(busiest, c.busy)
	}
	for i, c := range cols {
		busy[i] = int64(math.Round(c.busy * 1e6))
	}
	each := "each " + spanText(int64(per)*l.Width)
	t.cols, t.x0, t.w, t.line, t.rows = cols, x0, w, len(p.list)+1, rows+busyRows+1
	if !p.chosenColumn(t, l) {
		scale := ""
		if log {
			scale = ", log heights"
		}
		p.gap(2).put(roleHead, "spend "+each+scale+", tallest ").put(roleSpend, moneyInt(most))
		of, rest := " of "+p.lowerBound()+money(l.Cost), " · "+p.period(l)
		p.put(roleDim, when(p.col+width(of+rest) <= p.max, of)+rest).end()
	}
	g := newGrid(x0+room, rows+busyRows+2)
	put := func(top int, r role) func(line, i int, s string) {
		return func(line, i int, s string) {
			role := r
			if t.inStretch(i) {
				role = roleBrush
			} else if cols[i].spike && top == 0 {
				role = roleFail
			}
			x, ink := t.span(i)
			g.put(x, top+line, role, strings.Repeat(s, ink))
		}
	}
	if x0 == axisW {
		heights(g, leastOf(spend), most, rows, log)
	}
	columnsChart(spend, most, rows, 1, log, put(0, roleSpend))
	for i, c := range cols {
		if c.spike {
			x, ink := t.span(i)
			g.put(x, rows, roleFail, strings.Repeat("▲", ink))
		}
	}
	t.brushLine(g, rows)
	p.timeAxis(g, t, rows)
	columnsChart(busy, int64(math.Round(busiest*1e6)), busyRows, 1, false, put(rows+1, roleBar))
	g.h, g.cells = rows+1+busyRows, g.cells[:rows+1+busyRows]
	g.write(p.pen)
	p.atOnce(l)
}

// atOnce says how many calls run side by side.
func (p *insightPen) atOnce(l *analyze.LoadReport) {
	busiest := 0.0
	for _, b := range l.Bins {
		busiest = max(busiest, b.Concurrency)
	}
	p.gap(2).put(roleHead, "calls at once: "+number(l.Mean)+" on average").put(roleDim, " · up to "+number(busiest)+" over "+spanText(l.Width)+", "+itoa(l.Peak)+" at one moment").end()
}

// timeAxis labels the columns; marks of spikes stay.
func (p *insightPen) timeAxis(g *grid, t *timeline, line int) {
	for x := range t.w {
		if g.cells[line][t.x0+x].c == 0 {
			g.put(t.x0+x, line, roleRule, "─")
		}
	}
	layout := timeLayout(t.cols)
	free := newGaps(t.x0, t.x0+t.w)
	for i := range t.cols {
		if t.cols[i].spike || t.inStretch(i) {
			free.take(t.begins(i), t.begins(i+1), 0)
		}
	}
	for i, c := range t.cols {
		text := time.Unix(0, c.start).In(p.a.opt.Zone).Format(layout)
		if x := t.begins(i); free.clear(x-2, x+len(text)+4) || i == 0 && free.clear(x, x+len(text)) {
			free.take(x, x+len(text)+4, 0)
			g.put(x, line, roleDim, text)
		}
	}
}

// timeLayout is what tells the columns apart without saying more.
func timeLayout(cols []loadColumn) string {
	span, step := cols[len(cols)-1].start-cols[0].start, int64(time.Hour)
	if len(cols) > 1 {
		step = cols[1].start - cols[0].start
	}
	switch day := int64(24 * time.Hour); {
	case step >= day:
		return "2006-01-02"
	case span > day:
		return "01-02 15h"
	case step >= int64(time.Minute):
		return "15:04"
	}
	return "15:04:05"
}

// period is from when to when, in which zone.
func (p *insightPen) period(l *analyze.LoadReport) string {
	from, to := l.Bins[0].Start, l.Bins[len(l.Bins)-1].Start+l.Width
	return p.fromTo(from, to) + " " + time.Unix(0, from).In(p.a.opt.Zone).Format("MST")
}

// fromTo is a stretch of time; what both ends share is said once, and narrow screens go without the year.
func (p *insightPen) fromTo(from, to int64) string {
	a, b := time.Unix(0, from).In(p.a.opt.Zone), time.Unix(0, to).In(p.a.opt.Zone)
	clock, day := "15:04", "2006-01-02 "
	if a.Second() != 0 || b.Second() != 0 {
		clock = "15:04:05"
	}
	if p.max < 100 {
		day = "01-02 "
	}
	if a.Format("2006-01-02") == b.Format("2006-01-02") {
		return a.Format(day+clock) + " to " + b.Format(clock)
	}
	return a.Format(day+clock) + " to " + b.Format("01-02 "+clock)
}

// spanText is a width of bins: 15s, 5m, 6h, 2d.
func spanText(ns int64) string {
	for _, u := range []struct {
		ns   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d := time.Duration(ns); d >= u.ns && d%u.ns == 0 {
			return itoa(int(d/u.ns)) + u.name
		}
	}
	return elapsed(ns)
}

// number is a small number in up to three digits.
func number(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return unknown
	case x >= 100:
		return count(int64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// Spikes.

func (p *insightPen) spikes(l *analyze.LoadReport) {
	list, word := l.Spikes, "▲ "
	if len(list) == 0 {
		if p.zoom {
			p.note(2, noSpike(l))
		}
		if l.Dearest.Cost == 0 {
			return
		}
		list, word = []analyze.Spike{l.Dearest}, "dearest "
	}
	s := sheet{most: int64(l.Cost), cols: []sheetCol{{head: "when", r: roleName}, {head: "cost", r: roleSpend}, {head: "above usual", rank: 1, r: roleWarn}, {head: "because of", rank: 2, flex: true}}}
	for i := range list {
		x := &list[i]
		to := p.during(x)
		r := sheetRow{to: &to, bar: []barPart{{v: int64(x.Cost), r: roleSpend}}, cells: []string{word + p.fromTo(x.From, x.To), money(x.Cost), money(x.Excess), p.because(x)}}
		if !p.zoom { // no heads there
			r.cells[2] = "+" + r.cells[2] + when(p.max >= 100, " above usual")
		}
		if p.zoom && i == p.l.cur {
			r.under = p.spikePaths(x)
		}
		s.add(r)
	}
	s.write(p, p.zoom)
}

// noSpike says why nothing is marked.
func noSpike(l *analyze.LoadReport) string {
	if tooFew(l) {
		spent := stretchesWithSpend(l)
		return "too few: " + itoa(spent) + plural(spent, " stretch", " stretches") + " of " + spanText(l.Width) + " with spend, a spike needs 8 to stand out from"
	}
	text := "no spike: no stretch of " + spanText(l.Width) + " has twice the median, 1% of the cost and a robust z-score above " + number(spikeScore)
	if z := l.Dearest.Score; z <= spikeScore {
		text += "; the dearest has " + fixed2(z)
	}
	return text
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// during is the scope of the calls that begin in a spike.
func (p *insightPen) during(x *analyze.Spike) scope {
	return p.data.s.with(analyze.During([][2]int64{{x.From, x.To}}), false).called(p.fromTo(x.From, x.To))
}

// because names the paths that spent more than usual, most first.
func (p *insightPen) because(x *analyze.Spike) string {
	var parts []string
	for i := range x.Paths {
		if i == 3 {
			break
		}
		parts = append(parts, p.spikePath(&x.Paths[i])+" +"+money(x.Paths[i].Excess))
	}
	if len(parts) == 0 {
		return "no path spends more than usual"
	}
	return strings.Join(parts, ", ")
}

func (p *insightPen) spikePath(x *analyze.SpikePath) string {
	return p.agentName(x.Workflow, x.Agent) + " ▸ " + shown(x.What)
}

func (p *insightPen) spikePaths(x *analyze.Spike) (list []string) {
	for i := range x.Paths[:min(len(x.Paths), 6)] {
		q := &x.Paths[i]
		list = append(list, "└ "+p.spikePath(q)+" "+money(q.Cost)+", "+money(q.Excess)+" above its median")
	}
	return list
}

// Load and cost.

func (p *insightPen) elasticity(l *analyze.LoadReport) {
	if !l.Varied {
		p.note(2, "too little variation to say whether cost grows with load: that takes 12 stretches with calls and spend, and 4 levels of concurrency")
		return
	}
	n := 0
	for _, b := range l.Bins {
		n += b2i(b.Concurrency > 0 && b.Spend > 0)
	}
	how := "in proportion to load"
	switch {
	case l.Elasticity > 1.05:
		how = "faster than load"
	case l.Elasticity < 0.95:
		how = "slower than load"
	}
	more := math.Pow(1.1, l.Elasticity) - 1
	text := "spend grows " + how + ": with 10% more calls at once, " + percentOf(math.Abs(more)) + map[bool]string{true: " less", false: " more"}[more < 0] + " is spent"
	p.say(roleText, 2, text+" (elasticity "+fixed2(l.Elasticity)+", rank correlation "+fixed2(l.Rho)+", n = "+itoa(n)+")")
}

var thirds = [...]string{"quiet", "middle", "busy"}

func (p *insightPen) terciles(l *analyze.LoadReport) {
	s := sheet{cols: []sheetCol{{head: "third of the time", r: roleName}, {head: "calls at once", rank: 1, r: roleDim}, {head: "runs", rank: 2}, {head: "cost per run", r: roleSpend},
		{head: "attempts per operation", rank: 3}, {head: "tokens per attempt", rank: 4}, {head: "failed unbilled", rank: 5}}}
	for i, t := range l.Terciles {
		attempts := times(t.AttemptsPerOperation)
		if p.noTries() {
			attempts = unknown
		}
		s.add(sheetRow{cells: []string{thirds[i%3], number(t.Low) + " to " + number(t.High), count(t.Runs), moneyOr(t.CostPerRun), attempts, tokensText(t.TokensPerAttempt), percentOf(t.UnbilledShare)}})
	}
	s.write(p, true)
}

func moneyOr(a analyze.Amount) string {
	if !a.Known {
		return unknown
	}
	return money(a.USD)
}

// hours is money by hour of the day and calls at once. A line opens the calls of its stretches of time, a cell those of its own.
func (p *insightPen) hours(l *analyze.LoadReport) {
	p.rule("money by hour of the day and calls at once")
	bands := l.ByHour(p.a.opt.Zone)
	if len(bands) == 0 {
		p.note(2, "n/a: the calls are spread over too many hours to tell them apart: choose a stretch of time with t")
		return
	}
	most := tracefmt.USD(0)
	for i := range bands {
		most = max(most, slices.Max(bands[i].Hours[:]))
	}
	cellW := 2
	if p.max < 2+12+24*2 {
		cellW = 1
	}
	chosen := ""
	for i := len(bands) - 1; i >= 0; i-- {
		chosen += p.hourLine(&bands[i], most, cellW)
	}
	p.gap(2).right(roleDim, "at once", 10).gap(2)
	for hour := 0; hour < 24; hour += 6 {
		p.left(roleDim, itoa(hour)+"h", 6*cellW)
	}
	p.end()
	if chosen != "" {
		p.gap(2).put(roleBrush, cut("▲ "+chosen, p.max-2)).line(roleDim, " · [ ] hour · enter opens the calls")
	}
	p.note(2, "░ little to █ "+money(most)+", the most in one cell; each "+spanText(min(l.Width, int64(time.Hour)))+" counts where its mean of calls at once puts it; times "+time.Unix(0, l.From).In(p.a.opt.Zone).Format("MST"))
}

// hourLine draws a band of concurrency, whose cells open their calls, and says what is chosen of it; "" where the cursor is elsewhere.
func (p *insightPen) hourLine(b *analyze.HourBand, most tracefmt.USD, cellW int) (chosen string) {
	label := number(b.Low) + " to " + number(b.High)
	on := false
	if all := b.Stretches(); len(all) > 0 {
		p.row(p.within(all, label+" calls at once"), false)
		d := &p.l.doors[len(p.l.doors)-1]
		d.cells = make([]*scope, 24)
		for h, x := range b.At {
			if len(x) > 0 {
				to := p.within(x, itoa(h)+"h, "+label+" calls at once")
				d.cells[h] = &to
			}
		}
		on = len(p.l.doors)-1 == p.l.cur && !p.l.onChart() && p.zoom
		if on {
			chosen = says(b, p.l.cell, label)
		}
	} else {
		p.gap(2)
	}
	p.right(roleDim, label, 10).gap(2)
	for h := range 24 {
		r, sign := roleSpend, strings.Repeat(shadeOf(int64(b.Hours[h]), int64(most)), cellW)
		if on && h == p.l.cell {
			r = roleBrush
			if sign = "▲" + sign[len(shadeOf(int64(b.Hours[h]), int64(most))):]; cellW == 1 {
				sign = "▲"
			}
		}
		p.put(r, sign)
	}
	p.end()
	return chosen
}

// says is what the cell of an hour of a band holds, or all cells.
func says(b *analyze.HourBand, hour int, label string) string {
	usd, n, when := tracefmt.USD(0), 0, ""
	for h := range b.At {
		if hour < 0 || h == hour {
			usd, n = usd+b.Hours[h], n+len(b.At[h])
		}
	}
	if hour >= 0 {
		when = itoa(hour) + "h, "
	}
	return when + label + " calls at once: " + money(usd) + " in " + count(int64(n)) + plural(n, " stretch", " stretches") + " of time"
}

// within is the scope of the calls that begin in some stretches of time.
func (p *insightPen) within(stretches [][2]int64, name string) scope {
	return p.data.s.with(analyze.During(stretches), false).called(name)
}

var shadeSigns = [...]string{" ", "░", "▒", "▓", "█"}

// shadeOf is how dark a cell is; what is more than nothing is seen.
func shadeOf(v, most int64) string {
	if v <= 0 || most <= 0 {
		return shadeSigns[0]
	}
	return shadeSigns[min(4, 1+int(float64(v)/float64(most)*3.999))]
}

package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// needle is a source of a million runs of one call: each costs $1, one costs $100.
type needle struct{ *fake }

const needleRuns = 1_000_000

func (needle) RunCosts(context.Context, analyze.Query) ([]analyze.RunCost, error) {
	runs := make([]analyze.RunCost, needleRuns)
	for i := range runs {
		runs[i] = analyze.RunCost{Run: uint32(i), Cost: tracefmt.Dollar}
	}
	runs[needleRuns/3].Cost = 100 * tracefmt.Dollar
	return runs, nil
}

func (needle) Rollup(_ context.Context, q analyze.Query) (*analyze.Table, error) {
	dollar, hundred := analyze.Summary{}, analyze.Summary{}
	add := func(s *analyze.Summary, usd tracefmt.USD) {
		s.Add(&tracefmt.Call{Record: &tracefmt.Record{Has: tracefmt.HasInput}, Kind: tracefmt.KindLLM, Counted: true, IsCall: true, State: tracefmt.CostRecorded, Cost: usd})
	}
	for range 1000 {
		add(&dollar, tracefmt.Dollar)
	}
	add(&hundred, 100*tracefmt.Dollar)
	row := analyze.Row{Runs: needleRuns, Success: needleRuns}
	for range needleRuns/1000 - 1 {
		row.Merge(&dollar)
	}
	for range 999 {
		add(&row.Summary, tracefmt.Dollar)
	}
	row.Merge(&hundred)
	t := &analyze.Table{By: q.By, Total: row}
	if len(q.By) > 0 {
		r := row
		r.Path = []string{"bot"}
		t.Rows = []analyze.Row{r}
	}
	return t, nil
}

// A $100 call among a million $1 calls stands apart in the histogram of runs and of calls, and is told in words.
func TestOneDearCallAmongAMillionIsSeen(t *testing.T) {
	for _, unit := range []string{"run", "call"} {
		for _, size := range [][2]int{{80, 24}, {120, 40}, {220, 60}} {
			p := play(t, needle{small()}, size[0], size[1])
			if unit == "call" {
				p.press("u")
			}
			p.press("z").sees("1,000,000", "$1,000,099.00")
			c := p.a.chart().(*shape)
			p.press("[") // the dearest bar with something in it
			b, ok := c.chosen()
			if !ok || b.n != 1 || b.sum != 100*int64(tracefmt.Dollar) {
				t.Fatalf("%ss at %v: the last bar holds %+v", unit, size, b)
			}
			p.sees("▲ "+b.text(), "1 "+unit, "$100.00")
			if ink := p.inkOfBar(c, c.bar); ink[0] == 0 || ink[1] == 0 {
				t.Errorf("%ss at %v: the bar of $100 has no ink: %v\n%s", unit, size, ink, p.screen())
			}
		}
	}
}

// inkOfBar counts the cells with something in them of a bar, in both charts.
func (p *player) inkOfBar(c *shape, i int) (ink [2]int) {
	for _, l := range strings.Split(p.screen(), "\n") {
		r := []rune(l)
		for side, from := range c.at {
			if x := from + i*c.barW; x < len(r) && r[x] >= '▁' && r[x] <= '█' {
				ink[side]++
			}
		}
	}
	return ink
}

// dearRuns are n runs of one call of $1, one a second, and long after them one of $100.
func dearRuns(n int) *fake {
	f := &fake{names: tracefmt.NewNames()}
	start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC).UnixNano()
	for i := range n + 1 {
		at, cost := start+int64(i)*int64(time.Second), tracefmt.Dollar
		if i == n {
			at, cost = at+int64(time.Hour), 100*tracefmt.Dollar
		}
		id := fmt.Sprintf("c%06d", i)
		rec := &tracefmt.Record{Run: id, ID: id, Kind: tracefmt.KindLLM, Has: tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasStart | tracefmt.HasEnd, Start: at, End: at + 1e8}
		f.runs = append(f.runs, &tracefmt.Run{ID: id, Outcome: tracefmt.OutcomeSuccess, Workflow: f.names.Sym("bot"), Calls: []tracefmt.Call{{
			Record: rec, Kind: rec.Kind, Status: tracefmt.StatusOK, Workflow: f.names.Sym("bot"), Agent: f.names.Sym("a"), Step: f.names.Sym(fmt.Sprintf("s%d", i%3)), Model: f.names.Sym("m"),
			Up: -1, Counted: true, IsCall: true, State: tracefmt.CostRecorded, Cost: cost,
		}}})
	}
	return f
}

func TestOneDearCallIsSeenInTimeAndFirstInTheList(t *testing.T) {
	p := play(t, dearRuns(20000), 120, 40).press("5", "z")
	cols := p.a.top().(*zoom).l.(*insight).time.cols
	last := cols[len(cols)-1]
	if last.spend != 100*int64(tracefmt.Dollar) {
		t.Fatalf("the last column holds %d", last.spend)
	}
	most := int64(0)
	for _, c := range cols {
		most = max(most, c.spend)
	}
	if x := p.a.top().(*zoom).l.(*insight).time; height(last.spend, most, 8*12) < 1 || !hasInk(p.screen(), x.begins(len(x.cols)-1)) {
		t.Errorf("the $100 leave no ink:\n%s", p.screen())
	}
	p.press("9").sees("call 1 of 20,001")
	rows := strings.Split(p.screen(), "\n")
	if first := rows[3]; !strings.Contains(first, "$100.00") || !strings.HasPrefix(first, "▌") {
		t.Errorf("the dearest call is not the first: %q", first)
	}
}

// hasInk says that something is drawn in a column of one of the charts' lines.
func hasInk(screen string, x int) bool {
	for _, l := range strings.Split(screen, "\n")[3:] {
		if r := []rune(l); x < len(r) && r[x] >= '▁' && r[x] <= '█' {
			return true
		}
	}
	return false
}

// Cents stay visible beside millions: in words and as a bar.
func TestCentsAreVisibleBesideMillions(t *testing.T) {
	f := dearRuns(2)
	f.runs[0].Calls[0].Cost, f.runs[1].Calls[0].Cost = 2_000_000*tracefmt.Dollar, tracefmt.Dollar/100
	f.runs[0].Calls[0].Agent, f.runs[1].Calls[0].Agent = f.names.Sym("dear"), f.names.Sym("cheap")
	p := play(t, f, 140, 40).press("enter")
	for _, l := range strings.Split(p.screen(), "\n") {
		if strings.HasPrefix(l, "  cheap") {
			if !strings.Contains(l, "$0.01") || !strings.Contains(l, "▏") {
				t.Errorf("a cent is lost: %q", l)
			}
			p.press("9").sees("$2,000,000.00")
			return
		}
	}
	t.Errorf("no row of cents:\n%s", p.screen())
}

// What a chart draws adds up to the total beside it, on the screen's own numbers.
func TestPartsOfChartsAddUpToTheTotalBesideThem(t *testing.T) {
	for name, f := range map[string]*fake{"rich": rich(120), "grown": grown(40), "hostile": hostile(60)} {
		p := play(t, f, 160, 50).press("z")
		c := p.a.chart().(*shape)
		for _, unit := range []string{"run", "call"} {
			n, sum := int64(0), int64(0)
			for _, b := range c.bins {
				n, sum = n+b.n, sum+b.sum
			}
			if sp := c.spread(p.a); n != sp.n || sum != sp.sum || sp.unit != unit {
				t.Errorf("%s: bars of %ss hold %d and %d, not %d and %d", name, sp.unit, n, sum, sp.n, sp.sum)
			}
			p.press("u")
		}
		p.press("7")
		m := &p.a.top().(*zoom).l.(*insight).data.deep.Factors
		sum := m.Base
		for _, s := range m.Ranked() {
			sum += s.Share
		}
		if total := p.a.scopeTotal(); sum != m.Total || m.Total != total.Cost {
			t.Errorf("%s: base and shares come to %s, the bill is %s, the scope %s", name, sum, m.Total, total.Cost)
		}
		p.press("5")
		l := &p.a.top().(*zoom).l.(*insight).data.deep.Load
		spent := l.UntimedUSD
		for _, b := range l.Bins {
			spent += b.Spend
		}
		if total := p.a.scopeTotal(); spent != total.Cost {
			t.Errorf("%s: the columns of time and what has none come to %s of %s", name, spent, total.Cost)
		}
		checkIcicleParts(t, name, play(t, f, 160, 50).press("i"))
	}
}

// checkIcicleParts: on every level, the cells below one come to its value and its columns.
func checkIcicleParts(t *testing.T, name string, p *player) {
	t.Helper()
	ic := p.a.top().(*icicle)
	for i := range ic.plan.cells {
		c := &ic.plan.cells[i]
		value, w, some := int64(0), 0, false
		for k := range ic.plan.cells {
			if ic.plan.cells[k].up == i {
				value, w, some = value+ic.plan.cells[k].sum.value, w+ic.plan.cells[k].w, true
			}
		}
		if some && (value != c.sum.value || w != c.w) {
			t.Errorf("%s: below %q are %d in %d columns, not %d in %d", name, c.id, value, w, c.sum.value, c.w)
		}
	}
	if total := p.a.scopeTotal(); ic.plan.cells[0].sum.value != int64(total.Cost) {
		t.Errorf("%s: the icicle is of %d, the scope of %s", name, ic.plan.cells[0].sum.value, total.Cost)
	}
}

// A percentile's mark stands under the bar in which that part of the runs or calls is reached.
func TestMarksAgreeWithTheNumbers(t *testing.T) {
	for _, f := range []*fake{rich(120), grown(40), dearRuns(300)} {
		p := play(t, f, 120, 40)
		d := p.a.chart().(*shape).data
		for _, sp := range []*spread{d.runs, d.calls} {
			for most := 12; most < 72; most += 5 {
				bins := sp.barsOf(most)
				for _, m := range []struct {
					at  tracefmt.USD
					num int64
				}{{sp.tail.P50, 50}, {sp.tail.P95, 95}, {sp.tail.P99, 99}} {
					i := find(bins, int64(m.at))
					if i < 0 {
						t.Fatalf("p%d of the %ss, %s, lies in no bar", m.num, sp.unit, m.at)
					}
					before := int64(0)
					for _, b := range bins[:i] {
						before += b.n
					}
					if rank := (sp.n*m.num + 99) / 100; before >= rank || before+bins[i].n < rank {
						t.Errorf("p%d of %d %ss stands at the bar of ranks %d to %d", m.num, sp.n, sp.unit, before+1, before+bins[i].n)
					}
				}
			}
		}
	}
}

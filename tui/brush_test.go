package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// totalOf is what the calls of a scope come to.
func totalOf(t *testing.T, f *fake, s scope) *analyze.Row {
	t.Helper()
	table, err := f.Rollup(context.Background(), s.by())
	if err != nil {
		t.Fatal(err)
	}
	return &table.Total
}

// times presses a key n times.
func (p *player) times(n int, key string) *player {
	for range n {
		p.press(key)
	}
	return p
}

func TestABrushOverBarsKeepsTheirRuns(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("z").times(4, "]").press("v").times(3, "right")
	s := p.a.chart().(*shape)
	b, _ := s.stretch()
	want := fmt.Sprintf("▲ %s: %d runs, %s", b.text(), b.n, percent(b.n, 153))
	p.sees(want, moneyInt(b.sum)+", "+percent(b.sum, s.data.runs.sum)+" of spend", "▲━", "v keep only this  x leave this out  esc drop the range")
	if b.n <= s.bins[s.bar].n {
		t.Fatalf("the range of %d runs is no longer than its last bar", b.n)
	}
	all := totalOf(t, f, p.a.top().where())
	p.press("esc").seesNot("keep only this").press("v").times(3, "[").sees(want) // back to where it began, either way
	p.press("v").sees("cost per run "+b.text(), fmt.Sprintf("distribution over %d runs", b.n))
	kept := totalOf(t, f, p.a.top().where())
	if int64(kept.Cost) != b.sum || kept.Runs != b.n {
		t.Errorf("%s of %d runs are kept, the range held %s of %d", money(kept.Cost), kept.Runs, moneyInt(b.sum), b.n)
	}
	p.press("esc").sees("Σ 1 row", "workflow=support-bot · cost per run "+b.text(), money(kept.Cost)) // the table follows
	p.press("9").sees("cost per run " + b.text()).press("backspace").seesNot("cost per run " + b.text()).sees("Σ 3 rows")

	p.press("1", "z").times(4, "]").press("v").times(3, "right").press("x").sees("not cost per run " + b.text())
	rest := totalOf(t, f, p.a.top().where())
	if rest.Cost+kept.Cost != all.Cost || rest.Runs+kept.Runs != all.Runs || rest.Calls+kept.Calls != all.Calls {
		t.Errorf("%s and %s are %s", money(rest.Cost), money(kept.Cost), money(all.Cost))
	}
	p.press("backspace").sees("distribution over 153 runs").press("esc").sees("Σ 3 rows")
}

func TestABrushOverBarsOfCallsAndInThePane(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("u").times(3, "]").press("v").times(2, "]")
	b, _ := p.a.chart().(*shape).stretch()
	p.sees(fmt.Sprintf("▲ %s: %s calls", b.text(), count(b.n))).press("enter")
	p.sees("workflow=support-bot · cost per call "+b.text(), moneyInt(b.sum), count(b.n)+" calls")
	if got := totalOf(t, f, p.a.top().where()); int64(got.Cost) != b.sum || got.Calls != b.n {
		t.Errorf("%s of %d calls are kept, the range held %s of %d", money(got.Cost), got.Calls, moneyInt(b.sum), b.n)
	}
	p.press("-").sees("Σ 3 rows").press("-").sees("cost per call")
}

func TestABrushOverRows(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("enter").sees("▌ executor").press("v", "j").sees("┃ executor", "▌ planner", "▲ range: 2 rows")
	sum, _ := p.a.table().brushSum()
	p.sees(money(sum.Cost)).press("esc").sees("Σ 3 rows").press("k", "v", "j", "v").sees("agent executor or planner", "Σ 2 rows")
	kept := totalOf(t, f, p.a.top().where())
	if kept.Cost != sum.Cost {
		t.Errorf("%s is kept of %s", money(kept.Cost), money(sum.Cost))
	}
	p.press("backspace").sees("Σ 3 rows").press("g", "v", "j", "x").sees("not agent executor or planner", "Σ 1 row")
	all := p.press("backspace").sees("Σ 3 rows").a.table().table.Total.Cost
	p.press("g", "v", "j", "x")
	if rest := totalOf(t, f, p.a.top().where()); rest.Cost+kept.Cost != all {
		t.Errorf("%s and %s are not %s", money(rest.Cost), money(kept.Cost), money(all))
	}
	p.press("backspace", "g", "v", "G", "v").sees("3 agents")
	p.press("backspace", "v", "s").sees("Σ 3 rows").seesNot("range:") // whatever does not extend it gives it up
}

// Names that look like several conditions, or like several names, are each one.
func TestABrushOverOddNames(t *testing.T) {
	f := small()
	odd := []string{"a|b", `c\|d\`, "", "(none)|", "a", "b"}
	for i, r := range f.runs {
		for k := range r.Calls {
			r.Calls[k].Agent = f.names.Sym(odd[(i+k)%len(odd)])
		}
	}
	p := play(t, f, 120, 40).press("enter", "s", "v").times(3, "j")
	want := tracefmt.USD(0)
	names := map[string]bool{}
	for _, r := range p.a.table().rows[:4] {
		want += r.Cost
		names[rowName(r)] = true
	}
	p.press("v").sees("4 agents", "Σ 4 rows")
	got := tracefmt.USD(0)
	for _, r := range p.a.table().rows {
		got += r.Cost
		if !names[rowName(r)] {
			t.Errorf("%q was not in the range", rowName(r))
		}
	}
	if got != want || want == 0 {
		t.Errorf("%s is kept of %s", money(got), money(want))
	}
}

func TestAStretchOfTheLoadChart(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 40).press("5", "z").sees("$", "┤")
	l := p.a.top().(*zoom).l.(*insight)
	all, cols := totalOf(t, f, l.s), l.time.cols
	sum, calls := tracefmt.USD(0), int64(0)
	for _, c := range cols {
		row := totalOf(t, f, l.s.with(c.pred(), false))
		sum, calls = sum+row.Cost, calls+row.Calls
		if row.Calls != c.calls {
			t.Errorf("%d calls begin in a column, %d are behind it", c.calls, row.Calls)
		}
	}
	if sum != all.Cost || calls != all.Calls {
		t.Errorf("the columns open %s of %s, %d calls of %d", money(sum), money(all.Cost), calls, all.Calls)
	}
	p.press("]").sees("▲ 2026-09-01 08:00 to 08:01: ", "calls begin", "at once")
	p.press("enter").sees("by cost, dearest first", "calls of 2026-09-01 08:00 to 08:01", "call 1 of "+count(cols[0].calls))
	p.press("esc").sees("▲ 2026-09-01 08:00 to 08:01: ") // as it was
	p.press("v", "]", "]").sees("▲ 2026-09-01 08:00 to 08:03: ", "keep only this", "▲━▲").press("v").sees("2026-09-01 08:00 to 08:03 ").press("esc")
	p.sees("Σ 2 rows", "2026-09-01 08:00 to 08:03").press("backspace").seesNot("08:00 to 08:03").sees("Σ 3 rows")
}

// A call of $100 among calls of $1 stands out, and the log scale shows both.
func TestADearCallAmongCheapOnesIsSeen(t *testing.T) {
	f := small()
	for i, r := range f.runs {
		for k := range r.Calls {
			c := &r.Calls[k]
			c.Cost, c.State = 1e12, tracefmt.CostRecorded
			if i == 5 && k == 0 {
				c.Cost = 100e12
			}
		}
	}
	p := play(t, f, 120, 40).press("5", "z")
	l := p.a.top().(*zoom).l.(*insight)
	most := 0
	for i, c := range l.time.cols {
		if c.spend > l.time.cols[most].spend {
			most = i
		}
	}
	if c := l.time.cols[most]; c.spend < 99e12 {
		t.Fatalf("the tallest column holds %s", moneyInt(c.spend))
	}
	chart := func() (tallest, cells int) {
		for _, line := range l.drawn.lines[2:14] {
			r := []rune(ansi.Strip(line))
			for x := l.time.x0; x < len(r); x++ {
				if r[x] == ' ' {
					continue
				}
				cells++
				if l.time.columnAt(x) == most {
					tallest++
				}
			}
		}
		return tallest, cells
	}
	tallest, linear := chart()
	p.press("L").sees("log heights")
	again, log := chart()
	if tallest == 0 || again != tallest || log <= linear {
		t.Errorf("%d cells of the dear call, %d with log heights; %d and %d in all", tallest, again, linear, log)
	}
}

func TestHoursOpenTheirCalls(t *testing.T) {
	for _, days := range []int64{0, 1} { // with bins of a minute, and wider than an hour
		f := rich(120)
		for i, r := range f.runs {
			for k := range r.Calls {
				r.Calls[k].Start += int64(i) * days * 86400e9
				r.Calls[k].End += int64(i) * days * 86400e9
			}
		}
		p := play(t, f, 120, 60).press("5", "z")
		l := p.a.top().(*zoom).l.(*insight)
		bands, calls := 0, int64(0)
		for n, d := range l.doors {
			if d.cells == nil {
				continue
			}
			bands++
			whole, parts := totalOf(t, f, d.to), int64(0)
			for _, c := range d.cells {
				if c != nil {
					parts += totalOf(t, f, *c).Calls
				}
			}
			if parts != whole.Calls {
				t.Errorf("the cells of %q open %d calls of %d", l.drawn.lines[d.line], parts, whole.Calls)
			}
			calls += whole.Calls
			if n == len(l.doors)-1 {
				p.press("G", "enter")
				p.sees("calls at once", "call 1 of "+count(whole.Calls)).press("esc", "]").sees("▲ 8h, ", " of time · [ ] hour")
				p.press("enter").sees("8h, ").press("esc").sees("▲ 8h, ")
			}
		}
		if all := totalOf(t, f, l.s); bands == 0 || calls != all.Calls {
			t.Errorf("%d bands open %d calls of %d", bands, calls, all.Calls)
		}
	}
}

func TestNumbersOfTheShapeOpenTheirRuns(t *testing.T) {
	p := play(t, small(), 120, 40).press("z")
	s := p.a.top().(*zoom).l.(*shape)
	for n := 0; ; n++ {
		p.press("j")
		f, ok := s.chosenFact()
		if !ok || n > 20 {
			t.Fatal("no cursor over the numbers")
		}
		if !strings.HasPrefix(f.name, "top 5%") {
			continue
		}
		p.sees("▌ "+f.name).press("enter").sees("run / calls", "runs from ")
		table := p.a.table()
		k, sum := s.data.runs.tail.Top5, table.table.Total.Cost
		if len(table.rows) != k.K || percentOf(k.Share) != percent(int64(sum), s.data.runs.sum) {
			t.Errorf("%d runs of %s are behind %+v of %s", len(table.rows), money(sum), k, moneyInt(s.data.runs.sum))
		}
		p.press("esc").sees("▌ " + f.name)
		return
	}
}

func TestDoorsAddUp(t *testing.T) {
	f := rich(120)
	for _, x := range []struct {
		key   string
		doors []string
	}{
		{"2", []string{"plain retry", "█ not wasted", "▓ superseded", "1  ", "2  ", "3  "}},
		{"4", []string{"executor", "planner", "validator", "█ executor", "▓ planner", "▒ validator"}},
		{"6", []string{"█ productive", "▓ superseded", "▒ failed", "? unknown  ", "░ in flight", "✓ success", "✗ failure", "… in flight"}},
	} {
		p := play(t, f, 160, 60).press(x.key, "z")
		l := p.a.top().(*zoom).l.(*insight)
		for _, name := range x.doors {
			seen := false
			for _, d := range l.doors {
				line := ansi.Strip(l.drawn.lines[d.line])
				if !strings.HasPrefix(strings.TrimLeft(line, "▌ "), name) {
					continue
				}
				seen = true
				if got := totalOf(t, f, d.to); !strings.Contains(line, money(got.Cost)) {
					t.Errorf("lens %s opens calls of %s behind %s", x.key, money(got.Cost), line)
				}
			}
			if !seen {
				t.Errorf("lens %s has no door %q:\n%s", x.key, name, strings.Join(l.drawn.lines, "\n"))
			}
		}
		for _, q := range l.data.deep.Accuracy.Quintiles {
			pen := &insightPen{data: l.data}
			if got := totalOf(t, f, *pen.scoreDoor(&q)); got.Cost != q.Cost || got.Runs != q.Runs {
				t.Errorf("fifth %d: %s of %d runs are behind %s of %d", q.Fifth, money(got.Cost), got.Runs, money(q.Cost), q.Runs)
			}
		}
	}
}

// Behind each multiplier stand the calls that would not be there without it; of context growth, a part of each, they cost more.
func TestDoorsOfMultipliersAddUp(t *testing.T) {
	for _, f := range []*fake{rich(120), small()} {
		p := play(t, f, 160, 60).press("7", "z")
		l := p.a.top().(*zoom).l.(*insight)
		pen, r := &insightPen{data: l.data}, &l.data.deep.Factors
		if got := totalOf(t, f, *pen.baseDoor(r)).Cost; got != r.Base-r.Grown {
			t.Errorf("%s are behind a base of %s", money(got), money(r.Base))
		}
		for _, x := range r.Ranked() {
			got := totalOf(t, f, *pen.factorDoor(&x)).Cost
			if x.Factor == analyze.FactorContext && got < x.Saving || x.Factor != analyze.FactorContext && got != x.Saving {
				t.Errorf("%s: %s are behind %s", x.Factor, money(got), money(x.Saving))
			}
			for _, part := range x.Parts {
				if got := totalOf(t, f, *pen.partDoor(x.Factor, part)).Cost; got < part.USD {
					t.Errorf("%s, %s: %s are behind a share of %s", x.Factor, part.Name, money(got), money(part.USD))
				}
			}
		}
		for _, x := range r.Roles {
			if got := totalOf(t, f, *pen.dutyDoor(x.Role.String(), "")); got.Cost != x.Cost {
				t.Errorf("%s: %s are behind %s", x.Role, money(got.Cost), money(x.Cost))
			}
		}
		p.press("G", "enter").sees("by cost, dearest first").press("esc").press("g", "enter").sees("base", "call")
	}
}

// Behind each flow stand its finished runs, of the models of one workflow, too.
func TestDoorsOfFlowsAddUp(t *testing.T) {
	n := 0
	for _, f := range []*fake{rich(120), small()} {
		p := play(t, f, 160, 60).press("6", "z")
		l := p.a.top().(*zoom).l.(*insight)
		pen, d := &insightPen{data: l.data}, l.data.deep
		for _, v := range []*analyze.ValueReport{&d.Value, &d.Models} {
			for i := range v.Flows {
				n++
				x := &v.Flows[i]
				if got := totalOf(t, f, *pen.flowDoor(x, v == &d.Models)); got.Cost != x.Cost || got.Runs != x.Runs {
					t.Errorf("%s %s: %s of %d runs are behind %s of %d", x.Workflow, x.Part, money(got.Cost), got.Runs, money(x.Cost), x.Runs)
				}
			}
		}
	}
	if n < 4 {
		t.Errorf("%d flows only", n)
	}
}

func TestComingBackRestoresCursorAndScroll(t *testing.T) {
	f := rich(120)
	for _, k := range []string{"2", "3", "4", "5", "6", "8"} {
		p := play(t, f, 100, 24).press(k, "z").times(9, "j")
		l := p.a.top().(*zoom).l.(*insight)
		if l.cannotOpen(p.a) != "" {
			continue
		}
		p.a.note = "" // it may say that this is the end
		cur, top, before := l.cur, l.top, p.screen()
		p.press("enter")
		if p.a.top().where().id() == l.s.id() {
			t.Errorf("lens %s: nothing was opened", k)
		}
		p.press("esc")
		if l = p.a.top().(*zoom).l.(*insight); l.cur != cur || l.top != top || p.screen() != before {
			t.Errorf("lens %s: the cursor was at %d from %d, it is at %d from %d:\n%s\nwas\n%s", k, cur, top, l.cur, l.top, p.screen(), before)
		}
	}
}

// Stories.

func TestExplainASpike(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 40).press("5", "5").sees("▲ 2 spikes", "because of", "executor ▸ claude-sonnet-4-5 +$", "above its median")
	spike := p.a.top().(*zoom).l.(*insight).data.deep.Load.Spikes[0]
	p.press("enter").sees("▸ 2026-09-01 08:41 to 08:47", "by cost, dearest first")
	for _, r := range p.a.top().(*zoom).l.(*calls).rows {
		if r.Start < spike.From || r.Start >= spike.To {
			t.Errorf("call %s begins outside the spike", r.ID)
		}
	}
	p.press("enter").sees("cost").press("esc", "esc").sees("▌ ▲ 2026-09-01 08:41 to 08:47")
}

func TestNameWhatASuccessCosts(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 40).press("6", "6").sees("a success costs")
	o := &p.a.top().(*zoom).l.(*insight).data.deep.Success
	p.sees("a success costs "+money(o.PerSuccess.USD), "95% interval "+money(tracefmt.USD(o.Interval.Low+0.5)))
	p.doorOf("✗ failure")
	p.sees("Σ "+count(o.Failure)+" rows", money(o.FailureUSD)).press("enter").sees("▸ failure ▸ run-")
}

// Goldens.

func TestBrushGoldens(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		play(t, small(), s[0], s[1]).press("z").times(4, "]").press("v").times(3, "]").golden("brush-bars-" + size)
		play(t, small(), s[0], s[1]).press("enter", "v", "j").golden("brush-rows-" + size)
		play(t, rich(120), s[0], s[1]).press("5", "z").times(40, "]").press("v").times(4, "]").golden("brush-load-" + size)
		play(t, rich(120), s[0], s[1]).press("5", "z", "G").times(9, "j").press("]").golden("load-hours-" + size)
		play(t, rich(120), s[0], s[1]).press("t").typing("09").golden("time-" + size)
	}
	play(t, small(), 120, 40, coloured).press("z").times(4, "]").press("v").times(3, "]").golden("brush-bars-120x40-colour")
	play(t, rich(120), 120, 40, coloured).press("5", "z").times(40, "]").press("v").times(4, "]").golden("brush-load-120x40-colour")
}

func TestBrushesFit(t *testing.T) {
	for name, f := range oddFakes() {
		for _, keys := range [][]string{{"z", "]", "v", "]", "]"}, {"enter", "v", "j", "j"}, {"5", "z", "]", "v", "]"}, {"5", "]", "v", "]"}, {"z", "j", "j"}, {"5", "z", "G", "j", "j", "]"}, {"t"}} {
			p := play(t, f, 100, 30).press(keys...)
			q := play(t, f, 100, 30, coloured).press(keys...)
			for _, s := range [][2]int{{40, 10}, {60, 20}, {80, 24}, {99, 31}, {220, 60}} {
				p.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
				q.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
				p.fits(fmt.Sprint(name, " ", keys))
				if p.screen() != q.screen() {
					t.Errorf("%s %v at %v shows another text without colours", name, keys, s)
				}
			}
			p.press("v", "esc", "backspace").fits(fmt.Sprint(name, " ", keys, " and back"))
		}
	}
}

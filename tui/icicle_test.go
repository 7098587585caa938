package tui

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

func (p *player) icicle() *icicle {
	p.t.Helper()
	t, ok := p.a.top().(*icicle)
	if !ok {
		p.t.Fatalf("this is no icicle:\n%s", p.screen())
	}
	return t
}

// under is the path of the cell of the cursor.
func (p *player) under() string {
	t := p.icicle()
	c := t.chosen()
	path := strings.Join(t.names(c.node), " ▸ ")
	if c.rest {
		path += " ▸ " + t.restName(c)
	}
	return path
}

func (p *player) isUnder(want string) *player {
	p.t.Helper()
	if got := p.under(); got != want {
		p.t.Errorf("the cursor is on %q, not %q:\n%s", got, want, p.screen())
	}
	return p
}

func TestIcicleIsWalkedAsATree(t *testing.T) {
	p := play(t, small(), 120, 40).press("i").isUnder("support-bot") // the row of the table
	p.sees("width is cost", "workflow", "model / tool", "▌ support-bot", "59.9% of everything", "2,750 calls", "153 runs", "its parts")
	p.press("l").isUnder("checkout").press("l", "l", "l").isUnder("nightly-report").press("h").isUnder("checkout")
	p.press("j").isUnder("checkout ▸ executor").sees("of checkout").press("j", "j").isUnder("checkout ▸ executor ▸ pay ▸ claude-opus-4-1")
	p.press("j").isUnder("checkout ▸ executor ▸ pay ▸ claude-opus-4-1").sees("all of it its own")
	p.press("l").isUnder("checkout ▸ executor ▸ ship ▸ claude-opus-4-1") // a cousin
	p.press("g").isUnder("").press("G").isUnder("support-bot ▸ executor ▸ summarise ▸ claude-sonnet-4-5")
}

// What is under the cursor is told with the numbers of the table.
func TestIcicleTellsWhatTheTableTells(t *testing.T) {
	p := play(t, small(), 140, 40).press("j", "enter")
	r := p.a.table().rows[0]
	p.press("i").isUnder("checkout ▸ " + rowName(r))
	p99, _ := quantile(r, 99, 100)
	mean := tracefmt.USD(int64(r.Cost) / r.Costs.N())
	p.sees("total "+money(r.Cost), count(r.Calls)+" calls", count(r.Runs)+" runs", "✗ "+count(r.Failed)+" failed", "wasted "+money(r.Wasted), "p99 "+moneyInt(p99),
		"a call costs "+money(mean)+" on average", "0 unpriced")
	play(t, small(), 140, 40).press("i", "l", "l").isUnder("nightly-report").sees("total ?", "? of everything", "? 99 unpriced")
}

func TestIcicleFocusIsABreadcrumb(t *testing.T) {
	p := play(t, small(), 120, 40).press("i", "j", "enter").isUnder("support-bot ▸ executor").sees("focus everything ▸ support-bot ▸ executor")
	if c := p.icicle().plan.cells[0]; c.w != p.icicle().plan.w || shown(p.icicle().data.Nodes[c.node].Name) != "executor" {
		t.Errorf("the focus does not fill the width: %+v", c)
	}
	p.press("enter").sees("! this fills the width already")
	p.press("j", "enter").sees("▸ executor ▸ " + strings.Split(p.under(), " ▸ ")[2])
	p.press("backspace").sees("focus everything ▸ support-bot ▸ executor").press("esc").seesNot("focus").isUnder("support-bot ▸ executor")
	p.press("esc").sees("workflow / agent")
}

func TestIcicleOpensTheCallsOfACell(t *testing.T) {
	p := play(t, small(), 120, 40).press("i", "j")
	n := p.icicle().chosen().node
	row := p.icicle().data.Nodes[n].Row
	p.press("o").sees("▸ support-bot ▸ executor", "call 1 of "+count(row.Calls), money(row.Cost)).press("esc").isUnder("support-bot ▸ executor")
	p.press("2").sees("▸ support-bot ▸ executor", "retries").press("esc").isUnder("support-bot ▸ executor")
	p.press("g", "l").isUnder("").press("2", "esc").isUnder("")
	many := play(t, rich(30), 60, 24, func(o *Options) { o.By = []analyze.Dimension{{Dim: analyze.DimRun}} }).press("i", "g", "j")
	for range 30 {
		many.press("l")
		if many.icicle().chosen().rest {
			break
		}
	}
	many.press("o").sees("! several paths · enter spreads them out").press("x").sees("! several names")
	was := many.icicle().chosen().sum.value
	many.press("enter").sees("focus everything ▸ … ", "too narrow to draw")
	if c := many.icicle().plan.cells[0]; c.sum.value != was || !c.rest || c.w != 60 {
		t.Errorf("what was too narrow, %d, became %+v", was, c)
	}
}

// Behind every cell are exactly the calls that it counts, also where a tool or nothing is named.
func TestEveryCellOpensWhatItCounts(t *testing.T) {
	f := rich(12)
	for i, r := range f.runs {
		for k := range r.Calls {
			c := &r.Calls[k]
			switch (i + k) % 4 {
			case 0:
				c.Model, c.Tool = 0, f.names.Sym("search")
			case 1:
				c.Tool = f.names.Sym("search") // with a model
			case 2:
				c.Step = 0
				if k%3 == 0 {
					c.Model = 0
				}
			}
		}
	}
	ic := play(t, f, 200, 60).press("i").icicle()
	rests := 0
	ic.data.Each(func(n int32) {
		x := &ic.data.Nodes[n]
		table, _ := f.scan(ic.scopeOf(n).by())
		if table.Total.Cost != x.Row.Cost || table.Total.Calls != x.Row.Calls {
			t.Errorf("behind %q are %d calls of %s, not %d of %s", ic.names(n), table.Total.Calls, table.Total.Cost, x.Row.Calls, x.Row.Cost)
		}
		rests += b2i(x.Rest)
	})
	if rests < 3 {
		t.Errorf("only %d own parts", rests)
	}
}

func TestIcicleExcludesAndKeepsNames(t *testing.T) {
	p := play(t, small(), 120, 40).press("i", "j")
	whole := p.a.scopeTotal().Cost
	p.press("x").sees("!agent=executor", "without agent=executor, on every path").press("g")
	if left := p.a.scopeTotal().Cost; left >= whole || left == 0 {
		t.Errorf("%s of %s is left", left, whole)
	}
	p.press("backspace").seesNot("agent=executor")
	if p.a.scopeTotal().Cost != whole {
		t.Error("it did not come back")
	}
	p.press("j", "f").sees("workflow=support-bot").press("g", "x").sees("! this is everything in view")
	p.press("-").seesNot("workflow=support-bot")
}

func TestIcicleSearchAddsMatchesUp(t *testing.T) {
	p := play(t, small(), 120, 40).press("i", "/").typing("EXEC")
	ic := p.icicle()
	want, n := int64(0), 0
	ic.data.Each(func(k int32) {
		if x := &ic.data.Nodes[k]; strings.Contains(x.Name, "exec") {
			want += x.Value
			n++
		}
	})
	p.press("enter").sees("◆ executor", "◆ "+itoa(n)+" matches "+moneyInt(want))
	p.press("/").typing("x").press("enter").sees("no name contains \"execx\"").press("esc").seesNot("◆", "no name contains")
	// a match within a match counts once
	p.press("/", "o", "enter")
	sum := int64(0)
	ic.data.Each(func(k int32) {
		for _, up := range ic.data.Path(k) {
			if up == k {
				if strings.Contains(ic.data.Nodes[k].Name, "o") {
					sum += ic.data.Nodes[k].Value
				}
			} else if strings.Contains(ic.data.Nodes[up].Name, "o") {
				return
			}
		}
	})
	if ic.found.sum.value != sum || sum > ic.data.Nodes[0].Value {
		t.Errorf("matches come to %d, not %d", ic.found.sum.value, sum)
	}
}

func TestIcicleFollowsTheMeasure(t *testing.T) {
	play(t, small(), 120, 40).press("i", "m").sees("width is tokens").press("m").sees("width is calls", "2,750", "cost $").press("m", "m").sees("width is cost")
	play(t, blind(6), 120, 40).press("i").sees("no call with a known cost here", "m measures tokens").press("m").sees("width is tokens", "cost ?")
}

func TestIcicleFollowsTheMouse(t *testing.T) {
	p := play(t, small(), 120, 40).press("i", "g")
	f := p.icicle().plan.frame
	c := p.icicle().plan.cells[1]
	click := tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: f.gutter + c.x + 1, Y: 1 + f.y + f.lines}
	p.send(click)
	p.isUnder("support-bot").send(click)
	p.sees("focus everything ▸ support-bot")
}

// Data that arrive move cells; the cursor stays on its path, and the focus too.
func TestIcicleKeepsItsPlaceWhenDataArrive(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("i", "l", "j").isUnder("checkout ▸ executor").press("enter")
	n := 0
	f.runs = slices.DeleteFunc(f.runs, func(r *tracefmt.Run) bool { n++; return f.names.Name(r.Workflow) == "support-bot" && n > 30 })
	p.now = p.now.Add(refreshEvery)
	p.send(changedMsg{})
	p.isUnder("checkout ▸ executor").sees("focus everything ▸ checkout ▸ executor").press("esc", "h").isUnder("checkout ▸ executor")
}

// The columns are divided without loss: nothing overlaps, nothing is left out, what is too narrow has a place of its own.
func TestIcicleWidthsFillTheLine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for range 5000 {
		values := make([]int64, r.IntN(40))
		for i := range values {
			values[i] = r.Int64N(1 << uint(r.IntN(40)+1))
		}
		slices.Sort(values)
		slices.Reverse(values)
		own, hasOwn := int64(0), r.IntN(2) == 0
		if hasOwn {
			own = r.Int64N(1 << 30)
		}
		w := 2 + r.IntN(220)
		widths, rest, ownW := icicleWidths(values, own, hasOwn, w)
		sum, total := rest+ownW, own
		for i, n := range widths {
			if sum += n; n < minRest {
				t.Fatalf("part %d of %v takes %d of %d", i, values, n, w)
			}
		}
		for _, v := range values {
			total += v
		}
		if total == 0 {
			continue
		}
		if sum != w {
			t.Fatalf("%v and own %d take %d of %d: %v %d %d", values, own, sum, w, widths, rest, ownW)
		}
		if others := len(values) - len(widths) + b2i(hasOwn && ownW == 0); (others > 0) != (rest > 0) || rest == 1 {
			t.Fatalf("%d others of %v have %d columns", others, values, rest)
		}
	}
	if w, rest, own := icicleWidths([]int64{60, 30, 1, 1}, 8, true, 100); len(w) != 2 || w[0] != 60 || w[1] != 30 || rest != 2 || own != 8 {
		t.Error(w, rest, own)
	}
	if w, rest, own := icicleWidths([]int64{0}, 500, true, 100); len(w) != 1 || w[0] != 2 || rest != 0 || own != 98 {
		t.Error(w, rest, own) // the unknown beside an own part that is all
	}
	if w, rest, own := icicleWidths([]int64{500, 0, 0}, 0, false, 100); len(w) != 1 || w[0] != 98 || rest != 2 || own != 0 {
		t.Error(w, rest, own)
	}
}

func TestIcicleGoldens(t *testing.T) {
	for _, g := range []struct {
		name string
		w, h int
		opt  []func(*Options)
		keys []string
	}{
		{"icicle-40x10", 40, 10, nil, []string{"i", "j"}},
		{"icicle-80x24", 80, 24, nil, []string{"i", "j"}},
		{"icicle-120x40", 120, 40, nil, []string{"i", "l", "j"}},
		{"icicle-200x60", 200, 60, nil, []string{"i", "j", "j"}},
		{"icicle-focus-120x40", 120, 40, nil, []string{"i", "j", "enter", "/", "s", "enter"}},
		{"icicle-120x40-colour", 120, 40, []func(*Options){coloured}, []string{"i", "j", "/", "s", "enter"}},
	} {
		t.Run(g.name, func(t *testing.T) { play(t, small(), g.w, g.h, g.opt...).press(g.keys...).golden(g.name) })
	}
}

func TestIcicleOfAFixedPathShowsWhatIsBelow(t *testing.T) {
	p := play(t, small(), 120, 40).press("enter", "enter", "i")
	if by := p.icicle().data.By; by[0].Dim != analyze.DimStep {
		t.Errorf("it begins with %v", by)
	}
	p.sees("step").seesNot("workflow  ")
}

package tui

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// rich makes the calls of a fake tell more: who called whom, scores, values, stated roles, a spike of spend, runs of every outcome.
func rich(runs int) *fake {
	f := newFake(fakeShape{7, runs})
	first, last := f.runs[0].Calls[0].Start, f.runs[len(f.runs)-1].Calls[0].Start
	from := first + (last-first)/2
	for i, r := range f.runs {
		r.HasScore, r.Score = i%3 > 0, float64(i%10)/10
		if i%17 == 0 {
			r.Outcome = tracefmt.OutcomeUnknown
		} else if i%29 == 0 {
			r.Outcome = tracefmt.OutcomeInFlight
		}
		r.Facts = &tracefmt.RunFacts{Values: []tracefmt.Value{{Unit: "hours saved", Amount: float64(i % 5)}}}
		head := int32(0)
		for k := range r.Calls {
			c := &r.Calls[k]
			if c.Up = head; k == 0 || c.Agent == r.Calls[head].Agent {
				c.Up = -1
			}
			if c.Start >= from && c.Start < from+int64(10*time.Minute) {
				c.Cost, c.State = c.Cost+20e12, tracefmt.CostRecorded
			}
		}
	}
	return f
}

// deepLenses are the keys of the lenses that show the analysis.
func deepLenses() (keys []string) {
	for _, l := range lenses {
		if _, ok := l.make().(*insight); ok {
			keys = append(keys, l.key)
		}
	}
	return keys
}

// blind is a fake of which neither costs nor times nor outcomes are known.
func blind(runs int) *fake {
	f := rich(runs)
	for _, r := range f.runs {
		r.Outcome, r.HasScore, r.Facts = tracefmt.OutcomeUnknown, false, nil
		for k := range r.Calls {
			c := &r.Calls[k]
			c.State, c.Cost, c.Has, c.Start, c.End = tracefmt.CostUnpriced, 0, tracefmt.HasInput|tracefmt.HasOutput, 0, 0
		}
	}
	return f
}

// oddFakes are sources with little to say.
func oddFakes() map[string]*fake {
	one, none := rich(1), newFake(fakeShape{7, 1})
	none.runs[0].Calls = none.runs[0].Calls[:1]
	none.runs[0].Calls[0].IsCall, none.runs[0].Calls[0].State = true, tracefmt.CostNone
	odd := rich(20)
	for i, r := range odd.runs {
		for k := range r.Calls {
			r.Calls[k].Agent = odd.names.Sym([]string{strings.Repeat("長い名前🙂", 60), "a\x1b[31mred\x07", "\u202eevil", ""}[(i+k)%4])
			r.Calls[k].Step = r.Calls[k].Agent
		}
	}
	return map[string]*fake{"odd names": odd, "one run": one, "nothing known": blind(6), "one free call": none, "many": rich(120), "grown": grown(60)}
}

func TestLensesFitAndNeverSayNaN(t *testing.T) {
	sizes := [][2]int{{40, 10}, {41, 13}, {60, 20}, {80, 24}, {99, 31}, {120, 40}, {220, 60}}
	for name, f := range oddFakes() {
		for _, k := range deepLenses() {
			for _, keys := range [][]string{{k}, {k, "z"}, {"enter", k, "z", "j", "j"}} {
				p := play(t, f, 100, 30, coloured).press(keys...)
				q := play(t, f, 100, 30).press(keys...)
				what := fmt.Sprint(name, " ", keys)
				for _, s := range sizes {
					p.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
					q.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
					p.fits(what)
					text := p.screen()
					if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "%!") {
						t.Errorf("%s at %v prints what nobody reads:\n%s", what, s, text)
					}
					if text != q.screen() {
						t.Errorf("%s at %v shows another text without colours", what, s)
					}
				}
				p.press("G", "g", "pgdown", "k").fits(what)
			}
		}
	}
}

func TestLensGoldens(t *testing.T) {
	for _, l := range []struct{ key, name string }{{"2", "retries"}, {"3", "context"}, {"4", "agents"}, {"5", "load"}, {"6", "outcomes"}, {"8", "flags"}} {
		make := rich
		if l.name == "context" {
			make = grown
		}
		for _, s := range [][2]int{{80, 24}, {120, 40}} {
			size := fmt.Sprintf("%dx%d", s[0], s[1])
			play(t, make(120), s[0], s[1]).press(l.key).golden("lens-" + l.name + "-" + size)
			play(t, make(120), s[0], s[1]).press(l.key, "z").golden("lens-" + l.name + "-full-" + size)
		}
	}
	play(t, rich(120), 120, 40, coloured).press("6", "z").golden("lens-outcomes-full-120x40-colour")
}

func TestBarsOfPartsFillWhatTheyShould(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		parts, sum, some := make([]barPart, 1+r.IntN(7)), int64(0), 0
		for i := range parts {
			if r.IntN(3) > 0 {
				parts[i].v = r.Int64N(1 << uint(1+r.IntN(50)))
			}
			sum += parts[i].v
			some += b2i(parts[i].v > 0)
		}
		w := 8 + r.IntN(100)
		cells := 0
		for i, n := range barWidths(parts, sum, w) {
			if cells += n; (n > 0) != (parts[i].v > 0) {
				t.Fatalf("%v in %d: part %d takes %d", parts, w, i, n)
			}
		}
		if want := map[bool]int{true: w}[sum > 0]; cells != want {
			t.Fatalf("%v in %d columns take %d", parts, w, cells)
		}
	}
}

func TestColumnsOfTimeAddUpAtEveryWidth(t *testing.T) {
	p := play(t, rich(120), 120, 40).press("5", "z")
	l := &p.a.top().(*zoom).l.(*insight).data.deep.Load
	if len(l.Bins) < 20 || len(l.Spikes) == 0 {
		t.Fatalf("%d bins, %d spikes", len(l.Bins), len(l.Spikes))
	}
	for w := 1; w < 200; w++ {
		cols, _ := loadColumns(l, w)
		sum := tracefmt.USD(0)
		for _, c := range cols {
			sum += tracefmt.USD(c.spend)
		}
		if sum != l.Cost || len(cols) > w {
			t.Errorf("in %d columns: %d columns of %d, not %d", w, len(cols), sum, l.Cost)
		}
	}
	if shadeOf(1, 1e12) != "░" || shadeOf(1e12, 1e12) != "█" || shadeOf(0, 5) != " " || shadeOf(499, 1000) != "▒" {
		t.Error("shades")
	}
}

// doorOf moves to the first door of which the line holds text, and opens it.
func (p *player) doorOf(text string) {
	p.t.Helper()
	l := p.a.top().(*zoom).l.(*insight)
	for n, d := range l.doors {
		if strings.Contains(p.line(l, d.line), text) {
			for l.cur < n {
				was := l.cur
				p.press("j")
				if l.cur == was && l.top >= len(l.drawn.lines)-l.drawn.h {
					p.t.Fatalf("the cursor does not reach %q", text)
				}
			}
			p.press("enter")
			return
		}
	}
	p.t.Fatalf("no line to open says %q:\n%s", text, strings.Join(l.drawn.lines, "\n"))
}

func (p *player) line(l *insight, n int) string { return l.drawn.lines[n] }

func TestASpikeOpensItsCalls(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 40).press("5", "z")
	l := p.a.top().(*zoom).l.(*insight)
	spike := l.data.deep.Load.Spikes[0]
	p.sees("▲ ", "because of", "above its median")
	p.doorOf("▲ ")
	var want int64
	for _, r := range f.runs {
		for i := range r.Calls {
			if c := &r.Calls[i]; f.names.Name(c.Workflow) == "support-bot" && c.Start >= spike.From && c.Start < spike.To {
				want++
			}
		}
	}
	p.sees("by cost, dearest first", "call 1 of "+count(want))
	if q := p.a.top().where().query; want == 0 || q.Where[len(q.Where)-1] != analyze.During([][2]int64{{spike.From, spike.To}}) {
		t.Errorf("%+v", q)
	}
	p.press("esc").sees("where does spend spike?")
}

func TestAnAgentOpensItsCalls(t *testing.T) {
	p := play(t, rich(120), 120, 50).press("4", "z").sees("overhead: for each $1 of executors, $", "who works for whom", "└ executor")
	r := &p.a.top().(*zoom).l.(*insight).data.deep.Agents
	sum := tracefmt.USD(0)
	for _, n := range r.Tree {
		sum += n.Own.Cost
	}
	if sum != r.Total || !r.Nested {
		t.Errorf("the tree holds %d of %d", sum, r.Total)
	}
	p.doorOf("validator")
	a := r.Agents[2]
	if a.Agent != "validator" {
		a = r.Agents[1]
	}
	p.sees("▸ support-bot ▸ validator", "call 1 of "+count(a.Calls))
}

func TestAnOutcomeOpensItsRuns(t *testing.T) {
	p := play(t, rich(120), 120, 40).press("6", "z").sees("a success costs", "95% interval", "productive", "in flight", "hours saved", "a budget of")
	o := &p.a.top().(*zoom).l.(*insight).data.deep.Success
	p.doorOf("✗ failure")
	p.sees("▸ support-bot ▸ failure", "Σ "+count(o.Failure)+" rows", money(o.FailureUSD))
}

func TestABudgetOpensTheRunsOverIt(t *testing.T) {
	p := play(t, rich(120), 120, 40).press("6", "z")
	c := &p.a.top().(*zoom).l.(*insight).data.deep.Caps
	limit := c.Points[capSteps(len(c.Points))[3]].Cap
	p.doorOf(money(limit))
	if n := c.Over(limit); n < 2 || n >= c.Runs {
		t.Errorf("%d of %d runs are over %s", n, c.Runs, money(limit))
	}
	p.sees("▸ runs over "+money(limit), "Σ "+count(c.Over(limit))+" rows")
}

func TestAFindingOpensItsPath(t *testing.T) {
	p := play(t, rich(120), 120, 40).press("8", "z").sees("where to look first", "flagged from")
	l := p.a.top().(*zoom).l.(*insight)
	list := analyze.TellingFlags(l.data.deep.Flags, &l.data.table.Total)
	for i := range list {
		if list[i].Rule != "dominates_spend" || len(list[i].Path) < 2 {
			continue
		}
		for range i {
			p.press("j")
		}
		p.sees("└ dominates spend").press("enter")
		want := list[i].Path
		if got := p.a.top().where().names; strings.Join(got, "/") != strings.Join(want, "/") {
			t.Errorf("%q opened %q", want, got)
		}
		p.sees(money(list[i].USD))
		return
	}
	t.Fatal("nothing dominates")
}

func TestLensesSayWhyTheyShowNothing(t *testing.T) {
	f := oddFakes()["nothing known"]
	play(t, f, 120, 40).press("5", "z").sees("no call here says when it began")
	play(t, f, 120, 40).press("6", "z").sees("whether it succeeded", "no run states what it was worth")
	play(t, f, 120, 40).press("4", "z").sees("no call with a known cost here").seesNot("$0.00")
	few := rich(3)
	few.runs[0].Outcome = tracefmt.OutcomeSuccess
	play(t, few, 120, 40).press("6", "z").sees("no interval: too few runs", "fewer than 10: only indicative", "it takes 10").seesNot("a budget of")
	few.runs[0].Calls, few.runs = few.runs[0].Calls[:1], few.runs[:1]
	play(t, few, 120, 40).press("5", "z").sees("too few: ", "too little variation")
	g := newFake(fakeShape{7, 300})
	play(t, g, 120, 40).press("4", "z").sees("no agent works for another here")
}

// A lens scrolls through what has no lines to open, too.
func TestALensScrollsToItsEnd(t *testing.T) {
	p := play(t, rich(120), 80, 24).press("6", "z").sees("what does a success cost?").press("G").seesNot("what does a success cost?").sees("Failed runs are part")
	p.press("g").sees("what does a success cost?")
	for range 80 {
		p.press("j")
	}
	p.sees("Failed runs are part")
}

func BenchmarkLensView(b *testing.B) {
	p := &player{t: &testing.T{}}
	p.a = New(rich(500), Options{Title: "traces.jsonl", Theme: "dark", Profile: &trueColour, By: []analyze.Dimension{{Dim: analyze.DimWorkflow}, {Dim: analyze.DimAgent}, {Dim: analyze.DimStep}}})
	p.a.wait = func(_ time.Duration, m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }
	p.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	p.run(p.a.top().load(p.a))
	p.press("6", "z")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.a.Update(keyMsg([]string{"j", "k"}[i%2])) // every cursor is drawn anew
		_ = p.a.View()
	}
}

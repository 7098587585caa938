package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// grown makes the contexts of a fake grow: each agent calls a tool between its model calls and sends all again, from a cache that is lost
// now and then; the first prompts grow from week to week, and runs state what their prompts hold.
func grown(runs int) *fake {
	f := rich(runs)
	search := f.names.Sym("search")
	for i, r := range f.runs {
		week := int64(i * 7 / runs)
		prompt, calls := map[tracefmt.Sym]int64{}, r.Calls
		r.Calls, r.Version = nil, f.names.Sym(fmt.Sprint("v", 1+week/3))
		for k := range calls {
			c := calls[k]
			c.Up, c.Version = -1, r.Version
			c.Start += week * int64(7*24*time.Hour)
			c.End += week * int64(7*24*time.Hour)
			was := prompt[c.Agent]
			now := was + 900 + 150*int64(k%5)
			if was == 0 {
				now = 2000 + 300*week
			}
			c.Record.Context = &[tracefmt.ContextParts]int64{1000, (now - 1500) * 2 / 3, 0, 300 + 20*week + 50*int64(b2i(k%9 == 8)), 0, (now - 1500) / 5}
			c.Usage.Input, c.Usage.CacheRead = now, was
			if k%9 == 8 {
				c.Usage.CacheRead = 0
			}
			if c.Price == nil {
				c.State, c.Cost = tracefmt.CostUnpriced, 0
			} else {
				c.Computed, c.HasComputed = c.Price.Cost(c.Usage, c.Start)
				c.State, c.Cost = tracefmt.CostComputed, c.Computed
			}
			if c.Status == tracefmt.StatusOK {
				prompt[c.Agent] = now
			}
			r.Calls = append(r.Calls, c)
			tool := c
			tool.Record = &tracefmt.Record{Run: r.ID, ID: c.ID + "t", Kind: tracefmt.KindTool, Tool: search, Start: c.End, End: c.End + 1e9, Has: tracefmt.HasStart | tracefmt.HasEnd, Src: c.Src}
			tool.Kind, tool.State, tool.Cost, tool.Price, tool.HasComputed, tool.Model, tool.Status = tracefmt.KindTool, tracefmt.CostNone, 0, nil, false, 0, tracefmt.StatusOK
			r.Calls = append(r.Calls, tool)
		}
	}
	return f
}

func TestAContextAddsUp(t *testing.T) {
	p := play(t, grown(120), 120, 200).press("3", "z").sees("growth costs $", "prompts grow to ", "re-sent tokens read from a cache", "prompt tokens by turn", "─ median and ═ p95 of all threads here", "what it grew in", "history $", "tool result: search",
		"the threads whose growth cost most", "lost caches", "prefix changed", "first prompts over time", "week", "version")
	c := &p.a.top().(*zoom).l.(*insight).data.deep.Context
	if all := grownUSD(c); all <= 0 || c.Composition.Total() != all || c.Carry.Total() != all {
		t.Errorf("growth %d, by parts %d, by blocks %d", all, c.Composition.Total(), c.Carry.Total())
	}
}

func TestAThreadOpensItsRun(t *testing.T) {
	p := play(t, grown(120), 120, 60).press("3", "z")
	top := p.a.top().(*zoom).l.(*insight).data.deep.Context.Top[0]
	p.doorOf(money(top.USD) + " ")
	p.sees("▸ support-bot ▸ "+top.Run, "run "+top.Run+" · ")
	p.press("esc").sees("how does the window grow")
}

func TestAToolOpensItsCalls(t *testing.T) {
	p := play(t, grown(60), 120, 60).press("3", "z")
	p.doorOf("tool result: search")
	p.sees("▸ support-bot ▸ search", "call 1 of ")
}

func TestSparklines(t *testing.T) {
	period := func(m float64, hollow bool) analyze.DriftPeriod {
		return analyze.DriftPeriod{Median: m, Hollow: hollow}
	}
	for _, x := range []struct {
		list        []analyze.DriftPeriod
		spark, ends string
	}{
		{nil, "", unknown},
		{[]analyze.DriftPeriod{period(5, true)}, "·", unknown},
		{[]analyze.DriftPeriod{period(1000, false), period(9e9, true), period(1500, false), period(2000, false)}, "▄·▆█", "1.00k to 2.00k"},
	} {
		if s, e := sparkline(x.list); s != x.spark || e != x.ends {
			t.Errorf("%v: %q %q", x.list, s, e)
		}
	}
	if s, _ := sparkline(make([]analyze.DriftPeriod, 99)); len([]rune(s)) != sparkPeriods {
		t.Errorf("%q", s)
	}
}

func TestContextsSayWhyTheyShowNothing(t *testing.T) {
	play(t, blind(6), 120, 80).press("3", "z").sees("cost n/a: the cost of no turn here is known", "takes calls of two weeks").seesNot("$0.00")
	f := rich(6)
	for _, r := range f.runs {
		for k := range r.Calls {
			r.Calls[k].Has &^= tracefmt.HasInput
		}
	}
	play(t, f, 120, 40).press("3", "z").sees("n/a: no model call here states how many tokens its prompt has")
	p := play(t, rich(20), 120, 80).press("3", "z").sees("none of ", "states its parts")
	if text := p.screen(); strings.Contains(text, "NaN") {
		t.Error(text)
	}
}

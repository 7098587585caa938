package tui

import (
	"context"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A story: the agent that dominates, and its dearest call, in four keys.
func TestStoryOfTheDearestCallOfTheDominantAgent(t *testing.T) {
	p := playShipped(t, 120, 40).press("enter") // the workflow that dominates
	top := p.a.table().row()
	for _, r := range p.a.table().table.Rows {
		if r.Cost > top.Cost {
			t.Errorf("%s spends more than %s", rowName(&r), rowName(top))
		}
	}
	p.sees(rowName(top)).press("9", "z", "enter")
	d, ok := p.a.top().(*detail)
	if !ok {
		t.Fatal("no call is open")
	}
	if d.row.Agent != rowName(top) || d.row.Cost != top.Max {
		t.Errorf("the call of %s for %s is open, not the one of %s for %s", d.row.Agent, money(d.row.Cost), rowName(top), money(top.Max))
	}
	p.sees(money(top.Max), d.row.Model)
}

// A story: flag three paths and take them away in a report.
func TestStoryOfThreeFlagsAndTheirReport(t *testing.T) {
	var job ExportJob
	f, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	p := play(t, f, 120, 40, func(o *Options) {
		o.Export = func(ctx context.Context, j ExportJob) (Exported, error) {
			job = j
			m, err := f.Marks(ctx)
			n := 0
			for _, x := range m.List {
				n += b2i(x.Flagged)
			}
			return Exported{File: j.File, Paths: n, ByHand: true}, err
		}
	})
	p.press("space", "j", "space", "j", "space").sees("⚑")
	p.press("e", "enter").sees("3 paths", "costscope-report.md")
	if job.File != "costscope-report.md" {
		t.Errorf("%+v", job)
	}
	m, _ := f.Marks(t.Context())
	var cost tracefmt.USD
	for _, x := range m.List {
		q := analyze.Query{}
		for i, d := range x.By {
			q.Where = append(q.Where, analyze.Pred{Dimension: d, Text: x.Path[i]})
		}
		cost += totalOf(t, f, scope{query: q}).Cost
	}
	if all := p.a.table().table.Total.Cost; len(m.List) != 3 || cost != all {
		t.Errorf("%d paths of %s are flagged of %s", len(m.List), money(cost), money(all))
	}
}

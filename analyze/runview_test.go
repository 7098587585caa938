package analyze

import (
	"fmt"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// viewOf is a run in full, with rows that say no more than the tests ask for.
func viewOf(run *tracefmt.Run, names *tracefmt.Names, where ...Pred) *RunView {
	return NewRunView(run, Query{Where: where}, names, Config{}, func(uint32) string { return "" }, func(c *tracefmt.Call) CallRow {
		return CallRow{ID: c.ID, Agent: names.Name(c.Agent), Kind: c.Kind, State: c.State, Cost: c.Cost, Has: c.Has, Start: c.Start, End: c.End, Usage: c.Usage}
	})
}

// The same run as in TestDelegation: what each agent spent itself adds up to the run, and so do the subtotals.
func TestARunsAgentsAddUp(t *testing.T) {
	names := tracefmt.NewNames()
	v := viewOf(delegating(names), names)
	var got, agents []string
	for _, n := range v.Tree {
		got = append(got, fmt.Sprintf("%s%s %d/%d from %s", strings.Repeat(">", n.Depth), n.Agent, n.Own.Cost, n.All.Cost, v.Calls[n.First].ID))
	}
	for _, a := range v.Agents {
		agents = append(agents, fmt.Sprintf("%s %d", a.Agent, a.Cost))
	}
	if s, want := strings.Join(got, " "), "lead 110/842 from 1 >planner 20/732 from 3 >>writer 712/712 from 0 writer 1/1 from 7"; s != want {
		t.Errorf("the tree is %s, not %s", s, want)
	}
	if s, want := strings.Join(agents, " "), "writer 713 lead 110 planner 20"; s != want {
		t.Errorf("the subtotals are %s, not %s", s, want)
	}
	if v.Row.Cost != 843 || v.Row.Calls != 8 || !v.InScope || v.ScopeCost != 843 || v.Timed != 0 {
		t.Errorf("%d of %d calls, %+v", v.Row.Cost, v.Row.Calls, v)
	}
	depths := ""
	for _, c := range v.Calls {
		depths += fmt.Sprint(c.Depth, " ")
	}
	if depths != "4 0 1 2 3 3 4 0 " {
		t.Errorf("depths %s", depths)
	}
	if in := v.Calls[3].Inside; in.Cost != 20+300+400+7+5 || in.Calls != 5 { // the planner's call and what is in it
		t.Errorf("inside the planner's call: %+v", in)
	}
}

func TestOnlyAPartOfARunInScope(t *testing.T) {
	names := tracefmt.NewNames()
	v := viewOf(delegating(names), names, Pred{Dimension: Dimension{Dim: DimAgent}, Op: OpEqual, Text: "planner"})
	if v.InScope || v.ScopeCost != 20 || v.ScopeCalls != 1 || v.Row.Cost != 843 {
		t.Errorf("%+v", v)
	}
}

// Two instances of one agent are two lines of the tree, and an agent's span without calls of its own holds what works for it.
func TestInstancesStandApart(t *testing.T) {
	names := tracefmt.NewNames()
	run := &tracefmt.Run{ID: "r"}
	add := func(agent, instance string, kind tracefmt.Kind, up int32, cost tracefmt.USD) {
		rec := &tracefmt.Record{ID: fmt.Sprint(len(run.Calls)), Kind: kind, Instance: names.Sym(instance)}
		c := tracefmt.Call{Record: rec, Kind: kind, Agent: names.Sym(agent), Up: up, Cost: cost}
		if kind == tracefmt.KindLLM {
			c.IsCall, c.Counted, c.State = true, true, tracefmt.CostRecorded
		}
		run.Calls = append(run.Calls, c)
	}
	add("boss", "", tracefmt.KindAgent, -1, 0)
	add("seeker", "", tracefmt.KindAgent, 0, 0)
	add("seeker", "", tracefmt.KindLLM, 1, 5)
	add("seeker", "", tracefmt.KindAgent, 0, 0)
	add("seeker", "", tracefmt.KindLLM, 3, 7)
	add("helper", "h1", tracefmt.KindLLM, 3, 2)
	add("helper", "h2", tracefmt.KindLLM, 3, 3)
	add("idle", "", tracefmt.KindAgent, 0, 0)
	v := viewOf(run, names)
	var got []string
	for _, n := range v.Tree {
		got = append(got, fmt.Sprintf("%s%s%s %d/%d", strings.Repeat(">", n.Depth), n.Agent, n.Instance, n.Own.Cost, n.All.Cost))
	}
	if s, want := strings.Join(got, " "), "boss 0/17 >seeker 7/12 >>helperh2 3/3 >>helperh1 2/2 >seeker 5/5"; s != want {
		t.Errorf("the tree is %s, not %s", s, want)
	}
	if n := v.Calls[7].Node; n != -1 {
		t.Errorf("a span without calls belongs to agent %d", n)
	}
}

// T-B1's first chain: its attempts, what they cost, and what of them was wasted.
func TestARunsChains(t *testing.T) {
	run := runOf(tracefmt.OutcomeSuccess, try{id: "a", cost: 3, bad: true}, try{id: "b", retryOf: "a", cost: 6, bad: true}, try{id: "c", retryOf: "a", cost: 30})
	v := viewOf(run, tracefmt.NewNames())
	if len(v.Chains) != 1 {
		t.Fatalf("%d chains", len(v.Chains))
	}
	ch := &v.Chains[0]
	if ch.Total != 39 || ch.Wasted != 9 || !ch.Accepted || len(ch.Attempts) != 3 || ch.Attempts[2].Number != 3 || !ch.Attempts[2].Accepted || v.Row.RetryCost != 36 || v.Row.Wasted != 9 {
		t.Errorf("%+v", ch)
	}
	for i, c := range v.Calls {
		if c.Chain != 0 || int(c.Try) != i || c.Wasted != (i < 2) {
			t.Errorf("call %d: %+v", i, c)
		}
	}
}

// T-D1's thread: the prompt is 2000 3000 4500 6500, then 3000 after a reset, then 4000. It is twice the first at turn 3.
func TestAPromptLine(t *testing.T) {
	run := threadRun(t, fresh(200, 2000, 3000, 4500, 6500, 3000, 4000)...)
	v := viewOf(run, tracefmt.NewNames())
	l := &v.Lines[0]
	if l.Peak != 6500 || v.MaxPrompt != 6500 || len(l.Turns) != 6 || !l.Turns[4].Reset || !v.Calls[4].Reset || v.Calls[5].Line != 0 || v.Calls[5].Turn != 6 {
		t.Errorf("%+v", l)
	}
	if d := l.Doubled; d.Turn != 3 || d.ID != "c" || d.From != 2000 || d.To != 4500 || d.Part != "other input" || d.Tokens != 800+1300 || d.Stated {
		t.Errorf("%+v", d) // each turn but the first brings 200 tokens of the answer before it
	}
	if v.Start != 60e9 || v.End != 361e9 || v.Timed != 6 {
		t.Errorf("from %d to %d, %d with times", v.Start, v.End, v.Timed)
	}
}

// What a tool returned between two prompts is what the answer does not explain.
func TestWhatDoubledAPrompt(t *testing.T) {
	names := tracefmt.NewNames()
	run := threadRun(t, sent{fresh: 1000, out: 100}, sent{fresh: 2600, out: 100})
	tool := &tracefmt.Record{ID: "t", Kind: tracefmt.KindTool, Tool: names.Sym("fetch"), Start: 90e9, End: 91e9, Has: tracefmt.HasStart | tracefmt.HasEnd}
	run.Calls = append(run.Calls[:1], tracefmt.Call{Record: tool, Kind: tracefmt.KindTool, Agent: 1, Up: -1, IsCall: true}, run.Calls[1])
	d := viewOf(run, names).Lines[0].Doubled
	if d.Turn != 2 || d.Part != "tool result" || names.Name(d.Tool) != "fetch" || d.Tokens != 1500 || d.Stated {
		t.Errorf("%+v", d)
	}
	run.Calls[0].Context = &[tracefmt.ContextParts]int64{400, 300}
	run.Calls[2].Context = &[tracefmt.ContextParts]int64{500, 1200, 0, 0, 0, 0, 0, 100}
	d = viewOf(run, names).Lines[0].Doubled
	if d.Part != "history" || d.Tokens != 900 || d.Tool != 0 || !d.Stated { // instructions +100, other +100, untagged 300 to 800
		t.Errorf("%+v", d)
	}
	if d = viewOf(threadRun(t, fresh(10, 2000, 3999, 1000)...), names).Lines[0].Doubled; d.Turn != 0 {
		t.Errorf("%+v", d)
	}
}

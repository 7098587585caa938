package analyze

import (
	"fmt"
	"strings"
	"testing"

	"costscope/tracefmt"
)

func TestAgentsMergeInAnyOrderAndAddUp(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 21, 150)
	mergesInAnyOrder(t, runs, func() *Agents { return NewAgents(names) }, func(x *Agents) any { return x.result() })
	x, want := NewAgents(names), knownCost(runs)
	for _, run := range runs {
		x.add(new(Student).Study(run), nil)
	}
	r := x.result()
	own, roots, agents, nested := tracefmt.USD(0), tracefmt.USD(0), tracefmt.USD(0), int64(0)
	for i, n := range r.Tree {
		own += n.Own.Cost
		if n.Depth == 0 {
			roots += n.All.Cost
		} else {
			nested += n.Own.Calls
		}
		sum := n.Own
		for _, m := range r.Tree[i+1:] {
			if m.Depth <= n.Depth {
				break
			}
			sum.add(m.Own)
		}
		if sum != n.All {
			t.Errorf("%+v: the agents below add up to %+v", n, sum)
		}
	}
	for _, a := range r.Agents {
		agents += a.Cost
	}
	if own != want || roots != want || agents != want || r.Total != want || !r.Nested || nested == 0 {
		t.Errorf("%d spent: %d by nodes, %d by roots, %d by agents, %d in all", want, own, roots, agents, r.Total)
	}
}

// delegating is a run in which a lead asks a planner, and so on; see TestDelegation.
func delegating(names *tracefmt.Names) *tracefmt.Run {
	run := &tracefmt.Run{ID: "r", Workflow: names.Sym("w")}
	add := func(agent string, kind tracefmt.Kind, up int32, cost tracefmt.USD, prompt int64) {
		rec := &tracefmt.Record{Run: "r", ID: fmt.Sprint(len(run.Calls)), Kind: kind, Has: tracefmt.HasInput, Usage: tracefmt.Usage{Input: prompt}}
		run.Calls = append(run.Calls, tracefmt.Call{Record: rec, Kind: kind, Workflow: run.Workflow, Agent: names.Sym(agent), Up: up, IsCall: true, Counted: true,
			State: tracefmt.CostRecorded, Cost: cost})
	}
	add("writer", tracefmt.KindTool, 4, 5, 0) // what encloses it comes later
	add("lead", tracefmt.KindLLM, -1, 100, 1000)
	add("lead", tracefmt.KindLLM, 1, 10, 3000)
	add("planner", tracefmt.KindLLM, 2, 20, 500)
	add("writer", tracefmt.KindLLM, 3, 300, 700)
	add("writer", tracefmt.KindLLM, 3, 400, 900)
	add("", tracefmt.KindLLM, 4, 7, 10)
	add("writer", tracefmt.KindLLM, -1, 1, 10)
	return run
}

// Who works for whom, by hand: the lead asks a planner, which asks a writer twice; the writer's tool and a call without a name are the
// writer's. The writer also works alone.
func TestDelegation(t *testing.T) {
	names := tracefmt.NewNames()
	run := delegating(names)
	x := NewAgents(names)
	x.add(new(Student).Study(run), nil)
	r := x.result()
	var got []string
	for _, n := range r.Tree {
		got = append(got, fmt.Sprintf("%s%s %d/%d", strings.Repeat(">", n.Depth), n.Agent, n.Own.Cost, n.All.Cost))
	}
	if s, want := strings.Join(got, " "), "lead 110/842 >planner 20/732 >>writer 712/712 writer 1/1"; s != want {
		t.Errorf("the tree is %s, not %s", s, want)
	}
	w := r.Agents[0]
	if w.Agent != "writer" || w.Cost != 706 || w.Calls != 4 || w.LLM != 3 || w.Tools != 1 || w.MaxPrompt != 900 || w.MeanPrompt != 1610./3 || w.Runs != 1 {
		t.Errorf("%+v", w)
	}
	if p := r.Agents[2]; p.Agent != "planner" || p.Role != RolePlanner || !p.Inferred {
		t.Errorf("%+v", p)
	}
	x = NewAgents(names)
	x.add(new(Student).Study(run), []bool{4: true, 7: false})
	if r = x.result(); len(r.Tree) != 3 || r.Tree[0].Own.Cost != 0 || r.Tree[0].All.Cost != 300 || r.Total != 300 {
		t.Errorf("of one call in scope: %+v", r.Tree)
	}
}

func BenchmarkAgents(b *testing.B) {
	names := tracefmt.NewNames()
	x := NewAgents(names)
	benchAdd(b, benchRuns(names, 500), func(st *Study) { x.add(st, nil) })
}

// An agent that was asked by a call which had ended by then works for it all the same; one that is handed the work back by those below it
// is not another one.
func TestDelegationByWhatCameBefore(t *testing.T) {
	names := tracefmt.NewNames()
	run := &tracefmt.Run{ID: "r", Workflow: names.Sym("w")}
	add := func(agent string, after int32, cost tracefmt.USD) {
		rec := &tracefmt.Record{Run: "r", ID: fmt.Sprint(len(run.Calls)), Kind: tracefmt.KindLLM}
		run.Calls = append(run.Calls, tracefmt.Call{Record: rec, Kind: tracefmt.KindLLM, Workflow: run.Workflow, Agent: names.Sym(agent), Up: -1, After: after, IsCall: true,
			Counted: true, State: tracefmt.CostRecorded, Cost: cost})
	}
	add("planner", 0, 1)
	add("executor", 1, 20)
	add("validator", 2, 300)
	add("executor", 3, 4000)
	add("planner", 4, 50000)
	x := NewAgents(names)
	x.add(new(Student).Study(run), nil)
	var got []string
	for _, n := range x.result().Tree {
		got = append(got, fmt.Sprintf("%s%s %d/%d", strings.Repeat(">", n.Depth), n.Agent, n.Own.Cost, n.All.Cost))
	}
	if s, want := strings.Join(got, " "), "planner 50001/54321 >executor 4020/4320 >>validator 300/300"; s != want {
		t.Errorf("the tree is %s, not %s", s, want)
	}
}

package analyze

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"costscope/tracefmt"
)

// icicleRun is a run of calls of given path, model, tool and cost in dollars.
type icicleCall struct {
	agent, step, model, tool string
	usd                      int64
}

func icicleOf(t *testing.T, calls []icicleCall) (*Icicle, *Table) {
	t.Helper()
	names := tracefmt.NewNames()
	run := &tracefmt.Run{ID: "r", Workflow: names.Sym("bot")}
	for i, c := range calls {
		run.Calls = append(run.Calls, tracefmt.Call{
			Record: &tracefmt.Record{Run: "r", ID: fmt.Sprint(i), Kind: tracefmt.KindLLM, Tool: names.Sym(c.tool)}, Kind: tracefmt.KindLLM, Workflow: run.Workflow,
			Agent: names.Sym(c.agent), Step: names.Sym(c.step), Model: names.Sym(c.model), Up: -1, Counted: true, IsCall: true,
			State: tracefmt.CostRecorded, Cost: tracefmt.USD(c.usd) * tracefmt.Dollar,
		})
	}
	by, fold := IcicleBy([]Dimension{{Dim: DimWorkflow}, {Dim: DimAgent}, {Dim: DimStep}}, func(Dimension) bool { return false })
	s := NewScan(Query{By: by}, names, Config{}, nil)
	s.Add(run)
	table := s.Table()
	return NewIcicle(table, fold, func(r *Row) int64 { return int64(r.Cost) }), table
}

// tell writes a node and what is below it: name value(own)[parts].
func (ic *Icicle) tell(n int32) string {
	x := &ic.Nodes[n]
	s := fmt.Sprintf("%s %d(%d)", x.Name, x.Value/int64(tracefmt.Dollar), x.Own/int64(tracefmt.Dollar))
	if len(x.Kids) == 0 {
		return s
	}
	s += "["
	for i, k := range x.Kids {
		if i > 0 {
			s += " "
		}
		s += ic.tell(k)
	}
	return s + "]"
}

func TestIcicleFoldsPathsAndKeepsWhatIsOwn(t *testing.T) {
	ic, _ := icicleOf(t, []icicleCall{
		{"planner", "plan", "opus", "", 3}, {"planner", "", "opus", "", 2}, {"planner", "", "", "", 1},
		{"executor", "work", "haiku", "", 4}, {"executor", "work", "", "search", 5}, {"executor", "work", "haiku", "search", 6}, {"executor", "work", "", "", 7},
		{"", "", "", "", 8},
	})
	want := " 36(0)[bot 36(8)[executor 22(0)[work 22(7)[haiku 10(10) search 5(5) (none) 7(7)]] planner 6(3)[plan 3(0)[opus 3(3)] (none) 3(1)[opus 2(2) (none) 1(1)]] (none) 8(8)]]"
	if got := ic.tell(0); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := ic.Levels; n != 4 {
		t.Errorf("%d levels", n)
	}
}

func TestIcicleOfCallsThatNameNothingIsOnePiece(t *testing.T) {
	ic, _ := icicleOf(t, []icicleCall{{"", "", "", "", 2}})
	if got := ic.tell(0); got != " 2(0)[bot 2(2)]" || ic.Levels != 1 || ic.Paths != 1 {
		t.Error(got)
	}
}

// The parts of every node add up to it, in every measure, whatever is named and whatever is not.
func TestIciclePartsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	for range 200 {
		var calls []icicleCall
		for range 1 + r.IntN(60) {
			calls = append(calls, icicleCall{pick("", "a", "b"), pick("", "s", "t"), pick("", "m", "n"), pick("", "", "x", "y"), r.Int64N(1000)})
		}
		ic, table := icicleOf(t, calls)
		count := NewIcicle(table, ic.Fold, func(r *Row) int64 { return r.Calls })
		for _, tree := range []*Icicle{ic, count} {
			checkIcicle(t, tree)
		}
		if ic.Nodes[0].Value != int64(table.Total.Cost) || count.Nodes[0].Value != int64(len(calls)) {
			t.Fatalf("the whole is %d and %d", ic.Nodes[0].Value, count.Nodes[0].Value)
		}
	}
}

func checkIcicle(t *testing.T, ic *Icicle) {
	t.Helper()
	leaves := int64(0)
	ic.Each(func(n int32) {
		x := &ic.Nodes[n]
		if len(x.Kids) == 0 {
			leaves += x.Value
			if x.Own != x.Value {
				t.Fatalf("a leaf of %d owns %d", x.Value, x.Own)
			}
			return
		}
		sum, last := int64(0), int64(1<<62)
		for i, k := range x.Kids {
			kid := &ic.Nodes[k]
			sum += kid.Value
			switch {
			case kid.Rest && (i != len(x.Kids)-1 || kid.Value != x.Own):
				t.Fatalf("the own part of %d, %d, stands at %d of %d", x.Own, kid.Value, i, len(x.Kids))
			case !kid.Rest && kid.Value > last:
				t.Fatal("a larger part comes later")
			case kid.Up != n || kid.Depth != x.Depth+1:
				t.Fatal("a part hangs elsewhere")
			}
			last = kid.Value
		}
		if sum != x.Value {
			t.Fatalf("the parts of %s come to %d of %d", ic.tell(n), sum, x.Value)
		}
	})
	if leaves != ic.Nodes[0].Value {
		t.Fatalf("the leaves come to %d of %d", leaves, ic.Nodes[0].Value)
	}
}

func TestIcicleAsksForWhatIsNotFixed(t *testing.T) {
	by := []Dimension{{Dim: DimWorkflow}, {Dim: DimModel}, {Dim: DimStep}}
	dims, fold := IcicleBy(by, func(d Dimension) bool { return d.Dim == DimWorkflow })
	if got := fmt.Sprint(dims, fold); got != fmt.Sprint([]Dimension{{Dim: DimModel}, {Dim: DimStep}, {Dim: DimTool}}, false) {
		t.Error(got)
	}
}

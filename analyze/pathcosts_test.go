package analyze

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"costscope/tracefmt"
)

func TestPathCosts(t *testing.T) {
	gen := rand.New(rand.NewPCG(13, 14))
	names := []string{"a", "b", "c"}
	type counted struct {
		calls []tracefmt.Call
		leaf  []int32
		task  string
	}
	var runs []counted
	var total tracefmt.USD
	for range 40 {
		r := counted{task: string(rune('p' + gen.IntN(4)))}
		for range 1 + gen.IntN(6) {
			c := tracefmt.Call{Record: &tracefmt.Record{}, Kind: tracefmt.KindLLM, Up: -1, IsCall: true, Counted: true, State: tracefmt.CostComputed, Cost: tracefmt.USD(gen.Int64N(1e9))}
			leaf := int32(gen.IntN(4)) - 1
			if leaf >= 0 {
				total += c.Cost
			}
			r.calls, r.leaf = append(r.calls, c), append(r.leaf, leaf)
		}
		runs = append(runs, r)
	}
	collect := func(list []counted, turn int32) *pathCosts {
		p := newPathCosts(func(n int32) []string { return []string{names[(n+turn)%3]} })
		for _, r := range list {
			st := studyOf(r.calls...)
			st.Run.Facts = &tracefmt.RunFacts{Task: r.task}
			leaf := make([]int32, len(r.leaf))
			for i, n := range r.leaf {
				if leaf[i] = -1; n >= 0 {
					leaf[i] = (n + 3 - turn) % 3
				}
			}
			p.add(st, leaf)
		}
		return p
	}
	want := collect(runs, 0).result()
	sum := tracefmt.USD(0)
	for _, p := range want {
		sum += p.Cost
		ofRuns := tracefmt.USD(0)
		for _, s := range p.Sample {
			ofRuns += s.Cost
		}
		if int64(len(p.Sample)) != p.Runs || ofRuns != p.Cost || p.LLM.Cost != p.Cost {
			t.Errorf("%v", p)
		}
	}
	if sum != total || len(want) != 3 {
		t.Errorf("%d paths of %v, want %v", len(want), sum, total)
	}
	a, b := collect(runs[:15], 1), collect(runs[15:], 2) // other numbers for the same paths
	b.merge(a)
	if got := b.result(); !reflect.DeepEqual(got, want) {
		t.Errorf("merged %+v, want %+v", got, want)
	}
}

func TestRunsOfUnknownCostAreNoSample(t *testing.T) {
	p := newPathCosts(func(int32) []string { return []string{"a"} })
	c := tracefmt.Call{Record: &tracefmt.Record{}, Kind: tracefmt.KindLLM, Up: -1, IsCall: true, Counted: true, State: tracefmt.CostComputed, Cost: 5}
	unpriced := c
	unpriced.State, unpriced.Cost = tracefmt.CostUnpriced, 0
	p.add(studyOf(c, unpriced), []int32{0, 0})
	p.add(studyOf(c), []int32{0})
	got := p.result()[0]
	if got.Runs != 2 || got.Cost != 10 || !reflect.DeepEqual(got.Sample, []RunSample{{"", 5}}) {
		t.Errorf("%+v", got)
	}
}

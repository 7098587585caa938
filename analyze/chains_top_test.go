package analyze

import (
	"fmt"
	"strings"
	"testing"

	"costscope/tracefmt"
)

func TestTopChainsMergeInAnyOrder(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 33, 300)
	mergesInAnyOrder(t, runs, func() *topChains { return new(topChains) }, func(x *topChains) any { return x.result() })
	x, wasted := new(topChains), []tracefmt.USD(nil)
	for _, run := range runs {
		x.add(new(Student).Study(run), nil)
		for _, ch := range chainsOf(run) {
			if len(ch.Calls) > 1 && ch.firstCall(run) >= 0 {
				wasted = append(wasted, ch.Wasted)
			}
		}
	}
	list := x.result()
	if len(list) != topCarried || len(wasted) <= topCarried {
		t.Fatalf("%d of %d chains", len(list), len(wasted))
	}
	for k, row := range list {
		more, sum, lost := 0, tracefmt.USD(0), tracefmt.USD(0)
		for _, w := range wasted {
			more += b2i(w > row.Wasted)
		}
		for _, a := range row.Attempts {
			if sum += a.Cost; !a.Accepted {
				lost += a.Cost
			}
		}
		if more > k || sum != row.Total || lost != row.Wasted || len(row.Attempts) != row.Tries {
			t.Errorf("%d wasted more than chain %d; its attempts add up to %d and %d: %+v", more, k, sum, lost, row)
		}
	}
}

// By hand: a model call fails twice, the second time with a tool inside it whose cost is unknown, and another model answers.
func TestTopChainAttempts(t *testing.T) {
	names := tracefmt.NewNames()
	run := &tracefmt.Run{ID: "r", Workflow: names.Sym("w"), Outcome: tracefmt.OutcomeSuccess}
	add := func(id, of, model, err string, kind tracefmt.Kind, up int32, state tracefmt.CostState, cost tracefmt.USD) {
		rec := &tracefmt.Record{Run: "r", ID: id, Kind: kind, RetryOf: of, Error: names.Sym(err), Start: int64(len(run.Calls)) * 1e9, Has: tracefmt.HasStart}
		if of != "" {
			rec.RetryKind = tracefmt.RetryFallback
		}
		c := tracefmt.Call{Record: rec, Kind: kind, Agent: names.Sym("a"), Model: names.Sym(model), Up: up, IsCall: true, Counted: true, State: state, Cost: cost, Status: tracefmt.StatusOK}
		if err != "" {
			c.Status = tracefmt.StatusError
		}
		run.Calls = append(run.Calls, c)
	}
	add("one", "", "big", "rate_limit", tracefmt.KindLLM, -1, tracefmt.CostRecorded, 30)
	add("two", "one", "big", "timeout", tracefmt.KindLLM, -1, tracefmt.CostRecorded, 20)
	add("in", "", "other", "", tracefmt.KindLLM, 1, tracefmt.CostUnpriced, 0)
	add("three", "two", "small", "", tracefmt.KindLLM, -1, tracefmt.CostRecorded, 7)
	x := new(topChains)
	x.add(new(Student).Study(run), nil)
	list := x.result()
	if len(list) != 1 || list[0].Total != 57 || list[0].Wasted != 50 || !list[0].Accepted || list[0].Tries != 3 {
		t.Fatalf("%+v", list)
	}
	var got []string
	for _, a := range list[0].Attempts {
		got = append(got, fmt.Sprintf("%d %s %s %q %d+%d? %s %v", a.Number, a.Call, names.Name(a.What), names.Name(a.Error), a.Cost, a.Unknown, a.Link.Kind, a.Accepted))
	}
	want := `1 one big "rate_limit" 30+0?  false, 2 two big "timeout" 20+1? fallback_model false, 3 three small "" 7+0? fallback_model true`
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	x = new(topChains)
	if x.add(new(Student).Study(run), []bool{1: true, 3: false}); len(x.result()) != 0 {
		t.Errorf("the first attempt is out of scope: %+v", x.result())
	}
}

// Of a chain without end the first attempts are kept, and the last.
func TestALongChainKeepsItsEnds(t *testing.T) {
	names := tracefmt.NewNames()
	run := &tracefmt.Run{ID: "r"}
	for i := range 100 {
		rec := &tracefmt.Record{Run: "r", ID: fmt.Sprint(i), Kind: tracefmt.KindLLM}
		if i > 0 {
			rec.RetryOf = fmt.Sprint(i - 1)
		}
		run.Calls = append(run.Calls, tracefmt.Call{Record: rec, Kind: rec.Kind, Agent: names.Sym("a"), Up: -1, IsCall: true, Counted: true, State: tracefmt.CostRecorded, Cost: 1,
			Status: tracefmt.StatusError})
	}
	x := new(topChains)
	x.add(new(Student).Study(run), nil)
	row := x.result()[0]
	if a := row.Attempts; row.Tries != 100 || len(a) != mostTries || a[mostTries-2].Number != mostTries-1 || a[mostTries-1].Number != 100 || row.Wasted != 100 {
		t.Errorf("%d attempts kept of %d: %+v", len(a), row.Tries, a)
	}
}

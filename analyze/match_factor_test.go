package analyze

import (
	"testing"

	"costscope/tracefmt"
)

// costOf is what the calls cost that meet conditions, and how many there are.
func costOf(t *testing.T, names *tracefmt.Names, runs []*tracefmt.Run, where string) (sum tracefmt.USD, n int) {
	t.Helper()
	preds, err := ParsePreds(where)
	if err != nil {
		t.Fatal(err)
	}
	q := Query{Where: preds}
	m := q.Compile(names, Config{})
	for _, run := range runs {
		m.Enter(run, nil)
		for i := range run.Calls {
			if c := &run.Calls[i]; contributes(c) && m.Match(run, i, "") {
				n++
				if known(c) {
					sum += c.Cost
				}
			}
		}
	}
	return sum, n
}

// The calls behind each multiplier of T-G1 cost what would not be spent without it; of context growth, which is a part of them, more.
func TestCallsBehindAFactor(t *testing.T) {
	names := tracefmt.NewNames()
	runs := []*tracefmt.Run{runOfDeeds(t, names, deedsG1()...)}
	for _, w := range []struct {
		where string
		cost  int64
		calls int
	}{
		{"factor=tools", 73_200, 6}, {"factor=human", 40_000, 1}, {"factor=retries", 49_100, 4}, {"factor=agents", 30_000, 3}, {"factor=errors", 4_500, 1},
		{"factor=base", 12_000, 1}, {"factor=human|errors", 44_500, 2}, {"!factor=tools", 171_700 - 73_200, 7},
		{"duty=planner", 9_000, 1}, {"duty=validator", 21_000, 2}, {"duty=none", 44_500, 2}, {"duty=executor", 171_700 - 9_000 - 21_000 - 44_500, 8}, {"duty=monitor", 0, 0},
	} {
		if got, n := costOf(t, names, runs, w.where); got != micro(w.cost) || n != w.calls {
			t.Errorf("%s: %d calls of %d, want %d of %d", w.where, n, got, w.calls, micro(w.cost))
		}
	}
	if got, _ := costOf(t, names, runs, "factor=context"); got < micro(22_200) {
		t.Errorf("the calls behind context growth cost %d, less than their growth", got)
	}
}

func TestCallsBehindFactorsOfRandomRuns(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 8, 400)
	rolesAndStages(names, runs)
	x := NewFactors(names, nil)
	var s Student
	for _, run := range runs {
		x.add(s.Study(run), nil)
	}
	r := x.result()
	for _, f := range r.Factors {
		got, _ := costOf(t, names, runs, "factor="+f.Factor.Word())
		if f.Factor == FactorContext {
			if got < f.Saving {
				t.Errorf("%s: %d, less than %d", f.Factor, got, f.Saving)
			}
		} else if got != f.Saving {
			t.Errorf("%s: %d, want %d", f.Factor, got, f.Saving)
		}
	}
	if got, _ := costOf(t, names, runs, "factor=base"); got != r.Base-r.Grown {
		t.Errorf("base: %d, want %d", got, r.Base-r.Grown)
	}
	for _, role := range r.Roles {
		if got, _ := costOf(t, names, runs, "duty="+role.Role.String()); got != role.Cost {
			t.Errorf("%s: %d, want %d", role.Role, got, role.Cost)
		}
	}
}

// The runs of a model are those of whose calls its cost most, of the calls that the conditions before leave.
func TestRunsOfAModel(t *testing.T) {
	names := tracefmt.NewNames()
	call := func(model string, cost tracefmt.USD) tracefmt.Call {
		return tracefmt.Call{Record: &tracefmt.Record{}, Kind: tracefmt.KindLLM, Model: names.Sym(model), Agent: names.Sym("a-" + model), Up: -1, Counted: true, IsCall: true, State: tracefmt.CostComputed, Cost: cost}
	}
	runs := []*tracefmt.Run{
		{ID: "1", Calls: []tracefmt.Call{call("small", 3), call("large", 5), call("small", 1)}}, // large 5, small 4
		{ID: "2", Calls: []tracefmt.Call{call("small", 2), call("large", 2)}},                   // the first of equals
		{ID: "3", Calls: []tracefmt.Call{call("", 7)}},
	}
	for where, want := range map[string]tracefmt.USD{
		"run.model=large": 9, "run.model=small": 4, "run.model=(none)": 7, "!run.model=large": 11, "run.model~lar": 9, "run.model=large|small": 13,
		"agent=a-small run.model=large": 0, "agent=a-small run.model=small": 6, "run.model=large agent=a-small": 4,
	} {
		if got, _ := costOf(t, names, runs, where); got != want {
			t.Errorf("%s: %d, want %d", where, got, want)
		}
	}
}

func TestConditionsOnFactorsReadBack(t *testing.T) {
	for in, out := range map[string]string{
		"factor=Tools": "factor=tools", "factor=tools|base": "factor=tools|base", "!duty=planner": "!duty=planner", "run.model=my model": `run.model="my model"`, "RUN.MODEL~x": "run.model~x",
	} {
		p, err := ParsePred(in)
		if err != nil || p.String() != out {
			t.Errorf("%s reads as %s, %v", in, p, err)
		}
	}
	for _, in := range []string{"factor=none", "factor>1", "duty=boss", "run.model>3"} {
		if p, err := ParsePred(in); err == nil {
			t.Errorf("%s reads as %s", in, p)
		}
	}
}

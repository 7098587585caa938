package analyze

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// micro is an amount of micro-dollars.
func micro(x int64) tracefmt.USD { return tracefmt.USD(x * 1e6) }

// specRow is a row of the price table of analysis-spec A.1.
func specRow(t testing.TB, model string) *tracefmt.PriceRow {
	t.Helper()
	book, err := tracefmt.ReadPrices(strings.NewReader(specPrices))
	if err != nil {
		t.Fatal(err)
	}
	return book.Find("", model)
}

// A deed is a call of a run in words.
type deed struct {
	id, retryOf, agent, role, tool, tags string
	kind                                 tracefmt.Kind
	in, out                              int64
	cost                                 int64 // micro-dollars, of what has no tokens
	bad                                  bool
	up                                   int32 // index + 1
}

// runOfDeeds makes a run of calls priced as model std.
func runOfDeeds(t testing.TB, names *tracefmt.Names, deeds ...deed) *tracefmt.Run {
	row := specRow(t, "std")
	run := &tracefmt.Run{ID: "r", Outcome: tracefmt.OutcomeSuccess}
	for i, s := range deeds {
		rec := &tracefmt.Record{ID: s.id, RetryOf: s.retryOf, Kind: s.kind, Role: names.Sym(s.role), Tool: names.Sym(s.tool), Tags: names.Sym(s.tags),
			Start: int64(i) * 1e9, End: int64(i)*1e9 + 5e8, Has: tracefmt.HasStart | tracefmt.HasEnd}
		c := tracefmt.Call{Record: rec, Kind: s.kind, Agent: names.Sym(s.agent), Status: tracefmt.StatusOK, Up: s.up - 1, IsCall: !s.kind.Encloses(),
			Counted: !s.kind.Encloses(), State: tracefmt.CostRecorded, Cost: micro(s.cost)}
		if s.bad {
			c.Status = tracefmt.StatusError
		}
		if s.in > 0 {
			rec.Usage, rec.Has = tracefmt.Usage{Input: s.in, Output: s.out}, rec.Has|tracefmt.HasInput|tracefmt.HasOutput
			c.Price, c.State = row, tracefmt.CostComputed
			c.Cost, _ = row.Cost(rec.Usage, rec.Start)
		}
		run.Calls = append(run.Calls, c)
	}
	return run
}

// deedsG1 is the run of T-G1.
func deedsG1() []deed {
	const llm, tool = tracefmt.KindLLM, tracefmt.KindTool
	return []deed{
		{id: "p", agent: "planner", kind: llm, in: 1500, out: 300},
		{id: "x1", agent: "executor", kind: llm, in: 2000, out: 400, bad: true},
		{id: "x2", agent: "executor", kind: llm, in: 2000, out: 400, retryOf: "x1"},
		{id: "s", agent: "executor", kind: tool, tool: "search", cost: 5000},
		{id: "x3", agent: "executor", kind: llm, in: 3200, out: 400},
		{id: "f1", agent: "executor", kind: tool, tool: "fetch", cost: 5000, bad: true},
		{id: "f2", agent: "executor", kind: tool, tool: "fetch", cost: 5000, retryOf: "f1"},
		{id: "x4", agent: "executor", kind: llm, in: 5000, out: 400, bad: true},
		{id: "x5", agent: "executor", kind: llm, in: 5200, out: 400, retryOf: "x4"},
		{id: "v1", agent: "validator", kind: llm, in: 3000, out: 100, bad: true},
		{id: "v2", agent: "validator", kind: llm, in: 3000, out: 100, retryOf: "v1"},
		{id: "e", agent: "executor", kind: llm, in: 1000, out: 100, tags: "stage=error_handling"},
		{id: "h", kind: tracefmt.KindHuman, cost: 40000},
	}
}

func TestTG1(t *testing.T) {
	names := tracefmt.NewNames()
	x := NewFactors(names, nil)
	var s Student
	x.add(s.Study(runOfDeeds(t, names, deedsG1()...)), nil)
	r := x.result()
	if r.Total != micro(171_700) || r.Base != micro(12_000) || r.Calls != 13 || r.Overflow {
		t.Errorf("total %d, base %d, %d calls", r.Total, r.Base, r.Calls)
	}
	near(t, "overall multiplier", r.Overall, 171.7/12)
	product := float64(r.Base)
	for _, w := range []struct {
		f             Factor
		share, saving int64
		multiple      float64
	}{
		{FactorTools, 52_000, 73_200, 2.303795}, {FactorHuman, 40_000, 40_000, 2.067350}, {FactorRetries, 28_950, 49_100, 1.546606},
		{FactorAgents, 24_750, 30_000, 1.598765}, {FactorContext, 9_500, 22_200, 1.085066}, {FactorErrors, 4_500, 4_500, 1.119723},
	} {
		got := r.Factors[w.f]
		if got.Factor != w.f || got.Share != micro(w.share) || got.Saving != micro(w.saving) || math.Abs(got.Multiple-w.multiple) > 1e-6 {
			t.Errorf("%s: %+v, want %+v", w.f, got, w)
		}
		product *= got.Multiple
	}
	near(t, "base times the multiples", product, float64(r.Total))
	if want := []FactorPart{{"validator", micro(15_750)}, {"planner", micro(9_000)}}; !reflect.DeepEqual(r.Factors[FactorAgents].Parts, want) {
		t.Errorf("agents: %v", r.Factors[FactorAgents].Parts)
	}
	// Fees: 5000 + 5000 + 5000/2. Turns: 12000 + 3600/2 + 12000 + 9000/2 + 12000/2 + 9600/3.
	if want := []FactorPart{{"extra turns", micro(39_500)}, {"tool fees", micro(12_500)}}; !reflect.DeepEqual(r.Factors[FactorTools].Parts, want) {
		t.Errorf("tools: %v", r.Factors[FactorTools].Parts)
	}
	// Plain: 12000 + 6000 + 3200 + 5250; the tool: 2500.
	if want := []FactorPart{{"plain_retry", micro(26_450)}, {"tool_reinvocation", micro(2_500)}}; !reflect.DeepEqual(r.Factors[FactorRetries].Parts, want) {
		t.Errorf("retries: %v", r.Factors[FactorRetries].Parts)
	}
	if top := r.Ranked(); top[0].Factor != FactorTools || top[5].Factor != FactorErrors {
		t.Errorf("ranked %v", top)
	}
	if r.Roles[0].Calls != 8 || r.Roles[0].Inferred != 8 || r.Roles[2] != (RoleCost{RoleValidator, 2, 2, micro(21_000)}) {
		t.Errorf("roles %+v", r.Roles)
	}
}

func TestSharesAndBaseAreTheTotal(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 21, 1000)
	rolesAndStages(names, runs)
	x := NewFactors(names, nil)
	var s Student
	for _, run := range runs {
		x.add(s.Study(run), nil)
		r := x.result()
		sum := r.Base
		for _, f := range r.Factors {
			sum += f.Share
			parts := tracefmt.USD(0)
			for _, p := range f.Parts {
				parts += p.USD
			}
			if f.Parts != nil && parts != f.Share {
				t.Fatalf("the parts of %s add up to %d of %d", f.Factor, parts, f.Share)
			}
		}
		if sum != r.Total {
			t.Fatalf("shares and base are %d, the total is %d", sum, r.Total)
		}
	}
	r := x.result()
	if r.Total != knownCost(runs) {
		t.Errorf("total %d, the calls cost %d", r.Total, knownCost(runs))
	}
	product := float64(r.Base)
	for _, f := range r.Factors {
		if f.Share == 0 || f.Saving < f.Share || !(f.Multiple > 1) {
			t.Errorf("%+v", f)
		}
		product *= f.Multiple
	}
	near(t, "base times the multiples", product, float64(r.Total))
}

// rolesAndStages makes agents and tags say what factors look for.
func rolesAndStages(names *tracefmt.Names, runs []*tracefmt.Run) {
	for _, run := range runs {
		for i := range run.Calls {
			if rec := run.Calls[i].Record; rec.Tags == names.Sym("env=v0") {
				rec.Tags = names.Sym("env=x\x1fstage=error_handling")
			} else if rec.Role == names.Sym("r0") {
				rec.Role = names.Sym("Validator")
			}
		}
	}
}

func TestFactorsMerge(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 22, 100)
	rolesAndStages(names, runs)
	mergesInAnyOrder(t, runs, func() *Factors { return NewFactors(names, nil) }, func(x *Factors) any { return x.result() })
}

func TestFactorsOfAScope(t *testing.T) {
	names := tracefmt.NewNames()
	run := runOfDeeds(t, names, deedsG1()...)
	x := NewFactors(names, nil)
	x.add(new(Student).Study(run), oddOnly(run))
	r := x.result() // x1 12000 {}, s 5000 {T}, f1 5000 {T}, x4 12000 {T} 9000 {C,T}, v1 10500 {A}, e 4500 {E}
	if r.Total != micro(58_000) || r.Base != micro(12_000) || r.Factors[FactorTools].Share != micro(26_500) || r.Factors[FactorContext].Share != micro(4_500) {
		t.Errorf("%+v", r)
	}
}

func TestWithoutABaseFactorsAreUndefined(t *testing.T) {
	names := tracefmt.NewNames()
	x := NewFactors(names, nil)
	x.add(new(Student).Study(runOfDeeds(t, names, deed{id: "s", kind: tracefmt.KindTool, cost: 7})), nil)
	r := x.result()
	if f := r.Factors[FactorTools]; f.Share != micro(7) || !math.IsNaN(f.Multiple) || !math.IsNaN(r.Overall) {
		t.Errorf("%+v", r)
	}
}

// A call inside a repeated step is a retry of the step's kind.
func TestRetryKindOfWhatIsInside(t *testing.T) {
	names := tracefmt.NewNames()
	x := NewFactors(names, nil)
	x.add(new(Student).Study(runOf(0,
		try{id: "o1", kind: tracefmt.KindChain, bad: true},
		try{id: "a", up: 1, cost: 5, bad: true},
		try{id: "o2", kind: tracefmt.KindChain, retryOf: "o1"},
		try{id: "b", up: 3, cost: 8},
	)), nil)
	// b is the second turn of its thread, too
	if r := x.result(); r.Base != 5 || !reflect.DeepEqual(r.Factors[FactorRetries].Parts, []FactorPart{{"plain_retry", 4}}) {
		t.Errorf("%+v", r)
	}
}

func TestFactorsNoticeOverflow(t *testing.T) {
	names := tracefmt.NewNames()
	run := runOf(0, try{id: "a", cost: math.MaxInt64}, try{id: "b", cost: math.MaxInt64})
	x := NewFactors(names, nil)
	x.add(new(Student).Study(run), nil)
	if !x.result().Overflow {
		t.Error("two times the largest amount fits")
	}
}

func TestRoles(t *testing.T) {
	names := tracefmt.NewNames()
	b := roleBook{names: names, patterns: DefaultRoles()}
	for _, x := range []struct {
		stated, agent string
		kind          tracefmt.Kind
		want          Role
		inferred      bool
	}{
		{"", "", tracefmt.KindLLM, RoleExecutor, true},
		{"planner", "worker", tracefmt.KindLLM, RolePlanner, false},
		{"Executor", "plan-maker", tracefmt.KindLLM, RoleExecutor, false},
		{"Senior critic", "plan-maker", tracefmt.KindLLM, RoleValidator, true},
		{"senior editor", "router", tracefmt.KindLLM, RolePlanner, true},
		{"", "TripPlanner", tracefmt.KindLLM, RolePlanner, true},
		{"", "taskplanner", tracefmt.KindLLM, RolePlanner, true},
		{"", "Orchestrator", tracefmt.KindLLM, RolePlanner, true},
		{"", "code_reviewer", tracefmt.KindLLM, RoleValidator, true},
		{"", "answer-evaluation", tracefmt.KindLLM, RoleValidator, true},
		{"", "retrieval", tracefmt.KindLLM, RoleExecutor, true},
		{"", "explanation", tracefmt.KindLLM, RoleExecutor, true},
		{"", "catalog", tracefmt.KindLLM, RoleExecutor, true},
		{"", "login", tracefmt.KindLLM, RoleExecutor, true},
		{"", "event-logger", tracefmt.KindLLM, RoleMonitor, true},
		{"", "observer2", tracefmt.KindLLM, RoleMonitor, true},
		{"", "pii", tracefmt.KindGuardrail, RoleValidator, true},
	} {
		c := &tracefmt.Call{Record: &tracefmt.Record{Role: names.Sym(x.stated)}, Agent: names.Sym(x.agent), Kind: x.kind}
		if got, inferred := b.role(c); got != x.want || inferred != x.inferred {
			t.Errorf("%q %q: %s, inferred %v", x.stated, x.agent, got, inferred)
		}
	}
}

func TestRolePatternsAreConfigurable(t *testing.T) {
	names := tracefmt.NewNames()
	b := roleBook{names: names, patterns: []RolePattern{{RoleMonitor, "watch*"}}}
	for agent, want := range map[string]Role{"watchdog": RoleMonitor, "taskplan": RoleExecutor, "plan": RoleExecutor} {
		if got, _ := b.role(&tracefmt.Call{Record: &tracefmt.Record{}, Agent: names.Sym(agent)}); got != want {
			t.Errorf("%s: %s", agent, got)
		}
	}
}

func BenchmarkFactors(b *testing.B) {
	names := tracefmt.NewNames()
	x, row := NewFactors(names, nil), specRow(b, "std")
	runs := benchRuns(names, 100)
	for _, run := range runs {
		for i := range run.Calls {
			c := &run.Calls[i]
			c.Price, c.Usage.Input = row, c.Usage.Input+int64(i)*300
			c.Cost, _ = row.Cost(c.Usage, c.Start)
		}
	}
	benchAdd(b, runs, func(st *Study) { x.add(st, nil) })
}

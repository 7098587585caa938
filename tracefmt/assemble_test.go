package tracefmt

import (
	"slices"
	"testing"
)

// tree builds records of one run for tests of Assemble.
type tree struct {
	names *Names
	recs  []Record
}

func newTree() *tree { return &tree{names: NewNames()} }

// add puts a span in: it starts at its place in the order and ends after all of its children may have.
func (tr *tree) add(id, parent string, kind Kind, name string, more func(r *Record)) {
	at := int64(len(tr.recs) + 1)
	r := Record{Run: "r", ID: id, Parent: parent, Kind: kind, Name: tr.names.Sym(name), Start: at, End: 1000, Has: HasStart | HasEnd}
	if more != nil {
		more(&r)
	}
	tr.recs = append(tr.recs, r)
}

func (tr *tree) run() *Run {
	a := Assembler{Names: tr.names}
	return a.Assemble(a.Merge(slices.Clone(tr.recs)))
}

func usage(in, out int64) func(*Record) {
	return func(r *Record) {
		r.Usage.Input, r.Usage.Output = in, out
		r.Has |= HasInput | HasOutput
	}
}

func callByID(t *testing.T, run *Run, id string) Call {
	t.Helper()
	for _, c := range run.Calls {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no call %s", id)
	return Call{}
}

// TestTwoInstrumentationsAtOnce: a model span inside a model span counts once, with the inner numbers (formats-otel 2.1).
func TestTwoInstrumentationsAtOnce(t *testing.T) {
	tr := newTree()
	tr.add("1", "", KindAgent, "helper", nil)
	tr.add("2", "1", KindLLM, "outer", usage(542, 235))
	tr.add("3", "2", KindLLM, "inner", usage(163, 20))
	run := tr.run()
	outer, inner := callByID(t, run, "2"), callByID(t, run, "3")
	if outer.Counted || outer.IsCall || outer.Kind != KindChain || !inner.Counted || !inner.IsCall {
		t.Errorf("outer %v %v %v, inner %v %v", outer.Counted, outer.IsCall, outer.Kind, inner.Counted, inner.IsCall)
	}
}

// TestParentCarriesTheUsage: the inner call states none, so the outer one's counts, and it is one call.
func TestParentCarriesTheUsage(t *testing.T) {
	tr := newTree()
	tr.add("1", "", KindLLM, "outer", usage(542, 235))
	tr.add("2", "1", KindLLM, "inner", nil)
	run := tr.run()
	outer, inner := callByID(t, run, "1"), callByID(t, run, "2")
	if !outer.Counted || outer.IsCall || !inner.IsCall {
		t.Errorf("outer %v %v, inner %v", outer.Counted, outer.IsCall, inner.IsCall)
	}
}

// TestAgentSumIsNotCounted: an agent repeats its calls, whatever numbers it states.
func TestAgentSumIsNotCounted(t *testing.T) {
	tr := newTree()
	tr.add("1", "", KindAgent, "helper", usage(777, 70))
	tr.add("2", "1", KindLLM, "chat", usage(100, 10))
	tr.add("3", "1", KindTool, "find", nil)
	run := tr.run()
	if callByID(t, run, "1").Counted || !callByID(t, run, "2").Counted {
		t.Error("the agent's sum counts")
	}
}

func TestUnknownKindWithUsageIsAModelCall(t *testing.T) {
	model := func(r *Record) { usage(5, 1)(r); r.RequestModel = 1 }
	tr := newTree()
	tr.add("1", "", KindUnknown, "answer", model)
	tr.add("2", "", KindUnknown, "sum", model)
	tr.add("3", "2", KindLLM, "chat", usage(5, 1))
	run := tr.run()
	if a, b := callByID(t, run, "1"), callByID(t, run, "2"); a.Kind != KindLLM || !a.IsCall || b.Kind != KindChain || b.IsCall {
		t.Errorf("%v %v, %v %v", a.Kind, a.IsCall, b.Kind, b.IsCall)
	}
}

// TestPlaceholder: the real span ends its placeholder in either order; alone it is no call.
func TestPlaceholder(t *testing.T) {
	tr := newTree()
	tr.add("1", "", KindLLM, "chat", func(r *Record) { r.Flags, r.Has, r.End = FlagPlaceholder, HasStart, 0 })
	if run := tr.run(); len(run.Calls) != 0 {
		t.Errorf("%d calls", len(run.Calls))
	}
	tr.add("1", "", KindLLM, "chat", usage(5, 1))
	for range 2 {
		if run := tr.run(); len(run.Calls) != 1 || run.Calls[0].Usage.Input != 5 || run.Calls[0].Status != StatusUnset {
			t.Errorf("%+v", run.Calls)
		}
		slices.Reverse(tr.recs)
	}
}

// TestNamesComeFromAbove: formats-otel 2.4.
func TestNamesComeFromAbove(t *testing.T) {
	tr := newTree()
	sym := tr.names.Sym
	tr.add("1", "", KindChain, "refund", func(r *Record) { r.Service, r.Tags = sym("desk"), sym("tier=gold") })
	tr.add("2", "1", KindAgent, "planner", nil)
	tr.add("3", "2", KindChain, "far", nil)
	tr.add("4", "3", KindChain, "near", nil)
	tr.add("5", "4", KindLLM, "chat", usage(1, 1))
	tr.add("6", "2", KindAgent, "nested", func(r *Record) { r.Agent = sym("helper") })
	tr.add("7", "6", KindLLM, "chat", usage(1, 1))
	tr.add("8", "1", KindTool, "span", func(r *Record) { r.Tool = sym("find") })
	tr.add("9", "lost", KindChain, "orphan", nil)
	tr.add("10", "9", KindLLM, "chat", usage(1, 1))
	run := tr.run()
	if tr.names.Name(run.Tags) != "tier=gold" {
		t.Errorf("tags %q", tr.names.Name(run.Tags))
	}
	for id, want := range map[string][3]string{"5": {"refund", "planner", "near"}, "7": {"refund", "helper", "chat"}, "8": {"refund", "refund", "find"}, "10": {"refund", "refund", "orphan"}} {
		c := callByID(t, run, id)
		if got := [3]string{tr.names.Name(c.Workflow), tr.names.Name(c.Agent), tr.names.Name(c.Step)}; got != want {
			t.Errorf("call %s: %v, want %v", id, got, want)
		}
	}
}

// TestWorkflowWithoutRoot: a workflow that some call states goes before the service's name.
func TestWorkflowWithoutRoot(t *testing.T) {
	tr := newTree()
	tr.add("1", "lost", KindLLM, "chat", func(r *Record) { r.Service = tr.names.Sym("desk") })
	if run := tr.run(); tr.names.Name(run.Workflow) != "desk" {
		t.Errorf("workflow %q", tr.names.Name(run.Workflow))
	}
	tr.add("2", "lost", KindLLM, "chat", func(r *Record) { r.Service, r.Workflow = tr.names.Sym("desk"), tr.names.Sym("refund") })
	run := tr.run()
	if got := tr.names.Name(run.Workflow); got != "refund" {
		t.Errorf("workflow %q", got)
	}
	if got := tr.names.Name(callByID(t, run, "1").Workflow); got != "refund" {
		t.Errorf("workflow of the call beside: %q", got)
	}
}

// score is a record of a score that was given by itself.
func (tr *tree) score(span, name string, amount float64, o Outcome) {
	r := Record{Run: "r", ID: "score/" + span + "/" + name, Parent: span, Kind: KindRun, Name: tr.names.Sym(name), Score: amount, Has: HasScore, Extra: &RunFacts{Scores: []Value{{name, amount}}}}
	if o != OutcomeUnknown {
		r.Outcome = o
		r.Has |= HasOutcome
	}
	tr.recs = append(tr.recs, r)
}

// TestScoresOfTheRun: only what is said of the root decides the outcome; every score is kept by name.
func TestScoresOfTheRun(t *testing.T) {
	tr := newTree()
	tr.add("1", "", KindChain, "refund", nil)
	tr.add("2", "1", KindLLM, "chat", usage(1, 1))
	tr.score("2", "correct", 0, OutcomeFailure)
	if run := tr.run(); run.Outcome != OutcomeUnknown {
		t.Errorf("outcome %v from a score of a part", run.Outcome)
	}
	tr.score("1", "resolved", 0.92, OutcomeSuccess)
	tr.score("1", "resolved", 0.92, OutcomeSuccess) // exported twice
	tr.score("1", "toxicity", 0.01, OutcomeUnknown)
	for range 3 {
		run := tr.run()
		if run.Outcome != OutcomeSuccess || !run.HasScore || run.Score != 0.92 {
			t.Errorf("outcome %v, score %v %v", run.Outcome, run.HasScore, run.Score)
		}
		if want := []Value{{"correct", 0}, {"resolved", 0.92}, {"toxicity", 0.01}}; run.Facts == nil || !slices.Equal(run.Facts.Scores, want) {
			t.Errorf("scores %v", run.Facts)
		}
		slices.Reverse(tr.recs)
	}
	tr.recs = append(tr.recs, Record{Run: "r", Kind: KindRun, Outcome: OutcomeFailure, Has: HasOutcome})
	if run := tr.run(); run.Outcome != OutcomeFailure {
		t.Errorf("a stated outcome does not win: %v", run.Outcome)
	}
}

// TestFormatsFitTheJoinSet: Assembler.join notes the formats of a run in one word.
func TestFormatsFitTheJoinSet(t *testing.T) {
	if len(Formats) > 64 {
		t.Errorf("%d formats, join has room for 64", len(Formats))
	}
}

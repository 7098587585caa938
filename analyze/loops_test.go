package analyze

import (
	"fmt"
	"strings"
	"testing"

	"costscope/tracefmt"
)

func TestTC1(t *testing.T) {
	for _, c := range []struct {
		actions, results string // "" for unknown results
		failed           bool
		want             string
	}{
		{"AAAA", "xxxx", false, "(0,1,4)"},
		{"AAA", "xxx", false, ""},
		{"AAA", "eee", true, "(0,1,3)"},
		{"ABABAB", "xyxyxy", false, "(0,2,3)"},
		{"ABABAB", "123456", false, ""},
		{"AAAA", "pppd", false, ""},
		{"AAAAA", "", false, "(0,1,5)"},
		{"AAAA", "", false, ""},
		{"XABCABCABCY", "0123123123z", false, "(1,3,3)"},
		{"ABAABAABA", "xyxxyxxyx", false, "(0,3,3)"},
		{"AAAAAABB", "xxxxxxyy", false, "(0,1,6)"},
		// not in the specification
		{"AAAAAA", "xxx?xx", false, "(0,1,6)"}, // one result is missing: five are needed
		{"AAAAA", "1234?", false, ""},          // the known results differ
		{"AAAABBBB", "xxxxyyyy", false, "(0,1,4)(4,1,4)"},
		{"ABCDEABCDEABCDE", "123451234512345", false, "(0,5,3)"},
		{"ABCDEFABCDEFABCDEF", "123456123456123456", false, ""}, // longer than five
		{"????", "xxxx", false, ""},                             // arguments are not known
	} {
		var actions []action
		for i, a := range c.actions {
			x := action{act: uint64(a), failed: c.failed}
			if a == '?' {
				x.act = 0
			}
			if c.results != "" && c.results[i] != '?' {
				x.result = uint64(c.results[i])
			}
			actions = append(actions, x)
		}
		got := ""
		for _, s := range findLoops(actions, nil) {
			got += fmt.Sprintf("(%d,%d,%d)", s.start, s.period, s.repeats)
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.actions, c.results, got, c.want)
		}
	}
}

// loopRun is an agent that asks a model before each tool call; the letters are arguments and results.
func loopRun(actions, results string, llm []int64, tool int64) *tracefmt.Run {
	var list []retrySpec
	for i := range actions {
		at := float64(10 * i)
		list = append(list,
			retrySpec{id: fmt.Sprint("m", i), model: stdModel, from: at, to: at + 1, in: 10, prompt: fmt.Sprint("P", i), tail: fmt.Sprint("P", i), cost: llm[i]},
			retrySpec{id: fmt.Sprint("t", i), tool: searchTool, from: at + 2, to: at + 3, args: actions[i : i+1], result: results[i : i+1], cost: tool})
	}
	return specRunOf(list...)
}

// wastesOf writes the waste class of each call: - s l r.
func wastesOf(run *tracefmt.Run) string {
	var s Student
	var b strings.Builder
	for _, p := range s.Study(run).Places {
		b.WriteByte("-slr"[p.Waste])
	}
	return b.String()
}

func TestTC2(t *testing.T) {
	run := loopRun("ABABAB", "xyxyxy", []int64{900, 950, 1000, 1050, 1100, 1150}, 100)
	var s Student
	st := s.Study(run)
	if len(st.Loops) != 1 || st.Loops[0].Cost != 6750 || st.Loops[0].Waste != 4700 || st.Loops[0].Period != 2 || st.Loops[0].Repeats != 3 {
		t.Fatalf("%+v", st.Loops)
	}
	if got := wastesOf(run); got != "----llllllll" {
		t.Errorf("classes %s", got)
	}
	var l LoopTotals
	l.add(st, nil)
	if l.Loops != 1 || l.Runs != 1 || l.Cost != 6750 || l.Waste != 4700 {
		t.Errorf("%+v", l)
	}
}

func TestTC3(t *testing.T) {
	run := runOf(tracefmt.OutcomeFailure, try{id: "a", cost: 10}, try{id: "b", cost: 10}, try{id: "c", cost: 10, bad: true}, try{id: "d", cost: 20}, try{id: "e", cost: 30})
	var s Student
	var w WarningTotals
	w.add(s.Study(run), nil)
	near(t, "post-warning share", w.Share(), 0.625)
	run.Calls[2].Status = tracefmt.StatusOK
	none := WarningTotals{}
	none.add(s.Study(run), nil)
	near(t, "without a warning", none.Share(), 0)
	spent := WarningTotals{Budget: 25}
	spent.add(s.Study(run), nil)
	near(t, "over the budget with the third call", spent.Share(), 0.625)
	if w.Warned != 1 || none.Warned != 0 || none.Runs != 1 || spent.Warned != 1 {
		t.Errorf("%+v %+v %+v", w, none, spent)
	}
	run.Outcome = tracefmt.OutcomeSuccess
	won := WarningTotals{}
	won.add(s.Study(run), nil)
	if won.Runs != 0 || won.Share() == won.Share() {
		t.Errorf("%+v", won)
	}
}

func TestWarningOfALoop(t *testing.T) {
	run := loopRun("AAAAAA", "xxxxxx", []int64{5, 5, 5, 5, 5, 5}, 1)
	run.Outcome = tracefmt.OutcomeFailure
	var s Student
	var w WarningTotals
	w.add(s.Study(run), nil)
	if w.After != 12 || w.Cost != 36 { // the fourth repeat makes it a loop; two more follow
		t.Errorf("%+v", w)
	}
}

func TestRecoveredFailureIsNoWarning(t *testing.T) {
	run := runOf(tracefmt.OutcomeFailure, try{id: "a", cost: 10, bad: true}, try{id: "b", cost: 10, retryOf: "a"}, try{id: "c", cost: 10})
	var s Student
	var w WarningTotals
	w.add(s.Study(run), nil)
	if w.Warned != 0 || w.After != 0 {
		t.Errorf("%+v", w)
	}
}

func TestPollingIsNoLoop(t *testing.T) {
	var list []retrySpec
	for i := range 8 { // all results alike, no model call in between
		list = append(list, retrySpec{id: fmt.Sprint("p", i), tool: getStatusTool, from: float64(10 * i), to: float64(10*i + 1), args: "P", result: "pending", flags: tracefmt.FlagReadOnly})
	}
	run := specRunOf(list...)
	if got := wastesOf(run); got != "--------" {
		t.Errorf("classes %s", got)
	}
	var s Student
	var l LoopTotals
	l.add(s.Study(run), nil)
	if l.Loops != 0 || l.Polls.Count != 8 {
		t.Errorf("%+v", l)
	}
}

// TestAutomaticRetriesAreOneAction: three failures in a row without a model in between are one decision, three that the agent decided on are
// a loop.
func TestAutomaticRetriesAreOneAction(t *testing.T) {
	tool := func(at float64) retrySpec {
		return retrySpec{id: fmt.Sprint("t", at), tool: searchTool, from: at, to: at + 1, bad: true, args: "A", cost: 1}
	}
	llm := func(at float64) retrySpec {
		return retrySpec{id: fmt.Sprint("m", at), model: stdModel, from: at, to: at + 1, prompt: fmt.Sprint(at), tail: fmt.Sprint(at), in: 10, cost: 5}
	}
	if got := wastesOf(specRunOf(llm(0), tool(2), tool(4), tool(6), llm(8))); got != "-sss-" {
		t.Errorf("automatic: %s", got)
	}
	if got := wastesOf(specRunOf(llm(0), tool(2), llm(4), tool(6), llm(8), tool(10), llm(12))); got != "-slsls-" {
		t.Errorf("decided: %s", got)
	}
}

func TestRedundant(t *testing.T) {
	tool := func(y tracefmt.Sym, at float64, args, result string, flags tracefmt.Flags) retrySpec {
		return retrySpec{id: fmt.Sprint("t", at), tool: y, from: at, to: at + 1, args: args, result: result, flags: flags, cost: 1}
	}
	llm := func(at float64) retrySpec {
		return retrySpec{id: fmt.Sprint("m", at), model: stdModel, from: at, to: at + 1, prompt: fmt.Sprint(at), tail: fmt.Sprint(at), in: 10}
	}
	const ro = tracefmt.FlagReadOnly
	for _, c := range []struct {
		name  string
		calls []retrySpec
		want  string
	}{
		{"read again", []retrySpec{tool(fetchTool, 0, "A", "x", ro), llm(2), tool(searchTool, 4, "B", "y", ro), tool(fetchTool, 6, "A", "x", ro)}, "---r"},
		{"after a change", []retrySpec{tool(fetchTool, 0, "A", "x", ro), llm(2), tool(editorTool, 4, "B", "y", 0), tool(fetchTool, 6, "A", "x", ro)}, "----"},
		{"another result", []retrySpec{tool(fetchTool, 0, "A", "x", ro), llm(2), tool(searchTool, 4, "B", "y", ro), tool(fetchTool, 6, "A", "z", ro)}, "----"},
		{"result not known", []retrySpec{tool(fetchTool, 0, "A", "", ro), llm(2), tool(searchTool, 4, "B", "y", ro), tool(fetchTool, 6, "A", "", ro)}, "----"},
		{"may change something", []retrySpec{tool(fetchTool, 0, "A", "x", 0), llm(2), tool(fetchTool, 6, "A", "x", 0)}, "---"},
		{"polling", []retrySpec{tool(fetchTool, 0, "A", "x", ro), tool(fetchTool, 6, "A", "x", ro)}, "--"},
	} {
		if got := wastesOf(specRunOf(c.calls...)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

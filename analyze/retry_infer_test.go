package analyze

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// retrySpec is a call of a worked example: times in seconds, cost in pico-dollars, fingerprints as letters.
type retrySpec struct {
	id          string
	model, tool tracefmt.Sym
	from, to    float64
	bad         bool
	in, out     int64
	prompt      string // prompt_fp and tail_fp
	tail        string
	args        string
	result      string
	sample      int32
	flags       tracefmt.Flags
	cost        int64
	up          int32 // index + 1
	attempt     int32
	asked       tracefmt.Sym // request model
	agent       tracefmt.Sym
	parent      string
}

// fpOf is a fingerprint of a letter; 0 for "".
func fpOf(s string) uint64 {
	h := uint64(0)
	for _, c := range s {
		h = h*31 + uint64(c)
	}
	return h
}

func (x retrySpec) call() tracefmt.Call {
	rec := &tracefmt.Record{
		ID: x.id, Parent: x.parent, Tool: x.tool, Start: int64(x.from * 1e9), End: int64(x.to * 1e9), Flags: x.flags, Attempt: x.attempt, SampleIndex: x.sample, RequestModel: x.asked,
		Model: x.model, Fingerprints: [4]uint64{fpOf(x.prompt), fpOf(x.tail), fpOf(x.args), fpOf(x.result)}, Usage: tracefmt.Usage{Input: x.in, Output: x.out},
	}
	if x.to > 0 {
		rec.Has = tracefmt.HasStart | tracefmt.HasEnd
	}
	if x.sample > 0 {
		rec.Has |= tracefmt.HasSample
	}
	if x.in > 0 {
		rec.Has |= tracefmt.HasInput | tracefmt.HasOutput
	}
	c := tracefmt.Call{Record: rec, Kind: tracefmt.KindLLM, Model: x.model, Workflow: 1, Agent: x.agent, Up: x.up - 1, IsCall: true, Counted: true, Status: tracefmt.StatusOK,
		State: tracefmt.CostComputed, Cost: tracefmt.USD(x.cost)}
	if x.model == 0 {
		c.Model = x.asked
	}
	if x.tool != 0 {
		c.Kind = tracefmt.KindTool
	}
	if x.bad {
		c.Status = tracefmt.StatusError
	}
	return c
}

func specRunOf(calls ...retrySpec) *tracefmt.Run {
	run := &tracefmt.Run{ID: "r", Workflow: 1}
	for _, x := range calls {
		run.Calls = append(run.Calls, x.call())
	}
	return run
}

// linksOf writes chains as "c1 >plain_retry high> c2".
func linksOf(run *tracefmt.Run) (list []string) {
	for _, ch := range chainsOf(run) {
		var b strings.Builder
		for n, i := range ch.Calls {
			if n > 0 {
				l := ch.Links[n]
				fmt.Fprintf(&b, " >%s %s", l.Kind, l.Confidence)
				if l.ArgsChanged {
					b.WriteString(" args changed")
				}
				b.WriteString("> ")
			}
			b.WriteString(run.Calls[i].ID)
		}
		list = append(list, b.String())
	}
	return list
}

const (
	stdModel, bigModel                               tracefmt.Sym = 1, 2
	searchTool, getStatusTool, fetchTool, editorTool tracefmt.Sym = 11, 12, 13, 14
)

var specB1 = []retrySpec{
	{id: "c1", model: stdModel, from: 0, to: 2, bad: true, in: 1000, prompt: "A", tail: "a", cost: 3000},
	{id: "c2", model: stdModel, from: 3, to: 5, bad: true, in: 1000, out: 200, prompt: "A", tail: "a", cost: 6000},
	{id: "c3", model: bigModel, from: 6, to: 9, in: 1000, out: 200, prompt: "A2", tail: "a", cost: 30000},
	{id: "c4", model: stdModel, from: 10, to: 12, in: 2000, out: 300, prompt: "B", tail: "b", cost: 10500},
	{id: "c5", model: stdModel, from: 13, to: 15, bad: true, in: 2400, out: 100, prompt: "C", tail: "c", cost: 8700},
	{id: "c6", model: stdModel, from: 16, to: 18, in: 2500, out: 300, prompt: "D", tail: "d", cost: 12000},
	{id: "t1", tool: searchTool, from: 19, to: 20, bad: true, args: "H", cost: 1000},
	{id: "t2", tool: searchTool, from: 21, to: 22, args: "H", cost: 1000},
	{id: "f1", model: stdModel, from: 30, to: 35, in: 500, out: 100, prompt: "E", tail: "e", cost: 3000},
	{id: "f2", model: stdModel, from: 30, to: 35, in: 500, out: 100, prompt: "E", tail: "e", cost: 3000},
	{id: "f3", model: stdModel, from: 30, to: 35, in: 500, out: 100, prompt: "E", tail: "e", cost: 3000},
	{id: "s1", model: stdModel, from: 36, to: 37, in: 400, out: 50, prompt: "S", tail: "s", sample: 1, cost: 1950},
	{id: "s2", model: stdModel, from: 38, to: 39, in: 400, out: 50, prompt: "S", tail: "s", sample: 2, cost: 1950},
	{id: "p1", tool: getStatusTool, from: 40, to: 41, args: "P", result: "pending", cost: 100},
	{id: "p2", tool: getStatusTool, from: 50, to: 51, args: "P", result: "pending", cost: 100},
	{id: "p3", tool: getStatusTool, from: 60, to: 61, args: "P", result: "done", cost: 100},
	{id: "m1", tool: fetchTool, from: 62, to: 63, args: "K1", cost: 100},
	{id: "m2", tool: fetchTool, from: 64, to: 65, args: "K2", cost: 100},
}

func TestTB1(t *testing.T) {
	run := specRunOf(specB1...)
	want := []string{"c1 >plain_retry high> c2 >fallback_model high> c3", "c5 >prompt_adjustment low> c6", "t1 >tool_reinvocation high> t2"}
	if got := linksOf(run); !slices.Equal(got, want) {
		t.Fatalf("links\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, w := range [][4]tracefmt.USD{{39000, 3000, 36000, 9000}, {20700, 8700, 12000, 8700}, {2000, 1000, 1000, 1000}} {
		if c := chainsOf(run)[i]; c.Total != w[0] || c.BaseCost != w[1] || c.RetryCost != w[2] || c.Wasted != w[3] {
			t.Errorf("chain %d: %+v, want %v", i, c, w)
		}
	}
	table, err := sumOf([]*tracefmt.Run{run}).Rollup(tracefmt.NewNames(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	s, rep := &table.Total, retryReport(&table.Total)
	if s.Cost != 85600 || s.Calls != 18 || s.Operations() != 14 || s.RetryCost != 49000 || s.Wasted != 18700 {
		t.Errorf("%+v", s.Summary)
	}
	near(t, "call amplification", float64(rep.CallAmplification), 18.0/14)
	near(t, "cost amplification", float64(rep.CostAmplification), 85600.0/36600)
	near(t, "retry ratio", float64(rep.RetryRatio), 4.0/14)
	near(t, "waste share", float64(rep.WasteShare), 18700.0/85600)
	if math.Abs(float64(rep.WasteShare)-0.218457944) > 1e-9 || rep.ByConfidence["high"] != 3 || rep.ByConfidence["low"] != 1 || rep.ByKind["plain_retry"] != 1 {
		t.Errorf("%+v", rep)
	}
}

// looksOf are the calls that look like retries.
func looksOf(run *tracefmt.Run) string {
	var b strings.Builder
	var s Student
	for i, p := range s.Study(run).Places {
		if p.Look != 0 {
			fmt.Fprintf(&b, "%s:%d ", run.Calls[i].ID, p.Look)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestWhatIsNoRetry(t *testing.T) {
	llm := func(id string, from, to float64, bad bool, prompt string) retrySpec {
		return retrySpec{id: id, model: stdModel, from: from, to: to, bad: bad, prompt: prompt, tail: "same question", in: 1000, out: 100}
	}
	tool := func(id string, y tracefmt.Sym, at float64, bad bool, args string) retrySpec {
		return retrySpec{id: id, tool: y, from: at, to: at + 1, bad: bad, args: args}
	}
	of := func(x retrySpec, parent string) retrySpec { x.parent = parent; return x }
	other := func(x retrySpec) retrySpec { x.model = bigModel; return x }
	ro := func(x retrySpec) retrySpec { x.flags |= tracefmt.FlagReadOnly; return x }
	for _, c := range []struct {
		name  string
		calls []retrySpec
		want  string // links; looks
	}{
		{"next turn of an agent", []retrySpec{llm("a", 0, 1, false, "A"), llm("b", 2, 3, false, "B")}, ""},
		{"rejected outside the trace", []retrySpec{llm("a", 0, 1, false, "A"), llm("b", 2, 3, false, "A")}, "a >plain_retry high> b"},
		{"begins 40 ms before the other ends", []retrySpec{llm("a", 0, 1, true, "A"), llm("b", 0.96, 3, false, "A")}, "a >plain_retry high> b"},
		{"begins 60 ms before the other ends", []retrySpec{llm("a", 0, 1, true, "A"), llm("b", 0.94, 3, false, "A")}, ""},
		{"120 s later", []retrySpec{llm("a", 0, 1, true, "A"), llm("b", 121, 123, false, "A")}, "a >plain_retry high> b"},
		{"more than 120 s later", []retrySpec{llm("a", 0, 1, true, "A"), llm("b", 121.1, 123, false, "A")}, ""},
		{"a hedge", []retrySpec{llm("a", 0, 5, true, "A"), llm("b", 2, 5, false, "A")}, "; a:1"},
		{"a hedge that the first wins", []retrySpec{llm("a", 0, 5, false, "A"), llm("b", 2, 5, true, "A")}, "; b:1"},
		{"a failure beside an equal call is no hedge", []retrySpec{llm("a", 0, 3, true, "A"), llm("b", 2, 5, false, "A")}, ""},
		{"another model on the same question goes on with it", []retrySpec{llm("a", 0, 1, false, "A"), other(llm("b", 2, 3, false, "B"))}, "a >fallback_model medium> b"},
		{"another model with a longer prompt", []retrySpec{llm("a", 0, 1, false, "A"), func() retrySpec { x := other(llm("b", 2, 3, false, "B")); x.in = 1300; return x }()}, ""},
		{"another model after a tool", []retrySpec{llm("a", 0, 1, false, "A"), tool("t", fetchTool, 1, false, ""), other(llm("b", 2, 3, false, "B"))}, ""},
		{"the answer was used by a tool", []retrySpec{llm("a", 0, 1, true, "A"), tool("t", fetchTool, 1, false, ""), llm("b", 2, 3, false, "B")}, ""},
		{"the question is the same", []retrySpec{llm("a", 0, 1, true, "A"), llm("b", 2, 3, false, "B")}, "a >prompt_adjustment medium> b"},
		{"fingerprints are not known", []retrySpec{{id: "a", model: stdModel, from: 0, to: 1, bad: true, in: 1000}, {id: "b", model: stdModel, from: 2, to: 3, in: 1000}}, "a >plain_retry low> b"},
		{"sizes too far apart", []retrySpec{{id: "a", model: stdModel, from: 0, to: 1, bad: true, in: 1000}, {id: "b", model: stdModel, from: 2, to: 3, in: 2001}}, ""},
		{"twice the size", []retrySpec{{id: "a", model: stdModel, from: 0, to: 1, bad: true, in: 1000}, {id: "b", model: stdModel, from: 2, to: 3, in: 2000}}, "a >prompt_adjustment low> b"},
		{"without times, after a failure", []retrySpec{llm("a", 0, 0, true, "A"), llm("b", 0, 0, false, "A")}, "a >plain_retry medium> b"},
		{"without times, nothing failed", []retrySpec{llm("a", 0, 0, false, "A"), llm("b", 0, 0, false, "A")}, ""},
		{"asked for one model, answered by its dated name", []retrySpec{{id: "a", asked: 7, from: 0, to: 1, bad: true, prompt: "A"}, {id: "b", asked: 7, model: 8, from: 2, to: 3, prompt: "A"}}, "a >plain_retry high> b"},
		{"best of n", []retrySpec{func() retrySpec { x := llm("a", 0, 1, false, "A"); x.sample = 1; return x }(), func() retrySpec { x := llm("b", 2, 3, false, "A"); x.sample = 2; return x }()}, "; b:2"},
		{"asked for again by a person", []retrySpec{llm("a", 0, 1, false, "A"), func() retrySpec { x := llm("b", 2, 3, false, "A"); x.flags = tracefmt.FlagAsked; return x }()}, "; b:3"},
		{"from a gateway's cache", []retrySpec{llm("a", 0, 1, false, "A"), func() retrySpec { x := llm("b", 2, 3, false, "A"); x.flags = tracefmt.FlagGatewayHit; return x }()}, ""},
		{"polling", []retrySpec{tool("a", getStatusTool, 0, false, "P"), tool("b", getStatusTool, 2, false, "P")}, "; a:5 b:5"},
		{"other arguments after a failure", []retrySpec{tool("a", searchTool, 0, true, "P"), tool("b", searchTool, 2, false, "Q")}, "a >tool_reinvocation medium args changed> b"},
		{"other arguments from one answer", []retrySpec{llm("m", 0, 1, false, "A"), tool("a", searchTool, 1, true, "P"), tool("b", searchTool, 2, false, "Q")}, ""},
		{"arguments not known", []retrySpec{llm("m", 0, 1, false, "A"), tool("a", searchTool, 1, true, ""), tool("b", searchTool, 2, false, "")}, "a >tool_reinvocation low> b"},
		{"arguments not known, from one answer", []retrySpec{llm("m", 0, 1, false, "A"), of(tool("a", searchTool, 1, true, ""), "m"), of(tool("b", searchTool, 2, false, ""), "m")}, ""},
		{"nothing came back", []retrySpec{{id: "a", model: stdModel, from: 0, to: 1, bad: true}, {id: "b", model: stdModel, from: 2, to: 3, in: 1000}}, "a >plain_retry medium> b"},
		{"nothing came back, another model", []retrySpec{{id: "a", model: stdModel, from: 0, to: 1, bad: true}, {id: "b", model: bigModel, from: 2, to: 3, in: 1000}}, "a >fallback_model medium> b"},
		{"nothing came back, another request", []retrySpec{{id: "a", model: stdModel, from: 0, to: 1, bad: true, prompt: "A"}, {id: "b", model: stdModel, from: 2, to: 3, in: 1000, prompt: "B"}}, ""},
		{"a bad answer, another model", []retrySpec{{id: "a", model: stdModel, from: 0, to: 1, bad: true, in: 900}, {id: "b", model: bigModel, from: 2, to: 3, in: 1000}}, "a >fallback_model low> b"},
		{"other arguments, decided", []retrySpec{tool("a", searchTool, 0, true, "P"), llm("m", 1, 2, false, "A"), tool("b", searchTool, 2, false, "Q")}, "a >tool_reinvocation medium args changed> b"},
		{"edit and test", []retrySpec{tool("a", searchTool, 0, true, "P"), tool("e", editorTool, 1, false, "E"), tool("b", searchTool, 2, false, "P")}, ""},
		{"read and test", []retrySpec{tool("a", searchTool, 0, true, "P"), ro(tool("e", editorTool, 1, false, "E")), tool("b", searchTool, 2, false, "P")}, "a >tool_reinvocation high> b"},
		{"the latest call of the tool went well", []retrySpec{tool("a", searchTool, 0, true, "P"), tool("b", searchTool, 1, false, "Q"), tool("c", searchTool, 3, false, "P")}, "a >tool_reinvocation medium args changed> b"},
	} {
		run := specRunOf(c.calls...)
		want, looks, _ := strings.Cut(c.want, "; ")
		if got := strings.Join(linksOf(run), " | "); got != want || looksOf(run) != looks {
			t.Errorf("%s: links %q, looks %q; want %q", c.name, got, looksOf(run), c.want)
		}
	}
}

func TestPersonBetween(t *testing.T) {
	run := specRunOf(retrySpec{id: "a", model: stdModel, from: 0, to: 1, prompt: "A"}, retrySpec{id: "b", model: stdModel, from: 5, to: 6, prompt: "A"})
	run.Marks = []*tracefmt.Record{{Event: tracefmt.EventPrompt, Start: 3e9, Has: tracefmt.HasStart, Flags: tracefmt.FlagAsked}}
	if got := linksOf(run); len(got) != 0 || looksOf(run) != "b:3" {
		t.Errorf("links %v, looks %s", got, looksOf(run))
	}
	run.Marks[0].Start = -1e9 // what a answered
	if got := linksOf(run); len(got) != 1 || looksOf(run) != "" {
		t.Errorf("links %v, looks %s", got, looksOf(run))
	}
	run.Marks[0].Start, run.Marks[0].Flags = 3e9, 0 // the client's own text
	if got := linksOf(run); len(got) != 1 {
		t.Errorf("links %v", got)
	}
}

// TestNumberAloneJoinsNoSuccess: the first try left no call, and the call before it went well.
func TestNumberAloneJoinsNoSuccess(t *testing.T) {
	run := specRunOf(retrySpec{id: "a", model: stdModel, from: 0, to: 1, cost: 11}, retrySpec{id: "b", model: stdModel, from: 2, to: 3, attempt: 2, cost: 13})
	ch := chainsOf(run)
	if len(ch) != 1 || len(ch[0].Calls) != 1 || !ch[0].Truncated || ch[0].Lost != 1 || ch[0].Wasted != 0 {
		t.Errorf("%+v", ch)
	}
	table, _ := sumOf([]*tracefmt.Run{run}).Rollup(tracefmt.NewNames(), Query{})
	if s := &table.Total; s.Wasted != 0 || s.LostTries != 1 || s.Chains != 0 || s.Retries != 0 {
		t.Errorf("%+v", s.Summary)
	}
}

// TestInferredJoinsStated: a chain that the trace states goes on with what it does not.
func TestInferredJoinsStated(t *testing.T) {
	run := specRunOf(
		retrySpec{id: "a", model: stdModel, from: 0, to: 1, bad: true, prompt: "A", cost: 1},
		retrySpec{id: "b", model: stdModel, from: 2, to: 3, bad: true, prompt: "A", cost: 2},
		retrySpec{id: "c", model: stdModel, from: 4, to: 5, bad: true, prompt: "A", cost: 4},
		retrySpec{id: "d", model: stdModel, from: 6, to: 7, prompt: "A", cost: 8},
	)
	run.Calls[2].RetryOf, run.Calls[2].Attempt = "b", 2
	want := []string{"a >plain_retry high> b >plain_retry explicit> c >plain_retry high> d"}
	if got := linksOf(run); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if ch := chainsOf(run)[0]; ch.Total != 15 || ch.Wasted != 7 || ch.RetryCost != 14 || ch.Accepted != 3 {
		t.Errorf("%+v", ch)
	}
}

package analyze

import (
	"cmp"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A RunRef finds a run: by its id, or by the number that a RunCost names.
type RunRef struct {
	ID       string
	Number   uint32
	ByNumber bool
}

// A RunView is one run with all of its calls, for people: what happened when, for whom, and at what cost.
type RunView struct {
	ID       string
	Number   uint32 // as in RunCost
	Outcome  tracefmt.Outcome
	HasScore bool
	Score    float64
	Workflow string
	Row      Row // what its calls add up to

	InScope      bool // all of the run is in the scope asked for
	ScopeCost    tracefmt.USD
	ScopeCalls   int64
	ScopeUnknown int64 // calls of unknown cost: ScopeCost is a lower bound

	Calls      []RunCall // calls, and the spans around them, in the order of their start
	Chains     []RunChain
	Lines      []PromptLine // of the threads with a known prompt
	Agents     []RunAgent   // dearest first; they add up to the run
	Tree       []RunNode    // agents below the one that they worked for; what they spent themselves adds up to the run
	Start, End int64        // of the calls that state times, UTC nanoseconds
	Timed      int          // Calls that state when they began
	MaxPrompt  int64        // tokens of the largest prompt; 0 where none is known
	Window     int64        // what the model of that prompt can hold; 0 where the price book does not say

	names *tracefmt.Names
}

// Names resolves the names in Lines and Chains.
func (v *RunView) Names() *tracefmt.Names { return v.names }

// A RunCall is one line of a run: a call, or a span that only groups others.
type RunCall struct {
	CallRow
	IsCall           bool  // counted among the calls
	Up               int32 // index in RunView.Calls of the call or span around it; -1 for none
	Depth            int32 // calls and spans around it
	Node             int32 // index in RunView.Tree; -1 for a span without calls
	Line             int32 // index in RunView.Lines; -1 for none
	Turn             int32 // among the model operations of its thread, from 1; 0: no model call
	Prompt           int64 // tokens; 0 where not known
	Reset, Compacted bool  // the context shrank before it; the trace says that it was compacted
	Chain            int32 // index in RunView.Chains; -1 for none
	Try              int32 // which attempt it is there, from 0
	Failed, Wasted   bool  // Wasted: it, or an attempt around it, was not accepted
	Inside           AgentCost
}

// A RunChain is an operation of the run that was tried again.
type RunChain struct {
	TopChain
	Calls []int32 // index in RunView.Calls of each attempt; Attempts may hold fewer
}

// A RunAgent is what one agent spent in a run.
type RunAgent struct {
	Agent string
	AgentCost
}

// A RunNode is an agent at work in a run. Two instances of an agent are two nodes where the trace tells them apart.
type RunNode struct {
	Agent, Instance string
	Depth           int
	First           int32     // index of its first line in RunView.Calls
	Own, All        AgentCost // All is with the agents below
	Turns           int32     // model operations
	MaxPrompt       int64     // tokens; 0 where not known
	Failed, Retries int64
	Start, End      int64 // of its own calls, UTC nanoseconds; Timed says whether any states times
	Timed           bool
}

// NewRunView reads a run. q says what the scope is; row makes the calls' rows. Nothing of the run itself is kept.
func NewRunView(run *tracefmt.Run, q Query, names *tracefmt.Names, cfg Config, path func(uint32) string, row func(c *tracefmt.Call) CallRow) *RunView {
	v := &RunView{ID: strings.Clone(run.ID), Outcome: run.Outcome, HasScore: run.HasScore, Score: run.Score, Workflow: names.Name(run.Workflow), names: names}
	all := NewScan(Query{}, names, cfg, path)
	all.Add(run)
	v.Row = all.Table().Total
	st := NewStudent(cfg).Study(run)
	v.calls(st, row)
	v.chains(st)
	v.lines(st)
	v.scope(run, q.Compile(names, cfg), path)
	t := newRunTree(st, names)
	t.read(v)
	v.Agents = t.agents()
	place := t.nodes(v)
	for i := range v.Calls {
		if n := v.Calls[i].Node; n >= 0 {
			v.Calls[i].Node = place[n]
		}
	}
	return v
}

// calls fills in the lines.
func (v *RunView) calls(st *Study, row func(c *tracefmt.Call) CallRow) {
	v.Calls = make([]RunCall, len(st.Run.Calls))
	for i := range st.Run.Calls {
		c, p := &st.Run.Calls[i], &st.Places[i]
		x := &v.Calls[i]
		*x = RunCall{CallRow: row(c), IsCall: c.IsCall, Up: c.Up, Node: -1, Line: -1, Turn: p.Turn, Chain: -1, Failed: failed(c), Wasted: p.Mark&markWasted != 0}
		if c.Has&tracefmt.HasInput != 0 && p.Turn > 0 {
			x.Prompt = promptTokens(c)
		}
		v.span(c)
		if v.MaxPrompt < x.Prompt && sized(c) {
			v.MaxPrompt, v.Window = x.Prompt, 0
			if c.Price != nil {
				v.Window = c.Price.Window
			}
		}
	}
	v.nest(st.Run.Calls)
}

// nest tells how deep each line is, and what it encloses.
func (v *RunView) nest(calls []tracefmt.Call) {
	for i := range calls {
		for at := calls[i].Up; at >= 0 && v.Calls[i].Depth < maxDepth; at = calls[at].Up {
			v.Calls[i].Depth++
		}
		if !contributes(&calls[i]) {
			continue
		}
		for at, n := int32(i), 0; at >= 0 && n <= len(calls); at, n = calls[at].Up, n+1 {
			v.Calls[at].Inside.count(&calls[i])
		}
	}
}

// count adds a call.
func (a *AgentCost) count(c *tracefmt.Call) {
	a.Calls += int64(b2i(c.IsCall))
	a.Unknown += int64(b2i(missing(c)))
	if known(c) {
		a.Cost, _ = a.Cost.Add(c.Cost)
	}
}

// span widens the time that the run took.
func (v *RunView) span(c *tracefmt.Call) {
	if c.Has&tracefmt.HasStart == 0 {
		return
	}
	end := c.Start
	if c.Has&tracefmt.HasEnd != 0 {
		end = max(end, c.End)
	}
	if v.Timed == 0 {
		v.Start, v.End = c.Start, end
	}
	v.Start, v.End = min(v.Start, c.Start), max(v.End, end)
	v.Timed++
}

// chains keeps the operations that were tried again.
func (v *RunView) chains(st *Study) {
	var x topChains
	x.costs.costs(st.Run.Calls)
	x.count(st.Run.Calls)
	for k := range st.Chains {
		ch := &st.Chains[k]
		r := RunChain{Calls: slices.Clone(ch.Calls), TopChain: TopChain{Run: v.ID, Outcome: v.Outcome, Tries: len(ch.Calls), Lost: ch.Lost, Accepted: ch.Accepted >= 0,
			Total: ch.Total, Wasted: ch.Wasted, Attempts: x.attempts(st, ch), at: int32(k)}}
		for n, i := range ch.Calls {
			r.Unknown += x.unknown[i]
			r.WastedUnknown += x.unknown[i] * int64(b2i(i != ch.Accepted))
			v.Calls[i].Chain, v.Calls[i].Try = int32(k), int32(n)
		}
		v.Chains = append(v.Chains, r)
	}
}

// lines keeps how the prompts of each thread went, and notes at the calls where they shrank.
func (v *RunView) lines(st *Study) {
	var g grower
	g.begin(st)
	for k := range st.Threads {
		if !g.follow(int32(k)) {
			continue
		}
		for _, i := range st.Threads[k].Calls {
			if v.Calls[i].Turn > 0 {
				v.Calls[i].Line = int32(len(v.Lines))
			}
		}
		l := g.line()
		for _, t := range l.Turns {
			v.Calls[t.Call].Reset, v.Calls[t.Call].Compacted = t.Reset, t.Compacted
		}
		v.Lines = append(v.Lines, l)
	}
}

// scope tells how much of the run is in the scope.
func (v *RunView) scope(run *tracefmt.Run, m *Matcher, path func(uint32) string) {
	v.InScope = true
	m.Enter(run, path)
	var sum AgentCost
	for i := range run.Calls {
		c := &run.Calls[i]
		if !contributes(c) {
			continue
		}
		if m.Match(run, i, m.sourceOf(c, path)) {
			sum.count(c)
		} else {
			v.InScope = false
		}
	}
	v.ScopeCost, v.ScopeCalls, v.ScopeUnknown = sum.Cost, sum.Calls, sum.Unknown
}

// A runTree finds out which agents worked in a run, and for whom.
type runTree struct {
	st    *Study
	names *tracefmt.Names
	index map[runKey]int32
	list  []treeNode // a parent stands before its children
	at    []int32    // node of each call, + 1
}

// A runKey is an agent at work for another: an instance, or an agent within the span that encloses its calls.
type runKey struct {
	up              int32 // node; -1: works for none
	agent, instance tracefmt.Sym
	owner           int32
}

type treeNode struct {
	RunNode
	key runKey
}

func newRunTree(st *Study, names *tracefmt.Names) *runTree {
	return &runTree{st: st, names: names, index: map[runKey]int32{}, at: make([]int32, len(st.Run.Calls))}
}

// read counts every call at its agent.
func (t *runTree) read(v *RunView) {
	for i := range t.st.Run.Calls {
		c := &t.st.Run.Calls[i]
		if !contributes(c) {
			continue
		}
		k := t.nodeOf(int32(i))
		v.Calls[i].Node = k
		t.list[k].call(c, &t.st.Places[i], int32(i))
	}
	for i := range v.Calls {
		if t.at[i] != 0 {
			v.Calls[i].Node = t.at[i] - 1
		}
	}
}

// call counts one call.
func (n *treeNode) call(c *tracefmt.Call, p *Place, i int32) {
	if n.Own.Calls == 0 && n.Own.Cost == 0 {
		n.First = i
	}
	n.Own.count(c)
	n.Failed += int64(b2i(c.IsCall && failed(c)))
	n.Retries += int64(b2i(p.Mark&markRepeat != 0))
	n.Turns = max(n.Turns, p.Turn)
	if sized(c) {
		n.MaxPrompt = max(n.MaxPrompt, promptTokens(c))
	}
	if c.Has&tracefmt.HasStart == 0 {
		return
	}
	end := c.Start
	if c.Has&tracefmt.HasEnd != 0 {
		end = max(end, c.End)
	}
	if !n.Timed {
		n.Start, n.End, n.Timed = c.Start, end, true
	}
	n.Start, n.End = min(n.Start, c.Start), max(n.End, end)
}

// nodeOf is the agent that a call belongs to: its own, below that of the call above. Spans without calls in them make no agent.
func (t *runTree) nodeOf(i int32) int32 {
	calls := t.st.Run.Calls
	var todo []int32
	at := i
	for ; at >= 0 && t.at[at] == 0 && len(todo) <= len(calls); at = calls[at].Up {
		todo = append(todo, at)
	}
	up := int32(-1)
	if at >= 0 && t.at[at] != 0 {
		up = t.at[at] - 1
	}
	for k := len(todo) - 1; k >= 0; k-- {
		c := &calls[todo[k]]
		if c.Agent == 0 && c.Instance == 0 && up < 0 && k > 0 {
			continue // nothing says who it is
		}
		up = t.below(up, todo[k])
		t.at[todo[k]] = up + 1
	}
	return up
}

// below is the agent of call i, which works for node up. One without a name is that of the call above, and so is one of the same name
// that no instance tells apart.
func (t *runTree) below(up, i int32) int32 {
	c := &t.st.Run.Calls[i]
	key := runKey{up, c.Agent, c.Instance, ownerOf(t.st.Run, i)}
	if c.Kind == tracefmt.KindAgent && c.Instance == 0 {
		key.owner = i
	}
	if up >= 0 {
		same := t.list[up].key.agent == c.Agent && (c.Instance == 0 || c.Instance == t.list[up].key.instance)
		if c.Agent == 0 && c.Instance == 0 || same || t.list[up].Depth+1 >= maxDepth {
			return up
		}
	}
	n, ok := t.index[key]
	if !ok {
		n = int32(len(t.list))
		node := treeNode{key: key}
		node.Agent, node.Instance, node.First = t.names.Name(c.Agent), t.names.Name(c.Instance), i
		if up >= 0 {
			node.Depth = t.list[up].Depth + 1
		}
		t.index[key], t.list = n, append(t.list, node)
	}
	return n
}

// nodes lists the agents, each below the one that it worked for, the dearest first. It returns where each went.
func (t *runTree) nodes(v *RunView) (place []int32) {
	below := make([][]int, len(t.list)+1) // by parent + 1
	for i := len(t.list) - 1; i >= 0; i-- {
		n := &t.list[i]
		n.All.add(n.Own) // those below come later in the list: they are in it
		if n.key.up >= 0 {
			t.list[n.key.up].All.add(n.All)
		}
		below[n.key.up+1] = append(below[n.key.up+1], i)
	}
	place = make([]int32, len(t.list))
	var walk func(up int)
	walk = func(up int) {
		slices.SortFunc(below[up], func(a, b int) int {
			p, q := &t.list[a], &t.list[b]
			return cmp.Or(cmp.Compare(q.All.Cost, p.All.Cost), cmp.Compare(p.First, q.First), cmp.Compare(a, b))
		})
		for _, i := range below[up] {
			place[i] = int32(len(v.Tree))
			v.Tree = append(v.Tree, t.list[i].RunNode)
			walk(i + 1)
		}
	}
	walk(0)
	return place
}

// agents adds up the nodes by name.
func (t *runTree) agents() (out []RunAgent) {
	for i := range t.list {
		n := &t.list[i]
		at := slices.IndexFunc(out, func(a RunAgent) bool { return a.Agent == n.Agent })
		if at < 0 {
			at = len(out)
			out = append(out, RunAgent{Agent: n.Agent})
		}
		out[at].add(n.Own)
	}
	slices.SortFunc(out, func(a, b RunAgent) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Agent, b.Agent))
	})
	return out
}

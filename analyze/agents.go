package analyze

import (
	"cmp"
	"slices"

	"costscope/tracefmt"
)

// Agents adds up what each agent spent, and for whom it worked: an agent works for the one whose call encloses, or led to, its own.
type Agents struct {
	book  roleBook
	names *tracefmt.Names
	sums  []agentSum // by agent
	index map[agentKey]int32
	nodes []agentNode // a parent stands before its children
	tree  map[nodeKey]int32
	at    []int32 // node of each call of the run at hand, + 1
	todo  []int32
	seen  []int64 // number of the run that an agent was seen in last
	run   int64
	last  int32 // the agent looked for last
	wraps int32
}

type agentKey struct{ workflow, agent tracefmt.Sym }

// An agentSum is what one agent did.
type agentSum struct {
	key                                              agentKey
	calls, llm, tools, retries, sized, input, prompt int64
	unknown, runs                                    int64
	roles                                            [Roles]int64
	inferred, people, recovery                       int64
	cost                                             tracefmt.USD
}

// A nodeKey is an agent below another: the node of that one + 1, 0 for none.
type nodeKey struct {
	up int32
	agentKey
}

type agentNode struct {
	key   nodeKey
	depth int32
	calls int64
	lacks int64 // calls of unknown cost
	own   tracefmt.USD
}

// maxDepth bounds how deep agents nest; what is deeper counts for the deepest.
const maxDepth = 32

// NewAgents returns an empty sum.
func NewAgents(names *tracefmt.Names) *Agents {
	return &Agents{book: roleBook{names: names, patterns: DefaultRoles()}, names: names, index: map[agentKey]int32{}, tree: map[nodeKey]int32{}}
}

// add counts the calls of a run in that are in scope.
func (x *Agents) add(st *Study, in []bool) {
	x.run++
	x.at = append(x.at[:0], make([]int32, len(st.Run.Calls))...)
	for i := range st.Run.Calls {
		c := &st.Run.Calls[i]
		if !contributes(c) || in != nil && !in[i] {
			continue
		}
		x.count(c, st.Places[i].Mark)
		n := &x.nodes[x.nodeOf(st.Run, int32(i))]
		n.calls += int64(b2i(c.IsCall))
		n.lacks += int64(b2i(missing(c)))
		if known(c) {
			x.wraps += plus((*int64)(&n.own), int64(c.Cost))
		}
	}
}

func (x *Agents) count(c *tracefmt.Call, m mark) {
	n := x.agentOf(agentKey{c.Workflow, c.Agent})
	s := &x.sums[n]
	if x.seen[n] != x.run {
		x.seen[n] = x.run
		s.runs++
	}
	s.unknown += int64(b2i(missing(c)))
	if known(c) {
		x.wraps += plus((*int64)(&s.cost), int64(c.Cost))
	}
	if !c.IsCall {
		return
	}
	switch role, inferred := x.book.role(c); {
	case c.Kind == tracefmt.KindHuman:
		s.people++
	case x.book.recovers(c):
		s.recovery++
	default:
		s.roles[role]++
		s.inferred += int64(b2i(inferred))
	}
	s.calls++
	s.retries += int64(b2i(m&markRepeat != 0))
	switch c.Kind {
	case tracefmt.KindTool, tracefmt.KindRetriever:
		s.tools++
	case tracefmt.KindLLM:
		s.llm++
		if c.Has&tracefmt.HasInput != 0 {
			s.sized++
			s.prompt = max(s.prompt, c.Usage.Input)
			x.wraps += plus(&s.input, c.Usage.Input)
		}
	}
}

func (x *Agents) agentOf(k agentKey) int32 {
	if x.last < int32(len(x.sums)) && x.sums[x.last].key == k {
		return x.last
	}
	n, ok := x.index[k]
	if !ok {
		n = int32(len(x.sums))
		x.index[k], x.sums, x.seen = n, append(x.sums, agentSum{key: k}), append(x.seen, 0)
	}
	x.last = n
	return n
}

// above is the call that encloses c, or the one that led to it and had ended before; -1 for none.
func above(c *tracefmt.Call) int32 {
	if c.After > 0 {
		return c.After - 1
	}
	return c.Up
}

// nodeOf is the node of a call: the agent below the one of the call above. A call without an agent belongs to the agent above.
func (x *Agents) nodeOf(run *tracefmt.Run, i int32) int32 {
	if x.at[i] != 0 {
		return x.at[i] - 1
	}
	x.todo = x.todo[:0]
	for at := i; at >= 0 && x.at[at] == 0 && len(x.todo) < len(run.Calls); at = above(&run.Calls[at]) {
		x.todo = append(x.todo, at)
	}
	up := int32(0)
	if top := above(&run.Calls[x.todo[len(x.todo)-1]]); top >= 0 {
		up = x.at[top]
	}
	for k := len(x.todo) - 1; k >= 0; k-- {
		c := &run.Calls[x.todo[k]]
		if c.After > 0 {
			up = x.handedBack(up, agentKey{c.Workflow, c.Agent})
		}
		if up = x.below(up, agentKey{c.Workflow, c.Agent}, k == 0); up != 0 && x.nodes[up-1].key.agent != 0 {
			x.at[x.todo[k]] = up
		}
	}
	return up - 1
}

// handedBack is the node, + 1, at or over up that is k's own already: agents that follow one another by turns do not nest deeper with
// every turn. Where there is none, it is up.
func (x *Agents) handedBack(up int32, k agentKey) int32 {
	for at := up; at > 0; at = x.nodes[at-1].key.up {
		if x.nodes[at-1].key.agentKey == k {
			return at
		}
	}
	return up
}

// below is the node, + 1, of an agent that works for the one of node up - 1. must: there has to be one, even without a name.
func (x *Agents) below(up int32, k agentKey, must bool) int32 {
	switch {
	case up > 0 && (k.agent == 0 || x.nodes[up-1].key.agentKey == k || x.nodes[up-1].depth+1 >= maxDepth):
		return up
	case k.agent == 0 && !must:
		return up
	}
	key := nodeKey{up, k}
	n, ok := x.tree[key]
	if !ok {
		node := agentNode{key: key}
		if up > 0 {
			node.depth = x.nodes[up-1].depth + 1
		}
		n = int32(len(x.nodes))
		x.tree[key], x.nodes = n, append(x.nodes, node)
	}
	return n + 1
}

// merge adds what o counted.
func (x *Agents) merge(o *Agents) {
	for i := range o.sums {
		x.wraps += x.sums[x.agentOf(o.sums[i].key)].merge(&o.sums[i])
	}
	to := make([]int32, len(o.nodes))
	for i := range o.nodes {
		n, up := &o.nodes[i], int32(0)
		if n.key.up > 0 {
			up = to[n.key.up-1]
		}
		to[i] = x.below(up, n.key.agentKey, true)
		x.nodes[to[i]-1].calls += n.calls
		x.nodes[to[i]-1].lacks += n.lacks
		x.wraps += plus((*int64)(&x.nodes[to[i]-1].own), int64(n.own))
	}
	x.wraps += o.wraps
}

func (s *agentSum) merge(o *agentSum) int32 {
	for _, f := range [...]struct{ to, from *int64 }{
		{&s.calls, &o.calls}, {&s.llm, &o.llm}, {&s.tools, &o.tools}, {&s.retries, &o.retries}, {&s.sized, &o.sized}, {&s.unknown, &o.unknown},
		{&s.runs, &o.runs}, {&s.inferred, &o.inferred}, {&s.people, &o.people}, {&s.recovery, &o.recovery},
	} {
		*f.to += *f.from
	}
	for k := range s.roles {
		s.roles[k] += o.roles[k]
	}
	s.prompt = max(s.prompt, o.prompt)
	return plus(&s.input, o.input) + plus((*int64)(&s.cost), int64(o.cost))
}

// An AgentReport says which agents spent how much, and who worked for whom.
type AgentReport struct {
	Agents   []AgentRow  // dearest first; they add up to Total
	Tree     []AgentNode // every agent below the one that it worked for, dearest first; what they spent themselves adds up to Total
	Total    tracefmt.USD
	Nested   bool // an agent works for another
	Overflow bool // a sum exceeds what its type holds: the amounts are not right
}

// An AgentRow is one agent of a workflow.
type AgentRow struct {
	Workflow, Agent   string
	Role              Role  // that of most of its calls
	Inferred          bool  // the role is taken from a name for most of them, not stated
	People, Recovery  int64 // calls of people, and calls tagged as error handling: these have no role
	Runs              int64
	Calls, LLM, Tools int64
	Retries           int64   // attempts after the first
	MeanPrompt        float64 // input tokens of a model call; NaN where none is known
	MaxPrompt         int64
	Cost              tracefmt.USD
	Unknown           int64 // calls of unknown cost: Cost is a lower bound
}

// An AgentNode is an agent as it worked for another one; Depth 0 worked for none.
type AgentNode struct {
	Workflow, Agent string
	Depth           int
	Own, All        AgentCost // All is with the agents below
}

// An AgentCost is what calls cost: a lower bound where some are of unknown cost.
type AgentCost struct {
	Cost           tracefmt.USD
	Calls, Unknown int64
}

func (c *AgentCost) add(o AgentCost) {
	c.Cost += o.Cost
	c.Calls += o.Calls
	c.Unknown += o.Unknown
}

// result sums up.
func (x *Agents) result() AgentReport {
	var r AgentReport
	wraps := x.wraps
	for i := range x.sums {
		s := &x.sums[i]
		role := Role(0)
		for k := range s.roles {
			if s.roles[k] > s.roles[role] {
				role = Role(k)
			}
		}
		r.Agents = append(r.Agents, AgentRow{Workflow: x.names.Name(s.key.workflow), Agent: x.names.Name(s.key.agent), Role: role, Inferred: 2*s.inferred > s.calls, People: s.people, Recovery: s.recovery, Runs: s.runs,
			Calls: s.calls, LLM: s.llm, Tools: s.tools, Retries: s.retries, MeanPrompt: ratio(s.input, s.sized), MaxPrompt: s.prompt, Cost: s.cost, Unknown: s.unknown})
		wraps += plus((*int64)(&r.Total), int64(s.cost))
	}
	slices.SortFunc(r.Agents, func(a, b AgentRow) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.Agent, b.Agent))
	})
	if r.Overflow = wraps != 0; !r.Overflow {
		x.unfold(&r)
	}
	return r
}

// unfold lists the nodes, each below its parent.
func (x *Agents) unfold(r *AgentReport) {
	list := make([]AgentNode, len(x.nodes))
	below := make([][]int, len(x.nodes)+1) // by parent + 1
	for i := len(list) - 1; i >= 0; i-- {
		n := &x.nodes[i]
		own, all := AgentCost{n.own, n.calls, n.lacks}, list[i].All // those below come later in nodes: they are in it
		all.add(own)
		list[i] = AgentNode{x.names.Name(n.key.workflow), x.names.Name(n.key.agent), int(n.depth), own, all}
		if up := n.key.up; up > 0 {
			list[up-1].All.add(all)
			r.Nested = true
		}
		below[n.key.up] = append(below[n.key.up], i)
	}
	var walk func(up int)
	walk = func(up int) {
		slices.SortFunc(below[up], func(a, b int) int {
			p, q := &list[a], &list[b]
			return cmp.Or(cmp.Compare(q.All.Cost, p.All.Cost), cmp.Compare(p.Workflow, q.Workflow), cmp.Compare(p.Agent, q.Agent))
		})
		for _, i := range below[up] {
			r.Tree = append(r.Tree, list[i])
			walk(i + 1)
		}
	}
	walk(0)
}

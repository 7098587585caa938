package tracefmt

import (
	"cmp"
	"slices"
	"strings"
)

// claudeJoin settles what spans several lines of a Claude Code session: when calls began, which attempt they are, which agent made
// them, and what subagents' last calls cost. Its memory is reused. Joining twice, also after more records arrived, gives what joining
// once would: every field that it sets is decided anew.
type claudeJoin struct {
	lines  []claudeEvent // by line
	events []claudeEvent // by thread and time
	tries  []*Record     // failed tries and calls
	calls  []*Record     // model calls by thread and end
	agents map[Sym]*claudeAgent
	names  struct{ main, subagent, compact, task, agent Sym }
}

// A claudeEvent is a line that a call may have waited for.
type claudeEvent struct {
	line   uint64
	thread Sym // 0: the main thread
	at     int64
}

// claudeAgent is one subagent of a run.
type claudeAgent struct {
	tool *Record // the tool call that started it
	kind Sym     // its type, where a result states it
	by   string  // the tool of that result
	file bool    // its own file was read
	own  bool    // calls of its own are known
	last *Record // the latest result with usage
}

func (a *Assembler) joinClaude(recs []Record) []Record {
	j := &a.claude
	j.start(a.Names)
	j.index(a, recs)
	j.findAgents(a, recs)
	j.finalCalls(a, recs)
	j.begin(recs)
	j.attempts()
	j.name(a, recs)
	return recs
}

func (j *claudeJoin) start(n *Names) {
	j.lines, j.events, j.tries, j.calls = j.lines[:0], j.events[:0], j.tries[:0], j.calls[:0]
	if j.agents == nil {
		j.agents = map[Sym]*claudeAgent{}
		j.names.main, j.names.subagent, j.names.compact = n.Sym("main"), n.Sym("subagent"), n.Sym("compact")
		j.names.task, j.names.agent = n.Sym("Task"), n.Sym("Agent")
	}
	clear(j.agents)
}

// index finds tools by id, and lines by their hash. The end of a tool whose call is not in the run is a placeholder.
func (j *claudeJoin) index(a *Assembler, recs []Record) {
	a.ids.reset(len(recs))
	for i := range recs {
		r := &recs[i]
		if !claudeMade(r) {
			continue
		}
		if r.Event == EventAgentResult {
			r.Kind = KindMark
		}
		switch r.Kind {
		case KindTool:
			a.ids.put(r.ID, false, int32(i))
			r.Flags &^= FlagPlaceholder
			if r.Tool == 0 && r.Has&HasStart == 0 {
				r.Flags |= FlagPlaceholder
			}
		case KindLLM:
			if r.Flags&FlagPlaceholder == 0 {
				j.calls = append(j.calls, r)
				j.tries = append(j.tries, r)
			}
		case KindMark:
			if r.Event == EventAPIError {
				j.tries = append(j.tries, r)
			}
		}
		if r.Has&HasEnd != 0 && r.Event != EventAgentResult {
			j.events = append(j.events, claudeEvent{r.LineID, r.Instance, r.End})
		}
	}
	j.lines = append(j.lines, j.events...)
	slices.SortFunc(j.lines, func(x, y claudeEvent) int { return cmp.Or(cmp.Compare(x.line, y.line), cmp.Compare(x.at, y.at)) })
	slices.SortFunc(j.events, func(x, y claudeEvent) int { return cmp.Or(cmp.Compare(x.thread, y.thread), cmp.Compare(x.at, y.at)) })
	slices.SortFunc(j.calls, byThread)
	slices.SortFunc(j.tries, byThread)
}

// byThread orders what happened in each thread by its end; an error comes before a call that ended at the same time. Lines of stream-json
// have no time, but stand in order.
func byThread(x, y *Record) int {
	if d := cmp.Or(cmp.Compare(x.Instance, y.Instance), cmp.Compare(x.End, y.End)); d != 0 {
		return d
	}
	if (x.Has|y.Has)&HasEnd == 0 && x.Src.Offset != y.Src.Offset {
		return cmp.Compare(x.Src.Offset, y.Src.Offset)
	}
	return cmp.Or(cmp.Compare(y.Kind, x.Kind), cmp.Compare(x.Attempt, y.Attempt), cmp.Compare(x.ID, y.ID))
}

// agentTool finds the agent tool of that id; nil when there is none, or when it is another tool.
func (j *claudeJoin) agentTool(a *Assembler, recs []Record, id string) *Record {
	if id == "" {
		return nil
	}
	at, ok := a.ids.find(id)
	if !ok || recs[at].Tool != j.names.task && recs[at].Tool != j.names.agent {
		return nil
	}
	return &recs[at]
}

func (j *claudeJoin) agent(instance Sym) *claudeAgent {
	g := j.agents[instance]
	if g == nil {
		g = &claudeAgent{}
		j.agents[instance] = g
	}
	return g
}

// findAgents gathers what is said about each subagent: by its own lines, and by the results of the tool that started it.
func (j *claudeJoin) findAgents(a *Assembler, recs []Record) {
	for i := range recs {
		r := &recs[i]
		if !claudeMade(r) || r.Instance == 0 {
			continue
		}
		if r.Kind == KindTool {
			j.agent(r.Instance)
			continue
		}
		tool := j.agentTool(a, recs, r.Parent)
		if r.Event == EventAgentResult && tool == nil {
			continue // of another tool, or of none: not an agent's answer
		}
		g := j.agent(r.Instance)
		if tool != nil && (g.tool == nil || cmp.Or(cmp.Compare(tool.Start, g.tool.Start), strings.Compare(tool.ID, g.tool.ID)) < 0) {
			g.tool = tool
		}
		switch {
		case r.Event == EventAgentResult:
			g.result(r, j.names.subagent)
		case r.Kind == KindLLM:
			g.own = true
			g.file = g.file || r.Flags&FlagSubagentFile != 0
		}
	}
}

// result enters what a result says about its agent.
func (g *claudeAgent) result(r *Record, unnamed Sym) {
	if r.Agent != 0 && r.Agent != unnamed && (g.kind == 0 || r.Parent < g.by) {
		g.kind, g.by = r.Agent, r.Parent
	}
	if !r.State(HasInput) {
		return
	}
	if g.last == nil || cmp.Or(cmp.Compare(r.End, g.last.End), strings.Compare(r.ID, g.last.ID)) > 0 {
		g.last = r
	}
}

// finalCalls lets agents' results correct the output of their last calls: the agent's own lines were written while that was still
// streaming. The last call is missing from a parent's log: where the agent's file is not there either, its latest result is the call.
func (j *claudeJoin) finalCalls(a *Assembler, recs []Record) {
	for i := range recs {
		r := &recs[i]
		if !claudeMade(r) || r.Event != EventAgentResult {
			continue
		}
		r.Status = StatusUnset
		if j.agentTool(a, recs, r.Parent) == nil {
			continue
		}
		g := j.agent(r.Instance)
		call := j.lastCall(r)
		r.Status = StatusOK
		switch {
		case !r.State(HasInput):
			if !g.own {
				r.Status = StatusUnfinished // a background agent whose file is not here
			}
		case call != nil && sameInput(call, r):
			if r.Usage.Output >= call.Usage.Output {
				call.Usage.Output = r.Usage.Output
				call.Has |= HasOutput
				call.Flags &^= FlagUnderstated
			}
		case !g.file && r == g.last:
			j.becomeCall(r, call, g.tool)
		}
	}
}

// lastCall is the last call of the agent that r is a result of; nil when the run has none.
func (j *claudeJoin) lastCall(r *Record) *Record {
	at, _ := slices.BinarySearchFunc(j.calls, r, func(c, r *Record) int {
		if d := cmp.Compare(c.Instance, r.Instance); d != 0 {
			return d
		}
		if c.End <= r.End {
			return -1
		}
		return 1
	})
	if at == 0 || j.calls[at-1].Instance != r.Instance {
		return nil
	}
	return j.calls[at-1]
}

func sameInput(x, y *Record) bool {
	return x.Usage.Input == y.Usage.Input && x.Usage.CacheRead == y.Usage.CacheRead && x.Usage.CacheWrite == y.Usage.CacheWrite
}

// becomeCall makes a model call of a result. Its model is that of the agent's call before; where nothing else of the agent is known, it
// began some time after the tool that started the agent.
func (j *claudeJoin) becomeCall(r, before, tool *Record) {
	r.Kind = KindLLM
	if before != nil {
		r.Model = before.Model
	}
	if at, ok := j.before(r.Instance, r.End); ok {
		r.Start = min(r.Start, at)
	} else if tool != nil && tool.Has&HasStart != 0 {
		r.Start = min(r.Start, tool.Start)
	}
}

// before is when the latest line of a thread before a time was written.
func (j *claudeJoin) before(thread Sym, at int64) (int64, bool) {
	k, _ := slices.BinarySearchFunc(j.events, claudeEvent{thread: thread, at: at}, func(x, y claudeEvent) int {
		return cmp.Or(cmp.Compare(x.thread, y.thread), cmp.Compare(x.at, y.at))
	})
	if k == 0 || j.events[k-1].thread != thread {
		return 0, false
	}
	return j.events[k-1].at, true
}

// begin lets calls start when the line that they answer was written: their own first line is written after the first part of the answer.
// Where that line is of a kind that leaves no record, it is the latest line of the thread before the call.
func (j *claudeJoin) begin(recs []Record) {
	for _, r := range j.calls {
		if r.LineParent == 0 || r.Has&HasStart == 0 {
			continue
		}
		k, ok := slices.BinarySearchFunc(j.lines, r.LineParent, func(e claudeEvent, id uint64) int { return cmp.Compare(e.line, id) })
		if ok {
			r.Start = min(r.Start, j.lines[k].at)
		} else if at, ok := j.before(r.Instance, r.End); ok {
			r.Start = min(r.Start, at)
		}
	}
}

// attempts numbers calls that follow failed tries of the same thread, and errors that the client gave up on.
func (j *claudeJoin) attempts() {
	var failed int32
	var thread Sym
	for _, r := range j.tries {
		if r.Instance != thread {
			thread, failed = r.Instance, 0
		}
		switch {
		case r.Kind == KindMark && r.Name == 0:
			failed = max(r.Attempt, 1)
			continue
		case r.Flags&FlagIteration != 0 || r.RetryOf != "":
			// numbered within its answer
		case failed > 0:
			r.Attempt = failed + 1
		default:
			r.Attempt = 0
		}
		failed = 0
	}
}

// name gives records their agents, and subagents' calls the tool that they belong to.
func (j *claudeJoin) name(a *Assembler, recs []Record) {
	for i := range recs {
		r := &recs[i]
		if !claudeMade(r) || r.Instance == 0 || j.agents[r.Instance] == nil {
			continue
		}
		g := j.agents[r.Instance]
		r.Agent = j.agentName(a, r.Instance, g)
		if r.Kind == KindLLM && g.tool != nil && j.agentTool(a, recs, r.Parent) == nil {
			r.Parent = g.tool.ID
		}
	}
}

func (j *claudeJoin) agentName(a *Assembler, instance Sym, g *claudeAgent) Sym {
	if g.kind != 0 {
		return g.kind
	}
	if g.tool != nil && g.tool.Name != 0 {
		return g.tool.Name
	}
	if strings.HasPrefix(a.Names.Name(instance), "acompact") {
		return j.names.compact
	}
	return j.names.subagent
}

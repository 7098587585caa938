package tracefmt

import (
	"cmp"
	"slices"
)

// copilotJoin settles what spans lines of a Copilot CLI session. Its memory is reused; it changes copies only.
type copilotJoin struct {
	recs   []*Record // in the order of time
	calls  []*Record
	usages []*Record
	tools  []*Record // begun and not ended
	totals []*Record // what the session used until it was left
	ends   []*Record // when it was left
	sums   map[Sym]*copilotTotal
	agents map[Sym]Sym
	inputs map[Sym]int64      // when the latest input of each agent was written
	apis   map[uint64]*Record // calls by apiCallId
	names  *Names
}

func (a *Assembler) joinCopilot(recs []Record) {
	j := &a.copilot
	j.recs = j.recs[:0]
	for i := range recs {
		if recs[i].Format == FormatCopilot {
			j.recs = append(j.recs, &recs[i])
		}
	}
	if len(j.recs) == 0 {
		return
	}
	j.start(a.Names)
	slices.SortFunc(j.recs, func(x, y *Record) int {
		return cmp.Or(cmp.Compare(x.End, y.End), cmp.Compare(y.Kind, x.Kind), cmp.Compare(x.ID, y.ID))
	})
	j.sort()
	j.matchUsages()
	j.settleTotals()
	j.nameModels()
	j.onlyCalls()
	j.nameAgents()
}

func (j *copilotJoin) start(n *Names) {
	if j.agents == nil {
		j.agents, j.apis, j.sums, j.inputs = map[Sym]Sym{}, map[uint64]*Record{}, map[Sym]*copilotTotal{}, map[Sym]int64{}
	}
	clear(j.agents)
	clear(j.apis)
	clear(j.sums)
	clear(j.inputs)
	j.names = n
	j.calls, j.usages, j.tools, j.totals, j.ends = j.calls[:0], j.usages[:0], j.tools[:0], j.totals[:0], j.ends[:0]
}

// sort goes through the session: calls get the model that was chosen last and begin after what they answer.
func (j *copilotJoin) sort() {
	var model Sym
	for _, r := range j.recs {
		switch {
		case r.Event == EventModel:
			model = r.Model
		case r.Kind == KindMark:
			j.mark(r)
		case r.Flags&FlagTotal != 0:
			j.totals = append(j.totals, r)
		case r.Kind == KindTool:
			j.tool(r)
		case r.Kind == KindLLM && r.Flags&FlagPlaceholder != 0:
			j.usages = append(j.usages, r)
		case r.Kind == KindLLM:
			r.Model = firstSym(r.Model, model)
			j.call(r)
		}
	}
}

func (j *copilotJoin) call(r *Record) {
	if at := j.inputs[r.Instance]; at > 0 && r.Has&HasStart != 0 && at < r.Start {
		r.Start = at
	}
	j.calls = append(j.calls, r)
	if r.LineID != 0 {
		j.apis[r.LineID] = r
	}
}

func (j *copilotJoin) tool(r *Record) {
	r.inOrder()
	switch {
	case r.Flags&FlagPlaceholder != 0:
	case r.Has&HasEnd == 0:
		j.tools = append(j.tools, r)
	default:
		j.inputs[r.Instance] = max(j.inputs[r.Instance], r.End)
	}
}

func (j *copilotJoin) mark(r *Record) {
	switch r.Event {
	case EventAbort:
		j.interrupt(r.End)
	case EventPrompt:
		j.inputs[r.Instance] = r.End
		if r.Agent != 0 && r.Instance != 0 {
			j.agents[r.Instance] = r.Agent
			j.agents[j.names.Sym(r.Parent)] = r.Agent
		}
	case EventNone:
		j.ends = append(j.ends, r)
	}
}

// interrupt ends the tools that were running when a person stopped the turn. Without an end, a tool's record stands first of all.
func (j *copilotJoin) interrupt(at int64) {
	for _, t := range j.tools {
		if t.Has&HasEnd == 0 && t.Start <= at {
			t.End, t.Has, t.Status = at, t.Has|HasEnd, StatusError
			t.Error = firstSym(t.Error, j.names.Sym("interrupted"))
		}
	}
}

// copilotNear is how far a call may be from a usage that does not name it.
const copilotNear = int64(5e9)

// matchUsages gives each usage to its call; one that has none is a call by itself.
func (j *copilotJoin) matchUsages() {
	for _, u := range j.usages {
		if r := j.callOf(u); r != nil {
			r.Usage, r.Has = u.Usage, r.Has|u.Has
			r.Model = firstSym(u.Model, r.Model)
			r.Start = min(r.Start, u.Start)
			continue
		}
		u.Flags &^= FlagPlaceholder
		j.calls = append(j.calls, u)
	}
}

func (j *copilotJoin) callOf(u *Record) (call *Record) {
	if u.LineID != 0 {
		if r := j.apis[u.LineID]; r != nil {
			return r
		}
	}
	for _, r := range j.calls {
		d := max(r.End-u.End, u.End-r.End)
		if r.Has&HasInput != 0 || d > copilotNear || r.Has&HasOutput != 0 && r.Usage.Output != u.Usage.Output {
			continue
		}
		if r.LineID != 0 && u.LineID != 0 || call != nil && d >= max(call.End-u.End, u.End-call.End) {
			continue
		}
		call = r
	}
	return call
}

// copilotTotal is what a session used of one model.
type copilotTotal struct {
	base  Usage   // by counters that ended
	now   *Record // the counter that runs
	last  *Record // the latest record
	state Fields
}

// settleTotals makes one total per model of those that were written each time that the session was left. Counters start over when a
// session is resumed; where they go on, the calls show it.
func (j *copilotJoin) settleTotals() {
	var began, left int64 // when the counters began, and when the session was left before
	for _, end := range j.ends {
		now := j.totalsOf(end)
		if len(now) == 0 {
			continue // nothing was counted
		}
		if left != 0 && !j.goesOn(now, began, left, end.End) {
			began = left
			for _, t := range j.sums {
				if t.now != nil {
					t.base, t.now = addTokens(t.base, t.now.Usage), nil
				}
			}
		}
		for _, r := range now {
			j.count(r)
		}
		left = end.End
		j.describe(end)
	}
	for _, t := range j.sums {
		t.last.Has |= t.state
		if t.now != nil {
			t.base = addTokens(t.base, t.now.Usage)
		}
		t.last.Usage = t.base
	}
	j.understate(left)
}

// totalsOf are the totals that were written with end.
func (j *copilotJoin) totalsOf(end *Record) (now []*Record) {
	for _, r := range j.totals {
		if r.End == end.End && len(r.ID) > len(end.ID) && r.ID[:len(end.ID)] == end.ID && r.ID[len(end.ID)] == '#' {
			now = append(now, r)
		}
	}
	return now
}

// count enters the latest total of a model; the one before is none by itself.
func (j *copilotJoin) count(r *Record) {
	t := j.sums[r.Model]
	if t == nil {
		t = &copilotTotal{}
		j.sums[r.Model] = t
	}
	if t.last != nil {
		t.last.Flags = t.last.Flags&^FlagTotal | FlagPlaceholder
	}
	t.now, t.last, t.state = r, r, t.state|r.Has
}

func addTokens(x, y Usage) Usage {
	sum := addUsage(x, y)
	sum.CacheWrite, sum.CacheWrite1h = x.CacheWrite+y.CacheWrite, x.CacheWrite1h+y.CacheWrite1h
	return sum
}

// goesOn tells whether the totals of now, which were written at, include those of the time before, when the session was left: no counter
// fell, and the output is nearer to that of all calls since the counters began than to that of the calls since.
func (j *copilotJoin) goesOn(now []*Record, began, left, at int64) bool {
	var out, all, since int64
	same, models := true, 0
	for _, r := range now {
		out += r.Usage.Output
		t := j.sums[r.Model]
		if t == nil || t.now == nil {
			same = false
			continue
		}
		models++
		if r.Usage.Input < t.now.Usage.Input || r.Usage.Output < t.now.Usage.Output {
			return false
		}
		same = same && r.Usage == t.now.Usage
	}
	for _, t := range j.sums {
		if t.now != nil {
			models--
		}
	}
	if models < 0 {
		return false // a model that was used is missing
	}
	for _, c := range j.calls {
		if c.End > began && c.End <= at {
			all += c.Usage.Output
			if c.End > left {
				since += c.Usage.Output
			}
		}
	}
	if same && since == 0 {
		return true // the session was opened and left again
	}
	return max(out-all, all-out) < max(out-since, since-out)
}

// describe gives the latest call before end the make-up of the context that the session had then.
func (j *copilotJoin) describe(end *Record) {
	var last *Record
	for _, c := range j.calls {
		if c.Instance == 0 && c.End <= end.End && (last == nil || c.End > last.End) {
			last = c
		}
	}
	if last != nil && end.Context != nil {
		last.Context = end.Context
	}
}

// understate marks the calls whose input nothing tells: no total was written after them.
func (j *copilotJoin) understate(left int64) {
	for _, c := range j.calls {
		if c.Has&HasInput == 0 && c.End > left {
			c.Flags |= FlagUnderstated
		}
	}
}

// nameModels gives calls of a session without a choice of model, or with an automatic one, the only model that it used.
func (j *copilotJoin) nameModels() {
	if len(j.sums) != 1 {
		return
	}
	for only := range j.sums {
		for _, c := range j.calls {
			if c.Model == 0 || j.names.Name(c.Model) == "auto" {
				c.Model = only
			}
		}
	}
}

// nameAgents gives what subagents did their names.
func (j *copilotJoin) nameAgents() {
	for _, r := range j.recs {
		if r.Instance == 0 || r.Agent != 0 {
			continue
		}
		if r.Agent = j.agents[r.Instance]; r.Agent == 0 {
			r.Agent = j.names.Sym("subagent")
		}
	}
}

// onlyCalls gives the total of a model to the call that is the only one of it: nothing is unknown of that.
func (j *copilotJoin) onlyCalls() {
	only := map[Sym]*Record{}
	for _, c := range j.calls {
		if _, more := only[c.Model]; more {
			only[c.Model] = nil
			continue
		}
		only[c.Model] = c
	}
	for model, t := range j.sums {
		c := only[model]
		if c == nil || c.Has&HasInput != 0 || c.End > t.last.End || c.Has&HasOutput != 0 && c.Usage.Output != t.last.Usage.Output {
			continue
		}
		c.Usage, c.Has = t.last.Usage, c.Has|t.last.Has&HasUsage
		c.Flags &^= FlagUnderstated
		t.last.Flags = t.last.Flags&^FlagTotal | FlagPlaceholder
	}
}

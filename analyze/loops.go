package analyze

import "costscope/tracefmt"

// This file is analysis-spec C: loops, polling, redundant calls, and what a failed run burned after its first warning.

// A waste is why a call's cost was for nothing. A call has at most one: the first that fits (analysis-spec C.6).
type waste uint8

const (
	wasteNone       waste = iota
	wasteSuperseded       // an attempt that was not accepted, or a hedge that lost
	wasteLoop             // a repeat within a loop, or the model call that asked for it
	wasteRedundant        // read again what was known
	wasteClasses
)

// A Loop is a cycle of actions that a thread repeated without getting on.
type Loop struct {
	Thread  int32
	Period  int32        // actions in the cycle
	Repeats int32        // of the cycle, the first included
	Need    int32        // so many make a loop (C.2)
	Calls   []int32      // indexes in Run.Calls: the tool calls and the model calls that asked for them, ascending
	Cycle   []int32      // of them, the first of each action of the first repeat
	Again   []int32      // of them, those of the second repeat and later
	Warn    int32        // the call that made it a loop
	Cost    tracefmt.USD // of Calls
	Waste   tracefmt.USD // of Again
}

// An action is what an agent decided to do once: a tool call with its automatic repeats and polls.
type action struct {
	first, n    int32  // its calls among the tool calls of the thread
	act, result uint64 // what was done, what came of it; 0: not known
	failed      bool
}

// maxPeriod bounds the length of a cycle.
const maxPeriod = 5

// need is how many repeats of a cycle make a loop (C.2); known says that all results are.
func need(period int, failed, known bool) int {
	switch {
	case failed && known:
		return 3
	case !known:
		return 5
	case period == 1:
		return 4
	}
	return 3
}

// A stretch is a loop in a list of actions.
type stretch struct{ start, period, repeats, need int }

// findLoops scans from the left: at each position the smallest cycle that qualifies, as far as it goes. It appends to found.
func findLoops(actions []action, found []stretch) []stretch {
	for i := 0; i < len(actions); {
		s, ok := loopAt(actions[i:])
		if !ok {
			i++
			continue
		}
		s.start = i
		found = append(found, s)
		i += s.period * s.repeats
	}
	return found
}

// loopAt finds the smallest cycle that the actions begin with.
func loopAt(a []action) (stretch, bool) {
	for k := 1; k <= maxPeriod && 3*k <= len(a); k++ {
		n, missing := repeats(a, k)
		known, failed := !missing, failedRepeats(a, k, n)
		switch {
		case known && failed >= need(k, true, true):
			return stretch{0, k, failed, need(k, true, true)}, true
		case n >= need(k, false, known):
			return stretch{0, k, n, need(k, false, known)}, true
		}
	}
	return stretch{}, false
}

// repeats is how often the first k actions stand in a row; missing says that some result is not known. Known results must be the same.
func repeats(a []action, k int) (n int, missing bool) {
	for i := range a[:k] {
		if a[i].act == 0 {
			return 0, false
		}
	}
	end := k
	for end < len(a) && a[end].act == a[end-k].act && (a[end].result == a[end-k].result || a[end].result == 0 || a[end-k].result == 0) {
		end++
	}
	n = end / k
	for i := range a[:n*k] {
		missing = missing || a[i].result == 0
	}
	return n, missing
}

// failedRepeats is how many of the first n cycles of k actions failed in every action.
func failedRepeats(a []action, k, n int) int {
	for i := range a[:k*n] {
		if !a[i].failed {
			return i / k
		}
	}
	return n
}

// A waster finds loops and redundant calls, in the same memory for one run after the other.
type waster struct {
	tools   []int32 // the tool calls of a thread
	asker   []int32 // of each, the model call before it in the thread; -1: none
	actions []action
	found   []stretch
	loops   []Loop
	known   knownSet
}

// waste gives each call of the study its class.
func (w *waster) waste(st *Study, walks []walk) {
	w.loops = nil
	reads := int32(0)
	for n := range st.Threads {
		reads += walks[n].reads
		if walks[n].tools >= 2 {
			w.thread(st, int32(n))
		}
	}
	for i := range st.Places {
		if p := &st.Places[i]; p.Mark&markWasted != 0 || p.Look == lookHedge {
			p.Waste = wasteSuperseded
		}
	}
	for k := range w.loops {
		for _, i := range w.loops[k].Again {
			if p := &st.Places[i]; p.Waste == wasteNone {
				p.Waste = wasteLoop
			}
		}
	}
	if reads >= 2 {
		w.redundant(st)
	}
	st.Loops = w.loops
}

// thread finds the loops of one thread.
func (w *waster) thread(st *Study, n int32) {
	w.list(st, n)
	w.found = findLoops(w.actions, w.found[:0])
	for _, s := range w.found {
		l := Loop{Thread: n, Period: int32(s.period), Repeats: int32(s.repeats), Need: int32(s.need)}
		span := w.actions[s.start : s.start+s.period*s.repeats]
		last := span[s.period*s.need-1]
		l.Warn = w.tools[last.first+last.n-1]
		l.Calls = w.calls(st, span, -1)
		for _, a := range span[:s.period] {
			l.Cycle = append(l.Cycle, w.tools[a.first])
		}
		first := w.calls(st, span[:s.period], -1)
		l.Again = w.calls(st, span[s.period:], first[len(first)-1])
		for _, i := range l.Calls {
			l.Cost, _ = l.Cost.Add(st.Run.Calls[i].Cost)
			if st.Places[i].Look == 0 {
				st.Places[i].Look = lookLoop
			}
		}
		for _, i := range l.Again {
			l.Waste, _ = l.Waste.Add(st.Run.Calls[i].Cost)
		}
		w.loops = append(w.loops, l)
	}
}

// calls are the tool calls of actions and the model calls that asked for them, each once, from the one after on.
func (w *waster) calls(st *Study, actions []action, after int32) (list []int32) {
	for _, a := range actions {
		for k := a.first; k < a.first+a.n; k++ {
			if by := w.askedBy(st, k); by > after {
				list = append(list, by)
				after = by
			}
			list = append(list, w.tools[k])
		}
	}
	return list
}

// askedBy is the model call that asked for a tool call: the one it names as its parent, else the latest of the thread.
func (w *waster) askedBy(st *Study, k int32) int32 {
	at, parent := w.asker[k], st.Run.Calls[w.tools[k]].Parent
	if at < 0 || parent == "" || st.Run.Calls[at].ID == parent {
		return at
	}
	for n := k; n >= 0 && n > k-lookBack; n-- { // several calls of one answer may follow the next answer
		if by := w.asker[n]; by >= 0 && st.Run.Calls[by].ID == parent {
			return by
		}
	}
	return at
}

// list writes down the actions of a thread. Attempts and polls without a model call in between are one action.
func (w *waster) list(st *Study, n int32) {
	w.tools, w.asker, w.actions = w.tools[:0], w.asker[:0], w.actions[:0]
	by, fresh := int32(-1), true
	for _, i := range st.Threads[n].Calls {
		c := &st.Run.Calls[i]
		switch c.Kind {
		case tracefmt.KindLLM:
			by, fresh = i, true
			continue
		case tracefmt.KindTool:
		default:
			continue
		}
		k := int32(len(w.tools))
		w.tools, w.asker = append(w.tools, i), append(w.asker, by)
		a := action{first: k, n: 1, act: actKey(c), result: resultKey(c), failed: failed(c)}
		if fresh || !w.goesOn(st, &a) {
			w.actions = append(w.actions, a)
		}
		fresh = false
	}
}

// goesOn joins a call to the latest action where it is its next attempt or poll.
func (w *waster) goesOn(st *Study, a *action) bool {
	before := &w.actions[len(w.actions)-1]
	x, y := w.tools[a.first-1], w.tools[a.first]
	p, q := &st.Places[x], &st.Places[y]
	poll := a.act != 0 && a.act == before.act && !a.failed && !before.failed
	if retry := p.Chain >= 0 && p.Chain == q.Chain; !retry && !poll {
		return false
	}
	if poll {
		for _, i := range [...]int32{x, y} {
			if st.Places[i].Look == 0 {
				st.Places[i].Look = lookPoll
			}
		}
	}
	before.n++
	before.act, before.result, before.failed = a.act, a.result, a.failed
	return true
}

// actKey is what a tool call does; 0 where its arguments are not known.
func actKey(c *tracefmt.Call) uint64 {
	if c.Fingerprints[2] == 0 || c.Tool == 0 {
		return 0
	}
	return max(mix(c.Fingerprints[2], uint64(c.Tool)), 1)
}

// resultKey is what came of a tool call; where no result is known, how it failed.
func resultKey(c *tracefmt.Call) uint64 {
	switch {
	case c.Fingerprints[3] != 0:
		return c.Fingerprints[3]
	case failed(c):
		return max(mix(uint64(c.Error)+1, uint64(c.Status)+1), 1)
	}
	return 0
}

// mix joins two numbers into one that differs where one of them does.
func mix(a, b uint64) uint64 {
	h := a ^ b*0x9E3779B97F4A7C15
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// redundant finds read-only calls that brought nothing new (C.5).
func (w *waster) redundant(st *Study) {
	w.known.clear()
	for i := range st.Places {
		c, p := &st.Run.Calls[i], &st.Places[i]
		if p.Thread < 0 || c.Kind != tracefmt.KindTool {
			continue
		}
		if c.Flags&tracefmt.FlagReadOnly == 0 {
			w.known.clear()
			continue
		}
		act, result := actKey(c), resultKey(c)
		if act == 0 || result == 0 || failed(c) {
			continue
		}
		if w.known.add(mix(act, result)) && p.Waste == wasteNone && p.Chain < 0 && p.Look != lookLoop && p.Look != lookPoll {
			p.Waste = wasteRedundant
		}
	}
}

// A knownSet is a set of hashes that is emptied at no cost.
type knownSet struct {
	slots []knownSlot // a power of two
	n     int
	epoch uint32
}

type knownSlot struct {
	hash  uint64
	epoch uint32
}

func (k *knownSet) clear() {
	k.epoch++
	k.n = 0
	if k.epoch == 0 {
		clear(k.slots)
		k.epoch = 1
	}
}

// add enters a hash and tells whether it was there.
func (k *knownSet) add(h uint64) bool {
	if 2*k.n >= len(k.slots) {
		k.grow()
	}
	for i := h; ; i++ {
		s := &k.slots[i&uint64(len(k.slots)-1)]
		switch {
		case s.epoch != k.epoch:
			*s = knownSlot{h, k.epoch}
			k.n++
			return false
		case s.hash == h:
			return true
		}
	}
}

func (k *knownSet) grow() {
	old := k.slots
	k.slots, k.n = make([]knownSlot, max(64, 2*len(old))), 0
	for _, s := range old {
		if s.epoch == k.epoch {
			k.add(s.hash)
		}
	}
}

// warning is the index of the call that gave a run its first warning (C.7): a failure that no later attempt made good, the call that made
// a loop, or the one with which the run passed its budget (0: none). -1: there was none.
func (st *Study) warning(budget tracefmt.USD) int32 {
	loop := int32(len(st.Places))
	for k := range st.Loops {
		loop = min(loop, st.Loops[k].Warn)
	}
	spent := tracefmt.USD(0)
	for i := range st.Places {
		c := &st.Run.Calls[i]
		if !contributes(c) {
			continue
		}
		spent, _ = spent.Add(c.Cost)
		if int32(i) == loop || budget > 0 && spent > budget || c.IsCall && failed(c) && !st.recovered(int32(i)) {
			return int32(i)
		}
	}
	return -1
}

// recovered tells whether a later attempt made a failed call good: its own, one of a call that encloses it, or the hedge that won.
func (st *Study) recovered(i int32) bool {
	if st.Places[i].Look == lookHedge {
		return true
	}
	calls := st.Run.Calls
	for n := 0; i >= 0 && n <= len(calls); i, n = calls[i].Up, n+1 {
		if k := st.Places[i].Chain; k >= 0 && st.Chains[k].Accepted >= 0 {
			return true
		}
	}
	return false
}

// after tells whether call i began after the warning was over.
func (st *Study) after(i, warning int32) bool {
	w, c := &st.Run.Calls[warning], &st.Run.Calls[i]
	if w.Has&tracefmt.HasEnd != 0 && c.Has&tracefmt.HasStart != 0 {
		return i != warning && c.Start >= w.End
	}
	return i > warning
}

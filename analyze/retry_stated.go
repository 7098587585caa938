package analyze

import (
	"cmp"
	"slices"

	"costscope/tracefmt"
)

// This file is rule R0 of analysis-spec B.2: links that the trace states, by naming the attempt before or by numbers.

// statesRetries tells whether calls name the attempt before, or give a number above the first.
func statesRetries(calls []tracefmt.Call) (byID, byNumber bool) {
	for i := range calls {
		byID = byID || calls[i].RetryOf != ""
		byNumber = byNumber || calls[i].Attempt > 1
	}
	return byID, byNumber
}

// linkByID joins calls that name one another. All that hang together are one chain: the one that names no other comes first (in a cycle,
// the earliest), the rest by attempt where every one states it, else by start.
func (l *linker) linkByID(calls []tracefmt.Call, used []bool) {
	l.findPrev(calls)
	group := newGroups(len(calls) + len(l.lost))
	for i, p := range l.prev {
		if calls[i].RetryOf != "" {
			group.join(int32(i), p)
		}
	}
	members := map[int32][]int32{}
	for i := range calls {
		root := group.root(int32(i))
		members[root] = append(members[root], int32(i))
	}
	for i := range calls {
		m := members[group.root(int32(i))]
		if m[0] != int32(i) || calls[i].RetryOf == "" && len(m) == 1 {
			continue
		}
		l.order(calls, m)
		for _, k := range m {
			used[k] = true
		}
		first := &calls[m[0]]
		lost := first.RetryOf != "" && int(l.prev[m[0]]) >= len(calls) || first.RetryOf == "" && first.Attempt > 1
		if len(m) > 1 || lost {
			l.chains = append(l.chains, Chain{Calls: m, Truncated: lost})
		}
	}
}

// findPrev sets prev: the index of the call that each one names; unknown ids get numbers above those of the calls.
func (l *linker) findPrev(calls []tracefmt.Call) {
	if l.ids == nil {
		l.ids, l.lost = map[string]int32{}, map[string]int32{}
	}
	clear(l.ids)
	clear(l.lost)
	for i := range calls {
		l.ids[calls[i].ID] = int32(i)
	}
	l.prev = make([]int32, len(calls))
	for i := range calls {
		id := calls[i].RetryOf
		if id == "" {
			continue
		}
		p, ok := l.ids[id]
		if !ok {
			if p, ok = l.lost[id]; !ok {
				p = int32(len(calls) + len(l.lost))
				l.lost[id] = p
			}
		}
		l.prev[i] = p
	}
}

// order puts the attempts of one operation in a row: as they name each other, where each is named once; else by number where all have one,
// else by start.
func (l *linker) order(calls []tracefmt.Call, m []int32) {
	first := m[0]
	for _, i := range m {
		if calls[i].RetryOf == "" {
			first = i
			break
		}
	}
	if l.followNames(calls, m, first) {
		return
	}
	numbered := true
	for _, i := range m {
		numbered = numbered && (i == first || calls[i].Attempt > 0)
	}
	slices.SortStableFunc(m, func(x, y int32) int {
		switch {
		case x == first || y == first:
			return cmp.Compare(b2i(x != first), b2i(y != first))
		case numbered:
			return cmp.Or(cmp.Compare(calls[x].Attempt, calls[y].Attempt), cmp.Compare(x, y))
		}
		return cmp.Compare(x, y)
	})
}

// followNames orders attempts by the one that each names, from the first on; false where these are no single line.
func (l *linker) followNames(calls []tracefmt.Call, m []int32, first int32) bool {
	if len(m) <= 2 {
		m[0], m[len(m)-1] = first, m[0]+m[len(m)-1]-first
		return true
	}
	next := make(map[int32]int32, len(m))
	for _, i := range m {
		if _, twice := next[l.prev[i]]; i != first && (twice || calls[i].RetryOf == "") {
			return false
		}
		if i != first {
			next[l.prev[i]] = i
		}
	}
	line := []int32{first}
	for at, ok := next[first]; ok && len(line) < len(m); at, ok = next[at] {
		line = append(line, at)
	}
	return len(line) == len(m) && copy(m, line) > 0
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// groups joins numbers into sets.
type groups []int32

func newGroups(n int) groups {
	g := make(groups, n)
	for i := range g {
		g[i] = int32(i)
	}
	return g
}

func (g groups) root(i int32) int32 {
	for g[i] != i {
		g[i] = g[g[i]]
		i = g[i]
	}
	return i
}

func (g groups) join(i, k int32) {
	i, k = g.root(i), g.root(k)
	g[max(i, k)] = min(i, k)
}

// attemptKey is what calls must share to be attempts of one operation where only numbers are given.
type attemptKey struct {
	thread                int32 // -1 for what is no call: agent and instance stand for it
	agent, instance, what tracefmt.Sym
	kind                  tracefmt.Kind
	tail                  uint64
}

// linkByNumber joins calls that only number their attempts: within a thread, of the same kind and tool or prompt, with rising numbers.
func (l *linker) linkByNumber(st *Study, used []bool) {
	calls := st.Run.Calls
	if l.open == nil {
		l.open = map[attemptKey]openChain{}
	}
	clear(l.open)
	for i := range calls {
		c := &calls[i]
		key := keyOfAttempt(c, st.Places[i].Thread)
		if used[i] { // an operation of its own, that only names lead on from
			o := openChain{last: int32(i), chain: -1}
			l.open[key], l.open[key.anyPrompt()] = o, o
			continue
		}
		o, ok := l.open[key]
		if near, is := l.open[key.anyPrompt()]; !ok && is && !used[near.last] && failed(&calls[near.last]) && c.Attempt == max(calls[near.last].Attempt, 1)+1 {
			o, ok = near, true // the prompt changed with the attempt; the numbers still say that they belong together
		}
		if !ok || used[o.last] || c.Attempt <= 1 || c.Attempt <= calls[o.last].Attempt || !goesOn(&calls[o.last], c) {
			o = openChain{last: int32(i), chain: -1}
			if c.Attempt > 1 { // the attempts before are not in the trace
				o.chain = len(l.chains)
				l.chains = append(l.chains, Chain{Calls: []int32{int32(i)}, Truncated: true})
			}
			l.open[key], l.open[key.anyPrompt()] = o, o
			continue
		}
		if o.chain < 0 {
			o.chain = len(l.chains)
			l.chains = append(l.chains, Chain{Calls: []int32{o.last}})
		}
		l.chains[o.chain].Calls = append(l.chains[o.chain].Calls, int32(i))
		used[o.last] = true // no other may follow it
		before := keyOfAttempt(&calls[o.last], st.Places[o.last].Thread)
		o.last = int32(i)
		l.open[before], l.open[key], l.open[key.anyPrompt()] = o, o, o
	}
}

// anyPrompt is the key of the latest call of the thread with the same kind and tool, whatever it was asked.
func (k attemptKey) anyPrompt() attemptKey {
	k.tail = 0
	if k.kind != tracefmt.KindTool {
		k.what = 0
	}
	return k
}

// openChain is a chain that the next attempt may go on; chain is its index, -1 while it has one call only.
type openChain struct {
	last  int32
	chain int
}

// goesOn tells whether b, with a number above that of a, can be an attempt after it: a failed, or states a number of its own, or both ask
// the same. Else the tries before b left no calls, and a is an operation of its own.
func goesOn(a, b *tracefmt.Call) bool {
	x, y := a.Fingerprints[0], b.Fingerprints[0]
	same, differ := x != 0 && x == y, x != 0 && y != 0 && x != y
	return failed(a) || b.RetryKind != tracefmt.RetryNone || same || a.Attempt > 0 && !differ
}

func keyOfAttempt(c *tracefmt.Call, thread int32) attemptKey {
	key := attemptKey{thread: thread, agent: c.Agent, instance: c.Instance, kind: c.Kind, what: c.Tool, tail: c.Fingerprints[1]}
	switch {
	case c.Kind == tracefmt.KindTool:
		key.tail = 0
	case c.Kind.Encloses():
		key.what = c.Name
	case key.tail == 0:
		key.what = c.Step
	}
	return key
}

// describe tells how the attempts of stated chains differ.
func (l *linker) describe(calls []tracefmt.Call) {
	for k := range l.chains {
		ch := &l.chains[k]
		ch.Links = make([]Link, len(ch.Calls))
		for n, i := range ch.Calls[1:] {
			ch.Links[n+1] = statedLink(&calls[ch.Calls[n]], &calls[i])
		}
	}
}

// statedLink is how b differs from the attempt a before it: as the trace says, else by B.2 R0.
func statedLink(a, b *tracefmt.Call) Link {
	return Link{statedKind(a, b), max(b.Confidence, tracefmt.ConfidenceExplicit), argsDiffer(a, b)}
}

func statedKind(a, b *tracefmt.Call) tracefmt.RetryKind {
	switch {
	case b.RetryKind != tracefmt.RetryNone:
		return b.RetryKind
	case !sameModel(a, b):
		return tracefmt.RetryFallback
	case b.Kind == tracefmt.KindTool:
		return tracefmt.RetryTool
	case a.Fingerprints[0] != 0 && b.Fingerprints[0] != 0 && a.Fingerprints[0] != b.Fingerprints[0]:
		return tracefmt.RetryPrompt
	}
	return tracefmt.RetryPlain
}

// argsDiffer says that a tool was called with other arguments; false where they are not known.
func argsDiffer(a, b *tracefmt.Call) bool {
	x, y := a.Fingerprints[2], b.Fingerprints[2]
	return b.Kind == tracefmt.KindTool && x != 0 && y != 0 && x != y
}

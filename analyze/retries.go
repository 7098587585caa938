package analyze

import (
	"cmp"
	"slices"

	"costscope/tracefmt"
)

// A Chain is an operation and the attempts at it (analysis-spec B), as the trace links them.
type Chain struct {
	Calls     []int32              // indexes in Run.Calls, in the order of the attempts
	Kinds     []tracefmt.RetryKind // how each attempt differs from the one before; RetryNone for the first
	Truncated bool                 // the first attempts are not in the trace
	Accepted  int32                // index of the accepted attempt in Run.Calls; -1 when the chain failed
	Base      int32                // index of the base attempt in Run.Calls

	// What the attempts cost, with the calls inside them. Unknown costs are not in it.
	Total, BaseCost, RetryCost, Wasted tracefmt.USD
}

// Chains returns the chains of a run, by their first attempt. What is in it is not overwritten.
func Chains(run *tracefmt.Run) []Chain {
	var l linker
	l.mark(run)
	return l.chains
}

// A mark is what a call is to the chain that it, or a call that encloses it, belongs to.
type mark uint8

const (
	markRepeat mark = 1 << iota // not the first attempt: no operation of its own
	markExtra                   // not the base attempt: its cost is retry cost
	markWasted                  // not accepted
)

// A linker finds the chains of one run after the other.
type linker struct {
	chains []Chain
	marks  []mark
	sub    []tracefmt.USD // cost of a call with what is inside it
	ids    map[string]int32
	prev   []int32 // for calls that name another: its index; numbers from len(calls) on are unknown ids
	lost   map[string]int32
	open   map[attemptKey]openChain
}

// mark returns what each call of the run is to its chain; nil where the run has no chain.
func (l *linker) mark(run *tracefmt.Run) []mark {
	l.chains = nil
	byID, byNumber := statesRetries(run.Calls)
	if !byID && !byNumber {
		return nil
	}
	used := make([]bool, len(run.Calls))
	if byID {
		l.linkByID(run.Calls, used)
	}
	if byNumber {
		l.linkByNumber(run.Calls, used)
	}
	if len(l.chains) == 0 {
		return nil
	}
	slices.SortFunc(l.chains, func(x, y Chain) int { return cmp.Compare(x.Calls[0], y.Calls[0]) })
	l.sumUp(run.Calls)
	return l.spread(run.Calls)
}

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
		order(calls, m)
		for _, k := range m {
			used[k] = true
		}
		lost := calls[m[0]].RetryOf != "" && int(l.prev[m[0]]) >= len(calls)
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

// order puts the attempts of one operation in a row.
func order(calls []tracefmt.Call, m []int32) {
	first := m[0]
	for _, i := range m {
		if calls[i].RetryOf == "" {
			first = i
			break
		}
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
	agent, instance, what tracefmt.Sym
	kind                  tracefmt.Kind
	tail                  uint64
}

// linkByNumber joins calls that only number their attempts: within a thread, of the same kind and tool or prompt, with rising numbers.
func (l *linker) linkByNumber(calls []tracefmt.Call, used []bool) {
	if l.open == nil {
		l.open = map[attemptKey]openChain{}
	}
	clear(l.open)
	for i := range calls {
		c := &calls[i]
		if used[i] {
			continue
		}
		key := keyOfAttempt(c)
		o, ok := l.open[key]
		if near, is := l.open[key.anyPrompt()]; !ok && is && c.Attempt > 1 && c.Attempt == max(calls[near.last].Attempt, 1)+1 {
			o, ok = near, true // the prompt changed with the attempt; the numbers still say that they belong together
		}
		if !ok || c.Attempt <= 1 || c.Attempt <= calls[o.last].Attempt {
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
		o.last = int32(i)
		l.open[key], l.open[key.anyPrompt()] = o, o
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

func keyOfAttempt(c *tracefmt.Call) attemptKey {
	key := attemptKey{agent: c.Agent, instance: c.Instance, kind: c.Kind, what: c.Tool, tail: c.Fingerprints[1]}
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

// sumUp settles kinds, costs, base and accepted attempt of every chain.
func (l *linker) sumUp(calls []tracefmt.Call) {
	l.costs(calls)
	for k := range l.chains {
		ch := &l.chains[k]
		ch.Base, ch.Accepted = -1, -1
		ch.Kinds = make([]tracefmt.RetryKind, len(ch.Calls))
		for n, i := range ch.Calls {
			if n > 0 {
				ch.Kinds[n] = retryKind(&calls[ch.Calls[n-1]], &calls[i])
			}
			ch.Total, _ = ch.Total.Add(l.sub[i])
			if ch.Base < 0 && l.sub[i] > 0 {
				ch.Base = i
			}
		}
		if ch.Base < 0 {
			ch.Base = ch.Calls[0]
		}
		ch.BaseCost = l.sub[ch.Base]
		ch.RetryCost, ch.Wasted = ch.Total-ch.BaseCost, ch.Total
		if last := ch.Calls[len(ch.Calls)-1]; !failed(&calls[last]) {
			ch.Accepted = last
			ch.Wasted -= l.sub[last]
		}
	}
}

// costs sets sub.
func (l *linker) costs(calls []tracefmt.Call) {
	l.sub = append(l.sub[:0], make([]tracefmt.USD, len(calls))...)
	for i := range calls {
		for at, n := int32(i), 0; at >= 0 && n <= len(calls) && calls[i].Cost != 0; at, n = calls[at].Up, n+1 {
			l.sub[at], _ = l.sub[at].Add(calls[i].Cost)
		}
	}
}

// retryKind is how b differs from the attempt a before it: as the trace says, else by B.2 R0.
func retryKind(a, b *tracefmt.Call) tracefmt.RetryKind {
	switch {
	case b.RetryKind != tracefmt.RetryNone:
		return b.RetryKind
	case a.Model != 0 && b.Model != 0 && a.Model != b.Model:
		return tracefmt.RetryFallback
	case b.Kind == tracefmt.KindTool:
		return tracefmt.RetryTool
	case a.Fingerprints[0] != 0 && b.Fingerprints[0] != 0 && a.Fingerprints[0] != b.Fingerprints[0]:
		return tracefmt.RetryPrompt
	}
	return tracefmt.RetryPlain
}

// spread marks the attempts and all calls inside them.
func (l *linker) spread(calls []tracefmt.Call) []mark {
	l.marks = append(l.marks[:0], make([]mark, len(calls))...)
	own := make([]mark, len(calls))
	for _, ch := range l.chains {
		for n, i := range ch.Calls {
			own[i] = mark(b2i(n > 0))*markRepeat | mark(b2i(i != ch.Base))*markExtra | mark(b2i(i != ch.Accepted))*markWasted
		}
	}
	for i := range calls {
		for at, n := int32(i), 0; at >= 0 && n <= len(calls); at, n = calls[at].Up, n+1 {
			l.marks[i] |= own[at]
		}
	}
	return l.marks
}

// firstCall is the call under whose path the chain is counted: its first attempt, or the first call inside it; -1 when it has none.
func (ch *Chain) firstCall(run *tracefmt.Run) int32 {
	first := ch.Calls[0]
	if contributes(&run.Calls[first]) {
		return first
	}
	for i := range run.Calls {
		if !contributes(&run.Calls[i]) {
			continue
		}
		for at, n := int32(i), 0; at >= 0 && n <= len(run.Calls); at, n = run.Calls[at].Up, n+1 {
			if at == first {
				return int32(i)
			}
		}
	}
	return -1
}

// chain counts a chain in (sign 1) or takes it back (-1).
func (s *Summary) chain(ch *Chain, outcome tracefmt.Outcome, sign int64) {
	s.Chains += sign
	if ch.Accepted >= 0 && outcome == tracefmt.OutcomeSuccess {
		s.Rescued += sign
	}
	for _, k := range ch.Kinds {
		if k != tracefmt.RetryNone {
			s.RetryKinds[k-1] += sign
		}
	}
}

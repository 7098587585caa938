package analyze

import (
	"cmp"
	"slices"
	"time"

	"costscope/tracefmt"
)

// A Chain is an operation and the attempts at it (analysis-spec B), as the trace links them or as the calls themselves show.
type Chain struct {
	Calls     []int32 // indexes in Run.Calls, in the order of the attempts
	Links     []Link  // how each attempt follows from the one before; zero for the first
	Truncated bool    // the first attempts are not in the trace
	Lost      int32   // attempts of which only numbers or notes tell: no calls, no cost
	Accepted  int32   // index of the accepted attempt in Run.Calls; -1 when the chain failed
	Base      int32   // index of the base attempt in Run.Calls

	// What the attempts cost, with the calls inside them. Unknown costs are not in it.
	Total, BaseCost, RetryCost, Wasted tracefmt.USD
}

// A Link is why a call counts as the next attempt of another.
type Link struct {
	Kind        tracefmt.RetryKind
	Confidence  tracefmt.Confidence
	ArgsChanged bool // a tool was called again with other arguments
}

// RetryRules bound what counts as a retry without being stated. The zero value means the defaults.
type RetryRules struct {
	Overlap time.Duration // a retry may begin this long before the attempt before it ends: clocks differ; default 50 ms
	Gap     time.Duration // and at most this long after; default 120 s
}

const (
	defaultOverlap = 50 * time.Millisecond
	defaultGap     = 120 * time.Second
)

// A mark is what a call is to the chain that it, or a call that encloses it, belongs to.
type mark uint8

const (
	markRepeat mark = 1 << iota // not the first attempt: no operation of its own
	markExtra                   // not the base attempt: its cost is retry cost
	markWasted                  // not accepted
)

// A linker finds the chains of one run after the other.
type linker struct {
	rules  RetryRules
	chains []Chain
	marks  []mark
	sub    []tracefmt.USD // cost of a call with what is inside it

	// for stated links
	ids  map[string]int32
	prev []int32 // for calls that name another: its index; numbers from len(calls) on are unknown ids
	lost map[string]int32
	open map[attemptKey]openChain

	// for inferred ones
	walks []walk
	found []foundLink
	of    []int32 // chain of a call; -1: none
}

// mark finds the chains of the run and returns what each of its calls is to them; nil where the run has none. st has the run's threads.
func (l *linker) mark(st *Study) []mark {
	run := st.Run
	l.chains = nil
	byID, byNumber := statesRetries(run.Calls)
	if byID || byNumber {
		used := make([]bool, len(run.Calls))
		if byID {
			l.linkByID(run.Calls, used)
		}
		if byNumber {
			l.linkByNumber(st, used)
		}
		l.describe(run.Calls)
	}
	l.infer(st)
	l.join(len(run.Calls))
	if len(l.chains) == 0 {
		return nil
	}
	slices.SortFunc(l.chains, func(x, y Chain) int { return cmp.Compare(x.Calls[0], y.Calls[0]) })
	l.sumUp(run.Calls)
	return l.spread(run.Calls)
}

// join makes chains of the links found, and longer chains of those that they connect. A call has one attempt before it and one after it:
// a stated one goes before.
func (l *linker) join(calls int) {
	if len(l.found) == 0 {
		return
	}
	l.of = append(l.of[:0], make([]int32, calls)...)
	for i := range l.of {
		l.of[i] = -1
	}
	for k := range l.chains {
		l.claim(int32(k))
	}
	for _, f := range l.found {
		x, y := l.of[f.from], l.of[f.to]
		if x >= 0 && l.chains[x].Calls[len(l.chains[x].Calls)-1] != f.from || y >= 0 && (l.chains[y].Calls[0] != f.to || l.chains[y].Truncated || x == y) {
			continue
		}
		if x < 0 {
			x = int32(len(l.chains))
			l.chains = append(l.chains, Chain{Calls: []int32{f.from}, Links: []Link{{}}})
		}
		to, rest := &l.chains[x], Chain{Calls: []int32{f.to}, Links: []Link{{}}}
		if y >= 0 {
			rest, l.chains[y] = l.chains[y], Chain{}
		}
		rest.Links[0] = f.link
		to.Calls, to.Links = append(to.Calls, rest.Calls...), append(to.Links, rest.Links...)
		l.claim(x)
	}
	l.chains = slices.DeleteFunc(l.chains, func(c Chain) bool { return len(c.Calls) == 0 })
}

func (l *linker) claim(k int32) {
	for _, i := range l.chains[k].Calls {
		l.of[i] = k
	}
}

// sumUp settles costs, base and accepted attempt of every chain.
func (l *linker) sumUp(calls []tracefmt.Call) {
	l.costs(calls)
	for k := range l.chains {
		ch := &l.chains[k]
		ch.Base, ch.Accepted, ch.Lost = -1, -1, int32(b2i(ch.Truncated))
		for n, i := range ch.Calls {
			ch.Lost = max(ch.Lost, calls[i].Attempt-int32(n+1))
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

// StateLinks makes the run's records say what was found out about retries, as if the trace stated it: each attempt names the one before,
// with kind and confidence, and a call that a person asked for says so. The records themselves stay as they are: the run gets others.
func (st *Study) StateLinks() {
	calls := st.Run.Calls
	for k := range st.Chains {
		ch := &st.Chains[k]
		if !slices.ContainsFunc(ch.Links, func(l Link) bool { return l.Confidence > tracefmt.ConfidenceExplicit }) {
			continue // the trace states it already
		}
		for n, i := range ch.Calls[1:] {
			r, l := *calls[i].Record, ch.Links[n+1]
			r.RetryOf, r.RetryKind = calls[ch.Calls[n]].ID, l.Kind
			if l.Confidence > tracefmt.ConfidenceExplicit {
				r.Confidence = l.Confidence
			}
			calls[i].Record = &r
		}
	}
	st.StateAsked()
}

// StateAsked makes the calls that a person asked for say so, as if the trace stated it: what a person said in between is no call, and not
// written with them. It goes on like StateLinks.
func (st *Study) StateAsked() {
	calls := st.Run.Calls
	for i, p := range st.Places {
		if p.Look == lookAsked || p.Look == lookRegenerate {
			r := *calls[i].Record
			r.Flags |= tracefmt.FlagAsked
			calls[i].Record = &r
		}
	}
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
	s.LostTries += sign * int64(ch.Lost)
	if len(ch.Calls) < 2 {
		return
	}
	s.Chains += sign
	if ch.Accepted >= 0 && outcome == tracefmt.OutcomeSuccess {
		s.Rescued += sign
	}
	for _, k := range ch.Links[1:] {
		if k.Kind != tracefmt.RetryNone {
			s.RetryKinds[k.Kind-1] += sign
		}
		s.Confidences[k.Confidence-1] += sign
	}
}

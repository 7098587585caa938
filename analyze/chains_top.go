package analyze

import (
	"cmp"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// mostTries bounds the attempts that are kept of a chain: the first ones, and the last.
const mostTries = 40

// A TopChain is one of the retried operations that wasted most, with its attempts. It counts in the scope of its first call, as a whole.
type TopChain struct {
	Run             string
	Workflow, Agent tracefmt.Sym
	Outcome         tracefmt.Outcome // of the run
	Tries           int              // attempts in the trace
	Lost            int32            // attempts of which only numbers or notes tell
	Accepted        bool             // one of them was
	Total, Wasted   tracefmt.USD     // with the calls inside the attempts; unknown costs are not in it
	Unknown         int64            // calls of unknown cost in the attempts: Total is a lower bound
	WastedUnknown   int64            // the same for Wasted
	Attempts        []ChainAttempt   // all, or the first ones and the last

	at int32 // index in Study.Chains
}

// A ChainAttempt is one attempt of a chain.
type ChainAttempt struct {
	Number   int    // from 1, lost ones at the front counted
	Call     string // id
	Kind     tracefmt.Kind
	What     tracefmt.Sym // its tool, else its model, else its step
	Error    tracefmt.Sym
	Failed   bool
	Unusable bool // it failed because its output could not be used
	Accepted bool
	Cost     tracefmt.USD // with the calls inside it
	Unknown  int64        // of these calls, those of unknown cost: Cost is a lower bound
	Link     Link         // to the attempt before; zero for the first
}

func compareChains(a, b *TopChain) int {
	return cmp.Or(cmp.Compare(b.Wasted, a.Wasted), cmp.Compare(b.Tries, a.Tries), cmp.Compare(a.Run, b.Run), cmp.Compare(a.at, b.at))
}

// topChains keeps the most wasteful chains of runs.
type topChains struct {
	top []TopChain

	costs   linker
	unknown []int64 // for each call of a run, those of unknown cost in it
}

// add reads a run. The attempts are written down at its end, for the chains that are kept.
func (x *topChains) add(st *Study, in []bool) {
	kept := false
	for k := range st.Chains {
		ch := &st.Chains[k]
		if len(ch.Calls) < 2 || len(x.top) == topCarried && ch.Wasted < x.top[topCarried-1].Wasted {
			continue
		}
		i := ch.firstCall(st.Run)
		if i < 0 || in != nil && !in[i] {
			continue
		}
		c := &st.Run.Calls[i]
		row := TopChain{Run: st.Run.ID, Workflow: c.Workflow, Agent: c.Agent, Outcome: st.Run.Outcome, Tries: len(ch.Calls), Lost: ch.Lost,
			Accepted: ch.Accepted >= 0, Total: ch.Total, Wasted: ch.Wasted, at: int32(k)}
		if len(x.top) == topCarried && compareChains(&row, &x.top[topCarried-1]) >= 0 {
			continue
		}
		x.top = keepTop(x.top, row, compareChains)
		kept = true
	}
	if kept {
		x.write(st)
	}
}

// write fills in the attempts of the chains of this run, which have none yet.
func (x *topChains) write(st *Study) {
	x.costs.costs(st.Run.Calls)
	x.count(st.Run.Calls)
	for k := range x.top {
		if row := &x.top[k]; row.Attempts == nil {
			row.Run = strings.Clone(row.Run)
			row.Attempts = x.attempts(st, &st.Chains[row.at])
			for _, i := range st.Chains[row.at].Calls {
				row.Unknown += x.unknown[i]
				row.WastedUnknown += x.unknown[i] * int64(b2i(i != st.Chains[row.at].Accepted))
			}
		}
	}
}

// count sets unknown.
func (x *topChains) count(calls []tracefmt.Call) {
	x.unknown = append(x.unknown[:0], make([]int64, len(calls))...)
	for i := range calls {
		for at, n := int32(i), 0; at >= 0 && n <= len(calls) && missing(&calls[i]); at, n = calls[at].Up, n+1 {
			x.unknown[at]++
		}
	}
}

func (x *topChains) attempts(st *Study, ch *Chain) (out []ChainAttempt) {
	for n, i := range ch.Calls {
		if n >= mostTries-1 && n < len(ch.Calls)-1 {
			continue
		}
		c := &st.Run.Calls[i]
		a := ChainAttempt{Number: n + 1 + int(ch.offset()), Call: strings.Clone(c.ID), Kind: c.Kind, What: cmp.Or(c.Tool, c.Model, c.Step), Error: c.Error, Failed: failed(c),
			Unusable: failed(c) && c.Status != tracefmt.StatusError, Accepted: i == ch.Accepted, Cost: x.costs.sub[i], Unknown: x.unknown[i], Link: ch.Links[n]}
		if c.Kind == tracefmt.KindLLM {
			a.What = cmp.Or(c.Model, c.Step)
		}
		out = append(out, a)
	}
	return out
}

func (x *topChains) merge(o *topChains) {
	for _, row := range o.top {
		x.top = keepTop(x.top, row, compareChains)
	}
}

// result lists the chains, most wasted first.
func (x *topChains) result() []TopChain { return slices.Clone(x.top) }

package analyze

import (
	"costscope/tracefmt"
)

// sized says that a call is part of an LLM operation and that its prompt is known: what was sent at once, counted nowhere else.
func sized(c *tracefmt.Call) bool {
	return c.Kind == tracefmt.KindLLM && c.Counted && c.Has&tracefmt.HasInput != 0 && promptTokens(c) > 0 && c.Flags&tracefmt.FlagSeveral == 0
}

// firstPrompts notes the size of each thread's first turn whose prompt is known.
func (st *Study) firstPrompts() {
	st.firsts = st.firsts[:0]
	for k := range st.Threads {
		first, turn := int64(0), int32(0)
		for _, i := range st.Threads[k].Calls {
			if c, t := &st.Run.Calls[i], st.Places[i].Turn; t > 0 && (turn == 0 || t < turn) && sized(c) && st.standsForTurn(i) {
				if first, turn = promptTokens(c), t; t == 1 {
					break
				}
			}
		}
		st.firsts = append(st.firsts, first)
	}
}

// cutCall cuts what a call cost in the part that it would have cost had the context stayed at the first size of its thread, output
// included, and the rest: the cost of context growth. Every LLM call has both, whichever attempt it is; of others all is flat.
func cutCall(st *Study, i int) (flat, growth tracefmt.USD) {
	c := &st.Run.Calls[i]
	first := st.firstOf(i)
	if first == 0 || !sized(c) || promptTokens(c) <= first || !known(c) {
		return c.Cost, 0
	}
	p := promptOf(c)
	flat = p.first(first) + p.output
	return flat, c.Cost - flat
}

// firstOf is the size of the first prompt of a call's thread; 0 where it has none.
func (st *Study) firstOf(i int) int64 {
	if k := st.Places[i].Thread; k >= 0 {
		return st.firsts[k]
	}
	return 0
}

package analyze

import "costscope/tracefmt"

// cutCall cuts the cost of a call in what it would have been had the context stayed at the size of its thread's first turn, and the rest.
func cutCall(st *Study, i int) (flat, growth tracefmt.USD) {
	c := &st.Run.Calls[i]
	if st.Places[i].Turn <= 1 && st.Places[i].Chain < 0 || !known(c) {
		return c.Cost, 0
	}
	first := st.firstSize(st.Places[i].Thread)
	if first <= 0 || c.Usage.Input <= first {
		return c.Cost, 0
	}
	p := promptOf(c)
	flat = p.first(first) + p.output
	return flat, c.Cost - flat
}

// firstSize is the prompt size of the first LLM operation of a thread; 0 where it is unknown.
func (st *Study) firstSize(thread int32) int64 {
	for _, i := range st.Threads[thread].Calls {
		if st.Run.Calls[i].Kind != tracefmt.KindLLM {
			continue
		}
		if k := st.Places[i].Chain; k >= 0 {
			if i = st.Chains[k].Accepted; i < 0 {
				i = st.Chains[k].Base
			}
		}
		return st.Run.Calls[i].Usage.Input
	}
	return 0
}

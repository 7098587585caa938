package tracefmt

// joinOpenAIAgents gives the counts of a turn to the answer inside it, which has none of its own. Of several answers, as after a failure
// that was tried again, the last that succeeded has them. A turn without its answer keeps its counts.
func (a *Assembler) joinOpenAIAgents(recs []Record) {
	answers := map[string]*Record{} // by turn
	stated := map[string]bool{}     // turns with an answer that has counts of its own
	for i := range recs {
		r := &recs[i]
		if r.Format != FormatOpenAIAgents || r.Kind != KindLLM || r.Parent == "" {
			continue
		}
		if r.Has&HasUsage != 0 {
			stated[r.Parent] = true
		} else if was := answers[r.Parent]; was == nil || later(was, r) {
			answers[r.Parent] = r
		}
	}
	if len(answers) == 0 {
		return
	}
	for i := range recs {
		turn := &recs[i]
		answer := answers[turn.ID]
		if turn.Format != FormatOpenAIAgents || turn.Kind != KindChain || answer == nil || stated[turn.ID] || turn.Has&HasUsage == 0 || turn.Flags&FlagAggregate != 0 {
			continue
		}
		answer.Usage, answer.Has = turn.Usage, answer.Has|turn.Has&(HasUsage|HasCacheWrite1h|HasUnattributed)
		answer.Flags |= turn.Flags & (FlagCacheBeside | FlagCacheOver | FlagUnderstated)
		turn.Flags |= FlagAggregate
	}
}

// later tells whether r is the better carrier of a turn's counts than was: one that succeeded, else the later one.
func later(was, r *Record) bool {
	if a, b := was.Status == StatusError, r.Status == StatusError; a != b {
		return a
	}
	return byTime(was, r) < 0
}

package tracefmt

// joinOpenHands makes one sum of those that the state of a conversation tells for each use of a model, where the run's calls are known
// from their logs, too: these do not say under the same names what they were used for. Sums of one record stay as they are.
func (a *Assembler) joinOpenHands(recs []Record) []Record {
	var first *Record
	logged, sums := false, 0
	for i := range recs {
		r := &recs[i]
		if r.Format != FormatOpenHandsLog {
			continue
		}
		logged = logged || r.Kind == KindLLM && r.Flags&FlagGlobal != 0
		if r.Flags&FlagTotal != 0 {
			if sums++; first == nil || r.ID < first.ID {
				first = r
			}
		}
	}
	if !logged || sums == 0 {
		return recs
	}
	for i := range recs {
		if r := &recs[i]; r != first && r.Format == FormatOpenHandsLog && r.Flags&FlagTotal != 0 {
			first.join(r)
			r.Flags |= FlagPlaceholder
		}
	}
	first.Model, first.Agent = 0, 0
	return recs
}

// join adds what another total states.
func (r *Record) join(other *Record) {
	to, from := r.Usage.counts(), other.Usage.counts()
	for k := range to {
		*to[k] += *from[k]
	}
	r.Recorded, _ = r.Recorded.Add(other.Recorded)
	r.Has |= other.Has
}

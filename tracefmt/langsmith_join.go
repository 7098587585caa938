package tracefmt

import "slices"

// joinLangSmith settles what LangSmith counts in more than one place: chains and tools repeat the sums of the runs below them. Only where a
// trace holds no model call with usage, as in a list of roots alone, are the sums all that is known of it. It returns recs, or a copy.
func joinLangSmith(recs []Record) []Record {
	found, calls := false, false
	for i := range recs {
		r := &recs[i]
		if r.Format != FormatLangSmith {
			continue
		}
		carries := r.Has&(HasUsage|HasCost) != 0
		found = found || carries && !r.Kind.IsModel() && r.Kind < KindRun
		calls = calls || carries && r.Kind.IsModel()
	}
	if !found {
		return recs
	}
	recs = slices.Clone(recs)
	for i := range recs {
		r := &recs[i]
		switch {
		case r.Format != FormatLangSmith || r.Kind.IsModel() || r.Kind >= KindRun || r.Kind == KindUnknown:
		case r.Kind == KindTool || r.Kind == KindRetriever: // their cost is their own fee
			r.Usage = Usage{}
			r.Has &^= HasUsage | HasCacheWrite1h | HasUnattributed
		case calls:
			r.Flags |= FlagAggregate
		}
	}
	return recs
}

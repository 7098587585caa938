package tracefmt

import (
	"cmp"
	"slices"
)

// joinWaits settles when model calls began that only state their end: with what they answer, the last thing before them in their
// thread. What nothing precedes keeps its end as its start.
func (a *Assembler) joinWaits(recs []Record) []Record {
	var events []claudeEvent
	for i := range recs {
		r := &recs[i]
		if waits(r) && r.Has&HasEnd != 0 {
			events = append(events, claudeEvent{thread: r.Instance, at: r.End})
		}
	}
	if len(events) == 0 {
		return recs
	}
	order := func(x, y claudeEvent) int { return cmp.Or(cmp.Compare(x.thread, y.thread), cmp.Compare(x.at, y.at)) }
	slices.SortFunc(events, order)
	for i := range recs {
		r := &recs[i]
		if !waits(r) || r.Kind != KindLLM || r.Has&HasEnd == 0 || r.Start < r.End {
			continue
		}
		k, _ := slices.BinarySearchFunc(events, claudeEvent{thread: r.Instance, at: r.End}, order)
		if k > 0 && events[k-1].thread == r.Instance {
			r.Start = min(r.Start, events[k-1].at)
		}
	}
	return recs
}

func waits(r *Record) bool { return r.Format == FormatGeminiCLI || r.Format == FormatQwen }

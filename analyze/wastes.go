package analyze

import "costscope/tracefmt"

// LoopTotals is what loops came to in a scope (analysis-spec C.3, C.4). A loop counts where any of its calls is.
type LoopTotals struct {
	Loops int64
	Runs  int64        // with a loop
	Cost  tracefmt.USD // of the loops' calls and of the model calls that asked for them
	Waste tracefmt.USD // of it, repeats from the second on
	Polls RetrySum     // calls that wait for something: equal, without a model call in between; no waste

	wraps int32
}

func (l *LoopTotals) add(st *Study, in []bool) {
	before := l.Loops
	for k := range st.Loops {
		loop := &st.Loops[k]
		inside := int64(0)
		for _, i := range loop.Calls {
			if in == nil || in[i] {
				inside = 1
				l.wraps += plus((*int64)(&l.Cost), int64(st.Run.Calls[i].Cost))
			}
		}
		for _, i := range loop.Again {
			if in == nil || in[i] {
				l.wraps += plus((*int64)(&l.Waste), int64(st.Run.Calls[i].Cost))
			}
		}
		l.Loops += inside
	}
	if l.Loops > before {
		l.Runs++
	}
	for i := range st.Places {
		if st.Places[i].Look == lookPoll && (in == nil || in[i]) {
			l.Polls.Count++
			l.wraps += plus((*int64)(&l.Polls.Cost), int64(st.Run.Calls[i].Cost))
		}
	}
}

func (l *LoopTotals) merge(o *LoopTotals) {
	l.Loops += o.Loops
	l.Runs += o.Runs
	l.wraps += plus((*int64)(&l.Cost), int64(o.Cost)) + plus((*int64)(&l.Waste), int64(o.Waste)) + l.Polls.merge(o.Polls) + o.wraps
}

// Overflow says that a sum exceeds what its type holds.
func (l *LoopTotals) Overflow() bool { return l.wraps != 0 }

// WasteTotals divides the cost of a scope by what it was wasted on (analysis-spec C.6). The classes add up to the scope's cost.
type WasteTotals struct {
	classes [wasteClasses]RetrySum
	wraps   int32
}

func (w *WasteTotals) add(st *Study, in []bool) {
	for i := range st.Places {
		c := &st.Run.Calls[i]
		if !contributes(c) || in != nil && !in[i] {
			continue
		}
		s := &w.classes[st.Places[i].Waste]
		s.Count++
		if known(c) {
			w.wraps += plus((*int64)(&s.Cost), int64(c.Cost))
		}
	}
}

func (w *WasteTotals) merge(o *WasteTotals) {
	for k := range w.classes {
		w.wraps += w.classes[k].merge(o.classes[k])
	}
	w.wraps += o.wraps
}

// A WasteReport is calls and cost of each waste class; Useful is the rest.
type WasteReport struct {
	Useful, Superseded, Loop, Redundant RetrySum
	Overflow                            bool
}

func (w *WasteTotals) result() WasteReport {
	c := &w.classes
	return WasteReport{c[wasteNone], c[wasteSuperseded], c[wasteLoop], c[wasteRedundant], w.wraps != 0}
}

// WarningTotals is what failed runs burned after their first warning (analysis-spec C.7).
type WarningTotals struct {
	Budget tracefmt.USD // of a run, to pass it is a warning; 0: none. The same in all that are merged

	Runs   int64        // that failed
	Warned int64        // of them, with a warning
	Cost   tracefmt.USD // of the failed runs
	After  tracefmt.USD // of it, calls that began after the warning call was over

	wraps int32
}

func (w *WarningTotals) add(st *Study, in []bool) {
	if st.Run.Outcome != tracefmt.OutcomeFailure {
		return
	}
	warning, touched := st.warning(w.Budget), false
	for i := range st.Places {
		c := &st.Run.Calls[i]
		if !contributes(c) || in != nil && !in[i] {
			continue
		}
		touched = true
		w.wraps += plus((*int64)(&w.Cost), int64(c.Cost))
		if warning >= 0 && st.after(int32(i), warning) {
			w.wraps += plus((*int64)(&w.After), int64(c.Cost))
		}
	}
	if touched {
		w.Runs++
		w.Warned += int64(b2i(warning >= 0))
	}
}

func (w *WarningTotals) merge(o *WarningTotals) {
	w.Runs += o.Runs
	w.Warned += o.Warned
	w.wraps += plus((*int64)(&w.Cost), int64(o.Cost)) + plus((*int64)(&w.After), int64(o.After)) + o.wraps
}

// Share is the part of the failed runs' cost that was spent after the warning; NaN without any cost.
func (w *WarningTotals) Share() float64 { return ratio(int64(w.After), int64(w.Cost)) }

// Overflow says that a sum exceeds what its type holds.
func (w *WarningTotals) Overflow() bool { return w.wraps != 0 }

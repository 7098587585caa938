package analyze

import "costscope/tracefmt"

// maxTry bounds the attempt numbers that are told apart: the last counts all from there on.
const maxTry = 10

// Attempts is what each further attempt brings and costs: operations by number of attempts. An operation is a chain, or a model or tool
// call of its own. Of a chain whose first attempts left no calls the later ones keep their numbers.
type Attempts struct {
	by        [maxTry]attemptSum
	latest    [maxTry]int64 // successful runs by the highest number of an accepted attempt
	uncertain [maxTry]int64 // the same for runs of unknown outcome
	wraps     int32
}

type attemptSum struct {
	operations, accepted, success, decided int64
	cost                                   tracefmt.USD
}

// An AttemptReport is the economics of retrying.
type AttemptReport struct {
	Rows     []AttemptRow // by attempt number, from 1, up to the highest; nil: no operation
	Caps     []RetryCap   // from 1 attempt up to one below the highest
	Overflow bool
}

// Most is the number of the last row that there can be: it stands for all attempts from there on.
func (r *AttemptReport) Most() int { return maxTry }

// An AttemptRow is the attempts of one number.
type AttemptRow struct {
	Number     int          // the last of maxTry rows stands for all from there on
	Operations int64        // that came this far
	Ended      int64        // of them, with this attempt, accepted or not
	Accepted   int64        // of them, with this attempt
	AcceptRate float64      // Accepted / Operations
	Success    int64        // of the accepted, in runs that succeeded
	RunSuccess float64      // of the accepted in runs of known outcome, the part in runs that succeeded; NaN for none
	Cost       tracefmt.USD // of these attempts with the calls inside them; the rows add up to the scope's cost
}

// A RetryCap is what a limit on attempts would have done. It assumes that a run needs every operation that it got accepted.
type RetryCap struct {
	Attempts    int
	Saved       tracefmt.USD // by later attempts, whatever became of their runs
	SavedShare  float64      // of the scope's cost
	Lost        int64        // successful runs with an operation accepted only later
	LostUnknown int64        // the same for runs of unknown outcome
	PerLost     Amount       // saved for each success lost; not known where none is
}

// number is the attempt that a call is part of: the highest of its own and those of the calls around it, from 1.
func (st *Study) number(i int32) int {
	n := int32(0)
	calls := st.Run.Calls
	for at, k := i, 0; at >= 0 && k <= len(calls); at, k = calls[at].Up, k+1 {
		if p := &st.Places[at]; p.Chain >= 0 {
			n = max(n, st.Chains[p.Chain].offset()+p.Try)
		}
	}
	return int(n) + 1
}

// offset is how many attempts of a chain came before the first that is a call.
func (ch *Chain) offset() int32 {
	if ch.Truncated {
		return ch.Lost
	}
	return 0
}

// slot is where an attempt number is counted.
func slot(number int) int { return min(number, maxTry) - 1 }

func (a *Attempts) add(st *Study, in []bool) {
	simple := len(st.Chains) == 0
	for i := range st.Places {
		c, p := &st.Run.Calls[i], &st.Places[i]
		if !contributes(c) || in != nil && !in[i] {
			continue
		}
		if known(c) {
			k := 0
			if !simple {
				k = slot(st.number(int32(i)))
			}
			a.wraps += plus((*int64)(&a.by[k].cost), int64(c.Cost))
		}
		if p.Chain < 0 && p.Mark&markRepeat == 0 && p.Thread >= 0 && (c.Kind == tracefmt.KindLLM || c.Kind == tracefmt.KindTool) {
			a.operation(1, !failed(c), st.Run.Outcome)
		}
	}
	latest := 0
	for k := range st.Chains {
		ch := &st.Chains[k]
		if i := ch.firstCall(st.Run); i < 0 || in != nil && !in[i] {
			continue
		}
		n := int(ch.offset()) + len(ch.Calls)
		a.operation(n, ch.Accepted >= 0, st.Run.Outcome)
		if ch.Accepted >= 0 {
			latest = max(latest, n)
		}
	}
	a.run(latest, st.Run.Outcome)
}

// operation counts one that ended with attempt n.
func (a *Attempts) operation(n int, accepted bool, outcome tracefmt.Outcome) {
	s := &a.by[slot(n)]
	s.operations++
	if !accepted {
		return
	}
	s.accepted++
	switch outcome {
	case tracefmt.OutcomeSuccess:
		s.success++
		s.decided++
	case tracefmt.OutcomeFailure:
		s.decided++
	}
}

// run counts a run by its latest accepted attempt; 0: nothing was retried.
func (a *Attempts) run(latest int, outcome tracefmt.Outcome) {
	switch {
	case latest == 0:
	case outcome == tracefmt.OutcomeSuccess:
		a.latest[slot(latest)]++
	case outcome == tracefmt.OutcomeUnknown:
		a.uncertain[slot(latest)]++
	}
}

func (a *Attempts) merge(o *Attempts) {
	for k := range a.by {
		x, y := &a.by[k], &o.by[k]
		x.operations += y.operations
		x.accepted += y.accepted
		x.success += y.success
		x.decided += y.decided
		a.wraps += plus((*int64)(&x.cost), int64(y.cost))
		a.latest[k] += o.latest[k]
		a.uncertain[k] += o.uncertain[k]
	}
	a.wraps += o.wraps
}

// highest is the highest attempt number, 0 for no operation.
func (a *Attempts) highest() (n int) {
	for k := range a.by {
		if a.by[k].operations > 0 || a.by[k].cost != 0 {
			n = k + 1
		}
	}
	return n
}

func (a *Attempts) result() AttemptReport {
	r := AttemptReport{Overflow: a.wraps != 0}
	top := a.highest()
	total, reached := tracefmt.USD(0), int64(0)
	for k := range top {
		total += a.by[k].cost
		reached += a.by[k].operations
	}
	saved := total
	for k := range top {
		s := &a.by[k]
		r.Rows = append(r.Rows, AttemptRow{
			Number: k + 1, Operations: reached, Ended: s.operations, Accepted: s.accepted, AcceptRate: ratio(s.accepted, reached),
			Success: s.success, RunSuccess: ratio(s.success, s.decided), Cost: s.cost,
		})
		reached -= s.operations
		saved -= s.cost
		if k+1 < top {
			r.Caps = append(r.Caps, a.cap(k+1, saved, total))
		}
	}
	return r
}

// cap is what a limit of n attempts does.
func (a *Attempts) cap(n int, saved, total tracefmt.USD) RetryCap {
	c := RetryCap{Attempts: n, Saved: saved, SavedShare: ratio(int64(saved), int64(total))}
	for k := n; k < maxTry; k++ {
		c.Lost += a.latest[k]
		c.LostUnknown += a.uncertain[k]
	}
	c.PerLost = quotient(saved, 1, c.Lost)
	return c
}

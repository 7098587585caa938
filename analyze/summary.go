package analyze

import (
	"encoding/binary"

	"costscope/tracefmt"
)

// A Summary is what a set of calls adds up to. All fields but Max are sums: Add, Sub and Merge are exact in any order, also where a sum
// leaves the range of its type on the way (see Overflow).
type Summary struct {
	Calls, LLM, Tools, Human, Other int64 // Calls = LLM + Tools + Human + Other
	Failed                          int64
	Cost                            tracefmt.USD // under the cost mode; unknown costs are not in it
	Recorded, Computed, Estimated   tracefmt.USD // parts of Cost by where it comes from; they add up to it
	Mismatches                      int64        // calls whose recorded and computed cost differ by more than 1%
	Unpriced, UnpricedTokens        int64        // calls with tokens and no price
	NoUsage, Unbilled               int64        // model calls without token counts; of these, failed: nothing was returned, so nothing is charged
	Input, CacheRead, CacheWrite    int64
	CacheWrite1h, Output, Reasoning int64
	Unattributed                    int64
	Retries                         int64        // attempts that were not the first of their operation
	RetryCost, Wasted               tracefmt.USD // analysis-spec B.4
	Chains, Rescued                 int64        // operations with two or more attempts; of these, accepted in successful runs
	RetryKinds                      [4]int64     // links by kind; index RetryKind-1
	Confidences                     [4]int64     // links by confidence; index Confidence-1
	LostTries                       int64        // further attempts of which only numbers or notes tell
	Blind                           int64        // model calls that tell too little to see whether they repeat another
	Max                             tracefmt.USD // the dearest call; not a sum
	MaxStale                        bool         // the dearest call was taken back: Max is an upper bound until a rescan
	Costs                           Hist         // of call cost, pico-dollars; calls with a known cost only

	wraps int32 // how often a sum left the range of int64, upwards minus downwards
}

// Overflow says that a sum exceeds what its type holds: the Summary's numbers must not be shown.
func (s *Summary) Overflow() bool { return s.wraps != 0 }

// Operations is what the agents set out to do: attempts that only repeat another are not counted.
func (s *Summary) Operations() int64 { return s.Calls - s.Retries }

// sums are all fields that are sums, in stored order.
func (s *Summary) sums() [35]*int64 {
	return [...]*int64{
		&s.LLM, &s.Tools, &s.Human, &s.Other, &s.Failed,
		(*int64)(&s.Recorded), (*int64)(&s.Computed), (*int64)(&s.Estimated), &s.Mismatches,
		&s.Unpriced, &s.UnpricedTokens, &s.NoUsage, &s.Unbilled, &s.Input, &s.CacheRead, &s.CacheWrite, &s.CacheWrite1h, &s.Output, &s.Reasoning,
		&s.Unattributed, &s.Retries, (*int64)(&s.RetryCost), (*int64)(&s.Wasted), &s.Chains, &s.Rescued,
		&s.RetryKinds[0], &s.RetryKinds[1], &s.RetryKinds[2], &s.RetryKinds[3],
		&s.Confidences[0], &s.Confidences[1], &s.Confidences[2], &s.Confidences[3], &s.LostTries, &s.Blind,
	}
}

// plus adds x to *to and says whether the sum left the range: 1 upwards, -1 downwards.
func plus(to *int64, x int64) int32 {
	a := *to
	sum := a + x
	*to = sum
	if (a^sum)&(x^sum) >= 0 {
		return 0
	}
	if x > 0 {
		return 1
	}
	return -1
}

// contributes says that a call adds to sums: it is counted among the calls, or is a span whose usage stands nowhere else.
func contributes(c *tracefmt.Call) bool {
	return c.IsCall || c.Counted && c.State != tracefmt.CostNone && c.State != tracefmt.CostShadowed
}

// failed is analysis-spec 0: an error, or an answer that could not be used.
func failed(c *tracefmt.Call) bool {
	return c.Status == tracefmt.StatusError || c.Flags&tracefmt.FlagOutputBad != 0
}

// unbilled says that a call failed without any usage: it costs nothing (analysis-spec A.2).
func unbilled(c *tracefmt.Call) bool {
	return c.State == tracefmt.CostNoUsage && c.Status == tracefmt.StatusError
}

// missing says that the call costs something that is not known.
func missing(c *tracefmt.Call) bool {
	return c.State == tracefmt.CostUnpriced || c.State == tracefmt.CostNoUsage && !unbilled(c)
}

// known says that the call's cost is known.
func known(c *tracefmt.Call) bool {
	return c.State == tracefmt.CostRecorded || c.State == tracefmt.CostComputed
}

// Add counts c in, but for what only its chain knows (see Repeat).
func (s *Summary) Add(c *tracefmt.Call) {
	s.count(c, 1)
	if known(c) {
		s.Costs.Add(int64(c.Cost))
		if c.Cost >= s.Max || s.Costs.n == 1 {
			s.Max, s.MaxStale = c.Cost, false
		}
	}
}

// Sub takes an earlier Add back. Max stays exact where the histogram still tells it.
func (s *Summary) Sub(c *tracefmt.Call) {
	s.count(c, -1)
	if known(c) {
		s.Costs.Sub(int64(c.Cost))
		s.lower(c.Cost)
	}
}

// lower settles Max after a call of cost x was taken back.
func (s *Summary) lower(x tracefmt.USD) {
	if x < s.Max && !s.MaxStale {
		return
	}
	if s.Costs.n == 0 {
		s.Max, s.MaxStale = 0, false
		return
	}
	if top, ok := s.Costs.Max(); ok {
		s.Max, s.MaxStale = tracefmt.USD(top), false
		return
	}
	s.MaxStale = true
}

// blind says that a model call would look the same if it repeated another: it states neither its request's fingerprint nor which attempt
// it is.
func blind(c *tracefmt.Call) bool { return c.Fingerprints[0] == 0 && c.Attempt == 0 && c.RetryOf == "" }

// modelCall tells whether a model did the work of a call that is named after its purpose: a guardrail, an evaluator, an agent that shows
// no calls of its own.
func modelCall(c *tracefmt.Call) bool {
	return c.Kind.Encloses() && c.Has&(tracefmt.HasInput|tracefmt.HasOutput) != 0
}

func (s *Summary) count(c *tracefmt.Call, sign int64) {
	if c.IsCall {
		s.Calls += sign
		switch c.Kind {
		case tracefmt.KindLLM:
			s.LLM += sign
			if blind(c) {
				s.Blind += sign
			}
		case tracefmt.KindTool:
			s.Tools += sign
		case tracefmt.KindHuman:
			s.Human += sign
		default:
			if modelCall(c) {
				s.LLM += sign
			} else {
				s.Other += sign
			}
		}
		if failed(c) {
			s.Failed += sign
		}
	}
	if !c.Counted {
		return
	}
	w := int32(0)
	switch c.State {
	case tracefmt.CostRecorded:
		w += plus((*int64)(&s.Recorded), sign*int64(c.Cost)) + plus((*int64)(&s.Cost), sign*int64(c.Cost))
	case tracefmt.CostComputed:
		w += plus((*int64)(&s.Computed), sign*int64(c.Cost)) + plus((*int64)(&s.Cost), sign*int64(c.Cost))
	case tracefmt.CostUnpriced:
		s.Unpriced += sign
		w += plus(&s.UnpricedTokens, sign*(c.Usage.Input+c.Usage.Output))
	case tracefmt.CostNoUsage:
		s.NoUsage += sign
		if unbilled(c) {
			s.Unbilled += sign
		}
	}
	if c.Mismatch {
		s.Mismatches += sign
	}
	if u := &c.Usage; c.Has&(tracefmt.HasUsage|tracefmt.HasUnattributed) != 0 {
		w += plus(&s.Input, sign*u.Input) + plus(&s.Output, sign*u.Output)
		w += plus(&s.CacheRead, sign*u.CacheRead) + plus(&s.CacheWrite, sign*u.CacheWrite) + plus(&s.CacheWrite1h, sign*u.CacheWrite1h)
		w += plus(&s.Reasoning, sign*u.Reasoning) + plus(&s.Unattributed, sign*u.Unattributed)
	}
	s.wraps += w
}

// repeat counts in (sign 1) or takes back (-1) what the chain of call c knows about it.
func (s *Summary) repeat(c *tracefmt.Call, m mark, sign int64) {
	if c.IsCall && m&markRepeat != 0 {
		s.Retries += sign
	}
	if m&markExtra != 0 {
		s.wraps += plus((*int64)(&s.RetryCost), sign*int64(c.Cost))
	}
	if m&markWasted != 0 {
		s.wraps += plus((*int64)(&s.Wasted), sign*int64(c.Cost))
	}
}

// Merge joins the summary of other calls.
func (s *Summary) Merge(o *Summary) {
	s.combine(o, 1)
	s.raise(o, s.Costs.n)
	s.Costs.Merge(&o.Costs)
}

// raise settles Max when the calls of o join n others whose cost is known.
func (s *Summary) raise(o *Summary, n int64) {
	if o.Costs.n > 0 && (n == 0 || o.Max > s.Max || o.Max == s.Max && !o.MaxStale) {
		s.Max, s.MaxStale = o.Max, o.MaxStale
	}
}

// Unmerge takes an earlier Merge of o back.
func (s *Summary) Unmerge(o *Summary) {
	s.combine(o, -1)
	s.Costs.Unmerge(&o.Costs)
	if o.Costs.n > 0 {
		s.lower(o.Max)
	}
}

func (s *Summary) combine(o *Summary, sign int64) {
	to, from := s.sums(), o.sums()
	w := int32(sign)*o.wraps + plus((*int64)(&s.Cost), sign*int64(o.Cost))
	for i := range to {
		w += plus(to[i], sign**from[i])
	}
	s.Calls += sign * o.Calls
	s.wraps += w
}

// Clone returns a copy that shares nothing.
func (s *Summary) Clone() Summary {
	c := *s
	c.Costs = s.Costs.Clone()
	return c
}

// Equal tells whether both hold the same.
func (s *Summary) Equal(o *Summary) bool {
	a, b := s.sums(), o.sums()
	for i := range a {
		if *a[i] != *b[i] {
			return false
		}
	}
	return s.Calls == o.Calls && s.Cost == o.Cost && s.Max == o.Max && s.MaxStale == o.MaxStale && s.wraps == o.wraps && s.Costs.Equal(&o.Costs)
}

// appendTo appends the summary as bytes.
func (s *Summary) appendTo(to []byte) []byte {
	stale := uint64(0)
	if s.MaxStale {
		stale = 1
	}
	to = binary.AppendUvarint(to, stale)
	to = binary.AppendVarint(to, int64(s.wraps))
	to = binary.AppendVarint(to, s.Calls)
	to = binary.AppendVarint(to, int64(s.Cost))
	to = binary.AppendVarint(to, int64(s.Max))
	for _, v := range s.sums() {
		to = binary.AppendVarint(to, *v)
	}
	return s.Costs.AppendTo(to)
}

func (s *Summary) decode(r *byteReader) {
	*s = Summary{MaxStale: r.uint() == 1, wraps: int32(r.int()), Calls: r.int(), Cost: tracefmt.USD(r.int()), Max: tracefmt.USD(r.int())}
	for _, v := range s.sums() {
		*v = r.int()
	}
	s.Costs.decode(r)
}

package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A Caveat is a reason why what a trace says of some calls is less certain than it looks.
type Caveat uint8

const (
	CaveatUnpriced     Caveat = iota // tokens, but no price
	CaveatNoUsage                    // a model call without token counts
	CaveatUnbilled                   // a failed call without usage
	CaveatUnderstated                // a lower bound
	CaveatUnattributed               // a stated total beyond input and output
	CaveatWriteSplit                 // cache writes of unknown lifetime
	CaveatZeroCost                   // a stated cost of 0 beside tokens
	CaveatReasonTwice                // a stated cost that charges reasoning twice
	CaveatSpread                     // a share of the run's stated cost
	CaveatRest                       // tokens or cost of the run that no call states
	CaveatSeveral                    // several calls in one
	CaveatInherited                  // copied from another session
	CaveatGatewayHit                 // answered from a gateway's cache
	CaveatBatch                      // at the batch rate
	CaveatMismatch                   // stated and computed cost differ
	Caveats
)

// caveatTexts say each in words, after the number of calls.
var caveatTexts = [Caveats]string{
	CaveatUnpriced:     "tokens of models without a price: their cost is unknown",
	CaveatNoUsage:      "model calls without token counts: their cost is unknown",
	CaveatUnbilled:     "failed calls without usage: taken as not billed",
	CaveatUnderstated:  "tokens recorded in part only, or while the answer still streamed: a lower bound",
	CaveatUnattributed: "a stated total beyond input and output: the rest is unattributed",
	CaveatWriteSplit:   "cache writes without their lifetime: five-minute writes assumed",
	CaveatZeroCost:     "a stated cost of 0 beside tokens: read as unknown",
	CaveatReasonTwice:  "stated costs that charge reasoning twice: the computed ones count",
	CaveatSpread:       "a cost stated for the run only: estimated for its calls in proportion to their tokens",
	CaveatRest:         "sums stated for a run beyond its calls: counted, but for no call",
	CaveatSeveral:      "values that stand for several calls each: what each call used was lost",
	CaveatInherited:    "calls inherited from a session that is not read: counted here",
	CaveatGatewayHit:   "answers from a gateway's cache: nothing was consumed",
	CaveatBatch:        "calls at the batch rate",
	CaveatMismatch:     "stated and computed cost differ by more than 1 %: the stated one counts",
}

func (c Caveat) String() string { return caveatTexts[c] }

// caveatFlags are the caveats that a flag of the call is.
var caveatFlags = [...]struct {
	flag tracefmt.Flags
	is   Caveat
}{
	{tracefmt.FlagUnderstated, CaveatUnderstated}, {tracefmt.FlagWriteSplitGuess, CaveatWriteSplit}, {tracefmt.FlagZeroCost, CaveatZeroCost},
	{tracefmt.FlagReasonTwice, CaveatReasonTwice}, {tracefmt.FlagCostSpread, CaveatSpread}, {tracefmt.FlagRest, CaveatRest},
	{tracefmt.FlagSeveral, CaveatSeveral}, {tracefmt.FlagInherited, CaveatInherited}, {tracefmt.FlagGatewayHit, CaveatGatewayHit}, {tracefmt.FlagBatch, CaveatBatch},
}

// CaveatsOf calls f for each caveat of a call that counts.
func CaveatsOf(c *tracefmt.Call, f func(Caveat)) {
	if !c.Counted {
		return
	}
	switch {
	case c.State == tracefmt.CostUnpriced:
		f(CaveatUnpriced)
	case unbilled(c):
		f(CaveatUnbilled)
	case c.State == tracefmt.CostNoUsage:
		f(CaveatNoUsage)
	}
	if c.Has&tracefmt.HasUnattributed != 0 && c.Usage.Unattributed > 0 {
		f(CaveatUnattributed)
	}
	if c.Mismatch && c.State == tracefmt.CostRecorded {
		f(CaveatMismatch)
	}
	if c.Flags == 0 {
		return
	}
	for _, k := range &caveatFlags {
		if c.Flags&k.flag != 0 {
			f(k.is)
		}
	}
}

// A SourceCaveat is a caveat of a source with the number of calls that it is about.
type SourceCaveat struct {
	Kind  Caveat
	Calls int64
}

// Told says that the totals tell the caveat already.
func (c Caveat) Told() bool {
	return c == CaveatUnpriced || c == CaveatNoUsage || c == CaveatUnbilled || c == CaveatMismatch
}

// toldBySource names, for each caveat that the totals tell, the sources that it comes from, those with most calls first; a single source
// goes without saying.
func toldBySource(sources []Source) (lines []string) {
	for k := range Caveats {
		if !k.Told() || len(sources) < 2 {
			continue
		}
		var with []Source
		of := func(s *Source) (n int64) {
			for _, c := range s.Caveats {
				if c.Kind == k {
					n += c.Calls
				}
			}
			return n
		}
		for i := range sources {
			if of(&sources[i]) > 0 {
				with = append(with, sources[i])
			}
		}
		slices.SortStableFunc(with, func(a, b Source) int { return cmp.Compare(of(&b), of(&a)) })
		var names []string
		for i := range with {
			names = append(names, fmt.Sprintf("%s (%s)", with[i].Path, Count(of(&with[i]))))
		}
		if len(names) > 0 {
			lines = append(lines, k.String()+", by source: "+strings.Join(firstN(names, 4), ", "))
		}
	}
	return lines
}

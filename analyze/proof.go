package analyze

import (
	"fmt"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A Basis is why a call costs what it does, or why that is not known. Every call has one.
type Basis uint8

const (
	BasisRecorded Basis = iota // the trace states it
	BasisSpread                // a share of what the trace states for the run
	BasisComputed              // from tokens and the price book
	BasisUnbilled              // failed without usage: 0
	BasisNothing               // nothing to pay is stated
	BasisUnpriced              // tokens without a price: not known
	BasisNoUsage               // a model call without token counts: not known
	Bases
)

// basisTexts are the words for each, and the rule.
var basisTexts = [Bases]struct{ word, rule string }{
	{"recorded", "the trace states the cost"},
	{"estimated", "a cost stated for the run, divided among its calls in proportion to their tokens"},
	{"computed", "token counts times the rates of the price book"},
	{"unbilled", "failed without token counts: nothing was returned, so nothing is charged"},
	{"nothing", "nothing to pay is stated: no cost and no tokens of a model"},
	{"unpriced", "token counts, but no price for the model: the cost is unknown and in no sum"},
	{"no usage", "a model call without token counts: the cost is unknown and in no sum"},
}

func (b Basis) String() string { return basisTexts[b].word }

// Rule is why a call of the basis costs what it does.
func (b Basis) Rule() string { return basisTexts[b].rule }

// Known says that calls of the basis have a known cost.
func (b Basis) Known() bool { return b < BasisUnpriced }

// BasisOf is why a call costs what it does; shadowed ones, which calls below carry, cost nothing.
func BasisOf(state tracefmt.CostState, status tracefmt.Status, flags tracefmt.Flags) Basis {
	switch state {
	case tracefmt.CostRecorded:
		if flags&tracefmt.FlagCostSpread != 0 {
			return BasisSpread
		}
		return BasisRecorded
	case tracefmt.CostComputed:
		return BasisComputed
	case tracefmt.CostUnpriced:
		return BasisUnpriced
	case tracefmt.CostNoUsage:
		if status == tracefmt.StatusError {
			return BasisUnbilled
		}
		return BasisNoUsage
	}
	return BasisNothing
}

// Basis is why the call costs what it does.
func (r *CallRow) Basis() Basis { return BasisOf(r.State, r.Status, r.Flags) }

// Charges is the bill of the call, a line for each class of tokens; nil where its cost cannot be computed.
func (r *CallRow) Charges() []tracefmt.Charge {
	if !r.HasComputed {
		return nil
	}
	start := int64(0)
	if r.Has&tracefmt.HasStart != 0 {
		start = r.Start
	}
	return r.Price.CallCharges(r.Usage, start, r.Flags)
}

// PriceText names the price row, how it was found, and the state of the prices; "" where there is none.
func (r *CallRow) PriceText(asOf string) string {
	if r.Price == nil {
		return ""
	}
	s := r.Price.ID
	if r.Price.Provider != "" {
		s = r.Price.Provider + " / " + s
	}
	how := "matches " + r.Model
	if strings.EqualFold(r.Price.ID, r.Model) {
		how = "exact name"
	}
	if asOf != "" {
		asOf = "prices of " + asOf
	}
	return join(s, how, asOf)
}

// flagNotes say what a reader decided about a record.
var flagNotes = []struct {
	flag tracefmt.Flags
	text string
}{
	{tracefmt.FlagGatewayHit, "answered from a gateway's cache: nothing was consumed"},
	{tracefmt.FlagWriteSplitGuess, "cache writes without their split: five minutes assumed"},
	{tracefmt.FlagCacheBeside, "the stated input excluded the cached part: it was added"},
	{tracefmt.FlagCacheOver, "more cached than input is stated"},
	{tracefmt.FlagZeroCost, "a stated cost of 0 beside tokens: read as unknown"},
	{tracefmt.FlagBatch, "billed at the batch rate"},
	{tracefmt.FlagUnderstated, "the recorded tokens are a lower bound"},
	{tracefmt.FlagAggregate, "a parent's sum: not counted"},
	{tracefmt.FlagIteration, "an earlier attempt inside one answer"},
	{tracefmt.FlagSeveral, "several calls in one: what each of them used was lost, so that rates for long contexts are left out"},
	{tracefmt.FlagCovered, "what is unknown here is part of a sum that is stated for the run"},
	{tracefmt.FlagRest, "no call: what is stated for the run beyond its calls' own numbers"},
	{tracefmt.FlagCostSpread, "estimated: its share, by tokens, of a cost stated for the run"},
	{tracefmt.FlagReasonTwice, "the stated cost charges reasoning twice: the computed one counts"},
	{tracefmt.FlagInherited, "copied from the session that this one branched off, which is not read"},
}

// Notes are what a reader decided about the record.
func (r *CallRow) Notes() (list []string) {
	for _, n := range flagNotes {
		if r.Flags&n.flag != 0 {
			list = append(list, n.text)
		}
	}
	return list
}

// A Proof is how the cost of a path is the sum of its calls.
type Proof struct {
	By    []Dimension
	Path  []string
	Total Row             // as every other view has it
	Sums  [Bases]BasisSum // of the calls themselves; they add up to Total
	Dear  []CallProof     // the dearest calls
}

// A BasisSum is the calls of a basis.
type BasisSum struct {
	Calls int64 // with what is stated for runs beyond their calls
	Cost  tracefmt.USD
}

// Agrees says that the calls add up to the total to the pico-dollar.
func (p *Proof) Agrees() bool { return p.sum() == p.Total.Cost && !p.Total.Overflow() }

func (p *Proof) sum() (sum tracefmt.USD) {
	for _, s := range p.Sums {
		sum += s.Cost
	}
	return sum
}

// rest is what calls cost that are not listed.
func (p *Proof) rest() (n int64, cost tracefmt.USD) {
	cost = p.sum()
	for _, s := range p.Sums {
		n += s.Calls
	}
	for i := range p.Dear {
		n, cost = n-1, cost-p.Dear[i].Cost
	}
	return n, cost
}

// A CallProof is how the cost of a call comes about.
type CallProof struct {
	DearCall
	Found    string // how the price row was found
	AsOf     string // of the prices
	Attempts []string
}

// Adds says that the bill adds up to the computed cost to the pico-dollar; also where there is no bill.
func (p *CallProof) Adds() bool {
	sum := tracefmt.USD(0)
	for _, c := range p.Charges() {
		sum += c.Cost
	}
	return sum == p.Computed || !p.HasComputed
}

// A Prover adds up the calls of a query one by one, and finds single calls.
type Prover struct {
	m       *Matcher
	student *Student
	source  func(uint32) string
	wanted  func(*tracefmt.Run, *tracefmt.Call) bool
	Sums    [Bases]BasisSum
	Found   []FoundCall
}

// A FoundCall is a call that was looked for.
type FoundCall struct {
	Ref      CallRef
	Attempts []string // what its chain says about it
}

// NewProver returns a prover of what q is about. wanted tells which calls to look for; nil is none.
func NewProver(q Query, names *tracefmt.Names, cfg Config, sourceName func(uint32) string, wanted func(*tracefmt.Run, *tracefmt.Call) bool) *Prover {
	return &Prover{m: q.Compile(names, cfg), student: NewStudent(cfg), source: sourceName, wanted: wanted}
}

// Add reads a run.
func (x *Prover) Add(run *tracefmt.Run) {
	x.m.Enter(run, x.source)
	for i := range run.Calls {
		c := &run.Calls[i]
		if x.wanted != nil && x.wanted(run, c) {
			st := x.student.Study(run)
			x.Found = append(x.Found, FoundCall{CallRef{strings.Clone(run.ID), strings.Clone(c.ID)}, st.attemptNotes(i)})
		}
		if !contributes(c) {
			continue
		}
		if x.m.Match(run, i, x.m.sourceOf(c, x.source)) {
			s := &x.Sums[BasisOf(c.State, c.Status, c.Flags)]
			s.Calls++
			if known(c) {
				s.Cost += c.Cost
			}
		}
	}
}

// attemptNotes say which attempt of what a call is, and what became of it.
func (st *Study) attemptNotes(i int) (list []string) {
	p := &st.Places[i]
	if p.Chain >= 0 && len(st.Chains[p.Chain].Calls) > 1 {
		ch := &st.Chains[p.Chain]
		note := fmt.Sprintf("attempt %d of %d of one operation", int(p.Try)+1+int(ch.offset()), len(ch.Calls)+int(ch.offset()))
		if l := ch.Links[p.Try]; p.Try > 0 {
			sure := ""
			if l.Confidence != 0 {
				sure = ", confidence " + l.Confidence.String()
			}
			note += fmt.Sprintf(": %s of %s%s", Spaced(l.Kind.String()), st.Run.Calls[ch.Calls[p.Try-1]].ID, sure)
		}
		list = append(list, note)
	}
	if p.Mark&markExtra != 0 {
		list = append(list, "its cost counts as retry cost: it, or an attempt around it, is not the first that was paid for")
	}
	if p.Mark&markWasted != 0 {
		list = append(list, "its cost counts as wasted: it, or an attempt around it, was not accepted")
	}
	if p.Turn > 0 {
		list = append(list, fmt.Sprintf("turn %d of its thread", p.Turn))
	}
	return list
}

// Listed are the bases with calls.
func (p *Proof) Listed() (list []Basis) {
	for b := range Bases {
		if p.Sums[b].Calls > 0 {
			list = append(list, b)
		}
	}
	return slices.Clip(list)
}

package analyze

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"costscope/tracefmt"
)

// A Factor is what multiplies the cost of a single call (analysis-spec G.1).
type Factor uint8

const (
	FactorRetries Factor = iota // not the base attempt
	FactorTools                 // a tool call, or a turn after the first
	FactorContext               // input beyond the size of the first turn
	FactorAgents                // done by a planner, validator or monitor
	FactorErrors                // tagged as error handling
	FactorHuman                 // done by a person
	FactorCount
)

var factorNames = [FactorCount]struct{ letter, name string }{
	{"R", "retries"}, {"T", "tool orchestration"}, {"C", "context growth"}, {"A", "agent orchestration"}, {"E", "error handling"}, {"H", "human review"},
}

func (f Factor) String() string { return factorNames[f].name }

// Letter is the factor's short name.
func (f Factor) Letter() string { return factorNames[f].letter }

func (f Factor) bit() uint8 { return 1 << f }

const maskCount = 1 << FactorCount

// The parts of shares in which a factor is looked into: retries by how the attempt differs, tools in turns and fees, agents by role.
const (
	partRetry = 0             // + RetryKind; RetryNone where it is not known
	partTurns = partRetry + 5 // LLM calls after the first turn
	partFees  = partTurns + 1 // tool calls
	partRole  = partFees + 1  // + Role
	partCount = partRole + int(Roles)
)

// Factors adds up what calls cost by the multipliers that each part of it needed (analysis-spec G.2).
type Factors struct {
	book    roleBook
	cells   [maskCount]tracefmt.USD
	parts   [partCount][FactorCount]tracefmt.USD // by the number of factors of the cell, minus 1
	roles   [Roles]RoleCost
	rest    tracefmt.USD
	grown   tracefmt.USD
	calls   int64
	unknown int64
	wraps   int32
}

// A RoleCost is what the agents of a role cost. Error handling and human review have no role.
type RoleCost struct {
	Role     Role
	Calls    int64
	Inferred int64 // of the calls: the role is taken from a name, not stated
	Cost     tracefmt.USD
}

// NewFactors returns an empty sum. names knows what roles, agents and tags are called; without patterns the default ones hold.
func NewFactors(names *tracefmt.Names, patterns []RolePattern) *Factors {
	if patterns == nil {
		patterns = DefaultRoles()
	}
	return &Factors{book: roleBook{names: names, patterns: patterns}}
}

// add counts the calls of a run in that are in scope.
func (x *Factors) add(st *Study, in []bool) {
	for i := range st.Run.Calls {
		if c := &st.Run.Calls[i]; contributes(c) && (in == nil || in[i]) {
			x.call(st, i, c)
		}
	}
}

// Causes are which factors a call needed, and which part of each.
type causes struct {
	mask     uint8
	retry    tracefmt.RetryKind
	role     Role
	tool     int  // partTurns or partFees
	roled    bool // it has a role
	inferred bool // which is not stated
}

func (x *Factors) call(st *Study, i int, c *tracefmt.Call) {
	n := x.book.causesOf(st, i, c)
	x.count(n, c)
	x.calls += int64(b2i(c.IsCall))
	x.unknown += int64(b2i(missing(c)))
	if !known(c) {
		return
	}
	if !c.IsCall {
		x.wraps += plus((*int64)(&x.rest), int64(c.Cost))
	}
	flat, growth := n.divide(st, i)
	x.cell(n, flat)
	if growth != 0 {
		if n.mask == 0 {
			x.wraps += plus((*int64)(&x.grown), int64(flat))
		}
		n.mask |= FactorContext.bit()
		x.cell(n, growth)
	}
}

// count counts a call of a role.
func (x *Factors) count(n causes, c *tracefmt.Call) {
	if !n.roled || !c.IsCall {
		return
	}
	r := &x.roles[n.role]
	r.Calls++
	r.Inferred += int64(b2i(n.inferred))
	if known(c) {
		x.wraps += plus((*int64)(&r.Cost), int64(c.Cost))
	}
}

// divide takes apart from the cost of call i, which is known, what growth of the context added.
func (n *causes) divide(st *Study, i int) (flat, growth tracefmt.USD) {
	if st.Places[i].Turn > 0 && n.mask&(FactorErrors.bit()|FactorHuman.bit()) == 0 {
		return cutCall(st, i)
	}
	return st.Run.Calls[i].Cost, 0
}

// factorsOf are the factors of a call, as bits: of its cost, or of a part of it.
func (b *roleBook) factorsOf(st *Study, i int) uint8 {
	c := &st.Run.Calls[i]
	n := b.causesOf(st, i, c)
	if known(c) {
		if _, growth := n.divide(st, i); growth != 0 {
			n.mask |= FactorContext.bit()
		}
	}
	return n.mask
}

// causesOf finds the factors of a call but for context growth. Error handling and human review have no others beside retries.
func (b *roleBook) causesOf(st *Study, i int, c *tracefmt.Call) (n causes) {
	p := &st.Places[i]
	if p.Mark&markExtra != 0 {
		n.mask, n.retry = FactorRetries.bit(), st.retryKindOf(i)
	}
	switch {
	case c.Kind == tracefmt.KindHuman:
		n.mask |= FactorHuman.bit()
		return n
	case b.recovers(c):
		n.mask |= FactorErrors.bit()
		return n
	case c.Kind == tracefmt.KindTool || c.Kind == tracefmt.KindRetriever:
		n.mask, n.tool = n.mask|FactorTools.bit(), partFees
	case p.Turn >= 2:
		n.mask, n.tool = n.mask|FactorTools.bit(), partTurns
	}
	n.roled = true
	if n.role, n.inferred = b.role(c); n.role != RoleExecutor {
		n.mask |= FactorAgents.bit()
	}
	return n
}

// retryKindOf is how the attempt that a call is, or that is around it, differs from the one before.
func (st *Study) retryKindOf(i int) tracefmt.RetryKind {
	for n := 0; i >= 0 && n <= len(st.Places); i, n = int(st.Run.Calls[i].Up), n+1 {
		if p := &st.Places[i]; p.Chain >= 0 && int32(i) != st.Chains[p.Chain].Base {
			return st.Chains[p.Chain].Links[p.Try].Kind
		}
	}
	return tracefmt.RetryNone
}

// cell adds a part of a call's cost.
func (x *Factors) cell(n causes, cost tracefmt.USD) {
	x.wraps += plus((*int64)(&x.cells[n.mask]), int64(cost))
	if n.mask == 0 {
		return
	}
	k := bits.OnesCount8(n.mask) - 1
	if n.mask&FactorRetries.bit() != 0 {
		x.wraps += plus((*int64)(&x.parts[partRetry+int(n.retry)][k]), int64(cost))
	}
	if n.mask&FactorTools.bit() != 0 {
		x.wraps += plus((*int64)(&x.parts[n.tool][k]), int64(cost))
	}
	if n.mask&FactorAgents.bit() != 0 {
		x.wraps += plus((*int64)(&x.parts[partRole+int(n.role)][k]), int64(cost))
	}
}

// merge adds what o counted.
func (x *Factors) merge(o *Factors) {
	for i := range x.cells {
		x.wraps += plus((*int64)(&x.cells[i]), int64(o.cells[i]))
	}
	for p := range x.parts {
		for k := range x.parts[p] {
			x.wraps += plus((*int64)(&x.parts[p][k]), int64(o.parts[p][k]))
		}
	}
	for r := range x.roles {
		x.roles[r].Calls += o.roles[r].Calls
		x.roles[r].Inferred += o.roles[r].Inferred
		x.wraps += plus((*int64)(&x.roles[r].Cost), int64(o.roles[r].Cost))
	}
	x.wraps += o.wraps + plus((*int64)(&x.rest), int64(o.rest)) + plus((*int64)(&x.grown), int64(o.grown))
	x.calls += o.calls
	x.unknown += o.unknown
}

// A FactorReport says which multipliers turned a cheap call into the bill (analysis-spec G.3 to G.5). Base and the shares add up to Total;
// Base times the multiples is Total, too.
type FactorReport struct {
	Calls    int64
	Unknown  int64 // calls of unknown cost: Total is a lower bound
	Overflow bool  // a sum exceeds what USD holds: nothing else is right
	Total    tracefmt.USD
	Base     tracefmt.USD // first attempts of first turns of executors
	Rest     tracefmt.USD // of Base: what runs cost beyond their calls
	Grown    tracefmt.USD // of Base: what calls that needed context growth alone had cost without it
	Overall  float64      // Total over Base; NaN where Base is 0
	Factors  [FactorCount]FactorShare
	Roles    []RoleCost // of roles with calls, in the order of Role
}

// A FactorShare is what one multiplier did.
type FactorShare struct {
	Factor   Factor
	Share    tracefmt.USD // every amount is divided equally among the multipliers that it needed
	Multiple float64      // NaN where the base is 0
	Saving   tracefmt.USD // what would not be spent without this multiplier alone; savings overlap
	Parts    []FactorPart // of Share, dearest first; they add up to it
}

// A FactorPart is a part of a share.
type FactorPart struct {
	Name string
	USD  tracefmt.USD
}

// result sums up.
func (x *Factors) result() FactorReport {
	r := FactorReport{Calls: x.calls, Unknown: x.unknown, Base: x.cells[0], Rest: x.rest, Grown: x.grown, Overall: math.NaN()}
	wraps := x.wraps
	for _, c := range x.cells {
		wraps += plus((*int64)(&r.Total), int64(c))
	}
	r.Overflow = wraps != 0
	for f := range r.Factors {
		r.Factors[f] = FactorShare{Factor: Factor(f), Multiple: math.NaN()}
	}
	for n, role := range x.roles {
		if role.Role = Role(n); role.Calls > 0 {
			r.Roles = append(r.Roles, role)
		}
	}
	if r.Overflow {
		return r
	}
	x.shares(&r)
	x.multiples(&r)
	return r
}

// sixtieths is an amount in whole units and 60ths of one, 0 to 59: what cells with up to six factors divide into.
type sixtieths struct {
	whole tracefmt.USD
	rest  int64
}

func (s *sixtieths) add(cost tracefmt.USD, parts int64) {
	s.whole += cost / tracefmt.USD(parts)
	s.rest += int64(cost) % parts * 60 / parts
	s.whole += tracefmt.USD(s.rest / 60)
	s.rest %= 60
}

// round makes whole amounts of parts that add up to total: the missing units go to the largest remainders, ties in the order given.
func round(total tracefmt.USD, parts []sixtieths) []tracefmt.USD {
	out, order, left := make([]tracefmt.USD, len(parts)), make([]int, len(parts)), total
	for i, p := range parts {
		out[i], order[i] = p.whole, i
		left -= p.whole
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(parts[b].rest, parts[a].rest) })
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}

// byLetter are the factors in ascending order of their letters, for ties.
var byLetter = [...]Factor{FactorAgents, FactorContext, FactorErrors, FactorHuman, FactorRetries, FactorTools}

// shares divides every cell equally among its factors (the Shapley value).
func (x *Factors) shares(r *FactorReport) {
	parts := make([]sixtieths, FactorCount)
	for mask, cost := range x.cells {
		for at, f := range byLetter {
			if uint8(mask)&f.bit() != 0 {
				parts[at].add(cost, int64(bits.OnesCount8(uint8(mask))))
				r.Factors[f].Saving += cost
			}
		}
	}
	for at, usd := range round(r.Total-r.Base, parts) {
		s := &r.Factors[byLetter[at]]
		s.Share = usd
		s.Parts = x.partsOf(s.Factor, usd)
	}
}

// factorParts are the parts of each factor that has some, in ascending order of names.
var factorParts = [FactorCount][]struct {
	name string
	at   int
}{
	FactorRetries: {
		{"fallback_model", partRetry + int(tracefmt.RetryFallback)}, {"plain_retry", partRetry + int(tracefmt.RetryPlain)},
		{"prompt_adjustment", partRetry + int(tracefmt.RetryPrompt)}, {"tool_reinvocation", partRetry + int(tracefmt.RetryTool)},
		{"unknown", partRetry + int(tracefmt.RetryNone)},
	},
	FactorTools:  {{"extra turns", partTurns}, {"tool fees", partFees}},
	FactorAgents: {{"monitor", partRole + int(RoleMonitor)}, {"planner", partRole + int(RolePlanner)}, {"validator", partRole + int(RoleValidator)}},
}

// partsOf divides a share; parts without any cost are left out.
func (x *Factors) partsOf(f Factor, share tracefmt.USD) (list []FactorPart) {
	kinds := factorParts[f]
	if len(kinds) == 0 || share == 0 {
		return nil
	}
	parts := make([]sixtieths, len(kinds))
	for i, p := range kinds {
		for k, cost := range x.parts[p.at] {
			parts[i].add(cost, int64(k+1))
		}
	}
	for i, usd := range round(share, parts) {
		if usd != 0 {
			list = append(list, FactorPart{kinds[i].name, usd})
		}
	}
	slices.SortStableFunc(list, func(a, b FactorPart) int { return cmp.Compare(b.USD, a.USD) })
	return list
}

// orderWeight is |S|! (5-|S|)! / 6!: how many of the orders of six factors put those of S first and a given one next.
var orderWeight = [FactorCount]float64{1. / 6, 1. / 30, 1. / 60, 1. / 60, 1. / 30, 1. / 6}

// multiples are the Shapley values of the logarithm of what the factors of a set cost together.
func (x *Factors) multiples(r *FactorReport) {
	if r.Base <= 0 {
		return
	}
	var logs [maskCount]float64
	for s := range logs {
		sum := tracefmt.USD(0)
		for q, cost := range x.cells {
			if q&^s == 0 {
				sum += cost
			}
		}
		logs[s] = math.Log(float64(sum))
	}
	r.Overall = float64(r.Total) / float64(r.Base)
	for f := range r.Factors {
		bit, sum := 1<<f, 0.0
		for s := range logs {
			if s&bit == 0 {
				sum += orderWeight[bits.OnesCount(uint(s))] * (logs[s|bit] - logs[s])
			}
		}
		r.Factors[f].Multiple = math.Exp(sum)
	}
}

// Ranked are the factors by share, the largest first.
func (r *FactorReport) Ranked() []FactorShare {
	list := slices.Clone(r.Factors[:])
	slices.SortStableFunc(list, func(a, b FactorShare) int { return cmp.Compare(b.Share, a.Share) })
	return list
}

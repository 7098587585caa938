package tracefmt

import "math/bits"

// Some traces state what a run used or cost in all, but not, or not in full, for each call: a FlagTotal record says so. What it states
// beyond its calls' own numbers counts once, on the record itself, which is no call. A cost in all is spread over the calls that state
// none, in proportion to what their tokens cost by the price book; where that is unknown it stays with the record. Calls whose usage or
// cost is part of such a total are covered: nothing of the run is unknown because of them.

// settleTotals does that for the run's totals, after its calls are priced.
func (a *Assembler) settleTotals(run *Run) {
	a.totals = a.totals[:0]
	for i := range run.Calls {
		if c := &run.Calls[i]; c.Flags&(FlagTotal|FlagRest) == FlagTotal {
			stated := *c.Record
			c.Stated = &stated
			a.settleTokens(run, c)
			a.totals = append(a.totals, i)
		}
	}
	for _, i := range a.totals {
		if c := &run.Calls[i]; c.Record.Has&HasCost != 0 && c.Record.Recorded > 0 && c.Flags&FlagCostSpread == 0 { // else it is a share of another's
			a.settleCost(run, i)
		}
	}
}

// within says that the total t speaks of c: a call of the model and agent that t names.
func (t *Call) within(c *Call) bool {
	return c.Flags&FlagTotal == 0 && c.Counted && !t.before(c) && (c.Kind.IsModel() || c.Has&HasUsage != 0) &&
		(t.Model == 0 || t.Model == c.Model || t.Model == c.RequestModel) && (t.Record.Agent == 0 || t.Record.Agent == c.Agent)
}

// before says that c, of which a part is unknown, ended after the total t was stated.
func (t *Call) before(c *Call) bool {
	return c.Flags&FlagUnderstated != 0 && t.Has&HasEnd != 0 && c.Has&HasEnd != 0 && c.End > t.End
}

// counts are the token counts of u, in the order of countBits.
func (u *Usage) counts() [6]*int64 {
	return [...]*int64{&u.Input, &u.CacheRead, &u.CacheWrite, &u.CacheWrite1h, &u.Output, &u.Reasoning}
}

var countBits = [...]Fields{HasInput, HasCacheRead, HasCacheWrite, HasCacheWrite1h, HasOutput, HasReasoning}

// settleTokens takes the tokens of the calls off the total t; what remains is t's own.
func (a *Assembler) settleTokens(run *Run, t *Call) {
	t.Counted, t.State, t.Cost = false, CostNone, 0
	t.Flags |= FlagAggregate
	if t.Has&(HasInput|HasOutput) == 0 {
		return
	}
	rest := t.Usage.counts()
	var hidden int64 // output of calls that do not tell how much of it was reasoning
	for i := range run.Calls {
		c := &run.Calls[i]
		if !t.within(c) {
			continue
		}
		for k, n := range c.Usage.counts() {
			if c.Has&countBits[k] != 0 {
				*rest[k] = max(0, *rest[k]-*n)
			}
		}
		if c.Has&(HasOutput|HasReasoning) == HasOutput {
			hidden += c.Usage.Output
		}
		if c.Has&(HasInput|HasOutput) == 0 || c.Has&(HasInput|HasOutput) != HasInput|HasOutput && t.Has&HasInput != 0 {
			c.cover()
		}
	}
	u := &t.Usage
	u.CacheWrite = min(u.CacheWrite, u.Input)
	u.CacheRead = min(u.CacheRead, u.Input-u.CacheWrite)
	u.CacheWrite1h = min(u.CacheWrite1h, u.CacheWrite)
	u.Reasoning = min(u.Reasoning, u.Output+hidden)
	if u.Input+u.Output+u.Reasoning == 0 {
		return
	}
	t.carry()
	if u.Input+u.Output == 0 {
		return
	}
	t.State = CostUnpriced
	if t.Model != 0 {
		t.Price = a.priceRow(t.Provider, t.Model)
		t.Computed, t.HasComputed = t.Price.SumCost(t.Usage, t.startOr(0))
	}
	if t.HasComputed && a.Mode != CostModeRecorded {
		t.State, t.Cost = CostComputed, t.Computed
	}
}

// carry lets the total t count for what its calls do not state.
func (t *Call) carry() {
	t.Counted = true
	t.Flags = t.Flags&^FlagAggregate | FlagRest
}

// cover notes that what is unknown of c is part of a total.
func (c *Call) cover() {
	c.Flags |= FlagCovered
	c.Flags &^= FlagUnderstated
	if c.State == CostNoUsage {
		c.State = CostNone
	}
}

// settleCost spreads the stated cost of the total at place i.
func (a *Assembler) settleCost(run *Run, i int) {
	t := &run.Calls[i]
	rest := t.Record.Recorded
	shares := a.shares[:0]
	for k := range run.Calls {
		c := &run.Calls[k]
		own := k == i && t.Counted || k != i && c.Flags&FlagTotal != 0 && c.Counted && (c.Has&HasCost == 0 || c.Flags&FlagCostSpread != 0) && t.covers(c)
		own = own && c.Usage.Input+c.Usage.Output > 0
		switch {
		case !own && !t.within(c):
		case !own && c.Has&HasCost != 0 && c.Flags&(FlagZeroCost|FlagCostSpread) == 0:
			rest -= c.Recorded
		default:
			shares = append(shares, share{int32(k), c.Computed})
		}
	}
	a.shares = shares
	if rest <= 0 || a.Mode == CostModeComputed && a.allComputed(run) {
		return
	}
	if !a.spread(run, rest) {
		a.keepCost(run, t, rest)
	}
}

// covers says that the total t speaks of what the total o speaks of.
func (t *Call) covers(o *Call) bool {
	return (t.Model == 0 || t.Model == o.Model) && (t.Record.Agent == 0 || t.Record.Agent == o.Record.Agent)
}

// A share is a call that may get a part of a stated cost, by what its tokens cost.
type share struct {
	call   int32
	weight USD
}

// allComputed says that every share has a cost of its own under CostModeComputed.
func (a *Assembler) allComputed(run *Run) bool {
	for _, s := range a.shares {
		if !run.Calls[s.call].HasComputed {
			return false
		}
	}
	return len(a.shares) > 0
}

// spread gives each share its part of rest, so that the parts sum to it; false where there is nothing to go by.
func (a *Assembler) spread(run *Run, rest USD) bool {
	if a.Mode == CostModeComputed {
		return false
	}
	var sum uint64
	for _, s := range a.shares {
		c := &run.Calls[s.call]
		if !c.HasComputed && c.Has&(HasInput|HasOutput) != 0 {
			return false // a call with tokens and no price: nothing tells its part
		}
		sum += uint64(s.weight)
	}
	if sum == 0 {
		return false
	}
	var upto uint64
	var given USD
	for _, s := range a.shares {
		c := &run.Calls[s.call]
		if c.Has&(HasInput|HasOutput) == 0 {
			c.cover()
			continue
		}
		upto += uint64(s.weight)
		hi, lo := bits.Mul64(uint64(rest), upto)
		q, _ := bits.Div64(hi, lo, sum) // hi < sum: rest fits
		c.Record.Recorded, given = USD(q)-given, USD(q)
		c.Has |= HasCost
		c.Flags |= FlagCostSpread
		c.Flags &^= FlagZeroCost
		c.State, c.Cost, c.Mismatch = CostRecorded, c.Record.Recorded, false
	}
	return true
}

// keepCost leaves a stated cost with the total itself.
func (a *Assembler) keepCost(run *Run, t *Call, rest USD) {
	for _, s := range a.shares {
		c := &run.Calls[s.call]
		if c.Flags&FlagTotal == 0 {
			c.cover()
		}
		c.State, c.Cost = CostNone, 0
	}
	t.carry()
	t.State, t.Cost, t.Record.Recorded = CostRecorded, rest, rest
}

package analyze

import (
	"cmp"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A WhatIf prices the calls of a scope three times: as the trace states it (recorded), from their tokens by the price book in force (book),
// and as they would have been in a Scenario (what-if). It reads every run once; those of different runs merge in any order.
//
// Tokens, answers and outcomes are taken to be the same. What a scenario says of a call:
//
//   - retries<=n: attempts after the first n+1 at an operation are not made, with all calls inside them.
//   - context<=N: a prompt of more than N tokens is cut to N, for prices that depend on its size, too. What is cut is history: first what was
//     read from a cache, which costs least, then what was written to one, then fresh input. Sums of several calls cannot be cut.
//   - cache=1h: everything written to a cache is written for an hour, and a turn that missed its cache only because it came too late, but
//     within the hour, reads what it sent again. cache=5m: written for five minutes, and a turn that came later than that
//     writes again what it read from a cache written for an hour.
//   - model, prices, batch: the same tokens by other rates.
//
// A call whose cost one of the sides does not know is counted, and left out of the change.
type WhatIf struct {
	sc      Scenario
	names   *tracefmt.Names
	fresh   func() *WhatIf
	scan    *Scan // its groups; it counts nothing
	student *Student
	grow    grower

	base, other *tracefmt.PriceBook // in force; of the scenario
	swaps       []modelSwap
	rates       map[[2]tracefmt.Sym]*callRates
	variants    []variant

	leaves []int32
	gone   []bool              // calls that are not made
	shift  []int64             // tokens that a call reads from a cache in place of paying for them anew; negative: the other way round
	memo   [1 << levers]Amount // of the call at hand, by the levers that reach it
	known  [1 << levers]bool

	sums   []WhatIfSum // by group: of its own calls alone
	facts  WhatIfFacts
	models map[tracefmt.Sym]*ModelUse
	wraps  int32
}

// A modelSwap is a Swap with the rows that answer for its model.
type modelSwap struct {
	Swap
	exact       tracefmt.Sym
	isExact     bool
	base, other *tracefmt.PriceRow
}

// callRates is what a model's calls cost by, under each pair of prices and model.
type callRates struct {
	swapped bool
	own     bool                     // the scenario's own book has a row
	rows    [2][2]*tracefmt.PriceRow // [other prices][other model]
}

// A variant is a set of levers that every call is priced under, and what that comes to.
type variant struct {
	mask  uint8
	lever Lever
	alone bool         // the lever alone; else with all before it
	usd   tracefmt.USD // change of the compared calls
}

// A WhatIfSum is what calls cost on each side.
type WhatIfSum struct {
	Calls       int64 // that cost something, or may
	Recorded    tracefmt.USD
	NoRecord    int64 // state no cost
	Book        tracefmt.USD
	NoBook      int64 // have tokens without a price, or no tokens
	If          tracefmt.USD
	NoIf        int64
	Compared    int64        // calls whose cost both the book and the scenario know
	ComparedUSD tracefmt.USD // what they cost by the book
	Change      tracefmt.USD // what they would have cost more
	Fees        tracefmt.USD // part of Recorded and Book: stated for tools and people, which have no tokens
}

func (s *WhatIfSum) sums() [11]*int64 {
	return [...]*int64{&s.Calls, (*int64)(&s.Recorded), &s.NoRecord, (*int64)(&s.Book), &s.NoBook, (*int64)(&s.If), &s.NoIf, &s.Compared,
		(*int64)(&s.ComparedUSD), (*int64)(&s.Change), (*int64)(&s.Fees)}
}

// merge adds o and tells how often a sum left its range.
func (s *WhatIfSum) merge(o *WhatIfSum) (wraps int32) {
	to, from := s.sums(), o.sums()
	for i := range to {
		wraps += plus(to[i], *from[i])
	}
	return wraps
}

// Ratio is the change as a part of what the compared calls cost by the book; NaN where that is nothing.
func (s *WhatIfSum) Ratio() float64 { return ratio(int64(s.Change), int64(s.ComparedUSD)) }

// WhatIfFacts is what the levers did, each by itself.
type WhatIfFacts struct {
	Touched      [levers]int64 // calls that a lever changes
	Unrescued    int64         // operations whose accepted attempt is not made
	CutTokens    int64
	Uncut        int64 // calls that stand for several, whose prompts cannot be cut
	Reread       int64 // turns that find in the cache what they had paid for again
	RereadTokens int64
	Rewritten    int64 // turns that no longer find it
	TooLarge     int64 // prompts larger than the window of the other model
	NoTokens     int64 // calls that the scenario cannot price because they state no tokens
	OwnPrice     int64 // calls that the other book itself has a price for
}

func (f *WhatIfFacts) merge(o *WhatIfFacts) {
	for l := range f.Touched {
		f.Touched[l] += o.Touched[l]
	}
	f.Unrescued, f.CutTokens, f.Uncut = f.Unrescued+o.Unrescued, f.CutTokens+o.CutTokens, f.Uncut+o.Uncut
	f.Reread, f.RereadTokens, f.Rewritten = f.Reread+o.Reread, f.RereadTokens+o.RereadTokens, f.Rewritten+o.Rewritten
	f.TooLarge, f.NoTokens, f.OwnPrice = f.TooLarge+o.TooLarge, f.NoTokens+o.NoTokens, f.OwnPrice+o.OwnPrice
}

// ModelUse is a model that the calls of a scope name.
type ModelUse struct {
	Name           string
	Calls, NoPrice int64 // NoPrice: whose tokens the scenario cannot price
	Book           tracefmt.USD
}

// NewWhatIf returns an empty comparison of what q is about. book prices the trace; sourceName gives the path of a source. The error names a
// model that no price book knows.
func NewWhatIf(q Query, sc Scenario, book *tracefmt.PriceBook, names *tracefmt.Names, cfg Config, sourceName func(uint32) string) (*WhatIf, error) {
	w := &WhatIf{sc: sc, names: names, base: book, other: book}
	w.fresh = func() *WhatIf {
		n := &WhatIf{sc: sc, names: names, base: book, other: w.other, swaps: w.swaps, variants: slices.Clone(w.variants), fresh: w.fresh}
		n.scan, n.student = NewScan(q, names, cfg, sourceName), NewStudent(cfg)
		n.rates, n.models = map[[2]tracefmt.Sym]*callRates{}, map[tracefmt.Sym]*ModelUse{}
		return n
	}
	if sc.On[LeverPrices] {
		w.other = sc.Prices.Over(book)
	}
	if sc.On[LeverModel] {
		if err := w.findModels(); err != nil {
			return nil, err
		}
	}
	upTo := uint8(0)
	for _, l := range Levers() {
		if sc.On[l] {
			upTo |= 1 << l
			w.variants = append(w.variants, variant{mask: 1 << l, lever: l, alone: true}, variant{mask: upTo, lever: l})
		}
	}
	return w.fresh(), nil
}

// Fresh is another empty comparison of the same kind, for another goroutine.
func (w *WhatIf) Fresh() *WhatIf { return w.fresh() }

func (w *WhatIf) findModels() (err error) {
	for _, s := range w.sc.Swaps {
		m := modelSwap{Swap: s}
		m.exact, m.isExact = w.names.Find(s.From)
		if m.other, err = FindModel(w.other, s.To); err != nil {
			return err
		}
		if m.base, err = FindModel(w.base, s.To); err != nil { // only the other book knows it
			m.base = m.other
		}
		w.swaps = append(w.swaps, m)
	}
	return nil
}

// fits says that the swap is for calls of the model.
func (m *modelSwap) fits(model tracefmt.Sym, name string) bool {
	switch {
	case m.From == "":
		return true
	case m.isExact:
		return model == m.exact
	}
	return strings.Contains(strings.ToLower(name), strings.ToLower(m.From))
}

// Add reads a run.
func (w *WhatIf) Add(run *tracefmt.Run) {
	w.scan.m.Enter(run, w.scan.source)
	w.leaves = append(w.leaves[:0], make([]int32, len(run.Calls))...)
	some := false
	for i := range run.Calls {
		w.leaves[i] = w.scan.groupOf(run, i)
		some = some || w.leaves[i] >= 0
	}
	if !some {
		return
	}
	w.study(run)
	for i := range run.Calls {
		c := &run.Calls[i]
		if w.leaves[i] < 0 {
			continue
		}
		if p := payOf(c); p != payNone {
			w.call(c, i, p)
		}
		w.facts.Touched[LeverRetries] += int64(b2i(w.gone[i] && c.IsCall))
	}
}

// study finds which calls are not made and what caches would have kept, as far as the scenario asks.
func (w *WhatIf) study(run *tracefmt.Run) {
	w.gone = append(w.gone[:0], make([]bool, len(run.Calls))...)
	w.shift = append(w.shift[:0], make([]int64, len(run.Calls))...)
	if !w.sc.On[LeverRetries] && !w.sc.On[LeverCache] {
		return
	}
	st := w.student.link(run)
	if w.sc.On[LeverRetries] {
		w.giveUp(st)
	}
	if w.sc.On[LeverCache] {
		w.student.turns(run)
		st.firstPrompts()
		w.grow.begin(st)
		for k := range st.Threads {
			if w.grow.follow(int32(k)) {
				w.recache(&w.grow)
			}
		}
	}
}

// giveUp marks the attempts that are not made, and all inside them.
func (w *WhatIf) giveUp(st *Study) {
	own := make([]bool, len(st.Run.Calls))
	some := false
	for k := range st.Chains {
		ch := &st.Chains[k]
		if len(ch.Calls) <= w.sc.Retries+1 {
			continue
		}
		for _, i := range ch.Calls[w.sc.Retries+1:] {
			own[i], some = true, true
			if i == ch.Accepted && w.leaves[i] >= 0 {
				w.facts.Unrescued++
			}
		}
	}
	for i := range own {
		for at, n := int32(i), 0; some && at >= 0 && n <= len(own); at, n = st.Run.Calls[at].Up, n+1 {
			w.gone[i] = w.gone[i] || own[at]
		}
	}
}

// recache notes what the turns of a thread read from a cache, or write to it again, where it keeps prefixes for another time. A turn that
// the trace has any other reason for not to find its prefix does not find it.
func (w *WhatIf) recache(g *grower) {
	life := cacheLife
	calls := g.st.Run.Calls
	for t := range g.turns {
		turn := &g.turns[t]
		if t > 0 {
			gap := gapBefore(calls, &g.turns[t-1], turn)
			switch {
			case turn.Missed && gap > life && gap <= w.sc.CacheLife && g.evidence(t, gap, life) == 1<<BreakIdle:
				w.shift[turn.Call] = turn.Resent - turn.Read
			case gap > w.sc.CacheLife && gap <= life:
				w.shift[turn.Call] = -turn.Read
			}
		}
		if turn.Write > 0 {
			life = cacheLife
			if calls[turn.Call].Usage.CacheWrite1h > 0 {
				life = longCacheLife
			}
		}
	}
}

// A pay is how what a call costs can be known.
type pay uint8

const (
	payNone   pay = iota // nothing: a span that groups others, a failed call without tokens, a part of a total that is stated elsewhere
	payTokens            // tokens by a price, or unknown
	payFee               // what the trace states, whatever the prices
)

func payOf(c *tracefmt.Call) pay {
	usage := c.Has&(tracefmt.HasInput|tracefmt.HasOutput) != 0
	switch stated := statesCost(c); {
	case !c.Counted:
		return payNone
	case c.Flags&tracefmt.FlagGatewayHit != 0, stated && !usage && !c.Kind.IsModel() && c.Flags&tracefmt.FlagRest == 0:
		return payFee
	case stated || usage && (c.HasComputed || c.Flags&tracefmt.FlagCovered == 0):
		return payTokens
	case c.State == tracefmt.CostNoUsage && !unbilled(c):
		return payTokens
	}
	return payNone
}

// statesCost says that the trace states what the call cost. A cost of 0 beside tokens is none.
func statesCost(c *tracefmt.Call) bool {
	return c.Has&tracefmt.HasCost != 0 && c.Flags&tracefmt.FlagZeroCost == 0
}

// call counts a call in.
func (w *WhatIf) call(c *tracefmt.Call, i int, p pay) {
	for int(w.leaves[i]) >= len(w.sums) {
		w.sums = append(w.sums, WhatIfSum{})
	}
	s := WhatIfSum{Calls: 1, NoRecord: 1}
	if statesCost(c) {
		s.Recorded, s.NoRecord = c.Recorded, 0
	}
	r := w.ratesOf(c)
	reach := w.reach(c, i, p, r)
	clear(w.known[:])
	price := func(mask uint8) Amount { // a lever that does not reach the call leaves its cost as it is
		if mask &= reach; !w.known[mask] {
			w.memo[mask], w.known[mask] = w.price(c, i, p, r, mask), true
		}
		return w.memo[mask]
	}
	book, then, all := price(0), price(1<<levers-1), true
	for k := range w.variants {
		all = all && price(w.variants[k].mask).Known
	}
	s.NoBook, s.NoIf = int64(b2i(!book.Known)), int64(b2i(!then.Known))
	s.Book, s.If = book.USD, then.USD
	if p == payFee {
		s.Fees = s.Book
	}
	if all && book.Known && then.Known {
		s.Compared, s.ComparedUSD, s.Change = 1, book.USD, then.USD-book.USD
		for k := range w.variants {
			v := &w.variants[k]
			w.wraps += plus((*int64)(&v.usd), int64(price(v.mask).USD-book.USD))
		}
	}
	w.wraps += w.sums[w.leaves[i]].merge(&s)
	if p == payTokens {
		w.model(c, &s)
	}
}

func (w *WhatIf) model(c *tracefmt.Call, s *WhatIfSum) {
	m := w.models[c.Model]
	if m == nil {
		m = &ModelUse{}
		w.models[c.Model] = m
	}
	m.Calls++
	if s.NoIf > 0 {
		if c.Has&(tracefmt.HasInput|tracefmt.HasOutput) == 0 {
			w.facts.NoTokens++
		} else {
			m.NoPrice++
		}
	}
	m.Book, _ = m.Book.Add(s.Book)
}

// reach is the set of levers that change the call, and counts them.
func (w *WhatIf) reach(c *tracefmt.Call, i int, p pay, r *callRates) (set uint8) {
	several := c.Flags&(tracefmt.FlagRest|tracefmt.FlagSeveral) != 0
	long := w.sc.On[LeverContext] && p == payTokens && isLanguage(c) && promptTokens(c) > w.sc.MaxPrompt
	on := [levers]bool{
		LeverRetries: w.gone[i],
		LeverContext: long && !several,
		LeverCache:   w.sc.On[LeverCache] && p == payTokens && w.recached(c.Usage, w.shift[i]) != c.Usage,
		LeverModel:   r.swapped && p == payTokens && isLanguage(c),
		LeverPrices:  r.rows[0][0] != r.rows[1][0] && p == payTokens,
		LeverBatch:   w.sc.On[LeverBatch] && p == payTokens && c.Flags&tracefmt.FlagBatch == 0,
	}
	if r.swapped && r.rows[0][1] != r.rows[1][1] {
		on[LeverPrices] = p == payTokens
	}
	f := &w.facts
	for l := range on {
		set |= uint8(b2i(on[l])) << l
		if Lever(l) != LeverRetries { // those that cost nothing count, too
			f.Touched[l] += int64(b2i(on[l]))
		}
	}
	f.Uncut += int64(b2i(long && several))
	f.OwnPrice += int64(b2i(r.own && p == payTokens))
	if on[LeverContext] {
		f.CutTokens += promptTokens(c) - w.sc.MaxPrompt
	}
	if n := w.shift[i]; n > 0 && on[LeverCache] {
		f.Reread, f.RereadTokens = f.Reread+1, f.RereadTokens+n
	} else if n < 0 && on[LeverCache] {
		f.Rewritten++
	}
	if on[LeverModel] && !several {
		window := r.rows[b2i(w.sc.On[LeverPrices])][1].Window
		f.TooLarge += int64(b2i(window > 0 && w.size(c) > window))
	}
	return set
}

// size is the prompt of a call under the scenario.
func (w *WhatIf) size(c *tracefmt.Call) int64 {
	if w.sc.On[LeverContext] {
		return min(promptTokens(c), w.sc.MaxPrompt)
	}
	return promptTokens(c)
}

// isLanguage says that a language model did the work of a call.
func isLanguage(c *tracefmt.Call) bool {
	return c.Kind != tracefmt.KindEmbedding && c.Kind != tracefmt.KindReranker
}

// price is what the call costs under a set of levers that reach it.
func (w *WhatIf) price(c *tracefmt.Call, i int, p pay, r *callRates, mask uint8) Amount {
	has := func(l Lever) bool { return mask&(1<<l) != 0 }
	switch {
	case has(LeverRetries):
		return Amount{0, true}
	case p == payFee:
		return Amount{c.Recorded, true}
	case c.Has&(tracefmt.HasInput|tracefmt.HasOutput) == 0:
		return Amount{}
	case mask == 0:
		return Amount{c.Computed, c.HasComputed}
	}
	u, f := c.Usage, c.Flags
	if has(LeverContext) {
		u = cutPrompt(u, w.sc.MaxPrompt)
	}
	if has(LeverCache) {
		u = w.recached(u, w.shift[i])
	}
	if has(LeverBatch) {
		f |= tracefmt.FlagBatch
	}
	usd, ok := c.CostBy(r.rows[b2i(has(LeverPrices))][b2i(has(LeverModel))], u, f)
	if !ok {
		return Amount{}
	}
	return Amount{usd, true}
}

// cutPrompt cuts a prompt to so many tokens: history goes first, as far as it was read from a cache, then what was written to one.
func cutPrompt(u tracefmt.Usage, most int64) tracefmt.Usage {
	read, write := max(u.CacheRead, 0), max(u.CacheWrite, 0)
	over := max(u.Input, read+write) - most
	u.Input = most
	u.CacheRead = max(read-over, 0)
	u.CacheWrite = max(write-max(over-read, 0), 0)
	u.CacheWrite1h = min(u.CacheWrite1h, u.CacheWrite)
	return u
}

// recached lets a call read n tokens more from a cache, first in place of writing them; fewer, where n is below 0, are written in place of
// being read. What is written is kept for the scenario's time.
func (w *WhatIf) recached(u tracefmt.Usage, n int64) tracefmt.Usage {
	read, write := max(u.CacheRead, 0), max(u.CacheWrite, 0)
	n = max(min(n, u.Input-read), -read)
	if n > 0 {
		write -= min(n, write)
	} else {
		write -= n
	}
	u.CacheRead, u.CacheWrite, u.CacheWrite1h = read+n, write, 0
	if w.sc.CacheLife == longCacheLife {
		u.CacheWrite1h = write
	}
	return u
}

// ratesOf finds the rows that a call is priced by.
func (w *WhatIf) ratesOf(c *tracefmt.Call) *callRates {
	key := [2]tracefmt.Sym{c.Provider, c.Model}
	r := w.rates[key]
	if r != nil {
		return r
	}
	r = &callRates{}
	w.rates[key] = r
	provider, model := w.names.Name(c.Provider), w.names.Name(c.Model)
	r.rows[0][0], r.rows[1][0] = w.base.Find(provider, model), w.base.Find(provider, model)
	if w.sc.On[LeverPrices] {
		r.own = w.sc.Prices.Find(provider, model) != nil
		r.rows[1][0] = w.other.Find(provider, model)
	}
	r.rows[0][1], r.rows[1][1] = r.rows[0][0], r.rows[1][0]
	if k := slices.IndexFunc(w.swaps, func(m modelSwap) bool { return m.fits(c.Model, model) }); k >= 0 {
		r.swapped = true
		r.rows[0][1], r.rows[1][1] = w.swaps[k].base, w.swaps[k].other
	}
	return r
}

// Merge joins what o read.
func (w *WhatIf) Merge(o *WhatIf) {
	for i, at := range w.scan.adopt(o.scan) {
		for int(at) >= len(w.sums) {
			w.sums = append(w.sums, WhatIfSum{})
		}
		if i < len(o.sums) {
			w.wraps += w.sums[at].merge(&o.sums[i])
		}
	}
	for k := range w.variants {
		w.wraps += plus((*int64)(&w.variants[k].usd), int64(o.variants[k].usd))
	}
	w.facts.merge(&o.facts)
	w.wraps += o.wraps
	for y, m := range o.models {
		if mine := w.models[y]; mine != nil {
			mine.Calls, mine.NoPrice = mine.Calls+m.Calls, mine.NoPrice+m.NoPrice
			mine.Book, _ = mine.Book.Add(m.Book)
			continue
		}
		w.models[y] = m
	}
}

// A LeverEffect is what one lever changes.
type LeverEffect struct {
	Lever Lever
	Value string // as it is set
	Calls int64  // that it reaches
	Alone tracefmt.USD
	Step  tracefmt.USD // on top of the levers before it: these add up to the joint change
	Says  []string     // what it did besides
}

// A WhatIfRow is what the calls of a group cost on each side.
type WhatIfRow struct {
	Path []string
	WhatIfSum
}

// A WhatIfResult is what a WhatIf comes to.
type WhatIfResult struct {
	Scenario Scenario
	By       []Dimension
	Total    WhatIfRow
	Rows     []WhatIfRow // of every prefix of every path, parents before their children, dearest by the book first
	Levers   []LeverEffect
	Facts    WhatIfFacts
	Models   []ModelUse // most spent first
	Overflow bool       // a sum exceeds what its type holds: the numbers must not be shown
}

// Result sums up. The comparison must not go on after it.
func (w *WhatIf) Result() *WhatIfResult {
	r := &WhatIfResult{Scenario: w.sc, By: w.scan.by, Facts: w.facts}
	r.Rows, r.Total = w.rows()
	r.Overflow = w.wraps != 0
	for k := 0; k < len(w.variants); k += 2 {
		alone, upTo, before := &w.variants[k], &w.variants[k+1], tracefmt.USD(0)
		if k > 0 {
			before = w.variants[k-1].usd
		}
		l := alone.lever
		r.Levers = append(r.Levers, LeverEffect{l, w.sc.Value(l), w.facts.Touched[l], alone.usd, upTo.usd - before, w.says(l)})
	}
	for y, m := range w.models {
		m.Name = w.scan.f.symName(y)
		r.Models = append(r.Models, *m)
	}
	slices.SortFunc(r.Models, func(x, y ModelUse) int {
		return cmp.Or(cmp.Compare(y.Book, x.Book), cmp.Compare(y.Calls, x.Calls), cmp.Compare(x.Name, y.Name))
	})
	return r
}

// rows sums the groups up and puts them in order.
func (w *WhatIf) rows() (rows []WhatIfRow, total WhatIfRow) {
	nodes := w.scan.f.nodes
	sums := append(w.sums, make([]WhatIfSum, len(nodes)-min(len(nodes), len(w.sums)))...)
	kids := make([][]int32, len(nodes))
	for i := len(nodes) - 1; i > 0; i-- { // a group comes after the one above it
		up := nodes[i].up
		w.wraps += sums[up].merge(&sums[i])
		if sums[i].Calls > 0 {
			kids[up] = append(kids[up], int32(i))
		}
	}
	var emit func(at int32)
	emit = func(at int32) {
		slices.SortFunc(kids[at], func(i, k int32) int {
			x, y := &sums[i], &sums[k]
			return cmp.Or(cmp.Compare(y.Book, x.Book), cmp.Compare(y.Recorded, x.Recorded), cmp.Compare(y.Calls, x.Calls),
				slices.Compare(w.scan.pathOf(i), w.scan.pathOf(k)))
		})
		for _, i := range kids[at] {
			rows = append(rows, WhatIfRow{w.scan.pathOf(i), sums[i]})
			emit(i)
		}
	}
	emit(0)
	return rows, WhatIfRow{nil, sums[0]}
}

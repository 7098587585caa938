package analyze

import (
	"encoding/binary"
	"slices"
	"time"

	"costscope/tracefmt"
)

// Config is what decides how calls are summed up.
type Config struct {
	Mode tracefmt.CostMode // that the runs were assembled under; kept so that totals of different modes are never joined
	TZ   *time.Location    // of the days; nil is UTC

	Retries RetryRules
}

// An Aggregate is a sum of runs: their calls by CellKey, and which runs touch which cells. It answers every Query that needs no scan.
// Adding, taking back and merging give the same result in any order. One goroutine at a time may change it; any number may call Rollup
// while nobody does. A Clone is independent of it.
//
// A run counts in a group when one of its calls is in the group. A run without any call is seen as a cell without calls under its
// workflow, so that it is not lost.
type Aggregate struct {
	Runs     int64
	Threads  int64 // distinct (agent, instance) of each run, summed
	RunCosts Hist  // cost of whole runs, pico-dollars

	cfg   Config
	days  dayClock
	index map[CellKey]uint32 // nil in a fresh clone, see numbers
	cells []*cell            // by number; nil = free
	free  []uint32
	sets  setLayers // cells that a run touches, as setKey writes them: number of runs

	hot   [hotCells]uint32 // the cells used last, by cellHash
	touch []uint32
	seen  []thread
	key   []byte
}

const hotCells = 256

// A cell is the calls of one key. It lives as long as a run touches it.
type cell struct {
	key   CellKey
	sum   Summary
	runs  int64
	owner *Aggregate // the one that may change it; other holders copy it first
}

// NewAggregate returns an empty aggregate.
func NewAggregate(cfg Config) *Aggregate {
	return &Aggregate{cfg: cfg, days: newDayClock(cfg.TZ), index: map[CellKey]uint32{}}
}

// Add counts a run in.
func (a *Aggregate) Add(run *tracefmt.Run) { a.cfg.linked(run, func(st *Study) { a.count(st, 1) }) }

// AddStudy counts a run in that was studied under the same configuration.
func (a *Aggregate) AddStudy(st *Study) { a.count(st, 1) }

// Sub takes an earlier Add of the same run back.
func (a *Aggregate) Sub(run *tracefmt.Run) { a.cfg.linked(run, func(st *Study) { a.count(st, -1) }) }

func (a *Aggregate) count(st *Study, sign int64) {
	run := st.Run
	a.touch = a.touch[:0]
	cost := tracefmt.USD(0)
	for i := range run.Calls {
		c := &run.Calls[i]
		if !contributes(c) {
			continue
		}
		n := a.cellOf(keyOf(run, c, &a.days))
		cell := a.own(n)
		if sign > 0 {
			cell.sum.Add(c)
		} else {
			cell.sum.Sub(c)
		}
		if m := st.Places[i].Mark; m != 0 {
			cell.sum.repeat(c, m, sign)
		}
		cost, _ = cost.Add(c.Cost)
		a.touched(n)
	}
	if len(a.touch) == 0 {
		a.touched(a.cellOf(emptyKey(run, &a.days)))
	}
	a.countChains(st, sign)
	a.Runs += sign
	a.Threads += sign * a.threads(run)
	if sign > 0 {
		a.RunCosts.Add(int64(cost))
	} else {
		a.RunCosts.Sub(int64(cost))
	}
	a.settle(sign)
}

// countChains adds the run's chains to the cell of each one's first call.
func (a *Aggregate) countChains(st *Study, sign int64) {
	run := st.Run
	for k := range st.Chains {
		ch := &st.Chains[k]
		i := ch.firstCall(run)
		if i < 0 {
			continue
		}
		a.own(a.cellOf(keyOf(run, &run.Calls[i], &a.days))).sum.chain(ch, run.Outcome, sign)
	}
}

// touched notes that the run at hand has a call in cell n.
func (a *Aggregate) touched(n uint32) {
	for i := len(a.touch) - 1; i >= 0; i-- {
		if a.touch[i] == n {
			return
		}
	}
	a.touch = append(a.touch, n)
}

// settle counts the set of cells that the run touches, and drops cells that no run touches any more.
func (a *Aggregate) settle(sign int64) {
	slices.Sort(a.touch)
	a.key = setKey(a.key[:0], a.touch)
	a.sets.add(a.key, sign)
	for _, n := range a.touch {
		c := a.own(n)
		if c.runs += sign; c.runs == 0 {
			a.drop(n)
		}
	}
}

func (a *Aggregate) drop(n uint32) {
	delete(a.numbers(), a.cells[n].key)
	a.cells[n] = nil
	a.free = append(a.free, n)
}

// setKey writes ascending cell numbers as text.
func setKey(to []byte, cells []uint32) []byte {
	last := uint32(0)
	for _, n := range cells {
		to = binary.AppendUvarint(to, uint64(n-last))
		last = n
	}
	return to
}

// eachCell reads what setKey wrote.
func eachCell(set []byte, do func(n uint32)) {
	last, n, shift := uint32(0), uint32(0), 0
	for i := 0; i < len(set); i++ {
		n |= uint32(set[i]&0x7f) << shift
		if shift += 7; set[i] < 0x80 {
			last += n
			do(last)
			n, shift = 0, 0
		}
	}
}

// keyOf is where a call is counted.
func keyOf(run *tracefmt.Run, c *tracefmt.Call, days *dayClock) CellKey {
	k := CellKey{
		Workflow: c.Workflow, Feature: c.Feature, Version: c.Version, Agent: c.Agent, Role: c.Role, Step: c.Step, Model: c.Model,
		Provider: c.Provider, Tool: c.Tool, Day: NoDay, Kind: c.Kind, Status: c.Status, Outcome: run.Outcome,
	}
	if c.Has&tracefmt.HasStart != 0 {
		k.Day = days.day(c.Start)
	}
	return k
}

// emptyKey is where a run without calls is counted.
func emptyKey(run *tracefmt.Run, days *dayClock) CellKey {
	k := CellKey{Workflow: run.Workflow, Feature: run.Feature, Version: run.Version, Day: NoDay, Outcome: run.Outcome}
	if len(run.Calls) > 0 && run.Calls[0].Has&tracefmt.HasStart != 0 {
		k.Day = days.day(run.Calls[0].Start)
	}
	return k
}

func cellHash(k *CellKey) uint32 {
	h := uint32(k.Agent)*0x9E3779B1 ^ uint32(k.Step)*0x85EBCA6B ^ uint32(k.Model)*0xC2B2AE35 ^ uint32(k.Tool)*0x27D4EB2F ^
		uint32(k.Day)*0x165667B1 ^ uint32(k.Workflow)*0x9E3779B1>>3 ^ uint32(k.Status)<<7 ^ uint32(k.Kind)<<11 ^ uint32(k.Outcome)<<15
	h ^= h >> 15
	return (h * 0x2C1B3C6D) >> 24
}

// cellOf finds the cell of a key, or makes it.
func (a *Aggregate) cellOf(k CellKey) uint32 {
	hot := &a.hot[cellHash(&k)%hotCells]
	if n := *hot; int(n) < len(a.cells) && a.cells[n] != nil && a.cells[n].key == k {
		return n
	}
	n, ok := a.numbers()[k]
	if !ok {
		n = a.newCell(&cell{key: k, owner: a})
	}
	*hot = n
	return n
}

// numbers finds cells by key. Most clones are only read, so they get it when they need it.
func (a *Aggregate) numbers() map[CellKey]uint32 {
	if a.index == nil {
		a.index = make(map[CellKey]uint32, len(a.cells))
		for n, c := range a.cells {
			if c != nil {
				a.index[c.key] = uint32(n)
			}
		}
	}
	return a.index
}

func (a *Aggregate) newCell(c *cell) uint32 {
	n := uint32(len(a.cells))
	if last := len(a.free) - 1; last >= 0 {
		n, a.free = a.free[last], a.free[:last]
		a.cells[n] = c
	} else {
		a.cells = append(a.cells, c)
	}
	a.numbers()[c.key] = n
	return n
}

// own returns cell n for changing: one that a clone may still read is copied first.
func (a *Aggregate) own(n uint32) *cell {
	c := a.cells[n]
	if c.owner != a {
		c = &cell{key: c.key, sum: c.sum.Clone(), runs: c.runs, owner: a}
		a.cells[n] = c
	}
	return c
}

// Clone returns a copy. The cells are shared until one of the two changes them, so a copy for the screen is cheap.
func (a *Aggregate) Clone() *Aggregate {
	c := *a
	c.index, c.sets = nil, a.sets.clone()
	c.cells, c.free = slices.Clone(a.cells), slices.Clone(a.free)
	c.RunCosts = a.RunCosts.Clone()
	c.touch, c.seen, c.key = nil, nil, nil
	for _, x := range a.cells {
		if x != nil && x.owner != nil {
			x.owner = nil
		}
	}
	return &c
}

// Merge joins the aggregate of other runs, made under the same configuration.
func (a *Aggregate) Merge(b *Aggregate) { a.combine(b, 1) }

// Unmerge takes an earlier Merge of the same runs back.
func (a *Aggregate) Unmerge(b *Aggregate) {
	to := a.combine(b, -1)
	for i, c := range b.cells {
		if c != nil && a.cells[to[i]].runs == 0 {
			a.drop(to[i])
		}
	}
}

// combine adds b (sign 1) or takes it away (-1), and returns where each cell of b stands.
func (a *Aggregate) combine(b *Aggregate, sign int64) (to []uint32) {
	to = make([]uint32, len(b.cells))
	for i, c := range b.cells {
		if c == nil {
			continue
		}
		to[i] = a.cellOf(c.key)
		mine := a.own(to[i])
		if sign > 0 {
			mine.sum.Merge(&c.sum)
		} else {
			mine.sum.Unmerge(&c.sum)
		}
		mine.runs += sign * c.runs
	}
	b.sets.each(func(set []byte, runs int64) { a.sets.add(a.renumber(set, to), sign*runs) })
	a.Runs += sign * b.Runs
	a.Threads += sign * b.Threads
	a.RunCosts.combine(&b.RunCosts, sign)
	return to
}

// renumber writes a set in other cell numbers.
func (a *Aggregate) renumber(set []byte, to []uint32) []byte {
	a.touch = a.touch[:0]
	eachCell(set, func(n uint32) { a.touch = append(a.touch, to[n]) })
	slices.Sort(a.touch)
	a.key = setKey(a.key[:0], a.touch)
	return a.key
}

// Cells is the number of cells.
func (a *Aggregate) Cells() int { return len(a.cells) - len(a.free) }

// EachCell visits the cells in no particular order. The summary must not be changed.
func (a *Aggregate) EachCell(do func(k CellKey, s *Summary, runs int64)) {
	for _, c := range a.cells {
		if c != nil {
			do(c.key, &c.sum, c.runs)
		}
	}
}

// StaleCells are the cells whose dearest call was taken back, so that Max is only a bound. A scan of their calls finds it; see SetMax.
func (a *Aggregate) StaleCells() []CellKey {
	var keys []CellKey
	for _, c := range a.cells {
		if c != nil && c.sum.MaxStale {
			keys = append(keys, c.key)
		}
	}
	return keys
}

// SetMax states the dearest call of a cell.
func (a *Aggregate) SetMax(k CellKey, max tracefmt.USD) {
	if n, ok := a.numbers()[k]; ok {
		c := a.own(n)
		c.sum.Max, c.sum.MaxStale = max, false
	}
}

// CellKey is the key that a call of a run is counted under; false where it is not counted.
func (a *Aggregate) CellKey(run *tracefmt.Run, c *tracefmt.Call) (CellKey, bool) {
	return keyOf(run, c, &a.days), contributes(c)
}

type thread struct{ agent, instance tracefmt.Sym }

// threads is the number of distinct agent instances with a call in the run.
func (a *Aggregate) threads(run *tracefmt.Run) int64 {
	a.seen = a.seen[:0]
	for i := range run.Calls {
		c := &run.Calls[i]
		if t := (thread{c.Agent, c.Instance}); c.IsCall && !seenLast(a.seen, t) {
			a.seen = append(a.seen, t)
		}
	}
	return int64(len(a.seen))
}

// seenLast looks from the end: threads repeat.
func seenLast(seen []thread, t thread) bool {
	for i := len(seen) - 1; i >= 0; i-- {
		if seen[i] == t {
			return true
		}
	}
	return false
}

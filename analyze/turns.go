package analyze

import (
	"math"
	"math/bits"
)

// exactTurns is the first turn number that shares a slot with others: from there on each octave has 16 slots.
const exactTurns = 32

// turnSlot is where turn n, from 1, is counted.
func turnSlot(n int32) int {
	if n < exactTurns {
		return max(int(n), 1) - 1
	}
	s := bits.Len32(uint32(n)) - 5
	return 16*s + int(n>>s) - 1
}

// slotTurn is the first turn of a slot.
func slotTurn(slot int) int {
	b := slot + 1
	if b < exactTurns {
		return b
	}
	s := b/16 - 1
	return (b - 16*s) << s
}

// A turnSum is the prompts of one turn number of all threads.
type turnSum struct {
	sizes        Hist // tokens
	read, resets int64
}

// turnSizes is how large prompts are by the number of their turn.
type turnSizes struct {
	by    []turnSum // by slot
	wraps int32
}

// A TurnRow is the prompts of a turn number, or of some that follow each other.
type TurnRow struct {
	From, To    int   // turn numbers
	Turns       int64 // prompts; 0: none
	Median, P95 int64 // tokens
	Cached      float64
	Resets      int64
}

// thread counts the turns of a thread in: in tells which; nil is all.
func (x *turnSizes) thread(g *grower, in []bool) {
	for t := range g.turns {
		turn := &g.turns[t]
		if in != nil && !in[turn.Call] {
			continue
		}
		s := x.at(turnSlot(g.turnOf(t)))
		s.sizes.Add(turn.Prompt)
		s.resets += int64(b2i(turn.Reset))
		x.wraps += plus(&s.read, turn.Read)
	}
}

func (x *turnSizes) at(slot int) *turnSum {
	for len(x.by) <= slot {
		x.by = append(x.by, turnSum{})
	}
	return &x.by[slot]
}

func (x *turnSizes) merge(o *turnSizes) {
	for k := range o.by {
		s := x.at(k)
		s.sizes.Merge(&o.by[k].sizes)
		s.resets += o.by[k].resets
		x.wraps += plus(&s.read, o.by[k].read)
	}
	x.wraps += o.wraps
}

func (x *turnSizes) result() (rows []TurnRow) {
	for k := range x.by {
		s := &x.by[k]
		r := TurnRow{From: slotTurn(k), To: slotTurn(k+1) - 1, Turns: s.sizes.N(), Resets: s.resets, Cached: ratio(s.read, s.sizes.Sum())}
		if r.Turns > 0 {
			r.Median, r.P95 = s.sizes.Percentile(50, 100, math.MaxInt64), s.sizes.Percentile(95, 100, math.MaxInt64)
		}
		rows = append(rows, r)
	}
	return rows
}

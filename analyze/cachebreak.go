package analyze

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"costscope/tracefmt"
)

// BreakCause is why what a turn should have read from a cache was not there.
type BreakCause uint8

const (
	BreakUnknown BreakCause = iota // nothing in the trace tells
	BreakModel                     // another model answered: caches are per model
	BreakIdle                      // more time passed than a cache lives
	BreakReset                     // the context was compacted, cleared or cut
	BreakPrefix                    // the start of the prompt changed: its instructions, guardrails or tools, or the workflow's version or feature
	breakCauses
)

var breakNames = [breakCauses]string{"unknown", "model switch", "idle too long", "context reset", "prefix changed"}

func (b BreakCause) String() string { return breakNames[b] }

// How long providers keep a prefix that is not read again: five minutes, or an hour where it was written for an hour.
const cacheLife, longCacheLife = 5 * time.Minute, time.Hour

// A CacheBreak is a turn that paid again for what should have been in the cache.
type CacheBreak struct {
	Run             string
	Thread, Turn    int32
	Call            string // id
	Agent, Instance tracefmt.Sym
	Cause           BreakCause
	Also            uint8         // bit n: the trace has evidence for cause n
	Gap             time.Duration // from the end of the turn before; -1 where unknown
	Lost            int64         // tokens
	Penalty         Amount        // what they cost above the price of a cache read
}

func compareCacheBreaks(a, b *CacheBreak) int {
	return cmp.Or(cmp.Compare(b.Penalty.USD, a.Penalty.USD), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Thread, b.Thread), cmp.Compare(a.Turn, b.Turn),
		cmp.Compare(a.Call, b.Call), cmp.Compare(b.Lost, a.Lost))
}

// A BreakSum is what the breaks of one cause add up to.
type BreakSum struct {
	Breaks, Lost int64 // Lost in tokens
	Penalty      tracefmt.USD
	Unknown      int64 // breaks whose penalty is not known
}

// Breaks is the cache breaks of runs.
type Breaks struct {
	Sums [breakCauses]BreakSum // by BreakCause
	Top  []CacheBreak          // dearest first

	wraps int32
}

// thread looks for breaks in a thread: in tells which calls are to be counted; nil is all.
func (x *Breaks) thread(g *grower, in []bool) {
	life := cacheLife
	for t := range g.turns {
		turn := &g.turns[t]
		if turn.Missed && (in == nil || in[turn.Call]) {
			x.count(g, t, life)
		}
		if u := &g.st.Run.Calls[turn.Call].Usage; turn.Write > 0 {
			life = cacheLife
			if u.CacheWrite1h > 0 {
				life = longCacheLife
			}
		}
	}
}

// count adds the break before turn t.
func (x *Breaks) count(g *grower, t int, life time.Duration) {
	turn := &g.turns[t]
	b := CacheBreak{Thread: g.thread, Turn: g.turnOf(t), Lost: turn.Resent - turn.Read}
	b.Penalty = g.penalty(turn)
	b.Gap = gapBefore(g.st.Run.Calls, &g.turns[t-1], turn)
	b.Also = g.evidence(t, b.Gap, life)
	for b.Cause = BreakModel; b.Cause < breakCauses && b.Also&(1<<b.Cause) == 0; {
		b.Cause++
	}
	if b.Cause == breakCauses {
		b.Cause = BreakUnknown
	}
	s := &x.Sums[b.Cause]
	s.Breaks++
	s.Unknown += int64(b2i(!b.Penalty.Known))
	x.wraps += plus(&s.Lost, b.Lost) + plus((*int64)(&s.Penalty), int64(b.Penalty.USD))
	if len(x.Top) == topCarried && b.Penalty.USD < x.Top[topCarried-1].Penalty.USD {
		return
	}
	th := &g.st.Threads[g.thread]
	b.Run, b.Call, b.Agent, b.Instance = strings.Clone(g.st.Run.ID), strings.Clone(g.st.Run.Calls[turn.Call].ID), th.Agent, th.Instance
	x.Top = keepTop(x.Top, b, compareCacheBreaks)
}

// gapBefore is the time from the end of one turn to the start of the next; -1 where one of them is unknown.
func gapBefore(calls []tracefmt.Call, last, next *Turn) time.Duration {
	a, b := &calls[last.Call], &calls[next.Call]
	if a.Has&tracefmt.HasEnd == 0 || b.Has&tracefmt.HasStart == 0 {
		return -1
	}
	return time.Duration(max(0, b.Start-a.End))
}

// evidence is the set of causes that the trace has evidence for.
func (g *grower) evidence(t int, gap, life time.Duration) (set uint8) {
	last, turn := &g.turns[t-1], &g.turns[t]
	a, b := &g.st.Run.Calls[last.Call], &g.st.Run.Calls[turn.Call]
	for cause, is := range [breakCauses]bool{
		BreakModel:  a.Model != 0 && b.Model != 0 && a.Model != b.Model,
		BreakIdle:   gap > life,
		BreakReset:  turn.Reset || g.mark(last, turn, false) != nil,
		BreakPrefix: a.Version != b.Version || a.Feature != b.Feature || prefixChanged(a.Context, b.Context),
	} {
		set |= uint8(b2i(is)) << cause
	}
	return set
}

// prefixChanged says that what stands at the start of prompts changed its size.
func prefixChanged(a, b *[tracefmt.ContextParts]int64) bool {
	return a != nil && b != nil && slices.ContainsFunc(prefixParts, func(k int) bool { return a[k] != b[k] })
}

// prefixParts are instructions, guardrails and tools.
var prefixParts = []int{0, 2, 3}

// penalty is what the lost tokens cost above the price of a cache read.
func (g *grower) penalty(turn *Turn) Amount {
	s := &g.sends[turn.send]
	lost := turn.Resent - turn.Read
	read, _, ok := inputCost(&g.st.Run.Calls[turn.Call], lost)
	if !ok && s.read > 0 && !s.guessed {
		read, ok = scale(s.readUSD, tracefmt.USD(lost), tracefmt.USD(s.read)), true
	}
	if !ok || !s.known {
		return Amount{}
	}
	return Amount{max(0, turn.ResentUSD-s.readUSD-read), true}
}

func (x *Breaks) merge(o *Breaks) {
	for i := range x.Sums {
		to, from := &x.Sums[i], &o.Sums[i]
		to.Breaks, to.Unknown = to.Breaks+from.Breaks, to.Unknown+from.Unknown
		x.wraps += plus(&to.Lost, from.Lost) + plus((*int64)(&to.Penalty), int64(from.Penalty))
	}
	for _, row := range o.Top {
		x.Top = keepTop(x.Top, row, compareCacheBreaks)
	}
	x.wraps += o.wraps
}

// Total adds up all causes.
func (x *Breaks) Total() (sum BreakSum) {
	for _, s := range x.Sums {
		sum.Breaks, sum.Lost, sum.Unknown = sum.Breaks+s.Breaks, sum.Lost+s.Lost, sum.Unknown+s.Unknown
		sum.Penalty, _ = sum.Penalty.Add(s.Penalty)
	}
	return sum
}

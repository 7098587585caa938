package analyze

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"costscope/tracefmt"
)

// sized says that a call is part of an LLM operation and that its prompt is known: what was sent at once, counted nowhere else.
func sized(c *tracefmt.Call) bool {
	return c.Kind == tracefmt.KindLLM && c.Counted && c.Has&tracefmt.HasInput != 0 && promptTokens(c) > 0 && c.Flags&tracefmt.FlagSeveral == 0
}

// firstPrompts notes the size of each thread's first turn whose prompt is known.
func (st *Study) firstPrompts() {
	st.firsts = st.firsts[:0]
	for k := range st.Threads {
		first, turn := int64(0), int32(0)
		for _, i := range st.Threads[k].Calls {
			if c, t := &st.Run.Calls[i], st.Places[i].Turn; t > 0 && (turn == 0 || t < turn) && sized(c) && st.standsForTurn(i) {
				if first, turn = promptTokens(c), t; t == 1 {
					break
				}
			}
		}
		st.firsts = append(st.firsts, first)
	}
}

// A promptCut is what the input of an LLM call cost, and of it, what the context had grown by since the first prompt of its thread.
type promptCut struct{ input, growth tracefmt.USD }

// cutCalls prices the prompt of every LLM call once for all that ask.
func (st *Study) cutCalls() {
	st.cuts = append(st.cuts[:0], make([]promptCut, len(st.Places))...)
	for i := range st.Places {
		c := &st.Run.Calls[i]
		if st.Places[i].Turn == 0 || !known(c) {
			continue
		}
		p := promptOf(c)
		st.cuts[i].input = p.input()
		if first := st.firstOf(i); first > 0 && sized(c) && promptTokens(c) > first {
			st.cuts[i].growth = c.Cost - p.first(first) - p.output
		}
	}
}

// cutCall cuts what a call cost in the part that it would have cost had the context stayed at the first size of its thread, output
// included, and the rest: the cost of context growth. Every LLM call has both, whichever attempt it is; of others all is flat.
func cutCall(st *Study, i int) (flat, growth tracefmt.USD) {
	growth = st.cuts[i].growth
	return st.Run.Calls[i].Cost - growth, growth
}

// firstOf is the size of the first prompt of a call's thread; 0 where it has none.
func (st *Study) firstOf(i int) int64 {
	if k := st.Places[i].Thread; k >= 0 {
		return st.firsts[k]
	}
	return 0
}

// A send is a prompt that a thread paid for: an attempt at an LLM operation whose prompt size is known.
type send struct {
	prompt
	call, turn int32
	stands     bool // the turn is counted by this attempt
	reset      bool // and the context shrank before it
	known      bool // the cost is
	tokens     int64
	flat       tracefmt.USD // what the prompt would have cost at the first size of the thread
}

// grown is the part of its cost that context growth is to blame for.
func (s *send) grown() tracefmt.USD { return s.input() - s.flat }

// A Turn is an LLM operation of a thread whose prompt size is known, by the attempt that stands for it: the accepted one, else the base
// attempt. Amounts are 0 where the cost is unknown.
type Turn struct {
	Call             int32 // index in Run.Calls
	Prompt           int64 // tokens
	Read, Write      int64 // of them, read from a cache and written to one
	Resent           int64 // of them, billed as input before
	Reset, Compacted bool  // the context shrank; the trace says that it was compacted
	Missed           bool  // what should have been in the cache was not read from it
	Known            bool  // the cost is
	Input, Flat      tracefmt.USD
	ResentUSD        tracefmt.USD
	Output           tracefmt.USD

	send int32 // index in grower.sends
}

// A grower follows the context of one thread after the other, in the same memory.
type grower struct {
	st     *Study
	thread int32
	first  int64              // tokens of the first prompt
	sends  []send             // by start
	turns  []Turn             // in order
	marks  []*tracefmt.Record // the run's compactions, by start

	tools []int32 // called since the last prompt
	parts []piece // of the last prompt
}

// begin turns to another run.
func (g *grower) begin(st *Study) {
	g.st, g.marks = st, g.marks[:0]
	for _, m := range st.Run.Marks {
		if m.Has&tracefmt.HasStart != 0 && (m.Event == tracefmt.EventCompact || m.Event == tracefmt.EventMicroCompact) {
			g.marks = append(g.marks, m)
		}
	}
}

// follow reads a thread. It is false where the size of no prompt is known.
func (g *grower) follow(thread int32) bool {
	st := g.st
	g.thread, g.first = thread, st.firsts[thread]
	g.sends, g.turns = g.sends[:0], g.turns[:0]
	if g.first == 0 {
		return false
	}
	sorted := true
	for _, i := range st.Threads[thread].Calls {
		c := &st.Run.Calls[i]
		if st.Places[i].Turn == 0 || !sized(c) {
			continue
		}
		s := send{prompt: promptOf(c), call: i, turn: st.Places[i].Turn, stands: st.standsForTurn(i), known: known(c)}
		s.tokens, s.flat = s.size(), s.prompt.first(g.first)
		g.sends = append(g.sends, s)
		if s.stands {
			sorted = sorted && (len(g.turns) == 0 || g.turnOf(len(g.turns)-1) <= s.turn)
			g.turns = append(g.turns, Turn{Call: i, Prompt: s.tokens, Read: s.read, Write: s.write, Known: s.known, Input: s.input(), Flat: s.flat,
				Output: s.output, send: int32(len(g.sends) - 1)})
		}
	}
	if !sorted {
		slices.SortStableFunc(g.turns, func(x, y Turn) int { return cmp.Compare(g.sends[x.send].turn, g.sends[y.send].turn) })
	}
	g.compare()
	return true
}

func (g *grower) turnOf(t int) int32 { return g.sends[g.turns[t].send].turn }

// compare settles what each turn is to the one before it.
func (g *grower) compare() {
	for t := range g.turns {
		x := &g.turns[t]
		if t == 0 {
			x.Resent = x.Read
		} else {
			last := &g.turns[t-1]
			x.Compacted = len(g.marks) > 0 && g.compacted(last, x)
			x.Reset = x.Compacted || 10*x.Prompt < 7*last.Prompt
			same := last.Prompt
			if x.Reset {
				same = g.first
			}
			x.Resent = max(x.Read, min(x.Prompt, same))
			x.Missed = x.Resent > 0 && 2*x.Read < x.Resent && 2*(last.Read+last.Write) >= x.Resent
		}
		g.sends[x.send].reset = x.Reset
		x.ResentUSD = g.sends[x.send].prompt.first(x.Resent)
	}
}

// compacted says that the trace tells of a compaction between two turns. One that names neither agent nor instance can be that of
// another thread: it counts where the prompt shrank.
func (g *grower) compacted(last, x *Turn) bool {
	m := g.mark(last, x, true)
	return m != nil && (m.Instance != 0 || m.Agent != 0 || len(g.st.Threads) == 1 || x.Prompt < last.Prompt)
}

// mark is a compaction of the thread between two turns; nil for none. Whole: of all of the context, not of old tool results.
func (g *grower) mark(last, x *Turn, whole bool) *tracefmt.Record {
	if len(g.marks) == 0 {
		return nil
	}
	calls, th := g.st.Run.Calls, &g.st.Threads[g.thread]
	from, to := calls[last.Call].Start, calls[x.Call].Start
	at, _ := slices.BinarySearchFunc(g.marks, from+1, func(m *tracefmt.Record, t int64) int { return cmp.Compare(m.Start, t) })
	for _, m := range g.marks[at:] {
		if m.Start > to {
			break
		}
		if (!whole || m.Event == tracefmt.EventCompact) && m.Instance == th.Instance && (m.Agent == 0 || m.Agent == th.Agent) {
			return m
		}
	}
	return nil
}

// A Segment is the turns of a thread between two resets, by their indexes: [From, To).
type Segment struct {
	From, To int
	Slope    float64 // tokens per turn, by least squares; NaN for one turn
}

// segments cuts turns at resets.
func segments(turns []Turn) (out []Segment) {
	for from, t := 0, 1; t <= len(turns); t++ {
		if t == len(turns) || turns[t].Reset {
			out = append(out, Segment{from, t, promptSlope(turns[from:t])})
			from = t
		}
	}
	return out
}

// promptSlope is the sum of (t - mean)*P over the sum of (t - mean)^2.
func promptSlope(turns []Turn) float64 {
	n, up := float64(len(turns)), 0.0
	for t := range turns {
		up += (float64(t) - (n-1)/2) * float64(turns[t].Prompt)
	}
	if n < 2 {
		return math.NaN()
	}
	return up * 12 / (n * (n*n - 1))
}

// doubling is the exponent b: with twice the turns, 2^b times the prompt tokens are billed. NaN for fewer than four turns.
func doubling(turns []Turn) float64 {
	n := len(turns)
	if n < 4 {
		return math.NaN()
	}
	sum, half := 0.0, 0.0
	for t := range turns {
		if t == n/2 {
			half = sum
		}
		sum += float64(turns[t].Prompt)
	}
	return math.Log(sum/half) / math.Log(float64(n)/float64(n/2))
}

// Growth is what sending a growing context comes to, over turns. Amounts are those of calls with a known cost.
type Growth struct {
	Threads, Turns              int64
	Unpriced                    int64 // turns with an unknown cost: amounts are lower bounds
	Resets, Compactions, Missed int64
	Prompt, Flat, Resent        int64 // tokens; Flat had every prompt been as small as the first of its thread
	Read, Write                 int64 // of Prompt
	InputUSD, OutputUSD         tracefmt.USD
	FlatUSD, ResentUSD          tracefmt.USD // of InputUSD
	SavingUSD                   tracefmt.USD // what the cache took off the price of fresh input; negative where its writes cost more
	SavingUnknown               int64        // turns with cached tokens whose prices are not known

	// Other LLM calls: attempts that do not stand for their turn, and calls whose prompt size is unknown, which count as flat.
	OtherFlatUSD, OtherGrowthUSD tracefmt.USD

	wraps int32
}

// GrowthUSD is what the turns cost beyond what they would have at the first size of the context.
func (g *Growth) GrowthUSD() tracefmt.USD { return g.InputUSD - g.FlatUSD }

// TotalUSD is what all LLM calls cost.
func (g *Growth) TotalUSD() tracefmt.USD {
	return g.InputUSD + g.OutputUSD + g.OtherFlatUSD + g.OtherGrowthUSD
}

// Factor is how many times dearer growth makes the turns; NaN where nothing was paid.
func (g *Growth) Factor() float64 {
	return ratio(int64(g.InputUSD+g.OutputUSD), int64(g.FlatUSD+g.OutputUSD))
}

// ResendRatio is the part of the prompt tokens that were billed before.
func (g *Growth) ResendRatio() float64 { return ratio(g.Resent, g.Prompt) }

// HitRate is the part of the re-sent tokens that came from a cache.
func (g *Growth) HitRate() float64 { return ratio(g.Read, g.Resent) }

// Overflow says that a sum exceeds what its type holds.
func (g *Growth) Overflow() bool { return g.wraps != 0 }

func (g *Growth) sums() [19]*int64 {
	return [...]*int64{&g.Threads, &g.Turns, &g.Unpriced, &g.Resets, &g.Compactions, &g.Missed, &g.Prompt, &g.Flat, &g.Resent, &g.Read, &g.Write,
		(*int64)(&g.InputUSD), (*int64)(&g.OutputUSD), (*int64)(&g.FlatUSD), (*int64)(&g.ResentUSD), (*int64)(&g.SavingUSD), &g.SavingUnknown,
		(*int64)(&g.OtherFlatUSD), (*int64)(&g.OtherGrowthUSD)}
}

func (g *Growth) merge(o *Growth) {
	to, from := g.sums(), o.sums()
	for i := range to {
		g.wraps += plus(to[i], *from[i])
	}
	g.wraps += o.wraps
}

// turn counts a turn in.
func (g *Growth) turn(x *Turn, first int64) {
	g.Turns++
	g.Resets += int64(b2i(x.Reset))
	g.Compactions += int64(b2i(x.Compacted))
	g.Missed += int64(b2i(x.Missed))
	g.Unpriced += int64(b2i(!x.Known))
	g.wraps += plus(&g.Prompt, x.Prompt) + plus(&g.Flat, min(x.Prompt, first)) + plus(&g.Resent, x.Resent) + plus(&g.Read, x.Read) + plus(&g.Write, x.Write)
	g.wraps += plus((*int64)(&g.InputUSD), int64(x.Input)) + plus((*int64)(&g.OutputUSD), int64(x.Output)) +
		plus((*int64)(&g.FlatUSD), int64(x.Flat)) + plus((*int64)(&g.ResentUSD), int64(x.ResentUSD))
}

// other counts an LLM call in that is no turn.
func (g *Growth) other(flat, growth tracefmt.USD) {
	g.wraps += plus((*int64)(&g.OtherFlatUSD), int64(flat)) + plus((*int64)(&g.OtherGrowthUSD), int64(growth))
}

// saved counts what the cache saved on a call.
func (g *Growth) saved(c *tracefmt.Call, p *prompt) {
	if p.read+p.write == 0 || !known(c) {
		return
	}
	_, fresh, ok := inputCost(c, p.read+p.write)
	if !ok {
		g.SavingUnknown++
		return
	}
	g.wraps += plus((*int64)(&g.SavingUSD), int64(fresh-p.readUSD-p.writeUSD))
}

// inputCost is what n tokens of a call's input cost as cache reads and as fresh input, at the call's own prices: where the cost in force
// is not the computed one, in proportion to it.
func inputCost(c *tracefmt.Call, n int64) (read, fresh tracefmt.USD, ok bool) {
	at := int64(0)
	if c.Has&tracefmt.HasStart != 0 {
		at = c.Start
	}
	read, fresh, ok = c.Price.InputCost(c.Usage, at, n)
	if !ok || c.State == tracefmt.CostComputed && c.Flags&tracefmt.FlagBatch == 0 {
		return read, fresh, ok
	}
	total, fine := c.Price.Cost(c.Usage, at)
	if !fine || total <= 0 {
		return 0, 0, false
	}
	return scale(read, c.Cost, total), scale(fresh, c.Cost, total), true
}

// scale is x*num/den rounded down, at most the largest amount. x and num are at least 0, den above 0.
func scale(x, num, den tracefmt.USD) tracefmt.USD {
	hi, lo := bits.Mul64(uint64(x), uint64(num))
	if hi >= uint64(den) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(den))
	return tracefmt.USD(min(q, math.MaxInt64))
}

// A ThreadGrowth is how the context of one thread of a run grew.
type ThreadGrowth struct {
	Thread   int32 // index in Study.Threads
	Turns    []Turn
	Segments []Segment
	Growth
	Exponent float64 // NaN for fewer than four turns
}

// Growth is how the contexts of a run's threads grew; threads without a known prompt are not in it. Nothing of it is overwritten.
func (st *Study) Growth() (out []ThreadGrowth) {
	var g grower
	g.begin(st)
	for k := range st.Threads {
		t := ThreadGrowth{Thread: int32(k)}
		sized := g.follow(t.Thread)
		g.sum(&t.Growth, nil)
		if sized {
			t.Turns, t.Segments, t.Exponent = slices.Clone(g.turns), segments(g.turns), doubling(g.turns)
			out = append(out, t)
		}
	}
	return out
}

// Grown is how many times larger the last prompt is than the first, Peak the largest; Added are the tokens that came on top of the first.
func (t *ThreadGrowth) Grown() float64 { return ratio(t.last().Prompt, t.Turns[0].Prompt) }
func (t *ThreadGrowth) Added() int64   { return t.last().Prompt - t.Turns[0].Prompt }
func (t *ThreadGrowth) Peak() float64  { return ratio(peakOf(t.Turns), t.Turns[0].Prompt) }
func (t *ThreadGrowth) last() *Turn    { return &t.Turns[len(t.Turns)-1] }

func peakOf(turns []Turn) (most int64) {
	for t := range turns {
		most = max(most, turns[t].Prompt)
	}
	return most
}

// sum counts the thread's LLM calls in: in tells which; nil is all of them.
func (g *grower) sum(to *Growth, in []bool) {
	turns := to.Turns
	for t := range g.turns {
		if x := &g.turns[t]; in == nil || in[x.Call] {
			to.turn(x, g.first)
			to.saved(&g.st.Run.Calls[x.Call], &g.sends[x.send].prompt)
		}
	}
	to.Threads += int64(b2i(to.Turns > turns))
	at := 0
	for _, i := range g.st.Threads[g.thread].Calls {
		if g.st.Places[i].Turn == 0 {
			continue
		}
		flat, growth, stands := g.st.Run.Calls[i].Cost, tracefmt.USD(0), false
		if at < len(g.sends) && g.sends[at].call == i {
			growth, stands = g.sends[at].grown(), g.sends[at].stands
			at++
		}
		if !stands && (in == nil || in[i]) && known(&g.st.Run.Calls[i]) {
			to.other(flat-growth, growth)
		}
	}
}

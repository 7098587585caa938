package analyze

import (
	"cmp"
	"math"

	"costscope/tracefmt"
)

// A GrownThread is one of the threads whose growth cost most.
type GrownThread struct {
	Run             string
	Thread          int32 // index in Study.Threads
	Agent, Instance tracefmt.Sym
	Turns           int64
	First, Peak     int64        // tokens of its prompts
	USD             tracefmt.USD // what growth cost, attempts that are no turn included
	Line            PromptLine
}

func compareGrown(a, b *GrownThread) int {
	return cmp.Or(cmp.Compare(b.USD, a.USD), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Thread, b.Thread), cmp.Compare(a.Turns, b.Turns),
		cmp.Compare(a.First, b.First), cmp.Compare(a.Peak, b.Peak))
}

// Context collects what growing contexts cost over runs.
type Context struct {
	sum       Growth
	exponents Hist // millionths
	peaks     Hist // largest prompt over the first, thousandths
	largest   int64
	peak      PromptLine // the thread with the largest prompt
	top       []GrownThread
	parts     Composition
	carry     Carry
	breaks    Breaks
	byTurn    turnSizes

	g grower
}

// NewContext returns a collector of nothing.
func NewContext() *Context { return &Context{} }

// add reads a run: in tells which calls count; nil is all. What a thread's first prompt is does not depend on it.
func (x *Context) add(st *Study, in []bool) {
	x.g.begin(st)
	for k := range st.Threads {
		sized := x.g.follow(int32(k))
		before := x.sum.GrowthUSD() + x.sum.OtherGrowthUSD
		turns := x.sum.Turns
		x.g.sum(&x.sum, in)
		if !sized {
			continue
		}
		x.sends(in)
		x.carry.thread(&x.g, in)
		x.breaks.thread(&x.g, in)
		x.byTurn.thread(&x.g, in)
		if n := x.sum.Turns - turns; n > 0 {
			x.thread(n, x.sum.GrowthUSD()+x.sum.OtherGrowthUSD-before)
		}
	}
}

// sends looks at each prompt that the thread paid for.
func (x *Context) sends(in []bool) {
	calls := x.g.st.Run.Calls
	var first *[tracefmt.ContextParts]int64
	if len(x.g.turns) > 0 {
		first = calls[x.g.turns[0].Call].Context
	}
	for n := range x.g.sends {
		if s := &x.g.sends[n]; in == nil || in[s.call] {
			x.largest = max(x.largest, s.tokens)
			x.parts.send(s, first, calls[s.call].Context, x.g.first)
		}
	}
}

// thread counts a thread with turns in scope.
func (x *Context) thread(turns int64, usd tracefmt.USD) {
	g := &x.g
	peak := peakOf(g.turns)
	x.peaks.Add(int64(math.Round(1000 * float64(peak) / float64(g.first))))
	if b := doubling(g.turns); !math.IsNaN(b) {
		x.exponents.Add(int64(math.Round(b * 1e6)))
	}
	if comparePeaks(&PromptLine{Run: g.st.Run.ID, Thread: g.thread, Peak: peak}, &x.peak) < 0 {
		x.peak = g.line()
	}
	if usd <= 0 || len(x.top) == topCarried && usd < x.top[topCarried-1].USD {
		return
	}
	th := &g.st.Threads[g.thread]
	row := GrownThread{Run: g.st.Run.ID, Thread: g.thread, Agent: th.Agent, Instance: th.Instance, Turns: turns, First: g.first, Peak: peak, USD: usd}
	if len(x.top) == topCarried && compareGrown(&row, &x.top[topCarried-1]) >= 0 {
		return
	}
	row.Line = g.line()
	row.Run = row.Line.Run
	x.top = keepTop(x.top, row, compareGrown)
}

func (x *Context) merge(o *Context) {
	x.sum.merge(&o.sum)
	x.exponents.Merge(&o.exponents)
	x.peaks.Merge(&o.peaks)
	x.largest = max(x.largest, o.largest)
	if comparePeaks(&o.peak, &x.peak) < 0 {
		x.peak = o.peak
	}
	for _, row := range o.top {
		x.top = keepTop(x.top, row, compareGrown)
	}
	x.parts.merge(&o.parts)
	x.carry.merge(&o.carry)
	x.breaks.merge(&o.breaks)
	x.byTurn.merge(&o.byTurn)
}

// A ContextReport is what a Context comes to.
type ContextReport struct {
	Growth
	MaxPrompt                 int64   // tokens of the largest prompt
	Exponent, ExponentP90     float64 // doubling exponent: median and 90th percentile of the threads with four or more turns; NaN without any
	Exponents                 int64   // how many threads those are
	PeakGrowth, PeakGrowthP95 float64 // largest prompt over the first: median and 95th percentile of threads; NaN without any
	Top                       []GrownThread
	Peak                      PromptLine // the thread with the largest prompt; without turns where no size is known
	Composition               Composition
	Carry                     Carry
	Breaks                    Breaks
	ByTurn                    []TurnRow // from turn 1 up to the highest
	turnWraps                 int32
}

func (x *Context) result() ContextReport {
	r := ContextReport{Growth: x.sum, MaxPrompt: x.largest, Exponents: x.exponents.N(), Top: x.top, Peak: x.peak, Composition: x.parts, Carry: x.carry, Breaks: x.breaks, ByTurn: x.byTurn.result(), turnWraps: x.byTurn.wraps,
		Exponent: quantileOf(&x.exponents, 50, 1e6), ExponentP90: quantileOf(&x.exponents, 90, 1e6),
		PeakGrowth: quantileOf(&x.peaks, 50, 1e3), PeakGrowthP95: quantileOf(&x.peaks, 95, 1e3)}
	r.Carry.stack = nil // memory of the collector
	return r
}

// quantileOf is a percentile of values that are counted in units of 1/unit; NaN of none.
func quantileOf(h *Hist, percent int64, unit float64) float64 {
	if h.N() == 0 {
		return math.NaN()
	}
	return float64(h.Percentile(percent, 100, math.MaxInt64)) / unit
}

// Overflow says that a sum exceeds what its type holds.
func (r *ContextReport) Overflow() bool {
	return r.Growth.wraps != 0 || r.Composition.wraps != 0 || r.Carry.wraps != 0 || r.Breaks.wraps != 0 || r.turnWraps != 0
}

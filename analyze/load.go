package analyze

import (
	"math"
	"slices"
	"time"

	"costscope/tracefmt"
)

// maxBins is the most bins that time is divided into; loadRing, a power of two above it, lets a bin's number choose its place.
const (
	maxBins  = 120
	loadRing = 128
)

// loadWidths are the widths of bins (analysis-spec I.2), beyond a day doubling. Each divides the next and bins begin at multiples of their
// width, so that wider bins are sums of narrower ones to the pico-dollar.
var loadWidths = func() (list []int64) {
	for _, d := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		list = append(list, int64(d))
	}
	for day := range 12 {
		list = append(list, int64(24*time.Hour)<<day)
	}
	return list
}()

// Load adds up when money was spent and how much ran at once (analysis-spec I). Its memory does not grow with the calls, but for 16 bytes
// each for when they began and ended.
type Load struct {
	widths      []int64
	width       int   // index in widths
	first, last int64 // bins in use
	used        bool
	bin, from   int64 // the bin looked for last, and when it begins
	bins        [loadRing]binSum
	paths       []pathLoad
	index       map[PathKey]int32
	near        [nearPaths]nearPath
	spans       [][]timeSpan // of calls that took some time, in chunks that are never copied
	calls       int64
	noEnd       int64
	untimed     int64
	untimedUSD  tracefmt.USD
	hours       hourSums
	wraps       int32
}

// A PathKey is a path: workflow, agent, and model or tool.
type PathKey struct{ Workflow, Agent, What tracefmt.Sym }

// A pathLoad is what a path spent in each bin.
type pathLoad struct {
	key   PathKey
	spend [loadRing]tracefmt.USD
}

// nearPaths is how many paths are found without a map.
const (
	nearBits  = 9
	nearPaths = 1 << nearBits
)

// nearPath remembers where the path of a key is.
type nearPath struct {
	key PathKey
	at  int32 // + 1
}

// A timeSpan is when a call began and ended.
type timeSpan struct{ start, end int64 }

// spanChunk is how many spans are kept together, from the seventh chunk on.
const spanChunk = 4096

func (x *Load) keep(s timeSpan) {
	n := len(x.spans) - 1
	if n < 0 || len(x.spans[n]) == cap(x.spans[n]) {
		x.spans, n = append(x.spans, make([]timeSpan, 0, min(spanChunk, 64<<min(n+1, 6)))), n+1
	}
	x.spans[n] = append(x.spans[n], s)
}

// A binSum is what a bin holds beside spend. Calls and runs count where they begin.
type binSum struct {
	busy                                          busyTime
	attempts, operations, sized, tokens, unbilled int64
	runs                                          int64
	runCost                                       tracefmt.USD
}

func (b *binSum) merge(o *binSum) (wraps int32) {
	b.busy.add(o.busy)
	b.attempts += o.attempts
	b.operations += o.operations
	b.sized += o.sized
	b.unbilled += o.unbilled
	b.runs += o.runs
	return plus(&b.tokens, o.tokens) + plus((*int64)(&b.runCost), int64(o.runCost))
}

// busyTime is time added up over calls: nanoseconds do not fit an int64 where many run for long.
type busyTime struct{ sec, ns int64 }

func (b *busyTime) add(o busyTime) {
	b.sec += o.sec
	if b.ns += o.ns; b.ns >= 1e9 {
		b.sec, b.ns = b.sec+1, b.ns-1e9
	}
}

func (b *busyTime) span(ns int64) { b.add(busyTime{ns / 1e9, ns % 1e9}) }

// over is the time in units of ns.
func (b busyTime) over(ns int64) float64 { return (float64(b.sec)*1e9 + float64(b.ns)) / float64(ns) }

// NewLoad returns an empty sum.
func NewLoad() *Load { return &Load{widths: loadWidths, index: map[PathKey]int32{}} }

// add counts the calls of a run in that are in scope. Calls without a start are left out and counted.
func (x *Load) add(st *Study, in []bool) {
	var cost tracefmt.USD
	start, timed := int64(math.MaxInt64), false
	for i := range st.Run.Calls {
		c := &st.Run.Calls[i]
		if !contributes(c) || in != nil && !in[i] {
			continue
		}
		if known(c) {
			cost, _ = cost.Add(c.Cost)
		}
		if c.Has&tracefmt.HasStart == 0 {
			x.untimed += int64(b2i(c.IsCall))
			if known(c) {
				x.wraps += plus((*int64)(&x.untimedUSD), int64(c.Cost))
			}
			continue
		}
		x.call(c, st.Places[i].Mark)
		start, timed = min(start, c.Start), true
	}
	if timed {
		b := &x.bins[x.at(start)&(loadRing-1)]
		b.runs++
		x.wraps += plus((*int64)(&b.runCost), int64(cost))
	}
}

// call counts a call that has a start. Without an end it takes no time.
func (x *Load) call(c *tracefmt.Call, m mark) {
	start, end := c.Start, c.Start
	if c.Has&tracefmt.HasEnd != 0 {
		end = max(start, c.End)
	}
	x.cover(start, end)
	cost := tracefmt.USD(0)
	if known(c) {
		cost = c.Cost
		x.spread(&x.paths[x.path(c)], start, end, c.Cost)
	}
	x.hours.call(start, end, cost, c.IsCall)
	if !c.IsCall {
		return
	}
	x.calls++
	x.noEnd += int64(b2i(c.Has&tracefmt.HasEnd == 0))
	x.count(c, m)
	if end > start {
		x.keep(timeSpan{start, end})
		x.busy(start, end)
	}
}

func (x *Load) count(c *tracefmt.Call, m mark) {
	b := &x.bins[x.at(c.Start)&(loadRing-1)]
	b.attempts++
	b.operations += int64(b2i(m&markRepeat == 0))
	b.unbilled += int64(b2i(unbilled(c)))
	if c.Kind == tracefmt.KindLLM && c.Has&(tracefmt.HasInput|tracefmt.HasOutput) != 0 {
		b.sized++
		x.wraps += plus(&b.tokens, c.Usage.Input+c.Usage.Output)
	}
}

// at is the number of the bin that holds time t.
func (x *Load) at(t int64) int64 {
	w := x.widths[x.width]
	if t < x.from || t-x.from >= w {
		x.bin = floorDiv(t, w)
		x.from = x.bin * w
	}
	return x.bin
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// cover widens the bins until [start, end) fits in.
func (x *Load) cover(start, end int64) {
	low := x.at(start)
	high := low
	if end > start && end-x.from > x.widths[x.width] {
		high = floorDiv(end-1, x.widths[x.width])
	}
	if !x.used {
		x.first, x.last, x.used = low, low, true
	}
	if low >= x.first && high <= x.last {
		return
	}
	low, high = min(x.first, low), max(x.last, high)
	for high-low >= maxBins && x.width+1 < len(x.widths) {
		by := x.widen()
		low, high = floorDiv(low, by), floorDiv(high, by)
	}
	x.first, x.last = low, high
}

// widen goes on to the next width: by of the bins make one.
func (x *Load) widen() (by int64) {
	by = x.widths[x.width+1] / x.widths[x.width]
	bins := x.bins
	x.bins = [loadRing]binSum{}
	for b := x.first; b <= x.last; b++ {
		x.wraps += x.bins[floorDiv(b, by)&(loadRing-1)].merge(&bins[b&(loadRing-1)])
	}
	for i := range x.paths {
		p := &x.paths[i]
		spend := p.spend
		p.spend = [loadRing]tracefmt.USD{}
		for b := x.first; b <= x.last; b++ {
			x.wraps += p.put(floorDiv(b, by), spend[b&(loadRing-1)])
		}
	}
	x.width++
	x.first, x.last = floorDiv(x.first, by), floorDiv(x.last, by)
	x.bin = floorDiv(x.from, x.widths[x.width])
	x.from = x.bin * x.widths[x.width]
	return by
}

func (p *pathLoad) put(bin int64, cost tracefmt.USD) int32 {
	return plus((*int64)(&p.spend[bin&(loadRing-1)]), int64(cost))
}

// spread divides a cost evenly over the time of its call. What lies before a time is rounded down, so that bins add up to the cost.
func (x *Load) spread(p *pathLoad, start, end int64, cost tracefmt.USD) {
	w, b := x.widths[x.width], x.at(start)
	before := tracefmt.USD(0)
	if cost > 0 {
		for edge := x.from + w; edge < end; edge += w {
			upTo := mulDiv(cost, edge-start, end-start)
			x.wraps += p.put(b, upTo-before)
			before = upTo
			b++
		}
	}
	x.wraps += p.put(b, cost-before)
}

// busy adds the time of a call to the bins that it runs in.
func (x *Load) busy(start, end int64) {
	w, b := x.widths[x.width], x.at(start)
	for edge := x.from + w; start < end; edge += w {
		x.bins[b&(loadRing-1)].busy.span(min(edge, end) - start)
		start = min(edge, end)
		b++
	}
}

// pathKey is the path of a call.
func pathKey(c *tracefmt.Call) PathKey {
	if c.Kind == tracefmt.KindTool || c.Model == 0 {
		return PathKey{c.Workflow, c.Agent, c.Tool}
	}
	return PathKey{c.Workflow, c.Agent, c.Model}
}

// path is the index of a call's path.
func (x *Load) path(c *tracefmt.Call) int32 {
	key := pathKey(c)
	near := &x.near[(key.Agent*31+key.What*7+key.Workflow)*2654435769>>(32-nearBits)]
	if near.at == 0 || near.key != key {
		near.key, near.at = key, x.pathOf(key)+1
	}
	return near.at - 1
}

func (x *Load) pathOf(key PathKey) int32 {
	n, ok := x.index[key]
	if !ok {
		n = int32(len(x.paths))
		x.index[key], x.paths = n, append(x.paths, pathLoad{key: key})
	}
	return n
}

// merge adds what o counted.
func (x *Load) merge(o *Load) {
	if o.used {
		x.mergeBins(o)
	}
	for _, chunk := range o.spans {
		x.spans = append(x.spans, slices.Clip(chunk)) // what o adds later is not seen
	}
	x.hours.merge(&o.hours)
	x.calls += o.calls
	x.noEnd += o.noEnd
	x.untimed += o.untimed
	x.wraps += o.wraps + plus((*int64)(&x.untimedUSD), int64(o.untimedUSD))
}

func (x *Load) mergeBins(o *Load) {
	for x.width < o.width {
		x.widen()
	}
	w := o.widths[o.width]
	x.cover(o.first*w, (o.last+1)*w)
	by := x.widths[x.width] / w
	for b := o.first; b <= o.last; b++ {
		x.wraps += x.bins[floorDiv(b, by)&(loadRing-1)].merge(&o.bins[b&(loadRing-1)])
	}
	for i := range o.paths {
		p := &x.paths[x.pathOf(o.paths[i].key)]
		for b := o.first; b <= o.last; b++ {
			x.wraps += p.put(floorDiv(b, by), o.paths[i].spend[b&(loadRing-1)])
		}
	}
}

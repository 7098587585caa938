package analyze

import (
	"cmp"
	"math"
	"slices"

	"costscope/tracefmt"
)

// A LoadReport says where spend spikes, and whether it grows faster than load (analysis-spec I). Times are UTC nanoseconds.
type LoadReport struct {
	Calls      int64        // with a start
	NoEnd      int64        // of these, without an end: taken as instants
	Untimed    int64        // calls without a start: left out
	UntimedUSD tracefmt.USD // what these cost, and what runs cost beyond their calls
	Cost       tracefmt.USD // of all others; the bins add up to it
	Overflow   bool         // a sum exceeds what USD holds: the amounts are not right
	From, To   int64        // when the first call began and the last one ended
	Peak       int          // most calls at once
	Mean       float64      // calls at once, over the time from From to To; NaN where that is none
	Levels     []LoadLevel
	Width      int64 // of a bin
	Bins       []LoadBin
	Hours      []LoadBin // by the hour, those with calls; where bins are wider than that, else none. Runs is not set
	Elasticity float64   // how spend grows with concurrency: 1 in proportion, above 1 each unit of work gets dearer; NaN if not Varied
	Rho        float64   // rank correlation of both; NaN if not Varied
	Varied     bool      // there are minLoadBins bins with both, and minLoadLevels levels of concurrency
	Terciles   []LoadTercile
	Spikes     []Spike
	Dearest    Spike // the bin with the most spend, the first of several, whether it is a spike or not; zero without spend
}

// What elasticity, and a spike, need.
const (
	minLoadBins   = 12
	minLoadLevels = 4
	minSpikeBins  = 8
)

// A LoadLevel is for how long Low to High calls ran at once.
type LoadLevel struct {
	Low, High int
	Time      int64 // nanoseconds
}

// A LoadBin is what was spent, and ran, in a span of time.
type LoadBin struct {
	Start       int64
	Spend       tracefmt.USD
	Concurrency float64 // mean
	Runs, Calls int64   // that begin in it
}

// A LoadTercile is a third of the bins, by concurrency. Undefined ratios are NaN.
type LoadTercile struct {
	Bins                 int
	Low, High            float64 // concurrency
	Runs, Attempts       int64   // that begin in it
	CostPerRun           Amount
	AttemptsPerOperation float64
	TokensPerAttempt     float64 // of LLM calls with token counts
	UnbilledShare        float64 // of the attempts, failed without usage
}

// A Spike is a span of time in which far more was spent than usual.
type Spike struct {
	From, To     int64
	Cost, Excess tracefmt.USD // above the median bin
	Score        float64      // the modified z-score of its highest bin
	Paths        []SpikePath  // by excess
	bins         [2]int
}

// A SpikePath is what a path spent in a spike.
type SpikePath struct {
	Workflow, Agent, What string
	Cost, Excess          tracefmt.USD // above the median bin of the path
}

// spikePaths bounds the paths that explain a spike.
const spikePaths = 10

// result looks at what was counted.
func (x *Load) result(names *tracefmt.Names) LoadReport {
	r := LoadReport{Calls: x.calls, NoEnd: x.noEnd, Untimed: x.untimed, UntimedUSD: x.untimedUSD, Mean: math.NaN(), Elasticity: math.NaN(), Rho: math.NaN()}
	if !x.used {
		return r
	}
	x.concurrency(&r)
	r.Width = x.widths[x.width]
	wraps := x.wraps
	for b := x.first; b <= x.last; b++ {
		sum := &x.bins[b&(loadRing-1)]
		bin := LoadBin{Start: b * r.Width, Concurrency: sum.busy.over(r.Width), Runs: sum.runs, Calls: sum.attempts}
		for i := range x.paths {
			wraps += plus((*int64)(&bin.Spend), int64(x.paths[i].spend[b&(loadRing-1)]))
		}
		wraps += plus((*int64)(&r.Cost), int64(bin.Spend))
		r.Bins = append(r.Bins, bin)
	}
	if r.Overflow = wraps != 0; r.Overflow {
		return r
	}
	if r.Width > hour {
		r.Hours = x.hours.result()
	}
	r.elasticity()
	x.terciles(&r)
	r.Spikes = findSpikes(r.Bins, r.Width)
	for i := range r.Spikes {
		x.explain(&r.Spikes[i], r.Bins, names)
	}
	if r.Dearest = dearest(r.Bins, r.Width); r.Dearest.Cost > 0 {
		x.explain(&r.Dearest, r.Bins, names)
	}
	return r
}

// concurrency sweeps over the calls.
func (x *Load) concurrency(r *LoadReport) {
	var busy busyTime
	var starts, ends []int64
	for _, chunk := range x.spans {
		for _, s := range chunk {
			starts, ends = append(starts, s.start), append(ends, s.end)
			busy.span(s.end - s.start)
		}
	}
	if len(starts) == 0 {
		return
	}
	slices.Sort(starts)
	slices.Sort(ends)
	r.From, r.To = starts[0], ends[len(ends)-1]
	r.Mean = busy.over(r.To - r.From)
	sweep(starts, ends, func(level int, _ int64) { r.Peak = max(r.Peak, level) })
	step := (r.Peak + maxLevels - 1) / maxLevels
	for low := 1; low <= r.Peak; low += step {
		r.Levels = append(r.Levels, LoadLevel{Low: low, High: min(low+step-1, r.Peak)})
	}
	sweep(starts, ends, func(level int, ns int64) {
		if level > 0 {
			r.Levels[(level-1)/step].Time += ns
		}
	})
}

// maxLevels bounds the levels of concurrency that are told apart.
const maxLevels = 100

// sweep tells for how long how many of the intervals [start, end) ran. At equal times ends come before starts.
func sweep(starts, ends []int64, tell func(level int, ns int64)) {
	level, at := 0, starts[0]
	for i, j := 0, 0; j < len(ends); {
		next, step := ends[j], -1
		if i < len(starts) && starts[i] < next {
			next, step = starts[i], 1
			i++
		} else {
			j++
		}
		if next > at {
			tell(level, next-at)
			at = next
		}
		level += step
	}
}

// elasticity compares spend with concurrency, bin by bin.
func (r *LoadReport) elasticity() {
	var n, s []float64
	for _, b := range r.Bins {
		if b.Concurrency > 0 && b.Spend > 0 {
			n, s = append(n, b.Concurrency), append(s, b.Spend.Float())
		}
	}
	levels := slices.Clone(n)
	slices.Sort(levels)
	if r.Varied = len(n) >= minLoadBins && len(slices.Compact(levels)) >= minLoadLevels; r.Varied {
		r.Elasticity, r.Rho = elasticity(n, s)
	}
}

// elasticity is the slope of ln s on ln n, and the rank correlation; all must be positive.
func elasticity(n, s []float64) (slope, rho float64) {
	ln := func(x []float64) []float64 {
		out := make([]float64, len(x))
		for i := range x {
			out[i] = math.Log(x[i])
		}
		return out
	}
	return theilSen(ln(n), ln(s)), spearman(n, s)
}

// terciles puts the bins in which calls ran in three parts by concurrency, equal ones by time.
func (x *Load) terciles(r *LoadReport) {
	var order []int
	for i, b := range r.Bins {
		if b.Concurrency > 0 {
			order = append(order, i)
		}
	}
	if len(order) < 3 {
		return
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.Bins[a].Concurrency, r.Bins[b].Concurrency) })
	for k := range 3 {
		part := order[k*len(order)/3 : (k+1)*len(order)/3]
		var sum binSum
		for _, i := range part {
			sum.merge(&x.bins[(x.first+int64(i))&(loadRing-1)])
		}
		r.Terciles = append(r.Terciles, LoadTercile{
			Bins: len(part), Low: r.Bins[part[0]].Concurrency, High: r.Bins[part[len(part)-1]].Concurrency, Runs: sum.runs, Attempts: sum.attempts,
			CostPerRun: quotient(sum.runCost, 1, sum.runs), AttemptsPerOperation: ratio(sum.attempts, sum.operations),
			TokensPerAttempt: ratio(sum.tokens, sum.sized), UnbilledShare: ratio(sum.unbilled, sum.attempts),
		})
	}
}

// findSpikes marks the bins far above the others (analysis-spec I.4); neighbours are one spike.
func findSpikes(bins []LoadBin, width int64) (list []Spike) {
	spend := make([]tracefmt.USD, 0, len(bins))
	total := tracefmt.USD(0)
	for _, b := range bins {
		if b.Spend > 0 {
			spend = append(spend, b.Spend)
			total += b.Spend
		}
	}
	if len(spend) < minSpikeBins {
		return nil
	}
	score := spikeScore(spend)
	slices.Sort(spend)
	mid := median(spend)
	for i, b := range bins {
		if b.Spend <= 0 || b.Spend-mid < max(mid, total/100) {
			continue
		}
		z := score(b.Spend)
		if !(z > 3.5) {
			continue
		}
		if n := len(list); n == 0 || list[n-1].bins[1] != i {
			list = append(list, Spike{From: b.Start, bins: [2]int{i, i}})
		}
		s := &list[len(list)-1]
		s.bins[1], s.To, s.Score = i+1, b.Start+width, max(s.Score, z)
		s.Cost += b.Spend
		s.Excess += b.Spend - mid
	}
	return list
}

// dearest is the bin with the most spend.
func dearest(bins []LoadBin, width int64) (s Spike) {
	var spend []tracefmt.USD
	for i, b := range bins {
		if b.Spend > 0 {
			spend = append(spend, b.Spend)
		}
		if b.Spend > s.Cost {
			s = Spike{From: b.Start, To: b.Start + width, Cost: b.Spend, bins: [2]int{i, i + 1}}
		}
	}
	if len(spend) == 0 {
		return Spike{Score: math.NaN()}
	}
	s.Score = spikeScore(spend)(s.Cost)
	slices.Sort(spend)
	s.Excess = s.Cost - median(spend)
	return s
}

// spikeScore gives the modified z-score of the logarithm of an amount among others; NaN where these do not vary.
func spikeScore(spend []tracefmt.USD) func(tracefmt.USD) float64 {
	logs, off, sum := make([]float64, len(spend)), make([]float64, len(spend)), 0.0
	for i, s := range spend {
		logs[i] = math.Log(s.Float())
	}
	mid := medianOf(logs)
	for i := range logs { // sorted by now: the sum does not depend on the order of the bins
		off[i] = math.Abs(logs[i] - mid)
		sum += off[i]
	}
	scale := medianOf(off) / 0.6745
	if scale == 0 {
		scale = 1.253314 * sum / float64(len(off))
	}
	return func(x tracefmt.USD) float64 {
		if scale == 0 {
			return math.NaN()
		}
		return (math.Log(x.Float()) - mid) / scale
	}
}

// explain finds the paths that spent more in a spike than in their median bin of those in which anything was spent.
func (x *Load) explain(s *Spike, bins []LoadBin, names *tracefmt.Names) {
	values := make([]tracefmt.USD, 0, len(bins))
	for i := range x.paths {
		p := &x.paths[i]
		values = values[:0]
		cost, n := tracefmt.USD(0), tracefmt.USD(0)
		for k := range bins {
			v := p.spend[(x.first+int64(k))&(loadRing-1)]
			if bins[k].Spend > 0 {
				values = append(values, v)
			}
			if k >= s.bins[0] && k < s.bins[1] {
				cost, n = cost+v, n+1
			}
		}
		slices.Sort(values)
		if excess := cost - n*median(values); excess > 0 {
			s.Paths = append(s.Paths, SpikePath{names.Name(p.key.Workflow), names.Name(p.key.Agent), names.Name(p.key.What), cost, excess})
		}
	}
	slices.SortFunc(s.Paths, func(a, b SpikePath) int {
		return cmp.Or(cmp.Compare(b.Excess, a.Excess), cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.What, b.What))
	})
	s.Paths = s.Paths[:min(len(s.Paths), spikePaths)]
}

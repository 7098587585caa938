package sample

import (
	"bufio"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

const (
	epoch  = 1787529600000 // 2026-08-24T00:00:00Z, a Monday, in milliseconds
	hourMS = 3_600_000
	// inFlight is the number of runs that start so late that the trace ends before they do.
	inFlight = 6
	calm     = hourMS // before the end of the trace, nothing fails: what is cut off shall not be half a retry chain
)

// ErrUnknownScenario names the scenarios there are.
var ErrUnknownScenario = errors.New("no such scenario")

// Generate writes the trace of a scenario, in the order of its log, and says what is true of it. runs 0 means as many as the scenario
// usually has. It keeps only the runs that are under way, however many there are.
func Generate(w io.Writer, scenario string, seed uint64, runs int) (Truth, error) {
	sc, ok := find(scenario)
	if !ok {
		return Truth{}, fmt.Errorf("%w: %q; there are %s", ErrUnknownScenario, scenario, names())
	}
	if runs < 0 {
		return Truth{}, fmt.Errorf("cannot generate %d runs", runs)
	}
	if runs == 0 {
		runs = sc.Runs
	}
	g := newGenerator(w, sc, seed)
	err := g.all(int64(runs))
	return *g.truth, err
}

func names() string {
	var n []string
	for _, s := range Scenarios {
		n = append(n, s.Name)
	}
	return strings.Join(n, ", ")
}

// generator interleaves the lines of runs that are under way.
type generator struct {
	w       *bufio.Writer
	sc      *Scenario
	seed    uint64
	truth   *Truth
	horizon int64
	live    liveRuns
	spare   [][]line
	buf     []byte
	prefix  string // of run ids
}

func newGenerator(w io.Writer, sc *Scenario, seed uint64) *generator {
	g := &generator{w: bufio.NewWriterSize(w, 1<<16), sc: sc, seed: seed, truth: newTruth(), horizon: epoch + int64(sc.Days)*24*hourMS}
	if g.prefix = "run-"; sc.Name != DemoName || seed != DemoSeed {
		g.prefix = fmt.Sprintf("%s-%d-", sc.Name, seed) // samples that are opened together must not share runs
	}
	t := g.truth
	t.Scenario, t.Seed, t.Events = sc.Name, seed, sc.events()
	t.First, t.Last = stamp(epoch), stamp(g.horizon)
	return g
}

// all makes and writes that many runs.
func (g *generator) all(runs int64) error {
	g.truth.Runs = runs
	arrive := newArrivals(g.sc, g.seed, runs)
	for i := range runs {
		if err := g.start(i, arrive.next(i)); err != nil {
			return err
		}
	}
	if err := g.flush(math.MaxInt64); err != nil {
		return err
	}
	return g.w.Flush()
}

// start makes run i, after writing what was logged before it.
func (g *generator) start(i, at int64) error {
	if err := g.flush(at); err != nil {
		return err
	}
	b := g.builder(i, at)
	f := pick(&b.rng, g.sc.flows)
	hour := int((at - epoch) / hourMS)
	b.id = &identity{id: i + 1, workflow: f.workflow, feature: pickFeature(&b.rng, f.features), version: g.sc.version(hour / 24)}
	b.climate = g.sc.climate(hour)
	if b.id.feature == "exports" && b.id.version != pilotVersion {
		b.climate.loops, b.climate.repeats = b.climate.loops*8, b.climate.repeats*5
	}
	if at > g.horizon-calm {
		b.climate = climate{success: b.climate.success}
	}
	f.build(b)
	slices.SortStableFunc(b.lines, func(x, y line) int { return cmp.Compare(x.at(), y.at()) })
	if len(b.lines) > 0 {
		heap.Push(&g.live, liveRun{i, b.lines, 0})
	}
	return nil
}

func (g *generator) builder(i, at int64) *builder {
	b := &builder{rng: rng(g.seed*0x9E3779B97F4A7C15 ^ uint64(i+1)*0xD1B54A32D192ED03), truth: g.truth, sc: g.sc, now: at, horizon: g.horizon}
	b.rng.next()
	if n := len(g.spare); n > 0 {
		b.lines, g.spare = g.spare[n-1][:0], g.spare[:n-1]
	}
	return b
}

// flush writes all lines logged before the given time.
func (g *generator) flush(until int64) error {
	for len(g.live) > 0 && g.live[0].at() < until {
		r := &g.live[0]
		g.buf = appendLine(g.buf[:0], g.prefix, &r.lines[r.pos])
		if _, err := g.w.Write(g.buf); err != nil {
			return err
		}
		g.truth.Lines++
		if r.pos++; r.pos == len(r.lines) {
			g.spare = append(g.spare, r.lines)
			heap.Pop(&g.live)
		} else {
			heap.Fix(&g.live, 0)
		}
	}
	return nil
}

func pick(r *rng, flows []flow) *flow {
	var sum int64
	for i := range flows {
		sum += int64(flows[i].share)
	}
	n := r.below(sum)
	for i := range flows {
		if n -= int64(flows[i].share); n < 0 {
			return &flows[i]
		}
	}
	return &flows[0]
}

func pickFeature(r *rng, fs []feature) string {
	n := r.below(100)
	for _, f := range fs {
		if n -= int64(f.share); n < 0 {
			return f.name
		}
	}
	return fs[0].name
}

// liveRun is a run whose lines from pos on are still to be written.
type liveRun struct {
	i     int64
	lines []line
	pos   int
}

func (r *liveRun) at() int64 { return r.lines[r.pos].at() }

// liveRuns is a heap by the time of the next line.
type liveRuns []liveRun

func (h liveRuns) Len() int      { return len(h) }
func (h liveRuns) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h liveRuns) Less(i, j int) bool {
	a, b := &h[i], &h[j]
	if x, y := a.at(), b.at(); x != y {
		return x < y
	}
	return a.i < b.i
}
func (h *liveRuns) Push(x any) { *h = append(*h, x.(liveRun)) }
func (h *liveRuns) Pop() any {
	old := *h
	r := old[len(old)-1]
	old[len(old)-1] = liveRun{}
	*h = old[:len(old)-1]
	return r
}

// arrivals gives the runs of a scenario their start times, in order, by the traffic of each hour.
type arrivals struct {
	sc         *Scenario
	rng        rng
	runs       int64
	total      int64 // weight of all hours
	hour       int
	upTo, here int64 // weight of the hours before this one, and of this one
	last       int64
}

func newArrivals(sc *Scenario, seed uint64, runs int64) *arrivals {
	a := &arrivals{sc: sc, rng: rng(seed), runs: runs, here: sc.weight(0), last: epoch}
	for h := range 24 * sc.Days {
		a.total += sc.weight(h)
	}
	return a
}

// next is the start of run i, in milliseconds; i counts from 0.
func (a *arrivals) next(i int64) int64 {
	const fine = 1 << 16
	if left := a.runs - i; left <= inFlight && a.runs > 10*inFlight {
		return max(a.last, epoch+int64(a.sc.Days)*24*hourMS-3000*left)
	}
	p := mulDiv(i*fine+a.rng.below(fine), a.total*fine, a.runs*fine)
	for p >= (a.upTo+a.here)*fine {
		a.hour++
		a.upTo += a.here
		a.here = a.sc.weight(a.hour)
	}
	a.last = epoch + int64(a.hour)*hourMS + (p-a.upTo*fine)*hourMS/(a.here*fine)
	return a.last
}

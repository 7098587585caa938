package analyze

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"costscope/tracefmt"
)

// A prompted is a run of one call: when, with which version, and how large the parts of its prompt are.
type prompted struct {
	week    int
	version tracefmt.Sym
	agent   tracefmt.Sym
	size    int64
	parts   *[tracefmt.ContextParts]int64
}

var firstMonday = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// llmCall is a call at 3 dollars per million input tokens, by what it states.
func (p prompted) llmCall() tracefmt.Call {
	return tracefmt.Call{
		Record: &tracefmt.Record{
			Kind: tracefmt.KindLLM, Has: tracefmt.HasInput | tracefmt.HasStart, Usage: tracefmt.Usage{Input: p.size}, Context: p.parts,
			Start: firstMonday.AddDate(0, 0, 7*p.week).UnixNano(),
		},
		Kind: tracefmt.KindLLM, Workflow: 1, Agent: p.agent, Version: p.version, Up: -1, IsCall: true, Counted: true,
		State: tracefmt.CostRecorded, Cost: tracefmt.USD(p.size) * 3e6,
	}
}

func driftsOf(runs []prompted) *drifts {
	d := newDrifts(time.UTC)
	for _, p := range runs {
		d.add(studyOf(p.llmCall()), nil)
	}
	return d
}

func driftNames() *tracefmt.Names {
	n := tracefmt.NewNames()
	for _, s := range []string{"support", "planner", "v1", "v2", "v3"} {
		n.Sym(s)
	}
	return n
}

func oneDrift(t *testing.T, d *drifts) Drift {
	t.Helper()
	got := d.result(context.Background(), driftNames())
	if len(got) != 1 {
		t.Fatalf("%d agents, want 1", len(got))
	}
	return got[0]
}

func TestTE1(t *testing.T) {
	// instructions, history, guardrails, tools, logs, memory, user, other
	first, last := &[tracefmt.ContextParts]int64{800, 300, 200, 700}, &[tracefmt.ContextParts]int64{1500, 1800, 1000, 4200, 0, 1500}
	var runs []prompted
	for range 6 {
		runs = append(runs, prompted{0, 3, 2, 2000, first})
	}
	for range 4000 {
		runs = append(runs, prompted{8, 3, 2, 10_000, last})
	}
	s := oneDrift(t, driftsOf(runs)).Weeks
	near(t, "drift", float64(s.Drift), 5)
	near(t, "extra tokens", float64(s.ExtraTokens), 8000)
	want := []DriftPart{{"tools", 3500, 0.4375}, {"history", 1500, 0.1875}, {"memory", 1500, 0.1875}, {"guardrails", 800, 0.1}, {"instructions", 700, 0.0875}}
	if !reflect.DeepEqual(s.Parts, want) || s.Untold {
		t.Errorf("parts %v", s.Parts)
	}
	if s.Cost != (Amount{96e12, true}) || s.Prompts != 4000 {
		t.Errorf("cost %v of %d prompts", s.Cost, s.Prompts)
	}
	if s.Periods[0].Name != "2026-W02" || s.Periods[1].Name != "2026-W10" || s.Periods[1].Runs != 4000 {
		t.Errorf("periods %+v", s.Periods)
	}
	near(t, "the gap of eight weeks counts", float64(s.Slope), 1000)
}

func TestTE2(t *testing.T) {
	var runs []prompted
	for week, size := range []int64{2000, 2100, 2600, 3200, 3900, 5200, 6400, 8100, 10_000} {
		for off := range int64(5) {
			runs = append(runs, prompted{week: week, agent: 2, size: size + off - 2})
		}
	}
	runs = append(runs, prompted{week: 9, agent: 2, size: 5}) // one run: hollow
	s := oneDrift(t, driftsOf(runs)).Weeks
	near(t, "slope", float64(s.Slope), 1000)
	if math.Abs(float64(s.Trend)-0.24886785) > 5e-9 {
		t.Errorf("trend %.9f", s.Trend)
	}
	near(t, "Z", float64(s.Z), 3.649002246)
	near(t, "drift", float64(s.Drift), 5)
	if s.S != 36 || s.Verdict != VerdictTrend || !s.Periods[9].Hollow || s.Periods[8].Hollow {
		t.Errorf("%+v", s)
	}
	if _, variance, _ := mannKendall([]float64{2000, 2100, 2600, 3200, 3900, 5200, 6400, 8100, 10_000}); variance != 92 {
		t.Errorf("variance %g", variance)
	}
	near(t, "p95 of five", s.Periods[0].P95, 2002)
}

func TestTE3(t *testing.T) {
	var runs []prompted
	for _, size := range []int64{2000, 2100, 1900, 2050, 2200} {
		runs = append(runs, prompted{0, 3, 2, size, nil})
	}
	for _, size := range []int64{3100, 2900, 3300, 3000, 3500} {
		runs = append(runs, prompted{0, 4, 2, size, nil})
	}
	x := oneDrift(t, driftsOf(runs))
	if len(x.Steps) != 1 || len(x.Versions.Periods) != 2 || x.Versions.Verdict != VerdictTooFew {
		t.Fatalf("%+v", x)
	}
	step := x.Steps[0]
	near(t, "before", step.MedianBefore, 2050)
	near(t, "after", step.MedianAfter, 3100)
	near(t, "shift", float64(step.Shift), 1100)
	near(t, "p", float64(step.P), 2./252)
}

// Any order and any division of the runs gives the same result.
func TestDriftInAnyOrder(t *testing.T) {
	gen := rand.New(rand.NewPCG(7, 8))
	var runs []prompted
	for range 300 {
		p := prompted{week: gen.IntN(9), version: tracefmt.Sym(3 + gen.IntN(3)), agent: 2, size: 1 + gen.Int64N(5000)}
		if gen.IntN(2) == 0 {
			p.parts = &[tracefmt.ContextParts]int64{p.size / 3, p.size / 5}
		}
		runs = append(runs, p)
	}
	result := func(d *drifts) []Drift { return d.result(context.Background(), driftNames()) }
	want := result(driftsOf(runs))
	sum := 0.0
	for _, p := range want[0].Weeks.Parts {
		sum += p.Tokens
	}
	near(t, "the parts add up", sum, float64(want[0].Weeks.ExtraTokens))
	for range 5 {
		gen.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
		cut := gen.IntN(len(runs))
		a, b := driftsOf(runs[:cut]), driftsOf(runs[cut:])
		b.merge(a)
		if got := result(b); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func TestDriftCountsThreadsAndRuns(t *testing.T) {
	// One run: an agent with two instances of two turns. The first turn of the second is retried: the accepted attempt counts.
	call := func(id, retryOf string, instance tracefmt.Sym, size int64, bad bool) tracefmt.Call {
		c := prompted{agent: 2, size: size}.llmCall()
		c.ID, c.RetryOf, c.Instance = id, retryOf, instance
		if bad {
			c.Status = tracefmt.StatusError
		}
		return c
	}
	st := studyOf(call("a", "", 7, 100, false), call("b", "", 7, 900, false), call("c", "", 8, 50, true), call("d", "c", 8, 70, false), call("e", "", 8, 80, false))
	d := newDrifts(nil)
	d.add(st, nil)
	d.add(st, []bool{false, true, true, true, true}) // the first turn of the first instance is out of scope
	d.add(st, make([]bool, 5))
	if len(d.groups) != 1 {
		t.Fatalf("%d groups", len(d.groups))
	}
	for _, g := range d.groups {
		if !reflect.DeepEqual(g.first, []int64{100, 70, 70}) || !reflect.DeepEqual(g.peaks, []int64{900, 80}) {
			t.Errorf("first %v, peaks %v", g.first, g.peaks)
		}
	}
}

func TestUnknownPromptsAndCostsAreLeftOut(t *testing.T) {
	var runs []prompted
	for i := range 12 {
		runs = append(runs, prompted{week: i / 6, agent: 2, size: 1000 * int64(1+i/6)})
	}
	d := newDrifts(nil)
	for i, p := range runs {
		c := p.llmCall()
		if c.State = tracefmt.CostUnpriced; i == 3 {
			c.Has = tracefmt.HasStart
		}
		d.add(studyOf(c), nil)
	}
	s := oneDrift(t, d).Weeks
	if s.Cost.Known || s.Periods[0].Runs != 5 {
		t.Errorf("cost %v, %d runs", s.Cost, s.Periods[0].Runs)
	}
	near(t, "drift", float64(s.Drift), 2)
	if s.PeakDrift != 2 || len(s.Parts) != 1 || s.Parts[0].Name != "untagged" || !s.Untold {
		t.Errorf("%+v", s)
	}
	alone := series(s.Periods[:1], true)
	if !math.IsNaN(float64(alone.Drift)) || !math.IsNaN(float64(alone.Trend)) || alone.Verdict != VerdictTooFew {
		t.Errorf("one period: %+v", alone)
	}
}

// Half of the larger prompts is read from a cache at a tenth of the price.
func TestCachedDriftIsCheaper(t *testing.T) {
	d := newDrifts(nil)
	for i := range 12 {
		c := prompted{week: i / 6, agent: 2, size: 2000 + 8000*int64(i/6)}.llmCall()
		if i >= 6 {
			c.Usage.CacheRead, c.Cost = 5000, 5000*3e6+5000*3e5
		}
		d.add(studyOf(c), nil)
	}
	if s := oneDrift(t, d).Weeks; s.Cost != (Amount{6 * 8000 * 165e4, true}) {
		t.Errorf("cost %v", s.Cost)
	}
}

func TestWeekNames(t *testing.T) {
	for _, x := range []struct{ day, want string }{
		{"1969-12-28", "1969-W52"}, {"1969-12-29", "1970-W01"}, {"1970-01-04", "1970-W01"}, {"1970-01-05", "1970-W02"}, {"2021-01-03", "2020-W53"},
		{"2021-01-04", "2021-W01"}, {"2026-11-25", "2026-W48"},
	} {
		at, err := time.Parse(time.DateOnly, x.day)
		if err != nil {
			t.Fatal(err)
		}
		days := newDayClock(nil)
		if got := weekName(weekOf(days.day(at.UnixNano()))); got != x.want {
			t.Errorf("%s is in %s, want %s", x.day, got, x.want)
		}
	}
}

func TestDriftAsJSON(t *testing.T) {
	runs := []prompted{{week: 0, agent: 2, size: 10}, {week: 1, agent: 2, size: 20}}
	want := `{"workflow":"support","agent":"planner","weeks":{"periods":[` +
		`{"period":"2026-W02","runs":1,"prompts":1,"median_tokens":10,"p95_tokens":10,"peak_median_tokens":10,"peak_p95_tokens":10,"hollow":true},` +
		`{"period":"2026-W03","runs":1,"prompts":1,"median_tokens":20,"p95_tokens":20,"peak_median_tokens":20,"peak_p95_tokens":20,"hollow":true}],` +
		`"drift":null,"peak_drift":null,"tokens_per_period":null,"trend_per_period":null,"mann_kendall_s":0,"mann_kendall_z":0,"verdict":"too few periods",` +
		`"attribution":[],"components_missing":false,"extra_tokens":null,"prompts":0,"cost_usd":null},"versions":{"periods":[],`
	if got := asJSON(t, oneDrift(t, driftsOf(runs))); got[:min(len(got), len(want))] != want {
		t.Errorf("%s", got)
	}
}

package analyze

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"costscope/tracefmt"
)

// span is a call from one second to another.
type span struct {
	from, to float64
	cost     int64 // micro-dollars
	agent    tracefmt.Sym
}

func runOfSpans(spans ...span) *tracefmt.Run {
	run := runOf(tracefmt.OutcomeSuccess, make([]try, len(spans))...)
	for i, s := range spans {
		c := &run.Calls[i]
		c.Start, c.End, c.Has = int64(s.from*1e9), int64(s.to*1e9), tracefmt.HasStart|tracefmt.HasEnd
		c.Cost, c.Agent = micro(s.cost), s.agent
	}
	return run
}

// loadOf adds runs up in bins of a width; 0 for the widths of the specification.
func loadOf(width time.Duration, runs ...*tracefmt.Run) *Load {
	x, s := NewLoad(), Student{}
	if width > 0 {
		x.widths = []int64{int64(width)}
	}
	for _, run := range runs {
		x.add(s.Study(run), nil)
	}
	return x
}

func TestTI1(t *testing.T) {
	spans := []span{{0, 10, 100, 0}, {2, 6, 40, 0}, {4, 12, 80, 0}, {12, 14, 10, 0}}
	x := loadOf(2*time.Second, runOfSpans(spans...))
	r := x.result(tracefmt.NewNames())
	if r.Peak != 3 || r.From != 0 || r.To != 14e9 || r.Cost != micro(230) || r.Calls != 4 || r.Overflow {
		t.Errorf("%+v", r)
	}
	near(t, "mean concurrency", r.Mean, 1.714285714)
	near(t, "Little's law", r.Mean, 4./14*(10+4+8+2)/4)
	if want := []LoadLevel{{1, 1, 6e9}, {2, 2, 6e9}, {3, 3, 2e9}}; !reflect.DeepEqual(r.Levels, want) {
		t.Errorf("levels %v", r.Levels)
	}
	var n, s []float64
	for i, b := range r.Bins {
		if want := []int64{20, 40, 60, 40, 40, 20, 10}[i]; b.Spend != micro(want) || b.Start != int64(i)*2e9 {
			t.Errorf("bin %d: %+v, want %d", i, b, want)
		}
		near(t, "concurrency", b.Concurrency, []float64{1, 2, 3, 2, 2, 1, 1}[i])
		n, s = append(n, b.Concurrency), append(s, b.Spend.Float())
	}
	slope, rho := elasticity(n, s)
	near(t, "elasticity", slope, 1)
	near(t, "rho", rho, 0.970142500)
	if r.Varied || !math.IsNaN(r.Elasticity) || !math.IsNaN(r.Rho) {
		t.Error("seven bins are not enough variation")
	}
	for i, sp := range spans {
		near(t, "seen", x.seen(int64(sp.from*1e9), int64(sp.to*1e9)), []float64{2, 2.5, 2, 1}[i])
	}
	near(t, "seen at an instant", x.seen(4e9, 4e9), 3)
}

func TestTI2(t *testing.T) {
	slope, _ := elasticity([]float64{1, 2, 3, 4, 6, 8, 10, 12}, []float64{10, 21, 34, 50, 84, 124, 170, 220})
	near(t, "elasticity", slope, 1.307597351)
}

func TestTI3(t *testing.T) {
	run := runOfSpans(span{0, 3, 0, 0})
	run.Calls[0].Cost = 100
	r := loadOf(0, run).result(tracefmt.NewNames())
	if r.Width != 1e9 || len(r.Bins) != 3 || r.Bins[0].Spend != 33 || r.Bins[1].Spend != 33 || r.Bins[2].Spend != 34 {
		t.Errorf("%+v", r.Bins)
	}
}

// binsOf are bins of a second with what was spent, in micro-dollars.
func binsOf(spend ...int64) (list []LoadBin) {
	for i, s := range spend {
		list = append(list, LoadBin{Start: int64(i) * 1e9, Spend: micro(s)})
	}
	return list
}

func TestTI4(t *testing.T) {
	bins := binsOf(40, 44, 38, 52, 41, 47, 45, 39, 43, 310, 46, 42)
	got := findSpikes(bins, 1e9)
	if len(got) != 1 || got[0].From != 9e9 || got[0].To != 10e9 || got[0].Cost != micro(310) || got[0].Excess != 266_500_000 {
		t.Fatalf("%+v", got)
	}
	if math.Abs(got[0].Score-19.3978) > 5e-5 {
		t.Errorf("score %v", got[0].Score)
	}
	spend := make([]tracefmt.USD, len(bins))
	for i := range bins {
		spend[i] = bins[i].Spend
	}
	if next := spikeScore(spend)(micro(52)); math.Abs(next-1.7636) > 5e-5 {
		t.Errorf("the next largest scores %v", next)
	}
	got = findSpikes(binsOf(10, 10, 10, 10, 10, 10, 10, 100), 1e9)
	if len(got) != 1 || got[0].From != 7e9 {
		t.Fatalf("%+v", got)
	}
	near(t, "fallback score", got[0].Score, 6.383077186)
	for _, none := range [][]LoadBin{binsOf(5, 5, 5, 5, 5, 5, 5, 5), binsOf(10, 10, 10, 10, 10, 10, 100), nil} {
		if got := findSpikes(none, 1e9); got != nil {
			t.Errorf("%+v has a spike: %+v", none, got)
		}
	}
}

// Two agents spend 10 a second each; for two seconds, one of them spends 200.
func TestSpikesAreExplainedByPath(t *testing.T) {
	names := tracefmt.NewNames()
	names.Sym("flow") // workflow 1, as runOf has it
	calm, wild := names.Sym("calm"), names.Sym("wild")
	var spans []span
	for i := range 20 {
		at := float64(i)
		spans = append(spans, span{at, at + 1, 10, calm}, span{at, at + 1, 10, wild})
		if i == 11 || i == 12 {
			spans = append(spans, span{at, at + 1, 190, wild})
		}
	}
	r := loadOf(0, runOfSpans(spans...)).result(names)
	if len(r.Spikes) != 1 || r.Spikes[0].From != 11e9 || r.Spikes[0].To != 13e9 || r.Spikes[0].Excess != micro(380) || r.Spikes[0].Cost != micro(420) {
		t.Fatalf("%+v", r.Spikes)
	}
	if want := []SpikePath{{"flow", "wild", "", micro(400), micro(380)}}; !reflect.DeepEqual(r.Spikes[0].Paths, want) {
		t.Errorf("%+v", r.Spikes[0].Paths)
	}
}

// Under load each run takes a second attempt, and more tokens.
func TestTerciles(t *testing.T) {
	var runs []*tracefmt.Run
	for i := range 12 {
		busy := 1 + i/4*2 // 1, 3 and 5 calls at once
		for k := range busy {
			at := float64(i)
			run := runOfSpans(span{at, at + 1, int64(100 * busy), 0})
			run.Calls[0].Has |= tracefmt.HasInput
			run.Calls[0].Usage.Input = int64(1000 * busy)
			if busy > 3 {
				run.Calls = append(run.Calls, runOfSpans(span{at, at, 0, 0}).Calls[0])
				run.Calls[1].RetryOf, run.Calls[1].ID, run.Calls[0].ID = "x", "y", "x"
				if k == 0 {
					run.Calls[1].State, run.Calls[1].Status = tracefmt.CostNoUsage, tracefmt.StatusError
				}
			}
			runs = append(runs, run)
		}
	}
	r := loadOf(0, runs...).result(tracefmt.NewNames())
	want := []LoadTercile{
		{4, 1, 1, 4, 4, Amount{micro(100), true}, 1, 1000, 0},
		{4, 3, 3, 12, 12, Amount{micro(300), true}, 1, 3000, 0},
		{4, 5, 5, 20, 40, Amount{micro(500), true}, 2, 5000, 0.1},
	}
	if !reflect.DeepEqual(r.Terciles, want) {
		t.Errorf("%+v", r.Terciles)
	}
	// Three levels are too few to say whether cost grows with load.
	if r.Varied {
		t.Error("three levels are not enough variation")
	}
}

func TestElasticityNeedsVariation(t *testing.T) {
	var spans []span
	for i := range 12 {
		for range 1 + i%4 {
			spans = append(spans, span{float64(i), float64(i) + 1, int64(1 + i%4), 0}) // each costs as much as runs at once
		}
	}
	r := loadOf(0, runOfSpans(spans...)).result(tracefmt.NewNames())
	if !r.Varied {
		t.Fatal("twelve bins with four levels are enough")
	}
	near(t, "elasticity", r.Elasticity, 2)
	near(t, "rho", r.Rho, 1)
}

func TestBinsSumToTheCost(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 51, 200)
	for i, run := range runs {
		for k := range run.Calls {
			if rec := run.Calls[k].Record; k%5 == 4 {
				rec.Has &^= tracefmt.HasStart
			} else if k%5 == 3 {
				rec.Has &^= tracefmt.HasEnd
			} else if i%50 == 0 {
				rec.Start -= int64(i) * 1e15 // before 1970, and long
			}
		}
	}
	x, s := NewLoad(), Student{}
	for i, run := range runs {
		x.add(s.Study(run), nil)
		r := x.result(names)
		sum, began, all := tracefmt.USD(0), int64(0), int64(0)
		for _, b := range r.Bins {
			sum += b.Spend
			began += b.Calls
		}
		for _, run := range runs[:i+1] {
			for k := range run.Calls {
				all += int64(b2i(run.Calls[k].IsCall && run.Calls[k].Has&tracefmt.HasStart != 0))
			}
		}
		if want := knownCost(runs[:i+1]); sum != r.Cost || r.Cost+r.UntimedUSD != want || len(r.Bins) > maxBins || began != r.Calls || began != all {
			t.Fatalf("%d runs: bins %d, cost %d and %d without time, want %d; %d bins, %d calls of %d", i, sum, r.Cost, r.UntimedUSD, want, len(r.Bins), began, all)
		}
	}
	if r := x.result(names); r.Untimed == 0 || r.NoEnd == 0 || r.UntimedUSD == 0 || r.Bins[0].Start > -9e15 {
		t.Errorf("%+v", r)
	}
}

// Bins that were joined hold what bins of that width hold from the start.
func TestJoinedBinsAreExact(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 52, 50)
	for _, run := range runs {
		for k := range run.Calls {
			run.Calls[k].Record.Start %= 1e12
			run.Calls[k].Record.End = run.Calls[k].Start + int64(k)*77e9
		}
	}
	grown := loadOf(0, runs...).result(names)
	direct := loadOf(time.Duration(grown.Width), runs...).result(names)
	if grown.Width == 1e9 || !reflect.DeepEqual(grown.Bins, direct.Bins) {
		t.Errorf("width %d:\n%+v\n%+v", grown.Width, grown.Bins, direct.Bins)
	}
}

func TestWidths(t *testing.T) {
	for _, x := range []struct{ seconds, width float64 }{{1, 1}, {120, 1}, {121, 5}, {600, 5}, {601, 15}, {3600, 60}, {86400, 900}, {120 * 86400, 86400}, {121 * 86400, 2 * 86400}} {
		r := loadOf(0, runOfSpans(span{0, x.seconds, 7, 0})).result(tracefmt.NewNames())
		if r.Width != int64(x.width*1e9) || r.Cost != micro(7) {
			t.Errorf("%v s: bins of %v s", x.seconds, float64(r.Width)/1e9)
		}
	}
}

func TestLoadMerges(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 53, 100)
	mergesInAnyOrder(t, runs, NewLoad, func(x *Load) any { return x.result(names) })
}

func TestNoLoad(t *testing.T) {
	x := loadOf(0)
	x.merge(NewLoad())
	if r := x.result(tracefmt.NewNames()); r.Bins != nil || r.Peak != 0 || !math.IsNaN(r.Mean) {
		t.Errorf("%+v", r)
	}
	r := loadOf(0, runOfSpans(span{5, 5, 3, 0})).result(tracefmt.NewNames())
	if len(r.Bins) != 1 || r.Cost != micro(3) || r.Peak != 0 || r.Levels != nil {
		t.Errorf("an instant: %+v", r)
	}
}

func BenchmarkLoad(b *testing.B) {
	names := tracefmt.NewNames()
	runs := benchRuns(names, 100)
	for _, run := range runs {
		for i := range run.Calls {
			c := &run.Calls[i]
			c.Start += int64(i) * 3e9
			c.End, c.Has = c.Start+25e8, c.Has|tracefmt.HasEnd
		}
	}
	x := NewLoad()
	benchAdd(b, runs, func(st *Study) {
		if len(x.spans) > 256 {
			x.spans = nil
		}
		x.add(st, nil)
	})
}

// A call of 90 minutes from 10:30 that costs 90 cents: 30 in its first hour, 60 in the next. Another costs $2 at 11:00 ten days later.
func TestHoursWhereBinsAreWider(t *testing.T) {
	at := func(day, h, m int) int64 { return time.Date(2026, 3, day, h, m, 0, 0, time.UTC).UnixNano() }
	call := func(start, end int64, usd tracefmt.USD) tracefmt.Call {
		return tracefmt.Call{Record: &tracefmt.Record{Has: tracefmt.HasStart | tracefmt.HasEnd, Start: start, End: end}, Kind: tracefmt.KindLLM, State: tracefmt.CostRecorded,
			Cost: usd, IsCall: true, Counted: true, Up: -1}
	}
	runs := []*tracefmt.Run{{ID: "a", Calls: []tracefmt.Call{call(at(1, 10, 30), at(1, 12, 0), 90e10)}}, {ID: "b", Calls: []tracefmt.Call{call(at(11, 11, 0), at(11, 11, 15), 2e12)}}}
	one, other, all := NewLoad(), NewLoad(), NewLoad()
	s := NewStudent(Config{})
	one.add(s.Study(runs[0]), nil)
	other.add(s.Study(runs[1]), nil)
	all.add(s.Study(runs[0]), nil)
	all.add(s.Study(runs[1]), nil)
	other.merge(one)
	for _, x := range []*Load{all, other} {
		r := x.result(tracefmt.NewNames())
		want := []LoadBin{{Start: at(1, 10, 0), Spend: 30e10, Concurrency: 0.5, Calls: 1}, {Start: at(1, 11, 0), Spend: 60e10, Concurrency: 1}, {Start: at(11, 11, 0), Spend: 2e12, Concurrency: 0.25, Calls: 1}}
		if !slices.Equal(r.Hours, want) || r.Width <= hour {
			t.Errorf("%+v, bins of %s", r.Hours, time.Duration(r.Width))
		}
	}
	all.add(s.Study(&tracefmt.Run{ID: "c", Calls: []tracefmt.Call{call(at(1, 0, 0), at(1, 0, 0)+(mostHour+2)*hour, 1)}}), nil)
	other.merge(all)
	if r := other.result(tracefmt.NewNames()); len(r.Hours) != 0 || r.Cost == 0 {
		t.Errorf("%d hours, too many to tell apart", len(r.Hours))
	}
}

// seen is the mean number of calls that ran during [start, end); for an instant, the number that ran then.
func (x *Load) seen(start, end int64) float64 {
	var sum busyTime
	running := 0
	for _, chunk := range x.spans {
		for _, s := range chunk {
			running += b2i(s.start <= start && start < s.end)
			if from, to := max(s.start, start), min(s.end, end); from < to {
				sum.span(to - from)
			}
		}
	}
	if end <= start {
		return float64(running)
	}
	return sum.over(end - start)
}

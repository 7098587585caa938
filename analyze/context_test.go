package analyze

import (
	"math"
	"testing"

	"costscope/tracefmt"
)

// TestContextAddsUp: what growth costs is the same sum by component, by block and by call, in whatever scope; with the flat part it is
// what the LLM calls cost.
func TestContextAddsUp(t *testing.T) {
	for name, scope := range map[string]func(*tracefmt.Run) []bool{"all": func(*tracefmt.Run) []bool { return nil }, "every other call": oddOnly} {
		x, cost, cuts := NewContext(), tracefmt.USD(0), tracefmt.USD(0)
		var s Student
		for _, run := range growingRuns(t, 300) {
			st, in := s.Study(run), scope(run)
			x.add(st, in)
			for i := range run.Calls {
				if c := &run.Calls[i]; c.Kind == tracefmt.KindLLM && known(c) && (in == nil || in[i]) {
					_, growth := cutCall(st, i)
					cost, cuts = cost+c.Cost, cuts+growth
				}
			}
		}
		r := x.result()
		growth := r.GrowthUSD() + r.OtherGrowthUSD
		usdIs(t, name+": growth by call", cuts, growth)
		usdIs(t, name+": all LLM calls", r.TotalUSD(), cost)
		usdIs(t, name+": by component", r.Composition.Total(), growth)
		usdIs(t, name+": by block", r.Carry.Total(), growth)
		if growth == 0 || r.Breaks.Total().Breaks != r.Missed || r.Missed == 0 || r.Composition.Tagged == 0 || r.Overflow() {
			t.Errorf("%s: %+v", name, r)
		}
		for _, b := range r.Carry.Sums {
			if b.Birth < 0 || b.Birth > b.USD || b.Sends < b.Blocks || b.Resent < 0 {
				t.Errorf("%s: %+v", name, b)
			}
		}
	}
}

func TestContextMergesInAnyOrder(t *testing.T) {
	mergesInAnyOrder(t, growingRuns(t, 150), NewContext, func(x *Context) any { return x.result() })
}

// TestThreadsAreMeasuredWhole: the scope says whose cost counts, not what a thread is.
func TestThreadsAreMeasuredWhole(t *testing.T) {
	run := threadRun(t, fresh(0, 1000, 3000, 5000, 7000)...)
	x := NewContext()
	x.add(new(Student).Study(run), []bool{false, false, true, false})
	r := x.result()
	if r.Turns != 1 || r.Prompt != 5000 || r.Flat != 1000 || r.GrowthUSD() != micro(12000) || r.Resent != 3000 || r.MaxPrompt != 5000 || r.Threads != 1 {
		t.Errorf("%+v", r)
	}
	near(t, "peak growth", r.PeakGrowth, 7)
	near(t, "exponent", r.Exponent, 2)
	if len(r.Top) != 1 || r.Top[0].USD != micro(12000) || r.Top[0].Peak != 7000 {
		t.Errorf("%+v", r.Top)
	}
	if r = NewContext().result(); !math.IsNaN(r.Exponent) || !math.IsNaN(r.Factor()) || !math.IsNaN(r.PeakGrowth) {
		t.Error("nothing has numbers")
	}
}

// TestStatedCostsScale: a call that was charged half its list price grew at half the price, and its cache saved half.
func TestStatedCostsScale(t *testing.T) {
	run := threadRun(t, sent{0, 2000, 0, 200}, sent{2000, 1000, 0, 200})
	for i := range run.Calls {
		run.Calls[i].State = tracefmt.CostRecorded
		run.Calls[i].Cost /= 2
	}
	g := growthOf(t, run)
	usdIs(t, "input", g.InputUSD, micro(7500+600+3750)/2)
	usdIs(t, "growth", g.GrowthUSD(), micro(3750)/2)
	usdIs(t, "saving", g.SavingUSD, micro((5400-2250)/2)) // 2,000 tokens at 2.70 less, 3,000 at 0.75 more
}

func BenchmarkContext(b *testing.B) {
	x := NewContext()
	benchAdd(b, growingRuns(b, 100), func(st *Study) { x.add(st, nil) })
}

package analyze

import (
	"math"
	"testing"

	"costscope/tracefmt"
)

// A sent is a prompt of a test thread: tokens read from a cache, written to it and fresh, and the answer.
type sent struct{ read, write, fresh, out int64 }

// threadOf is a run of one thread priced as model std, one call a minute.
func threadRun(t testing.TB, prompts ...sent) *tracefmt.Run {
	row := specRow(t, "std")
	run := &tracefmt.Run{ID: "r"}
	for i, p := range prompts {
		rec := &tracefmt.Record{ID: string(rune('a' + i)), Start: int64(i+1) * 60e9, End: int64(i+1)*60e9 + 1e9,
			Has:   tracefmt.HasStart | tracefmt.HasEnd | tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasCacheRead | tracefmt.HasCacheWrite,
			Usage: tracefmt.Usage{Input: p.read + p.write + p.fresh, CacheRead: p.read, CacheWrite: p.write, Output: p.out}}
		c := tracefmt.Call{Record: rec, Kind: tracefmt.KindLLM, Agent: 1, Up: -1, IsCall: true, Counted: true, State: tracefmt.CostComputed, Price: row}
		c.Cost, _ = row.Cost(rec.Usage, rec.Start)
		run.Calls = append(run.Calls, c)
	}
	return run
}

func fresh(out int64, sizes ...int64) (list []sent) {
	for _, n := range sizes {
		list = append(list, sent{fresh: n, out: out})
	}
	return list
}

// growthOf is the growth of a run's only thread.
func growthOf(t *testing.T, run *tracefmt.Run) ThreadGrowth {
	t.Helper()
	list := new(Student).Study(run).Growth()
	if len(list) != 1 {
		t.Fatalf("%d threads", len(list))
	}
	return list[0]
}

func usdIs(t *testing.T, what string, got, want tracefmt.USD) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestTD1(t *testing.T) {
	g := growthOf(t, threadRun(t, fresh(200, 2000, 3000, 4500, 6500, 3000, 4000)...))
	if g.Prompt != 23000 || g.Growth.Resent != 14500 || g.Growth.Resets != 1 || !g.Turns[4].Reset || g.Added() != 2000 {
		t.Errorf("%+v", g)
	}
	near(t, "growth", g.Grown(), 2)
	near(t, "peak growth", g.Peak(), 3.25)
	near(t, "re-send ratio", g.ResendRatio(), 0.630434783)
	near(t, "factor", g.Factor(), 1.611111111)
	near(t, "doubling exponent", g.Exponent, 1.275634443)
	if s := g.Segments; len(s) != 2 || s[0] != (Segment{0, 4, 1500}) || s[1] != (Segment{4, 6, 1000}) {
		t.Errorf("segments %v", s)
	}
	usdIs(t, "input cost", g.InputUSD, micro(69000))
	usdIs(t, "re-sent cost", g.ResentUSD, micro(43500))
	usdIs(t, "flat cost", g.FlatUSD, micro(36000))
	usdIs(t, "growth cost", g.GrowthUSD(), micro(33000))
	usdIs(t, "output cost", g.OutputUSD, micro(18000))
}

func TestTD2(t *testing.T) {
	prompts := []sent{{0, 2000, 0, 200}, {2000, 1000, 0, 200}, {3000, 1500, 0, 200}, {4500, 2000, 0, 200}, {2000, 1000, 0, 200}, {3000, 1000, 0, 200}}
	g := growthOf(t, threadRun(t, prompts...))
	usdIs(t, "input cost", g.InputUSD, micro(36225))
	usdIs(t, "re-sent cost", g.ResentUSD, micro(4350))
	usdIs(t, "flat cost", g.FlatUSD, micro(10500))
	usdIs(t, "growth cost", g.GrowthUSD(), micro(25725))
	usdIs(t, "cache saving", g.SavingUSD, micro(32775))
	near(t, "factor", g.Factor(), 1.902631579)
	near(t, "hit rate", g.HitRate(), 1)
	if g.Growth.Resent != 14500 || g.Growth.Missed != 0 {
		t.Errorf("%+v", g.Growth)
	}
	prompts[2] = sent{0, 0, 4500, 200}
	g = growthOf(t, threadRun(t, prompts...))
	usdIs(t, "input cost after a miss", g.InputUSD, micro(43200))
	if g.Growth.Missed != 1 || !g.Turns[2].Missed {
		t.Errorf("the miss is not seen: %+v", g.Growth)
	}
}

func TestTD3(t *testing.T) {
	linear := func(n int64) (list []int64) {
		for i := range n {
			list = append(list, (i+1)*1000)
		}
		return list
	}
	for _, x := range []struct {
		sizes []int64
		want  float64
	}{{[]int64{2000, 2000, 2000, 2000, 2000, 2000}, 1}, {linear(6), 1.807354922}, {linear(40), 1.965234582}} {
		near(t, "exponent", growthOf(t, threadRun(t, fresh(1, x.sizes...)...)).Exponent, x.want)
	}
	if b := growthOf(t, threadRun(t, fresh(1, 1, 2, 3)...)).Exponent; !math.IsNaN(b) {
		t.Errorf("three turns have the exponent %v", b)
	}
}

func TestTD4(t *testing.T) {
	var sizes []int64
	for n := range int64(10) {
		sizes = append(sizes, 3000+100*(n+1)+800*n)
	}
	g := growthOf(t, threadRun(t, fresh(10, sizes...)...))
	if g.Prompt != 71500 || g.Flat != 31000 {
		t.Errorf("%+v", g.Growth)
	}
	near(t, "growth share", ratio(g.Prompt-g.Flat, g.Prompt), 0.566433566)
	near(t, "exponent", g.Exponent, 1.545161493)
}

// TestRetriesAreNoTurns counts the accepted attempt only, but cuts the cost of every attempt.
func TestRetriesAreNoTurns(t *testing.T) {
	run := threadRun(t, fresh(0, 1000, 3000, 4000, 2000, 500)...)
	run.Calls[1].Status, run.Calls[2].RetryOf = tracefmt.StatusError, "b"
	run.Calls[4].Kind = tracefmt.KindEmbedding
	run.Calls = append(run.Calls, threadRun(t, sent{fresh: 9000}).Calls...)
	last := &run.Calls[5]
	last.ID, last.Start, last.Has, last.State, last.Cost = "z", 900e9, tracefmt.HasStart, tracefmt.CostNoUsage, 0
	g := growthOf(t, run)
	if len(g.Turns) != 3 || g.Turns[1].Prompt != 4000 || g.Prompt != 7000 || g.Growth.Turns != 3 {
		t.Errorf("%+v", g)
	}
	usdIs(t, "growth", g.GrowthUSD(), micro(12000)) // (3000 + 1000) * 3
	usdIs(t, "growth of the other attempt", g.OtherGrowthUSD, micro(6000))
	usdIs(t, "the rest of it", g.OtherFlatUSD, micro(3000))
	usdIs(t, "all", g.TotalUSD(), micro(30000))
}

// TestCompactionResets takes the trace's word for a reset that sizes alone do not show.
func TestCompactionResets(t *testing.T) {
	run := threadRun(t, fresh(0, 1000, 3000, 2500)...)
	run.Marks = []*tracefmt.Record{{Event: tracefmt.EventCompact, Start: 150e9, Has: tracefmt.HasStart}}
	g := growthOf(t, run)
	if !g.Turns[2].Reset || g.Turns[2].Resent != 1000 || g.Growth.Compactions != 1 {
		t.Errorf("%+v", g.Turns)
	}
	run.Marks[0].Instance = 7
	if g = growthOf(t, run); g.Growth.Resets != 0 {
		t.Error("the compaction of another agent resets this one")
	}
}

// TestCutIsTheCost cuts random calls: the two parts are the cost, and what the threads' growth says is the sum of the cuts.
func TestCutIsTheCost(t *testing.T) {
	var s Student
	seen := 0
	for _, run := range growingRuns(t, 200) {
		st := s.Study(run)
		growth, sum := tracefmt.USD(0), Growth{}
		for i := range run.Calls {
			flat, over := cutCall(st, i)
			if flat+over != run.Calls[i].Cost || flat < 0 || over < 0 {
				t.Fatalf("%d and %d are not %d", flat, over, run.Calls[i].Cost)
			}
			growth += over
			seen += b2i(over > 0)
		}
		for _, g := range st.Growth() {
			sum.merge(&g.Growth)
		}
		if got := sum.GrowthUSD() + sum.OtherGrowthUSD; got != growth {
			t.Fatalf("growth is %d, the calls' is %d", got, growth)
		}
	}
	if seen < 1000 {
		t.Errorf("only %d calls had any growth", seen)
	}
}

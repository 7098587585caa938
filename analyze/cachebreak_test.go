package analyze

import (
	"testing"
	"time"

	"costscope/tracefmt"
)

// brokenRun is two turns with a cache and a third that misses it: 3,000 tokens that would have cost 900 micro-dollars cost 9,000.
func brokenRun(t *testing.T) *tracefmt.Run {
	return threadRun(t, sent{0, 2000, 0, 200}, sent{2000, 1000, 0, 200}, sent{0, 0, 4500, 200})
}

func TestCacheBreakCauses(t *testing.T) {
	for _, x := range []struct {
		what string
		do   func(run *tracefmt.Run)
		want BreakCause
		also uint8
	}{
		{"nothing", func(*tracefmt.Run) {}, BreakUnknown, 0},
		{"a gap of five minutes", func(run *tracefmt.Run) { run.Calls[2].Start = run.Calls[1].End + 300e9 }, BreakUnknown, 0},
		{"a longer gap", func(run *tracefmt.Run) { run.Calls[2].Start = run.Calls[1].End + 300e9 + 1 }, BreakIdle, 1 << BreakIdle},
		{"a longer gap after a write for an hour", func(run *tracefmt.Run) {
			run.Calls[2].Start, run.Calls[1].Usage.CacheWrite1h = run.Calls[1].End+3500e9, 1000
		}, BreakUnknown, 0},
		{"more than an hour after it", func(run *tracefmt.Run) {
			run.Calls[2].Start, run.Calls[1].Usage.CacheWrite1h = run.Calls[1].End+3601e9, 1000
		}, BreakIdle, 1 << BreakIdle},
		{"a gap after an unknown end", func(run *tracefmt.Run) {
			run.Calls[2].Start, run.Calls[1].Has = run.Calls[1].End+3601e9, run.Calls[1].Has&^tracefmt.HasEnd
		}, BreakUnknown, 0},
		{"another model", func(run *tracefmt.Run) { run.Calls[1].Model, run.Calls[2].Model = 5, 6 }, BreakModel, 1 << BreakModel},
		{"a model where none was named", func(run *tracefmt.Run) { run.Calls[2].Model = 6 }, BreakUnknown, 0},
		{"cleared tool results", func(run *tracefmt.Run) {
			run.Marks = []*tracefmt.Record{{Event: tracefmt.EventMicroCompact, Start: 150e9, Has: tracefmt.HasStart}}
		}, BreakReset, 1 << BreakReset},
		{"other tools", func(run *tracefmt.Run) {
			run.Calls[1].Context, run.Calls[2].Context = &[tracefmt.ContextParts]int64{3: 100}, &[tracefmt.ContextParts]int64{3: 120}
		}, BreakPrefix, 1 << BreakPrefix},
		{"more history", func(run *tracefmt.Run) {
			run.Calls[1].Context, run.Calls[2].Context = &[tracefmt.ContextParts]int64{1: 100}, &[tracefmt.ContextParts]int64{1: 120}
		}, BreakUnknown, 0},
		{"another version and model", func(run *tracefmt.Run) { run.Calls[2].Version, run.Calls[1].Model, run.Calls[2].Model = 3, 5, 6 }, BreakModel,
			1<<BreakModel | 1<<BreakPrefix},
	} {
		run := brokenRun(t)
		x.do(run)
		c := NewContext()
		c.add(new(Student).Study(run), nil)
		r := c.result().Breaks
		if len(r.Top) != 1 || r.Top[0].Cause != x.want || r.Top[0].Also != x.also || r.Sums[x.want].Breaks != 1 || r.Total().Breaks != 1 {
			t.Errorf("%s: %+v", x.what, r.Top)
		}
	}
}

func TestCacheBreakPenalty(t *testing.T) {
	run := brokenRun(t)
	b := NewContext()
	b.add(new(Student).Study(run), nil)
	top := b.result().Breaks.Top[0]
	if top.Lost != 3000 || top.Penalty != (Amount{micro(8100), true}) || top.Gap != 59*time.Second || top.Call != "c" || top.Turn != 3 {
		t.Errorf("%+v", top)
	}
	run.Calls[2].Price = nil
	b = NewContext()
	b.add(new(Student).Study(run), nil)
	r := b.result()
	if s := r.Breaks.Total(); s.Unknown != 1 || s.Penalty != 0 || s.Lost != 3000 {
		t.Errorf("a penalty without prices: %+v", s)
	}
}

// TestResetLosesOnlyTheFirstPrompt: after a compaction only as much as the first prompt could have been read.
func TestResetLosesOnlyTheFirstPrompt(t *testing.T) {
	run := threadRun(t, sent{0, 2000, 0, 0}, sent{2000, 6000, 0, 0}, sent{0, 2500, 0, 0})
	b := NewContext()
	b.add(new(Student).Study(run), nil)
	if s := b.result().Breaks.Sums[BreakReset]; s.Breaks != 1 || s.Lost != 2000 || s.Penalty != micro(7500-600) {
		t.Errorf("%+v", s)
	}
}

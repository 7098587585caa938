package analyze

import (
	"fmt"
	"testing"

	"costscope/tracefmt"
)

func TestTurnSlots(t *testing.T) {
	last := -1
	for n := int32(1); n < 5000; n++ {
		s := turnSlot(n)
		if s != last && (s != last+1 || slotTurn(s) != int(n)) {
			t.Fatalf("turn %d is in slot %d, which begins at %d", n, s, slotTurn(s))
		}
		last = s
	}
	if turnSlot(1) != 0 || turnSlot(32) != 31 || turnSlot(33) != 31 || turnSlot(64) != 47 {
		t.Error("slots")
	}
}

// Three threads by hand: the second turn has prompts of 2000, 3000 and 4000 tokens, half of the last from a cache.
func TestPromptsByTurn(t *testing.T) {
	names := tracefmt.NewNames()
	x := NewContext()
	for i, second := range []int64{2000, 3000, 4000} {
		run := &tracefmt.Run{ID: fmt.Sprint(i)}
		for k, tokens := range []int64{1000, second} {
			rec := &tracefmt.Record{Run: run.ID, ID: fmt.Sprint(k), Kind: tracefmt.KindLLM, Has: tracefmt.HasInput | tracefmt.HasStart | tracefmt.HasCacheRead, Start: int64(k) * 1e12,
				Usage: tracefmt.Usage{Input: tokens}}
			if tokens == 4000 {
				rec.Usage.CacheRead = 2000
			}
			run.Calls = append(run.Calls, tracefmt.Call{Record: rec, Kind: rec.Kind, Agent: names.Sym("a"), Up: -1, IsCall: true, Counted: true, State: tracefmt.CostRecorded, Cost: 10,
				Status: tracefmt.StatusOK})
		}
		x.add(new(Student).Study(run), nil)
	}
	rows := x.result().ByTurn
	if len(rows) != 2 || rows[0].Turns != 3 || rows[1].Turns != 3 || rows[1].From != 2 || rows[1].To != 2 {
		t.Fatalf("%+v", rows)
	}
	near := func(got, want int64) bool { return got > want*98/100 && got < want*102/100 }
	if !near(rows[0].Median, 1000) || !near(rows[1].Median, 3000) || !near(rows[1].P95, 4000) || rows[1].Cached != 2./9 || rows[0].Cached != 0 {
		t.Errorf("%+v", rows)
	}
}

package analyze

import (
	"testing"

	"costscope/tracefmt"
)

// toolCalls puts calls of tools between the calls of a run.
func withTools(run *tracefmt.Run, after int, tools ...tracefmt.Sym) {
	var list []tracefmt.Call
	for _, tool := range tools {
		rec := &tracefmt.Record{ID: "tool", Tool: tool, Start: run.Calls[after].Start + 2e9, Has: tracefmt.HasStart}
		list = append(list, tracefmt.Call{Record: rec, Kind: tracefmt.KindTool, Agent: 1, Up: -1, IsCall: true, Counted: true})
	}
	run.Calls = append(run.Calls[:after+1], append(list, run.Calls[after+1:]...)...)
}

func carryOf(run *tracefmt.Run) Carry {
	x := NewContext()
	x.add(new(Student).Study(run), nil)
	return x.result().Carry
}

// TestCarry: turn 2 adds an answer of 200 tokens and 300 others, turn 3 an answer and 600 tokens from a tool. At 3 dollars a million what
// came first is paid for twice.
func TestCarry(t *testing.T) {
	run := threadRun(t, fresh(200, 1000, 1500, 2300)...)
	withTools(run, 1, 7)
	x := carryOf(run)
	want := []CarrySum{
		{Kind: BlockAnswer, Blocks: 2, Tokens: 400, Sends: 3, Resent: 200, USD: micro(1800), Birth: micro(1200)},
		{Kind: BlockTool, Tool: 7, Blocks: 1, Tokens: 600, Sends: 1, USD: micro(1800), Birth: micro(1800), Estimated: 1},
		{Kind: BlockOther, Blocks: 1, Tokens: 300, Sends: 2, Resent: 300, USD: micro(1800), Birth: micro(900)},
	}
	for i := range want {
		if i >= len(x.Sums) || x.Sums[i] != want[i] {
			t.Errorf("%+v, want %+v", x.Sums, want)
			break
		}
	}
	if len(x.Top) != 4 || x.Top[0].Kind != BlockOther || x.Top[0].Rereads() != 1 || x.Top[1].Call != "tool" || x.Top[1].Turn != 3 || x.Top[2].Call != "a" {
		t.Errorf("%+v", x.Top)
	}
}

// TestCarryPaysByClass: the first block is read from the cache at 0.30 when the second is written at 3.75, and both are read in turn 4.
func TestCarryPaysByClass(t *testing.T) {
	x := carryOf(threadRun(t, sent{0, 1000, 0, 0}, sent{1000, 500, 0, 0}, sent{1200, 700, 100, 0}, sent{2000, 0, 0, 0}))
	want := CarrySum{Kind: BlockOther, Blocks: 2, Tokens: 1000, Sends: 5, Resent: 1500,
		// Turn 2: 500 written. Turn 3: 200 read, 300 written; 400 written, 100 fresh. Turn 4: 1,000 read.
		USD: micro(1875 + 60 + 1125 + 1500 + 300 + 300), Birth: micro(1875 + 1500 + 300)}
	if len(x.Sums) != 1 || x.Sums[0] != want {
		t.Errorf("%+v, want %+v", x.Sums, want)
	}
}

// TestCarryEndsAtReset: after the reset 500 tokens beyond the first prompt are left; no block from before pays any more.
func TestCarryEndsAtReset(t *testing.T) {
	x := carryOf(threadRun(t, fresh(0, 1000, 5000, 1500, 1400)...))
	want := []CarrySum{
		{Kind: BlockOther, Blocks: 1, Tokens: 4000, Sends: 1, USD: micro(12000), Birth: micro(12000)},
		{Kind: BlockLeft, Blocks: 1, Tokens: 500, Sends: 2, Resent: 500, USD: micro(2700), Birth: micro(1500)},
	}
	if len(x.Sums) != 2 || x.Sums[0] != want[0] || x.Sums[1] != want[1] {
		t.Errorf("%+v, want %+v", x.Sums, want)
	}
}

// TestToolsShareWhatIsNotKnown: nothing says how large each result was.
func TestToolsShareWhatIsNotKnown(t *testing.T) {
	run := threadRun(t, fresh(50, 1000, 1200)...)
	withTools(run, 0, 7, 8)
	x := carryOf(run)
	if len(x.Sums) != 3 || x.Sums[1].Tokens != 75 || x.Sums[2].Tokens != 75 || x.Sums[0].Tokens != 50 || x.Sums[0].Estimated != 0 || x.Sums[2].Estimated != 1 {
		t.Errorf("%+v", x.Sums)
	}
	run = threadRun(t, fresh(500, 1000, 1300)...)
	withTools(run, 0, 7, 8)
	if x = carryOf(run); len(x.Sums) != 3 || x.Sums[0].Tokens != 100 || x.Sums[0].Estimated != 1 || x.Sums[1].Tokens != 100 {
		t.Errorf("an answer that is larger than what was added: %+v", x.Sums)
	}
}

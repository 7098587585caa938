package analyze

import (
	"testing"

	"costscope/tracefmt"
)

// studyOf analyses calls given in order.
func studyOf(calls ...tracefmt.Call) *Study {
	var s Student
	return s.Study(&tracefmt.Run{Calls: calls})
}

func TestTurns(t *testing.T) {
	llm := func(id, retryOf string, agent tracefmt.Sym, up int32) tracefmt.Call {
		return tracefmt.Call{Record: &tracefmt.Record{ID: id, RetryOf: retryOf, Kind: tracefmt.KindLLM}, Kind: tracefmt.KindLLM, Agent: agent, IsCall: true, Up: up}
	}
	span := tracefmt.Call{Record: &tracefmt.Record{ID: "s"}, Kind: tracefmt.KindAgent, Up: -1}
	st := studyOf(llm("a", "", 1, -1), llm("b", "a", 1, -1), llm("c", "", 2, -1), span, llm("d", "", 1, 3), llm("e", "", 1, -1))
	want := []Place{{0, 1, markWasted, 0, 0, 0, wasteSuperseded}, {0, 1, markRepeat | markExtra, 0, 1, 0, 0}, {1, 1, 0, -1, 0, 0, 0}, {-1, 0, 0, -1, 0, 0, 0}, {2, 1, 0, -1, 0, 0, 0}, {0, 2, 0, -1, 0, 0, 0}}
	for i := range want {
		if st.Places[i] != want[i] {
			t.Errorf("call %d: %+v, want %+v", i, st.Places[i], want[i])
		}
	}
}

// TestPrefix is the cached prefix first: 1,000 read at 0.30, 500 written at 3.75 and 200 fresh tokens at 3 dollars per million.
func TestPrefix(t *testing.T) {
	p := prompt{read: 1000, write: 500, fresh: 200, readUSD: 300e6, writeUSD: 1875e6, freshUSD: 600e6}
	for _, x := range []struct {
		n    int64
		want tracefmt.USD
	}{{0, 0}, {1, 300e3}, {1000, 300e6}, {1100, 675e6}, {1500, 2175e6}, {1600, 2475e6}, {1700, 2775e6}, {9999, 2775e6}} {
		if got := p.first(x.n); got != x.want {
			t.Errorf("the first %d tokens cost %d, want %d", x.n, got, x.want)
		}
	}
}

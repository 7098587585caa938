package tui

import (
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

func TestTheWorstChainOpensItsRun(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 40).press("2", "z").sees("what do failures cost?", "wasted $", "rescued ", "plain retry", "limit saves", "the chains that wasted most", "✗ ", "rate_limit_error")
	l := p.a.top().(*zoom).l.(*insight)
	list := l.data.deep.Chains
	for i := range list[1:] {
		if list[i].Wasted < list[i+1].Wasted {
			t.Errorf("chain %d wasted less than the next", i)
		}
	}
	calls := int64(0)
	for _, r := range f.runs {
		if r.ID == list[0].Run {
			calls = int64(len(r.Calls))
		}
	}
	p.doorOf(money(list[0].Wasted))
	p.sees("▸ support-bot ▸ "+list[0].Run, "run "+list[0].Run+" · ", " of "+count(calls))
	p.press("esc").sees("what do failures cost?")
}

// The kinds add up to the retry cost.
func TestKindsOfRetriesAddUp(t *testing.T) {
	f := rich(60)
	for i, r := range f.runs {
		for k := range r.Calls {
			if c := &r.Calls[k]; c.RetryOf != "" {
				c.RetryKind = tracefmt.RetryKind((i+k)%4 + 1)
			}
		}
	}
	p := play(t, f, 120, 60).press("2", "z").sees("plain retry", "prompt adjustment", "fallback model", "tool again").seesNot("kind not stated")
	r := &p.a.top().(*zoom).l.(*insight).data.deep.Retries
	sum := tracefmt.USD(0)
	for _, k := range r.Kinds {
		sum += k.Cost
		p.sees(money(k.Cost))
	}
	if sum != r.RetryCost || sum == 0 {
		t.Fatalf("%d of %d", sum, r.RetryCost)
	}
}

func TestALadderShowsItsEnds(t *testing.T) {
	p := &insightPen{l: &insight{}, data: &insightData{deep: newAnalysis(t)}}
	c := &analyze.TopChain{Tries: 100}
	for i := range 40 {
		c.Attempts = append(c.Attempts, analyze.ChainAttempt{Number: i + 1, Failed: true})
	}
	c.Attempts[39].Number = 100
	for all, want := range map[bool]string{false: "1 2 3 4 ┆95 100", true: "38 39 ┆60 100"} {
		var s sheet
		p.ladder(&s, c, all)
		var got []string
		for _, r := range s.rows {
			word := strings.Fields(r.cells[0])
			if word[0] == "┆" {
				got = append(got, "┆"+word[1])
				continue
			}
			got = append(got, word[1])
		}
		if text := strings.Join(got, " "); !strings.HasSuffix(text, want) || !all && text != want {
			t.Errorf("all %v: %s", all, text)
		}
	}
	if amountOf(0, 2) != unknown || amountOf(5e12, 2) != "≥$5.00" || amountOf(0, 0) != none || amountOf(5e12, 0) != "$5.00" {
		t.Error("amounts")
	}
}

// newAnalysis is that of a few runs.
func newAnalysis(t *testing.T) *analyze.Analysis {
	d, err := rich(2).Digest(t.Context(), analyze.Query{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.Result(t.Context(), &analyze.Table{})
}

func TestRetriesSayWhyTheyShowNothing(t *testing.T) {
	f := blind(40)
	play(t, f, 120, 40).press("2", "z").sees("cost n/a: no call here has a known cost", "rescue rate n/a").seesNot("$0.00", "wasted $")
	f = rich(40)
	for _, r := range f.runs { // attempts that fail cost nothing, and so do further ones
		for k := range r.Calls {
			c := &r.Calls[k]
			if c.Up = -1; c.RetryOf != "" || c.Status == tracefmt.StatusError {
				c.State, c.Cost = tracefmt.CostNone, 0
			}
		}
	}
	play(t, f, 120, 40).press("2", "z").sees("nothing wasted, as far as costs are known", "plain retry", "█ not wasted ").seesNot("  wasted $")
	f = rich(10)
	for _, r := range f.runs {
		for k := range r.Calls {
			c := &r.Calls[k]
			c.RetryOf, c.Attempt, c.Status = "", 1, tracefmt.StatusOK
			c.Record.Status, c.Record.Error = c.Status, 0
		}
	}
	play(t, f, 120, 40).press("2", "z").sees("nothing was tried again", "no operation has a second attempt", "none: no operation")
}

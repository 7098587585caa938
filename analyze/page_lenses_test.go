package analyze

import (
	"strings"
	"testing"
	"time"

	"costscope/tracefmt"
)

// textOf is a table as it is printed.
func textOf(t *testing.T, g grid) string {
	t.Helper()
	var b strings.Builder
	p := page{grids: []grid{g}}
	if err := p.writeText(&b); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(b.String(), g.title+"\n")
	return text
}

func sameText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != strings.TrimPrefix(want, "\n") {
		t.Errorf("%s:\n%swanted:%s", what, got, want)
	}
}

// TestLadderInWords: a chain of seven attempts shows its first four and its last; costs that are not known are not 0.
func TestLadderInWords(t *testing.T) {
	names := tracefmt.NewNames()
	c := TopChain{Run: "r\x1b1", Workflow: names.Sym("w"), Agent: names.Sym("a"), Outcome: tracefmt.OutcomeInFlight, Tries: 7, Lost: 1, Accepted: true,
		Total: 7 * dollar, Wasted: 5 * dollar, Unknown: 1, WastedUnknown: 1}
	for n := range 7 {
		a := ChainAttempt{Number: n + 1, Kind: tracefmt.KindLLM, What: names.Sym("m"), Failed: true, Cost: dollar, Link: Link{Kind: tracefmt.RetryPlain, Confidence: tracefmt.ConfidenceHigh}}
		switch n {
		case 0:
			a.Error, a.Link = names.Sym("timeout"), Link{}
		case 1:
			a.Cost, a.Unknown, a.What = 0, 1, 0
		case 2:
			a.Unusable, a.Link = true, Link{Kind: tracefmt.RetryFallback, Confidence: tracefmt.ConfidenceExplicit}
		case 3:
			a.Failed = false
		case 6:
			a.Failed, a.Accepted, a.Cost = false, true, 2*dollar
		}
		c.Attempts = append(c.Attempts, a)
	}
	r := &Report{deep: &Analysis{names: names, Chains: []TopChain{c}}}
	sameText(t, "ladder", textOf(t, r.chainGrid()), `
  run, and its attempts  what became of it                                        kind                      cost  wasted
  r�1: w ▸ a             accepted after 7 and 1 not in the trace, run: in flight                          ≥$7.00  ≥$5.00
    attempt 1: m         failed: timeout                                                                   $1.00   $1.00
    attempt 2: llm       failed                                                   plain retry, high            -       -
    attempt 3: m         unusable output                                          fallback model, stated   $1.00   $1.00
    attempt 4: m         replaced                                                 plain retry, high        $1.00   $1.00
    2 more attempts
    attempt 7: m         accepted                                                 plain retry, high        $2.00
`)
	x := chainReport(r.deep.Chains, names, true)[0]
	if len(x.Attempts) != 7 || x.Attempts[1].Cost != nil || *x.Attempts[6].Cost != Dollars(2*dollar) || x.Attempts[2].Kind != "fallback_model" || x.Outcome != "in_flight" {
		t.Errorf("%+v", x)
	}
}

// TestTreeInWords: those who work for another stand below it; own costs add up to the total.
func TestTreeInWords(t *testing.T) {
	a := AgentReport{Nested: true, Total: 6 * dollar, Tree: []AgentNode{
		{"w", "lead", 0, AgentCost{Cost: dollar, Calls: 1}, AgentCost{Cost: 5 * dollar, Calls: 3, Unknown: 1}},
		{"w", "writer", 1, AgentCost{Cost: 4 * dollar, Calls: 2, Unknown: 1}, AgentCost{Cost: 4 * dollar, Calls: 2, Unknown: 1}},
		{"w", "", 0, AgentCost{Cost: dollar, Calls: 4}, AgentCost{Cost: dollar, Calls: 4}},
	}}
	r := &Report{deep: &Analysis{Agents: a}}
	sameText(t, "tree", textOf(t, r.treeGrid()), `
  agent, and those that work for it  with those below     own  own calls
  w ▸ lead                                     ≥$5.00   $1.00          1
    writer                                     ≥$4.00  ≥$4.00          2
  w ▸ (none)                                    $1.00   $1.00          4
`)
	if x := delegationReport(&a, true); len(x) != 3 || x[1].Depth != 1 || *x[0].All != Dollars(5*dollar) || x[0].Unknown != 1 {
		t.Errorf("%+v", x)
	}
	a.Nested = false
	if x := delegationReport(&a, true); x != nil {
		t.Errorf("nobody works for another: %+v", x)
	}
}

// TestRolesInWords: 6 of 10 dollars are the executors', so 4/6 of a dollar go beside each of theirs.
func TestRolesInWords(t *testing.T) {
	r := &Report{deep: &Analysis{Factors: FactorReport{Total: 10 * dollar, Calls: 9, Roles: []RoleCost{{RoleExecutor, 5, 2, 6 * dollar}, {RolePlanner, 3, 0, 3 * dollar}}}}}
	sameText(t, "roles", textOf(t, r.roleGrid()), `
                           cost  share  calls  role by name only
  executor                $6.00  60.0%      5                  2
  planner                 $3.00  30.0%      3                  0
  people, error handling  $1.00  10.0%      1
  beside each executor dollar: $0.667
`)
}

// TestCapsAndTurnsInWords: of curves of more than ten points ten are shown, both ends among them.
func TestCapsAndTurnsInWords(t *testing.T) {
	d := &Analysis{Caps: CapCurve{Runs: 20, Success: 19, Spend: 190 * dollar}}
	for n := range int64(19) {
		d.Caps.Points = append(d.Caps.Points, CapPoint{tracefmt.USD(n+1) * dollar, tracefmt.USD(10*(n+1)) * dollar, n + 1})
		d.Context.ByTurn = append(d.Context.ByTurn, TurnRow{From: int(n + 1), To: int(n + 1), Turns: 19 - n, Median: 1000 * (n + 1), P95: 2000 * (n + 1), Cached: 0.5})
	}
	d.Context.ByTurn[18] = TurnRow{From: 19, To: 24}
	r := &Report{deep: d}
	for what, g := range map[string]grid{"caps": r.capGrid(), "turns": r.turnGrid()} {
		if len(g.rows) != 10 {
			t.Errorf("%s: %d rows", what, len(g.rows))
		}
	}
	if got := strings.Join(r.capGrid().rows[9], "|"); got != "$19.00|19|100.0%|$190.00|100.0%" {
		t.Errorf("the last cap: %s", got)
	}
	turns := r.turnGrid()
	if got := strings.Join(turns.rows[1], "|"); got != "3|17|3.00k|6.00k|50.0%|0" {
		t.Errorf("the second of the turns: %s", got)
	}
	if got := strings.Join(turns.rows[9], "|"); got != "19 to 24|0|-|-|0.0%|0" || turns.more != "10 of 19 rows; --json has all" {
		t.Errorf("the last of the turns: %s, %s", got, turns.more)
	}
}

// TestMoneyByHour: three dollars at half a call, five at one and a half, seven at nine; in Tokyo it is nine hours later. All of it is somewhere.
func TestMoneyByHour(t *testing.T) {
	at := func(h int) int64 { return time.Date(2026, 1, 1, h, 30, 0, 0, time.UTC).UnixNano() }
	l := LoadReport{Width: int64(time.Hour), Calls: 3, Bins: []LoadBin{{Start: at(1), Spend: 3 * dollar, Concurrency: 0.5}, {Start: at(2), Spend: 5 * dollar, Concurrency: 1.5}, {Start: at(23), Spend: 7 * dollar, Concurrency: 9}}}
	bands := l.ByHour(nil)
	if len(bands) != 5 || bands[0].Hours[1] != 3*dollar || bands[1].Hours[2] != 5*dollar || bands[4].Hours[23] != 7*dollar || bands[4].Low != 8 || bands[4].High != 16 {
		t.Errorf("%+v", bands)
	}
	if tokyo := l.ByHour(time.FixedZone("JST", 9*3600)); tokyo[4].Hours[8] != 7*dollar {
		t.Errorf("in Tokyo: %+v", tokyo)
	}
	r := &Report{deep: &Analysis{Load: l}}
	sameText(t, "hours", textOf(t, r.hourGrid()), `
  calls at once   0-3h   3-6h   6-9h  9-12h  12-15h  15-18h  18-21h  21-24h
  0 to 1         $3.00  $0.00  $0.00  $0.00   $0.00   $0.00   $0.00   $0.00
  1 to 2         $5.00  $0.00  $0.00  $0.00   $0.00   $0.00   $0.00   $0.00
  2 to 4         $0.00  $0.00  $0.00  $0.00   $0.00   $0.00   $0.00   $0.00
  4 to 8         $0.00  $0.00  $0.00  $0.00   $0.00   $0.00   $0.00   $0.00
  8 to 16        $0.00  $0.00  $0.00  $0.00   $0.00   $0.00   $0.00   $7.00
`)
	l.Bins[0].Concurrency = 1e9 // the last band takes what is beyond
	if bands = l.ByHour(nil); len(bands) != maxHourBands || bands[maxHourBands-1].Hours[1] != 3*dollar {
		t.Errorf("%d bands", len(bands))
	}
	if l.Width = 2 * int64(time.Hour); l.ByHour(nil) != nil {
		t.Error("wide bins have hours")
	}
}

package analyze

import (
	"strings"
	"testing"
	"time"

	"costscope/tracefmt"
)

func TestConditionsAreWrittenAsTheyAreRead(t *testing.T) {
	for in, want := range map[string]string{
		"agent=planner": "", "model~sonnet": "", "!status=error": "", "cost>0.10": "", "cost<=$2": "", "tag:env=prod": "", "day>=2026-01-31": "",
		"run=r1": "", "source~b.jsonl": "", "duration>1.5s": "", "input>=12k": "", "outcome=in_flight": "", "team=blue": "tag:team=blue",
		" agent = planner ": "agent=planner", "status!=error": "!status=error", "!kind!=llm": "kind=llm", "AGENT=x": "agent=x", "step=a=b": "", "kind=LLM": "kind=llm",
		"agent=": "", "attempt>1": "", "agent=b|a": "agent=a|b", "agent=a|": "agent=(none)|a", `agent=a\|b`: "", `agent=a\|b|c\\`: "", `agent=C:\tmp`: "", `agent=a|a`: "agent=a",
		"run.cost=0.10..1": "run.cost=0.1..1", "run.cost>=$0.10": "run.cost>=$0.10", "cost=..0.5|2": "", "score=0.2..0.4": "",
		"time=2026-01-31..2026-02-01T09:00": "time=2026-01-31T00:00:00Z..2026-02-01T09:00:00Z", "retry_kind=fallback_model": "", "waste=Loop": "waste=loop", "retry_kind=none|plain_retry": "", "waste=superseded|loop|redundant": "", "status=error|OK": "status=error|ok",
		"tokens=1k..2k|2k..3k": "tokens=1000..3000",
	} {
		if want == "" {
			want = in
		}
		p, err := ParsePred(in)
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if p.String() != want {
			t.Errorf("%q is written %q, want %q", in, p, want)
		}
		again, err := ParsePred(p.String())
		if err != nil || again != p {
			t.Errorf("%q comes back as %+v, was %+v (%v)", in, again, p, err)
		}
	}
}

func TestNumbersOfConditions(t *testing.T) {
	for in, want := range map[string]int64{
		"cost>0.10": 1e11, "cost>$0.000000000001": 1, "duration>1.5s": 1500, "duration>250": 250, "input>12k": 12000, "tokens>1.5M": 1500000, "attempt=2": 2,
	} {
		if p, err := ParsePred(in); err != nil || p.Number != want {
			t.Errorf("%q is %d, want %d (%v)", in, p.Number, want, err)
		}
	}
}

func TestErrorsSayWhatIsAllowed(t *testing.T) {
	for in, want := range map[string]string{
		"planner": "FIELD=VALUE", "=x": "FIELD=VALUE", "agent>3": "compare it with = or ~", "cost~1": "is a number", "cost>much": "dollars, like 0.10",
		"cost=2..1": "from less to more", "run.cost=a..b": "dollars", "retry_kind=again": "fallback_model", "waste>loop": "compare it with =", "waste=food": "superseded, loop", "time>soon": "2026-01-31T09:00", "status=ok|bad": "ok, error", "score=high": "like 0.8",
		"status=broken": "ok, error, unfinished", "kind=model": "llm", "outcome=good": "in_flight", "day=today": "2026-01-31", "duration>soon": "250ms",
	} {
		if _, err := ParsePred(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not say %q", in, err, want)
		}
	}
	if _, err := ParseBy("workflow,planet"); err == nil || !strings.Contains(err.Error(), "tag:NAME") {
		t.Errorf("%v", err)
	}
	if _, err := ParseBy("agent,agent"); err == nil {
		t.Error("a dimension twice passes")
	}
	if _, err := ParseTime("soon", time.Now(), nil); err == nil || !strings.Contains(err.Error(), "24h") {
		t.Errorf("%v", err)
	}
}

func TestByRoundTrips(t *testing.T) {
	all := strings.Join(DimNames(), ",")
	by, err := ParseBy(all)
	if err != nil {
		t.Fatal(err)
	}
	if FormatBy(by) != all || len(by) != 19-1 {
		t.Errorf("%q became %q", all, FormatBy(by))
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	east := time.FixedZone("", 3600)
	for in, want := range map[string]string{
		"2026-03-09T10:00:00Z": "2026-03-09T10:00:00Z", "2026-03-09": "2026-03-08T23:00:00Z", "24h": "2026-03-09T12:00:00Z", "7d": "2026-03-03T12:00:00Z", "2w": "2026-02-24T12:00:00Z", "0d": "2026-03-10T12:00:00Z",
		"2026-03-09 08:30": "2026-03-09T07:30:00Z", "90m": "2026-03-10T10:30:00Z",
	} {
		ns, err := ParseTime(in, now, east)
		if got := time.Unix(0, ns).UTC().Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%q is %s, want %s (%v)", in, got, want, err)
		}
	}
}

// matching is one call with something in every field that conditions look at.
func matching(names *tracefmt.Names) (*tracefmt.Call, *tracefmt.Run) {
	rec := &tracefmt.Record{
		ID: "c", Start: 86400e9, End: 86401.5e9, Has: tracefmt.HasStart | tracefmt.HasEnd | tracefmt.HasInput | tracefmt.HasOutput, Attempt: 2,
		Usage: tracefmt.Usage{Input: 1000, Output: 24}, Tags: names.Sym("beta=\x1fenv=prod"), Tool: names.Sym("Search"),
	}
	run := &tracefmt.Run{ID: "Run-1", Tags: names.Sym("env=test\x1fteam=blue"), Outcome: tracefmt.OutcomeSuccess}
	run.Calls = []tracefmt.Call{{
		Record: rec, Kind: tracefmt.KindTool, Agent: names.Sym("planner"), User: names.Sym("ann"), State: tracefmt.CostComputed, Cost: 15e10,
		IsCall: true, Counted: true, Up: -1,
	}}
	return &run.Calls[0], run
}

func TestWhatMatches(t *testing.T) {
	names := tracefmt.NewNames()
	_, run := matching(names)
	for where, want := range map[string]bool{
		"agent=planner": true, "agent=Planner": false, "agent~PLAN": true, "!agent~plan": false, "model=": true, "model=(none)": true, "model=x": false,
		"cost>0.10": true, "cost>=0.15": true, "cost>0.15": false, "cost<0.15": false, "!cost>0.15": true, "input=1000": true, "tokens=1024": true,
		"duration=1500": true, "cache_read>=0": false, "attempt>1": true, "tag:env=prod": true, "env=test": false, "team=blue": true, "team=(none)": false,
		"agent=x|planner": true, "agent=x|y": false, "!agent=x|y": true, "agent=planner|": true, "model=a|(none)": true, "kind=llm|tool": true, "team=red|blue": true,
		"cost=0.10..0.15": false, "cost=0.15..1": true, "cost=..0.1|0.15": true, "!cost=0.15..": false, "attempt=2..3": true, "attempt=1|3": false,
		"run.cost=0.15": true, "run.cost>0.15": false, "!run.cost>0.15": true, "score>=0": false, "!score>=0": true, "retry_kind=none": true, "retry_kind=plain_retry": false, "waste=none": true,
		"time>=1970-01-02": true, "time=1970-01-01..1970-01-02": false, "time=1970-01-02..1970-01-02T00:00:01|1980-01-01..": true,
		"nothing=": true, "beta=true": true, "run=Run-1": true, "run~run": true, "run=run-1": false, "user=ann": true, "session=": true,
		"source~B.JSONL": true, "source=c.jsonl": false, "status=ok": true, "status=unset": true, "status=error": false, "kind=tool": true,
		"outcome=success": true, "day=1970-01-02": true, "day<1970-01-02": false, "tool~search": true,
	} {
		q := query(t, "", where)
		m := q.Compile(names, Config{})
		m.Enter(run, nil)
		for range 2 { // the second answer comes from memory
			if got := m.Match(run, 0, "a/b.jsonl"); got != want {
				t.Errorf("%s: %v", where, got)
			}
		}
		if n := testing.AllocsPerRun(10, func() { m.Match(run, 0, "a/b.jsonl") }); n != 0 {
			t.Errorf("%s: %v allocations", where, n)
		}
	}
	for _, c2 := range []struct {
		since, until int64
		want         bool
	}{{86400e9, 0, true}, {86400e9 + 1, 0, false}, {0, 86400e9, false}, {0, 86400e9 + 1, true}} {
		q := Query{Since: c2.since, Until: c2.until}
		if got := q.Compile(names, Config{}).Match(run, 0, ""); got != c2.want {
			t.Errorf("[%d, %d): %v", c2.since, c2.until, got)
		}
	}
}

func TestScanGroupsByWhatCellsLack(t *testing.T) {
	names := tracefmt.NewNames()
	c, run := matching(names)
	other := *c
	other.Record = &tracefmt.Record{ID: "d", Src: tracefmt.SourceRef{Source: 1}}
	other.Cost, other.User = 1, 0
	run.Calls = []tracefmt.Call{*c, other}
	for by, want := range map[string]string{
		"run": "Run-1", "user": "ann (none)", "source": "s0 s1", "tag:env": "prod test", "tag:team": "blue", "tag:none": "(none)", "user,run": "ann Run-1 (none) Run-1",
	} {
		q := query(t, by, "")
		if !q.NeedsScan() {
			t.Errorf("%s needs a scan", by)
		}
		s := NewScan(q, names, Config{}, func(n uint32) string { return "s" + string(rune('0'+n)) })
		if cost, ok := s.Add(run); cost != 15e10+1 || !ok {
			t.Errorf("%s: %d %v", by, cost, ok)
		}
		var got []string
		for _, r := range s.Table().Rows {
			got = append(got, last(r.Path))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("by %s: %q, want %q", by, got, want)
		}
	}
}

func TestHelpOnConditionsCanBeTyped(t *testing.T) {
	for _, c := range ConditionHelp {
		if _, err := ParsePred(c[0]); err != nil {
			t.Errorf("%s: %v", c[0], err)
		}
	}
}

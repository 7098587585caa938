package tui

import (
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// follow makes the fake a trace that is followed, and the player one whose heart beats when told.
func follow(t *testing.T, w, h int, change ...func(*Options)) (*player, *fake) {
	t.Helper()
	f := small()
	f.status.Live, f.status.Heard = true, time.Date(2026, 9, 30, 11, 59, 50, 0, time.UTC)
	p := play(t, f, w, h, change...)
	return p, f
}

// beat lets time pass until the state is asked for again.
func (p *player) beat(f *fake, d time.Duration, spent tracefmt.USD) {
	p.now = p.now.Add(d)
	f.mu.Lock()
	f.status.Spent += spent
	f.mu.Unlock()
	p.send(beatMsg{})
}

const aDollar = tracefmt.USD(1e12)

func tenADay(o *Options) {
	o.Limits.Budget = analyze.SpendLimit{USD: 10 * aDollar, Period: 24 * time.Hour}
}

// TestLiveLine: ten seconds after the last line; a dollar in the ten seconds since then is 360 an hour.
func TestLiveLine(t *testing.T) {
	p, f := follow(t, 120, 40)
	p.sees("● live", "last 10.0s ago")
	p.beat(f, 10*time.Second, aDollar)
	p.sees("last 20.0s ago · now $360.00/h, $8,640.00/day")
	f.mu.Lock()
	f.status.Heard = p.now
	f.mu.Unlock()
	p.beat(f, 0, 0)
	p.sees("last just now")
	p.golden("live-120x40")
	p, _ = follow(t, 80, 24)
	p.golden("live-80x24")
}

// TestBurnLine: five dollars in twenty seconds are 900 an hour and 21,600 a day. The budget is ten a day; the other five last five minutes,
// for five were spent in the last five.
func TestBurnLine(t *testing.T) {
	for _, size := range []struct {
		name string
		w, h int
		sees []string
	}{
		{"burn-80x24", 80, 24, []string{"── last 10.0s ago · now $900.00/h, $21,600.00/day · 50.0% of budget ──"}},
		{"burn-120x40", 120, 40, []string{"── last 10.0s ago · now $900.00/h, $21,600.00/day · $5.00 of $10.00/day, lasts 5m00s ──"}},
	} {
		p, f := follow(t, size.w, size.h, tenADay)
		p.beat(f, 0, 0)
		p.beat(f, 10*time.Second, 4*aDollar)
		f.mu.Lock()
		f.status.Heard = p.now
		f.mu.Unlock()
		p.beat(f, 10*time.Second, aDollar)
		p.press("j", "k").golden(size.name)
		p.sees(size.sees...)
	}
}

// TestRunsInFlight: two runs had a call within five minutes; the third's was before. They are marked where runs and their calls are listed,
// and counted with their money; while the screen is held nothing of that changes.
func TestRunsInFlight(t *testing.T) {
	byRun := func(o *Options) { o.By = []analyze.Dimension{{Dim: analyze.DimRun}, {Dim: analyze.DimAgent}} }
	p, f := follow(t, 80, 24, byRun)
	last := p.now.Add(-time.Minute)
	f.mu.Lock()
	f.status.Flying = []analyze.LiveRun{{Run: "run-00000", Cost: aDollar, Last: last}, {Run: "run-00001", Cost: aDollar / 2, Incomplete: true, Last: last.Add(-3 * time.Minute)},
		{Run: "run-00002", Cost: aDollar, Last: last.Add(-4 * time.Minute)}}
	f.mu.Unlock()
	p.beat(f, 0, 0)
	p.sees("◌ 2 runs in flight, ≥$1.50")
	p.press("/").typing("run-0000").press("enter").sees("◌ run-00000", "◌ run-00001", "  run-00002")
	p.golden("flight-80x24")
	p.press("F")
	p.beat(f, 90*time.Second, 0)
	p.sees("◌ run-00001").press("F")
	p.beat(f, 0, 0)
	p.sees("◌ 1 run in flight, $1.00", "◌ run-00000").seesNot("◌ run-00001")
	p.press("9", "z").sees("◌ ")
	p.beat(f, time.Hour, 0)
	p.seesNot("in flight")
}

// TestPaused: what comes while the screen is held does not show until it goes on; the age goes on.
func TestPaused(t *testing.T) {
	p, f := follow(t, 80, 24)
	p.press("F").sees("❚❚ paused", "the screen stands still")
	p.golden("paused-80x24")
	f.mu.Lock()
	all := f.runs
	f.runs = f.runs[:1]
	f.mu.Unlock()
	before := p.a.table().table
	p.send(changedMsg{})
	if p.a.table().table != before {
		t.Error("the table changes though the screen is held")
	}
	q, _ := follow(t, 120, 40)
	q.press("F", "j").golden("paused-120x40")
	p.press("F").sees("● live")
	if p.a.table().table == before {
		t.Error("the table does not change when the screen goes on")
	}
	f.runs = all
}

// TestAlert: 10 dollars a day allow 0.4167 an hour. 7 dollars within a minute are a burn of 16.8: told once, until a key; the count stays.
func TestAlert(t *testing.T) {
	for _, size := range []struct {
		name string
		w, h int
	}{{"alert-80x24", 80, 24}, {"alert-120x40", 120, 40}} {
		var told []analyze.Alarm
		p, f := follow(t, size.w, size.h, tenADay, func(o *Options) { o.Alerted = func(a []analyze.Alarm) { told = append(told, a...) } })
		p.beat(f, time.Minute, 0)
		p.beat(f, time.Minute, 7*aDollar)
		p.golden(size.name)
		p.beat(f, time.Minute, 0)
		if len(told) != 1 || told[0].Rule != "budget-burn" || told[0].Value < 16.79 || told[0].Value > 16.81 {
			t.Errorf("%s: told %+v, want one burn of 16.8", size.name, told)
		}
		p.sees("! ▲ burning $10.00/day")
		p.press("j")
		if s := p.screen(); strings.Contains(s, "burning") || !strings.Contains(s, "▲ 1") {
			t.Errorf("%s: behind a key:\n%s", size.name, s)
		}
		p.beat(f, time.Minute, 4*aDollar)
		p.sees("! ▲ the budget of $10.00/day is spent: $11.00")
	}
}

// TestLoopAlert: a loop is told once, and again only when it is another one.
func TestLoopAlert(t *testing.T) {
	var told []analyze.Alarm
	p, f := follow(t, 120, 24, func(o *Options) { o.Alerted = func(a []analyze.Alarm) { told = append(told, a...) } })
	loop := analyze.LiveLoop{Run: "r1", Agent: "plan\x1b[2Jner", Warn: "t6", Cycle: []string{"search", "open"}, Repeats: 3, Need: 3, Waste: aDollar}
	set := func(l ...analyze.LiveLoop) {
		f.mu.Lock()
		f.status.Loops = l
		f.mu.Unlock()
		p.beat(f, time.Second, 0)
	}
	set()
	set(loop)
	p.sees("! ▲ plan�[2Jner: run r1 goes round in a loop: search › open, 3 times; repeats cost $1.00")
	loop.Repeats, loop.Waste = 4, 2*aDollar
	set(loop)
	p.press("j").seesNot("goes round")
	other := loop
	other.Warn, other.Incomplete = "t20", true
	set(loop, other)
	p.sees("search › open, 4 times; repeats cost at least $2.00", "▲ 2 alerts")
	if len(told) != 2 || told[0].Rule != "loop" || told[0].Value != 3 || told[0].Limit != 3 || told[0].Cost != "1" || told[0].Key != "r1 t6" {
		t.Errorf("%+v", told)
	}
}

// TestSpentBefore: what the calls of today have cost already counts, by their times.
func TestSpentBefore(t *testing.T) {
	p, f := follow(t, 120, 40, func(o *Options) {
		o.Limits.Budget = analyze.SpendLimit{USD: aDollar / 1000, Period: 40 * 365 * 24 * time.Hour}
	})
	f.mu.Lock()
	f.status.Spent = 133 * aDollar
	f.mu.Unlock()
	p.beat(f, time.Second, 0)
	p.sees("is spent")
}

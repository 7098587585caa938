package tui

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

func small() *fake { return newFake(fakeShape{7, 300}) }

func TestDrillToACallAndBack(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.sees("traces.jsonl", "workflow / agent", "▌ support-bot", "Σ 3 rows", "cost▾", "prices of 2026-09-23", "? 99 calls unpriced", "– 74 without usage")
	p.press("j", "enter").sees("traces.jsonl ▸ checkout", "agent / step", "▌ executor")
	p.press("enter").sees("▸ executor", "▌ pay").press("j").sees("▌ ship")
	p.press("enter").sees("checkout ▸ executor ▸ ship", "by cost, dearest first", "claude-opus-4-1", "call 1 of")
	p.press("j", "j", "enter").sees("call 3 of", "class", "$ per 1M", "Σ computed", "◂ counts").press("G").sees("traces.jsonl:")
	p.press("esc").sees("call 3 of", "▸ ship ")
	p.press("esc").sees("▌ ship")
	p.press("esc").sees("▌ executor")
	p.press("esc").sees("▌ checkout")
	p.press("esc").sees("this is the top · q quits")
}

func TestMoneyOfEveryLevelAddsUp(t *testing.T) {
	p := play(t, small(), 200, 60)
	for range 3 {
		table := p.a.table().table
		sum := tracefmt.USD(0)
		calls := int64(0)
		for i := range table.Rows {
			sum += table.Rows[i].Cost
			calls += table.Rows[i].Calls
		}
		if sum != table.Total.Cost || calls != table.Total.Calls {
			t.Errorf("rows of %s add up to %s and %d calls, the total is %s and %d", p.a.table().dim, sum, calls, table.Total.Cost, table.Total.Calls)
		}
		if i := len(p.a.table().sums) - 1; p.a.table().sums[i] != int64(table.Total.Cost) {
			t.Errorf("the running sum ends at %d", p.a.table().sums[i])
		}
		p.press("enter")
	}
}

func TestCursorStaysOnItsRowWhenDataArrive(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40)
	p.press("j").sees("▌ checkout")
	n := 0
	f.runs = slices.DeleteFunc(f.runs, func(r *tracefmt.Run) bool { // checkout becomes the dearest
		n++
		return f.names.Name(r.Workflow) == "support-bot" && n > 50
	})
	p.now = p.now.Add(refreshEvery)
	p.send(changedMsg{})
	rows := p.a.table().rows
	if rowName(rows[0]) != "checkout" || p.a.table().cur.at != 0 {
		t.Errorf("first row is %q, the cursor is on line %d", rowName(rows[0]), p.a.table().cur.at)
	}
	p.sees("▌ checkout")
}

func TestTheCursorFollowsTheTopUntilItIsMoved(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("S")
	if got := p.a.table().cur.at; got != 0 {
		t.Errorf("the cursor nobody moved is on line %d", got)
	}
	p.press("S", "j", "S")
	p.sees("▌ checkout")
}

func TestSortMarksItsColumn(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("s").sees("calls▾").seesNot("cost▾")
	p.press("S").sees("calls▴", "▌ nightly-report")
	for range 20 {
		p.press("s")
		if strings.Contains(p.screen(), "workflow / agent▾") {
			p.sees("▌ checkout")
			return
		}
	}
	t.Error("never sorted by name")
}

func TestUnknownSortsLast(t *testing.T) {
	p := play(t, small(), 200, 40)
	p.a.look.sort = "p50"
	for range 2 {
		p.press("S")
		rows := p.a.table().rows
		if got := rowName(rows[len(rows)-1]); got != "nightly-report" {
			t.Errorf("sorted up=%v the row without costs is not last but %s", p.a.look.up, got)
		}
	}
}

func TestFilterByNameIsLiveAndInverts(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("/").typing("che").sees("▌ checkout", "Σ 1 of 3 rows", "/ che▏").seesNot("support-bot ")
	p.press("esc").sees("Σ 3 rows")
	p.press("/").typing("!che").press("enter").sees("Σ 2 of 3 rows", "2 of 3 rows", `"!che"`).seesNot("checkout")
	p.press("backspace").sees("Σ 3 rows", "no filter")
	p.press("/").typing("zzz").press("enter").sees(`no name contains "zzz"`, "backspace takes it back")
	p.press("esc").sees("Σ 3 rows")
}

func TestConditionsNarrowEverything(t *testing.T) {
	p := play(t, small(), 120, 40)
	all := p.a.table().table.Total.Calls
	p.press("/").typing("model~sonnet cost>0.1").press("enter")
	p.sees("model~sonnet · cost>0.1", "▌ support-bot", "Σ 1 row")
	if n := p.a.table().table.Total.Calls; n == 0 || n >= all {
		t.Errorf("%d of %d calls are left", n, all)
	}
	p.press("enter").sees("▸ support-bot", "cost>0.1")
	p.press("backspace").sees("model~sonnet").seesNot("cost>0.1")
	p.press("backspace").sees("no filter")
	p.press("backspace").sees("! no filter was set here")
	p.press("esc").sees("cost>0.1") // the level above kept its own
}

func TestConditionsNarrowAList(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("9", "z").sees("2,750 calls · by cost").press("/").typing("x").press("enter").sees("✗ write conditions")
	p.press("backspace").typing("cost>0.5").press("enter").sees("cost>0.5", "▌")
	l := p.a.top().(*zoom).l.(*calls)
	if l.cur.n == 0 || l.cur.n >= 2750 {
		t.Errorf("%d calls are left", l.cur.n)
	}
	for _, r := range l.rows {
		if r.Cost <= tracefmt.Dollar/2 {
			t.Errorf("a call of %s", r.Cost)
		}
	}
	p.press("backspace").sees("2,750 calls · by cost", "no filter")
}

func TestAWrongConditionIsSaidInThePrompt(t *testing.T) {
	p := play(t, small(), 160, 40)
	p.press("/").typing("cost>lots").press("enter").sees("✗", "is no cost", "/ cost>lots▏")
	p.press("backspace").seesNot("is no cost")
	p.press("esc").sees("Σ 3 rows", "no filter")
}

func TestFocusAndExclude(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("x").sees("!workflow=support-bot", "Σ 2 rows")
	p.press("f").sees("workflow=checkout", "Σ 1 row ")
	p.press("backspace", "backspace").sees("Σ 3 rows", "no filter")
}

func TestGroupByAnotherDimension(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("b").sees("group by", "▌ ● workflow")
	p.typing("m").press("enter").sees("model / workflow", "▌ claude-sonnet-4-5")
	p.press("enter").sees("▸ claude-sonnet-4-5", "workflow / agent", "▌ support-bot")
	p.press("-").sees("model / workflow")
	p.press("b", "esc").sees("model / workflow")
}

func TestMeasures(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("m").sees("tokens▾", "shares, sums and bars are of tokens")
	p.press("m").sees("calls▾", "2,750")
	p.press("m").sees("wasted▾")
	p.press("m").sees("cost▾")
}

func TestColumnsCanBeHidden(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.sees("share").press("C").sees("columns", "▌ ● share").press("enter").sees("▌ ○ share").press("esc").seesNot("share ")
	p.press("C", "space", "esc").sees("share")
}

func TestShapeNamesWhatItShows(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.sees("support-bot · cost per run", "153 runs", "their money $", "▴p50", "Gini", "the median", "top 1% of runs")
	p.press("u").sees("cost per call", "2,750 calls").press("L").sees("log heights")
	p.press("j").sees("checkout · cost per call")
}

func TestABarOpensItsCalls(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("u", "o").sees("! choose a bar first")
	for range 6 {
		p.press("]")
	}
	b, _ := p.a.chart().(*shape).chosen()
	p.sees("▲ " + b.text())
	p.press("o").sees("calls "+b.text(), fmt.Sprintf("%d calls · by cost", b.n))
	l := p.a.top().(*zoom).l.(*calls)
	sum := int64(0)
	for _, r := range l.rows {
		sum += int64(r.Cost)
		if int64(r.Cost) < b.low || int64(r.Cost) >= b.high {
			t.Errorf("a call of %s is no part of %s", r.Cost, b.text())
		}
	}
	if int64(l.cur.n) != b.n || sum != b.sum {
		t.Errorf("%d calls of %d are behind the bar of %d calls of %d", l.cur.n, sum, b.n, b.sum)
	}
	if l.total == nil || int64(l.total.Cost) != b.sum {
		t.Errorf("total of the calls: %+v", l.total)
	}
}

func TestABarOpensItsRuns(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("z").sees("distribution over 153 runs", "effective runs", "Lorenz")
	for range 5 {
		p.press("right")
	}
	p.press("left")
	b, _ := p.a.chart().(*shape).chosen()
	p.press("enter").sees("runs "+b.text(), "run / calls")
	table := p.a.table()
	sum := int64(0)
	for _, r := range table.rows {
		sum += int64(r.Cost)
	}
	if int64(len(table.rows)) != b.n || sum != b.sum {
		t.Errorf("%d runs of %d are behind the bar of %d runs of %d", len(table.rows), sum, b.n, b.sum)
	}
	p.sees(money(tracefmt.USD(sum)) + "  ")
	p.press("esc").sees("distribution over").press("esc").sees("▌ support-bot")
}

func TestEveryBarIsExact(t *testing.T) {
	p := play(t, small(), 160, 40)
	d := p.a.chart().(*shape).data
	for _, sp := range []*spread{d.runs, d.calls} {
		for most := 1; most < 80; most++ {
			n, sum, last := int64(0), int64(0), int64(-1)
			for _, b := range sp.barsOf(most) {
				if b.low < last {
					t.Fatalf("bars overlap: %v", b)
				}
				last = b.high
				n += b.n
				sum += b.sum
			}
			if n != sp.n || sum != sp.sum {
				t.Fatalf("%ss in at most %d bars: %d of %d, money %d of %d", sp.unit, most, n, sp.n, sum, sp.sum)
			}
		}
	}
}

func TestLensKeys(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.press("9").sees("[9 calls]", "support-bot · 2,750 calls · by cost, dearest first")
	p.press("9").sees("call 1 of 2,750").press("9").sees("[9 calls]")
	p.press("tab").sees("[1 shape]").press("shift+tab").sees("[9 calls]")
	for k := '1'; k <= '9'; k++ {
		if !strings.Contains(" "+lensKeys()+" ", " "+string(k)+" ") {
			p.press(string(k)).sees("! there is no lens " + string(k) + " · 1 shape · ")
		}
	}
	p.press("z", "tab").sees("distribution over")
}

func TestCallsAreSortedAndScrolled(t *testing.T) {
	p := play(t, small(), 120, 24)
	p.press("9", "z", "s").sees("time▴", "oldest first").press("S").sees("time▾", "latest first")
	p.press("s", "s", "s").sees("took▾").press("s").sees("cost▾")
	p.press("G").sees("call 2,750 of 2,750").press("g").sees("call 1 of 2,750")
	p.press("pgdown").sees("call 18 of").press("enter").sees("Σ computed").press("J").sees("call 19 of").press("K", "K").sees("call 17 of")
}

func TestAListOfAMillionAsksForWhatIsVisible(t *testing.T) {
	f := &bigList{fake: small(), n: 1_000_000}
	p := play(t, f, 120, 40)
	p.press("9", "z", "G").sees("call 1,000,000 of 1,000,000", "c0999999")
	p.press("pgup", "pgup").sees("call 999,")
	if f.most > 400 {
		t.Errorf("asked for %d rows at once", f.most)
	}
}

// bigList is a source with a list of calls that nobody could hold.
type bigList struct {
	*fake
	n, most int
}

func TestDetailOfUnknowns(t *testing.T) {
	p := play(t, small(), 120, 50)
	p.press("G", "9", "z").sees("nightly-report", "no usage", "no price")
	for i := range 20 {
		row := p.a.top().(*zoom).l.(*calls).rows[i]
		p.press("enter")
		switch row.State {
		case tracefmt.CostUnpriced:
			p.sees("? unknown: no price for this model", "totals are lower bounds")
		case tracefmt.CostNoUsage:
			p.sees("– unknown: a model call without token counts").seesNot("$0")
		}
		p.press("esc", "j")
	}
}

func TestAmountsOfABillAreNeverCut(t *testing.T) {
	p := play(t, small(), 80, 30).press("9", "z", "enter")
	for w := minW; w < 130; w++ {
		p.send(tea.WindowSizeMsg{Width: w, Height: 30})
		p.sees("$0.0852414", "$1.704834", "$1.8288879")
	}
}

func TestLongPathsAreShortenedBeforeTheyAreDropped(t *testing.T) {
	f := small()
	long := f.names.Sym("a-workflow-name-that-a-template-made-and-nobody-ever-looked-at-again-until-today")
	for _, r := range f.runs {
		for i := range r.Calls {
			r.Calls[i].Workflow = long
		}
	}
	play(t, f, 100, 30).press("enter", "enter").sees("traces.jsonl ▸ a-workflow-name-that-a-template… ▸ executor")
}

func TestTheRecordIsShownHarmless(t *testing.T) {
	f := small()
	f.raw = "{\"a\":\"x\\u001b[31my\",\"b\":\"\u202eevil\",\"c\":[1,true,null]}"
	play(t, f, 120, 60).press("9", "z", "enter", "G").sees(`"a": "x\u001b[31my"`, "�evil", `"c": [`)
	f.raw = "{\"a\":\"x\x1b[2Jy\","
	p := play(t, f, 120, 60)
	p.press("9", "z", "enter", "G").sees(`{"a":"x␛[2Jy",`)
	if strings.Contains(p.a.View(), "\x1b[2J") {
		t.Error("an escape sequence of the trace reaches the terminal")
	}
}

func TestNamesOfTheTraceAreShownHarmless(t *testing.T) {
	f := small()
	for _, r := range f.runs {
		if f.names.Name(r.Workflow) == "checkout" {
			for i := range r.Calls {
				r.Calls[i].Workflow = f.names.Sym("a\x1b]0;x\a\nb\u202e界🧑‍🚀e\u0301")
			}
		}
	}
	p := play(t, f, 120, 40)
	p.sees("a␛]0;x␇␊b�界🧑🚀e\u0301").fits("odd names")
	p.press("j", "enter").sees("▸ a␛]0;x␇␊b�界🧑🚀").fits("odd names in the path")
}

func TestLoading(t *testing.T) {
	f := small()
	f.status.Loading, f.status.Done, f.status.Size = true, 43, 100
	p := play(t, f, 120, 40)
	p.sees("◌ reading", "reading traces.jsonl 43% · 3,450 calls · $", "so far")
	p.press("q").sees("still reading").press("j").seesNot("still reading").press("q").sees("still reading")
	p.press("q")
	if p.a.note != "QUIT" {
		t.Error("the second q did not quit")
	}
}

func TestEmptyScreensSayWhy(t *testing.T) {
	f := &fake{names: tracefmt.NewNames()}
	p := play(t, f, 100, 30)
	p.sees("no calls here").seesNot("esc goes back")
	p.a.opt.Following = true
	p.press("R").sees("no calls yet")
	p.a.opt.Query.Since = 1
	p.press("R").sees("no call meets --where, --since and --until")
	f.status.Loading = true
	p.press("R").sees("reading, no call so far")
	f.err = fmt.Errorf("the store is\x1b gone")
	p.press("R").sees("✗ the store is␛ gone")
}

func TestSlowAnswersAreAskedForLessOften(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.now = p.now.Add(refreshMost)
	p.send(changedMsg{})
	p.a.take(reply{to: &asker{}, took: time.Second})
	for _, c := range []struct {
		after time.Duration
		waits bool
	}{{refreshEvery, true}, {4 * time.Second, true}, {time.Second, false}} {
		p.now = p.now.Add(c.after)
		p.a.refresh.waiting = false
		p.a.Update(changedMsg{})
		if p.a.refresh.waiting != c.waits {
			t.Errorf("after %v more: waiting %v", c.after, p.a.refresh.waiting)
		}
	}
}

func TestTheMouseMovesAndChooses(t *testing.T) {
	p := play(t, small(), 120, 40)
	p.send(tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: 5, Y: 4})
	p.sees("▌ nightly-report")
	p.send(tea.MouseMsg{Button: tea.MouseButtonWheelUp, Action: tea.MouseActionPress})
	p.sees("▌ support-bot").press("9", "z")
	p.send(tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: 5, Y: 5})
	p.sees("call 3 of")
}

func TestNarrowLoadingStillSaysHowFar(t *testing.T) {
	f := small()
	f.status.Loading, f.status.Done, f.status.Size = true, 43, 100
	play(t, f, 60, 15).sees("reading 43% · 3,450 calls · $", "so far")
}

// The date of the prices stands beside money although much else is to be said.
func TestTheDateOfThePricesOutlastsTheRowCount(t *testing.T) {
	f := small()
	f.status.Warnings, f.status.SkipCount = []string{"odd"}, 1
	play(t, f, 84, 24).sees("! 1 warning", "✗ 1 unreadable", "prices 2").seesNot("3 rows ·")
}

func TestHelpIsSearched(t *testing.T) {
	p := play(t, small(), 100, 30)
	p.press("?").sees("── keys", "PgDn ^f").press("/").typing("another dimension").sees("▌ b ", "group by another").seesNot("PgDn")
	p.press("esc").sees("── keys").press("?").sees("! this is the help").press("esc").sees("▌ support-bot")
}

func TestHelpListsSourcesAndWhatWasNotRead(t *testing.T) {
	f := small()
	f.status.Warnings = []string{"prices are older than\x1b the trace"}
	f.status.Skips = []analyze.Skip{{Path: "traces.jsonl", Line: 17, Reason: "the value is cut off"}}
	f.status.SkipCount = 230
	p := play(t, f, 120, 40)
	p.sees("✗ 230 unreadable", "! 1")
	p.press("?", "G").sees("── sources", "traces.jsonl", "costscope · 3,450 calls", "prices are older than␛ the trace", "traces.jsonl:17", "the value is cut off", "229 more")
}

func TestAnUnknownKeySaysSo(t *testing.T) {
	p := play(t, small(), 100, 30)
	p.press("%").sees("! % does nothing · ? shows the keys")
	p.press("J").sees("! open a call or a run first")
	p.press("T").sees("! no colours here")
	p.press("-").sees("! there is no view before this one")
}

func TestLateAnswersAreDropped(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40)
	table := p.a.table()
	old := table.load(p.a)
	table.busy = false
	f.runs = f.runs[:10]
	fresh := table.load(p.a)
	p.run(fresh)
	want := table.table
	p.run(old)
	if table.table != want {
		t.Error("an answer to an older question replaced a newer one")
	}
}

func TestRefreshesAreSpaced(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40)
	p.now = p.now.Add(refreshEvery)
	asked := len(f.asked)
	p.send(changedMsg{})
	first := len(f.asked)
	for range 10 {
		p.a.Update(changedMsg{}) // within the same quarter of a second: commands are not run
	}
	if first == asked || len(f.asked) != first || !p.a.refresh.waiting {
		t.Errorf("asked %d, then %d times; waiting %v", first-asked, len(f.asked)-first, p.a.refresh.waiting)
	}
}

// Every screen and dialog, at every size, fills the terminal exactly.
func TestEverythingFits(t *testing.T) {
	sizes := [][2]int{{0, 0}, {1, 1}, {2, 50}, {19, 5}, {31, 24}, {40, 10}, {41, 11}, {44, 13}, {60, 15}, {60, 20}, {79, 21}, {80, 24}, {99, 30}, {100, 31}, {120, 40}, {140, 40}, {220, 60}, {400, 120}}
	for _, loading := range []bool{false, true} {
		f := newFake(fakeShape{7, 60})
		f.status.Loading = loading
		for name, keys := range screens {
			p := play(t, f, 100, 30, coloured)
			p.press(keys...)
			for _, s := range sizes {
				p.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
				if s[0] == 0 || s[1] == 0 {
					if v := p.a.View(); v != "" {
						t.Errorf("%s at 0x0 draws %q", name, v)
					}
					continue
				}
				p.fits(name)
			}
		}
	}
}

// screens are keys that lead to every screen and dialog.
var screens = map[string][]string{
	"top": {}, "agents": {"enter"}, "steps": {"enter", "enter"}, "calls": {"enter", "enter", "enter"}, "detail": {"9", "z", "enter"},
	"detail end": {"9", "z", "enter", "G"}, "help": {"?"}, "prompt": {"/", "x", "=", "enter"}, "picker": {"b"}, "columns": {"C"}, "zoomed shape": {"z", "]", "]"},
	"calls pane": {"9"}, "per call": {"u", "L", "]", "]"}, "runs of a bar": {"z", "]", "]", "enter"}, "no rows": {"/", "z", "z", "z", "enter"},
	"filtered": {"x"}, "by tokens": {"m"}, "by day": {"b", "d", "enter"}, "unpriced": {"G", "z"}, "note": {"%"}, "tag": {"b", "G", "enter"},
}

func TestSmallTerminalsSaySo(t *testing.T) {
	p := play(t, small(), 39, 24)
	p.sees("costscope needs 40x10, this is 39x24")
	p.send(tea.WindowSizeMsg{Width: 40, Height: 10})
	p.sees("▌ support-bot")
}

func TestGoldens(t *testing.T) {
	for _, g := range []struct {
		name string
		w, h int
		opt  []func(*Options)
		keys []string
	}{
		{"top-60x20", 60, 20, nil, nil},
		{"top-80x24", 80, 24, nil, nil},
		{"top-140x40", 140, 40, nil, nil},
		{"top-140x40-colour", 140, 40, []func(*Options){coloured}, []string{"j"}},
		{"top-140x40-light", 140, 40, []func(*Options){coloured, func(o *Options) { o.Theme = "light" }}, []string{"j"}},
		{"shape-80x24", 80, 24, nil, []string{"z", "]", "]", "]"}},
		{"shape-140x40", 140, 40, nil, []string{"z", "]", "]", "]"}},
		{"calls-80x24", 80, 24, nil, []string{"9", "z", "j"}},
		{"calls-140x40", 140, 40, nil, []string{"9", "z", "j"}},
		{"detail-60x20", 60, 20, nil, []string{"9", "z", "enter"}},
		{"detail-140x40", 140, 40, nil, []string{"9", "z", "enter"}},
		{"columns-80x24", 80, 24, nil, []string{"C"}},
		{"help-80x24", 80, 24, nil, []string{"?"}},
	} {
		t.Run(g.name, func(t *testing.T) { play(t, small(), g.w, g.h, g.opt...).press(g.keys...).golden(g.name) })
	}
}

// Without colours nothing but text is drawn, and a state that colour shows is also a sign.
func TestWithoutColourNothingIsLost(t *testing.T) {
	for name, keys := range screens {
		p := play(t, small(), 120, 40).press(keys...)
		if strings.Contains(p.a.View(), "\x1b") {
			t.Errorf("%s draws escape sequences without colours", name)
		}
		q := play(t, small(), 120, 40, coloured).press(keys...)
		if p.screen() != q.screen() {
			t.Errorf("%s shows another text with colours:\n%s\n%s", name, p.screen(), q.screen())
		}
	}
}

func TestTablesAgree(t *testing.T) {
	md := KeysMarkdown()
	help := helpLines(&analyze.Status{})
	seen := map[string]string{}
	for i := range actions {
		x := &actions[i]
		if !strings.Contains(md, "| "+x.name+" |") {
			t.Errorf("the README's table lacks %q", x.name)
		}
		found := false
		for _, l := range help {
			found = found || l.key == keyLabel(x.keys) && l.text == x.name
		}
		if !found {
			t.Errorf("help lacks %q", x.name)
		}
		for _, k := range strings.Fields(x.keys) {
			if seen[k] != "" {
				t.Errorf("%s means %q and %q", k, seen[k], x.name)
			}
			seen[k] = x.name
		}
	}
	if n := strings.Count(md, "\n"); n != len(actions)+2 {
		t.Errorf("%d lines for %d actions", n, len(actions))
	}
	for i := range columns {
		if columns[i].id != "measure" && columnAbout[columns[i].id] == "" {
			t.Errorf("column %s is not explained", columns[i].id)
		}
	}
	p := play(t, small(), 200, 40)
	foot := p.screen()[strings.LastIndex(p.screen(), "\n"):]
	for i := range actions {
		if x := &actions[i]; x.inFoot(p.a) && !strings.Contains(foot, x.foot) {
			t.Errorf("the footer lacks %q: %s", x.foot, foot)
		}
	}
}

// Every key of the table, on every screen, does something or says why not, and nothing breaks.
func TestEveryKeyEverywhere(t *testing.T) {
	f := newFake(fakeShape{7, 12})
	for name, keys := range screens {
		for i := range actions {
			for _, k := range strings.Fields(actions[i].keys) {
				p := play(t, f, 100, 30).press(keys...).press(k)
				p.fits(name + " " + k)
				p.press("j", "enter", "esc", k)
				p.fits(name + " " + k + " again")
			}
		}
	}
}

func TestRunRestoresTheTerminal(t *testing.T) {
	var out bytes.Buffer
	err := Run(t.Context(), small(), Options{Title: "traces.jsonl", Theme: "dark", In: strings.NewReader("q"), Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "\x1b[?1049h") || strings.LastIndex(s, "\x1b[?1049l") < strings.LastIndex(s, "\x1b[?1049h") {
		t.Errorf("the terminal was not restored: %q", s)
	}
}

func BenchmarkView200x60(b *testing.B) {
	a := benchApp(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.table().cur.move(1 - 2*(i/30%2))
		_ = a.View()
	}
}

func BenchmarkUpdateKey(b *testing.B) {
	a := benchApp(b)
	down, up := keyMsg("j"), keyMsg("k")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i/30%2 == 0 {
			a.Update(down)
		} else {
			a.Update(up)
		}
	}
}

// benchApp shows a table of 3,000 runs, grouped by run.
func benchApp(b *testing.B) *App {
	p := &player{t: &testing.T{}}
	p.a = New(newFake(fakeShape{7, 3000}), Options{Title: "traces.jsonl", Theme: "dark", Profile: &trueColour, By: []analyze.Dimension{{Dim: analyze.DimRun}, {Dim: analyze.DimAgent}}})
	p.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	p.run(p.a.askStatus())
	p.run(p.a.top().load(p.a))
	return p.a
}

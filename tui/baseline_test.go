package tui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// dayOne is when the traces of these tests begin.
var dayOne = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// put adds n runs of one call each, one an hour, of the given cost in micro-dollars; every call has its hundred tokens.
func (f *fake) put(n int, workflow, agent, model string, micro int64) {
	for i := range n {
		id := fmt.Sprintf("%s-%s-%d", workflow, agent, i)
		at := dayOne.Add(time.Duration(i) * time.Hour).UnixNano()
		rec := &tracefmt.Record{Run: id, ID: id, Kind: tracefmt.KindLLM, Status: tracefmt.StatusOK, Start: at, End: at + 1e9,
			Has: tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasStart | tracefmt.HasEnd, Usage: tracefmt.Usage{Input: 90, Output: 10}}
		run := &tracefmt.Run{ID: id, Outcome: tracefmt.OutcomeSuccess, Workflow: f.names.Sym(workflow)}
		run.Calls = []tracefmt.Call{{Record: rec, Kind: rec.Kind, Status: rec.Status, Workflow: run.Workflow, Agent: f.names.Sym(agent), Step: f.names.Sym("s"),
			Model: f.names.Sym(model), Up: -1, Counted: true, IsCall: true, State: tracefmt.CostRecorded, Cost: tracefmt.USD(micro * 1e6)}}
		f.runs = append(f.runs, run)
	}
	f.status = analyze.Status{PricesAsOf: "2026-09-23", Sources: []analyze.Source{{Path: "t.jsonl", Calls: int64(len(f.runs))}}}
}

func emptyFake() *fake { return &fake{names: tracefmt.NewNames()} }

// before and after: alpha's runs become twice as dear (20 runs of $1, then $2), beta goes ($3 in 3 runs), gamma comes ($4 in 2 runs).
func twoSides() (before, after *fake) {
	before, after = emptyFake(), emptyFake()
	before.put(20, "alpha", "a", "m", 1_000_000)
	before.put(3, "beta", "b", "m", 1_000_000)
	after.put(20, "alpha", "a", "m", 2_000_000)
	after.put(2, "gamma", "c", "m", 2_000_000)
	return before, after
}

// opens makes the explorer open src as whatever baseline is asked for.
func opens(src Source) func(*Options) {
	return func(o *Options) {
		o.OpenBaseline = func(ctx context.Context, path string, progress func(analyze.Status)) (Source, error) {
			progress(analyze.Status{Done: 43, Size: 100})
			return src, ctx.Err()
		}
	}
}

func against(t *testing.T, w, h int, more ...func(*Options)) *player {
	t.Helper()
	before, after := twoSides()
	return play(t, after, w, h, append(more, opens(before))...).press("B").typing("runs/old.jsonl").press("enter")
}

// words is the line of the screen that contains a text, its words apart by one blank.
func (p *player) words(text string) string {
	p.t.Helper()
	for _, l := range strings.Split(p.screen(), "\n") {
		if strings.Contains(l, text) {
			return strings.Join(strings.Fields(l), " ")
		}
	}
	p.t.Errorf("no line with %q:\n%s", text, p.screen())
	return ""
}

func TestBaselineIsBesideEveryRow(t *testing.T) {
	p := against(t, 100, 30)
	p.sees("vs old.jsonl", "before", "after", "change▾", "per run")
	for name, want := range map[string]string{
		"▌ alpha": "▌ alpha $20.00 $40.00 +$20.00 +100.0% ▲ sig",
		"  beta":  "beta $3.00 · -$3.00 gone gone",
		"  gamma": "gamma · $4.00 +$4.00 new new",
		"Σ 3":     "Σ 3 rows $23.00 $44.00 +$21.00 +91.3% ▲ sig",
	} {
		if got := p.words(name); !strings.HasPrefix(got, want) {
			t.Errorf("%q begins otherwise than %q", got, want)
		}
	}
	p.press("j", "j").sees("▌ beta") // by the size of the change: alpha, gamma, beta
	p.press("B").seesNot("before", "beta", "vs old.jsonl").sees("gamma", "Σ 2 rows", "without the baseline")
	p.press("B").sees("before", "beta", "Σ 3 rows")
}

// TestBaselineFollowsTheScope: filters and the path hold on both sides.
func TestBaselineFollowsTheScope(t *testing.T) {
	p := against(t, 100, 30).press("enter")
	if got := p.words("▌ a"); !strings.HasPrefix(got, "▌ a $20.00 $40.00 +$20.00 +100.0% ▲ sig") {
		t.Error(got)
	}
	p = against(t, 100, 30).press("x").seesNot("▌ alpha").sees("beta", "gamma", "!workflow=alpha")
	if got := p.words("Σ 2 rows"); !strings.HasPrefix(got, "Σ 2 rows $3.00 $4.00 +$1.00 +33.3%") {
		t.Error(got)
	}
	p = against(t, 100, 30).press("/").typing("!gamma")
	if got := p.words("Σ 2 of 3"); !strings.HasPrefix(got, "Σ 2 of 3 rows $23.00 $40.00 +$17.00 +73.9% ·") {
		t.Error(got)
	}
}

// TestChangeIsExplained checks volume, mix and unit cost by hand. 23 runs of $1 each become 22 of $2: the sides' shares of alpha are 20/23 and
// 20/22. unit of alpha is ($2-$1) x [(23x20/23 + 22x20/22)/3 + (23x20/22 + 22x20/23)/6] = 20 x (2/3 + (23/22+22/23)/6) = $20.0066.
func TestChangeIsExplained(t *testing.T) {
	p := against(t, 120, 40)
	p.sees("alpha · $20.00 → $40.00: +$20.00 · 20 → 20 runs", "a run $1.00 → $2.00 ▲ sig (p < 0.001)")
	if got := p.words("unit cost   "); !strings.HasPrefix(got, "unit cost +$20.01") || !strings.Contains(got, "cost per token 2.00x +$20.01") {
		t.Error(got)
	}
	p.press("0").sees("[0 change] · why it changed against old.jsonl", "$23.00 → $44.00: +$21.00 (+91.3%) · 23 → 22 runs", "a run $1.00 → $2.00: +100.0% ▲ sig")
	if got := p.words("cost per token"); !strings.HasPrefix(got, "cost per token +$20.") {
		t.Error(got)
	}
	p.press("enter").sees(" ▸ alpha ", "[0 change] · why it changed").press("enter").press("enter").press("enter").sees("calls")
	p.press("esc", "esc", "esc", "esc", "esc").sees("change▾")
}

// TestPartsAddUp: volume, mix and unit cost, the drivers and the rows are the change to the pico-dollar, in a rich trace.
func TestPartsAddUp(t *testing.T) {
	old, now := rich(150), newFake(fakeShape{11, 220})
	p := play(t, now, 160, 50, opens(old)).press("B").typing("x").press("enter")
	v := &p.a.table().vs
	var parts, rows analyze.Dollars
	for i := range v.why.Paths {
		x := &v.why.Paths[i]
		parts, rows = parts+x.Volume+x.Mix+x.Unit, rows+x.Change
		if x.Volume+x.Mix+x.Unit != x.Change {
			t.Errorf("%v: %d + %d + %d is not %d", x.Path, x.Volume, x.Mix, x.Unit, x.Change)
		}
	}
	drivers := analyze.Dollars(0)
	for _, d := range v.why.Drivers {
		drivers += d.Effect
	}
	total := analyze.Dollars(v.plain.Total.Cost - v.table.Total.Cost)
	if parts != total || rows != total || drivers != total || v.why.Change != total {
		t.Errorf("parts %d, rows %d, drivers %d, change %d; the tables differ by %d", parts, rows, drivers, v.why.Change, total)
	}
}

// TestEarlierTimeAsBaseline: 24 runs a day apart by the hour; the first ten hours cost $1 each, the others $3.
func TestEarlierTimeAsBaseline(t *testing.T) {
	f := emptyFake()
	f.put(24, "alpha", "a", "m", 1_000_000)
	for i := 10; i < 24; i++ {
		f.runs[i].Calls[0].Cost = 3e12
	}
	p := play(t, f, 100, 30).press("B").typing("before 2026-09-01T10:00").press("enter")
	p.sees("from 2026-09-01 10:00 vs before")
	if got := p.words("▌ alpha"); !strings.HasPrefix(got, "▌ alpha $10.00 $42.00 +$32.00 +320.0% ▲ sig") {
		t.Error(got)
	}
	p.press("B").sees("$52.00").seesNot("vs before")

	at := func(hour int) int64 { return dayOne.Add(time.Duration(hour) * time.Hour).UnixNano() }
	p = play(t, f, 100, 30, func(o *Options) { o.Query.Since, o.Query.Until, o.Baseline = at(10), at(14), "previous" })
	p.run(p.a.firstBaseline())
	if got := p.words("▌ alpha"); !strings.HasPrefix(got, "▌ alpha $4.00 $12.00 +$8.00 +200.0%") { // hours 6 to 9 and 10 to 13
		t.Error(got)
	}
	p = play(t, f, 100, 30).press("B").typing("previous").press("enter").sees("previous needs a time range")
	p.press("esc").press("B").typing("before someday").press("enter").sees("is no time")
	p.press("esc").press("B").typing("./x.jsonl").press("enter").sees("other traces cannot be opened here")
}

// TestOpenEndedRangeEndsWithItsLastCall: hours 20 to 23 are the range; the four before it are compared.
func TestOpenEndedRangeEndsWithItsLastCall(t *testing.T) {
	f := emptyFake()
	f.put(24, "alpha", "a", "m", 1_000_000)
	since := dayOne.Add(20 * time.Hour).UnixNano()
	q, err := previous(f)(context.Background(), analyze.Query{Since: since})
	if err != nil || q.Until != since || q.Since != since-3*int64(time.Hour)-1 {
		t.Errorf("%+v %v", q, err)
	}
	if _, err := previous(f)(context.Background(), analyze.Query{}); err == nil {
		t.Error("there is nothing before the beginning")
	}
}

func TestReadingABaselineShowsHowFarAndStops(t *testing.T) {
	before, after := twoSides()
	p := play(t, after, 100, 30, opens(before))
	cmd, err := p.a.compareWith("big.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	late := cmd().(tea.BatchMsg)[0]() // it has been read, but the answer is still on its way
	p.sees("reading the baseline big.jsonl 43% · B stops it")
	p.press("B").sees("stopped reading big.jsonl")
	p.send(late)
	p.seesNot("vs big.jsonl")

	p = play(t, after, 100, 30, func(o *Options) {
		o.OpenBaseline = func(context.Context, string, func(analyze.Status)) (Source, error) {
			return nil, errors.New("no\x1b[31m such file")
		}
	})
	p.press("B").typing("x").press("enter").sees("no baseline: no").seesNot("vs x")
	p.press("0").sees("no baseline to compare with")
}

func TestAnotherBaselineTakesThePlace(t *testing.T) {
	p := against(t, 120, 30)
	_, same := twoSides()
	opens(same)(&p.a.opt)
	p.press("D").typing("same.jsonl").press("enter").sees("vs same.jsonl").seesNot("beta", "gone")
	if got := p.words("Σ 2 rows"); !strings.HasPrefix(got, "Σ 2 rows $44.00 $44.00 $0.00 0.0% · n.s.") {
		t.Error(got)
	}
}

// TestUnknownCostIsNoChange: where a side's cost is not known, neither is the change.
func TestUnknownCostIsNoChange(t *testing.T) {
	before, after := twoSides()
	after.put(2, "delta", "d", "unheard-of", 0)
	for _, r := range after.runs[len(after.runs)-2:] {
		r.Calls[0].State = tracefmt.CostUnpriced
	}
	after.runs[0].Calls[0].State, after.runs[0].Calls[0].Cost = tracefmt.CostUnpriced, 0
	p := play(t, after, 120, 40, opens(before)).press("B").typing("x").press("enter")
	if got := p.words("▌ alpha"); !strings.HasPrefix(got, "▌ alpha $20.00 ≥$38.00 ~+$18.00 +90.0%") {
		t.Error(got)
	}
	if got := p.words("  delta"); !strings.HasPrefix(got, "delta · ? ? new new") {
		t.Error(got)
	}
	p.sees("~ calls of unknown cost are not in it")
}

// TestLiveDataComeIntoTheComparison: more runs arrive while the columns are shown.
func TestLiveDataComeIntoTheComparison(t *testing.T) {
	before, after := twoSides()
	p := play(t, after, 100, 30, opens(before)).press("B").typing("x").press("enter", "j")
	after.put(5, "epsilon", "e", "m", 1_000_000)
	p.now = p.now.Add(time.Hour)
	p.send(changedMsg{})
	p.sees("epsilon", "beta")
	if got := p.words("Σ 4 rows"); !strings.HasPrefix(got, "Σ 4 rows $23.00 $49.00 +$26.00") {
		t.Error(got)
	}
}

func TestBaselineFitsAndNeverSaysNaN(t *testing.T) {
	for name, f := range oddFakes() {
		for _, keys := range [][]string{{}, {"z"}, {"enter", "z", "j"}, {"m"}, {"0", "enter", "enter", "enter"}} {
			p := play(t, f, 100, 30, coloured, opens(rich(40))).press("B").typing("x").press("enter").press(keys...)
			for _, s := range [][2]int{{40, 10}, {41, 13}, {60, 20}, {80, 24}, {120, 40}, {200, 60}, {220, 60}} {
				p.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
				p.fits(fmt.Sprint(name, keys))
				if text := p.screen(); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "%!") {
					t.Errorf("%s %v at %v prints what nobody reads:\n%s", name, keys, s, text)
				}
			}
		}
	}
}

func TestGrowthColumnSortsWhatIsKnown(t *testing.T) {
	row := func(pico int64) *analyze.Row {
		r := &analyze.Row{}
		r.Cost, r.Calls = tracefmt.USD(pico), 1
		return r
	}
	if g := growthOf(cellOf{row: row(3e12), old: row(2e12)}); g != 0.5 {
		t.Error(g)
	}
	if g := growthOf(cellOf{row: row(3e12)}); !math.IsNaN(g) {
		t.Error(g)
	}
}

func TestBaselineGoldens(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		side := func(more ...func(*Options)) *player {
			return play(t, newFake(fakeShape{11, 220}), s[0], s[1], append(more, opens(rich(150)))...).press("B").typing("runs/last-week.jsonl").press("enter")
		}
		side().golden("baseline-" + size)
		side().press("enter").golden("baseline-agents-" + size)
		side().press("z").golden("baseline-why-" + size)
	}
	play(t, newFake(fakeShape{11, 220}), 120, 40, coloured, opens(rich(150))).press("B").typing("old.jsonl").press("enter").golden("baseline-120x40-colour")
}

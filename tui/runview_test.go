package tui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/sample"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// shipped is the sample that costscope ships, as a source.
var shipped = sync.OnceValues(func() (*fake, error) {
	dir, err := os.MkdirTemp("", "costscope")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "demo.jsonl.gz")
	if err := os.WriteFile(path, sample.Demo(), 0o600); err != nil {
		return nil, err
	}
	r, err := tracefmt.OpenReader(path, tracefmt.ReadOptions{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f := &fake{names: tracefmt.NewNames(), status: analyze.Status{PricesAsOf: "2026-09-23"}}
	d := tracefmt.NewDecoder(f.names, nil)
	var c tracefmt.Chunk
	var b tracefmt.Batch
	for err == nil {
		if err = r.Next(&c); err == nil {
			d.DecodeChunk(&c, &b)
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	byRun := map[string][]tracefmt.Record{}
	for _, rec := range b.Records {
		byRun[rec.Run] = append(byRun[rec.Run], rec)
	}
	for _, recs := range byRun {
		asm := tracefmt.Assembler{Names: f.names, Book: tracefmt.BuiltinPrices()}
		f.runs = append(f.runs, asm.Assemble(asm.Merge(recs)))
	}
	slices.SortFunc(f.runs, func(x, y *tracefmt.Run) int { return strings.Compare(x.ID, y.ID) })
	return f, nil
})

func playShipped(t *testing.T, w, h int, by ...analyze.Dim) *player {
	t.Helper()
	f, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return play(t, f, w, h, byDims(by...))
}

func byDims(by ...analyze.Dim) func(*Options) {
	return func(o *Options) {
		for _, d := range by {
			o.By = append(o.By, analyze.Dimension{Dim: d})
		}
	}
}

// A story: the worst retry chain, why it failed, and what it cost, in three keys.
func TestStoryOfTheWorstChain(t *testing.T) {
	p := playShipped(t, 140, 40).press("2", "z", "enter")
	r := p.a.inRun()
	if r == nil {
		t.Fatal("no run was opened")
	}
	c := r.line(r.cur.at)
	ch := &r.data.Chains[c.Chain]
	for i := range r.data.Chains {
		if other := &r.data.Chains[i]; other.Wasted > ch.Wasted {
			t.Errorf("%s was wasted by another chain, %s by this one", money(other.Wasted), money(ch.Wasted))
		}
	}
	p.sees("run "+r.data.ID, fmt.Sprintf("↻1/%d ✗ ", ch.Tries), fmt.Sprintf("↻2/%d ", ch.Tries))
	p.press("enter").sees("── its chain", fmt.Sprintf("%d attempts for %s · wasted %s", ch.Tries, money(ch.Total), money(ch.Wasted)), "▌   1 ✗")
	p.press("J", "esc").sees("run " + r.data.ID).press("esc").sees("what do failures cost?")
}

// A story: when a context doubled and why, in two keys; the turn itself, in four.
func TestStoryOfADoubledContext(t *testing.T) {
	p := playShipped(t, 140, 60).press("3", "z")
	p.sees("its growth cost most", "× doubled at turn 3: 6.36k → 15.6k tokens, most of it logs, 8.55k", "window 200k", "median and ═ p95 of all threads here")
	p.press("enter")
	r := p.a.inRun()
	if c := r.line(r.cur.at); c.Turn != 3 || c.Prompt != 15_635 || c.Agent != "executor" {
		t.Errorf("the cursor is on %+v", c)
	}
	p.press("enter").sees("── its turn in the context", "turn 3 of 76 · executor · 15.6k of 200k tokens", "4.88k more than the turn before", "▲ this turn")
}

func TestRunGoldens(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		p := play(t, rich(120), s[0], s[1], byDims(analyze.DimWorkflow, analyze.DimRun)).press("enter", "j", "enter").golden("run-" + size)
		p.press("d").golden("run-agents-" + size)
		p.press("d", "enter").golden("run-call-" + size)
	}
	play(t, rich(120), 120, 40, coloured, byDims(analyze.DimRun)).press("enter").golden("run-120x40-colour")
}

// J and K go through the runs of the scope as the table by cost has them; coming back finds cursor and scroll.
func TestRunsByCost(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 30, byDims(analyze.DimWorkflow, analyze.DimRun)).press("enter")
	var ids []string
	for _, r := range p.a.table().rows {
		ids = append(ids, rowName(r))
	}
	p.press("j", "enter").sees("run "+ids[1]+" ", "run 2 of "+count(int64(len(ids)))+" by cost")
	p.press("J", "J").sees("run "+ids[3]+" ", "run 4 of ").press("K").sees("run "+ids[2]+" ", "run 3 of ")
	p.press("K", "K", "K").sees("! this is the dearest run here", "run "+ids[0]+" ")
	p.press("pgdown", "j")
	r := p.a.inRun()
	at, top := r.cur.at, r.cur.top
	p.press("enter").sees("▸ call ", "── cost").press("esc")
	if r.cur.at != at || r.cur.top != top || at == 0 {
		t.Errorf("the cursor is on line %d from %d, it was on %d from %d", r.cur.at, r.cur.top, at, top)
	}
	p.press("enter", "J", "r")
	if p.a.inRun() != r || r.cur.at != at+1 {
		t.Errorf("r went to line %d", r.cur.at)
	}
	p.press("esc")
	if p.a.table().key != ids[0] { // the run seen last, as with calls
		t.Errorf("the cursor of the table is on %s", p.a.table().key)
	}
}

// The calls of a run stay a key away, and so do the lenses.
func TestLensesOnARun(t *testing.T) {
	p := play(t, rich(120), 120, 40, byDims(analyze.DimRun)).press("enter")
	id := p.a.inRun().data.ID
	calls := count(p.a.inRun().data.Row.Calls)
	p.press("9").sees(" ▸ "+id, "[9 calls] · "+calls+" calls · by cost", "call 1 of "+calls).press("r").sees("run "+id, "by time▾")
	p.press("3").sees(" ▸ "+id, "[3 context] · how does the window grow").press("esc").sees("run "+id, "by time▾")
}

// What agents spent themselves adds up to the run on the screen, too.
func TestTheTreeOfARun(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 40, byDims(analyze.DimWorkflow, analyze.DimRun)).press("enter", "enter", "d").sees("with those below", "└ executor", "own costs add up to ")
	v := p.a.inRun().data
	own := tracefmt.USD(0)
	for _, n := range v.Tree {
		own += n.Own.Cost
	}
	if own != v.Row.Cost || len(v.Tree) < 3 {
		t.Errorf("%d agents spent %d of %d", len(v.Tree), own, v.Row.Cost)
	}
	p.press("G", "enter")
	r := p.a.inRun()
	if c := r.line(r.cur.at); r.tree || c.ID != v.Calls[v.Tree[len(v.Tree)-1].First].ID {
		t.Errorf("the agent opens %+v", c)
	}
}

func TestSortingARun(t *testing.T) {
	p := play(t, rich(120), 120, 40, byDims(analyze.DimRun)).press("enter")
	r := p.a.inRun()
	p.press("s").sees("cost▾")
	for i := 1; i < r.cur.n; i++ {
		if r.line(i-1).Cost < r.line(i).Cost {
			t.Fatalf("line %d is dearer than the one before", i)
		}
	}
	p.press("S").sees("cost▴").press("s").sees("by time▾")
	id := r.line(0).Step
	p.press("/").typing(id).press("enter")
	for i := range r.cur.n {
		if !strings.Contains(r.line(i).Step, id) {
			t.Errorf("line %d is %s", i, r.line(i).Step)
		}
	}
	p.press("/").typing("nothing says this").press("enter").sees("no call here says").press("backspace").sees("line ")
}

func TestARunWithoutTimes(t *testing.T) {
	play(t, blind(6), 120, 40, byDims(analyze.DimRun)).press("enter").sees("took –", "as read▾", "no call states a time", "window not known").seesNot("0s", "$0.00")
	f := rich(6)
	for _, r := range f.runs {
		last := &r.Calls[len(r.Calls)-1]
		last.Has &^= tracefmt.HasStart | tracefmt.HasEnd
	}
	p := play(t, f, 120, 40, byDims(analyze.DimRun)).press("enter", "G").sees("no time stated", "by time▾")
	if p.a.inRun().data.Timed != len(p.a.inRun().data.Calls)-1 {
		t.Error("one call states no time")
	}
}

func TestAClickInARun(t *testing.T) {
	p := play(t, rich(120), 120, 40, byDims(analyze.DimRun)).press("enter")
	r := p.a.inRun()
	click := tea.MouseMsg{X: 8, Y: 1 + r.rowAt + 3, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
	p.send(click)
	if r.cur.at != 3 {
		t.Errorf("line %d", r.cur.at)
	}
	id := r.line(3).ID
	p.send(click)
	p.sees("▸ call " + id)
}

func TestARunThatIsGone(t *testing.T) {
	f := rich(6)
	p := play(t, f, 120, 40, byDims(analyze.DimRun))
	f.runs[slices.IndexFunc(f.runs, func(r *tracefmt.Run) bool { return r.ID == p.a.table().key })].ID = "another"
	p.press("enter").sees("✗ no such run · esc goes back").press("j", "d", "s", "enter", "J").press("esc").sees("run / calls")
}

func TestRunsFit(t *testing.T) {
	sizes := [][2]int{{40, 10}, {41, 13}, {60, 20}, {80, 24}, {99, 31}, {120, 40}, {220, 60}}
	for name, f := range oddFakes() {
		for _, keys := range [][]string{{"enter"}, {"enter", "d"}, {"enter", "s", "G"}, {"enter", "j", "enter"}} {
			p := play(t, f, 100, 30, coloured, byDims(analyze.DimRun)).press(keys...)
			q := play(t, f, 100, 30, byDims(analyze.DimRun)).press(keys...)
			for _, s := range sizes {
				p.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
				q.send(tea.WindowSizeMsg{Width: s[0], Height: s[1]})
				p.fits(fmt.Sprint(name, keys))
				text := p.screen()
				if strings.Contains(text, "NaN") || strings.Contains(text, "%!") {
					t.Errorf("%s %v at %v prints what nobody reads:\n%s", name, keys, s, text)
				}
				if text != q.screen() {
					t.Errorf("%s %v at %v shows another text without colours", name, keys, s)
				}
			}
		}
	}
}

func TestTimeAxes(t *testing.T) {
	for _, x := range []struct {
		span time.Duration
		w    int
		want string
	}{
		{20 * time.Minute, 40, "0s        ╵5m       ╵10m      ╵15m"},
		{31*time.Minute + 46*time.Second, 14, "0s      31m46s"},
		{90 * time.Second, 8, "0s   ╵1m"},
		{1200 * time.Millisecond, 40, "0s              ╵500ms           ╵1s"},
		{9 * 24 * time.Hour, 30, "0s    ╵2d    ╵4d    ╵6d   ╵8d"},
		{0, 30, "0s"},
	} {
		if got := strings.TrimRight(timeAxis(int64(x.span), x.w), " "); got != x.want {
			t.Errorf("%s in %d: %q, not %q", x.span, x.w, got, x.want)
		}
	}
	for _, x := range [][6]int64{{0, 0, 100, 10, 0, 1}, {0, 100, 100, 10, 0, 10}, {50, 51, 100, 10, 5, 6}, {100, 100, 100, 10, 9, 10}, {0, 0, 0, 10, 0, 1}, {99, 100, 100, 10, 9, 10}} {
		if from, to := cells(x[0], x[1], x[2], int(x[3])); int64(from) != x[4] || int64(to) != x[5] {
			t.Errorf("%v: columns %d to %d", x, from, to)
		}
	}
}

// huge is one run of n calls.
func huge(n int) *fake {
	f := rich(1)
	r := f.runs[0]
	first := r.Calls[0]
	r.Calls = nil
	for i := range n {
		c := first
		rec := *first.Record
		rec.ID, rec.Start, rec.End = fmt.Sprint("c", i), first.Start+int64(i)*1e9, first.Start+int64(i)*1e9+5e8
		c.Record = &rec
		r.Calls = append(r.Calls, c)
	}
	return f
}

// A long run is drawn by its window alone: the last line of many is a key away.
func TestALongRun(t *testing.T) {
	p := play(t, huge(30_000), 120, 40, byDims(analyze.DimRun)).press("enter", "G").sees("line 30,000 of 30,000").press("s", "g").sees("line 1 of 30,000")
	p.press("d").sees("agent 1 of 1")
}

func BenchmarkRunKey(b *testing.B) {
	p := &player{t: &testing.T{}}
	p.a = New(huge(50_000), Options{Title: "traces.jsonl", Theme: "dark", Profile: &trueColour, By: []analyze.Dimension{{Dim: analyze.DimRun}}})
	p.a.wait = func(_ time.Duration, m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }
	p.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	p.run(p.a.top().load(p.a))
	p.press("enter")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.a.Update(keyMsg([]string{"j", "k", "pgdown", "pgup"}[i%4]))
		_ = p.a.View()
	}
}

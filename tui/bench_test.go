package tui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// big answers at once, as a store of a million calls would: a table of thousands of rows, a hundred thousand runs, a list of a million calls.
type big struct {
	*fake
	mu     sync.Mutex
	tables map[string]*analyze.Table
	digest map[string]*analyze.Digest
	runs   []analyze.RunCost
}

const (
	bigCalls = 1_000_000
	bigRuns  = 100_000
)

var bigSource = sync.OnceValue(func() *big {
	f := rich(4000)
	for i, r := range f.runs { // thousands of paths
		for k := range r.Calls {
			r.Calls[k].Workflow = f.names.Sym(fmt.Sprintf("workflow-%04d", i%3000))
		}
		r.Workflow = r.Calls[0].Workflow
	}
	b := &big{fake: f, tables: map[string]*analyze.Table{}, digest: map[string]*analyze.Digest{}}
	_, some := f.scan(analyze.Query{})
	for i := range bigRuns {
		c := some[i%len(some)]
		c.Run, c.Cost = uint32(i), c.Cost+tracefmt.USD(i)
		b.runs = append(b.runs, c)
	}
	return b
})

// once keeps the answer to a question.
func once[T any](b *big, kept map[string]T, q analyze.Query, ask func() (T, error)) (T, error) {
	key := fmt.Sprint(q.By, q.String())
	b.mu.Lock()
	defer b.mu.Unlock()
	if x, ok := kept[key]; ok {
		return x, nil
	}
	x, err := ask()
	kept[key] = x
	return x, err
}

func (b *big) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	return once(b, b.tables, q, func() (*analyze.Table, error) {
		t, err := b.fake.Rollup(ctx, q)
		if len(q.By) == 1 && q.By[0].Dim == analyze.DimRun {
			t.Rows = manyRuns(t.Rows)
		}
		return t, err
	})
}

// manyRuns repeats rows, each time a little dearer.
func manyRuns(some []analyze.Row) []analyze.Row {
	rows := make([]analyze.Row, bigRuns)
	for i := range rows {
		rows[i] = some[i%len(some)]
		rows[i].Path = []string{fmt.Sprintf("run-%06d", i)}
		rows[i].Cost += tracefmt.USD(i)
	}
	return rows
}

func (b *big) Digest(ctx context.Context, q analyze.Query, p func(done, of int64)) (*analyze.Digest, error) {
	return once(b, b.digest, q, func() (*analyze.Digest, error) { return b.fake.Digest(ctx, q, p) })
}

func (b *big) RunCosts(context.Context, analyze.Query) ([]analyze.RunCost, error) { return b.runs, nil }

func (b *big) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	return (&bigList{fake: b.fake, n: bigCalls}).Calls(ctx, q, by, desc, from, n)
}

func (b *big) Call(_ context.Context, ref analyze.CallRef) (analyze.CallRow, error) {
	return analyze.CallRow{Ref: ref, ID: ref.ID, Step: ref.ID, State: tracefmt.CostComputed, Cost: 1e12}, nil
}

// A loop is an explorer that is timed: what Update and View take, whatever answers take to come.
type loop struct {
	a        *App
	spent    time.Duration
	worst    time.Duration
	messages int
}

func newLoop(keys ...string) *loop {
	l := &loop{a: New(bigSource(), Options{Title: "traces.jsonl", Theme: "dark", Profile: &trueColour, Out: io.Discard})}
	l.a.wait = func(_ time.Duration, m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }
	l.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	l.run(l.a.askStatus())
	for _, k := range keys {
		l.send(keyMsg(k))
	}
	l.spent, l.worst, l.messages = 0, 0, 0
	return l
}

// send takes one message and draws.
func (l *loop) send(m tea.Msg) {
	start := time.Now()
	_, cmd := l.a.Update(m)
	_ = l.a.View()
	took := time.Since(start)
	l.spent += took
	l.worst = max(l.worst, took)
	l.messages++
	l.run(cmd)
}

func (l *loop) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch m := cmd().(type) {
	case nil, beatMsg, tickMsg, analysingMsg:
	case tea.BatchMsg:
		for _, c := range m {
			l.run(c)
		}
	default:
		l.send(m)
	}
}

// benchScreens are every lens, in the pane and on the whole screen, and the screens that are none.
func benchScreens() map[string][]string {
	all := map[string][]string{
		"icicle": {"i", "j", "j"}, "detail": {"9", "z", "enter"}, "help": {"?"}, "runs": {"b", "r", "r", "enter"}, "filter": {"/", "w", "0", "1", "enter"},
	}
	for _, l := range lenses {
		all["lens-"+l.name] = []string{l.key}
		all["full-"+l.name] = []string{l.key, "z"}
	}
	all["lens-shape"], all["full-shape"] = nil, []string{"z"}
	return all
}

// BenchmarkView draws each screen again with nothing changed.
func BenchmarkView(b *testing.B) {
	screens := benchScreens()
	for _, name := range sortedKeys(screens) {
		b.Run(name, func(b *testing.B) {
			l := newLoop(screens[name]...)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				_ = l.a.View()
			}
		})
	}
}

// BenchmarkKey presses keys on each screen. ms/key is what Update and View take until the answers to a key are on screen, without the time
// that the source takes; worst-ms is the longest single message.
func BenchmarkKey(b *testing.B) {
	screens := benchScreens()
	keys := map[string][]string{"move": {"j", "j", "k"}, "page": {"pgdown", "pgdown", "pgup"}, "ends": {"G", "g"}, "next-lens": {"tab"}, "zoom": {"z"}, "sibling": {"J", "J", "K"},
		"order": {"S"}, "mark": {"space"}, "range": {"v", "pgdown", "G", "esc"}, "sideways": {"l", "l", "h"}, "focus": {"enter", "esc"}, "measure": {"m"}, "sort": {"s"}, "search": {"/", "w", "0", "enter", "esc"}, "log": {"L"}, "bar": {"]"}}
	only := map[string]string{
		"sibling": "detail", "sideways": "icicle", "focus": "icicle", "measure": "icicle lens-shape runs", "sort": "runs full-calls lens-shape", "order": "runs", "mark": "runs", "range": "runs", "search": "icicle runs lens-shape help",
		"log": "full-shape lens-shape", "bar": "full-shape lens-shape", "next-lens": "lens-shape full-shape", "zoom": "lens-shape lens-retries lens-context lens-agents lens-load lens-outcomes lens-multiplier lens-flags lens-calls",
	}
	for _, name := range sortedKeys(screens) {
		for _, what := range sortedKeys(keys) {
			if o, ok := only[what]; ok && !hasWord(o, name) {
				continue
			}
			b.Run(name+"/"+what, func(b *testing.B) {
				l := newLoop(screens[name]...)
				b.ReportAllocs()
				b.ResetTimer()
				n := 0
				for ; b.Loop(); n++ {
					l.send(keyMsg(keys[what][n%len(keys[what])]))
				}
				b.ReportMetric(float64(l.spent.Microseconds())/1000/float64(n), "ms/key")
				b.ReportMetric(float64(l.worst.Microseconds())/1000, "worst-ms")
			})
		}
	}
}

func hasWord(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if w == word {
			return true
		}
	}
	return false
}

// A screen on which nothing changed is drawn from what is kept.
func TestAnUnchangedScreenIsCheapToDraw(t *testing.T) {
	screens := benchScreens()
	for _, name := range sortedKeys(screens) {
		l := newLoop(screens[name]...)
		if n := testing.AllocsPerRun(5, func() { _ = l.a.View() }); n > 1000 {
			t.Errorf("%s: %.0f allocations", name, n)
		}
	}
}

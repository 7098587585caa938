package click

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// both is a made trace in the reference and in the engine.
func both(t *testing.T, db string, runs int) (*store.Mem, *Store) {
	t.Helper()
	c := canonical(t, db)
	trace := generated(t, runs)
	book := tracefmt.BuiltinPrices()
	m := store.NewMem(store.Options{Prices: book})
	if err := m.Load(t.Context(), []string{trace}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if p, err := c.Push(t.Context(), pushed{m, trace}, analyze.Config{}, nil); err != nil || !p.Agree() || p.Runs == 0 {
		t.Fatalf("%+v %v", p, err)
	}
	s, err := Open(t.Context(), c, analyze.Config{}, book)
	if err != nil {
		t.Fatal(err)
	}
	return m, s
}

func where(t *testing.T, exprs ...string) (q analyze.Query) {
	t.Helper()
	for _, e := range exprs {
		p, err := analyze.ParsePred(e)
		if err != nil {
			t.Fatal(err)
		}
		q.Where = append(q.Where, p)
	}
	return q
}

type lister interface {
	Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error)
}

// listOf are the calls of a list, read by pages.
func listOf(t *testing.T, s lister, q analyze.Query, by analyze.CallOrder, desc bool, page int) (rows []analyze.CallRow, total int) {
	t.Helper()
	for from := 0; ; from += page {
		p, err := s.Calls(t.Context(), q, by, desc, from, page)
		if err != nil {
			t.Fatal(err)
		}
		if rows, total = append(rows, p.Rows...), p.Total; len(p.Rows) < page {
			return rows, total
		}
	}
}

// callText is a call as the screen shows it. What is pushed states the links that the reference infers.
func callText(r analyze.CallRow) string {
	r.Src, r.Price, r.RetryOf, r.RetryKind, r.Attempt = tracefmt.SourceRef{}, nil, "", 0, 0
	j, _ := json.Marshal(r)
	return string(j)
}

// inOrder puts calls that are equal in an order in that of their runs and times: the reference has them as it met them.
func inOrder(rows []analyze.CallRow) (list []string) {
	for _, r := range rows {
		list = append(list, callText(r))
	}
	slices.Sort(list)
	return list
}

func TestListsAreThoseOfTheReference(t *testing.T) {
	m, s := both(t, "cs_test_lists", 25)
	for _, exprs := range [][]string{nil, {"agent~exec"}, {"status=error"}, {"attempt>=2"}, {"run.cost>0.5"}, {"waste=superseded"}} {
		q := where(t, exprs...)
		for by := range orderColumns {
			if exprs != nil && by != analyze.ByCost && by != analyze.ByTime {
				continue
			}
			for _, desc := range []bool{true, false} {
				want, n := listOf(t, m, q, by, desc, 10_000)
				got, total := listOf(t, s, q, by, desc, 197)
				if total != n || n == 0 || len(got) != n {
					t.Fatalf("%v by %v: %d of %d calls, not %d", exprs, by, len(got), total, n)
				}
				a, b := inOrder(got), inOrder(want)
				for i := range a {
					if a[i] != b[i] {
						t.Fatalf("%v by %v:\n%s\nnot\n%s", exprs, by, a[i], b[i])
					}
				}
				for i := range want {
					if a, b := keyText(got[i], by), keyText(want[i], by); a != b {
						t.Fatalf("%v by %v: call %d has %s, not %s", exprs, by, i, a, b)
					}
				}
			}
		}
	}
}

func keyText(r analyze.CallRow, by analyze.CallOrder) string {
	j, _ := json.Marshal(map[analyze.CallOrder]any{analyze.ByCost: []any{r.Cost, r.State == tracefmt.CostRecorded || r.State == tracefmt.CostComputed}, analyze.ByTime: r.Start,
		analyze.ByTokens: r.Usage.Input + r.Usage.Output, analyze.ByDuration: r.End - r.Start, analyze.ByInput: r.Usage.Input, analyze.ByOutput: r.Usage.Output}[by])
	return string(j)
}

// Wherever a list is opened, its pages are the same, and none makes the engine pass over more than what lies between two places known.
func TestPagesMeet(t *testing.T) {
	_, s := both(t, "cs_test_pages", 60)
	all, total := listOf(t, s, analyze.Query{}, analyze.ByCost, true, 10_000)
	if total < 500 {
		t.Fatal(total)
	}
	s.list.of = ""
	for _, from := range []int{total - 40, total - 90, total - 300, 0, 130, 260, total - 41, 1, 77} {
		p, err := s.Calls(t.Context(), analyze.Query{}, analyze.ByCost, true, from, 60)
		if err != nil || p.From != from || len(p.Rows) != min(60, total-from) {
			t.Fatal(from, len(p.Rows), err)
		}
		for i, r := range p.Rows {
			if callText(r) != callText(all[from+i]) {
				t.Fatalf("from %d: call %d is another", from, from+i)
			}
		}
	}
	l := callList{total: 1000, seen: map[int]place{400: {}, 700: {}}}
	for _, x := range [][4]int{{0, 60, 0, 0}, {410, 470, 400, 0}, {630, 690, 700, 1}, {930, 990, 1000, 1}, {330, 390, 400, 1}} {
		if at, back := l.nearest(x[0], x[1]); at != x[2] || back != (x[3] == 1) {
			t.Errorf("%v: %d %v", x, at, back)
		}
	}
}

func TestSpanOfWhatMatches(t *testing.T) {
	m, s := both(t, "cs_test_span", 20)
	for _, exprs := range [][]string{{"agent~exec"}, {"attempt>=2"}} {
		q := where(t, exprs...)
		calls, _ := listOf(t, m, q, analyze.ByTime, false, 10_000)
		first, last := calls[0].Start, int64(0)
		for _, c := range calls {
			last = max(last, c.Start, c.End)
		}
		a, b, ok, err := s.SpanOf(t.Context(), q)
		if err != nil || !ok || a != first || b != last {
			t.Errorf("%v: %d to %d, not %d to %d: %v", exprs, a, b, first, last, err)
		}
	}
}

// What would read much says so first; what is narrow enough does not.
func TestWeigh(t *testing.T) {
	_, s := both(t, "cs_test_weigh", 20)
	if w, err := s.Weigh(t.Context(), analyze.Query{}, true); w != nil || err != nil {
		t.Error(w, err)
	}
	rows := s.watch.mark.rows
	s.watch.mark.rows = littleSummed + 1 // as if there were more
	if w, err := s.Weigh(t.Context(), analyze.Query{}, false); w != nil || err != nil {
		t.Error(w, err)
	}
	x, _, err := s.runsMet(t.Context(), scope{})
	if err != nil || x.rows != rows || x.runs != 20 {
		t.Error(x, rows, err)
	}
	one, _, err := s.runsMet(t.Context(), s.scope(where(t, "attempt>=2")))
	if err != nil || one.rows == 0 || one.rows > rows {
		t.Error(one, err)
	}
	s.pace.note(50_000, time.Second)
	if d := s.pace.of(100_000); d != 2*time.Second {
		t.Error(d)
	}
}

// A push is told once its runs are there, and again as their calls come; a quiet engine tells nothing.
func TestPollTellsOfWhatIsPushed(t *testing.T) {
	m, s := both(t, "cs_test_watch", 12)
	if s.poll(t.Context()) {
		t.Error("news of nothing")
	}
	since, ok, err := s.Slide(t.Context(), time.Hour)
	_, last, _, err2 := s.Span(t.Context())
	if err != nil || err2 != nil || !ok || since > last-int64(time.Hour) {
		t.Fatal(since, last, ok, err, err2)
	}
	runs := s.c.table(runsTable)
	day := "2031-01-01"
	if err := s.c.insert(t.Context(), runsTable, runColumns, []byte(day+"\t"+day+"\tlate\tw\t1\t7\n")); err != nil {
		t.Fatal(runs, err)
	}
	if !s.poll(t.Context()) || s.poll(t.Context()) {
		t.Error("a run came, its call did not")
	}
	p := &pusher{c: s.c, src: pushed{m, "x"}, cfg: s.cfg, study: analyze.NewStudent(s.cfg), names: m.Names()}
	names := m.Names()
	at := time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC).UnixNano()
	call := tracefmt.Call{Record: &tracefmt.Record{Run: "late", ID: "c", Has: tracefmt.HasStart, Start: at}, Workflow: names.Sym("w"), IsCall: true, Counted: true}
	r := &pushedRun{id: "late"}
	p.row(r, &tracefmt.Run{ID: "late"}, &call, nil, []byte("{}"))
	if err := s.c.insert(t.Context(), callsTable, callColumns, r.rows); err != nil {
		t.Fatal(err)
	}
	if !s.poll(t.Context()) || s.poll(t.Context()) || s.watch.filling != 0 {
		t.Error("the call came", s.watch)
	}
	if got := s.Since(since); got != at-int64(time.Hour) {
		t.Error("the window did not move along:", time.Unix(0, got).UTC())
	}
	if got := s.Since(since + 1); got != since+1 {
		t.Error("another time moved")
	}
	s.c.at.Database = "enx_nothing"
	s.fromRuns = s.c.table(runsTable)
	if !s.poll(t.Context()) || s.poll(t.Context()) {
		t.Error("that the engine cannot be asked is told once")
	}
}

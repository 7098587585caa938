package click

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

func TestRollupsAreThoseOfTheReference(t *testing.T) {
	onEngines(t, "cs_test_rollup", rollupsAgree)
}

func rollupsAgree(t *testing.T, c *Client) {
	trace := generated(t, 150)
	book := tracefmt.BuiltinPrices()
	m := store.NewMem(store.Options{Prices: book})
	if err := m.Load(t.Context(), []string{trace}, nil, nil); err != nil {
		t.Fatal(err)
	}
	p, err := c.Push(t.Context(), pushed{m, trace}, analyze.Config{}, nil)
	if err != nil || !p.Agree() || p.Runs == 0 {
		t.Fatalf("%+v %v", p, err)
	}
	if p, err := c.Push(t.Context(), pushed{m, trace}, analyze.Config{}, nil); err != nil || !p.Agree() || p.Runs != 0 {
		t.Fatalf("again: %+v %v", p, err)
	}
	s, err := Open(t.Context(), c, analyze.Config{}, book)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := reportOf(t, m, m.Names()), reportOf(t, s, s.Names()); a != b {
		t.Error("the reports differ")
	}
	if !s.days || !s.byRun {
		t.Error("the tables of days are not used, or runs not known to be on one server")
	}
	for _, s.days = range [...]bool{true, false} {
		compareRollups(t, m, s)
		compareDearest(t, m, s)
		compareSpread(t, m, s, analyze.Query{})
		compareSpread(t, m, s, analyze.Query{Where: []analyze.Pred{predOf(t, "agent~e"), predOf(t, "cost>0.01")}})
	}
	s.byRun = false
	compareRollup(t, m, s, analyze.Query{By: byOf(t, "workflow,agent")})
	compareDearest(t, m, s)
	compareSpread(t, m, s, analyze.Query{})
	t.Logf("%d bytes came back", c.Traffic())
}

func byOf(t *testing.T, by string) []analyze.Dimension {
	list, err := analyze.ParseBy(by)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// compareDearest asks for a few of very many rows: they are the first of all, and the total is of all.
func compareDearest(t *testing.T, m *store.Mem, s *Store) {
	for _, by := range [...]string{"run", "user", "tag:channel"} {
		for _, where := range [...]string{"", "agent~e"} {
			q := analyze.Query{By: byOf(t, by)}
			if where != "" {
				q.Where = []analyze.Pred{predOf(t, where)}
			}
			want, err := m.Rollup(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			q.Most = len(want.Rows) - 1
			i := len(want.Rows) - 1
			if want.Rows[i].Path[0] == analyze.None {
				i-- // those without a name always come
			}
			want.Rows = slices.Delete(want.Rows, i, i+1)
			got, err := s.Rollup(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := show(want), show(got); a != b || got.Left != 1 {
				t.Errorf("%s %s, %d left:\n%.3000s\nnot\n%.3000s", by, where, got.Left, b, a)
			}
		}
	}
}

// compareSpread compares how the costs of runs are spread with those costs.
func compareSpread(t *testing.T, m *store.Mem, s *Store, q analyze.Query) {
	costs, err := m.RunCosts(t.Context(), q)
	if err != nil || len(costs) == 0 {
		t.Fatal(len(costs), err)
	}
	want := analyze.ManyRuns{}
	for _, r := range costs {
		if r.Unknown() {
			want.Unknown++
			continue
		}
		want.Add(int64(r.Cost), 1, int64(r.Cost))
		want.Max = max(want.Max, r.Cost)
		if r.Incomplete {
			want.Partial++
		}
	}
	x, where, err := s.summed(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.manyRuns(t.Context(), x, where)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Costs.Equal(&want.Costs) || got.Max != want.Max || got.Partial != want.Partial || got.Unknown != want.Unknown {
		t.Errorf("%s, days %v: %+v\nnot\n%+v", q.String(), s.days, got, want)
	}
	q.Most = 3
	dearest, err := s.RunCosts(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if x := slices.MaxFunc(dearest, func(a, b analyze.RunCost) int { return cmp.Compare(a.Cost, b.Cost) }); len(dearest) < 3 || x.Cost != want.Max {
		t.Errorf("the dearest: %v", dearest)
	}
}

// compareRollups asks both for tables of every kind: those that days tell, and others.
func compareRollups(t *testing.T, m *store.Mem, s *Store) {
	first, _, _, err := m.Span(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * int64(time.Hour)
	midnight := (first/day + 1) * day
	for _, x := range [][2]string{{"", ""}, {"workflow", ""}, {"workflow,agent,step", ""}, {"model,status", "!status=error"}, {"day", "cost>0.01"}, {"run", "agent~exec"}, {"outcome,kind", "kind=llm"},
		{"day,model", ""}, {"provider", "day=2026-01-02"}, {"user", ""}, {"tag:channel", ""}, {"workflow", "outcome=success"}, {"agent", "tag:channel=web"}, {"tool", "input>=10000"}} {
		q := analyze.Query{}
		if x[0] != "" {
			q.By = byOf(t, x[0])
		}
		if x[1] != "" {
			q.Where = append(q.Where, predOf(t, x[1]))
		}
		compareRollup(t, m, s, q)
	}
	for _, r := range [...][2]int64{{midnight, midnight + day}, {midnight + 1, 0}} {
		compareRollup(t, m, s, analyze.Query{By: byOf(t, "day,model"), Since: r[0], Until: r[1]})
	}
}

func compareRollup(t *testing.T, m *store.Mem, s *Store, q analyze.Query) {
	want, err := m.Rollup(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Rollup(t.Context(), q)
	if err != nil {
		t.Errorf("%s: %v", q.String(), err)
	} else if a, b := show(want), show(got); a != b {
		t.Errorf("%s, days %v:\n%.3000s\nnot\n%.3000s", q.String(), s.days, b, a)
	}
}

type pushed struct {
	*store.Mem
	trace string
}

func (p pushed) SourcePath(uint32) string { return p.trace }

func show(t *analyze.Table) string {
	var b strings.Builder
	for _, r := range append([]analyze.Row{t.Total}, t.Rows...) {
		f := r
		f.MaxStale = false
		j, _ := json.Marshal(f)
		b.Write(j)
		b.WriteString(string(r.Costs.AppendTo(nil)))
		b.WriteByte('\n')
	}
	j, _ := json.Marshal([]any{t.Workflows, t.Agents, t.Threads, t.Unpriced})
	b.Write(j)
	return b.String()
}

type answers interface {
	Status() analyze.Status
	Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error)
	RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error)
	Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error)
	Span(ctx context.Context) (first, last int64, ok bool, err error)
}

// reportOf is the report of everything, as JSON.
func reportOf(t *testing.T, s answers, names *tracefmt.Names) string {
	by, err := analyze.ParseBy("workflow,agent,step")
	if err != nil {
		t.Fatal(err)
	}
	in := analyze.ReportInput{Version: "test", Status: s.Status(), Query: analyze.Query{By: by}}
	if in.Table, err = s.Rollup(t.Context(), in.Query); err != nil {
		t.Fatal(err)
	}
	if in.Runs, err = s.RunCosts(t.Context(), in.Query); err != nil {
		t.Fatal(err)
	}
	d, err := s.Digest(t.Context(), in.Query, nil)
	if err != nil {
		t.Fatal(err)
	}
	in.Deep = d.Result(t.Context(), in.Table)
	if in.First, in.Last, _, err = s.Span(t.Context()); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := analyze.NewReport(in).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

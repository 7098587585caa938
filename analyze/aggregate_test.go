package analyze

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"costscope/tracefmt"
)

// randomRuns are runs with everything that sums depend on; equal seeds give equal runs.
func randomRuns(names *tracefmt.Names, seed uint64, n int) []*tracefmt.Run {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(kind string, n int) tracefmt.Sym {
		i := r.IntN(n + 1)
		if i == n {
			return 0
		}
		return names.Sym(fmt.Sprintf("%s%d", kind, i))
	}
	runs := make([]*tracefmt.Run, n)
	for i := range runs {
		run := &tracefmt.Run{ID: fmt.Sprintf("run%d", i), Workflow: pick("w", 3), Outcome: tracefmt.Outcome(r.IntN(4)), User: pick("u", 3)}
		calls := r.IntN(12)
		recs := make([]tracefmt.Record, calls)
		for k := range recs {
			randomCall(r, run, &recs[k], k, pick)
		}
		runs[i] = run
	}
	return runs
}

func randomCall(r *rand.Rand, run *tracefmt.Run, rec *tracefmt.Record, k int, pick func(string, int) tracefmt.Sym) {
	*rec = tracefmt.Record{
		Run: run.ID, ID: fmt.Sprint(k), Role: pick("r", 2), Tool: pick("t", 2), Provider: pick("p", 2), Instance: pick("i", 2),
		Has: tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasStart | tracefmt.HasEnd, Start: int64(r.IntN(5)) * 40000e9,
		Usage: tracefmt.Usage{Input: r.Int64N(1e5), Output: r.Int64N(1e4), CacheRead: r.Int64N(100), Reasoning: r.Int64N(10)},
		Tags:  pick("env=v", 2), Src: tracefmt.SourceRef{Source: uint32(r.IntN(2))},
	}
	rec.End = rec.Start + r.Int64N(5e9)
	if k > 0 && r.IntN(4) == 0 {
		rec.RetryOf, rec.Attempt = fmt.Sprint(r.IntN(k)), int32(r.IntN(4))
	}
	c := tracefmt.Call{
		Record: rec, Kind: tracefmt.Kind(1 + r.IntN(10)), Status: tracefmt.Status(r.IntN(4)), Workflow: run.Workflow, Agent: pick("a", 3),
		Step: pick("s", 3), Model: pick("m", 3), User: run.User, Up: int32(r.IntN(k+1)) - 1, Counted: r.IntN(8) > 0, IsCall: r.IntN(8) > 0,
		State: tracefmt.CostState(r.IntN(6)),
	}
	if known(&c) {
		c.Cost = tracefmt.USD(r.Int64N(1 << uint(1+r.IntN(40))))
		c.Counted = true
	}
	run.Calls = append(run.Calls, c)
}

func sumOf(runs []*tracefmt.Run) *Aggregate {
	a := NewAggregate(Config{})
	for _, run := range runs {
		a.Add(run)
	}
	return a
}

func TestSumsDoNotDependOnOrder(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 1, 200)
	want := sumOf(runs).AppendTo(nil)
	r := rand.New(rand.NewPCG(2, 2))
	for range 20 {
		r.Shuffle(len(runs), func(i, k int) { runs[i], runs[k] = runs[k], runs[i] })
		parts := []*Aggregate{NewAggregate(Config{}), NewAggregate(Config{}), NewAggregate(Config{})}
		for _, run := range runs {
			parts[r.IntN(len(parts))].Add(run)
		}
		sum := NewAggregate(Config{})
		for _, p := range parts {
			sum.Merge(p)
		}
		if got := sum.AppendTo(nil); !bytes.Equal(got, want) {
			t.Fatal("another order or split gives other sums")
		}
	}
}

func TestTakingBackLeavesNothing(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 3, 100)
	a := sumOf(runs)
	snapshot := a.Clone()
	want := a.AppendTo(nil)
	for i, k := range rand.New(rand.NewPCG(3, 3)).Perm(len(runs)) {
		a.Sub(runs[k])
		if i == 50 {
			a.Merge(NewAggregate(Config{}))
		}
	}
	if got, empty := a.AppendTo(nil), NewAggregate(Config{}).AppendTo(nil); !bytes.Equal(got, empty) {
		t.Errorf("%d cells are left of nothing", a.Cells())
	}
	if !bytes.Equal(snapshot.AppendTo(nil), want) {
		t.Error("the clone changed with its original")
	}
	back, err := DecodeAggregate(Config{}, want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.AppendTo(nil), want) {
		t.Error("stored sums come back changed")
	}
}

func TestScanAgreesWithCells(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 4, 150)
	a := sumOf(runs)
	for _, by := range []string{"", "workflow,agent,step", "model", "outcome,day", "status,kind,tool", "provider,role,feature,version"} {
		for _, where := range []string{"", "agent=a1", "!agent=a1", "model~M", "status=ok", "kind=llm", "outcome=success", "day>=1970-01-02", "agent=(none)", "tool=nobody"} {
			q := query(t, by, where)
			got, err := a.Rollup(names, q)
			if err != nil {
				t.Fatal(err)
			}
			s := NewScan(q, names, Config{}, nil)
			for _, run := range runs {
				s.Add(run)
			}
			want := s.Table()
			if where != "" {
				want.Threads = -1
			}
			sameTable(t, q, got, want)
			partsSumUp(t, q, got)
		}
	}
}

func query(t *testing.T, by, where string) Query {
	t.Helper()
	var q Query
	var err error
	if q.By, err = ParseBy(by); err != nil {
		t.Fatal(err)
	}
	if where != "" {
		p, err := ParsePred(where)
		if err != nil {
			t.Fatal(err)
		}
		q.Where = []Pred{p}
	}
	return q
}

func sameTable(t *testing.T, q Query, a, b *Table) {
	t.Helper()
	if len(a.Rows) != len(b.Rows) || a.Threads != b.Threads || a.Agents != b.Agents || a.Workflows != b.Workflows || fmt.Sprint(a.Unpriced) != fmt.Sprint(b.Unpriced) {
		t.Fatalf("%v: %d rows %d threads %d agents %v and %d rows %d threads %d agents %v", q, len(a.Rows), a.Threads, a.Agents, a.Unpriced, len(b.Rows), b.Threads, b.Agents, b.Unpriced)
	}
	sameRow(t, q, &a.Total, &b.Total)
	for i := range a.Rows {
		sameRow(t, q, &a.Rows[i], &b.Rows[i])
	}
}

func sameRow(t *testing.T, q Query, a, b *Row) {
	t.Helper()
	type facts struct {
		Path                                      string
		Own, Finished                             tracefmt.USD
		Runs, Success, Failure, Unknown, InFlight int64
	}
	of := func(r *Row) facts {
		return facts{fmt.Sprint(r.Path), r.Own, r.FinishedUSD, r.Runs, r.Success, r.Failure, r.Unknown, r.InFlight}
	}
	if of(a) != of(b) {
		t.Errorf("%v:\n%+v\n%+v", q, of(a), of(b))
	}
	if !a.Summary.Equal(&b.Summary) {
		t.Errorf("%v %v:\n%+v\n%+v", q, a.Path, a.Summary, b.Summary)
	}
}

// partsSumUp checks that the groups below a group add up to it.
func partsSumUp(t *testing.T, q Query, table *Table) {
	t.Helper()
	if len(q.By) == 0 {
		return
	}
	sums := map[string]*Summary{}
	for i := range table.Rows {
		r := &table.Rows[i]
		up := fmt.Sprint(r.Path[:len(r.Path)-1])
		if sums[up] == nil {
			sums[up] = &Summary{}
		}
		sums[up].Merge(&r.Summary)
	}
	check := func(r *Row) {
		if s := sums[fmt.Sprint(r.Path)]; len(r.Path) < len(q.By) && s != nil && !s.Equal(&r.Summary) {
			t.Errorf("%v: the parts of %v do not add up to it", q, r.Path)
		}
	}
	check(&table.Total)
	for i := range table.Rows {
		check(&table.Rows[i])
	}
}

package analyze

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

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
			m := q.Compile(names, Config{})
			var n int64
			var cost tracefmt.USD
			for _, run := range runs {
				c, ok := s.Add(run)
				if rc, matched := m.RunCost(run, nil); matched != ok || rc.Cost != c {
					t.Errorf("%v: run %s costs %v %v and %v %v", q, run.ID, c, ok, rc, matched)
				}
				cost += c
				n += int64(b2i(ok))
			}
			want := s.Table()
			if want.Total.Runs != n || want.Total.Cost != cost {
				t.Errorf("%v: %d runs cost %d, want %d and %d", q, want.Total.Runs, want.Total.Cost, n, cost)
			}
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

// std is the price of T-A in pico-dollars for a token: input, cache read, cache write, output.
var std = [4]int64{3e6, 3e5, 375e4, 15e6}

func TestTA2(t *testing.T) {
	names := tracefmt.NewNames()
	asm := &tracefmt.Assembler{Names: names}
	var recs []tracefmt.Record
	for i, u := range []struct {
		id              string
		in, cr, cw, out int64
	}{{"m1", 3, 22137, 2285, 2}, {"m1", 3, 22137, 2285, 180}, {"m1", 3, 22137, 2285, 180}, {"m2", 5, 24000, 300, 90}} {
		recs = append(recs, tracefmt.Record{
			Run: "r", ID: u.id, Kind: tracefmt.KindLLM, Flags: tracefmt.FlagSnapshot, Src: tracefmt.SourceRef{Offset: int64(i)},
			Has:   tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasCacheRead | tracefmt.HasCacheWrite,
			Usage: tracefmt.Usage{Input: u.in + u.cr + u.cw, CacheRead: u.cr, CacheWrite: u.cw, Output: u.out},
		})
	}
	run := asm.Assemble(asm.Merge(recs))
	for i := range run.Calls {
		c := &run.Calls[i]
		c.State, c.Cost = tracefmt.CostComputed, tracefmt.USD(c.Usage.Uncached()*std[0]+c.Usage.CacheRead*std[1]+c.Usage.CacheWrite*std[2]+c.Usage.Output*std[3])
	}
	table, err := sumOf([]*tracefmt.Run{run}).Rollup(names, Query{})
	if err != nil {
		t.Fatal(err)
	}
	if table.Total.Cost != 27_608_850_000 || table.Total.Calls != 2 {
		t.Errorf("%d for %d calls", table.Total.Cost, table.Total.Calls)
	}
}

// A run that grows is taken out and put back; sums and maxima must be those of its last version alone.
func TestRunGrows(t *testing.T) {
	names := tracefmt.NewNames()
	runs := randomRuns(names, 8, 60)
	a := NewAggregate(Config{})
	for n := range 3 {
		for i, run := range runs {
			if i%7 == 0 {
				a = a.Clone() // copies on the way change nothing
			}
			part := *run
			if n > 0 {
				part.Calls = run.Calls[:len(run.Calls)*n/3]
				a.Sub(&part)
			}
			part.Calls = run.Calls[:len(run.Calls)*(n+1)/3]
			a.Add(&part)
		}
	}
	want := sumOf(runs)
	rescan(a, runs)
	if len(a.StaleCells()) != 0 || !bytes.Equal(a.AppendTo(nil), want.AppendTo(nil)) {
		t.Error("a run read in three steps gives other sums than read at once")
	}
}

// rescan finds the dearest call of every cell that does not know it, as a store does.
func rescan(a *Aggregate, runs []*tracefmt.Run) {
	for _, k := range a.StaleCells() {
		top := tracefmt.USD(-1 << 63)
		for _, run := range runs {
			for i := range run.Calls {
				c := &run.Calls[i]
				if key, ok := a.CellKey(run, c); ok && key == k && known(c) {
					top = max(top, c.Cost)
				}
			}
		}
		a.SetMax(k, top)
	}
}

func TestDamagedBytesAreRefused(t *testing.T) {
	b := sumOf(randomRuns(tracefmt.NewNames(), 11, 5)).AppendTo(nil)
	for i := range b {
		if _, err := DecodeAggregate(Config{}, b[:i]); err == nil {
			t.Fatalf("%d of %d bytes pass", i, len(b))
		}
	}
	if _, err := DecodeAggregate(Config{}, append(b, 0)); err == nil {
		t.Error("bytes behind the end pass")
	}
}

// A run that is only structure stays visible.
func TestRunWithoutCalls(t *testing.T) {
	names := tracefmt.NewNames()
	run := &tracefmt.Run{ID: "r", Workflow: names.Sym("w"), Outcome: tracefmt.OutcomeFailure}
	a := sumOf([]*tracefmt.Run{run})
	table, err := a.Rollup(names, Query{By: []Dimension{{Dim: DimWorkflow}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != 1 || table.Rows[0].Runs != 1 || table.Rows[0].Failure != 1 || table.Rows[0].Calls != 0 {
		t.Errorf("%+v", table.Rows)
	}
	if a.Sub(run); a.Cells() != 0 {
		t.Error("its cell stays")
	}
}

// A run counts once in every group, whatever number of its cells are in it.
func TestRunsAreDistinct(t *testing.T) {
	names := tracefmt.NewNames()
	x, y := names.Sym("x"), names.Sym("y")
	of := func(o tracefmt.Outcome, agents ...tracefmt.Sym) *tracefmt.Run {
		run := &tracefmt.Run{Outcome: o}
		for i, a := range agents {
			rec := &tracefmt.Record{ID: fmt.Sprint(i), Tool: tracefmt.Sym(i)}
			run.Calls = append(run.Calls, tracefmt.Call{Record: rec, Kind: tracefmt.KindTool, Agent: a, IsCall: true, Up: -1})
		}
		return run
	}
	a := sumOf([]*tracefmt.Run{of(1, x, x, y), of(1, x), of(2, y, y), of(1, x, x, y)})
	table, err := a.Rollup(names, Query{By: []Dimension{{Dim: DimAgent}}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][3]int64{}
	for _, r := range append(table.Rows, table.Total) {
		got[fmt.Sprint(r.Path)] = [3]int64{r.Runs, r.Success, r.Failure}
	}
	if got["[x]"] != [3]int64{3, 3, 0} || got["[y]"] != [3]int64{3, 2, 1} || got["[]"] != [3]int64{4, 3, 1} {
		t.Errorf("%v", got)
	}
}

func TestDaysFollowTheZone(t *testing.T) {
	tz := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		tz   *time.Location
		at   int64
		want string
	}{{nil, 0, "1970-01-01"}, {nil, -1, "1969-12-31"}, {tz, 22*3600e9 - 1, "1970-01-01"}, {tz, 22 * 3600e9, "1970-01-02"}} {
		d := newDayClock(c.tz)
		for range 2 {
			if got := dayName(d.day(c.at)); got != c.want {
				t.Errorf("%d is %s, want %s", c.at, got, c.want)
			}
		}
	}
	if dayName(NoDay) != None {
		t.Error("no day is none")
	}
}

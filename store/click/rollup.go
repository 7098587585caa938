package click

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A Store answers questions about what was pushed. The engine adds up; what comes back is small.
type Store struct {
	c         *Client
	cfg       analyze.Config
	book      *tracefmt.PriceBook
	names     *tracefmt.Names
	state     analyze.Status
	fromCalls string       // what stands after FROM: the rows of calls, under the names of callColumns
	fromRuns  string       // the rows of runs, under those of runColumns
	lack      atomic.Int64 // rows that the runs state and that are not there, as far as that is known
	reading   *reading     // of another program's tables; nil for the canonical ones
	days      bool         // the tables of days are there, and hold all calls
	byRun     bool         // all rows of a run are on one server

	mu     sync.Mutex
	runNo  map[string]uint32 // numbers of the runs met so far
	runID  []string
	list   callList
	pace   pace
	watch  watch
	window window
}

// Open asks the engine of c for what was pushed there, and how it was priced: what it added up holds for those prices only.
func Open(ctx context.Context, c *Client, cfg analyze.Config, book *tracefmt.PriceBook) (*Store, error) {
	if cfg.TZ == nil {
		cfg.TZ = time.UTC
	}
	s := &Store{c: c, cfg: cfg, book: book, names: tracefmt.NewNames(), runNo: map[string]uint32{},
		fromCalls: c.table(callsTable), fromRuns: c.table(runsTable)}
	other, err := c.detect(ctx)
	if err != nil {
		return nil, err
	}
	if other != nil {
		return s, s.openReading(ctx, other)
	}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	if s.watch.mark, err = s.look(ctx); err != nil {
		return nil, err
	}
	if err := s.findDays(ctx); err != nil {
		return nil, err
	}
	if st := &s.state; len(st.Sources) > 0 && (st.CostMode != cfg.Mode || st.PriceHash != book.Hash()) {
		return nil, fmt.Errorf("the engine's sums were made with --cost %s and the prices of %s (%s): open it with the same, or push the trace to other tables", st.CostMode, st.PricesAsOf, st.PriceBook)
	}
	return s, nil
}

// sql is a question, and its condition on the rows of calls.
func (s *Store) sql(ctx context.Context, q analyze.Query) (x *sqlQuery, where string, err error) {
	x = &sqlQuery{q: q, tz: s.cfg.TZ, calls: s.fromCalls}
	where = x.where()
	if s.reading == nil {
		return x, where, nil
	}
	b := bounds{q.Since, q.Until}
	few, err := s.few(ctx, b)
	if err == nil && !few && !x.part {
		x.calls, err = s.readCalls(ctx, b)
	}
	x.part = x.part || few
	return x, where, err
}

// summed is a question for sums, and its condition on the rows of calls, or where they tell the answer, of days.
func (s *Store) summed(ctx context.Context, q analyze.Query) (x *sqlQuery, where string, err error) {
	if x, where, err = s.sql(ctx, q); s.days && x.inDays() {
		x.days = true
		where = x.where()
	}
	return x, where, err
}

// keys are the groups of the first n dimensions, each under a name that is no column's.
func (x *sqlQuery) keys(n int) (selected, grouped string) {
	var sel, by []string
	for i, d := range x.q.By[:n] {
		k := "q_k" + string(rune('0'+i))
		sel = append(sel, x.dimension(d)+" AS "+k)
		by = append(by, k)
	}
	if n == 0 {
		return "", ""
	}
	return strings.Join(sel, ", ") + ", ", " GROUP BY " + strings.Join(by, ", ")
}

func path(r *Rows, n int) []string {
	p := make([]string, n)
	for i := range p {
		p[i] = r.Text(i)
	}
	return p
}

// Rollup answers a question by groups.
func (s *Store) Rollup(ctx context.Context, q analyze.Query) (t *analyze.Table, err error) {
	err = s.Steady(ctx, func() error {
		t, err = s.rollup(ctx, s.slid(q))
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (s *Store) rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	x, where, err := s.summed(ctx, q)
	if err != nil {
		return nil, err
	}
	if x.part {
		return s.scan(ctx, q, where)
	}
	if q.Most > 0 && len(q.By) == 1 && q.By[0].Dim > analyze.DimDay {
		return s.dearest(ctx, x, where)
	}
	return s.gather(ctx, x, where)
}

// gather has the engine add up the groups of a question.
func (s *Store) gather(ctx context.Context, x *sqlQuery, where string) (*analyze.Table, error) {
	g := analyze.NewGathering(x.q, s.names)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var parts sync.WaitGroup
	for _, part := range [...]func(context.Context, *sqlQuery, string, *analyze.Gathering) error{s.sums, s.bins, s.runs, s.facts} {
		parts.Go(func() {
			if err := part(ctx, x, where, g); err != nil {
				stop(err)
			}
		})
	}
	if parts.Wait(); ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return g.Table(), nil
}

// scan answers by groups from the runs themselves: their calls meet conditions that no column tells.
func (s *Store) scan(ctx context.Context, q analyze.Query, where string) (*analyze.Table, error) {
	var rd *runReader
	scan := analyze.NewScan(q, s.names, s.cfg, func(n uint32) string { return rd.path(n) })
	err := s.eachRun(ctx, scope{bounds{q.Since, q.Until}, where}, func(r *runReader, run *tracefmt.Run) error {
		rd = r
		scan.Add(run)
		return nil
	}, nil)
	return scan.Table(), err
}

// from is where a question is put: to the calls, or where x can be told from days, to a table of those.
func (s *Store) from(x *sqlQuery, days string) string {
	if x.days {
		return s.c.table(days)
	}
	return x.calls
}

// sumsOf are the sums of a group, over calls or over days.
func sumsOf(days bool) string {
	most, known := "max(if(known, s_cost, -1))", "sum(known)"
	if days {
		most, known = "maxMerge(t_max)", "sum(t_known)"
	}
	list := []string{most, known}
	for _, part := range parts(costSum, days) {
		list = append(list, "sumIf("+part+", outcome != 'in_flight')")
	}
	for i := range analyze.SumNames {
		for _, part := range parts(i, days) {
			list = append(list, "sum("+part+")")
		}
	}
	for i := range list {
		list[i] += " AS q_" + strconv.Itoa(i)
	}
	return strings.Join(list, ", ")
}

// sums adds up the leaves.
func (s *Store) sums(ctx context.Context, x *sqlQuery, where string, g *analyze.Gathering) error {
	n := len(x.q.By)
	keys, by := x.keys(n)
	r, err := s.c.Query(ctx, "SELECT "+keys+sumsOf(x.days)+" FROM "+s.from(x, daysTable)+" WHERE "+where+by)
	if err != nil {
		return err
	}
	for r.Next() {
		x := &analyze.Group{Max: tracefmt.USD(r.Int(n)), Known: r.Int(n + 1), Finished: [2]int64{r.Int(n + 2), r.Int(n + 3)}}
		at := n + 4
		for i := range analyze.SumNames {
			if analyze.IsMoney(i) {
				x.High[i] = r.Int(at)
				at++
			}
			x.Sums[i] = r.Int(at)
			at++
		}
		g.Add(path(r, n), x)
	}
	return r.Err()
}

// bins are the histograms of the leaves.
func (s *Store) bins(ctx context.Context, x *sqlQuery, where string, g *analyze.Gathering) error {
	n := len(x.q.By)
	keys, by := x.keys(n)
	if by == "" {
		by = " GROUP BY q_b"
	} else {
		by += ", q_b"
	}
	counts := "count() AS q_n, sum(s_cost) AS q_sum"
	if x.days {
		counts = "sum(t_rows) AS q_n, sum(t_cost) AS q_sum"
	} else {
		where += " AND known"
	}
	r, err := s.c.Query(ctx, "SELECT "+keys+"bucket AS q_b, "+counts+" FROM "+s.from(x, dayBinsTable)+" WHERE "+where+by)
	if err != nil {
		return err
	}
	for r.Next() {
		g.Bin(path(r, n), uint16(r.Int(n)-1), r.Int(n+1), r.Int(n+2))
	}
	return r.Err()
}

// queryRuns asks for numbers of distinct runs. Where no server holds some of another's runs, each says how many it has, in rows of its own:
// else one of them would have to take in the names of all runs to count them.
func (s *Store) queryRuns(ctx context.Context, sql string) (*Rows, error) {
	if s.byRun {
		return s.c.queryEach(ctx, sql)
	}
	return s.c.Query(ctx, sql)
}

// runs counts the distinct runs of every group, by outcome.
func (s *Store) runs(ctx context.Context, x *sqlQuery, where string, g *analyze.Gathering) error {
	var sel []string
	for _, o := range [...]tracefmt.Outcome{tracefmt.OutcomeSuccess, tracefmt.OutcomeFailure, tracefmt.OutcomeUnknown, tracefmt.OutcomeInFlight} {
		sel = append(sel, "uniqExactIf(run, outcome = "+quote(o.String())+") AS q_"+o.String())
	}
	for n := 0; n <= len(x.q.By); n++ {
		keys, by := x.keys(n)
		r, err := s.queryRuns(ctx, "SELECT "+keys+strings.Join(sel, ", ")+" FROM "+s.from(x, dayRunsTable)+" WHERE "+where+by)
		if err != nil {
			return err
		}
		for r.Next() {
			g.Runs(path(r, n), r.Int(n), r.Int(n+1), r.Int(n+2), r.Int(n+3))
		}
		if r.Err() != nil {
			return r.Err()
		}
	}
	return nil
}

// facts are the names, the agent instances and the models without a price.
func (s *Store) facts(ctx context.Context, x *sqlQuery, where string, g *analyze.Gathering) error {
	r, err := s.c.Query(ctx, "SELECT DISTINCT workflow AS q_w, 1 AS q_end FROM "+s.from(x, daysTable)+" WHERE "+where) // a row that ends in a name could look like an error
	if err != nil {
		return err
	}
	var workflows []string
	for r.Next() {
		workflows = append(workflows, r.Text(0))
	}
	if r.Err() != nil {
		return r.Err()
	}
	agents, threads, err := s.agents(ctx, x, where)
	if err != nil {
		return err
	}
	of := "s_"
	if x.days {
		of = "t_"
	}
	r, err = s.c.Query(ctx, "SELECT model AS q_m, sum("+of+"unpriced) AS q_n, sum("+of+"unpriced_tokens) AS q_t FROM "+s.from(x, daysTable)+" WHERE "+where+" AND "+of+"unpriced > 0 GROUP BY q_m")
	if err != nil {
		return err
	}
	var unpriced []analyze.Unpriced
	for r.Next() {
		unpriced = append(unpriced, analyze.Unpriced{Model: r.Text(0), Calls: r.Int(1), Tokens: r.Int(2)})
	}
	g.Facts(threads, workflows, agents, unpriced)
	return r.Err()
}

// agents are their names, and the number of their instances in all runs.
func (s *Store) agents(ctx context.Context, x *sqlQuery, where string) (names []string, threads int64, err error) {
	called := "is_call"
	if x.days {
		called = "t_calls > 0"
	}
	r, err := s.queryRuns(ctx, "SELECT agent AS q_a, uniqExactIf((run, instance), "+called+") AS q_n FROM "+s.from(x, dayRunsTable)+" WHERE "+where+" GROUP BY q_a")
	if err != nil {
		return nil, 0, err
	}
	for r.Next() {
		names = append(names, r.Text(0))
		threads += r.Int(1)
	}
	return names, threads, r.Err()
}

// countRuns is the number of distinct runs.
func (s *Store) countRuns(ctx context.Context, x *sqlQuery, where string) (n int64, err error) {
	r, err := s.queryRuns(ctx, "SELECT uniqExact(run) AS q_n FROM "+s.from(x, dayRunsTable)+" WHERE "+where)
	if err != nil {
		return 0, err
	}
	for r.Next() {
		n += r.Int(0)
	}
	return n, r.Err()
}

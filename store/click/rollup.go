package click

import (
	"context"
	"fmt"
	"strings"
	"sync"
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
	fromCalls string // what stands after FROM: the rows of calls, under the names of callColumns
	fromRuns  string // the rows of runs, under those of runColumns

	reading *reading // of another program's tables; nil for the canonical ones

	mu    sync.Mutex
	runNo map[string]uint32 // numbers of the runs met so far
	runID []string
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
	if st := &s.state; len(st.Sources) > 0 && (st.CostMode != cfg.Mode || st.PriceHash != book.Hash()) {
		return nil, fmt.Errorf("the engine's sums were made with --cost %s and the prices of %s (%s): open it with the same, or push the trace to other tables", st.CostMode, st.PricesAsOf, st.PriceBook)
	}
	return s, nil
}

func (s *Store) sql(q analyze.Query) (*sqlQuery, string) {
	x := &sqlQuery{q: q, tz: s.cfg.TZ}
	return x, x.where()
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
func (s *Store) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	x, where := s.sql(q)
	if x.part {
		return s.scan(ctx, q, where)
	}
	g := analyze.NewGathering(q, s.names)
	from, err := s.from(ctx, window{q.Since, q.Until})
	if err != nil {
		return nil, err
	}
	for _, part := range [...]func(context.Context, *sqlQuery, string, *analyze.Gathering) error{s.sums, s.bins, s.runs, s.facts} {
		if err := part(ctx, x, from+" WHERE "+where, g); err != nil {
			return nil, err
		}
	}
	return g.Table(), nil
}

// scan answers by groups from the runs themselves: their calls meet conditions that no column tells.
func (s *Store) scan(ctx context.Context, q analyze.Query, where string) (*analyze.Table, error) {
	var rd *runReader
	scan := analyze.NewScan(q, s.names, s.cfg, func(n uint32) string { return rd.path(n) })
	err := s.eachRun(ctx, scope{window{q.Since, q.Until}, where}, func(r *runReader, run *tracefmt.Run) error {
		rd = r
		scan.Add(run)
		return nil
	}, nil)
	return scan.Table(), err
}

// sums adds up the leaves.
func (s *Store) sums(ctx context.Context, x *sqlQuery, calls string, g *analyze.Gathering) error {
	n := len(x.q.By)
	keys, by := x.keys(n)
	sel := []string{"max(if(known, s_cost, -1)) AS q_max", "sum(known) AS q_known",
		"sumIf(intDiv(s_cost, 1000000), outcome != 'in_flight') AS q_fh", "sumIf(s_cost % 1000000, outcome != 'in_flight') AS q_fl"}
	for i, name := range analyze.SumNames {
		if analyze.IsMoney(i) {
			sel = append(sel, "sum(intDiv(s_"+name+", 1000000)) AS q_h_"+name, "sum(s_"+name+" % 1000000) AS q_"+name)
		} else {
			sel = append(sel, "sum(s_"+name+") AS q_"+name)
		}
	}
	r, err := s.c.Query(ctx, "SELECT "+keys+strings.Join(sel, ", ")+" FROM "+calls+by)
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
func (s *Store) bins(ctx context.Context, x *sqlQuery, calls string, g *analyze.Gathering) error {
	n := len(x.q.By)
	keys, by := x.keys(n)
	if by == "" {
		by = " GROUP BY q_b"
	} else {
		by += ", q_b"
	}
	r, err := s.c.Query(ctx, "SELECT "+keys+"bucket AS q_b, count() AS q_n, sum(s_cost) AS q_sum FROM "+calls+" AND known"+by)
	if err != nil {
		return err
	}
	for r.Next() {
		g.Bin(path(r, n), uint16(r.Int(n)-1), r.Int(n+1), r.Int(n+2))
	}
	return r.Err()
}

// runs counts the distinct runs of every group, by outcome.
func (s *Store) runs(ctx context.Context, x *sqlQuery, calls string, g *analyze.Gathering) error {
	for n := 0; n <= len(x.q.By); n++ {
		keys, by := x.keys(n)
		var sel []string
		for _, o := range [...]tracefmt.Outcome{tracefmt.OutcomeSuccess, tracefmt.OutcomeFailure, tracefmt.OutcomeUnknown, tracefmt.OutcomeInFlight} {
			sel = append(sel, "uniqExactIf(run, outcome = "+quote(o.String())+") AS q_"+o.String())
		}
		r, err := s.c.Query(ctx, "SELECT "+keys+strings.Join(sel, ", ")+" FROM "+calls+by)
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
func (s *Store) facts(ctx context.Context, _ *sqlQuery, calls string, g *analyze.Gathering) error {
	list := func(col string) (names []string, err error) {
		r, err := s.c.Query(ctx, "SELECT DISTINCT "+col+" AS q_n FROM "+calls)
		if err != nil {
			return nil, err
		}
		for r.Next() {
			names = append(names, r.Text(0))
		}
		return names, r.Err()
	}
	workflows, err := list("workflow")
	if err != nil {
		return err
	}
	agents, err := list("agent")
	if err != nil {
		return err
	}
	r, err := s.c.Query(ctx, "SELECT uniqExactIf((run, agent, instance), is_call) AS q_t FROM "+calls)
	if err != nil {
		return err
	}
	threads := int64(0)
	if r.Next() {
		threads = r.Int(0)
	}
	r, err = s.c.Query(ctx, "SELECT model AS q_m, sum(s_unpriced) AS q_n, sum(s_unpriced_tokens) AS q_t FROM "+calls+" AND s_unpriced > 0 GROUP BY q_m")
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

package click

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"costscope/analyze"
)

// A namedGroup is one of very many, with what puts it in order.
type namedGroup struct {
	name        string
	cost, calls int64
}

// compare puts the group of those without a name first, as its cost is a number of the table's own, and then the dearest.
func (g *namedGroup) compare(o *namedGroup) int {
	named := map[bool]int{true: 1}
	return cmp.Or(cmp.Compare(named[g.name != ""], named[o.name != ""]), cmp.Compare(o.cost, g.cost), cmp.Compare(o.calls, g.calls), cmp.Compare(g.name, o.name))
}

// dearest answers by groups of which there may be very many, as runs: only the dearest come back, and the sums of all.
func (s *Store) dearest(ctx context.Context, x *sqlQuery, where string) (*analyze.Table, error) {
	names, err := s.top(ctx, x.q)
	if err != nil {
		return nil, err
	}
	if len(names) <= x.q.Most {
		return s.gather(ctx, x, where)
	}
	only, err := s.only(ctx, x, names[:x.q.Most])
	if err != nil {
		return nil, err
	}
	some, err := s.gather(ctx, x, where+" AND "+only)
	if err != nil {
		return nil, err
	}
	q := x.q
	q.By = nil
	all, everything := s.summed(q)
	table, err := s.gather(ctx, all, everything)
	if err != nil {
		return nil, err
	}
	groups := table.Total.Runs
	if x.q.By[0].Dim != analyze.DimRun {
		groups, err = s.number(ctx, "SELECT uniqExact("+x.dimension(x.q.By[0])+") AS q_n FROM "+s.fromCalls+" WHERE "+where)
	}
	table.By, table.Rows, table.Left, table.Total.Own = some.By, some.Rows, groups-int64(len(some.Rows)), some.Total.Own
	return table, err
}

// top are the names of the dearest groups, of one more than is asked for where there are.
func (s *Store) top(ctx context.Context, q analyze.Query) ([]string, error) {
	x := &sqlQuery{q: q, tz: s.cfg.TZ}
	name, cost, calls, ask := x.dimension(q.By[0]), "sum(s_cost)", "sum(s_calls)", s.c.Query
	if q.By[0].Dim == analyze.DimRun {
		ask = s.queryRuns
		x.q.By = nil
	}
	if x.days = s.days && x.inDays(); x.days {
		cost, calls = "sum(t_cost)", "sum(t_calls)"
	}
	r, err := ask(ctx, "SELECT "+name+" AS q_k, "+cost+" AS q_cost, "+calls+" AS q_calls FROM "+s.from(x, dayRunsTable)+" WHERE "+x.where()+
		" GROUP BY q_k ORDER BY q_k != '', q_cost DESC, q_calls DESC, q_k LIMIT "+strconv.Itoa(q.Most+1))
	if err != nil {
		return nil, err
	}
	var groups []namedGroup
	for r.Next() {
		groups = append(groups, namedGroup{r.Text(0), r.Int(1), r.Int(2)})
	}
	slices.SortFunc(groups, func(a, b namedGroup) int { return a.compare(&b) })
	var names []string
	for _, g := range groups[:min(len(groups), q.Most+1)] {
		names = append(names, g.name)
	}
	return names, r.Err()
}

// only is the condition on the rows of some groups.
func (s *Store) only(ctx context.Context, x *sqlQuery, names []string) (string, error) {
	if x.q.By[0].Dim != analyze.DimRun {
		return x.dimension(x.q.By[0]) + " IN (" + literals(names) + ")", nil
	}
	list, err := s.named(ctx, names...)
	return rowsOf(list), err
}

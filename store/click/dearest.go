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
	names, more, err := s.top(ctx, x)
	if err != nil {
		return nil, err
	}
	if !more {
		return s.gather(ctx, x, where)
	}
	only, err := s.only(ctx, x, names)
	if err != nil {
		return nil, err
	}
	some, err := s.gather(ctx, x, where+" AND "+only)
	if err != nil {
		return nil, err
	}
	q := x.q
	q.By = nil
	all, everything, err := s.summed(ctx, q)
	if err != nil {
		return nil, err
	}
	table, err := s.gather(ctx, all, everything)
	if err != nil {
		return nil, err
	}
	groups := table.Total.Runs
	if x.q.By[0].Dim != analyze.DimRun {
		groups, err = s.number(ctx, "SELECT uniqExact("+x.dimension(x.q.By[0])+") AS q_n FROM "+x.calls+" WHERE "+where)
	}
	table.By, table.Rows, table.Left, table.Total.Own = some.By, some.Rows, groups-int64(len(some.Rows)), some.Total.Own
	return table, err
}

// The bins of histograms that come back for the rows of one table: less than a megabyte. A group of many calls has about binsEach.
const (
	binsAtOnce = 60_000
	binsEach   = 450
)

// enough is how many of the dearest groups are told: as many as are asked for, or as have few bins.
func enough(groups []namedGroup, most int) int {
	bins := int64(0)
	for i, g := range groups {
		bins += min(g.calls, binsEach)
		if i == most || i > 0 && bins > binsAtOnce {
			return i
		}
	}
	return len(groups)
}

// top are the names of the dearest groups. more says that there are others.
func (s *Store) top(ctx context.Context, of *sqlQuery) (names []string, more bool, err error) {
	x, q := &sqlQuery{q: of.q, tz: of.tz, calls: of.calls}, of.q
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
		return nil, false, err
	}
	var groups []namedGroup
	for r.Next() {
		groups = append(groups, namedGroup{r.Text(0), r.Int(1), r.Int(2)})
	}
	slices.SortFunc(groups, func(a, b namedGroup) int { return a.compare(&b) })
	n := enough(groups, q.Most)
	for _, g := range groups[:n] {
		names = append(names, g.name)
	}
	return names, n < len(groups), r.Err()
}

// only is the condition on the rows of some groups.
func (s *Store) only(ctx context.Context, x *sqlQuery, names []string) (string, error) {
	if x.q.By[0].Dim != analyze.DimRun || s.reading != nil {
		return x.dimension(x.q.By[0]) + " IN (" + literals(names) + ")", nil
	}
	list, err := s.named(ctx, names...)
	return rowsOf(list), err
}

package click

import (
	"context"
	"slices"
	"strings"
	"time"

	"costscope/analyze"
)

// What the engine adds up by itself while calls are written: tables that views feed. They hold a row for each day (UTC) and cell, a cell
// being what cellColumns tell apart; the second of them for each bin of the histogram too, the third for each run.
const (
	daysTable    = "costscope_days"
	dayBinsTable = "costscope_day_bins"
	dayRunsTable = "costscope_day_runs"
	feedSuffix   = "_feed"
)

// cellColumns are the dimensions that days keep apart: those with few names.
var cellColumns = []string{"workflow", "day", "has_start", "feature", "version", "agent", "role", "step", "kind", "model", "provider", "tool", "status", "outcome"}

// An aggregate is one of these tables: what it keeps apart beside the cells, what it adds up, and of which rows.
type aggregate struct {
	name, of string
	keys     []string
	sums     []total
}

// A total is a column that holds what an expression over the calls adds up to.
type total struct{ name, kind, sql string }

// aggregates are all of them.
func aggregates() []aggregate {
	days := []total{{"t_all", "UInt64", "count()"}, {"t_rows", "UInt64", "sum(counts)"}, {"t_known", "UInt64", "sum(known)"},
		{"t_max", "AggregateFunction(max, Int64)", "maxState(if(known, s_cost, toInt64(-1)))"}}
	for i := range analyze.SumNames {
		for k, col := range parts(i, true) {
			days = append(days, total{col, "Int64", "sum(" + parts(i, false)[k] + ")"})
		}
	}
	return []aggregate{
		{daysTable, "1", nil, days}, // all rows, so that daysHold can tell whether one is missing
		{dayBinsTable, "counts AND known", []string{"bucket"}, []total{{"t_rows", "UInt64", "count()"}, {"t_cost", "Int64", "sum(s_cost)"}}},
		{dayRunsTable, "counts", []string{"instance", "run"}, []total{{"t_rows", "UInt64", "count()"}, {"t_calls", "UInt64", "sum(is_call)"},
			{"t_cost", "Int64", "sum(s_cost)"}, {"t_missing", "UInt64", "sum(missing)"}}},
	}
}

// costSum is the sum of analyze.SumNames that is the cost.
const costSum = 1

// parts are what a sum adds up, over calls or over days. Money comes in two, for Group: what stands before the last six digits, and those.
func parts(sum int, days bool) []string {
	name := analyze.SumNames[sum]
	switch money := analyze.IsMoney(sum); {
	case money && days:
		return []string{"th_" + name, "t_" + name}
	case money:
		return []string{"intDiv(s_" + name + ", 1000000)", "s_" + name + " % 1000000"}
	case days:
		return []string{"t_" + name}
	}
	return []string{"s_" + name}
}

func (a *aggregate) columns() (list []column) {
	for _, name := range a.key() {
		i := slices.IndexFunc(callColumns, func(c column) bool { return c.name == name })
		list = append(list, callColumns[i])
	}
	for _, t := range a.sums {
		list = append(list, column{t.name, t.kind})
	}
	return list
}

func (a *aggregate) key() []string { return slices.Concat(cellColumns, a.keys) }

// feed is the question that the view asks of every batch of calls.
func (a *aggregate) feed(calls string) string {
	sel := a.key()
	for _, t := range a.sums {
		sel = append(sel, t.sql+" AS "+t.name)
	}
	return "SELECT " + strings.Join(sel, ", ") + "\nFROM " + calls + " WHERE " + a.of + "\nGROUP BY " + strings.Join(a.key(), ", ")
}

// findDays finds out whether the tables of days are there, and whether all rows of a run are on one server. Days that were not fed all that
// the calls hold, as when they were made after a push, are left alone: their sums are wrong.
func (s *Store) findDays(ctx context.Context) error {
	r, err := s.c.Query(ctx, "SELECT name AS q_name, engine_full AS q_engine FROM system.tables WHERE database = "+quote(s.c.at.Database)+" AND name IN ("+
		literals([]string{callsTable, daysTable, dayBinsTable, dayRunsTable})+")")
	if err != nil {
		return err
	}
	n := 0
	for r.Next() {
		n++
		if r.Text(0) == callsTable {
			s.byRun = !s.c.bound && shardedByRun(r.Text(1))
		}
	}
	if r.Err() != nil || n < 4 {
		return r.Err()
	}
	calls, err := s.number(ctx, "SELECT count() AS q_n FROM "+s.fromCalls)
	if err != nil {
		return err
	}
	s.days, err = s.daysHold(ctx, calls)
	return err
}

// shardedByRun says whether an engine, as system.tables has it, keeps all rows of a run on one server. What lies behind views and the like
// is not known.
func shardedByRun(engine string) bool {
	kind, _, _ := strings.Cut(engine, " ")
	kind, _, _ = strings.Cut(kind, "(")
	if kind == "Distributed" {
		return strings.HasSuffix(engine, ", sipHash64(run))")
	}
	return strings.HasSuffix(kind, "MergeTree")
}

// daysHold says whether the tables of days were fed so many rows of calls: a view is fed after the calls are there.
func (s *Store) daysHold(ctx context.Context, calls int64) (bool, error) {
	n, err := s.numbers(ctx, "SELECT sum(t_all) AS q_all, sum(t_rows) AS q_rows, sum(t_known) AS q_known FROM "+s.c.table(daysTable))
	if err != nil || n[0] != calls {
		return false, err
	}
	for table, rows := range map[string]int64{dayRunsTable: n[1], dayBinsTable: n[2]} {
		if have, err := s.number(ctx, "SELECT sum(t_rows) AS q_n FROM "+s.c.table(table)); err != nil || have != rows {
			return false, err
		}
	}
	return true, nil
}

// inDays says that days tell the answer: they have the dimensions that are asked for, and the range begins and ends where a day does.
func (s *sqlQuery) inDays() bool {
	const day = 24 * int64(time.Hour)
	for _, d := range s.q.By {
		if !s.isCell(d) {
			return false
		}
	}
	for _, p := range s.q.Where {
		if p.Measure != analyze.MeasureNone || !s.isCell(p.Dimension) {
			return false
		}
	}
	return s.q.Since%day == 0 && s.q.Until%day == 0
}

// isCell says that days keep the values of a dimension apart.
func (s *sqlQuery) isCell(d analyze.Dimension) bool {
	switch d.Dim {
	case analyze.DimStatus:
		return true
	case analyze.DimDay: // in a zone whose days are theirs
		utc := sqlQuery{tz: time.UTC}
		return s.local("start") == utc.local("start")
	}
	return slices.Contains(cellColumns, textColumns[d.Dim])
}

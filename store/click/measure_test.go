package click

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// TestMultiply makes a large table out of a small one: COSTSCOPE_TEST_MULTIPLY="FROM TO COPIES" names the databases on the servers of
// COSTSCOPE_TEST_CLICKHOUSE (and COSTSCOPE_TEST_CLICKHOUSE_2, where both shall share TO). Each copy has runs of its own, three days later
// than the one before. FROM stands on all servers; TO is made anew.
func TestMultiply(t *testing.T) {
	var from, to string
	var copies int
	if n, _ := fmt.Sscan(os.Getenv("COSTSCOPE_TEST_MULTIPLY"), &from, &to, &copies); n < 3 {
		t.Skip("SKIP: COSTSCOPE_TEST_MULTIPLY is not set")
	}
	servers := []*Client{canonical(t, to)}
	if second := os.Getenv("COSTSCOPE_TEST_CLICKHOUSE_2"); second != "" {
		servers = append(servers, dial(t, second))
	}
	for i, c := range servers {
		c.budget = time.Hour
		suffix := map[bool]string{true: localSuffix}[len(servers) > 1]
		if i == 0 {
			insertFrom(t, c, from, to, sourcesTable, sourcesTable+suffix, sourceColumns, 0, "1")
		}
		for k := range copies {
			mine := fmt.Sprintf("modulo(sipHash64(concat(run, '~%d')), %d) = %d", k, len(servers), i)
			insertFrom(t, c, from, to, runsTable, runsTable+suffix, runColumns, k, mine)
			insertFrom(t, c, from, to, callsTable, callsTable+suffix, callColumns, k, mine)
		}
	}
}

// insertFrom copies rows of one database into another.
func insertFrom(t *testing.T, c *Client, from, to, table, into string, cols []column, copy int, where string) {
	const day = 86400
	later := map[string]string{
		"run":      fmt.Sprintf("concat(run, '~%d')", copy),
		"day":      fmt.Sprintf("if(toUInt16(day) = 0, day, day + %d)", 3*copy),
		"last_day": fmt.Sprintf("if(toUInt16(last_day) = 0, last_day, last_day + %d)", 3*copy),
		"start":    fmt.Sprintf("start + has_start * %d", int64(3*copy)*day*1e9),
		"finish":   fmt.Sprintf("finish + has_end * %d", int64(3*copy)*day*1e9),
		"line":     laterLine(copy),
	}
	var names, values []string
	for _, x := range cols {
		names = append(names, x.name)
		if v, ok := later[x.name]; ok {
			values = append(values, v)
		} else {
			values = append(values, x.name)
		}
	}
	sql := "INSERT INTO " + named(to, into) + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + named(from, table) + " WHERE " + where
	if _, err := c.send(t.Context(), c.settings(true), strings.NewReader(sql)); err != nil {
		t.Fatal(err)
	}
}

// laterLine gives a line of the trace (its first day is 2026-01-01) another run and another day.
func laterLine(copy int) string {
	sql := "replaceRegexpOne(line, '\"trace_id\":\"([^\"]+)\"', " + quote(fmt.Sprintf(`"trace_id":"\1~%d"`, copy)) + ")"
	for d := 4; d >= 0 && copy > 0; d-- {
		at := time.Date(2026, 1, 1+d, 0, 0, 0, 0, time.UTC)
		sql = "replaceAll(" + sql + ", '\"" + at.Format(time.DateOnly) + "T', '\"" + at.AddDate(0, 0, 3*copy).Format(time.DateOnly) + "T')"
	}
	return sql
}

// TestMeasureEngine asks an engine what the screens ask, and prints how long each takes and what comes back:
// COSTSCOPE_TEST_MEASURE=clickhouse://127.0.0.1:PORT/DATABASE. The best of five is shown; COSTSCOPE_TEST_TIMES sets another number,
// COSTSCOPE_TEST_ASK a part of the name of those to be asked.
func TestMeasureEngine(t *testing.T) {
	at := os.Getenv("COSTSCOPE_TEST_MEASURE")
	if at == "" {
		t.Skip("SKIP: COSTSCOPE_TEST_MEASURE is not set")
	}
	times, _ := strconv.Atoi(os.Getenv("COSTSCOPE_TEST_TIMES"))
	if times == 0 {
		times = 5
	}
	c := dial(t, at)
	s, err := Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.number(t.Context(), "SELECT count() AS q_n FROM "+s.fromCalls+" WHERE is_call")
	if err != nil {
		t.Fatal(err)
	}
	withDays := s.days
	fmt.Printf("%s, version %s: %d calls, tables of days %v\n%-36s %10s %10s %10s %10s\n", at, c.Version(), rows, withDays, "", "days", "calls", "bytes", "MB RSS")
	if withDays && os.Getenv("COSTSCOPE_TEST_ASK") == "" {
		sameFromDays(t, s)
	}
	for _, q := range questions(t, s) {
		if !strings.Contains(q.name, os.Getenv("COSTSCOPE_TEST_ASK")) {
			continue
		}
		var took [2]time.Duration
		var came int64
		for i, days := range [...]bool{true, false} {
			if s.days = days; days && !withDays {
				continue
			}
			for range times {
				was, start := c.Traffic(), time.Now()
				if err := q.ask(t.Context()); err != nil {
					t.Errorf("%s: %v", q.name, err)
					break
				}
				if d := time.Since(start); took[i] == 0 || d < took[i] {
					took[i] = d
				}
				came = c.Traffic() - was
			}
		}
		debug.FreeOSMemory()
		fmt.Printf("%-36s %10s %10s %10d %10d\n", q.name, took[0].Round(time.Millisecond), took[1].Round(time.Millisecond), came, resident()>>20)
	}
}

// sameFromDays compares a table from days with the one from calls.
func sameFromDays(t *testing.T, s *Store) {
	var tables [2]string
	for i, days := range [...]bool{true, false} {
		s.days = days
		table, err := s.Rollup(t.Context(), analyze.Query{By: byOf(t, "workflow,model")})
		if err != nil {
			t.Fatal(err)
		}
		tables[i] = show(table)
	}
	if tables[0] != tables[1] {
		t.Errorf("from days:\n%.3000s\nfrom calls:\n%.3000s", tables[0], tables[1])
	}
}

type question struct {
	name string
	ask  func(ctx context.Context) error
}

// questions are those of the screens.
func questions(t *testing.T, s *Store) []question {
	_, last, _, err := s.Span(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.Calls(t.Context(), analyze.Query{}, analyze.ByCost, true, 0, 1)
	if err != nil || len(page.Rows) == 0 {
		t.Fatal(page, err)
	}
	lastDay := analyze.Query{Since: last - 24*int64(time.Hour)}
	day := 24 * int64(time.Hour)
	wholeDays := analyze.Query{Since: (last/day - 1) * day}
	failed := analyze.Query{Where: []analyze.Pred{predOf(t, "status=error"), predOf(t, "workflow="+page.Rows[0].Workflow)}}
	few := analyze.Query{Most: 500}
	rollup := func(name, by string, q analyze.Query) question {
		if by != "" {
			q.By, err = analyze.ParseBy(by)
		}
		if err != nil {
			t.Fatal(err)
		}
		return question{name, func(ctx context.Context) error { _, err := s.Rollup(ctx, q); return err }}
	}
	costs := func(name string, q analyze.Query) question {
		return question{name, func(ctx context.Context) error { _, err := s.RunCosts(ctx, q); return err }}
	}
	spread := func(name string, q analyze.Query) question {
		return question{name, func(ctx context.Context) error { _, err := s.ManyRuns(ctx, q); return err }}
	}
	calls := func(name string, q analyze.Query, by analyze.CallOrder, from int) question {
		return question{name, func(ctx context.Context) error { _, err := s.Calls(ctx, q, by, true, from, 100); return err }}
	}
	return []question{
		{"open", func(ctx context.Context) error {
			_, err := Open(ctx, s.c, analyze.Config{}, tracefmt.BuiltinPrices())
			return err
		}},
		{"span", func(ctx context.Context) error { _, _, _, err := s.Span(ctx); return err }},
		rollup("total and histogram", "", analyze.Query{}), rollup("by workflow", "workflow", analyze.Query{}),
		rollup("by workflow, agent, step", "workflow,agent,step", analyze.Query{}), rollup("by model", "model", analyze.Query{}),
		rollup("by day", "day", analyze.Query{}), rollup("by user", "user", few), rollup("by run, the dearest", "run", few),
		rollup("by agent, a workflow's errors", "agent", failed), rollup("by workflow, two whole days", "workflow", wholeDays),
		rollup("by workflow, last 24 hours", "workflow", lastDay), rollup("by run, last 24 hours", "run", analyze.Query{Since: lastDay.Since, Most: 500}),
		spread("spread of the costs of runs", analyze.Query{}), spread("spread of them, last 24 hours", lastDay),
		costs("costs of runs (report)", analyze.Query{}), costs("costs of the dearest runs", few), costs("costs of runs, last 24 hours", lastDay),
		calls("calls by cost", analyze.Query{}, analyze.ByCost, 0), calls("calls by time", analyze.Query{}, analyze.ByTime, 0),
		calls("calls by cost, page 50", analyze.Query{}, analyze.ByCost, 4900), calls("calls, a workflow's errors", failed, analyze.ByCost, 0),
		calls("calls by cost, last 24 hours", lastDay, analyze.ByCost, 0),
		{"a run", func(ctx context.Context) error {
			_, err := s.Run(ctx, analyze.Query{}, analyze.RunRef{ID: page.Rows[0].Run})
			return err
		}},
		{"a call", func(ctx context.Context) error { _, err := s.Call(ctx, page.Rows[0].Ref); return err }},
	}
}

func predOf(t *testing.T, text string) analyze.Pred {
	p, err := analyze.ParsePred(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// resident is the memory that this process holds.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, held int64
	if _, err := fmt.Sscan(string(b), &size, &held); err != nil {
		return 0
	}
	return held * int64(os.Getpagesize())
}

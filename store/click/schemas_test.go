package click

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// A schema is tables that people have, with a writer of our own, and the same calls as a file that costscope reads.
type schema struct {
	name string // of the file of its tables
	fill func(t *testing.T, c *Client, spans []told)
	file func(spans []told) []object
}

// spanSchemas are those whose rows are OpenTelemetry spans.
var spanSchemas = []schema{
	{"otel", fillOTel(false), otlpFile},
	{"otel_json", fillOTel(true), otlpFile},
	{"signoz", fillSigNoz, otlpFile},
}

func otlpFile(spans []told) (list []object) {
	for i := range spans {
		list = append(list, spans[i].otlp())
	}
	return list
}

// fillOTel writes every span, every fifth a second time, as an exporter does that heard no answer, and spans of a web server.
func fillOTel(typed bool) func(*testing.T, *Client, []told) {
	return func(t *testing.T, c *Client, spans []told) {
		var rows []object
		for i := range spans {
			rows = append(rows, spans[i].otelRow(typed))
			if i%5 == 0 {
				rows = append(rows, rows[len(rows)-1])
			}
		}
		for _, x := range webServer() {
			rows = append(rows, x.otelRow(typed))
		}
		insertRows(t, c, "otel_traces", rows)
	}
}

func fillSigNoz(t *testing.T, c *Client, spans []told) {
	var rows []object
	for i := range spans {
		rows = append(rows, spans[i].signozRow())
	}
	for _, x := range webServer() {
		rows = append(rows, x.signozRow())
	}
	insertRows(t, c, "signoz_index_v3", append(rows, rows[:min(len(rows), 100)]...))
}

// webServer are spans of traces in which no model is called: they are nobody's runs.
func webServer() (list []told) {
	for i := range 50 {
		s := story{run: fmt.Sprint("web ", i), now: t0 - int64(90*24*time.Hour)}
		s.add(told{name: "GET /", service: "shop", more: object{"http.response.status_code": int64(500), "user.id": "visitor"}})
		list = append(list, s.list...)
	}
	return list
}

// explorer is what both answer.
type explorer interface {
	answers
	Names() *tracefmt.Names
}

// asks are questions, and conditions on them. Each takes several queries, and an engine thinks longer about their text than about the rows:
// that every single call is the same, TestCallsAsTracefmtDecides says with one.
var asks = [...]struct{ by, where string }{
	{"workflow,agent,step", ""}, {"day,user", "!status=error"}, {"model,status", "cost>0.01"}, {"provider", "agent=l'agent \\n"},
}

func asked(t *testing.T, by, where string) (q analyze.Query) {
	t.Helper()
	var err error
	if by != "" {
		if q.By, err = analyze.ParseBy(by); err != nil {
			t.Fatal(err)
		}
	}
	if where != "" {
		p, err := analyze.ParsePred(where)
		if err != nil {
			t.Fatal(err)
		}
		q.Where = append(q.Where, p)
	}
	return q
}

// unrecorded are the sums that tables of spans cannot tell: which attempts a call is one of.
var unrecorded = []string{"retries", "retry_cost", "wasted", "chains", "rescued", "plain_retries", "prompt_adjustments", "fallbacks", "tool_reinvocations", "sure_1", "sure_2", "sure_3", "sure_4",
	"lost_tries", "blind"}

// figures is a group in one line.
func figures(r *analyze.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q runs %d ok %d bad %d max %d finished %d own %d", r.Path, r.Runs, r.Success, r.Failure, r.Max, r.FinishedUSD, r.Own)
	for i, v := range r.Sums() {
		if name := analyze.SumNames[i]; v != 0 && !slices.Contains(unrecorded, name) {
			fmt.Fprintf(&b, " %s %d", name, v)
		}
	}
	fmt.Fprintf(&b, " costs %x", r.Costs.AppendTo(nil))
	return b.String()
}

// table is a table as lines, in no order.
func table(x *analyze.Table) (list []string) {
	list = append(list, figures(&x.Total), fmt.Sprintf("workflows %d agents %d unpriced %v", x.Workflows, x.Agents, x.Unpriced))
	for i := range x.Rows {
		list = append(list, figures(&x.Rows[i]))
	}
	slices.Sort(list)
	return list
}

// differ tells the lines that only one has.
func differ(t *testing.T, what string, want, got []string) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	var b strings.Builder
	n := 0
	only := func(sign string, list, other []string) {
		for _, s := range list {
			if _, ok := slices.BinarySearch(other, s); !ok {
				if n++; n <= 12 {
					fmt.Fprintf(&b, "%s %.900s\n", sign, s)
				}
			}
		}
	}
	only("file  ", want, got)
	only("engine", got, want)
	t.Errorf("%s: %d lines of %d and %d differ\n%s", what, n, len(want), len(got), b.String())
}

// sameAnswers asks both everything that the columns of a schema can answer.
func sameTables(t *testing.T, m *store.Mem, s *Store) {
	t.Helper()
	for _, x := range asks {
		sameTable(t, m, s, x.by+" where "+x.where, asked(t, x.by, x.where))
	}
	q := asked(t, "workflow", "")
	q.Since, q.Until = t0, t0+int64(20*time.Hour)
	sameTable(t, m, s, "20 hours", q)
	sameRuns(t, m, s)
	sameRows(t, m, s)
	first, last, ok, err := m.Span(t.Context())
	f, l, o, err2 := s.Span(t.Context())
	if err != nil || err2 != nil || first != f || last != l || ok != o {
		t.Error("span", first, last, ok, err, "engine", f, l, o, err2)
	}
}

func sameTable(t *testing.T, m, s explorer, what string, q analyze.Query) {
	t.Helper()
	want, err := m.Rollup(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Rollup(t.Context(), q)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	differ(t, what, table(want), table(got))
}

// runView is one run as lines.
func runView(v *analyze.RunView) (list []string) {
	list = append(list, fmt.Sprintf("%s outcome %v workflow %q from %d to %d", v.ID, v.Outcome, v.Workflow, v.Start, v.End), figures(&v.Row))
	for _, c := range v.Calls {
		if c.IsCall {
			list = append(list, call(&c.CallRow))
		}
	}
	slices.Sort(list)
	return list
}

func call(c *analyze.CallRow) string {
	return fmt.Sprintf("%s/%s %v %v %q %q %q %q %q %q %q %d-%d cost %d %d %v usage %v %v", c.Run, c.ID, c.Kind, c.Status, c.Workflow, c.Agent, c.Step, c.Tool, c.Provider, c.Model, c.User,
		c.Start, c.End, c.Cost, c.Recorded, c.State, c.Usage, c.Error)
}

// sameRuns compares what every run cost, and every run as people see it.
func sameRuns(t *testing.T, m *store.Mem, s *Store) {
	t.Helper()
	q := asked(t, "run", "")
	want, err := m.Rollup(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range want.Rows {
		if i >= 40 { // a run takes a question of its own
			break
		}
		ref := analyze.RunRef{ID: row.Path[0]}
		a, err := m.Run(t.Context(), q, ref)
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Run(t.Context(), q, ref)
		if err != nil {
			t.Errorf("run %s: %v", ref.ID, err)
			continue
		}
		differ(t, "run "+ref.ID, runView(a), runView(b))
	}
	costs := func(x answers) (list []string) {
		rc, err := x.RunCosts(t.Context(), analyze.Query{})
		if err != nil {
			t.Error(err)
		}
		for _, r := range rc {
			list = append(list, fmt.Sprint(r.Cost, r.Outcome, r.Incomplete))
		}
		slices.Sort(list)
		return list
	}
	differ(t, "costs of runs", costs(m), costs(s))
}

// sameCalls compares a list of all calls of a model, and the dearest of all.
func sameRows(t *testing.T, m *store.Mem, s *Store) {
	t.Helper()
	type pages interface {
		Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error)
	}
	list := func(x pages, where string, by analyze.CallOrder, n int, text func(c *analyze.CallRow) string) (list []string) {
		p, err := x.Calls(t.Context(), asked(t, "", where), by, true, 0, n)
		if err != nil {
			t.Error(err)
		}
		list = append(list, fmt.Sprint("of ", p.Total))
		for i := range p.Rows {
			list = append(list, text(&p.Rows[i]))
		}
		slices.Sort(list)
		return list
	}
	whole := func(x pages) []string { return list(x, "model=gpt-5", analyze.ByTime, 5000, call) }
	dearest := func(x pages) []string {
		return list(x, "", analyze.ByCost, 20, func(c *analyze.CallRow) string { return c.Cost.String() })
	}
	differ(t, "calls of a model", whole(m), whole(s))
	differ(t, "the dearest calls", dearest(m), dearest(s))
}

// ask opens tables that were filled before.
func ask(t *testing.T, c *Client) *Store {
	t.Helper()
	s, err := Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// opened fills the tables of a schema and opens them, and the same calls from a file.
func opened(t *testing.T, x schema, db string, spans []told) (*store.Mem, *Store) {
	c := modern(t, db, x.name)
	x.fill(t, c, spans)
	return mem(t, func(w *bytes.Buffer) { lines(w, x.file(spans)) }), ask(t, c)
}

func TestTablesOfSpans(t *testing.T) {
	for _, x := range spanSchemas {
		t.Run(x.name, func(t *testing.T) {
			runs := map[bool]int{true: 30, false: 5}[x.name == "otel"]
			m, s := opened(t, x, x.name, append(hard(), toldRuns(t, runs)...))
			sameTables(t, m, s)
			sameReport(t, m, s, "sources", "skipped", "warnings")
		})
	}
}

// Runs are read whole, whatever names an instrumentation writes its facts under.
func TestRunsOfSpans(t *testing.T) {
	for _, x := range spanSchemas {
		t.Run(x.name, func(t *testing.T) {
			spans := dice{rand.New(rand.NewPCG(3, 7))}.runs(20)
			for name, list := range dialects() {
				for _, d := range list {
					d.run = name
					spans = append(spans, d)
				}
			}
			m, s := opened(t, x, "runs_"+x.name, spans)
			sameRuns(t, m, s)
		})
	}
}

// Days are those of the zone that is asked for.
func TestDaysOfTablesOfSpans(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	spans := append(long(), toldRuns(t, 10)...)
	c := modern(t, "days", "otel")
	fillOTel(false)(t, c, spans)
	s, err := Open(t.Context(), c, analyze.Config{TZ: zone}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Fatal(err)
	}
	sameTable(t, memIn(t, zone, func(w *bytes.Buffer) { lines(w, otlpFile(spans)) }), s, "days of New York", asked(t, "day,user", ""))
}

// What no column records is null in the report, and the status says so.
func TestNotRecordedIsNotZero(t *testing.T) {
	for _, x := range spanSchemas {
		t.Run(x.name, func(t *testing.T) {
			_, s := opened(t, x, "null_"+x.name, hard()[:2]) // without anything that looks like a retry
			if st := s.Status(); !st.Lacks("attempts") || !st.Lacks("outcomes") {
				t.Errorf("the status says that %v are not recorded", st.NotRecorded)
			}
			var report map[string]json.RawMessage
			if err := json.Unmarshal([]byte(reportOf(t, s, s.Names())), &report); err != nil {
				t.Fatal(err)
			}
			if string(report["retries"]) != "null" || string(report["outcomes"]) != "null" {
				t.Errorf("retries %s outcomes %s", report["retries"], report["outcomes"])
			}
		})
	}
}

// A database may hold the tables of several programs, or of none.
func TestSchemasAreToldApart(t *testing.T) {
	open := func(c *Client) error {
		_, err := Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
		return err
	}
	c := modern(t, "two", "otel", "langfuse")
	if err := open(c); err == nil || !strings.Contains(err.Error(), "otel_traces") || !strings.Contains(err.Error(), "observations") || !strings.Contains(err.Error(), "profile=") {
		t.Errorf("of two schemas one was chosen: %v", err)
	}
	c.at.Profile = "otel"
	if err := open(c); err != nil {
		t.Error("the one that the address names:", err)
	}
	c.at.Profile = "helicone"
	if err := open(c); err == nil {
		t.Error("a schema that is not there was opened")
	}
	c = modern(t, "renamed", "otel")
	tell(t, c, "RENAME TABLE "+c.table("otel_traces")+" TO "+c.table("spans of `26"))
	c.at.Table = "spans of `26"
	if err := open(c); err != nil {
		t.Error("a table of another name:", err)
	}
	c = modern(t, "strange")
	tell(t, c, "CREATE TABLE "+c.table("orders")+" (id String) ENGINE = MergeTree ORDER BY id")
	if err := open(c); err == nil || !strings.Contains(err.Error(), "orders") {
		t.Errorf("a database without any schema: %v", err)
	}
	c = modern(t, "own", "signoz")
	tell(t, c, strings.Split(strings.TrimSpace(DDL(c.at.Database, "")), ";\n")...)
	if err := open(c); err != nil {
		t.Error("costscope's own tables beside others:", err)
	}
}

// lacking is what a file tells of less than it holds: what other tables do not record.
type lacking struct {
	*store.Mem
	than analyze.Status
}

func (l lacking) Status() analyze.Status {
	st := l.Mem.Status()
	st.Table, st.NotRecorded = l.than.Table, l.than.NotRecorded
	return st
}

// sameReport compares the sections of the whole report.
func sameReport(t *testing.T, m *store.Mem, s *Store, open ...string) {
	t.Helper()
	sections := func(x explorer) (r map[string]json.RawMessage) {
		if err := json.Unmarshal([]byte(reportOf(t, x, x.Names())), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	want, got := sections(lacking{m, s.Status()}), sections(s)
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if !slices.Contains(open, k) && !bytes.Equal(want[k], got[k]) {
			t.Errorf("%s of the report:\nfile   %.600s\nengine %.600s", k, want[k], got[k])
		}
	}
}

package click

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// Bounds of one question, so that no answer has too many rows.
const (
	runsAtOnce  = 50_000
	linesAtOnce = 10_000
	fetchRuns   = 2_000
)

// eachPart asks one question for each part of n runs, and gives every row of the answers to f. sql writes the question for the condition
// that divides them.
func (s *Store) eachPart(ctx context.Context, n int64, sql func(part string) string, f func(r *Rows)) error {
	parts := n/runsAtOnce + 1
	for part := range parts {
		r, err := s.c.Query(ctx, sql("modulo(sipHash64(run), "+number(parts)+") = "+number(part)))
		if err != nil {
			return err
		}
		for r.Next() {
			f(r)
		}
		if r.Err() != nil {
			return r.Err()
		}
	}
	return nil
}

// bounds are a time range that a question is bound to, in UTC nanoseconds; 0 is no bound.
type bounds struct{ since, until int64 }

// A scope is the calls that a question is about; where is "" for no other condition than the bounds.
type scope struct {
	bounds
	where string
}

// A runFact is where a run's rows are.
type runFact struct {
	id        string
	from, to  string // days of its rows that have one
	workflows string // of its rows, with workflowSep between
	rows      int64
}

// rowsOf is the condition on the rows of some runs. Days and workflows find them without reading all others.
func rowsOf(list []runFact) string {
	var ids, workflows []string
	from, to := "9999", ""
	for _, x := range list {
		ids, workflows = append(ids, x.id), append(workflows, strings.Split(x.workflows, workflowSep)...)
		from, to = min(from, x.from), max(to, x.to)
	}
	slices.Sort(workflows)
	return "workflow IN (" + literals(slices.Compact(workflows)) + ") AND (day = '1970-01-01' OR day >= " + quote(from) + " AND day <= " + quote(to) + ") AND run IN (" + literals(ids) + ")"
}

func literals(list []string) string {
	quoted := make([]string, len(list))
	for i, x := range list {
		quoted[i] = quote(x)
	}
	return strings.Join(quoted, ", ")
}

// matching are the runs with a row that meets the condition of a scope, in the order of the engine's rows, so that those which are read
// together stand together.
func (s *Store) matching(ctx context.Context, sc scope) (list []runFact, err error) {
	size, sql, err := s.runsMet(ctx, sc)
	if err == nil && s.reading != nil {
		err = s.reading.streams(size.rows)
	}
	if err != nil {
		return nil, err
	}
	err = s.eachPart(ctx, size.runs, sql, func(r *Rows) { list = append(list, newRunFact(r)) })
	slices.SortFunc(list, func(a, b runFact) int {
		return cmp.Or(strings.Compare(a.workflows, b.workflows), strings.Compare(a.from, b.from), strings.Compare(a.id, b.id))
	})
	return list, err
}

const runFactColumns = "run AS q_run, toString(day) AS q_from, toString(last_day) AS q_to, workflows AS q_workflows, rows AS q_n"

func newRunFact(r *Rows) runFact {
	return runFact{id: r.Text(0), from: r.Text(1), to: r.Text(2), workflows: r.Text(3), rows: r.Int(4)}
}

// having is the condition on the table of runs, after others, that a run has a row which meets where. The rows of a run share a server, but
// not always with its row in the table of runs: GLOBAL.
func (s *Store) having(where, part string) string {
	if where == "" {
		return ""
	}
	return " AND run GLOBAL IN (SELECT DISTINCT run FROM " + s.fromCalls + " WHERE " + part + " AND " + where + ")"
}

// named are the runs with some ids, as far as they are there.
func (s *Store) named(ctx context.Context, ids ...string) (list []runFact, err error) {
	if s.reading != nil {
		for _, id := range ids {
			list = append(list, runFact{id: id, rows: 1})
		}
		return list, nil
	}
	r, err := s.c.Query(ctx, "SELECT "+runFactColumns+" FROM "+s.fromRuns+" WHERE run IN ("+literals(ids)+")")
	if err != nil {
		return nil, err
	}
	for r.Next() {
		list = append(list, newRunFact(r))
	}
	return list, r.Err()
}

// number is the answer to a question with one.
func (s *Store) number(ctx context.Context, sql string) (int64, error) {
	list, err := s.numbers(ctx, sql)
	if err != nil {
		return 0, err
	}
	return list[0], nil
}

// A runReader makes runs out of their lines.
type runReader struct {
	s       *Store
	d       *tracefmt.Decoder
	asm     tracefmt.Assembler
	sources []string
	index   map[string]uint32
	recs    []tracefmt.Record
}

func (s *Store) reader() *runReader {
	r := &runReader{s: s, d: tracefmt.NewDecoder(s.names, nil), index: map[string]uint32{}}
	r.d.Format = tracefmt.FormatCostscope
	if s.reading != nil {
		r.d.Format = s.reading.format
	}
	r.asm = tracefmt.Assembler{Names: s.names, Book: s.book, Mode: s.cfg.Mode, PathOf: r.path, Order: func(a, b tracefmt.SourceRef) int { return int(a.Offset - b.Offset) }}
	return r
}

func (r *runReader) path(n uint32) string { return r.sources[n] }

func (r *runReader) source(name string) uint32 {
	n, ok := r.index[name]
	if !ok {
		n = uint32(len(r.sources))
		r.index[name], r.sources = n, append(r.sources, name)
	}
	return n
}

// line takes one row in.
func (r *runReader) line(text, source string, seq int64) error {
	r.d.Out = r.d.Out[:0]
	if err := r.d.Decode([]byte(text), tracefmt.SourceRef{Source: r.source(source), Offset: seq}); err != nil {
		return fmt.Errorf("a line in the engine cannot be read: %w", err)
	}
	r.recs = append(r.recs, r.d.Out...)
	return nil
}

// run is what the lines so far make up.
func (r *runReader) run() *tracefmt.Run {
	recs := r.asm.Merge(r.recs)
	run := r.asm.Assemble(recs)
	r.recs = r.recs[:0]
	return run
}

// eachRun calls f for every run with a row that meets a condition, with all of the run's calls. What f gets is overwritten by the next run.
// progress is told the rows read.
func (s *Store) eachRun(ctx context.Context, sc scope, f func(rd *runReader, run *tracefmt.Run) error, progress func(done, of int64)) error {
	list, err := s.matching(ctx, sc)
	if err != nil {
		return err
	}
	return s.each(ctx, sc.bounds, list, f, progress)
}

// each is eachRun for the runs of a list. Bounds tell where another program's tables are to be looked at.
func (s *Store) each(ctx context.Context, b bounds, list []runFact, f func(rd *runReader, run *tracefmt.Run) error, progress func(done, of int64)) error {
	rd, began := s.reader(), time.Now()
	var read, all int64
	for _, x := range list {
		all += x.rows
	}
	most := int64(linesAtOnce)
	if s.reading != nil {
		most = spansAtOnce
	}
	for at := 0; at < len(list); {
		end, rows, ids := at, int64(0), 0
		for end < len(list) && end-at < fetchRuns && (end == at || rows+list[end].rows <= most && ids+len(list[end].id) <= idBytes) {
			rows += list[end].rows
			ids += len(list[end].id)
			end++
		}
		if err := s.fetch(ctx, rd, b, list[at:end], f); err != nil {
			return err
		}
		at, read = end, read+rows
		if progress != nil {
			progress(read, all)
		}
	}
	s.pace.note(read, time.Since(began))
	return ctx.Err()
}

// fetch reads the lines of some runs.
func (s *Store) fetch(ctx context.Context, rd *runReader, b bounds, list []runFact, f func(rd *runReader, run *tracefmt.Run) error) error {
	if s.reading != nil {
		return s.fetchSpans(ctx, rd, b, list, f)
	}
	r, err := s.c.Query(ctx, "SELECT run AS q_run, seq AS q_seq, source AS q_source, line AS q_line FROM "+s.fromCalls+" WHERE "+rowsOf(list)+" ORDER BY q_run, q_seq")
	if err != nil {
		return err
	}
	last, some := "", false
	done := func() error {
		if !some {
			return nil
		}
		run := rd.run()
		run.ID = last // as it was pushed: a line says it in UTF-8
		return f(rd, run)
	}
	for r.Next() {
		if id := r.Text(0); !some || id != last {
			if err := done(); err != nil {
				return err
			}
			last, some = id, true
		}
		if err := rd.line(r.Text(3), r.Text(2), r.Int(1)); err != nil {
			return err
		}
	}
	if r.Err() != nil {
		return r.Err()
	}
	return done()
}

// Each calls f for every run.
func (s *Store) Each(ctx context.Context, f func(run *tracefmt.Run) error) error {
	return s.eachRun(ctx, scope{}, func(_ *runReader, run *tracefmt.Run) error { return f(run) }, nil)
}

// Digest analyses the runs of a scope: what no sum of the engine tells. It reads the lines of those runs.
func (s *Store) Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error) {
	q = s.slid(q)
	var rd *runReader
	d := analyze.NewDigest(q, s.names, s.cfg, func(n uint32) string { return rd.path(n) })
	if err := s.collect(ctx, q, &rd, d.Add, progress); err != nil {
		return nil, err
	}
	return d, nil
}

// collect has add read every run with a call in the scope of a question.
func (s *Store) collect(ctx context.Context, q analyze.Query, rd **runReader, add func(*tracefmt.Run), progress func(done, of int64)) error {
	return s.eachRun(ctx, s.scope(q), func(r *runReader, run *tracefmt.Run) error {
		*rd = r
		add(run)
		return nil
	}, progress)
}

// Survey reads the runs of a scope once.
func (s *Store) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	q = s.slid(q)
	var rd *runReader
	x := analyze.NewSurvey(q, s.names, s.cfg, func(n uint32) string { return rd.path(n) })
	if err := s.collect(ctx, q, &rd, x.Add, nil); err != nil {
		return nil, err
	}
	return x, nil
}

// WhatIf prices the calls of a scope as they would have been in a scenario.
func (s *Store) WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, progress func(done, of int64)) (*analyze.WhatIfResult, error) {
	q = s.slid(q)
	var rd *runReader
	w, err := analyze.NewWhatIf(q, sc, s.book, s.names, s.cfg, func(n uint32) string { return rd.path(n) })
	if err != nil {
		return nil, err
	}
	x := w.Fresh()
	if err := s.collect(ctx, q, &rd, x.Add, progress); err != nil {
		return nil, err
	}
	return x.Result(), nil
}

// Run is one run with all of its calls, and how much of it is in the scope of q.
func (s *Store) Run(ctx context.Context, q analyze.Query, ref analyze.RunRef) (view *analyze.RunView, err error) {
	q = s.slid(q)
	id := ref.ID
	if ref.ByNumber {
		if id, err = s.idOf(ref.Number); err != nil {
			return nil, err
		}
	}
	err = s.oneRun(ctx, id, func(rd *runReader, run *tracefmt.Run) error {
		view = analyze.NewRunView(run, q, s.names, s.cfg, rd.path, func(c *tracefmt.Call) analyze.CallRow { return analyze.NewCallRow(run, c, s.names, rd.path) })
		view.Number = s.numberOf(id)
		return nil
	})
	if err == nil && view == nil {
		err = store.ErrNoRun
	}
	return view, err
}

// oneRun calls f for the run with an id, if there is one.
func (s *Store) oneRun(ctx context.Context, id string, f func(rd *runReader, run *tracefmt.Run) error) error {
	list, err := s.named(ctx, id)
	if err != nil {
		return err
	}
	return s.each(ctx, bounds{}, list, f, nil)
}

// numberOf gives a run its number.
func (s *Store) numberOf(id string) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.runNo[id]
	if !ok {
		n = uint32(len(s.runID))
		s.runNo[id], s.runID = n, append(s.runID, id)
	}
	return n
}

func (s *Store) idOf(n uint32) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(n) >= len(s.runID) {
		return "", store.ErrNoRun
	}
	return s.runID[n], nil
}

// scope is what a question is about.
func (s *Store) scope(q analyze.Query) scope {
	sc := scope{bounds: bounds{q.Since, q.Until}}
	if len(q.Where) > 0 || sc.bounds != (bounds{}) {
		sc.where = (&sqlQuery{q: q, tz: s.cfg.TZ}).where()
	}
	return sc
}

// RunCosts is what each run with a matching call cost within the scope; where q.Most says so, of the dearest, that many or more.
func (s *Store) RunCosts(ctx context.Context, q analyze.Query) (list []analyze.RunCost, err error) {
	err = s.Steady(ctx, func() error {
		list, err = s.runCosts(ctx, s.slid(q))
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (s *Store) runCosts(ctx context.Context, q analyze.Query) (list []analyze.RunCost, err error) {
	x, where, err := s.summed(ctx, q)
	if err != nil {
		return nil, err
	}
	if x.part {
		return s.scannedCosts(ctx, q)
	}
	take := func(r *Rows) {
		list = append(list, analyze.RunCost{Run: s.numberOf(r.Text(0)), Cost: tracefmt.USD(r.Int(1)), Outcome: analyze.OutcomeOf(r.Text(2)), Incomplete: r.Int(3) > 0})
	}
	if q.Most == 0 {
		n, err := s.countRuns(ctx, x, where)
		if err != nil {
			return nil, err
		}
		err = s.eachPart(ctx, n, func(part string) string { return s.costsOf(x, part+" AND "+where) + " ORDER BY q_run" }, take)
		return list, err
	}
	r, err := s.queryRuns(ctx, s.costsOf(x, where)+" ORDER BY q_cost DESC, q_run LIMIT "+number(int64(q.Most)))
	if err != nil {
		return nil, err
	}
	for r.Next() {
		take(r)
	}
	return list, r.Err()
}

// costsOf is the question for what each run costs, and whether that is all.
func (s *Store) costsOf(x *sqlQuery, where string) string {
	cost, missing := "sum(s_cost)", "max(missing)"
	if x.days {
		cost, missing = "sum(t_cost)", "sum(t_missing)"
	}
	return "SELECT run AS q_run, " + cost + " AS q_cost, any(outcome) AS q_outcome, " + missing + " AS q_missing FROM " + s.from(x, dayRunsTable) + " WHERE " + where + " GROUP BY q_run"
}

// scannedCosts is RunCosts from the runs themselves.
func (s *Store) scannedCosts(ctx context.Context, q analyze.Query) (list []analyze.RunCost, err error) {
	m := q.Compile(s.names, s.cfg)
	err = s.eachRun(ctx, s.scope(q), func(rd *runReader, run *tracefmt.Run) error {
		if rc, ok := m.RunCost(run, rd.path); ok {
			rc.Run = s.numberOf(run.ID)
			list = append(list, rc)
		}
		return nil
	}, nil)
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Call finds one call again.
func (s *Store) Call(ctx context.Context, ref analyze.CallRef) (row analyze.CallRow, err error) {
	found := false
	err = s.oneRun(ctx, ref.Run, func(rd *runReader, run *tracefmt.Run) error {
		for i := range run.Calls {
			if run.Calls[i].ID == ref.ID {
				row, found = analyze.NewCallRow(run, &run.Calls[i], s.names, rd.path), true
			}
		}
		return nil
	})
	if err == nil && !found {
		err = store.ErrNoCall
	}
	return row, err
}

// Raw says why there is none: the engine has no files.
func (s *Store) Raw(context.Context, tracefmt.SourceRef) ([]byte, string, int64, error) {
	return nil, "", 0, errors.New("the trace was pushed into an engine, which keeps no file: what it states of the call stands above")
}

// Span is the earliest start and the latest end of all calls; a run none of which states an end counts by its start.
func (s *Store) Span(ctx context.Context) (first, last int64, ok bool, err error) {
	if s.reading != nil {
		return s.spanOfSpans(ctx)
	}
	r, err := s.numbers(ctx, "SELECT min(start) AS q_first, max(if(has_end, finish, 0)) AS q_end, max(start) AS q_last, count() AS q_n FROM "+s.fromCalls+" WHERE has_start")
	if err != nil || r[3] == 0 {
		return 0, 0, false, err
	}
	if r[2] <= r[1] {
		return r[0], r[1], true, nil // whatever runs began with, it was before that end
	}
	last, err = s.number(ctx, "SELECT max(greatest(q_s, q_f)) AS q_last FROM (SELECT min(start) AS q_s, max(if(has_end, finish, 0)) AS q_f FROM "+
		s.fromCalls+" WHERE has_start GROUP BY run) AS q")
	return r[0], last, true, err
}

// SpanOf is the earliest start and the latest end of the calls that match; ok is false where none has a time.
func (s *Store) SpanOf(ctx context.Context, q analyze.Query) (first, last int64, ok bool, err error) {
	q = s.slid(q)
	x, where, err := s.sql(ctx, q)
	if err != nil {
		return 0, 0, false, err
	}
	if x.part {
		return s.scannedSpan(ctx, q)
	}
	r, err := s.c.Query(ctx, "SELECT min(start) AS q_first, max(if(has_end, greatest(start, finish), start)) AS q_last, count() AS q_n FROM "+x.calls+" WHERE is_call AND has_start AND "+where)
	if err != nil || !r.Next() {
		return 0, 0, false, err
	}
	return r.Int(0), r.Int(1), r.Int(2) > 0, r.Err()
}

// scannedSpan is SpanOf from the runs themselves.
func (s *Store) scannedSpan(ctx context.Context, q analyze.Query) (first, last int64, ok bool, err error) {
	m := q.Compile(s.names, s.cfg)
	first, last = math.MaxInt64, math.MinInt64
	err = s.eachRun(ctx, s.scope(q), func(rd *runReader, run *tracefmt.Run) error {
		m.Span(run, rd.path, &first, &last)
		return nil
	}, nil)
	return first, last, first <= last, err
}

// Names are the names that the answers use.
func (s *Store) Names() *tracefmt.Names { return s.names }

// Close ends the connections.
func (s *Store) Close() error {
	s.stop()
	s.c.Close()
	return nil
}

// refresh asks for what was pushed.
func (s *Store) refresh(ctx context.Context) error {
	r, err := s.c.Query(ctx, "SELECT facts AS q_f FROM "+s.c.table(sourcesTable)+" ORDER BY path")
	if err != nil {
		return err
	}
	var all analyze.Status
	for r.Next() {
		var st analyze.Status
		if err := json.Unmarshal([]byte(r.Text(0)), &st); err != nil {
			return fmt.Errorf("what was pushed is described in a way that this version does not read: %w", err)
		}
		all.Sources = append(all.Sources, st.Sources...)
		all.Skips = append(all.Skips, st.Skips...)
		all.SkipCount += st.SkipCount
		all.Warnings = append(all.Warnings, st.Warnings...)
		all.PricesAsOf, all.PriceBook, all.PriceHash, all.CostMode = st.PricesAsOf, st.PriceBook, st.PriceHash, st.CostMode
	}
	if r.Err() != nil {
		return r.Err()
	}
	warnings, err := s.check(ctx)
	if err != nil {
		return err
	}
	all.Warnings = append(all.Warnings, warnings...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = all
	return nil
}

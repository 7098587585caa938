package click

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// Bounds of one question, so that no answer has too many rows.
const (
	runsAtOnce  = 50_000
	linesAtOnce = 20_000
	fetchRuns   = 500
)

// A window is a time range that a question is bound to, in UTC nanoseconds; 0 is no bound.
type window struct{ since, until int64 }

// A scope is the calls that a question is about; where is "" for no other condition than the window's.
type scope struct {
	window
	where string
}

// eachPart asks one question for each part of the runs, and gives every row of the answers to f. sql writes the question for the condition
// that divides them, about what stands after FROM.
func (s *Store) eachPart(ctx context.Context, w window, sql func(from, part string) string, f func(r *Rows)) error {
	from, err := s.from(ctx, w)
	if err != nil {
		return err
	}
	all, err := s.runCount(ctx, w)
	if err != nil {
		return err
	}
	parts := all/runsAtOnce + 1
	for part := range parts {
		r, err := s.c.Query(ctx, sql(from, "modulo(sipHash64(run), "+number(parts)+") = "+number(part)))
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

// A runFact is where a run's rows are.
type runFact struct {
	id       string
	from, to string // days
	rows     int64
}

// matching are the runs with a row that meets a condition, "" for all, by their first day, as far as it is asked for, and id.
func (s *Store) matching(ctx context.Context, sc scope) (list []runFact, err error) {
	err = s.eachPart(ctx, sc.window, func(from, part string) string {
		switch {
		case sc.where != "":
			part += " AND " + sc.where
		case s.reading == nil:
			return "SELECT run AS q_run, toString(day) AS q_from, toString(last_day) AS q_to, rows AS q_n FROM " + s.fromRuns + " WHERE " + part
		}
		return "SELECT run AS q_run, '' AS q_from, '' AS q_to, count() AS q_n FROM " + from + " WHERE " + part + " GROUP BY q_run"
	}, func(r *Rows) {
		list = append(list, runFact{id: r.Text(0), from: r.Text(1), to: r.Text(2), rows: r.Int(3)})
	})
	slices.SortFunc(list, func(a, b runFact) int { return cmp.Or(strings.Compare(a.from, b.from), strings.Compare(a.id, b.id)) })
	return list, err
}

// number is the answer to a question with one.
func (s *Store) number(ctx context.Context, sql string) (int64, error) {
	r, err := s.c.Query(ctx, sql)
	if err != nil {
		return 0, err
	}
	if !r.Next() {
		return 0, r.Err()
	}
	return r.Int(0), r.Err()
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
func (s *Store) eachRun(ctx context.Context, sc scope, f func(rd *runReader, run *tracefmt.Run) error, progress func(done, of int64)) error {
	list, err := s.matching(ctx, sc)
	if err == nil && s.reading != nil {
		err = s.reading.streams(list)
	}
	if err != nil {
		return err
	}
	return s.eachOf(ctx, sc.window, list, f, progress)
}

// eachOf calls f for every run of a list, as eachRun does.
func (s *Store) eachOf(ctx context.Context, w window, list []runFact, f func(rd *runReader, run *tracefmt.Run) error, progress func(done, of int64)) error {
	rd := s.reader()
	most := int64(linesAtOnce)
	if s.reading != nil {
		most = spansAtOnce
	}
	for at := 0; at < len(list); {
		end, rows := at, int64(0)
		for end < len(list) && end-at < fetchRuns && (end == at || rows+list[end].rows <= most) {
			rows += list[end].rows
			end++
		}
		if err := s.fetch(ctx, rd, w, list[at:end], f); err != nil {
			return err
		}
		at = end
		if progress != nil {
			progress(int64(at), int64(len(list)))
		}
	}
	return ctx.Err()
}

// fetch reads the lines of some runs.
func (s *Store) fetch(ctx context.Context, rd *runReader, w window, list []runFact, f func(rd *runReader, run *tracefmt.Run) error) error {
	if s.reading != nil {
		return s.fetchSpans(ctx, rd, w, list, f)
	}
	var ids strings.Builder
	from, to := "9999", ""
	for i, x := range list {
		if i > 0 {
			ids.WriteByte(',')
		}
		ids.WriteString(quote(x.id))
		from, to = min(from, x.from), max(to, x.to)
	}
	days := ""
	if from != "" {
		days = "(day = '1970-01-01' OR day >= " + quote(from) + " AND day <= " + quote(to) + ") AND "
	}
	r, err := s.c.Query(ctx, "SELECT run AS q_run, seq AS q_seq, source AS q_source, line AS q_line FROM "+s.fromCalls+" WHERE "+days+"run IN ("+ids.String()+") ORDER BY q_run, q_seq")
	if err != nil {
		return err
	}
	last, some := "", false
	done := func() error {
		if !some {
			return nil
		}
		return f(rd, rd.run())
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
	var rd *runReader
	d := analyze.NewDigest(q, s.names, s.cfg, func(n uint32) string { return rd.path(n) })
	return d, s.collect(ctx, q, &rd, d.Add, progress)
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
	var rd *runReader
	x := analyze.NewSurvey(q, s.names, s.cfg, func(n uint32) string { return rd.path(n) })
	return x, s.collect(ctx, q, &rd, x.Add, nil)
}

// WhatIf prices the calls of a scope as they would have been in a scenario.
func (s *Store) WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, progress func(done, of int64)) (*analyze.WhatIfResult, error) {
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
	id := ref.ID
	if ref.ByNumber {
		if id, err = s.idOf(ref.Number); err != nil {
			return nil, err
		}
	}
	err = s.eachOf(ctx, window{}, []runFact{{id: id}}, func(rd *runReader, run *tracefmt.Run) error {
		view = analyze.NewRunView(run, q, s.names, s.cfg, rd.path, func(c *tracefmt.Call) analyze.CallRow { return analyze.NewCallRow(run, c, s.names, rd.path) })
		view.Number = s.numberOf(id)
		return nil
	}, nil)
	if err == nil && view == nil {
		err = store.ErrNoRun
	}
	return view, err
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
	sc := scope{window: window{q.Since, q.Until}}
	if len(q.Where) > 0 || sc.window != (window{}) {
		_, sc.where = s.sql(q)
	}
	return sc
}

// RunCosts is what each run with a matching call cost within the scope.
func (s *Store) RunCosts(ctx context.Context, q analyze.Query) (list []analyze.RunCost, err error) {
	x, where := s.sql(q)
	if x.part {
		return s.scannedCosts(ctx, q)
	}
	err = s.eachPart(ctx, window{q.Since, q.Until}, func(from, part string) string {
		return "SELECT run AS q_run, sum(s_cost) AS q_cost, any(outcome) AS q_outcome, max(missing) AS q_missing FROM " + from +
			" WHERE " + part + " AND " + where + " GROUP BY q_run ORDER BY q_run"
	}, func(r *Rows) {
		list = append(list, analyze.RunCost{Run: s.numberOf(r.Text(0)), Cost: tracefmt.USD(r.Int(1)), Outcome: outcomeOf(r.Text(2)), Incomplete: r.Int(3) > 0})
	})
	return list, err
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
	return list, err
}

func outcomeOf(word string) tracefmt.Outcome {
	for o := range tracefmt.Outcome(8) {
		if o.String() == word {
			return o
		}
	}
	return tracefmt.OutcomeUnknown
}

// orderColumns are what lists of calls are sorted by, and whether it is known.
var orderColumns = map[analyze.CallOrder][2]string{
	analyze.ByCost: {"s_cost", "known"}, analyze.ByTime: {"start", "has_start"}, analyze.ByTokens: {"in_tok + out_tok", "has_in OR has_out"},
	analyze.ByDuration: {"finish - start", "has_start AND has_end"}, analyze.ByInput: {"in_tok", "has_in"}, analyze.ByOutput: {"out_tok", "has_out"},
}

var errNoList = errors.New("over an engine, lists of calls follow conditions on single calls only: take those on runs, attempts and waste back (backspace)")

// reach is how far a list can be scrolled.
const reach = 10_000

// Calls is a page of the matching calls in an order. What is unknown comes last either way.
func (s *Store) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	x, where := s.sql(q)
	if x.part {
		return analyze.CallPage{}, errNoList
	}
	calls, err := s.from(ctx, window{q.Since, q.Until})
	if err != nil {
		return analyze.CallPage{}, err
	}
	total, err := s.number(ctx, "SELECT count() AS q_n FROM "+calls+" WHERE listed AND "+where)
	if err != nil {
		return analyze.CallPage{}, err
	}
	page := analyze.CallPage{Total: int(total), Reach: int(min(total, reach))}
	page.From = max(0, min(from, page.Reach))
	key := "if(" + orderColumns[by][1] + ", " + map[bool]string{true: "-(", false: "("}[desc] + orderColumns[by][0] + "), " + strconv.FormatInt(math.MaxInt64, 10) + ") AS q_key"
	r, err := s.c.Query(ctx, "SELECT "+key+", run AS q_run, seq AS q_seq, source AS q_source, line AS q_line, outcome AS q_outcome, call AS q_call FROM "+calls+
		" WHERE listed AND "+where+" ORDER BY q_key, q_run, q_seq, q_call LIMIT "+strconv.Itoa(page.From)+", "+strconv.Itoa(min(n, page.Reach-page.From)))
	if err != nil {
		return page, err
	}
	if s.reading != nil {
		page.Rows, err = s.pageOf(ctx, q, r)
		return page, err
	}
	rd := s.reader()
	for r.Next() {
		if err := rd.line(r.Text(4), r.Text(3), r.Int(2)); err != nil {
			return page, err
		}
		run := rd.run()
		if len(run.Calls) == 0 {
			continue
		}
		run.ID, run.Outcome = r.Text(1), outcomeOf(r.Text(5))
		page.Rows = append(page.Rows, analyze.NewCallRow(run, &run.Calls[0], s.names, rd.path))
	}
	return page, r.Err()
}

// Call finds one call again.
func (s *Store) Call(ctx context.Context, ref analyze.CallRef) (row analyze.CallRow, err error) {
	found := false
	err = s.eachOf(ctx, window{}, []runFact{{id: ref.Run}}, func(rd *runReader, run *tracefmt.Run) error {
		for i := range run.Calls {
			if run.Calls[i].ID == ref.ID {
				row, found = analyze.NewCallRow(run, &run.Calls[i], s.names, rd.path), true
			}
		}
		return nil
	}, nil)
	if err == nil && !found {
		err = store.ErrNoCall
	}
	return row, err
}

// Raw says why there is none: the engine has no files.
func (s *Store) Raw(context.Context, tracefmt.SourceRef) ([]byte, string, int64, error) {
	return nil, "", 0, fmt.Errorf("the trace was pushed into the engine: its file is not here")
}

// Span is the earliest start and the latest end of all calls; a run none of which states an end counts by its start.
func (s *Store) Span(ctx context.Context) (first, last int64, ok bool, err error) {
	if s.reading != nil {
		return s.spanOfSpans(ctx)
	}
	r, err := s.c.Query(ctx, "SELECT min(q_s) AS q_first, max(greatest(q_s, q_f)) AS q_last, count() AS q_n FROM (SELECT min(start) AS q_s, max(if(has_end, finish, 0)) AS q_f FROM "+
		s.fromCalls+" WHERE has_start GROUP BY run) AS q")
	if err != nil || !r.Next() {
		return 0, 0, false, err
	}
	return r.Int(0), r.Int(1), r.Int(2) > 0, r.Err()
}

// Names are the names that the answers use.
func (s *Store) Names() *tracefmt.Names { return s.names }

// Changed never says anything: the engine does not tell.
func (s *Store) Changed() <-chan struct{} { return nil }

// Close ends the connections.
func (s *Store) Close() error {
	s.c.Close()
	return nil
}

// Status is what was pushed, as of when the store was opened.
func (s *Store) Status() analyze.Status { return s.state }

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
	s.state = all
	return r.Err()
}

package click

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Bounds of what is read of another program's tables.
const (
	maxStreamed  = 200_000          // spans of the runs that one analysis reads
	spansAtOnce  = 2_000            // they may hold whole prompts
	maxModels    = 10_000           // that a price is looked up for
	modelsForget = 15 * time.Second // after which it is asked again which models there are
)

// A reading is another program's schema as a store reads it.
type reading struct {
	*detected
	spans spans
	once  bool // spans stand there more than once: the mapping leaves one of each

	mu    sync.Mutex
	asked map[window]time.Time // time ranges whose models are known, and since when
	price *pricing
}

// from is what stands after FROM in a question about the calls of a window.
func (s *Store) from(ctx context.Context, w window) (string, error) {
	if s.reading == nil {
		return s.fromCalls, nil
	}
	r := s.reading
	r.mu.Lock()
	defer r.mu.Unlock()
	base := r.spans.baseSpans(w, r.once)
	if time.Since(r.asked[w]) > modelsForget {
		if err := s.meetModels(ctx, base); err != nil {
			return "", err
		}
		r.asked[w] = time.Now()
	}
	return profileCalls(r.table, base, s.cfg.Mode, r.price), nil
}

// meetModels asks which models there are, and looks their prices up.
func (s *Store) meetModels(ctx context.Context, base string) error {
	rows, err := s.c.Query(ctx, "SELECT DISTINCT b_provider AS q_p, b_model AS q_m FROM ("+base+") LIMIT "+number(maxModels+1))
	if err != nil {
		return err
	}
	n := 0
	for ; rows.Next(); n++ {
		s.reading.price.meet(rows.Text(0), rows.Text(1))
	}
	if n > maxModels {
		return fmt.Errorf("%s names more than %d models: ask for less, t sets a time range", s.reading.table, maxModels)
	}
	return rows.Err()
}

// openReading begins to read another program's tables.
func (s *Store) openReading(ctx context.Context, r *detected) error {
	if !s.c.modern {
		return errNoMaps
	}
	if err := s.c.oneTenant(ctx, r); err != nil {
		return err
	}
	s.reading = &reading{detected: r, spans: r.profile.spans(r), asked: map[window]time.Time{}, price: newPricing(s.book)}
	s.state = analyze.Status{Sources: []analyze.Source{{Path: r.table, Format: r.title}}, PricesAsOf: s.book.AsOf(), PriceBook: s.book.Source(), PriceHash: s.book.Hash(),
		CostMode: s.cfg.Mode, Table: r.table, NotRecorded: r.lacks}
	return s.findRepeats(ctx)
}

// findRepeats looks for spans that stand there more than once: what exports them may have sent them again.
func (s *Store) findRepeats(ctx context.Context) error {
	x := &s.reading.spans
	if x.id == "" {
		return nil
	}
	_, last, ok, err := s.Span(ctx)
	if err != nil || !ok {
		return err
	}
	bound := x.within(window{since: last})
	rows, err := s.c.Query(ctx, "SELECT count() AS q_n, uniqExact("+x.run+", "+x.id+") AS q_u FROM "+x.from+" WHERE "+bound+" AND "+x.meant())
	if err != nil || !rows.Next() {
		return err
	}
	if n, once := rows.Int(0), rows.Int(1); n != once {
		s.reading.once = true
		s.state.Warnings = append(s.state.Warnings, fmt.Sprintf("%s holds %s of the last day's spans more than once: each is counted once", s.reading.table, analyze.Count(n-once)))
	}
	return rows.Err()
}

// spanOfSpans is the earliest start and the latest end of the spans in question.
func (s *Store) spanOfSpans(ctx context.Context) (first, last int64, ok bool, err error) {
	x := &s.reading.spans
	finish := x.time
	if f := x.fields["finish"]; f != "" {
		finish = f
	}
	r, err := s.c.Query(ctx, "SELECT min(toInt64("+x.time+")) AS q_first, max(greatest(toInt64("+x.time+"), toInt64("+finish+"))) AS q_last, count() AS q_n FROM "+x.from+" WHERE "+x.meant())
	if err != nil || !r.Next() {
		return 0, 0, false, err
	}
	return r.Int(0), r.Int(1), r.Int(2) > 0, r.Err()
}

// fetchSpans reads runs out of their spans, as lines of the format that the schema's own export has.
func (s *Store) fetchSpans(ctx context.Context, rd *runReader, w window, list []runFact, f func(rd *runReader, run *tracefmt.Run) error) error {
	var ids []string
	for _, x := range list {
		ids = append(ids, quote(x.id))
	}
	x := &s.reading.spans
	in := strings.Join(ids, ", ")
	var parts []string
	for _, l := range x.lines {
		parts = append(parts, strings.NewReplacer("{runs}", in, "{bound}", x.within(w)).Replace(l))
	}
	r, err := s.c.Query(ctx, "SELECT q_run, q_line FROM ("+strings.Join(parts, " UNION ALL ")+") ORDER BY q_run, q_at, q_id")
	if err != nil {
		return err
	}
	for last, n := "", int64(0); r.Next(); n++ {
		if id := r.Text(0); n == 0 || id != last {
			if n > 0 {
				if err := f(rd, rd.run()); err != nil {
					return err
				}
			}
			last = id
		}
		if err := rd.line(r.Text(1), s.reading.table, n); err != nil {
			return err
		}
	}
	if r.Err() != nil || len(rd.recs) == 0 {
		return r.Err()
	}
	return f(rd, rd.run())
}

// streams refuses to read more of runs than a person waits for.
func (r *reading) streams(list []runFact) error {
	n := int64(0)
	for _, x := range list {
		n += x.rows
	}
	if n <= maxStreamed {
		return nil
	}
	return fmt.Errorf("this analysis reads each run of %s, and here are %s calls, more than %s: ask for less, t sets a time range, / a condition", r.table, analyze.Count(n), analyze.Count(maxStreamed))
}

// pageOf is a page of calls: the engine finds them, their runs tell the rest.
func (s *Store) pageOf(ctx context.Context, q analyze.Query, found *Rows) (rows []analyze.CallRow, err error) {
	type place struct{ run, call string }
	at := map[place]int{}
	var list []runFact
	for found.Next() {
		p := place{found.Text(1), found.Text(6)}
		at[p] = len(at)
		if !slices.ContainsFunc(list, func(x runFact) bool { return x.id == p.run }) {
			list = append(list, runFact{id: p.run, rows: 1})
		}
	}
	if found.Err() != nil {
		return nil, found.Err()
	}
	rows = make([]analyze.CallRow, len(at))
	err = s.eachOf(ctx, window{q.Since, q.Until}, list, func(rd *runReader, run *tracefmt.Run) error {
		for i := range run.Calls {
			if n, ok := at[place{run.ID, run.Calls[i].ID}]; ok {
				rows[n] = analyze.NewCallRow(run, &run.Calls[i], s.names, rd.path)
			}
		}
		return nil
	}, nil)
	return rows, err
}

// runCount is the number of runs of a window.
func (s *Store) runCount(ctx context.Context, w window) (int64, error) {
	if s.reading == nil {
		return s.number(ctx, "SELECT count() AS q_n FROM "+s.fromRuns)
	}
	x := &s.reading.spans
	return s.number(ctx, "SELECT uniqExact("+x.run+") AS q_n FROM "+x.from+" WHERE "+x.within(w)+" AND "+x.meant())
}

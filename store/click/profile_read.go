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
	fewSpans     = 20_000           // that are read themselves, whatever is asked of them
	maxModels    = 10_000           // that a price is looked up for
	modelsForget = 15 * time.Second // after which it is asked again which models there are
)

// A reading is another program's schema as a store reads it.
type reading struct {
	*detected
	spans spans

	mu    sync.Mutex
	asked map[bounds]askedRange
	price *pricing
}

// An askedRange is what is known of the spans between two times.
type askedRange struct {
	at   time.Time // when it was asked
	once bool      // spans stand there more than once: one of each counts
}

// readCalls is what stands after FROM in a question about the calls between two times.
func (s *Store) readCalls(ctx context.Context, b bounds) (string, error) {
	r := s.reading
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.asked[b]
	if time.Since(known.at) > modelsForget {
		again, err := s.repeats(ctx, b)
		if err != nil {
			return "", err
		}
		known = askedRange{at: time.Now(), once: again > 0}
		if err := s.meetModels(ctx, r.spans.baseSpans(b, known.once)); err != nil {
			return "", err
		}
		r.asked[b] = known
	}
	return profileCalls(r.table, r.spans.baseSpans(b, known.once), s.cfg.Mode, r.price), nil
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
	s.reading = &reading{detected: r, spans: r.profile.spans(r), asked: map[bounds]askedRange{}, price: newPricing(s.book)}
	s.state = analyze.Status{Sources: []analyze.Source{{Path: r.table, Format: r.title}}, PricesAsOf: s.book.AsOf(), PriceBook: s.book.Source(), PriceHash: s.book.Hash(),
		CostMode: s.cfg.Mode, Table: r.table, NotRecorded: r.lacks}
	if err := s.findRepeats(ctx); err != nil {
		return err
	}
	var err error
	s.watch.mark, err = s.look(ctx)
	return err
}

// findRepeats warns of spans that stand there more than once: what exports them may have sent them again. It looks at the last day.
func (s *Store) findRepeats(ctx context.Context) error {
	_, last, ok, err := s.Span(ctx)
	if err != nil || !ok {
		return err
	}
	again, err := s.repeats(ctx, bounds{since: last})
	if again > 0 {
		s.state.Warnings = append(s.state.Warnings, fmt.Sprintf("%s holds %s of the last day's spans more than once: each is counted once", s.reading.table, analyze.Count(again)))
	}
	return err
}

// repeats is how many rows between two times are of spans that stand there already.
func (s *Store) repeats(ctx context.Context, b bounds) (int64, error) {
	x := &s.reading.spans
	if x.id == "" {
		return 0, nil
	}
	return s.number(ctx, "SELECT count() - uniqExact("+x.run+", "+x.id+") AS q_n FROM "+x.from+" WHERE "+x.within(b)+" AND "+x.meant())
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
func (s *Store) fetchSpans(ctx context.Context, rd *runReader, w bounds, list []runFact, f func(rd *runReader, run *tracefmt.Run) error) error {
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
		line := r.Text(1)
		if s.reading.plain != nil {
			if line, err = s.reading.plain(line); err != nil {
				return fmt.Errorf("%s: a row is no JSON: %w", s.reading.table, err)
			}
		}
		if err := rd.line(line, s.reading.table, n); err != nil {
			return err
		}
	}
	if r.Err() != nil || len(rd.recs) == 0 {
		return r.Err()
	}
	return f(rd, rd.run())
}

// spanRuns is a table of the runs of all spans in question between two times, a span each: more than have a call there.
func (x *spans) spanRuns(b bounds) string {
	return "(SELECT toString(" + x.run + ") AS run FROM " + x.from + " WHERE " + x.within(b) + " AND " + x.meant() + ") AS q"
}

// few says that so few spans lie between two times that the runs are best read themselves: the engine takes longer to understand the
// question for their sums than they take to come here.
func (s *Store) few(ctx context.Context, b bounds) (bool, error) {
	if s.reading.unsummed {
		return true, nil
	}
	n, err := s.number(ctx, "SELECT count() AS q_n FROM "+s.reading.spans.spanRuns(b))
	return n <= fewSpans, err
}

// runsFrom is where the runs of a scope are found, and the condition. Among few it is left to who reads them.
func (s *Store) runsFrom(ctx context.Context, sc scope) (from, where string, err error) {
	few, err := s.few(ctx, sc.bounds)
	if err != nil || few || sc.where == "" {
		return s.reading.spans.spanRuns(sc.bounds), "1", err
	}
	calls, err := s.readCalls(ctx, sc.bounds)
	return calls, sc.where, err
}

// spansMet is runsMet for spans.
func (s *Store) spansMet(ctx context.Context, sc scope) (size, func(part string) string, error) {
	from, where, err := s.runsFrom(ctx, sc)
	if err != nil {
		return size{}, nil, err
	}
	n, err := s.numbers(ctx, "SELECT uniqExact(run) AS q_runs, count() AS q_rows FROM "+from+" WHERE "+where)
	if err != nil {
		return size{}, nil, err
	}
	return size{n[0], n[1]}, func(part string) string {
		return "SELECT run AS q_run, '' AS q_from, '' AS q_to, '' AS q_workflows, count() AS q_n FROM " + from + " WHERE " + part + " AND " + where + " GROUP BY q_run"
	}, nil
}

// streams refuses to read more spans than a person waits for.
func (r *reading) streams(rows int64) error {
	if rows <= maxStreamed {
		return nil
	}
	return fmt.Errorf("this analysis reads each run of %s, and here are %s calls, more than %s: ask for less, t sets a time range, / a condition", r.table, analyze.Count(rows), analyze.Count(maxStreamed))
}

// callsAt are the calls at some places of a list: their runs tell what they are.
func (s *Store) callsAt(ctx context.Context, b bounds, list []place) ([]analyze.CallRow, error) {
	type name struct{ run, call string }
	at := map[name]int{}
	var runs []runFact
	for i, p := range list {
		at[name{p.run, p.call}] = i
		if !slices.ContainsFunc(runs, func(x runFact) bool { return x.id == p.run }) {
			runs = append(runs, runFact{id: p.run, rows: 1})
		}
	}
	rows := make([]analyze.CallRow, len(list))
	err := s.each(ctx, b, runs, func(rd *runReader, run *tracefmt.Run) error {
		for i := range run.Calls {
			if n, ok := at[name{run.ID, run.Calls[i].ID}]; ok {
				rows[n] = analyze.NewCallRow(run, &run.Calls[i], s.names, rd.path)
			}
		}
		return nil
	}, nil)
	return rows, err
}

// lookAtSpans asks how many spans there are, of any kind, and for the day of the latest.
func (s *Store) lookAtSpans(ctx context.Context) (pulse, error) {
	x := &s.reading.spans
	n, err := s.numbers(ctx, "SELECT count() AS q_n, max(toInt64("+x.time+")) AS q_last FROM "+x.from)
	if err != nil {
		return pulse{}, err
	}
	return pulse{rows: n[0], lastDay: dayText(n[1])}, nil
}

// moved takes in that spans came.
func (s *Store) moved(ctx context.Context, m pulse) error {
	if err := s.move(ctx, m.lastDay); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.mark, s.watch.heard = m, time.Now()
	return nil
}

// lastSpan is the latest start of the spans in question, of a day and those near it.
func (s *Store) lastSpan(ctx context.Context, day string) (int64, error) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, err
	}
	x := &s.reading.spans
	return s.number(ctx, "SELECT max(toInt64("+x.time+")) AS q_last FROM "+x.from+" WHERE "+x.within(bounds{since: at.UnixNano()})+" AND "+x.meant())
}

// weighSpans is what a question without a time range reads.
func (s *Store) weighSpans(q analyze.Query) *analyze.Weight {
	if q.Since != 0 || q.Until != 0 {
		return nil
	}
	return &analyze.Weight{Rows: s.all()}
}

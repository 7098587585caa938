package click

import (
	"context"
	"sync"
	"time"

	"costscope/analyze"
)

// What is read without asking first: rows that come here as they are, and rows that the engine adds up.
const (
	littleRead   = 100_000
	littleSummed = 50_000_000
)

// Weigh is what a question would read, where that is more than a little; nil where it is not. whole: the question is about the runs
// themselves, as Digest is.
func (s *Store) Weigh(ctx context.Context, q analyze.Query, whole bool) (*analyze.Weight, error) {
	q = s.slid(q)
	x := &sqlQuery{q: q, tz: s.cfg.TZ}
	if x.where(); whole || x.part {
		return s.weighRuns(ctx, q)
	}
	if s.all() <= littleSummed {
		return nil, nil
	}
	if s.reading != nil {
		return s.weighSpans(q), nil
	}
	rows, err := s.number(ctx, "SELECT sum(rows) AS q_n FROM "+s.fromRuns+" WHERE "+daysOf(q))
	if err != nil || rows <= littleSummed {
		return nil, err
	}
	return &analyze.Weight{Rows: rows}, nil
}

// weighRuns is what reading the runs of a scope takes.
func (s *Store) weighRuns(ctx context.Context, q analyze.Query) (*analyze.Weight, error) {
	if s.all() <= littleRead {
		return nil, nil
	}
	size, _, err := s.runsMet(ctx, s.scope(q))
	if err != nil || size.rows <= littleRead {
		return nil, err
	}
	if s.reading != nil {
		return &analyze.Weight{Rows: size.rows, Takes: s.pace.of(size.rows)}, nil
	}
	long, err := s.number(ctx, "SELECT toInt64(avg(length(q_line))) AS q_n FROM (SELECT line AS q_line FROM "+s.fromCalls+" LIMIT 1000)")
	return &analyze.Weight{Rows: size.rows, Bytes: size.rows * long, Takes: s.pace.of(size.rows)}, err
}

// daysOf is the condition that a run has rows on the days of a question.
func daysOf(q analyze.Query) string {
	where := "1"
	if q.Since != 0 {
		where += " AND last_day >= " + quote(dayText(q.Since))
	}
	if q.Until != 0 {
		where += " AND day <= " + quote(dayText(q.Until))
	}
	return where
}

// A size is how many runs there are, and their rows.
type size struct{ runs, rows int64 }

// runsMet is the size of the runs with a row that meets the condition of a scope, and the question for them, by parts.
func (s *Store) runsMet(ctx context.Context, sc scope) (size, func(part string) string, error) {
	if s.reading != nil {
		return s.spansMet(ctx, sc)
	}
	n, err := s.numbers(ctx, "SELECT count() AS q_n, sum(rows) AS q_rows FROM "+s.fromRuns+" WHERE 1"+s.having(sc.where, "1"))
	if err != nil {
		return size{}, nil, err
	}
	return size{n[0], n[1]}, func(part string) string {
		return "SELECT " + runFactColumns + " FROM " + s.fromRuns + " WHERE " + part + s.having(sc.where, part)
	}, nil
}

// A pace is how fast rows are read.
type pace struct {
	mu   sync.Mutex
	rows int64
	time time.Duration
}

// Before anything was read the pace is taken to be slow; readings of a few rows tell nothing of it.
const (
	rowsPerSecond = 20_000
	paceFrom      = 2_000
)

// note takes in what a reading took.
func (p *pace) note(rows int64, took time.Duration) {
	if rows < paceFrom {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows += rows
	p.time += took
}

// of is how long it takes to read rows.
func (p *pace) of(rows int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == 0 {
		return time.Duration(rows) * time.Second / rowsPerSecond
	}
	return time.Duration(float64(rows) * float64(p.time) / float64(p.rows))
}

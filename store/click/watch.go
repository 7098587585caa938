package click

import (
	"context"
	"time"

	"costscope/analyze"
)

// A pulse tells states of the engine apart. It is made of the table of runs, which is small.
type pulse struct {
	runs, rows int64
	lastDay    string
}

// A watch looks from time to time whether something was pushed.
type watch struct {
	mark    pulse
	rows    int64 // of calls, while they follow the rows of runs
	filling int   // how often more it looks for rows of calls
	failed  bool
	changes uint64
	live    bool
	heard   time.Time
	changed chan struct{}
	end     context.CancelFunc
}

// fillFor is how many looks without a new row of calls it takes until a push counts as broken off.
const fillFor = 15

// look asks for the mark.
func (s *Store) look(ctx context.Context) (m pulse, err error) {
	r, err := s.c.Query(ctx, "SELECT count() AS q_n, sum(rows) AS q_rows, toString(max(last_day)) AS q_day FROM "+s.fromRuns)
	if err != nil || !r.Next() {
		return m, err
	}
	return pulse{r.Int(0), r.Int(1), r.Text(2)}, r.Err()
}

// Watch begins to look for what is pushed. live: people follow it.
func (s *Store) Watch(ctx context.Context, every time.Duration, live bool) {
	ctx, end := context.WithCancel(ctx)
	s.mu.Lock()
	s.watch.changed, s.watch.end, s.watch.live, s.watch.heard = make(chan struct{}, 1), end, live, time.Time{}
	s.mu.Unlock()
	go func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if s.poll(ctx) {
					s.tell()
				}
			}
		}
	}()
}

// poll looks once, and says whether there is news. That the engine cannot be asked is news, too: what is on the screen grows old.
func (s *Store) poll(ctx context.Context) bool {
	news, err := s.news(ctx)
	if ctx.Err() != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	failed := err != nil
	if failed != s.watch.failed {
		s.watch.failed, news = failed, true
	}
	if news {
		s.watch.changes++
	}
	return news
}

// news says whether rows came. Those of calls follow those of the runs: until all of them are there, they are counted, too.
func (s *Store) news(ctx context.Context) (bool, error) {
	m, err := s.look(ctx)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	w := s.watch
	s.mu.Unlock()
	grown := m != w.mark
	if !grown && w.filling == 0 {
		return false, nil
	}
	rows, err := s.number(ctx, "SELECT count() AS q_n FROM "+s.fromCalls)
	if err != nil {
		return false, err
	}
	grown = grown || rows != w.rows
	w.filling--
	switch {
	case rows >= m.rows:
		w.filling = 0
	case grown:
		w.filling = fillFor
	}
	if grown {
		w.heard = time.Now()
		if err := s.refresh(ctx); err != nil {
			return false, err
		}
		if err := s.move(ctx, m.lastDay); err != nil {
			return false, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.mark, s.watch.rows, s.watch.filling, s.watch.heard = m, rows, w.filling, w.heard
	return grown, nil
}

func (s *Store) tell() {
	select {
	case s.watch.changed <- struct{}{}:
	default:
	}
}

// Changed says that something was pushed since; nil where nobody watches.
func (s *Store) Changed() <-chan struct{} { return s.watch.changed }

// stop ends the watch.
func (s *Store) stop() {
	if s.watch.end != nil {
		s.watch.end()
	}
}

// Status is what was pushed, as of the last look.
func (s *Store) Status() analyze.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state
	st.Live, st.Unsummed, st.Heard, st.Version = s.watch.live, s.watch.live, s.watch.heard, s.watch.changes
	return st
}

// version tells states of the data apart.
func (s *Store) version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.changes
}

// all are the rows of all runs.
func (s *Store) all() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.mark.rows
}

// A window is a stretch of time before the latest call, which moves with it.
type window struct {
	since int64 // as it was first: questions that begin there mean the window
	from  int64 // where it begins now
	width time.Duration
}

// Slide makes a window that ends with the latest call. Questions that begin where it begins now move along. ok is false where no call says
// when it began.
func (s *Store) Slide(ctx context.Context, width time.Duration) (since int64, ok bool, err error) {
	s.mu.Lock()
	s.window = window{width: width}
	day := s.watch.mark.lastDay
	s.mu.Unlock()
	if err := s.move(ctx, day); err != nil {
		return 0, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.since = s.window.from
	return s.window.since, s.window.since != 0, nil
}

// move moves the window to the latest call, which is of lastDay.
func (s *Store) move(ctx context.Context, lastDay string) error {
	s.mu.Lock()
	width := s.window.width
	s.mu.Unlock()
	if width == 0 {
		return nil
	}
	last, err := s.number(ctx, "SELECT max(start) AS q_n FROM "+s.fromCalls+" WHERE has_start AND day = "+quote(lastDay))
	if err != nil || last == 0 {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.from = last - int64(width)
	return nil
}

// Since is where a question that begins at since begins now.
func (s *Store) Since(since int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if since == s.window.since && since != 0 {
		return s.window.from
	}
	return since
}

func (s *Store) slid(q analyze.Query) analyze.Query {
	q.Since = s.Since(q.Since)
	return q
}

package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// liveFacts are what Status tells of single runs while their trace is followed.
type liveFacts struct {
	dear   []analyze.RunOver
	loops  []analyze.LiveLoop
	flying map[string]analyze.LiveRun // by run
	most   int                        // how many of them are looked through when the next one comes
}

// toldMost is how many runs past the limit, and how many loops, are told at a time: the latest.
const toldMost = 50

// tells says that single runs are told of: what was there before the trace was followed is no news.
func (s *Bolt) tells() bool { return s.live && !s.loading }

// A heardRun is what a settler says of a run that has just been heard of.
type heardRun struct {
	run   analyze.LiveRun
	ended bool // or gone
	loops []analyze.LiveLoop
}

// listen prepares a settler for a commit.
func (w *settler) listen() {
	w.s.mu.RLock()
	tells := w.s.tells()
	w.s.mu.RUnlock()
	w.heard, w.now = w.heard[:0], w.s.opt.Now()
	switch {
	case !tells:
		w.watch = nil
	case w.watch == nil:
		w.watch = analyze.NewLoopWatch(w.s.config())
	}
}

// hear notes what is to be told of a run.
func (w *settler) hear(p *pending, run *tracefmt.Run) {
	h := heardRun{run: liveRun(p.id, run, &p.stored, w.now), ended: p.stored.gone || !analyze.Open(run.Outcome)}
	h.loops = w.watch.Loops(run, w.s.names, func(id string) bool {
		return slices.ContainsFunc(p.news, func(r *tracefmt.Record) bool { return r.ID == id })
	})
	w.heard = append(w.heard, h)
}

// liveRun tells of a run as of now. Clocks that go ahead do not keep a run in flight for longer.
func liveRun(id string, run *tracefmt.Run, row *runRow, now time.Time) analyze.LiveRun {
	r := analyze.LiveRun{Run: id, Cost: row.cost, Incomplete: row.incomplete, Last: now}
	if at, ok := analyze.LastCall(run); ok && at < now.UnixNano() {
		r.Last = time.Unix(0, at)
	}
	return r
}

// note takes in what a settler heard.
func (t *liveFacts) note(heard []heardRun, now time.Time) {
	if t.flying == nil {
		t.flying = map[string]analyze.LiveRun{}
	}
	for i := range heard {
		h := &heard[i]
		if h.ended || !h.run.InFlight(now) {
			delete(t.flying, h.run.Run)
		} else {
			t.flying[h.run.Run] = h.run
		}
		for _, l := range h.loops {
			t.loop(l)
		}
	}
	if len(t.flying) > t.most {
		maps.DeleteFunc(t.flying, func(_ string, r analyze.LiveRun) bool { return !r.InFlight(now) })
		t.most = 2*len(t.flying) + 100
	}
}

// loop notes a loop that goes on, under the name that it was first told by.
func (t *liveFacts) loop(l analyze.LiveLoop) {
	if i := slices.IndexFunc(t.loops, func(was analyze.LiveLoop) bool { return l.Same(&was) }); i >= 0 {
		l.Warn = t.loops[i].Warn
		t.loops = slices.Delete(t.loops, i, i+1)
	}
	t.loops = latest(append(t.loops, l))
}

// over notes the runs that cost more than one should; limit is 0 for none.
func (t *liveFacts) over(touched []*pending, limit tracefmt.USD, names *tracefmt.Names) {
	for _, p := range touched {
		if limit == 0 || p.stored.gone || p.stored.cost <= limit {
			continue
		}
		t.dear = slices.DeleteFunc(t.dear, func(o analyze.RunOver) bool { return o.Run == p.id })
		t.dear = latest(append(t.dear, analyze.RunOver{Run: p.id, Workflow: names.Name(p.stored.workflow), Cost: p.stored.cost}))
	}
}

// latest keeps the last toldMost.
func latest[T any](list []T) []T { return slices.Delete(list, 0, max(0, len(list)-toldMost)) }

// fill puts all of it into a status.
func (t *liveFacts) fill(st *analyze.Status, now time.Time) {
	st.Over, st.Loops = slices.Clone(t.dear), slices.Clone(t.loops)
	for _, r := range t.flying {
		if r.InFlight(now) {
			st.Flying = append(st.Flying, r)
		}
	}
}

// findFlying finds the runs in flight among what was there when following began. Only runs that may be are read.
func (s *Bolt) findFlying(ctx context.Context) error {
	now := s.opt.Now()
	since := now.Add(-analyze.InFlightFor).UnixNano()
	var heard []heardRun
	err := s.view(func(tx *bbolt.Tx) error {
		rd := runReader{asm: s.assembler()}
		return eachRow(tx, 0, s.rows(), func(_ uint32, row *runRow) error {
			old := row.end != noTime && row.end <= since && row.outcome != tracefmt.OutcomeInFlight
			if row.gone || row.first == noTime || old || !analyze.Open(row.outcome) {
				return nil
			}
			recs, err := rd.read(tx, row.last)
			if err != nil {
				return err
			}
			run := rd.asm.Assemble(recs)
			heard = append(heard, heardRun{run: liveRun(strings.Clone(run.ID), run, row, now)})
			return ctx.Err()
		})
	})
	s.mu.Lock()
	s.facts.note(heard, now)
	s.mu.Unlock()
	return err
}

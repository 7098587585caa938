package click

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// orderColumns are what lists of calls are sorted by, and whether it is known.
var orderColumns = map[analyze.CallOrder][2]string{
	analyze.ByCost: {"s_cost", "known"}, analyze.ByTime: {"start", "has_start"}, analyze.ByTokens: {"in_tok + out_tok", "has_in OR has_out"},
	analyze.ByDuration: {"finish - start", "has_start AND has_end"}, analyze.ByInput: {"in_tok", "has_in"}, analyze.ByOutput: {"out_tok", "has_out"},
}

// mostListed bounds the calls of a list that is put in order here, not by the engine.
const mostListed = 1_000_000

// A place is where a call stands in a list: lists are in the order of keys, runs and numbers in their runs. What is unknown has the largest
// key, so it comes last either way.
type place struct {
	key      int64
	run      string
	seq      int64
	day      string
	call     string
	workflow string // in SQL; "" where it is not known
}

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.key, o.key), strings.Compare(p.run, o.run), cmp.Compare(p.seq, o.seq))
}

// condition is that a row stands at p or after it, or before it.
func (p place) condition(before bool) string {
	more, last := ">", ">="
	if before {
		more, last = "<", "<"
	}
	key, run := number(p.key), quote(p.run)
	return "(q_key " + more + " " + key + " OR q_key = " + key + " AND (run " + more + " " + run + " OR run = " + run + " AND seq " + last + " " + number(p.seq) + "))"
}

// A callList is the list that was asked for last. Its pages are reached from places that were seen before, or from an end, so that none
// makes the engine count over all that comes before it.
type callList struct {
	mu    sync.Mutex
	of    string
	total int
	seen  map[int]place // by index
	all   []place       // of a list that was put in order here; nil for one of the engine's
}

// Calls is a page of the matching calls in an order. What is unknown comes last either way.
func (s *Store) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	q = s.slid(q)
	s.list.mu.Lock()
	defer s.list.mu.Unlock()
	x, where, err := s.sql(ctx, q)
	if err != nil {
		return analyze.CallPage{}, err
	}
	if of := fmt.Sprint(s.version(), q.String(), by, desc); s.list.of != of {
		if err := s.begin(ctx, x, where, by, desc); err != nil {
			return analyze.CallPage{}, err
		}
		s.list.of = of
	}
	l := &s.list
	page := analyze.CallPage{Total: l.total, Reach: l.total, From: max(0, min(from, l.total))}
	if x.part {
		page.Reach = len(l.all)
		page.From = min(page.From, page.Reach)
	}
	n = min(n, page.Reach-page.From)
	places := l.all[min(page.From, len(l.all)):min(page.From+n, len(l.all))]
	if !x.part {
		if places, err = s.places(ctx, x, where, by, desc, page.From, n); err != nil {
			return page, err
		}
	}
	page.Rows, err = s.rowsAt(ctx, q, places)
	return page, err
}

// begin makes a new list.
func (s *Store) begin(ctx context.Context, x *sqlQuery, where string, by analyze.CallOrder, desc bool) error {
	s.list.of, s.list.all, s.list.seen = "", nil, map[int]place{}
	if x.part {
		return s.order(ctx, x.q, by, desc)
	}
	total, err := s.number(ctx, "SELECT count() AS q_n FROM "+x.calls+" WHERE listed AND "+where)
	s.list.total = int(total)
	return err
}

// order puts the calls that only the runs themselves can tell in order.
func (s *Store) order(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool) error {
	m, l := q.Compile(s.names, s.cfg), &s.list
	l.total, l.all = 0, []place{}
	err := s.eachRun(ctx, s.scope(q), func(rd *runReader, run *tracefmt.Run) error {
		m.Enter(run, rd.path)
		for i := range run.Calls {
			c := &run.Calls[i]
			if !analyze.Listed(c) || !m.Match(run, i, rd.path(c.Src.Source)) {
				continue
			}
			l.total++
			l.all = append(l.all, place{store.OrderKey(c, by, desc), run.ID, c.Src.Offset, dayText(stated(c, tracefmt.HasStart, c.Start)), c.ID, ""})
		}
		if len(l.all) >= 2*mostListed {
			l.all = firstPlaces(l.all)
		}
		return nil
	}, nil)
	l.all = firstPlaces(l.all)
	return err
}

func firstPlaces(list []place) []place {
	slices.SortFunc(list, place.compare)
	return list[:min(len(list), mostListed)]
}

// markEvery is how many lines apart the places are that a list remembers.
const markEvery = 50

// places asks where the calls of a page stand, from the nearest place known: forward, or backward and turned around.
func (s *Store) places(ctx context.Context, x *sqlQuery, where string, by analyze.CallOrder, desc bool, from, n int) ([]place, error) {
	if n <= 0 {
		return nil, nil
	}
	at, back := s.list.nearest(from, from+n)
	skip, order := from-at, "q_key, q_run, q_seq"
	if back {
		skip, order = at-from-n, "q_key DESC, q_run DESC, q_seq DESC"
	}
	if p, ok := s.list.seen[at]; ok {
		where += " AND " + p.condition(back)
	}
	sign := map[bool]string{true: "-", false: ""}[desc]
	key := "if(" + orderColumns[by][1] + ", " + sign + "(" + orderColumns[by][0] + "), toInt64(" + number(math.MaxInt64) + ")) AS q_key"
	r, err := s.c.Query(ctx, "SELECT "+key+", run AS q_run, seq AS q_seq, toString(day) AS q_day, call AS q_call, workflow AS q_w, 1 AS q_end FROM "+x.calls+
		" WHERE listed AND "+where+" ORDER BY "+order+" LIMIT "+strconv.Itoa(skip)+", "+strconv.Itoa(n))
	if err != nil {
		return nil, err
	}
	var list []place
	for r.Next() {
		list = append(list, place{r.Int(0), r.Text(1), r.Int(2), r.Text(3), r.Text(4), quote(r.Text(5))})
	}
	if back {
		slices.Reverse(list)
	}
	for i := 0; i < len(list); i += markEvery {
		s.list.seen[from+i] = list[i]
	}
	return list, r.Err()
}

// nearest is the index from which a page is reached with the fewest calls left out: forward to from, or backward to end.
func (l *callList) nearest(from, end int) (at int, back bool) {
	at, back = l.total, true
	least := l.total - end
	try := func(i int) {
		if d := from - i; d >= 0 && d < least {
			at, back, least = i, false, d
		}
		if d := i - end; d >= 0 && d < least {
			at, back, least = i, true, d
		}
	}
	try(0)
	for i := range l.seen {
		try(i)
	}
	return at, back
}

// rowsAt reads the calls at some places.
func (s *Store) rowsAt(ctx context.Context, q analyze.Query, list []place) (rows []analyze.CallRow, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	if s.reading != nil {
		return s.callsAt(ctx, bounds{q.Since, q.Until}, list)
	}
	workflows, days, runs, both := map[string]bool{}, map[string]bool{}, map[string]bool{}, make([]string, len(list))
	for i, p := range list {
		workflows[p.workflow], days[quote(p.day)], runs[quote(p.run)] = true, true, true
		both[i] = "(" + quote(p.run) + ", " + number(p.seq) + ")"
	}
	among := "workflow IN (" + joined(workflows) + ") AND "
	if workflows[""] {
		among = ""
	}
	r, err := s.c.Query(ctx, "SELECT run AS q_run, seq AS q_seq, source AS q_source, line AS q_line, outcome AS q_outcome FROM "+s.fromCalls+
		" WHERE "+among+"day IN ("+joined(days)+") AND run IN ("+joined(runs)+") AND (run, seq) IN ("+strings.Join(both, ", ")+")")
	if err != nil {
		return nil, err
	}
	rd, found := s.reader(), make(map[place]analyze.CallRow, len(list))
	for r.Next() {
		if err := rd.line(r.Text(3), r.Text(2), r.Int(1)); err != nil {
			return nil, err
		}
		run := rd.run()
		if len(run.Calls) == 0 {
			continue
		}
		run.ID, run.Outcome = r.Text(0), analyze.OutcomeOf(r.Text(4))
		found[place{run: run.ID, seq: r.Int(1)}] = analyze.NewCallRow(run, &run.Calls[0], s.names, rd.path)
	}
	for _, p := range list {
		if row, ok := found[place{run: p.run, seq: p.seq}]; ok {
			rows = append(rows, row)
		}
	}
	return rows, r.Err()
}

// joined are the texts of a set with commas between them.
func joined(set map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

package click

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"costscope/analyze"
)

// What an engine would get wrong without a word is refused here: settings of an account that leave rows out, rows that stand twice, and
// rows that come while an answer is put together.
//
// How the rows are spread over the shards is no reason to refuse: groups by run, sorted lines and counts of distinct runs are merged by the
// server that is asked. Only where the table says that it is sharded by run (shardedByRun) do the servers count their runs by themselves. A
// table that is sharded by something else is slower, and right.

// guards are the settings that change an answer without an error, and the value at which none does. A question states them all in its text:
// servers that it is passed on to would else go by their own profile, and parameters that change nothing are not passed on.
var guards = map[string]string{
	"skip_unavailable_shards": "0", // the sums of the shards that happen to run
	// A limit that is passed ends the reading, the grouping or the time, and what was found so far is the answer.
	"read_overflow_mode": "throw", "read_overflow_mode_leaf": "throw", "group_by_overflow_mode": "throw", "sort_overflow_mode": "throw",
	"result_overflow_mode": "throw", "timeout_overflow_mode": "throw", "timeout_overflow_mode_leaf": "throw", "set_overflow_mode": "throw",
	"join_overflow_mode": "throw", "distinct_overflow_mode": "throw", "transfer_overflow_mode": "throw", "partial_result_on_first_cancel": "0",
	// Groups that several shards have stay apart, or shards are left out.
	noMerge: "0", trustsKey: "0", "optimize_skip_unused_shards": "0",
	"limit": "0", "offset": "0", // of every answer
	"use_query_cache": "0", // yesterday's
	"extremes":        "0", "empty_result_for_aggregation_by_empty_set": "0", "aggregate_functions_null_for_empty": "0", "join_use_nulls": "0",
	"prefer_column_name_to_alias": "0", "output_format_tsv_crlf_end_of_line": "0", // other rows, or fields in another form
}

// noMerge has every server group what it holds, and leaves the groups of all side by side.
const noMerge = "distributed_group_by_no_merge"

// trustsKey is on unless it is turned off. It does harm only where rows do not lie where the sharding key says, so that it is no reason to
// refuse an account.
const trustsKey = "optimize_distributed_group_by_sharding_key"

// settingNames are the settings that a client asks for when it greets, as a list of SQL.
func settingNames() string {
	list := []string{quote("readonly"), quote("max_query_size")}
	for _, name := range slices.Sorted(maps.Keys(guards)) {
		list = append(list, quote(name))
	}
	return strings.Join(list, ", ")
}

// guardsAmong are the guards that an engine knows, as SQL.
func guardsAmong(known map[string]string) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(guards)) {
		if _, ok := known[name]; ok {
			list = append(list, name+" = "+settingValue(guards[name]))
		}
	}
	return list
}

func settingValue(s string) string {
	if s == "0" {
		return s
	}
	return quote(s)
}

// refuse says which settings of an account that may be sent none make its answers wrong.
func (c *Client) refuse(set map[string]string) error {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(guards)) {
		if value, ok := set[name]; ok && value != guards[name] && name != trustsKey {
			list = append(list, fmt.Sprintf("%s=%s (must be %s)", name, value, guards[name]))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return fmt.Errorf("%s: the profile of account %s would leave things out of the answers without a word: %s; with readonly=1 costscope may not ask otherwise: change these, or give it readonly=2",
		c.at, c.at.account(), strings.Join(list, ", "))
}

// MayWrite says why an account cannot push; nil where it can, as far as its profile tells.
func (c *Client) MayWrite() error {
	if c.readonly == "0" {
		return nil
	}
	return fmt.Errorf("%s: the account %s may only read (readonly=%s): push needs one that may INSERT, see %s", c.at, c.at.account(), c.readonly, EnvUser)
}

// Of an engine that is written to while it is asked.
const (
	tries    = 8
	tryAgain = 250 * time.Millisecond
	looks    = 40
	stillFor = 4 // of them without news: nothing more is expected
)

// A tally is how much there is. Rows are only ever added, so that two equal ones mean that nothing came between.
type tally struct {
	runs, want, have int64 // want: rows that the runs state; have: rows that are there
	behind           bool  // the tables of days, where they are used, do not hold these rows yet
}

func (s *Store) tally(ctx context.Context) (tally, error) {
	runs, err := s.numbers(ctx, "SELECT count() AS q_n, sum(rows) AS q_rows FROM "+s.fromRuns)
	if err != nil {
		return tally{}, err
	}
	have, err := s.number(ctx, "SELECT count() AS q_n FROM "+s.fromCalls)
	if err != nil || !s.days {
		return tally{runs: runs[0], want: runs[1], have: have}, err
	}
	hold, err := s.daysHold(ctx, have)
	return tally{runs[0], runs[1], have, !hold}, err
}

// numbers is the answer to a question with several.
func (s *Store) numbers(ctx context.Context, sql string) ([]int64, error) {
	r, err := s.c.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	if !r.Next() {
		return nil, errors.Join(errNoAnswer, r.Err())
	}
	list := make([]int64, len(r.Names))
	for i := range list {
		list[i] = r.Int(i)
	}
	return list, r.Err()
}

var errNoAnswer = errors.New("the engine's answer has no row: nothing of it is shown")

// errMoving is for answers whose parts would not belong together.
var errMoving = errors.New("the engine is being written to, and the parts of the answer do not belong together: ask again when the push is over; where none runs, one broke off: open the engine anew, and push the same traces again")

// Steady asks for something that takes several questions, again if runs were written in the meantime, so that all of it is about the same
// runs. ask begins anew each time.
func (s *Store) Steady(ctx context.Context, ask func() error) error {
	if s.reading != nil { // what writes there never rests
		return ask()
	}
	begun := time.Now()
	for try := 0; try < tries && (try < 2 || time.Since(begun) < s.c.budget); try++ {
		before, err := s.tally(ctx)
		if err != nil {
			return err
		}
		if lack := before.want - before.have; !before.behind && (lack == 0 || lack == s.lack.Load()) {
			if err := ask(); err != nil {
				return err
			}
			if after, err := s.tally(ctx); err != nil || after == before {
				return err
			}
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", s.c.at, errMoving)
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(tryAgain):
		return nil
	}
}

// check compares the rows of calls with what the runs state, and refuses what stands twice. Runs that lack rows are too cheap: it notes how
// many, in the warnings and in s.lack. Where all is well it reads four bytes of a call and the names of the runs.
func (s *Store) check(ctx context.Context) (warnings []string, err error) {
	s.lack.Store(0)
	was, whole, err := s.settle(ctx)
	if err != nil || whole {
		return nil, err
	}
	f, err := s.find(ctx)
	if err != nil {
		return nil, err
	}
	is, err := s.tally(ctx)
	if err != nil {
		return nil, err
	}
	if is != was {
		return []string{"runs are being written to the engine right now: the last of them may be incomplete"}, nil
	}
	s.lack.Store(is.want - is.have)
	return f.verdict(s.c.at)
}

// settle waits until the runs are whole, or nothing is written any more: a push writes the rows of calls after those of the runs.
func (s *Store) settle(ctx context.Context) (t tally, whole bool, err error) {
	for look, same := 0, 0; look < looks && same < stillFor; look, same = look+1, same+1 {
		was := t
		if t, err = s.tally(ctx); err != nil {
			return t, false, err
		}
		if t.want == t.have {
			if whole, err = s.whole(ctx); err != nil || whole {
				return t, whole, err
			}
		}
		if t != was {
			same = 0
		}
		if err := pause(ctx); err != nil {
			return t, false, err
		}
	}
	return t, false, nil
}

// whole says that every run stands there once, with as many rows as it states, and that these are its rows, as far as sums can tell.
func (s *Store) whole(ctx context.Context) (bool, error) {
	runs, err := s.numbers(ctx, "SELECT count() AS q_n, uniqExact(run) AS q_runs, sum(rows) AS q_rows, sum(intDiv(toUInt64(rows) * (toUInt64(rows) - 1), 2)) AS q_seqs FROM "+s.fromRuns)
	if err != nil {
		return false, err
	}
	calls, err := s.numbers(ctx, "SELECT count() AS q_n, sum(seq) AS q_seqs FROM "+s.fromCalls)
	return err == nil && runs[0] == runs[1] && runs[2] == calls[0] && runs[3] == calls[1], err
}

// findings are what is wrong with the runs.
type findings struct {
	twice                int64 // runs that stand there more than once
	extra, extraRows     int64 // runs with more rows than they state, and how many more
	lacking, lackingRows int64
	stray                int64 // rows of no run
}

// find looks at every run: it takes as long as a table of all runs.
func (s *Store) find(ctx context.Context) (f findings, err error) {
	n, err := s.numbers(ctx, "SELECT countIf(q_c > 1) AS q_twice, countIf(q_c = 1 AND q_h > least(q_d, q_w)) AS q_extra, sumIf(q_h - least(q_d, q_w), q_c = 1) AS q_extra_rows, "+
		"countIf(q_c = 1 AND q_d < q_w) AS q_lacking, sumIf(q_w - q_d, q_c = 1 AND q_d < q_w) AS q_lacking_rows, sumIf(q_h, q_c = 0) AS q_stray FROM ("+
		"SELECT q_run, sum(q_copies) AS q_c, sum(q_want) AS q_w, sum(q_have) AS q_h, sum(q_differ) AS q_d FROM ("+
		"SELECT run AS q_run, toInt64(count()) AS q_copies, toInt64(sum(rows)) AS q_want, toInt64(0) AS q_have, toInt64(0) AS q_differ FROM "+s.fromRuns+" GROUP BY q_run "+
		"UNION ALL SELECT run AS q_run, toInt64(0) AS q_copies, toInt64(0) AS q_want, toInt64(count()) AS q_have, toInt64(uniqExact(seq)) AS q_differ FROM "+s.fromCalls+" GROUP BY q_run) AS q_all GROUP BY q_run) AS q")
	if err != nil {
		return f, err
	}
	return findings{n[0], n[1], n[2], n[3], n[4], n[5]}, nil
}

// verdict refuses what counts twice, and warns of what is missing.
func (f findings) verdict(at *Address) ([]string, error) {
	switch {
	case f.twice > 0:
		return nil, fmt.Errorf("%s: %s of the runs stand there more than once, and would be added up as often: two pushes ran at a time; delete these runs from %s and %s and push them again, or push to other tables",
			at, analyze.Count(f.twice), runsTable, callsTable)
	case f.extra > 0:
		return nil, fmt.Errorf("%s: %s runs have %s rows too many, which would be added up twice: delete these runs from %s and %s and push them again, or push to other tables",
			at, analyze.Count(f.extra), analyze.Count(f.extraRows), runsTable, callsTable)
	case f.stray > 0:
		return nil, fmt.Errorf("%s: %s rows belong to runs that nobody pushed: delete them from %s, or push to other tables", at, analyze.Count(f.stray), callsTable)
	case f.lacking > 0:
		return []string{fmt.Sprintf("%s runs lack %s of their rows and are too cheap: a push is unfinished (push the same traces again), or rows were deleted", analyze.Count(f.lacking), analyze.Count(f.lackingRows))}, nil
	}
	return nil, nil
}

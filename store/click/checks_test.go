//go:build unix

package click

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Profiles that leave things out are overruled where the account allows it, and refused where it does not.
func TestSettingsThatWouldLeaveThingsOut(t *testing.T) {
	p, src := filled(t)
	want := reportOf(t, src, src.Names())
	for _, user := range [...]string{"", "viewer", "bound", "hasty"} {
		s := p.open(t, user)
		if reportOf(t, s, s.Names()) != want {
			t.Error("the report differs for", user)
		}
	}
	_, err := p.dial(t, "boundhasty", secret)
	says(t, err, p[0].host(), "account boundhasty", "skip_unavailable_shards=1 (must be 0)", "readonly=2")
	_, err = Open(t.Context(), p.as(t, "brief"), analyze.Config{}, tracefmt.BuiltinPrices())
	says(t, err, "more rows would be read than the account may")

	// The servers of the cluster ask each other as default: the second one's profile is no concern of the first.
	p[1].profile(t, "<max_rows_to_read>10</max_rows_to_read><read_overflow_mode>break</read_overflow_mode>")
	c := p.as(t, "")
	_, err = Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	says(t, err, "more rows would be read than the account may")
	c.guards = nil
	table, err := (&Store{c: c, names: tracefmt.NewNames(), fromCalls: c.table(callsTable)}).rollup(t.Context(), byWorkflow)
	if err != nil || table.Total.Cost >= totalOf(t, src) {
		t.Error("without a word about it the answer is whole: this tests nothing", err)
	}
	p[1].kill(t)
	_, err = p.as(t, "hasty").Query(t.Context(), "SELECT count() AS q_n FROM costscope.costscope_calls")
	says(t, err, "a shard cannot be reached")
}

// An account as engines make it is not refused for having no say in its settings.
func TestDefaultsAreNotRefused(t *testing.T) {
	set := map[string]string{"readonly": "1", trustsKey: "1", "skip_unavailable_shards": "0", "read_overflow_mode": "throw", "limit": "0", "use_query_cache": "0"}
	c := newClient(&Address{Host: "h:1", Database: "d"}, nil)
	if err := c.refuse(set); err != nil {
		t.Error(err)
	}
	set["limit"], set["read_overflow_mode"] = "100", "break"
	says(t, c.refuse(set), "account default", "limit=100 (must be 0), read_overflow_mode=break (must be throw)", "readonly=2")
}

func TestShardedByRun(t *testing.T) {
	for engine, want := range map[string]bool{
		"MergeTree PARTITION BY toYYYYMM(day) ORDER BY (workflow, day, run, seq) SETTINGS index_granularity = 8192": true,
		"ReplicatedReplacingMergeTree('/tables/{shard}/calls', '{replica}') ORDER BY (workflow, day, run, seq)":     true,
		"Distributed(cs, `costscope`, costscope_calls_local, sipHash64(run))":                                       true,
		"Distributed('cs', 'costscope', 'costscope_calls_local', sipHash64(run))":                                   true,
		"Distributed('cs', 'costscope', 'costscope_calls_local', rand())":                                           false,
		"Distributed('cs', 'costscope', 'costscope_calls_local')":                                                   false,
		"Distributed('cs', 'costscope', 'costscope_calls_local', sipHash64(run, seq))":                              false,
		"View": false, "Merge(costscope, 'calls')": false, "": false,
	} {
		if shardedByRun(engine) != want {
			t.Error(engine)
		}
	}
}

// Rows may be spread in any way: what a run costs is added up by the server that is asked.
func TestTablesThatAreNotShardedByRun(t *testing.T) {
	p, src := twoShards(t), trace(t, 6, 60)
	for _, key := range [...]string{"rand()", "sipHash64(seq)"} {
		p.create(t, func(sql string) string {
			if strings.Contains(sql, callsTable) {
				return strings.Replace(sql, "sipHash64(run)", key, 1)
			}
			return sql
		})
		p.push(t, src)
		s := p.open(t, "viewer")
		if reportOf(t, src, src.Names()) != reportOf(t, s, s.Names()) {
			t.Error("the reports differ with rows spread by", key)
		}
		parts := 0
		for _, server := range p {
			n, err := strconv.Atoi(server.run(t, "SELECT uniqExact(run) FROM costscope.costscope_calls_local"))
			if err != nil {
				t.Fatal(err)
			}
			parts += n
		}
		if runs, err := s.tally(t.Context()); err != nil || int64(parts) <= runs.runs {
			t.Error("no run is on both shards") // else this tests nothing
		}
	}
}

func TestRowsThatStandTwice(t *testing.T) {
	p, src := twoShards(t), trace(t, 5, 30)
	one := func() string {
		return p[0].run(t, "SELECT run FROM costscope.costscope_runs_local ORDER BY run LIMIT 1")
	}
	for _, x := range [...]struct {
		name   string
		spoil  func()
		refuse []string
	}{
		{"a run", func() {
			p[0].run(t, "INSERT INTO costscope.costscope_runs_local SELECT * FROM costscope.costscope_runs_local WHERE run = '"+one()+"'")
			p[0].run(t, "INSERT INTO costscope.costscope_calls_local SELECT * FROM costscope.costscope_calls_local WHERE run = '"+one()+"'")
		}, []string{"1 of the runs stand there more than once", "delete these runs from costscope_runs and costscope_calls"}},
		{"a row", func() {
			p[1].run(t, "INSERT INTO costscope.costscope_calls_local SELECT * FROM costscope.costscope_calls_local LIMIT 1")
		}, []string{"1 runs have 1 rows too many", "delete these runs"}},
		{"a row for another", func() { // as many rows as there should be
			p[0].run(t, "CREATE TABLE costscope.kept AS costscope.costscope_calls_local ENGINE = Memory")
			p[0].run(t, "INSERT INTO costscope.kept SELECT * FROM costscope.costscope_calls_local WHERE NOT (run = '"+one()+"' AND seq = 1)")
			p[0].run(t, "INSERT INTO costscope.kept SELECT * FROM costscope.costscope_calls_local WHERE run = '"+one()+"' AND seq = 0")
			p[0].run(t, "TRUNCATE TABLE costscope.costscope_calls_local")
			p[0].run(t, "INSERT INTO costscope.costscope_calls_local SELECT * FROM costscope.kept")
		}, []string{"1 runs have 1 rows too many"}},
		{"rows of nobody", func() {
			p[0].run(t, "INSERT INTO costscope.costscope_calls_local (run, seq) VALUES ('stranger', 0), ('stranger', 1)")
		}, []string{"2 rows belong to runs that nobody pushed", "costscope_calls"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			p.create(t, nil)
			p.push(t, src)
			p.open(t, "viewer")
			x.spoil()
			_, err := Open(t.Context(), p.as(t, "viewer"), analyze.Config{}, tracefmt.BuiltinPrices())
			says(t, err, append(x.refuse, p[0].host())...)
		})
	}
}

// A push that broke off is stated with what is missing, and pushing again makes up for it.
func TestPushThatIsUnfinished(t *testing.T) {
	p, src := filled(t)
	rows := p[1].run(t, "SELECT count() FROM costscope.costscope_calls_local")
	runs := p[1].run(t, "SELECT uniqExact(run) FROM costscope.costscope_calls_local")
	p[1].run(t, "TRUNCATE TABLE costscope.costscope_calls_local")
	n, _ := strconv.ParseInt(rows, 10, 64)
	s := p.open(t, "viewer")
	want := runs + " runs lack " + analyze.Count(n) + " of their rows and are too cheap: a push is unfinished"
	if w := strings.Join(s.Status().Warnings, "\n"); !strings.Contains(w, want) {
		t.Errorf("%q does not say %q", w, want)
	}
	if _, err := s.Rollup(t.Context(), byWorkflow); err != nil {
		t.Error("what is known to be missing is no reason to wait:", err)
	}
	p.push(t, src)
	for _, s := range [...]*Store{s, p.open(t, "viewer")} {
		if a, b := reportOf(t, src, src.Names()), reportOf(t, s, s.Names()); (a != b) != (s.lack.Load() != 0) {
			t.Error("the reports differ after the push was repeated")
		}
	}
}

// What is pushed while an answer is put together is in all of its parts, or in none.
func TestPushDuringAQuestion(t *testing.T) {
	p, _ := filled(t)
	second := trace(t, 77, 20)
	s := p.open(t, "viewer")
	asked := 0
	var table *analyze.Table
	if err := s.Steady(t.Context(), func() (err error) {
		if asked++; asked == 1 {
			p.push(t, second)
		}
		table, err = s.rollup(t.Context(), byWorkflow)
		return err
	}); err != nil || asked != 2 {
		t.Fatal(asked, err)
	}
	if n := p[0].run(t, "SELECT sum(s_calls) FROM costscope.costscope_calls"); n != strconv.FormatInt(table.Total.Calls, 10) {
		t.Error("the answer is about", table.Total.Calls, "of", n)
	}
	err := s.Steady(t.Context(), func() error {
		p[0].run(t, "INSERT INTO costscope.costscope_calls_local (run, seq) VALUES ('x', 1)")
		return nil
	})
	if !errors.Is(err, errMoving) {
		t.Error(err)
	}
	says(t, err, p[0].host(), "being written to", "ask again")
}

// Many pushes go on while a question is asked again and again: no answer has part of one.
func TestQuestionsDuringManyPushes(t *testing.T) {
	p, first := filled(t)
	s := p.open(t, "viewer")
	states := map[tracefmt.USD]bool{}
	var all []pushed
	sum := totalOf(t, first)
	states[sum] = true
	for i := range 8 {
		all = append(all, trace(t, uint64(100+i), 10))
		sum += totalOf(t, all[i])
		states[sum] = true
	}
	done := make(chan error, 1)
	c := p.as(t, "")
	go func() {
		for _, src := range all {
			if _, err := c.Push(t.Context(), src, analyze.Config{}, nil); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for going := true; going; {
		select {
		case err := <-done:
			if going = false; err != nil {
				t.Fatal(err)
			}
		default:
		}
		table, err := s.Rollup(t.Context(), byWorkflow)
		if errors.Is(err, errMoving) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var parts tracefmt.USD
		for _, r := range table.Rows {
			parts += r.Cost
		}
		if !states[table.Total.Cost] || parts != table.Total.Cost {
			t.Errorf("%v in all, %v in parts: no push ends there", table.Total.Cost, parts)
		}
	}
}

func totalOf(t *testing.T, src pushed) tracefmt.USD {
	table, err := src.Rollup(t.Context(), byWorkflow)
	if err != nil {
		t.Fatal(err)
	}
	return table.Total.Cost
}

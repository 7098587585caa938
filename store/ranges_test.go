package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"costscope/analyze"
	"costscope/store"
	"costscope/store/storetest"
	"costscope/tracefmt"
)

// asked is everything that a store says about the calls that meet some conditions.
type asked struct {
	cost, listed, digest, ofRuns tracefmt.USD
	runs, calls                  int64
}

type surveyor interface {
	store.Store
	Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error)
	Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error)
}

func askAll(t *testing.T, s surveyor, where ...analyze.Pred) (a asked) {
	t.Helper()
	ctx, q := context.Background(), analyze.Query{Where: where}
	table, err := s.Rollup(ctx, q)
	check(t, err)
	a.cost, a.calls, a.runs = table.Total.Cost, table.Total.Calls, table.Total.Runs
	costs, err := s.RunCosts(ctx, q)
	check(t, err)
	for _, c := range costs {
		a.ofRuns += c.Cost
	}
	page, err := s.Calls(ctx, q, analyze.ByCost, true, 0, 1<<20)
	check(t, err)
	for _, c := range page.Rows {
		a.listed += c.Cost
	}
	d, err := s.Digest(ctx, q, nil)
	check(t, err)
	a.digest = d.Result(ctx, table).Retries.Cost
	survey, err := s.Survey(ctx, q)
	check(t, err)
	if int64(len(costs)) != a.runs || survey.Prompts.Cost != a.cost || a.listed != a.cost || a.ofRuns != a.cost || a.digest != a.cost {
		t.Errorf("%s: rollup, run costs, calls, digest and survey do not agree: %+v, %d runs, survey %v", q, a, len(costs), survey.Prompts.Cost)
	}
	return a
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (a asked) plus(b asked) asked {
	return asked{a.cost + b.cost, a.listed + b.listed, a.digest + b.digest, a.ofRuns + b.ofRuns, a.runs + b.runs, a.calls + b.calls}
}

// Ranges that leave nothing out add up to everything, to the pico-dollar, in every answer of both stores; so do a condition and its
// opposite. Further conditions behind a run's cost leave the runs as they are.
func TestRangesAddUpToEverything(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 11))
		files := storetest.Random(r, 20).Files(t, r, 2)
		bolt := open(t)
		defer bolt.Close()
		mem := store.NewMem(store.Options{})
		for _, s := range []store.Store{bolt, mem} {
			check(t, s.Load(context.Background(), files, nil, nil))
		}
		both := func(where ...analyze.Pred) asked {
			b, m := askAll(t, bolt.(surveyor), where...), askAll(t, mem, where...)
			if b != m {
				t.Errorf("%v: %+v in bolt, %+v in memory", where, b, m)
			}
			return b
		}
		for _, first := range []string{"cost>=0", "agent=planner|executor", "!kind=human"} {
			base := parse(t, first)
			all := both(base)
			for _, x := range []string{"run.cost", "cost", "attempt", "retry_kind", "waste"} {
				ranges := []string{"..0.02", "0.02..0.5", "0.5.."}
				switch x {
				case "attempt":
					ranges = []string{"1", "2", "3.."}
				case "waste":
					ranges = []string{"none", "superseded", "loop|redundant"}
				case "retry_kind":
					ranges = []string{"none", "unstated|plain_retry", "prompt_adjustment|fallback_model|tool_reinvocation"}
				}
				var sum asked
				none := []analyze.Pred{base}
				for _, rg := range ranges {
					p := parse(t, x+"="+rg)
					none = append(none, parse(t, "!"+x+"="+rg))
					part := both(base, p)
					sum = sum.plus(part)
					p.Not = true
					if rest := part.plus(both(base, p)); rest.cost != all.cost || rest.calls != all.calls {
						t.Errorf("%s %s: %+v and the rest are %+v, all is %+v", first, p, part, rest, all)
					}
					if x == "run.cost" {
						planner, others := parse(t, "model=gpt-5-mini"), parse(t, "!model=gpt-5-mini")
						p.Not = false
						if both := both(base, p, planner).plus(both(base, p, others)); both.cost != part.cost || both.calls != part.calls {
							t.Errorf("%s: a condition behind %s changes which runs are kept: %+v and %+v", first, p, both, part)
						}
					}
				}
				if x == "run.cost" {
					sum = sum.plus(both(none...)) // runs of unknown cost are in none
				} else {
					sum.runs = all.runs // a run can have calls in several
				}
				if x == "cost" {
					sum.calls = all.calls // those of unknown cost are in none
				}
				if sum != all {
					t.Errorf("%s, by %s: the parts are %+v, all is %+v", first, x, sum, all)
				}
			}
		}
	}
}

func parse(t *testing.T, s string) analyze.Pred {
	t.Helper()
	p, err := analyze.ParsePred(s)
	check(t, err)
	return p
}

// By hand: one run costs 3 cents in two calls of which the planner's costs 1, another 2 cents.
func TestTheCostOfARunIsThatOfTheConditionsBefore(t *testing.T) {
	trace := storetest.Trace{Lines: []string{
		`{"trace_id":"r1","span_id":"a","operation":"chat","agent":"planner","cost_usd":0.01,"start":1770000000000}`,
		`{"trace_id":"r1","span_id":"b","operation":"chat","agent":"executor","cost_usd":0.02,"start":1770000001000}`,
		`{"trace_id":"r2","span_id":"c","operation":"chat","agent":"planner","cost_usd":0.02,"start":1770000002000}`,
	}}
	s := open(t)
	defer s.Close()
	check(t, s.Load(context.Background(), trace.Files(t, rand.New(rand.NewPCG(1, 1)), 1), nil, nil))
	for _, x := range []struct {
		where []string
		want  string
	}{
		{[]string{"run.cost=0.03"}, "$0.03 1 run"}, {[]string{"run.cost=0.01..0.03"}, "$0.02 1 run"}, {[]string{"run.cost>=0.01"}, "$0.05 2 runs"},
		{[]string{"agent=planner", "run.cost<0.02"}, "$0.01 1 run"}, {[]string{"run.cost<0.03", "agent=planner"}, "$0.02 1 run"},
		{[]string{"run.cost=0.03", "agent=planner"}, "$0.01 1 run"}, {[]string{"run.cost=0.03", "agent=planner", "run.cost>=0.02"}, "$0.00 0 runs"},
		{[]string{"time>=2026-02-02T02:40:02Z", "run.cost=0.02"}, "$0.02 1 run"}, {[]string{"time<2026-02-02T02:40:02Z", "run.cost=0.02"}, "$0.00 0 runs"},
	} {
		var preds []analyze.Pred
		for _, w := range x.where {
			preds = append(preds, parse(t, w))
		}
		got := askAll(t, s.(surveyor), preds...)
		text := fmt.Sprintf("%s %d run", analyze.Money(got.cost), got.runs)
		if got.runs != 1 {
			text += "s"
		}
		if text != x.want {
			t.Errorf("%v: %s, want %s", x.where, text, x.want)
		}
	}
}

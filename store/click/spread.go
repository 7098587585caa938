package click

import (
	"context"

	"costscope/analyze"
	"costscope/tracefmt"
)

// fewRuns are told one by one: what they cost comes back in less than half a megabyte.
const fewRuns = 10_000

// ManyRuns is how the costs of the runs with a matching call are spread, nil where they are few enough for RunCosts.
func (s *Store) ManyRuns(ctx context.Context, q analyze.Query) (r *analyze.ManyRuns, err error) {
	x, where, err := s.summed(ctx, s.slid(q))
	if err != nil || x.part {
		return nil, err
	}
	err = s.Steady(ctx, func() error {
		r, err = s.manyRuns(ctx, x, where)
		return err
	})
	if err != nil || r.Costs.N() <= fewRuns {
		return nil, err
	}
	return r, nil
}

func (s *Store) manyRuns(ctx context.Context, x *sqlQuery, where string) (*analyze.ManyRuns, error) {
	// A bin of analyze.Hist begins where the digits of its values after the first seven are 0, in binary.
	const width = "greatest(intDiv(roundToExp2(q_cost), 64), 1)"
	r, err := s.queryRuns(ctx, "SELECT intDiv(q_cost, "+width+") * "+width+" AS q_low, countIf(q_cost != 0 OR q_missing = 0) AS q_n, sum(q_cost) AS q_sum, max(q_cost) AS q_max, "+
		"countIf(q_cost != 0 AND q_missing > 0) AS q_partial, countIf(q_cost = 0 AND q_missing > 0) AS q_unknown FROM ("+s.costsOf(x, where)+") AS q GROUP BY q_low")
	if err != nil {
		return nil, err
	}
	spread := &analyze.ManyRuns{}
	for r.Next() {
		if n := r.Int(1); n > 0 {
			spread.Add(r.Int(0), n, r.Int(2))
		}
		spread.Max = max(spread.Max, tracefmt.USD(r.Int(3)))
		spread.Partial += r.Int(4)
		spread.Unknown += r.Int(5)
	}
	return spread, r.Err()
}

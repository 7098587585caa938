package analyze

import (
	"cmp"
	"math"
	"slices"

	"costscope/tracefmt"
)

// Accuracy is how cost goes with quality (analysis-spec K.1), over finished runs.
type Accuracy struct {
	FailureRatio float64 // mean cost of a failure over that of a success; NaN where one is missing
	Scored       int64   // runs with a score
	Rho          float64 // rank correlation of cost and score; NaN for fewer than minScored runs, or where one does not vary
	Quintiles    []Quintile
}

// A Quintile is a fifth of the runs by score, lowest first. Runs of the same score are in the same one, so that one may be larger, and others
// may be missing.
type Quintile struct {
	Fifth         int // 1 to 5
	Runs          int64
	Low, High     float64 // scores
	Cost, Mean    tracefmt.USD
	Success, Fail int64
}

// minScored is how many runs quintiles and correlations need.
const minScored = 10

// NewAccuracy looks at runs in the order of Runs.Rows.
func NewAccuracy(rows []RunRow) Accuracy {
	a := Accuracy{FailureRatio: NewOutcomes(runCosts(rows)).FailureRatio, Rho: math.NaN()}
	var scored []RunRow
	for _, r := range rows {
		if r.HasScore && r.Outcome != tracefmt.OutcomeInFlight && !math.IsNaN(r.Score) {
			scored = append(scored, r)
		}
	}
	if a.Scored = int64(len(scored)); a.Scored < minScored {
		return a
	}
	costs, scores := make([]float64, len(scored)), make([]float64, len(scored))
	for i, r := range scored {
		costs[i], scores[i] = float64(r.Cost), r.Score
	}
	a.Rho = spearman(costs, scores)
	a.Quintiles = quintiles(scored)
	return a
}

// quintiles sorts the runs by score.
func quintiles(scored []RunRow) (list []Quintile) {
	slices.SortStableFunc(scored, func(a, b RunRow) int { return cmp.Compare(a.Score, b.Score) })
	n := len(scored)
	for from := 0; from < n; {
		to := from + 1
		for to < n && scored[to].Score == scored[from].Score {
			to++
		}
		// The middle of the ranks from+1 to to is (from+to+1)/2: its fifth is that of (from+to)/2 counted from 0.
		fifth := 1 + min(4, 5*(from+to)/(2*n))
		if len(list) == 0 || list[len(list)-1].Fifth != fifth {
			list = append(list, Quintile{Fifth: fifth, Low: scored[from].Score})
		}
		list[len(list)-1].add(scored[from:to])
		from = to
	}
	for i := range list {
		list[i].Mean = divRound(list[i].Cost, list[i].Runs)
	}
	return list
}

func (q *Quintile) add(rows []RunRow) {
	for _, r := range rows {
		q.Runs++
		q.Cost, _ = q.Cost.Add(r.Cost)
		q.Success += int64(b2i(r.Outcome == tracefmt.OutcomeSuccess))
		q.Fail += int64(b2i(r.Outcome == tracefmt.OutcomeFailure))
		q.High = r.Score
	}
}

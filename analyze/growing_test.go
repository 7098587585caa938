package analyze

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"costscope/tracefmt"
)

// growingRuns are runs of agents whose contexts grow, with caches, retries, tools, compactions, stated costs and unknown ones.
func growingRuns(t testing.TB, n int) []*tracefmt.Run {
	r := rand.New(rand.NewPCG(4, 2))
	rows := []*tracefmt.PriceRow{specRow(t, "std"), specRow(t, "big"), nil}
	runs := make([]*tracefmt.Run, n)
	for k := range runs {
		run := &tracefmt.Run{ID: fmt.Sprintf("run%03d", k)}
		size := [3]int64{r.Int64N(3000), r.Int64N(3000), r.Int64N(3000)}
		for i := range 2 + r.IntN(40) {
			run.Calls = append(run.Calls, growingCall(r, rows, size[:], i))
			if r.IntN(30) == 0 {
				run.Marks = append(run.Marks, &tracefmt.Record{Event: tracefmt.EventCompact, Start: int64(i)*90e9 + 1, Has: tracefmt.HasStart})
			}
		}
		slices.SortStableFunc(run.Calls, func(x, y tracefmt.Call) int { return cmp.Compare(x.Start, y.Start) })
		runs[k] = run
	}
	return runs
}

func growingCall(r *rand.Rand, rows []*tracefmt.PriceRow, size []int64, i int) tracefmt.Call {
	agent := r.IntN(len(size))
	rec := &tracefmt.Record{ID: fmt.Sprint(i), Start: int64(i)*90e9 + r.Int64N(2)*r.Int64N(4e11), Has: tracefmt.HasStart | tracefmt.HasEnd}
	rec.End = rec.Start + r.Int64N(60e9)
	c := tracefmt.Call{Record: rec, Kind: tracefmt.KindLLM, Agent: tracefmt.Sym(1 + agent), Up: -1, IsCall: true, Counted: true}
	if r.IntN(3) == 0 {
		c.Kind, rec.Tool = tracefmt.KindTool, tracefmt.Sym(10+r.IntN(3))
		return c
	}
	if i > 0 && r.IntN(8) == 0 {
		rec.RetryOf = fmt.Sprint(i - 1)
	}
	c.Status = [...]tracefmt.Status{tracefmt.StatusOK, tracefmt.StatusOK, tracefmt.StatusError}[r.IntN(3)]
	if r.IntN(12) == 0 {
		c.State = tracefmt.CostNoUsage
		return c
	}
	if size[agent] += r.Int64N(3000); r.IntN(15) == 0 {
		size[agent] /= 1 + r.Int64N(4)
	}
	in := size[agent]
	read := r.Int64N(in+1) * r.Int64N(2)
	rec.Usage = tracefmt.Usage{Input: in, CacheRead: read, CacheWrite: r.Int64N(in-read+1) * r.Int64N(2), Output: r.Int64N(800)}
	rec.Has |= tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasCacheRead | tracefmt.HasCacheWrite
	if r.IntN(3) == 0 {
		rec.Context = &[tracefmt.ContextParts]int64{r.Int64N(in/4 + 1), r.Int64N(in/2 + 1), 0, r.Int64N(in/4 + 1)}
	}
	c.Model = tracefmt.Sym(20 + r.IntN(2))
	c.Price, c.State = rows[r.IntN(len(rows))], tracefmt.CostComputed
	switch cost, ok := c.Price.Cost(rec.Usage, rec.Start); {
	case r.IntN(3) == 0:
		c.State, c.Cost = tracefmt.CostRecorded, tracefmt.USD(r.Int64N(1e12))
	case !ok:
		c.State = tracefmt.CostUnpriced
	default:
		c.Cost = cost
	}
	return c
}

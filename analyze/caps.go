package analyze

import (
	"cmp"
	"slices"

	"costscope/tracefmt"
)

// A CapCurve says what a budget for each run would have kept and spent (analysis-spec H.3), over runs whose outcome is known. It takes a
// capped run for failed, and a success to need its whole cost.
type CapCurve struct {
	Runs, Success int64
	Spend         tracefmt.USD
	Overflow      bool
	Points        []CapPoint // rising caps; the last one changes nothing
	Keep95        CapPoint   // the smallest cap that keeps 95 % of the successes; 0 without any
	costs, won    []tracefmt.USD
	sums          []tracefmt.USD // of costs, before each
}

// A CapPoint is one cap.
type CapPoint struct {
	Cap, Spend tracefmt.USD
	Kept       int64
}

// capPoints bounds the points of a curve.
const capPoints = 100

// NewCapCurve looks at the runs.
func NewCapCurve(rows []RunRow) CapCurve {
	var c CapCurve
	for i := range rows {
		switch rows[i].Outcome {
		case tracefmt.OutcomeSuccess:
			c.won = append(c.won, rows[i].Cost)
			fallthrough
		case tracefmt.OutcomeFailure:
			c.costs = append(c.costs, rows[i].Cost)
		}
	}
	c.Runs, c.Success = int64(len(c.costs)), int64(len(c.won))
	if c.Runs == 0 {
		return c
	}
	slices.Sort(c.costs)
	slices.Sort(c.won)
	c.sums = make([]tracefmt.USD, len(c.costs)+1)
	ok := true
	for i, x := range c.costs {
		var fits bool
		c.sums[i+1], fits = c.sums[i].Add(x)
		ok = ok && fits
	}
	c.Spend, c.Overflow = c.sums[c.Runs], !ok
	c.draw()
	return c
}

// draw sets the points: at costs of successes, evenly by rank, and at the dearest run.
func (c *CapCurve) draw() {
	step := max(1, (len(c.won)+capPoints-1)/capPoints)
	for i := 0; i < len(c.won); i += step {
		c.Points = append(c.Points, c.At(c.won[i]))
	}
	c.Points = append(c.Points, c.At(c.costs[len(c.costs)-1]))
	c.Points = slices.CompactFunc(c.Points, func(a, b CapPoint) bool { return a.Cap == b.Cap })
	if len(c.won) > 0 {
		c.Keep95 = c.At(Percentile(c.won, 95, 100))
	}
}

// At is what a cap would have kept and spent.
func (c *CapCurve) At(limit tracefmt.USD) CapPoint {
	p := CapPoint{Cap: limit, Kept: int64(notAbove(c.won, limit))}
	n := notAbove(c.costs, limit)
	over, ok := limit.Mul(c.Runs - int64(n))
	if p.Spend = c.Spend; ok && n < len(c.costs) {
		p.Spend, _ = c.sums[n].Add(over)
	}
	return p
}

// Over is how many runs cost more than limit.
func (c *CapCurve) Over(limit tracefmt.USD) int64 { return c.Runs - int64(notAbove(c.costs, limit)) }

// notAbove counts the values up to x.
func notAbove(sorted []tracefmt.USD, x tracefmt.USD) int {
	n, _ := slices.BinarySearchFunc(sorted, x, func(a, b tracefmt.USD) int {
		if a <= b {
			return -1
		}
		return cmp.Compare(a, b)
	})
	return n
}

// Area is the score of runs under a cap: the part of runs that succeed, each counted by the part of the cap that it leaves; NaN without runs.
func (c *CapCurve) Area(limit tracefmt.USD) float64 {
	sum := 0.0
	for _, x := range c.won {
		if x < limit {
			sum += 1 - float64(x)/float64(limit)
		}
	}
	return sum / float64(c.Runs)
}

package analyze

import "costscope/tracefmt"

// A Tail is how the cost of runs (or calls) is spread, from the exact values (analysis-spec F).
type Tail struct {
	N                       int
	Sum                     tracefmt.USD
	Mean, Median            float64 // USD; the median is the mean of the two middle values when N is even
	P50, P90, P95, P99, Max tracefmt.USD
	MeanWithoutTop          float64 // USD; NaN for fewer than two
	Gini                    float64 // NaN when the sum is 0
	Top1, Top5, Top10       Share
	K80                     int     // smallest number of runs that make up 80 % of the cost
	EffectiveN              float64 // NaN when the sum is 0
	MedianLow, MedianHigh   tracefmt.USD
	HasMedianInterval       bool
	Index, IndexError       float64 // Hill estimator; NaN where it is not shown
	Capped                  bool
	Lorenz                  []float64 // share of the cost of the cheapest i/(len-1) of the runs; at most 101 points
}

// A Share is the part of the cost that the K dearest make up.
type Share struct {
	K     int
	Share float64 // NaN when the sum is 0
}

// NewTail looks at the values; it sorts them in place.
func NewTail(costs []tracefmt.USD) Tail { return Tail{N: len(costs)} }

package analyze

import "costscope/tracefmt"

// A SpendClass is what became of money (analysis-spec H.4). Every pico-dollar is in one.
type SpendClass uint8

const (
	SpendProductive SpendClass = iota // successful runs, but for what they wasted
	SpendSuperseded                   // attempts that were not accepted, in successful runs
	SpendLoop                         // repeats of a loop, in successful runs
	SpendRedundant                    // reads repeated without need, in successful runs
	SpendFailed                       // failed runs
	SpendUnknown                      // runs of unknown outcome
	SpendInFlight                     // unfinished runs
	SpendClasses
)

var spendNames = [SpendClasses]string{"productive", "superseded", "loop", "redundant", "failed", "unknown", "in flight"}

func (c SpendClass) String() string { return spendNames[c] }

// SpendQuality adds up cost by what became of it.
type SpendQuality struct {
	cost  [SpendClasses]tracefmt.USD
	calls [SpendClasses]int64
	wraps int32
}

// add counts the calls of a run in that are in scope.
func (x *SpendQuality) add(st *Study, in []bool) {
	for i := range st.Run.Calls {
		c := &st.Run.Calls[i]
		if !contributes(c) || in != nil && !in[i] {
			continue
		}
		class := spendClassOf(st, i)
		if c.IsCall {
			x.calls[class]++
		}
		if known(c) {
			x.wraps += plus((*int64)(&x.cost[class]), int64(c.Cost))
		}
	}
}

func spendClassOf(st *Study, i int) SpendClass {
	switch st.Run.Outcome {
	case tracefmt.OutcomeSuccess:
		return ofWaste[st.Places[i].Waste]
	case tracefmt.OutcomeFailure:
		return SpendFailed
	case tracefmt.OutcomeInFlight:
		return SpendInFlight
	}
	return SpendUnknown
}

// ofWaste says what a call of a successful run was spent on.
var ofWaste = [wasteClasses]SpendClass{wasteSuperseded: SpendSuperseded, wasteLoop: SpendLoop, wasteRedundant: SpendRedundant}

// merge adds what o counted.
func (x *SpendQuality) merge(o *SpendQuality) {
	for i := range x.cost {
		x.wraps += plus((*int64)(&x.cost[i]), int64(o.cost[i]))
		x.calls[i] += o.calls[i]
	}
	x.wraps += o.wraps
}

// A SpendReport is how well money was spent. The classes add up to Total.
type SpendReport struct {
	Total    tracefmt.USD
	Cost     [SpendClasses]tracefmt.USD
	Calls    [SpendClasses]int64
	Overflow bool // a sum exceeds what USD holds: the amounts are not right
}

// Share is a class's part of the total; NaN where nothing was spent.
func (r *SpendReport) Share(c SpendClass) float64 { return ratio(int64(r.Cost[c]), int64(r.Total)) }

// result sums up.
func (x *SpendQuality) result() SpendReport {
	r := SpendReport{Cost: x.cost, Calls: x.calls}
	wraps := x.wraps
	for _, c := range x.cost {
		wraps += plus((*int64)(&r.Total), int64(c))
	}
	r.Overflow = wraps != 0
	return r
}

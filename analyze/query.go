package analyze

import (
	"costscope/tracefmt"
)

// A Dim is what calls can be grouped and filtered by.
type Dim uint8

const (
	DimNone Dim = iota
	DimWorkflow
	DimFeature
	DimVersion
	DimAgent
	DimRole
	DimStep
	DimKind
	DimModel
	DimProvider
	DimTool
	DimStatus
	DimOutcome
	DimDay
	// The dimensions from here on are not part of a cell: grouping or filtering by them reads calls.
	DimRun
	DimUser
	DimSession
	DimSource
	DimTag
	// DimRunModel is of the run: a condition on it keeps all of its calls or none. Nothing is grouped by it.
	DimRunModel
)

// A Dimension is a Dim, with the tag's name for DimTag ("tag:NAME").
type Dimension struct {
	Dim Dim
	Tag string
}

// An Op compares a call's field with a value.
type Op uint8

const (
	OpEqual  Op = iota // =
	OpMatch            // ~ contains, case folded
	OpLess             // <
	OpLessEq           // <=
	OpMore             // >
	OpMoreEq           // >=
	OpAny              // = one of several: names a|b, numbers and times 1..2|5, each range without its end
)

// A Measure is a number that calls can be compared by.
type Measure uint8

const (
	MeasureNone Measure = iota
	MeasureCost         // USD
	MeasureInput
	MeasureOutput
	MeasureTokens
	MeasureDuration // milliseconds
	MeasureCacheRead
	MeasureAttempt    // the attempt at an operation that the call is part of, as stated or found; from 1
	MeasureTime       // when the call starts, UTC nanoseconds
	MeasureRetry      // the kind of the retry whose cost the call is part of: a RetryKind, -1 for none
	MeasureWasteClass // why the cost of the call was for nothing
	MeasureFactor     // the multipliers that the cost of the call needed, or a part of it: Factors, FactorCount for none
	MeasureDuty       // what the agent that made the call is for: a Role, -1 for people and error handling
	// The measures from here on are of the run: they keep all of its calls or none.
	MeasureRunCost // USD, of the calls of the run that meet the conditions before this one
	MeasureScore   // billionths
)

// A Pred is one condition on a call: a dimension against a text, or a measure against a number.
type Pred struct {
	Dimension Dimension
	Measure   Measure
	Op        Op
	Not       bool
	Text      string // for dimensions, and as typed for measures
	Number    int64  // for measures; money in pico-dollars
}

// ofRun says that the condition keeps all calls of a run or none.
func (p *Pred) ofRun() bool { return p.Measure >= MeasureRunCost || p.Dimension.Dim == DimRunModel }

// A Query is a question about calls: which (Where, Since, Until; all must hold) and grouped by what. The order of conditions matters to
// run.cost and run.model alone, which look at the calls that those before them leave: whatever is asked of the calls later, the runs that
// they kept stay the same.
type Query struct {
	By           []Dimension
	Where        []Pred
	Since, Until int64 // start time in UTC nanoseconds, [Since, Until); 0 = open
	Most         int   // as many rows are enough, the dearest: a store may leave the others out; 0: all are wanted
}

// A CellKey is what calls are summed up by once and for all.
type CellKey struct {
	Workflow, Feature, Version, Agent, Role, Step, Model, Provider, Tool tracefmt.Sym
	Day                                                                  int32 // days since 1970 in the time zone of the Config; NoDay where a call has no start
	Kind                                                                 tracefmt.Kind
	Status                                                               tracefmt.Status
	Outcome                                                              tracefmt.Outcome
}

// NoDay is the day of a call whose start is not known.
const NoDay int32 = -1 << 31

// None is what people see in place of a name that is not stated.
const None = "(none)"

// NeedsScan says that cells cannot answer q: calls must be read (see Scan).
func (q *Query) NeedsScan() bool {
	if q.Since != 0 || q.Until != 0 {
		return true
	}
	for _, d := range q.By {
		if d.Dim >= DimRun {
			return true
		}
	}
	for i := range q.Where {
		if q.Where[i].Measure != MeasureNone || q.Where[i].Dimension.Dim >= DimRun {
			return true
		}
	}
	return false
}

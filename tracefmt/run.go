package tracefmt

// CostState says where the cost of a call comes from.
type CostState uint8

const (
	CostNone     CostState = iota // nothing to pay is known: a tool without a price, a span that only groups others
	CostRecorded                  // the trace states it
	CostComputed                  // from tokens and the price book
	CostUnpriced                  // tokens are known, no price is: unknown, not 0
	CostNoUsage                   // a model call without token counts: unknown, not 0
	CostShadowed                  // the calls below carry it
)

// CostMode chooses which of the two costs counts where both are known.
type CostMode uint8

const (
	CostAuto         CostMode = iota // recorded, else computed
	CostModeRecorded                 // recorded only
	CostModeComputed                 // computed only
)

var costModeNames = [...]string{"auto", "recorded", "computed"}

func (m CostMode) String() string { return costModeNames[m] }

// ParseCostMode reads the value of --cost.
func ParseCostMode(s string) (CostMode, bool) {
	for i, n := range costModeNames {
		if n == s {
			return CostMode(i), true
		}
	}
	return CostAuto, false
}

// Call is a record of a run with all that the run decides about it. Fields of the same name as in Record are the effective ones.
type Call struct {
	*Record
	Kind     Kind // a model call that encloses model calls is a chain
	Status   Status
	Workflow Sym
	Feature  Sym
	Version  Sym
	Agent    Sym
	Step     Sym
	Model    Sym // answered, else asked for
	User     Sym
	Session  Sym
	Up       int32 // index of the enclosing call in Run.Calls, -1 for none; a parent that merely came before does not enclose
	After    int32 // index + 1 of the call stated as the parent that had ended before this one began: it led to it, and encloses nothing; 0 for none
	Counted  bool  // its usage and cost count (usage counts at the leaves)
	IsCall   bool  // counted among the calls; false for spans that only group others

	State       CostState
	Cost        USD // what counts under the cost mode; 0 unless State is CostRecorded or CostComputed
	Computed    USD
	HasComputed bool
	Mismatch    bool // recorded and computed differ by more than 1%
	Price       *PriceRow
	Stated      *Record // FlagTotal: what the trace states, before the calls' own numbers were taken off; nil for any other
}

// Run is one execution of a workflow with its calls, ordered by start, then end, then id.
type Run struct {
	ID       string
	Workflow Sym
	Feature  Sym
	Version  Sym
	User     Sym
	Session  Sym
	Agent    Sym // of the calls that name none; mostly not stated
	Model    Sym // the same
	Tags     Sym
	Outcome  Outcome
	HasScore bool
	Score    float64
	Facts    *RunFacts
	Calls    []Call
	Marks    []*Record // events between the calls, in time order
}

package analyze

import (
	"time"

	"costscope/tracefmt"
)

// A Row is one group of a Table: a prefix of a path and what its calls add up to.
type Row struct {
	Path []string // one name per dimension of the query, from the first; shorter for the groups above
	Summary
	Own         tracefmt.USD // part of Cost whose calls state no name for any further dimension; equals Cost at the deepest level
	Runs        int64        // distinct runs with a call in the group
	Success     int64        // of these, by outcome
	Failure     int64
	Unknown     int64
	InFlight    int64
	FinishedUSD tracefmt.USD // cost of the group's calls in finished runs (all but in flight)
}

// A Table answers a Query: every prefix of every path, parents before their children, dearest first.
type Table struct {
	By    []Dimension
	Total Row // Path is empty
	Rows  []Row
	Left  int64 // groups that Rows lacks, cheaper than those it has; Total is of all

	Workflows, Agents int64      // distinct names stated, among the calls that match
	Threads           int64      // distinct agent instances summed over the runs; -1 where cells cannot tell
	Unpriced          []Unpriced // models without a price, most calls first
}

// Groups is the number of groups, whether they are among the rows or not.
func (t *Table) Groups() int64 { return int64(len(t.Rows)) + t.Left }

// Unpriced is a model that the price book does not know.
type Unpriced struct {
	Model         string
	Calls, Tokens int64
}

// A CallRow is one call for people: names resolved.
type CallRow struct {
	Ref                                                                  CallRef
	Run, ID, Parent                                                      string
	Workflow, Feature, Version, Agent, Role, Step, Tool, Provider, Model string
	RequestModel, User, Session, Error, Tags, Tier, Format               string
	Kind                                                                 tracefmt.Kind
	Status                                                               tracefmt.Status
	Outcome                                                              tracefmt.Outcome
	Has                                                                  tracefmt.Fields
	Flags                                                                tracefmt.Flags
	Start, End                                                           int64
	Usage                                                                tracefmt.Usage
	State                                                                tracefmt.CostState
	Cost, Recorded, Computed                                             tracefmt.USD
	HasRecorded, HasComputed, Mismatch                                   bool
	Attempt                                                              int32
	RetryOf                                                              string
	RetryKind                                                            tracefmt.RetryKind
	Price                                                                *tracefmt.PriceRow // nil: none found
	Source                                                               string             // path of the file
	Src                                                                  tracefmt.SourceRef
}

// A CallRef finds a call again, however rows have moved: its run and its id within it.
type CallRef struct{ Run, ID string }

// A CallOrder is how a list of calls is sorted.
type CallOrder uint8

const (
	ByCost CallOrder = iota // dearest first; unknown costs last
	ByTime                  // oldest first
	ByTokens
	ByDuration
	ByInput
	ByOutput
)

// A CallPage is the visible part of a list of calls.
type CallPage struct {
	Total int // calls that match
	Reach int // how many of them, from the first, pages can hold
	From  int // index of Rows[0]
	Rows  []CallRow
}

// A Weight is what a question would read.
type Weight struct {
	Rows  int64
	Bytes int64         // that would come here; 0 where they are added up where they are
	Takes time.Duration // about; 0 where nobody knows
}

// A RunCost is what one run cost within a scope, with what an analysis over runs needs beside it.
type RunCost struct {
	Run     uint32
	Cost    tracefmt.USD
	Outcome tracefmt.Outcome

	Incomplete bool // a call of it has an unknown cost: Cost is a lower bound
}

// Unknown says that nothing is known of what the run cost.
func (r *RunCost) Unknown() bool { return unknownCost(r.Cost, r.Incomplete) }

// unknownCost says that a sum of costs, to which some that are not known may be missing, says nothing.
func unknownCost(sum tracefmt.USD, incomplete bool) bool { return incomplete && sum == 0 }

// Source is what was read of one trace file.
type Source struct {
	Path, Format        string
	Bytes               int64 // read so far, after decompression
	Size                int64 // of the file
	Records, Calls      int64
	Skipped, Duplicates int64
	Pending             int64  // bytes of a last value that is not complete yet
	Note                string // why nothing or not all was read
	Caveats             []SourceCaveat
}

// A Skip is a value that could not be read.
type Skip struct {
	Path   string
	Line   int64
	Reason string
}

// Status is the state of a store: what it holds and what it is doing.
type Status struct {
	Loading    bool
	Live       bool         // following the sources
	Unsummed   bool         // Spent and what stands below it are not added up, though Live
	Heard      time.Time    // when something new was last read, while Live
	Spent      tracefmt.USD // cost of all runs so far, where it is known
	Failed     int64        // calls, while Live
	Over       []RunOver    // runs heard of while Live that cost more than was asked to be told, the latest last
	Loops      []LiveLoop   // that went on while Live, the latest last
	Flying     []LiveRun    // runs in flight, while Live
	Done, Size int64        // bytes read and to read, while Loading
	Version    uint64
	Sources    []Source
	Skips      []Skip // the first 100, by path and line
	SkipCount  int64
	Warnings   []string
	PricesAsOf string
	PriceBook  string     // where the prices come from
	PriceHash  string     // tells books apart
	Repricing  *Repricing // what this book made of sums kept with another; nil where they were its own
	CostMode   tracefmt.CostMode
	Err        error // why loading stopped
}

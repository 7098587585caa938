package tui

import (
	"context"
	"io"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/muesli/termenv"
)

// A Source answers the explorer's questions. It is asked from several goroutines; a cancelled context ends the work soon.
type Source interface {
	Status() analyze.Status   // cheap, at any time
	Changed() <-chan struct{} // capacity 1, coalesced; nil where nothing ever changes
	Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error)
	// Span is the earliest start and the latest end of all calls, UTC nanoseconds; ok is false when no call has a time.
	Span(ctx context.Context) (first, last int64, ok bool, err error)
	RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error) // cost of each run within the scope
	// Digest reads every call of the scope; progress is told by several goroutines how far it is.
	Digest(ctx context.Context, q analyze.Query, progress func(done, of int64)) (*analyze.Digest, error)
	// WhatIf prices the calls of the scope as they would have been; progress as in Digest.
	WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, progress func(done, of int64)) (*analyze.WhatIfResult, error)
	Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) // reads every call of the scope
	Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error)
	Call(ctx context.Context, ref analyze.CallRef) (analyze.CallRow, error)
	Run(ctx context.Context, q analyze.Query, ref analyze.RunRef) (*analyze.RunView, error)           // one run with all its calls
	Raw(ctx context.Context, src tracefmt.SourceRef) (raw []byte, file string, line int64, err error) // the bytes of a record; line counts from 1, 0 = unknown
	Marks(ctx context.Context) (analyze.Marks, error)
	SetMarks(ctx context.Context, change func(*analyze.Marks)) error // reads, changes and writes them in one step; change must be quick
}

// Options are how the explorer is to look and where it starts.
type Options struct {
	Title     string              // of the sources, for the top line
	By        []analyze.Dimension // the levels to drill through; none: workflow, agent, step
	Query     analyze.Query       // conditions on everything that is shown
	Theme     string              // auto, dark or light
	NoColor   bool
	Mouse     bool
	In        io.Reader // none: the terminal
	Out       io.Writer
	Now       func() time.Time      // none: time.Now
	Resume    bool                  // goes on where the explorer was left
	Hints     bool                  // a newcomer is told of the first keys
	Unkept    string                // why flags and notes go with the explorer; "" where they stay
	Following bool                  // the trace is followed
	Window    string                // what the time range of Query is called where it moves along; "" where it stands
	Limits    analyze.Limits        // that a followed trace is held against
	Alerted   func([]analyze.Alarm) // told of new alerts, beside the screen; may be nil
	Profile   *termenv.Profile      // what the terminal can colour; none: as the environment says
	Notice    string                // said at the start, and counted among the warnings
	Prices    *tracefmt.PriceBook   // in force: to choose a model from
	// OpenPrices reads another price book; nil: there is none to read.
	OpenPrices   func(file string) (*tracefmt.PriceBook, error)
	Zone         *time.Location // of the times shown; none: UTC
	Baseline     string         // to compare with from the start: a path, or a time of the trace itself (see IsPeriod)
	OpenBaseline OpenBaseline   // opens other traces; nil: none can be
	// Export writes the flagged paths of a scope to a file, ErrExists where it is there already; nil: nothing can be written.
	Export func(ctx context.Context, job ExportJob) (Exported, error)
}

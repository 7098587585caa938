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
	Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error)
	Call(ctx context.Context, ref analyze.CallRef) (analyze.CallRow, error)
	Raw(ctx context.Context, src tracefmt.SourceRef) (raw []byte, file string, line int64, err error) // the bytes of a record; line counts from 1, 0 = unknown
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
	Following bool                  // the trace is followed
	Limits    analyze.Limits        // that a followed trace is held against
	Alerted   func([]analyze.Alarm) // told of new alerts, beside the screen; may be nil
	Profile   *termenv.Profile      // what the terminal can colour; none: as the environment says
	Zone      *time.Location        // of the times shown; none: UTC
}

package store

import (
	"context"
	"io"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Store is what keeps calls and answers questions. Answers are as of the last commit; a load may be going on meanwhile.
type Store interface {
	Load(ctx context.Context, files []string, stdin io.Reader, progress func(analyze.Status)) error
	Status() analyze.Status
	Changed() <-chan struct{}
	Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error)
	RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error)
	Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error)
	Call(ctx context.Context, ref analyze.CallRef) (analyze.CallRow, error)
	Run(ctx context.Context, q analyze.Query, ref analyze.RunRef) (*analyze.RunView, error)
	Raw(ctx context.Context, src tracefmt.SourceRef) (raw []byte, file string, line int64, err error)
	Each(ctx context.Context, f func(run *tracefmt.Run) error) error
	Span(ctx context.Context) (first, last int64, ok bool, err error)
	Names() *tracefmt.Names
	Marks(ctx context.Context) (analyze.Marks, error)
	SetMarks(ctx context.Context, change func(*analyze.Marks)) error // one after the other; change must be quick
	Close() error
}

var (
	_ Store = (*Bolt)(nil)
	_ Store = (*Mem)(nil)
)

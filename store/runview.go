package store

import (
	"context"
	"errors"

	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// ErrNoRun is returned for a run that the store does not hold (any more).
var ErrNoRun = errors.New("no such run")

// Run is one run with all of its calls, and how much of it is in the scope of q.
func (s *Bolt) Run(ctx context.Context, q analyze.Query, ref analyze.RunRef) (view *analyze.RunView, err error) {
	err = s.oneRun(ctx, ref, func(n uint32, run *tracefmt.Run) {
		view = runView(n, run, q, s.names, s.config(), s.path)
	})
	return view, err
}

// oneRun calls f for the run that ref names. What f gets does not outlive the call.
func (s *Bolt) oneRun(ctx context.Context, ref analyze.RunRef, f func(n uint32, run *tracefmt.Run)) error {
	found := false
	err := s.view(func(tx *bbolt.Tx) error {
		rd := runReader{asm: s.assembler()}
		try := func(n uint32, row *runRow) error {
			recs, err := rd.read(tx, row.last)
			if err != nil || len(recs) == 0 || !ref.ByNumber && recs[0].Run != ref.ID {
				return err
			}
			found = true
			f(n, rd.asm.Assemble(recs))
			return nil
		}
		if ref.ByNumber {
			row, err := readRow(tx, ref.Number)
			if err != nil || row.last.length == 0 || row.gone {
				return err
			}
			return try(ref.Number, &row)
		}
		h := hashText(ref.ID)
		return eachRow(tx, 0, s.rows(), func(n uint32, row *runRow) error {
			if found || row.hash != h || row.gone {
				return ctx.Err()
			}
			return try(n, row)
		})
	})
	if err == nil && !found {
		err = ErrNoRun
	}
	return err
}

// Run is one run with all of its calls, and how much of it is in the scope of q.
func (m *Mem) Run(ctx context.Context, q analyze.Query, ref analyze.RunRef) (view *analyze.RunView, err error) {
	err = m.each(ctx, func(_ int, n uint32, run *tracefmt.Run) error {
		if ref.ByNumber && n == ref.Number || !ref.ByNumber && run.ID == ref.ID {
			view = runView(n, run, q, m.names, m.config(), m.path)
		}
		return nil
	})
	if err == nil && view == nil {
		err = ErrNoRun
	}
	return view, err
}

func runView(n uint32, run *tracefmt.Run, q analyze.Query, names *tracefmt.Names, cfg analyze.Config, path func(uint32) string) *analyze.RunView {
	v := analyze.NewRunView(run, q, names, cfg, path, func(c *tracefmt.Call) analyze.CallRow { return analyze.NewCallRow(run, c, names, path) })
	v.Number = n
	return v
}

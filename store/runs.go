package store

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"costscope/tracefmt"
)

// chain is the parts of a run, oldest first.
type chain struct {
	run   string
	parts []chainPart
	bytes uint32 // of all parts
	base  uint32 // of the oldest
}

type chainPart struct {
	b []byte // records
	n int
}

// readChain finds the parts of a run from its newest. The bytes belong to the transaction.
func readChain(tx *bbolt.Tx, at partRef) (c chain, err error) {
	seg := tx.Bucket(bucketSeg)
	for at.length > 0 {
		b := seg.Get(key32(at.seg))
		if uint64(at.off)+uint64(at.length) > uint64(len(b)) || len(c.parts) > 1<<20 {
			return c, errCorrupt
		}
		part, err := unseal(b[at.off : at.off+at.length])
		if err != nil {
			return c, err
		}
		p := partReader{b: part}
		run, before, n := p.head()
		if p.err != nil {
			return c, p.err
		}
		c.run = run
		c.parts = append(c.parts, chainPart{p.b, n})
		c.bytes += at.length
		c.base = at.length
		at = before
	}
	for i, j := 0, len(c.parts)-1; i < j; i, j = i+1, j-1 {
		c.parts[i], c.parts[j] = c.parts[j], c.parts[i]
	}
	return c, nil
}

// records decodes all parts; more than one part is to be merged.
func (c *chain) records(p *partReader, recs []tracefmt.Record) ([]tracefmt.Record, error) {
	for _, part := range c.parts {
		from := len(recs)
		p.b, p.err = part.b, nil
		recs = p.records(recs, c.run, part.n)
		if p.err != nil {
			return recs[:from], p.err
		}
	}
	return recs, nil
}

// A runReader reads run after run into the same memory.
type runReader struct {
	asm  tracefmt.Assembler
	part partReader
	recs []tracefmt.Record
}

// read returns the merged records of a run; the next read overwrites them.
func (r *runReader) read(tx *bbolt.Tx, at partRef) ([]tracefmt.Record, error) {
	c, err := readChain(tx, at)
	if err != nil {
		return nil, err
	}
	r.part.arena = r.part.arena[:0]
	r.recs, err = c.records(&r.part, r.recs[:0])
	if len(c.parts) > 1 && err == nil {
		r.recs = r.asm.Merge(r.recs)
	}
	return r.recs, err
}

// readRow is a row as of the transaction; one that was never stored has no part.
func readRow(tx *bbolt.Tx, n uint32) (runRow, error) {
	b, err := getSealed(tx.Bucket(bucketRow), key32(n/rowsPerBlock))
	if len(b) != rowsPerBlock*rowSize {
		return runRow{}, err
	}
	return getRow(b[n%rowsPerBlock*rowSize:]), nil
}

// eachRow calls f for the rows [from, to) that are stored, gone runs included; from is the first of a block.
func eachRow(tx *bbolt.Tx, from, to uint32, f func(n uint32, row *runRow) error) error {
	b := tx.Bucket(bucketRow)
	for block := from / rowsPerBlock; block*rowsPerBlock < to; block++ {
		v, err := getSealed(b, key32(block))
		if err != nil {
			return err
		}
		for i := uint32(0); i < rowsPerBlock && len(v) == rowsPerBlock*rowSize && block*rowsPerBlock+i < to; i++ {
			row := getRow(v[i*rowSize:])
			if row.last.length == 0 {
				continue
			}
			if err := f(block*rowsPerBlock+i, &row); err != nil {
				return err
			}
		}
	}
	return nil
}

// inOrder calls f for every run, in the order in which they were met. What f gets is overwritten by the next run.
func (s *Bolt) inOrder(ctx context.Context, f func(n uint32, run *tracefmt.Run) error) error {
	return s.view(func(tx *bbolt.Tx) error {
		rd := runReader{asm: s.assembler()}
		return rd.scan(ctx, tx, 0, s.rows(), f)
	})
}

// each goes through the runs with all workers.
func (s *Bolt) each(ctx context.Context, f func(worker int, n uint32, run *tracefmt.Run) error) error {
	readers := make([]runReader, s.workers())
	for i := range readers {
		readers[i].asm = s.assembler()
	}
	return s.stretches(ctx, func(worker int, tx *bbolt.Tx, from, to uint32) error {
		return readers[worker].scan(ctx, tx, from, to, func(n uint32, run *tracefmt.Run) error { return f(worker, n, run) })
	})
}

// scan calls f for the runs in rows [from, to).
func (r *runReader) scan(ctx context.Context, tx *bbolt.Tx, from, to uint32, f func(n uint32, run *tracefmt.Run) error) error {
	return eachRow(tx, from, to, func(n uint32, row *runRow) error {
		if row.gone {
			return nil
		}
		if n&63 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		recs, err := r.read(tx, row.last)
		if err != nil {
			return err
		}
		return f(n, r.asm.Assemble(recs))
	})
}

// stretch is how many rows a worker takes at a time.
const stretch = 16 * rowsPerBlock

// stretches hands the rows out to all workers, a stretch at a time, each in a transaction of its own. The first error ends it.
func (s *Bolt) stretches(ctx context.Context, f func(worker int, tx *bbolt.Tx, from, to uint32) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	total := s.rows()
	var next atomic.Uint32
	var wg sync.WaitGroup
	for w := range s.workers() {
		wg.Go(func() {
			for from := next.Add(stretch) - stretch; from < total && ctx.Err() == nil; from = next.Add(stretch) - stretch {
				if err := s.view(func(tx *bbolt.Tx) error { return f(w, tx, from, min(from+stretch, total)) }); err != nil {
					stop(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// workers is how many goroutines each uses.
func (s *Bolt) workers() int {
	if s.opt.Workers > 0 {
		return s.opt.Workers
	}
	return runtime.GOMAXPROCS(0)
}

func (s *Bolt) assembler() tracefmt.Assembler {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := tracefmt.Assembler{Names: s.names, Book: s.opt.Prices, Mode: s.opt.Mode, Order: inputOrder(s.SourcePath), PathOf: s.SourcePath}
	if len(s.verdicts) > 0 {
		a.Verdicts = s.verdicts.of
	}
	return a
}

func (s *Bolt) rows() uint32 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.meta.Rows
}

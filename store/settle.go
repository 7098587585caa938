package store

import (
	"errors"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A settler works out what changed runs are worth and how they are written. Each has a segment of its own, so several work side by side.
type settler struct {
	s       *Bolt
	asm     tracefmt.Assembler
	plus    *sums // the runs as they are
	whole   *analyze.Matcher
	spare   *sparePool
	minus   *sums // the same runs as they were stored before
	seg     uint32
	bytes   []byte
	news    []tracefmt.Record // scratch: the records that came, merged
	scratch []tracefmt.Record // scratch: what Assemble may change

	watch *analyze.LoopWatch // of a trace that is followed; else nil
	heard []heardRun
	now   time.Time
}

func newSettler(s *Bolt) *settler {
	return &settler{s: s, asm: s.assembler(), whole: s.wholeRun()}
}

// wholeRun matches every call.
func (s *Bolt) wholeRun() *analyze.Matcher {
	return (&analyze.Query{}).Compile(s.names, s.config())
}

// settle takes the run out of the sums as it was stored, joins what came to it, writes that and puts the run in as it is.
func (w *settler) settle(p *pending) {
	switch {
	case p.worth != nil:
		w.minus.merge(p.worth, 1)
		p.worth = nil
	case len(p.recs) > 0:
		w.minus.add(w.assemble(p.recs), p.recs)
	}
	w.news = slices.Grow(w.news[:0], len(p.news))
	for _, r := range p.news {
		w.news = append(w.news, *r)
	}
	w.news = w.asm.Merge(w.news)
	all := w.news
	rewrite := p.rewrite || len(p.moved) > 0 || p.parts > 16 && p.bytes-p.base > p.base/2
	if len(p.moved) > 0 {
		p.recs = slices.DeleteFunc(p.recs, func(r tracefmt.Record) bool { return p.moved[claimKey(&r)] })
	}
	if len(p.recs) > 0 {
		p.recs = append(w.spare.grow(p.recs, len(w.news)), w.news...)
		p.recs = w.asm.Merge(p.recs)
		all = p.recs
	}
	w.write(p, all, rewrite)
	run := &tracefmt.Run{}
	switch {
	case len(all) == 0:
	case p.kept:
		if len(p.recs) == 0 {
			p.recs = append(w.spare.grow(p.recs, len(w.news)), w.news...)
		}
		run = w.assemble(p.recs)
		p.worth = newSums(w.s.config())
		p.worth.add(run, p.recs)
		w.plus.merge(p.worth, 1)
	default: // nobody needs the records any more: Assemble may change them
		run = w.asm.Assemble(all)
		w.plus.add(run, all)
	}
	last := p.stored.last
	p.stored = rowOf(p.hash, last, run, w.whole)
	p.stored.gone = len(all) == 0
	if w.watch != nil {
		w.hear(p, run)
	}
}

// write appends what came to p as a part, or all of p as its only part.
func (w *settler) write(p *pending, all []tracefmt.Record, rewrite bool) {
	recs, before := w.news, p.stored.last
	if rewrite {
		recs, before, p.parts, p.bytes = all, partRef{}, 0, 0
	}
	at := len(w.bytes)
	w.bytes = seal(appendPart(w.bytes, p.id, before, recs), at)
	n := uint32(len(w.bytes) - at)
	p.stored.last = partRef{w.seg, uint32(at), n}
	if p.parts == 0 {
		p.base = n
	}
	p.parts++
	p.bytes += n
}

// assemble leaves recs as they are.
func (w *settler) assemble(recs []tracefmt.Record) *tracefmt.Run {
	w.scratch = append(slices.Grow(w.scratch[:0], len(recs)), recs...)
	return w.asm.Assemble(w.scratch)
}

// commitIfDue commits when enough records wait.
func (in *ingest) commitIfDue() error {
	if in.count < in.limit && in.room < fullCommit*3/2 {
		return nil
	}
	in.limit = min(in.limit*4, fullCommit)
	return in.commit()
}

// commit stores the waiting records with the offsets they came from, in one transaction, and only then shows them.
func (in *ingest) commit() error {
	if in.count == 0 && len(in.ends) == 0 {
		return nil
	}
	touched := in.touched()
	if err := in.settle(touched); err != nil {
		return err
	}
	if err := in.s.update(func(tx *bbolt.Tx) error { return in.store(tx, touched) }); err != nil {
		return storeError(in.s.opt.Path, err)
	}
	in.show(touched)
	in.forget(touched)
	return nil
}

// touched lists the changed runs by row: the order of the input.
func (in *ingest) touched() []*pending {
	var list []*pending
	for _, p := range in.byRows {
		if p.touched {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *pending) int { return int(a.row) - int(b.row) })
	return list
}

// settle lets the settlers work the runs out, each a stretch of them.
func (in *ingest) settle(list []*pending) error {
	total := 0
	for _, p := range list {
		total += len(p.news) + len(p.recs)
	}
	share := total/len(in.settlers) + 1
	var wg sync.WaitGroup
	errs := make([]error, len(in.settlers))
	for k, w := range in.settlers {
		n, size := 0, 0
		for n < len(list) && (size < share || k == len(in.settlers)-1) {
			size += len(list[n].news) + len(list[n].recs)
			n++
		}
		part := list[:n]
		list = list[n:]
		w.seg, w.bytes = in.s.meta.Seg+uint32(k), w.bytes[:0]
		w.plus, w.minus = newSums(in.s.config()), newSums(in.s.config())
		w.listen()
		wg.Go(func() {
			errs[k] = guarded(func() {
				for _, p := range part {
					p.kept = in.keeps(p)
					w.settle(p)
				}
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// keeps says that a run stays in memory after the commit. Runs that go side by side come back soon; a long one is kept only while it
// is the one that is being read.
func (in *ingest) keeps(p *pending) bool {
	return p.seq == in.seq || in.seq-p.seq < keepRuns && len(p.recs)+len(p.news) < keepRuns
}

// store writes one commit.
func (in *ingest) store(tx *bbolt.Tx, list []*pending) error {
	s := in.s
	seg := tx.Bucket(bucketSeg)
	seg.FillPercent = 1
	for _, w := range in.settlers {
		if len(w.bytes) > 0 {
			if err := seg.Put(key32(w.seg), w.bytes); err != nil {
				return err
			}
		}
	}
	if err := in.storeRows(tx, list); err != nil {
		return err
	}
	if err := in.storeVerdicts(tx); err != nil {
		return err
	}
	if err := in.storeNames(tx); err != nil {
		return err
	}
	for id := range in.ends {
		src := *s.sources[id]
		src.Offset, src.Line = src.next.offset, src.next.line
		src.print()
		in.prints[id] = [2]uint64{src.Head, src.Tail}
		if err := putSealed(tx.Bucket(bucketSource), key32(id), mustJSON(src)); err != nil {
			return err
		}
	}
	return putSealed(tx.Bucket(bucketMeta), []byte("state"), mustJSON(in.nextMeta()))
}

// nextMeta is what the file says of itself after the commit at hand.
func (in *ingest) nextMeta() metaState {
	m := in.s.meta
	m.Commit++
	m.Rows = in.nrows
	m.Seg += uint32(len(in.settlers))
	return m
}

func (in *ingest) storeRows(tx *bbolt.Tx, list []*pending) error {
	b := tx.Bucket(bucketRow)
	for len(list) > 0 {
		block := list[0].row / rowsPerBlock
		v := make([]byte, rowsPerBlock*rowSize, rowsPerBlock*rowSize+sealSize)
		was, err := getSealed(b, key32(block))
		if err != nil {
			return err
		}
		copy(v, was)
		for len(list) > 0 && list[0].row/rowsPerBlock == block {
			putRow(v[list[0].row%rowsPerBlock*rowSize:], &list[0].stored)
			list = list[1:]
		}
		if err := putSealed(b, key32(block), v); err != nil {
			return err
		}
	}
	return nil
}

// storeNames writes the names given since the last commit.
func (in *ingest) storeNames(tx *bbolt.Tx) error {
	names := in.s.names.From(tracefmt.Sym(in.s.named))
	if len(names) == 0 {
		return nil
	}
	var v []byte
	for _, n := range names {
		v = appendText(v, n)
	}
	if err := putSealed(tx.Bucket(bucketNames), key32(uint32(in.s.named)), v); err != nil {
		return err
	}
	in.newNames = len(names)
	return nil
}

// show puts a commit that is on disk into the sums that the screen sees.
func (in *ingest) show(touched []*pending) {
	s := in.s
	s.mu.Lock()
	if s.tells() {
		s.facts.over(touched, s.opt.PerRun, s.names)
		for _, w := range in.settlers {
			s.facts.note(w.heard, s.opt.Now())
		}
	}
	for _, w := range in.settlers {
		s.sums.merge(w.minus, -1)
		s.sums.merge(w.plus, 1)
	}
	s.meta = in.nextMeta()
	s.named += in.newNames
	in.newNames, in.judged = 0, in.storing
	for id := range in.ends {
		src := s.sources[id]
		src.Offset, src.Line = src.next.offset, src.next.line
		src.Head, src.Tail = in.prints[id][0], in.prints[id][1]
	}
	s.bump()
	s.mu.Unlock()
	clear(in.ends)
	if in.progress != nil && time.Since(in.since) > 100*time.Millisecond {
		in.since = time.Now()
		in.progress(s.Status())
	}
}

// forget lets go of what the commit stored, but for the runs that were touched last: they are the likeliest to go on.
func (in *ingest) forget(list []*pending) {
	for row, p := range in.byRows {
		if !p.touched {
			p.kept = in.keeps(p)
		}
		if !p.kept || p.stored.gone {
			in.spare.put(p.recs)
			p.recs = nil
			delete(in.byRows, row)
			delete(in.runs, p.slot)
		}
	}
	for _, p := range list {
		p.news, p.moved, p.touched, p.rewrite = nil, nil, false, false
	}
	in.last = nil
	for _, b := range in.held {
		in.pipe.batches.put(b)
	}
	in.held, in.count, in.room = in.held[:0], 0, 0
}

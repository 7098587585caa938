package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Load reads what is new in the sources: new files, and what files have grown by. A file that was replaced or cut makes the store start
// over with all of its sources. When ctx ends, what was loaded stays and ctx's error is returned. progress, which may be nil, is called
// now and then.
func (s *Bolt) Load(ctx context.Context, files []string, stdin io.Reader, progress func(analyze.Status)) error {
	if err := s.resum(ctx); err != nil {
		s.ended(err)
		return err
	}
	plan, err := s.plan(files)
	if err == nil {
		err = s.keepMap()
	}
	if err != nil {
		s.ended(err)
		return err
	}
	s.mu.Lock()
	s.loading, s.done, s.todo, s.err, s.notes = true, 0, plan.size, nil, plan.notes
	s.bump()
	s.mu.Unlock()
	err = s.take(ctx, plan, stdin, progress)
	if err == nil {
		err = s.exactMax(ctx)
	}
	if e := s.saveSums(); err == nil {
		err = e
	}
	s.ended(err)
	return err
}

// ended tells that loading did.
func (s *Bolt) ended(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loading, s.err = false, err
	s.bump()
}

// resum works the sums and the run rows out anew where the stored ones do not belong to the stored calls or to the settings at hand:
// after a crash, or with another price book, cost mode or time zone.
func (s *Bolt) resum(ctx context.Context) error {
	if s.saved == s.meta.Commit {
		return nil
	}
	s.mu.Lock()
	s.loading, s.done, s.todo = true, 0, int64(s.meta.Rows)
	s.bump()
	s.mu.Unlock()
	fresh, blocks, err := s.recount(ctx)
	if err == nil {
		err = s.update(func(tx *bbolt.Tx) error {
			for block, v := range blocks {
				if err := putSealed(tx.Bucket(bucketRow), key32(uint32(block)), v); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.sums, s.stale = fresh, false
	s.repriced(s.sumsOf)
	s.bump()
	s.mu.Unlock()
	return s.saveSums()
}

// recount reads all runs with all workers and returns their sums and the blocks of run rows as they are to be.
func (s *Bolt) recount(ctx context.Context) (*sums, [][]byte, error) {
	parts := make([]*sums, s.workers())
	readers := make([]runReader, s.workers())
	for i := range parts {
		parts[i], readers[i] = newSums(s.config()), runReader{asm: s.assembler()}
	}
	blocks := make([][]byte, (s.meta.Rows+rowsPerBlock-1)/rowsPerBlock)
	whole := s.wholeRun()
	err := s.stretches(ctx, func(worker int, tx *bbolt.Tx, from, to uint32) error {
		rd := &readers[worker]
		for block := from / rowsPerBlock; block*rowsPerBlock < to; block++ {
			was, err := getSealed(tx.Bucket(bucketRow), key32(block))
			if err != nil {
				return err
			}
			blocks[block] = append(make([]byte, 0, len(was)+sealSize), was...)
		}
		s.mu.Lock()
		s.done += int64(to - from)
		s.mu.Unlock()
		return eachRow(tx, from, to, func(n uint32, row *runRow) error {
			if row.gone {
				return nil
			}
			recs, err := rd.read(tx, row.last)
			if err != nil {
				return err
			}
			run := rd.asm.Assemble(recs)
			parts[worker].add(run, recs)
			now := rowOf(row.hash, row.last, run, whole)
			putRow(blocks[n/rowsPerBlock][n%rowsPerBlock*rowSize:], &now)
			return ctx.Err()
		})
	})
	for _, p := range parts[1:] {
		parts[0].merge(p, 1)
	}
	return parts[0], blocks, err
}

// exactMax finds the dearest call of each cell that lost it and cannot tell the next one.
func (s *Bolt) exactMax(ctx context.Context) error {
	stale := s.sums.cells.StaleCells()
	if len(stale) == 0 {
		return nil
	}
	dearest := map[analyze.CellKey]tracefmt.USD{}
	for _, k := range stale {
		dearest[k] = 0
	}
	keys := analyze.NewAggregate(s.config())
	err := s.inOrder(ctx, func(_ uint32, run *tracefmt.Run) error {
		for i := range run.Calls {
			if k, counted := keys.CellKey(run, &run.Calls[i]); counted {
				if was, ok := dearest[k]; ok {
					dearest[k] = max(was, run.Calls[i].Cost)
				}
			}
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range dearest {
		if err == nil {
			s.sums.cells.SetMax(k, v)
		}
	}
	return err
}

// clear forgets all calls and sources.
func (s *Bolt) clear() error {
	err := s.update(func(tx *bbolt.Tx) error {
		for _, b := range [][]byte{bucketSource, bucketSeg, bucketRow, bucketVerdict} {
			if err := tx.DeleteBucket(b); err != nil {
				return err
			}
			if _, err := tx.CreateBucket(b); err != nil {
				return err
			}
		}
		return putSealed(tx.Bucket(bucketMeta), []byte("state"), mustJSON(metaState{Version: formatVersion, Commit: s.meta.Commit + 1}))
	})
	if err != nil {
		return storeError(s.opt.Path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meta = metaState{Version: formatVersion, Commit: s.meta.Commit + 1}
	s.sources, s.sums, s.verdicts = nil, newSums(s.config()), nil
	s.bump()
	return nil
}

// storeError says what a failed write means.
func storeError(path string, err error) error {
	return fmt.Errorf("write the store %s: %w; what was stored before is kept", path, err)
}

// plan is what a load has to read.
type plan struct {
	feeds []*feed
	size  int64 // bytes of the files to read
	notes []string
}

// plan compares the files with what was read of them before.
func (s *Bolt) plan(files []string) (*plan, error) {
	p, replaced := s.compare(files)
	for replaced != "" && s.wasFollowed() { // what was rotated away cannot be read again
		if _, err := s.retire(replaced, nil); err != nil {
			return nil, err
		}
		p, replaced = s.compare(files)
	}
	if replaced == "" {
		return p, nil
	}
	why := "was replaced or cut since it was read"
	if _, src := s.source(replaced); s.remapped(src) {
		why = "was read with another mapping"
	}
	files, lost := s.union(files)
	if err := s.clear(); err != nil {
		return nil, err
	}
	p, _ = s.compare(files)
	p.notes = append(append(p.notes, lost...), s.opt.show(replaced)+" "+why+": everything is read again")
	return p, nil
}

// union is the files plus the sources of the store that are still there; lost says which are not.
func (s *Bolt) union(files []string) (all, lost []string) {
	all = slices.Clone(files)
	for _, src := range s.sources {
		switch _, err := os.Stat(src.Path); {
		case src.Retired || slices.Contains(all, src.Path):
		case err == nil:
			all = append(all, src.Path)
		default:
			lost = append(lost, s.opt.show(src.Path)+" is gone and could not be read again: its calls are no longer counted")
		}
	}
	return all, lost
}

// compare makes the plan; replaced names a source whose bytes before the offset are no longer those that were read.
func (s *Bolt) compare(files []string) (p *plan, replaced string) {
	p = &plan{}
	seen := map[string]bool{}
	known := s.byPath()
	for _, path := range files {
		if seen[path] {
			continue
		}
		seen[path] = true
		id, old := known[path]
		now, err := look(path)
		var src *sourceState
		m, same := mark{}, true
		switch {
		case !old:
			id, src = s.newSource(path)
		case err != nil || path == "-":
		case s.remapped(s.sources[id]):
			if src = s.sources[id]; src.Offset > 0 {
				return nil, path
			}
		case s.sources[id].Copy, s.sources[id].unchanged(now):
			continue
		default:
			src = s.sources[id]
			if m, same = src.continued(path, now); !same {
				return nil, path
			}
		}
		src.Map = s.opt.mapHash()
		p.size += max(0, now.size-src.Offset)
		p.feeds = append(p.feeds, &feed{id: id, path: path, name: cmp.Or(src.Name, path), until: s.opt.until[path], format: s.opt.formatFor(path), offset: src.Offset, line: src.Line, seen: now, mark: m, manner: src.Manner})
		if src.Offset > 0 && s.opt.formatFor(path) == 0 {
			p.feeds[len(p.feeds)-1].format = formatOf(src.Format)
		}
	}
	for _, src := range s.sources {
		if _, err := os.Stat(src.Path); err != nil && !src.Retired && !seen[src.Path] && src.Path != "-" {
			p.notes = append(p.notes, fmt.Sprintf("%s is gone; what was read of it is kept", s.opt.show(src.Path)))
		}
	}
	return p, ""
}

// byPath are the numbers of the sources that are still read.
func (s *Bolt) byPath() map[string]uint32 {
	m := make(map[string]uint32, len(s.sources))
	for id, src := range s.sources {
		if _, twice := m[src.Path]; !src.Retired && !twice {
			m[src.Path] = uint32(id)
		}
	}
	return m
}

func (s *Bolt) source(path string) (uint32, *sourceState) {
	for i, src := range s.sources {
		if src.Path == path && !src.Retired {
			return uint32(i), src
		}
	}
	return 0, nil
}

func (s *Bolt) newSource(path string) (uint32, *sourceState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := &sourceState{Path: path, Name: s.opt.names[path]}
	s.sources = append(s.sources, src)
	return uint32(len(s.sources) - 1), src
}

// take reads the plan's sources and stores what they hold, batch by batch.
func (s *Bolt) take(ctx context.Context, p *plan, stdin io.Reader, progress func(analyze.Status)) error {
	if len(p.feeds) == 0 {
		return nil
	}
	in, err := s.newIngest()
	if err != nil {
		return err
	}
	for _, f := range p.feeds {
		f.stdin = stdin
	}
	in.progress = progress
	err = in.readPlan(func(feeds []*feed) error { return in.pipe.run(ctx, feeds, in.take) }, p)
	return in.complete(ctx, err)
}

// complete stores what is left of a reading that ended with err.
func (in *ingest) complete(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		if e := in.commit(); e != nil {
			err = e
		}
	}
	if e := in.judge(ctx); err == nil {
		err = e
	}
	return err
}

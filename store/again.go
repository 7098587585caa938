package store

import (
	"cmp"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"costscope/tracefmt"
)

// What was read of a source is taken back where it no longer holds: a document that was written anew, a beginning that turns out to say
// something else now that more of it is there, a last value that has grown. The records leave their runs in the same commit that brings
// the new ones.

// rewind takes back the last value of a source, which may have grown.
func (in *ingest) rewind(id uint32, src *sourceState) error {
	if src.Loose == nil {
		return nil
	}
	rows, known := in.loose[id]
	if !known {
		var err error
		if rows, err = in.rowsWith(map[uint32]bool{id: true}, false); err != nil {
			return err
		}
	}
	delete(in.loose, id)
	in.s.mu.Lock()
	src.counts, src.Loose, src.Done = *src.Loose, nil, false
	in.s.mu.Unlock()
	in.ends[id] = true
	return in.drop(rows, func(r *tracefmt.Record) bool { return r.Src.Source == id && r.Src.Offset >= src.Offset })
}

// again takes back all that was read of some sources, and of those that share runs with them: what two sources say of one call is kept
// as one record. All of them are to be read from the start.
func (in *ingest) again(ids ...uint32) error {
	set := map[uint32]bool{}
	for _, id := range ids {
		set[id] = true
	}
	rows, err := in.rowsWith(set, true)
	if err != nil {
		return err
	}
	if err := in.drop(rows, func(r *tracefmt.Record) bool { return set[r.Src.Source] }); err != nil {
		return err
	}
	in.s.mu.Lock()
	for id := range set {
		src := in.s.sources[id]
		*src = sourceState{Path: src.Path, Name: src.Name, Global: src.Global, next: chunkEnd{whole: true}}
		in.ends[id] = true
		delete(in.loose, id)
	}
	in.s.mu.Unlock()
	return in.dropVerdicts(set)
}

// rowsWith lists the runs that hold records of the sources; where wider, the sources that share these runs and can be read again join.
func (in *ingest) rowsWith(set map[uint32]bool, wider bool) (rows []uint32, err error) {
	for n := -1; n != len(set); {
		n, rows = len(set), rows[:0]
		err = in.s.view(func(tx *bbolt.Tx) error {
			var rd runReader
			return eachRow(tx, 0, in.s.meta.Rows, func(row uint32, r *runRow) error {
				if r.gone {
					return nil
				}
				recs, err := rd.read(tx, r.last)
				if err != nil || !slices.ContainsFunc(recs, func(r tracefmt.Record) bool { return set[r.Src.Source] }) {
					return err
				}
				rows = append(rows, row)
				for i := range recs {
					if id := recs[i].Src.Source; wider && !set[id] && in.readable(id) {
						set[id] = true
					}
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// readable says that a source can be read again as it was.
func (in *ingest) readable(id uint32) bool {
	src := in.s.sources[id]
	now, err := os.Stat(src.Path)
	return err == nil && !src.Retired && now.Mode().IsRegular()
}

// drop takes records out of runs. What these were worth is noted first, so that the next commit takes it out of the sums.
func (in *ingest) drop(rows []uint32, gone func(*tracefmt.Record) bool) error {
	w := in.settlers[0]
	for _, row := range rows {
		p, err := in.byRow(row)
		if err != nil {
			return err
		}
		is := func(r tracefmt.Record) bool { return gone(&r) }
		if !slices.ContainsFunc(p.recs, is) {
			continue
		}
		if p.worth == nil {
			p.worth = newSums(in.s.config())
			p.worth.add(w.assemble(p.recs), p.recs)
		}
		for i := range p.recs {
			if r := &p.recs[i]; gone(r) && r.Flags&tracefmt.FlagGlobal != 0 {
				if h := claimHash(r); in.claims[h].row == p.row {
					delete(in.claims, h)
					in.lost[h] = tracefmt.Formats[r.Format].Name
				}
			}
		}
		p.recs = slices.DeleteFunc(p.recs, is)
		p.rewrite, p.touched, p.seq = true, true, in.seq
	}
	return nil
}

// missed lists the sources that may hold calls which were taken back and did not come again: another file may state them, too, and was
// not heard then, for only one statement of a call is kept.
func (in *ingest) missed() (ids []uint32) {
	formats := map[string]bool{}
	for h, format := range in.lost {
		if _, back := in.claims[h]; !back {
			formats[format] = true
		}
	}
	clear(in.lost)
	for id, src := range in.s.sources {
		if formats[src.Format] && in.readable(uint32(id)) {
			ids = append(ids, uint32(id))
		}
	}
	return ids
}

// dropVerdicts forgets the verdicts of sources that are read again.
func (in *ingest) dropVerdicts(set map[uint32]bool) error {
	s := in.s
	kept := verdicts{}
	for key, list := range s.verdicts {
		if list = slices.DeleteFunc(slices.Clone(list), func(r *tracefmt.Record) bool { return set[r.Src.Source] }); len(list) > 0 {
			kept[key] = list
		}
	}
	if !in.s.judges(set) {
		return nil
	}
	err := s.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketVerdict)
		for id := range set {
			c := b.Cursor()
			for k, _ := c.Seek(key32(id)); k != nil && string(k[:4]) == string(key32(id)); k, _ = c.Next() {
				if err := c.Delete(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	in.rejudge = true
	s.mu.Lock()
	s.verdicts = kept
	s.mu.Unlock()
	return nil
}

// judges says that one of the sources has given a verdict.
func (s *Bolt) judges(set map[uint32]bool) bool {
	for _, list := range s.verdicts {
		if slices.ContainsFunc(list, func(r *tracefmt.Record) bool { return set[r.Src.Source] }) {
			return true
		}
	}
	return false
}

// readPlan reads the feeds of a plan and commits what they hold. Sources whose beginning says now that they are to be read in another
// manner are read once more.
func (in *ingest) readPlan(run func(feeds []*feed) error, p *plan) error {
	for feeds := p.feeds; len(feeds) > 0; {
		for _, f := range feeds {
			if err := in.rewind(f.id, in.s.sources[f.id]); err != nil {
				return err
			}
		}
		in.anew = nil
		err := run(feeds)
		if err != nil {
			return err
		}
		feeds = nil
		if ids := append(in.anew, in.missed()...); len(ids) > 0 {
			if err := in.commit(); err != nil {
				return err
			}
			if err := in.again(ids...); err != nil {
				return err
			}
			feeds = in.s.feedsAgain(in.ends)
		}
	}
	return nil
}

// feedsAgain are the feeds of sources that were taken back.
func (s *Bolt) feedsAgain(ids map[uint32]bool) (feeds []*feed) {
	for id := range s.sources {
		src := s.sources[id]
		if now, err := look(src.Path); ids[uint32(id)] && src.Offset == 0 && err == nil {
			feeds = append(feeds, &feed{id: uint32(id), path: src.Path, name: cmp.Or(src.Name, src.Path), format: s.opt.formatFor(src.Path), seen: now})
		}
	}
	return feeds
}

package store

import (
	"context"
	"encoding/binary"
	"slices"

	"go.etcd.io/bbolt"

	"costscope/tracefmt"
)

// Verdicts from files of their own are kept by the key that they were given for, beside the runs: one verdict may speak of several runs,
// and may come before them or after. A load goes by the verdicts that the store had when it began, so that what is taken out of the sums
// is what was put in; when it brought new ones, all runs are judged anew at its end.

// verdicts are the verdicts of a store by key.
type verdicts map[string][]*tracefmt.Record

// with returns v and more. v itself may be in use and stays as it is. The same verdict read again takes the place of the earlier one.
func (v verdicts) with(more []*tracefmt.Record) verdicts {
	all := make(verdicts, len(v)+len(more))
	for key, list := range v {
		all[key] = slices.Clip(list)
	}
	for _, r := range more {
		list := slices.DeleteFunc(slices.Clone(all[r.Run]), func(o *tracefmt.Record) bool {
			return o.Src.Source == r.Src.Source && o.Src.Offset == r.Src.Offset
		})
		all[r.Run] = append(list, r)
	}
	return all
}

func (v verdicts) of(key string) []*tracefmt.Record { return v[key] }

// reach lets a verdict hold everywhere when its file was given for that.
func (o *Options) reach(r *tracefmt.Record, path string) {
	if slices.Contains(o.Outcomes, path) {
		r.Flags &^= tracefmt.FlagNear
	}
}

// keepVerdict holds a verdict back until the load ends.
func (in *ingest) keepVerdict(r *tracefmt.Record) {
	kept := *r
	in.s.opt.reach(&kept, in.s.sources[r.Src.Source].Path)
	in.verdicts = append(in.verdicts, &kept)
}

// storeVerdicts writes the verdicts that came since the last commit, each under its place and key.
func (in *ingest) storeVerdicts(tx *bbolt.Tx) error {
	b := tx.Bucket(bucketVerdict)
	for _, r := range in.verdicts[in.judged:] {
		key := binary.BigEndian.AppendUint32(nil, r.Src.Source)
		key = binary.BigEndian.AppendUint64(key, uint64(r.Src.Offset))
		key = binary.BigEndian.AppendUint64(key, hashText(r.Run))
		if err := b.Put(key, seal(appendPart(nil, r.Run, partRef{}, []tracefmt.Record{*r}), 0)); err != nil {
			return err
		}
	}
	in.storing = len(in.verdicts)
	return nil
}

// restoreVerdicts reads the stored verdicts.
func (s *Bolt) restoreVerdicts(tx *bbolt.Tx) error {
	var list []*tracefmt.Record
	err := tx.Bucket(bucketVerdict).ForEach(func(_, v []byte) error {
		part, err := unseal(v)
		if err != nil {
			return corrupt(s.opt.Path, err)
		}
		p := partReader{b: part}
		run, _, n := p.head()
		recs := p.records(nil, run, n)
		if p.err != nil {
			return corrupt(s.opt.Path, p.err)
		}
		for i := range recs {
			list = append(list, &recs[i])
		}
		return nil
	})
	s.verdicts = verdicts{}.with(list)
	return err
}

// judge lets the verdicts that the ingest brought count: all runs are worked out anew, also as the ingest remembers them.
func (in *ingest) judge(ctx context.Context) error {
	s, more := in.s, in.verdicts[:in.judged]
	if len(more) == 0 && !in.rejudge {
		return nil
	}
	in.rejudge = false
	s.mu.Lock()
	s.verdicts, s.stale, s.saved = s.verdicts.with(more), true, 0
	s.mu.Unlock()
	for _, p := range in.byRows {
		p.worth = nil
	}
	for _, w := range in.settlers {
		w.asm = s.assembler()
	}
	return s.resum(ctx)
}

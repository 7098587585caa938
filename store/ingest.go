package store

import (
	"time"

	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// An ingest takes the records of one load into a Bolt. Records wait, by run, until a commit stores all of them with the offsets they came
// from. What a commit writes depends on the records alone, not on the number of workers.
type ingest struct {
	s    *Bolt
	pipe *pipe

	index  map[uint64]uint32   // hash of a run's id -> row; equal hashes sit at the next free number
	claims map[uint64]claim    // hash of a store-wide id -> the run that has it
	runs   map[uint64]*pending // by hash, like index
	byRows map[uint32]*pending // the same runs by row
	last   *pending
	held   []*tracefmt.Batch // records of these wait
	count  int               // records that wait
	room   int               // records that their batches have room for: what is held counts, not what is used
	seq    int64             // records taken so far

	limit    int // records per commit: few at first, so that the screen fills at once
	since    time.Time
	settlers []*settler
	spare    sparePool
	nrows    uint32
	ends     map[uint32]bool // sources whose state changed
	progress func(analyze.Status)
	at       map[uint32]int64 // bytes of each file read so far
	newNames int

	verdicts []*tracefmt.Record // that the load brought
	judged   int                // of these, how many are stored
	storing  int                // how many are with the commit at hand
}

// pending is a run that has records waiting, or had lately.
type pending struct {
	id      string
	hash    uint64
	slot    uint64 // hash, or the free number after it
	row     uint32
	stored  runRow            // as it was last stored; length 0 of last: never
	recs    []tracefmt.Record // the merged records that are stored
	worth   *sums             // what they are worth in the sums; nil when not remembered
	news    []*tracefmt.Record
	moved   map[string]bool // claim keys that went to another run since the last commit
	seq     int64           // when it was last touched
	base    uint32          // bytes of its oldest part
	parts   int
	bytes   uint32 // of all parts
	touched bool
	kept    bool // stays in memory after the commit
}

const (
	firstCommit = 500
	fullCommit  = 30_000
	keepRuns    = 1_024 // runs touched within so many records stay in memory after a commit
)

func (s *Bolt) newIngest() (*ingest, error) {
	in := &ingest{s: s, pipe: newPipe(s.names, s.workers(), s.opt.Map), runs: map[uint64]*pending{}, byRows: map[uint32]*pending{}, index: map[uint64]uint32{},
		claims: map[uint64]claim{}, limit: firstCommit, since: time.Now(), nrows: s.meta.Rows,
		ends: map[uint32]bool{}, at: map[uint32]int64{}}
	for range s.workers() {
		w := newSettler(s)
		w.spare = &in.spare
		in.settlers = append(in.settlers, w)
	}
	return in, in.recall()
}

// recall fills the indexes from the runs that are stored.
func (in *ingest) recall() error {
	if in.nrows == 0 {
		return nil
	}
	return in.s.view(func(tx *bbolt.Tx) error {
		global := false
		for _, src := range in.s.sources {
			global = global || src.Global
		}
		var rd runReader
		return eachRow(tx, 0, in.nrows, func(n uint32, row *runRow) error {
			h := row.hash
			for _, taken := in.index[h]; taken; _, taken = in.index[h] {
				h++
			}
			in.index[h] = n
			if !global || row.gone {
				return nil
			}
			recs, err := rd.read(tx, row.last)
			for i := range recs {
				if recs[i].Flags&tracefmt.FlagGlobal != 0 {
					in.claims[claimHash(&recs[i])] = claim{n, recs[i].Flags&tracefmt.FlagInherited != 0}
				}
			}
			return err
		})
	})
}

// take takes one job of the pipe in.
func (in *ingest) take(j *job) error {
	src := in.s.sources[j.feed.id]
	if j.end != nil {
		in.finish(j, src)
		return in.commitIfDue()
	}
	b := j.batch
	in.s.mu.Lock()
	src.took(b)
	in.s.done += j.at - in.at[j.feed.id]
	in.s.mu.Unlock()
	in.at[j.feed.id] = j.at
	in.ends[j.feed.id] = true
	src.Done = false
	if j.next.whole {
		src.next = j.next
	}
	if len(b.Records) == 0 {
		in.pipe.batches.put(b)
		return in.commitIfDue()
	}
	for i := range b.Records {
		if err := in.record(&b.Records[i]); err != nil {
			return err
		}
	}
	in.pipe.batches.expect(len(b.Records))
	in.held = append(in.held, b)
	in.count += len(b.Records)
	in.room += cap(b.Records)
	return in.commitIfDue()
}

// maxBad bounds the unreadable values kept per source; all are counted.
const maxBad = 100

// took counts what a batch of the source held.
func (s *sourceState) took(b *tracefmt.Batch) {
	s.Records += int64(len(b.Records))
	s.Found.Add(b.Found)
	if len(b.Records) > 0 && b.Records[0].Format == tracefmt.FormatOutcomes {
		for i := range b.Records {
			if b.Records[i].Flags&tracefmt.FlagVerdict != 0 {
				s.Verdicts++
			}
		}
	}
	s.BadCount += b.BadCount
	s.Bad = append(s.Bad, b.Bad[:min(len(b.Bad), max(0, maxBad-len(s.Bad)))]...)
	for _, t := range b.Skipped {
		s.tally("skipped: "+t.Text, t.Count)
	}
	for _, t := range b.Warnings {
		s.tally(t.Text, t.Count)
	}
}

func (s *sourceState) tally(text string, n int64) {
	if s.Warnings == nil {
		s.Warnings = map[string]int64{}
	}
	if _, ok := s.Warnings[text]; ok || len(s.Warnings) < maxBad {
		s.Warnings[text] += n
	}
}

// finish notes how far a source was read.
func (in *ingest) finish(j *job, src *sourceState) {
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	src.next = chunkEnd{j.end.offset, j.end.line, true}
	src.Pending, src.Note, src.Done = j.end.pending, "", true
	src.Size, src.ModTime, src.Inode = j.feed.seen.size, j.feed.seen.mtime, j.feed.seen.inode
	if j.end.packed == "" && j.end.err == nil {
		src.Size = j.end.offset + j.end.pending // it may have grown since it was looked at
	}
	if j.end.err != nil {
		src.Note = j.end.err.Error()
	}
	src.Format = tracefmt.Formats[j.end.format].Name
	src.Packed = j.end.packed
	for _, w := range j.end.warnings {
		src.tally(w, 1)
	}
	src.mapWarnings(in.s.opt.Map)
	in.s.done += j.at - in.at[j.feed.id]
	in.at[j.feed.id] = j.at
	in.ends[j.feed.id] = true
}

// record puts one record to its run.
func (in *ingest) record(r *tracefmt.Record) error {
	in.seq++
	if r.Flags&tracefmt.FlagVerdict != 0 {
		in.keepVerdict(r)
		return nil
	}
	p := in.last
	if p == nil || p.id != r.Run {
		var err error
		if p, err = in.run(r.Run); err != nil {
			return err
		}
		in.last = p
	}
	if r.Flags&tracefmt.FlagGlobal != 0 {
		in.s.sources[r.Src.Source].Global = true
		var err error
		if p, err = in.claim(p, r); err != nil {
			return err
		}
	}
	p.news = append(p.news, r)
	p.seq, p.touched = in.seq, true
	return nil
}

// run finds a run by its id, in memory, in the store, or new.
func (in *ingest) run(id string) (*pending, error) {
	h := hashText(id)
	for ; ; h++ {
		if p := in.runs[h]; p != nil {
			if p.id == id {
				return p, nil
			}
			continue
		}
		row, ok := in.index[h]
		if !ok {
			break
		}
		p, err := in.fetch(row)
		if err != nil {
			return nil, err
		}
		in.keep(h, p)
		if p.id == id {
			return p, nil
		}
	}
	p := &pending{id: string([]byte(id)), hash: hashText(id), row: in.nrows, touched: true}
	in.nrows++
	in.index[h] = p.row
	in.keep(h, p)
	return p, nil
}

func (in *ingest) keep(h uint64, p *pending) {
	p.slot = h
	in.runs[h] = p
	in.byRows[p.row] = p
}

// fetch reads a stored run.
func (in *ingest) fetch(row uint32) (*pending, error) {
	p := &pending{row: row}
	err := in.s.view(func(tx *bbolt.Tx) (err error) {
		if p.stored, err = readRow(tx, row); err != nil {
			return err
		}
		p.hash = p.stored.hash
		var c chain
		if c, err = readChain(tx, p.stored.last); err != nil {
			return err
		}
		p.id, p.parts, p.bytes, p.base = c.run, len(c.parts), c.bytes, c.base
		p.recs, err = c.records(&partReader{}, nil)
		if p.parts > 1 {
			p.recs = in.settlers[0].asm.Merge(p.recs)
		}
		return err
	})
	return p, err
}

// byRow finds the run in row n.
func (in *ingest) byRow(n uint32) (*pending, error) {
	if p := in.byRows[n]; p != nil {
		return p, nil
	}
	p, err := in.fetch(n)
	if err != nil {
		return nil, err
	}
	return in.run(p.id) // enters it under its free number
}

// claim decides which run a record with a store-wide id belongs to: p, or the run that has the id already.
func (in *ingest) claim(p *pending, r *tracefmt.Record) (*pending, error) {
	h, inherited := claimHash(r), r.Flags&tracefmt.FlagInherited != 0
	has, taken := in.claims[h]
	if taken && has.row == p.row && (inherited || !has.inherited) {
		return p, nil
	}
	if !taken || has.row == p.row {
		in.claims[h] = claim{p.row, inherited}
		return p, nil
	}
	owner, err := in.byRow(has.row)
	if err != nil {
		return nil, err
	}
	if beats(has.inherited, owner.id, inherited, p.id) {
		r.Run = owner.id
		return owner, nil
	}
	in.move(owner, p, r)
	in.claims[h] = claim{p.row, inherited}
	return p, nil
}

// move takes what owner has of the call of r to p.
func (in *ingest) move(owner, p *pending, r *tracefmt.Record) {
	key := claimKey(r)
	take := func(m *tracefmt.Record) bool {
		if m.Flags&tracefmt.FlagGlobal == 0 || m.ID != r.ID || claimKey(m) != key {
			return false
		}
		c := *m
		c.Run = p.id
		p.news = append(p.news, &c)
		return true
	}
	if !owner.moved[key] {
		for i := range owner.recs {
			take(&owner.recs[i])
		}
	}
	kept := owner.news[:0]
	for _, m := range owner.news {
		if !take(m) {
			kept = append(kept, m)
		}
	}
	owner.news = kept
	if owner.moved == nil {
		owner.moved = map[string]bool{}
	}
	owner.moved[key] = true
	owner.seq, owner.touched = in.seq, true
	p.seq, p.touched = in.seq, true
}

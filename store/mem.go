package store

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"sync"

	"costscope/analyze"
	"costscope/tracefmt"
)

// Mem is the reference store: it keeps every record as it came and works each answer out anew. Small enough to be obviously right.
type Mem struct {
	opt     Options
	names   *tracefmt.Names
	sources []*sourceState
	records []tracefmt.Record
	changed chan struct{}
	version uint64
	marking sync.Mutex // guards marks
	marks   analyze.Marks
}

// NewMem returns an empty store in memory.
func NewMem(o Options) *Mem {
	o.fill()
	return &Mem{opt: o, names: tracefmt.NewNames(), changed: make(chan struct{}, 1)}
}

// Load reads the sources that it has not read before, one value after the other.
func (m *Mem) Load(ctx context.Context, files []string, stdin io.Reader, progress func(analyze.Status)) error {
	for _, path := range files {
		if slices.ContainsFunc(m.sources, func(s *sourceState) bool { return s.Path == path }) {
			continue
		}
		src := &sourceState{Path: path}
		m.sources = append(m.sources, src)
		if err := m.read(ctx, src, uint32(len(m.sources)-1), stdin); err != nil {
			return err
		}
	}
	m.version++
	return nil
}

func (m *Mem) read(ctx context.Context, src *sourceState, id uint32, stdin io.Reader) error {
	r, err := tracefmt.OpenReader(src.Path, tracefmt.ReadOptions{Format: m.opt.formatFor(src.Path), Source: id, Stdin: stdin, Map: m.opt.Map})
	if err != nil {
		src.Note = err.Error()
		return nil
	}
	defer r.Close()
	d := tracefmt.NewDecoder(m.names, nil)
	d.Path, d.Map = src.Path, m.opt.Map
	var c tracefmt.Chunk
	for err = r.Next(&c); err == nil && ctx.Err() == nil; err = r.Next(&c) {
		var b tracefmt.Batch
		d.DecodeChunk(&c, &b)
		m.records = append(m.records, b.Records...)
		src.took(&b)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		src.Note = err.Error()
	}
	src.Format, src.Packed = tracefmt.Formats[r.Format()].Name, r.Compressed()
	src.Offset, src.Line, src.Pending = r.Rest()
	src.Size = max(r.Size(), src.Offset+src.Pending)
	for _, w := range r.Warnings() {
		src.tally(w, 1)
	}
	src.mapWarnings(m.opt.Map)
	return ctx.Err()
}

func (m *Mem) each(ctx context.Context, f func(worker int, n uint32, run *tracefmt.Run) error) error {
	return m.assemble(ctx, func(n uint32, run *tracefmt.Run, _ []tracefmt.Record) error { return f(0, n, run) })
}

func (m *Mem) workers() int { return 1 }

// assemble makes every run from all records: each call that several runs state goes to the run with the smallest id.
func (m *Mem) assemble(ctx context.Context, f func(n uint32, run *tracefmt.Run, recs []tracefmt.Record) error) error {
	owner := m.owners()
	byRun := map[string][]tracefmt.Record{}
	var ids []string
	var judged []*tracefmt.Record
	for _, r := range m.records {
		if r.Flags&tracefmt.FlagVerdict != 0 {
			m.opt.reach(&r, m.path(r.Src.Source))
			judged = append(judged, &r)
			continue
		}
		if r.Flags&tracefmt.FlagGlobal != 0 {
			r.Run = owner[claimKey(&r)]
		}
		if byRun[r.Run] == nil {
			ids = append(ids, r.Run)
		}
		byRun[r.Run] = append(byRun[r.Run], r)
	}
	before := inputOrder(m.path)
	asm := tracefmt.Assembler{Names: m.names, Book: m.opt.Prices, Mode: m.opt.Mode, Order: before, PathOf: m.path, Verdicts: verdicts{}.with(judged).of}
	for n, id := range ids {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		recs := byRun[id]
		slices.SortStableFunc(recs, func(a, b tracefmt.Record) int { return before(a.Src, b.Src) })
		recs = asm.Merge(recs)
		if err := f(uint32(n), asm.Assemble(recs), recs); err != nil {
			return err
		}
	}
	return nil
}

// owners says which run each store-wide id counts in.
func (m *Mem) owners() map[string]string {
	owner, inherited := map[string]string{}, map[string]bool{}
	for _, r := range m.records {
		if r.Flags&tracefmt.FlagGlobal == 0 {
			continue
		}
		key, is := claimKey(&r), r.Flags&tracefmt.FlagInherited != 0
		if was, ok := owner[key]; !ok || beats(is, r.Run, inherited[key], was) {
			owner[key], inherited[key] = r.Run, is
		}
	}
	return owner
}

func (m *Mem) path(source uint32) string { return m.sources[source].Path }

func (m *Mem) config() analyze.Config { return analyze.Config{Mode: m.opt.Mode, TZ: m.opt.TZ} }

// Rollup answers a question by groups.
func (m *Mem) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	scan := analyze.NewScan(q, m.names, m.config(), m.path)
	err := m.each(ctx, func(_ int, _ uint32, run *tracefmt.Run) error {
		scan.Add(run)
		return nil
	})
	return scan.Table(), err
}

// RunCosts is what each run with a matching call cost within the scope.
func (m *Mem) RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error) {
	return runCosts(ctx, m, q, m.names, m.config())
}

// Calls is a page of the matching calls in an order.
func (m *Mem) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	slots, total, err := ordered(ctx, m, q, m.names, m.config(), by, desc)
	page := analyze.CallPage{Total: total, Reach: len(slots), From: max(0, min(from, len(slots)))}
	want := slots[page.From:min(page.From+n, len(slots))]
	page.Rows = make([]analyze.CallRow, len(want))
	if err != nil {
		return page, err
	}
	err = m.each(ctx, func(_ int, row uint32, run *tracefmt.Run) error {
		for i, w := range want {
			if w.row == row {
				page.Rows[i] = analyze.NewCallRow(run, &run.Calls[w.call], m.names, m.path)
			}
		}
		return nil
	})
	return page, err
}

// Call finds one call again.
func (m *Mem) Call(ctx context.Context, ref analyze.CallRef) (row analyze.CallRow, err error) {
	err = m.each(ctx, func(_ int, _ uint32, run *tracefmt.Run) error {
		for i := range run.Calls {
			if run.ID == ref.Run && run.Calls[i].ID == ref.ID {
				row = analyze.NewCallRow(run, &run.Calls[i], m.names, m.path)
			}
		}
		return nil
	})
	if err == nil && row.Run == "" {
		err = ErrNoCall
	}
	return row, err
}

// Raw reads the bytes of a record from its source.
func (m *Mem) Raw(ctx context.Context, src tracefmt.SourceRef) ([]byte, string, int64, error) {
	return rawRecord(m.path(src.Source), src)
}

// Each calls f for every run.
func (m *Mem) Each(ctx context.Context, f func(run *tracefmt.Run) error) error {
	return m.each(ctx, func(_ int, _ uint32, run *tracefmt.Run) error { return f(run) })
}

// Names are the names that the store's calls use.
func (m *Mem) Names() *tracefmt.Names { return m.names }

// Span is the earliest start and the latest end of all calls.
func (m *Mem) Span(ctx context.Context) (first, last int64, ok bool, err error) {
	first, last = math.MaxInt64, math.MinInt64
	whole := (&analyze.Query{}).Compile(m.names, m.config())
	err = m.each(ctx, func(_ int, _ uint32, run *tracefmt.Run) error {
		if row := rowOf(0, partRef{}, run, whole); row.first != noTime {
			first, last = min(first, row.first), max(last, row.first, row.end)
		}
		return nil
	})
	return first, last, first <= last, err
}

// Status is what the store holds.
func (m *Mem) Status() analyze.Status {
	st := analyze.Status{Version: m.version}
	sums := newSums(m.config())
	m.assemble(context.Background(), func(_ uint32, run *tracefmt.Run, recs []tracefmt.Record) error {
		sums.add(run, recs)
		return nil
	})
	fillStatus(&st, m.sources, sums, &m.opt)
	return st
}

// Changed is signalled after each change.
func (m *Mem) Changed() <-chan struct{} { return m.changed }

// Close does nothing: what is in memory goes with the store.
func (m *Mem) Close() error { return nil }

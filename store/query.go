package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"

	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// errRotated is why a raw record cannot be shown.
var errRotated = errors.New("the file was moved away, cut or replaced after it was read: its text is not kept")

// ErrNoCall is returned for a call that the store does not hold (any more).
var ErrNoCall = errors.New("no such call")

// Rollup answers a question by groups: from the sums where they can tell, else by reading the calls.
func (s *Bolt) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	if !q.NeedsScan() {
		s.mu.RLock()
		defer s.mu.RUnlock()
		return s.sums.cells.Rollup(s.names, q)
	}
	scan := analyze.NewScan(q, s.names, s.config(), s.path)
	err := s.inOrder(ctx, func(_ uint32, run *tracefmt.Run) error {
		scan.Add(run)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return scan.Table(), nil
}

// path names a source to people.
func (s *Bolt) path(source uint32) string { return s.opt.show(s.SourcePath(source)) }

// SourcePath is the path of the source with number source, as given to Load; "" for numbers never given.
func (s *Bolt) SourcePath(source uint32) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if int(source) >= len(s.sources) {
		return ""
	}
	return s.sources[source].Path
}

// RunCosts is what each run with a matching call cost within the scope. Run rows answer where the scope is a workflow or an outcome.
func (s *Bolt) RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error) {
	if q.Since != 0 || q.Until != 0 || slices.ContainsFunc(q.Where, func(p analyze.Pred) bool {
		return p.Dimension.Dim != analyze.DimWorkflow && p.Dimension.Dim != analyze.DimOutcome
	}) {
		return runCosts(ctx, s, q, s.names, s.config())
	}
	m := q.Compile(s.names, s.config())
	list := make([]analyze.RunCost, 0, s.rows())
	err := s.view(func(tx *bbolt.Tx) error {
		rd := runReader{asm: s.assembler()}
		of := tracefmt.Run{Calls: []tracefmt.Call{{Record: &tracefmt.Record{}}}}
		return eachRow(tx, 0, s.rows(), func(n uint32, row *runRow) error {
			rc := analyze.RunCost{Run: n, Cost: row.cost, Outcome: row.outcome, Incomplete: row.incomplete}
			of.Calls[0].Workflow, of.Workflow, of.Outcome = row.workflow, row.workflow, row.outcome
			ok := !row.gone && m.Match(&of, 0, "")
			if row.mixed && !row.gone && len(q.Where) > 0 {
				recs, err := rd.read(tx, row.last)
				if err != nil {
					return err
				}
				rc, ok = m.RunCost(rd.asm.Assemble(recs), s.path)
				rc.Run = n
			}
			if ok {
				list = append(list, rc)
			}
			return ctx.Err()
		})
	})
	return list, err
}

// runs is what the two stores have in common: they can go through their runs, some of them side by side.
type runs interface {
	// each calls f for every run, with the number of the worker that calls; what f gets is overwritten by that worker's next run.
	each(ctx context.Context, f func(worker int, n uint32, run *tracefmt.Run) error) error
	path(source uint32) string
	workers() int
}

// perWorker is what one worker of each collects.
type perWorker[T any] struct {
	m    *analyze.Matcher
	list []T
	n    int
}

// collectors makes one for each worker.
func collectors[T any](s runs, q analyze.Query, names *tracefmt.Names, cfg analyze.Config) []perWorker[T] {
	all := make([]perWorker[T], s.workers())
	for i := range all {
		all[i].m = q.Compile(names, cfg)
	}
	return all
}

func runCosts(ctx context.Context, s runs, q analyze.Query, names *tracefmt.Names, cfg analyze.Config) ([]analyze.RunCost, error) {
	parts := collectors[analyze.RunCost](s, q, names, cfg)
	err := s.each(ctx, func(worker int, n uint32, run *tracefmt.Run) error {
		p := &parts[worker]
		if rc, ok := p.m.RunCost(run, s.path); ok {
			rc.Run = n
			p.list = append(p.list, rc)
		}
		return nil
	})
	var list []analyze.RunCost
	for i := range parts {
		list = append(list, parts[i].list...)
	}
	slices.SortFunc(list, func(a, b analyze.RunCost) int { return cmp.Compare(a.Run, b.Run) })
	return list, err
}

// Each calls f for every run with a call that matches, in the order in which they were met. What f gets is overwritten by the next run.
func (s *Bolt) Each(ctx context.Context, f func(run *tracefmt.Run) error) error {
	return s.inOrder(ctx, func(_ uint32, run *tracefmt.Run) error { return f(run) })
}

// Names are the names that the store's calls use.
func (s *Bolt) Names() *tracefmt.Names { return s.names }

// Span is the earliest start and the latest end of all calls, UTC nanoseconds; ok is false when no call has a time.
func (s *Bolt) Span(ctx context.Context) (first, last int64, ok bool, err error) {
	first, last = math.MaxInt64, math.MinInt64
	err = s.view(func(tx *bbolt.Tx) error {
		return eachRow(tx, 0, s.rows(), func(_ uint32, row *runRow) error {
			if !row.gone && row.first != noTime {
				first, last = min(first, row.first), max(last, row.first, row.end)
			}
			return ctx.Err()
		})
	})
	return first, last, first <= last, err
}

// maxOrdered bounds the calls that a sorted list can scroll through: beyond it only the first ones in order are kept.
const maxOrdered = 1_000_000

// A slot is one call of a sorted list: sorted by key, descending keys come as negative numbers.
type slot struct {
	key  int64
	row  uint32
	call uint32 // index in the assembled run
}

// orderCache keeps the last sorted list.
type orderCache struct {
	mu    sync.Mutex
	of    string
	slots []slot
	total int
}

// Calls is a page of the matching calls in an order. Total counts all of them; a page may start anywhere in the first million.
func (s *Bolt) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	s.order.mu.Lock()
	defer s.order.mu.Unlock()
	s.mu.RLock()
	of := fmt.Sprintf("%d %s %v %v", s.version, q.String(), by, desc)
	s.mu.RUnlock()
	if s.order.of != of {
		slots, total, err := ordered(ctx, s, q, s.names, s.config(), by, desc)
		if err != nil {
			return analyze.CallPage{}, err
		}
		s.order.of, s.order.slots, s.order.total = of, slots, total
	}
	page := analyze.CallPage{Total: s.order.total, Reach: len(s.order.slots), From: max(0, min(from, len(s.order.slots)))}
	want := s.order.slots[page.From:min(page.From+n, len(s.order.slots))]
	err := s.view(func(tx *bbolt.Tx) error {
		rd := runReader{asm: s.assembler()}
		for _, w := range want {
			row, err := readRow(tx, w.row)
			if err != nil {
				return err
			}
			recs, err := rd.read(tx, row.last)
			if err != nil {
				return err
			}
			if run := rd.asm.Assemble(recs); int(w.call) < len(run.Calls) {
				page.Rows = append(page.Rows, analyze.NewCallRow(run, &run.Calls[w.call], s.names, s.path))
			}
		}
		return ctx.Err()
	})
	return page, err
}

// ordered sorts the matching calls. Equal calls stand in the order of their runs.
func ordered(ctx context.Context, s runs, q analyze.Query, names *tracefmt.Names, cfg analyze.Config, by analyze.CallOrder, desc bool) (slots []slot, total int, err error) {
	parts := collectors[slot](s, q, names, cfg)
	needs := parts[0].m.NeedsSource()
	err = s.each(ctx, func(worker int, n uint32, run *tracefmt.Run) error {
		p := &parts[worker]
		p.m.Enter(run, s.path)
		for i := range run.Calls {
			c := &run.Calls[i]
			path := ""
			if needs {
				path = s.path(c.Src.Source)
			}
			if !analyze.Listed(c) || !p.m.Match(run, i, path) {
				continue
			}
			p.n++
			p.list = append(p.list, slot{OrderKey(c, by, desc), n, uint32(i)})
		}
		if len(p.list) >= 2*maxOrdered {
			p.list = firstSlots(p.list)
		}
		return nil
	})
	for i := range parts {
		total += parts[i].n
		slots = append(slots, parts[i].list...)
	}
	return firstSlots(slots), total, err
}

// firstSlots sorts the calls and keeps as many as a list can scroll through.
func firstSlots(slots []slot) []slot {
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.row, b.row), cmp.Compare(a.call, b.call))
	})
	return slots[:min(len(slots), maxOrdered)]
}

// OrderKey is what a call is sorted by, ascending. What is unknown comes last either way.
func OrderKey(c *tracefmt.Call, by analyze.CallOrder, desc bool) int64 {
	v, known := int64(0), true
	switch by {
	case analyze.ByCost:
		v, known = int64(c.Cost), c.State == tracefmt.CostRecorded || c.State == tracefmt.CostComputed
	case analyze.ByTime:
		v, known = c.Start, c.Has&tracefmt.HasStart != 0
	case analyze.ByTokens:
		v, known = c.Usage.Input+c.Usage.Output, c.Has&(tracefmt.HasInput|tracefmt.HasOutput) != 0
	case analyze.ByDuration:
		v, known = c.End-c.Start, c.Has&(tracefmt.HasStart|tracefmt.HasEnd) == tracefmt.HasStart|tracefmt.HasEnd
	case analyze.ByInput:
		v, known = c.Usage.Input, c.Has&tracefmt.HasInput != 0
	case analyze.ByOutput:
		v, known = c.Usage.Output, c.Has&tracefmt.HasOutput != 0
	}
	switch {
	case !known:
		return math.MaxInt64
	case desc:
		return -v
	}
	return v
}

// Call finds one call again.
func (s *Bolt) Call(ctx context.Context, ref analyze.CallRef) (row analyze.CallRow, err error) {
	found := false
	err = s.oneRun(ctx, analyze.RunRef{ID: ref.Run}, func(_ uint32, run *tracefmt.Run) {
		for i := range run.Calls {
			if c := &run.Calls[i]; c.ID == ref.ID {
				row, found = analyze.NewCallRow(run, c, s.names, s.path), true
			}
		}
	})
	if err == nil && !found || errors.Is(err, ErrNoRun) {
		err = ErrNoCall
	}
	return row, err
}

// Raw reads the bytes of a record from its source, which must still be there, with the file's name and the line.
func (s *Bolt) Raw(ctx context.Context, src tracefmt.SourceRef) (raw []byte, file string, line int64, err error) {
	if s.retired(src.Source) {
		return nil, s.path(src.Source), 0, errRotated
	}
	raw, file, line, err = rawRecord(s.SourcePath(src.Source), src)
	return raw, s.opt.show(file), line, err
}

func rawRecord(file string, src tracefmt.SourceRef) ([]byte, string, int64, error) {
	raw, err := tracefmt.ReadAt(file, src)
	if err != nil {
		return nil, file, 0, fmt.Errorf("read the record again: %w", err)
	}
	line := int64(0)
	if at, err := tracefmt.LinesAt(file, []int64{src.Offset}); err == nil && len(at) == 1 {
		line = at[0]
	}
	return raw, file, line, nil
}

// Status is what the store holds and does.
func (s *Bolt) Status() analyze.Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st := analyze.Status{Loading: s.loading, Done: s.done, Size: s.todo, Version: s.version, Err: s.err, Warnings: slices.Clone(s.notes)}
	st.Live, st.Heard, st.Spent = s.live, s.heard, s.spent()
	if s.live {
		s.sums.cells.EachCell(func(_ analyze.CellKey, c *analyze.Summary, _ int64) { st.Failed += c.Failed })
		s.facts.fill(&st, s.opt.Now())
	}
	st.Repricing = s.repricing
	fillStatus(&st, s.sources, s.sums, &s.opt)
	return st
}

// warnings are what is odd about the sources, each text once.
func warnings(sources []*sourceState, sums *sums, show func(string) string) []string {
	type where struct {
		times int64
		files int
		first string
	}
	seen := map[string]*where{}
	put := func(path, text string, n int64) {
		w := seen[text]
		if w == nil {
			w = &where{first: path}
			seen[text] = w
		}
		w.times, w.files, w.first = w.times+n, w.files+1, min(w.first, path)
	}
	for i, src := range sources {
		for text, n := range src.Warnings {
			put(src.Path, text, n)
		}
		for _, c := range sums.caveats(i) {
			if !c.Kind.Told() {
				put(src.Path, c.Kind.String(), c.Calls)
			}
		}
	}
	var list []string
	for text, w := range seen {
		at := show(w.first)
		if w.files > 1 {
			at = fmt.Sprintf("%s and %d more", at, w.files-1)
		}
		if w.times > 1 {
			text = fmt.Sprintf("%s (%d times)", text, w.times)
		}
		list = append(list, at+": "+text)
	}
	return list
}

// fillStatus adds what both stores say of their sources.
func fillStatus(st *analyze.Status, sources []*sourceState, sums *sums, opt *Options) {
	st.PricesAsOf, st.PriceBook, st.PriceHash, st.CostMode = opt.Prices.AsOf(), opt.Prices.Source(), opt.Prices.Hash(), opt.Mode
	for i, src := range sources {
		n := sourceSums{}
		if i < len(sums.sources) {
			n = sums.sources[i]
		}
		name := opt.show(src.Path)
		st.Sources = append(st.Sources, analyze.Source{Path: name, Format: src.Format, Bytes: src.Offset, Size: src.Size, Records: src.Records,
			Calls: n.calls, Skipped: src.BadCount, Duplicates: max(0, src.Records-src.Verdicts-n.records), Pending: src.Pending, Caveats: sums.caveats(i), Note: strings.TrimPrefix(src.Note, src.Path+": ")})
		for _, b := range src.Bad {
			st.Skips = append(st.Skips, analyze.Skip{Path: name, Line: b.Line, Reason: b.Reason})
		}
		st.SkipCount += src.BadCount
	}
	st.Warnings = append(st.Warnings, warnings(sources, sums, opt.show)...)
	slices.SortFunc(st.Sources, func(a, b analyze.Source) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(st.Skips, func(a, b analyze.Skip) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line)) })
	if len(st.Skips) > maxBad {
		st.Skips = st.Skips[:maxBad]
	}
	sort.Strings(st.Warnings)
}

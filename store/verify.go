package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A Verification is what Verify found.
type Verification struct {
	Sources, Runs, Calls int64    // compared
	Unread               int64    // of these runs, those that come in part from sources that could not be read again: not held against the sources
	Unchecked            []string // sources that could not be read again, and why
	Repriced             int64    // calls whose cost another price book changed
	Differ               int64    // findings
	Findings             []Finding
}

// A Finding is a number of the store that does not agree with what it is made of.
type Finding struct {
	Kind  string   `json:"kind"`            // store, sums, prices, source
	Run   string   `json:"run,omitempty"`   // "" where it is not about one run
	Calls []string `json:"calls,omitempty"` // the first of the calls that differ: id, file:line, and what is different
	Why   string   `json:"why"`
}

// maxFindings and maxNamed bound what is told one by one; all are counted.
const (
	maxFindings = 100
	maxNamed    = 10
)

func (v *Verification) add(f Finding) {
	v.Differ++
	if len(v.Findings) < maxFindings {
		v.Findings = append(v.Findings, f)
	}
}

// Verify reads the sources again, into a store of its own, and adds every number of this store up again. What differs is in the result;
// the error is about verifying itself. Nothing is changed. The store must not be loading.
func (s *Bolt) Verify(ctx context.Context) (v *Verification, err error) {
	v = &Verification{}
	again, err := s.readAgain(ctx, v)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, again.discard()) }()
	if err := s.verifyRuns(ctx, v, again.Bolt); err != nil {
		return v, err
	}
	return v, s.verifySums(ctx, v)
}

// A scratch store holds what the sources say now.
type scratch struct {
	*Bolt
	dir string
}

func (s *scratch) discard() error { return errors.Join(s.Close(), os.RemoveAll(s.dir)) }

// readAgain loads the sources that are still there.
func (s *Bolt) readAgain(ctx context.Context, v *Verification) (*scratch, error) {
	dir, err := os.MkdirTemp("", "costscope-verify-")
	if err != nil {
		return nil, err
	}
	opt := s.opt
	opt.Path, opt.until, opt.names = filepath.Join(dir, "again.db"), map[string]int64{}, map[string]string{}
	var files []string
	for _, src := range s.sources {
		switch now, err := look(src.Path); {
		case src.Copy:
		case src.Retired:
			v.Unchecked = append(v.Unchecked, s.opt.show(src.Path)+": moved away, cut or replaced while it was followed")
		case err != nil:
			v.Unchecked = append(v.Unchecked, s.opt.show(src.Path)+": "+err.Error())
		case now.size > src.Size && src.continues(src.Path, now):
			v.Unchecked = append(v.Unchecked, fmt.Sprintf("%s: the %d bytes that it has grown by since it was read", s.opt.show(src.Path), now.size-src.Size))
			opt.until[src.Path] = src.Size
			fallthrough
		default:
			v.Sources++
			files = append(files, src.Path)
			if src.Name != "" {
				opt.names[src.Path] = src.Name
			}
		}
	}
	b, err := Open(opt)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	again := &scratch{b, dir}
	if err := again.Load(ctx, files, nil, nil); err != nil {
		return nil, errors.Join(err, again.discard())
	}
	return again, nil
}

// verifyRuns compares every run with its row and with what the sources say.
func (s *Bolt) verifyRuns(ctx context.Context, v *Verification, again *Bolt) error {
	theirs, err := again.rowsByHash()
	if err != nil {
		return err
	}
	before, err := s.bookBefore()
	if err != nil {
		return err
	}
	whole := s.wholeRun()
	err = s.view(func(tx *bbolt.Tx) error {
		return again.view(func(other *bbolt.Tx) error {
			c := comparison{s: s, again: again, v: v, tx: tx, other: other, theirs: theirs, mine: runReader{asm: s.assembler()}, new: runReader{asm: again.assembler()}}
			if before != nil {
				c.before = &runReader{asm: s.assembler()}
				c.before.asm.Book = before
			}
			for block := uint32(0); block*rowsPerBlock < s.rows(); block++ {
				err := eachRow(tx, block*rowsPerBlock, min((block+1)*rowsPerBlock, s.rows()), func(_ uint32, row *runRow) error {
					c.run(row, whole)
					return ctx.Err()
				})
				if errors.Is(err, errCorrupt) {
					v.add(Finding{Kind: "store", Why: fmt.Sprintf("the rows of runs %d to %d are damaged", block*rowsPerBlock, (block+1)*rowsPerBlock-1)})
				} else if err != nil {
					return err
				}
			}
			c.lost()
			return nil
		})
	})
	return err
}

// rowsByHash lists the runs that stand.
func (s *Bolt) rowsByHash() (map[uint64][]runRow, error) {
	rows := map[uint64][]runRow{}
	err := s.view(func(tx *bbolt.Tx) error {
		return eachRow(tx, 0, s.rows(), func(_ uint32, row *runRow) error {
			if !row.gone {
				rows[row.hash] = append(rows[row.hash], *row)
			}
			return nil
		})
	})
	return rows, err
}

// A comparison goes through two stores.
type comparison struct {
	s, again  *Bolt
	v         *Verification
	tx, other *bbolt.Tx
	theirs    map[uint64][]runRow // what the sources say and was not met yet
	mine, new runReader
	before    *runReader // by the price book that the store was made with; nil where that is the one at hand
}

// run compares one run of the store with its row and with the sources.
func (c *comparison) run(row *runRow, whole *analyze.Matcher) {
	if row.gone {
		return
	}
	recs, err := c.mine.read(c.tx, row.last)
	if err != nil || len(recs) == 0 {
		c.v.add(Finding{Kind: "store", Run: c.nameOf(row.hash), Why: "its records are damaged"})
		delete(c.theirs, row.hash)
		return
	}
	run := c.mine.asm.Assemble(recs)
	c.v.Runs++
	now := rowOf(row.hash, row.last, run, whole)
	c.v.Calls += int64(now.calls)
	if c.before != nil {
		c.repriced(row, run, whole)
	} else if !sameRow(row, &now) {
		c.v.add(Finding{Kind: c.s.blame(), Run: run.ID, Calls: c.namesOf(run), Why: rowDifference(row, &now)})
	}
	c.source(run, &now)
}

// repriced holds a run against its row by the book that the store was made with, and names the calls that the book at hand prices otherwise.
func (c *comparison) repriced(row *runRow, run *tracefmt.Run, whole *analyze.Matcher) {
	recs, err := c.before.read(c.tx, row.last)
	if err != nil {
		c.v.add(Finding{Kind: "store", Run: run.ID, Why: "its records are damaged"})
		return
	}
	was := c.before.asm.Assemble(recs)
	then := rowOf(row.hash, row.last, was, whole)
	if !sameRow(row, &then) {
		c.v.add(Finding{Kind: "sums", Run: run.ID, Calls: c.namesOf(was), Why: rowDifference(row, &then)})
	}
	var calls []string
	for i := range run.Calls { // both are of the same records, in the same order
		x, old := &run.Calls[i], &was.Calls[i]
		if x.Cost == old.Cost && x.State == old.State {
			continue
		}
		c.v.Repriced++
		if len(calls) <= maxNamed && c.v.Differ < maxFindings {
			calls = append(calls, c.s.place(x)+": "+priceDifference(old, x))
		} else {
			calls = append(calls, "")
		}
	}
	if len(calls) > 0 {
		now := rowOf(row.hash, row.last, run, whole)
		c.v.add(Finding{Kind: "prices", Run: run.ID, Calls: firstNamed(calls), Why: fmt.Sprintf("stored as $%s by the book of %s, now $%s by that of %s", then.cost,
			c.s.before.AsOf, now.cost, c.s.opt.Prices.AsOf())})
	}
}

// priceDifference is what a call costs by either book, and by which row.
func priceDifference(was, now *tracefmt.Call) string {
	text := costText(was) + " → " + costText(now)
	row := func(r *tracefmt.PriceRow) string {
		if r == nil {
			return "no row"
		}
		return r.Provider + "/" + r.ID
	}
	if x, y := row(was.Price), row(now.Price); x != y {
		text += " (" + x + " → " + y + ")"
	} else {
		text += " (" + y + ")"
	}
	at := int64(0)
	if now.Has&tracefmt.HasStart != 0 {
		at = now.Start
	}
	if d := analyze.RateChangesText(was.Price, now.Price, at); d != "" {
		text += ": " + d + " per million"
	}
	return text
}

// costText is a cost, or why there is none.
func costText(c *tracefmt.Call) string {
	switch c.State {
	case tracefmt.CostUnpriced:
		return "unpriced"
	case tracefmt.CostNoUsage:
		return "no usage"
	}
	return "$" + c.Cost.String()
}

// blame is why a stored sum may differ from what its calls come to: the prices, where the store was made with others.
func (s *Bolt) blame() string {
	if s.saved == 0 {
		return "prices"
	}
	return "sums"
}

func sameRow(a, b *runRow) bool {
	return a.cost == b.cost && a.calls == b.calls && a.outcome == b.outcome && a.workflow == b.workflow && a.first == b.first && a.end == b.end && a.incomplete == b.incomplete
}

func rowDifference(stored, now *runRow) string {
	if stored.cost != now.cost {
		return fmt.Sprintf("stored as $%s, its calls come to $%s", stored.cost, now.cost)
	}
	return fmt.Sprintf("stored with %d calls and outcome %s, its records come to %d and %s", stored.calls, stored.outcome, now.calls, now.outcome)
}

// source compares a run with what the sources say of it now.
func (c *comparison) source(run *tracefmt.Run, row *runRow) {
	list := c.theirs[row.hash]
	for k := range list {
		recs, err := c.new.read(c.other, list[k].last)
		if err != nil || len(recs) == 0 || recs[0].Run != run.ID {
			continue
		}
		c.theirs[row.hash] = slices.Delete(list, k, k+1)
		if !c.readable(run) {
			c.v.Unread++
			return
		}
		if calls := c.different(run, c.new.asm.Assemble(recs)); len(calls) > 0 {
			c.v.add(Finding{Kind: "source", Run: run.ID, Calls: calls, Why: "the sources say something else now"})
		}
		return
	}
	if !c.readable(run) {
		c.v.Unread++
		return
	}
	c.v.add(Finding{Kind: "source", Run: run.ID, Calls: c.namesOf(run), Why: "the sources do not hold it any more"})
}

// readable says that all calls of the run come from sources that were read again.
func (c *comparison) readable(run *tracefmt.Run) bool {
	for i := range run.Calls {
		if n := run.Calls[i].Src.Source; int(n) < len(c.s.sources) {
			if _, err := look(c.s.sources[n].Path); err != nil || c.s.sources[n].Retired {
				return false
			}
		}
	}
	return true
}

// lost are the runs that the sources hold and the store does not.
func (c *comparison) lost() {
	for _, list := range c.theirs {
		for _, row := range list {
			recs, err := c.new.read(c.other, row.last)
			if err != nil || len(recs) == 0 {
				continue
			}
			run := c.new.asm.Assemble(recs)
			c.v.add(Finding{Kind: "source", Run: run.ID, Calls: c.again.placesOf(run), Why: "the store does not hold it"})
		}
	}
	slices.SortStableFunc(c.v.Findings, func(a, b Finding) int { return slices.Compare([]string{a.Kind, a.Run}, []string{b.Kind, b.Run}) })
}

// nameOf is the id of a run by its hash, as far as the sources tell.
func (c *comparison) nameOf(hash uint64) string {
	for _, row := range c.theirs[hash] {
		if recs, err := c.new.read(c.other, row.last); err == nil && len(recs) > 0 {
			return recs[0].Run
		}
	}
	return ""
}

// different names the calls that two readings of a run do not agree on.
func (c *comparison) different(mine, now *tracefmt.Run) (calls []string) {
	have := make(map[string]*tracefmt.Call, len(mine.Calls))
	for i := range mine.Calls {
		have[mine.Calls[i].ID] = &mine.Calls[i]
	}
	for i := range now.Calls {
		x := &now.Calls[i]
		was := have[x.ID]
		delete(have, x.ID)
		switch {
		case was == nil:
			calls = append(calls, c.again.place(x)+": not in the store")
		case was.Cost != x.Cost || was.State != x.State:
			calls = append(calls, fmt.Sprintf("%s: stored as $%s, now $%s", c.again.place(x), was.Cost, x.Cost))
		case was.Usage != x.Usage || was.Status != x.Status || was.IsCall != x.IsCall || was.Start != x.Start || was.End != x.End:
			calls = append(calls, c.again.place(x)+": other tokens, status or times")
		}
	}
	for i := range mine.Calls {
		if x := &mine.Calls[i]; have[x.ID] == x {
			calls = append(calls, c.s.place(x)+": not in the sources")
		}
	}
	if mine.Outcome != now.Outcome {
		calls = append(calls, fmt.Sprintf("outcome: stored as %s, now %s", mine.Outcome, now.Outcome))
	}
	return firstNamed(calls)
}

func firstNamed(calls []string) []string {
	if n := len(calls); n > maxNamed {
		return append(calls[:maxNamed:maxNamed], fmt.Sprintf("and %d more", n-maxNamed))
	}
	return calls
}

func (c *comparison) namesOf(run *tracefmt.Run) []string { return c.s.placesOf(run) }

// placesOf names the calls of a run that cost something.
func (s *Bolt) placesOf(run *tracefmt.Run) (calls []string) {
	for i := range run.Calls {
		if x := &run.Calls[i]; x.IsCall && x.State == tracefmt.CostComputed || x.State == tracefmt.CostRecorded {
			calls = append(calls, fmt.Sprintf("%s: $%s", s.place(x), x.Cost))
		}
	}
	return firstNamed(calls)
}

// place is a call with the file and the line where it stands.
func (s *Bolt) place(c *tracefmt.Call) string {
	path := s.SourcePath(c.Src.Source)
	where := s.opt.show(path)
	if at, err := tracefmt.LinesAt(path, []int64{c.Src.Offset}); err == nil && len(at) == 1 {
		where = fmt.Sprintf("%s:%d", where, at[0])
	}
	return c.ID + " (" + where + ")"
}

// verifySums adds all cells up again.
func (s *Bolt) verifySums(ctx context.Context, v *Verification) error {
	if s.saved == 0 { // they belong to other settings, and every open works them out anew
		return nil
	}
	fresh, _, err := s.recount(ctx)
	if errors.Is(err, ErrCorrupt) {
		return nil // said of the runs
	}
	if err != nil {
		return err
	}
	q := analyze.Query{By: []analyze.Dimension{{Dim: analyze.DimWorkflow}, {Dim: analyze.DimAgent}, {Dim: analyze.DimModel}, {Dim: analyze.DimDay}}}
	stored, err := s.sums.cells.Rollup(s.names, q)
	if err != nil {
		return err
	}
	now, err := fresh.cells.Rollup(s.names, q)
	if err != nil {
		return err
	}
	rows := map[string]*analyze.Row{}
	for i := range now.Rows {
		rows[fmt.Sprint(now.Rows[i].Path)] = &now.Rows[i]
	}
	for i := range stored.Rows {
		r := &stored.Rows[i]
		other := rows[fmt.Sprint(r.Path)]
		delete(rows, fmt.Sprint(r.Path))
		if other == nil || other.Runs != r.Runs || !sameSums(&r.Summary, &other.Summary) {
			v.add(Finding{Kind: "sums", Why: fmt.Sprintf("the sums of %v do not agree with its calls: stored $%s", r.Path, r.Cost)})
		}
	}
	for path := range rows {
		v.add(Finding{Kind: "sums", Why: "the sums lack " + path})
	}
	return nil
}

// sameSums compares what is exact: the dearest call may be a bound in either.
func sameSums(a, b *analyze.Summary) bool {
	x, y := *a, *b
	x.Max, y.Max, x.MaxStale, y.MaxStale = 0, 0, false, false
	return x.Equal(&y)
}

package click

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A Source holds the runs that are pushed.
type Source interface {
	Each(ctx context.Context, f func(run *tracefmt.Run) error) error
	Names() *tracefmt.Names
	Status() analyze.Status
	SourcePath(source uint32) string
}

// A Pushed says what a push did.
type Pushed struct {
	Runs, Calls  int64 // sent
	Known        int64 // runs that were there already, whole
	Cost         tracefmt.USD
	Here, There  int64        // calls of all pushed and known runs: as the source has them, as the engine adds them up
	CostHere     tracefmt.USD // the same for their cost
	CostThere    tracefmt.USD
	BytesWritten int64
}

// Agree says that the engine has what was sent.
func (p *Pushed) Agree() bool { return p.Here == p.There && p.CostHere == p.CostThere }

// batchBytes bounds what is sent at once, idBytes the names of runs in one question: engines take questions of 256 KB unasked.
const (
	batchBytes = 16 << 20
	idBytes    = 100_000
)

// A pusher writes runs in batches: while one is on its way, the next is encoded.
type pusher struct {
	c      *Client
	src    Source
	cfg    analyze.Config
	study  *analyze.Student
	names  *tracefmt.Names
	next   batch
	full   chan batch
	done   Pushed
	report func(Pushed)
}

// A batch is runs that are sent together.
type batch struct {
	runs       []*pushedRun
	bytes, ids int
}

// A pushedRun is one run as it is written.
type pushedRun struct {
	id          string
	print       uint64
	rows        []byte
	fact        []byte // its row of the table of runs
	n           int64
	sum, cost   int64
	first, last int64 // start times of its rows, as far as they have any; 0 where none has
	workflows   []string
}

// Push writes the runs of src. A run that the engine has already, in the same state, is not written again, so that a push that was broken
// off can be repeated. progress may be nil.
func (c *Client) Push(ctx context.Context, src Source, cfg analyze.Config, progress func(Pushed)) (Pushed, error) {
	if err := c.MayWrite(); err != nil {
		return Pushed{}, err
	}
	p := &pusher{c: c, src: src, cfg: cfg, study: analyze.NewStudent(cfg), names: src.Names(), report: progress, full: make(chan batch)}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for b := range p.full {
			if err := p.send(ctx, b); err != nil {
				stop(err)
				return
			}
		}
	}()
	err := src.Each(ctx, func(run *tracefmt.Run) error { return p.add(ctx, run) })
	if err == nil {
		err = p.flush(ctx)
	}
	close(p.full)
	<-sent
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err == nil {
		err = p.sources(ctx)
	}
	return p.done, err
}

func (p *pusher) add(ctx context.Context, run *tracefmt.Run) error {
	r := p.encode(run)
	p.next.runs = append(p.next.runs, r)
	p.next.bytes += len(r.rows)
	p.next.ids += len(r.id)
	if p.next.bytes < batchBytes && p.next.ids < idBytes {
		return nil
	}
	return p.flush(ctx)
}

// flush hands the batch over.
func (p *pusher) flush(ctx context.Context) error {
	select {
	case p.full <- p.next:
		p.next = batch{}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// encode writes a run as rows: its calls, its marks, what holds for all of it.
func (p *pusher) encode(run *tracefmt.Run) *pushedRun {
	r := &pushedRun{id: run.ID}
	st := p.study.Study(run)
	adds := make([]*analyze.Entry, len(run.Calls))
	var empty *analyze.Entry
	analyze.Entries(p.cfg, st, func(e *analyze.Entry) {
		x := *e
		if e.Empty {
			empty = &x
			return
		}
		adds[e.Index] = &x
	})
	st.StateAsked() // the sums above are those of the trace
	for i := range run.Calls {
		c := &run.Calls[i]
		line := tracefmt.AppendCall(nil, p.names, c, tracefmt.Origin{Source: p.src.SourcePath(c.Src.Source)})
		p.row(r, run, c, adds[i], line)
	}
	for _, m := range run.Marks {
		if line := tracefmt.AppendMark(nil, p.names, m); len(line) > 0 {
			p.row(r, run, &tracefmt.Call{Record: &tracefmt.Record{}}, nil, line)
		}
	}
	of := &tracefmt.Call{Record: &tracefmt.Record{}}
	if empty != nil {
		of = empty.Call
	}
	p.row(r, run, of, empty, tracefmt.AppendRun(nil, p.names, run))
	h := fnv.New64a()
	h.Write(r.rows)
	r.print = h.Sum64()
	var w tsv
	r.fact = w.text(dayText(r.first)).text(dayText(r.last)).text(run.ID).text(strings.Join(r.workflows, workflowSep)).int(r.n).uint(r.print).end().b
	return r
}

// row writes one row of the table of calls. e is nil where it adds to no sum.
func (p *pusher) row(r *pushedRun, run *tracefmt.Run, c *tracefmt.Call, e *analyze.Entry, line []byte) {
	if e == nil {
		e = &analyze.Entry{Call: c}
		e.Key.Workflow, e.Key.Outcome = run.Workflow, run.Outcome
	} else {
		e.Counts = true
	}
	k, n, sums := &e.Key, p.names.Name, e.Sum.Sums()
	start, finish := stated(c, tracefmt.HasStart, c.Start), stated(c, tracefmt.HasEnd, c.End)
	w := tsv{b: r.rows}
	w.text(dayText(start)).text(run.ID).int(r.n).text(c.ID).bool(e.Counts)
	w.bool(c.Has&tracefmt.HasStart != 0).int(start).bool(c.Has&tracefmt.HasEnd != 0).int(finish)
	w.text(n(k.Workflow)).text(n(k.Feature)).text(n(k.Version)).text(n(k.Agent)).text(n(c.Instance)).text(n(k.Role)).text(n(k.Step))
	w.text(k.Kind.String()).text(n(k.Model)).text(n(k.Provider)).text(n(k.Tool)).text(k.Status.String()).text(k.Outcome.String())
	w.text(n(c.User)).text(n(c.Session)).text(p.src.SourcePath(c.Src.Source)).text(analyze.TagsOf(p.names, c, run))
	w.bool(c.IsCall).bool(e.Listed()).bool(e.Known).bool(e.Missing()).int(e.Bucket()).int(int64(max(c.Attempt, 1)))
	w.bool(c.Has&tracefmt.HasInput != 0).int(c.Usage.Input).bool(c.Has&tracefmt.HasOutput != 0).int(c.Usage.Output)
	w.bool(c.Has&tracefmt.HasCacheRead != 0).int(c.Usage.CacheRead).text(string(line))
	for _, v := range sums {
		w.int(v)
	}
	r.rows = w.end().b
	if start != 0 {
		r.first, r.last = min(start, cmp.Or(r.first, start)), max(start, r.last)
	}
	if name := n(k.Workflow); !slices.Contains(r.workflows, name) {
		r.workflows = append(r.workflows, name)
	}
	r.n++
	r.sum += sums[0]
	r.cost += sums[1]
}

func stated(c *tracefmt.Call, f tracefmt.Fields, v int64) int64 {
	if c.Has&f == 0 {
		return 0
	}
	return v
}

func dayText(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02") }

// send writes a batch: first it asks what of it is there already.
func (p *pusher) send(ctx context.Context, b batch) error {
	if len(b.runs) == 0 {
		return nil
	}
	have, err := p.have(ctx, b)
	if err != nil {
		return err
	}
	var calls, facts bytes.Buffer
	for _, r := range b.runs {
		p.done.Here += r.sum
		p.done.CostHere += tracefmt.USD(r.cost)
		switch was, ok := have[r.id]; {
		case !ok:
			p.done.Runs++
			p.done.Calls += r.sum
			p.done.Cost += tracefmt.USD(r.cost)
			facts.Write(r.fact)
			calls.Write(r.rows)
		case was.print != r.print:
			return fmt.Errorf("run %s stands in the engine in another state: it has grown, or was pushed from another trace; its rows cannot be changed there: delete them, or push to other tables", r.id)
		default:
			p.done.Known++
			if was.rows < r.n {
				calls.Write(missingRows(r, was.seqs))
			}
		}
	}
	// The table of runs goes first: it says that a run was begun. Rows that a break leaves out are found by their numbers the next time.
	if err := p.c.insert(ctx, runsTable, runColumns, facts.Bytes()); err != nil {
		return err
	}
	if err := p.c.insert(ctx, callsTable, callColumns, calls.Bytes()); err != nil {
		return err
	}
	p.done.BytesWritten += int64(facts.Len() + calls.Len())
	if err := p.compare(ctx, b); err != nil {
		return err
	}
	if p.report != nil {
		p.report(p.done)
	}
	return ctx.Err()
}

// A havingRun is what the engine has of a run.
type havingRun struct {
	print uint64
	rows  int64
	seqs  map[string]bool // of its rows; only where some are missing
}

// rows is the condition on the rows of calls of a batch, with what finds them without reading all others.
func (b *batch) rows() string {
	list := make([]runFact, len(b.runs))
	for i, r := range b.runs {
		list[i] = runFact{id: r.id, from: dayText(r.first), to: dayText(r.last), workflows: strings.Join(r.workflows, workflowSep)}
	}
	return rowsOf(list)
}

func (b *batch) names() string {
	list := make([]string, len(b.runs))
	for i, r := range b.runs {
		list[i] = r.id
	}
	return literals(list)
}

func (p *pusher) have(ctx context.Context, b batch) (map[string]havingRun, error) {
	rows, err := p.c.Query(ctx, "SELECT run AS q_run, print AS q_print FROM "+p.c.table(runsTable)+" WHERE run IN ("+b.names()+")")
	if err != nil {
		return nil, err
	}
	have := map[string]havingRun{}
	for rows.Next() {
		print, _ := strconv.ParseUint(rows.Text(1), 10, 64)
		have[rows.Text(0)] = havingRun{print: print}
	}
	if rows.Err() != nil || len(have) == 0 {
		return have, rows.Err()
	}
	rows, err = p.c.Query(ctx, "SELECT run AS q_run, seq AS q_seq FROM "+p.c.table(callsTable)+" WHERE "+b.rows())
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		h, ok := have[rows.Text(0)]
		if !ok {
			return nil, errors.New("the engine has calls of run " + rows.Text(0) + " that nobody pushed: another program wrote them")
		}
		if h.seqs == nil {
			h.seqs = map[string]bool{}
		}
		h.rows++
		h.seqs[rows.Text(1)] = true
		have[rows.Text(0)] = h
	}
	return have, rows.Err()
}

// missingRows are the rows of a run that a broken push did not write.
func missingRows(r *pushedRun, seqs map[string]bool) (b []byte) {
	for row := range bytes.Lines(r.rows) {
		if f := bytes.SplitN(row, []byte{'\t'}, 4); !seqs[string(f[2])] {
			b = append(b, row...)
		}
	}
	return b
}

// compare asks the engine what the batch adds up to.
func (p *pusher) compare(ctx context.Context, b batch) error {
	rows, err := p.c.Query(ctx, "SELECT sum(s_calls) AS q_n, sum(intDiv(s_cost, 1000000)) AS q_high, sum(s_cost % 1000000) AS q_low FROM "+p.c.table(callsTable)+" WHERE "+b.rows())
	if err != nil {
		return err
	}
	if rows.Next() {
		p.done.There += rows.Int(0)
		p.done.CostThere += tracefmt.USD(rows.Int(1)*1_000_000 + rows.Int(2))
	}
	return rows.Err()
}

// sources writes what was read, and how it was priced.
func (p *pusher) sources(ctx context.Context) error {
	st := p.src.Status()
	facts, err := json.Marshal(analyze.Status{Sources: st.Sources, Skips: st.Skips, SkipCount: st.SkipCount, Warnings: st.Warnings,
		PricesAsOf: st.PricesAsOf, PriceBook: st.PriceBook, PriceHash: st.PriceHash, CostMode: st.CostMode})
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%x", sha256.Sum256(facts))
	rows, err := p.c.Query(ctx, "SELECT count() AS q_n FROM "+p.c.table(sourcesTable)+" WHERE path = "+quote(id))
	if err != nil {
		return err
	}
	if rows.Next() && rows.Int(0) > 0 {
		return rows.Err()
	}
	var w tsv
	return p.c.insert(ctx, sourcesTable, sourceColumns, w.text(id).text(string(facts)).end().b)
}

// insert writes rows.
func (c *Client) insert(ctx context.Context, table string, cols []column, rows []byte) error {
	if len(rows) == 0 {
		return nil
	}
	names := make([]string, len(cols))
	for i, col := range cols {
		names[i] = col.name
	}
	v := c.settings(true)
	v.Set("insert_distributed_sync", "1")
	v.Set("query", "INSERT INTO "+c.table(table)+" ("+strings.Join(names, ", ")+") FORMAT TabSeparated")
	_, err := c.send(ctx, v, bytes.NewReader(rows))
	return err
}

// tsv writes rows of tab-separated text.
type tsv struct {
	b    []byte
	some bool
}

func (w *tsv) sep() *tsv {
	if w.some {
		w.b = append(w.b, '\t')
	}
	w.some = true
	return w
}

func (w *tsv) text(s string) *tsv {
	w.sep()
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\':
			w.b = append(w.b, '\\', '\\')
		case '\t':
			w.b = append(w.b, '\\', 't')
		case '\n':
			w.b = append(w.b, '\\', 'n')
		case '\r':
			w.b = append(w.b, '\\', 'r')
		case 0:
			w.b = append(w.b, '\\', '0')
		default:
			w.b = append(w.b, c)
		}
	}
	return w
}

func (w *tsv) int(v int64) *tsv {
	w.sep()
	w.b = strconv.AppendInt(w.b, v, 10)
	return w
}

func (w *tsv) uint(v uint64) *tsv {
	w.sep()
	w.b = strconv.AppendUint(w.b, v, 10)
	return w
}

func (w *tsv) bool(v bool) *tsv {
	if v {
		return w.int(1)
	}
	return w.int(0)
}

func (w *tsv) end() *tsv {
	w.b, w.some = append(w.b, '\n'), false
	return w
}

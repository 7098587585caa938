package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"costscope/analyze"
	"costscope/store"
	"costscope/store/click"
	"costscope/tracefmt"
	"costscope/tui"

	"github.com/spf13/cobra"
)

const engineLong = `Print what a team's ClickHouse needs to hold traces for costscope: 'costscope engine ddl' prints the
tables, the views by which the engine adds calls up by days while they are written, and accounts
that can only read, to be created by whoever runs the engine. costscope itself creates and changes
none. Without the views it gives the same numbers, from the calls.`

const pushLong = `Write traces into the tables of a ClickHouse (see 'costscope engine ddl'), so that a team can open
them there: costscope open clickhouse://HOST/DATABASE. Runs that are there already, in the same
state, are not written again: a push that broke off can be repeated. At the end the engine's own
sums are compared with what was sent.`

// defaultWindow is the time before the last call that the explorer shows of an engine where nothing else is asked for.
const defaultWindow = 24 * time.Hour

// How often the explorer looks whether something was pushed: where it follows, and where it does not.
const (
	lookWhileFollowing = 2 * time.Second
	lookElse           = 10 * time.Second
)

// onEngines are the commands that an engine answers.
var onEngines = map[string]func(*app, *job, *click.Address) error{"open": (*app).exploreEngine, "tail": (*app).exploreEngine, "report": (*app).reportEngine}

func engineCommand(a *app, c *cobra.Command) func([]string) error {
	var f struct{ database, cluster string }
	c.Flags().StringVar(&f.database, "database", "default", "`NAME` of the database that holds the tables")
	c.Flags().StringVar(&f.cluster, "cluster", "", "`NAME` of the cluster whose servers share them; none for a single server")
	return func(args []string) error {
		if args[0] != "ddl" {
			return wrongUsage("usage: costscope engine ddl", "engine knows 'ddl', not %q", args[0])
		}
		_, err := io.WriteString(a.out, click.DDL(f.database, f.cluster))
		return err
	}
}

// pushCommand reads traces and writes them into an engine: the last argument.
func pushCommand(a *app, c *cobra.Command) func([]string) error {
	var plain bool
	c.Flags().BoolVar(&plain, "plain-http", false, "allow a connection beyond this machine that is not encrypted")
	var at *click.Address
	read := onTraces(fitsPush, func(a *app, j *job) error { return a.push(j, at) })(a, c)
	return func(args []string) (err error) {
		last := args[len(args)-1]
		if !click.IsAddress(last) {
			return wrongUsage("usage: costscope push TRACE... clickhouse://HOST/DATABASE", "%s is no address of an engine", last)
		}
		if at, err = click.ParseAddress(last, plain, a.getenv); err != nil {
			return wrongUsage("", "%w", err)
		}
		return read(args[:len(args)-1])
	}
}

// fitsPush refuses what push cannot do.
func fitsPush(j *job) error {
	if narrows(j.query) {
		return wrongUsage("conditions belong to what reads: costscope report ADDRESS --where ...", "push writes whole runs: it takes no conditions")
	}
	return nil
}

// push writes what the traces hold.
func (a *app) push(j *job, at *click.Address) error {
	c, err := click.Dial(a.ctx, at)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.MayWrite(); err != nil { // before the traces are read for nothing
		return err
	}
	s, err := a.read(j)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := c.Push(a.ctx, shownSource{s, j.inputs.shown}, s.config, nil)
	if err != nil {
		return fmt.Errorf("%w; %d runs were written, and pushing again goes on from there", err, p.Runs)
	}
	fmt.Fprintf(a.out, "%s: %s runs written (%s calls, %s), %s were there; of these runs the engine holds %s calls, %s\n", at, analyze.Count(p.Runs), analyze.Count(p.Calls),
		analyze.Money(p.Cost), analyze.Count(p.Known), analyze.Count(p.There), analyze.Money(p.CostThere))
	if !p.Agree() {
		return &failure{code: exitFails, err: fmt.Errorf("the engine holds %d calls of %s for these runs, the traces %d of %s", p.There, analyze.Money(p.CostThere), p.Here, analyze.Money(p.CostHere))}
	}
	return nil
}

// shownSource names sources as the person typed them.
type shownSource struct {
	*openedStore
	shown func(string) string
}

func (s shownSource) SourcePath(n uint32) string { return s.shown(s.openedStore.SourcePath(n)) }

// An engineSource is an engine with the flags, notes and last place of this person, which stay on this machine.
type engineSource struct {
	*click.Store
	marks *store.Bolt // nil: they are not kept
	mem   *store.Mem
}

func (s *engineSource) Marks(ctx context.Context) (analyze.Marks, error) {
	if s.marks != nil {
		return s.marks.Marks(ctx)
	}
	return s.mem.Marks(ctx)
}

func (s *engineSource) SetMarks(ctx context.Context, change func(*analyze.Marks)) error {
	if s.marks != nil {
		return s.marks.SetMarks(ctx, change)
	}
	return s.mem.SetMarks(ctx, change)
}

// engineOf is the engine that a job is about; nil where it is about traces.
func (j *job) engineOf(getenv func(string) string) (*click.Address, error) {
	if len(j.inputs.args) == 0 || !click.IsAddress(j.inputs.args[0]) {
		return nil, nil
	}
	if len(j.inputs.args) > 1 {
		return nil, wrongUsage("", "an engine is opened by itself: its tables are one view")
	}
	at, err := click.ParseAddress(j.inputs.args[0], j.plain, getenv)
	if err != nil {
		return nil, wrongUsage("", "%w", err)
	}
	return at, nil
}

// onEngine does what a command does over an engine.
func (a *app) onEngine(name string, j *job, at *click.Address, err error) error {
	do := onEngines[name]
	switch {
	case err != nil:
		return err
	case do == nil:
		return wrongUsage("over an engine: costscope open, tail and report", "%s does not work over an engine: %s reads traces and stores", name, name)
	}
	return do(a, j, at)
}

// openEngine asks an engine.
func (a *app) openEngine(j *job, at *click.Address) (*engineSource, error) {
	c, err := click.Dial(a.ctx, at)
	if err != nil {
		return nil, err
	}
	s, err := click.Open(a.ctx, c, analyze.Config{Mode: j.mode, TZ: j.zone}, j.book)
	if err != nil {
		c.Close()
		return nil, err
	}
	out := &engineSource{Store: s, mem: store.NewMem(store.Options{Prices: j.book})}
	if path, err := store.DefaultPath([]string{at.String()}); err == nil {
		out.marks, _ = store.Open(j.storeOptions(path)) // another explorer may have it: then they are kept in memory
	}
	return out, nil
}

// close ends the connections.
func (s *engineSource) close() error {
	err := s.Store.Close()
	if s.marks != nil {
		err = errors.Join(err, s.marks.Close())
	}
	return err
}

// reportEngine prints the summary of what an engine holds.
func (a *app) reportEngine(j *job, at *click.Address) (err error) {
	s, err := a.openEngine(j, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return a.printReport(j, s)
}

// reportInput asks the engine what a report is made of, all of it about one state.
func (s *engineSource) reportInput(ctx context.Context, j *job) (in analyze.ReportInput, err error) {
	in = analyze.ReportInput{Version: version(), Status: s.Status(), Query: j.query, TZ: j.zone}
	err = s.Steady(ctx, func() (err error) {
		if in.First, in.Last, err = s.span(ctx, j.query); err != nil {
			return err
		}
		return fillReport(ctx, s, &in)
	})
	return in, err
}

// Lines are not known: the engine keeps no files.
func (s *engineSource) Lines(_ context.Context, refs []tracefmt.SourceRef) ([]int64, error) {
	return make([]int64, len(refs)), nil
}

// export finds what goes into a report of the flagged paths. A window that moves along stands where it is now.
func (s *engineSource) export(ctx context.Context, j *job, o analyze.ExportOptions) (x *analyze.Export, err error) {
	own := *j
	own.query.Since = s.Since(j.query.Since)
	switch w, err := s.Weigh(ctx, own.query, true); {
	case err != nil:
		return nil, err
	case w != nil:
		return nil, fmt.Errorf("a report of this reads %s rows: narrow the time (t), or print it with costscope report", analyze.Count(w.Rows))
	}
	if o.ReportInput, err = s.reportInput(ctx, &own); err != nil {
		return nil, err
	}
	if o.Marks, err = s.Marks(ctx); err != nil {
		return nil, err
	}
	return analyze.NewExport(ctx, s, o)
}

// span is the earliest start and the latest end of the calls that match; 0, 0 where none has a time.
func (s *engineSource) span(ctx context.Context, q analyze.Query) (first, last int64, err error) {
	ok := false
	if narrows(q) {
		first, last, ok, err = s.SpanOf(ctx, q)
	} else {
		first, last, ok, err = s.Span(ctx)
	}
	if !ok {
		return 0, 0, err
	}
	return first, last, err
}

// fitsEngine refuses what is about traces only.
func fitsEngine(j *job) error {
	switch {
	case j.alertFlags != (alertFlags{}):
		return wrongUsage("", "alerts are about traces that costscope reads itself: over an engine there are none")
	case j.baseline != "" && !tui.IsPeriod(j.baseline):
		return wrongUsage("--baseline previous, or 'before 2026-09-15'", "an engine is compared with an earlier time of itself")
	}
	return nil
}

// exploreEngine opens the explorer over an engine. Without another range it shows the last day of what is there, which moves along: an
// engine may hold more than anyone wants to wait for.
func (a *app) exploreEngine(j *job, at *click.Address) (err error) {
	if err := fitsEngine(j); err != nil {
		return err
	}
	if a.reportsInstead(j) {
		return a.reportEngine(j, at)
	}
	s, err := a.openEngine(j, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	o := a.screenOptions(j)
	o.Title, o.Following, o.Baseline, o.Export = at.String(), j.traceFlags.follow, j.baseline, a.exporter(j, s)
	if j.since == "" && j.until == "" {
		since, ok, err := s.Slide(a.ctx, defaultWindow)
		if err != nil {
			return err
		}
		if ok {
			o.Query.Since, o.Window = since, "last 24h"
			o.Notice = "the last 24 hours of what the engine holds: --since 0 shows all of it"
		}
	}
	if err := a.keysFor(&o); err != nil {
		return err
	}
	every := lookElse
	if o.Following {
		every = lookWhileFollowing
	}
	s.Watch(a.ctx, every, o.Following)
	return tui.Run(a.ctx, s, o)
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/spf13/cobra"
)

// traceFlags is what every command over traces takes, as typed.
type traceFlags struct {
	store, format, prices, cost, mapping string
	where, outcomes                      []string
	since, until, by, tz                 string
	json, markdown                       bool
	out                                  string
	noColor                              bool
	theme                                string
	quiet, mouse, follow, plain          bool
	whatIf, baseline                     string
	alertFlags
}

// defaultBy is how a view is grouped when nothing else is asked.
var defaultBy = analyze.FormatBy(analyze.DefaultBy())

func (f *traceFlags) register(c *cobra.Command) {
	s := c.Flags()
	s.SortFlags = false
	s.StringVar(&f.store, "store", "", "keep what is read in `FILE` (default: one per set of sources in the user's cache)")
	s.StringVar(&f.format, "format", "", "read all input as `NAME` (default: detect; see 'costscope formats')")
	s.StringVar(&f.mapping, "map", "", "read what no format knows by the mapping in `FILE` (see 'costscope formats --map-for TRACE')")
	s.StringArrayVar(&f.outcomes, "outcomes", nil, "verdicts, rewards and scores by run or task from `FILE` (repeatable)")
	s.StringVar(&f.prices, "prices", "", "price book `FILE` that goes before the built-in one")
	s.StringVar(&f.cost, "cost", "auto", "which cost counts: `MODE` auto (recorded if stated, else computed), recorded or computed")
	s.StringArrayVar(&f.where, "where", nil, "only calls for which `EXPR` holds: agent=planner|executor, agent=\"my agent\", model~sonnet, !status=error, cost>0.10, run.cost=0.10..1, attempt>=2 (repeatable; blanks between several; run.cost adds up what those before it leave)")
	s.StringVar(&f.since, "since", "", "only calls that start at `TIME` or later: RFC 3339, a date, or a span before now (24h)")
	s.StringVar(&f.until, "until", "", "only calls that start before `TIME`")
	s.StringVar(&f.by, "by", defaultBy, "group by `DIMS`, comma separated")
	s.StringVar(&f.tz, "tz", "", "time `ZONE` for days and dates, as in Europe/Berlin (default: this machine's)")
	s.BoolVar(&f.json, "json", false, "print JSON")
	s.BoolVar(&f.markdown, "markdown", false, "print markdown")
	s.StringVarP(&f.out, "output", "o", "", "write to `FILE`, which appears only when complete")
	s.BoolVar(&f.noColor, "no-color", false, "no colours (also NO_COLOR)")
	s.StringVar(&f.theme, "theme", "auto", "colours for a background: `NAME` auto, dark or light")
	s.BoolVar(&f.quiet, "quiet", false, "no progress and no notes on standard error")
	s.BoolVar(&f.mouse, "mouse", false, "wheel and click in the explorer")
	if c.Name() == "open" || c.Name() == "load" {
		s.BoolVarP(&f.follow, "follow", "f", false, "go on with what is appended, like tail -f")
	}
	if onEngines[c.Name()] != nil {
		s.BoolVar(&f.plain, "plain-http", false, "allow a connection to a clickhouse:// address beyond this machine that is not encrypted")
	}
	if c.Name() == "report" {
		s.StringVar(&f.whatIf, "what-if", "", "price the calls as they would have been, by `LEVERS`: model=NAME;retries<=2;context<=100k;cache=1h;prices=FILE;batch")
	}
	if c.Name() == "open" || c.Name() == "tail" {
		s.StringVar(&f.baseline, "baseline", "", "compare with `TRACE`, or with an earlier time of the trace: 'before 2026-09-15', or previous (see --since)")
	}
	if c.Name() == "tail" {
		f.alertFlags.register(c)
	}
	for flag, words := range map[string][]string{
		"format": formatNames(), "cost": {"auto", "recorded", "computed"}, "theme": {"auto", "dark", "light"}, "by": analyze.DimNames(),
	} {
		completes(c, flag, words)
	}
	completesWhere(c)
}

// completes lets the shell complete the values of a flag.
func completes(c *cobra.Command, flag string, words []string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // no such flag
	}
}

// completesWhere lets the shell complete the names of fields; the value is typed behind them.
func completesWhere(c *cobra.Command) {
	fields := analyze.Fields()
	for i, f := range fields {
		if f != "tag:" {
			fields[i] += "="
		}
	}
	if err := c.RegisterFlagCompletionFunc("where", cobra.FixedCompletions(fields, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace)); err != nil {
		panic(err) // no such flag
	}
}

// A job is a checked command line over traces: what to read, how, and which question is asked.
type job struct {
	traceFlags
	format uint8
	book   *tracefmt.PriceBook
	mode   tracefmt.CostMode
	zone   *time.Location
	query  analyze.Query
	inputs inputs
	own    *tracefmt.Map // of --map
	limits analyze.Limits

	scenario analyze.Scenario // of --what-if

	keep bool // what is read is the point: no temporary store will do
}

// onTraces makes a command of do, which reads traces. fits refuses flags and arguments that the command has no use for, before
// anything is read; nil: it takes all.
func onTraces(fits func(*job) error, do func(*app, *job) error) func(*app, *cobra.Command) func([]string) error {
	return func(a *app, c *cobra.Command) func([]string) error {
		var f traceFlags
		f.register(c)
		return func(args []string) error {
			f.follow = f.follow || c.Name() == "tail"
			j := &job{traceFlags: f, inputs: inputs{args: args, verdicts: f.outcomes, follow: f.follow}}
			if err := j.check(fits, a.now()); err != nil {
				return err
			}
			if at, err := j.engineOf(a.getenv); at != nil || err != nil {
				return a.onEngine(c.Name(), j, at, err)
			}
			j.inputs.own = j.own
			if err := a.find(&j.inputs, f.store); err != nil {
				return err
			}
			return do(a, j)
		}
	}
}

// check settles the flags.
func (j *job) check(fits func(*job) error, now time.Time) error {
	if j.json && j.markdown {
		return wrongUsage("", "--json and --markdown exclude each other")
	}
	for _, read := range []func() error{
		j.readMap, j.readFormat, j.readCost, j.readZone, j.readTheme, func() error { return j.readQuery(now) }, j.readPrices, j.readScenario, j.readLimits,
		func() error { return j.readBaseline(now) },
	} {
		if err := read(); err != nil {
			return err
		}
	}
	if fits == nil {
		return nil
	}
	return fits(j)
}

func (j *job) readFormat() error {
	if j.traceFlags.format == "" {
		return nil
	}
	n, ok := tracefmt.FormatByName(j.traceFlags.format)
	if !ok {
		return wrongUsage("formats: "+strings.Join(formatNames(), ", "), "--format: there is no format %q", j.traceFlags.format)
	}
	if n == tracefmt.FormatMapped && j.own == nil {
		return wrongUsage(tracefmt.StartHint, "--format mapped needs --map FILE")
	}
	j.format = n
	return nil
}

func (j *job) readMap() error {
	if j.mapping == "" {
		return nil
	}
	f, err := os.Open(j.mapping)
	if err != nil {
		return wrongUsage(tracefmt.StartHint, "--map: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, tracefmt.MaxMapSize+1))
	if err == nil {
		j.own, err = tracefmt.ReadMap(text, j.mapping)
	}
	if err != nil {
		return wrongUsage("", "--map: %w", err)
	}
	return nil
}

func (j *job) readCost() error {
	m, ok := tracefmt.ParseCostMode(j.cost)
	if !ok {
		return wrongUsage("use auto, recorded or computed", "--cost: %q is none of them", j.cost)
	}
	j.mode = m
	return nil
}

func (j *job) readZone() error {
	j.zone = time.Local
	if j.tz == "" {
		return nil
	}
	z, err := time.LoadLocation(j.tz)
	if err != nil {
		return wrongUsage("use UTC, Local, or a name like Europe/Berlin", "--tz: there is no time zone %q", j.tz)
	}
	j.zone = z
	return nil
}

func (j *job) readTheme() error {
	switch j.theme {
	case "auto", "dark", "light":
		return nil
	}
	return wrongUsage("use auto, dark or light", "--theme: %q is none of them", j.theme)
}

func (j *job) readPrices() (err error) {
	j.book, err = priceBook(j.prices)
	return err
}

func (j *job) readScenario() (err error) {
	if j.whatIf == "" {
		return nil
	}
	if j.scenario, err = analyze.ParseScenario(j.whatIf, ownPrices); err != nil {
		return wrongUsage(analyze.ScenarioHint, "--what-if: %w", err)
	}
	return nil
}

// priceInfo names the price book in force.
func (j *job) priceInfo() analyze.PriceInfo {
	return analyze.NewPriceInfo(&analyze.Status{PricesAsOf: j.book.AsOf(), PriceBook: j.book.Source(), PriceHash: j.book.Hash()})
}

// priceBook is the built-in book behind the one in file, if any.
func priceBook(file string) (*tracefmt.PriceBook, error) {
	builtin := tracefmt.BuiltinPrices()
	if file == "" {
		return builtin, nil
	}
	own, err := ownPrices(file)
	if err != nil {
		return nil, wrongUsage("make a price book: costscope prices import FILE -o prices.json", "--prices: %w", err)
	}
	return own.Over(builtin), nil
}

// ownPrices reads a user's price book.
func ownPrices(file string) (*tracefmt.PriceBook, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	own, err := tracefmt.ReadPrices(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return own, nil
}

func (j *job) readQuery(now time.Time) error {
	by, err := analyze.ParseBy(j.by)
	if err != nil {
		return wrongUsage("", "--by: %w", err)
	}
	j.query.By = by
	for _, expr := range j.where {
		preds, err := analyze.ParsePreds(expr)
		if err != nil {
			return wrongUsage("", "--where: %w", err)
		}
		if len(preds) == 0 {
			return wrongUsage("write FIELD=VALUE, such as agent=planner; fields: "+strings.Join(analyze.Fields(), ", "), "--where: there is no condition in %q", expr)
		}
		j.query.Where = append(j.query.Where, preds...)
	}
	for _, t := range []struct {
		name, text string
		to         *int64
	}{{"since", j.since, &j.query.Since}, {"until", j.until, &j.query.Until}} {
		if t.text == "" || t.name == "since" && t.text == "0" { // from the beginning
			continue
		}
		if *t.to, err = analyze.ParseTime(t.text, now, j.zone); err != nil {
			return wrongUsage("", "--%s: %w", t.name, err)
		}
	}
	if j.query.Until != 0 && j.query.Since >= j.query.Until {
		return wrongUsage("", "--since %s is not before --until %s: no call can match", j.since, j.until)
	}
	return nil
}

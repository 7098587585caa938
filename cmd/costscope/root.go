package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// A command is one row of the command line.
type command struct {
	use     string // "report TRACE..."
	short   string
	long    string
	example string
	min     int // arguments that it needs
	max     int // and takes at most; -1: any number
	setup   func(a *app, c *cobra.Command) func(args []string) error
}

// name is the first word of use.
func (c command) name() string { return strings.Fields(c.use)[0] }

// commands is every subcommand, in the order of the help page.
var commands []command

func init() { // filled here because completion looks at the table
	commands = []command{
		{"open TRACE...", "explore traces (the default when the first argument names a trace)", openLong,
			"  costscope traces.jsonl\n  costscope ~/.claude/projects --since 7d --by workflow,model\n  costscope open logs/*.jsonl.gz --where agent=planner", 1, -1, onTraces(nil, (*app).openTraces)},
		{"tail TRACE...", "explore a live trace: the same explorer, following the end", tailLong,
			"  costscope tail traces.jsonl --budget 20/day\n  my-agent | costscope tail -\n  costscope tail logs/ --budget 20/day --run-budget 2 --alerts --hook ./page-me", 1, -1, onTraces(nil, (*app).tailTraces)},
		{"load TRACE...", "load into a store without exploring", loadLong,
			"  costscope load traces/ --store team.db\n  costscope team.db", 1, -1, onTraces(fitsLoad, (*app).loadTraces)},
		{"report TRACE...", "print the summary: text, --json or --markdown", reportLong,
			"  costscope report traces.jsonl\n  costscope report traces.jsonl --json | jq .totals.cost_usd\n  cat traces.jsonl | costscope report - --by model\n  costscope report traces.jsonl --by model --what-if 'model=sonnet->claude-haiku-4-5;context<=100k'", 1, -1, onTraces(nil, (*app).reportTraces)},
		{"export TRACE...", "write the flagged paths to a markdown report with pictures (-o report.md), or a table as CSV", exportLong,
			"  costscope export traces.jsonl -o report.md\n  costscope export traces.jsonl --csv --by day,model -o costs.csv\n  costscope export traces/ --redact -o share.md", 1, -1, exportCommand},
		{"explain TRACE...", "show how a number comes about: the calls of a path, the arithmetic of a call", explainLong,
			"  costscope explain traces.jsonl --path support-bot/planner\n  costscope explain traces.jsonl --call traces.jsonl:6843", 1, -1, explainCommand},
		{"check TRACE... --budget FILE", "gate: budgets and limits, for continuous integration", checkLong,
			"  costscope check traces.jsonl --max-cost 25\n  costscope check traces/ --budget budget.yaml --junit costs.xml --markdown >> $GITHUB_STEP_SUMMARY", 1, -1, checkCommand},
		{"diff OLD NEW", "explain the change in spend between two traces", diffLong,
			"  costscope diff last-week.jsonl this-week.jsonl\n  costscope diff main.jsonl branch.jsonl --by agent,model --fail 'growth>0.10' --markdown", 2, 2, diffCommand},
		{"forecast TRACE... --runs N", "project a pilot to production", forecastLong,
			"  costscope forecast pilot.jsonl --runs 100k\n  costscope forecast pilot.jsonl --runs 100k --retry-factor 1.2 --budget 3000/30d\n  costscope forecast pilot.jsonl --runs 2M --measured --weeks 8 --load 50 --json", 1, -1, forecastCommand},
		{"convert TRACE...", "write costscope JSONL", convertLong,
			"  costscope convert otel-export.json -o calls.jsonl\n  costscope convert traces/ --where agent=planner | gzip > planner.jsonl.gz", 1, -1, onTraces(fitsConvert, (*app).convertTraces)},
		{"verify TRACE...", "re-read the sources and re-add every number of the store", verifyLong,
			"  costscope verify traces.jsonl\n  costscope verify team.db", 1, -1, onTraces(nil, (*app).verifyTraces)},
		{"push TRACE... ADDRESS", "write traces into a team's ClickHouse", pushLong,
			"  costscope push traces/ clickhouse://db.example.com/agents", 2, -1, pushCommand},
		{"engine ddl", "print the tables that a ClickHouse needs for 'push'", engineLong,
			"  costscope engine ddl --cluster main | clickhouse-client --multiquery", 1, 1, engineCommand},
		{"sample", "write a synthetic trace whose true answers are known", sampleLong(),
			"  costscope sample --scenario retry-storm --seed 7 -o storm.jsonl\n  costscope sample --demo | costscope report -", 0, 0, sampleCommand},
		{"formats [NAME...]", "list the trace formats that can be read, and what each tells", formatsLong,
			"  costscope formats\n  costscope formats claude-code\n  costscope formats --map-for calls.jsonl > map.yaml", 0, -1, formatsCommand},
		{"prices [MODEL...]", "show prices, and which row of the price book a model's name matches", pricesLong,
			"  costscope prices\n  costscope prices anthropic/claude-sonnet-4 gpt-4o\n  costscope prices import model_prices_and_context_window.json -o prices.json", 0, -1, pricesCommand},
		{"version", "print the version", "Print the version of costscope.", "", 0, 0, versionCommand},
		{"completion SHELL", "print a completion script for bash, zsh, fish or powershell", completionLong,
			"  source <(costscope completion bash)", 1, 1, completionCommand},
	}
}

// execute runs the command line.
func (a *app) execute(args []string) error {
	root := a.root()
	root.SetArgs(defaultToOpen(args))
	err := root.ExecuteContext(a.ctx)
	var f *failure
	if err != nil && !errors.As(err, &f) && strings.HasPrefix(err.Error(), "unknown command") {
		return unknownCommand(args[0])
	}
	return err
}

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "costscope",
		Short:         "see where the money of agent runs goes",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetVersionTemplate("costscope {{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	cobra.EnableCommandSorting = false
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return wrongUsage("see '"+c.CommandPath()+" --help'", "%w", err)
	})
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 96 "))
	for _, c := range commands {
		root.AddCommand(a.build(c))
	}
	root.SetHelpCommand(helpCommand(root))
	return root
}

// helpCommand is cobra's, but a command that is not there is wrong usage.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "show the flags of a command, with examples", DisableFlagsInUseLine: true,
		ValidArgs: commandNames(),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				root.InitDefaultHelpFlag()
				root.InitDefaultVersionFlag()
				return root.Help()
			}
			c, _, err := root.Find(args)
			if err != nil || c == root {
				return unknownCommand(args[0])
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
}

func (a *app) build(c command) *cobra.Command {
	cc := &cobra.Command{Use: c.use, Short: c.short, Long: c.long, Example: c.example, DisableFlagsInUseLine: true}
	cc.Args = func(_ *cobra.Command, args []string) error { return c.count(len(args)) }
	do := c.setup(a, cc)
	cc.RunE = func(_ *cobra.Command, args []string) error { return do(args) }
	cc.Flags().SortFlags = false
	return cc
}

// count checks the number of arguments.
func (c command) count(n int) error {
	hint := "usage: costscope " + c.use
	switch {
	case n < c.min && c.max == 1:
		return wrongUsage(hint, "%s needs an argument", c.name())
	case n < c.min && c.max == 2:
		return wrongUsage(hint, "%s needs two TRACEs: what was, and what is", c.name())
	case n < c.min:
		return wrongUsage(hint, "%s needs at least one TRACE: a file, a directory, a glob, or - for standard input", c.name())
	case c.max >= 0 && n > c.max:
		return wrongUsage(hint, "%s takes %s, not %d", c.name(), []string{"no argument", "one argument", "two TRACEs"}[c.max], n)
	}
	return nil
}

// defaultToOpen puts "open" before a command line that begins with a trace, or with flags and names no command.
func defaultToOpen(args []string) []string {
	if len(args) == 0 || isCommand(args[0]) {
		return args
	}
	first := args[0]
	if strings.HasPrefix(first, "-") && first != "-" {
		switch {
		case first == "-h" || first == "--help" || first == "--version" || slices.ContainsFunc(args, isCommand):
			return args
		}
		return append([]string{"open"}, args...)
	}
	if first == "-" || looksLikePath(first) {
		return append([]string{"open"}, args...)
	}
	return args
}

func isCommand(s string) bool {
	return s == "help" || strings.HasPrefix(s, "__complete") || slices.ContainsFunc(commands, func(c command) bool { return c.name() == s })
}

// looksLikePath tells a trace from a mistyped command: it exists, or it is written as only paths are.
func looksLikePath(s string) bool {
	if _, err := os.Stat(s); err == nil {
		return true
	}
	return strings.ContainsAny(s, `./\*?[~`)
}

// unknownCommand names the nearest command.
func unknownCommand(word string) error {
	hint := "see 'costscope help'"
	if near := nearest(word, commandNames()); near != "" {
		hint = fmt.Sprintf("did you mean 'costscope %s'?", near)
	}
	return wrongUsage(hint, "%q is neither a command nor a trace that exists", word)
}

func commandNames() []string {
	var names []string
	for _, c := range commands {
		names = append(names, c.name())
	}
	return names
}

// nearest returns the name within two edits of word, or the one that word begins; "" when there is none.
func nearest(word string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		d := edits(word, n)
		if len(word) > 1 && strings.HasPrefix(n, word) {
			d = 1
		}
		if d < least && d < len(n) {
			best, least = n, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two short words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}

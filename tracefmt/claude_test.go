package tracefmt

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// claudeGroup is what a few Claude Code files, loaded together, come to.
type claudeGroup struct {
	names *Names
	lines int
	bad   int
	runs  []claudeRun
}

// claudeRun is a copy of a Run that outlives the Assembler's next one.
type claudeRun struct {
	id    string
	calls []Call
	marks []Record
}

// A claudeFile is a file's path and text.
type claudeFile struct {
	path string
	data []byte
}

// loadClaude decodes lines in the given order of files and, with mix, shuffled; then homes, merges and assembles as a store does.
func loadClaude(t testing.TB, files []claudeFile, mix *rand.Rand) claudeGroup {
	t.Helper()
	g := claudeGroup{names: NewNames()}
	d := NewDecoder(g.names, nil)
	d.Format = FormatClaude
	for n, f := range files {
		d.Path = f.path
		off := 0
		for line := range bytes.Lines(f.data) {
			at := off
			off += len(line)
			line = bytes.TrimSpace(line)
			if len(line) == 0 {
				continue
			}
			g.lines++
			if err := d.Decode(line, SourceRef{Source: uint32(n), Offset: int64(at), Length: int64(len(line))}); err != nil {
				g.bad++
			}
		}
	}
	if mix != nil {
		mix.Shuffle(len(d.Out), func(i, j int) { d.Out[i], d.Out[j] = d.Out[j], d.Out[i] })
	}
	byRun := home(d.Out)
	a := &Assembler{Names: g.names, Order: func(x, y SourceRef) int {
		return cmp.Or(cmp.Compare(files[x.Source].path, files[y.Source].path), cmp.Compare(x.Offset, y.Offset))
	}}
	for _, id := range slices.Sorted(maps.Keys(byRun)) {
		g.runs = append(g.runs, keep(a.Assemble(a.Merge(byRun[id]))))
	}
	return g
}

// home sorts records into runs: a record of store-wide identity goes to the smallest of its runs.
func home(recs []Record) map[string][]Record {
	type key struct {
		mark bool
		id   string
	}
	first := map[key]string{}
	for _, r := range recs {
		k := key{r.Kind == KindMark, r.ID}
		if run, ok := first[k]; r.Flags&FlagGlobal != 0 && (!ok || r.Run < run) {
			first[k] = r.Run
		}
	}
	byRun := map[string][]Record{}
	for _, r := range recs {
		if r.Flags&FlagGlobal != 0 {
			r.Run = first[key{r.Kind == KindMark, r.ID}]
		}
		byRun[r.Run] = append(byRun[r.Run], r)
	}
	return byRun
}

func keep(run *Run) claudeRun {
	k := claudeRun{id: run.ID}
	for _, c := range run.Calls {
		r := *c.Record
		c.Record = &r
		k.calls = append(k.calls, c)
	}
	for _, m := range run.Marks {
		k.marks = append(k.marks, *m)
	}
	return k
}

func (g claudeGroup) calls() (all []Call) {
	for _, r := range g.runs {
		all = append(all, r.calls...)
	}
	return all
}

func (g claudeGroup) marks() (all []Record) {
	for _, r := range g.runs {
		all = append(all, r.marks...)
	}
	return all
}

// where names the part of the logs that a call comes from, in the words of the table of expected values.
func where(c Call) string {
	switch {
	case c.Event == EventAgentResult:
		return "subagent final call (Task result only)"
	case c.Flags&FlagProgress != 0:
		return "subagent inline (agent_progress)"
	case c.Flags&FlagSubagentFile != 0:
		return "subagent file"
	case c.Flags&FlagIteration != 0:
		return "main (earlier iteration)"
	}
	return "main"
}

// rates are USD per million tokens: input, cache read, five-minute write, one-hour write, output.
type rates [5]float64

// table sums the model calls as the expected tables do: "where | model" to calls, input, read, 5m, 1h, output and cost.
func (g claudeGroup) table(prices map[string]rates) map[string]string {
	type row struct {
		n    [6]int64
		cost USD
	}
	rows := map[string]*row{}
	unpriced := false
	for _, c := range g.calls() {
		if c.Kind != KindLLM || !c.Counted {
			continue
		}
		model := cmp.Or(g.names.Name(c.Model), "(unknown)")
		u := c.Usage
		n := [6]int64{1, u.Uncached(), u.CacheRead, u.CacheWrite - u.CacheWrite1h, u.CacheWrite1h, u.Output}
		var cost USD
		for i, rate := range prices[model] {
			cost += USD(n[i+1]) * USD(rate*1e6+0.5)
		}
		for _, k := range []string{where(c) + " | " + model, "**total** | "} {
			if rows[k] == nil {
				rows[k] = &row{}
			}
			for i := range n {
				rows[k].n[i] += n[i]
			}
			rows[k].cost += cost
		}
		if _, ok := prices[model]; !ok {
			unpriced = true
			rows[where(c)+" | "+model].cost = -1
		}
	}
	out := map[string]string{}
	for k, r := range rows {
		cost := strconv.FormatFloat(r.cost.Float(), 'f', 6, 64) // the table was made with floats, too
		switch {
		case r.cost < 0:
			cost = "unpriced"
		case unpriced && strings.HasPrefix(k, "**"):
			cost += " (+ unpriced rows)"
		}
		out[k] = strings.Trim(strings.ReplaceAll(fmt.Sprint(r.n), " ", " | "), "[]") + " | " + cost
	}
	return out
}

// head counts what the line above each expected table counts.
func (g claudeGroup) head() map[string]int {
	n := map[string]int{"bad lines": g.bad, "lines": g.lines}
	agents := map[Sym]bool{}
	var compactions []string
	for _, c := range g.calls() {
		if c.Instance != 0 {
			agents[c.Instance] = true
		}
		if c.Kind == KindTool {
			n["tool calls"]++
			if c.Status == StatusError && c.Flags&FlagProgress == 0 {
				n["tool results with is_error"]++
			}
		}
	}
	n["subagents"] = len(agents)
	n["sessions"] = len(g.runs)
	for _, m := range g.marks() {
		switch m.Event {
		case EventAPIError:
			if g.names.Name(m.Name) == "final" {
				n["isApiErrorMessage lines"]++
				continue
			}
			n["api_error lines"]++
			n["max retryAttempt"] = max(n["max retryAttempt"], int(m.Attempt))
			if m.Attempt == 1 {
				n["retry chains"]++
			}
		case EventMicroCompact:
			n["microcompactions"]++
		case EventFallback:
			n["refusal fallbacks"]++
		case EventCompact:
			compactions = append(compactions, fmt.Sprintf("('%s', %d)", g.names.Name(m.Name), m.Usage.Input))
		}
	}
	n["compactions "+cmp.Or(strings.Join(compactions, ", "), "none")] = 1
	return n
}

// An expectation is one group of the table of expected values.
type expectation struct {
	group string
	head  map[string]int
	rows  map[string]string
}

var headCount = regexp.MustCompile(`([a-zA-Z_][a-zA-Z_ ]*?) (\d+)[,.]`)

// readExpected parses the Claude Code section of the table of expected values, and its price table.
func readExpected(t *testing.T) (map[string]rates, []expectation) {
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "traces", "EXPECTED-agents.md"))
	if err != nil {
		t.Skip("../shared is not there")
	}
	prices := map[string]rates{}
	var all []expectation
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "## ") {
			section = line
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case section == "" && len(cells) == 6:
			var r rates
			for i := range r {
				r[i], err = strconv.ParseFloat(cells[i+1], 64)
			}
			if err == nil {
				prices[cells[0]] = r
			}
		case !strings.HasSuffix(section, "Claude Code session logs"):
		case strings.HasPrefix(line, "### "):
			all = append(all, expectation{strings.TrimPrefix(line, "### "), map[string]int{}, map[string]string{}})
		case len(all) > 0 && strings.Contains(line, "file(s). lines"):
			e := &all[len(all)-1]
			counts, compactions, _ := strings.Cut(line, "Compactions (trigger, preTokens): ")
			_, counts, _ = strings.Cut(counts, "file(s).")
			for _, m := range headCount.FindAllStringSubmatch(counts, -1) {
				e.head[m[1]], _ = strconv.Atoi(m[2])
			}
			e.head["compactions "+strings.Trim(compactions, "[].")] = 1
		case len(all) > 0 && len(cells) == 9 && strings.IndexAny(cells[2], "0123456789") == 0:
			all[len(all)-1].rows[cells[0]+" | "+cells[1]] = strings.Join(cells[2:], " | ")
		}
	}
	return prices, all
}

func readFiles(t *testing.T, root string) (files []claudeFile) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, claudeFile{path, data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Counts that records do not keep, because nothing asks for them.
var uncounted = []string{"synthetic lines", "call outputs corrected from the Task result"}

func TestClaudeExpected(t *testing.T) {
	prices, all := readExpected(t)
	if len(all) != 12 {
		t.Fatalf("%d groups of expected values", len(all))
	}
	for _, e := range all {
		t.Run(e.group, func(t *testing.T) {
			files := readFiles(t, filepath.Join("..", "..", "shared", "traces", "claude-code", e.group))
			mix := rand.New(rand.NewPCG(1, 2))
			for round := range 4 {
				var r *rand.Rand
				if round > 0 {
					r = mix
					slices.Reverse(files)
				}
				g := loadClaude(t, files, r)
				if got := g.table(prices); !maps.Equal(got, e.rows) {
					t.Errorf("round %d:\n got %v\nwant %v", round, got, e.rows)
				}
				head := g.head()
				for k, want := range e.head {
					if !slices.Contains(uncounted, k) && head[k] != want {
						t.Errorf("%s: %d, want %d", k, head[k], want)
					}
				}
			}
		})
	}
}

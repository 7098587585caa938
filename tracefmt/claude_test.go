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

	"github.com/go-json-experiment/json"
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

// show is one line per call, and per mark other than a prompt.
func (g claudeGroup) show() string {
	var b strings.Builder
	n := g.names.Name
	sec := func(ns int64) string { return strconv.FormatFloat(float64(ns%3600e9)/1e9, 'f', -1, 64) }
	calls := func(yield func(Call, string) bool) {
		for _, r := range g.runs {
			for _, c := range r.calls {
				up := ""
				if c.Up >= 0 {
					up = r.calls[c.Up].ID
				}
				if !yield(c, up) {
					return
				}
			}
		}
	}
	for c, up := range calls {
		switch {
		case up != "":
			up = " in " + up
		case c.Parent != "":
			up = " for " + c.Parent
		}
		fmt.Fprintf(&b, "%s-%s %s %s %s/%s %s%s", sec(c.Start), sec(c.End), c.Kind, c.ID, n(c.Workflow), n(c.Agent), c.Status, up)
		if c.Attempt > 0 {
			fmt.Fprintf(&b, " try %d", c.Attempt)
		}
		if c.Kind == KindLLM {
			u := c.Usage
			fmt.Fprintf(&b, " %s %d+%d+%d(%d)+%d counted %v", n(c.Model), u.Uncached(), u.CacheRead, u.CacheWrite, u.CacheWrite1h, u.Output, c.Counted)
		}
		b.WriteByte('\n')
	}
	for _, m := range g.marks() {
		if m.Event != EventPrompt {
			fmt.Fprintf(&b, "mark %d %s %q %s try %d tokens %d agent %s\n", m.Event, m.ID, n(m.Error), m.Status, m.Attempt, m.Usage.Input, n(m.Agent))
		}
	}
	return b.String()
}

// shopCalls is the session of testdata/claude/projects. Call msg_1 took from its prompt to the last of its lines; msg_2 is the third
// try; agents are called what the Task tool calls them; msg_s2 has the output of the Task's result; the last call of ag2 is only in
// its result; ag3 runs in the background; msg_4 was refused by one model first.
const shopCalls = `0-6 llm msg_1 shop/main unset claude-opus-4-6 3+1000+500(500)+90 counted true
5-27.5 tool tool_grep shop/main ok for msg_1
6-8 tool tool_read shop/main error for msg_1
10-15 llm msg_2 shop/main unset try 3 claude-opus-4-6 5+1500+40(0)+30 counted true
14-25 tool tool_task1 shop/main ok for msg_2
15-17 llm msg_s1 shop/Explore unset in tool_task1 claude-haiku-4-5 3+0+400(0)+12 counted true
15-26 tool tool_task2 shop/main ok for msg_2
15.5-18 llm msg_p1 shop/reviewer unset in tool_task2 claude-haiku-4-5 2+0+700(0)+3 counted true
17-18 tool tool_glob shop/Explore ok in tool_task1
18-19 tool tool_bash shop/reviewer ok in tool_task2
18-22 llm msg_s2 shop/Explore unset in tool_task1 claude-haiku-4-5 1+400+60(0)+800 counted true
19-26 llm agentresult:tool_task2 shop/reviewer ok in tool_task2 claude-haiku-4-5 0+700+20(0)+150 counted true
27.5-30 llm msg_3 shop/main unset claude-opus-4-6 4+1600+10(10)+20 counted true
30-30.5 tool tool_task3 shop/main ok for msg_3
31-39 llm msg_c1 shop/compact unset claude-opus-4-6 3+150000+0(0)+900 counted true
40.5-50 llm msg_4#1 shop/main error try 1 claude-fable-5 2+3000+2000(2000)+7 counted true
40.5-50 llm msg_4 shop/main unset try 2 claude-opus-4-6 2+5000+0(0)+40 counted true
mark 2 e1 "529" error try 1 tokens 0 agent main
mark 2 e2 "529" error try 2 tokens 0 agent main
mark 6 agentresult:tool_task1 "" ok try 0 tokens 461 agent Explore
mark 6 agentresult:tool_nowhere "" unset try 0 tokens 3 agent 
mark 6 agentresult:tool_grep "" unset try 0 tokens 3 agent 
mark 6 agentresult:tool_task3 "" unfinished try 0 tokens 0 agent Explore
mark 3 c1 "" unset try 0 tokens 150000 agent main
mark 4 c2 "" unset try 0 tokens 60000 agent main
mark 5 f1 "" unset try 0 tokens 0 agent main
mark 2 e3 "" error try 1 tokens 0 agent main
mark 2 a8 "API Error: 500" error try 2 tokens 0 agent main
`

func TestClaudeSessionInAnyOrder(t *testing.T) {
	files := readFiles(t, filepath.Join("testdata", "claude", "projects"))
	if len(files) != 3 {
		t.Fatalf("%d files", len(files))
	}
	for seed := range uint64(20) {
		var mix *rand.Rand
		if seed > 0 {
			mix = rand.New(rand.NewPCG(seed, 0))
			mix.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		}
		g := loadClaude(t, files, mix)
		if got := g.show(); got != shopCalls || g.bad > 0 {
			t.Fatalf("seed %d, %d bad lines:\n%s", seed, g.bad, diffLines(shopCalls, got))
		}
	}
}

func diffLines(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// A store keeps what was joined and joins it again when more arrives: a subagent's file after its parent's, say.
func TestClaudeJoinsAgainWhenMoreArrives(t *testing.T) {
	files := readFiles(t, filepath.Join("testdata", "claude", "projects"))
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Format = FormatClaude
	order := func(x, y SourceRef) int {
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Offset, y.Offset))
	}
	for n, f := range files {
		d.Path = f.path
		off := int64(0)
		for line := range bytes.Lines(f.data) {
			if err := d.Decode(bytes.TrimSpace(line), SourceRef{Source: uint32(n), Offset: off}); err != nil {
				t.Fatal(err)
			}
			off += int64(len(line))
		}
	}
	a := &Assembler{Names: names, Order: order}
	for cut := range d.Out {
		for _, late := range []bool{false, true} {
			first, second := slices.Clone(d.Out[:cut]), slices.Clone(d.Out[cut:])
			if late {
				first, second = second, first
			}
			first = a.Merge(first)
			a.Assemble(first)
			run := a.Assemble(a.Merge(append(first, second...)))
			g := claudeGroup{names: names, runs: []claudeRun{keep(run)}}
			if got := g.show(); got != shopCalls {
				t.Fatalf("cut after %d records, late %v: %s", cut, late, diffLines(shopCalls, got))
			}
		}
	}
}

func TestClaudeWithoutSubagentFiles(t *testing.T) {
	files := readFiles(t, filepath.Join("testdata", "claude", "projects"))
	files = slices.DeleteFunc(files, func(f claudeFile) bool { return strings.Contains(f.path, "subagents") })
	got := loadClaude(t, files, nil).show()
	for _, want := range []string{
		// of ag1 nothing but the result of its last call is left: its model is unknown, and it began some time after its tool
		"14-25 llm agentresult:tool_task1 shop/Explore ok in tool_task1  1+400+60(0)+800 counted true",
		"19-26 llm agentresult:tool_task2 shop/reviewer ok in tool_task2 claude-haiku-4-5 0+700+20(0)+150 counted true",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
	for _, gone := range []string{"msg_c1", "msg_s1", "llm agentresult:tool_nowhere", "llm agentresult:tool_grep", "llm agentresult:tool_task3"} {
		if strings.Contains(got, gone) {
			t.Errorf("%q in\n%s", gone, got)
		}
	}
}

// decodeClaudeLine decodes one line at a path.
func decodeClaudeLine(t *testing.T, path, line string) ([]Record, *Names, error) {
	t.Helper()
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Format, d.Path = FormatClaude, path
	err := d.Decode([]byte(line), SourceRef{})
	return d.Out, names, err
}

func TestClaudeUsage(t *testing.T) {
	for _, c := range []struct {
		name, usage string
		want        Usage
		has         Fields
		flags       Flags
	}{
		{"split writes", `{"input_tokens":10,"output_tokens":50,"cache_read_input_tokens":0,"cache_creation_input_tokens":100000,"cache_creation":{"ephemeral_5m_input_tokens":20000,"ephemeral_1h_input_tokens":80000}}`,
			Usage{Input: 100010, CacheWrite: 100000, CacheWrite1h: 80000, Output: 50}, HasInput | HasOutput | HasCacheRead | HasCacheWrite | HasCacheWrite1h, 0},
		{"no split", `{"input_tokens":10,"output_tokens":50,"cache_creation_input_tokens":100000}`,
			Usage{Input: 100010, CacheWrite: 100000, Output: 50}, HasInput | HasOutput | HasCacheWrite, FlagWriteSplitGuess},
		{"split alone", `{"input_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":7}}`,
			Usage{Input: 8, CacheWrite: 7, CacheWrite1h: 7}, HasInput | HasCacheWrite | HasCacheWrite1h, 0},
		{"nothing known", `{}`, Usage{}, 0, 0},
		{"nulls", `{"input_tokens":null,"output_tokens":3,"cache_creation":null}`, Usage{Output: 3}, HasOutput, 0},
		{"batch", `{"input_tokens":2,"service_tier":"batch"}`, Usage{Input: 2}, HasInput, FlagBatch},
		{"one iteration repeats the usage", `{"input_tokens":2,"output_tokens":1,"iterations":[{"input_tokens":2,"output_tokens":1}]}`,
			Usage{Input: 2, Output: 1}, HasInput | HasOutput, 0},
	} {
		out, _, err := decodeClaudeLine(t, "x.jsonl", `{"type":"assistant","sessionId":"s","message":{"id":"m","model":"c","usage":`+c.usage+`}}`)
		if err != nil || len(out) != 1 {
			t.Errorf("%s: %d records, %v", c.name, len(out), err)
			continue
		}
		r := out[0]
		if r.Usage != c.want || r.Has != c.has || r.Flags != c.flags|FlagSnapshot|FlagGlobal {
			t.Errorf("%s: %+v has %b flags %b", c.name, r.Usage, r.Has, r.Flags)
		}
	}
}

func TestClaudeLines(t *testing.T) {
	const call = `"message":{"id":"m","model":"c","usage":{"input_tokens":1}}`
	for _, c := range []struct {
		name, line string
		records    int
		bad        bool
	}{
		{"keys in any order, spaced", `{ "message" : { "usage" : {"input_tokens" : 1}, "model" : "c" , "id" : "m" } , "sessionId" : "s" , "type" : "assistant" }`, 1, false},
		{"unknown type", `{"type":"new-thing","sessionId":"s",` + call + `}`, 0, false},
		{"snapshot", `{"type":"file-history-snapshot","messageId":"u1","snapshot":{}}`, 0, false},
		{"no id at all", `{"type":"assistant","sessionId":"s","message":{"model":"c","usage":{"input_tokens":1}}}`, 1, false},
		{"no usage", `{"type":"assistant","sessionId":"s","message":{"id":"m","model":"c"}}`, 0, false},
		{"synthetic", `{"type":"assistant","sessionId":"s","message":{"id":"m","model":"<synthetic>","usage":{"input_tokens":0}}}`, 0, false},
		{"usage in text only", `{"type":"user","uuid":"u","sessionId":"s","message":{"role":"user","content":"\"usage\":{\"input_tokens\":5}"}}`, 1, false},
		{"several results in a line", `{"type":"user","sessionId":"s","message":{"content":[{"type":"tool_result","tool_use_id":"a"},{"type":"tool_result","tool_use_id":"b","is_error":true}]}}`, 2, false},
		{"odd kinds", `{"type":"assistant","sessionId":7,"message":{"id":null,"content":{"a":1},"usage":[],"model":["x"]},"toolUseResult":[{"agentId":"x"}],"data":"x"}`, 0, false},
		{"a tool's own usage may be anything", `{"type":"user","uuid":"u","sessionId":"s","message":{"content":[{"type":"tool_result","tool_use_id":"a"}]},"toolUseResult":{"agentId":"x","usage":{"input_tokens":-1,"output_tokens":4}}}`, 2, false},
		{"negative count", `{"type":"assistant","sessionId":"s","message":{"id":"m","model":"c","usage":{"input_tokens":-1}}}`, 0, true},
		{"fraction", `{"type":"assistant","sessionId":"s","message":{"id":"m","model":"c","usage":{"output_tokens":1.5}}}`, 0, true},
		{"cut", `{"type":"assistant","sessionId":"s","message":{"id":"m","mod`, 0, true},
		{"cut object before a whole one", `{"type":"user","message":{"role":"us{"type":"file-history-snapshot","snapshot":{}}`, 0, true},
		{"two objects", `{"type":"assistant","sessionId":"s",` + call + `}{"type":"summary"}`, 0, true},
		{"no object", `[1]`, 0, true},
	} {
		out, _, err := decodeClaudeLine(t, "x.jsonl", c.line)
		if len(out) != c.records || (err != nil) != c.bad {
			t.Errorf("%s: %d records, error %v", c.name, len(out), err)
		}
	}
}

func TestClaudeProject(t *testing.T) {
	for _, c := range []struct{ path, cwd, workflow, guess string }{
		{"/h/.claude/projects/-home-ada-src-shop/s.jsonl", "/home/ada/src/shop", "shop", ""},
		{"/h/.claude/projects/-home-ada-src-shop/s.jsonl", "/home/ada/src/shop/web/static", "shop", ""},
		{"/h/.claude/projects/-home-ada-my-shop-v2/s/subagents/agent-a.jsonl", "/home/ada/my_shop.v2/cmd", "my_shop.v2", ""},
		{"/h/.claude/projects/-home-ada-src-shop/s.jsonl", "/home/bob/api", "api", ""},
		{"/h/.claude/projects/-home-ada-src-shop/s.jsonl", "", "-home-ada-src-shop", ""},
		{`C:\Users\ada\.claude\projects\D--src-shop\s.jsonl`, `D:\\src\\shop`, "shop", ""},
		{"session.jsonl", "/home/ada/src/shop/", "", "shop"},
		{"session.jsonl", `D:\\shop`, "", "shop"},
		{"session.jsonl", "", "", ""},
	} {
		out, names, err := decodeClaudeLine(t, c.path, `{"type":"user","uuid":"u","sessionId":"s","cwd":"`+c.cwd+`","message":{"content":"x"}}`)
		if err != nil || len(out) != 1 {
			t.Fatal(err, len(out))
		}
		if w, s := names.Name(out[0].Workflow), names.Name(out[0].Service); w != c.workflow || s != c.guess {
			t.Errorf("%s at %s: %q, %q", c.path, c.cwd, w, s)
		}
	}
}

func TestClaudeSessionByPath(t *testing.T) {
	const line = `{"type":"assistant","isSidechain":true,"message":{"id":"m","model":"c","usage":{}}}`
	for _, c := range []struct{ path, run, instance string }{
		{"p/s1.jsonl", "s1", "sidechain"},
		{"p/s1/subagents/agent-x7.jsonl", "s1", "x7"},
		{"p/agent-x7.jsonl.gz", "agent-x7", "x7"},
	} {
		out, names, err := decodeClaudeLine(t, c.path, line)
		if err != nil || out[0].Run != c.run || names.Name(out[0].Instance) != c.instance || out[0].Agent != 0 {
			t.Errorf("%s: run %q, instance %q, %v", c.path, out[0].Run, names.Name(out[0].Instance), err)
		}
	}
}

func TestClaudeUnderstated(t *testing.T) {
	for v, want := range map[string]bool{"2.1.11": false, "2.1.12": true, "2.1.49": true, "2.1.50": false, "2.0.20": false, "2.1.x": false, "": false} {
		if claudeUnderstates(v) != want {
			t.Errorf("%q: %v", v, !want)
		}
	}
}

// The hash of a line's id is kept in stores: it must never change.
func TestLineHashIsStable(t *testing.T) {
	for id, want := range map[string]uint64{"": 0, "u1": 0xd45672474fa57aad, "0b5ce83c-5dd7-4df9-a5fe-0ee9cc102bca": 0x484bf25fc2692c8b} {
		if got := lineHash([]byte(id)); got != want {
			t.Errorf("%q: %#x", id, got)
		}
	}
}

// claudeSniffs says whether a value looks like a line of Claude Code's.
func claudeSniffs(value []byte) bool {
	p, ok := peekAt(value)
	return ok && sniffClaude(&p)
}

func TestClaudeIsRecognised(t *testing.T) {
	yes := []string{
		`{"type":"summary","summary":"t","leafUuid":"u"}`,
		`{"type":"file-history-snapshot","messageId":"u","snapshot":{}}`,
		`{"type":"queue-operation","operation":"enqueue","sessionId":"s"}`,
		`{"parentUuid":null,"sessionId":"s","type":"user","message":{}}`,
		`{"type":"assistant","timestamp":"t","sessionId":"s1","requestId":"r","message":{}}`,
		`{"type":"mode","mode":"normal","sessionId":"s"}`,
	}
	no := []string{
		`{"type":"system","subtype":"init","session_id":"s"}`,
		`{"sessionId":"s","projectHash":"p","startTime":"t","kind":"main"}`,
		`{"uuid":"u","parentUuid":null,"sessionId":"s","type":"assistant","usageMetadata":{}}`,
		`{"uuid":"u","parentUuid":null,"sessionId":"s","type":"system","systemPayload":{}}`,
		`{"uuid":"u","parentUuid":null,"sessionId":"s","type":"user","message":{"role":"user","parts":[{"text":"hi"}]}}`,
		`{"type":"session.start","data":{"sessionId":"s"}}`,
		`{"type":"message","id":"m","message":{"role":"assistant"}}`,
		`{"trace_id":"t","span_id":"s"}`,
		`{"type":"run","trace_id":"t"}`,
		`{"type":"message","role":"assistant","usage":{"input_tokens":1}}`,
	}
	for _, v := range yes {
		if !claudeSniffs([]byte(v)) {
			t.Errorf("not recognised: %s", v)
		}
	}
	for _, v := range no {
		if claudeSniffs([]byte(v)) {
			t.Errorf("taken for Claude Code: %s", v)
		}
	}
}

func TestClaudeIsRecognisedAmongTraces(t *testing.T) {
	root := filepath.Join("..", "..", "shared", "traces")
	if _, err := os.Stat(root); err != nil {
		t.Skip("../shared is not there")
	}
	for _, f := range readFiles(t, root) {
		if !strings.HasSuffix(f.path, ".jsonl") {
			continue
		}
		line, _, _ := bytes.Cut(f.data, []byte("\n"))
		want := strings.HasPrefix(f.path, filepath.Join(root, "claude-code")+string(filepath.Separator))
		if got := claudeSniffs(line); got != want {
			t.Errorf("%s: %v", f.path, got)
		}
	}
}

// Only a fallback says that what came before was refused: other iterations are calls of their own.
func TestClaudeIterations(t *testing.T) {
	for kind, want := range map[string]string{
		"message":          "m#1 claude-b unset 0 7 /m claude-a unset 0 3 ",
		"fallback_message": "m#1 claude-b error 1 7 /m claude-a unset 2 3 m#1",
	} {
		out, names, err := decodeClaudeLine(t, "x.jsonl", `{"type":"assistant","sessionId":"s","message":{"id":"m","model":"claude-a","usage":{"input_tokens":3,"iterations":[`+
			`{"type":"message","input_tokens":7,"model":"claude-b"},{"type":"`+kind+`","input_tokens":3,"model":"claude-a"}]}}}`)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range out {
			got = append(got, fmt.Sprintf("%s %s %s %d %d %s", r.ID, names.Name(r.Model), r.Status, r.Attempt, r.Usage.Input, r.RetryOf))
		}
		if g := strings.Join(got, "/"); g != want {
			t.Errorf("%s: %s, want %s", kind, g, want)
		}
	}
}

// cases a1 and a7 of ../shared/cases, priced by hand in their README with acme-large at 3, 0.3, 3.75, 6 and 15 USD per million tokens.
func TestClaudeCases(t *testing.T) {
	prices := map[string]rates{"acme-large": {3, 0.3, 3.75, 6, 15}}
	for name, want := range map[string]string{
		"a1-streaming-snapshots.jsonl": "1 | 4 | 20000 | 1000 | 0 | 480 | 0.016962",
		"a7-one-hour-cache.jsonl":      "2 | 20 | 0 | 120000 | 80000 | 100 | 0.931560",
	} {
		path := filepath.Join("..", "..", "shared", "cases", name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Skip("../shared is not there")
		}
		g := loadClaude(t, []claudeFile{{path, data}}, nil)
		if got := g.table(prices)["**total** | "]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		guessed := 0
		for _, c := range g.calls() {
			if c.Flags&FlagWriteSplitGuess != 0 {
				guessed++
			}
		}
		if guessed != 1 {
			t.Errorf("%s: %d calls with five-minute writes assumed", name, guessed)
		}
	}
}

// A resumed session begins with a copy of the one before under its own id: every call counts once, wherever it is read first.
func TestClaudeResumedCopyCountsOnce(t *testing.T) {
	whole := readFiles(t, filepath.Join("testdata", "claude", "projects"))
	copied := slices.Clone(whole)
	for _, f := range whole {
		lines := bytes.SplitAfter(f.data, []byte("\n"))
		part := bytes.Join(lines[:len(lines)*2/3], nil)
		copied = append(copied, claudeFile{strings.ReplaceAll(f.path, "s-shop", "s-zoo"), bytes.ReplaceAll(part, []byte("s-shop"), []byte("s-zoo"))})
	}
	want := loadClaude(t, whole, nil).table(nil)
	for _, files := range [][]claudeFile{copied, reversed(copied)} {
		if got := loadClaude(t, files, nil).table(nil); !maps.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	}
}

func reversed(files []claudeFile) []claudeFile {
	files = slices.Clone(files)
	slices.Reverse(files)
	return files
}

// refLine is what a full JSON library makes of a model call's line.
type refLine struct {
	Type    string `json:"type"`
	Message *struct {
		ID    string    `json:"id"`
		Model string    `json:"model"`
		Usage *refUsage `json:"usage"`
	} `json:"message"`
}

type refUsage struct {
	Input  int64 `json:"input_tokens"`
	Read   int64 `json:"cache_read_input_tokens"`
	Write  int64 `json:"cache_creation_input_tokens"`
	Output int64 `json:"output_tokens"`
	Split  struct {
		Short int64 `json:"ephemeral_5m_input_tokens"`
		Long  int64 `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
}

// agree compares what was read of a call's line with what a full JSON library reads. It says nothing about lines that the library
// refuses, and about names written with escapes, which the scanner does not resolve.
func agree(t *testing.T, line []byte, out []Record, err error) {
	var ref refLine
	if bytes.IndexByte(line, '\\') >= 0 || bytes.Count(line, []byte("{"))+bytes.Count(line, []byte("[")) > maxDepth || json.Unmarshal(line, &ref) != nil {
		return
	}
	if ref.Type != "assistant" || ref.Message == nil || ref.Message.Usage == nil || ref.Message.ID == "" || ref.Message.Model == "<synthetic>" {
		return
	}
	u := ref.Message.Usage
	for _, n := range []int64{u.Input, u.Read, u.Write, u.Output, u.Split.Short, u.Split.Long} {
		if n < 0 || n > maxCount {
			if err == nil {
				t.Errorf("a count of %d was taken", n)
			}
			return
		}
	}
	if err != nil {
		if err != errCount { // an iteration's count, which refUsage does not look at
			t.Errorf("refused: %v", err)
		}
		return
	}
	write := max(u.Write, u.Split.Short+u.Split.Long)
	want := Usage{Input: u.Input + u.Read + write, CacheRead: u.Read, CacheWrite: write, CacheWrite1h: u.Split.Long, Output: u.Output}
	for _, r := range out {
		if r.Kind == KindLLM && r.ID == ref.Message.ID {
			if r.Usage != want {
				t.Errorf("usage %+v, want %+v", r.Usage, want)
			}
			return
		}
	}
	t.Errorf("no call %q", ref.Message.ID)
}

// Whatever the bytes: no panic, no record of a line that was refused, and of calls what a full JSON library reads.
func FuzzClaude(f *testing.F) {
	for _, path := range []string{"s-shop.jsonl", "s-shop/subagents/agent-ag1.jsonl"} {
		data, err := os.ReadFile(filepath.Join("testdata", "claude", "projects", "-home-ada-src-shop", path))
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			f.Add(bytes.TrimSpace(line))
		}
	}
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Format, d.Path = FormatClaude, "p/projects/-x/s.jsonl"
	f.Fuzz(func(t *testing.T, line []byte) {
		d.Out = d.Out[:0]
		err := d.Decode(line, SourceRef{})
		if err != nil && len(d.Out) > 0 {
			t.Errorf("%d records of a refused line", len(d.Out))
		}
		agree(t, line, d.Out, err)
		for _, r := range d.Out {
			if u := r.Usage; r.Kind == KindLLM && (u.Uncached() < 0 || u.CacheWrite1h > u.CacheWrite) {
				t.Errorf("%+v", u)
			}
		}
		a := &Assembler{Names: names}
		for _, run := range home(slices.Clone(d.Out)) {
			a.Assemble(a.Merge(run))
		}
		checkSource(t, FormatClaude, line)
	})
}

// A tool may start while the answer that asked for it still streams: the subagent's calls are not parts of that answer.
func TestStreamedAnswerEnclosesNothing(t *testing.T) {
	lines := []string{
		`{"type":"assistant","sessionId":"s","uuid":"1","timestamp":"2026-01-01T00:00:01.000Z","message":{"id":"m1","model":"c","content":[{"type":"tool_use","id":"t1","name":"Task","input":{"subagent_type":"x"}}],"usage":{"input_tokens":100,"output_tokens":1}}}`,
		`{"type":"progress","sessionId":"s","uuid":"2","timestamp":"2026-01-01T00:00:02.000Z","parentToolUseID":"t1","data":{"type":"agent_progress","agentId":"a","message":{"type":"assistant","uuid":"i","message":{"id":"m2","model":"c","usage":{"input_tokens":10,"output_tokens":1}}}}}`,
		`{"type":"assistant","sessionId":"s","uuid":"3","timestamp":"2026-01-01T00:00:09.000Z","message":{"id":"m1","model":"c","content":[{"type":"text","text":""}],"usage":{"input_tokens":100,"output_tokens":50}}}`,
	}
	g := loadClaude(t, []claudeFile{{"s.jsonl", []byte(strings.Join(lines, "\n"))}}, nil)
	var counted []string
	for _, c := range g.calls() {
		if c.Kind == KindLLM && c.Counted && c.IsCall {
			counted = append(counted, c.ID)
		}
	}
	if !slices.Equal(counted, []string{"m1", "m2"}) {
		t.Errorf("counted %v", counted)
	}
}

// A call that stands in the agent's own file is no mere repetition, whichever of the two lines is read first.
func TestProgressGivesWayToTheFile(t *testing.T) {
	const file, progress = FlagSnapshot | FlagGlobal | FlagSubagentFile, FlagSnapshot | FlagGlobal | FlagProgress
	for _, c := range []struct {
		first, second, want Flags
	}{
		{file, progress, file}, {progress, file, file}, {progress, progress, progress},
	} {
		a := &Assembler{Names: NewNames()}
		recs := a.Merge([]Record{{ID: "m", Kind: KindLLM, Flags: c.first}, {ID: "m", Kind: KindLLM, Flags: c.second}})
		if len(recs) != 1 || recs[0].Flags != c.want {
			t.Errorf("%b and %b: %+v", c.first, c.second, recs)
		}
	}
}

// Attempts within one answer share their times: they come in order all the same.
func TestAttemptsComeInOrder(t *testing.T) {
	a := &Assembler{Names: NewNames()}
	run := a.Assemble([]Record{
		{Run: "r", ID: "m", Kind: KindLLM, Has: HasStart | HasEnd, Start: 1, End: 2, Attempt: 2},
		{Run: "r", ID: "m#1", Kind: KindLLM, Has: HasStart | HasEnd, Start: 1, End: 2, Attempt: 1},
	})
	if run.Calls[0].ID != "m#1" || run.Calls[1].ID != "m" {
		t.Errorf("%s before %s", run.Calls[0].ID, run.Calls[1].ID)
	}
}

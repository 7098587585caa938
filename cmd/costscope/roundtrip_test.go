package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"costscope/analyze"
	"costscope/store"
	"costscope/store/storetest"
	"costscope/tracefmt"
)

// A corpus is files that belong together: one file, or one folder of Claude Code logs. Files of different corpora may state the same ids.
type corpus struct {
	name, format string
	files        []traceFile
}

// A traceFile is a file by its path within a folder, which says something in some formats.
type traceFile struct {
	rel  string
	data []byte
}

// corpora finds the files of all formats in the shared folder.
func corpora(t *testing.T) (all []corpus) {
	formats := map[string]bool{}
	for _, part := range []string{"traces", "cases"} {
		root := shared(t, part)
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			format, err := tracefmt.Detect(path)
			if err != nil {
				return nil
			}
			rel, _ := filepath.Rel(root, path)
			if alike := "alike " + filepath.Ext(rel) + strings.Split(rel, string(filepath.Separator))[0]; strings.Contains(rel, "trajs") || strings.Contains(rel, "orchestrator-trials") || strings.Contains(rel, "openhands-index") || strings.Contains(rel, "native-storage") {
				if formats[alike] { // one of hundreds does
					return nil
				}
				formats[alike] = true
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if rel == filepath.Join("otlp-genai", "support-refund.evals.logs.jsonl") { // scores of calls in other files
				return nil
			}
			c := corpus{rel, tracefmt.Formats[format].Name, []traceFile{{rel, data}}}
			formats[c.format] = true
			if n := len(all) - 1; n >= 0 && together(all[n].name, rel) {
				all[n].files = append(all[n].files, c.files...)
				return nil
			}
			all = append(all, c)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range formats {
		if strings.HasPrefix(name, "alike ") {
			delete(formats, name)
		}
	}
	if len(formats) < 30 || len(all) < 40 {
		t.Fatalf("%d formats in %d corpora of the shared folder, want more", len(formats), len(all))
	}
	return all
}

// together tells whether two files are logs of one project.
func together(a, b string) bool {
	for _, dir := range []string{"project-dir", "resumed-snapshots"} {
		if strings.Contains(a, dir) && strings.Contains(b, dir) {
			return true
		}
	}
	return false
}

// write puts the files under a new folder, which it returns.
func (c corpus) write(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range c.files {
		path := filepath.Join(root, f.rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// inContext are formats whose lines do not stand alone: what they belong to is told at the file's beginning, or by their order.
var inContext = map[string]bool{"codex": true, "copilot-cli": true, "pi": true, "gemini-cli": true, "qwen-code": true, "claude-stream": true,
	"aider": true, "aider-chat": true, "autogen": true, "cline": true}

// lines are the lines of a file of which each is a value of its own; nil for any other file.
func (f traceFile) lines() [][]byte {
	lines := bytes.SplitAfter(f.data, []byte("\n"))
	if n := len(lines) - 1; len(lines[n]) == 0 {
		lines = lines[:n]
	} else {
		lines[n] = append(slices.Clone(lines[n]), '\n')
	}
	for _, l := range lines {
		if !json.Valid(l) && len(bytes.TrimSpace(l)) > 0 && len(lines) < 5 {
			return nil
		}
	}
	if len(lines) > 1 && !json.Valid(lines[0]) {
		return nil
	}
	return lines
}

// each makes another corpus of the same lines.
func (c corpus) each(change func(lines [][]byte) [][]byte) corpus {
	out := corpus{name: c.name, format: c.format}
	for _, f := range c.files {
		if lines := f.lines(); lines != nil {
			f.data = bytes.Join(change(lines), nil)
		}
		out.files = append(out.files, f)
	}
	return out
}

// split deals the lines of each file to n files of the same name in n folders, each keeping their order.
func (c corpus) split(r *rand.Rand, n int) corpus {
	out := corpus{name: c.name, format: c.format}
	for _, f := range c.files {
		lines := f.lines()
		if lines == nil {
			out.files = append(out.files, f)
			continue
		}
		parts := make([][]byte, n)
		for _, l := range lines {
			k := r.IntN(n)
			parts[k] = append(parts[k], l...)
		}
		for k, p := range parts {
			out.files = append(out.files, traceFile{filepath.Join(fmt.Sprintf("part-%d", k), f.rel), p})
		}
	}
	return out
}

var lineID = regexp.MustCompile(`"(?:id|uuid|tool_use_id|span_id)": ?"([^"]+)"`)

// shuffled mixes lines, but keeps the order of those that state the same id: of these a later one overwrites an earlier one.
func shuffled(r *rand.Rand, lines [][]byte) [][]byte {
	group := make([]int, len(lines)) // by its first line
	first := map[string]int{}
	for i, l := range lines {
		group[i] = i
		for _, m := range lineID.FindAllSubmatch(l, -1) {
			g, ok := first[string(m[1])]
			if !ok {
				first[string(m[1])] = i
				continue
			}
			from, to := group[i], group[g]
			for k := range group[:i+1] {
				if group[k] == from {
					group[k] = to
				}
			}
		}
	}
	places := map[int][]int{}
	for at, i := range r.Perm(len(lines)) {
		places[group[i]] = append(places[group[i]], at)
	}
	out := make([][]byte, len(lines))
	for i, l := range lines {
		out[places[group[i]][0]], places[group[i]] = l, places[group[i]][1:]
	}
	return out
}

// packed compresses every file.
func (c corpus) packed(t *testing.T) corpus {
	out := corpus{name: c.name, format: c.format}
	for i, f := range c.files {
		var b bytes.Buffer
		if i%2 == 0 {
			w := gzip.NewWriter(&b)
			w.Write(f.data)
			w.Close()
		} else {
			w, err := zstd.NewWriter(&b)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(f.data)
			w.Close()
		}
		out.files = append(out.files, traceFile{f.rel, b.Bytes()})
	}
	return out
}

// plain is a report less what names its sources: the program, the files, and the warnings about single files.
func plain(t *testing.T, report string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(report), &fields); err != nil {
		t.Fatal(err)
	}
	var warnings, kept []string
	json.Unmarshal(fields["warnings"], &warnings)
	for _, w := range warnings {
		if strings.HasPrefix(w, "no price for") {
			kept = append(kept, w)
		}
	}
	for _, drop := range []string{"version", "sources", "skipped"} {
		delete(fields, drop)
	}
	fields["warnings"], _ = json.Marshal(kept)
	var prices map[string]json.RawMessage
	if json.Unmarshal(fields["prices"], &prices) == nil && prices["repriced"] != nil { // tells how the store came to its prices
		delete(prices, "repriced")
		fields["prices"], _ = json.Marshal(prices)
	}
	b, err := json.MarshalIndent(fields, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fullBy asks for many dimensions at once, so that two equal reports have equal calls.
const fullBy = "workflow,agent,step,kind,model,tool,status,outcome,run,session,day"

func plainReport(t *testing.T, args ...string) string {
	t.Helper()
	got := cli(t, append([]string{"report", "--json", "--quiet", "--by", fullBy}, args...)...)
	if got.code != exitDone {
		t.Fatalf("report %q: exit code %d\n%s", args, got.code, got.errors)
	}
	return plain(t, got.out)
}

// same compares two texts by lines.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			from := max(0, i-25)
			t.Errorf("%s: line %d\n got %s\nwant %s\nafter %s", what, i, g[min(i, len(g)-1)], w[i], strings.Join(w[from:i], "\n"))
			return
		}
	}
	t.Errorf("%s: %d lines more", what, len(g)-len(w))
}

// TestAnyOrderSplitAndRepeat: how lines are dealt to files and batches, repeated and packed, changes no number of any format.
func TestAnyOrderSplitAndRepeat(t *testing.T) {
	for _, c := range corpora(t) {
		t.Run(c.name, func(t *testing.T) {
			ownCache(t)
			r := rand.New(rand.NewPCG(1, uint64(len(c.files))))
			root := c.write(t)
			if reportCode(t, root) != exitDone {
				t.Skip("holds no call")
			}
			want := plainReport(t, root)
			same(t, "a second load", plainReport(t, root), want)
			for _, v := range c.variants(t, r) {
				t.Run(v.name, func(t *testing.T) { same(t, v.name, plainReport(t, v.c.write(t)), want) })
			}
			t.Run("file by file", func(t *testing.T) {
				db := filepath.Join(t.TempDir(), "x.db")
				for _, i := range r.Perm(len(c.files)) {
					cli(t, "load", "--quiet", "--store", db, filepath.Join(root, c.files[i].rel))
				}
				same(t, "file by file", plainReport(t, db), want)
			})
		})
	}
}

// A variant is the same corpus, written otherwise.
type variant struct {
	name string
	c    corpus
}

// variants are those that change no number. Lines that do not stand alone keep their order and their file.
func (c corpus) variants(t *testing.T, r *rand.Rand) []variant {
	all := []variant{
		{"packed", c.packed(t)},
		{"repeated lines", c.each(func(l [][]byte) [][]byte { return append(l, l...) })},
		{"every line twice", c.each(func(l [][]byte) (out [][]byte) {
			for _, x := range l {
				out = append(out, x, x)
			}
			return out
		})},
	}
	if inContext[c.format] {
		return all
	}
	return append(all, variant{"split", c.split(r, 3)}, variant{"shuffled", c.each(func(l [][]byte) [][]byte { return shuffled(r, l) })})
}

// TestBoltAgainstMemory holds the store on disk against the reference over all shared files.
func TestBoltAgainstMemory(t *testing.T) {
	for _, c := range corpora(t) {
		root := c.write(t)
		var files []string
		for _, f := range c.files {
			files = append(files, filepath.Join(root, f.rel))
		}
		bolt, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "x.db")})
		if err != nil {
			t.Fatal(err)
		}
		mem := store.NewMem(store.Options{})
		for _, s := range []store.Store{bolt, mem} {
			if err := s.Load(t.Context(), files, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		storetest.Same(t, c.name, bolt, mem)
		bolt.Close()
	}
}

// TestRowsAddUp: under every dimension, alone and with others, each level adds up to the totals. One file of each format is asked for
// pairs, too.
func TestRowsAddUp(t *testing.T) {
	ownCache(t)
	seen := map[string]bool{}
	for _, c := range corpora(t) {
		root, first := c.write(t), !seen[c.format]
		if reportCode(t, root) != exitDone || !first && len(c.files[0].data) > 200<<10 {
			continue // holds no call; large ones of a format that was looked at
		}
		seen[c.format] = true
		for _, d := range analyze.DimNames() {
			d = strings.ReplaceAll(d, "NAME", "team")
			checkRows(t, c.name+" by "+d, reportOf(t, root, "--by", d))
			if !first || d == "agent" || d == "model" {
				continue
			}
			for _, by := range []string{d + ",agent,model", "agent," + d} {
				checkRows(t, c.name+" by "+by, reportOf(t, root, "--by", by))
			}
		}
	}
}

// checkRows adds up the rows of each level.
func checkRows(t *testing.T, what string, s summary) {
	t.Helper()
	depths := 0
	for _, r := range s.Rows {
		depths = max(depths, len(r.Path))
	}
	if depths == 0 {
		t.Errorf("%s: no rows", what)
	}
	for depth := 1; depth <= depths; depth++ {
		cost := new(big.Rat)
		var got sums
		var in, read, write, out int64
		for _, r := range s.Rows {
			if len(r.Path) != depth {
				continue
			}
			cost.Add(cost, rat(t, r.Cost))
			got.Calls, got.LLM, got.Tools, got.Failed = got.Calls+r.Calls, got.LLM+r.LLM, got.Tools+r.Tools, got.Failed+r.Failed
			got.Unpriced, got.NoUsage = got.Unpriced+r.Unpriced, got.NoUsage+r.NoUsage
			in, read, write, out = in+max(0, known(r.Input)), read+max(0, known(r.CacheRead)), write+max(0, known(r.CacheWrite)), out+max(0, known(r.Output))
		}
		w := s.Totals
		a := fmt.Sprint(got.Calls, got.LLM, got.Tools, got.Failed, got.Unpriced, got.NoUsage, in, read, write, out)
		b := fmt.Sprint(w.Calls, w.LLM, w.Tools, w.Failed, w.Unpriced, w.NoUsage, max(0, known(w.Input)), max(0, known(w.CacheRead)), max(0, known(w.CacheWrite)), max(0, known(w.Output)))
		if a != b || cost.Cmp(rat(t, w.Cost)) != 0 {
			t.Errorf("%s: level %d adds up to %s and $%s, the total is %s and $%s", what, depth, a, cost.FloatString(12), b, w.Cost)
		}
	}
	for _, r := range s.Rows {
		if len(r.Path) == depths && r.Own != r.Cost {
			t.Errorf("%s: %q has $%s of its own of $%s", what, r.Path, r.Own, r.Cost)
		}
	}
}

// rat is an exact amount; an unknown one adds nothing.
func rat(t *testing.T, n json.Number) *big.Rat {
	t.Helper()
	if n == "" {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		t.Fatalf("%q is no amount", n)
	}
	return r
}

// reportCode is how a report over a trace ends: 3 where it holds no call.
func reportCode(t *testing.T, root string) int {
	return cli(t, "report", "--json", "--quiet", root).code
}

// TestConvertReadsBack: what convert writes gives the same report, also together with a copy of itself, and converts to itself.
func TestConvertReadsBack(t *testing.T) {
	for _, c := range corpora(t) {
		t.Run(c.name, func(t *testing.T) {
			ownCache(t)
			root := c.write(t)
			if reportCode(t, root) != exitDone {
				t.Skip("holds no call")
			}
			dir := t.TempDir()
			back, again := filepath.Join(dir, "back.jsonl"), filepath.Join(dir, "again.jsonl")
			for _, step := range [][2]string{{root, back}, {back, again}} {
				if got := cli(t, "convert", "--quiet", step[0], "-o", step[1]); got.code != exitDone {
					t.Fatalf("convert: exit code %d\n%s", got.code, got.errors)
				}
			}
			want := plainReport(t, root)
			same(t, "read back", plainReport(t, back), want)
			same(t, "converted twice", plainReport(t, again), want)
			same(t, "both", plainReport(t, back, again), want)
			for _, mode := range []string{"recorded", "computed"} {
				same(t, mode, plainReport(t, back, "--cost", mode), plainReport(t, root, "--cost", mode))
			}
			checkRows(t, "read back", reportOf(t, back))
		})
	}
}

package tracefmt

import (
	"cmp"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A traceFile is a source of a test.
type traceFile struct{ path string }

// loadFiles reads sources as one load does: a call that several runs state goes to the smallest of them.
func loadFiles(t testing.TB, format uint8, files ...traceFile) (runs map[string]*Run, names *Names, warned map[string]int64) {
	t.Helper()
	names, warned = NewNames(), map[string]int64{}
	d := NewDecoder(names, nil)
	var b Batch
	for i, f := range files {
		r, err := OpenReader(f.path, ReadOptions{Source: uint32(i), Format: format})
		if err != nil {
			t.Fatal(err)
		}
		d.Path = f.path
		var c Chunk
		for r.Next(&c) == nil {
			d.DecodeChunk(&c, &b)
		}
		r.Close()
	}
	if b.BadCount > 0 {
		t.Fatalf("bad: %+v", b.Bad)
	}
	for _, w := range b.Warnings {
		warned[w.Text] = w.Count
	}
	order := func(x, y SourceRef) int {
		return cmp.Or(cmp.Compare(files[x.Source].path, files[y.Source].path), cmp.Compare(x.Offset, y.Offset))
	}
	runs = map[string]*Run{}
	for id, recs := range home(b.Records) {
		a := &Assembler{Names: names, Book: BuiltinPrices(), Order: order}
		runs[id] = a.Assemble(a.Merge(recs))
	}
	return runs, names, warned
}

// sharedFiles are the files below a folder of the examples.
func sharedFiles(t testing.TB, parts ...string) (files []traceFile) {
	t.Helper()
	root := shared(t, append([]string{"traces"}, parts...)...)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, traceFile{path: path})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// runSums are what a table of expected values holds of a run.
type runSums struct {
	calls, silent, tools, failedTools, failed int
	fresh, read, write, output, reasoning     int64
	stated, cost, computed                    string
	models                                    string
}

func runSumsOf(run *Run, names *Names) (s runSums) {
	var stated, cost, computed USD
	models := map[string]int{}
	for i := range run.Calls {
		c := &run.Calls[i]
		if c.Kind == KindTool {
			s.tools++
			if c.Status == StatusError {
				s.failedTools++
			}
		}
		if c.Kind != KindLLM {
			continue
		}
		s.calls++
		models[names.Name(c.Model)]++
		if c.Has&(HasInput|HasOutput) == 0 {
			s.silent++
		}
		if c.Status == StatusError {
			s.failed++
		}
		s.fresh += c.Usage.Uncached()
		s.read += c.Usage.CacheRead
		s.write += c.Usage.CacheWrite
		s.output += c.Usage.Output
		s.reasoning += c.Usage.Reasoning
		stated += c.Recorded
		cost += c.Cost
		computed += c.Computed
	}
	var list []string
	for _, m := range slices.Sorted(maps.Keys(models)) {
		list = append(list, m+":"+strconv.Itoa(models[m]))
	}
	s.models = strings.Join(list, " ")
	s.stated, s.cost, s.computed = micro(stated), micro(cost), micro(computed)
	return s
}

// micro prints an amount with six decimals, as the expected tables do.
func micro(a USD) string {
	a = (a + 500_000) / 1_000_000 * 1_000_000
	return a.String()
}

func TestExpectedOpenCode(t *testing.T) {
	all := sharedFiles(t, "opencode")
	exports := slices.DeleteFunc(slices.Clone(all), func(f traceFile) bool { return !strings.Contains(f.path, "export-") })
	want := map[string]runSums{
		"ses_30bde60cfffeUl5MlvvKDIuSi1": {calls: 10, tools: 23, fresh: 47983, read: 190080, output: 3128, reasoning: 1939,
			stated: "0.188172", cost: "0.161026", computed: "0.161026", models: "gpt-5.3-codex:10"},
		"ses_30bfbb6f4ffeJ2960akRy1tOR3": {calls: 65, silent: 4, tools: 83, fresh: 133425, read: 2986880, output: 20956, reasoning: 9168,
			stated: "1.177934", cost: "1.049582", computed: "1.049582", models: "gpt-5.3-codex:65"},
		"ses_32a371af9ffeojdBcoCxdByNUi": {calls: 2, tools: 4, fresh: 16855, output: 573, reasoning: 377,
			stated: "0.042796", cost: "0.037518", computed: "0.037518", models: "gpt-5.3-codex:2"},
	}
	check := func(what string, files []traceFile) {
		runs, names, _ := loadFiles(t, FormatNone, files...)
		for id, w := range want {
			if got := runSumsOf(runs[id], names); got != w {
				t.Errorf("%s: %s:\n got %+v\nwant %+v", what, id, got, w)
			}
		}
	}
	check("exports", exports)
	slices.Reverse(exports)
	check("exports backwards", exports)
	runs, names, _ := loadFiles(t, FormatNone, exports...)
	var children []string
	for _, c := range runs["ses_30bfbb6f4ffeJ2960akRy1tOR3"].Calls {
		if tags := names.Name(c.Record.Tags); strings.HasPrefix(tags, "child=") {
			children = append(children, tags[len("child="):])
		}
	}
	if !slices.Equal(children, []string{"ses_30bf5e2bdffeuYVmfe28CL29mf", "ses_30bf1136cffeMc0ApFs2pCBK2s", "ses_30bef4537ffeZVzOTJto6DQXVe", "ses_30bde60cfffeUl5MlvvKDIuSi1"}) {
		t.Errorf("children %q", children)
	}
	if child := runs["ses_30bde60cfffeUl5MlvvKDIuSi1"]; names.Name(child.Session) != "ses_30bfbb6f4ffeJ2960akRy1tOR3" || names.Name(child.Workflow) != "nimbus" {
		t.Errorf("child of %q in %q", names.Name(child.Session), names.Name(child.Workflow))
	}
}

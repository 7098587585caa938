package tracefmt

import (
	"cmp"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A traceFile is a source of a test.
type traceFile struct{ path, text string }

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

// inFolder puts files into a folder of the test's own.
func inFolder(t testing.TB, files ...traceFile) []traceFile {
	t.Helper()
	dir := t.TempDir()
	for i := range files {
		f := &files[i]
		f.path = filepath.Join(dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.path, []byte(f.text), 0o600); err != nil {
			t.Fatal(err)
		}
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

// openCodeTree is a session in the native store: a prompt, a call that was repeated twice, a tool that failed, a task, and a call under way.
var openCodeTree = []traceFile{
	{"storage/session/p/ses_a.json", `{"id":"ses_a","version":"1.0.1","projectID":"p","directory":"/home/u/shop","title":"Fix \"it\"","time":{"created":1770000000000,"updated":1770000009000}}`},
	{"storage/message/ses_a/msg_1.json", `{"id":"msg_1","sessionID":"ses_a","role":"user","time":{"created":1770000000000},"summary":{"title":"x","diffs":[]}}`},
	{"storage/message/ses_a/msg_2.json", `{
		"id": "msg_2", "sessionID": "ses_a", "role": "assistant", "parentID": "msg_1", "modelID": "claude-sonnet-4-5", "providerID": "anthropic", "mode": "build",
		"path": {"cwd": "/home/u/shop", "root": "/home/u/shop"}, "cost": 0.0123, "time": {"created": 1770000001000, "completed": 1770000004500},
		"tokens": {"input": 100, "output": 50, "reasoning": 0, "cache": {"read": 2000, "write": 400}}, "finish": "tool-calls"}`},
	{"storage/message/ses_a/msg_3.json", `{"id":"msg_3","sessionID":"ses_a","role":"assistant","modelID":"m","agent":"plan","cost":0,"time":{"created":1770000005000},"tokens":{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}}}`},
	{"storage/part/msg_2/prt_1.json", `{"id":"prt_1","sessionID":"ses_a","messageID":"msg_2","type":"retry","attempt":1,"error":{"name":"APIError","data":{"message":"overloaded","isRetryable":true}},"time":{"created":1770000001200}}`},
	{"storage/part/msg_2/prt_2.json", `{"id":"prt_2","sessionID":"ses_a","messageID":"msg_2","type":"retry","attempt":2,"error":{"name":"APIError","data":{"message":"overloaded"}},"time":{"created":1770000001900}}`},
	{"storage/part/msg_2/prt_3.json", `{"id":"prt_3","sessionID":"ses_a","messageID":"msg_2","type":"tool","callID":"c1","tool":"bash","state":{"status":"error","input":{"command":"make"},"error":"exit 2","time":{"start":1770000003000,"end":1770000003500}}}`},
	{"storage/part/msg_2/prt_4.json", `{"id":"prt_4","sessionID":"ses_a","messageID":"msg_2","type":"tool","callID":"c2","tool":"task","state":{"status":"completed","input":{"subagent_type":"general","prompt":"look"},"output":"done","metadata":{"sessionId":"ses_b"},"time":{"start":1770000003500,"end":1770000004400}}}`},
	{"storage/part/msg_2/prt_5.json", `{"id":"prt_5","sessionID":"ses_a","messageID":"msg_2","type":"step-finish","reason":"tool-calls","cost":0.0123,"tokens":{"input":100,"output":50,"reasoning":0,"cache":{"read":2000,"write":400}}}`},
	{"storage/part/msg_2/prt_6.json", `{"id":"prt_6","sessionID":"ses_a","messageID":"msg_2","type":"text","text":"hello"}`},
	{"storage/session/p/ses_b.json", `{"id":"ses_b","parentID":"ses_a","directory":"/home/u/shop","title":"look (@general subagent)","time":{"created":1770000003500,"updated":1770000004400}}`},
	{"storage/message/ses_b/msg_4.json", `{"id":"msg_4","sessionID":"ses_b","role":"assistant","modelID":"claude-sonnet-4-5","providerID":"anthropic","agent":"general","cost":0.001,"time":{"created":1770000003600,"completed":1770000004300},"tokens":{"input":10,"output":5,"reasoning":0,"cache":{"read":0,"write":0}},"error":{"name":"MessageAbortedError","data":{"message":"The operation was aborted."}}}`},
	{"storage/project/p.json", `{"id":"p","worktree":"/home/u/shop","vcs":"git","time":{"created":1770000000000}}`},
}

// openCodeExport is the same session as a document.
func openCodeExport() string {
	at := func(name string) string {
		for _, f := range openCodeTree {
			if strings.HasSuffix(f.path, name+".json") {
				return f.text
			}
		}
		panic(name)
	}
	var parts []string
	for _, p := range []string{"prt_1", "prt_2", "prt_3", "prt_4", "prt_5", "prt_6"} {
		parts = append(parts, at(p))
	}
	return `{"info":` + at("ses_a") + `,"messages":[{"info":` + at("msg_1") + `,"parts":[]},{"info":` + at("msg_2") + `,"parts":[` + strings.Join(parts, ",") + `]},{"info":` + at("msg_3") + `}]}`
}

func TestOpenCodeStoreAndExportAgree(t *testing.T) {
	tree := inFolder(t, slices.Clone(openCodeTree)...)
	export := inFolder(t, traceFile{"ses_a.json", openCodeExport()})
	backwards := slices.Clone(tree)
	slices.Reverse(backwards)
	for what, files := range map[string][]traceFile{
		"store": tree, "export": append(slices.Clone(export), tree[10:12]...), "both": append(slices.Clone(export), tree...), "backwards": append(backwards, export...),
	} {
		runs, names, _ := loadFiles(t, FormatNone, files...)
		want := runSums{calls: 2, silent: 1, tools: 2, failedTools: 1, fresh: 100, read: 2000, write: 400, output: 50, stated: "0.0123", cost: "0.0123", models: "claude-sonnet-4-5:1 m:1"}
		a, b := runs["ses_a"], runs["ses_b"]
		if a == nil || b == nil || len(runs) != 2 {
			t.Fatalf("%s: runs %d", what, len(runs))
		}
		got := runSumsOf(a, names)
		got.computed = ""
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
		}
		if names.Name(a.Workflow) != "shop" || names.Name(a.Session) != "ses_a" || names.Name(a.Tags) != "title=Fix \"it\"\x1fversion=1.0.1" {
			t.Errorf("%s: run of %q, session %q, tags %q", what, names.Name(a.Workflow), names.Name(a.Session), names.Name(a.Tags))
		}
		if names.Name(b.Session) != "ses_a" || names.Name(b.Tags) != "parent=ses_a\x1ftitle=look (@general subagent)" {
			t.Errorf("%s: child in session %q, tags %q", what, names.Name(b.Session), names.Name(b.Tags))
		}
		for i := range a.Calls {
			openCodeCallIs(t, what, names, &a.Calls[i])
		}
		if c := b.Calls[0]; c.Status != StatusError || names.Name(c.Error) != "MessageAbortedError" || c.Cost != Dollar/1000 || len(b.Marks) != 1 || b.Marks[0].Event != EventAbort {
			t.Errorf("%s: aborted call %v %q %v, marks %d", what, c.Status, names.Name(c.Error), c.Cost, len(b.Marks))
		}
	}
}

func openCodeCallIs(t *testing.T, what string, names *Names, c *Call) {
	t.Helper()
	type facts struct {
		id, agent, step, err, tags, parent string
		status                             Status
		attempt                            int32
		ms                                 int64
	}
	got := facts{c.ID, names.Name(c.Agent), names.Name(c.Step), names.Name(c.Error), names.Name(c.Record.Tags), c.Parent, c.Status, c.Attempt, 0}
	if c.Has&HasEnd != 0 {
		got.ms = (c.End - c.Start) / 1e6
	}
	want := map[string]facts{
		"msg_2": {"msg_2", "build", "chat", "", "", "", StatusOK, 3, 3500},
		"msg_3": {"msg_3", "plan", "chat", "", "", "", StatusUnfinished, 0, 0},
		"prt_3": {"prt_3", "build", "bash", "exit 2", "", "msg_2", StatusError, 0, 500},
		"prt_4": {"prt_4", "build", "task", "", "child=ses_b", "msg_2", StatusOK, 0, 900},
	}
	if got != want[c.ID] {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want[c.ID])
	}
}

// onlyCall reads a text as a source of that format and gives its only call.
func onlyCall(t *testing.T, format uint8, name, text string) (*Call, *Names) {
	t.Helper()
	runs, names, _ := loadFiles(t, format, inFolder(t, traceFile{name, text})...)
	if len(runs) != 1 {
		t.Fatalf("%s: runs %d", text, len(runs))
	}
	for _, run := range runs {
		if len(run.Calls) != 1 {
			t.Fatalf("%s: calls %d", text, len(run.Calls))
		}
		return &run.Calls[0], names
	}
	return nil, nil
}

func TestOpenCodeReasoning(t *testing.T) {
	// gpt-5.3-codex: 1.75 in, 0.175 cached, 14 out per million; 1000 x 1.75 + 4000 x 0.175 + 200 x 14 = 0.00525, with 80 x 14 more 0.00637
	const head = `{"id":"msg_1","sessionID":"ses_a","role":"assistant","modelID":"gpt-5.3-codex","providerID":"openai","time":{"created":1770000001000,"completed":1770000002000},`
	for _, e := range []struct {
		what, text   string
		output       int64
		cost, stated string
		flag         Flags
	}{
		{"inside, charged twice", `"cost":0.00637,"tokens":{"total":5200,"input":1000,"output":200,"reasoning":80,"cache":{"read":4000,"write":0}}}`, 200, "0.00525", "0.00637", FlagReasonTwice},
		{"inside, charged once", `"cost":0.00525,"tokens":{"total":5200,"input":1000,"output":200,"reasoning":80,"cache":{"read":4000,"write":0}}}`, 200, "0.00525", "0.00525", 0},
		{"beside, as the total says", `"cost":0.00525,"tokens":{"total":5200,"input":1000,"output":120,"reasoning":80,"cache":{"read":4000,"write":0}}}`, 200, "0.00525", "0.00525", 0},
		{"no total", `"cost":0.00637,"tokens":{"input":1000,"output":200,"reasoning":80,"cache":{"read":4000,"write":0}}}`, 200, "0.00525", "0.00637", FlagReasonTwice},
		{"more than the output", `"cost":0.00525,"tokens":{"input":1000,"output":60,"reasoning":140,"cache":{"read":4000,"write":0}}}`, 200, "0.00525", "0.00525", 0},
		{"a subscription's cost of 0", `"cost":0,"tokens":{"total":5200,"input":1000,"output":200,"reasoning":80,"cache":{"read":4000,"write":0}}}`, 200, "0.00525", "0", 0},
		{"a negative count", `"cost":0.5,"tokens":{"input":-3,"output":200,"reasoning":0,"cache":{"read":0,"write":0}}}`, 200, "0.5", "0.5", 0},
	} {
		c, _ := onlyCall(t, FormatNone, "msg_1.json", head+e.text)
		if c.Usage.Output != e.output || c.Cost.String() != e.cost || c.Recorded.String() != e.stated || c.Flags&FlagReasonTwice != e.flag {
			t.Errorf("%s: output %d, cost %s of stated %s, flags %b", e.what, c.Usage.Output, c.Cost, c.Recorded, c.Flags)
		}
	}
}

func TestOpenCodeEarlyMessageOfSeveralSteps(t *testing.T) {
	const message = `{"id":"msg_1","sessionID":"ses_a","role":"assistant","modelID":"m","providerID":"p","time":{"created":1770000001000,"completed":1770000002000},"cost":0.03,"tokens":{"input":20,"output":7,"reasoning":0,"cache":{"read":300,"write":0}}}`
	step := func(id, tokens string) string {
		return `{"id":"` + id + `","sessionID":"ses_a","messageID":"msg_1","type":"step-finish","cost":0.015,"tokens":` + tokens + `}`
	}
	first, last := step("prt_1", `{"input":100,"output":5,"reasoning":0,"cache":{"read":0,"write":0}}`), step("prt_2", `{"input":20,"output":7,"reasoning":0,"cache":{"read":300,"write":0}}`)
	for what, files := range map[string][]traceFile{
		"export": {{"e.json", `{"info":{"id":"ses_a","title":"t","directory":"/x"},"messages":[{"info":` + message + `,"parts":[` + first + `,` + last + `]}]}`}},
		"store":  {{"a/msg_1.json", message}, {"a/prt_1.json", first}, {"a/prt_2.json", last}},
	} {
		runs, _, _ := loadFiles(t, FormatOpenCode, inFolder(t, files...)...)
		if c := runs["ses_a"].Calls[0]; c.Usage != (Usage{Input: 420, CacheRead: 300, Output: 12}) || c.Cost != 3*Dollar/100 {
			t.Errorf("%s: %+v at %s", what, c.Usage, c.Cost)
		}
	}
}

func TestOpenCodeEvents(t *testing.T) {
	const stream = `{"type":"step_start","timestamp":1770000001000,"sessionID":"ses_a","part":{"id":"prt_0","sessionID":"ses_a","messageID":"msg_1","type":"step-start"}}
{"type":"tool_use","timestamp":1770000001500,"sessionID":"ses_a","part":{"id":"prt_1","sessionID":"ses_a","messageID":"msg_1","type":"tool","tool":"read","state":{"status":"completed","input":{},"output":"x","time":{"start":1770000001200,"end":1770000001400}}}}
{"type":"step_finish","timestamp":1770000002000,"sessionID":"ses_a","part":{"id":"prt_2","sessionID":"ses_a","messageID":"msg_1","type":"step-finish","cost":0.004,"tokens":{"input":10,"output":4,"reasoning":0,"cache":{"read":6,"write":0}}}}
{"type":"message.updated","properties":{"info":{"id":"msg_2","sessionID":"ses_a","role":"assistant","modelID":"m","cost":0.002,"time":{"created":1770000003000},"tokens":{"input":1,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}}}
{"type":"message.updated","properties":{"info":{"id":"msg_2","sessionID":"ses_a","role":"assistant","modelID":"m","cost":0.003,"time":{"created":1770000003000,"completed":1770000004000},"tokens":{"input":1,"output":2,"reasoning":0,"cache":{"read":0,"write":0}}}}}
`
	runs, names, _ := loadFiles(t, FormatNone, inFolder(t, traceFile{"events.jsonl", stream})...)
	got := runSumsOf(runs["ses_a"], names)
	if want := (runSums{calls: 2, tools: 1, fresh: 11, read: 6, output: 6, stated: "0.007", cost: "0.007", computed: "0", models: ":1 m:1"}); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestOpenCodeOddValues(t *testing.T) {
	for text, want := range map[string]string{
		`{"id":"prt_1","sessionID":"s","messageID":"m","type":"text","text":"x"}`: "parts of messages that hold no call: text, reasoning, files, steps begun",
		`{"id":"p","worktree":"/x","time":{"created":1}}`:                         "an OpenCode project: it names a folder and holds no calls",
		`{"info":{},"messages":[]}`:                                               "an OpenCode export without a session",
		`{"type":"error","sessionID":"s"}`:                                        "nothing of a call: an event or object of OpenCode without usage",
		`{"info":{"id":"ses_a"},"messages":[{"info":{"id":"m","role":"assistant","tokens":{"input":1}},"parts":[{"ty`: errCut.Error(),
	} {
		d := NewDecoder(NewNames(), nil)
		d.Format = FormatOpenCode
		if err := d.Decode([]byte(text), SourceRef{}); err == nil || err.Error() != want || len(d.Out) != 0 {
			t.Errorf("%s: %v, %d records", text, err, len(d.Out))
		}
	}
	runs, _, warned := loadFiles(t, FormatOpenCode, inFolder(t, traceFile{"x.json",
		`{"messages":[{"info":{"id":"m","role":"assistant","tokens":{"input":5,"output":1}}},{"info":{"id":"m","role":"assistant","tokens":{"input":7,"output":1}}}],"info":{"id":"ses_z"}}`})...)
	if run := runs["ses_z"]; run == nil || len(run.Calls) != 1 || run.Calls[0].Usage.Input != 5 || len(warned) != 1 {
		t.Errorf("a message twice, and the session behind it: %+v, warned %v", run, warned)
	}
}

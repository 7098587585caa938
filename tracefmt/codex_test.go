package tracefmt

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// readSources reads several sources into one batch, as one load does.
func readSources(t testing.TB, paths ...string) (*Batch, *Names) {
	t.Helper()
	names := NewNames()
	var b Batch
	for i, path := range paths {
		r, err := OpenReader(path, ReadOptions{Source: uint32(i)})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		d := NewDecoder(names, nil)
		d.Path = path
		var c Chunk
		for r.Next(&c) == nil {
			d.DecodeChunk(&c, &b)
		}
	}
	return &b, names
}

// sessionSums are what a test of a session compares: model calls and tokens by model, and what else happened.
type sessionSums struct {
	calls             map[string]int
	use               map[string]Usage
	cost              map[string]string
	tools, failed     int
	compacted, aborts int
	errors            int
}

func sumSession(names *Names, runs ...*Run) sessionSums {
	s := sessionSums{calls: map[string]int{}, use: map[string]Usage{}, cost: map[string]string{}}
	cost := map[string]USD{}
	for _, run := range runs {
		for i := range run.Calls {
			c := &run.Calls[i]
			model := names.Name(c.Model)
			if c.Counted && c.Has&HasUsage != 0 {
				s.use[model] = addTokens(s.use[model], c.Usage)
				cost[model] += c.Cost
			}
			switch c.Kind {
			case KindLLM:
				s.calls[model]++
			case KindTool:
				s.tools++
				if c.Status == StatusError {
					s.failed++
				}
			}
		}
		for _, m := range run.Marks {
			switch {
			case m.Flags&FlagInherited != 0:
			case m.Event == EventCompact:
				s.compacted++
			case m.Event == EventAbort:
				s.aborts++
			case m.Event == EventAPIError:
				s.errors++
			}
		}
	}
	for m, c := range cost {
		s.cost[m] = fmt.Sprintf("%.6f", c.Float())
	}
	return s
}

// TestExpectedCodex checks every value of traces/EXPECTED-agents.md about Codex.
func TestExpectedCodex(t *testing.T) {
	use := func(fresh, cached, out, reasoning int64) Usage {
		return Usage{Input: fresh + cached, CacheRead: cached, Output: out, Reasoning: reasoning}
	}
	for _, tc := range []struct {
		files, run string
		want       sessionSums
	}{
		{"model-switch-and-lost-event.jsonl", "019eef3d-abd1-72e1-ab99-dcdb259027c5", sessionSums{
			calls: map[string]int{"gpt-5.3-codex-spark": 9, "gpt-5.5": 123},
			use:   map[string]Usage{"gpt-5.3-codex-spark": use(30686, 112256, 2233, 1515), "gpt-5.5": use(458738, 9193472, 38060, 14336)},
			cost:  map[string]string{"gpt-5.5": "8.032226"}, tools: 150, aborts: 1}},
		{"resumed-29-times.jsonl", "019ef35b-2300-75e0-98d6-8e4dce14050f", sessionSums{calls: map[string]int{"gpt-5.5": 94},
			use: map[string]Usage{"gpt-5.5": use(403406, 9274624, 49891, 22764)}, cost: map[string]string{"gpt-5.5": "8.151072"}, tools: 132, aborts: 2}},
		{"rollout-0.39-old.jsonl", "01996135-afde-7911-97f0-d863511eca56", sessionSums{calls: map[string]int{"aide-gpt-5": 19},
			use: map[string]Usage{"aide-gpt-5": use(133698, 136832, 12551, 9536)}, tools: 19}},
		{"rollout-2026-02-23T12-41-04-019c8a4d-8f45-7010-8b5d-7fad920aa6f9.jsonl", "019c8a4d-8f45-7010-8b5d-7fad920aa6f9", sessionSums{
			calls: map[string]int{"gpt-5.3-codex": 28}, use: map[string]Usage{"gpt-5.3-codex": use(99460, 1651968, 14600, 4293)},
			cost: map[string]string{"gpt-5.3-codex": "0.667549"}, tools: 118}},
		{"rollout-2026-02-23T13-19-38-019c8a70-dda7-7f33-98ea-f30553347322.jsonl", "019c8a70-dda7-7f33-98ea-f30553347322", sessionSums{
			calls: map[string]int{"gpt-5.3-codex": 1}, use: map[string]Usage{"gpt-5.3-codex": use(31013, 3456, 431, 264)},
			cost: map[string]string{"gpt-5.3-codex": "0.060912"}, tools: 1}},
		{"rollout-2026-02-23T20-34-25-019c8bfe-ec25-79e0-97d7-bda6a9c575ff.jsonl", "019c8bfe-ec25-79e0-97d7-bda6a9c575ff", sessionSums{
			calls: map[string]int{"gpt-5.3-codex": 6}, use: map[string]Usage{"gpt-5.3-codex": use(59525, 238848, 1123, 483)},
			cost: map[string]string{"gpt-5.3-codex": "0.161689"}, tools: 5}},
		{"same-session-snapshots/snapshot-1.jsonl same-session-snapshots/snapshot-2.jsonl", "019ed50c-2fb3-7002-a384-360bea6e7f04", sessionSums{
			calls: map[string]int{"gpt-5.5": 40}, use: map[string]Usage{"gpt-5.5": use(189209, 1389568, 19131, 10365)},
			cost: map[string]string{"gpt-5.5": "2.214759"}, tools: 86}},
		{"two-compactions-abort.jsonl", "019f03e0-321f-7eb2-83cc-b54ecd71be23", sessionSums{calls: map[string]int{"gpt-5.3-codex-spark": 180},
			use: map[string]Usage{"gpt-5.3-codex-spark": use(432870, 10637312, 71829, 49942)}, tools: 177, compacted: 2}},
	} {
		var paths []string
		for _, f := range strings.Fields(tc.files) {
			paths = append(paths, shared(t, "traces", "codex", f))
		}
		b, names := readSources(t, paths...)
		runs := runsOf(b, names)
		if len(runs) != 1 || runs[tc.run] == nil || b.BadCount != 0 || len(b.Warnings) != 0 || len(b.Skipped) != 0 {
			t.Errorf("%s: %d runs, bad %v, warnings %v, skipped %v", tc.files, len(runs), b.Bad, b.Warnings, b.Skipped)
			continue
		}
		got := sumSession(names, runs[tc.run])
		got.failed = 0 // the table does not say
		for m, cost := range got.cost {
			if cost == "0.000000" { // no price
				delete(got.cost, m)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(tc.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", tc.files, got, tc.want)
		}
		several := 0
		for _, c := range runs[tc.run].Calls {
			if c.Flags&FlagSeveral != 0 {
				several++
			}
		}
		if want := strings.Count(tc.files, "lost-event"); several != want {
			t.Errorf("%s: %d differences that are not the latest call, want %d", tc.files, several, want)
		}
	}
}

// TestCaseA2 and TestCaseA3 are read with the invented prices.
func acmeRuns(t *testing.T, b *Batch, names *Names) map[string]*Run {
	t.Helper()
	f, err := os.Open(shared(t, "cases", "acme-prices.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	book, err := ReadPrices(f)
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string][]Record{}
	for _, r := range b.Records {
		groups[r.Run] = append(groups[r.Run], r)
	}
	runs := map[string]*Run{}
	for id, recs := range groups {
		a := &Assembler{Names: names, Book: book}
		runs[id] = a.Assemble(a.Merge(recs))
	}
	return runs
}

func runCost(run *Run) (cost USD, calls int) {
	for _, c := range run.Calls {
		cost += c.Cost
		if c.Kind == KindLLM {
			calls++
		}
	}
	return cost, calls
}

func TestCaseA2(t *testing.T) {
	b, names := readSources(t, shared(t, "cases", "a2-cumulative-counter.jsonl"))
	run := acmeRuns(t, b, names)["a2-cumulative-counter"]
	want := Usage{Input: 2600, CacheRead: 1400, Output: 500}
	if cost, calls := runCost(run); calls != 2 || cost.String() != "0.01152" || sumSession(names, run).use["acme-large"] != want {
		t.Errorf("%d calls, %s, %+v", calls, cost, sumSession(names, run).use)
	}
}

func TestCaseA3(t *testing.T) {
	fork, parent := shared(t, "cases", "a3-fork", "fork.jsonl"), shared(t, "cases", "a3-fork", "parent.jsonl")
	for _, paths := range [][]string{{fork, parent}, {parent, fork}} {
		b, names := readSources(t, paths...)
		runs := acmeRuns(t, b, names)
		p, pn := runCost(runs["P"])
		f, fn := runCost(runs["F"])
		if pn+fn != 3 || p.String() != "0.00882" || f.String() != "0.00522" {
			t.Errorf("P %d calls %s, F %d calls %s", pn, p, fn, f)
		}
	}
	b, _ := readSources(t, fork)
	if len(b.Warnings) != 1 || b.Warnings[0].Count != 2 || !strings.Contains(b.Warnings[0].Text, "copied from session P") {
		t.Errorf("warnings %+v", b.Warnings)
	}
}

// codexLines writes lines of a session: each is a time of day, a line's type and its payload.
func codexLines(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		f := strings.SplitN(l, " ", 3)
		fmt.Fprintf(&b, `{"timestamp":"2026-03-01T%sZ","type":"%s","payload":%s}`+"\n", f[0], f[1], f[2])
	}
	return b.String()
}

// reading is a token_count: input, cached and output of the total, then of the latest call.
func reading(n ...int64) string {
	use := func(n []int64) string {
		return fmt.Sprintf(`{"input_tokens":%d,"cached_input_tokens":%d,"output_tokens":%d,"reasoning_output_tokens":0,"total_tokens":%d}`, n[0], n[1], n[2], n[0]+n[2])
	}
	s := `{"type":"token_count","info":{"total_token_usage":` + use(n)
	if len(n) == 6 {
		s += `,"last_token_usage":` + use(n[3:])
	}
	return "event_msg " + s + `,"model_context_window":1000},"rate_limits":null}`
}

const codexFirst = `10:00:00.000 session_meta {"id":"s","timestamp":"2026-03-01T09:59:00Z","cwd":"/w/shop","cli_version":"1","source":"cli","model_provider":"openai","git":{"branch":"main"}}`

// codexCalls reads a session and writes its model calls: model, start, end, input, cached, output.
func codexCalls(t *testing.T, text string) (string, *Run, *Names, *Batch) {
	t.Helper()
	b, names := readSources(t, write(t, "s.jsonl", text))
	runs := runsOf(b, names)
	if len(runs) != 1 || b.BadCount != 0 {
		t.Fatalf("%d runs, bad %v", len(runs), b.Bad)
	}
	for _, run := range runs {
		return callList(names, run), run, names, b
	}
	return "", nil, nil, nil
}

func callList(names *Names, run *Run) string {
	var s []string
	zero := at("2026-03-01T10:00:00Z")
	for _, c := range run.Calls {
		if c.Kind == KindLLM {
			s = append(s, fmt.Sprintf("%s %d-%d %d/%d/%d", names.Name(c.Model), (c.Start-zero)/1e9, (c.End-zero)/1e9, c.Usage.Input, c.Usage.CacheRead, c.Usage.Output))
		}
	}
	return strings.Join(s, ", ")
}

func TestCodexReadings(t *testing.T) {
	turn := func(at, model string) string {
		return at + ` turn_context {"cwd":"/w/shop","model":"` + model + `","effort":"high"}`
	}
	for name, tc := range map[string]struct {
		lines []string
		want  string
		flags Flags
	}{
		"differences, and totals that come again": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			turn("10:00:06.000", "m"), "10:00:06.001 " + reading(100, 40, 10, 100, 40, 10), "10:00:09.000 " + reading(250, 140, 30, 150, 100, 20)},
			"m 1-5 100/40/10, m 6-9 150/100/20", 0},
		"two calls of equal size": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			"10:00:09.000 " + reading(200, 80, 20, 100, 40, 10)}, "m 1-5 100/40/10, m 5-9 100/40/10", 0},
		"the model changes": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 0, 10, 100, 0, 10), turn("10:00:06.000", "n"),
			"10:00:09.000 " + reading(300, 0, 20, 200, 0, 10)}, "m 1-5 100/0/10, n 6-9 200/0/10", 0},
		"no total yet": {[]string{codexFirst, turn("10:00:01.000", "m"), `10:00:02.000 event_msg {"type":"token_count","info":null,"rate_limits":{"primary":{"used_percent":1.5}}}`,
			"10:00:05.000 " + reading(100, 40, 10, 100, 40, 10)}, "m 1-5 100/40/10", 0},
		"a new counter": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			"10:00:09.000 " + reading(60, 20, 5, 60, 20, 5)}, "m 1-5 100/40/10, m 5-9 60/20/5", 0},
		"a new counter above the old one": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			"10:00:09.000 " + reading(150, 60, 15, 150, 60, 15)}, "m 1-5 100/40/10, m 5-9 150/60/15", 0},
		"a lost reading": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			"10:00:09.000 " + reading(400, 240, 40, 160, 100, 10)}, "m 1-5 100/40/10, m 5-9 300/200/30", FlagSeveral},
		"a lost reading before the model changed": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			turn("10:00:06.000", "n"), "10:00:09.000 " + reading(400, 240, 40, 160, 100, 10)}, "m 1-5 100/40/10,  6-6 140/100/20, n 6-9 160/100/10", FlagSeveral},
		"after compaction": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			"10:00:06.000 " + strings.Replace(reading(100, 40, 10, 0, 0, 0), `"total_tokens":0`, `"total_tokens":13290`, 1)}, "m 1-5 100/40/10", 0},
		"a full context": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			"10:00:06.000 " + strings.ReplaceAll(reading(0, 0, 0, 0, 0, 0), `"total_tokens":0`, `"total_tokens":1000`), "10:00:09.000 " + reading(70, 20, 5, 70, 20, 5)},
			"m 1-5 100/40/10, m 6-9 70/20/5", 0},
		"two go on with one session": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			"10:00:06.000 " + reading(200, 40, 20, 100, 0, 10), "10:00:07.000 " + reading(250, 40, 25, 150, 0, 15)},
			"m 1-5 100/40/10, m 5-6 100/0/10, m 6-7 150/0/15", 0},
		"only the latest call is stated": {[]string{codexFirst, turn("10:00:01.000", "m"),
			`10:00:05.000 event_msg {"type":"token_count","info":{"last_token_usage":{"input_tokens":30,"cached_input_tokens":10,"output_tokens":4}}}`}, "m 1-5 30/10/4", 0},
		"a turn that lost its model": {[]string{codexFirst, turn("10:00:01.000", "m"), "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10),
			`10:00:06.000 event_msg {"type":"task_started","turn_id":"t2"}`, "10:00:08.000 " + reading(200, 80, 20, 100, 40, 10), turn("10:00:09.000", "n")},
			"m 1-5 100/40/10,  6-8 100/40/10", 0},
		"no turn at all": {[]string{codexFirst, "10:00:05.000 " + reading(100, 40, 10, 100, 40, 10)}, " 5-5 100/40/10", 0},
	} {
		got, run, _, b := codexCalls(t, codexLines(tc.lines...))
		if got != tc.want || len(b.Warnings) != 0 {
			t.Errorf("%s: %s, want %s; warnings %v", name, got, tc.want, b.Warnings)
		}
		var flags Flags
		for _, c := range run.Calls {
			flags |= c.Flags
		}
		if flags != tc.flags {
			t.Errorf("%s: flags %b, want %b", name, flags, tc.flags)
		}
	}
}

func TestCodexTools(t *testing.T) {
	call := func(at, id string) string {
		return at + ` response_item {"type":"function_call","name":"exec_command","arguments":"{}","call_id":"` + id + `"}`
	}
	out := func(at, id, text string) string {
		return at + ` response_item {"type":"function_call_output","call_id":"` + id + `","output":` + text + `}`
	}
	_, run, names, b := codexCalls(t, codexLines(codexFirst, `10:00:01.000 turn_context {"model":"m"}`,
		call("10:00:02.000", "ok"), out("10:00:03.000", "ok", `"Chunk ID: 85c2b9\nWall time: 0.7 seconds\nProcess exited with code 0\nOutput:\nProcess exited with code 7"`),
		call("10:00:04.000", "code"), out("10:00:05.000", "code", `"Exit code: 2\nWall time: 0 seconds\nOutput:\nx"`),
		call("10:00:06.000", "old"), out("10:00:07.000", "old", `"{\"output\":\"\\\"exit_code\\\":0\",\"metadata\":{\"exit_code\":1,\"duration_seconds\":0.1}}"`),
		call("10:00:08.000", "parts"), out("10:00:09.000", "parts", `[{"type":"input_text","text":"Exit code: 0\nOutput:\n"}]`),
		call("10:00:10.000", "object"), out("10:00:11.000", "object", `{"content":"no","success":false}`),
		call("10:00:12.000", "words"), out("10:00:13.000", "words", `"aborted by user after 3.2s"`),
		call("10:00:14.000", "plain"), out("10:00:15.000", "plain", `"Plan updated"`),
		`10:00:16.000 response_item {"type":"web_search_call","status":"completed","action":{"type":"search","query":"x"}}`,
		`10:00:16.000 response_item {"type":"web_search_call","status":"completed","action":{"type":"search","query":"y"}}`,
		`10:00:17.000 response_item {"type":"function_call","name":"list","namespace":"mcp__files","arguments":"{}","call_id":"mcp"}`,
		`10:00:18.000 event_msg {"type":"mcp_tool_call_end","call_id":"mcp","result":{"Ok":{"content":[],"isError":true}}}`,
		out("10:00:18.000", "mcp", `"x"`),
		`10:00:19.000 response_item {"type":"local_shell_call","call_id":"shell","status":"completed","action":{"type":"exec","command":["ls"]}}`,
		`10:00:20.000 event_msg {"type":"patch_apply_end","call_id":"not a tool","success":false}`, out("10:00:20.000", "not a tool either", `"x"`),
		call("10:00:21.000", "open"), `10:00:30.000 event_msg {"type":"turn_aborted","reason":"interrupted"}`))
	var got []string
	for _, c := range run.Calls {
		got = append(got, strings.TrimSpace(fmt.Sprint(names.Name(c.Tool), " ", c.Status, " ", names.Name(c.Error))))
	}
	want := []string{"exec_command ok", "exec_command error exit code 2", "exec_command error exit code 1", "exec_command ok", "exec_command error failed",
		"exec_command error aborted", "exec_command unset", "web_search ok", "web_search ok", "mcp__files.list error failed", "local_shell error interrupted",
		"exec_command error interrupted"}
	if !slices.Equal(got, want) || len(b.Warnings) != 0 {
		t.Errorf("tools\n got %q\nwant %q\nwarnings %v", got, want, b.Warnings)
	}
	if end := run.Calls[len(run.Calls)-1].End; end != at("2026-03-01T10:00:30Z") {
		t.Errorf("the interrupted tool ended at %d", end)
	}
}

// TestCodexAsks checks that tools belong to the call that asked for them, whichever is written first, and are no input of it.
func TestCodexAsks(t *testing.T) {
	tool := func(start, end, id string) []string {
		return []string{start + ` response_item {"type":"function_call","name":"x","arguments":"{}","call_id":"` + id + `"}`,
			end + ` response_item {"type":"function_call_output","call_id":"` + id + `","output":"done"}`}
	}
	newer := append([]string{codexFirst, `10:00:01.000 turn_context {"model":"m"}`}, tool("10:00:05.000", "10:00:06.000", "a")...)
	newer = append(newer, "10:00:06.001 "+reading(100, 0, 10, 100, 0, 10), "10:00:09.000 "+reading(250, 0, 20, 150, 0, 10))
	older := append([]string{codexFirst, `10:00:01.000 turn_context {"model":"m"}`, "10:00:05.000 " + reading(100, 0, 10, 100, 0, 10)}, tool("10:00:05.001", "10:00:06.000", "a")...)
	older = append(older, "10:00:09.000 "+reading(250, 0, 20, 150, 0, 10))
	for name, tc := range map[string]struct {
		lines []string
		want  string
	}{"newer": {newer, "m 1-6 100/0/10, m 6-9 150/0/10"}, "older": {older, "m 1-5 100/0/10, m 6-9 150/0/10"}} {
		got, run, names, _ := codexCalls(t, codexLines(tc.lines...))
		if got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
		var first string
		for _, c := range run.Calls {
			if c.Kind == KindLLM && first == "" {
				first = c.ID
			}
		}
		for _, c := range run.Calls {
			if c.Kind == KindTool && c.Parent != first {
				t.Errorf("%s: %s was asked for by %q", name, names.Name(c.Tool), c.Parent)
			}
		}
	}
}

func rfc3339(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// TestCodexForks checks where the copy ends that a fork begins with.
func TestCodexForks(t *testing.T) {
	const id = "019cb000-0000-7000-8000-000000000000"             // 2 March 2026
	const before, after = "019caaaa-0000-7000-8000-000000000001", // 1 March
		"019cb001-0000-7000-8000-000000000001" // a minute later
	made := uuidTime([]byte(id))
	if made == 0 || uuidTime([]byte(before)) >= made || uuidTime([]byte(after)) <= made {
		t.Fatal("the ids are not in order")
	}
	line := func(ms int64, kind, payload string) string {
		return `{"timestamp":"` + rfc3339(made+ms*1e6) + `","type":"` + kind + `","payload":` + payload + "}\n"
	}
	read := func(ms int64, n ...int64) string {
		kind, payload, _ := strings.Cut(reading(n...), " ")
		return line(ms, kind, payload)
	}
	meta := func(more string) string {
		return line(0, "session_meta", `{"id":"`+id+`","timestamp":"`+rfc3339(made)+`"`+more+`}`)
	}
	copied := line(5, "turn_context", `{"model":"m","turn_id":"`+before+`"}`) + read(6, 100, 0, 10, 100, 0, 10)
	own := line(60000, "turn_context", `{"model":"m","turn_id":"`+after+`"}`) + read(65000, 250, 0, 30, 150, 0, 20)
	for name, text := range map[string]string{
		"by its first line":     meta(`,"forked_from_id":"p"`) + copied + own,
		"by its second line":    meta("") + line(1, "session_meta", `{"id":"p"}`) + copied + own,
		"a copy that took long": meta(`,"forked_from_id":"p"`) + copied + read(5000, 180, 0, 15, 80, 0, 5) + own[:strings.Index(own, "\n")+1] + read(65000, 330, 0, 35, 150, 0, 20),
		"an immediate turn":     meta(`,"forked_from_id":"p"`) + copied + line(10, "turn_context", `{"model":"m","turn_id":"`+after+`"}`) + read(900, 250, 0, 30, 150, 0, 20),
		"a counter of its own":  meta(`,"forked_from_id":"p"`) + copied + own[:strings.Index(own, "\n")+1] + read(65000, 150, 0, 20, 150, 0, 20),
		"a subagent's":          meta(`,"forked_from_id":"p","source":{"subagent":{"thread_spawn":{"parent_thread_id":"p","agent_role":"explorer"}}}`) + copied + own,
	} {
		_, run, names, _ := codexCalls(t, text)
		got := sumSession(names, run)
		if got.calls["m"] != 1 || got.use["m"] != (Usage{Input: 150, Output: 20}) || run.ID != id {
			t.Errorf("%s: run %s, %+v", name, run.ID, got)
		}
		c := run.Calls[0]
		if strings.Contains(text, "explorer") != (names.Name(c.Agent) == "explorer" && names.Name(c.Session) == "p") {
			t.Errorf("%s: agent %s of session %s", name, names.Name(c.Agent), names.Name(c.Session))
		}
	}
}

// TestCodexOrder reads a session's records in any order, and twice.
func TestCodexOrder(t *testing.T) {
	for _, f := range []string{"model-switch-and-lost-event.jsonl", "two-compactions-abort.jsonl"} {
		b, names := readSources(t, shared(t, "traces", "codex", f))
		var want string
		rng := rand.New(rand.NewPCG(1, 2))
		for n := range 5 {
			recs := slices.Clone(b.Records)
			if n > 0 {
				recs = append(recs, b.Records[:len(recs)/2]...)
				rng.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
			}
			a := &Assembler{Names: names, Book: BuiltinPrices(), Order: func(x, y SourceRef) int { return cmp.Compare(x.Offset, y.Offset) }}
			got := callList(names, a.Assemble(a.Merge(recs)))
			if n == 0 {
				want = got
			} else if got != want {
				t.Fatalf("%s: other calls when the records come in another order", f)
			}
		}
	}
}

// TestCodexKeyOrder checks that lines are read in whatever way they are written.
func TestCodexKeyOrder(t *testing.T) {
	text := codexLines(codexFirst, `10:00:01.000 turn_context {"model":"m"}`) +
		`{"payload":{"info":{"last_token_usage":null,"total_token_usage":{"output_tokens":10,"input_tokens":100,"cached_input_tokens":40}},"type":"token_count"},"type":"event_msg","timestamp":"2026-03-01T10:00:05Z"}` + "\n" +
		`{ "timestamp" : "2026-03-01T10:00:06Z", "type" : "response_item", "payload" : { "type" : "message", "content" : "\"token_count\"" } }` + "\n" +
		`{"timestamp":"2026-03-01T10:00:07Z","type":"response_item","payload":{"type":"message","content":"cut ` +
		codexLines("10:00:09.000 "+reading(250, 140, 30))
	b, names := readSources(t, write(t, "s.jsonl", text))
	if got, want := callList(names, runsOf(b, names)["s"]), "m 1-5 100/40/10, m 5-9 150/100/20"; got != want || b.BadCount != 1 {
		t.Errorf("%s, want %s; bad %v", got, want, b.Bad)
	}
}

func BenchmarkCodex(b *testing.B) {
	benchmarkSource(b, shared(b, "traces", "codex", "model-switch-and-lost-event.jsonl"))
}

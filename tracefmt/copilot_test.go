package tracefmt

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestExpectedCopilot checks every value of traces/EXPECTED-agents.md about Copilot CLI. Input is known of sessions that were left.
func TestExpectedCopilot(t *testing.T) {
	for _, tc := range []struct {
		file, run string
		model     string
		calls     int
		use       Usage
		tools     int
		failed    int
		state     string // of the calls
		premium   string
	}{
		{"events-with-shutdown.jsonl", "96ef38f0-9d09-45c3-8124-6448c36090ed", "claude-sonnet-4.6", 6, Usage{Input: 186809, CacheRead: 151738, Output: 2848, Reasoning: 1024}, 13, 0, "covered", "2"},
		{"no-shutdown-aborted.jsonl", "10fb4666-56f0-4352-90fc-715caf95b418", "claude-sonnet-4.6", 54, Usage{Output: 19254}, 68, 1, "understated", ""},
		{"one-call-shutdown.jsonl", "2426852d-6cf5-4e90-be9f-e45fc6c7d5e4", "gpt-5.3-codex-spark", 1, Usage{Input: 12847, Output: 101, Reasoning: 94}, 0, 0, "known", "0"},
	} {
		b, names := readSources(t, shared(t, "traces", "copilot-cli", tc.file))
		runs := runsOf(b, names)
		run := runs[tc.run]
		if len(runs) != 1 || run == nil || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Errorf("%s: %d runs, bad %v, warnings %v", tc.file, len(runs), b.Bad, b.Warnings)
			continue
		}
		got := sumSession(names, run)
		if got.calls[tc.model] != tc.calls || len(got.calls) != 1 || got.use[tc.model] != tc.use || got.tools != tc.tools || got.failed != tc.failed || got.aborts+got.errors != 0 {
			t.Errorf("%s: %+v, want %+v", tc.file, got, tc)
		}
		for _, c := range run.Calls {
			if c.Kind != KindLLM {
				continue
			}
			state := "known"
			switch {
			case c.Flags&FlagUnderstated != 0:
				state = "understated"
			case c.Flags&FlagCovered != 0:
				state = "covered"
			}
			if state != tc.state || c.Has&HasInput != 0 != (state == "known") {
				t.Errorf("%s: a call is %s (%b)", tc.file, state, c.Has)
			}
		}
		premium := ""
		for k, v := range TagPairs(names.Name(run.Tags)) {
			if k == "premium_requests" {
				premium = v
			}
		}
		if premium != tc.premium {
			t.Errorf("%s: %q premium requests", tc.file, premium)
		}
	}
}

// TestCopilotContext checks how the context of the last call was made up.
func TestCopilotContext(t *testing.T) {
	b, names := readSources(t, shared(t, "traces", "copilot-cli", "events-with-shutdown.jsonl"))
	var last *Record
	for _, run := range runsOf(b, names) {
		for _, c := range run.Calls {
			if c.Kind == KindLLM {
				last = c.Record
			}
		}
	}
	if last == nil || last.Context == nil || *last.Context != [ContextParts]int64{9891, 10223, 0, 15204} {
		t.Errorf("%+v", last)
	}
}

// events writes events: each is a time of day, a type and its data.
func events(lines ...string) string {
	var b strings.Builder
	for i, l := range lines {
		f := strings.SplitN(l, " ", 3)
		fmt.Fprintf(&b, `{"type":"%s","data":%s,"id":"e%d","timestamp":"2026-03-01T%sZ","parentId":null}`+"\n", f[1], f[2], i, f[0])
	}
	return b.String()
}

const copilotFirst = `10:00:00.000 session.start {"sessionId":"s","version":1,"copilotVersion":"1.0.34","context":{"cwd":"/w/shop/api","gitRoot":"/w/shop","branch":"main"}}`

// message is an assistant.message.
func copilotMessage(at, id, model string, out int) string {
	return fmt.Sprintf(`%s assistant.message {"messageId":"%s","model":"%s","content":"x","outputTokens":%d}`, at, id, model, out)
}

// shutdown is a session.shutdown: per model its name, input, cached and output.
func shutdown(at string, models ...string) string {
	var m []string
	for _, l := range models {
		var name string
		var in, cached, out int64
		fmt.Sscan(l, &name, &in, &cached, &out)
		m = append(m, fmt.Sprintf(`"%s":{"requests":{"count":1,"cost":1},"usage":{"inputTokens":%d,"outputTokens":%d,"cacheReadTokens":%d,"cacheWriteTokens":0}}`, name, in, out, cached))
	}
	return at + ` session.shutdown {"shutdownType":"routine","totalPremiumRequests":1.5,"modelMetrics":{` + strings.Join(m, ",") + "}}"
}

func copilotRun(t *testing.T, text string) (*Run, *Names, *Batch) {
	t.Helper()
	b, names := readSources(t, write(t, "events.jsonl", text))
	runs := runsOf(b, names)
	if runs["s"] == nil || len(runs) != 1 || b.BadCount != 0 {
		t.Fatalf("runs %v, bad %v", runs, b.Bad)
	}
	return runs["s"], names, b
}

func TestCopilotTotals(t *testing.T) {
	calls := []string{copilotFirst, copilotMessage("10:00:05.000", "a", "m", 10), copilotMessage("10:00:06.000", "b", "m", 20)}
	for name, tc := range map[string]struct {
		lines       []string
		want        Usage
		understated int
	}{
		"one":                         {[]string{shutdown("10:01:00.000", "m 1000 400 30")}, Usage{Input: 1000, CacheRead: 400, Output: 30}, 0},
		"none":                        {nil, Usage{Output: 30}, 2},
		"each session its own":        {[]string{shutdown("10:01:00.000", "m 1000 400 30"), copilotMessage("10:02:00.000", "c", "m", 40), shutdown("10:03:00.000", "m 1500 600 40")}, Usage{Input: 2500, CacheRead: 1000, Output: 70}, 0},
		"the counters go on":          {[]string{shutdown("10:01:00.000", "m 1000 400 30"), copilotMessage("10:02:00.000", "c", "m", 40), shutdown("10:03:00.000", "m 2500 1000 70")}, Usage{Input: 2500, CacheRead: 1000, Output: 70}, 0},
		"opened and left again":       {[]string{shutdown("10:01:00.000", "m 1000 400 30"), shutdown("10:03:00.000", "m 1000 400 30")}, Usage{Input: 1000, CacheRead: 400, Output: 30}, 0},
		"opened and left, empty":      {[]string{shutdown("10:01:00.000", "m 1000 400 30"), shutdown("10:03:00.000")}, Usage{Input: 1000, CacheRead: 400, Output: 30}, 0},
		"smaller, so a new counter":   {[]string{shutdown("10:01:00.000", "m 1000 400 30"), copilotMessage("10:02:00.000", "c", "m", 5), shutdown("10:03:00.000", "m 500 100 5")}, Usage{Input: 1500, CacheRead: 500, Output: 35}, 0},
		"left, resumed and not left":  {[]string{shutdown("10:01:00.000", "m 1000 400 30"), copilotMessage("10:02:00.000", "c", "m", 40)}, Usage{Input: 1000, CacheRead: 400, Output: 70}, 1},
		"a resumed one writes less":   {[]string{shutdown("10:01:00.000", "m 1000 400 30"), copilotMessage("10:02:00.000", "c", "m", 40), shutdown("10:03:00.000", "m 1500 600 35")}, Usage{Input: 2500, CacheRead: 1000, Output: 70}, 0},
		"three times left":            {[]string{shutdown("10:01:00.000", "m 1000 400 30"), copilotMessage("10:02:00.000", "c", "m", 40), shutdown("10:03:00.000", "m 1500 600 40"), copilotMessage("10:04:00.000", "d", "m", 50), shutdown("10:05:00.000", "m 2000 800 50")}, Usage{Input: 4500, CacheRead: 1800, Output: 120}, 0},
		"three times, counters go on": {[]string{shutdown("10:01:00.000", "m 1000 400 30"), copilotMessage("10:02:00.000", "c", "m", 40), shutdown("10:03:00.000", "m 2500 1000 70"), copilotMessage("10:04:00.000", "d", "m", 50), shutdown("10:05:00.000", "m 4500 1800 120")}, Usage{Input: 4500, CacheRead: 1800, Output: 120}, 0},
		"more than its calls' output": {[]string{shutdown("10:01:00.000", "m 1000 400 50")}, Usage{Input: 1000, CacheRead: 400, Output: 50}, 0},
	} {
		run, names, _ := copilotRun(t, events(append(slices.Clone(calls), tc.lines...)...))
		understated := 0
		for _, c := range run.Calls {
			if c.Flags&FlagUnderstated != 0 {
				understated++
			}
		}
		if got := sumSession(names, run).use["m"]; got != tc.want || understated != tc.understated {
			t.Errorf("%s: %+v and %d understated, want %+v and %d", name, got, understated, tc.want, tc.understated)
		}
	}
}

// TestCopilotModels checks who answered: what the message says, else what was chosen last, else the only one that was used.
func TestCopilotModels(t *testing.T) {
	run, names, _ := copilotRun(t, events(copilotFirst, `10:00:01.000 session.model_change {"newModel":"m"}`, `10:00:02.000 assistant.turn_start {"turnId":"0"}`,
		strings.Replace(copilotMessage("10:00:05.000", "a", "", 10), `"model":"",`, "", 1), copilotMessage("10:00:06.000", "b", "n", 20)))
	if got, want := callList(names, run), "m 2-5 0/0/10, n 2-6 0/0/20"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	run, names, _ = copilotRun(t, events(copilotFirst, `10:00:01.000 session.model_change {"newModel":"auto"}`,
		strings.Replace(copilotMessage("10:00:05.000", "a", "", 10), `"model":"",`, "", 1), strings.Replace(copilotMessage("10:00:06.000", "b", "", 20), `"model":"",`, "", 1), shutdown("10:01:00.000", "m 1000 400 30")))
	if got, want := callList(names, run), "m 5-5 0/0/10, m 6-6 0/0/20"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestCopilotUsages checks events that state what a call used; most logs have none.
func TestCopilotUsages(t *testing.T) {
	use := func(at, more string, out int) string {
		return fmt.Sprintf(`%s assistant.usage {"model":"m","inputTokens":100,"outputTokens":%d,"cacheReadTokens":40,"cost":1,"duration":2000%s}`, at, out, more)
	}
	named := strings.Replace(copilotMessage("10:00:05.000", "a", "m", 10), `"content"`, `"apiCallId":"x1","content"`, 1)
	run, names, _ := copilotRun(t, events(copilotFirst, named, use("10:00:20.000", `,"apiCallId":"x1"`, 10), copilotMessage("10:00:30.000", "b", "m", 20), use("10:00:31.000", "", 20),
		use("10:01:00.000", "", 7)))
	if got, want := callList(names, run), "m 5-5 100/40/10, m 29-30 100/40/20, m 58-60 100/40/7"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCopilotEvents(t *testing.T) {
	run, names, b := copilotRun(t, events(copilotFirst, `10:00:01.000 user.message {"content":"x"}`,
		`10:00:05.000 assistant.message {"messageId":"a","content":"","outputTokens":10,"toolRequests":[{"toolCallId":"t1","name":"task"},{"toolCallId":"t2","name":"bash"},{"toolCallId":"t9","name":"never ran"}]}`,
		`10:00:06.000 tool.execution_start {"toolCallId":"t1","toolName":"task","arguments":{}}`, `10:00:06.000 subagent.started {"toolCallId":"t1","agentName":"explore"}`,
		`10:00:07.000 tool.execution_start {"toolCallId":"t2","toolName":"bash","arguments":{"command":"ls"}}`,
		`10:00:08.000 assistant.message {"messageId":"b","content":"","outputTokens":20,"parentToolCallId":"t1"}`,
		`10:00:09.000 tool.execution_complete {"toolCallId":"t1","success":false,"error":{"message":"no","code":"denied"}}`,
		`10:00:09.000 tool.execution_complete {"toolCallId":"t7","success":true}`, `10:00:10.000 session.error {"errorType":"quota","message":"x"}`,
		`10:00:11.000 session.compaction_complete {"success":true,"compactionTokensUsed":{"input":1,"output":2,"cachedInput":3}}`,
		`10:00:12.000 abort {"reason":"user initiated"}`, `10:00:13.000 hook.start {"hookType":"x","input":{"a":"\"type\":\"abort\""}}`))
	var got []string
	for _, c := range run.Calls {
		got = append(got, strings.TrimSpace(fmt.Sprint(c.Kind, " ", c.ID, " ", names.Name(c.Agent), " <", c.Parent, " ", c.Status, " ", names.Name(c.Error))))
	}
	want := []string{"llm a main < ok", "tool t1 main <a error denied", "llm b explore <t1 ok", "tool t2 main <a error interrupted"}
	slices.Sort(got)
	slices.Sort(want)
	if s := sumSession(names, run); !slices.Equal(got, want) || s.errors != 1 || s.compacted != 1 || s.aborts != 1 || len(b.Skipped) != 0 {
		t.Errorf("\n got %q\nwant %q\n%+v %v", got, want, s, b.Skipped)
	}
	if names.Name(run.Workflow) != "shop" {
		t.Errorf("workflow %s", names.Name(run.Workflow))
	}
}

// TestCopilotDetails takes cache writes out of the details of newer versions where they add up to the input.
func TestCopilotDetails(t *testing.T) {
	text := `10:01:00.000 session.shutdown {"tokenDetails":{"input":{"tokenCount":100},"cache_read":{"tokenCount":600},"cache_write":{"tokenCount":%d},"output":{"tokenCount":9}},"modelMetrics":{"m":{"usage":{"inputTokens":1000,"outputTokens":9,"cacheReadTokens":600,"cacheWriteTokens":0}}}}`
	for written, want := range map[int]int64{300: 300, 299: 0} {
		run, names, _ := copilotRun(t, events(copilotFirst, fmt.Sprintf(text, written)))
		if got := sumSession(names, run).use["m"]; got != (Usage{Input: 1000, CacheRead: 600, CacheWrite: want, Output: 9}) {
			t.Errorf("%d: %+v", written, got)
		}
	}
}

// TestCopilotSession checks where the id comes from when the first line is missing.
func TestCopilotSession(t *testing.T) {
	d := NewDecoder(NewNames(), nil)
	d.Format, d.Path = FormatCopilot, filepath.Join("session-state", "abc", "events.jsonl")
	if err := d.Decode([]byte(strings.TrimSpace(events(copilotMessage("10:00:05.000", "a", "m", 1)))), SourceRef{}); err != nil || d.Out[0].Run != "abc" {
		t.Errorf("%v %+v", err, d.Out)
	}
}

// TestCopilotOrder reads a session's records in any order, and twice.
func TestCopilotOrder(t *testing.T) {
	b, names := readSources(t, shared(t, "traces", "copilot-cli", "events-with-shutdown.jsonl"))
	rng := rand.New(rand.NewPCG(3, 4))
	var want string
	for n := range 5 {
		recs := slices.Clone(b.Records)
		if n > 0 {
			recs = append(recs, b.Records...)
			rng.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
		}
		a := &Assembler{Names: names, Book: BuiltinPrices(), Order: func(x, y SourceRef) int { return cmp.Compare(x.Offset, y.Offset) }}
		run := a.Assemble(a.Merge(recs))
		got := callList(names, run) + fmt.Sprint(sumSession(names, run))
		if n == 0 {
			want = got
		} else if got != want {
			t.Fatalf("%s\nwant %s", got, want)
		}
	}
}

func BenchmarkCopilot(b *testing.B) {
	benchmarkSource(b, shared(b, "traces", "copilot-cli", "no-shutdown-aborted.jsonl"))
}

package tracefmt

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// streamSums is a run in one line: what counts, calls of models and tools, and who made them.
func streamSums(names *Names, run *Run) string {
	var cost USD
	var u Usage
	models, tools, failed, unknown, low := 0, 0, 0, 0, 0
	agents := map[string]int{}
	for i := range run.Calls {
		c := &run.Calls[i]
		if c.IsCall && c.Kind == KindLLM {
			models++
			agents[names.Name(c.Agent)]++
			if c.Flags&FlagUnderstated != 0 {
				low++
			}
		}
		if c.IsCall && c.Kind == KindTool {
			tools++
			if c.Status == StatusError {
				failed++
			}
		}
		if c.Counted {
			cost += c.Cost
			u.plus(&c.Usage)
			if c.State == CostNoUsage || c.State == CostUnpriced {
				unknown++
			}
		}
	}
	return fmt.Sprintf("cost %s fresh %d read %d written %d out %d calls %d%v low %d tools %d failed %d unknown %d", cost, u.Uncached(), u.CacheRead, u.CacheWrite, u.Output,
		models, agents, low, tools, failed, unknown)
}

func TestExpectedClaudeStream(t *testing.T) {
	for file, want := range map[string]string{
		"custom-agent.jsonl": "cost 0.03736735 fresh 13 read 49181 written 24905 out 261 calls 3map[main:3] low 0 tools 2 failed 1 unknown 0",
		// Nine answers are in the stream; the tenth is the subagent's last, which its result states. With it the cache reads and writes of
		// all calls are those of modelUsage: 191182 and 45206.
		"task-subagent.jsonl": "cost 0.0999967 fresh 396 read 191182 written 45206 out 4795 calls 10map[Explore:8 main:2] low 0 tools 36 failed 2 unknown 0",
	} {
		b, names, _ := readAll(t, shared(t, "traces", "claude-code-stream-json", file), ReadOptions{})
		if b.BadCount != 0 || len(b.Warnings) != 0 || len(b.Skipped) != 0 {
			t.Errorf("%s: bad %v, warnings %v, skipped %v", file, b.Bad, b.Warnings, b.Skipped)
		}
		runs := runsOf(b, names)
		for _, run := range runs {
			if got := streamSums(names, run); got != want {
				t.Errorf("%s:\ngot  %s\nwant %s", file, got, want)
			}
			if w := names.Name(run.Workflow); w != "Claude-Orchestrator" || run.Outcome != OutcomeUnknown || !strings.Contains(names.Name(run.Tags), "2.1.6") {
				t.Errorf("%s: workflow %q, outcome %v, tags %q", file, w, run.Outcome, names.Name(run.Tags))
			}
		}
		if len(runs) != 1 {
			t.Errorf("%s: %d runs", file, len(runs))
		}
	}
}

// streamLines writes lines of a stream in short: "KIND ID THREAD REST", where THREAD is the tool that started the subagent or "-".
func streamLines(session string, lines ...string) string {
	var b strings.Builder
	uuid := 0
	for _, line := range lines {
		f := strings.SplitN(line, " ", 4)
		if len(f) < 4 {
			b.WriteString(line + "\n")
			continue
		}
		uuid++
		thread := "null"
		if f[2] != "-" {
			thread = `"` + f[2] + `"`
		}
		end := fmt.Sprintf(`,"parent_tool_use_id":%s,"session_id":"%s","uuid":"%s-%d"}`, thread, session, session, uuid)
		switch f[0] {
		case "answer": // MODEL FRESH READ WRITTEN OUT
			b.WriteString(`{"type":"assistant","message":` + streamMessage(f[1], f[3], `{"type":"text","text":"x"}`) + end)
		case "calls": // MODEL FRESH READ WRITTEN OUT TOOL NAME TYPE
			p := strings.Fields(f[3])
			use := fmt.Sprintf(`{"type":"tool_use","id":"%s","name":"%s","input":{"subagent_type":"%s"}}`, p[5], p[6], p[7])
			b.WriteString(`{"type":"assistant","message":` + streamMessage(f[1], f[3], use) + end)
		case "begins":
			b.WriteString(`{"type":"stream_event","event":{"type":"message_start","message":` + streamMessage(f[1], f[3], "") + `}` + end)
		case "ends": // OUT
			b.WriteString(`{"type":"stream_event","event":{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":` + f[3] + `}}` + end)
		case "gives": // the tool's result: IS_ERROR TOOL_USE_RESULT
			bad, result, _ := strings.Cut(f[3], " ")
			b.WriteString(`{"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"` + f[1] + `","is_error":` + bad + `,"content":"x"}]},"tool_use_result":` + result + end)
		case "system":
			b.WriteString(`{"type":"system","subtype":"` + f[1] + `",` + f[3] + end)
		case "result": // SUBTYPE - REST
			b.WriteString(`{"type":"result","subtype":"` + f[1] + `",` + f[3] + end)
		default:
			panic(line)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func streamMessage(id, rest, block string) string {
	p := strings.Fields(rest)
	return fmt.Sprintf(`{"id":"%s","type":"message","role":"assistant","model":"%s","content":[%s],"stop_reason":null,"usage":{"input_tokens":%s,"cache_read_input_tokens":%s,"cache_creation_input_tokens":%s,"output_tokens":%s}}`,
		id, p[0], block, p[1], p[2], p[3], p[4])
}

// modelUsage is a part of a result.
func modelUsage(model string, fresh, read, written, out int, cost string) string {
	return fmt.Sprintf(`"%s":{"inputTokens":%d,"outputTokens":%d,"cacheReadInputTokens":%d,"cacheCreationInputTokens":%d,"webSearchRequests":0,"costUSD":%s}`, model, fresh, out, read, written, cost)
}

// streamRuns reads texts as files of their own, those of sessions by their name, and lists the runs.
func streamRuns(t *testing.T, files map[string]string) string {
	t.Helper()
	names := NewNames()
	d := NewDecoder(names, func(w Warning) { t.Error(w.Text) })
	paths := slices.Sorted(maps.Keys(files))
	for n, path := range paths {
		d.Path, d.Format = path, FormatClaudeStream
		if strings.HasSuffix(path, ".session") {
			d.Format = FormatClaude
		}
		at := 0
		for line := range strings.Lines(files[path]) {
			if err := d.Decode([]byte(strings.TrimSpace(line)), SourceRef{uint32(n), int64(at), int64(len(line))}); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			at += len(line)
		}
	}
	list := func(recs []Record) string {
		byRun := home(recs)
		var lines []string
		for _, id := range slices.Sorted(maps.Keys(byRun)) {
			a := &Assembler{Names: names, Book: BuiltinPrices(), Order: func(x, y SourceRef) int {
				return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.Offset, y.Offset))
			}}
			run := a.Assemble(a.Merge(byRun[id]))
			lines = append(lines, id+" "+streamSums(names, run))
		}
		return strings.Join(lines, "\n")
	}
	got := list(slices.Clone(d.Out))
	rng := rand.New(rand.NewPCG(1, uint64(len(d.Out))))
	for range 5 {
		mixed := slices.Clone(d.Out)
		rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if other := list(mixed); other != got {
			t.Errorf("in order  %s\nin another %s", got, other)
		}
	}
	return got
}

const haiku = "claude-haiku-4-5-20251001"

// Prices of haiku per million tokens: 1 fresh, 0.1 read, 1.25 written, 5 output.
func TestClaudeStreamTotals(t *testing.T) {
	turn := func(n int) []string {
		return []string{fmt.Sprintf("answer msg_%d - %s 10 1000 100 1", n, haiku)}
	}
	result := func(cost string, usage string, models ...string) string {
		return `result success - "is_error":false,"num_turns":1,"total_cost_usd":` + cost + `,"usage":` + usage + `,"modelUsage":{` + strings.Join(models, ",") + `}`
	}
	const usage = `{"input_tokens":10,"cache_read_input_tokens":1000,"cache_creation_input_tokens":100,"output_tokens":50}`
	one := result("0.5", usage, modelUsage(haiku, 10, 1000, 100, 50, "0.5"))
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no result: a lower bound by the book": { // 10 + 100 + 125 + 5
			map[string]string{"a": streamLines("s", turn(1)...)},
			"s cost 0.00024 fresh 10 read 1000 written 100 out 1 calls 1map[main:1] low 1 tools 0 failed 0 unknown 0"},
		"the result knows the output": {
			map[string]string{"a": streamLines("s", append(turn(1), one)...)},
			"s cost 0.5 fresh 10 read 1000 written 100 out 50 calls 1map[main:1] low 0 tools 0 failed 0 unknown 0"},
		"copies": {
			map[string]string{"a": streamLines("s", append(turn(1), one)...), "b": streamLines("s", append(turn(1), one)...)},
			"s cost 0.5 fresh 10 read 1000 written 100 out 50 calls 1map[main:1] low 0 tools 0 failed 0 unknown 0"},
		"two turns of one process count on": {
			map[string]string{"a": streamLines("s", append(append(turn(1), one), append(turn(2), result("0.75", usage, modelUsage(haiku, 20, 2000, 200, 110, "0.75")))...)...)},
			"s cost 0.75 fresh 20 read 2000 written 200 out 110 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"another process begins anew, in the same file": {
			map[string]string{"a": streamLines("s", append(append(turn(1), one), append(turn(2), result("0.75", usage, modelUsage(haiku, 12, 1001, 101, 110, "0.75")))...)...)},
			"s cost 1.25 fresh 22 read 2001 written 201 out 160 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"another process, in a file of its own": {
			map[string]string{"a": streamLines("s", append(turn(1), one)...),
				"b": strings.ReplaceAll(streamLines("s", append(turn(2), result("0.25", usage, modelUsage(haiku, 12, 1001, 101, 60, "0.25")))...), `"s-`, `"s2-`)},
			"s cost 0.75 fresh 22 read 2001 written 201 out 110 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"an earlier copy beside the whole": {
			map[string]string{"b": streamLines("s", append(turn(1), one)...),
				"a": streamLines("s", append(append(turn(1), one), append(turn(2), result("0.75", usage, modelUsage(haiku, 20, 2000, 200, 110, "0.75")))...)...)},
			"s cost 0.75 fresh 20 read 2000 written 200 out 110 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"results alone count on or not, as their own usage says": {
			map[string]string{"a": streamLines("s", one), "b": strings.ReplaceAll(streamLines("s", result("0.6", usage, modelUsage(haiku, 12, 1001, 101, 60, "0.6"))), `"s-`, `"s2-`)},
			"s cost 1.1 fresh 22 read 2001 written 201 out 110 calls 0map[] low 0 tools 0 failed 0 unknown 0"},
		"a model that makes no call in the stream": {
			map[string]string{"a": streamLines("s", append(turn(1), result("0.8", usage, modelUsage(haiku, 10, 1000, 100, 50, "0.5"), modelUsage("claude-sonnet-4-5-20250929", 7, 0, 0, 3, "0.3")))...)},
			"s cost 0.8 fresh 17 read 1000 written 100 out 53 calls 1map[main:1] low 0 tools 0 failed 0 unknown 0"},
		"models under other names": {
			map[string]string{"a": streamLines("s", append(turn(1), result("0.7", usage, modelUsage("us.anthropic.claude-haiku-4-5-20251001-v1:0", 4, 400, 40, 20, "0.3"), modelUsage(haiku+"[1m]", 6, 600, 60, 30, "0.4")))...)},
			"s cost 0.7 fresh 10 read 1000 written 100 out 50 calls 1map[main:1] low 0 tools 0 failed 0 unknown 0"},
		"models that answer under names of their own": {
			map[string]string{"a": streamLines("s", append(turn(1), "answer msg_9 - other 5 0 0 1", result("0.7", usage, modelUsage("big", 15, 1000, 100, 60, "0.7")))...)},
			"s cost 0.7 fresh 15 read 1000 written 100 out 60 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"parts that do not make up the cost": {
			map[string]string{"a": streamLines("s", append(turn(1), result("0.9", usage, modelUsage(haiku, 10, 1000, 100, 50, "0.5")))...)},
			"s cost 0.9 fresh 10 read 1000 written 100 out 50 calls 1map[main:1] low 0 tools 0 failed 0 unknown 0"},
		"parts that make it up but for a rounding": {
			map[string]string{"a": streamLines("s", append(turn(1), result("0.80000000004", usage, modelUsage(haiku, 10, 1000, 100, 50, "0.5"), modelUsage("claude-sonnet-4-5-20250929", 7, 0, 0, 3, "0.30000000000000004")))...)},
			"s cost 0.80000000004 fresh 17 read 1000 written 100 out 53 calls 1map[main:1] low 0 tools 0 failed 0 unknown 0"},
		"the first versions": {
			map[string]string{"a": streamLines("s", append(turn(1), `result success - "is_error":false,"num_turns":1,"cost_usd":0.2,"total_cost":0.2`, "answer msg_2 - "+haiku+" 10 1000 100 1", `result success - "is_error":false,"num_turns":2,"cost_usd":0.3,"total_cost":0.5`)...)},
			"s cost 0.5 fresh 20 read 2000 written 200 out 2 calls 2map[main:2] low 2 tools 0 failed 0 unknown 0"},
		"usage without models": {
			map[string]string{"a": streamLines("s", append(turn(1), `result success - "is_error":false,"num_turns":1,"total_cost_usd":0.2,"usage":`+usage, "answer msg_2 - "+haiku+" 10 1000 100 1",
				`result success - "is_error":false,"num_turns":2,"total_cost_usd":0.5,"usage":`+usage)...)},
			"s cost 0.5 fresh 20 read 2000 written 200 out 100 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"a call that was broken off is in the stream, but in no count": { // the totals go on: T2 has what the second turn finished
			map[string]string{"a": streamLines("s", append(append(turn(1), one), append(turn(2), "answer msg_3 - "+haiku+" 10 1000 100 1", result("0.75", usage, modelUsage(haiku, 20, 2000, 200, 110, "0.75")))...)...)},
			"s cost 0.75 fresh 30 read 3000 written 300 out 110 calls 3map[main:3] low 0 tools 0 failed 0 unknown 0"},
		"usage of all turns": {
			map[string]string{"a": streamLines("s", append(append(turn(1), one), append(turn(2), result("0.75", `{"input_tokens":20,"cache_read_input_tokens":2000,"cache_creation_input_tokens":200,"output_tokens":110}`, modelUsage(haiku, 20, 2000, 200, 110, "0.75")))...)...)},
			"s cost 0.75 fresh 20 read 2000 written 200 out 110 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"a subagent of which the stream has nothing but the result": {
			map[string]string{"a": streamLines("s", "calls msg_1 - "+haiku+" 10 1000 100 1 toolu_1 Task Plan", `gives toolu_1 - false {"agentId":"a1","usage":{"input_tokens":5,"cache_read_input_tokens":300,"output_tokens":9}}`,
				result("0.75", usage, modelUsage(haiku, 10, 1000, 100, 50, "0.5"), modelUsage("claude-sonnet-4-5-20250929", 9, 800, 0, 30, "0.25")))},
			"s cost 0.75 fresh 19 read 1800 written 100 out 80 calls 2map[Plan:1 main:1] low 0 tools 1 failed 0 unknown 0"},
		"a cost of 0 is none": { // by the book, with the output that the result knows: 10 + 100 + 125 + 50*5
			map[string]string{"a": streamLines("s", append(turn(1), result("0", usage, modelUsage(haiku, 10, 1000, 100, 50, "0")))...)},
			"s cost 0.000485 fresh 10 read 1000 written 100 out 50 calls 1map[main:1] low 0 tools 0 failed 0 unknown 0"},
	} {
		if got := streamRuns(t, tc.files); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tc.want)
		}
	}
}

func TestClaudeStreamLines(t *testing.T) {
	init := `system init - "cwd":"C:\\w\\api","model":"` + haiku + `","claude_code_version":"2.1.6"`
	for name, tc := range map[string]struct {
		lines []string
		want  string
	}{
		"snapshots of one answer": { // 10 + 100 + 125 + 40*5
			[]string{init, "answer msg_1 - " + haiku + " 10 1000 100 1", "calls msg_1 - " + haiku + " 10 1000 100 40 toolu_1 Read -", "gives toolu_1 - false \"x\""},
			"cost 0.000435 fresh 10 read 1000 written 100 out 40 calls 1map[main:1] low 1 tools 1 failed 0 unknown 0"},
		"partial messages: the end of the stream knows the output": { // 2 * (10 + 100 + 125) + 95*5
			[]string{"begins msg_1 - " + haiku + " 10 1000 100 1", "answer msg_1 - " + haiku + " 10 1000 100 1", "ends msg_1 - 70",
				"begins msg_2 - " + haiku + " 10 1000 100 1", "answer msg_2 - " + haiku + " 10 1000 100 1", "ends msg_2 - 25"},
			"cost 0.000945 fresh 20 read 2000 written 200 out 95 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"},
		"partial messages of two threads": { // (10 + 7*5) + (20 + 9*5)
			[]string{"calls msg_1 - " + haiku + " 0 0 0 0 toolu_1 Task Explore", "begins msg_2 toolu_1 " + haiku + " 10 0 0 1", "begins msg_3 - " + haiku + " 20 0 0 1", "ends msg_2 toolu_1 7", "ends msg_3 - 9"},
			"cost 0.00011 fresh 30 read 0 written 0 out 16 calls 3map[Explore:1 main:2] low 1 tools 1 failed 0 unknown 0"},
		"a subagent, whose last call its result states": { // 10 + 5, 20 + 10, and 30 + 3 + 9*5
			[]string{"calls msg_1 - " + haiku + " 10 0 0 1 toolu_1 Task Explore", "answer msg_2 toolu_1 " + haiku + " 20 0 0 2",
				`gives toolu_1 - false {"agentId":"a1","totalTokens":99,"usage":{"input_tokens":30,"cache_read_input_tokens":30,"cache_creation_input_tokens":0,"output_tokens":9}}`},
			"cost 0.000123 fresh 60 read 30 written 0 out 12 calls 3map[Explore:2 main:1] low 2 tools 1 failed 0 unknown 0"},
		"a subagent, whose last call is in the stream": { // 10 + 5, 20 + 9*5
			[]string{"calls msg_1 - " + haiku + " 10 0 0 1 toolu_1 Agent Plan", "answer msg_2 toolu_1 " + haiku + " 20 0 0 2",
				`gives toolu_1 - false {"agentId":"a1","usage":{"input_tokens":20,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":9}}`},
			"cost 0.00008 fresh 30 read 0 written 0 out 10 calls 2map[Plan:1 main:1] low 1 tools 1 failed 0 unknown 0"},
		"a tool that was not permitted": {
			[]string{"calls msg_1 - " + haiku + " 10 0 0 1 toolu_1 Bash -", "gives toolu_1 - true \"Error\"", `result success - "is_error":false,"permission_denials":[{"tool_name":"Bash","tool_use_id":"toolu_1"},null,{"tool_use_id":7}]`},
			"cost 0.000015 fresh 10 read 0 written 0 out 1 calls 1map[main:1] low 1 tools 1 failed 1 unknown 0"},
		"another client, whose input includes what was cached": { // by the total: 300 + 20 of it, 100 cached
			[]string{`{"type":"assistant","message":{"id":"m1","model":"` + haiku + `","content":[],"usage":{"input_tokens":300,"cache_read_input_tokens":100,"output_tokens":20,"total_tokens":320}},"session_id":"s","uuid":"u"}`},
			"cost 0.00031 fresh 200 read 100 written 0 out 20 calls 1map[main:1] low 1 tools 0 failed 0 unknown 0"},
		"what is no model's answer": {
			[]string{`{"type":"assistant","message":{"id":"x","model":"<synthetic>","content":[{"type":"text","text":"API Error: 529"}],"usage":{"input_tokens":0,"output_tokens":0}},"parent_tool_use_id":null,"error":"server_error","session_id":"s","uuid":"u"}`,
				`system hook_response - "stdout":"x"`, `{"type":"rate_limit_event","rate_limit_info":{"status":"allowed"},"uuid":"u2","session_id":"s"}`},
			"cost 0 fresh 0 read 0 written 0 out 0 calls 0map[] low 0 tools 0 failed 0 unknown 0"},
	} {
		if got := streamRuns(t, map[string]string{"a": streamLines("s", tc.lines...)}); got != "s "+tc.want {
			t.Errorf("%s:\ngot  %s\nwant s %s", name, got, tc.want)
		}
	}
}

// TestClaudeStreamEnds looks at what a run is told to be, and at what was tried again.
func TestClaudeStreamEnds(t *testing.T) {
	run, names := streamRun(t, "s.jsonl", streamLines("s", `system init - "cwd":"C:\\w\\api","claude_code_version":"2.1.6"`, "answer msg_9 - "+haiku+" 1 0 0 1",
		`system api_retry - "attempt":1,"max_retries":10,"retry_delay_ms":500,"error_status":529,"error":"overloaded_error"`,
		`system api_retry - "attempt":2,"max_retries":10,"retry_delay_ms":900,"error_status":529,"error":"overloaded_error"`,
		"answer msg_1 - "+haiku+" 1 0 0 1", `system compact_boundary - "compact_metadata":{"trigger":"auto","pre_tokens":155000}`, "answer msg_5 - "+haiku+" 1 0 0 1",
		`result error_max_turns - "is_error":false,"num_turns":1,"total_cost_usd":0.1,"modelUsage":{}`))
	var ids []string
	for i := range run.Calls {
		if c := &run.Calls[i]; c.IsCall {
			ids = append(ids, fmt.Sprintf("%s/%d/%s", c.ID, c.Attempt, c.Status))
		}
	}
	if got := strings.Join(ids, " "); got != "msg_9/0/ok msg_1/3/ok msg_5/0/ok" {
		t.Errorf("calls %s", got)
	}
	if names.Name(run.Workflow) != "api" || run.Outcome != OutcomeUnknown || names.Name(run.Session) != "s" {
		t.Errorf("workflow %q, outcome %v, session %q", names.Name(run.Workflow), run.Outcome, names.Name(run.Session))
	}
	var marks []string
	for _, m := range run.Marks {
		marks = append(marks, fmt.Sprint(m.Event, " ", m.Attempt, " ", names.Name(m.Error), " ", names.Name(m.Name), " ", m.Usage.Input))
	}
	slices.Sort(marks)
	if got := strings.Join(marks, ", "); got != fmt.Sprintf("%d 1 529  0, %d 2 529  0, %d 0  auto 155000", EventAPIError, EventAPIError, EventCompact) {
		t.Errorf("marks %s", got)
	}
}

// streamRun reads a stream of one run.
func streamRun(t *testing.T, path, text string) (*Run, *Names) {
	t.Helper()
	names := NewNames()
	d := NewDecoder(names, func(w Warning) { t.Error(w.Text) })
	d.Path, d.Format = path, FormatClaudeStream
	var b Batch
	d.DecodeChunk(&Chunk{Data: []byte(text), Format: FormatClaudeStream}, &b)
	if b.BadCount > 0 || len(b.Skipped) > 0 {
		t.Fatalf("bad %v, skipped %v", b.Bad, b.Skipped)
	}
	runs := runsOf(&b, names)
	if len(runs) != 1 {
		t.Fatalf("%d runs", len(runs))
	}
	for _, run := range runs {
		return run, names
	}
	return nil, nil
}

// TestClaudeStreamBesideSession reads the output of a run together with the file of its session.
func TestClaudeStreamBesideSession(t *testing.T) {
	line := func(at int, rest string) string {
		return fmt.Sprintf(`{"sessionId":"s","cwd":"/w/api","version":"2.1.200","parentUuid":null,"uuid":"l%d","timestamp":"2026-01-02T10:00:%02d.000Z",%s}`+"\n", at, at, rest)
	}
	message := func(id, usage string) string {
		return `"type":"assistant","message":` + streamMessage(id, haiku+" "+usage, "")
	}
	ours := line(1, `"type":"user","message":{"role":"user","content":"go"}`) + line(3, message("msg_1", "10 1000 100 1")) + line(5, message("msg_1", "10 1000 100 8")) + line(9, message("msg_2", "10 1000 100 2"))
	result := `result success - "is_error":false,"num_turns":1,"total_cost_usd":0.5,"modelUsage":{` + modelUsage(haiku, 20, 2000, 200, 60, "0.5") + "}"
	stream := streamLines("s", `system api_retry - "attempt":1,"error_status":529`, "answer msg_1 - "+haiku+" 10 1000 100 5", "answer msg_2 - "+haiku+" 10 1000 100 1", result)
	got := streamRuns(t, map[string]string{"a.session": ours, "b": stream})
	if want := "s cost 0.5 fresh 20 read 2000 written 200 out 60 calls 2map[main:2] low 0 tools 0 failed 0 unknown 0"; got != want {
		t.Errorf("both:\ngot  %s\nwant %s", got, want)
	}
	// The session went on without the stream: what the result says is not of all calls. 3 * (10 + 100 + 125) + (8 + 2 + 9) * 5
	got = streamRuns(t, map[string]string{"a.session": ours + line(20, message("msg_3", "10 1000 100 9")), "b": stream})
	if want := "s cost 0.0008 fresh 30 read 3000 written 300 out 19 calls 3map[main:3] low 0 tools 0 failed 0 unknown 0"; got != want {
		t.Errorf("more in the session:\ngot  %s\nwant %s", got, want)
	}
	// A subagent has a file of its own with its last call, which the stream lacks.
	agent := strings.ReplaceAll(line(4, `"isSidechain":true,"agentId":"a1",`+message("msg_7", "5 0 0 1"))+line(6, `"isSidechain":true,"agentId":"a1",`+message("msg_8", "6 0 0 1")), `"l`, `"m`)
	ours += line(8, `"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"x"}]},"toolUseResult":{"agentId":"a1","usage":{"input_tokens":6,"output_tokens":30}}`)
	stream = streamLines("s", "calls msg_1 - "+haiku+" 10 1000 100 5 toolu_1 Task Explore", "answer msg_7 toolu_1 "+haiku+" 5 0 0 1",
		`gives toolu_1 - false {"agentId":"a1","usage":{"input_tokens":6,"output_tokens":30}}`)
	for _, files := range []map[string]string{{"a.session": ours, "b": stream, "c.session": agent}, {"b": stream}} {
		got = streamRuns(t, files)
		var want string
		if len(files) > 1 {
			want = "s cost 0.000686 fresh 31 read 2000 written 200 out 41 calls 4map[Explore:2 main:2]" // 31 + 200 + 250 + (8 + 2 + 1 + 30) * 5
		} else {
			want = "s cost 0.000426 fresh 21 read 1000 written 100 out 36 calls 3map[Explore:2 main:1]" // 21 + 100 + 125 + 36 * 5
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("a subagent, %d files:\ngot  %s\nwant %s", len(files), got, want)
		}
	}
}

// TestClaudeStreamDocuments reads what --output-format json writes: the result alone, or all messages as an array.
func TestClaudeStreamDocuments(t *testing.T) {
	lines := streamLines("s", "answer msg_1 - "+haiku+" 10 0 0 1", `result success - "is_error":false,"num_turns":1,"total_cost_usd":0.5,"modelUsage":{`+modelUsage(haiku, 10, 0, 0, 7, "0.5")+"}")
	first, last, _ := strings.Cut(strings.TrimSpace(lines), "\n")
	for text, calls := range map[string]int{last: 0, strings.ReplaceAll(last, ",", ",\n  "): 0, "[" + first + ",\n" + last + "]": 1} {
		b, names, r := readAll(t, write(t, "out.json", text), ReadOptions{})
		if r.Format() != FormatClaudeStream || b.BadCount != 0 {
			t.Errorf("read as %s, bad %v", Formats[r.Format()].Name, b.Bad)
		}
		run := runsOf(b, names)["s"]
		if got := streamSums(names, run); !strings.HasPrefix(got, fmt.Sprintf("cost 0.5 fresh 10 read 0 written 0 out 7 calls %d", calls)) {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestClaudeStreamIsDetected(t *testing.T) {
	for text, want := range map[string]bool{
		`{"type":"system","subtype":"init","session_id":"s","tools":[]}`:                                   true,
		`{"type":"system","subtype":"hook_started","hook_name":"x","session_id":"s","uuid":"u"}`:           true,
		`{"type":"assistant","message":{"content":[]},"parent_tool_use_id":null,"session_id":"s"}`:         true,
		`{"type":"stream_event","event":{"type":"message_stop"},"session_id":"s"}`:                         true,
		`{"type":"result","subtype":"success","is_error":false,"session_id":"s","result":"x"}`:             true,
		`{"type":"assistant","message":{"content":[]},"sessionId":"s","session_id":"s","parentUuid":null}`: false,
		`{"type":"assistant","message":{"parts":[]},"session_id":"s"}`:                                     false,
		`{"type":"result","subtype":"success"}`:                                                            false,
		`{"type":"init","session_id":"s","model":"gemini"}`:                                                false,
	} {
		p, _ := peekAt([]byte(text))
		if got := formatOf(&p) == FormatClaudeStream; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

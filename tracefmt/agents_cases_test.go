package tracefmt

import (
	"slices"
	"strings"
	"testing"
)

// agentRun is the one run of runs.
func agentRun(t *testing.T, runs map[string]*Run) *Run {
	t.Helper()
	if len(runs) != 1 {
		t.Fatalf("%d runs", len(runs))
	}
	for _, run := range runs {
		return run
	}
	return nil
}

// docRunOf reads document i of agentDocs, which tells one run.
func docRunOf(t *testing.T, i int) (*Run, *Names) {
	t.Helper()
	runs, names := agentRuns(t, agentDocs[i].format, agentDocs[i].path, agentDocs[i].text)
	return agentRun(t, runs), names
}

// agentCall finds a call of a run.
func agentCall(t *testing.T, run *Run, id string) *Call {
	t.Helper()
	i := slices.IndexFunc(run.Calls, func(c Call) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("%s has no call %s", run.ID, id)
	}
	return &run.Calls[i]
}

// agentTime reads a time of a test.
func agentTime(t *testing.T, text string) int64 {
	t.Helper()
	ns, _, err := parseTime([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

func TestOpenHandsJoinsUsagesCostsAndLatencies(t *testing.T) {
	run, names := docRunOf(t, 0)
	f := agentFactsOf(map[string]*Run{"": run})
	want := agentFacts{runs: 1, solved: 1, calls: 3, errors: 1, noUsage: 1, tools: 1, toolErrors: 1, cost: "0.3", unknown: 1,
		usage: Usage{Input: 300, CacheRead: 40, CacheWrite: 5, Output: 30}}
	if f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	c := agentCall(t, run, "chatcmpl-0123456789abcde0") // by order the second cost, by id the second latency
	if c.Recorded.String() != "0.2" || c.End-c.Start != 35e8 || c.End != agentTime(t, "1746000020") {
		t.Errorf("second call %+v", c.Record)
	}
	tool := agentCall(t, run, "tool-1") // eight hours ahead of UTC
	if tool.Start != agentTime(t, "2025-04-30T08:00:10Z") || tool.End-tool.Start != 1e9 || tool.Parent != "chatcmpl-0123456789abcdef" || names.Name(tool.Tool) != "execute_bash" {
		t.Errorf("tool %+v", tool.Record)
	}
	if names.Name(run.Workflow) != "Bench-test" || names.Name(run.Tags) != "error=AgentStuck: no way out" || run.Facts.Task != "a__b-1" || names.Name(c.Agent) != "CodeActAgent" {
		t.Errorf("run %+v", run)
	}
	if len(run.Marks) != 1 || run.Marks[0].Start != agentTime(t, "2025-04-30T08:00:00.5Z") {
		t.Errorf("marks %+v", run.Marks)
	}
}

func TestOpenHandsResolverOf2024(t *testing.T) {
	run, names := docRunOf(t, 1)
	f := agentFactsOf(map[string]*Run{"": run})
	if want := (agentFacts{runs: 1, failed: 1, calls: 2, noUsage: 2, tools: 1, toolErrors: 1, cost: "0.5"}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	if tool := agentCall(t, run, "tool-1"); names.Name(tool.Agent) != "OpenHands" {
		t.Errorf("tool %+v", tool.Record)
	}
	if run.Facts.Task != "o/r#7" || names.Name(run.Workflow) != "o/r" {
		t.Errorf("task %q of %q", run.Facts.Task, names.Name(run.Workflow))
	}
}

// TestOpenHandsSumsOnly reads a run whose metrics list no call: what they state in all counts, once.
func TestOpenHandsSumsOnly(t *testing.T) {
	run, names := docRunOf(t, 2)
	f := agentFactsOf(map[string]*Run{"": run})
	if want := (agentFacts{runs: 1, tools: 1, toolErrors: 1, cost: "1.5"}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	if c := agentCall(t, run, "total"); c.Usage.Input != 900 || c.Usage.Output != 30 || names.Name(c.Model) != "x" {
		t.Errorf("total %+v", c.Record)
	}
}

// TestOpenHandsCopiesCountOnce reads a line twice, and beside it the same instance done by another model.
func TestOpenHandsCopiesCountOnce(t *testing.T) {
	doc := agentDocs[0].text
	other := strings.NewReplacer("chatcmpl-0123456789abc", "chatcmpl-9876543210abc").Replace(doc)
	runs, _ := agentRuns(t, FormatOpenHands, "out/output.jsonl", doc, other, doc)
	if f := agentFactsOf(runs); f.runs != 2 || f.calls != 6 || f.cost != "0.6" {
		t.Errorf("got %+v", f)
	}
}

// TestOpenHandsZeroCostIsUnknown reads costs of 0 beside tokens, one per call.
func TestOpenHandsZeroCostIsUnknown(t *testing.T) {
	runs, _ := agentRuns(t, FormatOpenHands, "o.jsonl", `{"instance_id":"i","instruction":"","history":[],"metrics":{"accumulated_cost":0.0,"costs":[{"model":"nobody/knows","cost":0.0}],"token_usages":[{"model":"nobody/knows","prompt_tokens":7,"completion_tokens":1,"response_id":"r"}]}}`)
	if f := agentFactsOf(runs); f.unknown != 1 || f.cost != "0" || f.usage.Input != 7 {
		t.Errorf("got %+v", f)
	}
}

func TestOpenHandsLogs(t *testing.T) {
	run, names := docRunOf(t, 4)
	c := agentCall(t, run, "chatcmpl-00112233445566")
	if run.ID != "conv-1" || c.Usage != (Usage{Input: 50, CacheRead: 20, Output: 4}) || c.Recorded.String() != "0.01" || c.End-c.Start != 15e8 || names.Name(c.Agent) != "Agent" {
		t.Errorf("call %+v", c.Record)
	}
	// Bytes: 10 of instructions, 9 of tools, 6 each of the user and of logs; 50 tokens.
	if want := [ContextParts]int64{partInstructions: 17, partTools: 14, partLogs: 9, partUser: 10}; c.Context[partTools] != want[partTools] || agentSum(c.Context[:]) != 50 || c.Context[partHistory] != 0 {
		t.Errorf("context %v", c.Context)
	}
	if run.Facts == nil || run.Facts.Task != "a__b-1" {
		t.Errorf("facts %+v", run.Facts)
	}
}

func agentSum(n []int64) (total int64) {
	for _, x := range n {
		total += x
	}
	return total
}

// TestOpenHandsStateBesideLogs reads the sums of a conversation alone, and with the log of one of its calls: what is logged is part of them.
func TestOpenHandsStateBesideLogs(t *testing.T) {
	state, log := agentDocs[5].text, agentDocs[4].text
	runs, names := agentRuns(t, FormatOpenHandsLog, "p/base_state.json", state)
	if f := agentFactsOf(runs); f.cost != "0.75" || f.calls != 0 {
		t.Errorf("sums alone: %+v", f)
	}
	if c := agentCall(t, agentRun(t, runs), "total condenser"); names.Name(c.Agent) != "condenser" || c.Cost.String() != "0.25" {
		t.Errorf("condenser %+v", c.Record)
	}
	for _, docs := range [][]string{{state, log}, {log, state}, {log, log, state, state}} {
		runs, _ = agentRuns(t, FormatOpenHandsLog, "c/a__b-1/1.json", docs...)
		run := agentRun(t, runs)
		if f := agentFactsOf(runs); f.cost != "0.75" || f.calls != 1 {
			t.Errorf("with the log: %+v", f)
		}
		if c := agentCall(t, run, "total agent"); c.Usage.Input != 60 || c.Usage.Output != 6 || c.Cost.String() != "0.74" {
			t.Errorf("what the log leaves: %+v %s", c.Usage, c.Cost)
		}
	}
}

func TestOpenHandsIndexUnknownCosts(t *testing.T) {
	runs, names := agentRuns(t, FormatOpenHandsIndex, agentDocs[6].path, agentDocs[6].text)
	if f := agentFactsOf(runs); f != (agentFacts{runs: 4, solved: 1, failed: 2, calls: 2, noUsage: 2, cost: "0.373456789012", unknown: 2}) {
		t.Errorf("got %+v", f)
	}
	run := runs["M-1/bench/a-1"]
	if run == nil || run.Facts.Task != "a-1" || names.Name(run.Workflow) != "bench" || names.Name(run.Calls[0].Model) != "M-1" {
		t.Errorf("run %+v", run)
	}
	// The same results under another name: a cost of many digits tells that a run is the same.
	again, _ := agentRuns(t, FormatOpenHandsIndex, "copy.json", agentDocs[6].text)
	same := 0
	for id := range again {
		if runs[id] != nil {
			same++
		}
	}
	if same != 1 {
		t.Errorf("%d runs are the same, want the one of a cost with 15 digits", same)
	}
}

func TestSWEAgentCallsAndSteps(t *testing.T) {
	run, names := docRunOf(t, 7)
	f := agentFactsOf(map[string]*Run{"": run})
	// Five calls, three steps: two answers were of no use. total_cost is no cost of the run.
	if want := (agentFacts{runs: 1, calls: 5, noUsage: 5, wasted: 2, tools: 2, cost: "1.5"}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	if names.Name(run.Workflow) != "SWE-bench_Lite" || names.Name(agentCall(t, run, "step-1").Model) != "gpt4" || run.Outcome != OutcomeUnknown {
		t.Errorf("run %+v", run)
	}
	run, names = docRunOf(t, 8) // the last step is no call; a cost of 0 is unknown
	f = agentFactsOf(map[string]*Run{"": run})
	if want := (agentFacts{runs: 1, calls: 1, noUsage: 1, tools: 2, cost: "0", unknown: 1}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	if names.Name(run.Workflow) != "lite_dev" || names.Name(agentCall(t, run, "step-1").Model) != "gpt-4o-2024" || run.Facts.Task != "task-9" {
		t.Errorf("run %+v", run)
	}
}

// TestSWEAgentSnapshotsAndTrials reads a run twice, once as it was saved before its end, and another trial of the same task.
func TestSWEAgentSnapshotsAndTrials(t *testing.T) {
	step := func(n string) string {
		return `{"action":"ls ` + n + `","observation":"o` + n + `","response":"r` + n + `"}`
	}
	doc := func(stats string, steps ...string) string {
		return `{"environment":"e","trajectory":[` + strings.Join(steps, ",") + `],"info":{"model_stats":` + stats + `}}`
	}
	early := doc(`{"instance_cost":1,"api_calls":3}`, step("1"), step("2"), step("3"))
	late := doc(`{"instance_cost":2,"api_calls":4}`, step("1"), step("2"), step("3"), step("4"))
	trial := doc(`{"instance_cost":2,"api_calls":3}`, step("1"), step("2"), step("9"))
	runs, _ := agentRuns(t, FormatSWEAgent, "f/i-1.traj", early, late, late, trial)
	if f := agentFactsOf(runs); f.runs != 2 || f.calls != 7 || f.cost != "4" {
		t.Errorf("got %+v", f)
	}
}

func TestMiniSWERetriesAndTotals(t *testing.T) {
	run, names := docRunOf(t, 9)
	f := agentFactsOf(map[string]*Run{"": run})
	// instance_cost is 0.9; two calls state 0.35: the third, of unknown price, cost the rest.
	if want := (agentFacts{runs: 1, calls: 3, wasted: 1, retries: 1, tools: 2, toolErrors: 1, cost: "0.9", usage: Usage{Input: 60, CacheRead: 4, Output: 18}}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	bad, again := agentCall(t, run, "gen-1763511117-aaaa"), agentCall(t, run, "gen-1763511120-bbbb")
	if bad.Attempt != 1 || bad.Flags&FlagOutputBad == 0 || again.RetryOf != bad.ID || again.Attempt != 2 || again.RetryKind != RetryPrompt || again.Flags&FlagGlobal == 0 {
		t.Errorf("retry %+v", again.Record)
	}
	if tool := agentCall(t, run, "tool-1"); tool.Parent != again.ID || names.Name(tool.Error) != "exit 3" || names.Name(tool.Tool) != "bash" {
		t.Errorf("tool %+v", tool.Record)
	}
	if names.Name(run.Workflow) != "batch" || run.Facts.Task != "a__b-1" || names.Name(run.Tags) != "exit_status=Submitted"+tagSep+"version=1.15.0" {
		t.Errorf("run %+v, tags %q", run, names.Name(run.Tags))
	}
}

// TestMiniSWEFullCostsHaveNoTotal sums costs up that a tool added as floats: their total may differ by rounding, which is no money.
func TestMiniSWEFullCostsHaveNoTotal(t *testing.T) {
	runs, _ := agentRuns(t, FormatMiniSWE, "x/a.traj.json", `{"trajectory_format":"mini-swe-agent-1","info":{"model_stats":{"instance_cost":0.30000000000000004}},"messages":[`+
		`{"role":"assistant","content":"1","extra":{"cost":0.1,"response":{"id":"x","created":1763511117,"model":"m","usage":{"prompt_tokens":1,"completion_tokens":1}}}},`+
		`{"role":"assistant","content":"2","extra":{"cost":0.2,"response":{"id":"x","created":1763511118,"model":"m","usage":{"prompt_tokens":1,"completion_tokens":1}}}}]}`)
	if f := agentFactsOf(runs); f.cost != "0.3" || f.calls != 2 { // ids that repeat are none
		t.Errorf("got %+v", f)
	}
}

func TestMiniSWEVersion2(t *testing.T) {
	run, names := docRunOf(t, 10)
	f := agentFactsOf(map[string]*Run{"": run})
	// The answer that broke the rules is not kept: a call of unknown usage. The other one asked for two commands.
	if want := (agentFacts{runs: 1, calls: 2, noUsage: 1, wasted: 1, retries: 1, tools: 2, toolErrors: 1, cost: "0.5", unknown: 1, usage: Usage{Input: 9, CacheRead: 3, Output: 2}}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	c := agentCall(t, run, "resp_0123456789abcdef")
	if c.End-c.Start != 45e8 || names.Name(c.Model) != "m" || c.RetryOf != "call-1" {
		t.Errorf("call %+v", c.Record)
	}
	if tool := agentCall(t, run, "tool-2"); tool.Start != c.End || tool.End-tool.Start != 2e9 {
		t.Errorf("tool %+v", tool.Record)
	}
}

// TestMiniSWEUpstreamCost adds what a user's own key was charged to the gateway's fee.
func TestMiniSWEUpstreamCost(t *testing.T) {
	runs, _ := agentRuns(t, FormatMiniSWE, "x/a.traj.json", `{"trajectory_format":"mini-swe-agent-1","messages":[{"role":"assistant","content":"1","extra":{"response":{"id":"gen-1763511117-aaaa","model":"m",`+
		`"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.01,"is_byok":true,"cost_details":{"upstream_inference_cost":0.2}}}}}]}`)
	if f := agentFactsOf(runs); f.cost != "0.21" {
		t.Errorf("got %+v", f)
	}
}

// TestMiniSWEBareArrays tells two arrays apart by what they hold, and finds a copy.
func TestMiniSWEBareArrays(t *testing.T) {
	array := func(answer string) string {
		return "[\n {\"role\": \"system\", \"content\": \"You are a helpful assistant that can interact with a computer.\"},\n {\"role\": \"user\", \"content\": \"task\"},\n" +
			" {\"role\": \"assistant\", \"content\": \"" + answer + "\"},\n {\"role\": \"user\", \"content\": \"<returncode>1</returncode>\"}\n]\n"
	}
	var all Batch
	names := NewNames()
	for _, answer := range []string{"one", "two", "one"} {
		agentReadInto(t, &all, names, write(t, "bare.traj.json", array(answer)))
	}
	if f := agentFactsOf(runsOf(&all, names)); f != (agentFacts{runs: 2, calls: 2, noUsage: 2, tools: 2, toolErrors: 2, cost: "0", unknown: 2}) {
		t.Errorf("got %+v", f)
	}
}

func TestMoatlessTriesOfAState(t *testing.T) {
	run, names := docRunOf(t, 13)
	f := agentFactsOf(map[string]*Run{"": run})
	// total_cost, 0.01, misses the last call.
	if want := (agentFacts{runs: 1, failed: 1, calls: 2, noUsage: 1, wasted: 1, retries: 1, cost: "0.03", usage: Usage{Input: 10, Output: 2}}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	if c := agentCall(t, run, "call-2"); c.RetryOf != "call-1" || c.Attempt != 2 || names.Name(c.Step) != "Search" || names.Name(c.Model) != "gpt-4o" {
		t.Errorf("second try %+v", c.Record)
	}
	if names.Name(run.Workflow) != "ev" || names.Name(run.Tags) != "status=rejected" {
		t.Errorf("run %+v", run)
	}
}

func TestMoatlessTrees(t *testing.T) {
	run, names := docRunOf(t, 14)
	f := agentFactsOf(map[string]*Run{"": run})
	// Where the members are called cache_…, the prompt includes what was cached; a failed attempt used what nobody knows.
	if want := (agentFacts{runs: 1, calls: 2, errors: 1, noUsage: 1, retries: 1, tools: 1, toolErrors: 1, cost: "0.5", unknown: 1, usage: Usage{Input: 100, CacheRead: 60, CacheWrite: 10, Output: 7}}); f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	if c := agentCall(t, run, "call-2"); names.Name(c.Step) != "build_action" || names.Name(c.Model) != "m" || c.End-c.Start != 15e8 || run.Facts.Task != "a-2" {
		t.Errorf("call %+v, task %q", c.Record, run.Facts.Task)
	}
	run, names = docRunOf(t, 15)
	c := agentCall(t, run, "msg_01aaaabbbbccccdd") // cached tokens beside the prompt, which includes those written to the cache
	if c.Usage != (Usage{Input: 105, CacheRead: 30, CacheWrite: 70, Output: 9}) || c.Flags&FlagGlobal == 0 || c.Cost.String() != "0.01" {
		t.Errorf("call %+v", c.Record)
	}
	if tool := agentCall(t, run, "tool-1"); names.Name(tool.Tool) != "FindClass" || tool.Parent != c.ID {
		t.Errorf("tool %+v", tool.Record)
	}
}

func TestAutoCodeRoverCosts(t *testing.T) {
	run, names := docRunOf(t, 16)
	c := agentCall(t, run, "total")
	if c.Cost.String() != "0.013" || !c.Counted || c.IsCall || c.Usage.Input != 1000 || c.Usage.Output != 100 || c.End-c.Start != 100e9 || names.Name(c.Model) != "gpt-4-0125-preview" {
		t.Errorf("total %+v", c)
	}
	if run.Facts.Task != "django__django-1" || names.Name(run.Tags) != "commit=abc"+tagSep+"patch=applicable_patch" || run.Outcome != OutcomeUnknown {
		t.Errorf("run %+v, tags %q", run, names.Name(run.Tags))
	}
}

func TestUniqueIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"chatcmpl-4b4a34d3-f381-449f-a79d-d144f8a4e510": true, "gen-1763511117-uYYOkiKkr3UGsBnpUz04": true, "msg_01MQgEAtHifteCzyUnNsqHo9": true,
		"portkey-bdeee445-4acd-4104-86b0-c8860e072b31": true, "1763511117123456789": true, "msg_01aaaabbbbccccdd": true, "gen-abcDefGhiJkl": true,
		"": false, "chatcmpl-123": false, "x": false, "call_of_the_only_model": false, "toolu_01": false, "response-number-12": false, "chatcmpl-temperature": false,
	} {
		if uniqueID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}

func TestPathNames(t *testing.T) {
	for path, want := range map[string][3]string{
		"a/b/c.traj.json": {"c", "b", "a"}, "c.traj.gz": {"c", "", ""}, `x\y\z.json`: {"z", "y", "x"}, "./b/p-1.2.traj": {"p-1.2", "b", ""}, "": {},
	} {
		if base, folder, above := pathNames(path); [3]string{base, folder, above} != want {
			t.Errorf("%q: %q %q %q", path, base, folder, above)
		}
	}
}

// TestAgentDocsAreDetected checks that each document is known for what it is, and claimed by one format only.
func TestAgentDocsAreDetected(t *testing.T) {
	for i, doc := range agentDocs {
		if strings.HasPrefix(doc.text, `{"role"`) {
			continue // an element of a bare array: the first one tells
		}
		p, _ := peekAt([]byte(doc.text))
		for n := 1; n < len(Formats); n++ {
			if Formats[n].sniff(&p) != (uint8(n) == doc.format) {
				t.Errorf("document %d: %s", i, Formats[n].Name)
			}
		}
		for _, cut := range []int{700, 300} { // only the beginning is in sight
			if cut < len(doc.text) {
				if p, ok := peekAt([]byte(doc.text[:cut])); ok {
					for n := 1; n < len(Formats); n++ {
						if Formats[n].sniff(&p) && uint8(n) != doc.format {
							t.Errorf("beginning of document %d: %s", i, Formats[n].Name)
						}
					}
				}
			}
		}
	}
}

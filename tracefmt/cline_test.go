package tracefmt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestExpectedCline(t *testing.T) {
	for task, want := range map[string]runSums{
		"task-a": {calls: 59, read: 3054656, write: 175802, output: 23135, stated: "0.286741", cost: "0.286741", computed: "0", models: ":59"},
		"task-retries": {calls: 31, silent: 7, failed: 7, fresh: 144404, read: 632838, output: 4086, stated: "0.477713",
			models: "anthropic/claude-sonnet-4.5:5 x-ai/grok-code-fast-1:26"},
	} {
		files := sharedFiles(t, "cline", task)
		runs, names, _ := loadFiles(t, FormatNone, files...)
		run := runs[task]
		if run == nil || len(runs) != 1 {
			t.Fatalf("%s: runs %d", task, len(runs))
		}
		got := runSumsOf(run, names)
		free, retried, errors, cancelled := 0, 0, 0, map[string]int{}
		for i := range run.Calls {
			c := &run.Calls[i]
			if c.Kind == KindLLM && c.Recorded == 0 {
				free++
			}
			if c.Kind == KindLLM && c.Error != 0 {
				cancelled[names.Name(c.Error)]++
			}
		}
		for _, m := range run.Marks {
			if names.Name(m.Name) == "api_req_retried" {
				retried++
			}
			if m.Event == EventAPIError {
				errors++
			}
		}
		counts := [3]int{free, retried, errors}
		got.tools, got.failedTools = 0, 0
		if task == "task-retries" {
			got.cost, got.computed = "", ""
			if counts != [3]int{26, 33, 37} || len(cancelled) != 1 || cancelled["streaming_failed"] != 7 {
				t.Errorf("free, retried, failed tries %v, cancelled %v", counts, cancelled)
			}
			if run.Outcome != OutcomeFailure {
				t.Errorf("ended %v", run.Outcome)
			}
		} else if counts != [3]int{} || run.Outcome != OutcomeSuccess {
			t.Errorf("free, retried, failed tries %v; ended %v", counts, run.Outcome)
		}
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", task, got, want)
		}
	}
}

// clineEntryText is an entry of ui_messages.json at a second after the task's begin.
func clineEntryText(second int, kind, rest string) string {
	word := "say"
	if k, ok := strings.CutPrefix(kind, "ask:"); ok {
		word, kind = "ask", k
	}
	return fmt.Sprintf(`{"ts":%d,"type":%q,%q:%q%s}`, 1760000000000+1000*int64(second), word, word, kind, rest)
}

// clineText is a text member that holds JSON.
func clineText(v string) string { return `,"text":` + strconv.Quote(v) }

func clineFile(entries ...string) string { return "[" + strings.Join(entries, ",\n") + "]" }

const clineUsed = `{"request":"# Current Working Directory (/home/u/shop) Files","tokensIn":10,"tokensOut":20,"cacheWrites":5,"cacheReads":100,"cost":0.5}`

// attempts are number, kind of retry, status and milliseconds of the calls of a run.
func attempts(run *Run) (list []string) {
	for i := range run.Calls {
		if c := &run.Calls[i]; c.Kind == KindLLM {
			ms := int64(-1)
			if c.Has&HasEnd != 0 {
				ms = (c.End - c.Start) / 1e6
			}
			list = append(list, fmt.Sprint(c.Attempt, c.RetryKind.String(), " ", c.Status, " ", ms))
		}
	}
	return list
}

func TestClineAttemptsAndOutcomes(t *testing.T) {
	e, tx := clineEntryText, clineText
	retry := func(at, n int) string {
		return e(at, "error_retry", tx(fmt.Sprintf(`{"attempt":%d,"maxAttempts":3,"delaySeconds":2}`, n)))
	}
	failed := func(at int) string {
		return e(at, "error_retry", tx(`{"attempt":3,"maxAttempts":3,"delaySeconds":0,"failed":true}`))
	}
	empty := tx(`{"request":"x","tokensIn":0,"tokensOut":0,"cacheWrites":0,"cacheReads":0,"cost":0,"cancelReason":"streaming_failed"}`)
	for _, c := range []struct {
		what    string
		entries []string
		want    []string
		outcome Outcome
	}{
		{"answered after two tries", []string{e(0, "text", ""), e(1, "api_req_started", tx(clineUsed)), retry(2, 1), e(3, "api_req_retried", ""), retry(4, 2), e(5, "api_req_retried", ""),
			e(8, "reasoning", ""), e(9, "text", ""), e(10, "completion_result", ""), e(11, "ask:completion_result", "")}, []string{"3plain_retry ok 9000"}, OutcomeSuccess},
		{"given up, begun anew by a person, answered", []string{e(0, "text", ""), e(1, "api_req_started", tx(clineUsed)), retry(2, 1), e(3, "api_req_retried", ""), failed(5), e(5, "ask:api_req_failed", ""),
			e(60, "api_req_retried", ""), retry(62, 1), e(63, "api_req_retried", ""), e(65, "text", "")}, []string{"2plain_retry ok 64000"}, OutcomeUnknown},
		{"given up for good", []string{e(0, "text", ""), e(1, "api_req_started", empty), retry(2, 1), e(3, "api_req_retried", ""), failed(5), e(6, "ask:api_req_failed", ""), e(600, "ask:resume_task", "")},
			[]string{"2plain_retry error 4000"}, OutcomeFailure},
		{"the person stops the waiting", []string{e(0, "text", ""), e(1, "api_req_started", empty), retry(2, 1), e(50, "ask:resume_task", ""), e(60, "user_feedback", ""), e(61, "api_req_started", tx(clineUsed)), e(63, "text", "")},
			[]string{"1 error 1000", "0 ok 2000"}, OutcomeUnknown},
		{"Roo tries again with a new entry", []string{e(0, "text", ""), e(1, "api_req_started", empty), e(4, "api_req_retry_delayed", tx("502 Bad Gateway\n\nRetry attempt 1\nRetrying in 5 seconds...")),
			e(9, "api_req_started", tx(clineUsed)), e(12, "text", "")}, []string{"1 error 3000", "2plain_retry ok 3000"}, OutcomeUnknown},
		{"not accepted", []string{e(0, "text", ""), e(1, "api_req_started", tx(clineUsed)), e(2, "completion_result", ""), e(9, "user_feedback", "")}, []string{"0 ok 1000"}, OutcomeUnknown},
		{"accepted at last", []string{e(0, "text", ""), e(1, "api_req_started", tx(clineUsed)), e(2, "completion_result", ""), e(9, "user_feedback", ""), e(10, "api_req_started", tx(clineUsed)), e(11, "completion_result", "")},
			[]string{"0 ok 1000", "0 ok 1000"}, OutcomeSuccess},
		{"under way", []string{e(0, "text", ""), e(1, "api_req_started", tx(`{"request":"x"}`))}, []string{"0 unfinished -1"}, OutcomeInFlight},
		{"the old form", []string{e(0, "task", ""), e(1, "api_req_started", tx(`{"request":"x"}`)), e(4, "api_req_finished", tx(`{"tokensIn":10,"tokensOut":20,"cost":0.5}`)), e(5, "text", "")}, []string{"0 ok 3000"}, OutcomeUnknown},
	} {
		forms := [][]string{c.entries, slices.Clone(c.entries)}
		slices.Reverse(forms[1])
		head := forms[1][len(forms[1])-1]
		copy(forms[1][1:], forms[1][:len(forms[1])-1]) // the first entry names the task
		forms[1][0] = head
		for _, form := range forms {
			runs, _, _ := loadFiles(t, FormatNone, inFolder(t, traceFile{"tasks/1760000000000/ui_messages.json", clineFile(form...)})...)
			run := runs["1760000000000"]
			if run == nil || len(runs) != 1 {
				t.Fatalf("%s: runs %d", c.what, len(runs))
			}
			if got := attempts(run); !slices.Equal(got, c.want) || run.Outcome != c.outcome {
				t.Errorf("%s: %q ended %v, want %q %v", c.what, got, run.Outcome, c.want, c.outcome)
			}
		}
	}
}

func TestClineUsage(t *testing.T) {
	for _, e := range []struct {
		text  string
		usage Usage
		cost  string
		state CostState
	}{
		{clineUsed, Usage{Input: 115, CacheRead: 100, CacheWrite: 5, Output: 20}, "0.5", CostRecorded},
		{`{"tokensIn":0,"tokensOut":20,"cacheWrites":500,"cacheReads":0,"cost":0.25}`, Usage{Input: 500, CacheWrite: 500, Output: 20}, "0.25", CostRecorded},
		{`{"tokensIn":10,"tokensOut":20,"cost":0}`, Usage{Input: 10, Output: 20}, "0", CostUnpriced},
		{`{"tokensIn":0,"tokensOut":0,"cacheWrites":0,"cacheReads":0,"cost":0}`, Usage{}, "0", CostNoUsage},
		{`{"tokensIn":10,"tokensOut":20}`, Usage{Input: 10, Output: 20}, "0", CostUnpriced},
		{`{"tokensIn":null,"tokensOut":"20","cost":null}`, Usage{Output: 20}, "0", CostUnpriced},
		{`{"tokensIn":10,"tokens`, Usage{}, "0", CostNoUsage},
	} {
		c, names := onlyCall(t, FormatCline, "t/ui_messages.json", clineFile(clineEntryText(0, "api_req_started", clineText(e.text)), clineEntryText(2, "text", "")))
		if c.Usage != e.usage || c.Cost.String() != e.cost || c.State != e.state || c.Agent != names.Sym("main") {
			t.Errorf("%s: %+v, cost %s (%v)", e.text, c.Usage, c.Cost, c.State)
		}
	}
}

// TestClineTask reads a task with all that its folder holds, and a copy of it.
func TestClineTask(t *testing.T) {
	e, tx := clineEntryText, clineText
	messages := clineFile(
		e(0, "text", tx("do it")), e(2, "api_req_started", tx(clineUsed)), e(4, "text", ""),
		e(5, "tool", tx(`{"tool":"readFile","path":"x","content":"{\"tool\":\"no\"}"}`)), e(6, "error", tx("no such file")),
		e(7, "api_req_started", tx(`{"tokensIn":1,"tokensOut":1,"cost":0.125,"cancelReason":"user_cancelled"}`)+`,"modelInfo":{"providerId":"openrouter","modelId":"x/y","mode":"plan"}`),
		e(8, "ask:command", tx("make")), e(9, "ask:command_output", tx("{")), e(12, "ask:use_mcp_server", tx(`{"serverName":"s","toolName":"open"}`)), e(13, "mcp_server_response", ""),
		e(20, "deleted_api_reqs", tx(`{"tokensIn":100,"tokensOut":7,"cacheWrites":0,"cacheReads":0,"cost":2}`)), e(21, "deleted_api_reqs", tx("not JSON")),
		e(30, "condense_context", `,"contextCondense":{"cost":0.25,"prevContextTokens":90000,"newContextTokens":5000,"summary":"s"}`))
	files := []traceFile{
		{"tasks/1760000000000/ui_messages.json", messages},
		{"tasks/1760000000000/task_metadata.json", `{"files_in_context":[],"model_usage":[{"ts":1760000001000,"model_id":"claude-sonnet-4-5","model_provider_id":"anthropic","mode":"act"}]}`},
		{"tasks/1760000000000/history_item.json", `{"id":"1760000000000","number":1,"ts":1760000030000,"task":"do it","tokensIn":111,"tokensOut":28,"totalCost":2.625,"workspace":"C:\\src\\shop","parentTaskId":"p1","rootTaskId":"r1"}`},
		{"copy/ui_messages.json", messages},
	}
	runs, names, warned := loadFiles(t, FormatNone, inFolder(t, files...)...)
	run := runs["1760000000000"]
	if run == nil || names.Name(run.Workflow) != "shop" || names.Name(run.Session) != "r1" || names.Name(run.Tags) != "parent=p1" {
		t.Fatalf("%d runs, of %+v", len(runs), run)
	}
	if warned["deleted_api_reqs: its text is no JSON: what it used is unknown"] != 2 {
		t.Errorf("warned %v", warned)
	}
	var got []string
	for i := range run.Calls {
		c := &run.Calls[i]
		got = append(got, fmt.Sprint(c.Kind, " ", names.Name(c.Step), " ", names.Name(c.Model), " ", c.Status, " ", (c.End-c.Start)/1e6, " ", c.Cost))
	}
	want := []string{
		"llm act claude-sonnet-4-5 ok 3000 0.5", "tool readFile  error 1000 0", "llm plan x/y error 1000 0.125", "tool command  unset 4000 0", "tool open  unset 1000 0",
		"llm deleted_api_reqs claude-sonnet-4-5 ok 0 2", "llm condense_context claude-sonnet-4-5 ok 0 0.25",
	}
	if !slices.Equal(got, want) {
		t.Errorf("calls\n got %q\nwant %q", got, want)
	}
	if copied := runs["copy"]; copied != nil && len(copied.Calls) > 0 {
		t.Errorf("the copy has %d calls of its own", len(copied.Calls))
	}
	events := map[Event]int{}
	for _, m := range run.Marks {
		events[m.Event]++
	}
	if events[EventPrompt] != 1 || events[EventAbort] != 1 || events[EventCompact] != 1 || events[EventModel] != 1 {
		t.Errorf("events %v", events)
	}
}

func TestClineOtherFiles(t *testing.T) {
	d := NewDecoder(NewNames(), nil)
	d.Format, d.Path = FormatCline, "globalStorage/state/taskHistory.json"
	for text, want := range map[string]string{
		`{"id":"1","ts":1760000000000,"task":"x","tokensIn":1,"tokensOut":2,"totalCost":3}`: "the list of tasks: it repeats the sums of the tasks' own files",
		`{"role":"user","content":[],"ts":1760000000000}`:                                   "a message of the conversation with the model: it states no usage; the calls are in ui_messages.json",
		`{"files_in_context":[{"path":"x"}],"model_usage":[]}`:                              "a task's files: no call is among them",
		`{"type":"say","say":"text"}`:                                                       "an entry without a time or a kind",
	} {
		if err := d.Decode([]byte(text), SourceRef{}); err == nil || err.Error() != want || len(d.Out) != 0 {
			t.Errorf("%s: %v", text, err)
		}
	}
	path := write(t, "api_conversation_history.json", `[{"role":"user","content":[{"type":"text","text":"x"}]},{"role":"assistant","content":[{"type":"text","text":"y"}]}]`)
	if _, err := Detect(path); err == nil || !strings.Contains(err.Error(), "the calls are in ui_messages.json beside it") {
		t.Errorf("a conversation: %v", err)
	}
}

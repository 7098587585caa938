package tracefmt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// joined sums what a table says of several runs.
func joined(runs map[string]*Run, names *Names) (calls, silent int, u Usage, cost USD, models map[string]int) {
	models = map[string]int{}
	for _, run := range runs {
		for i := range run.Calls {
			c := &run.Calls[i]
			if c.Kind != KindLLM {
				continue
			}
			if c.Has&(HasUsage|HasCost) == 0 {
				silent++
				continue
			}
			calls++
			u.plus(&c.Usage)
			cost += c.Recorded
			models[names.Name(c.Model)]++
		}
	}
	return calls, silent, u, cost, models
}

func TestExpectedAider(t *testing.T) {
	runs, names, warned := loadFiles(t, FormatNone, traceFile{path: shared(t, "traces", "aider", "analytics.jsonl")})
	calls, silent, u, cost, models := joined(runs, names)
	// 156 messages were begun; 103 of them were answered, and so were 4 whose beginning is not in the file
	if calls != 107 || silent != 53 || u.Input != 2484349 || u.Output != 45772 || micro(cost) != "5.305332" || len(warned) != 0 {
		t.Errorf("calls %d, without usage %d, tokens %+v, cost %s; warned %v", calls, silent, u, cost, warned)
	}
	want := map[string]int{"gemini/gemini-2.5-pro": 5, "gemini/gemini-3-pro-preview": 3, "gemini/gemini-3-flash-preview": 13, "gpt-5.2": 9, "openai/gpt-5.2": 36, "gpt-5": 2,
		"gpt-5.2-codex": 12, "gpt-5.3-codex": 2, "gpt-5.4": 20, "openai/gpt-5.4": 3, "openai/gpt-5.5": 1, "gpt-5.5": 1}
	if fmt.Sprint(models) != fmt.Sprint(want) {
		t.Errorf("models %v", models)
	}
}

func TestExpectedAiderChat(t *testing.T) {
	for _, e := range []struct {
		file           string
		calls, retries int
		sent, received int64
		cost           string
	}{
		{"chat.history-retries.md", 6, 14, 21063, 451, "0.0965"},
		{"chat.history-session.md", 24, 0, 496968, 10379, "1.64"},
	} {
		runs, names, warned := loadFiles(t, FormatNone, traceFile{path: shared(t, "traces", "aider", e.file)})
		calls, silent, u, cost, _ := joined(runs, names)
		if calls != e.calls || silent != 0 || u.Input != e.sent || u.Output != e.received || cost.String() != e.cost {
			t.Errorf("%s: calls %d, without usage %d, tokens %+v, cost %s", e.file, calls, silent, u, cost)
		}
		retries := 0
		for _, run := range runs {
			for _, m := range run.Marks {
				if m.Event == EventAPIError {
					retries++
				}
			}
		}
		if retries != e.retries || len(warned) != 2 {
			t.Errorf("%s: retries %d; warned %v", e.file, retries, warned)
		}
	}
}

func TestExpectedAiderBench(t *testing.T) {
	costs := map[string]string{
		"django__django-12915": "0.312565 1.04292 0.31342 0.704235 0.31608 0.70035 = 3.38957",
		"pallets__flask-5063":  "0.49118 1.577055 0.48764 1.56528 0.86667 1.54803 = 6.535855",
		"sympy__sympy-16106":   "0.643445 2.022405 0.60764 2.06883 0.618355 1.79619 = 7.756865",
	}
	files := sharedFiles(t, "aider-swe-bench")
	runs, names, _ := loadFiles(t, FormatNone, append(files, files...)...)
	if len(runs) != len(costs) {
		t.Fatalf("runs %d", len(runs))
	}
	for _, run := range runs {
		var each []string
		var sum USD
		for i := range run.Calls {
			c := &run.Calls[i]
			each = append(each, c.Cost.String())
			sum += c.Cost
			model, kind := "gpt-4o", RetryFallback
			if i%2 == 1 {
				model = "openrouter/anthropic/claude-3-opus"
			} else if i == 0 {
				kind = RetryNone
			}
			if names.Name(c.Model) != model || c.RetryKind != kind || c.Attempt != int32(i+1) || c.State != CostRecorded {
				t.Errorf("%s: attempt %d: model %s, retry %v, number %d", run.ID, i, names.Name(c.Model), c.RetryKind, c.Attempt)
			}
		}
		if got := strings.Join(each, " ") + " = " + sum.String(); run.Facts == nil || got != costs[run.Facts.Task] || run.Outcome != OutcomeFailure {
			t.Errorf("%s: %s, ended %v", run.ID, got, run.Outcome)
		}
	}
}

func TestAiderProgramRuns(t *testing.T) {
	const u = `,"user_id":"u1","time":`
	lines := []string{
		`{"event":"message_send","properties":{"main_model":"m0","edit_format":"diff","prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"cost":1,"total_cost":9}` + u + `1770000000}`, // its program began before the file
		`{"event": "launched", "properties": {}, "user_id": "u1", "time": 1770000010}`,
		`{"event":"cli session","properties":{"main_model":"m1"}` + u + `1770000011}`,
		`{"event":"message_send_starting","properties":{}` + u + `1770000012}`,
		`{"event":"message_send","properties":{"main_model":"m1","edit_format":"ask","prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"cost":0.25,"total_cost":0.25}` + u + `1770000015}`,
		`{"event":"message_send","properties":{"main_model":"m1","edit_format":"ask","prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"cost":0.25,"total_cost":0.5}` + u + `1770000015}`, // as large, but another
		`{"event":"message_send_starting","properties":{}` + u + `1770000020}`,
		`{"event":"message_send_exception","properties":{"exception":"litellm.RateLimitError: {\"x\":1}"}` + u + `1770000021}`,
		`{"event":"mess`,
		`{"event":"message_send_starting","properties":{}` + u + `1770000022}`,
		`{"event":"command_exit","properties":{}` + u + `1770000030}`,
		`{"event":"exit","properties":{"reason":"/exit"}` + u + `1770000030}`,
		`{"event":"launched","properties":{}` + u + `1770000040}`,
		`{"event":"exit","properties":{"reason":"Showed repo map"}` + u + `1770000041}`,
		`{"event":"launched","properties":{}` + u + `1770000050}`,
		`{"event":"message_send_starting","properties":{}` + u + `1770000052}`,
	}
	answer := `{"event":"message_send","properties":{"main_model":"m2","edit_format":"whole","prompt_tokens":7,"completion_tokens":1,"cost":0,"total_cost":0}` + u + `1770000059}`
	text := strings.Join(lines, "\n") + "\n"
	files := inFolder(t, traceFile{"a.jsonl", text}, traceFile{"b.jsonl", text + answer + "\n"}, traceFile{"c.jsonl", strings.Join(lines[1:], "\n") + "\n" + answer + "\n"})
	want := []string{
		"m0 diff ok 1770000000+0 1/1 1 ",
		"m1 ask ok 1770000012+3 100/10 0.25 ", "m1 ask ok 1770000015+0 100/10 0.25 ",
		"m1 chat error 1770000020 0/0 0 litellm.RateLimitError:", "m1 chat error 1770000022 0/0 0 no answer",
	}
	for what, set := range map[string][]traceFile{"under way": files[:1], "answered": files[1:2], "read when under way, and again": files[:2], "and without its beginning": files} {
		last := "m2 whole ok 1770000052+7 7/1 0 "
		if what == "under way" {
			last = " chat unfinished 1770000052 0/0 0 "
		}
		runs, names, warned := loadFiles(t, FormatAider, set...)
		var got []string
		for _, run := range runs {
			for i := range run.Calls {
				got = append(got, aiderCallText(names, &run.Calls[i]))
			}
			if names.Name(run.Workflow) != "aider" || names.Name(run.User) != "u1" {
				t.Errorf("run of %q by %q", names.Name(run.Workflow), names.Name(run.User))
			}
		}
		w := append(slices.Clone(want), last)
		slices.Sort(got)
		slices.Sort(w)
		if !slices.Equal(got, w) || len(runs) != 3 || warned["a line of a program run is no event: left out"] == 0 {
			t.Errorf("%s: %d runs, warned %v:\n got %q\nwant %q", what, len(runs), warned, got, w)
		}
	}
}

func aiderCallText(names *Names, c *Call) string {
	at := fmt.Sprint(c.Start / 1e9)
	if c.Has&HasEnd != 0 {
		at += fmt.Sprint("+", (c.End-c.Start)/1e9)
	}
	return fmt.Sprintf("%s %s %v %s %d/%d %s %s", names.Name(c.Model), names.Name(c.Step), c.Status, at, c.Usage.Input, c.Usage.Output, c.Recorded, names.Name(c.Error))
}

func TestAiderFindsLaunches(t *testing.T) {
	for line, want := range map[string]bool{
		`{"event":"launched","properties":{}}`: true, `{"event" : "launched"}`: true, `{"properties":{},"event":"launched"}`: true,
		`{"event":"exit","properties":{"reason":"launched"}}`: false, `launched`: false, ``: false,
	} {
		if aiderLaunch([]byte(line)) != want {
			t.Errorf("%s: %v", line, !want)
		}
	}
}

const aiderChatText = `
# aider chat started at 2026-01-02 03:04:05

> /usr/bin/aider --model x
> Aider v0.80.1
> Main model: anthropic/claude-sonnet-4-5 with diff edit format, infinite output
> Weak model: claude-haiku with something else
> Git repo: .git with 3 files

#### do this
#### and that

I will.

> Tokens: 5.2k sent, 1.1k cache write, 2.3k cache hit, 604 received. Cost: $0.02 message, $0.02 session.
> Applied edit to x.go

#### more
> litellm.RateLimitError: {"type":"error"}
> Retrying in 0.2 seconds...
> litellm.InternalServerError: {"type":"error"}
> Retrying in 0.5 seconds...

Done.

> Tokens: 12k sent, 1,234 received. Cost: $1,000.50 message, $1,000.52 session.

#### /model gpt-4o
> Main model: gpt-4o with whole edit format
#### again
> Tokens: 1.5M sent, 3 received.
#### last
> litellm.RateLimitError: {"type":"error"}
> Retrying in 0.2 seconds...
> ^C KeyboardInterrupt

# aider chat started at 2026-01-03 00:00:00

> Aider v0.80.1
#### /exit
`

func TestAiderChat(t *testing.T) {
	files := inFolder(t, traceFile{"shop/.aider.chat.history.md", aiderChatText}, traceFile{"copy.md", strings.ReplaceAll(aiderChatText, "\n", "\r\n")},
		traceFile{"shop2/.aider.chat.history.md", aiderChatText[:strings.Index(aiderChatText, "#### /model")]})
	runs, names, warned := loadFiles(t, FormatNone, files...)
	if len(runs) != 1 || len(warned) != 2 {
		t.Fatalf("%d runs, warned %v", len(runs), warned)
	}
	for _, run := range runs {
		var got []string
		for i := range run.Calls {
			c := &run.Calls[i]
			got = append(got, fmt.Sprint(names.Name(c.Model), " ", names.Name(c.Step), " ", c.Status, " ", c.Attempt, " ", c.Usage, " ", c.Recorded, " ", c.Has&HasCost != 0))
		}
		want := []string{
			"anthropic/claude-sonnet-4-5 diff ok 0 {5200 2300 1100 0 604 0 0} 0.02 true",
			"anthropic/claude-sonnet-4-5 diff ok 3 {12000 0 0 0 1234 0 0} 1000.5 true",
			"gpt-4o whole ok 0 {1500000 0 0 0 3 0 0} 0 false",
		}
		if !slices.Equal(got, want) {
			t.Errorf("calls\n got %q\nwant %q", got, want)
		}
		var marks []string
		for _, m := range run.Marks {
			if m.Event == EventAPIError {
				marks = append(marks, fmt.Sprint(m.Attempt, " ", names.Name(m.Error), " ", names.Name(m.Name)))
			}
		}
		if !slices.Equal(marks, []string{"1 RateLimitError ", "2 InternalServerError ", "1 RateLimitError final"}) {
			t.Errorf("failed tries %q", marks)
		}
		if at := run.Calls[0].Start / 1e9; at != 1767323045 || names.Name(run.Tags) != "version=0.80.1" {
			t.Errorf("began at %d, tags %q", at, names.Name(run.Tags))
		}
	}
	runs, names, _ = loadFiles(t, FormatNone, files[0])
	for _, run := range runs {
		if names.Name(run.Workflow) != "shop" {
			t.Errorf("workflow %q", names.Name(run.Workflow))
		}
	}
}

func TestAiderBench(t *testing.T) {
	attempt := func(model, cost, test string) string {
		return `{"instance_id":"a__b-1","model_patch":"p",` + model + `"cost":` + cost + `,"edit_outcome":true,"lint_outcome":true,"test_outcome":` + test + `,"try":1}`
	}
	doc := func(tries, end string) string {
		return `{"instance_id":"a__b-1","model_name_or_path":"sub","model_patch":"p","model":"x","cost":1.75,"try":1,"tries":3,"all_results":[` + tries + `]` + end + `}`
	}
	tries := attempt(`"model":"x",`, "1", "false") + "," + attempt(`"model":"x",`, "0.5", "false") + "," + attempt("", "0.25", "null") + "," + attempt(`"model":"z",`, "null", "true")
	files := inFolder(t, traceFile{"1.json", doc(tries, "")}, traceFile{"2.json", doc(tries, `,"resolved":true`)}, // the same, judged
		traceFile{"3.json", doc(attempt(`"model":"x",`, "1", "true"), `,"resolved":false`)},                                       // another run of the task
		traceFile{"4.json", `{"instance_id":"a__b-1","model_name_or_path":"sub","model_patch":"q","model":"x","cost":3,"try":1}`}) // of a version without attempts
	runs, names, _ := loadFiles(t, FormatNone, files...)
	var got []string
	for _, run := range runs {
		line := fmt.Sprint(run.Facts.Task, " ", run.Outcome, ":")
		for i := range run.Calls {
			c := &run.Calls[i]
			line += fmt.Sprintf(" %s %v %v %v;", names.Name(c.Model), c.Status, c.RetryKind, c.State == CostRecorded)
			if c.State == CostRecorded {
				line += c.Cost.String()
			}
		}
		got = append(got, line)
	}
	slices.Sort(got)
	want := []string{
		"a__b-1 failure: x ok  true;1",
		"a__b-1 success: x error  true;1 x error plain_retry true;0.5  ok plain_retry true;0.25 z ok plain_retry false;",
		"a__b-1 unknown: x ok  true;3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

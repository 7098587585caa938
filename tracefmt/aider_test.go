package tracefmt

import (
	"fmt"
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

package tracefmt

import "testing"

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

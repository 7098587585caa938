package tracefmt

import (
	"fmt"
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

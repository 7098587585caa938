package tracefmt

import (
	"fmt"
	"os"
	"testing"
)

func TestX(t *testing.T) {
	for _, f := range []string{"../../shared/traces/codex/model-switch-and-lost-event.jsonl", "../../shared/traces/codex/resumed-29-times.jsonl", "../../shared/traces/codex/rollout-0.39-old.jsonl", "../../shared/traces/codex/two-compactions-abort.jsonl", "../../shared/traces/copilot-cli/events-with-shutdown.jsonl", "../../shared/traces/copilot-cli/no-shutdown-aborted.jsonl", "../../shared/traces/copilot-cli/one-call-shutdown.jsonl", "../../shared/cases/a2-cumulative-counter.jsonl", "../../shared/cases/a3-fork/fork.jsonl", "../../shared/traces/codex/same-session-snapshots/snapshot-1.jsonl"} {
		b, names, r := readAll(t, f, ReadOptions{})
		fmt.Println(f, Formats[r.Format()].Name, b.Lines, b.BadCount, b.Skipped, b.Warnings)
		for id, run := range runsOf(b, names) {
			type k struct {
				m  string
				ok Status
			}
			n := map[string]int{}
			u := map[string]Usage{}
			var cost USD
			for i := range run.Calls {
				c := &run.Calls[i]
				n[fmt.Sprint(c.Kind, names.Name(c.Model), c.Status, names.Name(c.Error))]++
				if c.Kind == KindLLM {
					x := addUsage(u[names.Name(c.Model)], c.Usage)
					u[names.Name(c.Model)] = x
					cost += c.Cost
					if c.Flags != 0 || os.Getenv("V") != "" {
						fmt.Println(c.ID, c.Flags, c.Start/1e6%1e8, (c.End-c.Start)/1e6, c.Usage, names.Name(c.Tags))
					}
				}
				if c.Kind == KindTool && os.Getenv("V") != "" {
					fmt.Println("   ", names.Name(c.Tool), c.Start/1e6%1e8, (c.End-c.Start)/1e6, c.Parent)
				}
			}
			fmt.Println(id, n, u, cost, names.Name(run.Workflow), names.Name(run.Tags))
		}
	}
}

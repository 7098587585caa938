package tracefmt

import (
	"fmt"
	"testing"
)

func TestZZ(t *testing.T) {
	for _, f := range [][]string{{"helicone", "export.jsonl"}, {"kong", "ai-log.jsonl"}, {"portkey", "log-export.jsonl"}, {"openrouter", "generations.jsonl"}, {"bedrock", "invocation-logs.jsonl"}, {"cloudflare-ai-gateway", "logs.jsonl"}, {"crewai", "usage-metrics.jsonl"}, {"autogen", "events.jsonl"}, {"openai-usage", "completions-usage.page.json"}, {"openai-batch", "output.jsonl"}, {"openai-batch", "errors.jsonl"}} {
		b, names, r := readAll(t, shared(t, "traces", f[0], f[1]), ReadOptions{})
		fmt.Println("==", f, Formats[r.Format()].Name, "values", b.Values, "bad", b.Bad, "skip", b.Skipped, "warn", b.Warnings)
		for i := range b.Records {
			c := &b.Records[i]
			fmt.Printf("%s", AppendCall(nil, names, &Call{Record: c, Kind: c.Kind}, Origin{}))
		}
	}
}

package tracefmt

import (
	"strings"
	"testing"
)

const (
	piParent = `{"type":"session","id":"parent","timestamp":"2026-01-01T10:00:00.000Z","cwd":"/src/shop","provider":"anthropic","modelId":"claude-opus-4-5"}`
	piBranch = `{"type":"session","version":3,"id":"branch","timestamp":"2026-01-01T11:00:00.000Z","cwd":"C:\\src\\shop","parentSession":"/s/parent.jsonl"}`
)

var piFirst = []string{
	`{"type":"message","timestamp":"2026-01-01T10:00:01.000Z","message":{"role":"user","content":[{"type":"text","text":"go"}],"timestamp":1767261601000}}`,
	`{"type":"message","timestamp":"2026-01-01T10:00:05.000Z","message":{"role":"assistant","content":[{"type":"toolCall","id":"toolu_0123456789abcdef","name":"read","arguments":{"path":"x"}},{"type":"toolCall","id":"7","name":"bash","arguments":{}}],"provider":"anthropic","model":"claude-opus-4-5","usage":{"input":10,"output":20,"cacheRead":1000,"cacheWrite":200,"totalTokens":1230,"cost":{"input":0.00005,"output":0.0005,"cacheRead":0.0005,"cacheWrite":0.00125,"total":0.0023000000000000004}},"stopReason":"toolUse","timestamp":1767261602000}}`,
	`{"type":"message","timestamp":"2026-01-01T10:00:06.000Z","message":{"role":"toolResult","toolCallId":"toolu_0123456789abcdef","toolName":"read","content":[],"isError":true,"timestamp":1767261606000}}`,
	`{"type":"message","timestamp":"2026-01-01T10:00:07.000Z","message":{"role":"toolResult","toolCallId":"7","toolName":"bash","content":[],"isError":false,"timestamp":1767261607000}}`,
	`{"type":"message","timestamp":"2026-01-01T10:00:09.000Z","message":{"role":"assistant","content":[],"provider":"anthropic","model":"claude-opus-4-5","usage":{"input":0,"output":0,"cacheRead":0,"cacheWrite":0,"totalTokens":0,"cost":{"total":0}},"stopReason":"aborted","errorMessage":"Request was aborted.","timestamp":1767261608000}}`,
}

var piSecond = []string{
	`{"type":"compaction","timestamp":"2026-01-01T11:00:01.000Z","summary":"x","tokensBefore":175004,"firstKeptEntryIndex":3}`,
	`{"type":"message","id":"e9","parentId":"e8","timestamp":"2026-01-01T11:00:09.000Z","message":{"role":"assistant","content":[],"provider":"openai","model":"gpt-5.1-codex","usage":{"input":7,"output":3,"cacheRead":0,"cacheWrite":0,"cost":{"total":0.00003875}},"stopReason":"error","errorMessage":"terminated {\"x\":1}","timestamp":1767265208000}}`,
	`{"type":"message","timestamp":"2026-01-01T11:00:10.000Z","message":{"role":"assistant","content":[],"provider":"openclaw","model":"delivery-mirror","usage":{"input":0,"output":0,"cacheRead":0,"cacheWrite":0},"stopReason":"stop","timestamp":1767265210000}}`,
}

func TestPiSession(t *testing.T) {
	want := callSums{calls: 2, failed: 1, tools: 2, badTools: 1, usage: Usage{Input: 1210, CacheRead: 1000, CacheWrite: 200, Output: 20}, recorded: 2_300_000_000, cost: 2_300_000_000}
	for name, lines := range map[string][]string{"as written": piFirst, "in another order, twice": shuffled(piFirst)} {
		b, names, r := readText(t, "t.jsonl", piParent+"\n"+strings.Join(lines, "\n"))
		if r.Format() != FormatPi || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: %s %v %v", name, Formats[r.Format()].Name, b.Bad, b.Warnings)
		}
		run := runsOf(b, names)["parent"]
		if got := callSumsOf(map[string]*Run{"": run}, nil); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
		if c := run.Calls[0]; c.Start != at("2026-01-01T10:00:02Z") || c.End != at("2026-01-01T10:00:05Z") || names.Name(c.Provider) != "anthropic" || c.Flags&FlagInherited != 0 {
			t.Errorf("%s: %+v", name, c.Record)
		}
		if names.Name(run.Workflow) != "shop" || run.Outcome != OutcomeUnknown {
			t.Errorf("%s: %q %v", name, names.Name(run.Workflow), run.Outcome)
		}
	}
}

func TestPiBranchInheritsWhatIsOlder(t *testing.T) {
	b, names, _ := readText(t, "t.jsonl", piBranch+"\n"+strings.Join(piFirst, "\n")+"\n"+strings.Join(piSecond, "\n"))
	parent, _, _ := readText(t, "p.jsonl", piParent+"\n"+strings.Join(piFirst, "\n"))
	old := map[string]bool{}
	for _, r := range parent.Records {
		old[r.ID] = true
	}
	run := runsOf(b, names)["branch"]
	if names.Name(run.Workflow) != "shop" {
		t.Errorf("workflow %q", names.Name(run.Workflow))
	}
	calls, inherited := 0, 0
	for _, r := range b.Records {
		if r.Kind != KindLLM {
			continue
		}
		calls++
		if r.Flags&FlagGlobal == 0 || (r.Flags&FlagInherited != 0) != old[r.ID] {
			t.Errorf("%s: flags %b, in the parent %v", r.ID, r.Flags, old[r.ID])
		}
		if old[r.ID] {
			inherited++
		} else if names.Name(r.Error) != "terminated" || r.Status != StatusError || r.Recorded != 38_750_000 {
			t.Errorf("%+v", r)
		}
	}
	if calls != 3 || inherited != 2 {
		t.Errorf("%d calls, %d inherited", calls, inherited)
	}
	last := run.Marks[len(run.Marks)-1]
	if last.Event != EventCompact || last.Usage.Input != 175004 {
		t.Errorf("mark %+v", last)
	}
}

func TestPiAgent(t *testing.T) {
	for path, want := range map[string]string{"/h/.openclaw/agents/cook/sessions/x.jsonl": "cook", "/h/.pi/agent/sessions/--src--/x.jsonl": "main", "x.jsonl": "main"} {
		if got := string(piAgent(path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestExpectedPi(t *testing.T) {
	for _, want := range []struct {
		file string
		run  string
		callSums
		recorded    string
		models      map[string]int
		compactions int
		aborts      int
		inherited   int
	}{
		{"session-aborted-calls.jsonl", "d703a1a9-1b7b-4fb1-b512-c9738b1fe617", callSums{calls: 235, failed: 13, badTools: 11,
			usage: Usage{Input: 556 + 15442578 + 1792392, CacheRead: 15442578, CacheWrite: 1792392, Output: 47155}}, "12.063236",
			map[string]int{"gpt-5.1-codex": 1, "claude-sonnet-4-5": 234}, 0, 12, 0},
		{"session-branched-compaction.jsonl", "ffae836b-9420-4060-ac13-7745215f90ff", callSums{calls: 199, failed: 8, badTools: 6,
			usage: Usage{Input: 3115 + 21884333 + 296079, CacheRead: 21884333, CacheWrite: 296079, Output: 82450}}, "14.869485",
			map[string]int{"claude-opus-4-5": 199}, 1, 8, 199},
	} {
		b, names, r := readAll(t, shared(t, "traces", "pi", want.file), ReadOptions{})
		if r.Format() != FormatPi || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: %s bad %v warnings %v", want.file, Formats[r.Format()].Name, b.Bad, b.Warnings)
		}
		runs := runsOf(b, names)
		run := runs[want.run]
		if len(runs) != 1 || run == nil {
			t.Fatalf("%s: %d runs", want.file, len(runs))
		}
		got := callSumsOf(runs, nil)
		if s := micros(got.recorded); s != want.recorded || micros(got.cost) != want.recorded {
			t.Errorf("%s: stated $%s, counted $%s, want %s", want.file, s, micros(got.cost), want.recorded)
		}
		got.cost, got.recorded, got.tools = 0, 0, 0
		if got != want.callSums {
			t.Errorf("%s:\n got %+v\nwant %+v", want.file, got, want.callSums)
		}
		models, inherited := map[string]int{}, 0
		for i := range run.Calls {
			if c := &run.Calls[i]; c.Kind == KindLLM {
				models[names.Name(c.Model)]++
				if c.Flags&FlagInherited != 0 {
					inherited++
				}
			}
		}
		events := map[Event]int{}
		for _, m := range run.Marks {
			events[m.Event]++
		}
		if len(models) != len(want.models) || events[EventCompact] != want.compactions || events[EventAbort] != want.aborts || inherited != want.inherited {
			t.Errorf("%s: models %v, marks %v, inherited %d", want.file, models, events, inherited)
		}
		for m, n := range want.models {
			if models[m] != n {
				t.Errorf("%s: %d calls of %s, want %d", want.file, models[m], m, n)
			}
		}
	}
}

package tracefmt

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// decodeAs reads values of one format and returns their records, grouped by run.
func decodeAs(t testing.TB, format uint8, path string, values ...string) (map[string]*Run, *Names) {
	t.Helper()
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Path, d.Format = path, format
	for i, v := range values {
		if err := d.Decode([]byte(v), SourceRef{Offset: int64(i)}); err != nil {
			t.Fatalf("%v: %s", err, v)
		}
	}
	return runsOf(&Batch{Records: d.Out}, names), names
}

// counts are what most expected values are about, over all runs.
type counts struct {
	runs, success, failure, agent, user, tools, failed int
	in, out                                            int64
	agentUSD, userUSD, totals                          USD
}

func countRuns(runs map[string]*Run, names *Names) (n counts) {
	for _, run := range runs {
		n.runs++
		switch run.Outcome {
		case OutcomeSuccess:
			n.success++
		case OutcomeFailure:
			n.failure++
		}
		for i := range run.Calls {
			c := &run.Calls[i]
			switch {
			case c.Flags&FlagTotal != 0:
				n.totals += c.Recorded
			case c.Kind == KindTool:
				n.tools++
				if c.Status == StatusError {
					n.failed++
				}
			case c.Kind == KindLLM && names.Name(c.Agent) == "user":
				n.user++
				n.userUSD += c.Recorded
			case c.Kind == KindLLM:
				n.agent++
				n.agentUSD += c.Recorded
			}
			n.in += c.Usage.Input
			n.out += c.Usage.Output
		}
	}
	return n
}

func TestExpectedTau(t *testing.T) {
	b, names, r := readAll(t, shared(t, "traces", "tau-bench", "gpt-4o-airline-first-12.json"), ReadOptions{})
	if r.Format() != FormatTau || b.BadCount != 0 {
		t.Fatalf("format %d bad %v", r.Format(), b.Bad)
	}
	totals := USD(0)
	tasks := map[string]bool{}
	for i := range b.Records {
		if r := &b.Records[i]; r.Flags&FlagTotal != 0 {
			totals += r.Recorded
			if names.Name(r.Agent) != "user" {
				t.Error("the total is not the user's")
			}
		}
		if r := &b.Records[i]; r.Kind == KindRun {
			tasks[r.Extra.Task] = true
		}
	}
	n := countRuns(runsOf(b, names), names)
	if got := fmt.Sprintf("%d %d %d tasks %d calls %d %d %d tokens %d %.6f", n.runs, n.success, n.failure, len(tasks), n.agent, n.user, n.tools, n.in+n.out, totals.Float()); got != "12 2 10 tasks 12 calls 177 112 77 tokens 0 0.039195" {
		t.Errorf("got %s", got)
	}
}

const tauRun = `{"task_id":4,"reward":1.0,"info":{"task":{"actions":[]},"source":"user","user_cost":0.0025},"traj":[
{"role":"system","content":"# Retail agent policy"},{"role":"user","content":"Hi"},
{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"find_user","arguments":"{\"a\":1}"}}]},
{"role":"tool","tool_call_id":"c1","name":"find_user","content":"Error: user not found"},
{"role":"assistant","content":"Who are you?"},{"role":"user","content":"###STOP###"}],"trial":2}`

func TestTauRun(t *testing.T) {
	runs, names := decodeAs(t, FormatTau, "tool-calling-gpt-4o-0.0_range_0--1_user-gpt-4o-mini-llm_0904.json", tauRun)
	n := countRuns(runs, names)
	if n.runs != 1 || n.success != 1 || n.agent != 2 || n.user != 2 || n.tools != 1 || n.failed != 1 {
		t.Errorf("%+v", n)
	}
	for id, run := range runs {
		if !strings.HasPrefix(id, "task-4-trial-2#") || run.Score != 1 || run.Facts.Task != "4" || names.Name(run.Feature) != "retail" || names.Name(run.Tags) != "trial=2" {
			t.Errorf("%s %+v", id, run)
		}
		for i := range run.Calls {
			c := &run.Calls[i]
			if c.Flags&FlagTotal != 0 {
				if c.Recorded != 2_500_000_000 {
					t.Errorf("user cost %v", c.Recorded)
				}
				continue
			}
			user := names.Name(c.Agent) == "user" // its calls are part of the stated cost, those of the agent are unknown
			if c.Kind == KindLLM && (c.Status != StatusOK || user != (c.Flags&FlagCovered != 0) || user == (c.State == CostNoUsage)) {
				t.Errorf("a call is %v %v", c.State, c.Status)
			}
			if c.Kind == KindTool && (names.Name(c.Tool) != "find_user" || c.Parent != "m00002" || c.Fingerprints[2] == 0 || names.Name(c.Record.Error) != "Error: user not found") {
				t.Errorf("tool %+v", c.Record)
			}
			if want := map[bool]string{true: "gpt-4o-mini", false: "gpt-4o"}[user]; c.Kind == KindLLM && names.Name(c.Model) != want {
				t.Errorf("model %s, want %s", names.Name(c.Model), want)
			}
		}
	}
}

// TestTauIdentity: copies are one run; another trial, another model's run of the task, and runs that failed at once are not.
func TestTauIdentity(t *testing.T) {
	other := strings.Replace(tauRun, "Who are you", "What is it", 1)
	trial := strings.Replace(tauRun, `"trial":2`, `"trial":3`, 1)
	spaced := strings.ReplaceAll(tauRun, ",\"", ", \n \"")
	values := []string{tauRun, other, trial, spaced, tauRun}
	for range 3 {
		rand.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		if runs, _ := decodeAs(t, FormatTau, "a.json", values...); len(runs) != 3 {
			t.Errorf("%d runs, want 3", len(runs))
		}
	}
	failed := `{"task_id":4,"reward":0.0,"info":{"error":"RateLimitError: slow down\nmore","traceback":"..."},"traj":[],"trial":0}`
	one, names := decodeAs(t, FormatTau, "one.json", failed, failed)
	two, _ := decodeAs(t, FormatTau, "two.json", failed)
	for id, run := range one {
		if _, same := two[id]; same || run.Outcome != OutcomeFailure || len(one) != 1 {
			t.Errorf("%s %+v", id, run)
		}
	}
	_ = names
}

func TestTauPlainTextActions(t *testing.T) {
	runs, names := decodeAs(t, FormatTau, "a.json", `{"task_id":1,"reward":0.0,"info":{},"trial":0,"traj":[{"role":"user","content":"Hi"},
{"role":"assistant","content":"Thought:\nlook\nAction:\n{\"name\": \"get_order\", \"arguments\": {\"id\": \"7\"}}"},
{"role":"user","content":"API output: {\"status\": \"open\"}"},
{"role":"assistant","content":"Action:\n{\"name\": \"respond\", \"arguments\": {\"content\": \"done\"}}"},{"role":"user","content":"thanks"}]}`)
	n := countRuns(runs, names)
	if n.agent != 2 || n.user != 2 || n.tools != 1 || n.failure != 1 {
		t.Errorf("%+v", n)
	}
	for _, run := range runs {
		for i := range run.Calls {
			if c := &run.Calls[i]; c.Kind == KindTool && names.Name(c.Tool) != "get_order" {
				t.Errorf("tool %q", names.Name(c.Tool))
			}
		}
	}
}

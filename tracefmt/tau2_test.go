package tracefmt

import (
	"fmt"
	"strings"
	"testing"
)

func TestExpectedTau2(t *testing.T) {
	for _, x := range []struct {
		file []string
		want string
	}{
		{[]string{"tau2-bench", "ft-model-zero-cost-5-sims.json"}, "5 4 usage 48 34 tokens 234572 4073 cost 0.000000 0.057004"},
		{[]string{"tau2-bench", "gpt-4.1-airline-6-sims.json"}, "6 4 usage 64 42 tokens 331906 5710 cost 0.231426 0.074098"},
		{[]string{"outcomes", "tau2", "gpt-4.1_airline.json"}, "20 10 usage 206 136 tokens 1113944 21386 cost 0.783268 0.227932"},
		{[]string{"outcomes", "tau2", "gpt-4.1_retail.json"}, "40 34 usage 476 290 tokens 2670434 40747 cost 1.888618 0.486962"},
		// the sums are null here; what single messages cost is stated
		{[]string{"tau2-bench", "null-cost-4-sims.json"}, "4 2 usage 0 23 tokens 14644 493 cost 0.000000 0.041540"},
	} {
		path := shared(t, append([]string{"traces"}, x.file...)...)
		b, names, r := readAll(t, path, ReadOptions{})
		if r.Format() != FormatTau2 || b.BadCount != 0 || len(b.Warnings) != 1 || b.Warnings[0].Count != 1 {
			t.Fatalf("%s: format %d bad %v warnings %v", path, r.Format(), b.Bad, b.Warnings)
		}
		runs := runsOf(b, names)
		n := countRuns(runs, names)
		agent, user := 0, 0
		for _, run := range runs {
			for i := range run.Calls {
				c := &run.Calls[i]
				if c.Kind == KindLLM && c.Has&HasUsage != 0 {
					if names.Name(c.Agent) == "user" {
						user++
					} else {
						agent++
					}
				}
				if c.Has&(HasStart|HasEnd) != HasStart|HasEnd {
					t.Errorf("%s %s: no times", run.ID, c.ID)
				}
			}
			if !strings.Contains(names.Name(run.Tags), "termination_reason=user_stop") {
				t.Errorf("tags %q", names.Name(run.Tags))
			}
		}
		if got := fmt.Sprintf("%d %d usage %d %d tokens %d %d cost %.6f %.6f", n.runs, n.success, agent, user, n.in, n.out, n.agentUSD.Float(), n.userUSD.Float()); got != x.want {
			t.Errorf("%v\n got %s\nwant %s", x.file, got, x.want)
		}
	}
}

// tau2Two are two runs: one that ended with too many errors before its reward, one whose messages are numbered and priced.
const tau2Two = `{"simulations":[
{"id":"s1","task_id":"7","start_time":"2025-08-01T10:00:00","end_time":"2025-08-01T10:00:09","termination_reason":"too_many_errors","agent_cost":null,"user_cost":null,"reward_info":null,"trial":1,"messages":[
 {"role":"assistant","content":"Hi!","tool_calls":null,"timestamp":"2025-08-01T10:00:01","cost":0.0,"usage":null},
 {"role":"assistant","content":null,"tool_calls":[{"id":"c","name":"get_bill","arguments":{"n":1},"requestor":"assistant"}],"timestamp":"2025-08-01T10:00:03","cost":null,"usage":null},
 {"role":"tool","tool_messages":[{"id":"c","role":"tool","content":"Error: no such bill","requestor":"assistant","error":true,"timestamp":"2025-08-01T10:00:04"}]}]},
{"id":"s2","task_id":"8","start_time":"2025-08-01T10:00:00","termination_reason":"user_stop","agent_cost":0.003,"user_cost":0.002,"reward_info":{"reward":0.5},"trial":0,"messages":[
 {"role":"user","content":"Help","tool_calls":[{"id":"u","name":"toggle","arguments":{},"requestor":"user"}],"timestamp":"2025-08-01T10:00:02","cost":0.002,"usage":{"prompt_tokens":100,"completion_tokens":10}},
 {"id":"u","role":"tool","content":"on","requestor":"user","error":false,"timestamp":"2025-08-01T10:00:02.5"},
 {"role":"assistant","content":"Done","timestamp":"2025-08-01T10:00:04","generation_time_seconds":1.25,"cost":0.003,"usage":{"prompt_tokens":900,"completion_tokens":20},
  "raw_data":{"model":"gpt-4.1-2025-04-14","usage":{"prompt_tokens":900,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":800},"completion_tokens_details":{"reasoning_tokens":5}}}}]}],
"tasks":[],"info":{"agent_info":{"implementation":"llm_agent","llm":"gpt-4.1"},"user_info":{"implementation":"user_simulator","llm":"gpt-4o"},"environment_info":{"domain_name":"telecom"}},"timestamp":"2025-08-01T10:00:00"}`

func TestTau2Runs(t *testing.T) {
	runs, names := decodeAs(t, FormatTau2, "x.json", tau2Two)
	one, two := runs["s1"], runs["s2"]
	if one == nil || two == nil || len(one.Calls) != 2 || len(two.Calls) != 3 {
		t.Fatalf("runs %+v", runs)
	}
	if one.Outcome != OutcomeFailure || one.HasScore || two.Outcome != OutcomeFailure || two.Score != 0.5 || one.Facts.Task != "7" || names.Name(one.Feature) != "telecom" {
		t.Errorf("outcomes %v %v", one, two)
	}
	ask, bill := &one.Calls[0], &one.Calls[1]
	if ask.State != CostNoUsage || names.Name(ask.Agent) != "llm_agent" || names.Name(ask.Model) != "gpt-4.1" || ask.Start != ask.End-2e9 {
		t.Errorf("a call without usage: %+v", ask)
	}
	if names.Name(bill.Tool) != "get_bill" || bill.Status != StatusError || bill.Parent != ask.ID || names.Name(bill.Record.Error) != "Error: no such bill" {
		t.Errorf("tool %+v", bill.Record)
	}
	user, toggle, agent := &two.Calls[0], &two.Calls[1], &two.Calls[2]
	if names.Name(user.Agent) != "user" || user.Cost != 2_000_000_000 || names.Name(user.Model) != "gpt-4o" || names.Name(toggle.Agent) != "user" {
		t.Errorf("user %+v %+v", user, toggle)
	}
	if agent.Usage != (Usage{Input: 900, CacheRead: 800, Output: 20, Reasoning: 5}) || agent.Cost != 3_000_000_000 || agent.End-agent.Start != 1_250_000_000 || names.Name(agent.Model) != "gpt-4.1-2025-04-14" {
		t.Errorf("agent %+v", agent.Record)
	}
}

// TestTau2SingleFile: newer versions keep each run in a file of its own, and may state costs for the whole run alone.
func TestTau2SingleFile(t *testing.T) {
	v := `{"id":"s","task_id":"1","trial":0,"termination_reason":"agent_stop","reward_info":{"reward":1.0},"agent_cost":0.5,"user_cost":0.0,"messages":[{"role":"assistant","content":"x","timestamp":"2025-08-01T10:00:04Z","cost":null,"usage":{"prompt_tokens":9,"completion_tokens":1}}]}`
	p, _ := peekAt([]byte(v))
	if !sniffTau2(&p) {
		t.Error("not known")
	}
	runs, _ := decodeAs(t, FormatTau2, "x.json", v, v)
	run := runs["s"]
	if len(runs) != 1 || run.Outcome != OutcomeSuccess {
		t.Fatalf("%+v", runs)
	}
	totals := 0
	for i := range run.Calls {
		if c := &run.Calls[i]; c.Flags&FlagTotal != 0 {
			totals++
			if c.Recorded != Dollar/2 {
				t.Errorf("total %v", c.Recorded)
			}
		}
	}
	if totals != 1 {
		t.Errorf("%d totals: a cost of 0 is none", totals)
	}
}

package tracefmt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// verdictsOf reads text as a file of that name and writes each record as a line.
func verdictsOf(t *testing.T, path, text string) []string {
	t.Helper()
	file := write(t, "outcomes.x", text)
	r, err := OpenReader(file, ReadOptions{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer r.Close()
	if r.Format() != FormatOutcomes {
		t.Fatalf("%s is read as %s", text, Formats[r.Format()].Name)
	}
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Path = path
	var b Batch
	var c Chunk
	for r.Next(&c) == nil {
		d.DecodeChunk(&c, &b)
	}
	if b.BadCount > 0 {
		t.Fatalf("%s: bad %v", text, b.Bad)
	}
	var out []string
	for i := range b.Records {
		out = append(out, verdictLine(names, &b.Records[i]))
	}
	return out
}

func verdictLine(n *Names, r *Record) string {
	if r.Flags&FlagTotal != 0 {
		return fmt.Sprintf("%s costs %s", r.Run, r.Recorded)
	}
	s := r.Run
	if r.Has&HasOutcome != 0 {
		s += " " + r.Outcome.String()
	}
	if r.Has&HasScore != 0 {
		s += fmt.Sprintf(" %g", r.Score)
	}
	if r.Has&HasSample != 0 {
		s += fmt.Sprintf(" trial %d", r.SampleIndex)
	}
	if r.Extra != nil {
		s += " task " + r.Extra.Task
	}
	for _, y := range []Sym{r.Workflow, r.Agent, r.Model, r.Error, r.Tags} {
		if y != 0 {
			s += " " + n.Name(y)
		}
	}
	if r.Flags&FlagNear != 0 {
		s += " near"
	}
	return s
}

func TestOutcomeShapes(t *testing.T) {
	for _, x := range []struct{ path, text, want string }{
		{"o.jsonl", `{"run_id":"r1","success":true}` + "\n" + `{"run_id":"r2","success":false,"trial":3}`, "r1 success|r2 failure trial 3"},
		{"o.jsonl", `{"instance_id":"a__b-1","resolved":true}`, "a__b-1 success"},
		{"o.jsonl", `{"trace_id":"t","quality":0.7}`, "t 0.7"},
		{"o.jsonl", `{"task_id":7,"reward":1.0}` + "\n" + `{"task_id":8,"reward":0.0}` + "\n" + `{"task_id":9,"reward":0.5}`, "7 success 1|8 failure 0|9 0.5"},
		{"o.jsonl", `{"id":3,"task_id":"HumanEval/3","passed":true,"result":"passed"}`, "HumanEval/3 success"},
		{"o.jsonl", `{"id":"5ee931a7","passed":"no","error":"timeout"}`, "5ee931a7 failure timeout"},
		{"o.jsonl", `{"session_id":"s","outcome":"failed","score":2,"model":"m","agent":"a"}`, "s failure 2 a m"},
		{"o.jsonl", `{"run_id":"r","resolved":null}` + "\n" + `{"run_id":"q","resolved":true}`, "q success"},
		{"o.json", `[{"run_id":"r","correct":1},{"run_id":"q","correct":0.5}]`, "r success|q 0.5"},
		{"o.csv", "run_id,passed,score,model\nr1,True,0.9,m\nr2,0,,m\n", "r1 success 0.9 m|r2 failure m"},
		{"o.csv", "task;verdict\nx;pass\ny;fail\n", "x success|y failure"},
		{"o.json", `{"run-1":true,"run-2":false,"run-3":true}`, "run-1 success|run-2 failure|run-3 success"},
		{"o.json", `{"a":{"success":true},"b":{"success":false,"score":0.25}}`, "a success|b failure 0.25"},
		{"o.json", `{"results":[{"task_id":"a","passed":true},{"task_id":"b","passed":false}],"seed":1}`, "a success|b failure"},
		{"m/report.json", `{"a__b-1":{"patch_successfully_applied":true,"resolved":true,"tests_status":{"FAIL_TO_PASS":{"success":[]}}}}`,
			"a__b-1 success patch_successfully_applied=true near"},
		{"x/a__b-1/report.json", `{"patch_is_None":false,"resolved":false,"tests_status":{}}`, "a__b-1 failure near"},
		{"final_report.json", `{"total_instances":3,"resolved_ids":["a"],"unresolved_ids":["b"],"error_ids":[],"empty_patch_ids":["c"],"completed_ids":["a","b"],"incomplete_ids":["z"]}`,
			"a success near|b failure near|c failure near"},
		{"results.json", `{"no_generation":["c"],"generated":["a","b"],"applied":["a","b"],"resolved":["a"]}`, "c failure near|a success near|b failure near"},
		{"vendor__m-1.5.run1.json", `{"resolved_ids":["a"],"unresolved_ids":[]}`, "a success vendor/m-1.5 near"},
		{"runs.jsonl", `{"run_id":"r","task_id":"t","workflow":"w","agent":"g","model":"m","exit_status":"Submitted","resolved":true,"stated_cost_usd":0.3012558000000001,"first_ts":"2025-11-18T23:35:08Z"}`,
			"r success task t w g m exit_status=Submitted|r costs 0.3012558"},
		{"runs.jsonl", `{"instance_id":"t","resolved":true,"cost":0.25}`, "t success"}, // which run had the cost is not known
	} {
		if got := strings.Join(verdictsOf(t, x.path, x.text), "|"); got != x.want {
			t.Errorf("%s\n got %s\nwant %s", x.text, got, x.want)
		}
	}
}

func TestOtherFilesAreNoOutcomes(t *testing.T) {
	for _, text := range []string{
		`{"a__b-1":{"cost":0.5,"resolved":true},"a__b-2":{"cost":0.7,"resolved":false}}`,
		`{"type":"run","trace_id":"t","outcome":"success"}`,
		`{"task_id":"t","trial_name":"t.1-of-1","is_resolved":true,"total_input_tokens":5}`,
		`{"task_id":1,"reward":1.0,"info":{},"traj":[]}`,
		`{"run_id":"r","success":true,"prompt_tokens":5}`,
		`{"id":"s","traceId":"t","name":"helpfulness","value":0.5,"dataType":"NUMERIC"}`,
		`{"verbose":true,"color":false,"debug":true}`,
		`{"instance_id":"x","model_patch":"","resolved":true}`,
		`{"id":"1","status":"ok","run_id":"r"}`,
		`{"name":"x","success":true}`,
		`{"a-1":{"x":1},"b-2":{"resolved":true}}`,
	} {
		p, ok := peekAt([]byte(text))
		if !ok || sniffOutcomes(&p) {
			t.Errorf("taken for outcomes: %s", text)
		}
	}
}

func TestExpectedOutcomes(t *testing.T) {
	b, names, _ := readAll(t, shared(t, "traces", "outcomes", "swebench-gemini3pro", "runs.jsonl"), ReadOptions{})
	runs, resolved, failed := 0, 0, USD(0)
	total := USD(0)
	var costs []USD
	verdict := map[string]Outcome{}
	for i := range b.Records {
		if r := &b.Records[i]; r.Flags&FlagVerdict != 0 {
			runs++
			verdict[r.Run] = r.Outcome
			if r.Outcome == OutcomeSuccess {
				resolved++
			}
			if names.Name(r.Workflow) != "swe-bench-verified" || names.Name(r.Agent) == "" {
				t.Errorf("%s: workflow %q agent %q", r.Run, names.Name(r.Workflow), names.Name(r.Agent))
			}
		}
	}
	for i := range b.Records {
		r := &b.Records[i]
		if r.Flags&FlagTotal == 0 {
			continue
		}
		costs = append(costs, r.Recorded)
		total += r.Recorded
		if verdict[r.Run] == OutcomeFailure {
			failed += r.Recorded
		}
	}
	slices.Sort(costs)
	top := USD(0)
	for _, c := range costs[len(costs)-30:] {
		top += c
	}
	got := fmt.Sprintf("%d %d %.6f %.6f %.6f %.6f %.1f", runs, resolved, total.Float(), failed.Float(), total.Float()/230, costs[149].Float(), 100*top.Float()/total.Float())
	if want := "300 230 141.549865 42.963530 0.615434 0.381713 26.9"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestReportsAgree checks that the reports beside the logs say what the table of all runs says.
func TestReportsAgree(t *testing.T) {
	b, _, _ := readAll(t, shared(t, "traces", "outcomes", "swebench-gemini3pro", "runs.jsonl"), ReadOptions{})
	n := 0
	for i := range b.Records {
		r := &b.Records[i]
		if r.Flags&FlagVerdict == 0 {
			continue
		}
		path := shared(t, "traces", "outcomes", "swebench-gemini3pro", "trajs", r.Run, "report.json")
		if f, err := Detect(path); err != nil || f != FormatOutcomes {
			continue // of 300 runs a hundred are there
		}
		one, _, _ := readAll(t, path, ReadOptions{})
		if n++; len(one.Records) != 1 || one.Records[0].Run != r.Run || one.Records[0].Outcome != r.Outcome || one.Records[0].Flags&FlagNear == 0 {
			t.Errorf("%s: %+v, want %v", r.Run, one.Records, r.Outcome)
		}
	}
	if n != 100 {
		t.Errorf("%d reports, want 100", n)
	}
}

// A run that a person had to finish is none that the workflow finished.
func TestEscalatedIsAFailure(t *testing.T) {
	for word, want := range map[string]Outcome{"escalated": OutcomeFailure, "Escalated": OutcomeFailure, "resolved": OutcomeSuccess, "de-escalated": OutcomeUnknown} {
		if got := outcomeWord([]byte(word)); got != want {
			t.Errorf("%s: %s", word, got)
		}
	}
}

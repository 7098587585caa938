package tracefmt

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

func TestExpectedTerminalBench(t *testing.T) {
	for _, x := range []struct{ folder, want string }{
		{"20250911_chaterm_claude-4-sonnet", "80 80 resolved 42 32 6 map[agent_timeout:26 parse_error:4 test_timeout:2 unset:48] 9 tokens 50 37034875 605435 33"},
		{"20250923_droid_claude-4-sonnet", "80 80 resolved 43 35 2 map[agent_timeout:13 test_timeout:2 unset:65] 3 tokens 0 0 0 0"},
	} {
		path := shared(t, "traces", "terminal-bench", x.folder, "results.json")
		b, names, r := readAll(t, path, ReadOptions{})
		if r.Format() != FormatTerminalBench || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Fatalf("%s: format %d bad %v warnings %v", path, r.Format(), b.Bad, b.Warnings)
		}
		runs := runsOf(b, names)
		tasks, modes := map[string]bool{}, map[string]int{}
		ended := map[Outcome]int{}
		odd, told, toldResolved, unknown := 0, 0, 0, 0
		var u Usage
		for _, run := range runs {
			tasks[run.Facts.Task] = true
			ended[run.Outcome]++
			mode := "unset"
			for k, v := range TagPairs(names.Name(run.Tags)) {
				if k == "failure_mode" {
					mode = v
				}
			}
			modes[mode]++
			if mode != "unset" && run.Outcome == OutcomeSuccess {
				odd++
			}
			for i := range run.Calls {
				c := &run.Calls[i]
				if c.State == CostNoUsage {
					unknown++
				}
				if c.Usage.Input > 0 {
					told++
					if run.Outcome == OutcomeSuccess {
						toldResolved++
					}
					if c.State != CostComputed || c.Cost != USD(c.Usage.Input)*3_000_000+USD(c.Usage.Output)*15_000_000 {
						t.Errorf("%s: %v %v of %+v at the model %s", run.ID, c.State, c.Cost, c.Usage, names.Name(c.Model))
					}
				}
				u.Input += c.Usage.Input
				u.Output += c.Usage.Output
			}
		}
		got := fmt.Sprintf("%d %d resolved %d %d %d %v %d tokens %d %d %d %d", len(runs), len(tasks), ended[OutcomeSuccess], ended[OutcomeFailure], ended[OutcomeUnknown], modes, odd, told, u.Input, u.Output, toldResolved)
		if got != x.want {
			t.Errorf("%s\n got %s\nwant %s", x.folder, got, x.want)
		}
		if unknown != 80-told {
			t.Errorf("%d trials of unknown cost, want %d", unknown, 80-told)
		}
	}
}

const (
	tbTrial = `{"id":"u-1","trial_name":"fix-git.2-of-5.run7","task_id":"fix-git","is_resolved":true,"failure_mode":"agent_timeout","parser_results":{"t":"passed"},"recording_path":"run7/fix-git/sessions/agent.cast",
"total_input_tokens":1000000,"total_output_tokens":2000,"trial_started_at":"2025-09-10T18:00:00+00:00","trial_ended_at":"2025-09-10T18:10:00+00:00","agent_started_at":"2025-09-10T18:01:00+00:00","agent_ended_at":"2025-09-10T18:09:00+00:00"}`
	tbOther = `{"id":"u-2","trial_name":"fix-git.3-of-5.run7","task_id":"fix-git","is_resolved":null,"failure_mode":"unset","recording_path":"run7/x","total_input_tokens":0,"total_output_tokens":null}`
	tbRun   = `{"id":"r","results":[` + tbTrial + "," + tbOther + `],"resolved_ids":["fix-git"],"unresolved_ids":[],"accuracy":0.5}`
	tbMeta  = `{"run_id":"run7","uuid":"x","dataset_name":"terminal-bench-core","dataset_version":"0.1.1","agent_name":"droid","model_name":"anthropic/claude-sonnet-4-20250514","n_concurrent_trials":4}`
)

// TestTerminalBenchTrials: a trial counts once, whichever files hold it; what is not reported is unknown; the model comes from the folder
// or from the run's own file.
func TestTerminalBenchTrials(t *testing.T) {
	runs, names := decodeAs(t, FormatTerminalBench, "results.json", tbRun, tbTrial, tbTrial)
	one, two := runs["u-1"], runs["u-2"]
	if len(runs) != 2 || one == nil || two == nil {
		t.Fatalf("%v", maps.Keys(runs))
	}
	if one.Outcome != OutcomeSuccess || two.Outcome != OutcomeUnknown || names.Name(one.Tags) != "failure_mode=agent_timeout" || one.Facts.Task != "fix-git" {
		t.Errorf("%+v %+v", one, two)
	}
	if len(one.Calls) != 2 || len(two.Calls) != 1 || two.Calls[0].State != CostNoUsage || two.Calls[0].Usage.Input != 0 {
		t.Errorf("calls %d %d", len(one.Calls), len(two.Calls))
	}
	for i := range one.Calls {
		c := &one.Calls[i]
		if c.Kind == KindLLM && (c.State != CostNone || c.End-c.Start != 480e9) || c.Kind != KindLLM && c.State != CostUnpriced {
			t.Errorf("%v: %v", c.Kind, c.State)
		}
	}
}

// TestTerminalBenchModel: a million tokens of many calls are not one prompt of a million tokens.
func TestTerminalBenchModel(t *testing.T) {
	for _, path := range []string{"20250923_droid_claude-4-sonnet/results.json", "20250923_droid_gemini-2.5-pro/results.json"} {
		runs, names := decodeAs(t, FormatTerminalBench, filepath.FromSlash(path), tbTrial)
		want := USD(1_000_000*3_000_000 + 2000*15_000_000)
		if strings.Contains(path, "gemini") {
			want = 1_000_000*1_250_000 + 2000*10_000_000
		}
		got := USD(0)
		for i := range runs["u-1"].Calls {
			c := &runs["u-1"].Calls[i]
			got += c.Cost
			if names.Name(c.Agent) != "droid" {
				t.Errorf("agent %s", names.Name(c.Agent))
			}
		}
		if got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func TestTerminalBenchMetadata(t *testing.T) {
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Format = FormatTerminalBench
	paths := []string{filepath.Join("x", "run_metadata.json"), filepath.Join("x", "results.json"), filepath.Join("y", "results.json")}
	for i, v := range []string{tbMeta, tbTrial, tbTrial} {
		d.Path = paths[i]
		if err := d.Decode([]byte(v), SourceRef{Source: uint32(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for source, want := range map[uint32]string{1: "anthropic/claude-sonnet-4-20250514 droid", 2: " terminal-bench"} {
		var recs []Record
		verdicts := map[string][]*Record{}
		for i := range d.Out {
			if r := &d.Out[i]; r.Flags&FlagVerdict != 0 {
				verdicts[r.Run] = append(verdicts[r.Run], r)
			} else if r.Src.Source == source {
				recs = append(recs, *r)
			}
		}
		a := &Assembler{Names: names, Book: BuiltinPrices(), Verdicts: func(k string) []*Record { return verdicts[k] }, PathOf: func(n uint32) string { return paths[n] }}
		run := a.Assemble(recs)
		if got := names.Name(run.Calls[0].Model) + " " + names.Name(run.Calls[0].Agent); got != want {
			t.Errorf("%s: %q, want %q", paths[source], got, want)
		}
		if run.Outcome != OutcomeSuccess {
			t.Errorf("%v", run.Outcome)
		}
	}
}

func TestTerminalBenchNewerTrials(t *testing.T) {
	v := `{"id":"h-1","task_name":"chess","trial_name":"chess__abc","task_id":{"path":"p"},"agent_info":{"name":"terminus-2","version":"2.0","model_info":{"name":"claude-sonnet-4-5","provider":"anthropic"}},
"agent_result":{"n_input_tokens":1000,"n_cache_tokens":600,"n_output_tokens":50,"cost_usd":null},"verifier_result":{"rewards":{"reward":1.0}},"exception_info":null,
"started_at":"2025-11-10T18:00:00Z","finished_at":"2025-11-10T18:10:00Z","agent_execution":{"started_at":"2025-11-10T18:01:00Z","finished_at":"2025-11-10T18:02:00Z"}}`
	p, _ := peekAt([]byte(v))
	if !sniffTerminalBench(&p) {
		t.Error("not known")
	}
	runs, names := decodeAs(t, FormatTerminalBench, "result.json", v)
	run := runs["h-1"]
	if run == nil || run.Outcome != OutcomeSuccess || run.Facts.Task != "chess" || names.Name(run.Version) != "2.0" {
		t.Fatalf("%+v", runs)
	}
	got := USD(0)
	for i := range run.Calls {
		got += run.Calls[i].Cost
	}
	if want := USD(400*3_000_000 + 600*300_000 + 50*15_000_000); got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

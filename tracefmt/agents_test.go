package tracefmt

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// agentFacts are what a source of an agent benchmark comes to.
type agentFacts struct {
	runs, solved, failed int // by outcome
	calls                int
	errors               int // calls that failed
	noUsage              int // calls without tokens
	wasted               int // calls whose answer was of no use
	retries              int // calls that say which call they repeat
	tools, toolErrors    int
	usage                Usage // of the calls
	cost                 string
	unknown              int // calls whose cost is unknown
}

// agentFactsOf sums runs up. Sums that a trace states in all are in cost, not in usage.
func agentFactsOf(runs map[string]*Run) (f agentFacts) {
	var cost USD
	for _, run := range runs {
		f.runs++
		switch run.Outcome {
		case OutcomeSuccess:
			f.solved++
		case OutcomeFailure:
			f.failed++
		}
		for i := range run.Calls {
			c := &run.Calls[i]
			if c.Counted {
				cost += c.Cost
			}
			if c.Flags&FlagTotal == 0 {
				f.call(c)
			}
		}
	}
	f.cost = cost.String()
	return f
}

func (f *agentFacts) call(c *Call) {
	count := func(to *int, is bool) {
		if is {
			*to++
		}
	}
	if c.Kind == KindTool {
		f.tools++
		count(&f.toolErrors, c.Status == StatusError)
		return
	}
	f.calls++
	count(&f.errors, c.Status == StatusError)
	count(&f.noUsage, c.Has&HasUsage == 0)
	count(&f.wasted, c.Flags&FlagOutputBad != 0)
	count(&f.retries, c.RetryOf != "")
	count(&f.unknown, c.State == CostUnpriced || c.State == CostNoUsage)
	for k, n := range c.Usage.counts() {
		*f.usage.counts()[k] += *n
	}
}

// agentReadFacts reads a source and sums it up.
func agentReadFacts(t testing.TB, format uint8, path string) (agentFacts, map[string]*Run, *Names) {
	t.Helper()
	b, names, r := readAll(t, path, ReadOptions{})
	if r.Format() != format || b.BadCount != 0 {
		t.Fatalf("%s: format %s, bad values %v", path, Formats[r.Format()].Name, b.Bad)
	}
	runs := runsOf(b, names)
	return agentFactsOf(runs), runs, names
}

// expectFacts compares the facts of shared samples.
func expectFacts(t *testing.T, format uint8, want map[string]agentFacts) {
	t.Helper()
	for name, w := range want {
		if got, _, _ := agentReadFacts(t, format, shared(t, append([]string{"traces"}, strings.Split(name, "/")...)...)); got != w {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, w)
		}
	}
}

func TestExpectedOpenHands(t *testing.T) {
	expectFacts(t, FormatOpenHands, map[string]agentFacts{
		"openhands/output-2024-resolver.jsonl":          {runs: 2, solved: 2, calls: 26, noUsage: 26, tools: 24, cost: "1.223646"},
		"openhands/output-2025-05-unpriced-model.jsonl": {runs: 3, calls: 107, errors: 2, noUsage: 2, tools: 105, toolErrors: 19, usage: Usage{Input: 1913342, Output: 13341}, cost: "0", unknown: 107},
	})
	_, runs, names := agentReadFacts(t, FormatOpenHands, shared(t, "traces", "openhands", "output-2025-05-unpriced-model.jsonl"))
	want := map[string]struct {
		calls     int
		in, out   int64
		firstCall string
		end       string // of the first call, UTC
	}{
		"ponylang__ponyc-4595": {23, 565158, 2558, "gen-1746001974-alxKxkQSJ8j9QsfNTvnX", "2025-04-30T08:32:57.821635Z"},
		"ponylang__ponyc-4593": {34, 410169, 5156, "gen-1746002742-criylc6LoaPfQ5wunoFW", "2025-04-30T08:45:43.619026Z"},
		"ponylang__ponyc-4588": {50, 938015, 5627, "gen-1746007000-EGGMzXR5CAKAmoVys200", "2025-04-30T09:56:42.611674Z"},
	}
	for _, run := range runs {
		w := want[run.Facts.Task]
		f := agentFactsOf(map[string]*Run{"": run})
		if f.calls != w.calls || f.usage.Input != w.in || f.usage.Output != w.out {
			t.Errorf("%s: %+v", run.ID, f)
		}
		c := &run.Calls[0]
		end, _, _ := parseTime([]byte(w.end))
		if c.ID != w.firstCall || c.End != end || c.Flags&FlagGlobal == 0 || names.Name(c.Model) != "openai/openrouter-llama-4-maverick" {
			t.Errorf("%s begins with %+v", run.ID, c.Record)
		}
	}
}

func TestExpectedOpenHandsLog(t *testing.T) {
	var all Batch
	names := NewNames()
	paths, _ := filepath.Glob(shared(t, "traces", "openhands", "llm-logs", "*.json"))
	slices.Sort(paths)
	want := []struct {
		in, out int64
		cost    string
		took    int64 // nanoseconds
	}{{4812, 146, "0.016626", 4658702373}, {6277, 131, "0.020796", 3317485094}, {6729, 199, "0.023172", 5606488228}}
	if len(paths) != len(want) {
		t.Fatalf("%d files", len(paths))
	}
	for i, path := range paths {
		agentReadInto(t, &all, names, path)
		r := agentCalls(&all)[i]
		w := want[i]
		if r.Usage.Input != w.in || r.Usage.Output != w.out || r.Recorded.String() != w.cost || (r.End-r.Start)/1e4 != w.took/1e4 || names.Name(r.Model) != "litellm_proxy/claude-sonnet-4-20250514" {
			t.Errorf("%s: %+v took %d", path, r, r.End-r.Start)
		}
		sum := int64(0)
		for _, n := range r.Context {
			sum += n
		}
		if sum != w.in || r.Context[partTools] == 0 || r.Context[partInstructions] == 0 {
			t.Errorf("%s: prompt %v", path, r.Context)
		}
	}
	if f := agentFactsOf(runsOf(&all, names)); f != (agentFacts{runs: 1, calls: 3, usage: Usage{Input: 17818, Output: 476}, cost: "0.060594"}) {
		t.Errorf("got %+v", f)
	}
}

// agentReadInto reads a source to its end into b.
func agentReadInto(t testing.TB, b *Batch, names *Names, path string) {
	t.Helper()
	r, err := OpenReader(path, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := NewDecoder(names, nil)
	d.Path = path
	var c Chunk
	for r.Next(&c) == nil {
		d.DecodeChunk(&c, b)
	}
	if b.BadCount > 0 {
		t.Fatalf("%s: %v", path, b.Bad)
	}
}

// agentCalls are the model calls of a batch.
func agentCalls(b *Batch) (calls []*Record) {
	for i := range b.Records {
		if r := &b.Records[i]; r.Kind == KindLLM {
			calls = append(calls, r)
		}
	}
	return calls
}

func TestExpectedOpenHandsIndex(t *testing.T) {
	type facts struct {
		solved, unknown int
		cost            string // to six digits
		noVerdict       int
	}
	for model, w := range map[string]facts{
		"DeepSeek-V4-Pro": {366, 0, "19.750000", 0}, "GLM-5": {367, 95, "521.173996", 0}, "GPT-5.2": {373, 0, "416.691511", 0},
		"GPT-5.4": {378, 0, "315.808936", 0}, "Gemini-3-Flash": {373, 0, "206.856427", 0}, "Gemini-3-Pro": {353, 2, "475.648394", 0},
		"Kimi-K2.5": {344, 0, "202.978549", 1}, "MiniMax-M2.5": {363, 0, "153.300000", 0}, "Nemotron-3-Nano": {171, 0, "115.902552", 3},
		"Qwen3-Coder-480B": {312, 0, "612.189329", 0}, "claude-opus-4-5": {383, 0, "897.654146", 0}, "claude-sonnet-4-5": {371, 0, "575.279952", 0},
	} {
		f, runs, names := agentReadFacts(t, FormatOpenHandsIndex, shared(t, "traces", "outcomes", "openhands-index", model, "instance_results", "swe-bench.json"))
		cost, err := ParseUSD([]byte(f.cost))
		if err != nil {
			t.Fatal(err)
		}
		stated, _ := ParseUSD([]byte(w.cost)) // was summed up as floats
		if d := cost - stated; d >= -2*slack && d <= 2*slack {
			f.cost = w.cost
		}
		got := facts{f.solved, f.unknown, f.cost, f.runs - f.solved - f.failed}
		if got != w || f.runs != 500 || f.calls != w.unknown {
			t.Errorf("%s: %+v, want %+v; %d runs, %d calls", model, got, w, f.runs, f.calls)
		}
		for _, run := range runs {
			if names.Name(run.Workflow) != "swe-bench" || names.Name(run.Calls[0].Model) != model {
				t.Fatalf("%s is of %s and %s", run.ID, names.Name(run.Workflow), names.Name(run.Calls[0].Model))
			}
		}
	}
	if f, _, _ := agentReadFacts(t, FormatOpenHandsIndex, shared(t, "traces", "openhands", "index-instance_results-60.json")); f.runs != 60 || f.calls != 0 {
		t.Errorf("got %+v", f)
	}
}

func TestExpectedSWEAgent(t *testing.T) {
	expectFacts(t, FormatSWEAgent, map[string]agentFacts{
		"swe-agent/ctf-katy.traj":                          {runs: 1, tools: 18, cost: "0"},
		"swe-agent/marshmallow-1867-function-calling.traj": {runs: 1, calls: 11, noUsage: 11, tools: 11, cost: "0", unknown: 11},
		"swe-agent/pydicom-1458-v0.traj":                   {runs: 1, calls: 12, noUsage: 12, tools: 12, cost: "1.26719"},
	})
	_, runs, names := agentReadFacts(t, FormatSWEAgent, shared(t, "traces", "swe-agent", "pydicom-1458-v0.traj"))
	for _, run := range runs {
		if tags := names.Name(run.Tags); tags != "exit_status=submitted" || run.Facts.Task != "pydicom-1458-v0" {
			t.Errorf("tags %q, task %q", tags, run.Facts.Task)
		}
		i := slices.IndexFunc(run.Calls, func(c Call) bool { return c.Flags&FlagTotal != 0 })
		if u := run.Calls[i].Usage; u.Input != 122612 || u.Output != 1369 {
			t.Errorf("total %+v", u)
		}
	}
}

func TestExpectedMiniSWE(t *testing.T) {
	const folder = "mini-swe-agent/swebench-verified-gemini-3-pro/"
	expectFacts(t, FormatMiniSWE, map[string]agentFacts{
		folder + "django__django-11299/django__django-11299.traj.json": {runs: 1, calls: 49, wasted: 11, retries: 11, tools: 38, toolErrors: 3,
			usage: Usage{Input: 983237, CacheRead: 865057, Output: 20347, Reasoning: 193}, cost: "0.588656125"},
		folder + "psf__requests-1142/psf__requests-1142.traj.json": {runs: 1, calls: 71, wasted: 2, retries: 2, tools: 69, toolErrors: 7,
			usage: Usage{Input: 1572307, CacheRead: 1396464, Output: 12553, Reasoning: 123}, cost: "0.7816148"},
		folder + "scikit-learn__scikit-learn-14629/scikit-learn__scikit-learn-14629.traj.json": {runs: 1, calls: 35, tools: 35,
			usage: Usage{Input: 274347, CacheRead: 198248, Output: 4884, Reasoning: 359}, cost: "0.235587"},
		"mini-swe-agent/v1-github_issue.traj.json": {runs: 1, calls: 10, noUsage: 10, tools: 9, toolErrors: 2, cost: "0", unknown: 10},
		"mini-swe-agent/v1-local.traj.json":        {runs: 1, calls: 2, noUsage: 2, tools: 1, cost: "0", unknown: 2},
	})
}

func TestExpectedMoatless(t *testing.T) {
	expectFacts(t, FormatMoatless, map[string]agentFacts{
		"moatless/2024-06-gpt4o-django-16046.json":       {runs: 1, calls: 6, noUsage: 6, cost: "0.04438"},
		"moatless/2024-06-transitions-django-16408.json": {runs: 1, calls: 16, usage: Usage{Input: 84419, Output: 5729}, cost: "0.339192"},
		"moatless/2024-06-transitions-sympy-12236.json":  {runs: 1, calls: 7, usage: Usage{Input: 39882, Output: 1907}, cost: "0.148251"},
		// Its prompt_tokens are 9,473 beside 13,156 cached ones; 9,042 of them were written to the cache, as the raw answers say.
		"moatless/2024-11-nodes-django-15790.json": {runs: 1, calls: 4, tools: 4, usage: Usage{Input: 9473 + 13156, CacheRead: 13156, CacheWrite: 9042, Output: 1481}, cost: "0.050634"},
	})
	_, runs, names := agentReadFacts(t, FormatMoatless, shared(t, "traces", "moatless", "2024-06-transitions-django-16408.json"))
	for _, run := range runs {
		c := &run.Calls[0]
		if names.Name(c.Step) != "SearchCode" || names.Name(c.Model) != "openrouter/anthropic/claude-3.5-sonnet" || run.Facts.Task != "django__django-16408" {
			t.Errorf("%s %s %+v", names.Name(c.Step), names.Name(c.Model), run.Facts)
		}
	}
}

// TestExpectedSWEBenchRuns compares the logs of a hundred runs with the table of calls that was made of them.
func TestExpectedSWEBenchRuns(t *testing.T) {
	paths, _ := filepath.Glob(shared(t, "traces", "outcomes", "swebench-gemini3pro", "trajs", "*", "*.traj.json"))
	var all Batch
	names := NewNames()
	for _, path := range paths {
		agentReadInto(t, &all, names, path)
	}
	f := agentFactsOf(runsOf(&all, names))
	cost, _ := ParseUSD([]byte(f.cost))
	f.cost = fmt.Sprintf("%.6f", cost.Float())
	want := agentFacts{runs: 100, calls: 3827, wasted: 123, retries: 123, tools: 3704, toolErrors: 300, // four of them timed out
		usage: Usage{Input: 61003619, CacheRead: 50665743, Output: 1057279, Reasoning: 19184}, cost: "43.396845"}
	if f != want {
		t.Errorf("\n got %+v\nwant %+v", f, want)
	}
	for _, r := range agentCalls(&all) {
		if r.Flags&FlagGlobal == 0 || !strings.HasPrefix(r.ID, "gen-") && !strings.HasPrefix(r.ID, "portkey-") {
			t.Fatalf("a call is named %q", r.ID)
		}
	}
}

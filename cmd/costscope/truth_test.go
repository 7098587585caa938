package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// shared is a path in the folder of real traces beside the project; the test is skipped where that is not there.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(root); err != nil {
		t.Skip("../shared is not there")
	}
	return filepath.Join(append([]string{root}, elem...)...)
}

// A told is what one command line said.
type told struct {
	code        int
	out, errors string
}

// cli runs a command line in this process, its cache in a folder of the test.
func cli(t *testing.T, args ...string) told {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(args, strings.NewReader(""), &out, &errs)
	if strings.Contains(errs.String(), "internal error") {
		t.Fatalf("%q crashed:\n%s", args, &errs)
	}
	return told{code, out.String(), errs.String()}
}

// ownCache gives the test a cache folder of its own.
func ownCache(t *testing.T) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// A summary is what these tests look at in `report --json`.
type summary struct {
	Sources []struct {
		Path, Format, Note                  string
		Records, Calls, Skipped, Duplicates int64
	}
	Skipped []struct {
		Path, Reason string
		Line         int64
	}
	Warnings []string
	Totals   sums
	Rows     []struct {
		Path []string
		sums
		Own json.Number `json:"own_usd"`
	}
	Retries struct {
		Chains     int64
		ByKind     map[string]int64 `json:"by_kind"`
		Wasted     *float64         `json:"wasted_usd"`
		WasteShare *float64         `json:"waste_share"`
	}
	Outcomes struct {
		Success, Failure, Unknown int64
		PerSuccess                *float64 `json:"cost_per_success_usd"`
	}
}

type sums struct {
	Cost           json.Number `json:"cost_usd"`
	CostPico       string      `json:"cost_pico"`
	Recorded       json.Number `json:"recorded_usd"`
	Runs           int64
	Calls          int64
	LLM            int64  `json:"llm_calls"`
	Tools          int64  `json:"tool_calls"`
	Human          int64  `json:"human_calls"`
	Other          int64  `json:"other_calls"`
	Failed         int64  `json:"failed_calls"`
	Unpriced       int64  `json:"unpriced_calls"`
	UnpricedTokens int64  `json:"unpriced_tokens"`
	NoUsage        int64  `json:"calls_without_usage"`
	Input          *int64 `json:"input_tokens"`
	CacheRead      *int64 `json:"cache_read_tokens"`
	CacheWrite     *int64 `json:"cache_write_tokens"`
	CacheWrite1h   *int64 `json:"cache_write_1h_tokens"`
	Output         *int64 `json:"output_tokens"`
	Reasoning      *int64 `json:"reasoning_tokens"`
}

// reportOf is the report of a command line that must succeed.
func reportOf(t *testing.T, args ...string) summary {
	t.Helper()
	got := cli(t, append([]string{"report", "--json", "--quiet"}, args...)...)
	if got.code != exitDone {
		t.Fatalf("report %q: exit code %d\n%s", args, got.code, got.errors)
	}
	var s summary
	if err := json.Unmarshal([]byte(got.out), &s); err != nil {
		t.Fatalf("report %q: %v", args, err)
	}
	return s
}

func known(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// micro is an exact amount rounded to six decimals, as the expected values are.
func micro(t *testing.T, amount string) string {
	t.Helper()
	r, ok := new(big.Rat).SetString(amount)
	if !ok {
		t.Fatalf("%q is no amount", amount)
	}
	return r.FloatString(6)
}

// A claudeGroup is one group of Claude Code logs with its right values.
type claudeGroup struct {
	name                                      string
	bad, sessions, tools                      int64
	calls, input, read, write5m, write1h, out int64
	cost                                      string
	unpriced                                  bool
}

var (
	claudeCounts = regexp.MustCompile(`bad lines (\d+), sessions (\d+), subagents \d+, tool calls (\d+),`)
	claudeTotal  = regexp.MustCompile(`(?m)^\| \*\*total\*\* \|  \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+)(.*) \|$`)
)

// claudeGroups reads the right values from the table beside the traces.
func claudeGroups(t *testing.T) (groups []claudeGroup) {
	b, err := os.ReadFile(shared(t, "traces", "EXPECTED-agents.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(b), "## Expected values: Claude Code session logs\n")
	part, _, _ = strings.Cut(part, "\n## ")
	for _, text := range strings.Split(part, "\n### ")[1:] {
		name, _, _ := strings.Cut(text, "\n")
		counts, total := claudeCounts.FindStringSubmatch(text), claudeTotal.FindStringSubmatch(text)
		if counts == nil || total == nil {
			t.Fatalf("%s: no values", name)
		}
		n := func(s string) int64 { v, _ := strconv.ParseInt(s, 10, 64); return v }
		groups = append(groups, claudeGroup{name, n(counts[1]), n(counts[2]), n(counts[3]), n(total[1]), n(total[2]), n(total[3]), n(total[4]),
			n(total[5]), n(total[6]), total[7], strings.Contains(total[8], "unpriced")})
	}
	return groups
}

// TestTruthClaude: every group of Claude Code logs gives the values computed from it elsewhere, to the last token and micro-dollar.
func TestTruthClaude(t *testing.T) {
	ownCache(t)
	groups := claudeGroups(t)
	if len(groups) != 12 {
		t.Errorf("%d groups, want 12", len(groups))
	}
	for _, want := range groups {
		s := reportOf(t, shared(t, "traces", "claude-code", want.name))
		got := claudeGroup{name: want.name, sessions: s.Totals.Runs, tools: s.Totals.Tools, calls: s.Totals.LLM, read: known(s.Totals.CacheRead),
			write1h: known(s.Totals.CacheWrite1h), out: known(s.Totals.Output), cost: string(s.Totals.Cost), unpriced: s.Totals.Unpriced > 0}
		got.write5m = known(s.Totals.CacheWrite) - got.write1h
		got.input = known(s.Totals.Input) - got.read - known(s.Totals.CacheWrite)
		for _, src := range s.Sources {
			got.bad += src.Skipped
		}
		if off := offBy(t, string(s.Totals.Cost), want.cost); off.Cmp(big.NewRat(1, 2_000_000)) <= 0 {
			got.cost = want.cost // an exact half may have been rounded either way
		}
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", want.name, got, want)
		}
	}
}

// offBy is how far apart two amounts are.
func offBy(t *testing.T, a, b string) *big.Rat {
	t.Helper()
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok || !ok2 {
		t.Fatalf("%q and %q are not two amounts", a, b)
	}
	x.Sub(x, y)
	return x.Abs(x)
}

// An otlpRow is a row of the right values of the OTLP family; -1: the file cannot tell. Embeddings are not among the model calls.
type otlpRow struct {
	files                                          string
	runs, calls, failed, in, read, out, reason     int64
	stated                                         string // cost; "" for none
	tools, toolsFailed, embeddings, embeddedTokens int64
	success, failure                               int64 // runs
}

var otlpRows = []otlpRow{
	{"otlp-genai/support-refund.collector.jsonl otlp-genai/support-refund.js-http-bodies.jsonl", 1, 11, 2, 26977, -1, 1599, -1, "", 2, 1, 1, 42, 0, 0},
	{"otlp-genai/support-refund.mixed-signals.jsonl", 1, 11, 2, 26977, -1, 1599, -1, "", 2, 1, 1, 42, 1, 0},
	{"otlp-genai/travel-planner.collector.jsonl otlp-genai/travel-planner.span-per-line.jsonl otlp-genai/travel-planner.span-per-line.flat-attrs.jsonl",
		1, 3, 0, 3500, 600, 470, 40, "", 3, 1, 0, 0, 1, 0},
	{"otlp-genai/vs-copilot-sample-1.jsonl otlp-genai/vs-copilot-sample-2.jsonl", 1, 0, 0, 0, -1, 0, -1, "", 3, 0, 0, 0, 0, 0},
	{"otlp-genai/openlit-chat.jsonl", 1, 1, 0, 14, -1, 96, -1, "0.000151", 0, 0, 0, 0, 0, 0},
	{"otlp-genai/spring-ai.jsonl", 1, 1, 0, 11, -1, 13, -1, "", 0, 0, 0, 0, 0, 0},
	{"openinference/support-refund.collector.jsonl openinference/support-refund.phoenix-spans.jsonl", 3, 23, 0, 99888, 43545, 6315, 2592, "", 6, 3, 3, 0, 2, 1},
	{"openinference/travel-planner.collector.jsonl openinference/travel-planner.phoenix-otlp-download.json", 1, 3, 0, 3500, 600, 470, 40, "0.0025", 3, 1, 0, 0, 1, 0},
	{"openllmetry/support-refund.collector.jsonl", 2, 15, 0, 55956, -1, 3628, -1, "", 2, 0, 0, 0, 0, 0},
	{"openllmetry/travel-planner.collector.jsonl", 1, 3, 0, 3500, 600, 470, -1, "", 3, 1, 0, 0, 1, 0},
	{"openllmetry/colab-openai-chat.jsonl", 1, 1, 0, 14, -1, 173, -1, "", 0, 0, 0, 0, 0, 0},
	{"vercel-ai-sdk/weather-bot.collector.jsonl", 5, 9, 5, 2215, -1, 226, -1, "", 1, 0, 1, 9, 0, 1},
	{"vercel-ai-sdk/travel-planner.collector.jsonl", 1, 3, 0, 3500, -1, 470, -1, "", 3, 1, 0, 0, 1, 0},
	{"langfuse/support-refund.otlp.collector.jsonl", 2, 20, 5, 55956, 25266, 3628, 1504, "", 4, 2, 2, 0, 0, 1},
	{"costscope/support-refund.jsonl", 3, 21, 5, 56768, 25266, 3685, 1504, "0.04069315", 4, 2, 2, 99, 2, 1},
}

// TestTruthOTLP: every file of the OTLP family, and the costscope sample, gives its right values.
func TestTruthOTLP(t *testing.T) {
	ownCache(t)
	for _, row := range otlpRows {
		for _, file := range strings.Fields(row.files) {
			want := row
			want.files = file
			if got := otlpRowOf(t, file, want); got != want {
				t.Errorf("%s:\n got %+v\nwant %+v", file, got, want)
			}
		}
	}
}

func otlpRowOf(t *testing.T, file string, want otlpRow) otlpRow {
	path := shared(t, "traces", filepath.FromSlash(file))
	whole := reportOf(t, path)
	part := func(where ...string) sums {
		args := []string{path}
		for _, w := range where {
			args = append(args, "--where", w)
		}
		return reportOf(t, args...).Totals
	}
	llm, tool, other, bad := part("!kind=embedding", "!kind=human"), part("kind=tool"), part("kind=embedding"), part("status=error")
	got := otlpRow{files: file, runs: whole.Totals.Runs, calls: llm.LLM, failed: bad.LLM, in: known(llm.Input), read: known(llm.CacheRead), out: known(llm.Output),
		reason: known(llm.Reasoning), tools: tool.Tools, toolsFailed: tool.Failed, embeddings: other.Calls, embeddedTokens: known(other.Input),
		success: whole.Outcomes.Success, failure: whole.Outcomes.Failure}
	if llm.Recorded != "0" && llm.Recorded != "" {
		got.stated = string(llm.Recorded)
	}
	for _, n := range [][2]*int64{{&got.read, &want.read}, {&got.reason, &want.reason}} {
		if *n[1] < 0 && *n[0] <= 0 { // the file cannot tell, and the report claims nothing
			*n[0] = -1
		}
	}
	for _, n := range [][2]*int64{{&got.in, &want.in}, {&got.out, &want.out}, {&got.embeddedTokens, &want.embeddedTokens}} {
		*n[0] = max(*n[0], 0)
	}
	for _, src := range whole.Sources {
		if src.Skipped > 0 || src.Note != "" {
			t.Errorf("%s: %d skipped, note %q", file, src.Skipped, src.Note)
		}
	}
	return got
}

// TestTruthCostscope: the sample states its retries, its human review and its embeddings.
func TestTruthCostscope(t *testing.T) {
	ownCache(t)
	path := shared(t, "traces", "costscope", "support-refund.jsonl")
	s := reportOf(t, path)
	if s.Totals.Recorded != "2.54069513" || s.Totals.Human != 1 || s.Outcomes.Success != 2 {
		t.Errorf("recorded %s, human calls %d, successes %d", s.Totals.Recorded, s.Totals.Human, s.Outcomes.Success)
	}
	for kind, want := range map[string]int64{"plain_retry": 4, "prompt_adjustment": 2, "fallback_model": 2, "tool_reinvocation": 2} {
		if got := s.Retries.ByKind[kind]; got != want {
			t.Errorf("%s: %d, want %d", kind, got, want)
		}
	}
}

// TestTruthCases: inputs that break tools of this kind, each with the price book made for them.
func TestTruthCases(t *testing.T) {
	ownCache(t)
	book := shared(t, "cases", "acme-prices.json")
	a5 := "a5-cached-inside-or-beside/"
	for _, c := range []struct {
		file                              string
		cost                              string
		llm, in, read, out                int64
		unpriced, unpricedTokens, noUsage int64
		warns                             string
	}{
		{"a1-streaming-snapshots.jsonl", "0.016962", 1, 21_004, 20_000, 480, 0, 0, 0, ""},
		{"a4-agent-roll-up.jsonl", "0.037500", 3, -1, -1, -1, 0, 0, 0, ""},
		{a5 + "anthropic.jsonl", "0.007200", 1, 10_000, 9_000, 100, 0, 0, 0, ""},
		{a5 + "costscope.jsonl", "0.007200", 1, 10_000, 9_000, 100, 0, 0, 0, ""},
		{a5 + "openai.jsonl", "0.007200", 1, 10_000, 9_000, 100, 0, 0, 0, ""},
		{"a6-long-context-tier.jsonl", "1.648506", 3, -1, -1, -1, 0, 0, 0, ""},
		{"a7-one-hour-cache.jsonl", "0.931560", 2, -1, -1, -1, 0, 0, 0, "five-minute writes assumed"},
		{"a8-unknown-model.jsonl", "0.500000", 3, -1, -1, -1, 1, 2_000_000, 0, "nobody-9"},
		{"a9-stranger-s-price.jsonl", "1.500000", 3, -1, -1, -1, 1, 1_000_000, 0, "acme-small-nano"},
		{"a10-failed-attempts.jsonl", "0.171000", 3, -1, -1, -1, 0, 0, 1, ""},
		{"a11-half-written.jsonl", "0.002100", 3, -1, -1, -1, 0, 0, 0, ""},
	} {
		s := reportOf(t, shared(t, "cases", filepath.FromSlash(c.file)), "--prices", book)
		got := fmt.Sprint(micro(t, string(s.Totals.Cost)), s.Totals.LLM, s.Totals.Unpriced, s.Totals.UnpricedTokens, s.Totals.NoUsage)
		if want := fmt.Sprint(c.cost, c.llm, c.unpriced, c.unpricedTokens, c.noUsage); got != want {
			t.Errorf("%s: cost, calls, unpriced, its tokens, without usage = %s, want %s", c.file, got, want)
		}
		if in := known(s.Totals.Input); c.in >= 0 && (in != c.in || known(s.Totals.CacheRead) != c.read || known(s.Totals.Output) != c.out) {
			t.Errorf("%s: input %d, read %d, output %d, want %d, %d, %d", c.file, in, known(s.Totals.CacheRead), known(s.Totals.Output), c.in, c.read, c.out)
		}
		if w := strings.Join(s.Warnings, "\n"); !strings.Contains(w, c.warns) {
			t.Errorf("%s: warnings %q, want %q among them", c.file, w, c.warns)
		}
	}
}

// TestTruthRowsOfCases looks at the single calls and traces of the cases.
func TestTruthRowsOfCases(t *testing.T) {
	ownCache(t)
	book := shared(t, "cases", "acme-prices.json")
	for _, c := range []struct{ file, where, cost string }{
		{"a4-agent-roll-up.jsonl", "run=T1", "0.033000"}, {"a4-agent-roll-up.jsonl", "run=T2", "0.004500"},
		{"a6-long-context-tier.jsonl", "cost<0.11", "0.102000"}, {"a6-long-context-tier.jsonl", "cost>1", "1.350000"},
		{"a8-unknown-model.jsonl", "model=local/free-1", "0.000000"},
		{"a10-failed-attempts.jsonl", "status=ok", "0.088500"},
	} {
		s := reportOf(t, shared(t, "cases", c.file), "--prices", book, "--where", c.where)
		if got := micro(t, string(s.Totals.Cost)); got != c.cost {
			t.Errorf("%s where %s: %s, want %s", c.file, c.where, got, c.cost)
		}
	}
	s := reportOf(t, shared(t, "cases", "a10-failed-attempts.jsonl"), "--prices", book)
	if s.Retries.Chains != 1 || s.Retries.Wasted == nil || *s.Retries.Wasted != 0.0825 || *s.Outcomes.PerSuccess != 0.171 || fmt.Sprintf("%.3f", *s.Retries.WasteShare) != "0.482" {
		t.Errorf("a10: retries %+v, per success %v", s.Retries, s.Outcomes.PerSuccess)
	}
	got := cli(t, "prices", "--prices", book, "acme-small-nano", "vendor/acme-small-20260105", "acme-small-turbo", "local/free-1", "nobody-9")
	if got.code != exitDone {
		t.Fatalf("prices: exit code %d\n%s", got.code, got.errors)
	}
	for _, want := range []string{"acme-small-nano: unpriced", "acme/acme-small (pattern ^acme-small-\\d{8}$ after cutting vendor/)", "acme-small-turbo: acme/acme-small-turbo (exact id)",
		"local/free-1 (exact id)", "nobody-9: unpriced"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("prices does not say %q:\n%s", want, got.out)
		}
	}
}

// TestTruthMoreReadThanInput: a cache read above an input that includes it is flagged, and nothing becomes negative.
func TestTruthMoreReadThanInput(t *testing.T) {
	ownCache(t)
	for name, line := range map[string]string{
		"costscope": `{"trace_id":"r","span_id":"c","operation":"chat","model":"gpt-5-mini","start":"2026-02-03T10:00:00Z","input_tokens":1000,"cache_read_input_tokens":9000,"output_tokens":100}`,
		"openai":    `{"id":"c","object":"chat.completion","created":1770000000,"model":"gpt-5-mini","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":9000}}}`,
		"otlp": otlpLine(`{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"chat","kind":3,"startTimeUnixNano":"1770000000000000000","endTimeUnixNano":"1770000001000000000","attributes":[
			{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.request.model","value":{"stringValue":"gpt-5-mini"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"1000"}},
			{"key":"gen_ai.usage.cache_read.input_tokens","value":{"intValue":"9000"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"100"}}]}`),
	} {
		path := filepath.Join(t.TempDir(), name+".jsonl")
		if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s := reportOf(t, path)
		if s.Totals.LLM != 1 || strings.HasPrefix(string(s.Totals.Cost), "-") || known(s.Totals.Input) < known(s.Totals.CacheRead) || len(s.Warnings) == 0 {
			t.Errorf("%s: %d calls, $%s, input %d, cache read %d, warnings %v", name, s.Totals.LLM, s.Totals.Cost, known(s.Totals.Input), known(s.Totals.CacheRead), s.Warnings)
		}
	}
}

// otlpLine is an export request of one span, on one line.
func otlpLine(span string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+span+`]}]}]}`)); err != nil {
		panic(err)
	}
	return b.String()
}

// TestTruthHalfWritten reads a11 in the steps in which it is written: no call counts twice and no warning remains.
func TestTruthHalfWritten(t *testing.T) {
	ownCache(t)
	book := shared(t, "cases", "acme-prices.json")
	whole, err := os.ReadFile(shared(t, "cases", "a11-half-written.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	one := len(lines[0])
	two := one + len(lines[1])
	accent := bytes.IndexByte(whole, 0xC3) + 1 // between the two bytes of é
	path := filepath.Join(t.TempDir(), "half.jsonl")
	for _, step := range []struct {
		bytes    int
		min, max int64
	}{{one + 60, 1, 1}, {two, 2, 2}, {len(bytes.TrimRight(whole, "\n")), 2, 3}, {len(whole), 3, 3}} {
		if accent > 0 && step.bytes > accent {
			os.WriteFile(path, whole[:accent], 0o600)
			reportOf(t, path, "--prices", book)
		}
		os.WriteFile(path, whole[:step.bytes], 0o600)
		s := reportOf(t, path, "--prices", book)
		if s.Totals.LLM < step.min || s.Totals.LLM > step.max || len(s.Skipped) != 0 {
			t.Errorf("after %d bytes: %d calls, want %d to %d; skipped %v", step.bytes, s.Totals.LLM, step.min, step.max, s.Skipped)
		}
	}
	if s := reportOf(t, path, "--prices", book); micro(t, string(s.Totals.Cost)) != "0.002100" || len(s.Warnings) != 0 {
		t.Errorf("at the end $%s, warnings %v", s.Totals.Cost, s.Warnings)
	}
}

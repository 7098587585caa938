package sample

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"costscope/tracefmt"
)

// entry is a line as encoding/json reads it: the tests add up what the file says, without the generator's own types.
type entry struct {
	Type     string `json:"type"`
	Trace    string `json:"trace_id"`
	Span     string `json:"span_id"`
	Parent   string `json:"parent_span_id"`
	Workflow string `json:"workflow"`
	Feature  string `json:"feature"`
	Version  string `json:"version"`
	Agent    string `json:"agent"`
	Role     string `json:"agent_role"`
	Instance string `json:"agent_instance"`
	Op       string `json:"operation"`
	Kind     string `json:"kind"`
	Model    string `json:"model"`
	Asked    string `json:"request_model"`
	Provider string `json:"provider"`
	Tool     string `json:"tool"`
	ReadOnly *bool  `json:"read_only"`
	Start    time.Time
	Duration *int64           `json:"duration_ms"`
	Status   string           `json:"status"`
	Input    *int64           `json:"input_tokens"`
	Read     int64            `json:"cache_read_input_tokens"`
	Write    int64            `json:"cache_creation_input_tokens"`
	Write1h  int64            `json:"cache_creation_1h_input_tokens"`
	Output   int64            `json:"output_tokens"`
	Reason   int64            `json:"reasoning_output_tokens"`
	Cost     json.Number      `json:"cost_usd"`
	Attempt  int              `json:"attempt"`
	RetryOf  string           `json:"retry_of"`
	Retry    string           `json:"retry_kind"`
	OK       *bool            `json:"output_ok"`
	Sample   int              `json:"sample_index"`
	Context  map[string]int64 `json:"context"`
	Prompt   string           `json:"prompt_fp"`
	Tail     string           `json:"tail_fp"`
	Args     string           `json:"args_fp"`
	Result   string           `json:"result_fp"`
	Stage    string           `json:"stage"`
	Tier     string           `json:"service_tier"`
	Outcome  *struct {
		Success bool
		Values  []struct {
			Unit   string
			Amount float64
		}
	}
	Quality *float64
	Task    string `json:"task"`
}

func (e *entry) model() string  { return cmp.Or(e.Model, e.Asked) }
func (e *entry) failed() bool   { return e.Status == "error" || e.OK != nil && !*e.OK }
func (e *entry) encloses() bool { return e.Op == "invoke_agent" || e.Op == "invoke_workflow" }
func (e *entry) end() time.Time { return e.Start.Add(time.Duration(*e.Duration) * time.Millisecond) }
func (e *entry) isLLM() bool    { return e.Op == "chat" && e.Kind == "" }
func (e *entry) changesState() bool {
	return e.Op == "execute_tool" && (e.ReadOnly == nil || !*e.ReadOnly)
}
func (e *entry) action() string      { return e.Tool + " " + e.Args }
func (e *entry) observation() string { return e.Result + e.Status }

// rates are list prices in dollars per million tokens: input, cache read, cache write, one-hour write, output.
var rates = map[string][5]string{
	"claude-sonnet-4-5": {"3", "0.3", "3.75", "6", "15"}, "claude-haiku-4-5": {"1", "0.1", "1.25", "2", "5"},
	"claude-opus-4-5": {"5", "0.5", "6.25", "10", "25"}, "gpt-5": {"1.25", "0.125", "0", "0", "10"}, "gpt-5-mini": {"0.25", "0.025", "0", "0", "2"},
	"gpt-4.1-mini": {"0.4", "0.1", "0", "0", "1.6"}, "gemini-2.5-flash": {"0.3", "0.03", "0", "0", "2.5"},
	"text-embedding-3-small": {"0.02", "0", "0", "0", "0"},
}

// pico reads dollars, exactly.
func pico(t testing.TB, s string) tracefmt.USD {
	v, err := tracefmt.ParseUSD([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// perToken are rates in pico-dollars per token.
var perToken = map[string][5]tracefmt.USD{}

// list is what the tokens of e cost by rates.
func (e *entry) list(t testing.TB) (tracefmt.USD, bool) {
	text, ok := rates[e.model()]
	if !ok || e.Input == nil {
		return 0, false
	}
	r, ok := perToken[e.model()]
	if !ok {
		for i, s := range text {
			r[i] = pico(t, s) / 1e6
		}
		perToken[e.model()] = r
	}
	var sum tracefmt.USD
	for i, n := range [5]int64{*e.Input - e.Read - e.Write, e.Read, e.Write - e.Write1h, e.Write1h, e.Output} {
		sum += r[i] * tracefmt.USD(n)
	}
	return sum, true
}

// cost is what e cost in all.
func (e *entry) cost(t testing.TB) tracefmt.USD {
	if e.Cost != "" {
		return pico(t, e.Cost.String())
	}
	c, _ := e.list(t)
	return c
}

func generate(t testing.TB, scenario string, seed uint64, runs int) ([]byte, Truth) {
	t.Helper()
	var b bytes.Buffer
	truth, err := Generate(&b, scenario, seed, runs)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), truth
}

func parse(t testing.TB, trace []byte) []entry {
	t.Helper()
	var all []entry
	for s := bufio.NewScanner(bytes.NewReader(trace)); s.Scan(); {
		var e entry
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			t.Fatalf("%v in %s", err, s.Bytes())
		}
		all = append(all, e)
	}
	return all
}

// trial is a run as it is read back.
type trial struct {
	calls  []*entry // without the enclosing ones
	own    *entry
	open   bool // a line without its end
	cost   tracefmt.USD
	closed map[string]bool
}

// byRun sorts entries into runs.
func byRun(t testing.TB, all []entry) map[string]*trial {
	runs := map[string]*trial{}
	for i := range all {
		e := &all[i]
		r := runs[e.Trace]
		if r == nil {
			r = &trial{closed: map[string]bool{}}
			runs[e.Trace] = r
		}
		switch {
		case e.Type == "run":
			r.own = e
		case e.encloses():
			r.closed[e.Span] = r.closed[e.Span] || e.Duration != nil
		default:
			r.calls = append(r.calls, e)
			r.cost += e.cost(t)
			r.open = r.open || e.Duration == nil
		}
	}
	for _, r := range runs {
		for _, done := range r.closed {
			r.open = r.open || !done
		}
		slices.SortStableFunc(r.calls, func(a, b *entry) int { return a.Start.Compare(b.Start) })
	}
	return runs
}

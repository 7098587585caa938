package tracefmt

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// sums is what a file comes to.
type sums struct {
	traces, spans, calls, failed   int
	input, read, output, reasoning int64
	cost                           string
	tools, toolsFailed             int
	embeddings                     int
	embedded                       int64
	noUsage, noRead, noReasoning   int
}

// shared is a file of the shared folder; the test is skipped when there is none.
func sharedFile(t testing.TB, name string) []byte {
	t.Helper()
	dir := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared is not there")
	}
	b, err := os.ReadFile(filepath.Join(dir, "traces", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// jsonValues splits data into JSON values with an independent reader.
func jsonValues(t testing.TB, data []byte) [][]byte {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	var out [][]byte
	for {
		var v json.RawMessage
		switch err := dec.Decode(&v); err {
		case nil:
			out = append(out, append([]byte(nil), v...))
		case io.EOF:
			return out
		default:
			t.Fatal(err)
		}
	}
}

// otlpRecords decodes values, grouped by run.
func otlpRecords(t testing.TB, n *Names, values [][]byte) map[string][]Record {
	t.Helper()
	d := NewDecoder(n, nil)
	d.Format = FormatOTLP
	for i, v := range values {
		if err := d.Decode(v, SourceRef{Offset: int64(i), Length: int64(len(v))}); err != nil {
			t.Fatalf("value %d: %v", i, err)
		}
	}
	runs := map[string][]Record{}
	for _, r := range d.Out {
		runs[r.Run] = append(runs[r.Run], r)
	}
	return runs
}

func sumUp(n *Names, runs map[string][]Record) (s sums) {
	var cost USD
	for _, recs := range runs {
		for _, r := range recs {
			if r.Kind != KindRun {
				s.spans++
			}
		}
		a := Assembler{Names: n}
		run := a.Assemble(a.Merge(append([]Record(nil), recs...)))
		s.traces++
		for _, c := range run.Calls {
			if c.Counted && c.Has&HasCost != 0 && c.State == CostRecorded {
				cost += c.Recorded
			}
			if c.IsCall && c.Kind == KindTool {
				s.tools++
				s.toolsFailed += btoi(c.Status == StatusError)
			}
			if c.IsCall && c.Kind == KindEmbedding {
				s.embeddings++
				s.embedded += c.Usage.Input
			}
			if c.Kind != KindLLM {
				continue
			}
			if c.IsCall {
				s.calls++
				s.failed += btoi(c.Status == StatusError)
				s.noUsage += btoi(c.Has&(HasInput|HasOutput) == 0)
			}
			if c.Counted {
				s.input += c.Usage.Input
				s.read += c.Usage.CacheRead
				s.output += c.Usage.Output
				s.reasoning += c.Usage.Reasoning
				s.noRead += btoi(c.Has&HasInput != 0 && c.Has&HasCacheRead == 0)
				s.noReasoning += btoi(c.Has&HasOutput != 0 && c.Has&HasReasoning == 0)
			}
		}
	}
	if cost != 0 {
		s.cost = cost.String()
	}
	return s
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// expected are the rows of EXPECTED-otel.md that this reader is answerable for; unknown counts ("?") are 0 with noRead and noReasoning.
var expected = []struct {
	files []string
	want  sums
}{
	{[]string{"otlp-genai/support-refund.collector.jsonl", "otlp-genai/support-refund.js-http-bodies.jsonl", "otlp-genai/support-refund.mixed-signals.jsonl"},
		sums{traces: 1, spans: 19, calls: 11, failed: 2, input: 26977, output: 1599, tools: 2, toolsFailed: 1, embeddings: 1, embedded: 42, noUsage: 3, noRead: 8, noReasoning: 8}},
	{[]string{"otlp-genai/support-refund.evals.logs.jsonl"}, sums{traces: 1}},
	{[]string{"otlp-genai/travel-planner.collector.jsonl", "otlp-genai/travel-planner.span-per-line.jsonl", "otlp-genai/travel-planner.span-per-line.flat-attrs.jsonl"},
		sums{traces: 1, spans: 7, calls: 3, input: 3500, read: 600, output: 470, reasoning: 40, tools: 3, toolsFailed: 1, noRead: 2, noReasoning: 2}},
	{[]string{"otlp-genai/vs-copilot-sample-1.jsonl", "otlp-genai/vs-copilot-sample-2.jsonl"}, sums{traces: 1, spans: 4, tools: 3}},
	{[]string{"otlp-genai/openlit-chat.jsonl"}, sums{traces: 1, spans: 1, calls: 1, input: 14, output: 96, cost: "0.000151", noRead: 1, noReasoning: 1}},
	{[]string{"otlp-genai/spring-ai.jsonl"}, sums{traces: 1, spans: 1, calls: 1, input: 11, output: 13, noRead: 1, noReasoning: 1}},
	{[]string{"openinference/support-refund.collector.jsonl", "openinference/support-refund.phoenix-spans.jsonl"},
		sums{traces: 3, spans: 53, calls: 23, input: 99888, read: 43545, output: 6315, reasoning: 2592, tools: 6, toolsFailed: 3, embeddings: 3}},
	{[]string{"openinference/travel-planner.collector.jsonl", "openinference/travel-planner.phoenix-otlp-download.json"},
		sums{traces: 1, spans: 7, calls: 3, input: 3500, read: 600, output: 470, reasoning: 40, cost: "0.0025", tools: 3, toolsFailed: 1, noRead: 2, noReasoning: 2}},
	{[]string{"openllmetry/support-refund.collector.jsonl"},
		sums{traces: 2, spans: 27, calls: 15, input: 55956, output: 3628, tools: 2, noRead: 15, noReasoning: 15}},
	{[]string{"openllmetry/travel-planner.collector.jsonl"},
		sums{traces: 1, spans: 7, calls: 3, input: 3500, read: 600, output: 470, tools: 3, toolsFailed: 1, noRead: 2, noReasoning: 3}},
	{[]string{"openllmetry/colab-openai-chat.jsonl"}, sums{traces: 1, spans: 1, calls: 1, input: 14, output: 173, noRead: 1, noReasoning: 1}},
	{[]string{"vercel-ai-sdk/weather-bot.collector.jsonl"},
		sums{traces: 5, spans: 16, calls: 9, failed: 5, input: 2215, output: 226, tools: 1, embeddings: 1, embedded: 9, noUsage: 5, noRead: 3, noReasoning: 3}},
	{[]string{"vercel-ai-sdk/travel-planner.collector.jsonl"},
		sums{traces: 1, spans: 10, calls: 3, input: 3500, output: 470, tools: 3, toolsFailed: 1, noRead: 3, noReasoning: 3}},
	{[]string{"langfuse/support-refund.otlp.collector.jsonl"},
		sums{traces: 2, spans: 40, calls: 20, failed: 5, input: 55956, read: 25266, output: 3628, reasoning: 1504, tools: 4, toolsFailed: 2, embeddings: 2, noUsage: 5}},
}

func TestSharedOTLP(t *testing.T) {
	for _, e := range expected {
		for _, f := range e.files {
			t.Run(f, func(t *testing.T) {
				n := NewNames()
				if got := sumUp(n, otlpRecords(t, n, jsonValues(t, sharedFile(t, f)))); got != e.want {
					t.Errorf("\n got %+v\nwant %+v", got, e.want)
				}
			})
		}
	}
}

// TestOrderOfSpansDoesNotMatter shuffles the values and the records.
func TestOrderOfSpansDoesNotMatter(t *testing.T) {
	for _, f := range []string{"otlp-genai/support-refund.mixed-signals.jsonl", "vercel-ai-sdk/weather-bot.collector.jsonl", "langfuse/support-refund.otlp.collector.jsonl", "openinference/support-refund.collector.jsonl"} {
		n := NewNames()
		runs := otlpRecords(t, n, jsonValues(t, sharedFile(t, f)))
		rnd := rand.New(rand.NewPCG(1, 2))
		for id, recs := range runs {
			want := assembled(n, recs)
			for range 20 {
				rnd.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
				if got := assembled(n, recs); !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: run %s differs in another order", f, id)
				}
			}
		}
	}
}

// assembled is the run of recs, as values.
func assembled(n *Names, recs []Record) (out struct {
	Run   Run
	Calls []Record
}) {
	a := Assembler{Names: n}
	out.Run = *a.Assemble(a.Merge(append([]Record(nil), recs...)))
	for _, c := range out.Run.Calls {
		out.Calls = append(out.Calls, *c.Record)
	}
	return out
}

// TestRepeatedLines: exporters retry, so a line may come twice, anywhere.
func TestRepeatedLines(t *testing.T) {
	for _, e := range expected {
		f := e.files[0]
		values := jsonValues(t, sharedFile(t, f))
		twice := append(append([][]byte(nil), values...), values...)
		rand.New(rand.NewPCG(5, 6)).Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
		n := NewNames()
		got := sumUp(n, otlpRecords(t, n, twice))
		if got.spans /= 2; got != e.want {
			t.Errorf("%s:\n got %+v\nwant %+v", f, got, e.want)
		}
	}
}

// TestMixedTrace: one trace of six instrumentations, decided span by span.
func TestMixedTrace(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "otlp", "mixed.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	n := NewNames()
	runs := otlpRecords(t, n, jsonValues(t, data))
	want := sums{traces: 1, spans: 10, calls: 5, failed: 1, input: 1000 + 300 + 184 + 40, read: 600 + 100, output: 50 + 30 + 66 + 2, reasoning: 56, cost: "0.0125", tools: 1, toolsFailed: 1, noUsage: 1, noRead: 2, noReasoning: 3}
	if got := sumUp(n, runs); got != want {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	for _, recs := range runs {
		a := Assembler{Names: n}
		run := a.Assemble(a.Merge(recs))
		if run.Outcome != OutcomeSuccess || run.Score != 0.75 || n.Name(run.Workflow) != "booking" || n.Name(run.Session) != "s1" {
			t.Errorf("outcome %v, score %v, workflow %q, session %q", run.Outcome, run.Score, n.Name(run.Workflow), n.Name(run.Session))
		}
		for id, want := range map[string]string{"5": "booking/mover/chat", "7": "booking/booking/summary", "a": "booking/guardrail/output_check", "b": "booking/mover/move_booking"} {
			c := callByID(t, run, strings.Repeat("0", 15)+id)
			if got := n.Name(c.Workflow) + "/" + n.Name(c.Agent) + "/" + n.Name(c.Step); got != want {
				t.Errorf("call %s: %s, want %s", id, got, want)
			}
		}
		if a, b := callByID(t, run, strings.Repeat("0", 15)+"4"), callByID(t, run, strings.Repeat("0", 15)+"5"); a.Fingerprints[1] == 0 || a.Fingerprints[1] != b.Fingerprints[1] {
			t.Error("the fallback does not ask the same")
		}
	}
}

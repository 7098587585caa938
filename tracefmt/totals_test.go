package tracefmt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// assembleLines reads costscope JSONL of one run and assembles it with modelBook.
func assembleLines(t *testing.T, mode CostMode, lines string) *Run {
	t.Helper()
	names, recs := readLines(t, lines)
	a := Assembler{Names: names, Book: modelBook(t), Mode: mode}
	return a.Assemble(a.Merge(recs))
}

// modelBook prices the model m: 1 USD per million input tokens, 0.5 read from a cache, 10 for output.
func modelBook(t *testing.T) *PriceBook {
	t.Helper()
	book, err := ReadPrices(strings.NewReader(`{"as_of":"2026-01-01","currency":"USD","unit":"per 1,000,000 tokens","source":"test","providers":[{"id":"p","model_match":{"equals":"m"},
		"models":[{"id":"m","match":{"equals":"m"},"prices":[{"input":{"base":1},"cache_read":{"base":0.5},"output":{"base":10}}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func readLines(t *testing.T, lines string) (*Names, []Record) {
	t.Helper()
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Format = FormatCostscope
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		if err := d.Decode([]byte(line), SourceRef{}); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
	return names, d.Out
}

// countedSums adds up what counts.
func countedSums(run *Run) (cost USD, input, output int64, calls, unknown int) {
	for i := range run.Calls {
		c := &run.Calls[i]
		if c.IsCall {
			calls++
		}
		if !c.Counted {
			continue
		}
		cost, input, output = cost+c.Cost, input+c.Usage.Input, output+c.Usage.Output
		if c.State == CostNoUsage || c.State == CostUnpriced {
			unknown++
		}
	}
	return cost, input, output, calls, unknown
}

const totalLine = `{"trace_id":"r","span_id":"t","operation":"invoke_workflow","kind":"chain","flags":["total"],`

func TestTotals(t *testing.T) {
	for name, tc := range map[string]struct {
		lines         string
		cost          string
		input, output int64
		calls         int
	}{
		"output known call by call, input only in all": {
			`{"trace_id":"r","span_id":"1","operation":"chat","model":"m","output_tokens":100}
{"trace_id":"r","span_id":"2","operation":"chat","model":"m","output_tokens":50}
` + totalLine + `"model":"m","input_tokens":1000,"cache_read_input_tokens":400,"output_tokens":160}`,
			"0.0024", 1000, 160, 2}, // 600*1 + 400*0.5 + 160*10 = 2400 millionths
		"nothing known call by call": {
			`{"trace_id":"r","span_id":"1","operation":"chat","model":"m"}
{"trace_id":"r","span_id":"2","operation":"chat","model":"m"}
` + totalLine + `"input_tokens":1000,"output_tokens":10,"cost_usd":1.25}`,
			"1.25", 1000, 10, 2},
		"tokens known, cost only in all": {
			`{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":1,"output_tokens":0}
{"trace_id":"r","span_id":"2","operation":"chat","model":"m","input_tokens":2,"output_tokens":0}
` + totalLine + `"cost_usd":1}`,
			"1", 3, 0, 2},
		"tokens without a price, cost only in all": {
			`{"trace_id":"r","span_id":"1","operation":"chat","model":"none","input_tokens":1,"output_tokens":0}
` + totalLine + `"cost_usd":1}`,
			"1", 1, 0, 1},
		"one call states its cost": {
			`{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":1,"output_tokens":0,"cost_usd":0.4}
{"trace_id":"r","span_id":"2","operation":"chat","model":"m","input_tokens":2,"output_tokens":0}
` + totalLine + `"cost_usd":1}`,
			"1", 3, 0, 2},
		"the calls state it all": {
			`{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":7,"output_tokens":3,"cost_usd":0.4}
` + totalLine + `"input_tokens":7,"output_tokens":3,"cost_usd":0.4}`,
			"0.4", 7, 3, 1},
		"a cost for one model only": {
			`{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":1000000,"output_tokens":0}
{"trace_id":"r","span_id":"2","operation":"chat","model":"n","input_tokens":5,"output_tokens":0}
` + totalLine + `"model":"n","cost_usd":3}`,
			"4", 1000005, 0, 2},
	} {
		run := assembleLines(t, CostAuto, tc.lines)
		cost, input, output, calls, unknown := countedSums(run)
		if cost.String() != tc.cost || input != tc.input || output != tc.output || calls != tc.calls || unknown != 0 {
			t.Errorf("%s: cost %s, tokens %d/%d, %d calls, %d unknown", name, cost, input, output, calls, unknown)
		}
	}
}

func TestSpreadPartsSumToTheTotal(t *testing.T) {
	run := assembleLines(t, CostAuto, `{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":1,"output_tokens":0}
{"trace_id":"r","span_id":"2","operation":"chat","model":"m","input_tokens":1,"output_tokens":0}
{"trace_id":"r","span_id":"3","operation":"chat","model":"m","input_tokens":1,"output_tokens":0}
`+totalLine+`"cost_usd":0.000000000010}`)
	var got []USD
	for i := range run.Calls {
		if c := &run.Calls[i]; c.IsCall {
			got = append(got, c.Cost)
			if c.Flags&FlagCostSpread == 0 {
				t.Error("a spread cost is not marked")
			}
		}
	}
	if len(got) != 3 || got[0] != 3 || got[1] != 3 || got[2] != 4 {
		t.Errorf("parts %v, want 3 3 4 pico-dollars", got)
	}
}

func TestTotalsUnderOtherCostModes(t *testing.T) {
	lines := `{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":1000000,"output_tokens":0}
` + totalLine + `"cost_usd":7}`
	if cost, _, _, _, _ := countedSums(assembleLines(t, CostModeComputed, lines)); cost != Dollar {
		t.Errorf("computed: %s, want 1", cost)
	}
	if cost, _, _, _, _ := countedSums(assembleLines(t, CostModeRecorded, lines)); cost != 7*Dollar {
		t.Errorf("recorded: %s, want 7", cost)
	}
}

// TestTotalsSurviveConvert writes settled runs and reads them back under every cost mode: a converted total is what was stated.
func TestTotalsSurviveConvert(t *testing.T) {
	for _, lines := range []string{
		`{"trace_id":"r","span_id":"1","operation":"chat","model":"m"}
{"trace_id":"r","span_id":"2","operation":"chat","model":"m","output_tokens":5}
` + totalLine + `"model":"m","input_tokens":1000,"output_tokens":10,"cost_usd":1.25}`,
		totalLine + `"cost_usd":1.25}`,
		`{"trace_id":"r","span_id":"1","operation":"chat","workflow":"w","agent":"one","model":"m","input_tokens":400,"output_tokens":4}
{"trace_id":"r","span_id":"2","operation":"chat","agent":"two","model":"n","input_tokens":600,"output_tokens":6}
` + totalLine + `"input_tokens":1000,"output_tokens":10,"cost_usd":1.25}`,
		`{"trace_id":"r","span_id":"2","operation":"chat","agent":"a","model":"m","input_tokens":500,"output_tokens":5}
{"trace_id":"r","span_id":"u","operation":"invoke_workflow","kind":"chain","flags":["total"],"model":"m","input_tokens":1000,"output_tokens":10}
` + totalLine + `"cost_usd":1.25}`,
	} {
		names, recs := readLines(t, lines)
		a := Assembler{Names: names, Book: modelBook(t)}
		settled := a.Assemble(a.Merge(recs))
		var b []byte
		for i := range settled.Calls {
			b = AppendCall(b, names, &settled.Calls[i], Origin{})
		}
		for _, mode := range []CostMode{CostAuto, CostModeRecorded, CostModeComputed} {
			c1, i1, o1, n1, u1 := countedSums(assembleLines(t, mode, lines))
			c2, i2, o2, n2, u2 := countedSums(assembleLines(t, mode, string(bytes.TrimSpace(b))))
			if c1 != c2 || i1 != i2 || o1 != o2 || n1 != n2 || u1 != u2 || mode == CostAuto && c1.String() != "1.25" {
				t.Errorf("%v: before %v %d %d %d %d, after %v %d %d %d %d\n%s", mode, c1, i1, o1, n1, u1, c2, i2, o2, n2, u2, b)
			}
		}
	}
}

// TestSettledNamesStay: convert wrote these lines, so that nothing is cut off their names; in any other line an id is.
func TestSettledNamesStay(t *testing.T) {
	run := assembleLines(t, CostAuto, `{"trace_id":"r","span_id":"1","operation":"chat","agent":"worker 7e8989f7"}
{"trace_id":"r","span_id":"2","source_format":"gemini-cli","operation":"chat","agent":"worker 7e8989f7"}`)
	if run.Calls[0].Agent == run.Calls[1].Agent {
		t.Error("the id of a settled name was cut off, or that of another was not")
	}
}

// TestRunLineNamesItsCalls: a run's line may say who made the calls that do not say so.
func TestRunLineNamesItsCalls(t *testing.T) {
	names, recs := readLines(t, `{"trace_id":"r","span_id":"1","operation":"chat"}
{"trace_id":"r","span_id":"2","operation":"chat","agent":"own","model":"n"}
{"type":"run","trace_id":"r","agent":"worker","request_model":"m"}`)
	a := Assembler{Names: names}
	var got []string
	for _, c := range a.Assemble(a.Merge(recs)).Calls {
		got = append(got, names.Name(c.Agent)+" "+names.Name(c.Model))
	}
	if want := []string{"worker m", "own n"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestTotalTellsReasoning: how much of the calls' output was reasoning is known in all, though of no call, and never more than their output.
func TestTotalTellsReasoning(t *testing.T) {
	for stated, want := range map[int]int64{4: 4, 25: 20} {
		run := assembleLines(t, CostAuto, fmt.Sprintf(`{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":1000,"output_tokens":20}
`+totalLine+`"model":"m","input_tokens":1000,"output_tokens":20,"reasoning_output_tokens":%d,"cost_usd":7}`, stated))
		var got int64
		for _, c := range run.Calls {
			if c.Counted {
				got += c.Usage.Reasoning
			}
		}
		if cost, in, out, _, unknown := countedSums(run); got != want || cost != 7*Dollar || in != 1000 || out != 20 || unknown != 0 || run.Calls[0].Cost != cost {
			t.Errorf("reasoning %d, want %d; cost %s, %d in, %d out, %d unknown", got, want, cost, in, out, unknown)
		}
	}
}

func TestReasoningChargedTwice(t *testing.T) {
	call := `{"trace_id":"r","span_id":"1","operation":"chat","model":"m","input_tokens":100,"output_tokens":50,"reasoning_output_tokens":40,"flags":["reasoning_charged_twice"],"cost_usd":`
	for _, tc := range []struct{ stated, counts string }{
		{"0.001", "0.0006"},   // 100 + 90*10: the book says 100 + 50*10
		{"0.0006", "0.0006"},  // as the book
		{"0.0123", "0.0123"},  // neither: the trace knows better
		{"0.00101", "0.0006"}, // within 1 %
	} {
		run := assembleLines(t, CostAuto, call+tc.stated+"}")
		if got := run.Calls[0].Cost.String(); got != tc.counts {
			t.Errorf("stated %s: counts %s, want %s", tc.stated, got, tc.counts)
		}
		if run := assembleLines(t, CostModeRecorded, call+tc.stated+"}"); run.Calls[0].Cost.String() != tc.stated {
			t.Errorf("stated %s: recorded mode gives %s", tc.stated, run.Calls[0].Cost)
		}
	}
}

package analyze

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// What-if, worked by hand from the rows of shared/prices, in dollars per million tokens:
//
//	claude-sonnet-4-5   input 3, read 0.30, write 3.75, write 1h 6, output 15; above 200,000 input tokens 6, 0.60, 7.50, 12, 22.50
//	claude-haiku-4-5    input 1, read 0.10, write 1.25, write 1h 2, output 5
//	gpt-5-mini          input 0.25, read 0.025, output 2; no write rate: writes cost the input rate
const (
	// 5,000 fresh, 4,000 read, 1,000 written, 500 out: 15,000 + 1,200 + 3,750 + 7,500 micro-dollars
	lineCached = `{"trace_id":"r","span_id":"m","operation":"chat","agent":"a","model":"claude-sonnet-4-5","start":"2026-09-01T10:00:00Z","duration_ms":1000,"input_tokens":10000,"cache_read_input_tokens":4000,"cache_creation_input_tokens":1000,"output_tokens":500}`
	// 100,000 fresh, 100,000 read, 50,000 written, 1,000 out, above 200,000: 600,000 + 60,000 + 375,000 + 22,500
	lineLong = `{"trace_id":"r","span_id":"l","operation":"chat","agent":"b","model":"claude-sonnet-4-5","start":"2026-09-01T10:10:00Z","duration_ms":1000,"input_tokens":250000,"cache_read_input_tokens":100000,"cache_creation_input_tokens":50000,"output_tokens":1000}`
	// three attempts and another call, each 1,000 in, 100 out: 4,500
	linesRetried = `{"trace_id":"q","span_id":"t1","operation":"chat","agent":"c","model":"claude-sonnet-4-5","start":"2026-09-01T11:00:00Z","duration_ms":1000,"input_tokens":1000,"output_tokens":100,"status":"error"}
{"trace_id":"q","span_id":"t2","retry_of":"t1","operation":"chat","agent":"c","model":"claude-sonnet-4-5","start":"2026-09-01T11:01:00Z","duration_ms":1000,"input_tokens":1000,"output_tokens":100,"status":"error"}
{"trace_id":"q","span_id":"t3","retry_of":"t2","operation":"chat","agent":"c","model":"claude-sonnet-4-5","start":"2026-09-01T11:02:00Z","duration_ms":1000,"input_tokens":1000,"output_tokens":100}
{"trace_id":"q","span_id":"t4","operation":"chat","agent":"d","model":"claude-sonnet-4-5","start":"2026-09-01T11:03:00Z","duration_ms":1000,"input_tokens":1000,"output_tokens":100}`
)

// writes is two turns of a thread that write what they send, and the second comes 20 minutes later.
func writes(hour string, read, write int) string {
	turn := `{"trace_id":"w","span_id":"%s","operation":"chat","agent":"a","model":"claude-sonnet-4-5","start":"2026-09-01T%s:00Z","duration_ms":1000,"input_tokens":%d,"cache_read_input_tokens":%d,"cache_creation_input_tokens":%d,"cache_creation_1h_input_tokens":%s,"output_tokens":100}` + "\n"
	return fmt.Sprintf(turn, "w1", "10:00", 2000, 0, 2000, strings.ReplaceAll(hour, "N", "2000")) +
		fmt.Sprintf(turn, "w2", "10:20", 2500, read, write, strings.ReplaceAll(hour, "N", fmt.Sprint(write)))
}

// lateTurn comes two hours later and writes 2,600 tokens.
const lateTurn = `{"trace_id":"w","span_id":"w3","operation":"chat","agent":"a","model":"claude-sonnet-4-5","start":"2026-09-01T12:20:00Z","duration_ms":1000,"input_tokens":2600,"cache_read_input_tokens":0,"cache_creation_input_tokens":2600,"output_tokens":100}`

// ownBook prices claude-sonnet-4-5 alone: input 2, output 10.
const ownBook = `{"as_of":"2026-10-01","currency":"USD","unit":"per 1,000,000 tokens","source":"invented","providers":[{"id":"anthropic","model_match":{"contains":"claude"},"models":[{"id":"claude-sonnet-4-5","match":{"prefix":"claude-sonnet-4-5"},"prices":[{"input":2,"output":10}]}]}]}`

func openOwn(file string) (*tracefmt.PriceBook, error) {
	if file != "own.json" {
		return nil, os.ErrNotExist
	}
	return tracefmt.ReadPrices(strings.NewReader(ownBook))
}

// whatIfOf prices the runs of a trace; split: each by a comparison of its own, which are then joined.
func whatIfOf(t *testing.T, lines, scenario string, split bool, by ...Dim) *WhatIfResult {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.jsonl")
	if err := os.WriteFile(path, []byte(lines+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return whatIfFile(t, path, scenario, split, by...)
}

func whatIfFile(t *testing.T, path, scenario string, split bool, by ...Dim) *WhatIfResult {
	t.Helper()
	var sc Scenario
	if scenario != "" {
		var err error
		if sc, err = ParseScenario(scenario, openOwn); err != nil {
			t.Fatal(err)
		}
	}
	names, q := tracefmt.NewNames(), Query{}
	for _, d := range by {
		q.By = append(q.By, Dimension{Dim: d})
	}
	readRuns(t, path, names, func(*tracefmt.Run) {}) // a model's name is known before the first run is read, as in a store
	w, err := NewWhatIf(q, sc, tracefmt.BuiltinPrices(), names, Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var parts []*WhatIf
	readRuns(t, path, names, func(run *tracefmt.Run) {
		at := w
		if split {
			at = w.Fresh()
			parts = append(parts, at)
		}
		at.Add(run)
	})
	for _, p := range slices.Backward(parts) {
		w.Merge(p)
	}
	return w.Result()
}

func TestWhatIfByHand(t *testing.T) {
	for _, x := range []struct {
		name, lines, scenario string
		book, then            int64 // micro-dollars
		calls                 int64 // that the lever reaches
	}{
		{"another model", lineCached, "model=claude-haiku-4-5", 27450, 5000 + 400 + 1250 + 2500, 1},
		{"a model without a write rate", lineCached, "model=gpt-5-mini", 27450, 1250 + 100 + 250 + 1000, 1},
		{"a model for the calls of one", lineCached, "model=claude-sonnet-4-5->claude-haiku-4-5", 27450, 9150, 1},
		{"a model by part of a name", lineCached, "model=SONNET->claude-haiku-4-5", 27450, 9150, 1},
		{"a model for calls of none", lineCached, "model=opus->claude-haiku-4-5", 27450, 27450, 0},
		{"the first swap that fits", lineCached, "model=sonnet->gpt-5-mini;model=claude-haiku-4-5", 27450, 2600, 1},
		{"a cap within the tier", lineLong, "context<=200001", 1057500, 600000 + 30000 + 375000 + 22500, 1},
		{"a cap at the tier's edge", lineLong, "context<=200k", 1057500, 300000 + 15000 + 187500 + 15000, 1},
		{"a cap into what was written", lineLong, "context<=120000", 1057500, 300000 + 20000*375/100 + 15000, 1},
		{"a cap into fresh input", lineLong, "context<=70000", 1057500, 210000 + 15000, 1},
		{"a cap above every prompt", lineLong, "context<=250,000", 1057500, 1057500, 0},
		{"no retry", linesRetried, "retries<=0", 18000, 9000, 2},
		{"one retry", linesRetried, "retries<=1", 18000, 13500, 1},
		{"as many retries as there were", linesRetried, "retries<=2", 18000, 18000, 0},
		// 2,000 written for an hour at 6, then 2,000 read at 0.30 and 500 written at 6; 100 out each
		{"a cache for an hour", writes("0", 0, 2500), "cache=1h", 9000 + 10875, 13500 + 5100, 2},
		{"a cache for an hour, and a turn after it", writes("0", 0, 2500) + lateTurn, "cache=1h", 9000 + 10875 + 11250, 13500 + 5100 + 17100, 3},
		{"a cache for five minutes", writes("N", 2000, 500), "cache=5m", 13500 + 5100, 9000 + 10875, 2},
		{"a cache as it was", writes("0", 0, 2500), "cache=5m", 9000 + 10875, 9000 + 10875, 0},
		{"another book", linesRetried, "prices=own.json", 18000, 12000, 4},
		{"another book for a model swapped away", linesRetried, "prices=own.json;model=gpt-5-mini", 18000, 4 * 450, 4},
		{"the batch rate", linesRetried, "batch", 18000, 9000, 4},
		{"the batch rate a second time", strings.ReplaceAll(lineCached, `"span_id"`, `"flags":["batch"],"span_id"`), "batch", 13725, 13725, 0},
	} {
		r := whatIfOf(t, x.lines, x.scenario, false)
		s := &r.Total
		if want := (tracefmt.USD)(x.book * 1e6); s.Book != want {
			t.Errorf("%s: by the book %s, want %s", x.name, s.Book, want)
		}
		want := tracefmt.USD(x.then * 1e6)
		if x.name == "a cap within the tier" {
			want += 6e5 // 50,001 tokens at 0.60
		}
		if s.If != want || s.Change != want-s.Book || s.NoIf != 0 || s.Compared != s.Calls {
			t.Errorf("%s: what-if %s, change %s, want %s: %+v", x.name, s.If, s.Change, want, s)
		}
		if e := r.Levers[0]; e.Calls != x.calls || len(r.Levers) == 1 && (e.Alone != s.Change || e.Step != s.Change) {
			t.Errorf("%s: %+v", x.name, e)
		}
	}
}

// TestWhatIfTogether: retries -9,000; a cap of 120,000 on the long prompt alone -667,500; haiku alone -892,000; batch alone half. In order
// the rest is 1,066,500, 399,000, 133,000 and 66,500.
func TestWhatIfTogether(t *testing.T) {
	for _, split := range []bool{false, true} {
		r := whatIfOf(t, lineLong+"\n"+linesRetried, "batch;model=claude-haiku-4-5;context<=120000;retries<=0", split, DimAgent)
		if r.Total.Book != micro(1075500) || r.Total.If != micro(66500) || r.Total.Change != micro(66500-1075500) {
			t.Errorf("%+v", r.Total)
		}
		want := []LeverEffect{
			{LeverRetries, "retries<=0", 2, micro(-9000), micro(-9000), nil},
			{LeverContext, "context<=120000", 1, micro(-667500), micro(-667500), nil},
			{LeverModel, "model=claude-haiku-4-5", 5, micro(-892000), micro(-266000), nil},
			{LeverBatch, "batch", 5, micro(-537750), micro(-66500), nil},
		}
		for i, e := range r.Levers {
			e.Says = nil
			if fmt.Sprint(e) != fmt.Sprint(want[i]) {
				t.Errorf("%+v, want %+v", e, want[i])
			}
		}
		if f := r.Facts; f.Unrescued != 1 || f.CutTokens != 130000 || f.TooLarge != 0 {
			t.Errorf("%+v", f)
		}
		// b: 65,000; d: 750; c: the first attempt, 750
		for i, row := range []struct {
			name       string
			book, then int64
		}{{"b", 1057500, 65000}, {"c", 13500, 750}, {"d", 4500, 750}} {
			if got := r.Rows[i]; got.Path[0] != row.name || got.Book != micro(row.book) || got.If != micro(row.then) {
				t.Errorf("%+v, want %+v", got, row)
			}
		}
	}
}

// TestWhatIfUnknown: what cannot be priced is counted and in no sum; what one side alone knows is in no change.
func TestWhatIfUnknown(t *testing.T) {
	lines := lineCached + `
{"trace_id":"r","span_id":"u1","operation":"chat","agent":"u","model":"house-7b","start":"2026-09-01T10:02:00Z","input_tokens":1000,"output_tokens":100}
{"trace_id":"r","span_id":"u2","operation":"chat","agent":"u","model":"claude-sonnet-4-5","start":"2026-09-01T10:03:00Z","cost_usd":0.5}
{"trace_id":"r","span_id":"u3","operation":"chat","agent":"u","model":"claude-sonnet-4-5","start":"2026-09-01T10:04:00Z"}
{"trace_id":"r","span_id":"u4","operation":"chat","agent":"u","model":"claude-sonnet-4-5","start":"2026-09-01T10:05:00Z","status":"error"}
{"trace_id":"r","span_id":"f1","operation":"execute_tool","agent":"u","tool":"search","start":"2026-09-01T10:06:00Z","cost_usd":0.005}
{"trace_id":"r","span_id":"f2","operation":"execute_tool","agent":"u","tool":"read","start":"2026-09-01T10:07:00Z"}`
	r := whatIfOf(t, lines, "model=claude-haiku-4-5", false, DimAgent)
	s := r.Total.WhatIfSum
	want := WhatIfSum{Calls: 5, Recorded: micro(505000), NoRecord: 3, Book: micro(27450 + 5000), NoBook: 3, If: micro(9150 + 1000 + 500 + 5000), NoIf: 2,
		Compared: 2, ComparedUSD: micro(27450 + 5000), Change: micro(9150 - 27450), Fees: micro(5000)}
	if s != want {
		t.Errorf("%+v\nwant %+v", s, want)
	}
	if r.Facts.NoTokens != 2 {
		t.Errorf("%+v", r.Facts)
	}
	if c := r.Rows[1].Cells(); c != [6]string{"≥$0.505", "≥$0.005", "≥$0.0065", "$0.00", "0.0%", "3"} {
		t.Errorf("%q", c)
	}
	if r = whatIfOf(t, lines, "batch", false); r.Models[1].NoPrice+r.Models[0].NoPrice != 1 || !strings.Contains(strings.Join(r.Gaps(), "\n"), "no price for house-7b: 1 call") {
		t.Errorf("%q", r.Gaps())
	}
}

// TestWhatIfWithoutLevers: nothing changes, and the book's side is what the calls cost where nothing is recorded.
func TestWhatIfWithoutLevers(t *testing.T) {
	r := whatIfOf(t, linesRetried, "", false, DimAgent, DimModel)
	if r.Total.Book != micro(18000) || r.Total.If != r.Total.Book || r.Total.Change != 0 || len(r.Levers) != 0 || len(r.Rows) != 4 {
		t.Errorf("%+v", r)
	}
}

// TestWhatIfSums: the rows of any grouping and any split of the runs add up to the total, and the steps to the joint change.
func TestWhatIfSums(t *testing.T) {
	path := filepath.Join("..", "..", "shared", "traces")
	files, _ := filepath.Glob(filepath.Join(path, "*", "*.jsonl"))
	if len(files) == 0 {
		t.Skip("../shared is not there")
	}
	compared := int64(0)
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > 1<<20 {
			continue
		}
		names := tracefmt.NewNames()
		if r, err := tracefmt.OpenReader(f, tracefmt.ReadOptions{}); err != nil {
			continue
		} else {
			r.Close()
		}
		readRuns(t, f, names, func(*tracefmt.Run) {})
		const scenario = "retries<=0;context<=8k;cache=1h;model=claude-haiku-4-5;prices=own.json;batch"
		whole, parts := whatIfFile(t, f, scenario, false, DimAgent, DimRun), whatIfFile(t, f, scenario, true, DimAgent, DimRun)
		if fmt.Sprint(whole.Total, whole.Rows, whole.Facts, whole.Levers) != fmt.Sprint(parts.Total, parts.Rows, parts.Facts, parts.Levers) {
			t.Errorf("%s: split, the runs come to something else", f)
		}
		sums, steps := [2]WhatIfSum{}, tracefmt.USD(0)
		for i := range whole.Rows {
			sums[len(whole.Rows[i].Path)-1].merge(&whole.Rows[i].WhatIfSum)
		}
		for _, l := range whole.Levers {
			steps += l.Step
		}
		if sums[0] != whole.Total.WhatIfSum || sums[1] != whole.Total.WhatIfSum || steps != whole.Total.Change {
			t.Errorf("%s: %+v, %+v and %s are not %+v", f, sums[0], sums[1], steps, whole.Total)
		}
		compared += whole.Total.Compared
	}
	if compared == 0 {
		t.Error("no call was compared")
	}
}

func TestParseScenario(t *testing.T) {
	const all = "retries<=2;context<=100000;cache=1h;model=sonnet->claude-haiku-4-5;model=gpt-5-mini;prices=own.json;batch"
	s, err := ParseScenario(" batch; context <= 100k ;retries<=2;cache=1h;model=sonnet→claude-haiku-4-5;model = gpt-5-mini;prices=own.json;", openOwn)
	if err != nil || s.String() != all {
		t.Errorf("%q %v", s.String(), err)
	}
	for text, why := range map[string]string{
		"":                         "no lever",
		"retries<=-1":              "0 or more",
		"retries<=x":               "0 or more",
		"context<=0":               "at least 1",
		"context<=10kk":            "not a number of tokens",
		"context<=99999999999999M": "not a number of tokens",
		"cache=2h":                 "5m or for 1h",
		"model=":                   "name of a model",
		"model=->x":                "name of a model",
		"prices=none.json":         "not exist",
		"batch=yes":                "takes no value",
		"hope":                     "not a lever",
		"luck=1":                   "not a lever",
		"cache=1h;cache=5m":        "stated twice",
		"cache=\x1b[31m":           "5m or for 1h",
	} {
		if _, err := ParseScenario(text, openOwn); err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

// TestFindModel: every row of the book can be chosen by provider and name, and a name that several share is refused with examples.
func TestFindModel(t *testing.T) {
	book := tracefmt.BuiltinPrices()
	for _, r := range book.Search("anthropic") {
		if got, err := FindModel(book, r.Provider+"/"+r.ID); err != nil || got.Provider != r.Provider || !strings.EqualFold(got.ID, r.ID) {
			t.Errorf("%s/%s: %v %v", r.Provider, r.ID, got, err)
		}
	}
	for name, why := range map[string]string{"haiku": "could be any of anthropic/claude-3-5-haiku", "nobody-9": "in the price book: nobody-9", "": "no such model", "x\x1b[31m": "in the price book"} {
		if _, err := FindModel(book, name); !errors.Is(err, ErrNoModel) || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

package tracefmt

import (
	"bufio"
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// shared opens a file of the folder of specifications, or skips the test.
func sharedBytes(t testing.TB, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"..", "..", "shared"}, path...)...))
	if err != nil {
		t.Skip("../shared is not there")
	}
	return data
}

func book1(t testing.TB, models string) *PriceBook {
	t.Helper()
	return readBook(t, `{"as_of": "2026-01-01", "providers": [{"id": "acme", "models": [`+models+`]}]}`)
}

func readBook(t testing.TB, text string) *PriceBook {
	t.Helper()
	b, err := ReadPrices(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func timeOf(t testing.TB, s string) int64 {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixNano()
}

func usd(t testing.TB, s string) USD {
	t.Helper()
	v, err := ParseUSD([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func costs(t *testing.T, r *PriceRow, u Usage, when int64, want string) {
	t.Helper()
	got, ok := r.Cost(u, when)
	if !ok || got != usd(t, want) {
		t.Errorf("%+v costs %v %v, want %s", u, got, ok, want)
	}
}

func TestEmbeddedBookIsTheSharedOne(t *testing.T) {
	if !bytes.Equal(builtinPrices, sharedBytes(t, "prices", "prices.json")) {
		t.Error("prices.json differs from ../shared/prices/prices.json")
	}
}

func TestBuiltinBookIsWhole(t *testing.T) {
	b := BuiltinPrices()
	if n := len(b.Search()); n != 1547 {
		t.Errorf("%d rows, want 1547", n)
	}
	if b.AsOf() != "2026-09-23" || !strings.Contains(b.Source(), "genai-prices") {
		t.Errorf("as of %q, source %q", b.AsOf(), b.Source())
	}
	for _, r := range b.Search() {
		if _, ok := r.Cost(Usage{Input: 1}, 0); !ok {
			t.Errorf("%s/%s has no price at the book's date", r.Provider, r.ID)
		}
	}
}

// priceCase is a line of cases.jsonl.
type priceCase struct {
	provider, model, time, matched string
	u                              Usage
	cost                           []byte // nil: unknown
}

func readPriceCase(line []byte) (c priceCase) {
	s := scanner{b: line}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "provider":
			c.provider = string(s.str())
		case "model":
			c.model = string(s.str())
		case "time":
			c.time = string(s.str())
		case "matched":
			c.matched = string(s.str())
		case "input_tokens":
			c.u.Input, _ = parseInt(s.num())
		case "cache_read_tokens":
			c.u.CacheRead, _ = parseInt(s.num())
		case "cache_write_tokens":
			c.u.CacheWrite, _ = parseInt(s.num())
		case "output_tokens":
			c.u.Output, _ = parseInt(s.num())
		case "usd":
			c.cost = slices.Clone(s.num())
		default:
			s.skip()
		}
	}
	return c
}

func TestSharedCasesToThePico(t *testing.T) {
	n := 0
	lines := bufio.NewScanner(bytes.NewReader(sharedBytes(t, "prices", "cases.jsonl")))
	for ; lines.Scan(); n++ {
		c := readPriceCase(lines.Bytes())
		row, how := BuiltinPrices().Match(c.provider, c.model)
		if c.cost == nil {
			if row != nil {
				t.Errorf("%s %s: found %s (%s), want nothing", c.provider, c.model, row.ID, how)
			}
			continue
		}
		if row == nil || row.ID != c.matched || row.Provider != c.provider {
			t.Errorf("%s %s: %+v, want %s", c.provider, c.model, row, c.matched)
			continue
		}
		got, ok := row.Cost(c.u, timeOf(t, c.time))
		if want := usd(t, string(c.cost)); !ok || got != want {
			t.Errorf("%s: %v %v, want %s", lines.Bytes(), got, ok, c.cost)
		}
	}
	if n != 576 {
		t.Errorf("%d cases, want 576", n)
	}
}

func TestSharedAcmeCases(t *testing.T) {
	b, err := ReadPrices(bytes.NewReader(sharedBytes(t, "cases", "acme-prices.json")))
	if err != nil {
		t.Fatal(err)
	}
	b = b.Over(BuiltinPrices())
	when := timeOf(t, "2026-02-03T10:00:00Z")
	for _, c := range []struct {
		model string
		u     Usage
		want  string // "": unknown
		how   string
	}{
		{"acme-large", Usage{Input: 200000, CacheRead: 190000, Output: 1000}, "0.102", "exact id"},
		{"acme-large", Usage{Input: 200001, CacheRead: 190000, Output: 1000}, "0.196506", "exact id"},
		{"acme-large", Usage{Input: 150000, Output: 60000}, "1.35", "exact id"},
		{"acme-large", Usage{Input: 100010, CacheWrite: 100000, CacheWrite1h: 80000, Output: 50}, "0.55578", "exact id"},
		{"acme-large", Usage{Input: 100010, CacheWrite: 100000, Output: 50}, "0.37578", "exact id"},
		{"acme-large", Usage{Input: 10000, CacheRead: 9000, Output: 100}, "0.0072", "exact id"},
		{"nobody-9", Usage{Input: 1e6, Output: 1e6}, "", "no row of the price book matches"},
		{"acme-small", Usage{Input: 1e6}, "0.5", "exact id"},
		{"local/free-1", Usage{Input: 500000}, "0", "exact id"},
		{"acme-small-nano", Usage{Input: 1e6}, "", "no row of the price book matches"},
		{"vendor/acme-small-20260105", Usage{Input: 1e6}, "0.5", `pattern ^acme-small-\d{8}$ after cutting vendor/`},
		{"acme-small-turbo", Usage{Input: 1e6}, "1", "exact id"},
	} {
		row, how := b.Match("", c.model)
		if how != c.how {
			t.Errorf("%s: %q, want %q", c.model, how, c.how)
		}
		if c.want == "" {
			if row != nil {
				t.Errorf("%s took the price of %s", c.model, row.ID)
			}
			continue
		}
		costs(t, row, c.u, when, c.want)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct{ provider, model, want, how string }{
		{"anthropic", "claude-opus-4-5-20251101", "anthropic/claude-opus-4-5", "prefix claude-opus-4-5"},
		{"Anthropic", " Claude-Opus-4-5 ", "anthropic/claude-opus-4-5", "exact id"},
		{"", "claude-opus-4-6[1m]", "anthropic/claude-opus-4-6", "prefix claude-opus-4-6"},
		{"", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13", "exact id"},
		{"openai.chat", "gpt-4o-2024-08-06", "openai/gpt-4o", "listed name gpt-4o-2024-08-06"},
		{"azure.ai.openai", "gpt-4o", "openai/gpt-4o", "exact id"},
		{"azure.ai.openai", "o1", "azure/o1", "exact id"},
		{"OpenAI", "gpt-5-mini", "openai/gpt-5-mini", "exact id"},
		{"gcp.vertex_ai", "gemini-2.5-pro", "google/gemini-2.5-pro", "exact id"},
		{"vertex_ai", "claude-sonnet-4-5@20250929", "google/claude-sonnet-4-5", "contains claude-sonnet-4-5"},
		{"vertex_ai", "projects/p/locations/l/publishers/google/models/gemini-2.5-pro", "google/gemini-2.5-pro",
			"exact id after cutting projects/p/locations/l/publishers/google/models/"},
		{"", "models/gemini-2.5-pro", "google/gemini-2.5-pro", "exact id after cutting models/"},
		{"Google AI Studio", "google/gemini-3-pro-preview", "google/gemini-3-pro-preview", "exact id after cutting google/"},
		{"", "litellm_proxy/claude-sonnet-4-20250514", "anthropic/claude-sonnet-4-0", "prefix claude-sonnet-4-2025 after cutting litellm_proxy/"},
		{"", "openrouter/anthropic/claude-3.5-haiku", "openrouter/anthropic/claude-3.5-haiku", "exact id after cutting openrouter/"},
		{"strands-agents", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5", "prefix claude-haiku-4-5"},
		{"aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0", ""},
		{"", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0", ""},
		{"", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws/global.anthropic.claude-sonnet-4-5-20250929-v1:0", "exact id"},
		{"anthropic", "us.anthropic.claude-opus-4-5-20251101-v1:0", "aws/regional.anthropic.claude-opus-4-5-v1:0", ""},
		{"", "openai/gpt-5-mini", "openai/gpt-5-mini", "exact id after cutting openai/"},
		{"", "anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5", "prefix claude-sonnet-4.5 after cutting anthropic/"},
		{"", "llama-3.3-70b-versatile", "", "no row of the price book matches"},
		{"openai", "llama-3.3-70b-versatile", "", "no row of the price book matches"},
		{"azure", "gpt-4.1-2025-04-14", "openai/gpt-4.1", "listed name gpt-4.1-2025-04-14"},
		{"bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0",
			"aws/regional.anthropic.claude-sonnet-4-20250514-v1:0", ""},
		{"groq", "deepseek-r1-distill-llama-70b", "groq/deepseek-r1-distill-llama-70b", "exact id"},
		{"huggingface.groq", "openai/gpt-oss-20b", "huggingface_groq/openai/gpt-oss-20b", ""},
		{"x.ai", "grok-4.3", "x-ai/grok-4.3", "exact id"},
		{"mistralai", "mistral-large-latest", "mistral/mistral-large", "listed name mistral-large-latest"},
		{"", "text-embedding-3-small", "openai/text-embedding-3-small", "exact id"},
		// never another model's price
		{"", "aide-gpt-5", "", "no row of the price book matches"},
		{"openai", "gpt-5.3-codex-spark", "", "no row of the price book matches"},
		{"", "openai/openrouter-llama-4-maverick", "", "no row of the price book matches"},
		{"fireworks", "deepseek-r1-distill-nobody", "", "no row of the price book matches"},
		{"", "someone/deepseek-r1-distill-nobody", "", "no row of the price book matches"},
		{"ollama", "deepseek-r1", "", "self-hosted: no list price"},
		{"", "hosted_vllm/claude-opus-4-5", "", "self-hosted: no list price"},
		{"", "someone/llama-3.3-70b-versatile", "", "no row of the price book matches"},
		{"", "meta-llama/llama-4-maverick", "", "no row of the price book matches"},
		{"", "default", "", "no row of the price book matches"},
		{"anthropic", "<synthetic>", "", "no row of the price book matches"},
		{"", "/", "", "no row of the price book matches"},
		{"anthropic", "", "", "the trace names no model"},
	} {
		row, how := BuiltinPrices().Match(c.provider, c.model)
		got := ""
		if row != nil {
			got = row.Provider + "/" + row.ID
		}
		if got != c.want || c.how != "" && how != c.how {
			t.Errorf("%q %q: %s by %q, want %s by %q", c.provider, c.model, got, how, c.want, c.how)
		}
	}
}

// one prices the only model of a book with these prices.
func onePrice(t *testing.T, prices string) *PriceRow {
	t.Helper()
	r := book1(t, `{"id": "m", "match": {"equals": "m"}, "prices": `+prices+`}`).Find("", "m")
	if r == nil {
		t.Fatal("m is not in the book")
	}
	return r
}

func TestTierIsDecidedByTotalInputAndHoldsForAllTokens(t *testing.T) {
	r := onePrice(t, `[{"input": {"base": 1, "above": [{"input_tokens": 2000, "rate": 4}, {"input_tokens": 1000, "rate": 2}]},
		"output": {"base": 10, "above": [{"input_tokens": 1000, "rate": 20}]}}]`)
	costs(t, r, Usage{Input: 1000, CacheRead: 400, Output: 5000}, 1, "0.051")
	costs(t, r, Usage{Input: 1001, CacheRead: 400, CacheWrite: 600, Output: 10}, 1, "0.002202")
	costs(t, r, Usage{Input: 2000}, 1, "0.004")
	costs(t, r, Usage{Input: 2001}, 1, "0.008004")
}

func TestFromDates(t *testing.T) {
	r := onePrice(t, `[{"from": "2025-01-01", "input": 1}, {"from": "2026-03-13", "input": 2}]`)
	if _, ok := r.Cost(Usage{Input: 1}, timeOf(t, "2024-12-31T23:59:59Z")); ok {
		t.Error("a cost before the first price")
	}
	costs(t, r, Usage{Input: 1e6}, timeOf(t, "2025-01-01T00:00:00Z"), "1")
	costs(t, r, Usage{Input: 1e6}, timeOf(t, "2026-03-12T23:59:59Z"), "1")
	costs(t, r, Usage{Input: 1e6}, timeOf(t, "2026-03-13T00:00:00Z"), "2")
	costs(t, r, Usage{Input: 1e6}, 0, "1") // no start known: as of 2026-01-01
}

func TestWindowsOfTheDay(t *testing.T) {
	r := onePrice(t, `[{"input": 1}, {"utc_from": "16:30:00Z", "utc_to": "00:30:00Z", "input": 2},
		{"from": "2026-02-01", "utc_from": "10:00", "utc_to": "11:00:30", "input": 3}]`)
	for when, want := range map[string]string{
		"2026-01-05T16:29:59Z": "1", "2026-01-05T16:30:00Z": "2", "2026-01-05T23:59:59Z": "2", "2026-01-06T00:00:00Z": "2",
		"2026-01-06T00:29:59Z": "2", "2026-01-06T00:30:00Z": "1", "2026-01-31T10:30:00Z": "1", "2026-02-01T10:00:00Z": "3",
		"2026-02-01T11:00:29Z": "3", "2026-02-01T11:00:30Z": "1", "1969-12-31T23:00:00Z": "2", "1969-12-31T12:00:00Z": "1",
	} {
		costs(t, r, Usage{Input: 1e6}, timeOf(t, when), want)
	}
	costs(t, r, Usage{Input: 1e6}, 0, "1")
}

func TestMissingRates(t *testing.T) {
	for _, c := range []struct {
		prices string
		u      Usage
		want   string
		notes  []string
	}{
		{`[{"input": 2, "output": 10}]`, Usage{Input: 100, CacheRead: 30, CacheWrite: 20, CacheWrite1h: 5, Output: 7}, "0.00027",
			[]string{"", "no cache read rate: input rate", "no cache write rate: input rate", "no cache write rate: input rate", ""}},
		{`[{"input": 2, "output": 10, "cache_write": 4, "cache_read": 0.5}]`,
			Usage{Input: 100, CacheRead: 30, CacheWrite: 20, CacheWrite1h: 5, Output: 7}, "0.000265",
			[]string{"", "", "", "no one-hour rate: cache write rate", ""}},
		{`[{"input": 2, "output": 10, "cache_write": 4, "cache_write_1h": 8}]`, Usage{Input: 20, CacheWrite: 20, CacheWrite1h: 5}, "0.0001",
			[]string{"", ""}},
		{`[{"input": 2}]`, Usage{Input: 1, Output: 1}, "0.000002", []string{"", "no rate listed: not charged"}},
		{`[{}]`, Usage{Input: 3, CacheRead: 1, CacheWrite: 1, Output: 1}, "0",
			slices.Repeat([]string{"no rate listed: not charged"}, 4)},
		{`[{"input": 2, "output": 8, "reasoning": 3}]`, Usage{Output: 100, Reasoning: 40}, "0.0006", []string{"", ""}},
		{`[{"input": 2, "output": 8}]`, Usage{Output: 100, Reasoning: 40}, "0.0008", []string{""}},
		{`[{"input": 2, "per_1k_requests": 12}]`, Usage{Input: 10}, "0.01202", []string{"", "for the request itself"}},
		{`[{"input": 0.1234567, "per_1k_requests": 0.0005}]`, Usage{Input: 10}, "0.000001734567", []string{"", "for the request itself"}},
		// parts larger than their whole: never below zero
		{`[{"input": 2, "output": 8, "cache_read": 1}]`, Usage{Input: 10, CacheRead: 30}, "0.00003", []string{""}},
		{`[{"input": 2, "output": 8, "reasoning": 1}]`, Usage{Output: 10, Reasoning: 30}, "0.00001", []string{""}},
		{`[{"input": 2, "cache_write_1h": 4}]`, Usage{Input: 10, CacheWrite: 10, CacheWrite1h: 30}, "0.00004", []string{""}},
		{`[{"input": 2}]`, Usage{Input: -5, Output: -1}, "0", []string{}},
	} {
		r := onePrice(t, c.prices)
		costs(t, r, c.u, 1, c.want)
		notes := []string{}
		for _, x := range r.Charges(c.u, 1) {
			notes = append(notes, x.Note)
		}
		if !slices.Equal(notes, c.notes) {
			t.Errorf("%s %+v: notes %q, want %q", c.prices, c.u, notes, c.notes)
		}
	}
}

func TestChargesReadLikeABill(t *testing.T) {
	r := onePrice(t, `[{"input": {"base": 3, "above": [{"input_tokens": 200000, "rate": 6}]}, "output": 15, "cache_read": 0.3}]`)
	want := []Charge{
		{"input", 10001, 6e6, 6 * Dollar, 60006e6, "above 200,000 input tokens"},
		{"cache read", 190000, 3e5, 3 * Dollar / 10, 57000e6, ""},
		{"output", 1000, 15e6, 15 * Dollar, 15000e6, ""},
	}
	if got := r.Charges(Usage{Input: 200001, CacheRead: 190000, Output: 1000}, 1); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	rates, ok := r.RatesAt(1)
	if !ok || !slices.Equal(rates, []Rate{{"input", 0, 3 * Dollar}, {"input", 200000, 6 * Dollar},
		{"cache read", 0, 3 * Dollar / 10}, {"output", 0, 15 * Dollar}}) {
		t.Errorf("rates %+v", rates)
	}
}

func TestRatesOfManyDecimalsAreRoundedOnce(t *testing.T) {
	r := onePrice(t, `[{"input": 0.08333333333333334, "output": 0.0000005, "cache_read": 2.5e-7}]`)
	costs(t, r, Usage{Input: 1}, 1, "0.000000083333") // 83333.33333333334 pico-dollars
	costs(t, r, Usage{Input: 3}, 1, "0.00000025")     // 250000.00000000002
	costs(t, r, Usage{Output: 1}, 1, "0.000000000001")
	costs(t, r, Usage{Output: 3}, 1, "0.000000000002")
	costs(t, r, Usage{Input: 1, CacheRead: 1}, 1, "0") // a quarter
	u := Usage{Input: 3, CacheRead: 2, Output: 1}      // 83333.33333333334 + 0.5 + 0.5 -> 83334
	costs(t, r, u, 1, "0.000000083334")
	bill := r.Charges(u, 1)
	if bill[0].Cost != 83333 || bill[1].Cost != 1 || bill[2].Cost != 0 {
		t.Errorf("%+v", bill)
	}
	costs(t, onePrice(t, `[{"input": 0.30000000000000004, "output": 150}]`), Usage{Input: 1e6, Output: 1}, 1, "0.30015")
}

func TestOverflowIsReported(t *testing.T) {
	for _, u := range []Usage{
		{Input: math.MaxInt64}, {Output: math.MaxInt64}, {Input: 5e12, Output: 5e12},
		{CacheRead: math.MaxInt64, CacheWrite: math.MaxInt64}, {Input: math.MaxInt64, CacheRead: math.MaxInt64, Output: math.MaxInt64},
	} {
		for _, prices := range []string{`[{"input": 1, "output": 1}]`, `[{"input": 1, "output": 1.12345678901}]`} {
			r := onePrice(t, prices)
			if got, ok := r.Cost(u, 1); ok {
				t.Errorf("%s %+v: %v", prices, u, got)
			}
			if r.Charges(u, 1) != nil {
				t.Errorf("%s %+v has a bill", prices, u)
			}
		}
	}
	costs(t, onePrice(t, `[{"input": 1}]`), Usage{Input: 9_223_372_036_854}, 1, "9223372.036854")
}

func TestChargesSumToCost(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	upTo := func(n int64) int64 { return rnd.Int64N(n + 1) }
	for _, r := range BuiltinPrices().Search() {
		for range 40 {
			var u Usage
			u.Input = upTo([]int64{10, 5e4, 1e6, 1e9}[rnd.IntN(4)])
			u.CacheRead = upTo(u.Input)
			u.CacheWrite = upTo(u.Input - u.CacheRead)
			u.CacheWrite1h = upTo(u.CacheWrite)
			u.Output = upTo(1e5)
			u.Reasoning = upTo(u.Output)
			when := timeOf(t, "2025-01-01T00:00:00Z") + upTo(int64(3*365*24*time.Hour))
			cost, ok := r.Cost(u, when)
			var sum USD
			var tokens int64
			for _, c := range r.Charges(u, when) {
				sum += c.Cost
				tokens += c.Tokens
			}
			if !ok || sum != cost || tokens != u.Input+u.Output {
				t.Fatalf("%s/%s %+v at %d: charges %d, cost %d %v, tokens %d", r.Provider, r.ID, u, when, sum, cost, ok, tokens)
			}
		}
	}
}

func TestOverAsksTheUsersBookFirst(t *testing.T) {
	own := readBook(t, `{"as_of": "2026-10-01", "source": "our contract", "providers": [{"id": "ours", "models": [
		{"id": "gpt-4o", "match": {"equals": "gpt-4o"}, "prices": [{"input": 1}]},
		{"id": "deepseek-r1", "match": {"equals": "deepseek-r1"}, "prices": [{"input": 0.1}]}]}]}`)
	b := own.Over(BuiltinPrices())
	for _, c := range []struct{ provider, model, want string }{
		{"openai", "gpt-4o", "ours"}, {"openai", "gpt-4o-mini", "openai"}, {"azure", "gpt-4o-2024-08-06", "ours"},
		{"ollama", "deepseek-r1", "ours"},
	} {
		if r := b.Find(c.provider, c.model); r == nil || r.Provider != c.want {
			t.Errorf("%s %s: %+v, want a row of %s", c.provider, c.model, r, c.want)
		}
	}
	own = book1(t, `{"id": "x", "match": {"prefix": "gpt-"}, "prices": [{}]}`).Over(b)
	if r, how := own.Match("openai", "gpt-4o"); r.Provider != "acme" || how != "prefix gpt-" {
		t.Errorf("%+v %s", r, how)
	}
	if b.AsOf() != "2026-10-01, 2026-09-23" || !strings.HasPrefix(b.Source(), "our contract; then price facts") {
		t.Errorf("as of %q, source %q", b.AsOf(), b.Source())
	}
	if n := len(b.Search("GPT-4o", "ours")); n != 1 {
		t.Errorf("%d rows of ours", n)
	}
	if own.Over(nil).Find("", "gpt-4o") == nil || (*PriceBook)(nil).Over(own).Find("", "gpt-4o") == nil {
		t.Error("a nil book hides the other")
	}
}

// A user may change a copy of the embedded book: names must mean the same there.
func TestCopyOfTheBuiltinBookAnswersAlike(t *testing.T) {
	b, err := ReadPrices(bytes.NewReader(builtinPrices))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range [][2]string{{"openai", "llama-3.3-70b-versatile"}, {"ollama", "deepseek-r1"}, {"", "meta-llama/llama-4-maverick"},
		{"", "text-embedding-3-small"}, {"azure", "gpt-4o"}} {
		got, how := b.Match(q[0], q[1])
		want, reason := BuiltinPrices().Match(q[0], q[1])
		if (got == nil) != (want == nil) || got != nil && (got.Provider != want.Provider || got.ID != want.ID) || how != reason {
			t.Errorf("%q: %+v by %s, want %+v by %s", q, got, how, want, reason)
		}
	}
}

func TestHashChangesWithAnyPrice(t *testing.T) {
	m := `{"id": "m", "prices": [{"input": 1}]}`
	x, y, z := book1(t, m), book1(t, strings.Replace(m, "1", "2", 1)), book1(t, m)
	seen := map[string]bool{}
	for _, b := range []*PriceBook{x, y, x.Over(y), y.Over(x), BuiltinPrices(), x.Over(BuiltinPrices())} {
		seen[b.Hash()] = true
	}
	if len(seen) != 6 || x.Hash() != z.Hash() || len(x.Hash()) != 32 {
		t.Errorf("%d different hashes of 6; %s %s", len(seen), x.Hash(), z.Hash())
	}
}

func TestSearch(t *testing.T) {
	var ids []string
	for _, r := range BuiltinPrices().Search("Anthropic/", "OPUS-4-5") {
		ids = append(ids, r.Provider+" "+r.ID)
	}
	if !slices.Contains(ids, "anthropic claude-opus-4-5") || slices.ContainsFunc(ids, func(s string) bool { return !strings.Contains(s, "opus-4-5") }) {
		t.Errorf("%q", ids)
	}
}

func TestMatchers(t *testing.T) {
	for _, c := range []struct{ match, yes, no string }{
		{`{"equals": "Acme-One"}`, "ACME-one", "acme-one-2"},
		{`{"prefix": "acme-"}`, "acme-x", "my-acme-x"},
		{`{"suffix": "-one"}`, "acme-one", "one-acme"},
		{`{"contains": "cm"}`, "acme", "amce"},
		{`{"regex": "^acme-\\d+$"}`, "acme-12", "acme-x"},
		{`{"regex": "^(?!.*-tts(?:$|-))"}`, "acme-one", "acme-tts-1"},
		{`{"regex": "^(?![^)(]\\(/)(?!x)(?:a|b)c"}`, "ac-1", "xac"},
		{`{"any": [{"equals": "a"}, {"prefix": "b"}]}`, "b1", "a1"},
		{`{"all": [{"prefix": "a"}, {"suffix": "z"}]}`, "a-z", "a-y"},
	} {
		b := book1(t, `{"id": "row", "match": `+c.match+`, "prices": [{}]}`)
		if b.Find("acme", c.yes) == nil || b.Find("acme", c.no) != nil {
			t.Errorf("%s: %q %v, %q %v", c.match, c.yes, b.Find("acme", c.yes), c.no, b.Find("acme", c.no))
		}
	}
}

func TestRowsAreTriedInOrderButAnExactIDFirst(t *testing.T) {
	b := book1(t, `{"id": "wide", "match": {"prefix": "m"}, "prices": [{}]}, {"id": "m-1", "match": {"equals": "m-2"}, "prices": [{}]},
		{"id": "late", "match": {"prefix": "m-"}, "prices": [{}]}`)
	for model, want := range map[string]string{"m-1": "m-1", "m-2": "wide", "m-3": "wide"} {
		if r := b.Find("acme", model); r == nil || r.ID != want {
			t.Errorf("%s: %+v, want %s", model, r, want)
		}
	}
}

func TestBadBooksAreNamed(t *testing.T) {
	model := func(s string) string { return `{"providers": [{"id": "acme", "models": [` + s + `]}]}` }
	for _, c := range []struct{ text, want string }{
		{``, "price book: "},
		{`[]`, "price book: not valid JSON"},
		{`{}`, `price book: no "providers"`},
		{`{"providers": []} x`, "price book: not valid JSON"},
		{`{"unit": "per 1,000 tokens", "providers": []}`, `price book: unit "per 1,000 tokens": rates must be in USD per 1,000,000 tokens`},
		{`{"currency": "EUR", "providers": []}`, `price book: currency "EUR": rates must be in USD per 1,000,000 tokens`},
		{`{"as_of": "soon", "providers": []}`, `price book: as_of: "soon" is not a date such as 2026-09-23`},
		{`{"providers": [{"models": []}]}`, `price book: provider "": no id`},
		{`{"providers": [{"id": "acme", "model_match": {"like": "x"}}]}`, `price book: provider "acme": model_match: unknown match operator "like"`},
		{model(`{"id": "m", "match": {"fuzzy": "x"}, "prices": [{}]}`), `price book: provider "acme", model "m": unknown match operator "fuzzy"`},
		{model(`{"id": "m", "match": {"regex": "a(b"}, "prices": [{}]}`), `price book: provider "acme", model "m": match: regex "a(b": `},
		{model(`{"id": "m", "match": {"regex": "^(?!a"}, "prices": [{}]}`), `price book: provider "acme", model "m": match: regex "^(?!a": a parenthesis is not closed`},
		{model(`{"id": "m", "match": {}, "prices": [{}]}`), `price book: provider "acme", model "m": match: 0 operators in one object, not 1`},
		{model(`{"id": "m", "match": {"any": []}, "prices": [{}]}`), `price book: provider "acme", model "m": match: "any" of nothing`},
		{model(`{"id": "m", "match": {"prefix": ""}, "prices": [{}]}`), `price book: provider "acme", model "m": match: prefix of the empty text`},
		{model(`{"id": "m"}`), `price book: provider "acme", model "m": no "prices"; a free model has "prices": [{}]`},
		{model(`{"prices": [{}]}`), `price book: provider "acme", model "": no id`},
		{model(`{"id": "m", "prices": [{"input": "cheap"}]}`), `price book: provider "acme", model "m": rate input: must be a number of USD per million tokens or `},
		{model(`{"id": "m", "prices": [{"input": -1}]}`), `price book: provider "acme", model "m": rate input: "-1" is negative`},
		{model(`{"id": "m", "prices": [{"output": 1e30}]}`), `price book: provider "acme", model "m": rate output: "1e30" is not a price per million tokens`},
		{model(`{"id": "m", "prices": [{"input": {"base": 1, "above": [{"rate": 2}]}}]}`), `price book: provider "acme", model "m": rate input: must be a number`},
		{model(`{"id": "m", "prices": [{"input": {"base": 1, "above": [{"input_tokens": 5, "rate": -2}]}}]}`), `price book: provider "acme", model "m": rate input: "-2" is negative`},
		{model(`{"id": "m", "prices": [{"outptu": 1}]}`), `price book: provider "acme", model "m": unknown rate or condition "outptu"`},
		{model(`{"id": "m", "prices": [{"from": "yesterday"}]}`), `price book: provider "acme", model "m": "yesterday" is not a date such as 2026-09-23`},
		{model(`{"id": "m", "prices": [{"utc_from": "25:00"}]}`), `price book: provider "acme", model "m": utc_from: "25:00" is not a time of day such as 16:30:00Z`},
		{model(`{"id": "m", "prices": [{"utc_from": "10:00", "utc_to": "10:00:00Z"}]}`), `price book: provider "acme", model "m": utc_from and utc_to are both 10:00`},
	} {
		_, err := ReadPrices(strings.NewReader(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestBooksAnswerSeveralGoroutines(t *testing.T) {
	b := &PriceBook{books: []*book{{data: builtinPrices}}} // not read yet
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if b.Find("", "claude-opus-4-5") == nil || b.Hash() != BuiltinPrices().Hash() {
				t.Error("claude-opus-4-5 or the hash is missing")
			}
		})
	}
	wg.Wait()
}

func TestCostDoesNotAllocate(t *testing.T) {
	r := BuiltinPrices().Find("anthropic", "claude-sonnet-4-5")
	n := testing.AllocsPerRun(100, func() { r.Cost(Usage{Input: 300000, CacheRead: 1000, Output: 100}, 1e18) })
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzReadPrices(f *testing.F) {
	f.Add([]byte(`{"as_of": "2026-01-01", "providers": [{"id": "a", "model_match": {"contains": "a"}, "models": [{"id": "m", "match": {"any": [{"regex": "^(?!x)m"}, {"prefix": "m"}]},
		"prices": [{"from": "2026-01-01", "utc_from": "23:00", "utc_to": "01:00", "input": {"base": 1e-3, "above": [{"input_tokens": 5, "rate": 0.0123456789012345678}]}, "reasoning": 1}]}]}]}`), "m", int64(7))
	f.Add([]byte(`{"providers":[{"id":"a","models":[{"id":"m","prices":[{}]}]}]}`), "x/us.anthropic.m-v1:0", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, data []byte, model string, n int64) {
		b, err := ReadPrices(bytes.NewReader(data))
		if err != nil {
			return
		}
		b.Find("", model)
		b.Find(model, "m")
		for _, r := range b.Search() {
			u := Usage{Input: n, CacheRead: n / 3, CacheWrite: n / 4, CacheWrite1h: n / 5, Output: n, Reasoning: n / 2}
			cost, ok := r.Cost(u, n)
			if !ok {
				continue
			}
			var sum USD
			for _, c := range r.Charges(u, n) {
				sum += c.Cost
			}
			if cost < 0 || sum != cost {
				t.Errorf("%s: cost %d, charges %d", r.ID, cost, sum)
			}
			r.RatesAt(n)
		}
	})
}

func BenchmarkReadBuiltin(b *testing.B) {
	for b.Loop() {
		(&book{data: builtinPrices}).ready()
	}
}

func BenchmarkFind(b *testing.B) {
	book := BuiltinPrices()
	for _, c := range [][2]string{{"anthropic", "claude-opus-4-5-20251101"}, {"openrouter", "google/gemini-3-pro-preview"},
		{"aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"}, {"", "a/b/nobody-9-20260101"}} {
		b.Run(c[1], func(b *testing.B) {
			for b.Loop() {
				book.Find(c[0], c[1])
			}
		})
	}
}

func BenchmarkCost(b *testing.B) {
	for _, model := range []string{"claude-opus-4-5", "claude-sonnet-4-5", "deepseek-v4-pro"} {
		r := BuiltinPrices().Find("", model)
		u := Usage{Input: 300000, CacheRead: 250000, CacheWrite: 1000, Output: 500}
		b.Run(model, func(b *testing.B) {
			for b.Loop() {
				r.Cost(u, 1767225600e9)
			}
		})
	}
}

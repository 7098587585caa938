package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/muesli/termenv"
)

// fake is a Source over calls made up in memory, answered by the analysis that real stores use.
type fake struct {
	mu      sync.Mutex
	names   *tracefmt.Names
	runs    []*tracefmt.Run
	status  analyze.Status
	change  chan struct{}
	raw     string
	err     error
	asked   []string // questions, for tests that count them
	maxPage int
	marks   analyze.Marks
	markErr error // what setting marks fails with
}

func (f *fake) Marks(ctx context.Context) (analyze.Marks, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.marks, ctx.Err()
}

func (f *fake) SetMarks(ctx context.Context, change func(*analyze.Marks)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.markErr != nil {
		return f.markErr
	}
	change(&f.marks)
	return ctx.Err()
}

func (f *fake) note(q string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, q)
}

func (f *fake) Status() analyze.Status   { f.mu.Lock(); defer f.mu.Unlock(); return f.status }
func (f *fake) Changed() <-chan struct{} { return f.change }

func (f *fake) scan(q analyze.Query) (*analyze.Table, []analyze.RunCost) {
	s := analyze.NewScan(q, f.names, analyze.Config{}, func(uint32) string { return "traces.jsonl" })
	var costs []analyze.RunCost
	f.mu.Lock()
	runs := f.runs
	f.mu.Unlock()
	m := q.Compile(f.names, analyze.Config{})
	for i, r := range runs {
		s.Add(r)
		if c, ok := m.RunCost(r, func(uint32) string { return "traces.jsonl" }); ok {
			c.Run = uint32(i)
			costs = append(costs, c)
		}
	}
	return s.Table(), costs
}

func (f *fake) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	f.note("rollup " + q.String())
	if f.err != nil {
		return nil, f.err
	}
	t, _ := f.scan(q)
	return t, ctx.Err()
}

func (f *fake) Span(ctx context.Context) (first, last int64, ok bool, err error) {
	first, last = math.MaxInt64, math.MinInt64
	for _, r := range f.runs {
		for i := range r.Calls {
			if c := &r.Calls[i]; c.Has&tracefmt.HasStart != 0 {
				first, last = min(first, c.Start), max(last, c.Start, c.End)
			}
		}
	}
	return first, last, first <= last, ctx.Err()
}

func (f *fake) RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error) {
	f.note("runcosts " + q.String())
	_, c := f.scan(q)
	return c, ctx.Err()
}

func (f *fake) WhatIf(ctx context.Context, q analyze.Query, sc analyze.Scenario, _ func(done, of int64)) (*analyze.WhatIfResult, error) {
	f.note("what if " + sc.String() + " " + q.String())
	w, err := analyze.NewWhatIf(q, sc, fakePrices(), f.names, analyze.Config{}, func(uint32) string { return "traces.jsonl" })
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	runs := f.runs
	f.mu.Unlock()
	for _, r := range runs {
		w.Add(r)
	}
	return w.Result(), ctx.Err()
}

func (f *fake) Digest(ctx context.Context, q analyze.Query, _ func(done, of int64)) (*analyze.Digest, error) {
	f.note("digest " + q.String())
	d := analyze.NewDigest(q, f.names, analyze.Config{}, func(uint32) string { return "traces.jsonl" })
	f.mu.Lock()
	runs := f.runs
	f.mu.Unlock()
	for _, r := range runs {
		d.Add(r)
	}
	return d, ctx.Err()
}

func (f *fake) Survey(ctx context.Context, q analyze.Query) (*analyze.Survey, error) {
	f.note("survey " + q.String())
	d := analyze.NewSurvey(q, f.names, analyze.Config{}, func(uint32) string { return "traces.jsonl" })
	f.mu.Lock()
	runs := f.runs
	f.mu.Unlock()
	for _, r := range runs {
		d.Add(r)
	}
	return d, ctx.Err()
}

func (f *fake) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	f.note(fmt.Sprintf("calls %s from %d n %d", q, from, n))
	m := q.Compile(f.names, analyze.Config{})
	var rows []analyze.CallRow
	for _, r := range f.runs {
		m.Enter(r, nil)
		for i := range r.Calls {
			if c := &r.Calls[i]; m.Match(r, i, "traces.jsonl") {
				rows = append(rows, f.row(r, c))
			}
		}
	}
	key := func(r analyze.CallRow) int64 {
		switch by {
		case analyze.ByTime:
			return r.Start
		case analyze.ByTokens:
			return r.Usage.Input + r.Usage.Output
		case analyze.ByDuration:
			return r.End - r.Start
		case analyze.ByOutput:
			return r.Usage.Output
		}
		return int64(r.Cost)
	}
	slices.SortStableFunc(rows, func(x, y analyze.CallRow) int {
		d := cmp.Or(cmp.Compare(key(x), key(y)), cmp.Compare(x.ID, y.ID))
		if desc {
			return -d
		}
		return d
	})
	p := analyze.CallPage{Total: len(rows), Reach: len(rows), From: min(from, len(rows))}
	p.Rows = rows[p.From:min(len(rows), p.From+n)]
	f.maxPage = max(f.maxPage, len(p.Rows))
	return p, ctx.Err()
}

func (f *fake) row(r *tracefmt.Run, c *tracefmt.Call) analyze.CallRow {
	n := f.names.Name
	return analyze.CallRow{
		Ref: analyze.CallRef{Run: r.ID, ID: c.ID}, Run: r.ID, ID: c.ID, Parent: c.Parent, Workflow: n(c.Workflow), Agent: n(c.Agent),
		Role: n(c.Role), Step: n(c.Step), Tool: n(c.Tool), Provider: n(c.Provider), Model: n(c.Model), Error: n(c.Error),
		Kind: c.Kind, Status: c.Status, Outcome: r.Outcome, Has: c.Has, Flags: c.Flags, Start: c.Start, End: c.End, Usage: c.Usage,
		State: c.State, Cost: c.Cost, Computed: c.Computed, HasComputed: c.HasComputed, HasRecorded: c.State == tracefmt.CostRecorded,
		Recorded: c.Recorded, Attempt: c.Attempt, RetryOf: c.RetryOf, RetryKind: c.RetryKind, Price: c.Price, Format: "costscope",
		Source: "traces.jsonl", Src: c.Src,
	}
}

func (f *fake) Call(ctx context.Context, ref analyze.CallRef) (analyze.CallRow, error) {
	for _, r := range f.runs {
		for i := range r.Calls {
			if r.ID == ref.Run && r.Calls[i].ID == ref.ID {
				return f.row(r, &r.Calls[i]), ctx.Err()
			}
		}
	}
	return analyze.CallRow{}, errors.New("this call is gone")
}

func (f *fake) Run(ctx context.Context, q analyze.Query, ref analyze.RunRef) (*analyze.RunView, error) {
	f.note("run " + ref.ID)
	for i, r := range f.runs {
		if ref.ByNumber && uint32(i) == ref.Number || !ref.ByNumber && r.ID == ref.ID {
			v := analyze.NewRunView(r, q, f.names, analyze.Config{}, func(uint32) string { return "traces.jsonl" }, func(c *tracefmt.Call) analyze.CallRow { return f.row(r, c) })
			v.Number = uint32(i)
			return v, ctx.Err()
		}
	}
	return nil, errors.New("no such run")
}

func (f *fake) Raw(ctx context.Context, src tracefmt.SourceRef) ([]byte, string, int64, error) {
	if f.raw != "" {
		return []byte(f.raw), "traces.jsonl", 17, ctx.Err()
	}
	return fmt.Appendf(nil, `{"id":"call","offset":%d,"model":"claude-sonnet-4-5","usage":{"input_tokens":1200,"output_tokens":80},"text":"first line\nsecond \u001b[31mred"}`, src.Offset), "traces.jsonl", src.Offset/256 + 1, ctx.Err()
}

// shapeOf is how the calls of a fake are made.
type fakeShape struct {
	seed uint64
	runs int
}

var fakeTree = []struct {
	workflow, agent string
	steps           []string
	model           string
	provider        string
	weight          float64
}{
	{"support-bot", "planner", []string{"plan", "replan"}, "claude-sonnet-4-5", "anthropic", 1},
	{"support-bot", "executor", []string{"search", "answer", "summarise"}, "claude-sonnet-4-5", "anthropic", 3},
	{"support-bot", "validator", []string{"check"}, "gpt-5-mini", "openai", 1},
	{"checkout", "planner", []string{"plan"}, "gpt-5-mini", "openai", 1},
	{"checkout", "executor", []string{"pay", "ship"}, "claude-opus-4-1", "anthropic", 1},
	{"nightly-report", "writer", []string{"draft", "polish"}, "in-house-llama", "", 1},
}

// fakePrices is a small book of our own, so that no picture changes when list prices do.
var fakePrices = sync.OnceValue(func() *tracefmt.PriceBook {
	b, err := tracefmt.ReadPrices(strings.NewReader(`{"as_of": "2026-09-23", "currency": "USD", "unit": "per 1,000,000 tokens", "source": "made up", "providers": [
		{"id": "anthropic", "model_match": {"contains": "claude"}, "provider_match": {"contains": "anthropic"}, "models": [
			{"id": "claude-opus-4-1", "match": {"prefix": "claude-opus-4-1"}, "prices": [{"input": 15, "cache_read": 1.5, "output": 75}]},
			{"id": "claude-sonnet-4-5", "match": {"prefix": "claude-sonnet-4-5"}, "prices": [{"input": {"base": 3, "above": [{"input_tokens": 200000, "rate": 6}]},
				"cache_read": {"base": 0.3, "above": [{"input_tokens": 200000, "rate": 0.6}]}, "output": {"base": 15, "above": [{"input_tokens": 200000, "rate": 22.5}]}}]}]},
		{"id": "openai", "model_match": {"prefix": "gpt-"}, "provider_match": {"contains": "openai"}, "models": [
			{"id": "gpt-5-mini", "match": {"prefix": "gpt-5-mini"}, "prices": [{"input": 0.25, "cache_read": 0.025, "output": 2}]}]}]}`))
	if err != nil {
		panic(err)
	}
	return b
})

// newFake makes runs with heavy tails, retries, failures, calls without prices and without usage: always the same for a seed.
func newFake(s fakeShape) *fake {
	rnd := rand.New(rand.NewPCG(s.seed, 7))
	f := &fake{names: tracefmt.NewNames()}
	start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC).UnixNano()
	offset, total := int64(0), int64(0)
	workflows := []string{"support-bot", "support-bot", "support-bot", "checkout", "checkout", "nightly-report"}
	for i := range s.runs {
		run := &tracefmt.Run{ID: fmt.Sprintf("run-%05d", i), Outcome: tracefmt.OutcomeSuccess}
		if rnd.Float64() < 0.2 {
			run.Outcome = tracefmt.OutcomeFailure
		}
		workflow := workflows[rnd.IntN(len(workflows))]
		run.Workflow = f.names.Sym(workflow)
		size := math.Exp(rnd.NormFloat64() * 1.2)
		start += int64(rnd.IntN(90)) * int64(time.Second)
		at := start
		for _, t := range fakeTree {
			if t.workflow != workflow {
				continue
			}
			for _, step := range t.steps {
				for n := 1 + rnd.IntN(int(2*t.weight)); n > 0; n-- {
					f.add(run, rnd, at, &offset, t.agent, step, t.model, t.provider, size)
					at += int64(2+rnd.IntN(20)) * int64(time.Second)
				}
			}
		}
		total += int64(len(run.Calls))
		f.runs = append(f.runs, run)
	}
	f.status = analyze.Status{
		PricesAsOf: "2026-09-23", Sources: []analyze.Source{{Path: "traces.jsonl", Format: "costscope", Calls: total, Bytes: offset, Size: offset}},
	}
	return f
}

func (f *fake) add(run *tracefmt.Run, rnd *rand.Rand, at int64, offset *int64, agent, step, model, provider string, size float64) {
	attempts := 1
	if rnd.Float64() < 0.12 {
		attempts = 2 + rnd.IntN(2)
	}
	first := ""
	for n := 1; n <= attempts; n++ {
		u := tracefmt.Usage{Input: int64(500 + 4000*size*rnd.ExpFloat64()), Output: int64(20 + 300*size*rnd.ExpFloat64())}
		u.CacheRead = u.Input / 3
		id := fmt.Sprintf("c%07d", *offset/256)
		rec := &tracefmt.Record{
			Run: run.ID, ID: id, Kind: tracefmt.KindLLM, Has: tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasCacheRead | tracefmt.HasStart | tracefmt.HasEnd,
			Usage: u, Start: at, End: at + int64(1+rnd.IntN(9000))*int64(time.Millisecond), Attempt: int32(n), Provider: f.names.Sym(provider),
			Src: tracefmt.SourceRef{Offset: *offset, Length: 256},
		}
		*offset += 256
		c := tracefmt.Call{
			Record: rec, Kind: rec.Kind, Status: tracefmt.StatusOK, Workflow: run.Workflow, Agent: f.names.Sym(agent), Step: f.names.Sym(step),
			Model: f.names.Sym(model), Price: fakePrices().Find(provider, model), Up: -1, Counted: true, IsCall: true,
		}
		if n == 1 {
			first = id
		} else {
			rec.RetryOf, rec.RetryKind = first, tracefmt.RetryPlain
		}
		if n < attempts {
			c.Status, rec.Error = tracefmt.StatusError, f.names.Sym("rate_limit_error")
		}
		rec.Status = c.Status
		switch {
		case c.Price == nil && rnd.Float64() < 0.5:
			c.State = tracefmt.CostNoUsage
			rec.Has &^= tracefmt.HasInput | tracefmt.HasOutput | tracefmt.HasCacheRead
			rec.Usage = tracefmt.Usage{}
		case c.Price == nil:
			c.State = tracefmt.CostUnpriced
		default:
			c.State = tracefmt.CostComputed
			c.Computed, c.HasComputed = c.Price.Cost(u, at)
			c.Cost = c.Computed
		}
		run.Calls = append(run.Calls, c)
		at += int64(3 * time.Second)
	}
}

// TestMain lets a person look at the explorer: COSTSCOPE_LOOK=1 ./tui.test explores made-up calls.
func TestMain(m *testing.M) {
	if os.Getenv("COSTSCOPE_LOOK") == "" {
		os.Exit(m.Run())
	}
	f := newFake(fakeShape{7, 3000})
	o := Options{Title: "checkout.jsonl +2", Theme: os.Getenv("COSTSCOPE_THEME"), Mouse: true}
	if strings.Contains(os.Getenv("COSTSCOPE_LOOK"), "loading") {
		f.status.Loading, f.status.Done, f.status.Size = true, 43, 100
	}
	var src Source = f
	if strings.Contains(os.Getenv("COSTSCOPE_LOOK"), "panic") {
		src = panicking{f}
	}
	if err := Run(context.Background(), src, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// asciiProfile and trueColour are what tests say the terminal can do.
var (
	asciiProfile = termenv.Ascii
	trueColour   = termenv.TrueColor
)

func (f *bigList) Calls(ctx context.Context, q analyze.Query, by analyze.CallOrder, desc bool, from, n int) (analyze.CallPage, error) {
	p := analyze.CallPage{Total: f.n, Reach: f.n, From: from}
	for i := from; i < min(f.n, from+n); i++ {
		id := fmt.Sprintf("c%07d", i)
		p.Rows = append(p.Rows, analyze.CallRow{Ref: analyze.CallRef{Run: "r", ID: id}, ID: id, Step: id, State: tracefmt.CostComputed, Cost: 1e12})
	}
	f.most = max(f.most, n)
	return p, nil
}

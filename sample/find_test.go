package sample

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"costscope/tracefmt"
)

// finder applies the rules of retry chains, loops and redundant calls (analysis-spec B.2, C.2, C.5) and of context growth (D) to what
// the file says, ignoring nothing and knowing nothing of how it was made.
type finder struct {
	t         *testing.T
	truth     *Truth // for its chains
	loops     Loops
	redundant Bill
	growth    Growth
}

func TestAnalysesFindWhatWasMeant(t *testing.T) {
	for i, s := range Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			trace, truth := generate(t, s.Name, 21+uint64(i), 500)
			f := finder{t: t, truth: newTruth()}
			for _, r := range byRun(t, parse(t, trace)) {
				f.run(r)
			}
			if f.loops != truth.Loops {
				t.Errorf("loops found %+v, meant %+v", f.loops, truth.Loops)
			}
			if f.redundant != truth.Redundant {
				t.Errorf("redundant calls found %+v, meant %+v", f.redundant, truth.Redundant)
			}
			if f.growth != truth.Growth {
				t.Errorf("growth found %+v, meant %+v", f.growth, truth.Growth)
			}
			if !reflect.DeepEqual(f.truth.Retries, truth.Retries) {
				t.Errorf("chains found %+v, meant %+v", f.truth.Retries, truth.Retries)
			}
			if !reflect.DeepEqual(f.truth.Linked, truth.Linked) {
				t.Errorf("chains linked %+v, meant %+v", f.truth.Linked, truth.Linked)
			}
		})
	}
}

func (f *finder) run(r *trial) {
	threads := map[string][]*entry{}
	for _, e := range r.calls {
		key := cmp.Or(e.Instance, e.Agent)
		threads[key] = append(threads[key], e)
	}
	taken := map[*entry]bool{}
	for _, calls := range threads {
		f.thread(calls, taken)
	}
	f.findRedundant(r.calls, taken)
}

// link is a retry: its call repeats another for a reason.
type link struct {
	to   *entry
	kind tracefmt.RetryKind
}

func (f *finder) thread(calls []*entry, taken map[*entry]bool) {
	prev := map[*entry]link{}
	isNext := map[*entry]bool{}
	for i, b := range calls {
		if l := predecessor(calls[:i], b); l.to != nil && !isNext[l.to] {
			prev[b] = l
			isNext[l.to] = true
			taken[b], taken[l.to] = true, true
		}
	}
	var turns []int64
	for _, e := range calls {
		if isNext[e] || e.Duration == nil {
			continue
		}
		chain := []*entry{e}
		for at := e; prev[at].to != nil; at = prev[at].to {
			chain = append([]*entry{prev[at].to}, chain...)
		}
		f.chain(chain, prev)
		if e.isLLM() && e.Prompt != "" {
			if p := f.promptOf(chain); p > 0 {
				turns = append(turns, p)
			}
		}
	}
	for i, p := range turns {
		before := int64(0)
		if i > 0 {
			before = turns[i-1]
		}
		f.growth.turn(p, before, turns[0])
	}
	f.findLoops(calls, taken)
}

// predecessor is what b repeats, by R0 to R4.
func predecessor(before []*entry, b *entry) link {
	if b.RetryOf != "" {
		for _, a := range before {
			if a.Span == b.RetryOf {
				return link{a, tracefmt.ParseRetryKind(b.Retry)}
			}
		}
	}
	if b.isLLM() {
		return llmPredecessor(before, b)
	}
	if b.Op != "execute_tool" {
		return link{}
	}
	for i := len(before) - 1; i >= 0; i-- {
		a := before[i]
		if a.changesState() && a.Tool != b.Tool {
			return link{}
		}
		if a.Tool == b.Tool {
			if a.failed() && b.Start.Sub(a.end()) <= 120*time.Second {
				return link{a, tracefmt.RetryTool}
			}
			return link{}
		}
	}
	return link{}
}

func llmPredecessor(before []*entry, b *entry) link {
	for i := len(before) - 1; i >= 0; i-- {
		a := before[i]
		if !a.isLLM() {
			continue
		}
		gap := b.Start.Sub(a.end())
		if gap < -50*time.Millisecond || gap > 120*time.Second || a.Prompt == "" {
			return link{}
		}
		same := a.model() == b.model()
		switch {
		case same && a.Prompt == b.Prompt:
			return link{a, tracefmt.RetryPlain}
		case !same && (a.Prompt == b.Prompt || a.Tail == b.Tail):
			return link{a, tracefmt.RetryFallback}
		case same && a.failed(): // sizes only: within a factor of two
			if a.Input == nil || b.Input == nil || 2**b.Input >= *a.Input && *b.Input <= 2**a.Input {
				return link{a, tracefmt.RetryPrompt}
			}
		}
		return link{}
	}
	return link{}
}

func (f *finder) chain(chain []*entry, prev map[*entry]link) {
	var tries []try
	explicit := false
	for _, e := range chain {
		tries = append(tries, try{e.cost(f.t), prev[e].kind, e.failed()})
		explicit = explicit || e.RetryOf != ""
	}
	f.truth.chain(tries, explicit)
}

// promptOf is the prompt of the accepted attempt, else of the base attempt.
func (f *finder) promptOf(chain []*entry) int64 {
	e := chain[len(chain)-1]
	if e.failed() {
		base := max(0, slices.IndexFunc(chain, func(e *entry) bool { return e.cost(f.t) > 0 }))
		e = chain[base]
	}
	if e.Input == nil {
		return 0
	}
	return *e.Input
}

// findLoops looks for four or more equal actions with equal results in a row, each asked for by a model call.
func (f *finder) findLoops(calls []*entry, taken map[*entry]bool) {
	var tools []int
	for i, e := range calls {
		if e.Op == "execute_tool" {
			tools = append(tools, i)
		}
	}
	for i := 0; i < len(tools); {
		first := calls[tools[i]]
		j := i + 1
		for j < len(tools) && calls[tools[j]].action() == first.action() && calls[tools[j]].observation() == first.observation() {
			j++
		}
		if j-i > 1 && tools[j-1]-tools[i] == j-1-i { // no model call in between: polling
			for _, k := range tools[i:j] {
				taken[calls[k]] = true
			}
		} else if j-i >= 4 {
			f.loop(calls, tools[i:j], taken)
		}
		i = j
	}
}

func (f *finder) loop(calls []*entry, at []int, taken map[*entry]bool) {
	f.loops.Count++
	for n, k := range at {
		taken[calls[k]] = true
		c := calls[k].cost(f.t)
		if k > 0 && calls[k-1].isLLM() {
			c += calls[k-1].cost(f.t)
		}
		f.loops.Cost += c
		if n > 0 {
			f.loops.Waste += c
		}
	}
}

func (f *finder) findRedundant(calls []*entry, taken map[*entry]bool) {
	seen := map[string]bool{}
	for _, e := range calls {
		if e.Op != "execute_tool" {
			continue
		}
		if e.changesState() {
			clear(seen)
			continue
		}
		key := e.action() + " " + e.observation()
		if seen[key] && !taken[e] {
			f.redundant.Count++
			f.redundant.Cost += e.cost(f.t)
		}
		seen[key] = true
	}
}

// TestDemoTellsItsStory looks at the shipped trace as its reader will.
func TestDemoTellsItsStory(t *testing.T) {
	trace, truth := generate(t, DemoName, DemoSeed, 0)
	all := parse(t, trace)
	runs := byRun(t, all)
	dollars := func(b Bill) float64 { return b.Cost.Float() }
	perRun := map[string][2]float64{} // version: runs, cost
	var costs []float64
	for _, r := range runs {
		costs = append(costs, r.cost.Float())
		if v := r.calls[0].Version; r.calls[0].Workflow == "support-bot" {
			perRun[v] = [2]float64{perRun[v][0] + 1, perRun[v][1] + r.cost.Float()}
		}
	}
	slices.Sort(costs)
	var total, top float64
	for i, c := range costs {
		total += c
		if i >= len(costs)-len(costs)/100 {
			top += c
		}
	}
	pilot, late := perRun[pilotVersion], perRun["1.7"]
	first := func(v string) float64 {
		d := truth.Drift["support-bot/"+v+"/executor"]
		return float64(d.Tokens) / float64(d.Threads)
	}
	busiest, second := busiestHours(t, all)
	for _, c := range []struct {
		what         string
		got, at, end float64
	}{
		{"dollars in all", total, 1000, 5000},
		{"share of the dearest hundredth of the runs", top / total, 0.28, 0.40},
		{"mean over median", total / float64(len(costs)) / costs[len(costs)/2], 2.5, 10},
		{"dollars per pilot run", pilot[1] / pilot[0], 0.005, 0.05},
		{"production over pilot", late[1] / late[0] / (pilot[1] / pilot[0]), 30, 500},
		{"drift of the first prompt", first("1.7") / first("1.0"), 3, 8},
		{"share of the executor", dollars(truth.Agents["support-bot/executor"]) / total, 0.4, 0.8},
		{"busiest hour over the next", busiest / second, 2, 20},
		{"failed runs", float64(truth.Outcomes["failure"].Count) / float64(truth.Runs), 0.1, 0.3},
		{"runs in flight", float64(truth.Outcomes["in_flight"].Count), 3, 20},
		{"unknown outcomes", float64(truth.Outcomes["unknown"].Count), 30, 300},
		{"share of human review", humanShare(t, all) / total, 0.05, 0.3},
		{"context resets", float64(truth.Growth.Resets), 20, 1000},
		{"growth over the flat prompt", float64(truth.Growth.PromptTokens) / float64(truth.Growth.FlatTokens), 1.8, 5},
		{"chains", float64(truth.Retries.Chains), 500, 5000},
		{"chains that failed", float64(truth.Retries.Failed), 10, 500},
		{"chains that the trace links", float64(truth.Linked.Chains) / float64(truth.Retries.Chains), 0.3, 0.7},
		{"loops", float64(truth.Loops.Count), 20, 200},
		{"redundant calls", float64(truth.Redundant.Count), 100, 1000},
		{"unpriced calls", float64(truth.Unpriced), 30, 500},
		{"calls without usage", float64(truth.NoUsage), 20, 200},
		{"price mismatches", float64(truth.Mismatches), 20, 500},
		{"embeddings", float64(truth.CallsByKind["embedding"]), 500, 5000},
		{"one-hour cache writes", float64(truth.Tokens.CacheWrite1h), 1e5, 1e9},
		{"releases", float64(len(perRun)), 9, 9},
		{"human values", float64(len(truth.Values)), 4, 4},
	} {
		if c.got < c.at || c.got > c.end {
			t.Errorf("%s: %.3f is not within %g and %g", c.what, c.got, c.at, c.end)
		}
	}
	for _, kind := range []string{"plain_retry", "prompt_adjustment", "fallback_model", "tool_reinvocation"} {
		if truth.Retries.ByKind[kind].Cost == 0 {
			t.Errorf("no cost of kind %s", kind)
		}
	}
	if !slices.Equal(truth.UnpricedModels, []string{house.name}) {
		t.Errorf("models without a price: %v", truth.UnpricedModels)
	}
	storyOfStormAndDrop(t, all, runs)
	for _, word := range []string{`"sample_index"`, `"stage":"error_handling"`, `"service_tier"`, `"operation":"invoke_agent"`, `"kind":"evaluator"`, `"tags"`} {
		if !strings.Contains(string(trace), word) {
			t.Errorf("nothing has %s", word)
		}
	}
}

func busiestHours(t *testing.T, all []entry) (busiest, second float64) {
	hours := map[string]tracefmt.USD{}
	for i := range all {
		if e := &all[i]; e.Type != "run" && !e.encloses() && e.Version != pilotVersion {
			hours[e.Start.Format("2006-01-02T15")] += e.cost(t)
		}
	}
	for _, c := range hours {
		if v := c.Float(); v > busiest {
			busiest, second = v, busiest
		} else {
			second = max(second, v)
		}
	}
	return busiest, second
}

func humanShare(t *testing.T, all []entry) (sum float64) {
	for i := range all {
		if all[i].Kind == "human" {
			sum += all[i].cost(t).Float()
		}
	}
	return sum
}

// storyOfStormAndDrop: on the day of the storm most calls fail as never else, and in the last week fewer runs succeed.
func storyOfStormAndDrop(t *testing.T, all []entry, runs map[string]*trial) {
	calls, failed := map[int]int{}, map[int]int{}
	day := func(at time.Time) int { return int((at.UnixMilli() - epoch) / (24 * hourMS)) }
	for i := range all {
		if e := &all[i]; e.isLLM() {
			calls[day(e.Start)]++
			if e.failed() {
				failed[day(e.Start)]++
			}
		}
	}
	for d, n := range calls {
		share := float64(failed[d]) / float64(n)
		if d == 17 && share < 0.4 || d != 17 && share > 0.15 {
			t.Errorf("day %d: %.2f of the calls fail", d, share)
		}
	}
	var good, ended [2]float64
	for _, r := range runs {
		if r.own == nil {
			continue
		}
		late := 0
		if day(r.calls[0].Start) >= 23 {
			late = 1
		}
		ended[late]++
		if r.own.Outcome.Success {
			good[late]++
		}
	}
	if before, after := good[0]/ended[0], good[1]/ended[1]; before < 0.8 || after > 0.72 {
		t.Errorf("success went from %.2f to %.2f", before, after)
	}
}

package sample

import (
	"slices"

	"costscope/tracefmt"
)

// Truth is what a generated trace says, to the pico-dollar. Amounts of money are pico-dollars.
//
// A call costs what its line states, else what its tokens cost at list prices. Lines that only enclose others (invoke_workflow,
// invoke_agent) are no calls. Where a trace ends in the middle of a run, its unfinished call counts as a call.
type Truth struct {
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	First    string `json:"first"` // the time that the trace covers
	Last     string `json:"last"`
	Lines    int64  `json:"lines"`
	Runs     int64  `json:"runs"`

	Cost       tracefmt.USD `json:"cost_pico,string"`
	Recorded   tracefmt.USD `json:"recorded_pico,string"` // of it, stated by the trace
	Computed   tracefmt.USD `json:"computed_pico,string"` // of it, from tokens
	Mismatches int64        `json:"price_mismatches"`

	Calls       int64            `json:"calls"`
	CallsByKind map[string]int64 `json:"calls_by_kind"`
	Failed      int64            `json:"failed_calls"` // status error, or an answer that was not usable
	Errors      int64            `json:"error_calls"`  // status error only
	Unbilled    int64            `json:"unbilled_failures"`
	Unfinished  int64            `json:"unfinished_calls"`
	// NoUsage counts finished model calls without a failure, tokens or a cost.
	NoUsage        int64    `json:"calls_without_usage"`
	Unpriced       int64    `json:"unpriced_calls"`
	UnpricedTokens int64    `json:"unpriced_tokens"`
	UnpricedModels []string `json:"unpriced_models"`
	Tokens         Tokens   `json:"tokens"`

	Outcomes  map[string]Bill `json:"outcomes"`  // success, failure, unknown, in_flight; Count is runs
	Workflows map[string]Bill `json:"workflows"` // here and below, Count is calls
	Features  map[string]Bill `json:"features"`
	Versions  map[string]Bill `json:"versions"` // workflow/version
	Agents    map[string]Bill `json:"agents"`   // workflow/agent
	Roles     map[string]Bill `json:"roles"`
	Models    map[string]Bill `json:"models"`
	Days      map[string]Bill `json:"days"` // UTC, by the start of the call

	Retries   Retries            `json:"retries"`        // all of them
	Linked    Retries            `json:"linked_retries"` // of them, those whose lines say what they repeat
	Loops     Loops              `json:"loops"`
	Redundant Bill               `json:"redundant"`
	Growth    Growth             `json:"growth"`
	Drift     map[string]First   `json:"first_prompts"` // workflow/version/agent
	Values    map[string]float64 `json:"values"`
	Events    []Event            `json:"events"`
}

// Bill is a count and what it cost.
type Bill struct {
	Count int64        `json:"count"`
	Cost  tracefmt.USD `json:"cost_pico,string"`
}

// Tokens are the tokens of all calls, priced or not.
type Tokens struct {
	Input        int64 `json:"input"`
	CacheRead    int64 `json:"cache_read"`
	CacheWrite   int64 `json:"cache_write"`
	CacheWrite1h int64 `json:"cache_write_1h"`
	Output       int64 `json:"output"`
	Reasoning    int64 `json:"reasoning"`
}

// Retries are retry chains and what they cost (analysis-spec B.4).
type Retries struct {
	Chains   int64        `json:"chains"`
	Failed   int64        `json:"failed_chains"` // no attempt was accepted
	Attempts int64        `json:"attempts"`
	Total    tracefmt.USD `json:"total_pico,string"`
	Base     tracefmt.USD `json:"base_pico,string"`
	Retry    tracefmt.USD `json:"retry_cost_pico,string"`
	Wasted   tracefmt.USD `json:"wasted_pico,string"`
	// ByKind counts the attempts after the first, by the kind of retry that each is; Cost is that part of Retry.
	ByKind map[string]Bill `json:"by_kind"`
}

// Loops are repeats of one tool call with one result (analysis-spec C).
type Loops struct {
	Count int64        `json:"count"`
	Cost  tracefmt.USD `json:"cost_pico,string"`  // the repeated calls and the model calls that asked for them
	Waste tracefmt.USD `json:"waste_pico,string"` // of it, repeats 2 and later
}

// Growth is about the prompts of each thread, one per turn (analysis-spec D).
type Growth struct {
	Threads      int64 `json:"threads"`
	Turns        int64 `json:"turns"`
	PromptTokens int64 `json:"prompt_tokens"`
	FlatTokens   int64 `json:"flat_tokens"` // had every prompt stayed at the first size of its thread
	Resets       int64 `json:"resets"`
	MaxPrompt    int64 `json:"max_prompt_tokens"`
}

// First is about the first prompts of an agent's threads.
type First struct {
	Threads int64 `json:"threads"`
	Tokens  int64 `json:"tokens"`
}

// Event is something out of the ordinary that the scenario lets happen.
type Event struct {
	Kind string `json:"kind"` // pilot, storm, spike, accuracy_drop
	From string `json:"from"`
	To   string `json:"to"`
}

func newTruth() *Truth {
	t := &Truth{CallsByKind: map[string]int64{}, Drift: map[string]First{}, Values: map[string]float64{}}
	for _, m := range []*map[string]Bill{
		&t.Outcomes, &t.Workflows, &t.Features, &t.Versions, &t.Agents, &t.Roles, &t.Models, &t.Days, &t.Retries.ByKind, &t.Linked.ByKind,
	} {
		*m = map[string]Bill{}
	}
	return t
}

func count(m map[string]Bill, key string, cost tracefmt.USD) {
	if key == "" {
		return
	}
	b := m[key]
	m[key] = Bill{b.Count + 1, b.Cost + cost}
}

// kinds says what the operations count as (formats-otel 5.1).
var kinds = map[string]tracefmt.Kind{
	"chat": tracefmt.KindLLM, "embeddings": tracefmt.KindEmbedding, "execute_tool": tracefmt.KindTool, "retrieval": tracefmt.KindRetriever,
	"human_review": tracefmt.KindHuman, "invoke_agent": tracefmt.KindAgent, "invoke_workflow": tracefmt.KindChain,
}

func (l *line) kindOf() tracefmt.Kind {
	if l.kind != "" {
		return tracefmt.ParseKind(l.kind)
	}
	return kinds[l.op]
}

// answeredBy is the model that a reader sees: the one that answered, else the one asked for.
func (l *line) answeredBy() *model {
	if l.model != nil {
		return l.model
	}
	return l.asked
}

// price is what the call costs; known is false where nothing says it.
func (l *line) price() (cost tracefmt.USD, known bool) {
	m := l.answeredBy()
	switch {
	case l.hasCost:
		return l.cost, true
	case l.hasUsage && m.priced():
		return m.cost(l.usage), true
	}
	return 0, false
}

// add counts a call and returns its cost.
func (t *Truth) add(l *line) tracefmt.USD {
	cost, known := l.price()
	t.Calls++
	t.CallsByKind[l.kindOf().String()]++
	t.Cost += cost
	if l.hasCost {
		t.Recorded += cost
	} else {
		t.Computed += cost
	}
	t.addState(l, known)
	t.addTokens(l)
	count(t.Workflows, l.run.workflow, cost)
	count(t.Features, l.run.feature, cost)
	count(t.Versions, l.run.workflow+"/"+l.run.version, cost)
	count(t.Agents, l.run.workflow+"/"+l.agent, cost)
	count(t.Roles, l.role, cost)
	count(t.Days, stamp(l.start)[:10], cost)
	if m := l.answeredBy(); m != nil {
		count(t.Models, m.name, cost)
	}
	return cost
}

func (t *Truth) addState(l *line, known bool) {
	if l.status == "error" {
		t.Errors++
	}
	failed := l.status == "error" || l.bad
	if failed {
		t.Failed++
	}
	m := l.answeredBy()
	if l.dur < 0 {
		t.Unfinished++
		return
	}
	if m == nil {
		return
	}
	switch {
	case !known && l.hasUsage:
		t.Unpriced++
		t.UnpricedTokens += l.usage.Input + l.usage.Output
		if !slices.Contains(t.UnpricedModels, m.name) {
			t.UnpricedModels = append(t.UnpricedModels, m.name)
		}
	case !known && failed:
		t.Unbilled++
	case !known:
		t.NoUsage++
	case l.hasCost && l.hasUsage && m.priced():
		if off := l.cost - m.cost(l.usage); max(off, -off) > l.cost/100 {
			t.Mismatches++
		}
	}
}

func (t *Truth) addTokens(l *line) {
	k, u := &t.Tokens, &l.usage
	k.Input += u.Input
	k.CacheRead += u.CacheRead
	k.CacheWrite += u.CacheWrite
	k.CacheWrite1h += u.CacheWrite1h
	k.Output += u.Output
	k.Reasoning += u.Reasoning
}

// A try is one attempt of an operation.
type try struct {
	cost   tracefmt.USD
	kind   tracefmt.RetryKind // why it was made; none for the first
	failed bool
}

// chain counts an operation; linked says that its lines name the attempts before them.
func (t *Truth) chain(tries []try, linked bool) {
	t.Retries.chain(tries)
	if linked {
		t.Linked.chain(tries)
	}
}

// chain counts an operation that took more than one attempt.
func (r *Retries) chain(tries []try) {
	if len(tries) < 2 {
		return
	}
	base := max(0, slices.IndexFunc(tries, func(t try) bool { return t.cost > 0 }))
	last := tries[len(tries)-1]
	var total tracefmt.USD
	for i, t := range tries {
		total += t.cost
		if i == 0 {
			continue
		}
		b := r.ByKind[t.kind.String()]
		b.Count++
		if i != base {
			b.Cost += t.cost
		}
		r.ByKind[t.kind.String()] = b
	}
	r.Chains++
	r.Attempts += int64(len(tries))
	r.Total += total
	r.Base += tries[base].cost
	r.Retry += total - tries[base].cost
	r.Wasted += total
	if last.failed {
		r.Failed++
	} else {
		r.Wasted -= last.cost
	}
}

// turn counts one turn of a thread: its prompt, the one before (0: none) and the first.
func (g *Growth) turn(prompt, before, first int64) {
	if before == 0 {
		g.Threads++
	}
	g.Turns++
	g.PromptTokens += prompt
	g.FlatTokens += min(prompt, first)
	g.MaxPrompt = max(g.MaxPrompt, prompt)
	if 10*prompt < 7*before {
		g.Resets++
	}
}

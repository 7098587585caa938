package sample

import (
	"time"

	"costscope/tracefmt"
)

// climate is what a run meets at its time: how often things fail. All in thousandths.
type climate struct {
	trouble int // a model call fails
	tools   int // a tool call fails
	success int // a run succeeds
	loops   int // an executor gets stuck repeating itself
	repeats int // a tool call repeats an earlier one for nothing
}

// builder makes the lines of one run.
type builder struct {
	rng     rng
	id      *identity
	truth   *Truth
	climate climate
	sc      *Scenario
	lines   []line
	now     int64 // milliseconds
	horizon int64 // the trace ends here
	cost    tracefmt.USD
	spans   int
	hashes  uint32
	cut     bool // the trace ended before the run did
	open    bool // and left a line unfinished
	stuck   bool // an operation failed for good
}

// thread is one agent at work in one run.
type thread struct {
	agent, role, instance string
	model                 *model
	parent                int
	parts                 [tracefmt.ContextParts]int64 // what its next prompt is made of
	cache                 bool
	stated                bool  // lines state cost_usd
	cached                int64 // tokens of the prompt that the provider has seen
	first, before         int64 // prompt sizes: first turn, turn before
	stage, tier           string
	last                  int // span of its latest call
	spent                 tracefmt.USD
	broken                bool // an operation failed for good: it asks no more
}

// indexes of tracefmt.ContextNames
const (
	instructions = iota
	history
	guardrails
	tools
	logs
	memory
	user
)

func (t *thread) size() int64 {
	var n int64
	for _, p := range t.parts {
		n += p
	}
	return n
}

// span returns the next span id of the run.
func (b *builder) span() int {
	b.spans++
	return b.spans
}

// hash returns a fingerprint that is new in this run: five digits of the run's, three of its own.
func (b *builder) hash() uint32 {
	b.hashes++
	return uint32(b.id.id*2654435761)&0xfffff000 | b.hashes&0xfff
}

// emit adds a line, unless the trace ends first; a call that is under way at the end of the trace stays unfinished.
func (b *builder) emit(l line) (cost tracefmt.USD, done bool) {
	if b.cut || l.start >= b.horizon {
		b.cut = true
		return 0, false
	}
	l.run = b.id
	if l.dur >= 0 && l.at() >= b.horizon {
		l = line{run: l.run, span: l.span, parent: l.parent, op: l.op, kind: l.kind, agent: l.agent, role: l.role, instance: l.instance,
			step: l.step, model: l.model, tool: l.tool, access: l.access, start: l.start, dur: -1}
		b.cut, b.open = true, true
	}
	b.lines = append(b.lines, l)
	if k := l.kindOf(); k == tracefmt.KindAgent || k == tracefmt.KindChain {
		return 0, !b.cut
	}
	cost = b.truth.add(&l)
	b.cost += cost
	return cost, !b.cut
}

// mishap is a way in which a model call fails.
type mishap struct {
	name   string
	billed bool
	bad    bool // the call went well, its answer did not
	next   []tracefmt.RetryKind
}

var mishaps = []mishap{
	{"rate_limit", false, false, []tracefmt.RetryKind{tracefmt.RetryPlain, tracefmt.RetryPlain, tracefmt.RetryFallback}},
	{"overloaded", false, false, []tracefmt.RetryKind{tracefmt.RetryPlain, tracefmt.RetryFallback}},
	{"timeout", false, false, []tracefmt.RetryKind{tracefmt.RetryPlain}},
	{"invalid_output", true, true, []tracefmt.RetryKind{tracefmt.RetryPlain, tracefmt.RetryPrompt, tracefmt.RetryFallback}},
	{"invalid_output", true, true, []tracefmt.RetryKind{tracefmt.RetryPlain, tracefmt.RetryPrompt}},
	{"max_tokens", true, false, []tracefmt.RetryKind{tracefmt.RetryPrompt}},
}

const maxAttempts = 5

// ask has t's model answer once, in as many attempts as it takes, and returns the tokens it wrote; ok is false when none was usable.
func (b *builder) ask(t *thread, step string, words int64) (out int64, ok bool) {
	if b.cut || t.broken {
		return 0, false
	}
	a := attempts{b: b, t: t, step: step, model: t.model, prompt: b.hash(), tail: b.hash(), size: t.size(), explicit: b.rng.chance(450)}
	for !a.over {
		a.try(words)
	}
	if b.cut {
		return 0, false
	}
	b.truth.chain(a.tries, a.explicit)
	b.settle(t, &a)
	return a.out, a.ok
}

// attempts is one operation of a thread under way.
type attempts struct {
	b            *builder
	t            *thread
	step         string
	model        *model
	prompt, tail uint32
	size         int64
	sizes        []int64
	tries        []try
	explicit     bool
	kind         tracefmt.RetryKind // of the attempt to come
	before       int                // span of the attempt before
	out          int64
	over, ok     bool
}

// try makes one attempt.
func (a *attempts) try(words int64) {
	b := a.b
	var bad *mishap
	if b.rng.chance(b.climate.trouble) {
		bad = &mishaps[b.rng.below(int64(len(mishaps)))]
	}
	l := a.line()
	if bad == nil || bad.billed {
		a.answer(&l, max(8, b.rng.lognormal(words, 420)))
	}
	if bad != nil {
		a.fail(&l, bad)
	}
	b.now += l.dur
	cost, done := b.emit(l)
	a.tries = append(a.tries, try{cost, a.kind, bad != nil})
	a.sizes = append(a.sizes, a.size)
	a.before, a.t.last = l.span, l.span
	a.t.spent += cost
	a.ok = bad == nil
	a.over = !done || a.ok || len(a.tries) == maxAttempts
	if !a.over {
		a.again(bad)
	}
}

// line is the attempt before it is known how it goes.
func (a *attempts) line() line {
	b, t := a.b, a.t
	l := line{span: b.span(), parent: t.parent, op: "chat", agent: t.agent, role: t.role, instance: t.instance, step: a.step,
		start: b.now, prompt: a.prompt, tail: a.tail, stage: t.stage, tier: t.tier, asked: a.model, dur: b.rng.between(300, 900)}
	if a.explicit && len(a.tries) > 0 {
		l.attempt, l.retryOf, l.retryKind = len(a.tries)+1, a.before, a.kind
	}
	return l
}

// answer fills in what a model that answered leaves behind.
func (a *attempts) answer(l *line, out int64) {
	t, b := a.t, a.b
	a.out = out
	l.model, l.asked = a.model, nil
	l.hasUsage = true
	l.usage = t.usage(a.model, a.size)
	l.usage.Output = out
	if a.model.reasons {
		l.usage.Reasoning = out * b.rng.between(20, 60) / 100 / 64 * 64
	}
	l.dur = 500 + out*14 + a.size/100 + b.rng.between(0, 400)
	if a.size == t.size() {
		parts := t.parts
		l.parts = &parts
	}
	if t.stated && a.model.priced() {
		l.hasCost, l.cost = true, a.model.cost(l.usage)
		if b.rng.chance(40) { // a gateway with an old price list
			l.cost += l.cost * 8 / 100
		}
	}
}

func (a *attempts) fail(l *line, m *mishap) {
	if m.bad {
		l.bad = true
	} else {
		l.status, l.errorTyp = "error", m.name
	}
	if m.name == "timeout" {
		l.dur = 20_000
	}
	if a.explicit && l.attempt == 0 {
		l.attempt = 1
	}
}

// again decides how the next attempt differs from the one that failed as bad says.
func (a *attempts) again(bad *mishap) {
	b := a.b
	a.kind = bad.next[b.rng.below(int64(len(bad.next)))]
	if a.kind == tracefmt.RetryFallback && (a.model != a.t.model || len(fallbacks[a.model]) == 0) {
		a.kind = tracefmt.RetryPlain
	}
	switch a.kind {
	case tracefmt.RetryFallback:
		others := fallbacks[a.model]
		a.model = others[b.rng.below(int64(len(others)))]
	case tracefmt.RetryPrompt:
		a.prompt, a.tail = b.hash(), b.hash()
		a.size += b.rng.between(60, 400)
	}
	b.now += b.rng.between(500, 1500) << min(len(a.tries), 4)
}

// settle brings thread and truth up to date after an operation.
func (b *builder) settle(t *thread, a *attempts) {
	t.broken = !a.ok
	b.stuck = b.stuck || t.broken
	t.parts[history] += a.out
	b.now += b.rng.between(20, 200)
	size := a.prompted()
	if size == 0 {
		return
	}
	if t.before == 0 {
		t.first = size
		key := b.id.workflow + "/" + b.id.version + "/" + t.agent
		f := b.truth.Drift[key]
		b.truth.Drift[key] = First{f.Threads + 1, f.Tokens + size}
	}
	b.truth.Growth.turn(size, t.before, t.first)
	t.before = size
}

// prompted is the prompt size of the accepted attempt, else of the base attempt; 0 when no attempt says how large its prompt was.
func (a *attempts) prompted() int64 {
	if a.ok {
		return a.size
	}
	for i, r := range a.tries {
		if r.cost > 0 {
			return a.sizes[i]
		}
	}
	return 0
}

// usage splits a prompt into what the provider's cache has seen, what it will keep and the rest.
func (t *thread) usage(m *model, size int64) tracefmt.Usage {
	u := tracefmt.Usage{Input: size}
	if !t.cache || size < 1024 {
		return u
	}
	seen := min(t.cached, size)
	if m != t.model {
		seen = 0
	}
	switch m.provider {
	case "anthropic":
		u.CacheRead = seen
		u.CacheWrite = max(0, size-seen-24)
		if t.before == 0 && seen == 0 {
			u.CacheWrite1h = min(u.CacheWrite, t.parts[instructions]+t.parts[tools])
		}
		seen = u.CacheRead + u.CacheWrite
	default:
		u.CacheRead = seen / 128 * 128
		seen = size
	}
	if m == t.model {
		t.cached = seen
	}
	return u
}

// errand is one use of a tool.
type errand struct {
	tool         string
	access       access
	fee          tracefmt.USD
	args, result uint32
	tokens       int64 // size of the result
	ms           int64
}

// use calls a tool, again if it fails; ok is false when it failed for good. cost is that of all attempts.
func (b *builder) use(t *thread, e errand) (cost tracefmt.USD, ok bool) {
	if b.cut {
		return 0, false
	}
	explicit, before := b.rng.chance(450), 0
	var tries []try
	for len(tries) < 3 && !ok {
		ok = !b.rng.chance(b.climate.tools)
		l := b.toolLine(t, &e, ok)
		kind := tracefmt.RetryNone
		if before > 0 {
			kind = tracefmt.RetryTool
		}
		if explicit && (before > 0 || !ok) {
			l.attempt, l.retryOf, l.retryKind = len(tries)+1, before, kind
		}
		b.now += l.dur
		paid, done := b.emit(l)
		if !done {
			return cost, false
		}
		cost += paid
		tries = append(tries, try{paid, kind, !ok})
		before = l.span
		b.now += b.rng.between(100, 900)
	}
	b.truth.chain(tries, explicit)
	b.stuck = b.stuck || !ok
	t.spent += cost
	t.parts[logs] += e.tokens
	return cost, ok
}

func (b *builder) toolLine(t *thread, e *errand, ok bool) line {
	l := line{span: b.span(), parent: t.parent, op: "execute_tool", agent: t.agent, role: t.role, instance: t.instance, tool: e.tool,
		access: e.access, args: e.args, start: b.now, dur: e.ms + b.rng.below(e.ms), hasCost: e.fee > 0, cost: e.fee, stage: t.stage}
	if ok {
		l.result = e.result
	} else {
		l.status, l.errorTyp = "error", []string{"timeout", "upstream_error", "not_found"}[b.rng.below(3)]
	}
	return l
}

// stamp is a time in RFC 3339.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

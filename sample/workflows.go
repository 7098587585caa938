package sample

import (
	"strconv"

	"costscope/tracefmt"
)

const (
	cent  = tracefmt.Dollar / 100
	milli = tracefmt.Dollar / 1000
)

// support answers one customer: a pilot with one small model at first, later a crew.
func support(b *builder) {
	if b.id.version == pilotVersion {
		supportPilot(b)
		return
	}
	plan := b.supportThread("planner", "planner", opus, 0)
	b.ask(plan, "plan", 420)
	b.search(plan.last)
	exec := b.supportThread("executor", "executor", sonnet, plan.last)
	exec.cache = !b.rng.chance(550) // a date at the head of some prompts defeats the cache
	b.execute(exec, plan)
	b.helpers(exec)
	if b.stuck {
		b.recover(exec)
	}
	b.validate(exec)
	b.watch(exec)
	b.close(7, 220)
}

// supportPilot is the demonstration: a small model, few turns.
func supportPilot(b *builder) {
	t := b.supportThread("executor", "executor", haiku, 0)
	for turns := b.rng.between(2, 5); turns > 0 && !b.stuck; turns-- {
		if _, ok := b.ask(t, "answer", 240); ok && turns > 1 {
			b.use(t, b.errand("search_orders", reads, 0, 900))
		}
	}
	b.close(5, 0)
}

// supportThread is an agent of the support bot. Each release adds to its standing prompt.
func (b *builder) supportThread(name, role string, m *model, parent int) *thread {
	t := &thread{agent: name, role: role, instance: name + "-1", model: m, parent: parent, cache: true}
	creep := b.sc.creep * release(b.id.version)
	if b.id.version == pilotVersion {
		creep = -1600
	}
	t.parts[instructions] = 2200 + creep/5
	t.parts[guardrails] = 400 + creep/10
	t.parts[tools] = 3200 + creep*2/5
	t.parts[memory] = 500 + creep*3/10
	t.parts[user] = 40 + b.rng.lognormal(80, 700)
	switch role {
	case "planner":
		t.parts[tools] /= 2
	case "validator":
		t.parts[tools], t.parts[memory] = 0, 0
		t.parts[guardrails] *= 3
	case "monitor":
		t.parts = [tracefmt.ContextParts]int64{instructions: 220, logs: 300 + b.rng.below(500)}
	}
	return t
}

// search looks up what the company knows: an embedding and a retrieval.
func (b *builder) search(parent int) {
	l := line{span: b.span(), parent: parent, op: "embeddings", agent: "planner", role: "planner", instance: "planner-1", step: "knowledge", model: embedder,
		start: b.now, dur: b.rng.between(40, 120), hasUsage: true, usage: tracefmt.Usage{Input: b.rng.between(20, 160)}}
	b.emit(l)
	b.now += l.dur
	l = line{span: b.span(), parent: parent, op: "retrieval", agent: "planner", role: "planner", instance: "planner-1", step: "knowledge", start: b.now, dur: b.rng.between(20, 90)}
	b.emit(l)
	b.now += l.dur + 10
}

// helpers are the agents that a sprawling crew collects: each reads the whole conversation, twice.
func (b *builder) helpers(exec *thread) {
	for i := range b.sc.sprawl {
		h := sprawl[i]
		t := b.supportThread(h.name, h.role, h.model, exec.last)
		t.cache = false
		t.parts[history] = exec.size()
		if _, ok := b.ask(t, "assist", 240); ok {
			b.ask(t, "assist", 240)
		}
	}
}

var sprawl = []struct {
	name, role string
	model      *model
}{
	{"router", "planner", gpt5mini}, {"summarizer", "monitor", gpt5}, {"tone-critic", "validator", haiku}, {"policy-guard", "validator", sonnet},
	{"memory-keeper", "monitor", sonnet}, {"formatter", "executor", gpt5mini},
}

var lookups = []struct {
	tool   string
	fee    tracefmt.USD
	tokens int64
}{
	{"search_orders", 2 * milli, 1500}, {"read_ticket", 0, 2600}, {"search_web", cent, 4200}, {"read_policy", 0, 3600},
}

// errand is a new use of a tool.
func (b *builder) errand(tool string, a access, fee tracefmt.USD, tokens int64) errand {
	return errand{tool: tool, access: a, fee: fee, args: b.hash(), result: b.hash(), tokens: min(b.rng.lognormal(tokens, 700), 24_000),
		ms: b.rng.between(80, 900)}
}

const compactAt = 160_000 // tokens

// A job is what an executor has to do for one customer.
type job struct {
	turns    int64
	bulk     int64    // how much this customer's tools return, in thousandths
	trap     int64    // the turn at which it gets stuck in a loop; 0: never
	known    []errand // lookups since the last change
	repeated bool     // the turn before looked up what was known
}

func (b *builder) job(t *thread) job {
	j := job{turns: b.rng.pareto(2, 40, 1500), bulk: b.rng.lognormal(1000, 900), repeated: true}
	if b.id.feature == "exports" {
		j.turns += 4
	}
	if b.rng.chance(18) { // the odd case drags on, with a prompt that no cache serves
		j.turns, j.bulk, t.cache = b.rng.between(48, 80), max(j.bulk, 2500), false
	}
	if b.rng.chance(b.climate.loops) {
		j.trap = b.rng.between(2, 6)
	}
	return j
}

// execute is the executor's loop: think, use a tool, think again. Long runs are rare and take most of the money.
func (b *builder) execute(t, plan *thread) {
	j := b.job(t)
	for turn := int64(1); turn < j.turns && !b.stuck && !b.cut; turn++ {
		b.pause(t)
		if turn%14 == 0 {
			b.ask(plan, "replan", 200)
		}
		if turn == j.trap {
			b.loop(t)
			j.repeated = true
			continue
		}
		if _, ok := b.ask(t, "work", 480); !ok {
			return
		}
		b.step(t, &j)
		t.compact()
	}
	if !b.stuck {
		b.ask(t, "reply", 620)
	}
}

// step is what the executor does between two thoughts: look something up, at times again for nothing, or change something.
func (b *builder) step(t *thread, j *job) {
	again := !j.repeated && len(j.known) > 1 && b.rng.chance(b.climate.repeats)
	j.repeated = again
	switch {
	case again:
		b.redundant(t, j.known[0])
	case b.rng.chance(150):
		j.known = j.known[:0]
		b.use(t, b.errand("update_order", writes, 0, 120))
	default:
		k := lookups[b.rng.below(int64(len(lookups)))]
		e := b.errand(k.tool, reads, k.fee, k.tokens*j.bulk/1000+20)
		j.known = append(j.known, e)
		b.use(t, e)
	}
}

// pause is when the customer takes his time, and the provider forgets the prompt.
func (b *builder) pause(t *thread) {
	if b.rng.chance(20) {
		b.now += b.rng.between(5, 9) * 60_000
		t.cached = 0
	}
}

// compact sums a conversation up when it has grown too long.
func (t *thread) compact() {
	if t.size() < compactAt {
		return
	}
	t.parts[history] /= 6
	t.parts[logs] /= 6
	t.cached = min(t.cached, t.parts[instructions]+t.parts[tools])
}

// smoothly runs f in a climate where nothing fails.
func (b *builder) smoothly(f func()) {
	was := b.climate
	b.climate.trouble, b.climate.tools = 0, 0
	f()
	b.climate.trouble, b.climate.tools = was.trouble, was.tools
}

// loop asks for the same lookup again and again.
func (b *builder) loop(t *thread) {
	e := b.errand("search_orders", reads, 2*milli, 500)
	b.smoothly(func() {
		before, first := t.spent, t.spent
		for i := range b.rng.between(4, 9) {
			b.ask(t, "work", 150)
			b.use(t, e)
			if i == 0 {
				first = t.spent
			}
		}
		if b.cut {
			return
		}
		l := &b.truth.Loops
		l.Count++
		l.Cost += t.spent - before
		l.Waste += t.spent - first
	})
}

// redundant looks something up that is known already.
func (b *builder) redundant(t *thread, e errand) {
	b.smoothly(func() {
		if cost, ok := b.use(t, e); ok {
			b.truth.Redundant.Count++
			b.truth.Redundant.Cost += cost
		}
	})
}

// recover apologises and hands over: the cost of handling an error.
func (b *builder) recover(after *thread) {
	t := b.supportThread("recovery", "executor", haiku, after.parent)
	t.stage = "error_handling"
	b.smoothly(func() { b.ask(t, "apologise", 160) })
}

// validate reads the draft; what it refuses, the executor writes again.
func (b *builder) validate(exec *thread) {
	t := b.supportThread("validator", "validator", haiku, exec.last)
	t.parts[history] = min(exec.size()/2, 20_000)
	if b.ask(t, "check", 90); b.rng.chance(120) && !b.stuck {
		b.ask(exec, "revise", 300)
		t.parts[history] += 300
		b.ask(t, "check", 90)
	}
}

// watch notes what happened. Some of its answers are streamed by a client that does not ask for usage; a new guard is on trial.
func (b *builder) watch(exec *thread) {
	parent := exec.last
	t := b.supportThread("monitor", "monitor", gpt5mini, parent)
	t.parts[logs] += exec.size() / 2
	if b.rng.chance(30) {
		l := line{span: b.span(), parent: parent, op: "chat", agent: t.agent, role: t.role, instance: t.instance, step: "log", model: t.model,
			start: b.now, dur: b.rng.between(400, 900)}
		b.emit(l)
		b.now += l.dur + 20
	} else {
		b.ask(t, "log", 140)
	}
	if b.rng.chance(60) {
		g := b.supportThread("guard", "monitor", house, parent)
		b.smoothly(func() { b.ask(g, "screen", 20) })
	}
}

// human is a person's review; a minute costs 45 cents.
func (b *builder) human(agent string, permille int) {
	if b.cut || !b.rng.chance(permille) {
		return
	}
	minutes := b.rng.between(2, 6)
	b.now += b.rng.between(60_000, 600_000)
	l := line{span: b.span(), op: "human_review", kind: "human", agent: agent, step: "review", start: b.now, dur: minutes * 60_000,
		hasCost: true, cost: tracefmt.USD(minutes) * 45 * cent}
	b.now += l.dur
	b.emit(l)
}

// close decides how the run ended and writes its own line.
func (b *builder) close(hours int64, review int) {
	permille := b.climate.success
	if b.id.feature == "exports" {
		permille -= 200
	}
	permille -= min(250, 4*b.spans)
	if b.stuck {
		permille = 120
	}
	success := b.rng.chance(permille)
	if !success {
		b.human("service-desk", review)
	} else {
		b.human("service-desk", review/10)
	}
	var values []amount
	if success {
		values = []amount{{"hours_saved", b.rng.between(1, hours)}}
		if b.rng.chance(180) {
			values = append(values, amount{"users_retained", 10})
		}
	}
	b.finish(success, values, 40)
}

// finish writes the run's own line; silent, in thousandths, is how often it is missing.
func (b *builder) finish(success bool, values []amount, silent int) {
	quality := b.rng.between(15, 62)
	if success {
		quality = b.rng.between(64, 99)
	}
	e := ending{said: true, success: success, quality: quality, values: values, user: b.rng.pareto(1, 4000, 300), session: b.rng.below(1_000_000),
		task: b.rng.between(1, 40), channel: []string{"chat", "email", "phone"}[b.rng.below(3)]}
	outcome := "failure"
	switch {
	case b.open:
		outcome = "in_flight"
	case b.cut || b.rng.chance(silent):
		outcome = "unknown"
	case success:
		outcome = "success"
	}
	count(b.truth.Outcomes, outcome, b.cost)
	if outcome == "unknown" || outcome == "in_flight" {
		return
	}
	for _, v := range values {
		b.truth.values(v)
	}
	b.lines = append(b.lines, line{run: b.id, root: true, start: b.now, end: e})
}

// values adds up in tenths, which floats hold exactly once divided.
func (t *Truth) values(v amount) {
	t.Values[v.unit] = float64(int64(t.Values[v.unit]*10+0.5)+v.tenths) / 10
}

// invoice reads one invoice. Its gateway states what each call cost.
func invoice(b *builder) {
	b.id.version = "3.2"
	ext := &thread{agent: "extractor", role: "executor", instance: "extractor-1", model: flash, cache: true, stated: true}
	ext.parts = [tracefmt.ContextParts]int64{instructions: 600, guardrails: 90, user: b.rng.lognormal(2400, 900)}
	b.scan(ext)
	b.ask(ext, "extract", 380)
	cls := &thread{agent: "classifier", role: "planner", instance: "classifier-1", model: gpt5mini, parent: ext.last, cache: true, stated: true}
	cls.parts = [tracefmt.ContextParts]int64{instructions: 450, history: 400, memory: 200}
	b.ask(cls, "classify", 90)
	if !b.stuck && b.rng.chance(600) {
		b.use(cls, b.errand("lookup_vendor", reads, milli, 250))
		b.ask(cls, "assign", 120)
	}
	val := &thread{agent: "validator", role: "validator", instance: "validator-1", model: gpt5mini, parent: cls.last, cache: true, stated: true}
	val.parts = [tracefmt.ContextParts]int64{instructions: 500, guardrails: 500, history: 600}
	b.ask(val, "check_totals", 110)
	permille := b.climate.success + 60
	if b.stuck {
		permille = 150
	}
	b.human("accounts-desk", 40)
	if b.rng.chance(permille) {
		b.finish(true, []amount{{"hours_saved", b.rng.between(1, 4)}, {"errors_avoided", 10 * b.rng.between(0, 2)}}, 20)
	} else {
		b.finish(false, nil, 20)
	}
}

// scan waits for text recognition: polling, which is neither a loop nor a retry.
func (b *builder) scan(t *thread) {
	b.smoothly(func() {
		b.use(t, b.errand("submit_scan", writes, 5*milli, 60))
		e := b.errand("scan_status", reads, 0, 15)
		done := b.hash()
		for range b.rng.between(1, 3) {
			b.use(t, e)
			b.now += 1500
		}
		e.result = done
		b.use(t, e)
	})
}

// review has a crew look at one change: a lead, reviewers side by side, a judge that answers three times. Its spans enclose one another
// and repeat the sums of what they enclose.
func review(b *builder) {
	b.id.version = "2.4"
	start := b.now
	root := line{span: b.span(), op: "invoke_workflow", agent: "lead", start: start, dur: -1}
	b.emit(root)
	lead := &thread{agent: "lead", role: "planner", instance: "lead-1", model: gpt5, parent: root.span, cache: true, tier: "standard"}
	lead.parts = [tracefmt.ContextParts]int64{instructions: 900, tools: 700, user: b.rng.lognormal(2500, 800)}
	b.ask(lead, "split", 300)
	from, end := b.now, b.now
	for i := range b.rng.between(2, 4) {
		b.now = from + i*40
		b.reviewer(int(i)+1, root.span)
		end = max(end, b.now)
	}
	b.now = end + 50
	b.judge(root.span)
	lead.parts[logs] += 1200
	b.ask(lead, "summarise", 420)
	root.dur = b.now - start
	b.open = b.open || b.cut
	b.emit(root)
	permille := b.climate.success
	if b.stuck {
		permille = 250
	}
	if b.rng.chance(permille) {
		b.finish(true, []amount{{"decisions_improved", 10 * b.rng.between(1, 3)}, {"errors_avoided", 10 * b.rng.between(0, 4)}}, 0)
	} else {
		b.finish(false, nil, 0)
	}
}

func (b *builder) reviewer(n, parent int) {
	span := line{span: b.span(), parent: parent, op: "invoke_agent", agent: "reviewer", role: "executor", instance: "reviewer-" + strconv.Itoa(n), start: b.now}
	from := len(b.lines)
	t := &thread{agent: "reviewer", role: "executor", instance: span.instance, model: sonnet, parent: span.span, cache: true, tier: "standard"}
	t.parts = [tracefmt.ContextParts]int64{instructions: 1100, guardrails: 200, tools: 1300, user: b.rng.lognormal(3000, 700)}
	failed := b.stuck
	b.stuck = false
	for turns := b.rng.pareto(2, 24, 1600); turns > 1 && !b.stuck && !b.cut; turns-- {
		if _, ok := b.ask(t, "read", 160); ok {
			b.use(t, b.errand("read_file", reads, 0, 1600))
		}
	}
	if !b.stuck {
		b.ask(t, "comment", 380)
	}
	b.stuck = b.stuck || failed
	span.dur = b.now - span.start
	span.hasUsage = true
	for _, l := range b.lines[from:] {
		span.usage.Input += l.usage.Input
		span.usage.CacheRead += l.usage.CacheRead
		span.usage.CacheWrite += l.usage.CacheWrite
		span.usage.CacheWrite1h += l.usage.CacheWrite1h
		span.usage.Output += l.usage.Output
	}
	b.emit(span)
}

// judge answers the same question three times and takes the majority: samples, not retries.
func (b *builder) judge(parent int) {
	prompt, tail := b.hash(), b.hash()
	size := b.rng.between(1800, 4200)
	for i := range 3 {
		l := line{span: b.span(), parent: parent, op: "chat", kind: "evaluator", agent: "judge", role: "validator", instance: "judge-1", step: "vote", model: haiku,
			start: b.now, dur: b.rng.between(900, 1900), hasUsage: true, usage: tracefmt.Usage{Input: size, Output: b.rng.between(30, 70)},
			prompt: prompt, tail: tail, sample: i + 1, tier: "standard"}
		b.now += l.dur + 30
		b.emit(l)
	}
}

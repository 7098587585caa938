package tracefmt

import (
	"fmt"
	"strings"
)

// OpenHands output.jsonl: one benchmark instance, or one issue of the resolver, per line. A call is an entry of metrics.token_usages; its
// latency has the same response_id, its cost the same place in metrics.costs. Without token_usages (2024) each cost is a call. The events
// of history give tools and times; their local times are set right by the UTC times that the answers inside them state.

var openHandsFormat = Format{Name: "openhands", Title: "OpenHands output.jsonl",
	Can: TellsUsage | TellsOutcomes, Partly: TellsCost, Note: "a cost of 0 beside tokens means that the model had no price there",
	sniff: sniffOpenHands, decode: decodeOpenHands}

func sniffOpenHands(v *peek) bool {
	return v.has("history") && (v.has("instance_id") || v.has("issue")) && (v.has("instruction") || v.has("metrics") || v.has("test_result")) && !v.has("trajectory")
}

// An ohDoc is what one line says beside its records.
type ohDoc struct {
	run           Record // outcome, error
	task          string
	issue         [3]string // owner, repo, number
	model         Sym
	agent         Sym
	dataset, note string
	metrics       ohMetrics
	history       ohHistory
}

func decodeOpenHands(d *Decoder, value []byte) error {
	n := len(d.Out)
	var o ohDoc
	s := &d.scan
	s.reset(value)
	for s.object(); s.next(); {
		d.ohMember(&o)
	}
	if s.err != nil {
		return s.err
	}
	o.close(d, n)
	return nil
}

func (d *Decoder) ohMember(o *ohDoc) {
	s := &d.scan
	switch string(s.key()) {
	case "instance_id":
		o.task = string(s.str())
	case "issue":
		d.ohIssue(o)
	case "metadata":
		d.ohMetadata(o)
	case "history":
		d.ohHistory(&o.history)
	case "metrics":
		d.ohMetrics(&o.metrics)
	case "error":
		o.note = string(tidy(s.str()))
	case "success", "resolved":
		d.verdictTo(&o.run)
	case "test_result", "report":
		d.ohVerdict(&o.run)
	default:
		s.skip()
	}
}

func (d *Decoder) ohIssue(o *ohDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "owner":
			o.issue[0] = string(s.str())
		case "repo":
			o.issue[1] = string(s.str())
		case "number":
			o.issue[2] = string(s.str())
		default:
			s.skip()
		}
	}
}

func (d *Decoder) ohMetadata(o *ohDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "llm_config", "llm":
			o.model = firstSym(d.ohModel(), o.model)
		case "agent_class":
			o.agent = d.name(s.str())
		case "dataset":
			o.dataset = string(s.str())
		default:
			s.skip()
		}
	}
}

// ohModel reads the model of an LLM's settings.
func (d *Decoder) ohModel() (model Sym) {
	s := &d.scan
	if !s.enter('{') {
		return 0
	}
	for s.next() {
		if string(s.key()) == "model" {
			model = d.sym(s.str())
			continue
		}
		s.skip()
	}
	return model
}

// ohVerdict reads what a benchmark says of the result: a boolean, or an object that holds one under one of several names.
func (d *Decoder) ohVerdict(r *Record) {
	s := &d.scan
	if s.kind() != '{' {
		d.verdictTo(r)
		return
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "resolved", "passed", "success", "score":
			if c := s.kind(); c == 't' || c == 'f' {
				d.verdictTo(r)
				continue
			}
			s.skip()
		case "report", "result":
			if c := s.kind(); c == 't' || c == 'f' || c == '{' && len(s.stack) < 8 {
				d.ohVerdict(r)
				continue
			}
			s.skip()
		default:
			s.skip()
		}
	}
}

// close settles the run and adds its calls.
func (o *ohDoc) close(d *Decoder, n int) {
	if o.task == "" && o.issue[2] != "" {
		o.task = strings.TrimPrefix(o.issue[0]+"/"+o.issue[1]+"#"+o.issue[2], "/")
	}
	if o.metrics.model == 0 {
		o.metrics.model = o.model
	}
	calls, agent := len(d.Out), firstSym(o.agent, d.sym([]byte("OpenHands")))
	for i := n; i < calls; i++ {
		d.Out[i].Agent = agent
	}
	d.ohCalls(&o.metrics, &o.history, agent)
	o.history.settleTimes(d.Out[n:calls])
	o.history.settleParents(d, calls)
	run := o.metrics.id().runOf(o.task)
	r := d.docRun(run, o.task)
	r.Has, r.Outcome = o.run.Has, o.run.Outcome
	r.Workflow = o.workflow(d)
	status, _, _ := strings.Cut(o.note, ". ")
	d.docTags(r, "error", status)
	d.setRun(n, run)
}

// workflow is the benchmark, or the repository of the issue. A data set's name may be the path of its file, flattened.
func (o *ohDoc) workflow(d *Decoder) Sym {
	switch {
	case o.dataset != "":
		name := o.dataset[strings.LastIndex(o.dataset, "__")+1:]
		name = strings.TrimPrefix(name[strings.LastIndex(name, "/")+1:], "_")
		return d.name([]byte(name))
	case o.issue[1] != "":
		return d.name([]byte(strings.TrimPrefix(o.issue[0]+"/"+o.issue[1], "/")))
	}
	return d.sym([]byte("openhands"))
}

// ohMetrics are the metrics of a run or of one of its language models.
type ohMetrics struct {
	agent     Sym // what its model is used for
	model     Sym
	cost      USD // of all calls
	hasCost   bool
	total     Record // usage of all calls
	usages    []ohUsage
	costs     []ohCost
	latencies []ohLatency
}

type ohUsage struct {
	id    string
	model Sym
	usage Usage
	has   Fields
}

type ohCost struct {
	usd    USD
	ok     bool
	model  Sym
	end    int64
	hasEnd bool
}

type ohLatency struct {
	id    string
	model Sym
	ns    int64
	ok    bool
}

func (d *Decoder) ohMetrics(m *ohMetrics) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "model_name":
			m.model = d.sym(s.str())
		case "accumulated_cost":
			m.cost, m.hasCost = d.docUSD()
		case "accumulated_token_usage":
			d.ohUsage(&m.total)
		case "token_usages":
			if s.enter('[') {
				for s.next() {
					var r Record
					d.ohUsage(&r)
					m.usages = append(m.usages, ohUsage{r.ID, r.Model, r.Usage, r.Has})
				}
			}
		case "costs":
			if s.enter('[') {
				for s.next() {
					m.costs = append(m.costs, d.ohCost())
				}
			}
		case "response_latencies":
			if s.enter('[') {
				for s.next() {
					m.latencies = append(m.latencies, d.ohLatency())
				}
			}
		default:
			s.skip()
		}
	}
}

// ohUsage reads the tokens of a call, or of all.
func (d *Decoder) ohUsage(r *Record) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "model":
			if b := s.str(); string(b) != "default" {
				r.Model = d.sym(b)
			}
		case "response_id":
			r.ID = d.text(s.str())
		case "prompt_tokens":
			d.docCount(r, &r.Usage.Input, HasInput)
		case "completion_tokens":
			d.docCount(r, &r.Usage.Output, HasOutput)
		case "cache_read_tokens":
			d.docCount(r, &r.Usage.CacheRead, HasCacheRead)
		case "cache_write_tokens":
			d.docCount(r, &r.Usage.CacheWrite, HasCacheWrite)
		case "reasoning_tokens":
			d.docCount(r, &r.Usage.Reasoning, HasReasoning)
		default:
			s.skip()
		}
	}
}

// ohCost reads {"model", "cost", "timestamp"}, or the bare number of 2024.
func (d *Decoder) ohCost() (c ohCost) {
	s := &d.scan
	if s.kind() != '{' {
		c.usd, c.ok = d.docUSD()
		return c
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "cost":
			c.usd, c.ok = d.docUSD()
		case "model":
			c.model = d.sym(s.str())
		case "timestamp":
			c.end, c.hasEnd = readTime(s.str())
		default:
			s.skip()
		}
	}
	return c
}

func (d *Decoder) ohLatency() (l ohLatency) {
	s := &d.scan
	if s.kind() != '{' {
		l.ns, l.ok = d.docSeconds()
		return l
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "latency":
			l.ns, l.ok = d.docSeconds()
		case "model":
			l.model = d.sym(s.str())
		case "response_id":
			l.id = d.text(s.str())
		default:
			s.skip()
		}
	}
	return l
}

// id tells the metrics of one run from those of another: by the first answer, else by the first costs.
func (m *ohMetrics) id() (h docID) {
	for i := range m.usages {
		if uniqueID(m.usages[i].id) {
			h.add([]byte(m.usages[i].id))
			return h
		}
	}
	for i := range m.latencies {
		if uniqueID(m.latencies[i].id) {
			h.add([]byte(m.latencies[i].id))
			return h
		}
	}
	for i := range m.usages[:min(len(m.usages), 8)] {
		h.add(fmt.Appendf(nil, "u%d/%d", m.usages[i].usage.Input, m.usages[i].usage.Output))
	}
	for i := range m.costs[:min(len(m.costs), 8)] {
		h.add(fmt.Appendf(nil, "c%d@%d", m.costs[i].usd, m.costs[i].end))
	}
	if h == 0 {
		h.add(fmt.Appendf(nil, "%d/%d/%d", m.cost, m.total.Usage.Input, m.total.Usage.Output))
	}
	return h
}

// ohCalls adds the calls that the metrics list, and what they state in all where the calls do not say it.
func (d *Decoder) ohCalls(m *ohMetrics, h *ohHistory, agent Sym) {
	n := len(d.Out)
	seen := make(map[string]int, len(m.usages)) // answers that latencies belong to
	for i := range m.usages {
		u := &m.usages[i]
		r := d.ohCall(m, agent, u.model, u.id, i)
		r.Usage, r.Has = u.usage, u.has
		seen[u.id]++
		if len(m.costs) == len(m.usages) {
			m.costs[i].to(r)
		}
		if r.Usage.CacheWrite > 0 {
			r.Flags |= FlagWriteSplitGuess
		}
		d.settleUsage(r, 0, noTotal)
	}
	if len(m.usages) == 0 {
		for i := range m.costs {
			m.costs[i].to(d.ohCall(m, agent, m.costs[i].model, "", i))
		}
	}
	d.ohLatencies(m, h, agent, n, seen)
	for i := n; i < len(d.Out); i++ {
		h.place(&d.Out[i])
	}
	d.ohTotal(m, n)
}

// ohCall adds a call.
func (d *Decoder) ohCall(m *ohMetrics, agent, model Sym, id string, i int) *Record {
	r := d.add()
	r.Kind, r.Status, r.Agent, r.Model = KindLLM, StatusOK, agent, firstSym(model, m.model)
	answerID(r, id, i+1)
	return r
}

// to gives a call its cost and the time when it was known.
func (c *ohCost) to(r *Record) {
	if c.ok {
		r.Recorded = c.usd
		r.Has |= HasCost
	}
	if c.hasEnd {
		r.End = c.end
		r.Has |= HasEnd
	}
}

// ohLatencies gives the calls from n on their durations. Latencies that no usage answers are requests that failed.
func (d *Decoder) ohLatencies(m *ohMetrics, h *ohHistory, agent Sym, n int, seen map[string]int) {
	if len(m.usages) == 0 {
		if len(m.latencies) == len(m.costs) {
			for i := range m.latencies {
				m.latencies[i].to(&d.Out[n+i])
			}
		}
		return
	}
	at := 0
	for i := range m.latencies {
		l := &m.latencies[i]
		if seen[l.id] > 0 {
			seen[l.id]--
			for k := 0; k < len(m.usages); k++ {
				if j := (at + k) % len(m.usages); m.usages[j].id == l.id {
					l.to(&d.Out[n+j])
					at = j + 1
					break
				}
			}
			continue
		}
		r := d.ohCall(m, agent, l.model, l.id, len(m.usages)+i)
		if !h.knows(l.id) {
			r.Status, r.Error = StatusError, d.sym([]byte("no usage recorded"))
		}
		l.to(r)
	}
}

// to gives a call its duration: until it has an end, the start holds it.
func (l *ohLatency) to(r *Record) {
	if !l.ok {
		return
	}
	if r.Has&HasEnd != 0 {
		r.Start = r.End - l.ns
		r.Has |= HasStart
		return
	}
	r.Start = l.ns
}

// ohTotal adds what the metrics state in all, where the calls from n on do not say as much.
func (d *Decoder) ohTotal(m *ohMetrics, n int) {
	cost, input, all := d.sumOf(n)
	calls := len(d.Out) - n
	money := m.hasCost && m.cost > 0 && (!all || calls == 0 || m.cost-cost > slack)
	tokens := m.total.Usage.Input+m.total.Usage.Output > 0 && (len(m.usages) == 0 || m.total.Usage.Input > input)
	if !money && !tokens {
		return
	}
	r := d.add()
	r.Kind, r.Flags, r.ID = KindChain, FlagTotal, "total"
	if calls == 0 {
		r.Model = firstSym(m.model, m.total.Model)
	}
	if money {
		r.Recorded, r.Has = m.cost, HasCost
	}
	if tokens {
		r.Usage = m.total.Usage
		r.Has |= m.total.Has
		d.settleUsage(r, 0, noTotal)
	}
}

package tracefmt

import "bytes"

// tau2Format is the results of tau2-bench: a document of all runs (simulations), or a file for each. Agent and simulated user are models
// both, and the usage of each message is stated. The sums beside the messages (agent_cost, user_cost) repeat them.
var tau2Format = Format{Name: "tau2-bench", Title: "tau2-bench results",
	Can: TellsUsage | TellsAgents | TellsOutcomes | TellsText, Partly: TellsCost, Note: "times without a zone; the cached part of the input is told by newer versions only",
	sniff: sniffTau2, decode: decodeTau2}

func sniffTau2(v *peek) bool {
	if v.has("simulations", "tasks") || v.has("simulations", "info", "timestamp") {
		return true
	}
	return v.has("task_id", "termination_reason", "reward_info") && (v.has("messages") || v.has("agent_cost"))
}

// tau2Doc is what holds for all runs of a document.
type tau2Doc struct {
	domain, agent, agentModel, userModel Sym
	human, untimed                       bool
}

func decodeTau2(d *Decoder, value []byte) error {
	s := &d.scan
	doc := tau2Doc{agent: d.sym([]byte("main"))}
	n := len(d.Out)
	user := d.sym([]byte("user"))
	s.reset(value)
	single := false
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "info":
			d.tau2Info(&doc)
		case "simulations":
			if s.kind() != '[' {
				s.skip()
				continue
			}
			for s.array(); s.next(); {
				d.simulation(&doc)
			}
		case "termination_reason":
			single = true
			s.skip()
		default:
			s.skip()
		}
	}
	if single && s.err == nil {
		s.reset(value)
		d.simulation(&doc)
	}
	if s.err != nil {
		return s.err
	}
	for i := n; i < len(d.Out); i++ { // info may stand behind the runs
		r := &d.Out[i]
		switch {
		case r.Kind == KindRun:
			r.Feature = doc.domain
		case r.Agent == user:
			if r.Kind == KindLLM {
				r.RequestModel = doc.userModel
			}
			if r.Kind == KindLLM && doc.human {
				r.Kind = KindHuman
			}
		default:
			if r.Agent = doc.agent; r.Kind == KindLLM {
				r.RequestModel = doc.agentModel
			}
		}
	}
	if doc.untimed {
		d.warnf("times without a zone: read as UTC")
	}
	if len(d.Out) == n {
		return errDrop
	}
	return nil
}

// tau2Info reads who took part.
func (d *Decoder) tau2Info(doc *tau2Doc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "agent_info":
			kind, model := d.tau2Party()
			doc.agent, doc.agentModel = firstSym(kind, doc.agent), model
		case "user_info":
			var kind Sym
			kind, doc.userModel = d.tau2Party()
			name := d.names.all.Name(kind)
			doc.human = bytes.Contains([]byte(name), []byte("human"))
		case "environment_info":
			if !s.enter('{') {
				continue
			}
			for s.next() {
				if string(s.key()) == "domain_name" {
					doc.domain = d.sym(s.str())
				} else {
					s.skip()
				}
			}
		default:
			s.skip()
		}
	}
}

// tau2Party reads one side of the talk.
func (d *Decoder) tau2Party() (kind, model Sym) {
	s := &d.scan
	if !s.enter('{') {
		return 0, 0
	}
	for s.next() {
		switch string(s.key()) {
		case "implementation":
			kind = d.name(s.str())
		case "llm":
			model = d.sym(s.str())
		default:
			s.skip()
		}
	}
	return kind, model
}

// A simulation is what one run says of itself outside of its messages.
type simulation struct {
	id, task, trial   string
	ended             []byte
	reward            float64
	rewarded          bool
	start, end        int64
	agentUSD, userUSD USD
	hasAgent, hasUser bool
	ticks             bool // the talk is kept tick by tick
}

// tau2Failures are reasons to end that are failures of the run.
var tau2Failures = map[string]bool{
	"too_many_errors": true, "max_steps": true, "agent_error": true, "user_error": true, "error": true, "timeout": true,
	"infrastructure_error": true, "unexpected_error": true, "context_window_exceeded": true,
}

// simulation reads one run.
func (d *Decoder) simulation(doc *tau2Doc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	n := len(d.Out)
	var v simulation
	g := dialogue{user: d.sym([]byte("user"))}
	for s.next() {
		switch string(s.key()) {
		case "id":
			v.id = d.text(s.str())
		case "task_id":
			v.task = d.text(s.str())
		case "trial":
			v.trial = string(s.str())
		case "start_time":
			v.start = d.localTime(doc)
			g.last = max(g.last, v.start)
		case "end_time":
			v.end = d.localTime(doc)
		case "termination_reason":
			v.ended = append(v.ended[:0], s.str()...)
		case "agent_cost":
			v.agentUSD, v.hasAgent = d.money()
		case "user_cost":
			v.userUSD, v.hasUser = d.money()
		case "reward_info":
			d.rewardInfo(&v)
		case "ticks":
			v.ticks = s.kind() == '['
			s.skip()
		case "messages":
			d.tau2Messages(doc, &g)
		default:
			s.skip()
		}
	}
	if s.err != nil || v.task == "" && v.id == "" {
		return
	}
	if v.id == "" {
		v.id = d.text([]byte("task-" + v.task + "-trial-" + v.trial + "-" + messageID(int(v.start/1e9))))
	}
	if g.at == 0 && (v.ticks || v.hasAgent || v.hasUser) { // a talk that is not kept as messages
		d.wholeTalk(&v, &g)
	}
	for i := n; i < len(d.Out); i++ {
		d.Out[i].Run = v.id
	}
	d.tau2Run(&v)
	d.agentTotal(v.id, "agent-cost", 0, v.agentUSD, v.hasAgent && !g.perAgent)
	d.agentTotal(v.id, "user-cost", g.user, v.userUSD, v.hasUser && !g.perUser)
}

// wholeTalk adds a call without usage for each side.
func (d *Decoder) wholeTalk(v *simulation, g *dialogue) {
	for _, agent := range [...]Sym{0, g.user} {
		r := d.add()
		r.Kind, r.Status, r.ID, r.Agent = KindLLM, StatusOK, "talk-"+messageID(int(min(agent, 1))), agent
		if v.start != 0 && v.end >= v.start {
			r.Start, r.End, r.Has = v.start, v.end, HasStart|HasEnd
		}
	}
}

func (d *Decoder) tau2Run(v *simulation) {
	r := d.add()
	r.Kind, r.Run, r.Workflow = KindRun, v.id, d.sym([]byte("tau2-bench"))
	r.Extra = &RunFacts{Task: v.task}
	r.setTrial(v.trial)
	d.flat.tags.reset()
	if v.trial != "" {
		d.flat.tags.add([]byte("trial"), []byte(v.trial))
	}
	if len(v.ended) > 0 {
		d.flat.tags.add([]byte("termination_reason"), v.ended)
	}
	r.Tags = d.tags(&d.flat.tags)
	failed := tau2Failures[string(v.ended)]
	if failed {
		r.Error = d.sym(v.ended)
	}
	switch {
	case v.rewarded:
		r.setReward(v.reward)
	case failed:
		r.Outcome = OutcomeFailure
		r.Has |= HasOutcome
	}
}

func (d *Decoder) rewardInfo(v *simulation) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) == "reward" {
			v.reward, v.rewarded = parseFloat(s.num())
		} else {
			s.skip()
		}
	}
}

// localTime reads a time; that most have no zone is noted.
func (d *Decoder) localTime(doc *tau2Doc) int64 {
	b := d.scan.str()
	if len(b) == 0 {
		return 0
	}
	ns, zoned, err := parseTime(b)
	if err != nil {
		return 0
	}
	doc.untimed = doc.untimed || !zoned
	return ns
}

func (d *Decoder) tau2Messages(doc *tau2Doc, g *dialogue) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		if s.kind() != '{' {
			s.skip()
			continue
		}
		d.tau2Message(doc, g)
	}
}

// tau2Said is one message.
type tau2Said struct {
	role, content, id []byte
	user              bool // a tool that the user asked for
	failed            bool
	at                int64
	took              int64 // nanoseconds; 0: not stated
	asks              bool
	nested            bool
}

// tau2Message reads one message. What a call states is read into a record at once; it is given up where the message is no call.
func (d *Decoder) tau2Message(doc *tau2Doc, g *dialogue) {
	s := &d.scan
	n := len(d.Out)
	d.add()
	var m tau2Said
	asked := len(g.asked)
	for s.object(); s.next(); {
		if k := s.key(); string(k) == "tool_messages" && s.kind() == '[' {
			m.nested = true
			d.tau2Messages(doc, g)
		} else {
			d.tau2Member(doc, g, &m, k, n)
		}
	}
	if s.err != nil || m.nested {
		d.Out = append(d.Out[:n], d.Out[n+1:]...)
		return
	}
	r := &d.Out[n]
	r.ID = messageID(g.at)
	g.at++
	if m.at != 0 {
		d.tau2Times(r, g, &m)
	}
	if !d.tau2Call(r, g, &m) {
		d.Out = d.Out[:n]
		g.asked = g.asked[:asked]
	}
}

// tau2Times: a message is written when it is done, and begun when the one before was.
func (d *Decoder) tau2Times(r *Record, g *dialogue, m *tau2Said) {
	r.End, r.Has = m.at, r.Has|HasEnd
	switch {
	case m.took > 0:
		r.Start, r.Has = m.at-m.took, r.Has|HasStart
	case g.last != 0 && g.last <= m.at:
		r.Start, r.Has = g.last, r.Has|HasStart
	}
	g.last = m.at
}

func (d *Decoder) tau2Member(doc *tau2Doc, g *dialogue, m *tau2Said, k []byte, n int) {
	s, r := &d.scan, &d.Out[n]
	switch string(k) {
	case "role":
		m.role = s.rawText()
	case "content":
		m.content = s.rawText()
	case "id":
		m.id = s.rawText()
	case "requestor":
		m.user = string(s.rawText()) == "user"
	case "error":
		m.failed, _ = s.boolean()
	case "timestamp":
		m.at = d.localTime(doc)
	case "generation_time_seconds":
		if f, ok := parseFloat(s.num()); ok && f > 0 && f < 1e6 {
			m.took = int64(f * 1e9)
		}
	case "cost":
		if v := s.num(); v != nil {
			if usd, err := ParseUSD(v); err == nil && usd >= 0 {
				r.Recorded, r.Has = usd, r.Has|HasCost
			}
		}
	case "usage":
		d.tau2Usage(r)
	case "raw_data":
		d.tau2Raw(r)
	case "tool_calls":
		m.asks = d.tau2Asks(g)
	default:
		s.skip()
	}
}

// tau2Usage reads the counts; those of raw_data have more members and repeat the others.
func (d *Decoder) tau2Usage(r *Record) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		u := &r.Usage
		var err error
		switch string(s.key()) {
		case "prompt_tokens":
			err = d.count(s, r, &u.Input, HasInput)
		case "completion_tokens":
			err = d.count(s, r, &u.Output, HasOutput)
		case "cache_creation_input_tokens":
			err = d.count(s, r, &u.CacheWrite, HasCacheWrite)
		case "prompt_tokens_details":
			d.detail(r, "cached_tokens", &u.CacheRead, HasCacheRead)
		case "completion_tokens_details":
			d.detail(r, "reasoning_tokens", &u.Reasoning, HasReasoning)
		default:
			s.skip()
		}
		if err != nil && s.err == nil {
			d.warnf("usage: %v: left out", err)
		}
	}
}

// detail reads one count of an object of them.
func (d *Decoder) detail(r *Record, name string, to *int64, has Fields) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) != name {
			s.skip()
		} else if err := d.count(s, r, to, has); err != nil && s.err == nil {
			d.warnf("usage: %v: left out", err)
		}
	}
}

// tau2Raw reads the answer as the provider gave it.
func (d *Decoder) tau2Raw(r *Record) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "model":
			r.Model = d.sym(s.str())
		case "usage":
			d.tau2Usage(r)
		default:
			s.skip()
		}
	}
}

// tau2Asks reads tool_calls.
func (d *Decoder) tau2Asks(g *dialogue) bool {
	s := &d.scan
	if !s.enter('[') {
		return false
	}
	n := len(g.asked)
	for s.next() {
		if !s.enter('{') {
			continue
		}
		a := askedOf{parent: messageID(g.at)}
		for s.next() {
			switch string(s.key()) {
			case "id":
				a.id = d.text(s.str())
			case "name":
				a.name = d.name(s.str())
			case "arguments":
				a.args = textHash(s.raw())
			case "requestor":
				a.user = string(s.rawText()) == "user"
			default:
				s.skip()
			}
		}
		g.asked = append(g.asked, a)
	}
	return len(g.asked) > n
}

// tau2Call makes a call of a message; false: it is none. The greeting that the program itself says costs nothing and has no usage.
func (d *Decoder) tau2Call(r *Record, g *dialogue, m *tau2Said) bool {
	r.Status = StatusOK
	switch string(m.role) {
	case "assistant", "user":
		if r.Has&HasUsage == 0 && r.State(HasCost) && r.Recorded == 0 && !m.asks {
			return false
		}
		r.Kind = KindLLM
		if r.Has&HasUsage == 0 && r.Recorded == 0 {
			r.Has &^= HasCost
		}
		if string(m.role) == "user" {
			r.Agent = g.user
			g.perUser = g.perUser || r.Recorded > 0
		} else {
			g.perAgent = g.perAgent || r.Recorded > 0
		}
		d.settleUsage(r, 0, noTotal)
	case "tool":
		r.Kind, r.Usage, r.Recorded, r.Has = KindTool, Usage{}, 0, r.Has&(HasStart|HasEnd)
		r.Fingerprints[3] = textHash(m.content)
		if a := g.question(m.id); a != nil {
			r.Tool, r.Parent, r.Fingerprints[2] = a.name, a.parent, a.args
			m.user = m.user || a.user
		}
		if m.user {
			r.Agent = g.user
		}
		if m.failed {
			r.Status, r.Error = StatusError, d.sym(firstLine(unescape(nil, m.content[:min(len(m.content), 200)])))
		}
	default:
		return false
	}
	return true
}

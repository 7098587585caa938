package tracefmt

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// tauFormat is the results of tau-bench: one value per run of a task. It tells neither tokens nor times, and of costs only what the
// simulated user had in all. That user is a model, too: its messages are calls of the agent "user".
var tauFormat = Format{Name: "tau-bench", Title: "tau-bench results",
	Can: TellsAgents | TellsOutcomes | TellsText, Partly: TellsCost, Note: "no tokens; the cost of the simulated user alone, that of the agent is unknown",
	sniff: sniffTau, decode: decodeTau}

func sniffTau(v *peek) bool {
	return v.has("task_id", "reward", "traj") || v.has("task_id", "reward", "info", "trial")
}

// A dialogue is what a reader of one run keeps while it goes through the messages.
type dialogue struct {
	at       int       // index of the current message
	last     int64     // when the message before was written; 0: not known
	asked    []askedOf // tools that were asked for
	caller   string    // the model call before
	hash     uint64    // of all messages so far
	user     Sym
	agent    Sym
	perUser  bool // a call of the user states its cost
	perAgent bool
}

// askedOf is a tool that a message asks for.
type askedOf struct {
	id, parent string
	name       Sym
	args       uint64
	user       bool // the simulated user asked
}

// messageID names a message by its place; ids sort like places.
func messageID(at int) string { return fmt.Sprintf("m%05d", at) }

// tauValue is what is said of a run outside of its messages.
type tauValue struct {
	task, trial       string
	reward            float64
	hasReward         bool
	userCost, ownCost USD
	hasUser, hasOwn   bool
	failed            []byte
}

func decodeTau(d *Decoder, value []byte) error {
	s := &d.scan
	var v tauValue
	n := len(d.Out)
	g := dialogue{user: d.sym([]byte("user")), agent: d.sym([]byte("main"))}
	s.reset(value)
	domain, failed := Sym(0), ""
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "task_id":
			v.task = d.text(s.str())
		case "trial":
			v.trial = string(s.str())
		case "reward":
			v.reward, v.hasReward = parseFloat(s.num())
		case "info":
			d.tauInfo(&v)
			failed = string(v.failed)
		case "total_cost", "agent_cost":
			v.ownCost, v.hasOwn = d.money()
		case "traj", "messages":
			domain = d.tauMessages(&g)
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return s.err
	}
	if v.task == "" {
		return errDrop
	}
	if g.at == 0 { // nothing in it tells it from other runs that failed at once
		g.hash = textHash([]byte(failed + d.sourceName()))
	}
	run := "task-" + v.task + "-trial-" + v.trial + "#" + strconv.FormatUint(g.hash, 16)
	model, user := tauModels(filepath.Base(d.Path))
	for i := n; i < len(d.Out); i++ {
		r := &d.Out[i]
		r.Run = run
		if r.Kind == KindLLM && r.Agent == g.user {
			r.RequestModel = d.sym(user)
		} else if r.Kind == KindLLM {
			r.RequestModel = d.sym(model)
		}
	}
	d.tauRun(run, &v, domain, failed)
	d.agentTotal(run, "user-cost", g.user, v.userCost, v.hasUser)
	d.agentTotal(run, "agent-cost", g.agent, v.ownCost, v.hasOwn)
	return nil
}

// money reads an amount; 0 is what is written where none is known.
func (d *Decoder) money() (USD, bool) {
	b := d.scan.num()
	if b == nil {
		return 0, false
	}
	usd, err := ParseUSD(b)
	return usd, err == nil && usd > 0
}

// agentTotal adds what the calls of one agent cost in all.
func (d *Decoder) agentTotal(run, id string, agent Sym, usd USD, known bool) {
	if !known {
		return
	}
	r := d.add()
	r.Kind, r.Run, r.ID, r.Flags, r.Agent, r.Recorded, r.Has = KindChain, run, id, FlagTotal, agent, usd, HasCost
}

// tauInfo reads info: the cost of the user, and what went wrong.
func (d *Decoder) tauInfo(v *tauValue) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "user_cost":
			v.userCost, v.hasUser = d.money()
		case "agent_cost", "total_cost":
			v.ownCost, v.hasOwn = d.money()
		case "error":
			v.failed = append(v.failed[:0], s.str()...)
		default:
			s.skip()
		}
	}
}

// tauRun adds what is known of the run.
func (d *Decoder) tauRun(run string, v *tauValue, domain Sym, failed string) {
	r := d.add()
	r.Kind, r.Run, r.Workflow, r.Feature = KindRun, run, d.sym([]byte("tau-bench")), domain
	r.Extra = &RunFacts{Task: v.task}
	if v.hasReward {
		r.setReward(v.reward)
	}
	r.setTrial(v.trial)
	if failed != "" {
		r.Error = d.sym(firstLine([]byte(failed)))
	}
	d.flat.tags.reset()
	if v.trial != "" {
		d.flat.tags.add([]byte("trial"), []byte(v.trial))
	}
	r.Tags = d.tags(&d.flat.tags)
}

// setReward reads a benchmark's reward: 1 is a success, less is none.
func (r *Record) setReward(v float64) {
	r.Score, r.Outcome = v, OutcomeFailure
	if v >= 1-1e-6 {
		r.Outcome = OutcomeSuccess
	}
	r.Has |= HasScore | HasOutcome
}

func (r *Record) setTrial(trial string) {
	if n, ok := parseInt([]byte(trial)); ok && n >= 0 && n < 1e6 {
		r.SampleIndex = int32(n)
		r.Has |= HasSample
	}
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), newline)
	return line[:min(len(line), 200)]
}

// tauMessages reads the messages of a run and returns its domain.
func (d *Decoder) tauMessages(g *dialogue) (domain Sym) {
	s := &d.scan
	if !s.enter('[') {
		return 0
	}
	for s.next() {
		if s.kind() != '{' {
			s.skip()
			continue
		}
		if y := d.tauMessage(g); y != 0 {
			domain = y
		}
		g.at++
	}
	return domain
}

// tauSaid is one message.
type tauSaid struct {
	role, content, tool, answers []byte // content as it is written
	from                         int    // of g.asked: the tools that it asks for
}

// tauMessage reads one message. The system's begins with the name of the domain.
func (d *Decoder) tauMessage(g *dialogue) (domain Sym) {
	s := &d.scan
	m := tauSaid{from: len(g.asked)}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "role":
			m.role = s.rawText()
		case "content":
			m.content = s.rawText()
		case "name":
			m.tool = s.rawText()
		case "tool_call_id":
			m.answers = s.rawText()
		case "tool_calls":
			d.tauAsks(g)
		default:
			s.skip()
		}
	}
	before := g.hash
	g.hash = mix(g.hash^textHash(m.content), textHash(m.role)^textHash(m.answers))
	switch string(m.role) {
	case "system":
		return d.tauDomain(m.content)
	case "assistant":
		d.tauCall(g, g.agent, before)
		for i := m.from; i < len(g.asked); i++ {
			g.hash = mix(g.hash, g.asked[i].args)
		}
		d.tauAction(g, m.content)
	case "user":
		if rest, ok := bytes.CutPrefix(m.content, []byte("API output: ")); ok {
			m.content = rest
			d.tauTool(g, &m)
			return 0
		}
		d.tauCall(g, g.user, before)
	case "tool", "function":
		d.tauTool(g, &m)
	}
	return 0
}

// tauDomain finds the domain in the first words of the policy: "# Airline Agent Policy".
func (d *Decoder) tauDomain(content []byte) Sym {
	head := bytes.ToLower(content[:min(len(content), 60)])
	for _, name := range [...]string{"airline", "retail", "telecom"} {
		if bytes.Contains(head, []byte(name)) {
			return d.sym([]byte(name))
		}
	}
	return 0
}

// tauCall adds a call of a model whose usage is not told.
func (d *Decoder) tauCall(g *dialogue, agent Sym, prompt uint64) {
	r := d.add()
	r.Kind, r.Status, r.ID, r.Agent = KindLLM, StatusOK, messageID(g.at), agent
	r.Fingerprints[0] = prompt
	if agent == g.agent {
		g.caller = r.ID
	}
}

// tauAsks reads tool_calls.
func (d *Decoder) tauAsks(g *dialogue) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		a := askedOf{parent: messageID(g.at)}
		for s.next() {
			switch string(s.key()) {
			case "id":
				a.id = d.text(s.str())
			case "function":
				d.tauFunction(&a)
			default:
				s.skip()
			}
		}
		g.asked = append(g.asked, a)
	}
}

func (d *Decoder) tauFunction(a *askedOf) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "name":
			a.name = d.name(s.str())
		case "arguments":
			a.args = textHash(s.raw())
		default:
			s.skip()
		}
	}
}

// tauAction finds the tool that an agent asks for in plain text: Action: {"name": ..., "arguments": ...}. respond is no tool.
func (d *Decoder) tauAction(g *dialogue, content []byte) {
	at := bytes.LastIndex(content, []byte("Action:"))
	if at < 0 {
		return
	}
	text := bytes.TrimLeft(unescape(nil, content[at+len("Action:"):]), " \n\t\r")
	if len(text) == 0 || text[0] != '{' {
		return
	}
	a := askedOf{parent: messageID(g.at)}
	s := &d.scan2
	s.reset(text)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "name":
			a.name = d.name(s.str())
		case "arguments", "kwargs":
			a.args = textHash(s.raw())
		default:
			s.skip()
		}
	}
	if a.name != 0 {
		g.asked = append(g.asked, a)
	}
}

// tauTool adds a tool's answer, with what is known of the question.
func (d *Decoder) tauTool(g *dialogue, m *tauSaid) {
	r := d.add()
	r.Kind, r.Status, r.ID, r.Parent, r.Agent = KindTool, StatusOK, messageID(g.at), g.caller, g.agent
	r.Tool = d.name(m.tool)
	r.Fingerprints[3] = textHash(m.content)
	if a := g.question(m.answers); a != nil {
		r.Tool, r.Parent, r.Fingerprints[2] = firstSym(r.Tool, a.name), a.parent, a.args
	}
	if bytes.HasPrefix(m.content, []byte("Error")) {
		r.Status, r.Error = StatusError, d.sym(firstLine(unescape(nil, m.content[:min(len(m.content), 200)])))
	}
}

// question finds what a tool was asked: by id, else the latest.
func (g *dialogue) question(id []byte) *askedOf {
	for i := len(g.asked) - 1; i >= 0; i-- {
		if len(id) == 0 || g.asked[i].id == string(id) {
			return &g.asked[i]
		}
	}
	return nil
}

// tauStrategies begin the names of files that tau-bench gives itself.
var tauStrategies = [...]string{"tool-calling-", "few-shot-", "react-", "act-"}

// tauModels takes the models out of a file's name: tool-calling-MODEL-0.0_range_0--1_user-MODEL-llm_0904.json.
func tauModels(name string) (agent, user []byte) {
	first, rest, ok := strings.Cut(name, "_range_")
	if !ok {
		return nil, nil
	}
	for _, s := range tauStrategies {
		if model, ok := strings.CutPrefix(first, s); ok {
			agent = beforeDash(model)
			break
		}
	}
	if _, u, ok := strings.Cut(rest, "_user-"); ok {
		u, _, _ = strings.Cut(u, "_")
		user = beforeDash(u)
	}
	return agent, user
}

func beforeDash(s string) []byte {
	at := strings.LastIndexByte(s, '-')
	if at < 0 {
		return nil
	}
	return []byte(s[:at])
}

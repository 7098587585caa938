package tracefmt

import (
	"fmt"
	"strings"
)

// moatless-tools trajectories. 2024-06: transitions between states of the agent, each with the actions of its model; more than one action
// in a transition are tries of the same state. Later: nodes of a search tree, as a list or nested, whose completions hold the raw answer.
// info.total_cost may miss calls of rejected runs and is never read.

var moatlessFormat = Format{Name: "moatless", Title: "moatless-tools trajectories",
	Can: TellsCost | TellsRetries, Partly: TellsUsage | TellsOutcomes, Note: "its costs leave out what writing to the cache costs more; GPT-4o runs of 2024-06 tell no tokens",
	sniff: sniffMoatless, decode: decodeMoatless}

func sniffMoatless(v *peek) bool {
	switch {
	case v.keys["transitions"] == "[":
		return v.has("initial_message") || v.has("info") || v.has("transition_rules")
	case v.keys["nodes"] == "[" || v.keys["root"] == "{":
		return v.has("max_iterations") || v.has("max_expansions") || v.has("agent") && v.has("metadata")
	}
	return false
}

// A moatDoc is what is known of a run while it is read.
type moatDoc struct {
	id     docID
	signed int
	run    Record
	task   string
	name   string // of the evaluation
	status string
	model  Sym // of the agent
	number int
	tools  int
}

func decodeMoatless(d *Decoder, value []byte) error {
	s, n := &d.scan, len(d.Out)
	var m moatDoc
	s.reset(value)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "transitions":
			d.moatTransitions(&m)
		case "info", "metadata":
			d.moatInfo(&m)
		case "agent", "completion":
			d.moatAgent(&m)
		case "nodes":
			if s.enter('[') {
				for s.next() {
					d.moatNode(&m)
				}
			}
		case "root":
			d.moatNode(&m)
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return s.err
	}
	m.close(d, n)
	return nil
}

func (d *Decoder) moatInfo(m *moatDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "instance_id":
			m.task = string(s.str())
		case "evaluation_name":
			m.name = string(s.str())
		case "status":
			m.status = string(s.str())
		case "resolved":
			d.verdictTo(&m.run)
		default:
			s.skip()
		}
	}
}

// moatAgent reads the model of the agent's settings.
func (d *Decoder) moatAgent(m *moatDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "model":
			m.model = d.sym(s.str())
		case "completion", "completion_model":
			if len(s.stack) < 8 {
				d.moatAgent(m)
				continue
			}
			s.skip()
		default:
			s.skip()
		}
	}
}

// sign makes what a call said part of the run's identity.
func (m *moatDoc) sign(b []byte) {
	if m.signed < 2*sameSteps {
		m.signed++
		m.id.add(b)
	}
}

func (d *Decoder) moatTransitions(m *moatDoc) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.nextObject() {
		var name, model Sym
		from := len(d.Out)
		for s.next() {
			switch string(s.key()) {
			case "name":
				name = d.name(s.str())
			case "state":
				d.moatState(m, &name, &model)
			case "actions":
				if s.enter('[') {
					for s.next() {
						d.moatAction(m)
					}
				}
			default:
				s.skip()
			}
		}
		m.tries(d, from, name, model)
	}
}

// moatState reads the model and, in later versions, the name of a state and the completions that led to it.
func (d *Decoder) moatState(m *moatDoc, name, model *Sym) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "name":
			*name = firstSym(*name, d.name(s.str()))
		case "model":
			*model = firstSym(*model, d.sym(s.str()))
		case "properties":
			if len(s.stack) < 8 {
				d.moatState(m, name, model)
				continue
			}
			s.skip()
		default:
			s.skip()
		}
	}
}

// tries settles the calls of one transition: all of them are of its state, each after the first a try again.
func (m *moatDoc) tries(d *Decoder, from int, name, model Sym) {
	calls := 0
	for i := from; i < len(d.Out); i++ {
		r := &d.Out[i]
		r.Step, r.Model = name, firstSym(r.Model, model)
		if calls++; calls > 1 {
			before := &d.Out[i-1]
			before.Attempt = max(before.Attempt, 1)
			before.Flags |= FlagOutputBad
			r.Attempt, r.RetryOf, r.RetryKind = before.Attempt+1, before.ID, RetryPrompt
		}
	}
}

// moatAction reads an action: it is a call if it states a cost or tokens.
func (d *Decoder) moatAction(m *moatDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	n := len(d.Out)
	var r Record
	for s.next() {
		switch string(s.key()) {
		case "action":
			m.sign(s.raw())
		case "completion_cost":
			d.docCost(&r)
		case "input_tokens":
			d.docCount(&r, &r.Usage.Input, HasInput)
		case "output_tokens":
			d.docCount(&r, &r.Usage.Output, HasOutput)
		case "completion":
			d.moatCompletion(m, 0)
		default:
			s.skip()
		}
	}
	if r.Has != 0 && len(d.Out) == n {
		m.call(d, &r, "")
	}
}

// call adds a call.
func (m *moatDoc) call(d *Decoder, from *Record, id string) *Record {
	m.number++
	r := d.add()
	src, format := r.Src, r.Format
	*r = *from
	r.Src, r.Format = src, format
	r.Kind, r.Agent = KindLLM, d.sym([]byte("moatless"))
	if r.Status == StatusUnset {
		r.Status = StatusOK
	}
	answerID(r, id, m.number)
	return r
}

// A moatCall is a completion as it is being read.
type moatCall struct {
	rec      Record
	raw      Record // what the provider's answer says
	id       string
	beside   bool // the answer is Anthropic's: input leaves out what was cached
	included bool // cached tokens are part of the prompt by the name of their member
}

// moatCompletion reads a completion: {"model", "response", "usage"}, later with a list of attempts that each have a usage.
func (d *Decoder) moatCompletion(m *moatDoc, step Sym) {
	s := &d.scan
	if s.kind() == '[' {
		for s.array(); s.next(); {
			if s.kind() == '{' {
				d.moatCompletion(m, step)
				continue
			}
			s.skip()
		}
		return
	}
	if !s.enter('{') {
		return
	}
	var c moatCall
	from := len(d.Out)
	for s.next() {
		switch string(s.key()) {
		case "model":
			c.rec.Model = d.sym(s.str())
		case "response":
			d.moatResponse(&c)
		case "usage":
			d.moatUsage(&c)
		case "attempts":
			d.moatAttempts(m, &c)
		default:
			s.skip()
		}
	}
	if len(d.Out) == from && (c.rec.Has|c.raw.Has)&(HasUsage|HasCost) != 0 {
		c.add(d, m)
	}
	for i := from; i < len(d.Out); i++ {
		r := &d.Out[i]
		r.Step, r.Model = step, firstSym(r.Model, c.rec.Model, c.raw.Model, m.model)
		if i > from {
			before := &d.Out[i-1]
			before.Attempt = max(before.Attempt, 1)
			r.Attempt, r.RetryOf, r.RetryKind = before.Attempt+1, before.ID, RetryPrompt
			if before.Status != StatusError {
				before.Flags |= FlagOutputBad
			}
		}
	}
}

func (d *Decoder) moatResponse(c *moatCall) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "id":
			c.id = d.text(s.str())
		case "model":
			c.raw.Model = d.sym(s.str())
		case "created":
			d.rawTime(&c.rec, &c.rec.Start, HasStart)
		case "usage":
			u := rawUsage{total: noTotal}
			depth := len(s.stack)
			if err := d.rawUsage(&c.raw, &u); err != nil && s.err == nil {
				d.warnf("a count left out: %v", err)
				d.leave(depth + 1)
			}
			c.beside = u.anthropic
		default:
			s.skip()
		}
	}
}

func (d *Decoder) moatUsage(c *moatCall) {
	s, r := &d.scan, &c.rec
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "completion_cost":
			d.docCost(r)
		case "prompt_tokens":
			d.docCount(r, &r.Usage.Input, HasInput)
		case "completion_tokens":
			d.docCount(r, &r.Usage.Output, HasOutput)
		case "cached_tokens":
			d.docCount(r, &r.Usage.CacheRead, HasCacheRead)
		case "cache_read_tokens":
			c.included = true
			d.docCount(r, &r.Usage.CacheRead, HasCacheRead)
		case "cache_write_tokens":
			d.docCount(r, &r.Usage.CacheWrite, HasCacheWrite)
		default:
			s.skip()
		}
	}
}

// moatAttempts reads the tries of a completion, each of them a call.
func (d *Decoder) moatAttempts(m *moatDoc, c *moatCall) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.nextObject() {
		try := moatCall{raw: Record{Model: c.raw.Model}}
		for s.next() {
			d.moatAttempt(&try)
		}
		if s.err == nil {
			try.add(d, m)
		}
	}
}

func (d *Decoder) moatAttempt(c *moatCall) {
	s := &d.scan
	switch string(s.key()) {
	case "usage":
		d.moatUsage(c)
	case "start_time":
		d.rawTime(&c.rec, &c.rec.Start, HasStart)
	case "end_time":
		d.rawTime(&c.rec, &c.rec.End, HasEnd)
	case "success":
		if ok, known := s.boolean(); known && !ok {
			c.rec.Status = StatusError
		}
	case "failure_reason":
		if b := s.str(); len(b) > 0 {
			c.rec.Status, c.rec.Error = StatusError, d.sym(b)
		}
	default:
		s.skip()
	}
}

// add adds the call. Its usage leaves the cached part beside the prompt in older versions; what was written to the cache is part of the
// prompt and told by the provider's answer alone. A usage of zeros is that of an attempt which got no answer.
func (c *moatCall) add(d *Decoder, m *moatDoc) {
	r := &c.rec
	u, raw := &r.Usage, &c.raw
	if u.Input+u.Output+u.CacheRead == 0 && r.Recorded == 0 {
		r.Has &^= HasUsage | HasCost
	}
	habit := cacheBeside
	if c.included || r.Has&HasCacheRead == 0 || !c.beside && !strings.Contains(d.names.all.Name(firstSym(r.Model, raw.Model, m.model)), "claude") {
		habit = 0
	}
	if r.Has&(HasInput|HasOutput) == 0 && raw.Has&HasUsage != 0 {
		r.Usage = raw.Usage
		r.Has |= raw.Has & HasUsage
		habit = 0
		if c.beside {
			habit = cacheBeside
		}
	}
	if w := raw.Usage.CacheWrite; habit == cacheBeside && w > 0 && w+raw.Usage.Input == u.Input && r.Has&HasCacheWrite == 0 {
		u.Input -= w
		u.CacheWrite = w
		r.Has |= HasCacheWrite
	}
	if u.CacheWrite > 0 {
		r.Flags |= FlagWriteSplitGuess
	}
	d.settleUsage(r, habit, noTotal)
	if m.sign([]byte(c.id)); c.id == "" {
		m.sign(fmt.Appendf(nil, "%d/%d/%d/%d", r.Start, r.Recorded, r.Usage.Input, r.Usage.Output))
	}
	m.call(d, r, c.id)
}

// A moatTool is an action that a node took.
type moatTool struct {
	name   Sym
	args   docID
	failed bool
}

// moatNode reads a node of the tree and those below it.
func (d *Decoder) moatNode(m *moatDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	var tools []moatTool
	var own moatTool
	parent, n := "", len(d.Out)
	for s.next() {
		switch string(s.key()) {
		case "completions":
			d.moatCompletions(m)
		case "action_steps":
			tools = d.moatSteps(m)
		case "children":
			parent = lastCall(d.Out[n:], parent)
			if s.enter('[') {
				for s.next() {
					d.moatNode(m)
				}
			}
			n = len(d.Out)
		default:
			d.moatStep(m, &own)
		}
	}
	parent = lastCall(d.Out[n:], parent)
	if len(tools) == 0 {
		tools = append(tools, own)
	}
	for i := range tools {
		m.tool(d, &tools[i], parent)
	}
}

// lastCall is the id of the last of the calls; other when there is none.
func lastCall(recs []Record, other string) string {
	for i := len(recs) - 1; i >= 0; i-- {
		if recs[i].Kind == KindLLM {
			return recs[i].ID
		}
	}
	return other
}

func (d *Decoder) moatCompletions(m *moatDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		d.moatCompletion(m, d.name(s.key()))
	}
}

func (d *Decoder) moatSteps(m *moatDoc) (tools []moatTool) {
	s := &d.scan
	if !s.enter('[') {
		return nil
	}
	for s.nextObject() {
		var t moatTool
		for s.next() {
			d.moatStep(m, &t)
		}
		tools = append(tools, t)
	}
	return tools
}

// moatStep reads a member of a step, or of a node that is one.
func (d *Decoder) moatStep(m *moatDoc, t *moatTool) {
	s := &d.scan
	switch string(s.key()) {
	case "completion":
		d.moatCompletion(m, d.sym([]byte("build_action")))
	case "action":
		d.moatArgs(t)
	case "observation", "output":
		d.moatObservation(t)
	default:
		s.skip()
	}
}

// moatArgs reads what an action is: the class of its arguments names it.
func (d *Decoder) moatArgs(t *moatTool) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "action_args_class":
			class := string(s.str())
			class = class[strings.LastIndex(class, ".")+1:]
			for _, end := range [...]string{"Arguments", "Args"} {
				class = strings.TrimSuffix(class, end)
			}
			t.name = d.name([]byte(class))
		case "action_name":
			t.name = firstSym(t.name, d.name(s.str()))
		case "scratch_pad", "thoughts":
			s.skip()
		default:
			t.args.add(s.raw())
		}
	}
}

// moatObservation reads whether an action failed.
func (d *Decoder) moatObservation(t *moatTool) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "expect_correction":
			bad, _ := s.boolean()
			t.failed = t.failed || bad
		case "fail_reason", "error":
			t.failed = len(s.str()) > 0 || t.failed
		case "properties":
			if len(s.stack) < 32 {
				d.moatObservation(t)
				continue
			}
			s.skip()
		default:
			s.skip()
		}
	}
}

// tool adds the run of an action.
func (m *moatDoc) tool(d *Decoder, t *moatTool, parent string) {
	if t.name == 0 || d.scan.err != nil {
		return
	}
	m.tools++
	r := d.add()
	r.Kind, r.Status, r.Tool, r.Parent, r.ID = KindTool, StatusOK, t.name, parent, fmt.Sprintf("tool-%d", m.tools)
	r.Agent = d.sym([]byte("moatless"))
	r.Fingerprints[2] = uint64(t.args)
	if t.failed {
		r.Status = StatusError
	}
}

// close settles the run.
func (m *moatDoc) close(d *Decoder, n int) {
	base, folder, above := pathNames(d.Path)
	if m.task == "" {
		if m.task = base; base == "trajectory" && folder != "" { // one folder per instance
			m.task, folder = folder, above
		}
	}
	if m.name == "" {
		m.name = folder
	}
	m.id.add([]byte(m.name))
	run := m.id.runOf(m.task)
	r := d.docRun(run, m.task)
	r.Has, r.Outcome = m.run.Has, m.run.Outcome
	if r.Workflow = d.name([]byte(m.name)); m.name == "" {
		r.Workflow = d.sym([]byte("moatless"))
	}
	d.docTags(r, "status", m.status)
	d.setRun(n, run)
}

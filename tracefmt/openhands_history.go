package tracefmt

import "fmt"

// An ohHistory is what the events of an OpenHands run tell: which tools ran, and when which answer was there.
type ohHistory struct {
	tools  []ohTool
	places map[string]int64 // end of the answer of that id, local time
	zone   int64            // what local times are ahead of UTC
	zoned  bool
}

type ohTool struct {
	event, call, answer string // ids: of the event, of the tool call, of the model's answer
	at                  int    // index in Decoder.Out
	done                bool
}

// An ohEvent is one event, of OpenHands up to 1.0 or of its SDK.
type ohEvent struct {
	id, cause, kind, action, observation, source string
	tool, call, answer                           string
	at, created                                  int64
	timed, dated                                 bool
	failed                                       bool
	args, result                                 uint64
}

// ohHistory reads the events; those of early 2024 stand in pairs.
func (d *Decoder) ohHistory(h *ohHistory) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		switch s.kind() {
		case '[':
			if len(s.stack) > 8 {
				s.skip()
				continue
			}
			d.ohHistory(h)
		case '{':
			var e ohEvent
			d.ohEvent(&e)
			if s.err == nil {
				h.event(d, &e)
			}
		default:
			s.skip()
		}
	}
}

func (d *Decoder) ohEvent(e *ohEvent) {
	s := &d.scan
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "id":
			e.id = d.text(s.str())
		case "cause", "action_id":
			e.cause = d.text(s.str())
		case "timestamp":
			e.at, e.timed = readTime(s.str())
		case "kind":
			e.kind = d.text(s.str())
		case "source":
			e.source = d.text(s.str())
		case "tool_name":
			e.tool = d.text(s.str())
		case "tool_call_id":
			e.call = d.text(s.str())
		case "llm_response_id":
			e.answer = d.text(s.str())
		case "action":
			d.ohAction(e)
		case "observation":
			d.ohObservation(e)
		case "tool_call_metadata":
			d.ohToolCall(e)
		case "args":
			d.ohArgs(e)
		case "content":
			e.result = textHash(s.rawText())
		case "extras", "metadata":
			d.ohExtras(e)
		default:
			d.ohSign(e)
		}
	}
}

// ohSign reads members that say whether a tool failed.
func (d *Decoder) ohSign(e *ohEvent) {
	s := &d.scan
	switch string(s.key()) {
	case "success":
		if ok, known := s.boolean(); known && !ok {
			e.failed = true
		}
	case "is_error":
		if bad, known := s.boolean(); known && bad {
			e.failed = true
		}
	case "exit_code":
		if n, ok := parseInt(s.num()); ok && n > 0 {
			e.failed = true
		}
	default:
		s.skip()
	}
}

func (d *Decoder) ohExtras(e *ohEvent) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) == "metadata" && len(s.stack) < 16 {
			d.ohExtras(e)
			continue
		}
		d.ohSign(e)
	}
}

// ohAction reads the name of an action, or the SDK's object of its arguments.
func (d *Decoder) ohAction(e *ohEvent) {
	if d.scan.kind() == '{' {
		d.ohArgs(e)
		return
	}
	e.action = d.text(d.scan.str())
}

func (d *Decoder) ohObservation(e *ohEvent) {
	if d.scan.kind() == '{' {
		d.ohExtras(e)
		return
	}
	e.observation = d.text(d.scan.str())
}

// ohArgs hashes the arguments of an action without what the model thought.
func (d *Decoder) ohArgs(e *ohEvent) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	var h docID
	for s.next() {
		switch string(s.key()) {
		case "thought", "security_risk", "confirmation_state", "summary":
			s.skip()
		default:
			h.add(s.raw())
		}
	}
	e.args = uint64(h)
}

func (d *Decoder) ohToolCall(e *ohEvent) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "function_name":
			e.tool = d.text(s.str())
		case "tool_call_id":
			e.call = d.text(s.str())
		case "model_response":
			d.ohAnswer(e)
		default:
			s.skip()
		}
	}
}

func (d *Decoder) ohAnswer(e *ohEvent) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "id":
			e.answer = d.text(s.str())
		case "created":
			e.created, e.dated = readTime(s.str())
		default:
			s.skip()
		}
	}
}

// bareTools are the actions that were tools before the model's tool calls were recorded.
var bareTools = map[string]bool{
	"run": true, "run_ipython": true, "read": true, "write": true, "edit": true, "browse": true, "browse_interactive": true, "delegate": true,
	"call_tool_mcp": true, "kill": true,
}

// quarter is the step in which time zones differ from UTC.
const quarter = 900 * int64(1e9)

// event takes in one event.
func (h *ohHistory) event(d *Decoder, e *ohEvent) {
	if e.timed && e.dated && !h.zoned {
		h.zone, h.zoned = roundTo(e.at-e.created, quarter), true
	}
	if e.answer != "" && e.timed && e.observation == "" && e.kind != "ObservationEvent" {
		if h.places == nil {
			h.places = map[string]int64{}
		}
		if _, known := h.places[e.answer]; !known {
			h.places[e.answer] = e.at
		}
	}
	switch {
	case e.kind == "ActionEvent", e.action != "" && e.tool != "", bareTools[e.action] && e.observation == "":
		h.start(d, e)
	case e.observation != "", e.kind == "ObservationEvent", e.kind == "AgentErrorEvent", e.kind == "UserRejectObservation":
		h.end(d, e)
	case e.source == "user" && (e.action == "message" || e.kind == "MessageEvent"):
		r := d.add()
		r.Kind, r.Event, r.ID = KindMark, EventPrompt, "event-"+e.id
		r.Start, r.Has = e.at, timeBit(e.timed, HasStart)
	}
}

// roundTo rounds ns to whole steps.
func roundTo(ns, step int64) int64 {
	if ns < 0 {
		return -roundTo(-ns, step)
	}
	return (ns + step/2) / step * step
}

// timeBit is has where known holds.
func timeBit(known bool, has Fields) Fields {
	if known {
		return has
	}
	return 0
}

// start adds the tool that an action runs.
func (h *ohHistory) start(d *Decoder, e *ohEvent) {
	r := d.add()
	r.Kind, r.Status = KindTool, StatusOK
	name := e.tool
	if name == "" {
		name = e.action
	}
	r.Tool = d.name([]byte(name))
	r.ID = fmt.Sprintf("tool-%d", len(h.tools)+1)
	r.Start, r.Has = e.at, timeBit(e.timed, HasStart)
	r.Fingerprints[2] = e.args
	h.tools = append(h.tools, ohTool{e.id, e.call, e.answer, len(d.Out) - 1, false})
}

// lookBack bounds how many tools may run at once.
const lookBack = 64

// end finds the tool that an observation ends: by what caused it, by the tool call, or, where nothing says it, the last one.
func (h *ohHistory) end(d *Decoder, e *ohEvent) {
	for i := len(h.tools) - 1; i >= max(0, len(h.tools)-lookBack); i-- {
		t := &h.tools[i]
		bare := e.cause == "" && e.call == "" && t.event == ""
		if t.done || !(bare || e.cause != "" && e.cause == t.event || e.call != "" && e.call == t.call) {
			continue
		}
		t.done = true
		r := &d.Out[t.at]
		r.Fingerprints[3] = e.result
		if e.failed || e.observation == "error" || e.kind == "AgentErrorEvent" || e.kind == "UserRejectObservation" {
			r.Status = StatusError
		}
		if e.timed && r.Has&HasStart != 0 && e.at >= r.Start {
			r.End = e.at
			r.Has |= HasEnd
		}
		return
	}
}

// knows tells whether an answer of that id was used.
func (h *ohHistory) knows(id string) bool {
	_, ok := h.places[id]
	return ok
}

// place gives a call its end, which is when its answer was used, and from its duration, which stands in Start so far, its start.
func (h *ohHistory) place(r *Record) {
	if r.Has&(HasStart|HasEnd) != 0 {
		return
	}
	took := r.Start
	r.Start = 0
	end, ok := h.places[r.ID]
	if !ok {
		return
	}
	r.End = end - h.zone
	r.Has |= HasEnd
	if took > 0 {
		r.Start = r.End - took
		r.Has |= HasStart
	}
}

// settleTimes makes the local times of tools and prompts UTC.
func (h *ohHistory) settleTimes(recs []Record) {
	for i := range recs {
		if recs[i].Has&HasStart != 0 {
			recs[i].Start -= h.zone
		}
		if recs[i].Has&HasEnd != 0 {
			recs[i].End -= h.zone
		}
	}
}

// settleParents says which of the calls from n on asked for which tools.
func (h *ohHistory) settleParents(d *Decoder, n int) {
	known := make(map[string]bool, len(d.Out)-n)
	for i := n; i < len(d.Out); i++ {
		known[d.Out[i].ID] = true
	}
	for i := range h.tools {
		if t := &h.tools[i]; known[t.answer] {
			d.Out[t.at].Parent = t.answer
		}
	}
}

package tracefmt

import (
	"bytes"
	"strconv"
	"strings"
)

// Qwen Code writes lines that look like Claude Code's, with Gemini's parts and usageMetadata inside. Most calls stand in them twice: as an
// assistant line, and as the client's telemetry of the answer, which alone knows how long it took; calls of inner helpers stand there
// only. Tools are asked for in an assistant line, end in a tool_result line, and have their telemetry, too. What belongs together is
// found by joinQwen.

var qwenFormat = Format{Name: "qwen-code", Title: "Qwen Code sessions",
	Can: TellsUsage | TellsRetries | TellsText, Partly: TellsAgents, Note: "answers and their telemetry are joined by their counts and order",
	sniff: sniffQwen, join: (*Assembler).joinQwen, decode: decodeQwen}

func sniffQwen(v *peek) bool {
	if !v.has("sessionId", "uuid") || !v.has("parentUuid") && !v.has("type") || v.has("projectHash") {
		return false
	}
	return v.keys["usageMetadata"] == "{" || v.keys["systemPayload"] == "{" || v.keys["toolCallResult"] == "{" || v.keys["message"] == "{" && hasParts(v.raw)
}

// What ids of records begin with that may be a second account of the same thing.
const (
	qwenTelemetry = "telemetry:"
	qwenResult    = "result:"
)

// qwenLine is what one line states; text is raw.
type qwenLine struct {
	claudeLine
	model, agentName []byte
	usage            Record
	total            int64
	answered, said   bool // usageMetadata is there; a part with text
	bad              bool
	uses             []geminiTool
	results          []qwenToolEnd
	event            qwenEvent
	before           int64 // tokens before a compression
}

// qwenToolEnd is the result of a tool.
type qwenToolEnd struct {
	id, status, kind []byte
	failed           bool
}

// qwenEvent is systemPayload.uiEvent.
type qwenEvent struct {
	name, at, model, prompt, tool, status, kind []byte
	errorText                                   []byte
	usage                                       Record
	total, took, http                           int64
	failed                                      bool
}

func decodeQwen(d *Decoder, value []byte) error {
	l := qwenLine{total: noTotal}
	l.event.total = noTotal
	s := &d.scan
	s.reset(value)
	for s.object(); s.next(); {
		if to := l.textMember(s.key()); to != nil {
			*to = s.rawText()
			continue
		}
		l.member(d)
	}
	switch {
	case s.err != nil:
		return s.err
	case !s.done():
		return errSyntax
	case l.bad:
		return errCount
	}
	if len(l.uuid) == 0 {
		l.uuid = contentID("line", value)
	}
	switch string(l.kind) {
	case "assistant":
		d.qwenAnswer(&l)
	case "user", "tool_result":
		d.qwenUser(&l)
	case "system":
		d.qwenSystem(&l)
	}
	return nil
}

func (l *qwenLine) member(d *Decoder) {
	s := &d.scan
	switch string(s.key()) {
	case "model":
		l.model = s.rawText()
	case "agentName":
		l.agentName = s.rawText()
	case "isSidechain":
		l.sidechain = flag(s)
	case "message":
		l.readMessage(s)
	case "usageMetadata":
		l.answered = s.kind() == '{'
		l.bad = d.geminiUsage(&l.usage, &l.total) != nil || l.bad
	case "systemPayload":
		l.readPayload(d)
	case "toolCallResult":
		l.readResult(s)
	default:
		s.skip()
	}
}

func (l *qwenLine) readMessage(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) != "parts" || !s.enter('[') {
			if string(s.key()) != "parts" {
				s.skip()
			}
			continue
		}
		for s.next() {
			l.readPart(s)
		}
	}
}

func (l *qwenLine) readPart(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "text":
			l.said = true
			s.skip()
		case "functionCall":
			t, _ := readFunction(s)
			l.uses = append(l.uses, t)
		case "functionResponse":
			t, failed := readFunction(s)
			l.results = append(l.results, qwenToolEnd{id: t.id, failed: failed})
		default:
			s.skip()
		}
	}
}

// readFunction reads a functionCall, or a functionResponse, whose response holds an error where the tool failed.
func readFunction(s *scanner) (t geminiTool, failed bool) {
	if !s.enter('{') {
		return t, false
	}
	for s.next() {
		switch string(s.key()) {
		case "id":
			t.id = s.rawText()
		case "name":
			t.name = s.rawText()
		case "args":
			t.args = s.raw()
		case "response":
			failed = readFailure(s)
		default:
			s.skip()
		}
	}
	return t, failed
}

func readFailure(s *scanner) (failed bool) {
	if !s.enter('{') {
		return false
	}
	for s.next() {
		failed = failed || string(s.key()) == "error" && s.kind() != 'n'
		s.skip()
	}
	return failed
}

func (l *qwenLine) readResult(s *scanner) {
	if !s.enter('{') {
		return
	}
	var t qwenToolEnd
	for s.next() {
		switch string(s.key()) {
		case "callId":
			t.id = s.rawText()
		case "status":
			t.status = s.rawText()
		case "errorType":
			t.kind = s.rawText()
		default:
			s.skip()
		}
	}
	t.failed = string(t.status) == "error" || string(t.status) == "cancelled"
	if len(t.id) > 0 {
		l.results = append(l.results[:0], t)
	}
}

func (l *qwenLine) readPayload(d *Decoder) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "uiEvent":
			l.bad = !l.event.read(d) || l.bad
		case "info":
			l.readCompression(s)
		default:
			s.skip()
		}
	}
}

func (l *qwenLine) readCompression(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "originalTokenCount":
			if n, ok := parseInt(s.num()); ok && n > 0 && n <= maxCount {
				l.before = n
			}
		default:
			s.skip()
		}
	}
}

// read takes in an event; it is false where a count is none.
func (e *qwenEvent) read(d *Decoder) bool {
	s := &d.scan
	if !s.enter('{') {
		return true
	}
	u := &e.usage
	var tools, sum Record
	bad := false
	for s.next() {
		if to := e.textMember(s.key()); to != nil {
			*to = s.rawText()
			continue
		}
		var err error
		switch string(s.key()) {
		case "input_token_count":
			err = d.count(s, u, &u.Usage.Input, HasInput)
		case "output_token_count":
			err = d.count(s, u, &u.Usage.Output, HasOutput)
		case "cached_content_token_count":
			err = d.count(s, u, &u.Usage.CacheRead, HasCacheRead)
		case "thoughts_token_count":
			err = d.count(s, u, &u.Usage.Reasoning, HasReasoning)
		case "tool_token_count":
			err = d.count(s, &tools, &tools.Usage.Input, HasInput)
		case "total_token_count":
			err = d.count(s, &sum, &sum.Usage.Input, HasInput)
		case "duration_ms":
			if f, ok := parseFloat(s.num()); ok && f >= 0 && f < float64(maxDuration)/1e6 {
				e.took = int64(f * 1e6)
			}
		case "status_code":
			e.http, _ = parseInt(s.num())
		case "success":
			ok, stated := s.boolean()
			e.failed = e.failed || stated && !ok
		default:
			s.skip()
		}
		bad = bad || err != nil
	}
	u.Usage.Input += tools.Usage.Input
	if sum.Has != 0 {
		e.total = sum.Usage.Input
	}
	return !bad
}

func (e *qwenEvent) textMember(key []byte) *[]byte {
	switch string(key) {
	case "event.name":
		return &e.name
	case "event.timestamp":
		return &e.at
	case "model":
		return &e.model
	case "prompt_id":
		return &e.prompt
	case "function_name":
		return &e.tool
	case "status":
		return &e.status
	case "error_type":
		return &e.kind
	case "error", "error_message":
		return &e.errorText
	}
	return nil
}

// qwenRecord appends a record with what every record of a line has.
func (d *Decoder) qwenRecord(l *qwenLine, kind Kind, id ...[]byte) *Record {
	r := d.add()
	r.Kind = kind
	r.Run, r.Session = d.claudeRun(l.session)
	r.ID = d.text(bytes.Join(id, nil))
	r.Flags |= FlagGlobal
	r.Workflow, r.Service = d.claudeProject(l.cwd)
	r.Tags = d.claudeTags(&l.claudeLine)
	r.Agent = d.sym(claudeMain)
	if l.sidechain || len(l.agent) > 0 {
		r.Agent, r.Instance = firstSym(d.name(l.agentName), d.sym(geminiSubagent)), d.sym(claudeAgentID(l.agent, d.Path))
	}
	if at, ok := readTime(l.at); ok {
		r.Start, r.End, r.Has = at, at, HasStart|HasEnd
	}
	return r
}

func (d *Decoder) qwenAnswer(l *qwenLine) {
	if l.answered || len(l.model) > 0 {
		r := d.qwenRecord(l, KindLLM, l.uuid)
		r.Model, r.Status = d.claudeSym(l.model), StatusOK
		r.Usage, r.Has = l.usage.Usage, r.Has|l.usage.Has
		d.settleUsage(r, reasonBeside, l.total)
	}
	for i := range l.uses {
		t := &l.uses[i]
		r := d.qwenRecord(l, KindTool, l.uuid, []byte{'/'}, strconv.AppendInt(nil, int64(i), 10))
		r.Tool, r.Parent, r.LineID = d.claudeSym(t.name), d.text(l.uuid), lineHash(t.id)
		r.Fingerprints[2] = textHash(t.args)
		r.Has &^= HasEnd
	}
}

// qwenUser emits the ends of tools, else a prompt.
func (d *Decoder) qwenUser(l *qwenLine) {
	for i := range l.results {
		t := &l.results[i]
		r := d.qwenRecord(l, KindTool, []byte(qwenResult), l.uuid, []byte{'/'}, strconv.AppendInt(nil, int64(i), 10))
		r.LineID, r.Status = lineHash(t.id), StatusOK
		r.Flags |= FlagPlaceholder
		if t.failed {
			r.Status, r.Error = StatusError, firstSym(d.sym(t.kind), d.sym(t.status))
		}
	}
	if len(l.results) == 0 && string(l.kind) == "user" {
		r := d.qwenRecord(l, KindMark, l.uuid)
		r.Event, r.Name = EventPrompt, d.sym(claudeHuman)
	}
}

func (d *Decoder) qwenSystem(l *qwenLine) {
	e := &l.event
	name := e.name[bytes.LastIndexByte(e.name, '.')+1:]
	switch string(name) {
	case "api_response", "api_error":
		r := d.qwenEvent(l, KindLLM)
		r.Model = d.claudeSym(e.model)
		if string(name) == "api_error" {
			e.failed = true
		} else {
			r.Usage, r.Has = e.usage.Usage, r.Has|e.usage.Has
			d.settleUsage(r, reasonBeside, e.total)
		}
		d.qwenStatus(r, e)
	case "tool_call":
		r := d.qwenEvent(l, KindTool)
		r.Tool = d.claudeSym(e.tool)
		d.qwenStatus(r, e)
	}
	if string(l.subtype) == "chat_compression" {
		r := d.qwenRecord(l, KindMark, l.uuid)
		r.Event = EventCompact
		if l.before > 0 {
			r.Usage.Input, r.Has = l.before, r.Has|HasInput
		}
	}
}

// qwenEvent appends a record of a telemetry event, which states how long it took.
func (d *Decoder) qwenEvent(l *qwenLine, kind Kind) *Record {
	r := d.qwenRecord(l, kind, []byte(qwenTelemetry), l.uuid)
	e := &l.event
	if at, ok := readTime(e.at); ok {
		r.End, r.Has = at, r.Has|HasStart|HasEnd
	}
	r.Start = r.End
	if r.Has&HasEnd != 0 {
		r.Start -= e.took
	}
	if name, instance := qwenAgent(text(e.prompt), text(l.session)); name != "" && r.Instance == 0 {
		r.Agent, r.Instance = d.name([]byte(name)), d.sym([]byte(instance))
	}
	return r
}

func (d *Decoder) qwenStatus(r *Record, e *qwenEvent) {
	r.Status = StatusOK
	if !e.failed && e.http < 400 && string(e.status) != "error" && string(e.status) != "cancelled" {
		return
	}
	r.Status = StatusError
	if e.http >= 400 && e.http < 1000 {
		r.Error = d.sym(strconv.AppendInt(nil, e.http, 10))
	}
	r.Error = firstSym(r.Error, d.sym(e.kind), d.claudeError(e.errorText))
}

// qwenAgent tells which helper made a call, by its prompt's id: SESSION#NAME-RANDOM#TURN; the main agent's is SESSION########TURN.
func qwenAgent(prompt, session string) (name, instance string) {
	rest, _ := strings.CutPrefix(prompt, session)
	rest, ok := strings.CutPrefix(rest, "#")
	if !ok || session == "" || strings.HasPrefix(rest, "#") {
		return "", ""
	}
	instance, _, ok = strings.Cut(rest, "#")
	if !ok || instance == "" {
		return "", ""
	}
	if i := strings.LastIndexByte(instance, '-'); i > 0 {
		return instance[:i], instance
	}
	return instance, instance
}

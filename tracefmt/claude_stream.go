package tracefmt

import (
	"bytes"
	"strconv"
)

// Claude Code's output of a run without a terminal (claude -p --output-format stream-json; json gives the result alone). Its lines wrap the
// messages of a session file, with the same ids, and have no times: they stand in order. Beyond what those lines become (see claude.go):
//
//	system/init       the KindRun record: folder and version of the client
//	system/api_retry  EventAPIError
//	stream_event      message_start as an assistant line; message_delta a placeholder with the final counts of the call before it
//	result            the KindRun record's status; a KindChain record with FlagTotal per model, and one for the cost where the models' parts
//	                  do not make it up; a placeholder with usage, which is that of the last turn's top-level calls alone
//
// The status says how the program ended, not whether the task was done: the outcome is unknown. Lines of answers mostly state the usage
// of the moment when the answer began. joinClaudeStream settles what several results of one session come to.

type streamState struct {
	end streamResult
	buf []byte
}

// streamResult is what a result states.
type streamResult struct {
	total, turn []byte // cost: of the process so far, of the turn
	failed      bool
	turns, ms   []byte // to tell results apart
	models      []streamModel
	denied      [][]byte // ids of tools that were not permitted
}

// streamModel is an entry of modelUsage.
type streamModel struct {
	name   []byte
	use    claudeUsage
	cost   USD
	priced bool
}

var claudeStreamFormat = Format{Name: "claude-stream", Title: "Claude Code stream-json output",
	Can: TellsUsage | TellsCost | TellsAgents | TellsText, Partly: TellsRetries, Note: "the cost is that of the run, spread over its calls; no times; a run that was cut off has no cost, and its outputs are a lower bound",
	sniff: sniffClaudeStream, join: (*Assembler).joinClaudeStream, decode: decodeClaudeStream}

func sniffClaudeStream(v *peek) bool {
	if id, ok := v.keys["session_id"]; !ok || id == "{" || id == "[" || v.has("sessionId") {
		return false
	}
	switch v.keys["type"] {
	case "system":
		return v.has("subtype")
	case "assistant", "user":
		return v.keys["message"] == "{" && !hasParts(v.raw)
	case "stream_event":
		return v.keys["event"] == "{"
	case "result":
		return v.has("subtype") && (v.has("is_error") || v.has("num_turns") || v.has("duration_ms"))
	case "rate_limit_event", "tool_progress", "auth_status", "tool_use_summary", "prompt_suggestion":
		return v.has("uuid")
	}
	return false
}

func decodeClaudeStream(d *Decoder, value []byte) error {
	l, e := &d.claude.line, &d.stream.end
	l.reset()
	l.stream = true
	*e = streamResult{models: e.models[:0], denied: e.denied[:0]}
	s := &d.scan
	s.reset(value)
	for s.object(); s.next(); {
		if to := l.streamText(s.key()); to != nil {
			*to = s.rawText()
			continue
		}
		l.streamMember(s, e)
	}
	switch {
	case s.err != nil:
		return s.err
	case !s.done():
		return errSyntax
	case l.msg.bad() || e.bad():
		return errCount
	}
	d.streamLine(l, e)
	return nil
}

// streamText is textMember for the names of stream-json.
func (l *claudeLine) streamText(key []byte) *[]byte {
	switch string(key) {
	case "type", "subtype", "uuid", "cwd", "timestamp":
		return l.textMember(key)
	case "session_id":
		return &l.session
	case "parent_tool_use_id":
		return &l.toolParent
	case "claude_code_version", "qwen_code_version":
		return &l.version
	case "trigger":
		return &l.trigger
	case "original_model", "originalModel":
		return &l.from
	case "fallback_model", "fallbackModel":
		return &l.to
	}
	return nil
}

func (l *claudeLine) streamMember(s *scanner, e *streamResult) {
	switch string(s.key()) {
	case "message":
		l.msg.read(s)
	case "tool_use_result", "toolUseResult":
		l.result.read(s)
	case "event":
		l.readEvent(s)
	case "compact_metadata", "microcompact_metadata":
		l.readCompact(s)
	case "isSynthetic":
		l.meta = flag(s)
	case "error":
		l.readError(s)
	case "error_status":
		l.errorStatus = s.num()
	case "attempt":
		l.attempt, _ = parseInt(s.num())
	case "usage":
		l.msg.usage.read(s, nil)
	default:
		e.member(s)
	}
}

// readEvent reads an event of the model's own stream. What it says of a message is kept as if a line had said it.
func (l *claudeLine) readEvent(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "type":
			l.subtype = s.rawText()
		case "message":
			l.msg.read(s)
		case "usage":
			l.msg.usage.read(s, nil)
		default:
			s.skip()
		}
	}
}

// member reads what only results have.
func (e *streamResult) member(s *scanner) {
	switch string(s.key()) {
	case "total_cost_usd", "total_cost":
		if v := s.num(); v != nil {
			e.total = v
		}
	case "cost_usd":
		e.turn = s.num()
	case "is_error":
		e.failed = flag(s)
	case "num_turns":
		e.turns = s.num()
	case "duration_ms":
		e.ms = s.num()
	case "modelUsage":
		e.readModels(s)
	case "permission_denials":
		e.readDenials(s)
	default:
		s.skip()
	}
}

func (e *streamResult) readModels(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		m := streamModel{name: s.key()}
		m.read(s)
		e.models = append(e.models, m)
	}
}

func (m *streamModel) read(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "inputTokens":
			m.use.count(s, &m.use.fresh, HasInput)
		case "outputTokens":
			m.use.count(s, &m.use.output, HasOutput)
		case "cacheReadInputTokens":
			m.use.count(s, &m.use.cached, HasCacheRead)
		case "cacheCreationInputTokens":
			m.use.count(s, &m.use.written, HasCacheWrite)
		case "costUSD":
			m.cost, m.priced = streamCost(s.num())
		default:
			s.skip()
		}
	}
}

// streamCost reads an amount; ok is false where it is none from 0 up.
func streamCost(v []byte) (USD, bool) {
	usd, err := ParseUSD(v)
	return usd, len(v) > 0 && err == nil && usd >= 0
}

func (e *streamResult) readDenials(s *scanner) {
	if s.kind() != '[' {
		s.skip()
		return
	}
	for s.array(); s.next(); {
		if !s.enter('{') {
			continue
		}
		for s.next() {
			if string(s.key()) == "tool_use_id" {
				e.denied = append(e.denied, s.rawText())
				continue
			}
			s.skip()
		}
	}
}

func (e *streamResult) bad() bool {
	for i := range e.models {
		if e.models[i].use.bad {
			return true
		}
	}
	return false
}

// apiErrorText is how the client begins what it says instead of an answer.
var apiErrorText = []byte("API Error")

// streamLine emits the records of a line.
func (d *Decoder) streamLine(l *claudeLine, e *streamResult) {
	switch string(l.kind) {
	case "assistant":
		l.apiError = len(l.errorText) > 0 || bytes.HasPrefix(l.msg.text, apiErrorText)
		d.claudeAnswer(l)
	case "user":
		d.claudeUser(l)
	case "system":
		d.streamSystem(l)
	case "stream_event":
		d.streamEvent(l)
	case "result":
		d.streamEnd(l, e)
	}
}

func (d *Decoder) streamSystem(l *claudeLine) {
	switch string(l.subtype) {
	case "init":
		r := d.streamRun(l)
		r.Workflow = d.folderSym(l.cwd)
		r.Tags = d.claudeTags(l)
	case "api_retry":
		l.subtype = []byte("api_error")
		d.claudeSystem(l)
	default:
		d.claudeSystem(l)
	}
}

// streamRun appends the run's own record.
func (d *Decoder) streamRun(l *claudeLine) *Record {
	r := d.add()
	r.Kind = KindRun
	r.Run, r.Session = d.claudeRun(l.session)
	return r
}

// streamEvent emits the beginning of an answer, and what it says of its usage at its end.
func (d *Decoder) streamEvent(l *claudeLine) {
	switch {
	case string(l.subtype) == "message_start" && len(l.msg.id) > 0:
		d.claudeAnswer(l)
	case string(l.subtype) == "message_delta" && l.msg.usage.present && !l.msg.usage.bad:
		r := d.claudeRecord(l, KindLLM, nil)
		r.ID = d.text(append(append(d.stream.buf[:0], "delta-"...), firstBytes(l.uuid, contentID("", d.scan.b))...))
		r.Flags |= FlagPlaceholder
		l.msg.usage.state(r)
	}
}

// streamEnd emits what a result states.
func (d *Decoder) streamEnd(l *claudeLine, e *streamResult) {
	run := d.streamRun(l)
	run.Status, run.Has = StatusOK, HasOutcome // which is unknown
	if word := string(l.subtype); e.failed || word != "success" && word != "" {
		run.Status, run.Error = StatusError, d.sym(l.subtype)
		if word == "success" {
			run.Error = d.sym([]byte("error"))
		}
	}
	for _, id := range e.denied {
		if len(id) > 0 {
			r := d.claudeRecord(l, KindTool, id)
			r.Agent, r.Status, r.Error = 0, StatusError, d.sym([]byte("permission denied"))
		}
	}
	if len(l.uuid) == 0 {
		l.uuid = contentID("result", l.session, e.total, e.turn, e.turns, e.ms)
	}
	d.streamTotals(l, e)
	if u := &l.msg.usage; u.present && !u.bad {
		r := d.streamTotal(l, streamTurn)
		r.Agent = d.sym(claudeMain)
		r.Flags = r.Flags&^FlagTotal | FlagPlaceholder
		u.state(r)
		if usd, ok := streamCost(e.turn); ok {
			r.Recorded, r.Has = usd, r.Has|HasCost
		}
	}
}

// streamTurn ends the id of the record with a result's usage.
const streamTurn = "turn"

// streamTotal appends a total of the result; part tells it from the others.
func (d *Decoder) streamTotal(l *claudeLine, part string) *Record {
	r := d.add()
	r.Kind, r.Flags, r.Status = KindChain, FlagTotal, StatusOK
	r.Run, r.Session = d.claudeRun(l.session)
	r.ID = string(l.uuid) + "#" + part
	r.LineID = lineHash(l.uuid)
	return r
}

// streamApart is how far the parts of a cost, which are binary fractions added up, may be from it.
const streamApart USD = 1000

// streamTotals emits the totals of models, and of the cost where their parts are not there.
func (d *Decoder) streamTotals(l *claudeLine, e *streamResult) {
	total, stated := streamCost(firstBytes(e.total, e.turn))
	all := stated && e.addsUpTo(total)
	for i := range e.models {
		m := &e.models[i]
		r := d.streamTotal(l, strconv.Itoa(i)+"#"+string(m.name))
		r.Model = d.claudeSym(plainModel(m.name))
		m.use.state(r)
		r.Flags &^= FlagWriteSplitGuess
		if all {
			r.Recorded, r.Has = m.cost, r.Has|HasCost
		}
	}
	if stated && !all && total > 0 {
		r := d.streamTotal(l, "cost")
		r.Recorded, r.Has = total, HasCost
	}
}

// addsUpTo tells whether the models' costs make up the total. The dearest is made to fit to the last digit.
func (e *streamResult) addsUpTo(total USD) bool {
	var dearest *streamModel
	rest := total
	for i := range e.models {
		m := &e.models[i]
		if !m.priced {
			return false
		}
		if rest -= m.cost; dearest == nil || m.cost > dearest.cost {
			dearest = m
		}
	}
	if dearest == nil || max(rest, -rest) > streamApart || dearest.cost+rest < 0 {
		return false
	}
	dearest.cost += rest
	return true
}

// plainModel is a model's name without the client's mark for a large context window: the same calls do not have it.
func plainModel(name []byte) []byte {
	if at := bytes.IndexByte(name, '['); at > 0 {
		return name[:at]
	}
	return name
}

package tracefmt

import (
	"bytes"
	"strconv"
)

// Claude Code writes one file per session and one per subagent beneath it, and repeats itself: a call is a line per content block, a
// resumed session begins with a copy of the one before, a subagent's calls stand in its own file and in its parent's. So every record
// carries FlagGlobal and an id that is the same in all copies: message.id for calls, tool_use id for tools, uuid for marks.
//
// What one line states becomes
//
//	assistant   a KindLLM record, and a KindTool record per tool_use
//	user        the end of a KindTool record per tool_result, else EventPrompt; EventAgentResult where a subagent reported back
//	progress    agent_progress: as the subagent's line would be, with FlagProgress
//	system      EventAPIError, EventCompact, EventMicroCompact, EventFallback
//
// and nothing for other types. What spans lines (a call's start, attempts, agents' names, subagents' last calls) is joinClaude's.

// claudeState is a decoder's memory for lines: space to reuse, and names that the next line is likely to repeat.
type claudeState struct {
	line claudeLine
	tags struct {
		version, branch, cwd, buf []byte
		tags                      tagSet
		sym                       Sym
		understated, set          bool
	}
	run struct {
		id  string
		sym Sym
	}
	project struct {
		path            string
		cwd             []byte
		workflow, guess Sym
		set             bool
	}
}

// claudeTypes are the types of lines that no other format has; all lines but the first of a session name it, too.
var claudeTypes = map[string]bool{
	"summary": true, "file-history-snapshot": true, "file-history-delta": true, "queue-operation": true, "last-prompt": true, "custom-title": true,
	"ai-title": true, "agent-name": true, "permission-mode": true, "pr-link": true, "frame-link": true,
}

// claudeSessionTypes are types that are Claude Code's when the line names its session.
var claudeSessionTypes = map[string]bool{
	"assistant": true, "user": true, "system": true, "progress": true, "attachment": true, "mode": true,
}

var claudeFormat = Format{Name: "claude-code", Title: "Claude Code session logs",
	Can: TellsUsage | TellsRetries | TellsAgents | TellsText, Note: "output tokens are a lower bound in some versions; tools and compactions, too",
	sniff: sniffClaude, join: (*Assembler).joinClaude, decode: decodeClaude}

func sniffClaude(v *peek) bool {
	if v.keys["usageMetadata"] != "" || v.keys["systemPayload"] != "" || v.keys["projectHash"] != "" { // Qwen Code, Gemini CLI
		return false
	}
	kind := v.keys["type"]
	if claudeTypes[kind] {
		return true
	}
	_, session := v.keys["sessionId"]
	_, parent := v.keys["parentUuid"]
	return session && (parent || claudeSessionTypes[kind]) && !hasParts(v.raw)
}

// hasParts says that the message of a line is made of parts, as Qwen Code writes it; Claude Code's has content.
func hasParts(line []byte) (found bool) {
	var s scanner
	s.reset(line)
	for s.object(); s.next(); {
		if string(s.key()) != "message" || s.kind() != '{' {
			s.skip()
			continue
		}
		for s.object(); s.next(); {
			found = found || string(s.key()) == "parts"
			s.skip()
		}
	}
	return found
}

func decodeClaude(d *Decoder, value []byte) error {
	l := &d.claude.line
	l.reset()
	s := &d.scan
	s.reset(value)
	for s.object(); s.next(); {
		if to := l.textMember(s.key()); to != nil {
			*to = s.rawText()
			continue
		}
		l.member(s)
	}
	switch {
	case s.err != nil:
		return s.err
	case !s.done():
		return errSyntax
	case l.msg.bad():
		return errCount
	}
	d.claudeLine(l)
	return nil
}

// claudeLine emits the records of a line.
func (d *Decoder) claudeLine(l *claudeLine) {
	switch string(l.kind) {
	case "assistant":
		d.claudeAnswer(l)
	case "user":
		d.claudeUser(l)
	case "system":
		d.claudeSystem(l)
	case "progress":
		if string(l.dataKind) != "agent_progress" {
			return
		}
		l.progress = true
		switch string(l.inner.kind) {
		case "assistant":
			d.claudeAnswer(l)
		case "user":
			d.claudeUser(l)
		}
	}
}

// claudeRecord appends a record with what every record of a line has.
func (d *Decoder) claudeRecord(l *claudeLine, kind Kind, id []byte) *Record {
	r := d.add()
	r.Kind = kind
	r.Run, r.Session = d.claudeRun(l.session)
	if len(id) > 0 {
		r.ID = d.text(id)
		r.Flags |= FlagGlobal
	}
	if !l.stream {
		r.Workflow, r.Service = d.claudeProject(l.cwd)
	}
	switch {
	case l.stream && len(l.toolParent) > 0:
		r.Instance = d.sym(l.toolParent) // until the join knows the agent's id
	case l.progress:
		r.Instance = d.sym(l.inner.agent)
		r.Flags |= FlagProgress
	case l.sidechain || len(l.agent) > 0:
		r.Instance = d.sym(claudeAgentID(l.agent, d.Path))
		r.Flags |= FlagSubagentFile
	default:
		r.Agent = d.sym(claudeMain)
	}
	return r
}

var (
	claudeMain      = []byte("main")
	claudeSidechain = []byte("sidechain")
	claudeSynthetic = []byte("<synthetic>")
	claudeFinal     = []byte("final")
	claudeRefused   = []byte("refused")
	claudeInterrupt = []byte("[Request interrupted")

	// kinds of prompts
	claudeHuman       = []byte("human")           // a person's turn
	claudeTask        = []byte("task")            // what a subagent was asked to do
	claudeMeta        = []byte("meta")            // the client's own text
	claudeSummary     = []byte("compact summary") // what a compaction left of the conversation
	claudeInterrupted = []byte("interrupted")     // a person stopped the answer or a tool
)

// claudeAnswer emits a model call, the calls that its answer replaced, and the tools it asks for.
func (d *Decoder) claudeAnswer(l *claudeLine) {
	m := &l.msg
	if bytes.Equal(m.model, claudeSynthetic) {
		if l.apiError {
			d.claudeFinalError(l)
		}
		return
	}
	id := m.id
	for _, other := range [...][]byte{l.inner.uuid, l.uuid} {
		if len(id) == 0 {
			id = other
		}
	}
	if m.usage.present {
		for i := range len(m.iterations) - 1 {
			d.claudeIteration(l, id, i)
		}
		r := d.claudeCall(l, id)
		r.Model = d.claudeSym(m.model)
		r.Tier = d.sym(m.usage.tier)
		m.usage.state(r)
		m.replaces(r, id, len(m.iterations)-1)
	}
	for i := range m.uses {
		d.claudeToolUse(l, &m.uses[i], id)
	}
}

// claudeCall appends a model call of the line, without its model and usage.
func (d *Decoder) claudeCall(l *claudeLine, id []byte) *Record {
	r := d.claudeRecord(l, KindLLM, id)
	r.Flags |= FlagSnapshot
	r.Tags = d.claudeTags(l)
	if d.claude.tags.understated {
		r.Flags |= FlagUnderstated
	}
	if at, ok := readTime(l.at); ok {
		r.Start, r.End = at, at
		r.Has |= HasStart | HasEnd
	}
	r.LineID, r.LineParent = lineHash(l.uuid), lineHash(l.parent)
	if l.progress || l.stream {
		r.Parent = d.text(l.toolParent)
	}
	if l.stream {
		r.Status = StatusOK
		if !l.msg.stopped {
			r.Flags |= FlagUnderstated
		}
	}
	return r
}

// claudeIteration emits iteration i of an answer, which is not the last: it is billed, but is in no other field. The next one may
// have replaced it: then the model refused.
func (d *Decoder) claudeIteration(l *claudeLine, id []byte, i int) {
	m := &l.msg
	r := d.claudeCall(l, nil)
	r.Flags |= FlagIteration
	if len(id) > 0 {
		r.ID = claudeIterationID(id, i)
		r.Flags |= FlagGlobal
	}
	r.Model = firstSym(d.claudeSym(m.iterations[i].model), d.claudeSym(m.model))
	m.iterations[i].state(r)
	if m.fallback(i + 1) {
		r.Status, r.Error, r.Attempt = StatusError, d.sym(claudeRefused), 1
	}
	m.replaces(r, id, i)
}

// claudeIterationID is the id of iteration i, from 0, of an answer.
func claudeIterationID(id []byte, i int) string { return string(id) + "#" + strconv.Itoa(i+1) }

// fallback says that iteration i was made because the one before was refused.
func (m *claudeMessage) fallback(i int) bool {
	return i > 0 && i < len(m.iterations) && string(m.iterations[i].kind) == "fallback_message"
}

// replaces lets r, which is iteration i, be the next attempt after a refused one.
func (m *claudeMessage) replaces(r *Record, id []byte, i int) {
	if m.fallback(i) {
		r.Attempt, r.RetryOf, r.RetryKind = int32(i+1), claudeIterationID(id, i-1), RetryFallback
	}
}

// claudeToolUse emits the start of a tool call. An agent tool's Name is the type of subagent that it starts.
func (d *Decoder) claudeToolUse(l *claudeLine, u *claudeUse, call []byte) {
	if len(u.id) == 0 {
		return
	}
	r := d.claudeRecord(l, KindTool, u.id)
	r.Tool = d.claudeSym(u.name)
	r.Name = d.claudeSym(u.agent)
	r.Parent = d.text(call)
	if at, ok := readTime(l.at); ok {
		r.Start, r.Has = at, HasStart
	}
}

// claudeUser emits the ends of tool calls, else a prompt.
func (d *Decoder) claudeUser(l *claudeLine) {
	at, ok := readTime(l.at)
	for i := range l.msg.results {
		t := &l.msg.results[i]
		if len(t.id) == 0 {
			continue
		}
		r := d.claudeRecord(l, KindTool, t.id)
		r.Status = StatusOK
		if t.failed {
			r.Status = StatusError
		}
		r.LineID = lineHash(l.uuid)
		if ok {
			r.End, r.Has = at, HasEnd
		}
	}
	if len(l.msg.results) == 0 {
		d.claudePrompt(l)
	}
	if len(l.result.agent) > 0 && !l.progress {
		d.claudeAgentResult(l)
	}
}

// claudePrompt marks what a call may name as its parent. Name tells what it is: "human" is a person's turn.
func (d *Decoder) claudePrompt(l *claudeLine) {
	id := l.uuid
	if l.progress && len(l.inner.uuid) > 0 {
		id = l.inner.uuid
	}
	r := d.claudeMark(l, EventPrompt, id)
	switch {
	case l.summary:
		r.Name = d.sym(claudeSummary)
	case bytes.HasPrefix(l.msg.text, claudeInterrupt):
		r.Name = d.sym(claudeInterrupted)
	case l.meta || len(l.msg.text) == 0 || l.msg.text[0] == '<': // the client's own: <command-name>, <local-command-stdout>
		r.Name = d.sym(claudeMeta)
	case r.Instance != 0:
		r.Name = d.sym(claudeTask)
	default:
		r.Name = d.sym(claudeHuman)
	}
	if l.progress || l.stream {
		r.Parent = d.text(l.toolParent)
	}
}

// claudeMark appends an event at the time of the line.
func (d *Decoder) claudeMark(l *claudeLine, e Event, id []byte) *Record {
	r := d.claudeRecord(l, KindMark, id)
	r.Event = e
	r.LineID = lineHash(l.uuid)
	if at, ok := readTime(l.at); ok {
		r.Start, r.End, r.Has = at, at, HasStart|HasEnd
	}
	return r
}

// claudeAgentResult keeps what a subagent's tool result says about the agent's last call. Parent is the tool's id: it names the mark,
// because agent ids are too short to be unique. Without usage (status async_launched) the agent's spend is only in its own file.
// joinClaude sets Status: ok where the spend is known, unfinished where it is not, unset where no agent tool was called.
func (d *Decoder) claudeAgentResult(l *claudeLine) {
	var tool []byte
	if len(l.msg.results) > 0 {
		tool = l.msg.results[0].id
	}
	if len(tool) == 0 {
		return
	}
	r := d.claudeMark(l, EventAgentResult, append([]byte("agentresult:"), tool...))
	r.Parent = d.text(tool)
	r.Agent = d.claudeSym(l.result.agentType)
	r.Instance = d.sym(l.result.agent)
	r.Flags &^= FlagSubagentFile
	r.Tags = d.claudeTags(l)
	r.RequestModel = d.claudeSym(l.result.model)
	if l.result.usage.present && !l.result.usage.bad {
		l.result.usage.state(r)
	}
}

func (d *Decoder) claudeSystem(l *claudeLine) {
	switch string(l.subtype) {
	case "api_error":
		r := d.claudeMark(l, EventAPIError, l.uuid)
		r.Status, r.Error = StatusError, firstSym(d.sym(l.errorStatus), d.claudeError(l.errorText))
		r.Attempt = int32(min(max(l.attempt, 0), 1000))
	case "compact_boundary", "microcompact_boundary":
		event := EventCompact
		if l.subtype[0] == 'm' {
			event = EventMicroCompact
		}
		r := d.claudeMark(l, event, l.uuid)
		r.Name = d.claudeSym(l.trigger)
		if l.preTokens > 0 {
			r.Usage.Input, r.Has = l.preTokens, r.Has|HasInput
		}
	case "model_refusal_fallback":
		r := d.claudeMark(l, EventFallback, l.uuid)
		r.Name = d.claudeSym(l.trigger)
		r.RequestModel, r.Model = d.claudeSym(l.from), d.claudeSym(l.to)
	}
}

// claudeFinalError marks an error that the client gave up on: Name is "final". No tokens are known to be billed.
func (d *Decoder) claudeFinalError(l *claudeLine) {
	r := d.claudeMark(l, EventAPIError, l.uuid)
	r.Name = d.sym(claudeFinal)
	r.Status = StatusError
	r.Error = firstSym(d.sym(l.errorStatus), d.claudeError(l.msg.text), d.claudeError(l.errorText))
}

package tracefmt

import (
	"bytes"
	"cmp"
	"path/filepath"
	"strings"
)

// Copilot CLI writes one events.jsonl per session: lines {type, data, id, timestamp, parentId}. Calls state what they put out, never what
// they took in: that is known for whole sessions only, from what a session says when it is left (session.shutdown).
//
//	assistant.message              a KindLLM record
//	assistant.usage                the usage of the call of the same apiCallId; most logs have none
//	tool.execution_*               the start and the end of a KindTool record
//	session.shutdown               a FlagTotal record per model, and a KindRun record with the quota units as tags
//	session.model_change, .start   EventModel
//	user.message, *.turn_start     EventPrompt
//	subagent.*                     EventPrompt that names the agent behind a tool call
//	session.compaction_complete    EventCompact
//	abort                          EventAbort
//	session.error                  EventAPIError
//
// joinCopilot settles models, agents, starts, and the totals of sessions that were left and resumed.

// copilotState is a decoder's memory for lines: space to reuse, and what Head says.
type copilotState struct {
	line       copilotLine
	head, path string // that meta was read from
	meta       copilotMeta
	tags       Sym
	set        tagSet
	buf        []byte
}

var copilotFormat = Format{Name: "copilot-cli", Title: "Copilot CLI session events", Can: TellsAgents | TellsText, Partly: TellsUsage,
	Note:  "input tokens are known per session and model only, and only of sessions that were left properly; premium requests are no money",
	sniff: sniffCopilot, join: inPlace((*Assembler).joinCopilot), decode: decodeCopilot, head: copilotHead}

// copilotFamilies are what types of events begin with.
var copilotFamilies = map[string]bool{"session": true, "assistant": true, "user": true, "tool": true, "system": true, "hook": true, "subagent": true,
	"permission": true, "skill": true, "model": true}

func sniffCopilot(v *peek) bool {
	family, _, ok := strings.Cut(v.keys["type"], ".")
	if v.keys["data"] != "{" || !v.has("id", "timestamp") {
		return false
	}
	return ok && copilotFamilies[family] || family == "abort" && v.has("parentId")
}

// copilotMeta is what session.start says of a session.
type copilotMeta struct{ id, cwd, root, branch, repository, version string }

func copilotHead(b []byte) (string, bool) {
	var m copilotMeta
	done := false
	headEach(b, framed(b), func(v []byte, whole bool) bool {
		var l copilotLine
		if err := l.read(&scanner{b: v}); len(v) == 0 || err != nil && string(l.kind) != "session.start" {
			return true
		}
		if done = whole; string(l.kind) == "session.start" || string(l.kind) == "session.resume" {
			m = l.meta()
		}
		return false
	})
	if m == (copilotMeta{}) {
		return "", done
	}
	parts := []string{m.id, m.cwd, m.root, m.branch, m.repository, m.version}
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(p, tagSep, "")
	}
	return strings.Join(parts, tagSep), done
}

func (l *copilotLine) meta() copilotMeta {
	text := func(b []byte) string { return string(unescape(nil, b)) }
	return copilotMeta{text(l.session), text(l.cwd), text(l.root), text(l.branch), text(l.repository), text(l.version)}
}

// copilotMeta returns what is known of the session. Where its first line is missing, the folder of events.jsonl has its id.
func (d *Decoder) copilotMeta() *copilotMeta {
	st := &d.copilot
	if st.meta.id != "" && st.head == d.Head && st.path == d.Path {
		return &st.meta
	}
	st.head, st.path, st.meta = d.Head, d.Path, copilotMeta{}
	m := &st.meta
	if parts := strings.Split(d.Head, tagSep); len(parts) == 6 {
		*m = copilotMeta{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]}
	}
	if m.id == "" {
		m.id = d.sourceName()
		if dir := filepath.Base(filepath.Dir(d.Path)); m.id == "events" && len(dir) > 1 {
			m.id = dir
		}
	}
	st.tags = d.copilotTags(nil)
	return m
}

// copilotTags are the session's tags and those of a line.
func (d *Decoder) copilotTags(l *copilotLine) Sym {
	m, set := &d.copilot.meta, &d.copilot.set
	set.reset()
	for _, t := range [...]struct{ name, value string }{{"branch", m.branch}, {"client", m.version}, {"cwd", m.cwd}, {"repository", m.repository}} {
		if t.value != "" {
			set.add([]byte(t.name), []byte(t.value))
		}
	}
	if l != nil {
		for _, t := range [...]struct {
			name  string
			value []byte
		}{{"premium_requests", l.premium}, {"nano_aiu", l.aiu}} {
			if len(t.value) > 0 {
				set.add([]byte(t.name), t.value)
			}
		}
	}
	return d.tags(set)
}

// copilotUse are the types of events that tell something; other lines are most of the bytes.
var copilotUse = map[string]bool{"session.start": true, "session.resume": true, "session.model_change": true, "session.shutdown": true,
	"session.compaction_complete": true, "session.truncation": true, "session.error": true, "assistant.message": true, "assistant.turn_start": true,
	"assistant.usage": true, "user.message": true, "tool.execution_start": true, "tool.execution_complete": true, "abort": true,
	"subagent.started": true, "subagent.completed": true, "subagent.failed": true, "model.call_failure": true, "model.model_call_failure": true}

// copilotBegin begins every line: behind another beginning, a line was torn.
var copilotBegin = []byte(`{"type"`)

func decodeCopilot(d *Decoder, value []byte) error {
	q := quickScan{b: value}
	q.member('{', "type")
	if kind := q.text(); !q.bad && !copilotUse[string(kind)] && value[len(value)-1] == '}' && !bytes.Contains(value[1:], copilotBegin) {
		d.scan.reset(nil) // nothing was left unread
		return nil
	}
	l := &d.copilot.line
	l.reset()
	d.scan.reset(value)
	if err := l.read(&d.scan); err != nil {
		return err
	}
	if l.bad {
		return errCount
	}
	if len(l.id) == 0 {
		l.id = contentID("line", value)
	}
	d.copilotLine(l)
	return nil
}

func (d *Decoder) copilotLine(l *copilotLine) {
	switch string(l.kind) {
	case "assistant.message":
		d.copilotCall(l)
	case "assistant.usage":
		d.copilotUsage(l)
	case "assistant.turn_start":
		d.copilotMark(l, EventPrompt, claudeMeta)
	case "user.message":
		if len(l.source) > 0 && string(l.source) != "user" {
			d.copilotMark(l, EventPrompt, claudeMeta)
		} else {
			d.copilotMark(l, EventPrompt, claudeHuman)
		}
	case "tool.execution_start":
		d.copilotTool(l)
	case "tool.execution_complete":
		d.copilotToolEnd(l)
	case "session.start", "session.resume", "session.model_change":
		if len(l.newModel) > 0 {
			d.copilotMark(l, EventModel, nil).Model = d.claudeSym(l.newModel)
		}
	case "session.shutdown":
		d.copilotShutdown(l)
	case "session.compaction_complete":
		d.copilotMark(l, EventCompact, nil)
	case "session.truncation":
		d.copilotMark(l, EventMicroCompact, nil)
	case "session.error":
		d.copilotError(l, claudeFinal)
	case "model.call_failure", "model.model_call_failure":
		d.copilotError(l, nil)
	case "abort":
		d.copilotMark(l, EventAbort, l.reason)
	case "subagent.started", "subagent.completed", "subagent.failed":
		d.copilotAgent(l)
	}
}

// copilotRecord appends a record with what every record of a line has.
func (d *Decoder) copilotRecord(l *copilotLine, kind Kind, id []byte) *Record {
	m := d.copilotMeta()
	r := d.add()
	r.Kind, r.Run, r.ID = kind, m.id, d.text(id)
	r.Session = d.sym([]byte(m.id))
	r.Workflow = d.sym(lastPart([]byte(cmp.Or(m.root, m.cwd))))
	r.Tags = d.copilot.tags
	r.Instance = d.sym(firstBytes(l.agent, l.parentTool))
	r.Parent = d.text(l.parentTool)
	if r.Instance == 0 {
		r.Agent = d.sym(claudeMain)
	}
	if at, ok := readTime(l.at); ok {
		r.Start, r.End, r.Has = at, at, HasStart|HasEnd
	}
	return r
}

// copilotMark appends an event at the time of the line.
func (d *Decoder) copilotMark(l *copilotLine, e Event, name []byte) *Record {
	r := d.copilotRecord(l, KindMark, l.id)
	r.Event, r.Name = e, d.claudeSym(name)
	return r
}

func (d *Decoder) copilotError(l *copilotLine, name []byte) {
	r := d.copilotMark(l, EventAPIError, name)
	r.Status, r.Error = StatusError, d.claudeError(firstBytes(l.errorCode, l.errorText, l.message))
}

// copilotCall emits a model call. LineID stands for its apiCallId.
func (d *Decoder) copilotCall(l *copilotLine) {
	r := d.copilotRecord(l, KindLLM, firstBytes(l.messageID, l.id))
	if hexRun(l.messageID) == 36 {
		r.Flags |= FlagGlobal
	}
	r.Status = StatusOK
	r.Model = d.claudeSym(l.model)
	r.Usage.Output, r.Has = l.use.Output, r.Has|l.has&HasOutput
	r.LineID = lineHash(firstBytes(l.apiCall, l.serviceRequest))
	call := r.ID
	for _, id := range l.requests {
		t := d.copilotRecord(l, KindTool, id)
		t.Parent = call
		t.Flags |= FlagPlaceholder // until it runs
		t.Has, t.Start, t.End = 0, 0, 0
	}
}

// copilotUsage emits the usage of one call. Its cost is a multiple of a premium request.
func (d *Decoder) copilotUsage(l *copilotLine) {
	r := d.copilotRecord(l, KindLLM, append(append(d.copilot.buf[:0], "usage:"...), firstBytes(l.apiCall, l.id)...))
	r.Flags |= FlagPlaceholder // until joinCopilot finds no call that it belongs to
	r.Model = d.claudeSym(l.model)
	r.Usage, r.Has = l.use, r.Has|l.has
	d.settleUsage(r, 0, noTotal)
	r.LineID = lineHash(firstBytes(l.apiCall, l.serviceRequest))
	if ms := l.duration; r.Has&HasStart != 0 && ms > 0 {
		r.Start -= min(ms, maxCallMillis) * 1e6
	}
}

// maxCallMillis bounds a stated duration: a day.
const maxCallMillis = 24 * 3600 * 1000

func (d *Decoder) copilotTool(l *copilotLine) {
	if len(l.tool) == 0 {
		return
	}
	r := d.copilotRecord(l, KindTool, l.tool)
	r.Tool = d.claudeSym(firstBytes(l.toolName, l.mcpTool))
	r.Has, r.End = r.Has&^HasEnd, 0
	r.Parent = ""
	r.Fingerprints[2] = textHash(l.args)
}

// copilotToolEnd emits the end of a tool call; without the line that began it, it is none.
func (d *Decoder) copilotToolEnd(l *copilotLine) {
	if len(l.tool) == 0 {
		return
	}
	r := d.copilotRecord(l, KindTool, l.tool)
	r.Flags |= FlagPlaceholder
	r.Has, r.Start = r.Has&^HasStart, 0
	r.Parent = ""
	r.Tool = d.claudeSym(l.toolName)
	r.RequestModel = 0
	r.Fingerprints[3] = textHash(l.result)
	switch {
	case l.hasSuccess && !l.success:
		r.Status, r.Error = StatusError, firstSym(d.claudeError(firstBytes(l.errorCode, l.errorText)), d.sym([]byte("failed")))
	case l.hasSuccess:
		r.Status = StatusOK
	}
}

// copilotAgent names the agent that a tool call started.
func (d *Decoder) copilotAgent(l *copilotLine) {
	if len(l.tool) == 0 {
		return
	}
	r := d.copilotRecord(l, KindMark, append(append(d.copilot.buf[:0], "agent:"...), l.tool...))
	r.Event, r.Name = EventPrompt, d.sym(claudeTask)
	r.Parent = d.text(l.tool)
	r.Instance = d.sym(firstBytes(l.agent, l.tool))
	r.Agent = d.claudeSym(l.agentName)
}

// copilotShutdown emits what the session used until it was left, model by model, and how its context was made up.
func (d *Decoder) copilotShutdown(l *copilotLine) {
	run := d.copilotRecord(l, KindRun, nil)
	run.Agent, run.Has, run.Start, run.End = 0, 0, 0, 0
	run.Tags = d.copilotTags(l)
	mark := d.copilotMark(l, EventNone, []byte("shutdown"))
	if l.context != [3]int64{} {
		mark.Context = &[ContextParts]int64{0: l.context[0], 1: l.context[1], 3: l.context[2]}
	}
	for i := range l.models {
		m := &l.models[i]
		if m.has&HasUsage == 0 {
			continue
		}
		m.split(l.details, len(l.models) == 1)
		id := append(append(append(d.copilot.buf[:0], l.id...), '#'), m.name...)
		r := d.copilotRecord(l, KindChain, id)
		r.Flags |= FlagTotal
		r.Agent = 0
		r.Model = d.claudeSym(m.name)
		r.Usage, r.Has = m.use, r.Has|m.has
		d.settleUsage(r, 0, noTotal)
	}
}

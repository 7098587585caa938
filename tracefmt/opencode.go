package tracefmt

import (
	"bytes"
	"strings"
)

// OpenCode keeps sessions, messages and parts of messages. They stand together in an exported document, each in a file of its own in the
// native store (session/…/ses_*.json, message/…/msg_*.json, part/…/prt_*.json), or one per event in what `run --format json` prints. It is
// the same objects everywhere, told apart by their members:
//
//	session             a KindRun record
//	assistant message   a KindLLM record; its id is the same in all stores
//	user message        EventPrompt
//	tool part           a KindTool record; a task names the session that it started in the tag child
//	retry part          EventAPIError; joinOpenCode numbers the message's attempts
//	step-finish part    repeats its message, except in early versions, where a message has several steps, the last of which gave its tokens
//
// A child session is a run of its own: what it cost is not part of its parent's cost.
var openCodeFormat = Format{Name: "opencode", Title: "OpenCode sessions: exports and the native store",
	Can: TellsUsage | TellsCost | TellsRetries | TellsAgents | TellsText, Note: "the stated cost charges reasoning twice in some versions: then the computed one counts",
	sniff: sniffOpenCode, join: inPlace((*Assembler).joinOpenCode), decode: decodeOpenCode}

// openCodeThing is what an object states, whichever it is. Text is as written, between its quotes.
type openCodeThing struct {
	id, session, message, parent, role, kind []byte
	model, provider, agent, mode, cwd        []byte
	title, directory, version                []byte
	tool, call, status, child, subagent      []byte
	errName, errText                         []byte
	created, completed, start, end           []byte
	attempt                                  []byte
	args, result                             uint64
	summary, failed, worktree                bool
	use                                      statedUse
}

// statedUse are tokens and cost; odd says that one of them was no count.
type statedUse struct {
	usage Usage
	total int64
	cost  USD
	has   Fields
	odd   bool
}

// openCodeState is a decoder's memory for documents.
type openCodeState struct {
	seen map[string]bool // ids of the document's messages
	tags tagSet
}

// repeats says that the document has had a message of that id.
func (o *openCodeState) repeats(id string) bool {
	if id == "" {
		return false
	}
	if o.seen == nil {
		o.seen = map[string]bool{}
	}
	was := o.seen[id]
	o.seen[id] = true
	return was
}

func sniffOpenCode(v *peek) bool {
	id := v.keys["id"]
	switch {
	case v.keys["info"] == "{":
		return (v.keys["messages"] == "[" || v.keys["parts"] == "[") && openCodeInfo(v.raw)
	case v.keys["part"] == "{":
		return v.has("sessionID", "type")
	case v.keys["properties"] == "{":
		return openCodeEvents[v.keys["type"]]
	case v.has("sessionID", "messageID", "type"):
		return true
	case v.has("role", "sessionID"):
		return v.has("id") && v.keys["time"] == "{"
	case v.keys["metadata"] == "{" && v.has("role"):
		return strings.HasPrefix(id, "msg_")
	}
	return v.keys["time"] == "{" && (strings.HasPrefix(id, "ses_") || v.has("id", "worktree"))
}

// openCodeEvents are the events of the server's bus that carry whole objects.
var openCodeEvents = map[string]bool{
	"session.created": true, "session.updated": true, "message.updated": true, "message.part.updated": true,
}

// openCodeInfo says that info describes a session or a message.
func openCodeInfo(doc []byte) bool {
	var s scanner
	s.reset(doc)
	for s.object(); s.next(); {
		if string(s.key()) != "info" || s.kind() != '{' {
			s.skip()
			continue
		}
		var v openCodeThing
		v.read(&s)
		return bytes.HasPrefix(v.id, []byte("ses_")) || len(v.session) > 0 || len(v.id) > 0 && len(v.directory)+len(v.title) > 0 && len(v.created) > 0
	}
	return false
}

// decodeOpenCode reads a value; what names no session is one of its source.
func decodeOpenCode(d *Decoder, value []byte) error {
	from := len(d.Out)
	err := d.readOpenCode(value)
	for i := from; i < len(d.Out); i++ {
		if r := &d.Out[i]; r.Run == "" {
			r.Run = d.sourceName()
		}
	}
	return err
}

func (d *Decoder) readOpenCode(value []byte) error {
	s := &d.scan
	s.reset(value)
	from := len(d.Out)
	var top, info openCodeThing
	var doc, named bool
	var steps openCodeSteps
	clear(d.openCode.seen)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "info":
			info.read(s)
			named = true
		case "messages":
			doc = true
			d.openCodeMessages()
		case "parts":
			d.openCodeParts(&steps)
		case "part":
			info.read(s)
		case "properties":
			info.readProperties(s)
		default:
			top.member(s)
		}
	}
	if len(info.session) == 0 && !named {
		info.session = top.session
	}
	switch {
	case s.err != nil:
		return s.err
	case doc:
		return d.openCodeDocument(&info, from)
	case named:
		return d.openCodeElement(&info, &steps, from)
	case len(info.kind)+len(info.id)+len(info.message) > 0:
		return d.openCodeOne(&info, true)
	}
	if len(d.Out) > from || len(top.role) > 0 {
		return d.openCodeElement(&top, &steps, from)
	}
	return d.openCodeOne(&top, false)
}

// openCodeDocument ends an export: the session is that of the messages that do not name theirs.
func (d *Decoder) openCodeDocument(info *openCodeThing, from int) error {
	run := d.text(info.id)
	for i := from; i < len(d.Out); i++ {
		if r := &d.Out[i]; r.Run == "" {
			r.Run = run
		}
	}
	if run == "" && len(d.Out) == from {
		return skipError("an OpenCode export without a session")
	}
	d.openCodeSession(info)
	return nil
}

// openCodeMessages reads {info, parts} of an export. Where an id stands twice, the first message counts.
func (d *Decoder) openCodeMessages() {
	s := &d.scan
	if s.kind() == '{' { // as the share service writes them: by id
		for s.object(); s.next(); {
			d.openCodeMessage()
		}
		return
	}
	if !s.enter('[') {
		return
	}
	for s.next() {
		d.openCodeMessage()
	}
}

func (d *Decoder) openCodeMessage() {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	from := len(d.Out)
	var info openCodeThing
	var steps openCodeSteps
	for s.next() {
		switch string(s.key()) {
		case "info":
			info.read(s)
		case "parts":
			d.openCodeParts(&steps)
		default:
			info.member(s)
		}
	}
	if s.err != nil {
		return
	}
	if string(info.role) == "assistant" && d.openCode.repeats(d.text(info.id)) {
		d.warnf("a message's id stands twice in a document: only the first counts")
		info.role = nil
	}
	_ = d.openCodeElement(&info, &steps, from) // what holds nothing holds nothing here either
}

// openCodeElement emits a message whose parts, read before, are the records from from on.
func (d *Decoder) openCodeElement(info *openCodeThing, steps *openCodeSteps, from int) error {
	run, id := d.text(info.session), d.text(info.id)
	for i := from; i < len(d.Out); i++ {
		r := &d.Out[i]
		if r.Run == "" {
			r.Run = run
		}
		if r.Parent == "" {
			r.Parent = id
		}
	}
	steps.give(&info.use)
	err := d.openCodeOne(info, false)
	if len(d.Out) > from {
		return nil
	}
	return err
}

// openCodeParts reads the parts of a message.
func (d *Decoder) openCodeParts(steps *openCodeSteps) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		var p openCodeThing
		p.read(s)
		if string(p.kind) == "step-finish" {
			steps.add(&p.use)
			continue
		}
		if s.err == nil {
			_ = d.openCodePart(&p)
		}
	}
}

// openCodeOne emits what a single object states. event says that it was printed as it happened, without the message around it.
func (d *Decoder) openCodeOne(v *openCodeThing, event bool) error {
	switch {
	case len(v.message) > 0 || string(v.kind) == "tool":
		if event && string(v.kind) == "step-finish" {
			d.openCodeCall(v, v.message)
			return nil
		}
		return d.openCodePart(v)
	case string(v.role) == "assistant":
		d.openCodeCall(v, v.id)
		return nil
	case string(v.role) == "user":
		d.openCodePrompt(v)
		return nil
	case v.worktree:
		return skipError("an OpenCode project: it names a folder and holds no calls")
	case bytes.HasPrefix(v.id, []byte("ses_")) || len(v.directory)+len(v.title) > 0 && len(v.id) > 0:
		d.openCodeSession(v)
		return nil
	}
	return skipError("nothing of a call: an event or object of OpenCode without usage")
}

// openCodeRecord appends a record of the session of v.
func (d *Decoder) openCodeRecord(v *openCodeThing, kind Kind, id []byte) *Record {
	r := d.add()
	r.Kind = kind
	r.Run = d.text(v.session)
	if len(id) > 0 {
		r.ID = d.text(id)
		r.Flags |= FlagGlobal
	}
	return r
}

// openCodeCall emits a model call with that id.
func (d *Decoder) openCodeCall(v *openCodeThing, id []byte) {
	if len(id) == 0 {
		id = contentID("msg", v.session, v.created, v.model)
	}
	r := d.openCodeRecord(v, KindLLM, id)
	r.Flags |= FlagSnapshot // its tools run while it lasts, and what was written last about it counts
	r.Model, r.Provider = d.claudeSym(v.model), d.claudeSym(v.provider)
	r.Agent = d.name(firstPlain(v.agent, v.mode))
	r.Service = d.folderSym(v.cwd)
	v.stamp(r)
	v.use.state(d, r)
	d.openCodeStatus(v, r)
	if v.summary {
		d.openCodeMark(v, EventCompact, id, "#compact")
	}
	if string(v.errName) == "MessageAbortedError" {
		d.openCodeMark(v, EventAbort, id, "#abort")
	}
}

func (d *Decoder) openCodeStatus(v *openCodeThing, r *Record) {
	switch {
	case v.failed:
		r.Status, r.Error = StatusError, firstSym(d.claudeSym(v.errName), d.claudeSym(v.errText))
		if string(v.errName) == "UnknownError" || string(v.errName) == "APIError" {
			r.Error = firstSym(d.claudeSym(v.errText), r.Error)
		}
	case r.Has&HasEnd != 0:
		r.Status = StatusOK
	}
}

// stamp gives r the time of v.
func (v *openCodeThing) stamp(r *Record) {
	stampTime(r, v.created, v.completed)
	if r.Has&HasStart == 0 {
		stampTime(r, v.start, v.end)
	}
}

// stampTime sets what is known of start and end.
func stampTime(r *Record, start, end []byte) {
	if at, ok := statedTime(start); ok {
		r.Start, r.Has = at, r.Has|HasStart
	}
	if at, ok := statedTime(end); ok {
		r.End, r.Has = at, r.Has|HasEnd
	}
	if r.State(HasStart | HasEnd) {
		r.End = max(r.End, r.Start)
	}
}

// statedTime is readTime; nothing is no time.
func statedTime(b []byte) (ns int64, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	return readTime(b)
}

func (d *Decoder) openCodeMark(v *openCodeThing, e Event, id []byte, suffix string) *Record {
	r := d.openCodeRecord(v, KindMark, append(id[:len(id):len(id)], suffix...))
	r.Event = e
	v.stamp(r)
	if r.Has&HasEnd == 0 {
		r.momentary()
	}
	return r
}

func (d *Decoder) openCodePrompt(v *openCodeThing) {
	if len(v.id) == 0 {
		return
	}
	d.openCodeMark(v, EventPrompt, v.id, "").Name = d.sym([]byte("human"))
}

// openCodeSession emits what is known of a run.
func (d *Decoder) openCodeSession(v *openCodeThing) {
	if len(v.id) == 0 {
		return
	}
	r := d.add()
	r.Kind, r.Run = KindRun, d.text(v.id)
	r.Workflow = firstSym(d.folderSym(v.directory), d.name(firstPlain(unredacted(v.title))))
	t := &d.openCode.tags
	t.reset()
	r.Session = d.sym(v.id)
	if bytes.HasPrefix(v.parent, []byte("ses_")) {
		t.add([]byte("parent"), v.parent)
		r.Session = d.sym(v.parent)
	}
	if title := firstPlain(unredacted(v.title)); len(bytes.TrimSpace(title)) > 0 {
		t.add([]byte("title"), title)
	}
	if len(v.version) > 0 {
		t.add([]byte("version"), v.version)
	}
	r.Tags = d.tags(t)
}

// openCodePart emits a part of a message that says something of its own.
func (d *Decoder) openCodePart(v *openCodeThing) error {
	switch string(v.kind) {
	case "tool":
		d.openCodeTool(v)
	case "retry":
		r := d.openCodeMark(v, EventAPIError, v.partID(), "")
		r.Parent = d.text(v.message)
		r.Status, r.Error = StatusError, firstSym(d.claudeSym(v.errText), d.claudeSym(v.errName))
		if n, ok := parseInt(v.attempt); ok && n > 0 && n <= 1000 {
			r.Attempt = int32(n)
		}
	case "step-finish":
		r := d.openCodeMark(v, EventNone, v.partID(), "")
		r.Name, r.Parent = d.sym(v.kind), d.text(v.message)
		v.use.state(d, r)
	default:
		return skipError("parts of messages that hold no call: text, reasoning, files, steps begun")
	}
	return nil
}

// partID is the id of a part. Tools whose id says nothing are told apart by what else they state.
func (v *openCodeThing) partID() []byte {
	if bytes.HasPrefix(v.id, []byte("prt_")) {
		return v.id
	}
	return contentID("prt", v.id, v.session, v.message, v.call, v.tool, v.start, v.end)
}

func (d *Decoder) openCodeTool(v *openCodeThing) {
	r := d.openCodeRecord(v, KindTool, v.partID())
	r.Parent = d.text(v.message)
	r.Tool, r.Name = d.claudeSym(v.tool), d.claudeSym(v.subagent)
	stampTime(r, v.start, v.end)
	r.Fingerprints[2], r.Fingerprints[3] = v.args, v.result
	switch string(v.status) {
	case "completed":
		r.Status = StatusOK
	case "error":
		r.Status, r.Error = StatusError, d.claudeError(v.errText)
	}
	if len(v.child) > 0 {
		t := &d.openCode.tags
		t.reset()
		t.add([]byte("child"), v.child)
		r.Tags = d.tags(t)
	}
}

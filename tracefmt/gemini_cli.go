package tracefmt

import (
	"bytes"
	"fmt"
	"strings"
)

// Gemini CLI keeps a session as one JSON document with messages, newer versions as lines: a header, then a message per line, written again
// when its tools have ended, and {"$set": …} patches. A call is a message of type gemini that states tokens; its id is the same in every
// snapshot of a session and in either form, so that it counts once.

var geminiCLIFormat = Format{Name: "gemini-cli", Title: "Gemini CLI sessions",
	Can: TellsUsage | TellsText, Partly: TellsAgents, Note: "starts are inferred; compression and other inner calls are not in the log",
	sniff: sniffGeminiCLI, join: (*Assembler).joinWaits, decode: decodeGeminiCLI, head: geminiCLIHead}

func sniffGeminiCLI(v *peek) bool {
	if v.has("sessionId", "projectHash") {
		return !v.has("uuid")
	}
	if len(v.keys) == 1 {
		return v.keys["$set"] == "{" || v.has("$rewindTo")
	}
	return geminiCLITypes[v.keys["type"]] && v.has("id", "timestamp", "content") && !v.has("role") && !v.has("parentId") && !v.has("payload")
}

var geminiCLITypes = map[string]bool{"gemini": true, "qwen": true, "user": true, "info": true, "warning": true, "error": true}

// geminiCLISession is what a header, or a whole document, says about itself.
type geminiCLISession struct{ id, project, kind []byte }

// member reads a member of a header; ok is false for others.
func (h *geminiCLISession) member(s *scanner) (ok bool) {
	switch string(s.key()) {
	case "sessionId":
		h.id = s.rawText()
	case "projectHash":
		h.project = s.rawText()
	case "kind":
		h.kind = s.rawText()
	default:
		return false
	}
	return true
}

// geminiCLIHead takes the session out of the first value that names one: "session kind".
func geminiCLIHead(b []byte) (head string, ok bool) {
	for n := 0; n < headValues && len(b) > 0; n++ {
		var h geminiCLISession
		var s scanner
		s.reset(b)
		if s.kind() == '[' {
			return "", true // documents, which name their sessions
		}
		for s.object(); s.next(); {
			if !h.member(&s) {
				s.skip()
			}
			if len(h.id) > 0 && len(h.kind) > 0 {
				break
			}
		}
		switch {
		case len(h.id) > 0:
			return string(h.id) + "\t" + string(h.kind), true
		case s.err == errCut:
			return "", false
		}
		_, b, _ = bytes.Cut(b, newline)
	}
	return "", len(b) > 0
}

func decodeGeminiCLI(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	n := len(d.Out)
	var h geminiCLISession
	var m geminiMessage
	for s.object(); s.next(); {
		switch key := s.key(); string(key) {
		case "messages":
			d.geminiMessages()
		case "$set":
			d.geminiPatch()
		default:
			if !h.member(s) {
				m.member(d, s)
			}
		}
	}
	switch {
	case s.err != nil:
		return s.err
	case m.bad:
		return errCount
	}
	d.geminiMessage(&m)
	if len(h.id) > 0 {
		r := d.add()
		r.Kind = KindRun
		d.geminiTags(r, &h)
	}
	d.geminiPlace(d.Out[n:], &h)
	return nil
}

// geminiMessages reads an array of messages. One that cannot be read is left out.
func (d *Decoder) geminiMessages() {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.nextObject() {
		var m geminiMessage
		for s.next() {
			m.member(d, s)
		}
		if m.bad {
			d.warnf("left out: %v", errCount)
			continue
		}
		if s.err == nil {
			d.geminiMessage(&m)
		}
	}
}

// geminiPatch looks for messages that a patch puts in the place of others.
func (d *Decoder) geminiPatch() {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) == "messages" {
			d.geminiMessages()
			continue
		}
		s.skip()
	}
}

// geminiTags gives a run what its header says.
func (d *Decoder) geminiTags(r *Record, h *geminiCLISession) {
	t := &d.flat.tags
	t.reset()
	t.add([]byte("project"), h.project)
	if len(h.project) > 0 {
		r.Tags = d.tags(t)
	}
}

// geminiPlace gives records their run: the session, for a subagent that of its parent, after which its folder is named.
func (d *Decoder) geminiPlace(recs []Record, h *geminiCLISession) {
	id, kind, _ := strings.Cut(d.Head, "\t")
	if len(h.id) > 0 {
		id, kind = text(h.id), text(h.kind)
	}
	if id == "" {
		id = d.sourceName()
	}
	run, agent, instance := id, claudeMain, Sym(0)
	if kind == "subagent" {
		agent, instance = geminiSubagent, d.sym([]byte(id))
		if parent := geminiParent(d.Path); parent != "" {
			run = parent
		}
	}
	key, workflow, by, session := d.text([]byte(run)), d.geminiProject(h), d.sym(agent), d.sym([]byte(run))
	for i := range recs {
		r := &recs[i]
		r.Run, r.Session, r.Workflow = key, session, workflow
		if r.Kind != KindRun {
			r.Agent, r.Instance = by, instance
		}
	}
}

var geminiSubagent = []byte("subagent")

// geminiParent is the session that the folder of a subagent's file is named after.
func geminiParent(path string) string {
	dir := strings.Split(strings.ReplaceAll(path, `\`, "/"), "/")
	if n := len(dir); n >= 3 && dir[n-3] == "chats" {
		return dir[n-2]
	}
	return ""
}

// geminiProject names the project: the folder tmp/NAME/chats, which older versions name by a hash.
func (d *Decoder) geminiProject(h *geminiCLISession) Sym {
	path := "/" + strings.ReplaceAll(d.Path, `\`, "/")
	if i := strings.LastIndex(path, "/chats/"); i > 0 {
		if name := path[strings.LastIndexByte(path[:i], '/')+1 : i]; name != "" && hexRun([]byte(name)) != len(name) {
			return d.sym([]byte(name))
		}
	}
	if len(h.project) >= 8 {
		return d.sym(append([]byte("project "), h.project[:8]...))
	}
	return 0
}

// geminiMessage is one message of a session; text is raw.
type geminiMessage struct {
	id, at, kind, model, text []byte
	usage                     Record // Usage and Has
	total                     int64
	stated, bad               bool // tokens is there; a count is none
	tools                     []geminiTool
}

// geminiTool is one entry of toolCalls.
type geminiTool struct{ id, name, status, at, args []byte }

func (m *geminiMessage) member(d *Decoder, s *scanner) {
	switch string(s.key()) {
	case "id":
		m.id = s.rawText()
	case "timestamp":
		m.at = s.rawText()
	case "type":
		m.kind = s.rawText()
	case "model":
		m.model = s.rawText()
	case "content":
		m.text = s.rawText()
	case "tokens":
		m.tokens(d, s)
	case "toolCalls":
		m.readTools(s)
	default:
		s.skip()
	}
}

func (m *geminiMessage) tokens(d *Decoder, s *scanner) {
	m.total = noTotal
	if !s.enter('{') {
		return
	}
	m.stated = true
	r, u := &m.usage, &m.usage.Usage
	var tools, sum Record
	for s.next() {
		var err error
		switch string(s.key()) {
		case "input":
			err = d.count(s, r, &u.Input, HasInput)
		case "cached":
			err = d.count(s, r, &u.CacheRead, HasCacheRead)
		case "output":
			err = d.count(s, r, &u.Output, HasOutput)
		case "thoughts":
			err = d.count(s, r, &u.Reasoning, HasReasoning)
		case "tool":
			err = d.count(s, &tools, &tools.Usage.Input, HasInput)
		case "total":
			err = d.count(s, &sum, &sum.Usage.Input, HasInput)
		default:
			s.skip()
		}
		m.bad = m.bad || err != nil
	}
	u.Input += tools.Usage.Input
	if sum.Has != 0 {
		m.total = sum.Usage.Input
	}
	if u.Input+u.Output+u.Reasoning == 0 { // an answer that was cut off before its usage arrived
		*r = Record{}
		m.total = noTotal
	}
}

func (m *geminiMessage) readTools(s *scanner) {
	if !s.enter('[') {
		return
	}
	for s.nextObject() {
		var t geminiTool
		for s.next() {
			switch string(s.key()) {
			case "id":
				t.id = s.rawText()
			case "name":
				t.name = s.rawText()
			case "status":
				t.status = s.rawText()
			case "timestamp":
				t.at = s.rawText()
			case "args":
				t.args = s.raw()
			default:
				s.skip()
			}
		}
		m.tools = append(m.tools, t)
	}
}

// geminiMessage emits what a message says: a call with its tools, a prompt, an error that the client gave up on, or an abort.
func (d *Decoder) geminiMessage(m *geminiMessage) {
	switch string(m.kind) {
	case "gemini", "qwen":
		d.geminiCall(m)
	case "user":
		r := d.geminiMark(m, EventPrompt)
		r.Name = d.sym(claudeHuman)
	case "error":
		r := d.geminiMark(m, EventAPIError)
		r.Name, r.Status, r.Error = d.sym(claudeFinal), StatusError, d.claudeError(m.text)
	case "info":
		if bytes.HasPrefix(m.text, []byte("Request cancelled")) {
			d.geminiMark(m, EventAbort)
		}
	}
}

// geminiRecord appends a record at the time of a message.
func (d *Decoder) geminiRecord(m *geminiMessage, kind Kind) *Record {
	r := d.add()
	r.Kind = kind
	if len(m.id) > 0 {
		r.ID = d.text(m.id)
		r.Flags = FlagGlobal
	}
	if at, ok := readTime(m.at); ok {
		r.Start, r.End, r.Has = at, at, HasStart|HasEnd
	}
	return r
}

func (d *Decoder) geminiMark(m *geminiMessage, e Event) *Record {
	r := d.geminiRecord(m, KindMark)
	r.Event = e
	return r
}

func (d *Decoder) geminiCall(m *geminiMessage) {
	if m.stated {
		r := d.geminiRecord(m, KindLLM)
		r.Flags |= FlagSnapshot
		r.Provider, r.Model, r.Status = d.sym([]byte("gcp.gemini")), d.claudeSym(m.model), StatusOK
		if string(m.kind) != "gemini" {
			r.Provider = 0
		}
		r.Usage, r.Has = m.usage.Usage, r.Has|m.usage.Has
		d.settleUsage(r, reasonBeside, m.total)
		if r.ID == "" {
			r.ID = string(contentID("msg", m.at, m.model, fmt.Append(nil, r.Usage)))
		}
	}
	for i := range m.tools {
		d.geminiToolCall(m, &m.tools[i])
	}
}

// geminiToolCall emits a tool call. Its id is unique with that of its message.
func (d *Decoder) geminiToolCall(m *geminiMessage, t *geminiTool) {
	if len(t.id) == 0 {
		return
	}
	r := d.geminiRecord(m, KindTool)
	r.ID = d.text(append(append(append([]byte(nil), m.id...), '/'), t.id...))
	r.Parent, r.Tool, r.Fingerprints[2] = d.text(m.id), d.claudeSym(t.name), textHash(t.args)
	if len(m.id) == 0 {
		r.Flags &^= FlagGlobal
	}
	r.Has &^= HasEnd
	if at, ok := readTime(t.at); ok && at >= r.Start {
		r.End, r.Has = at, r.Has|HasEnd
	}
	switch string(t.status) {
	case "success":
		r.Status = StatusOK
	case "error", "cancelled":
		r.Status, r.Error = StatusError, d.sym(t.status)
	default: // validating, scheduled, executing, awaiting_approval: a later snapshot may know the end
		r.Has &^= HasEnd
	}
}

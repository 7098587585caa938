package tracefmt

import (
	"bytes"
	"strconv"
	"strings"
)

// pi, and tools built on it, write one file per session: a session line, then a line per message. A session that branched off another one
// begins with a copy of its messages. So a call's id is made of what a copy keeps: when it began, its model and its counts.

var piFormat = Format{Name: "pi", Title: "pi agent sessions",
	Can: TellsUsage | TellsCost | TellsText, Note: "compactions are marked, the calls that made them are not in the log",
	sniff: sniffPi, decode: decodePi, head: piHead}

func sniffPi(v *peek) bool {
	if v.has("sessionId") || v.has("session_id") || v.has("uuid") || !v.has("timestamp") {
		return false
	}
	switch v.keys["type"] {
	case "session":
		return v.has("id", "cwd") || v.has("id", "version")
	case "message":
		return v.keys["message"] == "{"
	case "model_change":
		return v.has("modelId")
	case "thinking_level_change":
		return v.has("thinkingLevel")
	case "compaction":
		return v.has("tokensBefore")
	case "custom":
		return v.has("customType", "id")
	}
	return false
}

// piHead takes out of the session line what every record needs: "session time branched".
func piHead(b []byte) (head string, ok bool) {
	for n := 0; n < headValues && len(b) > 0; n++ {
		line, rest, more := bytes.Cut(b, newline)
		l := piLine{}
		var s scanner
		s.reset(line)
		for s.object(); s.next(); {
			l.member(&s)
		}
		if string(l.kind) == "session" && len(l.id) > 0 {
			return string(l.id) + "\t" + string(l.at) + "\t" + l.branch(), true
		}
		if !more {
			return "", false
		}
		b = rest
	}
	return "", len(b) > 0
}

// piLine is what one line states; text is raw.
type piLine struct {
	kind, id, at, cwd, provider, model, from []byte
	before                                   int64 // tokens before a compaction
	message                                  []byte
}

// branch is "branched" for a session that goes on from another one.
func (l *piLine) branch() string {
	if len(l.from) > 0 {
		return "branched"
	}
	return ""
}

func (l *piLine) member(s *scanner) {
	switch string(s.key()) {
	case "type":
		l.kind = s.rawText()
	case "id":
		l.id = s.rawText()
	case "timestamp":
		l.at = s.str()
	case "cwd":
		l.cwd = s.rawText()
	case "provider":
		l.provider = s.rawText()
	case "modelId":
		l.model = s.rawText()
	case "branchedFrom", "parentSession":
		l.from = s.rawText()
	case "tokensBefore":
		if n, ok := parseInt(s.num()); ok && n > 0 && n <= maxCount {
			l.before = n
		}
	case "message":
		l.message = s.raw()
	default:
		s.skip()
	}
}

// piMessage is the message of a line.
type piMessage struct {
	role, model, answered, provider, stop, failure, tool, toolID []byte
	at                                                           int64 // Unix milliseconds or text, as nanoseconds
	timed, failed, stated, bad                                   bool
	usage                                                        Record
	total                                                        int64
	uses                                                         []geminiTool
}

func decodePi(d *Decoder, value []byte) error {
	var l piLine
	s := &d.scan
	s.reset(value)
	for s.object(); s.next(); {
		l.member(s)
	}
	switch {
	case s.err != nil:
		return s.err
	case !s.done():
		return errSyntax
	}
	switch string(l.kind) {
	case "session":
		d.piSession(&l)
	case "message":
		return d.piMessage(&l)
	case "compaction":
		r := d.piMark(&l, EventCompact, l.at)
		if l.before > 0 {
			r.Usage.Input, r.Has = l.before, r.Has|HasInput
		}
	case "model_change":
		r := d.piMark(&l, EventModel, l.at)
		r.Model, r.Provider = d.claudeSym(l.model), d.claudeSym(l.provider)
	}
	return nil
}

// piSession emits the facts of the run.
func (d *Decoder) piSession(l *piLine) {
	r := d.piRecord(KindRun)
	if len(l.id) > 0 {
		r.Run = d.text(l.id)
	}
	r.Session = d.sym([]byte(r.Run))
	r.Workflow = d.claudeFolder(l.cwd)
	t := &d.flat.tags
	t.reset()
	t.add([]byte("cwd"), unescape(nil, l.cwd))
	r.Tags = d.tags(t)
}

// claudeFolder names the last part of a folder's path, as it is written in JSON.
func (d *Decoder) claudeFolder(cwd []byte) Sym {
	dir := bytes.ReplaceAll(unescape(nil, cwd), []byte{'\\'}, []byte{'/'})
	return d.sym(lastPart(bytes.TrimRight(dir, "/")))
}

// piRecord appends a record of the session.
func (d *Decoder) piRecord(kind Kind) *Record {
	r := d.add()
	r.Kind = kind
	id, _, _ := strings.Cut(d.Head, "\t")
	if id == "" {
		id = d.sourceName()
	}
	r.Run = d.text([]byte(id))
	r.Session = d.sym([]byte(id))
	if kind != KindRun {
		r.Agent = d.sym(piAgent(d.Path))
	}
	return r
}

// piAgent is the agent whose folder holds the session: …/agents/NAME/sessions/….
func piAgent(path string) []byte {
	dir := strings.Split(strings.ReplaceAll(path, `\`, "/"), "/")
	if n := len(dir); n >= 4 && dir[n-4] == "agents" && dir[n-2] == "sessions" {
		return []byte(dir[n-3])
	}
	return claudeMain
}

// piCopied says that what happened at a time, in nanoseconds, was copied from the session that this one branched off.
func (d *Decoder) piCopied(at int64) bool {
	_, rest, _ := strings.Cut(d.Head, "\t")
	when, branch, _ := strings.Cut(rest, "\t")
	began, ok := readTime([]byte(when))
	return ok && branch != "" && at < began
}

// piGlobal gives a record an id that its copies share, too.
func (d *Decoder) piGlobal(r *Record, id string, at int64) {
	r.ID = id
	r.Flags |= FlagGlobal
	if d.piCopied(at) {
		r.Flags |= FlagInherited
	}
}

func (d *Decoder) piMark(l *piLine, e Event, id []byte) *Record {
	r := d.piRecord(KindMark)
	r.Event = e
	if at, ok := readTime(l.at); ok {
		r.Start, r.End, r.Has = at, at, HasStart|HasEnd
	}
	d.piGlobal(r, "pi:"+strconv.Itoa(int(e))+":"+string(id), r.Start)
	return r
}

func (d *Decoder) piMessage(l *piLine) error {
	m := piMessage{total: noTotal}
	s := &d.scan
	s.reset(l.message)
	if !s.enter('{') {
		return nil
	}
	for s.next() {
		m.member(d, s)
	}
	if m.bad {
		return errCount
	}
	switch string(m.role) {
	case "assistant":
		d.piAnswer(l, &m)
	case "toolResult":
		d.piToolEnd(l, &m)
	case "user":
		r := d.piMark(l, EventPrompt, l.at)
		r.Name = d.sym(claudeHuman)
	}
	return nil
}

func (m *piMessage) member(d *Decoder, s *scanner) {
	switch string(s.key()) {
	case "role":
		m.role = s.rawText()
	case "model":
		m.model = s.rawText()
	case "responseModel":
		m.answered = s.rawText()
	case "provider":
		m.provider = s.rawText()
	case "stopReason":
		m.stop = s.rawText()
	case "errorMessage":
		m.failure = s.rawText()
	case "toolCallId":
		m.toolID = s.rawText()
	case "toolName":
		m.tool = s.rawText()
	case "isError":
		m.failed = flag(s)
	case "timestamp":
		m.at, m.timed = readTime(s.str())
	case "usage":
		m.readUsage(d, s)
	case "content":
		m.readTools(s)
	default:
		s.skip()
	}
}

func (m *piMessage) readTools(s *scanner) {
	if !s.enter('[') {
		return
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		var t geminiTool
		for s.next() {
			switch string(s.key()) {
			case "type":
				t.status = s.rawText()
			case "id":
				t.id = s.rawText()
			case "name":
				t.name = s.rawText()
			case "arguments":
				t.args = s.raw()
			default:
				s.skip()
			}
		}
		if string(t.status) == "toolCall" && len(t.id) > 0 {
			m.uses = append(m.uses, t)
		}
	}
}

func (m *piMessage) readUsage(d *Decoder, s *scanner) {
	if !s.enter('{') {
		return
	}
	m.stated = true
	r, u := &m.usage, &m.usage.Usage
	var sum Record
	for s.next() {
		var err error
		switch string(s.key()) {
		case "input":
			err = d.count(s, r, &u.Input, HasInput)
		case "output":
			err = d.count(s, r, &u.Output, HasOutput)
		case "cacheRead":
			err = d.count(s, r, &u.CacheRead, HasCacheRead)
		case "cacheWrite":
			err = d.count(s, r, &u.CacheWrite, HasCacheWrite)
		case "reasoning":
			err = d.count(s, r, &u.Reasoning, HasReasoning)
		case "totalTokens":
			err = d.count(s, &sum, &sum.Usage.Input, HasInput)
		case "cost":
			m.readCost(d, s)
		default:
			s.skip()
		}
		m.bad = m.bad || err != nil
	}
	if sum.Has != 0 && sum.Usage.Input > 0 {
		m.total = sum.Usage.Input
	}
}

// readCost reads {"total", …}, or a number.
func (m *piMessage) readCost(d *Decoder, s *scanner) {
	if s.kind() != '{' {
		d.piCost(&m.usage)
		return
	}
	for s.object(); s.next(); {
		if string(s.key()) == "total" {
			d.piCost(&m.usage)
			continue
		}
		s.skip()
	}
}

func (d *Decoder) piCost(r *Record) {
	v := d.scan.num()
	if v == nil {
		return
	}
	usd, err := ParseUSD(v)
	if err != nil || usd < 0 {
		d.warnf("cost: negative or too large: read as not stated")
		return
	}
	r.Recorded, r.Has = usd, r.Has|HasCost
}

// piNoModel are names that tools built on pi give to messages that no model wrote.
var piNoModel = map[string]bool{"delivery-mirror": true, "gateway-injected": true}

// piAnswer emits a model call and the tools that it asks for. It began at the message's time and ended at the line's.
func (d *Decoder) piAnswer(l *piLine, m *piMessage) {
	if !m.stated || piNoModel[string(m.model)] {
		return
	}
	r := d.piRecord(KindLLM)
	r.Provider, r.RequestModel, r.Model = d.claudeSym(m.provider), d.claudeSym(m.model), d.claudeSym(m.model)
	if len(m.answered) > 0 {
		r.Model = d.claudeSym(m.answered)
	}
	d.piTimes(r, l, m)
	r.Usage, r.Recorded, r.Has = m.usage.Usage, m.usage.Recorded, r.Has|m.usage.Has
	id := m.callID(r)
	d.piGlobal(r, id, r.Start)
	d.piStop(r, m)
	aborted := string(m.stop) == "aborted"
	d.settleUsage(r, cacheBeside, m.total)
	for i := range m.uses {
		d.piToolUse(l, &m.uses[i], id)
	}
	if aborted {
		d.piMark(l, EventAbort, l.at)
	}
}

func (d *Decoder) piTimes(r *Record, l *piLine, m *piMessage) {
	if end, ok := readTime(l.at); ok {
		r.Start, r.End, r.Has = end, end, r.Has|HasStart|HasEnd
	}
	if m.timed {
		r.Start, r.Has = m.at, r.Has|HasStart
		r.End = max(r.End, r.Start)
	}
}

// callID is made of the time, the model and the counts as they are stated.
func (m *piMessage) callID(r *Record) string {
	u := &m.usage.Usage
	b := append([]byte(nil), m.model...)
	for _, n := range [...]int64{r.Start, u.Input, u.Output, u.CacheRead, u.CacheWrite, int64(m.usage.Recorded)} {
		b = strconv.AppendInt(append(b, ' '), n, 10)
	}
	return "pi:" + strconv.FormatInt(r.Start/1e6, 36) + ":" + strconv.FormatUint(textHash(b), 36)
}

func (d *Decoder) piStop(r *Record, m *piMessage) {
	switch string(m.stop) {
	case "error":
		r.Status, r.Error = StatusError, firstSym(d.claudeError(m.failure), d.sym(m.stop))
	case "aborted":
		r.Status, r.Error = StatusError, d.sym(m.stop)
	default:
		r.Status = StatusOK
	}
}

// piToolUse emits the start of a tool call, at the end of the answer that asks for it.
func (d *Decoder) piToolUse(l *piLine, t *geminiTool, call string) {
	r := d.piRecord(KindTool)
	r.Tool, r.Parent, r.Fingerprints[2] = d.claudeSym(t.name), call, textHash(t.args)
	at, ok := readTime(l.at)
	if ok {
		r.Start, r.Has = at, HasStart
	}
	d.piTool(r, t.id, at)
}

// piTool identifies a tool call. Ids of some model servers are short and come again in other sessions.
func (d *Decoder) piTool(r *Record, id []byte, at int64) {
	const unique = 16
	if len(id) >= unique {
		d.piGlobal(r, d.text(id), at)
	} else {
		r.ID = d.text(id)
	}
}

func (d *Decoder) piToolEnd(l *piLine, m *piMessage) {
	if len(m.toolID) == 0 {
		return
	}
	r := d.piRecord(KindTool)
	r.Tool, r.Status = d.claudeSym(m.tool), StatusOK
	if m.failed {
		r.Status = StatusError
	}
	at, ok := readTime(l.at)
	if m.timed {
		at, ok = m.at, true
	}
	if ok {
		r.End, r.Has = at, HasEnd
	}
	d.piTool(r, m.toolID, at)
}

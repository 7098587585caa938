package tracefmt

import (
	"bytes"
	"strconv"
	"strings"
)

// Codex CLI writes one rollout file per session: lines {timestamp, type, payload}. The only token counts are readings of a running total
// (event_msg/token_count), and the model stands in lines of its own (turn_context), so a line alone states
//
//	token_count                    EventCounter: Usage is the total, Extra.Last what the latest call used
//	turn_context, model_reroute    EventModel
//	user_message, task_started     EventPrompt
//	compacted                      EventCompact
//	turn_aborted                   EventAbort
//	error, stream_error            EventAPIError
//	*_call, *_output               the start and the end of a KindTool record
//
// and joinCodex makes calls of readings. Ids are unique within the session: a session that was saved several times keeps its times.
//
// A session that was forked off another begins with a copy of it under new times. What may be such a copy has FlagInherited; where the
// turn's own id is older than the session, it surely is one, and has FlagPlaceholder, too; a turn that is the session's own has StatusOK.

// codexState is a decoder's memory for lines: space to reuse, and what Head says.
type codexState struct {
	line codexLine
	head string // that meta was read from
	path string
	meta codexMeta
	tags [2]struct { // without and with a turn's effort
		effort []byte
		sym    Sym
		set    bool
	}
	set tagSet
	buf []byte
}

// codexTypes are the types of lines.
var codexTypes = map[string]bool{
	"session_meta": true, "response_item": true, "event_msg": true, "turn_context": true, "compacted": true,
}

var codexFormat = Format{Name: "codex", Title: "Codex CLI session logs", Can: TellsUsage | TellsAgents | TellsText, Partly: TellsRetries,
	Note:  "calls are the differences of a running total; the copied part of a forked session counts in its parent",
	sniff: sniffCodex, decode: decodeCodex, head: codexHead}

func sniffCodex(v *peek) bool {
	return v.keys["payload"] == "{" && v.has("timestamp") && codexTypes[v.keys["type"]]
}

// codexMeta is what a session says of itself in its first line. Texts are names, or empty.
type codexMeta struct {
	id, fork, session                               string // fork: the session that this one was forked off; session: the one that a person began
	cwd, branch, version, provider, agent, nickname string
	at, created                                     int64 // when the line was written; when the session began; 0 = unknown
}

// codexHead takes the first session_meta. A second one with another id is the first line of the copy that a fork begins with.
func codexHead(b []byte) (string, bool) {
	var m codexMeta
	found, done := false, false
	headEach(b, framed(b), func(v []byte, whole bool) bool {
		next, kind := readCodexMeta(v)
		switch {
		case len(v) == 0 || kind == codexTorn && !found:
			return true
		case !found && kind == codexIsMeta:
			m, found = next, true
			return true
		case found && kind == codexIsMeta && next.id != m.id && m.fork == "":
			m.fork = next.id
		}
		done = whole
		return false
	})
	if !found {
		return "", done
	}
	return m.pack(), done
}

// pack writes m as text that unpackCodex reads.
func (m *codexMeta) pack() string {
	parts := []string{m.id, m.fork, m.session, m.cwd, m.branch, m.version, m.provider, m.agent, m.nickname, itoa64(m.at), itoa64(m.created)}
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(p, tagSep, "")
	}
	return strings.Join(parts, tagSep)
}

func unpackCodex(head string) (m codexMeta) {
	parts := strings.Split(head, tagSep)
	if len(parts) != 11 {
		return m
	}
	for i, to := range [...]*string{&m.id, &m.fork, &m.session, &m.cwd, &m.branch, &m.version, &m.provider, &m.agent, &m.nickname} {
		*to = parts[i]
	}
	m.at, _ = parseInt([]byte(parts[9]))
	m.created, _ = parseInt([]byte(parts[10]))
	return m
}

// codexMeta returns what is known of the session; where nothing is, its id is in the file's name.
func (d *Decoder) codexMeta() *codexMeta {
	st := &d.codex
	if st.meta.id != "" && st.head == d.Head && st.path == d.Path {
		return &st.meta
	}
	st.head, st.path, st.tags[0].set, st.tags[1].set = d.Head, d.Path, false, false
	st.meta = unpackCodex(d.Head)
	m := &st.meta
	if m.id == "" {
		m.id = sessionOfName(d.sourceName())
	}
	if m.session == "" {
		m.session = m.id
	}
	return m
}

// sessionOfName is the UUID that ends a file's name, else the name.
func sessionOfName(name string) string {
	if n := len(name) - 36; n > 0 && hexRun([]byte(name[n:])) == 36 {
		return name[n:]
	}
	return name
}

func decodeCodex(d *Decoder, value []byte) error {
	l := &d.codex.line
	*l = codexLine{}
	if l.glance(value) {
		d.scan.reset(nil) // nothing was left unread
		if string(l.kind) == "compacted" {
			d.codexMark(l, EventCompact, "")
		}
		return nil
	}
	*l = codexLine{}
	s := &d.scan
	s.reset(value)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "timestamp":
			l.at = s.rawText()
		case "type":
			l.kind = s.rawText()
		case "payload":
			l.payload(s)
		default:
			s.skip()
		}
	}
	switch {
	case s.err != nil:
		return s.err
	case l.bad:
		return errCount
	}
	d.codexLine(l)
	return nil
}

// codexLine emits the records of a line.
func (d *Decoder) codexLine(l *codexLine) {
	switch string(l.kind) {
	case "turn_context":
		d.codexTurn(l)
	case "compacted":
		d.codexMark(l, EventCompact, "")
	case "response_item":
		d.codexItem(l)
	case "event_msg":
		d.codexEvent(l)
	}
}

// codexRecord appends a record with what every record of a line has.
func (d *Decoder) codexRecord(l *codexLine, kind Kind) *Record {
	m := d.codexMeta()
	at, ok := readTime(l.at)
	r := d.add()
	r.Kind, r.Run, r.Session = kind, m.id, d.sym([]byte(m.session))
	r.Workflow = d.sym(lastPart([]byte(m.cwd)))
	r.Provider = d.sym([]byte(m.provider))
	r.Agent = d.sym(claudeMain)
	if m.agent != "" {
		r.Agent = d.name([]byte(m.agent))
	}
	r.Instance = d.sym([]byte(m.nickname))
	r.Tags = d.codexTags(nil)
	if ok {
		r.Start, r.End, r.Has = at, at, HasStart|HasEnd
	}
	if ok && m.fork != "" && at <= m.boundary() {
		r.Flags |= FlagInherited
	}
	return r
}

// codexCopying is how long it may take to copy a session into a fork.
const codexCopying = int64(1e9)

// boundary is the time up to which lines of a fork may be copies; 0 where it is unknown.
func (m *codexMeta) boundary() int64 {
	at := max(m.at, m.created)
	if at == 0 {
		return 0
	}
	return at + codexCopying
}

// codexTags are the session's branch, client and folder, and the turn's reasoning effort.
func (d *Decoder) codexTags(effort []byte) Sym {
	m, t := d.codexMeta(), &d.codex.tags[min(len(effort), 1)]
	if t.set && bytes.Equal(t.effort, effort) {
		return t.sym
	}
	set := &d.codex.set
	set.reset()
	for _, tag := range [...]struct{ name, value string }{{"branch", m.branch}, {"client", m.version}, {"cwd", m.cwd}, {"effort", string(effort)},
		{"forked_from", m.fork}} {
		if tag.value != "" {
			set.add([]byte(tag.name), []byte(tag.value))
		}
	}
	t.set, t.effort, t.sym = true, append(t.effort[:0], effort...), d.tags(set)
	return t.sym
}

// codexID makes an id of the time of a line and of what else tells it from others of that time.
func (d *Decoder) codexID(l *codexLine, more ...string) string {
	b := append(d.codex.buf[:0], l.at...)
	for _, s := range more {
		b = append(append(b, '#'), s...)
	}
	d.codex.buf = b
	return d.text(b)
}

// codexMark appends an event at the time of the line.
func (d *Decoder) codexMark(l *codexLine, e Event, name string) *Record {
	r := d.codexRecord(l, KindMark)
	r.Event = e
	r.ID = d.codexID(l, string(l.kind), string(l.sub), name)
	if name != "" {
		r.Name = d.sym([]byte(name))
	}
	return r
}

// codexTurn marks the model of the calls that follow.
func (d *Decoder) codexTurn(l *codexLine) {
	r := d.codexMark(l, EventModel, "")
	r.ID = d.codexID(l, string(l.kind), text(l.model), text(l.effort))
	r.Model = d.claudeSym(l.model)
	if len(l.effort) > 0 {
		r.Tags = d.codexTags(l.effort)
	}
	if r.Workflow == 0 {
		r.Workflow = d.claudeSym(lastPart(l.cwd))
	}
	d.codexOwn(l, r)
}

// codexOwn tells of a turn of a forked session whether it began there, or was copied. LineID stands for the turn.
func (d *Decoder) codexOwn(l *codexLine, r *Record) {
	r.LineID = lineHash(l.turn)
	m := d.codexMeta()
	if m.fork == "" || m.created == 0 {
		return
	}
	began, exact := uuidTime(l.turn), true
	if began == 0 {
		began, exact = l.started*1e9, false
	}
	switch {
	case began == 0:
	case began >= m.created:
		r.Status = StatusOK
		r.Flags &^= FlagInherited
	case exact || began+1e9 <= m.created:
		if r.Flags&FlagInherited == 0 {
			d.warnf("turns copied from session %s: they count there", m.fork)
		}
		r.Flags |= FlagInherited | FlagPlaceholder
	}
}

// uuidTime is the time that a UUID of version 7 holds, in nanoseconds; 0 for other text.
func uuidTime(id []byte) int64 {
	if len(id) != 36 || hexRun(id) != 36 || id[14] != '7' {
		return 0
	}
	var ms int64
	for i := 0; i < 13; i++ {
		c := id[i]
		switch {
		case isDigit(c):
			ms = ms<<4 | int64(c-'0')
		case i != 8:
			ms = ms<<4 | int64(c|0x20-'a'+10)
		}
	}
	if ns := ms * 1e6; ms < maxTime/1e6 && ns > minTime {
		return ns
	}
	return 0
}

// codexEvent emits what an event_msg line states.
func (d *Decoder) codexEvent(l *codexLine) {
	switch string(l.sub) {
	case "token_count":
		d.codexCounter(l)
	case "user_message":
		d.codexMark(l, EventPrompt, "human")
	case "task_started", "turn_started":
		d.codexOwn(l, d.codexMark(l, EventPrompt, "meta"))
	case "turn_aborted":
		d.codexMark(l, EventAbort, string(l.reason))
	case "stream_error", "error":
		r := d.codexMark(l, EventAPIError, "")
		r.Status, r.Error = StatusError, d.claudeError(l.message)
		if string(l.sub) == "error" {
			r.Name = d.sym(claudeFinal)
		}
	case "model_reroute", "model_rerouted":
		if len(l.model) > 0 {
			d.codexMark(l, EventModel, string(l.model)).Model = d.claudeSym(l.model)
		}
	case "patch_apply_end", "mcp_tool_call_end", "exec_command_end":
		d.codexVerdict(l)
	}
}

// codexCounter marks a reading of the running total.
func (d *Decoder) codexCounter(l *codexLine) {
	if !l.total.present && !l.last.present {
		return // rate limits only
	}
	r := d.codexMark(l, EventCounter, "")
	u := &l.total
	if !u.present {
		u = &l.last
	}
	r.ID = d.codexID(l, itoa64(u.use.Input), itoa64(u.use.CacheRead), itoa64(u.use.Output), itoa64(u.total))
	r.Model = d.claudeSym(l.model)
	facts := &struct {
		RunFacts
		last Usage
	}{}
	r.Extra = &facts.RunFacts
	if l.total.present {
		d.codexCounts(r, &l.total)
	}
	if l.last.present {
		facts.Last = &facts.last
		facts.last = l.last.use
		if r.Flags&FlagCacheBeside != 0 {
			facts.last.Input += facts.last.CacheRead
		}
		if !l.total.present {
			r.Has |= l.last.has &^ HasUsage
		}
	}
	if r.Flags&FlagInherited != 0 {
		d.warnf("token counts copied from session %s: they count there", d.codexMeta().fork)
	}
}

// codexCounts puts a running total into the normal form. After a context that was full the sum of all tokens is no longer that of its
// parts: what it has beyond them was not used.
func (d *Decoder) codexCounts(r *Record, u *codexUsage) {
	r.Usage = u.use
	r.Has |= u.has
	odd := r.normaliseUsage(0, u.total)
	r.Usage.Unattributed = 0
	r.Has &^= HasUnattributed
	d.warnOdd(odd &^ oddTotal)
}

func itoa64(n int64) string { return strconv.FormatInt(n, 10) }

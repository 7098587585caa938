package tracefmt

import "bytes"

// codexLine is what one line states, as it is written: text is raw, between its quotes.
type codexLine struct {
	at, kind, sub                []byte // timestamp, type, payload.type
	id, call, name, namespace    []byte
	args, output, outcome        []byte // values as they are written; outcome: result of an MCP tool
	model, effort, cwd, turn     []byte
	status, reason, message      []byte
	started, exit                int64
	hasExit, hasSuccess, success bool
	total, last                  codexUsage
	bad                          bool // a count is none
}

// codexUsage is a usage object.
type codexUsage struct {
	use     Usage
	has     Fields
	total   int64 // of all tokens; noTotal where it is not stated
	present bool
}

// codexBegin begins every line: behind another beginning, a line was torn.
var codexBegin = []byte(`{"timestamp"`)

// codexIdle are the payloads that tell nothing, by the type of their line: most of the bytes. nil: all of them do not.
var codexIdle = map[string]map[string]bool{
	"session_meta": nil, // Format.head reads it
	"compacted":    nil, // its time is all that matters
	"response_item": {
		"message": true, "reasoning": true, "ghost_snapshot": true, "compaction": true, "compaction_summary": true, "other": true,
		"context_compaction": true, "agent_message": true,
	},
	"event_msg": {
		"agent_message": true, "agent_reasoning": true, "agent_reasoning_raw_content": true, "context_compacted": true, "web_search_end": true,
		"task_complete": true, "turn_complete": true, "view_image_tool_call": true, "entered_review_mode": true, "exited_review_mode": true,
		"thread_rolled_back": true, "undo_completed": true, "item_completed": true, "item_started": true, "guardian_assessment": true,
		"thread_name_updated": true, "image_generation_end": true, "plan_update": true, "turn_diff": true, "background_event": true, "warning": true,
	},
}

// glance reads the beginning of a line as Codex writes it: timestamp, type, payload, and the payload's type first. It returns whether the
// line holds nothing else of use; false also where the line does not begin so, or may be torn.
func (l *codexLine) glance(v []byte) bool {
	q := quickScan{b: v}
	q.member('{', "timestamp")
	l.at = q.text()
	q.member(',', "type")
	l.kind = q.text()
	idle, known := codexIdle[string(l.kind)]
	if q.bad || !known || v[len(v)-1] != '}' {
		return false
	}
	if idle == nil {
		return !bytes.Contains(v[1:], codexBegin)
	}
	q.member(',', "payload")
	q.member('{', "type")
	l.sub = q.text()
	return !q.bad && idle[string(l.sub)] && !bytes.Contains(v[1:], codexBegin)
}

// payload reads the members of any payload: its type may stand behind them.
func (l *codexLine) payload(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if to := l.textMember(s.key()); to != nil {
			*to = s.rawText()
			continue
		}
		switch string(s.key()) {
		case "info":
			l.readInfo(s)
		case "arguments", "input", "action":
			l.args = s.raw()
		case "output":
			l.output = s.raw()
		case "result":
			l.outcome = s.raw()
		case "success":
			l.success, l.hasSuccess = s.boolean()
		case "exit_code":
			l.exit, l.hasExit = parseInt(s.num())
		case "started_at":
			l.started, _ = parseInt(s.num())
		default:
			s.skip()
		}
	}
}

// textMember is where the text of a payload's member goes.
func (l *codexLine) textMember(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &l.sub
	case "id":
		return &l.id
	case "call_id":
		return &l.call
	case "name":
		return &l.name
	case "namespace":
		return &l.namespace
	case "model", "to_model":
		return &l.model
	case "effort":
		return &l.effort
	case "cwd":
		return &l.cwd
	case "turn_id":
		return &l.turn
	case "status":
		return &l.status
	case "reason":
		return &l.reason
	case "message":
		return &l.message
	}
	return nil
}

// readInfo reads the two usages of a token_count.
func (l *codexLine) readInfo(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "total_token_usage":
			l.readUsage(s, &l.total)
		case "last_token_usage":
			l.readUsage(s, &l.last)
		case "model":
			l.model = s.rawText()
		default:
			s.skip()
		}
	}
}

func (l *codexLine) readUsage(s *scanner, u *codexUsage) {
	if !s.enter('{') {
		return
	}
	*u = codexUsage{present: true, total: noTotal}
	for s.next() {
		switch string(s.key()) {
		case "input_tokens":
			l.count(s, &u.use.Input, u, HasInput)
		case "cached_input_tokens", "cache_read_input_tokens":
			l.count(s, &u.use.CacheRead, u, HasCacheRead)
		case "output_tokens":
			l.count(s, &u.use.Output, u, HasOutput)
		case "reasoning_output_tokens":
			l.count(s, &u.use.Reasoning, u, HasReasoning)
		case "total_tokens":
			l.count(s, &u.total, u, 0)
		default:
			s.skip()
		}
	}
}

func (l *codexLine) count(s *scanner, to *int64, u *codexUsage, has Fields) {
	v := s.num()
	if v == nil {
		return
	}
	n, ok := parseInt(v)
	if !ok || n < 0 || n > maxCount {
		l.bad = true
		return
	}
	*to = n
	u.has |= has
}

// What readCodexMeta may find.
const (
	codexOther  = iota // a sound line of another type
	codexIsMeta        // a session_meta, perhaps cut
	codexTorn          // no sound line
)

// readCodexMeta reads a session_meta line as far as it goes.
func readCodexMeta(v []byte) (m codexMeta, kind int) {
	var s scanner
	var typ, at []byte
	s.reset(v)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "timestamp":
			at = s.str()
		case "type":
			typ = s.rawText()
		case "payload":
			m.read(&s, string(typ) == "session_meta" || typ == nil)
		default:
			s.skip()
		}
	}
	m.at, _ = readTime(at)
	switch {
	case string(typ) == "session_meta" && m.id != "":
		return m, codexIsMeta
	case s.err != nil:
		return m, codexTorn
	}
	return m, codexOther
}

func (m *codexMeta) read(s *scanner, wanted bool) {
	if !wanted || !s.enter('{') {
		if !wanted {
			s.skip()
		}
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "id":
			m.id = string(s.str())
		case "session_id":
			m.session = string(s.str())
		case "forked_from_id":
			m.fork = string(s.str())
		case "timestamp":
			m.created, _ = readTime(s.str())
		case "cwd":
			m.cwd = string(s.str())
		case "cli_version":
			m.version = string(s.str())
		case "model_provider":
			m.provider = string(s.str())
		case "agent_role", "agent_type":
			m.agent = firstText(s.str(), m.agent)
		case "agent_nickname":
			m.nickname = firstText(s.str(), m.nickname)
		case "source":
			m.readSource(s)
		case "git":
			m.readGit(s)
		default:
			s.skip()
		}
	}
}

func firstText(b []byte, other string) string {
	if len(b) > 0 {
		return string(b)
	}
	return other
}

func (m *codexMeta) readGit(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) == "branch" {
			m.branch = string(s.str())
		} else {
			s.skip()
		}
	}
}

// readSource reads where a session came from: a word, or for a subagent's an object that says which one: {"subagent":"review"},
// {"subagent":{"thread_spawn":{"parent_thread_id":…,"agent_role":…}}}, {"subagent":{"other":…}}.
func (m *codexMeta) readSource(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if k := string(s.key()); k != "subagent" && k != "sub_agent" && k != "subAgent" {
			s.skip()
			continue
		}
		if m.agent == "" {
			m.agent = "subagent"
		}
		if s.kind() == '"' {
			m.agent = firstText(s.str(), m.agent)
			continue
		}
		m.readSubagent(s)
	}
}

func (m *codexMeta) readSubagent(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if s.kind() != '{' {
			m.agent = firstText(s.str(), m.agent)
			continue
		}
		for s.object(); s.next(); {
			switch string(s.key()) {
			case "parent_thread_id", "parentThreadId":
				if parent := string(s.str()); m.session == "" || m.session == m.id {
					m.session = parent
				}
			case "agent_role", "agentRole", "agent_type":
				m.agent = firstText(s.str(), m.agent)
			case "agent_nickname", "agentNickname":
				m.nickname = firstText(s.str(), m.nickname)
			default:
				s.skip()
			}
		}
	}
}

package tracefmt

// claudeLine is what one line states, as it is written: text is raw, between its quotes.
type claudeLine struct {
	kind, subtype, uuid, parent, session, at, cwd, version, branch, agent []byte
	toolParent                                                            []byte // parentToolUseID
	errorText, errorStatus, trigger, from, to                             []byte
	sidechain, meta, summary, apiError                                    bool
	attempt, preTokens                                                    int64
	progress                                                              bool // data.type is agent_progress
	stream                                                                bool // a line of stream-json
	dataKind                                                              []byte
	inner                                                                 claudeInner
	msg                                                                   claudeMessage
	result                                                                claudeResult
}

// claudeInner is the line that an agent_progress line wraps.
type claudeInner struct{ kind, uuid, agent []byte }

// claudeMessage is message of a line, or of the line inside an agent_progress line.
type claudeMessage struct {
	id, model, text []byte // text: the content, or its first text block
	stopped         bool   // it says why it ended: its usage is not that of its beginning
	usage           claudeUsage
	iterations      []claudeUsage // entries of usage.iterations
	uses            []claudeUse
	results         []claudeToolEnd
}

// claudeUsage is a usage object; has tells which counts it states. Its three inputs are disjoint.
type claudeUsage struct {
	model, tier, kind                        []byte // kind: of an iteration
	fresh, cached, written, w5m, w1h, output int64
	total                                    int64  // of all tokens; only clients that are made alike state it
	has                                      Fields // HasInput, HasCacheRead, HasCacheWrite, HasCacheWrite1h (the split is stated), HasOutput
	present, bad                             bool   // bad: a count is none
}

type claudeUse struct{ id, name, agent []byte }

type claudeToolEnd struct {
	id     []byte
	failed bool
}

// claudeResult is toolUseResult, as far as it tells about a subagent.
type claudeResult struct {
	agent, agentType, model []byte
	usage                   claudeUsage
}

func (l *claudeLine) reset() {
	m := l.msg
	*l = claudeLine{}
	l.msg.iterations, l.msg.uses, l.msg.results = m.iterations[:0], m.uses[:0], m.results[:0]
}

func flag(s *scanner) bool {
	v, _ := s.boolean()
	return v
}

// textMember is where the text of a member goes; nil for members that are not plain text or do not matter.
func (l *claudeLine) textMember(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &l.kind
	case "subtype":
		return &l.subtype
	case "uuid":
		return &l.uuid
	case "parentUuid":
		return &l.parent
	case "sessionId":
		return &l.session
	case "timestamp":
		return &l.at
	case "cwd":
		return &l.cwd
	case "version":
		return &l.version
	case "gitBranch":
		return &l.branch
	case "agentId":
		return &l.agent
	case "parentToolUseID":
		return &l.toolParent
	case "trigger":
		return &l.trigger
	case "originalModel":
		return &l.from
	case "fallbackModel":
		return &l.to
	}
	return nil
}

func (l *claudeLine) member(s *scanner) {
	switch string(s.key()) {
	case "message":
		l.msg.read(s)
	case "data":
		l.readData(s)
	case "toolUseResult":
		l.result.read(s)
	case "isSidechain":
		l.sidechain = flag(s)
	case "isMeta":
		l.meta = flag(s)
	case "isCompactSummary":
		l.summary = flag(s)
	case "isApiErrorMessage":
		l.apiError = flag(s)
	case "retryAttempt":
		l.attempt, _ = parseInt(s.num())
	case "compactMetadata", "microcompactMetadata":
		l.readCompact(s)
	case "error":
		l.readError(s)
	case "apiErrorStatus":
		l.errorStatus = s.num()
	default:
		s.skip()
	}
}

func (l *claudeLine) readData(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "type":
			l.dataKind = s.rawText()
		case "agentId":
			l.inner.agent = s.rawText()
		case "message":
			l.readInner(s)
		default:
			s.skip()
		}
	}
}

func (l *claudeLine) readInner(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "type":
			l.inner.kind = s.rawText()
		case "uuid":
			l.inner.uuid = s.rawText()
		case "message":
			l.msg.read(s)
		default:
			s.skip()
		}
	}
}

func (l *claudeLine) readCompact(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "trigger":
			l.trigger = s.rawText()
		case "preTokens", "pre_tokens":
			if n, ok := parseInt(s.num()); ok && n >= 0 && n <= maxCount {
				l.preTokens = n
			}
		default:
			s.skip()
		}
	}
}

// readError looks for a status and, in whatever depth, for the first text that says more than "error".
func (l *claudeLine) readError(s *scanner) {
	if s.kind() == '"' {
		if v := s.rawText(); len(l.errorText) == 0 && string(v) != "error" {
			l.errorText = v
		}
		return
	}
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "status":
			l.errorStatus = s.num()
		case "error", "type", "formatted", "message":
			l.readError(s)
		default:
			s.skip()
		}
	}
}

func (m *claudeMessage) read(s *scanner) {
	m.uses, m.results, m.iterations, m.text = m.uses[:0], m.results[:0], m.iterations[:0], nil
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "id":
			m.id = s.rawText()
		case "model":
			m.model = s.rawText()
		case "content":
			m.blocks(s)
		case "usage":
			m.usage.read(s, m)
		case "stop_reason":
			m.stopped = s.kind() == '"'
			s.skip()
		default:
			s.skip()
		}
	}
}

// bad says that a token count of the message is none.
func (m *claudeMessage) bad() bool {
	bad := m.usage.bad
	for i := range m.iterations {
		bad = bad || m.iterations[i].bad
	}
	return bad
}

func (m *claudeMessage) blocks(s *scanner) {
	if s.kind() != '[' {
		m.text = s.rawText()
		return
	}
	for s.array(); s.next(); {
		m.block(s)
	}
}

// block reads one content block: only tools, and the words of an error, matter.
func (m *claudeMessage) block(s *scanner) {
	if !s.enter('{') {
		return
	}
	var kind, id, name, resultOf, text, input []byte
	failed := false
	for s.next() {
		switch string(s.key()) {
		case "type":
			kind = s.rawText()
		case "id":
			id = s.rawText()
		case "name":
			name = s.rawText()
		case "tool_use_id":
			resultOf = s.rawText()
		case "is_error":
			failed = flag(s)
		case "input":
			input = s.raw()
		case "text":
			text = s.rawText()
		default:
			s.skip()
		}
	}
	switch string(kind) {
	case "tool_use":
		u := claudeUse{id: id, name: name}
		if isAgentTool(name) {
			u.agent = agentKind(input)
		}
		m.uses = append(m.uses, u)
	case "tool_result":
		m.results = append(m.results, claudeToolEnd{resultOf, failed})
	case "text":
		if m.text == nil {
			m.text = text
		}
	}
}

// isAgentTool says that a tool starts a subagent: Task, called Agent in newer versions.
func isAgentTool(name []byte) bool { return string(name) == "Task" || string(name) == "Agent" }

// agentKind finds subagent_type in the input of an agent tool, which was checked to be JSON already.
func agentKind(input []byte) (kind []byte) {
	var s scanner
	s.reset(input)
	if !s.enter('{') {
		return nil
	}
	for s.next() {
		if string(s.key()) == "subagent_type" {
			kind = s.rawText()
			continue
		}
		s.skip()
	}
	return kind
}

// read takes in a usage object; the entries of iterations go to m, which may be nil.
func (u *claudeUsage) read(s *scanner, m *claudeMessage) {
	if !s.enter('{') {
		return
	}
	*u = claudeUsage{present: true}
	for s.next() {
		switch string(s.key()) {
		case "input_tokens":
			u.count(s, &u.fresh, HasInput)
		case "cache_read_input_tokens":
			u.count(s, &u.cached, HasCacheRead)
		case "cache_creation_input_tokens":
			u.count(s, &u.written, HasCacheWrite)
		case "output_tokens":
			u.count(s, &u.output, HasOutput)
		case "total_tokens":
			u.count(s, &u.total, 0)
		case "cache_creation":
			u.split(s)
		case "service_tier":
			u.tier = s.rawText()
		case "model":
			u.model = s.rawText()
		case "type":
			u.kind = s.rawText()
		case "iterations":
			m.readIterations(s)
		default:
			s.skip()
		}
	}
}

func (u *claudeUsage) split(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "ephemeral_5m_input_tokens":
			u.count(s, &u.w5m, HasCacheWrite1h)
		case "ephemeral_1h_input_tokens":
			u.count(s, &u.w1h, HasCacheWrite1h)
		default:
			s.skip()
		}
	}
}

func (u *claudeUsage) count(s *scanner, to *int64, has Fields) {
	v := s.num()
	if v == nil {
		return
	}
	n, ok := parseInt(v)
	if !ok || n < 0 || n > maxCount {
		u.bad = true
		return
	}
	*to = n
	u.has |= has
}

func (m *claudeMessage) readIterations(s *scanner) {
	if m == nil || s.kind() != '[' {
		s.skip()
		return
	}
	m.iterations = m.iterations[:0]
	for s.array(); s.next(); {
		m.iterations = append(m.iterations, claudeUsage{})
		m.iterations[len(m.iterations)-1].read(s, nil)
	}
}

// state enters the usage into r: the inputs become one, reads and writes parts of it. Writes without their split are taken as
// five-minute writes.
func (u *claudeUsage) state(r *Record) {
	write, hour := u.written, u.w1h
	if u.has&HasCacheWrite1h != 0 {
		write = max(write, u.w5m+u.w1h)
		r.Has |= HasCacheWrite | HasCacheWrite1h
	} else if write > 0 {
		r.Flags |= FlagWriteSplitGuess
	}
	r.Has |= u.has
	r.Usage = Usage{Input: u.fresh, CacheRead: u.cached, CacheWrite: write, CacheWrite1h: hour, Output: u.output}
	total := u.total
	if total == 0 {
		total = noTotal
	}
	r.normaliseUsage(cacheBeside, total)
	if string(u.tier) == "batch" {
		r.Flags |= FlagBatch
	}
}

func (t *claudeResult) read(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "agentId":
			t.agent = s.rawText()
		case "agentType":
			t.agentType = s.rawText()
		case "resolvedModel":
			t.model = s.rawText()
		case "usage":
			t.usage.read(s, nil)
		default:
			s.skip()
		}
	}
}

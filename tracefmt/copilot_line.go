package tracefmt

// copilotLine is what one line states, as it is written: text is raw, between its quotes.
type copilotLine struct {
	kind, id, at, agent                             []byte
	session, version, cwd, root, branch, repository []byte
	messageID, model, newModel, apiCall             []byte
	serviceRequest, source, reason, message         []byte
	tool, toolName, mcpTool, parentTool, agentName  []byte
	args, result, errorCode, errorText              []byte // args, result: as they are written
	premium, aiu                                    []byte // quota units
	success, hasSuccess, bad                        bool   // bad: a count is none
	use                                             Usage
	has                                             Fields
	duration                                        int64    // milliseconds
	context                                         [3]int64 // tokens of instructions, conversation, tool definitions
	details                                         copilotDetails
	models                                          []copilotModel
	requests                                        [][]byte // ids of the tools that an answer asks for
}

// copilotModel is what a session used of one model.
type copilotModel struct {
	name    []byte
	use     Usage
	has     Fields
	details copilotDetails
}

// copilotDetails are tokenDetails: all tokens by how they are billed. fresh, read and written are disjoint.
type copilotDetails struct{ fresh, read, written int64 }

func (l *copilotLine) reset() {
	models, requests := l.models[:0], l.requests[:0]
	*l = copilotLine{models: models, requests: requests}
}

// split takes the cache writes out of the details where the usage has none: versions of 2026 write 0 there, and the details add up to
// the same input.
func (m *copilotModel) split(all copilotDetails, only bool) {
	t := m.details
	if only && t == (copilotDetails{}) {
		t = all
	}
	if m.use.CacheWrite == 0 && t.written > 0 && t.read == m.use.CacheRead && t.fresh+t.read+t.written == m.use.Input {
		m.use.CacheWrite = t.written
		m.has |= HasCacheWrite
	}
}

// read reads a line from s, which stands at its beginning, as far as it goes.
func (l *copilotLine) read(s *scanner) error {
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "type":
			l.kind = s.rawText()
		case "id":
			l.id = s.rawText()
		case "timestamp":
			l.at = s.rawText()
		case "agentId":
			l.agent = s.rawText()
		case "data":
			l.readData(s)
		default:
			s.skip()
		}
	}
	return s.err
}

func (l *copilotLine) readData(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if to := l.textMember(s.key()); to != nil {
			*to = s.rawText()
			continue
		}
		if to, has := l.countMember(s.key()); to != nil {
			l.count(s, to, &l.has, has)
			continue
		}
		l.member(s)
	}
}

// textMember is where the text of a member of data goes.
func (l *copilotLine) textMember(key []byte) *[]byte {
	switch string(key) {
	case "sessionId":
		return &l.session
	case "copilotVersion":
		return &l.version
	case "messageId":
		return &l.messageID
	case "model":
		return &l.model
	case "newModel", "selectedModel":
		return &l.newModel
	case "apiCallId":
		return &l.apiCall
	case "serviceRequestId", "providerCallId":
		return &l.serviceRequest
	case "toolCallId":
		return &l.tool
	case "toolName":
		return &l.toolName
	case "mcpToolName":
		return &l.mcpTool
	case "parentToolCallId":
		return &l.parentTool
	case "agentName":
		return &l.agentName
	case "source":
		return &l.source
	case "reason":
		return &l.reason
	case "errorType":
		return &l.errorCode
	case "message":
		return &l.message
	}
	return nil
}

// countMember is where a count of data goes, and the fact that it states.
func (l *copilotLine) countMember(key []byte) (*int64, Fields) {
	switch string(key) {
	case "inputTokens":
		return &l.use.Input, HasInput
	case "outputTokens":
		return &l.use.Output, HasOutput
	case "cacheReadTokens":
		return &l.use.CacheRead, HasCacheRead
	case "cacheWriteTokens":
		return &l.use.CacheWrite, HasCacheWrite
	case "reasoningTokens":
		return &l.use.Reasoning, HasReasoning
	case "duration":
		return &l.duration, 0
	case "systemTokens":
		return &l.context[0], 0
	case "conversationTokens":
		return &l.context[1], 0
	case "toolDefinitionsTokens":
		return &l.context[2], 0
	}
	return nil, 0
}

func (l *copilotLine) member(s *scanner) {
	switch string(s.key()) {
	case "context":
		l.readContext(s)
	case "arguments":
		l.args = s.raw()
	case "result":
		l.readResult(s)
	case "success":
		l.success, l.hasSuccess = s.boolean()
	case "error":
		l.readError(s)
	case "toolRequests":
		l.readRequests(s)
	case "modelMetrics":
		l.readMetrics(s)
	case "tokenDetails":
		l.readDetails(s, &l.details)
	case "totalPremiumRequests":
		l.premium = s.num()
	case "totalNanoAiu":
		l.aiu = s.num()
	default:
		s.skip()
	}
}

// count reads a token count, or another number where has is 0: that may have decimals, and is no reason to refuse the line.
func (l *copilotLine) count(s *scanner, to *int64, have *Fields, has Fields) {
	v := s.num()
	if v == nil {
		return
	}
	n, ok := parseInt(v)
	if !ok || n < 0 || n > maxCount {
		l.bad = l.bad || has != 0
		return
	}
	*to = n
	*have |= has
}

func (l *copilotLine) readContext(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "cwd":
			l.cwd = s.rawText()
		case "gitRoot":
			l.root = s.rawText()
		case "branch":
			l.branch = s.rawText()
		case "repository":
			l.repository = s.rawText()
		default:
			s.skip()
		}
	}
}

// readResult keeps the content of a tool's result.
func (l *copilotLine) readResult(s *scanner) {
	if s.kind() != '{' {
		l.result = s.raw()
		return
	}
	for s.object(); s.next(); {
		if string(s.key()) == "content" {
			l.result = s.raw()
		} else {
			s.skip()
		}
	}
}

// readError reads an error: text, or an object with a message and a code.
func (l *copilotLine) readError(s *scanner) {
	if s.kind() == '"' {
		l.errorText = s.rawText()
		return
	}
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "code":
			l.errorCode = s.rawText()
		case "message":
			l.errorText = s.rawText()
		default:
			s.skip()
		}
	}
}

func (l *copilotLine) readRequests(s *scanner) {
	if !s.enter('[') {
		return
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		for s.next() {
			if string(s.key()) != "toolCallId" {
				s.skip()
			} else if id := s.rawText(); len(id) > 0 {
				l.requests = append(l.requests, id)
			}
		}
	}
}

// readMetrics reads what a session used, by model.
func (l *copilotLine) readMetrics(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		m := copilotModel{name: s.key()}
		if !s.enter('{') {
			continue
		}
		for s.next() {
			switch string(s.key()) {
			case "usage":
				l.readUsage(s, &m)
			case "tokenDetails":
				l.readDetails(s, &m.details)
			default:
				s.skip()
			}
		}
		l.models = append(l.models, m)
	}
}

func (l *copilotLine) readUsage(s *scanner, m *copilotModel) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "inputTokens":
			l.count(s, &m.use.Input, &m.has, HasInput)
		case "outputTokens":
			l.count(s, &m.use.Output, &m.has, HasOutput)
		case "cacheReadTokens":
			l.count(s, &m.use.CacheRead, &m.has, HasCacheRead)
		case "cacheWriteTokens":
			l.count(s, &m.use.CacheWrite, &m.has, HasCacheWrite)
		case "reasoningTokens":
			l.count(s, &m.use.Reasoning, &m.has, HasReasoning)
		default:
			s.skip()
		}
	}
}

// readDetails reads {"input":{"tokenCount":…},"cache_read":…,"cache_write":…}.
func (l *copilotLine) readDetails(s *scanner, t *copilotDetails) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		var to *int64
		switch string(s.key()) {
		case "input":
			to = &t.fresh
		case "cache_read":
			to = &t.read
		case "cache_write":
			to = &t.written
		}
		if to == nil || !s.enter('{') {
			if to == nil {
				s.skip()
			}
			continue
		}
		for s.next() {
			if string(s.key()) == "tokenCount" {
				l.count(s, to, &l.has, 0)
			} else {
				s.skip()
			}
		}
	}
}

package tracefmt

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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

// claudeLine is what one line states, as it is written: text is raw, between its quotes.
type claudeLine struct {
	kind, subtype, uuid, parent, session, at, cwd, version, branch, agent []byte
	toolParent                                                            []byte // parentToolUseID
	errorText, errorStatus, trigger, from, to                             []byte
	sidechain, meta, summary, apiError                                    bool
	attempt, preTokens                                                    int64
	progress                                                              bool // data.type is agent_progress
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
	usage           claudeUsage
	iterations      []claudeUsage // entries of usage.iterations
	uses            []claudeUse
	results         []claudeToolEnd
}

// claudeUsage is a usage object; has tells which counts it states. Its three inputs are disjoint.
type claudeUsage struct {
	model, tier                              []byte
	fresh, cached, written, w5m, w1h, output int64
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
			*to = rawText(s)
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

func (l *claudeLine) reset() {
	m := l.msg
	*l = claudeLine{}
	l.msg.iterations, l.msg.uses, l.msg.results = m.iterations[:0], m.uses[:0], m.results[:0]
}

// rawText reads a string as it is written, without its quotes; other values give nil.
func rawText(s *scanner) []byte {
	if s.kind() != '"' {
		s.skip()
		return nil
	}
	v, _ := s.rawString()
	return v
}

func flag(s *scanner) bool {
	v, _ := s.boolean()
	return v
}

// enter enters an object; it skips a value of another kind and returns false.
func enter(s *scanner) bool {
	if s.kind() != '{' {
		s.skip()
		return false
	}
	s.object()
	return true
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
	if !enter(s) {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "type":
			l.dataKind = rawText(s)
		case "agentId":
			l.inner.agent = rawText(s)
		case "message":
			l.readInner(s)
		default:
			s.skip()
		}
	}
}

func (l *claudeLine) readInner(s *scanner) {
	if !enter(s) {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "type":
			l.inner.kind = rawText(s)
		case "uuid":
			l.inner.uuid = rawText(s)
		case "message":
			l.msg.read(s)
		default:
			s.skip()
		}
	}
}

func (l *claudeLine) readCompact(s *scanner) {
	if !enter(s) {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "trigger":
			l.trigger = rawText(s)
		case "preTokens":
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
		if v := rawText(s); len(l.errorText) == 0 && string(v) != "error" {
			l.errorText = v
		}
		return
	}
	if !enter(s) {
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
	if !enter(s) {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "id":
			m.id = rawText(s)
		case "model":
			m.model = rawText(s)
		case "content":
			m.blocks(s)
		case "usage":
			m.usage.read(s, m)
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
		m.text = rawText(s)
		return
	}
	for s.array(); s.next(); {
		m.block(s)
	}
}

// block reads one content block: only tools, and the words of an error, matter.
func (m *claudeMessage) block(s *scanner) {
	if !enter(s) {
		return
	}
	var kind, id, name, resultOf, text, input []byte
	failed := false
	for s.next() {
		switch string(s.key()) {
		case "type":
			kind = rawText(s)
		case "id":
			id = rawText(s)
		case "name":
			name = rawText(s)
		case "tool_use_id":
			resultOf = rawText(s)
		case "is_error":
			failed = flag(s)
		case "input":
			input = s.raw()
		case "text":
			text = rawText(s)
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
	if !enter(&s) {
		return nil
	}
	for s.next() {
		if string(s.key()) == "subagent_type" {
			kind = rawText(&s)
			continue
		}
		s.skip()
	}
	return kind
}

// read takes in a usage object; the entries of iterations go to m, which may be nil.
func (u *claudeUsage) read(s *scanner, m *claudeMessage) {
	if !enter(s) {
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
		case "cache_creation":
			u.split(s)
		case "service_tier":
			u.tier = rawText(s)
		case "model":
			u.model = rawText(s)
		case "iterations":
			m.readIterations(s)
		default:
			s.skip()
		}
	}
}

func (u *claudeUsage) split(s *scanner) {
	if !enter(s) {
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
	r.Usage = Usage{Input: u.fresh + u.cached + write, CacheRead: u.cached, CacheWrite: write, CacheWrite1h: hour, Output: u.output}
	if string(u.tier) == "batch" {
		r.Flags |= FlagBatch
	}
}

func (t *claudeResult) read(s *scanner) {
	if !enter(s) {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "agentId":
			t.agent = rawText(s)
		case "agentType":
			t.agentType = rawText(s)
		case "resolvedModel":
			t.model = rawText(s)
		case "usage":
			t.usage.read(s, nil)
		default:
			s.skip()
		}
	}
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
	r.Workflow, r.Service = d.claudeProject(l.cwd)
	switch {
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
		earlier := 0
		if len(m.iterations) > 1 {
			earlier = len(m.iterations) - 1
		}
		for i := range earlier {
			d.claudeIteration(l, id, i)
		}
		r := d.claudeCall(l, id)
		r.Model = d.claudeSym(m.model)
		m.usage.state(r)
		r.Tier = d.sym(m.usage.tier)
		if earlier > 0 {
			r.Attempt = int32(earlier + 1)
			r.RetryOf = claudeIterationID(id, earlier)
			r.RetryKind = RetryPlain
			if !bytes.Equal(m.iterations[earlier-1].model, m.model) {
				r.RetryKind = RetryFallback
			}
		}
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
	if at, ok := claudeTime(l.at); ok {
		r.Start, r.End = at, at
		r.Has |= HasStart | HasEnd
	}
	r.LineID, r.LineParent = lineHash(l.uuid), lineHash(l.parent)
	if l.progress {
		r.Parent = d.text(l.toolParent)
	}
	return r
}

// claudeIterationID is the id of the n-th try (from 1) within one answer.
func claudeIterationID(id []byte, n int) string {
	return string(id) + "#" + strconv.Itoa(n)
}

// claudeIteration emits try i of an answer that a later try replaced: it is billed, but is in no other field (usage.iterations).
func (d *Decoder) claudeIteration(l *claudeLine, id []byte, i int) {
	u := &l.msg.iterations[i]
	r := d.claudeCall(l, nil)
	r.ID = claudeIterationID(id, i+1)
	r.Flags |= FlagIteration | FlagGlobal
	r.Model = d.claudeSym(u.model)
	if len(u.model) == 0 {
		r.Model = d.claudeSym(l.msg.model)
	}
	u.state(r)
	r.Status, r.Error = StatusError, d.sym(claudeRefused)
	r.Attempt = int32(i + 1)
	if i > 0 {
		r.RetryOf, r.RetryKind = claudeIterationID(id, i), RetryFallback
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
	if at, ok := claudeTime(l.at); ok {
		r.Start, r.Has = at, HasStart
	}
}

// claudeUser emits the ends of tool calls, else a prompt.
func (d *Decoder) claudeUser(l *claudeLine) {
	at, ok := claudeTime(l.at)
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
	if l.progress {
		r.Parent = d.text(l.toolParent)
	}
}

// claudeMark appends an event at the time of the line.
func (d *Decoder) claudeMark(l *claudeLine, e Event, id []byte) *Record {
	r := d.claudeRecord(l, KindMark, id)
	r.Event = e
	r.LineID = lineHash(l.uuid)
	if at, ok := claudeTime(l.at); ok {
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

// maxClaudeError bounds an error's text in bytes.
const maxClaudeError = 80

// claudeError names an error without what differs from time to time: text ends before a JSON object or a line end.
func (d *Decoder) claudeError(v []byte) Sym {
	if i := bytes.IndexAny(v, "{\n\\"); i >= 0 {
		v = v[:i]
	}
	if len(v) > maxClaudeError {
		v = v[:maxClaudeError]
	}
	return d.sym(bytes.ToValidUTF8(bytes.TrimSpace(v), nil))
}

// claudeSym gives the name that raw text stands for.
func (d *Decoder) claudeSym(raw []byte) Sym {
	if bytes.IndexByte(raw, '\\') >= 0 {
		d.scan2.buf = unescape(d.scan2.buf[:0], raw)
		raw = d.scan2.buf
	}
	return d.sym(raw)
}

// claudeTags are the line's branch, client version and folder. Lines mostly repeat those of the line before.
func (d *Decoder) claudeTags(l *claudeLine) Sym {
	t := &d.claude.tags
	if t.set && bytes.Equal(t.version, l.version) && bytes.Equal(t.branch, l.branch) && bytes.Equal(t.cwd, l.cwd) {
		return t.sym
	}
	t.set = true
	t.version, t.branch, t.cwd = append(t.version[:0], l.version...), append(t.branch[:0], l.branch...), append(t.cwd[:0], l.cwd...)
	t.understated = claudeUnderstates(text(l.version))
	t.tags.reset()
	for _, tag := range [...]struct {
		name  string
		value []byte
	}{{"branch", l.branch}, {"client", l.version}, {"cwd", l.cwd}} {
		if len(tag.value) > 0 {
			t.buf = unescape(t.buf[:0], tag.value)
			t.tags.add([]byte(tag.name), t.buf)
		}
	}
	t.sym = d.tags(&t.tags)
	return t.sym
}

// claudeUnderstates says that a client's version recorded output tokens while the answer still streamed: 2.1.12 to 2.1.49.
func claudeUnderstates(version string) bool {
	patch, ok := bytes.CutPrefix([]byte(version), []byte("2.1."))
	if !ok {
		return false
	}
	n, ok := parseInt(patch)
	return ok && n >= 12 && n <= 49
}

// claudeProject names the project. In .claude/projects/NAME/ it is the folder that NAME is made of, where cwd is within that folder.
// Elsewhere cwd is all there is, and it may move about during a session: it serves only where the run has nothing better, so that the
// first one names the whole run. Of folders the last part is the name; those that share it are told apart by their tag cwd.
func (d *Decoder) claudeProject(cwd []byte) (workflow, guess Sym) {
	f := &d.claude.project
	if f.set && f.path == d.Path && bytes.Equal(f.cwd, cwd) {
		return f.workflow, f.guess
	}
	f.set, f.path, f.cwd = true, d.Path, append(f.cwd[:0], cwd...)
	dir := unescape(nil, cwd)
	for i, c := range dir {
		if c == '\\' {
			dir[i] = '/'
		}
	}
	folder := projectFolder(d.Path)
	f.workflow, f.guess = d.sym(projectName(dir, folder)), 0
	if len(folder) == 0 {
		f.workflow, f.guess = 0, f.workflow
	}
	return f.workflow, f.guess
}

// projectFolder is NAME of a path …/projects/NAME/…; "" when there is none.
func projectFolder(path string) []byte {
	const mark = "/projects/"
	p := bytes.ReplaceAll([]byte(path), []byte{'\\'}, []byte{'/'})
	i := bytes.LastIndex(p, []byte(mark))
	if i < 0 {
		return nil
	}
	folder, _, ok := bytes.Cut(p[i+len(mark):], []byte{'/'})
	if !ok {
		return nil
	}
	return folder
}

func projectName(dir, folder []byte) []byte {
	dir = bytes.TrimRight(dir, "/")
	for at := dir; len(at) > 0; at = at[:max(bytes.LastIndexByte(at, '/'), 0)] {
		if sameFolder(at, folder) {
			return lastPart(at)
		}
	}
	if len(dir) > 0 {
		return lastPart(dir)
	}
	return folder
}

// sameFolder says that dir, with everything but letters and digits replaced by '-', is the project folder's name.
func sameFolder(dir, folder []byte) bool {
	if len(dir) != len(folder) {
		return false
	}
	for i, c := range dir {
		plain := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if plain && c != folder[i] || !plain && folder[i] != '-' && c != folder[i] {
			return false
		}
	}
	return true
}

func lastPart(dir []byte) []byte { return dir[bytes.LastIndexByte(dir, '/')+1:] }

// claudeRun keeps a session's id as a run and as a name. Lines mostly repeat that of the line before.
func (d *Decoder) claudeRun(id []byte) (string, Sym) {
	c := &d.claude.run
	if len(id) == 0 {
		run := claudeSession(d.Path)
		return run, d.sym([]byte(run))
	}
	if c.id != text(id) {
		c.id, c.sym = d.text(id), d.sym(id)
	}
	return c.id, c.sym
}

// claudeSession is the session that a file belongs to, for lines that do not name it.
func claudeSession(path string) string {
	p := bytes.ReplaceAll([]byte(path), []byte{'\\'}, []byte{'/'})
	dir, base := p[:max(bytes.LastIndexByte(p, '/'), 0)], lastPart(p)
	if bytes.HasPrefix(base, []byte("agent-")) && bytes.Equal(lastPart(dir), []byte("subagents")) {
		return string(lastPart(dir[:max(bytes.LastIndexByte(dir, '/'), 0)]))
	}
	name, _, _ := bytes.Cut(base, []byte(".jsonl"))
	return string(name)
}

// claudeAgentID is the agent's id, for old lines that of the file agent-ID.jsonl.
func claudeAgentID(id []byte, path string) []byte {
	if len(id) > 0 {
		return id
	}
	p := bytes.ReplaceAll([]byte(path), []byte{'\\'}, []byte{'/'})
	if name, ok := bytes.CutPrefix(lastPart(p), []byte("agent-")); ok {
		name, _, _ = bytes.Cut(name, []byte(".jsonl"))
		return name
	}
	return claudeSidechain
}

// lineHash is a stable hash of a line's id: it is kept in stores. 0 is no id.
func lineHash(id []byte) uint64 {
	if len(id) == 0 {
		return 0
	}
	const k = 0x9E3779B97F4A7C15
	h := uint64(len(id)) * k
	for ; len(id) >= 8; id = id[8:] {
		hi, lo := bits.Mul64(h^binary.LittleEndian.Uint64(id), 0xD6E8FEB86659FD93)
		h = hi ^ lo + k
	}
	for _, c := range id {
		h = (h ^ uint64(c)) * 0x100000001B3
	}
	h ^= h >> 29
	h *= k
	return max(h^h>>32, 1)
}

// claudeTime reads a line's timestamp.
func claudeTime(v []byte) (ns int64, ok bool) {
	ns, _, err := parseTime(v)
	return ns, err == nil
}

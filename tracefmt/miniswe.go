package tracefmt

import (
	"bytes"
	"fmt"
)

// mini-swe-agent trajectories: one document per run. An answer of the model stands raw in the extra part of its message; the message
// after it is the result of the command that it asked for, or says that the answer broke the rules: then it is asked again. The oldest
// form is a bare array of messages that tells no usage.

var miniSWEFormat = Format{Name: "mini-swe-agent", Title: "mini-swe-agent trajectories",
	Can: TellsRetries, Partly: TellsUsage | TellsCost, Note: "the bare arrays of the first versions tell no usage; verdicts stand in report.json beside it",
	sniff: sniffMiniSWE, decode: decodeMiniSWE, head: headMiniSWE}

var (
	miniPrompt = []byte("You are a helpful assistant that can interact")
	miniMarks  = [...][]byte{[]byte(`"mini_version"`), []byte(`"model_stats"`)}
)

func sniffMiniSWE(v *peek) bool {
	if bytes.HasPrefix([]byte(v.keys["trajectory_format"]), []byte("mini-swe-agent")) {
		return true
	}
	if v.keys["info"] == "{" && v.keys["messages"] == "[" && !v.has("trajectory") && !v.has("simulations") {
		for _, mark := range miniMarks {
			if bytes.Contains(v.raw, mark) {
				return true
			}
		}
		return false
	}
	return v.keys["role"] == "system" && bytes.HasPrefix([]byte(v.keys["content"]), miniPrompt)
}

// miniHead is how much of a bare array tells it from another.
const miniHead = 64 << 10

// headMiniSWE names the run of a bare array, whose messages are values of their own, by how it begins.
func headMiniSWE(b []byte) (string, bool) {
	b = bytes.TrimLeft(b, blanks)
	if len(b) > 0 && b[0] == '{' {
		return "", true
	}
	var id docID
	id.add(bytes.TrimRight(b[:min(len(b), miniHead)], blanks))
	return id.String(), len(b) >= miniHead
}

// A miniDoc is what is known of a run while its messages are read.
type miniDoc struct {
	id       docID
	texts    docID // of all answers: the identity of a run that tells no answer's id
	task     string
	exit     string
	version  string
	format   string // how the message begins that asks again
	model    Sym    // asked for
	cost     USD
	calls    int
	tools    int
	waiting  int // index of the call whose results come next; -1 for none
	expected int // results that the call may still have
	bad      int // index of the call that is asked again; -1 for none
}

func decodeMiniSWE(d *Decoder, value []byte) error {
	s, n := &d.scan, len(d.Out)
	m := miniDoc{waiting: -1, bad: -1}
	var bare miniMessage
	s.reset(value)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "info":
			d.miniInfo(&m)
		case "messages":
			if s.enter('[') {
				for s.next() {
					var msg miniMessage
					d.miniMessage(&msg)
					m.take(d, &msg)
				}
			}
		case "instance_id":
			m.task = string(s.str())
		default:
			d.miniMember(&bare)
		}
	}
	if s.err != nil {
		return s.err
	}
	if bare.role != "" {
		return d.miniBare(&bare)
	}
	m.close(d, n)
	return nil
}

func (d *Decoder) miniInfo(m *miniDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "exit_status":
			m.exit = string(s.str())
		case "mini_version":
			m.version = string(s.str())
		case "model_stats", "config", "model", "agent":
			d.miniInfo(m)
		case "instance_cost":
			m.cost, _ = d.docUSD()
		case "model_name":
			m.model = d.sym(s.str())
		case "format_error_template":
			m.format = templateHead(s.rawText())
		default:
			s.skip()
		}
	}
}

// templateHead is how texts made of a template begin; "" where that says nothing.
func templateHead(raw []byte) string {
	for _, end := range [...]string{"{{", "{%", `\n`} {
		raw, _, _ = bytes.Cut(raw, []byte(end))
	}
	if len(raw) < 20 {
		return ""
	}
	return string(raw)
}

// A miniMessage is one message of the conversation.
type miniMessage struct {
	role      string
	call      Record // the answer, where it is one
	id        string // of the answer
	answered  bool   // a raw answer is there
	total     int64
	content   []byte // raw
	actions   int    // that the answer asked for; -1 where that is not listed
	code      int64
	coded     bool
	exception bool
	format    bool // it says that the answer broke the rules
	at        int64
	timed     bool
	byok      bool
	upstream  USD
}

func (d *Decoder) miniMessage(m *miniMessage) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	m.total = noTotal
	for s.next() {
		d.miniMember(m)
	}
}

// miniMember reads one member of a message, which of the Responses API is the answer itself.
func (d *Decoder) miniMember(m *miniMessage) {
	s := &d.scan
	switch string(s.key()) {
	case "role":
		m.role = d.text(s.str())
	case "type":
		if string(s.str()) == "function_call_output" {
			m.role = "tool"
		}
	case "content", "output":
		m.content = s.raw()
	case "object":
		if string(s.str()) == "response" {
			m.role, m.answered = "assistant", true
		}
	case "extra":
		d.miniExtra(m)
	case "id", "model", "usage", "created", "created_at":
		d.miniAnswer(m)
	default:
		s.skip()
	}
}

func (d *Decoder) miniExtra(m *miniMessage) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	m.actions = -1
	for s.next() {
		switch string(s.key()) {
		case "response":
			if s.enter('{') {
				m.answered = true
				for s.next() {
					d.miniAnswer(m)
				}
			}
		case "cost":
			if usd, ok := d.docUSD(); ok && usd > 0 && m.call.Has&HasCost == 0 {
				m.call.Recorded = usd
				m.call.Has |= HasCost
			}
		case "timestamp":
			m.at, m.timed = readTime(s.str())
		case "actions":
			m.actions = d.elementsIn()
		case "returncode":
			m.code, m.coded = parseInt(s.num())
		case "exception_info":
			m.exception = len(s.str()) > 0
		case "interrupt_type":
			m.format = string(s.str()) == "FormatError"
		default:
			s.skip()
		}
	}
}

// elementsIn counts the elements of an array; -1 for what is none.
func (d *Decoder) elementsIn() (n int) {
	s := &d.scan
	if !s.enter('[') {
		return -1
	}
	for s.next() {
		s.skip()
		n++
	}
	return n
}

// miniAnswer reads a member of the provider's answer.
func (d *Decoder) miniAnswer(m *miniMessage) {
	s, r := &d.scan, &m.call
	switch string(s.key()) {
	case "id":
		m.id = d.text(s.str())
	case "model":
		r.Model = d.sym(s.str())
	case "provider":
		r.Provider = d.sym(s.str())
	case "created", "created_at":
		d.rawTime(r, &r.Start, HasStart)
	case "service_tier":
		r.Tier = d.sym(s.str())
	case "usage":
		d.miniUsage(m)
	default:
		s.skip()
	}
}

func (d *Decoder) miniUsage(m *miniMessage) {
	s, r := &d.scan, &m.call
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "prompt_tokens", "input_tokens":
			d.docCount(r, &r.Usage.Input, HasInput)
		case "completion_tokens", "output_tokens":
			d.docCount(r, &r.Usage.Output, HasOutput)
		case "cache_creation_input_tokens":
			d.docCount(r, &r.Usage.CacheWrite, HasCacheWrite)
		case "cache_read_input_tokens":
			d.docCount(r, &r.Usage.CacheRead, HasCacheRead)
		case "total_tokens":
			var is Record
			if d.docCount(&is, &m.total, HasInput); is.Has == 0 {
				m.total = noTotal
			}
		case "prompt_tokens_details", "completion_tokens_details", "input_tokens_details", "output_tokens_details":
			d.miniDetails(r)
		case "cost":
			if usd, ok := d.docUSD(); ok && usd > 0 {
				r.Recorded = usd
				r.Has |= HasCost
			}
		case "is_byok":
			m.byok, _ = s.boolean()
		case "cost_details":
			d.miniUpstream(m)
		default:
			s.skip()
		}
	}
}

func (d *Decoder) miniDetails(r *Record) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "cached_tokens":
			d.docCount(r, &r.Usage.CacheRead, HasCacheRead)
		case "cache_write_tokens", "cache_creation_tokens":
			d.docCount(r, &r.Usage.CacheWrite, HasCacheWrite)
		case "reasoning_tokens":
			d.docCount(r, &r.Usage.Reasoning, HasReasoning)
		default:
			s.skip()
		}
	}
}

// miniUpstream reads what the provider charged the user's own key, beside the gateway's fee.
func (d *Decoder) miniUpstream(m *miniMessage) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) == "upstream_inference_cost" {
			m.upstream, _ = d.docUSD()
			continue
		}
		s.skip()
	}
}

// take makes records of a message.
func (m *miniDoc) take(d *Decoder, msg *miniMessage) {
	if d.scan.err != nil {
		return
	}
	switch {
	case msg.role == "assistant" || msg.answered:
		m.answer(d, msg)
	case msg.role == "user" || msg.role == "tool":
		m.result(d, msg)
	}
}

// answer adds a call.
func (m *miniDoc) answer(d *Decoder, msg *miniMessage) {
	m.calls++
	m.texts.add(msg.content)
	r := d.add()
	d.miniCall(r, msg, m.calls)
	if m.id == 0 && msg.answered {
		if m.id.add([]byte(msg.id)); r.Flags&FlagGlobal == 0 {
			m.id.add(fmt.Appendf(nil, "%d %s", r.Start, d.names.all.Name(r.Model)))
			m.id.add(msg.content)
		}
	}
	at := len(d.Out) - 1
	if m.bad >= 0 {
		before := &d.Out[m.bad]
		before.Attempt = max(before.Attempt, 1)
		r.RetryOf, r.Attempt, r.RetryKind = before.ID, before.Attempt+1, RetryPrompt
	}
	m.waiting, m.bad, m.expected = at, -1, 1
	if msg.actions > 1 {
		m.expected = msg.actions
	}
}

// miniCall makes r the call that a message is the answer of.
func (d *Decoder) miniCall(r *Record, msg *miniMessage, number int) {
	src, format := r.Src, r.Format
	*r = msg.call
	r.Src, r.Format = src, format
	r.Kind, r.Status, r.Agent = KindLLM, StatusOK, d.sym([]byte("mini-swe-agent"))
	answerID(r, msg.id, number)
	if msg.byok && msg.upstream > 0 {
		r.Recorded, _ = r.Recorded.Add(msg.upstream)
		r.Has |= HasCost
	}
	if msg.timed && (r.Has&HasStart == 0 || msg.at >= r.Start) {
		r.End = msg.at
		r.Has |= HasEnd
	}
	if r.Usage.CacheWrite > 0 {
		r.Flags |= FlagWriteSplitGuess
	}
	d.settleUsage(r, reasonKept, msg.total)
}

var (
	exactlyOne = []byte("EXACTLY ONE")
	returnCode = []byte("<returncode>")
	timedOut   = []byte("The last command") // has been killed: it took too long
)

// result reads the message behind an answer.
func (m *miniDoc) result(d *Decoder, msg *miniMessage) {
	if msg.role == "user" && m.asksAgain(msg) {
		if m.waiting < 0 && msg.format { // the answer was not kept: a call of unknown usage
			m.calls++
			d.miniCall(d.add(), &miniMessage{total: noTotal}, m.calls)
			m.waiting = len(d.Out) - 1
		}
		if m.waiting >= 0 {
			d.Out[m.waiting].Flags |= FlagOutputBad
			m.bad, m.waiting = m.waiting, -1
		}
		return
	}
	if m.waiting < 0 || m.expected == 0 {
		return
	}
	m.tools++
	call := &d.Out[m.waiting]
	parent, began, known := call.ID, call.End, call.Has&HasEnd != 0
	r := d.add()
	r.ID, r.Parent = fmt.Sprintf("tool-%d", m.tools), parent
	d.miniTool(r, msg)
	if known && r.Has&HasEnd != 0 && r.End >= began {
		r.Start = began
		r.Has |= HasStart
	}
	if m.expected--; m.expected == 0 {
		m.waiting = -1
	}
}

// asksAgain tells whether a message says that the answer broke the rules.
func (m *miniDoc) asksAgain(msg *miniMessage) bool {
	if msg.format {
		return true
	}
	if _, result := codeOf(msg.content); result || msg.coded {
		return false
	}
	start := msg.content[:min(len(msg.content), 600)]
	return bytes.Contains(start, exactlyOne) || m.format != "" && bytes.Contains(start, []byte(m.format))
}

// miniTool makes r the run of a command: what it returned says how it ended.
func (d *Decoder) miniTool(r *Record, msg *miniMessage) {
	r.Kind, r.Status, r.Tool, r.Agent = KindTool, StatusOK, d.sym([]byte("bash")), d.sym([]byte("mini-swe-agent"))
	r.Fingerprints[3] = textHash(msg.content)
	code, coded := msg.code, msg.coded
	if !coded {
		code, coded = codeOf(msg.content)
	}
	start := msg.content[:min(len(msg.content), 400)]
	switch {
	case coded && code != 0:
		r.Status, r.Error = StatusError, d.sym(fmt.Appendf(nil, "exit %d", code))
	case msg.exception, !coded && bytes.Contains(start[:min(len(start), 60)], timedOut):
		r.Status, r.Error = StatusError, d.sym([]byte("timeout"))
	}
	if msg.timed {
		r.End = msg.at
		r.Has |= HasEnd
	}
}

// codeOf reads the return code that a result begins with.
func codeOf(content []byte) (code int64, ok bool) {
	start := content[:min(len(content), 400)]
	k := bytes.Index(start, returnCode)
	if k < 0 {
		return 0, false
	}
	digits, _, _ := bytes.Cut(start[k+len(returnCode):], []byte("<"))
	return parseInt(bytes.TrimSpace(digits))
}

// close settles the run and states its cost in all, where calls lack theirs.
func (m *miniDoc) close(d *Decoder, n int) {
	base, folder, above := pathNames(d.Path)
	if m.task == "" {
		m.task = base
	}
	if folder == m.task || folder == base { // a folder per instance
		folder = above
	}
	if m.id == 0 {
		m.id = m.texts
	}
	for i := n; i < len(d.Out); i++ {
		if r := &d.Out[i]; r.Kind == KindLLM && r.Model == 0 {
			r.RequestModel = m.model
		}
	}
	if _, _, all := d.sumOf(n); m.cost > 0 && (!all || m.calls == 0) {
		r := d.add()
		r.Kind, r.Flags, r.ID, r.Status, r.Recorded, r.Has = KindChain, FlagTotal, "total", StatusOK, m.cost, HasCost
		if m.calls == 0 {
			r.Model = m.model
		}
	}
	run := m.id.runOf(m.task)
	r := d.docRun(run, m.task)
	r.Workflow = d.name([]byte(folder))
	if folder == "" {
		r.Workflow = d.sym([]byte("mini-swe-agent"))
	}
	d.docTags(r, "exit_status", m.exit, "version", m.version)
	d.setRun(n, run)
}

// miniBare reads a message of a bare array. What it answers is not in sight: its place is its number.
func (d *Decoder) miniBare(msg *miniMessage) error {
	base, folder, _ := pathNames(d.Path)
	run := base + "#" + d.Head
	switch {
	case msg.role == "assistant":
		r := d.add()
		d.miniCall(r, msg, 0)
		r.Run = run
		if r.Flags&FlagGlobal == 0 {
			r.ID = fmt.Sprintf("call-at-%d", d.src.Offset)
		}
	case msg.role == "system":
		r := d.docRun(run, base)
		r.Workflow = d.name([]byte(folder))
	default:
		if _, ok := codeOf(msg.content); !ok {
			return skipError("a message that is neither an answer nor a command's result")
		}
		r := d.add()
		d.miniTool(r, msg)
		r.Run, r.ID = run, fmt.Sprintf("tool-at-%d", d.src.Offset)
	}
	return nil
}

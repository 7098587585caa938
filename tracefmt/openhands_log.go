package tracefmt

import "strings"

// OpenHands logs of single model calls (log_completions): one document per call with the whole prompt, the provider's answer, the cost
// and, since the SDK, the latency. A conversation is a folder, or a session where one is named. The state of a conversation
// (base_state.json) tells sums only: they count as far as the calls of the same run do not say as much.

var openHandsLogFormat = Format{Name: "openhands-log", Title: "OpenHands logs of model calls, and conversation states",
	Can: TellsUsage | TellsText, Partly: TellsCost, Note: "a conversation's state tells sums only",
	sniff: sniffOpenHandsLog, decode: decodeOpenHandsLog}

func sniffOpenHandsLog(v *peek) bool {
	if v.keys["agent"] == "{" && v.has("persistence_dir", "id") || v.keys["stats"] == "{" && v.has("execution_status", "id") {
		return true
	}
	if v.keys["messages"] != "[" && !v.has("input", "llm_path") || v.has("call_type") || v.has("request") {
		return false
	}
	if v.has("response", "latency_sec") || v.has("kwargs", "context_window") {
		return true
	}
	return v.has("response", "cost", "timestamp") && (v.has("kwargs") || v.has("args"))
}

// An ohLog is what a log says beside its call.
type ohLog struct {
	usage   rawUsage
	took    int64
	timed   bool
	session Sym
	run     string
	agent   Sym
	state   bool // a conversation's state
	id      string
	parts   [ContextParts]int64 // bytes of the prompt
	users   int
	models  []ohMetrics
}

// The parts of the prompt by their places in ContextNames.
const (
	partInstructions = 0
	partHistory      = 1
	partTools        = 3
	partLogs         = 4
	partUser         = 6
)

func decodeOpenHandsLog(d *Decoder, value []byte) error {
	s, n := &d.scan, len(d.Out)
	l := ohLog{usage: rawUsage{total: noTotal}}
	r := Record{}
	s.reset(value)
	for s.object(); s.next(); {
		d.ohLogMember(&l, &r)
	}
	if s.err != nil {
		return s.err
	}
	if l.state {
		return d.ohState(&l, n)
	}
	return d.ohLogCall(&l, &r)
}

func (d *Decoder) ohLogMember(l *ohLog, r *Record) {
	s := &d.scan
	switch string(s.key()) {
	case "id":
		l.id = d.text(s.str())
	case "messages", "input":
		d.ohMessages(l)
	case "instructions":
		l.parts[partInstructions] += int64(len(s.raw()))
	case "tools":
		l.parts[partTools] = int64(len(s.raw()))
	case "kwargs":
		d.ohKwargs(l)
	case "response":
		d.ohResponse(l, r)
	case "cost":
		d.docCost(r)
	case "timestamp":
		d.rawTime(r, &r.End, HasEnd)
	case "latency_sec":
		l.took, l.timed = d.docSeconds()
	case "error":
		d.rawError(r)
	case "stats":
		l.state = true
		d.ohStats(l)
	case "persistence_dir", "execution_status":
		l.state = true
		s.skip()
	default:
		s.skip()
	}
}

// ohMessages measures the prompt: instructions, what the user asked first, what tools returned, and the rest, which is history.
func (d *Decoder) ohMessages(l *ohLog) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		part, size := partHistory, int64(0)
		for s.next() {
			switch string(s.key()) {
			case "role":
				part = l.partOf(s.str())
			case "content", "tool_calls", "arguments", "output", "summary":
				size += int64(len(s.raw()))
			default:
				s.skip()
			}
		}
		l.parts[part] += size
	}
}

func (l *ohLog) partOf(role []byte) int {
	switch string(role) {
	case "system", "developer":
		return partInstructions
	case "tool", "function":
		return partLogs
	case "user":
		if l.users++; l.users == 1 {
			return partUser
		}
	}
	return partHistory
}

// ohKwargs reads what the request was labelled with.
func (d *Decoder) ohKwargs(l *ohLog) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "tools":
			l.parts[partTools] = int64(len(s.raw()))
		case "extra_body", "litellm_extra_body", "metadata":
			if len(s.stack) < 8 {
				d.ohKwargs(l)
				continue
			}
			s.skip()
		case "session_id":
			if b := s.str(); len(b) > 0 {
				l.run, l.session = d.text(b), d.sym(b)
			}
		case "tags":
			d.ohTags(l)
		default:
			s.skip()
		}
	}
}

func (d *Decoder) ohTags(l *ohLog) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		if name, ok := strings.CutPrefix(string(s.str()), "agent:"); ok {
			l.agent = d.name([]byte(name))
		}
	}
}

func (d *Decoder) ohResponse(l *ohLog, r *Record) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "id":
			r.ID = d.text(s.str())
		case "model":
			r.Model = d.sym(s.str())
		case "usage":
			if err := d.rawUsage(r, &l.usage); err != nil && s.err == nil {
				d.warnf("a count left out: %v", err)
				d.leave(3)
			}
		case "service_tier":
			r.Tier = d.sym(s.str())
		case "error":
			d.rawError(r)
		default:
			s.skip()
		}
	}
}

// leave reads on until no more than depth containers are open, which is where a reader that gave up began.
func (d *Decoder) leave(depth int) {
	s := &d.scan
	for len(s.stack) >= depth && s.err == nil {
		for s.next() {
			s.skip()
		}
	}
}

// ohLogCall adds the call that a log tells.
func (d *Decoder) ohLogCall(l *ohLog, from *Record) error {
	id := from.ID
	if id == "" && from.Has&(HasEnd|HasUsage) == 0 {
		return skipError("a log without an answer")
	}
	_, folder, above := pathNames(d.Path)
	task := ""
	if strings.Contains(folder, "__") {
		task = folder
	}
	if l.run == "" {
		l.run = logFolder(folder, above)
	}
	r := d.add()
	src, format := r.Src, r.Format
	*r = *from
	r.Src, r.Format = src, format
	r.Kind, r.Run, r.Session, r.Agent = KindLLM, l.run, l.session, l.agent
	if r.Status == StatusUnset {
		r.Status = StatusOK
	}
	if answerID(r, id, 0); r.Flags&FlagGlobal == 0 {
		var h docID
		h.add([]byte(id))
		h.add([]byte(USD(r.End).String()))
		r.ID = "call-" + h.String()
	}
	if l.timed && r.Has&HasEnd != 0 {
		r.Start = r.End - l.took
		r.Has |= HasStart
	}
	if r.Usage.CacheWrite > 0 {
		r.Flags |= FlagWriteSplitGuess
	}
	d.settleUsage(r, 0, l.usage.total)
	r.Context = l.context(r.Usage.Input)
	run := d.docRun(l.run, task)
	run.Workflow, run.Session = d.sym([]byte("openhands")), l.session
	return nil
}

// plainFolders are names of folders that every conversation's logs may stand in.
var plainFolders = map[string]bool{"llm-logs": true, "logs": true, "completions": true, "llm_completions": true, "llm": true, "": true}

// logFolder names a conversation by the folder of its logs.
func logFolder(folder, above string) string {
	if plainFolders[folder] && above != "" {
		return above + "/" + folder
	}
	if folder == "" {
		return "openhands"
	}
	return folder
}

// context spreads the tokens of the prompt over its parts by their bytes; the parts add up to input.
func (l *ohLog) context(input int64) *[ContextParts]int64 {
	total, largest := int64(0), 0
	for i, n := range l.parts {
		total += n
		if n > l.parts[largest] {
			largest = i
		}
	}
	if total == 0 || input == 0 {
		return nil
	}
	out, rest := new([ContextParts]int64), input
	for i, n := range l.parts {
		out[i] = int64(float64(n) / float64(total) * float64(input))
		rest -= out[i]
	}
	out[largest] += rest
	return out
}

// ohStats reads the sums of a conversation by what the models were used for.
func (d *Decoder) ohStats(l *ohLog) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "usage_to_metrics", "service_to_metrics":
			d.ohUses(l)
		default:
			s.skip()
		}
	}
}

func (d *Decoder) ohUses(l *ohLog) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		m := ohMetrics{agent: d.name(s.key())}
		d.ohMetrics(&m)
		l.models = append(l.models, m)
	}
}

// ohState adds what the state of a conversation tells.
func (d *Decoder) ohState(l *ohLog, n int) error {
	if l.id == "" {
		return skipError("a conversation's state without its id")
	}
	var h ohHistory
	for i := range l.models {
		m := &l.models[i]
		at := len(d.Out)
		d.ohCalls(m, &h, m.agent)
		for k := at; k < len(d.Out); k++ {
			if r := &d.Out[k]; r.Flags&FlagGlobal == 0 {
				r.ID += " " + d.names.all.Name(m.agent)
			}
			if r := &d.Out[k]; r.Flags&FlagTotal != 0 {
				r.Agent = m.agent
			}
		}
	}
	r := d.docRun(l.id, "")
	r.Workflow, r.Session = d.sym([]byte("openhands")), d.sym([]byte(l.id))
	d.setRun(n, l.id)
	return nil
}

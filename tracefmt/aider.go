package tracefmt

import "bytes"

// aider writes what it does to an analytics file that all of a user's programs share: a line per event. A run is one program run, from
// one line "launched" to the next; a file may begin in the middle of one. message_send is a call; its total_cost is the program's running
// total. message_send_starting comes before it: where no message_send follows, the call failed or was interrupted.
var aiderFormat = Format{Name: "aider", Title: "aider analytics (--analytics-log)",
	Can: TellsUsage | TellsCost, Note: "what was read from a cache is not told; calls of the weak model are not in it; no projects",
	sniff: sniffAider, decode: decodeAider, section: aiderLaunch}

func sniffAider(v *peek) bool {
	return v.keys["properties"] == "{" && v.has("event", "user_id", "time") && len(v.keys) == 4
}

// aiderLaunch says that a line begins a program run.
func aiderLaunch(line []byte) bool {
	_, rest, ok := bytes.Cut(line, []byte(`"event"`))
	if !ok {
		return false
	}
	rest = bytes.TrimLeft(rest, " :")
	return bytes.HasPrefix(rest, []byte(`"launched"`))
}

// aiderEvent is what a line states. Text is as written.
type aiderEvent struct {
	name, user, at              []byte
	model, edit, reason, failed []byte
	use                         statedUse
	running                     []byte // total_cost
}

// aiderRun is the program run that a section is about.
type aiderRun struct {
	d       *Decoder
	run     string
	user    Sym
	from    int        // its records begin here
	last    uint64     // of the latest message_send
	pending aiderEvent // message_send_starting
	waits   bool       // for the answer to it
	place   SourceRef  // of pending
	model   []byte
	exit    []byte
	ended   bool
}

func decodeAider(d *Decoder, value []byte) error {
	a := aiderRun{d: d, from: len(d.Out)}
	bad := 0
	for at := 0; at < len(value); {
		n := bytes.IndexByte(value[at:], '\n')
		if n < 0 {
			n = len(value) - at
		}
		if line := bytes.Trim(value[at:at+n], blanks); len(line) > 0 {
			var e aiderEvent
			if !e.read(&d.scan, line) {
				bad++
			} else {
				a.event(&e, SourceRef{d.src.Source, d.src.Offset + int64(at), int64(n)})
			}
		}
		at += n + 1
	}
	for range bad {
		d.warnf("a line of a program run is no event: left out")
	}
	if bad > 0 && a.run == "" {
		return errSyntax
	}
	ended := StatusUnset
	if a.ended {
		ended = StatusError
	}
	a.close(ended)
	if len(d.Out) == a.from {
		return skipError("a program run that sent no message to a model")
	}
	a.facts()
	return nil
}

// read reads a line; false where it is no event.
func (e *aiderEvent) read(s *scanner, line []byte) bool {
	s.reset(line)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "event":
			e.name = s.rawText()
		case "user_id":
			e.user = s.rawText()
		case "time":
			e.at = s.num()
		case "properties":
			e.readProperties(s)
		default:
			s.skip()
		}
	}
	return s.done() && len(e.name) > 0
}

func (e *aiderEvent) readProperties(s *scanner) {
	e.use.total = noTotal
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "main_model":
			e.model = s.rawText()
		case "edit_format":
			e.edit = s.rawText()
		case "prompt_tokens":
			e.use.count(s, &e.use.usage.Input, HasInput)
		case "completion_tokens":
			e.use.count(s, &e.use.usage.Output, HasOutput)
		case "total_tokens":
			e.use.count(s, &e.use.total, 0)
		case "cost":
			e.use.readCost(s)
		case "total_cost":
			e.running = s.num()
		case "reason":
			e.reason = s.rawText()
		case "exception":
			e.failed = s.rawText()
		default:
			s.skip()
		}
	}
}

// event takes in the next line.
func (a *aiderRun) event(e *aiderEvent, place SourceRef) {
	if a.run == "" {
		a.run = string(contentID("aider", e.user, e.at))
		a.user = a.d.claudeSym(e.user)
	}
	if len(e.model) > 0 && string(e.model) != "None" {
		a.model = e.model
	}
	switch string(e.name) {
	case "message_send_starting":
		if a.waits && string(a.pending.at) == string(e.at) {
			return // the same line twice
		}
		a.close(StatusError)
		a.pending, a.waits, a.place = *e, true, place
	case "message_send":
		a.call(e, place)
	case "exit":
		a.exit, a.ended = e.reason, true // perhaps of another program that runs beside
	default:
		if a.waits {
			a.pending.failed = e.failed
		}
		a.close(StatusError)
	}
}

// call emits a call that was answered.
func (a *aiderRun) call(e *aiderEvent, place SourceRef) {
	h := textHash(contentID("", e.at, e.model, e.running, e.edit, numberText(e.use.usage.Input), numberText(e.use.usage.Output), numberText(int64(e.use.cost))))
	if h == a.last {
		return
	}
	r := a.record(e, h, place)
	a.waits, a.last = false, h
	r.Model, r.Step = a.d.claudeSym(e.model), a.d.claudeSym(e.edit)
	r.Status = StatusOK
	if r.Has&HasStart == 0 {
		stampTime(r, e.at, e.at)
	}
	stampTime(r, nil, e.at)
	use := e.use
	if use.usage == (Usage{}) {
		use.total = noTotal
	}
	use.stateAs(a.d, r, 0)
}

// close ends the call that waits for an answer, if there is one: it got none.
func (a *aiderRun) close(s Status) {
	if !a.waits {
		return
	}
	r := a.record(&a.pending, 0, a.place)
	a.waits = false
	r.Status, r.RequestModel = s, a.d.claudeSym(a.model)
	if s == StatusError {
		if r.Error = a.d.claudeError(a.pending.failed); r.Error == 0 {
			r.Error = a.d.sym([]byte("no answer"))
		}
	}
}

// record appends a call. It is known by when it was begun, and by the answer before, so that one under way and its answer are the same.
func (a *aiderRun) record(e *aiderEvent, h uint64, place SourceRef) *Record {
	id := contentID("answer", e.user, numberText(int64(h)))
	if a.waits {
		id = contentID("message", a.pending.at, numberText(int64(a.last)))
	}
	r := a.d.add()
	r.Kind, r.Run, r.ID, r.Src = KindLLM, a.run, string(id), place
	r.Agent = a.d.sym(claudeMain)
	if a.waits {
		stampTime(r, a.pending.at, nil)
	}
	return r
}

// facts emits what is known of the run.
func (a *aiderRun) facts() {
	r := a.d.add()
	r.Kind, r.Run, r.User = KindRun, a.run, a.user
	r.Workflow = a.d.sym([]byte("aider"))
	if len(a.exit) > 0 {
		t := &a.d.openCode.tags
		t.reset()
		t.add([]byte("exit"), firstPlain(a.exit))
		r.Tags = a.d.tags(t)
	}
}

package tracefmt

import (
	"bytes"
	"path/filepath"
	"strings"
)

// Cline and Roo Code keep a folder per task. Its ui_messages.json is an array of what the user interface shows, in time order:
//
//	api_req_started               a KindLLM record: the entry is rewritten in place when the call ends
//	tool, command, use_mcp_server KindTool
//	error_retry, api_req_retry_…  EventAPIError: a failed try, which has no entry of its own; Name is final where the client gave up
//	the task, user_feedback       EventPrompt
//	deleted_api_reqs              a KindLLM record: the sum of calls that a rewind took out of the file
//	condense_context              a KindLLM record and EventCompact
//	all others                    marks without an event: calls and tools end when the next entry is written
//
// task_metadata.json beside it tells the model of calls that do not name theirs (EventModel), Roo's history_item.json the project. The run
// is the folder. An entry's id is made of its own time and that of the file's first entry: a copy of a task counts once. What spans
// entries is joinCline's.
var clineFormat = Format{Name: "cline", Title: "Cline and Roo Code tasks (ui_messages.json)",
	Can: TellsUsage | TellsCost | TellsRetries, Partly: TellsOutcomes | TellsText, Note: "times end when the next entry is written; success is what the agent says, unless the person went on",
	sniff: sniffCline, decode: decodeCline, head: clineHead}

// clineEntry is what an entry states. Text is as written.
type clineEntry struct {
	at, kind, text, provider, model, mode []byte
	id, role, workspace, parent, root     []byte
	condensed, metadata, history, content bool
	before                                []byte // tokens of the context that was condensed
	use                                   statedUse
}

func sniffCline(v *peek) bool {
	switch {
	case v.keys["model_usage"] == "[" || v.keys["files_in_context"] == "[":
		return true
	case !v.has("ts"):
		return false
	case v.keys["type"] == "say" || v.keys["type"] == "ask":
		return v.has("say") || v.has("ask")
	}
	return v.has("role", "content") && len(v.keys["ts"]) == 13 || v.has("id", "task", "tokensIn", "tokensOut")
}

// clineHead is the time of the first entry.
func clineHead(b []byte) (string, bool) {
	var s scanner
	s.reset(b)
	if s.kind() == '[' {
		s.array()
		if !s.next() {
			return "", s.err == nil
		}
	}
	if s.kind() != '{' {
		return "", s.err == nil && s.at < len(b)
	}
	for s.object(); s.next(); {
		if string(s.key()) != "ts" {
			s.skip()
			continue
		}
		at := string(s.num())
		return at, s.err == nil
	}
	return "", s.err == nil
}

func decodeCline(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	var e clineEntry
	for s.object(); s.next(); {
		if string(s.key()) == "model_usage" {
			e.metadata = true
			d.clineModels()
			continue
		}
		e.member(s)
	}
	switch {
	case s.err != nil:
		return s.err
	case e.metadata:
		return d.clineFound("a task's files: no call is among them")
	case e.history:
		return d.clineTask(&e)
	case len(e.role) > 0 && e.content:
		return skipError("a message of the conversation with the model: it states no usage; the calls are in ui_messages.json")
	case len(e.kind) == 0 || len(e.at) == 0:
		return skipError("an entry without a time or a kind")
	}
	d.clineEmit(&e)
	return nil
}

// clineFound is nil where the value gave records.
func (d *Decoder) clineFound(none string) error {
	if n := len(d.Out); n > 0 && d.Out[n-1].Src == d.src {
		return nil
	}
	return skipError(none)
}

func (e *clineEntry) member(s *scanner) {
	switch string(s.key()) {
	case "ts":
		e.at = s.num()
	case "say", "ask":
		if v := s.rawText(); len(v) > 0 {
			e.kind = v
		}
	case "text":
		e.text = s.rawText()
	case "modelInfo":
		e.readModel(s)
	case "contextCondense":
		e.readCondense(s)
	case "files_in_context":
		e.metadata = true
		s.skip()
	case "id":
		e.id = s.rawText()
	case "role":
		e.role = s.rawText()
	case "content":
		e.content = true
		s.skip()
	case "totalCost", "tokensIn":
		e.history = true
		s.skip()
	case "workspace", "cwdOnTaskInitialization":
		e.workspace = s.rawText()
	case "parentTaskId":
		e.parent = s.rawText()
	case "rootTaskId":
		e.root = s.rawText()
	case "mode":
		e.mode = s.rawText()
	default:
		s.skip()
	}
}

func (e *clineEntry) readModel(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "providerId":
			e.provider = s.rawText()
		case "modelId":
			e.model = s.rawText()
		case "mode":
			e.mode = s.rawText()
		default:
			s.skip()
		}
	}
}

func (e *clineEntry) readCondense(s *scanner) {
	if !s.enter('{') {
		return
	}
	e.condensed = true
	for s.next() {
		switch string(s.key()) {
		case "cost":
			e.use.readCost(s)
		case "prevContextTokens":
			e.before = s.num()
		default:
			s.skip()
		}
	}
}

// clineFiles are the files of a task's folder.
var clineFiles = map[string]bool{"ui_messages": true, "claude_messages": true, "task_metadata": true, "history_item": true}

// clineRun is the run that the entries of the source belong to.
func (d *Decoder) clineRun() string {
	c := &d.cline
	if c.run == "" || c.path != d.Path || c.head != d.Head {
		c.run, c.path, c.head = string(d.clineTaskID()), d.Path, d.Head
	}
	return c.run
}

// clineTaskID is the task's folder; of a file that lies elsewhere, the time of its first entry.
func (d *Decoder) clineTaskID() []byte {
	dir := filepath.Base(filepath.Dir(d.Path))
	if clineFiles[d.sourceName()] && dir != "." && dir != ".." && dir != string(filepath.Separator) {
		return []byte(dir)
	}
	if d.Head != "" {
		return []byte("task-" + d.Head)
	}
	return []byte(d.sourceName())
}

// clineModels reads which models a task used, and from when on.
func (d *Decoder) clineModels() {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		var at, model, provider, mode []byte
		for s.next() {
			switch string(s.key()) {
			case "ts":
				at = s.num()
			case "model_id":
				model = s.rawText()
			case "model_provider_id":
				provider = s.rawText()
			case "mode":
				mode = s.rawText()
			default:
				s.skip()
			}
		}
		if len(model) == 0 || s.err != nil {
			continue
		}
		r := d.add()
		r.Kind, r.Event = KindMark, EventModel
		r.Run, r.ID = d.clineRun(), d.text(append([]byte("model-"), at...))
		r.Model, r.Provider, r.Step = d.claudeSym(model), d.claudeSym(provider), d.claudeSym(mode)
		stampTime(r, at, at)
	}
}

// clineTask reads a task's line in the history. It repeats the sums of the task's calls.
func (d *Decoder) clineTask(e *clineEntry) error {
	if d.sourceName() != "history_item" {
		return skipError("the list of tasks: it repeats the sums of the tasks' own files")
	}
	r := d.add()
	r.Kind, r.Run = KindRun, d.clineRun()
	r.Workflow = d.folderSym(e.workspace)
	r.Session = firstSym(d.sym(e.root), d.sym(e.parent))
	if len(e.parent) > 0 {
		t := &d.openCode.tags
		t.reset()
		t.add([]byte("parent"), e.parent)
		r.Tags = d.tags(t)
	}
	return nil
}

// clineRecord appends a record of an entry; the ids of several are told apart by suffix.
func (d *Decoder) clineRecord(e *clineEntry, kind Kind, suffix string) *Record {
	r := d.add()
	r.Kind, r.Run = kind, d.clineRun()
	c := &d.cline
	c.id = append(append(append(c.id[:0], d.Head...), '-'), e.at...)
	c.id = append(append(append(c.id, '-'), e.kind...), suffix...)
	r.ID, r.Flags = d.keep(c.id), FlagGlobal
	r.Name = d.claudeSym(e.kind)
	stampTime(r, e.at, nil)
	return r
}

func (d *Decoder) clineMark(e *clineEntry, event Event, suffix string) *Record {
	r := d.clineRecord(e, KindMark, suffix)
	r.Event = event
	stampTime(r, nil, e.at)
	return r
}

// clineEmit emits the records of an entry.
func (d *Decoder) clineEmit(e *clineEntry) {
	switch kind := string(e.kind); kind {
	case "api_req_started":
		d.clineCall(e)
	case "api_req_finished":
		d.clineUse(e, d.clineMark(e, EventNone, ""))
	case "deleted_api_reqs":
		d.clineDeleted(e)
	case "condense_context":
		d.clineCondensed(e)
	case "error_retry", "api_req_retry_delayed":
		d.clineRetry(e)
	case "tool", "command", "use_mcp_server", "browser_action", "browser_action_launch", "access_mcp_resource":
		d.clineTool(e)
	case "user_feedback", "user_feedback_diff", "task":
		d.clineMark(e, EventPrompt, "")
	default:
		event := EventNone
		if string(e.at) == d.Head {
			event = EventPrompt // the task
		}
		d.clineMark(e, event, "")
	}
	if string(e.at) == d.Head {
		r := d.add()
		r.Kind, r.Run = KindRun, d.clineRun()
	}
}

// clineRequest is what the text of a request's entry states.
type clineRequest struct {
	use            statedUse
	reason, folder []byte
}

// readRequest reads the JSON that an entry's text is.
func (d *Decoder) readRequest(text []byte) (q clineRequest, ok bool) {
	s := d.inText(text)
	q.use.total = noTotal
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "request":
			q.folder = clineFolder(s.rawText())
		case "tokensIn":
			q.use.count(s, &q.use.usage.Input, HasInput)
		case "tokensOut":
			q.use.count(s, &q.use.usage.Output, HasOutput)
		case "cacheReads":
			q.use.count(s, &q.use.usage.CacheRead, HasCacheRead)
		case "cacheWrites":
			q.use.count(s, &q.use.usage.CacheWrite, HasCacheWrite)
		case "cost":
			q.use.readCost(s)
		case "cancelReason":
			q.reason = s.rawText()
		default:
			s.skip()
		}
	}
	return q, s.err == nil
}

// inText starts a scanner on text that holds JSON.
func (d *Decoder) inText(text []byte) *scanner {
	d.cline.text = unescape(d.cline.text[:0], text)
	d.cline.scan.reset(d.cline.text)
	return &d.cline.scan
}

// clineState is a decoder's memory for tasks.
type clineState struct {
	text, id        []byte
	scan            scanner // for JSON inside JSON
	run, path, head string
}

// clineFolders stand before the project's folder in what the client tells the model.
var clineFolders = [][]byte{[]byte("Working Directory ("), []byte("Workspace Directory (")}

// clineFolder finds the project's folder in a request.
func clineFolder(request []byte) []byte {
	for _, mark := range clineFolders {
		if _, rest, ok := bytes.Cut(request, mark); ok {
			if path, _, ok := bytes.Cut(rest, []byte{')'}); ok && len(path) < 1000 {
				return path
			}
		}
	}
	return nil
}

func (d *Decoder) clineCall(e *clineEntry) {
	r := d.clineRecord(e, KindLLM, "")
	r.Name = 0
	r.Model, r.Provider, r.Step = d.claudeSym(e.model), d.claudeSym(e.provider), d.claudeSym(e.mode)
	r.Agent = d.sym(claudeMain)
	q, ok := d.readRequest(e.text)
	if !ok {
		d.warnf("the text of a request is cut: what it used is unknown")
	}
	q.use.state(d, r)
	r.Service = d.folderSym(q.folder)
	switch {
	case len(q.reason) > 0:
		r.Status, r.Error = StatusError, d.claudeSym(q.reason)
	case r.Has&(HasUsage|HasCost) != 0:
		r.Status = StatusOK
	}
	if string(q.reason) == "user_cancelled" {
		d.clineMark(e, EventAbort, "#abort")
	}
}

// clineUse gives r what the text of the entry says was used; false where that is nothing.
func (d *Decoder) clineUse(e *clineEntry, r *Record) bool {
	q, ok := d.readRequest(e.text)
	if !ok {
		d.warnf("%s: its text is no JSON: what it used is unknown", e.kind)
		return false
	}
	q.use.state(d, r)
	return r.Has&(HasUsage|HasCost) != 0
}

func (d *Decoder) clineDeleted(e *clineEntry) {
	n := len(d.Out)
	r := d.clineRecord(e, KindLLM, "")
	r.Step, r.Status = r.Name, StatusOK
	r.Model, r.Provider = d.claudeSym(e.model), d.claudeSym(e.provider)
	stampTime(r, nil, e.at)
	if !d.clineUse(e, r) {
		d.Out = d.Out[:n]
		d.clineMark(e, EventNone, "")
	}
}

func (d *Decoder) clineCondensed(e *clineEntry) {
	mark := d.clineMark(e, EventCompact, "#compact")
	if n, ok := parseInt(e.before); ok && n > 0 && n <= maxCount {
		mark.Usage.Input, mark.Has = n, mark.Has|HasInput
	}
	if !e.condensed || e.use.none() {
		return
	}
	r := d.clineRecord(e, KindLLM, "")
	r.Step, r.Status = r.Name, StatusOK
	r.Model, r.Provider = d.claudeSym(e.model), d.claudeSym(e.provider)
	stampTime(r, nil, e.at)
	e.use.state(d, r)
}

// clineRetry marks a failed try.
func (d *Decoder) clineRetry(e *clineEntry) {
	r := d.clineMark(e, EventAPIError, "")
	r.Name, r.Status = 0, StatusError
	if string(e.kind) != "error_retry" {
		r.Attempt = clineAttempt(e.text)
		r.Error = d.claudeError(e.text)
		return
	}
	s := d.inText(e.text)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "attempt":
			if n, ok := parseInt(s.num()); ok && n > 0 && n <= 1000 {
				r.Attempt = int32(n)
			}
		case "failed":
			if flag(s) {
				r.Name = d.sym(claudeFinal)
			}
		case "errorMessage":
			r.Error = d.claudeError(s.rawText())
		default:
			s.skip()
		}
	}
}

// clineAttempt is N of "Retry attempt N" in what Roo shows.
func clineAttempt(text []byte) int32 {
	_, rest, _ := bytes.Cut(text, []byte("Retry attempt "))
	n := 0
	for n < len(rest) && n < 4 && isDigit(rest[n]) {
		n++
	}
	k, _ := parseInt(rest[:n])
	return int32(min(k, 1000))
}

// clineTool emits a tool's use. Its name stands in the text, but for commands.
func (d *Decoder) clineTool(e *clineEntry) {
	r := d.clineRecord(e, KindTool, "")
	r.Tool = r.Name
	r.Name = 0
	r.Fingerprints[2] = textHash(e.text)
	if string(e.kind) == "command" || strings.HasPrefix(string(e.kind), "browser") {
		return
	}
	s := d.inText(e.text)
	if s.kind() != '{' {
		return
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "tool", "toolName":
			if name := d.claudeSym(s.rawText()); name != 0 {
				r.Tool = name
			}
		default:
			s.skip()
		}
	}
}

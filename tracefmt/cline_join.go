package tracefmt

import (
	"cmp"
	"slices"
	"strings"
)

// clineJoin walks over the entries of a task in time order and settles what spans them: when calls and tools ended, which attempt a call
// is, its model, and how the task ended. Every field that it sets is decided anew.
type clineJoin struct {
	names map[Sym]clineKind
	final Sym

	call      *Record // the latest
	tool      *Record
	model     *Record // EventModel
	try       *Record // the latest failed try of the call
	before    string  // the id of the entry whose call this one repeats
	failedAt  int64   // when it failed; 0 for none
	fails     int32   // failed tries before the one that is under way
	retrying  bool    // the latest thing about the call is a failed try that will be repeated
	gaveUp    bool    // the client stopped repeating it
	answering bool    // what the call wrote is being shown
	project   bool    // a call names it
	outcome   Outcome
}

// A clineKind is what an entry means for those before it.
type clineKind uint8

const (
	clineOutput   clineKind = iota // shown of the answer, or after it
	clineSpeech                    // a part of the answer itself
	clineAside                     // written beside: nothing ends
	clineFinished                  // the old form of a call's end
	clineRetried
	clineFailed  // the client asks what to do
	clinePerson  // a person had a say
	clineResumed // the task was opened again
	clineDone    // the agent says that the task is done
	clineWrong   // the tool failed
	clineWorks   // the tool is still at work
)

var clineKinds = map[string]clineKind{
	"text": clineSpeech, "reasoning": clineSpeech, "checkpoint_created": clineAside, "checkpoint_saved": clineAside, "api_req_finished": clineFinished,
	"deleted_api_reqs": clineAside, "api_req_retried": clineRetried, "api_req_failed": clineFailed, "resume_task": clineResumed,
	"resume_completed_task": clineAside, "user_feedback": clinePerson, "user_feedback_diff": clinePerson, "completion_result": clineDone,
	"error": clineWrong, "diff_error": clineWrong, "clineignore_error": clineWrong, "rooignore_error": clineWrong,
	"command_output": clineWorks, "mcp_server_request_started": clineAside,
}

func (a *Assembler) joinCline(recs []Record) []Record {
	own := -1
	for i := range recs {
		if r := &recs[i]; r.Format == FormatCline && r.Kind == KindRun && r.ID == "" {
			own = i
		}
	}
	if own < 0 {
		own = len(recs)
		recs = append(recs, Record{Run: recs[0].Run, Format: FormatCline, Kind: KindRun, Src: recs[0].Src})
	}
	j := clineJoin{names: make(map[Sym]clineKind, len(clineKinds)), final: a.Names.Sym(string(claudeFinal))}
	for name, kind := range clineKinds {
		j.names[a.Names.Sym(name)] = kind
	}
	for _, r := range clineEntries(recs) {
		j.entry(r)
	}
	j.endCall(0)
	if own := &recs[own]; own.Workflow == 0 && !j.project {
		own.Workflow = a.Names.Sym("cline") // nothing names the project
	}
	if j.outcome != OutcomeUnknown {
		recs[own].Outcome, recs[own].Has = j.outcome, recs[own].Has|HasOutcome
	}
	return recs
}

// clineEntries are the entries in time order. A model is named before the calls that use it.
func clineEntries(recs []Record) (list []*Record) {
	for i := range recs {
		if r := &recs[i]; r.Format == FormatCline && r.Kind != KindRun && r.Has&HasStart != 0 {
			list = append(list, r)
		}
	}
	rank := func(r *Record) int {
		switch {
		case r.Event == EventModel:
			return 0
		case r.Kind == KindLLM:
			return 1
		}
		return 2
	}
	slices.SortFunc(list, func(x, y *Record) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Src.Offset, y.Src.Offset), strings.Compare(x.ID, y.ID))
	})
	return list
}

func (j *clineJoin) entry(r *Record) {
	switch {
	case r.Kind == KindLLM && r.Name != 0: // a sum of calls, or a summary: not of this thread of calls
		j.giveModel(r)
	case r.Kind == KindLLM:
		j.newCall(r)
	case r.Kind == KindTool:
		j.answered(r.Start)
		j.answering = false
		j.endTool(r.Start)
		j.tool = r
		if r.Parent = ""; j.call != nil {
			r.Parent = j.call.ID
		}
	case r.Event == EventModel:
		j.model = r
	case r.Event == EventAPIError:
		j.failed(r)
	case r.Event == EventAbort || r.Event == EventCompact:
	default:
		j.mark(r, j.names[r.Name])
	}
}

func (j *clineJoin) giveModel(r *Record) {
	if r.Model == 0 && j.model != nil {
		r.Model, r.Provider = j.model.Model, firstSym(r.Provider, j.model.Provider)
		r.Step = firstSym(r.Step, j.model.Step)
	}
}

// newCall begins a call. It repeats the one before where that failed and was to be repeated.
func (j *clineJoin) newCall(r *Record) {
	j.endTool(r.Start)
	j.endCall(r.Start)
	last := j.call
	r.Attempt, r.RetryOf, r.RetryKind = 0, "", RetryNone
	if last != nil && j.retrying {
		r.Attempt, r.RetryOf, r.RetryKind = j.fails+1, last.ID, RetryPlain
	} else {
		j.fails = 0
	}
	j.before = r.RetryOf
	j.call, j.try, j.failedAt, j.retrying, j.gaveUp, j.answering = r, nil, 0, false, false, true
	r.End, r.Has = 0, r.Has&^HasEnd
	j.project = j.project || r.Service != 0
	j.outcome = OutcomeUnknown
	j.giveModel(r)
}

// failed takes in a failed try of the latest call.
func (j *clineJoin) failed(r *Record) {
	if j.call == nil {
		return
	}
	r.Parent = j.call.ID
	j.failedAt = r.Start
	if r.Name == j.final {
		j.giveUp()
		return
	}
	j.fails++
	j.retrying, j.try = true, r
	if j.fails > j.call.Attempt { // else the tries before were another entry's
		j.call.Attempt = j.fails
	}
}

func (j *clineJoin) giveUp() {
	j.retrying, j.gaveUp = false, true
	j.outcome = OutcomeFailure
	if j.call != nil && j.call.Has&(HasUsage|HasCost) == 0 {
		j.call.Status = StatusError
	}
}

// repeated says that the call goes on after a failed try; after the client gave up it was a person who began anew.
func (j *clineJoin) repeated() {
	if j.gaveUp {
		j.fails = 0
	}
	j.retrying, j.gaveUp = false, false
	j.outcome = OutcomeUnknown
	switch {
	case j.call == nil:
	case j.fails > 0:
		j.call.Attempt, j.call.RetryOf, j.call.RetryKind = j.fails+1, cmp.Or(j.before, j.try.ID), RetryPlain
	case j.before == "":
		j.call.Attempt, j.call.RetryOf, j.call.RetryKind = 0, "", RetryNone
	}
}

func (j *clineJoin) mark(r *Record, kind clineKind) {
	if kind != clineWorks && kind != clineWrong && kind != clineAside {
		j.endTool(r.Start)
	}
	switch kind {
	case clineAside:
	case clineFinished:
		j.finished(r)
	case clineRetried:
		j.repeated()
	case clineFailed:
		j.failedAt = cmp.Or(j.failedAt, r.Start)
		j.giveUp()
	case clinePerson:
		j.retrying, j.answering = false, false
		j.outcome = OutcomeUnknown
	case clineResumed:
		j.retrying, j.answering = false, false
	case clineWrong:
		if j.tool != nil {
			j.tool.Status = StatusError
		}
		j.endTool(r.Start)
	case clineDone:
		j.answered(r.Start)
		j.answering = false
		j.outcome = OutcomeSuccess
	case clineSpeech:
		j.answered(r.Start)
	case clineWorks:
		j.answering = false
		if j.tool != nil {
			j.tool.End, j.tool.Has = r.Start, j.tool.Has|HasEnd
		}
	case clineOutput:
		j.answered(r.Start)
		j.answering = false
	}
}

// answered lets the call last until at least at: something that it wrote, or that followed it, is there.
func (j *clineJoin) answered(at int64) {
	c := j.call
	if c == nil {
		return
	}
	if j.retrying {
		j.repeated()
	}
	if c.Has&HasEnd == 0 || j.answering {
		c.End, c.Has = at, c.Has|HasEnd
	}
}

// endCall closes the latest call before the next one starts; at is 0 where none follows.
func (j *clineJoin) endCall(at int64) {
	c := j.call
	if c == nil || c.Has&HasEnd != 0 {
		return
	}
	if end := cmp.Or(j.failedAt, at); end != 0 {
		c.End, c.Has = max(end, c.Start), c.Has|HasEnd
	}
}

func (j *clineJoin) endTool(at int64) {
	if j.tool == nil {
		return
	}
	j.tool.End, j.tool.Has = at, j.tool.Has|HasEnd
	j.tool = nil
}

// finished gives the call what the old form states when it ends.
func (j *clineJoin) finished(r *Record) {
	c := j.call
	if c == nil || c.Has&(HasUsage|HasCost) != 0 {
		return
	}
	c.Usage, c.Recorded = r.Usage, r.Recorded
	c.Has |= r.Has & (HasUsage | HasCost)
	c.End, c.Has = r.Start, c.Has|HasEnd
	c.Status, j.answering = StatusOK, false
}

package tracefmt

import (
	"bytes"
	"path/filepath"
	"strings"
)

// outcomesFormat is files that say how runs ended, and nothing of their calls: reports of benchmarks, and tables of outcomes. See
// verdict.go for how they are joined to the runs.
var outcomesFormat = Format{Name: "outcomes", Title: "Outcomes in a file of their own (SWE-bench reports, JSON, CSV)",
	Can: TellsOutcomes, Partly: TellsCost, Note: "verdicts by run or task id, for the runs of other files", sniff: sniffOutcomes, decode: decodeOutcomes}

// An outcomeField is what a member of a row of outcomes is.
type outcomeField uint8

const (
	outcomeOther   outcomeField = iota
	outcomeKey                  // an id; see outcomeKeys
	outcomeBool                 // a verdict: a boolean, a word, 0 or 1
	outcomeReward               // a number, of which 1 is a success and 0 a failure
	outcomeScore                // a number of unknown range
	outcomeWordy                // a verdict if it is a word for one
	outcomeTrial                //
	outcomeTask                 //
	outcomeCost                 // of the whole run
	outcomeModel                //
	outcomeAgent                //
	outcomeBench                // workflow
	outcomeVersion              //
	outcomeUser                 //
	outcomeError                //
	outcomeStart                //
	outcomeEnd                  //
	outcomeTag                  //
	outcomeTags                 // an object of tags
	outcomeTests                // only reports of SWE-bench have it
)

// outcomeKeys are the members that hold the key, best first. Those from taskKeys on name a task; "id" may be that of a run or a task.
var outcomeKeys = [...]string{
	"run_id", "runId", "trace_id", "traceId", "session_id", "sessionId", "conversation_id", "conversationId", "run", "id",
	"instance_id", "instanceId", "task_id", "taskId", "task", "instance",
}

const (
	plainID  = 9 // place of "id"
	taskKeys = 10
	noKey    = len(outcomeKeys)
)

// outcomeFields are the members of rows of outcomes.
var outcomeFields = map[string]outcomeField{
	"resolved": outcomeBool, "is_resolved": outcomeBool, "isResolved": outcomeBool, "success": outcomeBool, "succeeded": outcomeBool,
	"successful": outcomeBool, "is_success": outcomeBool, "passed": outcomeBool, "pass": outcomeBool, "correct": outcomeBool,
	"is_correct": outcomeBool, "solved": outcomeBool, "outcome": outcomeBool, "verdict": outcomeBool,
	"reward": outcomeReward, "score": outcomeScore, "value": outcomeScore, "quality": outcomeScore, "result": outcomeWordy,
	"trial": outcomeTrial, "trial_index": outcomeTrial, "sample_index": outcomeTrial,
	"stated_cost_usd": outcomeCost, "cost_usd": outcomeCost, "total_cost_usd": outcomeCost, "total_cost": outcomeCost, "cost": outcomeCost,
	"model": outcomeModel, "model_name": outcomeModel, "model_name_or_path": outcomeModel, "agent": outcomeAgent, "agent_name": outcomeAgent,
	"workflow": outcomeBench, "benchmark": outcomeBench, "dataset": outcomeBench, "version": outcomeVersion, "user_id": outcomeUser, "user": outcomeUser,
	"error": outcomeError, "error_type": outcomeError, "failure_reason": outcomeError,
	"first_ts": outcomeStart, "start_time": outcomeStart, "started_at": outcomeStart, "start": outcomeStart,
	"last_ts": outcomeEnd, "end_time": outcomeEnd, "ended_at": outcomeEnd, "finished_at": outcomeEnd, "end": outcomeEnd,
	"exit_status": outcomeTag, "patch_applied": outcomeTag, "patch_successfully_applied": outcomeTag, "failure_mode": outcomeTag,
	"termination_reason": outcomeTag, "difficulty": outcomeTag, "category": outcomeTag, "domain": outcomeTag, "split": outcomeTag,
	"tags":         outcomeTags,
	"tests_status": outcomeTests, "patch_is_None": outcomeTests, "patch_exists": outcomeTests,
}

// outcomeLists are the members of a report that list tasks by how they ended; those of OutcomeUnknown list what was tried, of which
// everything that is in no other list failed.
var outcomeLists = map[string]Outcome{
	"resolved_ids": OutcomeSuccess, "resolved": OutcomeSuccess, "resolved_instances": OutcomeSuccess, "successful_tasks": OutcomeSuccess,
	"success_ids": OutcomeSuccess, "passed": OutcomeSuccess, "passed_ids": OutcomeSuccess,
	"unresolved_ids": OutcomeFailure, "unresolved": OutcomeFailure, "unresolved_instances": OutcomeFailure, "failed_tasks": OutcomeFailure,
	"failed": OutcomeFailure, "failed_ids": OutcomeFailure, "failure_ids": OutcomeFailure, "error_ids": OutcomeFailure, "empty_patch_ids": OutcomeFailure,
	"no_generation": OutcomeFailure, "no_logs": OutcomeFailure, "no_apply": OutcomeFailure, "install_fail": OutcomeFailure,
	"reset_failed": OutcomeFailure, "test_errored": OutcomeFailure, "test_timeout": OutcomeFailure,
	"submitted_ids": OutcomeUnknown, "completed_ids": OutcomeUnknown, "generated": OutcomeUnknown, "applied": OutcomeUnknown, "with_logs": OutcomeUnknown,
}

// outcomeRows are members that hold rows, in documents that hold little else.
var outcomeRows = map[string]bool{"outcomes": true, "verdicts": true, "results": true, "runs": true, "instances": true, "tasks": true}

// notOutcomes are members of records of other kinds: traces, which state their outcome themselves, and scores.
var notOutcomes = [...]string{
	"span_id", "traj", "trajectory", "messages", "history", "metrics", "usage", "all_results", "simulations", "trial_name", "transitions", "nodes",
	"spans", "events", "choices", "raw_logging_results", "call_id", "observation_id", "observationId", "observations", "data_type", "dataType", "key",
	"run_type", "parent_id", "model_patch", "test_result", "testcase", "payload", "response_cost", "projectId", "project_id", "operation", "completions",
	"req_units", "response_status_code", "op_name",
}

// traceArrays are members that make a trace of an object if they hold something.
var traceArrays = [...]string{"steps", "calls", "trace", "events", "log", "logs", "actions", "turns", "conversation", "request", "response"}

func sniffOutcomes(v *peek) bool {
	return len(v.keys) > 0 && (rowOfOutcomes(v.keys) || listsOutcomes(v.keys) || mapsOutcomes(v.raw) || rowsOfOutcomes(v))
}

// rowOfOutcomes tells whether an object with these members says how one run ended. A plain id, a task's name, a score or a word needs
// company that is surer.
func rowOfOutcomes(keys map[string]string) bool {
	if tellsMore(keys) {
		return false
	}
	verdict, weak, tests, run := false, false, false, false
	for k, v := range keys {
		switch outcomeFields[k] {
		case outcomeBool, outcomeReward:
			verdict = verdict || v != "{" && v != "["
		case outcomeScore:
			weak = weak || v != "{" && v != "["
		case outcomeWordy:
			weak = weak || outcomeWord([]byte(v)) != OutcomeUnknown
		case outcomeTests:
			tests = true
		}
	}
	place := noKey
	for i, k := range outcomeKeys {
		if v := keys[k]; v != "" && v != "{" && v != "[" {
			place = min(place, i)
			run = run || k != "id" && k != "task" && k != "run" && k != "instance"
		}
	}
	_, named := keys["name"] // one of several scores
	return verdict && (tests || place < noKey) || weak && run && !named
}

// tellsMore tells whether members are those of a trace.
func tellsMore(keys map[string]string) bool {
	for _, k := range notOutcomes {
		if _, ok := keys[k]; ok {
			return true
		}
	}
	for _, k := range traceArrays {
		if v := keys[k]; v == "[" || v == "{" {
			return true
		}
	}
	for k := range keys {
		if strings.Contains(k, "token") || strings.Contains(k, "Token") || strings.HasPrefix(k, "gen_ai.") {
			return true
		}
	}
	return keys["type"] != ""
}

func listsOutcomes(keys map[string]string) bool {
	sure, others := false, 0
	for k, v := range keys {
		if _, ok := outcomeLists[k]; ok && v == "[" {
			sure = sure || strings.HasSuffix(k, "resolved_ids")
			others++
		}
	}
	_, more := keys["results"]
	return (sure || others > 1) && !more && !tellsMore(keys)
}

// sniffMembers is how many members of a document are looked into.
const sniffMembers = 5

// mapsOutcomes tells whether b, which may be cut, gives a verdict for each key.
func mapsOutcomes(b []byte) bool {
	var s scanner
	s.reset(b)
	objects, booleans, ids, tests := 0, 0, 0, false
	for s.object(); s.next() && objects+booleans < sniffMembers; {
		if looksLikeID(s.key()) {
			ids++
		}
		switch s.kind() {
		case '{':
			in, ok := peekAt(s.b[s.at:])
			if !ok {
				return false
			}
			if !verdictIn(in.keys) {
				return false
			}
			objects++
			tests = tests || in.has("tests_status") || in.has("patch_successfully_applied") || in.has("resolved")
		case 't', 'f':
			booleans++
		default:
			return false
		}
		s.skip()
	}
	if s.err != nil && s.err != errCut {
		return false
	}
	return objects > 0 && booleans == 0 && (objects > 1 || tests || ids > 0) || booleans > 2 && objects == 0 && 2*ids >= booleans
}

// verdictIn tells whether members are those of an object that holds a verdict and no cost: files with a cost per task are traces.
func verdictIn(keys map[string]string) bool {
	if _, ok := keys["cost"]; ok || tellsMore(keys) {
		return false
	}
	for k, v := range keys {
		if f := outcomeFields[k]; (f == outcomeBool || f == outcomeReward) && v != "{" && v != "[" {
			return true
		}
	}
	return false
}

// looksLikeID tells ids from the names of settings: they hold digits or joints.
func looksLikeID(k []byte) bool {
	return bytes.ContainsAny(k, "0123456789-/.") || bytes.Contains(k, []byte("__"))
}

// rowsOfOutcomes tells whether the value is a document with an array of rows.
func rowsOfOutcomes(v *peek) bool {
	any := false
	for k, kind := range v.keys {
		any = any || outcomeRows[k] && kind == "["
	}
	if !any || tellsMore(v.keys) || v.has("accuracy") {
		return false
	}
	var s scanner
	s.reset(v.raw)
	for s.object(); s.next(); {
		if !outcomeRows[string(s.key())] || s.kind() != '[' {
			s.skip()
			continue
		}
		for s.array(); s.next(); {
			in, ok := peekAt(s.b[s.at:])
			return ok && rowOfOutcomes(in.keys)
		}
	}
	return false
}

// errNoVerdict is a value that gives no verdict.
const errNoVerdict = skipError("gives no verdict")

func decodeOutcomes(d *Decoder, value []byte) error {
	d.scan.reset(value)
	if d.scan.kind() != '{' {
		return errNoVerdict
	}
	n := len(d.Out)
	var row outcomeRow
	if d.outcomeRow(&row); d.scan.err != nil {
		return d.scan.err
	}
	switch {
	case row.lists:
		d.scan.reset(value)
		return d.outcomeLists()
	case row.place == noKey && row.tests && row.verdict:
		row.key, row.place, row.flags = d.text([]byte(filepath.Base(filepath.Dir(d.Path)))), taskKeys, FlagNear
		d.verdict(&row)
		return nil
	case row.place < noKey && row.verdict:
		d.verdict(&row)
		return nil
	}
	d.scan.reset(value)
	d.outcomeMap()
	if len(d.Out) == n && d.scan.err == nil {
		return errNoVerdict
	}
	return d.scan.err
}

// outcomeRow is what an object says of one run.
type outcomeRow struct {
	rec        Record
	key, task  string
	place      int // of the key's member in outcomeKeys
	flags      Flags
	verdict    bool // an outcome or a score is stated
	sure       bool // the outcome is that of a plain verdict, not of a reward
	tests      bool // it is of a SWE-bench report
	lists      bool // it is no row, but lists of tasks
	cost       USD
	costed     bool
	start, end int64
}

// outcomeRow reads the object to come.
func (d *Decoder) outcomeRow(row *outcomeRow) {
	*row = outcomeRow{place: noKey}
	d.flat.tags.reset()
	s := &d.scan
	for s.object(); s.next(); {
		k := s.key()
		f := outcomeFields[string(k)]
		if s.kind() == '[' {
			if _, ok := outcomeLists[string(k)]; ok {
				row.lists = true
			}
		}
		if f == outcomeOther {
			d.outcomeID(row, k)
			continue
		}
		d.outcomeMember(row, f)
	}
	row.rec.Tags = d.tags(&d.flat.tags)
}

// outcomeID reads a member that may be the key.
func (d *Decoder) outcomeID(row *outcomeRow, k []byte) {
	s := &d.scan
	for i, name := range outcomeKeys {
		if name != string(k) {
			continue
		}
		b := s.str()
		if len(b) == 0 {
			return
		}
		if i >= taskKeys && row.task == "" {
			row.task = d.text(b)
		}
		if i == plainID && len(b) < 8 && onlyDigits(b) {
			i = noKey - 1 // the number of a row
		}
		if i < row.place {
			row.key, row.place = d.text(b), i
		}
		return
	}
	s.skip()
}

func onlyDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// outcomeMember reads a member that is known.
func (d *Decoder) outcomeMember(row *outcomeRow, f outcomeField) {
	s, r := &d.scan, &row.rec
	switch f {
	case outcomeBool, outcomeReward, outcomeScore, outcomeWordy:
		if k := s.kind(); k == '{' || k == '[' {
			s.skip()
			return
		}
		row.judge(f, s.str())
	case outcomeTrial:
		d.flatSmall("trial", &r.SampleIndex, r, HasSample)
	case outcomeCost:
		if v := s.num(); v != nil && !row.costed {
			usd, err := ParseUSD(v)
			row.cost, row.costed = usd, err == nil && usd > 0
		}
	case outcomeModel:
		r.Model = firstSym(r.Model, d.sym(s.str()))
	case outcomeAgent:
		r.Agent = firstSym(r.Agent, d.name(s.str()))
	case outcomeBench:
		r.Workflow = firstSym(r.Workflow, d.name(s.str()))
	case outcomeVersion:
		r.Version = d.sym(s.str())
	case outcomeUser:
		r.User = firstSym(r.User, d.sym(s.str()))
	case outcomeError:
		r.Error = firstSym(r.Error, d.sym(s.str()))
	case outcomeStart:
		row.start, _ = readTime(s.str())
	case outcomeEnd:
		row.end, _ = readTime(s.str())
	case outcomeTag:
		d.addTag(s.key(), s)
	case outcomeTags:
		d.flatTags(nil)
	default:
		row.tests = true
		s.skip()
	}
}

// judge reads a verdict. A reward between 0 and 1 is a score alone, and so is every number whose range is not known.
func (row *outcomeRow) judge(f outcomeField, b []byte) {
	r := &row.rec
	if len(b) == 0 {
		return
	}
	o := outcomeWord(b)
	if v, ok := parseFloat(b); ok && numberOK(b) {
		if f == outcomeWordy {
			return
		}
		if f == outcomeScore || f == outcomeReward || v != 0 && v != 1 {
			r.Score = v
			r.Has |= HasScore
			row.verdict = true
		}
		switch {
		case f == outcomeScore:
		case v == 0:
			o = OutcomeFailure
		case v == 1 || v > 1 && f == outcomeReward:
			o = OutcomeSuccess
		}
	}
	if o == OutcomeUnknown || row.sure {
		return
	}
	r.Outcome = o
	r.Has |= HasOutcome
	row.verdict, row.sure = true, f == outcomeBool
}

// verdict adds what a row says. A total that it states for a run by its id is what the run cost in all; for a mere task there is no telling
// which run had the cost.
func (d *Decoder) verdict(row *outcomeRow) {
	r := d.add()
	format, src := r.Format, r.Src
	*r = row.rec
	r.Format, r.Src = format, src
	r.Kind, r.Run, r.Flags = KindRun, row.key, FlagVerdict|row.flags
	if row.task != "" && row.place < taskKeys {
		r.Extra = &RunFacts{Task: row.task}
	}
	workflow := r.Workflow
	if !row.costed {
		return
	}
	if row.place >= plainID {
		d.warnf("costs that are stated for a task, not for a run, are not counted")
		return
	}
	t := d.add()
	t.Kind, t.Run, t.ID, t.Flags, t.Workflow = KindChain, row.key, "total", FlagTotal, workflow
	t.Recorded, t.Has = row.cost, HasCost
	if row.start > 0 {
		t.Start, t.Has = row.start, t.Has|HasStart
	}
	if row.end > 0 && row.end >= row.start {
		t.End, t.Has = row.end, t.Has|HasEnd
	}
}

// outcomeLists reads a report that lists tasks by how they ended.
func (d *Decoder) outcomeLists() error {
	s := &d.scan
	said := map[string]Outcome{}
	var order []string
	for s.object(); s.next(); {
		o, ok := outcomeLists[string(s.key())]
		if !ok || s.kind() != '[' {
			s.skip()
			continue
		}
		for s.array(); s.next(); {
			b := s.str()
			if len(b) == 0 {
				continue
			}
			was, seen := said[string(b)]
			if !seen {
				order = append(order, d.text(b))
				said[order[len(order)-1]] = o
			} else if was == OutcomeUnknown || o == OutcomeSuccess {
				said[string(b)] = o
			}
		}
	}
	if s.err != nil {
		return s.err
	}
	if len(order) == 0 {
		return errNoVerdict
	}
	model := d.reportModel()
	for _, key := range order {
		row := outcomeRow{key: key, place: taskKeys, flags: FlagNear}
		row.rec.Has, row.rec.Outcome, row.rec.Model = HasOutcome, said[key], model
		if row.rec.Outcome == OutcomeUnknown {
			row.rec.Outcome = OutcomeFailure // tried, and in no other list
		}
		d.verdict(&row)
	}
	return nil
}

// reportModel is the model in the name of a report: vendor__model.run.json.
func (d *Decoder) reportModel() Sym {
	name := strings.TrimSuffix(filepath.Base(d.Path), filepath.Ext(d.Path))
	at := strings.LastIndexByte(name, '.')
	if at <= 0 {
		return 0
	}
	return d.sym([]byte(strings.ReplaceAll(name[:at], "__", "/")))
}

// outcomeMap reads a document that gives a verdict for each key, or holds an array of rows.
func (d *Decoder) outcomeMap() {
	s := &d.scan
	for s.object(); s.next(); {
		k := s.key()
		switch s.kind() {
		case '{':
			key := d.text(unescape(nil, k))
			var row outcomeRow
			if d.outcomeRow(&row); row.verdict && key != "" {
				if row.key, row.place = key, taskKeys; row.tests {
					row.flags = FlagNear
				}
				d.verdict(&row)
			}
		case 't', 'f':
			row := outcomeRow{key: d.text(unescape(nil, k)), place: taskKeys}
			if row.judge(outcomeBool, s.str()); row.verdict && row.key != "" {
				d.verdict(&row)
			}
		case '[':
			if !outcomeRows[string(k)] {
				s.skip()
				continue
			}
			for s.array(); s.next(); {
				if s.kind() != '{' {
					s.skip()
					continue
				}
				var row outcomeRow
				if d.outcomeRow(&row); row.verdict && row.place < noKey {
					d.verdict(&row)
				}
			}
		default:
			s.skip()
		}
	}
}

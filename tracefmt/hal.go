package tracefmt

import (
	"cmp"
	"slices"
	"strings"
)

// HAL, the Holistic Agent Leaderboard, writes what an evaluation came to as one document, <run>_UPLOAD.json, which may hold hundreds of
// megabytes of calls. Each task of it is a run.
//
//	config                 the evaluation: its id, benchmark, agent
//	results                successful_tasks and failed_tasks: how the runs ended
//	raw_eval_results       a run's score, for tasks that another part names (some benchmarks put other things here)
//	raw_logging_results    the calls: of older versions as Weave keeps them (see weave.go), of newer ones usage and times by task
//	total_usage, _cost     of the evaluation, computed by HAL with prices of its own; calls that repeat those inside them are in it twice.
//	                       They count only where no call states its usage, in a run of their own: nothing says what each task's part is

var halFormat = Format{Name: "hal", Title: "HAL results (_UPLOAD.json)", Can: TellsUsage | TellsOutcomes, Partly: TellsCost | TellsText,
	Note:  "total_cost is HAL's own computation and that of all tasks: it counts only where the file has no calls",
	sniff: sniffHAL, join: inPlace((*Assembler).joinWeave), decode: decodeHAL}

// sniffHAL looks for config and the parts that only HAL has; where config is followed by long results, for what it says.
func sniffHAL(v *peek) bool {
	if v.keys["config"] != "{" {
		return false
	}
	return v.has("raw_eval_results") || v.has("raw_logging_results") || v.keys["results"] == "{" && halConfig(v.raw)
}

func halConfig(b []byte) bool {
	var s scanner
	agent, benchmark := false, false
	s.reset(b)
	for s.object(); s.next(); {
		if string(s.key()) != "config" || !s.enter('{') {
			if string(s.key()) != "config" {
				s.skip()
			}
			continue
		}
		for s.next() {
			agent = agent || string(s.key()) == "agent_name"
			benchmark = benchmark || string(s.key()) == "benchmark_name"
			s.skip()
		}
	}
	return agent && benchmark
}

// halState is what a call of a document says beyond its record.
type halState struct{ task string }

// halDoc is what a document says of the evaluation and its tasks.
type halDoc struct {
	run, benchmark, agent, version, date, model string
	tasks                                       map[string]*halTask
	order                                       []*halTask // as first named
	evals                                       map[string]halTask
	calls                                       int      // that state what they used
	usage                                       []Record // total_usage: model, counts
	cost                                        USD
	costed                                      bool
}

type halTask struct {
	name    string
	outcome Outcome
	score   float64
	scored  bool
}

func decodeHAL(d *Decoder, value []byte) error {
	h := halDoc{tasks: map[string]*halTask{}, evals: map[string]halTask{}}
	s, n := &d.scan, len(d.Out)
	s.reset(value)
	for s.object(); s.next(); {
		h.member(d, s)
	}
	switch {
	case s.err != nil:
		return s.err
	case !s.done():
		return errSyntax
	}
	h.close(d, n)
	return nil
}

func (h *halDoc) member(d *Decoder, s *scanner) {
	switch string(s.key()) {
	case "config":
		h.readConfig(d, s)
	case "results":
		h.readResults(d, s)
	case "raw_eval_results":
		h.readEvals(d, s)
	case "raw_logging_results":
		h.readCalls(d, s)
	case "task_prompts", "wall_clock_times":
		h.readNames(s)
	case "total_usage":
		h.readUsage(d, s)
	case "total_cost":
		h.readCost(d)
	default:
		s.skip()
	}
}

func (h *halDoc) readConfig(d *Decoder, s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "run_id":
			h.run = d.text(s.str())
		case "benchmark_name":
			h.benchmark = d.text(s.str())
		case "agent_name":
			h.agent = d.text(s.str())
		case "agent_version":
			h.version = d.text(s.str())
		case "date":
			h.date = d.text(s.str())
		case "agent_args":
			h.readArgs(d, s)
		default:
			s.skip()
		}
	}
}

func (h *halDoc) readArgs(d *Decoder, s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "model_name", "model.name", "model":
			h.model = d.text(s.str())
		default:
			s.skip()
		}
	}
}

func (h *halDoc) readResults(d *Decoder, s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "successful_tasks":
			h.readEnded(s, OutcomeSuccess)
		case "failed_tasks":
			h.readEnded(s, OutcomeFailure)
		case "latencies":
			h.readNames(s)
		case "total_cost":
			h.readCost(d)
		default:
			s.skip()
		}
	}
}

// task finds a task by its name, or begins it.
func (h *halDoc) task(name []byte) *halTask {
	t := h.tasks[string(name)]
	if t == nil {
		t = &halTask{name: string(name)}
		h.tasks[t.name] = t
		h.order = append(h.order, t)
	}
	return t
}

// readEnded reads a list of tasks that ended so.
func (h *halDoc) readEnded(s *scanner, o Outcome) {
	if !s.enter('[') {
		return
	}
	for s.next() {
		if k := s.kind(); k == '{' || k == '[' || k == 'n' {
			s.skip()
			continue
		}
		h.task(s.str()).outcome = o
	}
}

// readNames notes the tasks that name the members of an object.
func (h *halDoc) readNames(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		h.task(s.key())
		s.skip()
	}
}

// readEvals reads verdicts by task. Where they are the report of SWE-bench, its lists are.
func (h *halDoc) readEvals(d *Decoder, s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "resolved_ids":
			h.readEnded(s, OutcomeSuccess)
		case "unresolved_ids", "error_ids":
			h.readEnded(s, OutcomeFailure)
		default:
			name := string(s.key())
			t := halTask{}
			t.readEval(s)
			h.evals[name] = t
		}
	}
}

// readEval reads a verdict: a number, true or false, or an object with one.
func (t *halTask) readEval(s *scanner) {
	if s.kind() != '{' {
		t.readScore(s)
		return
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "reward", "score", "success", "resolved", "passed", "correct":
			if !t.scored {
				t.readScore(s)
				continue
			}
		}
		s.skip()
	}
}

func (t *halTask) readScore(s *scanner) {
	switch s.kind() {
	case 't', 'f':
		t.scored = true
		if t.outcome = OutcomeFailure; flag(s) {
			t.outcome, t.score = OutcomeSuccess, 1
		}
	case '"', '{', '[', 'n':
		s.skip()
	default:
		if t.score, t.scored = parseFloat(s.num()); t.scored && t.score >= 1-1e-6 {
			t.outcome = OutcomeSuccess
		} else if t.scored && t.score <= 0 {
			t.outcome = OutcomeFailure
		}
	}
}

func (h *halDoc) readCost(d *Decoder) {
	if usd, ok := d.docUSD(); ok && usd > 0 {
		h.cost, h.costed = usd, true
	}
}

// readUsage reads what the evaluation used, by model. What was read from a cache is part of the prompt there, what was written is not.
func (h *halDoc) readUsage(d *Decoder, s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		r := Record{Model: d.sym(s.key())}
		if !s.enter('{') {
			continue
		}
		for s.next() {
			switch string(s.key()) {
			case "prompt_tokens", "input_tokens":
				d.docCount(&r, &r.Usage.Input, HasInput)
			case "completion_tokens", "output_tokens":
				d.docCount(&r, &r.Usage.Output, HasOutput)
			case "cache_creation_input_tokens":
				d.docCount(&r, &r.Usage.CacheWrite, HasCacheWrite)
			case "cache_read_input_tokens":
				d.docCount(&r, &r.Usage.CacheRead, HasCacheRead)
			default:
				s.skip()
			}
		}
		r.Usage.Input += r.Usage.CacheWrite
		h.usage = append(h.usage, r)
	}
}

// halCall is a call as Weave keeps it, with the task that it was made for.
var halCall = row{begin: beginWeave, finish: finishHAL, shape: shapeOf(weaveMembers, fields{
	"weave_task_id":            halTaskID,
	"attributes.weave_task_id": halTaskID,
	"summary.usage[].*":        weaveModelUsage,
})}

func halTaskID(d *Decoder, _ *Record) error {
	if v := d.scan.str(); len(v) > 0 {
		d.hal.task = d.text(v)
	}
	return nil
}

// finishHAL makes up for what older versions leave out of a call.
func finishHAL(d *Decoder, r *Record) error {
	id := r.ID
	if r.Run = d.hal.task; r.Run == "" {
		return skipError("a call of no task")
	}
	if id == "" {
		r.ID = "?"
	}
	if err := finishWeave(d, r); err != nil {
		return err
	}
	if id == "" {
		r.ID = d.text(r.halID())
	}
	if uniqueID(id) {
		r.Flags |= FlagGlobal
	}
	if r.Kind == KindUnknown && r.Name == 0 {
		r.Kind = KindLLM
	}
	return nil
}

// halID makes an id of when a call was made and what it used.
func (r *Record) halID() []byte {
	u := &r.Usage
	var b []byte
	for _, n := range [...]int64{r.Start, r.End, u.Input, u.CacheRead, u.CacheWrite, u.Output} {
		b = append(append(b, ' '), numberText(n)...)
	}
	return contentID("call", b)
}

// readCalls reads the calls: a list of them, or what each task called.
func (h *halDoc) readCalls(d *Decoder, s *scanner) {
	n := len(d.Out)
	switch s.kind() {
	case '[':
		for s.array(); s.next(); {
			from := len(d.Out)
			d.hal.task = ""
			d.element(&halCall)
			for i := from; i < len(d.Out); i++ {
				d.Out[i].Run = d.hal.task
			}
		}
	case '{':
		for s.object(); s.next(); {
			d.hal.task = d.text(s.key())
			h.readTask(d, s)
		}
	default:
		s.skip()
	}
	for i := n; i < len(d.Out); i++ {
		if d.Out[i].Has&HasUsage != 0 {
			h.calls++
		}
	}
}

// readTask reads what a task called: usage and times of each call; the model stands once.
func (h *halDoc) readTask(d *Decoder, s *scanner) {
	if !s.enter('{') {
		return
	}
	var model Sym
	from := len(d.Out)
	for s.next() {
		switch string(s.key()) {
		case "model":
			model = d.sym(s.str())
		case "call_metadata":
			if s.enter('[') {
				for s.nextObject() {
					d.halMeta(s)
				}
			}
		default:
			s.skip()
		}
	}
	for i := from; i < len(d.Out); i++ {
		d.Out[i].Model = model
	}
	halWrapped(d.Out[from:])
}

// halWrapped finds calls that were logged twice, by a client and by the one that it called: the outer one began no later, ended no earlier,
// and used the same. It becomes a placeholder.
func halWrapped(recs []Record) {
	byStart := make([]*Record, 0, len(recs))
	for i := range recs {
		if recs[i].State(HasStart|HasEnd) && recs[i].Has&HasUsage != 0 {
			byStart = append(byStart, &recs[i])
		}
	}
	slices.SortStableFunc(byStart, func(x, y *Record) int { return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(y.End, x.End)) })
	for i, outer := range byStart {
		for _, inner := range byStart[i+1:] {
			if inner.Start > outer.End {
				break
			}
			if inner.End <= outer.End && inner.Usage == outer.Usage {
				outer.Flags |= FlagPlaceholder
				break
			}
		}
	}
}

// halUsage keeps usage under one name: its model is not known yet.
const halUsage = "?"

// halMeta reads one call of a task.
func (d *Decoder) halMeta(s *scanner) {
	r := d.add()
	d.flatStart()
	beginWeave(d, r)
	for s.next() {
		switch string(s.key()) {
		case "usage":
			if err := d.weaveWalk([]byte(halUsage), weaveUsage); err != nil {
				d.warnf("usage left out: %v", err)
			}
		case "started_at":
			d.rawTime(r, &r.Start, HasStart)
		case "ended_at":
			d.rawTime(r, &r.End, HasEnd)
		default:
			s.skip()
		}
	}
	r.Run, r.Kind, r.Status = d.hal.task, KindLLM, StatusOK
	if len(d.weave.models) > 0 {
		d.weaveUse(r, &d.weave.models[0])
	}
	r.ID = d.text(r.halID())
}

// close gives the records their runs, and adds what is known of these.
func (h *halDoc) close(d *Decoder, n int) {
	h.run = cmp.Or(h.run, strings.TrimSuffix(d.sourceName(), "_UPLOAD"))
	agent := d.name([]byte(h.agent))
	workflow := d.name([]byte(cmp.Or(h.benchmark, "HAL")))
	runs := map[string]string{}
	for i := n; i < len(d.Out); i++ {
		r := &d.Out[i]
		run, ok := runs[r.Run]
		if !ok {
			h.task([]byte(r.Run))
			run = h.run + "/" + r.Run
			runs[r.Run] = run
		}
		r.Run, r.Agent = run, firstSym(r.Agent, agent)
	}
	h.separate(d.Out[n:])
	for _, t := range h.order {
		h.addRun(d, h.run+"/"+t.name, t, workflow)
	}
	if h.calls == 0 && (len(h.usage) > 0 || h.costed) {
		h.addRun(d, h.run, &halTask{}, workflow)
		h.addTotals(d, agent)
	}
}

// separate tells calls of a document apart that have no ids and say the same.
func (h *halDoc) separate(recs []Record) {
	type key struct{ run, id string }
	seen := map[key]int{}
	for i := range recs {
		r := &recs[i]
		if !strings.HasPrefix(r.ID, "call-") {
			continue
		}
		k := key{r.Run, r.ID}
		if seen[k]++; seen[k] > 1 {
			r.ID += "#" + string(numberText(int64(seen[k])))
		}
	}
}

func (h *halDoc) addRun(d *Decoder, run string, t *halTask, workflow Sym) {
	r := d.docRun(run, t.name)
	r.Workflow, r.Version, r.Session = workflow, d.sym([]byte(h.version)), d.sym([]byte(h.run))
	d.docTags(r, "agent", h.agent, "date", h.date, "model", h.model)
	eval := h.evals[t.name]
	if eval.scored {
		r.Score, r.Has = eval.score, r.Has|HasScore
	}
	if o := cmp.Or(t.outcome, eval.outcome); o != OutcomeUnknown {
		r.Outcome, r.Has = o, r.Has|HasOutcome
	}
}

// addTotals adds what the evaluation used and cost in all.
func (h *halDoc) addTotals(d *Decoder, agent Sym) {
	total := func(id string) *Record {
		r := d.add()
		r.Kind, r.Run, r.ID, r.Flags, r.Status, r.Agent = KindChain, h.run, id, FlagTotal, StatusOK, agent
		return r
	}
	for i := range h.usage {
		u := &h.usage[i]
		if u.Has&HasUsage == 0 {
			continue
		}
		r := total("total#" + d.names.all.Name(u.Model))
		r.Model, r.Usage, r.Has = u.Model, u.Usage, u.Has
		d.settleUsage(r, 0, noTotal)
	}
	if h.costed {
		r := total("total")
		r.Recorded, r.Has = h.cost, HasCost
	}
}

package tracefmt

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"
)

// terminalBenchFormat is the results of Terminal-Bench: a file for each trial, one for the whole run that holds the same trials, and one
// that says who ran. Of its calls a trial tells the sum of their tokens, if anything: a call without usage stands for them, and a total.
var terminalBenchFormat = Format{Name: "terminal-bench", Title: "Terminal-Bench results",
	Can: TellsOutcomes | TellsAgents, Partly: TellsUsage | TellsCost, Note: "the tokens of a trial in all, without the part that was cached; many agents report none",
	sniff: sniffTerminalBench, decode: decodeTerminalBench}

func sniffTerminalBench(v *peek) bool {
	switch {
	case v.has("is_resolved", "task_id"):
		return v.has("trial_name") || v.has("failure_mode") || v.has("parser_results") || v.has("total_input_tokens")
	case v.keys["results"] == "[":
		return (v.has("accuracy") || v.has("pass_at_k")) && (v.has("resolved_ids") || v.has("n_resolved") || v.has("id")) && !v.has("simulations")
	case v.has("trial_name", "task_name"):
		return v.keys["agent_info"] == "{" || v.has("agent_result")
	}
	return v.has("run_id", "agent_name") && (v.has("dataset_name") || v.has("n_concurrent_trials"))
}

func decodeTerminalBench(d *Decoder, value []byte) error {
	n := len(d.Out)
	s := &d.scan
	s.reset(value)
	var m benchRun
	var results []byte
	for s.object(); s.next(); {
		switch k := string(s.key()); {
		case k == "results" && s.kind() == '[':
			results = s.raw()
		case k == "run_id":
			m.id = d.text(s.str())
		case k == "agent_name":
			m.agent = d.name(s.str())
		case k == "model_name":
			m.model = d.sym(s.str())
		case k == "dataset_version":
			m.version = d.sym(s.str())
		case k == "trial_name":
			m.trial = true
			s.skip()
		case k == "task_id":
			m.trial = true
			s.skip()
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return s.err
	}
	switch {
	case results != nil:
		s.reset(results)
		for s.array(); s.next(); {
			d.trial()
		}
	case m.trial:
		s.reset(value)
		d.trial()
	default:
		d.runMetadata(&m)
	}
	if s.err == nil && len(d.Out) == n {
		return skipError("holds no trial")
	}
	return s.err
}

// benchRun is what run_metadata.json says of all trials of a run.
type benchRun struct {
	id                    string
	agent, model, version Sym
	trial                 bool
}

// runMetadata adds who ran the trials, for those in the folder or below: they have the run's id as their session.
func (d *Decoder) runMetadata(m *benchRun) {
	if m.id == "" {
		return
	}
	r := d.add()
	r.Kind, r.Run, r.Flags = KindRun, m.id, FlagVerdict|FlagNear
	r.Agent, r.Model, r.Version = m.agent, m.model, m.version
}

// A trial is one run of a task.
type trial struct {
	id, uuid, name, task string
	run                  string // the id of the whole run
	agent, model         Sym
	version              Sym
	failure              Sym
	outcome              Outcome
	reward               float64
	rewarded             bool
	usage                Record // its tokens and cost
	times                [2][2]int64
}

// Places in trial.times.
const (
	ofTrial = iota
	ofAgent
)

// trial reads one trial.
func (d *Decoder) trial() {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	var t trial
	for s.next() {
		d.trialMember(&t, s.key())
	}
	if s.err != nil || t.task == "" && t.name == "" {
		return
	}
	t.settle(d)
	d.trialRecords(&t)
}

func (d *Decoder) trialMember(t *trial, k []byte) {
	s, u := &d.scan, &t.usage.Usage
	switch string(k) {
	case "id":
		t.id = d.text(s.str())
	case "uuid":
		t.uuid = d.text(s.str())
	case "trial_name":
		t.name = d.text(s.str())
	case "task_id":
		if s.kind() == '{' { // newer versions: where the task comes from
			s.skip()
		} else {
			t.task = d.text(s.str())
		}
	case "task_name":
		t.task = d.text(s.str())
	case "is_resolved":
		t.outcome = outcomeWord(s.str())
	case "failure_mode":
		if b := s.str(); len(b) > 0 && string(b) != "unset" && string(b) != "none" {
			t.failure = d.sym(b)
		}
	case "total_input_tokens":
		d.trialCount(t, &u.Input, HasInput)
	case "total_output_tokens":
		d.trialCount(t, &u.Output, HasOutput)
	case "total_cost", "cost_usd", "total_cost_usd":
		d.trialCost(t)
	case "recording_path":
		run, _, _ := bytes.Cut(s.str(), []byte("/"))
		t.run = d.text(run)
	case "trial_started_at", "started_at":
		t.times[ofTrial][0], _ = readTime(s.str())
	case "trial_ended_at", "finished_at":
		t.times[ofTrial][1], _ = readTime(s.str())
	case "agent_started_at":
		t.times[ofAgent][0], _ = readTime(s.str())
	case "agent_ended_at":
		t.times[ofAgent][1], _ = readTime(s.str())
	default:
		d.harborMember(t, k)
	}
}

// harborMember reads what newer versions nest.
func (d *Decoder) harborMember(t *trial, k []byte) {
	s, u := &d.scan, &t.usage.Usage
	in := func(read func(k string)) {
		if s.enter('{') {
			for s.next() {
				read(string(s.key()))
			}
		}
	}
	switch string(k) {
	case "agent_info":
		in(func(k string) {
			switch k {
			case "name":
				t.agent = d.name(s.str())
			case "version":
				t.version = d.sym(s.str())
			case "model_info":
				d.harborModel(t)
			default:
				s.skip()
			}
		})
	case "agent_result":
		in(func(k string) {
			switch k {
			case "n_input_tokens":
				d.trialCount(t, &u.Input, HasInput)
			case "n_cache_tokens":
				d.trialCount(t, &u.CacheRead, HasCacheRead)
			case "n_output_tokens":
				d.trialCount(t, &u.Output, HasOutput)
			case "cost_usd":
				d.trialCost(t)
			default:
				s.skip()
			}
		})
	case "agent_execution":
		in(func(k string) {
			switch k {
			case "started_at":
				t.times[ofAgent][0], _ = readTime(s.str())
			case "finished_at":
				t.times[ofAgent][1], _ = readTime(s.str())
			default:
				s.skip()
			}
		})
	case "verifier_result":
		in(func(k string) {
			switch k {
			case "reward":
				t.setReward(s.num())
			case "rewards":
				in(func(k string) {
					if k == "reward" {
						t.setReward(s.num())
					} else {
						s.skip()
					}
				})
			default:
				s.skip()
			}
		})
	case "exception_info":
		in(func(k string) {
			if k == "exception_type" {
				t.failure = d.sym(s.str())
			} else {
				s.skip()
			}
		})
	default:
		s.skip()
	}
}

func (t *trial) setReward(b []byte) {
	if v, ok := parseFloat(b); ok {
		t.reward, t.rewarded = v, true
	}
}

// harborModel reads {"name": ..., "provider": ...}.
func (d *Decoder) harborModel(t *trial) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "name":
			t.model = d.sym(s.str())
		case "provider":
			t.usage.Provider = d.sym(s.str())
		default:
			s.skip()
		}
	}
}

// trialCount reads a count of a whole trial; 0 is what is written where none is known.
func (d *Decoder) trialCount(t *trial, to *int64, has Fields) {
	s := &d.scan
	if err := d.count(s, &t.usage, to, has); err != nil && s.err == nil {
		d.warnf("tokens of a trial: %v: left out", err)
	}
	if *to == 0 {
		t.usage.Has &^= has
	}
}

func (d *Decoder) trialCost(t *trial) {
	if usd, ok := d.money(); ok {
		t.usage.Recorded, t.usage.Has = usd, t.usage.Has|HasCost
	}
}

// settle decides what takes the whole trial: who ran it, and its id.
func (t *trial) settle(d *Decoder) {
	if t.id == "" {
		t.id = t.uuid
	}
	if t.id == "" {
		start := t.times[ofTrial][0]
		if start == 0 {
			start = t.times[ofAgent][0]
		}
		t.id = t.task + "/" + t.name
		if start != 0 {
			t.id += "@" + strconv.FormatInt(start, 36)
		}
		t.id = d.text([]byte(t.id))
	}
	agent, model := d.leaderboardName()
	t.agent, t.model = firstSym(t.agent, agent), firstSym(t.model, model)
	if t.task == "" {
		t.task, _, _ = strings.Cut(t.name, ".")
	}
	a := &t.times[ofAgent]
	if a[0] == 0 || a[1] < a[0] {
		*a = t.times[ofTrial]
	}
}

// leaderboardName takes agent and model out of the folder that results are published in: DATE_AGENT_MODEL.
func (d *Decoder) leaderboardName() (agent, model Sym) {
	for dir := filepath.Dir(d.Path); len(dir) > 9; dir = filepath.Dir(dir) {
		base := filepath.Base(dir)
		if len(base) > 10 && onlyDigits([]byte(base[:8])) && base[8] == '_' {
			if at := strings.LastIndexByte(base[9:], '_'); at > 0 {
				return d.name([]byte(base[9 : 9+at])), d.sym([]byte(base[9+at+1:]))
			}
		}
		if next := filepath.Dir(dir); next == dir {
			break
		}
	}
	return 0, 0
}

// attempt is the number of a trial's name: 3 of "x.3-of-5".
func (t *trial) attempt() (n int64, ok bool) {
	at := strings.Index(t.name, "-of-")
	if at < 0 {
		return 0, false
	}
	from := at
	for from > 0 && isDigit(t.name[from-1]) {
		from--
	}
	n, ok = parseInt([]byte(t.name[from:at]))
	return n, ok && n < 1e6
}

func (d *Decoder) trialRecords(t *trial) {
	r := d.add()
	r.Kind, r.Run, r.Workflow = KindRun, t.id, d.sym([]byte("terminal-bench"))
	r.Session, r.Agent, r.RequestModel, r.Version, r.Error = d.sym([]byte(t.run)), t.agent, t.model, t.version, t.failure
	r.Extra = &RunFacts{Task: t.task}
	if t.rewarded {
		r.setReward(t.reward)
	}
	if t.outcome != OutcomeUnknown {
		r.Outcome, r.Has = t.outcome, r.Has|HasOutcome
	}
	if n, ok := t.attempt(); ok {
		r.SampleIndex, r.Has = int32(n), r.Has|HasSample
	}
	d.flat.tags.reset()
	if t.failure != 0 {
		d.flat.tags.add([]byte("failure_mode"), []byte(d.names.all.Name(t.failure)))
	}
	r.Tags = d.tags(&d.flat.tags)
	step := d.sym([]byte(t.task))
	r = d.add()
	r.Kind, r.Status, r.Run, r.ID, r.Step = KindLLM, StatusOK, t.id, "calls", step
	d.trialCall(r, t)
	if t.usage.Has == 0 {
		return
	}
	r = d.add()
	r.Kind, r.Run, r.ID, r.Flags, r.Step = KindChain, t.id, "total", FlagTotal, step
	r.Usage, r.Recorded, r.Has = t.usage.Usage, t.usage.Recorded, t.usage.Has
	d.trialCall(r, t)
	d.settleUsage(r, 0, noTotal)
}

// trialCall gives a record its times; the names are the run's.
func (d *Decoder) trialCall(r *Record, t *trial) {
	r.Provider = t.usage.Provider
	a := t.times[ofAgent]
	if a[0] > 0 {
		r.Start, r.Has = a[0], r.Has|HasStart
	}
	if a[1] > 0 && a[1] >= a[0] {
		r.End, r.Has = a[1], r.Has|HasEnd
	}
}

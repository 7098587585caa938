package tracefmt

// aider's runs of SWE-bench write one document per task: the attempts in all_results, by models in turn, and above them the one that
// was chosen. The cost above is the attempts' sum. An attempt is a conversation; only what it cost in all is told.
var aiderBenchFormat = Format{Name: "aider-bench", Title: "aider SWE-bench predictions",
	Can: TellsCost | TellsRetries | TellsOutcomes, Note: "an attempt counts as one call; no tokens, no times",
	sniff: sniffAiderBench, decode: decodeAiderBench}

func sniffAiderBench(v *peek) bool {
	return v.has("instance_id", "model_patch") && (v.keys["all_results"] == "[" || v.has("try", "cost"))
}

// aiderTry is an attempt. Text is as written.
type aiderTry struct {
	task, name, model, patch []byte
	number                   int64
	cost                     USD
	costed                   bool
	failed                   string // the first step whose outcome is bad
	judged                   bool
	resolved                 Outcome
}

func decodeAiderBench(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	var top aiderTry
	var tries []aiderTry
	for s.object(); s.next(); {
		if string(s.key()) == "all_results" && s.enter('[') {
			for s.next() {
				var t aiderTry
				t.read(s)
				tries = append(tries, t)
			}
			continue
		} else if string(s.key()) == "all_results" {
			continue
		}
		top.member(s)
	}
	switch {
	case s.err != nil:
		return s.err
	case len(top.task) == 0:
		return skipError("a prediction without instance_id")
	case len(tries) == 0:
		tries = append(tries, top)
	}
	d.aiderTries(&top, tries)
	return nil
}

func (t *aiderTry) read(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		t.member(s)
	}
}

func (t *aiderTry) member(s *scanner) {
	switch string(s.key()) {
	case "instance_id":
		t.task = s.rawText()
	case "model_name_or_path":
		t.name = s.rawText()
	case "model":
		t.model = s.rawText()
	case "model_patch":
		t.patch = s.rawText()
	case "try":
		t.number, _ = parseInt(s.num())
	case "cost":
		if v := s.num(); v != nil {
			usd, err := ParseUSD(v)
			t.cost, t.costed = usd, err == nil && usd >= 0
		}
	case "edit_outcome":
		t.judge(s, "edit_outcome")
	case "lint_outcome":
		t.judge(s, "lint_outcome")
	case "test_outcome":
		t.judge(s, "test_outcome")
	case "resolved":
		if v, ok := s.boolean(); ok {
			t.resolved = OutcomeFailure
			if v {
				t.resolved = OutcomeSuccess
			}
		}
	default:
		s.skip()
	}
}

// judge reads whether a step of the attempt went well.
func (t *aiderTry) judge(s *scanner, step string) {
	v, ok := s.boolean()
	t.judged = t.judged || ok
	if ok && !v && t.failed == "" {
		t.failed = step
	}
}

// aiderTries emits a task's attempts. What they are and cost makes the run's id; how they were judged later does not.
func (d *Decoder) aiderTries(top *aiderTry, tries []aiderTry) {
	parts := [][]byte{top.task, top.name}
	for i := range tries {
		t := &tries[i]
		parts = append(parts, t.model, numberText(int64(t.cost)), t.patch)
	}
	run := string(contentID(string(top.task)+"#", parts...))
	before := ""
	for i := range tries {
		r := d.aiderTry(&tries[i], run, i)
		if i > 0 {
			r.RetryOf, r.RetryKind = before, RetryPlain
			if m, was := tries[i].model, tries[i-1].model; len(m) > 0 && len(was) > 0 && string(m) != string(was) {
				r.RetryKind = RetryFallback
			}
		}
		before = r.ID
	}
	r := d.add()
	r.Kind, r.Run, r.Extra = KindRun, run, &RunFacts{Task: d.text(top.task)}
	r.Workflow = d.sym([]byte("aider-swe-bench"))
	if top.resolved != OutcomeUnknown {
		r.Outcome, r.Has = top.resolved, HasOutcome
	}
	if len(top.name) > 0 {
		t := &d.openCode.tags
		t.reset()
		t.add([]byte("submission"), firstPlain(top.name))
		r.Tags = d.tags(t)
	}
}

func (d *Decoder) aiderTry(t *aiderTry, run string, i int) *Record {
	r := d.add()
	r.Kind, r.Run, r.Attempt = KindLLM, run, int32(min(i+1, 1000))
	r.ID = "attempt-" + string(numberText(int64(i+1)))
	r.Model, r.Agent = d.claudeSym(t.model), d.sym(claudeMain)
	if t.costed && t.cost > 0 {
		r.Recorded, r.Has = t.cost, HasCost
	}
	switch {
	case t.failed != "":
		r.Status, r.Error = StatusError, d.sym([]byte(t.failed))
	case t.judged:
		r.Status = StatusOK
	}
	if r.Status == StatusUnset {
		r.Status = StatusOK // it ended: it has a patch
	}
	return r
}

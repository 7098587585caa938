package tracefmt

import (
	"fmt"
	"strings"
)

// SWE-agent trajectories: one document per run, without ids and without times. A step of the trajectory is one call and the command that
// it asked for. What the calls used is told for the run in all: info.model_stats. total_cost is a sum over runs and never read.

var sweAgentFormat = Format{Name: "swe-agent", Title: "SWE-agent trajectories",
	Partly: TellsUsage | TellsCost | TellsRetries, Note: "tokens and cost of the run in all, no times; a replay states no calls",
	sniff: sniffSWEAgent, decode: decodeSWEAgent}

func sniffSWEAgent(v *peek) bool {
	return v.keys["trajectory"] == "[" && (v.has("environment") || v.has("info") || v.has("history")) && !v.has("trajectory_format")
}

type sweDoc struct {
	id       docID
	steps    []sweStep
	stats    Record
	calls    int64
	hasCalls bool
	exit     string
	config   Record // Model and ID out of replay_config
}

type sweStep struct {
	tool         Sym
	args, result uint64
}

// sweConfig is what replay_config tells, which may be JSON as text.
var sweConfig = shapeOf(fields{
	"agent.model.name":     symTo(func(r *Record) *Sym { return &r.Model }),
	"problem_statement.id": idTo(func(r *Record) *string { return &r.ID }),
})

func decodeSWEAgent(d *Decoder, value []byte) error {
	s, n := &d.scan, len(d.Out)
	var t sweDoc
	s.reset(value)
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "trajectory":
			d.sweSteps(&t)
		case "environment":
			t.id.add(s.str())
		case "info":
			d.sweInfo(&t)
		case "replay_config":
			if err := d.walk(sweConfig, &t.config); err != nil {
				return err
			}
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return s.err
	}
	t.emit(d, n)
	return nil
}

// sameSteps is how many steps tell a run from another: a copy that was saved earlier has them, too.
const sameSteps = 3

func (d *Decoder) sweSteps(t *sweDoc) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		var step sweStep
		for s.next() {
			switch string(s.key()) {
			case "action":
				line := s.rawText()
				step.args, step.tool = textHash(line), d.command(line)
				t.sign(step.args)
			case "observation":
				step.result = textHash(s.rawText())
				t.sign(step.result)
			case "response", "execution_time":
				t.sign(textHash(s.raw()))
			default:
				s.skip()
			}
		}
		t.steps = append(t.steps, step)
	}
}

// sign makes a hash part of the run's identity.
func (t *sweDoc) sign(h uint64) {
	if len(t.steps) < sameSteps {
		t.id.fold(h)
	}
}

// command names the tool of an action, which is a line of a shell: its first word.
func (d *Decoder) command(line []byte) Sym {
	text := strings.TrimLeft(string(line[:min(len(line), 200)]), " \t")
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c == '\\' || c == ';' || c == '|' || c == '(' || c == '<' || c == '>' || c == '&' {
			text = text[:i]
			break
		}
	}
	return d.name([]byte(text))
}

func (d *Decoder) sweInfo(t *sweDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "exit_status":
			t.exit = string(s.str())
		case "model_stats":
			d.sweStats(t)
		default:
			s.skip()
		}
	}
}

func (d *Decoder) sweStats(t *sweDoc) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	r := &t.stats
	for s.next() {
		switch string(s.key()) {
		case "instance_cost":
			d.docCost(r)
		case "tokens_sent":
			d.docCount(r, &r.Usage.Input, HasInput)
		case "tokens_received":
			d.docCount(r, &r.Usage.Output, HasOutput)
		case "api_calls":
			var n Record
			d.docCount(&n, &t.calls, HasInput)
			t.hasCalls = n.Has != 0
		default:
			s.skip()
		}
	}
}

// maxRetries bounds how many calls without a step are believed.
const maxRetries = 10000

func (t *sweDoc) emit(d *Decoder, n int) {
	base, folder, above := pathNames(d.Path)
	if folder == base { // a folder per instance
		folder = above
	}
	model, workflow := sweFolder(folder)
	task := base
	if t.config.ID != "" {
		task = t.config.ID
	}
	run := t.id.runOf(task)
	sym := firstSym(t.config.Model, d.sym([]byte(model)))
	for i := range t.steps {
		t.step(d, i, sym)
	}
	for i := int64(len(t.steps)); t.hasCalls && i < min(t.calls, int64(len(t.steps))+maxRetries); i++ {
		t.call(d, fmt.Sprintf("retry-%d", i+1-int64(len(t.steps))), sym).Flags |= FlagOutputBad
	}
	t.total(d, sym)
	r := d.docRun(run, task)
	r.Workflow = d.name([]byte(workflow))
	d.docTags(r, "exit_status", t.exit)
	d.setRun(n, run)
}

// step adds a step's call, unless the run made fewer calls than steps (a replay, a last step that says only that the run ends), and its
// command.
func (t *sweDoc) step(d *Decoder, i int, model Sym) {
	step := &t.steps[i]
	id := fmt.Sprintf("step-%d", i+1)
	called := !t.hasCalls || int64(i) < t.calls
	if called {
		t.call(d, id, model)
	}
	if step.tool == 0 {
		return
	}
	r := d.add()
	r.Kind, r.Status, r.Tool, r.ID, r.Agent = KindTool, StatusOK, step.tool, fmt.Sprintf("tool-%d", i+1), d.sym([]byte("swe-agent"))
	if called {
		r.Parent = id
	}
	r.Fingerprints[2], r.Fingerprints[3] = step.args, step.result
}

func (t *sweDoc) call(d *Decoder, id string, model Sym) *Record {
	r := d.add()
	r.Kind, r.Status, r.ID, r.Model, r.Agent = KindLLM, StatusOK, id, model, d.sym([]byte("swe-agent"))
	return r
}

// total adds what the run used in all. A 0 is what a model without a price, or a replay, states.
func (t *sweDoc) total(d *Decoder, model Sym) {
	var r Record
	if t.stats.Recorded > 0 {
		r.Recorded, r.Has = t.stats.Recorded, HasCost
	}
	if u := t.stats.Usage; u.Input > 0 || u.Output > 0 {
		r.Usage = u
		r.Has |= t.stats.Has & (HasInput | HasOutput)
	}
	if r.Has == 0 {
		return
	}
	to := d.add()
	to.Kind, to.Flags, to.ID, to.Status, to.Model = KindChain, FlagTotal, "total", StatusOK, model
	to.Usage, to.Recorded, to.Has = r.Usage, r.Recorded, r.Has
}

// sweFolder reads the name that SWE-agent gives the folder of a batch: model__data__config__t-0.00__…, later config__model__t-0.00__…___data.
// Other names are the workflow as they are.
func sweFolder(folder string) (model, workflow string) {
	head, rest, ok := strings.Cut(folder, "__t-")
	if !ok {
		if folder == "" {
			folder = "swe-agent"
		}
		return "", folder
	}
	parts := strings.Split(head, "__")
	if _, data, ok := strings.Cut(rest, "___"); ok {
		return parts[len(parts)-1], data
	}
	if len(parts) >= 2 {
		return parts[0], parts[1]
	}
	return parts[0], folder
}

package tracefmt

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// Verdicts often stand in files of their own: a benchmark's report, a table of outcomes. Such a verdict is given for a key, a run's id or
// a task's, and is joined to the runs that have it (formats-agents 0.9). It goes before what the trace says of its own outcome: whoever
// adds such a file wants it to count.

// judgement is the memory of judge.
type judgement struct {
	hits         []verdictHit
	own          Record
	agent, model Sym // defaults for the run's calls, see withDefaults
}

// A verdictHit is a verdict that may hold for the run. The one that fits best is applied last, so that it decides.
type verdictHit struct {
	rec   *Record
	level int // what its key is: of the run 2, its session 1, its task 0
	model int // it names a model of the run 2, none 1, another one 0
	depth int // how many folders its file shares with the run's
}

// judge returns the run's own record with the verdicts on it; own may be nil. a.order holds the run's records.
func (a *Assembler) judge(id string, own *Record) *Record {
	j := &a.judged
	j.agent, j.model = 0, 0
	j.defaults(own)
	if a.Verdicts == nil {
		return own
	}
	j.hits = j.hits[:0]
	if own != nil {
		if own.Extra != nil {
			a.gather(own.Extra.Task, 0, own)
		}
		a.gather(a.Names.Name(own.Session), 1, own)
	}
	a.gather(id, 2, own)
	if len(j.hits) == 0 {
		return own
	}
	slices.SortStableFunc(j.hits, func(x, y verdictHit) int {
		return cmp.Or(cmp.Compare(x.level, y.level), cmp.Compare(x.model, y.model), cmp.Compare(x.depth, y.depth), a.orderOf(x.rec, y.rec))
	})
	if j.own = (Record{Run: id, Kind: KindRun}); own != nil {
		j.own = *own
	}
	for _, h := range j.hits {
		j.own.apply(h.rec)
		if h.level > 0 {
			j.agent, j.model = firstSym(h.rec.Agent, j.agent), firstSym(h.rec.Model, j.model)
		}
	}
	return &j.own
}

// defaults takes who made the calls of the run from its own record, in formats that need not say so of each call.
func (j *judgement) defaults(own *Record) {
	if own != nil && (own.Format == FormatTerminalBench || own.Format == FormatCostscope) {
		j.agent, j.model = own.Agent, own.RequestModel
	}
}

// withDefaults gives a call the names that only the run states. A total without a model speaks of all models, except where the run's own
// record names the only one.
func (a *Assembler) withDefaults(c *Call, agent Sym) Sym {
	j := &a.judged
	if c.Model == 0 && (c.Kind.IsModel() || c.Format == FormatTerminalBench && c.Kind != KindTool) {
		c.Model = j.model
	}
	return firstSym(agent, j.agent)
}

// orderOf compares two places in the input.
func (a *Assembler) orderOf(x, y *Record) int {
	if a.Order != nil {
		return a.Order(x.Src, y.Src)
	}
	return cmp.Or(cmp.Compare(x.Src.Source, y.Src.Source), cmp.Compare(x.Src.Offset, y.Src.Offset))
}

// gather adds the verdicts that were given for key and hold for the run.
func (a *Assembler) gather(key string, level int, own *Record) {
	if key == "" {
		return
	}
	j := &a.judged
	from := len(j.hits)
	for _, v := range a.Verdicts(key) {
		if own != nil && own.Has&v.Has&HasSample != 0 && own.SampleIndex != v.SampleIndex {
			continue // of another trial
		}
		if depth, ok := a.nearness(v); ok {
			j.hits = append(j.hits, verdictHit{v, level, a.modelFit(v), depth})
		}
	}
	if level < 2 && severalModels(j.hits[from:]) { // the same task, done by several models
		kept := slices.DeleteFunc(j.hits[from:], func(h verdictHit) bool { return h.model == 0 })
		j.hits = j.hits[:from+len(kept)]
	}
}

func severalModels(hits []verdictHit) bool {
	first := Sym(0)
	for _, h := range hits {
		if m := h.rec.Model; m != 0 && first != 0 && m != first {
			return true
		}
		first = firstSym(first, h.rec.Model)
	}
	return false
}

// modelFit tells whether the verdict is one on a model of the run.
func (a *Assembler) modelFit(v *Record) int {
	if v.Model == 0 {
		return 1
	}
	want := modelBase(a.Names.Name(v.Model))
	last := Sym(0)
	for _, r := range a.order {
		for _, m := range [...]Sym{r.Model, r.RequestModel} {
			if m == 0 || m == last {
				continue
			}
			if last = m; m == v.Model || modelBase(a.Names.Name(m)) == want {
				return 2
			}
		}
	}
	return 0
}

// modelBase is a model's name without the vendors and gateways before it.
func modelBase(name string) string { return strings.ToLower(name[strings.LastIndexByte(name, '/')+1:]) }

// nearness counts the folders that the verdict's file shares with the nearest file of the run; ok is false where the verdict does not
// reach so far.
func (a *Assembler) nearness(v *Record) (depth int, ok bool) {
	if a.PathOf == nil {
		return 0, true
	}
	folder := filepath.Dir(a.PathOf(v.Src.Source))
	reach := reachOf(folder, v.Run)
	ok = v.Flags&FlagNear == 0
	last := ^uint32(0)
	for _, r := range a.order {
		if r.Src.Source == last {
			continue
		}
		last = r.Src.Source
		of := filepath.Dir(a.PathOf(last))
		depth = max(depth, sharedFolders(folder, of))
		ok = ok || within(reach, of)
	}
	return depth, ok
}

// reportFolders are names of folders that hold nothing but reports on what lies beside them.
var reportFolders = map[string]bool{
	"results": true, "result": true, "logs": true, "eval": true, "evals": true, "evaluation": true, "evaluations": true, "evaluation_results": true,
	"eval_results": true, "report": true, "reports": true, "outcomes": true, "verdicts": true, "evaluation_reports": true,
}

// reachOf is the folder that a report in folder speaks for: without the folder of the single task, and those for reports alone.
func reachOf(folder, task string) string {
	if filepath.Base(folder) == task && reportFolders[strings.ToLower(filepath.Base(filepath.Dir(folder)))] {
		folder = filepath.Dir(folder)
	}
	for reportFolders[strings.ToLower(filepath.Base(folder))] {
		folder = filepath.Dir(folder)
	}
	return folder
}

// within tells whether folder is base, or lies below it.
func within(base, folder string) bool {
	if base == "." {
		return !filepath.IsAbs(folder) && folder != ".." && !strings.HasPrefix(folder, ".."+string(filepath.Separator))
	}
	rest, ok := strings.CutPrefix(folder, base)
	return ok && (rest == "" || rest[0] == filepath.Separator || base[len(base)-1] == filepath.Separator)
}

// sharedFolders counts the folders that x and y have in common from the root on.
func sharedFolders(x, y string) int {
	n := 0
	for {
		p, restX, _ := strings.Cut(x, string(filepath.Separator))
		q, restY, _ := strings.Cut(y, string(filepath.Separator))
		if p != q || x == "" || y == "" {
			return n
		}
		x, y = restX, restY
		n++
	}
}

// apply lets the verdict v decide what it states. Names that the trace gives the run stay.
func (r *Record) apply(v *Record) {
	ifStated(v.Has, HasOutcome, &r.Outcome, v.Outcome)
	ifStated(v.Has, HasScore, &r.Score, v.Score)
	r.Has |= v.Has & (HasOutcome | HasScore)
	unlessZero(&r.Status, v.Status)
	unlessZero(&r.Error, v.Error)
	for _, n := range [...][2]*Sym{{&r.Workflow, &v.Workflow}, {&r.Feature, &v.Feature}, {&r.Version, &v.Version}, {&r.Agent, &v.Agent}, {&r.User, &v.User}, {&r.Tags, &v.Tags}} {
		*n[0] = firstSym(*n[0], *n[1])
	}
	if v.Extra == nil {
		return
	}
	facts := *v.Extra // the records are not ours to change
	if r.Extra != nil {
		facts.Task = cmp.Or(r.Extra.Task, facts.Task)
		facts.Scores = append(slices.Clone(r.Extra.Scores), facts.Scores...)
		if facts.Values == nil {
			facts.Values = r.Extra.Values
		}
		if facts.ValueUSD == nil {
			facts.ValueUSD = r.Extra.ValueUSD
		}
		facts.Last = r.Extra.Last
	}
	r.Extra = &facts
}

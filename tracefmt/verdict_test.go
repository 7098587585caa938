package tracefmt

import (
	"path/filepath"
	"testing"
)

// court is a set of verdicts and the files that they and the runs stand in.
type court struct {
	names    *Names
	verdicts map[string][]*Record
	paths    []string
}

func (c *court) source(path string) SourceRef {
	c.paths = append(c.paths, filepath.FromSlash(path))
	return SourceRef{Source: uint32(len(c.paths) - 1)}
}

func (c *court) says(path, key string, o Outcome, flags Flags) *Record {
	r := &Record{Kind: KindRun, Run: key, Flags: FlagVerdict | flags, Has: HasOutcome, Outcome: o, Src: c.source(path)}
	c.verdicts[key] = append(c.verdicts[key], r)
	return r
}

// run assembles a run of one call in path, with the task and outcome that its own trace states.
func (c *court) run(path, id, task string, o Outcome) *Run {
	a := &Assembler{Names: c.names, Verdicts: func(k string) []*Record { return c.verdicts[k] }, PathOf: func(n uint32) string { return c.paths[n] }}
	src := c.source(path)
	recs := []Record{
		{Run: id, ID: "1", Kind: KindLLM, Model: c.names.Sym("m"), Src: src},
		{Run: id, Kind: KindRun, Extra: &RunFacts{Task: task}, Src: src},
	}
	if o != OutcomeUnknown {
		recs[1].Has, recs[1].Outcome = HasOutcome, o
	}
	return a.Assemble(recs)
}

func newCourt() *court { return &court{names: NewNames(), verdicts: map[string][]*Record{}} }

func TestVerdictsAreJoined(t *testing.T) {
	c := newCourt()
	c.says("a/out.csv", "run-1", OutcomeSuccess, 0)
	c.says("a/out.csv", "task-2", OutcomeFailure, 0)
	c.says("a/x/report.json", "task-3", OutcomeSuccess, FlagNear)
	c.says("b/results/results.json", "task-4", OutcomeSuccess, FlagNear)
	c.says("b/logs/task-5/report.json", "task-5", OutcomeFailure, FlagNear)
	c.says("c/report.json", "task-6", OutcomeFailure, FlagNear)
	c.says("c/d/report.json", "task-6", OutcomeSuccess, FlagNear)
	for _, x := range []struct {
		path, id, task string
		own, want      Outcome
	}{
		{"elsewhere/t.json", "run-1", "task-1", OutcomeUnknown, OutcomeSuccess},
		{"elsewhere/t.json", "run-1", "task-2", OutcomeUnknown, OutcomeSuccess}, // the run's own id goes first
		{"elsewhere/t.json", "run-2", "task-2", OutcomeSuccess, OutcomeFailure}, // the second file wins
		{"elsewhere/t.json", "run-2", "task-9", OutcomeSuccess, OutcomeSuccess},
		{"a/x/t.json", "r", "task-3", OutcomeUnknown, OutcomeSuccess},
		{"a/x/deep/t.json", "r", "task-3", OutcomeUnknown, OutcomeSuccess},
		{"a/xy/t.json", "r", "task-3", OutcomeUnknown, OutcomeInFlight}, // another model's run of the same task
		{"a/t.json", "r", "task-3", OutcomeUnknown, OutcomeInFlight},
		{"b/trajs/t.json", "r", "task-4", OutcomeUnknown, OutcomeSuccess}, // the report's folder holds reports alone
		{"b/trajs/task-5.traj", "r", "task-5", OutcomeUnknown, OutcomeFailure},
		{"c/d/t.json", "r", "task-6", OutcomeUnknown, OutcomeSuccess}, // the nearest
		{"c/e/t.json", "r", "task-6", OutcomeUnknown, OutcomeFailure},
	} {
		if got := c.run(x.path, x.id, x.task, x.own).Outcome; got != x.want {
			t.Errorf("%s %s %s: %v, want %v", x.path, x.id, x.task, got, x.want)
		}
	}
}

func TestVerdictsOfSeveralModels(t *testing.T) {
	c := newCourt()
	c.says("o.csv", "t", OutcomeSuccess, 0).Model = c.names.Sym("vendor/m")
	if got := c.run("x/t.json", "r", "t", OutcomeUnknown).Outcome; got != OutcomeSuccess {
		t.Errorf("one model: %v", got)
	}
	c.says("o.csv", "t", OutcomeFailure, 0).Model = c.names.Sym("other")
	if got := c.run("x/t.json", "r", "t", OutcomeUnknown).Outcome; got != OutcomeSuccess {
		t.Errorf("own model of two: %v", got)
	}
	c.verdicts["t"][0].Model = c.names.Sym("third")
	if got := c.run("x/t.json", "r", "t", OutcomeUnknown).Outcome; got != OutcomeInFlight {
		t.Errorf("two other models: %v", got)
	}
}

func TestVerdictsOfTrials(t *testing.T) {
	c := newCourt()
	for i, o := range []Outcome{OutcomeFailure, OutcomeSuccess} {
		v := c.says("o.csv", "t", o, 0)
		v.Has |= HasSample
		v.SampleIndex = int32(i)
	}
	a := &Assembler{Names: c.names, Verdicts: func(k string) []*Record { return c.verdicts[k] }}
	for i, want := range []Outcome{OutcomeFailure, OutcomeSuccess} {
		run := a.Assemble([]Record{{Run: "r", Kind: KindRun, Has: HasSample, SampleIndex: int32(i), Extra: &RunFacts{Task: "t"}}})
		if run.Outcome != want || run.Facts.Task != "t" {
			t.Errorf("trial %d: %v %+v", i, run.Outcome, run.Facts)
		}
	}
}

func TestVerdictGivesNamesAndScores(t *testing.T) {
	c := newCourt()
	v := c.says("runs.jsonl", "r", OutcomeSuccess, 0)
	v.Workflow, v.Has, v.Score = c.names.Sym("bench"), HasOutcome|HasScore, 0.5
	v.Extra = &RunFacts{Task: "other", Scores: []Value{{"style", 3}}}
	run := c.run("calls.jsonl", "r", "t", OutcomeFailure)
	if c.names.Name(run.Workflow) != "bench" || !run.HasScore || run.Score != 0.5 || run.Facts.Task != "t" || len(run.Facts.Scores) != 1 || run.Outcome != OutcomeSuccess {
		t.Errorf("%+v %+v", run, run.Facts)
	}
	if run.Calls[0].Workflow != run.Workflow {
		t.Error("the calls have no workflow")
	}
}

package analyze

import "costscope/tracefmt"

// A Survey is what comparisons, limits and forecasts ask of the runs of a scope: what each path of its query costs, how prompts grow, what
// failed runs burn after a warning. It reads every run once; surveys of different runs merge in any order.
type Survey struct {
	Runs    int64 // with a call in scope
	Prompts PromptTotals
	Warned  WarningTotals

	scan    *Scan // its groups; it counts nothing
	student *Student
	failed  []failedRun
	paths   *pathCosts
	whole   *pathCosts // all paths in one
	leaves  []int32
	roots   []int32
	in      []bool
}

// NewSurvey returns an empty survey of what q is about. sourceName gives the path of a source.
func NewSurvey(q Query, names *tracefmt.Names, cfg Config, sourceName func(uint32) string) *Survey {
	s := &Survey{scan: NewScan(q, names, cfg, sourceName), student: NewStudent(cfg)}
	s.paths, s.whole = newPathCosts(s.scan.pathOf), newPathCosts(func(int32) []string { return nil })
	s.paths.model = names.Name
	return s
}

// Add reads a run.
func (s *Survey) Add(run *tracefmt.Run) {
	if !s.scope(run) {
		return
	}
	st := s.student.Study(run)
	s.Runs++
	s.Prompts.add(st, s.in)
	before := s.Warned
	s.Warned.add(st, s.in)
	if s.Warned.Runs > before.Runs {
		s.failed = append(s.failed, failedRun{s.Warned.After - before.After, s.Warned.Cost - before.Cost})
	}
	s.paths.add(st, s.leaves)
	s.whole.add(st, s.roots)
}

// scope finds where each call counts, and tells whether any does.
func (s *Survey) scope(run *tracefmt.Run) (some bool) {
	s.scan.m.Enter(run, s.scan.source)
	s.leaves = append(s.leaves[:0], make([]int32, len(run.Calls))...)
	s.roots = append(s.roots[:0], s.leaves...)
	s.in = append(s.in[:0], make([]bool, len(run.Calls))...)
	for i := range run.Calls {
		s.leaves[i] = s.scan.groupOf(run, i)
		s.in[i], s.roots[i] = s.leaves[i] >= 0, min(s.leaves[i], 0)
		some = some || s.in[i]
	}
	return some
}

// Merge joins the survey of other runs.
func (s *Survey) Merge(o *Survey) {
	s.Runs += o.Runs
	s.Prompts.merge(&o.Prompts)
	s.Warned.merge(&o.Warned)
	s.failed = append(s.failed, o.failed...)
	s.paths.merge(o.paths)
	s.whole.merge(o.whole)
}

// Side is what each path of the query costs, for Compare.
func (s *Survey) Side() Side { return Side{Runs: s.Runs, Paths: s.paths.result()} }

// Samples is what each run costs in the scope, for MeasureGrowth; runs in flight and runs whose cost is not all known are left out.
func (s *Survey) Samples() []RunSample {
	if all := s.whole.result(); len(all) == 1 {
		return all[0].Sample
	}
	return nil
}

// PromptTotals is how much of the cost of a scope is input, and how much of it context that grew (analysis-spec D). Of the attempts at an
// operation the one that stands for its turn counts.
type PromptTotals struct {
	Calls   int64        // LLM calls
	Flat    tracefmt.USD // what the turns had cost, had the context stayed at its first size; output included
	Growth  tracefmt.USD // the rest of what the turns cost
	Input   tracefmt.USD // of all LLM calls
	Cost    tracefmt.USD // of all calls
	Largest int64        // tokens of the largest prompt, of all that of which the window is known
	Window  int64        // of its model; 0: not known
	Partial bool         // LLM calls of unknown cost are not in it

	wraps int32
}

func (p *PromptTotals) add(st *Study, in []bool) {
	for i := range st.Run.Calls {
		c := &st.Run.Calls[i]
		if !in[i] {
			continue
		}
		p.wraps += plus((*int64)(&p.Cost), int64(c.Cost))
		if c.Kind != tracefmt.KindLLM {
			continue
		}
		p.Calls += int64(b2i(c.IsCall))
		p.Partial = p.Partial || missing(c)
		p.prompt(c)
		if st.Places[i].Turn > 0 && sized(c) && st.standsForTurn(int32(i)) { // the turns of Growth
			flat, growth := cutCall(st, i)
			p.wraps += plus((*int64)(&p.Flat), int64(flat)) + plus((*int64)(&p.Growth), int64(growth))
		}
	}
}

// prompt counts the input of a call.
func (p *PromptTotals) prompt(c *tracefmt.Call) {
	if c.Has&tracefmt.HasInput == 0 {
		return
	}
	if known(c) {
		x := promptOf(c)
		p.wraps += plus((*int64)(&p.Input), int64(x.input()))
	}
	window := int64(0)
	if c.Price != nil {
		window = c.Price.Window
	}
	p.largest(promptTokens(c), window)
}

// largest keeps the prompt that is nearest to its window; one without a known window only until there is another.
func (p *PromptTotals) largest(tokens, window int64) {
	switch {
	case window == 0 && p.Window == 0:
		p.Largest = max(p.Largest, tokens)
	case window == 0:
	case p.Window == 0 || ratio(tokens, window) > ratio(p.Largest, p.Window):
		p.Largest, p.Window = tokens, window
	}
}

func (p *PromptTotals) merge(o *PromptTotals) {
	p.Calls += o.Calls
	p.wraps += o.wraps + plus((*int64)(&p.Flat), int64(o.Flat)) + plus((*int64)(&p.Growth), int64(o.Growth)) +
		plus((*int64)(&p.Input), int64(o.Input)) + plus((*int64)(&p.Cost), int64(o.Cost))
	p.Partial = p.Partial || o.Partial
	p.largest(o.Largest, o.Window)
}

// ContextFactor is how many times the turns cost what they had cost, had the context stayed at its first size; NaN without any cost.
func (p *PromptTotals) ContextFactor() float64 {
	if p.wraps != 0 {
		return ratio(0, 0)
	}
	return ratio(int64(p.Flat+p.Growth), int64(p.Flat))
}

// InputShare is the part of the cost that is input; NaN without any cost.
func (p *PromptTotals) InputShare() float64 {
	if p.wraps != 0 {
		return ratio(0, 0)
	}
	return ratio(int64(p.Input), int64(p.Cost))
}

package analyze

import (
	"slices"

	"costscope/tracefmt"
)

// A pathCosts collects one side of a comparison.
type pathCosts struct {
	name  func(leaf int32) []string
	model func(tracefmt.Sym) string // nil: models are not told apart
	sums  []pathSum                 // by leaf
	touch []int32                   // leaves of the run at hand
	more  []PathCost
}

type pathSum struct {
	PathCost
	models  map[tracefmt.Sym]*ModelCost
	run     tracefmt.USD // what the run at hand cost here
	missing bool         // that is not all
	seen    bool         // the run at hand has a call here
}

// newPathCosts takes the name of a leaf, the path that a call counts in.
func newPathCosts(name func(leaf int32) []string) *pathCosts { return &pathCosts{name: name} }

// add counts the calls of a run; leaf[i] is where call i counts, -1 for nowhere.
func (p *pathCosts) add(st *Study, leaf []int32) {
	p.touch = p.touch[:0]
	for i, n := range leaf {
		if n < 0 || !contributes(&st.Run.Calls[i]) {
			continue
		}
		for len(p.sums) <= int(n) {
			p.sums = append(p.sums, pathSum{})
		}
		s := &p.sums[n]
		if !s.seen {
			s.seen, s.run, s.missing = true, 0, false
			p.touch = append(p.touch, n)
		}
		s.call(&st.Run.Calls[i], st.Places[i].Mark, p.model != nil)
	}
	task := ""
	if st.Run.Facts != nil {
		task = st.Run.Facts.Task
	}
	for _, n := range p.touch {
		p.sums[n].missing = p.sums[n].missing || st.Run.Outcome == tracefmt.OutcomeInFlight
		p.sums[n].close(task)
	}
}

func (s *pathSum) call(c *tracefmt.Call, m mark, models bool) {
	s.LLM.call(c, m)
	if models && c.Kind == tracefmt.KindLLM {
		s.byModel(c)
	}
	if known(c) {
		s.run, _ = s.run.Add(c.Cost)
		s.Known++
	}
	if missing(c) {
		s.missing = true
		s.Missing++
	}
}

// byModel counts a model call's tokens and cost, as Effort does, under its model.
func (s *pathSum) byModel(c *tracefmt.Call) {
	x := s.models[c.Model]
	if x == nil {
		if s.models == nil {
			s.models = map[tracefmt.Sym]*ModelCost{}
		}
		x = &ModelCost{}
		s.models[c.Model] = x
	}
	var e Effort
	e.call(c, 0)
	x.Tokens += e.Tokens
	x.Cost, _ = x.Cost.Add(e.Cost)
}

// close ends the run at hand. A run whose cost is not all known, or that has not ended, is no sample of what runs cost.
func (s *pathSum) close(task string) {
	s.seen = false
	s.Runs++
	s.Cost, _ = s.Cost.Add(s.run)
	if !s.missing {
		s.Sample = append(s.Sample, RunSample{task, s.run})
	}
}

// named are the models by their names.
func (s *pathSum) named(name func(tracefmt.Sym) string) (list []ModelCost) {
	for sym, m := range s.models {
		list = append(list, ModelCost{name(sym), m.Tokens, m.Cost})
	}
	return joinModels(nil, list)
}

// merge joins what was collected of other runs, whatever their leaves are numbered.
func (p *pathCosts) merge(o *pathCosts) { p.more = append(p.more, o.result()...) }

// result is what each path cost, in the order of the paths.
func (p *pathCosts) result() []PathCost {
	list := slices.Clone(p.more)
	for n := range p.sums {
		if s := &p.sums[n]; s.Runs > 0 {
			x := s.PathCost
			x.Path, x.Models = p.name(int32(n)), s.named(p.model)
			list = append(list, x)
		}
	}
	pairs := match(list, nil)
	out := make([]PathCost, len(pairs))
	for i, x := range pairs {
		out[i] = *x.old
		out[i].Path = x.path
		slices.SortFunc(out[i].Sample, RunSample.compare)
	}
	return out
}

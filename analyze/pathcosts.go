package analyze

import (
	"slices"

	"costscope/tracefmt"
)

// A pathCosts collects one side of a comparison.
type pathCosts struct {
	name  func(leaf int32) []string
	sums  []pathSum // by leaf
	touch []int32   // leaves of the run at hand
	more  []PathCost
}

type pathSum struct {
	PathCost
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
		s.call(&st.Run.Calls[i], st.Places[i].Mark)
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

func (s *pathSum) call(c *tracefmt.Call, m mark) {
	s.LLM.call(c, m)
	if known(c) {
		s.run, _ = s.run.Add(c.Cost)
	}
	s.missing = s.missing || missing(c)
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

// merge joins what was collected of other runs, whatever their leaves are numbered.
func (p *pathCosts) merge(o *pathCosts) { p.more = append(p.more, o.result()...) }

// result is what each path cost, in the order of the paths.
func (p *pathCosts) result() []PathCost {
	list := slices.Clone(p.more)
	for n := range p.sums {
		if s := &p.sums[n]; s.Runs > 0 {
			x := s.PathCost
			x.Path = p.name(int32(n))
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

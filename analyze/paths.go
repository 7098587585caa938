package analyze

import (
	"strings"

	"costscope/tracefmt"
)

// PathFacts is what the analysis knows of a path beside its Row.
type PathFacts struct {
	Input, Growth         tracefmt.USD // cost of model calls' input; the part of it beyond the first prompt of each thread
	LoopUSD               tracefmt.USD // spent again and again in loops
	Success, Failure      int64        // runs
	SuccessUSD, FailedUSD tracefmt.USD // their cost within the path
	RunCosts              Hist         // of each finished run within the path
}

// pathSums collects PathFacts of all groups of a query.
type pathSums struct {
	scan  *Scan // its groups; it counts nothing
	facts []*pathNode
	epoch int64
	touch []int32
	path  []uint32
}

type pathNode struct {
	PathFacts
	cost  tracefmt.USD // of the run at hand
	epoch int64
}

func newPathSums(q Query, names *tracefmt.Names, cfg Config, sourceName func(uint32) string) *pathSums {
	return &pathSums{scan: NewScan(q, names, cfg, sourceName), path: make([]uint32, len(q.By))}
}

// add counts the calls of a run in: in tells which; nil is all of them.
func (p *pathSums) add(st *Study, in []bool) {
	p.epoch++
	p.touch = p.touch[:0]
	run := st.Run
	for i := range run.Calls {
		c := &run.Calls[i]
		if in != nil && !in[i] || !contributes(c) {
			continue
		}
		input, growth, loop := st.cuts[i].input, st.cuts[i].growth, tracefmt.USD(0)
		if st.Places[i].Waste == wasteLoop {
			loop = c.Cost
		}
		for at := p.leafOf(run, c); ; at = p.scan.f.nodes[at].up {
			n := p.node(at)
			n.cost, _ = n.cost.Add(c.Cost)
			n.Input += input
			n.Growth += growth
			n.LoopUSD += loop
			if at == 0 {
				break
			}
		}
	}
	for _, at := range p.touch {
		p.facts[at].close(run.Outcome)
	}
}

func (p *pathSums) leafOf(run *tracefmt.Run, c *tracefmt.Call) int32 {
	k := keyOf(run, c, &p.scan.agg.days)
	for i, d := range p.scan.by {
		p.path[i] = p.scan.value(&k, c, run, d)
	}
	return p.scan.f.leafOf(p.path)
}

// node is the group for changing; the first time in a run it is noted.
func (p *pathSums) node(at int32) *pathNode {
	for int(at) >= len(p.facts) {
		p.facts = append(p.facts, &pathNode{})
	}
	n := p.facts[at]
	if n.epoch != p.epoch {
		n.epoch, n.cost = p.epoch, 0
		p.touch = append(p.touch, at)
	}
	return n
}

// close counts the run at hand.
func (n *pathNode) close(o tracefmt.Outcome) {
	switch o {
	case tracefmt.OutcomeInFlight:
		return
	case tracefmt.OutcomeSuccess:
		n.Success++
		n.SuccessUSD += n.cost
	case tracefmt.OutcomeFailure:
		n.Failure++
		n.FailedUSD += n.cost
	}
	n.RunCosts.Add(int64(n.cost))
}

// merge joins what was collected of other runs.
func (p *pathSums) merge(o *pathSums) {
	for i, at := range p.scan.adopt(o.scan) {
		if i < len(o.facts) {
			p.epoch++
			p.node(at).merge(&o.facts[i].PathFacts)
		}
	}
}

func (f *PathFacts) merge(o *PathFacts) {
	f.Input, f.Growth, f.LoopUSD = f.Input+o.Input, f.Growth+o.Growth, f.LoopUSD+o.LoopUSD
	f.Success, f.Failure = f.Success+o.Success, f.Failure+o.Failure
	f.SuccessUSD, f.FailedUSD = f.SuccessUSD+o.SuccessUSD, f.FailedUSD+o.FailedUSD
	f.RunCosts.Merge(&o.RunCosts)
}

// of lists the facts by path, in the order of the names that a Table shows.
func (p *pathSums) of() map[string]*PathFacts {
	all := make(map[string]*PathFacts, len(p.facts))
	for i := range p.facts {
		all[namesKey(p.scan.pathOf(int32(i)))] = &p.facts[i].PathFacts
	}
	return all
}

// namesKey is a path as one text; names hold no such byte, for text from traces is clean.
func namesKey(path []string) string { return strings.Join(path, "\x00") }

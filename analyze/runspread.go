package analyze

import "costscope/tracefmt"

// A RunSpread is how the costs of runs are spread. Unknown is not zero: a run of which no cost is known is in none of its numbers.
type RunSpread struct {
	Tail
	Costs   []tracefmt.USD // ascending
	Partial int64          // of these runs, those with a call of unknown cost: they cost at least as much
	Unknown int64          // runs left out
}

// NewRunSpread looks at the runs whose cost is known, at least in part.
func NewRunSpread(runs []RunCost) RunSpread {
	s := RunSpread{Costs: make([]tracefmt.USD, 0, len(runs))}
	for i := range runs {
		if runs[i].Unknown() {
			s.Unknown++
			continue
		}
		s.Costs = append(s.Costs, runs[i].Cost)
		s.Partial += int64(b2i(runs[i].Incomplete))
	}
	s.Tail = NewTail(s.Costs) // sorts them
	return s
}

// gaps says which runs are not in the numbers, and which are not in full; "" where all are.
func (s *RunSpread) gaps() string {
	return join(gap(s.Partial, "run", "with unknown costs, at least"), gap(s.Unknown, "run", "of unknown cost, left out"))
}

// ManyRuns is how the costs of runs are spread that are too many to be told one by one.
type ManyRuns struct {
	Costs            Hist
	Max              tracefmt.USD
	Partial, Unknown int64 // as in RunSpread
}

// Add counts n runs that cost sum in all, each of which is in the bucket of low.
func (m *ManyRuns) Add(low, n, sum int64) { m.Costs.put(Bucket(low), n, sum) }

package analyze

import (
	"sync"

	"costscope/tracefmt"
)

// A Study is what the analysis says of one run: a pure function of its calls. Everything that is counted over many runs is a sum of what
// their studies say.
type Study struct {
	Run     *tracefmt.Run
	Places  []Place // one for each of Run.Calls
	Threads []Thread
	Chains  []Chain
	Loops   []Loop      // by thread, then in the order of its calls
	firsts  []int64     // for each thread the size of its first prompt, in tokens; 0 where none is known
	cuts    []promptCut // one for each of Run.Calls
}

// A Place is what a call is within its run.
type Place struct {
	Thread int32 // index in Threads; -1 for what is no call
	Turn   int32 // of its operation among the LLM operations of its thread, from 1; 0: not an LLM call
	Mark   mark  // what it is to the chain that it, or a call that encloses it, belongs to
	Chain  int32 // index in Chains of the one that it is itself an attempt of; -1 for none
	Try    int32 // which attempt it is there, from 0
	Look   look  // what makes it look like a retry without being one
	Waste  waste // why its cost was for nothing
}

// A Thread is the calls of one agent instance in a run, by start (analysis-spec 0).
type Thread struct {
	Agent, Instance tracefmt.Sym
	Owner           int32   // the agent's span in Run.Calls that encloses the calls; -1 for none
	Calls           []int32 // indexes in Run.Calls
}

// A Student studies one run after the other in the same memory: what Study returns is overwritten by the next call.
type Student struct {
	study   Study
	links   linker
	wastes  waster
	sizes   []int32 // of the threads
	members []int32 // the calls of all threads
}

// NewStudent returns a student that reads runs as cfg says.
func NewStudent(cfg Config) *Student { return &Student{links: linker{rules: cfg.Retries}} }

// students that nobody uses now: aggregates are many, and each needs one only for a moment.
var students = sync.Pool{New: func() any { return new(Student) }}

// linked calls do with the threads and chains of a run.
func (cfg *Config) linked(run *tracefmt.Run, do func(*Study)) {
	s := students.Get().(*Student)
	s.links.rules = cfg.Retries
	do(s.link(run))
	s.study.Run = nil
	students.Put(s)
}

// Study analyses a run.
func (s *Student) Study(run *tracefmt.Run) *Study {
	st := s.link(run)
	s.turns(run)
	st.firstPrompts()
	st.cutCalls()
	s.wastes.waste(st, s.links.walks)
	return st
}

// link is the part of a study that counting calls needs: threads and chains.
func (s *Student) link(run *tracefmt.Run) *Study {
	st := &s.study
	st.Run = run
	s.place(run)
	marks := s.links.mark(st)
	st.Chains = s.links.chains
	for i := range marks {
		st.Places[i].Mark = marks[i]
	}
	for k := range st.Chains {
		for n, i := range st.Chains[k].Calls {
			st.Places[i].Chain, st.Places[i].Try = int32(k), int32(n)
		}
	}
	return st
}

// place puts every call into its thread: that of its stated instance, else of its agent's name within the agent's span around it.
func (s *Student) place(run *tracefmt.Run) {
	st := &s.study
	st.Places = append(st.Places[:0], make([]Place, len(run.Calls))...)
	st.Threads, s.sizes = st.Threads[:0], s.sizes[:0]
	for i := range run.Calls {
		c := &run.Calls[i]
		st.Places[i].Thread, st.Places[i].Chain = -1, -1
		if c.IsCall {
			n := s.threadOf(c.Agent, c.Instance, ownerOf(run, int32(i)))
			st.Places[i].Thread = n
			s.sizes[n]++
		}
	}
	s.fill()
}

// fill lists the calls of each thread, all in one piece of memory.
func (s *Student) fill() {
	st := &s.study
	s.members = append(s.members[:0], make([]int32, len(st.Places))...)
	at := int32(0)
	for n, size := range s.sizes {
		st.Threads[n].Calls = s.members[at : at : at+size]
		at += size
	}
	for i := range st.Places {
		if n := st.Places[i].Thread; n >= 0 {
			st.Threads[n].Calls = append(st.Threads[n].Calls, int32(i))
		}
	}
}

// ownerOf is the nearest agent's span around a call; -1 for none. A stated instance needs none.
func ownerOf(run *tracefmt.Run, i int32) int32 {
	if run.Calls[i].Instance != 0 {
		return -1
	}
	for at, n := run.Calls[i].Up, 0; at >= 0 && n <= len(run.Calls); at, n = run.Calls[at].Up, n+1 {
		if run.Calls[at].Kind == tracefmt.KindAgent {
			return at
		}
	}
	return -1
}

// threadOf looks from the end: threads repeat.
func (s *Student) threadOf(agent, instance tracefmt.Sym, owner int32) int32 {
	list := s.study.Threads
	for n := len(list) - 1; n >= 0; n-- {
		if t := &list[n]; t.Agent == agent && t.Instance == instance && t.Owner == owner {
			return int32(n)
		}
	}
	s.sizes = append(s.sizes, 0)
	s.study.Threads = append(list, Thread{Agent: agent, Instance: instance, Owner: owner})
	return int32(len(list))
}

// turns numbers the LLM operations of each thread: all attempts of an operation share the turn of the first.
func (s *Student) turns(run *tracefmt.Run) {
	st := &s.study
	for k := range st.Threads {
		turn := int32(0)
		for _, i := range st.Threads[k].Calls {
			p := &st.Places[i]
			switch {
			case run.Calls[i].Kind != tracefmt.KindLLM:
			case p.Try > 0 && st.turnOfFirst(p) > 0:
				p.Turn = st.turnOfFirst(p)
			default:
				turn++
				p.Turn = turn
			}
		}
	}
}

// turnOfFirst is the turn of the first attempt of a call's chain; 0 where it has none.
func (st *Study) turnOfFirst(p *Place) int32 { return st.Places[st.Chains[p.Chain].Calls[0]].Turn }

package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"costscope/tracefmt"
)

// This file is what is told of the runs of a followed trace while they go on: those in flight, and those that go round in circles.

// A LiveRun is a run of a followed trace of which nothing says how it ended.
type LiveRun struct {
	Run        string
	Cost       tracefmt.USD
	Incomplete bool      // the cost of some call is not known: Cost is a lower bound
	Last       time.Time // its latest call; where calls state no time, when that was read
}

// InFlightFor is how long after its last call a run without an outcome counts as in flight.
const InFlightFor = 5 * time.Minute

// InFlight says that the run had a call lately.
func (r *LiveRun) InFlight(now time.Time) bool { return now.Sub(r.Last) < InFlightFor }

// Open says that nothing tells how a run ended.
func Open(o tracefmt.Outcome) bool {
	return o == tracefmt.OutcomeUnknown || o == tracefmt.OutcomeInFlight
}

// LastCall is when the latest call of a run ended, or began where no end is known; false where no call states a time.
func LastCall(run *tracefmt.Run) (last int64, ok bool) {
	for i := range run.Calls {
		c := &run.Calls[i]
		if c.Has&tracefmt.HasStart != 0 && (!ok || c.Start > last) {
			last, ok = c.Start, true
		}
		if c.Has&tracefmt.HasEnd != 0 && (!ok || c.End > last) {
			last, ok = c.End, true
		}
	}
	return last, ok
}

// A LiveLoop is a loop of a followed run that went on lately.
type LiveLoop struct {
	Run, Workflow, Agent string
	Warn                 string   // id of the call that made it a loop, which tells it from others of the run
	Calls                []string // ids of its calls
	Cycle                []string // tools of one repeat
	Repeats, Need        int32
	Waste                tracefmt.USD // cost of the second repeat and later
	Incomplete           bool         // the cost of some call of these is not known
}

// A LoopWatch looks for loops that go on. It is for one goroutine.
type LoopWatch struct{ student *Student }

// NewLoopWatch looks for loops as analyses with this configuration do.
func NewLoopWatch(cfg Config) *LoopWatch { return &LoopWatch{NewStudent(cfg)} }

// Loops are the loops of a run that have a call which is fresh. What it returns is independent of run.
func (w *LoopWatch) Loops(run *tracefmt.Run, names *tracefmt.Names, fresh func(id string) bool) (list []LiveLoop) {
	if !mayLoop(run) {
		return nil
	}
	st := w.student.link(run)
	w.student.wastes.waste(st, w.student.links.walks)
	for k := range st.Loops {
		l := &st.Loops[k]
		if slices.ContainsFunc(l.Calls, func(i int32) bool { return fresh(run.Calls[i].ID) }) {
			list = append(list, st.liveLoop(l, names))
		}
	}
	return list
}

// mayLoop: a loop has at least three tool calls.
func mayLoop(run *tracefmt.Run) bool {
	n := 0
	for i := range run.Calls {
		if run.Calls[i].Kind == tracefmt.KindTool {
			if n++; n == 3 {
				return true
			}
		}
	}
	return false
}

func (st *Study) liveLoop(l *Loop, names *tracefmt.Names) LiveLoop {
	calls := st.Run.Calls
	x := LiveLoop{Run: strings.Clone(st.Run.ID), Workflow: names.Name(st.Run.Workflow), Agent: names.Name(st.Threads[l.Thread].Agent),
		Warn: strings.Clone(calls[l.Warn].ID), Repeats: l.Repeats, Need: l.Need, Waste: l.Waste}
	for _, i := range l.Calls {
		x.Calls = append(x.Calls, strings.Clone(calls[i].ID))
	}
	for _, i := range l.Cycle {
		x.Cycle = append(x.Cycle, names.Name(calls[i].Tool))
	}
	for _, i := range l.Again {
		x.Incomplete = x.Incomplete || missing(&calls[i])
	}
	return x
}

// Same says that two loops are one, at different times: the call that made the one a loop is part of the other.
func (l *LiveLoop) Same(o *LiveLoop) bool {
	return l.Run == o.Run && (slices.Contains(l.Calls, o.Warn) || slices.Contains(o.Calls, l.Warn))
}

// looping: runs that repeat what they did without getting on.
func (a *Alarms) looping(s *Sample) (list []Alarm) {
	for i := range s.Loops {
		l := &s.Loops[i]
		cycle := make([]string, len(l.Cycle))
		for k, tool := range l.Cycle {
			cycle[k] = cmp.Or(Clean(tool), Unknown)
		}
		who := cmp.Or(Clean(l.Agent), Clean(l.Workflow), "run")
		list = append(list, Alarm{Rule: "loop", Key: l.Run + " " + l.Warn, Value: float64(l.Repeats), Limit: float64(l.Need), Cost: l.Waste.String(),
			Text: fmt.Sprintf("%s: run %s goes round in a loop: %s, %s; repeats cost %s", who, Clean(l.Run), strings.Join(cycle, " › "),
				plural(int64(l.Repeats), "time"), AtLeast(Money(l.Waste), l.Incomplete))})
	}
	return list
}

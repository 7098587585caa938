package tui

import (
	"strings"

	"costscope/analyze"
)

// A lacking is what the table that the calls stand in does not record: unknown, not none.
type lacking struct{ tries, ends bool }

// lacks says what is not recorded.
func (a *App) lacks() lacking { return lacksOf(&a.status) }

func lacksOf(st *analyze.Status) lacking {
	return lacking{st.Lacks("attempts"), st.Lacks("outcomes")}
}

// noTries says that nobody knows whether the calls of a row were tried again.
func (l lacking) noTries(r *analyze.Row) bool {
	return l.tries && r.Retries+r.Chains+r.LostTries == 0 && r.Wasted == 0
}

// noEnds says that nobody knows how runs ended.
func (l lacking) noEnds(success, failure int64) bool { return l.ends && success+failure == 0 }

// unrecorded says why a column is open; "" where it is not.
func unrecorded(st *analyze.Status, id string) string {
	l := lacksOf(st)
	if (id == "retry" || id == "wasted") && l.tries || id == "$/success" && l.ends {
		return "not recorded in " + clean(st.Table)
	}
	return ""
}

// aboutColumn says what a column means here.
func aboutColumn(st *analyze.Status, id string) string {
	if why := unrecorded(st, id); why != "" {
		return columnAbout[id] + " · – " + why
	}
	return columnAbout[id]
}

// What to do where something is not recorded.
const (
	recordTries = "To know: let the instrumentation state retry.attempt on the span of each call, or read traces that state attempt and retry_of; costscope push brings them into an engine."
	recordEnds  = "To know: let the instrumentation state workflow.outcome (success or failure), or the status, on the first span of each run, or read traces that state outcomes; costscope push brings them into an engine."
)

func (p *insightPen) notIn() string { return "not recorded in " + clean(p.a.status.Table) }

// noTries says that neither the table nor the runs read tell whether anything was tried again.
func (p *insightPen) noTries() bool {
	r := &p.data.deep.Retries
	return p.a.lacks().tries && r.Chains+r.Repeats+r.Lost == 0
}

// noEnds says that no run states how it ended, and that the table records none.
func (p *insightPen) noEnds() bool {
	s := &p.data.deep.Success
	return p.a.lacks().noEnds(s.Success, s.Failure)
}

// triesNote says that what is shown of attempts is what the runs show.
func (p *insightPen) triesNote() {
	switch {
	case p.noTries():
		p.note(2, unknown+" attempts are "+p.notIn()+", and the calls read show none that repeats another: whether anything was tried again is not known.")
	case p.a.lacks().tries:
		p.note(2, "≥ attempts are "+p.notIn()+"; what is shown is inferred from the calls read: a lower bound")
	}
}

// endsNote says that some outcomes are known though the table does not record them.
func (p *insightPen) endsNote() {
	if p.a.lacks().ends && !p.noEnds() {
		p.note(2, "outcomes are "+p.notIn()+"; those shown are what single spans state, the others are unknown")
	}
}

// triesBound stands before numbers of attempts that are at least what is shown.
func (p *insightPen) triesBound() string { return least(p.a.lacks().tries) }

// triesOpen is lens 2 where nothing tells of attempts: what to do about it, and the waste that calls show by themselves.
func (p *insightPen) triesOpen() {
	p.note(2, recordTries)
	if !p.zoom {
		return
	}
	p.noRetries(&p.data.deep.Retries)
	p.wasteClasses(&p.data.deep.Waste, &p.data.deep.Loops)
}

// factorNote says what the steps to the bill do not tell of retries.
func (p *insightPen) factorNote() {
	switch {
	case p.noTries():
		p.note(2, unknown+" retries: attempts are "+p.notIn()+"; what they multiplied is not known")
	case p.a.lacks().tries:
		p.note(2, "≥ retries: attempts are "+p.notIn()+"; the step is inferred from the calls read, a lower bound")
	}
}

// flagNote says which rules may miss something.
func (p *insightPen) flagNote() {
	if l := p.a.status.NotRecorded; len(l) > 0 {
		p.note(2, strings.Join(l, " and ")+" are "+p.notIn()+": rules about "+strings.Join(l, " and ")+" see only what the calls show")
	}
}

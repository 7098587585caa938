package tracefmt

import (
	"cmp"
	"slices"
	"strings"
)

// qwenJoin finds what is told twice in a Qwen Code session. Of each pair the telemetry becomes a placeholder, and what it knows better
// goes to the other; telemetry without a partner is of a helper whose lines are not in the log, and counts.
type qwenJoin struct{ answers, responses, tools, ends, runs []*Record }

func (a *Assembler) joinQwen(recs []Record) []Record {
	var j qwenJoin
	for i := range recs {
		if r := &recs[i]; r.Format == FormatQwen {
			j.take(r)
		}
	}
	j.sameAnswers()
	j.bareAnswers()
	j.endTools()
	j.timeTools()
	return recs
}

func (j *qwenJoin) take(r *Record) {
	telemetry := strings.HasPrefix(r.ID, qwenTelemetry)
	switch {
	case r.Kind == KindLLM && !telemetry:
		j.answers = append(j.answers, r)
	case r.Kind == KindLLM && r.Has&HasUsage != 0:
		j.responses = append(j.responses, r)
	case r.Kind != KindTool:
	case telemetry:
		j.runs = append(j.runs, r)
	case strings.HasPrefix(r.ID, qwenResult):
		j.ends = append(j.ends, r)
	default:
		j.tools = append(j.tools, r)
	}
}

// byCounts orders calls by model and counts, and those that are equal by time.
func byCounts(x, y *Record) int { return cmp.Or(sameCounts(x, y), byEnd(x, y)) }

func sameCounts(x, y *Record) int {
	u, v := &x.Usage, &y.Usage
	return cmp.Or(cmp.Compare(x.Model, y.Model), cmp.Compare(u.Input, v.Input), cmp.Compare(u.Output, v.Output), cmp.Compare(u.CacheRead, v.CacheRead))
}

func byEnd(x, y *Record) int { return cmp.Or(cmp.Compare(x.End, y.End), strings.Compare(x.ID, y.ID)) }

// pairUp walks through two ordered lists and calls match for members that belong together, each with one other at most.
func pairUp(xs, ys []*Record, order func(x, y *Record) int, match func(x, y *Record)) {
	for i, k := 0, 0; i < len(xs) && k < len(ys); {
		switch d := order(xs[i], ys[k]); {
		case d < 0:
			i++
		case d > 0:
			k++
		default:
			match(xs[i], ys[k])
			i, k = i+1, k+1
		}
	}
}

// sameAnswers pairs answers with the telemetry of the same counts, in the order of time.
func (j *qwenJoin) sameAnswers() {
	slices.SortFunc(j.answers, byCounts)
	slices.SortFunc(j.responses, byCounts)
	pairUp(j.answers, j.responses, sameCounts, answered)
}

// answered gives an answer what its telemetry knows.
func answered(x, told *Record) {
	x.Start, x.End, x.Has = told.Start, told.End, x.Has|told.Has&(HasStart|HasEnd)
	x.Status, x.Error = told.Status, told.Error
	told.Flags |= FlagPlaceholder
}

// bareAnswers pairs answers without usage with the latest telemetry since the answer before that is still without a partner.
func (j *qwenJoin) bareAnswers() {
	slices.SortFunc(j.answers, byEnd)
	slices.SortFunc(j.responses, byEnd)
	var since int64
	k := 0
	for _, x := range j.answers {
		var told *Record
		for ; k < len(j.responses) && j.responses[k].End <= x.End; k++ {
			if y := j.responses[k]; y.Flags&FlagPlaceholder == 0 && y.End > since && y.Instance == x.Instance {
				told = y
			}
		}
		if told != nil && x.Has&HasUsage == 0 {
			x.Usage, x.Has, x.Model = told.Usage, x.Has|told.Has, firstSym(x.Model, told.Model)
			answered(x, told)
		}
		since = x.End
	}
}

// endTools gives tools their ends, by the ids that both have; models of some servers use the same ids again.
func (j *qwenJoin) endTools() {
	id := func(x, y *Record) int { return cmp.Compare(x.LineID, y.LineID) }
	slices.SortFunc(j.tools, func(x, y *Record) int { return cmp.Or(id(x, y), byStart(x, y)) })
	slices.SortFunc(j.ends, func(x, y *Record) int { return cmp.Or(id(x, y), byEnd(x, y)) })
	pairUp(j.tools, j.ends, id, func(x, end *Record) {
		x.Status, x.Error = end.Status, end.Error
		if end.Has&HasEnd != 0 && end.End >= x.Start {
			x.End, x.Has = end.End, x.Has|HasEnd
		}
	})
}

func byStart(x, y *Record) int {
	return cmp.Or(cmp.Compare(x.Start, y.Start), strings.Compare(x.ID, y.ID))
}

// timeTools pairs tools with their telemetry, by name and time: a run of the tool ends after it was asked for.
func (j *qwenJoin) timeTools() {
	slices.SortFunc(j.tools, func(x, y *Record) int { return cmp.Or(cmp.Compare(x.Tool, y.Tool), byStart(x, y)) })
	slices.SortFunc(j.runs, func(x, y *Record) int { return cmp.Or(cmp.Compare(x.Tool, y.Tool), byEnd(x, y)) })
	order := func(x, run *Record) int {
		if run.Tool == x.Tool && run.End < x.Start {
			return 1
		}
		return cmp.Compare(x.Tool, run.Tool)
	}
	pairUp(j.tools, j.runs, order, func(x, run *Record) {
		x.Start, x.Has = max(x.Start, run.Start), x.Has|run.Has&HasStart
		if x.Has&HasEnd == 0 {
			x.End, x.Has = run.End, x.Has|run.Has&HasEnd
		}
		if x.Status == StatusUnset {
			x.Status = run.Status
		}
		x.Error = firstSym(x.Error, run.Error)
		x.End = max(x.End, x.Start)
		run.Flags |= FlagPlaceholder
	})
}

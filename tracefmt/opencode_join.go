package tracefmt

import (
	"cmp"
	"slices"
	"strings"
)

// joinOpenCode settles what the parts of a message say of it where they stand in files of their own: which attempt it is, and what all of
// its steps used.
func (a *Assembler) joinOpenCode(recs []Record) {
	var marks []*Record
	for i := range recs {
		r := &recs[i]
		if r.Format == FormatOpenCode && r.Kind == KindMark && r.Parent != "" {
			marks = append(marks, r)
		}
	}
	if len(marks) == 0 {
		return
	}
	slices.SortFunc(marks, byMessage)
	for i := range recs {
		r := &recs[i]
		if r.Format != FormatOpenCode || r.Kind != KindLLM {
			continue
		}
		at, _ := slices.BinarySearchFunc(marks, r.ID, func(m *Record, id string) int { return strings.Compare(m.Parent, id) })
		openCodeParts(r, marks[at:])
	}
}

func byMessage(x, y *Record) int {
	return cmp.Or(strings.Compare(x.Parent, y.Parent), strings.Compare(x.ID, y.ID))
}

// openCodeParts tells the call r what the marks say that begin with its own.
func openCodeParts(r *Record, marks []*Record) {
	var steps int
	var usage Usage
	var cost USD
	var has Fields
	for _, m := range marks {
		if m.Parent != r.ID {
			break
		}
		if m.Event == EventAPIError {
			if m.Attempt >= r.Attempt {
				r.Attempt, r.RetryOf, r.RetryKind = m.Attempt+1, m.ID, RetryPlain
			}
			continue
		}
		steps++
		usage.plus(&m.Usage)
		cost += m.Recorded
		has |= m.Has & HasUsage
	}
	if steps > 1 && r.Has&HasCost != 0 && apart(cost, r.Recorded) <= USD(steps) {
		r.Usage = usage
		r.Has |= has
	}
}

package tui

import (
	"cmp"

	"costscope/analyze"
	"costscope/tracefmt"
)

// where is the scope of the lens with conditions as people would write them.
func (p *insightPen) where(name string, conditions ...string) *scope {
	s := p.data.s
	for _, c := range conditions {
		x, err := analyze.ParsePred(c)
		if err != nil {
			return nil
		}
		s = s.with(x, false)
	}
	s = s.called(name)
	return &s
}

// retryDoor leads to the calls whose cost is that of retries of a kind; nil where none has a cost.
func (p *insightPen) retryDoor(k tracefmt.RetryKind, usd tracefmt.USD) *scope {
	word := k.String()
	if k == tracefmt.RetryNone {
		word = "unstated"
	}
	if usd == 0 {
		return nil
	}
	return p.where("retry cost: "+kindTexts[k].name, "retry_kind="+word)
}

// attemptDoor leads to the calls of all attempts of a number.
func (p *insightPen) attemptDoor(t *analyze.AttemptReport, n int) *scope {
	op := "="
	if n == t.Most() {
		op = ">="
	}
	return p.where("attempt "+attemptName(t, n), "attempt"+op+itoa(n))
}

func (p *insightPen) wasteDoor(word string) *scope { return p.where("waste: "+word, "waste="+word) }

// spendDoors are the conditions on the calls of each class of spend.
var spendDoors = [analyze.SpendClasses][]string{
	analyze.SpendProductive: {"outcome=success", "waste=none"}, analyze.SpendSuperseded: {"outcome=success", "waste=superseded"},
	analyze.SpendLoop: {"outcome=success", "waste=loop"}, analyze.SpendRedundant: {"outcome=success", "waste=redundant"},
	analyze.SpendFailed: {"outcome=failure"}, analyze.SpendUnknown: {"outcome=unknown"}, analyze.SpendInFlight: {"outcome=in_flight"},
}

func (p *insightPen) spendDoor(c analyze.SpendClass) *scope {
	return p.where(c.String(), spendDoors[c]...)
}

// factorDoor leads to the calls that needed a multiplier. Together they cost what would not be spent without it; of context growth they cost
// more, as that is a part of each.
func (p *insightPen) factorDoor(x *analyze.FactorShare) *scope {
	of := ""
	if x.Factor == analyze.FactorContext {
		of = " of what these cost"
	}
	return p.where(x.Factor.String()+": "+money(x.Saving)+of+", fair share "+money(x.Share), "factor="+x.Factor.Word())
}

// baseDoor leads to the calls that needed no multiplier.
func (p *insightPen) baseDoor(f *analyze.FactorReport) *scope {
	text := "base: no multiplier"
	if f.Grown != 0 {
		text = "base but for " + money(f.Grown) + " of calls with context growth"
	}
	return p.where(text, "factor=base")
}

// partDoors are the conditions on the calls of the parts of factors that are not called like their own condition.
var partDoors = map[string][]string{
	"extra turns": {"factor=tools", "!kind=tool|retriever"}, "tool fees": {"factor=tools", "kind=tool|retriever"}, "unknown": {"retry_kind=unstated"},
}

// partDoor leads to the calls that a part of a factor's share is a share of.
func (p *insightPen) partDoor(f analyze.Factor, x analyze.FactorPart) *scope {
	where := partDoors[x.Name]
	switch {
	case where != nil:
	case f == analyze.FactorAgents:
		where = []string{"duty=" + x.Name}
	default:
		where = []string{"retry_kind=" + x.Name}
	}
	return p.where(analyze.Spaced(x.Name)+": fair share "+money(x.USD), where...)
}

// dutyDoor leads to the calls of the agents of a role.
func (p *insightPen) dutyDoor(role, name string) *scope { return p.where(name, "duty="+role) }

// flowDoor leads to the finished runs of a workflow, or of one model of it: those of whose calls its cost most.
func (p *insightPen) flowDoor(f *analyze.Flow, byModel bool) *scope {
	s := p.into([]string{f.Workflow}, analyze.Dimension{Dim: analyze.DimWorkflow})
	s = s.with(analyze.Pred{Dimension: analyze.Dimension{Dim: analyze.DimOutcome}, Op: analyze.OpEqual, Text: tracefmt.OutcomeInFlight.String(), Not: true}, false)
	if byModel {
		model := cmp.Or(f.Part, analyze.None)
		s = s.with(analyze.Pred{Dimension: analyze.Dimension{Dim: analyze.DimRunModel}, Op: analyze.OpEqual, Text: model}, false).called(shown(model))
	}
	return &s
}

// scoreDoor leads to the runs of a fifth by score: runs of the same score are in the same one.
func (p *insightPen) scoreDoor(q *analyze.Quintile) *scope {
	s := p.data.s.with(analyze.Pred{Dimension: analyze.Dimension{Dim: analyze.DimOutcome}, Op: analyze.OpEqual, Text: tracefmt.OutcomeInFlight.String(), Not: true}, false)
	low, high := analyze.ScoreNumber(q.Low), analyze.ScoreNumber(q.High)+1
	s = s.with(analyze.Between(analyze.MeasureScore, low, high), false).called("scores " + fixed2(q.Low) + " to " + fixed2(q.High))
	return &s
}

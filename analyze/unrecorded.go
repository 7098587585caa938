package analyze

import (
	"math"
	"strings"
)

// Unrecorded says what the table that the calls stand in does not tell; "" where nothing is missing.
func (s *Status) Unrecorded() string {
	if len(s.NotRecorded) == 0 {
		return ""
	}
	return strings.Join(s.NotRecorded, " and ") + " are " + s.notIn()
}

// notIn is what is said in place of a number that the table does not record.
func (s *Status) notIn() string { return "not recorded in " + Clean(s.Table) }

// NoTries says that nobody knows whether these calls were tried again: attempts are not recorded, and none was found.
func (s *Status) NoTries(x *Summary) bool {
	return s.Lacks("attempts") && x.Retries+x.Chains+x.LostTries == 0 && x.Wasted == 0
}

// NoOutcomes says that nobody knows how runs ended: outcomes are not recorded, and none of the runs states one.
func (s *Status) NoOutcomes(success, failure int64) bool {
	return s.Lacks("outcomes") && success+failure == 0
}

// leaveOpen takes out what is 0 because the table that the calls stand in does not record it.
func (r *Report) leaveOpen(st *Status) {
	r.lacks = *st
	if w := st.Unrecorded(); w != "" {
		r.Warnings, r.warnings = append(r.Warnings, w), append(r.warnings, w)
	}
	if st.NoTries(&r.total.Summary) {
		found := r.inferred()
		if !found {
			r.Retries = nil
		}
		r.leaveTriesOpen(found)
	}
	if st.NoOutcomes(r.outcomes.Success, r.outcomes.Failure) {
		r.Outcomes, r.Caps, r.Warned = nil, nil, nil
		if r.Quality != nil {
			r.Quality.Productive, r.Quality.Failed = nil, nil
		}
		if r.Accuracy != nil {
			for i := range r.Accuracy.Quintiles {
				r.Accuracy.Quintiles[i].Success, r.Accuracy.Quintiles[i].Failure = nil, nil
			}
		}
	}
}

// leaveOpen takes out of a row what its sums cannot tell.
func (r *ReportRow) leaveOpen(of *Row, st *Status) {
	if st.NoTries(&of.Summary) {
		r.RetryRatio, r.Wasted = Fraction(math.NaN()), nil
	}
	if st.NoOutcomes(of.Success, of.Failure) {
		r.CostPerSuccess, r.Success, r.Failure = nil, nil, nil
	}
}

// inferred tells of the retries that the runs show, where the sums tell of none: a lower bound. found is false where there are none.
func (r *Report) inferred() (found bool) {
	if r.deep == nil || r.deep.Retries.Overflow() || r.deep.Retries.Chains+r.deep.Retries.Repeats+r.deep.Retries.Lost == 0 {
		return false
	}
	x, old, money := &r.deep.Retries, r.Retries, r.total.CostKnown()
	s := Summary{Calls: x.Attempts, Cost: x.Cost, Retries: x.Repeats, RetryCost: x.RetryCost, Wasted: x.Wasted, Chains: x.Chains, Rescued: x.Rescued, LostTries: x.Lost,
		Blind: r.total.Blind, Costs: r.total.Costs}
	for i := range x.Kinds {
		s.RetryKinds[i], s.Confidences[i] = x.Kinds[i].Count, x.Confidences[i].Count
	}
	rep := retryReport(&Row{Summary: s})
	rep.LowerBound, rep.wasInferred = true, true
	if !money {
		rep.RetryCost, rep.Wasted = nil, nil
	}
	rep.Hedges, rep.Resamples, rep.Regenerates, rep.ArgsChanged = old.Hedges, old.Resamples, old.Regenerates, old.ArgsChanged
	r.Retries = rep
	return true
}

// leaveTriesOpen takes out what the analysis says of attempts; found: runs show some, so that only agents without any are left open.
func (r *Report) leaveTriesOpen(found bool) {
	for i := range r.Agents {
		if *r.Agents[i].Retries == 0 {
			r.Agents[i].Retries = nil
		}
	}
	if found || r.deep == nil {
		return
	}
	r.Tries, r.TryCaps, r.Quality.Superseded = nil, nil, nil
	for i := range r.Multiplier.Factors {
		if f := &r.Multiplier.Factors[i]; f.Factor == jsonName(FactorRetries.String()) {
			*f = FactorInfo{Factor: f.Factor, Multiple: Fraction(math.NaN())}
		}
	}
	for i := range r.Load.Terciles {
		r.Load.Terciles[i].Attempts = Fraction(math.NaN())
	}
}

// noTries says that nothing at all tells of attempts: neither the table nor the runs.
func (r *Report) noTries() bool { return r.Retries == nil && r.lacks.Lacks("attempts") }

// noEnds says that no run states how it ended, and nothing records it.
func (r *Report) noEnds() bool { return r.Outcomes == nil && r.lacks.Lacks("outcomes") }

// inferredLine is what runs show of attempts that the table does not record.
func (r *Report) inferredLine(kinds []string, lost, unseen string) string {
	t := r.Retries
	cost := ""
	if t.Wasted != nil {
		cost = "at least " + amount(t.Wasted) + " wasted (" + Percent(float64(t.WasteShare)) + " of cost)"
	}
	return join("at least "+plural(t.Attempts-t.Operations, "further attempt")+" among "+plural(t.Attempts, "call"), cost, strings.Join(kinds, ", "), t.sure(), lost, unseen,
		"seen in the calls read: attempts are "+r.lacks.notIn())
}

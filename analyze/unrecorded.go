package analyze

import (
	"math"
	"slices"
	"strings"
)

// What the table of another program may not record.
const (
	RecordsAttempts = "attempts"
	RecordsOutcomes = "outcomes"
)

// Recorded says that what the calls were read from tells attempts, or outcomes.
func (s *Status) Recorded(what string) bool { return !slices.Contains(s.NotRecorded, what) }

// Unrecorded is what is not recorded, in words; "" where everything is.
func (s *Status) Unrecorded() string {
	if len(s.NotRecorded) == 0 {
		return ""
	}
	return strings.Join(s.NotRecorded, " and ") + " are not recorded in " + s.Table
}

// leaveOpen takes out of a report what is not recorded: unknown is not zero.
func (r *Report) leaveOpen(s *Status) {
	if text := s.Unrecorded(); text != "" {
		r.Warnings, r.warnings = append([]string{text}, r.Warnings...), append([]string{text}, r.warnings...)
	}
	nan := Fraction(math.NaN())
	attempts, outcomes := s.Recorded(RecordsAttempts), s.Recorded(RecordsOutcomes)
	if !attempts {
		x := &r.Retries
		x.CallAmplification, x.CostAmplification, x.RetryRatio, x.WasteShare, x.RescueRate = nan, nan, nan, nan, nan
		x.RetryCost, x.Wasted, x.CostPerRescue = nil, nil, nil
	}
	if !outcomes {
		o := &r.Outcomes
		o.Success, o.Failure, o.PerSuccess, o.Low, o.High, o.Bounds, o.AtLeast, o.FailureRatio = nil, nil, nil, nil, nil, nil, nil, nan
		r.outcomes = Outcomes{FailureRatio: math.NaN()}
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		if !attempts {
			row.RetryRatio, row.Wasted = nan, nil
		}
		if !outcomes {
			row.Success, row.Failure, row.CostPerSuccess = nil, nil, nil
		}
	}
}

package tracefmt

import "slices"

// joinLiteLLM links the attempts at one request: each names the failed one before it. A trace may hold several requests, also at the
// same time; attempts belong together by the model group that was asked for, their numbers, and the prompt where it is known.
func (a *Assembler) joinLiteLLM(recs []Record) {
	var calls []*Record
	retries := false
	for i := range recs {
		if r := &recs[i]; r.Format == FormatLiteLLM && r.Kind.IsModel() {
			r.RetryOf = ""
			calls = append(calls, r)
			retries = retries || r.RetryKind != RetryNone
		}
	}
	if !retries {
		return
	}
	slices.SortFunc(calls, byTime)
	taken := make([]bool, len(calls))
	for i, r := range calls {
		if r.RetryKind == RetryNone {
			continue
		}
		for k := i - 1; k >= 0; k-- {
			if !taken[k] && liteFollows(calls[k], r) {
				r.RetryOf, taken[k] = calls[k].ID, true
				break
			}
		}
	}
}

// liteFollows tells whether r may be the attempt after failed.
func liteFollows(failed, r *Record) bool {
	if failed.Status != StatusError || failed.RequestModel != r.RequestModel || failed.Kind != r.Kind {
		return false
	}
	if x, y := failed.Fingerprints[0], r.Fingerprints[0]; x != 0 && y != 0 && x != y {
		return false
	}
	if r.RetryKind == RetryFallback {
		return true
	}
	return max(failed.Attempt, 1) == r.Attempt-1
}

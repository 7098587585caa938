package tracefmt

import "testing"

// TestUsageConventions follows the order of tests of formats-otel 1.1; every number is summed by hand.
func TestUsageConventions(t *testing.T) {
	const (
		io       = HasInput | HasOutput
		langfuse = cacheBeside | reasonBeside
	)
	for name, tc := range map[string]struct {
		u     Usage
		has   Fields
		c     convention
		total int64
		want  Usage
		flags Flags
		odd   oddity
	}{
		"inside": {Usage{Input: 10000, CacheRead: 9000, Output: 100}, io, 0, noTotal, Usage{Input: 10000, CacheRead: 9000, Output: 100}, 0, 0},
		"beside": {Usage{Input: 1000, CacheRead: 9000, Output: 100}, io, cacheBeside, noTotal, Usage{Input: 10000, CacheRead: 9000, Output: 100}, 0, 0},
		"both beside": {Usage{Input: 100, CacheRead: 24, Output: 84, Reasoning: 50}, io, langfuse, noTotal,
			Usage{Input: 124, CacheRead: 24, Output: 134, Reasoning: 50}, 0, 0},

		"test 1": {Usage{Input: 134, CacheRead: 150, CacheWrite: 50}, io, 0, noTotal,
			Usage{Input: 334, CacheRead: 150, CacheWrite: 50}, FlagCacheOver | FlagCacheBeside, oddCache},
		"test 1, and the total counts reasoning but not the cache": {Usage{Input: 134, CacheRead: 200, Output: 10, Reasoning: 6}, io, 0, 150,
			Usage{Input: 334, CacheRead: 200, Output: 16, Reasoning: 6}, FlagCacheOver | FlagCacheBeside, oddCache},
		"test 1 in a format that excludes it": {Usage{Input: 134, CacheRead: 150, Output: 3}, io, cacheBeside, noTotal, Usage{Input: 284, CacheRead: 150, Output: 3}, 0, 0},
		"more reasoning than output":          {Usage{Input: 7, Output: 5, Reasoning: 9}, io, 0, noTotal, Usage{Input: 7, Output: 14, Reasoning: 9}, 0, 0},
		"more reasoning than output, by definition inside": {Usage{Input: 7, Output: 5, Reasoning: 9}, io, reasonKept, noTotal,
			Usage{Input: 7, Output: 5, Reasoning: 9}, 0, oddReasoning},

		"test 2: beside by total":   {Usage{Input: 500, CacheRead: 100, Output: 7}, io, 0, 607, Usage{Input: 600, CacheRead: 100, Output: 7}, FlagCacheBeside, 0},
		"test 2: inside by total":   {Usage{Input: 500, CacheRead: 100, Output: 7}, io, cacheBeside, 507, Usage{Input: 500, CacheRead: 100, Output: 7}, 0, 0},
		"reasoning beside by total": {Usage{Input: 179, Output: 35, Reasoning: 64}, io, 0, 278, Usage{Input: 179, Output: 99, Reasoning: 64}, 0, 0},
		"reasoning inside by total": {Usage{Input: 6, Output: 2055, Reasoning: 1104}, io, reasonBeside, 2061, Usage{Input: 6, Output: 2055, Reasoning: 1104}, 0, 0},
		"both beside by total": {Usage{Input: 500, CacheRead: 100, Output: 70, Reasoning: 30}, io, 0, 700,
			Usage{Input: 600, CacheRead: 100, Output: 100, Reasoning: 30}, FlagCacheBeside, 0},
		"cache and reasoning explain the total: the cache": {Usage{Input: 500, CacheRead: 30, Output: 70, Reasoning: 30}, io, 0, 600,
			Usage{Input: 530, CacheRead: 30, Output: 70, Reasoning: 30}, FlagCacheBeside, 0},
		"cache and reasoning explain the total: habit decides": {Usage{Input: 500, CacheRead: 30, Output: 70, Reasoning: 30}, io, reasonBeside, 600,
			Usage{Input: 500, CacheRead: 30, Output: 100, Reasoning: 30}, 0, 0},
		"a total without output proves nothing": {Usage{Input: 500, CacheRead: 100}, HasInput, 0, 600, Usage{Input: 500, CacheRead: 100}, 0, 0},
		"proof goes before the total": {Usage{Input: 400, CacheRead: 300, CacheWrite: 20, Output: 6}, io, cacheProven, 406,
			Usage{Input: 720, CacheRead: 300, CacheWrite: 20, Output: 6}, FlagCacheBeside, 0},

		"test 3: unattributed": {Usage{Input: 5, Output: 845}, io, 0, 2023, Usage{Input: 5, Output: 845, Unattributed: 1173}, 0, oddTotal},
		"test 3 after habit": {Usage{Input: 10, CacheRead: 20, Output: 5}, io, cacheBeside, 100,
			Usage{Input: 30, CacheRead: 20, Output: 5, Unattributed: 65}, 0, oddTotal},
		"a total below its parts": {Usage{Input: 10, Output: 5}, io, 0, 3, Usage{Input: 10, Output: 5}, 0, 0},

		"the cache is all that is known of the input": {Usage{CacheRead: 9, Output: 1}, HasOutput, 0, noTotal, Usage{Input: 9, CacheRead: 9, Output: 1}, FlagUnderstated, oddNoInput},
		"reasoning is all that is known of the output": {Usage{Input: 1, Reasoning: 9}, HasInput, reasonKept, noTotal,
			Usage{Input: 1, Output: 9, Reasoning: 9}, FlagUnderstated, oddNoOutput},
		"one hour alone": {Usage{Input: 5, CacheWrite1h: 8, Output: 1}, io | HasCacheWrite1h, cacheBeside, noTotal, Usage{Input: 13, CacheWrite: 8, CacheWrite1h: 8, Output: 1}, 0, 0},
		"more one-hour writes than writes": {Usage{Input: 9, CacheWrite: 5, CacheWrite1h: 6, Output: 1}, io | HasCacheWrite, 0, noTotal,
			Usage{Input: 9, CacheWrite: 5, CacheWrite1h: 5, Output: 1}, 0, oddHour},
		"nothing": {Usage{}, 0, langfuse, 12, Usage{}, 0, 0},
	} {
		r := Record{Usage: tc.u, Has: tc.has}
		odd := r.normaliseUsage(tc.c, tc.total)
		if r.Usage != tc.want || r.Flags != tc.flags || odd != tc.odd {
			t.Errorf("%s: %+v flags %b odd %b, want %+v flags %b odd %b", name, r.Usage, r.Flags, odd, tc.want, tc.flags, tc.odd)
		}
		if known := r.Has&HasInput != 0; known != (tc.want.Input > 0) {
			t.Errorf("%s: input known %v", name, known)
		}
	}
}

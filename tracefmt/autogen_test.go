package tracefmt

import "testing"

// TestAutoGenEqualCalls: two equal calls at two times are two; a line that is repeated, or an event without a time, is one.
func TestAutoGenEqualCalls(t *testing.T) {
	const event = `{"type":"LLMCall","agent_id":"planner/default","prompt_tokens":10,"completion_tokens":2}`
	for name, tc := range map[string]struct {
		log   string
		calls int
	}{
		"two times":   {"2025-11-24 16:00:00,250 - " + event + "\n2025-11-24 16:00:01,250 - " + event + "\n", 2},
		"a copy":      {"2025-11-24 16:00:00,250 - " + event + "\n2025-11-24 16:00:00,250 - " + event + "\n", 1},
		"without any": {event + "\n" + event + "\n", 1},
	} {
		b, names := readSources(t, write(t, "events.log", tc.log))
		calls := 0
		for _, run := range runsOf(b, names) {
			calls += len(run.Calls)
		}
		if calls != tc.calls || b.BadCount != 0 {
			t.Errorf("%s: %d calls, want %d; bad %v", name, calls, tc.calls, b.Bad)
		}
	}
}

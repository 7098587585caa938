package tracefmt

import "strings"

// codexSeeds are sessions of Codex: with a lost reading, and of a subagent.
func codexSeeds() []string {
	return []string{
		codexLines(codexFirst, `10:00:01.000 turn_context {"model":"m","turn_id":"019cb000-0000-7000-8000-000000000000"}`, "10:00:05.000 "+reading(100, 40, 10, 100, 40, 10),
			"10:00:09.000 "+reading(400, 240, 40, 160, 100, 10), `10:00:10.000 compacted {}`, `10:00:11.000 event_msg {"type":"turn_aborted","reason":"interrupted"}`),
		codexLines(strings.Replace(codexFirst, `"cwd"`, `"forked_from_id":"p","source":{"subagent":{"thread_spawn":{"parent_thread_id":"p"}}},"cwd"`, 1),
			`10:00:02.000 response_item {"type":"function_call","name":"x","arguments":"{}","call_id":"a"}`,
			`10:00:03.000 response_item {"type":"function_call_output","call_id":"a","output":"Exit code: 1\nOutput:\n"}`, "10:00:03.001 "+reading(100, 40, 10)),
	}
}

// copilotSeeds are sessions of the Copilot CLI: one that was closed twice, and one that was stopped.
func copilotSeeds() []string {
	return []string{
		events(copilotFirst, copilotMessage("10:00:05.000", "a", "m", 10), shutdown("10:01:00.000", "m 1000 400 30"), shutdown("10:02:00.000", "m 1500 400 30"),
			`10:02:01.000 assistant.usage {"model":"m","inputTokens":100,"outputTokens":9,"duration":2000,"apiCallId":"x"}`),
		events(copilotFirst, `10:00:06.000 tool.execution_start {"toolCallId":"t","toolName":"x","arguments":{}}`, `10:00:07.000 abort {}`,
			`10:00:06.000 subagent.started {"toolCallId":"t","agentName":"explore"}`),
	}
}

// repeated tells whether an id stands in more than one record.
func repeated(recs []Record) bool {
	seen := map[string]bool{}
	for i := range recs {
		id := recs[i].ID
		if seen[id] {
			return true
		}
		seen[id] = true
	}
	return false
}

package click

import "costscope/tracefmt"

// heliconeTable is the table of requests of Helicone. A request is a call, and a session is a run; none is part of another.
var heliconeTable = profile{
	name: "helicone", title: "Helicone", tables: []string{"request_response_rmt"}, format: tracefmt.FormatHelicone, lacks: []string{"attempts", "outcomes"},
	by:    []string{"request_id", "request_created_at", "organization_id", "provider", "model", "prompt_tokens", "completion_tokens", "properties", "cost", "status"},
	spans: heliconeSpans, tenant: "organization_id",
}

func heliconeSpans(r *detected) spans {
	const time, noUUID = "toUnixTimestamp64Milli(toDateTime64(request_created_at, 3)) * 1000000", "'00000000-0000-0000-0000-000000000000'"
	from := "(SELECT * FROM " + r.at(r.table) + " FINAL WHERE organization_id = " + quote(r.project) + ")"
	session := firstText(properties("Helicone-Session-Id", "session", "session_id", "sessionId", "conversation_id", "thread_id")...)
	run := firstText(append(properties("trace", "trace_id", "traceId", "_trace_id", "run", "run_id", "runId"), session, "toString(request_id)")...)
	measured := "(NOT a_failed OR a_input + a_output + a_read + a_written + a_reason > 0 OR cost > 0)" // else a failure of which nothing is known
	f := map[string]string{
		"call": "toString(request_id)", "has_finish": "latency IS NOT NULL", "finish": time + " + ifNull(latency, 0) * 1000000",
		"kind": "multiIf(positionCaseInsensitive(model, 'embed') > 0, 'embedding', positionCaseInsensitive(model, 'rerank') > 0, 'reranker', 'llm')",
		"name": "a_step", "step": firstText(append([]string{"a_step"}, properties("step", "step_name", "Step")...)...), "model": "model", "provider": "lower(provider)", "session": session,
		"workflow": firstText(properties("Helicone-Session-Name", "workflow", "workflow_name", "workflowName", "Workflow")...),
		"agent":    firstText(properties("agent", "agent_name", "agentName", "Agent")...), "feature": firstText(properties("feature", "Feature")...), "version": "properties['version']",
		"user":   firstText(append([]string{"user_id"}, properties("Helicone-User-Id", "user", "user_id", "userId", "_user", "User", "end_user")...)...),
		"status": "multiIf(status = -2, 'unfinished', a_failed, 'error', 'ok')",
		"input":  "a_input", "output": "a_output", "cache_read": "a_read", "cache_write": "a_written", "reasoning": "a_reason",
		"cache_beside": "positionCaseInsensitive(provider, 'anthropic') > 0 OR positionCaseInsensitive(provider, 'bedrock') > 0 OR provider = '' AND positionCaseInsensitive(model, 'claude') > 0",
		"cost":         "toInt64(cost) * 1000", "has_cost": measured, "bad": "NOT " + measured,
		"hit": "0", "asked": "request_body != ''",
	}
	for fact, column := range map[string]string{"input": "prompt_tokens", "output": "completion_tokens", "cache_read": "prompt_cache_read_tokens", "cache_write": "prompt_cache_write_tokens"} {
		f["has_"+fact] = column + " IS NOT NULL"
	}
	if r.has("cache_reference_id") {
		f["hit"] = "ifNull(toString(cache_reference_id), '') NOT IN ('', " + noUUID + ")"
	}
	reason := "0"
	if r.has("reasoning_tokens") {
		reason = "ifNull(reasoning_tokens, 0)"
	}
	lets := "status >= 400 OR status < 0 AND status != -2 AS a_failed, ifNull(prompt_tokens, 0) AS a_input, ifNull(completion_tokens, 0) AS a_output, ifNull(prompt_cache_read_tokens, 0) AS a_read," +
		" ifNull(prompt_cache_write_tokens, 0) AS a_written, " + reason + " AS a_reason, " +
		cleanedName("arrayElement(splitByChar('/', replaceRegexpAll(properties['Helicone-Session-Path'], '^[/ ]+|[/ ]+$', '')), -1)") + " AS a_step"
	line := "SELECT " + run + " AS q_run, toInt64(" + time + ") AS q_at, toString(request_id) AS q_id, formatRow('JSONEachRow', response_id, request_id," +
		" toTimeZone(request_created_at, 'UTC') AS request_created_at, latency, status, model, provider, user_id, prompt_tokens, completion_tokens, prompt_cache_read_tokens, prompt_cache_write_tokens," +
		" toInt64(" + reason + ") AS reasoning_tokens, properties, cost" + optional(r, "cache_reference_id") + optional(r, "country_code") + optional(r, "prompt_id") + optional(r, "prompt_version") +
		") AS q_line FROM " + from + " WHERE " + run + " IN ({runs}) AND {bound}"
	return spans{from: from, run: run, time: time, fields: f, lets: []string{lets}, lines: []string{line}, flat: true,
		bound: "request_created_at >= fromUnixTimestamp64Nano(%[1]d) AND request_created_at <= fromUnixTimestamp64Nano(%[2]d)"}
}

// properties are what a caller said of a request.
func properties(names ...string) (list []string) {
	for _, n := range names {
		list = append(list, "properties["+quote(n)+"]")
	}
	return list
}

// optional is a column of a line that not every version of the table has.
func optional(r *detected, column string) string {
	if !r.has(column) {
		return ""
	}
	return ", " + column
}

package click

import (
	"slices"
	"strings"

	"costscope/tracefmt"
)

// heliconeTable is that of Helicone's requests: one row each, replaced by later ones. A run is a session.
var heliconeTable = profile{
	name: "helicone", title: "Helicone", tables: []string{"request_response_rmt"}, tenant: "organization_id", format: tracefmt.FormatHelicone, lacks: []string{"attempts", "outcomes"},
	by:    []string{"request_id", "request_created_at", "latency", "status", "model", "provider", "prompt_tokens", "completion_tokens", "cost", "properties", "organization_id"},
	spans: heliconeSpans,
}

func heliconeSpans(r *detected) spans {
	const start = "toUnixTimestamp64Nano(toDateTime64(request_created_at, 9))"
	const none = "'00000000-0000-0000-0000-000000000000'"
	property := func(name string) string { return "properties[" + quote(name) + "]" }
	run := "if(" + property("Helicone-Session-Id") + " != '', " + property("Helicone-Session-Id") + ", toString(request_id))"
	from := "(SELECT * FROM " + r.at(r.table) + " FINAL WHERE " + r.mine() + ") AS o"
	count := func(column string) string { return "ifNull(" + column + ", 0)" }
	f := map[string]string{
		"call": "toString(request_id)", "kind": "multiIf(position(lower(model), 'embed') > 0, 'embedding', position(lower(model), 'rerank') > 0, 'reranker', 'llm')",
		"workflow": cleanedName(firstText(property("Helicone-Session-Name"), property("workflow"))), "agent": cleanedName(property("agent")), "feature": property("feature"),
		"step":  cleanedName("arrayElement(splitByChar('/', replaceRegexpAll(" + property("Helicone-Session-Path") + ", '^[/ ]+|[/ ]+$', '')), -1)"),
		"model": "model", "provider": "lower(provider)", "user": firstText("user_id", property("Helicone-User-Id")), "asked": "1",
		"session": property("Helicone-Session-Id"), "finish": "if(latency IS NULL, 0, " + start + " + 1000000 * ifNull(latency, 0))", "has_finish": "latency IS NOT NULL",
		"status": "multiIf(status = -2, 'unfinished', status >= 400 OR status < 0, 'error', 'ok')",
		"cost":   "toInt64(cost) * 1000", "has_cost": "NOT a_nothing", "hit": "cache_reference_id IS NOT NULL AND toString(assumeNotNull(cache_reference_id)) != " + none,
		"cache_beside": "position(lower(provider), 'anthropic') > 0 OR position(lower(provider), 'bedrock') > 0 OR provider = '' AND position(lower(model), 'claude') > 0",
	}
	var counts []string
	for fact, column := range map[string]string{"input": "prompt_tokens", "output": "completion_tokens", "cache_read": "prompt_cache_read_tokens", "cache_write": "prompt_cache_write_tokens", "reasoning": "reasoning_tokens"} {
		if !r.has(column) {
			continue
		}
		f[fact] = count(column)
		counts = append(counts, count(column))
		if fact != "reasoning" {
			f["has_"+fact] = column + " IS NOT NULL AND NOT a_nothing"
		}
	}
	slices.Sort(counts)
	lets := []string{"(status >= 400 OR status < 0 AND status != -2) AND cost = 0 AND " + strings.Join(counts, " + ") + " = 0 AS a_nothing"}
	line := "SELECT " + run + " AS q_run, " + start + " AS q_at, toString(request_id) AS q_id, formatRow('JSONEachRow', request_id, " + utc("request_created_at") + ", latency, status, model, provider, user_id, prompt_tokens, completion_tokens, " +
		"prompt_cache_read_tokens, prompt_cache_write_tokens, reasoning_tokens, cost, properties, cache_reference_id, scores) AS q_line FROM " + from + " WHERE " + run + " IN ({runs}) AND {bound}"
	return spans{from: from, run: run, time: start, bound: start + " >= %[1]d AND " + start + " <= %[2]d", lets: lets, fields: f, lines: []string{line}}
}

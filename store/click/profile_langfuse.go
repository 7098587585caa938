package click

import (
	"strings"

	"costscope/tracefmt"
)

// langfuseTables are those of Langfuse. A row is replaced by a later one of its key, which counts before the engine has merged them, too: FINAL.
var langfuseTables = profile{
	name: "langfuse", title: "Langfuse", tables: []string{"observations"}, beside: []string{"traces", "scores"}, tenant: "project_id", format: tracefmt.FormatLangfuse, lacks: []string{"attempts"},
	by:    []string{"id", "trace_id", "project_id", "parent_observation_id", "type", "start_time", "provided_model_name", "usage_details", "total_cost", "event_ts", "is_deleted"},
	spans: langfuseSpans,
}

const (
	langfuseStart = "toUnixTimestamp64Nano(toDateTime64(start_time, 9))"
	langfuseBound = langfuseStart + " >= %[1]d AND " + langfuseStart + " <= %[2]d"
)

func langfuseSpans(r *detected) spans {
	rows := func(table string) string { return r.at(table) + " FINAL WHERE " + r.mine() }
	traces := "SELECT id AS j_id, name AS j_name, ifNull(user_id, '') AS j_user, ifNull(session_id, '') AS j_session, " + firstText("ifNull(version, '')", "ifNull(release, '')") +
		" AS j_version, tags AS j_tags FROM " + rows("traces")
	within := "SELECT id FROM " + rows(r.table) + " AND ifNull(parent_observation_id, '') != ''"
	scores := "SELECT ifNull(trace_id, '') AS j_scored, argMinIf(" + verdictSQL() + ", (timestamp, id), " + verdictSQL() + " != '') AS j_verdict FROM " + rows("scores") + " AND name IN (" + strings.Join(quotes(tracefmt.VerdictNames()), ", ") +
		") AND (ifNull(observation_id, '') = '' OR observation_id GLOBAL NOT IN (" + within + ")) GROUP BY j_scored"
	model := "ifNull(provided_model_name, '')"
	f := map[string]string{
		"call": "id", "parent": "ifNull(parent_observation_id, '')", "kind": "a_kind", "model": "a_model", "name": spanName("name", "a_model"),
		"has_finish": "end_time IS NOT NULL OR type = 'EVENT'", "finish": "if(end_time IS NULL, if(type = 'EVENT', " + langfuseStart + ", 0), toUnixTimestamp64Nano(toDateTime64(assumeNotNull(end_time), 9)))",
		"version": "ifNull(version, '')", "status": "if(level = 'ERROR', 'error', 'unset')", "asked": "ifNull(input, '') != ''", "empty": "1",
		"agent": "if(a_kind IN ('guardrail', 'evaluator'), a_kind, '')", "tool": "if(a_kind = 'tool', " + spanName("name", "a_model") + ", '')",
		"run_workflow": cleanedName("j_name"), "run_user": "j_user", "run_session": "j_session", "run_version": "j_version", "run_outcome": "j_verdict",
		"run_tags": "arrayStringConcat(arrayMap(x -> replaceOne(x, ':', '='), j_tags), '\x1f')",
		"has_cost": "a_cost > 0", "cost": "a_cost",
		"cache_beside": "NOT a_inside", "reasoning_beside": "NOT a_inside",
	}
	usage := langfuseCounts(f)
	lets := []string{
		"if(match(" + model + ", '^(projects/|publishers/|models/|accounts/|arn:)') OR position(" + model + ", '/models/') > 0, arrayElement(splitByChar('/', " + model + "), -1), " + model + ") AS a_model, " + usage +
			", arrayExists(k -> position(k, '_details.') > 0, mapKeys(usage_details)) AS a_inside, toInt64(ifNull(arraySum(mapValues(mapFilter((k, v) -> k != 'total' AND v > 0, " + picoMap + "))), 0)) AS a_parts",
		kindSQL("type", tracefmt.ObservationKinds()) + " AS a_typed, multiIf(ifNull(total_cost, 0) > 0, " + picoOf("assumeNotNull(total_cost)") + ", " + picoMap + "['total'] > 0, " + picoMap + "['total'], a_parts) AS a_cost",
		"multiIf(a_typed = 'llm' AND type = 'GENERATION' AND position(a_model, 'embed') > 0, 'embedding', a_typed != '', a_typed, startsWith(name, 'invoke_agent ') OR startsWith(name, 'agent_run ['), 'agent', " +
			"startsWith(name, 'execute_tool '), 'tool', name = 'call_llm', 'llm', '') AS a_kind",
	}
	from := "(SELECT * FROM " + rows(r.table) + ") AS o LEFT ANY JOIN (" + traces + ") AS t ON o.trace_id = t.j_id LEFT ANY JOIN (" + scores + ") AS v ON o.trace_id = v.j_scored"
	return spans{from: from, run: "trace_id", time: langfuseStart, bound: langfuseBound, lets: lets, fields: f, lines: langfuseLines(r, rows)}
}

// picoOf is an amount of twelve decimals in pico-dollars.
func picoOf(decimal string) string {
	return "toInt64(toDecimal128(" + decimal + ", 12) * toDecimal128(1000000000000, 0))"
}

var picoMap = "mapApply((k, v) -> (k, " + picoOf("v") + "), cost_details)"

// langfuseCounts names the counts of usage_details, whose keys do not overlap, and says what fields they are.
func langfuseCounts(f map[string]string) string {
	var lets []string
	value := func(key string) string { return "toInt64(usage_details[" + quote(key) + "])" }
	known := tracefmt.LangfuseUsage()
	for _, fact := range []string{"input", "output", "cache_read", "cache_write", "hour", "reasoning", "total"} {
		var values []string
		for _, key := range known[fact] {
			values = append(values, value(key))
		}
		lets = append(lets, "arrayFirst(x -> x > 0, "+array(values)+") AS a_"+fact, "hasAny(mapKeys(usage_details), "+quoted(known[fact])+") AS a_has_"+fact)
	}
	split := "arraySum(" + array(mapped(known["split"], value)) + ")"
	var all []string
	for _, keys := range known {
		all = append(all, keys...)
	}
	rest := func(prefix string) string {
		return "arraySum(mapValues(mapFilter((k, v) -> startsWith(k, " + quote(prefix) + ") AND NOT has(" + quoted(all) + ", k), usage_details)))"
	}
	const told = "(a_has_input OR a_has_output)"
	for _, fact := range []string{"input", "output", "cache_read", "hour", "reasoning", "total"} {
		f[fact] = "if(" + told + ", a_" + fact + ", 0)"
	}
	for _, fact := range []string{"input", "output", "cache_read", "total"} {
		f["has_"+fact] = told + " AND a_has_" + fact
	}
	f["cache_write"] = "multiIf(NOT " + told + ", 0, a_cache_write > 0, a_cache_write, a_hour + " + split + ")"
	f["has_cache_write"] = told + " AND (a_has_cache_write OR a_hour + " + split + " > 0)"
	f["rest_input"], f["rest_output"] = "if("+told+", "+rest("input_")+", 0)", "if("+told+", "+rest("output_")+", 0)"
	return strings.Join(lets, ", ")
}

func mapped(list []string, f func(string) string) (out []string) {
	for _, s := range list {
		out = append(out, f(s))
	}
	return out
}

func quotes(list []string) []string { return mapped(list, quote) }

// verdictSQL is what a score says of its run: its word, else a number that is a boolean.
func verdictSQL() string {
	words := tracefmt.OutcomeWords()
	var from, to []string
	for _, o := range []tracefmt.Outcome{tracefmt.OutcomeSuccess, tracefmt.OutcomeFailure} {
		for _, w := range words[o] {
			from, to = append(from, quote(w)), append(to, quote(o.String()))
		}
	}
	return "multiIf(ifNull(string_value, '') != '', transform(lower(assumeNotNull(string_value)), " + array(from) + ", " + array(to) + ", ''), value = 1, 'success', value = 0, 'failure', '')"
}

// langfuseLines are the questions for runs as Langfuse exports them: observations, traces and scores.
func langfuseLines(r *detected, rows func(string) string) []string {
	line := func(table, run, at string, columns ...string) string {
		return "SELECT " + run + " AS q_run, " + at + " AS q_at, id AS q_id, formatRow('JSONEachRow', " + strings.Join(columns, ", ") + ") AS q_line FROM " + rows(table) + " AND " + run + " IN ({runs})"
	}
	const stamp = "toUnixTimestamp64Nano(toDateTime64(timestamp, 9))"
	return []string{
		line(r.table, "trace_id", langfuseStart, "id", "trace_id", "parent_observation_id", "type", "name", utc("start_time"), utc("end_time"), "level", "status_message", "version", "provided_model_name", "usage_details",
			"cost_details", "total_cost", "metadata", "input", "output") + " AND {bound}",
		line("traces", "id", stamp, "id", utc("timestamp"), "name", "user_id", "session_id", "tags", "release", "version", "metadata", "bookmarked"),
		line("scores", "ifNull(trace_id, '')", stamp, "id", utc("timestamp"), "assumeNotNull(trace_id) AS trace_id", "observation_id", "name", "value", "string_value", "data_type"),
	}
}

// utc is a time of a line, which is written without its zone.
func utc(column string) string { return "toTimeZone(" + column + ", 'UTC') AS " + column }

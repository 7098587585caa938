package click

import (
	"strings"

	"costscope/tracefmt"
)

// langfuseTables are those of Langfuse. A row is replaced by a later one of its key, which counts before the engine has merged them, too: FINAL.
var langfuseTables = profile{
	name: "langfuse", title: "Langfuse", tables: []string{"observations"}, beside: []string{"traces", "scores"}, tenant: "project_id", format: tracefmt.FormatLangfuse, lacks: []string{"attempts"},
	unsummed: true, // its names, costs and outcomes stand in three tables: a question that joins them takes the engine minutes to understand
	by:       []string{"id", "trace_id", "project_id", "parent_observation_id", "type", "start_time", "provided_model_name", "usage_details", "total_cost", "event_ts", "is_deleted"},
	spans:    langfuseSpans,
}

const (
	langfuseStart = "toUnixTimestamp64Nano(toDateTime64(start_time, 9))"
	langfuseBound = langfuseStart + " >= %[1]d AND " + langfuseStart + " <= %[2]d"
)

func langfuseSpans(r *detected) spans {
	rows := func(table string) string { return r.at(table) + " FINAL WHERE " + r.mine() }
	finish := "if(end_time IS NULL, " + langfuseStart + ", toUnixTimestamp64Nano(toDateTime64(assumeNotNull(end_time), 9)))"
	return spans{from: r.at(r.table) + " FINAL", is: r.mine(), run: "trace_id", time: langfuseStart, bound: langfuseBound, fields: map[string]string{"finish": finish}, lines: langfuseLines(r, rows)}
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

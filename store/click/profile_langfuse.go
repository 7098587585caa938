package click

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// langfuseTables are the tables of Langfuse. A row counts once it is the latest of its key, which the engine settles while it reads.
var langfuseTables = profile{
	name: "langfuse", title: "Langfuse", tables: []string{"observations"}, beside: []string{"traces", "scores"}, format: tracefmt.FormatLangfuse, lacks: []string{"attempts"},
	by:    []string{"id", "trace_id", "project_id", "type", "parent_observation_id", "start_time", "usage_details", "total_cost", "event_ts"},
	spans: langfuseSpans, tenant: "project_id",
}

// A langfuseSource writes the questions about one project.
type langfuseSource struct{ r *detected }

// rows are those of a table that hold.
func (l langfuseSource) rows(table string) string {
	return "(SELECT * FROM " + l.r.at(table) + " FINAL WHERE project_id = " + quote(l.r.project) + ")"
}

func langfuseSpans(r *detected) spans {
	l := langfuseSource{r}
	milli := "toUnixTimestamp64Milli(toDateTime64(start_time, 3))"
	f := map[string]string{
		"call": "id", "parent": "ifNull(parent_observation_id, '')", "has_finish": "end_time IS NOT NULL OR type = 'EVENT'",
		"finish": "if(end_time IS NULL, " + milli + ", toUnixTimestamp64Milli(toDateTime64(assumeNotNull(end_time), 3))) * 1000000",
		"kind":   "a_kind", "name": "a_called", "model": "a_model", "provider": "metadata['ls_provider']", "status": "if(level = 'ERROR', 'error', 'unset')",
		"agent": "multiIf(metadata['lc_agent_name'] != '', metadata['lc_agent_name'], a_kind IN ('guardrail', 'evaluator'), a_kind, '')",
		"step":  "metadata['langgraph_node']", "tool": "if(a_kind = 'tool', a_called, '')", "feature": firstText("metadata['feature']", "l_feature"),
		"version": "ifNull(version, '')", "user": firstMember("user_id", "userId", "user"), "session": firstMember("session_id", "sessionId", "session", "conversation_id", "thread_id"),
		"outcome":      "if(ifNull(parent_observation_id, '') = '', l_said, '')",
		"run_workflow": "l_name", "run_user": "l_user", "run_session": "l_session", "run_version": "l_version", "run_tags": "l_tags", "run_outcome": "l_outcome",
		"asked": "ifNull(input, '') != ''", "empty": "1", "cache_beside": "a_beside", "reasoning_beside": "a_beside",
	}
	l.counts(f)
	l.money(f)
	return spans{from: l.joined(), run: "trace_id", time: milli + " * 1000000", fields: f, lets: l.lets(), lines: l.lines(),
		bound: "start_time >= fromUnixTimestamp64Nano(%[1]d) AND start_time <= fromUnixTimestamp64Nano(%[2]d)"}
}

// firstMember is the first member of an observation's metadata that says something.
func firstMember(keys ...string) string {
	for i, k := range keys {
		keys[i] = "metadata[" + quote(k) + "]"
	}
	return firstText(keys...)
}

// joined are the observations with what is said of their traces.
func (l langfuseSource) joined() string {
	traces := "(SELECT id AS l_id, name AS l_name, ifNull(user_id, '') AS l_user, ifNull(session_id, '') AS l_session, if(ifNull(version, '') != '', version, ifNull(release, '')) AS l_version," +
		" arrayStringConcat(arraySort(arrayDistinct(arrayMap(x -> replaceRegexpOne(x, '^([^:=]+)[:=]', '\\\\1='), tags))), '\\x1f') AS l_tags," +
		" substring(arrayFirst(x -> match(x, '^feature[:=].'), tags), 9) AS l_feature FROM " + l.rows("traces") + ")"
	return "(SELECT o.*, t.*, v.l_outcome AS l_outcome, w.l_outcome AS l_said FROM " + l.rows("observations") + " AS o LEFT ANY JOIN " + traces + " AS t ON o.trace_id = t.l_id" +
		" LEFT ANY JOIN " + l.verdicts(true) + " AS v ON o.trace_id = v.l_of LEFT ANY JOIN " + l.verdicts(false) + " AS w ON o.id = w.l_of)"
}

// verdicts are what scores say of the outcome, the first of them first: of traces, or of observations.
func (l langfuseSource) verdicts(traces bool) string {
	names, words := tracefmt.Verdicts()
	of, is := "ifNull(observation_id, '')", "!="
	if traces {
		of, is = "ifNull(trace_id, '')", "="
	}
	label := "ifNull(string_value, '')"
	said := "multiIf(l_word != '', l_word, " + label + " = '' AND value = 1, 'success', " + label + " = '' AND value = 0, 'failure', '')"
	return "(SELECT " + of + " AS l_of, argMin(" + said + ", (timestamp, id)) AS l_outcome FROM (SELECT *, " + wordSQL(label, words) + " AS l_word FROM " + l.rows("scores") +
		") WHERE name IN (" + strings.Trim(quoted(names), "[]") + ") AND ifNull(observation_id, '') " + is + " '' AND " + said + " != '' GROUP BY l_of)"
}

// wordSQL is the outcome that a word says, ” where it says none.
func wordSQL(text string, words map[string]tracefmt.Outcome) string {
	var from, to []string
	for w := range words {
		from = append(from, w)
	}
	slices.Sort(from)
	for _, w := range from {
		to = append(to, words[w].String())
	}
	return "transform(lower(" + text + "), " + quoted(from) + ", " + quoted(to) + ", '')"
}

// lets are what several fields use.
func (l langfuseSource) lets() []string {
	var words map[string]tracefmt.Kind
	for _, k := range tracefmt.KindAttributes() {
		if k.Name == "langfuse.observation.type" {
			words = k.Words
		}
	}
	const model = "ifNull(provided_model_name, '')"
	count := func(fact string) string {
		var list []string
		for _, k := range tracefmt.LangfuseCounts(fact) {
			list = append(list, "toInt64(usage_details["+quote(k)+"])")
		}
		return array(list)
	}
	any := func(fact string) string {
		return "hasAny(mapKeys(usage_details), " + quoted(tracefmt.LangfuseCounts(fact)) + ")"
	}
	first := []string{kindSQL("type", words) + " AS a_typed",
		"if(match(" + model + ", '^(projects/|publishers/|models/|accounts/|arn:)|/models/'), arrayElement(splitByChar('/', " + model + "), -1), " + model + ") AS a_model",
		"arraySum(" + count("cache_write_5m") + ") AS a_5m", "(" + any("input") + " OR " + any("output") + ") AS a_details",
		"if(arrayExists(x -> position(x, '_details.') > 0, mapKeys(usage_details)), 0, 1) AS a_beside"}
	for _, fact := range []string{"input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning", "total"} {
		first = append(first, "arrayFirst(x -> x > 0, "+count(fact)+") AS a_"+fact, any(fact)+" AS a_has_"+fact)
	}
	return []string{strings.Join(first, ", "), spanName("name", "a_model") + " AS a_called," +
		" multiIf(a_typed = 'llm' AND position(a_model, 'embed') > 0, 'embedding', a_typed != '', a_typed, mapContains(metadata, 'color') AND mapContains(metadata, 'inputs'), 'tool'," +
		" startsWith(name, 'invoke_agent '), 'agent', startsWith(name, 'execute_tool '), 'tool', name = 'call_llm', 'llm', startsWith(name, 'agent_run ['), 'agent', '') AS a_kind," +
		" if(a_cache_write = 0, a_cache_write_1h + a_5m, a_cache_write) AS a_written"}
}

// counts are the buckets of usage_details, which do not overlap. Without input and output they say nothing.
func (l langfuseSource) counts(f map[string]string) {
	for _, fact := range []string{"input", "output", "cache_read", "reasoning", "total"} {
		f[fact], f["has_"+fact] = "if(a_details, a_"+fact+", 0)", "a_details AND a_has_"+fact
	}
	delete(f, "has_reasoning")
	f["cache_write"], f["has_cache_write"], f["hour"] = "if(a_details, a_written, 0)", "a_details AND (a_has_cache_write OR a_written > 0)", "if(a_details, a_cache_write_1h, 0)"
	var known []string
	for _, fact := range []string{"input", "output", "cache_read", "cache_write", "cache_write_1h", "cache_write_5m", "reasoning", "total"} {
		known = append(known, tracefmt.LangfuseCounts(fact)...)
	}
	rest := func(prefix string) string {
		return "if(a_details, toInt64(arraySum(mapValues(mapFilter((k, v) -> startsWith(k, " + quote(prefix) + ") AND NOT has(" + quoted(known) + ", toString(k)), usage_details)))), 0)"
	}
	f["rest_input"], f["rest_output"] = rest("input_"), rest("output_")
	f["bad"] = "arrayExists(x -> x > " + maxTokens + ", mapValues(usage_details))"
}

// money is the total cost, else what the details add up to, where that is more than nothing.
func (l langfuseSource) money(f map[string]string) {
	const details = "if(cost_details['total'] > 0, toDecimal128(cost_details['total'], 12), toDecimal128(arraySum(mapValues(cost_details)), 12))"
	f["has_cost"] = "ifNull(total_cost >= 0, 0) OR total_cost IS NULL AND " + details + " > 0"
	f["cost"] = "toInt64(if(total_cost IS NULL, " + details + ", toDecimal128(ifNull(total_cost, 0), 12)) * toDecimal128(1000000000000, 0))"
}

// lines are the rows of the three tables as an export writes them.
func (l langfuseSource) lines() []string {
	line := func(table, run, at, members, where string) string {
		return "SELECT " + run + " AS q_run, toInt64(" + at + ") AS q_at, toString(id) AS q_id, formatRow('JSONEachRow', " + members + ") AS q_line FROM " + l.rows(table) + " WHERE " + run + " IN ({runs})" + where
	}
	utc := func(column string) string { return "toTimeZone(" + column + ", 'UTC') AS " + column }
	return []string{
		line("observations", "trace_id", "toUnixTimestamp64Milli(toDateTime64(start_time, 3))", "id, trace_id, type, parent_observation_id, "+utc("start_time")+", "+utc("end_time")+
			", name, level, status_message, version, provided_model_name, usage_details, total_cost, cost_details, metadata, input, output", " AND {bound}"),
		line("traces", "id", "0", "id, "+utc("timestamp")+", name, user_id, session_id, version, release, tags, metadata, bookmarked", ""),
		line("scores", "ifNull(trace_id, '')", "0", "id, "+utc("timestamp")+", ifNull(trace_id, '') AS trace_id, observation_id, name, value, string_value, data_type, source", ""),
	}
}

// oneProject finds the tenant whose rows are read: the one that the address names, or the only one.
func (c *Client) oneProject(ctx context.Context, r *detected) error {
	if r.tenant == "" || r.project != "" {
		return nil
	}
	rows, err := c.Query(ctx, "SELECT DISTINCT toString("+r.tenant+") AS q_p FROM "+r.at(r.table)+" ORDER BY q_p LIMIT 13")
	if err != nil {
		return err
	}
	var names []string
	for rows.Next() {
		names = append(names, rows.Text(0))
	}
	if len(names) > 1 {
		return fmt.Errorf("%s holds several projects: %s; ?project= in the address says which one is meant", c.at, strings.Join(firstFew(names, 12), ", "))
	}
	if len(names) == 1 {
		r.project = names[0]
	}
	return rows.Err()
}

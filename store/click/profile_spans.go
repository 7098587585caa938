package click

import (
	"fmt"
	"strings"
)

// Types of the columns of a span, as what converts to them.
const (
	text  = "toString(%s)"
	name  = "trimBoth(replaceRegexpAll(toString(%s), '[[:cntrl:]]', ' '))" // a text that people see
	flag  = "toUInt8(%s)"
	count = "toInt64(%s)"
)

// spanColumns are the columns of a span in the normal form. What a schema does not say is an empty text or 0. Counts are as stated: settledSpans makes
// input all input and output all output.
var spanColumns = []struct {
	kind  string
	names string
}{
	{text, "call parent kind status outcome tags run_outcome run_tags"}, // run_: said of the run
	{name, "name workflow feature version agent instance role step tool provider model user session service run_workflow run_user run_session run_version"},
	{flag, "has_finish has_input has_output has_cache_read has_cache_write has_total has_cost"},
	{count, "finish input output cache_read cache_write hour reasoning total cost"}, // hour: cache writes for one hour; cost: pico-dollars
	{count, "rest_input rest_output"},       // beside input and output: audio and the like
	{flag, "cache_beside reasoning_beside"}, // input excludes what was cached, output excludes reasoning, where the counts do not tell
	{flag, "empty"},                         // counts of 0 mean that they are not known
	{flag, "bad"},                           // a count is no number: none is known
	{flag, "hit"},                           // a gateway's cache answered: nothing was used
	{flag, "asked"},                         // what was asked is in the trace
}

// baseSpans is the question for all spans of the runs with a span in question that began between two times, a day around them included: a
// run's names and what its calls enclose are told by spans that may lie outside. 0 is no bound.
func (s *spans) baseSpans(w bounds, once bool) string {
	bound := s.within(w)
	rows := "SELECT *, toString(" + s.run + ") AS b_run, toInt64(" + s.time + ") AS b_start FROM " + s.from + " WHERE " + bound + " AND " + s.only(bound)
	if once {
		rows += " LIMIT 1 BY " + s.run + ", " + s.id
	}
	columns := []string{"b_run", "b_start"}
	for _, c := range spanColumns {
		for _, n := range strings.Fields(c.names) {
			value := s.fields[n]
			switch {
			case value != "":
				value = fmt.Sprintf(c.kind, value)
			case c.kind == text || c.kind == name:
				value = "''"
			default:
				value = fmt.Sprintf(c.kind, "0")
			}
			columns = append(columns, value+" AS b_"+n)
		}
	}
	return levels("SELECT "+strings.Join(columns, ", ")+" FROM ("+levels(rows, s.lets...)+")",
		"b_cost != 0 AND b_has_cost AND NOT b_hit AS b_pays, b_hit OR NOT b_bad AND (b_has_input OR b_has_output OR b_cache_read + b_cache_write + b_hour + b_reasoning > 0"+
			" OR b_has_total AND b_kind IN ('embedding', 'reranker')) AND NOT (b_empty AND b_input + b_output + b_cache_read + b_cache_write + b_hour + b_reasoning + b_rest_input + b_rest_output = 0) AS b_usage")
}

// only leaves the runs with a span of the kind that is meant.
func (s *spans) only(bound string) string {
	if s.is == "" {
		return "1"
	}
	return s.run + " GLOBAL IN (SELECT " + s.run + " FROM " + s.from + " WHERE " + bound + " AND " + s.is + ")"
}

// meant is the condition on the rows that are in question.
func (s *spans) meant() string {
	if s.is == "" {
		return "1"
	}
	return s.is
}

// margin is how long before and after a time range the spans of its runs are looked for.
const margin = 86_400_000_000_000

// within prunes by time.
func (s *spans) within(w bounds) string {
	const first, last = 0, 4102444800_000_000_000 // 1970 to 2100
	from, to := int64(first), int64(last)
	if w.since != 0 {
		from = w.since - margin
	}
	if w.until != 0 {
		to = w.until + margin
	}
	return fmt.Sprintf(s.bound, from, to)
}

// levels puts columns on top of each other: those of a level use what the levels below it name. One level for all would have the engine
// write out every name that stands in another one, again and again.
func levels(from string, list ...string) string {
	for _, columns := range list {
		from = "SELECT *, " + columns + " FROM (" + from + ")"
	}
	return from
}

// settledSpans gives spans their counts in the normal form, as tracefmt does: by what the numbers prove, else by the schema's habit.
func settledSpans(base string) string {
	return levels(base,
		"NOT b_bad AND b_kind IN ('embedding', 'reranker') AND b_has_total AND NOT b_has_input AND NOT b_has_output AS u_whole",
		`multiIf(b_bad, 0, u_whole, b_total, b_input) AS u_plain_in, NOT b_bad AND (b_has_input OR u_whole) AS u_has_in, if(b_bad, 0, b_output) AS u_plain_out, NOT b_bad AND b_has_output AS u_has_out,
 if(b_bad, 0, b_cache_read) AS u_read, multiIf(b_bad, 0, b_has_cache_write, b_cache_write, b_hour) AS u_write, if(b_bad, 0, b_reasoning) AS u_reason, NOT b_bad AND b_has_total AS u_has_total`,
		"u_has_in AND u_has_total AND b_total = u_plain_in + u_plain_out AS u_complete, least(if(b_bad, 0, b_hour), u_write) AS u_hour, u_read + u_write AS u_cached",
		"u_plain_in + if(b_bad OR u_complete, 0, b_rest_input) AS u_in, u_plain_out + if(b_bad OR u_complete, 0, b_rest_output) AS u_out",
		"u_has_total AND u_has_in AND u_has_out AS u_told, b_total - u_in - u_out AS u_beyond",
		"u_beyond = u_reason AND (u_beyond != u_cached OR b_reasoning_beside AND NOT b_cache_beside) AS u_reason_beyond",
		`multiIf(NOT u_told, b_cache_beside, u_beyond = 0 OR u_reason_beyond, 0, u_beyond IN (u_cached, u_cached + u_reason), 1, b_cache_beside) AS u_cache_beside,
 multiIf(NOT u_told, b_reasoning_beside, u_beyond = 0, 0, u_reason_beyond, 1, u_beyond = u_cached, 0, u_beyond = u_cached + u_reason, 1, b_reasoning_beside) AS u_reason_beside`,
		`u_in + if(u_cached > 0 AND (NOT u_has_in OR u_cached > u_in OR u_cache_beside), u_cached, 0) AS u_all_in,
 u_out + if(u_reason > 0 AND (NOT u_has_out OR u_reason > u_out OR u_reason_beside), u_reason, 0) AS u_all_out`,
		"b_hit OR b_empty AND u_all_in = 0 AND u_all_out = 0 AS u_none",
		`if(u_none, 0, u_all_in) AS n_in, if(u_none, 0, u_all_out) AS n_out, if(u_none, 0, u_read) AS n_read, if(u_none, 0, u_write) AS n_write, if(u_none, 0, u_hour) AS n_hour,
 if(u_none, 0, u_reason) AS n_reason, if(u_told AND NOT u_none, greatest(b_total - u_all_in - u_all_out, 0), 0) AS n_rest, if(u_none, b_hit, u_has_in OR u_cached > 0) AS n_has_in,
 if(u_none, b_hit, u_has_out OR u_reason > 0) AS n_has_out, b_has_cache_read AND NOT b_bad AND NOT u_none AS n_has_read, if(b_hit, 0, b_cost) AS n_cost`,
		"b_hit OR b_has_cost AND NOT (n_cost = 0 AND b_usage AND n_in + n_out > 0) AS n_has_cost")
}

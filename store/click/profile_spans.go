package click

import (
	"fmt"
	"strings"
)

// spanColumns are the columns of a span in the normal form, with what stands where a schema does not say it. A text is ” where it is not stated.
// Counts are as stated: settledSpans makes input all input and output all output.
var spanColumns = []struct{ name, none string }{
	{"call", "''"}, {"parent", "''"}, {"name", "''"}, {"kind", "''"}, {"workflow", "''"}, {"feature", "''"}, {"version", "''"}, {"agent", "''"},
	{"instance", "''"}, {"role", "''"}, {"step", "''"}, {"tool", "''"}, {"provider", "''"}, {"model", "''"}, {"user", "''"}, {"session", "''"},
	{"service", "''"}, {"tags", "''"}, {"status", "'unset'"}, {"outcome", "''"},
	// what is said of the run
	{"run_workflow", "''"}, {"run_user", "''"}, {"run_session", "''"}, {"run_version", "''"}, {"run_tags", "''"}, {"run_outcome", "''"},
	{"has_finish", "0"}, {"finish", "0"}, {"has_input", "0"}, {"input", "0"}, {"has_output", "0"}, {"output", "0"}, {"has_cache_read", "0"}, {"cache_read", "0"},
	{"has_cache_write", "0"}, {"cache_write", "0"}, {"hour", "0"}, {"has_reasoning", "0"}, {"reasoning", "0"}, {"has_total", "0"}, {"total", "0"},
	{"rest_input", "0"}, {"rest_output", "0"}, // beside input and output: audio and the like
	{"cache_beside", "0"}, {"reasoning_beside", "0"}, // input excludes what was cached, output excludes reasoning, where the counts do not tell
	{"empty", "0"},                   // counts of 0 mean that they are not known
	{"bad", "0"},                     // a count is no number: none is known
	{"has_cost", "0"}, {"cost", "0"}, // pico-dollars
	{"hit", "0"},  // a gateway's cache answered: nothing was used
	{"text", "0"}, // what was asked is in the trace
}

// baseSpans is the question for all spans of the runs with a span in question that began between two times, a day around them included: a
// run's names and what its calls enclose are told by spans that may lie outside. 0 is no bound.
func (s *spans) baseSpans(w window, once bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT toString(%s) AS b_run, toInt64(%s) AS b_start", s.run, s.time)
	for _, c := range spanColumns {
		value, cast := c.none, "toInt64"
		if strings.HasPrefix(c.none, "'") {
			cast = "toString"
		}
		if f := s.fields[c.name]; f != "" {
			value = f
		}
		b.WriteString(", " + cast + "(" + value + ") AS b_" + c.name)
	}
	bound := s.within(w)
	b.WriteString(" FROM " + s.from + " WHERE " + bound + " AND " + s.only(bound))
	if once {
		b.WriteString(" LIMIT 1 BY " + s.run + ", " + s.id)
	}
	return b.String()
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
func (s *spans) within(w window) string {
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

// settledSpans gives spans their counts in the normal form, as tracefmt does: by what the numbers prove, else by the schema's habit.
func settledSpans(base string) string {
	known := `SELECT *,
 b_kind IN ('embedding', 'reranker') AND b_has_total AND NOT b_has_input AND NOT b_has_output AS u_whole,
 if(b_bad, 0, if(u_whole, b_total, b_input)) AS u_plain_in, NOT b_bad AND (b_has_input OR u_whole) AS u_has_in,
 if(b_bad, 0, b_output) AS u_plain_out, NOT b_bad AND b_has_output AS u_has_out,
 NOT (b_has_total AND b_total = u_plain_in + u_plain_out AND u_has_in) AS u_more,
 u_plain_in + if(u_more AND NOT b_bad, b_rest_input, 0) AS u_in, u_plain_out + if(u_more AND NOT b_bad, b_rest_output, 0) AS u_out,
 if(b_bad, 0, b_cache_read) AS u_read, if(b_bad, 0, if(b_has_cache_write, b_cache_write, b_hour)) AS u_write, if(b_bad, 0, least(b_hour, u_write)) AS u_hour,
 if(b_bad, 0, b_reasoning) AS u_reason
FROM (` + base + `)`
	habits := `SELECT *, u_read + u_write AS u_cached, NOT b_bad AND b_has_total AND u_has_in AND u_has_out AS u_told, b_total - u_in - u_out AS u_beyond,
 u_beyond = u_reason AND (u_beyond != u_cached OR b_reasoning_beside AND NOT b_cache_beside) AS u_reason_beyond,
 multiIf(NOT u_told, b_cache_beside, u_beyond = 0 OR u_reason_beyond, 0, u_beyond IN (u_cached, u_cached + u_reason), 1, b_cache_beside) AS u_cache_beside,
 multiIf(NOT u_told, b_reasoning_beside, u_beyond = 0, 0, u_reason_beyond, 1, u_beyond = u_cached, 0, u_beyond = u_cached + u_reason, 1, b_reasoning_beside) AS u_reason_beside
FROM (` + known + `)`
	all := `SELECT *, u_in + if(u_cached > 0 AND (NOT u_has_in OR u_cached > u_in OR u_cache_beside), u_cached, 0) AS u_all_in,
 u_out + if(u_reason > 0 AND (NOT u_has_out OR u_reason > u_out OR u_reason_beside), u_reason, 0) AS u_all_out,
 b_hit OR b_empty AND u_all_in = 0 AND u_all_out = 0 AS u_none
FROM (` + habits + `)`
	return `SELECT *, if(u_none, 0, u_all_in) AS n_in, if(u_none, 0, u_all_out) AS n_out, if(u_none, 0, u_read) AS n_read, if(u_none, 0, u_write) AS n_write, if(u_none, 0, u_hour) AS n_hour,
 if(u_none, 0, u_reason) AS n_reason, if(u_told AND NOT u_none, greatest(b_total - u_all_in - u_all_out, 0), 0) AS n_rest,
 if(u_none, b_hit, u_has_in OR u_cached > 0) AS n_has_in, if(u_none, b_hit, u_has_out OR u_reason > 0) AS n_has_out, b_has_cache_read AND NOT b_bad AND NOT u_none AS n_has_read,
 n_has_in OR n_has_out AS n_usage, (b_has_cost AND NOT (b_cost = 0 AND n_usage AND n_in + n_out > 0 AND NOT b_hit)) OR b_hit AS n_has_cost, if(b_hit, 0, b_cost) AS n_cost,
 b_has_cost AND b_cost != 0 AS n_pays
FROM (` + all + `)`
}

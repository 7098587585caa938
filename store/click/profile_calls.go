package click

import (
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"
)

// profileCalls is what stands after FROM for calls of another schema: its spans under the names of callColumns, with the decisions that tracefmt
// makes when it assembles runs.
func profileCalls(source, base string, mode tracefmt.CostMode, p *pricing) string {
	holds := func(t string) string {
		return t + " > 0 AND (" + encloses("c_kind0") + " OR NOT b_has_finish OR " + t + " < b_finish OR " + t + " = b_finish AND c_kind0 = 'tool')"
	}
	joined := `SELECT s.*, own.t_used AS c_used, own.t_model AS c_models, up.t_workflow AS up_workflow, up.t_agent AS up_agent, up.t_step AS up_step, up.r_workflow AS r_workflow, up.r_feature AS r_feature,
 up.r_version AS r_version, up.r_user AS r_user, up.r_session AS r_session, up.r_tags AS r_tags, up.r_outcome AS c_outcome
FROM (` + settledSpans("SELECT * FROM base") + `) AS s LEFT ANY JOIN tree AS up ON s.b_run = up.t_run AND s.b_parent = up.t_id LEFT ANY JOIN tree AS own ON s.b_run = own.t_run AND s.b_call = own.t_id`
	state := map[tracefmt.CostMode]string{
		tracefmt.CostAuto:         "n_has_cost, 'recorded', c_has_computed, 'computed'",
		tracefmt.CostModeRecorded: "n_has_cost, 'recorded'",
		tracefmt.CostModeComputed: "c_has_computed, 'computed'",
	}[mode]
	stated := levels(joined,
		"if(b_kind = '', if(b_usage AND b_model != '' AND c_models = 0, 'llm', 'chain'), b_kind) AS c_kind0, "+p.provider()+" AS c_provider, "+p.row()+` AS c_row,
 if(NOT b_has_finish AND b_status = 'unset', 'unfinished', b_status) AS c_status, multiIf(b_workflow != '', b_workflow, up_workflow != '', up_workflow, r_workflow) AS c_workflow,
 if(b_feature != '', b_feature, r_feature) AS c_feature, if(b_version != '', b_version, r_version) AS c_version, if(b_user != '', b_user, r_user) AS c_user,
 if(b_session != '', b_session, r_session) AS c_session, multiIf(b_tags = '', r_tags, r_tags IN ('', b_tags), b_tags, concat(b_tags, '\x1f', r_tags)) AS c_tags`,
		"if(c_kind0 = 'llm' AND ("+holds("c_models")+"), 'chain', c_kind0) AS c_kind, "+p.cost()+" AS c_priced",
		`(NOT b_usage AND c_kind = 'tool') OR NOT (`+holds("c_used")+`) AS c_counted, b_usage OR b_pays AS c_carries, `+encloses("c_kind")+` AS c_encloses,
 multiIf(b_agent != '', b_agent, b_kind = 'agent' AND b_name != '', b_name, up_agent != '', up_agent, c_workflow) AS c_agent,
 b_usage AND c_priced >= 0 AND c_priced <= 9223372036854775807 AS c_has_computed, toInt64(if(c_has_computed, c_priced, 0)) AS c_computed`,
		`if(c_encloses, c_counted AND c_carries AND b_kind != 'llm', 1) AS c_is_call, multiIf(NOT c_counted, '', `+state+`, b_usage, 'unpriced', c_kind IN ('llm', 'embedding'), 'no usage', '') AS c_state,
 c_counted AND n_has_cost AND c_has_computed AND abs(n_cost - c_computed) > intDiv(n_cost, 100) AS c_differs,
 multiIf(b_kind = 'agent', '', c_encloses AND b_parent != '' AND b_step != '', b_step, c_encloses AND b_parent != '' AND b_name != '', b_name, up_step) AS c_above`,
		`multiIf(c_state = 'recorded', n_cost, c_state = 'computed', c_computed, 0) AS c_cost,
 multiIf(c_kind = 'tool', b_tool, b_step != '', b_step, c_above != '', c_above, b_name != '' OR c_kind != 'llm', b_name, 'chat') AS c_step`)
	return "(WITH base AS (" + base + "), tree AS (" + treeOf("base") + ") SELECT " + canonicalColumns(source) + " FROM (" + stated + ") SETTINGS short_circuit_function_evaluation = 'disable') AS calls"
}

// canonicalColumns are callColumns out of what is known of a span.
func canonicalColumns(source string) string {
	value := map[string]string{
		"day": "toDate(toUInt16(intDiv(b_start, 86400000000000)))", "run": "b_run", "seq": "modulo(sipHash64(b_call), 4294967296)", "call": "b_call", "counts": "c_is_call OR c_state != ''",
		"has_start": "1", "start": "b_start", "has_end": "b_has_finish", "finish": "b_finish", "workflow": "c_workflow", "feature": "c_feature", "version": "c_version",
		"agent": "c_agent", "instance": "b_instance", "role": "b_role", "step": "c_step", "kind": "c_kind", "model": "b_model", "provider": "c_provider", "tool": "b_tool",
		"status": "c_status", "outcome": "c_outcome", "user": "c_user", "session": "c_session", "source": quote(source), "tags": "c_tags",
		"is_call": "c_is_call", "listed": "c_is_call", "known": "c_state IN ('recorded', 'computed')",
		"missing": "c_state = 'unpriced' OR c_state = 'no usage' AND c_status != 'error'",
		"bucket":  "if(c_state IN ('recorded', 'computed'), 1 + " + bucket("c_cost") + ", 0)", "attempt": "1",
		"has_in": "n_has_in", "in_tok": "n_in", "has_out": "n_has_out", "out_tok": "n_out", "has_cached": "n_has_read", "cached_tok": "n_read", "line": "''",
	}
	isModel := "(c_kind = 'llm' OR " + encloses("c_kind") + " AND b_usage)"
	sums := map[string]string{
		"calls": "c_is_call", "cost": "c_cost", "llm": "c_is_call AND " + isModel, "tools": "c_is_call AND c_kind = 'tool'", "human": "c_is_call AND c_kind = 'human'",
		"other": "c_is_call AND NOT (" + isModel + " OR c_kind IN ('tool', 'human'))", "failed": "c_is_call AND c_status = 'error'",
		"recorded": "if(c_state = 'recorded', c_cost, 0)", "computed": "if(c_state = 'computed', c_cost, 0)", "mismatches": "c_differs",
		"unpriced": "c_state = 'unpriced'", "unpriced_tokens": "if(c_state = 'unpriced', n_in + n_out, 0)", "no_usage": "c_state = 'no usage'",
		"unbilled": "c_state = 'no usage' AND c_status = 'error'", "input": "if(c_counted, n_in, 0)", "cache_read": "if(c_counted, n_read, 0)",
		"cache_write": "if(c_counted, n_write, 0)", "cache_write_1h": "if(c_counted, n_hour, 0)", "output": "if(c_counted, n_out, 0)", "reasoning": "if(c_counted, n_reason, 0)",
		"unattributed": "if(c_counted, n_rest, 0)", "blind": "c_is_call AND c_kind = 'llm' AND NOT b_asked",
	}
	for _, n := range analyze.SumNames {
		if value["s_"+n] = sums[n]; sums[n] == "" {
			value["s_"+n] = "0"
		}
	}
	var list []string
	for _, c := range callColumns {
		v := value[c.name]
		if c.kind != "Date" && c.kind != "String" {
			v = "to" + c.kind + "(" + v + ")"
		}
		list = append(list, v+" AS "+c.name)
	}
	return strings.Join(list, ", ")
}

// bucket is analyze.Bucket.
func bucket(x string) string {
	shift := "greatest(bitCount(roundToExp2(" + x + ") - 1) - 6, 0)"
	return "if(" + x + " <= 0, 0, 64 * " + shift + " + bitShiftRight(" + x + ", " + shift + "))"
}

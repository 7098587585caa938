package click

import (
	"strconv"
	"strings"
)

// encloses is true of kinds that are made of the calls below them.
func encloses(kind string) string {
	return kind + " IN ('', 'agent', 'chain', 'guardrail', 'evaluator')"
}

// treeDepth is how many levels up names are looked for, and down usage: 2 to the power of this.
const treeDepth = 5

// treeOf is the question for what the spans of a run say of each other. A row stands for a span that others name as their parent, or for what is named so without being there, ” among
// them: what is below it (the earliest start of a span with usage, of a model call), and the agent, workflow and step that
// it hands down. With each go the facts of its run.
func treeOf(base string) string {
	const order = "(t_start, t_finish, t_id)"
	nodes := `SELECT b_run AS t_run, if(t_self, b_call, b_parent) AS t_id, max(t_self) AS t_there, countIf(NOT t_self) AS t_kids,
 minIf(greatest(b_start, 1), NOT t_self AND (b_usage OR b_pays AND b_kind IN ('llm', 'embedding', 'reranker'))) AS t_used0,
 minIf(greatest(b_start, 1), NOT t_self AND (b_kind = 'llm' OR b_kind = '' AND b_usage AND b_model != '')) AS t_model0,
 anyIf(b_parent, t_self) AS t_up, anyIf(b_kind, t_self) AS t_kind, anyIf(b_name, t_self) AS t_name, anyIf(b_agent, t_self) AS t_agent, anyIf(b_workflow, t_self) AS t_workflow,
 anyIf(b_step, t_self) AS t_step, anyIf(b_start, t_self) AS t_start, anyIf(b_finish, t_self) AS t_finish, anyIf(b_status, t_self) AS t_status,
 anyIf(b_usage AND b_model != '', t_self) AS t_answers, anyIf(NOT b_has_finish AND b_status = 'unset', t_self) AS t_open, anyIf(b_outcome, t_self) AS t_outcome,
 anyIf(b_feature, t_self) AS t_feature, anyIf(b_version, t_self) AS t_version, anyIf(b_user, t_self) AS t_user, anyIf(b_session, t_self) AS t_session,
 anyIf(b_service, t_self) AS t_service, anyIf(b_tags, t_self) AS t_tags,
 max(b_run_workflow) AS t_run_workflow, max(b_run_user) AS t_run_user, max(b_run_session) AS t_run_session, max(b_run_version) AS t_run_version, max(b_run_tags) AS t_run_tags,
 max(b_run_outcome) AS t_run_outcome
FROM (SELECT *, arrayJoin([1, 0]) AS t_self FROM ` + base + `) GROUP BY t_run, t_id`
	first := func(col string) string {
		return "argMinIf(t_" + col + ", " + order + ", t_there AND t_" + col + " != '')"
	}
	said := func(col string) string {
		return "if(max(t_run_" + col + ") != '', max(t_run_" + col + "), " + first(col) + ") AS r_" + col
	}
	top := func(value, more string) string {
		return "argMinIf(" + value + ", " + order + ", t_there AND t_up = ''" + more + ")"
	}
	rootStatus := top("t_status", " AND "+encloses("t_kind"))
	runs := `SELECT t_run, ` + top("if(t_workflow != '', t_workflow, if("+encloses("t_kind")+" OR t_model0 > 0, t_name, ''))", "") + ` AS r_top,
 multiIf(max(t_run_workflow) != '', max(t_run_workflow), r_top != '', r_top, ` + first("workflow") + ` != '', ` + first("workflow") + `, ` + first("service") + `) AS r_workflow,
 ` + first("feature") + ` AS r_feature, ` + said("version") + `, ` + said("user") + `, ` + said("session") + `, ` + said("tags") + `,
 multiIf(` + first("outcome") + ` != '', ` + first("outcome") + `, max(t_run_outcome) != '', max(t_run_outcome), ` + rootStatus + ` = 'ok', 'success', ` + rootStatus + ` = 'error', 'failure',
  max(t_open), 'in_flight', 'unknown') AS r_outcome,
 groupArrayIf((t_id, t_up, t_agent, t_workflow, t_step, t_name, t_kind, t_answers, t_used0, t_model0), t_kids > 0) AS a_all
FROM (` + nodes + `) GROUP BY t_run`
	// The nodes of a run as arrays, and for each the places of the one above it, and of the nearest ones at or above it that name an agent, a workflow, a step; 0 for none.
	const none = "9223372036854775807"
	part := func(i int, name string) string { return "arrayMap(x -> x." + strconv.Itoa(i) + ", a_all) AS a_" + name }
	arrays := levels(runs, strings.Join([]string{part(1, "id"), part(4, "workflow"),
		"arrayMap(x -> multiIf(x.7 = 'agent', '', x.5 != '', x.5, x.6), a_all) AS a_step",
		"arrayMap(x -> if(x.3 = '' AND x.7 = 'agent', x.6, x.3), a_all) AS a_agent"}, ", "),
		"arrayMap(x -> toUInt32(if(x.2 = '', 0, indexOf(a_id, x.2))), a_all) AS a_up, "+
			"arrayMap((x, i) -> toUInt32(if(x != '', i, 0)), a_agent, arrayEnumerate(a_id)) AS a_ag, "+
			"arrayMap((x, i) -> toUInt32(if(x != '', i, 0)), a_workflow, arrayEnumerate(a_id)) AS a_wf, "+
			"arrayMap((x, i) -> toUInt32(if(x.7 = 'agent' OR x.2 != '' AND ("+encloses("x.7")+" AND NOT (x.7 = '' AND x.8 AND x.10 = 0) OR x.7 = 'llm' AND x.10 > 0), i, 0)), a_all, arrayEnumerate(a_id)) AS a_st, "+
			"arrayMap(x -> if(x.9 = 0, "+none+", x.9), a_all) AS a_us, arrayMap(x -> if(x.10 = 0, "+none+", x.10), a_all) AS a_ml",
		"arrayFold((a, k) -> "+doubled+", range("+strconv.Itoa(treeDepth)+"), (a_up, a_ag, a_wf, a_st, a_us, a_ml)) AS a_far")
	below := func(a string) string { return "if(" + a + " = " + none + ", 0, " + a + ")" }
	return `SELECT t_run, t_id, r_workflow, r_feature, r_version, r_user, r_session, r_tags, r_outcome, if(t_ag = 0, '', a_agent[t_ag]) AS t_agent, if(t_wf = 0, '', a_workflow[t_wf]) AS t_workflow,
 if(t_st = 0, '', a_step[t_st]) AS t_step, ` + below("t_us") + ` AS t_used, ` + below("t_ml") + ` AS t_model
FROM (` + arrays + `) ARRAY JOIN a_id AS t_id, a_far.2 AS t_ag, a_far.3 AS t_wf, a_far.4 AS t_st, a_far.5 AS t_us, a_far.6 AS t_ml`
}

// doubled looks twice as far as before: a holds, for each node, the place of the one that far above it, what was found up to there, and the earliest
// starts that far below.
const doubled = `(arrayMap(u -> if(u = 0, 0, a.1[u]), a.1), arrayMap((x, u) -> if(x != 0 OR u = 0, x, a.2[u]), a.2, a.1), arrayMap((x, u) -> if(x != 0 OR u = 0, x, a.3[u]), a.3, a.1),
 arrayMap((x, u) -> if(x != 0 OR u = 0, x, a.4[u]), a.4, a.1), arrayMap((x, i) -> least(x, arrayMin(arrayMap((u, y) -> if(u = i, y, 9223372036854775807), a.1, a.5))), a.5, arrayEnumerate(a.5)),
 arrayMap((x, i) -> least(x, arrayMin(arrayMap((u, y) -> if(u = i, y, 9223372036854775807), a.1, a.6))), a.6, arrayEnumerate(a.6)))`

package click

import "strconv"

// encloses is true of kinds that are made of the calls below them.
func encloses(kind string) string {
	return kind + " IN ('', 'agent', 'chain', 'guardrail', 'evaluator')"
}

// treeDepth is how many levels up names are looked for, and down usage: 2 to the power of this.
const treeDepth = 5

// treeOf is the question for what the spans of a run say of each other. A row stands for a span that others name as their parent, or for
// what is named so without being there, the empty name among them: what is below it (the earliest start of a span with usage, of a model
// call), and the agent, workflow and step that it hands down. With each go the facts of its run.
func treeOf(base string) string {
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
		return "argMinIf(t_" + col + ", (t_start, t_finish, t_id), t_there AND t_" + col + " != '')"
	}
	said := func(col string) string {
		return "if(max(t_run_" + col + ") != '', max(t_run_" + col + "), " + first(col) + ") AS r_" + col
	}
	runs := `SELECT t_run, max(t_run_workflow) AS r_named, ` + first("workflow") + ` AS r_stated, ` + first("service") + ` AS r_service,
 argMinIf((t_id, t_workflow, t_kind, t_name, t_finish), (t_start, t_finish, t_id), t_there AND t_up = '') AS r_root,
 argMinIf(t_status, (t_start, t_finish, t_id), t_there AND t_up = '' AND ` + encloses("t_kind") + `) AS r_status,
 ` + first("feature") + ` AS r_feature, ` + said("version") + `, ` + said("user") + `, ` + said("session") + `, ` + said("tags") + `,
 multiIf(` + first("outcome") + ` != '', ` + first("outcome") + `, max(t_run_outcome) != '', max(t_run_outcome), r_status = 'ok', 'success', r_status = 'error', 'failure', max(t_open), 'in_flight', 'unknown') AS r_outcome,
 groupArrayIf((t_id, t_up, t_agent, t_workflow, t_step, t_name, t_kind, t_answers, t_used0, t_model0, t_finish), t_kids > 0) AS a_all
FROM (` + nodes + `) GROUP BY t_run`
	part := func(i int, name string) string { return "arrayMap(x -> x." + strconv.Itoa(i) + ", a_all) AS a_" + name }
	place := func(when string) string {
		return "arrayMap((x, i) -> toUInt32(if(" + when + ", i, 0)), a_all, arrayEnumerate(a_all))"
	}
	// First what is below each node, then what is handed down to it: whether a model call is made of others decides whether it names a step.
	arrays := levels(runs, part(1, "id")+", "+part(4, "workflow")+", arrayMap(x -> multiIf(x.7 = 'agent', '', x.5 != '', x.5, x.6), a_all) AS a_step, arrayMap(x -> if(x.3 = '' AND x.7 = 'agent', x.6, x.3), a_all) AS a_agent",
		"arrayMap(x -> toUInt32(if(x.2 = '', 0, indexOf(a_id, x.2))), a_all) AS a_up",
		"arrayFold((a, k) -> "+deeper+", range("+strconv.Itoa(treeDepth)+"), (a_up, arrayMap(x -> if(x.9 = 0, "+never+", x.9), a_all), arrayMap(x -> if(x.10 = 0, "+never+", x.10), a_all))) AS a_below",
		"arrayMap((x, m) -> x.7 = 'llm' AND "+partOf("m", "x.11")+" OR "+encloses("x.7")+" AND NOT (x.7 = '' AND x.8 AND m = "+never+"), a_all, a_below.3) AS a_encloses",
		"arrayFold((a, k) -> "+higher+", range("+strconv.Itoa(treeDepth)+"), (a_up, "+place("a_agent[i] != ''")+", "+place("a_workflow[i] != ''")+", "+place("x.7 = 'agent' OR x.2 != '' AND a_encloses[i]")+")) AS a_above",
		"indexOf(a_id, r_root.1) AS a_root",
		"multiIf(r_named != '', r_named, r_root.2 != '', r_root.2, ("+encloses("r_root.3")+" OR r_root.3 = 'llm' AND a_root > 0 AND "+partOf("a_below.3[a_root]", "r_root.5")+") AND r_root.4 != '', r_root.4, r_stated != '', r_stated, r_service) AS r_workflow")
	below := func(a string) string { return "if(" + a + " = " + never + ", 0, " + a + ")" }
	return `SELECT t_run, t_id, r_workflow, r_feature, r_version, r_user, r_session, r_tags, r_outcome, if(t_ag = 0, '', a_agent[t_ag]) AS t_agent, if(t_wf = 0, '', a_workflow[t_wf]) AS t_workflow,
 if(t_st = 0, '', a_step[t_st]) AS t_step, ` + below("t_us") + ` AS t_used, ` + below("t_ml") + ` AS t_model
FROM (` + arrays + `) ARRAY JOIN a_id AS t_id, a_above.2 AS t_ag, a_above.3 AS t_wf, a_above.4 AS t_st, a_below.2 AS t_us, a_below.3 AS t_ml`
}

// never is the start of what there is none of.
const never = "9223372036854775807"

// partOf says that what started then is part of a call that ended; one without an end may hold anything.
func partOf(start, finish string) string {
	return start + " != " + never + " AND (" + finish + " = 0 OR " + start + " < " + finish + ")"
}

// deeper looks twice as far down as before: a holds, for each node, the place of the one so far above it, and the earliest starts of usage and of model calls down to there.
const deeper = `(arrayMap(u -> if(u = 0, 0, a.1[u]), a.1), arrayMap((x, i) -> least(x, arrayMin(arrayMap((u, y) -> if(u = i, y, ` + never + `), a.1, a.2))), a.2, arrayEnumerate(a.2)),
 arrayMap((x, i) -> least(x, arrayMin(arrayMap((u, y) -> if(u = i, y, ` + never + `), a.1, a.3))), a.3, arrayEnumerate(a.3)))`

// higher looks twice as far up as before: a holds the place of the node so far above, and of the nearest ones up to there that name an agent, a workflow, a step; 0 for none.
const higher = `(arrayMap(u -> if(u = 0, 0, a.1[u]), a.1), arrayMap((x, u) -> if(x != 0 OR u = 0, x, a.2[u]), a.2, a.1), arrayMap((x, u) -> if(x != 0 OR u = 0, x, a.3[u]), a.3, a.1),
 arrayMap((x, u) -> if(x != 0 OR u = 0, x, a.4[u]), a.4, a.1))`

package click

import (
	"bytes"
	"maps"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

const (
	milli   = int64(time.Millisecond)
	project = "p-1"
)

// short is a time as products with milliseconds write it.
func short(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.000") }

var observationTypes = map[string]string{"chat": "GENERATION", "embeddings": "EMBEDDING", "execute_tool": "TOOL", "retrieval": "RETRIEVER", "invoke_agent": "AGENT", "invoke_workflow": "CHAIN"}

// observed is a span's id as Langfuse has it: unique in its project.
func (t *told) observed(id string) string {
	if id == "" {
		return ""
	}
	return t.run + ": " + id
}

// observation is the row of Langfuse, whose counts are parts that do not overlap.
func (t *told) observation() object {
	row := object{"id": t.observed(t.id), "trace_id": t.run, "project_id": project, "type": "SPAN", "start_time": short(t.start), "end_time": short(t.end), "name": t.name, "level": "DEFAULT",
		"metadata": object{}, "event_ts": short(t.end), "is_deleted": 0, "parent_observation_id": nil}
	if x := observationTypes[t.op]; x != "" {
		row["type"] = x
	}
	for k, v := range map[string]string{"parent_observation_id": t.observed(t.parent), "provided_model_name": t.model} {
		if v != "" {
			row[k] = v
		}
	}
	if t.model == "" && t.asked != "" {
		row["provided_model_name"] = t.asked
	}
	if t.failed != "" {
		row["level"], row["status_message"] = "ERROR", t.failed
	}
	usage, total := object{}, int64(0)
	for _, x := range []struct {
		name string
		has  tracefmt.Fields
		n    int64
	}{{"input", tracefmt.HasInput, max(t.usage.Uncached(), 0)}, {"input_cached_tokens", tracefmt.HasCacheRead, t.usage.CacheRead}, {"input_cache_creation", tracefmt.HasCacheWrite, t.usage.CacheWrite},
		{"output", tracefmt.HasOutput, max(t.usage.Output-t.usage.Reasoning, 0)}, {"output_reasoning_tokens", tracefmt.HasReasoning, t.usage.Reasoning}} {
		if t.has&x.has != 0 {
			usage[x.name] = x.n
			total += x.n
		}
	}
	if len(usage) > 0 {
		usage["total"] = total
	}
	row["usage_details"], row["provided_usage_details"] = usage, usage
	if t.cost != "" {
		row["total_cost"] = decimals(string(t.cost))
		row["cost_details"] = object{"total": row["total_cost"]}
	}
	return row
}

// decimals is an amount with the twelve digits that the column keeps.
func decimals(usd string) string {
	f, err := strconv.ParseFloat(usd, 64)
	if err != nil {
		panic(err)
	}
	return strconv.FormatFloat(f, 'f', 12, 64)
}

// later is the row as it was replaced: what holds comes after it.
func later(row object, change object) object {
	x := maps.Clone(row)
	maps.Copy(x, change)
	return x
}

const longAgo = "2020-01-01 00:00:00.000"

// langfuseRows are the rows of the three tables that hold, those that they replaced, and deleted ones.
type langfuseRows struct {
	observations, traces, scores, old, oldTraces, oldScores []object
}

func langfuseOf(spans []told) (x langfuseRows) {
	seen := map[string]bool{}
	for i := range spans {
		t := &spans[i]
		row := t.observation()
		x.observations = append(x.observations, row)
		if i%10 == 0 { // the answer was still streaming when it was written first
			x.old = append(x.old, later(row, object{"event_ts": longAgo, "end_time": nil, "total_cost": "77.5", "usage_details": object{"input": 5, "output": 1, "total": 6}, "level": "DEFAULT"}))
		}
		if i%25 == 0 { // one that a person deleted
			gone := later(row, object{"id": t.observed(t.id) + "-gone", "event_ts": longAgo, "total_cost": "1000"})
			x.old = append(x.old, gone, later(gone, object{"event_ts": short(t.end), "is_deleted": 1}))
		}
		if !seen[t.run] {
			seen[t.run] = true
			x.run(t, len(seen))
		}
	}
	return x
}

// run adds the n-th run's trace and scores.
func (x *langfuseRows) run(t *told, n int) {
	trace := object{"id": t.run, "timestamp": short(t.start), "name": t.service, "project_id": project, "tags": []string{"feature:refunds", "tier=gold"}, "metadata": object{}, "public": false, "bookmarked": false,
		"event_ts": short(t.end), "is_deleted": 0, "release": "r7"}
	if t.user != "" {
		trace["user_id"] = t.user
	}
	if t.session != "" {
		trace["session_id"] = t.session
	}
	x.traces = append(x.traces, trace)
	score := object{"id": t.run + "/score", "timestamp": short(t.end), "project_id": project, "trace_id": t.run, "name": "success", "value": n % 2, "source": "API", "data_type": "BOOLEAN",
		"string_value": []string{"False", "True"}[n%2], "event_ts": short(t.end), "is_deleted": 0}
	word := later(score, object{"id": t.run + "/word", "name": "resolved", "value": 0, "data_type": "CATEGORICAL", "string_value": []string{"escalated", "yes"}[n%2]})
	quality := later(score, object{"id": t.run + "/quality", "name": "answer_quality", "value": 0.25 * float64(n%4), "data_type": "NUMERIC", "string_value": nil})
	switch n % 4 {
	case 0:
		x.scores = append(x.scores, score)
		x.oldScores = append(x.oldScores, later(score, object{"value": 1 - n%2, "string_value": "True", "event_ts": longAgo}))
		x.oldTraces = append(x.oldTraces, later(trace, object{"name": "unnamed", "user_id": "nobody", "event_ts": longAgo}))
	case 1:
		x.scores = append(x.scores, word, quality)
	case 2:
		x.scores = append(x.scores, quality)
		x.oldScores = append(x.oldScores, later(score, object{"event_ts": longAgo}), later(score, object{"is_deleted": 1}))
	}
}

func fillLangfuse(t *testing.T, c *Client, spans []told) { fillProject(t, c, project, spans) }

func fillProject(t *testing.T, c *Client, name string, spans []told) {
	x := langfuseOf(spans)
	for _, part := range [...]struct {
		table string
		rows  []object
	}{{"observations", x.old}, {"traces", x.oldTraces}, {"scores", x.oldScores}, {"observations", x.observations}, {"traces", x.traces}, {"scores", x.scores}} {
		for _, r := range part.rows {
			r["project_id"] = name
		}
		insertRows(t, c, part.table, part.rows)
	}
}

func langfuseFile(spans []told) []object {
	x := langfuseOf(spans)
	return append(append(x.observations, x.traces...), x.scores...)
}

// proxied says that Helicone's proxy saw the span.
func (t *told) proxied() bool { return t.op == "chat" || t.op == "embeddings" }

func uuid(text string) string {
	h := hexID(text, 16)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// request is the row of Helicone. Anthropic's counts stand beside the cached ones.
func (t *told) request() object {
	row := object{"response_id": uuid("response " + t.id), "request_id": uuid(t.id), "request_created_at": short(t.start), "response_created_at": short(t.end), "latency": (t.end - t.start) / milli, "status": 200,
		"model": t.model, "provider": strings.ToUpper(t.provider), "user_id": t.user, "organization_id": uuid("org"), "auth_type": "", "updated_at": short(t.end),
		"properties": object{"Helicone-Session-Id": t.run, "Helicone-Session-Name": t.service, "Helicone-Session-Path": "/" + t.agent + "/" + strings.ReplaceAll(t.name, "/", " ")},
		"scores":     object{}, "request_body": "", "response_body": "", "cost": 0}
	if t.failed != "" {
		row["status"] = 429
	}
	if t.model == "" {
		row["model"] = t.asked
	}
	input := t.usage.Input
	if t.provider == "anthropic" {
		input = max(t.usage.Uncached(), 0)
	}
	for _, x := range []struct {
		name string
		has  tracefmt.Fields
		n    int64
	}{{"prompt_tokens", tracefmt.HasInput, input}, {"completion_tokens", tracefmt.HasOutput, t.usage.Output}, {"prompt_cache_read_tokens", tracefmt.HasCacheRead, t.usage.CacheRead},
		{"prompt_cache_write_tokens", tracefmt.HasCacheWrite, t.usage.CacheWrite}, {"reasoning_tokens", tracefmt.HasReasoning, t.usage.Reasoning}} {
		if t.has&x.has != 0 {
			row[x.name] = x.n
		}
	}
	if f, err := strconv.ParseFloat(string(t.cost), 64); err == nil {
		row["cost"] = uint64(math.Round(f * 1e9))
	}
	return row
}

func heliconeOf(spans []told) (rows, old []object) {
	for i := range spans {
		t := &spans[i]
		if !t.proxied() {
			continue
		}
		row := t.request()
		switch {
		case i%11 == 0:
			old = append(old, later(row, object{"updated_at": longAgo, "cost": 99_000_000_000, "prompt_tokens": 1, "status": 500}))
		case i%13 == 0: // the proxy answered by itself
			row["cache_enabled"], row["cache_reference_id"] = true, uuid("hit "+t.id)
		case i%17 == 0:
			row["status"] = -3
		}
		rows = append(rows, row)
	}
	return rows, old
}

func fillHelicone(t *testing.T, c *Client, spans []told) {
	rows, old := heliconeOf(spans)
	insertRows(t, c, "request_response_rmt", old)
	insertRows(t, c, "request_response_rmt", rows)
}

func heliconeFile(spans []told) []object {
	rows, _ := heliconeOf(spans)
	return rows
}

// products are the schemas of products with tables of their own.
var products = []schema{{"langfuse", fillLangfuse, langfuseFile}, {"helicone", fillHelicone, heliconeFile}}

func TestTablesOfProducts(t *testing.T) {
	for _, x := range products {
		t.Run(x.name, func(t *testing.T) {
			m, s := opened(t, x, x.name, append(hard(), toldRuns(t, 30)...))
			sameTables(t, m, s)
			open := []string{"sources", "skipped", "warnings"}
			if st := s.Status(); st.Lacks("outcomes") {
				open = append(open, "outcomes")
			}
			sameReport(t, m, s, open...)
		})
	}
}

// A trace of one project may have the ids of another's: they are never added up.
func TestProjectsOfLangfuse(t *testing.T) {
	c := modern(t, "projects", "langfuse")
	fillProject(t, c, "p-1", hard())
	fillProject(t, c, "p '2\\", crew())
	_, err := Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	if err == nil || !strings.Contains(err.Error(), "p-1") || !strings.Contains(err.Error(), "project=") {
		t.Errorf("of two projects one was chosen, or both: %v", err)
	}
	for name, spans := range map[string][]told{"p-1": hard(), "p '2\\": crew()} {
		in := dial(t, "clickhouse://"+c.at.Host+"/"+c.at.Database+"?project="+url.QueryEscape(name))
		m := mem(t, func(w *bytes.Buffer) { lines(w, langfuseFile(spans)) })
		sameTable(t, m, ask(t, in), name, asked(t, "workflow,run", ""))
		sameRuns(t, m, ask(t, in))
	}
}

// A trace whose answer is still awaited is in flight, and one without a row of its own still has its calls.
func TestUnfinishedInLangfuse(t *testing.T) {
	x := langfuseOf(crew())
	x.observations[2]["end_time"] = nil
	c := modern(t, "unfinished", "langfuse")
	insertRows(t, c, "observations", x.observations)
	m := mem(t, func(w *bytes.Buffer) { lines(w, x.observations) })
	s := ask(t, c)
	for _, by := range []string{"workflow,agent", "status", "outcome", "run"} {
		sameTable(t, m, s, by, asked(t, by, ""))
	}
	sameRuns(t, m, s)
}

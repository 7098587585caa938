package click

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"costscope/sample"
	"costscope/store"
	"costscope/tracefmt"
)

// A told is one span as a program reports it; what is not set is not reported.
type told struct {
	run, id, parent string
	name, op        string // the span's name, its gen_ai.operation.name
	service         string
	agent, tool     string
	user, session   string
	provider, model string
	asked           string // model asked for
	start, end      int64  // UTC nanoseconds
	usage           tracefmt.Usage
	has             tracefmt.Fields
	cost            json.Number // dollars
	failed          string      // error type
	exception       string      // type of one among the span's events
	more            map[string]any
}

// members of one JSON object.
type object = map[string]any

var t0 = time.Date(2026, 9, 14, 21, 30, 0, 123456789, time.UTC).UnixNano()

// hexID is an id of n bytes as OpenTelemetry writes them.
func hexID(text string, n int) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:n])
}

// A story makes the spans of one run by hand.
type story struct {
	list []told
	run  string
	now  int64
}

// add appends a span of 1.5 seconds after the one before.
func (s *story) add(t told) *told {
	t.run = s.run
	if t.id == "" {
		t.id = fmt.Sprint(s.run, "/", len(s.list))
	}
	if t.start == 0 {
		t.start = s.now
		s.now += int64(2 * time.Second)
	}
	if t.end == 0 {
		t.end = t.start + int64(1500*time.Millisecond)
	}
	if t.service == "" {
		t.service = "desk"
	}
	s.list = append(s.list, t)
	return &s.list[len(s.list)-1]
}

// chat is a model call of some input and output tokens.
func chat(model string, in, out int64) told {
	t := told{name: "chat " + model, op: "chat", model: model, asked: model, agent: "writer", provider: "openai"}
	t.usage.Input, t.usage.Output, t.has = in, out, tracefmt.HasInput|tracefmt.HasOutput
	return t
}

func (t told) cached(read, write int64) told {
	t.usage.CacheRead, t.usage.CacheWrite = read, write
	t.has |= tracefmt.HasCacheRead | tracefmt.HasCacheWrite
	return t
}

func (t told) costs(usd json.Number) told { t.cost = usd; return t }
func (t told) from(provider string) told  { t.provider = provider; return t }
func (t told) below(parent string) told   { t.parent = parent; return t }

// hard is what no generator makes: each run is one trap.
func hard() (list []told) {
	day := int64(0)
	run := func(name string, spans ...told) {
		s := story{run: name, now: t0 + day*int64(7*time.Hour)}
		day++
		for _, t := range spans {
			s.add(t)
		}
		list = append(list, s.list...)
	}
	odd := chat("zebra \\ 9\t'x'", 100, 7)
	odd.name, odd.service, odd.agent, odd.user, odd.provider = "plan \"a\\b\"\n日本 🙈", "Zoë's \\ \"bot\"\t№1", "l'agent \\n", "o'hara\\", ""
	run("odd names", odd, odd)
	const pro = "gemini-2.5-pro"
	run("long context", chat(pro, 150_000, 400).from("gcp.gemini"), chat(pro, 150_000, 400).from("gcp.gemini"), chat(pro, 250_001, 900).from("gcp.gemini"), chat(pro, 200_000, 1).from("gcp.gemini"))
	sonnet := func(in, out int64) told { return chat("claude-sonnet-4-5-20250929", in, out).from("anthropic") }
	run("caches", sonnet(12_000, 300).cached(9_000, 2_500), sonnet(12_000, 300).cached(0, 12_000), sonnet(300_000, 5).cached(299_000, 0))
	refused := told{name: "chat gpt-5", op: "chat", asked: "gpt-5", agent: "writer", provider: "openai", failed: "rate_limit_exceeded", user: "u-1"}
	late := chat("gpt-5", 900, 0)
	late.failed = "timeout"
	run("failures", refused, refused, late, chat("gpt-5", 900, 80))
	run("costs", chat("gpt-5", 1000, 100).costs("0"), chat("gpt-5", 1000, 100), chat("gpt-5", 1000, 100).costs("0.123456789012"), chat("gpt-5", 1000, 100).costs("3e-7"),
		chat("gpt-5", 1000, 100).costs("0.30000000000000004"), chat("gpt-5", 1000, 100).costs("1234.567890123456"))
	run("no price", chat("house-llm-70b", 5000, 500), chat("house-llm-70b", 1, 0), chat("house-llm-70b", 10, 10).costs("0.02"))
	embed := told{name: "embeddings text-embedding-3-small", op: "embeddings", model: "text-embedding-3-small", provider: "openai", has: tracefmt.HasInput, usage: tracefmt.Usage{Input: 4096}}
	look := told{name: "execute_tool search", op: "execute_tool", tool: "search", agent: "writer"}
	broken := look
	broken.failed = "TypeError"
	run("tools", embed, look, broken, told{name: "GET /v1/orders"}, chat("gpt-5-mini", 300, 30))
	list = append(list, crew()...)
	list = append(list, long()...)
	return list
}

// crew is an agent whose span repeats what the calls below it used and cost, around another such agent.
func crew() []told {
	s := story{run: "crew", now: t0}
	agent := func(id, parent, name string, at, last int64) told {
		t := chat("gpt-5", 3000, 300).costs("0.00675").below(parent)
		t.id, t.op, t.agent, t.name, t.start, t.end = id, "invoke_agent", name, "invoke_agent "+name, t0+at*int64(time.Second), t0+last*int64(time.Second)
		return t
	}
	s.add(agent("boss", "", "boss", 0, 100))
	s.now = t0 + int64(time.Second)
	c := chat("gpt-5", 1000, 100).costs("0.00225")
	s.add(c.below("boss")).agent = "boss"
	worker := agent("worker", "boss", "worker", 10, 60)
	worker.usage, worker.cost = tracefmt.Usage{Input: 2000, Output: 200}, "0.0045"
	s.add(worker)
	s.now = t0 + 20*int64(time.Second)
	s.add(c.below("worker")).agent = "worker"
	s.add(c.below("worker")).agent = "worker"
	return s.list
}

// long is one run of 3,000 calls over two midnights.
func long() []told {
	s := story{run: "long", now: t0}
	for i := range int64(3000) {
		t := chat([]string{"gpt-5", "gpt-5-mini", "claude-haiku-4-5"}[i%3], 500+i, i%97).cached(i%400, 0)
		t.user, t.session, t.agent, t.provider = fmt.Sprint("u-", i%7), "s-1", []string{"planner", "executor"}[i%2], []string{"openai", "openai", "anthropic"}[i%3]
		t.start = t0 + i*int64(40*time.Second)
		s.add(t)
	}
	return s.list
}

var operations = map[tracefmt.Kind]string{tracefmt.KindLLM: "chat", tracefmt.KindEmbedding: "embeddings", tracefmt.KindTool: "execute_tool", tracefmt.KindRetriever: "retrieval",
	tracefmt.KindAgent: "invoke_agent"}

// generated are the calls of a generated trace, as spans below one of their run.
func toldRuns(t *testing.T, runs int) (list []told) {
	m := mem(t, func(w *bytes.Buffer) {
		if _, err := sample.Generate(w, "production", 11, runs); err != nil {
			t.Fatal(err)
		}
	})
	n := m.Names().Name
	err := m.Each(t.Context(), func(run *tracefmt.Run) error {
		root := told{run: run.ID, id: run.ID + "/root", name: "handle", op: "invoke_workflow", service: n(run.Workflow), start: run.Calls[0].Start}
		for i := range run.Calls {
			c := &run.Calls[i]
			x := told{run: run.ID, id: run.ID + "/" + c.ID, parent: root.id, name: n(c.Step), op: operations[c.Kind], service: n(c.Workflow), agent: n(c.Agent), tool: n(c.Tool), user: n(c.User),
				session: n(c.Session), provider: n(c.Provider), model: n(c.Record.Model), asked: n(c.RequestModel), start: c.Start, end: max(c.End, c.Start), usage: c.Usage, has: c.Has}
			if c.Has&tracefmt.HasCost != 0 {
				x.cost = json.Number(c.Recorded.Append(nil))
			}
			if c.Status == tracefmt.StatusError {
				x.failed = n(c.Error)
			}
			if c.Parent != "" {
				x.parent = run.ID + "/" + c.Parent
			}
			root.end = max(root.end, x.end)
			list = append(list, x)
		}
		list = append(list, root)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// mem loads a trace without an engine.
func mem(t *testing.T, write func(w *bytes.Buffer)) *store.Mem { return memIn(t, time.UTC, write) }

func memIn(t *testing.T, zone *time.Location, write func(w *bytes.Buffer)) *store.Mem {
	var lines bytes.Buffer
	write(&lines)
	trace := filepath.Join(t.TempDir(), "trace.jsonl")
	if err := os.WriteFile(trace, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	m := store.NewMem(store.Options{Prices: tracefmt.BuiltinPrices(), TZ: zone})
	if err := m.Load(context.Background(), []string{trace}, nil, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// attributes are what the conventions for GenAI spans call these facts.
func (t *told) attributes() object {
	a := object{}
	for k, v := range map[string]string{"gen_ai.operation.name": t.op, "gen_ai.agent.name": t.agent, "gen_ai.tool.name": t.tool, "user.id": t.user, "gen_ai.conversation.id": t.session,
		"gen_ai.provider.name": t.provider, "gen_ai.response.model": t.model, "gen_ai.request.model": t.asked, "error.type": t.failed} {
		if v != "" {
			a[k] = v
		}
	}
	for _, x := range []struct {
		key string
		has tracefmt.Fields
		n   int64
	}{{"input_tokens", tracefmt.HasInput, t.usage.Input}, {"output_tokens", tracefmt.HasOutput, t.usage.Output}, {"cache_read.input_tokens", tracefmt.HasCacheRead, t.usage.CacheRead},
		{"cache_creation.input_tokens", tracefmt.HasCacheWrite, t.usage.CacheWrite}, {"reasoning.output_tokens", tracefmt.HasReasoning, t.usage.Reasoning}} {
		if t.has&x.has != 0 {
			a["gen_ai.usage."+x.key] = x.n
		}
	}
	if t.cost != "" {
		a["gen_ai.usage.cost"] = t.cost
	}
	maps.Copy(a, t.more)
	return a
}

// otlp is the span as the programs send it.
func (t *told) otlp() object {
	list := []object{}
	for k, v := range t.attributes() {
		switch v := v.(type) {
		case int64:
			list = append(list, object{"key": k, "value": object{"intValue": fmt.Sprint(v)}})
		case json.Number:
			list = append(list, object{"key": k, "value": object{"doubleValue": v}})
		default:
			list = append(list, object{"key": k, "value": object{"stringValue": v}})
		}
	}
	span := object{"traceId": hexID(t.run, 16), "spanId": hexID(t.id, 8), "parentSpanId": hexID(t.parent, 8), "name": t.name, "startTimeUnixNano": fmt.Sprint(t.start), "endTimeUnixNano": fmt.Sprint(t.end),
		"attributes": list, "status": object{}}
	if t.failed != "" {
		span["status"] = object{"code": 2, "message": "it failed"}
	}
	if t.exception != "" {
		span["events"] = []object{{"name": "exception", "attributes": []object{{"key": "exception.type", "value": object{"stringValue": t.exception}}}}}
	}
	return object{"resourceSpans": []object{{"resource": object{"attributes": []object{{"key": "service.name", "value": object{"stringValue": t.service}}}}, "scopeSpans": []object{{"spans": []object{span}}}}}}
}

// stamp is a time of UTC nanoseconds as the engine reads it.
func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.000000000") }

// otelRow is the row that the collector's exporter writes. Where its maps hold texts, numbers are written as texts.
func (t *told) otelRow(typed bool) object {
	status := "Unset"
	if t.failed != "" {
		status = "Error"
	}
	attrs, keys := t.attributes(), []string{}
	for k, v := range attrs {
		keys = append(keys, k)
		if !typed {
			attrs[k] = fmt.Sprint(v)
		}
	}
	row := object{"Timestamp": stamp(t.start), "TraceId": hexID(t.run, 16), "SpanId": hexID(t.id, 8), "ParentSpanId": hexID(t.parent, 8), "SpanName": t.name, "SpanKind": "Client", "ServiceName": t.service,
		"ResourceAttributes": object{"service.name": t.service}, "ScopeName": "tests", "SpanAttributes": attrs, "Duration": t.end - t.start, "StatusCode": status}
	if typed {
		row["SpanAttributesKeys"], row["ResourceAttributesKeys"] = keys, []string{"service.name"}
	}
	if t.failed != "" {
		row["StatusMessage"] = "it failed"
	}
	if t.exception != "" {
		row["Events.Timestamp"], row["Events.Name"], row["Events.Attributes"] = []string{stamp(t.end)}, []string{"exception"}, []object{{"exception.type": t.exception}}
	}
	return row
}

// signozRow is the row of SigNoz, whose numbers are all floating.
func (t *told) signozRow() object {
	texts, numbers := object{}, object{}
	for k, v := range t.attributes() {
		if s, ok := v.(string); ok {
			texts[k] = s
		} else {
			numbers[k] = v
		}
	}
	row := object{"ts_bucket_start": t.start / 1e9 / 1800 * 1800, "resource_fingerprint": "service.name=" + t.service, "timestamp": stamp(t.start), "trace_id": hexID(t.run, 16), "span_id": hexID(t.id, 8),
		"parent_span_id": hexID(t.parent, 8), "name": t.name, "kind": 3, "kind_string": "Client", "duration_nano": t.end - t.start, "attributes_string": texts, "attributes_number": numbers,
		"resources_string": object{"service.name": t.service}, "status_code_string": "Unset", "has_error": t.failed != ""}
	if t.failed != "" {
		row["status_code"], row["status_code_string"], row["status_message"] = 2, "Error", "it failed"
	}
	if t.exception != "" {
		event, _ := json.Marshal(object{"name": "exception", "timeUnixNano": t.end, "attributeMap": object{"exception.type": t.exception}, "isError": true})
		row["events"] = []string{string(event)}
	}
	return row
}

// lines writes rows one a line.
func lines(w *bytes.Buffer, rows []object) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, r := range rows {
		if err := e.Encode(r); err != nil {
			panic(err)
		}
	}
}

// modern is a client of the engine of today, and of a database of its own with the tables of a schema.
func modern(t *testing.T, db string, schemas ...string) *Client {
	at := os.Getenv("COSTSCOPE_TEST_CLICKHOUSE_MODERN")
	if at == "" {
		t.Skip("SKIP modern dialect: COSTSCOPE_TEST_CLICKHOUSE_MODERN names no engine")
	}
	c := dial(t, at)
	db = "sch_" + db
	tell(t, c, "DROP DATABASE IF EXISTS "+db, "CREATE DATABASE "+db)
	c.at.Database = db
	for _, s := range schemas {
		text, err := os.ReadFile(filepath.Join("testdata", "schemas", s+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		tell(t, c, strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "{db}", c.at.Database)), ";\n")...)
	}
	return c
}

// tell runs statements that costscope itself never would.
func tell(t *testing.T, c *Client, statements ...string) {
	t.Helper()
	for _, text := range statements {
		do(t, c, strings.TrimSuffix(text, ";"))
	}
}

// insertRows writes rows into a table, some thousands at a time.
func insertRows(t *testing.T, c *Client, table string, rows []object) {
	t.Helper()
	for ; len(rows) > 0; rows = rows[min(5000, len(rows)):] {
		var b bytes.Buffer
		fmt.Fprintf(&b, "INSERT INTO %s FORMAT JSONEachRow\n", c.table(table))
		lines(&b, rows[:min(5000, len(rows))])
		tell(t, c, b.String())
	}
}

package tracefmt

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mapOf reads a mapping that is right.
func mapOf(t testing.TB, text string) *Map {
	t.Helper()
	m, err := ReadMap([]byte(text), "map.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mapped decodes lines by a mapping.
func mapped(t testing.TB, m *Map, lines string) (*Names, *Batch) {
	t.Helper()
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Map = m
	var b Batch
	d.DecodeChunk(&Chunk{Data: []byte(lines), Format: FormatMapped}, &b)
	return names, &b
}

const nestedMap = `
where: {event: [llm_call, tool_call]}
input_includes_cache: false
fields:
  run: ctx.session
  id: call.id
  kind: {path: event, values: {llm_call: chat, tool_call: tool}}
  model: [call.response_model, call.model]
  provider: {const: acme}
  input_tokens: call.usage.prompt
  cache_read_tokens: call.usage.cached
  output_tokens: call.usage.completion
  cost: {sum: [call.cost.in, call.cost.out], unit: cents}
  start: {path: ts, unit: ms}
  duration: {path: call.took, unit: s}
  error: call.error
  agent: ctx.agent\.name
  tool: call.tool
  tags.team: ctx.team
  tags:
    '*': labels.*
`

func TestMapReadsNestedLines(t *testing.T) {
	m := mapOf(t, nestedMap)
	names, b := mapped(t, m, `{"event":"llm_call","ts":1760000000123,"ctx":{"session":"s1","agent.name":"planner","team":"core"},"call":{"id":"c1","model":"m-1","response_model":"m-1-2025","usage":{"prompt":100,"cached":"40","completion":7},"cost":{"in":1.5,"out":"$0.25"},"took":1.5},"labels":{"region":"eu","n":{"x":1}}}
{"event":"heartbeat","ts":1760000000124}
{"event":"tool_call","ts":"2025-10-09T08:53:21Z","ctx":{"session":"s1"},"call":{"id":"c2","tool":"search","error":{"type":"timeout"}}}
{"event":"llm_call","ctx":{"session":"s2"},"call":{"id":"c3","model":"m-2","response_model":null,"usage":{"prompt":5}}}
`)
	if len(b.Records) != 3 || b.BadCount != 0 || len(b.Skipped) != 1 || b.Skipped[0].Text != string(errWhere) {
		t.Fatalf("%d records, bad %v, skipped %v, warnings %v", len(b.Records), b.Bad, b.Skipped, b.Warnings)
	}
	r := &b.Records[0]
	if r.Run != "s1" || r.ID != "c1" || r.Kind != KindLLM || names.Name(r.Model) != "m-1-2025" || names.Name(r.Provider) != "acme" || names.Name(r.Agent) != "planner" {
		t.Errorf("first: %+v", r)
	}
	if u := r.Usage; u.Input != 140 || u.CacheRead != 40 || u.Output != 7 || r.Recorded != 17_500_000_000 {
		t.Errorf("usage %+v, cost %s", u, r.Recorded)
	}
	if r.Start != 1760000000123e6 || r.End != 1760000001623e6 || names.Name(r.Tags) != "region=eu"+tagSep+"team=core" {
		t.Errorf("from %d to %d, tags %q", r.Start, r.End, names.Name(r.Tags))
	}
	if r = &b.Records[1]; r.Kind != KindTool || names.Name(r.Tool) != "search" || r.Status != StatusError || names.Name(r.Error) != "timeout" || r.Has&(HasUsage|HasCost) != 0 {
		t.Errorf("second: %+v", r)
	}
	if r = &b.Records[2]; names.Name(r.Model) != "m-2" || r.Has&HasUsage != HasInput || r.Has&HasCost != 0 {
		t.Errorf("third: %+v", r)
	}
	if missing := m.Missing(b.Found); len(missing) != 0 {
		t.Errorf("missing %q", missing)
	}
}

func TestMapReadsRecordsInDocuments(t *testing.T) {
	m := mapOf(t, `
records: data.turns[]
fields:
  run: $.session.id
  user: $.session.user
  tags.env: $.env
  id: n
  model: model
  input_tokens: usage.in
  output_tokens: usage.out
  cost: price
`)
	// What holds for all records may stand behind them.
	names, b := mapped(t, m, `{"data":{"turns":[{"n":1,"model":"a","usage":{"in":10,"out":2},"price":0.01},{"n":2,"model":"b","usage":{"in":20}},{"note":"no call"}]},"session":{"id":"s9","user":"u"},"env":"prod"}
{"data":{"turns":[{"n":1,"model":"a","usage":{"in":1,"out":1}}]},"session":{"id":"s10"}}
`)
	if len(b.Records) != 3 || b.BadCount != 0 {
		t.Fatalf("%d records, bad %v", len(b.Records), b.Bad)
	}
	for i, want := range []struct {
		run, id, model, user, tags string
		in                         int64
		cost                       USD
	}{{"s9", "1", "a", "u", "env=prod", 10, Dollar / 100}, {"s9", "2", "b", "u", "env=prod", 20, 0}, {"s10", "1", "a", "", "", 1, 0}} {
		r := &b.Records[i]
		if r.Run != want.run || r.ID != want.id || names.Name(r.Model) != want.model || names.Name(r.User) != want.user ||
			names.Name(r.Tags) != want.tags || r.Usage.Input != want.in || r.Recorded != want.cost {
			t.Errorf("record %d: %+v", i, r)
		}
	}
}

func TestMapConditionsOnTheDocument(t *testing.T) {
	m := mapOf(t, "where: {$.env: prod}\nfields: {id: n, cost: c}\nrecords: calls\n") // in any order
	_, b := mapped(t, m, `{"env":"test","calls":[{"n":1,"c":1}]}`+"\n"+`{"calls":[{"n":2,"c":1},{"n":3,"c":1,"env":"test"}],"env":"prod"}`+"\n")
	if len(b.Records) != 2 || b.Records[0].ID != "2" || b.Records[1].ID != "3" {
		t.Errorf("got %d records: %+v", len(b.Records), b.Records)
	}
}

func TestMapErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"": "map.yaml: an empty mapping",
		"fields:\n  input_tokens: a\n  input_tokens: b": "map.yaml:3: input_tokens stands there twice",
		"fields:\n  cost: a\n  cost_usd: b":             "map.yaml:3: cost_usd is another name of cost",
		"fields:\n  prompt_tokens: a":                   `map.yaml:2: there is no field "prompt_tokens": did you mean input_tokens?`,
		"fields:\n  wibble: a":                          "map.yaml:2: there is no field \"wibble\": use run, id",
		"model: x":                                      "fields stand under fields:",
		"fields:\n  model: a":                           "map.yaml:2: neither tokens nor a cost",
		"fields:\n  cost: a..b":                         `map.yaml:2: "a..b" is no path`,
		"fields:\n  cost: a[0].b":                       "only [] can stand",
		"fields:\n  cost: {path: a, unit: eur}":         `no unit "eur": usd, cents, millidollars`,
		"fields:\n  duration: a":                        "duration needs a unit",
		"fields:\n  cost: {const: 1}":                   "cost cannot be the same for all calls",
		"fields:\n  cost: {path: a, const: 1}":          "one of path, sum and const",
		"fields:\n  model: {sum: [a]}":                  "model cannot be a sum",
		"fields: &x\n  cost: a":                         "anchors and aliases",
		"fields:\n  cost: [":                            "map.yaml:2:",
		"records: r\nfields:\n  cost: $.c":              "one value for all records",
		"fields:\n  cost: a\n---\nfields: {}":           "a second document",
		"where: [a]\nfields: {cost: a}":                 "map.yaml:1: where must hold names and values",
		"input_includes_cache: maybe":                   "must be true or false",
	} {
		_, err := ReadMap([]byte(text), "map.yaml")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := ReadMap(make([]byte, MaxMapSize+1), "m"); err == nil {
		t.Error("a huge file is read")
	}
}

func TestMapSaysWhatIsMissing(t *testing.T) {
	m := mapOf(t, "fields:\n  input_tokens: [usage.promptTokens, usage.in]\n  cost: c\n  error: e\n  workflow: {const: w}\n")
	_, b := mapped(t, m, `{"usage":{"in":0},"c":null}`+"\n")
	if got := m.Missing(b.Found); len(got) != 0 || len(b.Records) != 1 {
		t.Errorf("missing %q, %d records", got, len(b.Records))
	}
	_, b = mapped(t, m, `{"c":1}`+"\n")
	if got := m.Missing(b.Found); len(got) != 1 || got[0] != "mapping: nothing found at usage.promptTokens, usage.in (input_tokens)" {
		t.Errorf("missing %q", got)
	}
}

func TestMappedRowsWithoutIds(t *testing.T) {
	m := mapOf(t, "fields:\n  start: t\n  cost: c\n")
	_, b := mapped(t, m, "{\"t\":1760000000,\"c\":1}\n{\"t\":1760000000,\"c\":1}\n{\"t\":1760000001,\"c\":1}\n{\"c\":1}\n{\"c\":1}\n")
	ids := map[string]int{}
	for i := range b.Records {
		ids[b.Records[i].ID]++
	}
	if len(b.Records) != 5 || len(ids) != 4 { // the first two are one call, written twice
		t.Errorf("%d records, ids %v", len(b.Records), ids)
	}
}

func TestMapInTOML(t *testing.T) {
	m, err := ReadMap([]byte(`# a team's log
records = "calls"
input_includes_cache = false

[where]
event = ["llm"]

[fields]
run = "$.session"
model = ["response.model", {path = "model"}]
input_tokens = "in"
cache_read_tokens = "cached"
cost = {path = "price", unit = "cents"}
tags.team = "team"
`), "map.toml")
	if err != nil {
		t.Fatal(err)
	}
	names, b := mapped(t, m, `{"calls":[{"event":"llm","model":"m","in":3,"cached":4,"price":2,"team":"x"},{"event":"tool","in":5}],"session":"s"}`+"\n")
	if len(b.Records) != 1 {
		t.Fatalf("%d records, bad %v", len(b.Records), b.Bad)
	}
	if r := &b.Records[0]; r.Run != "s" || names.Name(r.Model) != "m" || r.Usage.Input != 7 || r.Recorded != Dollar/50 || names.Name(r.Tags) != "team=x" {
		t.Errorf("got %+v", r)
	}
	for text, want := range map[string]string{
		"[fields]\ncost = 'a'\nwibble = 'b'":                 `map.toml:3: there is no field "wibble"`,
		"[fields]\ncost = {path = 'a', unit = 'eur'}":        "map.toml:2: there is no unit",
		"[fields]\ncost = [{path = 'a'}, {path='b', x='c'}]": "map.toml:2: there is no \"x\" here",
		"[fields]\ncost = ":                                  "map.toml:2:",
		"[[fields]]\ncost = 'a'":                             "[[...]] is no part of a mapping",
		"":                                                   "an empty mapping",
	} {
		if _, err := ReadMap([]byte(text), "map.toml"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestMapClaimsSources(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flat := write("flat.jsonl", `{"id":"a","model":"m","prompt_tokens":5,"real_prompt":7}`+"\n")
	own := write("own.jsonl", `{"real_prompt":7}`+"\n")
	known := write("known.jsonl", `{"trace_id":"r","span_id":"c","operation":"chat","input_tokens":1,"real_prompt":7}`+"\n")
	other := write("other.json", `{"name":"package","version":"1"}`+"\n")
	for _, c := range []struct {
		mapping string
		want    map[string]uint8
		files   int // of the folder
	}{
		{"fields: {input_tokens: real_prompt}", map[string]uint8{flat: FormatMapped, own: FormatMapped, known: FormatCostscope, other: FormatMapped}, 3},
		{"fields: {input_tokens: nowhere}", map[string]uint8{flat: FormatFlat, own: FormatMapped, known: FormatCostscope, other: FormatMapped}, 2},
		{"match: [real_prompt, operation]\nfields: {input_tokens: real_prompt}", map[string]uint8{flat: FormatFlat, own: FormatNone, known: FormatMapped, other: FormatNone}, 2},
		{"match: {operation: embed}\nfields: {input_tokens: real_prompt}", map[string]uint8{flat: FormatFlat, own: FormatNone, known: FormatCostscope, other: FormatNone}, 2},
	} {
		m := mapOf(t, c.mapping)
		for path, want := range c.want {
			if got, _ := DetectMapped(path, m); got != want {
				t.Errorf("%s by %q: %s, want %s", filepath.Base(path), c.mapping, Formats[got].Name, Formats[want].Name)
			}
		}
		if files, _, err := ExpandMapped([]string{dir}, m); err != nil || len(files) != c.files {
			t.Errorf("%q: files %q, want %d", c.mapping, files, c.files)
		}
	}
}

func TestStartMapFindsItsOwnCalls(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		calls int
		in    int64
		lines []string
	}{
		"nested.jsonl": {`{"request":{"id":"r1","model":"m"},"usage":{"prompt":5,"completion":2},"latency_s":1.5,"created":"2026-01-01T00:00:00Z","ok":true,"user.name":"u"}` + "\n", 1, 5,
			[]string{"  id: request.id", "  request_model: request.model", "  input_tokens: usage.prompt", "  duration: {path: latency_s, unit: s}", "  start: created", `  status: {path: ok, values: {"true": ok, "false": error}}`}},
		"doc.json": {`{"session":{"id":"s"},"turns":[{"n":1,"modelName":"m","tokens":{"in":3,"out":1}},{"n":2,"modelName":"m","tokens":{"in":4,"out":1}}]}`, 2, 7,
			[]string{"records: turns", "  run: $.session.id", "  input_tokens: tokens.in"}},
		"table.csv": {"Model Name;Prompt Tokens;Cost (cents);notes, all\nm;12;3;x\n", 1, 12,
			[]string{"  model: Model Name", "  input_tokens: Prompt Tokens", "  cost: {path: Cost (cents), unit: cents}"}},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		start, err := StartMap(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range c.lines {
			if !strings.Contains(string(start), l+"\n") {
				t.Errorf("%s: no line %q in\n%s", name, l, start)
			}
		}
		m, err := ReadMap(start, "start.yaml")
		if err != nil {
			t.Fatalf("%s: %v in\n%s", name, err, start)
		}
		var in int64
		b := readMapped(t, path, ReadOptions{Map: m, Format: FormatMapped})
		for i := range b.Records {
			in += b.Records[i].Usage.Input
		}
		if len(b.Records) != c.calls || in != c.in {
			t.Errorf("%s: %d calls, %d input tokens, bad %v", name, len(b.Records), in, b.Bad)
		}
	}
}

// readMapped decodes a source.
func readMapped(t testing.TB, path string, o ReadOptions) *Batch {
	t.Helper()
	r, err := OpenReader(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d := NewDecoder(NewNames(), nil)
	d.Path, d.Map = path, o.Map
	var c Chunk
	var b Batch
	for err = r.Next(&c); err == nil; err = r.Next(&c) {
		d.DecodeChunk(&c, &b)
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return &b
}

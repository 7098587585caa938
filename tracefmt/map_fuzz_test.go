package tracefmt

import (
	"fmt"
	"testing"
)

// FuzzMap reads anything as a mapping, and by what is one, a value.
func FuzzMap(f *testing.F) {
	value := `{"a":{"b":[{"c":1,"d":"x"}]},"event":"llm","usage":{"in":3},"t":1760000000}` + "\n"
	for _, s := range []string{nestedMap, "fields: {cost: a.b[].c}", "records: a.b\nfields: {cost: c, model: d, run: $.event}", "fields: [", "a: &x [*x]", "fields:\n  cost: {sum: ['*'], unit: ns}",
		"match: {a: 1}\nwhere: {event: llm}\nfields:\n  total_tokens: t\n  tags: {'*': '*'}"} {
		f.Add([]byte(s), []byte(value), false)
	}
	f.Add([]byte("[fields]\ncost = {path='a', unit='cents'}\ntags.x = ['b']\n"), []byte(value), true)
	f.Fuzz(func(t *testing.T, text, value []byte, toml bool) {
		name := "map.yaml"
		if toml {
			name = "map.toml"
		}
		m, err := ReadMap(text, name)
		if err != nil {
			return
		}
		checkMapped(t, m, value)
	})
}

// FuzzMapped reads anything by two mappings that use all there is.
func FuzzMapped(f *testing.F) {
	document := mapOf(f, "records: 'a[].calls'\nfields: {run: $.id, task: $.task, tags.x: $.x, cost: {sum: ['c[]', d]}, input_tokens: [u.in, u], model: m, end: {path: t, unit: us}, error: e, outcome: o, score: s, attempt: n, output_ok: k}")
	nested := mapOf(f, nestedMap)
	for _, s := range []string{
		`{"a":[{"calls":[{"c":[1,2],"d":3,"u":{"in":4},"m":"x","t":1760000000000000,"e":{"code":3},"o":"pass","s":0.5,"n":2,"k":false}]}],"id":"r","x":true}`,
		`{"a":{"calls":"[{\"c\":[1e30],\"u\":-1}]"}}`, `{"event":"llm_call","call":{"usage":{"prompt":1,"cached":9e15},"cost":{"in":"$1","out":9e18},"took":-1},"labels":{"a":{}}}`, `[`, `{"a":[[{"calls":{}}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkMapped(t, document, b)
		checkMapped(t, nested, b)
		detect(b, nested)
		if keys := keysOf(b, detect(b, nil)); len(keys) > 0 {
			if text := startMap("x", keys); len(text) == 0 {
				t.Fatal("no mapping begins")
			}
		}
	})
}

// checkMapped decodes values twice: the same records, each with ids and without negative numbers.
func checkMapped(t *testing.T, m *Map, value []byte) {
	d := NewDecoder(NewNames(), nil)
	d.Map = m
	var a, b Batch
	d.DecodeChunk(&Chunk{Data: value, Format: FormatMapped}, &a)
	d.DecodeChunk(&Chunk{Data: value, Format: FormatMapped}, &b)
	if len(a.Records) != len(b.Records) || a.Found != b.Found || a.BadCount != b.BadCount {
		t.Fatalf("%d and %d records, %d and %d bad values", len(a.Records), len(b.Records), a.BadCount, b.BadCount)
	}
	for i := range a.Records {
		r, again := &a.Records[i], &b.Records[i]
		if r.Run == "" || r.ID == "" || r.Kind == KindUnknown || r.ID != again.ID || r.Run != again.Run || r.Usage != again.Usage || r.Recorded != again.Recorded {
			t.Fatalf("%+v\nthen %+v", r, again)
		}
		if u := r.Usage; u.Input < 0 || u.CacheRead < 0 || u.Output < 0 || r.Recorded < 0 || u.Input < u.CacheRead {
			t.Fatalf("%+v", r)
		}
	}
}

func BenchmarkMapped(b *testing.B) {
	m := mapOf(b, `
fields: {run: trace_id, id: span_id, parent: parent_span_id, start: start, kind: operation, workflow: workflow, agent: agent, model: [response.model, model], input_tokens: input_tokens,
  cache_read_tokens: cache_read_input_tokens, output_tokens: output_tokens, duration: {path: duration_ms, unit: ms}, cost: cost_usd, status: status}
`)
	data := flatLines(3000)
	d := NewDecoder(NewNames(), nil)
	d.Map = m
	c := Chunk{Data: data, Format: FormatMapped}
	var batch Batch
	d.DecodeChunk(&c, &batch)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		d.DecodeChunk(&c, &batch)
	}
	if len(batch.Records) != 3000 || batch.BadCount != 0 {
		b.Fatal(fmt.Sprint(len(batch.Records), batch.Bad))
	}
}

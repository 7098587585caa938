package tracefmt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// otlpBatch is one line as an exporter writes it: spans of several runs, half of them with message text.
func otlpBatch(rnd *rand.Rand, spans int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"agent-gateway"}},{"key":"service.version","value":{"stringValue":"3.14.2"}}]},"scopeSpans":[{"scope":{"name":"opentelemetry.instrumentation.openai_v2","version":"2.3b0"},"spans":[`)
	models := [...]string{"gpt-5.2", "claude-opus-4-5-20251101", "gemini-3-pro"}
	agents := [...]string{"planner", "generator", "critic"}
	for i := range spans {
		if i > 0 {
			b.WriteByte(',')
		}
		m := models[rnd.IntN(3)]
		fmt.Fprintf(&b, `{"traceId":"%032x","spanId":"%016x","parentSpanId":"%016x","flags":256,"name":"chat %s","kind":3,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[`,
			rnd.IntN(40)+1, 1<<60|i, 2<<60|7, m, 1767225600315000000+i, 1767225602084000000+i)
		fmt.Fprintf(&b, `{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},{"key":"gen_ai.request.model","value":{"stringValue":"%s"}},{"key":"gen_ai.response.model","value":{"stringValue":"%s"}},`, m, m)
		fmt.Fprintf(&b, `{"key":"gen_ai.usage.input_tokens","value":{"intValue":"%d"}},{"key":"gen_ai.usage.cache_read.input_tokens","value":{"intValue":"%d"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"%d"}},`, 9000+rnd.IntN(900), rnd.IntN(9000), rnd.IntN(900))
		fmt.Fprintf(&b, `{"key":"gen_ai.agent.name","value":{"stringValue":"%s"}},{"key":"workflow.name","value":{"stringValue":"sql-assistant"}},{"key":"retry.attempt","value":{"intValue":"1"}}`, agents[rnd.IntN(3)])
		if i%2 == 0 {
			text := strings.Repeat(`the budget \\\"of\\\" a run \\n const x = 1 `, 40+rnd.IntN(80))
			fmt.Fprintf(&b, `,{"key":"gen_ai.input.messages","value":{"stringValue":"[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"%s\"}]}]"}}`, text)
		}
		b.WriteString(`],"status":{}}`)
	}
	b.WriteString(`]}],"schemaUrl":"https://opentelemetry.io/schemas/1.38.0"}]}`)
	return b.Bytes()
}

func BenchmarkDecodeOTLP(b *testing.B) {
	line := otlpBatch(rand.New(rand.NewPCG(3, 4)), 512)
	d := NewDecoder(NewNames(), nil)
	d.Format = FormatOTLP
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Decode(line, SourceRef{}); err != nil {
			b.Fatal(err)
		}
		d.Out = d.Out[:0]
	}
}

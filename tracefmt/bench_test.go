package tracefmt

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// flatLines are n calls in the shape of a team's own log, runs interleaved.
func flatLines(n int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	models := []string{"claude-sonnet-4-5-20250929", "gpt-5-mini-2025-08-07", "gemini-2.5-pro"}
	agents := []string{"planner", "researcher", "executor", "validator"}
	var b []byte
	for i := range n {
		write, read := rng.IntN(3000), rng.IntN(90000)
		b = fmt.Appendf(b, `{"trace_id":"run-%012x","span_id":"c%08x","parent_span_id":"c%08x","start":"2025-11-%02dT16:%02d:%02d.%03dZ","operation":"chat","workflow":"support-refund","agent":"%s","model":"%s","input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,"output_tokens":%d,"duration_ms":%d,"cost_usd":0.%06d,"status":"ok","attempt":1}`,
			rng.Uint64N(64), i, max(i-64, 0), 1+i%28, i/60%60, i%60, rng.IntN(1000), agents[rng.IntN(4)], models[rng.IntN(3)],
			rng.IntN(2000)+write+read, write, read, rng.IntN(2000), rng.IntN(60000), 1+rng.IntN(999999))
		b = append(b, '\n')
	}
	return b
}

func BenchmarkDecodeCostscope(b *testing.B) {
	data := flatLines(3000)
	d := NewDecoder(NewNames(), nil)
	c := Chunk{Data: data, Format: FormatCostscope}
	var batch Batch
	d.DecodeChunk(&c, &batch)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		d.DecodeChunk(&c, &batch)
	}
	if len(batch.Records) != 3000 || batch.BadCount != 0 {
		b.Fatalf("%d records, bad %v", len(batch.Records), batch.Bad)
	}
}

// TestDecodingDoesNotAllocate checks that a worker's steady state allocates for ids only: some 64 KiB for every thousand calls.
func TestDecodingDoesNotAllocate(t *testing.T) {
	data := flatLines(1000)
	d := NewDecoder(NewNames(), nil)
	c := Chunk{Data: data, Format: FormatCostscope}
	var batch Batch
	d.DecodeChunk(&c, &batch)
	n := testing.AllocsPerRun(10, func() {
		batch.Reset()
		d.DecodeChunk(&c, &batch)
	})
	if n > 5 {
		t.Errorf("%v allocations for 1,000 calls", n)
	}
}

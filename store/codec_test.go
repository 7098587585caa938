package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"costscope/tracefmt"
)

// randomRecord fills every field that a part keeps, often with what the record before had.
func randomRecord(r *rand.Rand, prev tracefmt.Record) tracefmt.Record {
	rec := prev
	rec.Extra, rec.Context, rec.RetryOf, rec.Recorded, rec.Usage = nil, nil, "", 0, tracefmt.Usage{}
	rec.RetryKind, rec.SampleIndex, rec.Score, rec.LineID, rec.LineParent, rec.Fingerprints = 0, 0, 0, 0, 0, [4]uint64{}
	ids := []string{fmt.Sprintf("c%08x", r.Uint32()), fmt.Sprintf("%016x", r.Uint64()), "msg_01AbCdEf", "", "é", fmt.Sprintf("c%d", r.IntN(10)), "7"}
	rec.ID = ids[r.IntN(len(ids))]
	switch r.IntN(4) {
	case 0:
		rec.Parent = prev.ID
	case 1:
		rec.Parent = ids[r.IntN(len(ids))]
	case 2:
		rec.Parent = ""
	}
	times := []int64{0, 1_700_000_000_000_000_000 + r.Int64N(1e15), math.MaxInt64, math.MinInt64, r.Int64N(2e9) * 1e6}
	rec.Start, rec.End = times[r.IntN(len(times))], times[r.IntN(len(times))]
	rec.Src = tracefmt.SourceRef{Source: uint32(r.IntN(3)), Offset: r.Int64N(1 << 40), Length: r.Int64N(1 << 20)}
	for i := range symsOf(&rec) {
		if r.IntN(6) == 0 {
			symsOf(&rec)[i] = tracefmt.Sym(r.Uint32() >> r.IntN(32))
		}
	}
	for i := range countsOf(&rec.Usage) {
		if r.IntN(2) == 0 {
			countsOf(&rec.Usage)[i] = r.Int64N(1e15)
		}
	}
	if r.IntN(2) == 0 {
		rec.Recorded = tracefmt.USD(r.Int64N(1e18))
	}
	if r.IntN(4) > 0 {
		return rec
	}
	rec.Has, rec.Flags, rec.Status = tracefmt.Fields(r.Uint32()), tracefmt.Flags(r.Uint32()), tracefmt.Status(r.IntN(4))
	rec.Kind, rec.Event, rec.Format = tracefmt.Kind(r.IntN(13)), tracefmt.Event(r.IntN(8)), uint8(r.IntN(6))
	rec.Attempt, rec.Outcome, rec.SampleIndex = int32(r.IntN(9)), tracefmt.Outcome(r.IntN(4)), int32(r.IntN(5))
	rec.RetryOf, rec.RetryKind, rec.Score = ids[r.IntN(3)], tracefmt.RetryKind(r.IntN(5)), r.Float64()
	rec.LineID, rec.LineParent = r.Uint64(), r.Uint64()
	rec.Fingerprints = [4]uint64{r.Uint64(), 0, 0, r.Uint64()}
	rec.Context = &[tracefmt.ContextParts]int64{1, 2, r.Int64N(1e9)}
	usd := r.Float64()
	rec.Extra = &tracefmt.RunFacts{Values: []tracefmt.Value{{Unit: "hours_saved", Amount: 0.5}}, Task: "t1", ValueUSD: &usd,
		Last: &tracefmt.Usage{Input: 7, CacheRead: 3, CacheWrite: 2, CacheWrite1h: 1, Output: 9, Reasoning: 4, Unattributed: 5}}
	return rec
}

func TestPartsComeBackAsWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		recs := make([]tracefmt.Record, r.IntN(40))
		prev := tracefmt.Record{Run: "run é"}
		for i := range recs {
			recs[i] = randomRecord(r, prev)
			prev = recs[i]
		}
		before := partRef{uint32(r.IntN(5)), 7, uint32(n % 2 * 9)}
		p := partReader{b: appendPart(nil, "run é", before, recs)}
		run, link, count := p.head()
		if before.length == 0 {
			before = partRef{}
		}
		if run != "run é" || link != before || count != len(recs) {
			t.Fatalf("head is %q %v %d, want %v %d", run, link, count, before, len(recs))
		}
		got := p.records(nil, run, count)
		if p.err != nil || len(p.b) != 0 {
			t.Fatalf("%v, %d bytes left", p.err, len(p.b))
		}
		for i := range recs {
			if !reflect.DeepEqual(got[i], recs[i]) {
				t.Fatalf("record %d:\n got %+v\nwant %+v", i, got[i], recs[i])
			}
		}
	}
}

func TestADamagedPartIsNoticed(t *testing.T) {
	b := seal(appendPart(nil, "r", partRef{}, []tracefmt.Record{{Run: "r", ID: "a", Usage: tracefmt.Usage{Input: 100}}}), 0)
	for i := range b {
		b[i] ^= 0x10
		if _, err := unseal(b); err == nil {
			t.Errorf("byte %d of %d was changed and nobody noticed", i, len(b))
		}
		b[i] ^= 0x10
	}
}

func FuzzPart(f *testing.F) {
	f.Add(appendPart(nil, "r", partRef{1, 2, 3}, []tracefmt.Record{{Run: "r", ID: "a"}, {Run: "r", ID: "b", Parent: "a"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := partReader{b: b} // without the checksum
		run, _, n := p.head()
		p.records(nil, run, n) // any bytes: an error, never a panic
	})
}

func TestHashesDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for i := range 200_000 {
		s := fmt.Sprintf("run-%012x", i)
		if was, ok := seen[hashText(s)]; ok {
			t.Fatalf("%s and %s share a hash", s, was)
		}
		seen[hashText(s)] = s
	}
}

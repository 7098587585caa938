package analyze

import (
	"context"
	"testing"

	"costscope/tracefmt"
)

// studiesOf are those of a few runs, small enough to stay in the cache.
func studiesOf(runs []*tracefmt.Run) []*Study {
	out := make([]*Study, len(runs))
	for i, run := range runs {
		var s Student
		out[i] = s.Study(run)
	}
	return out
}

func BenchmarkDriftAdd(b *testing.B) {
	studies := studiesOf(benchRuns(tracefmt.NewNames(), 100))
	d := newDrifts(nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.add(studies[i%len(studies)], nil)
	}
}

func BenchmarkDriftResult(b *testing.B) {
	names := tracefmt.NewNames()
	d := newDrifts(nil)
	for _, st := range studiesOf(benchRuns(names, 20_000)) {
		d.add(st, nil)
	}
	for b.Loop() {
		d.result(context.Background(), names)
	}
}

func BenchmarkPathCostsAdd(b *testing.B) {
	studies := studiesOf(benchRuns(tracefmt.NewNames(), 100))
	leaf := make([]int32, 15)
	for k := range leaf {
		leaf[k] = int32(k / 3)
	}
	p := newPathCosts(func(int32) []string { return nil })
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.add(studies[i%len(studies)], leaf)
	}
}

func BenchmarkMeanInterval(b *testing.B) {
	x := make([]float64, 10_000)
	for i := range x {
		x[i] = float64(i % 977)
	}
	for b.Loop() {
		MeanInterval(context.Background(), x)
	}
}

package analyze

import (
	"testing"

	"costscope/tracefmt"
)

// benchRuns are like the flat corpora: a few workflows and agents, 15 calls a run, agents taking turns.
func benchRuns(names *tracefmt.Names, n int) []*tracefmt.Run {
	runs := randomRuns(names, 9, n)
	for i, run := range runs {
		run.Calls = run.Calls[:0]
		for k := range 15 {
			rec := &tracefmt.Record{
				ID: "x", Start: int64(i) * 60e9, Has: tracefmt.HasStart | tracefmt.HasInput | tracefmt.HasOutput, Usage: tracefmt.Usage{Input: 900, Output: 80},
			}
			c := tracefmt.Call{
				Record: rec, Kind: tracefmt.KindLLM, Workflow: names.Sym("w" + string(rune('0'+i%5))), Agent: names.Sym("a" + string(rune('0'+k/3))),
				Step: names.Sym("s" + string(rune('0'+k/2))), Model: names.Sym("m" + string(rune('0'+k%2))), IsCall: true, Counted: true, Up: -1,
				State: tracefmt.CostComputed, Cost: tracefmt.USD(1e9 + int64(i*7919+k*104729)%9e9),
			}
			run.Calls = append(run.Calls, c)
		}
	}
	return runs
}

func BenchmarkAggregateAdd(b *testing.B) {
	runs := benchRuns(tracefmt.NewNames(), 100) // few enough to stay in the cache, as calls do that were just assembled
	a := sumOf(runs)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Add(runs[i%len(runs)])
	}
	b.ReportMetric(float64(a.Cells()), "cells")
}

func BenchmarkRollup(b *testing.B) {
	names := tracefmt.NewNames()
	a := sumOf(benchRuns(names, 20000))
	q := Query{By: DefaultBy()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Rollup(names, q); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(a.Cells()), "cells")
}

func BenchmarkClone(b *testing.B) {
	a := sumOf(benchRuns(tracefmt.NewNames(), 20000))
	for b.Loop() {
		a.Clone()
	}
}

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

// BenchmarkLink places the calls of runs without retries in threads and looks for retries.
func BenchmarkLink(b *testing.B) { benchStudy(b, (*Student).link) }

// BenchmarkStudy is all that is found out about the same runs.
func BenchmarkStudy(b *testing.B) { benchStudy(b, (*Student).Study) }

func benchStudy(b *testing.B, study func(*Student, *tracefmt.Run) *Study) {
	names := tracefmt.NewNames()
	runs := benchRuns(names, 100)
	calls := 0
	for n, run := range runs {
		calls += len(run.Calls)
		for i := range run.Calls {
			c := &run.Calls[i]
			c.Start += int64(i) * 5e9
			c.End, c.Has = c.Start+4e9, c.Has|tracefmt.HasEnd
			c.Fingerprints = [4]uint64{uint64(n*100 + i + 1), uint64(n*100 + i + 1), uint64(n*100 + i + 1), uint64(i + 1)}
			if i%3 == 1 {
				c.Kind, c.Tool, c.Model, c.Flags = tracefmt.KindTool, names.Sym("t"), 0, tracefmt.FlagReadOnly
			}
		}
	}
	s := NewStudent(Config{})
	b.ReportAllocs()
	for b.Loop() {
		for _, run := range runs {
			study(s, run)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*calls), "ns/call")
}

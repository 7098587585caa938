package analyze

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"costscope/tracefmt"
)

// collecting is what every sum over runs can do.
type collecting[T any] interface {
	add(st *Study, in []bool)
	merge(o T)
}

// mergesInAnyOrder adds runs up shuffled and split in twenty ways and expects the same answer.
func mergesInAnyOrder[T collecting[T]](t *testing.T, runs []*tracefmt.Run, fresh func() T, answer func(T) any) {
	t.Helper()
	var s Student
	whole := fresh()
	for _, run := range runs {
		whole.add(s.Study(run), nil)
	}
	want := fmt.Sprintf("%+v", answer(whole))
	r := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		r.Shuffle(len(runs), func(i, k int) { runs[i], runs[k] = runs[k], runs[i] })
		parts := []T{fresh(), fresh(), fresh(), fresh()}
		for _, run := range runs {
			parts[r.IntN(3)].add(s.Study(run), nil)
		}
		for _, i := range r.Perm(3) {
			parts[3].merge(parts[i])
		}
		if got := fmt.Sprintf("%+v", answer(parts[3])); got != want {
			t.Fatalf("in another order:\n got %s\nwant %s", got, want)
		}
	}
}

// knownCost is what the calls in scope cost.
func knownCost(runs []*tracefmt.Run) (sum tracefmt.USD) {
	for _, run := range runs {
		for i := range run.Calls {
			if c := &run.Calls[i]; contributes(c) && known(c) {
				sum += c.Cost
			}
		}
	}
	return sum
}

// oddOnly is a scope: every other call.
func oddOnly(run *tracefmt.Run) []bool {
	in := make([]bool, len(run.Calls))
	for i := range in {
		in[i] = i%2 == 1
	}
	return in
}

// benchAdd measures add, per call, over runs that were studied before.
func benchAdd(b *testing.B, runs []*tracefmt.Run, add func(*Study)) {
	studies, calls := make([]*Study, len(runs)), 0
	for i, run := range runs {
		studies[i] = new(Student).Study(run)
		calls += len(run.Calls)
	}
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		add(studies[i%len(studies)])
		n += len(studies[i%len(studies)].Run.Calls)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/call")
}

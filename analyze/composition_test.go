package analyze

import (
	"math/rand/v2"
	"slices"
	"testing"

	"costscope/tracefmt"
)

// TestComposition is a prompt of 2,000 tokens that grew to 6,000: instructions by 500, history by 2,500, tools shrank by 100, and 1,100
// tokens of no part. The 4,000 more tokens cost 12,000 micro-dollars: 4,100 weights of 2.926829... each.
func TestComposition(t *testing.T) {
	run := threadRun(t, fresh(0, 2000, 6000)...)
	run.Calls[0].Context = &[tracefmt.ContextParts]int64{800, 300, 0, 700}
	run.Calls[1].Context = &[tracefmt.ContextParts]int64{1300, 2800, 0, 600}
	x := NewContext()
	x.add(new(Student).Study(run), nil)
	got := x.result().Composition
	want := []Part{{Name: "history", Amount: 7317073171}, {Name: "untagged", Amount: 3219512195}, {Name: "instructions", Amount: 1463414634}}
	if !slices.Equal(got.Parts(), want) || got.Total() != micro(12000) || got.Tagged != 1 {
		t.Errorf("%+v %v", got, got.Parts())
	}
}

// TestSplitPartsIsSplit compares it with the general rule.
func TestSplitPartsIsSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	for range 2000 {
		var by [componentCount]int64
		list := make([]Part, componentCount)
		for k := range by {
			by[k] = r.Int64N(5) * r.Int64N(1000)
			list[k] = Part{Name: componentName(k), Weight: by[k]}
		}
		by[untagged]++
		list[untagged].Weight++
		usd := tracefmt.USD(r.Int64N(1e12))
		got := splitParts(usd, &by)
		Split(usd, list)
		for k := range got {
			if got[k] != list[k].Amount {
				t.Fatalf("%d by %v: %v, want %v", usd, by, got, list)
			}
		}
	}
}

package analyze

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"costscope/tracefmt"
)

// milli are the costs of T-F1 in milli-dollars.
var milli = []int64{10, 12, 12, 13, 14, 15, 15, 16, 18, 20, 22, 25, 28, 30, 35, 40, 60, 90, 250, 775}

func histOf(milli []int64) *Hist {
	h := &Hist{}
	for _, x := range milli {
		h.Add(x * 1e9)
	}
	return h
}

func TestTF2(t *testing.T) {
	for x, want := range map[int64]uint16{10e9: 1802, 12e9: 1817, 775e9: 2202, 1e9: 1591, 1000: 317, math.MaxInt64: 3711, 0: 0, 1: 1, -5: 0} {
		if got := Bucket(x); got != want {
			t.Errorf("bucket of %d is %d, want %d", x, got, want)
		}
	}
	h := histOf(milli)
	for _, c := range []struct{ num, den, want int64 }{
		{1, 2, 19998441471}, {9, 10, 89657442303}, {95, 100, 250181844991}, {99, 100, 775e9}, {1, 1, 775e9},
	} {
		if got := h.Quantile(c.num, c.den, 10e9, 775e9); got != c.want {
			t.Errorf("quantile %d/%d is %d, want %d", c.num, c.den, got, c.want)
		}
	}
	first, second := histOf(milli[:10]), histOf(milli[10:])
	sum := first.Clone()
	sum.Merge(second)
	if !sum.Equal(h) {
		t.Error("the halves do not add up to the whole")
	}
	sum.Unmerge(second)
	if !sum.Equal(first) {
		t.Error("the whole minus the second half is not the first")
	}
	if h.N() != 20 || h.Sum() != 1500e9 {
		t.Errorf("n %d sum %d", h.N(), h.Sum())
	}
}

func TestQuantileIsWithinItsGuarantee(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var h Hist
	var all []tracefmt.USD
	for range 3000 {
		x := r.Int64N(1 << uint(1+r.IntN(55)))
		h.Add(x)
		all = append(all, tracefmt.USD(x))
	}
	slices.Sort(all)
	for q := int64(0); q <= 1000; q++ {
		exact := float64(Percentile(all, q, 1000))
		if got := float64(h.Quantile(q, 1000, int64(all[0]), int64(all[len(all)-1]))); math.Abs(got-exact) > 0.008*exact {
			t.Fatalf("quantile %d/1000 is %g, exactly %g", q, got, exact)
		}
	}
}

func TestTopShareOfBuckets(t *testing.T) {
	h := histOf(milli)
	for k, want := range map[int64]float64{1: 775. / 1500, 2: 1025. / 1500, 20: 1, 0: 0} {
		if got := h.TopShare(k); math.Abs(got-want) > 1e-12 {
			t.Errorf("the top %d have %g, want %g", k, got, want)
		}
	}
	if got := (&Hist{}).TopShare(1); !math.IsNaN(got) {
		t.Errorf("the top of nothing has %g", got)
	}
}

func TestTakenBackValuesLeaveNoTrace(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	var h Hist
	xs := make([]int64, 500)
	for i := range xs {
		xs[i] = r.Int64N(1e6)
		h.Add(xs[i])
	}
	for _, i := range r.Perm(len(xs)) {
		h.Sub(xs[i])
	}
	if !h.Equal(&Hist{}) || len(h.AppendTo(nil)) != 1 {
		t.Errorf("left: n %d sum %d", h.N(), h.Sum())
	}
}

func TestHistBytes(t *testing.T) {
	h := histOf(milli)
	h.Add(0)
	b := h.AppendTo(nil)
	var back Hist
	r := &byteReader{b: b}
	back.decode(r)
	if r.bad || len(r.b) != 0 || !back.Equal(h) {
		t.Error("the histogram does not come back")
	}
	for i := range b {
		r := &byteReader{b: b[:i]}
		if back.decode(r); !r.bad {
			t.Fatalf("%d of %d bytes pass for a histogram", i, len(b))
		}
	}
}

func TestTF3Bins(t *testing.T) {
	var n, sum []int64
	for _, b := range histOf(milli).Bins() {
		n, sum = append(n, b.N), append(sum, b.Sum/1e9)
	}
	if !slices.Equal(n, []int64{9, 7, 2, 0, 1, 1}) || !slices.Equal(sum, []int64{125, 200, 150, 0, 250, 775}) {
		t.Errorf("counts %v, costs %v", n, sum)
	}
}

func TestMaxOfBuckets(t *testing.T) {
	h := histOf(milli)
	if x, ok := h.Max(); x != 775e9 || !ok {
		t.Errorf("largest %d %v", x, ok)
	}
	h.Add(775e9 + 1)
	if _, ok := h.Max(); ok {
		t.Error("two different values in the top bucket do not tell the larger")
	}
}

func BenchmarkHistAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	xs := make([]int64, 4096)
	for i := range xs {
		xs[i] = int64(math.Exp(r.NormFloat64()*1.2) * 1e9)
	}
	var h Hist
	for _, x := range xs {
		h.Add(x)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Add(xs[i&4095])
	}
	b.ReportMetric(float64(len(h.bins)), "buckets")
}

package analyze

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
)

// Hist is a mergeable histogram of integers (analysis-spec F.2): 64 logarithmic buckets to the octave, each with a count and an exact
// sum. Adding and taking back commute, so that equal contents give equal histograms. Negative values share bucket 0 with zero.
// Copying a Hist by assignment shares its buckets; Clone does not.
type Hist struct {
	bins []bin // ascending, none empty
	n    int64
	sum  int64
}

// A bin packs the count above its bucket's number: 16 bytes matter where tens of thousands of histograms live.
type bin struct {
	key int64 // count<<16 | bucket
	sum int64
}

func (b bin) bucket() uint16 { return uint16(b.key) }
func (b bin) count() int64   { return b.key >> 16 }

// Bucket is the number of the bucket that holds x.
func Bucket(x int64) uint16 {
	if x <= 0 {
		return 0
	}
	s := max(0, bits.Len64(uint64(x))-7)
	return uint16(64*s + int(x>>s))
}

// bucketLow is the smallest value of a bucket, bucketMid the one that stands for all of it.
func bucketLow(b uint16) int64 { return low(b, bucketShift(b)) }
func bucketMid(b uint16) int64 {
	s := bucketShift(b)
	return low(b, s) + (1<<s-1)/2
}

func bucketShift(b uint16) int  { return max(0, int(b)/64-1) }
func low(b uint16, s int) int64 { return (int64(b) - 64*int64(s)) << s }

// Add counts x in.
func (h *Hist) Add(x int64) { h.put(Bucket(x), 1, x) }

// Sub takes an earlier Add of x back.
func (h *Hist) Sub(x int64) { h.put(Bucket(x), -1, -x) }

func (h *Hist) put(b uint16, n, sum int64) {
	h.n += n
	h.sum += sum
	i := h.find(b)
	if i == len(h.bins) || h.bins[i].bucket() != b {
		h.bins = slices.Insert(h.bins, i, bin{n<<16 | int64(b), sum})
		return
	}
	at := &h.bins[i]
	at.key += n << 16
	at.sum += sum
	if at.count() == 0 && at.sum == 0 {
		h.bins = slices.Delete(h.bins, i, i+1)
	}
}

// find is the place of bucket b, or where it would go. The loop has no branch that data decides: it would be guessed wrong half the time.
func (h *Hist) find(b uint16) int {
	bins := h.bins
	at, n := 0, len(bins)
	for n > 1 {
		half := n >> 1
		at += half & ((int(bins[at+half-1].bucket()) - int(b)) >> 63) // half where that bucket is smaller, else 0
		n -= half
	}
	if n == 1 && bins[at].bucket() < b {
		at++
	}
	return at
}

// Merge adds all of o.
func (h *Hist) Merge(o *Hist) { h.combine(o, 1) }

// Unmerge takes an earlier Merge of o back.
func (h *Hist) Unmerge(o *Hist) { h.combine(o, -1) }

func (h *Hist) combine(o *Hist, sign int64) {
	if len(o.bins) <= 2 {
		for _, b := range o.bins {
			h.put(b.bucket(), sign*b.count(), sign*b.sum)
		}
		return
	}
	h.n += sign * o.n
	h.sum += sign * o.sum
	h.bins = mergeBins(h.bins, o.bins, sign)
}

// mergeBins adds the bins of b to those of a. It works in a's memory where a has all of b's buckets, as it mostly does.
func mergeBins(a, b []bin, sign int64) []bin {
	if fresh := lacking(a, b); fresh > 0 {
		a = spread(a, b, fresh)
	}
	zero := false
	for i, k := 0, 0; k < len(b); i++ {
		if a[i].bucket() != b[k].bucket() {
			continue
		}
		a[i].key += sign * b[k].count() << 16
		a[i].sum += sign * b[k].sum
		zero = zero || a[i].count() == 0 && a[i].sum == 0
		k++
	}
	if zero {
		a = slices.DeleteFunc(a, func(x bin) bool { return x.count() == 0 && x.sum == 0 })
	}
	return a
}

// histSum adds up histograms bucket by bucket in one array, which is far quicker than merging their lists one by one.
type histSum struct {
	count, sum [1 << 12]int64
	low, high  int // buckets in use: [low, high)
	n, total   int64
}

func (s *histSum) add(h *Hist) {
	if len(h.bins) == 0 {
		return
	}
	first, last := int(h.bins[0].bucket()), int(h.bins[len(h.bins)-1].bucket())+1
	if s.high == 0 {
		s.low, s.high = first, last
	}
	s.low, s.high = min(s.low, first), max(s.high, last)
	for _, b := range h.bins {
		s.count[b.bucket()] += b.count()
		s.sum[b.bucket()] += b.sum
	}
	s.n += h.n
	s.total += h.sum
}

// take returns the sum as a histogram and begins a new one.
func (s *histSum) take() Hist {
	used := 0
	for i := s.low; i < s.high; i++ {
		if s.count[i] != 0 || s.sum[i] != 0 {
			used++
		}
	}
	h := Hist{bins: make([]bin, 0, used), n: s.n, sum: s.total}
	for i := s.low; i < s.high; i++ {
		if s.count[i] != 0 || s.sum[i] != 0 {
			h.bins = append(h.bins, bin{s.count[i]<<16 | int64(i), s.sum[i]})
		}
	}
	clear(s.count[s.low:s.high])
	clear(s.sum[s.low:s.high])
	s.low, s.high, s.n, s.total = 0, 0, 0, 0
	return h
}

// lacking counts the buckets of b that a does not have.
func lacking(a, b []bin) (n int) {
	i := 0
	for k := range b {
		for i < len(a) && a[i].bucket() < b[k].bucket() {
			i++
		}
		if i == len(a) || a[i].bucket() != b[k].bucket() {
			n++
		}
	}
	return n
}

// spread returns a copy of a with empty bins for the buckets that only b has.
func spread(a, b []bin, fresh int) []bin {
	out := make([]bin, 0, len(a)+fresh)
	for k := range b {
		for len(a) > 0 && a[0].bucket() < b[k].bucket() {
			out, a = append(out, a[0]), a[1:]
		}
		if len(a) > 0 && a[0].bucket() == b[k].bucket() {
			out, a = append(out, a[0]), a[1:]
			continue
		}
		out = append(out, bin{key: int64(b[k].bucket())})
	}
	return append(out, a...)
}

// Clone returns a copy that shares nothing.
func (h *Hist) Clone() Hist { return Hist{slices.Clone(h.bins), h.n, h.sum} }

// Equal tells whether both hold the same buckets.
func (h *Hist) Equal(o *Hist) bool {
	return h.n == o.n && h.sum == o.sum && slices.Equal(h.bins, o.bins)
}

// N is the number of values, Sum their sum.
func (h *Hist) N() int64   { return h.n }
func (h *Hist) Sum() int64 { return h.sum }

// Max is the largest value, where the buckets tell: ok is false where the top bucket holds several that may differ.
func (h *Hist) Max() (x int64, ok bool) {
	if len(h.bins) == 0 {
		return 0, false
	}
	b := h.bins[len(h.bins)-1]
	if b.count() == 1 {
		return b.sum, true
	}
	return bucketMid(b.bucket()), b.bucket() > 0 && bucketShift(b.bucket()) == 0 || b.bucket() == 0 && b.sum == 0
}

// Quantile is the value of rank ceil(q*n), q = num/den, within 0.8 % of the exact one. Known extremes bound it: pass math.MinInt64 and
// math.MaxInt64 for unknown ones. It is 0 for an empty histogram.
func (h *Hist) Quantile(num, den, least, most int64) int64 {
	if h.n <= 0 {
		return 0
	}
	rank := rankOf(num, den, h.n)
	for _, b := range h.bins {
		if rank -= b.count(); rank <= 0 {
			return min(max(bucketMid(b.bucket()), least), most)
		}
	}
	return most
}

// Percentile is Quantile for people: where the value of that rank is alone in its bucket it is exact.
func (h *Hist) Percentile(num, den, most int64) int64 {
	rank := int64(0)
	if h.n > 0 {
		rank = rankOf(num, den, h.n)
	}
	for _, b := range h.bins {
		if rank -= b.count(); rank <= 0 && b.count() == 1 {
			return b.sum
		} else if rank <= 0 {
			break
		}
	}
	return h.Quantile(num, den, math.MinInt64, most)
}

// rankOf is max(1, ceil(num/den * n)), exactly.
func rankOf(num, den, n int64) int64 {
	hi, lo := bits.Mul64(uint64(num), uint64(n))
	lo, carry := bits.Add64(lo, uint64(den-1), 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(den))
	return max(1, int64(q))
}

// TopShare is the part of the sum that the k largest values make up; the bucket in which k falls contributes in proportion.
// It is NaN when the sum is 0.
func (h *Hist) TopShare(k int64) float64 {
	if h.sum == 0 {
		return math.NaN()
	}
	top := 0.0
	for i := len(h.bins) - 1; i >= 0 && k > 0; i-- {
		b := h.bins[i]
		part := min(k, b.count())
		top += float64(b.sum) * float64(part) / float64(b.count())
		k -= part
	}
	return top / float64(h.sum)
}

// A Bin is a bar of a histogram for people: the values in [Low, High). The first may begin at 0.
type Bin struct {
	Low, High int64
	N, Sum    int64
}

// Bins puts the values into bars with edges 1, 2 and 5 times powers of ten, from the first that holds a value to the last. A bucket that
// lies across an edge goes where the mean of its values lies, so counts may move over an edge by less than 1.6 % of its value.
func (h *Hist) Bins() []Bin {
	var out []Bin
	for _, b := range h.bins {
		x := bucketMid(b.bucket())
		if b.count() > 0 {
			x = b.sum / b.count()
		}
		lo, hi := edges125(x)
		for len(out) > 0 && out[len(out)-1].High < lo {
			last := out[len(out)-1].High
			_, next := edges125(last)
			out = append(out, Bin{Low: last, High: next})
		}
		if len(out) == 0 || out[len(out)-1].Low != lo {
			out = append(out, Bin{Low: lo, High: hi})
		}
		at := &out[len(out)-1]
		at.N += b.count()
		at.Sum += b.sum
	}
	return out
}

// edges125 are the 1-2-5 edges around x: low <= x < high. Below 1 lies [0, 1).
func edges125(x int64) (low, high int64) {
	if x < 1 {
		return 0, 1
	}
	p := int64(1)
	for p <= x/10 {
		p *= 10
	}
	switch {
	case x < 2*p:
		return p, 2 * p
	case x/5 < p:
		return 2 * p, 5 * p
	case p > math.MaxInt64/10:
		return 5 * p, math.MaxInt64
	}
	return 5 * p, 10 * p
}

var errBytes = errors.New("stored totals are damaged")

// AppendTo appends the histogram as bytes; equal histograms give equal bytes.
func (h *Hist) AppendTo(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(h.bins)))
	last := uint16(0)
	for _, b := range h.bins {
		to = binary.AppendUvarint(to, uint64(b.bucket()-last))
		to = binary.AppendVarint(to, b.count())
		to = binary.AppendVarint(to, b.sum-b.count()*bucketLow(b.bucket()))
		last = b.bucket()
	}
	return to
}

// decode reads what AppendTo wrote.
func (h *Hist) decode(r *byteReader) {
	n := r.uint()
	if n > 1<<12 {
		r.bad = true
		return
	}
	*h = Hist{}
	if n > 0 {
		h.bins = make([]bin, 0, n)
	}
	last, at := uint16(0), 0
	for ; n > 0 && at >= 0; n-- {
		var step, count, sum uint64
		step, at = uintAt(r.b, at)
		count, at = uintAt(r.b, at)
		sum, at = uintAt(r.b, at)
		last += uint16(step)
		b := bin{signed(count)<<16 | int64(last), signed(sum) + signed(count)*bucketLow(last)}
		h.bins = append(h.bins, b)
		h.n += signed(count)
		h.sum += b.sum
	}
	if at < 0 {
		r.bad = true
		return
	}
	r.b = r.b[at:]
}

// uintAt reads a varint of b at i, and returns where the next one stands; -1 where b ends before it does.
func uintAt(b []byte, i int) (v uint64, next int) {
	for shift := 0; uint(i) < uint(len(b)) && shift < 64; shift += 7 {
		c := b[i]
		i++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, i
		}
	}
	return 0, -1
}

// signed undoes the zigzag of a varint.
func signed(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// A byteReader reads varints; after damage every read gives 0.
type byteReader struct {
	b   []byte
	bad bool
}

func (r *byteReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	return r.took(n, v)
}

func (r *byteReader) int() int64 {
	if len(r.b) > 0 && r.b[0] < 0x80 && !r.bad {
		v := int64(r.b[0])
		r.b = r.b[1:]
		return v>>1 ^ -(v & 1)
	}
	v, n := binary.Varint(r.b)
	return int64(r.took(n, uint64(v)))
}

func (r *byteReader) took(n int, v uint64) uint64 {
	if n <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

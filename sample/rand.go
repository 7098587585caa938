package sample

import "math/bits"

// rng is SplitMix64. Nothing here uses floating point, so that a seed means the same bytes everywhere.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns one of 0 .. n-1.
func (r *rng) below(n int64) int64 {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int64(hi)
}

// between returns one of a .. b.
func (r *rng) between(a, b int64) int64 { return a + r.below(b-a+1) }

// chance is true in n of a thousand cases.
func (r *rng) chance(n int) bool { return r.below(1000) < int64(n) }

// normal returns a nearly normal number with mean 0 and deviation 1024.
func (r *rng) normal() int64 {
	sum := int64(-6 * 1024)
	for range 12 {
		sum += r.below(1025)
	}
	return sum
}

// lognormal returns a number with the given median; sigma, in 1/1024, is the deviation of its logarithm.
func (r *rng) lognormal(median, sigma int64) int64 {
	const log2e = 1477 // 1.4427 in 1/1024
	return scale(median, r.normal()*sigma/1024*log2e/1024)
}

// pareto returns a number of at least low and at most high whose tail falls with the power alpha, in thousandths.
func (r *rng) pareto(low, high, alpha int64) int64 {
	v := r.next() | 1
	zeros := int64(bits.LeadingZeros64(v))
	fraction := int64(v<<(zeros+1)>>54) & 1023 // log2 within an octave, as a straight line
	return min(scale(low, ((zeros+1)*1024-fraction)*1000/alpha), high)
}

// roots are 2^(1/2), 2^(1/4) .. 2^(1/1024), in units of 2^-30.
var roots = [10]uint64{1518500250, 1276901417, 1170923762, 1121280436, 1097253708, 1085434106, 1079572136, 1076653033, 1075196443, 1074468888}

// scale returns n * 2^(x/1024).
func scale(n, x int64) int64 {
	f := uint64(1) << 30
	for i, root := range roots {
		if x&(512>>i) != 0 {
			f = f * root >> 30
		}
	}
	shift := x >> 10
	v := uint64(n) * f
	if shift < 0 {
		return int64(v >> min(uint64(30-shift), 63))
	}
	return int64(v >> 30 << min(uint64(shift), 20))
}

// mulDiv returns a*b/c without overflow; b < c.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}

package tracefmt

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
)

// USD is an amount of money in pico-dollars: 1 USD = 10^12. A list price of x USD per million tokens is x*10^6 of it per token,
// so every cost is exact (analysis-spec A.1). The range is about 9.2 million USD.
type USD int64

// Dollar is one US dollar.
const Dollar USD = 1e12

// ErrOverflow is returned where a sum of money leaves the range of USD.
var ErrOverflow = errors.New("amount exceeds 9.2 million USD")

// Add returns a+b; ok is false, and the result the nearest representable amount, where the sum overflows.
func (a USD) Add(b USD) (sum USD, ok bool) {
	s := a + b
	if (s > a) == (b > 0) || b == 0 {
		return s, true
	}
	if b > 0 {
		return math.MaxInt64, false
	}
	return math.MinInt64, false
}

// Mul returns n times a; ok is false, and the result the largest amount, where it overflows. Both must be non-negative.
func (a USD) Mul(n int64) (product USD, ok bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(n))
	if a < 0 || n < 0 || hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64, false
	}
	return USD(lo), true
}

// Float returns the amount in dollars, for ratios and charts; never for sums.
func (a USD) Float() float64 { return float64(a) / 1e12 }

// String returns the exact amount in dollars, without trailing zeros: "0.0009825", "-3".
func (a USD) String() string { return string(a.Append(nil)) }

// Append appends String to b.
func (a USD) Append(b []byte) []byte {
	u := uint64(a)
	if a < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/1e12, 10)
	f := u % 1e12
	if f == 0 {
		return b
	}
	b = append(b, '.')
	for d := uint64(1e11); f > 0; d /= 10 {
		b = append(b, byte('0'+f/d))
		f %= d
	}
	return b
}

// ParseUSD reads a JSON number (or decimal text) as dollars. Digits beyond the twelfth decimal are rounded half away from zero.
func ParseUSD(s []byte) (USD, error) {
	v, ok := parseDecimal(s, 12)
	if !ok {
		return 0, errors.New("not an amount of money: " + quoteShort(s))
	}
	return USD(v), nil
}

// parseDecimal reads a JSON number times 10^scale exactly, rounding half away from zero.
func parseDecimal(s []byte, scale int) (int64, bool) {
	i, neg := 0, false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	var digits [40]byte // significant digits
	n, point, seen := 0, 0, false
	exp, dot, dropped := 0, false, 0
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			seen = true
			if dot {
				point++
			}
			if n == 0 && c == '0' {
				continue
			}
			if n < len(digits) {
				digits[n] = c - '0'
				n++
			} else {
				dropped++
			}
		case c == '.' && !dot:
			dot = true
		case (c == 'e' || c == 'E') && seen:
			e, err := strconv.Atoi(string(s[i+1:]))
			if err != nil || e > 400 || e < -400 {
				return 0, false
			}
			exp, i = e, len(s)
		default:
			return 0, false
		}
	}
	if !seen {
		return 0, false
	}
	shift := scale + exp - point + dropped // value = digits * 10^shift
	var v uint64
	round := false
	for k := 0; k < n; k++ {
		if k >= n+shift {
			round = k == n+shift && digits[k] >= 5
			break
		}
		hi, lo := bits.Mul64(v, 10)
		if hi != 0 || lo > math.MaxInt64 {
			return 0, false
		}
		v = lo + uint64(digits[k])
	}
	if n > 0 {
		for ; shift > 0; shift-- {
			hi, lo := bits.Mul64(v, 10)
			if hi != 0 || lo > math.MaxInt64 {
				return 0, false
			}
			v = lo
		}
	}
	if round {
		v++
	}
	if v > math.MaxInt64 {
		return 0, false
	}
	if neg {
		return -int64(v), true
	}
	return int64(v), true
}

func quoteShort(s []byte) string {
	if len(s) > 40 {
		s = s[:40]
	}
	return strconv.QuoteToASCII(string(s))
}

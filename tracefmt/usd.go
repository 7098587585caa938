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
	var d decimal
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	if !d.read(s) {
		return 0, false
	}
	v, ok := d.shift(scale)
	if neg {
		v = -v
	}
	return v, ok
}

// A decimal is the number 0.digits times 10^exp: its significant digits without leading zeros, of which those past the array are cut off.
type decimal struct {
	digits [40]byte
	n      int
	exp    int
}

// read takes in a number without its sign.
func (d *decimal) read(s []byte) bool {
	seen, dot := false, false
	for i, c := range s {
		switch {
		case isDigit(c):
			seen = true
			d.digit(c-'0', dot)
		case c == '.' && !dot:
			dot = true
		case c|0x20 == 'e' && seen:
			e, err := strconv.Atoi(string(s[i+1:]))
			d.exp += e
			return err == nil && e <= 400 && e >= -400
		default:
			return false
		}
	}
	return seen
}

// digit appends a digit, which stands behind the point or before it.
func (d *decimal) digit(v byte, fraction bool) {
	zero := d.n == 0 && v == 0
	switch {
	case !zero && !fraction:
		d.exp++
	case zero && fraction:
		d.exp--
	}
	if !zero && d.n < len(d.digits) {
		d.digits[d.n] = v
		d.n++
	}
}

// shift is d times 10^scale, rounded half away from zero; ok is false where int64 cannot hold it.
func (d *decimal) shift(scale int) (v int64, ok bool) {
	whole := d.exp + scale // so many digits stand before the point
	if d.n == 0 || whole < 0 {
		return 0, true
	}
	for k := range whole {
		digit := int64(0)
		if k < d.n {
			digit = int64(d.digits[k])
		}
		if k >= 18 && v > (math.MaxInt64-digit)/10 {
			return 0, false
		}
		v = v*10 + digit
	}
	if whole < d.n && d.digits[whole] >= 5 {
		if v == math.MaxInt64 {
			return 0, false
		}
		v++
	}
	return v, true
}

func quoteShort(s []byte) string {
	if len(s) > 40 {
		s = s[:40]
	}
	return strconv.QuoteToASCII(string(s))
}

package tracefmt

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
)

// otlpID appends an id in the form that ids are compared in: hex digits in lower case, without 0x; base64 of n bytes becomes hex; what
// is neither (decimal ids) stays as it is. An id of zeros is no id.
func otlpID(to, v []byte, n int) []byte {
	if len(v) > 2 && v[0] == '0' && v[1]|0x20 == 'x' {
		v = v[2:]
	}
	from := len(to)
	if len(v) == base64.StdEncoding.EncodedLen(n) && v[len(v)-1] == '=' {
		var raw [24]byte
		if m, err := base64.StdEncoding.Decode(raw[:], v); err == nil && m == n {
			return zeroID(hex.AppendEncode(to, raw[:n]), from)
		}
	}
	if !allHex(v) {
		return append(to, v...)
	}
	for _, c := range v {
		if c >= 'A' && c <= 'F' {
			c |= 0x20
		}
		to = append(to, c)
	}
	return zeroID(to, from)
}

func zeroID(b []byte, from int) []byte {
	for _, c := range b[from:] {
		if c != '0' {
			return b
		}
	}
	return b[:from]
}

func allHex(v []byte) bool {
	for _, c := range v {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// number reads a number, a number as text, or a protobuf.js Long {low, high}; nil for everything else. The result is valid until the
// next call.
func (d *Decoder) number(s *scanner) []byte {
	if s.kind() != '{' {
		return s.num()
	}
	var low, high int64
	ok := false
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "low":
			low, ok = parseInt(s.num())
		case "high":
			high, _ = parseInt(s.num())
		default:
			s.skip()
		}
	}
	if !ok {
		return nil
	}
	d.otlp.num = strconv.AppendInt(d.otlp.num[:0], high<<32|low&math.MaxUint32, 10)
	return d.otlp.num
}

// when reads a time: whole nanoseconds (number, text, Long), RFC 3339, or [seconds, nanoseconds]. 0 is no time.
func (d *Decoder) when(s *scanner) (ns int64, ok bool) {
	switch s.kind() {
	case '[':
		return hrTime(s)
	case '"':
		v := s.str()
		if numberOK(v) {
			return nanos(v)
		}
		return readTime(v)
	}
	return nanos(d.number(s))
}

// whenSized reads a time whose unit is told by its size, where it is a number.
func (d *Decoder) whenSized(s *scanner) (ns int64, ok bool) {
	if s.kind() == '[' {
		return hrTime(s)
	}
	if s.kind() == '"' {
		return readTime(s.str())
	}
	v := d.number(s)
	if len(v) > 17 {
		return nanos(v)
	}
	return readTime(v)
}

// nanos reads whole nanoseconds exactly, however the number is written.
func nanos(v []byte) (int64, bool) {
	ns, ok := parseInt(v)
	if !ok {
		ns, ok = parseDecimal(v, 0)
	}
	return ns, ok && ns > 0
}

// hrTime reads JavaScript's [seconds, nanoseconds].
func hrTime(s *scanner) (int64, bool) {
	var part [2]int64
	n := 0
	for s.array(); s.next(); n++ {
		v, ok := parseInt(s.num())
		if n < 2 && ok {
			part[n] = v
		}
	}
	if n != 2 || part[0] <= 0 || part[0] > maxSeconds {
		return 0, false
	}
	return part[0]*1e9 + part[1], true
}

// maxSeconds is about the year 2262, where nanoseconds leave int64.
const maxSeconds = math.MaxInt64/1_000_000_000 - 1

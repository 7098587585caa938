package tracefmt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// A scanner walks over one JSON value in place: it reads the members that a decoder asks for and skips the rest without looking
// inside. It never allocates. Structure is checked everywhere it looks and in what it skips, text is not (invalid UTF-8 passes).
//
//	for s.object(); s.next(); {
//		switch string(s.key()) {
//		case "model":
//			r.Model = d.sym(s.str())
//		default:
//			s.skip()
//		}
//	}
//	if s.err != nil …
//
// Each member must be consumed by exactly one reading call. After an error every call returns at once.
type scanner struct {
	b     []byte
	at    int
	err   error
	k     []byte // the current member's key, raw
	stack []byte // '{' or '[' per open container
	first bool   // no member of the innermost container was read yet
	buf   []byte // scratch for unescaped text
	esc   bool   // the last string may hold escapes
}

// maxDepth bounds nesting.
const maxDepth = 1000

var (
	errSyntax = errors.New("not valid JSON")
	errCut    = errors.New("the value is cut off")
	errDeep   = errors.New("nested deeper than 1000 levels")
)

// reset starts over at a new value.
func (s *scanner) reset(b []byte) {
	s.b, s.at, s.err, s.k, s.stack, s.first = b, 0, nil, nil, s.stack[:0], false
}

func (s *scanner) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.at = len(s.b)
}

// white moves to the next byte that is no white space and returns it; 0 at the end.
func (s *scanner) white() byte {
	b, i := s.b, s.at
	for i < len(b) {
		if c := b[i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			s.at = i
			return c
		}
		i++
	}
	s.at = i
	return 0
}

func (s *scanner) open(c byte) bool {
	if s.err != nil {
		return false
	}
	if s.white() != c {
		s.mismatch()
		return false
	}
	if len(s.stack) >= maxDepth {
		s.fail(errDeep)
		return false
	}
	s.at++
	s.stack = append(s.stack, c)
	s.first = true
	return true
}

func (s *scanner) mismatch() {
	if s.at >= len(s.b) {
		s.fail(errCut)
		return
	}
	s.fail(errSyntax)
}

// object enters an object, array enters an array. kind tells beforehand which it is.
func (s *scanner) object() { s.open('{') }
func (s *scanner) array()  { s.open('[') }

// enter enters an object or an array, whichever c opens; a value of another kind is skipped.
func (s *scanner) enter(c byte) bool {
	if s.kind() != c {
		s.skip()
		return false
	}
	s.open(c)
	return true
}

// kind returns the first byte of the value to come: { [ " t f n - or a digit; 0 at the end or after an error.
func (s *scanner) kind() byte {
	if s.err != nil {
		return 0
	}
	return s.white()
}

// next moves to the next member of the innermost container, or closes it and returns false.
func (s *scanner) next() bool {
	if s.err != nil || len(s.stack) == 0 {
		return false
	}
	in := s.stack[len(s.stack)-1]
	c := s.white()
	if c == in+2 { // '{'+2 == '}', '['+2 == ']'
		s.at++
		s.stack = s.stack[:len(s.stack)-1]
		s.first = false
		return false
	}
	if !s.first {
		if c != ',' {
			s.mismatch()
			return false
		}
		s.at++
		c = s.white()
	}
	s.first = false
	if in == '[' {
		if c == 0 || c == ']' {
			s.mismatch()
			return false
		}
		return true
	}
	if c != '"' {
		s.mismatch()
		return false
	}
	k, ok := s.rawString()
	if !ok {
		return false
	}
	s.k = k
	if s.white() != ':' {
		s.mismatch()
		return false
	}
	s.at++
	return true
}

// nextObject enters the next element of the innermost array that is an object, passing over others; at its end it closes the array and
// returns false.
func (s *scanner) nextObject() bool {
	for s.next() {
		if s.enter('{') {
			return true
		}
	}
	return false
}

// key is the current member's name as written, without its quotes; escapes, which no format uses in names, are not resolved.
func (s *scanner) key() []byte { return s.k }

// rawString reads a string and returns what is between its quotes, escapes unresolved; s.esc tells whether there may be any.
func (s *scanner) rawString() ([]byte, bool) {
	b, from := s.b, s.at+1
	i := from
	for n := 0; n < 4 && i+8 <= len(b); n++ { // most strings are short
		x := binary.LittleEndian.Uint64(b[i:])
		quote, back := byteMask(x, '"'), byteMask(x, '\\')
		if quote|back == 0 {
			i += 8
			continue
		}
		if at := bits.TrailingZeros64(quote); at < bits.TrailingZeros64(back) {
			i += at / 8
			s.at, s.esc = i+1, false
			return b[from:i], true
		}
		break
	}
	for {
		k := bytes.IndexByte(b[i:], '"')
		if k < 0 {
			s.fail(errCut)
			return nil, false
		}
		i += k
		n := i
		for n > from && b[n-1] == '\\' {
			n--
		}
		if (i-n)&1 == 0 {
			s.at, s.esc = i+1, true
			return b[from:i], true
		}
		i++
	}
}

// rawText reads a string as it is written, without its quotes; other values give nil.
func (s *scanner) rawText() []byte {
	if s.kind() != '"' {
		s.skip()
		return nil
	}
	v, _ := s.rawString()
	return v
}

// byteMask has the high bit set of the lowest byte of x that is c, and perhaps of bytes above it.
func byteMask(x uint64, c byte) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	v := x ^ ones*uint64(c)
	return (v - ones) &^ v & highs
}

// digits reads a number of up to 18 digits that stands at once before the end of its member; otherwise it reads nothing.
func (s *scanner) digits() (n int64, ok bool) {
	b, i := s.b, s.at
	for i < len(b) && b[i] == ' ' {
		i++
	}
	from := i
	for i < len(b) && b[i]-'0' <= 9 {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	if i == from || i-from > 18 || i == len(b) || b[i] != ',' && b[i] != '}' || b[from] == '0' && i-from > 1 || s.err != nil {
		return 0, false
	}
	s.at = i
	return n, true
}

// raw returns the bytes of the next value and moves past it.
func (s *scanner) raw() []byte {
	s.kind()
	from := s.at
	s.skip()
	if s.err != nil {
		return nil
	}
	return s.b[from:s.at]
}

// skip moves past the next value.
func (s *scanner) skip() {
	if s.err != nil {
		return
	}
	switch c := s.white(); c {
	case '"':
		s.rawString()
	case '{', '[':
		s.skipContainer()
	default:
		s.scalar()
	}
}

// skipContainer moves past an object or array: brackets must match, strings are jumped over.
func (s *scanner) skipContainer() {
	base := len(s.stack)
	b, i := s.b, s.at
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			s.at = i
			if _, ok := s.rawString(); !ok {
				return
			}
			i = s.at
			continue
		case '{', '[':
			if len(s.stack)-base >= maxDepth {
				s.fail(errDeep)
				return
			}
			s.stack = append(s.stack, c)
		case '}', ']':
			if s.stack[len(s.stack)-1] != c-2 {
				s.fail(errSyntax)
				return
			}
			if s.stack = s.stack[:len(s.stack)-1]; len(s.stack) == base {
				s.at = i + 1
				return
			}
		}
		i++
	}
	s.at = i
	s.fail(errCut)
}

// scalar reads a number, true, false or null as written.
func (s *scanner) scalar() []byte {
	b, i := s.b, s.at
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			goto end
		case '"', '{', '[', ':':
			s.fail(errSyntax)
			return nil
		}
		i++
	}
end:
	v := b[s.at:i]
	if !scalarOK(v) {
		if i >= len(b) {
			s.fail(errCut)
		} else {
			s.fail(errSyntax)
		}
		return nil
	}
	s.at = i
	return v
}

func scalarOK(v []byte) bool {
	if len(v) == 0 {
		return false
	}
	switch v[0] {
	case 't':
		return string(v) == "true"
	case 'f':
		return string(v) == "false"
	case 'n':
		return string(v) == "null"
	}
	return numberOK(v)
}

// numberOK checks the grammar of a JSON number.
func numberOK(v []byte) bool {
	i := 0
	if i < len(v) && v[i] == '-' {
		i++
	}
	digits := func() bool {
		from := i
		for i < len(v) && v[i] >= '0' && v[i] <= '9' {
			i++
		}
		return i > from
	}
	zero := i < len(v) && v[i] == '0'
	from := i
	if !digits() || zero && i-from > 1 {
		return false
	}
	if i < len(v) && v[i] == '.' {
		i++
		if !digits() {
			return false
		}
	}
	if i < len(v) && (v[i] == 'e' || v[i] == 'E') {
		i++
		if i < len(v) && (v[i] == '+' || v[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == len(v)
}

// str reads a string with escapes resolved, or the text of a number or boolean as written; null and containers give nil.
// The result is valid until the next call.
func (s *scanner) str() []byte {
	switch s.kind() {
	case 0:
		return nil
	case '"':
		raw, ok := s.rawString()
		if !ok {
			return nil
		}
		if !s.esc || bytes.IndexByte(raw, '\\') < 0 {
			return raw
		}
		s.buf = unescape(s.buf[:0], raw)
		return s.buf
	case '{', '[':
		s.skip()
		return nil
	case 'n':
		s.scalar()
		return nil
	}
	return s.scalar()
}

// num reads a number, also one written as text ("1210"), as its bytes; nil for null, empty text and everything that is no number.
func (s *scanner) num() []byte {
	if s.kind() == '"' {
		raw, ok := s.rawString()
		if !ok || !numberOK(raw) {
			return nil
		}
		return raw
	}
	v := s.str()
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return nil
	}
	return v
}

// boolean reads true or false, also as text; ok is false for everything else.
func (s *scanner) boolean() (v, ok bool) {
	switch string(s.str()) {
	case "true", "True":
		return true, true
	case "false", "False":
		return false, true
	}
	return false, false
}

// done checks that nothing but white space follows the value.
func (s *scanner) done() bool { return s.err == nil && s.white() == 0 }

// unescape appends raw with its JSON escapes resolved. Lone surrogates and bad escapes become U+FFFD.
func unescape(to, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 >= len(raw) {
			to = append(to, c)
			continue
		}
		i++
		switch c = raw[i]; c {
		case 'n':
			to = append(to, '\n')
		case 't':
			to = append(to, '\t')
		case 'r':
			to = append(to, '\r')
		case 'b':
			to = append(to, '\b')
		case 'f':
			to = append(to, '\f')
		case 'u':
			r, n := hex4(raw[i+1:])
			i += n
			if r >= 0xD800 && r < 0xDC00 && i+2 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
				if low, m := hex4(raw[i+3:]); low >= 0xDC00 && low < 0xE000 {
					r = (r-0xD800)<<10 + (low - 0xDC00) + 0x10000
					i += 2 + m
				}
			}
			to = utf8.AppendRune(to, r) // writes U+FFFD for surrogates
		default:
			to = append(to, c)
		}
	}
	return to
}

func hex4(b []byte) (r rune, n int) {
	for n < 4 && n < len(b) {
		c := b[n]
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return utf8.RuneError, n
		}
		n++
	}
	if n < 4 {
		return utf8.RuneError, n
	}
	return r, n
}

// parseInt reads a whole number exactly; 1.0 and 1e3 are whole too. ok is false for fractions and for what int64 cannot hold.
func parseInt(v []byte) (n int64, ok bool) {
	if len(v) > 0 && len(v) < 19 {
		neg, i := v[0] == '-', 0
		if neg {
			i = 1
		}
		for ; i < len(v); i++ {
			c := v[i] - '0'
			if c > 9 {
				break
			}
			n = n*10 + int64(c)
		}
		if i == len(v) {
			if neg {
				n = -n
			}
			return n, true
		}
	}
	s := text(v)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// text views b as a string without copying; it must not outlive b.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

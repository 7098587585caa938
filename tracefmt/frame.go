package tracefmt

import "bytes"

// A cutter finds the values of a source where they do not stand one per line.
type cutter interface {
	// next returns the next whole value of b; ok is false at the end of b.
	next(b []byte) (from, to int, ok bool)
	// open tells that a value has begun and not ended.
	open() bool
	// place is the next byte to look at, and the start of the current value.
	place() (at, from int)
	// shift tells that n bytes at the beginning of the buffer are gone.
	shift(n int)
	// last returns the value that the end of the source ends, if there is one.
	last(b []byte) (from, to int, ok bool)
}

// A framer finds values by their brackets: documents over several lines, elements of top-level arrays, values side by side. Between
// values it passes over white space, commas and the brackets of top-level arrays. It checks nothing else, and it may go on where one
// buffer ended and the next begins.
type framer struct {
	at     int // next byte to look at
	from   int // start of the current value
	depth  int
	quoted bool // inside a string
	escape bool // behind a backslash
	bare   bool // inside a number, word or garbage
}

// next returns the next whole value of b; ok is false at the end of b, where the value that began at from (depth > 0 or bare) is not whole.
func (f *framer) next(b []byte) (from, to int, ok bool) {
	for f.at < len(b) {
		c := b[f.at]
		switch {
		case f.quoted:
			f.string(b)
			if !f.quoted && f.depth == 0 {
				return f.from, f.at, true
			}
			continue
		case f.bare:
			if ends(c) {
				f.bare = false
				return f.from, f.at, true
			}
		case f.depth > 0:
			switch c {
			case '"':
				f.quoted = true
			case '{', '[':
				f.depth++
			case '}', ']':
				if f.depth--; f.depth == 0 {
					f.at++
					return f.from, f.at, true
				}
			}
		default:
			f.begin(c)
		}
		f.at++
	}
	return f.from, f.at, false
}

// open tells that a value has begun and not ended.
func (f *framer) open() bool { return f.depth > 0 || f.bare || f.quoted }

func (f *framer) shift(n int) { f.at, f.from = f.at-n, f.from-n }

func (f *framer) place() (at, from int) { return f.at, f.from }

// last gives nothing: a value that is not closed is not whole.
func (f *framer) last([]byte) (from, to int, ok bool) { return 0, 0, false }

// begin looks at a byte between values.
func (f *framer) begin(c byte) {
	switch c {
	case ' ', '\t', '\r', '\n', ',', '[', ']', 0:
		f.from = f.at + 1
		return
	case '{':
		f.depth = 1
	case '"':
		f.quoted = true
	default:
		f.bare = true
	}
	f.from = f.at
}

// ends tells whether c ends a number, a word or garbage; words side by side are one piece of garbage.
func ends(c byte) bool { return c == '\n' || c == ',' || c == '[' || c == ']' || c == '{' }

// string moves behind the end of the string that f.at stands in, or to the end of b.
func (f *framer) string(b []byte) {
	if f.escape && f.at < len(b) {
		f.escape = false
		f.at++
	}
	for from := f.at; f.at < len(b); {
		k := bytes.IndexByte(b[f.at:], '"')
		end := f.at + k
		if k < 0 {
			end = len(b)
		}
		n := end
		for n > from && b[n-1] == '\\' {
			n--
		}
		escaped := (end-n)&1 == 1
		if k < 0 {
			f.at, f.escape = end, escaped
			return
		}
		if f.at = end + 1; !escaped {
			f.quoted = false
			return
		}
		from = f.at // the quote behind the backslash is read
	}
}

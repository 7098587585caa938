package tracefmt

import "bytes"

// A quickScan reads the first members of a line where they stand in the order that a tool writes them, with or without blanks. Most lines
// of a session log tell nothing that matters, which these members say: they are never scanned as a whole.
type quickScan struct {
	b   []byte
	at  int
	bad bool // the line begins in another way
}

// is moves past the byte c.
func (q *quickScan) is(c byte) {
	for q.at < len(q.b) && q.b[q.at] == ' ' {
		q.at++
	}
	if q.at >= len(q.b) || q.b[q.at] != c {
		q.bad = true
		return
	}
	q.at++
}

// member moves past the byte before a member (its object's bracket, or a comma), its name in quotes, and the colon.
func (q *quickScan) member(before byte, name string) {
	q.is(before)
	q.is('"')
	if q.bad || !bytes.HasPrefix(q.b[q.at:], []byte(name)) {
		q.bad = true
		return
	}
	q.at += len(name)
	q.is('"')
	q.is(':')
}

// maxQuick bounds the texts that quickScan reads: they are names and times.
const maxQuick = 64

// text reads a string without escapes.
func (q *quickScan) text() []byte {
	if q.is('"'); q.bad {
		return nil
	}
	rest := q.b[q.at:min(q.at+maxQuick, len(q.b))]
	n := bytes.IndexByte(rest, '"')
	if n < 0 || bytes.IndexByte(rest[:n], '\\') >= 0 {
		q.bad = true
		return nil
	}
	q.at += n + 1
	return rest[:n]
}

package tracefmt

import "bytes"

// A sectionFramer finds values that go from one line to the next of the same kind, such as the chats of a history file. The last one of
// a source may still grow: it is given out, and read again when it has.
type sectionFramer struct {
	begins func(line []byte) bool
	at     int
	from   int
}

func (f *sectionFramer) next(b []byte) (from, to int, ok bool) {
	for f.at < len(b) {
		n := bytes.IndexByte(b[f.at:], '\n')
		if n < 0 {
			break
		}
		line := f.at
		f.at += n + 1
		if line > f.from && f.begins(b[line:line+n]) {
			from, f.from = f.from, line
			return from, line, true
		}
	}
	return f.from, len(b), false
}

func (f *sectionFramer) open() bool { return true }

func (f *sectionFramer) shift(n int) { f.at, f.from = f.at-n, f.from-n }

func (f *sectionFramer) place() (at, from int) { return f.at, f.from }

// last gives the last section, up to its last whole line.
func (f *sectionFramer) last(b []byte) (from, to int, ok bool) {
	from = f.from
	to = from + bytes.LastIndexByte(b[from:], '\n') + 1
	f.from = to
	return from, to, to > from
}

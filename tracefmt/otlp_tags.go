package tracefmt

import (
	"bytes"
	"slices"
)

// What is longer is no name to group by: text of maxTag bytes, a number of maxNumber digits.
const (
	maxTag    = 80
	maxNumber = 4
)

// tagList collects the tags of a span. Its memory is reused.
type tagList struct {
	buf  []byte
	list [][]byte
	out  []byte
}

func (t *tagList) reset() { t.buf, t.list = t.buf[:0], t.list[:0] }

// add enters "key=value"; without a key, value is the tag, and key:value in it means key=value. Ids, long texts and measurements are no tags.
func (t *tagList) add(key, value []byte) {
	if len(value) == 0 || len(key)+len(value) > maxTag || hasID(value) || len(value) > maxNumber && numberOK(value) {
		return
	}
	from := len(t.buf)
	if len(key) > 0 {
		t.buf = append(append(t.buf, key...), '=')
	}
	t.buf = append(t.buf, value...)
	tag := t.buf[from:]
	for i, c := range tag {
		if c < ' ' {
			tag[i] = ' '
		}
	}
	if c := bytes.IndexAny(tag, ":="); c > 0 {
		tag[c] = '='
	} else {
		t.buf = append(t.buf, '=')
	}
	t.list = append(t.list, t.buf[from:len(t.buf):len(t.buf)])
}

// otlpTagSep stands between the tags of a set.
const otlpTagSep = '\x1f'

// text is the set: "key=value", a bare tag "key=", sorted, each key once. It is valid until the next reset.
func (t *tagList) text() []byte {
	t.out = t.out[:0]
	slices.SortFunc(t.list, bytes.Compare)
	for i, tag := range t.list {
		if i > 0 && bytes.HasPrefix(t.list[i-1], tag[:bytes.IndexByte(tag, '=')+1]) {
			continue // one value for a key
		}
		if len(t.out) > 0 {
			t.out = append(t.out, otlpTagSep)
		}
		t.out = append(t.out, tag...)
	}
	return t.out
}

package tracefmt

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// A set of tags is kept as one text: "key=value" pairs, sorted by key, joined by tagSep. A tag without a value is "key=".
const tagSep = "\x1f"

// maxTags bounds a set.
const maxTags = 64

// tagSet collects the tags of one record; its memory is used again.
type tagSet struct {
	text  []byte
	spans [][2]int
	full  []byte
}

func (t *tagSet) reset() { t.text, t.spans = t.text[:0], t.spans[:0] }

// add puts a tag in; what is longer than a name may be is cut.
func (t *tagSet) add(key, value []byte) {
	if key = tidy(key); len(key) == 0 || len(t.spans) == maxTags {
		return
	}
	from := len(t.text)
	t.text = append(t.text, key...)
	t.text = append(t.text, '=')
	t.text = append(t.text, tidy(value)...)
	t.spans = append(t.spans, [2]int{from, len(t.text)})
}

func (t *tagSet) at(i int) []byte { return t.text[t.spans[i][0]:t.spans[i][1]] }

// join returns the text of the set; of two tags with the same key the later one holds. It is valid until the next call.
func (t *tagSet) join() []byte {
	if len(t.spans) == 0 {
		return nil
	}
	slices.SortStableFunc(t.spans, func(x, y [2]int) int {
		return bytes.Compare(tagKey(t.text[x[0]:x[1]]), tagKey(t.text[y[0]:y[1]]))
	})
	t.full = t.full[:0]
	for i := range t.spans {
		if i+1 < len(t.spans) && bytes.Equal(tagKey(t.at(i)), tagKey(t.at(i+1))) {
			continue
		}
		if len(t.full) > 0 {
			t.full = append(t.full, tagSep...)
		}
		t.full = append(t.full, t.at(i)...)
	}
	return t.full
}

func tagKey(b []byte) []byte {
	k, _, _ := bytes.Cut(b, []byte{'='})
	return k
}

// tags returns the number of the set.
func (d *Decoder) tags(t *tagSet) Sym { return d.names.sym(asExact, t.join()) }

// TagPairs are the keys and values of a set of tags, in order.
func TagPairs(set string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for rest := set; len(rest) > 0; {
			var tag string
			tag, rest, _ = strings.Cut(rest, tagSep)
			if key, value, _ := strings.Cut(tag, "="); !yield(key, value) {
				return
			}
		}
	}
}

package tracefmt

import "bytes"

// What is longer is no name to group by: text of maxTag bytes, a number of maxNumber digits.
const (
	maxTag    = 80
	maxNumber = 4
)

// minTagID is the least length of an id that makes a text no tag: a shorter one may be a commit or a customer.
const minTagID = 12

// addOTLPTag enters a tag of a span; without a key, value is the tag, and key:value in it means key=value. Ids, long texts and measurements
// are no tags.
func (t *tagSet) addOTLPTag(key, value []byte) {
	if len(value) == 0 || len(key)+len(value) > maxTag || holdsID(value) || len(value) > maxNumber && numberOK(value) {
		return
	}
	if len(key) == 0 {
		key, value = value, nil
		if c := bytes.IndexAny(key, ":="); c > 0 {
			key, value = key[:c], key[c+1:]
		}
	}
	t.add(key, value)
}

// holdsID says that an id of some length stands in b.
func holdsID(b []byte) bool {
	for at, n := nextID(b, 0); n > 0; at, n = nextID(b, at+n) {
		if n >= minTagID {
			return true
		}
	}
	return false
}

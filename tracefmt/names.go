package tracefmt

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

// Sym stands for a name (a model, an agent, a step): names repeat millions of times, so records carry their numbers. 0 is "not stated".
type Sym uint32

// Names gives each distinct name a Sym. It may be used by several goroutines.
type Names struct {
	mu    sync.RWMutex
	index map[string]Sym
	names []string
}

// NewNames returns a table that holds only the empty name, which is Sym 0.
func NewNames() *Names {
	return &Names{index: map[string]Sym{"": 0}, names: []string{""}}
}

// Sym returns the number of s.
func (n *Names) Sym(s string) Sym {
	n.mu.RLock()
	y, ok := n.index[s]
	n.mu.RUnlock()
	if ok {
		return y
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if y, ok := n.index[s]; ok {
		return y
	}
	y = Sym(len(n.names))
	n.names = append(n.names, s)
	n.index[s] = y
	return y
}

// Find returns the number of s, and whether s has one.
func (n *Names) Find(s string) (Sym, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	y, ok := n.index[s]
	return y, ok
}

// Name returns the name that y stands for; "" for numbers never given.
func (n *Names) Name(y Sym) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(y) >= len(n.names) {
		return ""
	}
	return n.names[y]
}

// Len is the number of names given, the empty one included.
func (n *Names) Len() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.names)
}

// From returns a copy of the names from number y on, for a store that writes what is new.
func (n *Names) From(y Sym) []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(y) >= len(n.names) {
		return nil
	}
	return append([]string(nil), n.names[y:]...)
}

// A nameCache is one worker's view of Names: a lookup takes no lock and, for a text seen before, costs one map access and no memory.
type nameCache struct {
	all  *Names
	seen [nameForms]map[string]Sym
}

// A nameForm is what is made of a text before it becomes a name.
type nameForm uint8

const (
	asTidy  nameForm = iota // what a terminal can take
	asExact                 // as it stands: a text that was put together here
	asGroup                 // without ids: calls are grouped by it
	asSpan                  // without ids and without words for the kind of span
	nameForms
)

func (f nameForm) of(b []byte) []byte {
	switch f {
	case asExact:
		return b
	case asGroup:
		return cleanName(b)
	case asSpan:
		return cleanSpanName(b)
	}
	return tidy(b)
}

// maxCachedNames bounds a worker's cache of one form; past it the cache starts anew.
const maxCachedNames = 1 << 16

// notStated is what costscope itself writes where a name is not stated: read back, it says no more.
const notStated = "(none)"

// sym returns the number of the text b in the form f.
func (c *nameCache) sym(f nameForm, b []byte) Sym {
	if len(b) == 0 {
		return 0
	}
	seen := c.seen[f]
	if y, ok := seen[string(b)]; ok {
		return y
	}
	if seen == nil || len(seen) >= maxCachedNames {
		seen = map[string]Sym{}
		c.seen[f] = seen
	}
	y := Sym(0)
	if text := f.of(b); string(text) != notStated {
		y = c.all.Sym(string(text))
	}
	seen[string(b)] = y
	return y
}

// sym returns the number of b, tidied.
func (d *Decoder) sym(b []byte) Sym { return d.names.sym(asTidy, b) }

// name returns the number of b as a name to group calls by (workflow, agent, step): ids in it are cut out.
func (d *Decoder) name(b []byte) Sym { return d.names.sym(asGroup, b) }

// maxName is the longest name in bytes; more is cut off.
const maxName = 300

// tidy returns b as text that a terminal and a table can take: valid UTF-8, control characters as blanks, at most maxName bytes.
func tidy(b []byte) []byte {
	if len(b) <= maxName && isTidy(b) {
		return b
	}
	t := make([]byte, 0, min(len(b), maxName)+8)
	for len(b) > 0 && len(t) <= maxName {
		r, n := utf8.DecodeRune(b)
		if Acts(r) {
			r = ' '
		}
		t = utf8.AppendRune(t, r)
		b = b[n:]
	}
	if len(t) > maxName {
		n := maxName
		for !utf8.RuneStart(t[n]) {
			n--
		}
		t = append(t[:n], "…"...)
	}
	return bytes.TrimSpace(t)
}

// isTidy tells whether b is plain ASCII without control characters, and without blanks at its ends: what nearly every name is.
func isTidy(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) == 0 || b[0] != ' ' && b[len(b)-1] != ' '
}

// cleanName tidies b and cuts UUIDs and long runs of hex digits out of it, with the separators before them: "agent.f9f77d1a-437f-…"
// is "agent". A name that is nothing but an id keeps it.
func cleanName(b []byte) []byte {
	b = tidy(b)
	var t []byte
	kept := 0 // up to here b was copied to t
	for at, n := nextID(b, 0); n > 0; at, n = nextID(b, at+n) {
		before := b[kept:at]
		t = append(t, trimJoint(before)...)
		kept = at + n
		if kept < len(b) && bytes.HasSuffix(before, bracketOf(b[kept])) {
			kept++
		}
	}
	if kept == 0 {
		return b
	}
	t = append(t, b[kept:]...)
	if t = bytes.Trim(t, " .-_:/#@"); len(t) == 0 {
		return b
	}
	return t
}

// spanWords are cut from the front and the end of a span's name: what remains names the agent, the workflow or the step.
var spanWords = struct{ front, end []string }{
	front: []string{"invoke_agent ", "invoke_workflow ", "create_agent ", "execute_tool ", "ai.toolCall ", "agent.", "agent "},
	end:   []string{".agent", ".workflow", ".task", ".tool", " agent"},
}

// cleanSpanName is name without ids and without words that say only what kind of span it is.
func cleanSpanName(name []byte) []byte {
	n := cleanName(name)
	if string(n) == "agent run" {
		return n
	}
	for _, w := range spanWords.front {
		if len(n) > len(w) && string(n[:len(w)]) == w {
			n = n[len(w):]
			break
		}
	}
	for _, w := range spanWords.end {
		if len(n) > len(w) && string(n[len(n)-len(w):]) == w {
			n = n[:len(n)-len(w)]
			break
		}
	}
	return n
}

// nextID finds the first id in b from byte i on; n is its length, 0 when there is none.
func nextID(b []byte, i int) (at, n int) {
	for i < len(b) {
		n := hexRun(b[i:])
		if n > 0 && (i == 0 || !wordByte(b[i-1]) || isDigit(b[i-1])) {
			return i, n
		}
		i += max(n, 1)
	}
	return i, 0
}

// trimJoint takes away what joined an id to the name before it.
func trimJoint(b []byte) []byte { return bytes.TrimRight(b, " .-_:/#@([{") }

// bracketOf is the bracket that c closes; for other bytes something that no name holds.
func bracketOf(c byte) []byte {
	switch c {
	case ')':
		return []byte("(")
	case ']':
		return []byte("[")
	case '}':
		return []byte("{")
	}
	return []byte{0}
}

// hexRun is the length of the id at the start of b: a UUID, hex digits (at least eight, letters and digits), or twelve digits.
func hexRun(b []byte) int {
	n, digits := 0, 0
	for n < len(b) && isHex(b[n]) {
		if isDigit(b[n]) {
			digits++
		}
		n++
	}
	if n == 8 && uuidTail(b[8:]) {
		return 36
	}
	if n < len(b) && wordByte(b[n]) {
		return 0
	}
	if n >= 8 && digits > 0 && digits < n || n >= 12 && digits == n {
		return n
	}
	return 0
}

// uuidTail tells whether b goes on like a UUID behind its first eight digits.
func uuidTail(b []byte) bool {
	if len(b) < 28 || len(b) > 28 && wordByte(b[28]) {
		return false
	}
	for i, c := range b[:28] {
		dash := i == 0 || i == 5 || i == 10 || i == 15
		if dash != (c == '-') || !dash && !isHex(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// wordByte tells whether c is part of a word: then hex digits beside it are no id.
func wordByte(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

package tracefmt

import (
	"bytes"
	"sync"
	"unicode"
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

// A nameCache is one worker's view of Names: a lookup takes no lock and, for a name seen before, allocates nothing.
type nameCache struct {
	all   *Names
	seen  map[string]Sym
	clean map[string]Sym // the same for names that ids are cut out of
	whole map[string]Sym // the same for texts of our own making
}

// maxCachedNames bounds a worker's cache; past it the cache starts anew.
const maxCachedNames = 1 << 16

// sym returns the number of the text b, tidied.
func (c *nameCache) sym(b []byte) Sym {
	if len(b) == 0 {
		return 0
	}
	if y, ok := c.seen[string(b)]; ok {
		return y
	}
	y := c.all.Sym(string(tidy(b)))
	if len(c.seen) >= maxCachedNames {
		clear(c.seen)
	}
	c.seen[string(b)] = y
	return y
}

// exact returns the number of b as it stands, for texts that are put together here.
func (c *nameCache) exact(b []byte) Sym {
	if len(b) == 0 {
		return 0
	}
	if y, ok := c.whole[string(b)]; ok {
		return y
	}
	s := string(b)
	y := c.all.Sym(s)
	if c.whole == nil || len(c.whole) >= maxCachedNames {
		c.whole = map[string]Sym{}
	}
	c.whole[s] = y
	return y
}

// name returns the number of b without the ids in it: calls are grouped by it.
func (c *nameCache) name(b []byte) Sym {
	if len(b) == 0 {
		return 0
	}
	if y, ok := c.clean[string(b)]; ok {
		return y
	}
	y := c.all.Sym(string(cleanName(b)))
	if c.clean == nil || len(c.clean) >= maxCachedNames {
		c.clean = map[string]Sym{}
	}
	c.clean[string(b)] = y
	return y
}

// name returns the number of b as a name to group calls by (workflow, agent, step): ids in it are cut out.
func (d *Decoder) name(b []byte) Sym { return d.names.name(b) }

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
		if r < ' ' || r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Cf, r) && r != 0x200d {
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
	for i := 0; i < len(b); {
		n := hexRun(b[i:])
		if n == 0 || i > 0 && wordByte(b[i-1]) && !isDigit(b[i-1]) {
			i += max(n, 1)
			continue
		}
		before := b[kept:i]
		t = append(t, trimJoint(before)...)
		i += n
		if i < len(b) && bytes.HasSuffix(before, bracketOf(b[i])) {
			i++
		}
		kept = i
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

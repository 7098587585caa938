package tracefmt

import "sync"

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
	all  *Names
	seen map[string]Sym
}

// maxCachedNames bounds a worker's cache; past it the cache starts anew.
const maxCachedNames = 1 << 16

func (c *nameCache) sym(b []byte) Sym {
	if len(b) == 0 {
		return 0
	}
	if y, ok := c.seen[string(b)]; ok {
		return y
	}
	if len(c.seen) >= maxCachedNames {
		clear(c.seen)
	}
	s := string(b)
	y := c.all.Sym(s)
	c.seen[s] = y
	return y
}

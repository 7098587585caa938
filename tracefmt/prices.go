package tracefmt

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // prices.json
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed prices.json
var builtinPrices []byte

// priceRules is part of every Hash: raise it when the same book and the same trace would give other costs.
const priceRules = "2"

// PriceBook answers what a model's tokens cost. It may be used by several goroutines.
type PriceBook struct {
	books []*book // asked in order
}

// PriceRow is the price of one model. Methods on a nil row answer "unknown".
type PriceRow struct {
	Provider, ID string
	Window       int64 // context window in tokens; 0 = unknown

	name  string // ID in lower case
	match matcher
	sets  []priceSet
	asOf  int64 // what stands for the start of a call that has none
}

// A book is one list of prices. The embedded one is read when it is first asked.
type book struct {
	data      []byte
	own       bool // a user's with one provider: its rows are meant, whoever the trace says serves the model
	once      sync.Once
	hashOnce  sync.Once
	headOnce  sync.Once
	head      heading
	asOf      string
	providers []*provider
	hash      string
}

// heading is what a book says of itself.
type heading struct{ asOf, source string }

// heading reads the book's heading alone: screens ask for it at once, and reading all prices takes longer than drawing a screen.
func (b *book) heading() heading {
	b.headOnce.Do(func() {
		s := &scanner{b: b.data}
		for s.object(); s.next(); {
			switch string(s.key()) {
			case "as_of":
				b.head.asOf = string(s.str())
			case "source":
				b.head.source = string(s.str())
			default:
				s.skip()
			}
		}
	})
	return b.head
}

// provider is one seller of models.
type provider struct {
	id       string
	lower    string // id in lower case
	squeezed string // id without case and separators
	byModel  matcher
	byName   matcher
	rows     []*PriceRow
	ids      map[string]*PriceRow // by lower-cased id
	equals   map[string]int       // first row that lists exactly this name
	rules    []int                // rows with any other rule
}

var builtin = sync.OnceValue(func() *PriceBook {
	return &PriceBook{books: []*book{{data: builtinPrices}}}
})

// BuiltinPrices is the embedded book. It is read at the first question, not here.
func BuiltinPrices() *PriceBook { return builtin() }

// ReadPrices reads a book in the form of prices.json. Errors name provider, model and what is wrong with it.
func ReadPrices(r io.Reader) (*PriceBook, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the price book: %w", err)
	}
	b := &book{data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}
	b.once.Do(func() { err = b.parse() })
	if err != nil {
		return nil, fmt.Errorf("price book: %w", err)
	}
	b.own = len(b.providers) == 1
	return &PriceBook{books: []*book{b}}, nil
}

// ready reads the embedded book; a test keeps it readable.
func (b *book) ready() *book {
	b.once.Do(func() {
		if err := b.parse(); err != nil {
			panic("embedded price book: " + err.Error())
		}
	})
	return b
}

// Over returns a book that asks b first and base for what b does not know.
func (b *PriceBook) Over(base *PriceBook) *PriceBook {
	all := append([]*book(nil), b.list()...)
	return &PriceBook{books: append(all, base.list()...)}
}

func (b *PriceBook) list() []*book {
	if b == nil {
		return nil
	}
	return b.books
}

// AsOf is the date of the prices as the book states it; of two books, both: "2026-01-01, 2026-09-23".
func (b *PriceBook) AsOf() string {
	return b.each(", ", func(k *book) string { return k.heading().asOf })
}

// Source says where the prices come from; of two books, both.
func (b *PriceBook) Source() string {
	return b.each("; then ", func(k *book) string { return k.heading().source })
}

func (b *PriceBook) each(sep string, f func(*book) string) string {
	var parts []string
	for _, k := range b.list() {
		if s := f(k); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, sep)
}

// Hash differs between books that could price a call differently: 32 hexadecimal digits.
func (b *PriceBook) Hash() string {
	h := sha256.New()
	io.WriteString(h, priceRules)
	for _, k := range b.list() {
		k.hashOnce.Do(func() {
			sum := sha256.Sum256(k.data)
			k.hash = hex.EncodeToString(sum[:])
		})
		fmt.Fprintf(h, " %t %s", k.own, k.hash)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Find returns the row for a model as a trace names it; nil when the book has none. provider may be "".
func (b *PriceBook) Find(provider, model string) *PriceRow {
	row, _ := b.Match(provider, model)
	return row
}

// Match is Find that also says how the row was found ("exact id", "prefix claude-opus-4-5", "exact id after cutting vendor/"), or
// why there is none.
func (b *PriceBook) Match(provider, model string) (row *PriceRow, how string) {
	q := newPriceQuery(provider, model)
	if q.name == "" {
		return nil, "the trace names no model"
	}
	for _, k := range b.list() {
		if row, how := k.ready().find(q); row != nil {
			return row, how
		}
	}
	if q.selfHosted {
		return nil, "self-hosted: no list price"
	}
	return nil, "no row of the price book matches"
}

// Search returns the rows whose provider and id contain every word, whatever the case, in the order of the book. No words: all rows.
func (b *PriceBook) Search(words ...string) []*PriceRow {
	var found []*PriceRow
	for _, k := range b.list() {
		for _, p := range k.ready().providers {
			for _, r := range p.rows {
				if containsAll(p.lower+"/"+r.name, words) {
					found = append(found, r)
				}
			}
		}
	}
	return found
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, strings.ToLower(w)) {
			return false
		}
	}
	return true
}

package analyze

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"costscope/tracefmt"
)

// A Lever is one thing that a Scenario changes. Levers apply in this order: what is not called has no prompt, what is not in the prompt is
// not cached, and only then is it priced.
type Lever uint8

const (
	LeverRetries Lever = iota // attempts after the first n+1 are not made
	LeverContext              // a prompt holds at most so many tokens
	LeverCache                // caches keep prefixes for another time
	LeverModel                // another model answers
	LeverPrices               // another price book
	LeverBatch                // calls are billed at the batch rate
	levers
)

var leverNames = [levers]string{"retries", "context", "cache", "model", "prices", "batch"}

func (l Lever) String() string { return leverNames[l] }

// Levers is all of them, in the order in which they apply.
func Levers() []Lever {
	return []Lever{LeverRetries, LeverContext, LeverCache, LeverModel, LeverPrices, LeverBatch}
}

// A Scenario says what would have been otherwise. The zero value changes nothing.
type Scenario struct {
	On         [levers]bool
	Retries    int           // attempts after the first that are still made
	MaxPrompt  int64         // tokens
	CacheLife  time.Duration // five minutes or an hour
	Swaps      []Swap        // the first that fits a call holds
	Prices     *tracefmt.PriceBook
	PricesName string // of the file
}

// A Swap lets a model answer the calls of another. From is the name of a model; where the trace has none of that name, every model whose
// name contains it; "" is every language model. To is a name that a price book answers for.
type Swap struct{ From, To string }

func (s Swap) String() string {
	if s.From == "" {
		return s.To
	}
	return s.From + "->" + s.To
}

// Any says that the scenario changes something.
func (s *Scenario) Any() bool { return s.On != [levers]bool{} }

// Value is a lever's setting as ParseScenario reads it; "" where it is off.
func (s *Scenario) Value(l Lever) string {
	if !s.On[l] {
		return ""
	}
	switch l {
	case LeverRetries:
		return "retries<=" + strconv.Itoa(s.Retries)
	case LeverContext:
		return "context<=" + strconv.FormatInt(s.MaxPrompt, 10)
	case LeverCache:
		return "cache=" + lifeText(s.CacheLife)
	case LeverModel:
		var all []string
		for _, w := range s.Swaps {
			all = append(all, "model="+w.String())
		}
		return strings.Join(all, ";")
	case LeverPrices:
		return "prices=" + s.PricesName
	}
	return "batch"
}

// String is the scenario as ParseScenario reads it.
func (s *Scenario) String() string {
	var parts []string
	for _, l := range Levers() {
		if v := s.Value(l); v != "" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, ";")
}

func lifeText(d time.Duration) string {
	if d == longCacheLife {
		return "1h"
	}
	return "5m"
}

// ScenarioHint says how a scenario is written.
const ScenarioHint = "levers, separated by ';': retries<=N, context<=TOKENS, cache=5m or cache=1h, model=NAME or model=OLD->NEW, prices=FILE, batch"

// ParseScenario reads levers separated by semicolons: "model=sonnet->claude-haiku-4-5;retries<=2;context<=100k;cache=1h;prices=FILE;batch".
// open reads a price book; the error names the lever that is wrong.
func ParseScenario(text string, open func(file string) (*tracefmt.PriceBook, error)) (s Scenario, err error) {
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if err := s.set(part, open); err != nil {
			return s, fmt.Errorf("%s: %w", Clean(part), err)
		}
	}
	if !s.Any() {
		return s, errors.New("no lever is named")
	}
	return s, nil
}

// set reads one lever.
func (s *Scenario) set(part string, open func(string) (*tracefmt.PriceBook, error)) error {
	at := strings.IndexAny(part, "<=")
	if at < 0 && part != "batch" {
		return errors.New("not a lever")
	}
	name, value := part, ""
	if at >= 0 {
		name, value = strings.TrimSpace(part[:at]), strings.TrimSpace(strings.TrimLeft(part[at:], "<="))
	}
	for l, n := range leverNames {
		if n != name {
			continue
		}
		if s.On[l] && Lever(l) != LeverModel {
			return errors.New("stated twice")
		}
		if Lever(l) == LeverPrices {
			book, err := open(value)
			if err == nil {
				s.SetPrices(book, value)
			}
			return err
		}
		return s.Set(Lever(l), value)
	}
	return errors.New("not a lever")
}

// Off lets a lever go.
func (s *Scenario) Off(l Lever) {
	s.On[l] = false
	if l == LeverModel {
		s.Swaps = nil
	}
}

// SetPrices lets another book price the calls; file is its name.
func (s *Scenario) SetPrices(book *tracefmt.PriceBook, file string) {
	s.Prices, s.PricesName, s.On[LeverPrices] = book, file, true
}

// Set sets a lever to what a person wrote; prices are set by who reads the file. A model is added to those before.
func (s *Scenario) Set(l Lever, value string) (err error) {
	switch l {
	case LeverRetries:
		s.Retries, err = strconv.Atoi(value)
		if err != nil || s.Retries < 0 {
			err = errors.New("a number of attempts after the first is needed, 0 or more")
		}
	case LeverContext:
		if s.MaxPrompt, err = parseTokens(value); err == nil && s.MaxPrompt < 1 {
			err = errors.New("at least 1 token is needed")
		}
	case LeverCache:
		switch value {
		case "5m":
			s.CacheLife = cacheLife
		case "1h":
			s.CacheLife = longCacheLife
		default:
			err = errors.New("a cache keeps a prefix for 5m or for 1h")
		}
	case LeverModel:
		err = s.swap(value)
	case LeverBatch:
		if value != "" {
			err = errors.New("takes no value")
		}
	}
	s.On[l] = s.On[l] || err == nil
	return err
}

// swap adds "NEW" or "OLD->NEW".
func (s *Scenario) swap(value string) error {
	from, to, some := strings.Cut(strings.ReplaceAll(value, "→", "->"), "->")
	if !some {
		from, to = "", from
	}
	w := Swap{strings.TrimSpace(from), strings.TrimSpace(to)}
	if w.To == "" || some && w.From == "" {
		return errors.New("the name of a model is missing")
	}
	s.Swaps = append(s.Swaps, w)
	return nil
}

// parseTokens reads 100000, 100,000, 100k or 1M.
func parseTokens(text string) (int64, error) {
	digits, factor := strings.ReplaceAll(text, ",", ""), int64(1)
	if n := len(digits) - 1; n > 0 {
		switch digits[n] {
		case 'k', 'K':
			digits, factor = digits[:n], 1e3
		case 'm', 'M':
			digits, factor = digits[:n], 1e6
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1e12 {
		return 0, errors.New("not a number of tokens: write 100000 or 100k")
	}
	return n * factor, nil
}

// ErrNoModel is returned for the name of a model that no price book answers for, or that stands for several.
var ErrNoModel = errors.New("no such model")

// FindModel is the row of a book that a person means: the one listed as "provider/name", else the one that answers for the name, else the
// only one whose name has all its words. The error, which wraps ErrNoModel, names rows that are near.
func FindModel(book *tracefmt.PriceBook, name string) (*tracefmt.PriceRow, error) {
	if strings.Contains(name, "/") {
		for _, r := range book.Search(name) {
			if strings.EqualFold(r.Provider+"/"+r.ID, name) {
				return r, nil
			}
		}
	}
	if r := book.Find("", name); r != nil {
		return r, nil
	}
	near := book.Search(strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-/.: ", r) })...)
	switch {
	case len(near) == 1:
		return near[0], nil
	case len(near) == 0 || strings.TrimSpace(name) == "":
		return nil, fmt.Errorf("%w in the price book: %s", ErrNoModel, Clean(name))
	}
	var ids []string
	for i, r := range near {
		if i == 6 {
			ids = append(ids, fmt.Sprintf("and %d more", len(near)-i))
			break
		}
		ids = append(ids, r.Provider+"/"+r.ID)
	}
	return nil, fmt.Errorf("%w: %s could be any of %s", ErrNoModel, Clean(name), strings.Join(ids, ", "))
}

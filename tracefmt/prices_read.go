package tracefmt

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"sort"
	"strings"
	"time"
)

// maxRate is the largest rate a book may state: a dollar per token.
const maxRate = 1_000_000 * int64(Dollar) / 1_000_000 // pico-dollars per token

// parse reads the book from its bytes.
func (b *book) parse() error {
	found := false
	s := &scanner{b: b.data}
	for s.object(); s.next(); {
		var err error
		switch string(s.key()) {
		case "as_of":
			b.asOf = string(s.str())
		case "unit":
			err = expect(s, "unit", "per 1,000,000 tokens")
		case "currency":
			err = expect(s, "currency", "USD")
		case "providers":
			found = true
			err = b.parseProviders(s)
		default:
			s.skip()
		}
		if err != nil {
			return err
		}
	}
	if !s.done() {
		return orSyntax(s.err)
	}
	if !found {
		return errors.New(`no "providers"`)
	}
	return b.date()
}

func expect(s *scanner, what, want string) error {
	if got := string(s.str()); got != want {
		return fmt.Errorf("%s %s: rates must be in USD per 1,000,000 tokens", what, quoteShort([]byte(got)))
	}
	return nil
}

func orSyntax(err error) error {
	if err == nil {
		return errSyntax
	}
	return err
}

// date tells every row the book's date.
func (b *book) date() error {
	if b.asOf == "" {
		return nil
	}
	asOf, err := parseDay(b.asOf)
	if err != nil {
		return fmt.Errorf("as_of: %w", err)
	}
	for _, p := range b.providers {
		for _, r := range p.rows {
			r.asOf = asOf
		}
	}
	return nil
}

func (b *book) parseProviders(s *scanner) error {
	for s.array(); s.next(); {
		p := &provider{ids: map[string]*PriceRow{}, equals: map[string]int{}}
		if err := p.parse(s); err != nil {
			return fmt.Errorf("provider %q%w", p.id, err)
		}
		b.providers = append(b.providers, p)
	}
	return s.err
}

// parse reads a provider. Its errors begin with what follows the provider's name.
func (p *provider) parse(s *scanner) (err error) {
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "id":
			p.id = string(s.str())
		case "model_match":
			if p.byModel, err = parseMatcher(s); err != nil {
				return fmt.Errorf(": model_match: %w", err)
			}
		case "provider_match":
			if p.byName, err = parseMatcher(s); err != nil {
				return fmt.Errorf(": provider_match: %w", err)
			}
		case "models":
			for s.array(); s.next(); {
				if err := p.addModel(s); err != nil {
					return fmt.Errorf(", %w", err)
				}
			}
		default:
			s.skip()
		}
	}
	if s.err == nil && p.id == "" {
		return errors.New(": no id")
	}
	if s.err != nil {
		return fmt.Errorf(": %w", s.err)
	}
	p.lower = strings.ToLower(p.id)
	p.squeezed = squeeze(p.lower)
	for _, r := range p.rows {
		r.Provider = p.id
	}
	return nil
}

// addModel reads a model row. Its errors begin with "model ID:".
func (p *provider) addModel(s *scanner) error {
	r := &PriceRow{}
	err := r.parse(s)
	if err == nil {
		err = s.err
	}
	if err == nil && r.ID == "" {
		err = errors.New("no id")
	}
	if err == nil && len(r.sets) == 0 {
		err = errors.New(`no "prices"; a free model has "prices": [{}]`)
	}
	if err != nil {
		return fmt.Errorf("model %q: %w", r.ID, err)
	}
	r.name = strings.ToLower(r.ID)
	p.add(r)
	return nil
}

func (r *PriceRow) parse(s *scanner) (err error) {
	for s.object(); s.next() && err == nil; {
		switch string(s.key()) {
		case "id":
			r.ID = string(s.str())
		case "match":
			r.match, err = parseMatcher(s)
		case "prices":
			for s.array(); s.next() && err == nil; {
				r.sets = append(r.sets, priceSet{from: math.MinInt64})
				err = r.sets[len(r.sets)-1].parse(s)
			}
		case "context_window":
			r.Window, _ = parseInt(s.num())
		default:
			s.skip()
		}
	}
	return err
}

// add indexes a row: names that must be equal go into a map, what must be tried one by one into rules.
func (p *provider) add(r *PriceRow) {
	at := len(p.rows)
	p.rows = append(p.rows, r)
	if _, taken := p.ids[r.name]; !taken {
		p.ids[r.name] = r
	}
	if r.match.eachName(func(name string) {
		if _, taken := p.equals[name]; !taken {
			p.equals[name] = at
		}
	}) {
		p.rules = append(p.rules, at)
	}
}

// setTexts are the numbers of a price entry as written.
type setTexts struct {
	rates []rateText
	fee   []byte // per 1,000 requests
}

// rateText is a rate as written.
type rateText struct {
	class int
	base  []byte
	above []stepText
}

type stepText struct {
	input int64
	rate  []byte
}

var rateKeys = map[string]int{"input": classInput, "cache_read": classRead, "cache_write": classWrite,
	"cache_write_1h": classWrite1h, "output": classOutput, "reasoning": classReasoning}

// parse reads one entry of a model's prices. A rate of an unknown name is an error: a misspelt one would be free.
func (p *priceSet) parse(s *scanner) (err error) {
	var texts setTexts
	var from, to string
	for s.object(); s.next() && err == nil; {
		key := s.key()
		switch string(key) {
		case "from":
			p.from, err = parseDay(string(s.str()))
		case "utc_from":
			from = string(s.str())
		case "utc_to":
			to = string(s.str())
		case "per_1k_requests":
			texts.fee = s.num()
			err = checkRate(texts.fee)
		case "per_1k_web_searches", "input_audio", "output_audio", "cache_audio_read", "cache_audio_write", "note":
			s.skip() // what no trace counts
		default:
			class, isRate := rateKeys[string(key)]
			t := rateText{class: class}
			if !isRate {
				err = fmt.Errorf("unknown rate or condition %s", quoteShort(key))
			} else if err = t.parse(s); err != nil {
				err = fmt.Errorf("rate %s: %w", key, err)
			}
			texts.rates = append(texts.rates, t)
		}
	}
	if err != nil || s.err != nil {
		return errors.Join(err, s.err)
	}
	if err := p.window(from, to); err != nil {
		return err
	}
	return p.setRates(texts)
}

func (s *priceSet) window(from, to string) (err error) {
	if from == "" && to == "" {
		return nil
	}
	if s.dayFrom, err = parseClock(from); err != nil {
		return fmt.Errorf("utc_from: %w", err)
	}
	if s.dayTo, err = parseClock(to); err != nil {
		return fmt.Errorf("utc_to: %w", err)
	}
	if s.dayFrom == s.dayTo {
		return fmt.Errorf("utc_from and utc_to are both %s", from)
	}
	return nil
}

func parseDay(s string) (int64, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1700 && t.Year() < 2200 {
			return t.UnixNano(), nil
		}
	}
	return 0, fmt.Errorf("%s is not a date such as 2026-09-23", quoteShort([]byte(s)))
}

func parseClock(s string) (int64, error) {
	if t, err := time.Parse("15:04", s); err == nil {
		return int64(t.Hour())*3600e9 + int64(t.Minute())*60e9, nil
	}
	t, err := time.Parse(time.TimeOnly, strings.TrimSuffix(s, "Z"))
	if err != nil {
		return 0, fmt.Errorf("%s is not a time of day such as 16:30:00Z", quoteShort([]byte(s)))
	}
	return int64(t.Sub(t.Truncate(24 * time.Hour))), nil
}

var errRate = errors.New(`must be a number of USD per million tokens or {"base": r, "above": [{"input_tokens": N, "rate": s}]}`)

func (t *rateText) parse(s *scanner) error {
	if s.kind() != '{' {
		t.base = s.num()
		return checkRate(t.base)
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "base":
			t.base = s.num()
		case "above":
			for s.array(); s.next(); {
				t.above = append(t.above, parseStep(s))
			}
		default:
			return errRate
		}
	}
	for _, a := range t.above {
		if a.input <= 0 {
			return errRate
		}
		if err := checkRate(a.rate); err != nil {
			return err
		}
	}
	sort.SliceStable(t.above, func(i, j int) bool { return t.above[i].input < t.above[j].input })
	return checkRate(t.base)
}

// parseStep gives input 0 where the step is not whole.
func parseStep(s *scanner) (t stepText) {
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "input_tokens":
			t.input, _ = parseInt(s.num())
		case "rate":
			t.rate = s.num()
		default:
			s.skip()
		}
	}
	return t
}

func checkRate(num []byte) error {
	if num == nil {
		return errRate
	}
	v, ok := parseDecimal(num, 6)
	switch {
	case num[0] == '-':
		return fmt.Errorf("%s is negative", quoteShort(num))
	case !ok || v > maxRate:
		return fmt.Errorf("%s is not a price per million tokens", quoteShort(num))
	}
	return nil
}

// setRates turns the written rates into whole numbers of pico-dollars per den tokens. den grows until no digit is lost or, with
// more digits than 63 bits hold, until the largest rate fits no more.
func (s *priceSet) setRates(texts setTexts) error {
	places := decimals(texts.fee) - 3
	for _, t := range texts.rates {
		places = max(places, decimals(t.base))
		for _, a := range t.above {
			places = max(places, decimals(a.rate))
		}
	}
	for places = min(max(places, 6), 18); places >= 6; places-- {
		if s.scale(texts, places) {
			s.fallBack()
			return nil
		}
	}
	return errRate
}

func (s *priceSet) scale(texts setTexts, places int) bool {
	s.den = 1
	for range places - 6 {
		s.den *= 10
	}
	for _, t := range texts.rates {
		base, ok := parseDecimal(t.base, places)
		r := rate{base: base, listed: true}
		for _, a := range t.above {
			v, fits := parseDecimal(a.rate, places)
			ok = ok && fits
			r.above = append(r.above, step{a.input, v})
		}
		if !ok {
			return false
		}
		s.tiered = s.tiered || len(r.above) > 0
		s.rates[t.class] = r
	}
	if texts.fee == nil {
		return true
	}
	var ok bool
	s.fee, ok = parseDecimal(texts.fee, places+3)
	return ok
}

// decimals counts the digits after the point that a decimal number needs.
func decimals(num []byte) int {
	exp := 0
	if e := bytes.IndexAny(num, "eE"); e >= 0 {
		n, ok := parseInt(bytes.TrimPrefix(num[e+1:], []byte("+")))
		if !ok {
			return 0
		}
		exp, num = int(n), num[:e]
	}
	point := bytes.IndexByte(num, '.')
	if point < 0 {
		return -exp
	}
	return len(bytes.TrimRight(num[point+1:], "0")) - exp
}

// fallBack fills in the rates that the book does not state.
func (s *priceSet) fallBack() {
	for _, f := range [...]struct {
		class, other int
		note         string
	}{
		{classRead, classInput, "no cache read rate: input rate"},
		{classWrite, classInput, "no cache write rate: input rate"},
		{classWrite1h, classWrite, "no one-hour rate: cache write rate"},
	} {
		to, from := &s.rates[f.class], &s.rates[f.other]
		if to.listed {
			continue
		}
		to.base, to.above, to.note = from.base, from.above, f.note
		if !from.listed && from.note != "" {
			to.note = from.note
		}
	}
	for _, c := range [...]int{classInput, classRead, classWrite, classWrite1h, classOutput} {
		if r := &s.rates[c]; !r.listed && (c == classInput || c == classOutput || !s.rates[classInput].listed && r.base == 0) {
			r.note = "no rate listed: not charged"
		}
	}
}

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
	var providers []byte
	s := scanner{b: b.data}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "as_of":
			b.asOf = string(s.str())
		case "source":
			b.source = string(s.str())
		case "unit":
			if u := string(s.str()); u != "per 1,000,000 tokens" {
				return fmt.Errorf("unit %q: rates must be per 1,000,000 tokens", u)
			}
		case "currency":
			if c := string(s.str()); c != "USD" {
				return fmt.Errorf("currency %q: rates must be in USD", c)
			}
		case "providers":
			providers = s.raw()
		default:
			s.skip()
		}
	}
	if !s.done() {
		return orSyntax(s.err)
	}
	if providers == nil {
		return errors.New(`no "providers"`)
	}
	asOf, err := parseDay(b.asOf)
	if b.asOf != "" && err != nil {
		return fmt.Errorf("as_of: %w", err)
	}
	return b.parseProviders(providers, asOf)
}

func orSyntax(err error) error {
	if err == nil {
		return errSyntax
	}
	return err
}

func (b *book) parseProviders(raw []byte, asOf int64) error {
	s := scanner{b: raw}
	for s.array(); s.next(); {
		p, err := parseProvider(s.raw(), asOf)
		if err != nil {
			return err
		}
		b.providers = append(b.providers, p)
	}
	return s.err
}

func parseProvider(raw []byte, asOf int64) (*provider, error) {
	var byModel, byName, models []byte
	p := &provider{ids: map[string]*PriceRow{}, equals: map[string]int{}}
	s := scanner{b: raw}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "id":
			p.id = string(s.str())
		case "model_match":
			byModel = s.raw()
		case "provider_match":
			byName = s.raw()
		case "models":
			models = s.raw()
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return nil, fmt.Errorf("provider %q: %w", p.id, s.err)
	}
	if p.id == "" {
		return nil, errors.New("a provider without id")
	}
	p.lower = strings.ToLower(p.id)
	p.squeezed = squeeze(p.lower)
	if err := parseMatchers(p, byModel, byName); err != nil {
		return nil, fmt.Errorf("provider %q: %w", p.id, err)
	}
	m := scanner{b: models}
	for models != nil && m.kind() != 0 {
		for m.array(); m.next(); {
			if err := p.addModel(m.raw(), asOf); err != nil {
				return nil, fmt.Errorf("provider %q, %w", p.id, err)
			}
		}
		break
	}
	if m.err != nil {
		return nil, fmt.Errorf("provider %q, models: %w", p.id, m.err)
	}
	return p, nil
}

func parseMatchers(p *provider, byModel, byName []byte) (err error) {
	if byModel != nil {
		if p.byModel, err = parseMatcher(byModel); err != nil {
			return fmt.Errorf("model_match: %w", err)
		}
	}
	if byName != nil {
		if p.byName, err = parseMatcher(byName); err != nil {
			return fmt.Errorf("provider_match: %w", err)
		}
	}
	return nil
}

// addModel reads a model row. Its errors begin with "model ID:".
func (p *provider) addModel(raw []byte, asOf int64) error {
	var match, prices []byte
	r := &PriceRow{Provider: p.id, asOf: asOf}
	s := scanner{b: raw}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "id":
			r.ID = string(s.str())
		case "match":
			match = s.raw()
		case "prices":
			prices = s.raw()
		case "context_window":
			r.Window, _ = parseInt(s.num())
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return fmt.Errorf("model %q: %w", r.ID, s.err)
	}
	if err := r.fill(match, prices); err != nil {
		return fmt.Errorf("model %q: %w", r.ID, err)
	}
	p.add(r)
	return nil
}

func (r *PriceRow) fill(match, prices []byte) (err error) {
	if r.ID == "" {
		return errors.New("no id")
	}
	r.name = strings.ToLower(r.ID)
	if match != nil {
		if r.match, err = parseMatcher(match); err != nil {
			return err
		}
	}
	s := scanner{b: prices}
	if prices != nil {
		for s.array(); s.next(); {
			set, err := parseSet(s.raw())
			if err != nil {
				return err
			}
			r.sets = append(r.sets, set)
		}
	}
	if s.err != nil {
		return s.err
	}
	if len(r.sets) == 0 {
		return errors.New(`no "prices"; a free model has "prices": [{}]`)
	}
	return nil
}

// add indexes a row: names that must be equal go into a map, what must be tried one by one into rules.
func (p *provider) add(r *PriceRow) {
	at := len(p.rows)
	p.rows = append(p.rows, r)
	if _, taken := p.ids[r.name]; !taken {
		p.ids[r.name] = r
	}
	names, rest := r.match.names()
	for _, n := range names {
		if _, taken := p.equals[n]; !taken {
			p.equals[n] = at
		}
	}
	if rest {
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

// parseSet reads one entry of a model's prices. A rate of an unknown name is an error: a misspelt one would be free.
func parseSet(raw []byte) (priceSet, error) {
	set := priceSet{from: math.MinInt64}
	var texts setTexts
	var from, to string
	var err error
	s := scanner{b: raw}
	for s.object(); s.next() && err == nil; {
		key := string(s.key())
		class, isRate := rateKeys[key]
		switch {
		case isRate:
			var t rateText
			if t, err = parseRateText(s.raw()); err != nil {
				return set, fmt.Errorf("rate %s: %w", key, err)
			}
			t.class = class
			texts.rates = append(texts.rates, t)
		case key == "from":
			set.from, err = parseDay(string(s.str()))
		case key == "utc_from":
			from = string(s.str())
		case key == "utc_to":
			to = string(s.str())
		case key == "per_1k_requests":
			texts.fee = s.num()
			err = checkRate(texts.fee)
		case strings.HasPrefix(key, "per_1k_") || strings.Contains(key, "audio") || key == "note":
			s.skip() // what no trace counts
		default:
			return set, fmt.Errorf("unknown rate or condition %q", key)
		}
	}
	if err != nil || s.err != nil {
		return set, errors.Join(err, s.err)
	}
	if err := set.window(from, to); err != nil {
		return set, err
	}
	return set, set.setRates(texts)
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

func parseRateText(raw []byte) (t rateText, err error) {
	s := scanner{b: raw}
	if s.kind() != '{' {
		t.base = s.num()
		return t, checkRate(t.base)
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "base":
			t.base = s.num()
		case "above":
			for s.array(); s.next(); {
				t.above = append(t.above, parseStep(s.raw()))
			}
		default:
			return t, errRate
		}
	}
	if s.err != nil {
		return t, errRate
	}
	for _, a := range t.above {
		if a.input <= 0 {
			return t, errRate
		}
		if err := checkRate(a.rate); err != nil {
			return t, err
		}
	}
	sort.SliceStable(t.above, func(i, j int) bool { return t.above[i].input < t.above[j].input })
	return t, checkRate(t.base)
}

// parseStep gives input 0 where the step is not whole.
func parseStep(raw []byte) (t stepText) {
	s := scanner{b: raw}
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

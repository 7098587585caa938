package tracefmt

import (
	"math"
	"math/bits"
	"sort"
	"strconv"
	"time"
)

// The classes that tokens fall in. They are a partition: input is what was neither read from nor written to a cache, a cache write
// is for five minutes unless it is for one hour, and output is without reasoning where reasoning has a rate of its own.
const (
	classInput = iota
	classRead
	classWrite
	classWrite1h
	classOutput
	classReasoning
	classes
)

var classNames = [classes]string{"input", "cache read", "cache write", "cache write 1h", "output", "reasoning"}

// classFee is what a provider takes for a request besides its tokens.
const classFee = "request"

// A priceSet is what a model costs while a condition holds.
type priceSet struct {
	from           int64 // UTC nanoseconds, inclusive; math.MinInt64 = always
	dayFrom, dayTo int64 // nanoseconds of the day, [from, to), over midnight where to < from; equal = the whole day
	den            uint64
	fee            int64 // for the request itself, in pico-dollars / den
	tiered         bool
	rates          [classes]rate
}

// A rate is in pico-dollars per den tokens. den is 1 unless a price has more than six decimals per million tokens.
type rate struct {
	base   int64
	above  []step // ascending
	listed bool   // the book states it
	note   string // what stands in for a rate that the book does not state
}

// step is the rate for all tokens of the class once the call's total input exceeds the threshold.
type step struct{ input, rate int64 }

func (r *rate) at(input int64) (v, above int64) {
	v = r.base
	for _, s := range r.above {
		if input <= s.input {
			break
		}
		v, above = s.rate, s.input
	}
	return v, above
}

const dayNanos = int64(24 * time.Hour)

func (s *priceSet) holds(at int64) bool {
	if at < s.from {
		return false
	}
	if s.dayFrom == s.dayTo {
		return true
	}
	t := ((at % dayNanos) + dayNanos) % dayNanos
	if s.dayFrom < s.dayTo {
		return s.dayFrom <= t && t < s.dayTo
	}
	return t >= s.dayFrom || t < s.dayTo
}

// in returns the prices in force at a time; nil where none are. Time 0 means that the call's start is unknown: the prices of the
// book's date apply, without those for hours of the day.
func (r *PriceRow) in(at int64) *priceSet {
	for i := len(r.sets) - 1; i >= 0; i-- {
		s := &r.sets[i]
		if at == 0 {
			if s.dayFrom == s.dayTo && r.asOf >= s.from {
				return s
			}
		} else if s.holds(at) {
			return s
		}
	}
	return nil
}

// split says how many tokens of each class a call used. Parts larger than their whole are cut to it, so nothing counts below zero.
func (s *priceSet) split(u Usage) (n [classes]int64, input int64) {
	read, write, output := max(u.CacheRead, 0), max(u.CacheWrite, 0), max(u.Output, 0)
	hour := min(max(u.CacheWrite1h, 0), write)
	input = u.Input
	if cached := read + write; cached < 0 || cached > input { // < 0: overflow
		input = cached
	}
	n[classInput] = input - read - write
	n[classRead] = read
	n[classWrite] = write - hour
	n[classWrite1h] = hour
	n[classOutput] = output
	if s.rates[classReasoning].listed {
		n[classReasoning] = min(max(u.Reasoning, 0), output)
		n[classOutput] -= n[classReasoning]
	}
	return n, input
}

// Cost is the exact cost of the usage for a call that started at the given time (UTC nanoseconds; 0 = unknown, then the book's date
// counts), rounded to a pico-dollar where a rate has more than six decimals. It is false where the cost leaves the range of USD or no
// price was in force then.
func (r *PriceRow) Cost(u Usage, at int64) (USD, bool) { return r.cost(u, at, true) }

// SumCost is the cost of what several calls used together: nothing tells how large each was, so that rates for large calls and fees for
// each are left out.
func (r *PriceRow) SumCost(u Usage, at int64) (USD, bool) { return r.cost(u, at, false) }

func (r *PriceRow) cost(u Usage, at int64, one bool) (USD, bool) {
	if r == nil {
		return 0, false
	}
	s := r.in(at)
	if s == nil {
		return 0, false
	}
	n, input := s.split(u)
	if input < 0 {
		return math.MaxInt64, false
	}
	hi, lo, carry := uint64(0), uint64(0), uint64(0)
	if one {
		lo = uint64(s.fee)
	}
	for c := range n {
		if n[c] == 0 {
			continue
		}
		v := s.rates[c].base
		if s.tiered && one {
			v, _ = s.rates[c].at(input)
		}
		h, l := bits.Mul64(uint64(n[c]), uint64(v))
		lo, carry = bits.Add64(lo, l, 0)
		hi, carry = bits.Add64(hi, h, carry)
		if carry != 0 {
			return math.MaxInt64, false
		}
	}
	if s.den != 1 {
		return roundDiv(hi, lo, s.den)
	}
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64, false
	}
	return USD(lo), true
}

// roundDiv divides a 128-bit amount, half away from zero.
func roundDiv(hi, lo, den uint64) (USD, bool) {
	if hi >= den {
		return math.MaxInt64, false
	}
	q, rem := bits.Div64(hi, lo, den)
	if rem >= den-rem {
		q++
	}
	if q > math.MaxInt64 {
		return math.MaxInt64, false
	}
	return USD(q), true
}

// Charge is one line of a call's bill.
type Charge struct {
	Class      string // "input", "cache read", "cache write", "cache write 1h", "output", "reasoning"; "request": a fee for the call itself
	Tokens     int64  // 0 for a fee
	Rate       USD    // pico-dollars per token; rounded where the price has more than six decimals
	PerMillion USD    // pico-dollars per million tokens: what price lists print
	Cost       USD
	Note       string // "above 200,000 input tokens", "no cache read rate: input rate"; "" for a plain rate
}

// Charges is the bill behind Cost: one line per class with tokens and one for a fee per request, whose costs sum to
// Cost. It is nil where Cost is false.
func (r *PriceRow) Charges(u Usage, at int64) []Charge {
	total, ok := r.Cost(u, at)
	if !ok {
		return nil
	}
	s := r.in(at)
	n, input := s.split(u)
	bill := make([]Charge, 0, classes+1)
	rest := make([]uint64, 0, classes+1) // what rounding down took from each line
	for c := range n {
		if n[c] == 0 {
			continue
		}
		v, above := s.rates[c].at(input)
		hi, lo := bits.Mul64(uint64(n[c]), uint64(v))
		q, rem := bits.Div64(hi, lo, s.den) // hi < den: the whole sum fits
		line := Charge{Class: classNames[c], Tokens: n[c], Cost: USD(q), Note: s.rates[c].about(above)}
		line.Rate, line.PerMillion = s.perToken(v), s.perMillion(v)
		bill, rest = append(bill, line), append(rest, rem)
		total -= USD(q)
	}
	if s.fee > 0 {
		q, rem := uint64(s.fee)/s.den, uint64(s.fee)%s.den
		bill = append(bill, Charge{Class: classFee, Cost: USD(q), Note: "for the request itself"})
		rest = append(rest, rem)
		total -= USD(q)
	}
	giveRest(bill, rest, total)
	return bill
}

// giveRest hands the pico-dollars that rounding down left over to the lines that lost most, the first of equals first.
func giveRest(bill []Charge, lost []uint64, left USD) {
	order := make([]int, len(bill))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return lost[order[i]] > lost[order[j]] })
	for _, i := range order {
		if left <= 0 {
			return
		}
		bill[i].Cost++
		left--
	}
}

func (r *rate) about(above int64) string {
	note := r.note
	if above > 0 {
		if note != "" {
			note += ", "
		}
		note += "above " + thousands(above) + " input tokens"
	}
	return note
}

func (s *priceSet) perToken(v int64) USD { return USD((uint64(v) + s.den/2) / s.den) }

func (s *priceSet) perMillion(v int64) USD {
	hi, lo := bits.Mul64(uint64(v), 1e6)
	usd, _ := roundDiv(hi, lo, s.den)
	return usd
}

// Rate is a line of a price list.
type Rate struct {
	Class      string // as in Charge
	Above      int64  // the rate holds for calls with more input tokens than this, for all their tokens; 0 = from the first
	PerMillion USD    // pico-dollars per million tokens; of a fee, per million requests
}

// RatesAt lists the rates that the book states for a time (UTC nanoseconds; 0 = the book's date), each class followed by its tiers;
// false where no price is in force. A class without a rate of its own is not listed: see Charge.Note for what stands in for it.
func (r *PriceRow) RatesAt(at int64) ([]Rate, bool) {
	if r == nil {
		return nil, false
	}
	s := r.in(at)
	if s == nil {
		return nil, false
	}
	var list []Rate
	for c := range s.rates {
		x := &s.rates[c]
		if !x.listed {
			continue
		}
		list = append(list, Rate{Class: classNames[c], PerMillion: s.perMillion(x.base)})
		for _, t := range x.above {
			list = append(list, Rate{Class: classNames[c], Above: t.input, PerMillion: s.perMillion(t.rate)})
		}
	}
	if s.fee > 0 {
		list = append(list, Rate{Class: classFee, PerMillion: s.perMillion(s.fee)})
	}
	return list, true
}

// ChangesOverTime says that the row has more than one set of prices: by date or by hour.
func (r *PriceRow) ChangesOverTime() bool { return len(r.sets) > 1 }

// thousands writes n with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package tracefmt

// A RateSet is what a model costs while a condition holds, for engines that price calls where they stand. A call costs the sum of its
// tokens of each class times their rate, and the fee, divided by Den and rounded half up.
type RateSet struct {
	From           int64 // UTC nanoseconds, inclusive; math.MinInt64 = always
	DayFrom, DayTo int64 // nanoseconds of the day, over midnight where DayTo < DayFrom; equal = the whole day
	Den, Fee       int64
	Rates          []ClassRate // by class, as in Charge.Class
}

// A ClassRate is in pico-dollars for Den tokens of a class.
type ClassRate struct {
	Class  string
	Base   int64
	Above  []RateStep // ascending
	Listed bool       // the book states it; reasoning without a rate of its own is output
}

// A RateStep is the rate of a class once a call's whole input exceeds a number of tokens.
type RateStep struct{ Input, Rate int64 }

// RateSets are the prices of a row; of several that hold for the start of a call the last counts.
func (r *PriceRow) RateSets() []RateSet {
	if r == nil {
		return nil
	}
	sets := make([]RateSet, len(r.sets))
	for i := range r.sets {
		s := &r.sets[i]
		sets[i] = RateSet{From: s.from, DayFrom: s.dayFrom, DayTo: s.dayTo, Den: int64(s.den), Fee: s.fee}
		for c := range s.rates {
			x := ClassRate{Class: classNames[c], Base: s.rates[c].base, Listed: s.rates[c].listed}
			for _, t := range s.rates[c].above {
				x.Above = append(x.Above, RateStep{t.input, t.rate})
			}
			sets[i].Rates = append(sets[i].Rates, x)
		}
	}
	return sets
}

package tracefmt

import "math/bits"

// Parts is what the cost of a call is made of. The parts add up to Cost of the same usage.
type Parts struct {
	Read   USD // input read from a cache
	Write  USD // input written to a cache, for however long
	Fresh  USD // all other input
	Output USD // output, reasoning and the fee for the request
}

// Parts divides Cost by what was paid for. It is false where Cost is.
func (r *PriceRow) Parts(u Usage, at int64) (Parts, bool) {
	total, ok := r.Cost(u, at)
	if !ok {
		return Parts{}, false
	}
	s := r.in(at)
	n, input := s.split(u)
	part := func(classes ...int) (sum USD) {
		for _, c := range classes {
			v, _ := s.rates[c].at(input)
			hi, lo := bits.Mul64(uint64(n[c]), uint64(v))
			q, _ := bits.Div64(hi, lo, s.den) // hi < den: Cost fits
			sum += USD(q)
		}
		return sum
	}
	p := Parts{Read: part(classRead), Write: part(classWrite, classWrite1h), Fresh: part(classInput)}
	p.Output = total - p.Read - p.Write - p.Fresh
	if n[classOutput]+n[classReasoning] == 0 && s.fee == 0 { // the rest is what rounding down left over
		p.Fresh, p.Output = p.Fresh+p.Output, 0
	}
	return p, true
}

// InputCost is what n tokens of input cost in a call of this usage where they are read from a cache, and where they are neither read from
// nor written to one. It is false where no price is in force or an amount leaves the range of USD.
func (r *PriceRow) InputCost(u Usage, at, n int64) (read, fresh USD, ok bool) {
	if r == nil || n < 0 {
		return 0, 0, false
	}
	s := r.in(at)
	if s == nil {
		return 0, 0, false
	}
	_, input := s.split(u)
	of := func(class int) USD {
		v, _ := s.rates[class].at(input)
		hi, lo := bits.Mul64(uint64(n), uint64(v))
		usd, fits := roundDiv(hi, lo, s.den)
		ok = ok && fits
		return usd
	}
	ok = true
	read, fresh = of(classRead), of(classInput)
	return read, fresh, ok
}

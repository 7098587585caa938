package analyze

import (
	"cmp"
	"math/bits"
	"slices"

	"costscope/tracefmt"
)

// A Part is one share of an amount that Split divides.
type Part struct {
	Name   string
	Weight int64        // not negative
	Amount tracefmt.USD // set by Split
}

// Split divides an amount by weight so that the parts add up to it exactly (analysis-spec A.5): every part is rounded down, what is left
// goes one by one to the largest remainders, ties in ascending order of names. Without any weight the first name gets all.
func Split(amount tracefmt.USD, parts []Part) {
	if len(parts) == 0 {
		return
	}
	total := uint64(0)
	for _, p := range parts {
		total += uint64(p.Weight)
	}
	sign := tracefmt.USD(1)
	if amount < 0 {
		sign = -1
	}
	left := uint64(sign * amount)
	rest := make([]uint64, len(parts))
	for i := range parts {
		var q uint64
		if total > 0 {
			hi, lo := bits.Mul64(uint64(sign*amount), uint64(parts[i].Weight))
			q, rest[i] = bits.Div64(hi, lo, total)
		}
		parts[i].Amount = sign * tracefmt.USD(q)
		left -= q
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(rest[y], rest[x]), cmp.Compare(parts[x].Name, parts[y].Name))
	})
	if total == 0 {
		parts[order[0]].Amount = amount
		return
	}
	for _, i := range order[:left] {
		parts[i].Amount += sign
	}
}

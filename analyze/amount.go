package analyze

import (
	"math/big"

	"costscope/tracefmt"
)

// amountOf rounds to the nearest pico-dollar, halves up; unknown where USD cannot hold it.
func amountOf(x *big.Rat) Amount {
	num := new(big.Int).Lsh(x.Num(), 1)
	v := num.Div(num.Add(num, x.Denom()), new(big.Int).Lsh(x.Denom(), 1))
	if !v.IsInt64() {
		return Amount{}
	}
	return Amount{tracefmt.USD(v.Int64()), true}
}

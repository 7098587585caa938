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

// MarshalJSON writes the exact amount in dollars, null for an unknown one.
func (a Amount) MarshalJSON() ([]byte, error) {
	if !a.Known {
		return []byte("null"), nil
	}
	return a.USD.Append(nil), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Amount) UnmarshalJSON(b []byte) (err error) {
	*a = Amount{}
	if string(b) == "null" {
		return nil
	}
	if a.USD, err = tracefmt.ParseUSD(b); err == nil {
		a.Known = true
	}
	return err
}

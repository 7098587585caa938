package analyze

import (
	"math"
	"math/big"

	"costscope/tracefmt"
)

// Outcomes is what successes cost (analysis-spec H): failed runs are part of the price, runs in flight are not.
type Outcomes struct {
	Success, Failure, Unknown, InFlight int64
	Cost                                tracefmt.USD // of all finished runs
	SuccessUSD, FailureUSD, InFlightUSD tracefmt.USD
	PerSuccess                          Amount
	Low, High                           Amount  // bounds: every unknown run a success, or none; where there are unknown ones
	AtLeast                             Amount  // where no run succeeded
	FailureRatio                        float64 // mean cost of a failure over that of a success; NaN where one is missing
}

// An Amount is money that may be unknown.
type Amount struct {
	USD   tracefmt.USD
	Known bool
}

// NewOutcomes adds up runs by how they ended.
func NewOutcomes(runs []RunCost) Outcomes {
	var o Outcomes
	for _, r := range runs {
		switch r.Outcome {
		case tracefmt.OutcomeInFlight:
			o.InFlight++
			o.InFlightUSD, _ = o.InFlightUSD.Add(r.Cost)
			continue
		case tracefmt.OutcomeSuccess:
			o.Success++
			o.SuccessUSD, _ = o.SuccessUSD.Add(r.Cost)
		case tracefmt.OutcomeFailure:
			o.Failure++
			o.FailureUSD, _ = o.FailureUSD.Add(r.Cost)
		default:
			o.Unknown++
		}
		o.Cost, _ = o.Cost.Add(r.Cost)
	}
	o.FailureRatio = ratio(int64(o.FailureUSD), o.Failure) / ratio(int64(o.SuccessUSD), o.Success)
	if math.IsInf(o.FailureRatio, 0) {
		o.FailureRatio = math.NaN()
	}
	o.PerSuccess = perSuccess(o.Cost, o.Success, o.Failure, o.Unknown)
	if o.Unknown > 0 {
		o.Low = quotient(o.Cost, 1, o.Success+o.Unknown)
		o.High = quotient(o.Cost, 1, o.Success)
	}
	o.AtLeast = atLeast(o.Cost, o.Success, o.Failure, o.Unknown)
	return o
}

// LeadWithBounds says that too many outcomes are unknown for one number.
func (o *Outcomes) LeadWithBounds() bool {
	return 5*o.Unknown > o.Success+o.Failure+o.Unknown
}

// CostPerSuccess is what a success costs in the group's calls, unknown outcomes succeeding as often as known ones.
func (r *Row) CostPerSuccess() Amount {
	return perSuccess(r.FinishedUSD, r.Success, r.Failure, r.Unknown)
}

// perSuccess is C / (s + u*s/(s+f)) = C*(s+f) / (s*(s+f+u)).
func perSuccess(cost tracefmt.USD, s, f, u int64) Amount {
	return quotient(cost, s+f, s, s+f+u)
}

// quotient is cost*num over the product of dens, to the nearest pico-dollar; unknown where a divisor is 0.
func quotient(cost tracefmt.USD, num int64, dens ...int64) Amount {
	den := big.NewInt(1)
	for _, d := range dens {
		den.Mul(den, big.NewInt(d))
	}
	if den.Sign() <= 0 {
		return Amount{}
	}
	v := new(big.Int).Mul(big.NewInt(int64(cost)), big.NewInt(num))
	v.Lsh(v, 1).Add(v, den)
	v.Div(v, den.Lsh(den, 1))
	return Amount{tracefmt.USD(v.Int64()), v.IsInt64()}
}

// atLeast is what a success costs at least, where none was seen: the success rate is below 1 - 0.05^(1/n) with 95 % confidence. Unknown
// outcomes may all be successes.
func atLeast(cost tracefmt.USD, s, f, u int64) Amount {
	if s > 0 || s+f == 0 {
		return Amount{}
	}
	n := float64(s + f)
	v := float64(cost) / n / -math.Expm1(math.Log(0.05)/n)
	if v >= math.MaxInt64 {
		return Amount{}
	}
	low := tracefmt.USD(math.Round(v))
	if all := quotient(cost, 1, u); all.Known {
		low = min(low, all.USD)
	}
	return Amount{low, true}
}

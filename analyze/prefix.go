package analyze

import (
	"math/bits"

	"costscope/tracefmt"
)

// A prompt is the input of a call in the order in which a provider sees it, the cached prefix first, with what each part of it cost
// (analysis-spec D, "Pricing a prefix"). The amounts add up to the call's cost.
type prompt struct {
	read, write, fresh          int64 // tokens
	readUSD, writeUSD, freshUSD tracefmt.USD
	output                      tracefmt.USD // the rest of the call's cost
	guessed                     bool         // no prices are known: the cost is divided at the usual ratio of the rates
}

// The usual ratio of the rates, for a stated cost of a model that the price book does not know: a cache read a tenth of fresh input, a
// cache write a quarter dearer than it, output five times as dear.
const weightRead, weightFresh, weightWrite, weightOutput = 4, 40, 50, 200

// promptOf cuts the cost in force of a call. Without token counts all of it counts as output; without a known cost all amounts are 0.
func promptOf(c *tracefmt.Call) prompt {
	u := &c.Usage
	p := prompt{output: c.Cost}
	if c.Has&tracefmt.HasInput == 0 || u.Input <= 0 || !c.Kind.IsModel() {
		return p
	}
	p.read, p.write = max(u.CacheRead, 0), max(u.CacheWrite, 0)
	p.fresh = max(u.Input-p.read-p.write, 0)
	if !known(c) {
		return p
	}
	start := int64(0)
	if c.Has&tracefmt.HasStart != 0 {
		start = c.Start
	}
	parts, ok := c.Price.Parts(c.Usage, start)
	if !ok {
		p.guessed = true
		parts = tracefmt.Parts{Read: weight(p.read, weightRead), Write: weight(p.write, weightWrite), Fresh: weight(p.fresh, weightFresh),
			Output: weight(u.Output, weightOutput)}
	}
	p.share(c.Cost, &parts)
	return p
}

// weight keeps the sum of a prompt's weights within range, whatever counts a trace states.
func weight(tokens, each int64) tracefmt.USD { return tracefmt.USD(min(max(tokens, 0), 1<<50) * each) }

// share divides the cost in the proportion of the parts.
func (p *prompt) share(cost tracefmt.USD, of *tracefmt.Parts) {
	if of.Read+of.Write+of.Fresh+of.Output == cost {
		p.readUSD, p.writeUSD, p.freshUSD, p.output = of.Read, of.Write, of.Fresh, of.Output
		return
	}
	weights := [...]int64{int64(of.Output), int64(of.Fresh), int64(of.Read), int64(of.Write)}
	out := [len(weights)]*tracefmt.USD{&p.output, &p.freshUSD, &p.readUSD, &p.writeUSD}
	total := uint64(0)
	for _, w := range weights {
		total += uint64(w)
	}
	if total == 0 || cost < 0 {
		p.output = cost
		return
	}
	left, rest := cost, [len(weights)]uint64{}
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(cost), uint64(w))
		q, r := bits.Div64(hi, lo, total) // w <= total: fits
		*out[i], rest[i] = tracefmt.USD(q), r
		left -= tracefmt.USD(q)
	}
	for ; left > 0; left-- { // to the largest remainders, the first of equals first
		most := 0
		for i := range rest {
			if rest[i] > rest[most] {
				most = i
			}
		}
		*out[most]++
		rest[most] = 0
	}
}

// size is the number of prompt tokens.
func (p *prompt) size() int64 { return p.read + p.write + p.fresh }

// input is what the prompt cost.
func (p *prompt) input() tracefmt.USD { return p.readUSD + p.writeUSD + p.freshUSD }

// first is what the first n tokens of the prompt cost: each at the price of the class that it falls in. Where a class is cut, its part is
// rounded down.
func (p *prompt) first(n int64) (cost tracefmt.USD) {
	for _, class := range [...]struct {
		tokens int64
		usd    tracefmt.USD
	}{{p.read, p.readUSD}, {p.write, p.writeUSD}, {p.fresh, p.freshUSD}} {
		if n <= 0 {
			return cost
		}
		if n >= class.tokens {
			cost += class.usd
		} else {
			cost += mulDiv(class.usd, n, class.tokens)
		}
		n -= class.tokens
	}
	return cost
}

// mulDiv is amount*num/den rounded down, for amounts of at least 0 and 0 <= num <= den, den > 0; the product has 128 bits.
func mulDiv(amount tracefmt.USD, num, den int64) tracefmt.USD {
	hi, lo := bits.Mul64(uint64(amount), uint64(num))
	q, _ := bits.Div64(hi, lo, uint64(den))
	return tracefmt.USD(q)
}

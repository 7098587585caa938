package analyze

import (
	"cmp"
	"math/bits"
	"slices"

	"costscope/tracefmt"
)

// componentCount is the parts of a prompt that a trace may state, and what it leaves untagged.
const componentCount = tracefmt.ContextParts + 1

// untagged is the number of the part for tokens of no stated part.
const untagged = tracefmt.ContextParts

// componentName names a part.
func componentName(k int) string {
	if k == untagged {
		return "untagged"
	}
	return tracefmt.ContextNames[k]
}

// componentOrder is the parts by name, in which ties are settled.
var componentOrder = func() (order [componentCount]int) {
	list := order[:]
	for k := range list {
		list[k] = k
	}
	slices.SortFunc(list, func(x, y int) int {
		if componentName(x) < componentName(y) {
			return -1
		}
		return 1
	})
	return order
}()

// Composition is growth cost by the parts of the prompts that grew.
type Composition struct {
	USD             [componentCount]tracefmt.USD
	Tagged, Prompts int64 // prompts beyond the first size of their thread; of them, those where the trace states the parts of both

	wraps int32
}

// send splits the growth cost of a prompt by how much larger each part is than in the thread's first.
func (x *Composition) send(s *send, first, now *[tracefmt.ContextParts]int64, size int64) {
	usd := s.grown()
	if s.tokens <= size {
		return
	}
	x.Prompts++
	if first == nil || now == nil {
		x.wraps += plus((*int64)(&x.USD[untagged]), int64(usd))
		return
	}
	x.Tagged++
	var by [componentCount]int64
	was, is := size, s.tokens
	for k := range now {
		by[k] = max(0, now[k]-first[k])
		was, is = was-first[k], is-now[k]
	}
	by[untagged] = max(0, max(is, 0)-max(was, 0))
	parts := splitParts(usd, &by)
	for k := range parts {
		x.wraps += plus((*int64)(&x.USD[k]), int64(parts[k]))
	}
}

// splitParts is Split for the parts of a prompt, in fixed memory. Where no part grew, all is untagged.
func splitParts(usd tracefmt.USD, by *[componentCount]int64) (out [componentCount]tracefmt.USD) {
	total := int64(0)
	for _, n := range by {
		total += min(n, 1<<50)
	}
	if total == 0 {
		out[untagged] = usd
		return out
	}
	var rest [componentCount]uint64
	left := usd
	for k, n := range by {
		hi, lo := bits.Mul64(uint64(usd), uint64(min(n, 1<<50)))
		q, r := bits.Div64(hi, lo, uint64(total))
		out[k], rest[k] = tracefmt.USD(q), r
		left -= tracefmt.USD(q)
	}
	for ; left > 0; left-- {
		most := componentOrder[0]
		for _, k := range componentOrder {
			if rest[k] > rest[most] {
				most = k
			}
		}
		out[most]++
		rest[most] = 0
	}
	return out
}

func (x *Composition) merge(o *Composition) {
	for k := range x.USD {
		x.wraps += plus((*int64)(&x.USD[k]), int64(o.USD[k]))
	}
	x.Tagged, x.Prompts, x.wraps = x.Tagged+o.Tagged, x.Prompts+o.Prompts, x.wraps+o.wraps
}

// Total is the growth cost of all prompts.
func (x *Composition) Total() (sum tracefmt.USD) {
	for _, usd := range x.USD {
		sum += usd
	}
	return sum
}

// Parts lists the parts that cost anything, dearest first, ties by name.
func (x *Composition) Parts() (out []Part) {
	for _, k := range componentOrder {
		if x.USD[k] != 0 {
			out = append(out, Part{Name: componentName(k), Amount: x.USD[k]})
		}
	}
	slices.SortStableFunc(out, func(a, b Part) int { return cmp.Compare(b.Amount, a.Amount) })
	return out
}

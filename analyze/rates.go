package analyze

import (
	"strings"

	"costscope/tracefmt"
)

// A Repricing is what another price book made of sums that were kept with the one before.
type Repricing struct {
	AsOf, Source string       // of the book before
	Was, Now     tracefmt.USD // all of the store, as far as it is known
}

// Text is the repricing in one line; asOf is the date of the book in force.
func (r *Repricing) Text(asOf string) string {
	return "re-priced with the book of " + Clean(asOf) + ": was " + Money(r.Was) + " by the book of " + Clean(r.AsOf) + ", now " + Money(r.Now)
}

// RateChanges names the rates in which two rows differ at a time (UTC nanoseconds; 0: each book's date); "" for none. Either row may be nil.
func RateChanges(was, now *tracefmt.PriceRow, at int64) string {
	type place struct {
		class string
		above int64
	}
	before, _ := was.RatesAt(at)
	after, _ := now.RatesAt(at)
	old := map[place]tracefmt.USD{}
	for _, r := range before {
		old[place{r.Class, r.Above}] = r.PerMillion
	}
	var parts []string
	for _, r := range after {
		at := place{r.Class, r.Above}
		x, ok := old[at]
		delete(old, at)
		switch name := rateName(r); {
		case !ok:
			parts = append(parts, name+" $"+r.PerMillion.String()+" (new)")
		case x != r.PerMillion:
			parts = append(parts, name+" $"+x.String()+" → $"+r.PerMillion.String())
		}
	}
	for _, r := range before {
		if _, gone := old[place{r.Class, r.Above}]; gone {
			parts = append(parts, rateName(r)+" $"+r.PerMillion.String()+" (not stated)")
		}
	}
	return strings.Join(parts, " · ")
}

func rateName(r tracefmt.Rate) string {
	if r.Above > 0 {
		return r.Class + " above " + Count(r.Above)
	}
	return r.Class
}

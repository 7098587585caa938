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

// A RateChange is a rate in which two rows differ. A side that does not state it is not known.
type RateChange struct {
	Name     string // "input", "output above 200,000"
	Was, Now Amount // per million tokens; of a fee, per million requests
}

// RateChanges lists the rates in which two rows differ at a time (UTC nanoseconds; 0: each book's date). Either row may be nil.
func RateChanges(was, now *tracefmt.PriceRow, at int64) (list []RateChange) {
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
	for _, r := range after {
		at := place{r.Class, r.Above}
		x, stated := old[at]
		delete(old, at)
		if !stated || x != r.PerMillion {
			list = append(list, RateChange{rateName(r), Amount{x, stated}, Amount{r.PerMillion, true}})
		}
	}
	for _, r := range before {
		if _, gone := old[place{r.Class, r.Above}]; gone {
			list = append(list, RateChange{rateName(r), Amount{r.PerMillion, true}, Amount{}})
		}
	}
	return list
}

// Cells is the change for people: both rates, and by how much the second is dearer.
func (c *RateChange) Cells() (was, now, change string) {
	was, now = "not stated", "not stated"
	if c.Was.Known {
		was = "$" + c.Was.USD.String()
	}
	if c.Now.Known {
		now = "$" + c.Now.USD.String()
	}
	if c.Was.Known && c.Now.Known {
		change = SignedPercent(ratio(int64(c.Now.USD-c.Was.USD), int64(c.Was.USD)))
	}
	return was, now, change
}

// RateChangesText is RateChanges in one line; "" for none.
func RateChangesText(was, now *tracefmt.PriceRow, at int64) string {
	var parts []string
	for _, c := range RateChanges(was, now, at) {
		old, new, _ := c.Cells()
		parts = append(parts, c.Name+" "+old+" → "+new)
	}
	return strings.Join(parts, " · ")
}

func rateName(r tracefmt.Rate) string {
	if r.Above > 0 {
		return r.Class + " above " + Count(r.Above)
	}
	return r.Class
}

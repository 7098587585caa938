package click

import (
	"math"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A pricing is how the calls of a schema are priced where they stand: the models met, each with its row of the price book.
type pricing struct {
	book  *tracefmt.PriceBook
	pairs map[[2]string]int // the row of each provider, as the schema names it, and model, from 1; 0 for none
	rows  []*tracefmt.PriceRow
}

func newPricing(book *tracefmt.PriceBook) *pricing {
	return &pricing{book: book, pairs: map[[2]string]int{}}
}

// meet finds the price of a model.
func (p *pricing) meet(provider, model string) {
	pair := [2]string{provider, model}
	if _, ok := p.pairs[pair]; ok {
		return
	}
	row := p.book.Find(tracefmt.ProviderName(provider), model)
	if row == nil || model == "" {
		p.pairs[pair] = 0
		return
	}
	at := slices.Index(p.rows, row)
	if at < 0 {
		at, p.rows = len(p.rows), append(p.rows, row)
	}
	p.pairs[pair] = at + 1
}

// each calls f for the pairs met, in one order.
func (p *pricing) each(f func(provider, model string, row int)) {
	var pairs [][2]string
	for k := range p.pairs {
		pairs = append(pairs, k)
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1]) })
	for _, k := range pairs {
		f(k[0], k[1], p.pairs[k])
	}
}

// provider is the SQL for a span's provider as tracefmt names it.
func (p *pricing) provider() string {
	var from, to []string
	p.each(func(provider, _ string, _ int) {
		if n := tracefmt.ProviderName(provider); n != provider && !slices.Contains(from, quote(provider)) {
			from, to = append(from, quote(provider)), append(to, quote(n))
		}
	})
	if len(from) == 0 {
		return "b_provider"
	}
	return "transform(b_provider, " + array(from) + ", " + array(to) + ", b_provider)"
}

// row is the SQL for the number of a span's price row.
func (p *pricing) row() string {
	var from, to []string
	p.each(func(provider, model string, row int) {
		if row > 0 {
			from, to = append(from, quote(provider+"\x1f"+model)), append(to, number(int64(row)))
		}
	})
	if len(from) == 0 {
		return "0"
	}
	return "transform(concat(b_provider, '\x1f', b_model), " + array(from) + ", " + array(to) + ", 0)"
}

// cost is the SQL for what a span costs by its row, -1 where that is unknown.
func (p *pricing) cost() string {
	if len(p.rows) == 0 {
		return "toInt128(-1)"
	}
	var list []string
	for i, r := range p.rows {
		list = append(list, "c_row = "+number(int64(i+1)), rowCost(r))
	}
	return "multiIf(" + strings.Join(list, ", ") + ", toInt128(-1))"
}

// rowCost is the SQL for what a span costs by a row: of the prices that hold for its start the last count.
func rowCost(r *tracefmt.PriceRow) string {
	sets := r.RateSets()
	var list []string
	for i := len(sets) - 1; i >= 0; i-- {
		if when := holdsSQL(&sets[i]); when != "" {
			list = append(list, when, setCost(&sets[i]))
			continue
		}
		list = append(list, setCost(&sets[i]))
		break // what stands before it never counts
	}
	if len(list) == 1 {
		return list[0]
	}
	if len(list)%2 == 0 {
		list = append(list, "toInt128(-1)")
	}
	return "multiIf(" + strings.Join(list, ", ") + ")"
}

// holdsSQL is when prices hold; "" for always.
func holdsSQL(s *tracefmt.RateSet) string {
	var list []string
	if s.From != math.MinInt64 {
		list = append(list, "b_start >= "+number(s.From))
	}
	const clock = "b_start % 86400000000000"
	switch {
	case s.DayFrom < s.DayTo:
		list = append(list, clock+" >= "+number(s.DayFrom), clock+" < "+number(s.DayTo))
	case s.DayFrom > s.DayTo:
		list = append(list, "("+clock+" >= "+number(s.DayFrom)+" OR "+clock+" < "+number(s.DayTo)+")")
	}
	return strings.Join(list, " AND ")
}

// classTokens are the tokens of each class of tracefmt.Charge. Parts larger than their whole are cut to it.
var classTokens = map[string]string{
	"input": "greatest(n_in - n_read - n_write, 0)", "cache read": "n_read", "cache write": "n_write - n_hour", "cache write 1h": "n_hour", "output": "n_out", "reasoning": "least(n_reason, n_out)",
}

// setCost adds up what each class of tokens costs, in numbers that hold any sum, and rounds as tracefmt does.
func setCost(s *tracefmt.RateSet) string {
	sum := []string{"toInt128(" + number(s.Fee) + ")"}
	thinking := slices.ContainsFunc(s.Rates, func(r tracefmt.ClassRate) bool { return r.Class == "reasoning" && r.Listed })
	for _, r := range s.Rates {
		tokens := classTokens[r.Class]
		switch {
		case r.Class == "reasoning" && !thinking:
			continue
		case r.Class == "output" && thinking:
			tokens = "(n_out - least(n_reason, n_out))"
		}
		sum = append(sum, "toInt128("+tokens+") * "+rateSQL(&r))
	}
	cost := strings.Join(sum, " + ")
	if s.Den != 1 {
		cost = "intDiv(" + cost + " + " + number(s.Den/2) + ", " + number(s.Den) + ")"
	}
	return cost
}

// rateSQL is a class's rate by the size of the whole input.
func rateSQL(r *tracefmt.ClassRate) string {
	if len(r.Above) == 0 {
		return number(r.Base)
	}
	var list []string
	for i := len(r.Above) - 1; i >= 0; i-- {
		list = append(list, "greatest(n_in, n_read + n_write) > "+number(r.Above[i].Input), number(r.Above[i].Rate))
	}
	return "multiIf(" + strings.Join(append(list, number(r.Base)), ", ") + ")"
}

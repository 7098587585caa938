package analyze

import (
	"fmt"
	"io"
	"strings"

	"costscope/tracefmt"
)

// says is what a lever did to the calls, beside what it costs.
func (w *WhatIf) says(l Lever) (list []string) {
	f := &w.facts
	some := func(n int64, noun, what string) {
		if n > 0 {
			list = append(list, gap(n, noun, what))
		}
	}
	switch l {
	case LeverRetries:
		some(f.Unrescued, "operation", "would have kept no accepted attempt")
	case LeverContext:
		if f.CutTokens > 0 {
			list = append(list, Tokens(f.CutTokens)+" tokens cut from prompts")
		}
		some(f.Uncut, "record", "of several calls in one cannot be cut")
	case LeverCache:
		if f.Reread > 0 {
			list = append(list, fmt.Sprintf("%s of %s tokens read again in place of being paid anew", plural(f.Reread, "prompt"), Tokens(f.RereadTokens)))
		}
		some(f.Rewritten, "prompt", "written to the cache again")
	case LeverModel:
		for i := range w.swaps {
			r := w.swaps[i].other
			list = append(list, "priced as "+r.Provider+"/"+r.ID)
		}
		some(f.TooLarge, "prompt", "larger than its context window: it could not answer them")
	case LeverPrices:
		list = append(list, "as of "+orUnknown(w.sc.Prices.AsOf())+"; "+gap(f.OwnPrice, "call", "priced by it, the others by the book in force"))
	}
	return list
}

func orUnknown(s string) string {
	if s == "" {
		return "an unknown date"
	}
	return Clean(s)
}

var leverAssumes = [levers]string{
	LeverRetries: "retries: an attempt that is not made costs nothing, and the run ends as it did",
	LeverContext: "context: what is cut is history, first what was read from a cache, then what was written to one, then fresh input; the cache keeps working on the rest",
	LeverCache: "cache: all writes at the price for that time; only a turn that nothing but the time kept from its cache finds it again, " +
		"and writes instead where a shorter time would have lost it",
	LeverModel:  "model: the same tokens, although another tokenizer counts them differently; the same use of caches; the price in force when the call was made",
	LeverPrices: "prices: the other book goes before the one in force, which prices what it does not know",
	LeverBatch:  "batch: half price where the seller has it; answers may take a day",
}

// Assumptions is what the numbers take for granted.
func (r *WhatIfResult) Assumptions() []string {
	list := []string{"the same tokens in all that is sent and answered, and the same outcomes"}
	for _, l := range Levers() {
		if r.Scenario.On[l] {
			list = append(list, leverAssumes[l])
		}
	}
	if len(r.Levers) > 1 {
		list = append(list, "levers apply in the order shown: the effects in that order add up to the joint one, what each does alone does not")
	}
	return list
}

// Gaps is what the three sums do not hold, and what of them is not compared.
func (r *WhatIfResult) Gaps() (list []string) {
	t := &r.Total
	some := func(n int64, what string) {
		if n > 0 {
			list = append(list, gap(n, "call", what))
		}
	}
	some(t.NoRecord, "without a stated cost: recorded holds the others")
	if left := t.Calls - t.Compared; t.NoBook == left && t.NoIf == left {
		some(left, "that cannot be priced or re-priced: unknown, not 0, and left out of the change")
	} else {
		some(t.NoBook, "that the book cannot price from tokens: unknown, not 0")
		some(t.NoIf, "that cannot be re-priced: unknown, not 0")
		some(left, "left out of the change: one of the sides does not know their cost")
	}
	if t.Fees != 0 {
		list = append(list, Money(t.Fees)+" that tools and people are stated to cost is no matter of prices: it stands in every column where the call is made")
	}
	if n := r.Facts.NoTokens; n > 0 {
		list = append(list, gap(n, "call", "without token counts"))
	}
	for i, m := range r.without() {
		if i == 5 {
			list = append(list, "and other models")
			break
		}
		list = append(list, "no price for "+Clean(m.Name)+": "+plural(m.NoPrice, "call"))
	}
	return list
}

// without is the models whose calls the scenario cannot price.
func (r *WhatIfResult) without() (list []ModelUse) {
	for _, m := range r.Models {
		if m.NoPrice > 0 {
			list = append(list, m)
		}
	}
	return list
}

// A WhatIfReport is a comparison to be shown.
type WhatIfReport struct {
	Version string        `json:"version"`
	Prices  PriceInfo     `json:"prices"` // the book in force
	Text    string        `json:"what_if"`
	Query   *QueryInfo    `json:"query,omitempty"`
	Levers  []WhatIfLever `json:"levers"`
	Totals  WhatIfFigures `json:"totals"`
	By      []string      `json:"by"`
	Rows    []WhatIfGroup `json:"rows"`
	Gaps    []string      `json:"not_known"`
	Assumes []string      `json:"assumptions"`

	r       *WhatIfResult
	subject string
}

// A WhatIfLever is a lever with its effect.
type WhatIfLever struct {
	Lever string   `json:"lever"`
	Value string   `json:"value"`
	Calls int64    `json:"calls"`
	Alone Dollars  `json:"alone_usd"`
	Step  Dollars  `json:"step_usd"`
	Notes []string `json:"notes"`
}

// WhatIfFigures is a WhatIfSum in JSON. A side on which the cost of no call is known is null.
type WhatIfFigures struct {
	Calls    int64    `json:"calls"`
	Recorded *Dollars `json:"recorded_usd"`
	NoRecord int64    `json:"calls_not_recorded"`
	Book     *Dollars `json:"book_usd"`
	NoBook   int64    `json:"calls_not_priced"`
	If       *Dollars `json:"what_if_usd"`
	NoIf     int64    `json:"calls_not_repriced"`
	Change   *Dollars `json:"change_usd"`
	Ratio    Fraction `json:"change_ratio"`
	Compared int64    `json:"calls_compared"`
}

// A WhatIfGroup is a row in JSON.
type WhatIfGroup struct {
	Path []string `json:"path"`
	WhatIfFigures
}

func (s *WhatIfSum) figures() WhatIfFigures {
	return WhatIfFigures{s.Calls, dollars(s.Recorded, s.NoRecord < s.Calls), s.NoRecord, dollars(s.Book, s.NoBook < s.Calls), s.NoBook,
		dollars(s.If, s.NoIf < s.Calls), s.NoIf, dollars(s.Change, s.Compared > 0), Fraction(s.Ratio()), s.Compared}
}

// NewWhatIfReport puts a report of a result together. in needs no table.
func NewWhatIfReport(in ReportInput, r *WhatIfResult) *WhatIfReport {
	w := &WhatIfReport{
		Version: in.Version, Prices: NewPriceInfo(&in.Status), Text: r.Scenario.String(), Query: in.queryInfo(),
		Levers: []WhatIfLever{}, Totals: r.Total.figures(), By: []string{}, Rows: []WhatIfGroup{}, Gaps: append([]string{}, r.Gaps()...),
		Assumes: r.Assumptions(), r: r, subject: in.Query.narrowing(),
	}
	for _, l := range r.Levers {
		w.Levers = append(w.Levers, WhatIfLever{l.Lever.String(), l.Value, l.Calls, Dollars(l.Alone), Dollars(l.Step), append([]string{}, l.Says...)})
	}
	for _, d := range r.By {
		w.By = append(w.By, d.String())
	}
	for i := range r.Rows {
		w.Rows = append(w.Rows, WhatIfGroup{r.Rows[i].Path, r.Rows[i].figures()})
	}
	return w
}

// WriteJSON writes the report as one JSON object.
func (w *WhatIfReport) WriteJSON(to io.Writer) error { return writeJSON(to, w) }

// WriteText writes the report for people.
func (w *WhatIfReport) WriteText(to io.Writer) error { return w.page().writeText(to) }

// WriteMarkdown writes the report for a document.
func (w *WhatIfReport) WriteMarkdown(to io.Writer) error { return w.page().writeMarkdown(to) }

func (w *WhatIfReport) page() *page {
	t := &w.r.Total
	p := &page{title: "costscope what-if", under: join(Clean(w.Text), plural(t.Calls, "call"), Clean(w.subject))}
	if w.r.Overflow {
		p.notes = []string{tooLarge}
		return p
	}
	cells := t.Cells()
	p.facts = [][2]string{{"recorded", cells[0]}, {"book", cells[1]}, {"what-if", cells[2]}, {"change", strings.TrimSpace(cells[3] + " " + cells[4])}}
	p.grids = append(p.grids, w.leverGrid())
	if len(w.r.Rows) > 0 {
		p.grids = append(p.grids, w.rowGrid())
	}
	p.notes = append(append(p.notes, w.r.Gaps()...), prefixed("assumed: ", w.r.Assumptions())...)
	p.notes = append(p.notes, w.Prices.notes()...)
	return p
}

func prefixed(with string, list []string) (out []string) {
	for _, s := range list {
		out = append(out, with+s)
	}
	return out
}

func (w *WhatIfReport) leverGrid() grid {
	g := grid{title: "Levers, in the order in which they apply", head: []string{"lever", "", "calls", "alone", "in order"}, text: 2}
	for _, l := range w.r.Levers {
		c := l.Cells()
		g.rows = append(g.rows, append([]string{Clean(l.Value), Clean(strings.Join(l.Says, "; "))}, c[:]...))
	}
	g.rows = append(g.rows, []string{"together", "", "", "", SignedMoney(Dollars(w.r.Total.Change))})
	return g
}

func (w *WhatIfReport) rowGrid() grid {
	g := grid{title: "By " + strings.Join(w.By, ", "), head: []string{strings.Join(w.By, " / "), "calls", "recorded", "book", "what-if", "change", "", "unknown"}}
	for i := range w.r.Rows {
		if i == maxGridRows {
			g.more = fmt.Sprintf("and %s more; --json has all", plural(int64(len(w.r.Rows)-i), "row"))
			break
		}
		g.add(&w.r.Rows[i])
	}
	g.add(&WhatIfRow{[]string{"total"}, w.r.Total.WhatIfSum})
	return g
}

func (g *grid) add(r *WhatIfRow) {
	g.depth = append(g.depth, max(0, len(r.Path)-1))
	c := r.Cells()
	g.rows = append(g.rows, append([]string{Clean(last(r.Path)), Count(r.Calls)}, c[:]...))
}

// Cells is the row for people: recorded, book, what-if, the change in dollars and in percent, and how many calls the change leaves out.
// A sum that lacks calls is a lower bound; one that lacks all is not known.
func (s *WhatIfSum) Cells() (c [6]string) {
	c = [6]string{sideText(s.Recorded, s.NoRecord, s.Calls), sideText(s.Book, s.NoBook, s.Calls), sideText(s.If, s.NoIf, s.Calls), Unknown, "", ""}
	if s.Compared > 0 {
		c[3], c[4] = SignedMoney(Dollars(s.Change)), SignedPercent(s.Ratio())
	}
	if n := s.Calls - s.Compared; n > 0 {
		c[5] = Count(n)
	}
	return c
}

// Cells is the effect for people: the calls, what the lever does alone, and what in its place among the others.
func (e *LeverEffect) Cells() [3]string {
	return [3]string{Count(e.Calls), SignedMoney(Dollars(e.Alone)), SignedMoney(Dollars(e.Step))}
}

func sideText(v tracefmt.USD, none, of int64) string {
	if none == of {
		return Unknown
	}
	return LowerBound(Money(v), none > 0)
}

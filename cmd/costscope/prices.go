package main

import (
	"fmt"
	"io"
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/spf13/cobra"
)

const pricesLong = `Without MODEL, list the price book. With MODEL, written as a trace writes it, show the row that
answers for it, why that one, and its rates in USD per million tokens. A name that no row
answers for is unpriced: its calls have no cost, which is not a cost of zero.

prices import FILE reads a public price file - LiteLLM's model map or the data of genai-prices - and
shows what it changes. With -o it becomes a price book for --prices, every decimal taken over as it
is; --at is its date (default: the file's).`

// pricesFlags are as typed.
type pricesFlags struct{ prices, provider, at, out string }

func pricesCommand(a *app, c *cobra.Command) func([]string) error {
	var f pricesFlags
	s := c.Flags()
	s.SortFlags = false
	s.StringVar(&f.prices, "prices", "", "price book `FILE` that goes before the built-in one")
	s.StringVar(&f.provider, "provider", "", "`NAME` of the provider, where the trace states it")
	s.StringVar(&f.at, "at", "", "rates at `TIME`: RFC 3339, a date, or a span before now (default: the book's date)")
	s.StringVarP(&f.out, "output", "o", "", "with import: write the price book to `FILE`")
	return func(models []string) error {
		book, err := priceBook(f.prices)
		if err != nil {
			return err
		}
		if len(models) > 0 && models[0] == "import" {
			return a.importPrices(models[1:], &f, book)
		}
		if f.out != "" {
			return wrongUsage("", "-o is for prices import")
		}
		at := int64(0)
		if f.at != "" {
			if at, err = analyze.ParseTime(f.at, a.now(), nil); err != nil {
				return wrongUsage("", "--at: %w", err)
			}
		}
		p := priceList{book, f.provider, at}
		return a.write("", func(w io.Writer) error { return p.write(w, models) })
	}
}

// A priceList prints parts of a price book.
type priceList struct {
	book     *tracefmt.PriceBook
	provider string
	at       int64
}

func (p priceList) write(w io.Writer, models []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "USD per million tokens · as of %s · %s\n", p.book.AsOf(), p.book.Source())
	if len(models) == 0 {
		for _, r := range p.book.Search(nonEmpty(p.provider)...) {
			fmt.Fprintf(&b, "%-14s %-44s %s\n", r.Provider, r.ID, p.rates(r, " · "))
		}
	}
	for _, m := range models {
		b.WriteByte('\n')
		p.match(&b, m)
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

// match shows which row answers for a name.
func (p priceList) match(b *strings.Builder, model string) {
	r, how := p.book.Match(p.provider, model)
	if r == nil {
		fmt.Fprintf(b, "%s: unpriced: %s\n", model, how)
		if near := p.book.Search(strings.FieldsFunc(model, func(r rune) bool { return strings.ContainsRune("-/.: ", r) })...); len(near) > 0 {
			fmt.Fprintf(b, "  similar rows: %s\n", strings.Join(ids(near, 5), ", "))
		}
		return
	}
	fmt.Fprintf(b, "%s: %s/%s (%s)\n", model, r.Provider, r.ID, how)
	if r.Window > 0 {
		fmt.Fprintf(b, "  context window %s tokens\n", analyze.Count(r.Window))
	}
	fmt.Fprintf(b, "  %s\n", p.rates(r, "\n  "))
	if r.ChangesOverTime() {
		b.WriteString("  the rates change by date or hour; each call is priced by its start\n")
	}
}

// rates lists what a row charges.
func (p priceList) rates(r *tracefmt.PriceRow, between string) string {
	rates, ok := r.RatesAt(p.at)
	if !ok {
		return "no price is in force at that time"
	}
	var parts []string
	for _, rate := range rates {
		s := rate.Class + " $" + rate.PerMillion.String()
		if rate.Class == "request" {
			s = "request $" + (rate.PerMillion / 1e6).String() + " each"
		}
		if rate.Above > 0 {
			s += " above " + analyze.Count(rate.Above) + " input tokens"
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, between)
}

// ids names at most n rows.
func ids(rows []*tracefmt.PriceRow, n int) []string {
	var out []string
	for i, r := range rows {
		if i == n {
			return append(out, fmt.Sprintf("and %d more", len(rows)-n))
		}
		out = append(out, r.Provider+"/"+r.ID)
	}
	return out
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

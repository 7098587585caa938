package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"costscope/analyze"
)

const loadLong = `Read traces into a store, without a terminal. The store keeps the calls, not the text of their
messages: raw records are shown from the trace files. Reading the same traces again reads only
what is new. The store can be opened like a trace.`

// fitsLoad refuses what load cannot do.
func fitsLoad(j *job) error {
	store := firstStore(j.inputs.args)
	switch {
	case store != "":
		return wrongUsage("to explore it: costscope "+store, "%s is a store already; load reads traces", store)
	case slices.Contains(j.inputs.args, "-") && j.traceFlags.store == "":
		return wrongUsage("", "load - needs --store FILE: standard input has no place of its own")
	case j.markdown:
		return wrongUsage("for a summary: costscope report TRACE... --markdown", "load prints text or --json, not --markdown")
	}
	return nil
}

// loadTraces reads traces into a store and says what it now holds.
func (a *app) loadTraces(j *job) (err error) {
	j.keep = true
	s, err := a.read(j)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	t, err := s.Rollup(a.ctx, j.query)
	if err != nil {
		return err
	}
	held := loadResult{Store: s.path, Calls: t.Total.Calls, Runs: t.Total.Runs, Unpriced: t.Total.Unpriced, NoUsage: t.Total.NoUsage}
	held.atLeast = t.Total.Incomplete()
	if !t.Total.Overflow() && (t.Total.Costs.N() > 0 || !held.atLeast) {
		n := json.Number(t.Total.Cost.String())
		held.CostUSD = &n
	}
	held.filtered = narrows(j.query)
	status := s.Status()
	held.PricesAsOf, held.Prices = status.PricesAsOf, analyze.NewPriceInfo(&status)
	if r := status.Repricing; r != nil {
		held.repricing = r.Text(status.PricesAsOf)
	}
	for _, src := range status.Sources {
		held.Sources++
		held.Skipped += src.Skipped
	}
	return a.write(j.out, func(w io.Writer) error { return held.write(w, j.json) })
}

// A loadResult is what a store holds after loading.
type loadResult struct {
	Store    string       `json:"store"`
	Sources  int          `json:"sources"`
	Calls    int64        `json:"calls"`
	Runs     int64        `json:"runs"`
	CostUSD  *json.Number `json:"cost_usd"` // nil: no call has a known cost
	Unpriced int64        `json:"unpriced_calls"`
	NoUsage  int64        `json:"calls_without_usage"`
	Skipped  int64        `json:"skipped"`

	PricesAsOf string            `json:"prices_as_of"`
	Prices     analyze.PriceInfo `json:"prices"`

	filtered  bool
	atLeast   bool
	repricing string // what another price book made of the stored sums; "" for nothing
}

func (r loadResult) write(w io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(r)
	}
	verb := "holds"
	if r.filtered {
		verb = "has, where the conditions hold,"
	}
	_, err := fmt.Fprintf(w, "%s %s %s of %s from %s: %s\n", printable(r.Store), verb, count(r.Calls, "call"), count(r.Runs, "run"), count(int64(r.Sources), "source"), r.cost())
	for _, n := range []struct {
		n    int64
		text string
	}{{r.Unpriced, "without a price"}, {r.NoUsage, "without usage"}} {
		if n.n > 0 && err == nil {
			_, err = fmt.Fprintf(w, "%s %s: cost unknown, not in the sum\n", count(n.n, "call"), n.text)
		}
	}
	if r.repricing != "" && err == nil {
		_, err = fmt.Fprintln(w, r.repricing)
	}
	if r.Skipped > 0 && err == nil {
		_, err = fmt.Fprintf(w, "%s could not be read\n", count(r.Skipped, "record"))
	}
	return err
}

// cost is "$0.75", "at least $0.75", or "cost unknown".
func (r loadResult) cost() string {
	if r.CostUSD == nil {
		return "cost unknown"
	}
	return analyze.AtLeast("$"+r.CostUSD.String(), r.atLeast) + " (prices of " + r.PricesAsOf + ")"
}

// count is "1 call", "2,000 calls".
func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return analyze.Count(n) + " " + what
}

package analyze

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// A TableExport is a table for other programs: the rows of whole paths, which add up to the total.
type TableExport struct {
	Version string      `json:"version"`
	Prices  PriceInfo   `json:"prices"`
	Query   *QueryInfo  `json:"query,omitempty"`
	Totals  Totals      `json:"totals"`
	By      []string    `json:"by"`
	Rows    []ReportRow `json:"rows"`
}

// NewTableExport takes the whole paths of a table.
func NewTableExport(in ReportInput) *TableExport {
	r := NewReport(in)
	t := &TableExport{Version: r.Version, Prices: r.Prices, Query: r.Query, Totals: r.Totals, By: r.By, Rows: []ReportRow{}}
	for _, row := range r.Rows {
		if len(row.Path) == len(t.By) {
			t.Rows = append(t.Rows, row)
		}
	}
	if len(t.By) == 0 {
		row := reportRow(&in.Table.Total, &in.Table.Total)
		row.Path = []string{}
		row.leaveOpen(&in.Table.Total, &in.Status)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// WriteJSON writes the table as one JSON object.
func (t *TableExport) WriteJSON(w io.Writer) error { return writeJSON(w, t) }

// tableColumns are the columns of the CSV behind the names of the path: those of the JSON.
var tableColumns = [...]struct {
	name string
	text func(*ReportRow) string
}{
	{"cost_usd", func(r *ReportRow) string { return csvUSD(r.Cost) }},
	{"lower_bound", func(r *ReportRow) string { return strconv.FormatBool(r.LowerBound) }},
	{"share", func(r *ReportRow) string { return csvRatio(r.Share) }},
	{"calls", func(r *ReportRow) string { return csvCount(&r.Calls) }},
	{"llm_calls", func(r *ReportRow) string { return csvCount(&r.LLM) }},
	{"tool_calls", func(r *ReportRow) string { return csvCount(&r.Tools) }},
	{"runs", func(r *ReportRow) string { return csvCount(&r.Runs) }},
	{"failed_calls", func(r *ReportRow) string { return csvCount(&r.Failed) }},
	{"unpriced_calls", func(r *ReportRow) string { return csvCount(&r.Unpriced) }},
	{"calls_without_usage", func(r *ReportRow) string { return csvCount(&r.NoUsage) }},
	{"retry_ratio", func(r *ReportRow) string { return csvRatio(r.RetryRatio) }},
	{"wasted_usd", func(r *ReportRow) string { return csvUSD(r.Wasted) }},
	{"p50_usd", func(r *ReportRow) string { return csvUSD(r.P50) }},
	{"p95_usd", func(r *ReportRow) string { return csvUSD(r.P95) }},
	{"p99_usd", func(r *ReportRow) string { return csvUSD(r.P99) }},
	{"max_usd", func(r *ReportRow) string { return csvUSD(r.Max) }},
	{"top_1pct_share", func(r *ReportRow) string { return csvRatio(r.Top1) }},
	{"input_tokens", func(r *ReportRow) string { return csvCount(r.Input) }},
	{"cache_read_tokens", func(r *ReportRow) string { return csvCount(r.CacheRead) }},
	{"cache_write_tokens", func(r *ReportRow) string { return csvCount(r.CacheWrite) }},
	{"output_tokens", func(r *ReportRow) string { return csvCount(r.Output) }},
	{"cost_per_success_usd", func(r *ReportRow) string { return csvUSD(r.CostPerSuccess) }},
	{"success_runs", func(r *ReportRow) string { return csvCount(r.Success) }},
	{"failure_runs", func(r *ReportRow) string { return csvCount(r.Failure) }},
	{"unknown_runs", func(r *ReportRow) string { return csvCount(&r.Unknown) }},
	{"in_flight_runs", func(r *ReportRow) string { return csvCount(&r.InFlight) }},
}

// WriteCSV writes the table as RFC 4180 has it. What is not known is empty.
func (t *TableExport) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := make([]string, 0, len(t.By)+len(tableColumns))
	for _, d := range t.By {
		line = append(line, csvText(d))
	}
	for _, c := range tableColumns {
		line = append(line, c.name)
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for i := range t.Rows {
		line = line[:0]
		for _, name := range t.Rows[i].Path {
			line = append(line, csvText(name))
		}
		for _, c := range tableColumns {
			line = append(line, c.text(&t.Rows[i]))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// csvText is a name that no spreadsheet takes for a formula.
func csvText(s string) string {
	s = Clean(s)
	if s != "" && strings.IndexByte("=+-@", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

func csvUSD(d *Dollars) string {
	if d == nil {
		return ""
	}
	b, _ := d.MarshalJSON() // fails never
	return string(b)
}

func csvCount(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func csvRatio(f Fraction) string {
	b, _ := f.MarshalJSON() // fails never
	if string(b) == "null" {
		return ""
	}
	return string(b)
}

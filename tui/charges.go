package tui

import (
	"costscope/analyze"
	"costscope/tracefmt"
)

// A charge is one line of a call's bill.
type charge struct {
	class  string
	tokens int64
	rate   string // dollars per million tokens
	amount tracefmt.USD
}

// chargesOf is how the computed cost of a call comes about; nil where it is unknown.
func chargesOf(r *analyze.CallRow) []charge {
	return nil
}

// priceText names the price row and how it was found.
func priceText(r *analyze.CallRow) string {
	if r.Price == nil {
		return ""
	}
	s := r.Price.ID
	if r.Price.Provider != "" {
		s = r.Price.Provider + " / " + s
	}
	if r.Price.ID == r.Model {
		return s + " (exact name)"
	}
	return s + " (for " + r.Model + ")"
}

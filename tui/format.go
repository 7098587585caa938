package tui

import (
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// unknown is what stands in place of a number that nobody knows. It is never 0.
const unknown = "–"

// none is what stands for nothing of a kind, where a 0 would only be noise.
const none = "·"

func money(a tracefmt.USD) string { return analyze.Money(a) }
func moneyInt(pico int64) string  { return analyze.Money(tracefmt.USD(pico)) }
func count(n int64) string        { return analyze.Count(n) }
func short(n int64) string        { return analyze.Tokens(n) }
func elapsed(ns int64) string     { return analyze.Duration(time.Duration(ns)) }
func percentOf(x float64) string  { return ourSign(analyze.Percent(x)) }
func times(x float64) string      { return ourSign(analyze.Times(x)) }

// ourSign is a text of the analysis with the screen's sign for what is not known.
func ourSign(s string) string {
	if s == analyze.Unknown {
		return unknown
	}
	return s
}

// least is the sign before an amount to which costs that are not known are missing.
func least(is bool) string { return when(is, "≥") }

// percent prints part of whole; unknown where whole is 0.
func percent(part, whole int64) string {
	if whole == 0 {
		return unknown
	}
	return percentOf(float64(part) / float64(whole))
}

// exact is an amount with all of its digits, at least two of them after the point.
func exact(v tracefmt.USD) string {
	s := v.String()
	at := strings.IndexByte(s, '.')
	if at < 0 {
		return "$" + s + ".00"
	}
	return "$" + s + strings.Repeat("0", max(0, 3-(len(s)-at)))
}

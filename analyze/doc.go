// Package analyze answers questions about calls. It is pure: no files, no clock, no terminal. One file per section of the analysis
// specification; what a question answers is a value that the screen, the text report and the JSON report all draw from.
//
// An Aggregate is a sum of runs under integer addition: Add a run, take it back (Sub), Merge two of them, in any order, and the result is
// the same to the last bit. So a live tail, a late outcome, a second reading and a load at once give the same numbers.
//
//	Query -> Aggregate.Rollup, from sums by cell   -> Table -> Report -> JSON, text, markdown
//	      -> Scan, where calls must be read        ->
//	      -> Matcher, for lists of calls and runs
//
// Unknown is not zero: a call without a price or without token counts is counted as such and adds to no sum of money; a sum that lacks
// it is called "at least". A sum that leaves the range of its type is marked, never wrapped.
package analyze

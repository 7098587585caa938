// Package tracefmt says what a call of an agent run is, how the bytes of a trace become calls, and what a call costs.
//
// Bytes become records in two steps, so that the order, the splitting and the repetition of the input do not matter:
//
//	source -> values (reader.go) -> Record (one file per format) -> Assemble -> Run with its Calls
//
// A Record is what one value of a trace states about one call, and nothing else: a decoder is a pure function of the value and the
// path of its source. Everything that needs more than one value is decided by Assemble, from all records of one run: streaming
// snapshots merge, usage counts at the leaves, agents and workflows are inherited, retries link, costs are computed.
//
// Money is USD: whole pico-dollars. A count that a trace does not state is unknown (see Fields), never 0.
package tracefmt

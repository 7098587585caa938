package analyze

import "costscope/tracefmt"

// A Summary is what a set of calls adds up to. All fields but Max are sums: Add, Sub and Merge are exact in any order.
type Summary struct {
	Calls, LLM, Tools, Human, Other int64 // Calls = LLM + Tools + Human + Other
	Failed                          int64
	Cost                            tracefmt.USD // under the cost mode; unknown costs are not in it
	Recorded, Computed              tracefmt.USD
	Estimated                       tracefmt.USD
	Mismatches                      int64
	Unpriced, UnpricedTokens        int64 // calls with tokens and no price
	NoUsage                         int64 // model calls without token counts
	Input, CacheRead, CacheWrite    int64
	CacheWrite1h, Output, Reasoning int64
	Unattributed                    int64
	Retries                         int64        // attempts that were not the first of their operation, where the trace links them
	RetryCost, Wasted               tracefmt.USD // analysis-spec B.4
	Max                             tracefmt.USD // the dearest call; not a sum, see Aggregate
	Costs                           Hist         // of call cost, pico-dollars; calls with a known cost only
}

package analyze

import "costscope/tracefmt"

// ChainInfo is one of the retried operations that wasted most, with its attempts.
type ChainInfo struct {
	Run      string        `json:"run"`
	Workflow string        `json:"workflow"`
	Agent    string        `json:"agent"`
	Outcome  string        `json:"outcome"` // of the run
	Tries    int           `json:"attempts"`
	Lost     int32         `json:"attempts_not_in_trace"`
	Accepted bool          `json:"accepted"`
	Cost     *Dollars      `json:"cost_usd"`
	Wasted   *Dollars      `json:"wasted_usd"`
	Unknown  int64         `json:"unknown_costs"` // calls of unknown cost in it: amounts are lower bounds
	Attempts []AttemptInfo `json:"ladder"`        // the first ones and the last
}

// AttemptInfo is one attempt of a chain.
type AttemptInfo struct {
	Number     int      `json:"attempt"`
	Call       string   `json:"call"`
	What       string   `json:"what"` // tool or model
	End        string   `json:"end"`
	Accepted   bool     `json:"accepted"`
	Kind       string   `json:"retry_kind,omitempty"`
	Confidence string   `json:"confidence,omitempty"`
	Cost       *Dollars `json:"cost_usd"`
}

// partly is an amount that is not known where all of it is missing.
func partly(usd tracefmt.USD, missing int64, money bool) *Dollars {
	return dollars(usd, money && (missing == 0 || usd != 0))
}

func chainReport(list []TopChain, names *tracefmt.Names, money bool) (out []ChainInfo) {
	for i := range list {
		c := &list[i]
		x := ChainInfo{c.Run, names.Name(c.Workflow), names.Name(c.Agent), c.Outcome.String(), c.Tries, c.Lost, c.Accepted,
			partly(c.Total, c.Unknown, money), partly(c.Wasted, c.WastedUnknown, money), c.Unknown, nil}
		for n := range c.Attempts {
			a := &c.Attempts[n]
			y := AttemptInfo{Number: a.Number, Call: a.Call, What: a.what(names), End: a.end(names), Accepted: a.Accepted, Cost: partly(a.Cost, a.Unknown, money)}
			if a.Link.Confidence > 0 {
				y.Kind, y.Confidence = a.Link.Kind.String(), a.Link.Confidence.String()
			}
			x.Attempts = append(x.Attempts, y)
		}
		out = append(out, x)
	}
	return out
}

// AgentInfo is what one agent spent.
type AgentInfo struct {
	Workflow   string   `json:"workflow"`
	Agent      string   `json:"agent"`
	Role       string   `json:"role"`
	Inferred   bool     `json:"role_inferred"`
	Runs       int64    `json:"runs"`
	Calls      int64    `json:"calls"`
	LLM        int64    `json:"llm_calls"`
	Tools      int64    `json:"tool_calls"`
	Retries    *int64   `json:"retries"`
	MeanPrompt Fraction `json:"mean_prompt_tokens"`
	MaxPrompt  int64    `json:"max_prompt_tokens"`
	Cost       *Dollars `json:"cost_usd"`
	Unknown    int64    `json:"unknown_costs"`
}

func agentReport(r *AgentReport, money bool) (out []AgentInfo) {
	for i := range r.Agents {
		a := &r.Agents[i]
		out = append(out, AgentInfo{a.Workflow, a.Agent, a.Role.String(), a.Inferred, a.Runs, a.Calls, a.LLM, a.Tools, number(a.Retries, true), Fraction(a.MeanPrompt), a.MaxPrompt,
			partly(a.Cost, a.Unknown, money && !r.Overflow), a.Unknown})
	}
	return out
}

// NodeInfo is an agent as it worked for the one above it.
type NodeInfo struct {
	Workflow string   `json:"workflow"`
	Agent    string   `json:"agent"`
	Depth    int      `json:"depth"` // 0 worked for none
	Own      *Dollars `json:"own_usd"`
	All      *Dollars `json:"cost_usd"` // with those below
	Calls    int64    `json:"own_calls"`
	Unknown  int64    `json:"unknown_costs"` // of those below, too
}

func delegationReport(r *AgentReport, money bool) (out []NodeInfo) {
	if !r.Nested {
		return nil
	}
	for i := range r.Tree {
		n := &r.Tree[i]
		ok := money && !r.Overflow
		out = append(out, NodeInfo{n.Workflow, n.Agent, n.Depth, partly(n.Own.Cost, n.Own.Unknown, ok), partly(n.All.Cost, n.All.Unknown, ok), n.Own.Calls, n.All.Unknown})
	}
	return out
}

// TurnInfo is the prompts of a turn number, or of some that follow each other.
type TurnInfo struct {
	From    int      `json:"from_turn"`
	To      int      `json:"to_turn"`
	Prompts int64    `json:"prompts"`
	Median  *int64   `json:"median_tokens"`
	P95     *int64   `json:"p95_tokens"`
	Cached  Fraction `json:"cached_share"`
	Resets  int64    `json:"resets"`
}

func turnReport(c *ContextReport) []TurnInfo {
	out := []TurnInfo{}
	if c.Overflow() {
		return out
	}
	for _, t := range c.ByTurn {
		out = append(out, TurnInfo{t.From, t.To, t.Turns, number(t.Median, t.Turns > 0), number(t.P95, t.Turns > 0), Fraction(t.Cached), t.Resets})
	}
	return out
}

// HourInfo is the money that was spent while so many calls were at work at once, by hour of the day.
type HourInfo struct {
	Low   Fraction    `json:"low_concurrency"`
	High  Fraction    `json:"high_concurrency"`
	Hours [24]Dollars `json:"usd_by_hour"`
}

func hourReport(b HourBand) HourInfo {
	x := HourInfo{Low: Fraction(b.Low), High: Fraction(b.High)}
	for h, usd := range b.Hours {
		x.Hours[h] = Dollars(usd)
	}
	return x
}

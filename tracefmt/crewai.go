package tracefmt

var crewAIFormat = Format{Name: "crewai", Title: "CrewAI usage metrics",
	Partly: TellsUsage | TellsAgents, Note: "sums of a crew or task, no calls: only what they used in all is counted",
	sniff: sniffCrewAI, decode: decodeCrewAI}

func sniffCrewAI(v *peek) bool {
	return v.keys["token_usage"] == "{" && (v.has("crew") || v.has("agent") || v.has("crew_name") || v.keys["tasks_output"] == "[")
}

var crewAIRow = row{
	shape: shapeOf(usageAt("token_usage"), fields{
		"timestamp":                       startTo,
		"created_at":                      startTo,
		"run_id":                          traceTo,
		"kickoff_id":                      traceTo,
		"execution_id":                    traceTo,
		"crew":                            workflowTo,
		"crew_name":                       workflowTo,
		"task":                            stepTo,
		"task_name":                       stepTo,
		"agent":                           agentTo,
		"model":                           modelTo,
		"llm":                             modelTo,
		"token_usage.successful_requests": (*Decoder).requestsTo,
		"token_usage.model":               modelTo,
	}),
	begin: gateBegin,
}

// requestsTo reads how many calls a sum is of.
func (d *Decoder) requestsTo(_ *Record) error {
	d.addTag([]byte("requests"), &d.scan)
	return nil
}

// decodeCrewAI reads a line as the sum that it is. Sums of one run are told apart by task and agent.
func decodeCrewAI(d *Decoder, value []byte) error {
	n := len(d.Out)
	if err := crewAIRow.decode(d, value); err != nil || len(d.Out) == n {
		return err
	}
	r := &d.Out[n]
	if r.Has&HasUsage == 0 || r.Usage == (Usage{}) {
		return skipError("no tokens are counted")
	}
	r.ID = valueID("sum-", value)
	d.flatClose(r, 0)
	crewTotal(r, firstOf(d.gate.trace, r.ID))
	return nil
}

// crewTotal makes r a sum of calls that the run does not show.
func crewTotal(r *Record, run string) {
	r.Run, r.Kind = run, KindChain
	r.Flags |= FlagTotal
	if r.Status == StatusUnset {
		r.Status = StatusOK
	}
	if r.Has&(HasStart|HasEnd) == HasStart {
		r.End, r.Has = r.Start, r.Has|HasEnd
	}
}

package tracefmt

// The trace export of the OpenAI Agents SDK: items, one by one or in the bodies that its exporter posts (formats-otel 4.11). The answer
// of the Responses API is a span without counts: the turn around it has them (see joinOpenAIAgents).

var openAIAgentsFormat = Format{Name: "openai-agents", Title: "OpenAI Agents SDK trace items",
	Can: TellsUsage | TellsAgents, Partly: TellsText,
	Note:  "response spans do not name their model: such calls have tokens but no price",
	sniff: sniffOpenAIAgents, decode: decodeOpenAIAgents}

func sniffOpenAIAgents(v *peek) bool {
	if v.keys["data"] == "[" && !v.has("object") {
		first, ok := firstElement(v, "data")
		return ok && isAgentsItem(&first)
	}
	return isAgentsItem(v)
}

func isAgentsItem(v *peek) bool {
	return v.keys["object"] == "trace" && v.has("workflow_name") || v.keys["object"] == "trace.span" || v.has("span_data", "trace_id")
}

// agentsState is what an item says that its record has no field for.
type agentsState struct {
	trace bool   // it is a trace, not a span
	kind  []byte // of the span
	inner []byte // sdk_span_type: turn or task in the guise of a custom span
	to    Sym    // the agent handed to
	in    uint64
	out   uint64
	tail  uint64
}

var agentsUsage = join(usageMembers, under("details", usageMembers))

var agentsItem = row{
	shape: shapeOf(under("span_data.usage", agentsUsage), under("span_data.data.usage", agentsUsage), under("span_data.response.usage", agentsUsage), fields{
		"object":        func(d *Decoder, _ *Record) error { d.agents.trace = string(d.scan.str()) == "trace"; return nil },
		"id":            idTo(func(r *Record) *string { return &r.ID }),
		"trace_id":      to("trace_id"),
		"parent_id":     idTo(func(r *Record) *string { return &r.Parent }),
		"started_at":    utcTo(startOf, HasStart),
		"ended_at":      utcTo(endOf, HasEnd),
		"error":         errorTo,
		"workflow_name": to("workflow"),
		"group_id":      to("session_id"),

		"metadata.user": to("user_id"), "metadata.user_id": to("user_id"), "metadata.feature": to("feature"),
		"metadata.version": to("version"), "metadata.*": liteOwnTag,

		"span_data.type": func(d *Decoder, _ *Record) error {
			d.agents.kind = append(d.agents.kind[:0], d.scan.str()...)
			return nil
		},
		"span_data.name":           nameTo(func(r *Record) *Sym { return &r.Name }),
		"span_data.model":          to("model"),
		"span_data.response.model": to("model"),
		"span_data.data.sdk_span_type": func(d *Decoder, _ *Record) error {
			d.agents.inner = append(d.agents.inner[:0], d.scan.str()...)
			return nil
		},
		"span_data.data.agent_name": to("agent"),
		"span_data.agent_name":      to("agent"),
		"span_data.data.name":       nameTo(func(r *Record) *Sym { return &r.Step }),
		"span_data.from_agent":      to("agent"),
		"span_data.to_agent":        func(d *Decoder, _ *Record) error { d.agents.to = d.name(d.scan.str()); return nil },
		"span_data.triggered":       tagTo("triggered"),
		"span_data.server":          tagTo("server"),
		"span_data.input":           agentsInput,
		"span_data.output":          func(d *Decoder, _ *Record) error { d.agents.out = textHash(d.scan.rawValue()); return nil },
	}),
	begin: func(d *Decoder, _ *Record) {
		g := &d.agents
		*g = agentsState{kind: g.kind[:0], inner: g.inner[:0]}
	},
	finish: finishAgentsItem,
}

// agentsBody is what the exporter posts.
var agentsBody = shapeOf(fields{"data": records(&agentsItem)})

func decodeOpenAIAgents(d *Decoder, value []byte) error {
	if beginsWith(value, "data") {
		return d.decodeShape(agentsBody, value)
	}
	return agentsItem.decode(d, value)
}

func agentsInput(d *Decoder, _ *Record) error {
	raw := d.scan.rawValue()
	if d.agents.in = textHash(raw); string(raw) == "null" {
		d.agents.in = 0
		return nil
	}
	d.agents.tail = tailHash(lastUser(raw))
	return nil
}

// agentsKinds are the types of spans.
var agentsKinds = map[string]Kind{
	"agent": KindAgent, "generation": KindLLM, "response": KindLLM, "function": KindTool, "handoff": KindChain, "guardrail": KindGuardrail,
	"custom": KindChain, "turn": KindChain, "task": KindChain, "mcp_tools": KindChain, "transcription": KindLLM, "speech": KindLLM,
	"speech_group": KindChain,
}

func finishAgentsItem(d *Decoder, r *Record) error {
	g := &d.agents
	if g.trace {
		r.Run, r.ID, r.Kind, r.Name = r.ID, "", KindRun, 0
		d.flatFacts(r)
		if r.Run == "" {
			return errDrop
		}
		return nil
	}
	if r.Run == "" || r.ID == "" {
		return skipError("a span without an id or without its trace's")
	}
	kind := g.kind
	if string(kind) == "custom" && len(g.inner) > 0 {
		kind = g.inner
	}
	r.Kind = agentsKinds[string(kind)]
	agentsNames(d, r, kind)
	d.flatClose(r, 0)
	if r.Has&HasEnd == 0 && r.Status == StatusOK {
		r.Status = StatusUnset
	}
	switch r.Kind {
	case KindTool:
		r.Fingerprints[2], r.Fingerprints[3] = g.in, g.out
	case KindLLM:
		r.Fingerprints[0], r.Fingerprints[1] = g.in, g.tail
	}
	return nil
}

// agentsNames names a span by what it is.
func agentsNames(d *Decoder, r *Record, kind []byte) {
	inner := r.Step
	r.Step = 0
	switch string(kind) {
	case "agent":
		r.Agent = firstSym(r.Name, r.Agent)
	case "function":
		r.Tool = r.Name
	case "task": // the sum of its turns
		r.Flags |= FlagAggregate
		r.Name = firstSym(inner, r.Name)
	case "handoff":
		r.Name = d.names.sym(asExact, append(append(d.otlp.id[:0], "handoff to "...), d.names.all.Name(d.agents.to)...))
		if d.agents.to == 0 {
			r.Name = d.sym(kind)
		}
	case "guardrail":
		r.Agent = firstSym(r.Agent, d.sym(kind))
	case "response", "generation", "transcription", "speech":
		r.Step = d.sym(kind)
		r.Name = firstSym(r.Name, r.Step)
	default:
		r.Name = firstSym(r.Name, d.sym(kind))
	}
}

package tracefmt

import "bytes"

// emitSpan turns what was read of a span into a record, and its evaluations into one each.
func (d *Decoder) emitSpan(sp *otlpSpan) {
	sp.settleConsole()
	d.settleTrace(sp)
	if sp.trace == "" || sp.id == "" {
		d.warnf("a span without a trace id or span id skipped")
		return
	}
	r := d.add()
	r.Run, r.ID, r.Parent = sp.trace, sp.id, sp.parent
	r.Kind = d.kindOf(sp)
	if d.Format == FormatMLflow {
		d.mlflowAnswer(r.Kind, sp)
	}
	if sp.hasStart {
		r.Start = sp.start
		r.Has |= HasStart
	}
	if sp.hasEnd && !sp.pending {
		r.End = sp.end
		r.Has |= HasEnd
	}
	if sp.pending {
		r.Flags |= FlagPlaceholder
	}
	d.setNames(r, sp)
	d.usageOf(r, sp)
	costOf(r, sp)
	d.statusOf(r, sp)
	if sp.outcome != OutcomeUnknown {
		r.Outcome = sp.outcome
		r.Has |= HasOutcome
	}
	sp.text.fingerprints(r)
	r.Attempt = int32(sp.counts[slotAttempt])
	sp.resource.apply(d.Out[len(d.Out)-1:])
	for _, e := range sp.evals {
		span := sp.id
		if e.run {
			span = ""
		}
		d.emitScore(sp.trace, span, e, sp)
	}
}

// settleTrace gives the span the run that it is part of: as MLflow calls it, as the span says, or as the document does.
func (d *Decoder) settleTrace(sp *otlpSpan) {
	switch {
	case d.otlp.run != "":
		sp.trace = d.otlp.run
	case d.Format == FormatMLflow && sp.run != "":
		sp.trace = sp.run
	case sp.trace == "":
		sp.trace = d.otlp.trace
	}
}

// kindOf is the kind that the span's attributes say, else what its name and attributes suggest.
func (d *Decoder) kindOf(sp *otlpSpan) Kind {
	name := d.otlp.name
	switch {
	case sp.kind == KindLLM && sp.generation && sp.embedModel && sp.kindRank == kindRank[slotObservation]:
		return KindEmbedding
	case sp.kind != KindUnknown:
		return sp.kind
	case sp.symRank[slotTool] != 0 && sp.symRank[slotRequestModel] == 0:
		return KindTool
	case bytes.HasPrefix(name, []byte("invoke_agent ")) || bytes.HasSuffix(name, []byte(" run")) && sp.symRank[slotAgent] != 0:
		return KindAgent
	case bytes.HasPrefix(name, []byte("execute_tool ")):
		return KindTool
	case string(name) == "call_llm": // Google ADK
		return KindLLM
	case bytes.HasPrefix(name, []byte("agent_run [")):
		return KindAgent
	}
	return KindUnknown
}

// setNames sets all names of the record.
func (d *Decoder) setNames(r *Record, sp *otlpSpan) {
	y := &sp.syms
	r.Name = d.spanName()
	r.Provider, r.Model, r.RequestModel = y[slotProvider], y[slotModel], y[slotRequestModel]
	if sp.symRank[slotRequestModel] == genkitRank+1 && !r.Kind.IsModel() {
		r.RequestModel = 0 // Genkit's name of a flow or a tool
	}
	r.Workflow, r.Feature, r.Version = y[slotWorkflow], y[slotFeature], y[slotVersion]
	r.Agent, r.Instance, r.Role = y[slotAgent], y[slotInstance], y[slotRole]
	r.Step, r.Tool = y[slotStep], y[slotTool]
	r.User, r.Session, r.Service, r.Tier = y[slotUser], y[slotSession], y[slotService], y[slotTier]
	if entity := y[slotEntity]; entity != 0 {
		d.entityName(r, sp, entity)
	}
	if hint := y[slotWorkflowHint]; r.Workflow == 0 && y[slotAgent] == 0 && r.Kind != KindAgent {
		r.Workflow = hint
	}
	if r.Kind == KindAgent {
		r.Agent = firstSym(r.Agent, y[slotGraphNode])
	}
	if r.Kind == KindGuardrail || r.Kind == KindEvaluator { // whose work this is, not what the calls below are
		r.Agent = firstSym(r.Agent, d.sym([]byte(r.Kind.String())))
	}
	if r.Kind == KindTool {
		r.Tool = firstSym(r.Tool, r.Name)
	} else {
		r.Tool = 0
	}
	r.Tags = d.tags(&d.otlp.tags)
}

// entityName gives traceloop.entity.name to what the span is.
func (d *Decoder) entityName(r *Record, sp *otlpSpan, entity Sym) {
	switch {
	case r.Kind == KindAgent:
		r.Agent = firstSym(r.Agent, entity)
	case r.Kind == KindTool:
		r.Tool = firstSym(r.Tool, entity)
	case sp.workflowSpan:
		r.Workflow = firstSym(r.Workflow, entity)
	default:
		r.Step = firstSym(r.Step, entity)
	}
}

// spanName is the span's name without ids, without words for its kind, and without the model ("chat gpt-5" is "chat").
func (d *Decoder) spanName() Sym {
	st := &d.otlp
	name := st.name
	if op, model, ok := bytes.Cut(name, []byte(" ")); ok && len(op) > 0 && len(model) > 2 && bytes.HasPrefix(st.asked, model) {
		name = op
	}
	return d.names.sym(asSpan, name)
}

// usageOf sets the token counts.
func (d *Decoder) usageOf(r *Record, sp *otlpSpan) {
	if sp.badCount {
		d.warnf("a token count is not a whole number from 0 to 10^15: the span's usage is unknown")
		return
	}
	c, total := &sp.counts, int64(noTotal)
	u := &r.Usage
	for _, f := range [...]struct {
		slot slot
		has  Fields
		to   *int64
	}{
		{slotInput, HasInput, &u.Input}, {slotRead, HasCacheRead, &u.CacheRead}, {slotWrite, HasCacheWrite, &u.CacheWrite},
		{slotWrite1h, HasCacheWrite1h, &u.CacheWrite1h}, {slotOutput, HasOutput, &u.Output}, {slotReasoning, HasReasoning, &u.Reasoning},
	} {
		if sp.countRank[f.slot] != 0 {
			*f.to = c[f.slot]
			r.Has |= f.has
		}
	}
	if sp.countRank[slotTotal] != 0 {
		total = c[slotTotal]
	}
	if total != noTotal && r.Has&(HasInput|HasOutput) == 0 && (r.Kind == KindEmbedding || r.Kind == KindReranker) {
		u.Input, r.Has = total, r.Has|HasInput // they have no output: the total is the input
	}
	if total != u.Input+u.Output || r.Has&HasInput == 0 { // else the total says that these are inside
		u.Input += c[slotRestInput]
		u.Output += c[slotRestOutput]
	}
	d.settleUsage(r, sp.convention(), total)
}

// convention is Langfuse's own, that of raw Anthropic numbers where the span repeats these, else OpenTelemetry's.
func (sp *otlpSpan) convention() convention {
	switch {
	case sp.details && !sp.inside:
		return cacheBeside | reasonBeside
	case sp.rawAnthropic:
		return cacheProven
	case sp.countRank[slotAnthropicInput] != 0 && sp.counts[slotAnthropicInput] == sp.counts[slotInput]:
		return cacheProven
	}
	return 0
}

// costOf sets the stated cost: a total, else input and output cost together.
func costOf(r *Record, sp *otlpSpan) {
	switch {
	case sp.moneyRank[slotCost] != 0:
		r.Recorded = sp.money[slotCost]
	case sp.moneyRank[slotCostIn]|sp.moneyRank[slotCostOut] != 0:
		sum, ok := sp.money[slotCostIn].Add(sp.money[slotCostOut])
		if !ok {
			return
		}
		r.Recorded = sum
	default:
		return
	}
	r.Has |= HasCost
}

// logfireError is the least logfire level that is an error (OpenTelemetry severity ERROR).
const logfireError = 17

// statusOf decides how the span ended: a stated code ok is believed before anything else.
func (d *Decoder) statusOf(r *Record, sp *otlpSpan) {
	if sp.pending {
		return
	}
	bad := sp.code == StatusError || sp.levelError || sp.exception || sp.counts[slotLevel] >= logfireError ||
		sp.counts[slotHTTP] >= 400 || sp.typedError
	switch {
	case sp.code == StatusOK && !sp.levelError:
		r.Status = StatusOK
	case bad:
		r.Status = StatusError
		r.Error = sp.syms[slotError]
	}
}

// emitScore adds an evaluation of a span, or of the whole run where span is empty. Assemble decides which scores are the run's.
func (d *Decoder) emitScore(run, span string, e spanEval, sp *otlpSpan) {
	if e.name == 0 || !e.hasNum && e.label == 0 {
		return
	}
	name := d.names.all.Name(e.name)
	d.otlp.id = append(append(append(append(d.otlp.id[:0], "score/"...), span...), '/'), name...)
	r := d.add()
	r.Kind, r.Run, r.Parent, r.ID, r.Name = KindRun, run, span, d.text(d.otlp.id), e.name
	if sp.hasStart {
		r.Start = sp.start
		r.Has |= HasStart
	}
	if e.hasNum {
		r.Score = e.score
		r.Has |= HasScore
		r.Extra = &RunFacts{Scores: []Value{{name, e.score}}}
	}
	if o := verdict(name, d.names.all.Name(e.label), e); o != OutcomeUnknown {
		r.Outcome = o
		r.Has |= HasOutcome
	}
}

// verdict is what a score says about the run's success: its label, else a number that is a boolean.
func verdict(name, label string, e spanEval) Outcome {
	if !verdictNames[name] {
		return OutcomeUnknown
	}
	if o := outcomeWord([]byte(label)); o != OutcomeUnknown {
		return o
	}
	switch {
	case e.hasNum && label == "" && e.score == 1:
		return OutcomeSuccess
	case e.hasNum && label == "" && e.score == 0:
		return OutcomeFailure
	}
	return OutcomeUnknown
}

package tracefmt

import "bytes"

var langSmithFormat = Format{Name: "langsmith", Title: "LangSmith runs: CLI and SDK exports, ingest batches",
	Can: TellsUsage | TellsAgents, Partly: TellsCost | TellsOutcomes | TellsText,
	Note:  "an export without --full has no tokens",
	sniff: sniffLangSmith, decode: decodeLangSmith}

// sniffLangSmith knows runs, batches of them, and lists of them.
func sniffLangSmith(v *peek) bool {
	if t, ok := v.keys["run_type"]; ok && t != "{" && t != "[" {
		return v.has("trace_id") || v.has("dotted_order") || (v.has("id") || v.has("run_id")) && v.has("start_time")
	}
	within := v.keys["post"] == "[" || v.keys["patch"] == "[" || v.keys["runs"] == "["
	return within && (v.keys["post"] == "[" && v.keys["patch"] == "[" || bytes.Contains(v.raw, []byte(`"run_type"`)) || bytes.Contains(v.raw, []byte(`"dotted_order"`)))
}

// smithRow is what a run says beside what a span has.
type smithRow struct {
	order     []byte // dotted_order
	above     string // the last of parent_run_ids
	top       string // the first of them
	tagged    bool   // tags are stated
	failed    bool
	open      bool // status pending
	error     bool // an error is stated, if only that there is none
	fee       USD  // a cost that the run itself states in usage_metadata, no sum of others
	anthropic bool // outputs.usage is a raw one of Anthropic's
	patch     bool // part of a batch's patches: what the post said is not said again
	five      int64
}

// The values inside a value that give records.
const (
	partPost = iota
	partPatch
	partRuns
	partChildren
)

// Ranks of the places that state counts, best first.
const (
	rankOutputs = iota
	rankMetadata
	rankLLMOutput
	rankOwn
	rankRaw
)

// smithShape is every member of a run; a run's inputs and outputs have shapes of their own, for their text is kept, too.
var smithShape = shapeOf(fields{
	"id":             rowID(func(sp *otlpSpan) *string { return &sp.id }),
	"run_id":         rowID(func(sp *otlpSpan) *string { return &sp.id }),
	"parent_run_id":  rowID(func(sp *otlpSpan) *string { return &sp.parent }),
	"parent_run_ids": smithParents,
	"trace_id":       rowID(func(sp *otlpSpan) *string { return &sp.trace }),
	"dotted_order":   func(d *Decoder, _ *Record) error { d.export.smith.order = d.scan.rawText(); return nil },
	"name":           func(d *Decoder, _ *Record) error { d.otlp.name = append(d.otlp.name[:0], d.scan.str()...); return nil },
	"run_type":       func(d *Decoder, _ *Record) error { d.setKind(slotAgentOps, d.scan.str()); return nil },
	"start_time":     rowTime(spanStart),
	"end_time":       rowTime(spanEnd),
	"status":         smithStatus,
	"error":          smithError,
	"tags":           func(d *Decoder, _ *Record) error { d.export.smith.tagged = true; return rowTags(d, nil) },
	"session_name":   smithProject,
	"project_name":   smithProject,

	"inputs":           smithText(smithInputs, func(x *exportState) *[]byte { return &x.in }),
	"outputs":          smithText(smithOutputs, func(x *exportState) *[]byte { return &x.out }),
	"feedback_stats.*": smithFeedback,

	"prompt_tokens":                      rowCount(slotInput, rankOwn),
	"completion_tokens":                  rowCount(slotOutput, rankOwn),
	"total_tokens":                       rowCount(slotTotal, rankOwn),
	"token_usage.prompt_tokens":          rowCount(slotInput, rankOwn),
	"token_usage.completion_tokens":      rowCount(slotOutput, rankOwn),
	"token_usage.total_tokens":           rowCount(slotTotal, rankOwn),
	"prompt_token_details.*":             smithDetail(rankOwn),
	"completion_token_details.*":         smithDetail(rankOwn),
	"total_cost":                         rowMoney(slotCost, 0),
	"costs.total_cost":                   rowMoney(slotCost, 1),
	"prompt_cost":                        rowMoney(slotCostIn, 0),
	"completion_cost":                    rowMoney(slotCostOut, 0),
	"costs.prompt_cost":                  rowMoney(slotCostIn, 1),
	"costs.completion_cost":              rowMoney(slotCostOut, 1),
	"extra.invocation_params.model":      rowSym(slotRequestModel, 9),
	"extra.invocation_params.model_name": rowSym(slotRequestModel, 10),

	"post":       rowText(func(x *exportState) *[]byte { return &x.parts[partPost] }),
	"patch":      rowText(func(x *exportState) *[]byte { return &x.parts[partPatch] }),
	"runs":       rowText(func(x *exportState) *[]byte { return &x.parts[partRuns] }),
	"child_runs": rowText(func(x *exportState) *[]byte { return &x.parts[partChildren] }),
}, smithMetadata("extra.metadata"), smithMetadata("custom_metadata"), smithMetadata("metadata"))

// smithMetadata reads metadata, which holds the usage that LangChain reports, too.
func smithMetadata(path string) fields {
	t := smithUsage(path+".usage_metadata", rankMetadata)
	t[path+".*"] = rowMetadata
	t[path+".langgraph_node"] = smithNode
	return t
}

// smithUsage reads a usage_metadata: its input includes what was cached, its output includes reasoning.
func smithUsage(path string, rank uint8) fields {
	return fields{
		path + ".input_tokens":           rowCount(slotInput, rank),
		path + ".output_tokens":          rowCount(slotOutput, rank),
		path + ".total_tokens":           rowCount(slotTotal, rank),
		path + ".input_token_details.*":  smithDetail(rank),
		path + ".output_token_details.*": smithDetail(rank),
		path + ".total_cost":             smithFee,
	}
}

// smithRawUsage reads usage as OpenAI and Anthropic send it.
func smithRawUsage(path string, rank uint8) fields {
	return fields{
		path + ".prompt_tokens":                              rowCount(slotInput, rank),
		path + ".completion_tokens":                          rowCount(slotOutput, rank),
		path + ".input_tokens":                               smithRawInput,
		path + ".output_tokens":                              rowCount(slotOutput, rank),
		path + ".total_tokens":                               rowCount(slotTotal, rank),
		path + ".prompt_tokens_details.cached_tokens":        rowCount(slotRead, rank),
		path + ".input_tokens_details.cached_tokens":         rowCount(slotRead, rank),
		path + ".completion_tokens_details.reasoning_tokens": rowCount(slotReasoning, rank),
		path + ".output_tokens_details.reasoning_tokens":     rowCount(slotReasoning, rank),
		path + ".cache_read_input_tokens":                    smithRawCache(slotRead),
		path + ".cache_creation_input_tokens":                smithRawCache(slotWrite),
		path + ".cache_creation.ephemeral_1h_input_tokens":   rowCount(slotWrite1h, rank),
	}
}

var smithInputs = shapeOf(fields{"model": rowSym(slotRequestModel, 11), "model_name": rowSym(slotRequestModel, 12)})

// message is where LangChain's answers stand in their serialised form.
const message = "generations[].[].message.kwargs"

var smithOutputs = shapeOf(
	smithUsage("usage_metadata", rankOutputs), smithUsage("output.usage_metadata", rankOutputs), smithUsage("output.kwargs.usage_metadata", rankOutputs),
	smithUsage("message.usage_metadata", rankOutputs), smithUsage("message.kwargs.usage_metadata", rankOutputs),
	smithUsage(message+".usage_metadata", rankOutputs), smithUsage("generations[].message.kwargs.usage_metadata", rankOutputs),
	smithUsage("generations[].[].message.usage_metadata", rankOutputs), smithUsage("generations[].[].message.data.usage_metadata", rankOutputs),
	smithUsage("generations[].[].generation_info.usage_metadata", rankLLMOutput),
	smithRawUsage("llm_output.token_usage", rankLLMOutput), smithRawUsage("llm_output.usage", rankLLMOutput),
	smithRawUsage("usage", rankRaw), smithRawUsage("token_usage", rankRaw),
	fields{
		"model":                 smithModel,
		"model_name":            smithModel,
		"llm_output.model_name": smithModel,
		"llm_output.model":      smithModel,
		message + ".response_metadata.model_name":     smithModel,
		message + ".response_metadata.model":          smithModel,
		"output.response_metadata.model_name":         smithModel,
		"output.kwargs.response_metadata.model_name":  smithModel,
		"generations[].[].generation_info.model_name": smithModel,
		message + ".response_metadata.service_tier":   rowSym(slotTier, 1),
		"service_tier": rowSym(slotTier, 0),
	},
)

func smithModel(d *Decoder, _ *Record) error {
	d.setSym(attrRule{slotModel, 0}, modelOfPath(d.scan.str()))
	return nil
}

// smithText keeps a member's text and looks into it.
func smithText(n *shape, field func(*exportState) *[]byte) flatReader {
	return func(d *Decoder, _ *Record) error {
		s := &d.scan
		s.kind()
		from, b := s.at, s.b
		err := d.walk(n, nil)
		if s.err == nil && err == nil {
			*field(&d.export) = b[from:s.at]
		}
		return err
	}
}

// smithDetail reads a member of token details. A service tier stands before the names of its own ("flex_cache_read"); what the cache
// keeps for five minutes or an hour stands beside cache_creation, which is then 0 or their sum.
func smithDetail(rank uint8) flatReader {
	return func(d *Decoder, _ *Record) error {
		s := &d.scan
		key := s.key()
		for _, tier := range [...]string{"flex_", "priority_"} {
			if rest, ok := bytes.CutPrefix(key, []byte(tier)); ok {
				key = rest
				d.setSym(attrRule{slotTier, 2}, []byte(tier[:len(tier)-1]))
			}
		}
		var to slot
		switch string(key) {
		case "cache_read", "cached_tokens", "cache_read_input_tokens":
			to = slotRead
		case "cache_creation", "cache_write", "cache_creation_input_tokens":
			to = slotWrite
		case "ephemeral_1h_input_tokens", "ephemeral_1hr_input_tokens":
			to = slotWrite1h
		case "reasoning", "reasoning_tokens":
			to = slotReasoning
		case "ephemeral_5m_input_tokens":
			if n, ok := parseInt(s.num()); ok && n > 0 && n <= maxCount {
				d.export.smith.five = n
			}
			return nil
		default:
			s.skip()
			return nil
		}
		v := s.num()
		d.setCount(attrRule{to, rank}, v, s.err)
		return nil
	}
}

func smithRawInput(d *Decoder, _ *Record) error {
	v := d.scan.num()
	d.setCount(attrRule{slotInput, rankRaw}, v, d.scan.err)
	if n, ok := parseInt(v); ok && n >= 0 {
		d.otlp.span.counts[slotAnthropicInput] = n
	}
	return nil
}

// smithRawCache reads a count that Anthropic states beside its input.
func smithRawCache(to slot) flatReader {
	return func(d *Decoder, _ *Record) error {
		d.export.smith.anthropic = true
		v := d.scan.num()
		d.setCount(attrRule{to, rankRaw}, v, d.scan.err)
		return nil
	}
}

func smithFee(d *Decoder, _ *Record) error {
	if m, err := ParseUSD(d.scan.num()); err == nil && m > 0 {
		d.export.smith.fee = m
	}
	return nil
}

// smithNode reads the node of a LangGraph graph, which is the agent; one that LangChain names itself goes before it.
func smithNode(d *Decoder, _ *Record) error {
	if v := d.scan.str(); !bytes.HasPrefix(v, []byte("__")) {
		d.setSym(attrRule{slotAgent, 9}, v)
	}
	return nil
}

func smithParents(d *Decoder, _ *Record) error {
	s, row := &d.scan, &d.export.smith
	if !s.enter('[') {
		return nil
	}
	for s.next() {
		if row.above = d.text(s.str()); row.top == "" {
			row.top = row.above
		}
	}
	return nil
}

func smithStatus(d *Decoder, _ *Record) error {
	sp, row := &d.otlp.span, &d.export.smith
	switch string(d.scan.str()) {
	case "success":
		sp.code = StatusOK
	case "error", "interrupted":
		row.failed = true
	case "pending":
		row.open = true
	}
	return nil
}

// smithError reads the text of an error: its first line, without the stack that Python joins to it.
func smithError(d *Decoder, _ *Record) error {
	row := &d.export.smith
	row.error = true
	v := d.scan.str()
	if k := bytes.IndexByte(v, '\n'); k > 0 {
		v = v[:k]
	}
	if k := bytes.Index(v, []byte("Traceback (most recent call last)")); k > 0 {
		v = v[:k]
	}
	if len(v) > 0 {
		row.failed = true
		d.setError(v, 3)
	}
	return nil
}

// smithProject reads the project, which stands for the service that writes the trace.
func smithProject(d *Decoder, _ *Record) error {
	v := d.scan.str()
	d.setSym(attrRule{slotService, 0}, v)
	d.otlp.tags.addOTLPTag([]byte("project"), v)
	return nil
}

// smithFeedback reads {"n": 1, "avg": 0.5, "values": {"correct": 1}} of one kind of feedback.
func smithFeedback(d *Decoder, _ *Record) error {
	s, sp := &d.scan, &d.otlp.span
	e := spanEval{index: len(sp.evals), name: d.sym(s.key())}
	if !s.enter('{') || len(sp.evals) >= maxLangfuse {
		return nil
	}
	labels := 0
	for s.next() {
		switch string(s.key()) {
		case "avg":
			e.score, e.hasNum = scoreOf(s.str())
		case "values":
			if !s.enter('{') {
				continue
			}
			for ; s.next(); labels++ {
				e.label = d.sym(s.key())
				s.skip()
			}
		default:
			s.skip()
		}
	}
	if labels != 1 {
		e.label = 0
	}
	sp.evals = append(sp.evals, e)
	return nil
}

func decodeLangSmith(d *Decoder, value []byte) error {
	d.export.within = ""
	return d.smithValue(value, 0, false)
}

// smithValue reads a run, or a value that holds runs.
func (d *Decoder) smithValue(value []byte, depth int, patch bool) error {
	d.startRow()
	d.export.smith.patch = patch
	if err := d.decodeShape(smithShape, value); err != nil {
		return err
	}
	x := &d.export
	outer, parts := x.within, x.parts
	err := d.smithRecord()
	within, any := x.within, false
	for i, part := range parts {
		if part == nil || depth >= maxParts {
			continue
		}
		any = true
		x.within = within
		d.eachPart(part, func(v []byte) error { return d.smithValue(v, depth+1, i == partPatch) })
	}
	x.within = outer
	if _, skipped := err.(skipError); skipped && any {
		return nil
	}
	return err
}

// smithRecord adds the record of the run that was read.
func (d *Decoder) smithRecord() error {
	sp, row := &d.otlp.span, &d.export.smith
	if sp.id == "" {
		return errDrop
	}
	d.smithPlace()
	d.export.within = sp.trace
	d.rowTexts()
	d.smithCounts()
	d.smithEnds()
	d.smithCost()
	if sp.kind == KindTool || sp.kind == KindRetriever {
		d.dropCounts()
	}
	if row.patch && !row.tagged {
		d.otlp.tags.reset()
	}
	kind := sp.kind
	agent := d.smithAgent()
	n := len(d.Out)
	d.emitSpan(sp)
	r := &d.Out[n]
	r.Kind = kind
	if agent {
		r.Kind = KindAgent
	}
	if row.open && r.Status == StatusUnset && r.Has&HasEnd == 0 {
		r.Status = StatusUnfinished
	}
	closeRow(r)
	return nil
}

// smithPlace finds the run's trace and parent: stated ones, else those that dotted_order or the list of parents say. Where nothing names
// the trace the parent stands for it, else the run itself.
func (d *Decoder) smithPlace() {
	sp, row := &d.otlp.span, &d.export.smith
	first, above := dottedIDs(row.order)
	if sp.parent == "" {
		sp.parent = d.text(above)
	}
	if sp.parent == "" {
		sp.parent = row.above
	}
	if sp.trace == "" {
		sp.trace = d.text(first)
	}
	for _, id := range [...]string{row.top, d.export.within, sp.parent, sp.id} {
		if sp.trace == "" {
			sp.trace = id
		}
	}
	if sp.parent == sp.id {
		sp.parent = ""
	}
}

// dottedIDs are the first id of a dotted order ("20241011T205824544431Z<id>.…"), and the one before its last.
func dottedIDs(order []byte) (first, above []byte) {
	var last []byte
	for len(order) > 0 {
		var part []byte
		part, order, _ = bytes.Cut(order, []byte{'.'})
		_, id, ok := bytes.Cut(part, []byte{'Z'})
		if !ok {
			return first, nil
		}
		above, last = last, id
		if first == nil {
			first = id
		}
	}
	return first, above
}

// smithCounts settles the parts of the cache writes and what a raw usage leaves out.
func (d *Decoder) smithCounts() {
	sp, row := &d.otlp.span, &d.export.smith
	if split := row.five + sp.counts[slotWrite1h]; split > sp.counts[slotWrite] {
		sp.counts[slotWrite] = split
		sp.countRank[slotWrite] = 1
	}
	if row.anthropic && sp.countRank[slotInput] == rankRaw+1 {
		sp.countRank[slotAnthropicInput] = 1
	}
}

// smithEnds settles the status. An ingested run says only that there was no error.
func (d *Decoder) smithEnds() {
	sp, row := &d.otlp.span, &d.export.smith
	switch {
	case row.failed:
		sp.code = StatusError
	case sp.code == StatusUnset && row.error && sp.hasEnd:
		sp.code = StatusOK
	}
	if row.open && !row.failed {
		sp.hasEnd = false
	}
}

// smithCost leaves only costs that are no sums of other runs' costs, as far as the run itself tells: joinLangSmith knows more.
func (d *Decoder) smithCost() {
	sp, row := &d.otlp.span, &d.export.smith
	if sp.kind == KindTool || sp.kind == KindRetriever {
		sp.moneyRank[slotCost], sp.moneyRank[slotCostIn], sp.moneyRank[slotCostOut] = 0, 0, 0
	}
	if sp.moneyRank[slotCost] == 0 && row.fee > 0 {
		sp.money[slotCost], sp.moneyRank[slotCost] = row.fee, 3
	}
}

// dropCounts forgets all counts of the row.
func (d *Decoder) dropCounts() {
	sp := &d.otlp.span
	for k := slotInput; k < slotAttempt; k++ {
		sp.counts[k], sp.countRank[k] = 0, 0
	}
}

// frameworkRuns begin the names of runs that LangChain and LangGraph make for themselves.
var frameworkRuns = [...]string{
	"Runnable", "LangGraph", "Channel", "Branch<", "__", "_", "LLMChain", "StuffDocuments", "AgentExecutor", "ChatPromptTemplate", "PromptTemplate",
	"Prompt", "should_continue", "call_model", "acall_model", "tools_condition", "UnnamedRunnable", "StrOutputParser", "JsonOutputParser", "PydanticOutputParser",
}

// smithAgent says whether the run is an agent: LangSmith has no word for it, so it is a chain below the root that no framework made. In a
// graph only the nodes are.
func (d *Decoder) smithAgent() bool {
	sp := &d.otlp.span
	if sp.kind != KindChain || sp.parent == "" || hasAnyPrefix(d.otlp.name, frameworkRuns[:]) || len(d.otlp.name) == 0 {
		return false
	}
	node := sp.syms[slotAgent]
	return node == 0 || d.names.all.Name(node) == string(cleanName(d.otlp.name))
}

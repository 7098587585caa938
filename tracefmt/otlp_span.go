package tracefmt

import (
	"bytes"
	"strconv"
)

// otlpSpan is what was read of one span so far.
type otlpSpan struct {
	trace, id, parent string
	start, end        int64
	hasStart, hasEnd  bool
	code              Status
	kind              Kind
	kindRank          uint8
	exception         bool
	badCount          bool
	pending           bool
	generation        bool // a Langfuse generation: embeddings come as one, too
	embedModel        bool // the model's name says that it embeds
	levelError        bool
	typedError        bool // an attribute of the span names an error's type
	workflowSpan      bool // traceloop's workflow: its entity is the workflow
	inside            bool // the details' keys say that input includes what was cached
	details           bool // Langfuse usage details were read: they replace other counts
	outcome           Outcome
	resource          otlpResource
	syms              [slotNames]Sym
	symRank           [slotNames]uint8 // rank + 1; 0 = not stated
	counts            [slotCounts]int64
	countRank         [slotCounts]uint8
	money             [slotMoney]USD
	moneyRank         [slotMoney]uint8
	evalValue         float64
	hasEval           bool
	evals             []spanEval
	text              spanText

	otherID       string // as JavaScript's console exporter writes it
	stamp, lasted int64
	run           string // as MLflow calls the trace
	rawAnthropic  bool   // the counts are Anthropic's own: input excludes what was cached
}

// spanEval is one evaluation of a span.
type spanEval struct {
	index  int
	run    bool // about the trace, not the span
	name   Sym
	label  Sym
	score  float64
	hasNum bool
}

func (d *Decoder) newSpan() {
	evals := d.otlp.span.evals[:0]
	d.otlp.span = otlpSpan{evals: evals}
	d.otlp.name, d.otlp.asked = d.otlp.name[:0], d.otlp.asked[:0]
	d.otlp.tags.reset()
}

// attributes reads [{key, value}] or a flat object.
func (d *Decoder) attributes(s *scanner) {
	switch s.kind() {
	case '{':
		d.flatAttributes(s)
	case '[':
		for s.array(); s.next(); {
			d.keyValue(s)
		}
	default:
		s.skip()
	}
}

// What exporters write without white space around an attribute's text.
const (
	attrOpen  = `{"key":"`
	attrValue = `","value":{"`
	attrText  = `stringValue":`
	attrInt   = `intValue":`
	attrClose = `}}`
)

// usualKeyValue reads an attribute in the shape that exporters write; false: it has another one, and nothing was read.
func (d *Decoder) usualKeyValue(s *scanner) bool {
	b := s.b[s.at:]
	if len(b) < len(attrOpen) || string(b[:len(attrOpen)]) != attrOpen {
		return false
	}
	n := bytes.IndexByte(b[len(attrOpen):], '"')
	at := len(attrOpen) + n
	if n < 1 || b[at-1] == '\\' || len(b) < at+len(attrValue) || string(b[at:at+len(attrValue)]) != attrValue {
		return false
	}
	key := b[len(attrOpen):at]
	switch v := b[at+len(attrValue):]; {
	case len(v) > len(attrText) && string(v[:len(attrText)]) == attrText:
		at += len(attrValue) + len(attrText)
	case len(v) > len(attrInt) && string(v[:len(attrInt)]) == attrInt:
		at += len(attrValue) + len(attrInt)
	default:
		return false
	}
	if b[at] != '"' {
		return false
	}
	rule, tag := attrRuleOf(key)
	from := s.at // back to here where the shape turns out to be another one
	s.at += at
	s.rawString()
	end := s.at + len(attrClose)
	if s.err != nil || len(s.b) < end || string(s.b[s.at:end]) != attrClose {
		s.at = from
		return s.err != nil
	}
	switch raw := s.b[from+at+1 : s.at-1]; {
	case rule.slot == slotNone:
	case rule.slot >= slotInputText:
		d.otlp.span.text.set(rule, tag, raw)
	case rule.slot < slotNames && bytes.IndexByte(raw, '\\') < 0:
		d.setSym(rule, raw)
	default:
		s.at = from + at
		d.take(s, rule, tag)
	}
	s.at = end
	return true
}

func (d *Decoder) keyValue(s *scanner) {
	if s.kind() == '{' && d.usualKeyValue(s) || !s.enter('{') {
		return
	}
	var key, value []byte
	for s.next() {
		switch k := s.key(); {
		case string(k) == "key":
			key = s.rawText()
		case string(k) == "value" && key != nil:
			d.attribute(s, key, true)
		case string(k) == "value":
			value = s.raw()
		default:
			s.skip()
		}
	}
	if value == nil || key == nil || s.err != nil {
		return
	}
	late := &d.otlp.late
	if s == late { // only inside events: their attributes are read for exceptions alone
		return
	}
	late.reset(value)
	d.attribute(late, key, true)
}

// flatAttributes reads {"name": value}; names may be nested ({"llm": {"model_name": …}}).
func (d *Decoder) flatAttributes(s *scanner) {
	st := &d.otlp
	base := len(st.path)
	for s.object(); s.next(); {
		key := s.key()
		if base > 0 {
			st.path = append(append(st.path[:base], '.'), key...)
			key = st.path
		}
		if s.kind() == '{' && attrRules[string(key)].slot == slotNone {
			st.path = append(st.path[:0], key...)
			d.flatAttributes(s)
			st.path = st.path[:base]
			continue
		}
		d.attribute(s, key, false)
	}
	st.path = st.path[:base]
}

// attribute reads the value of the attribute called key. wrapped: it is an AnyValue ({"stringValue": …}).
func (d *Decoder) attribute(s *scanner, key []byte, wrapped bool) {
	rule, tag := attrRuleOf(key)
	switch {
	case rule.slot == slotNone:
		s.skip()
	case wrapped && s.kind() == '{':
		d.anyValue(s, rule, tag)
	case rule.slot >= slotInputText:
		d.otlp.span.text.set(rule, tag, s.rawValue())
	default:
		d.take(s, rule, tag)
	}
}

// attrRuleOf finds what the attribute called key sets; tag is the part of the name that says which tag or evaluation it is.
func attrRuleOf(key []byte) (rule attrRule, tag []byte) {
	if rule, ok := attrRules[string(key)]; ok {
		return rule, nil
	}
	if tag, ok := metaKey(key); ok {
		if rule, ok := metaKeys[string(tag)]; ok {
			return rule, tag
		}
		return attrRule{slot: slotTag}, tag
	}
	if isEvaluation(key) {
		return attrRule{slot: slotEvalValue}, key
	}
	if part, ok := messageKey(key); ok {
		return attrRule{slot: slotMessage}, part
	}
	return attrRule{}, nil
}

// anyValue reads {"stringValue": …} and its like.
func (d *Decoder) anyValue(s *scanner, rule attrRule, tag []byte) {
	if rule.slot >= slotInputText {
		d.otlp.span.text.set(rule, tag, anyText(s))
		return
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "stringValue", "intValue", "doubleValue", "boolValue", "string_value", "int_value", "double_value", "bool_value":
			d.take(s, rule, tag)
		case "arrayValue", "array_value":
			d.anyArray(s, rule, tag)
		default:
			s.skip()
		}
	}
}

// anyText is the text of {"stringValue": …} as written, or all of another value.
func anyText(s *scanner) (raw []byte) {
	for s.object(); s.next(); {
		raw = s.rawValue()
	}
	return raw
}

func (d *Decoder) anyArray(s *scanner, rule attrRule, tag []byte) {
	if rule.slot != slotTags || s.kind() != '{' {
		s.skip()
		return
	}
	for s.object(); s.next(); {
		if string(s.key()) != "values" || s.kind() != '[' {
			s.skip()
			continue
		}
		for s.array(); s.next(); {
			if s.kind() == '{' {
				d.anyValue(s, rule, tag)
			} else {
				d.take(s, rule, tag)
			}
		}
	}
}

// take reads a plain value into the slot of rule.
func (d *Decoder) take(s *scanner, rule attrRule, tag []byte) {
	sp := &d.otlp.span
	if rule.slot < slotMLflowCost && s.kind() == '"' && s.begins(`"\"`) {
		s = d.unquoted(s)
	}
	switch {
	case rule.slot < slotNames:
		d.setSym(rule, s.str())
		return
	case rule.slot < slotCounts:
		d.setCount(rule, d.number(s), s.err)
		return
	case rule.slot < slotMoney:
		d.setMoney(rule, d.number(s))
		return
	}
	switch rule.slot {
	case slotOperation, slotOpenInference, slotTraceloop, slotRequestType, slotVercel, slotAgentOps, slotGenkitSubtype, slotObservation, slotMLflow:
		d.setKind(rule.slot, s.str())
	case slotGenkitName:
		d.setSym(attrRule{slotRequestModel, genkitRank}, s.str())
	case slotPending:
		sp.pending = string(s.str()) == "pending_span"
	case slotMLflowModel:
		if v := s.str(); d.Format == FormatMLflow {
			d.setSym(attrRule{slotRequestModel, 8}, v)
		}
	case slotMLflowRun:
		sp.run = d.text(s.str())
	case slotMLflowForm:
		sp.rawAnthropic = string(s.str()) == "anthropic"
	case slotMLflowCost:
		d.costJSON(s)
	case slotOutcome:
		sp.outcome = outcomeWord(s.str())
	case slotLangfuseLevel:
		sp.levelError = string(s.str()) == "ERROR"
	case slotEvalValue:
		d.evaluation(s, tag)
	case slotTags:
		d.takeTags(s)
	case slotInputText, slotOutputText, slotMessage:
		sp.text.set(rule, tag, s.rawValue())
	case slotTag:
		if s.kind() == '[' || s.kind() == '{' {
			s.skip()
			return
		}
		d.otlp.tags.addOTLPTag(tag, s.str())
	case slotMetadataJSON:
		d.metadataJSON(s)
	default:
		d.jsonText(s, rule.slot)
	}
}

// unquoted is a scanner over the string inside a text that is itself the JSON of a string; of another text, over the text.
func (d *Decoder) unquoted(s *scanner) *scanner {
	st := &d.otlp
	from := s.at
	st.quoted = unescape(st.quoted[:0], s.rawText())
	in := &st.inner
	in.reset(st.quoted)
	if in.rawText(); in.err != nil || !in.done() {
		in.reset(s.b[from:s.at])
		return in
	}
	in.reset(st.quoted)
	return in
}

func (d *Decoder) takeTags(s *scanner) {
	if s.kind() != '[' {
		d.otlp.tags.addOTLPTag(nil, s.str())
		return
	}
	for s.array(); s.next(); {
		d.otlp.tags.addOTLPTag(nil, s.str())
	}
}

// setSym enters a name, unless one of a better rank is known. Empty text states nothing.
func (d *Decoder) setSym(rule attrRule, v []byte) {
	sp := &d.otlp.span
	if len(v) == 0 || sp.symRank[rule.slot] != 0 && sp.symRank[rule.slot] <= rule.rank+1 {
		return
	}
	var y Sym
	switch rule.slot {
	case slotProvider:
		y = d.providerSym(v)
	case slotModel, slotRequestModel:
		sp.embedModel = sp.embedModel || bytes.Contains(v, []byte("embed"))
		if rule.slot == slotRequestModel || len(d.otlp.asked) == 0 {
			d.otlp.asked = append(d.otlp.asked[:0], v...)
		}
		y = d.sym(v)
	case slotWorkflow, slotWorkflowHint, slotEntity, slotAgent, slotStep, slotGraphNode:
		y = d.name(v)
	case slotError:
		sp.typedError = sp.typedError || rule.rank == 0
		d.setError(v, rule.rank)
		return
	default:
		y = d.sym(v)
	}
	sp.syms[rule.slot], sp.symRank[rule.slot] = y, rule.rank+1
}

// genkitRank is the rank of Genkit's name of an action, which is a model's only where the action is one.
const genkitRank = 9

// maxError bounds an error's text in bytes.
const maxError = 120

// setError enters an error's type or, of higher rank, its message, without ids.
func (d *Decoder) setError(v []byte, rank uint8) {
	sp := &d.otlp.span
	if len(v) == 0 || sp.symRank[slotError] != 0 && sp.symRank[slotError] <= rank+1 {
		return
	}
	if len(v) > maxError {
		v = bytes.ToValidUTF8(v[:maxError], nil)
	}
	sp.syms[slotError], sp.symRank[slotError] = d.sym(cleanName(v)), rank+1 // not d.name: a text with an id in it does not come again
}

func (d *Decoder) providerSym(v []byte) Sym {
	st := &d.otlp
	if y, ok := st.provider[string(v)]; ok {
		return y
	}
	if st.provider == nil || len(st.provider) > 1000 {
		st.provider = map[string]Sym{}
	}
	y := d.sym([]byte(providerName(v)))
	st.provider[string(v)] = y
	return y
}

// setCount enters a count. Of two spellings of one count a positive one goes before 0, then the better rank; they are never added.
func (d *Decoder) setCount(rule attrRule, v []byte, err error) {
	if v == nil || err != nil {
		return
	}
	sp := &d.otlp.span
	n, ok := parseInt(v)
	if rule.slot >= slotAttempt {
		if ok && n >= 0 && n < 1<<31 {
			sp.counts[rule.slot], sp.countRank[rule.slot] = n, rule.rank+1
		}
		return
	}
	if sp.details {
		return
	}
	if !ok || n < 0 || n > maxCount {
		sp.badCount = true
		return
	}
	was, old := sp.countRank[rule.slot], sp.counts[rule.slot]
	if was != 0 && (old > 0 || n == 0) && (n == 0 && old > 0 || was <= rule.rank+1) {
		return
	}
	sp.counts[rule.slot], sp.countRank[rule.slot] = n, rule.rank+1
}

func (d *Decoder) setMoney(rule attrRule, v []byte) {
	sp := &d.otlp.span
	if v == nil || sp.moneyRank[rule.slot] != 0 && sp.moneyRank[rule.slot] <= rule.rank+1 {
		return
	}
	m, err := ParseUSD(v)
	if err != nil || m < 0 {
		d.warnf("a stated cost is not an amount of money from 0 up: unknown")
		return
	}
	sp.money[rule.slot], sp.moneyRank[rule.slot] = m, rule.rank+1
}

// setKind enters a kind, unless an attribute that is believed first has said one.
func (d *Decoder) setKind(from slot, word []byte) {
	sp := &d.otlp.span
	k := KindUnknown
	if from == slotVercel {
		k = vercelKind(word)
	} else {
		k = kindWord(kindWords[from], word)
	}
	sp.generation = sp.generation || from == slotObservation && string(word) == "generation"
	sp.workflowSpan = sp.workflowSpan || from == slotTraceloop && string(word) == "workflow"
	rank := kindRank[from]
	if k == KindUnknown || sp.kindRank != 0 && sp.kindRank <= rank {
		return
	}
	sp.kind, sp.kindRank = k, rank
}

// kindWord finds a kind by its word, in any case.
func kindWord(words map[string]Kind, word []byte) Kind {
	if k, ok := words[string(word)]; ok {
		return k
	}
	var low [20]byte
	if len(word) > len(low) {
		return KindUnknown
	}
	for i, c := range word {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	return words[string(low[:len(word)])]
}

// verdictNames are scores that say whether a run succeeded.
var verdictNames = map[string]bool{
	"success": true, "succeeded": true, "resolved": true, "correct": true, "outcome": true, "pass": true, "passed": true, "task_success": true,
}

// isEvaluation knows evaluations.N.evaluation.* and annotations.N.annotation.*, also of the whole trace.
func isEvaluation(key []byte) bool {
	if len(key) < 14 {
		return false
	}
	if key[0] == 't' {
		key = bytes.TrimPrefix(key, []byte("trace."))
	}
	return bytes.HasPrefix(key, []byte("evaluations.")) || bytes.HasPrefix(key, []byte("annotations."))
}

// evaluation reads a score (key is nil), or one member of an evaluation attribute.
func (d *Decoder) evaluation(s *scanner, key []byte) {
	sp := &d.otlp.span
	if key == nil {
		sp.evalValue, sp.hasEval = scoreOf(s.str())
		return
	}
	rest, run := bytes.CutPrefix(key, []byte("trace."))
	parts := bytes.SplitN(rest, []byte("."), 4)
	if len(parts) != 4 {
		s.skip()
		return
	}
	n, err := strconv.Atoi(string(parts[1]))
	if err != nil || len(sp.evals) > 100 {
		s.skip()
		return
	}
	e := sp.evalAt(n, run)
	switch string(parts[3]) {
	case "name":
		e.name = d.sym(s.str())
	case "label":
		e.label = d.sym(s.str())
	case "score":
		e.score, e.hasNum = scoreOf(s.str())
	default:
		s.skip()
	}
}

func (sp *otlpSpan) evalAt(index int, run bool) *spanEval {
	for i := range sp.evals {
		if e := &sp.evals[i]; e.index == index && e.run == run {
			return e
		}
	}
	sp.evals = append(sp.evals, spanEval{index: index, run: run})
	return &sp.evals[len(sp.evals)-1]
}

func scoreOf(v []byte) (float64, bool) {
	switch string(v) {
	case "true":
		return 1, true
	case "false":
		return 0, true
	}
	if !numberOK(v) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

// eval is the evaluation of a log record.
func (sp *otlpSpan) eval() spanEval {
	return spanEval{name: sp.syms[slotEvalName], label: sp.syms[slotEvalLabel], score: sp.evalValue, hasNum: sp.hasEval}
}

package tracefmt

import (
	"bytes"
	"errors"
	"strings"
)

// otlpState is what the OTLP decoder keeps between values of one worker: scratch only.
type otlpState struct {
	span      otlpSpan
	json      scanner // for JSON text inside attributes
	late      scanner // for attribute values that stand before their key
	num       []byte
	id        []byte
	lastTrace []byte // the trace id of the span before, as written, and as kept
	lastRun   string
	name      []byte // the span's name
	asked     []byte // the model asked for
	path      []byte
	jsonPath  []byte
	inner     scanner // over a text inside a JSON text
	quoted    []byte
	trace     string // of the document that the spans stand in, for those that do not say theirs
	run       string // what MLflow calls the trace, which goes before the spans' own ids
	tags      tagSet
	provider  map[string]Sym
}

var errNoSpan = errors.New("neither spans nor log records in it")

// sniffOTLP knows OTLP/JSON and the shapes that single spans come in (formats-otel 3).
var otlpFormat = Format{Name: "otlp", Title: "OTLP/JSON: OpenTelemetry GenAI, OpenInference, OpenLLMetry, Vercel AI SDK, Langfuse",
	Can: TellsUsage | TellsAgents, Partly: TellsCost | TellsOutcomes | TellsText, Note: "cost and text where the instrumentation writes them",
	sniff: sniffOTLP, decode: decodeOTLP}

func sniffOTLP(v *peek) bool {
	for _, k := range [...]string{"resourceSpans", "resourceLogs", "resourceMetrics", "resource_spans", "resource_logs", "resource_metrics"} {
		if v.has(k) {
			return true
		}
	}
	if isOTLPSpan(v) {
		return true
	}
	for _, k := range otlpLists {
		if c := v.keys[k]; c == "[" || c == "{" && k == "spans" {
			first, ok := firstElement(v, k)
			return ok && (isOTLPSpan(&first) || first.has("scopeSpans") || first.has("resourceSpans") || first.has("instrumentationLibrarySpans")) && !bytes.Contains(v.raw, mlflowMark)
		}
	}
	return false
}

// otlpLists are the members that documents of several spans, or of several requests, keep them in.
var otlpLists = [...]string{"spans", "data", "batches"}

// mlflowMark stands in every span of MLflow, and in no other.
var mlflowMark = []byte(`"mlflow.`)

// isOTLPSpan knows a single span in any of its shapes.
func isOTLPSpan(v *peek) bool {
	switch {
	case v.has("traceId", "spanId", "startTimeUnixNano"), v.has("trace_id", "span_id", "start_time_unix_nano"):
		return true
	case v.has("spanContext", "attributes"), v.has("_spanContext", "attributes"), v.has("traceId", "id", "timestamp", "attributes"):
		return true
	case v.has("span_id", "span_name", "status_code"), v.has("spanId", "traceId", "displayName", "attributes"): // AgentOps, Genkit
		return true
	case v.keys["context"] == "{":
		return strings.HasPrefix(v.keys["kind"], "SpanKind.") || v.has("span_kind", "status_code")
	}
	return v.has("context.span_id", "context.trace_id")
}

// decodeOTLP reads an export request (spans, logs), one span in any of its shapes, or an array of these.
func decodeOTLP(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	d.otlp.trace, d.otlp.run = "", ""
	err := d.otlpValue(s)
	d.newSpan() // lets go of the value
	if s.err != nil {
		return s.err
	}
	if err == nil && !s.done() {
		err = errSyntax
	}
	return err
}

func (d *Decoder) otlpValue(s *scanner) error {
	if s.kind() != '[' {
		return d.otlpObject(s)
	}
	for s.array(); s.next(); {
		if err := d.otlpObject(s); err != nil {
			return err
		}
	}
	return nil
}

// otlpObject reads an envelope; what is no envelope is a span.
func (d *Decoder) otlpObject(s *scanner) error {
	span := &d.otlp.span
	d.newSpan()
	envelope, spanlike := false, false
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "resourceSpans", "resource_spans", "batches":
			envelope = true
			d.resources(s, (*Decoder).spanList)
			d.newSpan()
		case "resourceLogs", "resource_logs":
			envelope = true
			d.resources(s, (*Decoder).logList)
			d.newSpan()
		case "resourceMetrics", "resource_metrics":
			envelope = true
			s.skip()
		case "spans", "data":
			if k := s.kind(); k != '[' && (k != '{' || string(s.key()) == "data") || spanlike && string(s.key()) == "data" {
				s.skip()
				continue
			}
			envelope = true
			d.otlp.trace = span.trace
			d.document(s)
		default:
			if d.spanMember(s, span) {
				spanlike = true
			}
		}
	}
	if s.err != nil || envelope {
		return s.err
	}
	if !spanlike {
		return errNoSpan
	}
	d.emitSpan(span)
	return nil
}

// document reads the spans of a document, which stand in a list or under their ids, or the requests of a list.
func (d *Decoder) document(s *scanner) {
	if s.kind() == '{' {
		s.object()
	} else {
		s.array()
	}
	for s.next() {
		if s.kind() != '{' {
			s.skip()
			continue
		}
		d.newSpan()
		requests := false
		for s.object(); s.next(); {
			switch string(s.key()) {
			case "resourceSpans", "resource_spans":
				requests = true
				d.resources(s, (*Decoder).spanList)
				d.newSpan()
			default:
				d.spanMember(s, &d.otlp.span)
			}
		}
		if s.err == nil && !requests {
			d.emitSpan(&d.otlp.span)
		}
	}
	d.newSpan()
}

// openArray begins an array; null is an empty one.
func (s *scanner) openArray() bool {
	if s.kind() == 'n' {
		s.scalar()
		return false
	}
	s.array()
	return s.err == nil
}

// openObject begins an object; null is an empty one.
func (s *scanner) openObject() bool {
	if s.kind() == 'n' {
		s.scalar()
		return false
	}
	s.object()
	return s.err == nil
}

// resources reads [{resource, scopeSpans: [{scope, spans}]}] or the same with logs; list reads the innermost array.
func (d *Decoder) resources(s *scanner, list func(*Decoder, *scanner)) {
	if !s.openArray() {
		return
	}
	for s.next() {
		from := len(d.Out)
		var res otlpResource
		if !s.openObject() {
			continue
		}
		for s.next() {
			switch string(s.key()) {
			case "resource":
				res = d.resource(s)
			case "scopeSpans", "scope_spans", "scopeLogs", "scope_logs", "instrumentationLibrarySpans", "instrumentation_library_spans":
				d.scopes(s, list)
			default:
				s.skip()
			}
		}
		res.apply(d.Out[from:])
	}
}

func (d *Decoder) scopes(s *scanner, list func(*Decoder, *scanner)) {
	if !s.openArray() {
		return
	}
	for s.next() {
		if !s.openObject() {
			continue
		}
		for s.next() {
			switch string(s.key()) {
			case "spans", "logRecords", "log_records":
				list(d, s)
			default:
				s.skip()
			}
		}
	}
}

// otlpResource is what a resource says about all of its spans.
type otlpResource struct{ service, version, user, session Sym }

// resource reads a resource. It may stand before or after its spans: it is applied to the records.
func (d *Decoder) resource(s *scanner) otlpResource {
	sp := &d.otlp.span
	keep := *sp
	*sp = otlpSpan{}
	if s.kind() == '{' {
		for s.object(); s.next(); {
			switch string(s.key()) {
			case "attributes", "_attributes":
				d.attributes(s)
			default:
				s.skip()
			}
		}
	} else {
		s.skip()
	}
	res := sp.resourceFacts()
	*sp = keep
	return res
}

func (sp *otlpSpan) resourceFacts() otlpResource {
	return otlpResource{sp.syms[slotService], sp.syms[slotVersion], sp.syms[slotUser], sp.syms[slotSession]}
}

func (res otlpResource) apply(recs []Record) {
	if res == (otlpResource{}) {
		return
	}
	for i := range recs {
		r := &recs[i]
		r.Service = firstSym(r.Service, res.service)
		r.Version = firstSym(r.Version, res.version)
		r.User = firstSym(r.User, res.user)
		r.Session = firstSym(r.Session, res.session)
	}
}

func (d *Decoder) spanList(s *scanner) {
	if !s.openArray() {
		return
	}
	for s.next() {
		d.newSpan()
		if !s.openObject() {
			continue
		}
		for s.next() {
			d.spanMember(s, &d.otlp.span)
		}
		if s.err == nil {
			d.emitSpan(&d.otlp.span)
		}
	}
}

// spanMember reads one member of a span; it tells whether it is one that makes a span.
func (d *Decoder) spanMember(s *scanner, sp *otlpSpan) bool {
	key := s.key()
	switch string(key) {
	case "traceId", "trace_id", "context.trace_id":
		sp.trace = d.traceID(s)
	case "spanId", "span_id", "context.span_id":
		sp.id = d.spanID(s)
	case "parentSpanId", "parent_span_id", "parent_id", "parentId":
		sp.parent = d.spanID(s)
	case "parentSpanContext", "parent":
		sp.parent = d.contextIDs(s, nil)
	case "context", "spanContext", "_spanContext":
		sp.id = d.contextIDs(s, &sp.trace)
	case "name", "span_name", "displayName":
		v := s.str()
		d.otlp.name = append(d.otlp.name[:0], v...)
		return false
	case "startTimeUnixNano", "start_time_unix_nano":
		sp.start, sp.hasStart = d.when(s)
	case "endTimeUnixNano", "end_time_unix_nano":
		sp.end, sp.hasEnd = d.when(s)
	case "start_time", "startTime":
		sp.start, sp.hasStart = d.whenSized(s)
	case "end_time", "endTime":
		sp.end, sp.hasEnd = d.whenSized(s)
	case "id", "timestamp", "duration":
		d.consoleMember(s, sp)
		return false
	case "attributes", "span_attributes":
		d.attributes(s)
	case "events":
		d.events(s)
	case "status":
		d.status(s, sp)
	case "status_code":
		sp.code = statusCode(s.str())
	case "status_message":
		d.setError(s.str(), 4)
	case "span_kind": // Phoenix
		d.setKind(slotOpenInference, s.str())
	case "resource":
		sp.resource = d.resource(s)
	case "resource_attributes":
		keep := *sp
		*sp = otlpSpan{}
		d.attributes(s)
		res := sp.resourceFacts()
		*sp = keep
		sp.resource = res
	default:
		if rest, ok := bytes.CutPrefix(key, []byte("attributes.")); ok {
			d.column(s, rest)
			return true
		}
		s.skip()
		return false
	}
	return true
}

// consoleMember reads what JavaScript's console exporter calls a span's id, start and duration, both in microseconds.
func (d *Decoder) consoleMember(s *scanner, sp *otlpSpan) {
	switch string(s.key()) {
	case "id":
		sp.otherID = d.spanID(s)
	case "timestamp":
		sp.stamp, _ = d.whenSized(s)
	default:
		if us, ok := parseFloat(s.num()); ok && us >= 0 && us < float64(maxDuration/1e3) {
			sp.lasted = int64(us*1e3) + 1
		}
	}
}

// settleConsole takes the members of the console exporter where the usual ones are missing.
func (sp *otlpSpan) settleConsole() {
	if sp.id == "" {
		sp.id = sp.otherID
	}
	if !sp.hasStart && sp.stamp > 0 {
		sp.start, sp.hasStart = sp.stamp, true
		if !sp.hasEnd && sp.lasted > 0 {
			sp.end, sp.hasEnd = sp.stamp+sp.lasted-1, true
		}
	}
}

// column reads a column of a table of spans: an attribute, or an object of some.
func (d *Decoder) column(s *scanner, key []byte) {
	if s.kind() == '{' && attrRules[string(key)].slot == slotNone {
		d.otlp.path = append(d.otlp.path[:0], key...)
		d.flatAttributes(s)
		d.otlp.path = d.otlp.path[:0]
		return
	}
	d.attribute(s, key, false)
}

// traceID reads a trace id. Spans of one trace stand together, so the last one is kept.
func (d *Decoder) traceID(s *scanner) string {
	v := s.str()
	st := &d.otlp
	if len(v) == 0 {
		return ""
	}
	if !bytes.Equal(v, st.lastTrace) {
		st.lastTrace = append(st.lastTrace[:0], v...)
		st.id = otlpID(st.id[:0], v, 16)
		st.lastRun = d.text(st.id)
	}
	return st.lastRun
}

func (d *Decoder) spanID(s *scanner) string {
	v := s.str()
	if len(v) == 0 {
		return ""
	}
	d.otlp.id = otlpID(d.otlp.id[:0], v, 8)
	return d.text(d.otlp.id)
}

// contextIDs reads {trace_id, span_id}.
func (d *Decoder) contextIDs(s *scanner, trace *string) (span string) {
	if !s.enter('{') {
		return ""
	}
	for s.next() {
		switch string(s.key()) {
		case "trace_id", "traceId":
			if trace == nil {
				s.skip()
				continue
			}
			*trace = d.traceID(s)
		case "span_id", "spanId":
			span = d.spanID(s)
		default:
			s.skip()
		}
	}
	return span
}

func (d *Decoder) status(s *scanner, sp *otlpSpan) {
	if s.kind() != '{' {
		sp.code = statusCode(s.str())
		return
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "code", "status_code", "statusCode":
			sp.code = statusCode(s.str())
		case "message", "description":
			d.setError(s.str(), 4)
		default:
			s.skip()
		}
	}
}

func statusCode(v []byte) Status {
	switch string(v) {
	case "1", "STATUS_CODE_OK", "OK", "ok", "Ok":
		return StatusOK
	case "2", "STATUS_CODE_ERROR", "ERROR", "error", "Error":
		return StatusError
	}
	return StatusUnset
}

// events looks for exceptions and evaluations.
func (d *Decoder) events(s *scanner) {
	if !s.enter('[') {
		return
	}
	for s.next() {
		if s.kind() == '{' {
			d.event(s)
		} else {
			s.skip()
		}
	}
}

func (d *Decoder) event(s *scanner) {
	sp := &d.otlp.span
	var attrs []byte
	exception, score := false, false
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "name":
			name := s.str()
			exception, score = string(name) == "exception", string(name) == "gen_ai.evaluation.result"
		case "attributes":
			attrs = s.raw()
		default:
			s.skip()
		}
	}
	if s.err != nil || !exception && !score {
		return
	}
	sp.exception = sp.exception || exception
	late := &d.otlp.late
	late.reset(attrs)
	if len(attrs) > 0 {
		d.attributes(late)
	}
	if score {
		e := sp.eval()
		e.index = -1 - len(sp.evals)
		sp.evals = append(sp.evals, e)
		sp.symRank[slotEvalName], sp.symRank[slotEvalLabel], sp.hasEval = 0, 0, false
		sp.syms[slotEvalName], sp.syms[slotEvalLabel] = 0, 0
	}
}

func (d *Decoder) logList(s *scanner) {
	if !s.openArray() {
		return
	}
	for s.next() {
		if !s.openObject() {
			continue
		}
		d.logRecord(s)
	}
}

// logRecord reads a record of an evaluation; others say nothing that counts.
func (d *Decoder) logRecord(s *scanner) {
	d.newSpan()
	sp := &d.otlp.span
	for s.next() {
		switch string(s.key()) {
		case "traceId", "trace_id":
			sp.trace = d.traceID(s)
		case "spanId", "span_id":
			sp.id = d.spanID(s)
		case "timeUnixNano", "time_unix_nano":
			sp.start, sp.hasStart = d.when(s)
		case "eventName", "event_name":
			d.setSym(attrRule{slotEventName, 0}, s.str())
		case "attributes":
			d.attributes(s)
		default:
			s.skip()
		}
	}
	if s.err != nil || d.names.all.Name(sp.syms[slotEventName]) != "gen_ai.evaluation.result" {
		return
	}
	if sp.trace == "" {
		d.warnf("evaluation without a trace id skipped")
		return
	}
	d.emitScore(sp.trace, sp.id, sp.eval(), sp)
}

package tracefmt

import "bytes"

// MLflow writes a trace as one document: what is known of the whole, and its spans, whose attributes are JSON texts (formats-otel 4.12).
// It comes as Trace.to_json, as a row of search_traces, or, as the artifact of a trace, with the spans alone.

var mlflowFormat = Format{Name: "mlflow", Title: "MLflow traces",
	Can: TellsUsage | TellsAgents | TellsOutcomes, Partly: TellsCost | TellsText, Note: "cost from the versions on that write it",
	sniff: sniffMLflow, decode: decodeMLflow}

func sniffMLflow(v *peek) bool {
	switch {
	case v.keys["info"] == "{" && v.keys["data"] == "{":
		return !v.has("messages")
	case v.has("spans") || v.has("trace"):
		return v.has("trace_metadata") || v.has("request_metadata") || v.has("execution_time_ms") || v.has("execution_duration") ||
			v.keys["spans"] == "[" && bytes.Contains(v.raw, mlflowMark)
	}
	return false
}

// mlflowState is what is kept of a document until all of it is read.
type mlflowState struct {
	spans, assessments []byte
}

// mlflowInfo is what is said of the whole trace, under the names of both schemas.
var mlflowInfo = fields{
	"trace_id":               func(d *Decoder, r *Record) error { r.Run = d.text(d.scan.str()); return nil },
	"request_id":             idUnless(func(r *Record) *string { return &r.Run }),
	"request_time":           utcTo(startOf, HasStart),
	"timestamp_ms":           utcTo(startOf, HasStart),
	"state":                  mlflowStatus,
	"status":                 mlflowStatus,
	"assessments":            func(d *Decoder, _ *Record) error { d.mlflow.assessments = d.mlflowKeep(); return nil },
	`tags.mlflow\.traceName`: to("workflow"), "tags.feature": to("feature"), "tags.version": to("version"), "tags.*": mlflowTag,
	`trace_metadata.mlflow\.trace\.session`: to("session_id"), `trace_metadata.mlflow\.trace\.user`: to("user_id"),
	`request_metadata.mlflow\.trace\.session`: to("session_id"), `request_metadata.mlflow\.trace\.user`: to("user_id"),
}

var mlflowSpans = fields{
	"data.spans": func(d *Decoder, _ *Record) error { d.mlflow.spans = d.mlflowKeep(); return nil },
	"spans":      func(d *Decoder, _ *Record) error { d.mlflow.spans = d.mlflowKeep(); return nil },
}

var mlflowTrace = row{
	shape:  shapeOf(mlflowInfo, under("info", mlflowInfo), under("trace.info", mlflowInfo), under("trace", mlflowSpans), mlflowSpans),
	begin:  func(d *Decoder, _ *Record) { d.mlflow = mlflowState{} },
	finish: finishMLflow,
}

func decodeMLflow(d *Decoder, value []byte) error {
	err := mlflowTrace.decode(d, value)
	d.otlp.run, d.mlflow = "", mlflowState{}
	d.newSpan()
	return err
}

// idUnless reads an id that another member may give, too.
func idUnless(field func(*Record) *string) flatReader {
	return func(d *Decoder, r *Record) error {
		if b := d.scan.str(); len(b) > 0 && *field(r) == "" {
			*field(r) = d.text(b)
		}
		return nil
	}
}

// mlflowKeep is the next value as written. Inside a text it is copied, for that is gone before the value is looked at.
func (d *Decoder) mlflowKeep() []byte {
	raw := d.scan.raw()
	if d.depth > 0 {
		return bytes.Clone(raw)
	}
	return raw
}

func mlflowStatus(d *Decoder, r *Record) error {
	switch string(d.scan.str()) {
	case "OK", "TraceState.OK", "TRACE_STATUS_OK", "TraceStatus.OK":
		r.Status = StatusOK
	case "ERROR", "TraceState.ERROR", "TRACE_STATUS_ERROR", "TraceStatus.ERROR":
		r.Status = StatusError
	case "IN_PROGRESS", "TraceState.IN_PROGRESS", "TRACE_STATUS_IN_PROGRESS", "TraceStatus.IN_PROGRESS":
		r.Status = StatusUnfinished
	}
	return nil
}

// mlflowTag reads a tag that is not MLflow's own.
func mlflowTag(d *Decoder, _ *Record) error {
	key := d.scan.key()
	if bytes.HasPrefix(key, []byte("mlflow.")) || d.scan.kind() == '{' || d.scan.kind() == '[' {
		d.scan.skip()
		return nil
	}
	d.flat.tags.addOTLPTag(key, d.scan.str())
	return nil
}

// finishMLflow makes the run's own record, and reads the spans and the assessments.
func finishMLflow(d *Decoder, r *Record) error {
	at := len(d.Out) - 1
	r.Kind = KindRun
	d.flatFacts(r)
	r.Has &= HasStart
	d.otlp.run = r.Run
	if s := &d.scan2; d.mlflow.spans != nil {
		s.reset(d.mlflow.spans)
		if s.kind() == '[' {
			d.spanList(s)
		}
		if s.err != nil {
			return s.err
		}
	}
	if run := &d.Out[at]; run.Run == "" { // an artifact: the spans say whose they are
		if len(d.Out) == at+1 {
			return errNoSpan
		}
		run.Run = d.Out[at+1].Run
	}
	d.mlflowAssessments(d.Out[at].Run)
	return nil
}

// mlflowAssessments reads what people and judges said about the trace or a span.
func (d *Decoder) mlflowAssessments(run string) {
	s := &d.scan2
	s.reset(d.mlflow.assessments)
	if len(d.mlflow.assessments) == 0 || !s.enter('[') {
		return
	}
	for s.next() {
		if s.kind() != '{' {
			s.skip()
			continue
		}
		var e spanEval
		span, valid := "", true
		for s.object(); s.next(); {
			switch string(s.key()) {
			case "assessment_name", "name":
				e.name = d.sym(s.str())
			case "span_id":
				span = d.spanID(s)
			case "valid":
				v, ok := s.boolean()
				valid = v || !ok
			case "feedback":
				d.mlflowFeedback(s, &e)
			default:
				s.skip()
			}
		}
		if valid && s.err == nil {
			d.emitScore(run, span, e, &otlpSpan{})
		}
	}
}

func (d *Decoder) mlflowFeedback(s *scanner, e *spanEval) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) != "value" {
			s.skip()
			continue
		}
		word := s.kind() == '"'
		v := s.str()
		if e.score, e.hasNum = scoreOf(v); word && !e.hasNum {
			e.label = d.sym(v)
		}
	}
}

// mlflowAnswer reads out of a model call's question and answer what older versions write nowhere else: the model and the counts.
func (d *Decoder) mlflowAnswer(k Kind, sp *otlpSpan) {
	if !k.IsModel() {
		return
	}
	if name := d.otlp.name; bytes.HasPrefix(name, []byte("Messages.")) || bytes.HasPrefix(name, []byte("AsyncMessages.")) {
		sp.rawAnthropic = true
	}
	if sp.countRank[slotInput]|sp.countRank[slotOutput] == 0 {
		d.answerText(sp.text.out, slotAnswerJSON)
	}
	if sp.symRank[slotModel]|sp.symRank[slotRequestModel] == 0 {
		d.answerText(sp.text.in, slotAnswerJSON)
	}
}

// answerText reads JSON out of a text as it stands in the trace.
func (d *Decoder) answerText(raw []byte, from slot) {
	st := &d.otlp
	if at := bytes.IndexByte(raw, '"'); at > 0 && raw[at-1] == '\\' {
		st.quoted = unescape(st.quoted[:0], raw)
	} else {
		st.quoted = append(st.quoted[:0], raw...)
	}
	if !wholeValue(st.quoted) || st.quoted[0] != '{' {
		return
	}
	st.json.reset(st.quoted)
	d.jsonPaths(&st.json, jsonKeys[from], st.jsonPath[:0])
}

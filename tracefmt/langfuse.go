package tracefmt

import (
	"bytes"
	"strings"
)

var langfuseFormat = Format{Name: "langfuse", Title: "Langfuse exports: observations, traces, scores",
	Can: TellsUsage | TellsAgents, Partly: TellsCost | TellsOutcomes | TellsText,
	Note:  "a cost may be Langfuse's own computation; one of 0 is read as not known",
	sniff: sniffLangfuse, decode: decodeLangfuse}

// sniffLangfuse knows rows of observations, traces and scores, a trace with its observations, and pages of the API.
func sniffLangfuse(v *peek) bool {
	trace, session := v.has("traceId") || v.has("trace_id"), v.has("sessionId") || v.has("session_id")
	scalar := func(k string) bool { x, ok := v.keys[k]; return ok && x != "{" && x != "[" }
	switch {
	case v.has("parentObservationId", "type"), v.has("parent_observation_id", "type"):
		return true
	case v.keys["trace"] == "{" && (v.keys["observations"] == "[" || !v.whole && bytes.Contains(v.raw, []byte(`"bookmarked"`))):
		return true
	case trace && scalar("name") && v.has("value") && !v.has("type") && (v.has("dataType") || v.has("data_type") || v.has("observationId", "source")):
		return true
	case session && v.has("tags") && !v.has("type") && !trace && (v.has("bookmarked") || v.has("release", "timestamp")):
		return true
	case v.keys["traces"] == "[" && v.has("projectId", "createdAt"):
		return true
	}
	return v.keys["data"] == "[" && (v.keys["meta"] == "{" || !v.whole) &&
		(bytes.Contains(v.raw, []byte(`"parentObservationId"`)) || bytes.Contains(v.raw, []byte(`"observationId"`)) || bytes.Contains(v.raw, []byte(`"sessionId"`)))
}

// langfuseRow is what a row says beside what a span has.
type langfuseRow struct {
	typed, point bool // a type is stated; it is an EVENT, which has no end
	scored       bool // it has a score's value
	color, args  bool // LangChain's marks of a tool in an observation's metadata
	observation  string
	at           int64
	timed        bool
	score        spanEval
	usage        [oldUsages][3]int64 // input, output, total
	foreignUnit  bool
	details      USD // costDetails
}

// The places of counts from before usageDetails, best first.
const (
	oldUsage    = iota // usage {input, output, total, unit}
	oldTokens          // promptTokens, completionTokens, totalTokens
	oldSums            // inputUsage, outputUsage, totalUsage
	oldUsages          // the number of the above
	maxLangfuse = 100  // scores in columns
)

// The values inside a value that give records.
const (
	partTrace = iota
	partObservations
	partScores
	partData
	partTraces
)

// langfuseShape is every member of the rows; those of camelCase are read in snake_case, too.
var langfuseShape = shapeOf(bothSpellings(fields{
	"id":                  rowID(func(sp *otlpSpan) *string { return &sp.id }),
	"traceId":             rowID(func(sp *otlpSpan) *string { return &sp.trace }),
	"parentObservationId": rowID(func(sp *otlpSpan) *string { return &sp.parent }),
	"observationId":       func(d *Decoder, _ *Record) error { d.export.langfuse.observation = d.text(d.scan.str()); return nil },
	"type":                langfuseType,
	"name":                func(d *Decoder, _ *Record) error { d.otlp.name = append(d.otlp.name[:0], d.scan.str()...); return nil },
	"startTime":           rowTime(spanStart),
	"endTime":             rowTime(spanEnd),
	"timestamp":           langfuseTime,
	"level": func(d *Decoder, _ *Record) error {
		d.otlp.span.levelError = string(d.scan.str()) == "ERROR"
		return nil
	},
	"statusMessage":     func(d *Decoder, _ *Record) error { d.setError(d.scan.str(), 3); return nil },
	"model":             langfuseModel,
	"providedModelName": langfuseModel,

	"usageDetails":           langfuseDetails,
	"costDetails":            langfuseCosts,
	"totalCost":              rowMoney(slotCost, 0),
	"calculatedTotalCost":    rowMoney(slotCost, 9),
	"inputCost":              rowMoney(slotCostIn, 0),
	"outputCost":             rowMoney(slotCostOut, 0),
	"calculatedInputCost":    rowMoney(slotCostIn, 1),
	"calculatedOutputCost":   rowMoney(slotCostOut, 1),
	"usage.input":            oldCount(oldUsage, 0),
	"usage.output":           oldCount(oldUsage, 1),
	"usage.total":            oldCount(oldUsage, 2),
	"usage.promptTokens":     oldCount(oldUsage, 0),
	"usage.completionTokens": oldCount(oldUsage, 1),
	"usage.unit":             langfuseUnit,
	"unit":                   langfuseUnit,
	"promptTokens":           oldCount(oldTokens, 0),
	"completionTokens":       oldCount(oldTokens, 1),
	"totalTokens":            oldCount(oldTokens, 2),
	"inputUsage":             oldCount(oldSums, 0),
	"outputUsage":            oldCount(oldSums, 1),
	"totalUsage":             oldCount(oldSums, 2),

	"traceName":             rowSym(slotWorkflow, 0),
	"traceTags":             rowTags,
	"tags":                  rowTags,
	"userId":                rowSym(slotUser, 0),
	"sessionId":             rowSym(slotSession, 0),
	"version":               rowSym(slotVersion, 0),
	"release":               rowSym(slotVersion, 1),
	"environment":           langfuseEnvironment,
	"metadata.*":            rowMetadata,
	"metadata.attributes.*": rowAttribute,
	`metadata.resourceAttributes.service\.name`: rowService,
	"metadata.color":  func(d *Decoder, _ *Record) error { d.export.langfuse.color = true; d.scan.skip(); return nil },
	"metadata.inputs": func(d *Decoder, _ *Record) error { d.export.langfuse.args = true; d.scan.skip(); return nil },
	"input":           rowText(func(x *exportState) *[]byte { return &x.in }),
	"output":          rowText(func(x *exportState) *[]byte { return &x.out }),

	"value":       langfuseValue,
	"stringValue": langfuseLabel,
	"dataType":    flatIgnore,

	"trace":        rowText(func(x *exportState) *[]byte { return &x.parts[partTrace] }),
	"observations": rowText(func(x *exportState) *[]byte { return &x.parts[partObservations] }),
	"scores":       rowText(func(x *exportState) *[]byte { return &x.parts[partScores] }),
	"data":         rowText(func(x *exportState) *[]byte { return &x.parts[partData] }),
	"traces":       rowText(func(x *exportState) *[]byte { return &x.parts[partTraces] }),

	"toolDefinitions": flatIgnore, "toolCalls": flatIgnore, "toolCallNames": flatIgnore, "comments": flatIgnore, "corrections": flatIgnore,
	"modelParameters": flatIgnore, "promptTags": flatIgnore,
	"*": langfuseColumn,
}))

// bothSpellings adds the snake_case spelling of the first name of each path.
func bothSpellings(t fields) fields {
	all := fields{}
	for path, read := range t {
		name, rest, _ := strings.Cut(path, ".")
		var b strings.Builder
		for _, c := range name {
			if c >= 'A' && c <= 'Z' {
				b.WriteByte('_')
				c |= 0x20
			}
			b.WriteRune(c)
		}
		all[path] = read
		if rest != "" {
			rest = "." + rest
		}
		all[b.String()+rest] = read
	}
	return all
}

func langfuseType(d *Decoder, _ *Record) error {
	word := d.scan.str()
	row := &d.export.langfuse
	row.typed, row.point = len(word) > 0, string(word) == "EVENT"
	var low [20]byte
	if len(word) <= len(low) {
		d.setKind(slotObservation, bytes.ToLower(word))
	}
	return nil
}

func langfuseTime(d *Decoder, _ *Record) error {
	row := &d.export.langfuse
	row.at, row.timed = readTime(d.scan.str())
	return nil
}

func langfuseModel(d *Decoder, _ *Record) error {
	d.setSym(attrRule{slotModel, 0}, modelOfPath(d.scan.str()))
	return nil
}

// modelOfPath cuts the path off a model that is named as a cloud's resource; "vendor/model" is left as it is.
func modelOfPath(name []byte) []byte {
	resource := hasAnyPrefix(name, []string{"projects/", "publishers/", "models/", "accounts/", "arn:"}) || bytes.Contains(name, []byte("/models/"))
	if last := lastPart(name); resource && len(last) > 0 {
		return last
	}
	return name
}

func langfuseDetails(d *Decoder, _ *Record) error {
	if in := d.innerJSON(&d.scan); in != nil {
		d.usageDetails(in)
	}
	return nil
}

// langfuseCosts reads costDetails, for where no total is stated.
func langfuseCosts(d *Decoder, _ *Record) error {
	sp := &d.otlp.span
	was, rank := sp.money[slotCost], sp.moneyRank[slotCost]
	sp.moneyRank[slotCost] = 0
	if in := d.innerJSON(&d.scan); in != nil {
		d.costDetails(in)
	}
	if sp.moneyRank[slotCost] != 0 {
		d.export.langfuse.details = sp.money[slotCost]
	}
	sp.money[slotCost], sp.moneyRank[slotCost] = was, rank
	return nil
}

// oldCount reads a count from before usageDetails.
func oldCount(place, which int) flatReader {
	return func(d *Decoder, _ *Record) error {
		n, ok := parseInt(d.scan.num())
		if at := &d.export.langfuse.usage[place][which]; ok && n >= 0 && n <= maxCount && *at == 0 {
			*at = n
		}
		return nil
	}
}

// langfuseUnit reads what the old counts count: characters, images and the like are no tokens.
func langfuseUnit(d *Decoder, _ *Record) error {
	v := d.scan.str()
	d.export.langfuse.foreignUnit = len(v) > 0 && string(v) != "TOKENS"
	return nil
}

func langfuseEnvironment(d *Decoder, _ *Record) error {
	if v := d.scan.str(); string(v) != "default" {
		d.otlp.tags.addOTLPTag([]byte("environment"), v)
	}
	return nil
}

// langfuseValue reads a score's value: a number, or a word.
func langfuseValue(d *Decoder, _ *Record) error {
	row := &d.export.langfuse
	v := d.scan.str()
	row.scored = true
	if f, ok := scoreOf(v); ok {
		row.score.score, row.score.hasNum = f, true
	} else if row.score.label == 0 {
		row.score.label = d.sym(v)
	}
	return nil
}

// langfuseLabel reads the word of a score: of a categorical one the number says nothing.
func langfuseLabel(d *Decoder, _ *Record) error {
	if v := d.scan.str(); len(v) > 0 {
		d.export.langfuse.scored, d.export.langfuse.score.label = true, d.sym(v)
	}
	return nil
}

// langfuseColumn reads a column that is named after a score: a list of its values.
func langfuseColumn(d *Decoder, _ *Record) error {
	s := &d.scan
	if s.kind() != '[' {
		s.skip()
		return nil
	}
	name := d.sym(s.key())
	verdict := verdictNames[d.names.all.Name(name)]
	sp := &d.otlp.span
	for s.array(); s.next(); {
		c := s.kind()
		v := s.str()
		f, ok := scoreOf(v)
		if !ok && !(verdict && c == '"') || len(sp.evals) >= maxLangfuse {
			continue
		}
		e := spanEval{index: len(sp.evals), name: name, score: f, hasNum: ok}
		if c == '"' && verdict {
			e.label = d.sym(v)
		}
		sp.evals = append(sp.evals, e)
	}
	return nil
}

func decodeLangfuse(d *Decoder, value []byte) error {
	d.export.within = ""
	return d.langfuseValue(value, 0, false)
}

// langfuseValue reads a row, or a value that holds rows. repeated says that its observations stand elsewhere, too.
func (d *Decoder) langfuseValue(value []byte, depth int, repeated bool) error {
	d.startRow()
	if err := d.decodeShape(langfuseShape, value); err != nil {
		return err
	}
	x := &d.export
	outer, parts := x.within, x.parts
	err := d.langfuseRecord()
	if repeated {
		parts[partObservations] = nil
	}
	within, any := x.within, false
	for i, part := range parts {
		if part == nil || depth >= maxParts {
			continue
		}
		any = true
		x.within = within
		d.eachPart(part, func(v []byte) error {
			return d.langfuseValue(v, depth+1, i == partTrace && parts[partObservations] != nil)
		})
	}
	x.within = outer
	if _, skipped := err.(skipError); skipped && any {
		return nil
	}
	return err
}

// langfuseRecord adds the record of the row that was read.
func (d *Decoder) langfuseRecord() error {
	sp, row := &d.otlp.span, &d.export.langfuse
	if sp.trace == "" && (row.typed || row.scored) {
		sp.trace = d.export.within
	}
	switch {
	case row.typed || sp.hasStart:
		return d.langfuseObservation()
	case row.scored:
		return d.langfuseScore()
	case sp.trace == "" && sp.id != "":
		return d.langfuseTrace()
	}
	return errDrop
}

func (d *Decoder) langfuseObservation() error {
	sp, row := &d.otlp.span, &d.export.langfuse
	if sp.trace == "" || sp.id == "" {
		return skipError("an observation without its id or its trace's")
	}
	d.rowTexts()
	d.oldUsage()
	if sp.moneyRank[slotCost] != 1 && row.details > 0 { // no totalCost
		sp.money[slotCost], sp.moneyRank[slotCost] = row.details, 1
	}
	if row.point && !sp.hasEnd {
		sp.end, sp.hasEnd = sp.start, sp.hasStart
	}
	if row.color && row.args && sp.kind == KindUnknown {
		sp.kind = KindTool
	}
	n := len(d.Out)
	d.emitSpan(sp)
	r := &d.Out[n]
	closeRow(r)
	d.joinBee(r)
	return nil
}

// oldUsage takes the counts from before usageDetails where these are missing.
func (d *Decoder) oldUsage() {
	sp, row := &d.otlp.span, &d.export.langfuse
	if sp.details || row.foreignUnit || sp.badCount {
		return
	}
	for _, u := range row.usage {
		if u[0] == 0 && u[1] == 0 && u[2] == 0 {
			continue
		}
		for i, to := range [...]slot{slotInput, slotOutput, slotTotal} {
			if i < 2 && (u[0] != 0 || u[1] != 0) || i == 2 && u[2] != 0 {
				sp.counts[to], sp.countRank[to] = u[i], 1
			}
		}
		return
	}
}

// beeEvents are the last words of the names that BeeAI gives to the events of one model call, each of which is a generation.
var beeEvents = [...]string{"start", "success", "finish", "error"}

// joinBee gives the events of one BeeAI call ("backend.openai.chat.start-16", …) one id, so that they become one call. Its start and its
// usage are the first one's; the others say when it ended.
func (d *Decoder) joinBee(r *Record) {
	name := d.otlp.name
	if r.Kind != KindLLM || !bytes.HasPrefix(name, []byte("backend.")) {
		return
	}
	base, number := name, []byte(nil)
	if k := bytes.LastIndexByte(name, '-'); k > 0 {
		base, number = name[:k], name[k+1:]
	}
	dot := bytes.LastIndexByte(base, '.')
	if _, ok := parseInt(number); !ok || dot < 0 {
		return
	}
	event := string(base[dot+1:])
	for i, e := range beeEvents {
		if e != event {
			continue
		}
		id := append(append(d.otlp.id[:0], r.Parent...), '/')
		d.otlp.id = append(append(append(id, base[:dot]...), '-'), number...)
		r.ID, r.Name = d.text(d.otlp.id), d.name(base[:dot])
		if i == 0 {
			r.End, r.Has = 0, r.Has&^HasEnd
		} else {
			r.Start, r.Has = 0, r.Has&^HasStart
		}
	}
}

func (d *Decoder) langfuseScore() error {
	sp, row := &d.otlp.span, &d.export.langfuse
	switch {
	case sp.trace == "":
		return skipError("a score of a session, not of a trace")
	case len(d.otlp.name) == 0:
		return errDrop
	}
	name := string(tidy(d.otlp.name))
	r := d.add()
	r.Kind, r.Run, r.Parent, r.Name = KindRun, sp.trace, row.observation, d.sym(d.otlp.name)
	id := append(d.otlp.id[:0], "score/"...)
	if sp.id != "" {
		id = append(id, sp.id...)
	} else {
		id = append(append(append(id, row.observation...), '/'), name...)
	}
	d.otlp.id = id
	r.ID = d.text(id)
	if row.timed {
		r.Start = row.at
		r.Has |= HasStart
	}
	e := row.score
	label := d.names.all.Name(e.label)
	if o := verdict(name, label, e); o != OutcomeUnknown {
		r.Outcome = o
		r.Has |= HasOutcome
	}
	if e.hasNum && (label == "" || isBool(label)) { // else the number merely stands for the word
		r.Score = e.score
		r.Has |= HasScore
		r.Extra = &RunFacts{Scores: []Value{{name, e.score}}}
	}
	return nil
}

func isBool(label string) bool {
	return strings.EqualFold(label, "true") || strings.EqualFold(label, "false")
}

// langfuseTrace adds the facts of a trace; what it says of its cost is the sum of its observations.
func (d *Decoder) langfuseTrace() error {
	sp, row := &d.otlp.span, &d.export.langfuse
	d.setSym(attrRule{slotWorkflow, 0}, d.otlp.name)
	d.export.within = sp.id
	r := d.add()
	r.Kind, r.Run = KindRun, sp.id
	d.setNames(r, sp)
	if row.timed {
		r.Start = row.at
		r.Has |= HasStart
	}
	for _, e := range sp.evals {
		d.emitScore(sp.id, "", e, sp)
	}
	return nil
}

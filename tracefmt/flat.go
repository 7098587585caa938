package tracefmt

import (
	"bytes"
	"strings"
)

// Rows of one's own: a log or a table in which each row is plainly one model call, under names that people use. A column is known by its
// letters and digits alone: "Prompt Tokens" is prompt_tokens.

var flatFormat = Format{Name: "flat", Title: "rows of one model call each (JSONL or CSV), under usual names",
	Can: TellsUsage | TellsCost, Partly: TellsRetries | TellsAgents | TellsOutcomes,
	Note:  "columns are guessed by their names; where that is not enough, --map FILE says which is which",
	sniff: sniffFlat, decode: decodeFlat}

// A columnGroup is what some column says, under the names that it may have, the best first.
type columnGroup struct {
	field string // of a mapping
	read  flatReader
	names string
}

var columnGroups = []columnGroup{
	{"run", rowRun, "runid traceid workflowrunid executionid rolloutid trajectoryid episodeid jobid requestgroup groupid run trace sessionid conversationid threadid chatid session conversation thread"},
	{"id", flatID, "callid spanid generationid responseid completionid llmcallid id uuid"},
	{"weak_id", rowWeakID, "requestid messageid eventid logid"},
	{"session_id", to("session_id"), "sessionid conversationid threadid chatid session conversation thread"},
	{"parent_span_id", to("parent_span_id"), "parentspanid parentcallid parentid"},
	{"model", to("model"), "responsemodel model modelname modelid modelused modelslug llmmodel llm engine"},
	{"request_model", to("request_model"), "requestmodel requestedmodel modelrequested"},
	{"provider", to("provider"), "provider providername llmprovider apiprovider modelprovider vendor"},
	{"start", to("start"), "starttime startedat start timestamp ts time createdat created requesttime requestedat calledat loggedat datetime eventtime date"},
	{"end", to("end"), "endtime endedat completedat finishedat end"},
	{"duration_ms", to("duration_ms"), "durationms latencyms elapsedms responsetimems requestdurationms totallatencyms"},
	{"duration_s", durationTo(1e9), "durations durationsec durationseconds latencys latencysec latencyseconds elapsedseconds elapseds responsetimeseconds"},
	{"duration", rowDuration, "duration latency elapsed responsetime elapsedtime"},
	{"input_tokens", to("input_tokens"), "inputtokens prompttokens tokensin tokensprompt tokensinput inputtokencount prompttokencount intokens numinputtokens numprompttokens nprompttokens ninputtokens requesttokens inputtokenscount"},
	{"output_tokens", to("output_tokens"), "outputtokens completiontokens tokensout tokenscompletion tokensoutput outputtokencount completiontokencount candidatestokencount outtokens numoutputtokens numcompletiontokens ncompletiontokens noutputtokens generatedtokens responsetokens outputtokenscount"},
	{"cache_read_input_tokens", to("cache_read_input_tokens"), "cachereadinputtokens cachereadtokens cachedtokens cachedinputtokens cachedprompttokens inputcachedtokens promptcachedtokens tokenscached cacheread cachereads prompttokenscached promptcachehittokens cachehittokens cachedinputtokencount cachedcontenttokencount"},
	{"cache_creation_input_tokens", to("cache_creation_input_tokens"), "cachecreationinputtokens cachewritetokens cachecreationtokens cachewriteinputtokens cachewrite cachewrites"},
	{"cache_creation_1h_input_tokens", to("cache_creation_1h_input_tokens"), "cachecreation1hinputtokens ephemeral1hinputtokens cachewrite1htokens"},
	{"reasoning_output_tokens", to("reasoning_output_tokens"), "reasoningoutputtokens reasoningtokens thinkingtokens tokensreasoning outputreasoningtokens"},
	{"thoughts", rowThoughts, "thoughtstokencount thoughtstokens"},
	{"total_tokens", to("total_tokens"), "totaltokens totaltokencount tokenstotal"},
	{"cost_usd", to("cost_usd"), "costusd totalcostusd priceusd amountusd usdcost cost callcost requestcost responsecost llmcost costtotal totalcost spend"},
	{"cost_cents", rowCents, "costcents costincents pricecents"},
	{"status", to("status"), "status state callstatus"},
	{"success", failedTo(false), "success issuccess succeeded ok"},
	{"failed", failedTo(true), "iserror haserror failed iserrored"},
	{"http_status", httpTo, "statuscode httpstatus httpcode httpstatuscode responsestatus responsestatuscode"},
	{"error_type", errorTo, "errortype errorcode error errormessage exception failurereason"},
	{"output_bad", rowBad(true), "formaterror parseerror outputerror badoutput invalidoutput"},
	{"output_ok", rowBad(false), "outputok validoutput outputvalid formatok"},
	{"user_id", to("user_id"), "userid user username enduser enduserid"},
	{"workflow", to("workflow"), "workflow workflowname pipeline pipelinename app appname application applicationname project projectname flow flowname service servicename"},
	{"version", to("version"), "workflowversion appversion"},
	{"agent", to("agent"), "agentname agent agentid assistant"},
	{"step", rowStep, "stepname step node nodename stage phase span spanname"},
	{"tool", to("tool"), "toolname tool"},
	{"feature", to("feature"), "feature featurename usecase"},
	{"attempt", to("attempt"), "attempt attemptnumber attemptno"},
	{"retries", rowRetries, "retrycount retries retry numretries"},
	{"operation", to("operation"), "operation operationname calltype"},
	{"outcome", to("outcome"), "outcome resolved passed"},
	{"score", to("score"), "score reward quality"},
	{"service_tier", to("service_tier"), "servicetier"},
	{"hit", hitTo, "cachehit cached"},
}

// flatNested are objects whose members are looked up like columns.
var flatNested = words("usage tokens tokenusage tokencounts metadata meta tags properties labels attributes prompttokensdetails completiontokensdetails inputtokensdetails outputtokensdetails cachecreation timing costs request response call")

// flatTagged are those whose other members are tags.
var flatTagged = words("metadata meta tags properties labels attributes")

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// A column is a name that some group knows.
type column struct {
	group []int // indexes in columnGroups: a session may also be the run
	rank  []uint8
}

var columns = func() map[string]*column {
	all := map[string]*column{}
	for i, g := range columnGroups {
		for n, name := range strings.Fields(g.names) {
			c := all[name]
			if c == nil {
				c = &column{}
				all[name] = c
			}
			c.group, c.rank = append(c.group, i), append(c.rank, uint8(n+1))
		}
	}
	return all
}()

// maxColumnGroups bounds columnGroups.
const maxColumnGroups = 48

// squeezeName takes all but letters and digits out of a name, in lower case.
func squeezeName(to, name []byte) []byte {
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			to = append(to, c|0x20)
		case c >= 'a' && c <= 'z', isDigit(c), c >= 0x80:
			to = append(to, c)
		}
	}
	return to
}

// A flatColumn is a column as a worker has met it.
type flatColumn struct {
	name   string
	column *column
	nested bool
	tagged bool // its members are
	tag    bool // it is one itself
}

// notTags end the names of columns that measure or quote: they are no tags.
var notTags = []string{"chars", "bytes", "count", "ms", "seconds", "length", "size", "len", "tokens", "cost", "hash", "prompt", "response", "content", "text", "message", "messages", "input", "output", "time", "url", "at", "price", "index", "number"}

func (d *Decoder) flatColumn(key []byte) *flatColumn {
	if c := d.gate.columns[string(key)]; c != nil {
		return c
	}
	name := string(squeezeName(nil, key))
	c := &flatColumn{name: name, column: columns[name], nested: flatNested[name], tagged: flatTagged[name], tag: true}
	for _, end := range notTags {
		c.tag = c.tag && !strings.HasSuffix(name, end)
	}
	if d.gate.columns == nil {
		d.gate.columns = map[string]*flatColumn{}
	}
	if len(d.gate.columns) < maxFlatMembers {
		d.gate.columns[string(key)] = c
	}
	return c
}

// otherFormats are those that a row must not belong to; a format cannot name the table that it stands in.
var otherFormats []Format

func init() { otherFormats = Formats[1:FormatFlat] }

func sniffFlat(v *peek) bool {
	if !flatRow(v) {
		return false
	}
	for i := range otherFormats {
		if otherFormats[i].sniff(v) {
			return false
		}
	}
	for _, o := range foreign {
		if o.is(v) {
			return false
		}
	}
	return true
}

// flatRow tells whether the value names a model, tokens or a cost, and an id or a time; a sum of several calls is none.
func flatRow(v *peek) bool {
	found := map[string]bool{}
	var buf [100]byte
	for k, text := range v.keys {
		name := squeezeName(buf[:0], []byte(k))
		if flatSums[string(name)] {
			return false
		}
		if text == "{" && flatNested[string(name)] && bytes.Contains(name, []byte("tokens")) || string(name) == "usage" && text == "{" {
			found["input_tokens"] = bytes.Contains(v.raw, []byte("okens\"")) || found["input_tokens"]
		}
		if c := columns[string(name)]; c != nil && text != "{" && text != "[" {
			for _, g := range c.group {
				found[columnGroups[g].field] = true
			}
		}
	}
	if typ := v.keys["type"]; typ == "run" || v.has("trace_id", "span_id") && (typ == "call" || typ == "mark") {
		return false
	}
	return (found["model"] || found["request_model"]) &&
		(found["input_tokens"] || found["output_tokens"] || found["cost_usd"] || found["cost_cents"]) &&
		(found["id"] || found["weak_id"] || found["run"] || found["start"])
}

// flatSums are columns of rows that stand for several calls.
var flatSums = words("apicalls numcalls ncalls calls requestcount numrequests nummodelrequests successfulrequests")

func decodeFlat(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	if s.kind() != '{' {
		s.skip()
		return s.err
	}
	r := d.add()
	d.flatStart()
	gateBegin(d, r)
	if err := d.flatObject(r, 0, false); err != nil && s.err == nil {
		return err
	}
	if s.err != nil {
		return s.err
	}
	return d.flatRowDone(r, value)
}

// maxFlatNest bounds how deep columns are looked for.
const maxFlatNest = 4

func (d *Decoder) flatObject(r *Record, depth int, tagged bool) error {
	s := &d.scan
	for s.object(); s.next(); {
		key := s.key()
		c := d.flatColumn(key)
		switch k := s.kind(); {
		case k == '{' && c.nested && depth < maxFlatNest:
			if err := d.flatObject(r, depth+1, c.tagged); err != nil {
				return err
			}
		case c.column != nil && (k != '{' && k != '[' || c.name == "error"):
			if err := d.flatCell(r, c, key); err != nil {
				return err
			}
		case c.tag && (depth == 0 || tagged):
			d.flatTag(key)
		default:
			s.skip()
		}
	}
	return nil
}

// maxTagText is the longest text that is a tag: more is prose.
const maxTagText = 100

// flatTag reads a scalar as a tag: text, a whole number or a boolean.
func (d *Decoder) flatTag(key []byte) {
	s := &d.scan
	switch s.kind() {
	case '{', '[', 'n':
		s.skip()
		return
	}
	if b := s.str(); len(b) > 0 && len(b) <= maxTagText && (bytes.IndexByte(b, '.') < 0 || !numberOK(b)) {
		d.flat.tags.add(key, b)
	}
}

// flatCell reads a column for each thing that it may say, unless one of a better name said it.
func (d *Decoder) flatCell(r *Record, c *flatColumn, key []byte) error {
	s := &d.scan
	if s.kind() == 'n' || bytes.HasPrefix(s.b[s.at:], emptyText) {
		s.skip()
		return nil
	}
	from := s.at
	for i, g := range c.column.group {
		if best := d.gate.ranks[g]; best != 0 && best <= c.column.rank[i] {
			continue
		}
		s.at = from
		if err := columnGroups[g].read(d, r); err != nil {
			return err
		}
		if s.err != nil {
			return nil
		}
		d.gate.ranks[g] = c.column.rank[i]
	}
	if s.at == from {
		s.skip()
	}
	return nil
}

func rowRun(d *Decoder, _ *Record) error {
	d.gate.trace = d.text(d.scan.str())
	return nil
}

func flatID(d *Decoder, r *Record) error {
	r.ID = d.text(d.scan.str())
	return nil
}

// rowWeakID reads an id that several calls may share: of a request and its attempts.
func rowWeakID(d *Decoder, _ *Record) error {
	d.gate.session = d.text(d.scan.str())
	return nil
}

// rowStep reads the name of a step; a number only counts them.
func rowStep(d *Decoder, r *Record) error {
	b := d.scan.str()
	if _, number := parseInt(b); !number {
		r.Step = d.name(b)
	}
	return nil
}

// rowBad reads a boolean that is when for an answer that could not be used.
func rowBad(when bool) flatReader {
	return func(d *Decoder, r *Record) error { return d.flatFlag(r, FlagOutputBad, when) }
}

// rowCents reads a cost in cents.
func rowCents(d *Decoder, _ *Record) error {
	v := d.scan.num()
	if usd, ok := parseDecimal(v, 10); ok && v != nil && usd >= 0 {
		d.gate.amount = USD(usd)
		d.gate.flags |= HasCost
	}
	return nil
}

// rowDuration reads a duration without a unit: whole numbers from a hundred on are milliseconds, the others are seconds.
func rowDuration(d *Decoder, _ *Record) error {
	v := d.scan.num()
	f, ok := parseFloat(v)
	if ok && f >= 0 && f < 1e9 && !d.flat.timed {
		unit := 1e9
		if f >= 100 && bytes.IndexByte(v, '.') < 0 || f >= 600 {
			unit = 1e6
		}
		d.flat.duration, d.flat.timed = int64(f*unit+0.5), true
	}
	return nil
}

// rowRetries reads how many attempts came before.
func rowRetries(d *Decoder, r *Record) error {
	if n, ok := parseInt(d.scan.num()); ok && n >= 0 && n < maxTries && r.Attempt == 0 {
		r.Attempt = int32(n) + 1
	}
	return nil
}

// globalIDs begin the ids that providers give to answers: they are unique wherever they are logged.
var globalIDs = []string{"gen-", "chatcmpl-", "msg_", "resp_", "cmpl-"}

func isGlobalID(id string) bool {
	for _, p := range globalIDs {
		if len(id) >= len(p)+8 && strings.HasPrefix(id, p) {
			return true
		}
	}
	return false
}

func (d *Decoder) flatRowDone(r *Record, value []byte) error {
	g := &d.gate
	if r.Has&(HasUsage|HasCost|HasStart) == 0 && g.flags&HasCost == 0 && r.ID == "" {
		return skipError("no tokens, no cost, no time and no id")
	}
	d.flatID(r, value)
	if isGlobalID(r.ID) {
		r.Flags |= FlagGlobal
	}
	r.Run = firstOf(g.trace, r.ID)
	if g.flags&HasCost != 0 && r.Has&HasCost == 0 {
		r.Recorded, r.Has = g.amount, r.Has|HasCost
	}
	r.Kind = d.rowKind(r)
	if r.Kind != KindTool && r.Tool != 0 { // what the answer asked for
		d.flat.tags.add([]byte("tool"), []byte(d.names.all.Name(r.Tool)))
		r.Tool = 0
	}
	d.gateClose(r, d.rowHabit(r))
	return nil
}

// rowHabit guesses what the counts of a row leave out. Where it states a total, that decides.
func (d *Decoder) rowHabit(r *Record) convention {
	if d.gate.beside { // Gemini's own names
		return reasonBeside
	}
	habit := reasonKept
	if r.Has&(HasCacheRead|HasCacheWrite) != 0 && d.flat.total == noTotal && d.besideCache(r) != 0 {
		habit |= cacheBeside
		if r.Usage.CacheRead+r.Usage.CacheWrite > 0 {
			d.warnf("cached tokens are taken as beside the input, as Anthropic counts them; --map FILE can say otherwise")
		}
	}
	return habit
}

// rowThoughts reads Gemini's count of reasoning, which is beside that of the output.
func rowThoughts(d *Decoder, r *Record) error {
	d.gate.beside = true
	return to("reasoning_output_tokens")(d, r)
}

// flatID settles the identity of a row. What several calls may share is an id only together with the call's time, model and attempt.
func (d *Decoder) flatID(r *Record, value []byte) {
	weak := d.gate.session
	d.gate.session = ""
	if r.ID != "" {
		return
	}
	place := timeText(d.src.Offset)
	switch {
	case weak != "" && r.Has&HasStart != 0:
		r.ID = valueID(weak+"#", timeText(r.Start), timeText(int64(r.Attempt)), []byte(d.names.all.Name(firstSym(r.Model, r.RequestModel))))
	case weak != "":
		r.ID = weak
	case r.Has&HasStart != 0:
		r.ID = valueID("row-", value)
	default: // equal rows are told apart by their places, which copies share
		r.ID = valueID("row-", value, place)
	}
}

// rowKind is what the row says, else what its model is for.
func (d *Decoder) rowKind(r *Record) Kind {
	if r.Kind != KindUnknown {
		return r.Kind
	}
	return kindOfModel(d.names.all.Name(firstSym(r.Model, r.RequestModel)))
}

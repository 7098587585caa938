package tracefmt

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

var costscopeFormat = Format{Name: "costscope", Title: "costscope JSONL",
	Can: TellsUsage | TellsCost | TellsRetries | TellsAgents | TellsOutcomes, Note: "the parts of the prompt, too",
	sniff: sniffCostscope, decode: decodeCostscope}

// flatState is what the costscope JSONL decoder keeps: facts of the current value that its record has no field for, and scratch.
type flatState struct {
	kind      byte // 'c' call, 'r' run, 'x' something else
	operation bool
	override  Kind
	total     int64
	duration  int64 // nanoseconds
	timed     bool  // duration is stated
	said      Status
	stated    bool // a status is stated
	named     bool // a name is stated, if only an empty one
	settled   bool // convert wrote it: its names are settled
	word      Sym  // the operation as written
	status    int  // HTTP status
	facts     RunFacts
	tags      tagSet
	members   map[string]*flatMember
	root      flatMember            // before the first member
	parts     [][ContextParts]int64 // contexts not yet given out
	lower     []byte
}

// A flatMember is a member as this worker has met it: what reads it, how it is written, and which members came next after it. Lines of
// one writer look alike, so that one comparison mostly finds the next member without scanning for it.
type flatMember struct {
	key    string
	read   flatReader
	tokens [2]string // from the end of the value before to the start of this one: as first member, as a later one
	fresh  int       // how often a token was learned
	next   [2]*flatMember
}

// What a worker keeps of members: more are read without being learned.
const (
	maxFlatMembers = 512
	maxFlatToken   = 100
	maxFlatFresh   = 16
)

// A flatReader reads the value of one member into r.
type flatReader func(d *Decoder, r *Record) error

// flatMembers is every member of costscope JSONL (formats-otel 5, contract 2). Other scalar members are tags.
var flatMembers = map[string]flatReader{
	"v":    flatIgnore,
	"type": (*Decoder).flatType,

	"trace_id":       func(d *Decoder, r *Record) error { r.Run = d.text(d.scan.str()); return nil },
	"span_id":        func(d *Decoder, r *Record) error { r.ID = d.text(d.scan.str()); return nil },
	"parent_span_id": func(d *Decoder, r *Record) error { r.Parent = d.text(d.scan.str()); return nil },
	"retry_of":       func(d *Decoder, r *Record) error { r.RetryOf = d.text(d.scan.str()); return nil },

	"operation":   (*Decoder).flatOperation,
	"kind":        (*Decoder).flatKind,
	"status":      (*Decoder).flatStatus,
	"start":       func(d *Decoder, r *Record) error { return d.flatTime("start", r, &r.Start, HasStart) },
	"end":         func(d *Decoder, r *Record) error { return d.flatTime("end", r, &r.End, HasEnd) },
	"duration_ms": (*Decoder).flatDuration,

	"workflow": flatName(func(r *Record) *Sym { return &r.Workflow }),
	"agent":    flatName(func(r *Record) *Sym { return &r.Agent }),
	"step":     flatName(func(r *Record) *Sym { return &r.Step }),
	"name": func(d *Decoder, r *Record) error {
		r.Name, d.flat.named = d.flatGroup(), true
		return nil
	},
	"tool":           flatName(func(r *Record) *Sym { return &r.Tool }),
	"feature":        flatText(func(r *Record) *Sym { return &r.Feature }),
	"version":        flatText(func(r *Record) *Sym { return &r.Version }),
	"agent_instance": flatText(func(r *Record) *Sym { return &r.Instance }),
	"agent_role":     flatText(func(r *Record) *Sym { return &r.Role }),
	"provider":       flatText(func(r *Record) *Sym { return &r.Provider }),
	"model":          flatText(func(r *Record) *Sym { return &r.Model }),
	"request_model":  flatText(func(r *Record) *Sym { return &r.RequestModel }),
	"user_id":        flatText(func(r *Record) *Sym { return &r.User }),
	"session_id":     flatText(func(r *Record) *Sym { return &r.Session }),
	"service.name":   flatText(func(r *Record) *Sym { return &r.Service }),
	"service_tier":   flatText(func(r *Record) *Sym { return &r.Tier }),
	"error_type":     flatText(func(r *Record) *Sym { return &r.Error }),

	"input_tokens":                   flatCount(func(r *Record) *int64 { return &r.Usage.Input }, HasInput),
	"cache_read_input_tokens":        flatCount(func(r *Record) *int64 { return &r.Usage.CacheRead }, HasCacheRead),
	"cache_creation_input_tokens":    flatCount(func(r *Record) *int64 { return &r.Usage.CacheWrite }, HasCacheWrite),
	"cache_creation_1h_input_tokens": flatCount(func(r *Record) *int64 { return &r.Usage.CacheWrite1h }, HasCacheWrite1h),
	"output_tokens":                  flatCount(func(r *Record) *int64 { return &r.Usage.Output }, HasOutput),
	"reasoning_output_tokens":        flatCount(func(r *Record) *int64 { return &r.Usage.Reasoning }, HasReasoning),
	"unattributed_tokens":            flatCount(func(r *Record) *int64 { return &r.Usage.Unattributed }, HasUnattributed),
	"total_tokens":                   (*Decoder).flatTotal,
	"cost_usd":                       (*Decoder).flatCost,

	"attempt":      func(d *Decoder, r *Record) error { return d.flatSmall("attempt", &r.Attempt, nil, 0) },
	"sample_index": func(d *Decoder, r *Record) error { return d.flatSmall("sample_index", &r.SampleIndex, r, HasSample) },
	"retry_kind":   (*Decoder).flatRetryKind,
	"retry_confidence": func(d *Decoder, r *Record) error {
		r.Confidence = ParseConfidence(string(d.scan.str()))
		return nil
	},
	"output_ok": func(d *Decoder, r *Record) error { return d.flatFlag(r, FlagOutputBad, false) },
	"read_only": func(d *Decoder, r *Record) error { return d.flatFlag(r, FlagReadOnly, true) },
	"prompt_fp": func(d *Decoder, r *Record) error { return d.flatFingerprint(&r.Fingerprints[0]) },
	"tail_fp":   func(d *Decoder, r *Record) error { return d.flatFingerprint(&r.Fingerprints[1]) },
	"args_fp":   func(d *Decoder, r *Record) error { return d.flatFingerprint(&r.Fingerprints[2]) },
	"result_fp": func(d *Decoder, r *Record) error { return d.flatFingerprint(&r.Fingerprints[3]) },

	"context": (*Decoder).flatContext,
	"tags":    (*Decoder).flatTags,
	"score":   (*Decoder).flatScore,
	"scores":  (*Decoder).flatScores,
	"outcome": (*Decoder).flatOutcome,
	"task":    func(d *Decoder, r *Record) error { d.flat.facts.Task = string(d.scan.str()); return nil },
	"flags":   (*Decoder).flatFlags,

	"context_event": func(d *Decoder, r *Record) error { // of marks
		r.Event = contextEvents[string(d.scan.str())]
		return nil
	},

	// What convert adds for people: nothing that the trace states.
	"source": flatIgnore, "computed_cost_usd": flatIgnore, "price_row": flatIgnore, "unpriced": flatIgnore,

	"source_format": func(d *Decoder, r *Record) error { // stands before the names
		d.flat.settled = true
		d.scan.skip()
		return nil
	},
}

// flatAliases are other names of members: mostly those of OpenTelemetry.
var flatAliases = map[string]string{
	"gen_ai.operation.name":                    "operation",
	"gen_ai.response.model":                    "model",
	"gen_ai.request.model":                     "request_model",
	"gen_ai.workflow.name":                     "workflow",
	"gen_ai.agent.name":                        "agent",
	"gen_ai.agent.id":                          "agent_instance",
	"gen_ai.provider.name":                     "provider",
	"gen_ai.system":                            "provider",
	"gen_ai.tool.name":                         "tool",
	"gen_ai.usage.input_tokens":                "input_tokens",
	"gen_ai.usage.output_tokens":               "output_tokens",
	"gen_ai.usage.cache_read.input_tokens":     "cache_read_input_tokens",
	"gen_ai.usage.cache_creation.input_tokens": "cache_creation_input_tokens",
	"gen_ai.usage.reasoning.output_tokens":     "reasoning_output_tokens",
	"gen_ai.conversation.id":                   "session_id",
	"error.type":                               "error_type",
	"user.id":                                  "user_id",
	"session.id":                               "session_id",
	"quality":                                  "score",
}

func decodeCostscope(d *Decoder, value []byte) error {
	f, s := &d.flat, &d.scan
	d.flatStart()
	s.reset(value)
	r := d.add()
	m := &f.root
	for s.object(); s.err == nil; {
		if m = f.step(s, m); m == nil {
			break
		}
		if err := m.read(d, r); err != nil && s.err == nil {
			return fmt.Errorf("%s: %w", m.key, err)
		}
	}
	if s.err != nil {
		return s.err
	}
	return d.flatDone(r)
}

// step moves s to the member after m and returns it; nil at the end of the object.
func (f *flatState) step(s *scanner, m *flatMember) *flatMember {
	place := 1
	if m == &f.root {
		place = 0
	}
	for _, n := range m.next {
		if n == nil {
			break
		}
		t := n.tokens[place]
		if end := s.at + len(t); end <= len(s.b) && string(s.b[s.at:end]) == t && t != "" {
			s.at, s.first = end, false
			return n
		}
	}
	from := s.at
	if !s.next() {
		return nil
	}
	n := f.member(s.key())
	if token := s.b[from:s.at]; n.tokens[place] != string(token) && len(token) <= maxFlatToken && n.fresh < maxFlatFresh {
		n.tokens[place] = string(token)
		n.fresh++
	}
	if m.next[0] != n {
		m.next[0], m.next[1] = n, m.next[0]
	}
	return n
}

// member returns the member called key.
func (f *flatState) member(key []byte) *flatMember {
	if m := f.members[string(key)]; m != nil {
		return m
	}
	m := &flatMember{key: string(key), read: flatMembers[string(key)]}
	if m.read == nil {
		m.read = flatMembers[flatAliases[m.key]]
	}
	if m.read == nil {
		m.read = func(d *Decoder, r *Record) error {
			d.addTag([]byte(m.key), &d.scan)
			return nil
		}
	}
	if f.members == nil {
		f.members = map[string]*flatMember{}
	}
	if len(f.members) < maxFlatMembers {
		f.members[m.key] = m
	}
	return m
}

// flatDone settles what takes the whole value.
func (d *Decoder) flatDone(r *Record) error {
	f := &d.flat
	if f.kind == 'x' {
		return skipError("its type is neither call nor run")
	}
	if r.Run == "" {
		return errors.New("trace_id is missing")
	}
	if r.ID == "" && f.kind != 'r' {
		return errors.New("span_id is missing")
	}
	d.flatFacts(r)
	switch f.kind {
	case 'r':
		r.Kind, r.ID = KindRun, ""
		r.Status = f.said
		return nil
	case 'm':
		if r.Kind = KindMark; r.Event == EventNone {
			return skipError("a mark of no event that matters")
		}
		return nil
	}
	if !f.operation {
		return errors.New("operation is missing")
	}
	if f.override != KindUnknown {
		r.Kind = f.override
	}
	if !f.named && !r.Kind.Encloses() {
		r.Name = f.word
	}
	d.flatEnd(r)
	d.settleUsage(r, reasonKept, f.total)
	return nil
}

// flatEnd settles the end and the status of a call.
func (d *Decoder) flatEnd(r *Record) {
	f := &d.flat
	if f.timed && r.Has&HasEnd == 0 && r.Has&HasStart != 0 {
		r.End = r.Start + f.duration
		r.Has |= HasEnd
	} else if f.timed && r.Has&(HasStart|HasEnd) == HasEnd {
		r.Start = r.End - f.duration
		r.Has |= HasStart
	}
	if r.State(HasStart|HasEnd) && r.End < r.Start {
		d.warnf("a call ends before it starts: its duration is read as 0")
		r.End = r.Start
	}
	switch {
	case f.stated:
		r.Status = f.said
	case r.Error != 0:
		r.Status = StatusError
	case r.Has&HasEnd != 0 || f.timed:
		r.Status = StatusOK
	}
}

func flatIgnore(d *Decoder, r *Record) error { d.scan.skip(); return nil }

func flatName(field func(*Record) *Sym) flatReader {
	return func(d *Decoder, r *Record) error {
		*field(r) = d.flatGroup()
		return nil
	}
}

// flatGroup reads a name to group by. Those that convert wrote are settled: they stand as they are.
func (d *Decoder) flatGroup() Sym {
	if d.flat.settled {
		return d.sym(d.scan.str())
	}
	return d.name(d.scan.str())
}

func flatText(field func(*Record) *Sym) flatReader {
	return func(d *Decoder, r *Record) error {
		*field(r) = d.sym(d.scan.str())
		return nil
	}
}

func flatCount(field func(*Record) *int64, has Fields) flatReader {
	return func(d *Decoder, r *Record) error { return d.flatCount(r, field(r), has) }
}

func (d *Decoder) flatCount(r *Record, to *int64, has Fields) error {
	s := &d.scan
	if n, ok := s.digits(); ok {
		*to = n
		r.Has |= has
		return nil
	}
	k := s.kind()
	empty := k == 0 || k == 'n' || bytes.HasPrefix(s.b[s.at:], emptyText)
	if err := d.count(s, r, to, has); err != nil {
		return err
	}
	if r.Has&has == 0 && !empty {
		return errCount
	}
	return nil
}

var emptyText = []byte(`""`)

func (d *Decoder) flatTotal(r *Record) error {
	var n int64
	var is Record
	if err := d.flatCount(&is, &n, HasInput); err != nil {
		return err
	}
	if is.Has != 0 {
		d.flat.total = n
	}
	return nil
}

// contextEvents are the events between calls that a mark may tell.
var contextEvents = map[string]Event{"compact": EventCompact, "microcompact": EventMicroCompact}

func (d *Decoder) flatType(r *Record) error {
	switch string(d.scan.str()) {
	case "call", "":
		d.flat.kind = 'c'
	case "run":
		d.flat.kind = 'r'
	case "mark":
		d.flat.kind = 'm'
	default:
		d.flat.kind = 'x'
	}
	return nil
}

// operations are the words for what a call does. The first word of each kind is the one that is written.
var operations = []struct {
	word string
	kind Kind
}{
	{"chat", KindLLM}, {"text_completion", KindLLM}, {"generate_content", KindLLM}, {"completion", KindLLM},
	{"embeddings", KindEmbedding}, {"embedding", KindEmbedding},
	{"execute_tool", KindTool}, {"tool", KindTool},
	{"retrieval", KindRetriever},
	{"rerank", KindReranker},
	{"invoke_agent", KindAgent}, {"create_agent", KindAgent}, {"plan", KindAgent},
	{"invoke_workflow", KindChain}, {"task", KindChain},
	{"guardrail", KindGuardrail},
	{"evaluate", KindEvaluator}, {"evaluation", KindEvaluator},
	{"human_review", KindHuman},
}

func (d *Decoder) flatOperation(r *Record) error {
	b := d.scan.str()
	if len(b) == 0 {
		return nil
	}
	d.flat.operation = true
	for i := range operations {
		if operations[i].word == string(b) {
			r.Kind = operations[i].kind
			break
		}
	}
	d.flat.word = d.sym(b)
	return nil
}

func (d *Decoder) flatKind(r *Record) error {
	b := d.scan.str()
	if len(b) == 0 {
		return nil
	}
	if string(b) == "human_review" {
		d.flat.override = KindHuman
		return nil
	}
	if k := ParseKind(text(b)); k != KindUnknown && k < KindRun {
		d.flat.override = k
		return nil
	}
	d.warnf("an unknown kind %s: the operation decides", quoteShort(b))
	return nil
}

// statusWords are the words for how a call ended. Those that say how it failed are its error type, too, where none is stated.
var statusWords = map[string]Status{
	"ok": StatusOK, "success": StatusOK, "succeeded": StatusOK, "successful": StatusOK, "completed": StatusOK, "complete": StatusOK,
	"done": StatusOK, "finished": StatusOK, "stop": StatusOK, "end_turn": StatusOK, "true": StatusOK,
	"unset": StatusUnset, "unknown": StatusUnset, "": StatusUnset,
	"running": StatusUnfinished, "started": StatusUnfinished, "pending": StatusUnfinished, "queued": StatusUnfinished,
	"in_progress": StatusUnfinished, "unfinished": StatusUnfinished, "in_flight": StatusUnfinished,
	"error": StatusError, "failed": StatusError, "failure": StatusError, "fail": StatusError, "err": StatusError, "false": StatusError,
	"timeout": StatusError, "timed_out": StatusError, "cancelled": StatusError, "canceled": StatusError, "aborted": StatusError,
	"rejected": StatusError, "refused": StatusError, "refusal": StatusError, "blocked": StatusError, "truncated": StatusError,
	"incomplete": StatusError, "rate_limited": StatusError, "rate_limit": StatusError, "overloaded": StatusError, "invalid": StatusError,
	"schema_invalid": StatusError, "expired": StatusError, "killed": StatusError, "crashed": StatusError, "exception": StatusError,
	"unavailable": StatusError, "denied": StatusError, "content_filter": StatusError, "max_tokens": StatusError, "length": StatusError,
}

// plainErrors say that a call failed but not how.
var plainErrors = map[string]bool{"error": true, "failed": true, "failure": true, "fail": true, "err": true, "false": true}

func (d *Decoder) flatStatus(r *Record) error {
	b := d.scan.str()
	if string(b) == "ok" {
		d.flat.said, d.flat.stated = StatusOK, true
		return nil
	}
	w := d.flat.lower[:0]
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		} else if c == '-' || c == ' ' {
			c = '_'
		}
		w = append(w, c)
	}
	d.flat.lower = w
	st, known := statusWords[string(w)]
	if !known {
		if st, known = httpStatus(w); !known {
			d.warnf("an unknown status %s: read as not stated", quoteShort(b))
		}
		if st == StatusError {
			w = append(append(w[:0], "http "...), b...)
		}
	}
	d.flat.said, d.flat.stated = st, len(b) > 0
	if st == StatusError && r.Error == 0 && !plainErrors[string(w)] {
		r.Error = d.sym(w)
	}
	return nil
}

func httpStatus(w []byte) (Status, bool) {
	n, ok := parseInt(w)
	switch {
	case !ok || n < 100 || n > 599:
		return StatusUnset, false
	case n < 400:
		return StatusOK, true
	}
	return StatusError, true
}

func (d *Decoder) flatTime(key string, r *Record, to *int64, has Fields) error {
	b := d.scan.str()
	if len(b) == 0 {
		return nil
	}
	ns, zoned, err := parseTime(b)
	if err != nil {
		d.warnf("%s: %v: the call is kept without it", key, err)
		return nil
	}
	if !zoned {
		d.warnf("%s: a time without a zone: read as UTC", key)
	}
	*to = ns
	r.Has |= has
	return nil
}

// maxDuration is ten years in nanoseconds.
const maxDuration = 315576000 * int64(1e9)

func (d *Decoder) flatDuration(r *Record) error {
	if ms, ok := d.scan.digits(); ok && ms < maxDuration/1e6 {
		d.flat.duration, d.flat.timed = ms*1e6, true
		return nil
	} else if ok {
		d.warnf("duration_ms: absurd: the call is kept without it")
		return nil
	}
	v := d.scan.num()
	if v == nil {
		return nil
	}
	ns, ok := parseDecimal(v, 6)
	if !ok || ns > maxDuration {
		d.warnf("duration_ms: absurd: the call is kept without it")
		return nil
	}
	if ns < 0 {
		d.warnf("duration_ms: negative: read as 0")
		ns = 0
	}
	d.flat.duration, d.flat.timed = ns, true
	return nil
}

func (d *Decoder) flatCost(r *Record) error {
	v := d.scan.num()
	if v == nil {
		return nil
	}
	usd, ok := shortUSD(v)
	if !ok {
		var err error
		usd, err = ParseUSD(v)
		ok = err == nil && usd >= 0
	}
	if !ok {
		d.warnf("cost_usd: negative or too large: read as not stated")
		return nil
	}
	r.Recorded = usd
	r.Has |= HasCost
	return nil
}

// shortUSD reads an amount of a few digits, such as 0.0123; ParseUSD reads the others.
func shortUSD(v []byte) (USD, bool) {
	n, unit, dot := int64(0), int64(Dollar), false
	for _, c := range v {
		if c == '.' && !dot {
			dot = true
			continue
		}
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
		if dot {
			unit /= 10
		}
	}
	if len(v) > 13 || unit == 0 || n > 1e6 {
		return 0, false
	}
	return USD(n * unit), true
}

// flatSmall reads a small number, an attempt or an index.
func (d *Decoder) flatSmall(key string, to *int32, r *Record, has Fields) error {
	n, ok := d.scan.digits()
	if !ok {
		v := d.scan.num()
		if v == nil {
			return nil
		}
		n, ok = parseInt(v)
	}
	if !ok || n < 0 || n > 1e6 {
		d.warnf("%s: not a number from 0 to 1000000: read as not stated", key)
		return nil
	}
	*to = int32(n)
	if r != nil {
		r.Has |= has
	}
	return nil
}

func (d *Decoder) flatRetryKind(r *Record) error {
	b := d.scan.str()
	if r.RetryKind = ParseRetryKind(text(b)); r.RetryKind == RetryNone && len(b) > 0 {
		d.warnf("an unknown retry_kind %s: read as not stated", quoteShort(b))
	}
	return nil
}

// flatFlag sets a flag when the member is the boolean when.
func (d *Decoder) flatFlag(r *Record, f Flags, when bool) error {
	if v, ok := d.scan.boolean(); ok && v == when {
		r.Flags |= f
	}
	return nil
}

// flatFingerprint reads up to 16 hex digits as the number that they are; other text is hashed.
func (d *Decoder) flatFingerprint(to *uint64) error {
	b := d.scan.str()
	if len(b) == 0 {
		return nil
	}
	if len(b) <= 16 {
		if n, err := strconv.ParseUint(text(b), 16, 64); err == nil {
			*to = n
			return nil
		}
	}
	*to = textHash(b)
	return nil
}

func (d *Decoder) flatContext(r *Record) error {
	s, f := &d.scan, &d.flat
	if !s.enter('{') {
		return nil
	}
	if len(f.parts) == 0 {
		f.parts = make([][ContextParts]int64, 128)
	}
	parts, any := &f.parts[0], false
	*parts = [ContextParts]int64{}
	for s.next() {
		i := ContextParts - 1
		for k, name := range ContextNames {
			if string(s.key()) == name {
				i = k
			}
		}
		var n int64
		var is Record
		if err := d.count(s, &is, &n, HasInput); err != nil {
			return err
		}
		parts[i] += n
		any = any || is.Has != 0
	}
	if any && s.err == nil {
		r.Context, f.parts = parts, f.parts[1:]
	}
	return nil
}

// flatTags reads an object of tags, or a list of "tag" and "key=value".
func (d *Decoder) flatTags(r *Record) error {
	s := &d.scan
	switch s.kind() {
	case '{':
		for s.object(); s.next(); {
			d.addTag(s.key(), s)
		}
	case '[':
		for s.array(); s.next(); {
			b := s.str()
			key := tagKey(b)
			d.flat.tags.add(key, b[min(len(key)+1, len(b)):])
		}
	default:
		if b := s.str(); len(b) > 0 {
			d.flat.tags.add(b, nil)
		}
	}
	return nil
}

// addTag adds the next value of s as a tag if it is a scalar.
func (d *Decoder) addTag(key []byte, s *scanner) {
	switch s.kind() {
	case '{', '[', 'n':
		s.skip()
	default:
		if b := s.str(); s.err == nil {
			d.flat.tags.add(key, b)
		}
	}
}

func (d *Decoder) flatScore(r *Record) error {
	if v, ok := parseFloat(d.scan.num()); ok {
		r.Score = v
		r.Has |= HasScore
	}
	return nil
}

func parseFloat(b []byte) (float64, bool) {
	if b == nil {
		return 0, false
	}
	f, err := strconv.ParseFloat(text(b), 64)
	return f, err == nil
}

func (d *Decoder) flatScores(r *Record) error {
	s := &d.scan
	if !s.enter('{') {
		return nil
	}
	for s.next() {
		name := string(tidy(s.key()))
		if v, ok := parseFloat(s.num()); ok {
			d.flat.facts.Scores = append(d.flat.facts.Scores, Value{name, v})
		}
	}
	return nil
}

// flatOutcome reads {"success": true, "values": […], "value_usd": 3}, or just the word or boolean.
func (d *Decoder) flatOutcome(r *Record) error {
	s := &d.scan
	if s.kind() != '{' {
		b := s.str()
		if o := outcomeWord(b); o != OutcomeUnknown {
			r.Outcome = o
			r.Has |= HasOutcome
		} else if len(b) > 0 {
			d.warnf("an unknown outcome %s: read as not stated", quoteShort(b))
		}
		return nil
	}
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "success":
			if o := outcomeWord(s.str()); o != OutcomeUnknown {
				r.Outcome = o
				r.Has |= HasOutcome
			}
		case "values":
			d.flatValues()
		case "value_usd":
			if v, ok := parseFloat(s.num()); ok {
				d.flat.facts.ValueUSD = &v
			}
		case "score", "quality":
			d.flatScore(r)
		default:
			s.skip()
		}
	}
	return nil
}

func (d *Decoder) flatValues() {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.nextObject() {
		var v Value
		ok := false
		for s.next() {
			switch string(s.key()) {
			case "unit":
				v.Unit = string(tidy(s.str()))
			case "amount":
				v.Amount, ok = parseFloat(s.num())
			default:
				s.skip()
			}
		}
		if ok && v.Unit != "" {
			d.flat.facts.Values = append(d.flat.facts.Values, v)
		}
	}
}

// flagNames are the words for facts of a record that have no member of their own; convert writes them.
var flagNames = []struct {
	name string
	flag Flags
}{
	{"subagent_file", FlagSubagentFile}, {"progress", FlagProgress}, {"aggregate", FlagAggregate}, {"gateway_hit", FlagGatewayHit},
	{"write_split_assumed", FlagWriteSplitGuess}, {"cache_beside", FlagCacheBeside}, {"cache_over", FlagCacheOver}, {"batch", FlagBatch},
	{"iteration", FlagIteration}, {"understated", FlagUnderstated}, {"inherited", FlagInherited}, {"total", FlagTotal}, {"rest", FlagRest},
	{"cost_spread", FlagCostSpread}, {"reasoning_charged_twice", FlagReasonTwice}, {"covered", FlagCovered}, {"several_calls", FlagSeveral},
	{"asked_by_person", FlagAsked},
	{"snapshot", FlagSnapshot},
}

func (d *Decoder) flatFlags(r *Record) error {
	s := &d.scan
	if s.kind() != '[' {
		d.addTag([]byte("flags"), s)
		return nil
	}
	for s.array(); s.next(); {
		b := s.str()
		for _, f := range flagNames {
			if f.name == string(b) {
				r.Flags |= f.flag
			}
		}
	}
	return nil
}

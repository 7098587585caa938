package tracefmt

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Origin is what `convert` says about a call beside what its trace states.
type Origin struct {
	Source string // "file:line"
	Part   bool   // not all calls of the run are written: totals stand as what they state beyond the calls
}

// AppendCall appends c as one line of costscope JSONL. Reading it back gives the same record, with the names that the run decided
// (workflow, agent, step). Beside it stands what was found out: source format, place, computed cost, price row or "unpriced".
func AppendCall(b []byte, n *Names, c *Call, o Origin) []byte {
	w := lineWriter{b, n}
	r := c.Record
	flags := r.Flags
	if !o.Part { // who reads it settles the run again
		flags &^= FlagCovered
		if c.Stated != nil {
			r = c.Stated
			flags = r.Flags
		}
	}
	w.open("call", r)
	w.text("source_format", Formats[r.Format].Name)
	w.text("parent_span_id", r.Parent)
	w.kind(c)
	w.sym("workflow", c.Workflow)
	if c.Stated == nil && !c.isSum() || o.Part { // a total speaks of the calls of the agent that it names
		w.sym("agent", c.Agent)
	} else {
		w.sym("agent", r.Agent)
	}
	w.sym("step", c.Step)
	w.sym("agent_role", r.Role)
	w.sym("agent_instance", r.Instance)
	w.sym("tool", r.Tool)
	w.sym("provider", r.Provider)
	if r.Model|r.RequestModel == 0 {
		w.sym("request_model", c.Model) // that of the run
	} else {
		w.sym("request_model", r.RequestModel)
		w.sym("model", r.Model)
	}
	w.times(r)
	w.usage(r)
	w.status(r)
	w.retry(r)
	w.sym("feature", c.Feature)
	w.sym("version", c.Version)
	w.sym("user_id", c.User)
	w.sym("session_id", c.Session)
	w.sym("service.name", r.Service)
	w.facts(r)
	w.flags(flags)
	w.tags(r.Tags)
	w.text("source", o.Source)
	w.money(c)
	return append(w.b, "}\n"...)
}

// AppendRun appends what holds for a run as a whole as one line of costscope JSONL.
func AppendRun(b []byte, n *Names, r *Run) []byte {
	w := lineWriter{b, n}
	w.open("run", &Record{Run: r.ID})
	w.text("source_format", r.format())
	w.sym("workflow", r.Workflow)
	w.sym("agent", r.Agent)
	w.sym("request_model", r.Model)
	w.sym("feature", r.Feature)
	w.sym("version", r.Version)
	w.sym("user_id", r.User)
	w.sym("session_id", r.Session)
	w.float("score", r.Score, r.HasScore)
	if f := r.Facts; f != nil {
		w.text("task", f.Task)
		w.scores(f.Scores)
	}
	w.outcome(r)
	w.tags(r.Tags)
	return append(w.b, "}\n"...)
}

// AppendMark appends an event between calls as one line of costscope JSONL; nothing for those that it has no word for.
func AppendMark(b []byte, n *Names, m *Record) []byte {
	for word, event := range contextEvents {
		if m.Event != event || m.ID == "" {
			continue
		}
		w := lineWriter{b, n}
		w.open("mark", m)
		w.text("source_format", Formats[m.Format].Name)
		w.sym("agent", m.Agent)
		w.sym("agent_instance", m.Instance)
		w.text("context_event", word)
		w.times(m)
		return append(w.b, "}\n"...)
	}
	return b
}

// format is that of the run's first call.
func (r *Run) format() string {
	if len(r.Calls) == 0 {
		return costscopeFormat.Name
	}
	return Formats[r.Calls[0].Format].Name
}

// A lineWriter writes the members of one line. What is not stated is left out.
type lineWriter struct {
	b []byte
	n *Names
}

func (w *lineWriter) open(kind string, r *Record) {
	w.b = append(w.b, `{"type":"`...)
	w.b = append(w.b, kind...)
	w.b = append(w.b, '"')
	w.text("trace_id", r.Run)
	w.text("span_id", r.ID)
}

func (w *lineWriter) key(k string) {
	w.b = append(w.b, ',')
	w.b = appendText(w.b, k)
	w.b = append(w.b, ':')
}

func (w *lineWriter) text(key, s string) {
	if s != "" {
		w.key(key)
		w.b = appendText(w.b, s)
	}
}

func (w *lineWriter) sym(key string, y Sym) { w.text(key, w.n.Name(y)) }

func (w *lineWriter) int(key string, v int64, stated bool) {
	if stated {
		w.key(key)
		w.b = strconv.AppendInt(w.b, v, 10)
	}
}

func (w *lineWriter) float(key string, v float64, stated bool) {
	if stated {
		w.key(key)
		w.b = strconv.AppendFloat(w.b, v, 'g', -1, 64)
	}
}

func (w *lineWriter) bool(key string, v, stated bool) {
	if stated {
		w.key(key)
		w.b = strconv.AppendBool(w.b, v)
	}
}

// kind writes the operation, and the record's own name where the operation does not give it.
func (w *lineWriter) kind(c *Call) {
	kind := c.Record.Kind
	if kind == KindUnknown {
		kind = c.Kind
	}
	word := "span"
	for i := range operations {
		if operations[i].kind == kind {
			word = operations[i].word
			break
		}
	}
	w.text("operation", word)
	name := w.n.Name(c.Name)
	if name == "" && !kind.Encloses() {
		w.key("name")
		w.b = append(w.b, `""`...)
	} else if name != word || kind.Encloses() {
		w.text("name", name)
	}
}

func (w *lineWriter) times(r *Record) {
	if r.Has&HasStart != 0 {
		w.time("start", r.Start)
	}
	if r.Has&HasEnd != 0 {
		w.time("end", r.End)
	}
}

func (w *lineWriter) time(key string, ns int64) {
	w.key(key)
	w.b = append(w.b, '"')
	w.b = time.Unix(0, ns).UTC().AppendFormat(w.b, time.RFC3339Nano)
	w.b = append(w.b, '"')
}

func (w *lineWriter) usage(r *Record) {
	u := &r.Usage
	for _, f := range [...]struct {
		key string
		v   int64
		has Fields
	}{
		{"input_tokens", u.Input, HasInput}, {"cache_read_input_tokens", u.CacheRead, HasCacheRead},
		{"cache_creation_input_tokens", u.CacheWrite, HasCacheWrite}, {"cache_creation_1h_input_tokens", u.CacheWrite1h, HasCacheWrite1h},
		{"output_tokens", u.Output, HasOutput}, {"reasoning_output_tokens", u.Reasoning, HasReasoning},
		{"unattributed_tokens", u.Unattributed, HasUnattributed},
	} {
		w.int(f.key, f.v, r.Has&f.has != 0)
	}
	if r.Has&HasCost != 0 {
		w.key("cost_usd")
		w.b = r.Recorded.Append(w.b)
	}
	w.sym("service_tier", r.Tier)
}

// status writes how the call ended; what has no end and no status is unfinished by itself.
func (w *lineWriter) status(r *Record) {
	if r.Status != StatusUnset || r.Has&HasEnd != 0 || r.Error != 0 {
		w.text("status", r.Status.String())
	}
	w.sym("error_type", r.Error)
	w.bool("output_ok", false, r.Flags&FlagOutputBad != 0)
}

func (w *lineWriter) retry(r *Record) {
	w.int("attempt", int64(r.Attempt), r.Attempt != 0)
	w.text("retry_of", r.RetryOf)
	kind := r.RetryKind.String()
	if r.RetryKind == RetryPlain {
		kind = "retry"
	}
	w.text("retry_kind", kind)
	w.text("retry_confidence", r.Confidence.String())
}

// facts writes what few records state.
func (w *lineWriter) facts(r *Record) {
	w.float("score", r.Score, r.Has&HasScore != 0)
	w.int("sample_index", int64(r.SampleIndex), r.Has&HasSample != 0)
	w.bool("read_only", true, r.Flags&FlagReadOnly != 0)
	for i, key := range [...]string{"prompt_fp", "tail_fp", "args_fp", "result_fp"} {
		if v := r.Fingerprints[i]; v != 0 {
			w.text(key, strconv.FormatUint(v, 16))
		}
	}
	if r.Context != nil {
		w.key("context")
		w.b = append(w.b, '{')
		for i, name := range ContextNames {
			if i > 0 {
				w.b = append(w.b, ',')
			}
			w.b = append(appendText(w.b, name), ':')
			w.b = strconv.AppendInt(w.b, r.Context[i], 10)
		}
		w.b = append(w.b, '}')
	}
	if r.Has&HasOutcome != 0 {
		w.bool("outcome", r.Outcome == OutcomeSuccess, r.Outcome == OutcomeSuccess || r.Outcome == OutcomeFailure)
	}
	if r.Extra != nil {
		w.scores(r.Extra.Scores)
	}
}

func (w *lineWriter) flags(flags Flags) {
	sep := byte('[')
	for _, f := range flagNames {
		if flags&f.flag == 0 {
			continue
		}
		if sep == '[' {
			w.key("flags")
		}
		w.b = appendText(append(w.b, sep), f.name)
		sep = ','
	}
	if sep == ',' {
		w.b = append(w.b, ']')
	}
}

func (w *lineWriter) tags(set Sym) {
	text := w.n.Name(set)
	if text == "" {
		return
	}
	w.key("tags")
	sep := byte('{')
	for key, value := range TagPairs(text) {
		w.b = appendText(append(w.b, sep), key)
		w.b = appendText(append(w.b, ':'), value)
		sep = ','
	}
	w.b = append(w.b, '}')
}

func (w *lineWriter) scores(scores []Value) {
	if len(scores) == 0 {
		return
	}
	w.key("scores")
	for i, s := range scores {
		w.b = append(w.b, "{,"[min(i, 1)])
		w.b = append(appendText(w.b, s.Unit), ':')
		w.b = strconv.AppendFloat(w.b, s.Amount, 'g', -1, 64)
	}
	w.b = append(w.b, '}')
}

func (w *lineWriter) outcome(r *Run) {
	decided := r.Outcome == OutcomeSuccess || r.Outcome == OutcomeFailure
	if !decided && (r.Facts == nil || len(r.Facts.Values) == 0 && r.Facts.ValueUSD == nil) {
		return
	}
	w.key("outcome")
	w.b = append(w.b, `{"success":`...)
	if decided {
		w.b = strconv.AppendBool(w.b, r.Outcome == OutcomeSuccess)
	} else {
		w.b = append(w.b, "null"...)
	}
	if f := r.Facts; f != nil {
		w.values(f.Values)
		if f.ValueUSD != nil {
			w.float("value_usd", *f.ValueUSD, true)
		}
	}
	w.b = append(w.b, '}')
}

func (w *lineWriter) values(values []Value) {
	if len(values) == 0 {
		return
	}
	w.key("values")
	for i, v := range values {
		w.b = append(w.b, "[,"[min(i, 1)])
		w.b = appendText(append(w.b, `{"unit":`...), v.Unit)
		w.b = strconv.AppendFloat(append(w.b, `,"amount":`...), v.Amount, 'g', -1, 64)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}

// money writes what the price book says.
func (w *lineWriter) money(c *Call) {
	if c.HasComputed {
		w.key("computed_cost_usd")
		w.b = c.Computed.Append(w.b)
	}
	if c.Price != nil {
		w.text("price_row", c.Price.Provider+"/"+c.Price.ID)
	}
	w.bool("unpriced", true, c.State == CostUnpriced)
}

// Acts tells that a terminal may act on r instead of showing it: control characters and those that turn the direction of text. JSON that
// we write has them escaped.
func Acts(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r != 0x200d && unicode.Is(unicode.Cf, r)
}

// AppendEscape appends r as JSON writes what must not stand there as it is.
func AppendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	var units [2]uint16
	for _, u := range utf16.AppendRune(units[:0], r) {
		b = append(b, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	return b
}

// appendText appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < 0x7f {
			i++
			continue
		}
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			if r, n = utf8.DecodeRuneInString(s[i:]); (r != utf8.RuneError || n > 1) && !Acts(r) {
				i += n
				continue
			}
		}
		b = append(b, s[from:i]...)
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case r == utf8.RuneError:
			b = append(b, "\ufffd"...)
		default:
			b = AppendEscape(b, r)
		}
		i += n
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

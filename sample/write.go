package sample

import (
	"strconv"
	"time"

	"costscope/tracefmt"
)

// A line is one line of costscope JSONL before it is written. Ids are numbers; zero and "" mean absent.
type line struct {
	run              *identity
	root             bool // a facts-of-the-run line
	span, parent     int
	op, kind         string
	agent, role      string
	instance, step   string
	model, asked     *model // the model that answered, the model asked for
	tool             string
	start, dur       int64 // milliseconds; dur < 0: unfinished
	usage            tracefmt.Usage
	hasUsage         bool
	cost             tracefmt.USD
	hasCost          bool
	status, errorTyp string
	attempt, retryOf int
	retryKind        tracefmt.RetryKind
	bad              bool
	parts            *[tracefmt.ContextParts]int64
	prompt, tail     uint32
	args, result     uint32
	sample           int
	access           access
	stage, tier      string

	end ending
}

// access says whether a tool changes anything.
type access uint8

const (
	notSaid access = iota
	reads
	writes
)

// identity is what all lines of a run share.
type identity struct {
	id                         int64
	workflow, feature, version string
}

// ending is what a run's own line says.
type ending struct {
	said          bool // an outcome is stated
	success       bool
	quality       int64 // hundredths; < 0: not stated
	values        []amount
	user, session int64
	task          int64
	channel       string
}

type amount struct {
	unit   string
	tenths int64
}

// at is when the line would be logged.
func (l *line) at() int64 { return l.start + max(l.dur, 0) }

// jsonl appends members of one object.
type jsonl struct {
	b      []byte
	prefix string // of run ids
}

func (w *jsonl) key(k string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, k...)
	w.b = append(w.b, '"', ':')
}

func (w *jsonl) str(k, v string) {
	if v == "" {
		return
	}
	w.key(k)
	w.b = append(w.b, '"')
	w.b = append(w.b, v...) // all texts are the package's own: letters, digits and dashes
	w.b = append(w.b, '"')
}

func (w *jsonl) int(k string, v int64) {
	w.key(k)
	w.b = strconv.AppendInt(w.b, v, 10)
}

func (w *jsonl) id(k string, v int) {
	if v == 0 {
		return
	}
	w.key(k)
	w.b = append(w.b, '"')
	w.b = strconv.AppendInt(w.b, int64(v), 10)
	w.b = append(w.b, '"')
}

func (w *jsonl) numbered(k, prefix string, v, digits int64) {
	w.key(k)
	w.b = append(w.b, '"')
	w.b = append(w.b, prefix...)
	for pow := pow10(digits - 1); pow > v && pow > 1; pow /= 10 {
		w.b = append(w.b, '0')
	}
	w.b = strconv.AppendInt(w.b, v, 10)
	w.b = append(w.b, '"')
}

func pow10(n int64) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func (w *jsonl) time(k string, ms int64) {
	w.key(k)
	w.b = append(w.b, '"')
	w.b = time.UnixMilli(ms).UTC().AppendFormat(w.b, "2006-01-02T15:04:05.000Z")
	w.b = append(w.b, '"')
}

func (w *jsonl) hash(k string, v uint32) {
	if v == 0 {
		return
	}
	w.key(k)
	w.b = append(w.b, '"')
	for shift := 28; shift >= 0; shift -= 4 {
		w.b = append(w.b, "0123456789abcdef"[v>>shift&15])
	}
	w.b = append(w.b, '"')
}

func (w *jsonl) bool(k string, v bool) {
	w.key(k)
	w.b = strconv.AppendBool(w.b, v)
}

// fixed writes v / 10^digits.
func (w *jsonl) fixed(k string, v, digits int64) {
	w.key(k)
	unit := pow10(digits)
	w.b = strconv.AppendInt(w.b, v/unit, 10)
	w.b = append(w.b, '.')
	for pow := unit / 10; pow > 0; pow /= 10 {
		w.b = append(w.b, byte('0'+v/pow%10))
	}
}

// appendLine appends l and a line end.
func appendLine(b []byte, prefix string, l *line) []byte {
	w := jsonl{append(b, '{'), prefix}
	if l.root {
		w.run(l)
	} else {
		w.call(l)
	}
	return append(w.b, '}', '\n')
}

func (w *jsonl) call(l *line) {
	w.int("v", 1)
	w.str("type", "call")
	w.numbered("trace_id", w.prefix, l.run.id, 6)
	w.id("span_id", l.span)
	w.id("parent_span_id", l.parent)
	w.str("workflow", l.run.workflow)
	w.str("feature", l.run.feature)
	w.str("version", l.run.version)
	w.str("agent", l.agent)
	w.str("agent_role", l.role)
	w.str("agent_instance", l.instance)
	w.str("step", l.step)
	w.str("operation", l.op)
	w.str("kind", l.kind)
	w.models(l)
	w.str("tool", l.tool)
	switch l.access {
	case reads:
		w.bool("read_only", true)
	case writes:
		w.bool("read_only", false)
	}
	w.time("start", l.start)
	if l.dur >= 0 {
		w.int("duration_ms", l.dur)
	}
	w.str("status", l.status)
	w.str("error_type", l.errorTyp)
	w.tokens(l)
	w.retry(l)
	w.str("stage", l.stage)
	w.str("service_tier", l.tier)
	w.context(l.parts)
	w.hash("prompt_fp", l.prompt)
	w.hash("tail_fp", l.tail)
	w.hash("args_fp", l.args)
	w.hash("result_fp", l.result)
}

func (w *jsonl) models(l *line) {
	if l.model != nil {
		w.str("provider", l.model.provider)
		w.str("model", l.model.name)
	}
	if l.asked != nil {
		w.str("request_model", l.asked.name)
	}
}

func (w *jsonl) tokens(l *line) {
	if l.hasUsage {
		w.int("input_tokens", l.usage.Input)
		for _, f := range [...]struct {
			name string
			n    int64
		}{
			{"cache_read_input_tokens", l.usage.CacheRead}, {"cache_creation_input_tokens", l.usage.CacheWrite},
			{"cache_creation_1h_input_tokens", l.usage.CacheWrite1h},
		} {
			if f.n > 0 {
				w.int(f.name, f.n)
			}
		}
		if l.op != "embeddings" {
			w.int("output_tokens", l.usage.Output)
		}
		if l.usage.Reasoning > 0 {
			w.int("reasoning_output_tokens", l.usage.Reasoning)
		}
	}
	if l.hasCost {
		w.key("cost_usd")
		w.b = l.cost.Append(w.b)
	}
}

func (w *jsonl) retry(l *line) {
	if l.attempt > 0 {
		w.int("attempt", int64(l.attempt))
	}
	w.id("retry_of", l.retryOf)
	if l.retryKind == tracefmt.RetryPlain {
		w.str("retry_kind", "retry")
	} else {
		w.str("retry_kind", l.retryKind.String())
	}
	if l.bad {
		w.bool("output_ok", false)
	}
	if l.sample > 0 {
		w.int("sample_index", int64(l.sample))
	}
}

func (w *jsonl) context(parts *[tracefmt.ContextParts]int64) {
	if parts == nil {
		return
	}
	w.key("context")
	w.b = append(w.b, '{')
	for i, n := range parts {
		if n > 0 {
			w.int(tracefmt.ContextNames[i], n)
		}
	}
	w.b = append(w.b, '}')
}

func (w *jsonl) run(l *line) {
	e := &l.end
	w.int("v", 1)
	w.str("type", "run")
	w.numbered("trace_id", w.prefix, l.run.id, 6)
	w.str("workflow", l.run.workflow)
	w.str("feature", l.run.feature)
	w.str("version", l.run.version)
	w.numbered("user_id", "user-", e.user, 4)
	w.numbered("session_id", "s-", e.session, 6)
	w.numbered("task", l.run.feature+"-", e.task, 2)
	if e.channel != "" {
		w.key("tags")
		w.b = append(w.b, `{"channel":"`+e.channel+`"}`...)
	}
	if e.said {
		w.outcome(e)
	}
	if e.quality >= 0 {
		w.fixed("quality", e.quality, 2)
	}
}

func (w *jsonl) outcome(e *ending) {
	w.str("status", map[bool]string{true: "ok", false: "error"}[e.success])
	w.key("outcome")
	w.b = append(w.b, '{')
	w.bool("success", e.success)
	if len(e.values) > 0 {
		w.key("values")
		for i, v := range e.values {
			w.b = append(w.b, "[,"[min(i, 1)], '{')
			w.str("unit", v.unit)
			w.fixed("amount", v.tenths, 1)
			w.b = append(w.b, '}')
		}
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, '}')
}

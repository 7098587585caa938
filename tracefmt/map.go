package tracefmt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Map says where the values of a format of one's own hold what costscope wants to know. Its file is YAML, JSON or TOML:
//
//	match: [request, llm]                # only sources whose values have these keys; they are read by the mapping whatever else knows them
//	records: data.calls                  # where the records stand in a value; without it each value is one
//	where: {event: llm_call}             # only records for which this holds; several values are alternatives
//	input_includes_cache: true           # false: cached tokens are counted beside the input
//	output_includes_reasoning: true
//	fields:
//	  run: $.session.id                  # "$." begins at the value, not at the record
//	  id: request_id
//	  model: [response.model, model]     # the first that is there
//	  input_tokens: usage.prompt_tokens
//	  cost: {path: price, unit: cents}
//	  start: {path: ts, unit: ms}
//	  kind: {path: type, values: {llm: chat, fn: tool}}
//	  workflow: {const: support}
//	  tags.team: labels.team
//	  tags.*: labels.*
//
// A path is member names joined by dots; "\." is a dot within a name, "[]" behind a name stands for each element of an array, "*" for
// every member that the mapping does not name. JSON that stands as text is looked into like any other. Without match, a source is read
// by the mapping where no format knows it for sure.
type Map struct {
	Name string // of its file

	text  []byte
	match []mapMatch
	rules []mapRule

	row     row    // a record
	records *shape // leads to the records; nil: each value is one
	whole   *shape // what a value says of all records in it
	where   []int  // rules that must hold

	constants    []mapConstant
	saysCache    bool
	cacheBeside  bool
	reasonBeside bool
}

// A mapMatch is a key that values have, with its text where that matters.
type mapMatch struct {
	key, text string
	exact     bool
}

// A mapRule is one line of a mapping, for the message that nothing was found for it.
type mapRule struct {
	name  string // of the field
	paths []string
	rare  bool // often not there without being wrong
}

type mapConstant struct {
	rule int
	json []byte
	read flatReader
}

// MaxMapSize bounds a mapping's file.
const MaxMapSize = 1 << 20

// maxMapRules bounds the rules of a mapping, maxMapPaths the paths of a rule.
const (
	maxMapRules = 128
	maxMapPaths = 100
)

// What kinds of values fields have.
const (
	mapText = iota
	mapCount
	mapMoney
	mapStamp
	mapSpan
)

// A mapField is a field that a mapping can fill.
type mapField struct {
	name  string
	also  string // other names
	read  flatReader
	kind  int
	whole bool // may be said once for all records of a value
	rare  bool
	deep  bool // reads objects and arrays, too
}

// mapFields are the fields of a call; those of costscope JSONL keep their names as second ones.
var mapFields = []mapField{
	{name: "run", also: "trace_id run_id", read: to("trace_id"), whole: true},
	{name: "id", also: "span_id call_id", read: to("span_id")},
	{name: "parent", also: "parent_span_id parent_id", read: to("parent_span_id"), whole: true, rare: true},
	{name: "kind", also: "operation", read: mapKind},
	{name: "model", read: to("model"), whole: true},
	{name: "request_model", read: to("request_model"), whole: true},
	{name: "provider", read: to("provider"), whole: true},
	{name: "input_tokens", read: to("input_tokens"), kind: mapCount},
	{name: "cache_read_tokens", also: "cache_read_input_tokens cached_tokens", read: to("cache_read_input_tokens"), kind: mapCount},
	{name: "cache_write_tokens", also: "cache_creation_input_tokens", read: to("cache_creation_input_tokens"), kind: mapCount},
	{name: "cache_write_1h_tokens", also: "cache_creation_1h_input_tokens", read: to("cache_creation_1h_input_tokens"), kind: mapCount},
	{name: "output_tokens", read: to("output_tokens"), kind: mapCount},
	{name: "reasoning_tokens", also: "reasoning_output_tokens", read: to("reasoning_output_tokens"), kind: mapCount},
	{name: "total_tokens", read: to("total_tokens")},
	{name: "cost", also: "cost_usd", kind: mapMoney},
	{name: "start", also: "time timestamp", kind: mapStamp},
	{name: "end", kind: mapStamp},
	{name: "duration", kind: mapSpan},
	{name: "status", read: to("status")},
	{name: "error", also: "error_type", read: errorTo, rare: true, deep: true},
	{name: "http_status", read: httpTo, rare: true},
	{name: "attempt", read: to("attempt"), rare: true},
	{name: "retry_of", read: to("retry_of"), rare: true},
	{name: "retry_kind", read: to("retry_kind"), rare: true},
	{name: "workflow", read: to("workflow"), whole: true},
	{name: "feature", read: to("feature"), whole: true},
	{name: "version", read: to("version"), whole: true},
	{name: "agent", read: to("agent"), whole: true},
	{name: "agent_role", also: "role", read: to("agent_role"), whole: true},
	{name: "agent_instance", read: to("agent_instance"), whole: true},
	{name: "step", read: to("step"), whole: true},
	{name: "name", read: to("name")},
	{name: "tool", read: to("tool"), rare: true},
	{name: "user", also: "user_id", read: to("user_id"), whole: true},
	{name: "session", also: "session_id", read: to("session_id"), whole: true},
	{name: "service_tier", read: to("service_tier"), whole: true},
	{name: "outcome", read: to("outcome"), whole: true, deep: true},
	{name: "score", read: to("score"), whole: true},
	{name: "task", read: to("task"), whole: true},
	{name: "output_ok", read: to("output_ok"), rare: true},
	{name: "read_only", read: to("read_only"), rare: true},
}

// mapField finds a field by one of its names. "tags.NAME" is one, too.
func mapFieldOf(name string) *mapField {
	if key, ok := strings.CutPrefix(name, "tags."); ok && key != "" {
		f := &mapField{name: name, read: tagTo(key), whole: true, rare: true}
		if key == "*" {
			f.read = tagsTo
		}
		return f
	}
	for i := range mapFields {
		if f := &mapFields[i]; f.name == name || slices.Contains(strings.Fields(f.also), name) {
			return f
		}
	}
	return nil
}

// mapKind reads what a call is: the name of a kind, or an operation as in costscope JSONL.
func mapKind(d *Decoder, r *Record) error {
	b := d.scan.str()
	if k := ParseKind(text(b)); k != KindUnknown && k < KindRun {
		r.Kind = k
		return nil
	}
	for i := range operations {
		if operations[i].word == string(b) {
			r.Kind = operations[i].kind
			return nil
		}
	}
	d.warnf("kind: %s is none (values: says which it stands for): read as a model call where it has a model, tokens or a cost", quoteShort(b))
	return nil
}

// Units by name: how many decimals they lie above a nanosecond, or above a pico-dollar.
var (
	timeUnits  = map[string]int{"s": 9, "ms": 6, "us": 3, "ns": 0}
	moneyUnits = map[string]int{"usd": 12, "cents": 10, "millidollars": 9, "microdollars": 6, "nanodollars": 3, "picodollars": 0}
)

// reader is what reads the field in a unit; "" is the usual one.
func (f *mapField) reader(unit string) (flatReader, error) {
	units := map[string]int{}
	switch f.kind {
	case mapMoney:
		units = moneyUnits
	case mapStamp, mapSpan:
		units = timeUnits
	}
	scale, ok := units[unit]
	switch {
	case unit == "" && f.kind == mapSpan:
		return nil, fmt.Errorf("%s needs a unit: {path: ..., unit: ms} (%s)", f.name, unitNames(units))
	case unit == "" && f.kind == mapMoney:
		return mapCost(12), nil
	case unit == "" && f.kind == mapStamp:
		return to(f.name), nil
	case unit == "":
		return f.read, nil
	case len(units) == 0:
		return nil, fmt.Errorf("%s has no unit", f.name)
	case !ok:
		return nil, fmt.Errorf("there is no unit %s: %s", strconv.Quote(unit), unitNames(units))
	case f.kind == mapMoney:
		return mapCost(scale), nil
	case f.kind == mapSpan:
		return mapDuration(scale), nil
	case f.name == "start":
		return mapTime(startOf, HasStart, scale), nil
	}
	return mapTime(endOf, HasEnd, scale), nil
}

// unitNames lists units, the largest first.
func unitNames(units map[string]int) string {
	var names []string
	for n := range units {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return units[b] - units[a] })
	return strings.Join(names, ", ")
}

// Hash tells mappings apart by their text.
func (m *Map) Hash() string { return strconv.FormatUint(textHash(m.text), 16) }

// Text is the mapping's file.
func (m *Map) Text() []byte { return m.text }

// Missing says for which rules of the mapping a source holds nothing, of those that were found in it.
func (m *Map) Missing(found MapRules) []string {
	var list []string
	for i, r := range m.rules {
		if !found.has(i) && !r.rare {
			list = append(list, "mapping: nothing found at "+strings.Join(r.paths, ", ")+" ("+r.name+")")
		}
	}
	return list
}

// matches tells whether the mapping claims the value by its keys.
func (m *Map) matches(p *peek) bool {
	for _, k := range m.match {
		if text, ok := p.keys[k.key]; !ok || k.exact && text != k.text {
			return false
		}
	}
	return len(m.match) > 0
}

// finds tells whether the mapping finds calls in a value.
func (m *Map) finds(value []byte) bool {
	d := NewDecoder(NewNames(), nil)
	d.Format, d.Map = FormatMapped, m
	return d.Decode(value, SourceRef{}) == nil && len(d.Out) > 0
}

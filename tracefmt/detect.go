package tracefmt

import (
	"bytes"
	"errors"
	"maps"
	"slices"
)

// peek is what detection sees of a value: its top-level keys and, for scalar members, their text.
type peek struct {
	keys  map[string]string // scalars: text; objects "{", arrays "["
	raw   []byte
	whole bool // the value ends within raw
}

// has tells whether all of the keys are there.
func (v *peek) has(keys ...string) bool {
	for _, k := range keys {
		if _, ok := v.keys[k]; !ok {
			return false
		}
	}
	return true
}

func sniffCostscope(v *peek) bool {
	if t, ok := v.keys["trace_id"]; !ok || t == "{" || t == "[" {
		return false
	}
	switch v.keys["type"] {
	case "run":
		return true
	case "call", "mark":
		return v.has("span_id")
	}
	return v.has("span_id") && (v.has("operation") || v.has("gen_ai.operation.name") || v.has("v"))
}

func sniffAnthropic(v *peek) bool {
	return v.keys["type"] == "message" && v.keys["usage"] == "{" && v.has("model") || v.has("custom_id") && v.keys["result"] == "{"
}

func sniffOpenAI(v *peek) bool {
	switch v.keys["object"] {
	case "chat.completion", "text_completion", "response", "chat.completion.chunk":
		return true
	case "list":
		return v.keys["usage"] == "{" && v.has("model")
	}
	return v.keys["choices"] == "[" && v.keys["usage"] == "{" || v.has("custom_id", "response") && !holdsGemini(v.raw)
}

// foreign are traces of other tools that costscope knows by sight and cannot read: the message names them.
var foreign = []struct {
	name string
	is   func(v *peek) bool
}{
	{"scores of the OpenHands index, which are sums; its instance_results tell the runs", func(v *peek) bool { return v.has("benchmark", "cost_per_instance", "score") }},
	{"a model's card of the OpenHands index, without runs; its instance_results tell them", func(v *peek) bool { return v.has("agent_name", "directory_name", "input_price") }},
	{"a conversation without usage, such as api_conversation_history.json of Cline: the calls are in ui_messages.json beside it", func(v *peek) bool {
		return len(v.keys) == 2 && v.has("role") && v.keys["content"] == "["
	}},
}

// How much of a source detection looks at: headSize first, more only while not one whole value was seen.
const (
	headSize   = 16 << 10
	headMax    = 16 << 20
	headValues = 20
)

// findings are what the beginning of a source says about it.
type findings struct {
	format uint8
	framed bool   // values do not stand one per line
	csv    []byte // the header of a table
	sure   bool   // a whole value was seen
	keys   []string
	looks  string // what it looks like, when format is FormatNone

	own     *Map // of the person, may be nil
	claimed bool // it matches some value
	fits    bool // it finds calls in some value
}

// detect looks at the beginning of a source, which may be for a mapping to read.
func detect(head []byte, m *Map) findings {
	head = bytes.TrimPrefix(head, bom)
	f := findings{framed: framed(head), own: m}
	votes := make([]int, len(Formats))
	if t := bytes.TrimLeft(head, blanks); len(t) > 0 && t[0] != '{' && t[0] != '[' {
		f.plain(head, votes)
	}
	seen := 0
	headEach(head, f.framed, func(v []byte, whole bool) bool {
		p, ok := peekAt(v)
		if !ok || !whole && seen > 0 {
			return seen < headValues
		}
		seen++
		f.sure = f.sure || whole
		f.vote(&p, votes)
		return seen < headValues
	})
	for i, n := range votes {
		if n > votes[f.format] {
			f.format = uint8(i)
		}
	}
	return f
}

// mapped gives the source to the mapping where that claims it, or names no keys and finds calls in rows of guessed columns, or no format
// knows the source.
func (f *findings) mapped() {
	if f.own == nil {
		return
	}
	unsure := f.format == FormatFlat && f.fits || f.format == FormatNone && (len(f.keys) > 0 || f.csv != nil)
	if f.claimed || unsure && len(f.own.match) == 0 {
		f.format = FormatMapped
	}
}

// plain looks at a source that is no JSON: a table, whose rows are looked at as objects, or text.
func (f *findings) plain(head []byte, votes []int) {
	if f.vote(&peek{raw: head}, votes) {
		return
	}
	header, ok := csvHead(head)
	if !ok {
		return
	}
	var t csvState
	rows, cut := 0, csvFramer{}
	for n := 0; n <= headValues; n++ {
		from, to, ok := cut.next(head)
		if !ok {
			break
		}
		if n == 0 {
			continue
		}
		if p, ok := peekAt(t.row(string(header), head[from:to])); ok {
			rows++
			f.vote(&p, votes)
		}
	}
	if rows > 0 {
		f.csv, f.sure = header, true
	}
}

// vote counts the first format that knows the value.
func (f *findings) vote(p *peek, votes []int) (known bool) {
	if f.own != nil {
		f.claimed = f.claimed || f.own.matches(p)
		f.fits = f.fits || f.own.finds(p.raw)
	}
	if n := formatOf(p); n != FormatNone {
		votes[n]++
		return true
	}
	for _, k := range slices.Sorted(maps.Keys(p.keys)) {
		if !slices.Contains(f.keys, k) && len(f.keys) < 30 {
			f.keys = append(f.keys, k)
		}
	}
	for _, o := range foreign {
		if f.looks == "" && o.is(p) {
			f.looks = o.name
		}
	}
	return false
}

// formatOf is the first format that knows the value.
func formatOf(p *peek) uint8 {
	for i := 1; i < len(Formats); i++ {
		if Formats[i].sniff(p) {
			return uint8(i)
		}
	}
	return FormatNone
}

// peekAt reads the top-level keys of the object v, as far as it goes; ok is false when it is no object.
func peekAt(v []byte) (p peek, ok bool) {
	if len(v) == 0 || v[0] != '{' {
		return p, false
	}
	p = peek{keys: map[string]string{}, raw: v}
	var s scanner
	s.reset(v)
	for s.object(); s.next(); {
		k := string(s.key())
		switch c := s.kind(); c {
		case '{', '[':
			p.keys[k] = string(c)
			s.skip()
		default:
			p.keys[k] = string(s.str())
		}
	}
	p.whole = s.err == nil
	return p, len(p.keys) > 0 && (s.err == nil || s.err == errCut)
}

// framed tells whether the values of a source must be found by their brackets: it is an array, or its first value goes on behind the
// first line. Where that value's end is not in sight, a later line that is a value by itself means that the first line is a torn one.
func framed(head []byte) bool {
	head = bytes.TrimLeft(head, blanks)
	if len(head) == 0 || head[0] == '[' {
		return len(head) > 0
	}
	line, rest, more := bytes.Cut(head, newline)
	if head[0] != '{' || !more || !cutOff(line) {
		return false
	}
	var f framer
	if from, to, ok := f.next(head); ok {
		var p peek
		p, ok = peekAt(head[from:to])
		return ok && p.whole
	}
	for n := 0; n < headValues && len(rest) > 0; n++ {
		line, rest, _ = bytes.Cut(rest, newline)
		if len(line) > 0 && line[0] == '{' && wholeValue(line) {
			return false
		}
	}
	return true
}

// cutOff tells whether the value at the start of b goes on behind b.
func cutOff(b []byte) bool {
	var s scanner
	s.reset(b)
	s.skip()
	return s.err == errCut
}

// wholeValue tells whether b is one object or array and nothing else.
func wholeValue(b []byte) bool {
	var s scanner
	s.reset(b)
	if c := s.kind(); c != '{' && c != '[' {
		return false
	}
	s.skip()
	return s.done()
}

// headEach calls do with the values of head, the last of which may not be whole, until do returns false.
func headEach(head []byte, framed bool, do func(v []byte, whole bool) bool) {
	if framed {
		var f framer
		for {
			from, to, ok := f.next(head)
			if !ok {
				if f.depth > 0 {
					do(head[from:], false)
				}
				return
			}
			if !do(head[from:to], true) {
				return
			}
		}
	}
	for len(head) > 0 {
		line, rest, more := bytes.Cut(head, newline)
		line = bytes.Trim(line, blanks)
		if !do(line, more || wholeValue(line)) {
			return
		}
		head = rest
	}
}

var bom = []byte{0xEF, 0xBB, 0xBF}

// blanks is what may stand around a line's value; files that a crash cut off may hold NUL bytes.
const blanks = " \t\r\n\x00"

// refuse says why a source without a known format cannot be read.
func refuse(path string, head []byte, f findings) error {
	text, err := diagnose(head, f)
	return &SourceError{path, err, text}
}

const (
	known = "; `costscope formats` lists what can be read, --format forces one"
	// StartHint says how to go on with a source that no format knows.
	StartHint = "start a mapping: costscope formats --map-for FILE > map.yaml, then --map map.yaml"
)

func diagnose(head []byte, f findings) (text string, err error) {
	b := bytes.TrimLeft(bytes.TrimPrefix(head, bom), blanks)
	switch {
	case len(head) == 0:
		return "the file is empty", ErrEmpty
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}), bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return "UTF-16 text; only UTF-8 is read: convert it first (iconv -f UTF-16 -t UTF-8)", ErrNotJSON
	case len(b) == 0:
		return "only blank lines", ErrEmpty
	case lengthPrefixed(head):
		return "looks like length-prefixed collector output (proto or compressed); only JSON is read: set `format: json` without compression in the file exporter", ErrNotJSON
	case bytes.HasPrefix(head, []byte("PAR1")):
		return "a Parquet file, such as LangSmith's bulk export; only JSON traces are read: export runs as JSONL (langsmith run export --full)", ErrNotJSON
	case f.looks != "":
		return "looks like " + f.looks + ", which costscope does not read" + known, ErrNoFormat
	case f.csv != nil:
		return "a table of no known trace format; its columns are " + shownKeys(keysOf(head, f), 12) + known + "; " + StartHint, ErrNoFormat
	case len(f.keys) > 0:
		return "JSON, but of no known trace format; its values have the keys " + shownKeys(keysOf(head, f), 12) + known + "; " + StartHint, ErrNoFormat
	case b[0] == '{' || b[0] == '[':
		return "starts like JSON, but none of its first values is a whole object" + known, ErrNoFormat
	case looksBinary(head):
		return "a binary file; only JSON traces are read", ErrNotJSON
	}
	return "text, but not JSON; only JSON traces are read", ErrNotJSON
}

// lengthPrefixed recognises the collector's binary output: four bytes of length, then protobuf or zstd.
func lengthPrefixed(b []byte) bool {
	if len(b) < 8 || b[0] != 0 {
		return false
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	return n > 0 && (b[4] == 0x0a || bytes.HasPrefix(b[4:], magicZstd))
}

func looksBinary(b []byte) bool {
	b = b[:min(len(b), 1024)]
	odd := 0
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0x1b {
			odd++
		}
	}
	return odd*20 > len(b)
}

// Detect reads the beginning of path and returns its format; the error says why it has none.
func Detect(path string) (uint8, error) { return DetectMapped(path, nil) }

// DetectMapped is Detect beside a mapping, which may be nil.
func DetectMapped(path string, m *Map) (uint8, error) {
	r, err := OpenReader(path, ReadOptions{Map: m})
	if err != nil {
		return FormatNone, err
	}
	return r.Format(), errors.Join(r.Close())
}

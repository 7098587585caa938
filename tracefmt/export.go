package tracefmt

import "bytes"

// What the exports of Langfuse and LangSmith have in common: their rows are read into what the OTLP reader keeps of a span, so that one
// run has the same names and numbers whichever way it was written down.

// rowSym reads a name into a slot of the span.
func rowSym(to slot, rank uint8) flatReader {
	rule := attrRule{to, rank}
	return func(d *Decoder, _ *Record) error {
		d.setSym(rule, d.scan.str())
		return nil
	}
}

// rowCount reads a token count into a slot of the span.
func rowCount(to slot, rank uint8) flatReader {
	rule := attrRule{to, rank}
	return func(d *Decoder, _ *Record) error {
		v := d.scan.num()
		d.setCount(rule, v, d.scan.err)
		return nil
	}
}

// rowMoney reads an amount; 0 stands for "not known" in these exports, and of two amounts the better rank counts.
func rowMoney(to slot, rank uint8) flatReader {
	rule := attrRule{to, rank}
	return func(d *Decoder, _ *Record) error {
		v := d.scan.num()
		if m, err := ParseUSD(v); v != nil && (err != nil || m != 0) {
			d.setMoney(rule, v)
		}
		return nil
	}
}

// rowTime reads a time; one without a zone is UTC by the formats' own words.
func rowTime(field func(*otlpSpan) (at *int64, known *bool)) flatReader {
	return func(d *Decoder, _ *Record) error {
		at, known := field(&d.otlp.span)
		if ns, ok := readTime(d.scan.str()); ok {
			*at, *known = ns, true
		}
		return nil
	}
}

func spanStart(sp *otlpSpan) (*int64, *bool) { return &sp.start, &sp.hasStart }
func spanEnd(sp *otlpSpan) (*int64, *bool)   { return &sp.end, &sp.hasEnd }

// rowID reads an id of the span.
func rowID(field func(*otlpSpan) *string) flatReader {
	return func(d *Decoder, _ *Record) error {
		if b := d.scan.str(); len(b) > 0 {
			*field(&d.otlp.span) = d.text(b)
		}
		return nil
	}
}

// rowMetaKeys are keys that LangChain puts into metadata; metaKeys are those of users.
var rowMetaKeys = map[string]attrRule{"ls_provider": {slotProvider, 8}, "ls_model_name": {slotRequestModel, 8}, "revision_id": {slotVersion, 8}}

// frameworkKeys begin the keys of metadata that frameworks write for themselves.
var frameworkKeys = [...]string{"ls_", "langgraph_", "lc_", "checkpoint", "__", "langfuse_", "LANGSMITH_"}

// rowMetadata reads a member of a row's metadata: what has a meaning, and tags.
func rowMetadata(d *Decoder, _ *Record) error {
	s := &d.scan
	key := s.key()
	rule, known := rowMetaKeys[string(key)]
	if !known {
		rule, known = metaKeys[string(key)]
	}
	switch c := s.kind(); {
	case known && rule.slot == slotTags:
		return rowTags(d, nil)
	case c == '{' || c == '[' || c == 'n':
		s.skip()
	case known:
		d.setSym(rule, s.str())
	case hasAnyPrefix(key, frameworkKeys[:]):
		s.skip()
	default:
		d.otlp.tags.addOTLPTag(key, s.str())
	}
	return nil
}

func hasAnyPrefix(b []byte, prefixes []string) bool {
	for _, p := range prefixes {
		if len(b) >= len(p) && string(b[:len(p)]) == p {
			return true
		}
	}
	return false
}

// stepTags begin the tags that LangChain gives to the steps of a chain.
var stepTags = [...]string{"seq:step:", "graph:step:", "map:key:", "condition:", "branch:", "langsmith:"}

// rowTags reads a list of tags; feature:x names the feature.
func rowTags(d *Decoder, _ *Record) error {
	s := &d.scan
	if s.kind() != '[' {
		d.rowTag(s.str())
		return nil
	}
	for s.array(); s.next(); {
		d.rowTag(s.str())
	}
	return nil
}

func (d *Decoder) rowTag(v []byte) {
	if hasAnyPrefix(v, stepTags[:]) {
		return
	}
	if len(v) > len("feature:") && (string(v[:8]) == "feature:" || string(v[:8]) == "feature=") {
		d.setSym(attrRule{slotFeature, 7}, v[8:])
	}
	d.otlp.tags.addOTLPTag(nil, v)
}

// rowAttribute reads an OpenTelemetry attribute that stands in a row's metadata: names and kinds. Counts and costs have columns of their
// own, which the exporter made of the attributes.
func rowAttribute(d *Decoder, _ *Record) error {
	s := &d.scan
	rule := attrRules[string(s.key())]
	switch c := s.kind(); {
	case c == '{' || c == '[':
		s.skip()
	case rule.slot > slotNone && rule.slot < slotError && rule.slot != slotModel, rule.slot == slotGraphNode,
		rule.slot >= slotOperation && rule.slot <= slotAgentOps:
		d.take(s, rule, nil)
	default:
		s.skip()
	}
	return nil
}

// rowService reads the name of the service, unless it is the one that OpenTelemetry gives to services without a name.
func rowService(d *Decoder, _ *Record) error {
	if v := d.scan.str(); !bytes.HasPrefix(v, []byte("unknown_service")) {
		d.setSym(attrRule{slotService, 0}, v)
	}
	return nil
}

// rowText keeps the next value as it is written.
func rowText(field func(*exportState) *[]byte) flatReader {
	return func(d *Decoder, _ *Record) error {
		*field(&d.export) = d.scan.raw()
		return nil
	}
}

// exportState is what the decoders of exports keep of the current value beside its span.
type exportState struct {
	within   string    // the run that the value stands in
	trace    string    // Langfuse: the trace that was read last within the value
	in, out  []byte    // what was asked and answered, as written
	parts    [5][]byte // values inside the value that give records of their own
	text     [2][]byte // scratch
	compact  [2][]byte
	langfuse langfuseRow
	smith    smithRow
}

// startRow forgets the row before.
func (d *Decoder) startRow() {
	d.newSpan()
	x := &d.export
	x.in, x.out, x.parts, x.langfuse, x.smith = nil, nil, [5][]byte{}, langfuseRow{}, smithRow{}
}

// plainText is a JSON value as text: that of a string, else the value as it is written, in both cases without what white space stands
// between the parts of a JSON text, since exporters differ in it. It may stand in the scratch text number n.
func (x *exportState) plainText(raw []byte, n int) []byte {
	if string(raw) == "null" {
		return nil
	}
	if len(raw) > 1 && raw[0] == '"' {
		if raw = raw[1 : len(raw)-1]; bytes.IndexByte(raw, '\\') >= 0 {
			x.text[n] = unescape(x.text[n][:0], raw)
			raw = x.text[n]
		}
	}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
		return raw
	}
	x.compact[n] = appendCompact(x.compact[n][:0], raw)
	return x.compact[n]
}

// appendCompact appends the JSON text b without the white space between its parts.
func appendCompact(to, b []byte) []byte {
	for len(b) > 0 {
		n := bytes.IndexByte(b, '"')
		if n < 0 {
			n = len(b)
		}
		for _, c := range b[:n] {
			if c > ' ' {
				to = append(to, c)
			}
		}
		if b = b[n:]; len(b) == 0 {
			break
		}
		end := min(len(b), stringEnd(b[1:], 1)+2)
		to, b = append(to, b[:end]...), b[end:]
	}
	return to
}

// rowTexts gives the texts to the span. Escapes are taken off first: a cell of a table has others than a JSON string.
func (d *Decoder) rowTexts() {
	x, t := &d.export, &d.otlp.span.text
	t.in, t.out = x.plainText(x.in, 0), x.plainText(x.out, 1)
}

// maxParts bounds how deep values that give records stand in each other.
const maxParts = 32

// eachPart reads the values in a part of a row. What is wrong with one is a warning: the others count.
func (d *Decoder) eachPart(part []byte, read func(v []byte) error) {
	eachObject(part, func(v []byte) error {
		err := read(v)
		if _, skipped := err.(skipError); err != nil && !skipped {
			d.warnf("left out: %v", err)
		}
		return nil
	})
}

// eachObject calls do with the objects of an array, or with the object itself.
func eachObject(raw []byte, do func(v []byte) error) error {
	var s scanner
	s.reset(raw)
	switch s.kind() {
	case '{':
		return do(raw)
	case '[':
		for s.array(); s.next(); {
			if s.kind() != '{' {
				s.skip()
			} else if v := s.raw(); s.err == nil {
				if err := do(v); err != nil {
					return err
				}
			}
		}
	}
	return s.err
}

// closeRow settles what a row's record says of times and usage: counts that are all 0 say that none were recorded.
func closeRow(r *Record) {
	if u := &r.Usage; u.Input == 0 && u.Output == 0 {
		*u = Usage{}
		r.Has &^= HasUsage | HasCacheWrite1h | HasUnattributed
	}
}

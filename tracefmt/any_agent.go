package tracefmt

import "strings"

// any-agent writes a run as one document: its spans, with ids in decimal, and the final output (formats-otel 4.1).

var anyAgentFormat = Format{Name: "any-agent", Title: "any-agent traces",
	Can: TellsUsage | TellsCost | TellsAgents, Partly: TellsText, Note: "the parts of the input that were cached are not written",
	sniff: sniffAnyAgent, decode: decodeAnyAgent}

func sniffAnyAgent(v *peek) bool {
	first, ok := firstElement(v, "spans")
	if v.keys["spans"] != "[" || !ok {
		return false
	}
	return first.keys["context"] == "{" && first.keys["status"] == "{" && !strings.HasPrefix(first.keys["kind"], "SpanKind.") && !first.has("span_kind")
}

func decodeAnyAgent(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	d.otlp.trace, d.otlp.run = "", ""
	found := false
	for s.object(); s.next(); {
		if string(s.key()) == "spans" && s.kind() == '[' {
			found = true
			d.spanList(s)
			continue
		}
		s.skip()
	}
	d.newSpan()
	if s.err == nil && !found {
		return errNoSpan
	}
	return s.err
}

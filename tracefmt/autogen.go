package tracefmt

import (
	"bytes"
	"cmp"
	"strconv"
)

var autoGenFormat = Format{Name: "autogen", Title: "AutoGen event log",
	Can: TellsUsage | TellsAgents, Note: "times only where the log puts them before the events; no durations, and tools do not say whether they failed",
	sniff: sniffAutoGen, decode: decodeAutoGen, head: autoGenHead,
	section: func([]byte) bool { return true }} // each line by itself, whatever the logger put before the event

var autoGenTypes = [...]string{"LLMCall", "LLMStreamEnd", "LLMStreamStart", "ToolCall", "Message", "MessageDropped", "MessageHandlerException", "AgentConstructionException"}

func isAutoGen(kind string) bool {
	for _, t := range autoGenTypes {
		if t == kind {
			return true
		}
	}
	return false
}

func sniffAutoGen(v *peek) bool {
	if v.keys == nil {
		return autoGenLog(v.raw)
	}
	kind := v.keys["type"]
	return isAutoGen(kind) && (v.has("agent_id") || v.has("prompt_tokens") || v.has("sender", "receiver") || v.has("handling_agent"))
}

// autoGenLog tells whether a log, whose lines begin with times and names, holds events.
func autoGenLog(b []byte) bool {
	for n := 0; n < headValues && len(b) > 0; n++ {
		var line []byte
		line, b, _ = bytes.Cut(b, newline)
		_, event := autoGenSplit(line)
		if p, ok := peekAt(event); ok && sniffAutoGen(&p) {
			return true
		}
	}
	return false
}

// autoGenSplit cuts a line into what the logger put before the event and the event.
func autoGenSplit(line []byte) (prefix, event []byte) {
	k := bytes.Index(line, []byte(`{"`))
	if k < 0 {
		k = bytes.IndexByte(line, '{')
	}
	if k < 0 {
		return line, nil
	}
	return line[:k], line[k:]
}

// autoGenHead names the run of events that name none: by the first line of the log.
func autoGenHead(b []byte) (string, bool) {
	line, _, whole := bytes.Cut(bytes.TrimLeft(b, blanks), newline)
	return valueID("log-", bytes.TrimRight(line, blanks)), whole
}

var autoGenRow = row{
	shape: shapeOf(usageAt("response.usage"), fields{
		"type":              (*Decoder).autoGenType,
		"response.id":       idTo(func(r *Record) *string { return &r.ID }),
		"response.model":    modelTo,
		"model":             modelTo,
		"agent_id":          (*Decoder).autoGenAgent,
		"prompt_tokens":     otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
		"completion_tokens": otherTo(func(u *Usage) *int64 { return &u.Output }, HasOutput),
		"messages":          rawPrint(0),
		"tool_name":         toolTo,
		"arguments":         rawPrint(2),
		"result":            rawPrint(3),
		"timestamp":         startTo,
	}),
	begin:  gateBegin,
	finish: (*Decoder).autoGenDone,
}

// rawPrint takes the fingerprint of a value as it is written.
func rawPrint(which int) flatReader {
	return func(d *Decoder, r *Record) error {
		r.Fingerprints[which] = textHash(d.scan.raw())
		return nil
	}
}

func decodeAutoGen(d *Decoder, value []byte) error {
	prefix, event := autoGenSplit(bytes.Trim(value, blanks))
	n := len(d.Out)
	switch err := autoGenRow.decode(d, event); {
	case event == nil || err == errDrop: // what else the program logs, and events that are no calls
		return nil
	case err != nil:
		return err
	}
	r := &d.Out[n]
	if ns, ok := prefixTime(prefix); ok && r.Has&HasStart == 0 {
		r.Start, r.Has = ns, r.Has|HasStart
	}
	if r.ID == "" { // equal events of one time are one: without times, nothing tells a copy from a repeat
		r.ID = valueID("event-", event)
		if r.Has&HasStart != 0 {
			r.ID += "@" + strconv.FormatInt(r.Start, 36)
		}
	} else if r.Kind == KindLLM {
		r.Flags |= FlagGlobal
	}
	return nil
}

func (d *Decoder) autoGenType(r *Record) error {
	switch string(d.scan.str()) {
	case "LLMCall", "LLMStreamEnd":
		r.Kind = KindLLM
	case "ToolCall":
		r.Kind = KindTool
	}
	return nil
}

// autoGenAgent reads "planner/default": the agent's type and the key of the one that acted, which may be that of its session.
func (d *Decoder) autoGenAgent(r *Record) error {
	name, key, _ := bytes.Cut(d.scan.str(), []byte("/"))
	r.Agent = d.name(name)
	if len(key) > 0 && string(key) != "default" {
		r.Instance = d.sym(key)
		if hexRun(key) >= 8 {
			d.gate.trace = d.text(key)
		}
	}
	return nil
}

func (d *Decoder) autoGenDone(r *Record) error {
	if r.Kind == KindUnknown {
		return errDrop
	}
	g := &d.gate
	r.Run = cmp.Or(g.trace, d.Head, d.sourceName())
	var habit convention
	switch {
	case r.Has&(HasInput|HasOutput) == 0:
		r.Usage.Input, r.Usage.Output = g.other.Input, g.other.Output
		r.Has |= g.has
	case r.Has&HasCacheWrite != 0: // the usage of an Anthropic answer
		habit = cacheBeside
	}
	d.flatClose(r, habit)
	if r.Status == StatusUnset { // events are written when what they tell of is over
		r.Status = StatusOK
	}
	return nil
}

// prefixTime finds the time at the start of a log line: "2025-11-24 16:00:00,250 - …", "[2025-11-24T16:00:00Z] …".
func prefixTime(b []byte) (int64, bool) {
	for i := 0; i+19 <= len(b) && i < 40; i++ {
		if !isDigit(b[i]) {
			continue
		}
		end := i + 19
		for end < len(b) && bytes.IndexByte([]byte("0123456789.,+-:Z"), b[end]) >= 0 {
			end++
		}
		for ; end >= i+19; end-- {
			if ns, ok := readTime(b[i:end]); ok {
				return ns, true
			}
		}
		for i+1 < len(b) && isDigit(b[i+1]) {
			i++
		}
	}
	return 0, false
}

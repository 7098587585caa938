package tracefmt

import (
	"bytes"
	"strings"
)

var bedrockFormat = Format{Name: "bedrock", Title: "Amazon Bedrock model invocation log",
	Can: TellsUsage, Partly: TellsAgents,
	Note:  "a flat list without costs: a run is what requestMetadata names, else each call by itself",
	sniff: sniffBedrock, decode: decodeBedrock}

const bedrockSchema = "ModelInvocationLog"

func sniffBedrock(v *peek) bool {
	if v.keys["schemaType"] == bedrockSchema {
		return true
	}
	return (v.has("@message") || v.has("message", "timestamp") || v.keys["events"] == "[" || v.keys["logEvents"] == "[" || v.keys["results"] == "[") &&
		bytes.Contains(v.raw, []byte(bedrockSchema))
}

// bedrockBody are the counts of an answer, whole or as one of the parts that were streamed.
func bedrockBody(path string) fields {
	return fields{
		path + ".usage.inputTokens":                                          otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
		path + ".usage.input_tokens":                                         otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
		path + ".usage.prompt_tokens":                                        otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
		path + ".usage.outputTokens":                                         otherTo(func(u *Usage) *int64 { return &u.Output }, HasOutput),
		path + ".usage.output_tokens":                                        otherTo(func(u *Usage) *int64 { return &u.Output }, HasOutput),
		path + ".usage.completion_tokens":                                    otherTo(func(u *Usage) *int64 { return &u.Output }, HasOutput),
		path + ".usage.cacheReadInputTokens":                                 otherTo(func(u *Usage) *int64 { return &u.CacheRead }, HasCacheRead),
		path + ".usage.cacheReadInputTokenCount":                             otherTo(func(u *Usage) *int64 { return &u.CacheRead }, HasCacheRead),
		path + ".usage.cache_read_input_tokens":                              otherTo(func(u *Usage) *int64 { return &u.CacheRead }, HasCacheRead),
		path + ".usage.cacheWriteInputTokens":                                otherTo(func(u *Usage) *int64 { return &u.CacheWrite }, HasCacheWrite),
		path + ".usage.cacheWriteInputTokenCount":                            otherTo(func(u *Usage) *int64 { return &u.CacheWrite }, HasCacheWrite),
		path + ".usage.cache_creation_input_tokens":                          otherTo(func(u *Usage) *int64 { return &u.CacheWrite }, HasCacheWrite),
		path + ".usage.cache_creation.ephemeral_1h_input_tokens":             otherTo(func(u *Usage) *int64 { return &u.CacheWrite1h }, HasCacheWrite1h),
		path + ".usage.cacheDetails":                                         (*Decoder).bedrockLifetimes,
		path + ".message.usage.input_tokens":                                 otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
		path + ".message.usage.cache_read_input_tokens":                      otherTo(func(u *Usage) *int64 { return &u.CacheRead }, HasCacheRead),
		path + ".message.usage.cache_creation_input_tokens":                  otherTo(func(u *Usage) *int64 { return &u.CacheWrite }, HasCacheWrite),
		path + ".message.usage.cache_creation.ephemeral_1h_input_tokens":     otherTo(func(u *Usage) *int64 { return &u.CacheWrite1h }, HasCacheWrite1h),
		path + ".message.model":                                              requestTo,
		path + ".metadata.usage.inputTokens":                                 otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
		path + ".metadata.usage.outputTokens":                                otherTo(func(u *Usage) *int64 { return &u.Output }, HasOutput),
		path + ".metadata.usage.cacheReadInputTokens":                        otherTo(func(u *Usage) *int64 { return &u.CacheRead }, HasCacheRead),
		path + ".metadata.usage.cacheWriteInputTokens":                       otherTo(func(u *Usage) *int64 { return &u.CacheWrite }, HasCacheWrite),
		path + ".metadata.metrics.latencyMs":                                 longestTo,
		path + ".metrics.latencyMs":                                          longestTo,
		path + ".model":                                                      requestTo,
		path + ".amazon-bedrock-invocationMetrics.inputTokenCount":           otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
		path + ".amazon-bedrock-invocationMetrics.outputTokenCount":          otherTo(func(u *Usage) *int64 { return &u.Output }, HasOutput),
		path + ".amazon-bedrock-invocationMetrics.cacheReadInputTokenCount":  otherTo(func(u *Usage) *int64 { return &u.CacheRead }, HasCacheRead),
		path + ".amazon-bedrock-invocationMetrics.cacheWriteInputTokenCount": otherTo(func(u *Usage) *int64 { return &u.CacheWrite }, HasCacheWrite),
		path + ".amazon-bedrock-invocationMetrics.invocationLatency":         longestTo,
	}
}

var bedrockRow = row{
	shape: shapeOf(callerAt("requestMetadata"), bedrockBody("output.outputBodyJson"), bedrockBody("output.outputBodyJson[]"), fields{
		"timestamp":                       startTo,
		"requestId":                       idTo(func(r *Record) *string { return &r.ID }),
		"operation":                       tagTo("operation"),
		"modelId":                         (*Decoder).bedrockModel,
		"region":                          tagTo("region"),
		"accountId":                       tagTo("account"),
		"identity.arn":                    (*Decoder).bedrockIdentity,
		"input.inputTokenCount":           to("input_tokens"),
		"input.cacheReadInputTokenCount":  to("cache_read_input_tokens"),
		"input.cacheWriteInputTokenCount": to("cache_creation_input_tokens"),
		"output.outputTokenCount":         to("output_tokens"),
		"errorCode":                       errorTo,
	}),
	begin:  gateBegin,
	finish: (*Decoder).bedrockDone,
}

// bedrockShape finds the records in what CloudWatch wraps around them: the answers of its queries, of its event lists, and
// of subscriptions.
var bedrockShape = shapeOf(fields{
	"@message":            inText(&bedrockRow),
	"message":             inText(&bedrockRow),
	"events[].message":    inText(&bedrockRow),
	"logEvents[].message": inText(&bedrockRow),
	"results[][].value":   inText(&bedrockRow),
})

func decodeBedrock(d *Decoder, value []byte) error {
	if topMember(value, "schemaType") != 0 {
		return bedrockRow.decode(d, value)
	}
	return d.decodeShape(bedrockShape, value)
}

// inText reads a record that stands as text, or as an object; other text holds none.
func inText(w *row) flatReader {
	return func(d *Decoder, _ *Record) error {
		s := &d.scan
		if s.kind() == '{' {
			d.element(w)
			return nil
		}
		b := s.str()
		if !wholeValue(b) || d.depth >= maxTextDepth {
			return nil
		}
		for len(d.outer) <= d.depth {
			d.outer = append(d.outer, scanner{})
		}
		d.scan, d.outer[d.depth] = d.outer[d.depth], d.scan
		d.depth++
		d.scan.reset(b)
		d.element(w)
		if err := d.scan.err; err != nil {
			d.warnf("left out: %v", err)
		}
		d.depth--
		d.scan, d.outer[d.depth] = d.outer[d.depth], d.scan
		return nil
	}
}

// bedrockRegions are where a model's requests may be sent, as its name may say.
var bedrockRegions = []string{"us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.", "ca.", "in."}

// bedrockModel reads an id, an ARN or an inference profile: the model is the last part, without the regions it may run in.
func (d *Decoder) bedrockModel(r *Record) error {
	b := d.scan.str()
	b = b[bytes.LastIndexByte(b, '/')+1:]
	if len(b) > 0 {
		r.Model = d.sym(bedrockCut(b))
	}
	return nil
}

func bedrockCut(b []byte) []byte {
	for _, p := range bedrockRegions {
		if rest, ok := bytes.CutPrefix(b, []byte(p)); ok {
			return rest
		}
	}
	return b
}

// bedrockIdentity reads who called: the role of an assumed one, whose sessions have names of their own.
func (d *Decoder) bedrockIdentity(_ *Record) error {
	b := d.scan.str()
	if k := bytes.LastIndexByte(b, ':'); k >= 0 {
		b = b[k+1:]
	}
	if rest, ok := bytes.CutPrefix(b, []byte("assumed-role/")); ok {
		b, _, _ = bytes.Cut(rest, []byte("/"))
	}
	if len(b) > 0 {
		d.flat.tags.add([]byte("identity"), b)
	}
	return nil
}

// bedrockLifetimes reads how long cache writes live: those of one hour are dearer.
func (d *Decoder) bedrockLifetimes(_ *Record) error {
	s := &d.scan
	if !s.enter('[') {
		return nil
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		var n int64
		var is Record
		hour := false
		for s.next() {
			switch string(s.key()) {
			case "ttl":
				hour = string(s.str()) == "1h"
			case "inputTokens":
				if err := d.count(s, &is, &n, HasInput); err != nil {
					return err
				}
			default:
				s.skip()
			}
		}
		if hour {
			d.gate.other.CacheWrite1h = min(d.gate.other.CacheWrite1h+n, maxCount)
		}
		d.gate.has |= HasCacheWrite1h
	}
	return nil
}

func (d *Decoder) bedrockDone(r *Record) error {
	g := &d.gate
	if r.ID == "" {
		return errDrop
	}
	r.Provider = d.sym([]byte("bedrock"))
	u, o := &r.Usage, &g.other
	for _, c := range [...]struct {
		has      Fields
		to, from *int64
	}{{HasInput, &u.Input, &o.Input}, {HasOutput, &u.Output, &o.Output}, {HasCacheRead, &u.CacheRead, &o.CacheRead},
		{HasCacheWrite, &u.CacheWrite, &o.CacheWrite}, {HasCacheWrite1h, &u.CacheWrite1h, &o.CacheWrite1h}} {
		if r.Has&c.has == 0 && g.has&c.has != 0 {
			*c.to, r.Has = *c.from, r.Has|c.has
		}
	}
	if name := d.names.all.Name(r.Model); r.RequestModel != 0 && !strings.Contains(name, ".") {
		r.Model = r.RequestModel // an id of the account's own: the answer names the model
	}
	r.RequestModel = 0
	if u.CacheWrite > 0 && r.Has&HasCacheWrite1h == 0 {
		r.Flags |= FlagWriteSplitGuess
	}
	d.gateClose(r, cacheBeside)
	return nil
}

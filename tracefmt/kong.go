package tracefmt

import "bytes"

var kongFormat = Format{Name: "kong", Title: "Kong AI gateway log",
	Can: TellsUsage | TellsRetries, Partly: TellsCost | TellsAgents,
	Note:  "costs are as configured in the gateway, read as USD; a run is a request unless a header names one",
	sniff: sniffKong, decode: decodeKong}

func sniffKong(v *peek) bool {
	return v.keys["ai"] == "{" && (v.has("started_at") || v.has("tries") || v.has("latencies")) && bytes.Contains(v.raw, []byte(`"usage"`))
}

// kongShape is the request around what the plugins say of their model calls, each of which is a call.
var kongShape = shapeOf(fields{
	"ai":                              (*Decoder).kongPlugins,
	"request.id":                      idTo(func(r *Record) *string { return &r.ID }),
	"trace_id.w3c":                    traceTo,
	"trace_id.datadog":                traceTo,
	"started_at":                      startTo,
	"latencies.request":               durationTo(1e6),
	"response.status":                 httpTo,
	"consumer.username":               userTo,
	"service.name":                    symTo(func(r *Record) *Sym { return &r.Service }),
	"route.name":                      stepTo,
	"request.uri":                     tagTo("uri"),
	"request.headers.x-feature":       featureTo,
	"request.headers.x-agent":         agentTo,
	"request.headers.x-agent-name":    agentTo,
	"request.headers.x-workflow":      workflowTo,
	"request.headers.x-user-id":       userTo,
	"request.headers.x-trace-id":      traceTo,
	"request.headers.x-run-id":        traceTo,
	"request.headers.x-session-id":    sessionTo,
	"request.headers.x-kong-trace-id": traceTo,
	"tries":                           (*Decoder).kongTries,
})

// kongPlugin is what one plugin says of the call that it made.
var kongPlugin = row{
	shape: shapeOf(usageAt("usage"), fields{
		"usage.cost":            to("cost_usd"),
		"meta.request_model":    requestTo,
		"meta.response_model":   modelTo,
		"meta.provider_name":    providerTo,
		"meta.llm_latency":      durationTo(1e6),
		"meta.request_mode":     tagTo("request_mode"),
		"cache.cache_status":    hitWordTo,
		"meta.error.message":    errorTo,
		"meta.llm_error":        errorTo,
		"usage.cached_tokens":   to("cache_read_input_tokens"),
		"usage.thinking_tokens": to("reasoning_output_tokens"),
	}),
}

// kongPlugins keeps the plugins until the request around them is known.
func (d *Decoder) kongPlugins(_ *Record) error {
	d.gate.raw = d.scan.raw()
	return nil
}

func (d *Decoder) kongTries(_ *Record) error {
	s := &d.scan
	if !s.enter('[') {
		return nil
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		var t gateTry
		for s.next() {
			if string(s.key()) == "code" {
				t.status, _ = parseInt(s.num())
				continue
			}
			s.skip()
		}
		if len(d.gate.tries) < maxTries {
			d.gate.tries = append(d.gate.tries, t)
		}
	}
	return nil
}

func decodeKong(d *Decoder, value []byte) error {
	var around Record
	gateBegin(d, nil)
	d.flatStart()
	d.scan.reset(value)
	if err := d.walk(kongShape, &around); err != nil {
		return err
	}
	if d.scan.err != nil {
		return d.scan.err
	}
	if around.ID == "" {
		around.ID = valueID("kong-", value)
	}
	around.Run = firstOf(d.gate.trace, d.gate.session, around.ID)
	return d.kongCalls(&around, d.gate.raw)
}

// kongCalls adds a call for each plugin. Before version 3.7 there was one, without a name.
func (d *Decoder) kongCalls(around *Record, ai []byte) error {
	var s scanner
	s.reset(ai)
	calls := 0
	for s.object(); s.next(); {
		name := s.key()
		if string(name) == "usage" || string(name) == "meta" {
			return d.kongCall(around, nil, ai)
		}
		if s.kind() != '{' {
			s.skip()
			continue
		}
		plugin := s.raw()
		if !bytes.Contains(plugin, []byte(`"usage"`)) && !bytes.Contains(plugin, []byte(`"meta"`)) {
			continue
		}
		if err := d.kongCall(around, name, plugin); err != nil {
			return err
		}
		calls++
	}
	if calls == 0 && s.err == nil {
		return skipError("no plugin tells of a model call")
	}
	return s.err
}

// kongCall adds the call of one plugin. Attempts are those of the request that goes through the gateway.
func (d *Decoder) kongCall(around *Record, plugin, text []byte) error {
	src, format := d.src, d.Format
	at := len(d.Out)
	r := d.add()
	*r = *around
	r.Src, r.Format = src, format
	flat := d.flat.duration
	timed, status := d.flat.timed, d.flat.status
	tags := d.flat.tags
	d.flat.timed, d.gate.hit = false, false
	d.scan.reset(text)
	err := d.walkObject(kongPlugin.shape, r)
	if err == nil {
		err = d.scan.err
	}
	if err != nil {
		return err
	}
	if !d.flat.timed {
		d.flat.duration, d.flat.timed = flat, timed
	}
	proxied := plugin == nil || bytes.Contains(plugin, []byte("proxy"))
	if !proxied { // what it made on the way is not what the client was answered
		d.flat.status = 0
		r.ID += "#" + string(plugin)
		r.Step = d.name(plugin)
	}
	d.gateClose(r, d.besideCache(r))
	d.flat.status, d.flat.duration, d.flat.timed, d.flat.tags = status, flat, timed, tags
	d.flat.total = noTotal
	d.flat.said, d.flat.stated = StatusUnset, false
	if proxied {
		d.failedTries(at, kongFailed(d.gate.tries), false)
	}
	return nil
}

// kongFailed are the tries before the last: only those that failed have a code.
func kongFailed(tries []gateTry) []gateTry {
	if len(tries) < 2 {
		return nil
	}
	return tries[:len(tries)-1]
}

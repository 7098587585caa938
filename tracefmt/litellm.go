package tracefmt

import (
	"bytes"
	"strconv"
)

// LiteLLM writes one record per attempt at a provider: the standard logging payload that its callbacks get, and the row of spend that
// its proxy keeps (formats-otel 4.10). Both carry the same id, so that a call counts once wherever it is found.

var liteLLMFormat = Format{Name: "litellm", Title: "LiteLLM standard logging payloads and spend logs",
	Can: TellsUsage | TellsCost, Partly: TellsRetries | TellsAgents | TellsText,
	Note:  "retries where attempted_retries is written, agents where the caller's metadata names them",
	sniff: sniffLiteLLM, decode: decodeLiteLLM}

func sniffLiteLLM(v *peek) bool {
	if v.keys["data"] == "[" {
		first, ok := firstElement(v, "data")
		return ok && isLiteLLM(&first)
	}
	return isLiteLLM(v)
}

func isLiteLLM(v *peek) bool {
	return v.has("call_type", "response_cost") || v.has("call_type", "spend", "request_id")
}

// liteState is what a LiteLLM row says that its record has no field for.
type liteState struct {
	trace, session string
	kind           Kind
	known          bool // what kind of call it is
	user, key      Sym
	group          Sym // the model group that served
	fallback, hit  bool
	message, error Sym
	saved          []byte
}

// liteKinds are what LiteLLM calls its calls, without the a of the asynchronous ones. Calls that manage files, batches and the like are
// not among them: these are model calls only where they used or cost something.
var liteKinds = map[string]Kind{
	"completion": KindLLM, "text_completion": KindLLM, "responses": KindLLM, "anthropic_messages": KindLLM, "generate_content": KindLLM,
	"generate_content_stream": KindLLM, "image_generation": KindLLM, "image_edit": KindLLM, "image_variation": KindLLM, "transcription": KindLLM,
	"speech": KindLLM, "_realtime": KindLLM, "realtime": KindLLM, "ocr": KindLLM, "video_generation": KindLLM, "llm_passthrough_route": KindLLM,
	"pass_through_endpoint": KindLLM, "send_message": KindLLM, "adapter_completion": KindLLM, "assistants_completion": KindLLM,
	"embedding": KindEmbedding, "rerank": KindReranker, "moderation": KindGuardrail, "call_mcp_tool": KindTool, "search": KindTool,
	"vector_store_search": KindRetriever,
}

var (
	liteMeta = fields{ // what callers write about themselves
		"feature": to("feature"), "workflow": to("workflow"), "workflow_name": to("workflow"), "trace_name": to("workflow"),
		"agent": to("agent"), "agent_name": to("agent"), "agent_role": to("agent_role"), "step": to("step"), "generation_name": to("step"),
		"session_id": unlessNone(to("session_id")), "user_id": unlessNone(to("user_id")), "trace_user_id": unlessNone(to("user_id")),
		"version": to("version"), "tags": nil, "tags[]": liteTag, "*": liteOwnTag,
	}
	liteUsage = under("usage_object", usageMembers)
	liteError = fields{
		"error_class":   liteSym(func(l *liteState) *Sym { return &l.error }),
		"error_message": liteSym(func(l *liteState) *Sym { return &l.message }),
	}
	liteMetadata = join(liteUsage, under("spend_logs_metadata", liteMeta), under("requester_metadata", liteMeta), under("error_information", liteError), fields{
		"attempted_retries": liteRetries,
		"attempted_fallbacks": func(d *Decoder, _ *Record) error {
			n, ok := parseInt(d.scan.num())
			d.lite.fallback = ok && n > 0
			return nil
		},
		"original_model_group":     unlessNone(to("request_model")),
		"user_api_key_alias":       liteSym(func(l *liteState) *Sym { return &l.key }),
		"user_api_key_team_alias":  unlessNone(tagTo("team")),
		"user_api_key_user_id":     liteSym(func(l *liteState) *Sym { return &l.user }),
		"user_api_key_end_user_id": unlessNone(to("user_id")),
		"status":                   unlessNone(to("status")),
	})
)

var liteRow = row{
	shape: shapeOf(under("metadata", liteMetadata), under("hidden_params", liteUsage), under("response.usage", usageMembers), under("error_information", liteError), fields{
		"id":                  unlessNone(idTo(func(r *Record) *string { return &r.ID })),
		"request_id":          unlessNone(idTo(func(r *Record) *string { return &r.ID })),
		"trace_id":            func(d *Decoder, _ *Record) error { d.lite.trace = d.text(d.scan.str()); return nil },
		"session_id":          func(d *Decoder, _ *Record) error { d.lite.session = d.text(d.scan.str()); return nil },
		"call_type":           liteKind,
		"status":              unlessNone(to("status")),
		"model":               unlessNone(to("model")),
		"model_group":         liteSym(func(l *liteState) *Sym { return &l.group }),
		"custom_llm_provider": unlessNone(to("provider")),
		"startTime":           utcTo(startOf, HasStart),
		"endTime":             utcTo(endOf, HasEnd),
		"prompt_tokens":       usageMembers["prompt_tokens"],
		"completion_tokens":   usageMembers["completion_tokens"],
		"total_tokens":        mostTotal,
		"response_cost":       to("cost_usd"),
		"spend":               to("cost_usd"),
		"cache_hit":           func(d *Decoder, _ *Record) error { d.lite.hit, _ = d.scan.boolean(); return nil },
		"saved_cache_cost": func(d *Decoder, _ *Record) error {
			d.lite.saved = append(d.lite.saved[:0], d.scan.num()...)
			return nil
		},
		"request_tags":             liteTagText,
		"request_tags[]":           liteTag,
		"end_user":                 unlessNone(to("user_id")),
		"user":                     liteSym(func(l *liteState) *Sym { return &l.user }),
		"team_id":                  unlessNone(tagTo("team_id")),
		"agent_id":                 unlessNone(to("agent_instance")),
		"mcp_namespaced_tool_name": unlessNone(to("tool")),
		"error_str":                liteSym(func(l *liteState) *Sym { return &l.message }),
		"messages":                 liteMessages,
	}),
	begin:  func(d *Decoder, _ *Record) { d.lite = liteState{saved: d.lite.saved[:0]} },
	finish: finishLiteLLM,
}

// litePage is what the proxy's API answers.
var litePage = shapeOf(fields{"data": records(&liteRow)})

func decodeLiteLLM(d *Decoder, value []byte) error {
	if beginsWith(value, "data") {
		return d.decodeShape(litePage, value)
	}
	return liteRow.decode(d, value)
}

func liteSym(field func(*liteState) *Sym) flatReader {
	return unlessNone(func(d *Decoder, _ *Record) error {
		f := field(&d.lite)
		*f = firstSym(*f, d.names.sym(asTidy, liteShort(d.scan.str())))
		return nil
	})
}

// liteShort bounds what may be the message of an error.
func liteShort(b []byte) []byte {
	if len(b) > maxError {
		b = bytes.ToValidUTF8(b[:maxError], nil)
	}
	return b
}

func liteKind(d *Decoder, r *Record) error {
	word := d.scan.str()
	r.Name = d.sym(word)
	l := &d.lite
	if l.kind, l.known = liteKinds[string(word)]; !l.known && len(word) > 1 && word[0] == 'a' {
		l.kind, l.known = liteKinds[string(word[1:])]
	}
	if bytes.Contains(word, []byte("batch")) {
		r.Flags |= FlagBatch
	}
	return nil
}

// liteRetries reads how many attempts came before.
func liteRetries(d *Decoder, r *Record) error {
	if n, ok := parseInt(d.scan.num()); ok && n >= 0 && n < 1e6 {
		r.Attempt = int32(n) + 1
	}
	return nil
}

// liteTag reads a request tag: "tag" or "key:value".
func liteTag(d *Decoder, r *Record) error {
	tag := d.scan.str()
	at := bytes.IndexAny(tag, ":=")
	if at <= 0 {
		d.flat.tags.addOTLPTag(nil, tag)
		return nil
	}
	key, value := tag[:at], bytes.TrimSpace(tag[at+1:])
	switch string(key) {
	case "feature":
		r.Feature = firstSym(r.Feature, d.sym(value))
	case "workflow":
		r.Workflow = firstSym(r.Workflow, d.name(value))
	case "agent":
		r.Agent = firstSym(r.Agent, d.name(value))
	default:
		d.flat.tags.addOTLPTag(key, value)
	}
	return nil
}

// liteTagText reads request tags that are neither a list nor the JSON text of one.
func liteTagText(d *Decoder, r *Record) error { return unlessNone(liteTag)(d, r) }

// liteOwnTag reads what else a caller wrote about the request.
func liteOwnTag(d *Decoder, _ *Record) error {
	if k := d.scan.kind(); k == '{' || k == '[' {
		d.scan.skip()
		return nil
	}
	d.flat.tags.addOTLPTag(d.scan.key(), d.scan.str())
	return nil
}

// liteMessages takes the fingerprints of the prompt. What is not logged is written as an empty object.
func liteMessages(d *Decoder, r *Record) error {
	raw := d.scan.rawValue()
	if len(raw) > len("redacted-by-litellm") && !bytes.Contains(raw[:min(len(raw), 100)], []byte("redacted-by-litellm")) {
		r.Fingerprints[0], r.Fingerprints[1] = textHash(raw), tailHash(lastUser(raw))
	}
	return nil
}

func finishLiteLLM(d *Decoder, r *Record) error {
	l := &d.lite
	r.Kind = l.kind
	if !l.known {
		r.Kind = KindChain
		if r.Usage.Input+r.Usage.Output > 0 || r.Recorded > 0 {
			r.Kind = KindLLM
		}
	}
	liteNames(d, r)
	if l.fallback && r.Attempt <= 1 {
		r.Attempt, r.RetryKind = 0, RetryFallback // its number within the whole operation is not stated
	} else if r.Attempt > 1 {
		r.RetryKind = RetryPlain
	}
	if r.Usage.Input+r.Usage.Output == 0 && d.flat.total <= 0 { // rows of failures, and of calls that LiteLLM knows nothing of, say 0
		r.Has &^= HasUsage | HasCacheWrite1h
		d.flat.total = noTotal
		if r.Recorded == 0 {
			r.Has &^= HasCost
		}
	}
	if l.hit {
		liteHit(d, r)
	}
	d.flatClose(r, 0)
	return liteIdentity(d, r)
}

// liteNames settles the names that several members give.
func liteNames(d *Decoder, r *Record) {
	l := &d.lite
	r.RequestModel = firstSym(r.RequestModel, l.group)
	r.User = firstSym(r.User, l.user)
	r.Workflow = firstSym(r.Workflow, l.key)
	if r.Kind != KindTool {
		r.Tool = 0
	}
	if d.flat.said == StatusError || !d.flat.stated {
		r.Error = firstSym(l.error, r.Error, l.message)
	}
}

// liteHit settles an answer from the gateway's cache: the provider saw nothing of it.
func liteHit(d *Decoder, r *Record) {
	r.Flags |= FlagGatewayHit
	r.Usage, d.flat.total = Usage{}, noTotal
	r.Has = r.Has&^HasUsage | HasInput | HasOutput
	if saved := d.lite.saved; bytes.ContainsAny(saved, "123456789") {
		d.flat.tags.add([]byte("saved_cache_cost"), saved)
	}
}

// liteIdentity settles the id and the run. A cached answer repeats the id of the first one, with the time of day where it was written
// behind it: it is known by when it began, to the millisecond that databases keep.
func liteIdentity(d *Decoder, r *Record) error {
	l := &d.lite
	if r.ID == "" && r.Has&HasStart == 0 {
		return skipError("neither an id nor a time")
	}
	id := append(d.otlp.id[:0], r.ID...)
	if l.hit {
		if at := bytes.Index(id, []byte("_cache_hit")); at >= 0 {
			id = id[:at]
		}
		id = append(id, "/hit"...)
	}
	if len(id) == 0 {
		id = append(append(id, "litellm/"...), d.names.all.Name(r.Model)...)
	}
	if l.hit || r.ID == "" {
		id = strconv.AppendInt(append(id, '/'), (r.Start+5e5)/1e6, 10)
	}
	d.otlp.id = id
	r.ID = d.text(id)
	r.Flags |= FlagGlobal
	switch r.Run = l.trace; {
	case r.Run == "" && l.session != "":
		r.Run = l.session
	case r.Run == "":
		r.Run = r.ID
	}
	return nil
}

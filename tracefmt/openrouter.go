package tracefmt

var openRouterFormat = Format{Name: "openrouter", Title: "OpenRouter generation records and activity exports",
	Can:   TellsUsage | TellsCost | TellsRetries,
	Note:  "a run is a session, else each generation by itself; the cost covers failed attempts, too",
	sniff: sniffOpenRouter, decode: decodeOpenRouter}

func sniffOpenRouter(v *peek) bool {
	switch {
	case v.has("native_tokens_prompt"), v.has("generation_id", "model_permaslug"):
		return true
	}
	return v.holds("data", "native_tokens_prompt")
}

var openRouterFields = fields{
	"id":                       idTo(func(r *Record) *string { return &r.ID }),
	"generation_id":            idTo(func(r *Record) *string { return &r.ID }),
	"created_at":               startTo,
	"model":                    modelTo,
	"model_permaslug":          modelTo,
	"provider_name":            providerTo,
	"native_tokens_prompt":     to("input_tokens"),
	"native_tokens_completion": to("output_tokens"),
	"native_tokens_reasoning":  to("reasoning_output_tokens"),
	"native_tokens_cached":     to("cache_read_input_tokens"),
	"tokens_prompt":            otherTo(func(u *Usage) *int64 { return &u.Input }, HasInput),
	"tokens_completion":        otherTo(func(u *Usage) *int64 { return &u.Output }, HasOutput),
	"tokens_reasoning":         otherTo(func(u *Usage) *int64 { return &u.Reasoning }, HasReasoning),
	"tokens_cached":            otherTo(func(u *Usage) *int64 { return &u.CacheRead }, HasCacheRead),
	"total_cost":               to("cost_usd"),
	"usage":                    amountTo(func(g *gateState) *USD { return &g.small }, HasStart),
	"cost_total":               to("cost_usd"),
	"upstream_inference_cost":  amountTo(func(g *gateState) *USD { return &g.extra }, hasExtra),
	"byok_usage_inference":     amountTo(func(g *gateState) *USD { return &g.extra }, hasExtra),
	"is_byok":                  (*Decoder).ownKeyTo,
	"cancelled":                (*Decoder).cancelledTo,
	"latency":                  longestTo,
	"generation_time":          longestTo,
	"generation_time_ms":       longestTo,
	"external_user":            userTo,
	"user":                     userTo,
	"session_id":               sessionTo,
	"app_id":                   tagTo("app"),
	"app_name":                 tagTo("app"),
	"api_key_name":             tagTo("api_key"),
	"origin":                   tagTo("origin"),
	"finish_reason":            tagTo("finish_reason"),
	"finish_reason_normalized": tagTo("finish_reason"),
	"provider_responses":       (*Decoder).openRouterTries,
}

var openRouterRow = row{
	shape:  shapeOf(openRouterFields),
	begin:  gateBegin,
	finish: (*Decoder).openRouterDone,
}

var openRouterShape = shapeOf(fields{"data": records(&openRouterRow)})

func decodeOpenRouter(d *Decoder, value []byte) error {
	if wrapped(value, "data") {
		return d.decodeShape(openRouterShape, value)
	}
	return openRouterRow.decode(d, value)
}

// ownKeyTo reads whether the caller's own key at the provider was used.
func (d *Decoder) ownKeyTo(_ *Record) error {
	d.gate.byok, d.gate.stated = d.scan.boolean()
	return nil
}

// cancelledTo reads whether the caller left before the answer was whole. What was written until then is charged.
func (d *Decoder) cancelledTo(r *Record) error {
	if v, ok := d.scan.boolean(); ok && v {
		d.flat.said, d.flat.stated = StatusError, true
		r.Error = firstSym(r.Error, d.sym([]byte("cancelled")))
	}
	return nil
}

// longestTo reads one of several durations in milliseconds, of which the longest is the call's.
func longestTo(d *Decoder, r *Record) error {
	f := &d.flat
	was, timed := f.duration, f.timed
	err := durationTo(1e6)(d, r)
	if timed {
		f.duration, f.timed = max(f.duration, was), true
	}
	return err
}

// otherTo reads a count that stands in where the billed one is missing.
func otherTo(field func(*Usage) *int64, has Fields) flatReader {
	return func(d *Decoder, _ *Record) error {
		var n int64
		var is Record
		if err := d.count(&d.scan, &is, &n, HasInput); err != nil {
			return err
		}
		if is.Has != 0 {
			*field(&d.gate.other) = n
			d.gate.has |= has
		}
		return nil
	}
}

// openRouterTries reads which providers were asked. All but the last that answered failed.
func (d *Decoder) openRouterTries(_ *Record) error {
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
			switch string(s.key()) {
			case "provider_name":
				t.provider = d.sym(s.str())
			case "status":
				t.status, _ = parseInt(s.num())
			default:
				s.skip()
			}
		}
		if len(d.gate.tries) < maxTries {
			d.gate.tries = append(d.gate.tries, t)
		}
	}
	return nil
}

func (d *Decoder) openRouterDone(r *Record) error {
	g := &d.gate
	if r.ID == "" {
		return errDrop
	}
	r.Flags |= FlagGlobal
	if r.Has&(HasInput|HasOutput) == 0 && g.has != 0 {
		r.Usage, r.Has = g.other, r.Has|g.has
	}
	if r.Has&HasCost == 0 && g.flags&HasStart != 0 {
		r.Recorded, r.Has = g.small, r.Has|HasCost
	}
	if g.flags&hasExtra != 0 && (g.byok || !g.stated && g.extra > r.Recorded) {
		if sum, ok := r.Recorded.Add(g.extra); ok { // the fee and what the provider took on the caller's own key
			r.Recorded, r.Has = sum, r.Has|HasCost
		}
	}
	tries := g.tries
	if n := len(tries); n > 0 && tries[n-1].status >= 400 {
		d.flat.status = int(min(tries[n-1].status, 999))
	}
	d.gateClose(r, 0)
	at := len(d.Out) - 1
	d.failedTries(at, failedOf(tries), r.Has&HasCost != 0)
	return nil
}

// failedOf are the attempts that failed before the last one.
func failedOf(tries []gateTry) []gateTry {
	n := 0
	for i := range max(len(tries)-1, 0) {
		if s := tries[i].status; s < 200 || s > 299 {
			tries[n] = tries[i]
			n++
		}
	}
	return tries[:n]
}

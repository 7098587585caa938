package tracefmt

var cloudflareFormat = Format{Name: "cloudflare-ai-gateway", Title: "Cloudflare AI Gateway logs",
	Can: TellsUsage | TellsCost, Partly: TellsAgents | TellsRetries,
	Note:  "rows of one request are not joined: a run is what the metadata names, else each row by itself",
	sniff: sniffCloudflare, decode: decodeCloudflare}

func sniffCloudflare(v *peek) bool {
	if v.has("tokens_in", "tokens_out", "provider") && (v.has("cached") || v.has("success") || v.has("status_code")) {
		return true
	}
	return v.holds("result", "tokens_in", "tokens_out", "provider")
}

var cloudflareRow = row{
	shape: shapeOf(callerAt("metadata"), fields{
		"id":          idTo(func(r *Record) *string { return &r.ID }),
		"created_at":  startTo,
		"provider":    providerTo,
		"model":       modelTo,
		"model_type":  tagTo("model_type"),
		"path":        tagTo("path"),
		"duration":    durationTo(1e6),
		"status_code": httpTo,
		"success":     failedTo(false),
		"cached":      hitTo,
		"tokens_in":   to("input_tokens"),
		"tokens_out":  to("output_tokens"),
		"cost":        to("cost_usd"),
		"step":        (*Decoder).cloudflareStep,
	}),
	begin: gateBegin,
	finish: func(d *Decoder, r *Record) error {
		if r.ID == "" {
			return errDrop
		}
		r.Flags |= FlagGlobal // one log entry, whatever run it is put under
		d.gateClose(r, 0)
		return nil
	},
}

var cloudflareShape = shapeOf(fields{"result": records(&cloudflareRow)})

func decodeCloudflare(d *Decoder, value []byte) error {
	if wrapped(value, "result") {
		return d.decodeShape(cloudflareShape, value)
	}
	return cloudflareRow.decode(d, value)
}

// cloudflareStep reads which of the providers in turn was asked: above 0 those before failed.
func (d *Decoder) cloudflareStep(r *Record) error {
	n, ok := parseInt(d.scan.num())
	if !ok || n < 0 || n > maxTries {
		return nil
	}
	if r.Attempt = int32(n) + 1; n > 0 {
		r.RetryKind = RetryFallback
	}
	return nil
}

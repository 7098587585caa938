package tracefmt

import (
	"bytes"
)

var portkeyFormat = Format{Name: "portkey", Title: "Portkey log export",
	Can: TellsUsage | TellsCost | TellsRetries, Partly: TellsAgents,
	Note:  "costs are read as cents; no cache counts",
	sniff: sniffPortkey, decode: decodePortkey}

func sniffPortkey(v *peek) bool {
	return v.has("req_units") && (v.has("ai_model") || v.has("ai_org")) || v.holds("data", "req_units", "ai_model")
}

var portkeyRow = row{
	shape: shapeOf(callerAt("metadata"), fields{
		"id":                     idTo(func(r *Record) *string { return &r.ID }),
		"trace_id":               traceTo,
		"created_at":             startTo,
		"ai_org":                 providerTo,
		"ai_provider":            providerTo,
		"ai_model":               modelTo,
		"response_status_code":   httpTo,
		"is_success":             failedTo(false),
		"req_units":              to("input_tokens"),
		"res_units":              to("output_tokens"),
		"total_units":            to("total_tokens"),
		"cost":                   (*Decoder).portkeyCost,
		"cost_currency":          (*Decoder).portkeyCurrency,
		"response_time":          durationTo(1e6),
		"mode":                   tagTo("mode"),
		"config":                 tagTo("config"),
		"cache_status":           hitWordTo,
		"retry_success_count":    (*Decoder).portkeyRetries,
		"last_used_option_index": (*Decoder).cloudflareStep,
	}),
	begin:  gateBegin,
	finish: (*Decoder).portkeyDone,
}

var portkeyShape = shapeOf(fields{"data": records(&portkeyRow)})

func decodePortkey(d *Decoder, value []byte) error {
	if wrapped(value, "data") {
		return d.decodeShape(portkeyShape, value)
	}
	return portkeyRow.decode(d, value)
}

// portkeyCost reads cents.
func (d *Decoder) portkeyCost(_ *Record) error {
	v := d.scan.num()
	if usd, ok := parseDecimal(v, 10); ok && v != nil && usd >= 0 {
		d.gate.amount = USD(usd)
		d.gate.flags |= HasCost
	}
	return nil
}

func (d *Decoder) portkeyCurrency(_ *Record) error {
	b := d.scan.str()
	if len(b) > 0 && !bytes.EqualFold(b, []byte("usd")) {
		d.gate.foreign = true
	}
	return nil
}

// portkeyRetries reads how often the gateway asked again before it had an answer.
func (d *Decoder) portkeyRetries(_ *Record) error {
	if n, ok := parseInt(d.scan.num()); ok && n > 0 {
		d.gate.hidden = min(n, maxTries)
	}
	return nil
}

func (d *Decoder) portkeyDone(r *Record) error {
	g := &d.gate
	switch {
	case r.ID == "" && g.trace == "":
		return errDrop
	case r.ID == "":
		r.ID = valueID("row-", []byte(g.trace), []byte(d.names.all.Name(r.Model)), timeText(r.Start))
	}
	switch {
	case g.flags&HasCost == 0:
	case g.foreign:
		d.warnf("a cost in another currency than USD: read as not stated")
	default:
		r.Recorded, r.Has = g.amount, r.Has|HasCost
		if g.amount > 0 {
			d.warnf("costs are read as cents, as Portkey exports them")
		}
	}
	d.gateClose(r, d.besideCache(r))
	if g.hidden > 0 {
		for range g.hidden {
			g.tries = append(g.tries, gateTry{})
		}
		d.failedTries(len(d.Out)-1, g.tries, false)
	}
	return nil
}

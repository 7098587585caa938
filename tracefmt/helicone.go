package tracefmt

import "bytes"

var heliconeFormat = Format{Name: "helicone", Title: "Helicone request export",
	Can: TellsUsage | TellsCost, Partly: TellsAgents | TellsOutcomes,
	Note:  "retries by its proxy are not rows of their own; a run is a Helicone session",
	sniff: sniffHelicone, decode: decodeHelicone}

func sniffHelicone(v *peek) bool {
	if v.has("request_created_at") && (v.has("response_status") || v.has("response_id")) {
		return true
	}
	return v.holds("data", "request_created_at", "response_status")
}

// heliconeProperty names: those that Helicone defines, before the caller's own.
var heliconeProperties = fields{
	"Helicone-Session-Id":   sessionTo,
	"Helicone-Session-Name": workflowTo,
	"Helicone-Session-Path": (*Decoder).heliconePath,
	"Helicone-User-Id":      userTo,
}

func heliconeAt(path string) fields {
	t := callerAt(path)
	for name, read := range heliconeProperties {
		t[path+"."+name] = read
	}
	return t
}

var heliconeRow = row{
	shape: shapeOf(heliconeAt("properties"), heliconeAt("request_properties"), fields{
		"request_id":                idTo(func(r *Record) *string { return &r.ID }),
		"request_created_at":        startTo,
		"delay_ms":                  durationTo(1e6),
		"latency":                   (*Decoder).heliconeLatency,
		"response_status":           (*Decoder).heliconeStatus,
		"status":                    (*Decoder).heliconeStatus,
		"model":                     modelTo,
		"response_model":            modelTo,
		"request_model":             requestTo,
		"model_override":            modelTo,
		"provider":                  (*Decoder).lowerProviderTo,
		"request_user_id":           userTo,
		"user_id":                   userTo,
		"prompt_tokens":             to("input_tokens"),
		"completion_tokens":         to("output_tokens"),
		"prompt_cache_read_tokens":  to("cache_read_input_tokens"),
		"prompt_cache_write_tokens": to("cache_creation_input_tokens"),
		"reasoning_tokens":          to("reasoning_output_tokens"),
		"costUSD":                   amountTo(func(g *gateState) *USD { return &g.amount }, HasCost),
		"cost_usd":                  amountTo(func(g *gateState) *USD { return &g.amount }, HasCost),
		"cost":                      (*Decoder).heliconeCost,
		"cache_reference_id":        (*Decoder).heliconeHit,
		"scores":                    to("scores"),
		"feedback_rating":           (*Decoder).heliconeRating,
		"country_code":              tagTo("country"),
		"prompt_id":                 tagTo("prompt_id"),
		"prompt_version":            tagTo("prompt_version"),
	}),
	begin:  gateBegin,
	finish: (*Decoder).heliconeDone,
}

var heliconeShape = shapeOf(fields{"data": records(&heliconeRow)})

func decodeHelicone(d *Decoder, value []byte) error {
	if wrapped(value, "data") {
		return d.decodeShape(heliconeShape, value)
	}
	return heliconeRow.decode(d, value)
}

// lowerProviderTo reads a provider written in capitals.
func (d *Decoder) lowerProviderTo(r *Record) error {
	r.Provider = d.sym(bytes.ToLower(d.scan.str()))
	return nil
}

// heliconePath reads a place in the tree of a session: its last part is the step.
func (d *Decoder) heliconePath(r *Record) error {
	b := bytes.Trim(d.scan.str(), "/ ")
	r.Step = firstSym(r.Step, d.name(b[bytes.LastIndexByte(b, '/')+1:]))
	if len(b) > 0 {
		d.flat.tags.add([]byte("path"), b)
	}
	return nil
}

// heliconeStatus reads an HTTP status. Below zero the request was not answered: -2 is still waited for.
func (d *Decoder) heliconeStatus(r *Record) error {
	n, ok := parseInt(d.scan.num())
	switch {
	case ok && n == -2:
		d.flat.said, d.flat.stated = StatusUnfinished, true
	case ok && n < 0:
		d.gate.failed = true
		r.Error = firstSym(r.Error, d.sym([]byte("not answered")))
	case ok && n < 1000:
		d.flat.status = int(n)
	}
	return nil
}

// heliconeLatency reads what dumps of the database call delay_ms. Their costs are in billionths of a dollar.
func (d *Decoder) heliconeLatency(r *Record) error {
	d.gate.billionths = true
	return durationTo(1e6)(d, r)
}

// heliconeCost reads the cost: dollars, but a whole number of a thousand and more is in billionths.
func (d *Decoder) heliconeCost(_ *Record) error {
	v := d.scan.num()
	usd, ok := parseDecimal(v, 12)
	small, fits := parseDecimal(v, 3)
	if n, whole := parseInt(v); whole && n >= 1000 || d.gate.billionths {
		usd, ok = small, fits
	}
	if v != nil && ok && usd >= 0 {
		d.gate.extra, d.gate.small = USD(usd), USD(small)
		d.gate.flags |= hasExtra
	}
	return nil
}

var noUUID = []byte("00000000-0000-0000-0000-000000000000")

func (d *Decoder) heliconeHit(r *Record) error {
	b := d.scan.str()
	d.gate.hit = len(b) > 0 && !bytes.Equal(b, noUUID)
	return nil
}

// heliconeRating reads a person's verdict on the answer.
func (d *Decoder) heliconeRating(r *Record) error {
	if v, ok := d.scan.boolean(); ok {
		s := Value{Unit: "feedback"}
		if v {
			s.Amount = 1
		}
		d.flat.facts.Scores = append(d.flat.facts.Scores, s)
	}
	return nil
}

func (d *Decoder) heliconeDone(r *Record) error {
	g := &d.gate
	if r.ID == "" {
		return errDrop
	}
	switch {
	case g.flags&HasCost != 0:
		r.Recorded, r.Has = g.amount, r.Has|HasCost
	case g.flags&hasExtra == 0:
	case g.billionths:
		r.Recorded, r.Has = g.small, r.Has|HasCost
	default:
		r.Recorded, r.Has = g.extra, r.Has|HasCost
	}
	d.gateClose(r, d.besideCache(r))
	return nil
}

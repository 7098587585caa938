package tracefmt

import "bytes"

var openAIUsageFormat = Format{Name: "openai-usage", Title: "OpenAI usage and costs API pages",
	Partly: TellsUsage | TellsCost, Note: "sums of hours or days, no calls: a check of the bill; beside traces of the same calls it counts them twice",
	sniff: sniffOpenAIUsage, decode: decodeOpenAIUsage}

func sniffOpenAIUsage(v *peek) bool {
	return v.keys["object"] == "page" && v.keys["data"] == "[" && (bytes.Contains(v.raw, []byte("bucket")) || bytes.Contains(v.raw, []byte(`"organization.`))) ||
		v.keys["object"] == "bucket" && v.keys["results"] == "["
}

// A usageBucket is what one bucket sums up, by model. It is read before its times are known, so that it is put out at its end.
type usageBucket struct {
	start, end []byte
	sums       []usageSum
}

// A usageSum is what calls of one model, at one rate, used in a bucket.
type usageSum struct {
	object   string
	model    string
	tier     string
	batch    bool
	requests int64
	u        Usage
	cost     USD
	has      Fields
}

func decodeOpenAIUsage(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	if topMember(value, "data") != '[' {
		if err := d.usageBucket(); err != nil {
			return err
		}
		return s.err
	}
	for s.object(); s.next(); {
		if string(s.key()) != "data" {
			s.skip()
			continue
		}
		for s.array(); s.next(); {
			if err := d.usageBucket(); err != nil {
				return err
			}
		}
	}
	return s.err
}

// usageBucket reads one bucket: a record for each model that it names.
func (d *Decoder) usageBucket() error {
	s := &d.scan
	if !s.enter('{') {
		return nil
	}
	var b usageBucket
	for s.next() {
		switch string(s.key()) {
		case "start_time":
			b.start = bytes.Clone(s.str())
		case "end_time":
			b.end = bytes.Clone(s.str())
		case "results", "result":
			if err := d.usageResults(&b); err != nil {
				return err
			}
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return s.err
	}
	for i := range b.sums {
		d.usageTotal(&b, &b.sums[i])
	}
	return nil
}

func (d *Decoder) usageResults(b *usageBucket) error {
	s := &d.scan
	if !s.enter('[') {
		return nil
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		var r usageSum
		if err := d.usageResult(&r); err != nil {
			return err
		}
		b.add(&r)
	}
	return nil
}

func (d *Decoder) usageResult(r *usageSum) error {
	s := &d.scan
	var rec Record
	var err error
	for s.next() && err == nil {
		switch string(s.key()) {
		case "object":
			r.object = string(s.str())
		case "model":
			r.model = string(s.str())
		case "service_tier":
			r.tier = string(s.str())
		case "batch":
			r.batch, _ = s.boolean()
		case "input_tokens":
			err = d.count(s, &rec, &rec.Usage.Input, HasInput)
		case "output_tokens":
			err = d.count(s, &rec, &rec.Usage.Output, HasOutput)
		case "input_cached_tokens":
			err = d.count(s, &rec, &rec.Usage.CacheRead, HasCacheRead)
		case "num_model_requests":
			err = d.count(s, &Record{}, &r.requests, HasInput)
		case "amount":
			err = d.usageAmount(&rec)
		default:
			s.skip()
		}
	}
	rec.normaliseUsage(0, noTotal)
	r.u, r.cost, r.has = rec.Usage, rec.Recorded, rec.Has
	return err
}

// usageAmount reads {"value": 0.06, "currency": "usd"}.
func (d *Decoder) usageAmount(r *Record) error {
	s := &d.scan
	if !s.enter('{') {
		return nil
	}
	dollars := true
	for s.next() {
		switch string(s.key()) {
		case "value":
			if v, err := ParseUSD(s.num()); err == nil {
				r.Recorded, r.Has = v, r.Has|HasCost
			}
		case "currency":
			dollars = bytes.EqualFold(s.str(), []byte("usd"))
		default:
			s.skip()
		}
	}
	if !dollars {
		d.warnf("a cost in another currency than USD: read as not stated")
		r.Has &^= HasCost
	}
	return nil
}

// add sums up results of the same model at the same rate: pages may split them by project, user or key.
func (b *usageBucket) add(r *usageSum) {
	if r.has == 0 {
		return
	}
	for i := range b.sums {
		s := &b.sums[i]
		if s.object != r.object || s.model != r.model || s.tier != r.tier || s.batch != r.batch {
			continue
		}
		s.u.Input, s.u.CacheRead, s.u.Output = s.u.Input+r.u.Input, s.u.CacheRead+r.u.CacheRead, s.u.Output+r.u.Output
		s.requests, s.has = s.requests+r.requests, s.has|r.has
		if sum, ok := s.cost.Add(r.cost); ok {
			s.cost = sum
		}
		return
	}
	b.sums = append(b.sums, *r)
}

// usageTotal adds a record of one sum, as a run of its own: it has no call to go with.
func (d *Decoder) usageTotal(b *usageBucket, s *usageSum) {
	r := d.add()
	r.Start, r.Has = 0, s.has
	if ns, ok := readTime(b.start); ok {
		r.Start, r.Has = ns, r.Has|HasStart
	}
	if ns, ok := readTime(b.end); ok {
		r.End, r.Has = ns, r.Has|HasEnd
	}
	r.Usage, r.Recorded = s.u, s.cost
	r.Provider = d.sym([]byte("openai"))
	r.Model, r.Tier = d.sym([]byte(s.model)), d.sym([]byte(s.tier))
	r.Workflow = d.sym([]byte("openai usage"))
	rate := ""
	if s.batch {
		rate = "batch"
		r.Flags |= FlagBatch
	}
	r.ID = valueID("bucket-", b.start, b.end, []byte(s.object), []byte(s.model), []byte(s.tier), []byte(rate))
	crewTotal(r, r.ID)
	d.warnf("sums of a bill, which count no call: beside traces of the same calls they count the money twice")
}

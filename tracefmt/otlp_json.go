package tracefmt

import "bytes"

// innerJSON is a scanner over the object in a JSON text, or over the object itself, where attributes are not flattened to text; nil for
// everything else. There is one of it.
func (d *Decoder) innerJSON(s *scanner) *scanner {
	var text []byte
	if s.kind() == '{' {
		text = s.raw()
	} else {
		text = s.str()
	}
	if s.err != nil || len(text) == 0 || text[0] != '{' {
		return nil
	}
	d.otlp.json.reset(text)
	return &d.otlp.json
}

// jsonText reads the counts in a JSON text (or in the object itself, where attributes are not flattened to text).
func (d *Decoder) jsonText(s *scanner, from slot) {
	in := d.innerJSON(s)
	if in == nil {
		return
	}
	switch from {
	case slotUsageJSON:
		d.usageDetails(in)
	case slotCostJSON:
		d.costDetails(in)
	default:
		d.jsonPaths(in, jsonKeys[from], d.otlp.jsonPath[:0])
	}
	if in.err != nil {
		d.warnf("a JSON text inside an attribute is not valid: what it states after the fault is unknown")
	}
}

// jsonPaths reads the members that rules name by path; everything else is skipped.
func (d *Decoder) jsonPaths(s *scanner, rules map[string]attrRule, path []byte) {
	base := len(path)
	for s.object(); s.next(); {
		path = path[:base]
		if base > 0 {
			path = append(path, '.')
		}
		path = append(path, s.key()...)
		rule, ok := rules[string(path)]
		switch {
		case ok && rule.slot < slotNames:
			d.setSym(rule, s.str())
		case ok:
			d.setCount(rule, d.number(s), s.err)
		case s.kind() == '{' && leads(rules, path):
			d.jsonPaths(s, rules, path)
		default:
			s.skip()
		}
	}
	d.otlp.jsonPath = path[:0]
}

// leads tells whether a rule's path goes through path.
func leads(rules map[string]attrRule, path []byte) bool {
	if len(path) > 60 {
		return false
	}
	for k := range rules {
		if len(k) > len(path) && k[len(path)] == '.' && k[:len(path)] == string(path) {
			return true
		}
	}
	return false
}

// usageDetails reads Langfuse usage details. They replace counts from other attributes: Langfuse made them from those.
func (d *Decoder) usageDetails(s *scanner) {
	sp := &d.otlp.span
	counts, ranks := sp.counts, sp.countRank
	for k := slotInput; k < slotAttempt; k++ {
		sp.counts[k], sp.countRank[k] = 0, 0
	}
	var fiveMinutes, restIn, restOut int64
	for s.object(); s.next(); {
		key := s.key()
		rule, ok := langfuseUsage[string(key)]
		if ok && rule.rank < splitWrite {
			sp.inside = sp.inside || bytes.Contains(key, []byte("_details."))
			d.setCount(rule, d.number(s), s.err)
			continue
		}
		isIn, isOut := bytes.HasPrefix(key, []byte("input_")), bytes.HasPrefix(key, []byte("output_"))
		if !isIn && !isOut {
			s.skip()
			continue
		}
		n, whole := parseInt(d.number(s))
		switch {
		case !whole || n < 0 || n > maxCount:
			sp.badCount = sp.badCount || n != 0
		case ok:
			fiveMinutes += n
		case isIn:
			restIn += n
		default:
			restOut += n
		}
	}
	sp.badCount = sp.badCount || restIn > maxCount || restOut > maxCount || fiveMinutes > maxCount
	sp.counts[slotRestInput], sp.counts[slotRestOutput] = restIn, restOut
	if hour := sp.counts[slotWrite1h]; (hour > 0 || fiveMinutes > 0) && sp.counts[slotWrite] == 0 {
		sp.counts[slotWrite], sp.countRank[slotWrite] = hour+fiveMinutes, 1
	}
	sp.details = sp.countRank[slotInput] != 0 || sp.countRank[slotOutput] != 0
	if !sp.details {
		sp.counts, sp.countRank = counts, ranks
	}
}

// costDetails reads Langfuse cost details: the total, else the sum. All zero says nothing (failed generations have that).
func (d *Decoder) costDetails(s *scanner) {
	var sum, total USD
	for s.object(); s.next(); {
		isTotal := string(s.key()) == "total"
		m, err := ParseUSD(d.number(s))
		switch {
		case err != nil || m < 0:
		case isTotal:
			total = m
		default:
			sum, _ = sum.Add(m)
		}
	}
	if total == 0 {
		total = sum
	}
	if sp := &d.otlp.span; total > 0 && sp.moneyRank[slotCost] == 0 {
		sp.money[slotCost], sp.moneyRank[slotCost] = total, 5
	}
}

// costJSON reads {"input_cost", "output_cost", "total_cost"}.
func (d *Decoder) costJSON(s *scanner) {
	in := d.innerJSON(s)
	if in == nil {
		return
	}
	for in.object(); in.next(); {
		switch string(in.key()) {
		case "input_cost":
			d.setMoney(attrRule{slotCostIn, 2}, in.num())
		case "output_cost":
			d.setMoney(attrRule{slotCostOut, 2}, in.num())
		case "total_cost":
			d.setMoney(attrRule{slotCost, 3}, in.num())
		default:
			in.skip()
		}
	}
}

// metadataJSON reads a span's own metadata: what has a meaning here (metaKeys); other texts become tags.
func (d *Decoder) metadataJSON(s *scanner) {
	in := d.innerJSON(s)
	if in == nil {
		return
	}
	for in.object(); in.next(); {
		key := in.key()
		rule, known := metaKeys[string(key)]
		switch c := in.kind(); {
		case c == '{' || c == '[' && !known:
			in.skip()
		case known && rule.slot == slotTags:
			d.takeTags(in)
		case known:
			d.setSym(rule, in.str())
		default:
			d.otlp.tags.addOTLPTag(key, in.str())
		}
	}
}

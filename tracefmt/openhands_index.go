package tracefmt

import "bytes"

// The OpenHands index's results: {instance: {"cost", "resolved"}}, one file per benchmark in the folder of a model. A cost of 0 or null
// was not recorded.

var openHandsIndexFormat = Format{Name: "openhands-index", Title: "OpenHands index results",
	Can: TellsOutcomes, Partly: TellsCost, Note: "one cost per run and no calls; a cost of 0 or null was not recorded",
	sniff: sniffOpenHandsIndex, decode: decodeOpenHandsIndex}

// sniffOpenHandsIndex looks into the first member: all of them are alike.
func sniffOpenHandsIndex(v *peek) bool {
	for _, kind := range v.keys {
		if kind != "{" {
			return false
		}
	}
	var s scanner
	s.reset(v.raw)
	if s.object(); !s.next() || s.kind() != '{' {
		return false
	}
	cost, resolved, others := false, false, 0
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "cost":
			cost = true
		case "resolved":
			resolved = true
		default:
			others++
		}
		s.skip()
	}
	return cost && resolved && others <= 2
}

func decodeOpenHandsIndex(d *Decoder, value []byte) error {
	s := &d.scan
	bench, folder, model := pathNames(d.Path)
	place := model + "/" + bench
	if folder != "instance_results" || model == "" {
		model, place = "", bench
	}
	workflow, sym := d.name([]byte(bench)), d.sym([]byte(model))
	s.reset(value)
	for s.object(); s.next(); {
		task := string(s.key())
		if s.kind() != '{' {
			s.skip()
			continue
		}
		d.indexRun(task, place, workflow, sym)
	}
	return s.err
}

// indexRun adds the run of one instance. A cost of many digits is its own proof that two files tell the same run.
func (d *Decoder) indexRun(task, place string, workflow, model Sym) {
	s := &d.scan
	var facts, paid Record
	var cost []byte
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "cost":
			if k := s.kind(); isDigit(k) {
				cost = bytes.Clone(s.raw())
				if usd, err := ParseUSD(cost); err == nil && usd > 0 {
					paid.Recorded, paid.Has = usd, HasCost
				}
				continue
			}
			s.skip()
		case "resolved":
			d.verdictTo(&facts)
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return
	}
	run := place + "/" + task
	if len(bytes.Trim(cost, "0.")) >= 10 {
		var h docID
		h.add(cost)
		run = h.runOf(task)
	}
	r := d.docRun(run, task)
	r.Has, r.Outcome, r.Workflow = facts.Has, facts.Outcome, workflow
	r = d.add()
	r.Run, r.Model, r.Agent = run, model, d.sym([]byte("OpenHands"))
	if paid.Has&HasCost != 0 {
		r.Kind, r.Flags, r.ID, r.Recorded, r.Has = KindChain, FlagTotal, "total", paid.Recorded, paid.Has
		r.Status = StatusOK
		return
	}
	r.Kind, r.ID, r.Status = KindLLM, "calls", StatusOK
}

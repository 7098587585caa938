package tracefmt

import (
	"cmp"
	"slices"
)

// codexJoin makes the calls of a Codex session of the readings of its running total. Its memory is reused. It sees the records in the
// order of their times, whatever order they arrived in, and it changes copies: what is stored remains a reading.
type codexJoin struct {
	events []codexEvent
	names  *Names

	prev    Usage // the latest total
	seen    map[Usage]bool
	prevAt  int64
	model   Sym             // of the latest reading
	lost    []Record        // what was used before the model changed, and not read
	input   int64           // when the latest prompt, or turn, was written
	output  int64           // when the latest tool ended
	turn    *Record         // says the model
	turns   map[uint64]bool // that say their model
	call    *Record         // the latest call
	tools   []*Record       // begun since the latest reading
	running []*Record       // begun and not ended
	failed  int32           // tries that failed since the latest call
	fork    codexFork
}

// codexFork is where the copy that a forked session begins with has its end.
type codexFork struct {
	own, copied bool // a turn of its own has begun; the latest turn is known to be a copy
}

// A codexEvent is something that happened at a time. A tool is two: its start and its end.
type codexEvent struct {
	at   int64
	rank codexRank
	rec  *Record
}

// codexRank orders what happened within the same millisecond.
type codexRank uint8

const (
	codexTurnRank codexRank = iota // turns and prompts begin what follows
	codexStart
	codexEnd
	codexOtherRank
	codexReading // a total is written after all that it is of
)

// joinCodex returns recs with what it made of them. Others may own the memory behind recs.
func (a *Assembler) joinCodex(recs []Record) []Record {
	j := &a.codex
	j.events = j.events[:0]
	for i := range recs {
		if r := &recs[i]; r.Format == FormatCodex {
			j.enter(r)
		}
	}
	if len(j.events) == 0 {
		return recs
	}
	j.start(a.Names)
	slices.SortFunc(j.events, func(x, y codexEvent) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.rank, y.rank), compareTotals(x.rec, y.rec), cmp.Compare(x.rec.ID, y.rec.ID))
	})
	for i, e := range j.events {
		j.take(e)
		if e.rec.Event == EventPrompt && e.rec.LineID != 0 && !j.turns[e.rec.LineID] {
			j.lostTurn(j.events[i+1:])
		}
	}
	j.asked()
	if len(j.lost) > 0 {
		recs = append(slices.Clip(recs), j.lost...)
	}
	return recs
}

// enter lists what a record tells of. A reading without a time cannot be ordered by it; it comes first.
func (j *codexJoin) enter(r *Record) {
	switch {
	case r.Kind == KindTool:
		r.inOrder()
		if r.Has&HasStart != 0 {
			j.events = append(j.events, codexEvent{r.Start, codexStart, r})
		}
		if r.Has&HasEnd != 0 {
			j.events = append(j.events, codexEvent{r.End, codexEnd, r})
		}
	case r.Event == EventCounter:
		j.events = append(j.events, codexEvent{r.Start, codexReading, r})
	case r.Event == EventModel, r.Event == EventPrompt:
		j.events = append(j.events, codexEvent{r.Start, codexTurnRank, r})
	case r.Kind == KindMark:
		j.events = append(j.events, codexEvent{r.Start, codexOtherRank, r})
	}
}

// compareTotals orders readings of one time: the total grows.
func compareTotals(x, y *Record) int {
	return cmp.Or(cmp.Compare(x.Usage.Input+x.Usage.Output, y.Usage.Input+y.Usage.Output), cmp.Compare(x.Usage.CacheRead, y.Usage.CacheRead))
}

func (j *codexJoin) start(n *Names) {
	if j.seen == nil {
		j.seen, j.turns = map[Usage]bool{}, map[uint64]bool{}
	}
	clear(j.seen)
	clear(j.turns)
	*j = codexJoin{events: j.events, names: n, seen: j.seen, turns: j.turns, tools: j.tools[:0], running: j.running[:0], lost: j.lost[:0]}
	for _, e := range j.events {
		if e.rec.Event == EventModel {
			j.turns[e.rec.LineID] = true
		}
	}
}

func (j *codexJoin) take(e codexEvent) {
	r := e.rec
	if j.fork.copies(r) && e.rank != codexEnd {
		j.passOver(e)
		return
	}
	if e.rank != codexEnd {
		r.Flags &^= FlagInherited
	}
	switch {
	case e.rank == codexTurnRank:
		j.input = e.at
		if r.Event == EventModel {
			j.turn = r
		}
	case e.rank == codexStart:
		j.tools, j.running = append(j.tools, r), append(j.running, r)
	case e.rank == codexEnd:
		j.output = e.at
	case e.rank == codexReading:
		j.read(r)
	case r.Event == EventAbort:
		j.abort(e.at)
	case r.Event == EventAPIError:
		if j.failed++; r.Name != 0 {
			j.failed = 0 // the client gave up
		}
	}
}

// copies tells whether r was copied from the session that this one was forked off: it was written while that was copied, or in a turn
// that is older than the fork. From the fork's own first turn on, nothing is.
func (f *codexFork) copies(r *Record) bool {
	if r.Kind == KindMark && (r.Event == EventModel || r.Event == EventPrompt) {
		switch {
		case r.Flags&FlagPlaceholder != 0:
			f.copied = !f.own
		case r.Status == StatusOK:
			f.own, f.copied = true, false
		}
	}
	return !f.own && (f.copied || r.Flags&FlagInherited != 0)
}

// passOver notes what a copied line means for what follows: totals go on from it, and its model remains.
func (j *codexJoin) passOver(e codexEvent) {
	r := e.rec
	r.Flags |= FlagInherited
	switch {
	case e.rank == codexReading:
		j.advance(r, total(r, j.prev))
	case e.rank == codexStart:
		r.Flags |= FlagPlaceholder // the tool ran in the parent
	case r.Event == EventModel:
		j.turn = r
	}
}

// total is what a reading says that was used until then. Without a total it is one call more.
func total(r *Record, prev Usage) Usage {
	if r.Has&HasUsage != 0 || r.Extra == nil || r.Extra.Last == nil {
		return plain(r.Usage)
	}
	return plain(addUsage(prev, *r.Extra.Last))
}

// plain leaves of u what Codex counts.
func plain(u Usage) Usage {
	return Usage{Input: u.Input, CacheRead: u.CacheRead, Output: u.Output, Reasoning: u.Reasoning}
}

func addUsage(x, y Usage) Usage {
	return Usage{Input: x.Input + y.Input, CacheRead: x.CacheRead + y.CacheRead, Output: x.Output + y.Output, Reasoning: x.Reasoning + y.Reasoning}
}

func subUsage(x, y Usage) Usage {
	return Usage{Input: x.Input - y.Input, CacheRead: x.CacheRead - y.CacheRead, Output: x.Output - y.Output, Reasoning: x.Reasoning - y.Reasoning}
}

func (j *codexJoin) advance(r *Record, now Usage) {
	j.prev, j.prevAt = now, r.Start
	j.seen[now] = true
	j.tools = j.tools[:0]
}

// read makes a call of a reading whose total is not that of the one before.
func (j *codexJoin) read(r *Record) {
	now := total(r, j.prev)
	use, gap := j.used(r, now)
	if use == (Usage{}) {
		if now != j.prev { // a counter that starts over
			j.advance(r, now)
		}
		return
	}
	own := j.ranTools(r.End)
	r.Kind, r.Status = KindLLM, StatusOK
	r.Usage = use
	if r.Has&HasUsage == 0 {
		r.Has |= HasInput | HasCacheRead | HasOutput | HasReasoning
	}
	end := r.Start
	if r.Start = j.began(own); r.Start == 0 || r.Start > end {
		r.Start = end
	}
	if j.failed > 0 {
		r.Attempt = j.failed + 1
	}
	j.name(r)
	if gap {
		j.split(r)
	}
	j.model = r.Model
	if own {
		j.call = r
	}
	j.asked()
	j.call, j.failed = r, 0
	j.advance(r, now)
	j.prevAt, j.output = end, 0
}

// used is what was used since the reading before. A total that fell, or that is what the latest call used, is that of a new counter. gap
// tells that readings were lost: the difference is more than the latest call.
func (j *codexJoin) used(r *Record, now Usage) (use Usage, gap bool) {
	use = subUsage(now, j.prev)
	fell := use.Input < 0 || use.CacheRead < 0 || use.Output < 0
	if r.Extra == nil || r.Extra.Last == nil {
		if fell {
			use = now
		}
		return sound(use), false
	}
	last := plain(*r.Extra.Last)
	switch {
	case use == Usage{}, use == last:
	case fell, last == now:
		use = last
	case last != Usage{} && j.seen[subUsage(now, last)]:
		use = last // two go on with the session at once, each with a counter of its own
	case last.Input < use.Input || last.Output < use.Output:
		gap = last != Usage{}
	}
	return sound(use), gap
}

// sound keeps parts within their wholes where the totals contradict each other.
func sound(u Usage) Usage {
	u.CacheRead, u.Reasoning = min(u.CacheRead, u.Input), min(max(u.Reasoning, 0), u.Output)
	return u
}

// codexAtOnce is the longest time from a tool's end to the reading of the call that asked for it.
const codexAtOnce = int64(1e8)

// ranTools tells that the call that ended then asked for the tools that ran since the call before: newer versions run them before they
// write its reading. Older ones write the reading first.
func (j *codexJoin) ranTools(end int64) bool {
	return len(j.tools) > 0 && j.output > 0 && end-j.output <= codexAtOnce
}

// began is when a call was sent: after the prompt, the tool's result or the call that it follows. The tools that it asked for itself are no
// input of it.
func (j *codexJoin) began(own bool) int64 {
	at := max(j.prevAt, j.input)
	if !own {
		at = max(at, j.output)
	}
	return at
}

// asked names the call that asked for the latest tools.
func (j *codexJoin) asked() {
	for _, t := range j.tools {
		if j.call != nil && t.Parent == "" {
			t.Parent = j.call.ID
		}
	}
}

// lostTurn is for a turn that does not say its model: it is that of the turns before and after, where these agree.
func (j *codexJoin) lostTurn(after []codexEvent) {
	for _, e := range after {
		if e.rec.Event == EventModel {
			if j.turn != nil && j.turn.Model != e.rec.Model {
				j.turn = nil
			}
			return
		}
	}
}

// name gives a call what its turn says.
func (j *codexJoin) name(r *Record) {
	if t := j.turn; t != nil {
		r.Model = firstSym(r.Model, t.Model)
		r.Tags = firstSym(t.Tags, r.Tags)
		r.Workflow = firstSym(r.Workflow, t.Workflow)
	}
}

// split marks a call that stands for others, too, whose readings were lost. Where the model has changed since, they are a call of their
// own, of an unknown model.
func (j *codexJoin) split(r *Record) {
	if r.Flags |= FlagSeveral; j.call == nil || r.Model == j.model {
		return
	}
	last := sound(plain(*r.Extra.Last))
	rest := sound(subUsage(r.Usage, last))
	if rest.Input < 0 || rest.Output < 0 || rest.CacheRead < 0 {
		return
	}
	more := *r
	more.ID += "#before"
	more.Model, more.Usage, more.Attempt = 0, rest, 0
	more.End = more.Start
	r.Usage = last
	r.Flags &^= FlagSeveral
	j.lost = append(j.lost, more)
}

// abort ends the tools that were running when a person stopped the turn.
func (j *codexJoin) abort(at int64) {
	for _, t := range j.running {
		if t.Has&HasEnd == 0 {
			t.End, t.Has, t.Status = at, t.Has|HasEnd, StatusError
			t.Error = firstSym(t.Error, j.names.Sym("interrupted"))
		}
	}
	j.running = j.running[:0]
}

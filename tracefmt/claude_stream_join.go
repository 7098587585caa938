package tracefmt

import (
	"cmp"
	"slices"
	"strings"
)

// A streamJoin settles what the results of a run come to. A process that is fed several prompts states after each what it used since it
// began, so of these the last counts; a session that another process went on with, which began at nothing, has the sum of what each
// stated last. A result goes on from the one before where it has grown by what was used in between, as the calls and the result's own usage
// tell (see goesOn). Two results that say nothing of that are taken as one count that goes on.
//
// What the totals say holds for all calls of the run: where the session's own file is read as well and has calls that they leave out, the
// totals are dropped, and the calls cost what the book says.
type streamJoin struct {
	recs   []Record
	calls  []*Record // model calls, in the order of their lines
	deltas []*Record // the same order
	ends   []*streamStop
	mixed  bool // the session's own file was read, too
}

// A streamStop is one result.
type streamStop struct {
	at    *Record // one of its records
	recs  []*Record
	turn  *Record   // its own usage, see streamEnd
	all   streamUse // what it states of the process
	own   streamUse // of the main agent since the result before
	calls streamUse // of the calls since then
	main  streamUse // of those of the main agent
}

// streamUse is what was used: what of it does not change while an answer streams.
type streamUse struct {
	cost                 USD
	input, read, written int64
}

// claudeMade tells whether r is of a session of Claude Code.
func claudeMade(r *Record) bool { return r.Format == FormatClaude || r.Format == FormatClaudeStream }

func (a *Assembler) joinClaudeStream(recs []Record) []Record {
	j := &streamJoin{recs: recs}
	j.nameAgents(a)
	recs = j.dropRepeats()
	recs = a.joinClaude(recs)
	j.index(a, recs)
	j.finalCounts(a)
	if totals := j.totals(a); len(totals) > 0 {
		j.settle(a, totals)
	}
	return recs
}

// nameAgents gives records of a subagent, which name the tool that started it, the agent's id where its result tells it, as the session's
// files do.
func (j *streamJoin) nameAgents(a *Assembler) {
	ids := map[Sym]Sym{}
	for i := range j.recs {
		r := &j.recs[i]
		if r.Event == EventAgentResult && r.Instance != 0 {
			ids[a.Names.Sym(r.Parent)] = r.Instance
		}
	}
	for i := range j.recs {
		if len(ids) == 0 {
			return
		}
		if id := ids[j.recs[i].Instance]; id != 0 && claudeMade(&j.recs[i]) {
			j.recs[i].Instance = id
		}
	}
}

// dropRepeats takes out failed tries where the session's file, which tells them with their times, was read, too.
func (j *streamJoin) dropRepeats() []Record {
	for i := range j.recs {
		j.mixed = j.mixed || j.recs[i].Format == FormatClaude
	}
	if !j.mixed {
		return j.recs
	}
	return slices.DeleteFunc(j.recs, func(r Record) bool {
		return r.Format == FormatClaudeStream && r.Event == EventAPIError && r.Has&HasEnd == 0
	})
}

func (j *streamJoin) index(a *Assembler, recs []Record) {
	ends := map[uint64]*streamStop{}
	for i := range recs {
		r := &recs[i]
		switch {
		case !claudeMade(r):
		case r.Kind == KindLLM && r.Flags&FlagPlaceholder != 0:
			j.deltas = append(j.deltas, r)
		case r.Kind == KindLLM:
			j.calls = append(j.calls, r)
		case r.Kind == KindChain && r.Format == FormatClaudeStream:
			e := ends[r.LineID]
			if e == nil {
				e = &streamStop{at: r}
				ends[r.LineID] = e
				j.ends = append(j.ends, e)
			}
			e.add(r)
		}
	}
	slices.SortFunc(j.calls, a.byPlace)
	slices.SortFunc(j.deltas, a.byPlace)
	slices.SortFunc(j.ends, func(x, y *streamStop) int { return a.byPlace(x.at, y.at) })
}

// byPlace orders records by where they stand.
func (a *Assembler) byPlace(x, y *Record) int {
	return cmp.Or(a.orderOf(x, y), cmp.Compare(x.ID, y.ID))
}

// add enters a record of the result.
func (e *streamStop) add(r *Record) {
	if strings.HasSuffix(r.ID, "#"+streamTurn) {
		e.turn = r
		e.own.plus(r)
		return
	}
	e.recs = append(e.recs, r)
	e.all.plus(r)
}

func (u *streamUse) plus(r *Record) {
	u.cost += r.Recorded
	u.input, u.read, u.written = u.input+r.Usage.Uncached(), u.read+r.Usage.CacheRead, u.written+r.Usage.CacheWrite
}

// finalCounts gives calls the counts that the end of their stream stated: that of the call before it in its thread.
func (j *streamJoin) finalCounts(a *Assembler) {
	last := map[Sym]*Record{}
	k := 0
	for _, delta := range j.deltas {
		for ; k < len(j.calls) && a.orderOf(j.calls[k], delta) < 0; k++ {
			last[j.calls[k].Instance] = j.calls[k]
		}
		c := last[delta.Instance]
		if c == nil || c.Src.Source != delta.Src.Source || delta.Usage.Output < c.Usage.Output {
			continue
		}
		if delta.Has&HasInput != 0 && delta.Usage.Input >= c.Usage.Input {
			c.Usage = delta.Usage
			c.Has |= delta.Has
		}
		c.Usage.Output, c.Has = delta.Usage.Output, c.Has|HasOutput
		c.Flags &^= FlagUnderstated
	}
}

// totals are the records of the results that count, one per model and at most one for the cost of all. The others become placeholders.
func (j *streamJoin) totals(a *Assembler) []*Record {
	var kept []*Record
	for _, e := range j.stops(a) {
		for _, r := range e.recs {
			kept = addTotal(kept, r)
		}
	}
	if !slices.ContainsFunc(kept, func(r *Record) bool { return r.Model != 0 }) {
		if turns := j.turns(); turns != nil {
			kept = append(kept, turns)
		}
	}
	for _, e := range j.ends {
		for _, r := range e.recs {
			if !slices.Contains(kept, r) {
				drop(r)
			}
		}
	}
	return costInAll(kept)
}

func drop(r *Record) { r.Flags = r.Flags&^FlagTotal | FlagPlaceholder }

// stops are the results that nothing goes on from.
func (j *streamJoin) stops(a *Assembler) []*streamStop {
	var perSource, stops []*streamStop
	k := 0
	for i, e := range j.ends {
		first := i == 0 || j.ends[i-1].at.Src.Source != e.at.Src.Source
		j.between(a, &k, e)
		if n := len(perSource); !first && e.goesOn(perSource[n-1]) {
			b := perSource[n-1]
			e.own.add(&b.own)
			e.calls.add(&b.calls)
			e.main.add(&b.main)
			perSource[n-1] = e
			continue
		}
		perSource = append(perSource, e)
	}
	slices.SortStableFunc(perSource, func(x, y *streamStop) int {
		return cmp.Or(cmp.Compare(x.all.cost, y.all.cost), cmp.Compare(x.all.read, y.all.read), cmp.Compare(x.all.input, y.all.input))
	})
	for _, e := range perSource {
		at := slices.IndexFunc(stops, func(s *streamStop) bool { return s.at.Src.Source != e.at.Src.Source && e.goesOn(s) })
		if at >= 0 {
			stops = slices.Delete(stops, at, at+1)
		}
		stops = append(stops, e)
	}
	return stops
}

// between sums the calls of the source of e from call *k on that stand before it. Its own usage cannot be more than the calls of the main
// agent used: else it is that of all turns.
func (j *streamJoin) between(a *Assembler, k *int, e *streamStop) {
	for ; *k < len(j.calls) && a.orderOf(j.calls[*k], e.at) < 0; *k++ {
		c := j.calls[*k]
		if c.Src.Source != e.at.Src.Source {
			continue
		}
		if e.calls.plus(c); c.Instance == 0 {
			e.main.plus(c)
		}
	}
	e.calls.cost, e.main.cost = 0, 0
	if u, m := &e.own, &e.main; m.tokens() > 0 {
		u.input, u.read, u.written = min(u.input, m.input), min(u.read, m.read), min(u.written, m.written)
	}
}

func (u *streamUse) tokens() int64 { return u.input + u.read + u.written }

func (u *streamUse) add(v *streamUse) {
	u.cost, u.input, u.read, u.written = u.cost+v.cost, u.input+v.input, u.read+v.read, u.written+v.written
}

// holds tells whether u is no less than v in any count.
func (u *streamUse) holds(v *streamUse) bool {
	return u.input >= v.input && u.read >= v.read && u.written >= v.written
}

// goesOn tells whether e counts on from b: it has grown by what the main agent used in between, and by what subagents did. (Calls that were
// broken off are in the stream, but in no count: where only they may be missing, it goes on; else the nearer one of both sums decides.)
func (e *streamStop) goesOn(b *streamStop) bool {
	x, y := &b.all, &e.all
	if y.cost < x.cost || e.own.cost > 0 && y.cost-x.cost+streamApart < e.own.cost {
		return false
	}
	if y.tokens() == 0 { // a cost alone
		return true
	}
	grown := streamUse{0, y.input - x.input, y.read - x.read, y.written - x.written}
	switch {
	case !grown.holds(&e.own) || !y.holds(x):
		return false
	case grown.holds(&e.calls), e.turn != nil && e.calls == e.main:
		return true
	}
	used := e.calls.tokens()
	return distance(grown.tokens(), used) <= distance(y.tokens(), used)
}

func distance(x, y int64) int64 { return max(x-y, y-x) }

// addTotal adds r to the total of its model, or makes it that.
func addTotal(kept []*Record, r *Record) []*Record {
	at := slices.IndexFunc(kept, func(t *Record) bool { return t.Model == r.Model })
	if at < 0 {
		return append(kept, r)
	}
	kept[at].include(r)
	return kept
}

// include adds what r states to the total t.
func (t *Record) include(r *Record) {
	t.Usage = addTokens(t.Usage, r.Usage)
	t.Recorded, _ = t.Recorded.Add(r.Recorded)
	t.Has |= r.Has & (HasUsage | HasCost)
}

// turns is the usage of all turns together: older versions state no other.
func (j *streamJoin) turns() (sum *Record) {
	for _, e := range j.ends {
		switch {
		case e.turn == nil:
		case sum == nil:
			sum = e.turn
		default:
			sum.include(e.turn)
		}
	}
	if sum == nil {
		return nil
	}
	sum.Recorded, sum.Has = 0, sum.Has&^HasCost
	sum.Flags = sum.Flags&^FlagPlaceholder | FlagTotal
	for _, c := range j.calls { // the only model that the main agent used
		switch {
		case c.Instance != 0:
		case sum.Model == 0:
			sum.Model = c.Model
		case sum.Model != c.Model:
			sum.Model = 0
			return sum
		}
	}
	return sum
}

// costInAll moves the costs of models into the cost of all, where some result states only that.
func costInAll(totals []*Record) []*Record {
	at := slices.IndexFunc(totals, func(r *Record) bool { return r.Model|r.Agent == 0 })
	if at < 0 {
		return totals
	}
	for k, r := range totals {
		if k != at && r.Has&HasCost != 0 {
			totals[at].Recorded, _ = totals[at].Recorded.Add(r.Recorded)
			r.Recorded, r.Has = 0, r.Has&^HasCost
		}
	}
	return totals
}

// settle fits the totals to the calls.
func (j *streamJoin) settle(a *Assembler, totals []*Record) {
	totals, strange := j.matchModels(a, totals)
	switch {
	case j.mixed && (strange || j.exceed(totals)):
		for _, t := range totals {
			drop(t)
		}
		return
	case strange:
		totals = oneTotal(totals)
	}
	for _, c := range j.calls {
		for _, t := range totals {
			if t.Has&HasOutput != 0 && (t.Model == 0 || t.Model == firstSym(c.Model, c.RequestModel)) && (t.Agent == 0 || c.Instance == 0) {
				c.Flags &^= FlagUnderstated
			}
		}
	}
}

// exceed tells whether the calls used more than the totals say.
func (j *streamJoin) exceed(totals []*Record) bool {
	var calls, all streamUse
	for _, c := range j.calls {
		calls.plus(c)
	}
	for _, t := range totals {
		all.plus(t)
	}
	return calls.input > all.input || calls.read > all.read || calls.written > all.written
}

// matchModels gives totals the names that their calls have: a total names the model asked for, with what the client or a cloud adds to
// it. strange tells that some call's model is in no total, though models are.
func (j *streamJoin) matchModels(a *Assembler, totals []*Record) (matched []*Record, strange bool) {
	if !slices.ContainsFunc(totals, func(t *Record) bool { return t.Model != 0 && t.Agent == 0 }) {
		return totals, false
	}
	var models, missing []Sym // of the calls
	for _, c := range j.calls {
		if m := firstSym(c.Model, c.RequestModel); m != 0 && !slices.Contains(models, m) {
			models = append(models, m)
		}
	}
	slices.SortFunc(models, func(x, y Sym) int { return strings.Compare(a.Names.Name(x), a.Names.Name(y)) })
	for _, t := range totals {
		t.Model = likeModel(a.Names, t.Model, models)
		n := len(matched)
		if matched = addTotal(matched, t); len(matched) == n {
			drop(t)
		}
	}
	ours := func(list []*Record, m Sym) bool {
		return slices.ContainsFunc(list, func(t *Record) bool { return t.Model == m })
	}
	for _, m := range models {
		if !ours(matched, m) {
			missing = append(missing, m)
		}
	}
	left := slices.DeleteFunc(slices.Clone(matched), func(t *Record) bool { return t.Model == 0 || slices.Contains(models, t.Model) })
	if len(left) == 1 && len(missing) == 1 {
		left[0].Model = missing[0]
		missing = nil
	}
	return matched, !j.nameCalls(matched) || len(missing) > 0
}

// nameCalls gives calls without a model, which are subagents' whose other calls are not in the stream, the one that the calls leave most of;
// false where that is too little.
func (j *streamJoin) nameCalls(totals []*Record) bool {
	for _, c := range j.calls {
		if c.Model|c.RequestModel != 0 {
			continue
		}
		var most *Record
		left := int64(-1)
		for _, t := range totals {
			if rest := j.unused(t); t.Model != 0 && rest > left {
				most, left = t, rest
			}
		}
		if most == nil || left < c.Usage.Input {
			return false
		}
		c.Model = most.Model
	}
	return true
}

// unused is the input of a total that no call states.
func (j *streamJoin) unused(t *Record) int64 {
	rest := t.Usage.Input
	for _, c := range j.calls {
		if firstSym(c.Model, c.RequestModel) == t.Model {
			rest -= c.Usage.Input
		}
	}
	return rest
}

// likeModel is the one of models that m stands for; m itself where there is none.
func likeModel(n *Names, m Sym, models []Sym) Sym {
	if m == 0 || slices.Contains(models, m) {
		return m
	}
	name := claudeModel(n.Name(m))
	at := slices.IndexFunc(models, func(o Sym) bool { return claudeModel(n.Name(o)) == name })
	if at < 0 {
		return m
	}
	return models[at]
}

// claudeModel is a model's name without its date and what the client or a cloud puts around it: claude-sonnet-4-5-20250929[1m],
// us.anthropic.claude-sonnet-4-5-20250929-v1:0, claude-sonnet-4-5@20250929.
func claudeModel(name string) string {
	name = strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	name, _, _ = strings.Cut(name, "[")
	if _, after, ok := strings.Cut(name, "anthropic."); ok {
		name = after
	}
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, "@")
	for _, end := range [...]string{"-v1", "-v2", "-latest"} {
		name = strings.TrimSuffix(name, end)
	}
	if n := len(name) - len("-20250929"); n > 0 && name[n] == '-' && strings.Trim(name[n+1:], "0123456789") == "" {
		name = name[:n]
	}
	return name
}

// oneTotal makes one total of all, which no model is named for.
func oneTotal(totals []*Record) []*Record {
	sum := totals[0]
	for _, t := range totals[1:] {
		sum.include(t)
		drop(t)
	}
	sum.Model = 0
	return totals[:1]
}

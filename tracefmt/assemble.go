package tracefmt

import (
	"cmp"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
)

// An Assembler turns the records of one run into a Run. What it returns is overwritten by its next call; it is for one goroutine.
// The result depends on the set of records alone, not on their order (see Merge for the one exception).
type Assembler struct {
	Names *Names
	Book  *PriceBook
	Mode  CostMode
	// Order compares two places in the input: sources by name, then offsets. It decides which of two lines is the later one.
	Order func(a, b SourceRef) int
	// Verdicts finds the verdicts of files of their own (FlagVerdict) that were given for a run's id or a task's; PathOf is where a source
	// lies, for those that hold for their folder only. Both may be nil.
	Verdicts func(key string) []*Record
	PathOf   func(source uint32) string

	judged  judgement
	prices  map[[2]Sym]*PriceRow
	shares  []share // scratch of settleTotals
	totals  []int   // the same: places of the totals in the run
	ids     idTable
	scores  []*Record // scores given by themselves: KindRun records with an id
	run     Run
	up      []int32 // parent of each call, as its id says; -1 for none
	state   []walk
	stack   []int32
	claude  claudeJoin
	codex   codexJoin
	copilot copilotJoin
	order   []*Record
}

// walk is what Assemble learns about a record while it climbs the tree.
type walk struct {
	kids     int32 // children not yet seen
	usedBy   int64 // earliest start of a usage-carrying descendant; noStart when there is none
	modelBy  int64 // earliest start of a model call below
	workflow Sym   // of the nearest call upwards that names one, itself included
	agent    Sym
	step     Sym
	done     bool
}

const noStart = math.MaxInt64

// Merge folds records of the same identity into one, in place, and returns the shortened slice. A later line of the input overwrites
// the fields that it names (formats-otel 5.3). Of the lines of one streamed answer the usage of the latest counts, and of those of one
// time that with the largest output (analysis-spec A.4). Three or more contradicting lines of one identity that arrive out of order may
// keep a field of the earliest; no sum is affected by repeats.
func (a *Assembler) Merge(recs []Record) []Record {
	if len(recs) < 2 {
		return recs
	}
	a.ids.reset(len(recs))
	n := 0 // records kept so far
	for i := range recs {
		r := &recs[i]
		if key := identity(r); key != "" {
			if at, found := a.ids.put(key, r.Kind == KindMark || r.Event != EventNone, int32(n)); found {
				a.fold(&recs[at], r)
				continue
			}
		}
		if n < i {
			recs[n] = *r
		}
		n++
	}
	clear(recs[n:])
	return recs[:n]
}

// identity is what makes a record the same as another of its run. Of run records there is one per run, and one per score that was given
// by itself.
func identity(r *Record) string {
	if r.Kind == KindRun && r.ID == "" {
		return "\x00run"
	}
	return r.ID
}

// fold puts r into old, which has the same identity.
func (a *Assembler) fold(old, r *Record) {
	later := a.Order == nil || a.Order(old.Src, r.Src) <= 0
	if old.Flags&r.Flags&FlagSnapshot != 0 {
		foldSnapshot(old, r, later)
		return
	}
	if !later {
		swapped := *r
		overwrite(&swapped, old)
		swapped.Src = old.Src
		*old = swapped
		return
	}
	overwrite(old, r)
	old.Src = r.Src
}

// foldSnapshot joins two lines of one streamed answer: it began with the first, and its usage is that of the latest. Of lines written at
// the same time, or without one, the one with the largest output is the latest.
func foldSnapshot(old, r *Record, later bool) {
	first, last := old, r
	if d := cmp.Compare(r.startOr(noStart), old.startOr(noStart)); d < 0 || d == 0 && !later {
		first, last = r, old
	}
	use, newer := old, 0
	if old.Has&r.Has&HasEnd != 0 {
		newer = cmp.Compare(r.End, old.End)
	}
	if newer = cmp.Or(newer, cmp.Compare(r.Usage.Output, old.Usage.Output)); newer > 0 || newer == 0 && later {
		use = r
	}
	m := *first
	overwrite(&m, last)
	m.Start, m.LineParent, m.LineID = first.Start, first.LineParent, first.LineID
	m.End = max(old.End, r.End)
	m.Usage, m.Has, m.Src = use.Usage, old.Has|r.Has, use.Src
	m.Flags = bothFlags(old.Flags, r.Flags)
	if old.Usage.Output == r.Usage.Output || use.Flags&FlagUnderstated == 0 {
		m.Flags &^= FlagUnderstated &^ (old.Flags & r.Flags)
	}
	*old = m
}

// weakFlags hold only while every line of a record says so: what stands elsewhere, too, is no mere repetition in a parent's log, and the
// real record ends its placeholder.
const weakFlags = FlagProgress | FlagPlaceholder | FlagInherited

// bothFlags joins the flags of two lines of one record.
func bothFlags(x, y Flags) Flags { return (x|y)&^weakFlags | x&y&weakFlags }

// names are all names of a record, in one order.
func (r *Record) names() [18]*Sym {
	return [...]*Sym{
		&r.Name, &r.Workflow, &r.Feature, &r.Version, &r.Agent, &r.Instance, &r.Role, &r.Step, &r.Tool, &r.Provider, &r.Model, &r.RequestModel,
		&r.User, &r.Session, &r.Service, &r.Error, &r.Tags, &r.Tier,
	}
}

// overwrite copies the fields that r states over those of old.
func overwrite(old, r *Record) {
	to := old.names()
	for i, from := range r.names() {
		unlessZero(to[i], *from)
	}
	u, v, has := &old.Usage, &r.Usage, r.Has
	ifStated(has, HasStart, &old.Start, r.Start)
	ifStated(has, HasEnd, &old.End, r.End)
	ifStated(has, HasInput, &u.Input, v.Input)
	ifStated(has, HasCacheRead, &u.CacheRead, v.CacheRead)
	ifStated(has, HasCacheWrite, &u.CacheWrite, v.CacheWrite)
	ifStated(has, HasCacheWrite1h, &u.CacheWrite1h, v.CacheWrite1h)
	ifStated(has, HasOutput, &u.Output, v.Output)
	ifStated(has, HasReasoning, &u.Reasoning, v.Reasoning)
	ifStated(has, HasUnattributed, &u.Unattributed, v.Unattributed)
	ifStated(has, HasCost, &old.Recorded, r.Recorded)
	ifStated(has, HasScore, &old.Score, r.Score)
	ifStated(has, HasSample, &old.SampleIndex, r.SampleIndex)
	ifStated(has, HasOutcome, &old.Outcome, r.Outcome)
	old.Has |= r.Has
	old.Flags = bothFlags(old.Flags, r.Flags)
	unlessZero(&old.Parent, r.Parent)
	unlessZero(&old.Kind, r.Kind)
	unlessZero(&old.Status, r.Status)
	unlessZero(&old.Event, r.Event)
	unlessZero(&old.Attempt, r.Attempt)
	unlessZero(&old.RetryOf, r.RetryOf)
	unlessZero(&old.RetryKind, r.RetryKind)
	unlessZero(&old.Confidence, r.Confidence)
	unlessZero(&old.LineID, r.LineID)
	unlessZero(&old.LineParent, r.LineParent)
	for i, f := range r.Fingerprints {
		unlessZero(&old.Fingerprints[i], f)
	}
	unlessZero(&old.Context, r.Context)
	unlessZero(&old.Extra, r.Extra)
}

// unlessZero sets to, unless from is the zero value: that states nothing.
func unlessZero[T comparable](to *T, from T) {
	var zero T
	if from != zero {
		*to = from
	}
}

// ifStated sets to when has names f.
func ifStated[T any](has, f Fields, to *T, from T) {
	if has&f != 0 {
		*to = from
	}
}

// fromPerson tells whether a mark is what a person said or stopped; prompts of the client and of other agents have names of their own.
func (a *Assembler) fromPerson(r *Record) bool {
	if r.Event != EventPrompt {
		return r.Event == EventAbort
	}
	switch a.Names.Name(r.Name) {
	case string(claudeMeta), string(claudeTask), string(claudeSummary):
		return false
	}
	return true
}

// Assemble decides about each record of a run what only the run can tell. recs must be merged; the Run points into them.
func (a *Assembler) Assemble(recs []Record) *Run {
	run := &a.run
	*run = Run{Calls: run.Calls[:0], Marks: run.Marks[:0]}
	if len(recs) == 0 {
		return run
	}
	run.ID = recs[0].Run
	recs = a.join(recs)
	a.order = a.order[:0] // records are too large to be moved about
	for i := range recs {
		recs[i].inOrder()
		a.order = append(a.order, &recs[i])
	}
	slices.SortFunc(a.order, byTime)
	var own *Record // the run's own record
	a.scores = a.scores[:0]
	for _, r := range a.order {
		switch {
		case r.Kind == KindRun && r.ID != "":
			a.scores = append(a.scores, r)
		case r.Kind == KindRun:
			own = r
		case r.Kind == KindMark:
			if a.fromPerson(r) {
				r.Flags |= FlagAsked
			}
			run.Marks = append(run.Marks, r)
		case r.Flags&FlagPlaceholder == 0:
			run.Calls = append(run.Calls, Call{Record: r, Kind: r.Kind, Status: r.Status, Up: -1})
		}
	}
	own = a.judge(run.ID, own)
	run.Agent, run.Model = a.judged.agent, a.judged.model
	a.link(run.Calls)
	a.climb(run.Calls)
	a.inherit(run, own)
	for i := range run.Calls {
		a.price(&run.Calls[i])
	}
	a.settleTotals(run)
	settle(run, own)
	a.settleScores(run, own)
	return run
}

// join settles what spans several values, by the formats that the records come from: mostly one.
func (a *Assembler) join(recs []Record) []Record {
	formats := uint64(0)
	for i := range recs {
		formats |= 1 << recs[i].Format
	}
	for ; formats != 0; formats &= formats - 1 {
		if join := Formats[bits.TrailingZeros64(formats)].join; join != nil {
			recs = join(a, recs)
		}
	}
	return recs
}

// inPlace is a Format.join that adds no records.
func inPlace(join func(a *Assembler, recs []Record)) func(*Assembler, []Record) []Record {
	return func(a *Assembler, recs []Record) []Record {
		join(a, recs)
		return recs
	}
}

// byTime orders calls by start, end, attempt, id; what has no start comes last, and what has no time at all in the order of its lines.
func byTime(x, y *Record) int {
	if d := (x.Has & HasStart) - (y.Has & HasStart); d != 0 {
		return cmp.Compare(y.Has&HasStart, x.Has&HasStart)
	}
	if d := cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End)); d != 0 {
		return d
	}
	if (x.Has|y.Has)&(HasStart|HasEnd) == 0 && x.Src.Offset != y.Src.Offset {
		return cmp.Compare(x.Src.Offset, y.Src.Offset)
	}
	return cmp.Or(cmp.Compare(x.Attempt, y.Attempt), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Src.Offset, y.Src.Offset))
}

// link finds the parent of each call. A parent that is not in the trace leaves an orphan.
func (a *Assembler) link(calls []Call) {
	a.up = a.up[:0]
	any := false
	for i := range calls {
		a.up = append(a.up, -1)
		any = any || calls[i].Parent != ""
	}
	if !any {
		return
	}
	a.ids.reset(len(calls))
	for i := range calls {
		a.ids.put(calls[i].ID, false, int32(i))
	}
	for i := range calls {
		c := &calls[i]
		if c.Parent == "" || c.Parent == c.ID {
			continue
		}
		if up, ok := a.ids.find(c.Parent); ok && up != int32(i) {
			a.up[i] = up
		}
	}
}

// climb walks from the leaves up. A call's usage counts only if nothing inside it has usage (formats-otel 2.1). A model call is inside
// another only if it started before that one ended: ids that merely say what led to a call do not enclose it. Cycles are cut.
func (a *Assembler) climb(calls []Call) {
	a.state = append(a.state[:0], make([]walk, len(calls))...)
	st := a.state
	for i := range calls {
		st[i].usedBy, st[i].modelBy = noStart, noStart
	}
	for i := range calls {
		if up := a.up[i]; up >= 0 {
			st[up].kids++
		}
	}
	queue := a.stack[:0]
	for i := range calls {
		if st[i].kids == 0 {
			queue = append(queue, int32(i))
		}
	}
	for k := 0; k < len(queue); k++ {
		i := queue[k]
		a.settleUsage(&calls[i], &st[i])
		st[i].done = true
		up := a.up[i]
		if up < 0 {
			continue
		}
		st[up].usedBy = min(st[up].usedBy, st[i].usedBy)
		st[up].modelBy = min(st[up].modelBy, st[i].modelBy)
		if st[up].kids--; st[up].kids == 0 {
			queue = append(queue, up)
		}
	}
	for i := range calls { // what is left stands on or above a cycle
		if !st[i].done {
			a.settleUsage(&calls[i], &st[i])
			if a.onCycle(int32(i)) {
				a.up[i] = -1
			}
		}
	}
	a.stack = queue[:0]
}

func (a *Assembler) onCycle(i int32) bool {
	at := a.up[i]
	for n := 0; n < len(a.up) && at >= 0; n++ {
		if at == i {
			return true
		}
		at = a.up[at]
	}
	return false
}

// isSum says that c is no call but what a run used in all, or beyond its calls.
func (c *Call) isSum() bool { return c.Flags&(FlagTotal|FlagRest) != 0 }

// settleUsage decides whether the usage of c counts, given the calls below it, and adds c to what its parent will see.
func (a *Assembler) settleUsage(c *Call, st *walk) {
	if c.isSum() {
		c.Counted = c.Flags&FlagRest != 0
		return
	}
	if c.Kind == KindUnknown {
		c.Kind = KindChain
		if c.Has&(HasInput|HasOutput) != 0 && c.RequestModel|c.Record.Model != 0 && st.modelBy == noStart {
			c.Kind = KindLLM
		}
	}
	encloses := func(start int64) bool { return start != noStart && c.holds(start) }
	usage := c.Has&(HasInput|HasOutput) != 0
	carries := usage || c.Has&HasCost != 0 && c.Recorded != 0
	c.Counted = c.Flags&FlagAggregate == 0 && !encloses(st.usedBy)
	if !usage && c.Kind == KindTool {
		c.Counted = c.Flags&FlagAggregate == 0 // a tool's own fee is not the sum of what it calls
	}
	if c.Kind == KindLLM && encloses(st.modelBy) {
		c.Kind = KindChain
	}
	if c.Counted && carries && (usage || c.Kind.IsModel()) {
		st.usedBy = min(st.usedBy, c.startOr(0))
	}
	if c.Kind == KindLLM {
		st.modelBy = min(st.modelBy, c.startOr(0))
	}
	c.IsCall = true
	if c.Kind.Encloses() {
		c.IsCall = c.Counted && carries && c.Record.Kind != KindLLM
	}
	if c.Has&HasEnd == 0 && c.Status == StatusUnset {
		c.Status = StatusUnfinished
	}
}

// holds says that a call below c which started then is a part of c, not merely what c led to. A streamed answer holds nothing: its tools
// may run while it still streams.
func (c *Call) holds(start int64) bool {
	if c.Flags&FlagSnapshot != 0 {
		return false
	}
	return c.Kind.Encloses() || c.Has&HasEnd == 0 || c.Has&HasStart == 0 || start < c.End || start == c.End && c.Kind == KindTool
}

func (r *Record) startOr(other int64) int64 {
	if r.Has&HasStart == 0 {
		return other
	}
	return r.Start
}

// inherit gives each call its workflow, agent and step (formats-otel 2.4).
func (a *Assembler) inherit(run *Run, own *Record) {
	calls := run.Calls
	var root *Call
	var service, stated, workflow, feature, version, user, session, tags Sym
	for i := range calls {
		c := &calls[i]
		if root == nil && c.Parent == "" && c.Has&HasStart != 0 && !c.isSum() {
			root = c
		}
		stated = firstSym(stated, c.Record.Workflow)
		tags = firstSym(tags, c.Record.Tags)
		service = firstSym(service, c.Service)
		version = firstSym(version, c.Record.Version)
		feature = firstSym(feature, c.Record.Feature)
		user = firstSym(user, c.Record.User)
		session = firstSym(session, c.Record.Session)
	}
	if own != nil {
		workflow, tags = own.Workflow, firstSym(own.Tags, tags)
		feature, version = firstSym(own.Feature, feature), firstSym(own.Version, version)
		user, session = firstSym(own.User, user), firstSym(own.Session, session)
	}
	if root != nil {
		workflow = firstSym(workflow, root.Record.Workflow)
		if root.Kind.Encloses() || root.Record.Kind.Encloses() {
			workflow = firstSym(workflow, root.Name)
		}
	}
	run.Workflow = firstSym(workflow, stated, service)
	run.Feature, run.Version, run.User, run.Session, run.Tags = feature, version, user, session, tags
	st := a.state
	for i := range st {
		st[i].done = false
	}
	for i := range calls {
		a.descend(run, int32(i))
	}
}

// descend settles the names of call i after those of the calls above it.
func (a *Assembler) descend(run *Run, i int32) {
	calls, st := run.Calls, a.state
	path := a.stack[:0]
	for at := i; at >= 0 && !st[at].done; at = a.up[at] {
		path = append(path, at)
	}
	for k := len(path) - 1; k >= 0; k-- {
		c := &calls[path[k]]
		var above walk
		if up := a.up[path[k]]; up >= 0 {
			above = st[up]
			if c.Up = up; !calls[up].holds(c.startOr(0)) {
				c.Up, c.After = calls[up].Up, up+1
			}
		}
		s := &st[path[k]]
		s.done = true
		s.workflow = firstSym(c.Record.Workflow, above.workflow)
		s.agent, s.step = firstSym(c.Record.Agent, above.agent), above.step
		switch {
		case c.Record.Kind == KindAgent:
			s.agent, s.step = firstSym(c.Record.Agent, c.Name, above.agent), 0
		case c.Kind.Encloses() && c.Parent != "": // the nearest one names the step; a root names the workflow
			s.step = firstSym(c.Record.Step, c.Name, above.step)
		}
		c.Workflow = firstSym(s.workflow, run.Workflow)
		c.Model = firstSym(c.Record.Model, c.RequestModel)
		c.Agent = firstSym(a.withDefaults(c, s.agent), c.Workflow)
		c.Step = firstSym(c.Record.Step, c.Tool, s.step, c.Name)
		if c.Step == 0 && c.Kind == KindLLM {
			c.Step = a.Names.Sym("chat") // the operation: a model call that nothing names
		}
		if c.Kind == KindTool {
			c.Step = firstSym(c.Tool, c.Record.Step, c.Name)
		}
		c.Feature = firstSym(c.Record.Feature, run.Feature)
		c.Version = firstSym(c.Record.Version, run.Version)
		c.User = firstSym(c.Record.User, run.User)
		c.Session = firstSym(c.Record.Session, run.Session)
	}
	a.stack = path[:0]
}

func firstSym(s ...Sym) Sym {
	for _, y := range s {
		if y != 0 {
			return y
		}
	}
	return 0
}

// price settles what the call costs (analysis-spec A.2, A.3).
func (a *Assembler) price(c *Call) {
	usage := c.Has&(HasInput|HasOutput) != 0
	tokens := c.Usage.Input + c.Usage.Output
	recorded := c.Has&HasCost != 0
	if recorded && c.Recorded == 0 && usage && tokens > 0 && c.Flags&FlagGatewayHit == 0 {
		c.Flags |= FlagZeroCost
		recorded = false
	}
	if (usage || c.Kind == KindLLM && c.Status == StatusError) && c.Model != 0 { // of a failed call: which model it was, under any name
		if c.Price = a.priceRow(c.Provider, c.Model); c.Price != nil && usage {
			c.Computed, c.HasComputed = c.CostBy(c.Price, c.Usage, c.Flags)
		}
	}
	if !c.Counted {
		if usage || recorded {
			c.State = CostShadowed
		}
		return
	}
	if recorded && c.HasComputed && c.Flags&FlagCostSpread == 0 {
		c.Mismatch = differ(c.Recorded, c.Computed)
	}
	doubt := c.doubtful()
	switch {
	case recorded && a.Mode != CostModeComputed && !(doubt && a.Mode == CostAuto):
		c.State, c.Cost = CostRecorded, c.Recorded
	case c.HasComputed && a.Mode != CostModeRecorded:
		c.State, c.Cost = CostComputed, c.Computed
	case c.Flags&FlagCovered != 0:
	case usage:
		c.State = CostUnpriced
	case c.Kind == KindLLM || c.Kind == KindEmbedding:
		c.State = CostNoUsage
	}
}

// CostBy is what the call costs by a row of a price book, had it used these tokens under these flags. It is false where the row is nil, has
// no price for the call's start, or the cost leaves the range of USD.
func (c *Call) CostBy(r *PriceRow, u Usage, f Flags) (USD, bool) {
	if c.Flags&(FlagRest|FlagSeveral) != 0 {
		return r.SumCost(u, c.startOr(0))
	}
	return r.CallCost(u, c.startOr(0), f)
}

// doubtful says that the stated cost charges reasoning twice, which some tools are known to do: the book gives the stated cost only for
// output and reasoning together. A reader's suspicion that the book disproves is dropped.
func (c *Call) doubtful() bool {
	if c.Flags&FlagReasonTwice == 0 {
		return false
	}
	twice := c.Usage
	twice.Output += twice.Reasoning
	if c.HasComputed && c.Has&HasCost != 0 {
		if cost, ok := c.Price.Cost(twice, c.startOr(0)); ok && !differ(cost, c.Recorded) && apart(cost, c.Recorded) < apart(c.Computed, c.Recorded) {
			return true
		}
		c.Flags &^= FlagReasonTwice
	}
	return false
}

// differ says that two costs are more than 1% of the first apart.
func differ(x, y USD) bool { return apart(x, y) > x/100 }

func apart(x, y USD) USD { return max(x-y, y-x) }

func (a *Assembler) priceRow(provider, model Sym) *PriceRow {
	key := [2]Sym{provider, model}
	row, ok := a.prices[key]
	if !ok {
		if a.prices == nil {
			a.prices = map[[2]Sym]*PriceRow{}
		}
		if a.Book != nil {
			row = a.Book.Find(a.Names.Name(provider), a.Names.Name(model))
		}
		a.prices[key] = row
	}
	return row
}

// settle decides how the run ended (formats-otel 2.7): an outcome stated for the run, else one stated by a call, else the root's status.
func settle(run *Run, own *Record) {
	unfinished := false
	var root *Call
	for i := range run.Calls {
		c := &run.Calls[i]
		unfinished = unfinished || c.Status == StatusUnfinished
		if c.Has&HasOutcome != 0 && run.Outcome == OutcomeUnknown {
			run.Outcome = c.Record.Outcome
		}
		if c.Has&HasScore != 0 && c.Up < 0 && !run.HasScore {
			run.HasScore, run.Score = true, c.Score
		}
		if root == nil && c.Parent == "" && c.Record.Kind.Encloses() && !c.isSum() {
			root = c
		}
	}
	status := StatusUnset
	if root != nil {
		status = root.Status
	}
	if own != nil {
		run.Facts = own.Extra
		if own.Has&HasScore != 0 {
			run.HasScore, run.Score = true, own.Score
		}
		if own.Has&HasOutcome != 0 {
			run.Outcome = own.Outcome
			return
		}
		if own.Status != StatusUnset {
			status = own.Status
		}
	}
	if run.Outcome != OutcomeUnknown {
		return
	}
	switch {
	case status == StatusOK:
		run.Outcome = OutcomeSuccess
	case status == StatusError:
		run.Outcome = OutcomeFailure
	case unfinished:
		run.Outcome = OutcomeInFlight
	}
}

// settleScores gives the run the scores that were given by themselves. Those of the run or of its root say how it ended, unless the run
// says so; those of other calls are kept by name.
func (a *Assembler) settleScores(run *Run, own *Record) {
	if len(a.scores) == 0 {
		return
	}
	facts := RunFacts{}
	if run.Facts != nil {
		facts = *run.Facts
	}
	facts.Scores = slices.Clone(facts.Scores)
	decided := own != nil && own.Has&HasOutcome != 0
	for i := range run.Calls {
		decided = decided || run.Calls[i].Has&HasOutcome != 0
	}
	for _, r := range a.scores {
		if r.Extra != nil {
			facts.Scores = append(facts.Scores, r.Extra.Scores...)
		}
		if !ofRun(run, r.Parent) || decided || r.Has&HasOutcome == 0 {
			continue
		}
		run.Outcome, decided = r.Outcome, true
		if r.Has&HasScore != 0 && !run.HasScore {
			run.HasScore, run.Score = true, r.Score
		}
	}
	slices.SortFunc(facts.Scores, func(x, y Value) int { return cmp.Or(cmp.Compare(x.Unit, y.Unit), cmp.Compare(x.Amount, y.Amount)) })
	run.Facts = &facts
}

// ofRun tells whether what is said of call id is said of the run: it is a root, or not in the trace.
func ofRun(run *Run, id string) bool {
	for i := range run.Calls {
		if run.Calls[i].ID == id {
			return run.Calls[i].Parent == ""
		}
	}
	return true
}

// idTable finds ids of one run. It is reused from run to run and allocates only to grow.
type idTable struct {
	slots []idSlot
	mask  uint64
	epoch uint32
}

type idSlot struct {
	hash  uint64
	id    string
	at    int32
	mark  bool
	epoch uint32
}

var idSeed = maphash.MakeSeed()

func (t *idTable) reset(n int) {
	want := 16
	for want < 2*n {
		want *= 2
	}
	if want > len(t.slots) {
		t.slots, t.epoch = make([]idSlot, want), 0
	}
	t.mask = uint64(len(t.slots) - 1)
	t.epoch++
}

// put enters id; found tells that it was there, and at is where. Marks and calls have separate ids.
func (t *idTable) put(id string, mark bool, at int32) (was int32, found bool) {
	h := maphash.String(idSeed, id)
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.epoch != t.epoch {
			*s = idSlot{hash: h, id: id, at: at, mark: mark, epoch: t.epoch}
			return at, false
		}
		if s.hash == h && s.id == id && s.mark == mark {
			return s.at, true
		}
	}
}

func (t *idTable) find(id string) (int32, bool) {
	h := maphash.String(idSeed, id)
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.epoch != t.epoch {
			return 0, false
		}
		if s.hash == h && s.id == id && !s.mark {
			return s.at, true
		}
	}
}

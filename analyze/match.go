package analyze

import (
	"cmp"
	"strings"

	"costscope/tracefmt"
)

// A Matcher tells which calls a query is about. Names are looked up once; matching allocates nothing once every name was seen. It is for
// one goroutine.
type Matcher struct {
	names        *tracefmt.Names
	days         dayClock
	student      *Student // nil where no condition asks for attempts
	study        *Study   // of the run at hand
	roles        roleBook
	models       modelCosts // of the run at hand
	studies      bool       // conditions ask for more than attempts
	ofRun        bool       // there are conditions on runs
	out          bool       // the run at hand fails one
	preds        []matchPred
	since, until int64
	needsSource  bool
}

// A matchPred is a condition with its answers so far.
type matchPred struct {
	Pred
	fold  string // Text, case folded
	any   map[string]bool
	spans []numRange
	sym   tracefmt.Sym
	known bool     // sym is the number of Text
	cache []int8   // for names, by Sym: yes, no, or 0 for not asked yet
	enum  [16]bool // for kinds, statuses and outcomes
	text  string   // the last text asked about that has no Sym, and the answer
	day   int32
	said  int8
}

const (
	yes    int8 = 1
	no     int8 = -1
	absent int8 = 2
)

// Compile prepares the conditions of q.
func (q *Query) Compile(names *tracefmt.Names, cfg Config) *Matcher {
	m := &Matcher{names: names, roles: roleBook{names: names, patterns: DefaultRoles()}, days: newDayClock(cfg.TZ), since: q.Since, until: q.Until}
	for _, d := range q.By {
		m.needsSource = m.needsSource || d.Dim == DimSource
	}
	for _, w := range q.Where {
		p := matchPred{Pred: w, fold: strings.ToLower(w.Text)}
		if p.Text == None {
			p.Text, p.fold = "", ""
		}
		p.several()
		if (p.Measure == MeasureAttempt || p.Measure.inWords()) && m.student == nil {
			m.student = NewStudent(cfg)
		}
		m.studies = m.studies || p.Measure == MeasureWasteClass || p.Measure == MeasureFactor
		m.ofRun = m.ofRun || p.ofRun()
		for v := range p.enum {
			p.enum[v] = p.matchEnum(uint8(v))
		}
		m.preds = append(m.preds, p)
		m.needsSource = m.needsSource || p.Dimension.Dim == DimSource
	}
	return m
}

// NeedsSource says that Match looks at the source.
func (m *Matcher) NeedsSource() bool { return m.needsSource }

// Match tells whether call i of the run entered last is in question. source is the path of the file it stands in.
func (m *Matcher) Match(run *tracefmt.Run, i int, source string) bool {
	k := keyOf(run, &run.Calls[i], &m.days)
	return m.match(&k, run, i, source)
}

// RunCost is what the calls of a run that match cost; ok is false where none does. sourceName may be nil where no source is asked for.
// Run is not set.
func (m *Matcher) RunCost(run *tracefmt.Run, sourceName func(uint32) string) (rc RunCost, ok bool) {
	m.Enter(run, sourceName)
	rc.Outcome = run.Outcome
	empty := true
	for i := range run.Calls {
		c := &run.Calls[i]
		if !contributes(c) {
			continue
		}
		empty = false
		if !m.Match(run, i, m.sourceOf(c, sourceName)) {
			continue
		}
		ok = true
		rc.Cost, _ = rc.Cost.Add(c.Cost)
		rc.Incomplete = rc.Incomplete || missing(c)
	}
	if empty {
		k, none := emptyCall(run, &m.days)
		ok = m.matchCall(&k, &none, run, -1, "")
	}
	return rc, ok
}

// Span widens a stretch of time, in UTC nanoseconds, to the calls of a run that match and state when they began.
func (m *Matcher) Span(run *tracefmt.Run, sourceName func(uint32) string, first, last *int64) {
	m.Enter(run, sourceName)
	for i := range run.Calls {
		c := &run.Calls[i]
		if !c.IsCall || c.Has&tracefmt.HasStart == 0 || !m.Match(run, i, m.sourceOf(c, sourceName)) {
			continue
		}
		*first, *last = min(*first, c.Start), max(*last, c.Start)
		if c.Has&tracefmt.HasEnd != 0 {
			*last = max(*last, c.End)
		}
	}
}

// emptyCall stands for a run without calls where conditions are checked.
func emptyCall(run *tracefmt.Run, days *dayClock) (CellKey, tracefmt.Call) {
	none := tracefmt.Call{Record: &tracefmt.Record{}, User: run.User, Session: run.Session, Up: -1}
	if len(run.Calls) > 0 {
		none.Record = run.Calls[0].Record
	}
	return emptyKey(run, days), none
}

func (m *Matcher) match(k *CellKey, run *tracefmt.Run, i int, source string) bool {
	return m.matchCall(k, &run.Calls[i], run, i, source)
}

// matchCall matches a call of the run, which is number i there; -1 for one that stands for a run without calls.
func (m *Matcher) matchCall(k *CellKey, c *tracefmt.Call, run *tracefmt.Run, i int, source string) bool {
	return !m.out && m.meets(k, c, run, i, source, len(m.preds))
}

// meets checks the times and the first n conditions, but for those on runs.
func (m *Matcher) meets(k *CellKey, c *tracefmt.Call, run *tracefmt.Run, i int, source string, n int) bool {
	if (m.since != 0 || m.until != 0) && !m.inTime(c) {
		return false
	}
	for n := range n {
		p := &m.preds[n]
		var ok bool
		switch {
		case p.ofRun():
			continue
		case p.Measure == MeasureFactor:
			ok = i >= 0 && m.study != nil && p.matchFactors(m.roles.factorsOf(m.study, i))
		case p.Measure != MeasureNone:
			ok = p.matchNumber(m.measure(p.Measure, c, i))
		case p.Dimension.Dim >= DimRun:
			ok = m.matchOuter(p, c, run, source)
		default:
			ok = m.matchDim(p, k)
		}
		if ok == p.Not {
			return false
		}
	}
	return true
}

// matchCell tells whether all calls of a cell are in question; only for queries that need no scan.
func (m *Matcher) matchCell(k *CellKey) bool {
	for i := range m.preds {
		if p := &m.preds[i]; m.matchDim(p, k) == p.Not {
			return false
		}
	}
	return true
}

// inTime says whether the call starts in [Since, Until); one without a start does not.
func (m *Matcher) inTime(c *tracefmt.Call) bool {
	return c.Has&tracefmt.HasStart != 0 && c.Start >= m.since && (m.until == 0 || c.Start < m.until)
}

// matchNumber compares a measure. What is not known compares with nothing.
func (p *matchPred) matchNumber(v int64, known bool) bool {
	if p.Op == OpAny {
		return known && within(p.spans, v)
	}
	return known && p.Op.holds(cmp.Compare(v, p.Number))
}

// matchFactors tells whether one of the factors is asked for.
func (p *matchPred) matchFactors(mask uint8) bool {
	if mask == 0 {
		return p.matchNumber(int64(FactorCount), true)
	}
	for f := range FactorCount {
		if mask&f.bit() != 0 && p.matchNumber(int64(f), true) {
			return true
		}
	}
	return false
}

// of is the measure of a call; ok is false where it is not known.
func (m Measure) of(c *tracefmt.Call) (v int64, ok bool) {
	switch m {
	case MeasureCost:
		return int64(c.Cost), known(c)
	case MeasureInput:
		return c.Usage.Input, c.Has&tracefmt.HasInput != 0
	case MeasureOutput:
		return c.Usage.Output, c.Has&tracefmt.HasOutput != 0
	case MeasureTokens:
		return c.Usage.Input + c.Usage.Output, c.Has&(tracefmt.HasInput|tracefmt.HasOutput) != 0
	case MeasureDuration:
		return (c.End - c.Start) / 1e6, c.Record.State(tracefmt.HasStart | tracefmt.HasEnd)
	case MeasureCacheRead:
		return c.Usage.CacheRead, c.Has&tracefmt.HasCacheRead != 0
	case MeasureTime:
		return c.Start, c.Has&tracefmt.HasStart != 0
	}
	switch m {
	case MeasureRetry:
		return -1, true
	case MeasureWasteClass:
		return int64(wasteNone), true
	case MeasureDuty:
		return 0, false
	}
	return int64(max(c.Attempt, 1)), true
}

// holds says whether a comparison's result (-1, 0, 1) is what the operator asks for.
func (o Op) holds(d int) bool {
	switch o {
	case OpLess:
		return d < 0
	case OpLessEq:
		return d <= 0
	case OpMore:
		return d > 0
	case OpMoreEq:
		return d >= 0
	}
	return d == 0
}

func (p *matchPred) matchText(s string) bool {
	if p.Op == OpMatch {
		return strings.Contains(strings.ToLower(s), p.fold)
	}
	if p.Op == OpAny {
		return p.any[s]
	}
	return p.Op.holds(strings.Compare(s, p.Text))
}

func (p *matchPred) matchEnum(v uint8) bool {
	switch p.Dimension.Dim {
	case DimKind:
		return p.matchText(tracefmt.Kind(v).String())
	case DimStatus:
		s := tracefmt.Status(v)
		return p.matchText(s.String()) || p.matchText(shownStatus(s).String())
	case DimOutcome:
		return p.matchText(tracefmt.Outcome(v).String())
	}
	return false
}

func (m *Matcher) matchDim(p *matchPred, k *CellKey) bool {
	switch p.Dimension.Dim {
	case DimKind:
		return p.enum[k.Kind&15]
	case DimStatus:
		return p.enum[k.Status&15]
	case DimOutcome:
		return p.enum[k.Outcome&15]
	case DimDay:
		if p.said == 0 || p.day != k.Day {
			name := ""
			if k.Day != NoDay {
				name = dayName(k.Day)
			}
			p.day, p.said = k.Day, answer(p.matchText(name))
		}
		return p.said == yes
	}
	return m.matchSym(p, tracefmt.Sym(cellValue(k, p.Dimension.Dim)))
}

func answer(ok bool) int8 {
	if ok {
		return yes
	}
	return no
}

func (m *Matcher) matchSym(p *matchPred, y tracefmt.Sym) bool {
	if p.Op == OpEqual {
		if !p.known { // also asked again for names that may have come meanwhile
			p.sym, p.known = m.names.Find(p.Text)
		}
		return p.known && y == p.sym
	}
	at := p.slot(y)
	if *at == 0 {
		*at = answer(p.matchText(m.names.Name(y)))
	}
	return *at == yes
}

// slot is the answer about a name.
func (p *matchPred) slot(y tracefmt.Sym) *int8 {
	if int(y) >= len(p.cache) {
		p.cache = append(p.cache, make([]int8, int(y)+1-len(p.cache)+64)...)
	}
	return &p.cache[y]
}

// matchOuter compares what is not part of a cell.
func (m *Matcher) matchOuter(p *matchPred, c *tracefmt.Call, run *tracefmt.Run, source string) bool {
	switch p.Dimension.Dim {
	case DimUser:
		return m.matchSym(p, c.User)
	case DimSession:
		return m.matchSym(p, c.Session)
	case DimTag:
		return m.matchTag(p, c, run)
	case DimSource:
		return p.matchLast(source)
	}
	return p.matchLast(run.ID)
}

// matchLast compares a text that seldom changes from call to call.
func (p *matchPred) matchLast(s string) bool {
	if p.said == 0 || p.text != s {
		p.text, p.said = s, answer(p.matchText(s))
	}
	return p.said == yes
}

// matchTag compares a tag of the call, else of its run.
func (m *Matcher) matchTag(p *matchPred, c *tracefmt.Call, run *tracefmt.Run) bool {
	for _, set := range [...]tracefmt.Sym{c.Tags, run.Tags} {
		at := p.slot(set)
		if *at == 0 {
			*at = absent
			if v, ok := findTag(m.names.Name(set), p.Dimension.Tag); ok {
				*at = answer(p.matchText(v))
			}
		}
		if *at != absent {
			return *at == yes
		}
	}
	return p.matchText("")
}

// tag is the value of a tag of the call, else of its run; "" where neither has it.
func (m *Matcher) tag(c *tracefmt.Call, run *tracefmt.Run, name string) string {
	if v, ok := findTag(m.names.Name(c.Tags), name); ok {
		return v
	}
	v, _ := findTag(m.names.Name(run.Tags), name)
	return v
}

// findTag looks a tag up in the text of a set: "key=value" pairs, separated by U+001F. A tag without a value is true.
func findTag(set, name string) (string, bool) {
	for set != "" {
		var tag string
		tag, set, _ = strings.Cut(set, "\x1f")
		if k, v, _ := strings.Cut(tag, "="); k == name {
			if v == "" {
				v = "true"
			}
			return v, true
		}
	}
	return "", false
}

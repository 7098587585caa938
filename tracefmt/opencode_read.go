package tracefmt

func (v *openCodeThing) read(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		v.member(s)
	}
}

// readProperties reads the object that an event of the bus carries.
func (v *openCodeThing) readProperties(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "info", "part":
			v.read(s)
		default:
			s.skip()
		}
	}
}

// textMember is where the text of a member goes; nil for members that are not plain text or do not matter.
func (v *openCodeThing) textMember(key []byte) *[]byte {
	switch string(key) {
	case "id":
		return &v.id
	case "sessionID":
		return &v.session
	case "messageID":
		return &v.message
	case "parentID":
		return &v.parent
	case "role":
		return &v.role
	case "type":
		return &v.kind
	case "modelID":
		return &v.model
	case "providerID":
		return &v.provider
	case "agent":
		return &v.agent
	case "mode":
		return &v.mode
	case "title":
		return &v.title
	case "directory":
		return &v.directory
	case "version":
		return &v.version
	case "tool":
		return &v.tool
	case "callID":
		return &v.call
	}
	return nil
}

func (v *openCodeThing) member(s *scanner) {
	if to := v.textMember(s.key()); to != nil {
		*to = s.rawText()
		return
	}
	switch string(s.key()) {
	case "time":
		v.readTime(s)
	case "tokens":
		v.use.read(s)
	case "cost":
		v.use.readCost(s)
	case "state":
		v.readState(s)
	case "error":
		v.readError(s)
	case "attempt":
		v.attempt = s.num()
	case "summary":
		v.summary = s.kind() == 't'
		s.skip()
	case "worktree":
		v.worktree = true
		s.skip()
	case "path", "model", "metadata", "assistant":
		v.readInner(s)
	default:
		s.skip()
	}
}

// readInner reads objects whose members are the thing's own: where it ran, its model, and what the first versions put below metadata.
func (v *openCodeThing) readInner(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "cwd":
			v.cwd = s.rawText()
		case "modelID", "providerID", "sessionID", "time", "tokens", "cost", "error", "path", "assistant":
			v.member(s)
		default:
			s.skip()
		}
	}
}

func (v *openCodeThing) readTime(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "created":
			v.created = s.num()
		case "completed":
			v.completed = s.num()
		case "start":
			v.start = s.num()
		case "end":
			v.end = s.num()
		default:
			s.skip()
		}
	}
}

// readState reads how a tool call went.
func (v *openCodeThing) readState(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "status":
			v.status = s.rawText()
		case "input":
			input := s.raw()
			v.args, v.subagent = textHash(input), agentKind(input)
		case "output":
			v.result = textHash(s.rawText())
		case "error":
			v.errText = s.rawText()
		case "time":
			v.readTime(s)
		case "metadata":
			v.readChild(s)
		default:
			s.skip()
		}
	}
}

// readChild finds the session that a task started.
func (v *openCodeThing) readChild(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "sessionId", "sessionID":
			v.child = s.rawText()
		default:
			s.skip()
		}
	}
}

// readError reads {name, data: {message}}, or text; null is no error.
func (v *openCodeThing) readError(s *scanner) {
	switch s.kind() {
	case '"':
		v.errText = s.rawText()
		v.failed = len(v.errText) > 0
		return
	case '{':
		v.failed = true
	}
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "name":
			v.errName = s.rawText()
		case "message":
			v.errText = s.rawText()
		case "data":
			v.readErrorData(s)
		default:
			s.skip()
		}
	}
}

func (v *openCodeThing) readErrorData(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) == "message" {
			v.errText = s.rawText()
			continue
		}
		s.skip()
	}
}

func (u *statedUse) read(s *scanner) {
	if !s.enter('{') {
		return
	}
	u.total = noTotal
	for s.next() {
		switch string(s.key()) {
		case "input":
			u.count(s, &u.usage.Input, HasInput)
		case "output":
			u.count(s, &u.usage.Output, HasOutput)
		case "reasoning":
			u.count(s, &u.usage.Reasoning, HasReasoning)
		case "total":
			u.count(s, &u.total, 0)
		case "read":
			u.count(s, &u.usage.CacheRead, HasCacheRead)
		case "write":
			u.count(s, &u.usage.CacheWrite, HasCacheWrite)
		case "cache":
			u.readCache(s)
		default:
			s.skip()
		}
	}
}

func (u *statedUse) readCache(s *scanner) {
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "read":
			u.count(s, &u.usage.CacheRead, HasCacheRead)
		case "write":
			u.count(s, &u.usage.CacheWrite, HasCacheWrite)
		default:
			s.skip()
		}
	}
}

// count reads a count; what is none is unknown, so that the cost beside it still counts.
func (u *statedUse) count(s *scanner, to *int64, has Fields) {
	v := s.num()
	if v == nil {
		return
	}
	n, ok := parseInt(v)
	if !ok || n < 0 || n > maxCount {
		u.odd = true
		return
	}
	*to = n
	u.has |= has
}

func (u *statedUse) readCost(s *scanner) {
	v := s.num()
	if v == nil {
		return
	}
	usd, err := ParseUSD(v)
	if err != nil || usd < 0 {
		u.odd = true
		return
	}
	u.cost = usd
	u.has |= HasCost
}

// none says that nothing was used, as messages say that were aborted or are under way: what they used is unknown.
func (u *statedUse) none() bool { return u.usage == Usage{} && u.cost == 0 }

// state enters the use into r, whose input excludes what was cached. Reasoning that stands inside the output may have been charged twice.
func (u *statedUse) state(d *Decoder, r *Record) {
	u.stateAs(d, r, cacheBeside)
	if r.State(HasCost|HasReasoning) && r.Usage.Reasoning > 0 && r.Usage.Output == u.usage.Output {
		r.Flags |= FlagReasonTwice
	}
}

// stateAs enters the use into r under the habit of the format.
func (u *statedUse) stateAs(d *Decoder, r *Record, habit convention) {
	if u.odd {
		d.warnf("a token count or cost that is none: read as unknown")
	}
	if u.none() {
		return
	}
	r.Recorded = u.cost
	r.Has |= u.has & HasCost
	if u.usage == (Usage{}) {
		return
	}
	r.Usage = u.usage
	r.Has |= u.has
	total := u.total
	if total == 0 {
		total = noTotal
	}
	d.settleUsage(r, habit, total)
}

// openCodeSteps sums the steps of a message.
type openCodeSteps struct {
	sum statedUse
	n   int
}

func (t *openCodeSteps) add(u *statedUse) {
	t.n++
	t.sum.cost, _ = t.sum.cost.Add(u.cost)
	total := t.sum.total
	if total += u.total; u.total <= 0 || t.n > 1 && t.sum.total <= 0 {
		total = noTotal
	}
	t.sum.usage.plus(&u.usage)
	t.sum.total = total
	t.sum.has |= u.has
}

// give lets a message of several steps have used what all of them used: it states the last step's tokens, but the cost of all.
func (t *openCodeSteps) give(u *statedUse) {
	if t.n < 2 || u.has&HasCost == 0 || apart(t.sum.cost, u.cost) > USD(t.n) {
		return
	}
	u.usage, u.total = t.sum.usage, t.sum.total
	u.has |= t.sum.has
}

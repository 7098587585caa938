package tracefmt

import (
	"bytes"
	"strconv"
)

// What the logs of model gateways have in common: one row per request, written when it was answered, with tags of the caller's own in
// which agents, users and sessions are named.

// gateState is what a row of a gateway says that its record has no field for.
type gateState struct {
	trace, session string
	other          Usage  // counts that stand in where the better ones are missing
	has            Fields // which of other are there
	hit            bool   // answered from the gateway's cache
	failed         bool   // it says that it failed, or was stopped
	amount, extra  USD    // costs of which other members decide
	small          USD    // extra, were it in billionths
	billionths     bool   // it is
	flags          Fields // which of the two are there, as HasCost and hasExtra
	byok, stated   bool   // the caller's own key was used; that is stated
	tries          []gateTry
	raw            []byte // a part of the value that is read when the rest is known
	hidden         int64  // failed attempts that are only counted
	foreign        bool   // its cost is not in dollars

	beside  bool                   // rows: reasoning is beside the output
	ranks   [maxColumnGroups]uint8 // rows: how good the name is that said it
	columns map[string]*flatColumn // what this worker knows of columns
}

// hasExtra says that gateState.extra is there.
const hasExtra = HasScore

// A gateTry is an attempt that a gateway made for one request.
type gateTry struct {
	provider Sym
	status   int64 // HTTP; 0 = not said
}

// gateBegin forgets the row before.
func gateBegin(d *Decoder, _ *Record) {
	d.gate = gateState{tries: d.gate.tries[:0], columns: d.gate.columns}
}

// traceTo and sessionTo read what joins the calls of a run. Both may be there; the trace is the closer one.
func traceTo(d *Decoder, _ *Record) error {
	if b := d.scan.str(); len(b) > 0 {
		d.gate.trace = d.text(b)
	}
	return nil
}

func sessionTo(d *Decoder, r *Record) error {
	if b := d.scan.str(); len(b) > 0 {
		d.gate.session = d.text(b)
		r.Session = firstSym(r.Session, d.sym(b))
	}
	return nil
}

var (
	workflowTo = nameTo(func(r *Record) *Sym { return &r.Workflow })
	agentTo    = nameTo(func(r *Record) *Sym { return &r.Agent })
	stepTo     = nameTo(func(r *Record) *Sym { return &r.Step })
	featureTo  = symTo(func(r *Record) *Sym { return &r.Feature })
	userTo     = symTo(func(r *Record) *Sym { return &r.User })
	versionTo  = symTo(func(r *Record) *Sym { return &r.Version })
	providerTo = symTo(func(r *Record) *Sym { return &r.Provider })
	modelTo    = symTo(func(r *Record) *Sym { return &r.Model })
	requestTo  = symTo(func(r *Record) *Sym { return &r.RequestModel })
	toolTo     = nameTo(func(r *Record) *Sym { return &r.Tool })
)

// callerTags are the names under which callers of gateways say who they are.
var callerTags = fields{
	"agent": agentTo, "agent_name": agentTo, "agentName": agentTo, "Agent": agentTo,
	"feature": featureTo, "Feature": featureTo,
	"workflow": workflowTo, "workflow_name": workflowTo, "workflowName": workflowTo, "Workflow": workflowTo,
	"step": stepTo, "step_name": stepTo, "Step": stepTo,
	"user": userTo, "user_id": userTo, "userId": userTo, "_user": userTo, "User": userTo, "end_user": userTo,
	"version": versionTo,
	"trace":   traceTo, "trace_id": traceTo, "traceId": traceTo, "_trace_id": traceTo, "run": traceTo, "run_id": traceTo, "runId": traceTo,
	"session": sessionTo, "session_id": sessionTo, "sessionId": sessionTo, "conversation_id": sessionTo, "thread_id": sessionTo,
	"*": tagsTo,
}

// callerAt are callerTags as the members of what stands at path.
func callerAt(path string) fields {
	t := fields{}
	for name, read := range callerTags {
		t[path+"."+name] = read
	}
	return t
}

// usageAt are the counts of a usage object at path, under the names of either of the large providers.
func usageAt(path string) fields {
	t := fields{}
	for name, member := range usageNames {
		t[path+"."+name] = to(member)
	}
	return t
}

var usageNames = map[string]string{
	"prompt_tokens": "input_tokens", "input_tokens": "input_tokens", "inputTokens": "input_tokens",
	"completion_tokens": "output_tokens", "output_tokens": "output_tokens", "outputTokens": "output_tokens",
	"total_tokens": "total_tokens", "totalTokens": "total_tokens",
	"prompt_tokens_details.cached_tokens":        "cache_read_input_tokens",
	"input_tokens_details.cached_tokens":         "cache_read_input_tokens",
	"cached_prompt_tokens":                       "cache_read_input_tokens",
	"cache_read_input_tokens":                    "cache_read_input_tokens",
	"cacheReadInputTokens":                       "cache_read_input_tokens",
	"cache_creation_input_tokens":                "cache_creation_input_tokens",
	"cacheWriteInputTokens":                      "cache_creation_input_tokens",
	"cache_creation.ephemeral_1h_input_tokens":   "cache_creation_1h_input_tokens",
	"completion_tokens_details.reasoning_tokens": "reasoning_output_tokens",
	"output_tokens_details.reasoning_tokens":     "reasoning_output_tokens",
	"reasoning_tokens":                           "reasoning_output_tokens",
}

// failedTo reads a boolean that is when for a request that failed.
func failedTo(when bool) flatReader {
	return func(d *Decoder, _ *Record) error {
		if v, ok := d.scan.boolean(); ok && v == when {
			d.gate.failed = true
		}
		return nil
	}
}

// hitTo reads a boolean that tells of an answer from the gateway's cache.
func hitTo(d *Decoder, _ *Record) error {
	if v, ok := d.scan.boolean(); ok && v {
		d.gate.hit = true
	}
	return nil
}

// hitWordTo reads the words for the same: "HIT", "SEMANTIC HIT".
func hitWordTo(d *Decoder, _ *Record) error {
	b := bytes.ToLower(d.scan.str())
	d.gate.hit = d.gate.hit || bytes.HasSuffix(b, []byte("hit"))
	return nil
}

// utcTimeTo reads a time that is in UTC where it names no zone.
func utcTimeTo(field func(*Record) *int64, has Fields) flatReader {
	return func(d *Decoder, r *Record) error {
		d.rawTime(r, field(r), has)
		return nil
	}
}

var (
	startTo = utcTimeTo(func(r *Record) *int64 { return &r.Start }, HasStart)
)

// amountTo reads money in units of its own into a place of gateState.
func amountTo(field func(*gateState) *USD, has Fields) flatReader {
	return func(d *Decoder, _ *Record) error {
		if v, err := ParseUSD(d.scan.num()); err == nil && v >= 0 {
			*field(&d.gate) = v
			d.gate.flags |= has
		}
		return nil
	}
}

// gateClose settles a row. id stands in for a request that has none.
func (d *Decoder) gateClose(r *Record, habit convention) {
	g := &d.gate
	if r.Run == "" {
		r.Run = firstOf(g.trace, g.session, r.ID)
	}
	if r.Kind == KindUnknown {
		r.Kind = kindOfModel(d.names.all.Name(firstSym(r.Model, r.RequestModel)))
	}
	if status := d.flat.status; status >= 400 && r.Error == 0 {
		r.Error = d.httpError(int64(status))
	}
	if g.failed && !d.flat.stated && d.flat.status < 400 {
		d.flat.said, d.flat.stated = StatusError, true
	}
	d.flatClose(r, habit)
	if r.Status == StatusUnset { // rows are written when the request is over
		r.Status = StatusOK
	}
	switch {
	case g.hit:
		gatewayHit(r)
	case r.Status == StatusError && r.Usage == Usage{} && r.Recorded == 0:
		r.Has &^= HasUsage | HasCost // nothing was measured
	}
}

// gatewayHit makes r an answer out of a gateway's cache: its stated tokens were used once before, not now.
func gatewayHit(r *Record) {
	r.Flags = r.Flags&^(FlagCacheBeside|FlagCacheOver|FlagWriteSplitGuess|FlagUnderstated) | FlagGatewayHit
	r.Usage, r.Recorded = Usage{}, 0
	r.Has = r.Has&^HasUnattributed | HasInput | HasOutput | HasCost
}

func (d *Decoder) httpError(status int64) Sym {
	return d.sym(strconv.AppendInt([]byte("http "), status, 10))
}

func firstOf(s ...string) string {
	for _, t := range s {
		if t != "" {
			return t
		}
	}
	return ""
}

// kindOfModel tells models of other work from those that write, by their names.
func kindOfModel(model string) Kind {
	m := []byte(model)
	switch {
	case containsFold(m, "embed"):
		return KindEmbedding
	case containsFold(m, "rerank"):
		return KindReranker
	}
	return KindLLM
}

// containsFold is bytes.Contains without regard to case; word is in lower case.
func containsFold(b []byte, word string) bool {
	for i := 0; i+len(word) <= len(b); i++ {
		k := 0
		for k < len(word) && b[i+k]|0x20 == word[k] {
			k++
		}
		if k == len(word) {
			return true
		}
	}
	return false
}

// besideCache is the convention of providers whose input excludes what was cached, where the gateway passes their counts on.
func (d *Decoder) besideCache(r *Record) convention {
	provider := []byte(d.names.all.Name(r.Provider))
	model := []byte(d.names.all.Name(firstSym(r.Model, r.RequestModel)))
	switch {
	case containsFold(provider, "anthropic"), containsFold(provider, "bedrock"):
		return cacheBeside
	case len(provider) == 0 && containsFold(model, "claude"):
		return cacheBeside
	}
	return 0
}

// failedTries adds the attempts before the served one, which is served: the first is attempt 1. cost says that the served one's cost is
// all that was charged.
func (d *Decoder) failedTries(at int, tries []gateTry, free bool) {
	served := d.Out[at]
	before := ""
	for i, t := range tries {
		r := d.add()
		r.Run, r.Parent, r.Kind = served.Run, served.Parent, served.Kind
		r.ID = served.ID + "#" + strconv.Itoa(i+1)
		r.Flags = served.Flags & FlagGlobal
		r.Workflow, r.Agent, r.Step, r.Feature = served.Workflow, served.Agent, served.Step, served.Feature
		r.User, r.Session, r.Tags = served.User, served.Session, served.Tags
		r.Provider, r.Model, r.RequestModel = firstSym(t.provider, served.Provider), 0, firstSym(served.RequestModel, served.Model)
		r.Start, r.Has = served.Start, served.Has&HasStart
		if r.Has != 0 {
			r.End, r.Has = r.Start, r.Has|HasEnd
		}
		if free {
			r.Has |= HasCost
		}
		r.Status, r.Attempt, r.RetryOf = StatusError, int32(i+1), before
		if t.status != 0 {
			r.Error = d.httpError(t.status)
		}
		if i > 0 {
			r.RetryKind = RetryPlain // the same model, if elsewhere
		}
		before = r.ID
	}
	if n := len(tries); n > 0 {
		s := &d.Out[at]
		s.Attempt, s.RetryOf, s.RetryKind = int32(n+1), before, RetryPlain
	}
}

// timeText is a time, or another number, as text to make an id of.
func timeText(ns int64) []byte { return strconv.AppendInt(nil, ns, 10) }

// maxTries bounds the attempts that one row may tell of.
const maxTries = 100

// valueID is an id for what has none, out of what it says.
func valueID(prefix string, parts ...[]byte) string {
	h := uint64(hashA)
	for _, p := range parts {
		h = mix(h^textHash(p), uint64(len(p)))
	}
	return prefix + strconv.FormatUint(h, 16)
}

// holds tells whether v is an object whose member called list is an object, or an array of objects, with the keys.
func (v *peek) holds(list string, keys ...string) bool {
	if c := v.keys[list]; c != "[" && c != "{" {
		return false
	}
	for _, k := range keys {
		if !bytes.Contains(v.raw, []byte(`"`+k+`"`)) {
			return false
		}
	}
	return true
}

// wrapped tells whether value is an object that holds its rows, or its only row, as the member called name.
func wrapped(value []byte, name string) bool {
	c := topMember(value, name)
	return c == '[' || c == '{'
}

// topMember is the first byte of the member of the object value that is called name; 0 when it has none.
func topMember(value []byte, name string) byte {
	var s scanner
	s.reset(value)
	for s.object(); s.next(); s.skip() {
		if string(s.key()) == name {
			return s.kind()
		}
	}
	return 0
}

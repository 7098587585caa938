package tracefmt

import (
	"bytes"
	"strings"
)

// The export of calls of W&B Weave, as JSON or as a table (formats-otel 4.12). A call's summary has its use by model, and that of a call
// with calls inside is the sum of theirs (see joinWeave). A call that used several models has a record for each of them.

var weaveFormat = Format{Name: "weave", Title: "Weave call exports",
	Can: TellsUsage, Partly: TellsCost | TellsAgents | TellsText, Note: "cost where Weave knows the model's price; calls do not say what kind they are",
	sniff: sniffWeave, join: inPlace((*Assembler).joinWeave), decode: decodeWeave}

func sniffWeave(v *peek) bool {
	return v.has("op_name", "trace_id") && (strings.HasPrefix(v.keys["op_name"], "weave:///") || v.has("started_at"))
}

// weaveState is what a call says that its record has no field for.
type weaveState struct {
	models  []weaveModel
	at      *weaveModel
	kind    []byte
	status  []byte
	deleted bool
	in, out uint64
	tail    uint64
}

// weaveModel is what a call used of one model.
type weaveModel struct {
	name   Sym
	use    Record // usage and cost alone
	total  int64
	apart  bool // the input is written as Anthropic does
	prompt bool // or as OpenAI does
	cache  bool
}

var weaveUsage = shapeOf(usageMembers, fields{
	"prompt_tokens":               weaveCount("prompt_tokens", func(m *weaveModel) { m.prompt = true }),
	"input_tokens":                weaveCount("input_tokens", func(m *weaveModel) { m.apart = true }),
	"cache_read_input_tokens":     weaveCount("cache_read_input_tokens", func(m *weaveModel) { m.cache = true }),
	"cache_creation_input_tokens": weaveCount("cache_creation_input_tokens", func(m *weaveModel) { m.cache = true }),
	"inputTokens":                 weaveCount("input_tokens", func(m *weaveModel) { m.apart = true }),
	"outputTokens":                mostOf(outputOf, HasOutput),
	"cacheReadInputTokens":        weaveCount("cache_read_input_tokens", func(m *weaveModel) { m.cache = true }),
	"cacheWriteInputTokens":       weaveCount("cache_creation_input_tokens", func(m *weaveModel) { m.cache = true }),
	"prompt_token_count":          mostOf(inputOf, HasInput),
	"candidates_token_count":      mostOf(outputOf, HasOutput),
	"thoughts_token_count":        mostOf(reasoningOf, HasReasoning),
	"thoughts_tokens":             mostOf(reasoningOf, HasReasoning),
	"cached_content_token_count":  mostOf(readOf, HasCacheRead),
	"total_token_count":           mostTotal,
})

// weaveCount reads a count of usageMembers, and notes by saw how it is written where it is stated.
func weaveCount(name string, saw func(*weaveModel)) flatReader {
	read := usageMembers[name]
	return func(d *Decoder, r *Record) error {
		if k := d.scan.kind(); k != 'n' && !d.scan.begins("0") && !d.scan.begins(`""`) {
			saw(d.weave.at)
		}
		return read(d, r)
	}
}

var weaveCosts = shapeOf(fields{"*": weaveCost})

// weaveCost adds the costs that make the model's total.
func weaveCost(d *Decoder, r *Record) error {
	if !bytes.HasSuffix(d.scan.key(), []byte("_total_cost")) {
		d.scan.skip()
		return nil
	}
	v := d.scan.num()
	if v == nil {
		return nil
	}
	usd, err := ParseUSD(v)
	sum, ok := r.Recorded.Add(usd)
	if err != nil || usd < 0 || !ok {
		d.warnf("a stated cost is not an amount of money from 0 up: unknown")
		return nil
	}
	r.Recorded, r.Has = sum, r.Has|HasCost
	return nil
}

var weaveAttributes = fields{
	"feature": to("feature"), "workflow": to("workflow"), "version": to("version"), "agent": to("agent"), "agent_name": to("agent"),
	"session_id": unlessNone(to("session_id")), "user_id": unlessNone(to("user_id")), "*": liteOwnTag,
	"weave.kind": func(d *Decoder, _ *Record) error {
		d.weave.kind = append(d.weave.kind[:0], d.scan.str()...)
		return nil
	},
}

var weaveCall = row{shape: shapeOf(weaveMembers), begin: beginWeave, finish: finishWeave}

// weaveMembers are the members of a call.
var weaveMembers = join(under("attributes", weaveAttributes), fields{
	"id":                         idTo(func(r *Record) *string { return &r.ID }),
	"trace_id":                   to("trace_id"),
	"parent_id":                  idTo(func(r *Record) *string { return &r.Parent }),
	"op_name":                    weaveOp,
	"started_at":                 utcTo(startOf, HasStart),
	"ended_at":                   utcTo(endOf, HasEnd),
	"thread_id":                  unlessNone(to("session_id")),
	"wb_user_id":                 weaveUser,
	"deleted_at":                 func(d *Decoder, _ *Record) error { d.weave.deleted = len(d.scan.str()) > 0; return nil },
	"exception":                  weaveError,
	"exception.type":             weaveError,
	"exception.message":          weaveError,
	"summary.usage.*":            weaveModelUsage,
	"summary.weave.costs.*":      weaveModelCosts,
	"summary.weave.status":       weaveStatus,
	"summary.weave.latency_ms":   durationTo(1e6),
	`summary\.weave\.status`:     weaveStatus,
	`summary\.weave\.latency_ms`: durationTo(1e6),
	`attributes\.weave\.kind`:    weaveAttributes["weave.kind"],
	"inputs":                     weaveInputs,
	"output":                     func(d *Decoder, _ *Record) error { d.weave.out = weaveHash(d.scan.rawValue()); return nil },
	"*":                          weaveColumn,
})

func beginWeave(d *Decoder, _ *Record) {
	w := &d.weave
	*w = weaveState{models: w.models[:0], kind: w.kind[:0], status: w.status[:0]}
}

func decodeWeave(d *Decoder, value []byte) error { return weaveCall.decode(d, value) }

// weaveOp reads the op: its name stands between /op/ and the hash of its code.
func weaveOp(d *Decoder, r *Record) error {
	op := d.scan.str()
	if at := bytes.LastIndex(op, []byte("/op/")); at >= 0 && bytes.HasPrefix(op, []byte("weave:///")) {
		op = op[at+len("/op/"):]
		if end := bytes.LastIndexByte(op, ':'); end > 0 {
			op = op[:end]
		}
	}
	r.Name = d.name(op)
	return nil
}

func weaveUser(d *Decoder, r *Record) error {
	r.User = firstSym(r.User, d.sym(d.scan.str()))
	return nil
}

// weaveError reads an exception, which is text or an object: the first that it says is the error.
func weaveError(d *Decoder, r *Record) error {
	r.Error = firstSym(r.Error, d.sym(liteShort(d.scan.str())))
	return nil
}

func weaveStatus(d *Decoder, _ *Record) error {
	d.weave.status = append(d.weave.status[:0], d.scan.str()...)
	return nil
}

func weaveInputs(d *Decoder, _ *Record) error {
	raw := d.scan.rawValue()
	if d.weave.in = weaveHash(raw); d.weave.in != 0 {
		d.weave.tail = tailHash(lastUser(raw))
	}
	return nil
}

// weaveHash is the hash of a value as written; empty objects and null are none.
func weaveHash(raw []byte) uint64 {
	if len(raw) <= len("null") {
		return 0
	}
	return textHash(raw)
}

// model finds what is known of a model, or begins it.
func (w *weaveState) model(name Sym) *weaveModel {
	for i := range w.models {
		if w.models[i].name == name {
			return &w.models[i]
		}
	}
	w.models = append(w.models, weaveModel{name: name, total: noTotal})
	return &w.models[len(w.models)-1]
}

func weaveModelUsage(d *Decoder, _ *Record) error {
	return d.weaveWalk(d.scan.key(), weaveUsage)
}

func weaveModelCosts(d *Decoder, _ *Record) error {
	return d.weaveWalk(d.scan.key(), weaveCosts)
}

// weaveWalk reads what is said of one model.
func (d *Decoder) weaveWalk(model []byte, n *shape) error {
	w := &d.weave
	if len(w.models) > 100 || len(model) == 0 {
		d.scan.skip()
		return nil
	}
	m := w.model(d.sym(model))
	w.at, d.flat.total = m, m.total
	err := d.walk(n, &m.use)
	m.total = d.flat.total
	return err
}

// weaveColumn reads a column of a table whose columns are the paths of single facts.
func weaveColumn(d *Decoder, r *Record) error {
	key := d.scan.key()
	if rest, ok := bytes.CutPrefix(key, []byte("summary.usage.")); ok {
		return d.weaveFact(rest, weaveUsage)
	}
	if rest, ok := bytes.CutPrefix(key, []byte("summary.weave.costs.")); ok {
		return d.weaveFact(rest, weaveCosts)
	}
	rest, ok := bytes.CutPrefix(key, []byte("attributes."))
	if !ok || bytes.HasPrefix(rest, []byte("weave.")) || d.scan.kind() == '{' || d.scan.kind() == '[' {
		d.scan.skip()
		return nil
	}
	if read := weaveAttributes[string(rest)]; read != nil {
		return read(d, r)
	}
	d.flat.tags.addOTLPTag(rest, d.scan.str())
	return nil
}

// weaveFact reads one fact of a model: path is the model's name, which may have dots, and that of the fact.
func (d *Decoder) weaveFact(path []byte, n *shape) error {
	w := &d.weave
	for at := 1; at < len(path)-1; at++ {
		if path[at] != '.' {
			continue
		}
		fact := n.find(path[at+1:])
		if fact == nil || fact.read == nil || len(w.models) > 100 {
			continue
		}
		if k := d.scan.kind(); k == 'n' {
			break
		}
		m := w.model(d.sym(path[:at]))
		w.at, d.flat.total = m, m.total
		d.scan.k = path[at+1:]
		err := fact.read(d, &m.use)
		m.total = d.flat.total
		return err
	}
	d.scan.skip()
	return nil
}

// find is the place that a path without "*" leads to; where the table has only "*", a single name leads there. nil is none.
func (n *shape) find(path []byte) *shape {
	if n.members == nil && n.rest != nil && bytes.IndexByte(path, '.') < 0 {
		return n.rest
	}
	for more := true; more && n != nil; {
		var name []byte
		name, path, more = bytes.Cut(path, []byte("."))
		n = n.members[string(name)]
	}
	return n
}

// weaveWords are parts of the names of ops that Weave's integrations trace, and what these are.
var weaveWords = []struct {
	part string
	kind Kind
}{
	{"embeddings.create", KindEmbedding}, {"embedding", KindEmbedding}, {"embed_content", KindEmbedding}, {"rerank", KindReranker},
	{"completions.create", KindLLM}, {"completions.parse", KindLLM}, {"chat.complete", KindLLM}, {"chat.stream", KindLLM}, {"responses.create", KindLLM},
	{"responses.parse", KindLLM}, {"Messages.create", KindLLM}, {"Messages.stream", KindLLM}, {"messages.create", KindLLM}, {"messages.stream", KindLLM},
	{"generate_content", KindLLM}, {"litellm.completion", KindLLM}, {"litellm.acompletion", KindLLM}, {"BedrockRuntime.converse", KindLLM},
	{"BedrockRuntime.invoke", KindLLM}, {"langchain.Llm.", KindLLM}, {"langchain.Chain.", KindChain}, {"langchain.Tool.", KindTool},
	{"langchain.Retriever.", KindRetriever},
}

// weaveKind is what the call says that it is, else what its op's name does.
func (d *Decoder) weaveKind(name string) Kind {
	if k := kindWord(kindWords[slotAgentOps], d.weave.kind); k != KindUnknown {
		return k
	}
	for _, w := range weaveWords {
		if strings.Contains(name, w.part) {
			return w.kind
		}
	}
	return KindUnknown
}

func finishWeave(d *Decoder, r *Record) error {
	w := &d.weave
	switch {
	case w.deleted:
		return skipError("a call that was deleted")
	case r.Run == "" || r.ID == "":
		return skipError("a call without an id or without its trace's")
	}
	r.Kind = d.weaveKind(d.names.all.Name(r.Name))
	d.flat.total = noTotal
	d.flatClose(r, 0)
	switch string(w.status) {
	case "error":
		r.Status = StatusError
	case "running":
		r.Status = StatusUnfinished
	}
	if r.Has&HasEnd == 0 && r.Status == StatusOK {
		r.Status = StatusUnset
	}
	switch r.Kind {
	case KindTool:
		r.Tool = r.Name
		r.Fingerprints[2], r.Fingerprints[3] = w.in, w.out
	case KindLLM, KindUnknown:
		r.Fingerprints[0], r.Fingerprints[1] = w.in, w.tail
	}
	d.weaveModels(r)
	return nil
}

// weaveModels gives the record what it used, or a record to each model where there are several.
func (d *Decoder) weaveModels(r *Record) {
	models := d.weave.models
	if len(models) == 1 {
		if r.Kind == KindUnknown && models[0].use.Has&HasUsage == 0 {
			r.Kind = KindLLM // a request that failed
		}
		d.weaveUse(r, &models[0])
		return
	}
	at := len(d.Out) - 1 // of r
	parts := 0
	for i := range models {
		if models[i].use.Has&(HasUsage|HasCost) == 0 {
			continue
		}
		parts++
		part := d.add()
		call := &d.Out[at]
		part.Run, part.Parent, part.Kind, part.Status, part.Error = call.Run, call.ID, KindLLM, call.Status, call.Error
		part.ID = d.text(append(append(append(d.otlp.id[:0], call.ID...), weavePart...), d.names.all.Name(models[i].name)...))
		part.Name, part.Start, part.End, part.Has = call.Name, call.Start, call.End, call.Has&(HasStart|HasEnd)
		d.weaveUse(part, &models[i])
	}
	if call := &d.Out[at]; parts > 0 && (call.Kind.IsModel() || call.Kind == KindUnknown) {
		call.Kind = KindChain // its parts are the calls
	}
}

// weavePart stands in the id of a part of a call, between the call's id and the model.
const weavePart = "#"

// weaveUse sets the model, the counts and the cost.
func (d *Decoder) weaveUse(r *Record, m *weaveModel) {
	r.Model, r.Usage, r.Recorded, r.Tier = m.name, m.use.Usage, m.use.Recorded, m.use.Tier
	r.Has |= m.use.Has
	if r.Has&HasUsage == 0 && r.Recorded == 0 {
		r.Has &^= HasCost
	}
	habit := convention(0)
	if m.apart && m.cache && !m.prompt {
		habit = cacheBeside
	}
	d.settleUsage(r, habit, m.total)
}

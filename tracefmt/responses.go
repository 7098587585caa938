package tracefmt

import "errors"

// Raw answers of the model providers, one per line, as a program gets when it writes down what the API returned. They say what was
// used, not who asked: each is a run of its own.

var anthropicFormat = Format{Name: "anthropic", Title: "Anthropic Messages responses and batch results",
	Can: TellsUsage, Note: "no times, no runs: each answer is a run of its own; answers of a batch are priced at half",
	sniff: sniffAnthropic, decode: decodeAnthropic}

var openAIFormat = Format{Name: "openai", Title: "OpenAI Chat Completions and Responses answers, batch output",
	Can: TellsUsage, Note: "no runs: each answer is a run of its own; answers of a batch are priced at half",
	sniff: sniffOpenAI, decode: decodeOpenAI}

// rawUsage are the counts of a usage object under the names of either provider.
type rawUsage struct {
	total     int64
	split     bool   // cache writes are split by their lifetime
	anthropic bool   // the cache members of Anthropic are there
	depth     int    // of the object that is being read: answers stand inside the lines of a batch
	idDepth   int    // where the id was found: the innermost is the answer's own
	custom    string // custom_id: unique within its batch only
}

// answer reads the members that all of the answers share; it returns false for a member that it does not know.
func (d *Decoder) answer(r *Record, u *rawUsage, key []byte) (known bool, err error) {
	s := &d.scan
	switch string(key) {
	case "id":
		if b := s.str(); len(b) > 0 && u.depth >= u.idDepth {
			r.ID, u.idDepth = d.text(b), u.depth
		}
	case "custom_id":
		u.custom = d.text(s.str())
		r.Flags |= FlagBatch
	case "model":
		r.Model = d.sym(s.str())
	case "service_tier":
		r.Tier = d.sym(s.str())
	case "usage":
		return true, d.rawUsage(r, u)
	case "error":
		d.rawError(r)
	default:
		return false, nil
	}
	return true, nil
}

// rawUsage reads a usage object.
func (d *Decoder) rawUsage(r *Record, u *rawUsage) error {
	s := &d.scan
	if !s.enter('{') {
		return nil
	}
	var err error
	for s.next() && err == nil {
		switch string(s.key()) {
		case "input_tokens", "prompt_tokens":
			err = d.count(s, r, &r.Usage.Input, HasInput)
		case "output_tokens", "completion_tokens":
			err = d.count(s, r, &r.Usage.Output, HasOutput)
		case "total_tokens":
			is := Record{}
			if err = d.count(s, &is, &u.total, HasInput); is.Has == 0 {
				u.total = noTotal
			}
		case "cache_read_input_tokens":
			u.anthropic = true
			err = d.count(s, r, &r.Usage.CacheRead, HasCacheRead)
		case "cache_creation_input_tokens":
			u.anthropic = true
			err = d.count(s, r, &r.Usage.CacheWrite, HasCacheWrite)
		case "cache_creation":
			err = d.rawSplit(r, u)
		case "input_tokens_details", "prompt_tokens_details", "output_tokens_details", "completion_tokens_details":
			err = d.rawDetails(r)
		case "service_tier":
			r.Tier = d.sym(s.str())
		default:
			s.skip()
		}
	}
	return err
}

// rawSplit reads Anthropic's cache writes by lifetime.
func (d *Decoder) rawSplit(r *Record, u *rawUsage) error {
	s := &d.scan
	if !s.enter('{') {
		return nil
	}
	var err error
	for s.next() && err == nil {
		if string(s.key()) == "ephemeral_1h_input_tokens" {
			u.split = true
			err = d.count(s, r, &r.Usage.CacheWrite1h, HasCacheWrite1h)
			continue
		}
		s.skip()
	}
	return err
}

// rawDetails reads OpenAI's parts of the input and of the output.
func (d *Decoder) rawDetails(r *Record) error {
	s := &d.scan
	if !s.enter('{') {
		return nil
	}
	var err error
	for s.next() && err == nil {
		switch string(s.key()) {
		case "cached_tokens":
			err = d.count(s, r, &r.Usage.CacheRead, HasCacheRead)
		case "cache_write_tokens", "cache_creation_tokens":
			err = d.count(s, r, &r.Usage.CacheWrite, HasCacheWrite)
		case "reasoning_tokens", "thinking_tokens":
			err = d.count(s, r, &r.Usage.Reasoning, HasReasoning)
		default:
			s.skip()
		}
	}
	return err
}

// rawError reads {"type", "code", "message"}, or text; null is no error.
func (d *Decoder) rawError(r *Record) {
	s := &d.scan
	if s.kind() != '{' {
		if b := s.str(); len(b) > 0 {
			r.Error, r.Status = d.sym(b), StatusError
		}
		return
	}
	r.Status = StatusError
	var code, message Sym
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "type", "code":
			code = firstSym(d.sym(s.str()), code)
		case "message":
			message = d.sym(s.str())
		default:
			s.skip()
		}
	}
	r.Error = firstSym(code, message)
}

// finishAnswer settles identity, status and usage.
func (d *Decoder) finishAnswer(r *Record, u *rawUsage, c convention) error {
	if r.ID == "" {
		r.ID = u.custom
	}
	if r.ID == "" {
		return errors.New("id is missing")
	}
	r.Run = r.ID
	if r.Kind == KindUnknown {
		r.Kind = KindLLM
	}
	if r.Status == StatusUnset {
		r.Status = StatusOK
	}
	if d.names.all.Name(r.Tier) == "batch" {
		r.Flags |= FlagBatch
	}
	if r.Usage.CacheWrite > 0 && u.anthropic && !u.split {
		r.Flags |= FlagWriteSplitGuess
	}
	d.settleUsage(r, c, u.total)
	return nil
}

// A rawShape is what sets one provider's answers apart.
type rawShape struct {
	around [2]string                                         // members that hold the answer in the lines of a batch
	member func(d *Decoder, r *Record, key []byte) (ok bool) // reads a member of its own
}

var (
	anthropicShape = rawShape{[2]string{"result", "message"}, (*Decoder).anthropicMember}
	openAIShape    = rawShape{[2]string{"response", "body"}, (*Decoder).openAIMember}
)

// rawAnswer reads an answer, bare or as a line of a batch's results.
func (d *Decoder) rawAnswer(value []byte, shape *rawShape, u *rawUsage) (*Record, error) {
	s := &d.scan
	s.reset(value)
	r := d.add()
	s.object()
	if err := d.rawObject(r, u, shape); err != nil {
		return nil, err
	}
	return r, s.err
}

func (d *Decoder) rawObject(r *Record, u *rawUsage, shape *rawShape) error {
	s := &d.scan
	for s.next() {
		key := s.key()
		known, err := d.answer(r, u, key)
		switch {
		case err != nil && s.err == nil:
			return err
		case known:
		case string(key) == shape.around[0] || string(key) == shape.around[1]:
			if !s.enter('{') {
				continue
			}
			u.depth++
			if err := d.rawObject(r, u, shape); err != nil {
				return err
			}
			u.depth--
		case !shape.member(d, r, key):
			s.skip()
		}
	}
	return nil
}

// decodeAnthropic reads an answer of Anthropic's Messages API.
func decodeAnthropic(d *Decoder, value []byte) error {
	u := rawUsage{total: noTotal}
	r, err := d.rawAnswer(value, &anthropicShape, &u)
	if err != nil {
		return err
	}
	r.Provider = d.sym([]byte("anthropic"))
	return d.finishAnswer(r, &u, cacheBeside)
}

func (d *Decoder) anthropicMember(r *Record, key []byte) (ok bool) {
	if string(key) != "type" {
		return false
	}
	switch string(d.scan.str()) {
	case "errored", "canceled", "expired", "error":
		r.Status = StatusError
	}
	return true
}

// decodeOpenAI reads an answer of OpenAI's Chat Completions, Responses or Embeddings API.
func decodeOpenAI(d *Decoder, value []byte) error {
	u := rawUsage{total: noTotal}
	r, err := d.rawAnswer(value, &openAIShape, &u)
	if err != nil {
		return err
	}
	if r.Kind == KindEmbedding && r.ID == "" {
		return skipError("an embeddings answer without an id: it cannot be told from its copies")
	}
	var c convention
	if u.anthropic { // a gateway's answer in OpenAI's shape
		c = cacheBeside
	}
	return d.finishAnswer(r, &u, c)
}

func (d *Decoder) openAIMember(r *Record, key []byte) (ok bool) {
	s := &d.scan
	switch string(key) {
	case "created", "created_at":
		d.rawTime(r, &r.Start, HasStart)
	case "completed_at":
		d.rawTime(r, &r.End, HasEnd)
	case "object":
		if string(s.str()) == "list" {
			r.Kind = KindEmbedding
		}
	case "status":
		d.openAIStatus(r, s.str())
	case "status_code":
		if n, ok := parseInt(s.num()); ok && n >= 400 {
			r.Status = StatusError
		}
	case "incomplete_details":
		d.openAIReason(r)
	default:
		return false
	}
	return true
}

func (d *Decoder) rawTime(r *Record, to *int64, has Fields) {
	if ns, ok := readTime(d.scan.str()); ok {
		*to = ns
		r.Has |= has
	}
}

func (d *Decoder) openAIStatus(r *Record, b []byte) {
	switch string(b) {
	case "failed", "cancelled", "incomplete":
		r.Status = StatusError
		if r.Error == 0 {
			r.Error = d.sym(b)
		}
	case "in_progress", "queued":
		r.Status = StatusUnfinished
	}
}

func (d *Decoder) openAIReason(r *Record) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		if string(s.key()) == "reason" {
			r.Error = firstSym(d.sym(s.str()), r.Error)
			continue
		}
		s.skip()
	}
}

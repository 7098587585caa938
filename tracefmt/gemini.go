package tracefmt

import (
	"bytes"
	"strconv"
)

// Raw answers of the Gemini API, as the REST interface writes them (camelCase) or the SDKs dump them (snake_case): one generateContent
// answer per value, the parts of a streamed answer, or the lines of a batch's results.

var geminiFormat = Format{Name: "gemini", Title: "Gemini generateContent answers and batch results",
	Can: TellsUsage, Note: "no runs: each answer is a run of its own; ends are not stated",
	sniff: sniffGemini, decode: decodeGemini}

func sniffGemini(v *peek) bool {
	switch {
	case v.has("uuid"), v.has("sessionId"), v.has("object"): // Qwen Code; OpenAI's shape
		return false
	case v.keys["usageMetadata"] == "{" || v.keys["usage_metadata"] == "{" || v.keys["candidates"] == "[":
		return geminiKeys(v)
	}
	return v.keys["response"] == "{" && holdsGemini(v.raw)
}

// geminiKeys tells whether a value that has candidates or a usage has one more member that only Gemini's answers have.
func geminiKeys(v *peek) bool {
	n := 0
	for k := range v.keys {
		if geminiMembers[k] {
			n++
		}
	}
	return n > 1
}

var geminiMembers = map[string]bool{
	"candidates": true, "usageMetadata": true, "usage_metadata": true, "modelVersion": true, "model_version": true, "responseId": true, "response_id": true,
	"promptFeedback": true, "prompt_feedback": true,
}

// holdsGemini tells whether the member response of a value is an answer of Gemini.
func holdsGemini(value []byte) bool {
	var s scanner
	s.reset(value)
	n := 0
	for s.object(); s.next(); {
		if string(s.key()) != "response" || s.kind() != '{' {
			s.skip()
			continue
		}
		for s.object(); s.next(); {
			if geminiMembers[string(s.key())] {
				n++
			}
			s.skip()
		}
	}
	return n > 1
}

// geminiState is what the members of one value say about how to read them.
type geminiState struct {
	total               int64
	batch, asked, state bool // key or custom_id; request; status: of the lines of a batch
	depth               int  // of answers inside lines
}

func decodeGemini(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	n := len(d.Out)
	r := d.add()
	g := geminiState{total: noTotal}
	s.object()
	if err := d.geminiObject(r, &g); err != nil {
		return err
	}
	switch {
	case s.err != nil:
		return s.err
	case r.Model|r.Error == 0 && r.Has&HasUsage == 0:
		d.Out = d.Out[:n]
		return skipError("no answer of a model")
	}
	if r.ID == "" {
		r.ID = "gemini:" + strconv.FormatUint(textHash(value), 16)
	}
	r.Run, r.Kind, r.Provider = r.ID, KindLLM, d.sym([]byte("gcp.gemini"))
	r.Flags |= FlagGlobal | FlagSnapshot // the parts of a streamed answer share its id, and their counts grow
	if g.batch || g.asked && g.state {
		r.Flags |= FlagBatch
	}
	if r.Status == StatusUnset {
		r.Status = StatusOK
	}
	d.settleUsage(r, reasonBeside, g.total)
	return nil
}

func (d *Decoder) geminiObject(r *Record, g *geminiState) error {
	s := &d.scan
	for s.next() {
		var err error
		switch string(s.key()) {
		case "usageMetadata", "usage_metadata":
			err = d.geminiUsage(r, &g.total)
		case "response":
			err = d.geminiInside(r, g)
		default:
			d.geminiMember(r, g, s.key())
		}
		if err != nil && s.err == nil {
			return err
		}
	}
	return nil
}

// geminiInside reads the answer within the line of a batch.
func (d *Decoder) geminiInside(r *Record, g *geminiState) error {
	if g.depth > 0 || !d.scan.enter('{') {
		if g.depth > 0 {
			d.scan.skip()
		}
		return nil
	}
	g.depth++
	err := d.geminiObject(r, g)
	g.depth--
	return err
}

func (d *Decoder) geminiMember(r *Record, g *geminiState, key []byte) {
	s := &d.scan
	switch string(key) {
	case "candidates":
		d.geminiCandidates(r)
	case "modelVersion", "model_version":
		r.Model = d.sym(s.str())
	case "model":
		r.RequestModel = d.sym(s.str())
	case "responseId", "response_id":
		if b := s.str(); len(b) > 0 {
			r.ID = d.text(b)
		}
	case "createTime", "create_time":
		d.rawTime(r, &r.Start, HasStart)
	case "promptFeedback", "prompt_feedback":
		d.geminiBlocked(r)
	case "error":
		d.rawError(r)
	case "key", "custom_id":
		g.batch = true
		s.skip()
	case "request":
		g.asked = true
		s.skip()
	case "status":
		g.state = true
		if b := s.str(); len(b) > 0 && g.depth == 0 {
			r.Status, r.Error = StatusError, d.claudeError(b)
		}
	default:
		s.skip()
	}
}

// geminiCandidates looks for the reasons why an answer ended: all but the end of the text and of its budget spoil it.
func (d *Decoder) geminiCandidates(r *Record) {
	s := &d.scan
	if !s.enter('[') {
		return
	}
	for s.next() {
		if !s.enter('{') {
			continue
		}
		for s.next() {
			switch string(s.key()) {
			case "finishReason", "finish_reason":
				d.geminiReason(r, s.str())
			default:
				s.skip()
			}
		}
	}
}

// geminiFinished are reasons that leave an answer usable; SDKs may dump them as numbers.
var geminiFinished = map[string]bool{"": true, "STOP": true, "MAX_TOKENS": true, "FINISH_REASON_UNSPECIFIED": true, "0": true, "1": true, "2": true}

func (d *Decoder) geminiReason(r *Record, reason []byte) {
	reason = reason[bytes.LastIndexByte(reason, '.')+1:] // FinishReason.STOP
	if !geminiFinished[string(bytes.ToUpper(reason))] {
		r.Status, r.Error = StatusError, d.sym(reason)
	}
}

// geminiBlocked reads why a prompt was refused.
func (d *Decoder) geminiBlocked(r *Record) {
	s := &d.scan
	if !s.enter('{') {
		return
	}
	for s.next() {
		switch string(s.key()) {
		case "blockReason", "block_reason":
			if b := s.str(); len(b) > 0 {
				r.Status, r.Error = StatusError, d.sym(b)
			}
		default:
			s.skip()
		}
	}
}

// geminiUsage reads a usageMetadata object. What tools put into the prompt is input, too. Counts of 0 are left out by some writers: where
// a total is stated, it tells the output.
func (d *Decoder) geminiUsage(r *Record, total *int64) error {
	s := &d.scan
	if !s.enter('{') {
		return nil
	}
	u := &r.Usage
	var tools, sum Record
	for s.next() {
		var err error
		switch string(s.key()) {
		case "promptTokenCount", "prompt_token_count":
			err = d.count(s, r, &u.Input, HasInput)
		case "cachedContentTokenCount", "cached_content_token_count":
			err = d.count(s, r, &u.CacheRead, HasCacheRead)
		case "candidatesTokenCount", "candidates_token_count", "responseTokenCount", "response_token_count":
			err = d.count(s, r, &u.Output, HasOutput)
		case "thoughtsTokenCount", "thoughts_token_count":
			err = d.count(s, r, &u.Reasoning, HasReasoning)
		case "toolUsePromptTokenCount", "tool_use_prompt_token_count":
			err = d.count(s, &tools, &tools.Usage.Input, HasInput)
		case "totalTokenCount", "total_token_count":
			err = d.count(s, &sum, &sum.Usage.Input, HasInput)
		default:
			s.skip()
		}
		if err != nil {
			return err
		}
	}
	u.Input += tools.Usage.Input
	if sum.Has == 0 {
		return nil
	}
	*total = sum.Usage.Input
	if rest := *total - u.Input - u.Reasoning; r.Has&(HasInput|HasOutput) == HasInput && rest >= 0 {
		u.Output = rest
		r.Has |= HasOutput
	}
	return nil
}

package tracefmt

import "bytes"

// spanText is message text of a span as it stands in the value, escapes unresolved: it is compared, not read. Only what the span's kind
// asks for is looked at, when the span ends.
type spanText struct {
	in, out         []byte
	inRank, outRank uint8  // rank + 1
	messages        uint64 // of messages that come as an attribute for each member
	user            []byte // the last user message among these
	userAt, textAt  int    // numbers of the messages that said role user, and text, last
}

// rawValue is the next value as written; a string without its quotes.
func (s *scanner) rawValue() []byte {
	if s.kind() == '"' {
		v, _ := s.rawString()
		return v
	}
	return s.raw()
}

// setText keeps the text of a slot.
func (t *spanText) set(rule attrRule, key, raw []byte) {
	switch rule.slot {
	case slotInputText:
		if t.inRank == 0 || rule.rank+1 < t.inRank {
			t.in, t.inRank = raw, rule.rank+1
		}
	case slotOutputText:
		if t.outRank == 0 || rule.rank+1 < t.outRank {
			t.out, t.outRank = raw, rule.rank+1
		}
	case slotMessage:
		t.message(key, raw)
	}
}

// messagePrefixes stand before the number of a message.
var messagePrefixes = [...]string{"gen_ai.prompt.", "llm.input_messages."}

// messageKey cuts the prefix from the name of an attribute that is part of an input message.
func messageKey(key []byte) ([]byte, bool) {
	for _, p := range messagePrefixes {
		if len(key) > len(p) && string(key[:len(p)]) == p {
			return key[len(p):], true
		}
	}
	return nil, false
}

// message takes in one member of one input message: "3.role", "3.message.content", "3.message.contents.0.message_content.text".
func (t *spanText) message(key, raw []byte) {
	t.messages = mix(t.messages^textHash(key), textHash(raw))
	at, i := 1, 0 // message 0 has number 1: 0 is none
	for ; i < len(key) && i < 6 && isDigit(key[i]); i++ {
		at = at*10 + int(key[i]-'0')
	}
	switch {
	case bytes.HasSuffix(key, []byte("role")) && string(raw) == "user":
		t.userAt = at
	case bytes.HasSuffix(key, []byte(".content")), bytes.HasSuffix(key, []byte("content.text")):
		t.textAt = at
		if t.userAt != at {
			t.user = raw // it may yet say that it is the user's
			return
		}
		t.user = raw
	}
}

// fingerprints says what was asked of a model, or of a tool and what it answered (analysis-spec 0): equal text has equal numbers. White
// space is compared as written.
func (t *spanText) fingerprints(r *Record) {
	switch r.Kind {
	case KindTool:
		r.Fingerprints[2], r.Fingerprints[3] = textHash(t.in), textHash(t.out)
	case KindLLM, KindUnknown:
		r.Fingerprints[0] = textHash(t.in)
		if t.messages != 0 && t.inRank == 0 {
			r.Fingerprints[0] = t.messages
		}
		user := lastUser(t.in)
		if len(user) == 0 && t.userAt != 0 && t.userAt == t.textAt {
			user = t.user
		}
		r.Fingerprints[1] = tailHash(user)
	}
}

// Role keys as they stand in JSON text, and in JSON text inside a JSON string.
var (
	roleKey        = []byte(`"role"`)
	escapedRoleKey = []byte(`\"role\"`)
)

// lastUser is the text of the last user message of a JSON text, or all of the text when it has no roles. The text may be long: only the
// message itself is walked through.
func lastUser(raw []byte) []byte {
	role, quote := roleKey, 1
	if k := bytes.IndexByte(raw, '"'); k > 0 && raw[k-1] == '\\' {
		role, quote = escapedRoleKey, 2
	}
	for end, any := len(raw), false; ; any = true {
		end = lastIndex(raw[:end], role)
		if end < 0 && any {
			return nil
		}
		if end < 0 {
			return raw
		}
		if m := raw[end+len(role):]; isUser(m) {
			return messageText(m, quote)
		}
	}
}

// isUser tells whether what follows a role key is the user's.
func isUser(m []byte) bool {
	m = bytes.TrimLeft(m[:min(len(m), 20)], ` :\"`)
	return bytes.HasPrefix(m, []byte("user")) && len(m) > 4 && (m[4] == '"' || m[4] == '\\')
}

// lastIndex is bytes.LastIndex for long texts.
func lastIndex(b, what []byte) int {
	const step = 4096
	for end := len(b); end > 0; {
		from := max(0, end-step)
		part := b[from:min(len(b), end+len(what)-1)]
		found := -1
		for at := 0; ; {
			k := bytes.Index(part[at:], what)
			if k < 0 {
				break
			}
			found = at + k
			at = found + 1
		}
		if found >= 0 {
			return from + found
		}
		end = from
	}
	return -1
}

// messageText walks to the end of the object that m is the rest of, and returns its last string under a key content or text. quote is the
// length of a quotation mark: 2 where it is escaped.
func messageText(m []byte, quote int) (text []byte) {
	under := false
	for i, depth := 0, 0; i < len(m); i++ {
		switch m[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return text
			}
		case '"':
			v := m[i+1:]
			v = v[:stringEnd(v, quote)]
			i += len(v) + quote
			switch {
			case isKey(m[min(len(m), i+1):]):
				under = string(v) == "content" || string(v) == "text"
			case under:
				text = v
			}
		}
	}
	return text
}

func isKey(after []byte) bool {
	after = bytes.TrimLeft(after[:min(len(after), 8)], " ")
	return len(after) > 0 && after[0] == ':'
}

// stringEnd is where the string ends that v begins with: at a quote with as many backslashes as its opening quote had.
func stringEnd(v []byte, quote int) int {
	for i := 0; ; i++ {
		k := bytes.IndexByte(v[i:], '"')
		if k < 0 {
			return len(v)
		}
		i += k
		n := i
		for n > 0 && v[n-1] == '\\' {
			n--
		}
		if quote == 1 && (i-n)&1 == 0 {
			return i
		}
		if quote == 2 && (i-n)&3 == 1 {
			return i - 1
		}
	}
}

// tailRunes is how much of the end of a message is compared, in characters.
const tailRunes = 160

// tailHash hashes the end of a text: runs of white space are one blank, and escapes are taken off only as far as that needs.
func tailHash(raw []byte) uint64 {
	var out [4 * tailRunes]byte
	n := len(out)
	for i, chars := len(raw)-1, 0; i >= 0 && n > 0 && chars < tailRunes; i-- {
		c := raw[i]
		if c == '\\' {
			continue
		}
		if c <= ' ' || i > 0 && raw[i-1] == '\\' && (c == 'n' || c == 't' || c == 'r') {
			if c = ' '; n == len(out) || out[n] == ' ' {
				continue
			}
		}
		n--
		out[n] = c
		if c&0xC0 != 0x80 {
			chars++
		}
	}
	return textHash(bytes.TrimLeft(out[n:], " "))
}

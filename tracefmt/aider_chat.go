package tracefmt

import (
	"bytes"
	"path/filepath"
	"strings"
)

// aider keeps the conversation with the model in .aider.chat.history.md of the project. A run is one chat, from a heading to the next:
//
//	# aider chat started at 2024-08-13 13:42:45
//	> Main model: gpt-4o with diff edit format
//	#### what the person asked
//	> Retrying in 0.2 seconds...
//	> Tokens: 5.2k sent, 1.1k cache hit, 604 received. Cost: $0.02 message, $0.12 session.
//
// A call is a line of tokens; the second cost is the chat's running total. Only the chat has a time, without a zone.
var aiderChatFormat = Format{Name: "aider-chat", Title: "aider chat history (.aider.chat.history.md)",
	Can: TellsUsage | TellsCost | TellsRetries | TellsText, Note: "aider rounds the tokens (12k) and the costs (to a cent); calls have no times of their own",
	sniff: sniffAiderChat, decode: decodeAiderChat, section: aiderHeading}

var aiderChatStart = []byte("# aider chat started at ")

func aiderHeading(line []byte) bool { return bytes.HasPrefix(line, aiderChatStart) }

func sniffAiderChat(v *peek) bool {
	if len(v.keys) > 0 {
		return false
	}
	head := bytes.TrimLeft(v.raw, blanks)
	return aiderHeading(head) || bytes.HasPrefix(head, []byte("#### ")) && bytes.Contains(head, []byte("\n> Tokens: ")) ||
		len(head) > 0 && head[0] != '{' && head[0] != '[' && bytes.Contains(head, append([]byte{'\n'}, aiderChatStart...))
}

// aiderChat is the chat that a section is about.
type aiderChat struct {
	d              *Decoder
	run            string
	at             []byte
	model, edit    []byte
	version, wrong []byte
	calls, tries   int // so far; tries failed since the person's turn
	turns, from    int
	failed         int // tries in all
	asking         bool
	place          SourceRef
	rounded, odd   bool
}

func decodeAiderChat(d *Decoder, value []byte) error {
	c := aiderChat{d: d, from: len(d.Out)}
	for at := 0; at < len(value); {
		n := bytes.IndexByte(value[at:], '\n')
		if n < 0 {
			n = len(value) - at
		}
		line := bytes.TrimRight(value[at:at+n], blanks)
		c.place = SourceRef{d.src.Source, d.src.Offset + int64(at), int64(len(line))}
		c.line(line)
		at += n + 1
	}
	c.giveUp()
	if c.calls+c.failed == 0 {
		d.Out = d.Out[:c.from]
		return skipError("a chat without a call")
	}
	c.facts()
	return nil
}

// line takes in the next line.
func (c *aiderChat) line(line []byte) {
	if at, ok := bytes.CutPrefix(line, aiderChatStart); ok && c.at == nil {
		c.at = bytes.TrimSpace(at)
		return
	}
	if c.run == "" && len(bytes.TrimSpace(line)) > 0 {
		c.run = string(contentID("chat", c.at, line))
	}
	if turn, ok := bytes.CutPrefix(line, []byte("#### ")); ok {
		c.turn(turn)
		return
	}
	c.asking = false
	said, ok := bytes.CutPrefix(line, []byte("> "))
	if !ok {
		return
	}
	switch said = bytes.TrimSpace(said); {
	case bytes.HasPrefix(said, []byte("Tokens: ")):
		c.call(said[len("Tokens: "):])
	case bytes.HasPrefix(said, []byte("Retrying in ")):
		c.retry()
	default:
		c.said(said)
	}
}

// aiderSaid are the beginnings of what the program says that matter.
var aiderSaid = []struct {
	before string
	take   func(c *aiderChat, rest []byte)
}{
	{"Models: ", (*aiderChat).setModel},
	{"Model: ", (*aiderChat).setModel},
	{"Main model: ", (*aiderChat).setModel},
	{"Aider v", func(c *aiderChat, rest []byte) { c.version = rest }},
	{"litellm.", func(c *aiderChat, rest []byte) { c.wrong = upTo(rest, ':') }},
}

func (c *aiderChat) said(line []byte) {
	for _, s := range aiderSaid {
		if rest, ok := bytes.CutPrefix(line, []byte(s.before)); ok {
			s.take(c, rest)
		}
	}
}

func upTo(b []byte, end byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{end})
	return bytes.TrimSpace(b)
}

// setModel reads "gpt-4o with diff edit format, weak model gpt-4o-mini".
func (c *aiderChat) setModel(rest []byte) {
	rest = upTo(rest, ',')
	name, with, _ := bytes.Cut(rest, []byte(" with "))
	c.model, c.edit = bytes.TrimSpace(name), nil
	if format, ok := bytes.CutSuffix(with, []byte(" edit format")); ok {
		c.edit = format[bytes.LastIndexByte(format, ' ')+1:]
	}
}

// turn begins a person's turn, which may have several lines.
func (c *aiderChat) turn(text []byte) {
	if c.asking {
		return
	}
	c.giveUp()
	c.asking = true
	c.turns++
	r := c.record(KindMark, "turn", c.turns)
	r.Event, r.Name = EventPrompt, c.d.sym([]byte("human"))
	r.momentary()
}

// retry marks a try that failed and is repeated.
func (c *aiderChat) retry() {
	c.tries++
	c.failed++
	r := c.record(KindMark, "try", c.failed)
	r.Event, r.Status, r.Attempt = EventAPIError, StatusError, int32(min(c.tries, 1000))
	r.Error = c.d.sym(c.wrong)
	r.momentary()
}

// giveUp says of the latest failed try that nothing came of it.
func (c *aiderChat) giveUp() {
	if c.tries == 0 {
		return
	}
	c.tries = 0
	for i := len(c.d.Out) - 1; i >= c.from; i-- {
		if r := &c.d.Out[i]; r.Event == EventAPIError {
			r.Name = c.d.sym(claudeFinal)
			return
		}
	}
}

// chatID is the id of the n-th of its kind in a chat.
func chatID(word string, n int) string { return word + "-" + string(numberText(int64(n))) }

func (c *aiderChat) record(kind Kind, word string, n int) *Record {
	r := c.d.add()
	r.Kind, r.Run, r.Src = kind, c.run, c.place
	r.ID = chatID(word, n)
	r.Agent = c.d.sym(claudeMain)
	if at, ok := statedTime(c.at); ok { // a nanosecond apart, so that they stay in order
		r.Start, r.Has = at+int64(len(c.d.Out)-c.from-1), HasStart
	}
	return r
}

// call emits a call: "5.2k sent, 1.1k cache hit, 604 received. Cost: $0.02 message, $0.12 session."
func (c *aiderChat) call(line []byte) {
	c.calls++
	r := c.record(KindLLM, "call", c.calls)
	r.Model, r.Step, r.Status = c.d.sym(c.model), c.d.sym(c.edit), StatusOK
	if c.tries > 0 {
		r.Attempt, r.RetryOf, r.RetryKind = int32(min(c.tries, 1000))+1, chatID("try", c.failed), RetryPlain
		c.tries = 0
	}
	tokens, cost, _ := bytes.Cut(line, []byte(" Cost: "))
	for _, part := range bytes.Split(splitThousands(tokens), []byte{','}) {
		c.tokens(r, bytes.TrimSpace(part))
	}
	c.d.settleUsage(r, 0, noTotal)
	if amount, ok := bytes.CutPrefix(bytes.TrimSpace(cost), []byte{'$'}); ok {
		usd, err := ParseUSD(bytes.ReplaceAll(upTo(amount, ' '), []byte{','}, nil))
		if err == nil && usd >= 0 {
			r.Recorded, r.Has = usd, r.Has|HasCost
		}
		c.rounded = true
	}
}

// splitThousands takes the commas out of numbers.
func splitThousands(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i, c := range b {
		if c != ',' || i == 0 || i+1 == len(b) || !isDigit(b[i-1]) || !isDigit(b[i+1]) {
			out = append(out, c)
		}
	}
	return out
}

// tokens reads "604 received.".
func (c *aiderChat) tokens(r *Record, part []byte) {
	number, what, _ := bytes.Cut(bytes.TrimRight(part, ". "), []byte{' '})
	n, ok := c.figure(number)
	if !ok {
		return
	}
	switch string(bytes.TrimSpace(what)) {
	case "sent":
		r.Usage.Input, r.Has = n, r.Has|HasInput
	case "received":
		r.Usage.Output, r.Has = n, r.Has|HasOutput
	case "cache hit", "cached", "cache read":
		r.Usage.CacheRead, r.Has = n, r.Has|HasCacheRead
	case "cache write":
		r.Usage.CacheWrite, r.Has = n, r.Has|HasCacheWrite
	default:
		c.odd = true
	}
}

// figure reads 604, 5.2k or 1.3M.
func (c *aiderChat) figure(b []byte) (int64, bool) {
	scale := 0
	if n := len(b); n > 0 {
		switch b[n-1] {
		case 'k', 'K':
			scale = 3
		case 'm', 'M':
			scale = 6
		}
	}
	if scale > 0 {
		c.rounded, b = true, b[:len(b)-1]
	}
	v, ok := parseDecimal(b, scale)
	if !ok || v < 0 || v > maxCount {
		c.odd = true
		return 0, false
	}
	return v, true
}

// facts emits what is known of the chat, and warns about what is uncertain.
func (c *aiderChat) facts() {
	r := c.d.add()
	r.Kind, r.Run = KindRun, c.run
	r.Workflow = c.d.aiderProject()
	if len(c.version) > 0 {
		t := &c.d.openCode.tags
		t.reset()
		t.add([]byte("version"), c.version)
		r.Tags = c.d.tags(t)
	}
	if c.rounded {
		c.d.warnf("figures as aider rounds them: costs to a cent, tokens to thousands")
	}
	if c.odd {
		c.d.warnf("a line of tokens with words of another kind: they are left out")
	}
	if _, zoned, err := parseTime(c.at); err == nil && !zoned {
		c.d.warnf("times without a zone: read as UTC")
	}
}

// aiderProject is the folder that the history lies in.
func (d *Decoder) aiderProject() Sym {
	name := filepath.Base(filepath.Dir(d.Path))
	if !strings.HasPrefix(filepath.Base(d.Path), ".aider") || name == "." || name == string(filepath.Separator) {
		name = "aider"
	}
	return d.sym([]byte(name))
}

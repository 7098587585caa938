package tracefmt

import (
	"fmt"
	"regexp"
	"strings"
)

// A matcher says which names a row or a provider answers for. Names and patterns are compared in lower case.
type matcher struct {
	op   string // "" matches nothing
	text string // as written, for people
	val  string
	re   []pattern
	subs []matcher
}

// pattern is one piece of a regular expression; all must hold.
type pattern struct {
	re  *regexp.Regexp
	not bool
}

func parseMatcher(s *scanner) (m matcher, err error) {
	n := 0
	for s.object(); s.next(); n++ {
		m.op = string(s.key())
		switch m.op {
		case "equals", "prefix", "suffix", "contains":
			err = m.word(s)
		case "regex":
			if err = m.word(s); err == nil {
				m.re, err = compile(m.text)
			}
		case "any", "all":
			for s.array(); s.next() && err == nil; {
				var sub matcher
				sub, err = parseMatcher(s)
				m.subs = append(m.subs, sub)
			}
		default:
			err = fmt.Errorf("unknown match operator %q", m.op)
		}
		if err != nil {
			return m, err
		}
	}
	switch {
	case s.err != nil:
		return m, fmt.Errorf("match: %w", s.err)
	case n != 1:
		return m, fmt.Errorf("match: %d operators in one object, not 1", n)
	case (m.op == "any" || m.op == "all") && len(m.subs) == 0:
		return m, fmt.Errorf("match: %q of nothing", m.op)
	}
	return m, nil
}

func (m *matcher) word(s *scanner) error {
	if s.kind() != '"' {
		return fmt.Errorf("match: %s needs a text", m.op)
	}
	m.text = string(s.str())
	m.val = strings.ToLower(m.text)
	if m.val == "" {
		return fmt.Errorf("match: %s of the empty text", m.op)
	}
	return nil
}

// compile reads a regular expression that may begin with negative lookaheads, ^(?!X)Y, which package regexp has not: Y must match
// and ^X must not.
func compile(text string) ([]pattern, error) {
	var all []pattern
	rest, anchor := text, ""
	if strings.HasPrefix(rest, "^(?!") {
		rest, anchor = rest[1:], "^"
	}
	for strings.HasPrefix(rest, "(?!") && anchor != "" {
		end := closing(rest)
		if end < 0 {
			return nil, fmt.Errorf("match: regex %q: a parenthesis is not closed", text)
		}
		re, err := regexp.Compile("(?i)^(?:" + rest[3:end] + ")")
		if err != nil {
			return nil, fmt.Errorf("match: regex %q: %w", text, err)
		}
		all = append(all, pattern{re, true})
		rest = rest[end+1:]
	}
	re, err := regexp.Compile("(?i)" + anchor + "(?:" + rest + ")")
	if err != nil {
		return nil, fmt.Errorf("match: regex %q: %w", text, err)
	}
	return append(all, pattern{re, false}), nil
}

// closing is the index of the parenthesis that closes the one s begins with; -1 when there is none.
func closing(s string) int {
	depth, class := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// match returns the rule that holds for a name; nil when none does. A strict match takes what a prefix, a suffix or a contained text
// leaves over only where it is a date, a version mark or "latest": the name of another model never passes.
func (m *matcher) match(name string, strict bool) *matcher {
	ok := false
	switch m.op {
	case "equals":
		ok = name == m.val
	case "prefix":
		ok = strings.HasPrefix(name, m.val) && (!strict || sameModel(name, len(m.val)))
	case "suffix":
		ok = strings.HasSuffix(name, m.val) && (!strict || name == m.val)
	case "contains":
		at := strings.Index(name, m.val)
		ok = at >= 0 && (!strict || at == 0 && sameModel(name, len(m.val)))
	case "regex":
		ok = holds(m.re, name)
	case "any":
		for i := range m.subs {
			if leaf := m.subs[i].match(name, strict); leaf != nil {
				return leaf
			}
		}
	case "all":
		ok = len(m.subs) > 0
		for i := range m.subs {
			ok = ok && m.subs[i].match(name, strict) != nil
		}
	}
	if !ok {
		return nil
	}
	return m
}

func holds(all []pattern, name string) bool {
	for _, p := range all {
		if p.re.MatchString(name) == p.not {
			return false
		}
	}
	return true
}

var sameModelRest = regexp.MustCompile(`^(?:-(?:\d{4}|\d{6}|\d{8}|\d{4}-\d\d-\d\d|\d\d-\d\d(?:\d\d)?|latest|preview|exp|experimental|v\d+(?::\d+)?)|@[\w.-]+|:\d+|\[\w+\])*$`)

// sameModel says that name, of which the first n bytes are the model's, goes on with nothing that makes it another model.
func sameModel(name string, n int) bool {
	if n == len(name) {
		return true
	}
	for n > 0 && strings.IndexByte("0123456789", name[n-1]) >= 0 && strings.IndexByte("0123456789", name[n]) >= 0 {
		n-- // the prefix ends within a number: look at the whole of it
	}
	if n > 0 && strings.IndexByte("-@:", name[n-1]) >= 0 {
		n--
	}
	return sameModelRest.MatchString(name[n:])
}

// String is the rule in words.
func (m *matcher) String() string {
	switch m.op {
	case "equals":
		return "listed name " + m.text
	case "regex":
		return "pattern " + m.text
	case "all":
		var parts []string
		for i := range m.subs {
			parts = append(parts, m.subs[i].String())
		}
		return strings.Join(parts, " and ")
	}
	return m.op + " " + m.text
}

// eachName hands over the names that the rule accepts by equality alone, and says whether it has any other part.
func (m *matcher) eachName(name func(string)) (rest bool) {
	switch m.op {
	case "":
	case "equals":
		name(m.val)
	case "any":
		for i := range m.subs {
			rest = m.subs[i].eachName(name) || rest
		}
	default:
		return true
	}
	return rest
}

// row is the provider's row for a name: the one with that id, else the first whose rule holds.
func (p *provider) row(name string, strict bool) (*PriceRow, string) {
	if r := p.ids[name]; r != nil {
		return r, "exact id"
	}
	first := len(p.rows)
	if at, ok := p.equals[name]; ok {
		first = at
	}
	for _, at := range p.rules {
		if at >= first {
			break
		}
		if leaf := p.rows[at].match.match(name, strict); leaf != nil {
			return p.rows[at], leaf.String()
		}
	}
	if first == len(p.rows) {
		return nil, ""
	}
	return p.rows[first], "listed name " + name
}

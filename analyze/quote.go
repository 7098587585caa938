package analyze

import (
	"errors"
	"strings"
	"unicode"
)

// opSigns are the signs that operators begin with.
const opSigns = "=~<>!"

var errNoQuote = errors.New(`a closing " is missing`)

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// quoteName puts the name of a field in quotes where it could not be read back without.
func quoteName(s string) string {
	if strings.ContainsAny(s, opSigns) {
		return quoted(s)
	}
	return quoteValue(s)
}

// quoteValue does so for what stands behind the operator.
func quoteValue(s string) string {
	if strings.ContainsFunc(s, unicode.IsSpace) || strings.Contains(s, `"`) || strings.IndexAny(s, opSigns) == 0 {
		return quoted(s)
	}
	return s
}

func quoted(s string) string { return `"` + quoter.Replace(s) + `"` }

// cutQuoted reads a name in quotes at the head of s.
func cutQuoted(s string) (name, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], nil
		case '\\':
			if i++; i == len(s) {
				return "", "", errNoQuote
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", errNoQuote
}

// unquote is a value as it was meant.
func unquote(s string) (string, error) {
	if !strings.HasPrefix(s, `"`) {
		return s, nil
	}
	name, rest, err := cutQuoted(s)
	if err == nil && rest != "" {
		err = errors.New(`nothing may stand behind the closing "; inside of a name it is written \"`)
	}
	return name, err
}

// cutField reads the name before the operator.
func cutField(s string) (field, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		if field, rest, err = cutQuoted(s); err == nil {
			rest = strings.TrimSpace(rest)
		}
		return field, rest, err
	}
	i := strings.IndexAny(s, opSigns)
	if i <= 0 {
		return "", "", nil
	}
	return strings.TrimSpace(s[:i]), s[i:], nil
}

// ParsePreds reads conditions separated by blanks. A word without an operator goes on with the value before it: agent=my agent.
func ParsePreds(s string) ([]Pred, error) {
	var preds []Pred
	for _, part := range SplitPreds(s) {
		p, err := ParsePred(part)
		if err != nil {
			return nil, err
		}
		preds = append(preds, p)
	}
	return preds, nil
}

// SplitPreds cuts a line of conditions into its conditions, each as ParsePred reads it.
func SplitPreds(s string) []string {
	var parts []string
	for _, w := range joinOps(words(s)) {
		if n := len(parts); n > 0 && !hasOp(w) {
			parts[n-1] += " " + w
			continue
		}
		parts = append(parts, w)
	}
	return parts
}

// words are the parts of s between blanks. A quote at the head of a name keeps blanks together.
func words(s string) []string {
	var list []string
	start, quoted, escaped, before := -1, false, false, ' '
	for i, r := range s {
		switch {
		case quoted:
			quoted, escaped = r != '"' || escaped, r == '\\' && !escaped
		case unicode.IsSpace(r):
			if start >= 0 {
				list, start = append(list, s[start:i]), -1
			}
		case r == '"' && (start < 0 || strings.ContainsRune(opSigns, before)):
			quoted = true
		}
		if start < 0 && !unicode.IsSpace(r) {
			start = i
		}
		before = r
	}
	if start >= 0 {
		list = append(list, s[start:])
	}
	return list
}

// joinOps puts an operator that stands by itself, or at the head of its value, behind the field before it.
func joinOps(list []string) []string {
	var out []string
	for _, w := range list {
		if n := len(out); n > 0 && strings.ContainsRune("=~<>", rune(w[0])) || n > 0 && strings.HasPrefix(w, "!=") {
			out[n-1] += w
			continue
		}
		out = append(out, w)
	}
	return out
}

// hasOp says that a word is a condition, or the head of one.
func hasOp(w string) bool {
	_, rest, err := cutField(strings.TrimPrefix(w, "!"))
	return err != nil || rest != ""
}

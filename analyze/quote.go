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
	if err == nil && strings.HasPrefix(rest, "|") {
		err = errors.New(`several names stand within one pair of quotes: "my agent|planner"`)
	} else if err == nil && rest != "" {
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

// A Typing is the condition at the end of a line that is being typed, as far as it is there.
type Typing struct {
	Head  string // of the line, before it
	Not   bool
	Field string
	HasOp bool
	Op    Op
	Value string // without quotes
}

// Typed reads a line of conditions of which the last one is being typed. A word without an operator behind a value may go on with the
// value or begin the next condition: it begins one where a field is called like that.
func Typed(line string) Typing {
	list := joinOps(words(line))
	n := len(list)
	if n == 0 || strings.HasSuffix(line, " ") && !strings.HasSuffix(list[n-1], " ") && !strings.ContainsAny(list[n-1][len(list[n-1])-1:], opSigns) {
		return Typing{Head: headOf(list)}
	}
	from := n - 1
	for from > 0 && !hasOp(list[from]) && !beginsField(list[n-1]) {
		from--
	}
	t := Typing{Head: headOf(list[:from])}
	text, not := strings.CutPrefix(strings.Join(list[from:], " "), "!")
	field, rest, err := cutField(text)
	if t.Not = not; err != nil || rest == "" {
		t.Field = strings.TrimPrefix(text, `"`)
		return t
	}
	t.Field = field
	if strings.HasPrefix(rest, "!=") {
		t.Not, rest = !t.Not, rest[1:]
	}
	op, value := cutOp(rest)
	if op != opNone {
		t.HasOp, t.Op, t.Value = true, op, unquoteSoFar(strings.TrimLeft(value, " "))
	}
	return t
}

func headOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, " ") + " "
}

// beginsField says that a word is the beginning of a name of a field.
func beginsField(w string) bool {
	for _, f := range Fields() {
		if strings.HasPrefix(f, strings.ToLower(strings.TrimPrefix(w, "!"))) {
			return true
		}
	}
	return false
}

// unquoteSoFar is a value of which the closing quote may be missing.
func unquoteSoFar(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	if name, _, err := cutQuoted(s); err == nil {
		return name
	}
	name, _, _ := cutQuoted(strings.TrimSuffix(s, `\`) + `"`)
	return name
}

// Fields are the names that a condition can begin with; behind "tag:" stands the name of a tag.
func Fields() []string {
	var names []string
	for d := DimWorkflow; d < DimTag; d++ {
		names = append(names, dimNames[d])
	}
	return append(append(names, measureNames[MeasureCost:]...), dimNames[DimRunModel], "tag:")
}

// FieldOf is what the name of a field means: a measure, else a dimension, which is a tag where no other is called like that.
func FieldOf(name string) (Dimension, Measure) {
	for m := MeasureCost; int(m) < len(measureNames); m++ {
		if strings.EqualFold(name, measureNames[m]) {
			return Dimension{}, m
		}
	}
	return fieldDimension(name), MeasureNone
}

// Example says how the values of a measure are written.
func (m Measure) Example() string { return numberExamples[m] }

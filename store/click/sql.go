package click

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A sqlQuery writes an analyze.Query in SQL.
type sqlQuery struct {
	calls string // what stands after FROM
	q     analyze.Query
	tz    *time.Location
	part  bool // the question has conditions that only the runs themselves can answer, or these are few: the SQL finds too much
	days  bool // it is put to tables of days
}

// textColumns are the dimensions that are columns as they stand.
var textColumns = map[analyze.Dim]string{
	analyze.DimWorkflow: "workflow", analyze.DimFeature: "feature", analyze.DimVersion: "version", analyze.DimAgent: "agent", analyze.DimRole: "role",
	analyze.DimStep: "step", analyze.DimKind: "kind", analyze.DimModel: "model", analyze.DimProvider: "provider", analyze.DimTool: "tool",
	analyze.DimOutcome: "outcome", analyze.DimRun: "run", analyze.DimUser: "user", analyze.DimSession: "session", analyze.DimSource: "source",
}

// dimension is the SQL for the name of a call's group, as people see it; "" for none.
func (s *sqlQuery) dimension(d analyze.Dimension) string {
	switch d.Dim {
	case analyze.DimStatus:
		return "if(status = " + quote(tracefmt.StatusUnset.String()) + ", " + quote(tracefmt.StatusOK.String()) + ", status)"
	case analyze.DimDay:
		if s.days {
			return "if(has_start, toString(day), '')"
		}
		return "if(has_start, toString(toDate(" + s.local("start") + ")), '')"
	case analyze.DimTag:
		return tagValue(d.Tag)
	}
	return textColumns[d.Dim]
}

// local is a time of UTC nanoseconds as a day number in the zone of the question. Zones change their distance from UTC: each stretch has its own.
func (s *sqlQuery) local(col string) string {
	const from, to = 946684800, 2524608000 // 2000 to 2050
	var offsets []string
	for t := time.Unix(from, 0); t.Unix() < to; {
		in := t.In(s.tz)
		_, off := in.Zone()
		_, end := in.ZoneBounds()
		if end.IsZero() || end.Unix() >= to {
			offsets = append(offsets, strconv.Itoa(off))
			break
		}
		offsets = append(offsets, col+" < "+strconv.FormatInt(end.UnixNano(), 10), strconv.Itoa(off))
		t = end
	}
	off := offsets[0]
	if len(offsets) > 1 {
		off = "multiIf(" + strings.Join(offsets, ", ") + ")"
	}
	return "toUInt16(intDiv(intDiv(" + col + ", 1000000000) + " + off + ", 86400))"
}

// tagValue is the SQL for a tag: the text after "name=" in the set; a tag without a value is true.
func tagValue(name string) string {
	all := "concat('\x1f', tags, '\x1f')"
	at := func(sep string) string { return "position(" + all + ", " + quote("\x1f"+name+sep) + ")" }
	value := "arrayElement(splitByChar('\x1f', substring(" + all + ", " + at("=") + " + " + strconv.Itoa(len(name)+2) + ")), 1)"
	return "multiIf(" + at("=") + " > 0, if(" + value + " = '', 'true', " + value + "), " + at("\x1f") + " > 0, 'true', '')"
}

// where is the condition on the rows: of calls, those that add to sums, or of days.
func (s *sqlQuery) where() string {
	list := []string{"counts"}
	if s.days {
		list[0] = "t_rows > 0"
	}
	if s.q.Since != 0 || s.q.Until != 0 {
		list = append(list, "has_start")
	}
	if s.q.Since != 0 {
		list = append(list, "day >= "+quote(dayText(s.q.Since)))
	}
	if s.q.Until != 0 {
		list = append(list, "day <= "+quote(dayText(s.q.Until-1)))
	}
	if s.q.Since != 0 && !s.days {
		list = append(list, "start >= "+number(s.q.Since))
	}
	if s.q.Until != 0 && !s.days {
		list = append(list, "start < "+number(s.q.Until))
	}
	for i := range s.q.Where {
		if text := s.pred(&s.q.Where[i]); text != "" {
			list = append(list, text)
		} else {
			s.part = true
		}
	}
	return strings.Join(list, " AND ")
}

var opText = map[analyze.Op]string{analyze.OpEqual: "=", analyze.OpLess: "<", analyze.OpLessEq: "<=", analyze.OpMore: ">", analyze.OpMoreEq: ">="}

// pred is one condition; "" for one that looks at more than the call.
func (s *sqlQuery) pred(p *analyze.Pred) (text string) {
	switch {
	case p.Dimension.Dim == analyze.DimRunModel:
		return ""
	case p.Measure != analyze.MeasureNone:
		text = measure(p)
	case p.Dimension.Dim == analyze.DimKind || p.Dimension.Dim == analyze.DimStatus || p.Dimension.Dim == analyze.DimOutcome:
		text = enumerated(p)
	default:
		text = compare(s.dimension(p.Dimension), p)
	}
	if p.Not && text != "" {
		text = "NOT (" + text + ")"
	}
	return text
}

func compare(col string, p *analyze.Pred) string {
	if p.Op == analyze.OpAny {
		var in []string
		for _, n := range p.Names() {
			in = append(in, quote(unnamed(n)))
		}
		return col + " IN (" + strings.Join(in, ", ") + ")"
	}
	text := unnamed(p.Text)
	if p.Op == analyze.OpMatch {
		return contains(col, strings.ToLower(text))
	}
	return col + " " + opText[p.Op] + " " + quote(text)
}

// contains says that a text in lower case is in a column, whose letters are lowered one by one as Go does it: lowerUTF8 knows other letters,
// and others from version to version.
func contains(col, text string) string {
	if text == "" {
		return "1"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		expr := "(?s)"
		for _, r := range text {
			expr += lowersTo(r)
		}
		return "match(" + col + ", " + quote(expr) + ")"
	}
	for _, r := range [...]rune{kelvin, dottedI} {
		if low := string(unicode.ToLower(r)); strings.Contains(text, low) {
			col = "replaceAll(" + col + ", " + quote(string(r)) + ", " + quote(low) + ")"
		}
	}
	return "position(lower(" + col + "), " + quote(text) + ") > 0"
}

// The letters beyond ASCII whose lower case is in it.
const (
	kelvin  = '\u212a'
	dottedI = '\u0130' // it is no form of i otherwise
)

// lowersTo is a regular expression for the letters whose lower case is r.
func lowersTo(r rune) string {
	forms := []rune{}
	if unicode.ToLower(dottedI) == r {
		forms = append(forms, dottedI)
	}
	for f := r; ; {
		if unicode.ToLower(f) == r {
			forms = append(forms, f)
		}
		if f = unicode.SimpleFold(f); f == r {
			break
		}
	}
	if len(forms) == 1 {
		return regexp.QuoteMeta(string(forms))
	}
	return "[" + string(forms) + "]"
}

// unnamed is a name as the engine has it.
func unnamed(name string) string {
	if name == analyze.None {
		return ""
	}
	return name
}

// enumerated asks the analysis which of the few words meet the condition.
func enumerated(p *analyze.Pred) string {
	in := []string{"''"}
	for _, w := range analyze.WordsThat(*p) {
		in = append(in, quote(w))
	}
	slices.Sort(in)
	return textOrStatus(p.Dimension.Dim) + " IN (" + strings.Join(slices.Compact(in), ", ") + ")"
}

func textOrStatus(d analyze.Dim) string {
	if d == analyze.DimStatus {
		return "status"
	}
	return textColumns[d]
}

// measures are the numbers of a call: what makes them known, and their value.
var measures = map[analyze.Measure][2]string{
	analyze.MeasureCost: {"known", "s_cost"}, analyze.MeasureInput: {"has_in", "in_tok"}, analyze.MeasureOutput: {"has_out", "out_tok"},
	analyze.MeasureTokens: {"(has_in OR has_out)", "(in_tok + out_tok)"}, analyze.MeasureDuration: {"has_start AND has_end", "intDiv(finish - start, 1000000)"},
	analyze.MeasureCacheRead: {"has_cached", "cached_tok"}, analyze.MeasureTime: {"has_start", "start"},
}

// measure compares a number; what is not known compares with nothing. It is "" for what a call alone cannot tell.
func measure(p *analyze.Pred) string {
	m, ok := measures[p.Measure]
	if !ok {
		return ""
	}
	if p.Op != analyze.OpAny {
		return "(" + m[0] + " AND " + m[1] + " " + opText[p.Op] + " " + number(p.Number) + ")"
	}
	var any []string
	for _, s := range p.Spans() {
		any = append(any, spanText(m[1], s[0], s[1]))
	}
	return "(" + m[0] + " AND (" + strings.Join(any, " OR ") + "))"
}

func spanText(col string, low, high int64) string {
	var both []string
	if low != math.MinInt64 {
		both = append(both, col+" >= "+number(low))
	}
	if high != math.MaxInt64 {
		both = append(both, col+" < "+number(high))
	}
	if len(both) == 0 {
		return "1"
	}
	return strings.Join(both, " AND ")
}

func number(v int64) string { return strconv.FormatInt(v, 10) }

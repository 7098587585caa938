package analyze

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"costscope/tracefmt"
)

// dimNames are the dimensions by Dim; DimTag is written tag:NAME.
var dimNames = [...]string{
	DimWorkflow: "workflow", DimFeature: "feature", DimVersion: "version", DimAgent: "agent", DimRole: "role", DimStep: "step",
	DimKind: "kind", DimModel: "model", DimProvider: "provider", DimTool: "tool", DimStatus: "status", DimOutcome: "outcome", DimDay: "day",
	DimRun: "run", DimUser: "user", DimSession: "session", DimSource: "source", DimTag: "tag", DimRunModel: "run.model",
}

// measureNames are the measures by Measure.
var measureNames = [...]string{
	MeasureCost: "cost", MeasureInput: "input", MeasureOutput: "output", MeasureTokens: "tokens", MeasureDuration: "duration",
	MeasureCacheRead: "cache_read", MeasureAttempt: "attempt", MeasureTime: "time", MeasureRetry: "retry_kind", MeasureWasteClass: "waste", MeasureFactor: "factor", MeasureDuty: "duty",
	MeasureRunCost: "run.cost", MeasureScore: "score",
}

// opNames are the operators by Op.
var opNames = [...]string{OpEqual: "=", OpMatch: "~", OpLess: "<", OpLessEq: "<=", OpMore: ">", OpMoreEq: ">=", OpAny: "="}

// DimNames lists what --by takes, for messages and completion.
func DimNames() []string {
	names := append([]string(nil), dimNames[DimWorkflow:DimTag]...)
	return append(names, "tag:NAME")
}

// DefaultBy is the grouping of a report that asks for none.
func DefaultBy() []Dimension { return []Dimension{{Dim: DimWorkflow}, {Dim: DimAgent}, {Dim: DimStep}} }

func (d Dimension) String() string {
	if d.Dim == DimTag {
		return "tag:" + d.Tag
	}
	return dimNames[d.Dim]
}

// ParseDimension reads one name of a dimension.
func ParseDimension(s string) (Dimension, error) {
	s = strings.TrimSpace(s)
	if name, ok := strings.CutPrefix(s, "tag:"); ok && name != "" {
		return Dimension{DimTag, name}, nil
	}
	for d := DimWorkflow; d < DimTag; d++ {
		if strings.EqualFold(s, dimNames[d]) {
			return Dimension{Dim: d}, nil
		}
	}
	return Dimension{}, fmt.Errorf("no dimension is called %q; there are %s", s, strings.Join(DimNames(), ", "))
}

// ParseBy reads dimensions separated by commas. "" groups nothing.
func ParseBy(s string) ([]Dimension, error) {
	var by []Dimension
	for _, part := range strings.Split(s, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		d, err := ParseDimension(part)
		if err != nil {
			return nil, err
		}
		for _, other := range by {
			if other == d {
				return nil, fmt.Errorf("%s is named twice", d)
			}
		}
		by = append(by, d)
	}
	return by, nil
}

// FormatBy writes dimensions as ParseBy reads them.
func FormatBy(by []Dimension) string {
	var b strings.Builder
	for i, d := range by {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(d.String())
	}
	return b.String()
}

// ParsePred reads a condition: agent=planner|executor, agent="my agent", model~sonnet, !status=error, cost>0.10, run.cost=0.10..1,
// tag:env=prod, or any tag's name. A name may stand in double quotes, where \" is a quote and \\ a backslash; it must where it begins
// with one.
func ParsePred(s string) (Pred, error) {
	s = strings.TrimSpace(s)
	var p Pred
	rest := s
	if strings.HasPrefix(rest, "!") {
		p.Not, rest = true, rest[1:]
	}
	field, tail, err := cutField(rest)
	if err != nil {
		return p, fmt.Errorf("%q: %w", s, err)
	}
	if field == "" || tail == "" {
		return p, fmt.Errorf("%q is no condition; write FIELD=VALUE, FIELD~PART, !FIELD=VALUE or, for numbers, cost>0.10", s)
	}
	if strings.HasPrefix(tail, "!=") {
		p.Not, tail = !p.Not, tail[1:]
	}
	if p.Op, tail = cutOp(tail); p.Op == opNone {
		return p, fmt.Errorf("%q: after %s comes one of = ~ != < <= > >=", s, field)
	}
	if p.Text, err = unquote(strings.TrimSpace(tail)); err != nil {
		return p, fmt.Errorf("%q: %w", s, err)
	}
	if err := p.setField(field); err != nil {
		return p, fmt.Errorf("%q: %w", s, err)
	}
	return p, nil
}

const opNone Op = 255

// cutOp reads the operator at the head of s; the longest that fits.
func cutOp(s string) (Op, string) {
	best := opNone
	for op, name := range opNames[:OpAny] {
		if strings.HasPrefix(s, name) && (best == opNone || len(name) > len(opNames[best])) {
			best = Op(op)
		}
	}
	if best == opNone {
		return best, s
	}
	return best, s[len(opNames[best]):]
}

// setField finds out what a field is: a measure, a dimension, else a tag.
func (p *Pred) setField(field string) error {
	if p.Dimension, p.Measure = FieldOf(field); p.Measure != MeasureNone {
		return p.setNumber()
	}
	d := p.Dimension
	if p.Op != OpEqual && p.Op != OpMatch && d.Dim != DimDay {
		return fmt.Errorf("%s is a text: compare it with = or ~; < and > are for day, %s", field, strings.Join(measureNames[1:], ", "))
	}
	return p.setSeveral()
}

// fieldDimension is the dimension of that name, else the tag.
func fieldDimension(field string) Dimension {
	if tag, ok := strings.CutPrefix(field, "tag:"); ok && tag != "" {
		return Dimension{DimTag, tag}
	}
	if strings.EqualFold(field, dimNames[DimRunModel]) {
		return Dimension{Dim: DimRunModel}
	}
	d, err := ParseDimension(field)
	if err != nil {
		d = Dimension{DimTag, field}
	}
	return d
}

// checkValue refuses values that nothing can have: an empty answer without a word would look like a finding.
func (p *Pred) checkValue() error {
	if p.Op != OpEqual && p.Dimension.Dim != DimDay {
		return nil
	}
	var known []string
	switch p.Dimension.Dim {
	case DimKind:
		for k := tracefmt.KindLLM; k < tracefmt.KindRun; k++ {
			known = append(known, k.String())
		}
		known = append(known, tracefmt.KindUnknown.String())
	case DimStatus:
		known = []string{"ok", "error", "unfinished", "unset"}
	case DimOutcome:
		known = []string{"success", "failure", "unknown", "in_flight"}
	case DimDay:
		if _, err := time.Parse(time.DateOnly, p.Text); err != nil && p.Op != OpMatch && p.Text != None {
			return fmt.Errorf("a day is written 2026-01-31")
		}
		return nil
	default:
		return nil
	}
	for _, k := range known {
		if strings.EqualFold(k, p.Text) {
			p.Text = k
			return nil
		}
	}
	return fmt.Errorf("%s is one of %s", p.Dimension, strings.Join(known, ", "))
}

// setNumber reads the number that a measure is compared with.
func (p *Pred) setNumber() error {
	if p.Measure.inWords() && p.Op != OpEqual {
		_, words := choicesOf(p.Measure)
		return fmt.Errorf("%s is one of %s: compare it with =", measureNames[p.Measure], strings.Join(words, ", "))
	}
	if p.Op == OpMatch {
		return fmt.Errorf("%s is a number: compare it with = < <= > >=", measureNames[p.Measure])
	}
	p.setSeveral()
	if p.Op == OpAny {
		spans, err := parseSpans(p.Measure, p.Text)
		if err != nil {
			return err
		}
		p.Text = spansText(p.Measure, spans)
		return nil
	}
	v, err := parseNumber(p.Measure, p.Text)
	p.Number = v
	if err == nil && p.Measure.inWords() {
		p.Text = spansText(p.Measure, []numRange{{v, v + 1}})
	}
	return err
}

// parseNumber reads what a measure is compared with.
func parseNumber(m Measure, text string) (v int64, err error) {
	switch m {
	case MeasureCost, MeasureRunCost:
		var usd tracefmt.USD
		usd, err = tracefmt.ParseUSD([]byte(strings.TrimPrefix(text, "$")))
		v = int64(usd)
	case MeasureDuration:
		v, err = parseMillis(text)
	case MeasureTime:
		v, err = parseStart(text)
	case MeasureRetry, MeasureWasteClass, MeasureFactor, MeasureDuty:
		return parseWord(m, text)
	case MeasureScore:
		var f float64
		if f, err = strconv.ParseFloat(text, 64); err == nil && !(math.Abs(f) < 1e9) {
			err = strconv.ErrRange
		}
		v = ScoreNumber(f)
	default:
		v, err = parseCount(text)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is no %s: write %s", text, measureNames[m], numberExamples[m])
	}
	return v, nil
}

// parseStart reads a time, in UTC unless it names a zone.
func parseStart(s string) (int64, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, strconv.ErrSyntax
}

var numberExamples = [...]string{
	MeasureCost: "dollars, like 0.10", MeasureInput: "tokens, like 1200 or 12k", MeasureOutput: "tokens, like 1200 or 12k",
	MeasureTokens: "tokens, like 1200 or 12k", MeasureDuration: "a time, like 250ms or 1.5s", MeasureCacheRead: "tokens, like 1200 or 12k",
	MeasureAttempt: "a count, like 2", MeasureTime: "a date or time in UTC, like 2026-01-31 or 2026-01-31T09:00", MeasureRunCost: "dollars, like 0.10",
	MeasureScore: "a number, like 0.8",
}

// parseMillis reads a duration (1.5s) or plain milliseconds.
func parseMillis(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	d, err := time.ParseDuration(s)
	return d.Milliseconds(), err
}

// parseCount reads a whole number, also with k or M behind it: 12k, 1.5M.
func parseCount(s string) (int64, error) {
	scale := int64(1)
	switch {
	case strings.HasSuffix(s, "k"), strings.HasSuffix(s, "K"):
		scale = 1e3
	case strings.HasSuffix(s, "M"):
		scale = 1e6
	}
	if scale == 1 {
		return strconv.ParseInt(s, 10, 64)
	}
	v, err := strconv.ParseFloat(s[:len(s)-1], 64)
	if err != nil || v < -1e12 || v > 1e12 {
		return 0, strconv.ErrRange
	}
	return int64(v*float64(scale) + 0.5), nil
}

// String writes the condition as ParsePred reads it.
func (p Pred) String() string {
	not := ""
	if p.Not {
		not = "!"
	}
	field := quoteName(p.Dimension.String())
	if p.Measure != MeasureNone {
		field = measureNames[p.Measure]
	}
	text := p.Text
	if p.Measure == MeasureNone && p.Op == OpEqual {
		text = escapeName(text)
	}
	return not + field + opNames[p.Op] + quoteValue(text)
}

// String writes the question in one line: conditions, times, grouping.
func (q Query) String() string {
	var parts []string
	for _, p := range q.Where {
		parts = append(parts, p.String())
	}
	if q.Since != 0 {
		parts = append(parts, "since "+time.Unix(0, q.Since).UTC().Format(time.RFC3339Nano))
	}
	if q.Until != 0 {
		parts = append(parts, "until "+time.Unix(0, q.Until).UTC().Format(time.RFC3339Nano))
	}
	if len(q.By) > 0 {
		parts = append(parts, "by "+FormatBy(q.By))
	}
	return strings.Join(parts, " · ")
}

// ParseTime reads the value of --since or --until as UTC nanoseconds: RFC 3339, a date (its begin in tz), or an age before now (24h, 7d).
func ParseTime(s string, now time.Time, tz *time.Location) (int64, error) {
	if tz == nil {
		tz = time.UTC
	}
	s = strings.TrimSpace(s)
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UnixNano(), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.ParseInLocation(layout, s, tz); err == nil {
			return t.UnixNano(), nil
		}
	}
	if age, ok := ParseAge(s); ok {
		return now.Add(-age).UnixNano(), nil
	}
	return 0, fmt.Errorf("%q is no time: write 2026-01-31T09:00:00Z, 2026-01-31, or an age like 24h or 7d", s)
}

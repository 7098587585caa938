package analyze

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"costscope/tracefmt"
)

// Several values stand in one condition, between bars: agent=planner|executor. In a name \| is a bar and \\ a backslash; a backslash before
// anything else is one itself. Numbers and times may be ranges, the end not included: cost=0.10..1|5, time=2026-01-31..2026-02-01; a range
// without a begin or an end has none.

// A numRange is the numbers from low up to, not including, high.
type numRange struct{ low, high int64 }

// splitAny divides the text of a condition at its bars.
func splitAny(s string) (names []string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '|' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '|':
			names = append(names, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(names, b.String())
}

// escapeName writes a name so that splitAny gives it back, whatever follows.
func escapeName(s string) string {
	if !strings.ContainsAny(s, `|\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '|' || s[i] == '\\' && (i+1 == len(s) || s[i+1] == '|' || s[i+1] == '\\') {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// AnyOf is the condition that a dimension has one of the names, each once and in order.
func AnyOf(d Dimension, names []string) Pred {
	names = slices.Clone(names)
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 1 {
		return Pred{Dimension: d, Op: OpEqual, Text: names[0]}
	}
	for i, n := range names {
		names[i] = escapeName(cmp.Or(n, None)) // one that is empty could not be told from none at all
	}
	return Pred{Dimension: d, Op: OpAny, Text: strings.Join(names, "|")}
}

// Names are the names that a condition on a dimension asks for.
func (p Pred) Names() []string {
	if p.Op == OpAny {
		return splitAny(p.Text)
	}
	return []string{p.Text}
}

// Between is the condition that a measure lies in [low, high); math.MaxInt64 is no end, math.MinInt64 no begin.
func Between(m Measure, low, high int64) Pred {
	return Pred{Measure: m, Op: OpAny, Text: spansText(m, []numRange{{low, high}})}
}

// During is the condition that a call starts in one of the stretches of time, each from one to the other, UTC nanoseconds.
func During(stretches [][2]int64) Pred {
	p := Pred{Measure: MeasureTime, Op: OpAny}
	list := make([]numRange, len(stretches))
	for i, s := range stretches {
		list[i] = numRange{s[0], s[1]}
	}
	p.Text = spansText(MeasureTime, joinSpans(list))
	return p
}

// Spans are the ranges of numbers that a condition with several asks for; math.MaxInt64 is no end, math.MinInt64 no begin.
func (p Pred) Spans() (list [][2]int64) {
	spans, _ := parseSpans(p.Measure, p.Text)
	for _, s := range spans {
		list = append(list, [2]int64{s.low, s.high})
	}
	return list
}

// spansText writes ranges as conditions read them.
func spansText(m Measure, list []numRange) string {
	var parts []string
	for _, s := range list {
		if !m.inWords() {
			parts = append(parts, spanText(m, s))
			continue
		}
		first, words := choicesOf(m) // words have no range
		for v := max(s.low, first); v < min(s.high, first+int64(len(words))); v++ {
			parts = append(parts, words[v-first])
		}
	}
	return strings.Join(parts, "|")
}

func spanText(m Measure, s numRange) string {
	if s.high == s.low+1 {
		return numberText(m, s.low)
	}
	text := ".."
	if s.low != math.MinInt64 {
		text = numberText(m, s.low) + text
	}
	if s.high != math.MaxInt64 {
		text += numberText(m, s.high)
	}
	return text
}

// numberText writes a number as a condition reads it.
func numberText(m Measure, v int64) string {
	switch m {
	case MeasureCost, MeasureRunCost:
		return tracefmt.USD(v).String()
	case MeasureTime:
		return time.Unix(0, v).UTC().Format(time.RFC3339Nano)
	case MeasureScore:
		return fmt.Sprint(float64(v) / 1e9)
	}
	return fmt.Sprint(v)
}

// parseSpans reads numbers and ranges of them.
func parseSpans(m Measure, text string) (list []numRange, err error) {
	for _, part := range strings.Split(text, "|") {
		s := numRange{math.MinInt64, math.MaxInt64}
		from, to, isRange := strings.Cut(part, "..")
		if from = strings.TrimSpace(from); from != "" || !isRange {
			if s.low, err = parseNumber(m, from); err != nil {
				return nil, err
			}
		}
		if !isRange && s.low < math.MaxInt64 {
			s.high = s.low + 1
		} else if to = strings.TrimSpace(to); to != "" {
			if s.high, err = parseNumber(m, to); err != nil {
				return nil, err
			}
		}
		if s.low >= s.high {
			return nil, fmt.Errorf("%q holds nothing: a range goes from less to more, its end is not in it", part)
		}
		list = append(list, s)
	}
	return joinSpans(list), nil
}

// joinSpans puts spans in order and joins those that touch.
func joinSpans(list []numRange) []numRange {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b numRange) int { return cmp.Or(cmp.Compare(a.low, b.low), cmp.Compare(a.high, b.high)) })
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && s.low <= out[n-1].high {
			out[n-1].high = max(out[n-1].high, s.high)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// setSeveral makes a condition of one that is written with bars or, for numbers, as a range. One name is none of several.
func (p *Pred) setSeveral() error {
	if p.Op != OpEqual {
		return nil
	}
	if p.Measure != MeasureNone {
		if strings.Contains(p.Text, "..") || strings.Contains(p.Text, "|") {
			p.Op = OpAny
		}
		return nil
	}
	names := splitAny(p.Text)
	if len(names) == 1 {
		p.Text = names[0]
		return p.checkValue()
	}
	for i := range names {
		one := Pred{Dimension: p.Dimension, Text: names[i]}
		if err := one.checkValue(); err != nil {
			return err
		}
		names[i] = one.Text
	}
	all := AnyOf(p.Dimension, names)
	p.Op, p.Text = all.Op, all.Text
	return nil
}

// several prepares a condition with several values for matching.
func (p *matchPred) several() {
	switch {
	case p.Op != OpAny:
	case p.Measure != MeasureNone:
		p.spans, _ = parseSpans(p.Measure, p.Pred.Text) // it was read before
	default:
		p.any = map[string]bool{}
		for _, n := range p.Names() {
			if n == None {
				n = ""
			}
			p.any[n] = true
		}
	}
}

// inWords says that the numbers of a measure are written as words.
func (m Measure) inWords() bool { return m >= MeasureRetry && m <= MeasureDuty }

// Words are those that stand for the numbers of a measure; nil where numbers are written.
func (m Measure) Words() []string {
	if !m.inWords() {
		return nil
	}
	_, words := choicesOf(m)
	return words
}

// choicesOf are the words that stand for the numbers of a measure, from first on.
func choicesOf(m Measure) (first int64, words []string) {
	switch m {
	case MeasureWasteClass:
		return 0, wasteNames[:]
	case MeasureFactor:
		return 0, factorWords[:]
	case MeasureDuty:
		return -1, append([]string{"none"}, roleNames[:]...)
	}
	words = []string{"none", "unstated"}
	for k := tracefmt.RetryPlain; k <= tracefmt.RetryTool; k++ {
		words = append(words, k.String())
	}
	return -1, words
}

func parseWord(m Measure, s string) (int64, error) {
	first, words := choicesOf(m)
	for i, w := range words {
		if strings.EqualFold(s, w) {
			return first + int64(i), nil
		}
	}
	return 0, fmt.Errorf("%s is one of %s", measureNames[m], strings.Join(words, ", "))
}

// wasteNames are what a call's cost was wasted on, in a condition.
var wasteNames = [wasteClasses]string{wasteNone: "none", wasteSuperseded: "superseded", wasteLoop: "loop", wasteRedundant: "redundant"}

// factorWords are the multipliers in a condition; the last is none of them.
var factorWords = [FactorCount + 1]string{
	FactorRetries: "retries", FactorTools: "tools", FactorContext: "context", FactorAgents: "agents", FactorErrors: "errors", FactorHuman: "human", FactorCount: "base",
}

// Word is the factor in a condition.
func (f Factor) Word() string { return factorWords[f] }

// ConditionHelp is the conditions that there are, by examples, and what they keep.
var ConditionHelp = [][2]string{
	{"agent=planner", "the calls with that name: " + strings.Join(dimNames[DimWorkflow:DimTag], ", ") + ", or a tag"},
	{"agent=a|b", "with one of several names; a bar in a name is written \\|"},
	{"model~sonnet", "with a name that contains that"},
	{"!status=error", "all others"},
	{"cost>0.10", "calls whose number is known and compares so: " + strings.Join(measureNames[MeasureCost:MeasureRetry], ", ")},
	{"cost=0.10..1|5", "within a range, its end not included, or one of several numbers"},
	{"run.cost=0.10..1", "all calls of the runs whose calls, of those that the conditions before leave, cost as much together; a run of unknown cost meets none"},
	{"score>=0.8", "all calls of the runs with such a score"},
	{"retry_kind=plain_retry", "calls whose cost is that of such retries: also prompt_adjustment, fallback_model, tool_reinvocation, unstated, none"},
	{"waste=superseded", "calls whose cost was wasted so: also loop, redundant, none"},
	{"factor=tools", "calls that cost, at least in part, because of that multiplier: also retries, context, agents, errors, human, base for none"},
	{"duty=planner", "calls of agents that are for that, as stated or by their name: also executor, validator, monitor, none for people and error handling"},
	{"run.model=large", "all calls of the runs of whose calls, of those that the conditions before leave, that model's cost most"},
}

package analyze

import (
	"iter"
	"math"

	"costscope/tracefmt"
)

// Enter prepares for the calls of a run: conditions on runs, and on the attempts at an operation, look at all of its calls. It comes before
// any of them is matched; sourceName, which may be nil, gives the path of a source.
func (m *Matcher) Enter(run *tracefmt.Run, sourceName func(uint32) string) {
	m.out = false
	switch {
	case m.student == nil:
	case m.studies:
		m.study = m.student.Study(run)
	default:
		m.study = m.student.link(run)
	}
	if !m.ofRun {
		return
	}
	for n := range m.preds {
		if p := &m.preds[n]; p.ofRun() && m.matchRun(p, run, n, sourceName) == p.Not {
			m.out = true
			return
		}
	}
}

// matchRun tells whether the run at hand meets condition n.
func (m *Matcher) matchRun(p *matchPred, run *tracefmt.Run, n int, sourceName func(uint32) string) bool {
	if p.Dimension.Dim != DimRunModel {
		return p.matchNumber(m.ofWhole(p.Measure, run, n, sourceName))
	}
	m.models = m.models[:0]
	for c := range m.before(run, n, sourceName) {
		if known(c) {
			m.models.add(c.Model, c.Cost)
		}
	}
	return m.matchSym(p, m.models.dearest())
}

// before are the calls of the run at hand that meet the first n conditions.
func (m *Matcher) before(run *tracefmt.Run, n int, sourceName func(uint32) string) iter.Seq[*tracefmt.Call] {
	return func(yield func(*tracefmt.Call) bool) {
		for i := range run.Calls {
			c := &run.Calls[i]
			if !contributes(c) {
				continue
			}
			if k := keyOf(run, c, &m.days); m.meets(&k, c, run, i, m.sourceOf(c, sourceName), n) && !yield(c) {
				return
			}
		}
	}
}

// ofWhole is the measure of a run; known is false where it has none. A cost that is known in part is what is known of it.
func (m *Matcher) ofWhole(x Measure, run *tracefmt.Run, n int, sourceName func(uint32) string) (v int64, known bool) {
	if x == MeasureScore {
		return ScoreNumber(run.Score), run.HasScore
	}
	sum, incomplete := tracefmt.USD(0), false
	for c := range m.before(run, n, sourceName) {
		sum, _ = sum.Add(c.Cost)
		incomplete = incomplete || missing(c)
	}
	return int64(sum), !unknownCost(sum, incomplete)
}

// ScoreNumber is a score in billionths, as conditions compare it.
func ScoreNumber(score float64) int64 { return int64(math.Round(score * 1e9)) }

// measure is a number of call i of the run at hand; a call that stands for a run without calls has the number -1.
func (m *Matcher) measure(x Measure, c *tracefmt.Call, i int) (v int64, known bool) {
	if i >= 0 && m.study != nil {
		switch x {
		case MeasureAttempt:
			return int64(m.study.number(int32(i))), true
		case MeasureRetry:
			if l, ok := m.study.retry(int32(i)); ok {
				return int64(l.Kind), true
			}
		case MeasureWasteClass:
			return int64(m.study.Places[i].Waste), true
		case MeasureDuty:
			if c.IsCall {
				return m.roles.duty(c), true
			}
		}
	}
	return x.of(c)
}

// sourceOf is the path of the file that a call stands in, where a condition asks for it.
func (m *Matcher) sourceOf(c *tracefmt.Call, name func(uint32) string) string {
	if !m.needsSource || name == nil {
		return ""
	}
	return name(c.Src.Source)
}

// within tells whether v lies in one of the spans, which are in order and apart.
func within(spans []numRange, v int64) bool {
	low, high := 0, len(spans)
	for low < high {
		if mid := (low + high) / 2; spans[mid].high <= v {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(spans) && spans[low].low <= v
}

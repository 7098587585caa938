package tui

import (
	"math"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// A shapeFact is one number beside the mean (F.1 to F.7).
type shapeFact struct {
	name, text string
	from       int64 // the runs, or calls, behind it cost at least as much; 0 for a fact that is not about some of them
}

func factsOf(sp *spread) []shapeFact {
	t := &sp.tail
	top := func(p string, s analyze.Share) shapeFact {
		return shapeFact{"top " + p + " (" + count(int64(s.K)) + ")", percentOf(s.Share), sp.fromTop(int64(s.K))}
	}
	f := []shapeFact{
		{"total", sp.amount(t.Sum), 0}, {"mean", sp.amount(t.Mean), 0}, {"median", sp.amount(t.Median), 0}, {"mean / median", times(t.MeanOverMedian()), 0},
		{"mean w/o dearest", sp.withoutTop(), 0}, {"p90", sp.amount(t.P90), sp.floor(int64(t.P90))}, {"p95", sp.amount(t.P95), sp.floor(int64(t.P95))}, {"p99", sp.amount(t.P99), sp.floor(int64(t.P99))},
		{"max", sp.amount(t.Max), sp.fromTop(1)}, {"p95 / p50", times(t.P95OverP50()), 0}, top("1%", t.Top1), top("5%", t.Top5), top("10%", t.Top10),
		{sp.unit + "s making 80%", count(int64(t.K80)), sp.fromTop(int64(t.K80))}, {"Gini", fixed2(t.Gini), 0},
	}
	if sp.exact {
		f = append(f, shapeFact{"effective runs", fixed1(t.EffectiveN), 0})
	}
	switch {
	case t.Capped:
		f = append(f, shapeFact{"capped near", money(t.Max), 0})
	case !math.IsNaN(t.Index):
		f = append(f, shapeFact{"tail index", fixed2(t.Index) + " ±" + fixed2(t.IndexError), 0})
	}
	return f
}

// fromTop is what the k dearest cost at least; of calls the lowest cost that is told apart from it.
func (s *spread) fromTop(k int64) int64 {
	for i := len(s.groups) - 1; i >= 0; i-- {
		if k -= s.groups[i].n; k <= 0 {
			return s.groups[i].low
		}
	}
	return 0
}

// floor is the lowest cost that is not told apart from x.
func (s *spread) floor(x int64) int64 {
	for i := len(s.groups) - 1; i >= 0; i-- {
		if s.groups[i].low <= x {
			return s.groups[i].low
		}
	}
	return 0
}

func (s *spread) withoutTop() string {
	if s.n < 2 {
		return unknown
	}
	return s.amount(s.tail.MeanWithoutTop)
}

// move goes over the facts that can be opened.
func (t *shape) move(_ *App, by int) tea.Cmd {
	step := 1
	if by < 0 {
		step, by = -1, -by
	}
	at := t.fact
	if at < 0 && step < 0 {
		at = len(t.facts)
	}
	for i := at + step; i >= 0 && i < len(t.facts) && by > 0; i += step {
		if t.facts[i].from > 0 {
			t.fact = i
			by--
		}
	}
	return nil
}

func (t *shape) page() int { return max(1, len(t.facts)/3) }

// chosenFact is the fact under the cursor.
func (t *shape) chosenFact() (shapeFact, bool) {
	if t.fact < 0 || t.fact >= len(t.facts) {
		return shapeFact{}, false
	}
	return t.facts[t.fact], true
}

func (t *shape) cannotOpen(a *App) string {
	if _, ok := t.chosenFact(); ok {
		return ""
	}
	if !t.picked() {
		return "choose a bar first: [ and ], or a number below: j and k"
	}
	return ""
}

// open shows what is behind the number under the cursor, or the chosen bar.
func (t *shape) open(a *App) tea.Cmd {
	f, ok := t.chosenFact()
	if !ok {
		return t.openBar(a)
	}
	b := bar{low: f.from, high: math.MaxInt64}
	return t.openCosts(a, b.pred(a.look.perCall), spanOfCosts(b.low, b.high))
}

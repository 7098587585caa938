package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"costscope/tracefmt"
)

// A Figure is evidence that can be drawn. What it shows can be said in a small table as well.
type Figure interface {
	Name() string  // of its file
	Title() string // of the picture
	table() grid
}

// A CostFigure is how many runs cost how much, and how much of the money they make up.
type CostFigure struct {
	Bins              []Bin  // of the runs that cost something
	N                 int    // all runs of known cost
	Free              int64  // of them, those that cost nothing
	Gaps              string // which runs are not in it, or not in full
	Mean, Median, P95 tracefmt.USD
}

func (f *CostFigure) Name() string { return "cost-per-run" }
func (f *CostFigure) Title() string {
	return join("Cost per run: "+plural(int64(f.N), "run"), gap(f.Free, "run", "cost nothing"), f.Gaps)
}

// rangeText is a bin for people.
func (b *Bin) rangeText() string {
	return Money(tracefmt.USD(b.Low)) + " to " + Money(tracefmt.USD(b.High))
}

func (f *CostFigure) table() grid {
	g := grid{title: "cost per run", head: []string{"cost per run", "runs", "cost of these runs", "of all"}}
	sum := int64(0)
	for i := range f.Bins {
		sum += f.Bins[i].Sum
	}
	if f.Free > 0 {
		g.rows = append(g.rows, []string{Money(0), Count(f.Free), Money(0), Percent(0)})
	}
	for i := range f.Bins {
		b := &f.Bins[i]
		if b.N == 0 {
			continue
		}
		g.rows = append(g.rows, []string{b.rangeText(), Count(b.N), Money(tracefmt.USD(b.Sum)), Percent(ratio(b.Sum, sum))})
	}
	return g
}

// A StepRole is what a step of a StairFigure stands for.
type StepRole uint8

const (
	StepBase   StepRole = iota // what everything starts from
	StepAdded                  // what came on top
	StepWasted                 // spent in vain
	StepKept                   // spent, and what it gave was used
	StepTotal                  // all of it
)

// A Step is a bar that begins where the one before ended.
type Step struct {
	Label    string
	Note     string // behind the bar
	From, To tracefmt.USD
	Role     StepRole
	Unknown  bool // more than is shown: part of its cost is not known
}

// A StairFigure shows how an amount comes about, step by step.
type StairFigure struct {
	File, Head, Of string // Of heads the steps' names
	Steps          []Step
	Axis           string
}

func (f *StairFigure) Name() string  { return f.File }
func (f *StairFigure) Title() string { return f.Head }

func (f *StairFigure) table() grid {
	g := grid{title: f.Head, head: []string{f.Of, "cost", "in all", ""}, text: 1}
	for i := range f.Steps {
		s := &f.Steps[i]
		g.rows = append(g.rows, []string{s.Label, LowerBound(Money(s.To-s.From), s.Unknown), Money(s.To), s.Note})
	}
	return g
}

// A GrowthFigure is how large prompts are by the number of their turn.
type GrowthFigure struct {
	Turns   []TurnRow // with prompts
	Threads int64
}

func (f *GrowthFigure) Name() string { return "context-growth" }
func (f *GrowthFigure) Title() string {
	return fmt.Sprintf("Prompt tokens by turn: %s", plural(f.Threads, "thread"))
}

// growthRows is how many turns a table tells of.
const growthRows = 12

func (f *GrowthFigure) table() grid {
	g := grid{title: "prompt tokens by turn", head: []string{"turn", "prompts", "median tokens", "p95 tokens", "read from cache"}}
	every := (len(f.Turns) + growthRows - 1) / growthRows
	for i := range f.Turns {
		if i%every != 0 && i != len(f.Turns)-1 {
			continue
		}
		t := &f.Turns[i]
		g.rows = append(g.rows, []string{t.Label(), Count(t.Turns), Count(t.Median), Count(t.P95), Percent(t.Cached)})
	}
	return g
}

// Label is a turn, or some.
func (t *TurnRow) Label() string {
	if t.To <= t.From {
		return strconv.Itoa(t.From)
	}
	return fmt.Sprintf("%d to %d", t.From, t.To)
}

// A SpendFigure is what was spent over time, with its spikes.
type SpendFigure struct {
	Bins   []LoadBin
	Spikes []Spike
	Width  time.Duration
	Zone   *time.Location
}

func (f *SpendFigure) Name() string  { return "spend-over-time" }
func (f *SpendFigure) Title() string { return "Spend over time, in steps of " + Duration(f.Width) }

// Spiking says that a bin lies in a spike.
func (f *SpendFigure) Spiking(b *LoadBin) bool {
	return slices.ContainsFunc(f.Spikes, func(s Spike) bool { return b.Start >= s.From && b.Start < s.To })
}

func (f *SpendFigure) table() grid {
	g := grid{title: "spend over time", head: []string{"dearest steps", "cost", "calls", "at once", ""}}
	order := make([]int, len(f.Bins))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(f.Bins[b].Spend, f.Bins[a].Spend) })
	for _, i := range order[:min(growthRows, len(order))] {
		b := &f.Bins[i]
		if b.Spend == 0 {
			break
		}
		spike := ""
		if f.Spiking(b) {
			spike = "spike"
		}
		g.rows = append(g.rows, []string{time.Unix(0, b.Start).In(f.Zone).Format("2006-01-02 15:04:05"), Money(b.Spend), Count(b.Calls), strconv.FormatFloat(b.Concurrency, 'f', 1, 64), spike})
	}
	return g
}

// scopeFigures are the pictures of a scope as a whole: those with something to show.
func scopeFigures(a *Analysis, zone *time.Location) (list []Figure) {
	if f := spendFigure(&a.Load, zone); f != nil {
		list = append(list, f)
	}
	return list
}

func spendFigure(l *LoadReport, zone *time.Location) *SpendFigure {
	if l.Overflow || len(l.Bins) < 3 {
		return nil
	}
	if zone == nil {
		zone = time.UTC
	}
	spent := 0
	for i := range l.Bins {
		spent += b2i(l.Bins[i].Spend > 0)
	}
	if spent < 2 {
		return nil
	}
	return &SpendFigure{l.Bins, l.Spikes, time.Duration(l.Width), zone}
}

// figuresOf are the pictures of a path: those with something to show.
func figuresOf(spread *RunSpread, a *Analysis, names *Redactor) (list []Figure) {
	if f := costFigure(spread); f != nil {
		list = append(list, f)
	}
	if f := ladderFigure(a, names); f != nil {
		list = append(list, f)
	}
	if f := growthFigure(&a.Context); f != nil {
		list = append(list, f)
	}
	if f := waterfallFigure(&a.Factors); f != nil {
		list = append(list, f)
	}
	return list
}

// costFigure needs at least two runs, and some cost.
func costFigure(s *RunSpread) *CostFigure {
	if s.N < 2 || s.Overflow || s.Sum == 0 {
		return nil
	}
	var costs Hist
	for _, x := range s.Costs {
		costs.Add(int64(x))
	}
	f := &CostFigure{Bins: costs.Bins(), N: s.N, Mean: s.Mean, Median: s.Median, P95: s.P95, Gaps: s.gaps()}
	if f.Bins[0].Sum == 0 { // a log scale has no place for nothing
		f.Free, f.Bins = f.Bins[0].N, f.Bins[1:]
		first := slices.IndexFunc(f.Bins, func(b Bin) bool { return b.N > 0 })
		f.Bins = f.Bins[max(first, 0):]
	}
	return f
}

// fewTries is how many attempts of a chain are drawn: the others are one step.
const fewTries = 10

// ladderFigure is the chain that wasted most.
func ladderFigure(a *Analysis, names *Redactor) *StairFigure {
	if len(a.Chains) == 0 || a.Chains[0].Total <= 0 {
		return nil
	}
	c := &a.Chains[0]
	f := &StairFigure{File: "retry-ladder", Of: "attempt", Axis: "cost of the operation so far",
		Head: fmt.Sprintf("The chain that wasted most: %s, %s of %s wasted", plural(int64(c.Tries), "attempt"), Money(c.Wasted), Money(c.Total))}
	at, tries := tracefmt.USD(0), c.Attempts
	add := func(s Step, cost tracefmt.USD) {
		s.From, s.To = at, at+cost
		f.Steps = append(f.Steps, s)
		at += cost
	}
	if c.Tries > fewTries {
		tries = tries[:fewTries-2]
	}
	for i := range tries {
		add(tries[i].step(a.names, names), tries[i].Cost)
	}
	if more := c.Tries - len(tries) - 1; more >= 0 {
		last := &c.Attempts[len(c.Attempts)-1]
		if more > 0 {
			add(Step{Label: plural(int64(more), "more attempt"), Role: StepWasted}, c.Total-at-last.Cost)
		}
		add(last.step(a.names, names), last.Cost)
	}
	return f
}

// step is an attempt as a step of a ladder.
func (t *ChainAttempt) step(texts *tracefmt.Names, names *Redactor) Step {
	s := Step{Label: fmt.Sprintf("%d · %s", t.Number, Clean(names.Any(shownName(texts.Name(t.What))))), Role: StepWasted, Unknown: t.Unknown > 0}
	how := Spaced(t.Link.Kind.String())
	switch {
	case t.Accepted:
		s.Role, s.Note = StepKept, join("accepted", how)
	case t.Unusable:
		s.Note = join("answer not usable", how)
	case t.Failed:
		s.Note = join(errorText(Clean(names.Text(texts.Name(t.Error)))), how)
	default:
		s.Note = join("not accepted", how)
	}
	return s
}

// errorText is "failed", with the error where it is short enough to say something.
func errorText(s string) string {
	if s == "" {
		return "failed"
	}
	return "failed: " + cut(s, 40)
}

// growthFigure needs prompts of at least two turns.
func growthFigure(c *ContextReport) *GrowthFigure {
	turns := slices.DeleteFunc(slices.Clone(c.ByTurn), func(t TurnRow) bool { return t.Turns == 0 })
	if c.Overflow() || len(turns) < 2 {
		return nil
	}
	return &GrowthFigure{turns, c.Threads}
}

// waterfallFigure needs a base and something that multiplied it.
func waterfallFigure(r *FactorReport) *StairFigure {
	if r.Overflow || r.Base <= 0 || r.Total == r.Base {
		return nil
	}
	f := &StairFigure{File: "multiplier", Of: "multiplier", Axis: "cost so far",
		Head: fmt.Sprintf("From one plain call to the bill: %s the base", Times(r.Overall))}
	f.Steps = []Step{{Label: "base", To: r.Base, Role: StepBase, Note: "first attempts of first turns"}}
	at := r.Base
	for _, s := range r.Ranked() {
		if s.Share == 0 {
			continue
		}
		f.Steps = append(f.Steps, Step{Label: s.Factor.String(), From: at, To: at + s.Share, Role: StepAdded, Note: Times(s.Multiple)})
		at += s.Share
	}
	f.Steps = append(f.Steps, Step{Label: "bill", To: r.Total, Role: StepTotal, Note: Times(r.Overall), Unknown: r.Unknown > 0})
	return f
}

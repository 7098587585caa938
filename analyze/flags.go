package analyze

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"costscope/tracefmt"
)

// A Flag is a path that deserves a look, with the reason (analysis-spec P).
type Flag struct {
	Rule       string       `json:"rule"`
	Path       []string     `json:"path"`
	Value      float64      `json:"value"`
	Limit      float64      `json:"limit"`
	USD        tracefmt.USD `json:"-"` // what the finding concerns
	Sample     int64        `json:"sample"`
	Of         string       `json:"sample_of"`  // what the sample counts: calls, runs, operations
	Confidence string       `json:"confidence"` // exact, or that of the inference behind it: high, medium, low
	Why        string       `json:"why"`

	by    []Dimension // of the path
	flows *[2]Flow    // of a dominated one: itself, and the better one
}

// Scope is the path that a flag is about: its names, and the dimension of each.
func (f *Flag) Scope() (by []Dimension, path []string) {
	if f.flows != nil {
		return f.by, []string{f.flows[0].Workflow, f.flows[0].Part}
	}
	return f.by, f.Path
}

// FlagLimits are where flags begin; the defaults are those of analysis-spec P.
type FlagLimits struct {
	MinShare, Dominates, Waste, Amplification, Retries, SevereRetries, Growth, FailureRatio, Drift, Top5 float64
}

// DefaultLimits are the limits of analysis-spec P.
var DefaultLimits = FlagLimits{MinShare: 0.05, Dominates: 0.25, Waste: 0.20, Amplification: 1.5, Retries: 0.10, SevereRetries: 0.20, Growth: 0.50,
	FailureRatio: 2, Drift: 2, Top5: 0.50}

// flagged is a path as the rules see it.
type flagged struct {
	row, total *Row
	facts      *PathFacts
	by         []Dimension
	guess      string // confidence of what was inferred: high, medium, low; exact where nothing was
}

// A finding is what a rule measured.
type finding struct {
	value  float64
	usd    tracefmt.USD
	sample int64
	of     string
	sure   string
	why    string
}

// flagRules are the rules on one path. NaN is "not known here" and flags nothing.
var flagRules = [...]struct {
	name  string
	limit func(*FlagLimits) float64
	check func(*flagged) finding
}{
	{"dominates_spend", func(l *FlagLimits) float64 { return l.Dominates }, func(p *flagged) finding {
		v := ratio(int64(p.row.Cost), int64(p.total.Cost))
		return finding{v, p.row.Cost, p.row.Calls, "calls", "exact", Percent(v) + " of the cost"}
	}},
	{"waste", func(l *FlagLimits) float64 { return l.Waste }, func(p *flagged) finding {
		v := p.row.WasteShare()
		return finding{v, p.row.Wasted, p.row.Chains, "chains", p.guess, Percent(v) + " of its cost: attempts not accepted"}
	}},
	{"cost_amplification", func(l *FlagLimits) float64 { return l.Amplification }, func(p *flagged) finding {
		v := ratio(int64(p.row.Cost), int64(p.row.Cost-p.row.RetryCost))
		return finding{v, p.row.RetryCost, p.row.Operations(), "operations", p.guess, "retrying multiplied its cost by " + Times(v)}
	}},
	{"retries", func(l *FlagLimits) float64 { return l.Retries }, func(p *flagged) finding {
		v := p.row.RetryRatio()
		return finding{v, p.row.RetryCost, p.row.Operations(), "operations", p.guess, fmt.Sprintf("%s at %s", plural(p.row.Retries, "further attempt"), plural(p.row.Operations(), "operation"))}
	}},
	{"context_growth", func(l *FlagLimits) float64 { return l.Growth }, func(p *flagged) finding {
		v := ratio(int64(p.facts.Growth), int64(p.facts.Input))
		return finding{v, p.facts.Growth, p.row.LLM, "calls", "exact", Percent(v) + " of its input cost is context growth"}
	}},
	{"loop", func(*FlagLimits) float64 { return 0 }, func(p *flagged) finding {
		v := math.NaN()
		if p.facts.LoopUSD > 0 {
			v = ratio(int64(p.facts.LoopUSD), int64(p.row.Cost))
		}
		return finding{v, p.facts.LoopUSD, p.row.Calls, "calls", "high", "the same calls again and again: " + Percent(v) + " of its cost"}
	}},
	{"failure_cost_ratio", func(l *FlagLimits) float64 { return l.FailureRatio }, func(p *flagged) finding {
		f := p.facts
		v := ratio(int64(f.FailedUSD), f.Failure) / ratio(int64(f.SuccessUSD), f.Success)
		return finding{v, f.FailedUSD, f.Success + f.Failure, "runs", "exact", "a failed run costs " + Times(v) + " a successful one"}
	}},
	{"heavy_tail", func(l *FlagLimits) float64 { return l.Top5 }, func(p *flagged) finding {
		n := p.facts.RunCosts.N()
		if n < 20 { // the top 5 % is less than a run
			return finding{value: math.NaN()}
		}
		v := p.facts.RunCosts.TopShare(rankOf(5, 100, n))
		return finding{v, tracefmt.USD(v * float64(p.facts.RunCosts.Sum())), n, "runs", "exact", fmt.Sprintf("its dearest 5%% of runs are %s of its cost", Percent(v))}
	}},
	{"unpriced", func(*FlagLimits) float64 { return 0 }, func(p *flagged) finding {
		v := math.NaN()
		if p.row.Unpriced > 0 {
			v = float64(p.row.Unpriced)
		}
		return finding{v, 0, p.row.Calls, "calls", "exact", fmt.Sprintf("no price for %s: cost unknown, in no total", plural(p.row.Unpriced, "call"))}
	}},
}

// Flags applies the rules to all rows of a table, the most money first. guess is the confidence of the inferred retries in it.
func Flags(t *Table, facts map[string]*PathFacts, l *FlagLimits, guess string) []Flag {
	var list []Flag
	for i := range t.Rows {
		row := &t.Rows[i]
		p := flagged{row: row, total: &t.Total, facts: facts[namesKey(row.Path)], by: t.By[:len(row.Path)], guess: guess}
		if p.facts == nil {
			p.facts = &PathFacts{}
		}
		if p.small(l) {
			continue
		}
		list = append(list, p.flags(l)...)
	}
	SortFlags(list)
	return list
}

// small says that a path is not worth a flag: it has little of the cost. Calls without a price have no cost to compare, so their tokens
// are.
func (p *flagged) small(l *FlagLimits) bool {
	if ratio(int64(p.row.Cost), int64(p.total.Cost)) >= l.MinShare {
		return false
	}
	return p.row.Unpriced == 0 || ratio(p.row.UnpricedTokens, p.total.Input+p.total.Output) < l.MinShare
}

func (p *flagged) flags(l *FlagLimits) (list []Flag) {
	for _, r := range flagRules {
		f, limit := r.check(p), r.limit(l)
		if f.value != f.value || f.value < limit || f.value == 0 {
			continue
		}
		if r.name == "retries" && f.value >= l.SevereRetries {
			f.why += ": severe"
		}
		list = append(list, Flag{r.name, p.row.Path, f.value, limit, f.usd, f.sample, f.of, f.sure, f.why, p.by, nil})
	}
	return list
}

// SortFlags puts the flags with the most money first.
func SortFlags(list []Flag) {
	slices.SortStableFunc(list, func(a, b Flag) int {
		return cmp.Or(cmp.Compare(b.USD, a.USD), cmp.Compare(a.Rule, b.Rule), slices.Compare(a.Path, b.Path))
	})
}

// FoldFlags leaves out what a flag on a longer path says as well: the same rule, with at least four fifths of the money.
func FoldFlags(list []Flag) []Flag {
	return slices.DeleteFunc(slices.Clone(list), func(f Flag) bool {
		return slices.ContainsFunc(list, func(g Flag) bool {
			return g.Rule == f.Rule && len(g.Path) > len(f.Path) && slices.Equal(g.Path[:len(f.Path)], f.Path) && g.USD >= f.USD/5*4
		})
	})
}

package analyze

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// An Effort is what the cost of LLM calls is a product of (analysis-spec G.6): operations, attempts at them, tokens, and the money.
type Effort struct {
	Operations, Attempts int64
	Tokens               int64 // input and output
	Cost                 tracefmt.USD
}

// effort adds up a run's LLM calls within a scope; in nil is all of them.
func (st *Study) effort(in []bool) (e Effort) {
	for i := range st.Run.Calls {
		if in == nil || in[i] {
			e.call(&st.Run.Calls[i], st.Places[i].Mark)
		}
	}
	return e
}

func (e *Effort) call(c *tracefmt.Call, m mark) {
	if c.Kind != tracefmt.KindLLM || !contributes(c) {
		return
	}
	if c.IsCall {
		e.Attempts++
		e.Operations += int64(1 - b2i(m&markRepeat != 0))
	}
	if c.Has&tracefmt.HasUsage != 0 && c.Counted {
		e.Tokens += promptTokens(c) + c.Usage.Output
	}
	if known(c) {
		e.Cost, _ = e.Cost.Add(c.Cost)
	}
}

// plus adds the effort of other calls.
func (e *Effort) plus(o *Effort) {
	e.Operations, e.Attempts, e.Tokens = e.Operations+o.Operations, e.Attempts+o.Attempts, e.Tokens+o.Tokens
	e.Cost, _ = e.Cost.Add(o.Cost)
}

// The factors of the cost of LLM calls, and where the rest of a change goes.
const (
	driverRuns = iota
	driverOperations
	driverAttempts
	driverTokens
	driverPrice
	driverMix     // other models take the tokens: a part of the price
	driverNew     // paths that only the new side has
	driverRetired // paths that only the old side has
	driverOther   // calls of tools and persons, and LLM calls without token counts
	driverCount
)

var driverNames = [driverCount]string{"runs", "operations per run", "attempts per operation", "tokens per attempt", "cost per token", "model mix", "new paths",
	"retired paths", "other cost"}

// driverFactors are those that make up a product.
const driverFactors = driverMix

// driverAbout says what the factors are.
var driverAbout = [driverCount]string{"more or fewer runs", "steps that a run takes", "tries at the same step: retries", "length of prompts and answers",
	"prices, cached part, part that is output", "dearer or cheaper models take the tokens", "only after", "only before",
	"tools, people, calls of unknown price or size"}

// A Driver is a factor's part in a change of cost.
type Driver struct {
	Factor string   `json:"factor"`
	Ratio  Fraction `json:"ratio"` // new over old; NaN where it is no factor or not defined
	Effect Dollars  `json:"effect_usd"`
}

// About says what the factor is.
func (d *Driver) About() string {
	if i := slices.Index(driverNames[:], d.Factor); i >= 0 {
		return driverAbout[i]
	}
	return ""
}

// factors are the five of a product. ok: the first four are above 0; the last one, the price, may be 0.
func factors(runs int64, e *Effort) (f [driverFactors]float64, ok bool) {
	f = [...]float64{float64(runs), ratio(e.Operations, runs), ratio(e.Attempts, e.Operations), ratio(e.Tokens, e.Attempts), ratio(int64(e.Cost), e.Tokens)}
	return f, runs > 0 && e.Operations > 0 && e.Attempts > 0 && e.Tokens > 0
}

// driversOf does so for sides of so many runs, which may have calls in several paths: an operation counts per run of the side. 0: each path
// has its own runs.
func driversOf(pairs []pathPair, oldRuns, newRuns int64) []Driver {
	d := driving{oldRuns: oldRuns, newRuns: newRuns}
	for _, p := range pairs {
		d.path(p.old, p.new)
	}
	if oldRuns > 0 && newRuns > 0 {
		d.old.Runs, d.new.Runs = oldRuns, newRuns
	}
	return d.list(d.old.LLM, d.new.LLM)
}

// A driving adds up effects over paths, which must come in one order for one result.
type driving struct {
	effect   [driverNew]float64 // pico-dollars
	whole    [driverCount]tracefmt.USD
	change   tracefmt.USD
	old, new PathCost // sums over the paths that both sides have

	oldRuns, newRuns int64 // of the sides; 0: those of each path
}

func (d *driving) path(old, new *PathCost) {
	change := new.Cost - old.Cost
	d.change += change
	switch {
	case old.Runs == 0:
		d.whole[driverNew] += change
		return
	case new.Runs == 0:
		d.whole[driverRetired] += change
		return
	}
	if old.unknown() || new.unknown() { // no factor tells of a cost that is not known
		d.whole[driverOther] += change
		return
	}
	d.old.plus(old)
	d.new.plus(new)
	d.whole[driverOther] += change - (new.LLM.Cost - old.LLM.Cost)
	f0, ok0 := factors(cmp.Or(d.oldRuns, old.Runs), &old.LLM)
	f1, ok1 := factors(cmp.Or(d.newRuns, new.Runs), &new.LLM)
	if ok0 && ok1 {
		d.product(&f0, &f1, 1, mixOfModels(old.Models, new.Models))
	} else {
		d.whole[driverOther] += new.LLM.Cost - old.LLM.Cost
	}
}

// product adds the effects of the factors on their product, scaled; mix is the part of the change of the last of them that is the models'.
// Where one side is free, all is the price's: so says the limit.
func (d *driving) product(f0, f1 *[driverFactors]float64, scale, mix float64) {
	c0, c1 := scale, scale
	for i := range f0 {
		c0, c1 = c0*f0[i], c1*f1[i]
	}
	if c0 <= 0 || c1 <= 0 {
		d.effect[driverPrice] += c1 - c0
		return
	}
	l := logMean(c1, c0)
	for i := range f0 {
		d.effect[i] += l * math.Log(f1[i]/f0[i])
	}
	models := l * mix / logMean(f1[driverPrice], f0[driverPrice])
	d.effect[driverMix] += models
	d.effect[driverPrice] -= models
}

// list rounds the effects; what rounding leaves goes to the largest, so that they add up to the change.
func (d *driving) list(old, new Effort) []Driver {
	left, largest, most := d.change, driverOther, 0.0
	for i := range d.whole {
		if i < driverNew {
			d.whole[i] += tracefmt.USD(math.Round(d.effect[i]))
			if x := math.Abs(d.effect[i]); x > most {
				largest, most = i, x
			}
		}
		left -= d.whole[i]
	}
	d.whole[largest] += left
	ratios := d.ratios(&old, &new)
	out := make([]Driver, 0, driverCount)
	for i, usd := range d.whole {
		r := math.NaN()
		if i < driverNew {
			r = ratios[i]
		}
		if usd == 0 && (math.IsNaN(r) || i == driverMix) {
			continue
		}
		out = append(out, Driver{driverNames[i], Fraction(r), Dollars(usd)})
	}
	return out
}

// ratios are new over old of the factors, and of the models' mix within the price; NaN where one is not defined.
func (d *driving) ratios(old, new *Effort) (r [driverNew]float64) {
	f0, _ := factors(d.old.Runs, old)
	f1, _ := factors(d.new.Runs, new)
	for i := range f0 {
		if r[i] = math.NaN(); f0[i] > 0 {
			r[i] = f1[i] / f0[i]
		}
	}
	r[driverMix] = math.NaN()
	if mean := logMean(f1[driverPrice], f0[driverPrice]); mean > 0 {
		r[driverMix] = math.Exp(mixOfModels(d.old.Models, d.new.Models) / mean)
		r[driverPrice] /= r[driverMix]
	}
	return r
}

// A PathCost is what a path cost on one side of a comparison.
type PathCost struct {
	Path   []string
	Runs   int64        // with a call of the path
	Cost   tracefmt.USD // of the path's calls
	LLM    Effort       // its LLM calls
	Models []ModelCost  // the same by model, in the order of their names; may be missing
	Sample []RunSample  // what each of the runs cost there

	Known   int64 // calls with a known cost
	Missing int64 // calls of unknown cost, which is not in Cost
}

// A RunSample is what a run cost within a path.
type RunSample struct {
	Task string // "" where none is stated
	Cost tracefmt.USD
}

func (p *PathCost) plus(o *PathCost) {
	p.Runs += o.Runs
	p.Cost, _ = p.Cost.Add(o.Cost)
	p.LLM.plus(&o.LLM)
	p.Models = joinModels(p.Models, o.Models)
	p.Known, p.Missing = p.Known+o.Known, p.Missing+o.Missing
}

// A pathPair is a path on both sides; a side without it has no runs.
type pathPair struct {
	path     []string
	old, new *PathCost
}

// match joins both sides by path, in the order of the paths. A path that one side lists twice is added up.
func match(old, new []PathCost) []pathPair {
	found := map[string]*pathPair{}
	for side, list := range [...][]PathCost{old, new} {
		for i := range list {
			key := strings.Join(list[i].Path, "\x00")
			p := found[key]
			if p == nil {
				p = &pathPair{list[i].Path, &PathCost{}, &PathCost{}}
				found[key] = p
			}
			to := p.old
			if side == 1 {
				to = p.new
			}
			to.plus(&list[i])
			to.Sample = append(to.Sample, list[i].Sample...)
		}
	}
	out := make([]pathPair, 0, len(found))
	for _, p := range found {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(x, y pathPair) int { return slices.CompareFunc(x.path, y.path, cmp.Compare[string]) })
	return out
}

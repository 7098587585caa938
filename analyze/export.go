package analyze

import (
	"cmp"
	"context"
	"slices"

	"costscope/tracefmt"
)

// An ExportSource answers what an export asks.
type ExportSource interface {
	Status() Status
	Rollup(ctx context.Context, q Query) (*Table, error)
	RunCosts(ctx context.Context, q Query) ([]RunCost, error)
	Digest(ctx context.Context, q Query, progress func(done, of int64)) (*Digest, error)
	Calls(ctx context.Context, q Query, by CallOrder, desc bool, from, n int) (CallPage, error)
	Lines(ctx context.Context, refs []tracefmt.SourceRef) ([]int64, error) // in their files, from 1; 0 where it is not known
}

// A Pick is a path that someone should see: what a person marked, or what the analysis flags.
type Pick struct {
	By   []Dimension
	Path []string // one name per dimension, "" or None where none is stated
	Note string   // what a person wrote about it
}

// ExportOptions say what goes into an export.
type ExportOptions struct {
	ReportInput        // Table, Runs and Deep of the whole scope are asked for where they are missing
	Picks       []Pick // marked by hand; none: what the analysis flags
	Full        int    // how many paths are shown in full; 0: DefaultFullPaths
	Redact      bool   // pseudonyms in the place of names, and no text

	Progress func(done, of int) // of paths; may be nil
}

// DefaultFullPaths is how many paths of an export are shown in full; what is beyond is summed.
const DefaultFullPaths = 10

// dearCalls is how many of a path's calls an export lists.
const dearCalls = 5

// An Export is what was found about some paths, for people who do not have the explorer.
type Export struct {
	Report  *Report
	Figures []Figure // of the whole scope
	ByHand  bool     // the paths were marked by a person
	Paths   []ExportPath
	Shown   Lot // the calls of Paths, each counted once however many paths it is in
	Rest    Lot // the calls of the other flagged paths that are in none of Paths
	Others  int // how many paths these are
	Beyond  Lot // calls in no flagged path; Shown, Rest and Beyond add up to the total

	names *Redactor
}

// A Lot is some calls and their cost.
type Lot struct {
	Calls      int64
	Cost       tracefmt.USD
	LowerBound bool // the cost of some of them is not known
}

func (p *Lot) add(s *Summary) {
	p.Calls += s.Calls
	p.Cost, _ = p.Cost.Add(s.Cost)
	p.LowerBound = p.LowerBound || s.Incomplete()
}

// An ExportPath is a path with its evidence.
type ExportPath struct {
	Pick
	Total   Row
	Flags   []Flag
	Figures []Figure
	Dear    []DearCall // the dearest, first
	Deep    *Analysis
	Spread  Tail // of what runs cost here
	costs   Hist // the same
}

// A DearCall is a call with its place in the source.
type DearCall struct {
	CallRow
	Line int64 // 0: not known
}

// NewExport asks src what an export needs.
func NewExport(ctx context.Context, src ExportSource, o ExportOptions) (*Export, error) {
	if err := o.askScope(ctx, src); err != nil {
		return nil, err
	}
	x := &Export{ByHand: len(o.Picks) > 0, names: NewRedactor(o.Redact)}
	if err := x.names.Rank(ctx, src, o.Query); err != nil {
		return nil, err
	}
	picks := o.Picks
	if !x.ByHand {
		picks = FlaggedPaths(TellingFlags(o.Deep.Flags, &o.Table.Total))
	}
	full := cmp.Or(o.Full, DefaultFullPaths)
	shown, err := x.sums(ctx, src, o.Query, picks, full)
	if err != nil {
		return nil, err
	}
	for i, p := range shown {
		if o.Progress != nil {
			o.Progress(i, len(shown))
		}
		path, err := askPath(ctx, src, o.Query, p)
		if err != nil {
			return nil, err
		}
		path.Flags = flagsOf(o.Deep.Flags, p)
		x.Paths = append(x.Paths, *path)
	}
	if err := x.lines(ctx, src); err != nil {
		return nil, err
	}
	x.Figures = scopeFigures(o.Deep, o.TZ)
	x.Report = NewReport(x.names.Input(o.ReportInput))
	for i := range x.Paths {
		x.names.path(&x.Paths[i])
		x.Paths[i].Figures = figuresOf(&x.Paths[i].costs, &x.Paths[i].Spread, x.Paths[i].Deep, x.names)
	}
	return x, nil
}

// askScope fills in what the options lack about the whole scope.
func (o *ExportOptions) askScope(ctx context.Context, src ExportSource) (err error) {
	if o.Table == nil {
		if o.Table, err = src.Rollup(ctx, o.Query); err != nil {
			return err
		}
	}
	if o.Runs == nil {
		if o.Runs, err = src.RunCosts(ctx, o.Query); err != nil {
			return err
		}
	}
	if o.Deep == nil {
		d, err := src.Digest(ctx, o.Query, nil)
		if err != nil {
			return err
		}
		o.Deep = d.Result(ctx, o.Table)
	}
	return ctx.Err()
}

// FlaggedPaths are the paths of flags, each once, in the order of the flags.
func FlaggedPaths(list []Flag) (picks []Pick) {
	seen := map[string]bool{}
	for _, f := range list {
		by, path := f.Scope()
		p := Pick{By: by, Path: path}
		if key := p.key(); !seen[key] {
			seen[key] = true
			picks = append(picks, p)
		}
	}
	return picks
}

// TellingFlags are the findings that tell something within a scope, each once: that all of it is all of it does not.
func TellingFlags(list []Flag, total *Row) []Flag {
	return slices.DeleteFunc(FoldFlags(list), func(f Flag) bool { return f.Rule == "dominates_spend" && f.USD == total.Cost })
}

// flagsOf are the flags of a path.
func flagsOf(list []Flag, p Pick) (out []Flag) {
	key := p.key()
	for _, f := range list {
		by, path := f.Scope()
		if own := (Pick{By: by, Path: path}); own.key() == key {
			out = append(out, f)
		}
	}
	return out
}

// key tells paths apart; the order of the dimensions does not matter.
func (p *Pick) key() string {
	parts := make([]string, len(p.Path))
	for i, name := range p.Path {
		parts[i] = p.By[i].String() + "\x00" + shownName(name)
	}
	slices.Sort(parts)
	return namesKey(parts)
}

// shownName is a name as tables have it.
func shownName(name string) string { return cmp.Or(name, None) }

// In narrows a query to the path.
func (p *Pick) In(q Query) Query {
	q.Where = slices.Clip(q.Where)
	for i, name := range p.Path {
		q.Where = append(q.Where, Pred{Dimension: p.By[i], Op: OpEqual, Text: shownName(name)})
	}
	q.By = nil
	return q
}

// holds says whether the calls of a row are in the path; at is where each dimension stands in the row.
func (p *Pick) holds(row *Row, at map[Dimension]int) bool {
	for i, name := range p.Path {
		if row.Path[at[p.By[i]]] != shownName(name) {
			return false
		}
	}
	return true
}

// sums divides the scope into the paths that are shown in full, the other picks, and what is beyond; no call counts twice. It returns the
// picks to show, the dearest first where a person chose them.
func (x *Export) sums(ctx context.Context, src ExportSource, q Query, picks []Pick, full int) ([]Pick, error) {
	at := map[Dimension]int{}
	q.By = nil
	for _, p := range picks {
		for _, d := range p.By[:len(p.Path)] {
			if _, ok := at[d]; !ok {
				at[d] = len(q.By)
				q.By = append(q.By, d)
			}
		}
	}
	t, err := src.Rollup(ctx, q)
	if err != nil {
		return nil, err
	}
	leaves := slices.DeleteFunc(t.Rows, func(r Row) bool { return len(r.Path) < len(q.By) })
	if len(q.By) == 0 {
		leaves = []Row{t.Total}
	}
	if x.ByHand {
		costs := make([]tracefmt.USD, len(picks))
		order := make([]int, len(picks))
		for i := range picks {
			order[i] = i
			for k := range leaves {
				if picks[i].holds(&leaves[k], at) {
					costs[i], _ = costs[i].Add(leaves[k].Cost)
				}
			}
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(costs[b], costs[a]) })
		sorted := make([]Pick, len(picks))
		for i, n := range order {
			sorted[i] = picks[n]
		}
		picks = sorted
	}
	shown := picks[:min(full, len(picks))]
	x.Others = len(picks) - len(shown)
	for i := range leaves {
		in := func(p Pick) bool { return p.holds(&leaves[i], at) }
		switch {
		case slices.ContainsFunc(shown, in):
			x.Shown.add(&leaves[i].Summary)
		case slices.ContainsFunc(picks[len(shown):], in):
			x.Rest.add(&leaves[i].Summary)
		default:
			x.Beyond.add(&leaves[i].Summary)
		}
	}
	return shown, nil
}

// askPath asks for the evidence of a path.
func askPath(ctx context.Context, src ExportSource, q Query, p Pick) (*ExportPath, error) {
	q = p.In(q)
	path := &ExportPath{Pick: p}
	t, err := src.Rollup(ctx, q)
	if err != nil {
		return nil, err
	}
	path.Total = t.Total
	runs, err := src.RunCosts(ctx, q)
	if err != nil {
		return nil, err
	}
	costs := make([]tracefmt.USD, len(runs))
	for i, r := range runs {
		costs[i] = r.Cost
		path.costs.Add(int64(r.Cost))
	}
	path.Spread = NewTail(costs)
	d, err := src.Digest(ctx, q, nil)
	if err != nil {
		return nil, err
	}
	path.Deep = d.Result(ctx, t)
	page, err := src.Calls(ctx, q, ByCost, true, 0, dearCalls)
	if err != nil {
		return nil, err
	}
	for _, row := range page.Rows {
		if row.State == tracefmt.CostRecorded || row.State == tracefmt.CostComputed {
			path.Dear = append(path.Dear, DearCall{CallRow: row})
		}
	}
	return path, ctx.Err()
}

// lines looks up where the dearest calls stand.
func (x *Export) lines(ctx context.Context, src ExportSource) error {
	var refs []tracefmt.SourceRef
	for i := range x.Paths {
		for _, c := range x.Paths[i].Dear {
			refs = append(refs, c.Src)
		}
	}
	lines, err := src.Lines(ctx, refs)
	if err != nil {
		return err
	}
	for i := range x.Paths {
		for k := range x.Paths[i].Dear {
			x.Paths[i].Dear[k].Line, lines = lines[0], lines[1:]
		}
	}
	return nil
}

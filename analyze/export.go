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

// ExportOptions say what goes into an export.
type ExportOptions struct {
	ReportInput       // Table, Runs and Deep of the whole scope are asked for where they are missing
	Marks       Marks // where no path is marked, those are exported that the analysis flags
	Full        int   // how many paths are shown in full; 0: DefaultFullPaths
	Redact      bool  // pseudonyms in the place of names, and no text

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
	Known      bool // that of one is
}

func (p *Lot) add(s *Summary) {
	p.Calls += s.Calls
	p.Cost, _ = p.Cost.Add(s.Cost)
	p.LowerBound = p.LowerBound || s.Incomplete()
	p.Known = p.Known || s.Costs.N() > 0
}

// An ExportPath is a path with its evidence.
type ExportPath struct {
	Mark
	Total   Row
	Flags   []Flag
	Figures []Figure
	Dear    []DearCall // the dearest, first
	Deep    *Analysis
	Spread  RunSpread // of what runs cost here
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
	x := &Export{names: NewRedactor(o.Redact)}
	if err := x.names.Rank(ctx, src, o.Query); err != nil {
		return nil, err
	}
	shown, err := x.choose(ctx, src, &o)
	if err != nil {
		return nil, err
	}
	for i, p := range shown {
		if o.Progress != nil {
			o.Progress(i, len(shown))
		}
		path, err := askPath(ctx, src, o.Query, o.Marks.Find(p.By, p.Path))
		if err != nil {
			return nil, err
		}
		path.Flags = flagsOf(o.Deep.Flags, &p)
		x.Paths = append(x.Paths, *path)
	}
	if err := x.lines(ctx, src); err != nil {
		return nil, err
	}
	x.Figures = scopeFigures(o.Deep, o.TZ)
	x.Report = NewReport(x.names.Input(o.ReportInput))
	for i := range x.Paths {
		x.names.path(&x.Paths[i])
		x.Paths[i].Figures = figuresOf(&x.Paths[i].Spread, x.Paths[i].Deep, x.names)
	}
	return x, nil
}

// choose finds the paths to show: those marked by hand that have calls in the scope, else those that the analysis flags.
func (x *Export) choose(ctx context.Context, src ExportSource, o *ExportOptions) (shown []Mark, err error) {
	full := cmp.Or(o.Full, DefaultFullPaths)
	if marked := o.Marks.Flagged(); len(marked) > 0 {
		shown, err = x.sums(ctx, src, o.Query, marked, full)
		if x.ByHand = len(shown) > 0; x.ByHand || err != nil {
			return shown, err
		}
	}
	return x.sums(ctx, src, o.Query, FlaggedPaths(TellingFlags(o.Deep.Flags, &o.Table.Total)), full)
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
func FlaggedPaths(list []Flag) (paths []Mark) {
	seen := map[string]bool{}
	for i := range list {
		m := list[i].mark()
		if key := m.Key(); !seen[key] {
			seen[key] = true
			paths = append(paths, m)
		}
	}
	return paths
}

// mark is the path of a flag, as a person would mark it.
func (f *Flag) mark() Mark {
	by, path := f.Scope()
	path = slices.Clone(path)
	for i, name := range path {
		if name == None {
			path[i] = ""
		}
	}
	return Mark{By: by, Path: path}
}

// TellingFlags are the findings that tell something within a scope, each once: that all of it is all of it does not.
func TellingFlags(list []Flag, total *Row) []Flag {
	return slices.DeleteFunc(FoldFlags(list), func(f Flag) bool { return f.Rule == "dominates_spend" && f.USD == total.Cost })
}

// flagsOf are the flags of a path.
func flagsOf(list []Flag, m *Mark) (out []Flag) {
	key := m.Key()
	for i := range list {
		if own := list[i].mark(); own.Key() == key {
			out = append(out, list[i])
		}
	}
	return out
}

// shownName is a name as tables have it.
func shownName(name string) string { return cmp.Or(name, None) }

// In narrows a query to the path.
func (m *Mark) In(q Query) Query {
	q.Where, q.By = slices.Concat(q.Where, m.Where()), nil
	return q
}

// sums divides the scope into the paths that are shown in full, the other marked ones, and what is beyond; no call counts twice. It returns
// the paths to show, the dearest first.
func (x *Export) sums(ctx context.Context, src ExportSource, q Query, marked []Mark, full int) ([]Mark, error) {
	at := map[Dimension]int{}
	q.By = nil
	for _, m := range marked {
		for _, d := range m.By[:len(m.Path)] {
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
	within := membership(marked, leaves, at)
	marked, within = dearestFirst(marked, leaves, within)
	x.Shown, x.Rest, x.Beyond = Lot{}, Lot{}, Lot{}
	shown := marked[:min(full, len(marked))]
	x.Others = len(marked) - len(shown)
	for i, in := range within {
		switch s := &leaves[i].Summary; {
		case len(in) == 0:
			x.Beyond.add(s)
		case in[0] < len(shown):
			x.Shown.add(s)
		default:
			x.Rest.add(s)
		}
	}
	return shown, nil
}

// membership tells for each row which paths its calls are in, ascending. Paths through the same dimensions are looked up by their names.
func membership(marked []Mark, rows []Row, at map[Dimension]int) [][]int {
	type shape struct {
		by    []Dimension
		paths map[string][]int
	}
	var shapes []*shape
	for i := range marked {
		m := &marked[i]
		by := m.By[:len(m.Path)]
		n := slices.IndexFunc(shapes, func(s *shape) bool { return slices.Equal(s.by, by) })
		if n < 0 {
			n, shapes = len(shapes), append(shapes, &shape{by, map[string][]int{}})
		}
		key := ""
		for _, name := range m.Path {
			key += shownName(name) + "\x00"
		}
		shapes[n].paths[key] = append(shapes[n].paths[key], i)
	}
	within := make([][]int, len(rows))
	for i := range rows {
		for _, s := range shapes {
			key := ""
			for _, d := range s.by {
				key += rows[i].Path[at[d]] + "\x00"
			}
			within[i] = append(within[i], s.paths[key]...)
		}
		slices.Sort(within[i])
	}
	return within
}

// dearestFirst sorts paths by what their calls cost, and leaves out those without any.
func dearestFirst(marked []Mark, rows []Row, within [][]int) ([]Mark, [][]int) {
	lots := make([]Lot, len(marked))
	for i, in := range within {
		for _, n := range in {
			lots[n].add(&rows[i].Summary)
		}
	}
	var order []int
	for i := range lots {
		if lots[i].Calls > 0 || lots[i].Cost != 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(lots[b].Cost, lots[a].Cost), cmp.Compare(len(marked[a].Path), len(marked[b].Path)))
	})
	sorted, place := make([]Mark, len(order)), make([]int, len(marked))
	for to, from := range order {
		sorted[to], place[from] = marked[from], to
	}
	for _, in := range within {
		for k := range in {
			in[k] = place[in[k]]
		}
		slices.Sort(in)
	}
	return sorted, within
}

// askPath asks for the evidence of a path.
func askPath(ctx context.Context, src ExportSource, q Query, p Mark) (*ExportPath, error) {
	q = p.In(q)
	path := &ExportPath{Mark: p}
	t, err := src.Rollup(ctx, q)
	if err != nil {
		return nil, err
	}
	path.Total = t.Total
	runs, err := src.RunCosts(ctx, q)
	if err != nil {
		return nil, err
	}
	path.Spread = NewRunSpread(runs)
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

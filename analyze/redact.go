package analyze

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"costscope/tracefmt"
)

// A Redactor puts pseudonyms in the place of names, the same for the same name: workflow-1 is the dearest workflow. Kinds, statuses,
// outcomes, days, models and providers stay, unless they are also the name of something else. Text goes. The zero pointer changes nothing.
type Redactor struct {
	pseudonyms map[string]map[string]string // by the word of the dimension
	plain      map[string]bool              // models, providers and the usual roles
}

// NewRedactor returns nil where nothing is to be redacted.
func NewRedactor(on bool) *Redactor {
	if !on {
		return nil
	}
	r := &Redactor{pseudonyms: map[string]map[string]string{}, plain: map[string]bool{}}
	for role := range Roles {
		r.plain[role.String()] = true
	}
	return r
}

// hiddenDims are the dimensions whose names are numbered before anything is shown, by cost.
var hiddenDims = [...]Dim{DimWorkflow, DimAgent, DimStep, DimTool, DimFeature, DimVersion}

// plainDims are the dimensions whose values are no secret.
var plainDims = [...]Dim{DimKind, DimModel, DimProvider, DimStatus, DimOutcome, DimDay}

// Rank numbers names, the dearest first.
func (r *Redactor) Rank(ctx context.Context, src interface {
	Rollup(ctx context.Context, q Query) (*Table, error)
}, q Query) error {
	if r == nil {
		return nil
	}
	for _, d := range slices.Concat(hiddenDims[:], []Dim{DimModel, DimProvider}) {
		q.By = []Dimension{{Dim: d}}
		t, err := src.Rollup(ctx, q)
		if err != nil {
			return err
		}
		for i := range t.Rows {
			if name := t.Rows[i].Path[0]; d == DimModel || d == DimProvider {
				r.plain[name] = true
			} else {
				r.pseudonym(q.By[0].word(), name)
			}
		}
	}
	return nil
}

// word is what a name of the dimension is called.
func (d Dimension) word() string {
	if d.Dim == DimTag {
		return "tag"
	}
	return d.String()
}

func (r *Redactor) pseudonym(word, name string) string {
	if name == "" || name == None {
		return name
	}
	of := r.pseudonyms[word]
	if of == nil {
		of = map[string]string{}
		r.pseudonyms[word] = of
	}
	if of[name] == "" {
		of[name] = fmt.Sprintf("%s-%d", word, len(of)+1)
	}
	return of[name]
}

// known is the pseudonym of a name, whatever it names; "" for none.
func (r *Redactor) known(name string) string {
	for _, word := range slices.Sorted(maps.Keys(r.pseudonyms)) {
		if p := r.pseudonyms[word][name]; p != "" {
			return p
		}
	}
	return ""
}

// Name is a name of a dimension as it may be shown.
func (r *Redactor) Name(d Dimension, name string) string {
	switch {
	case r == nil:
		return name
	case d.Dim == DimRole && r.plain[name], slices.Contains(plainDims[:], d.Dim) && r.known(name) == "":
		return name
	case d.Dim == DimKind || d.Dim == DimStatus || d.Dim == DimOutcome:
		return name
	}
	if d.Dim == DimRunModel {
		d.Dim = DimModel
	}
	return r.pseudonym(d.word(), name)
}

// Any is what a name may be shown as whose dimension is not known: a tool, a model or a step.
func (r *Redactor) Any(name string) string {
	if r == nil || name == "" || name == None {
		return name
	}
	if p := r.known(name); p != "" {
		return p
	}
	if r.plain[name] {
		return name
	}
	return r.pseudonym("name", name)
}

// Text is a text as it may be shown.
func (r *Redactor) Text(s string) string {
	if r == nil {
		return s
	}
	return ""
}

// Dimension is what a dimension may be called: the name of a tag is one.
func (r *Redactor) Dimension(d Dimension) Dimension {
	if r != nil && d.Dim == DimTag {
		d.Tag = r.pseudonym("key", d.Tag)
	}
	return d
}

func (r *Redactor) dimensions(by []Dimension) []Dimension {
	out := slices.Clone(by)
	for i := range out {
		out[i] = r.Dimension(out[i])
	}
	return out
}

// Path is a path as it may be shown.
func (r *Redactor) Path(by []Dimension, path []string) []string {
	out := make([]string, len(path))
	for i, name := range path {
		out[i] = r.Name(by[i], name)
	}
	return out
}

// Source is the path of a file as it may be shown.
func (r *Redactor) Source(path string) string { return r.Name(Dimension{Dim: DimSource}, path) }

// Input is what a report is made of, as it may be shown.
func (r *Redactor) Input(in ReportInput) ReportInput {
	if r == nil {
		return in
	}
	in.Status, in.Query, in.Table = r.status(in.Status), r.query(in.Query), r.table(in.Table)
	if in.Deep != nil {
		in.Deep = r.analysis(in.Deep)
	}
	return in
}

// status keeps numbers; which file is meant is still told apart.
func (r *Redactor) status(st Status) Status {
	st.Sources = slices.Clone(st.Sources)
	for i := range st.Sources {
		s := &st.Sources[i]
		s.Path = r.Source(s.Path)
		if s.Note != "" {
			s.Note = "not all was read (text left out)"
		}
	}
	st.Skips = slices.Clone(st.Skips)
	for i := range st.Skips {
		s := &st.Skips[i]
		s.Path, s.Reason = r.Source(s.Path), "text left out"
	}
	if n := len(st.Warnings); n > 0 {
		st.Warnings = []string{plural(int64(n), "warning") + " of the readers left out, which may hold text of the traces"}
	}
	if st.Table != "" {
		st.Table = r.Source(st.Table)
	}
	if builtin := tracefmt.BuiltinPrices().Source(); st.PriceBook != builtin {
		st.PriceBook = "own prices before: " + builtin
	}
	return st
}

func (r *Redactor) query(q Query) Query {
	q.Where = slices.Clone(q.Where)
	for i := range q.Where {
		p := &q.Where[i]
		if p.Measure != MeasureNone {
			continue
		}
		if p.Op == OpEqual {
			p.Text = r.Name(p.Dimension, p.Text)
		} else {
			p.Text = "text-left-out"
		}
		p.Dimension = r.Dimension(p.Dimension)
	}
	q.By = r.dimensions(q.By)
	return q
}

func (r *Redactor) table(t *Table) *Table {
	out := *t
	out.Rows = slices.Clone(t.Rows)
	for i := range out.Rows {
		out.Rows[i].Path = r.Path(t.By, t.Rows[i].Path)
	}
	out.By = r.dimensions(t.By)
	out.Unpriced = slices.Clone(t.Unpriced)
	for i := range out.Unpriced {
		out.Unpriced[i].Model = r.Name(Dimension{Dim: DimModel}, t.Unpriced[i].Model)
	}
	return &out
}

// analysis changes the names in what the lines of a report tell.
func (r *Redactor) analysis(a *Analysis) *Analysis {
	out := *a
	out.Load.Spikes = slices.Clone(a.Load.Spikes)
	for i := range out.Load.Spikes {
		s := &out.Load.Spikes[i]
		s.Paths = slices.Clone(s.Paths)
		for k := range s.Paths {
			p := &s.Paths[k]
			p.Workflow, p.Agent, p.What = r.Name(Dimension{Dim: DimWorkflow}, p.Workflow), r.Name(Dimension{Dim: DimAgent}, p.Agent), r.Any(p.What)
		}
	}
	out.Value.Flows, out.Models.Flows = r.flows(a.Value.Flows), r.flows(a.Models.Flows)
	out.Flags = r.flags(a.Flags)
	return &out
}

func (r *Redactor) flows(list []Flow) []Flow {
	list = slices.Clone(list)
	for i := range list {
		list[i] = r.flow(list[i])
	}
	return list
}

func (r *Redactor) flow(f Flow) Flow {
	f.Workflow, f.Part = r.Name(Dimension{Dim: DimWorkflow}, f.Workflow), r.Name(Dimension{Dim: DimModel}, f.Part)
	return f
}

// flags changes the names in findings.
func (r *Redactor) flags(list []Flag) []Flag {
	if r == nil {
		return list
	}
	list = slices.Clone(list)
	for i := range list {
		f := &list[i]
		by, path := f.Scope()
		path = r.Path(by, path)
		if f.flows == nil {
			f.Path = path
			continue
		}
		flows := [2]Flow{r.flow(f.flows[0]), r.flow(f.flows[1])}
		f.flows, f.Path, f.Why = &flows, []string{flows[0].name()}, dominatedWhy(&flows)
	}
	return list
}

// path changes the names in the evidence of a path.
func (r *Redactor) path(p *ExportPath) {
	if r == nil {
		return
	}
	p.Path, p.By = r.Path(p.By, p.Path), r.dimensions(p.By)
	p.Note = r.Text(p.Note)
	p.Flags = r.flags(p.Flags)
	for i := range p.Dear {
		c := &p.Dear[i]
		c.Source, c.Step, c.Tool = r.Source(c.Source), r.Name(Dimension{Dim: DimStep}, c.Step), r.Name(Dimension{Dim: DimTool}, c.Tool)
		c.Agent, c.Workflow = r.Name(Dimension{Dim: DimAgent}, c.Agent), r.Name(Dimension{Dim: DimWorkflow}, c.Workflow)
		c.Model = r.Name(Dimension{Dim: DimModel}, c.Model)
		c.Run, c.ID, c.Error = r.Name(Dimension{Dim: DimRun}, c.Run), "", ""
	}
}

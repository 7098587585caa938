package analyze

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// tableSource answers with a table of n workflows, of which the i-th has i+1 calls of a tenth of a cent each.
type tableSource struct {
	n     int
	names *tracefmt.Names
}

func (s tableSource) Status() Status { return Status{} }

func (s tableSource) row(i int) Row {
	r := Row{Path: []string{fmt.Sprintf("w%05d", i)}}
	r.Calls = int64(i + 1)
	r.Cost = tracefmt.USD(i+1) * tracefmt.USD(1e9)
	r.Costs.Add(1e12)
	return r
}

func (s tableSource) Rollup(_ context.Context, q Query) (*Table, error) {
	t := &Table{By: q.By}
	for i := range s.n {
		row := s.row(i)
		if len(q.Where) > 0 && q.Where[0].Text != row.Path[0] {
			continue
		}
		t.Total.Calls += row.Calls
		t.Total.Cost += row.Cost
		if len(q.By) > 0 {
			t.Rows = append(t.Rows, row)
		}
	}
	return t, nil
}

func (s tableSource) RunCosts(context.Context, Query) ([]RunCost, error) { return nil, nil }

func (s tableSource) Digest(_ context.Context, q Query, _ func(done, of int64)) (*Digest, error) {
	return NewDigest(q, s.names, Config{}, nil), nil
}

func (s tableSource) Calls(context.Context, Query, CallOrder, bool, int, int) (CallPage, error) {
	return CallPage{}, nil
}

func (s tableSource) Lines(_ context.Context, refs []tracefmt.SourceRef) ([]int64, error) {
	return make([]int64, len(refs)), nil
}

func TestTenThousandPathsStayReadable(t *testing.T) {
	src := tableSource{10_000, tracefmt.NewNames()}
	var o ExportOptions
	for i := range src.n - 1 { // all but the dearest are marked
		o.Marks.List = append(o.Marks.List, Mark{By: []Dimension{{Dim: DimWorkflow}}, Path: src.row(i).Path, Flagged: true})
	}
	x, err := NewExport(t.Context(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	if !x.ByHand || len(x.Paths) != 10 || x.Others != 9989 {
		t.Fatalf("by hand %v, %d paths in full, %d others", x.ByHand, len(x.Paths), x.Others)
	}
	if x.Paths[0].Path[0] != "w09998" || x.Paths[9].Path[0] != "w09989" {
		t.Errorf("the dearest are %v to %v", x.Paths[0].Path, x.Paths[9].Path)
	}
	// 9990 + ... + 9999 = 99,945; 1 + ... + 9989 = 49,895,055; beyond is 10,000.
	for i, want := range []int64{99_945, 49_895_055, 10_000} {
		lot := []Lot{x.Shown, x.Rest, x.Beyond}[i]
		if lot.Calls != want || lot.Cost != tracefmt.USD(want)*1e9 {
			t.Errorf("lot %d holds %d calls and %v, want %d", i, lot.Calls, lot.Cost, want)
		}
	}
	var b bytes.Buffer
	if err := x.WriteMarkdown(&b, nil, ""); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n > 250 {
		t.Errorf("the report has %d lines", n)
	}
	if !strings.Contains(b.String(), "9,989 more flagged paths") {
		t.Error("the others are not summed")
	}
}

func TestPathsWithinEachOtherCountOnce(t *testing.T) {
	by := []Dimension{{Dim: DimWorkflow}, {Dim: DimAgent}}
	rows := []Row{{Path: []string{"a", "x"}}, {Path: []string{"a", "y"}}, {Path: []string{"b", None}}}
	for i := range rows {
		rows[i].Calls, rows[i].Cost = 1, tracefmt.USD(10*(i+1))
	}
	at := map[Dimension]int{by[0]: 0, by[1]: 1}
	marked := []Mark{{By: by, Path: []string{"a", "x"}}, {By: by[:1], Path: []string{"a"}}, {By: by, Path: []string{"b", ""}}, {By: by[:1], Path: []string{"gone"}}}
	sorted, within := dearestFirst(marked, rows, membership(marked, rows, at))
	var names []string
	for _, m := range sorted {
		names = append(names, strings.Join(m.Path, "/"))
	}
	if got := strings.Join(names, " "); got != "a b/ a/x" { // 30, 30, 10: the shorter of equals first; the last has no call
		t.Errorf("order %q", got)
	}
	if got := fmt.Sprint(within); got != "[[0 2] [0] [1]]" {
		t.Errorf("membership %s", got)
	}
}

func TestNamesAreNoMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"plan":                   "`plan`",
		"a|b":                    "`a\\|b`",
		"`x`":                    "`` `x` ``",
		"a``b":                   "```a``b```",
		"<b>@me":                 "`<b>@me`",
		"x\n# y":                 "`x\uFFFD# y`",
		"a\u202Eb":               "`a\uFFFDb`",
		"[l](http://x)":          "`[l](http://x)`",
		strings.Repeat("n", 200): "`" + strings.Repeat("n", 119) + "…`",
	} {
		if got := code(in, true); got != want {
			t.Errorf("code(%q) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"see http://evil.example and www.evil.example": `> see http:\//evil.example and www\.evil.example`,
		"- item\n1. two\n---":                          "> \\- item  \n> 1\\. two  \n> \\---",
		"<script>alert(1)</script>":                    "> &lt;script&gt;alert(1)&lt;/script&gt;",
		"thank @alice":                                 `> thank \@alice`,
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+x": "'+x", "-x": "'-x", "@x": "'@x", "\t=1": "\uFFFD=1", "a=b": "a=b", "": ""} {
		if got := csvText(in); got != want {
			t.Errorf("csvText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLinksToPicturesAreEscaped(t *testing.T) {
	m := exportWriter{folder: "a (1) 'ü'.files"}
	if got, want := m.link("01-x.svg"), "a%20%281%29%20%27%C3%BC%27.files/01-x.svg"; got != want {
		t.Errorf("link %s, want %s", got, want)
	}
}

func TestLongChainsAreDrawnShort(t *testing.T) {
	c := TopChain{Tries: 30, Total: 300}
	for i := range 30 {
		c.Attempts = append(c.Attempts, ChainAttempt{Number: i + 1, Cost: 10, Accepted: i == 29})
	}
	f := ladderFigure(&Analysis{Chains: []TopChain{c}, names: tracefmt.NewNames()}, nil)
	if len(f.Steps) != 10 {
		t.Fatalf("%d steps", len(f.Steps))
	}
	if s := f.Steps[8]; s.Label != "21 more attempts" || s.From != 80 || s.To != 290 {
		t.Errorf("between: %+v", s)
	}
	if s := f.Steps[9]; s.Role != StepKept || s.To != 300 {
		t.Errorf("last: %+v", s)
	}
	c.Tries, c.Attempts, c.Total = 3, c.Attempts[:3], 30
	if f := ladderFigure(&Analysis{Chains: []TopChain{c}, names: tracefmt.NewNames()}, nil); len(f.Steps) != 3 || f.Steps[2].To != 30 {
		t.Errorf("short chain: %+v", f.Steps)
	}
}

func TestFiguresNeedEvidence(t *testing.T) {
	one := NewRunSpread([]RunCost{{Cost: 5}, {Incomplete: true}})
	if f := costFigure(&one); f != nil {
		t.Error("one run has a distribution")
	}
	free := NewRunSpread([]RunCost{{}, {}, {Cost: 1e12}, {Incomplete: true}})
	f := costFigure(&free)
	if f == nil || f.Free != 2 || f.N != 3 || len(f.Bins) != 1 || f.Bins[0].Low != 1e12 {
		t.Errorf("two of three runs cost nothing: %+v", f)
	}
	if want := "Cost per run: 3 runs · 2 runs cost nothing · 1 run of unknown cost, left out"; f.Title() != want {
		t.Errorf("%q, want %q", f.Title(), want)
	}
	if len(figuresOf(&RunSpread{}, &Analysis{}, nil)) != 0 {
		t.Error("pictures of nothing")
	}
	r := FactorReport{Base: 10, Total: 10}
	if waterfallFigure(&r) != nil {
		t.Error("a waterfall without a fall")
	}
	r.Total, r.Factors[0] = 30, FactorShare{Factor: FactorRetries, Share: 20, Multiple: 3}
	if f := waterfallFigure(&r); len(f.Steps) != 3 || f.Steps[1].From != 10 || f.Steps[1].To != 30 || f.Steps[2].To != 30 {
		t.Errorf("waterfall %+v", f.Steps)
	}
}

// focusRun has a recorded, a computed and an unpriced call, and a tool.
func focusRun(names *tracefmt.Names) *tracefmt.Run {
	model, tool := names.Sym("m"), names.Sym("look")
	rec := func(kind tracefmt.Kind, in, out int64) tracefmt.Call {
		r := &tracefmt.Record{Usage: tracefmt.Usage{Input: in, Output: out}}
		c := tracefmt.Call{Record: r, Kind: kind, IsCall: true, Counted: true, Up: -1}
		if in > 0 {
			r.Has, c.Model = tracefmt.HasInput|tracefmt.HasOutput, model
		} else {
			r.Tool = tool
		}
		return c
	}
	stated, unpriced, look := rec(tracefmt.KindLLM, 300, 10), rec(tracefmt.KindLLM, 7, 1), rec(tracefmt.KindTool, 0, 0)
	stated.Cost, stated.State = 1001, tracefmt.CostRecorded
	unpriced.State = tracefmt.CostUnpriced
	return &tracefmt.Run{ID: "r", Calls: []tracefmt.Call{stated, unpriced, look}}
}

func TestFocusRowsAddUp(t *testing.T) {
	names := tracefmt.NewNames()
	x := NewFocus(Query{}, names, Config{}, nil)
	x.Add(focusRun(names))
	var b bytes.Buffer
	if err := x.WriteCSV(&b, nil); err != nil {
		t.Fatal(err)
	}
	var billed []string
	for _, l := range strings.Split(b.String(), "\r\n")[1:] {
		if l != "" {
			billed = append(billed, l[:strings.IndexByte(l, ',')])
		}
	}
	// The weights are 300*40 and 10*200: 1001 is 858 and 143. What is not known is empty.
	if got, want := strings.Join(billed, "|"), "|0.000000000858||0.000000000143|"; got != want {
		t.Errorf("billed %q, want %q", got, want)
	}
}

// Models that are called as tools are get pseudonyms as the rows come: these must not come in the order of a map.
func TestRedactedFocusIsTheSameEachTime(t *testing.T) {
	names := tracefmt.NewNames()
	x := NewFocus(Query{}, names, Config{}, nil)
	run := &tracefmt.Run{ID: "r"}
	for i := range 12 {
		c := tracefmt.Call{Record: &tracefmt.Record{Usage: tracefmt.Usage{Input: 1}}, Kind: tracefmt.KindLLM, IsCall: true, Counted: true, Up: -1}
		c.Has, c.Model = tracefmt.HasInput, names.Sym(fmt.Sprintf("m%02d", i))
		run.Calls = append(run.Calls, c)
	}
	x.Add(run)
	first := ""
	for range 4 {
		r := NewRedactor(true)
		for i := 11; i >= 0; i-- {
			r.pseudonym("tool", fmt.Sprintf("m%02d", i))
		}
		var b bytes.Buffer
		if err := x.WriteCSV(&b, r); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first || r.Name(Dimension{Dim: DimModel}, "m03") != "model-4" {
			t.Fatalf("m03 is %s of\n%s\nat first\n%s", r.Name(Dimension{Dim: DimModel}, "m03"), b.String(), first)
		}
	}
}

func TestEveryCallHasABasis(t *testing.T) {
	names := tracefmt.NewNames()
	x := NewProver(Query{}, names, Config{}, nil, nil)
	x.Add(focusRun(names))
	want := [Bases]BasisSum{BasisRecorded: {1, 1001}, BasisUnpriced: {1, 0}, BasisNothing: {1, 0}}
	if x.Sums != want {
		t.Errorf("sums %v, want %v", x.Sums, want)
	}
	p := Proof{Sums: x.Sums}
	p.Total.Cost = 1001
	if !p.Agrees() {
		t.Error("1001 is not 1001")
	}
	if p.Total.Cost++; p.Agrees() {
		t.Error("1002 is 1001")
	}
}

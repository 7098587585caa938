package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/spf13/cobra"
)

const explainLong = `Show how a number comes about, down to the pico-dollar. A path (--path, names joined by /, through the
dimensions of --by) is the sum of its calls: how many are recorded, computed, estimated, unbilled or of
unknown cost, and its dearest ones. Without --path it is everything.

A call (--call, by its id, as RUN/ID, or by the FILE:LINE where it stands) shows its source line, the price row
and how it was found, tokens times rate for each class, and which attempt of what it is.

Exit code 1: something does not add up.`

// explainFlags is as typed, beside the flags over traces.
type explainFlags struct{ path, call string }

func explainCommand(a *app, c *cobra.Command) func([]string) error {
	var f explainFlags
	c.Flags().StringVar(&f.path, "path", "", "explain the cell of `PATH`: support-bot/planner")
	c.Flags().StringVar(&f.call, "call", "", "explain one `CALL`: an id, RUN/ID, or FILE:LINE")
	return onTraces(f.fits, func(a *app, j *job) error { return a.explainTraces(j, &f) })(a, c)
}

func (f *explainFlags) fits(j *job) error {
	switch {
	case f.path != "" && f.call != "":
		return wrongUsage("", "--path and --call exclude each other")
	case j.markdown:
		return wrongUsage("", "explain writes text or --json, not --markdown")
	}
	return nil
}

// explainTraces shows how a number comes about.
func (a *app) explainTraces(j *job, f *explainFlags) error {
	s, err := a.readFor(j)
	if err != nil {
		return err
	}
	defer s.Close()
	if f.call != "" {
		return a.explainCall(j, s, f.call)
	}
	p, err := a.provePath(j, s, f.path)
	if err != nil {
		return err
	}
	err = a.write(j.out, func(w io.Writer) error {
		if j.json {
			return p.WriteJSON(w)
		}
		return p.WriteText(w)
	})
	if err == nil && !p.Agrees() {
		return &failure{exitFails, fmt.Errorf("the calls do not add up to the figure"), "costscope verify names the calls that differ"}
	}
	return err
}

// dearestProved is how many calls of a path are listed.
const dearestProved = 10

// provePath adds the calls of a path up.
func (a *app) provePath(j *job, s *openedStore, path string) (*analyze.Proof, error) {
	t, err := s.Rollup(a.ctx, j.query)
	if err != nil {
		return nil, err
	}
	a.noneLeft(j, s.Status(), t.Total.Calls)
	row := &t.Total
	if path != "" {
		if row, err = rowAt(t, path); err != nil {
			return nil, err
		}
	}
	m := analyze.Mark{By: j.query.By[:len(row.Path)], Path: row.Path}
	q := m.In(j.query)
	p := &analyze.Proof{By: m.By, Path: m.Path, Total: *row}
	x, err := a.prover(j, s, q, nil)
	if err != nil {
		return nil, err
	}
	p.Sums = x.Sums
	page, err := s.Calls(a.ctx, q, analyze.ByCost, true, 0, dearestProved)
	if err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(page.Rows, func(r analyze.CallRow) bool { return !r.Basis().Known() })
	p.Dear, err = a.proveCalls(j, s, rows, nil)
	return p, err
}

// prover reads all runs.
func (a *app) prover(j *job, s *openedStore, q analyze.Query, wanted func(*tracefmt.Run, *tracefmt.Call) bool) (*analyze.Prover, error) {
	x := analyze.NewProver(q, s.Names(), s.config, s.shown(j), wanted)
	return x, s.Each(a.ctx, func(r *tracefmt.Run) error {
		x.Add(r)
		return a.ctx.Err()
	})
}

// rowAt finds a row by its names, joined by a slash or as screens show them.
func rowAt(t *analyze.Table, path string) (*analyze.Row, error) {
	var found []*analyze.Row
	var near []string
	for i := range t.Rows {
		r := &t.Rows[i]
		name := strings.Join(r.Path, "/")
		if name == path || strings.Join(r.Path, " ▸ ") == path {
			found = append(found, r)
		}
		near = append(near, name)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, wrongUsage("join the names by \" ▸ \"", "--path: %d paths are written %q", len(found), path)
	}
	hint := "the dearest are: " + strings.Join(near[:min(5, len(near))], ", ")
	if best := nearest(path, near); best != "" {
		hint = "did you mean " + best + "?"
	}
	return nil, wrongUsage(printable(hint), "--path: there is no path %q by %s", path, analyze.FormatBy(t.By))
}

// proveCalls adds to calls where they stand and how their prices were found.
func (a *app) proveCalls(j *job, s *openedStore, rows []analyze.CallRow, attempts [][]string) ([]analyze.CallProof, error) {
	refs := make([]tracefmt.SourceRef, len(rows))
	for i := range rows {
		refs[i] = rows[i].Src
	}
	lines, err := s.Lines(a.ctx, refs)
	if err != nil {
		return nil, err
	}
	list := make([]analyze.CallProof, len(rows))
	for i, r := range rows {
		list[i] = analyze.CallProof{DearCall: analyze.DearCall{CallRow: r, Line: lines[i]}, AsOf: j.book.AsOf()}
		if r.Kind.IsModel() {
			_, list[i].Found = j.book.Match(r.Provider, r.Model)
		}
		if attempts != nil {
			list[i].Attempts = attempts[i]
		}
	}
	return list, nil
}

// mostProved bounds the calls that one id or line may mean.
const mostProved = 20

// explainCall shows the calls with an id, or at a line.
func (a *app) explainCall(j *job, s *openedStore, call string) error {
	x, err := a.prover(j, s, analyze.Query{}, func(r *tracefmt.Run, c *tracefmt.Call) bool {
		return c.ID == call || len(call) == len(r.ID)+1+len(c.ID) && call == r.ID+"/"+c.ID
	})
	if err != nil {
		return err
	}
	if file, line, ok := fileLine(call); ok && len(x.Found) == 0 {
		if x, err = a.callsAt(j, s, file, line); err != nil {
			return err
		}
	}
	if len(x.Found) == 0 {
		return wrongUsage("costscope explain --path PATH lists calls with their ids and lines", "--call: there is no call %q", call)
	}
	var rows []analyze.CallRow
	var attempts [][]string
	for _, f := range x.Found[:min(len(x.Found), mostProved)] {
		row, err := s.Call(a.ctx, f.Ref)
		if err != nil {
			return err
		}
		rows, attempts = append(rows, row), append(attempts, f.Attempts)
	}
	proofs, err := a.proveCalls(j, s, rows, attempts)
	if err != nil {
		return err
	}
	if n := len(x.Found) - len(rows); n > 0 && !j.quiet {
		fmt.Fprintf(a.err, "costscope: %s more of that id or line are left out\n", analyze.Count(int64(n)))
	}
	return a.write(j.out, func(w io.Writer) error { return writeProofs(w, proofs, j.json) })
}

func writeProofs(w io.Writer, list []analyze.CallProof, asJSON bool) error {
	if asJSON {
		return analyze.WriteCallProofs(w, list)
	}
	for i := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := list[i].WriteText(w); err != nil {
			return err
		}
	}
	return nil
}

// fileLine reads FILE:LINE.
func fileLine(s string) (file string, line int64, ok bool) {
	at := strings.LastIndexByte(s, ':')
	if at <= 0 {
		return "", 0, false
	}
	line, err := strconv.ParseInt(s[at+1:], 10, 64)
	return s[:at], line, err == nil && line > 0
}

// callsAt finds the calls of the record at a line of a file.
func (a *app) callsAt(j *job, s *openedStore, file string, line int64) (*analyze.Prover, error) {
	full, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	var refs []tracefmt.SourceRef
	_, err = a.prover(j, s, analyze.Query{}, func(_ *tracefmt.Run, c *tracefmt.Call) bool {
		if path := s.SourcePath(c.Src.Source); path == full || j.inputs.shown(path) == file {
			refs = append(refs, c.Src)
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	lines, err := s.Lines(a.ctx, refs)
	if err != nil {
		return nil, err
	}
	here := map[tracefmt.SourceRef]bool{}
	for i, n := range lines {
		if n == line {
			here[refs[i]] = true
		}
	}
	return a.prover(j, s, analyze.Query{}, func(_ *tracefmt.Run, c *tracefmt.Call) bool { return here[c.Src] })
}

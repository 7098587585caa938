package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"costscope/analyze"
	"costscope/analyze/picture"
	"costscope/tracefmt"
	"costscope/tui"

	"github.com/spf13/cobra"
)

const exportLong = `Write the flagged paths to a markdown report that reads well on a code host and in a wiki: the four
answers first, then each path with what it costs, why it is flagged, the evidence, the dearest calls
with file and line, and notes; last, how the numbers were made. Paths flagged in the explorer (space)
are taken; where none is, those that the analysis flags, the most money first.

With -o FILE, pictures (SVG) lie beside the report in the folder FILE without its extension + ".files";
on standard output, and with --no-pictures, tables stand in their place.

--csv and --json write the table of --by instead, --focus the FinOps FOCUS columns: a row for each day,
provider, model, workflow, agent and kind of token. The rows add up to the total exactly; a cost that is
not known is empty, not 0. --redact puts pseudonyms (workflow-1, agent-2, dearest first) in the place of
names, users and files, and leaves text out; models, providers and numbers stay.

The same input gives the same bytes.`

// exportFlags is as typed, beside the flags over traces.
type exportFlags struct {
	csv, focus, redact, noPictures bool
	paths                          int
}

func exportCommand(a *app, c *cobra.Command) func([]string) error {
	var x exportFlags
	s := c.Flags()
	s.BoolVar(&x.redact, "redact", false, "pseudonyms in the place of names, users and files, and no text")
	s.BoolVar(&x.noPictures, "no-pictures", false, "tables in the place of pictures")
	s.IntVar(&x.paths, "paths", analyze.DefaultFullPaths, "show `N` paths in full; the others are summed")
	s.BoolVar(&x.csv, "csv", false, "write the table of --by as CSV")
	s.BoolVar(&x.focus, "focus", false, "write the FinOps FOCUS columns as CSV")
	return onTraces(x.fits, func(a *app, j *job) error { return a.exportTraces(j, &x) })(a, c)
}

// fits refuses flags that exclude each other.
func (x *exportFlags) fits(j *job) error {
	forms := 0
	for _, on := range []bool{x.csv, x.focus, j.json, j.markdown} {
		if on {
			forms++
		}
	}
	switch {
	case forms > 1:
		return wrongUsage("", "--csv, --focus, --json and --markdown exclude each other")
	case x.paths < 1:
		return wrongUsage("", "--paths %d: at least one path is shown", x.paths)
	}
	return nil
}

// exportTraces writes what was asked for.
func (a *app) exportTraces(j *job, f *exportFlags) error {
	s, err := a.readFor(j)
	if err != nil {
		return err
	}
	defer s.Close()
	switch {
	case f.focus:
		return a.exportFocus(j, s, f)
	case f.csv || j.json:
		return a.exportTable(j, s, f)
	}
	return a.exportReport(j, s, f)
}

// exportTable writes the table of --by.
func (a *app) exportTable(j *job, s *openedStore, f *exportFlags) error {
	in, err := s.reportInput(a.ctx, j)
	if err != nil {
		return err
	}
	a.noneLeft(j, s.Status(), in.Table.Total.Calls)
	names := analyze.NewRedactor(f.redact)
	if err := names.Rank(a.ctx, s, j.query); err != nil {
		return err
	}
	t := analyze.NewTableExport(names.Input(in))
	return a.write(j.out, func(w io.Writer) error {
		if f.csv {
			return t.WriteCSV(w)
		}
		return t.WriteJSON(w)
	})
}

// exportFocus writes the FOCUS columns.
func (a *app) exportFocus(j *job, s *openedStore, f *exportFlags) error {
	names := analyze.NewRedactor(f.redact)
	if err := names.Rank(a.ctx, s, j.query); err != nil {
		return err
	}
	x := analyze.NewFocus(j.query, s.Names(), s.config, s.shown(j))
	err := s.Each(a.ctx, func(r *tracefmt.Run) error {
		x.Add(r)
		return a.ctx.Err()
	})
	if err != nil {
		return err
	}
	return a.write(j.out, func(w io.Writer) error { return x.WriteCSV(w, names) })
}

// exportReport writes the markdown report, with pictures beside it where it is a file.
func (a *app) exportReport(j *job, s *openedStore, f *exportFlags) error {
	x, err := s.export(a.ctx, j, analyze.ExportOptions{Full: f.paths, Redact: f.redact})
	if err != nil {
		return err
	}
	a.noneLeft(j, s.Status(), x.Report.Totals.Calls)
	if j.out == "" || j.out == "-" {
		return a.write("", func(w io.Writer) error { return x.WriteMarkdown(w, nil, "") })
	}
	_, why, err := a.writeExport(j.out, x, !f.noPictures)
	if why != nil && !j.quiet {
		fmt.Fprintln(a.err, "costscope: "+printable(why.Error())+"; a table stands in its place")
	}
	return err
}

// export finds what goes into a report of the flagged paths.
func (s *openedStore) export(ctx context.Context, j *job, o analyze.ExportOptions) (x *analyze.Export, err error) {
	if o.ReportInput, err = s.reportInput(ctx, j); err != nil {
		return nil, err
	}
	if o.Marks, err = s.Marks(ctx); err != nil {
		return nil, err
	}
	return analyze.NewExport(ctx, s, o)
}

// writeExport writes a report and its pictures, which come first: a report that can be seen is complete. why is why a picture could not
// be drawn.
func (a *app) writeExport(path string, x *analyze.Export, pictures bool) (drawn int, why, err error) {
	var list map[analyze.Figure]analyze.Picture
	folder := picturesOf(path)
	if info, err := os.Stat(path); err == nil && info.IsDir() { // before there are pictures of a report that cannot be
		return 0, nil, unwritten(path, &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR})
	}
	if pictures {
		list, why = x.Draw(picture.SVG)
	}
	if err := writePictures(folder, x, list); err != nil {
		return 0, why, unwritten(folder, err)
	}
	err = a.write(path, func(w io.Writer) error { return x.WriteMarkdown(w, list, filepath.Base(folder)) })
	return len(list), why, err
}

// picturesOf is the folder of a report's pictures.
func picturesOf(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".files"
}

// pictureName is what our pictures are called.
var pictureName = regexp.MustCompile(`^\d{2,}-[a-z-]+\.svg$`)

// writePictures fills a folder with pictures, and takes those of an earlier report out.
func writePictures(folder string, x *analyze.Export, list map[analyze.Figure]analyze.Picture) error {
	if len(list) > 0 {
		if err := os.Mkdir(folder, 0o777); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	keep := map[string]bool{}
	err := x.EachPicture(list, func(p analyze.Picture) error {
		keep[p.Name] = true
		return replace(filepath.Join(folder, p.Name), 0, func(w io.Writer) error {
			_, err := w.Write(p.Body)
			return err
		})
	})
	if err != nil {
		return err
	}
	old, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range old {
		if !keep[e.Name()] && pictureName.MatchString(e.Name()) && e.Type().IsRegular() {
			err = errors.Join(err, os.Remove(filepath.Join(folder, e.Name())))
		}
	}
	return err
}

// An exported source makes reports of the flagged paths.
type exported interface {
	export(ctx context.Context, j *job, o analyze.ExportOptions) (*analyze.Export, error)
}

// exporter writes reports for the explorer.
func (a *app) exporter(j *job, s exported) func(context.Context, tui.ExportJob) (tui.Exported, error) {
	return func(ctx context.Context, want tui.ExportJob) (done tui.Exported, err error) {
		file := a.underHome(want.File)
		if err := j.inputs.refuseOutput(file); err != nil {
			return done, err
		}
		if _, err := os.Lstat(file); err == nil && !want.Overwrite {
			return done, tui.ErrExists
		}
		own := *j
		own.query = want.Query
		x, err := s.export(ctx, &own, analyze.ExportOptions{Progress: want.Progress})
		if err != nil {
			return done, err
		}
		done = tui.Exported{File: want.File, Paths: len(x.Paths), Others: x.Others, ByHand: x.ByHand}
		var why error
		if done.Pictures, why, err = a.writeExport(file, x, true); why != nil {
			done.Lacking = why.Error()
		}
		return done, err
	}
}

// underHome is a path as a shell would have it.
func (a *app) underHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && a.getenv("HOME") != "" {
		return filepath.Join(a.getenv("HOME"), rest)
	}
	return path
}

// reportInput asks the store what a report is made of.
func (s *openedStore) reportInput(ctx context.Context, j *job) (in analyze.ReportInput, err error) {
	in = analyze.ReportInput{Version: version(), Status: s.Status(), Query: j.query, TZ: j.zone}
	for _, l := range j.inputs.leftOut() {
		in.Status.Warnings = append(in.Status.Warnings, l+" (left out)")
	}
	if err := fillReport(ctx, s, &in); err != nil {
		return in, err
	}
	in.First, in.Last, err = s.span(ctx, j)
	return in, err
}

// fillReport asks what a report is made of, but for the span of time.
func fillReport(ctx context.Context, s tui.Source, in *analyze.ReportInput) (err error) {
	if in.Table, err = s.Rollup(ctx, in.Query); err != nil {
		return err
	}
	if in.Runs, err = s.RunCosts(ctx, in.Query); err != nil {
		return err
	}
	digest, err := s.Digest(ctx, in.Query, nil)
	if err != nil {
		return err
	}
	in.Deep = digest.Result(ctx, in.Table)
	return nil
}

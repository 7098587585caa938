package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// maxPriceFile bounds what is read as a price file.
const maxPriceFile = 64 << 20

// importPrices makes a price book of a public price file, and says what it changes beside the book in force.
func (a *app) importPrices(args []string, f *pricesFlags, base *tracefmt.PriceBook) error {
	if len(args) != 1 {
		return wrongUsage("usage: costscope prices import FILE -o prices.json", "prices import needs one file: LiteLLM's model map or the data of genai-prices")
	}
	if f.out == "-" || f.out != "" && sameFile(f.out, args[0]) {
		return wrongUsage("", "-o must be another file")
	}
	info, err := os.Stat(args[0])
	if err == nil && info.Size() > maxPriceFile {
		err = errors.New("larger than 64 MiB: that is no price file")
	}
	if err != nil {
		return nothingRead("name LiteLLM's model map or the data of genai-prices, saved as a file", "prices import: %w", err)
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return nothingRead("", "prices import: %w", err)
	}
	asOf := info.ModTime().UTC()
	if f.at != "" {
		ns, err := analyze.ParseTime(f.at, a.now(), nil)
		if err != nil {
			return wrongUsage("", "--at: %w", err)
		}
		asOf = time.Unix(0, ns).UTC()
	}
	in, err := tracefmt.ImportPrices(text, asOf.Format(time.DateOnly), "imported from "+filepath.Base(args[0]))
	if err != nil {
		return nothingRead("LiteLLM's model map and the data of genai-prices can be read", "prices import %s: %w", args[0], err)
	}
	if f.out != "" {
		if err := a.write(f.out, func(w io.Writer) error { _, err := w.Write(append(in.Book, '\n')); return err }); err != nil {
			return err
		}
	}
	return a.write("", func(w io.Writer) error { return showImport(w, in, base, f.out) })
}

// maxChanges bounds the rows that are shown.
const maxChanges = 200

// showImport says what a book changes beside the one in force.
func showImport(w io.Writer, in *tracefmt.ImportedPrices, base *tracefmt.PriceBook, file string) error {
	own, err := tracefmt.ReadPrices(strings.NewReader(string(in.Book)))
	if err != nil {
		return err
	}
	var changed []string
	var cells strings.Builder
	table := tabwriter.NewWriter(&cells, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "provider\tmodel\trate\twas\tnow\tchange")
	changes := 0
	fresh, same := 0, 0
	for _, row := range in.Rows {
		now, _ := own.Match(row.Provider, row.Model)
		was, _ := base.Match(row.Provider, row.Model)
		switch diff := analyze.RateChanges(was, now, 0); {
		case was == nil:
			fresh++
		case len(diff) == 0:
			same++
		default:
			changes++
			for _, c := range diff {
				old, new, by := c.Cells()
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", row.Provider, row.Model, c.Name, old, new, by)
			}
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if changes > 0 {
		changed = strings.Split(strings.TrimSuffix(cells.String(), "\n"), "\n")
		for i, line := range changed {
			changed[i] = strings.TrimRight(line, " ")
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, as of %s: %d changed, %d new, %d the same; %s left out\n", in.Kind, count(int64(len(in.Rows)), "model"), own.AsOf(), changes, fresh, same,
		analyze.Count(int64(len(in.LeftOut))))
	listSome(&b, "changed, USD per million tokens", changed)
	var out []string
	for _, l := range in.LeftOut {
		if l.Why != "no price per token" {
			out = append(out, l.Name+": "+l.Why)
		}
	}
	var fields []string
	for _, f := range in.Ignored {
		fields = append(fields, f.Name+": "+count(f.Models, "model"))
	}
	listSome(&b, "rates that a trace's tokens cannot be priced by, not taken over", fields)
	listSome(&b, "left out, beside those without a price per token", out)
	if file == "" {
		b.WriteString("\nnothing is written: add -o FILE for a book that --prices reads\n")
	} else {
		fmt.Fprintf(&b, "\n%s is written: use it with --prices %s\n", file, file)
	}
	_, err = io.WriteString(w, printable(b.String()))
	return err
}

func listSome(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n" + title + ":\n")
	for i, l := range lines {
		if i == maxChanges {
			fmt.Fprintf(b, "  and %d more\n", len(lines)-i)
			return
		}
		b.WriteString("  " + l + "\n")
	}
}

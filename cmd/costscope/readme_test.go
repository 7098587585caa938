package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costscope/tracefmt"
	"costscope/tui"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// generated are the parts of the README that are written from tables, by the name of their marks.
var generated = map[string]func() string{
	"commands": commandsMarkdown,
	"flags":    flagsMarkdown,
	"formats":  formatsMarkdown,
	"keys":     tui.KeysMarkdown,
}

// TestReadme compares the generated parts with the tables; -update writes them.
func TestReadme(t *testing.T) {
	for name, table := range generated {
		if is, want := readmePart(t, name), table(); is != want {
			t.Errorf("README.md: %s differs from the table in the code; go test ./cmd/costscope -run TestReadme -update\ngot:\n%s\nwant:\n%s", name, is, want)
			updateReadme(t, name, want)
		}
	}
}

// readme is the README cut at the marks of a part.
func readme(t *testing.T, part string) (before, is, after string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), "<!-- "+part+" -->\n")
	is, after, ok2 := strings.Cut(rest, "<!-- /"+part+" -->")
	if !ok || !ok2 {
		t.Fatalf("README.md has no marks for %s", part)
	}
	return before, is, after
}

func readmePart(t *testing.T, part string) string {
	t.Helper()
	_, is, _ := readme(t, part)
	return is
}

// updateReadme writes a part anew under -update.
func updateReadme(t *testing.T, part, text string) {
	t.Helper()
	if !*update {
		return
	}
	before, _, after := readme(t, part)
	text = before + "<!-- " + part + " -->\n" + text + "<!-- /" + part + " -->" + after
	if err := os.WriteFile(filepath.Join(top, "README.md"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func commandsMarkdown() string {
	var b strings.Builder
	b.WriteString("| command | what it does |\n|---|---|\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "| `costscope %s` | %s |\n", c.use, cell(c.short))
	}
	return b.String()
}

func flagsMarkdown() string {
	var c cobra.Command
	var f traceFlags
	f.register(&c)
	var b strings.Builder
	b.WriteString("| flag | meaning |\n|---|---|\n")
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value, text := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			text += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, cell(text))
	})
	return b.String()
}

func formatsMarkdown() string {
	var b strings.Builder
	b.WriteString("| `--format` | what it is | " + strings.Join(tracefmt.FactNames[:], " | ") + " | |\n|---|---|" + strings.Repeat("---|", len(tracefmt.FactNames)+1) + "\n")
	for _, f := range tracefmt.Readable() {
		words := f.Tells()
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, cell(f.Title), strings.Join(words[:], " | "), cell(f.Note))
	}
	return b.String()
}

// cell makes text safe for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

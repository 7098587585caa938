package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costscope/tracefmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// generated are the parts of the README that are written from tables, by the name of their marks.
var generated = map[string]func() string{
	"commands": commandsMarkdown,
	"flags":    flagsMarkdown,
	"formats":  formatsMarkdown,
}

// TestReadme compares the generated parts with the tables; -update writes them.
func TestReadme(t *testing.T) {
	path := filepath.Join(top, "README.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for name, make := range generated {
		before, rest, ok := strings.Cut(text, "<!-- "+name+" -->\n")
		is, after, ok2 := strings.Cut(rest, "<!-- /"+name+" -->")
		if !ok || !ok2 {
			t.Fatalf("README.md has no marks for %s", name)
		}
		want := make()
		if is != want {
			t.Errorf("README.md: %s differs from the table in the code; go test ./cmd/costscope -run TestReadme -update\ngot:\n%s\nwant:\n%s", name, is, want)
		}
		text = before + "<!-- " + name + " -->\n" + want + "<!-- /" + name + " -->" + after
	}
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
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
	b.WriteString("| `--format` | what it is | what it tells |\n|---|---|---|\n")
	for _, f := range tracefmt.Formats[1:] {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, cell(f.Title), cell(f.Tells))
	}
	return b.String()
}

// cell makes text safe for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"costscope/tracefmt"

	"github.com/spf13/cobra"
)

const completionLong = `Print a script that completes commands, flags and files. Add to the shell's start-up file:
  bash        source <(costscope completion bash)
  zsh         source <(costscope completion zsh); compdef _costscope costscope
  fish        costscope completion fish | source
  powershell  costscope completion powershell | Out-String | Invoke-Expression`

// formatNames are the names that --format takes.
func formatNames() []string {
	var names []string
	for _, f := range tracefmt.Readable() {
		names = append(names, f.Name)
	}
	return names
}

func formatsCommand(a *app, c *cobra.Command) func([]string) error {
	trace := c.Flags().String("map-for", "", "begin a mapping for the `TRACE`, which --map takes: its keys, and what they look like")
	return func(args []string) error {
		if *trace != "" {
			return a.startMap(*trace, args)
		}
		if len(args) > 0 {
			return a.describeFormats(args)
		}
		return a.write("", listFormats)
	}
}

// startMap prints the beginning of a mapping.
func (a *app) startMap(trace string, args []string) error {
	if len(args) > 0 {
		return wrongUsage("usage: costscope formats --map-for TRACE", "--map-for takes one trace and no format")
	}
	text, err := tracefmt.StartMap(trace, a.in)
	if err != nil {
		return err
	}
	return a.write("", func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

const formatsLong = `List the trace formats that can be read, and what each tells of its calls; with NAME, one of them in
full. With --map-for, print the beginning of a mapping for a trace that no format knows.`

const formatsNote = `
What each tells of its calls: yes, some (of the calls, or in some versions), or - for nothing. What a trace does not tell is shown as
unknown, never as 0. costscope formats NAME says more. The format is detected; --format NAME sets it. gzip and zstd are recognised.
Anything else is read by a mapping: costscope formats --map-for FILE begins one, --map FILE uses it.
`

// listFormats writes the table of formats.
func listFormats(w io.Writer) error {
	width := 0
	for _, f := range tracefmt.Readable() {
		width = max(width, len(f.Name))
	}
	fmt.Fprintf(w, "%-*s  %s\n", width, "", strings.Join(tracefmt.FactNames[:], "  "))
	for _, f := range tracefmt.Readable() {
		fmt.Fprintf(w, "%-*s", width, f.Name)
		for i, word := range f.Tells() {
			fmt.Fprintf(w, "  %-*s", len(tracefmt.FactNames[i]), word)
		}
		fmt.Fprintf(w, "  %s\n", f.Title)
	}
	_, err := io.WriteString(w, formatsNote)
	return err
}

// describeFormats says what the named formats tell.
func (a *app) describeFormats(names []string) error {
	return a.write("", func(w io.Writer) error {
		for i, name := range names {
			n, ok := tracefmt.FormatByName(name)
			if !ok {
				return wrongUsage("formats: "+strings.Join(formatNames(), ", "), "there is no format %q", name)
			}
			f := tracefmt.Formats[n]
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s  %s\n", f.Name, f.Title)
			for k, word := range f.Tells() {
				fmt.Fprintf(w, "  %-9s %s\n", tracefmt.FactNames[k], word)
			}
			if f.Note != "" {
				fmt.Fprintln(w, indent(f.Note, 2))
			}
		}
		return nil
	})
}

// indent breaks text into lines of at most 100 columns that begin with by blanks.
func indent(text string, by int) string {
	var b strings.Builder
	at := 0
	for _, word := range strings.Fields(text) {
		switch n := utf8.RuneCountInString(word); {
		case at == 0 || at+1+n > 100:
			if at > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(strings.Repeat(" ", by) + word)
			at = by + n
		default:
			b.WriteString(" " + word)
			at += 1 + n
		}
	}
	return b.String()
}

// built is set by the linker to the version of a release.
var built string

// version is the release, else the commit that the Go tool recorded.
func version() string {
	if built != "" {
		return built
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel"
}

func versionCommand(a *app, _ *cobra.Command) func([]string) error {
	return func([]string) error {
		return a.write("", func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "costscope %s\n", version())
			return err
		})
	}
}

// shells are what completion can be written for.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) }},
	{"zsh", (*cobra.Command).GenZshCompletion},
	{"fish", func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

func completionCommand(a *app, c *cobra.Command) func([]string) error {
	for _, s := range shells {
		c.ValidArgs = append(c.ValidArgs, s.name)
	}
	return func(args []string) error {
		for _, s := range shells {
			if s.name == args[0] {
				return a.write("", func(w io.Writer) error { return s.write(c.Root(), w) })
			}
		}
		return wrongUsage("use bash, zsh, fish or powershell", "there is no completion for %q", args[0])
	}
}

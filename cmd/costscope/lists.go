package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"text/tabwriter"

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
	for _, f := range tracefmt.Formats[1:] {
		names = append(names, f.Name)
	}
	return names
}

func formatsCommand(a *app, _ *cobra.Command) func([]string) error {
	return func([]string) error {
		return a.write("", func(w io.Writer) error {
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "NAME\tFORMAT\tWHAT IT TELLS")
			for _, f := range tracefmt.Formats[1:] {
				fmt.Fprintf(t, "%s\t%s\t%s\n", f.Name, f.Title, f.Tells)
			}
			return t.Flush()
		})
	}
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

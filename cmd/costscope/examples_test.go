package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// called is a call of costscope in text: what stands behind the name, up to where a shell or prose ends it.
var called = regexp.MustCompile("(?m)costscope ([a-z]+)((?: +(?:'[^'\n]*'|\"[^\"\n]*\"|[^ `\n|&;>#]+))*)")

var longFlag = regexp.MustCompile(`(?:^|\s)(--[a-z-]+)`)

// TestExamplesNameFlagsThatExist: README, help pages and examples call no command and no flag that is not there.
func TestExamplesNameFlagsThatExist(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	root := (&app{}).root()
	texts := map[string]string{"README.md": string(b), "costscope help": root.Long}
	for _, c := range commands {
		texts[c.name()+" --help"] = c.long + "\n" + c.example
		if c.short == "" || c.long == "" || c.max != 0 && c.example == "" {
			t.Errorf("%s lacks a description or examples", c.name())
		}
	}
	checked := 0
	for where, text := range texts {
		for _, m := range called.FindAllStringSubmatch(text, -1) {
			checked += exampleFits(t, where, root, m)
		}
	}
	if checked < 60 {
		t.Errorf("%d examples were found", checked)
	}
}

// exampleFits checks one call; it counts those that name a command.
func exampleFits(t *testing.T, where string, root *cobra.Command, m []string) int {
	t.Helper()
	if !isCommand(m[1]) || m[1] == "help" {
		return 0
	}
	c, _, err := root.Find([]string{m[1]})
	if err != nil {
		t.Errorf("%s: %s: %v", where, m[0], err)
		return 1
	}
	c.InitDefaultHelpFlag()
	for _, f := range longFlag.FindAllStringSubmatch(m[2], -1) {
		if c.Flags().Lookup(strings.TrimPrefix(f[1], "--")) == nil {
			t.Errorf("%s: costscope %s has no %s: %s", where, m[1], f[1], m[0])
		}
	}
	return 1
}

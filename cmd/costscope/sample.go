package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"costscope/sample"

	"github.com/spf13/cobra"
)

// sampleFlags are as typed.
type sampleFlags struct {
	scenario string
	seed     uint64
	runs     int
	out      string
	truth    string
	demo     bool
}

// sampleLong names the scenarios.
func sampleLong() string {
	var b strings.Builder
	b.WriteString("Write costscope JSONL of invented runs. The same scenario, seed and number of runs give the same\n" +
		"bytes on every machine, and what a right analysis must find in them is known: --truth writes it.\n\nScenarios:\n")
	for _, s := range sample.Scenarios {
		fmt.Fprintf(&b, "  %s: %d runs, %d days\n%s\n", s.Name, s.Runs, s.Days, indent(s.Story, 6))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func sampleCommand(a *app, c *cobra.Command) func([]string) error {
	var f sampleFlags
	s := c.Flags()
	s.SortFlags = false
	s.StringVar(&f.scenario, "scenario", sample.DemoName, "what happens in the trace: `NAME` of a scenario above")
	s.Uint64Var(&f.seed, "seed", 1, "`N` that the runs are drawn from")
	s.IntVar(&f.runs, "runs", 0, "`N` runs (default: the scenario's)")
	s.StringVarP(&f.out, "output", "o", "", "write to `FILE`, which appears only when complete")
	s.StringVar(&f.truth, "truth", "", "write the right answers to `FILE` as JSON")
	s.BoolVar(&f.demo, "demo", false, "the shipped demo: scenario, seed and runs are fixed")
	var names []string
	for _, sc := range sample.Scenarios {
		names = append(names, sc.Name)
	}
	completes(c, "scenario", names)
	return func([]string) error {
		if err := f.check(c); err != nil {
			return err
		}
		return a.sample(f)
	}
}

// check refuses values that mean nothing.
func (f *sampleFlags) check(c *cobra.Command) error {
	if f.demo {
		for _, name := range []string{"scenario", "seed", "runs"} {
			if c.Flags().Changed(name) {
				return wrongUsage("", "--demo fixes the scenario, seed and runs: leave out --%s", name)
			}
		}
		f.scenario, f.seed = sample.DemoName, sample.DemoSeed
	}
	if f.runs < 0 || f.runs == 0 && c.Flags().Changed("runs") {
		return wrongUsage("", "--runs must be at least 1")
	}
	return nil
}

// sample writes the trace and, where asked for, the truth about it.
func (a *app) sample(f sampleFlags) error {
	var truth sample.Truth
	err := a.write(f.out, func(w io.Writer) (err error) {
		truth, err = sample.Generate(w, f.scenario, f.seed, f.runs)
		return err
	})
	if errors.Is(err, sample.ErrUnknownScenario) {
		return wrongUsage("", "--scenario: %w", err)
	}
	if err != nil || f.truth == "" {
		return err
	}
	return a.write(f.truth, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(truth)
	})
}

package main

import (
	"errors"
	"io"
	"slices"

	"costscope/analyze"

	"github.com/spf13/cobra"
)

const diffLong = `Explain the change in spend from one trace to another. The change of every path (--by) is divided into
volume (more or fewer runs), mix (a larger or smaller part of them takes the path) and unit cost
(a run is dearer there); the change as a whole into its drivers: runs, operations per run, attempts
per operation, tokens per attempt, cost per token (prices, models, cache), new and retired paths.
The parts add up to the change exactly. A change of unit cost that may be chance is called so.

OLD and NEW are each a file, a directory, a glob, a store, or - for standard input.

--fail CONDITION makes it a gate: NAME>NUMBER, also with >=, < and <=. Names: growth (of the cost per
run: 0.10 is 10 %), total_growth, change, volume, mix, unit (USD), new, retired (paths), dearer (paths
whose unit cost has risen significantly).

Exit codes: 0 no condition holds · 1 one does · 2 one cannot be told, also because calls of unknown
cost could decide it · 3 nothing could be read · 4 wrong usage.`

// diffFlags is as typed, beside the flags over traces.
type diffFlags struct {
	fail []string

	conditions []analyze.Condition
}

func diffCommand(a *app, c *cobra.Command) func([]string) error {
	var d diffFlags
	var f traceFlags
	c.Flags().StringArrayVar(&d.fail, "fail", nil, "exit with 1 if `CONDITION` holds, as in growth>0.10 (repeatable)")
	f.register(c)
	return func(args []string) error {
		sides, err := a.sides(&f, args)
		if err != nil {
			return err
		}
		for _, s := range d.fail {
			c, err := analyze.ParseCondition(s)
			if err != nil {
				return wrongUsage("", "--fail: %w", err)
			}
			d.conditions = append(d.conditions, c)
		}
		return a.diff(sides, &d)
	}
}

// sides makes a job of each TRACE.
func (a *app) sides(f *traceFlags, args []string) (sides [2]*job, err error) {
	if args[0] == "-" && args[1] == "-" {
		return sides, wrongUsage("", "only one of OLD and NEW can be standard input")
	}
	for i := range sides {
		j := &job{traceFlags: *f, inputs: inputs{args: args[i : i+1], verdicts: slices.Clone(f.outcomes)}}
		if err := j.check(fitsDiff, a.now()); err != nil {
			return sides, err
		}
		sides[i] = j
	}
	for _, j := range sides {
		if err := a.find(&j.inputs, ""); err != nil {
			return sides, err
		}
		if err := j.inputs.refuseOutput(j.out); err != nil {
			return sides, err
		}
	}
	return sides, nil
}

func fitsDiff(j *job) error {
	if j.traceFlags.store != "" {
		return wrongUsage("OLD and NEW may each be a store: costscope diff old.db new.db", "diff reads two traces: --store has no meaning")
	}
	return nil
}

// diff compares two traces, one opened after the other: they may be one.
func (a *app) diff(sides [2]*job, d *diffFlags) error {
	var surveys [2]*analyze.Survey
	for i, j := range sides {
		var err error
		if surveys[i], err = a.surveySide(j); err != nil {
			return err
		}
	}
	r := analyze.NewComparisonReport(a.ctx, surveys[0], surveys[1])
	if err := a.ctx.Err(); err != nil {
		return err
	}
	r.Prices = sides[1].priceInfo()
	r.OldSubject, r.NewSubject = sides[0].title(), sides[1].subject()
	r.Judge(d.conditions)
	j := sides[1]
	if err := a.write(j.out, func(w io.Writer) error { return j.print(w, r) }); err != nil {
		return err
	}
	return diffFailure(r)
}

// surveySide reads one side.
func (a *app) surveySide(j *job) (*analyze.Survey, error) {
	s, err := a.read(j)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Survey(a.ctx, j.query)
}

// diffFailure is nil where no condition holds.
func diffFailure(r *analyze.ComparisonReport) error {
	var unknown error
	for _, c := range r.Conditions {
		switch {
		case c.Holds:
			return &failure{exitFails, errors.New("diff: " + c.Text + " holds"), ""}
		case !c.Known:
			unknown = &failure{exitTooLittle, errors.New("diff: " + c.Text + " cannot be told"), ""}
		}
	}
	return unknown
}

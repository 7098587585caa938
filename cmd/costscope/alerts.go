package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"costscope/analyze"

	"github.com/spf13/cobra"
)

// alertFlags is what tail takes to tell when something goes wrong.
type alertFlags struct {
	budget, runBudget, hook string
	alerts, bell            bool
}

func (f *alertFlags) register(c *cobra.Command) {
	s := c.Flags()
	s.StringVar(&f.budget, "budget", "", "alert when `USD[/PERIOD]` burns too fast or is spent: 20/day, 3000/month, 5 (in all)")
	s.StringVar(&f.runBudget, "run-budget", "", "alert when a run comes to cost more than `USD`")
	s.BoolVar(&f.alerts, "alerts", false, "no explorer: print each alert (budget, dear run, retry storm, loop) as a line, with --json as an object, until ctrl+c")
	s.BoolVar(&f.bell, "bell", false, "ring the terminal's bell at an alert")
	s.StringVar(&f.hook, "hook", "", "run the program `FILE` at an alert: its arguments are the rule and the text, its input the alerts as JSON lines")
}

// readLimits settles the flags.
func (j *job) readLimits() (err error) {
	if j.budget != "" {
		if j.limits.Budget, err = analyze.ParseSpendLimit(j.budget); err != nil {
			return wrongUsage("for instance --budget 20/day", "--budget: %w", err)
		}
	}
	if j.runBudget != "" {
		b, err := analyze.ParseSpendLimit(j.runBudget)
		if err != nil || b.Period != 0 {
			return wrongUsage("for instance --run-budget 2.50", "--run-budget: %q is no amount of dollars above 0", j.runBudget)
		}
		j.limits.PerRun = b.USD
	}
	if j.hook != "" {
		if j.hook, err = exec.LookPath(j.hook); err != nil {
			return wrongUsage("name a program; it is run without a shell", "--hook: %w", err)
		}
	}
	return nil
}

// tailTraces explores a live trace, or prints its alerts.
func (a *app) tailTraces(j *job) error {
	if j.alerts {
		return a.tailAlerts(j)
	}
	return a.openTraces(j)
}

// sampleEvery is how often a live trace is held against its limits.
const sampleEvery = 250 * time.Millisecond

// tailAlerts follows without a screen and prints alerts until it is interrupted, which is no failure.
func (a *app) tailAlerts(j *job) (err error) {
	s, err := a.openStore(j)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	a.awaits(j)
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	caught, end := make(chan bool), make(chan error, 1)
	go func() { end <- s.follow(ctx, j, func() { close(caught) }) }()
	select {
	case err = <-end:
		return err
	case <-caught:
	}
	if !j.quiet {
		fmt.Fprintf(a.err, "costscope: %s read; alerts follow until ctrl+c\n", count(countCalls(s.Status()), "call"))
	}
	if err = a.printAlerts(ctx, j, s, end); err != nil {
		stop()
		return errors.Join(err, <-end)
	}
	return nil
}

// printAlerts holds the store against the limits until reading ends.
func (a *app) printAlerts(ctx context.Context, j *job, s *openedStore, end chan error) error {
	alarms := analyze.Alarms{Limits: j.limits}
	st := s.Status()
	seed, err := analyze.Seed(ctx, j.limits, analyze.SampleOf(&st, a.now()), s.Rollup)
	if err != nil && ctx.Err() == nil {
		return err
	}
	for _, x := range seed {
		alarms.History.Add(x)
	}
	raise := a.raiser(j)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		st := s.Status()
		news := alarms.Take(analyze.SampleOf(&st, a.now()))
		for _, x := range news {
			if err := writeAlert(a.out, x, j.json); err != nil {
				return err
			}
		}
		raise(news)
		select {
		case err := <-end:
			end <- nil
			return err
		case <-tick.C:
		}
	}
}

func writeAlert(w io.Writer, x analyze.Alarm, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(x)
	}
	_, err := fmt.Fprintf(w, "%s %s: %s\n", x.At.Format(time.RFC3339), x.Rule, printable(x.Text))
	return err
}

// raiser is what is done with alerts beside showing them.
func (a *app) raiser(j *job) func([]analyze.Alarm) {
	h := &hook{program: j.hook}
	return func(list []analyze.Alarm) {
		if len(list) == 0 {
			return
		}
		if j.bell && terminalOf(a.err) != nil {
			fmt.Fprint(a.err, "\a")
		}
		if j.hook != "" {
			h.raise(list)
		}
	}
}

// A hook runs a program at alerts, one at a time and not too often; alerts that come meanwhile go to the next run together.
type hook struct {
	program string
	mu      sync.Mutex
	waiting []analyze.Alarm
	busy    bool
}

const (
	hookEvery = 5 * time.Second
	hookLimit = 30 * time.Second // then it is killed
)

func (h *hook) raise(list []analyze.Alarm) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting = append(h.waiting, list...); h.busy {
		return
	}
	h.busy = true
	go func() {
		for h.next() {
			time.Sleep(hookEvery)
		}
	}()
}

// next runs the program for what waits; false when nothing did.
func (h *hook) next() bool {
	h.mu.Lock()
	list := h.waiting
	h.waiting, h.busy = nil, len(list) > 0
	h.mu.Unlock()
	if len(list) == 0 {
		return false
	}
	h.run(list)
	return true
}

// run gives the alerts to the program. What it prints and how it ends is its own business.
func (h *hook) run(list []analyze.Alarm) {
	ctx, stop := context.WithTimeout(context.Background(), hookLimit)
	defer stop()
	var in bytes.Buffer
	for _, x := range list {
		_ = writeAlert(&in, x, true)
	}
	cmd := exec.CommandContext(ctx, h.program, list[0].Rule, printable(list[0].Text))
	cmd.Stdin = &in
	_ = cmd.Run()
}

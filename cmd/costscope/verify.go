package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"costscope/analyze"
	"costscope/store"
)

const verifyLong = `Read the sources again and add every number of the store up again. A store of these traces is
compared as it is, without reading what is new first. Exit code 0: every number agrees; 1: the
calls that do not are named.`

// verifyTraces compares a store with its sources.
func (a *app) verifyTraces(j *job) (err error) {
	s, err := a.openStore(j)
	if errors.Is(err, store.ErrCorrupt) {
		return &failure{exitFails, err, ""}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if countCalls(s.Status()) == 0 && !s.PricedOtherwise() { // nothing is stored yet: load, and check what that made
		if err := s.Load(a.ctx, j.inputs.files, nil, nil); err != nil {
			return err
		}
		if err := a.loaded(j, s, nil); err != nil {
			return err
		}
	}
	v, err := s.Verify(a.ctx)
	if errors.Is(err, store.ErrCorrupt) { // what was just read again is sound: it is the store
		return &failure{exitFails, fmt.Errorf("%s: %w", s.path, store.ErrCorrupt), "remove it and load the traces again"}
	}
	if err != nil {
		return err
	}
	if err := a.write(j.out, func(w io.Writer) error { return writeVerification(w, v, j.json) }); err != nil {
		return err
	}
	if v.Differ > 0 {
		hint := "to read everything anew, remove " + s.path
		if v.Repriced > 0 {
			hint = "load, report and open work the sums out by the book that they are given; " + hint
		}
		return &failure{exitFails, fmt.Errorf("%s of the store %s", count(v.Differ, "number"), map[bool]string{true: "disagrees", false: "disagree"}[v.Differ == 1]), hint}
	}
	return nil
}

func writeVerification(w io.Writer, v *store.Verification, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"sources": v.Sources, "runs": v.Runs, "calls": v.Calls, "runs_not_reread": v.Unread, "calls_repriced": v.Repriced, "differ": v.Differ, "findings": append([]store.Finding{}, v.Findings...),
			"unchecked": append([]string{}, v.Unchecked...)})
	}
	fmt.Fprintf(w, "compared %s with %s of %s\n", count(v.Sources, "source"), count(v.Calls, "call"), count(v.Runs, "run"))
	for _, u := range v.Unchecked {
		fmt.Fprintln(w, "not compared: "+printable(u))
	}
	if v.Unread > 0 {
		fmt.Fprintf(w, "not compared with the sources: %s, which come in part from sources that cannot be read again\n", count(v.Unread, "run"))
	}
	if v.Repriced > 0 {
		fmt.Fprintf(w, "prices: %s cost something else by this book than by the one that the store was made with\n", count(v.Repriced, "call"))
	}
	for _, f := range v.Findings {
		run := ""
		if f.Run != "" {
			run = "run " + f.Run + ": "
		}
		fmt.Fprintf(w, "%s: %s\n", f.Kind, printable(run+f.Why))
		for _, c := range f.Calls {
			fmt.Fprintln(w, "  "+printable(c))
		}
	}
	if more := v.Differ - int64(len(v.Findings)); more > 0 {
		fmt.Fprintf(w, "and %s more\n", analyze.Count(more))
	}
	if v.Differ == 0 {
		fmt.Fprintln(w, "every number agrees")
	}
	return nil
}

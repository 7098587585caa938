package click

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

// decided is what an engine says of every call of a schema, one line each.
func decided(t *testing.T, s *Store) (list []string) {
	t.Helper()
	from, err := s.readCalls(t.Context(), bounds{})
	if err != nil {
		t.Fatal(err)
	}
	cols := []string{"run", "call", "workflow", "agent", "step", "kind", "model", "provider", "tool", "status", "outcome", "user", "session", "version", "start", "finish", "is_call", "known", "missing", "bucket"}
	for _, n := range analyze.SumNames {
		if !slices.Contains(unrecorded, n) {
			cols = append(cols, "s_"+n)
		}
	}
	for i, c := range cols {
		cols[i] = c + " AS q_" + c
	}
	r, err := s.c.Query(t.Context(), "SELECT "+strings.Join(cols, ", ")+" FROM "+from+" WHERE counts")
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		var line []string
		for i := range cols {
			line = append(line, r.Text(i))
		}
		list = append(list, fmt.Sprintf("%q", line))
	}
	slices.Sort(list)
	return list
}

// assembled is what tracefmt says of the same calls.
func assembled(t *testing.T, each func(f func(run *tracefmt.Run) error) error, names *tracefmt.Names) (list []string) {
	t.Helper()
	study := analyze.NewStudent(analyze.Config{})
	bit := func(b bool) string { return map[bool]string{true: "1", false: "0"}[b] }
	n := names.Name
	err := each(func(run *tracefmt.Run) error {
		analyze.Entries(analyze.Config{}, study.Study(run), func(e *analyze.Entry) {
			if e.Empty {
				return
			}
			c, k := e.Call, &e.Key
			line := []string{run.ID, c.ID, n(k.Workflow), n(k.Agent), n(k.Step), k.Kind.String(), n(k.Model), n(k.Provider), n(k.Tool), k.Status.String(), k.Outcome.String(), n(c.User), n(c.Session), n(k.Version),
				fmt.Sprint(c.Start), fmt.Sprint(c.End), bit(c.IsCall), bit(e.Known), bit(e.Missing()), fmt.Sprint(e.Bucket())}
			for i, v := range e.Sum.Sums() {
				if !slices.Contains(unrecorded, analyze.SumNames[i]) {
					line = append(line, fmt.Sprint(v))
				}
			}
			list = append(list, fmt.Sprintf("%q", line))
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// The engine decides about every call what tracefmt decides when it reads the same spans from a file.
func TestCallsAsTracefmtDecides(t *testing.T) {
	plain := append(hard(), toldRuns(t, 5)...)
	spans := slices.Clone(plain)
	for _, d := range dialects() {
		for i := range d {
			d[i].run = "dialect " + d[0].name
			spans = append(spans, d[i])
		}
	}
	spans = append(spans, dice{rand.New(rand.NewPCG(1, 7))}.runs(150)...)
	for _, x := range append(slices.Clone(spanSchemas), helicone) {
		t.Run(x.name, func(t *testing.T) {
			told := spans
			if x.name != "otel" {
				told = plain // the others differ in how they keep attributes; Helicone's counts are parts that do not overlap, and never below zero
			}
			m, s := opened(t, x, "decided_"+x.name, told)
			a, b := assembled(t, func(f func(*tracefmt.Run) error) error { return m.Each(t.Context(), f) }, m.Names()), decided(t, s)
			differ(t, "calls", a, b)
		})
	}
}

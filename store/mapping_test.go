package store

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"costscope/tracefmt"
)

// TestStoreFollowsItsMapping reads a growing file by a mapping, without it, by another one, and beside the store in memory.
func TestStoreFollowsItsMapping(t *testing.T) {
	dir := t.TempDir()
	file, db := filepath.Join(dir, "own.jsonl"), filepath.Join(dir, "s.db")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mapping := func(text string) *tracefmt.Map {
		m, err := tracefmt.ReadMap([]byte(text), "m.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	const one, two = `{"n":"a","price":1,"other":5}` + "\n", `{"n":"b","price":2,"other":5}` + "\n"
	price, other := mapping("fields: {id: n, cost: price}"), mapping("fields: {id: n, cost: other, model: m}")
	for i, c := range []struct {
		text string
		m    *tracefmt.Map
		cost tracefmt.USD
		says string // a warning
	}{
		{one, nil, 0, ""}, // no format knows it
		{one, price, 1, ""},
		{one + two, nil, 3, ""}, // the store knows its mapping
		{one + two, other, 10, "was read with another mapping"},
		{one + two, other, 10, "mapping: nothing found at m (model)"},
		{one + two + `{"n":"c","other":1,"m":"x"}` + "\n", nil, 11, ""},
	} {
		write(c.text)
		s, err := Open(Options{Path: db, Map: c.m})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Load(context.Background(), []string{file}, nil, nil); err != nil {
			t.Fatal(err)
		}
		var cost tracefmt.USD
		s.Each(context.Background(), func(r *tracefmt.Run) error {
			for i := range r.Calls {
				cost += r.Calls[i].Cost
			}
			return nil
		})
		warned := s.Status().Warnings
		if cost != c.cost*tracefmt.Dollar || c.says != "" && !slices.ContainsFunc(warned, func(w string) bool { return strings.Contains(w, c.says) }) ||
			c.says == "" && c.m == nil && len(warned) != 0 {
			t.Errorf("step %d: %s, warnings %q, notes %q", i, cost, warned, s.notes)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	m := NewMem(Options{Map: other})
	if err := m.Load(context.Background(), []string{file}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if st := m.Status(); st.Sources[0].Format != "mapped" || st.Sources[0].Calls != 3 || len(st.Warnings) != 0 {
		t.Errorf("in memory: %+v", st)
	}
}

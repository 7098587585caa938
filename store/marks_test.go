package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"costscope/analyze"
	"costscope/store"
)

var workflowMark = analyze.Mark{By: []analyze.Dimension{{Dim: analyze.DimWorkflow}}, Path: []string{"bot\x1b"}, Flagged: true, Note: "look"}

// Marks outlive the process, a load, and a load that begins anew because the sources were replaced.
func TestMarksStay(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	trace := filepath.Join(dir, "t.jsonl")
	line := `{"costscope":1,"run":"r","id":"a","workflow":"bot","model":"gpt-5-mini","usage":{"input":10,"output":2}}` + "\n"
	if err := os.WriteFile(trace, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	opt := store.Options{Path: filepath.Join(dir, "s.db")}
	for n, do := range []func(s *store.Bolt) error{
		func(s *store.Bolt) error {
			return s.SetMarks(ctx, func(m *analyze.Marks) { m.Set(workflowMark) })
		},
		func(s *store.Bolt) error { return s.Load(ctx, []string{trace}, nil, nil) },
		func(s *store.Bolt) error {
			return os.WriteFile(trace, []byte(strings.Replace(line, `"a"`, `"b"`, 1)), 0o600)
		},
		func(s *store.Bolt) error { return s.Load(ctx, []string{trace}, nil, nil) },
		func(s *store.Bolt) error { return nil },
	} {
		s, err := store.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		if err := do(s); err != nil {
			t.Fatal(err)
		}
		m, err := s.Marks(ctx)
		if err != nil || len(m.List) != 1 || m.List[0].Key() != workflowMark.Key() || m.List[0].Note != "look" {
			t.Errorf("after step %d: %+v (%v)", n, m, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// No change is lost where several set marks at once.
func TestMarksAreSetOneAfterTheOther(t *testing.T) {
	ctx := context.Background()
	for name, s := range map[string]store.Store{"bolt": open(t), "mem": store.NewMem(store.Options{})} {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				x := workflowMark
				x.Path = []string{string(rune('a' + i))}
				if err := s.SetMarks(ctx, func(m *analyze.Marks) { m.Set(x) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if m, err := s.Marks(ctx); err != nil || len(m.List) != 20 {
			t.Errorf("%s: %d marks (%v)", name, len(m.List), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

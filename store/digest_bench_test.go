package store_test

import (
	"context"
	"os"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/store"
)

func TestDigestTime(t *testing.T) {
	s, err := store.Open(store.Options{Path: "/tmp/s1m_x.db"})
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	defer os.Remove("/tmp/s1m_x.db.pid")
	t0 := time.Now()
	if err := s.Load(context.Background(), []string{"/tmp/corpus/c1m.jsonl"}, nil, nil); err != nil {
		t.Skip(err)
	}
	t.Log("load", time.Since(t0))
	q := analyze.Query{By: analyze.DefaultBy()}
	t0 = time.Now()
	d, err := s.Digest(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("digest", time.Since(t0))
	t0 = time.Now()
	tb, _ := s.Rollup(context.Background(), q)
	t.Log("rollup", time.Since(t0))
	t0 = time.Now()
	r := d.Result(context.Background(), tb)
	t.Log("result", time.Since(t0), len(r.Flags), len(r.Drifts))
	t.Logf("%+v", r.Factors)
	for _, f := range r.Flags[:min(12, len(r.Flags))] {
		t.Log(f.Rule, f.Path, f.Why, f.USD)
	}
}

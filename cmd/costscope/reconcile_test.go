package main

import (
	"context"
	"path/filepath"
	"testing"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// TestAnalysisAddsUp reads all shared traces at once: every division of the money is the total to the pico-dollar, for everything and
// within each workflow.
func TestAnalysisAddsUp(t *testing.T) {
	files, _, err := tracefmt.Expand([]string{shared(t, "traces")})
	if err != nil && len(files) == 0 {
		t.Fatal(err)
	}
	s, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "s.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	if err := s.Load(ctx, files, nil, nil); err != nil {
		t.Fatal(err)
	}
	all := analyze.Query{By: analyze.DefaultBy()}
	table, err := s.Rollup(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	addsUp(t, s, all, "everything")
	for _, r := range table.Rows {
		if len(r.Path) == 1 {
			q := all
			q.Where = []analyze.Pred{{Dimension: analyze.Dimension{Dim: analyze.DimWorkflow}, Op: analyze.OpEqual, Text: r.Path[0]}}
			addsUp(t, s, q, r.Path[0])
		}
	}
}

func addsUp(t *testing.T, s *store.Bolt, q analyze.Query, name string) {
	t.Helper()
	ctx := context.Background()
	table, err := s.Rollup(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Digest(ctx, q, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, total := d.Result(ctx, table), table.Total.Cost
	factors := a.Factors.Base
	for _, f := range a.Factors.Factors {
		factors += f.Share
	}
	spend, rows, bins, tries := tracefmt.USD(0), tracefmt.USD(0), a.Load.UntimedUSD, tracefmt.USD(0)
	for _, c := range a.Spend.Cost {
		spend += c
	}
	for _, r := range table.Rows {
		if len(r.Path) == 1 {
			rows += r.Cost
		}
	}
	for _, b := range a.Load.Bins {
		bins += b.Spend
	}
	for _, r := range a.Tries.Rows {
		tries += r.Cost
	}
	w, c := &a.Waste, &a.Context
	for what, got := range map[string]tracefmt.USD{
		"multipliers": factors, "classes of spend": spend, "rows": rows, "bins of time": bins, "attempts": tries, "retries": a.Retries.Cost,
		"classes of waste": w.Useful.Cost + w.Superseded.Cost + w.Loop.Cost + w.Redundant.Cost,
	} {
		if got != total {
			t.Errorf("%s: %s come to %s, the total is %s", name, what, got, total)
		}
	}
	growth := c.GrowthUSD() + c.OtherGrowthUSD
	if c.Composition.Total() != growth || c.Carry.Total() != growth {
		t.Errorf("%s: growth is %s, its parts %s, what was carried %s", name, growth, c.Composition.Total(), c.Carry.Total())
	}
	if a.Retries.Wasted != table.Total.Wasted || a.Retries.RetryCost != table.Total.RetryCost || a.Retries.Chains != table.Total.Chains {
		t.Errorf("%s: the digest has %s wasted, %s retry cost, %d chains; the sums %s, %s, %d", name, a.Retries.Wasted, a.Retries.RetryCost, a.Retries.Chains,
			table.Total.Wasted, table.Total.RetryCost, table.Total.Chains)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"costscope/analyze"
	"costscope/sample"
)

// reportOf runs "report --json" and reads its answer.
func reportOf(t *testing.T, args ...string) *analyze.Report {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	a, out, stderr := testApp(t)
	if err := a.execute(append([]string{"report", "--json", "--quiet", "--tz", "UTC"}, args...)); err != nil {
		t.Fatalf("report %v: %v\n%s", args, err, stderr)
	}
	var r analyze.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return &r
}

// TestReportTellsTheTruth compares reports of every scenario with what its generator meant to do.
func TestReportTellsTheTruth(t *testing.T) {
	for _, s := range sample.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.jsonl")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			truth, err := sample.Generate(f, s.Name, 3, 60)
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
			compareTotals(t, reportOf(t, path).Totals, truth)
			for by, want := range map[string]map[string]sample.Bill{
				"workflow": truth.Workflows, "feature": truth.Features, "model": truth.Models, "day": truth.Days, "role": truth.Roles,
			} {
				compareRows(t, by, reportOf(t, path, "--by", by), want)
			}
		})
	}
}

func compareTotals(t *testing.T, got analyze.Totals, want sample.Truth) {
	t.Helper()
	for _, x := range []struct {
		name      string
		got, want any
	}{
		{"cost_pico", *got.CostPico, strconv.FormatInt(int64(want.Cost), 10)},
		{"recorded", int64(*got.Recorded), int64(want.Recorded)},
		{"computed", int64(*got.Computed), int64(want.Computed)},
		{"mismatches", got.Mismatches, want.Mismatches},
		{"runs", got.Runs, want.Runs},
		{"calls", got.Calls, want.Calls},
		{"llm calls", got.LLM, want.CallsByKind["llm"] + want.CallsByKind["evaluator"]}, // a judge is a model too
		{"tool calls", got.Tools, want.CallsByKind["tool"]},
		{"human calls", got.Human, want.CallsByKind["human"]},
		{"failed", got.Failed, want.Failed},
		{"unpriced", got.Unpriced, want.Unpriced},
		{"unpriced tokens", got.UnpricedTokens, want.UnpricedTokens},
		{"unpriced models", fmt.Sprint(got.UnpricedModels), fmt.Sprint(append([]string{}, want.UnpricedModels...))},
		{"input", *got.Input, want.Tokens.Input},
		{"cache read", *got.CacheRead, want.Tokens.CacheRead},
		{"cache write", *got.CacheWrite, want.Tokens.CacheWrite},
		{"cache write 1h", *got.CacheWrite1h, want.Tokens.CacheWrite1h},
		{"output", *got.Output, want.Tokens.Output},
		{"reasoning", *got.Reasoning, want.Tokens.Reasoning},
	} {
		if x.got != x.want {
			t.Errorf("%s: got %v, want %v", x.name, x.got, x.want)
		}
	}
}

// compareRows checks the groups of one dimension. Calls that state no name for it are in no group of the truth.
func compareRows(t *testing.T, by string, r *analyze.Report, want map[string]sample.Bill) {
	t.Helper()
	got := map[string]string{}
	for _, row := range r.Rows {
		cost := "unknown"
		if row.Cost != nil {
			cost = strconv.FormatInt(int64(*row.Cost), 10)
		}
		got[row.Path[0]] = fmt.Sprintf("%d calls %s", row.Calls, cost)
	}
	for name, b := range want {
		w := fmt.Sprintf("%d calls %d", b.Count, int64(b.Cost))
		if g := got[name]; g != w && !(b.Cost == 0 && g == fmt.Sprintf("%d calls unknown", b.Count)) {
			t.Errorf("by %s: %q is %q, want %q", by, name, g, w)
		}
		delete(got, name)
	}
	delete(got, analyze.None)
	if len(got) > 0 {
		t.Errorf("by %s: rows that the truth does not have: %v", by, got)
	}
}

// TestCases are the small inputs that break tools of this kind, with their right answers.
func TestCases(t *testing.T) {
	dir := filepath.Join(top, "..", "shared", "cases")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared is not there")
	}
	for _, c := range []struct {
		path            string
		pico            string
		calls, unpriced int64
	}{
		{"a1-streaming-snapshots.jsonl", "16962000000", 1, 0},
		{"a4-agent-roll-up.jsonl", "37500000000", 3, 0},
		{"a5-cached-inside-or-beside", "21600000000", 3, 0},
		{"a6-long-context-tier.jsonl", "1648506000000", 3, 0},
		{"a7-one-hour-cache.jsonl", "931560000000", 2, 0},
		{"a8-unknown-model.jsonl", "500000000000", 3, 1},
		{"a9-stranger-s-price.jsonl", "1500000000000", 3, 1},
		{"a10-failed-attempts.jsonl", "171000000000", 3, 0},
		{"a11-half-written.jsonl", "2100000000", 3, 0},
	} {
		r := reportOf(t, filepath.Join(dir, c.path), "--prices", filepath.Join(dir, "acme-prices.json"))
		got := []any{*r.Totals.CostPico, r.Totals.Calls, r.Totals.Unpriced}
		if want := []any{c.pico, c.calls, c.unpriced}; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.path, got, want)
		}
	}
}

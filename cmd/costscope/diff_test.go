package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A world is what generated runs are like.
type world struct {
	runs    int
	retries int     // of 1000 calls, tried again
	tokens  int     // of a prompt
	price   float64 // USD per token
	helper  bool    // another agent reads along
	dear    int     // of 1000 calls, to a model of four times the price
	seed    uint64
}

// write writes its runs, a planner's call and up to seven of an executor each, and returns the file.
func (x world) write(t *testing.T) string {
	t.Helper()
	gen := rand.New(rand.NewPCG(x.seed, 1))
	var b strings.Builder
	for run := range x.runs {
		n, at := 0, 0
		call := func(agent, more string) {
			size := x.tokens*(80+gen.IntN(40))/100 + 1
			start := fmt.Sprintf("2026-09-%02dT%02d:%02d", 1+run%28, run/28%24, at%60)
			model, price := "m", x.price
			if gen.IntN(1000) < x.dear {
				model, price = "m-large", 4*x.price
			}
			fmt.Fprintf(&b, `{"trace_id":"r%d","span_id":"c%d","operation":"chat","workflow":"w","agent":%q,"step":"s","model":%q,"start":"%s:00Z","end":"%s:01Z","input_tokens":%d,"output_tokens":50,"cost_usd":%.6f%s}`+"\n",
				run, n, agent, model, start, start, size, float64(size+50)*price, more)
			n, at = n+1, at+1
		}
		call("planner", "")
		for range 1 + gen.IntN(7) {
			call("executor", "")
			if gen.IntN(1000) < x.retries {
				call("executor", fmt.Sprintf(`,"retry_of":"c%d","attempt":2`, n-1))
			}
			if x.helper {
				call("critic", "")
			}
		}
	}
	path := filepath.Join(t.TempDir(), "t.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// compared is what diff --json says.
type compared struct {
	OldUSD      float64 `json:"old_usd"`
	NewUSD      float64 `json:"new_usd"`
	ChangeUSD   float64 `json:"change_usd"`
	VolumeUSD   float64 `json:"volume_usd"`
	Growth      float64 `json:"growth"`
	Significant bool    `json:"growth_significant"`
	Paths       []struct {
		Path        []string `json:"path"`
		ChangeUSD   float64  `json:"change_usd"`
		VolumeUSD   float64  `json:"volume_usd"`
		MixUSD      float64  `json:"mix_usd"`
		UnitUSD     float64  `json:"unit_usd"`
		PAdjusted   *float64 `json:"p_adjusted"`
		Significant bool     `json:"significant"`
		New         bool     `json:"new"`
		Retired     bool     `json:"retired"`
	} `json:"paths"`
	Drivers []struct {
		Factor string   `json:"factor"`
		Ratio  *float64 `json:"ratio"`
		Effect float64  `json:"effect_usd"`
	} `json:"drivers"`
}

func compare(t *testing.T, old, new string) (c compared) {
	t.Helper()
	x := cli(t, "diff", old, new, "--json", "--quiet")
	if x.code != exitDone {
		t.Fatalf("diff ends with %d: %s", x.code, x.errors)
	}
	if err := json.Unmarshal([]byte(x.out), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDiffNamesTheCause changes one thing at a time in a generated world and expects it first among the drivers.
func TestDiffNamesTheCause(t *testing.T) {
	ownCache(t)
	base := world{runs: 200, retries: 20, tokens: 1000, price: 2e-6, dear: 100, seed: 1}
	old := base.write(t)
	for want, change := range map[string]func(*world){
		"attempts per operation": func(x *world) { x.retries = 500 },
		"tokens per attempt":     func(x *world) { x.tokens = 1600 },
		"cost per token":         func(x *world) { x.price = 3e-6 },
		"new paths":              func(x *world) { x.helper = true },
		"runs":                   func(x *world) { x.runs = 300 },
		"model mix":              func(x *world) { x.dear = 500 },
	} {
		next := base
		next.seed = 2
		change(&next)
		file := next.write(t)
		c := compare(t, old, file)
		if text := cli(t, "diff", old, file, "--quiet").out; !strings.Contains(text, "because       "+want+" ") {
			t.Errorf("%s: not the first thing said:\n%s", want, text)
		}
		if len(c.Drivers) == 0 || c.Drivers[0].Factor != want || c.Drivers[0].Effect <= 0 {
			t.Errorf("%s: the drivers are %+v", want, c.Drivers)
			continue
		}
		if sure := want != "runs"; c.Significant != sure {
			t.Errorf("%s: the growth of %.3f is called significant: %v", want, c.Growth, c.Significant)
		}
		if paths := 2; want == "new paths" && (len(c.Paths) != paths+1 || !c.Paths[0].New || c.Paths[0].Path[1] != "critic" || c.VolumeUSD > 0.001 || c.VolumeUSD < -0.001) {
			t.Errorf("a new agent: volume %v, paths %+v", c.VolumeUSD, c.Paths)
		}
	}
}

// TestDiffNamesThePath: where one agent of two changed, its path comes first.
func TestDiffNamesThePath(t *testing.T) {
	ownCache(t)
	base := world{runs: 100, retries: 20, tokens: 1000, price: 2e-6, seed: 1}
	next := base
	next.seed, next.retries = 3, 900 // only the executor tries again
	c := compare(t, base.write(t), next.write(t))
	if len(c.Paths) != 2 || c.Paths[0].Path[1] != "executor" || !c.Paths[0].Significant || c.Paths[0].UnitUSD <= 0 || c.Paths[1].Significant {
		t.Errorf("%+v", c.Paths)
	}
	if sum := c.Paths[0].ChangeUSD + c.Paths[1].ChangeUSD; math.Abs(sum-c.ChangeUSD) > 1e-12 {
		t.Errorf("the paths change by %v, the whole by %v", sum, c.ChangeUSD)
	}
}

// TestDiffOfSharedTracesWithThemselves: whatever the format, nothing changed, also where nothing has a price.
func TestDiffOfSharedTracesWithThemselves(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "traces")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Skip("../shared is not there")
	}
	ownCache(t)
	read := 0
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if !e.IsDir() || e.Name() == "outcomes" { // which is large
			continue
		}
		x := cli(t, "diff", path, path, "--json", "--quiet")
		if x.code == exitNothing {
			continue
		}
		var c compared
		if err := json.Unmarshal([]byte(x.out), &c); err != nil || x.code != exitDone {
			t.Errorf("%s: %d %v %s", path, x.code, err, x.errors)
			continue
		}
		read++
		sums := c.ChangeUSD != 0 || c.VolumeUSD != 0 || c.Significant
		for _, p := range c.Paths {
			sums = sums || p.ChangeUSD != 0 || p.VolumeUSD != 0 || p.MixUSD != 0 || p.UnitUSD != 0 || p.New || p.Retired || p.Significant
		}
		for _, d := range c.Drivers {
			sums = sums || d.Effect != 0 || d.Ratio != nil && *d.Ratio != 1
		}
		if sums {
			t.Errorf("%s differs from itself: %+v", path, c)
		}
	}
	if read < 5 {
		t.Errorf("only %d folders of traces could be read", read)
	}
}

// TestDiffOfATraceWithItself is nothing, to the last digit.
func TestDiffOfATraceWithItself(t *testing.T) {
	ownCache(t)
	for _, path := range []string{(world{runs: 60, retries: 200, tokens: 1000, price: 2e-6, helper: true}).write(t), "../../sample/demo.jsonl.gz"} {
		c := compare(t, path, path)
		if c.OldUSD == 0 || c.OldUSD != c.NewUSD || c.ChangeUSD != 0 || c.Growth != 0 || c.Significant || len(c.Paths) < 3 {
			t.Errorf("%s: %+v", path, c)
		}
		for _, p := range c.Paths {
			if p.ChangeUSD != 0 || p.VolumeUSD != 0 || p.MixUSD != 0 || p.UnitUSD != 0 || p.Significant || p.New || p.Retired || p.PAdjusted != nil && *p.PAdjusted != 1 {
				t.Errorf("%s: %+v", path, p)
			}
		}
		for _, d := range c.Drivers {
			if d.Effect != 0 || d.Ratio != nil && *d.Ratio != 1 {
				t.Errorf("%s: %+v", path, d)
			}
		}
	}
}

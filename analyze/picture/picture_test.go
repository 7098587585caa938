package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

// figures are one of each kind, with names as they should not be, and the smallest of each.
func figures() map[string]analyze.Figure {
	evil := `<script>"&'` + strings.Repeat("x", 300) + "\u202e漢字"
	turns := []analyze.TurnRow{{From: 1, To: 1, Turns: 9, Median: 1000, P95: 2000, Cached: math.NaN()}, {From: 2, To: 2, Turns: 4, Median: 1500, P95: 3000, Cached: 0.5}}
	step := analyze.Step{Label: evil, Note: evil, To: 5e11, Role: analyze.StepWasted, Unknown: true}
	return map[string]analyze.Figure{
		"costs":       &analyze.CostFigure{Bins: []analyze.Bin{{Low: 1e10, High: 2e10, N: 3, Sum: 45e9}, {Low: 2e10, High: 5e10, N: 1, Sum: 3e10}}, N: 4, Mean: 18e9, Median: 15e9, P95: 3e10},
		"one bin":     &analyze.CostFigure{Bins: []analyze.Bin{{Low: 1e10, High: 2e10, N: 2, Sum: 3e10}}, N: 2, Mean: 15e9, Median: 15e9, P95: 15e9},
		"stairs":      &analyze.StairFigure{File: "retry-ladder", Head: evil, Of: "attempt", Axis: "cost", Steps: []analyze.Step{step, {Label: "2", From: 5e11, To: 9e11}}},
		"no cost":     &analyze.StairFigure{File: "retry-ladder", Head: "h", Of: "attempt", Axis: "cost", Steps: []analyze.Step{{Label: "1"}}},
		"growth":      &analyze.GrowthFigure{Turns: turns, Threads: 9},
		"no tokens":   &analyze.GrowthFigure{Turns: []analyze.TurnRow{{From: 1, To: 1}, {From: 2, To: 2}}},
		"spend":       &analyze.SpendFigure{Bins: []analyze.LoadBin{{Start: 0, Spend: 1e12}, {Start: 60e9, Spend: 9e12}}, Spikes: []analyze.Spike{{From: 60e9, To: 120e9}}, Width: time.Minute, Zone: time.UTC},
		"many spends": &analyze.SpendFigure{Bins: make([]analyze.LoadBin, 1000), Width: time.Minute, Zone: time.UTC},
	}
}

func TestPicturesAreTheSameEveryTimeAndWellFormed(t *testing.T) {
	for name, f := range figures() {
		a, err := SVG(f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		b, _ := SVG(f)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two drawings differ", name)
		}
		d := xml.NewDecoder(bytes.NewReader(a))
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: not well formed: %v", name, err)
		}
		for _, bad := range []string{"<script", "NaN", "Inf", "\u202e"} {
			if bytes.Contains(a, []byte(bad)) {
				t.Errorf("%s holds %s", name, bad)
			}
		}
		if !bytes.Contains(a, []byte("#FBFBFA")) {
			t.Errorf("%s has no background of its own", name)
		}
	}
}

func TestPicturesNameTheirAxes(t *testing.T) {
	for name, texts := range map[string][]string{
		"costs":  {"Cost per run: 4 runs", "cost of a run (USD, log scale)", "runs", "cost of these runs (USD)", "median $0.015", "$0.01", "$0.02"},
		"growth": {"Prompt tokens by turn: 9 threads", "turn of the thread", "prompt tokens", "3k", "read from cache, of the median"},
		"spend":  {"Spend over time, in steps of 1m00s", "spend (USD)", "in a spike", "$5"},
	} {
		svg, err := SVG(figures()[name])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if !bytes.Contains(svg, []byte(">"+text+"<")) {
				t.Errorf("%s does not say %q", name, text)
			}
		}
	}
}

func TestBinPlace(t *testing.T) {
	bins := []analyze.Bin{{Low: 1, High: 10}, {Low: 10, High: 1000}}
	for v, want := range map[int64]float64{0: 0, 1: 0, 10: 1, 100: 1.5, 1000: 2, 5000: 2} {
		if got := binPlace(bins, v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%d lies at %v, want %v", v, got, want)
		}
	}
}

func TestTicksAreRound(t *testing.T) {
	for _, c := range []struct {
		high float64
		t    ticks
		want string
	}{{4.88e12, ticks{dollars, 5, false}, "$0 $1 $2 $3 $4"}, {3, ticks{whole, 5, true}, "0 1 2 3"}, {160_000, ticks{tokens, 4, true}, "0 50k 100k 150k"}} {
		var labels []string
		for _, x := range c.t.Ticks(0, c.high) {
			labels = append(labels, x.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("up to %v: %s, want %s", c.high, got, c.want)
		}
	}
}

// another is a figure that nobody draws.
type another struct{ *analyze.CostFigure }

func TestWhatCannotBeDrawnIsAnError(t *testing.T) {
	for _, f := range []analyze.Figure{another{&analyze.CostFigure{}}, &analyze.GrowthFigure{}, &analyze.CostFigure{Mean: tracefmt.USD(1)}} {
		if _, err := SVG(f); err == nil {
			t.Errorf("%T of nothing is drawn", f)
		}
	}
}

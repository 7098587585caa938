package analyze

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The picture of a forecast: columns of runs, from none to all, and lines of dollars.
const (
	curveWidth  = 60
	curveHeight = 12
)

// A curve is the cost of so many runs: what is expected, and the interval, as parts of the height. A value that is not known is NaN.
type curve struct {
	low, high, expected, budget float64 // of all the runs; budget is a line over all of them
}

// The signs of a curve. Whatever they say, the facts above it say in words.
const (
	signBand     = '░'
	signExpected = '•'
	signBudget   = '─'
	signSpent    = '╳'
)

// picture draws the cost against the number of runs, with what the signs mean; nothing where no interval is known.
func (r *ForecastReport) picture() []string {
	top := float64(r.High)
	if !(top > 0) || math.IsInf(top, 0) {
		return nil
	}
	budget := math.NaN()
	if r.Budget != nil {
		budget = float64(r.Budget.USD) / 1e12
	}
	if budget <= 2*top { // one that is far above would flatten all else
		top = max(top, budget)
	}
	c := curve{float64(r.Low) / top, float64(r.High) / top, float64(r.Expected) / top, budget / top}
	label := []string{usdText(top), usdText(top / 2), "$0.00"}
	margin := 0
	for _, l := range label {
		margin = max(margin, len(l))
	}
	lines := []string{"cost of so many runs: " + strings.Join(r.legend(&c), " · "), ""}
	for y := range curveHeight {
		name := ""
		switch y {
		case 0:
			name = label[0]
		case curveHeight / 2:
			name = label[1]
		case curveHeight - 1:
			name = label[2]
		}
		lines = append(lines, fmt.Sprintf("%*s │%s", margin, name, strings.TrimRight(c.line(y), " ")))
	}
	return append(append(lines, strings.Repeat(" ", margin)+" └"+strings.Repeat("─", curveWidth)), r.axes(margin+2)...)
}

// legend says what the signs mean that are drawn.
func (r *ForecastReport) legend(c *curve) []string {
	signs := []string{string(signBand) + " 95 % interval"}
	if !math.IsNaN(c.expected) {
		signs = append(signs, string(signExpected)+" expected")
	}
	switch {
	case c.budget > 1:
		signs = append(signs, "the budget lies far above")
	case c.budget <= 1:
		signs = append(signs, string(signBudget)+" budget", string(signSpent)+" spent")
	}
	return signs
}

// line is line y from the top: a cell shows what lies at its middle, the budget and what is expected wherever they pass through it.
func (c *curve) line(y int) string {
	cells := make([]rune, curveWidth)
	bottom := float64(curveHeight-1-y) / curveHeight
	in := func(v float64) bool { return v >= bottom && (v < bottom+1.0/curveHeight || y == 0 && v <= 1) }
	for x := range cells {
		part := (float64(x) + 0.5) / curveWidth
		at := bottom + 0.5/curveHeight
		cells[x] = ' '
		if at >= c.low*part && at <= c.high*part {
			cells[x] = signBand
		}
		if in(c.expected * part) {
			cells[x] = signExpected
		}
		if !in(c.budget) {
			continue
		}
		cells[x] = signBudget
		for _, of := range [...]float64{c.low, c.expected, c.high} {
			if spent := c.budget / of * curveWidth; spent >= float64(x) && spent < float64(x+1) {
				cells[x] = signSpent
			}
		}
	}
	return string(cells)
}

// axes names the runs below the picture and, where the runs are those of a budget's period, the dates.
func (r *ForecastReport) axes(margin int) []string {
	lines := []string{axis(margin, "0", Count((r.Runs+1)/2), plural(r.Runs, "run"))}
	if b := r.Budget; b != nil {
		period := time.Duration(float64(b.Hours) * float64(time.Hour))
		day := func(part float64) string { return r.date(b.Start.Add(time.Duration(part * float64(period))))[:10] }
		lines = append(lines, axis(margin, day(0), day(0.5), day(1)))
	}
	return lines
}

// axis puts three texts at the beginning, the middle and the end of the picture.
func axis(margin int, begin, middle, end string) string {
	at := curveWidth/2 - len(middle)/2 - len(begin)
	return strings.Repeat(" ", margin) + begin + strings.Repeat(" ", at) + middle + strings.Repeat(" ", max(1, curveWidth-len(begin)-at-len(middle)-len(end))) + end
}

package tui

import (
	"math"
	"strconv"
	"strings"

	"github.com/NimbleMarkets/ntcharts/canvas"
	"github.com/NimbleMarkets/ntcharts/canvas/graph"
	"github.com/NimbleMarkets/ntcharts/linechart"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

var (
	lowerBlocks = [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	leftBlocks  = [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}
)

// barCells is the length of a bar of v in w columns where most fills them all: whole cells, and an eighth block for the rest. What is
// more than nothing is seen.
func barCells(v, most int64, w int) (full int, part string) {
	if v <= 0 || most <= 0 || w <= 0 {
		return 0, ""
	}
	eighths := int(math.Round(float64(v) / float64(most) * float64(w*8)))
	eighths = min(max(eighths, 1), w*8)
	return eighths / 8, leftBlocks[eighths%8]
}

// height is how many eighths of a line a column takes.
func height(v, most int64, eighths int) int {
	return eighthsOf(float64(v)/float64(most), v, most, eighths)
}

// logHeight is the same on a log scale that begins below least: every factor of ten takes as much.
func logHeight(v, least, most int64, eighths int) int {
	return eighthsOf((logOf(v, least)+1)/(logOf(most, least)+1), v, most, eighths)
}

func logOf(v, least int64) float64 { return math.Log(float64(v) / float64(least)) }

func eighthsOf(x float64, v, most int64, eighths int) int {
	if v <= 0 || most <= 0 {
		return 0
	}
	return min(max(int(math.Round(x*float64(eighths))), 1), eighths)
}

// leastOf is the smallest value that is more than nothing; 0 where none is.
func leastOf(values []int64) (least int64) {
	for _, v := range values {
		if v > 0 && (least == 0 || v < least) {
			least = v
		}
	}
	return least
}

// columnsChart draws one column per value, each barW wide, into h lines written by put(line, column, text).
func columnsChart(values []int64, most int64, h, barW int, log bool, put func(line, at int, s string)) {
	least := leastOf(values)
	for i, v := range values {
		e := height(v, most, h*8)
		if log {
			e = logHeight(v, least, most, h*8)
		}
		for line := range h {
			if cell := min(max(e-(h-1-line)*8, 0), 8); cell > 0 {
				put(line, i, strings.Repeat(lowerBlocks[cell], barW))
			}
		}
	}
}

// minLine is the smallest size that the line chart is drawn at; below, the library fails.
const minLineW, minLineH = 12, 4

// lorenzChart draws the curve y[0] to y[n-1] over x from 0 to 1, and the dotted diagonal of perfect evenness, as plain text lines, w by h.
func lorenzChart(y []float64, w, h int) []string {
	if w < minLineW || h < minLineH || len(y) < 2 {
		return make([]string, max(h, 0))
	}
	rows, left := h-2, width(percentLabel(1)) // axes and labels are our own: the library's labels fall anywhere
	m := linechart.New(w-left-1, rows, 0, 1, 0, 1, linechart.WithXYSteps(0, 0))
	g := graph.NewBrailleGrid(m.GraphWidth(), m.GraphHeight(), 0, 1, 0, 1)
	const steps = 400
	for i := range steps + 1 {
		x := float64(i) / steps
		k := x * float64(len(y)-1)
		low := min(int(k), len(y)-2)
		v := y[low] + (y[low+1]-y[low])*(k-float64(low))
		g.Set(g.GridPoint(canvas.Float64Point{X: x, Y: v}))
		if i%10 == 0 {
			g.Set(g.GridPoint(canvas.Float64Point{X: x, Y: x}))
		}
	}
	graph.DrawBraillePatterns(&m.Canvas, canvas.Point{}, g.BraillePatterns(), lipgloss.NewStyle())
	lines := strings.Split(ansi.Strip(m.View()), "\n")
	for len(lines) < rows {
		lines = append(lines, "")
	}
	lines = lines[:rows:rows]
	for i := range lines {
		label := spaces(left)
		if i == 0 || i == rows-1 || 2*i == rows-1 {
			label = percentLabel(float64(rows-1-i) / float64(rows-1))
		}
		lines[i] = cut(label+"│"+lines[i], w)
	}
	return append(lines, percentAxis(left, w-left-1)...)
}

// percentAxis is a line of w columns with its quarters marked, and their labels below.
func percentAxis(left, w int) []string {
	g := newGrid(left+1+w, 2)
	g.put(left, 0, roleDim, "└"+strings.Repeat("─", w))
	for q := 0; q <= 4; q++ {
		x := left + 1 + (w-1)*q/4
		label := strconv.Itoa(q*25) + "%"
		g.put(x, 0, roleDim, "┴")
		g.put(max(left, min(x-len(label)/2, left+1+w-len(label))), 1, roleDim, label)
	}
	return g.text()
}

// percentLabel takes four columns.
func percentLabel(v float64) string {
	return padLeft(strconv.Itoa(int(math.Round(v*100)))+"%", 4)
}

// braille tells whether a rune draws the curve, so that it can be coloured apart from axis and labels.
func braille(r rune) bool { return r >= 0x2800 && r <= 0x28ff }

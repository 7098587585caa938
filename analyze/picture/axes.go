package picture

import (
	"image/color"
	"math"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ticks are round numbers from 0 to the maximum of an axis, with labels in the words of the product.
type ticks struct {
	label func(float64) string
	most  int  // how many labels there is room for
	whole bool // no fractions
}

// Ticks implements plot.Ticker.
func (t ticks) Ticks(low, high float64) (list []plot.Tick) {
	step := roundStep((high - low) / float64(max(1, t.most)))
	if t.whole {
		step = math.Max(step, 1)
	}
	for n := math.Ceil(low/step - 1e-9); n*step <= high*(1+1e-9); n++ {
		list = append(list, plot.Tick{Value: n * step, Label: t.label(n * step)})
	}
	return list
}

// roundStep is the smallest of 1, 2 and 5 times a power of ten that is at least x.
func roundStep(x float64) float64 {
	if x <= 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(x)))
	for _, f := range [...]float64{1, 2, 5} {
		if f*unit >= x*(1-1e-9) {
			return f * unit
		}
	}
	return 10 * unit
}

// dollars labels pico-dollars.
func dollars(v float64) string {
	if v == 0 {
		return "$0"
	}
	return strings.TrimSuffix(analyze.Money(tracefmt.USD(math.Round(v))), ".00")
}

// tokens labels a round number of tokens: 1.50M is 1.5M, 50.0k is 50k.
func tokens(v float64) string {
	s := analyze.Tokens(int64(math.Round(v)))
	if !strings.Contains(s, ".") {
		return s
	}
	unit := len(s) - 1
	return strings.TrimRight(strings.TrimRight(s[:unit], "0"), ".") + s[unit:]
}

func whole(v float64) string { return analyze.Count(int64(math.Round(v))) }

// A grid draws thin lines across the plot at the ticks with labels.
type grid struct{ x, y bool }

// Plot implements plot.Plotter.
func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	sty := draw.LineStyle{Color: lines, Width: 0.7}
	if g.x {
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if !t.IsMinor() {
				c.StrokeLine2(sty, trX(t.Value), c.Min.Y, trX(t.Value), c.Max.Y)
			}
		}
	}
	if g.y {
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			if !t.IsMinor() {
				c.StrokeLine2(sty, c.Min.X, trY(t.Value), c.Max.X, trY(t.Value))
			}
		}
	}
}

// A bar is a filled rectangle in the units of the axes.
type bar struct {
	x0, x1, y0, y1 float64
	fill           color.Color
}

// bars draws rectangles.
type bars []bar

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for _, r := range b {
		x0, x1 := trX(r.x0), trX(r.x1)
		if x1-x0 < 0.8 { // too little to see: a line says that there is something
			x1 = x0 + 0.8
		}
		c.FillPolygon(r.fill, []vg.Point{{X: x0, Y: trY(r.y0)}, {X: x1, Y: trY(r.y0)}, {X: x1, Y: trY(r.y1)}, {X: x0, Y: trY(r.y1)}})
	}
}

// A note is a text at a place in the units of the axes.
type note struct {
	x, y  float64
	dx    vg.Length
	text  string
	color color.Color
	align float64 // of the text: 0 begins here, -0.5 is centred, -1 ends here
	bold  bool
}

// notes draws texts.
type notes []note

// Plot implements plot.Plotter.
func (n notes) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	for _, t := range n {
		sty := style(body-1, t.color, t.bold)
		sty.XAlign, sty.YAlign = text.XAlignment(t.align), -0.45
		c.FillText(sty, vg.Point{X: trX(t.x) + t.dx, Y: trY(t.y)}, t.text)
	}
}

// A mark is a dashed line through the plot with a text at its head.
type mark struct {
	x    float64
	text string
	row  int // from the top: texts of near lines stand below each other
}

// marks draws lines.
type marks []mark

// Plot implements plot.Plotter.
func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	trX, _ := p.Transforms(&c)
	for _, l := range m {
		c.StrokeLine2(draw.LineStyle{Color: ink, Width: 0.9, Dashes: []vg.Length{4, 3}}, trX(l.x), c.Min.Y, trX(l.x), c.Max.Y)
	}
	for _, l := range m {
		x := trX(l.x)
		sty := style(body-2, ink, false)
		sty.YAlign, sty.XAlign = -1, 0
		dx := vg.Length(3)
		if x+sty.Width(l.text)+dx > c.Max.X {
			sty.XAlign, dx = -1, -3
		}
		at := vg.Point{X: x + dx, Y: c.Max.Y - vg.Length(l.row)*body}
		c.FillPolygon(paper, behind(sty, at, l.text))
		c.FillText(sty, at, l.text)
	}
}

// behind is the rectangle that a text covers.
func behind(sty text.Style, at vg.Point, s string) []vg.Point {
	r := sty.Rectangle(s)
	return []vg.Point{at.Add(r.Min), at.Add(vg.Point{X: r.Max.X, Y: r.Min.Y}), at.Add(r.Max), at.Add(vg.Point{X: r.Min.X, Y: r.Max.Y})}
}

// moments are five moments in time, nanoseconds on the axis.
type moments struct{ zone *time.Location }

// Ticks implements plot.Ticker.
func (m moments) Ticks(low, high float64) (list []plot.Tick) {
	layout := "Jan 2 15:04"
	switch span := time.Duration(high - low); {
	case span > 10*24*time.Hour:
		layout = "2006-01-02"
	case span < 10*time.Minute:
		layout = "15:04:05"
	}
	const n = 5
	for i := range n {
		at := low + (high-low)*(float64(i)+0.5)/n
		list = append(list, plot.Tick{Value: at, Label: time.Unix(0, int64(at)).In(m.zone).Format(layout)})
	}
	return list
}

// A swatch is a colour in a legend.
type swatch struct{ color color.Color }

// Thumbnail implements plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.color, []vg.Point{{X: c.Min.X, Y: c.Min.Y}, {X: c.Max.X, Y: c.Min.Y}, {X: c.Max.X, Y: c.Max.Y}, {X: c.Min.X, Y: c.Max.Y}})
}

// Package picture draws the figures of an export as SVG. The same figure gives the same bytes. Pictures have a background of their own, so
// that they read on light and dark pages; text in them is escaped.
package picture

import (
	"bytes"
	"fmt"
	"image/color"

	"costscope/analyze"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	xfont "golang.org/x/image/font"
)

// Colours, by what they stand for.
var (
	paper    = color.NRGBA{0xfb, 0xfb, 0xfa, 0xff}
	ink      = color.NRGBA{0x24, 0x29, 0x2f, 0xff}
	faint    = color.NRGBA{0x6e, 0x77, 0x81, 0xff}
	lines    = color.NRGBA{0xe2, 0xe5, 0xe8, 0xff}
	spend    = color.NRGBA{0x2f, 0x6f, 0xb7, 0xff}
	money    = color.NRGBA{0xb3, 0x7a, 0x12, 0xff}
	wasted   = color.NRGBA{0xc4, 0x3d, 0x3d, 0xff}
	kept     = color.NRGBA{0x2e, 0x8b, 0x57, 0xff}
	band     = color.NRGBA{0xc9, 0xdc, 0xf1, 0xff}
	greenish = color.NRGBA{0xb9, 0xdd, 0xc6, 0xff}
)

// roles are the colours of steps.
var roles = map[analyze.StepRole]color.Color{
	analyze.StepBase: kept, analyze.StepAdded: money, analyze.StepWasted: wasted, analyze.StepKept: kept, analyze.StepTotal: spend,
}

// Sizes in points.
const (
	width   = vg.Length(720)
	margin  = vg.Length(14)
	body    = vg.Length(11)
	heading = vg.Length(14)
)

// SVG draws a figure.
func SVG(f analyze.Figure) (out []byte, err error) {
	defer func() { // the plotting library reports what it cannot draw this way
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("draw: %v", r)
		}
	}()
	switch f := f.(type) {
	case *analyze.CostFigure:
		return costs(f)
	case *analyze.StairFigure:
		return stairs(f)
	case *analyze.GrowthFigure:
		return growth(f)
	case *analyze.SpendFigure:
		return spending(f)
	}
	return nil, fmt.Errorf("draw: no picture for %s", f.Name())
}

// A sheet is a canvas with a heading.
type sheet struct {
	svg  *vgsvg.Canvas
	room draw.Canvas // below the heading
}

func newSheet(title string, height vg.Length) *sheet {
	c := vgsvg.New(width, height)
	s := &sheet{svg: c, room: draw.New(c)}
	s.room.SetColor(paper)
	s.room.Fill(s.room.Rectangle.Path())
	s.room.FillText(style(heading, ink, true), vg.Point{X: margin, Y: height - margin - heading*0.8}, clip(title, heading, width-2*margin))
	s.room = draw.Crop(s.room, margin, -margin, margin, -margin-2*heading)
	return s
}

// bytes is the drawing as a file.
func (s *sheet) bytes() ([]byte, error) {
	var b bytes.Buffer
	_, err := s.svg.WriteTo(&b)
	return b.Bytes(), err
}

// style is a text style of the one typeface.
func style(size vg.Length, c color.Color, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: f, Handler: plot.DefaultTextHandler}
}

// clip shortens a text to a width.
func clip(s string, size, room vg.Length) string {
	sty := style(size, ink, true)
	if sty.Width(s) <= room {
		return s
	}
	r := []rune(s)
	for len(r) > 1 && sty.Width(string(r)+"…") > room {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}

// newPlot is a plot in the look of the pictures.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = paper
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Color, a.Tick.LineStyle.Color = faint, faint
		a.LineStyle.Width, a.Tick.LineStyle.Width = 0.7, 0.7
		a.Tick.Length = 4
		a.Tick.Label.Font, a.Tick.Label.Color = style(body-1, faint, false).Font, faint
		a.Label.TextStyle.Font, a.Label.TextStyle.Color = style(body, ink, false).Font, ink
		a.Padding = 2
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Label.Padding, p.Y.Label.Padding = 4, 4
	p.Legend.TextStyle.Font, p.Legend.TextStyle.Color = style(body-1, ink, false).Font, ink
	p.Legend.Top, p.Legend.ThumbnailWidth, p.Legend.Padding = true, 18, 3
	return p
}

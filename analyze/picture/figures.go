package picture

import (
	"math"
	"slices"

	"costscope/analyze"
	"costscope/tracefmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// costs draws how many runs cost how much, and beside it how much of the money they make up. A bin is a bar; bins are on a log scale.
func costs(f *analyze.CostFigure) ([]byte, error) {
	s := newSheet(f.Title(), 270)
	half := s.room.Size().X / 2
	runs, cash := bars{}, bars{}
	most, sum := 0.0, 0.0
	for i, b := range f.Bins {
		runs = append(runs, bar{float64(i) + 0.06, float64(i) + 0.94, 0, float64(b.N), spend})
		cash = append(cash, bar{float64(i) + 0.06, float64(i) + 0.94, 0, float64(b.Sum), money})
		most, sum = math.Max(most, float64(b.N)), math.Max(sum, float64(b.Sum))
	}
	left := costPlot(f, "runs", most, ticks{whole, 5, true})
	left.Add(grid{y: true}, runs, costMarks(f))
	right := costPlot(f, "cost of these runs (USD)", sum, ticks{dollars, 5, false})
	right.Add(grid{y: true}, cash)
	left.Draw(draw.Crop(s.room, 0, -half-20, 0, 0))
	right.Draw(draw.Crop(s.room, half, -20, 0, 0))
	return s.bytes()
}

// costPlot is one of the two halves.
func costPlot(f *analyze.CostFigure, y string, most float64, t ticks) *plot.Plot {
	p := newPlot("cost of a run (USD, log scale)", y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(len(f.Bins)), 0, most*1.22
	p.Y.Tick.Marker = t
	var edges []plot.Tick
	every := max(1, (len(f.Bins)+5)/6)
	for i := 0; i <= len(f.Bins); i++ {
		edge := int64(0)
		if i < len(f.Bins) {
			edge = f.Bins[i].Low
		} else {
			edge = f.Bins[i-1].High
		}
		label := ""
		if i%every == 0 {
			label = dollars(float64(edge))
		}
		edges = append(edges, plot.Tick{Value: float64(i), Label: label})
	}
	p.X.Tick.Marker = plot.ConstantTicks(edges)
	return p
}

// costMarks are the median, the mean and the 95th percentile among the bars.
func costMarks(f *analyze.CostFigure) (list marks) {
	for _, m := range []struct {
		name string
		v    tracefmt.USD
	}{{"median ", f.Median}, {"mean ", f.Mean}, {"p95 ", f.P95}} {
		list = append(list, mark{x: binPlace(f.Bins, int64(m.v)), text: m.name + dollars(float64(m.v))})
	}
	slices.SortStableFunc(list, func(a, b mark) int { return int(math.Copysign(1, a.x-b.x)) })
	for i := range list {
		list[i].row = i
	}
	return list
}

// binPlace is where an amount lies among bars of equal width.
func binPlace(bins []analyze.Bin, v int64) float64 {
	for i, b := range bins {
		if v < b.High || i == len(bins)-1 {
			if v <= b.Low || b.Low <= 0 {
				return float64(i)
			}
			return float64(i) + min(1, math.Log(float64(v)/float64(b.Low))/math.Log(float64(b.High)/float64(b.Low)))
		}
	}
	return 0
}

// stairs draws bars of which each begins where the one before ended, from the top down.
func stairs(f *analyze.StairFigure) ([]byte, error) {
	n := float64(len(f.Steps))
	s := newSheet(f.Title(), vg.Length(92+24*len(f.Steps)))
	p := newPlot(f.Axis+" (USD)", "")
	most := tracefmt.USD(1)
	for _, x := range f.Steps {
		most = max(most, x.To)
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, float64(most), 0, n
	p.X.Tick.Marker = ticks{dollars, 5, false}
	var names []plot.Tick
	var list bars
	var texts notes
	for i, x := range f.Steps {
		y := n - float64(i) - 0.5
		names = append(names, plot.Tick{Value: y, Label: clip(x.Label, body, 190)})
		list = append(list, bar{float64(x.From), float64(x.To), y - 0.34, y + 0.34, roles[x.Role]})
		texts = append(texts, stepNote(&x, y, float64(most)))
	}
	p.Y.Tick.Marker = plot.ConstantTicks(names)
	p.Y.Tick.Label.Color, p.Y.Tick.Length = ink, 0
	p.Add(grid{x: true}, list, links(f.Steps), texts)
	p.Draw(draw.Crop(s.room, 0, -20, 0, 0))
	return s.bytes()
}

// stepNote is what stands beside a bar: behind it, or before it where it ends too far right.
func stepNote(x *analyze.Step, y, most float64) note {
	t := note{x: float64(x.To), y: y, dx: 5, text: analyze.LowerBound(analyze.Money(x.To-x.From), x.Unknown), color: ink}
	if x.Note != "" {
		t.text += " · " + clip(x.Note, body, 230)
	}
	switch {
	case float64(x.To) <= 0.6*most:
	case float64(x.From) >= 0.4*most:
		t.x, t.dx, t.align = float64(x.From), -5, -1
	default: // within the bar
		t.dx, t.align, t.color, t.bold = -5, -1, paper, true
	}
	return t
}

// links joins the end of a step with the beginning of the next.
type links []analyze.Step

// Plot implements plot.Plotter.
func (l links) Plot(c draw.Canvas, p *plot.Plot) {
	trX, trY := p.Transforms(&c)
	n := float64(len(l))
	for i := range len(l) - 1 {
		x, y := trX(float64(l[i].To)), n-float64(i)
		c.StrokeLine2(draw.LineStyle{Color: faint, Width: 0.7}, x, trY(y-0.16), x, trY(y-1+0.16))
	}
}

// growth draws how large prompts are by turn: the median, up to the 95th percentile, and what of the median came from a cache.
func growth(f *analyze.GrowthFigure) ([]byte, error) {
	s := newSheet(f.Title(), 270)
	p := newPlot("turn of the thread", "prompt tokens")
	var median, p95, cached plotter.XYs
	most, reads := 0.0, false
	for _, t := range f.Turns {
		x := float64(t.From+t.To) / 2
		median = append(median, plotter.XY{X: x, Y: float64(t.Median)})
		p95 = append(p95, plotter.XY{X: x, Y: float64(t.P95)})
		read := 0.0
		if t.Cached == t.Cached {
			read = t.Cached * float64(t.Median)
		}
		reads = reads || read > 0
		cached = append(cached, plotter.XY{X: x, Y: read})
		most = math.Max(most, float64(t.P95))
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = median[0].X, median[len(median)-1].X, 0, most*1.15
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{whole, 10, true}, ticks{tokens, 5, true}
	p.Add(grid{y: true})
	area := func(top, bottom plotter.XYs, fill, edge draw.LineStyle, name string) error {
		ring := append(slices.Clone(top), reversed(bottom)...)
		a, err := plotter.NewPolygon(ring)
		if err != nil {
			return err
		}
		a.Color, a.LineStyle = fill.Color, edge
		p.Add(a)
		p.Legend.Add(name, a)
		return nil
	}
	if err := area(p95, median, draw.LineStyle{Color: band}, draw.LineStyle{}, "up to p95"); err != nil {
		return nil, err
	}
	if reads {
		floor := slices.Clone(cached)
		for i := range floor {
			floor[i].Y = 0
		}
		if err := area(cached, floor, draw.LineStyle{Color: greenish}, draw.LineStyle{}, "read from cache, of the median"); err != nil {
			return nil, err
		}
	}
	l, err := plotter.NewLine(median)
	if err != nil {
		return nil, err
	}
	l.Color, l.Width = spend, 1.8
	p.Add(l)
	p.Legend.Add("median", l)
	p.Legend.Left = true
	p.Draw(draw.Crop(s.room, 0, -20, 0, 0))
	return s.bytes()
}

func reversed(p plotter.XYs) plotter.XYs {
	p = slices.Clone(p)
	slices.Reverse(p)
	return p
}

// mostSteps is how many bars of time there is room for; more are joined.
const mostSteps = 120

// spending draws what was spent over time; spikes are marked.
func spending(f *analyze.SpendFigure) ([]byte, error) {
	s := newSheet(f.Title(), 230)
	p := newPlot("time", "spend (USD)")
	join := (len(f.Bins) + mostSteps - 1) / mostSteps
	var list bars
	most := 0.0
	for i := 0; i < len(f.Bins); i += join {
		b := bar{x0: float64(f.Bins[i].Start), x1: float64(f.Bins[i].Start) + float64(join)*float64(f.Width), fill: spend}
		for k := i; k < min(i+join, len(f.Bins)); k++ {
			b.y1 += float64(f.Bins[k].Spend)
			if f.Spiking(&f.Bins[k]) {
				b.fill = wasted
			}
		}
		most = math.Max(most, b.y1)
		list = append(list, b)
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = list[0].x0, list[len(list)-1].x1, 0, most*1.1
	p.X.Tick.Marker, p.Y.Tick.Marker = moments{f.Zone}, ticks{dollars, 4, false}
	p.Add(grid{y: true}, list)
	if len(f.Spikes) > 0 {
		p.Legend.Add("usual", swatch{spend})
		p.Legend.Add("in a spike", swatch{wasted})
	}
	p.Draw(draw.Crop(s.room, 0, -20, 0, 0))
	return s.bytes()
}

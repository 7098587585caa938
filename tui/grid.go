package tui

// A grid is a small picture: cells with a role each, for charts whose parts overlap.
type grid struct {
	w, h  int
	cells [][]gridCell
}

type gridCell struct {
	r role
	c rune
}

func newGrid(w, h int) *grid {
	g := &grid{w: max(w, 0), h: max(h, 0)}
	g.cells = make([][]gridCell, g.h)
	for i := range g.cells {
		g.cells[i] = make([]gridCell, g.w)
	}
	return g
}

// put writes text, each rune of which takes one column; what lies outside is left out.
func (g *grid) put(x, y int, r role, s string) {
	for _, c := range s {
		if y >= 0 && y < g.h && x >= 0 && x < g.w {
			g.cells[y][x] = gridCell{r, c}
		}
		x++
	}
}

// write gives the lines to a pen.
func (g *grid) write(out *pen) {
	for _, line := range g.cells {
		for x := 0; x < len(line); {
			if line[x].c == 0 {
				out.gap(1)
				x++
				continue
			}
			from := x
			var s []rune
			for x < len(line) && line[x].c != 0 && line[x].r == line[from].r {
				s = append(s, line[x].c)
				x++
			}
			out.put(line[from].r, string(s))
		}
		out.end()
	}
}

// text is the picture without its roles.
func (g *grid) text() []string {
	out := make([]string, g.h)
	for y, line := range g.cells {
		r := make([]rune, len(line))
		for x, c := range line {
			if r[x] = c.c; c.c == 0 {
				r[x] = ' '
			}
		}
		out[y] = string(r)
	}
	return out
}

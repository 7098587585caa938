package analyze

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// WriteText writes the report for people: the headline answers, the tree of groups, what is not known. Lines may be longer than a
// terminal is wide; columns line up.
func (r *Report) WriteText(w io.Writer) error {
	p := r.page()
	return p.writeText(w)
}

func (p *page) writeText(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString(p.title + "  " + p.under + "\n\n")
	for _, f := range p.facts {
		b.WriteString("  " + pad(f[0], 14) + f[1] + "\n")
	}
	for i, line := range p.drawn {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimRight("  "+line, " ") + "\n")
	}
	for _, g := range p.grids {
		b.WriteString("\n" + g.title + "\n")
		g.writeText(b)
	}
	if len(p.notes) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range p.notes {
		b.WriteString(n + "\n")
	}
	return b.Flush()
}

// maxNameWidth is where names in the first column are cut.
const maxNameWidth = 60

func (g *grid) writeText(b *bufio.Writer) {
	lines := append([][]string{g.head}, g.rows...)
	widths := make([]int, len(g.head))
	for i, line := range lines {
		cells := append([]string(nil), line...)
		if i > 0 && g.depth != nil {
			cells[0] = strings.Repeat("  ", g.depth[i-1]) + cells[0]
		}
		cells[0] = cut(cells[0], maxNameWidth)
		lines[i] = cells
		for k, c := range cells {
			widths[k] = max(widths[k], utf8.RuneCountInString(c))
		}
	}
	for _, cells := range lines {
		line := "  " + pad(cells[0], widths[0])
		for k, c := range cells[1:] {
			if k+1 < g.text {
				line += "  " + pad(c, widths[k+1])
				continue
			}
			line += "  " + strings.Repeat(" ", widths[k+1]-utf8.RuneCountInString(c)) + c
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if g.more != "" {
		b.WriteString("  " + g.more + "\n")
	}
}

// pad fills s up to a width.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// cut shortens s to a width, saying so with an ellipsis.
func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

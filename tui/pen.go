package tui

import "strings"

// A pen writes the lines of a screen. It switches colours only where they change and never passes the right edge, whatever is put.
type pen struct {
	t    *Theme
	max  int // columns of the line
	col  int // columns written
	cur  role
	sel  bool // on the row of the cursor
	buf  []byte
	list []string
}

func newPen(t *Theme, w int) *pen {
	return &pen{t: t, max: w, buf: make([]byte, 0, 1024), cur: noRole}
}

// put writes s, which is clean, cutting it at the right edge.
func (p *pen) put(r role, s string) *pen {
	n := width(s)
	if p.col+n > p.max {
		s = cut(s, p.max-p.col)
		n = width(s)
	}
	if n == 0 {
		return p
	}
	if r != p.cur {
		p.buf = append(p.buf, p.t.seq(r, p.sel)...)
		p.cur = r
	}
	p.buf = append(p.buf, s...)
	p.col += n
	return p
}

// right writes s so that it ends w columns from where the pen is.
func (p *pen) right(r role, s string, w int) *pen {
	s = cut(s, w)
	return p.gap(w-width(s)).put(r, s)
}

// left writes s and fills up to w columns.
func (p *pen) left(r role, s string, w int) *pen {
	s = cut(s, w)
	return p.put(r, s).gap(w - width(s))
}

// edge writes a line at the edge of a cell of role r, on the cell's background.
func (p *pen) edge(r role, s string) *pen {
	if p.col+width(s) <= p.max {
		p.buf = append(append(p.buf, p.t.seqs[r][2]...), s...)
		p.col += width(s)
		p.cur = roleCount // what comes next sets its colours anew
	}
	return p
}

// gap writes n blanks.
func (p *pen) gap(n int) *pen {
	if n > 0 {
		p.put(p.blank(), spaces(n))
	}
	return p
}

// blank is the role that blanks take: whatever is current, unless it draws something on blanks.
func (p *pen) blank() role {
	if p.cur == noRole {
		return roleText
	}
	return p.cur
}

// to moves to column c.
func (p *pen) to(c int) *pen { return p.gap(c - p.col) }

// end finishes the line.
func (p *pen) end() {
	if p.sel {
		p.to(p.max)
	}
	if p.cur != noRole && p.t.Colour() {
		p.buf = append(p.buf, "\x1b[0m"...)
	}
	p.list = append(p.list, string(p.buf))
	p.buf, p.col, p.cur, p.sel = p.buf[:0], 0, noRole, false
}

// add appends lines that are finished already; each fits into max columns.
func (p *pen) add(lines ...string) { p.list = append(p.list, lines...) }

// fit returns exactly h lines and starts anew.
func (p *pen) fit(h int) []string {
	l := p.list
	p.list = nil
	for len(l) < h {
		l = append(l, "")
	}
	return l[:h]
}

// line writes one line of one role.
func (p *pen) line(r role, s string) { p.put(r, s).end() }

// rule writes a line across, with a title in it.
func (p *pen) rule(title string) {
	if title != "" {
		p.put(roleRule, "── ").put(roleDim, title).put(roleRule, " ")
	}
	p.put(roleRule, strings.Repeat("─", max(0, p.max-p.col))).end()
}

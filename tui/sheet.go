package tui

import (
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A sheet is a small table in a lens. Its columns take what they need; where that is too much, whole columns go, the highest rank first.
type sheet struct {
	cols []sheetCol
	rows []sheetRow
	most int64 // what fills a bar; 0 without bars
}

// A sheetCol is one column. The first is the name: it is cut before others go.
type sheetCol struct {
	head string
	rank int // 0 stays
	r    role
	left bool // text; numbers stand at the right
	flex bool // takes what is left, and goes where that is too little
}

// A sheetRow is one line: a text for each column, and a bar.
type sheetRow struct {
	cells []string
	r     role // of the name; roleText for roleName
	bar   []barPart
	to    *scope // what it opens; nil for nothing
	runs  bool
	call  string   // of the run that it opens: where the cursor is to be
	under []string // lines below it
}

// A barPart is a part of a bar, with a sign of its own.
type barPart struct {
	v    int64
	r    role
	sign string
}

const (
	sheetGap  = 2
	minFlex   = 18
	minBarW   = 8
	mostBarW  = 60
	minSheetW = 10 // of a name
)

func (s *sheet) add(r sheetRow) { s.rows = append(s.rows, r) }

// widths are those of the columns, 0 for what is dropped, and of the bar.
func (s *sheet) widths(room int) (w []int, bar int) {
	w = make([]int, len(s.cols))
	for i, c := range s.cols {
		w[i] = width(c.head)
		for _, r := range s.rows {
			w[i] = max(w[i], width(r.cells[i]))
		}
	}
	s.drop(w, room)
	left := room - w[0]
	for i := 1; i < len(w); i++ {
		if w[i] > 0 && !s.cols[i].flex {
			left -= w[i] + sheetGap
		}
	}
	for i := range w {
		if !s.cols[i].flex {
			continue
		}
		need := w[i]
		if w[i] = min(w[i], left-sheetGap); w[i] <= 0 || w[i] < min(minFlex, need) {
			w[i] = 0
			continue
		}
		left -= w[i] + sheetGap
	}
	if s.most > 0 && left-sheetGap >= minBarW {
		bar = min(left-sheetGap, mostBarW)
	}
	return w, bar
}

// drop takes columns away until a name of some length fits, and shortens the names to what is left.
func (s *sheet) drop(w []int, room int) {
	name := min(w[0], max(minSheetW, room/3))
	for {
		need, worst := name, 0
		for i := 1; i < len(w); i++ {
			if w[i] == 0 {
				continue
			}
			if s.cols[i].flex {
				need += min(w[i], max(minFlex, room/3)) + sheetGap
			} else {
				need += w[i] + sheetGap
			}
			if worst == 0 || s.cols[i].rank > s.cols[worst].rank {
				worst = i
			}
		}
		if need <= room || worst == 0 || s.cols[worst].rank == 0 {
			w[0] = min(w[0], max(name, room-need+name))
			return
		}
		w[worst] = 0
	}
}

// align puts the points of amounts below one another.
func (s *sheet) align() {
	for i, c := range s.cols {
		if i == 0 || c.left || c.flex {
			continue
		}
		var at pointColumn
		for _, r := range s.rows {
			at.see(r.cells[i])
		}
		for _, r := range s.rows {
			r.cells[i] = at.put(r.cells[i])
		}
	}
}

// write draws the sheet. heads: with a line of heads.
func (s *sheet) write(p *insightPen, heads bool) {
	s.align()
	w, bar := s.widths(p.max - 2)
	if heads {
		p.gap(2)
		for i, c := range s.cols {
			s.cell(p, i, roleHead, c.head, w[i])
		}
		p.end()
	}
	for _, r := range s.rows {
		if r.to != nil {
			p.row(*r.to, r.runs)
			p.l.doors[len(p.l.doors)-1].call = r.call
		} else {
			p.gap(2)
		}
		for i, c := range s.cols {
			role := c.r
			if i == 0 && r.r != roleText {
				role = r.r
			}
			s.cell(p, i, role, r.cells[i], w[i])
		}
		if bar > 0 {
			p.gap(sheetGap).bar(r.bar, s.most, bar)
		}
		p.end()
		for _, l := range r.under {
			p.note(4, l)
		}
	}
}

func (s *sheet) cell(p *insightPen, i int, r role, text string, w int) {
	if w == 0 {
		return
	}
	if i > 0 {
		p.gap(sheetGap)
	}
	if i == 0 || s.cols[i].left || s.cols[i].flex {
		p.left(r, text, w)
		return
	}
	p.right(r, text, w)
}

// bar draws parts one after the other; most fills w columns. A part that is more than nothing is seen, as long as there is room.
func (p *pen) bar(parts []barPart, most int64, w int) *pen {
	if len(parts) == 1 && (parts[0].sign == "█" || parts[0].sign == "") {
		n, part := barCells(parts[0].v, most, w)
		return p.put(parts[0].r, strings.Repeat("█", n)+part)
	}
	for i, n := range barWidths(parts, most, w) {
		if n > 0 {
			p.put(parts[i].r, strings.Repeat(parts[i].sign, n))
		}
	}
	return p
}

// barWidths divides the cells of a bar: each part has at least one if it is not nothing, the widest give way to that.
func barWidths(parts []barPart, most int64, w int) []int {
	out := make([]int, len(parts))
	if most <= 0 || w <= 0 {
		return out
	}
	sum, used := int64(0), 0
	for _, b := range parts {
		sum += max(b.v, 0)
	}
	length := min(w, max(1, int(float64(sum)/float64(most)*float64(w)+0.5)))
	at := 0.0
	for i, b := range parts {
		if b.v <= 0 {
			continue
		}
		from := int(at/float64(sum)*float64(length) + 0.5)
		at += float64(b.v)
		out[i] = max(1, int(at/float64(sum)*float64(length)+0.5)-from)
		used += out[i]
	}
	for used > length {
		k := 0
		for i := range out {
			if out[i] > out[k] {
				k = i
			}
		}
		if out[k] <= 1 {
			break
		}
		out[k]--
		used--
	}
	return out
}

// note writes text in passing, over as many lines as it takes.
func (p *insightPen) note(indent int, text string) { p.say(roleDim, indent, text) }

func (p *insightPen) say(r role, indent int, text string) {
	for _, l := range lines(text, max(1, p.max-indent-1)) {
		p.gap(indent).line(r, l)
	}
}

// lines breaks text at its blanks; a word breaks only where it is longer than a line.
func lines(text string, w int) (list []string) {
	for _, word := range strings.Fields(text) {
		if n := len(list) - 1; n >= 0 && width(list[n])+1+width(word) <= w {
			list[n] += " " + word
			continue
		}
		list = append(list, wrap(word, w)...)
	}
	return list
}

// A share is a part of a whole that a stacked bar and its legend show.
type share struct {
	name string
	usd  tracefmt.USD
	r    role
	sign string
	more string // said of it in passing
	to   *scope // the calls that it is the cost of; nil where no list of calls is
}

// stack draws one bar of all parts, which add up to total, and below it what they are.
func (p *insightPen) stack(parts []share, total tracefmt.USD) {
	var bar []barPart
	for _, s := range parts {
		bar = append(bar, barPart{int64(s.usd), s.r, s.sign})
	}
	p.gap(2).bar(bar, int64(total), p.max-4).end()
	if p.zoom && slices.ContainsFunc(parts, func(s share) bool { return s.to != nil }) {
		p.legend(parts, total)
		return
	}
	p.gap(2)
	first := true
	for _, s := range parts {
		if s.usd == 0 {
			continue
		}
		text := s.name + " " + money(s.usd) + " " + percent(int64(s.usd), int64(total)) + s.more
		if !first && p.col+3+width(text)+3 > p.max {
			p.end()
			p.gap(2)
			first = true
		}
		if !first {
			p.gap(3)
		}
		p.put(s.r, s.sign+" ").put(roleText, text)
		first = false
	}
	p.end()
}

// legend lists the parts of a bar, a line each, which opens the calls behind it.
func (p *insightPen) legend(parts []share, total tracefmt.USD) {
	s := sheet{cols: []sheetCol{{r: roleName}, {r: roleSpend}, {r: roleText}, {rank: 1, flex: true, r: roleDim}}}
	for _, x := range parts {
		if x.usd != 0 {
			s.add(sheetRow{to: x.to, r: x.r, cells: []string{x.sign + " " + x.name, money(x.usd), percent(int64(x.usd), int64(total)), x.more}})
		}
	}
	s.write(p, false)
}

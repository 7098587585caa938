package tui

import "strings"

// A pointColumn is where the points of the amounts of a column stand. Amounts below one another are compared by their points, and small
// ones have more digits after it.
type pointColumn struct{ whole, part int }

// see makes room for a cell.
func (c *pointColumn) see(cell string) {
	if part, ok := decimals(cell); ok {
		c.whole, c.part = max(c.whole, width(cell)-part), max(c.part, part)
	}
}

// fit keeps the column within w columns: the smallest amounts stand to the right of the point then.
func (c *pointColumn) fit(w int) { c.part = max(0, min(c.part, w-c.whole)) }

// put is a cell with blanks behind it, so that its point stands below those of the others. What is no amount stays as it is.
func (c pointColumn) put(cell string) string {
	if part, ok := decimals(cell); ok && part < c.part {
		return cell + spaces(c.part-part)
	}
	return cell
}

// decimals counts the digits after the point of an amount of money.
func decimals(cell string) (n int, ok bool) {
	at := strings.IndexByte(cell, '$')
	if at < 0 {
		return 0, false
	}
	digits := cell[at+1:]
	if strings.Trim(digits, "0123456789,.") != "" {
		return 0, false
	}
	point := strings.LastIndexByte(digits, '.')
	return len(digits) - point - 1, point > 0
}

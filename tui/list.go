package tui

// A window is the part of a list of n lines that is visible, with a cursor in it. Lines are only ever counted, so n may be anything.
type window struct {
	n, at, top int
	rows       int // visible lines at the last drawing
}

// resize tells how many lines there are and how many can be seen; the cursor stays visible.
func (v *window) resize(n, rows int) {
	v.n, v.rows = n, max(rows, 1)
	v.at = min(max(v.at, 0), max(n-1, 0))
	v.top = min(v.top, max(n-v.rows, 0))
	v.top = max(min(v.top, v.at), v.at-v.rows+1, 0)
}

// move moves the cursor and says whether it moved.
func (v *window) move(by int) bool {
	was := v.at
	v.at = min(max(v.at+by, 0), max(v.n-1, 0))
	v.resize(v.n, v.rows)
	return v.at != was
}

// typingKey moves the cursor while letters are typed, and says whether it did what k means.
func (v *window) typingKey(k string) bool {
	switch k {
	case "down", "tab", "ctrl+n":
		v.move(1)
	case "up", "shift+tab", "ctrl+p":
		v.move(-1)
	case "pgdown":
		v.move(v.rows)
	case "pgup":
		v.move(-v.rows)
	default:
		return false
	}
	return true
}

// scroll moves the lines, for text without a cursor.
func (v *window) scroll(by int) bool {
	was := v.top
	v.top = min(max(v.top+by, 0), max(v.n-v.rows, 0))
	v.at = v.top
	return v.top != was
}

// more says which lines of a text are visible, where that is not all of it.
func (v *window) more() string {
	if v.n <= v.rows {
		return ""
	}
	return " · lines " + itoa(v.top+1) + " to " + itoa(v.end()) + " of " + itoa(v.n)
}

// end is the line after the last visible one.
func (v *window) end() int { return min(v.top+v.rows, v.n) }

// addMoves adds moves that wait for their list. Those to an end are larger than any list.
func addMoves(waiting, by int) int { return min(max(waiting+by, -1<<30), 1<<30) }

package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/mattn/go-runewidth"
)

// clean makes text from a trace fit for a terminal: control characters become visible, text that would reorder, hide or join what is
// shown is replaced. What it returns takes the same number of columns in every terminal and never contains an escape sequence.
func clean(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return strings.Map(visible, s)
		}
	}
	return s
}

// visible is what is shown for a character; -1 drops it.
func visible(r rune) rune {
	switch {
	case r < ' ':
		return 0x2400 + r // ␀ … ␟
	case r < 0x7f:
		return r
	case r == 0x7f:
		return '␡'
	case r < 0xa0, r == utf8.RuneError:
		return utf8.RuneError
	case r == 0x2028, r == 0x2029:
		return '␤'
	case isBidi(r):
		return utf8.RuneError
	case joins(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return -1
	case r >= 0x1f1e6 && r <= 0x1f1ff: // two of them make one flag
		return 'A' + r - 0x1f1e6
	case r == 0xa0, unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}

// isBidi tells the characters that change the direction of text.
func isBidi(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}

// joins tells the characters that make one picture of several; terminals disagree about the width of that.
func joins(r rune) bool {
	return r == 0x200d || r >= 0xfe00 && r <= 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0000 && r <= 0xe01ef
}

// width is the number of columns that s takes; s holds no escape sequences.
func width(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < utf8.RuneSelf {
			n++
			continue
		}
		return wideWidth(s, i, n)
	}
	return n
}

// wideWidth goes on at byte i, n columns in. Most terminals look at each character by itself; clean leaves none over of which the width
// depends on its neighbours.
func wideWidth(s string, i, n int) int {
	for _, r := range s[i:] {
		n += runeWidth(r)
	}
	return n
}

// runeWidth is the columns of one character: marks on others take none, wide ones two, the signs that we draw ourselves one.
func runeWidth(r rune) int {
	if r < 0x300 || r >= 0x2010 && r <= 0x2027 || r >= 0x2190 && r <= 0x22ff || r >= 0x2400 && r <= 0x259f {
		return 1
	}
	return neutral.RuneWidth(r)
}

// neutral takes characters of ambiguous width for narrow, wherever the person lives.
var neutral = &runewidth.Condition{}

// cut shortens s to w columns, the last of them "…" where something was left out.
func cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if len(s) <= w || width(s) <= w {
		return s
	}
	if w == 1 {
		return "…"
	}
	n := 0
	for i, r := range s {
		if n += runeWidth(r); n > w-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// fitParts leaves out the last parts of a text, which " · " or ", " divide, until it takes at most w columns.
func fitParts(s string, w int) string {
	for width(s) > w {
		at := max(strings.LastIndex(s, " · "), strings.LastIndex(s, ", "))
		if at < 0 {
			return cut(s, w)
		}
		s = s[:at]
	}
	return s
}

const blanks = "                                                                                                                                "

// spaces returns n blanks.
func spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

// padLeft makes s exactly w columns wide.
func padLeft(s string, w int) string {
	s = cut(s, w)
	return spaces(w-width(s)) + s
}

// wrap breaks s into lines of at most w columns, at blanks where it can.
func wrap(s string, w int) []string {
	if w < 1 {
		return nil
	}
	if width(s) <= w {
		return []string{s}
	}
	return strings.Split(ansi.Wrap(s, w, " /_-.,"), "\n")
}

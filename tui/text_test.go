package tui

import (
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain text":         "plain text",
		"\x1b[31mred\x1b[0m": "␛[31mred␛[0m",
		"a\nb\tc\r":          "a␊b␉c␍",
		"\x7f\u009b31m":      "␡\ufffd31m",
		"\u202eevil\u2066":   "\ufffdevil\ufffd",
		"zero\u200bwidth":    "zerowidth",
		"👩‍🚀👍🏽":              "👩🚀👍",
		"bad \xff utf8":      "bad \ufffd utf8",
		"e\u0301 é 界":        "e\u0301 é 界",
		"no\u00a0break":      "no break",
		"line\u2028sep":      "line␤sep",
		"🇩🇪 flag":            "DE flag",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// Marks that take space are the exception: terminals that look at each character give them a column of their own, and so do we.
func TestWidthIsTheTerminals(t *testing.T) {
	for r := rune(' '); r < 0x3100; r++ {
		s := clean("a" + string(r) + "b")
		spacing := unicode.Is(unicode.Mc, r) || r == 0xd4e || r == 0xe33 || r == 0xeb3
		if got, want := width(s), ansi.StringWidth(s); got != want && !(spacing && got > want) {
			t.Errorf("%U: %d columns, want %d", r, got, want)
		}
	}
}

func TestCutKeepsColumns(t *testing.T) {
	for _, s := range []string{"", "short", "a long name of a step", "界界界界界", "e\u0301e\u0301e\u0301e\u0301e\u0301", "mixed 界 text"} {
		for w := range 12 {
			if c := cut(s, w); width(c) > w {
				t.Errorf("cut(%q, %d) = %q is %d wide", s, w, c, width(c))
			}
			if p := padLeft(s, w); width(p) != w {
				t.Errorf("padLeft(%q, %d) = %q is %d wide", s, w, p, width(p))
			}
		}
	}
	if got := cut("planner", 5); got != "plan…" {
		t.Errorf("cut = %q", got)
	}
}

func TestBars(t *testing.T) {
	for _, c := range []struct {
		v, most int64
		full    int
		part    string
	}{{0, 100, 0, ""}, {1, 100000, 0, "▏"}, {50, 100, 4, ""}, {100, 100, 8, ""}, {9, 16, 4, "▌"}, {5, 0, 0, ""}} {
		if full, part := barCells(c.v, c.most, 8); full != c.full || part != c.part {
			t.Errorf("barCells(%d, %d) = %d %q, want %d %q", c.v, c.most, full, part, c.full, c.part)
		}
	}
}

func TestPrettyJSON(t *testing.T) {
	if got := strings.Join(prettyJSON([]byte(`{"a":[1,{"b":null}]}`)), "|"); got != `{|  "a": [|    1,|    {|      "b": null|    }|  ]|}` {
		t.Errorf("%s", got)
	}
	if got := prettyJSON([]byte("not json\nsecond")); len(got) != 2 || got[0] != "not json" {
		t.Errorf("%q", got)
	}
	long := prettyJSON([]byte(`"` + strings.Repeat("x", maxRawBytes+10) + `"`))
	if last := long[len(long)-1]; last != "… 12 more bytes" {
		t.Errorf("%q", last)
	}
	if n := width(long[0]); n > maxRawWidth+40 {
		t.Errorf("a line of %d columns", n)
	}
}

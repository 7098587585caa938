package tui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/charmbracelet/x/ansi"
	"github.com/mattn/go-runewidth"
)

// hostileNames are what traces may call things: each breaks a terminal, a column or a mind in a way of its own.
var hostileNames = []string{
	strings.Repeat("長い名前", 75), "👩‍👩‍👧‍👦 family 👨🏽‍🚀 1️⃣ 🇩🇪🇫🇷", "שלום עולם مرحبا", "\u202eevil\u2066\u200f\u061c", "e\u0301a\u0300\u0302\u0303\u0304o\u0308",
	strings.Repeat("x", 300), "\x1b[31mred\x1b]0;title\x07\x1b[2J", "two\nlines\tand\ra return", "\u009b31m\u0085", "\u2028\u2029\x00nul\x7f", "\xff\xfe", "",
	"   ", "ｆｕｌｌ width", "한국어 이름", "\u1112\u1161\u11ab\u1100\u116e\u11a8", "\ufeffbom\u00ad\u200b", "नमस्ते ไทย", "﷽", "z\u0335\u0321\u0322\u0327\u0328", "─│▌█░",
}

// hostile is a fake in which everything is called something hostile.
func hostile(runs int) *fake {
	f := rich(runs)
	name := func(i int) tracefmt.Sym { return f.names.Sym(hostileNames[i%len(hostileNames)]) }
	for i, r := range f.runs {
		r.ID = fmt.Sprint(hostileNames[i%len(hostileNames)], i)
		for k := range r.Calls {
			c := &r.Calls[k]
			c.Workflow, c.Agent, c.Step, c.Model = name(i%3), name(i+k/7), name(i+k/3), name(i+k)
			c.Tool, c.Provider, c.Run = name(k), name(k+1), r.ID
			if c.Error != 0 {
				c.Error = name(i + k)
			}
			c.ID = fmt.Sprint(c.ID, hostileNames[k%len(hostileNames)])
		}
		r.Workflow = name(i % 3)
	}
	f.status.Warnings = hostileNames
	f.status.Skips = []analyze.Skip{{Path: hostileNames[6], Line: 3, Reason: hostileNames[7]}}
	f.status.SkipCount = 1
	f.raw = "{\"" + strings.Join(hostileNames, "\":\"") + "\"}"
	return f
}

// invariantFakes are the traces that every screen must survive.
func invariantFakes() map[string]*fake {
	one := rich(1)
	one.runs[0].Calls = one.runs[0].Calls[:1]
	return map[string]*fake{
		"normal": rich(40), "hostile": hostile(40), "empty": {names: tracefmt.NewNames()}, "one call": one, "unpriced": blind(6), "grown": grown(12),
	}
}

// everyScreen is the keys that lead to each lens, in the pane and on the whole screen, and to everything else that draws.
func everyScreen() map[string][]string {
	all := map[string][]string{
		"icicle": {"i"}, "icicle cell": {"i", "j", "l", "j"}, "icicle focus": {"i", "j", "enter", "j", "j"}, "icicle rest": {"i", "j", "l", "l", "l", "l", "l", "l", "enter"},
		"icicle search": {"i", "/", "e"}, "icicle tokens": {"m", "i", "j"}, "icicle below": {"enter", "i", "G"}, "detail": {"9", "z", "enter"}, "help": {"?"},
		"group picker": {"b"}, "columns picker": {"C"}, "prompt": {"/", "x"}, "deep": {"enter", "enter"}, "runs": {"b", "r", "r", "enter"},
	}
	for _, l := range lenses {
		all["lens "+l.name] = []string{l.key}
		all["full "+l.name] = []string{l.key, "z"}
		if l.key == "1" {
			all["lens "+l.name], all["full "+l.name] = nil, []string{"z", "]"}
		}
	}
	return all
}

// gridSizes are the corners, one line through the widths, one through the heights, and what people have.
func gridSizes() [][2]int {
	sizes := [][2]int{{40, 10}, {220, 60}, {40, 60}, {220, 10}, {200, 60}, {120, 40}, {60, 15}, {20, 5}, {39, 60}, {220, 9}, {1, 1}}
	for _, w := range []int{1, 7, 20, 39, 41, 46, 53, 60, 69, 70, 80, 99, 110, 140, 180} {
		sizes = append(sizes, [2]int{w, 24})
	}
	for _, h := range []int{1, 4, 9, 11, 12, 13, 15, 17, 20, 30, 50} {
		sizes = append(sizes, [2]int{80, h})
	}
	return sizes
}

// Whatever a trace holds, every screen fills the terminal exactly and sends it nothing of the trace's that is not text.
func TestEveryScreenIsExactAndClean(t *testing.T) {
	fakes, screens := invariantFakes(), everyScreen()
	for _, name := range sortedKeys(fakes) {
		f := fakes[name]
		for _, what := range sortedKeys(screens) {
			keys := screens[what]
			p := play(t, f, 120, 40, coloured, func(o *Options) { o.Title = hostileNames[6] }).press(keys...)
			for _, size := range gridSizes() {
				p.a.w, p.a.h = size[0], size[1]
				p.a.look.serial++
				if bad := frameFault(p.a.View(), size[0], size[1]); bad != "" {
					t.Fatalf("%s, %s at %v: %s", name, what, size, bad)
				}
			}
		}
	}
}

var ownColour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// frameFault says what is wrong with a frame of w by h; "" for nothing.
func frameFault(frame string, w, h int) string {
	frame = ownColour.ReplaceAllString(frame, "")
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		return fmt.Sprintf("%d lines", len(lines))
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); n > w {
			return fmt.Sprintf("line %d is %d wide: %q", i, n, l)
		}
		if n := eachWidth(l); n > w {
			return fmt.Sprintf("line %d is %d wide rune by rune: %q", i, n, l)
		}
		if at := strings.IndexFunc(l, unfit); at >= 0 {
			return fmt.Sprintf("line %d holds %q: %q", i, []rune(l[at:])[0], l)
		}
	}
	if flat := strings.Join(strings.Fields(frame), " "); (w < minW || h < minH) && w >= 20 && h >= 4 && !strings.Contains(flat, "costscope needs") {
		return "it does not say that it is too small: " + flat
	}
	return ""
}

// unfit tells what no terminal should get from us.
func unfit(r rune) bool {
	return unicode.IsControl(r) || isBidi(r) || joins(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}

// eachWidth is the width of text in a terminal that looks at each character by itself.
func eachWidth(s string) int {
	n := 0
	for _, r := range s {
		n += narrow.RuneWidth(r)
	}
	return n
}

var narrow = &runewidth.Condition{}

// Columns stand where they stand, whatever the names in front of them.
func TestColumnsStayAlignedBehindHostileNames(t *testing.T) {
	p := play(t, hostile(40), 160, 50).press("b", "m", "enter")
	table := p.a.table()
	if len(table.rows) < 8 {
		t.Fatalf("%d rows", len(table.rows))
	}
	want := -1
	for _, l := range strings.Split(p.screen(), "\n")[2 : 2+len(table.rows[:table.cur.rows-1])] {
		at := strings.Index(l, "%")
		if at < 0 {
			continue // its cost is not known
		}
		if n := eachWidth(l[:at]); want < 0 {
			want = n
		} else if n != want {
			t.Errorf("the share ends at column %d, not %d: %q", n, want, l)
		}
	}
}

// The icicle is reached, and left, from every table and full lens; from elsewhere it says why not.
func TestIcicleComesAndGoes(t *testing.T) {
	for _, keys := range [][]string{{}, {"enter"}, {"9", "z"}, {"2", "z"}} {
		p := play(t, small(), 120, 40).press(keys...)
		was := p.screen()
		p.press("i").sees("width is cost", "under the cursor").press("i")
		if p.screen() != was {
			t.Errorf("%v: coming back shows another screen:\n%s", keys, p.screen())
		}
		p.press("i", "esc")
		if p.screen() != was {
			t.Errorf("%v: escape shows another screen", keys)
		}
	}
	play(t, small(), 120, 40).press("9", "z", "enter", "i").sees("! the icicle is of a table or a lens")
	play(t, small(), 120, 40).press("z", "]", "]", "enter", "i").sees("width is cost", "runs ") // of the runs of a bar
}

func sortedKeys[V any](m map[string]V) []string {
	var k []string
	for x := range m {
		k = append(k, x)
	}
	slices.Sort(k)
	return k
}

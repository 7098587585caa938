package tui

import (
	"os"
	"strings"

	"github.com/muesli/termenv"
)

// A role is what a colour means.
type role uint8

const (
	roleText  role = iota
	roleDim        // said in passing
	roleRule       // lines between things
	roleTitle      // the program's name, headings
	roleHead       // column heads
	roleName       // rows
	roleSpend      // money
	roleBar        // useful spend
	roleWaste      // wasted spend
	roleRetry
	roleFail
	roleGood
	roleWarn
	roleKey
	roleMark   // the cursor's ▌, marks in charts
	roleBrush  // the chosen bar
	roleFilter // filters at work
	roleString // JSON: text, numbers, names
	roleNumber
	roleField
	roleCell // cells of a picture; those from here on have a background of their own
	roleCellOdd
	roleCellOwn
	roleCellRest
	roleCellHit
	roleCellCursor
	roleCount
	noRole role = 255
)

// A shade is a role's colour on dark and on light terminals. "" is the terminal's own.
type shade struct {
	dark, light string
	bold        bool
}

var shades = [roleCount]shade{
	roleText:   {"", "", false},
	roleDim:    {"#8a8f98", "#6b7078", false},
	roleRule:   {"#4a4f58", "#c4c8ce", false},
	roleTitle:  {"#e6c07b", "#946100", true},
	roleHead:   {"#9aa5b1", "#4d5761", false},
	roleName:   {"#e4e6ea", "#1c1f24", false},
	roleSpend:  {"#e6c07b", "#946100", false},
	roleBar:    {"#5fa8a0", "#2a7f77", false},
	roleWaste:  {"#d08770", "#b4532a", false},
	roleRetry:  {"#d7a65f", "#a8590f", false},
	roleFail:   {"#e06c75", "#b3202c", false},
	roleGood:   {"#8fbf7f", "#2f7a24", false},
	roleWarn:   {"#e5b567", "#8f5b00", false},
	roleKey:    {"#7fb2e5", "#1f5fa8", false},
	roleMark:   {"#7fb2e5", "#1f5fa8", true},
	roleBrush:  {"#f2d58a", "#b07400", true},
	roleFilter: {"#b294d6", "#6b3fa0", false},
	roleString: {"#98b982", "#2f6b2f", false},
	roleNumber: {"#e0a872", "#99520d", false},
	roleField:  {"#7fb2e5", "#1f5fa8", false},

	roleCell: {"#e4e6ea", "#1c1f24", false}, roleCellOdd: {"#e4e6ea", "#1c1f24", false}, roleCellOwn: {"#b9c0ca", "#4d5761", false},
	roleCellRest: {"#b9c0ca", "#4d5761", false}, roleCellHit: {"#f4eefb", "#3b1f66", true}, roleCellCursor: {"#1c1f24", "#ffffff", true},
}

// cellBacks are the backgrounds of cells.
var cellBacks = map[role]shade{
	roleCell: {dark: "#2b5a56", light: "#b5dcd7"}, roleCellOdd: {dark: "#234845", light: "#cbe8e4"}, roleCellOwn: {dark: "#31363f", light: "#e4e7eb"},
	roleCellRest: {dark: "#262a31", light: "#eef0f2"}, roleCellHit: {dark: "#5a3f80", light: "#dcc9f2"}, roleCellCursor: {dark: "#e6c07b", light: "#946100"},
}

// cursorBack is the background of the cursor's row.
var cursorBack = shade{dark: "#2b313b", light: "#e3e9f2"}

// cellEdge is the colour of the lines between cells.
var cellEdge = shade{dark: "#11201f", light: "#7f8b8a"}

// A Theme holds the escape sequences of every role, made once.
type Theme struct {
	name string
	dark bool
	seqs [roleCount][3]string // plain, on the cursor's row, as the edge of a cell
}

// Colour says whether the theme colours at all; without, every state still has a glyph.
func (t *Theme) Colour() bool { return t.seqs[roleText][0] != "" }

func (t *Theme) seq(r role, sel bool) string {
	if sel {
		return t.seqs[r][1]
	}
	return t.seqs[r][0]
}

// newTheme makes the theme for a terminal of the given profile.
func newTheme(dark bool, profile termenv.Profile) *Theme {
	t := &Theme{name: "light", dark: dark}
	if dark {
		t.name = "dark"
	}
	if profile == termenv.Ascii {
		return t
	}
	for r, s := range shades {
		t.seqs[r][0] = sgr(profile, s, cellBacks[role(r)], dark)
		t.seqs[r][1] = sgr(profile, s, cursorBack, dark)
		t.seqs[r][2] = sgr(profile, cellEdge, cellBacks[role(r)], dark)
		if role(r) == roleCellCursor { // it shows by its colour
			t.seqs[r][2] = sgr(profile, cellBacks[roleCellCursor], cellBacks[roleCellCursor], dark)
		}
	}
	return t
}

// sgr is the sequence that sets a colour, a background and nothing else.
func sgr(p termenv.Profile, fore, back shade, dark bool) string {
	parts := []string{"0"}
	if fore.bold {
		parts = append(parts, "1")
	}
	for i, s := range [...]shade{fore, back} {
		hex := s.light
		if dark {
			hex = s.dark
		}
		if c := p.Color(hex); c != nil && hex != "" {
			parts = append(parts, c.Sequence(i == 1))
		}
	}
	return "\x1b[" + strings.Join(parts, ";") + "m"
}

// profileOf is what the terminal can colour; NO_COLOR and TERM=dumb mean nothing.
func profileOf(o Options) termenv.Profile {
	if o.NoColor || termenv.EnvNoColor() || os.Getenv("TERM") == "dumb" {
		return termenv.Ascii
	}
	if o.Profile != nil {
		return *o.Profile
	}
	return envProfile(os.Getenv)
}

// envProfile reads what terminals say of themselves in the environment. No terminal is asked: that would delay the start.
func envProfile(env func(string) string) termenv.Profile {
	if c := strings.ToLower(env("COLORTERM")); c == "truecolor" || c == "24bit" {
		return termenv.TrueColor
	}
	term := env("TERM")
	for _, s := range [...]string{"kitty", "alacritty", "ghostty", "wezterm", "direct"} {
		if strings.Contains(term, s) {
			return termenv.TrueColor
		}
	}
	if strings.Contains(term, "256") || strings.HasPrefix(term, "xterm") || strings.HasPrefix(term, "tmux") || strings.HasPrefix(term, "screen") {
		return termenv.ANSI256
	}
	return termenv.ANSI
}

// darkBackground decides auto. COLORFGBG is "foreground;background"; where nothing is known the terminal is taken as dark.
func darkBackground(theme string, env func(string) string) bool {
	switch theme {
	case "light":
		return false
	case "dark":
		return true
	}
	parts := strings.Split(env("COLORFGBG"), ";")
	switch parts[len(parts)-1] {
	case "7", "15":
		return false
	}
	return true
}

package analyze

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"costscope/tracefmt"
)

// Unknown is how people see a value that is not known. It is not zero.
const Unknown = "-"

// Money is an amount for people: $1,234.56, $0.41, $0.0098; three significant digits below a dollar. Exact amounts are USD.String.
func Money(v tracefmt.USD) string {
	if v < 0 {
		if v == math.MinInt64 {
			v++
		}
		return "-" + Money(-v)
	}
	switch {
	case v == 0:
		return "$0.00"
	case v < 1e6:
		return "<$0.000001"
	}
	unit, places := int64(1e10), 2 // the last digit shown
	for unit > 1e6 && divRound(v, unit/10) < 1000 {
		unit, places = unit/10, places+1
	}
	units := divRound(v, unit)
	for places > 2 && units%10 == 0 {
		units, places = units/10, places-1
	}
	digits := strconv.FormatInt(int64(units), 10)
	for len(digits) <= places {
		digits = "0" + digits
	}
	cut := len(digits) - places
	return "$" + group(digits[:cut]) + "." + digits[cut:]
}

// MoneyOr is Money, or "-" where the amount is not known.
func MoneyOr(a Amount) string {
	if !a.Known {
		return Unknown
	}
	return Money(a.USD)
}

// AtLeast marks a text as a lower bound.
func AtLeast(s string, lower bool) string {
	if !lower {
		return s
	}
	return "at least " + s
}

// LowerBound marks an amount in a table to which costs that are not known are missing.
func LowerBound(s string, is bool) string {
	if is {
		return "≥" + s
	}
	return s
}

// Spaced is one of our own names, such as in_flight, as people write it.
func Spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }

// Count is a whole number with thousands separators.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	if s[0] == '-' {
		return "-" + group(s[1:])
	}
	return group(s)
}

// group puts commas between thousands.
func group(digits string) string {
	if len(digits) <= 3 {
		return digits
	}
	var b strings.Builder
	head := len(digits) % 3
	b.WriteString(digits[:head])
	for i := head; i < len(digits); i += 3 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(digits[i : i+3])
	}
	return b.String()
}

// Percent is a ratio as 61.8%; "-" for NaN. Only nothing is 0.0%, and below all is never 100.0%.
func Percent(r float64) string {
	switch {
	case math.IsNaN(r) || math.IsInf(r, 0):
		return Unknown
	case r > 0 && r < 0.0005:
		return "<0.1%"
	case r < 1 && r >= 0.9995:
		return ">99.9%"
	}
	return strconv.FormatFloat(100*r, 'f', 1, 64) + "%"
}

// Times is a ratio as 3.6x; "-" for NaN.
func Times(r float64) string {
	switch {
	case math.IsNaN(r) || math.IsInf(r, 0):
		return Unknown
	case r >= 100:
		return Count(int64(math.Round(r))) + "x"
	case r >= 10:
		return strconv.FormatFloat(r, 'f', 1, 64) + "x"
	}
	return strconv.FormatFloat(r, 'f', 2, 64) + "x"
}

// Tokens is a count of tokens in three digits: 812, 12.3k, 4.56M.
func Tokens(n int64) string { return scaled(n, "kMBT") }

// Bytes is a size: 812 B, 12.3 kB, 1.80 GB.
func Bytes(n int64) string {
	s := scaled(n, "kMGT")
	if last := s[len(s)-1]; last >= '0' && last <= '9' {
		return s + " B"
	}
	return s[:len(s)-1] + " " + s[len(s)-1:] + "B"
}

// scaled writes n in three significant digits with the letter of its thousand.
func scaled(n int64, letters string) string {
	if n < 0 && n > math.MinInt64 {
		return "-" + scaled(-n, letters)
	}
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	v := float64(n)
	for i := range letters {
		v /= 1000
		if v >= 999.5 && i+1 < len(letters) {
			continue
		}
		places := 2
		if v >= 99.95 {
			places = 0
		} else if v >= 9.995 {
			places = 1
		}
		return strconv.FormatFloat(v, 'f', places, 64) + letters[i:i+1]
	}
	return Unknown
}

// Duration is a time for people: 250ms, 1.5s, 2m03s, 1h05m, 3d04h.
func Duration(d time.Duration) string {
	two := func(n time.Duration) string { return strconv.Itoa(int(n/10)) + strconv.Itoa(int(n%10)) }
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + "µs"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return strconv.FormatFloat(math.Floor(d.Seconds()*10)/10, 'f', 1, 64) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m" + two(d%time.Minute/time.Second) + "s"
	case d < 24*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "h" + two(d%time.Hour/time.Minute) + "m"
	}
	day := 24 * time.Hour
	return strconv.Itoa(int(d/day)) + "d" + two(d%day/time.Hour) + "h"
}

// Clean makes text from a trace fit for one line of a terminal: control characters, line breaks and marks that turn the direction of
// text become U+FFFD, as do bytes that are no UTF-8.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unsafeRune(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func unsafeRune(r rune) bool {
	return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x061c || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e ||
		r >= 0x2060 && r <= 0x206f || r == 0xfeff
}

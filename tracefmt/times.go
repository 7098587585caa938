package tracefmt

import (
	"errors"
	"time"
)

var (
	errTime  = errors.New("not a time")
	errStale = errors.New("a time before 1990 or after 2200")
)

// The times that a trace may hold; others are read as mistakes.
const (
	minTime = 631152000 * int64(1e9)  // 1990
	maxTime = 7258118400 * int64(1e9) // 2200
)

// parseTime reads RFC 3339, or a number as seconds, milliseconds, microseconds or nanoseconds since 1970 by its size, as UTC
// nanoseconds. zoned is false for a time of day without a zone, which is read as UTC.
func parseTime(b []byte) (ns int64, zoned bool, err error) {
	ns, zoned, ok := fastTime(b)
	if !ok {
		if ns, ok = numberTime(b); ok {
			zoned = true
		} else if ns, zoned, ok = slowTime(b); !ok {
			return 0, false, errTime
		}
	}
	if ns < minTime || ns > maxTime {
		return 0, zoned, errStale
	}
	return ns, zoned, nil
}

// readTime is parseTime where a time that cannot be read is merely unknown.
func readTime(b []byte) (ns int64, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	ns, _, err := parseTime(b)
	return ns, err == nil
}

// fastTime reads the common shape 2006-01-02T15:04:05.999999999Z, with any zone.
func fastTime(b []byte) (ns int64, zoned, ok bool) {
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10]|0x20 != 't' && b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return 0, false, false
	}
	y := two(b, 0)*100 + two(b, 2)
	mo, day, h, mi, s := two(b, 5), two(b, 8), two(b, 11), two(b, 14), two(b, 17)
	if y < 1900 || y > 2261 || mo < 1 || mo > 12 || day < 1 || day > daysIn(y, mo) || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60 {
		return 0, false, false
	}
	frac, i := int64(0), 19
	if i < len(b) && (b[i] == '.' || b[i] == ',') {
		scale := int64(1e8)
		for i++; i < len(b) && isDigit(b[i]); i++ {
			frac += int64(b[i]-'0') * scale
			scale /= 10
		}
	}
	zone, zoned, ok := parseZone(b[i:])
	if !ok {
		return 0, false, false
	}
	sec := days(y, mo, day)*86400 + h*3600 + mi*60 + s - zone
	return sec*1e9 + frac, zoned, true
}

// two reads two digits; -10000 when they are none.
func two(b []byte, i int) int64 {
	x, y := b[i]-'0', b[i+1]-'0'
	if x > 9 || y > 9 {
		return -10000
	}
	return int64(x)*10 + int64(y)
}

// parseZone reads Z, +02:00, +0200, +02 or nothing, in seconds east.
func parseZone(b []byte) (sec int64, zoned, ok bool) {
	switch {
	case len(b) == 0:
		return 0, false, true
	case len(b) == 1 && b[0]|0x20 == 'z':
		return 0, true, true
	case b[0] != '+' && b[0] != '-':
		return 0, false, false
	}
	var h, m int64
	switch len(b) {
	case 6:
		h, m = two(b, 1), two(b, 4)
		ok = b[3] == ':'
	case 5:
		h, m, ok = two(b, 1), two(b, 3), true
	case 3:
		h, ok = two(b, 1), true
	}
	if !ok || h < 0 || h > 23 || m < 0 || m > 59 {
		return 0, false, false
	}
	if sec = h*3600 + m*60; b[0] == '-' {
		sec = -sec
	}
	return sec, true, true
}

var monthDays = [...]int64{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func daysIn(y, m int64) int64 {
	if m == 2 && y%4 == 0 && (y%100 != 0 || y%400 == 0) {
		return 29
	}
	return monthDays[m-1]
}

// days counts from 1970-01-01; years begin in March here, so that the leap day comes last.
func days(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 719469
}

// numberTime reads seconds (up to 10^11), milliseconds, microseconds or nanoseconds, with any decimals.
func numberTime(b []byte) (int64, bool) {
	if len(b) == 0 || !isDigit(b[0]) {
		return 0, false
	}
	whole, ok := parseDecimal(b, 0)
	if !ok {
		return 0, false
	}
	for _, u := range [...]struct {
		below int64
		scale int
	}{{1e11, 9}, {1e14, 6}, {1e17, 3}} {
		if whole < u.below {
			return parseDecimal(b, u.scale)
		}
	}
	return whole, true
}

// slowTime tries what logs of other shapes hold.
func slowTime(b []byte) (ns int64, zoned, ok bool) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999 -0700 MST", time.RFC1123Z, time.RFC1123, time.RFC850, "2006-01-02"} {
		if t, err := time.Parse(layout, string(b)); err == nil && t.Year() > 1900 && t.Year() < 2261 {
			return t.UnixNano(), layout != "2006-01-02", true
		}
	}
	return 0, false, false
}

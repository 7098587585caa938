package tui

import (
	"math"
	"strconv"
	"time"

	"costscope/tracefmt"
)

// unknown is what stands in place of a number that nobody knows. It is never 0.
const unknown = "–"

// money prints an amount for people: cents from a dime up, two significant digits below, whole dollars from $10,000.
func money(a tracefmt.USD) string {
	sign := ""
	u := uint64(a)
	if a < 0 {
		sign, u = "-", -u
	}
	return sign + "$" + dollars(u)
}

func dollars(u uint64) string {
	const dollar = uint64(tracefmt.Dollar)
	switch {
	case u == 0:
		return "0"
	case u >= 10_000*dollar-dollar/2:
		return grouped(int64((u + dollar/2) / dollar))
	case u >= dollar/10-dollar/2000:
		cents := (u + dollar/200) / (dollar / 100)
		return grouped(int64(cents/100)) + "." + strconv.FormatUint(100+cents%100, 10)[1:]
	}
	unit := uint64(1) // the place of the second significant digit
	for u/unit >= 100 {
		unit *= 10
	}
	n := (u + unit/2) / unit * unit
	b := tracefmt.USD(n).Append(nil)
	return string(b)
}

// count prints a number with its thousands apart.
func count(n int64) string { return grouped(n) }

func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	from := 0
	if n < 0 {
		from = 1
	}
	if len(s)-from <= 3 {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/3)
	for i := 0; i < len(s); i++ {
		if i > from && (len(s)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, s[i])
	}
	return string(b)
}

// short prints a count in at most five columns: 9,999 12.3k 4.5M.
func short(n int64) string {
	if n < 10_000 && n > -1000 {
		return grouped(n)
	}
	f := float64(n)
	for _, u := range [...]string{"k", "M", "G", "T", "P"} {
		f /= 1000
		switch {
		case math.Abs(f) < 99.95:
			return strconv.FormatFloat(f, 'f', 1, 64) + u
		case math.Abs(f) < 999.5:
			return strconv.FormatFloat(f, 'f', 0, 64) + u
		}
	}
	return strconv.FormatFloat(f, 'g', 3, 64) + "P"
}

// percent prints part of whole; unknown where whole is 0.
func percent(part, whole int64) string {
	if whole == 0 {
		return unknown
	}
	return percentOf(float64(part) / float64(whole))
}

// percentOf prints a ratio. What is not quite nothing or not quite all does not read as such.
func percentOf(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return unknown
	case x > 0 && x < 0.0005:
		return "<0.1%"
	case x < 1 && x >= 0.9995:
		return ">99.9%"
	}
	return strconv.FormatFloat(x*100, 'f', 1, 64) + "%"
}

// times prints a factor: 3.6x.
func times(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return unknown
	case x >= 99.95:
		return grouped(int64(math.Round(x))) + "x"
	}
	return strconv.FormatFloat(x, 'f', 1, 64) + "x"
}

// elapsed prints a span of time: 850ms 12.3s 4m10s 2h05m.
func elapsed(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d < 0:
		return "-" + elapsed(-ns)
	case d < time.Second-time.Millisecond/2:
		return strconv.FormatInt(int64((d+time.Millisecond/2)/time.Millisecond), 10) + "ms"
	case d < time.Minute-50*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Hour:
		s := int64((d + time.Second/2) / time.Second)
		return strconv.FormatInt(s/60, 10) + "m" + two(s%60) + "s"
	}
	m := int64((d + time.Minute/2) / time.Minute)
	return grouped(m/60) + "h" + two(m%60) + "m"
}

func two(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n < 10 {
		return "0" + s
	}
	return s
}

func moneyInt(pico int64) string { return money(tracefmt.USD(pico)) }

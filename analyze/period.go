package analyze

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const dayTime = 24 * time.Hour

// mostDays bounds a number of days: nanoseconds hold as many.
const mostDays = 100_000

// ParseAge reads a length of time, wherever one is written: a number of days or weeks (7d, 4w), or a duration of Go (30m, 720h). A day has 24
// hours.
func ParseAge(s string) (d time.Duration, ok bool) {
	for letter, days := range map[string]int{"d": 1, "w": 7} {
		if digits, ok := strings.CutSuffix(s, letter); ok {
			n, err := strconv.ParseUint(digits, 10, 32)
			return time.Duration(n) * time.Duration(days) * dayTime, err == nil && int(n)*days <= mostDays
		}
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// periodNames are the words for periods, shortest first.
var periodNames = []struct {
	name string
	d    time.Duration
}{{"minute", time.Minute}, {"hour", time.Hour}, {"day", dayTime}, {"week", 7 * dayTime}, {"month", 30 * dayTime}}

// longestPeriod bounds periods: a longer one is a slip.
const longestPeriod = 10_000 * dayTime

// ParsePeriod reads the period of a budget, wherever one is written: a word (minute, hour, day, week, or month, which is 30 days), a number of
// days or weeks (7d, 4w), or a duration of Go (30m, 720h).
func ParsePeriod(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	for _, p := range periodNames {
		if p.name == s {
			return p.d, nil
		}
	}
	if d, ok := ParseAge(s); ok && d >= time.Second && d <= longestPeriod {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no period: write 30m, 720h, 7d, 4w, or minute, hour, day, week, month", s)
}

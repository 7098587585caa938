package analyze

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const dayTime = 24 * time.Hour

// periodNames are the words for periods, shortest first.
var periodNames = []struct {
	name string
	d    time.Duration
}{{"minute", time.Minute}, {"hour", time.Hour}, {"day", dayTime}, {"week", 7 * dayTime}, {"month", 30 * dayTime}}

// ParsePeriod reads the period of a budget, wherever one is written: a word (minute, hour, day, week, or month, which is 30 days), a number of
// days or weeks (7d, 4w), or a duration of Go (30m, 720h).
func ParsePeriod(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	for _, p := range periodNames {
		if p.name == s {
			return p.d, nil
		}
	}
	for letter, unit := range map[string]time.Duration{"d": dayTime, "w": 7 * dayTime} {
		if digits, ok := strings.CutSuffix(s, letter); ok {
			if n, err := strconv.ParseUint(digits, 10, 16); err == nil && n > 0 && n <= 10000 {
				return time.Duration(n) * unit, nil
			}
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= time.Second {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no period: write 30m, 720h, 7d, 4w, or minute, hour, day, week, month", s)
}

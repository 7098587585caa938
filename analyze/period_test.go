package analyze

import (
	"testing"
	"time"
)

func TestParsePeriod(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30m": 30 * time.Minute, "2h": 2 * time.Hour, "720h": 720 * time.Hour, "90s": 90 * time.Second, "7d": 168 * time.Hour, "4w": 672 * time.Hour,
		"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour, "week": 168 * time.Hour, "month": 720 * time.Hour, " 30d ": 720 * time.Hour, "1h30m": 90 * time.Minute,
	} {
		if got, err := ParsePeriod(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0d", "-1d", "0h", "-2h", "5ms", "fortnight", "10001d", "1.5d", "d", "99999999999h"} {
		if got, err := ParsePeriod(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

// TestBudgetsReadOnePeriod: a spend limit and a period alone mean the same.
func TestBudgetsReadOnePeriod(t *testing.T) {
	for _, period := range []string{"30m", "7d", "4w", "month", "hour"} {
		want, err := ParsePeriod(period)
		if b, err2 := ParseSpendLimit("20/" + period); err != nil || err2 != nil || b.Period != want {
			t.Errorf("20/%s: %v %v, wanted %v %v", period, b.Period, err2, want, err)
		}
	}
}

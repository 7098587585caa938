package tui

import (
	"math"
	"strings"
	"testing"
	"time"
)

// The data are from 1 September 08:00 to 3 September 11:30 in a zone two hours ahead of UTC; it is the 5th.
func TestWordsForStretchesOfTime(t *testing.T) {
	zone := time.FixedZone("CEST", 2*3600)
	at := func(day, h, m int) time.Time { return time.Date(2026, 9, day, h, m, 0, 0, zone) }
	w := timeWords{now: at(5, 12, 0), first: at(1, 8, 0), last: at(3, 11, 30)}
	for text, want := range map[string]string{
		"last 2h": "3 09:30 to 3 11:30", "24h": "2 11:30 to 3 11:30", "LAST 1 d": "2 11:30 to 3 11:30", "90m": "3 10:00 to 3 11:30", "last 1w": "27 11:30 to 3 11:30",
		"today": "5 00:00 to 6 00:00", "yesterday": "4 00:00 to 5 00:00", "2026-09-02": "2 00:00 to 3 00:00",
		"2026-09-01..2026-09-03": "1 00:00 to 4 00:00", "2026-09-02 10:00..12:00": "2 10:00 to 2 12:00", "2026-09-02T10:00 .. 2026-09-03": "2 10:00 to 4 00:00",
		"09:00-12:00": "1 09:00 to 1 12:00, 2 09:00 to 2 12:00, 3 09:00 to 3 12:00", "22:00 - 6:00": "1 22:00 to 2 06:00, 2 22:00 to 3 06:00",
		"..2026-09-01": "… to 2 00:00", "2026-09-02..": "2 00:00 to …", "09:00..10:00": "3 09:00 to 3 10:00",
	} {
		list, err := w.stretches(text)
		var parts []string
		for _, s := range list {
			end := func(ns int64) string {
				if ns == math.MinInt64 || ns == math.MaxInt64 {
					return "…"
				}
				return time.Unix(0, ns).In(zone).Truncate(time.Minute).Format("2 15:04")
			}
			parts = append(parts, end(s[0])+" to "+end(s[1]))
		}
		if got := strings.Join(parts, ", "); err != nil || got != want {
			t.Errorf("%q is %s, want %s (%v)", text, got, want, err)
		}
	}
	for text, want := range map[string]string{
		"soon": "09:00-12:00", "": "no time", "..": "no time", "25:00-26:00": "no time", "2026-09-03..2026-09-01": "not before", "-2h": "no time", "2026-09-02 10:00": "no time",
		"0h": "no time", "09:61-10:00": "no time",
	} {
		if list, err := w.stretches(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %v does not say %q", text, list, err, want)
		}
	}
	w.first, w.last = at(1, 8, 0), at(1, 8, 30)
	if _, err := w.stretches("09:00-12:00"); err == nil || !strings.Contains(err.Error(), "no call in view begins") {
		t.Errorf("%v", err)
	}
	w.last = w.first.AddDate(3, 0, 0)
	if _, err := w.stretches("09:00-12:00"); err == nil || !strings.Contains(err.Error(), "name the days first") {
		t.Errorf("%v", err)
	}
}

func TestATimeRangeIsAFilterInTheZoneOfTheExplorer(t *testing.T) {
	f := rich(120)
	zone := time.FixedZone("CEST", 2*3600)
	p := play(t, f, 160, 30, func(o *Options) { o.Zone = zone }).press("t").sees("last 2h, 24h, today", "calls: 2026-09-01 10:00:", "CEST")
	p.typing("10:30-11:00").press("enter").sees("2026-09-01 10:30 to 11:00")
	from := time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC).UnixNano()
	var calls int64
	for _, r := range f.runs {
		for i := range r.Calls {
			if c := &r.Calls[i]; c.Start >= from && c.Start < from+30*60e9 {
				calls++
			}
		}
	}
	if calls == 0 {
		t.Fatal("no call is in this half hour")
	}
	p.sees(count(calls)+" calls").press("5", "z").sees("2026-09-01 10:30").press("esc", "backspace").seesNot("10:30 to 11:00")
	p.press("t").typing("never").press("enter").sees("✗ no time: write last 2h").press("esc").seesNot("✗ no time")
	p.press("t").typing("2020-01-01").press("enter").sees("no call meets the filters", "2020-01-01 00:00 to 2020-01-02 00:00").press("backspace").sees("support-bot")
	play(t, blind(3), 100, 30).press("t").typing("24h").press("enter").sees("✗ no call says when it began")
}

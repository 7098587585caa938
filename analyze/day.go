package analyze

import "time"

// A dayClock tells the day of a moment in a time zone. It remembers the last day, since calls come in time order.
type dayClock struct {
	tz       *time.Location
	from, to int64
	last     int32
}

func newDayClock(tz *time.Location) dayClock {
	if tz == nil {
		tz = time.UTC
	}
	return dayClock{tz: tz}
}

// day returns the days since 1970-01-01 of a moment in UTC nanoseconds.
func (d *dayClock) day(ns int64) int32 {
	if ns >= d.from && ns < d.to {
		return d.last
	}
	y, m, day := time.Unix(0, ns).In(d.tz).Date()
	d.from = time.Date(y, m, day, 0, 0, 0, 0, d.tz).UnixNano()
	d.to = time.Date(y, m, day+1, 0, 0, 0, 0, d.tz).UnixNano()
	d.last = int32(time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	return d.last
}

// dayName is the ISO date of a day.
func dayName(day int32) string {
	if day == NoDay {
		return None
	}
	return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly)
}

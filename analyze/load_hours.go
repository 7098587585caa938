package analyze

import (
	"time"

	"costscope/tracefmt"
)

// An HourBand is the money that was spent while the calls at once lay in [Low, High), by hour of the day.
type HourBand struct {
	Low, High float64
	Hours     [24]tracefmt.USD
}

// maxHourBands bounds the bands; each is twice as wide as the one before.
const maxHourBands = 21

// ByHour adds the bins up by calls at once and hour of the day in a time zone (nil: UTC); the cells add up to the cost that has a time. It is
// nil where bins are wider than an hour.
func (l *LoadReport) ByHour(tz *time.Location) (bands []HourBand) {
	if tz == nil {
		tz = time.UTC
	}
	if l.Width > int64(time.Hour) || len(l.Bins) == 0 {
		return nil
	}
	most := 0.0
	for _, b := range l.Bins {
		most = max(most, b.Concurrency)
	}
	low, high := 0.0, 1.0
	for len(bands) == 0 || low <= most && len(bands) < maxHourBands {
		bands = append(bands, HourBand{Low: low, High: high})
		low, high = high, 2*high
	}
	for _, b := range l.Bins {
		n := 0
		for n < len(bands)-1 && b.Concurrency >= bands[n].High {
			n++
		}
		bands[n].Hours[time.Unix(0, b.Start).In(tz).Hour()] += b.Spend
	}
	return bands
}

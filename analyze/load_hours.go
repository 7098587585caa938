package analyze

import (
	"cmp"
	"math"
	"slices"
	"time"

	"costscope/tracefmt"
)

const (
	hour     = int64(time.Hour)
	mostHour = 3 * 366 * 24 // hours with calls that are told apart; beyond, none are
)

// hourSums is what was spent, and ran, in each hour. Where bins are wider than an hour it tells the hours of the day apart.
type hourSums struct {
	of    map[int64]*hourSum // by hours since 1970
	over  bool               // there are too many: none are kept
	last  *hourSum           // the hour looked for last, and its number
	at    int64
	wraps int32
}

type hourSum struct {
	spend tracefmt.USD
	busy  busyTime
	calls int64
}

func (x *hourSums) hour(n int64) *hourSum {
	if x.last != nil && x.at == n {
		return x.last
	}
	h := x.of[n]
	if h == nil {
		if x.of == nil {
			x.of = map[int64]*hourSum{}
		}
		h = &hourSum{}
		x.of[n] = h
	}
	x.last, x.at = h, n
	return h
}

// call adds a call that runs in [start, end): its cost is spread evenly, rounded down before each edge, so that hours add up to it. listed
// says that it counts among the calls at once.
func (x *hourSums) call(start, end int64, cost tracefmt.USD, listed bool) {
	first, last := floorDiv(start, hour), floorDiv(max(start, end-1), hour)
	if x.over || last-first > mostHour || len(x.of) > mostHour {
		*x = hourSums{over: true}
		return
	}
	x.hour(first).calls += int64(b2i(listed))
	before, from := tracefmt.USD(0), start
	for n := first; n <= last; n++ {
		h, edge := x.hour(n), min((n+1)*hour, end)
		part := cost - before
		if n < last {
			part = mulDiv(max(cost, 0), edge-start, end-start) - before
		}
		x.wraps += plus((*int64)(&h.spend), int64(part))
		before += part
		if listed && edge > from {
			h.busy.span(edge - from)
		}
		from = edge
	}
}

func (x *hourSums) merge(o *hourSums) {
	if x.over = x.over || o.over; x.over {
		*x = hourSums{over: true}
		return
	}
	x.wraps += o.wraps
	for n, s := range o.of {
		h := x.hour(n)
		x.wraps += plus((*int64)(&h.spend), int64(s.spend))
		h.busy.add(s.busy)
		h.calls += s.calls
	}
	if len(x.of) > mostHour {
		*x = hourSums{over: true}
	}
}

// result lists the hours in which anything ran or was spent; none where there are too many of them.
func (x *hourSums) result() []LoadBin {
	if x.wraps != 0 {
		return nil
	}
	list := make([]LoadBin, 0, len(x.of))
	for n, s := range x.of {
		list = append(list, LoadBin{Start: n * hour, Spend: s.spend, Concurrency: s.busy.over(hour), Calls: s.calls})
	}
	slices.SortFunc(list, func(a, b LoadBin) int { return cmp.Compare(a.Start, b.Start) })
	return list
}

// An HourBand is the money that was spent while the mean of calls at once lay in [Low, High), by hour of the day.
type HourBand struct {
	Low, High float64
	Hours     [24]tracefmt.USD
	At        [24][][2]int64 // the stretches of time of each cell, [from, to) in UTC nanoseconds
}

// Stretches is every stretch of a band.
func (b *HourBand) Stretches() (list [][2]int64) {
	for _, x := range b.At {
		list = append(list, x...)
	}
	return list
}

// maxHourBands bounds the bands.
const maxHourBands = 21

// ByHour adds the bins, or the hours where bins are wider, up by calls at once and hour of the day in a time zone (nil: UTC); each band goes
// twice as far as the one before, and the cells add up to the cost that has a time. It is nil where there are too many hours to tell them
// apart.
func (l *LoadReport) ByHour(tz *time.Location) (bands []HourBand) {
	if tz == nil {
		tz = time.UTC
	}
	bins, w := l.Bins, l.Width
	if w > hour {
		bins, w = l.Hours, hour
	}
	if len(bins) == 0 {
		return nil
	}
	bands = []HourBand{{High: 1}}
	for _, b := range bins {
		if b.Spend == 0 && b.Calls == 0 && b.Concurrency == 0 {
			continue
		}
		k := 0
		if b.Concurrency >= 1 {
			k = min(1+math.Ilogb(b.Concurrency), maxHourBands-1)
		}
		for len(bands) <= k {
			low := bands[len(bands)-1].High
			bands = append(bands, HourBand{Low: low, High: 2 * low})
		}
		h := time.Unix(0, b.Start).In(tz).Hour()
		bands[k].Hours[h] += b.Spend
		bands[k].At[h] = append(bands[k].At[h], [2]int64{b.Start, b.Start + w})
	}
	return bands
}

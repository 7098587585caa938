package analyze

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"costscope/tracefmt"
)

const dollar = tracefmt.USD(1e12)

// TestBudgetFigures are T-M1 and T-M2 of the specification.
func TestBudgetFigures(t *testing.T) {
	b := SpendLimit{3000 * dollar, 720 * time.Hour}
	if got := b.Burn(60*dollar, time.Hour); !almost(got, 14.4) {
		t.Errorf("T-M1: burn %v, want 14.4", got)
	}
	if got, ok := b.Lasts(0, 60*dollar, time.Hour); !ok || got != 50*time.Hour {
		t.Errorf("T-M1: lasts %v %v, want 50 h", got, ok)
	}
	day := 24 * time.Hour
	if got := b.Burn(180*dollar, day); !almost(got, 1.8) {
		t.Errorf("T-M2: burn %v, want 1.8", got)
	}
	if got := b.Projected(1350*dollar, 180*dollar, day, 480*time.Hour); got != 4950*dollar {
		t.Errorf("T-M2: projected %v, want 4950", got)
	}
	if got := b.StraightLine(1350*dollar, 240*time.Hour); got != 4050*dollar {
		t.Errorf("T-M2: straight line %v, want 4050", got)
	}
	if got, ok := b.Lasts(1350*dollar, 180*dollar, day); !ok || got != 220*time.Hour { // hour 240 + 220 = 460
		t.Errorf("T-M2: lasts %v %v, want 220 h", got, ok)
	}
	if _, ok := b.Lasts(0, 0, day); ok {
		t.Error("what is not being spent does not run out")
	}
}

func almost(a, b float64) bool { return a > b*(1-1e-12) && a < b*(1+1e-12) }

func TestParseSpendLimit(t *testing.T) {
	for text, want := range map[string]SpendLimit{
		"20": {20 * dollar, 0}, "$20/day": {20 * dollar, 24 * time.Hour}, "0.5/hour": {dollar / 2, time.Hour}, "3000/month": {3000 * dollar, 720 * time.Hour},
		"7/week": {7 * dollar, 168 * time.Hour}, "1/36h": {dollar, 36 * time.Hour},
	} {
		if got, err := ParseSpendLimit(text); err != nil || got != want {
			t.Errorf("%q: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-3", "x", "20/", "20/fortnight", "20/-1h", "/day"} {
		if got, err := ParseSpendLimit(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	if s := (SpendLimit{20 * dollar, 24 * time.Hour}).String(); s != "$20.00/day" {
		t.Errorf("named %q", s)
	}
}

// alarmDay is a day of a trace, a sample each second; spent tells the money by the second.
func alarmDay(limits Limits, seconds int, sample func(n int) Sample) (told []string) {
	a := Alarms{Limits: limits}
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for n := range seconds {
		s := sample(n)
		s.At = start.Add(time.Duration(n) * time.Second)
		for _, x := range a.Take(s) {
			told = append(told, fmt.Sprintf("%d %s", n, x.Rule))
		}
	}
	return told
}

// TestBurnNeedsBothWindows: 24 dollars a day allow 1 an hour. 20 an hour from hour 2 on: within the last hour more than 14.4 are spent 43m12s
// after that (14.4/20 h = 2592 s), within the last 5 minutes long before. The first second above 14.4 is the next one. The day's budget is
// spent at 24/20 h = 4320 s.
func TestBurnNeedsBothWindows(t *testing.T) {
	limits := Limits{Budget: SpendLimit{24 * dollar, 24 * time.Hour}}
	spend := func(from, to int) func(n int) Sample {
		return func(n int) Sample { return Sample{Spent: tracefmt.USD(max(0, min(n, to)-from)) * 20 * dollar / 3600} }
	}
	h := 3600
	want := []string{fmt.Sprintf("%d budget-burn", 2*h+2593), fmt.Sprintf("%d budget-spent", 2*h+4320)}
	if got := alarmDay(limits, 4*h, spend(2*h, 99*h)); !slices.Equal(got, want) {
		t.Errorf("20 an hour: %v, want %v", got, want)
	}
	// 10 dollars in half an hour, then nothing: a burn of 10 in that hour, of 1.7 in the six hours
	if got := alarmDay(limits, 5*h, spend(2*h, 2*h+h/2)); len(got) != 0 {
		t.Errorf("a short burst: %v, want none", got)
	}
}

// TestSlowBurn: 3000 a month allow 4.1667 an hour; 30 an hour is a burn of 7.2, below 14.4 and above 6: told when 6 x 6 h x 4.1667 = 150
// dollars are spent in the last 6 hours, after 5 h.
func TestSlowBurn(t *testing.T) {
	limits := Limits{Budget: SpendLimit{3000 * dollar, 720 * time.Hour}}
	got := alarmDay(limits, 7*3600, func(n int) Sample { return Sample{Spent: tracefmt.USD(n) * 30 * dollar / 3600} })
	if want := []string{"18001 budget-burn"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestBudgetInAll(t *testing.T) {
	got := alarmDay(Limits{Budget: SpendLimit{USD: 10 * dollar}}, 200, func(n int) Sample { return Sample{Spent: tracefmt.USD(n) * dollar / 10} })
	if want := []string{"80 budget-nearly-spent", "100 budget-spent"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestRetryStorm: from second 100 on two of three calls fail. In the last five minutes half of the calls failed when (n-100)*2/3 >= n/2,
// that is at second 400, when the good ones of the beginning are also just leaving. It is over at second 1000 and comes again at 2000.
func TestRetryStorm(t *testing.T) {
	failed := func(n int) int64 { return int64(max(0, min(n, 1000)-100))*2/3 + int64(max(0, n-2000)) }
	got := alarmDay(Limits{}, 2600, func(n int) Sample { return Sample{Calls: int64(n), Failed: failed(n)} })
	// second 325: 150 of the 300 calls since second 25 failed; second 2150: 150 of 300
	if want := []string{"325 retry-storm", "2150 retry-storm"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := alarmDay(Limits{}, 19, func(n int) Sample { return Sample{Calls: int64(n), Failed: int64(n)} }); len(got) > 0 {
		t.Errorf("few calls tell nothing: %v", got)
	}
}

func TestRunsOver(t *testing.T) {
	a := Alarms{Limits: Limits{PerRun: 2 * dollar}}
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	over := []RunOver{{"r1", "w\x1b[2J", 3 * dollar}}
	for n, want := range []int{1, 0, 1, 0} {
		if n == 2 {
			over = append(over, RunOver{"r2", "", 5 * dollar / 2}, RunOver{"r3", "", 2 * dollar})
		}
		got := a.Take(Sample{At: at.Add(time.Duration(n) * time.Hour), Over: over})
		if len(got) != want {
			t.Errorf("sample %d: %+v, want %d", n, got, want)
		}
		if n == 0 && (got[0].Text != "w�[2J: run r1 has cost $3.00, more than $2.00" || got[0].Key != "r1" || got[0].Value != 3) {
			t.Errorf("%+v", got[0])
		}
	}
}

// TestHistoryIsThinned: days of samples keep few, and windows are still right to their grain.
func TestHistoryIsThinned(t *testing.T) {
	var h History
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	const step = time.Second
	n := 0
	for d := time.Duration(0); d < 80*time.Hour; d += step {
		n++
		h.Add(Sample{At: start.Add(d), Spent: tracefmt.USD(n)})
	}
	if len(h.samples) > 600+720+576+200+64 {
		t.Errorf("%d samples are kept", len(h.samples))
	}
	for _, w := range []struct{ window, grain time.Duration }{{time.Minute, time.Second}, {time.Hour, time.Minute}, {72 * time.Hour, 10 * time.Minute}} {
		got, want, grain := int64(h.since(w.window).Spent), int64(w.window/step), int64(w.grain/step)
		if got < want || got > want+grain {
			t.Errorf("spent in %v: %d, want %d to %d", w.window, got, want, want+grain)
		}
	}
	h.Add(Sample{At: start, Spent: 7}) // the clock was set back
	if len(h.samples) != 1 {
		t.Errorf("%d samples lie behind the clock", len(h.samples)-1)
	}
}

// TestSeed: what was spent before the trace was followed counts by the times of its calls.
func TestSeed(t *testing.T) {
	now := Sample{At: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC), Spent: 100 * dollar, Calls: 10}
	limits := Limits{Budget: SpendLimit{24 * dollar, 24 * time.Hour}}
	seed, err := Seed(context.Background(), limits, now, func(_ context.Context, q Query) (*Table, error) {
		table := &Table{}
		if ago := now.At.Sub(time.Unix(0, q.Since)); ago >= time.Hour { // 30 dollars half an hour ago
			table.Total.Cost, table.Total.Calls = 30*dollar, 3
		}
		return table, nil
	})
	if err != nil || len(seed) != 6 { // 3 d, 1 d, 6 h, 1 h, 30 min, 5 min
		t.Fatalf("%d samples, %v", len(seed), err)
	}
	a := Alarms{Limits: limits}
	for _, s := range seed {
		a.History.Add(s)
	}
	got := a.Take(now)
	if len(got) != 1 || got[0].Rule != "budget-spent" || got[0].Cost != "30" {
		t.Errorf("%+v, want that the budget is spent", got)
	}
	if st, ok := a.State(); !ok || st.Spent != 30*dollar || st.Known {
		t.Errorf("state %+v %v", st, ok)
	}
}

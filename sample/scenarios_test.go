package sample

import (
	"slices"
	"testing"
	"time"

	"costscope/tracefmt"
)

func TestScenariosTellTheirStories(t *testing.T) {
	entries, truths := map[string][]entry{}, map[string]Truth{}
	for _, c := range []struct {
		name    string
		measure func(*testing.T, []entry, Truth) float64
		at, end float64
	}{
		{"pilot", costPerRun, 0.01, 0.05},
		{"production", costPerRun, 0.3, 2},
		{"retry-storm", failuresOfDay(2), 0.4, 0.8},
		{"production", failuresOfDay(2), 0.001, 0.1},
		{"context-creep", drift, 2, 5},
		{"production", drift, 1, 1.4},
		{"agent-sprawl", runsWithMoreOverheadThanWork, 0.5, 1},
		{"production", runsWithMoreOverheadThanWork, 0, 0.2},
		{"load-spike", busiestHour, 0.2, 0.6},
		{"production", busiestHour, 0, 0.1},
		{"accuracy-drop", successAfterDay(7), 0.55, 0.8},
		{"production", successAfterDay(7), 0.84, 1},
	} {
		if entries[c.name] == nil {
			trace, truth := generate(t, c.name, 2, 800)
			entries[c.name], truths[c.name] = parse(t, trace), truth
		}
		if got := c.measure(t, entries[c.name], truths[c.name]); got < c.at || got > c.end {
			t.Errorf("%s: %.3f is not within %g and %g", c.name, got, c.at, c.end)
		}
	}
}

func TestScenarioNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Scenarios {
		if seen[s.Name] || s.Story == "" || s.Runs == 0 {
			t.Errorf("scenario %q is named twice, or says too little", s.Name)
		}
		seen[s.Name] = true
	}
	if !seen[DemoName] {
		t.Errorf("%s is no scenario", DemoName)
	}
}

func costPerRun(_ *testing.T, _ []entry, truth Truth) float64 {
	return truth.Cost.Float() / float64(truth.Runs)
}

func dayOf(at time.Time) int { return int((at.UnixMilli() - epoch) / (24 * hourMS)) }

func failuresOfDay(day int) func(*testing.T, []entry, Truth) float64 {
	return func(_ *testing.T, all []entry, _ Truth) float64 {
		var calls, failed float64
		for i := range all {
			if e := &all[i]; e.isLLM() && dayOf(e.Start) == day {
				calls++
				if e.failed() {
					failed++
				}
			}
		}
		return failed / calls
	}
}

// drift is how much larger the planner's first prompt is in the last release than in the first.
func drift(_ *testing.T, _ []entry, truth Truth) float64 {
	mean := func(version string) float64 {
		f := truth.Drift["support-bot/"+version+"/planner"]
		return float64(f.Tokens) / float64(f.Threads)
	}
	return float64(int(mean("1.7")/mean("1.0")*10+0.5)) / 10
}

func runsWithMoreOverheadThanWork(t *testing.T, all []entry, _ Truth) float64 {
	var more, runs float64
	for _, r := range byRun(t, all) {
		var work, overhead tracefmt.USD
		for _, e := range r.calls {
			switch e.Role {
			case "executor":
				work += e.cost(t)
			case "planner", "validator", "monitor":
				overhead += e.cost(t)
			}
		}
		runs++
		if overhead > work {
			more++
		}
	}
	return more / runs
}

// busiestHour is the part of the runs that begin in the hour in which most do.
func busiestHour(t *testing.T, all []entry, _ Truth) float64 {
	hours := map[string]int{}
	runs := byRun(t, all)
	most := 0
	for _, r := range runs {
		h := r.calls[0].Start.Format("2006-01-02T15")
		hours[h]++
		most = max(most, hours[h])
	}
	return float64(most) / float64(len(runs))
}

func successAfterDay(day int) func(*testing.T, []entry, Truth) float64 {
	return func(t *testing.T, all []entry, _ Truth) float64 {
		var good, ended float64
		for _, r := range byRun(t, all) {
			if r.own == nil || dayOf(slices.MinFunc(r.calls, func(a, b *entry) int { return a.Start.Compare(b.Start) }).Start) < day {
				continue
			}
			ended++
			if r.own.Outcome.Success {
				good++
			}
		}
		return good / ended
	}
}

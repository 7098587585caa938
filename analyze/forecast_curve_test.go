package analyze

import (
	"math"
	"strings"
	"testing"
	"time"

	"costscope/tracefmt"
)

// TestCurve: 100 runs cost 100 dollars, between 50 and 200. The top is 200, so a budget of 50 lies a quarter up, in line 3 from the bottom;
// it is spent behind 15 of 60 columns at the high end, 30 as expected, and all 60 at the low end.
func TestCurve(t *testing.T) {
	r := &ForecastReport{Forecast: Forecast{Runs: 100, Expected: 100, Low: 50, High: 200, Grade: GradeUsable}}
	r.Cross(&Budget{Amount: 50 * dollar, Period: 720 * time.Hour}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	p := r.picture()
	if len(p) != 2+curveHeight+3 {
		t.Fatalf("%d lines:\n%s", len(p), strings.Join(p, "\n"))
	}
	line := func(up int) string { // above the axis, without what stands before it
		_, of, _ := strings.Cut(p[2+curveHeight-1-up], "│")
		return of
	}
	if got, want := line(3), strings.Repeat("─", 15)+"╳"+strings.Repeat("─", 14)+"╳"+strings.Repeat("─", 29); got != want {
		t.Errorf("budget:\n%q, want\n%q", got, want)
	}
	// at half of the height: below it expected costs end, and the high end has passed it at half of the runs
	if got, want := line(5), strings.Repeat(" ", 28)+strings.Repeat("░", 22)+strings.Repeat("•", 10); got != want {
		t.Errorf("line 5:\n%q, want\n%q", got, want)
	}
	all := strings.Join(p, "\n")
	for _, want := range []string{"░ 95 % interval · • expected · ─ budget · ╳ spent", "$200.00 │", "$100.00 │", "100 runs", "2026-01-01", "2026-01-16", "2026-01-31"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	r.Cross(&Budget{Amount: tracefmt.USD(1000 * dollar), Period: time.Hour}, time.Time{})
	if all = strings.Join(r.picture(), "\n"); !strings.Contains(all, "the budget lies far above") || strings.Contains(all, "╳") {
		t.Errorf("a budget far above:\n%s", all)
	}
	r.Expected, r.Budget = Fraction(math.NaN()), nil
	if all = strings.Join(r.picture(), "\n"); strings.Contains(all, "•") || strings.Contains(all, "expected") {
		t.Errorf("too small for one number:\n%s", all)
	}
	r.High = Fraction(math.NaN())
	if p = r.picture(); p != nil {
		t.Errorf("without an interval:\n%s", strings.Join(p, "\n"))
	}
}
